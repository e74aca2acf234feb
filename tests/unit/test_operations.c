/* What a host relies on around the desk: hot swaps, parts and forms, threads, traces, deadlines, health. */
#include "desk_fixture.h"

#include <pthread.h>
#include <time.h>

static desk d;

static int open_sqlite(void **state) {
  (void)state;
  desk_open(&d, DESK_SQLITE);
  return 0;
}

static int shut(void **state) {
  (void)state;
  desk_close(&d);
  return 0;
}

/* ---- policies ---- */

static aft_policy *load(const char *yaml) {
  aft_error error = AFT_ERROR_INIT;
  aft_policy *policy;
  aft_document document = {.size = sizeof document, .name = AFT_STR("shop.yaml"), .text = AFT_STR(yaml)};
  aft_policy_options options = {.size = sizeof options, .documents = &document, .count = 1};
  assert_ok(aft_policy_load(d.env, &options, &policy, NULL, &error));
  return policy;
}

static void a_swap_is_seen_by_every_store_from_its_next_command(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_store *other;
  aft_session *session;
  aft_policy *seen, *policy = load("version: 1\npriority: {rules: {payment_failed: {points: -5}}}\n");
  aft_store_options options = desk_store(&d, 0);
  assert_ok(aft_store_open(d.env, &options, &other, &error));
  assert_ok(aft_session_open(other, &session, &error));
  aft_id before = desk_say(&d, "m1", "付款失败");
  assert_ok(aft_policy_activate(session, &d.system, policy, NULL, &error));
  assert_ok(aft_policy_current(d.session, &d.system, &seen, &error));
  assert_string_equal(aft_policy_hash(seen), aft_policy_hash(policy));
  aft_policy_unref(seen);
  desk_act(&d, before, AFT_ACT_RESOLVE);
  desk_pass(&d, 4 * AFT__DAY);
  aft_id after = desk_say(&d, "m2", "付款失败");
  aft_record *old = desk_ticket(&d, before), *new = desk_ticket(&d, after);
  assert_string_equal(aft_ticket_priority(old), "urgent");
  assert_string_not_equal(aft_ticket_priority(new), "urgent");
  aft_record_free(old);
  aft_record_free(new);
  aft_policy_unref(policy);
  aft_session_close(session);
  aft_store_unref(other);
}

static void a_policy_that_would_strand_a_live_ticket_is_refused(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_policy *wider = load(
      "version: 1\nmachines: {ticket: {states: {\n"
      "  parts: {open: true, deadline: 1d, then: overdue, on: {overdue: {to: assigned, by: [system]}, "
      "resume: {to: assigned, by: [system, agent]}}},\n"
      "  assigned: {on: {wait_third: {to: parts, by: [agent]}}}}}}\n");
  aft_policy *usual;
  assert_ok(aft_policy_default(d.env, &usual, &error));
  assert_ok(aft_policy_activate(d.session, &d.system, wider, NULL, &error));
  aft_id id = desk_say(&d, "m1", "手机坏了要维修");
  desk_act(&d, id, AFT_ACT_ASSIGN);
  desk_act(&d, id, AFT_ACT_WAIT_THIRD);
  assert_state(&d, id, "parts");
  assert_status(aft_policy_activate(d.session, &d.system, usual, NULL, &error), AFT_E_POLICY_STRANDS);
  assert_non_null(strstr(error.message, "parts"));
  desk_act(&d, id, AFT_ACT_RESUME);
  assert_ok(aft_policy_activate(d.session, &d.system, usual, NULL, &error));
  aft_policy_unref(usual);
  aft_policy_unref(wider);
}

/* ---- messages ---- */

