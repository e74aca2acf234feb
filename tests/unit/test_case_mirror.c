/* Cases that a marketplace decides: the way that its statuses take, the money that it states, the order in
 * which they come, and whose a case is. */
#include "case_command.h"
#include "case_invariants.h"
#include "case_story.h"
#include "random.h"

#include <stdlib.h>
#include <string.h>

/* ---- filing and telling ---- */

static aft_id filed_by(case_desk *c, const char *platform, const char *kind, const char *route) {
  aft_case_line_in one = {.size = sizeof one, .line = c->line[0], .quantity = 1};
  bool mended = strcmp(kind, "repair") == 0;
  aft_case_in in = {.kind = AFT_STR(kind),
                    .reason = AFT_STR(mended ? "repair_wanted" : "changed_mind"),
                    .lines = &one,
                    .n_lines = 1,
                    .route = AFT_STR(route),
                    .platform = AFT_STR(platform),
                    .external = AFT_STR("m-1"),
                    .in_spite = 1};
  return case_file_in(c, &c->d.system, &in);
}

static aft_status told(case_desk *c, aft_id id, aft_mirror_in in) {
  in.size = sizeof in;
  in.case_id = id;
  in.at = in.at ? in.at : c->d.now;
  case_error = (aft_error)AFT_ERROR_INIT;
  return aft_case_mirror(c->d.session, &c->d.system, &in, NULL, &case_error);
}

#define TOLD(c, id, word, ...) told(c, id, (aft_mirror_in){.status = AFT_STR(word), __VA_ARGS__})
#define CNY(n)                 .amount = {n, "CNY", 0}

static void assert_replays(case_desk *c, aft_id id) {
  case_error = (aft_error)AFT_ERROR_INIT;
  assert_gives(aft_case_verify(c->d.session, &c->d.system, id, &case_error), AFT_OK);
}

static void assert_refused_at(const char *where) {
  if (strcmp(case_error.where, where) != 0)
    fail_msg("%s: %s, expected at %s", case_error.where, case_error.message, where);
}

/* The states that a case came to, one after the other. */
static const char *states_of(case_desk *c, aft_id id, char out[1024]) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *event;
  out[0] = 0;
  assert_ok(aft_case_parts(c->d.session, &c->d.system, id, AFT_KIND_EVENT, &cursor, &error));
  while (aft_cursor_next(cursor, &event, &error) == AFT_OK) {
    size_t n = strlen(out);
    if (!aft_record_is_null(event, AFT_EVENT_TO) && aft_event_to(event)[0])
      snprintf(out + n, 1024 - n, "%s%s", n ? " " : "", aft_event_to(event));
  }
  aft_cursor_free(cursor);
  return out;
}

static void assert_went(case_desk *c, aft_id id, const char *states) {
  char found[1024];
  assert_string_equal(states_of(c, id, found), states);
}

static int64_t given_back(case_desk *c, aft_id id) {
  case_leg legs[CASE_MOST_LEGS];
  uint32_t n = case_legs(c, id, legs);
  int64_t sum = 0;
  for (uint32_t i = 0; i < n; i++)
    if (strcmp(legs[i].payee, "buyer") == 0 && strcmp(legs[i].instrument, "coupon") != 0)
      sum += legs[i].confirmed;
  return sum;
}

static void assert_nothing_open(case_desk *c, aft_id id) {
  static const char *const open[] = {"planned", "sent", "unknown", "failed", "frozen"};
  for (size_t i = 0; i < sizeof open / sizeof *open; i++)
    assert_int_equal(case_legs_in(c, id, open[i]), 0);
}

static bool has_fate(case_desk *c, aft_id id, const char *fate) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *mirror;
  char last[32] = "";
  assert_ok(aft_case_parts(c->d.session, &c->d.system, id, AFT_KIND_MIRROR, &cursor, &error));
  while (aft_cursor_next(cursor, &mirror, &error) == AFT_OK)
    snprintf(last, sizeof last, "%s", aft_mirror_fate(mirror));
  aft_cursor_free(cursor);
  return strcmp(last, fate) == 0;
}

static void assert_fate(case_desk *c, aft_id id, const char *fate) { assert_true(has_fate(c, id, fate)); }

/* ---- the amount that it states ---- */

static void an_amount_that_cannot_be(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = filed_by(&c, "taobao", "return", "");
  char *before = case_picture(&c);
  assert_gives(TOLD(&c, id, "SUCCESS", .amount = {9000, "USD", 0}), AFT_E_CURRENCY);
  assert_refused_at("mirror.amount");
  assert_gives(TOLD(&c, id, "SUCCESS", CNY(-1)), AFT_E_INVALID);
  assert_refused_at("mirror.amount");
  assert_gives(TOLD(&c, id, "SUCCESS", CNY(27001)), AFT_E_INVALID); /* all three cups were paid with 27000 */
  assert_refused_at("mirror.amount");
  assert_non_null(strstr(case_error.message, "expected 0 to 27000"));
  assert_non_null(strstr(case_error.message, "found 27001"));
  char *after = case_picture(&c);
  assert_string_equal(after, before);
  free(before);
  free(after);
  END_DESK(c)
}

