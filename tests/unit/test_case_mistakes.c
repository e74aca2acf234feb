/* The field's mistakes with the order of things: races, deadlines, offers, disputes and marketplaces. */
#include "case_story.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* ---- races ---- */

#define THREADS 4

typedef struct race {
  case_desk *c;
  const char *kind, *reason;
  int64_t units;
  aft_id id;
  const char *event;
} race;

/* A session of its own for each. How many went through. */
static void *run_race(void *user) {
  race *r = user;
  aft_error error = AFT_ERROR_INIT;
  aft_session *session;
  uintptr_t done = 0;
  if (aft_session_open(r->c->d.store, &session, &error) < 0)
    return (void *)(uintptr_t)1000;
  aft_case_line_in one = {.size = sizeof one, .line = r->c->line[0], .quantity = r->units};
  aft_case_in in = {.size = sizeof in,
                    .order = r->c->order,
                    .kind = AFT_STR(r->kind),
                    .reason = AFT_STR(r->reason),
                    .lines = &one,
                    .n_lines = 1};
  aft_case_act_in act = {.size = sizeof act, .case_id = r->id, .event = {r->event, AFT_NTS}};
  aft_status status = r->id ? aft_case_act(session, &r->c->d.as_agent, &act, NULL, &error)
                            : aft_case_file(session, &r->c->d.as_agent, &in, NULL, &error);
  if (status == AFT_OK)
    done = 1;
  else if (status != (r->id ? AFT_E_TRANSITION : AFT_E_CHECK))
    done = 1000;
  aft_session_close(session);
  return (void *)done;
}

static uintptr_t race_all(race *r) {
  pthread_t threads[THREADS];
  uintptr_t total = 0;
  for (int i = 0; i < THREADS; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, run_race, r), 0);
  for (int i = 0; i < THREADS; i++) {
    void *n;
    pthread_join(threads[i], &n);
    total += (uintptr_t)n;
  }
  return total;
}

static void quantity_race(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  race last = {.c = &c, .kind = "return", .reason = "changed_mind", .units = 3};
  assert_int_equal(race_all(&last), 1); /* there are three */
  assert_int_equal(case_count(&c), 1);
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_IN_RETURN), 3);
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_WITH_BUYER), 0);
  END_DESK(c)
}

static void quantity_race_between_kinds(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  race returns = {.c = &c, .kind = "return", .reason = "changed_mind", .units = 2};
  assert_int_equal(race_all(&returns), 1);
  race repairs = {.c = &c, .kind = "repair", .reason = "repair_wanted", .units = 1};
  assert_int_equal(race_all(&repairs), 1);
  assert_gives(case_file_try(&c, &c.d.as_agent, "exchange", "changed_mind", c.line[0], 1), AFT_E_CHECK);
  END_DESK(c)
}

static void the_same_refund_in_four_threads(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 1);
  case_ship(&c, id, "SF1");
  case_act(&c, &c.d.as_agent, id, "receive");
  race accept = {.c = &c, .kind = "", .reason = "", .id = id, .event = "accept_goods"};
  assert_int_equal(race_all(&accept), 1);
  assert_int_equal(case_confirm_all(&c, id), 9000);
  assert_int_equal(case_payment(&c, "pay-1", AFT_PAYMENT_REFUNDED), 9000);
  END_DESK(c)
}

/* What was read before another changed it is not acted on. */
static void acting_on_what_has_changed(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "other", c.line[0], 1);
  int64_t seen = case_int(&c, id, AFT_CASE_REV);
  case_act(&c, &c.d.as_buyer, id, "amend");
  assert_true(case_int(&c, id, AFT_CASE_REV) > seen);
  aft_case_act_in approve = {.case_id = id, .event = AFT_STR("approve"), .rev = seen};
  assert_gives(case_attempt(&c, &c.d.as_agent, &approve), AFT_E_CONFLICT);
  assert_string_equal(case_error.where, "case.rev");
  approve.rev = case_int(&c, id, AFT_CASE_REV);
  assert_gives(case_attempt(&c, &c.d.as_agent, &approve), AFT_OK);
  END_DESK(c)
}

static void a_version_that_stands_still(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  static const char *const events[] = {"receive", "inspect", "accept_goods"};
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 1);
  int64_t rev = case_int(&c, id, AFT_CASE_REV), length = case_int(&c, id, AFT_CASE_EVENTS);
  for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
    case_act(&c, &c.d.as_agent, id, events[i]);
    assert_true(case_int(&c, id, AFT_CASE_REV) > rev);
    assert_true(case_int(&c, id, AFT_CASE_EVENTS) > length);
    rev = case_int(&c, id, AFT_CASE_REV);
    length = case_int(&c, id, AFT_CASE_EVENTS);
  }
  END_DESK(c)
}

/* ---- deadlines ---- */

static const struct {
  const char *kind, *reason;
} kinds_of_case[] = {
    {"return", "changed_mind"},         {"exchange", "changed_mind"},  {"refund", "changed_mind"},
    {"withdrawal", "changed_mind"},     {"repair", "repair_wanted"},   {"claim", "service_failure"},
    {"reissue", "missing_part"},        {"freight", "return_freight"}, {"goodwill", "service_failure"},
    {"price_protection", "price_drop"}, {"undelivered", "refused"}};

