/* Recipe: a backup while the desk works, and the drill that proves that it can be put back. */
#include "recipe.h"

#include <unistd.h>

/* recipe: progress */
static int show(void *user, int64_t done, int64_t left) {
  int *percent = user;
  *percent = (int)(100 * done / (done + left));
  return 0; /* anything else ends the copying */
}
/* end */

/* recipe: backup */
static aft_status back_up(aft_session *session, const char *target, aft_error *error) {
  int percent = 0;
  aft_backup_options options = {.size = sizeof options,
                                .target = AFT_STR(target),
                                .flags = AFT_BACKUP_VERIFY | AFT_BACKUP_REPLACE,
                                .pause_ms = 5, /* leaves the disk to others between two steps */
                                .progress = show,
                                .user = &percent};
  return aft_store_backup(session, &options, error);
}
/* end */

/* recipe: drill */
/* On another machine or under another name: nobody else has the copy open. */
static aft_status put_back(aft_env *env, const char *copy, aft_store **store, aft_error *error) {
  aft_store_options options = {
      .size = sizeof options, .dsn = AFT_STR(copy), .flags = AFT_STORE_RESTORED | AFT_STORE_MIGRATE};
  return aft_store_open(env, &options, store, error);
}
/* end */

int main(int argc, char **argv) {
  aft_error error = AFT_ERROR_INIT;
  const char *path = argc > 1 ? argv[1] : "recipe.db";
  char target[4096];
  aft_env *env;
  aft_call call;
  aft_id shop;
  aft_session *session;
  must(aft_env_new(NULL, &env, &error), &error);
  aft_store *store = recipe_store(env, path, &call, &shop), *restored;
  must(aft_session_open(store, &session, &error), &error);
  aft_message_in in = recipe_message(shop, "before");
  must(aft_intake(session, &call, &in, NULL, &error), &error);
  snprintf(target, sizeof target, "%s.backup", path);
  must(back_up(session, target, &error), &error);
  aft_session_close(session);
  aft_store_unref(store);

  must(put_back(env, target, &restored, &error), &error);
  must(aft_session_open(restored, &session, &error), &error);
  aft_status status = aft_intake(session, &call, &in, NULL, &error);
  printf("the message %s\n", status == AFT_REPLAYED ? "is there" : "is lost");
  aft_session_close(session);
  aft_store_unref(restored);
  aft_env_unref(env);
  unlink(target);
  return status == AFT_REPLAYED ? 0 : 1;
}