static void assert_gave(case_desk *c, aft_id id, int64_t amount) {
  assert_case(c, id, "refunded");
  assert_int_equal(case_int(c, id, AFT_CASE_AGREED), amount);
  assert_int_equal(given_back(c, id), amount);
  assert_int_equal(
      case_payment(c, "pay-1", AFT_PAYMENT_REFUNDED) + case_payment(c, "pay-2", AFT_PAYMENT_REFUNDED),
      amount);
  assert_int_equal(case_payment(c, "pay-1", AFT_PAYMENT_PLANNED), 0);
  assert_int_equal(case_line(c, c->line[0], AFT_LINE_REFUNDED), amount);
  assert_nothing_open(c, id);
  assert_replays(c, id);
  assert_case_invariants(c, amount);
}

static void an_amount_that_agreeing_overwrites(void **state) {
  static const int64_t amounts[] = {0, 1, 8000, 9000, 9001, 27000};
  for (size_t i = 0; i < sizeof amounts / sizeof *amounts; i++) {
    ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
    aft_id id = filed_by(&c, "taobao", "return", "");
    assert_gives(TOLD(&c, id, "SUCCESS", CNY(amounts[i])), AFT_OK);
    assert_gave(&c, id, amounts[i]);
    END_DESK(c)
  }
}

static void an_amount_that_changes_on_the_way(void **state) {
  static const int64_t amounts[] = {7000, 9000, 11000};
  for (size_t i = 0; i < sizeof amounts / sizeof *amounts; i++) {
    ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
    aft_id id = filed_by(&c, "wechat", "return", "");
    assert_gives(TOLD(&c, id, "USER_WAIT_RETURN", .version = 1, CNY(8000)), AFT_OK);
    assert_int_equal(case_int(&c, id, AFT_CASE_AGREED), 8000);
    assert_gives(TOLD(&c, id, "PLATFORM_REFUNDING", .version = 2), AFT_OK);
    assert_int_equal(case_leg_of(&c, id, "refund").requested, 8000);
    assert_gives(TOLD(&c, id, "MERCHANT_REFUND_SUCCESS", .version = 3, CNY(amounts[i])), AFT_OK);
    assert_gave(&c, id, amounts[i]);
    END_DESK(c)
  }
}

static void an_amount_that_was_stated_before(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = filed_by(&c, "taobao", "return", "");
  assert_gives(TOLD(&c, id, "WAIT_SELLER_AGREE", .version = 1, CNY(5000)), AFT_OK);
  assert_gives(TOLD(&c, id, "SUCCESS", .version = 2), AFT_OK);
  assert_gave(&c, id, 5000);
  assert_gives(TOLD(&c, id, "SUCCESS", .version = 3, CNY(6000)), AFT_OK); /* it has paid the rest */
  assert_gave(&c, id, 6000);
  assert_gives(TOLD(&c, id, "SUCCESS", .version = 4, CNY(4000)), AFT_E_INVALID);
  assert_refused_at("mirror.amount");
  assert_gave(&c, id, 6000);
  END_DESK(c)
}

static void an_amount_where_nothing_was_paid(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = filed_by(&c, "taobao", "return", "");
  assert_gives(TOLD(&c, id, "CLOSED", CNY(9000)), AFT_OK);
  assert_case(&c, id, "canceled");
  assert_int_equal(given_back(&c, id), 0);
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_WITH_BUYER), 3);
  assert_nothing_open(&c, id);
  assert_case_invariants(&c, 0);
  END_DESK(c)
}

/* ---- the way ---- */

static const char cheap[] =
    "version: 1\ncases: {rules: {cheap: {order: 1, when: {kind: return}, "
    "returnless_ok: true}}}\n";

static void goods_that_stay_without_a_word(void **state) {
  ON_EACH_DESK(c, case_story story; case_story_open(&c, &story, kind, CASE_DELIVERED);
               case_story_policy(&c, cheap); case_story_tell(&c, &story))
  aft_id id = filed_by(&c, "taobao", "return", "");
  assert_gives(TOLD(&c, id, "SUCCESS"), AFT_OK);
  assert_went(&c, id, "requested approved shipped received refunding refunded");
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_RETURNED), 1);
  assert_replays(&c, id);
  END_DESK(c)
}

static void goods_that_are_to_stay(void **state) {
  ON_EACH_DESK(c, case_story story; case_story_open(&c, &story, kind, CASE_DELIVERED);
               case_story_policy(&c, cheap); case_story_tell(&c, &story))
  aft_id id = filed_by(&c, "taobao", "return", "returnless");
  assert_gives(TOLD(&c, id, "SUCCESS"), AFT_OK);
  assert_went(&c, id, "requested refunding refunded");
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_WITH_BUYER), 3);
  assert_int_equal(given_back(&c, id), 9000);
  assert_replays(&c, id);
  END_DESK(c)
}

static void goods_by_the_usual_way(void **state) {
  static const struct {
    const char *kind, *platform, *status, *states;
  } ways[] = {
      {"return", "douyin", "12", "requested approved shipped received refunding refunded"},
      {"refund", "taobao", "SUCCESS", "requested approved refunding refunded"},
      {"exchange", "taobao", "SUCCESS",
       "requested approved shipped received accepted settled replacement_sent replacement_shipped completed"},
      {"repair", "pinduoduo", "25",
       "requested approved shipped received diagnosing repairing testing repaired shipped_back completed"},
      {"return", "wechat", "RETURN_CLOSED", "requested approved closed_not_shipped"},
      {"return", "wechat", "USER_WAIT_CONFIRM", "requested countered"},
      {"refund", "pinduoduo", "9", "requested rejected closed_rejected"},
      {"withdrawal", "douyin", "12", "stated acknowledged shipped received refunding refunded"},
      {"return", "pinduoduo", "9", "requested rejected closed_rejected"}};
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
    ON_EACH_DESK(c, case_story story; case_story_open(&c, &story, kind, CASE_DELIVERED);
                 story.lines[0].warranty_until = c.d.now + 90 * CASE_DAY; case_story_tell(&c, &story))
    aft_id id = filed_by(&c, ways[i].platform, ways[i].kind, "");
    assert_gives(told(&c, id, (aft_mirror_in){.status = AFT_STR(ways[i].status)}), AFT_OK);
    assert_went(&c, id, ways[i].states);
    assert_nothing_open(&c, id);
    assert_replays(&c, id);
    assert_int_equal(case_count(&c), 1); /* no case follows from a status */
    END_DESK(c)
  }
}

