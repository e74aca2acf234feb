/* Sessions in threads of their own on the same few cases: one after another, in the order that the store
 * gives, the commands that were done come to the same; that order is one of real time; and each refusal is
 * what the command would have met somewhere between its call and its answer. */
#include "case_command.h"
#include "case_invariants.h"
#include "case_likeness.h"
#include "random.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define MOST_THREADS 4
#define ROUNDS       4
#define STEPS        12 /* of a thread in a round */
#define MOST_HEARD   (MOST_THREADS * STEPS)
#define MOST_MOVES   24 /* in a round */
#define HOUR         INT64_C(3600000)

/* A command that was carried out by a thread. */
typedef struct heard {
  case_command command;
  aft_status status;
  aft_error error;
  int64_t begin, end; /* tickets */
  aft_id place;       /* of what it did in the order of the store; 0: it changed nothing */
  uint32_t low, high; /* after so many others it can have been decided */
  uint32_t tries;     /* moments at which it was looked for */
  bool explained;
} heard;

/* What the threads did between two ticks. */
typedef struct round {
  heard heard[MOST_HEARD];
  heard *done[MOST_HEARD], *others[MOST_HEARD];
  uint32_t n, n_done, n_others;
  int64_t passed; /* after it, in ms */
} round;

typedef struct life life;

typedef struct thread {
  life *life;
  uint32_t index;
  uint64_t seed;
  aft_session *session;
  heard *heard; /* of the round */
} thread;

struct life {
  case_world raced, told; /* told: the same, one after another */
  uint64_t seed;
  uint32_t n_threads;
  bool together; /* the threads begin each step at the same time */
  thread threads[MOST_THREADS];
  _Atomic int64_t ticket;
  _Atomic uint32_t number;
  pthread_barrier_t barrier;
  pthread_mutex_t mutex; /* of latest */
  case_command latest[MOST_THREADS];
  void *host; /* a connection to the told store, for what is undone again */
  bool delivered;
  bool overlap; /* transactions do */
  round rounds[ROUNDS];
  uint32_t n_rounds; /* that were told */
};

static struct { int64_t commands, done, explained, transient, repeated, later, moved; } sum;

/* ---- the race ---- */

/* Publishes a command, and sometimes takes another thread's instead: the same request, delivered twice. */
static void exchange(thread *t, case_command *command) {
  life *l = t->life;
  uint32_t from = (t->index + 1) % l->n_threads;
  pthread_mutex_lock(&l->mutex);
  l->latest[t->index] = *command;
  pthread_mutex_unlock(&l->mutex);
  if (l->together)
    pthread_barrier_wait(&l->barrier);
  pthread_mutex_lock(&l->mutex);
  if (below(&t->seed, 8) == 0 && l->latest[from].number)
    *command = l->latest[from];
  pthread_mutex_unlock(&l->mutex);
  if (l->together)
    pthread_barrier_wait(&l->barrier);
}

static void step(thread *t, heard *h) {
  life *l = t->life;
  *h = (heard){.error = AFT_ERROR_INIT};
  case_command_draw(&l->raced, t->session, &t->seed, atomic_fetch_add(&l->number, 1) + 1, &h->command);
  exchange(t, &h->command);
  h->begin = atomic_fetch_add(&l->ticket, 1);
  h->status = case_command_run(&l->raced, t->session, &h->command, &h->error);
  h->end = atomic_fetch_add(&l->ticket, 1);
}

static void *work(void *user) {
  thread *t = user;
  for (int i = 0; i < STEPS; i++)
    step(t, &t->heard[i]);
  return NULL;
}

static void race(life *l, round *r) {
  pthread_t threads[MOST_THREADS];
  r->n = l->n_threads * STEPS;
  memset(l->latest, 0, sizeof l->latest);
  for (uint32_t i = 0; i < l->n_threads; i++)
    l->threads[i].heard = r->heard + (size_t)i * STEPS;
  for (uint32_t i = 0; i < l->n_threads; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, work, &l->threads[i]), 0);
  for (uint32_t i = 0; i < l->n_threads; i++)
    pthread_join(threads[i], NULL);
}

/* ---- the order ---- */

