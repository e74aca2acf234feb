/* The law's clock of a case: by when its money is due, whatever its machine and its ticket do. It begins with
 * the filing or when the goods are back, as the window says that gives the right, and it never pauses. */
#include "desk/case/case_priv.h"

/* A refund without a return waits for no goods. */
void aft__legal_terms(aft__case *c, aft_time refund_by, aft_str window) {
  if (window.len && aft__case_is(c, AFT__CASE_KIND, "refund")) {
    aft_time by = aft__policy_refund_by(c->policy, window, c->cmd->now, aft__order_offset(c->cmd, c->order));
    refund_by = refund_by == AFT_TIME_NONE || by < refund_by ? by : refund_by;
    window = (aft_str){0};
  }
  aft__case_set(c, AFT__CASE_REFUND_BY, refund_by == AFT_TIME_NONE ? aft__null() : aft__int(refund_by));
  aft__case_set(c, AFT__CASE_REFUND_WINDOW,
                window.len ? aft__text(aft__arena_dup(c->cmd->arena, window)) : aft__null());
}

/* Where a marketplace decides, it answers for the time too. */
static bool counts(const aft__case *c) {
  return !aft__row_null(c->row, AFT__CASE_REFUND_BY) && aft__row_null(c->row, AFT__CASE_CLOSED) &&
         !aft__case_is(c, AFT__CASE_AUTHORITY, "external");
}

/* People who have less time than the warning gives them know of it from the begin. */
static aft_status set_warning(aft__case *c, aft_error *error) {
  aft__cmd *cmd = c->cmd;
  aft_str name = aft__cstr(AFT__DUE_REFUND_SOON);
  int64_t warn = aft__policy_refund_warning(cmd->policy);
  aft_time at = aft__case_int(c, AFT__CASE_REFUND_BY) - warn;
  if (!warn || at <= cmd->now)
    return aft__due_clear(cmd->tx, aft__case_id(c), name, error);
  return aft__due_set(cmd->tx, cmd->call.tenant, AFT__KIND_CASE, aft__case_id(c), name, at, error);
}

aft_status aft__legal_begin(aft__case *c, aft_error *error) {
  if (!counts(c))
    return AFT_OK;
  AFT__TRY(set_warning(c, error));
  aft_time over = aft__case_int(c, AFT__CASE_REFUND_BY) + 1; /* its last millisecond is in time */
  return aft__due_set(c->cmd->tx, c->cmd->call.tenant, AFT__KIND_CASE, aft__case_id(c),
                      aft__cstr(AFT__DUE_REFUND), over, error);
}

/* The earlier of two clocks holds. */
aft_status aft__legal_goods_back(aft__case *c, aft_error *error) {
  aft_str window = aft__case_str(c, AFT__CASE_REFUND_WINDOW);
  if (!window.len)
    return AFT_OK;
  aft_time by = aft__policy_refund_by(c->policy, window, c->cmd->now, aft__order_offset(c->cmd, c->order));
  aft__case_set(c, AFT__CASE_REFUND_WINDOW, aft__null());
  if (by == AFT_TIME_NONE ||
      (!aft__row_null(c->row, AFT__CASE_REFUND_BY) && aft__case_int(c, AFT__CASE_REFUND_BY) <= by))
    return AFT_OK;
  aft__case_set(c, AFT__CASE_REFUND_BY, aft__int(by));
  return aft__legal_begin(c, error);
}

/* Goods that are not to be paid back after all, and claims that were turned down, owe nothing. */
static bool owes(const aft__case *c) {
  return aft__case_int(c, AFT__CASE_OPEN) && !aft__case_is(c, AFT__CASE_MONEY, "confirmed") &&
         aft__case_basis(c) == AFT__BASIS_PRICE && !aft__case_is(c, AFT__CASE_KIND, "exchange");
}

aft_status aft__legal_soon(aft__case *c, aft_error *error) {
  char by[AFT_TIME_ISO_SIZE] = "";
  if (!owes(c) || !aft__policy_refund_warning(c->cmd->policy))
    return AFT_OK;
  AFT__TRY(aft_time_iso(aft__case_int(c, AFT__CASE_REFUND_BY), NULL, by, error));
  AFT__TRY(aft__case_work(c, "refund_soon", "refund_by", aft__cstr(by), error));
  return aft__case_note(c, "case.refund_soon", (aft_str){0}, (aft_str){0}, error);
}

aft_status aft__legal_due(aft__case *c, aft_error *error) {
  char by[AFT_TIME_ISO_SIZE] = "";
  if (!owes(c))
    return AFT_OK;
  AFT__TRY(aft_time_iso(aft__case_int(c, AFT__CASE_REFUND_BY), NULL, by, error));
  AFT__TRY(aft__case_work(c, "refund_late", "refund_by", aft__cstr(by), error));
  AFT__TRY(aft__case_ticket(c, "trouble", error));
  return aft__case_note(c, "case.refund_late", (aft_str){0}, (aft_str){0}, error);
}
