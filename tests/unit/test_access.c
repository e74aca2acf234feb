/* Who may touch what: every refusal is a code, and is kept. */
#include "desk_fixture.h"

static desk d;

static int open_memory(void **state) {
  (void)state;
  desk_open(&d, place_on_server() ? DESK_SQLITE : DESK_MEMORY);
  return 0;
}

static int shut(void **state) {
  (void)state;
  desk_close(&d);
  return 0;
}

static uint32_t refusals(void) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  assert_ok(aft_refusal_list(d.session, &d.system, &cursor, &error));
  return desk_count(cursor);
}

static void a_buyer_reads_and_writes_only_what_is_theirs(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_record *record;
  aft_cursor *cursor;
  aft_id id = desk_say(&d, "m1", "我要退货");
  assert_ok(aft_ticket_get(d.session, &d.as_buyer, id, &record, &error));
  aft_record_free(record);
  assert_status(aft_ticket_get(d.session, &d.as_other_buyer, id, &record, &error), AFT_E_DENIED);
  assert_status(aft_message_list(d.session, &d.as_other_buyer, id, &cursor, &error), AFT_E_DENIED);
  aft_message_in in = desk_message(&d, "m2", "冒名");
  assert_status(aft_intake(d.session, &d.as_other_buyer, &in, NULL, &error), AFT_E_DENIED);
  assert_status(aft_customer_get(d.session, &d.as_buyer, d.other_buyer, &record, &error), AFT_E_DENIED);
  aft_customer_in change = {.size = sizeof change, .id = d.buyer, .tier = AFT_STR("vip")};
  assert_status(aft_customer_put(d.session, &d.as_buyer, &change, NULL, &error), AFT_E_DENIED);
  aft_answer_in answer = {.size = sizeof answer, .ticket = id, .text = AFT_STR("x")};
  assert_status(aft_ticket_answer(d.session, &d.as_buyer, &answer, NULL, &error), AFT_E_DENIED);
  assert_status(aft_explain(d.session, &d.as_buyer, id, NULL, "en", NULL, &error), AFT_E_NULL_HANDLE);
  assert_int_equal(refusals(), 6);
}

static void a_buyer_does_not_see_notes(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_id id = desk_say(&d, "m1", "我要退货");
  aft_answer_in note = {
      .size = sizeof note, .ticket = id, .text = AFT_STR("这个客户经常退货"), .visibility = AFT_PRIVATE};
  assert_ok(aft_ticket_answer(d.session, &d.as_agent, &note, NULL, &error));
  assert_state(&d, id, "triaged");
  assert_ok(aft_message_list(d.session, &d.as_agent, id, &cursor, &error));
  assert_int_equal(desk_count(cursor), 2);
  assert_ok(aft_message_list(d.session, &d.as_buyer, id, &cursor, &error));
  assert_int_equal(desk_count(cursor), 1);
}

static void an_agent_sees_only_their_shops(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_record *record;
  aft_id id = desk_say(&d, "m1", "我要退货");
  assert_ok(aft_ticket_get(d.session, &d.as_agent, id, &record, &error));
  aft_record_free(record);
  assert_status(aft_ticket_get(d.session, &d.as_other_agent, id, &record, &error), AFT_E_DENIED);
  aft_act_in act = {.size = sizeof act, .ticket = id, .act = AFT_ACT_RESOLVE};
  assert_status(aft_ticket_act(d.session, &d.as_other_agent, &act, NULL, &error), AFT_E_DENIED);
  aft_act_in assign = {.size = sizeof assign, .ticket = id, .act = AFT_ACT_ASSIGN, .agent = d.other_agent};
  assert_status(aft_ticket_act(d.session, &d.as_agent, &assign, NULL, &error), AFT_E_INVALID);
  assert_int_equal(refusals(), 2);
  aft_batch *batch;
  aft_message_in in[2] = {desk_message(&d, "b1", "x"), desk_message(&d, "b2", "x")};
  in[1].shop = d.other_shop;
  assert_ok(aft_intake_batch(d.session, &d.as_agent, in, 2, &batch, &error));
  assert_int_equal(aft_batch_status(batch, 0, NULL), AFT_OK);
  assert_int_equal(aft_batch_status(batch, 1, &error), AFT_E_DENIED);
  aft_batch_free(batch);
  assert_int_equal(refusals(), 3);
}

