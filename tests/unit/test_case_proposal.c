/* What is asked and offered: units, articles, amounts and kinds that buyer and seller propose to each other.
 */
#include "case_story.h"

#include <stdlib.h>
#include <string.h>

/* Of cups and the pot. */
static aft_id two_lines(case_desk *c, const char *kind, const char *reason) {
  aft_case_line_in lines[2] = {{.size = sizeof lines[0], .line = c->line[0], .quantity = 3},
                               {.size = sizeof lines[0], .line = c->line[1], .quantity = 1}};
  aft_case_in in = {.kind = AFT_STR(kind), .reason = AFT_STR(reason), .lines = lines, .n_lines = 2};
  aft_id id = case_file_in(c, &c->d.as_buyer, &in);
  assert_case(c, id, "requested");
  return id;
}

static aft_status say(case_desk *c, const aft_call *as, aft_id id, const char *event,
                      aft_case_line_in *line) {
  aft_case_act_in in = {.case_id = id, .event = AFT_STR(event), .lines = line, .n_lines = line != NULL};
  return case_attempt(c, as, &in);
}

static int64_t pot_price(case_desk *c) { return case_line(c, c->line[1], AFT_LINE_PAID); }

static void fewer_units_after_an_amendment(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = two_lines(&c, "return", "not_as_described");
  aft_case_line_in one = {.size = sizeof one, .line = c.line[0], .quantity = 1};
  assert_gives(say(&c, &c.d.as_buyer, id, "amend", &one), AFT_OK);
  assert_int_equal(case_int(&c, id, AFT_CASE_ASKED), 9000 + pot_price(&c));
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_IN_RETURN), 1);
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_WITH_BUYER), 2);
  one.quantity = 0;
  assert_gives(say(&c, &c.d.as_buyer, id, "amend", &one), AFT_OK); /* no cup at all */
  assert_int_equal(case_int(&c, id, AFT_CASE_ASKED), pot_price(&c));
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_IN_RETURN), 0);
  case_ship(&c, id, "SF1");
  case_act(&c, &c.d.as_agent, id, "receive");
  case_act(&c, &c.d.as_agent, id, "inspect");
  case_act(&c, &c.d.as_agent, id, "accept_goods");
  assert_int_equal(case_confirm_all(&c, id), pot_price(&c));
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_WITH_BUYER), 3);
  END_DESK(c)
}

static void an_offer_for_some_of_the_units(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = two_lines(&c, "return", "not_as_described");
  aft_case_line_in two = {.size = sizeof two, .line = c.line[0], .quantity = 2};
  assert_gives(say(&c, &c.d.as_agent, id, "counter", &two), AFT_OK);
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_IN_RETURN), 3); /* an offer moves nothing */
  assert_gives(say(&c, &c.d.as_buyer, id, "accept", NULL), AFT_OK);
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_IN_RETURN), 2);
  assert_int_equal(case_int(&c, id, AFT_CASE_AGREED), 18000 + pot_price(&c));
  case_ship(&c, id, "SF1");
  case_act(&c, &c.d.as_agent, id, "receive");
  case_act(&c, &c.d.as_agent, id, "inspect");
  case_act(&c, &c.d.as_agent, id, "accept_goods");
  assert_int_equal(case_confirm_all(&c, id), 18000 + pot_price(&c));
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_WITH_BUYER), 1);
  END_DESK(c)
}

static void assert_refused(case_desk *c, const aft_call *as, aft_case_act_in *in, aft_status expected,
                           const char *where) {
  char *before = case_picture(c);
  assert_gives(case_attempt(c, as, in), expected);
  assert_string_equal(case_error.where, where);
  char *after = case_picture(c);
  assert_string_equal(before, after);
  free(before);
  free(after);
}

static void a_proposal_that_cannot_be(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = two_lines(&c, "return", "not_as_described");
  aft_case_line_in lines[2] = {{.size = sizeof lines[0], .line = c.line[0], .quantity = 4},
                               {.size = sizeof lines[0], .line = c.line[0], .quantity = 1}};
  aft_case_act_in in = {.case_id = id, .event = AFT_STR("amend"), .lines = lines, .n_lines = 1};
  assert_refused(&c, &c.d.as_buyer, &in, AFT_E_CHECK, "case.lines[0].quantity");
  lines[0].quantity = 1;
  in.n_lines = 2;
  assert_refused(&c, &c.d.as_buyer, &in, AFT_E_INVALID, "case.lines[1].line");
  lines[1].line = c.line[2];
  assert_refused(&c, &c.d.as_buyer, &in, AFT_E_INVALID, "case.lines[1].line");
  lines[0].quantity = lines[1].quantity = 0;
  lines[1].line = c.line[1];
  assert_refused(&c, &c.d.as_buyer, &in, AFT_E_INVALID, "case.lines");
  in.n_lines = 0;
  in.kind = AFT_STR("goodwill");
  assert_refused(&c, &c.d.as_buyer, &in, AFT_E_INVALID, "case.kind");
  END_DESK(c)
}

