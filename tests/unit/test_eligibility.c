/* Eligibility: the ends of windows, floors of law, exceptions, clauses, and the rules of cases as data. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/cases.h"
#include "policy/policy.h"
#include "policy/policy_priv.h"
#include "policy_fixture.h"

static aft_time at(const char *text) {
  aft_time time = AFT_TIME_NONE;
  aft_error error = AFT_ERROR_INIT;
  if (aft_time_parse(text, AFT_NTS, &time, &error) < 0)
    fail_msg("%s: %s", text, error.message);
  return time;
}

/* ---- spans ---- */

static const struct {
  const char *span, *from, *last;
  bool include, shift;
  int32_t offset;
} ends[] = {
    {"48h", "2026-11-25T10:00:00Z", "2026-11-27T10:00:00Z", false, false, 0},
    {"7d", "2026-11-25T10:00:00Z", "2026-12-02T23:59:59.999Z", false, false, 0},
    {"7d", "2026-11-25T10:00:00Z", "2026-12-01T23:59:59.999Z", true, false, 0},
    {"1w", "2026-11-25T00:00:00Z", "2026-12-02T23:59:59.999Z", false, false, 0},
    /* the day is the buyer's: 17:00 UTC is the next day in Shanghai, 02:00 UTC the day before in Sao Paulo */
    {"7d", "2026-11-25T17:00:00Z", "2026-12-03T23:59:59.999+08:00", false, false, 480},
    {"7d", "2026-11-25T02:00:00Z", "2026-12-01T23:59:59.999-03:00", false, false, -180},
    {"7d", "2026-11-25T15:59:59.999Z", "2026-12-02T23:59:59.999+08:00", false, false, 480},
    {"7d", "2026-11-25T16:00:00Z", "2026-12-03T23:59:59.999+08:00", false, false, 480},
    /* months end where the month does */
    {"1mo", "2026-01-31T12:00:00Z", "2026-02-28T23:59:59.999Z", false, false, 0},
    {"1mo", "2028-01-31T12:00:00Z", "2028-02-29T23:59:59.999Z", false, false, 0},
    {"24mo", "2028-02-29T12:00:00Z", "2030-02-28T23:59:59.999Z", false, false, 0},
    {"3mo", "2026-11-30T12:00:00Z", "2027-02-28T23:59:59.999Z", false, false, 0},
    /* a month that counts its first day ends the day before the same day, or with the month */
    {"1mo", "2026-01-15T12:00:00Z", "2026-02-14T23:59:59.999Z", true, false, 0},
    {"1mo", "2026-03-01T12:00:00Z", "2026-03-31T23:59:59.999Z", true, false, 0},
    {"1mo", "2026-05-01T12:00:00Z", "2026-05-31T23:59:59.999Z", true, false, 0},
    {"1mo", "2026-01-31T12:00:00Z", "2026-02-28T23:59:59.999Z", true, false, 0},
    {"12mo", "2026-01-01T12:00:00Z", "2026-12-31T23:59:59.999Z", true, false, 0},
    /* business days: 2026-11-25 is a Wednesday */
    {"5bd", "2026-11-25T12:00:00Z", "2026-12-02T23:59:59.999Z", false, false, 0},
    {"3bd", "2026-11-27T12:00:00Z", "2026-12-02T23:59:59.999Z", false, false, 0},
    {"1bd", "2026-11-28T12:00:00Z", "2026-11-30T23:59:59.999Z", false, false, 0},
    {"5bd", "2026-11-28T12:00:00Z", "2026-12-04T23:59:59.999Z", false, false, 0},
    {"5bd", "2026-11-29T12:00:00Z", "2026-12-04T23:59:59.999Z", false, false, 0},
    {"6bd", "2026-11-28T12:00:00Z", "2026-12-07T23:59:59.999Z", false, false, 0},
    /* an end on a weekend moves to Monday */
    {"14d", "2026-11-14T12:00:00Z", "2026-11-30T23:59:59.999Z", false, true, 0},
    {"14d", "2026-11-15T12:00:00Z", "2026-11-30T23:59:59.999Z", false, true, 0},
    {"14d", "2026-11-16T12:00:00Z", "2026-11-30T23:59:59.999Z", false, true, 0},
    {"14d", "2026-11-13T12:00:00Z", "2026-11-27T23:59:59.999Z", false, true, 0},
    {"7d", "2026-12-28T12:00:00Z", "2027-01-04T23:59:59.999Z", false, false, 0},
};

static void spans_end_on_their_last_millisecond(void **state) {
  (void)state;
  for (size_t i = 0; i < AFT__COUNT(ends); i++) {
    uint32_t n = 0;
    aft__span_unit unit = AFT__SPAN_DAYS;
    assert_true(aft__span_parse(aft__cstr(ends[i].span), &n, &unit));
    aft_time end = aft__span_end(at(ends[i].from), n, unit, ends[i].include, ends[i].shift, ends[i].offset);
    if (end != at(ends[i].last))
      fail_msg("row %zu, %s from %s: %lld is not %s", i, ends[i].span, ends[i].from, (long long)end,
               ends[i].last);
  }
}

