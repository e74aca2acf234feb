/* Recipe: an event loop that never waits for the database: commands run in a thread beside it. */
#include "recipe.h"

#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

/* recipe: pipes */
typedef struct job {
  char external[32];
  aft_status status;
  aft_id ticket;
} job;

/* Jobs go down one pipe and come back up the other: a pipe carries a job whole, and poll can wait for it. */
typedef struct beside {
  aft_store *store;
  aft_call call;
  aft_id shop;
  int down[2], up[2];
} beside;

static void *carry_out(void *user) {
  beside *b = user;
  aft_error error = AFT_ERROR_INIT;
  aft_session *session;
  job j;
  must(aft_session_open(b->store, &session, &error), &error);
  while (read(b->down[0], &j, sizeof j) == (ssize_t)sizeof j) { /* ends when the loop closes the pipe */
    aft_record *message;
    aft_message_in in = recipe_message(b->shop, j.external);
    j.status = aft_intake(session, &b->call, &in, &message, &error);
    if (j.status >= 0) {
      j.ticket = aft_message_ticket(message);
      aft_record_free(message);
    }
    if (write(b->up[1], &j, sizeof j) != (ssize_t)sizeof j)
      break;
  }
  aft_session_close(session);
  return NULL;
}
/* end */

static void submit(beside *b, const char *external) {
  job j = {.status = 0};
  snprintf(j.external, sizeof j.external, "%s", external);
  if (write(b->down[1], &j, sizeof j) != (ssize_t)sizeof j)
    exit(1);
}

int main(int argc, char **argv) {
  aft_error error = AFT_ERROR_INIT;
  aft_env *env;
  pthread_t thread;
  beside b;
  memset(&b, 0, sizeof b);
  must(aft_env_new(NULL, &env, &error), &error);
  b.store = recipe_store(env, argc > 1 ? argv[1] : "recipe.db", &b.call, &b.shop);
  if (pipe(b.down) || pipe(b.up) || pthread_create(&thread, NULL, carry_out, &b))
    return 1;
  submit(&b, "loop-1");
  submit(&b, "loop-2");
  /* recipe: loop */
  struct pollfd waits[] = {{.fd = b.up[0], .events = POLLIN}}; /* and the host's sockets */
  for (int answered = 0; answered < 2;) {
    job j;
    if (poll(waits, 1, -1) < 0)
      continue;
    if (waits[0].revents & POLLIN && read(b.up[0], &j, sizeof j) == (ssize_t)sizeof j) {
      printf("%s: %s\n", j.external, j.status < 0 ? aft_status_name(j.status) : "has a ticket");
      answered++;
    }
  }
  /* end */
  close(b.down[1]);
  pthread_join(thread, NULL);
  aft_store_unref(b.store);
  aft_env_unref(env);
  return 0;
}