static void a_request_that_waits_under_another_name(void **state) {
  ON_EACH_DESK(c, case_story story; case_story_open(&c, &story, kind, CASE_UNSHIPPED);
               case_story_tell(&c, &story))
  aft_id id = filed_by(&c, "taobao", "refund", "");
  assert_gives(TOLD(&c, id, "WAIT_SELLER_AGREE", .version = 1), AFT_OK);
  assert_went(&c, id, "unshipped");
  assert_fate(&c, id, "applied");
  assert_gives(TOLD(&c, id, "SUCCESS", .version = 2), AFT_OK);
  assert_went(&c, id, "unshipped refunding refunded");
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_RETURNED), 1);
  assert_replays(&c, id);
  END_DESK(c)
}

static void a_status_that_no_way_leads_to(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = filed_by(&c, "taobao", "return", "");
  assert_gives(TOLD(&c, id, "WAIT_SELLER_CONFIRM_GOODS", .version = 1), AFT_OK);
  assert_gives(TOLD(&c, id, "SELLER_REFUSE_BUYER", .version = 2, .due = c.d.now + CASE_DAY), AFT_OK);
  assert_case(&c, id, "shipped"); /* goods on their way are refused when they were seen */
  assert_case_text(&c, id, AFT_CASE_EXTERNAL_STATUS, "SELLER_REFUSE_BUYER");
  assert_fate(&c, id, "refused");
  assert_int_equal(case_requests(&c, id, "work.order"), 1); /* a person looks */
  assert_replays(&c, id);
  assert_gives(TOLD(&c, id, "SUCCESS", .version = 3), AFT_OK); /* and it goes on */
  assert_case(&c, id, "refunded");
  assert_replays(&c, id);
  END_DESK(c)
}

/* Another case has promised the price meanwhile. */
static void a_way_that_ends_halfway(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = filed_by(&c, "taobao", "return", "");
  aft_case_line_in all = {.size = sizeof all, .line = c.line[0], .quantity = 3};
  aft_case_in cheaper = {.kind = AFT_STR("price_protection"),
                         .reason = AFT_STR("price_drop"),
                         .lines = &all,
                         .n_lines = 1,
                         .amount = {27000, "CNY", 0},
                         .in_spite = 1};
  aft_id other = case_file_in(&c, &c.d.as_agent, &cheaper);
  case_approve(&c, other);
  char *before = case_order_picture(&c);
  assert_gives(TOLD(&c, id, "SUCCESS"), AFT_OK);
  char *after = case_order_picture(&c);
  assert_string_equal(after, before);
  assert_case(&c, id, "requested");
  assert_case_text(&c, id, AFT_CASE_EXTERNAL_STATUS, "SUCCESS");
  assert_fate(&c, id, "refused");
  assert_int_equal(case_requests(&c, id, "work.order"), 1);
  assert_replays(&c, id);
  free(before);
  free(after);
  END_DESK(c)
}

/* ---- money that nobody heard of ---- */

static void legs_that_stay_unknown(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = filed_by(&c, "wechat", "return", "");
  assert_gives(TOLD(&c, id, "PLATFORM_REFUNDING", .version = 1), AFT_OK);
  assert_replays(&c, id);
  assert_int_equal(case_int(&c, id, AFT_CASE_AGREED), 9000);
  for (int i = 0; i < 30; i++) {
    desk_pass(&c.d, CASE_DAY);
    desk_tick(&c.d);
  }
  assert_int_equal(case_legs_in(&c, id, "unknown"), 1);
  assert_gives(TOLD(&c, id, "MERCHANT_REFUND_SUCCESS", .version = 2), AFT_OK);
  assert_gave(&c, id, 9000);
  assert_int_equal(case_requests(&c, id, "money.refund"), 0);
  END_DESK(c)
}

static void money_that_an_end_does_not_imply(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = filed_by(&c, "wechat", "return", "");
  assert_gives(TOLD(&c, id, "PLATFORM_REFUNDING", .version = 1), AFT_OK);
  assert_gives(TOLD(&c, id, "USER_CANCELD", .version = 2), AFT_OK); /* not while money is under way */
  assert_case(&c, id, "refunding");
  assert_fate(&c, id, "refused");
  assert_int_equal(given_back(&c, id), 0);
  END_DESK(c)
}

static const char ahead[] =
    "version: 1\ncases: {rules: {ahead: {order: 1, when: {kind: return}, "
    "advance_ok: true}}}\n";

