/* Recipe: the periodic tick in a thread of its own, woken in time for the next deadline. */
#include "recipe.h"

#include <pthread.h>
#include <stdbool.h>
#include <time.h>

#define LONGEST_MS 30000 /* other processes set deadlines that this one does not hear of */

typedef struct ticker {
  aft_env *env;
  aft_store *store;
  pthread_mutex_t lock;
  pthread_cond_t wake;
  bool stopping;
  int ticks;
} ticker;

/* recipe: pause */
static int64_t pause_after(const ticker *t, const aft_tick_report *report) {
  if (report->next == AFT_TIME_NONE)
    return LONGEST_MS;
  int64_t ms = report->next - aft_env_now(t->env);
  return ms < 0 ? 0 : ms < LONGEST_MS ? ms : LONGEST_MS;
}
/* end */

/* recipe: thread */
static void rest(ticker *t, int64_t ms) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += (time_t)(ms / 1000);
  until.tv_nsec += (long)(ms % 1000) * 1000000;
  if (until.tv_nsec >= 1000000000) {
    until.tv_sec++;
    until.tv_nsec -= 1000000000;
  }
  if (!t->stopping)
    pthread_cond_timedwait(&t->wake, &t->lock, &until);
}

static void *tick_on(void *user) {
  ticker *t = user;
  aft_error error = AFT_ERROR_INIT;
  aft_session *session;
  must(aft_session_open(t->store, &session, &error), &error);
  pthread_mutex_lock(&t->lock);
  while (!t->stopping) {
    pthread_mutex_unlock(&t->lock);
    aft_tick_report report = {.size = sizeof report};
    aft_status status = aft_tick(session, NULL, &report, &error);
    if (status < 0) /* a full disk, a lock: said, and tried again */
      fprintf(stderr, "tick: %s: %s\n", aft_status_name(status), error.message);
    pthread_mutex_lock(&t->lock);
    t->ticks++;
    rest(t, status < 0 ? 1000 : pause_after(t, &report));
  }
  pthread_mutex_unlock(&t->lock);
  aft_session_close(session);
  return NULL;
}
/* end */

/* recipe: wake */
static void wake(ticker *t,
                 bool stopping) { /* after a command that may have set an earlier deadline, or to stop */
  pthread_mutex_lock(&t->lock);
  t->stopping |= stopping;
  pthread_cond_signal(&t->wake);
  pthread_mutex_unlock(&t->lock);
}
/* end */

int main(int argc, char **argv) {
  aft_error error = AFT_ERROR_INIT;
  aft_call call;
  aft_id shop;
  pthread_t thread;
  static ticker t = {.lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};
  must(aft_env_new(NULL, &t.env, &error), &error);
  t.store = recipe_store(t.env, argc > 1 ? argv[1] : "recipe.db", &call, &shop);
  if (pthread_create(&thread, NULL, tick_on, &t))
    return 1;
  for (bool done = false; !done;) {
    wake(&t, false);
    pthread_mutex_lock(&t.lock);
    done = t.ticks >= 3;
    pthread_mutex_unlock(&t.lock);
  }
  wake(&t, true);
  pthread_join(thread, NULL);
  aft_store_unref(t.store);
  aft_env_unref(t.env);
  puts("ticked");
  return 0;
}
