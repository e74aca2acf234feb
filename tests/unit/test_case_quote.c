/* What parts of random orders come to, beside arithmetic of 128 bits: discounts, prices, subsidies and taxes,
 * to the minor unit, whatever part of the order comes back when. */
#include "case_story.h"
#include "random.h"

#include <stdlib.h>
#include <string.h>

__extension__ typedef __int128 wide;

#define MOST_LINES 4

typedef struct priced {
  char ref[8];
  int64_t units, price, own, share, tax; /* own: a discount of its own; share: of the one on the whole */
  int64_t paid, settled, refunded, taxed;
} priced;

typedef struct quoted {
  case_desk c;
  case_story story;
  uint64_t seed;
  priced line[MOST_LINES];
  int n;
  int64_t whole, subsidy; /* the platform bears the discount on the whole: subsidy is what came back to it */
} quoted;

static int64_t pick(quoted *q, int64_t least, int64_t most) {
  return least + (int64_t)(draw(&q->seed) % (uint64_t)(most - least + 1));
}

/* Of every magnitude up to a billion in major units. */
static int64_t pick_price(quoted *q) { return pick(q, 1, INT64_C(100000000000) >> pick(q, 0, 36)); }

/* ---- the model ---- */

/* Largest remainder over what is left of the prices; of equal remainders the first ref. */
static void spread(quoted *q) {
  int64_t total = 0, left = q->whole;
  wide rest[MOST_LINES];
  for (int i = 0; i < q->n; i++)
    total += q->line[i].price - q->line[i].own;
  for (int i = 0; i < q->n; i++) {
    wide exact = (wide)q->whole * (q->line[i].price - q->line[i].own);
    q->line[i].share = total ? (int64_t)(exact / total) : 0;
    rest[i] = total ? exact % total : 0;
    left -= q->line[i].share;
  }
  for (; left > 0; left--) {
    int best = 0;
    for (int i = 1; i < q->n; i++)
      if (rest[i] > rest[best])
        best = i;
    q->line[best].share++;
    rest[best] = -1;
  }
}

static int64_t part(int64_t total, int64_t of, int64_t from, int64_t n) {
  return of ? (int64_t)((wide)total * (from + n) / of) - (int64_t)((wide)total * from / of) : 0;
}

static int64_t worth(const priced *l, int64_t n) {
  return (int64_t)((wide)(l->paid - l->refunded) * n / (l->units - l->settled));
}

/* ---- the order ---- */

static void pick_lines(quoted *q) {
  int64_t net = 0;
  q->n = (int)pick(q, 1, MOST_LINES);
  for (int i = 0; i < q->n; i++) {
    priced *l = &q->line[i];
    snprintf(l->ref, sizeof l->ref, "l%d", i);
    l->units = pick(q, 1, pick(q, 0, 2) ? 7 : 1000000);
    l->price = pick_price(q);
    l->own = pick(q, 0, 2) ? 0 : pick(q, 0, 3) ? pick(q, 0, l->price) : l->price;
    net += l->price - l->own;
  }
  q->whole = net && pick(q, 0, 2) ? pick(q, 1, net) : 0;
  spread(q);
  for (int i = 0; i < q->n; i++) {
    q->line[i].paid = q->line[i].price - q->line[i].own - q->line[i].share;
    q->line[i].tax = pick(q, 0, q->line[i].paid);
  }
}

