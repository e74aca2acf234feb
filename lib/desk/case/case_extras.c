/* Freight and duties rest on goods, and a kit is a name for its parts. The policy gives them back with the
 * last of the goods, or with every part of them by its price; either way the last goods take what is left, so
 * that the parts close to zero. */
#include "desk/case/case_priv.h"

bool aft__line_is_extra(const aft__value *line) {
  aft_str nature = aft__row_str(line, AFT__LINE_NATURE);
  return aft__str_eq(nature, aft__cstr("freight")) || aft__str_eq(nature, aft__cstr("duty")) ||
         aft__line_is_kit(line);
}

static aft__give give_of(const aft__money_rules *rules, const aft__value *line) {
  bool duty = aft__str_eq(aft__row_str(line, AFT__LINE_NATURE), aft__cstr("duty"));
  return duty ? rules->duty_out : rules->freight_out;
}

static bool gives_price_back(const aft__case *c) {
  return aft__case_basis(c) == AFT__BASIS_PRICE && !aft__case_is(c, AFT__CASE_KIND, "exchange");
}

static aft__case_line *line_in(const aft__case *c, const aft__value *line) {
  for (uint32_t i = 0; i < c->n_lines; i++)
    if (c->lines[i].line[AFT__LINE_ID].number == line[AFT__LINE_ID].number)
      return &c->lines[i];
  return NULL;
}

static int64_t units_left(const aft__value *line) {
  return aft__row_int(line, AFT__LINE_QUANTITY) - aft__row_int(line, AFT__LINE_SETTLED);
}

/* Whether no price of goods is left once this case has given its own back. */
static bool takes_all(const aft__case *c, aft__value **rows, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    const aft__case_line *own = line_in(c, rows[i]);
    if (!aft__line_is_extra(rows[i]) && units_left(rows[i]) > (own ? aft__units_due(c, own) : 0))
      return false;
  }
  return true;
}

/* The goods of the case and all that are left, by their price. */
static void weigh(const aft__case *c, aft__value **rows, uint32_t n, int64_t *own, int64_t *all) {
  *own = *all = 0;
  for (uint32_t i = 0; i < c->n_lines; i++)
    if (!aft__line_is_extra(c->lines[i].line))
      *own += aft__line_worth(c->lines[i].line, aft__row_int(c->lines[i].row, AFT__CASE_LINE_QUANTITY));
  for (uint32_t i = 0; i < n; i++)
    if (!aft__line_is_extra(rows[i]))
      *all += aft__line_left(rows[i]);
}

static aft_status add(aft__case *c, aft__value *line, int64_t units, int64_t share, aft_error *error) {
  AFT__TRY(aft__case_add_line(c, line, NULL, units, error));
  c->lines[c->n_lines - 1].share = share;
  return AFT_OK;
}

/* A line of which a share is given back is there with no unit: the units go with the last of the goods. */
aft_status aft__case_add_extras(aft__case *c, aft__value **rows, uint32_t n, aft_error *error) {
  aft__money_rules rules;
  int64_t own, all;
  if (!gives_price_back(c))
    return AFT_OK;
  bool last = takes_all(c, rows, n);
  AFT__TRY(aft__case_money_rules(c, &rules, error));
  weigh(c, rows, n, &own, &all);
  for (uint32_t i = 0; i < n; i++) {
    aft__give give = give_of(&rules, rows[i]);
    int64_t left = aft__line_left(rows[i]);
    if (!aft__line_is_extra(rows[i]) || line_in(c, rows[i]) || give == AFT__GIVE_NONE || left <= 0)
      continue;
    if (last)
      AFT__TRY(add(c, rows[i], units_left(rows[i]), 0, error));
    else if (give == AFT__GIVE_SHARE && all > 0 && own > 0)
      AFT__TRY(add(c, rows[i], 0, aft__share_of(left, all, 0, own < all ? own : all), error));
  }
  return AFT_OK;
}

/* ---- once the goods are in ---- */

/* An amount by the part of the case's goods that is given back, of what it was filed for. */
static int64_t share_due(const aft__case *c, int64_t amount) {
  int64_t filed = 0, due = 0;
  for (uint32_t i = 0; i < c->n_lines; i++) {
    const aft__case_line *l = &c->lines[i];
    if (aft__line_is_extra(l->line))
      continue;
    filed += aft__row_int(l->row, AFT__CASE_LINE_AMOUNT);
    due += aft__amount_due(c, l);
  }
  return due >= filed ? amount : filed > 0 ? aft__share_of(amount, filed, 0, due) : 0;
}

static bool bargained(const aft__case *c) {
  return !aft__row_null(c->row, AFT__CASE_AGREED) &&
         aft__case_int(c, AFT__CASE_AGREED) < aft__case_int(c, AFT__CASE_ASKED);
}

int64_t aft__extra_due(const aft__case *c, const aft__case_line *l) {
  int64_t amount = aft__row_int(l->row, AFT__CASE_LINE_AMOUNT);
  if (!aft__row_int(l->row, AFT__CASE_LINE_QUANTITY))
    return share_due(c, amount);
  return amount;
}

/* The last goods take what is left, also where that was not known when the case was filed. */
static void take_rest(aft__case *c, aft__case_line *l) {
  int64_t given = aft__row_int(l->row, AFT__CASE_LINE_GIVEN), units = units_left(l->line);
  int64_t amount = given + aft__line_left(l->line), before = aft__row_int(l->row, AFT__CASE_LINE_AMOUNT);
  aft__case_line_set(l, AFT__CASE_LINE_QUANTITY, units);
  aft__case_line_set(l, AFT__CASE_LINE_COUNTED, units);
  aft__case_line_set(l, AFT__CASE_LINE_ACCEPTED, units);
  aft__case_line_set(l, AFT__CASE_LINE_AMOUNT, amount);
  if (!aft__row_null(c->row, AFT__CASE_AGREED))
    aft__case_set(c, AFT__CASE_AGREED, aft__int(aft__case_int(c, AFT__CASE_AGREED) + amount - before));
}

static aft_status close_one(aft__case *c, aft__value *line, aft_error *error) {
  aft__case_line *l = line_in(c, line);
  if (aft__line_left(l ? l->line : line) <= 0)
    return AFT_OK;
  if (!l) {
    AFT__TRY(aft__case_add_line(c, line, NULL, 0, error));
    l = &c->lines[c->n_lines - 1];
  }
  if (!aft__row_int(l->row, AFT__CASE_LINE_QUANTITY))
    take_rest(c, l);
  return AFT_OK;
}

aft_status aft__extras_close(aft__case *c, aft_error *error) {
  aft__money_rules rules;
  aft__value **rows;
  uint32_t n;
  if (!gives_price_back(c) || bargained(c))
    return AFT_OK;
  AFT__TRY(aft__order_lines(c->cmd, c->order[AFT__ORDER_ID].number, &rows, &n, error));
  if (!takes_all(c, rows, n))
    return AFT_OK;
  AFT__TRY(aft__case_money_rules(c, &rules, error));
  for (uint32_t i = 0; i < n; i++)
    if (aft__line_is_extra(rows[i]) && give_of(&rules, rows[i]) != AFT__GIVE_NONE)
      AFT__TRY(close_one(c, rows[i], error));
  return AFT_OK;
}
