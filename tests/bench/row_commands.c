/* Commands beside their floor: the same statements with the same values, sent by a plain loop, with one call
 * each to triage and SHA-256 where the command makes them. Neither side waits for the disk at a commit. */
#include <stdio.h>
#include <stdlib.h>

#include "base/base.h"
#include "bench.h"
#include "desk.h"
#include "engine.h"
#include "policy/policy.h"

#define WARM 64 /* commands of a round before the clock starts */

typedef struct command {
  const char *path, *base;
  bool triage;
  double goal;
  const floor_read *reads; /* of the same written by hand; NULL: that is not measured */
  size_t n_reads;
  aft_status (*run)(bench_desk *d, const aft_id *tickets, size_t n, size_t i);
} command;

typedef struct course {
  const bench_options *options;
  const bench_engine *engine;
  const command *command;
  const aft_id *tickets; /* or cases */
  size_t n;              /* commands of a round, warm ones included */
  char name[80], work[BENCH_PATH];
  record_log log;
  bench_desk desk; /* for its policy and environment, of the floor */
  aft_policy *policy;
  aft__arena arena;
  floor_hand hand;
  bool by_hand;
} course;

/* ---- the commands ---- */

static aft_status first_message(bench_desk *d, const aft_id *tickets, size_t n, size_t i) {
  (void)tickets;
  return bench_say(d, n + i, n + i, NULL);
}

static aft_status further_message(bench_desk *d, const aft_id *tickets, size_t n, size_t i) {
  (void)tickets;
  return bench_say(d, i, n + i, NULL);
}

static aft_status answer(bench_desk *d, const aft_id *tickets, size_t n, size_t i) {
  (void)n;
  return bench_answer(d, tickets[i]);
}

static aft_status resolve(bench_desk *d, const aft_id *tickets, size_t n, size_t i) {
  (void)n;
  return bench_resolve(d, tickets[i]);
}

static aft_status approve(bench_desk *d, const aft_id *cases, size_t n, size_t i) {
  (void)n;
  return bench_approve(d, cases[i]);
}

/* Who knows the schema and that only new customers write asks no more than this. */
static const floor_read new_customer[] = {
    {"SELECT t.locale, t.zone, a.hash FROM aft_tenant t LEFT JOIN aft_activation a ON a.tenant = t.id WHERE "
     "t.id = ?",
     "t"},
    {"SELECT rev FROM aft_shop WHERE id = ? AND tenant = ?", "st"},
    {"SELECT id, ticket FROM aft_message WHERE tenant = ? AND channel = 'wechat' AND account = '' AND "
     "external = ?",
     "te"},
    {"SELECT customer FROM aft_identity WHERE tenant = ? AND channel = 'wechat' AND account = '' AND handle "
     "= ?",
     "th"},
};

/* Who keeps a return in the same tables cannot approve it without these. */
static const floor_read approval[] = {
    {"SELECT t.locale, t.zone, a.hash FROM aft_tenant t LEFT JOIN aft_activation a ON a.tenant = t.id WHERE "
     "t.id = ?",
     "t"},
    {"SELECT c.*, o.* FROM aft_case c JOIN aft_order o ON o.id = c.\"order\" WHERE c.id = ? AND c.tenant = ?",
     "rt"},
    {"SELECT k.*, l.* FROM aft_case_line k JOIN aft_line l ON l.id = k.line WHERE k.tenant = ? AND "
     "k.\"case\" = ?",
     "tr"},
    {"SELECT p.* FROM aft_proposal p WHERE p.tenant = ? AND p.\"case\" = ? ORDER BY p.version DESC LIMIT 1",
     "tr"},
    {"SELECT p.* FROM aft_payment p JOIN aft_case c ON c.\"order\" = p.\"order\" WHERE c.id = ? AND p.tenant "
     "= ?",
     "rt"},
};

#define BY_HAND(reads) (reads), sizeof(reads) / sizeof *(reads)
static const command commands[] = {
    {"intake, a new customer", "opened", true, 1.5, BY_HAND(new_customer), first_message},
    {"intake, a further message", "opened", true, 1.5, NULL, 0, further_message},
    {"ticket, answer", "opened", false, 1.5, NULL, 0, answer},
    {"ticket, resolve", "answered", false, 1.5, NULL, 0, resolve},
    {"case, approve a return", "filed", false, 1.5, BY_HAND(approval), approve},
};
#undef BY_HAND