static void money_ahead_of_goods(void **state) {
  static const struct {
    const char *status, *end;
    int64_t given;
  } ends[] = {{"RETURN_CLOSED", "closed_not_shipped", 0}, {"MERCHANT_REFUND_SUCCESS", "refunded", 9000}};
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
    ON_EACH_DESK(c, case_story story; case_story_open(&c, &story, kind, CASE_DELIVERED);
                 case_story_policy(&c, ahead); case_story_tell(&c, &story))
    aft_id id = filed_by(&c, "wechat", "return", "advance");
    assert_gives(TOLD(&c, id, "MERCHANT_WAIT_RECEIPT", .version = 1), AFT_OK);
    assert_string_equal(case_leg_of(&c, id, "advance").state, "sent");
    assert_gives(told(&c, id, (aft_mirror_in){.status = AFT_STR(ends[i].status), .version = 2}), AFT_OK);
    assert_case(&c, id, ends[i].end);
    assert_int_equal(given_back(&c, id), ends[i].given);
    assert_int_equal(case_line(&c, c.line[0], AFT_LINE_REFUNDED), ends[i].given);
    assert_nothing_open(&c, id);
    assert_case_invariants(&c, ends[i].given);
    END_DESK(c)
  }
}

static aft_id exchanged(case_desk *c, int64_t price) {
  aft_case_line_in one = {
      .size = sizeof one, .line = c->line[0], .quantity = 1, .wants = AFT_STR("cup-2"), .wants_price = price};
  aft_case_in in = {.kind = AFT_STR("exchange"),
                    .reason = AFT_STR("changed_mind"),
                    .lines = &one,
                    .n_lines = 1,
                    .platform = AFT_STR("taobao"),
                    .external = AFT_STR("m-1"),
                    .in_spite = 1};
  return case_file_in(c, &c->d.system, &in);
}

static void new_goods_that_cost_more(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = exchanged(&c, 12000);
  assert_gives(TOLD(&c, id, "SUCCESS"), AFT_OK);
  assert_went(&c, id,
              "requested approved shipped received accepted wait_payment settled replacement_sent "
              "replacement_shipped completed");
  assert_int_equal(case_leg_of(&c, id, "charge").confirmed, 3000);
  assert_int_equal(case_payment(&c, case_leg_of(&c, id, "charge").number, AFT_PAYMENT_CAPTURED), 3000);
  assert_int_equal(case_requests(&c, id, "money.charge"), 0);
  assert_nothing_open(&c, id);
  assert_case_invariants(&c, 3000);
  END_DESK(c)
}

static void new_goods_that_cost_less(void **state) {
  static const int64_t stated[] = {-1, 2500, 3000, 0};
  for (size_t i = 0; i < sizeof stated / sizeof *stated; i++) {
    ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
    int64_t expected = stated[i] < 0 ? 3000 : stated[i];
    aft_mirror_in in = {.status = AFT_STR("SUCCESS")};
    aft_id id = exchanged(&c, 6000);
    if (stated[i] >= 0)
      in.amount = (aft_money){stated[i], "CNY", 0};
    assert_gives(told(&c, id, in), AFT_OK);
    assert_case(&c, id, "completed");
    assert_int_equal(given_back(&c, id), expected);
    assert_nothing_open(&c, id);
    assert_case_invariants(&c, expected);
    END_DESK(c)
  }
}

/* ---- their order ---- */

static void versions_and_times_together(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  int64_t t = c.d.now;
  aft_id id = filed_by(&c, "wechat", "return", "");
  assert_gives(TOLD(&c, id, "MERCHANT_PROCESSING", .at = t), AFT_OK);
  assert_gives(TOLD(&c, id, "USER_WAIT_RETURN", .version = 5, .at = t + 10), AFT_OK);
  assert_int_equal(case_int(&c, id, AFT_CASE_EXTERNAL_VERSION), 5);
  assert_gives(TOLD(&c, id, "MERCHANT_PROCESSING", .at = t + 9), AFT_IGNORED); /* by its time */
  assert_gives(TOLD(&c, id, "USER_WAIT_RETURN", .at = t + 10), AFT_IGNORED);
  assert_fate(&c, id, "repeated");
  assert_gives(TOLD(&c, id, "MERCHANT_WAIT_RECEIPT", .at = t + 11), AFT_OK);
  assert_case(&c, id, "shipped");
  aft_record *record = case_get(&c, id);
  assert_true(aft_record_is_null(record, AFT_CASE_EXTERNAL_VERSION));
  aft_record_free(record);
  assert_gives(TOLD(&c, id, "MERCHANT_PROCESSING", .version = 4, .at = t + 20), AFT_IGNORED);
  assert_gives(TOLD(&c, id, "19", .version = 6, .at = t + 5), AFT_OK); /* by its version */
  assert_case(&c, id, "received");
  assert_gives(TOLD(&c, id, "MERCHANT_REFUND_SUCCESS", .at = t + 10), AFT_IGNORED);
  assert_gives(TOLD(&c, id, "MERCHANT_REFUND_SUCCESS", .at = t + 12), AFT_OK);
  assert_case(&c, id, "refunded");
  END_DESK(c)
}

static void a_deadline_that_outlives_its_status(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = filed_by(&c, "wechat", "return", "");
  assert_gives(TOLD(&c, id, "MERCHANT_PROCESSING", .version = 1, .due = c.d.now + CASE_DAY), AFT_OK);
  assert_int_equal(case_int(&c, id, AFT_CASE_DUE), c.d.now + CASE_DAY);
  assert_gives(TOLD(&c, id, "USER_WAIT_RETURN", .version = 2), AFT_OK);
  aft_record *record = case_get(&c, id);
  assert_true(aft_record_is_null(record, AFT_CASE_DUE));
  aft_record_free(record);
  desk_pass(&c.d, 60 * CASE_DAY);
  desk_tick(&c.d);
  assert_case(&c, id, "approved"); /* nothing ends it here but the marketplace */
  END_DESK(c)
}

