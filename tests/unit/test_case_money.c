/* The field's mistakes with money, each as a test that is named after the mistake. */
#include "case_story.h"

#include <stdlib.h>
#include <string.h>

/* ---- what several tests do ---- */

static aft_id returned(case_desk *c, aft_id line, int64_t n, const char *waybill) {
  aft_id id = case_file(c, &c->d.as_buyer, "return", "changed_mind", line, n);
  case_ship(c, id, waybill);
  case_act(c, &c->d.as_agent, id, "receive");
  case_act(c, &c->d.as_agent, id, "inspect");
  case_act(c, &c->d.as_agent, id, "accept_goods");
  return id;
}

static int64_t refunded_for(case_desk *c, aft_id line, int64_t n, const char *waybill) {
  aft_id id = returned(c, line, n, waybill);
  int64_t paid = case_confirm_all(c, id);
  assert_case(c, id, "refunded");
  return paid;
}

static void only_leg(case_desk *c, aft_id id, case_leg *out) {
  case_leg legs[CASE_MOST_LEGS];
  assert_int_equal(case_legs(c, id, legs), 1);
  *out = legs[0];
}

static void one_line(case_desk *c, desk_kind kind, int64_t units, int64_t price) {
  case_story story;
  case_story_open(c, &story, kind, CASE_DELIVERED);
  case_story_one(&story, units, price);
  case_story_tell(c, &story);
}

static void make_vip(case_desk *c) {
  aft_error error = AFT_ERROR_INIT;
  aft_customer_in in = {
      .size = sizeof in, .external = AFT_STR("wang"), .name = AFT_STR("wang"), .tier = AFT_STR("vip")};
  assert_ok(aft_customer_put(c->d.session, &c->d.system, &in, NULL, &error));
}

static aft_id refund_of(case_desk *c, aft_id line, int64_t n, int64_t amount) {
  aft_case_line_in one = {.size = sizeof one, .line = line, .quantity = n};
  aft_case_in in = {.kind = AFT_STR("refund"),
                    .reason = AFT_STR("other"),
                    .lines = &one,
                    .n_lines = 1,
                    .amount = {amount, "CNY", 0}};
  aft_id id = case_file_in(c, &c->d.as_agent, &in);
  case_approve(c, id);
  case_act(c, &c->d.as_agent, id, "pay_out");
  return id;
}

/* ---- refund numbers and callbacks ---- */

static void a_new_refund_number_per_call(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  case_leg first, again;
  aft_id id = returned(&c, c.line[0], 1, "SF1");
  only_leg(&c, id, &first);
  for (int64_t attempt = 1; attempt <= 3; attempt++) {
    only_leg(&c, id, &again);
    assert_string_equal(again.number, first.number);
    assert_int_equal(again.attempts, attempt);
    case_fail_all(&c, id);
    assert_case(&c, id, "refund_failed");
    case_act(&c, &c.d.as_agent, id, "retry");
  }
  assert_gives(case_settle(&c, &first, AFT_SETTLE_CONFIRMED, 9000, "gw"), AFT_OK);
  assert_case(&c, id, "refunded");
  END_DESK(c)
}

static void status_before_gateway(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = returned(&c, c.line[0], 1, "SF1");
  assert_case(&c, id, "refunding");
  assert_case_text(&c, id, AFT_CASE_MONEY, "sent");
  assert_int_equal(case_payment(&c, "pay-1", AFT_PAYMENT_REFUNDED), 0);
  for (int day = 0; day < 30; day++) { /* silence is no confirmation */
    desk_pass(&c.d, CASE_DAY);
    desk_tick(&c.d);
    assert_case(&c, id, "refunding");
  }
  assert_int_equal(case_confirm_all(&c, id), 0); /* what is unknown has to be asked after */
  case_leg leg;
  only_leg(&c, id, &leg);
  assert_gives(case_settle(&c, &leg, AFT_SETTLE_CONFIRMED, 9000, "gw"), AFT_OK);
  assert_case(&c, id, "refunded");
  END_DESK(c)
}

static void start_again(desk *d) {
  aft_error error = AFT_ERROR_INIT;
  aft_store_options options = desk_store(d, AFT_STORE_RELAXED);
  aft_session_close(d->session);
  aft_store_unref(d->store);
  assert_ok(aft_store_open(d->env, &options, &d->store, &error));
  assert_ok(aft_session_open(d->store, &d->session, &error));
}

/* The desk may have crashed after the provider was asked: what it hears then is all that counts. */
static void gateway_before_status(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  case_leg leg;
  aft_id id = returned(&c, c.line[0], 1, "SF1");
  only_leg(&c, id, &leg);
  if (kind == DESK_SQLITE)
    start_again(&c.d);
  assert_gives(case_settle(&c, &leg, AFT_SETTLE_UNKNOWN, 0, ""), AFT_OK);
  assert_gives(case_settle(&c, &leg, AFT_SETTLE_FAILED, 0, ""), AFT_OK);
  assert_case(&c, id, "refund_failed");
  assert_gives(case_settle(&c, &leg, AFT_SETTLE_CONFIRMED, 9000, "gw"), AFT_OK);
  assert_case(&c, id, "refunded");
  assert_int_equal(case_payment(&c, "pay-1", AFT_PAYMENT_REFUNDED), 9000);
  assert_int_equal(case_payment(&c, "pay-1", AFT_PAYMENT_PLANNED), 0);
  END_DESK(c)
}

/* Nothing new: who has to find out was told, and until when. */
static void a_doubt_that_is_told_twice(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  case_leg leg;
  aft_id id = returned(&c, c.line[0], 1, "SF1");
  only_leg(&c, id, &leg);
  assert_gives(case_settle(&c, &leg, AFT_SETTLE_UNKNOWN, 0, "gw"), AFT_OK);
  int64_t due = case_int(&c, id, AFT_CASE_DUE);
  uint32_t events = case_parts(&c, id, AFT_KIND_EVENT);
  desk_pass(&c.d, CASE_HOUR);
  assert_gives(case_settle(&c, &leg, AFT_SETTLE_UNKNOWN, 0, "gw"), AFT_IGNORED);
  assert_int_equal(case_int(&c, id, AFT_CASE_DUE), due);
  assert_int_equal(case_parts(&c, id, AFT_KIND_EVENT), events);
  assert_gives(case_settle(&c, &leg, AFT_SETTLE_CONFIRMED, 9000, "gw"), AFT_OK);
  assert_case(&c, id, "refunded");
  END_DESK(c)
}

static void callback_replay(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  case_leg leg;
  aft_id id = returned(&c, c.line[0], 1, "SF1");
  only_leg(&c, id, &leg);
  assert_gives(case_settle(&c, &leg, AFT_SETTLE_CONFIRMED, 9000, "gw"), AFT_OK);
  char *before = case_picture(&c);
  for (int i = 0; i < 3; i++)
    assert_gives(case_settle(&c, &leg, AFT_SETTLE_CONFIRMED, 9000, "gw"), AFT_IGNORED);
  assert_gives(case_settle(&c, &leg, AFT_SETTLE_CONFIRMED, 8999, "gw"), AFT_E_EXISTS);
  assert_gives(case_settle(&c, &leg, AFT_SETTLE_CONFIRMED, 9000, "other"), AFT_E_EXISTS);
  assert_gives(case_settle(&c, &leg, AFT_SETTLE_FAILED, 0, ""), AFT_E_EXISTS);
  char *after = case_picture(&c);
  assert_string_equal(before, after);
  free(before);
  free(after);
  END_DESK(c)
}