/* Answers that say nothing about cases: a race was lost too often, or an outcome stayed unknown. */
static bool is_transient(aft_status status) {
  return status == AFT_E_CONFLICT || status == AFT_E_LOCKED || status == AFT_E_UNKNOWN ||
         status == COMMAND_NO_LEG;
}

static bool is_answer(aft_status status) {
  static const aft_status answers[] = {AFT_E_INVALID, AFT_E_DENIED,   AFT_E_TRANSITION, AFT_E_INELIGIBLE,
                                       AFT_E_CHECK,   AFT_E_CURRENCY, AFT_E_EXISTS,     AFT_E_NOT_FOUND};
  for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
    if (status == answers[i])
      return true;
  return status >= 0 || is_transient(status);
}

static bool did(const heard *h) {
  return (h->status >= 0 && h->status != AFT_REPLAYED) || h->status == AFT_E_UNKNOWN;
}

static int by_place(const void *a, const void *b) {
  const heard *x = *(heard *const *)a, *y = *(heard *const *)b;
  return (x->place > y->place) - (x->place < y->place);
}

static void check_answer(const heard *h, const command_outcome *outcome) {
  if (!is_answer(h->status))
    fail_msg("%s: %s at %s: %s", case_command_text(&h->command), aft_status_name(h->status), h->error.where,
             h->error.message);
  if (h->status >= 0 && !outcome->place)
    fail_msg("%s was answered with %s, and is not kept", case_command_text(&h->command),
             aft_status_name(h->status));
}

/* Splits what was heard into what was done, in its order, and what was not. */
static void sort_out(life *l, round *r) {
  static command_outcome outcomes[MOST_COMMANDS];
  case_command_outcomes(&l->raced.c, outcomes);
  for (uint32_t i = 0; i < r->n; i++) {
    heard *h = &r->heard[i];
    const command_outcome *outcome = &outcomes[h->command.number];
    check_answer(h, outcome);
    if (!did(h) || !outcome->place) {
      r->others[r->n_others++] = h;
      continue;
    }
    h->status = h->status < 0 ? outcome->status : h->status;
    assert_int_equal(h->status, outcome->status);
    h->place = outcome->place;
    if (h->command.verb == COMMAND_FILE)
      atomic_store(&l->raced.filed[h->command.number], outcome->made);
    r->done[r->n_done++] = h;
  }
  qsort(r->done, r->n_done, sizeof *r->done, by_place);
  for (uint32_t i = 1; i < r->n_done; i++)
    if (r->done[i]->place == r->done[i - 1]->place)
      fail_msg("%s was done twice", case_command_text(&r->done[i]->command));
}

/* What had ended before another began was done before it. */
static void assert_real_time(const round *r) {
  for (uint32_t i = 0; i < r->n_done; i++)
    for (uint32_t j = i + 1; j < r->n_done; j++)
      if (r->done[j]->end < r->done[i]->begin)
        fail_msg("%s was done after a command that began when it had ended",
                 case_command_text(&r->done[j]->command));
}

static void find_bounds(const round *r, heard *h) {
  h->low = 0;
  h->high = r->n_done;
  h->tries = 0;
  h->explained = false;
  for (uint32_t i = 0; i < r->n_done; i++) {
    if (r->done[i]->end < h->begin)
      h->low = i + 1;
    if (i < h->high && r->done[i]->begin > h->end)
      h->high = i;
  }
}

/* ---- telling it again ---- */

/* What it would come to now; nothing of it stays. */
static aft_status would_be(life *l, const heard *h) {
  aft_error error = AFT_ERROR_INIT;
  aft_session *attached;
  host_begin(l->host);
  assert_ok(aft_session_attach(l->told.c.d.store, l->host, &attached, &error));
  aft_status status = case_command_run(&l->told, attached, &h->command, &error);
  aft_session_close(attached);
  host_run(l->host, "ROLLBACK");
  return status;
}

static void explain(life *l, const round *r, uint32_t at) {
  for (uint32_t i = 0; i < r->n_others; i++) {
    heard *h = r->others[i];
    if (!h->explained && at >= h->low && at <= h->high) {
      h->explained = would_be(l, h) == h->status;
      h->tries++;
    }
  }
}

