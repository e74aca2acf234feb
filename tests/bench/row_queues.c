/* Queues beside themselves: the same work with few and with many tickets open. As many other tickets lie
 * between those that are due on both sides; scattered, those of the many lie all over them and share no page
 * of the database. */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "desk.h"
#include "engine.h"
#include "store/store.h"

#define SHARE 100 /* rows of a round */

typedef struct pair {
  bench_desk few, many;
} pair;

typedef int (*queue_work)(bench_desk *d);

/* ---- what is done in a round ---- */

static int told(aft_status status, uint32_t found, const char *what, const aft_error *error) {
  if (status >= 0 && found == SHARE)
    return 0;
  fprintf(stderr, "bench: %s: expected %d rows, found %u %s\n", what, SHARE, found,
          status < 0 ? error->message : "");
  return -1;
}

static aft_status nothing(aft__tx *tx, void *user, const aft__value *row, aft_error *error) {
  (void)tx, (void)user, (void)row, (void)error;
  return AFT_OK;
}

static int claim_due(bench_desk *d) {
  aft_error error = AFT_ERROR_INIT;
  uint32_t fired = 0;
  aft_time next;
  aft_status status = aft__due_fire(d->session, SHARE, 0, nothing, NULL, NULL, &fired, &next, &error);
  return told(status, fired, "due rows", &error);
}

static int claim_outbox(bench_desk *d) {
  aft_error error = AFT_ERROR_INIT;
  aft_claim_in in = {.size = sizeof in, .most = SHARE};
  aft_cursor *cursor;
  aft_record *effect;
  uint32_t n = 0;
  aft_status status = aft_outbox_claim(d->session, &in, &cursor, &error);
  if (status < 0)
    return told(status, 0, "outbox", &error);
  while (aft_cursor_next(cursor, &effect, &error) == AFT_OK)
    n++;
  aft_cursor_free(cursor);
  return told(AFT_OK, n, "outbox", &error);
}

static int tick(bench_desk *d) {
  aft_error error = AFT_ERROR_INIT;
  aft_tick_budget budget = {.size = sizeof budget, .rows = SHARE, .ms = 600000};
  aft_tick_report report = {.size = sizeof report};
  aft_status status = aft_tick(d->session, &budget, &report, &error);
  return told(status, report.fired, "tick", &error);
}

static int next_tickets(bench_desk *d) {
  aft_error error = AFT_ERROR_INIT;
  uint32_t n = 0;
  for (int i = 0; i < SHARE; i++) {
    aft_cursor *cursor;
    aft_record *ticket;
    if (aft_ticket_inbox(d->session, &d->agent, NULL, &cursor, &error) < 0)
      return told(AFT_E_INTERNAL, n, "inbox", &error);
    n += aft_cursor_next(cursor, &ticket, &error) == AFT_OK;
    aft_cursor_free(cursor);
  }
  return told(AFT_OK, n, "inbox", &error);
}

static int claim_tickets(bench_desk *d) {
  aft_error error = AFT_ERROR_INIT;
  uint32_t n = 0;
  for (int i = 0; i < SHARE; i++) {
    aft_status status = aft_ticket_claim(d->session, &d->agent, NULL, NULL, &error);
    if (status < 0)
      return told(status, n, "claim", &error);
    n += status == AFT_OK;
  }
  return told(AFT_OK, n, "claim", &error);
}

static const struct {
  const char *path;
  double goal;
  queue_work work;
} rows[] = {
    {"queue, due rows claimed", 1.2, claim_due},
    {"queue, outbox claimed", 1.2, claim_outbox},
    {"queue, next ticket of the inbox", 1.5, next_tickets},
    {"queue, tick", 1.2, tick},
    {"queue, next ticket claimed", 1.5, claim_tickets},
};

/* ---- both sides ---- */

typedef struct turn {
  pair *pair;
  queue_work work;
} turn;

static int timed(bench_desk *d, queue_work work, bench_time *out) {
  bench_time began = bench_now();
  int failed = work(d);
  *out = bench_since(began, SHARE);
  return failed;
}

static int with_many(void *user, bench_time *out) {
  turn *t = user;
  return timed(&t->pair->many, t->work, out);
}

static int with_few(void *user, bench_time *out) {
  turn *t = user;
  return timed(&t->pair->few, t->work, out);
}

static const char *path_of(const bench_engine *e, size_t i, char out[96]) {
  snprintf(out, 96, "%s%s", e->prefix, rows[i].path);
  return out;
}

static int all_rows(const bench_options *o, const bench_engine *e, pair *p) {
  char beside[64], path[96];
  snprintf(beside, sizeof beside, "%" PRId64 " open, not %" PRId64 "%s", o->few, o->many,
           o->scattered ? ", scattered" : "");
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    turn t = {p, rows[i].work};
    bench_ratios ratios;
    if (!bench_wanted(o, path_of(e, i, path)))
      continue;
    if (rows[i].work(&p->few) || rows[i].work(&p->many) || /* statements are prepared */
        bench_alternate(o->rounds, with_many, with_few, &t, &ratios))
      return -1;
    bench_row(path, beside, e->wall ? &ratios.wall : &ratios.all, rows[i].goal);
  }
  return 0;
}