static void spans_are_read_strictly(void **state) {
  (void)state;
  static const char *const wrong[] = {"",     "7",          "d",       "0d",     "-7d", "7 d", "7days", "7D",
                                      "1.5d", "999999999d", "100001h", "20000w", "7dd", "bd",  "mo"};
  uint32_t n = 0;
  aft__span_unit unit;
  for (size_t i = 0; i < AFT__COUNT(wrong); i++)
    if (aft__span_parse(aft__cstr(wrong[i]), &n, &unit))
      fail_msg("'%s' was taken for a span", wrong[i]);
}

/* Whole weeks are stepped over at once; day by day comes to the same. */
static void business_days_agree_with_counting(void **state) {
  (void)state;
  aft_time from = at("2026-11-23T12:00:00Z");
  for (int start = 0; start < 7; start++)
    for (uint32_t n = 1; n < 40; n++) {
      aft_time day = from + start * AFT__DAY;
      aft__civil c;
      for (uint32_t left = n; left > 0;) {
        day += AFT__DAY;
        aft__civil_of(day, 0, &c);
        left -= c.weekday < 5;
      }
      aft_time end = aft__span_end(from + start * AFT__DAY, n, AFT__SPAN_BUSINESS, false, false, 0);
      assert_int_equal(end, day + AFT__DAY / 2 - 1);
    }
}

/* ---- facts to verdicts ---- */

#define DELIVERED "2026-11-02T10:00:00Z" /* a Monday */

typedef struct row {
  const char *place, *kind, *reason, *now, *facts;
  const char *verdict, *clause, *window, *freight;
} row;

static void set_fact(aft__facts *facts, const char *name, const char *value) {
  static const char *const names[] = {
#define AFT__FACT(id, name, type) name,
#include "policy/facts.def"
#undef AFT__FACT
  };
  for (size_t i = 0; i < AFT__FACTS; i++)
    if (strcmp(names[i], name) == 0) {
      facts->text[i] = aft__cstr(value);
      facts->number[i] = strtoll(value, NULL, 10);
      return;
    }
  fail_msg("there is no fact %s", name);
}

/* "final_sale=1 nature=fresh" over the facts of a plain, proven order. */
static void read_facts(aft__facts *facts, const char *text, char *copy, size_t size) {
  memset(facts, 0, sizeof *facts);
  for (size_t i = 0; i < AFT__FACTS; i++)
    facts->text[i] = aft__cstr("");
  set_fact(facts, "proven", "1");
  set_fact(facts, "nature", "physical");
  set_fact(facts, "under_warranty", "1");
  snprintf(copy, size, "%s", text);
  for (char *word = strtok(copy, " "); word; word = strtok(NULL, " ")) {
    char *equal = strchr(word, '=');
    assert_non_null(equal);
    *equal = '\0';
    set_fact(facts, word, equal + 1);
  }
}

static void judge(const aft_policy *p, const row *r, aft__eligible *out, aft__buf *reasons) {
  static aft__facts facts;
  static char copy[256];
  read_facts(&facts, r->facts, copy, sizeof copy);
  facts.text[AFT__FACT_JURISDICTION] = aft__cstr(r->place);
  aft__eligible_in in = {.kind = aft__cstr(r->kind),
                         .reason = aft__cstr(r->reason),
                         .facts = &facts,
                         .ordered = at("2026-11-01T10:00:00Z"),
                         .shipped = at("2026-11-01T20:00:00Z"),
                         .delivered = at(DELIVERED),
                         .now = at(r->now)};
  aft__policy_eligible(p, &in, out, reasons);
}

