/* Repairs: which of them count as the same, where they are done, and what becomes of goods that are not
 * mended. */
#include "case_story.h"

#include <string.h>

/* The only case that has this one as its parent. */
static aft_id child_of(case_desk *c, aft_id parent) {
  aft_case_filter filter = {.size = sizeof filter, .parent = parent};
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *child;
  aft_id found = 0;
  assert_ok(aft_case_list(c->d.session, &c->d.system, &filter, &cursor, &error));
  while (aft_cursor_next(cursor, &child, &error) == AFT_OK) {
    assert_int_equal(found, 0);
    found = aft_case_id(child);
  }
  aft_cursor_free(cursor);
  return found;
}

static void three_cups(case_desk *c, desk_kind kind) {
  case_story story;
  case_story_open(c, &story, kind, CASE_DELIVERED);
  story.lines[0].warranty_until = c->d.now + 900 * CASE_DAY;
  story.lines[0].serials = AFT_STR("S1 S2 S3");
  case_story_tell(c, &story);
}

typedef struct wish {
  const char *fault, *serial, *route;
} wish;

static aft_id repair_of(case_desk *c, wish w) {
  aft_case_line_in one = {
      .size = sizeof one, .line = c->line[0], .quantity = 1, .serial = AFT_STR(w.serial ? w.serial : "")};
  aft_case_in in = {.kind = AFT_STR("repair"),
                    .reason = AFT_STR("repair_wanted"),
                    .lines = &one,
                    .n_lines = 1,
                    .fault = AFT_STR(w.fault ? w.fault : ""),
                    .route = AFT_STR(w.route ? w.route : "")};
  return case_file_in(c, &c->d.as_buyer, &in);
}

static void bring_in(case_desk *c, aft_id id) {
  case_act(c, &c->d.as_agent, id, "approve");
  case_act(c, &c->d.as_agent, id, "receive");
  case_act(c, &c->d.as_agent, id, "diagnose");
}

static void mend(case_desk *c, wish w) {
  static const char *const events[] = {"start", "test", "passed", "send_back", "confirm"};
  aft_id id = repair_of(c, w);
  bring_in(c, id);
  for (size_t i = 0; i < sizeof events / sizeof *events; i++)
    case_act(c, &c->d.as_agent, id, events[i]);
  assert_case(c, id, "completed");
}

/* ---- the same fault once more ---- */

static void the_third_time_the_buyer_may_have_other_goods(void **state) {
  static const char *const events[] = {"prefer_exchange", "prefer_refund"}, *const kinds[] = {"exchange",
                                                                                              "return"};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    ON_EACH_DESK(c, three_cups(&c, kind))
    mend(&c, (wish){.fault = "leaks"});
    mend(&c, (wish){.fault = "leaks"});
    aft_id id = repair_of(&c, (wish){.fault = "leaks"});
    assert_case(&c, id, "replace_right");
    assert_int_equal(case_line(&c, c.line[0], AFT_LINE_IN_REPAIR), 1); /* no other case can have it */
    assert_gives(case_file_try(&c, &c.d.as_agent, "return", "changed_mind", c.line[0], 3), AFT_E_CHECK);
    case_act(&c, &c.d.as_buyer, id, events[i]);
    assert_case(&c, id, "replaced");
    aft_id child = child_of(&c, id);
    assert_case_text(&c, child, AFT_CASE_KIND, kinds[i]);
    assert_case_text(&c, child, AFT_CASE_LIABLE, "seller");
    assert_case_text(&c, child, AFT_CASE_FREIGHT, "seller");
    assert_int_equal(case_line(&c, c.line[0], AFT_LINE_IN_REPAIR), 0);
    END_DESK(c)
  }
}

static void a_buyer_who_does_not_choose_has_it_mended_once_more(void **state) {
  ON_EACH_DESK(c, three_cups(&c, kind))
  mend(&c, (wish){0});
  mend(&c, (wish){0});
  aft_id id = repair_of(&c, (wish){0});
  assert_case(&c, id, "replace_right");
  desk_pass(&c.d, 7 * CASE_DAY + CASE_HOUR);
  desk_tick(&c.d);
  assert_case(&c, id, "approved");
  assert_int_equal(case_requests(&c, id, "label.request"), 1);
  case_act(&c, &c.d.as_buyer, id, "cancel");
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_WITH_BUYER), 3);
  END_DESK(c)
}

static void repairs_that_are_not_of_the_same_fault_or_unit(void **state) {
  static const struct {
    wish before, now;
  } pairs[] = {{{.fault = "handle"}, {.fault = "lid"}},
               {{.serial = "S1"}, {.serial = "S2"}},
               {{.fault = "lid", .serial = "S1"}, {.fault = "lid", .serial = "S3"}}};
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    ON_EACH_DESK(c, three_cups(&c, kind))
    mend(&c, pairs[i].before);
    mend(&c, pairs[i].before);
    assert_case(&c, repair_of(&c, pairs[i].now), "requested");
    assert_case(&c, repair_of(&c, pairs[i].before), "replace_right");
    END_DESK(c)
  }
}

