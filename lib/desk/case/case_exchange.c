/* What an exchange costs: the new goods against the old ones, and what money stands behind the new ones. */
#include "desk/case/case_priv.h"

#include <stdio.h>

/* ---- prices ---- */

/* A line that says no other price is exchanged like for like. */
static int64_t cost(const aft__case_line *l, int64_t units) {
  int64_t price = aft__row_int(l->row, AFT__CASE_LINE_WANTS_PRICE);
  int64_t all = aft__row_int(l->row, AFT__CASE_LINE_QUANTITY);
  int64_t amount = aft__row_int(l->row, AFT__CASE_LINE_AMOUNT);
  if (price)
    return price * units; /* both are bounded where they come in */
  return units >= all ? amount : aft__share_of(amount, all, 0, units);
}

int64_t aft__exchange_cost(const aft__case *c) {
  int64_t total = 0;
  for (uint32_t i = 0; i < c->n_lines; i++)
    total += cost(&c->lines[i], aft__row_int(c->lines[i].row, AFT__CASE_LINE_QUANTITY));
  return total;
}

/* Of new goods that went out in advance all are the buyer's to pay, less what the old ones that came back
 * were paid for; otherwise only as many go out as came back. */
void aft__exchange_reckon(aft__case *c) {
  int64_t difference = 0;
  if (!aft__case_is(c, AFT__CASE_KIND, "exchange"))
    return;
  for (uint32_t i = 0; i < c->n_lines; i++) {
    const aft__case_line *l = &c->lines[i];
    bool out = !aft__row_null(l->row, AFT__CASE_LINE_REPLACEMENT);
    int64_t units = out ? aft__row_int(l->row, AFT__CASE_LINE_QUANTITY) : aft__units_due(c, l);
    difference += cost(l, units) - aft__amount_due(c, l);
  }
  if (aft__row_null(c->row, AFT__CASE_DIFFERENCE) || aft__case_int(c, AFT__CASE_DIFFERENCE) != difference)
    aft__case_set(c, AFT__CASE_DIFFERENCE, aft__int(difference));
}

/* ---- who says them ---- */

static bool is_other(const aft__case_line *l) {
  aft_str wants = aft__row_str(l->row, AFT__CASE_LINE_WANTS);
  return wants.len && !aft__str_eq(wants, aft__row_str(l->line, AFT__LINE_SKU));
}

bool aft__exchange_priced(const aft__case *c) {
  for (uint32_t i = 0; i < c->n_lines; i++)
    if (aft__row_int(c->lines[i].row, AFT__CASE_LINE_UNPRICED))
      return false;
  return true;
}

void aft__exchange_wants(aft__case *c, aft__case_line *l, aft_str wants, int64_t price) {
  l->row[AFT__CASE_LINE_WANTS] = wants.len ? aft__text(wants) : aft__null();
  l->row[AFT__CASE_LINE_WANTS_PRICE] = price ? aft__int(price) : aft__null();
  bool unpriced = c->cmd->call.role == AFT_ROLE_BUYER && aft__case_is(c, AFT__CASE_KIND, "exchange");
  l->row[AFT__CASE_LINE_UNPRICED] = unpriced && is_other(l) ? aft__int(1) : aft__null();
  l->mask |= UINT64_C(1) << AFT__CASE_LINE_WANTS | UINT64_C(1) << AFT__CASE_LINE_WANTS_PRICE |
             UINT64_C(1) << AFT__CASE_LINE_UNPRICED;
}

aft_status aft__exchange_price_check(const aft__cmd *cmd, const aft_case_line_in *in, size_t index,
                                     aft_error *error) {
  char where[64];
  if (!in->wants_price || cmd->call.role != AFT_ROLE_BUYER)
    return AFT_OK;
  snprintf(where, sizeof where, "case.lines[%zu].wants_price", index);
  return aft__error(error, AFT_E_INVALID, where,
                    "a buyer does not say what the new article costs: expected 0, found %lld",
                    (long long)in->wants_price);
}

/* Whoever approves for the shop says the prices that are still open: those given, or like for like. */
aft_status aft__exchange_set_prices(aft__case *c, aft_error *error) {
  for (size_t i = 0; c->in && i < c->in->n_lines; i++) {
    const aft_case_line_in *in = &c->in->lines[i];
    if (!in->wants_price)
      continue;
    AFT__TRY(aft__exchange_price_check(c->cmd, in, i, error));
    aft__case_line *l = aft__case_line_of(c, in->line, i, error);
    if (!l)
      return AFT_E_INVALID;
    aft__exchange_wants(c, l, in->wants.len ? in->wants : aft__row_str(l->row, AFT__CASE_LINE_WANTS),
                        in->wants_price);
  }
  for (uint32_t i = 0; i < c->n_lines; i++)
    if (aft__row_int(c->lines[i].row, AFT__CASE_LINE_UNPRICED)) {
      c->lines[i].row[AFT__CASE_LINE_UNPRICED] = aft__null();
      c->lines[i].mask |= UINT64_C(1) << AFT__CASE_LINE_UNPRICED;
    }
  aft__exchange_reckon(c);
  return AFT_OK;
}

/* ---- what stands behind the new goods ---- */

/* Money that the buyer owes for them and has not paid does not. */
int64_t aft__exchange_paid(int64_t worth, int64_t *missing) {
  int64_t off = *missing < worth ? *missing : worth;
  *missing -= off;
  return worth - off;
}

/* The old goods of an exchange in advance are in, and what is owed is paid: the new ones are the buyer's own.
 */
static aft_status stand_line(aft__case *c, aft__case_line *l, int64_t *missing, aft_error *error) {
  aft__value *made;
  if (aft__row_null(l->row, AFT__CASE_LINE_REPLACEMENT))
    return AFT_OK;
  AFT__TRY(
      aft__get(c->cmd->tx, &aft__line_table, aft__row_int(l->row, AFT__CASE_LINE_REPLACEMENT), &made, error));
  int64_t paid = aft__exchange_paid(aft__row_int(made, AFT__LINE_PRICE), missing);
  made[AFT__LINE_PAID] = aft__int(paid);
  AFT__TRY(aft__update(c->cmd->tx, &aft__line_table, made, UINT64_C(1) << AFT__LINE_PAID, error));
  aft__money_moves_over(l, aft__units_due(c, l));
  return AFT_OK;
}

aft_status aft__exchange_stand(aft__case *c, aft_error *error) {
  int64_t missing = aft__charge_missing(c);
  for (uint32_t i = 0; i < c->n_lines; i++)
    AFT__TRY(stand_line(c, &c->lines[i], &missing, error));
  return AFT_OK;
}