/* Who changed their mind has goods that need no repair. */
static void a_kind_that_could_not_have_been_filed(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = two_lines(&c, "return", "changed_mind");
  aft_case_act_in in = {.case_id = id, .event = AFT_STR("amend"), .kind = AFT_STR("repair")};
  assert_refused(&c, &c.d.as_buyer, &in, AFT_E_INELIGIBLE, "case.reason");
  in.kind = AFT_STR("exchange");
  assert_gives(case_attempt(&c, &c.d.as_buyer, &in), AFT_OK);
  case_act(&c, &c.d.as_agent, id, "approve");
  assert_case_text(&c, id, AFT_CASE_KIND, "exchange");
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_IN_EXCHANGE), 3);
  END_DESK(c)
}

/* ---- what is in dispute ---- */

static aft_id in_dispute(case_desk *c, aft_id *parent) {
  *parent = case_file(c, &c->d.as_buyer, "return", "other", c->line[0], 1);
  case_act(c, &c->d.as_agent, *parent, "reject");
  aft_case_in in = {.kind = AFT_STR("dispute"), .reason = AFT_STR("decision_disputed"), .parent = *parent};
  return case_file_in(c, &c->d.as_buyer, &in);
}

static aft_status offer(case_desk *c, aft_id id, int64_t share) {
  aft_case_act_in in = {.case_id = id, .event = AFT_STR("offer_share"), .share = share};
  return case_attempt(c, &c->d.as_agent, &in);
}

typedef struct version {
  uint32_t role;
  const char *state;
  int64_t amount;
} version;

static void assert_versions(case_desk *c, aft_id id, const version *expected, uint32_t n) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *one;
  uint32_t at = 0;
  assert_ok(aft_case_parts(c->d.session, &c->d.system, id, AFT_KIND_PROPOSAL, &cursor, &error));
  while (aft_cursor_next(cursor, &one, &error) == AFT_OK) {
    assert_true(at < n);
    assert_int_equal(aft_proposal_role(one), expected[at].role);
    assert_string_equal(aft_proposal_state(one), expected[at].state);
    assert_int_equal(aft_proposal_amount(one), expected[at].amount);
    at++;
  }
  aft_cursor_free(cursor);
  assert_int_equal(at, n);
}

static void an_offer_that_ends_the_rounds_of_evidence(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id parent, id = in_dispute(&c, &parent);
  aft_call arbiter = case_arbiter(&c);
  assert_gives(offer(&c, id, 1), AFT_OK);
  case_act(&c, &c.d.as_buyer, id, "decline");
  assert_case(&c, id, "evidence_both");
  case_act(&c, &arbiter, id, "ready");
  assert_gives(offer(&c, id, 300), AFT_OK);
  desk_pass(&c.d, 49 * CASE_HOUR);
  desk_tick(&c.d);
  assert_case(&c, id, "deciding");
  assert_gives(offer(&c, id, 400), AFT_E_INELIGIBLE); /* the policy's rounds */
  case_act(&c, &arbiter, id, "ask_more");
  case_act(&c, &arbiter, id, "ready");
  assert_case(&c, id, "deciding_late");
  END_DESK(c)
}

static void an_offer_in_every_open_state(void **state) {
  static const char *const before[][3] = {
      {NULL}, {"ready", NULL}, {"ready", "ask_more", NULL}, {"ready", "ask_more", "ready"}};
  static const char *const states[] = {"evidence_both", "deciding", "evidence_more", "deciding_late"};
  for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
    ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
    aft_id parent, id = in_dispute(&c, &parent);
    aft_call arbiter = case_arbiter(&c);
    for (size_t e = 0; e < 3 && before[i][e]; e++)
      case_act(&c, &arbiter, id, before[i][e]);
    assert_gives(offer(&c, id, 200), AFT_OK);
    case_act(&c, &c.d.as_buyer, id, "decline");
    assert_case(&c, id, states[i]);
    assert_gives(offer(&c, id, 500), AFT_OK);
    case_act(&c, &c.d.as_buyer, id, "accept");
    assert_case(&c, id, "settled");
    assert_int_equal(case_int(&c, parent, AFT_CASE_AGREED), 4500);
    static const version versions[] = {
        {AFT_ROLE_BUYER, "open", 0}, {AFT_ROLE_AGENT, "declined", 1800}, {AFT_ROLE_AGENT, "accepted", 4500}};
    assert_versions(&c, id, versions, 3);
    END_DESK(c)
  }
}

