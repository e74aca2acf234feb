/* Recipe: a pool of threads, one store, a session for each, and a shutdown that loses nothing. */
#include "recipe.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

typedef struct pool {
  aft_store *store;
  aft_call call;
  aft_id shop;
  atomic_bool stopping;
  atomic_int next, taken_in; /* stands for the host's queue of requests */
} pool;

/* recipe: worker */
static void *work(void *user) {
  pool *p = user;
  aft_error error = AFT_ERROR_INIT;
  aft_session *session; /* this thread's own, for as long as it lives */
  must(aft_session_open(p->store, &session, &error), &error);
  while (!atomic_load(&p->stopping)) {
    char id[32];
    snprintf(id, sizeof id, "web-%d", atomic_fetch_add(&p->next, 1));
    aft_message_in in = recipe_message(p->shop, id);
    aft_call call = p->call;
    call.deadline_ms = 2000; /* no request waits longer */
    aft_status status = aft_intake(session, &call, &in, NULL, &error);
    if (status >= 0)
      atomic_fetch_add(&p->taken_in, 1); /* now the channel may be told: it is ours */
    else if (!aft_status_is_transient(status))
      must(status, &error);
  }
  aft_session_close(session);
  return NULL;
}
/* end */

/* recipe: shutdown */
static void shut_down(pool *p, pthread_t *threads, size_t n) {
  atomic_store(&p->stopping, true); /* no new requests; the ones that run end */
  for (size_t i = 0; i < n; i++)
    pthread_join(threads[i], NULL);
  aft_store_unref(p->store); /* gives the store's node back */
}
/* end */

int main(int argc, char **argv) {
  aft_error error = AFT_ERROR_INIT;
  aft_env *env;
  pool p = {.stopping = false};
  pthread_t threads[4];
  sigset_t signals;
  must(aft_env_new(NULL, &env, &error), &error);
  p.store = recipe_store(env, argc > 1 ? argv[1] : "recipe.db", &p.call, &p.shop);

  /* recipe: signals */
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, NULL); /* before the threads, which inherit it */
  /* end */
  for (size_t i = 0; i < 4; i++)
    if (pthread_create(&threads[i], NULL, work, &p))
      return 1;
  struct timespec moment = {0, 1000000};
  while (atomic_load(&p.taken_in) < 100)
    nanosleep(&moment, NULL);
  kill(getpid(), SIGTERM); /* stands for the operator */
  /* recipe: signals 2 */
  int signal_number;
  sigwait(&signals, &signal_number); /* main has nothing else to do */
  shut_down(&p, threads, 4);
  /* end */
  aft_env_unref(env);
  printf("taken in: %s\n", atomic_load(&p.taken_in) >= 100 ? "at least 100" : "fewer than 100");
  return 0;
}
