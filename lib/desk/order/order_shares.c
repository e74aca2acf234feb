/* Discounts of a telling: each line's share of them, and who bears it. */
#include "desk/order/order_priv.h"

#include <stdlib.h>

/* The discounts that were told before. */
typedef struct known {
  aft__value **rows;
  uint32_t n;
} known;

static aft_status load(aft__told *t, known *k, aft_error *error) {
  aft__scan scan = {.table = &aft__share_table,
                    .index = AFT__SHARE_BY_ORDER,
                    .n_equal = 2,
                    .equal = {aft__int(t->cmd->call.tenant), t->order[AFT__ORDER_ID]},
                    .limit = AFT__MOST_SHARE_ROWS};
  if (t->fresh)
    return AFT_OK;
  AFT__TRY(aft__scan_all(t->cmd->tx, &scan, &k->rows, &k->n, error));
  for (uint32_t i = 0; i < k->n; i++)
    for (uint32_t j = 0; j < t->n_lines; j++)
      if (t->lines[j].row[AFT__LINE_ID].number == aft__row_int(k->rows[i], AFT__SHARE_LINE)) {
        t->lines[j].discounted += aft__row_int(k->rows[i], AFT__SHARE_AMOUNT);
        t->lines[j].discount = t->lines[j].discounted;
      }
  return AFT_OK;
}

static aft_status add(aft__told *t, const aft_order_share_in *in, size_t index, aft__told_line *l,
                      int64_t amount, aft_error *error) {
  aft__cmd *cmd = t->cmd;
  if (amount > aft__row_int(l->row, AFT__LINE_PRICE) - l->discount)
    return aft__error(error, AFT_E_INVALID, aft__order_place("shares", index, "amount").text,
                      "the discounts of line '%.*s' exceed its price of %lld",
                      (int)aft__utf8_cut(aft__row_str(l->row, AFT__LINE_REF), 40),
                      aft__row_str(l->row, AFT__LINE_REF).data,
                      (long long)aft__row_int(l->row, AFT__LINE_PRICE));
  l->discount += amount;
  aft__value row[AFT__SHARE_COLUMNS] = {
      [AFT__SHARE_ID] = aft__int(aft__tx_id(cmd->tx)),
      [AFT__SHARE_TENANT] = aft__int(cmd->call.tenant),
      [AFT__SHARE_ORDER] = t->order[AFT__ORDER_ID],
      [AFT__SHARE_LINE] = l->row[AFT__LINE_ID],
      [AFT__SHARE_REF] = aft__text(in->ref),
      [AFT__SHARE_KIND] = aft__text(in->kind.len ? in->kind : aft__cstr("discount")),
      [AFT__SHARE_FUNDER] = aft__text(in->funder.len ? in->funder : aft__cstr("seller")),
      [AFT__SHARE_AMOUNT] = aft__int(amount),
  };
  return aft__told_write(t, &aft__share_table, row, 0, true, error);
}

/* ---- over the whole order ---- */

static bool is_goods(const aft__told_line *l) {
  aft_str nature = aft__row_str(l->row, AFT__LINE_NATURE);
  return aft__row_null(l->row, AFT__LINE_CASE) && !aft__line_is_kit(l->row) &&
         !aft__str_eq(nature, aft__cstr("freight")) && !aft__str_eq(nature, aft__cstr("duty"));
}

typedef struct portion {
  aft__told_line *line;
  int64_t amount;
  uint64_t rest;
} portion;

/* Larger remainders first; of equal ones the order of the refs decides, not that of the telling. */
static int by_rest(const void *a, const void *b) {
  const portion *x = a, *y = b;
  if (x->rest != y->rest)
    return x->rest > y->rest ? -1 : 1;
  return aft__str_cmp(aft__row_str(x->line->row, AFT__LINE_REF), aft__row_str(y->line->row, AFT__LINE_REF));
}

static int64_t left_of(const aft__told_line *l) {
  int64_t left = aft__row_int(l->row, AFT__LINE_PRICE) - l->discount;
  return left > 0 ? left : 0; /* a price that was told anew may be below its discounts */
}

/* By what is left of each line's price: a gift that a discount of its own pays for bears no part of another.
 */
static aft_status spread(aft__told *t, const aft_order_share_in *in, size_t index, aft_error *error) {
  int64_t total = 0, left = in->amount;
  uint32_t n = 0;
  portion *parts = aft__arena_alloc(t->cmd->arena, (t->n_lines + 1) * sizeof *parts);
  if (!parts)
    return aft__nomem(error);
  for (uint32_t i = 0; i < t->n_lines; i++)
    if (is_goods(&t->lines[i])) {
      total += left_of(&t->lines[i]);
      parts[n++].line = &t->lines[i];
    }
  if (total < in->amount)
    return aft__error(error, AFT_E_INVALID, aft__order_place("shares", index, "amount").text,
                      "expected at most what is left of the price of the order's goods, %lld, found %lld",
                      (long long)total, (long long)in->amount);
  for (uint32_t i = 0; i < n; i++) {
    int64_t price = left_of(parts[i].line);
    parts[i].amount = aft__share_of(in->amount, total, 0, price);
    /* The remainder is below total, so arithmetic that wraps gives it exactly. */
    parts[i].rest = (uint64_t)in->amount * (uint64_t)price - (uint64_t)parts[i].amount * (uint64_t)total;
    left -= parts[i].amount;
  }
  if (n)
    qsort(parts, n, sizeof *parts, by_rest);
  for (uint32_t i = 0; i < n; i++) {
    int64_t amount = parts[i].amount + (i < left);
    if (amount)
      AFT__TRY(add(t, in, index, parts[i].line, amount, error));
  }
  return AFT_OK;
}