static const row rows[] = {
    /* mainland China: seven days without a reason, seven and fifteen for faults */
    {"CN", "return", "changed_mind", "2026-11-09T23:59:59.999Z", "", "yes", "open", "cn_no_reason", "buyer"},
    {"CN", "return", "changed_mind", "2026-11-10T00:00:00Z", "", "no", "window", "cn_no_reason", "buyer"},
    {"CN", "exchange", "defective_later", "2026-11-17T23:59:59.999Z", "", "yes", "open",
     "cn_quality_exchange", "seller"},
    {"CN", "exchange", "defective_later", "2026-11-18T00:00:00Z", "", "no", "window", "cn_quality_exchange",
     "seller"},
    /* the shop's own fifteen days outlast the law's seven */
    {"CN", "return", "defective_on_arrival", "2026-11-17T12:00:00Z", "", "yes", "open", "shop_quality",
     "seller"},
    {"CN", "return", "damaged_in_transit", "2026-11-05T12:00:00Z", "", "yes", "open", "shop_quality",
     "seller"},
    /* the European Union: 14 days from a Monday end on a Monday */
    {"DE", "withdrawal", "changed_mind", "2026-11-16T23:59:59.999Z", "", "yes", "open", "eu_withdrawal",
     "buyer"},
    {"DE", "withdrawal", "changed_mind", "2026-11-17T00:00:00Z", "", "no", "window", "eu_withdrawal",
     "buyer"},
    {"FR", "return", "changed_mind", "2026-11-12T00:00:00Z", "", "yes", "open", "eu_withdrawal", "buyer"},
    {"SE", "return", "defective_later", "2028-11-02T12:00:00Z", "", "yes", "open", "eu_conformity", "seller"},
    {"SE", "return", "defective_later", "2028-11-03T00:00:00Z", "", "no", "window", "eu_conformity",
     "seller"},
    /* Great Britain */
    {"GB", "withdrawal", "colour", "2026-11-16T23:59:59.999Z", "", "yes", "open", "gb_cancellation", "buyer"},
    {"GB", "return", "wrong_item", "2026-12-02T23:59:59.999Z", "", "yes", "open", "gb_reject", "seller"},
    {"GB", "return", "wrong_item", "2026-12-03T00:00:00Z", "", "no", "window", "gb_reject", "seller"},
    /* Asia */
    {"JP", "withdrawal", "style", "2026-11-09T23:59:59.999Z", "", "yes", "open", "jp_return", "buyer"},
    {"JP", "withdrawal", "style", "2026-11-10T00:00:00Z", "", "no", "window", "jp_return", "buyer"},
    {"KR", "withdrawal", "style", "2026-11-09T23:59:59.999Z", "", "yes", "open", "kr_withdrawal", "buyer"},
    {"KR", "withdrawal", "style", "2026-11-10T00:00:00Z", "", "no", "window", "kr_withdrawal", "buyer"},
    {"KR", "return", "not_as_described", "2027-02-02T12:00:00Z", "", "yes", "open", "kr_not_as_described",
     "seller"},
    {"KR", "return", "not_as_described", "2027-02-03T00:00:00Z", "", "no", "window", "kr_not_as_described",
     "seller"},
    {"TW", "withdrawal", "changed_mind", "2026-11-09T12:00:00Z", "", "yes", "open", "tw_rescission",
     "seller"},
    {"TW", "withdrawal", "changed_mind", "2026-11-10T00:00:00Z", "", "no", "window", "tw_rescission",
     "buyer"},
    {"SG", "return", "defective_later", "2027-05-02T12:00:00Z", "", "yes", "open", "sg_lemon", "seller"},
    {"TH", "withdrawal", "changed_mind", "2026-11-03T12:00:00Z", "", "no", "window", "", "buyer"},
    {"VN", "withdrawal", "not_as_described", "2026-11-03T12:00:00Z", "", "no", "window", "", "seller"},
    {"ID", "return", "changed_mind", "2026-11-03T12:00:00Z", "", "yes", "open", "shop_return", "buyer"},
    /* the rest */
    {"BR", "withdrawal", "changed_mind", "2026-11-09T12:00:00Z", "", "yes", "open", "br_regret", "seller"},
    {"BR", "return", "defective_later", "2027-01-31T12:00:00Z", "", "yes", "open", "br_defect", "seller"},
    {"MX", "withdrawal", "changed_mind", "2026-11-09T23:59:59.999Z", "", "yes", "open", "mx_revocation",
     "buyer"},
    {"MX", "withdrawal", "changed_mind", "2026-11-10T00:00:00Z", "", "no", "window", "mx_revocation",
     "buyer"},
    {"MX", "return", "defective_later", "2027-01-31T12:00:00Z", "", "yes", "open", "mx_guarantee", "seller"},
    {"RU", "withdrawal", "changed_mind", "2026-11-09T12:00:00Z", "", "yes", "open", "ru_distance", "buyer"},
    {"SA", "withdrawal", "changed_mind", "2026-11-09T12:00:00Z", "", "yes", "open", "sa_return", "buyer"},
    /* where law gives no right, the marketplace's or the shop's promise counts */
    {"US", "withdrawal", "changed_mind", "2026-11-03T12:00:00Z", "", "no", "window", "", "buyer"},
    {"US", "return", "changed_mind", "2026-11-03T12:00:00Z", "", "yes", "open", "shop_return", "buyer"},
    {"US", "withdrawal", "changed_mind", "2026-11-03T12:00:00Z", "platform=taobao", "yes", "open",
     "platform_no_reason", "buyer"},
    /* clauses */
    {"CN", "return", "changed_mind", "2026-11-03T12:00:00Z", "applications=5", "yes", "open", "cn_no_reason",
     "buyer"},
    {"CN", "return", "changed_mind", "2026-11-03T12:00:00Z", "applications=6", "no", "applications",
     "cn_no_reason", "buyer"},
    {"CN", "return", "changed_mind", "2026-11-03T12:00:00Z", "signals=1", "person", "signals", "cn_no_reason",
     "buyer"},
    {"CN", "return", "changed_mind", "2026-11-03T12:00:00Z", "on_hold=1", "person", "on_hold", "cn_no_reason",
     "buyer"},
    {"US", "return", "changed_mind", "2026-11-03T12:00:00Z", "final_sale=1", "no", "final_sale",
     "shop_return", "buyer"},
    /* a shop's final sale does not end a right of law */
    {"CN", "return", "changed_mind", "2026-11-03T12:00:00Z", "final_sale=1", "person", "final_sale",
     "cn_no_reason", "buyer"},
    {"US", "return", "defective_on_arrival", "2026-11-03T12:00:00Z", "final_sale=1", "yes", "open",
     "shop_quality", "seller"},
    {"CN", "return", "wrong_item", "2026-11-03T12:00:00Z", "proven=0", "person", "unproven", "shop_quality",
     "seller"},
    {"CN", "return", "other", "2026-11-03T12:00:00Z", "", "person", "unclear", "cn_no_reason", "buyer"},
    {"CN", "return", "fraud_suspected", "2026-11-03T12:00:00Z", "", "person", "suspicious", "cn_no_reason",
     "buyer"},
    {"CN", "return", "changed_mind", "2026-11-03T12:00:00Z", "currency=CNY value=500000", "yes", "open",
     "cn_no_reason", "buyer"},
    {"CN", "return", "changed_mind", "2026-11-03T12:00:00Z", "currency=CNY value=500001", "person", "dear",
     "cn_no_reason", "buyer"},
    /* as much of another currency is another value, and one without figures is not judged by them */
    {"US", "return", "changed_mind", "2026-11-03T12:00:00Z", "currency=USD value=80001", "person", "dear",
     "shop_return", "buyer"},
    {"JP", "return", "changed_mind", "2026-11-03T12:00:00Z", "currency=JPY value=80001", "yes", "open",
     "jp_return", "buyer"},
    {"KR", "return", "changed_mind", "2026-11-03T12:00:00Z", "currency=KRW value=900000", "yes", "open",
     "kr_withdrawal", "buyer"},
    /* a withdrawal is contested by a named exception alone */
    {"DE", "withdrawal", "changed_mind", "2026-11-03T12:00:00Z", "applications=6", "yes", "open",
     "eu_withdrawal", "buyer"},
    {"DE", "withdrawal", "changed_mind", "2026-11-03T12:00:00Z", "final_sale=1", "yes", "open",
     "eu_withdrawal", "buyer"},
    {"DE", "withdrawal", "changed_mind", "2026-11-03T12:00:00Z", "made_to_order=1", "no", "excluded", "",
     "buyer"},
    /* fresh goods: two days, where law gives no more */
    {"US", "refund", "defective_on_arrival", "2026-11-04T09:59:59Z", "nature=fresh", "yes", "open",
     "shop_fresh", "seller"},
    {"US", "refund", "defective_on_arrival", "2026-11-04T10:00:01Z", "nature=fresh", "no", "window",
     "shop_fresh", "seller"},
    {"CN", "refund", "defective_on_arrival", "2026-11-08T12:00:00Z", "nature=fresh", "yes", "open",
     "cn_quality_return", "seller"},
    /* kinds that need no window */
    {"CN", "goodwill", "service_failure", "2027-11-03T12:00:00Z", "", "person", "merits", "", "seller"},
    {"CN", "dispute", "decision_disputed", "2027-11-03T12:00:00Z", "", "person", "merits", "", "buyer"},
    {"CN", "undelivered", "refused", "2027-11-03T12:00:00Z", "", "yes", "open", "", "buyer"},
    {"CN", "undelivered", "refused", "2027-11-03T12:00:00Z", "delivered=1", "no", "delivered_already", "",
     "buyer"},
    {"CN", "repair", "repair_wanted", "2027-11-03T12:00:00Z", "", "yes", "open", "", "buyer"},
    {"CN", "repair", "repair_wanted", "2027-11-03T12:00:00Z", "under_warranty=0", "person", "out_of_warranty",
     "", "buyer"},
    {"CN", "price_protection", "price_drop", "2026-11-16T23:59:59.999Z", "", "person", "merits", "shop_price",
     "seller"},
    {"CN", "price_protection", "price_drop", "2026-11-17T00:00:00Z", "", "no", "window", "shop_price",
     "seller"},
    /* reasons belong to kinds */
    {"CN", "price_protection", "changed_mind", "2026-11-03T12:00:00Z", "", "no", "reason", "", "buyer"},
    {"CN", "return", "because", "2026-11-03T12:00:00Z", "", "no", "reason", "", "buyer"},
};

