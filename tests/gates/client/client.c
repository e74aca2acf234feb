/* A user's program: it must compile as C and as C++, against the shared and the static library. */
#include <aftersales.h>
#include <aftersales/sys/sql.h>

#include <stdio.h>
#include <string.h>

int main(void) {
  aft_error error = AFT_ERROR_INIT;
  aft_env *env = NULL;
  aft_policy *policy = NULL;
  if (strcmp(aft_version(), AFT_VERSION_STRING) != 0 || aft_env_new(NULL, &env, &error) != AFT_OK)
    return 1;
  if (aft_policy_default(env, &policy, &error) != AFT_OK)
    return 2;
  printf("%s %s %d\n", aft_version(), aft_status_name(AFT_E_NOMEM), (int)strlen(aft_policy_hash(policy)));
  aft_policy_unref(policy);
  aft_env_unref(env);
  return aft_sql_sqlite() ? 0 : 3;
}