static void assert_all_due(case_desk *c) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *record;
  assert_ok(aft_case_list(c->d.session, &c->d.system, NULL, &cursor, &error));
  while (aft_cursor_next(cursor, &record, &error) == AFT_OK) {
    if (!aft_case_open(record))
      continue;
    if (aft_record_is_null(record, AFT_CASE_DUE))
      fail_msg("%s in %s has no deadline", aft_case_kind(record), aft_case_state(record));
    if (aft_case_due(record) <= c->d.now)
      fail_msg("%s in %s should have come to its default outcome", aft_case_kind(record),
               aft_case_state(record));
  }
  aft_cursor_free(cursor);
}

/* Money that is sent is confirmed: what time alone has to bring about is the rest. */
static void confirm_what_was_sent(case_desk *c) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor = case_all(c);
  aft_record *record;
  while (aft_cursor_next(cursor, &record, &error) == AFT_OK)
    case_confirm_all(c, aft_case_id(record));
  aft_cursor_free(cursor);
}

static void assert_over(case_desk *c, const char *story) {
  static const uint32_t held[] = {AFT_LINE_IN_RETURN, AFT_LINE_IN_EXCHANGE, AFT_LINE_IN_REPAIR};
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor = case_all(c);
  aft_record *record;
  while (aft_cursor_next(cursor, &record, &error) == AFT_OK)
    if (aft_case_open(record) || aft_record_is_null(record, AFT_CASE_CLOSED))
      fail_msg("%s: %s is still in %s", story, aft_case_kind(record), aft_case_state(record));
  aft_cursor_free(cursor);
  assert_ok(aft_line_list(c->d.session, &c->d.system, c->order, &cursor, &error));
  while (aft_cursor_next(cursor, &record, &error) == AFT_OK)
    for (size_t i = 0; i < sizeof held / sizeof *held; i++)
      if (aft_record_int(record, held[i]))
        fail_msg("%s: units of %s are held by nobody", story, aft_line_ref(record));
  aft_cursor_free(cursor);
}

/* Nobody does anything for a year: at no moment does a case wait for ever, and each comes to its end. */
static void time_alone(case_desk *c, const char *story) {
  for (int day = 0; day < 365; day++) {
    confirm_what_was_sent(c);
    assert_all_due(c);
    desk_pass(&c->d, CASE_DAY);
    desk_tick(&c->d);
  }
  assert_over(c, story);
}

static void no_deadline_in_a_state(void **state) {
  static const case_way ways[] = {CASE_DELIVERED, CASE_SHIPPED, CASE_UNSHIPPED};
  (void)state;
  for (size_t i = 0; i < sizeof kinds_of_case / sizeof *kinds_of_case; i++)
    for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
      case_desk c;
      case_usual(&c, DESK_MEMORY, ways[w]);
      aft_case_line_in one = {.size = sizeof one, .line = c.line[0], .quantity = 1};
      aft_case_in in = {.kind = AFT_STR(kinds_of_case[i].kind),
                        .reason = AFT_STR(kinds_of_case[i].reason),
                        .lines = &one,
                        .n_lines = 1,
                        .amount = {1000, "CNY", 0},
                        .in_spite = 1};
      if (strcmp(kinds_of_case[i].kind, "repair") == 0 || strcmp(kinds_of_case[i].kind, "reissue") == 0)
        in.amount = (aft_money){0, "", 0};
      case_file_in(&c, &c.d.as_agent, &in);
      time_alone(&c, kinds_of_case[i].kind);
      case_desk_close(&c);
    }
}

/* Where somebody began and then did nothing more. Events of the carrier and the host are the system's. */
static const struct {
  const char *kind, *reason, *route, *wants, *events[9];
} begun[] = {
    {"exchange", "other", "", "gold", {0}}, /* a buyer wants it, and nobody says its price */
    {"exchange", "other", "", "", {"approve", "receive", "accept_goods", "settle", "send"}},
    {"exchange", "other", "", "", {"approve", "receive", "accept_goods", "settle", "send", "parcel_lost"}},
    {"exchange",
     "other",
     "",
     "",
     {"approve", "receive", "accept_goods", "settle", "send", "replacement_shipped"}},
    {"exchange", "other", "advance", "", {"approve", "authorised", "send", "replacement_delivered"}},
    {"exchange", "other", "", "", {"out_of_stock", "wait"}},
    {"reissue", "missing_part", "", "", {"approve"}},
    {"reissue", "missing_part", "", "", {"approve", "send"}},
    {"reissue", "missing_part", "", "lid", {"approve", "send"}},
    {"reissue", "missing_part", "", "", {"approve", "send", "parcel_lost"}},
    {"reissue", "missing_part", "", "lid", {"approve", "send", "parcel_lost"}},
    {"repair", "repair_wanted", "", "", {"approve", "receive", "diagnose"}},
    {"repair", "repair_wanted", "", "", {"approve", "receive", "diagnose", "irreparable"}},
    {"repair", "repair_wanted", "", "", {"approve", "receive", "diagnose", "irreparable", "try_again"}},
    {"repair",
     "repair_wanted",
     "",
     "",
     {"approve", "receive", "diagnose", "irreparable", "try_again", "test"}},
    {"repair",
     "repair_wanted",
     "",
     "",
     {"approve", "receive", "diagnose", "irreparable", "try_again", "test", "passed"}},
    {"repair", "repair_wanted", "", "", {"approve", "receive", "diagnose", "no_fault"}},
    {"repair", "repair_wanted", "on_site", "", {"approve"}},
    {"repair", "repair_wanted", "on_site", "", {"approve", "visit"}},
    {"repair", "repair_wanted", "part", "", {"approve"}},
    {"repair", "repair_wanted", "part", "", {"approve", "send_part"}},
};