static void facts_lead_to_verdict_and_clause(void **state) {
  (void)state;
  for (size_t i = 0; i < AFT__COUNT(rows); i++) {
    const row *r = &rows[i];
    aft__eligible out;
    judge(policy, r, &out, NULL);
    if (strcmp(aft__decisions[out.verdict], r->verdict) != 0 ||
        !aft__str_eq(out.clause, aft__cstr(r->clause)) || !aft__str_eq(out.window, aft__cstr(r->window)) ||
        !aft__str_eq(out.freight, aft__cstr(r->freight)))
      fail_msg("row %zu (%s %s %s %s): found %s by %s, window '%s', freight %s", i, r->place, r->kind,
               r->reason, r->facts, aft__decisions[out.verdict], out.clause.data, out.window.data,
               out.freight.data);
  }
}

/* ---- exceptions ---- */

static bool allowed(const char *place, const char *facts) {
  row r = {place, "withdrawal", "changed_mind", "2026-11-03T12:00:00Z", facts, "", "", "", ""};
  aft__eligible out;
  judge(policy, &r, &out, NULL);
  if (!out.in_window)
    assert_string_equal(out.clause.data, "excluded");
  return out.in_window;
}

static void an_exception_removes_its_windows_alone(void **state) {
  (void)state;
  static const struct {
    const char *facts;
    const char *kept; /* places whose right stays */
  } cases[] = {{"made_to_order=1", "JP BR MX "},
               {"nature=fresh", "JP BR MX RU SA "},
               {"nature=digital opened=1", "JP BR MX "},
               {"nature=digital", "CN DE GB JP KR TW BR MX RU SA "},
               {"hygiene=1 opened=1", "JP KR BR MX RU SA "},
               {"hygiene=1", "CN DE GB JP KR TW BR MX RU SA "},
               {"product_category=newspaper", "JP KR BR MX RU "}};
  static const char *const places[] = {"CN", "DE", "GB", "JP", "KR", "TW", "BR", "MX", "RU", "SA"};
  for (size_t i = 0; i < AFT__COUNT(cases); i++) {
    char kept[64] = "";
    for (size_t p = 0; p < AFT__COUNT(places); p++)
      if (allowed(places[p], cases[i].facts))
        strcat(strcat(kept, places[p]), " ");
    assert_string_equal(kept, cases[i].kept);
  }
}