/* ---- whose it is ---- */

static void from(case_desk *c, desk_kind kind, const char *platform) {
  case_story story;
  case_story_open(c, &story, kind, CASE_DELIVERED);
  story.facts.platform = (aft_str){platform, AFT_NTS};
  case_story_tell(c, &story);
}

static aft_status try_file(case_desk *c, const aft_call *as, const char *platform, const char *external,
                           aft_id *id) {
  aft_case_line_in one = {.size = sizeof one, .line = c->line[0], .quantity = 1};
  aft_case_in in = {.size = sizeof in,
                    .order = c->order,
                    .kind = AFT_STR("return"),
                    .reason = AFT_STR("changed_mind"),
                    .lines = &one,
                    .n_lines = 1,
                    .platform = AFT_STR(platform),
                    .external = AFT_STR(external)};
  aft_record *made = NULL;
  case_error = (aft_error)AFT_ERROR_INIT;
  aft_status status = aft_case_file(c->d.session, as, &in, &made, &case_error);
  *id = made ? aft_case_id(made) : 0;
  aft_record_free(made);
  return status;
}

static void a_marketplaces_order(void **state) {
  ON_EACH_DESK(c, from(&c, kind, "taobao"))
  aft_id id;
  assert_gives(try_file(&c, &c.d.system, "jd", "j-1", &id), AFT_E_INVALID);
  assert_refused_at("case.platform");
  assert_gives(try_file(&c, &c.d.as_buyer, "", "t-0", &id), AFT_E_INVALID);
  assert_gives(try_file(&c, &c.d.as_agent, "", "t-1", &id), AFT_OK); /* the number says so */
  assert_case_text(&c, id, AFT_CASE_AUTHORITY, "external");
  assert_case_text(&c, id, AFT_CASE_PLATFORM, "taobao");
  assert_gives(try_file(&c, &c.d.as_agent, "", "", &id), AFT_OK); /* of the shop's own accord */
  assert_case_text(&c, id, AFT_CASE_AUTHORITY, "local");
  assert_gives(TOLD(&c, id, "SUCCESS"), AFT_E_INVALID);
  END_DESK(c)
}

static void a_case_without_its_number(void **state) {
  ON_EACH_DESK(c, from(&c, kind, "taobao"))
  aft_id id;
  assert_gives(try_file(&c, &c.d.system, "", "", &id), AFT_OK);
  assert_case_text(&c, id, AFT_CASE_AUTHORITY, "external");
  assert_case(&c, id, "requested");
  assert_gives(TOLD(&c, id, "SUCCESS", .platform = AFT_STR("jd"), .external = AFT_STR("t-1")), AFT_E_INVALID);
  assert_refused_at("mirror.platform");
  assert_gives(TOLD(&c, id, "WAIT_BUYER_RETURN_GOODS", .version = 1, .platform = AFT_STR("taobao"),
                    .external = AFT_STR("t-1")),
               AFT_OK);
  assert_gives(
      TOLD(&c, 0, "SUCCESS", .version = 2, .platform = AFT_STR("taobao"), .external = AFT_STR("t-1")),
      AFT_OK); /* known by it from now on */
  assert_case(&c, id, "refunded");
  assert_gives(TOLD(&c, id, "SUCCESS", .version = 3, .external = AFT_STR("t-2")), AFT_E_INVALID);
  assert_refused_at("mirror.external");
  assert_gives(try_file(&c, &c.d.system, "", "", &id), AFT_OK);
  assert_gives(TOLD(&c, id, "SUCCESS", .external = AFT_STR("t-1")), AFT_E_EXISTS); /* another has it */
  assert_refused_at("mirror.external");
  END_DESK(c)
}

static void a_number_of_no_marketplace(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id;
  assert_gives(try_file(&c, &c.d.system, "", "t-1", &id), AFT_E_INVALID);
  assert_refused_at("case.platform");
  assert_gives(try_file(&c, &c.d.system, "taobao", "", &id), AFT_E_INVALID);
  assert_refused_at("case.external");
  assert_int_equal(case_count(&c), 0);
  END_DESK(c)
}

/* ---- anything in any order ---- */

#define LIFE_CASES 2

static const struct {
  const char *platform;
  const char *statuses[48];
} platforms[] = {{"taobao",
                  {"WAIT_SELLER_AGREE", "WAIT_BUYER_RETURN_GOODS", "WAIT_SELLER_CONFIRM_GOODS",
                   "SELLER_REFUSE_BUYER", "CLOSED", "SUCCESS", "SUCCESS", "NEW_WORD"}},
                 {"jd", {"10", "20", "21", "22", "31", "32", "33", "34", "40", "50", "50", "60", "77"}},
                 {"pinduoduo", {"2",  "3",  "4",  "5",  "6",  "7",  "8",  "9",  "10", "10", "11", "12",
                                "13", "14", "15", "16", "17", "18", "21", "22", "24", "25", "27", "99"}},
                 {"douyin", {"6", "7", "11", "12", "12", "13", "14", "27", "28", "29", "0"}},
                 {"wechat",
                  {"USER_CANCELD",
                   "MERCHANT_PROCESSING",
                   "USER_WAIT_CONFIRM",
                   "MERCHANT_REJECT_REFUND",
                   "MERCHANT_REJECT_RETURN",
                   "MERCHANT_REJECT_RESHIP",
                   "USER_WAIT_RETURN",
                   "RETURN_CLOSED",
                   "MERCHANT_WAIT_RECEIPT",
                   "MERCHANT_OVERDUE_REFUND",
                   "MERCHANT_REFUND_SUCCESS",
                   "PLATFORM_REFUNDING",
                   "PLATFORM_REFUND_FAIL",
                   "MERCHANT_REFUND_RETRY_FAIL",
                   "MERCHANT_FAIL",
                   "15",
                   "16",
                   "17",
                   "18",
                   "19",
                   "SOMETHING"}}};