static bool any_wanted(const bench_options *o, const bench_engine *e) {
  char path[96];
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (bench_wanted(o, path_of(e, i, path)))
      return true;
  return false;
}

/* A desk with one ticket, and the crowd made from it. */
static int open_crowd(const bench_options *o, const bench_engine *e, const char *name, const crowd *c,
                      bench_desk *d) {
  char place[BENCH_PATH];
  aft_id ticket = 0;
  if (e->make(o, name))
    return -1;
  e->place(o, name, place);
  int failed = bench_desk_open(d, place, e->driver(), NULL) || bench_say(d, 0, 0, &ticket) < 0;
  bench_desk_close(d);
  return failed || e->crowd(place, ticket, c) || bench_desk_open(d, place, e->driver(), NULL) ? -1 : 0;
}

/* ---- many who claim at once, beside one ---- */

#define SESSIONS 10

typedef struct claimer {
  pthread_t thread;
  bench_desk desk; /* with a session and an agent of its own */
  int failed;
} claimer;

static claimer crew[SESSIONS];

static int hire(bench_desk *d) {
  aft_error error = AFT_ERROR_INIT;
  for (int i = 0; i < SESSIONS; i++) {
    aft_record *made;
    char name[16];
    snprintf(name, sizeof name, "crew-%d", i);
    aft_agent_in in = {.size = sizeof in, .external = {name, AFT_NTS}, .shops = &d->shop, .n_shops = 1};
    crew[i].desk = *d;
    if (aft_agent_put(d->session, &d->system, &in, &made, &error) < 0 ||
        aft_session_open(d->store, &crew[i].desk.session, &error) < 0)
      return told(AFT_E_INTERNAL, 0, "crew", &error);
    crew[i].desk.agent.actor = aft_agent_id(made);
    aft_record_free(made);
  }
  return 0;
}

static void *claim_share(void *user) {
  claimer *c = user;
  aft_error error = AFT_ERROR_INIT;
  c->failed = 0;
  for (int i = 0; i < SHARE / SESSIONS; i++)
    c->failed |= aft_ticket_claim(c->desk.session, &c->desk.agent, NULL, NULL, &error) != AFT_OK;
  return NULL;
}

static int claim_at_once(bench_desk *d) {
  int failed = 0;
  (void)d;
  for (int i = 0; i < SESSIONS; i++)
    failed |= pthread_create(&crew[i].thread, NULL, claim_share, &crew[i]);
  for (int i = 0; i < SESSIONS; i++) {
    failed |= pthread_join(crew[i].thread, NULL);
    failed |= crew[i].failed;
  }
  return failed ? -1 : 0;
}

static int by_many(void *user, bench_time *out) {
  turn *t = user;
  return timed(&t->pair->few, claim_at_once, out);
}

static int by_one(void *user, bench_time *out) {
  turn *t = user;
  return timed(&t->pair->few, claim_tickets, out);
}

static int crowded_row(const bench_options *o, const bench_engine *e) {
  char path[96];
  pair p = {0};
  turn t = {&p, NULL};
  bench_ratios ratios;
  int64_t share = SHARE * (o->rounds + 1);
  crowd c = {4 * share, share, share, 4};
  snprintf(path, sizeof path, "%squeue, claimed by ten at once", e->prefix);
  if (!bench_wanted(o, path))
    return 0;
  int failed = open_crowd(o, e, "crew", &c, &p.few) || hire(&p.few) || claim_at_once(&p.few) ||
               bench_alternate(o->rounds, by_many, by_one, &t, &ratios);
  if (!failed)
    bench_row(path, "one session, time on the wall", &ratios.wall, 0);
  for (int i = 0; i < SESSIONS; i++)
    aft_session_close(crew[i].desk.session);
  memset(crew, 0, sizeof crew);
  bench_desk_close(&p.few);
  e->drop(o, "crew");
  return failed ? -1 : 0;
}

int bench_queues_on(const bench_options *o, const bench_engine *e) {
  char title[96];
  pair p = {0};
  int64_t share = SHARE * (o->rounds + 1),
          due = 2 * share; /* what is claimed first is gone when the tick comes */
  crowd small = {o->few, due, share, o->few / due}, large = {o->many, due, share, o->few / due};
  if (!any_wanted(o, e))
    return crowded_row(o, e);
  snprintf(title, sizeof title, "queues on %s of a row, %d rows at once",
           e->wall ? "PostgreSQL, time on the wall" : "SQLite, processor time", SHARE);
  bench_section(title);
  if (o->scattered)
    large.every = o->many / due;
  int failed = open_crowd(o, e, "few", &small, &p.few) || open_crowd(o, e, "many", &large, &p.many) ||
               all_rows(o, e, &p);
  bench_desk_close(&p.few);
  bench_desk_close(&p.many);
  e->drop(o, "few");
  e->drop(o, "many");
  return failed || crowded_row(o, e) ? -1 : 0;
}

int bench_queues(const bench_options *o) { return bench_queues_on(o, &bench_sqlite); }
