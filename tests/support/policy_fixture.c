#include "policy_fixture.h"

aft_env *env;
aft_policy *policy;

int policy_set_up(void **state) {
  (void)state;
  if (aft_env_new(NULL, &env, NULL) < 0)
    return -1;
  return aft_policy_default(env, &policy, NULL) < 0 ? -1 : 0;
}

int policy_tear_down(void **state) {
  (void)state;
  aft_policy_unref(policy);
  aft_env_unref(env);
  return 0;
}
