/* Ways through cases on which a buyer could lose money or goods: each ends with what is owed, or says why
 * not. */
#include "case_desk.h"

#include <string.h>

#define DAY INT64_C(86400000)

static aft_id filed(case_desk *c, const char *kind, const char *reason, const aft_case_line_in *line,
                    aft_id parent) {
  aft_case_in in = {.size = sizeof in,
                    .order = c->order,
                    .kind = AFT_STR(kind),
                    .reason = AFT_STR(reason),
                    .lines = line,
                    .n_lines = line != NULL,
                    .parent = parent,
                    .in_spite = 1};
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  assert_ok(aft_case_file(c->d.session, &c->d.as_agent, &in, &made, &error));
  aft_id id = aft_case_id(made);
  aft_record_free(made);
  return id;
}

static aft_id filed_cups(case_desk *c, const char *kind, const char *reason, int64_t n) {
  aft_case_line_in cups = {
      .size = sizeof cups, .line = c->line[0], .quantity = n, .wants = AFT_STR("cup"), .wants_price = 10000};
  return filed(c, kind, reason, &cups, 0);
}

static void approve_if_asked(case_desk *c, aft_id id) {
  aft_record *record = case_get(c, id);
  bool asked = strcmp(aft_case_state(record), "requested") == 0;
  aft_record_free(record);
  if (asked)
    case_act(c, &c->d.as_agent, id, "approve");
  assert_case(c, id, "approved");
}

static void send_in(case_desk *c, aft_id id, const char *waybill) {
  aft_case_act_in ship = {
      .case_id = id, .event = AFT_STR("ship"), .carrier = AFT_STR("sf"), .waybill = AFT_STR(waybill)};
  approve_if_asked(c, id);
  case_act_with(c, &c->d.as_buyer, &ship);
  case_act(c, &c->d.as_agent, id, "receive");
}

static aft_case_line_in found(case_desk *c, const char *condition, int64_t n) {
  return (aft_case_line_in){
      .size = sizeof(aft_case_line_in), .line = c->line[0], .quantity = n, .condition = AFT_STR(condition)};
}

/* Three cups came back: two are good, one is damaged. */
static aft_id partly_accepted(case_desk *c) {
  aft_id id = filed_cups(c, "return", "changed_mind", 3);
  send_in(c, id, "SF1");
  aft_case_line_in good = found(c, "ok", 2), bad = found(c, "damaged", 1);
  aft_case_act_in inspect = {.case_id = id, .event = AFT_STR("inspect"), .lines = &good, .n_lines = 1};
  case_act_with(c, &c->d.as_agent, &inspect);
  inspect.lines = &bad;
  case_act_with(c, &c->d.as_agent, &inspect);
  case_act(c, &c->d.as_agent, id, "accept_goods");
  assert_case(c, id, "partly_accepted");
  return id;
}

static aft_call arbiter(const case_desk *c) {
  aft_call call = c->d.system;
  call.role = AFT_ROLE_ARBITER;
  return call;
}

static aft_id disputed(case_desk *c, aft_id parent) {
  aft_id id = filed(c, "dispute", "decision_disputed", NULL, parent);
  assert_case(c, parent, "disputed");
  return id;
}

static void rule(case_desk *c, aft_id dispute, const char *verdict) {
  aft_call as = arbiter(c);
  case_act(c, &as, dispute, "ready");
  case_act(c, &as, dispute, verdict);
  case_act(c, &as, dispute, "carry_out");
  assert_case(c, dispute, "closed");
}

static uint32_t legs_in(case_desk *c, aft_id id, const char *state) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *leg;
  uint32_t n = 0;
  assert_ok(aft_case_parts(c->d.session, &c->d.system, id, AFT_KIND_LEG, &cursor, &error));
  while (aft_cursor_next(cursor, &leg, &error) == AFT_OK)
    n += strcmp(aft_leg_state(leg), state) == 0;
  aft_cursor_free(cursor);
  return n;
}

