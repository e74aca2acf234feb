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

typedef struct life life;

typedef struct thread {
  life *life;
  uint32_t index;
  uint64_t seed;
  aft_session *session;
  heard heard[STEPS];
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
  void *host;        /* a connection to the told store, for what is undone again */
  int64_t confirmed; /* what was told that it was booked: the naive ledger */
};

static struct { int64_t commands, done, explained, transient, repeated, later; } sum;

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

static void race(life *l) {
  pthread_t threads[MOST_THREADS];
  memset(l->latest, 0, sizeof l->latest);
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

/* Splits what was heard into what was done, in its order, and what was not. */
static void sort_out(life *l, heard *done[], uint32_t *n_done, heard *others[], uint32_t *n_others) {
  static command_outcome outcomes[MOST_COMMANDS];
  case_command_outcomes(&l->raced.c, outcomes);
  *n_done = *n_others = 0;
  for (uint32_t i = 0; i < l->n_threads * STEPS; i++) {
    heard *h = &l->threads[i / STEPS].heard[i % STEPS];
    command_outcome *outcome = &outcomes[h->command.number];
    if (!is_answer(h->status))
      fail_msg("%s: %s at %s: %s", case_command_text(&h->command), aft_status_name(h->status), h->error.where,
               h->error.message);
    if (h->status >= 0 && !outcome->place)
      fail_msg("%s was answered with %s, and is not kept", case_command_text(&h->command),
               aft_status_name(h->status));
    if (!did(h) || !outcome->place) {
      others[(*n_others)++] = h;
      continue;
    }
    h->status = h->status < 0 ? outcome->status : h->status;
    assert_int_equal(h->status, outcome->status);
    h->place = outcome->place;
    done[(*n_done)++] = h;
  }
  qsort(done, *n_done, sizeof *done, by_place);
  for (uint32_t i = 1; i < *n_done; i++)
    if (done[i]->place == done[i - 1]->place)
      fail_msg("%s was done twice", case_command_text(&done[i]->command));
}

/* What had ended before another began was done before it. */
static void assert_real_time(heard *const done[], uint32_t n) {
  for (uint32_t i = 0; i < n; i++)
    for (uint32_t j = i + 1; j < n; j++)
      if (done[j]->end < done[i]->begin)
        fail_msg("%s was done after a command that began when it had ended",
                 case_command_text(&done[j]->command));
}

static void find_bounds(heard *h, heard *const done[], uint32_t n) {
  h->low = 0;
  h->high = n;
  for (uint32_t i = 0; i < n; i++) {
    if (done[i]->end < h->begin)
      h->low = i + 1;
    if (done[i]->begin > h->end && i < h->high)
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

static void explain(life *l, heard *const others[], uint32_t n, uint32_t at) {
  for (uint32_t i = 0; i < n; i++) {
    heard *h = others[i];
    if (!h->explained && at >= h->low && at <= h->high) {
      h->explained = would_be(l, h) == h->status;
      h->tries++;
    }
  }
}

static void tell(life *l, const heard *h) {
  aft_error error = AFT_ERROR_INIT;
  aft_status status = case_command_run(&l->told, l->told.c.d.session, &h->command, &error);
  if (status != h->status)
    fail_msg("%s: done with %s, told again: %s at %s: %s", case_command_text(&h->command),
             aft_status_name(h->status), aft_status_name(status), error.where, error.message);
  if (h->command.verb == COMMAND_SETTLE && h->command.outcome == AFT_SETTLE_CONFIRMED && status == AFT_OK)
    l->confirmed += h->command.amount;
}

/* A command of which only the store said later that it was done told nobody what it had filed. */
static void learn_of_filed(life *l, const heard *h) {
  aft_error error = AFT_ERROR_INIT;
  if (h->command.verb == COMMAND_FILE && !atomic_load(&l->raced.filed[h->command.number]))
    assert_int_equal(case_command_run(&l->raced, l->raced.c.d.session, &h->command, &error), AFT_REPLAYED);
}

static void count(heard *const others[], uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    const heard *h = others[i];
    if (h->explained) {
      sum.explained++;
      sum.repeated += h->status == AFT_REPLAYED;
      sum.later += h->tries > 1;
    } else if (is_transient(h->status)) {
      sum.transient++;
    } else {
      fail_msg("%s: %s at no moment between its call and its answer (%s: %s)", case_command_text(&h->command),
               aft_status_name(h->status), h->error.where, h->error.message);
    }
  }
}

static void tell_all(life *l) {
  heard *done[MOST_HEARD], *others[MOST_HEARD];
  uint32_t n_done, n_others;
  sort_out(l, done, &n_done, others, &n_others);
  assert_real_time(done, n_done);
  for (uint32_t i = 0; i < n_others; i++)
    find_bounds(others[i], done, n_done);
  for (uint32_t i = 0; i < n_done; i++) {
    explain(l, others, n_others, i);
    tell(l, done[i]);
    learn_of_filed(l, done[i]);
  }
  explain(l, others, n_others, n_done);
  count(others, n_others);
  sum.commands += n_done + n_others;
  sum.done += n_done;
}

/* ---- lives ---- */

static void time_passes(life *l) {
  int64_t ms = HOUR * (int64_t)below(&l->seed, below(&l->seed, 4) ? 30 : 400);
  case_desk *desks[] = {&l->raced.c, &l->told.c};
  for (int i = 0; i < 2; i++) {
    desk_pass(&desks[i]->d, ms);
    desk_tick(&desks[i]->d);
  }
}

static void begin(life *l, desk_kind kind, bool delivered) {
  aft_error error = AFT_ERROR_INIT;
  struct {
    case_desk *c;
    desk_kind kind;
  } desks[] = {{&l->raced.c, kind}, {&l->told.c, DESK_SQLITE}};
  for (int i = 0; i < 2; i++)
    if (delivered)
      case_desk_open(desks[i].c, desks[i].kind);
    else
      case_desk_open_unshipped(desks[i].c, desks[i].kind, true);
  l->host = host_open(&l->told.c.d.place);
  l->n_threads = 2 + below(&l->seed, MOST_THREADS - 1);
  l->together = below(&l->seed, 4) != 0;
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
  host_close(l->host);
  case_desk_close(&l->raced.c);
  case_desk_close(&l->told.c);
}

static void live(desk_kind kind, uint64_t seed, bool delivered) {
  life *l = calloc(1, sizeof *l);
  assert_non_null(l);
  l->seed = seed;
  begin(l, kind, delivered);
  for (int i = 0; i < ROUNDS; i++) {
    race(l);
    tell_all(l);
    assert_alike(&l->told, &l->raced, "after a round");
    assert_case_invariants(&l->raced.c, l->confirmed);
    time_passes(l);
    assert_alike(&l->told, &l->raced, "after a tick");
  }
  end(l);
  free(l);
}

static void run(desk_kind kind, int lives) {
  uint64_t seed = seed_of("serial");
  lives = getenv("AFT_SLOW") ? lives * 50 : lives;
  memset(&sum, 0, sizeof sum);
  for (int i = 0; i < lives; i++)
    live(kind, seed + (uint64_t)i * 7919, i % 3 != 0);
  print_message(
      "# %lld commands: %lld done, %lld refused and %lld repeated (%lld by what another did meanwhile), "
      "%lld left open\n",
      (long long)sum.commands, (long long)sum.done, (long long)(sum.explained - sum.repeated),
      (long long)sum.repeated, (long long)sum.later, (long long)sum.transient);
}

static void on_memory(void **state) {
  (void)state;
  run(DESK_MEMORY, 8);
}
static void on_sqlite(void **state) {
  (void)state;
  run(DESK_SQLITE, 8);
}
static void on_a_hostile_store(void **state) {
  (void)state;
  run(DESK_HOSTILE, 8);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(on_memory),
      cmocka_unit_test(on_sqlite),
      cmocka_unit_test(on_a_hostile_store),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
