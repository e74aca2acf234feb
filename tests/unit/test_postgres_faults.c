/* PostgreSQL behind a proxy that breaks connections: cut at every message in turn, commits that arrive late,
 * many sessions at once, a server that goes away. A twin desk, which nothing happens to, makes the same
 * calls: both must hold the same in the end. */
#include "desk_fixture.h"
#include "fault_proxy.h"
#include "random.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

typedef struct world {
  desk desk, twin;
  fault_proxy *proxy;
  aft_store *store; /* of desk, through the proxy */
  aft_session *session;
  void *desk_host, *twin_host;
} world;

static world w;

/* The folder of the server's socket. */
static void server_folder(char *folder, size_t size) {
  const char *host = strstr(getenv("AFT_TEST_DSN"), "host=") + strlen("host=");
  snprintf(folder, size, "%.*s", (int)strcspn(host, "&"), host);
}

static aft_store *open_through(const fault_proxy *proxy, uint32_t busy_ms) {
  aft_error error = AFT_ERROR_INIT;
  aft_store *store;
  char dsn[300];
  aft_store_options options = desk_store(&w.desk, 0);
  place_dsn_at(&w.desk.place, proxy_folder(proxy), "postgres", dsn, sizeof dsn);
  options.dsn = AFT_STR(dsn);
  options.busy_ms = busy_ms;
  assert_ok(aft_store_open(w.desk.env, &options, &store, &error));
  return store;
}

static int set_up(void **state) {
  aft_error error = AFT_ERROR_INIT;
  char folder[128];
  (void)state;
  server_folder(folder, sizeof folder);
  desk_open(&w.desk, DESK_SQLITE);
  desk_open(&w.twin, DESK_SQLITE);
  w.proxy = proxy_start(folder);
  assert_non_null(w.proxy);
  w.store = open_through(w.proxy, 5000);
  assert_ok(aft_session_open(w.store, &w.session, &error));
  w.desk_host = host_open(&w.desk.place);
  w.twin_host = host_open(&w.twin.place);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  host_close(w.desk_host);
  host_close(w.twin_host);
  aft_session_close(w.session);
  aft_store_unref(w.store);
  proxy_stop(w.proxy);
  desk_close(&w.desk);
  desk_close(&w.twin);
  return 0;
}

/* ---- what is compared ---- */

static const char *const measures[] = {
    "SELECT count(*) FROM aft_message",
    "SELECT count(*) FROM aft_ticket",
    "SELECT count(*) FROM aft_event",
    "SELECT count(*) FROM aft_outbox",
    "SELECT count(*) FROM aft_due",
    "SELECT count(*) FROM aft_decision",
    "SELECT count(*) FROM aft_idem",
    "SELECT coalesce(sum(attempts), 0) FROM aft_outbox",
    "SELECT count(*) FROM aft_outbox WHERE state = 3",
    "SELECT coalesce(sum(last), 0) FROM aft_feed_head",
};

static void both_hold_the_same(const char *what, const char *fault, uint32_t message) {
  for (size_t i = 0; i < AFT__COUNT(measures); i++) {
    int64_t here = host_number(w.desk_host, measures[i]), there = host_number(w.twin_host, measures[i]);
    if (here != there)
      fail_msg("%s, %s message %u: %s gives %lld, expected %lld", what, fault, message, measures[i],
               (long long)here, (long long)there);
  }
}

/* ---- calls ---- */

typedef struct errand {
  aft_id ticket, effect;
  int64_t fence;
} errand;

static aft_id say(desk *d, int i) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *message;
  char external[24], handle[24];
  snprintf(external, sizeof external, "m%d", i);
  snprintf(handle, sizeof handle, "wx_%d", i);
  aft_message_in in = desk_message(d, external, "付款失败");
  in.customer = 0;
  in.handle = AFT_STR(handle);
  assert_ok(aft_intake(d->session, &d->system, &in, &message, &error));
  aft_id ticket = aft_message_ticket(message);
  aft_record_free(message);
  return ticket;
}

