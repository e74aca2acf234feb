/* What nobody should hand in about cases: each has its status, its place and a sentence; nothing changes, and
 * the audit of refusals has it. */
#include "case_story.h"

#include <stdlib.h>
#include <string.h>

static case_desk c;
static aft_id other_line; /* of an order of another buyer */
static aft_id open_case;  /* a return that is asked for */
static aft_case_line_in one;
static aft_case_in filing;
static aft_case_act_in acting;

static int open_desk(void **state) {
  case_story story;
  case_story_open(&c, &story, (desk_kind)(intptr_t)*state, CASE_DELIVERED);
  story.facts.customer = c.d.other_buyer;
  story.facts.number = AFT_STR("O-9");
  story.payments[0].ref = AFT_STR("pay-8");
  story.payments[1].ref = AFT_STR("pay-9");
  case_story_tell(&c, &story);
  other_line = c.line[0];
  story.facts.customer = c.d.buyer;
  story.facts.number = AFT_STR("O-1");
  story.payments[0].ref = AFT_STR("pay-1");
  story.payments[1].ref = AFT_STR("pay-2");
  case_story_tell(&c, &story);
  open_case = case_file(&c, &c.d.as_buyer, "return", "other", c.line[0], 1);
  one = (aft_case_line_in){.size = sizeof one, .line = c.line[0], .quantity = 1};
  filing = (aft_case_in){.size = sizeof filing,
                         .order = c.order,
                         .kind = AFT_STR("return"),
                         .reason = AFT_STR("changed_mind"),
                         .lines = &one,
                         .n_lines = 1};
  acting = (aft_case_act_in){.size = sizeof acting, .case_id = open_case, .event = AFT_STR("approve")};
  return 0;
}

static int shut(void **state) {
  (void)state;
  case_desk_close(&c);
  return 0;
}

/* ---- nothing changed, and it is kept ---- */

static char *picture_before;
static uint32_t refusals_before;

static void look(void) {
  picture_before = case_picture(&c);
  refusals_before = case_refusals(&c);
}

static void assert_refused(const aft_error *error, aft_status status, aft_status expected,
                           const char *where) {
  char *after = case_picture(&c);
  if (status != expected || strcmp(error->where, where) != 0)
    fail_msg("%s at %s (%s), expected %s at %s", aft_status_name(status), error->where, error->message,
             aft_status_name(expected), where);
  assert_int_equal(error->code, expected);
  assert_true(strlen(error->message) > 10);
  assert_string_equal(picture_before, after);
  free(picture_before);
  free(after);
  assert_int_equal(case_refusals(&c), refusals_before + 1);
}

static void filed(const aft_call *as, aft_status expected, const char *where) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *record = NULL;
  look();
  aft_status status = aft_case_file(c.d.session, as, &filing, &record, &error);
  assert_null(record);
  assert_refused(&error, status, expected, where);
}

static void acted(const aft_call *as, aft_status expected, const char *where) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *record = NULL;
  look();
  aft_status status = aft_case_act(c.d.session, as, &acting, &record, &error);
  assert_null(record);
  assert_refused(&error, status, expected, where);
}

/* ---- numbers ---- */

static void quantities(void **state) {
  (void)state;
  static const struct {
    int64_t quantity;
    aft_status expected;
  } bad[] = {{-1, AFT_E_INVALID},    {INT64_MIN, AFT_E_INVALID}, {0, AFT_E_INVALID},         {4, AFT_E_CHECK},
             {1000000, AFT_E_CHECK}, {1000001, AFT_E_OVERFLOW},  {INT64_MAX, AFT_E_OVERFLOW}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    one.quantity = bad[i].quantity;
    filed(&c.d.as_buyer, bad[i].expected, "case.lines[0].quantity");
  }
  one.quantity = 3; /* one of them is in a case already */
  filed(&c.d.as_buyer, AFT_E_CHECK, "case.lines");
}