static void what_was_not_mended_counts_as_no_repair(void **state) {
  ON_EACH_DESK(c, three_cups(&c, kind))
  for (int i = 0; i < 3; i++) {
    aft_id id = repair_of(&c, (wish){.fault = "leaks"});
    assert_case(&c, id, "requested");
    bring_in(&c, id);
    case_act(&c, &c.d.as_agent, id, "no_fault");
    case_act(&c, &c.d.as_agent, id, "send_back");
    case_act(&c, &c.d.as_buyer, id, "confirm");
    assert_case(&c, id, "closed_unrepaired");
    assert_int_equal(case_requests(&c, id, "warranty.renew"), 0);
    assert_int_equal(case_requests(&c, id, "warranty.resume"), 1);
  }
  END_DESK(c)
}

static void a_serial_number_of_another_article(void **state) {
  ON_EACH_DESK(c, three_cups(&c, kind))
  static const struct {
    const char *serial;
    int64_t units;
  } wrong[] = {{"S4", 1}, {"S", 1}, {"S1 S2", 2}, {"S1", 2}};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    aft_case_line_in one = {.size = sizeof one,
                            .line = c.line[0],
                            .quantity = wrong[i].units,
                            .serial = AFT_STR(wrong[i].serial)};
    aft_case_in in = {.size = sizeof in,
                      .order = c.order,
                      .kind = AFT_STR("repair"),
                      .reason = AFT_STR("repair_wanted"),
                      .lines = &one,
                      .n_lines = 1};
    case_error = (aft_error)AFT_ERROR_INIT;
    assert_gives(aft_case_file(c.d.session, &c.d.as_buyer, &in, NULL, &case_error), AFT_E_INVALID);
    assert_string_equal(case_error.where, "case.lines[0].serial");
  }
  END_DESK(c)
}

/* ---- parts ---- */

static void a_repair_waits_for_parts_and_goes_on(void **state) {
  ON_EACH_DESK(c, three_cups(&c, kind))
  aft_id id = repair_of(&c, (wish){0});
  bring_in(&c, id);
  case_act(&c, &c.d.as_agent, id, "start");
  case_act(&c, &c.d.as_agent, id, "order_parts");
  assert_case(&c, id, "waiting_parts");
  case_act(&c, &c.d.as_agent, id, "parts_here");
  assert_case(&c, id, "repairing");
  case_act(&c, &c.d.as_agent, id, "order_parts");
  desk_pass(&c.d, 15 * CASE_DAY);
  desk_tick(&c.d);
  assert_case(&c, id, "irreparable");
  END_DESK(c)
}

static void a_part_is_sent_and_the_goods_stay(void **state) {
  ON_EACH_DESK(c, three_cups(&c, kind))
  aft_id id = repair_of(&c, (wish){.route = "part"});
  case_act(&c, &c.d.as_agent, id, "approve");
  assert_case(&c, id, "arranged");
  assert_int_equal(case_requests(&c, id, "label.request"), 0);
  assert_gives(case_try(&c, &c.d.as_agent, id, "visit"), AFT_E_TRANSITION);
  case_act(&c, &c.d.as_agent, id, "send_part");
  case_act(&c, &c.d.as_buyer, id, "confirm");
  assert_case(&c, id, "completed");
  assert_int_equal(case_requests(&c, id, "warranty.renew"), 1);
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_WITH_BUYER), 3);
  END_DESK(c)
}

/* ---- on site ---- */

static aft_id visited(case_desk *c) {
  aft_id id = repair_of(c, (wish){.route = "on_site"});
  case_act(c, &c->d.as_agent, id, "approve");
  assert_case(c, id, "arranged");
  case_act(c, &c->d.as_agent, id, "visit");
  return id;
}

static void a_repair_on_site_sends_nothing(void **state) {
  ON_EACH_DESK(c, three_cups(&c, kind))
  aft_id id = visited(&c);
  case_act(&c, &c.d.as_agent, id, "start");
  case_act(&c, &c.d.as_agent, id, "test");
  case_act(&c, &c.d.as_agent, id, "passed");
  assert_case(&c, id, "repaired_here");
  case_act(&c, &c.d.as_buyer, id, "confirm");
  assert_case(&c, id, "completed");
  assert_int_equal(case_requests(&c, id, "label.request"), 0);
  assert_int_equal(case_requests(&c, id, "goods.send_back"), 0);
  id = visited(&c);
  case_act(&c, &c.d.as_agent, id, "no_fault");
  assert_case(&c, id, "closed_unrepaired");
  assert_int_equal(case_requests(&c, id, "goods.send_back"), 0);
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_WITH_BUYER), 3);
  END_DESK(c)
}