static void nothing_first(desk *d, errand *e, int i) { (void)d, (void)e, (void)i; }
static void ticket_first(desk *d, errand *e, int i) { e->ticket = say(d, i); }

static void claim(desk *d, errand *e, int i) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *effect;
  aft_claim_in in = {.size = sizeof in, .most = 1};
  (void)i;
  assert_ok(aft_outbox_claim(d->session, &in, &cursor, &error));
  assert_status(aft_cursor_next(cursor, &effect, &error), AFT_OK);
  e->effect = aft_effect_id(effect);
  e->fence = aft_effect_fence(effect);
  aft_cursor_free(cursor);
}

static void claim_first(desk *d, errand *e, int i) {
  e->ticket = say(d, i);
  claim(d, e, i);
}

static void an_hour_first(desk *d, errand *e, int i) {
  e->ticket = say(d, i);
  desk_pass(d, AFT__HOUR);
}

static void intake(desk *d, errand *e, int i) {
  (void)e;
  say(d, i);
}

static void answer(desk *d, errand *e, int i) {
  (void)i;
  desk_answer(d, e->ticket, "马上处理");
}

static void answer_with_a_key(desk *d, errand *e, int i) {
  aft_error error = AFT_ERROR_INIT;
  char key[24];
  snprintf(key, sizeof key, "answer %d", i);
  aft_call call = d->as_agent;
  call.key = AFT_STR(key);
  aft_answer_in in = {.size = sizeof in, .ticket = e->ticket, .text = AFT_STR("马上处理")};
  assert_status(aft_ticket_answer(d->session, &call, &in, NULL, &error), AFT_OK);
}

static void act(desk *d, errand *e, int i) {
  (void)i;
  desk_act(d, e->ticket, AFT_ACT_ASSIGN);
}

static void settle(desk *d, errand *e, int i) {
  aft_error error = AFT_ERROR_INIT;
  (void)i;
  assert_ok(aft_outbox_settle(d->session, e->effect, e->fence, AFT_OUTCOME_DONE, NULL, &error));
}

static void tick(desk *d, errand *e, int i) {
  aft_error error = AFT_ERROR_INIT;
  (void)e, (void)i;
  assert_ok(aft_tick(d->session, NULL, NULL, &error));
}

typedef struct errand_kind {
  const char *name;
  void (*first)(desk *d, errand *e, int i); /* without faults */
  void (*run)(desk *d, errand *e, int i);
} errand_kind;

static const errand_kind kinds[] = {
    {"intake", nothing_first, intake},
    {"answer", ticket_first, answer},
    {"answer with a key", ticket_first, answer_with_a_key},
    {"act", ticket_first, act},
    {"claim", ticket_first, claim},
    {"settle", claim_first, settle},
    {"tick", an_hour_first, tick},
};

static int errands; /* made so far: each has messages of its own */

static void run_through(const errand_kind *kind, errand *e, int i) {
  aft_session *direct = w.desk.session;
  w.desk.session = w.session;
  kind->run(&w.desk, e, i);
  w.desk.session = direct;
}

/* Whether the fault struck: later messages than the last are not there. */
static bool one(const errand_kind *kind, proxy_fault fault, uint32_t message, const char *word) {
  errand here = {0}, there = {0};
  int i = ++errands;
  kind->first(&w.desk, &here, i);
  kind->first(&w.twin, &there, i);
  proxy_arm(w.proxy, fault, message);
  run_through(kind, &here, i);
  bool struck = proxy_struck(w.proxy);
  if (fault == PROXY_PASS)
    print_message("# %s: %u commands in %u round trips\n", kind->name, proxy_commands(w.proxy),
                  proxy_trips(w.proxy));
  proxy_arm(w.proxy, PROXY_PASS, 0);
  kind->run(&w.twin, &there, i);
  both_hold_the_same(kind->name, word, message);
  return struck;
}

