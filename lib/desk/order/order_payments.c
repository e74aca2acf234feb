/* Payments of a telling, and what banks take back. */
#include "desk/order/order_priv.h"

/* ---- as told ---- */

static aft_status find(aft__told *t, size_t index, aft__value **row, aft_error *error) {
  const aft_order_payment_in *in = &t->in->payments[index];
  aft__value keys[] = {aft__int(t->cmd->call.tenant), aft__text(in->ref)};
  aft_status status = aft__find(t->cmd->tx, &aft__payment_table, AFT__PAYMENT_BY_REF, keys, row, error);
  if (status == AFT_E_NOT_FOUND) {
    *row = NULL;
    return AFT_OK;
  }
  AFT__TRY(status);
  if (aft__row_int(*row, AFT__PAYMENT_ORDER) != t->order[AFT__ORDER_ID].number)
    return aft__error(error, AFT_E_EXISTS, aft__order_place("payments", index, "ref").text,
                      "'%.*s' is a payment of another order", (int)aft__utf8_cut(in->ref, 40), in->ref.data);
  return AFT_OK;
}

static aft_status start(aft__told *t, const aft_order_payment_in *in, aft__value **out, aft_error *error) {
  aft__value *row = *out = aft__arena_alloc(t->cmd->arena, AFT__PAYMENT_COLUMNS * sizeof *row);
  if (!row)
    return aft__nomem(error);
  row[AFT__PAYMENT_ID] = aft__int(aft__tx_id(t->cmd->tx));
  row[AFT__PAYMENT_TENANT] = aft__int(t->cmd->call.tenant);
  row[AFT__PAYMENT_ORDER] = t->order[AFT__ORDER_ID];
  row[AFT__PAYMENT_REF] = aft__text(in->ref);
  row[AFT__PAYMENT_PURPOSE] = aft__text(in->purpose.len ? in->purpose : aft__cstr("full"));
  row[AFT__PAYMENT_INSTRUMENT] = aft__text(in->instrument);
  row[AFT__PAYMENT_CURRENCY] = aft__text(t->in->currency);
  for (uint32_t column = AFT__PAYMENT_CAPTURED; column <= AFT__PAYMENT_REFUNDS; column++)
    row[column] = aft__int(0);
  row[AFT__PAYMENT_CREATED] = aft__int(t->cmd->now);
  return AFT_OK;
}

/* What it was paid with and for decides where refunds go: that stays as it was told. */
static aft_status check_same(const aft__value *row, const aft_order_payment_in *in, size_t index,
                             aft_error *error) {
  const struct {
    uint32_t column;
    aft_str found;
    const char *field;
  } fixed[] = {{AFT__PAYMENT_INSTRUMENT, in->instrument, "instrument"},
               {AFT__PAYMENT_PURPOSE, in->purpose, "purpose"}};
  for (size_t i = 0; i < AFT__COUNT(fixed); i++) {
    aft_str before = aft__row_str(row, fixed[i].column);
    if (fixed[i].found.len && !aft__str_eq(before, fixed[i].found))
      return aft__error(error, AFT_E_CHECK, aft__order_place("payments", index, fixed[i].field).text,
                        "expected '%.*s' as told before, found '%.*s'", (int)before.len, before.data,
                        (int)fixed[i].found.len, fixed[i].found.data);
  }
  if (in->captured.minor < aft__row_int(row, AFT__PAYMENT_CAPTURED))
    return aft__error(error, AFT_E_CHECK, aft__order_place("payments", index, "captured").text,
                      "expected at least the %lld that were captured before, found %lld",
                      (long long)aft__row_int(row, AFT__PAYMENT_CAPTURED), (long long)in->captured.minor);
  return AFT_OK;
}

static aft_status take(aft__told *t, size_t index, uint32_t *fresh, aft_error *error) {
  const aft_order_payment_in *in = &t->in->payments[index];
  aft__value *row;
  uint64_t mask = 0;
  AFT__TRY(find(t, index, &row, error));
  bool is_new = !row;
  if (is_new)
    AFT__TRY(start(t, in, &row, error));
  else
    AFT__TRY(check_same(row, in, index, error));
  *fresh += is_new;
  aft__told_set(row, &mask, AFT__PAYMENT_CAPTURED, aft__int(in->captured.minor));
  if (in->account.len)
    aft__told_set(row, &mask, AFT__PAYMENT_ACCOUNT, aft__text(in->account));
  if (in->most_refunds)
    aft__told_set(row, &mask, AFT__PAYMENT_MOST_REFUNDS, aft__int(in->most_refunds));
  if (in->refund_until)
    aft__told_set(row, &mask, AFT__PAYMENT_REFUND_UNTIL, aft__int(in->refund_until));
  if (in->paid)
    aft__told_set(row, &mask, AFT__PAYMENT_PAID, aft__int(in->paid));
  return aft__told_write(t, &aft__payment_table, row, mask, is_new, error);
}

aft_status aft__told_payments(aft__told *t, aft_error *error) {
  aft__scan scan = {.table = &aft__payment_table,
                    .index = AFT__PAYMENT_BY_ORDER,
                    .n_equal = 2,
                    .equal = {aft__int(t->cmd->call.tenant), t->order[AFT__ORDER_ID]},
                    .limit = AFT__MOST_PAYMENTS};
  aft__value **rows;
  uint32_t n, fresh = 0;
  if (!t->in->n_payments)
    return AFT_OK;
  AFT__TRY(aft__scan_all(t->cmd->tx, &scan, &rows, &n, error));
  for (size_t i = 0; i < t->in->n_payments; i++)
    AFT__TRY(take(t, i, &fresh, error));
  if (n + fresh <= AFT__MOST_PAYMENTS)
    return AFT_OK;
  return aft__error(error, AFT_E_TOO_LARGE, "order.payments", "expected at most %u payments in all, found %u",
                    AFT__MOST_PAYMENTS, n + fresh);
}