static bool is_told(const char *event) {
  static const char *const told[] = {"parcel_lost", "replacement_shipped", "replacement_delivered",
                                     "authorised"};
  for (size_t i = 0; i < sizeof told / sizeof *told; i++)
    if (strcmp(event, told[i]) == 0)
      return true;
  return false;
}

static void what_was_begun_and_left(void **state) {
  static const int64_t warranties[] = {0, 900};
  (void)state;
  for (size_t i = 0; i < sizeof begun / sizeof *begun; i++)
    for (size_t w = 0; w < sizeof warranties / sizeof *warranties; w++) {
      case_desk c;
      case_story story;
      case_story_open(&c, &story, DESK_MEMORY, CASE_DELIVERED);
      story.lines[0].warranty_until = warranties[w] ? c.d.now + warranties[w] * CASE_DAY : 0;
      case_story_tell(&c, &story);
      aft_case_line_in one = {
          .size = sizeof one, .line = c.line[0], .quantity = 1, .wants = AFT_STR(begun[i].wants)};
      aft_case_in in = {.kind = AFT_STR(begun[i].kind),
                        .reason = AFT_STR(begun[i].reason),
                        .route = AFT_STR(begun[i].route),
                        .lines = &one,
                        .n_lines = 1};
      aft_id id = case_file_in(&c, &c.d.as_buyer, &in);
      for (size_t e = 0; begun[i].events[e]; e++)
        case_act(&c, is_told(begun[i].events[e]) ? &c.d.system : &c.d.as_agent, id, begun[i].events[e]);
      aft_record *record = case_get(&c, id);
      char from[64];
      snprintf(from, sizeof from, "%s in %s", begun[i].kind, aft_case_state(record));
      aft_record_free(record);
      time_alone(&c, from);
      case_desk_close(&c);
    }
}

static void seller_silence_that_costs_the_buyer(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "other", c.line[0], 1);
  assert_case(&c, id, "requested");
  desk_pass(&c.d, 48 * CASE_HOUR - 60000);
  desk_tick(&c.d);
  assert_case(&c, id, "requested");
  desk_pass(&c.d, 60000);
  desk_tick(&c.d);
  assert_case(&c, id, "approved");
  desk_tick(&c.d);
  assert_case(&c, id, "approved"); /* once */
  END_DESK(c)
}

/* A deadline of a state that was left fires nothing. */
static void a_timer_of_a_state_that_was_left(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "other", c.line[0], 1);
  desk_pass(&c.d, 47 * CASE_HOUR);
  case_act(&c, &c.d.as_agent, id, "reject");
  desk_pass(&c.d, 2 * CASE_HOUR);
  desk_tick(&c.d);
  assert_case(&c, id, "rejected");
  desk_pass(&c.d, 7 * CASE_DAY);
  desk_tick(&c.d);
  assert_case(&c, id, "closed_rejected");
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_WITH_BUYER), 3);
  END_DESK(c)
}

/* ---- offers ---- */

static aft_status counter(case_desk *c, aft_id id, int64_t amount) {
  aft_case_act_in in = {.case_id = id, .event = AFT_STR("counter"), .amount = {amount, "CNY", 0}};
  return case_attempt(c, &c->d.as_agent, &in);
}

static void a_counter_offer_above_what_was_asked(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "other", c.line[0], 1);
  assert_gives(counter(&c, id, 9001), AFT_E_INVALID);
  assert_string_equal(case_error.where, "case.amount");
  assert_case(&c, id, "requested");
  assert_gives(counter(&c, id, 8000), AFT_OK);
  case_act(&c, &c.d.as_buyer, id, "accept");
  assert_int_equal(case_int(&c, id, AFT_CASE_AGREED), 8000);
  END_DESK(c)
}

static void bargaining_without_end(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "other", c.line[0], 1);
  for (int64_t round = 1; round <= 2; round++) {
    assert_gives(counter(&c, id, 9000 - round), AFT_OK);
    case_act(&c, &c.d.as_buyer, id, "decline");
    assert_int_equal(case_int(&c, id, AFT_CASE_ROUNDS), round);
  }
  assert_gives(counter(&c, id, 8000), AFT_E_INELIGIBLE);
  assert_case(&c, id, "requested");
  case_act(&c, &c.d.as_agent, id, "approve"); /* what the buyer asked for is what counts again */
  assert_int_equal(case_int(&c, id, AFT_CASE_AGREED), 9000);
  END_DESK(c)
}

static void an_offer_that_changes_the_number_of_the_case(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "other", c.line[0], 1);
  aft_case_act_in keep = {
      .case_id = id, .event = AFT_STR("counter"), .kind = AFT_STR("refund"), .amount = {3000, "CNY", 0}};
  assert_gives(case_attempt(&c, &c.d.as_agent, &keep), AFT_OK);
  case_act(&c, &c.d.as_buyer, id, "accept");
  assert_int_equal(case_count(&c), 1);
  assert_case_text(&c, id, AFT_CASE_KIND, "refund");
  case_act(&c, &c.d.as_agent, id, "pay_out");
  assert_int_equal(case_confirm_all(&c, id), 3000);
  assert_case(&c, id, "refunded");
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_WITH_BUYER), 3);
  END_DESK(c)
}

