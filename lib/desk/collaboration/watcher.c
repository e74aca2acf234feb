/* Rows of agents at a ticket, for following and for looking. */
#include "desk/collaboration/collaborate_priv.h"

aft_status aft__watcher_of(aft__cmd *cmd, aft_id ticket, aft_id agent, aft__value **row, aft_error *error) {
  aft__value keys[] = {aft__int(cmd->call.tenant), aft__int(ticket), aft__int(agent)};
  aft_status status = aft__find(cmd->tx, &aft__watcher_table, AFT__WATCHER_BY_TICKET, keys, row, error);
  if (status == AFT_E_NOT_FOUND)
    *row = NULL;
  return status == AFT_E_NOT_FOUND ? AFT_OK : status;
}

aft_status aft__watcher_make(aft__cmd *cmd, aft_id ticket, aft_id agent, aft__value **row, aft_error *error) {
  aft__value *fresh = aft__arena_alloc(cmd->arena, AFT__WATCHER_COLUMNS * sizeof *fresh);
  if (!fresh)
    return aft__nomem(error);
  for (uint32_t i = 0; i < AFT__WATCHER_COLUMNS; i++)
    fresh[i] = aft__null();
  fresh[AFT__WATCHER_ID] = aft__int(aft__tx_id(cmd->tx));
  fresh[AFT__WATCHER_REV] = aft__int(1);
  fresh[AFT__WATCHER_TENANT] = aft__int(cmd->call.tenant);
  fresh[AFT__WATCHER_TICKET] = aft__int(ticket);
  fresh[AFT__WATCHER_AGENT] = aft__int(agent);
  fresh[AFT__WATCHER_FOLLOWS] = aft__int(0);
  *row = fresh;
  return AFT_OK;
}

aft_status aft__watcher_insert(aft__cmd *cmd, aft__value *row, aft_error *error) {
  aft_status status = aft__insert(cmd->tx, &aft__watcher_table, row, NULL, error);
  if (status == AFT_E_EXISTS)
    return aft__tx_race(cmd->tx, "watcher", error);
  return status;
}

aft_status aft__watching_agent(aft__cmd *cmd, aft_id named, const char *where, aft_id *out,
                               aft_error *error) {
  *out = named ? named : cmd->call.role == AFT_ROLE_AGENT ? cmd->call.actor : 0;
  return aft__in_id(*out, where, error);
}
