/* The legs of a case and the pots that they count against: what was captured of each payment, and how much
 * each funder gives. A pot's balance is a check of the store. */
#include "desk/case/case_priv.h"

#include <stdio.h>

/* ---- loading ---- */

aft_status aft__legs_load(aft__case *c, aft_error *error) {
  aft__value **rows;
  uint32_t n;
  if (c->legs_loaded)
    return AFT_OK;
  AFT__TRY(aft__load_rows(c->cmd, &aft__leg_table, AFT__LEG_BY_CASE, aft__case_id(c), AFT__MOST_LEGS, &rows,
                          &n, error));
  c->legs = aft__arena_alloc(c->cmd->arena, AFT__MOST_LEGS * sizeof *c->legs);
  if (!c->legs)
    return aft__nomem(error);
  for (uint32_t i = 0; i < n; i++)
    c->legs[i] = (aft__leg){.row = rows[i]};
  c->n_legs = n;
  c->legs_loaded = true;
  return AFT_OK;
}

aft_status aft__pots_load(aft__case *c, aft_error *error) {
  aft__value **payments, **funds;
  aft_id order = aft__case_int(c, AFT__CASE_ORDER);
  uint32_t n_payments, n_funds;
  if (c->pots_loaded)
    return AFT_OK;
  AFT__TRY(aft__load_rows(c->cmd, &aft__payment_table, AFT__PAYMENT_BY_ORDER, order, AFT__MOST_LEGS,
                          &payments, &n_payments, error));
  AFT__TRY(aft__load_rows(c->cmd, &aft__fund_table, AFT__FUND_BY_ORDER, order, AFT__MOST_LEGS, &funds,
                          &n_funds, error));
  c->pots = aft__arena_alloc(c->cmd->arena,
                             (n_payments + n_funds + AFT__MOST_FUNDERS + AFT__MOST_LEGS) * sizeof *c->pots);
  if (!c->pots)
    return aft__nomem(error);
  for (uint32_t i = 0; i < n_payments; i++)
    c->pots[c->n_pots++] = (aft__pot){.table = &aft__payment_table, .row = payments[i]};
  for (uint32_t i = 0; i < n_funds; i++)
    c->pots[c->n_pots++] = (aft__pot){.table = &aft__fund_table, .row = funds[i]};
  c->pots_loaded = true;
  return AFT_OK;
}

/* ---- pots ---- */

aft_status aft__pot_add(aft__pot *pot, uint32_t column, int64_t n, aft_error *error) {
  int64_t sum;
  if (aft__add_i64(pot->row[column].number, n, &sum))
    return aft__error(error, AFT_E_OVERFLOW, "leg.requested", "the amounts come to more than 64 bits hold");
  pot->row[column] = aft__int(sum);
  pot->mask |= UINT64_C(1) << column;
  return AFT_OK;
}

int64_t aft__pot_room(const aft__pot *pot) {
  const aft__value *row = pot->row;
  if (pot->table == &aft__payment_table)
    return aft__row_int(row, AFT__PAYMENT_CAPTURED) - aft__row_int(row, AFT__PAYMENT_REVERSED) -
           aft__row_int(row, AFT__PAYMENT_PLANNED) - aft__row_int(row, AFT__PAYMENT_REFUNDED);
  return aft__row_int(row, AFT__FUND_CEILING) - aft__row_int(row, AFT__FUND_PLANNED) -
         aft__row_int(row, AFT__FUND_PAID);
}

aft__pot *aft__leg_pot(aft__case *c, const aft__leg *leg) {
  int64_t payment = aft__row_int(leg->row, AFT__LEG_PAYMENT), fund = aft__row_int(leg->row, AFT__LEG_FUND);
  for (uint32_t i = 0; i < c->n_pots; i++) {
    bool paid = c->pots[i].table == &aft__payment_table;
    if (c->pots[i].row[AFT__COL_ID].number == (paid ? payment : fund))
      return &c->pots[i];
  }
  return NULL;
}

/* The funder's pocket for this order, opened with the ceiling that the policy gives it. */
aft_status aft__fund_of(aft__case *c, aft_str funder, aft__pot **out, aft_error *error) {
  aft__cmd *cmd = c->cmd;
  for (uint32_t i = 0; i < c->n_pots; i++)
    if (c->pots[i].table == &aft__fund_table &&
        aft__str_eq(aft__row_str(c->pots[i].row, AFT__FUND_FUNDER), funder)) {
      *out = &c->pots[i];
      return AFT_OK;
    }
  aft__value *row = aft__arena_alloc(cmd->arena, AFT__FUND_COLUMNS * sizeof *row);
  if (!row)
    return aft__nomem(error);
  int64_t ceiling;
  AFT__TRY(aft__fund_ceiling(c, funder, &ceiling, error));
  row[AFT__FUND_ID] = aft__int(aft__tx_id(cmd->tx));
  row[AFT__FUND_REV] = aft__int(1);
  row[AFT__FUND_TENANT] = aft__int(cmd->call.tenant);
  row[AFT__FUND_ORDER] = c->row[AFT__CASE_ORDER];
  row[AFT__FUND_FUNDER] = aft__text(funder);
  row[AFT__FUND_CURRENCY] = c->row[AFT__CASE_CURRENCY];
  row[AFT__FUND_CEILING] = aft__int(ceiling);
  row[AFT__FUND_PLANNED] = row[AFT__FUND_PAID] = aft__int(0);
  c->pots[c->n_pots] = (aft__pot){.table = &aft__fund_table, .row = row, .fresh = true};
  *out = &c->pots[c->n_pots++];
  return AFT_OK;
}

