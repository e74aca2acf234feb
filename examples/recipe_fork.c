/* Recipe: prefork workers: each opens the store after the fork. */
#include "recipe.h"

#include <sys/wait.h>
#include <unistd.h>

/* recipe: worker */
/* What a server's hook for a new worker does: PHP-FPM's first request, gunicorn's post_fork, a fork of your
 * own. */
static aft_status start_worker(aft_env *env, const char *path, aft_store **store, aft_session **session,
                               aft_error *error) {
  aft_store_options options = {.size = sizeof options, .dsn = AFT_STR(path)};
  aft_status status = aft_store_open(env, &options, store, error);
  return status < 0 ? status : aft_session_open(*store, session, error);
}
/* end */

static int serve(aft_env *env, const char *path, const aft_call *call, aft_id shop, int number) {
  aft_error error = AFT_ERROR_INIT;
  aft_store *store;
  aft_session *session;
  char id[32];
  must(start_worker(env, path, &store, &session, &error), &error);
  for (int i = 0; i < 10; i++) {
    snprintf(id, sizeof id, "worker-%d-%d", number, i);
    aft_message_in in = recipe_message(shop, id);
    must(aft_intake(session, call, &in, NULL, &error), &error);
  }
  aft_session_close(session);
  aft_store_unref(store);
  return 0;
}

int main(int argc, char **argv) {
  aft_error error = AFT_ERROR_INIT;
  const char *path = argc > 1 ? argv[1] : "recipe.db";
  aft_env *env;
  aft_call call;
  aft_id shop;
  must(aft_env_new(NULL, &env, &error), &error); /* an environment may be made before the fork */
  aft_store *parents = recipe_store(env, path, &call, &shop);
  int failed = 0, status;
  fflush(stdout);
  for (int i = 0; i < 3; i++) {
    if (fork() == 0) {
      /* recipe: inherited */
      aft_session *session;
      if (aft_session_open(parents, &session, &error) !=
          AFT_E_FORKED) /* the parent's store is the parent's */
        _exit(1);
      aft_store_unref(parents); /* frees its memory; touches no file or lock */
      /* end */
      _exit(serve(env, path, &call, shop, i));
    }
  }
  while (wait(&status) > 0)
    failed |= !WIFEXITED(status) || WEXITSTATUS(status) != 0;
  aft_store_unref(parents);
  aft_env_unref(env);
  puts(failed ? "a worker failed" : "three workers served");
  return failed;
}