static void amounts(void **state) {
  (void)state;
  static const struct {
    int64_t minor;
    aft_status expected;
  } bad[] = {
      {-1, AFT_E_INVALID}, {INT64_MIN, AFT_E_INVALID}, {9001, AFT_E_INVALID}, {INT64_MAX, AFT_E_OVERFLOW}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    filing.amount = (aft_money){bad[i].minor, "CNY", 0};
    filed(&c.d.as_buyer, bad[i].expected, "case.amount");
    acting.event = AFT_STR("counter");
    acting.amount = filing.amount;
    acted(&c.d.as_agent, bad[i].expected, "case.amount");
  }
  filing.amount = (aft_money){0, "", 0};
  one.amount = -5;
  filed(&c.d.as_buyer, AFT_E_INVALID, "case.lines[0].amount");
  one.amount = INT64_MAX;
  filed(&c.d.as_buyer, AFT_E_OVERFLOW, "case.lines[0].amount");
  one.amount = 9001; /* more than was paid for it */
  filed(&c.d.as_buyer, AFT_E_INVALID, "case.lines[0].amount");
  one.amount = 0;
  one.wants_price = INT64_MAX;
  filed(&c.d.as_buyer, AFT_E_OVERFLOW, "case.lines[0].wants_price");
  one.wants_price = 0;
  filing.freight_minor = -1;
  filed(&c.d.as_buyer, AFT_E_INVALID, "case.freight_minor");
}

static void currencies(void **state) {
  (void)state;
  filing.amount = (aft_money){100, "EUR", 0};
  filed(&c.d.as_buyer, AFT_E_CURRENCY, "case.amount");
  acting.event = AFT_STR("counter");
  acting.amount = filing.amount;
  acted(&c.d.as_agent, AFT_E_CURRENCY, "case.amount");
}

/* ---- lines, orders and people ---- */

static void lines(void **state) {
  (void)state;
  aft_case_line_in two[] = {one, one};
  one.line = other_line;
  filed(&c.d.as_buyer, AFT_E_INVALID, "case.lines[0].line");
  one.line = INT64_MAX;
  filed(&c.d.as_buyer, AFT_E_INVALID, "case.lines[0].line");
  one.line = -1;
  filed(&c.d.as_buyer, AFT_E_INVALID, "case.lines[0].line");
  filing.lines = two;
  filing.n_lines = 2;
  filed(&c.d.as_buyer, AFT_E_INVALID, "case.lines[1].line"); /* twice the same */
  aft_case_line_in *many = calloc(201, sizeof *many);
  for (size_t i = 0; i < 201; i++)
    many[i] = two[0];
  filing.lines = many;
  filing.n_lines = 201;
  filed(&c.d.as_buyer, AFT_E_TOO_LARGE, "case.lines");
  free(many);
  filing.lines = NULL;
  filed(&c.d.as_buyer, AFT_E_NULL_HANDLE, "case.lines");
}

static void orders_and_buyers(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  filed(&c.d.as_other_buyer, AFT_E_DENIED, "case.file");
  filed(&c.d.as_other_agent, AFT_E_DENIED, "case.file");
  filing.customer = c.d.other_buyer;
  filed(&c.d.as_agent, AFT_E_INVALID, "case.customer");
  filed(&c.d.as_buyer, AFT_E_DENIED, "case.file");
  filing.customer = 0;
  filing.order = INT64_MAX;
  filed(&c.d.as_agent, AFT_E_NOT_FOUND, "case.order");
  filing.order = 0;
  filed(&c.d.as_agent, AFT_E_INVALID, "case.order");
  acted(&c.d.as_other_buyer, AFT_E_DENIED, "case.act");
  acted(&c.d.as_other_agent, AFT_E_DENIED, "case.act");
  assert_status(aft_case_parts(c.d.session, &c.d.as_other_buyer, open_case, AFT_KIND_LEG, &cursor, &error),
                AFT_E_DENIED);
}