static void what_a_role_may_do_is_the_machines_word(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id id = desk_say(&d, "m1", "我要退货");
  aft_act_in act = {.size = sizeof act, .ticket = id, .act = AFT_ACT_RESOLVE};
  assert_status(aft_ticket_act(d.session, &d.as_buyer, &act, NULL, &error), AFT_E_DENIED);
  desk_act(&d, id, AFT_ACT_RESOLVE);
  act.act = AFT_ACT_CLOSE;
  assert_status(aft_ticket_act(d.session, &d.as_buyer, &act, NULL, &error), AFT_OK);
  assert_state(&d, id, "closed");
  act.act = AFT_ACT_ASSIGN;
  act.agent = d.agent;
  assert_status(aft_ticket_act(d.session, &d.as_agent, &act, NULL, &error), AFT_E_TRANSITION);
}

static void only_the_system_sets_the_desk_up(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_shop_in shop = {.size = sizeof shop, .external = AFT_STR("mine")};
  assert_status(aft_shop_put(d.session, &d.as_agent, &shop, NULL, &error), AFT_E_DENIED);
  assert_string_equal(error.where, "shop.put");
  aft_policy *policy;
  assert_ok(aft_policy_default(d.env, &policy, &error));
  assert_status(aft_policy_activate(d.session, &d.as_agent, policy, NULL, &error), AFT_E_DENIED);
  aft_policy_unref(policy);
  aft_cursor *cursor;
  assert_status(aft_refusal_list(d.session, &d.as_agent, &cursor, &error), AFT_E_DENIED);
  assert_int_equal(refusals(), 3);
}

static void tenants_are_walls(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_record *record;
  aft_id id = desk_say(&d, "m1", "我要退货");
  aft_call maker = {.size = sizeof maker, .role = AFT_ROLE_SYSTEM};
  aft_tenant_in in = {.size = sizeof in, .external = AFT_STR("other merchant")};
  assert_ok(aft_tenant_put(d.session, &maker, &in, &record, &error));
  aft_call other = {.size = sizeof other, .tenant = aft_tenant_id(record), .role = AFT_ROLE_SYSTEM};
  aft_record_free(record);
  assert_status(aft_ticket_get(d.session, &other, id, &record, &error), AFT_E_NOT_FOUND);
  other.role = AFT_ROLE_AGENT;
  other.actor = d.agent;
  assert_status(aft_ticket_get(d.session, &other, id, &record, &error), AFT_E_DENIED);
  other.role = AFT_ROLE_BUYER;
  other.actor = d.buyer;
  aft_message_in message = desk_message(&d, "m9", "hello");
  assert_status(aft_intake(d.session, &other, &message, NULL, &error), AFT_E_DENIED);
}

static void an_agent_who_left_is_refused(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_agent_in in = {.size = sizeof in, .external = AFT_STR("lin"), .left = 1};
  assert_ok(aft_agent_put(d.session, &d.system, &in, NULL, &error));
  aft_cursor *cursor;
  assert_status(aft_ticket_inbox(d.session, &d.as_agent, NULL, &cursor, &error), AFT_E_DENIED);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, open_memory, shut)

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(a_buyer_reads_and_writes_only_what_is_theirs),
      CASE(a_buyer_does_not_see_notes),
      CASE(an_agent_sees_only_their_shops),
      CASE(what_a_role_may_do_is_the_machines_word),
      CASE(only_the_system_sets_the_desk_up),
      CASE(tenants_are_walls),
      CASE(an_agent_who_left_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
