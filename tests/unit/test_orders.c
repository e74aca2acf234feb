/* Orders as hosts tell them: twice, in pieces, out of order, and wrong. On SQLite, in memory and on a hostile
 * memory store. */
#include "desk_fixture.h"

#include "desk/order/order_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static desk d;

static int open_kind(void **state) {
  desk_open(&d, (desk_kind)(intptr_t)*state);
  return 0;
}

static int shut(void **state) {
  (void)state;
  desk_close(&d);
  return 0;
}

#define S(text)  AFT_STR(text)
#define N(array) (sizeof(array) / sizeof *(array))
#define HOUR     INT64_C(3600000)

/* ---- an order of everything ---- */

typedef struct story {
  aft_order_line_in lines[4];
  aft_order_share_in shares[2];
  aft_order_payment_in payments[2];
  aft_order_item_in items[3];
  aft_order_parcel_in parcels[2];
  aft_order_facts_in facts;
} story;

static void tell_of(story *s, const char *number) {
  *s = (story){
      .lines = {{sizeof s->lines[0], .ref = S("case"), .title = S("手机壳"), .quantity = 3, .price = 10000},
                {sizeof s->lines[0], .ref = S("phone"), .quantity = 1, .price = 199900, .tax = 100},
                {sizeof s->lines[0], .ref = S("film"), .quantity = 2, .price = 101, .relation = S("gift_of"),
                 .related = S("phone")},
                {sizeof s->lines[0], .ref = S("post"), .nature = S("freight"), .quantity = 1, .price = 1200}},
      .shares = {{sizeof s->shares[0], .ref = S("满减"), .funder = S("platform"), .amount = 10001},
                 {sizeof s->shares[0], .ref = S("code"), .kind = S("coupon"), .line = S("case"),
                  .amount = 7}},
      .payments = {{sizeof s->payments[0], .ref = S("p-1"), .purpose = S("deposit"),
                    .instrument = S("alipay"), .captured = {50000, "CNY", 0}, .most_refunds = 10},
                   {sizeof s->payments[0], .ref = S("p-2"), .purpose = S("balance"), .instrument = S("card"),
                    .captured = {151193, "CNY", 0}}},
      .items = {{sizeof s->items[0], S("case"), 2},
                {sizeof s->items[0], S("phone"), 1},
                {sizeof s->items[0], S("case"), 1}},
      .parcels = {{sizeof s->parcels[0], .ref = S("box"), .carrier = S("sf"), .waybill = S("SF1"),
                   .shipped = DESK_START - 50 * HOUR, .delivered = DESK_START - 24 * HOUR, .n_items = 2},
                  {sizeof s->parcels[0], .ref = S("bag"), .shipped = DESK_START - 5 * HOUR, .n_items = 1}},
  };
  s->parcels[0].items = s->items;
  s->parcels[1].items = s->items + 2;
  s->facts = (aft_order_facts_in){.size = sizeof s->facts,
                                  .shop = d.shop,
                                  .customer = d.buyer,
                                  .recipient = d.other_buyer,
                                  .number = {number, AFT_NTS},
                                  .status = S("paid"),
                                  .currency = S("CNY"),
                                  .placed = DESK_START - 60 * HOUR,
                                  .jurisdiction = S("cn"),
                                  .zone = S("UTC"),
                                  .lines = s->lines,
                                  .n_lines = N(s->lines),
                                  .shares = s->shares,
                                  .n_shares = N(s->shares),
                                  .payments = s->payments,
                                  .n_payments = N(s->payments),
                                  .parcels = s->parcels,
                                  .n_parcels = N(s->parcels)};
}

static aft_id told(const aft_order_facts_in *facts) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *order;
  assert_ok(aft_order_tell(d.session, &d.system, facts, &order, &error));
  aft_id id = aft_order_id(order);
  aft_record_free(order);
  return id;
}

/* ---- what the order looks like, as text ---- */

typedef struct picture {
  char text[8000];
  size_t len;
} picture;

#define ADD(p, ...) \
  (p)->len += (size_t)snprintf((p)->text + (p)->len, sizeof(p)->text - (p)->len, __VA_ARGS__)

typedef aft_status (*list_fn)(aft_session *, const aft_call *, aft_id, aft_cursor **, aft_error *);
typedef void (*line_fn)(aft_record *row, char out[256]);

static void of_line(aft_record *r, char out[256]) {
  snprintf(out, 256, "%s q%lld price %lld paid %lld tax %lld at home %lld away %lld %s %lld", aft_line_ref(r),
           (long long)aft_line_quantity(r), (long long)aft_line_price(r), (long long)aft_line_paid(r),
           (long long)aft_line_tax(r), (long long)aft_line_with_buyer(r), (long long)aft_line_undelivered(r),
           aft_line_nature(r), (long long)aft_line_delivered(r));
}