static void what_the_policy_does_not_know(void **state) {
  (void)state;
  filing.kind = AFT_STR("gift");
  filed(&c.d.as_buyer, AFT_E_INVALID, "case.kind");
  filing.kind = AFT_STR("ticket");
  filed(&c.d.as_buyer, AFT_E_INVALID, "case.kind");
  filing.kind = AFT_STR("return");
  filing.reason = AFT_STR("because");
  filed(&c.d.as_buyer, AFT_E_INVALID, "case.reason");
  filing.reason = AFT_STR("repair_wanted"); /* not for a return */
  filed(&c.d.as_buyer, AFT_E_INELIGIBLE, "case.reason");
  filing.kind = AFT_STR("dispute");
  filing.reason = AFT_STR("decision_disputed");
  filed(&c.d.as_buyer, AFT_E_INVALID, "case.parent");
}

/* ---- events ---- */

static void events(void **state) {
  (void)state;
  acted(&c.d.as_buyer, AFT_E_DENIED, "return"); /* who asks does not approve */
  acting.event = AFT_STR("silence");
  acted(&c.d.as_agent, AFT_E_DENIED, "return"); /* a timer's alone */
  acting.event = AFT_STR("receive");
  acted(&c.d.as_agent, AFT_E_TRANSITION, "return");
  acting.event = AFT_STR("fly");
  acted(&c.d.as_agent, AFT_E_TRANSITION, "case.event");
  acting.event = AFT_STR("");
  acted(&c.d.as_agent, AFT_E_INVALID, "case.event");
  acting.event = AFT_STR("approve");
  acting.rev = case_int(&c, open_case, AFT_CASE_REV) + 1;
  acted(&c.d.as_agent, AFT_E_CONFLICT, "case.rev");
  acting.rev = 0;
  acting.proof = INT64_MAX;
  acted(&c.d.as_agent, AFT_E_NOT_FOUND, "case.proof");
  acting.proof = 0;
  acting.case_id = INT64_MAX;
  acted(&c.d.as_agent, AFT_E_NOT_FOUND, "case");
}

static void findings(void **state) {
  (void)state;
  case_ship(&c, open_case, "SF1");
  case_act(&c, &c.d.as_agent, open_case, "receive");
  acting.event = AFT_STR("inspect");
  acting.lines = &one;
  acting.n_lines = 1;
  one.condition = AFT_STR("haunted");
  acted(&c.d.as_agent, AFT_E_INVALID, "case.lines[0].condition");
  one.condition = AFT_STR("ok");
  one.disposition = AFT_STR("sell_twice");
  acted(&c.d.as_agent, AFT_E_INVALID, "case.lines[0].disposition");
  one.disposition = AFT_STR("restock");
  one.quantity = 2;
  acted(&c.d.as_agent, AFT_E_CHECK, "case.lines[0].quantity");
  one.quantity = 0;
  acted(&c.d.as_agent, AFT_E_INVALID, "case.lines[0].quantity");
  one.quantity = 1;
  one.line = c.line[1]; /* of the order, and not in the case */
  acted(&c.d.as_agent, AFT_E_INVALID, "case.lines[0].line");
}

/* ---- texts ---- */

static void texts(void **state) {
  (void)state;
  char *longest = malloc(4002);
  memset(longest, 'x', 4001);
  longest[4001] = 0;
  filing.text = AFT_STR(longest);
  filed(&c.d.as_buyer, AFT_E_TOO_LARGE, "case.text");
  filing.text = AFT_STR("\xe4\xb8");
  filed(&c.d.as_buyer, AFT_E_ENCODING, "case.text");
  filing.text = (aft_str){"a\0b", 3};
  filed(&c.d.as_buyer, AFT_E_NUL_BYTE, "case.text");
  filing.text = (aft_str){NULL, 5};
  filed(&c.d.as_buyer, AFT_E_INVALID, "case.text");
  filing.text = (aft_str){0};
  filing.address = AFT_STR(longest);
  filed(&c.d.as_buyer, AFT_E_TOO_LARGE, "case.address");
  filing.address = (aft_str){0};
  filing.kind = (aft_str){0};
  filed(&c.d.as_buyer, AFT_E_INVALID, "case.kind");
  filing.kind = AFT_STR("return");
  filing.platform = AFT_STR("wechat"); /* without its number of the case */
  filed(&c.d.system, AFT_E_INVALID, "case.external");
  filing.external = AFT_STR("AS-1");
  filed(&c.d.as_buyer, AFT_E_INVALID, "case.platform"); /* the host knows, not the buyer */
  filing.platform = filing.external = (aft_str){0};
  one.text = AFT_STR("\xff");
  filed(&c.d.as_buyer, AFT_E_ENCODING, "case.lines[0].text");
  acting.waybill = AFT_STR(longest);
  acted(&c.d.as_agent, AFT_E_TOO_LARGE, "case.waybill");
  acting.waybill = AFT_STR("\xff");
  acted(&c.d.as_agent, AFT_E_ENCODING, "case.waybill");
  free(longest);
}