/* So that money is planned and does not leave. */
static void money_waits(case_desk *c, desk_kind kind) {
  case_story story;
  case_story_open(c, &story, kind, CASE_DELIVERED);
  case_story_policy(c, "version: 1\ncases: {money: {papers_first: [{money: waits}]}}\n");
  case_story_tell(c, &story);
}

static void a_callback_for_money_that_never_left(void **state) {
  ON_EACH_DESK(c, money_waits(&c, kind))
  case_leg leg;
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 1);
  case_ship(&c, id, "SF1");
  case_act(&c, &c.d.as_agent, id, "receive");
  case_act(&c, &c.d.as_agent, id, "inspect");
  case_act(&c, &c.d.as_agent, id, "accept_goods");
  only_leg(&c, id, &leg);
  assert_string_equal(leg.state, "planned");
  assert_gives(case_settle(&c, &leg, AFT_SETTLE_CONFIRMED, 9000, "gw"), AFT_E_TRANSITION);
  assert_gives(case_settle(&c, &leg, AFT_SETTLE_FAILED, 0, ""), AFT_E_TRANSITION);
  END_DESK(c)
}

static void an_outcome_that_nobody_asks_after(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = returned(&c, c.line[0], 1, "SF1");
  uint32_t before = case_requests(&c, id, "work.order");
  assert_int_equal(case_requests(&c, id, "money.refund"), 1);
  desk_pass(&c.d, CASE_DAY - CASE_HOUR);
  desk_tick(&c.d);
  assert_int_equal(case_legs_in(&c, id, "sent"), 1);
  desk_pass(&c.d, 2 * CASE_HOUR);
  desk_tick(&c.d);
  assert_int_equal(case_legs_in(&c, id, "unknown"), 1);
  assert_int_equal(case_requests(&c, id, "work.order"), before + 1); /* people reconcile */
  assert_int_equal(case_requests(&c, id, "money.refund"), 1);        /* it is not sent once more */
  assert_int_equal(case_payment(&c, "pay-1", AFT_PAYMENT_PLANNED), 9000);
  END_DESK(c)
}

/* ---- how much ---- */

static void refund_above_what_arrived(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 3);
  case_ship(&c, id, "SF1");
  case_act(&c, &c.d.as_agent, id, "receive");
  case_find(&c, id, c.line[0], "ok", 2);
  case_find(&c, id, c.line[0], "missing", 1);
  case_act(&c, &c.d.as_agent, id, "accept_goods");
  assert_int_equal(case_confirm_all(&c, id), 18000);
  assert_case(&c, id, "refunded");
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_RETURNED), 2);
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_WITH_BUYER), 1);
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_REFUNDED), 18000);
  END_DESK(c)
}

static void a_provider_that_pays_less_than_was_asked(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  case_leg leg;
  aft_id id = returned(&c, c.line[0], 1, "SF1");
  only_leg(&c, id, &leg);
  assert_gives(case_settle(&c, &leg, AFT_SETTLE_CONFIRMED, 9001, "gw"), AFT_E_INVALID);
  assert_gives(case_settle(&c, &leg, AFT_SETTLE_CONFIRMED, 5000, "gw"), AFT_OK);
  assert_case(&c, id, "refunding");
  assert_int_equal(case_payment(&c, "pay-1", AFT_PAYMENT_PLANNED), 4000);
  assert_int_equal(case_confirm_all(&c, id), 4000);
  assert_case(&c, id, "refunded");
  assert_int_equal(case_payment(&c, "pay-1", AFT_PAYMENT_REFUNDED), 9000);
  END_DESK(c)
}

static void part_refund_cannot_be_topped_up(void **state) {
  ON_EACH_DESK(c, one_line(&c, kind, 1, 9000))
  aft_id part = refund_of(&c, c.line[0], 1, 1000);
  assert_int_equal(case_confirm_all(&c, part), 1000);
  assert_case(&c, part, "refunded");
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_WITH_BUYER), 1);
  assert_int_equal(refunded_for(&c, c.line[0], 1, "SF1"), 8000);
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_REFUNDED), 9000);
  END_DESK(c)
}

static void what_one_unit_was_lowered_by_is_paid_with_the_next(void **state) {
  ON_EACH_DESK(c, one_line(&c, kind, 2, 20000))
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "other", c.line[0], 1);
  aft_case_act_in worn = {.case_id = id, .event = AFT_STR("counter"), .amount = {6000, "CNY", 0}};
  assert_case(&c, id, "requested");
  case_act_with(&c, &c.d.as_agent, &worn);
  case_act(&c, &c.d.as_buyer, id, "accept");
  case_ship(&c, id, "SF1");
  case_act(&c, &c.d.as_agent, id, "receive");
  case_act(&c, &c.d.as_agent, id, "inspect");
  case_act(&c, &c.d.as_agent, id, "accept_goods");
  assert_int_equal(case_confirm_all(&c, id), 6000);
  assert_int_equal(refunded_for(&c, c.line[0], 1, "SF2"), 10000);
  END_DESK(c)
}

static void return_each_of_three(desk_kind kind, int64_t price) {
  case_desk c;
  int64_t total = 0;
  one_line(&c, kind, 3, price);
  for (int i = 0; i < 3; i++) {
    char waybill[8] = {'S', 'F', (char)('1' + i)};
    int64_t one = refunded_for(&c, c.line[0], 1, waybill);
    assert_in_range(one, price / 3, price / 3 + 1);
    total += one;
  }
  assert_int_equal(total, price);
  assert_int_equal(case_payment(&c, "pay-1", AFT_PAYMENT_REFUNDED), price);
  case_desk_close(&c);
}

static void rounding_leaves_a_cent(void **state) {
  static const int64_t prices[] = {10000, 10001, 9999, 100};
  (void)state;
  for (desk_kind kind = DESK_SQLITE; kind < desk_kinds(); kind++)
    for (size_t i = 0; i < sizeof prices / sizeof *prices; i++)
      return_each_of_three(kind, prices[i]);
}

static void discounts_that_a_part_return_forgets(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  int64_t total = 0;
  total += refunded_for(&c, c.line[0], 1, "SF1");
  assert_int_equal(total, 9000); /* 100.00 less its part of 40.00 off */
  total += refunded_for(&c, c.line[1], 1, "SF2");
  total += refunded_for(&c, c.line[0], 2, "SF3");
  assert_int_equal(total, 30000 + 9999 - 4000);
  END_DESK(c)
}

static void refunds_above_captured(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_case_in in = {
      .kind = AFT_STR("refund"), .reason = AFT_STR("other"), .amount = {INT64_C(36000), "CNY", 0}};
  aft_error error = AFT_ERROR_INIT;
  in.size = sizeof in;
  in.order = c.order;
  assert_status(aft_case_file(c.d.session, &c.d.as_agent, &in, NULL, &error), AFT_E_INVALID);
  assert_string_equal(error.where, "case.amount");
  refunded_for(&c, c.line[0], 3, "SF1");
  refunded_for(&c, c.line[1], 1, "SF2");
  assert_gives(case_file_try(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 1), AFT_E_CHECK);
  int64_t captured = 0, refunded = 0;
  static const char *const refs[] = {"pay-1", "pay-2"};
  for (size_t i = 0; i < 2; i++) {
    captured += case_payment(&c, refs[i], AFT_PAYMENT_CAPTURED);
    refunded += case_payment(&c, refs[i], AFT_PAYMENT_REFUNDED);
    assert_true(case_payment(&c, refs[i], AFT_PAYMENT_REFUNDED) <=
                case_payment(&c, refs[i], AFT_PAYMENT_CAPTURED));
  }
  assert_int_equal(refunded, captured - 1000); /* all but the freight */
  END_DESK(c)
}