static void of_payment(aft_record *r, char out[256]) {
  snprintf(out, 256, "%s %s %lld", aft_payment_ref(r), aft_payment_purpose(r),
           (long long)aft_payment_captured(r));
}

static void of_parcel(aft_record *r, char out[256]) {
  snprintf(out, 256, "%s %s arrived %lld", aft_parcel_ref(r), aft_parcel_state(r),
           (long long)aft_parcel_arrived(r));
}

static int by_text(const void *a, const void *b) { return strcmp(a, b); }

static void draw_list(picture *p, const aft_call *call, aft_id order, list_fn list, line_fn line) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *row;
  char rows[16][256];
  size_t n = 0;
  assert_ok(list(d.session, call, order, &cursor, &error));
  while (aft_cursor_next(cursor, &row, &error) == AFT_OK) {
    assert_true(n < N(rows));
    line(row, rows[n++]);
  }
  aft_cursor_free(cursor);
  if (n)
    qsort(rows, n, sizeof rows[0], by_text);
  for (size_t i = 0; i < n; i++)
    ADD(p, "%s\n", rows[i]);
}

static picture picture_of(const aft_call *call, aft_id order) {
  picture p = {.len = 0};
  draw_list(&p, call, order, aft_line_list, of_line);
  draw_list(&p, call, order, aft_payment_list, of_payment);
  draw_list(&p, call, order, aft_parcel_list, of_parcel);
  return p;
}

static int64_t rev_of(aft_id id) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *order;
  assert_ok(aft_order_get(d.session, &d.system, id, &order, &error));
  int64_t rev = aft_order_rev(order);
  aft_record_free(order);
  return rev;
}

/* ---- tests ---- */

static void an_order_is_what_was_told(void **state) {
  (void)state;
  story s;
  tell_of(&s, "A-1");
  picture p = picture_of(&d.system, told(&s.facts));
  /* 10001 over 10000 : 199900 : 101 is 476.23 : 9519.96 : 4.81. */
  assert_string_equal(p.text,
                      "case q3 price 10000 paid 9517 tax 0 at home 2 away 1 physical 1794913600000\n"
                      "film q2 price 101 paid 96 tax 0 at home 0 away 2 physical -9223372036854775808\n"
                      "phone q1 price 199900 paid 190380 tax 100 at home 1 away 0 physical 1794913600000\n"
                      "post q1 price 1200 paid 1200 tax 0 at home 0 away 1 freight -9223372036854775808\n"
                      "p-1 deposit 50000\n"
                      "p-2 balance 151193\n"
                      "bag in_transit arrived 0\n"
                      "box delivered arrived 1\n");
}

static void told_twice_it_stays_the_same(void **state) {
  (void)state;
  story s;
  tell_of(&s, "A-1");
  aft_id id = told(&s.facts);
  picture before = picture_of(&d.system, id);
  int64_t rev = rev_of(id);
  assert_int_equal(told(&s.facts), id);
  picture after = picture_of(&d.system, id);
  assert_string_equal(before.text, after.text);
  assert_int_equal(rev_of(id), rev);
}

static void told_in_pieces_and_backwards_it_ends_the_same(void **state) {
  (void)state;
  story s, t;
  tell_of(&s, "A-1");
  tell_of(&t, "A-2");
  picture whole = picture_of(&d.system, told(&s.facts));
  t.payments[0].ref = S("p-1");
  aft_order_facts_in piece = t.facts;
  for (size_t i = 0; i < 4; i++)
    t.lines[i] = s.lines[3 - i];
  piece.n_payments = piece.n_parcels = 0;
  piece.n_shares = 0;
  told(&piece);
  piece = t.facts;
  piece.n_lines = piece.n_payments = 0;
  piece.parcels = t.parcels + 1;
  piece.n_parcels = 1;
  told(&piece);
  piece.n_shares = 0;
  t.parcels[0].delivered = 0;
  piece.parcels = t.parcels;
  told(&piece);
  t.parcels[0].delivered = DESK_START - 24 * HOUR;
  t.parcels[0].n_items = 0;
  told(&piece);
  told(&piece);
  /* Late word that the parcel is on its way changes nothing. */
  t.parcels[0].delivered = 0;
  aft_id id = told(&piece);
  piece = t.facts;
  aft_order_payment_in other[2] = {t.payments[1], t.payments[0]};
  other[0].ref = S("q-2");
  other[1].ref = S("q-1");
  piece.payments = other;
  piece.n_lines = piece.n_shares = piece.n_parcels = 0;
  told(&piece);
  picture pieces = picture_of(&d.system, id);
  for (char *at = pieces.text; (at = strstr(at, "q-")); at++)
    *at = 'p';
  assert_string_equal(pieces.text, whole.text);
}

