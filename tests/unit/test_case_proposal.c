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
  ON_EACH_DESK(c, case_usual(&c, case_kinds[k], CASE_DELIVERED))
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
  ON_EACH_DESK(c, case_usual(&c, case_kinds[k], CASE_DELIVERED))
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
  ON_EACH_DESK(c, case_usual(&c, case_kinds[k], CASE_DELIVERED))
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
  ON_EACH_DESK(c, case_usual(&c, case_kinds[k], CASE_DELIVERED))
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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(fewer_units_after_an_amendment),
      cmocka_unit_test(an_offer_for_some_of_the_units),
      cmocka_unit_test(a_proposal_that_cannot_be),
      cmocka_unit_test(a_kind_that_could_not_have_been_filed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
