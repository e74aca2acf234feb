/* A thread that interrupts a connection until it is told to stop: what runs there cannot hang. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "suite.h"

#define PAUSE_MS 20u

struct suite_watch {
  const aft_sql_driver *driver;
  void *conn;
  uint32_t after_ms;
  atomic_bool stop, interrupted;
  pthread_t thread;
};

static void *watch(void *arg) {
  suite_watch *w = arg;
  const struct timespec pause = {0, PAUSE_MS * 1000000L};
  for (uint32_t waited = 0; !atomic_load(&w->stop); waited += waited < w->after_ms ? PAUSE_MS : 0) {
    if (waited >= w->after_ms) {
      atomic_store(&w->interrupted, true);
      w->driver->interrupt(w->conn);
    }
    nanosleep(&pause, NULL);
  }
  return NULL;
}

suite_watch *suite_watch_begin(suite *s, void *conn, uint32_t after_ms) {
  suite_watch *w = calloc(1, sizeof *w);
  if (!w) {
    suite_fail(s, "the suite ran out of memory");
    return NULL;
  }
  w->driver = s->driver;
  w->conn = conn;
  w->after_ms = after_ms;
  atomic_init(&w->stop, false);
  atomic_init(&w->interrupted, false);
  if (pthread_create(&w->thread, NULL, watch, w)) {
    free(w);
    suite_fail(s, "the suite could not start a thread");
    return NULL;
  }
  return w;
}

bool suite_watch_end(suite_watch *w) {
  if (!w)
    return false;
  atomic_store(&w->stop, true);
  pthread_join(w->thread, NULL);
  bool interrupted = atomic_load(&w->interrupted);
  free(w);
  return interrupted;
}
