/* A user's program with PostgreSQL. */
#include <aftersales.h>
#include <aftersales/postgres.h>

#include <stdio.h>

int main(void) {
  aft_error error = AFT_ERROR_INIT;
  aft_env *env = NULL;
  aft_store *store = NULL;
  aft_store_options options = {sizeof(aft_store_options), {NULL, 0}, NULL, 0, 0, {NULL, 0}, NULL};
  options.dsn = AFT_STR("host=/nowhere");
  options.driver = aft_sql_postgres();
  if (aft_env_new(NULL, &env, &error) != AFT_OK)
    return 1;
  printf("%s %s\n", options.driver->name, aft_status_name(aft_store_open(env, &options, &store, &error)));
  aft_env_unref(env);
  return 0;
}
