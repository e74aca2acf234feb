/* What money is to move when a case comes through: planned against lines, payments and funds before any of it
 * is promised, so that no two cases can promise the same. */
#include "desk/case/case_priv.h"

/* ---- where a refund comes from ---- */

static aft_status plan_part(aft__case *c, const aft__source_part *part, const char *kind, aft_str release,
                            aft_error *error) {
  const aft__value *row = part->pot->row;
  aft_str own = aft__row_str(row, AFT__PAYMENT_INSTRUMENT);
  aft__leg_plan plan = {.kind = kind,
                        .payer = "seller",
                        .payee = "buyer",
                        .instrument = part->offline ? aft__cstr("transfer") : own,
                        .account = part->offline ? (aft_str){0} : aft__row_str(row, AFT__PAYMENT_ACCOUNT),
                        .pot = part->pot,
                        .amount = part->amount,
                        .release = release};
  return aft__leg_add(c, &plan, NULL, error);
}

static aft_status plan_from_payments(aft__case *c, int64_t amount, const char *kind, aft_str release,
                                     aft_error *error) {
  aft__source_part *parts;
  uint32_t n;
  AFT__TRY(aft__case_sources(c, amount, &parts, &n, error));
  for (uint32_t i = 0; i < n; i++)
    AFT__TRY(plan_part(c, &parts[i], kind, release, error));
  return AFT_OK;
}

/* ---- the price of units ---- */

/* The buyer has the units again, or never sent them: what they get is a part of the price. */
static bool stays(const aft__case_line *l) {
  return aft__row_int(l->row, AFT__CASE_LINE_FREED) > 0 && !aft__row_int(l->row, AFT__CASE_LINE_TAKEN) &&
         !aft__row_int(l->row, AFT__CASE_LINE_LOST);
}

/* How many units the case gives the price of back: none whose price was given back before, and none that stay
 * with the buyer for a part of their price. */
static int64_t units_to_settle(const aft__case_line *l, int64_t due, int64_t amount) {
  int64_t rest = aft__row_int(l->line, AFT__LINE_QUANTITY) - aft__row_int(l->line, AFT__LINE_SETTLED);
  int64_t units = due < rest ? due : rest;
  return stays(l) && amount < aft__line_worth(l->line, units) ? 0 : units;
}

/* What is not given back for settled units is kept: no later case pays it with other units. What is given for
 * them after all comes from there. */
static void keep(aft__case_line *l, int64_t n) {
  int64_t kept = aft__row_int(l->row, AFT__CASE_LINE_KEPT);
  if (kept + n < 0)
    n = -kept;
  if (!n)
    return;
  l->line[AFT__LINE_KEPT] = aft__int(aft__row_int(l->line, AFT__LINE_KEPT) + n);
  l->line_mask |= UINT64_C(1) << AFT__LINE_KEPT;
  aft__case_line_set(l, AFT__CASE_LINE_KEPT, kept + n);
}

/* A line's own totals go first: what one case plans to give back, no other can. */
static aft_status settle_line(aft__case *c, aft__case_line *l, int64_t units, int64_t amount, bool price,
                              aft_error *error) {
  int64_t worth = aft__line_worth(l->line, units);
  int64_t settled = aft__row_int(l->line, AFT__LINE_SETTLED) + units;
  int64_t refunded = aft__row_int(l->line, AFT__LINE_REFUNDED) + amount;
  if (price && (units ? amount < worth : amount > 0))
    keep(l, worth - amount);
  if (refunded + aft__row_int(l->line, AFT__LINE_KEPT) > aft__row_int(l->line, AFT__LINE_PAID)) {
    aft__case_refuse_line(c, l, "explain.case.price_given", 0);
    return aft__error(error, AFT_E_CHECK, "case.lines", "line %.*s: its price was given back in another case",
                      (int)l->line[AFT__LINE_REF].size, l->line[AFT__LINE_REF].data);
  }
  l->line[AFT__LINE_SETTLED] = aft__int(settled);
  l->line[AFT__LINE_REFUNDED] = aft__int(refunded);
  l->line_mask |= UINT64_C(1) << AFT__LINE_SETTLED | UINT64_C(1) << AFT__LINE_REFUNDED;
  aft__case_line_set(l, AFT__CASE_LINE_SETTLED, aft__row_int(l->row, AFT__CASE_LINE_SETTLED) + units);
  aft__case_line_set(l, AFT__CASE_LINE_GIVEN, aft__row_int(l->row, AFT__CASE_LINE_GIVEN) + amount);
  return AFT_OK;
}