static void a_verdict_is_a_version_that_the_arbiter_writes(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id parent, id = in_dispute(&c, &parent);
  aft_call arbiter = case_arbiter(&c);
  case_act(&c, &arbiter, id, "ready");
  aft_case_act_in share = {.case_id = id,
                           .event = AFT_STR("rule_shared"),
                           .share = 250,
                           .text = AFT_STR("worn, but sold as new"),
                           .verdict = AFT_STR("seller")}; /* the event says the verdict */
  case_act_with(&c, &arbiter, &share);
  assert_case_text(&c, id, AFT_CASE_VERDICT, "shared");
  case_act(&c, &c.d.as_buyer, id, "appeal");
  share.share = 500;
  case_act_with(&c, &arbiter, &share);
  assert_case(&c, id, "closed");
  static const version versions[] = {{AFT_ROLE_BUYER, "open", 0},
                                     {AFT_ROLE_ARBITER, "superseded", 2250},
                                     {AFT_ROLE_ARBITER, "accepted", 4500}};
  assert_versions(&c, id, versions, 3);
  END_DESK(c)
}

/* The buyer withdraws: what the shop offered before is worth nothing any more. */
static void an_offer_that_was_declined_lowers_nothing(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id parent, id = in_dispute(&c, &parent);
  assert_gives(offer(&c, id, 100), AFT_OK);
  case_act(&c, &c.d.as_buyer, id, "decline");
  case_act(&c, &c.d.as_buyer, id, "withdraw");
  aft_record *record = case_get(&c, parent);
  assert_true(aft_record_is_null(record, AFT_CASE_VERDICT));
  aft_record_free(record);
  END_DESK(c)
}

/* ---- how often ---- */

static void an_offer_of_the_host_that_is_none(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "other", c.line[0], 1);
  aft_case_act_in in = {.case_id = id, .event = AFT_STR("counter"), .amount = {999999, "CNY", 0}};
  assert_gives(case_attempt(&c, &c.d.system, &in), AFT_E_INVALID);
  in.amount.minor = 8000;
  for (int i = 0; i < 2; i++) {
    assert_gives(case_attempt(&c, &c.d.system, &in), AFT_OK);
    case_act(&c, &c.d.as_buyer, id, "decline");
  }
  assert_gives(case_attempt(&c, &c.d.system, &in), AFT_E_INELIGIBLE);
  assert_gives(case_attempt(&c, &c.d.as_agent, &in), AFT_E_INELIGIBLE);
  END_DESK(c)
}

static void a_refusal_that_is_asked_for_anew_without_end(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "other", c.line[0], 1);
  aft_case_act_in amend = {.case_id = id, .event = AFT_STR("amend")};
  for (int i = 0; i < 5; i++) {
    case_act(&c, &c.d.as_agent, id, "reject");
    assert_gives(case_attempt(&c, &c.d.as_buyer, &amend), AFT_OK);
  }
  case_act(&c, &c.d.as_agent, id, "reject");
  assert_gives(case_attempt(&c, &c.d.as_buyer, &amend), AFT_E_INELIGIBLE);
  assert_string_equal(case_error.where, "case.proposals");
  assert_case(&c, id, "rejected"); /* a dispute is still there */
  END_DESK(c)
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(fewer_units_after_an_amendment),
      cmocka_unit_test(an_offer_for_some_of_the_units),
      cmocka_unit_test(a_proposal_that_cannot_be),
      cmocka_unit_test(a_kind_that_could_not_have_been_filed),
      cmocka_unit_test(an_offer_that_ends_the_rounds_of_evidence),
      cmocka_unit_test(an_offer_in_every_open_state),
      cmocka_unit_test(a_verdict_is_a_version_that_the_arbiter_writes),
      cmocka_unit_test(an_offer_that_was_declined_lowers_nothing),
      cmocka_unit_test(an_offer_of_the_host_that_is_none),
      cmocka_unit_test(a_refusal_that_is_asked_for_anew_without_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
