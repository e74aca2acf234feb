/* Writes every machine of the default policy as Mermaid: "# name", then the drawing. For
 * tests/gates/machines.py. */
#include <stdio.h>

#include "policy/policy_priv.h"

static int draw(const aft_policy *policy, const char *name) {
  aft_buf *out = NULL;
  aft_error error = AFT_ERROR_INIT;
  if (aft_flow_export(policy, name, AFT_FLOW_MERMAID, &out, &error) < 0) {
    fprintf(stderr, "draw-machines: %s: %s\n", name, error.message);
    return 1;
  }
  printf("# %s\n", name);
  fwrite(aft_buf_data(out), 1, aft_buf_size(out), stdout);
  aft_buf_free(out);
  return 0;
}

int main(void) {
  aft_env *env = NULL;
  aft_policy *policy = NULL;
  aft_error error = AFT_ERROR_INIT;
  int failed = aft_env_new(NULL, &env, &error) < 0 || aft_policy_default(env, &policy, &error) < 0;
  if (failed)
    fprintf(stderr, "draw-machines: %s\n", error.message);
  for (uint32_t i = 0; !failed && i < policy->n_machines; i++)
    failed = draw(policy, policy->machines[i].name);
  aft_policy_unref(policy);
  aft_env_unref(env);
  return failed || fflush(stdout) != 0;
}