static void a_recipient_sees_goods_without_amounts(void **state) {
  (void)state;
  story s;
  aft_error error = AFT_ERROR_INIT;
  aft_record *order;
  tell_of(&s, "A-1");
  aft_id id = told(&s.facts);
  picture p = picture_of(&d.as_other_buyer, id);
  assert_non_null(strstr(p.text, "phone q1 price 0 paid 0 tax 0 at home 1"));
  assert_null(strstr(p.text, "p-1"));
  assert_ok(aft_order_get(d.session, &d.as_other_buyer, id, &order, &error));
  assert_int_equal(aft_order_total(order), 0);
  aft_record_free(order);
  picture own = picture_of(&d.as_buyer, id);
  assert_non_null(strstr(own.text, "p-1"));
}

static void nobody_else_sees_an_order(void **state) {
  (void)state;
  story s;
  aft_error error = AFT_ERROR_INIT;
  aft_record *order;
  aft_cursor *cursor;
  tell_of(&s, "A-1");
  s.facts.recipient = 0;
  aft_id id = told(&s.facts);
  assert_status(aft_order_get(d.session, &d.as_other_buyer, id, &order, &error), AFT_E_DENIED);
  assert_status(aft_line_list(d.session, &d.as_other_buyer, id, &cursor, &error), AFT_E_DENIED);
  assert_status(aft_payment_list(d.session, &d.as_other_agent, id, &cursor, &error), AFT_E_DENIED);
  assert_status(aft_order_tell(d.session, &d.as_buyer, &s.facts, NULL, &error), AFT_E_DENIED);
}

/* ---- bad input ---- */

static void refused(const aft_order_facts_in *facts, aft_status status, const char *where) {
  aft_error error = AFT_ERROR_INIT;
  aft_status found = aft_order_tell(d.session, &d.system, facts, NULL, &error);
  if (found != status || strcmp(error.where, where) != 0)
    fail_msg("expected %s at %s, found %s at %s: %s", aft_status_name(status), where, aft_status_name(found),
             error.where, error.message);
}

#define WRONG(change, status, where)  \
  do {                                \
    story s;                          \
    tell_of(&s, "A-1");               \
    s.change;                         \
    refused(&s.facts, status, where); \
  } while (0)

static void what_is_wrong_is_refused_by_its_place(void **state) {
  (void)state;
  story first;
  tell_of(&first, "A-1");
  aft_id id = told(&first.facts);
  picture before = picture_of(&d.system, id);
  int64_t rev = rev_of(id);
  WRONG(lines[2].quantity = -1, AFT_E_INVALID, "order.lines[2].quantity");
  WRONG(lines[0].quantity = INT64_MAX, AFT_E_OVERFLOW, "order.lines[0].quantity");
  WRONG(lines[1].price = INT64_MAX, AFT_E_OVERFLOW, "order.lines[1].price");
  WRONG(lines[1].tax = 999999999, AFT_E_INVALID, "order.lines[1].tax");
  WRONG(lines[3].quantity = 2, AFT_E_INVALID, "order.lines[3].quantity");
  WRONG(lines[2].related = S("nothing"), AFT_E_INVALID, "order.lines[2].related");
  WRONG(lines[2].ref = S("phone"), AFT_E_INVALID, "order.lines[2].ref");
  WRONG(lines[0].nature = S("gas"), AFT_E_INVALID, "order.lines[0].nature");
  WRONG(lines[0].hygiene = 2, AFT_E_INVALID, "order.lines[0].hygiene");
  WRONG(lines[0].quantity = 2, AFT_E_CHECK, "order.lines[0].quantity");
  WRONG(shares[1].line = S("nothing"), AFT_E_INVALID, "order.shares[1].line");
  WRONG(shares[0].amount = 10002, AFT_E_EXISTS, "order.shares[0].amount");
  WRONG(payments[1].captured.minor = -5, AFT_E_INVALID, "order.payments[1].captured");
  WRONG(payments[1].captured.currency[0] = 'X', AFT_E_CURRENCY, "order.payments[1].captured");
  WRONG(payments[0].captured.minor = 49999, AFT_E_CHECK, "order.payments[0].captured");
  WRONG(payments[0].instrument = S("card"), AFT_E_CHECK, "order.payments[0].instrument");
  WRONG(items[2].line = S("nothing"), AFT_E_INVALID, "order.parcels[1].items[0].line");
  WRONG(items[0].quantity = 0, AFT_E_INVALID, "order.parcels[0].items[0].quantity");
  WRONG(items[0].quantity = 3, AFT_E_CHECK, "order.parcels[0].items[0].quantity");
  WRONG(parcels[1].ref = S("sack"), AFT_E_CHECK, "order.parcels[1].items[0].quantity");
  WRONG(parcels[0].state = S("flying"), AFT_E_INVALID, "order.parcels[0].state");
  WRONG(facts.customer = d.tenant, AFT_E_NOT_FOUND, "order.customer");
  WRONG(facts.customer = d.other_buyer, AFT_E_EXISTS, "order.number");
  WRONG(facts.payer = 12, AFT_E_NOT_FOUND, "order.payer");
  WRONG(facts.shop = 12, AFT_E_NOT_FOUND, "order.shop");
  WRONG(facts.currency = S("yen"), AFT_E_CURRENCY, "order.currency");
  WRONG(facts.zone = S("Mars/Base"), AFT_E_ZONE, "order.zone");
  WRONG(facts.earned_spent = 5, AFT_E_INVALID, "order.earned_spent");
  WRONG(facts.n_lines = 201, AFT_E_TOO_LARGE, "order.lines");
  WRONG(facts.number = S("A-2"), AFT_E_EXISTS, "order.payments[0].ref");
  picture after = picture_of(&d.system, id);
  assert_string_equal(before.text, after.text);
  assert_int_equal(rev_of(id), rev);
}

