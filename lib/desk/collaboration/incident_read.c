/* Reading incidents: how far an answer has come, and which tickets stand below. */
#include "desk/collaboration/collaborate_priv.h"

#define INCIDENT_V1 (offsetof(aft_incident, running) + sizeof(uint32_t))

typedef struct asked {
  aft_id incident;
  aft_incident *out;
  aft_time resolved; /* 0: work on it goes on */
} asked;

static aft_status count(void *user, const aft__value *row, aft_error *error) {
  const asked *a = user;
  aft_incident *out = a->out;
  (void)error;
  if (aft__row_int(row, AFT__CHILD_DETACHED))
    return AFT_OK;
  out->total++;
  if (out->message && aft__row_int(row, AFT__CHILD_TOLD) >= out->message) {
    out->told++;
    out->not_told += aft__row_null(row, AFT__CHILD_MESSAGE);
  }
  if (a->resolved && aft__row_int(row, AFT__CHILD_SETTLED) >= a->resolved) {
    out->settled++;
    out->unresolved += aft__str_eq(aft__row_str(row, AFT__CHILD_OUTCOME), aft__cstr("not_resolved"));
  }
  return AFT_OK;
}

static aft_status load(aft__cmd *cmd, aft_id id, aft__value **row, aft_error *error) {
  cmd->subject = id;
  AFT__TRY(aft__load(cmd, &aft__ticket_table, AFT__TICKET_TENANT, id, "incident", row, error));
  return aft__may_shop(cmd, aft__row_int(*row, AFT__TICKET_SHOP), error);
}

static aft_status get(aft__cmd *cmd, void *given, aft_error *error) {
  asked *a = given;
  aft__value *row;
  bool running;
  AFT__TRY(load(cmd, a->incident, &row, error));
  if (!aft__is_incident(row))
    return aft__error(error, AFT_E_INVALID, "incident", "no ticket stands below ticket %lld",
                      (long long)a->incident);
  *a->out = (aft_incident){.size = sizeof *a->out};
  a->resolved = aft__row_int(row, AFT__TICKET_OPEN) == 2 ? 0 : aft__row_int(row, AFT__TICKET_RESOLVED);
  AFT__TRY(aft__incident_running(cmd, a->incident, &a->out->message, &running, error));
  if (!a->out->message)
    AFT__TRY(aft__incident_last(cmd, a->incident, &a->out->message, error));
  a->out->running = running;
  aft__scan scan = {.table = &aft__child_table,
                    .index = AFT__CHILD_BY_PLACE,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), aft__int(a->incident)}};
  return aft__scan_each(cmd->tx, &scan, count, a, error);
}

aft_status aft_incident_get(aft_session *session, const aft_call *call, aft_id incident, aft_incident *out,
                            aft_error *error) {
  static const aft__command command = {
      .verb = "incident.get", .name = "incident_get", .roles = AFT__ROLES_STAFF, .read = true, .run = get};
  aft_incident found;
  asked a = {incident, &found, 0};
  if (!out)
    return aft__error(error, AFT_E_NULL_HANDLE, "out", "the incident is NULL");
  AFT__TRY(aft__command_run(session, call, &command, &a, NULL, error));
  return aft__abi_give(out, &found, sizeof found, INCIDENT_V1, "aft_incident", error);
}

static aft_status check(aft__cmd *cmd, void *given, aft_error *error) {
  aft__value *row;
  return load(cmd, *(const aft_id *)given, &row, error);
}

aft_status aft_child_list(aft_session *session, const aft_call *call, aft_id incident, aft_cursor **out,
                          aft_error *error) {
  static const aft__command command = {
      .verb = "child.list", .name = "child_list", .roles = AFT__ROLES_STAFF, .read = true, .run = check};
  AFT__TRY(aft__command_run(session, call, &command, &incident, NULL, error));
  aft__list list = {.kind = AFT_KIND_CHILD,
                    .table = &aft__child_table,
                    .index = AFT__CHILD_BY_PLACE,
                    .n_equal = 2,
                    .equal = {call->tenant, incident},
                    .deadline_ms = call->deadline_ms};
  return aft__cursor_open(session, &list, (aft_str){0}, out, error);
}
