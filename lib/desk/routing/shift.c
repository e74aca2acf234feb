/* Shifts: when an agent works. */
#include "desk/routing/routing_priv.h"

#define SHIFT_V1  (offsetof(aft_shift_in, to) + sizeof(aft_time))
#define DUE_BEGIN "begin"
#define DUE_END   "end"

static aft_status next_shift(aft__cmd *cmd, aft_id agent, aft_time low, aft_time high, bool last,
                             aft__value **row, aft_error *error) {
  aft__value bounds[] = {aft__int(low), aft__int(high)}, **rows;
  uint32_t n;
  aft__scan scan = {.table = &aft__shift_table,
                    .index = AFT__SHIFT_BY_AGENT,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), aft__int(agent)},
                    .low = &bounds[0],
                    .high = &bounds[1],
                    .descending = last,
                    .limit = 1};
  AFT__TRY(aft__scan_all(cmd->tx, &scan, &rows, &n, error));
  *row = n ? rows[0] : NULL;
  return AFT_OK;
}

/* Shifts of an agent do not overlap: the last that has begun is the only one that may go on. */
aft_status aft__shift_at(aft__cmd *cmd, aft_id agent, aft_time at, aft__value **row, bool *any,
                         aft_error *error) {
  AFT__TRY(next_shift(cmd, agent, INT64_MIN, at, true, row, error));
  *any = *row != NULL;
  if (*row && aft__row_int(*row, AFT__SHIFT_TO) <= at)
    *row = NULL;
  if (*any)
    return AFT_OK;
  aft__value *later;
  AFT__TRY(next_shift(cmd, agent, at, INT64_MAX, false, &later, error));
  *any = later != NULL;
  return AFT_OK;
}

/* ---- beginning and end ---- */

static bool stands(const aft__value *agent, const char *presence) {
  return aft__str_eq(aft__row_str(agent, AFT__AGENT_PRESENCE), aft__cstr(presence));
}

static aft_status begins(aft__cmd *cmd, const aft__value *agent, aft_error *error) {
  bool serves = stands(agent, "online") && aft__policy_pushes(cmd->policy);
  return serves ? aft__agent_due(cmd, agent[AFT__AGENT_ID].number, AFT__DUE_SERVE, cmd->now, error) : AFT_OK;
}

/* The next shift may begin at once. */
static aft_status ends(aft__cmd *cmd, aft__value *agent, aft_error *error) {
  aft__value *now;
  bool any, there = stands(agent, "online") || stands(agent, "busy");
  AFT__TRY(aft__shift_at(cmd, agent[AFT__AGENT_ID].number, cmd->now, &now, &any, error));
  if (now)
    return AFT_OK;
  if (there)
    return aft__presence_is(cmd, agent, "away", error);
  return aft__agent_due(cmd, agent[AFT__AGENT_ID].number, AFT__DUE_HAND_BACK, cmd->now, error);
}

aft_status aft__shift_due(aft__cmd *cmd, const aft__value *due, aft_error *error) {
  aft__value *shift, *agent;
  AFT__TRY(aft__get(cmd->tx, &aft__shift_table, due[AFT__DU_SUBJECT].number, &shift, error));
  AFT__TRY(aft__get(cmd->tx, &aft__agent_table, aft__row_int(shift, AFT__SHIFT_AGENT), &agent, error));
  return aft__str_eq(aft__value_str(&due[AFT__DU_NAME]), aft__cstr(DUE_BEGIN)) ? begins(cmd, agent, error)
                                                                               : ends(cmd, agent, error);
}

static aft_status set_dues(aft__cmd *cmd, const aft__value *row, aft_error *error) {
  aft_id id = row[AFT__SHIFT_ID].number, tenant = cmd->call.tenant;
  AFT__TRY(aft__due_set(cmd->tx, tenant, AFT__KIND_SHIFT, id, aft__cstr(DUE_BEGIN),
                        aft__row_int(row, AFT__SHIFT_FROM), error));
  return aft__due_set(cmd->tx, tenant, AFT__KIND_SHIFT, id, aft__cstr(DUE_END),
                      aft__row_int(row, AFT__SHIFT_TO), error);
}