/* ---- disputes ---- */

static aft_id disputed(case_desk *c, aft_id parent) {
  aft_case_in in = {.kind = AFT_STR("dispute"), .reason = AFT_STR("decision_disputed"), .parent = parent};
  aft_id id = case_file_in(c, &c->d.as_buyer, &in);
  assert_case(c, parent, "disputed");
  return id;
}

static aft_id refused_refund(case_desk *c) {
  aft_case_line_in one = {.size = sizeof one, .line = c->line[0], .quantity = 1};
  aft_case_in in = {.kind = AFT_STR("refund"), .reason = AFT_STR("other"), .lines = &one, .n_lines = 1};
  aft_id id = case_file_in(c, &c->d.as_buyer, &in);
  case_act(c, &c->d.as_agent, id, "reject");
  return id;
}

static void a_verdict_that_nobody_carries_out(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_call as = case_arbiter(&c);
  aft_id parent = refused_refund(&c), id = disputed(&c, parent);
  aft_case_act_in rule = {.case_id = id, .event = AFT_STR("rule_shared")};
  case_act(&c, &as, id, "ready");
  assert_gives(case_attempt(&c, &as, &rule), AFT_E_INVALID);
  assert_string_equal(case_error.where, "case.share");
  rule.share = 500;
  assert_gives(case_attempt(&c, &c.d.as_agent, &rule), AFT_E_DENIED);
  assert_gives(case_attempt(&c, &as, &rule), AFT_OK);
  assert_case(&c, parent, "disputed");
  desk_pass(&c.d, 8 * CASE_DAY);
  desk_tick(&c.d);
  assert_case(&c, id, "closed");
  assert_case(&c, parent, "refunding");
  assert_int_equal(case_confirm_all(&c, parent), 4500);
  assert_case(&c, parent, "refunded");
  END_DESK(c)
}

static void a_shared_verdict_on_what_was_refused(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_call as = case_arbiter(&c);
  aft_id parent = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 2);
  case_ship(&c, parent, "SF1");
  case_act(&c, &c.d.as_agent, parent, "receive");
  case_find(&c, parent, c.line[0], "ok", 1);
  case_find(&c, parent, c.line[0], "damaged", 1);
  case_act(&c, &c.d.as_agent, parent, "accept_goods");
  assert_int_equal(case_confirm_all(&c, parent), 9000);
  aft_id id = disputed(&c, parent);
  aft_case_act_in rule = {.case_id = id, .event = AFT_STR("rule_shared"), .share = 500};
  case_act(&c, &as, id, "ready");
  assert_gives(case_attempt(&c, &as, &rule), AFT_OK);
  case_act(&c, &as, id, "carry_out");
  assert_int_equal(case_confirm_all(&c, parent), 4500); /* half of what was in dispute */
  assert_case(&c, parent, "refunded");
  END_DESK(c)
}

/* Its amount is of no line. */
static void a_shared_verdict_on_a_goodwill_payment(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_call as = case_arbiter(&c);
  aft_case_in in = {
      .kind = AFT_STR("goodwill"), .reason = AFT_STR("service_failure"), .amount = {3000, "CNY", 0}};
  aft_id parent = case_file_in(&c, &c.d.as_agent, &in);
  case_act(&c, &c.d.as_agent, parent, "reject");
  aft_id id = disputed(&c, parent);
  aft_case_act_in rule = {.case_id = id, .event = AFT_STR("rule_shared"), .share = 400};
  case_act(&c, &as, id, "ready");
  assert_gives(case_attempt(&c, &as, &rule), AFT_OK);
  case_act(&c, &as, id, "carry_out");
  assert_int_equal(case_confirm_all(&c, parent), 1200);
  assert_case(&c, parent, "refunded");
  END_DESK(c)
}

static void an_appeal_after_the_appeal(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_call as = case_arbiter(&c);
  aft_id parent = refused_refund(&c), id = disputed(&c, parent);
  case_act(&c, &as, id, "ready");
  case_act(&c, &as, id, "rule_seller");
  aft_case_act_in appeal = {.case_id = id, .event = AFT_STR("appeal")};
  assert_gives(case_attempt(&c, &c.d.as_agent, &appeal), AFT_E_DENIED); /* who won has nothing to appeal */
  assert_gives(case_attempt(&c, &c.d.as_buyer, &appeal), AFT_OK);
  case_act(&c, &as, id, "rule_buyer");
  assert_case(&c, id, "closed");
  assert_gives(case_attempt(&c, &c.d.as_agent, &appeal), AFT_E_TRANSITION);
  assert_int_equal(case_confirm_all(&c, parent), 9000);
  END_DESK(c)
}

static void one_unit(case_desk *c, desk_kind kind) {
  case_story story;
  case_story_open(c, &story, kind, CASE_DELIVERED);
  case_story_one(&story, 1, 9000);
  case_story_tell(c, &story);
}