static void parts_forms_and_translations_are_kept(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_record *message, *part;
  aft_cursor *cursor;
  aft_part_in parts[] = {
      {.size = sizeof(aft_part_in),
       .kind = AFT_CONTENT_IMAGE,
       .blob = AFT_STR("blob-7"),
       .mime = AFT_STR("image/jpeg")},
      {.size = sizeof(aft_part_in),
       .kind = AFT_CONTENT_TRANSLATION,
       .text = AFT_STR("The screen is broken"),
       .locale = AFT_STR("en")},
  };
  aft_field_in fields[] = {{sizeof(aft_field_in), AFT_STR("description"), AFT_STR("屏幕碎了，要退货")},
                           {sizeof(aft_field_in), AFT_STR("label"), AFT_STR("quality")}};
  aft_message_in in = desk_message(&d, "m1", NULL);
  in.text = (aft_str){0};
  in.form = AFT_STR("contact");
  in.fields = fields;
  in.n_fields = 2;
  in.parts = parts;
  in.n_parts = 2;
  assert_ok(aft_intake(d.session, &d.system, &in, &message, &error));
  assert_string_equal(aft_message_text(message), "屏幕碎了，要退货");
  assert_int_equal(aft_message_parts(message), 4);
  aft_record *ticket = desk_ticket(&d, aft_message_ticket(message));
  assert_string_equal(aft_ticket_label(ticket), "quality"); /* the customer's own, beside ours */
  assert_true(strlen(aft_ticket_category(ticket)) > 0);
  aft_record_free(ticket);
  static const char *const kinds[] = {"image", "translation", "field", "field"};
  assert_ok(aft_part_list(d.session, &d.as_buyer, aft_message_id(message), &cursor, &error));
  for (size_t i = 0; i < AFT__COUNT(kinds); i++) {
    assert_status(aft_cursor_next(cursor, &part, &error), AFT_OK);
    assert_string_equal(aft_part_kind(part), kinds[i]);
  }
  aft_cursor_free(cursor);
  aft_record_free(message);
}

static void an_order_that_is_the_senders_is_linked(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_record *order, *message;
  aft_order_in told = {.size = sizeof told,
                       .shop = d.shop,
                       .customer = d.buyer,
                       .number = AFT_STR("20261118001"),
                       .status = AFT_STR("paid"),
                       .total = {129900, "CNY", 0}};
  assert_ok(aft_order_put(d.session, &d.system, &told, &order, &error));
  aft_message_in in = desk_message(&d, "m1", "什么时候发货");
  in.order = AFT_STR("20261118001");
  assert_ok(aft_intake(d.session, &d.system, &in, &message, &error));
  aft_record *ticket = desk_ticket(&d, aft_message_ticket(message));
  assert_int_equal(aft_ticket_order(ticket), aft_order_id(order));
  aft_record_free(ticket);
  aft_record_free(message);
  told.customer = d.other_buyer;
  assert_status(aft_order_put(d.session, &d.system, &told, NULL, &error), AFT_E_EXISTS);
  memcpy(told.total.currency, "XQZ", 4);
  assert_status(aft_order_put(d.session, &d.system, &told, NULL, &error), AFT_E_CURRENCY);
  aft_record_free(order);
}

/* ---- threads ---- */

#define THREADS  4
#define MESSAGES 20

/* All deliver the same webhooks, each in a session of its own. */
static void *deliver(void *user) {
  aft_error error = AFT_ERROR_INIT;
  aft_session *session;
  uintptr_t made = 0;
  (void)user;
  if (aft_session_open(d.store, &session, &error) < 0)
    return (void *)(uintptr_t)10000;
  for (int i = 0; i < MESSAGES; i++) {
    char external[16], handle[16];
    snprintf(external, sizeof external, "w%d", i);
    snprintf(handle, sizeof handle, "h%d", i % 5);
    aft_message_in in = desk_message(&d, external, "快递什么时候到？");
    in.customer = 0;
    in.handle = AFT_STR(handle);
    aft_status status = aft_intake(session, &d.system, &in, NULL, &error);
    if (status < 0) {
      print_error("%s: %s\n", aft_status_name(status), error.message);
      made += 10000;
    }
    made += status == AFT_OK;
  }
  aft_session_close(session);
  return (void *)made;
}

static void the_same_webhooks_in_four_threads_are_taken_in_once(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  pthread_t threads[THREADS];
  uintptr_t made = 0;
  aft_cursor *cursor;
  for (int i = 0; i < THREADS; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, deliver, NULL), 0);
  for (int i = 0; i < THREADS; i++) {
    void *n;
    pthread_join(threads[i], &n);
    made += (uintptr_t)n;
  }
  assert_int_equal(made, MESSAGES);
  assert_ok(aft_ticket_inbox(d.session, &d.system, NULL, &cursor, &error));
  assert_int_equal(desk_count(cursor), 5); /* one a customer */
}

/* ---- around ---- */

