/* What commands cost in counts, which are the same on every machine, held below bounds: rows and index
 * entries that stay, bytes of the log, statements, allocations. Times are the benchmark's part. */
#include <sqlite3.h>

#include "desk_fixture.h"
#include "fault_alloc.h"
#include "footprint.h"

#define SETTLED 100 /* messages before, so that statements are prepared */
#define COUNTED 20  /* few enough that SQLite does not empty its log on the way */

typedef struct counts {
  footprint left;
  uint64_t allocations;
} counts;

typedef struct scene {
  desk d;
  fault_alloc memory;
  sqlite3 *db;
  aft_id tickets[COUNTED];
} scene;

static aft_message_in from(const scene *s, int customer, char external[32], char handle[32]) {
  snprintf(external, 32, "wx-%d", customer);
  snprintf(handle, 32, "openid-%d", customer);
  aft_message_in in = desk_message(&s->d, external, "付款失败了，钱扣了两次，订单还是未支付！");
  in.customer = 0;
  in.handle = AFT_STR(handle);
  return in;
}

static void say(scene *s, int customer, aft_id *ticket) {
  char external[32], handle[32];
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  aft_message_in in = from(s, customer, external, handle);
  assert_ok(aft_intake(s->d.session, &s->d.system, &in, ticket ? &made : NULL, &error));
  if (!ticket)
    return;
  *ticket = aft_message_ticket(made);
  aft_record_free(made);
}

static void open_scene(scene *s) {
  memset(s, 0, sizeof *s);
  aft_alloc hooks = fault_alloc_hooks(&s->memory);
  desk_open_with(&s->d, DESK_SQLITE, &hooks);
  assert_int_equal(sqlite3_open(s->d.place.file, &s->db), SQLITE_OK);
  for (int i = 0; i < SETTLED; i++)
    say(s, i, &s->tickets[i % COUNTED]);
}

static void close_scene(scene *s) {
  sqlite3_close(s->db);
  desk_close(&s->d);
}

static counts count(scene *s, void (*work)(scene *s, int i)) {
  footprint before, after;
  work(s, 0); /* its statements are prepared */
  assert_int_equal(footprint_empty_log(s->db), SQLITE_OK);
  assert_int_equal(footprint_take(s->db, s->d.place.file, &before), 0);
  uint64_t calls = s->memory.calls;
  for (int i = 1; i < COUNTED; i++)
    work(s, i);
  counts c = {.allocations = (s->memory.calls - calls) / (COUNTED - 1)};
  assert_int_equal(footprint_take(s->db, s->d.place.file, &after), 0);
  c.left.rows = (after.rows - before.rows) / (COUNTED - 1);
  c.left.entries = (after.entries - before.entries) / (COUNTED - 1);
  c.left.log_bytes = (after.log_bytes - before.log_bytes) / (COUNTED - 1);
  print_message("# %lld rows, %lld index entries, %lld bytes of log, %llu allocations\n",
                (long long)c.left.rows, (long long)c.left.entries, (long long)c.left.log_bytes,
                (unsigned long long)c.allocations);
  return c;
}

static void assert_at_most(const counts *c, int64_t rows, int64_t entries, int64_t log_bytes,
                           uint64_t allocations) {
  assert_true(c->left.rows <= rows);
  assert_true(c->left.entries <= entries);
  assert_true(c->left.log_bytes <= log_bytes);
  assert_true(c->allocations <= allocations);
  assert_true(c->left.log_bytes > 0); /* it was the log that was looked at */
}

static void new_customer(scene *s, int i) { say(s, SETTLED + i, NULL); }

static void further_message(scene *s, int i) {
  char external[32], handle[32];
  aft_error error = AFT_ERROR_INIT;
  aft_message_in in = from(s, i, external, handle);
  snprintf(external, sizeof external, "again-%d", i);
  in.external = AFT_STR(external);
  assert_ok(aft_intake(s->d.session, &s->d.system, &in, NULL, &error));
}

static void answer(scene *s, int i) { desk_answer(&s->d, s->tickets[i], "We send a new one today."); }

static void an_intake_stays_small(void **state) {
  (void)state;
  scene s;
  open_scene(&s);
  counts c = count(&s, new_customer);
  /* customer, handle, ticket, message, decision, two events, receipt, three due rows */
  assert_at_most(&c, 11, 37, 176 << 10, 20);
  assert_true(c.left.rows >= 8);
  close_scene(&s);
}

static void a_further_message_stays_small(void **state) {
  (void)state;
  scene s;
  open_scene(&s);
  counts c = count(&s, further_message);
  assert_at_most(&c, 3, 8, 90 << 10, 20); /* message, event, decision */
  close_scene(&s);
}

static void an_answer_stays_small(void **state) {
  (void)state;
  scene s;
  open_scene(&s);
  counts c = count(&s, answer);
  assert_at_most(&c, 3, 8, 110 << 10, 20); /* message, event, effect; due rows go */
  close_scene(&s);
}

/* A store that grows must not make an intake grow: the same after many more messages. */
static void an_intake_costs_the_same_in_a_fuller_store(void **state) {
  (void)state;
  scene s;
  open_scene(&s);
  counts first = count(&s, new_customer);
  close_scene(&s);
  open_scene(&s);
  for (int i = 0; i < 1000; i++)
    say(&s, 10000 + i, NULL);
  counts later = count(&s, new_customer);
  assert_int_equal(later.left.rows, first.left.rows);
  assert_int_equal(later.left.entries, first.left.entries);
  assert_true(later.allocations <= first.allocations + 1);
  assert_true(later.left.log_bytes <= first.left.log_bytes * 3 / 2);
  close_scene(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_intake_stays_small),
      cmocka_unit_test(a_further_message_stays_small),
      cmocka_unit_test(an_answer_stays_small),
      cmocka_unit_test(an_intake_costs_the_same_in_a_fuller_store),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
