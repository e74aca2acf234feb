/* Workers that were paused past their leases, and clocks that step: a worker that comes back does no harm.
 * Two stores on one file stand for two processes, each with a clock of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "assert_status.h"
#include "invariants.h"
#include "scene.h"
#include "value/value.h"

static char folder[64];
static scene a, b;

static void sql(const char *text) {
  sqlite3 *db = scene_host(&a);
  assert_non_null(db);
  if (sqlite3_exec(db, text, 0, 0, 0))
    fail_msg("%s: %s", text, sqlite3_errmsg(db));
  sqlite3_close(db);
}

static int64_t number(const char *text) {
  sqlite3_stmt *stmt;
  sqlite3 *db = scene_host(&a);
  assert_non_null(db);
  if (sqlite3_prepare_v2(db, text, -1, &stmt, NULL))
    fail_msg("%s: %s", text, sqlite3_errmsg(db));
  assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
  int64_t n = sqlite3_column_int64(stmt, 0);
  sqlite3_finalize(stmt);
  sqlite3_close(db);
  return n;
}

static int open_first(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  snprintf(folder, sizeof folder, "%s/aftersales-leases-XXXXXX",
           access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
  assert_non_null(mkdtemp(folder));
  a = (scene){.flags = AFT_STORE_CREATE | AFT_STORE_RELAXED, .random = 1};
  snprintf(a.path, sizeof a.path, "%s/desk.db", folder);
  assert_ok(scene_open(&a, &error));
  assert_ok(scene_found(&a, &error));
  assert_ok(scene_fill(&a, "1", &error));
  return 0;
}

static int close_both(void **state) {
  (void)state;
  char why[1200], line[128];
  scene_close(&b);
  scene_close(&a);
  if (!invariants_hold(a.path, why, sizeof why))
    fail_msg("%s", why);
  snprintf(line, sizeof line, "rm -rf '%s'", folder);
  return system(line);
}

/* A second process, whose clock is ahead of the first one's. */
static void open_second(int64_t ahead) {
  aft_error error = AFT_ERROR_INIT;
  b = (scene){.random = 2, .tenant = a.tenant, .shop = a.shop};
  memcpy(b.path, a.path, sizeof b.path);
  b.now = a.now + ahead;
  assert_ok(scene_open(&b, &error));
}

/* ---- the node of ids ---- */

/* All nodes but the first one's have owners for ever. */
static void occupy_other_nodes(void) {
  sql("WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 1023) "
      "INSERT INTO aft_lease (id, rev, name, owner, fence, held_until, last) "
      "SELECT i + 1, 1, 'node/' || i, 'somebody', 1, 9000000000000, 0 FROM n "
      "WHERE i + 1 NOT IN (SELECT id FROM aft_lease)");
}

static aft_id new_customer(scene *s, const char *external) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  aft_call call = {.size = sizeof call, .tenant = s->tenant, .role = AFT_ROLE_SYSTEM};
  aft_customer_in in = {.size = sizeof in, .external = AFT_STR(external)};
  assert_ok(aft_customer_put(s->session, &call, &in, &made, &error));
  aft_id id = aft_customer_id(made);
  aft_record_free(made);
  return id;
}

static int64_t node_of(aft_id id) { return id >> 12 & 1023; }

static void free_one_node(void) {
  sql("UPDATE aft_lease SET held_until = 0 WHERE id = (SELECT min(id) FROM aft_lease WHERE owner = "
      "'somebody' AND name LIKE 'node/%')");
}

static void a_paused_owner_takes_another_node(void **state) {
  (void)state;
  aft_id before = new_customer(&a, "before");
  occupy_other_nodes();
  open_second(25 * AFT__HOUR);
  assert_int_equal(node_of(new_customer(&b, "second")), node_of(before));
  free_one_node();
  a.now = b.now;
  assert_int_not_equal(node_of(new_customer(&a, "after")), node_of(before));
}

/* A clock whose next reading is the last before a pause: the one after it shows the present again. */
static int64_t pause_ms, readings_left;

static int64_t pausing_clock(void *user) {
  scene *s = user;
  if (pause_ms && readings_left-- <= 0) {
    s->now += pause_ms;
    pause_ms = 0;
  }
  return atomic_load(&s->now);
}

static aft_status open_with_pauses(scene *s, aft_error *error) {
  aft_env_options env = {.size = sizeof env,
                         .clock = {.size = sizeof(aft_clock), .now_ms = pausing_clock, .user = s}};
  aft_store_options store = {.size = sizeof store, .dsn = AFT_STR(s->path)};
  s->session = NULL;
  s->store = NULL;
  aft_status status = aft_env_new(&env, &s->env, error);
  if (status >= 0)
    status = aft_store_open(s->env, &store, &s->store, error);
  return status < 0 ? status : aft_session_open(s->store, &s->session, error);
}

