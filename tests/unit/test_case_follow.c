/* Cases that follow from others: each is judged as if it had been filed, and takes over what its parent has.
 */
#include "case_story.h"

#include <string.h>

/* The only case that has this one as its parent and is of a kind. */
static aft_id child_of(case_desk *c, aft_id parent, const char *kind) {
  aft_case_filter filter = {.size = sizeof filter, .parent = parent};
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *child;
  aft_id found = 0;
  assert_ok(aft_case_list(c->d.session, &c->d.system, &filter, &cursor, &error));
  while (aft_cursor_next(cursor, &child, &error) == AFT_OK)
    if (strcmp(aft_case_kind(child), kind) == 0) {
      assert_int_equal(found, 0);
      found = aft_case_id(child);
    }
  aft_cursor_free(cursor);
  assert_true(found != 0);
  return found;
}

static void assert_answers(case_desk *c, aft_id id, const char *reason, const char *liable,
                           const char *freight) {
  assert_case_text(c, id, AFT_CASE_REASON, reason);
  assert_case_text(c, id, AFT_CASE_LIABLE, liable);
  assert_case_text(c, id, AFT_CASE_FREIGHT, freight);
}

static void pass(case_desk *c, int64_t days) {
  for (int64_t i = 0; i < days; i++) {
    desk_pass(&c->d, CASE_DAY);
    desk_tick(&c->d);
  }
}

static void rule(case_desk *c, aft_id parent, const char *verdict, int64_t share) {
  aft_call arbiter = case_arbiter(c);
  aft_case_in in = {.kind = AFT_STR("dispute"), .reason = AFT_STR("decision_disputed"), .parent = parent};
  aft_id dispute = case_file_in(c, &c->d.as_buyer, &in);
  case_act(c, &arbiter, dispute, "ready");
  aft_case_act_in act = {.case_id = dispute, .event = AFT_STR(verdict), .share = share};
  case_act_with(c, &arbiter, &act);
  case_act(c, &arbiter, dispute, "carry_out");
}

/* The carrier is asked for what the goods were worth, whatever the case itself does with the buyer. */
static void assert_recourse(case_desk *c, aft_id parent, int64_t worth, const char *reason) {
  aft_id id = child_of(c, parent, "recourse");
  assert_answers(c, id, reason, "carrier", "seller");
  assert_int_equal(case_int(c, id, AFT_CASE_ASKED), worth);
  aft_case_act_in cancel = {.case_id = id, .event = AFT_STR("cancel")};
  assert_gives(case_attempt(c, &c->d.as_buyer, &cancel), AFT_E_DENIED);
  case_act(c, &c->d.as_agent, id, "lodge");
  case_leg leg = case_leg_of(c, id, "recourse");
  assert_string_equal(leg.payer, "carrier");
  assert_string_equal(leg.payee, "seller");
  assert_int_equal(leg.requested, worth);
  assert_int_equal(case_requests(c, id, "money.settle"), 1);
  assert_case(c, id, "lodged");
  assert_gives(case_settle(c, &leg, AFT_SETTLE_CONFIRMED, worth, "carrier-1"), AFT_OK);
  assert_case(c, id, "settled");
}

static void a_carrier_is_asked_for_what_was_lost_and_the_buyer_is_paid_once(void **state) {
  static const char *const kinds[] = {"return", "withdrawal", "exchange"};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
    aft_id id = case_file(&c, &c.d.as_agent, kinds[i], "changed_mind", c.line[0], 1);
    if (strcmp(kinds[i], "withdrawal") != 0)
      case_approve(&c, id);
    aft_case_act_in ship = {.case_id = id, .event = AFT_STR("ship"), .waybill = AFT_STR("SF1")};
    case_act_with(&c, &c.d.as_buyer, &ship);
    assert_gives(case_track(&c, "SF1", "t1", "picked_up"), AFT_OK);
    case_act(&c, &c.d.as_agent, id, "parcel_lost");
    case_act(&c, &c.d.as_agent, id, "follow_claim");
    assert_recourse(&c, id, 9000, "not_received");
    int64_t paid = case_confirm_all(&c, id); /* a withdrawal is paid when a carrier has seen it */
    for (int day = 0; day < 20; day++) {
      pass(&c, 1);
      paid += case_confirm_all(&c, id);
    }
    assert_int_equal(paid, 9000);
    assert_case(&c, id, "refunded");
    assert_int_equal(case_line(&c, c.line[0], AFT_LINE_LOST), 1);
    END_DESK(c)
  }
}

