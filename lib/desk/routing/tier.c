/* Tiers that purchases earn: worked out with each order, and again when the oldest of them no longer counts.
 */
#include "desk/routing/routing_priv.h"

#define MOST_ORDERS 1000u /* of a customer that are looked at, the latest */
#define LEAST_PAUSE AFT__HOUR

typedef struct basket {
  aft__purchase *list;
  uint32_t n;
} basket;

static aft_status add(void *user, const aft__value *row, aft_error *error) {
  basket *b = user;
  (void)error;
  bool placed = !aft__row_null(row, AFT__ORDER_PLACED);
  aft_str currency = aft__row_str(row, AFT__ORDER_CURRENCY);
  aft__purchase *p = &b->list[b->n++];
  p->placed = aft__row_int(row, placed ? (uint32_t)AFT__ORDER_PLACED : (uint32_t)AFT__ORDER_CREATED);
  p->total = aft__row_int(row, AFT__ORDER_TOTAL);
  if (currency.len < sizeof p->code) { /* the row lives no longer than the call */
    memcpy(p->code, currency.data, currency.len);
    p->currency = aft__str(p->code, currency.len);
  }
  return AFT_OK;
}

static aft_status gather(aft__cmd *cmd, aft_id customer, basket *b, aft_error *error) {
  b->list = aft__arena_alloc(cmd->arena, MOST_ORDERS * sizeof *b->list);
  if (!b->list)
    return aft__nomem(error);
  aft__scan scan = {.table = &aft__order_table,
                    .index = AFT__ORDER_BY_CUSTOMER,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), aft__int(customer)},
                    .descending = true,
                    .limit = MOST_ORDERS};
  return aft__scan_each(cmd->tx, &scan, add, b, error);
}

static aft_status note(aft__cmd *cmd, aft_id customer, aft_str from, aft_str to, const aft__purchases *p,
                       aft_error *error) {
  char *facts = aft__arena_printf(cmd->arena, "{\"orders\":%lld,\"value\":%lld,\"since_last\":%lld}",
                                  (long long)p->orders, (long long)p->value, (long long)p->since_last_ms);
  if (!facts)
    return aft__nomem(error);
  aft__event event = {.tenant = cmd->call.tenant,
                      .kind = AFT__KIND_CUSTOMER,
                      .subject = customer,
                      .role = cmd->call.role,
                      .actor = cmd->call.actor,
                      .verb = aft__cstr("customer.tier"),
                      .from = from,
                      .to = to,
                      .facts = aft__cstr(facts)};
  return aft__event_next(cmd->tx, &event, error);
}

static aft_status take(aft__cmd *cmd, aft__value *row, const basket *b, aft_error *error) {
  aft__purchases p;
  aft_str has = aft__row_str(row, AFT__CUSTOMER_TIER);
  aft_str tier = aft__policy_tier_earned(cmd->policy, has, b->list, b->n, cmd->now, &p);
  if (aft__str_eq(has, tier))
    return AFT_OK;
  row[AFT__CUSTOMER_TIER] = tier.len ? aft__text(tier) : aft__null();
  row[AFT__CUSTOMER_EARNED] = tier.len ? aft__int(1) : aft__null();
  AFT__TRY(note(cmd, row[AFT__CUSTOMER_ID].number, has, tier, &p, error));
  return aft__update(cmd->tx, &aft__customer_table, row,
                     UINT64_C(1) << AFT__CUSTOMER_TIER | UINT64_C(1) << AFT__CUSTOMER_EARNED, error);
}

/* What the host says of a tier stands. */
aft_status aft__tier_renew(aft__cmd *cmd, aft_id customer, aft_error *error) {
  aft__value *row;
  basket b = {0};
  aft_str name = aft__cstr(AFT__DUE_TIER);
  if (!aft__policy_earns(cmd->policy))
    return AFT_OK;
  aft_status status = aft__get(cmd->tx, &aft__customer_table, customer, &row, error);
  if (status == AFT_E_NOT_FOUND)
    return AFT_OK;
  AFT__TRY(status);
  bool told = aft__row_str(row, AFT__CUSTOMER_TIER).len && !aft__row_int(row, AFT__CUSTOMER_EARNED);
  if (told)
    return aft__due_clear(cmd->tx, customer, name, error);
  AFT__TRY(aft__anchor(cmd->tx, &aft__customer_table, row, error)); /* two orders at once see each other */
  AFT__TRY(gather(cmd, customer, &b, error));
  AFT__TRY(take(cmd, row, &b, error));
  aft_time next = aft__policy_tier_review(cmd->policy, b.list, b.n, cmd->now);
  if (next == AFT_TIME_NONE)
    return aft__due_clear(cmd->tx, customer, name, error);
  next = next > cmd->now + LEAST_PAUSE ? next : cmd->now + LEAST_PAUSE;
  return aft__due_set(cmd->tx, cmd->call.tenant, AFT__KIND_CUSTOMER, customer, name, next, error);
}

aft_status aft__tier_due(aft__cmd *cmd, const aft__value *due, aft_error *error) {
  return aft__tier_renew(cmd, due[AFT__DU_SUBJECT].number, error);
}