/* ---- one discount ---- */

static aft_status is_other(const aft_order_share_in *in, size_t index, int64_t before, aft_error *error) {
  return aft__error(error, AFT_E_EXISTS, aft__order_place("shares", index, "amount").text,
                    "the discount was told before: expected %lld, found %lld", (long long)before,
                    (long long)in->amount);
}

/* Who bears it decides where refunds of it go: that stays as it was told. */
static aft_status check_same(const aft__value *row, const aft_order_share_in *in, size_t index,
                             aft_error *error) {
  const struct {
    uint32_t column;
    aft_str found;
    const char *field;
  } fixed[] = {{AFT__SHARE_KIND, in->kind, "kind"}, {AFT__SHARE_FUNDER, in->funder, "funder"}};
  for (size_t i = 0; i < AFT__COUNT(fixed); i++) {
    aft_str before = aft__row_str(row, fixed[i].column);
    if (fixed[i].found.len && !aft__str_eq(before, fixed[i].found))
      return aft__error(error, AFT_E_EXISTS, aft__order_place("shares", index, fixed[i].field).text,
                        "the discount was told before: expected '%.*s', found '%.*s'", (int)before.len,
                        before.data, (int)fixed[i].found.len, fixed[i].found.data);
  }
  return AFT_OK;
}

static aft_status take(aft__told *t, const known *k, size_t index, aft_error *error) {
  const aft_order_share_in *in = &t->in->shares[index];
  aft__told_line *l = in->line.len ? aft__told_line_of(t, in->line) : NULL;
  int64_t before = 0;
  bool told = false;
  if (in->line.len && !l)
    return aft__error(error, AFT_E_INVALID, aft__order_place("shares", index, "line").text,
                      "the order has no line '%.*s'", (int)aft__utf8_cut(in->line, 40), in->line.data);
  if (l && aft__line_is_kit(l->row))
    return aft__error(error, AFT_E_INVALID, aft__order_place("shares", index, "line").text,
                      "expected a part of the kit '%.*s', or none for the whole order",
                      (int)aft__utf8_cut(in->line, 40), in->line.data);
  for (uint32_t i = 0; i < k->n; i++) {
    if (!aft__str_eq(aft__row_str(k->rows[i], AFT__SHARE_REF), in->ref) ||
        (l && aft__row_int(k->rows[i], AFT__SHARE_LINE) != l->row[AFT__LINE_ID].number))
      continue;
    AFT__TRY(check_same(k->rows[i], in, index, error));
    told = true;
    before += aft__row_int(k->rows[i], AFT__SHARE_AMOUNT);
  }
  if (told)
    return before == in->amount ? AFT_OK : is_other(in, index, before, error);
  if (!in->amount)
    return AFT_OK;
  return l ? add(t, in, index, l, in->amount, error) : spread(t, in, index, error);
}

/* A ref may name the shares of single lines, or a discount on the whole order, not both. */
static aft_status check_mixed(const aft__told *t, aft_error *error) {
  for (size_t i = 0; i < t->in->n_shares; i++)
    for (size_t j = 0; !t->in->shares[i].line.len && j < t->in->n_shares; j++)
      if (j != i && aft__str_eq(t->in->shares[i].ref, t->in->shares[j].ref))
        return aft__error(error, AFT_E_INVALID, aft__order_place("shares", i > j ? i : j, "ref").text,
                          "the discount is told once for the whole order and once for a line");
  return AFT_OK;
}

/* Those of single lines go first, wherever they stand: what is left of the prices bears those of the whole.
 */
static aft_status take_all(aft__told *t, const known *k, uint32_t before, bool whole, aft_error *error) {
  for (size_t i = 0; i < t->in->n_shares; i++) {
    if (whole != !t->in->shares[i].line.len)
      continue;
    AFT__TRY(take(t, k, i, error));
    if (k->n + t->changes - before > AFT__MOST_SHARE_ROWS)
      return aft__error(error, AFT_E_TOO_LARGE, "order.shares",
                        "the discounts come to more than %u shares of lines", AFT__MOST_SHARE_ROWS);
  }
  return AFT_OK;
}

aft_status aft__told_shares(aft__told *t, aft_error *error) {
  known k = {0};
  AFT__TRY(check_mixed(t, error));
  AFT__TRY(load(t, &k, error));
  uint32_t before = t->changes;
  AFT__TRY(take_all(t, &k, before, false, error));
  return take_all(t, &k, before, true, error);
}