/* ---- one leg ---- */

void aft__leg_set(aft__leg *leg, uint32_t column, aft__value value) {
  leg->row[column] = value;
  leg->mask |= UINT64_C(1) << column;
}

const char *aft__leg_state(const aft__leg *leg) {
  static const char *const states[] = {"planned", "sent", "confirmed", "failed", "unknown", "frozen", "void"};
  for (size_t i = 0; i < AFT__COUNT(states); i++)
    if (aft__leg_is(leg, AFT__LEG_STATE, states[i]))
      return states[i];
  return "?";
}

const char *aft__leg_word(aft__case *c, const aft__leg *leg, uint32_t column) {
  aft_str text = aft__value_str(&leg->row[column]);
  return aft__arena_printf(c->cmd->arena, "%.*s", (int)text.len, text.data);
}

void aft__leg_change(aft__case *c, aft__leg *leg, const char *to) {
  aft__case_moved(c, leg->row[AFT__LEG_ID].number, aft__leg_state(leg), to,
                  aft__row_int(leg->row, AFT__LEG_REQUESTED));
  aft__leg_set(leg, AFT__LEG_STATE, aft__text(aft__cstr(to)));
}

static void fill_leg(aft__case *c, aft__value *row, const aft__leg_plan *plan, const char *number) {
  bool paid = plan->pot && plan->pot->table == &aft__payment_table;
  row[AFT__LEG_ID] = aft__int(aft__tx_id(c->cmd->tx));
  row[AFT__LEG_REV] = aft__int(1);
  row[AFT__LEG_TENANT] = aft__int(c->cmd->call.tenant);
  row[AFT__LEG_CASE] = c->row[AFT__CASE_ID];
  row[AFT__LEG_ORDER] = c->row[AFT__CASE_ORDER];
  row[AFT__LEG_NUMBER] = aft__text(aft__cstr(number));
  row[AFT__LEG_KIND] = aft__text(aft__cstr(plan->kind));
  row[AFT__LEG_PAYER] = aft__text(aft__cstr(plan->payer));
  row[AFT__LEG_PAYEE] = aft__text(aft__cstr(plan->payee));
  row[AFT__LEG_INSTRUMENT] = aft__text(plan->instrument);
  row[AFT__LEG_ACCOUNT] = plan->account.len ? aft__text(plan->account) : aft__null();
  row[AFT__LEG_PAYMENT] = paid ? plan->pot->row[AFT__COL_ID] : aft__null();
  row[AFT__LEG_FUND] = plan->pot && !paid ? plan->pot->row[AFT__COL_ID] : aft__null();
  row[AFT__LEG_CURRENCY] = c->row[AFT__CASE_CURRENCY];
  row[AFT__LEG_REQUESTED] = aft__int(plan->amount);
  row[AFT__LEG_CONFIRMED] = row[AFT__LEG_ATTEMPTS] = aft__int(0);
  row[AFT__LEG_STATE] = aft__text(aft__cstr("planned"));
  row[AFT__LEG_RELEASE] = aft__text(plan->release);
  row[AFT__LEG_REPLACES] = aft__id_or_null(plan->replaces);
  row[AFT__LEG_CREATED] = aft__int(c->cmd->now);
}

aft_status aft__leg_add(aft__case *c, const aft__leg_plan *plan, aft__leg **out, aft_error *error) {
  AFT__TRY(aft__legs_load(c, error));
  if (!c->legs)
    c->legs = aft__arena_alloc(c->cmd->arena, AFT__MOST_LEGS * sizeof *c->legs);
  aft__value *row = aft__arena_alloc(c->cmd->arena, AFT__LEG_COLUMNS * sizeof *row);
  if (!row || !c->legs)
    return aft__nomem(error);
  if (c->n_legs == AFT__MOST_LEGS)
    return aft__error(error, AFT_E_TOO_LARGE, "case.legs", "a case has at most %u movements of money",
                      AFT__MOST_LEGS);
  aft_str code = aft__case_str(c, AFT__CASE_CODE);
  char *number = aft__arena_printf(c->cmd->arena, "%.*s-%u", (int)code.len, code.data, c->n_legs + 1);
  if (!number)
    return aft__nomem(error);
  fill_leg(c, row, plan, number);
  if (plan->pot)
    AFT__TRY(aft__pot_add(plan->pot, AFT__POT_PLANNED(plan->pot), plan->amount, error));
  aft__leg *leg = &c->legs[c->n_legs++];
  *leg = (aft__leg){.row = row, .fresh = true};
  aft__case_moved(c, row[AFT__LEG_ID].number, "none", "planned", plan->amount);
  if (out)
    *out = leg;
  return AFT_OK;
}