/* Two processes fight for one node, and the first sleeps through its lease at a reading of its clock. */
static void pause_at(int reading) {
  aft_error error = AFT_ERROR_INIT;
  char names[3][24], text[160];
  scene first = a;
  for (int i = 0; i < 3; i++)
    snprintf(names[i], sizeof names[i], "customer-%d-%d", reading, i);
  free_one_node();
  first.now = a.now + reading * 100 * AFT__HOUR;
  pause_ms = 0;
  assert_ok(open_with_pauses(&first, &error));
  int64_t node = node_of(new_customer(&first, names[0]));
  snprintf(text, sizeof text,
           "UPDATE aft_lease SET held_until = 9000000000000, owner = 'somebody' WHERE name LIKE 'node/%%' "
           "AND name <> 'node/%lld'",
           (long long)node);
  sql(text);
  open_second(first.now + 25 * AFT__HOUR - a.now);
  aft_id other = new_customer(&b, names[1]);
  assert_int_equal(node_of(other), node);
  free_one_node();
  pause_ms = 25 * AFT__HOUR;
  readings_left = reading;
  aft_id woken = new_customer(&first, names[2]);
  if (node_of(woken) == node && aft_id_time(woken) >= aft_id_time(other))
    fail_msg("two owners of one node make ids of one time, with a pause at reading %d", reading);
  scene_close(&b);
  scene_close(&first);
}

static void a_pause_inside_a_command_makes_no_id_twice(void **state) {
  (void)state;
  occupy_other_nodes();
  for (int reading = 0; reading < 4; reading++)
    pause_at(reading);
}

/* The new owner's clock steps back below the ids that the one before made. */
static void a_clock_that_steps_back_after_taking_a_node_repeats_no_id(void **state) {
  (void)state;
  aft_id last = 0;
  occupy_other_nodes();
  a.now += 20 * AFT__HOUR; /* the lease is not renewed here: only the generator goes on */
  sql("UPDATE aft_lease SET held_until = 0 WHERE owner <> 'somebody' AND name LIKE 'node/%'");
  for (int i = 0; i < 20; i++) {
    char name[24];
    snprintf(name, sizeof name, "first-%d", i);
    last = new_customer(&a, name);
  }
  sql("UPDATE aft_lease SET held_until = 0, last = 0 WHERE owner <> 'somebody' AND name LIKE 'node/%'");
  open_second(AFT__HOUR);
  b.now -= 10 * AFT__HOUR;
  aft_id id = new_customer(&b, "second");
  assert_true(node_of(id) != node_of(last) || id > last);
}

/* ---- the outbox ---- */

static void a_paused_sender_settles_nothing(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *effect;
  int64_t fence = 0;
  open_second(61 * AFT__SECOND);
  assert_ok(scene_tick(&b, &error));
  aft_claim_in all = {.size = sizeof all, .most = 1000};
  assert_ok(aft_outbox_claim(b.session, &all, &cursor, &error));
  while (aft_cursor_next(cursor, &effect, &error) == AFT_OK)
    if (aft_effect_id(effect) == a.effect[0])
      fence = aft_effect_fence(effect);
  aft_cursor_free(cursor);
  assert_true(fence > a.fence[0]);
  for (uint32_t outcome = AFT_OUTCOME_DONE; outcome <= AFT_OUTCOME_DEAD; outcome++)
    assert_int_equal(aft_outbox_settle(a.session, a.effect[0], a.fence[0], outcome, NULL, &error),
                     AFT_E_LEASE_LOST);
  assert_ok(aft_outbox_settle(b.session, a.effect[0], fence, AFT_OUTCOME_DONE, NULL, &error));
  assert_int_equal(aft_outbox_settle(a.session, a.effect[0], a.fence[0], AFT_OUTCOME_DONE, NULL, &error),
                   AFT_E_LEASE_LOST);
  assert_int_equal(aft_outbox_settle(b.session, a.effect[0], fence, AFT_OUTCOME_DEAD, NULL, &error),
                   AFT_E_LEASE_LOST);
}

static void a_clock_that_steps_back_offers_nothing_early(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  open_second(-AFT__HOUR);
  assert_ok(scene_tick(&b, &error));
  assert_int_equal(number("SELECT count(*) FROM aft_outbox WHERE state = 2"), 3);
  assert_ok(aft_outbox_settle(a.session, a.effect[0], a.fence[0], AFT_OUTCOME_DONE, NULL, &error));
}

/* ---- the feed and due rows ---- */

