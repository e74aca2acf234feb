/* What a buyer may do who came by a link: as long as it stands, and about what it is for. */
#include "desk/desk_priv.h"

aft_status aft__link_check(aft__cmd *cmd, bool admitted, aft_error *error) {
  aft__value *row;
  if (!cmd->call.link)
    return AFT_OK;
  if (cmd->call.role != AFT_ROLE_BUYER)
    return aft__error(error, AFT_E_INVALID, "call.link", "a link is a buyer's: expected 0");
  aft_status status = aft__get(cmd->tx, &aft__link_table, cmd->call.link, &row, error);
  if (status == AFT_E_NOT_FOUND ||
      (status >= 0 && (aft__row_int(row, AFT__LINK_TENANT) != cmd->call.tenant ||
                       aft__row_int(row, AFT__LINK_CUSTOMER) != cmd->call.actor)))
    return aft__denied(cmd, "the link is not known here", error);
  AFT__TRY(status);
  if (!aft__row_null(row, AFT__LINK_REVOKED))
    return aft__denied(cmd, "the link was taken back", error);
  if (aft__row_int(row, AFT__LINK_EXPIRES) <= cmd->now)
    return aft__denied(cmd, "the link has ended", error);
  if (!admitted || !aft__row_null(row, AFT__LINK_SURVEY))
    return aft__denied(cmd, "the link is not for this", error);
  cmd->link = row;
  return AFT_OK;
}

static aft_status elsewhere(aft__cmd *cmd, aft_error *error) {
  return aft__denied(cmd, "the link is for another order or case", error);
}

/* The order of a case counts as what the link for the case is about. */
aft_status aft__link_order(aft__cmd *cmd, const aft__value *order, aft_error *error) {
  aft__value *of;
  aft_id about = cmd->link ? aft__row_int(cmd->link, AFT__LINK_ORDER) : 0;
  if (!cmd->link)
    return AFT_OK;
  if (!about) {
    AFT__TRY(aft__get(cmd->tx, &aft__case_table, aft__row_int(cmd->link, AFT__LINK_CASE), &of, error));
    about = aft__row_int(of, AFT__CASE_ORDER);
  }
  return about == order[AFT__ORDER_ID].number ? AFT_OK : elsewhere(cmd, error);
}

aft_status aft__link_parent(aft__cmd *cmd, aft_id parent, aft_error *error) {
  bool alone = cmd->link && aft__row_null(cmd->link, AFT__LINK_ORDER);
  return !alone || parent == aft__row_int(cmd->link, AFT__LINK_CASE) ? AFT_OK : elsewhere(cmd, error);
}

aft_status aft__link_case(aft__cmd *cmd, const aft__value *of, aft_error *error) {
  if (!cmd->link)
    return AFT_OK;
  bool good = aft__row_null(cmd->link, AFT__LINK_ORDER)
                  ? of[AFT__CASE_ID].number == aft__row_int(cmd->link, AFT__LINK_CASE) ||
                        aft__row_int(of, AFT__CASE_PARENT) == aft__row_int(cmd->link, AFT__LINK_CASE)
                  : aft__row_int(of, AFT__CASE_ORDER) == aft__row_int(cmd->link, AFT__LINK_ORDER);
  return good ? AFT_OK : elsewhere(cmd, error);
}