/* A discount's share goes back to who bore it, with the units that it was given for. */
static aft_status plan_subsidies(aft__case *c, aft__case_line *l, int64_t units, aft_str release,
                                 aft_error *error) {
  aft__scan scan = {.table = &aft__share_table,
                    .index = AFT__SHARE_BY_LINE,
                    .n_equal = 2,
                    .equal = {aft__int(c->cmd->call.tenant), l->line[AFT__LINE_ID]},
                    .limit = AFT__MOST_LEGS};
  aft__value **rows;
  uint32_t n;
  int64_t bought = aft__row_int(l->line, AFT__LINE_QUANTITY),
          before = aft__row_int(l->line, AFT__LINE_SETTLED);
  AFT__TRY(aft__scan_all(c->cmd->tx, &scan, &rows, &n, error));
  for (uint32_t i = 0; i < n; i++) {
    aft_str funder = aft__row_str(rows[i], AFT__SHARE_FUNDER);
    int64_t amount = aft__share_of(aft__row_int(rows[i], AFT__SHARE_AMOUNT), bought, before, units);
    if (aft__str_eq(funder, aft__cstr("seller")) || amount == 0)
      continue;
    const char *payee = aft__arena_printf(c->cmd->arena, "%.*s", (int)funder.len, funder.data);
    if (!payee)
      return aft__nomem(error);
    aft__leg_plan plan = {.kind = "subsidy",
                          .payer = "seller",
                          .payee = payee,
                          .instrument = aft__cstr("settlement"),
                          .amount = amount,
                          .release = release};
    AFT__TRY(aft__leg_add(c, &plan, NULL, error));
  }
  return AFT_OK;
}

/* Whether a leg of a kind, or with an instrument, stands already. */
static bool has_leg(const aft__case *c, uint32_t column, const char *word) {
  for (uint32_t i = 0; i < c->n_legs; i++)
    if (!aft__leg_is(&c->legs[i], AFT__LEG_STATE, "void") && aft__leg_is(&c->legs[i], column, word))
      return true;
  return false;
}

static bool sent_others(const aft__case *c) {
  for (uint32_t i = 0; i < c->n_lines; i++)
    if (!aft__row_null(c->lines[i].row, AFT__CASE_LINE_REPLACEMENT))
      return true;
  return false;
}

/* Nothing was taken off the price of its units: what they come to is worked out once more, so that parts
 * which were asked for at the same time close to zero. It is never less. */
static void take_full(aft__case *c, aft__case_line *l, int64_t units) {
  int64_t amount = aft__row_int(l->row, AFT__CASE_LINE_AMOUNT);
  int64_t more =
      aft__line_worth(l->line, units) - (aft__amount_due(c, l) - aft__row_int(l->row, AFT__CASE_LINE_GIVEN));
  if (aft__line_is_extra(l->line) || amount != aft__row_int(l->row, AFT__CASE_LINE_WORTH) || more <= 0)
    return;
  aft__case_line_set(l, AFT__CASE_LINE_AMOUNT, amount + more);
  aft__case_line_set(l, AFT__CASE_LINE_WORTH, amount + more);
  if (!aft__row_null(c->row, AFT__CASE_AGREED))
    aft__case_set(c, AFT__CASE_AGREED, aft__int(aft__case_int(c, AFT__CASE_AGREED) + more));
}

static aft_status plan_price(aft__case *c, const aft__case_terms *terms, aft_error *error) {
  int64_t total = 0;
  bool price = aft__case_basis(c) == AFT__BASIS_PRICE;
  if (!sent_others(c)) /* what was paid for goods that never left */
    AFT__TRY(aft__charges_return(c, terms->release, false, error));
  for (uint32_t i = 0; i < c->n_lines; i++) {
    aft__case_line *l = &c->lines[i];
    int64_t units = price ? aft__units_due(c, l) - aft__row_int(l->row, AFT__CASE_LINE_SETTLED) : 0;
    if (units > 0)
      take_full(c, l, units);
    int64_t amount = aft__amount_due(c, l) - aft__row_int(l->row, AFT__CASE_LINE_GIVEN);
    if (amount < 0 || units < 0)
      continue; /* more is under way than is due: that is what a debt is for */
    units = units_to_settle(l, units, amount);
    if (units)
      AFT__TRY(plan_subsidies(c, l, units, terms->release, error));
    AFT__TRY(settle_line(c, l, units, amount, price, error));
    total += amount;
  }
  return total ? plan_from_payments(c, total, "refund", terms->release, error) : AFT_OK;
}

/* An exchange gives back what the new goods cost less; the rest of the old price stands behind them. */
static aft_status plan_difference(aft__case *c, const aft__case_terms *terms, aft_error *error) {
  int64_t difference = aft__case_int(c, AFT__CASE_DIFFERENCE);
  return difference < 0 ? plan_from_payments(c, -difference, "refund", terms->release, error) : AFT_OK;
}

/* ---- out of a funder's pocket ---- */