static void fail_all(case_desk *c, aft_id id) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *leg;
  assert_ok(aft_case_parts(c->d.session, &c->d.system, id, AFT_KIND_LEG, &cursor, &error));
  while (aft_cursor_next(cursor, &leg, &error) == AFT_OK) {
    aft_leg_in in = {.size = sizeof in, .leg = aft_leg_id(leg), .outcome = AFT_SETTLE_FAILED};
    if (strcmp(aft_leg_state(leg), "sent") == 0)
      assert_ok(aft_leg_settle(c->d.session, &c->d.system, &in, NULL, &error));
  }
  aft_cursor_free(cursor);
}

static int64_t cups_paid(case_desk *c, int64_t n) { return case_line(c, c->line[0], AFT_LINE_PAID) * n / 3; }

#define OPEN   \
  case_desk c; \
  (void)state; \
  case_desk_open(&c, DESK_MEMORY)

static void an_exchange_out_of_stock_after_acceptance_pays_the_price_back(void **state) {
  OPEN;
  aft_id id = filed_cups(&c, "exchange", "changed_mind", 1);
  send_in(&c, id, "SF1");
  case_act(&c, &c.d.as_agent, id, "inspect");
  case_act(&c, &c.d.as_agent, id, "accept_goods");
  assert_case(&c, id, "accepted");
  case_act(&c, &c.d.as_agent, id, "out_of_stock");
  case_act(&c, &c.d.as_agent, id, "pay_out");
  assert_int_equal(case_confirm_all(&c, id), cups_paid(&c, 1));
  assert_case(&c, id, "refunded");
  case_desk_close(&c);
}

static void a_verdict_for_the_buyer_pays_for_what_was_refused(void **state) {
  OPEN;
  aft_id id = partly_accepted(&c);
  assert_int_equal(case_confirm_all(&c, id), cups_paid(&c, 2));
  rule(&c, disputed(&c, id), "rule_buyer");
  assert_int_equal(case_confirm_all(&c, id), cups_paid(&c, 1));
  assert_case(&c, id, "refunded");
  case_desk_close(&c);
}

static void one_more_unit_may_be_accepted_later(void **state) {
  OPEN;
  aft_id id = partly_accepted(&c);
  aft_case_line_in all = {.size = sizeof all, .line = c.line[0], .quantity = 3};
  aft_case_act_in in = {.case_id = id, .event = AFT_STR("accept_part"), .lines = &all, .n_lines = 1};
  case_act_with(&c, &c.d.as_agent, &in);
  assert_int_equal(case_confirm_all(&c, id), cups_paid(&c, 3));
  case_desk_close(&c);
}

static void a_refund_that_fails_in_a_dispute_is_not_forgotten(void **state) {
  OPEN;
  aft_id id = partly_accepted(&c);
  aft_id dispute = disputed(&c, id);
  fail_all(&c, id);
  rule(&c, dispute, "rule_seller");
  aft_record *record = case_get(&c, id);
  bool over = strcmp(aft_case_state(record), "closed_rejected") == 0;
  aft_record_free(record);
  assert_false(over && legs_in(&c, id, "failed"));
  case_desk_close(&c);
}

/* What has failed can be sent again, whenever it failed. */
static void a_refund_that_failed_before_the_last_step_can_be_sent_again(void **state) {
  OPEN;
  aft_id id = partly_accepted(&c);
  aft_id dispute = disputed(&c, id);
  fail_all(&c, id);
  rule(&c, dispute, "rule_buyer");
  fail_all(&c, id);
  desk_pass(&c.d, 20 * DAY);
  desk_tick(&c.d);
  assert_case(&c, id, "refund_failed");
  case_act(&c, &c.d.as_agent, id, "retry");
  case_desk_close(&c);
}

/* Everybody waits until the last day: more evidence, the ruling, the appeal. */
static void wait_in(case_desk *c, const aft_call *as, aft_id dispute, const char *state, const char *event) {
  for (int day = 0; day < 30; day++) {
    aft_record *record = case_get(c, dispute);
    bool there = strcmp(aft_case_state(record), state) == 0;
    bool last = there && aft_case_due(record) <= c->d.now + DAY;
    aft_record_free(record);
    if (last) {
      case_act(c, as, dispute, event);
      return;
    }
    desk_pass(&c->d, DAY / 2);
    desk_tick(&c->d);
  }
  fail_msg("the dispute never came to %s", state);
}