static void refund_when_nothing_is_due(void **state) {
  ON_EACH_DESK(c, one_line(&c, kind, 1, 9000))
  aft_id keep = refund_of(&c, c.line[0], 1, 9000);
  assert_int_equal(case_confirm_all(&c, keep), 9000);
  aft_id id = returned(&c, c.line[0], 1, "SF1"); /* it comes back all the same */
  assert_int_equal(case_confirm_all(&c, id), 0);
  assert_case(&c, id, "refunded");
  assert_int_equal(case_legs_in(&c, id, "void"), 0);
  assert_int_equal(case_payment(&c, "pay-1", AFT_PAYMENT_REFUNDED), 9000);
  END_DESK(c)
}

/* Each line may ask for less than it is worth; what it asks for is no other line's. */
static void an_amount_that_lands_on_another_line(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_case_line_in two[] = {{.size = sizeof two[0], .line = c.line[0], .quantity = 1, .amount = 2000},
                            {.size = sizeof two[0], .line = c.line[1], .quantity = 1, .amount = 500}};
  aft_case_in in = {.kind = AFT_STR("refund"), .reason = AFT_STR("other"), .lines = two, .n_lines = 2};
  aft_id id = case_file_in(&c, &c.d.as_agent, &in);
  assert_int_equal(case_int(&c, id, AFT_CASE_ASKED), 2500);
  case_approve(&c, id);
  case_act(&c, &c.d.as_agent, id, "pay_out");
  assert_int_equal(case_confirm_all(&c, id), 2500);
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_REFUNDED), 2000);
  assert_int_equal(case_line(&c, c.line[1], AFT_LINE_REFUNDED), 500);
  END_DESK(c)
}

/* ---- to whom, and from what ---- */

static void remainder_lost_across_payments(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  int64_t first = refunded_for(&c, c.line[1], 1, "SF1");
  int64_t second = refunded_for(&c, c.line[0], 3, "SF2");
  assert_int_equal(first + second, 35999);
  assert_int_equal(
      case_payment(&c, "pay-1", AFT_PAYMENT_REFUNDED) + case_payment(&c, "pay-2", AFT_PAYMENT_REFUNDED),
      35999);
  assert_int_equal(case_payment(&c, "pay-1", AFT_PAYMENT_REFUNDED), 30000);
  END_DESK(c)
}

static void refund_to_another_method(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  case_leg legs[CASE_MOST_LEGS];
  aft_id id = case_file(&c, &c.d.as_agent, "return", "not_as_described", 0, 0);
  case_ship(&c, id, "SF1");
  case_act(&c, &c.d.as_agent, id, "receive");
  case_act(&c, &c.d.as_agent, id, "inspect");
  case_act(&c, &c.d.as_agent, id, "accept_goods");
  uint32_t n = case_legs(&c, id, legs);
  assert_int_equal(n, 2);
  for (uint32_t i = 0; i < n; i++) {
    bool card = strcmp(legs[i].instrument, "card") == 0;
    assert_string_equal(legs[i].account, card ? "Visa ***1234" : "");
    assert_true(card || strcmp(legs[i].instrument, "balance") == 0);
    assert_true(legs[i].requested <= case_payment(&c, card ? "pay-1" : "pay-2", AFT_PAYMENT_CAPTURED));
  }
  END_DESK(c)
}

static void with_recipient(case_desk *c, desk_kind kind) {
  case_story story;
  case_story_open(c, &story, kind, CASE_DELIVERED);
  story.facts.recipient = c->d.other_buyer;
  case_story_tell(c, &story);
}

static void a_recipient_who_sees_prices_in_a_repeated_call_or_a_list(void **state) {
  ON_EACH_DESK(c, with_recipient(&c, kind))
  aft_error error = AFT_ERROR_INIT;
  aft_case_line_in cup = {.size = sizeof cup, .line = c.line[0], .quantity = 1};
  aft_case_in in = {.size = sizeof in,
                    .order = c.order,
                    .kind = AFT_STR("return"),
                    .reason = AFT_STR("changed_mind"),
                    .lines = &cup,
                    .n_lines = 1};
  aft_call keyed = c.d.as_other_buyer;
  aft_record *record;
  aft_cursor *cursor;
  keyed.key = AFT_STR("k-1");
  for (int i = 0; i < 2; i++) {
    assert_status(aft_case_file(c.d.session, &keyed, &in, &record, &error), i ? AFT_REPLAYED : AFT_OK);
    assert_int_equal(aft_case_asked(record), 0);
    aft_record_free(record);
  }
  assert_ok(aft_case_list(c.d.session, &c.d.as_other_buyer, NULL, &cursor, &error));
  assert_int_equal(aft_cursor_next(cursor, &record, &error), AFT_OK);
  assert_int_equal(aft_case_asked(record), 0);
  aft_cursor_free(cursor);
  aft_case_filter all = {.size = sizeof all, .order = c.order};
  assert_ok(aft_case_list(c.d.session, &c.d.as_agent, &all, &cursor, &error));
  assert_int_equal(aft_cursor_next(cursor, &record, &error), AFT_OK);
  assert_int_equal(aft_case_asked(record), 9000);
  aft_cursor_free(cursor);
  END_DESK(c)
}

static void a_recipient_who_sees_prices(void **state) {
  ON_EACH_DESK(c, with_recipient(&c, kind))
  aft_error error = AFT_ERROR_INIT;
  aft_record *record;
  aft_cursor *cursor;
  aft_id id = case_file(&c, &c.d.as_other_buyer, "return", "changed_mind", c.line[0], 1);
  assert_ok(aft_case_get(c.d.session, &c.d.as_other_buyer, id, &record, &error));
  assert_int_equal(aft_case_asked(record), 0);
  aft_record_free(record);
  assert_status(aft_case_parts(c.d.session, &c.d.as_other_buyer, id, AFT_KIND_LEG, &cursor, &error),
                AFT_E_DENIED);
  aft_case_act_in ship = {.case_id = id, .event = AFT_STR("ship"), .waybill = AFT_STR("SF1")};
  case_act_with(&c, &c.d.as_other_buyer, &ship);
  case_act(&c, &c.d.as_agent, id, "receive");
  case_act(&c, &c.d.as_agent, id, "accept_goods");
  case_leg leg;
  only_leg(&c, id, &leg);
  assert_string_equal(leg.account, "Visa ***1234"); /* of who paid */
  assert_int_equal(leg.requested, 9000);
  END_DESK(c)
}

static void limited(case_desk *c, desk_kind kind, int64_t most, int64_t until) {
  case_story story;
  case_story_open(c, &story, kind, CASE_DELIVERED);
  case_story_one(&story, 3, 30000);
  story.payments[0].most_refunds = most;
  story.payments[0].refund_until = until ? c->d.now + until : 0;
  case_story_tell(c, &story);
}

static void more_part_refunds_than_the_provider_allows(void **state) {
  ON_EACH_DESK(c, limited(&c, kind, 2, 0))
  static const char *const expected[] = {"card", "card", "transfer"};
  for (int i = 0; i < 3; i++) {
    char waybill[8] = {'S', 'F', (char)('1' + i)};
    case_leg leg;
    aft_id id = returned(&c, c.line[0], 1, waybill);
    only_leg(&c, id, &leg);
    assert_string_equal(leg.instrument, expected[i]);
    assert_int_equal(case_confirm_all(&c, id), 10000);
  }
  assert_int_equal(case_payment(&c, "pay-1", AFT_PAYMENT_REFUNDED), 30000);
  END_DESK(c)
}