static void tell_order(quoted *q) {
  static aft_order_share_in shares[MOST_LINES + 1];
  case_story *s = &q->story;
  size_t n_shares = 0;
  int64_t paid = 0;
  if (q->whole) /* told first, and apportioned after those of the lines nevertheless */
    shares[n_shares++] = (aft_order_share_in){
        .size = sizeof *shares, .ref = AFT_STR("whole"), .funder = AFT_STR("platform"), .amount = q->whole};
  for (int i = 0; i < q->n; i++) {
    priced *l = &q->line[i];
    s->lines[i] = (aft_order_line_in){.size = sizeof s->lines[i],
                                      .ref = AFT_STR(l->ref),
                                      .title = AFT_STR("Thing"),
                                      .quantity = l->units,
                                      .price = l->price,
                                      .tax = l->tax};
    if (l->own)
      shares[n_shares++] = (aft_order_share_in){
          .size = sizeof *shares, .ref = AFT_STR("own"), .line = AFT_STR(l->ref), .amount = l->own};
    paid += l->paid;
  }
  int64_t first = pick(q, 0, paid);
  s->payments[0].captured.minor = first ? first : paid;
  s->payments[1].captured.minor = paid - first;
  s->facts.n_payments = first && paid > first ? 2 : 1;
  s->facts.n_lines = (size_t)q->n;
  s->facts.shares = shares;
  s->facts.n_shares = n_shares;
  s->facts.invoice = AFT_STR("INV-1");
  case_story_tell(&q->c, s);
}

static aft_id id_of(quoted *q, int i) {
  aft_id ids[] = {q->c.line[0], q->c.line[1], q->c.line[2], q->c.gift};
  return ids[i];
}

static void the_shares_are_exact(quoted *q) {
  for (int i = 0; i < q->n; i++)
    assert_int_equal(case_line(&q->c, id_of(q, i), AFT_LINE_PAID), q->line[i].paid);
}

/* ---- parts of it ---- */

static int64_t previewed(quoted *q, const aft_case_in *in) {
  aft_error error = AFT_ERROR_INIT;
  aft_buf *buf;
  int64_t amount = -1;
  assert_ok(aft_case_preview(q->c.d.session, &q->c.d.system, in, "en", &buf, &error));
  const char key[] = "\"amount\":", *at = strstr(aft_buf_data(buf), key);
  if (at)
    amount = strtoll(at + sizeof key - 1, NULL, 10);
  aft_buf_free(buf);
  return amount;
}

static aft_id file_and_pay(quoted *q, aft_case_in *in) {
  aft_id id = case_file_in(&q->c, &q->c.d.system, in);
  aft_record *record = case_get(&q->c, id);
  if (strcmp(aft_case_state(record), "unshipped") == 0)
    case_act(&q->c, &q->c.d.system, id, "approve");
  aft_record_free(record);
  case_confirm_all(&q->c, id);
  return id;
}

static int64_t given_as(quoted *q, aft_id id, const char *kind) {
  case_leg legs[CASE_MOST_LEGS];
  uint32_t n = case_legs(&q->c, id, legs);
  int64_t sum = 0;
  for (uint32_t i = 0; i < n; i++)
    if (strcmp(legs[i].kind, kind) == 0 && strcmp(legs[i].state, "confirmed") == 0)
      sum += legs[i].confirmed;
  return sum;
}

static void the_invoice_is(quoted *q, aft_id id, int64_t amount, int64_t tax) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *invoice;
  assert_ok(aft_case_parts(q->c.d.session, &q->c.d.system, id, AFT_KIND_INVOICE, &cursor, &error));
  if (amount) {
    assert_int_equal(aft_cursor_next(cursor, &invoice, &error), AFT_OK);
    assert_int_equal(aft_invoice_amount(invoice), amount);
    assert_int_equal(aft_invoice_tax(invoice), tax);
  }
  assert_int_equal(aft_cursor_next(cursor, &invoice, &error), AFT_DONE);
  aft_cursor_free(cursor);
}

/* Some of the units that are left of some lines, or all of all: what the model says of them. */
static size_t pick_part(quoted *q, bool all, aft_case_line_in lines[MOST_LINES], int64_t *amount,
                        int64_t *tax, int64_t *subsidy) {
  size_t n = 0;
  *amount = *tax = *subsidy = 0;
  for (int i = 0; i < q->n; i++) {
    priced *l = &q->line[i];
    int64_t left = l->units - l->settled, units = all    ? left
                                                  : left ? pick(q, 0, pick(q, 0, 2) ? left : 1)
                                                         : 0;
    if (!units)
      continue;
    int64_t price = worth(l, units);
    lines[n++] = (aft_case_line_in){.size = sizeof *lines, .line = id_of(q, i), .quantity = units};
    *amount += price;
    *tax += part(l->tax, l->paid, l->refunded, price);
    *subsidy += part(l->share, l->units, l->settled, units);
    l->refunded += price;
    l->settled += units;
  }
  return n;
}