static void a_foreign_tenants_customer_is_unknown(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  aft_call nobody = {.size = sizeof nobody, .role = AFT_ROLE_SYSTEM};
  aft_tenant_in tenant = {.size = sizeof tenant, .external = S("elsewhere")};
  assert_ok(aft_tenant_put(d.session, &nobody, &tenant, &made, &error));
  aft_call there = {.size = sizeof there, .role = AFT_ROLE_SYSTEM, .tenant = aft_tenant_id(made)};
  aft_record_free(made);
  aft_customer_in customer = {.size = sizeof customer, .external = S("stranger")};
  assert_ok(aft_customer_put(d.session, &there, &customer, &made, &error));
  aft_id stranger = aft_customer_id(made);
  aft_record_free(made);
  WRONG(facts.recipient = stranger, AFT_E_NOT_FOUND, "order.recipient");
}

/* ---- chargebacks ---- */

static aft_status reverse(const char *reference, int64_t minor, aft_record **out, aft_error *error) {
  aft_reversal_in in = {
      .size = sizeof in, .payment = S("p-1"), .reference = {reference, AFT_NTS}, .amount = {minor, "CNY", 0}};
  return aft_payment_reverse(d.session, &d.system, &in, out, error);
}

static void a_chargeback_takes_what_is_left_and_counts_once(void **state) {
  (void)state;
  story s;
  aft_error error = AFT_ERROR_INIT;
  aft_record *payment;
  tell_of(&s, "A-1");
  told(&s.facts);
  assert_status(reverse("cb-1", 30000, NULL, &error), AFT_OK);
  assert_status(reverse("cb-1", 30000, NULL, &error), AFT_IGNORED);
  assert_status(reverse("cb-1", 29999, NULL, &error), AFT_E_EXISTS);
  assert_ok(reverse("cb-10", 25000, &payment, &error));
  assert_int_equal(aft_payment_reversed(payment), 50000);
  assert_int_equal(aft_payment_overdrawn(payment), 5000);
  aft_record_free(payment);
  assert_status(reverse("cb-2", 0, NULL, &error), AFT_E_INVALID);
  assert_string_equal(error.where, "reversal.amount");
  assert_status(reverse("cb\n2", 5, NULL, &error), AFT_E_INVALID);
}

static void the_first_telling_fixes_the_policy(void **state) {
  (void)state;
  story s;
  aft_error error = AFT_ERROR_INIT;
  aft_record *order;
  char hash[80];
  tell_of(&s, "A-1");
  aft_id id = told(&s.facts);
  assert_ok(aft_order_get(d.session, &d.system, id, &order, &error));
  snprintf(hash, sizeof hash, "%s", aft_order_policy(order));
  assert_int_equal(strlen(hash), 64);
  aft_record_free(order);
  aft_policy *policy;
  aft_document document = {sizeof document, S("shop.yaml"),
                           S("version: 1\nattributes:\n  order: {gift: {type: flag}}\n")};
  aft_policy_options options = {.size = sizeof options, .documents = &document, .count = 1};
  assert_ok(aft_policy_load(d.env, &options, &policy, NULL, &error));
  assert_ok(aft_policy_activate(d.session, &d.system, policy, NULL, &error));
  s.facts.status = S("shipped");
  told(&s.facts);
  assert_ok(aft_order_get(d.session, &d.system, id, &order, &error));
  assert_string_equal(aft_order_policy(order), hash);
  assert_string_not_equal(aft_policy_hash(policy), hash);
  aft_record_free(order);
  aft_policy_unref(policy);
}