/* ---- both sides ---- */

static int fresh_copy(const course *c) { return c->engine->copy(c->options, c->command->base, "work"); }

static int run_all(const course *c, bench_desk *d, record_log *log, bench_time *out) {
  bench_time began = bench_now();
  for (size_t i = 0; i < c->n; i++) {
    if (i == WARM)
      began = bench_now();
    if (log)
      record_mark(log);
    if (c->command->run(d, c->tickets, c->n, i) < 0)
      return -1;
  }
  *out = bench_since(began, c->n - WARM);
  return 0;
}

static int library(void *user, bench_time *out) {
  course *c = user;
  bench_desk d;
  if (fresh_copy(c) || bench_desk_open(&d, c->work, c->engine->driver(), NULL))
    return -1;
  int failed = run_all(c, &d, NULL, out);
  bench_desk_close(&d);
  return failed;
}

static void beside(void *user, size_t i) {
  course *c = user;
  aft__triage triage;
  aft__buf reasons;
  aft__sha256 sha;
  uint8_t digest[32];
  const char *text = bench_text(c->n + i);
  if (c->command->triage) {
    aft__buf_init(&reasons, c->desk.env);
    aft__policy_triage(c->policy, aft__cstr(text), aft__cstr(""), &c->arena, &triage, &reasons, NULL);
    aft__buf_done(&reasons);
    aft__arena_reset(&c->arena);
  }
  aft__sha256_init(&sha);
  aft__sha256_add(&sha, text, strlen(text));
  aft__sha256_end(&sha, digest);
}

static int floor_of(void *user, bench_time *out) {
  course *c = user;
  floor_run run = {
      .log = &c->log, .warm = WARM, .each = beside, .user = c, .hand = c->by_hand ? &c->hand : NULL};
  return fresh_copy(c) ? -1 : c->engine->floor(c->work, &run, out);
}

/* ---- a row ---- */

static int record(course *c) {
  recorder r = {&c->log, c->engine->driver()};
  aft_sql_driver driver = record_driver(&r);
  bench_desk d;
  bench_time spent;
  if (fresh_copy(c) || bench_desk_open(&d, c->work, &driver, NULL))
    return -1;
  c->log.on = true;
  c->hand = (floor_hand){c->command->reads, c->command->n_reads, d.system.tenant, d.shop, c->tickets, c->n};
  int failed = run_all(c, &d, &c->log, &spent);
  c->log.on = false;
  bench_desk_close(&d);
  if (c->log.failed)
    fprintf(stderr, "bench: what %s sends could not be noted\n", c->command->path);
  return failed || c->log.failed ? -1 : 0;
}

static void describe(const record_log *log, size_t n, char *out, size_t size) {
  double reads = (double)record_count(log, "SELECT") / (double)n;
  double inserts = (double)record_count(log, "INSERT") / (double)n;
  double changes = (double)(record_count(log, "UPDATE") + record_count(log, "DELETE")) / (double)n;
  snprintf(out, size, "%.0f reads, %.0f inserts, %.0f changes", reads, inserts, changes);
}

/* On a server the time on the wall counts; else the processor's, and the part of it outside of the kernel. */
static void show(const course *c, const char *name, const char *beside, const bench_ratios *ratios) {
  bench_row(name, beside, c->engine->wall ? &ratios->wall : &ratios->all, c->command->goal);
  if (!c->engine->wall)
    bench_row("", "outside of the kernel", &ratios->user, c->command->goal);
}

static int measure(course *c) {
  char what[64];
  bench_ratios ratios;
  if (record(c))
    return -1;
  record_trim(&c->log);
  describe(&c->log, c->n, what, sizeof what);
  if (bench_alternate(c->options->rounds, library, floor_of, c, &ratios))
    return -1;
  show(c, c->name, what, &ratios);
  if (!c->command->reads || c->engine->wall)
    return 0;
  c->by_hand = true;
  if (bench_alternate(c->options->rounds, library, floor_of, c, &ratios))
    return -1;
  snprintf(what, sizeof what, "by hand: %zu reads, plain inserts", c->hand.n);
  show(c, "", what, &ratios);
  return 0;
}