static void a_dispute_about_the_only_unit_there_is(void **state) {
  ON_EACH_DESK(c, one_unit(&c, kind))
  aft_call as = case_arbiter(&c);
  aft_id parent = refused_refund(&c), id = disputed(&c, parent);
  assert_int_equal(case_parts(&c, id, AFT_KIND_CASE_LINE), 1);
  case_act(&c, &as, id, "ready");
  case_act(&c, &as, id, "rule_buyer");
  case_act(&c, &as, id, "carry_out");
  assert_int_equal(case_confirm_all(&c, parent), 9000);
  END_DESK(c)
}

static void a_dispute_that_disputes_nothing(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_error error = AFT_ERROR_INIT;
  aft_id parent = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 1);
  aft_case_in in = {.size = sizeof in,
                    .order = c.order,
                    .kind = AFT_STR("dispute"),
                    .reason = AFT_STR("decision_disputed"),
                    .parent = parent};
  assert_status(aft_case_file(c.d.session, &c.d.as_buyer, &in, NULL, &error), AFT_E_TRANSITION);
  assert_string_equal(error.where, "case.parent"); /* nothing was refused */
  in.parent = refused_refund(&c);
  disputed(&c, in.parent);
  assert_status(aft_case_file(c.d.session, &c.d.as_buyer, &in, NULL, &error), AFT_E_TRANSITION);
  assert_int_equal(case_count(&c), 3); /* a second dispute about the same is none */
  END_DESK(c)
}

/* ---- marketplaces ---- */

static aft_id mirrored(case_desk *c, const char *external) {
  aft_case_line_in one = {.size = sizeof one, .line = c->line[0], .quantity = 1};
  aft_case_in in = {.kind = AFT_STR("return"),
                    .reason = AFT_STR("changed_mind"),
                    .lines = &one,
                    .n_lines = 1,
                    .platform = AFT_STR("wechat"),
                    .external = AFT_STR(external),
                    .in_spite = 1};
  return case_file_in(c, &c->d.system, &in);
}

static aft_status mirror(case_desk *c, const char *external, const char *status, int64_t version) {
  aft_mirror_in in = {.size = sizeof in,
                      .platform = AFT_STR("wechat"),
                      .external = AFT_STR(external),
                      .status = AFT_STR(status),
                      .version = version,
                      .at = c->d.now};
  case_error = (aft_error)AFT_ERROR_INIT;
  return aft_case_mirror(c->d.session, &c->d.system, &in, NULL, &case_error);
}

static void late_and_repeated_statuses(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = mirrored(&c, "wx-1");
  assert_gives(mirror(&c, "wx-1", "USER_WAIT_RETURN", 3), AFT_OK);
  assert_case(&c, id, "approved");
  assert_gives(mirror(&c, "wx-1", "USER_WAIT_RETURN", 3), AFT_IGNORED);
  assert_gives(mirror(&c, "wx-1", "MERCHANT_PROCESSING", 2), AFT_IGNORED);
  assert_case(&c, id, "approved");
  assert_int_equal(case_parts(&c, id, AFT_KIND_MIRROR), 3); /* all of them are kept */
  assert_gives(mirror(&c, "wx-1", "MERCHANT_REFUND_SUCCESS", 9), AFT_OK);
  assert_case(&c, id, "refunded");
  assert_int_equal(case_payment(&c, "pay-1", AFT_PAYMENT_REFUNDED), 9000);
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_IN_RETURN), 0);
  assert_int_equal(case_requests(&c, id, "money.refund"), 0); /* the marketplace has paid */
  END_DESK(c)
}

static void an_unknown_status_that_is_thrown_away(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = mirrored(&c, "wx-1");
  aft_record *record = case_get(&c, id);
  char before[64];
  snprintf(before, sizeof before, "%s", aft_case_state(record));
  aft_record_free(record);
  assert_gives(mirror(&c, "wx-1", "SOMETHING_NEW", 4), AFT_OK);
  assert_case(&c, id, before);
  assert_case_text(&c, id, AFT_CASE_EXTERNAL_STATUS, "SOMETHING_NEW");
  assert_int_equal(case_parts(&c, id, AFT_KIND_MIRROR), 1);
  END_DESK(c)
}

static void our_wish_taken_for_the_marketplaces_word(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = mirrored(&c, "wx-1");
  assert_gives(mirror(&c, "wx-1", "MERCHANT_PROCESSING", 1), AFT_OK);
  assert_case(&c, id, "requested");
  case_act(&c, &c.d.as_agent, id, "approve");
  assert_case(&c, id, "requested"); /* until it says so */
  assert_case_text(&c, id, AFT_CASE_INTENT, "approve");
  assert_int_equal(case_requests(&c, id, "platform.command"), 1);
  assert_gives(mirror(&c, "wx-1", "USER_WAIT_RETURN", 2), AFT_OK);
  assert_case(&c, id, "approved");
  aft_record *record = case_get(&c, id);
  assert_true(aft_record_is_null(record, AFT_CASE_INTENT));
  aft_record_free(record);
  END_DESK(c)
}

/* ---- rights ---- */

static void under_the_law_of(case_desk *c, desk_kind kind, const char *country) {
  case_story story;
  case_story_open(c, &story, kind, CASE_DELIVERED);
  story.facts.jurisdiction = (aft_str){country, AFT_NTS};
  case_story_tell(c, &story);
}

