/* Messages read in their conversation: turns that follow each other shortly, answers to what the desk asked,
 * and what the order says. On SQLite, in memory and on a hostile memory store. */
#include "desk_fixture.h"

static desk d;

static int open_kind(void **state) {
  desk_open(&d, (desk_kind)(intptr_t)*state);
  return 0;
}

static int shut(void **state) {
  (void)state;
  desk_close(&d);
  return 0;
}

static void assert_ticket(aft_id id, const char *category, const char *topic) {
  aft_record *ticket = desk_ticket(&d, id);
  assert_string_equal(aft_ticket_category(ticket), category);
  assert_string_equal(aft_ticket_topic(ticket), topic);
  aft_record_free(ticket);
}

static const char *disposition_of(const char *external, const char *text) {
  static char copy[64];
  aft_error error = AFT_ERROR_INIT;
  aft_record *message;
  aft_message_in in = desk_message(&d, external, text);
  aft_status status = aft_intake(d.session, &d.system, &in, &message, &error);
  assert_true(status == AFT_OK || status == AFT_REPLAYED);
  snprintf(copy, sizeof copy, "%s", aft_message_disposition(message));
  aft_record_free(message);
  return copy;
}

static bool explained(aft_id ticket, const char *words) {
  aft_error error = AFT_ERROR_INIT;
  aft_buf *buf;
  assert_ok(aft_explain(d.session, &d.as_agent, ticket, NULL, "en", &buf, &error));
  bool found = strstr(aft_buf_data(buf), words) != NULL;
  aft_buf_free(buf);
  return found;
}

static void order_is(aft_id customer, const char *number, const char *status) {
  aft_error error = AFT_ERROR_INIT;
  aft_order_in order = {.size = sizeof order,
                        .shop = d.shop,
                        .customer = customer,
                        .number = AFT_STR(number),
                        .status = AFT_STR(status)};
  assert_ok(aft_order_put(d.session, &d.system, &order, NULL, &error));
}

/* A message of a customer, about an order where one is named; its ticket. */
static aft_id says(aft_id customer, const char *external, const char *text, const char *number) {
  aft_error error = AFT_ERROR_INIT;
  aft_message_in in = desk_message(&d, external, text);
  in.order = (aft_str){number, number ? AFT_NTS : 0};
  in.handle = (aft_str){NULL, 0};
  in.customer = customer;
  aft_record *message;
  aft_status status = aft_intake(d.session, &d.system, &in, &message, &error);
  assert_true(status == AFT_OK || status == AFT_REPLAYED);
  aft_id id = aft_message_ticket(message);
  aft_record_free(message);
  return id;
}

static void turns_within_the_pause_are_one_text(void **state) {
  (void)state;
  aft_id id = desk_say(&d, "m1", "我昨天买的那双鞋");
  assert_ticket(id, "other", "");
  desk_pass(&d, 30 * AFT__SECOND);
  assert_int_equal(desk_say(&d, "m2", "什么时候"), id);
  desk_pass(&d, 30 * AFT__SECOND);
  assert_int_equal(desk_say(&d, "m3", "能发货"), id);
  assert_ticket(id, "logistics", "urge_shipping");
  assert_true(explained(id, "read together with 2 earlier messages"));
}

static void after_the_pause_a_turn_stands_alone(void **state) {
  (void)state;
  aft_id id = desk_say(&d, "m1", "我昨天买的那双鞋");
  desk_pass(&d, 10 * AFT__MINUTE);
  assert_int_equal(desk_say(&d, "m2", "什么时候能发货"), id);
  assert_ticket(id, "logistics", "urge_shipping");
  assert_false(explained(id, "read together"));
}

/* What the desk said in between ends the turn. */
static void an_answer_of_the_desk_parts_turns(void **state) {
  (void)state;
  aft_id id = desk_say(&d, "m1", "付款失败");
  desk_answer(&d, id, "我们正在查看。");
  assert_int_equal(desk_say(&d, "m2", "另外发票要改抬头"), id);
  assert_ticket(id, "payment", "payment_failed");
  assert_false(explained(id, "read together"));
}

static void what_the_desk_asked_for_is_an_answer(void **state) {
  (void)state;
  aft_id id = desk_say(&d, "m1", "我的快递到哪了？");
  desk_act(&d, id, AFT_ACT_ASSIGN);
  desk_answer(&d, id, "请问收到货了吗？");
  assert_state(&d, id, "waiting_customer");
  desk_pass(&d, AFT__HOUR);
  assert_string_equal(disposition_of("m2", "没有"), "threaded"); /* thanks alone would not wake it */
  assert_state(&d, id, "assigned");
  assert_ticket(id, "logistics", "where");
  desk_answer(&d, id, "请提供订单号。");
  assert_string_equal(disposition_of("m3", "20261118000123"), "threaded");
  assert_state(&d, id, "assigned");
  assert_true(explained(id, "the whole message is an answer"));
  assert_true(explained(id, "…0123"));
  assert_ticket(id, "logistics", "where");
}