static void *interrupter(void *user) {
  nanosleep(&(struct timespec){0, 100000000}, NULL);
  aft_session_interrupt(user);
  return NULL;
}

static void a_waiting_call_can_be_interrupted_and_ends_at_its_deadline(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  void *host = host_open(&d.place);
  pthread_t thread;
  aft_message_in in = desk_message(&d, "m1", "x");
  host_lock(host, "aft_ticket");
  assert_int_equal(pthread_create(&thread, NULL, interrupter, d.session), 0);
  aft_status status = aft_intake(d.session, &d.system, &in, NULL, &error);
  pthread_join(thread, NULL);
  assert_true(status == AFT_E_INTERRUPTED || status == AFT_E_LOCKED);
  aft_call call = d.system;
  call.deadline_ms = 100;
  status = aft_intake(d.session, &call, &in, NULL, &error);
  assert_true(status == AFT_E_DEADLINE || status == AFT_E_LOCKED);
  host_run(host, "ROLLBACK");
  host_close(host);
  assert_status(aft_intake(d.session, &d.system, &in, NULL, &error), AFT_OK);
}

static void health_tells_what_is_late(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_buf *health;
  desk_say(&d, "m1", "付款失败");
  desk_tick(&d);
  desk_pass(&d, AFT__DAY);
  assert_ok(aft_store_health(d.session, &health, &error));
  static const char *const keys[] = {"\"schema\":4",       "\"due_lag_ms\":",   "\"due_parked\":0",
                                     "\"outbox_lag_ms\":", "\"outbox_dead\":0", "\"last_tick\":"};
  for (size_t i = 0; i < AFT__COUNT(keys); i++)
    if (!strstr(aft_buf_data(health), keys[i]))
      fail_msg("%s is missing in %s", keys[i], aft_buf_data(health));
  assert_null(strstr(aft_buf_data(health), "\"due_lag_ms\":0,"));
  aft_buf_free(health);
}

typedef struct traced {
  int calls;
  aft_status last;
  char name[32];
} traced;

static void trace(void *user, const aft_trace *t) {
  traced *seen = user;
  seen->calls++;
  seen->last = t->status;
  snprintf(seen->name, sizeof seen->name, "%s", t->name);
}

static void every_call_is_traced(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  traced seen = {0};
  aft_env *env;
  aft_store *store;
  aft_session *session;
  aft_record *record;
  aft_env_options options = {.size = sizeof options, .trace = trace, .trace_user = &seen};
  aft_store_options where = desk_store(&d, 0);
  assert_ok(aft_env_new(&options, &env, &error));
  assert_ok(aft_store_open(env, &where, &store, &error));
  assert_ok(aft_session_open(store, &session, &error));
  seen.calls = 0;
  assert_status(aft_ticket_get(session, &d.system, 42, &record, &error), AFT_E_NOT_FOUND);
  assert_int_equal(seen.calls, 1);
  assert_string_equal(seen.name, "ticket_get");
  assert_int_equal(seen.last, AFT_E_NOT_FOUND);
  aft_session_close(session);
  aft_store_unref(store);
  aft_env_unref(env);
}

static void handles_may_be_freed_in_any_order(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_env *env;
  aft_store *store;
  aft_session *session;
  aft_cursor *cursor;
  aft_store_options where = desk_store(&d, 0);
  desk_say(&d, "m1", "要退货");
  assert_ok(aft_env_new(NULL, &env, &error));
  assert_ok(aft_store_open(env, &where, &store, &error));
  aft_env_unref(env);
  assert_ok(aft_session_open(store, &session, &error));
  aft_store_unref(store);
  assert_ok(aft_ticket_inbox(session, &d.system, NULL, &cursor, &error));
  aft_session_close(session);
  aft_cursor_free(cursor);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, open_sqlite, shut)

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(a_swap_is_seen_by_every_store_from_its_next_command),
      CASE(a_policy_that_would_strand_a_live_ticket_is_refused),
      CASE(parts_forms_and_translations_are_kept),
      CASE(an_order_that_is_the_senders_is_linked),
      CASE(the_same_webhooks_in_four_threads_are_taken_in_once),
      CASE(a_waiting_call_can_be_interrupted_and_ends_at_its_deadline),
      CASE(health_tells_what_is_late),
      CASE(every_call_is_traced),
      CASE(handles_may_be_freed_in_any_order),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