static void a_withdrawal_that_has_to_be_approved(void **state) {
  ON_EACH_DESK(c, under_the_law_of(&c, kind, "DE"))
  aft_id id = case_file(&c, &c.d.as_buyer, "withdrawal", "changed_mind", 0, 0);
  aft_case_act_in in = {.case_id = id, .event = AFT_STR("reject")};
  assert_case(&c, id, "acknowledged");
  assert_gives(case_attempt(&c, &c.d.as_agent, &in), AFT_E_TRANSITION);
  in.event = AFT_STR("contest");
  assert_gives(case_attempt(&c, &c.d.as_agent, &in), AFT_E_TRANSITION);
  assert_int_equal(case_int(&c, id, AFT_CASE_ASKED), 36999); /* with the way there */
  case_ship(&c, id, "SF1");
  case_act(&c, &c.d.as_agent, id, "receive");
  case_act(&c, &c.d.as_agent, id, "accept_goods");
  assert_int_equal(case_confirm_all(&c, id), 36999);
  assert_case(&c, id, "refunded");
  END_DESK(c)
}

/* Serious doubt brings a person in; it does not turn a right into a request. */
static void a_right_that_is_contested_without_ground(void **state) {
  ON_EACH_DESK(c, under_the_law_of(&c, kind, "DE"))
  for (int i = 0; i < 3; i++) {
    aft_id before = case_file(&c, &c.d.as_buyer, "withdrawal", "changed_mind", c.line[0], 1);
    case_act(&c, &c.d.as_buyer, before, "cancel");
  }
  aft_id id = case_file(&c, &c.d.as_buyer, "withdrawal", "changed_mind", c.line[0], 1);
  assert_case(&c, id, "stated");
  case_act(&c, &c.d.as_buyer, id, "confirm");
  aft_case_act_in in = {.case_id = id, .event = AFT_STR("contest")};
  assert_gives(case_attempt(&c, &c.d.as_agent, &in), AFT_E_TRANSITION);
  case_act(&c, &c.d.as_agent, id, "acknowledge");
  END_DESK(c)
}

/* ---- lines that belong to others ---- */

/* A camera for 300.00 of a body and two lenses, 40.00 off, all of it in one parcel. */
static void a_kit(case_story *s) {
  static const struct {
    const char *ref;
    int64_t units, price;
  } lines[] = {{"kit", 1, 30000}, {"body", 1, 20000}, {"lens", 2, 10000}};
  for (int i = 0; i < 3; i++)
    s->lines[i] = (aft_order_line_in){.size = sizeof s->lines[i],
                                      .ref = {lines[i].ref, AFT_NTS},
                                      .category = AFT_STR("camera"),
                                      .quantity = lines[i].units,
                                      .price = lines[i].price,
                                      .relation = {i ? "part_of" : NULL, i ? AFT_NTS : 0},
                                      .related = {i ? "kit" : NULL, i ? AFT_NTS : 0}};
  s->payments[0].captured.minor = 26000;
  s->facts.n_payments = 1;
  s->items[0] = (aft_order_item_in){sizeof s->items[0], AFT_STR("body"), 1};
  s->items[1] = (aft_order_item_in){sizeof s->items[0], AFT_STR("lens"), 2};
}

static aft_status tell_again(case_desk *c, const case_story *s) {
  case_error = (aft_error)AFT_ERROR_INIT;
  return aft_order_tell(c->d.session, &c->d.system, &s->facts, NULL, &case_error);
}

static void assert_refused_at(const char *where) {
  if (strcmp(case_error.where, where) != 0)
    fail_msg("%s: %s, expected at %s", case_error.where, case_error.message, where);
}

static void kits_that_do_not_sum_to_the_order(void **state) {
  ON_EACH_DESK(c, case_story story; case_story_open(&c, &story, kind, CASE_DELIVERED); a_kit(&story))
  story.lines[0].price = 29999;
  assert_gives(tell_again(&c, &story), AFT_E_INVALID);
  assert_refused_at("order.lines[0].price");
  assert_non_null(strstr(case_error.message, "expected 30000"));
  story.lines[0].price = 30000;
  story.lines[0].paid = 25000;
  assert_gives(tell_again(&c, &story), AFT_E_INVALID);
  assert_refused_at("order.lines[0].paid");
  story.lines[0].paid = 0;
  story.shares[0].line = AFT_STR("kit");
  assert_gives(tell_again(&c, &story), AFT_E_INVALID);
  assert_refused_at("order.shares[0].line");
  story.shares[0].line = (aft_str){0};
  story.items[0].line = AFT_STR("kit");
  assert_gives(tell_again(&c, &story), AFT_E_INVALID);
  assert_refused_at("order.parcels[0].items[0].line");
  story.items[0].line = AFT_STR("body");
  case_story_tell(&c, &story);
  int64_t rev = case_line(&c, c.line[0], AFT_LINE_REV);
  case_story_tell(&c, &story); /* the same again changes nothing */
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_REV), rev);
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_PAID), 0);
  assert_int_equal(case_line(&c, c.line[1], AFT_LINE_PAID) + case_line(&c, c.line[2], AFT_LINE_PAID), 26000);
  END_DESK(c)
}

static void a_kit_whose_parts_come_after_its_parcel(void **state) {
  ON_EACH_DESK(c, case_story story; case_story_open(&c, &story, kind, CASE_DELIVERED); a_kit(&story))
  story.facts.n_lines = story.parcels[0].n_items = 1;
  story.items[0].line = AFT_STR("kit");
  case_story_tell(&c, &story);
  story.facts.n_lines = 3;
  story.facts.n_parcels = 0;
  assert_gives(tell_again(&c, &story), AFT_E_CHECK);
  assert_refused_at("order.lines[0].ref");
  END_DESK(c)
}