static void a_fault_outlives_the_exceptions(void **state) {
  (void)state;
  row r = {"CN", "return", "wrong_item", "2026-11-05T12:00:00Z", "made_to_order=1", "", "", "", ""};
  aft__eligible out;
  judge(policy, &r, &out, NULL);
  assert_int_equal(out.verdict, AFT__DECISION_YES);
  assert_true(out.statutory);
}

/* ---- policies of shops ---- */

static aft_policy *load(const char *text, bool bare, char *report, size_t size) {
  aft_error error = AFT_ERROR_INIT;
  aft_policy *loaded = NULL;
  aft_buf *buf = NULL;
  aft_document document = {sizeof document, AFT_STR("shop.yaml"), {text, AFT_NTS}};
  aft_policy_options options = {.size = sizeof options, .documents = &document, .count = 1, .bare = bare};
  (void)aft_policy_load(env, &options, &loaded, &buf, &error);
  if (report)
    snprintf(report, size, "%s", buf ? aft_buf_data(buf) : "");
  else if (!loaded)
    fail_msg("%s", buf ? aft_buf_data(buf) : error.message);
  aft_buf_free(buf);
  return loaded;
}

static void a_shop_may_only_be_kinder(void **state) {
  (void)state;
  row late = {"CN", "return", "changed_mind", "2026-11-12T12:00:00Z", "", "", "", "", ""};
  row early = {"CN", "return", "changed_mind", "2026-11-09T12:00:00Z", "", "", "", "", ""};
  aft__eligible out;
  aft_policy *shop =
      load("version: 1\ncases: {windows: {shop_return: {window: 15d, freight: seller}}}\n", false, NULL, 0);
  judge(shop, &late, &out, NULL);
  assert_int_equal(out.verdict, AFT__DECISION_YES);
  assert_string_equal(out.window.data, "shop_return");
  assert_string_equal(out.freight.data, "seller");
  assert_false(out.statutory);
  aft_policy_unref(shop);
  shop = load("version: 1\ncases: {windows: {shop_return: {window: 1d}}}\n", false, NULL, 0);
  judge(shop, &early, &out, NULL);
  assert_int_equal(out.verdict, AFT__DECISION_YES);
  assert_string_equal(out.window.data, "cn_no_reason");
  assert_true(out.statutory);
  aft_policy_unref(shop);
}

static void the_day_of_the_order_picks_the_row(void **state) {
  (void)state;
  aft__eligible out;
  row r = {"CN", "return", "changed_mind", "2026-11-20T12:00:00Z", "", "", "", "", ""};
  aft_policy *shop = load(
      "version: 1\ncases: {windows: {old: {source: shop, window: 30d, to: 2026-10-31, kinds: [return]},\n"
      "  new: {source: shop, window: 20d, from: 2026-11-01, to: 2026-11-01, kinds: [return]}}}\n",
      false, NULL, 0);
  judge(shop, &r, &out, NULL);
  assert_string_equal(out.window.data, "new");
  aft_policy_unref(shop);
}