static void name_of(const bench_engine *engine, const command *row, char out[80]) {
  snprintf(out, 80, "%s%s", engine->prefix, row->path);
}

static int one_row(const bench_options *o, const bench_engine *engine, const command *row,
                   const aft_id *tickets, size_t n) {
  course c = {.options = o, .engine = engine, .command = row, .tickets = tickets, .n = n};
  aft_error error = AFT_ERROR_INIT;
  name_of(engine, row, c.name);
  engine->place(o, "work", c.work);
  if (aft_env_new(NULL, &c.desk.env, &error) < 0)
    return -1;
  aft__arena_init(&c.arena, c.desk.env);
  int failed = aft_policy_default(c.desk.env, &c.policy, &error) < 0 ? -1 : measure(&c);
  aft_policy_unref(c.policy);
  aft__arena_done(&c.arena);
  record_free(&c.log);
  aft_env_unref(c.desk.env);
  engine->drop(o, "work");
  return failed;
}

/* ---- what they start from: a desk with n open tickets, the same with all of them answered, and one with n
 * returns that wait ---- */

static int open_tickets(const char *place, const bench_engine *engine, aft_id *tickets, size_t n) {
  bench_desk d;
  int failed = bench_desk_open(&d, place, engine->driver(), NULL);
  for (size_t i = 0; i < n && !failed; i++)
    failed = bench_say(&d, i, i, &tickets[i]) < 0;
  bench_desk_close(&d);
  return failed;
}

static int answer_tickets(const char *place, const bench_engine *engine, const aft_id *tickets, size_t n) {
  bench_desk d;
  int failed = bench_desk_open(&d, place, engine->driver(), NULL);
  for (size_t i = 0; i < n && !failed; i++)
    failed = bench_answer(&d, tickets[i]) < 0;
  bench_desk_close(&d);
  return failed;
}

static int file_cases(const char *place, const bench_engine *engine, aft_id *cases, size_t n) {
  bench_desk d;
  int failed = bench_desk_open(&d, place, engine->driver(), NULL);
  for (size_t i = 0; i < n && !failed; i++)
    failed = bench_file(&d, i, &cases[i]) < 0;
  bench_desk_close(&d);
  return failed;
}

typedef struct bases {
  aft_id *tickets, *cases;
} bases;

static int make_bases(const bench_options *o, const bench_engine *engine, const bases *b, size_t n) {
  char opened[BENCH_PATH], answered[BENCH_PATH], filed[BENCH_PATH];
  engine->place(o, "opened", opened);
  engine->place(o, "answered", answered);
  engine->place(o, "filed", filed);
  return engine->make(o, "opened") || open_tickets(opened, engine, b->tickets, n) ||
         engine->copy(o, "opened", "answered") || answer_tickets(answered, engine, b->tickets, n) ||
         engine->make(o, "filed") || file_cases(filed, engine, b->cases, n);
}

static void drop_bases(const bench_options *o, const bench_engine *engine) {
  engine->drop(o, "opened");
  engine->drop(o, "answered");
  engine->drop(o, "filed");
}

static bool wanted(const bench_options *o, const bench_engine *engine, const command *row) {
  char name[80];
  name_of(engine, row, name);
  return bench_wanted(o, name);
}

static int run_wanted(const bench_options *o, const bench_engine *engine, const bases *b, size_t n) {
  int failed = make_bases(o, engine, b, n);
  for (size_t i = 0; i < sizeof commands / sizeof *commands && !failed; i++)
    if (wanted(o, engine, &commands[i]))
      failed = one_row(o, engine, &commands[i], strcmp(commands[i].base, "filed") ? b->tickets : b->cases, n);
  drop_bases(o, engine);
  return failed;
}

int bench_commands_on(const bench_options *o, const bench_engine *engine) {
  size_t n = WARM + (size_t)o->commands;
  bases b = {calloc(n, sizeof(aft_id)), calloc(n, sizeof(aft_id))};
  bool any = false;
  int failed = b.tickets && b.cases ? 0 : -1;
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
    any |= wanted(o, engine, &commands[i]);
  if (!failed && any) {
    bench_section(engine->title);
    failed = run_wanted(o, engine, &b, n);
  }
  free(b.tickets);
  free(b.cases);
  return failed;
}

int bench_commands(const bench_options *o) { return bench_commands_on(o, &bench_sqlite); }