static int64_t came_back(case_desk *c, aft_id line, int64_t n, const char *waybill) {
  aft_id id = case_file(c, &c->d.as_buyer, "return", "changed_mind", line, n);
  case_ship(c, id, waybill);
  case_act(c, &c->d.as_agent, id, "receive");
  case_act(c, &c->d.as_agent, id, "accept_goods");
  return case_confirm_all(c, id);
}

static void a_part_of_a_kit_is_given_back_at_its_share(void **state) {
  ON_EACH_DESK(c, case_story story; case_story_open(&c, &story, kind, CASE_DELIVERED); a_kit(&story);
               case_story_tell(&c, &story))
  assert_in_range(came_back(&c, c.line[2], 1, "SF1"), 4333, 4334); /* half of 100.00 less its part of 40.00 */
  int64_t rest = came_back(&c, c.line[1], 1, "SF2");
  assert_in_range(rest, 17333, 17334);
  came_back(&c, c.line[2], 1, "SF3");
  assert_int_equal(case_payment(&c, "pay-1", AFT_PAYMENT_REFUNDED), 26000);
  END_DESK(c)
}

static void a_kit_that_is_named_stands_for_its_parts(void **state) {
  ON_EACH_DESK(c, case_story story; case_story_open(&c, &story, kind, CASE_DELIVERED); a_kit(&story);
               case_story_tell(&c, &story))
  assert_int_equal(came_back(&c, c.line[0], 1, "SF1"), 26000);
  assert_int_equal(case_line(&c, c.line[1], AFT_LINE_RETURNED), 1);
  assert_int_equal(case_line(&c, c.line[2], AFT_LINE_RETURNED), 2);
  case_error = (aft_error)AFT_ERROR_INIT;
  assert_gives(case_file_try(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 1), AFT_E_CHECK);
  END_DESK(c)
}

/* A cup whose engraving was paid for and not done. */
static void with_service(case_desk *c, desk_kind kind) {
  case_story story;
  case_story_open(c, &story, kind, CASE_DELIVERED);
  case_story_one(&story, 1, 20000);
  story.lines[1] = (aft_order_line_in){.size = sizeof story.lines[1],
                                       .ref = AFT_STR("engraving"),
                                       .nature = AFT_STR("service"),
                                       .quantity = 1,
                                       .price = 5000,
                                       .relation = AFT_STR("service_for"),
                                       .related = AFT_STR("cup")};
  story.facts.n_lines = 2;
  story.payments[0].captured.minor = 25000;
  case_story_tell(c, &story);
}

static void a_service_that_was_not_performed_is_forgotten(void **state) {
  ON_EACH_DESK(c, with_service(&c, kind))
  aft_error error = AFT_ERROR_INIT;
  aft_buf *offered;
  char both[200];
  snprintf(both, sizeof both,
           "\"lines\":[{\"line\":\"%lld\",\"ref\":\"cup\",\"title\":\"Cup\",\"quantity\":1,\"free\":1,"
           "\"amount\":20000},"
           "{\"line\":\"%lld\",\"ref\":\"engraving\"",
           (long long)c.line[0], (long long)c.line[1]);
  assert_ok(aft_order_options(c.d.session, &c.d.as_buyer, c.order, "en", &offered, &error));
  const char *first = strstr((const char *)aft_buf_data(offered), both);
  assert_non_null(first);
  assert_non_null(strstr(first + 1, both)); /* in the whole order, and with its article alone */
  aft_buf_free(offered);
  aft_case_line_in lines[] = {{.size = sizeof *lines, .line = c.line[0], .quantity = 1},
                              {.size = sizeof *lines, .line = c.line[1], .quantity = 1}};
  aft_case_in in = {
      .kind = AFT_STR("return"), .reason = AFT_STR("changed_mind"), .lines = lines, .n_lines = 2};
  aft_id id = case_file_in(&c, &c.d.as_buyer, &in);
  case_ship(&c, id, "SF1");
  case_act(&c, &c.d.as_agent, id, "receive");
  case_find(&c, id, c.line[0], "ok", 1); /* there is nothing else to look at */
  case_act(&c, &c.d.as_agent, id, "accept_goods");
  assert_int_equal(case_confirm_all(&c, id), 25000);
  assert_case(&c, id, "refunded");
  END_DESK(c)
}

static void of_a_nature(case_desk *c, desk_kind kind, const char *nature, bool hygiene) {
  case_story story;
  case_story_open(c, &story, kind, CASE_DELIVERED);
  story.facts.jurisdiction = AFT_STR("DE");
  story.lines[0].nature = AFT_STR(nature);
  story.lines[0].hygiene = hygiene;
  case_story_tell(c, &story);
}

static aft_id stated_withdrawal(case_desk *c, const char *condition) {
  aft_case_line_in one = {
      .size = sizeof one, .line = c->line[0], .quantity = 1, .condition = AFT_STR(condition)};
  aft_case_in in = {.kind = AFT_STR("withdrawal"),
                    .reason = AFT_STR("changed_mind"),
                    .lines = &one,
                    .n_lines = 1,
                    .in_spite = 1};
  for (int i = 0; i < 3; i++) /* a person looks at the fourth */
    case_act(c, &c->d.as_buyer, case_file_in(c, &c->d.as_agent, &in), "cancel");
  aft_id id = case_file_in(c, &c->d.as_agent, &in);
  case_act(c, &c->d.as_buyer, id, "confirm");
  return id;
}