static void a_visit_that_is_booked_for_later_is_waited_for(void **state) {
  ON_EACH_DESK(c, three_cups(&c, kind))
  aft_error error = AFT_ERROR_INIT;
  aft_id id = repair_of(&c, (wish){.route = "on_site"});
  case_act(&c, &c.d.as_agent, id, "approve");
  aft_appointment_in visit = {.size = sizeof visit,
                              .act = AFT_BOOKING_BOOK,
                              .case_id = id,
                              .kind = AFT_STR("visit"),
                              .begins = c.d.now + 9 * CASE_DAY,
                              .ends = c.d.now + 9 * CASE_DAY + CASE_HOUR};
  assert_ok(aft_appointment_put(c.d.session, &c.d.as_agent, &visit, NULL, &error));
  desk_pass(&c.d, 8 * CASE_DAY);
  desk_tick(&c.d);
  assert_case(&c, id, "arranged");
  desk_pass(&c.d, 8 * CASE_DAY); /* nobody came */
  desk_tick(&c.d);
  assert_case(&c, id, "arranged_late");
  case_act(&c, &c.d.as_agent, id, "visit");
  END_DESK(c)
}

static aft_id ruled_for_the_buyer(case_desk *c, aft_id parent) {
  aft_call arbiter = case_arbiter(c);
  aft_case_in in = {.kind = AFT_STR("dispute"), .reason = AFT_STR("decision_disputed"), .parent = parent};
  aft_id id = case_file_in(c, &c->d.as_buyer, &in);
  case_act(c, &arbiter, id, "ready");
  case_act(c, &arbiter, id, "rule_buyer");
  case_act(c, &arbiter, id, "carry_out");
  assert_case(c, id, "closed");
  return id;
}

static void a_price_for_a_repair_on_site_that_is_disputed(void **state) {
  ON_EACH_DESK(c, three_cups(&c, kind))
  aft_id id = visited(&c);
  aft_case_act_in quote = {.case_id = id, .event = AFT_STR("quote"), .amount = {5000, "CNY", 0}};
  case_act_with(&c, &c.d.as_agent, &quote);
  ruled_for_the_buyer(&c, id);
  assert_case(&c, id, "repairing"); /* somebody has looked at it, and it costs nothing */
  assert_int_equal(case_legs_in(&c, id, "sent"), 0);
  END_DESK(c)
}

static void a_repair_that_was_refused_and_is_granted_by_a_verdict(void **state) {
  static const char *const routes[] = {"", "on_site", "part"}, *const states[] = {"approved", "arranged",
                                                                                  "arranged"};
  for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
    ON_EACH_DESK(c, three_cups(&c, kind))
    aft_id id = repair_of(&c, (wish){.route = routes[i]});
    case_act(&c, &c.d.as_agent, id, "reject");
    ruled_for_the_buyer(&c, id);
    assert_case(&c, id, states[i]);
    assert_int_equal(case_requests(&c, id, "warranty.pause"), 1);
    assert_int_equal(case_requests(&c, id, "label.request"), i == 0);
    END_DESK(c)
  }
}

/* ---- goods that the shop does not give back ---- */

static void a_shop_that_keeps_what_it_mended_pays_for_it(void **state) {
  static const char *const ways[][4] = {{"start", "test", "passed", NULL}, {"no_fault", NULL}};
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
    ON_EACH_DESK(c, three_cups(&c, kind))
    aft_id id = repair_of(&c, (wish){0});
    bring_in(&c, id);
    for (size_t e = 0; ways[i][e]; e++)
      case_act(&c, &c.d.as_agent, id, ways[i][e]);
    desk_pass(&c.d, 6 * CASE_DAY);
    desk_tick(&c.d);
    case_act(&c, &c.d.as_buyer, id, "prefer_refund");
    aft_id back = child_of(&c, id);
    assert_case_text(&c, back, AFT_CASE_REASON, "not_given_back");
    assert_int_equal(case_confirm_all(&c, back), 9000);
    assert_case(&c, back, "refunded");
    END_DESK(c)
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_third_time_the_buyer_may_have_other_goods),
      cmocka_unit_test(a_buyer_who_does_not_choose_has_it_mended_once_more),
      cmocka_unit_test(repairs_that_are_not_of_the_same_fault_or_unit),
      cmocka_unit_test(what_was_not_mended_counts_as_no_repair),
      cmocka_unit_test(a_serial_number_of_another_article),
      cmocka_unit_test(a_repair_waits_for_parts_and_goes_on),
      cmocka_unit_test(a_part_is_sent_and_the_goods_stay),
      cmocka_unit_test(a_repair_on_site_sends_nothing),
      cmocka_unit_test(a_visit_that_is_booked_for_later_is_waited_for),
      cmocka_unit_test(a_price_for_a_repair_on_site_that_is_disputed),
      cmocka_unit_test(a_repair_that_was_refused_and_is_granted_by_a_verdict),
      cmocka_unit_test(a_shop_that_keeps_what_it_mended_pays_for_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