typedef struct life {
  case_desk c;
  const char *platform;
  aft_id id[LIFE_CASES];
  int64_t version[LIFE_CASES], at[LIFE_CASES]; /* the rule of their order, once more */
  bool any[LIFE_CASES];
  bool heard[LIFE_CASES]; /* of money, by the host itself */
} life;

static void live(life *l, uint64_t *seed) {
  case_story story;
  uint32_t way = below(seed, 4);
  case_story_open(&l->c, &story, DESK_SQLITE,
                  way == 0   ? CASE_UNSHIPPED
                  : way == 1 ? CASE_SHIPPED
                             : CASE_DELIVERED);
  if (below(seed, 2))
    story.lines[0].warranty_until = story.lines[1].warranty_until = l->c.d.now + 90 * CASE_DAY;
  case_story_tell(&l->c, &story);
}

static bool open_case(life *l, uint64_t *seed, int n) {
  static const char *const routes[] = {"", "", "advance", "returnless"};
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  char number[16];
  snprintf(number, sizeof number, "n-%d", n);
  aft_case_line_in line = {.size = sizeof line,
                           .line = l->c.line[below(seed, 2)],
                           .quantity = 1 + below(seed, 2),
                           .wants_price = below(seed, 3) * 6000};
  aft_case_in in = {.size = sizeof in,
                    .order = l->c.order,
                    .kind = AFT_STR(case_any_kind(seed)),
                    .reason = AFT_STR(case_any_reason(seed)),
                    .lines = &line,
                    .n_lines = below(seed, 6) != 0,
                    .route = AFT_STR(routes[below(seed, 4)]),
                    .platform = AFT_STR(l->platform),
                    .external = AFT_STR(number),
                    .in_spite = 1};
  if (below(seed, 3) == 0)
    in.amount = (aft_money){below(seed, 9000), "CNY", 0};
  if (aft_case_file(l->c.d.session, &l->c.d.system, &in, &made, &error) < 0)
    return false;
  l->id[n] = aft_case_id(made);
  aft_record_free(made);
  return true;
}

/* Only people are asked to look: money and goods are the marketplace's affair. */
static uint32_t asked_of_the_host(life *l, aft_id id) {
  static const char *const topics[] = {
      "money.refund",     "money.pay",        "money.charge",  "money.settle",   "money.authorise",
      "money.capture",    "goods.ship",       "goods.reserve", "message.send",   "goods.send_back",
      "coupon.give_back", "platform.command", "label.request", "invoice.reverse"};
  uint32_t n = 0;
  for (size_t i = 0; i < sizeof topics / sizeof *topics; i++)
    n += case_requests(&l->c, id, topics[i]);
  return n;
}

static void assert_settled(life *l, aft_id id, int64_t stated) {
  aft_record *record = case_get(&l->c, id);
  bool ended = !aft_case_open(record);
  bool paid = strcmp(aft_case_money(record), "confirmed") == 0;
  aft_record_free(record);
  if (!ended)
    return;
  assert_int_equal(case_legs_in(&l->c, id, "planned"), 0);
  if (!l->heard[0] && !l->heard[1])
    assert_nothing_open(&l->c, id);
  if (paid && stated >= 0)
    assert_int_equal(given_back(&l->c, id), stated);
}

/* What it has come to, but for what is different on every desk. */
static char *come_to(life *l) {
  char *out = calloc(1, 4096);
  assert_non_null(out);
  for (int i = 0; i < LIFE_CASES; i++) {
    aft_record *r = l->id[i] ? case_get(&l->c, l->id[i]) : NULL;
    size_t n = strlen(out);
    if (r)
      snprintf(out + n, 4096 - n, "%s %s %s %s %lld %lld %lld; ", aft_case_state(r), aft_case_goods(r),
               aft_case_money(r), aft_case_external_status(r), (long long)aft_case_agreed(r),
               (long long)given_back(&l->c, l->id[i]), (long long)aft_case_due(r));
    aft_record_free(r);
  }
  static const uint32_t places[] = {AFT_LINE_WITH_BUYER, AFT_LINE_IN_RETURN, AFT_LINE_RETURNED,
                                    AFT_LINE_LOST,       AFT_LINE_REFUNDED,  AFT_LINE_KEPT};
  for (int i = 0; i < 3; i++)
    for (size_t p = 0; p < sizeof places / sizeof *places; p++) {
      size_t n = strlen(out);
      snprintf(out + n, 4096 - n, "%lld ", (long long)case_line(&l->c, l->c.line[i], places[p]));
    }
  return out;
}

static bool is_newer(const life *l, int n, const aft_mirror_in *in) {
  if (!l->any[n])
    return true;
  return in->version && l->version[n] ? in->version > l->version[n] : in->at > l->at[n];
}

static void was_taken(life *l, int n, const aft_mirror_in *in) {
  l->any[n] = true;
  l->version[n] = in->version > l->version[n] ? in->version : l->version[n];
  l->at[n] = in->at > l->at[n] ? in->at : l->at[n];
}