/* ---- in any order, and against what is told elsewhere ---- */

/* Word of one parcel, as hosts and carriers send it. */
static aft_id tell_box(story *s, const char *state, aft_time delivered, bool items) {
  aft_order_facts_in piece = s->facts;
  piece.n_lines = piece.n_shares = piece.n_payments = 0;
  piece.n_parcels = 1;
  s->parcels[0].state = (aft_str){state, AFT_NTS};
  s->parcels[0].delivered = delivered;
  s->parcels[0].n_items = items ? 2 : 0;
  return told(&piece);
}

static void a_parcel_that_arrived_has_arrived_whatever_else_is_told(void **state) {
  (void)state;
  static const char *const others[] = {"announced", "in_transit", "lost", "refused", "intercepted", "void"};
  for (size_t i = 0; i < N(others); i++) {
    picture seen[2];
    for (size_t last = 0; last < 2; last++) {
      story s;
      char number[24];
      snprintf(number, sizeof number, "B-%zu-%zu", i, last);
      tell_of(&s, number);
      s.facts.n_payments = s.facts.n_parcels = 0;
      aft_id id = told(&s.facts);
      tell_box(&s, last ? others[i] : "delivered", last ? 0 : DESK_START - 24 * HOUR, true);
      tell_box(&s, last ? "delivered" : others[i], last ? DESK_START - 24 * HOUR : 0, true);
      seen[last] = picture_of(&d.system, id);
    }
    assert_non_null(strstr(seen[0].text, "box delivered arrived 1"));
    assert_string_equal(seen[0].text, seen[1].text);
  }
}

static void the_time_of_arrival_may_be_told_after_the_arrival(void **state) {
  (void)state;
  story s;
  tell_of(&s, "A-1");
  s.facts.n_parcels = 0;
  aft_id id = told(&s.facts);
  tell_box(&s, "delivered", DESK_START - 24 * HOUR, true);
  picture at_once = picture_of(&d.system, id);
  tell_of(&s, "A-2");
  s.payments[0].ref = S("q-1");
  s.facts.n_payments = s.facts.n_parcels = 0;
  id = told(&s.facts);
  tell_box(&s, "delivered", 0, true);
  tell_box(&s, "delivered", DESK_START - 24 * HOUR, true);
  picture later = picture_of(&d.system, id);
  assert_non_null(strstr(
      at_once.text, "phone q1 price 199900 paid 190380 tax 100 at home 1 away 0 physical 1794913600000"));
  assert_non_null(strstr(
      later.text, "phone q1 price 199900 paid 190380 tax 100 at home 1 away 0 physical 1794913600000"));
}

static void a_parcel_without_items_is_no_news_twice(void **state) {
  (void)state;
  story s;
  tell_of(&s, "A-1");
  s.facts.n_parcels = 0;
  aft_id id = told(&s.facts);
  tell_box(&s, "delivered", DESK_START - 24 * HOUR, false);
  int64_t rev = rev_of(id);
  tell_box(&s, "delivered", DESK_START - 24 * HOUR, false);
  assert_int_equal(rev_of(id), rev);
}

static void a_parcel_that_came_back_does_not_arrive_when_it_is_told_again(void **state) {
  (void)state;
  story s;
  aft_error error = AFT_ERROR_INIT;
  tell_of(&s, "A-1");
  s.facts.n_parcels = 0;
  aft_id id = told(&s.facts);
  tell_box(&s, "in_transit", 0, true);
  aft_track_in back = {
      .size = sizeof back, .waybill = S("SF1"), .ref = S("t1"), .status = S("returned"), .at = DESK_START};
  assert_ok(aft_parcel_track(d.session, &d.system, &back, NULL, &error));
  tell_box(&s, "in_transit", 0, true);
  picture p = picture_of(&d.system, id);
  assert_non_null(strstr(p.text, "phone q1 price 199900 paid 190380 tax 100 at home 0 away 1"));
}