static void a_refund_that_is_too_late_for_the_provider(void **state) {
  ON_EACH_DESK(c, limited(&c, kind, 0, CASE_HOUR))
  case_leg leg;
  desk_pass(&c.d, 2 * CASE_HOUR);
  aft_id id = returned(&c, c.line[0], 1, "SF1");
  only_leg(&c, id, &leg);
  assert_string_equal(leg.instrument, "transfer");
  END_DESK(c)
}

static void paid_by_hand_without_proof(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_error error = AFT_ERROR_INIT;
  case_leg leg;
  aft_id id = returned(&c, c.line[0], 1, "SF1");
  only_leg(&c, id, &leg);
  aft_leg_in said = {
      .size = sizeof said, .leg = leg.id, .outcome = AFT_SETTLE_CONFIRMED, .amount = {9000, "CNY", 0}};
  /* what a provider carries out, nobody else confirms */
  assert_status(aft_leg_settle(c.d.session, &c.d.as_agent, &said, NULL, &error), AFT_E_DENIED);
  case_fail_all(&c, id);
  case_act(&c, &c.d.as_agent, id, "pay_offline");
  assert_case(&c, id, "refunding");
  assert_int_equal(case_legs_in(&c, id, "sent"), 1);
  case_leg legs[CASE_MOST_LEGS];
  assert_int_equal(case_legs(&c, id, legs), 2);
  said.leg = strcmp(legs[0].state, "sent") == 0 ? legs[0].id : legs[1].id;
  assert_status(aft_leg_settle(c.d.session, &c.d.as_agent, &said, NULL, &error), AFT_E_INVALID);
  assert_string_equal(error.where, "leg.proof");
  said.proof = case_photo(&c, &c.d.as_agent, id, "bank slip");
  assert_status(aft_leg_settle(c.d.session, &c.d.as_agent, &said, NULL, &error), AFT_OK);
  assert_case(&c, id, "refunded");
  assert_gives(case_settle(&c, &leg, AFT_SETTLE_CONFIRMED, 9000, "late"), AFT_E_TRANSITION);
  assert_int_equal(case_payment(&c, "pay-1", AFT_PAYMENT_REFUNDED), 9000);
  END_DESK(c)
}

/* ---- points, gifts, coupons ---- */

static void with_points(case_desk *c, desk_kind kind, int64_t units, int64_t price) {
  case_story story;
  case_story_open(c, &story, kind, CASE_DELIVERED);
  case_story_one(&story, units, price);
  story.facts.earned = 100;
  story.facts.earned_spent = 50;
  story.facts.earned_value = 1000;
  case_story_tell(c, &story);
}

static void points_that_were_spent_already(void **state) {
  ON_EACH_DESK(c, with_points(&c, kind, 1, 10000))
  assert_int_equal(refunded_for(&c, c.line[0], 1, "SF1"), 9500);
  END_DESK(c)
}

static void points_that_come_back_with_the_last_part(void **state) {
  ON_EACH_DESK(c, with_points(&c, kind, 2, 20000))
  int64_t first = refunded_for(&c, c.line[0], 1, "SF1");
  assert_int_equal(first, 9750);
  assert_int_equal(first + refunded_for(&c, c.line[0], 1, "SF2"), 19500);
  END_DESK(c)
}

/* Whoever asks for money does not say that somebody else pays the way back. */
static void a_buyer_who_amends_who_pays_the_freight(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "not_as_described", c.line[0], 1);
  assert_case(&c, id, "requested");
  char *before = case_picture(&c);
  aft_case_act_in in = {.case_id = id, .event = AFT_STR("amend"), .freight = AFT_STR("seller")};
  assert_gives(case_attempt(&c, &c.d.as_buyer, &in), AFT_E_INVALID);
  assert_string_equal(case_error.where, "case.freight");
  char *after = case_picture(&c);
  assert_string_equal(before, after);
  free(before);
  free(after);
  END_DESK(c)
}

static void points_forgotten_when_the_buyer_amends(void **state) {
  ON_EACH_DESK(c, with_points(&c, kind, 1, 30000))
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 1);
  assert_case(&c, id, "requested");
  assert_int_equal(case_int(&c, id, AFT_CASE_ASKED), 29500);
  case_act(&c, &c.d.as_buyer, id, "amend");
  assert_int_equal(case_int(&c, id, AFT_CASE_ASKED), 29500);
  END_DESK(c)
}

static void with_gift(case_desk *c, desk_kind kind) {
  case_story story;
  case_story_open(c, &story, kind, CASE_DELIVERED);
  case_story_one(&story, 1, 10000);
  story.lines[1] = (aft_order_line_in){.size = sizeof story.lines[1],
                                       .ref = AFT_STR("bag"),
                                       .quantity = 1,
                                       .price = 500,
                                       .relation = AFT_STR("gift_of"),
                                       .related = AFT_STR("cup")};
  story.shares[0] = (aft_order_share_in){
      .size = sizeof story.shares[0], .ref = AFT_STR("gift"), .line = AFT_STR("bag"), .amount = 500};
  story.items[1].line = AFT_STR("bag");
  story.parcels[0].n_items = 2;
  story.facts.n_lines = 2;
  story.facts.n_shares = 1;
  case_story_tell(c, &story);
}

static void a_main_item_that_comes_back_without_its_gift(void **state) {
  ON_EACH_DESK(c, with_gift(&c, kind))
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 1);
  assert_case(&c, id, "requested"); /* a person decides what the gift is worth */
  case_act(&c, &c.d.as_buyer, id, "cancel");
  aft_case_line_in both[] = {{.size = sizeof both[0], .line = c.line[0], .quantity = 1},
                             {.size = sizeof both[0], .line = c.line[1], .quantity = 1}};
  aft_case_in in = {
      .kind = AFT_STR("return"), .reason = AFT_STR("changed_mind"), .lines = both, .n_lines = 2};
  id = case_file_in(&c, &c.d.as_buyer, &in);
  assert_case(&c, id, "approved");
  END_DESK(c)
}

static void with_coupon(case_desk *c, desk_kind kind, const char *policy) {
  case_story story;
  case_story_open(c, &story, kind, CASE_DELIVERED);
  if (policy)
    case_story_policy(c, policy);
  case_story_one(&story, 3, 20000);
  story.shares[0] = (aft_order_share_in){.size = sizeof story.shares[0],
                                         .ref = AFT_STR("c-10"),
                                         .kind = AFT_STR("coupon"),
                                         .funder = AFT_STR("platform"),
                                         .amount = 1000};
  story.facts.n_shares = 1;
  story.payments[0].captured.minor = 19000;
  case_story_tell(c, &story);
}

static uint32_t coupons(case_desk *c, aft_id id) {
  case_leg legs[CASE_MOST_LEGS];
  uint32_t n = case_legs(c, id, legs), found = 0;
  for (uint32_t i = 0; i < n; i++)
    found += strcmp(legs[i].instrument, "coupon") == 0;
  return found;
}