static void goods_under_way_have_an_open_window(void **state) {
  (void)state;
  static aft__facts facts;
  char copy[8];
  read_facts(&facts, "", copy, sizeof copy);
  facts.text[AFT__FACT_JURISDICTION] = aft__cstr("CN");
  aft__eligible_in in = {.kind = aft__cstr("refund"),
                         .reason = aft__cstr("changed_mind"),
                         .facts = &facts,
                         .ordered = at("2026-01-01T00:00:00Z"),
                         .shipped = AFT_TIME_NONE,
                         .delivered = AFT_TIME_NONE,
                         .now = at("2026-11-01T00:00:00Z")};
  aft__eligible out;
  aft__policy_eligible(policy, &in, &out, NULL);
  assert_int_equal(out.verdict, AFT__DECISION_YES);
  assert_true(out.ends == AFT_TIME_NONE);
}

static void reasons_name_the_window_and_its_end(void **state) {
  (void)state;
  row r = {"CN", "return", "changed_mind", "2026-11-12T12:00:00Z", "", "", "", "", ""};
  aft__eligible out;
  aft__buf reasons, shown;
  aft__buf_init(&reasons, env);
  aft__buf_init(&shown, env);
  judge(policy, &r, &out, &reasons);
  aft__reasons_render(policy, "en", aft__buf_view(&reasons), "eligibility", &shown);
  aft__buf_char(&shown, 0);
  assert_non_null(strstr(shown.data, "seven days without a reason"));
  assert_non_null(strstr(shown.data, "2026-11-09 23:59:59 +00:00"));
  aft__buf_done(&reasons);
  aft__buf_done(&shown);
}

static const struct {
  const char *text, *fault;
} bad[] = {
    {"version: 1\ncases: {windows: {x: {source: shop, window: 7x}}}\n", "a span such as 48h"},
    {"version: 1\ncases: {windows: {x: {source: sea, window: 7d}}}\n", "one of law, platform, shop"},
    {"version: 1\ncases: {windows: {x: {source: law, window: 7d}}}\n", "needs the key 'law'"},
    {"version: 1\ncases: {windows: {x: {source: shop, window: 7d, statutory: true}}}\n",
     "only a window of source law"},
    {"version: 1\ncases: {windows: {x: {source: shop, window: 7d, from: 2026-13-01}}}\n", "a date such as"},
    {"version: 1\ncases: {windows: {x: {source: shop, window: 7d, from: 2026-02-01, to: 2026-01-01}}}\n",
     "'from' is later than 'to'"},
    {"version: 1\ncases: {exceptions: {x: {when: {opened: true}, excludes: [cn_no_raeson]}}}\n",
     "did you mean 'cn_no_reason'"},
    {"version: 1\ncases: {decide: {x: {order: 10, verdict: person}}}\n", "two entries have the order 10"},
    {"version: 1\ncases: {decide: {x: {order: 11, verdict: perhaps}}}\n", "one of no, person, yes"},
    {"version: 1\ncases: {decide: {x: {order: 11, verdict: person, when: {reason: changed_mnd}}}}\n",
     "did you mean 'changed_mind'"},
    {"version: 1\ncases: {reasons: {x: {liable: nobody}}}\n", "one of buyer, seller, carrier, platform"},
    {"version: 1\ncases: {money: {compensation: {seller: {most: {cny: 5}}}}}\n", "a currency such as CNY"},
    {"version: 1\ncases: {money: {release: {refund: someday}}}\n", "one of approval, pickup"},
    {"version: 1\ncases: {platforms: {taobao: {X: {state: requested, certainty: maybe}}}}\n",
     "one of sure, likely, unsure"},
    {"version: 1\ncases: {widnows: {}}\n", "did you mean 'windows'"},
    {"version: 1\ncases: {windows: {x: {source: shop, window: 7d, kinds: [retrun]}}}\n",
     "no kind of case 'retrun' (did you mean 'return'?)"},
    {"version: 1\ncases: {decide: {x: {order: 11, verdict: person, kinds: [exchnge]}}}\n",
     "no kind of case 'exchnge'"},
    {"version: 1\ncases: {reasons: {x: {liable: buyer, kinds: [refnd]}}}\n", "no kind of case 'refnd'"},
    {"version: 1\ncases: {always: [godwill]}\n", "no kind of case 'godwill'"},
    {"version: 1\ncases: {money: {release: {retrun: approval}}}\n", "no kind of case 'retrun'"},
};