static void goods_that_came_back_may_be_sent_again(void **state) {
  (void)state;
  story s;
  aft_error error = AFT_ERROR_INIT;
  tell_of(&s, "A-1");
  s.facts.n_parcels = 0;
  aft_id id = told(&s.facts);
  tell_box(&s, "in_transit", 0, true);
  aft_track_in back = {
      .size = sizeof back, .waybill = S("SF1"), .ref = S("t1"), .status = S("returned"), .at = DESK_START};
  assert_ok(aft_parcel_track(d.session, &d.system, &back, NULL, &error));
  s.parcels[0].ref = S("box again");
  s.parcels[0].waybill = S("SF2");
  tell_box(&s, "delivered", DESK_START, true);
  picture p = picture_of(&d.system, id);
  assert_non_null(strstr(p.text, "phone q1 price 199900 paid 190380 tax 100 at home 1 away 0"));
}

static void a_lost_parcel_held_no_more_than_was_bought(void **state) {
  (void)state;
  story s;
  tell_of(&s, "A-1");
  s.facts.n_parcels = 0;
  told(&s.facts);
  s.facts.n_parcels = 1;
  s.parcels[0].state = S("lost");
  s.parcels[0].delivered = 0;
  s.items[0].quantity = 1000;
  refused(&s.facts, AFT_E_CHECK, "order.parcels[0].items[0].quantity");
}

static void an_order_reference_does_not_change_the_currency_of_amounts(void **state) {
  (void)state;
  story s;
  aft_error error = AFT_ERROR_INIT;
  aft_record *order;
  tell_of(&s, "A-1");
  aft_id id = told(&s.facts);
  aft_order_in in = {
      .size = sizeof in, .shop = d.shop, .customer = d.buyer, .number = S("A-1"), .total = {5, "USD", 0}};
  assert_status(aft_order_put(d.session, &d.system, &in, NULL, &error), AFT_E_CURRENCY);
  assert_string_equal(error.where, "order.total");
  assert_ok(aft_order_get(d.session, &d.system, id, &order, &error));
  assert_string_equal(aft_order_currency(order), "CNY");
  aft_record_free(order);
}

static void who_bears_a_discount_does_not_change_in_silence(void **state) {
  (void)state;
  story s;
  tell_of(&s, "A-1");
  told(&s.facts);
  s.shares[0].funder = S("seller");
  refused(&s.facts, AFT_E_EXISTS, "order.shares[0].funder");
  s.shares[0].funder = (aft_str){0};
  s.shares[1].kind = S("discount");
  refused(&s.facts, AFT_E_EXISTS, "order.shares[1].kind");
  s.shares[1].kind = (aft_str){0};
  told(&s.facts);
}

/* ---- a case about the order, put into the store by hand ---- */

typedef struct planted {
  aft_id order;
  int64_t held;    /* units of the film, which had not arrived */
  int64_t planned; /* of payment p-1 */
  int64_t from_undelivered, frozen, open;
} planted;

/* The row of an index that begins with tenant and one number, or NULL. */
static aft_status first_of(aft__tx *tx, const aft__table *table, uint32_t index, aft_id of, aft__value **out,
                           aft_error *error) {
  aft__value **rows;
  uint32_t n;
  aft__scan scan = {
      .table = table, .index = index, .n_equal = 2, .equal = {aft__int(d.tenant), aft__int(of)}, .limit = 1};
  AFT__TRY(aft__scan_all(tx, &scan, &rows, &n, error));
  *out = n ? rows[0] : NULL;
  return AFT_OK;
}

static aft_status film_of(aft__tx *tx, aft_id order, aft__value **out, aft_error *error) {
  aft__value keys[] = {aft__int(d.tenant), aft__int(order), aft__text(aft__cstr("film"))};
  return aft__find(tx, &aft__line_table, AFT__LINE_BY_REF, keys, out, error);
}

/* Every column that must have a value has one. */
static aft__value *blank(aft__tx *tx, const aft__table *table) {
  aft__value *row = aft__arena_alloc(aft__tx_arena(tx), table->n_columns * sizeof *row);
  for (uint32_t i = 0; row && i < table->n_columns; i++)
    if (table->columns[i].required)
      row[i] = table->columns[i].type == AFT_SQL_INT    ? aft__int(0)
               : table->columns[i].type == AFT_SQL_TEXT ? aft__text(aft__cstr("x"))
                                                        : aft__blob("", 0);
  return row;
}