static aft_mirror_in any_status(const life *l, uint64_t *seed, size_t platform, int step) {
  uint32_t n = 0;
  while (platforms[platform].statuses[n])
    n++;
  int64_t order = step + (below(seed, 3) == 0 ? -(int64_t)below(seed, 6) : 0);
  aft_mirror_in in = {.status = AFT_STR(platforms[platform].statuses[below(seed, n)]),
                      .version = below(seed, 3) && order > 0 ? order : 0,
                      .at = l->c.d.now + order * CASE_HOUR,
                      .due = below(seed, 2) ? l->c.d.now + CASE_DAY : 0};
  if (below(seed, 3) == 0)
    in.amount = (aft_money){below(seed, 4) ? below(seed, 12000) : below(seed, 50000), "CNY", 0};
  return in;
}

/* Long enough, and what is under way is not known any more. */
static void time_passes(life *l, life *twin, int64_t hours) {
  case_desk *desks[] = {&l->c, &twin->c};
  for (size_t i = 0; i < sizeof desks / sizeof *desks; i++) {
    desk_pass(&desks[i]->d, hours * CASE_HOUR);
    desk_tick(&desks[i]->d);
  }
}

/* The host hears of money by itself as well; then it is not the marketplace's word alone that counts. */
static void provider_says(life *l, life *twin, int n, uint32_t outcome) {
  life *both[] = {l, twin};
  for (size_t i = 0; i < sizeof both / sizeof *both; i++) {
    case_leg legs[CASE_MOST_LEGS];
    uint32_t n_legs = case_legs(&both[i]->c, both[i]->id[n], legs);
    for (uint32_t k = 0; k < n_legs; k++)
      if (strcmp(legs[k].state, "sent") == 0 || strcmp(legs[k].state, "unknown") == 0) {
        assert_true(case_settle(&both[i]->c, &legs[k], outcome, legs[k].requested, "gw") >= 0);
        both[i]->heard[n] = true;
        break;
      }
  }
}

static void check_life(life *l, const int64_t stated[LIFE_CASES]) {
  case_leg legs[CASE_MOST_LEGS];
  int64_t booked = 0;
  for (int i = 0; i < LIFE_CASES; i++) {
    uint32_t n = l->id[i] ? case_legs(&l->c, l->id[i], legs) : 0;
    while (n-- > 0)
      booked += legs[n].confirmed;
    if (l->id[i])
      assert_settled(l, l->id[i], l->heard[i] ? -1 : stated[i]);
  }
  assert_case_invariants(&l->c, booked);
}

static void anything_in_any_order(void **state) {
  (void)state;
  uint64_t seed = seed_of("mirrors");
  int64_t taken = 0, late = 0, refused = 0;
  int lives = rounds(place_on_server() ? 15 : 40, 4000);
  for (int i = 0; i < lives; i++) {
    uint64_t s = seed + (uint64_t)i * 7919, same = s;
    size_t platform = below(&s, sizeof platforms / sizeof *platforms);
    life l = {.platform = platforms[platform].platform}, twin = {.platform = platforms[platform].platform};
    int64_t stated[LIFE_CASES] = {-1, -1};
    (void)below(&same, sizeof platforms / sizeof *platforms);
    live(&l, &s);
    live(&twin, &same); /* which hears only what came in order */
    for (int n = 0; n < LIFE_CASES; n++)
      assert_int_equal(open_case(&l, &s, n), open_case(&twin, &same, n));
    for (int step = 1; step < 16; step++) {
      if (below(&s, 6) == 0)
        time_passes(&l, &twin, 1 + below(&s, 200));
      int n = (int)below(&s, LIFE_CASES);
      aft_mirror_in in = any_status(&l, &s, platform, step);
      if (!l.id[n])
        continue;
      if (below(&s, 8) == 0)
        provider_says(&l, &twin, n, 1 + below(&s, 3));
      uint32_t asked = asked_of_the_host(&l, l.id[n]);
      aft_status status = told(&l.c, l.id[n], in);
      assert_int_equal(asked_of_the_host(&l, l.id[n]), asked);
      if (status == AFT_E_INVALID) {
        assert_refused_at("mirror.amount");
        refused++;
        continue;
      }
      assert_gives(status, is_newer(&l, n, &in) ? AFT_OK : AFT_IGNORED);
      late += status == AFT_IGNORED;
      assert_replays(&l.c, l.id[n]);
      if (status != AFT_OK)
        continue;
      taken++;
      was_taken(&l, n, &in);
      if (in.amount.currency[0] && (has_fate(&l.c, l.id[n], "applied") || has_fate(&l.c, l.id[n], "waiting")))
        stated[n] = in.amount.minor;
      assert_gives(told(&twin.c, twin.id[n], in), AFT_OK);
    }
    check_life(&l, stated);
    char *own = come_to(&l), *other = come_to(&twin);
    assert_string_equal(own, other);
    free(own);
    free(other);
    case_desk_close(&l.c);
    case_desk_close(&twin.c);
  }
  print_message("# %lld statuses taken over, %lld late, %lld refused\n", (long long)taken, (long long)late,
                (long long)refused);
}

/* ---- statuses whose meaning is a guess ---- */

static const char guesses[] =
    "version: 1\ncases: {platforms: {taobao: {DONE: {state: refunded, certainty: unsure}, "
    "ON_ITS_WAY: {state: shipped, certainty: unsure}}}}\n";