/* ---- callbacks ---- */

static void settled(const aft_call *as, const aft_leg_in *in, aft_status expected, const char *where) {
  aft_error error = AFT_ERROR_INIT;
  look();
  aft_status status = aft_leg_settle(c.d.session, as, in, NULL, &error);
  assert_refused(&error, status, expected, where);
}

static void callbacks(void **state) {
  (void)state;
  case_leg legs[CASE_MOST_LEGS];
  case_ship(&c, open_case, "SF1");
  case_act(&c, &c.d.as_agent, open_case, "receive");
  case_act(&c, &c.d.as_agent, open_case, "accept_goods");
  assert_int_equal(case_legs(&c, open_case, legs), 1);
  aft_leg_in in = {.size = sizeof in, .leg = legs[0].id, .outcome = AFT_SETTLE_CONFIRMED};
  settled(&c.d.system, &in, AFT_E_INVALID, "leg.amount");
  in.amount = (aft_money){9001, "CNY", 0};
  settled(&c.d.system, &in, AFT_E_INVALID, "leg.amount");
  in.amount = (aft_money){9000, "USD", 0};
  settled(&c.d.system, &in, AFT_E_CURRENCY, "leg.amount");
  in.amount = (aft_money){9000, "CNY", 0};
  settled(&c.d.as_buyer, &in, AFT_E_DENIED, "leg.settle");
  settled(&c.d.as_other_agent, &in, AFT_E_DENIED, "leg.settle");
  in.outcome = 9;
  settled(&c.d.system, &in, AFT_E_INVALID, "leg.outcome");
  in.outcome = AFT_SETTLE_CONFIRMED;
  in.leg = 0;
  in.number = AFT_STR("R-0000-0000-1");
  settled(&c.d.system, &in, AFT_E_NOT_FOUND, "leg.number");
  in.number = (aft_str){0};
  settled(&c.d.system, &in, AFT_E_INVALID, "leg.leg");
}

static void statuses_of_marketplaces(void **state) {
  (void)state;
  aft_mirror_in in = {.size = sizeof in, .case_id = open_case, .status = AFT_STR("SUCCESS"), .at = c.d.now};
  aft_error error = AFT_ERROR_INIT;
  look();
  aft_status status = aft_case_mirror(c.d.session, &c.d.system, &in, NULL, &error);
  assert_refused(&error, status, AFT_E_INVALID, "mirror.case_id"); /* the shop decides it itself */
  look();
  in.version = -1;
  status = aft_case_mirror(c.d.session, &c.d.system, &in, NULL, &error);
  assert_refused(&error, status, AFT_E_INVALID, "mirror.version");
  look();
  in.version = 0;
  status = aft_case_mirror(c.d.session, &c.d.as_buyer, &in, NULL, &error);
  assert_refused(&error, status, AFT_E_DENIED, "case.mirror");
}

#define ON(test, kind) \
  { #test " [" #kind "]", test, open_desk, shut, (void *)(intptr_t)DESK_##kind }
#define ON_ALL(test) ON(test, SQLITE), ON(test, MEMORY), ON(test, HOSTILE)

int main(void) {
  const struct CMUnitTest tests[] = {
      ON_ALL(quantities),
      ON_ALL(amounts),
      ON_ALL(currencies),
      ON_ALL(lines),
      ON_ALL(orders_and_buyers),
      ON_ALL(what_the_policy_does_not_know),
      ON_ALL(events),
      ON_ALL(findings),
      ON_ALL(texts),
      ON_ALL(callbacks),
      ON_ALL(statuses_of_marketplaces),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