static void a_carrier_answers_for_a_parcel_that_never_came(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_SHIPPED))
  aft_id id = case_file(&c, &c.d.as_agent, "undelivered", "undeliverable", c.line[0], 1);
  case_act(&c, &c.d.as_agent, id, "parcel_lost");
  case_act(&c, &c.d.as_agent, id, "follow_claim");
  assert_recourse(&c, id, 9000, "not_received");
  case_act(&c, &c.d.as_agent, id, "receive"); /* it came after all, and broken */
  case_act(&c, &c.d.as_agent, id, "inspect");
  assert_case(&c, id, "inspected");
  END_DESK(c)
}

static void a_carrier_answers_for_what_it_damaged(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_SHIPPED))
  aft_id id = case_file(&c, &c.d.as_agent, "undelivered", "undeliverable", c.line[0], 1);
  case_act(&c, &c.d.as_agent, id, "receive");
  case_find(&c, id, c.line[0], "damaged", 1);
  case_act(&c, &c.d.as_agent, id, "follow_claim");
  assert_recourse(&c, id, 9000, "damaged_in_transit");
  END_DESK(c)
}

static void a_carrier_that_does_not_pay(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 1);
  case_ship(&c, id, "SF1");
  case_act(&c, &c.d.as_agent, id, "parcel_lost");
  case_act(&c, &c.d.as_agent, id, "follow_claim");
  aft_id claim = child_of(&c, id, "recourse");
  pass(&c, 8); /* nobody looks at it: it is lodged as it is */
  case_leg leg = case_leg_of(&c, claim, "recourse");
  assert_gives(case_settle(&c, &leg, AFT_SETTLE_FAILED, 0, ""), AFT_OK);
  assert_case(&c, claim, "closed_rejected");
  END_DESK(c)
}

static aft_id replacement_on_its_way(case_desk *c, const char *kind, const char *reason) {
  aft_id id = case_file(c, &c->d.as_agent, kind, reason, c->line[0], 1);
  case_approve(c, id);
  if (strcmp(kind, "exchange") == 0) {
    case_act(c, &c->d.as_agent, id, "receive");
    case_act(c, &c->d.as_agent, id, "accept_goods");
    case_act(c, &c->d.as_agent, id, "settle");
  }
  case_act(c, &c->d.as_agent, id, "send");
  return id;
}

static const struct {
  const char *kind, *reason;
} replacing[] = {{"exchange", "other"}, {"reissue", "missing_part"}};

static void a_replacement_that_is_lost_is_claimed_and_sent_once_more(void **state) {
  for (size_t i = 0; i < sizeof replacing / sizeof *replacing; i++) {
    ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
    aft_id id = replacement_on_its_way(&c, replacing[i].kind, replacing[i].reason);
    case_act(&c, &c.d.system, id, "parcel_lost");
    case_act(&c, &c.d.as_agent, id, "follow_claim");
    assert_recourse(&c, id, 9000, "not_received");
    case_act(&c, &c.d.as_agent, id, "follow_reissue");
    assert_case(&c, id, "completed");
    aft_id again = child_of(&c, id, "reissue");
    assert_case_text(&c, again, AFT_CASE_REASON, replacing[i].reason);
    END_DESK(c)
  }
}

/* What the arbiter ruled is not asked for once more. */
static void a_verdict_on_what_was_delivered_is_carried_out(void **state) {
  for (size_t i = 0; i < sizeof replacing / sizeof *replacing; i++) {
    ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
    aft_id id = replacement_on_its_way(&c, replacing[i].kind, replacing[i].reason);
    case_act(&c, &c.d.system, id, "replacement_delivered");
    rule(&c, id, "rule_buyer", 0);
    assert_case(&c, id, "completed");
    assert_case(&c, child_of(&c, id, "reissue"), "approved");
    END_DESK(c)
  }
}

static void a_shared_verdict_on_what_was_delivered_pays_its_share(void **state) {
  for (size_t i = 0; i < sizeof replacing / sizeof *replacing; i++) {
    ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
    aft_id id = replacement_on_its_way(&c, replacing[i].kind, replacing[i].reason);
    case_act(&c, &c.d.system, id, "replacement_delivered");
    rule(&c, id, "rule_shared", 500);
    assert_case(&c, id, "completed");
    aft_id claim = child_of(&c, id, "claim");
    assert_answers(&c, claim, "service_failure", "seller", "seller");
    assert_int_equal(case_int(&c, claim, AFT_CASE_ASKED), 9000);
    assert_int_equal(case_int(&c, claim, AFT_CASE_AGREED), 4500);
    assert_int_equal(case_confirm_all(&c, claim), 4500);
    assert_case(&c, claim, "settled");
    END_DESK(c)
  }
}

static void a_shared_verdict_on_goods_that_were_never_sent_once_more(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = case_file(&c, &c.d.as_agent, "reissue", "missing_part", c.line[0], 1);
  case_act(&c, &c.d.as_agent, id, "reject");
  rule(&c, id, "rule_shared", 250);
  aft_id claim = child_of(&c, id, "claim");
  assert_int_equal(case_confirm_all(&c, claim), 2250);
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_WITH_BUYER), 3);
  END_DESK(c)
}

