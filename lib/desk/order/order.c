/* Orders as the host tells them. */
#include "desk/order/order_priv.h"

#define ORDER_V1 (offsetof(aft_order_in, placed) + sizeof(aft_time))

static aft_status check_total(const aft_money *total, aft_error *error) {
  aft_money made;
  if (!total->currency[0])
    return AFT_OK;
  aft_str currency = aft__str(total->currency, strnlen(total->currency, sizeof total->currency));
  return aft__money_make(total->minor, currency, &made, error);
}

aft_status aft__order_state(aft__cmd *cmd, aft_id order, aft_str *out, aft_error *error) {
  aft__value *row;
  *out = aft__cstr("");
  if (!order)
    return AFT_OK;
  aft_status status = aft__get(cmd->tx, &aft__order_table, order, &row, error);
  if (status < 0)
    return status == AFT_E_NOT_FOUND ? AFT_OK : status;
  *out = aft__row_str(row, AFT__ORDER_STATUS);
  return AFT_OK;
}

static void fill(aft__value *row, const aft_order_in *in, uint64_t *mask) {
  if (in->status.data) {
    row[AFT__ORDER_STATUS] = aft__text(in->status);
    *mask |= 1u << AFT__ORDER_STATUS;
  }
  if (in->total.currency[0]) {
    row[AFT__ORDER_CURRENCY] = aft__text(aft__cstr(in->total.currency));
    row[AFT__ORDER_TOTAL] = aft__int(in->total.minor);
    *mask |= 1u << AFT__ORDER_CURRENCY | 1u << AFT__ORDER_TOTAL;
  }
  if (in->placed) {
    row[AFT__ORDER_PLACED] = aft__int(in->placed);
    *mask |= 1u << AFT__ORDER_PLACED;
  }
}

static aft_status change_order(aft__cmd *cmd, aft__value *row, const aft_order_in *in, aft_error *error) {
  uint64_t mask = 0;
  if (aft__row_int(row, AFT__ORDER_CUSTOMER) != in->customer)
    return aft__error(error, AFT_E_EXISTS, "order.number", "the number belongs to another customer's order");
  if (in->total.currency[0])
    AFT__TRY(aft__order_in_currency(cmd, row, aft__cstr(in->total.currency), "order.total", error));
  fill(row, in, &mask);
  cmd->row = row;
  return mask ? aft__update(cmd->tx, &aft__order_table, row, mask, error) : AFT_OK;
}

static aft_status make_order(aft__cmd *cmd, const aft_order_in *in, aft_error *error) {
  uint64_t mask = 0;
  aft__value *row = aft__arena_alloc(cmd->arena, AFT__ORDER_COLUMNS * sizeof *row);
  if (!row)
    return aft__nomem(error);
  row[AFT__ORDER_ID] = aft__int(aft__tx_id(cmd->tx));
  row[AFT__ORDER_REV] = aft__int(1);
  row[AFT__ORDER_TENANT] = aft__int(cmd->call.tenant);
  row[AFT__ORDER_SHOP] = aft__int(in->shop);
  row[AFT__ORDER_CUSTOMER] = aft__int(in->customer);
  row[AFT__ORDER_NUMBER] = aft__text(in->number);
  row[AFT__ORDER_CREATED] = aft__int(cmd->now);
  fill(row, in, &mask);
  cmd->row = row;
  aft_status status = aft__insert(cmd->tx, &aft__order_table, row, NULL, error);
  if (status == AFT_E_EXISTS)
    return aft__error(error, AFT_E_CONFLICT, "order.number",
                      "the order was told by another at the same time");
  return status;
}

static aft_status order_put(aft__cmd *cmd, void *given, aft_error *error) {
  const aft_order_in *in = given;
  aft__value *shop, *customer, *row;
  cmd->subject = in->shop;
  AFT__TRY(aft__load(cmd, &aft__shop_table, AFT__SHOP_TENANT, in->shop, "order.shop", &shop, error));
  AFT__TRY(aft__may_shop(cmd, in->shop, error));
  AFT__TRY(aft__load(cmd, &aft__customer_table, AFT__CUSTOMER_TENANT, in->customer, "order.customer",
                     &customer, error));
  AFT__TRY(aft__customer_stays(cmd, customer, error));
  aft__value keys[] = {aft__int(cmd->call.tenant), aft__int(in->shop), aft__text(in->number)};
  aft_status status = aft__find(cmd->tx, &aft__order_table, AFT__ORDER_BY_NUMBER, keys, &row, error);
  if (status == AFT_E_NOT_FOUND)
    status = make_order(cmd, in, error);
  else if (status >= 0)
    status = change_order(cmd, row, in, error);
  AFT__TRY(status);
  cmd->ids[0] = cmd->row[AFT__ORDER_ID].number;
  AFT__TRY(aft__tier_renew(cmd, in->customer, error));
  aft__event event = {.tenant = cmd->call.tenant,
                      .kind = AFT__KIND_ORDER,
                      .subject = cmd->ids[0],
                      .role = cmd->call.role,
                      .actor = cmd->call.actor,
                      .verb = aft__cstr("order.told"),
                      .to = in->status};
  return aft__event_next(cmd->tx, &event, error);
}

static void order_digest(aft__sha256 *sha, const void *given) {
  const aft_order_in *in = given;
  aft__digest_i64(sha, in->shop);
  aft__digest_i64(sha, in->customer);
  aft__digest_str(sha, in->number);
  aft__digest_str(sha, in->status);
  aft__digest_i64(sha, in->total.minor);
  aft__digest_str(sha, aft__str(in->total.currency, sizeof in->total.currency));
  aft__digest_i64(sha, in->placed);
}

aft_status aft_order_put(aft_session *session, const aft_call *call, const aft_order_in *in, aft_record **out,
                         aft_error *error) {
  static const aft__command command = {.verb = "order.put",
                                       .name = "order_put",
                                       .roles = AFT__ROLE(AFT_ROLE_SYSTEM) | AFT__ROLE(AFT_ROLE_AGENT),
                                       .returns = AFT_KIND_ORDER,
                                       .digest = order_digest,
                                       .run = order_put};
  aft_order_in local;
  AFT__TRY(aft__abi_copy(&local, sizeof local, in, ORDER_V1, "aft_order_in", error));
  AFT__TRY(aft__in_id(local.shop, "order.shop", error));
  AFT__TRY(aft__in_id(local.customer, "order.customer", error));
  AFT__TRY(aft__in_name(&local.number, AFT__NAME_BYTES, "order.number", error));
  AFT__TRY(aft__in_text(&local.status, AFT__NAME_BYTES, "order.status", error));
  AFT__TRY(check_total(&local.total, error));
  return aft__command_run(session, call, &command, &local, out, error);
}