static void two_clocks_tick_and_nothing_happens_twice(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  static const int64_t steps[] = {20 * AFT__MINUTE, -40 * AFT__MINUTE, 3 * AFT__HOUR, -AFT__DAY,
                                  2 * AFT__DAY,     -AFT__HOUR,        5 * AFT__DAY};
  open_second(31 * AFT__SECOND);
  for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
    char name[24];
    scene *one = i % 2 ? &a : &b, *other = i % 2 ? &b : &a;
    snprintf(name, sizeof name, "customer-%zu", i);
    new_customer(one, name);
    one->now += steps[i];
    assert_ok(aft_tick(one->session, NULL, NULL, &error));
    assert_ok(aft_tick(other->session, NULL, NULL, &error));
    assert_ok(aft_tick(one->session, NULL, NULL, &error));
  }
  a.now = b.now = (a.now > b.now ? a.now : b.now) + 30 * AFT__DAY;
  assert_ok(scene_tick(&a, &error));
  assert_ok(scene_tick(&b, &error));
  assert_int_equal(number("SELECT count(*) FROM aft_event WHERE feed = 0"), 0);
  assert_int_equal(
      number("SELECT count(*) FROM (SELECT 1 FROM aft_event WHERE verb = 'survey.sent' "
             "GROUP BY subject HAVING count(*) > (SELECT count(*) FROM aft_survey s WHERE s.ticket = "
             "subject AND s.sent IS NOT NULL))"),
      0);
}

/* The process that numbers, indexes and removes dies, and the clock steps back behind its leases. */
static void a_clock_that_steps_back_does_not_stop_the_feed(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  const char *waiting = "SELECT count(*) FROM aft_event WHERE feed = 0";
  new_customer(&a, "before");
  assert_ok(scene_tick(&a, &error));
  open_second(-AFT__HOUR);
  new_customer(&b, "after");
  assert_true(number(waiting) > 0);
  int64_t fence = number("SELECT fence FROM aft_lease WHERE name = 'feed'");
  assert_ok(aft_tick(b.session, NULL, NULL, &error));
  assert_int_equal(number(waiting), 0);
  assert_true(number("SELECT fence FROM aft_lease WHERE name = 'feed'") > fence);
  assert_int_equal(number("SELECT count(*) FROM aft_lease WHERE name IN ('feed', 'search') AND owner = "
                          "(SELECT owner FROM aft_lease WHERE name = 'feed')"),
                   2);
}

/* Clocks of two machines differ a little: the one that is behind waits for its turn. */
static void a_lease_of_a_clock_slightly_ahead_is_honoured(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  new_customer(&a, "before");
  assert_ok(scene_tick(&a, &error));
  int64_t fence = number("SELECT fence FROM aft_lease WHERE name = 'feed'");
  open_second(-10 * AFT__SECOND);
  new_customer(&b, "after");
  assert_ok(aft_tick(b.session, NULL, NULL, &error));
  assert_int_equal(number("SELECT fence FROM aft_lease WHERE name = 'feed'"), fence);
}

/* A budget that is over before the tick has begun is no failure. */
static int64_t racing_mono(void *user) {
  static int64_t mono;
  (void)user;
  return mono += 10 * INT64_C(1000000);
}

static void a_tick_ends_with_its_budget(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_env *env;
  aft_store *store;
  aft_session *session;
  aft_env_options options = {.size = sizeof options,
                             .clock = {.size = sizeof(aft_clock), .mono_ns = racing_mono}};
  aft_store_options where = {.size = sizeof where, .dsn = AFT_STR(a.path)};
  aft_tick_budget budget = {.size = sizeof budget, .ms = 1};
  aft_tick_report report = {.size = sizeof report};
  assert_ok(aft_env_new(&options, &env, &error));
  assert_ok(aft_store_open(env, &where, &store, &error));
  assert_ok(aft_session_open(store, &session, &error));
  assert_ok(aft_tick(session, &budget, &report, &error));
  aft_session_close(session);
  aft_store_unref(store);
  aft_env_unref(env);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, open_first, close_both)

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(a_paused_owner_takes_another_node),
      CASE(a_pause_inside_a_command_makes_no_id_twice),
      CASE(a_clock_that_steps_back_after_taking_a_node_repeats_no_id),
      CASE(a_paused_sender_settles_nothing),
      CASE(a_clock_that_steps_back_offers_nothing_early),
      CASE(two_clocks_tick_and_nothing_happens_twice),
      CASE(a_clock_that_steps_back_does_not_stop_the_feed),
      CASE(a_lease_of_a_clock_slightly_ahead_is_honoured),
      CASE(a_tick_ends_with_its_budget),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