static void a_coupon_of_which_each_unit_has_its_share(void **state) {
  static const char policy[] = "version: 1\ncases: {money: {coupons: {full: give_back, part: share}}}\n";
  ON_EACH_DESK(c, with_coupon(&c, kind, policy))
  static const char *const waybills[] = {"SF1", "SF2", "SF3"};
  int64_t total = 0;
  for (size_t i = 0; i < 3; i++) {
    aft_id id = returned(&c, c.line[0], 1, waybills[i]);
    case_leg legs[CASE_MOST_LEGS];
    uint32_t n = case_legs(&c, id, legs);
    for (uint32_t l = 0; l < n; l++)
      if (strcmp(legs[l].instrument, "coupon") == 0) {
        assert_in_range(legs[l].requested, 333, 334);
        total += legs[l].requested;
      }
    case_confirm_all(&c, id);
    assert_case(&c, id, "refunded");
  }
  assert_int_equal(total, 1000);
  END_DESK(c)
}

static void a_coupon_that_comes_back_with_a_part(void **state) {
  ON_EACH_DESK(c, with_coupon(&c, kind, NULL))
  aft_id first = returned(&c, c.line[0], 2, "SF1");
  assert_int_equal(coupons(&c, first), 0);
  case_confirm_all(&c, first);
  aft_id last = returned(&c, c.line[0], 1, "SF2");
  assert_int_equal(coupons(&c, last), 1);
  case_confirm_all(&c, last);
  assert_case(&c, last, "refunded");
  assert_int_equal(case_payment(&c, "pay-1", AFT_PAYMENT_REFUNDED), 19000);
  END_DESK(c)
}

/* Who cannot give a coupon back does not give money in its place. */
static void a_coupon_that_failed_and_was_paid_by_hand(void **state) {
  ON_EACH_DESK(c, with_coupon(&c, kind, NULL))
  aft_id id = returned(&c, c.line[0], 3, "SF1");
  case_fail_all(&c, id);
  case_act(&c, &c.d.as_agent, id, "pay_offline");
  assert_int_equal(case_legs_in(&c, id, "sent"), 1);
  case_leg legs[CASE_MOST_LEGS];
  uint32_t n = case_legs(&c, id, legs);
  for (uint32_t i = 0; i < n; i++)
    if (strcmp(legs[i].state, "sent") == 0)
      assert_int_equal(legs[i].requested, 19000);
  case_confirm_all(&c, id);
  case_act(&c, &c.d.as_agent, id, "check_money");
  assert_case(&c, id, "refund_failed"); /* the coupon is owed still */
  case_act(&c, &c.d.as_agent, id, "retry");
  case_confirm_all(&c, id);
  assert_case(&c, id, "refunded");
  END_DESK(c)
}

static void a_provider_that_is_asked_for_ever(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = returned(&c, c.line[0], 1, "SF1");
  for (int i = 0; i < 3; i++) {
    case_fail_all(&c, id);
    case_act(&c, &c.d.as_agent, id, "retry");
  }
  case_fail_all(&c, id);
  aft_case_act_in again = {.case_id = id, .event = AFT_STR("retry")};
  assert_gives(case_attempt(&c, &c.d.as_agent, &again), AFT_E_CHECK);
  assert_string_equal(case_error.where, "leg.attempts");
  case_act(&c, &c.d.as_agent, id, "pay_offline");
  assert_int_equal(case_confirm_all(&c, id), 9000);
  assert_case(&c, id, "refunded");
  END_DESK(c)
}

/* ---- freight and compensation ---- */

static aft_id back_with_freight(case_desk *c, const char *reason, int64_t cost) {
  aft_id id = case_file(c, &c->d.as_agent, "return", reason, c->line[0], 1);
  aft_case_act_in ship = {
      .case_id = id, .event = AFT_STR("ship"), .waybill = AFT_STR("SF1"), .freight_minor = cost};
  case_approve(c, id);
  case_act_with(c, &c->d.as_agent, &ship);
  case_act(c, &c->d.as_agent, id, "receive");
  case_act(c, &c->d.as_agent, id, "accept_goods");
  return id;
}

static void return_freight_charged_to_the_wrong_one(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = back_with_freight(&c, "defective_on_arrival", 1200);
  case_leg freight = case_leg_of(&c, id, "freight");
  assert_int_equal(freight.requested, 1200);
  assert_string_equal(freight.payer, "seller");
  assert_string_equal(freight.payee, "buyer");
  assert_int_equal(case_leg_of(&c, id, "refund").requested, 9000); /* it is not taken off the price */
  id = back_with_freight(&c, "changed_mind", 1200);
  assert_int_equal(case_leg_of(&c, id, "refund").requested, 9000);
  case_leg legs[CASE_MOST_LEGS];
  assert_int_equal(case_legs(&c, id, legs), 1);
  END_DESK(c)
}

static aft_id goodwill(case_desk *c, int64_t amount) {
  aft_case_in in = {
      .kind = AFT_STR("goodwill"), .reason = AFT_STR("service_failure"), .amount = {amount, "CNY", 0}};
  return case_file_in(c, &c->d.as_agent, &in);
}

static void compensation_above_the_funders_ceiling(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id first = goodwill(&c, 11000), second = goodwill(&c, 100); /* 300 of 1000 of 369.99 is 110.99 */
  aft_case_act_in approve = {.case_id = first, .event = AFT_STR("approve")};
  assert_gives(case_attempt(&c, &c.d.as_agent, &approve), AFT_OK);
  char *before = case_picture(&c);
  approve.case_id = second;
  assert_gives(case_attempt(&c, &c.d.as_agent, &approve), AFT_E_CHECK);
  assert_string_equal(case_error.where, "case.amount");
  char *after = case_picture(&c);
  assert_string_equal(before, after);
  free(before);
  free(after);
  assert_int_equal(case_confirm_all(&c, first), 11000);
  assert_int_equal(case_payment(&c, "pay-1", AFT_PAYMENT_REFUNDED), 0); /* it is no refund */
  END_DESK(c)
}

static case_leg leg_that_is_sent(case_desk *c, aft_id id) {
  case_leg legs[CASE_MOST_LEGS];
  uint32_t n = case_legs(c, id, legs), sent = 0;
  assert_int_equal(case_legs_in(c, id, "sent"), 1);
  while (sent < n && strcmp(legs[sent].state, "sent") != 0)
    sent++;
  return legs[sent];
}

/* It is still no refund, and counts against the same pocket. */
static void compensation_paid_by_hand(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = goodwill(&c, 3000);
  case_act(&c, &c.d.as_agent, id, "approve");
  case_leg failed = case_leg_of(&c, id, "compensation");
  case_fail_all(&c, id);
  case_act(&c, &c.d.as_agent, id, "pay_offline");
  case_leg leg = leg_that_is_sent(&c, id);
  assert_string_equal(leg.kind, "compensation");
  assert_string_equal(leg.payer, failed.payer);
  assert_string_equal(leg.instrument, "transfer");
  assert_int_equal(case_confirm_all(&c, id), 3000);
  assert_case(&c, id, "refunded");
  END_DESK(c)
}

static void resolved_claim_without_money(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_case_line_in one = {.size = sizeof one, .line = c.line[0], .quantity = 1};
  aft_case_in in = {.kind = AFT_STR("claim"),
                    .reason = AFT_STR("service_failure"),
                    .lines = &one,
                    .n_lines = 1,
                    .amount = {3000, "CNY", 0}};
  aft_id id = case_file_in(&c, &c.d.as_agent, &in);
  case_act(&c, &c.d.as_agent, id, "approve");
  assert_case(&c, id, "refunding");
  case_fail_all(&c, id);
  assert_case(&c, id, "refund_failed");
  case_act(&c, &c.d.as_agent, id, "retry");
  assert_int_equal(case_confirm_all(&c, id), 3000);
  assert_case(&c, id, "settled");
  END_DESK(c)
}

