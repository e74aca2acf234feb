/* A policy that takes over moves the clocks of open tickets: calendars and targets are always today's.
 *
 * The inbox is walked a few tickets at a time, each step in a transaction of its own; the place is kept in
 * the activation. Clocks that move change a ticket's place, so a walk that moved some is followed by another,
 * until one moves none. */
#include "desk/case/case_priv.h"

#define STEP 50u /* tickets in one transaction */

/* The place in the activation is of one walk at a time. */
aft_status aft__clocks_begin(aft__cmd *cmd, aft_id activation, aft_error *error) {
  AFT__TRY(aft__due_clear(cmd->tx, activation, aft__cstr(AFT__DUE_SEASON), error));
  return aft__due_set(cmd->tx, cmd->call.tenant, AFT__KIND_ACTIVATION, activation, aft__cstr(AFT__DUE_CLOCKS),
                      cmd->now, error);
}

static aft_status renew(aft__cmd *cmd, aft_id id, bool *moved, aft_error *error) {
  aft__ticket ticket;
  aft_status status = aft__ticket_load(cmd, id, &ticket, error);
  if (status >= 0)
    status = aft__ticket_clocks_anew(&ticket, error);
  if (status >= 0)
    status = aft__ticket_lane(&ticket, true, error);
  bool own = status >= 0 && ticket.mask;
  if (own)
    status = aft__ticket_note(&ticket, "ticket.clocks", (aft_str){0}, (aft_str){0}, error);
  if (own && status >= 0)
    status = aft__ticket_save(&ticket, error);
  *moved |= own;
  aft__ticket_done(&ticket);
  return status;
}

aft_status aft__clocks_place(aft__cmd *cmd, const aft__value *value, aft_id id, bool moved,
                             aft_error *error) {
  const uint64_t mask = UINT64_C(1) << AFT__ACTIVATION_CLOCKS_PLACE |
                        UINT64_C(1) << AFT__ACTIVATION_CLOCKS_TICKET |
                        UINT64_C(1) << AFT__ACTIVATION_CLOCKS_MOVED;
  aft__value *row = cmd->activation;
  row[AFT__ACTIVATION_CLOCKS_PLACE] = value ? *value : aft__null();
  row[AFT__ACTIVATION_CLOCKS_TICKET] = value ? aft__int(id) : aft__null();
  row[AFT__ACTIVATION_CLOCKS_MOVED] = value ? aft__int(moved) : aft__null();
  return aft__update(cmd->tx, &aft__activation_table, row, mask, error);
}

aft_status aft__clocks_due(aft__cmd *cmd, const aft__value *due, aft_error *error) {
  const aft__value *now = cmd->activation;
  aft__value **rows, last[AFT__TICKET_COLUMNS];
  uint32_t n;
  if (!now)
    return AFT_OK; /* the tenant has gone back to the default */
  if (aft__str_eq(aft__value_str(&due[AFT__DU_NAME]), aft__cstr(AFT__DUE_SEASON)))
    return aft__season_due(cmd, error);
  bool goes_on = !aft__row_null(now, AFT__ACTIVATION_CLOCKS_PLACE);
  bool moved = goes_on && aft__row_int(now, AFT__ACTIVATION_CLOCKS_MOVED);
  aft__scan scan = {.table = &aft__ticket_table,
                    .index = AFT__TICKET_BY_INBOX,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), aft__int(2)},
                    .after = goes_on,
                    .after_value = now[AFT__ACTIVATION_CLOCKS_PLACE],
                    .after_id = goes_on ? aft__row_int(now, AFT__ACTIVATION_CLOCKS_TICKET) : 0,
                    .limit = STEP};
  AFT__TRY(aft__scan_all(cmd->tx, &scan, &rows, &n, error));
  if (n)
    memcpy(last, rows[n - 1], sizeof last); /* before its place changes */
  for (uint32_t i = 0; i < n; i++)
    AFT__TRY(renew(cmd, rows[i][AFT__TICKET_ID].number, &moved, error));
  bool over = n < STEP;
  if (goes_on || !over)
    AFT__TRY(aft__clocks_place(cmd, over ? NULL : &last[AFT__TICKET_PLACE],
                               over ? 0 : last[AFT__TICKET_ID].number, moved, error));
  aft_id activation = aft__row_int(now, AFT__ACTIVATION_ID);
  return !over || moved ? aft__clocks_begin(cmd, activation, error)
                        : aft__season_begin(cmd, activation, error);
}