/* The shop has seen the photo, or agreed without one: neither is asked for again. */
static void a_refund_of_what_cannot_be_sent_once_more_needs_no_other_proof(void **state) {
  static const bool shown[] = {true, false};
  for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
    ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
    aft_id id = case_file(&c, &c.d.as_buyer, "reissue", "missing_part", c.line[0], 1);
    if (shown[i])
      case_photo(&c, &c.d.as_buyer, id, "no handle");
    if (!shown[i])
      case_act(&c, &c.d.as_agent, id, "approve");
    case_act(&c, &c.d.as_agent, id, "out_of_stock");
    pass(&c, 3);
    assert_case(&c, id, "completed");
    aft_id refund = child_of(&c, id, "refund");
    assert_answers(&c, refund, "missing_part", "seller", "seller");
    assert_int_equal(case_int(&c, refund, AFT_CASE_EVIDENCE), shown[i]);
    assert_int_equal(case_parts(&c, refund, AFT_KIND_SIGNAL), 0);
    assert_int_equal(case_int(&c, refund, AFT_CASE_ASKED), 9000);
    aft_record *record = case_get(&c, refund);
    assert_string_not_equal(aft_case_state(record), "evidence");
    assert_string_not_equal(aft_case_state(record), "closed_rejected");
    aft_record_free(record);
    END_DESK(c)
  }
}

static void a_kind_that_was_agreed_on_in_place_of_a_reissue(void **state) {
  static const char *const kinds[] = {"refund", "return"};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
    aft_id id = case_file(&c, &c.d.as_buyer, "reissue", "missing_part", c.line[0], 1);
    case_photo(&c, &c.d.as_buyer, id, "no lid");
    aft_case_act_in counter = {.case_id = id, .event = AFT_STR("counter"), .kind = AFT_STR(kinds[i])};
    case_act_with(&c, &c.d.as_agent, &counter);
    case_act(&c, &c.d.as_buyer, id, "accept");
    assert_case(&c, id, "completed");
    aft_id child = child_of(&c, id, kinds[i]);
    assert_answers(&c, child, "missing_part", "seller", "seller");
    assert_int_equal(case_int(&c, child, AFT_CASE_EVIDENCE), 1);
    END_DESK(c)
  }
}

static void under_warranty(case_desk *c, desk_kind kind, bool is) {
  case_story story;
  case_story_open(c, &story, kind, CASE_DELIVERED);
  story.lines[0].warranty_until = is ? c->d.now + 400 * CASE_DAY : 0;
  case_story_tell(c, &story);
}

static aft_id past_mending(case_desk *c) {
  aft_id id = case_file(c, &c->d.as_buyer, "repair", "repair_wanted", c->line[0], 1);
  case_ship(c, id, "SF1");
  case_act(c, &c->d.as_agent, id, "receive");
  case_act(c, &c->d.as_agent, id, "diagnose");
  case_act(c, &c->d.as_agent, id, "irreparable");
  return id;
}

/* One cup for 300.00 and its freight of 10.00. */
static void alone_under_warranty(case_desk *c, desk_kind kind) {
  case_story story;
  case_story_open(c, &story, kind, CASE_DELIVERED);
  story.lines[1] = story.lines[2];
  case_story_one(&story, 1, 30000);
  story.lines[0].warranty_until = c->d.now + 400 * CASE_DAY;
  story.payments[0].captured.minor = 31000;
  story.facts.n_lines = 2;
  case_story_tell(c, &story);
}

static void what_cannot_be_mended_under_warranty_is_paid_back_with_its_freight(void **state) {
  ON_EACH_DESK(c, alone_under_warranty(&c, kind))
  aft_id id = past_mending(&c);
  case_act(&c, &c.d.as_buyer, id, "prefer_refund");
  aft_id back = child_of(&c, id, "return");
  assert_answers(&c, back, "defective_later", "seller", "seller");
  assert_int_equal(case_requests(&c, back, "label.request"), 0);
  assert_int_equal(case_confirm_all(&c, back), 31000);
  assert_case(&c, back, "refunded");
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_RETURNED), 1);
  END_DESK(c)
}

static void what_cannot_be_mended_under_warranty_is_exchanged_by_time_alone(void **state) {
  ON_EACH_DESK(c, under_warranty(&c, kind, true))
  aft_id id = past_mending(&c);
  pass(&c, 8);
  aft_id other = child_of(&c, id, "exchange");
  assert_answers(&c, other, "defective_later", "seller", "seller");
  assert_case(&c, other, "settled");
  case_act(&c, &c.d.as_agent, other, "send");
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_RETURNED), 1);
  END_DESK(c)
}