/* Later messages are much like each other: a quick run leaves some out. */
static void cut_at_every_message(proxy_fault fault, const char *word) {
  uint32_t sparse = getenv("AFT_SLOW") ? UINT32_MAX : 8, total = 0;
  for (size_t k = 0; k < AFT__COUNT(kinds); k++) {
    one(&kinds[k], PROXY_PASS, 0, "without");
    uint32_t n = 1;
    for (; one(&kinds[k], fault, n, word); total++)
      n += 1 + n / sparse;
    assert_true(n > 4);
  }
  print_message("# %u cuts\n", total);
}

static void nothing_is_lost_or_doubled_when_a_message_is_lost(void **state) {
  (void)state;
  cut_at_every_message(PROXY_CUT_BEFORE, "cut before");
}

static void nothing_is_lost_or_doubled_when_an_answer_is_lost(void **state) {
  (void)state;
  cut_at_every_message(PROXY_CUT_AFTER, "cut after");
}

/* The connection is gone, the commit is still on its way: whoever looks for it too early would not find it,
 * and run the command again. */
static void a_commit_that_arrives_late_is_waited_for(void **state) {
  (void)state;
  for (size_t k = 0; k < AFT__COUNT(kinds); k++) {
    one(&kinds[k], PROXY_PASS, 0, "without");
    assert_true(one(&kinds[k], PROXY_HOLD_COMMIT, 0, "late commit"));
  }
}

/* ---- many at once ---- */

#define THREADS 4
#define ROUNDS  15

typedef struct worker {
  aft_store *store;
  int number;
  aft_id ticket;             /* of all, or 0: each its own */
  uint32_t answered, failed; /* the journal: what was acknowledged, and what was said to have failed */
  uint32_t unclear;
  aft_status why; /* the last failed */
} worker;

static void note(worker *k, aft_status status) {
  if (status >= 0)
    k->answered++;
  else if (status == AFT_E_UNKNOWN)
    k->unclear++;
  else {
    k->failed++;
    k->why = status;
  }
}

static void *work(void *user) {
  worker *k = user;
  aft_error error = AFT_ERROR_INIT;
  aft_session *session;
  while (aft_session_open(k->store, &session, &error) < 0)
    nanosleep(&(struct timespec){0, 1000000}, NULL);
  for (int i = 0; i < ROUNDS; i++) {
    aft_answer_in in = {.size = sizeof in, .ticket = k->ticket, .text = AFT_STR("在处理")};
    note(k, aft_ticket_answer(session, &w.desk.as_agent, &in, NULL, &error));
  }
  aft_session_close(session);
  return NULL;
}

static void work_together(worker *workers, aft_store *store, bool one_ticket, bool cuts) {
  pthread_t threads[THREADS];
  uint64_t seed = seed_of("cuts");
  aft_id shared = say(&w.desk, 1000);
  for (int i = 0; i < THREADS; i++) {
    workers[i] =
        (worker){.store = store, .number = i, .ticket = one_ticket ? shared : say(&w.desk, 1001 + i)};
    assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
  }
  for (int i = 0; cuts && i < 60; i++) {
    proxy_arm(w.proxy, 1 + below(&seed, 3), 1 + below(&seed, 40));
    nanosleep(&(struct timespec){0, 10000000}, NULL);
  }
  proxy_arm(w.proxy, PROXY_PASS, 0);
  for (int i = 0; i < THREADS; i++)
    pthread_join(threads[i], NULL);
}

static void the_journal_agrees(const worker *workers, int64_t before) {
  int64_t answers = host_number(w.desk_host, measures[0]) - before, sure = 0, unclear = 0, failed = 0;
  for (int i = 0; i < THREADS; i++) {
    sure += workers[i].answered;
    unclear += workers[i].unclear;
    failed += workers[i].failed;
    if (workers[i].failed)
      print_message("# %u failed, the last with %s\n", workers[i].failed, aft_status_name(workers[i].why));
  }
  print_message("# %lld acknowledged, %lld unclear, %lld failed, %lld kept\n", (long long)sure,
                (long long)unclear, (long long)failed, (long long)answers);
  assert_true(answers >= sure && answers <= sure + unclear);
  assert_true(sure > THREADS * ROUNDS / 2);
}