static aft_status contest(case_desk *c, aft_id id, const char *condition) {
  aft_case_line_in one = {
      .size = sizeof one, .line = c->line[0], .quantity = 1, .condition = AFT_STR(condition)};
  aft_case_act_in in = {.case_id = id, .event = AFT_STR("contest"), .lines = &one, .n_lines = 1};
  return case_attempt(c, &c->d.as_agent, &in);
}

/* The shop names the exception by what it says of the goods, and that stands in the audit. */
static void a_right_that_is_contested_by_an_exception(void **state) {
  static const struct {
    const char *nature, *exception;
    bool hygiene;
  } goods[] = {{"digital", "digital_unsealed", false}, {"physical", "hygiene_opened", true}};
  for (size_t i = 0; i < sizeof goods / sizeof *goods; i++) {
    ON_EACH_DESK(c, of_a_nature(&c, kind, goods[i].nature, goods[i].hygiene))
    aft_id id = stated_withdrawal(&c, "");
    aft_case_act_in bare = {.case_id = id, .event = AFT_STR("contest")};
    assert_gives(case_attempt(&c, &c.d.as_agent, &bare), AFT_E_TRANSITION);
    assert_gives(contest(&c, id, "ok"), AFT_E_TRANSITION);
    desk_pass(&c.d, 20 * CASE_HOUR);
    assert_gives(contest(&c, id, "opened"), AFT_OK);
    assert_case(&c, id, "contested");
    assert_case_text(&c, id, AFT_CASE_EXCLUDED, goods[i].exception);
    char *picture = case_picture_of(&c, id), part[64];
    snprintf(part, sizeof part, "\"exception\\\":\\\"%s", goods[i].exception);
    assert_non_null(strstr(picture, part));
    free(picture);
    END_DESK(c)
  }
}

static void a_right_to_goods_of_which_none_is_excepted(void **state) {
  static const char *const natures[] = {"physical", "voucher", "service"};
  for (size_t i = 0; i < sizeof natures / sizeof *natures; i++) {
    ON_EACH_DESK(c, of_a_nature(&c, kind, natures[i], false))
    assert_gives(contest(&c, stated_withdrawal(&c, ""), "opened"), AFT_E_TRANSITION);
    END_DESK(c)
  }
}

static void an_exception_that_the_filing_tells_of(void **state) {
  ON_EACH_DESK(c, of_a_nature(&c, kind, "physical", true))
  aft_id id = stated_withdrawal(&c, "opened");
  assert_case_text(&c, id, AFT_CASE_EXCLUDED, "hygiene_opened");
  aft_case_act_in bare = {.case_id = id, .event = AFT_STR("contest")};
  assert_gives(case_attempt(&c, &c.d.as_agent, &bare), AFT_OK);
  assert_case(&c, id, "contested");
  END_DESK(c)
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(quantity_race),
      cmocka_unit_test(quantity_race_between_kinds),
      cmocka_unit_test(the_same_refund_in_four_threads),
      cmocka_unit_test(acting_on_what_has_changed),
      cmocka_unit_test(a_version_that_stands_still),
      cmocka_unit_test(no_deadline_in_a_state),
      cmocka_unit_test(what_was_begun_and_left),
      cmocka_unit_test(seller_silence_that_costs_the_buyer),
      cmocka_unit_test(a_timer_of_a_state_that_was_left),
      cmocka_unit_test(a_counter_offer_above_what_was_asked),
      cmocka_unit_test(bargaining_without_end),
      cmocka_unit_test(an_offer_that_changes_the_number_of_the_case),
      cmocka_unit_test(a_verdict_that_nobody_carries_out),
      cmocka_unit_test(a_shared_verdict_on_what_was_refused),
      cmocka_unit_test(a_shared_verdict_on_a_goodwill_payment),
      cmocka_unit_test(an_appeal_after_the_appeal),
      cmocka_unit_test(a_dispute_about_the_only_unit_there_is),
      cmocka_unit_test(a_dispute_that_disputes_nothing),
      cmocka_unit_test(late_and_repeated_statuses),
      cmocka_unit_test(an_unknown_status_that_is_thrown_away),
      cmocka_unit_test(our_wish_taken_for_the_marketplaces_word),
      cmocka_unit_test(a_withdrawal_that_has_to_be_approved),
      cmocka_unit_test(a_right_that_is_contested_without_ground),
      cmocka_unit_test(kits_that_do_not_sum_to_the_order),
      cmocka_unit_test(a_kit_whose_parts_come_after_its_parcel),
      cmocka_unit_test(a_part_of_a_kit_is_given_back_at_its_share),
      cmocka_unit_test(a_kit_that_is_named_stands_for_its_parts),
      cmocka_unit_test(a_service_that_was_not_performed_is_forgotten),
      cmocka_unit_test(a_right_that_is_contested_by_an_exception),
      cmocka_unit_test(a_right_to_goods_of_which_none_is_excepted),
      cmocka_unit_test(an_exception_that_the_filing_tells_of),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