static void assert_certainty(case_desk *c, aft_id id, const char *certainty) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *mirror;
  aft_buf *story;
  char last[32] = "", shown[64];
  assert_ok(aft_case_parts(c->d.session, &c->d.system, id, AFT_KIND_MIRROR, &cursor, &error));
  while (aft_cursor_next(cursor, &mirror, &error) == AFT_OK)
    snprintf(last, sizeof last, "%s", aft_mirror_certainty(mirror));
  aft_cursor_free(cursor);
  assert_string_equal(last, certainty);
  assert_ok(aft_case_timeline(c->d.session, &c->d.as_buyer, id, "zh", &story, &error));
  snprintf(shown, sizeof shown, "\"platform_certainty\":\"%s\"", certainty);
  assert_non_null(strstr((const char *)aft_buf_data(story), shown));
  assert_null(strstr((const char *)aft_buf_data(story), "case.certainty"));
  aft_buf_free(story);
}

static void assert_explained(case_desk *c, aft_id id, const char *part) {
  aft_error error = AFT_ERROR_INIT;
  aft_buf *why;
  assert_ok(aft_case_explain(c->d.session, &c->d.as_agent, id, "status", "en", &why, &error));
  assert_non_null(strstr((const char *)aft_buf_data(why), part));
  aft_buf_free(why);
}

static void a_status_that_is_a_guess_is_shown_as_one_and_people_look(void **state) {
  ON_EACH_DESK(c, case_story story; case_story_open(&c, &story, kind, CASE_DELIVERED);
               case_story_policy(&c, guesses); case_story_tell(&c, &story))
  aft_id id = filed_by(&c, "taobao", "return", "");
  assert_gives(TOLD(&c, id, "WAIT_SELLER_AGREE", .version = 1), AFT_OK);
  assert_certainty(&c, id, "sure");
  assert_int_equal(case_requests(&c, id, "work.order"), 0);
  assert_gives(TOLD(&c, id, "ON_ITS_WAY", .version = 2), AFT_OK);
  assert_case(&c, id, "shipped");
  assert_certainty(&c, id, "unsure");
  assert_explained(&c, id, "\"ON_ITS_WAY\" is guessed to mean \"shipped\"");
  char *asked = case_payload(&c, id, "work.order");
  assert_non_null(strstr(asked, "\"check_status\""));
  free(asked);
  END_DESK(c)
}

static void money_waits_where_a_status_is_a_guess(void **state) {
  for (int way = 0; way < 2; way++) {
    ON_EACH_DESK(c, case_story story; case_story_open(&c, &story, kind, CASE_DELIVERED);
                 case_story_policy(&c, guesses); case_story_tell(&c, &story))
    aft_id id = filed_by(&c, "taobao", "return", "");
    assert_gives(TOLD(&c, id, "WAIT_SELLER_CONFIRM_GOODS", .version = 1), AFT_OK);
    assert_gives(TOLD(&c, id, "DONE", .version = 2, CNY(8000)), AFT_OK);
    assert_fate(&c, id, "waiting");
    assert_certainty(&c, id, "unsure");
    assert_case(&c, id, "shipped");
    assert_int_equal(given_back(&c, id), 0);
    assert_explained(&c, id, "money waits for a person's word");
    assert_gives(TOLD(&c, id, "DONE", .version = 2, CNY(8000)), AFT_IGNORED);
    if (way == 0) { /* a person says so */
      aft_mirror_in in = {
          .size = sizeof in, .case_id = id, .status = AFT_STR("DONE"), .version = 2, .at = c.d.now};
      assert_gives(aft_case_mirror(c.d.session, &c.d.as_agent, &in, NULL, &case_error), AFT_OK);
    } else /* or a status that is known */
      assert_gives(TOLD(&c, id, "SUCCESS", .version = 3), AFT_OK);
    assert_fate(&c, id, "applied");
    assert_gave(&c, id, 8000);
    END_DESK(c)
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_amount_that_cannot_be),
      cmocka_unit_test(an_amount_that_agreeing_overwrites),
      cmocka_unit_test(an_amount_that_changes_on_the_way),
      cmocka_unit_test(an_amount_that_was_stated_before),
      cmocka_unit_test(an_amount_where_nothing_was_paid),
      cmocka_unit_test(goods_that_stay_without_a_word),
      cmocka_unit_test(goods_that_are_to_stay),
      cmocka_unit_test(goods_by_the_usual_way),
      cmocka_unit_test(a_request_that_waits_under_another_name),
      cmocka_unit_test(a_status_that_no_way_leads_to),
      cmocka_unit_test(a_way_that_ends_halfway),
      cmocka_unit_test(legs_that_stay_unknown),
      cmocka_unit_test(money_that_an_end_does_not_imply),
      cmocka_unit_test(money_ahead_of_goods),
      cmocka_unit_test(new_goods_that_cost_more),
      cmocka_unit_test(new_goods_that_cost_less),
      cmocka_unit_test(versions_and_times_together),
      cmocka_unit_test(a_deadline_that_outlives_its_status),
      cmocka_unit_test(a_marketplaces_order),
      cmocka_unit_test(a_case_without_its_number),
      cmocka_unit_test(a_number_of_no_marketplace),
      cmocka_unit_test(a_status_that_is_a_guess_is_shown_as_one_and_people_look),
      cmocka_unit_test(money_waits_where_a_status_is_a_guess),
      cmocka_unit_test(anything_in_any_order),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