static void faults_have_their_place(void **state) {
  (void)state;
  for (size_t i = 0; i < AFT__COUNT(bad); i++) {
    char report[4096];
    aft_policy *loaded = load(bad[i].text, false, report, sizeof report);
    if (loaded || strncmp(report, "shop.yaml:2:", 12) != 0 || !strstr(report, bad[i].fault))
      fail_msg("row %zu: expected '%s', found %s", i, bad[i].fault, loaded ? "a policy" : report);
  }
}

/* Lists of the default policy name a kind whose machine a shop takes away: that is no mistake of the shop. */
static void a_shop_may_take_a_kind_away(void **state) {
  (void)state;
  aft_policy *shop = load("version: 1\nmachines: {withdrawal: null}\n", false, NULL, 0);
  aft_policy_unref(shop);
}

static void a_policy_without_cases_leaves_them_to_people(void **state) {
  (void)state;
  char report[4096];
  row r = {"CN", "return", "changed_mind", "2026-11-03T12:00:00Z", "", "", "", "", ""};
  aft_policy *bare = load("version: 1\ncases: null\n", false, report, sizeof report);
  aft__eligible out;
  aft__money_rules money;
  aft__facts facts = {0};
  int64_t ceiling = 1;
  if (!bare)
    fail_msg("%s", report);
  judge(bare, &r, &out, NULL);
  assert_int_equal(out.verdict, AFT__DECISION_PERSON);
  assert_string_equal(out.clause.data, "none");
  aft__policy_case_money(bare, &facts, aft__cstr("CNY"), &money);
  assert_string_equal(money.release.data, "inspection");
  assert_int_equal(money.points_spent, AFT__EXTRA_PERSON);
  assert_false(aft__policy_ceiling(bare, aft__cstr("seller"), aft__cstr("CNY"), 100, &ceiling));
  assert_int_equal(aft__policy_counter_rounds(bare), 2);
  aft_policy_unref(bare);
}

/* ---- the rules of cases ---- */

static void money_rules_are_read(void **state) {
  (void)state;
  static aft__facts facts;
  char copy[64];
  aft__money_rules money;
  read_facts(&facts, "kind=refund liable=seller", copy, sizeof copy);
  aft__policy_case_money(policy, &facts, aft__cstr("CNY"), &money);
  assert_string_equal(money.release.data, "approval");
  assert_string_equal(money.instruments[0].data, "card");
  assert_true(money.freight_out && money.coupon_full && !money.coupon_part);
  assert_int_equal(money.freight_most, 5000);
  read_facts(&facts, "kind=return liable=buyer", copy, sizeof copy);
  aft__policy_case_money(policy, &facts, aft__cstr("JPY"), &money);
  assert_string_equal(money.release.data, "inspection");
  assert_false(money.freight_out);
  assert_int_equal(money.freight_most, -1);
}

static void ceilings_are_the_lesser_of_share_and_amount(void **state) {
  (void)state;
  int64_t n = 0;
  assert_true(aft__policy_ceiling(policy, aft__cstr("seller"), aft__cstr("CNY"), 9999, &n));
  assert_int_equal(n, 2999);
  assert_true(aft__policy_ceiling(policy, aft__cstr("seller"), aft__cstr("CNY"), 10000000, &n));
  assert_int_equal(n, 20000);
  assert_true(aft__policy_ceiling(policy, aft__cstr("carrier"), aft__cstr("CNY"), INT64_MAX, &n));
  assert_true(n == INT64_MAX);
  assert_false(aft__policy_ceiling(policy, aft__cstr("nobody"), aft__cstr("CNY"), 100, &n));
  assert_false(aft__policy_ceiling(policy, aft__cstr("seller"), aft__cstr("CNY"), 0, &n));
}

static void the_first_rule_that_holds_counts(void **state) {
  (void)state;
  static aft__facts facts;
  char copy[160];
  aft__rule_flags flags;
  static const struct {
    const char *facts, *rule;
  } cases[] = {{"kind=refund shipped=0", "unshipped"},
               {"kind=refund shipped=0 signals=1", "risky"},
               {"kind=return shipped=1 in_window=1 currency=CNY reason=changed_mind value=20000", "small"},
               {"kind=return shipped=1 in_window=1 currency=CNY reason=changed_mind value=20001", ""},
               {"kind=return shipped=1 in_window=1 currency=USD reason=changed_mind value=4000", "small"},
               {"kind=return shipped=1 in_window=1 currency=USD reason=changed_mind value=4001", ""},
               {"kind=return shipped=1 in_window=1 currency=KRW reason=changed_mind value=1", ""},
               {"kind=return shipped=1 in_window=1 currency=CNY tier=vip value=50000", "known"},
               {"kind=refund shipped=1 in_window=1 currency=CNY tier=vip value=50000", ""},
               {"kind=price_protection shipped=1 in_window=1 currency=CNY tier=vip value=1", ""},
               {"kind=return shipped=1 currency=CNY reason=wrong_item value=2000", "not_worth_it"},
               {"kind=return shipped=1 currency=JPY reason=wrong_item value=501", ""},
               {"kind=withdrawal shipped=1 in_window=1", "withdrawal"}};
  for (size_t i = 0; i < AFT__COUNT(cases); i++) {
    read_facts(&facts, cases[i].facts, copy, sizeof copy);
    aft__policy_rules(policy, &facts, &flags);
    assert_string_equal(flags.rule.data, cases[i].rule);
    assert_false(flags.returnless_ok && flags.auto_ok);
  }
}