static void sessions_that_fight_over_one_ticket(void **state) {
  worker workers[THREADS];
  (void)state;
  int64_t before = host_number(w.desk_host, measures[0]) + 1;
  work_together(workers, w.desk.store, true, false);
  the_journal_agrees(workers, before);
}

static void sessions_whose_connections_are_cut_at_random(void **state) {
  worker workers[THREADS];
  (void)state;
  int64_t before = host_number(w.desk_host, measures[0]) + 1 + THREADS;
  work_together(workers, w.store, false, true);
  the_journal_agrees(workers, before);
}

/* ---- a server that goes away ---- */

static void a_server_that_is_gone_is_told(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft_store *store = NULL;
  (void)state;
  int64_t before = host_number(w.desk_host, measures[0]);
  aft_message_in in = desk_message(&w.desk, "gone", "x");
  proxy_down(w.proxy, true);
  assert_status(aft_intake(w.session, &w.desk.system, &in, NULL, &error), AFT_E_LOST);
  assert_non_null(strstr(error.where, proxy_folder(w.proxy)));
  assert_true(strlen(error.message) > 10);
  assert_int_equal(host_number(w.desk_host, measures[0]), before);
  char dsn[300];
  aft_store_options options = desk_store(&w.desk, 0);
  place_dsn_at(&w.desk.place, proxy_folder(w.proxy), "postgres", dsn, sizeof dsn);
  options.dsn = AFT_STR(dsn);
  assert_status(aft_store_open(w.desk.env, &options, &store, &error), AFT_E_LOST);
  proxy_down(w.proxy, false);
  assert_status(aft_intake(w.session, &w.desk.system, &in, NULL, &error), AFT_OK);
  assert_int_equal(host_number(w.desk_host, measures[0]), before + 1);
}

/* As the user that the server runs as. */
static void control(const char *verb) {
  int status;
  const char *user = getenv("AFT_TEST_PG_USER");
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    if (*user && setuid((uid_t)strtol(user, NULL, 10)) != 0)
      _exit(1);
    char *const words[] = {"pg_ctl",    "-D",         getenv("AFT_TEST_PG_DATA"),
                           "-m",        "immediate",  "-w",
                           "-t",        "60",         "-l",
                           "/dev/null", (char *)verb, NULL};
    if (chdir("/") == 0 && freopen("/dev/null", "w", stdout))
      execv(getenv("AFT_TEST_PG_CTL"), words);
    _exit(1);
  }
  assert_int_equal(waitpid(pid, &status, 0), pid);
  assert_int_equal(status, 0);
}

/* The desk's own commits are relaxed and may be lost; those through the proxy are not. */
static void a_server_that_crashed_is_found_again(void **state) {
  aft_error error = AFT_ERROR_INIT;
  errand e = {0};
  (void)state;
  run_through(&(errand_kind){"intake", nothing_first, ticket_first}, &e, 1);
  control("stop");
  aft_message_in in = desk_message(&w.desk, "m2", "x");
  assert_status(aft_intake(w.desk.session, &w.desk.system, &in, NULL, &error), AFT_E_LOST);
  control("start");
  assert_status(aft_intake(w.desk.session, &w.desk.system, &in, NULL, &error), AFT_OK);
  assert_state(&w.desk, e.ticket, "triaged");
  host_close(w.desk_host);
  host_close(w.twin_host);
  w.desk_host = host_open(&w.desk.place);
  w.twin_host = host_open(&w.twin.place);
  assert_int_equal(host_number(w.desk_host, measures[0]), 2);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(nothing_is_lost_or_doubled_when_a_message_is_lost),
      CASE(nothing_is_lost_or_doubled_when_an_answer_is_lost),
      CASE(a_commit_that_arrives_late_is_waited_for),
      CASE(sessions_that_fight_over_one_ticket),
      CASE(sessions_whose_connections_are_cut_at_random),
      CASE(a_server_that_is_gone_is_told),
      CASE(a_server_that_crashed_is_found_again),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