static void what_cannot_be_mended_without_a_warranty_is_looked_at_first(void **state) {
  static const char *const events[] = {"prefer_refund", "follow_exchange"}, *const kinds[] = {"return",
                                                                                              "exchange"};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    ON_EACH_DESK(c, under_warranty(&c, kind, false))
    aft_id id = past_mending(&c);
    case_act(&c, &c.d.as_agent, id, events[i]);
    aft_id child = child_of(&c, id, kinds[i]);
    assert_case(&c, child, "received"); /* it is here: no label, no wait for a parcel */
    assert_int_equal(case_requests(&c, child, "label.request"), 0);
    END_DESK(c)
  }
}

static void what_is_lost_on_its_way_to_be_mended(void **state) {
  ON_EACH_DESK(c, under_warranty(&c, kind, true))
  aft_id id = case_file(&c, &c.d.as_buyer, "repair", "repair_wanted", c.line[0], 1);
  case_ship(&c, id, "SF1");
  case_act(&c, &c.d.as_agent, id, "parcel_lost");
  case_act(&c, &c.d.as_agent, id, "follow_claim");
  assert_recourse(&c, id, 9000, "not_received");
  END_DESK(c)
}

static void what_was_not_mended_keeps_its_fault(void **state) {
  ON_EACH_DESK(c, under_warranty(&c, kind, true))
  aft_id id = case_file(&c, &c.d.as_buyer, "repair", "repair_wanted", c.line[0], 1);
  case_ship(&c, id, "SF1");
  case_act(&c, &c.d.as_agent, id, "receive");
  case_act(&c, &c.d.as_agent, id, "diagnose");
  case_act(&c, &c.d.as_agent, id, "no_fault");
  case_act(&c, &c.d.as_agent, id, "send_back");
  aft_case_act_in still = {.case_id = id, .event = AFT_STR("not_mended"), .text = AFT_STR("it still leaks")};
  case_act_with(&c, &c.d.as_buyer, &still);
  aft_id again = child_of(&c, id, "repair");
  assert_case_text(&c, again, AFT_CASE_FAULT, "it still leaks");
  assert_case(&c, again, "requested"); /* the goods are with the buyer */
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_IN_REPAIR), 1);
  END_DESK(c)
}

static void a_claim_that_is_met_with_goods(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_case_line_in one = {.size = sizeof one, .line = c.line[0], .quantity = 1};
  aft_case_in in = {.kind = AFT_STR("claim"),
                    .reason = AFT_STR("damaged_in_transit"),
                    .lines = &one,
                    .n_lines = 1,
                    .amount = {3000, "CNY", 0}};
  aft_id id = case_file_in(&c, &c.d.as_buyer, &in);
  case_photo(&c, &c.d.as_buyer, id, "crushed");
  case_act(&c, &c.d.as_buyer, id, "submit");
  case_act(&c, &c.d.as_agent, id, "replace_instead");
  aft_id again = child_of(&c, id, "reissue");
  assert_answers(&c, again, "damaged_in_transit", "carrier", "seller");
  assert_int_equal(case_int(&c, again, AFT_CASE_EVIDENCE), 1);
  END_DESK(c)
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_carrier_is_asked_for_what_was_lost_and_the_buyer_is_paid_once),
      cmocka_unit_test(a_carrier_answers_for_a_parcel_that_never_came),
      cmocka_unit_test(a_carrier_answers_for_what_it_damaged),
      cmocka_unit_test(a_carrier_that_does_not_pay),
      cmocka_unit_test(a_replacement_that_is_lost_is_claimed_and_sent_once_more),
      cmocka_unit_test(a_verdict_on_what_was_delivered_is_carried_out),
      cmocka_unit_test(a_shared_verdict_on_what_was_delivered_pays_its_share),
      cmocka_unit_test(a_shared_verdict_on_goods_that_were_never_sent_once_more),
      cmocka_unit_test(a_refund_of_what_cannot_be_sent_once_more_needs_no_other_proof),
      cmocka_unit_test(a_kind_that_was_agreed_on_in_place_of_a_reissue),
      cmocka_unit_test(what_cannot_be_mended_under_warranty_is_paid_back_with_its_freight),
      cmocka_unit_test(what_cannot_be_mended_under_warranty_is_exchanged_by_time_alone),
      cmocka_unit_test(what_cannot_be_mended_without_a_warranty_is_looked_at_first),
      cmocka_unit_test(what_is_lost_on_its_way_to_be_mended),
      cmocka_unit_test(what_was_not_mended_keeps_its_fault),
      cmocka_unit_test(a_claim_that_is_met_with_goods),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