static void statuses_of_marketplaces_are_mapped(void **state) {
  (void)state;
  aft__platform_state out;
  aft_str taobao = aft__cstr("taobao"), done = aft__cstr("SUCCESS");
  assert_true(aft__policy_platform_status(policy, taobao, done, aft__cstr("return"), &out));
  assert_string_equal(out.state.data, "refunded");
  assert_string_equal(out.certainty.data, "sure");
  assert_true(aft__policy_platform_status(policy, taobao, done, aft__cstr("exchange"), &out));
  assert_string_equal(out.state.data, "completed");
  assert_string_equal(out.certainty.data, "likely");
  assert_true(
      aft__policy_platform_status(policy, aft__cstr("wechat"), aft__cstr("6"), aft__cstr("return"), &out));
  assert_string_equal(out.state.data, "approved");
  assert_false(aft__policy_platform_status(policy, taobao, aft__cstr("6"), aft__cstr("return"), &out));
  assert_false(aft__policy_platform_status(policy, aft__cstr("nowhere"), done, aft__cstr("return"), &out));
}

static void the_rest_is_read(void **state) {
  (void)state;
  aft__evidence_limits evidence;
  aft__risk_rules risk;
  aft__reason_info info;
  aft__policy_evidence_limits(policy, &evidence);
  assert_int_equal(evidence.most_bytes, 20000000);
  assert_int_equal(evidence.n_types, 7);
  aft__policy_risk(policy, &risk);
  assert_int_equal(risk.serial_returner.cases, 8);
  assert_true(risk.empty_box.within_ms == 365 * AFT__DAY);
  assert_true(aft__policy_link_lifetime(policy) == 7 * AFT__DAY);
  assert_true(aft__policy_reason(policy, aft__cstr("wrong_item"), aft__cstr("return"), &info));
  assert_string_equal(info.liable.data, "seller");
  assert_int_equal(info.n_required, 1);
  assert_false(aft__policy_reason(policy, aft__cstr("price_drop"), aft__cstr("return"), &info));
  assert_true(aft__policy_arrival(policy, aft__cstr("transfer"), at("2026-11-27T12:00:00Z"), 0) ==
              at("2026-12-02T23:59:59.999Z"));
  assert_true(aft__policy_arrival(policy, aft__cstr("shells"), at("2026-11-27T12:00:00Z"), 0) ==
              AFT_TIME_NONE);
}

/* The image of the default policy, with any one byte of the new sections changed, is refused as a whole. */
static void an_image_keeps_its_cases(void **state) {
  (void)state;
  const aft__image *image = policy->image;
  aft_error error = AFT_ERROR_INIT;
  char *copy = malloc((size_t)image->size);
  assert_non_null(copy);
  memcpy(copy, image, (size_t)image->size);
  assert_int_equal(aft__image_check(copy, (size_t)image->size, &error), AFT_OK);
  for (int id = AFT__SECTION_CASES; id <= AFT__SECTION_PAIRS; id++) {
    assert_true(image->sections[id].count > 0);
    copy[image->sections[id].offset] ^= 0x40;
    assert_int_equal(aft__image_check(copy, (size_t)image->size, &error), AFT_E_POLICY_IMAGE);
    copy[image->sections[id].offset] ^= 0x40;
  }
  free(copy);
}

int main(void) {
#define CASE(f) cmocka_unit_test_setup_teardown(f, policy_set_up, policy_tear_down)
  const struct CMUnitTest tests[] = {
      CASE(spans_end_on_their_last_millisecond),
      CASE(spans_are_read_strictly),
      CASE(business_days_agree_with_counting),
      CASE(facts_lead_to_verdict_and_clause),
      CASE(an_exception_removes_its_windows_alone),
      CASE(a_fault_outlives_the_exceptions),
      CASE(a_shop_may_only_be_kinder),
      CASE(the_day_of_the_order_picks_the_row),
      CASE(goods_under_way_have_an_open_window),
      CASE(reasons_name_the_window_and_its_end),
      CASE(faults_have_their_place),
      CASE(a_shop_may_take_a_kind_away),
      CASE(a_policy_without_cases_leaves_them_to_people),
      CASE(money_rules_are_read),
      CASE(ceilings_are_the_lesser_of_share_and_amount),
      CASE(the_first_rule_that_holds_counts),
      CASE(statuses_of_marketplaces_are_mapped),
      CASE(the_rest_is_read),
      CASE(an_image_keeps_its_cases),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