/* ---- money in advance ---- */

static aft_id advanced(case_desk *c) {
  make_vip(c);
  aft_id id = case_file(c, &c->d.as_buyer, "return", "changed_mind", c->line[0], 1);
  assert_case(c, id, "approved");
  case_ship(c, id, "SF1");
  assert_gives(case_track(c, "SF1", "t1", "picked_up"), AFT_OK);
  assert_int_equal(case_leg_of(c, id, "advance").requested, 9000);
  return id;
}

static void advance_that_nobody_asks_back(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = advanced(&c);
  case_confirm_all(&c, id);
  case_act(&c, &c.d.as_agent, id, "receive");
  case_find(&c, id, c.line[0], "wrong", 1);
  case_act(&c, &c.d.as_agent, id, "refuse_goods");
  case_act(&c, &c.d.as_agent, id, "send_back");
  case_leg debt = case_leg_of(&c, id, "clawback");
  assert_int_equal(debt.requested, 9000);
  assert_string_equal(debt.payer, "buyer");
  assert_string_equal(debt.payee, "seller");
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_WITH_BUYER), 3);
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_REFUNDED), 0); /* the debt stands in its place */
  END_DESK(c)
}

static void a_debt_for_an_advance_that_failed(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = advanced(&c);
  case_fail_all(&c, id);
  case_act(&c, &c.d.as_agent, id, "receive");
  case_find(&c, id, c.line[0], "wrong", 1);
  case_act(&c, &c.d.as_agent, id, "refuse_goods");
  case_act(&c, &c.d.as_buyer, id, "take_back");
  assert_int_equal(case_legs_in(&c, id, "void"), 1);
  assert_int_equal(case_legs_in(&c, id, "sent"), 0);
  assert_int_equal(case_payment(&c, "pay-1", AFT_PAYMENT_PLANNED), 0);
  END_DESK(c)
}

static void advance_that_is_paid_twice(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = advanced(&c);
  assert_gives(case_track(&c, "SF1", "t2", "in_transit"), AFT_OK);
  assert_gives(case_track(&c, "SF1", "t1", "picked_up"), AFT_IGNORED);
  assert_int_equal(case_confirm_all(&c, id), 9000);
  assert_gives(case_track(&c, "SF1", "t3", "delivered"), AFT_OK);
  case_act(&c, &c.d.as_agent, id, "inspect");
  case_act(&c, &c.d.as_agent, id, "accept_goods");
  assert_int_equal(case_confirm_all(&c, id), 0);
  assert_case(&c, id, "refunded");
  assert_int_equal(case_payment(&c, "pay-1", AFT_PAYMENT_REFUNDED), 9000);
  END_DESK(c)
}

static void advance_for_goods_that_never_came(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = case_file(&c, &c.d.as_buyer, "withdrawal", "changed_mind", c.line[0], 1);
  aft_case_act_in pay = {.case_id = id, .event = AFT_STR("pay_first")};
  assert_case(&c, id, "acknowledged");
  assert_gives(case_attempt(&c, &c.d.as_agent, &pay), AFT_OK);
  int64_t paid = case_confirm_all(&c, id);
  assert_true(paid >= 9000);
  desk_pass(&c.d, 20 * CASE_DAY);
  desk_tick(&c.d);
  assert_case(&c, id, "closed_not_shipped");
  assert_int_equal(case_leg_of(&c, id, "clawback").requested, paid);
  END_DESK(c)
}

/* ---- chargebacks ---- */

static void a_refund_beside_a_chargeback(void **state) {
  ON_EACH_DESK(c, one_line(&c, kind, 1, 10000))
  aft_error error = AFT_ERROR_INIT;
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 1);
  aft_reversal_in in = {.size = sizeof in,
                        .payment = AFT_STR("pay-1"),
                        .reference = AFT_STR("cb-1"),
                        .amount = {10000, "CNY", 0}};
  assert_status(aft_payment_reverse(c.d.session, &c.d.system, &in, NULL, &error), AFT_OK);
  assert_case(&c, id, "closed_reversed");
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_WITH_BUYER), 1);
  assert_status(aft_payment_reverse(c.d.session, &c.d.system, &in, NULL, &error), AFT_IGNORED);
  /* nothing is left that a refund could come from */
  id = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 1);
  case_ship(&c, id, "SF1");
  case_act(&c, &c.d.as_agent, id, "receive");
  aft_case_act_in accept = {.case_id = id, .event = AFT_STR("accept_goods")};
  assert_gives(case_attempt(&c, &c.d.as_agent, &accept), AFT_E_CHECK);
  END_DESK(c)
}

static void one_that_waits(case_desk *c) {
  case_story story;
  case_story_open(c, &story, DESK_MEMORY, CASE_DELIVERED);
  case_story_policy(c, "version: 1\ncases: {money: {papers_first: [{money: waits}]}}\n");
  case_story_one(&story, 1, 10000);
  case_story_tell(c, &story);
}

static aft_id far_as(case_desk *c, const char *kind, const char *const *steps, size_t n) {
  aft_id id = case_file(c, &c->d.as_buyer, kind, "changed_mind", c->line[0], 1);
  for (size_t i = 0; i < n; i++)
    case_act(c, &c->d.as_agent, id, steps[i]);
  return id;
}

/* The bank has given the buyer the money: no case may wait for ever for what it cannot pay. */
static void a_chargeback_in_the_middle_of_a_case(void **state) {
  static const char *const kinds[] = {"return", "exchange"}, *const steps[] = {"ship", "receive", "inspect",
                                                                               "accept_goods"};
  (void)state;
  for (size_t kind = 0; kind < 2; kind++)
    for (size_t n = 0; n <= sizeof steps / sizeof *steps; n++) {
      case_desk c;
      one_that_waits(&c);
      aft_id id = far_as(&c, kinds[kind], steps, n);
      case_charge_back(&c, "pay-1", 10000);
      desk_pass(&c.d, 60 * CASE_DAY);
      desk_tick(&c.d);
      assert_case(&c, id, "closed_reversed");
      assert_int_equal(case_payment(&c, "pay-1", AFT_PAYMENT_PLANNED), 0);
      assert_int_equal(case_line(&c, c.line[0], n >= 2 ? AFT_LINE_RETURNED : AFT_LINE_WITH_BUYER), 1);
      case_desk_close(&c);
    }
}

/* What cannot be paid is a matter for people: time goes on for everybody else. */
static void a_timer_that_fails_and_stops_all_others(void **state) {
  ON_EACH_DESK(c, one_line(&c, kind, 2, 10000))
  case_charge_back(&c, "pay-1", 10000);
  aft_id broke = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 1);
  case_ship(&c, broke, "SF1");
  case_act(&c, &c.d.as_agent, broke, "receive");
  aft_id other = case_file(&c, &c.d.as_buyer, "return", "other", c.line[0], 1);
  uint32_t asked = case_requests(&c, broke, "work.order");
  /* People are asked once, however often it is tried, and once because the money is late. */
  for (int again = 0; again < 3; again++) {
    desk_pass(&c.d, again ? CASE_DAY : 11 * CASE_DAY);
    desk_tick(&c.d);
    assert_int_equal(case_requests(&c, broke, "work.order"), asked + 2);
  }
  assert_case(&c, other, "approved");
  assert_case(&c, broke, "received");
  assert_gives(aft_case_verify(c.d.session, &c.d.as_agent, broke, &case_error), AFT_OK);
  END_DESK(c)
}

/* ---- crashes ---- */