static aft_status plant(aft__tx *tx, void *user, aft_error *error) {
  const planted *p = user;
  aft__value *line;
  AFT__TRY(film_of(tx, p->order, &line, error));
  aft__value key[] = {aft__int(d.tenant), aft__text(aft__cstr("p-1"))}, *payment;
  aft__value *owner = blank(tx, &aft__case_table), *row = blank(tx, &aft__case_line_table);
  aft__value *leg = blank(tx, &aft__leg_table);
  owner[AFT__CASE_ID] = row[AFT__CASE_LINE_CASE] = leg[AFT__LEG_CASE] = aft__int(aft__tx_id(tx));
  owner[AFT__CASE_TENANT] = row[AFT__CASE_LINE_TENANT] = leg[AFT__LEG_TENANT] = aft__int(d.tenant);
  owner[AFT__CASE_ORDER] = leg[AFT__LEG_ORDER] = aft__int(p->order);
  owner[AFT__CASE_OPEN] = aft__int(p->open);
  AFT__TRY(aft__insert(tx, &aft__case_table, owner, NULL, error));
  row[AFT__CASE_LINE_ID] = aft__int(aft__tx_id(tx));
  row[AFT__CASE_LINE_LINE] = line[AFT__LINE_ID];
  row[AFT__CASE_LINE_QUANTITY] = row[AFT__CASE_LINE_HELD] = row[AFT__CASE_LINE_FROM_UNDELIVERED] =
      aft__int(p->held);
  AFT__TRY(aft__insert(tx, &aft__case_line_table, row, NULL, error));
  line[AFT__LINE_UNDELIVERED].number -= p->held;
  line[AFT__LINE_IN_RETURN].number += p->held;
  AFT__TRY(aft__update(tx, &aft__line_table, line,
                       UINT64_C(1) << AFT__LINE_UNDELIVERED | UINT64_C(1) << AFT__LINE_IN_RETURN, error));
  AFT__TRY(aft__find(tx, &aft__payment_table, AFT__PAYMENT_BY_REF, key, &payment, error));
  leg[AFT__LEG_ID] = aft__int(aft__tx_id(tx));
  leg[AFT__LEG_PAYMENT] = payment[AFT__PAYMENT_ID];
  leg[AFT__LEG_REQUESTED] = payment[AFT__PAYMENT_PLANNED] = aft__int(p->planned);
  leg[AFT__LEG_STATE] = aft__text(aft__cstr("planned"));
  AFT__TRY(aft__insert(tx, &aft__leg_table, leg, NULL, error));
  aft__tx_proof(tx, &aft__leg_table,
                leg[AFT__LEG_ID].number); /* of a hostile store the outcome is looked for */
  return aft__update(tx, &aft__payment_table, payment, UINT64_C(1) << AFT__PAYMENT_PLANNED, error);
}

static aft_status look(aft__tx *tx, void *user, aft_error *error) {
  planted *p = user;
  aft__value key[] = {aft__int(d.tenant), aft__text(aft__cstr("p-1"))}, *line, *row, *payment, *leg;
  AFT__TRY(film_of(tx, p->order, &line, error));
  AFT__TRY(
      first_of(tx, &aft__case_line_table, AFT__CASE_LINE_BY_LINE, line[AFT__LINE_ID].number, &row, error));
  AFT__TRY(aft__find(tx, &aft__payment_table, AFT__PAYMENT_BY_REF, key, &payment, error));
  AFT__TRY(first_of(tx, &aft__leg_table, AFT__LEG_BY_PAYMENT, payment[AFT__PAYMENT_ID].number, &leg, error));
  p->held = line[AFT__LINE_IN_RETURN].number;
  p->from_undelivered = row[AFT__CASE_LINE_FROM_UNDELIVERED].number;
  p->planned = payment[AFT__PAYMENT_PLANNED].number;
  p->frozen = leg && aft__str_eq(aft__value_str(&leg[AFT__LEG_STATE]), aft__cstr("frozen"));
  return AFT_OK;
}

static void in_store(aft__tx_fn fn, planted *p) {
  aft_error error = AFT_ERROR_INIT;
  aft__tx_options options = {.name = "test"};
  assert_ok(aft__tx_run(d.session, &options, fn, p, &error));
}

static aft_id line_of(aft_id order, const char *ref) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *line;
  aft_id id = 0;
  assert_ok(aft_line_list(d.session, &d.system, order, &cursor, &error));
  while (aft_cursor_next(cursor, &line, &error) == AFT_OK)
    if (strcmp(aft_line_ref(line), ref) == 0)
      id = aft_line_id(line);
  aft_cursor_free(cursor);
  return id;
}