static aft_status plan_compensation(aft__case *c, const char *kind, aft_str payer, int64_t amount,
                                    const aft__case_terms *terms, aft_error *error) {
  aft__pot *fund;
  if (amount == 0)
    return AFT_OK;
  AFT__TRY(aft__fund_of(c, payer, &fund, error));
  if (amount > aft__pot_room(fund)) {
    aft__arg funder[] = {{"liable", payer}};
    aft__reason_add_first(&c->reasons, "refusal", "explain.case.fund_spent", funder, 1);
    return aft__error(error, AFT_E_CHECK, "case.amount",
                      "the %.*s gives at most %lld more minor units for this order, not %lld", (int)payer.len,
                      payer.data, (long long)aft__pot_room(fund), (long long)amount);
  }
  const char *who = aft__arena_printf(c->cmd->arena, "%.*s", (int)payer.len, payer.data);
  if (!who)
    return aft__nomem(error);
  aft__leg_plan plan = {.kind = kind,
                        .payer = who,
                        .payee = "buyer",
                        .instrument = terms->compensation,
                        .pot = fund,
                        .amount = amount,
                        .release = terms->release};
  return aft__leg_add(c, &plan, NULL, error);
}

/* What the buyer paid to send the goods back, where that is another's to bear. */
static aft_status plan_return_freight(aft__case *c, const aft__case_terms *terms, aft_error *error) {
  aft_str payer = aft__case_str(c, AFT__CASE_FREIGHT);
  aft__value **rows;
  uint32_t n;
  int64_t cost = 0;
  if (aft__str_eq(payer, aft__cstr("buyer")) || !payer.len)
    return AFT_OK;
  AFT__TRY(aft__load_rows(c->cmd, &aft__parcel_table, AFT__PARCEL_BY_CASE, aft__case_id(c), AFT__MOST_LEGS,
                          &rows, &n, error));
  for (uint32_t i = 0; i < n; i++)
    cost += aft__row_int(rows[i], AFT__PARCEL_FREIGHT);
  if (cost > terms->freight_most)
    cost = terms->freight_most;
  return plan_compensation(c, "freight", payer, cost, terms, error);
}

/* ---- from whoever answers for what befell the goods ---- */

static aft_status plan_recourse(aft__case *c, const aft__case_terms *terms, aft_error *error) {
  aft_str liable = aft__case_str(c, AFT__CASE_LIABLE);
  aft__leg_plan plan = {.kind = "recourse",
                        .payer = aft__arena_printf(c->cmd->arena, "%.*s", (int)liable.len, liable.data),
                        .payee = "seller",
                        .instrument = aft__cstr("settlement"),
                        .amount = aft__case_int(c, AFT__CASE_AGREED),
                        .release = terms->release};
  if (!plan.payer)
    return aft__nomem(error);
  return plan.amount ? aft__leg_add(c, &plan, NULL, error) : AFT_OK;
}

/* ---- the plan ---- */

/* What is due and not planned yet: a case that is decided anew plans the rest. */
static aft_status plan_rest(aft__case *c, const aft__case_terms *terms, aft_error *error) {
  aft__basis basis = aft__case_basis(c);
  if (aft__case_is(c, AFT__CASE_KIND, "recourse"))
    return has_leg(c, AFT__LEG_KIND, "recourse") ? AFT_OK : plan_recourse(c, terms, error);
  bool exchange = aft__case_is(c, AFT__CASE_KIND, "exchange");
  if (exchange && !has_leg(c, AFT__LEG_KIND, "refund"))
    AFT__TRY(plan_difference(c, terms, error));
  if (!exchange && (basis == AFT__BASIS_PRICE || basis == AFT__BASIS_PART))
    AFT__TRY(plan_price(c, terms, error));
  if (!exchange && basis == AFT__BASIS_PRICE)
    AFT__TRY(aft__plan_coupons(c, terms, error));
  if (basis == AFT__BASIS_FUND) {
    const char *kind = aft__case_is(c, AFT__CASE_KIND, "freight") ? "freight" : "compensation";
    return has_leg(c, AFT__LEG_KIND, kind)
               ? AFT_OK
               : plan_compensation(c, kind, aft__case_str(c, AFT__CASE_LIABLE),
                                   aft__case_int(c, AFT__CASE_AGREED), terms, error);
  }
  return has_leg(c, AFT__LEG_KIND, "freight") ? AFT_OK : plan_return_freight(c, terms, error);
}

aft_status aft__legs_plan(aft__case *c, aft_error *error) {
  aft__case_terms terms;
  AFT__TRY(aft__legs_load(c, error));
  AFT__TRY(aft__pots_load(c, error));
  AFT__TRY(aft__case_terms_of(c, &terms, error));
  AFT__TRY(aft__extras_close(c, error));
  AFT__TRY(plan_rest(c, &terms, error));
  aft__legs_sum(c);
  return AFT_OK;
}