static uint32_t offered(case_desk *c, const char *topic) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *effect;
  uint32_t n = 0;
  assert_ok(aft_outbox_claim(c->d.session, NULL, &cursor, &error));
  while (aft_cursor_next(cursor, &effect, &error) == AFT_OK)
    n += strcmp(aft_effect_topic(effect), topic) == 0;
  aft_cursor_free(cursor);
  return n;
}

static void paid_twice_after_a_crash(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = returned(&c, c.line[0], 1, "SF1");
  assert_int_equal(offered(&c, "money.refund"), 1); /* the worker dies with it */
  for (int hour = 0; hour < 100; hour++) {
    desk_pass(&c.d, CASE_HOUR);
    desk_tick(&c.d);
    assert_int_equal(offered(&c, "money.refund"), 0);
  }
  assert_int_equal(case_legs_in(&c, id, "unknown"), 1);
  END_DESK(c)
}

/* ---- the law's clock ---- */

static aft_time refund_by(case_desk *c, aft_id id) {
  aft_record *record = case_get(c, id);
  aft_time by =
      aft_record_is_null(record, AFT_CASE_REFUND_BY) ? 0 : aft_record_time(record, AFT_CASE_REFUND_BY);
  aft_record_free(record);
  return by;
}

static aft_id sent_back(case_desk *c) {
  aft_id id = case_file(c, &c->d.as_buyer, "return", "changed_mind", c->line[0], 1);
  assert_int_equal(refund_by(c, id), 0); /* no goods, no clock */
  case_ship(c, id, "SF1");
  case_act(c, &c->d.as_agent, id, "receive");
  return id;
}

static void the_laws_clock_begins_with_the_goods_and_tells_people(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_time here = c.d.now;
  aft_id id = sent_back(&c);
  aft_time by = refund_by(&c, id);
  assert_true(by > here + 7 * CASE_DAY && by <= here + 8 * CASE_DAY); /* seven days, to the end of the last */
  uint32_t orders = case_requests(&c, id, "work.order");
  desk_pass(&c.d, by - c.d.now);
  desk_tick(&c.d);
  assert_int_equal(case_requests(&c, id, "work.order"), orders);
  desk_pass(&c.d, 1);
  desk_tick(&c.d);
  assert_int_equal(case_requests(&c, id, "work.order"), orders + 1);
  desk_pass(&c.d, CASE_HOUR);
  desk_tick(&c.d);
  assert_int_equal(case_requests(&c, id, "work.order"), orders + 1);
  assert_case(&c, id, "received"); /* the machine has its own deadlines */
  END_DESK(c)
}

static uint32_t works(case_desk *c, aft_id id, const char *work) {
  char part[64];
  snprintf(part, sizeof part, "\"work\":\"%s\"", work);
  return desk_effects(&c->d, id, "work.order", part);
}

static void people_are_warned_before_the_laws_time_is_over(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  desk_policy(&c.d, "version: 1\ncases: {refund_warn: 36h}\n");
  aft_id id = sent_back(&c);
  aft_time by = refund_by(&c, id);
  desk_pass(&c.d, by - 36 * CASE_HOUR - 1 - c.d.now);
  desk_tick(&c.d);
  assert_int_equal(works(&c, id, "refund_soon"), 0);
  desk_pass(&c.d, 1);
  desk_tick(&c.d);
  assert_int_equal(works(&c, id, "refund_soon"), 1);
  assert_int_equal(works(&c, id, "refund_late"), 0);
  desk_pass(&c.d, 40 * CASE_HOUR);
  desk_tick(&c.d);
  assert_int_equal(works(&c, id, "refund_soon"), 1);
  assert_int_equal(works(&c, id, "refund_late"), 1);
  END_DESK(c)
}

static void nobody_is_warned_of_money_that_came(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  desk_policy(&c.d, "version: 1\ncases: {refund_warn: 36h}\n");
  aft_id id = sent_back(&c);
  case_act(&c, &c.d.as_agent, id, "accept_goods");
  case_confirm_all(&c, id);
  desk_pass(&c.d, 20 * CASE_DAY);
  desk_tick(&c.d);
  assert_int_equal(works(&c, id, "refund_soon"), 0);
  END_DESK(c)
}

static void money_that_came_in_time_is_not_late(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = sent_back(&c);
  case_act(&c, &c.d.as_agent, id, "accept_goods");
  case_confirm_all(&c, id);
  uint32_t orders = case_requests(&c, id, "work.order");
  desk_pass(&c.d, 20 * CASE_DAY);
  desk_tick(&c.d);
  assert_int_equal(case_requests(&c, id, "work.order"), orders);
  END_DESK(c)
}

/* In the European Union time runs from the statement, whatever comes back when. */
static void a_withdrawals_clock_begins_with_its_statement(void **state) {
  ON_EACH_DESK(c, case_story story; case_story_open(&c, &story, kind, CASE_DELIVERED);
               story.facts.jurisdiction = AFT_STR("DE"); story.facts.zone = AFT_STR("Europe/Berlin");
               case_story_tell(&c, &story))
  aft_id id = case_file(&c, &c.d.as_buyer, "withdrawal", "changed_mind", c.line[0], 1);
  aft_time by = refund_by(&c, id);
  assert_true(by > c.d.now + 14 * CASE_DAY && by <= c.d.now + 15 * CASE_DAY);
  END_DESK(c)
}

/* Three business days for the refund: 19 and 20 November are closed, and Sunday the 22nd is worked. */
static void business_days_are_those_of_the_shops_calendar(void **state) {
  static const char policy[] =
      "version: 1\n"
      "calendars: {office: {zone: Asia/Shanghai, hours: {mon-fri: ['09:00-18:00']},\n"
      "  holidays: [2026-11-19..2026-11-20], workdays: {2026-11-22: ['09:00-12:00']}}}\n"
      "cases: {calendar: office}\n";
  ON_EACH_DESK(c, case_story story; case_story_open(&c, &story, kind, CASE_DELIVERED);
               case_story_policy(&c, policy); case_story_tell(&c, &story))
  aft_id id = sent_back(&c);
  case_act(&c, &c.d.as_agent, id, "accept_goods");
  assert_case(&c, id, "refunding");
  aft_record *record = case_get(&c, id);
  assert_int_equal(aft_record_time(record, AFT_CASE_DUE),
                   c.d.now + 6 * CASE_DAY); /* Sunday, Monday, Tuesday */
  aft_record_free(record);
  END_DESK(c)
}

/* ---- invoices ---- */

static void with_invoice(case_desk *c, desk_kind kind) {
  case_story story;
  case_story_open(c, &story, kind, CASE_DELIVERED);
  story.facts.invoice = AFT_STR("INV-1");
  case_story_tell(c, &story);
}

static aft_id invoice_at(case_desk *c, aft_id id, uint32_t index, int64_t *amount) {
  aft_cursor *cursor;
  aft_record *invoice;
  aft_id found = 0;
  assert_gives(aft_case_parts(c->d.session, &c->d.system, id, AFT_KIND_INVOICE, &cursor, &case_error),
               AFT_OK);
  for (uint32_t i = 0; aft_cursor_next(cursor, &invoice, &case_error) == AFT_OK; i++)
    if (i == index) {
      found = aft_invoice_id(invoice);
      *amount = aft_invoice_amount(invoice);
    }
  aft_cursor_free(cursor);
  return found;
}

static aft_status issued(case_desk *c, aft_id id, aft_id invoice) {
  aft_invoice_in in = {.size = sizeof in, .case_id = id, .outcome = AFT_RED_ISSUED, .invoice = invoice};
  return aft_invoice_told(c->d.session, &c->d.system, &in, NULL, &case_error);
}