static void units_that_a_case_took_arrive_in_the_case(void **state) {
  (void)state;
  story s;
  aft_error error = AFT_ERROR_INIT;
  tell_of(&s, "A-1");
  s.items[2] = (aft_order_item_in){sizeof s.items[2], S("film"), 2};
  planted p = {.order = told(&s.facts)};
  aft_case_line_in film = {.size = sizeof film, .line = line_of(p.order, "film"), .quantity = 1};
  aft_case_in in = {.size = sizeof in,
                    .order = p.order,
                    .kind = AFT_STR("refund"),
                    .reason = AFT_STR("changed_mind"),
                    .lines = &film,
                    .n_lines = 1,
                    .in_spite = 1};
  assert_ok(aft_case_file(d.session, &d.system, &in, NULL, &error));
  s.parcels[1].delivered = DESK_START;
  told(&s.facts);
  told(&s.facts);
  in_store(look, &p);
  assert_int_equal(p.held, 1);
  assert_int_equal(p.from_undelivered, 0);
  picture after = picture_of(&d.system, p.order);
  assert_non_null(strstr(after.text, "film q2 price 101 paid 96 tax 0 at home 1 away 0"));
}

static void what_a_case_is_about_stays_as_it_was_bought(void **state) {
  (void)state;
  story s;
  tell_of(&s, "A-1");
  planted p = {.order = told(&s.facts), .held = 1, .planned = 100, .open = 2};
  in_store(plant, &p);
  s.lines[2].quantity = 3;
  refused(&s.facts, AFT_E_CHECK, "order.lines[2].quantity");
  s.lines[2].quantity = 2;
  s.lines[2].paid = 95;
  refused(&s.facts, AFT_E_CHECK, "order.lines[2].paid");
  s.lines[2].paid = 96;
  s.lines[2].tax = 7;
  refused(&s.facts, AFT_E_CHECK, "order.lines[2].tax");
  s.lines[2].tax = 0;
  s.lines[2].price++;
  refused(&s.facts, AFT_E_CHECK, "order.lines[2].price");
  s.lines[2].price--;
  s.lines[0].quantity = 4;
  assert_int_equal(told(&s.facts), p.order);
}

/* The case has ended here: only its money is looked at. */
static void a_chargeback_freezes_what_was_planned(void **state) {
  (void)state;
  story s;
  aft_error error = AFT_ERROR_INIT;
  aft_record *payment;
  tell_of(&s, "A-1");
  planted p = {.order = told(&s.facts), .held = 1, .planned = 20000, .open = 0};
  in_store(plant, &p);
  assert_ok(reverse("cb-1", 60000, &payment, &error));
  assert_int_equal(aft_payment_reversed(payment), 50000);
  assert_int_equal(aft_payment_overdrawn(payment), 10000);
  aft_record_free(payment);
  in_store(look, &p);
  assert_int_equal(p.planned, 0);
  assert_true(p.frozen);
}

#define ON(kind, test) \
  { #test " [" #kind "]", test, open_kind, shut, (void *)(intptr_t)DESK_##kind }
#define EVERYWHERE(test) ON(SQLITE, test), ON(MEMORY, test), ON(HOSTILE, test)

int main(void) {
  const struct CMUnitTest tests[] = {
      EVERYWHERE(an_order_is_what_was_told),
      EVERYWHERE(told_twice_it_stays_the_same),
      EVERYWHERE(told_in_pieces_and_backwards_it_ends_the_same),
      EVERYWHERE(a_recipient_sees_goods_without_amounts),
      EVERYWHERE(nobody_else_sees_an_order),
      EVERYWHERE(what_is_wrong_is_refused_by_its_place),
      EVERYWHERE(a_foreign_tenants_customer_is_unknown),
      EVERYWHERE(a_chargeback_takes_what_is_left_and_counts_once),
      EVERYWHERE(the_first_telling_fixes_the_policy),
      EVERYWHERE(a_parcel_that_arrived_has_arrived_whatever_else_is_told),
      EVERYWHERE(the_time_of_arrival_may_be_told_after_the_arrival),
      EVERYWHERE(a_parcel_without_items_is_no_news_twice),
      EVERYWHERE(a_parcel_that_came_back_does_not_arrive_when_it_is_told_again),
      EVERYWHERE(goods_that_came_back_may_be_sent_again),
      EVERYWHERE(a_lost_parcel_held_no_more_than_was_bought),
      EVERYWHERE(an_order_reference_does_not_change_the_currency_of_amounts),
      EVERYWHERE(who_bears_a_discount_does_not_change_in_silence),
      EVERYWHERE(units_that_a_case_took_arrive_in_the_case),
      EVERYWHERE(what_a_case_is_about_stays_as_it_was_bought),
      EVERYWHERE(a_chargeback_freezes_what_was_planned),
  };
  static const char *const not_there[] = {"[MEMORY]", "[HOSTILE]"};
  return RUN_CASES(tests, not_there);
}