static bool tell(life *l, const heard *h) {
  aft_error error = AFT_ERROR_INIT;
  aft_status status = case_command_run(&l->told, l->told.c.d.session, &h->command, &error);
  if (status != h->status)
    print_message("# %s: done with %s, told again: %s at %s: %s\n", case_command_text(&h->command),
                  aft_status_name(h->status), aft_status_name(status), error.where, error.message);
  return status == h->status;
}

/* The first command that filed a case which is another now; 0 for none. */
static uint32_t filing_that_differs(life *l, const round *r) {
  char *told = case_likeness(&l->told), *raced = case_likeness(&l->raced);
  uint32_t found = 0;
  for (uint32_t i = 0; i < r->n_done && !found; i++)
    if (r->done[i]->command.verb == COMMAND_FILE && case_differs(told, raced, r->done[i]->command.number))
      found = r->done[i]->command.number;
  free(told);
  free(raced);
  return found;
}

/* False: it came out otherwise, *of being the first command to show it. */
static bool tell_round(life *l, round *r, uint32_t *of) {
  for (uint32_t i = 0; i < r->n_others; i++)
    find_bounds(r, r->others[i]);
  for (uint32_t i = 0; i < r->n_done; i++) {
    const case_command *command = &r->done[i]->command;
    explain(l, r, i);
    *of = command->number;
    if (!tell(l, r->done[i]))
      return false;
  }
  explain(l, r, r->n_done);
  *of = filing_that_differs(l, r);
  return *of == 0;
}

/* Two commands that overlap may be ordered by what one of them saw, whatever their ids: where real time
 * allows it, one moves up. */
static bool move_up(round *r, uint32_t number) {
  uint32_t i = 0;
  while (i < r->n_done && r->done[i]->command.number != number)
    i++;
  if (i == r->n_done || i == 0 || r->done[i - 1]->end < r->done[i]->begin)
    return false;
  heard *other = r->done[i - 1];
  r->done[i - 1] = r->done[i];
  r->done[i] = other;
  sum.moved++;
  return true;
}

static void pass(case_desk *c, int64_t ms) {
  desk_pass(&c->d, ms);
  desk_tick(&c->d);
}

static void open_desk(case_desk *c, desk_kind kind, bool delivered) {
  if (delivered)
    case_desk_open(c, kind);
  else
    case_desk_open_unshipped(c, kind, true);
}

static void open_told(life *l) {
  memset(&l->told, 0, sizeof l->told);
  open_desk(&l->told.c, DESK_SQLITE, l->delivered);
  l->host = host_open(&l->told.c.d.place);
}

static void close_told(life *l) {
  host_close(l->host);
  case_desk_close(&l->told.c);
}

static void tell_from_the_start(life *l) {
  close_told(l);
  open_told(l);
  for (uint32_t i = 0; i < l->n_rounds; i++) {
    const round *r = &l->rounds[i];
    for (uint32_t k = 0; k < r->n_done; k++)
      assert_true(tell(l, r->done[k]));
    pass(&l->told.c, r->passed);
  }
}

/* For whoever reads the failure. */
static void print_round(const round *r) {
  for (uint32_t i = 0; i < r->n_done; i++) {
    const heard *h = r->done[i];
    print_message("# %s: %s, from %lld to %lld\n", case_command_text(&h->command), aft_status_name(h->status),
                  (long long)h->begin, (long long)h->end);
  }
}

/* Memory and SQLite let one command in at a time: their order is the one. */
static void find_order(life *l, round *r) {
  uint32_t moves = l->overlap ? MOST_MOVES : 0, of;
  assert_real_time(r);
  while (!tell_round(l, r, &of)) {
    if (moves-- == 0 || !move_up(r, of)) {
      print_round(r);
      fail_msg("no order gives what command %u made as it is", of);
    }
    tell_from_the_start(l);
  }
}

static void count(const round *r) {
  sum.commands += r->n;
  sum.done += r->n_done;
  for (uint32_t i = 0; i < r->n_others; i++) {
    const heard *h = r->others[i];
    if (!h->explained && !is_transient(h->status))
      fail_msg("%s: %s at no moment between its call and its answer (%s: %s)", case_command_text(&h->command),
               aft_status_name(h->status), h->error.where, h->error.message);
    sum.transient += !h->explained;
    sum.explained += h->explained;
    sum.repeated += h->explained && h->status == AFT_REPLAYED;
    sum.later += h->explained && h->tries > 1;
  }
}