/* Shifts that are put or removed can leave an agent without one now. */
static aft_status look_anew(aft__cmd *cmd, const aft__value *agent, bool was_there, aft_error *error) {
  bool there;
  AFT__TRY(aft__is_present(cmd, agent, &there, error));
  return there || !was_there
             ? AFT_OK
             : aft__agent_due(cmd, agent[AFT__AGENT_ID].number, AFT__DUE_HAND_BACK, cmd->now, error);
}

/* ---- putting ---- */

static aft_status check_free(aft__cmd *cmd, const aft__value *row, aft_error *error) {
  aft__value *other;
  aft_id agent = aft__row_int(row, AFT__SHIFT_AGENT), id = row[AFT__SHIFT_ID].number;
  aft_time from = aft__row_int(row, AFT__SHIFT_FROM), to = aft__row_int(row, AFT__SHIFT_TO);
  aft_time before = to - 1;
  for (;;) {
    AFT__TRY(next_shift(cmd, agent, INT64_MIN, before, true, &other, error));
    if (!other || aft__row_int(other, AFT__SHIFT_TO) <= from)
      return AFT_OK;
    if (other[AFT__SHIFT_ID].number != id)
      return aft__error(error, AFT_E_EXISTS, "shift.from", "the agent has another shift at that time");
    before = aft__row_int(other, AFT__SHIFT_FROM) - 1;
  }
}

static aft_status fill(aft__cmd *cmd, const aft_shift_in *in, aft__value *fresh, aft__value **row,
                       aft_error *error) {
  *row = fresh;
  if (in->id)
    return aft__load(cmd, &aft__shift_table, AFT__SHIFT_TENANT, in->id, "shift", row, error);
  fresh[AFT__SHIFT_ID] = aft__int(aft__tx_id(cmd->tx));
  fresh[AFT__SHIFT_REV] = aft__int(1);
  fresh[AFT__SHIFT_TENANT] = aft__int(cmd->call.tenant);
  fresh[AFT__SHIFT_AGENT] = aft__int(in->agent);
  return AFT_OK;
}

static aft_status check_span(const aft_shift_in *in, const aft__value *row, aft_error *error) {
  if (in->agent && in->agent != aft__row_int(row, AFT__SHIFT_AGENT))
    return aft__error(error, AFT_E_INVALID, "shift.agent", "the shift is another agent's");
  return AFT_OK;
}

static aft_status shift_put(aft__cmd *cmd, void *given, aft_error *error) {
  const aft_shift_in *in = given;
  aft__value fresh[AFT__SHIFT_COLUMNS] = {0}, *row, *agent;
  bool there;
  AFT__TRY(fill(cmd, in, fresh, &row, error));
  AFT__TRY(check_span(in, row, error));
  row[AFT__SHIFT_FROM] = aft__int(in->from);
  row[AFT__SHIFT_TO] = aft__int(in->to);
  AFT__TRY(aft__load(cmd, &aft__agent_table, AFT__AGENT_TENANT, aft__row_int(row, AFT__SHIFT_AGENT),
                     "shift.agent", &agent, error));
  AFT__TRY(check_free(cmd, row, error));
  AFT__TRY(aft__is_present(cmd, agent, &there, error));
  AFT__TRY(aft__anchor(cmd->tx, &aft__agent_table, agent, error));
  if (in->id)
    AFT__TRY(aft__update(cmd->tx, &aft__shift_table, row,
                         UINT64_C(1) << AFT__SHIFT_FROM | UINT64_C(1) << AFT__SHIFT_TO, error));
  else
    AFT__TRY(aft__insert(cmd->tx, &aft__shift_table, row, NULL, error));
  AFT__TRY(set_dues(cmd, row, error));
  AFT__TRY(look_anew(cmd, agent, there, error));
  cmd->ids[0] = row[AFT__SHIFT_ID].number;
  return aft__agent_audit(cmd, agent[AFT__AGENT_ID].number, "agent.shift", error);
}