static void after_anything_else_a_no_is_thanks(void **state) {
  (void)state;
  aft_id id = desk_say(&d, "m1", "我的快递到哪了？");
  desk_answer(&d, id, "今天送到。请问还有其他可以帮您的吗？");
  assert_string_equal(disposition_of("m2", "没有了"), "acknowledged");
  assert_state(&d, id, "waiting_customer");
}

static void the_order_says_that_nothing_has_shipped(void **state) {
  (void)state;
  const aft_id owners[] = {d.buyer, d.other_buyer};
  const char *const states[] = {"paid", "shipped"};
  const char *const topics[] = {"refund_unshipped", "return"};
  for (int i = 0; i < 2; i++) {
    char number[16], external[16];
    snprintf(number, sizeof number, "A-100%d", i);
    snprintf(external, sizeof external, "o%d", i);
    order_is(owners[i], number, states[i]);
    aft_id id = says(owners[i], external, "我要退款", number);
    assert_ticket(id, "return_refund", topics[i]);
  }
}

/* The number of an order in the text is as good as one beside it, where the order is the customer's own. */
static void an_order_may_be_named_in_the_text(void **state) {
  (void)state;
  const aft_id owners[] = {d.buyer, d.other_buyer};
  for (int i = 0; i < 2; i++) {
    char number[16], external[16], text[64];
    snprintf(number, sizeof number, "Ab-2000%d", i);
    snprintf(external, sizeof external, "t%d", i);
    snprintf(text, sizeof text, "订单号%s，我要退款", number);
    order_is(owners[0], number, "paid");
    aft_id id = says(owners[i], external, text, NULL);
    assert_ticket(id, "return_refund", i ? "return" : "refund_unshipped");
    aft_record *ticket = desk_ticket(&d, id);
    assert_int_equal(aft_record_is_null(ticket, AFT_TICKET_ORDER), i);
    aft_record_free(ticket);
  }
}

/* The order of the ticket counts for further messages, which name none. */
static void the_tickets_order_counts_too(void **state) {
  (void)state;
  order_is(d.buyer, "A-1", "paid");
  aft_id id = says(d.buyer, "m1", "那个东西", "A-1");
  desk_pass(&d, AFT__HOUR);
  assert_int_equal(says(d.buyer, "m2", "退款", NULL), id);
  assert_ticket(id, "return_refund", "refund_unshipped");
}

/* A shop's own conditions: the state of the order in a priority, and a pause of its own. */
static void a_shop_asks_for_the_order_and_sets_the_pause(void **state) {
  (void)state;
  desk_policy(&d,
              "triage: {pause: 1s}\n"
              "priority: {rules: {frozen: {when: {order_state: frozen}, points: 500}}}\n"
              "texts: {zh: {cause.frozen: 冻结}, en: {cause.frozen: the order is frozen}}\n");
  order_is(d.buyer, "F-1", "frozen");
  aft_id id = says(d.buyer, "m1", "我昨天买的那双鞋", "F-1");
  assert_true(explained(id, "the order is frozen"));
  desk_pass(&d, 2 * AFT__SECOND);
  assert_int_equal(says(d.buyer, "m2", "什么时候能发货", NULL), id);
  assert_false(explained(id, "read together"));
}

/* Mere courtesy after an unsure beginning says nothing about the matter. */
static void courtesy_sorts_no_unsure_ticket(void **state) {
  (void)state;
  aft_id id = desk_say(&d, "m1", "蓝鲸在月亮上唱歌");
  desk_pass(&d, AFT__HOUR);
  assert_int_equal(desk_say(&d, "m2", "在吗"), id);
  aft_record *ticket = desk_ticket(&d, id);
  assert_int_equal(aft_ticket_unsure(ticket), 1);
  assert_int_equal(aft_ticket_confidence(ticket), 0);
  aft_record_free(ticket);
}

#define ON(kind, test) \
  { #test " [" #kind "]", test, open_kind, shut, (void *)(intptr_t)DESK_##kind }
#define EVERYWHERE(test) ON(SQLITE, test), ON(MEMORY, test), ON(HOSTILE, test)

int main(void) {
  const struct CMUnitTest tests[] = {
      EVERYWHERE(turns_within_the_pause_are_one_text),
      EVERYWHERE(after_the_pause_a_turn_stands_alone),
      EVERYWHERE(an_answer_of_the_desk_parts_turns),
      EVERYWHERE(what_the_desk_asked_for_is_an_answer),
      EVERYWHERE(after_anything_else_a_no_is_thanks),
      EVERYWHERE(the_order_says_that_nothing_has_shipped),
      EVERYWHERE(an_order_may_be_named_in_the_text),
      EVERYWHERE(the_tickets_order_counts_too),
      EVERYWHERE(a_shop_asks_for_the_order_and_sets_the_pause),
      EVERYWHERE(courtesy_sorts_no_unsure_ticket),
  };
  static const char *const not_there[] = {"[MEMORY]", "[HOSTILE]"};
  return RUN_CASES(tests, not_there);
}