/* ---- lives ---- */

/* What was told that it was booked: the naive ledger. */
static int64_t confirmed(const life *l) {
  int64_t amount = 0;
  for (uint32_t i = 0; i < l->n_rounds; i++)
    for (uint32_t k = 0; k < l->rounds[i].n_done; k++) {
      const heard *h = l->rounds[i].done[k];
      if (h->command.verb == COMMAND_SETTLE && h->command.outcome == AFT_SETTLE_CONFIRMED &&
          h->status == AFT_OK)
        amount += h->command.amount;
    }
  return amount;
}

static void live_a_round(life *l) {
  round *r = &l->rounds[l->n_rounds];
  race(l, r);
  sort_out(l, r);
  find_order(l, r);
  count(r);
  assert_alike(&l->told, &l->raced, "after a round");
  l->n_rounds++;
  assert_case_invariants(&l->raced.c, confirmed(l));
  r->passed = HOUR * (int64_t)below(&l->seed, below(&l->seed, 4) ? 30 : 400);
  pass(&l->raced.c, r->passed);
  pass(&l->told.c, r->passed);
  assert_alike(&l->told, &l->raced, "after a tick");
}

static void begin(life *l, desk_kind kind) {
  aft_error error = AFT_ERROR_INIT;
  l->overlap = kind == DESK_SQLITE && place_on_server();
  l->delivered = below(&l->seed, 3) != 0;
  l->n_threads = 2 + below(&l->seed, MOST_THREADS - 1);
  l->together = below(&l->seed, 4) != 0;
  open_desk(&l->raced.c, kind, l->delivered);
  open_told(l);
  pthread_mutex_init(&l->mutex, NULL);
  pthread_barrier_init(&l->barrier, NULL, l->n_threads);
  for (uint32_t i = 0; i < l->n_threads; i++) {
    l->threads[i] = (thread){.life = l, .index = i, .seed = draw(&l->seed)};
    assert_ok(aft_session_open(l->raced.c.d.store, &l->threads[i].session, &error));
  }
}

static void end(life *l) {
  for (uint32_t i = 0; i < l->n_threads; i++)
    aft_session_close(l->threads[i].session);
  pthread_barrier_destroy(&l->barrier);
  pthread_mutex_destroy(&l->mutex);
  close_told(l);
  case_desk_close(&l->raced.c);
}

/* A server is asked over a socket: fewer lives take as long there. */
static int lives(void) {
  int n = place_on_server() ? 2 : 5;
  return rounds(n, n * 80);
}

static void run(desk_kind kind) {
  uint64_t seed = seed_of("serial");
  memset(&sum, 0, sizeof sum);
  for (int i = 0, n = lives(); i < n; i++) {
    life *l = calloc(1, sizeof *l);
    assert_non_null(l);
    l->seed = seed + (uint64_t)i * 7919;
    begin(l, kind);
    for (int k = 0; k < ROUNDS; k++)
      live_a_round(l);
    end(l);
    free(l);
  }
  print_message(
      "# %lld commands: %lld done (%lld moves), %lld refused and %lld repeated (%lld by what another "
      "did meanwhile), %lld left open\n",
      (long long)sum.commands, (long long)sum.done, (long long)sum.moved,
      (long long)(sum.explained - sum.repeated), (long long)sum.repeated, (long long)sum.later,
      (long long)sum.transient);
}

static void on_memory(void **state) {
  (void)state;
  run(DESK_MEMORY);
}
static void on_sqlite(void **state) {
  (void)state;
  run(DESK_SQLITE);
}
static void on_a_hostile_store(void **state) {
  (void)state;
  run(DESK_HOSTILE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(on_memory),
      cmocka_unit_test(on_sqlite),
      cmocka_unit_test(on_a_hostile_store),
  };
  static const char *const not_there[] = {"on_memory", "on_a_hostile_store"};
  return RUN_CASES(tests, not_there);
}
