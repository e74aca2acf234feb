/* What the governing policy says of a case's money: which payments give it back, what it waits for, how much
 * a funder has. */
#include "desk/case_priv.h"

static aft_status rules_of(aft__case *c, aft__money_rules *rules, aft_error *error) {
  aft__facts facts;
  AFT__TRY(aft__case_facts(c, &facts, error));
  aft__policy_case_money(c->policy, &facts, aft__case_str(c, AFT__CASE_CURRENCY), rules);
  return AFT_OK;
}

aft_status aft__case_terms_of(aft__case *c, aft__case_terms *out, aft_error *error) {
  aft__money_rules rules;
  AFT__TRY(rules_of(c, &rules, error));
  *out = (aft__case_terms){.release = rules.release,
                           .compensation = rules.compensation_instrument,
                           .freight_most = rules.freight_most < 0 ? INT64_MAX : rules.freight_most,
                           .reconcile_ms = rules.reconcile_ms,
                           .coupons_back = rules.coupon_full};
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

/* A provider refuses refunds of old payments, and more of them than it allows; those under way count. */
static bool refuses(const aft__case *c, const aft__pot *pot) {
  const aft__value *row = pot->row;
  int64_t under_way = 0;
  for (uint32_t i = 0; i < c->n_legs; i++)
    under_way += aft__row_int(c->legs[i].row, AFT__LEG_PAYMENT) == row[AFT__COL_ID].number &&
                 (aft__leg_is(&c->legs[i], AFT__LEG_STATE, "planned") ||
                  aft__leg_is(&c->legs[i], AFT__LEG_STATE, "sent"));
  if (!aft__row_null(row, AFT__PAYMENT_REFUND_UNTIL) &&
      aft__row_int(row, AFT__PAYMENT_REFUND_UNTIL) < c->cmd->now)
    return true;
  return !aft__row_null(row, AFT__PAYMENT_MOST_REFUNDS) &&
         aft__row_int(row, AFT__PAYMENT_REFUNDS) + under_way >= aft__row_int(row, AFT__PAYMENT_MOST_REFUNDS);
}

/* The next payment with something left: first in the policy's order of instruments, then the oldest. */
static aft__pot *next_pot(aft__case *c, const aft__money_rules *rules, uint64_t used) {
  aft__pot *best = NULL;
  for (uint32_t i = 0; i < c->n_pots && i < AFT__MOST_SOURCES; i++) {
    aft__pot *pot = &c->pots[i];
    bool open = pot->table == &aft__payment_table && !(used & UINT64_C(1) << i) && aft__pot_room(pot) > 0;
    if (open && (!best || rank_of(rules, pot) < rank_of(rules, best)))
      best = pot;
  }
  return best;
}

aft_status aft__case_sources(aft__case *c, int64_t amount, aft__source_part parts[AFT__MOST_SOURCES],
                             uint32_t *n, aft_error *error) {
  aft__money_rules rules;
  uint64_t used = 0;
  int64_t left = amount;
  aft__pot *pot;
  *n = 0;
  AFT__TRY(rules_of(c, &rules, error));
  while (left > 0 && (pot = next_pot(c, &rules, used))) {
    int64_t room = aft__pot_room(pot), part = left < room ? left : room;
    used |= UINT64_C(1) << (pot - c->pots);
    parts[(*n)++] = (aft__source_part){pot, part, refuses(c, pot)};
    left -= part;
  }
  if (left == 0)
    return AFT_OK;
  return aft__error(error, AFT_E_CHECK, "case.amount",
                    "the order's payments have %lld minor units left to give back, not %lld",
                    (long long)(amount - left), (long long)amount);
}