/* Two of three cups are accepted, the third one later: each time an invoice of what is given back then. */
static void each_part_that_is_accepted_has_an_invoice_of_its_own(void **state) {
  ON_EACH_DESK(c, with_invoice(&c, kind))
  int64_t amount = 0;
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 3);
  case_ship(&c, id, "SF1");
  case_act(&c, &c.d.as_agent, id, "receive");
  case_find(&c, id, c.line[0], "ok", 2);
  case_find(&c, id, c.line[0], "damaged", 1);
  case_act(&c, &c.d.as_agent, id, "accept_goods");
  aft_id first = invoice_at(&c, id, 0, &amount);
  assert_int_equal(amount, case_line(&c, c.line[0], AFT_LINE_PAID) / 3 * 2);
  assert_int_equal(invoice_at(&c, id, 1, &amount), 0);
  aft_case_line_in all = {.size = sizeof all, .line = c.line[0], .quantity = 3};
  aft_case_act_in more = {.case_id = id, .event = AFT_STR("accept_part"), .lines = &all, .n_lines = 1};
  case_act_with(&c, &c.d.as_agent, &more);
  aft_id second = invoice_at(&c, id, 1, &amount);
  assert_int_equal(amount,
                   case_line(&c, c.line[0], AFT_LINE_PAID) - case_line(&c, c.line[0], AFT_LINE_PAID) / 3 * 2);
  assert_gives(issued(&c, id, 0), AFT_OK); /* the first one: the second is still asked for */
  assert_gives(issued(&c, id, first), AFT_IGNORED);
  assert_case_text(&c, id, AFT_CASE_PAPERS, "requested");
  assert_gives(issued(&c, id, c.order), AFT_E_NOT_FOUND);
  assert_gives(issued(&c, id, second), AFT_OK);
  assert_case_text(&c, id, AFT_CASE_PAPERS, "issued");
  assert_gives(issued(&c, id, 0), AFT_IGNORED);
  END_DESK(c)
}

/* Goods that nobody inspected in time, and goods that never left: their invoice is reversed all the same. */
static void a_refund_by_silence_reverses_the_invoice(void **state) {
  ON_EACH_DESK(c, with_invoice(&c, kind))
  int64_t amount = 0;
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 1);
  case_ship(&c, id, "SF1");
  case_act(&c, &c.d.as_agent, id, "receive");
  desk_pass(&c.d, 11 * CASE_DAY);
  desk_tick(&c.d);
  assert_case(&c, id, "refunding");
  assert_true(invoice_at(&c, id, 0, &amount) != 0);
  assert_int_equal(amount, case_confirm_all(&c, id));
  END_DESK(c)
}

/* Three cups are paid for at the pick-up, and one of them is refused: the invoice of that one stands. */
static void an_invoice_of_what_became_a_debt(void **state) {
  ON_EACH_DESK(c, with_invoice(&c, kind); make_vip(&c))
  int64_t amount = 0;
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 3);
  case_ship(&c, id, "SF1");
  assert_gives(case_track(&c, "SF1", "t1", "picked_up"), AFT_OK);
  assert_int_equal(case_confirm_all(&c, id), 27000);
  case_act(&c, &c.d.as_agent, id, "receive");
  case_find(&c, id, c.line[0], "ok", 2);
  case_find(&c, id, c.line[0], "damaged", 1);
  case_act(&c, &c.d.as_agent, id, "accept_goods");
  case_act(&c, &c.d.as_agent, id, "send_back");
  assert_int_equal(case_leg_of(&c, id, "clawback").requested, 9000);
  assert_true(invoice_at(&c, id, 0, &amount) != 0);
  assert_int_equal(amount, 18000);
  assert_int_equal(invoice_at(&c, id, 1, &amount), 0);
  END_DESK(c)
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_invoice_of_what_became_a_debt),
      cmocka_unit_test(the_laws_clock_begins_with_the_goods_and_tells_people),
      cmocka_unit_test(people_are_warned_before_the_laws_time_is_over),
      cmocka_unit_test(nobody_is_warned_of_money_that_came),
      cmocka_unit_test(money_that_came_in_time_is_not_late),
      cmocka_unit_test(a_withdrawals_clock_begins_with_its_statement),
      cmocka_unit_test(business_days_are_those_of_the_shops_calendar),
      cmocka_unit_test(each_part_that_is_accepted_has_an_invoice_of_its_own),
      cmocka_unit_test(a_refund_by_silence_reverses_the_invoice),
      cmocka_unit_test(a_new_refund_number_per_call),
      cmocka_unit_test(status_before_gateway),
      cmocka_unit_test(gateway_before_status),
      cmocka_unit_test(a_doubt_that_is_told_twice),
      cmocka_unit_test(callback_replay),
      cmocka_unit_test(a_callback_for_money_that_never_left),
      cmocka_unit_test(an_outcome_that_nobody_asks_after),
      cmocka_unit_test(refund_above_what_arrived),
      cmocka_unit_test(a_provider_that_pays_less_than_was_asked),
      cmocka_unit_test(part_refund_cannot_be_topped_up),
      cmocka_unit_test(what_one_unit_was_lowered_by_is_paid_with_the_next),
      cmocka_unit_test(an_amount_that_lands_on_another_line),
      cmocka_unit_test(rounding_leaves_a_cent),
      cmocka_unit_test(discounts_that_a_part_return_forgets),
      cmocka_unit_test(refunds_above_captured),
      cmocka_unit_test(refund_when_nothing_is_due),
      cmocka_unit_test(remainder_lost_across_payments),
      cmocka_unit_test(refund_to_another_method),
      cmocka_unit_test(a_recipient_who_sees_prices),
      cmocka_unit_test(a_recipient_who_sees_prices_in_a_repeated_call_or_a_list),
      cmocka_unit_test(more_part_refunds_than_the_provider_allows),
      cmocka_unit_test(a_refund_that_is_too_late_for_the_provider),
      cmocka_unit_test(paid_by_hand_without_proof),
      cmocka_unit_test(points_that_were_spent_already),
      cmocka_unit_test(points_that_come_back_with_the_last_part),
      cmocka_unit_test(a_buyer_who_amends_who_pays_the_freight),
      cmocka_unit_test(points_forgotten_when_the_buyer_amends),
      cmocka_unit_test(a_main_item_that_comes_back_without_its_gift),
      cmocka_unit_test(a_coupon_of_which_each_unit_has_its_share),
      cmocka_unit_test(a_provider_that_is_asked_for_ever),
      cmocka_unit_test(a_coupon_that_comes_back_with_a_part),
      cmocka_unit_test(a_coupon_that_failed_and_was_paid_by_hand),
      cmocka_unit_test(return_freight_charged_to_the_wrong_one),
      cmocka_unit_test(compensation_above_the_funders_ceiling),
      cmocka_unit_test(compensation_paid_by_hand),
      cmocka_unit_test(resolved_claim_without_money),
      cmocka_unit_test(advance_that_nobody_asks_back),
      cmocka_unit_test(a_debt_for_an_advance_that_failed),
      cmocka_unit_test(advance_that_is_paid_twice),
      cmocka_unit_test(advance_for_goods_that_never_came),
      cmocka_unit_test(a_refund_beside_a_chargeback),
      cmocka_unit_test(a_chargeback_in_the_middle_of_a_case),
      cmocka_unit_test(a_timer_that_fails_and_stops_all_others),
      cmocka_unit_test(paid_twice_after_a_crash),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
