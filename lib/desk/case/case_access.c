/* Who may file a case and who may see one: the shop's people, and whoever bought, paid or receives. */
#include "desk/case/case_priv.h"

aft_status aft__may_file(aft__cmd *cmd, const aft__value *order, aft_id customer, aft_error *error) {
  if (cmd->call.role == AFT_ROLE_BUYER && !aft__order_party(order, cmd->call.actor))
    return aft__denied(cmd, "the order is another customer's", error);
  if (cmd->call.role == AFT_ROLE_BUYER && customer && customer != cmd->call.actor)
    return aft__denied(cmd, "buyers file for themselves alone", error);
  AFT__TRY(aft__link_order(cmd, order, error));
  if (cmd->call.role != AFT_ROLE_BUYER)
    AFT__TRY(aft__may_shop(cmd, aft__row_int(order, AFT__ORDER_SHOP), error));
  if (customer && !aft__order_party(order, customer))
    return aft__error(error, AFT_E_INVALID, "case.customer",
                      "expected the order's buyer, payer or recipient, found customer %lld",
                      (long long)customer);
  return AFT_OK;
}

aft_status aft__may_case(aft__cmd *cmd, const aft__value *row, aft_error *error) {
  aft__value *order;
  if (cmd->call.role == AFT_ROLE_WAREHOUSE)
    return AFT_OK;
  if (cmd->call.role != AFT_ROLE_BUYER)
    return aft__may_shop(cmd, aft__row_int(row, AFT__CASE_SHOP), error);
  AFT__TRY(aft__link_case(cmd, row, error));
  if (aft__row_int(row, AFT__CASE_CUSTOMER) == cmd->call.actor)
    return AFT_OK;
  AFT__TRY(aft__get(cmd->tx, &aft__order_table, aft__row_int(row, AFT__CASE_ORDER), &order, error));
  if (aft__order_party(order, cmd->call.actor))
    return AFT_OK;
  return aft__denied(cmd, "the case is another customer's", error);
}

static aft_status hide_amounts(aft__tx *tx, aft_id reader, aft__value *row, aft_error *error) {
  static const uint32_t amounts[] = {AFT__CASE_ASKED, AFT__CASE_AGREED, AFT__CASE_QUOTE,
                                     AFT__CASE_DIFFERENCE};
  aft__value *order;
  AFT__TRY(aft__get(tx, &aft__order_table, aft__row_int(row, AFT__CASE_ORDER), &order, error));
  for (size_t i = 0; !aft__order_paid_by(order, reader) && i < AFT__COUNT(amounts); i++)
    row[amounts[i]] = aft__int(0);
  return AFT_OK;
}

aft_status aft__case_hide(aft__cmd *cmd, aft__value *row, aft_error *error) {
  return cmd->call.role == AFT_ROLE_BUYER ? hide_amounts(cmd->tx, cmd->call.actor, row, error) : AFT_OK;
}

aft_status aft__case_list_hide(aft__tx *tx, const aft__list *list, aft__value *row, aft_error *error) {
  return hide_amounts(tx, list->actor, row, error);
}

aft_status aft__open_case_state(aft__cmd *cmd, aft_id order, aft_str *out, aft_error *error) {
  aft__scan scan = {.table = &aft__case_table,
                    .index = AFT__CASE_BY_ORDER,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), aft__int(order)},
                    .descending = true,
                    .limit = 16};
  aft__value **rows;
  uint32_t n = 0;
  *out = aft__cstr("");
  if (order)
    AFT__TRY(aft__scan_all(cmd->tx, &scan, &rows, &n, error));
  for (uint32_t i = 0; i < n; i++)
    if (aft__row_int(rows[i], AFT__CASE_OPEN) == 2) {
      *out = aft__row_str(rows[i], AFT__CASE_STATE);
      return AFT_OK;
    }
  return AFT_OK;
}