static void a_verdict_is_carried_out_however_long_it_took(void **state) {
  OPEN;
  aft_id id = partly_accepted(&c);
  aft_id dispute = disputed(&c, id);
  aft_call as = arbiter(&c);
  case_confirm_all(&c, id);
  wait_in(&c, &as, dispute, "deciding", "ask_more");
  wait_in(&c, &as, dispute, "deciding_late", "rule_buyer");
  wait_in(&c, &c.d.as_agent, dispute, "ruled_buyer", "appeal");
  wait_in(&c, &as, dispute, "appealed", "rule_buyer");
  assert_case(&c, dispute, "closed");
  case_desk_close(&c);
}

static int64_t units_of_children(case_desk *c, aft_id parent) {
  aft_case_filter filter = {.size = sizeof filter, .parent = parent};
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor, *lines;
  aft_record *child, *line;
  int64_t n = 0;
  assert_ok(aft_case_list(c->d.session, &c->d.system, &filter, &cursor, &error));
  while (aft_cursor_next(cursor, &child, &error) == AFT_OK) {
    assert_ok(
        aft_case_parts(c->d.session, &c->d.system, aft_case_id(child), AFT_KIND_CASE_LINE, &lines, &error));
    while (aft_cursor_next(lines, &line, &error) == AFT_OK)
      n += aft_record_int(line, AFT_CASE_LINE_QUANTITY);
    aft_cursor_free(lines);
  }
  aft_cursor_free(cursor);
  return n;
}

static aft_id irreparable(case_desk *c) {
  aft_id id = filed_cups(c, "repair", "repair_wanted", 1);
  send_in(c, id, "SF1");
  case_act(c, &c->d.as_agent, id, "diagnose");
  case_act(c, &c->d.as_agent, id, "irreparable");
  return id;
}

static void what_cannot_be_mended_is_exchanged_and_nothing_else(void **state) {
  OPEN;
  aft_id id = irreparable(&c);
  case_act(&c, &c.d.as_agent, id, "follow_exchange");
  assert_int_equal(units_of_children(&c, id), 1);
  case_desk_close(&c);
}

static void what_is_lost_stays_with_its_case_while_a_claim_runs(void **state) {
  OPEN;
  aft_id id = filed_cups(&c, "return", "changed_mind", 3);
  aft_case_act_in ship = {
      .case_id = id, .event = AFT_STR("ship"), .carrier = AFT_STR("sf"), .waybill = AFT_STR("SF1")};
  approve_if_asked(&c, id);
  case_act_with(&c, &c.d.as_buyer, &ship);
  case_act(&c, &c.d.as_agent, id, "parcel_lost");
  case_act(&c, &c.d.as_agent, id, "follow_claim");
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_IN_RETURN), 3);
  case_desk_close(&c);
}

static void what_was_not_mended_can_be_sent_in_again(void **state) {
  OPEN;
  aft_id id = filed_cups(&c, "repair", "repair_wanted", 1);
  send_in(&c, id, "SF1");
  case_act(&c, &c.d.as_agent, id, "diagnose");
  case_act(&c, &c.d.as_agent, id, "no_fault");
  case_act(&c, &c.d.as_agent, id, "send_back");
  case_act(&c, &c.d.as_buyer, id, "not_mended");
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_IN_REPAIR), 1);
  case_desk_close(&c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_exchange_out_of_stock_after_acceptance_pays_the_price_back),
      cmocka_unit_test(a_verdict_for_the_buyer_pays_for_what_was_refused),
      cmocka_unit_test(one_more_unit_may_be_accepted_later),
      cmocka_unit_test(a_refund_that_fails_in_a_dispute_is_not_forgotten),
      cmocka_unit_test(a_refund_that_failed_before_the_last_step_can_be_sent_again),
      cmocka_unit_test(a_verdict_is_carried_out_however_long_it_took),
      cmocka_unit_test(what_cannot_be_mended_is_exchanged_and_nothing_else),
      cmocka_unit_test(what_is_lost_stays_with_its_case_while_a_claim_runs),
      cmocka_unit_test(what_was_not_mended_can_be_sent_in_again)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