static void shift_digest(aft__sha256 *sha, const void *given) {
  const aft_shift_in *in = given;
  const int64_t numbers[] = {in->id, in->agent, in->from, in->to};
  for (size_t i = 0; i < AFT__COUNT(numbers); i++)
    aft__digest_i64(sha, numbers[i]);
}

aft_status aft_shift_put(aft_session *session, const aft_call *call, const aft_shift_in *in, aft_record **out,
                         aft_error *error) {
  static const aft__command command = {.verb = "shift.put",
                                       .name = "shift_put",
                                       .roles = AFT__ROLES_SYSTEM,
                                       .returns = AFT_KIND_SHIFT,
                                       .digest = shift_digest,
                                       .run = shift_put};
  aft_shift_in local;
  AFT__TRY(aft__abi_copy(&local, sizeof local, in, SHIFT_V1, "aft_shift_in", error));
  if (!local.id || local.agent)
    AFT__TRY(aft__in_id(local.agent, "shift.agent", error));
  if (local.id)
    AFT__TRY(aft__in_id(local.id, "shift.id", error));
  if (local.from <= 0 || local.to <= local.from || local.to == AFT_TIME_NONE)
    return aft__error(error, AFT_E_INVALID, "shift.to", "expected a time after shift.from");
  return aft__command_run(session, call, &command, &local, out, error);
}

/* ---- removing and listing ---- */

static aft_status shift_remove(aft__cmd *cmd, void *given, aft_error *error) {
  aft_id id = *(const aft_id *)given;
  aft__value *row, *agent;
  cmd->subject = id;
  AFT__TRY(aft__load(cmd, &aft__shift_table, AFT__SHIFT_TENANT, id, "shift", &row, error));
  AFT__TRY(aft__get(cmd->tx, &aft__agent_table, aft__row_int(row, AFT__SHIFT_AGENT), &agent, error));
  AFT__TRY(aft__due_clear_all(cmd->tx, id, error));
  AFT__TRY(aft__remove(cmd->tx, &aft__shift_table, id, row[AFT__COL_REV].number, error));
  AFT__TRY(look_anew(cmd, agent, true, error));
  return aft__agent_audit(cmd, agent[AFT__AGENT_ID].number, "agent.shift_removed", error);
}

static void remove_digest(aft__sha256 *sha, const void *given) {
  aft__digest_i64(sha, *(const aft_id *)given);
}

aft_status aft_shift_remove(aft_session *session, const aft_call *call, aft_id shift, aft_error *error) {
  static const aft__command command = {.verb = "shift.remove",
                                       .name = "shift_remove",
                                       .roles = AFT__ROLES_SYSTEM,
                                       .digest = remove_digest,
                                       .run = shift_remove};
  AFT__TRY(aft__in_id(shift, "shift", error));
  return aft__command_run(session, call, &command, &shift, NULL, error);
}

static aft_status shift_list(aft__cmd *cmd, void *given, aft_error *error) {
  aft__value *row;
  cmd->subject = *(aft_id *)given;
  return aft__load(cmd, &aft__agent_table, AFT__AGENT_TENANT, cmd->subject, "agent", &row, error);
}

aft_status aft_shift_list(aft_session *session, const aft_call *call, aft_id agent, aft_cursor **out,
                          aft_error *error) {
  static const aft__command command = {
      .verb = "shift.list", .name = "shift_list", .roles = AFT__ROLES_STAFF, .read = true, .run = shift_list};
  AFT__TRY(aft__command_run(session, call, &command, &agent, NULL, error));
  aft__list list = {.kind = AFT_KIND_SHIFT,
                    .table = &aft__shift_table,
                    .index = AFT__SHIFT_BY_AGENT,
                    .n_equal = 2,
                    .equal = {call->tenant, agent},
                    .deadline_ms = call->deadline_ms};
  return aft__cursor_open(session, &list, (aft_str){0}, out, error);
}