static void a_part_comes_back(quoted *q, bool all) {
  aft_case_line_in lines[MOST_LINES];
  int64_t amount, tax, subsidy;
  size_t n = pick_part(q, all, lines, &amount, &tax, &subsidy);
  aft_case_in in = {.size = sizeof in,
                    .order = q->c.order,
                    .kind = AFT_STR("refund"),
                    .reason = AFT_STR("changed_mind"),
                    .lines = lines,
                    .n_lines = n,
                    .in_spite = 1};
  if (!n)
    return;
  assert_int_equal(previewed(q, &in), amount);
  aft_id id = file_and_pay(q, &in);
  assert_case(&q->c, id, "refunded");
  assert_int_equal(given_as(q, id, "refund"), amount);
  assert_int_equal(given_as(q, id, "subsidy"), subsidy);
  the_invoice_is(q, id, amount, tax);
  q->subsidy += subsidy;
}

static bool all_is_back(const quoted *q) {
  for (int i = 0; i < q->n; i++)
    if (q->line[i].settled < q->line[i].units)
      return false;
  return true;
}

static void nothing_is_left_over(quoted *q) {
  int64_t captured = 0, refunded = 0;
  for (size_t i = 0; i < q->story.facts.n_payments; i++) {
    captured += q->story.payments[i].captured.minor;
    refunded += case_payment(&q->c, q->story.payments[i].ref.data, AFT_PAYMENT_REFUNDED);
  }
  assert_int_equal(refunded, captured);
  assert_int_equal(q->subsidy, q->whole);
  for (int i = 0; i < q->n; i++) {
    assert_int_equal(case_line(&q->c, id_of(q, i), AFT_LINE_REFUNDED), q->line[i].paid);
    if (q->line[i].paid)
      assert_int_equal(case_line(&q->c, id_of(q, i), AFT_LINE_REVERSED), q->line[i].paid);
  }
}

static void parts_of_random_orders(quoted *q, desk_kind kind) {
  case_story_open(&q->c, &q->story, kind, CASE_UNSHIPPED);
  pick_lines(q);
  tell_order(q);
  the_shares_are_exact(q);
  for (int i = 0; i < 6 && !all_is_back(q); i++)
    a_part_comes_back(q, false);
  if (!all_is_back(q))
    a_part_comes_back(q, true);
  nothing_is_left_over(q);
  case_desk_close(&q->c);
}

static void what_comes_back_is_what_128_bits_say(void **state) {
  static const desk_kind kinds[] = {DESK_MEMORY, DESK_MEMORY, DESK_SQLITE, DESK_HOSTILE};
  uint64_t seed = seed_of("quote");
  (void)state;
  for (uint32_t i = 0, n = rounds(place_on_server() ? 30 : 150, 20000); i < n; i++) {
    quoted q = {.seed = seed + (uint64_t)i * 7919};
    parts_of_random_orders(&q, place_on_server() ? DESK_SQLITE : kinds[i % 4]);
  }
}

static void a_gift_that_its_own_discount_pays_for_bears_nothing_of_another(void **state) {
  (void)state;
  quoted q = {.n = 2,
              .whole = 1000,
              .line = {{.ref = "l0", .units = 1, .price = 10000, .paid = 9000, .share = 1000},
                       {.ref = "l1", .units = 1, .price = 5000, .own = 5000}}};
  case_story_open(&q.c, &q.story, DESK_SQLITE, CASE_UNSHIPPED);
  tell_order(&q);
  the_shares_are_exact(&q);
  case_desk_close(&q.c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_gift_that_its_own_discount_pays_for_bears_nothing_of_another),
      cmocka_unit_test(what_comes_back_is_what_128_bits_say),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
