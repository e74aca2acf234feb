/* What the governing policy says of a case's money: which payments give it back, what it waits for, how much
 * a funder has. */
#include "desk/case/case_priv.h"

aft_status aft__case_money_rules(aft__case *c, aft__money_rules *rules, aft_error *error) {
  aft__facts facts;
  AFT__TRY(aft__case_facts(c, &facts, error));
  aft__policy_case_money(c->policy, &facts, aft__case_str(c, AFT__CASE_CURRENCY), rules);
  return AFT_OK;
}

aft_status aft__case_terms_of(aft__case *c, aft__case_terms *out, aft_error *error) {
  aft__money_rules rules;
  AFT__TRY(aft__case_money_rules(c, &rules, error));
  *out = (aft__case_terms){.release = rules.release,
                           .compensation = rules.compensation_instrument,
                           .freight_most = rules.freight_most < 0 ? INT64_MAX : rules.freight_most,
                           .reconcile_ms = rules.reconcile_ms,
                           .coupons_back = rules.coupon_full,
                           .coupon_parts = rules.coupon_part,
                           .retries = rules.retries};
  return AFT_OK;
}

aft_status aft__fund_ceiling(aft__case *c, aft_str funder, int64_t *out, aft_error *error) {
  int64_t captured = 0;
  *out = 0;
  for (uint32_t i = 0; i < c->n_pots; i++)
    if (c->pots[i].table == &aft__payment_table &&
        aft__add_i64(captured, aft__row_int(c->pots[i].row, AFT__PAYMENT_CAPTURED), &captured))
      return aft__error(error, AFT_E_OVERFLOW, "order.payments",
                        "the payments come to more than 64 bits hold");
  aft__policy_ceiling(c->policy, funder, aft__case_str(c, AFT__CASE_CURRENCY), captured, out);
  return AFT_OK;
}

aft_time aft__leg_expected(const aft__case *c, const aft__leg *leg) {
  aft_time at = aft__policy_arrival(c->policy, aft__value_str(&leg->row[AFT__LEG_INSTRUMENT]), c->cmd->now,
                                    aft__order_offset(c->cmd, c->order));
  return at == AFT_TIME_NONE ? c->cmd->now + 3 * AFT__DAY : at;
}

/* ---- which payments give an amount back ---- */

static uint32_t rank_of(const aft__money_rules *rules, const aft__pot *pot) {
  aft_str instrument = aft__row_str(pot->row, AFT__PAYMENT_INSTRUMENT);
  for (uint32_t i = 0; i < rules->n_instruments; i++)
    if (aft__str_eq(rules->instruments[i], instrument))
      return i;
  return rules->n_instruments;
}

static bool may_still_come(const aft__value *leg) {
  static const char *const states[] = {"planned", "sent", "unknown"};
  for (size_t i = 0; i < AFT__COUNT(states); i++)
    if (aft__str_eq(aft__row_str(leg, AFT__LEG_STATE), aft__cstr(states[i])))
      return true;
  return false;
}

/* Those of the case under way as they are now, which is not stored yet. */
static int64_t own_refunds(const aft__case *c, aft_id payment) {
  int64_t n = 0;
  for (uint32_t i = 0; i < c->n_legs; i++)
    n += aft__row_int(c->legs[i].row, AFT__LEG_PAYMENT) == payment && may_still_come(c->legs[i].row);
  return n;
}

static aft_status others_refunds(aft__case *c, aft_id payment, int64_t *out, aft_error *error) {
  aft__value **rows;
  uint32_t n;
  AFT__TRY(aft__load_rows(c->cmd, &aft__leg_table, AFT__LEG_BY_PAYMENT, payment, AFT__MOST_ORDER_ROWS, &rows,
                          &n, error));
  for (uint32_t i = 0; i < n; i++)
    *out += aft__row_int(rows[i], AFT__LEG_CASE) != aft__case_id(c) && may_still_come(rows[i]);
  return AFT_OK;
}

/* Refunds of every case that are planned or under way count against what the provider allows; -1: it allows
 * any number. Planning one changes the payment, so two cases at once do not miss each other. */
static aft_status refunds_left(aft__case *c, const aft__value *row, int64_t *out, aft_error *error) {
  aft_id payment = row[AFT__COL_ID].number;
  int64_t open = own_refunds(c, payment);
  *out = -1;
  if (aft__row_null(row, AFT__PAYMENT_MOST_REFUNDS))
    return AFT_OK;
  AFT__TRY(others_refunds(c, payment, &open, error));
  int64_t left =
      aft__row_int(row, AFT__PAYMENT_MOST_REFUNDS) - aft__row_int(row, AFT__PAYMENT_REFUNDS) - open;
  *out = left > 0 ? left : 0;
  return AFT_OK;
}

static aft_status source_of(aft__case *c, const aft__money_rules *rules, const aft__pot *pot,
                            aft__refund_source *out, aft_error *error) {
  const aft__value *row = pot->row;
  int64_t room = aft__pot_room(pot), left;
  AFT__TRY(refunds_left(c, row, &left, error));
  *out = (aft__refund_source){.available = room > 0 ? room : 0,
                              .refunds_left = left,
                              .open = aft__row_null(row, AFT__PAYMENT_REFUND_UNTIL) ||
                                      aft__row_int(row, AFT__PAYMENT_REFUND_UNTIL) >= c->cmd->now,
                              .rank = rank_of(rules, pot)};
  return AFT_OK;
}

static void keep_parts(aft__case *c, const aft__refund_source *sources, aft__source_part *parts,
                       uint32_t *n) {
  uint32_t at = 0;
  for (uint32_t i = 0; i < c->n_pots; i++) {
    if (c->pots[i].table != &aft__payment_table)
      continue;
    if (sources[at].part)
      parts[(*n)++] = (aft__source_part){&c->pots[i], sources[at].part, sources[at].offline};
    at++;
  }
}

aft_status aft__case_sources(aft__case *c, int64_t amount, aft__source_part **parts, uint32_t *n,
                             aft_error *error) {
  aft__money_rules rules;
  uint32_t count = 0;
  *n = 0;
  AFT__TRY(aft__case_money_rules(c, &rules, error));
  aft__refund_source *sources = aft__arena_alloc(c->cmd->arena, (c->n_pots + 1) * sizeof *sources);
  *parts = aft__arena_alloc(c->cmd->arena, (c->n_pots + 1) * sizeof **parts);
  if (!sources || !*parts)
    return aft__nomem(error);
  for (uint32_t i = 0; i < c->n_pots; i++)
    if (c->pots[i].table == &aft__payment_table)
      AFT__TRY(source_of(c, &rules, &c->pots[i], &sources[count++], error));
  aft__refund_split split = aft__refund_split_of(amount, sources, count);
  keep_parts(c, sources, *parts, n);
  if (split.missing == 0)
    return AFT_OK;
  aft__reason_add_first(&c->reasons, "refusal", "explain.case.payments_spent", NULL, 0);
  return aft__error(error, AFT_E_CHECK, "case.amount",
                    "the order's payments have %lld minor units left to give back, not %lld",
                    (long long)(amount - split.missing), (long long)amount);
}
