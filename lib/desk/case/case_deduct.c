/* What is kept of a refund: restocking, a gift that stays with the buyer, points that were earned with the
 * order and spent. Each has an answer in the policy, and a reason that says so. */
#include "desk/case/case_priv.h"

#include <stdio.h>

static void keep_reason(aft__case *c, const char *key, int64_t amount) {
  char number[32];
  snprintf(number, sizeof number, "%lld", (long long)amount);
  aft__arg args[] = {{"amount", aft__cstr(number)}};
  aft__reason_add(&c->reasons, "amount", key, args, 1);
}

/* Takes an amount off the lines, from the first on, as far as they go. */
static int64_t take_off(aft__case *c, int64_t amount) {
  int64_t left = amount;
  for (uint32_t i = 0; i < c->n_lines && left > 0; i++) {
    int64_t own = aft__row_int(c->lines[i].row, AFT__CASE_LINE_AMOUNT);
    int64_t part = own < left ? own : left;
    aft__case_line_set(&c->lines[i], AFT__CASE_LINE_AMOUNT, own - part);
    left -= part;
  }
  int64_t taken = amount - left;
  aft__case_set(c, AFT__CASE_ASKED, aft__int(aft__case_int(c, AFT__CASE_ASKED) - taken));
  return taken;
}

static int64_t goods_amount(const aft__case *c) {
  int64_t total = 0;
  for (uint32_t i = 0; i < c->n_lines; i++)
    if (!aft__line_is_extra(c->lines[i].line))
      total += aft__row_int(c->lines[i].row, AFT__CASE_LINE_AMOUNT);
  return total;
}

static void restocking(aft__case *c, const aft__money_rules *rules) {
  if (rules->restocking <= 0)
    return;
  int64_t fee = aft__share_of(goods_amount(c), 1000, 0, rules->restocking);
  if (fee)
    keep_reason(c, "explain.case.restocking", take_off(c, fee));
}

/* ---- gifts ---- */

static int64_t goes_back(const aft__case *c, const aft__value *line) {
  for (uint32_t i = 0; i < c->n_lines; i++)
    if (c->lines[i].line[AFT__LINE_ID].number == line[AFT__LINE_ID].number)
      return aft__row_int(c->lines[i].row, AFT__CASE_LINE_QUANTITY);
  return 0;
}

/* A gift is owed back once none of what it came with stays. */
static aft_status kept_gifts(aft__case *c, const aft__case_line *l, int64_t *value, aft_error *error) {
  aft__scan scan = {.table = &aft__line_table,
                    .index = AFT__LINE_BY_RELATED,
                    .n_equal = 2,
                    .equal = {aft__int(c->cmd->call.tenant), l->line[AFT__LINE_ID]},
                    .limit = AFT__MOST_CASE_LINES};
  aft__value **rows;
  uint32_t n;
  int64_t stays = aft__row_int(l->line, AFT__LINE_WITH_BUYER) + aft__row_int(l->line, AFT__LINE_UNDELIVERED) -
                  aft__row_int(l->row, AFT__CASE_LINE_QUANTITY);
  if (stays > 0)
    return AFT_OK;
  AFT__TRY(aft__scan_all(c->cmd->tx, &scan, &rows, &n, error));
  for (uint32_t i = 0; i < n; i++) {
    int64_t bought = aft__row_int(rows[i], AFT__LINE_QUANTITY);
    int64_t kept = aft__row_int(rows[i], AFT__LINE_WITH_BUYER) - goes_back(c, rows[i]);
    if (kept > 0 && aft__str_eq(aft__row_str(rows[i], AFT__LINE_RELATION), aft__cstr("gift_of")))
      *value += aft__share_of(aft__row_int(rows[i], AFT__LINE_PRICE), bought, 0, kept);
  }
  return AFT_OK;
}

static aft_status gifts(aft__case *c, const aft__money_rules *rules, aft_error *error) {
  int64_t value = 0;
  if (rules->gift_kept == AFT__EXTRA_IGNORE)
    return AFT_OK;
  for (uint32_t i = 0; i < c->n_lines; i++)
    AFT__TRY(kept_gifts(c, &c->lines[i], &value, error));
  if (!value)
    return AFT_OK;
  c->gift_kept = true;
  if (rules->gift_kept == AFT__EXTRA_PERSON)
    c->needs_person = true;
  keep_reason(c, "explain.case.gift_kept",
              rules->gift_kept == AFT__EXTRA_DEDUCT ? take_off(c, value) : value);
  return AFT_OK;
}

/* ---- points ---- */

/* The part of the spent points that falls on what is given back, at their worth. */
static aft_status points(aft__case *c, const aft__money_rules *rules, aft_error *error) {
  int64_t earned = aft__row_int(c->order, AFT__ORDER_EARNED), paid = 0;
  int64_t spent = aft__row_int(c->order, AFT__ORDER_EARNED_SPENT), worth;
  if (rules->points_spent == AFT__EXTRA_IGNORE || earned <= 0 || spent <= 0)
    return AFT_OK;
  worth = aft__share_of(aft__row_int(c->order, AFT__ORDER_EARNED_VALUE), earned, 0,
                        spent < earned ? spent : earned);
  AFT__TRY(aft__pots_load(c, error));
  for (uint32_t i = 0; i < c->n_pots; i++)
    if (c->pots[i].table == &aft__payment_table)
      paid += aft__row_int(c->pots[i].row, AFT__PAYMENT_CAPTURED);
  int64_t amount = goods_amount(c);
  if (paid > 0)
    worth = aft__share_of(worth, paid, 0, amount < paid ? amount : paid);
  if (!worth)
    return AFT_OK;
  if (rules->points_spent == AFT__EXTRA_PERSON)
    c->needs_person = true;
  keep_reason(c, "explain.case.points_spent",
              rules->points_spent == AFT__EXTRA_DEDUCT ? take_off(c, worth) : worth);
  return AFT_OK;
}

aft_status aft__case_deduct(aft__case *c, aft_error *error) {
  aft__money_rules rules;
  if (aft__case_basis(c) != AFT__BASIS_PRICE)
    return AFT_OK;
  AFT__TRY(aft__case_money_rules(c, &rules, error));
  restocking(c, &rules);
  AFT__TRY(gifts(c, &rules, error));
  return points(c, &rules, error);
}
