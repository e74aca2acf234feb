/* Recipe: the step of a deployment that brings the tables up, run once before the new servers start. */
#include "recipe.h"

/* recipe: migrate */
/* 0: done or nothing to do; 1: failed, and the store is as it was; 2: older servers could not go on with it.
 */
static int migrate(aft_env *env, const char *path) {
  aft_error error = AFT_ERROR_INIT;
  aft_store *store;
  aft_store_options options = {.size = sizeof options, .dsn = AFT_STR(path)};
  aft_status status = aft_store_open(env, &options, &store, &error);
  if (status == AFT_E_SCHEMA_OLDER) {
    options.flags = AFT_STORE_MIGRATE;
    status = aft_store_open(env, &options, &store, &error);
  }
  if (status < 0) {
    fprintf(stderr, "%s: %s\n", aft_status_name(status), error.message);
    return status == AFT_E_SCHEMA_NEWER ? 2 : 1;
  }
  aft_store_unref(store);
  return 0;
}
/* end */

int main(int argc, char **argv) {
  aft_error error = AFT_ERROR_INIT;
  const char *path = argc > 1 ? argv[1] : "recipe.db";
  aft_env *env;
  aft_call call;
  aft_id shop;
  must(aft_env_new(NULL, &env, &error), &error);
  aft_store_unref(recipe_store(env, path, &call, &shop));
  int result = migrate(env, path);
  aft_env_unref(env);
  puts(result ? "not migrated" : "the servers may start");
  return result;
}
