/* Effects that the ticket machine names: notices, surveys, escalation. */
#include "desk/desk_priv.h"

/* A higher level may be a reason for a higher priority. */
static aft_status escalate(aft__ticket *ticket, aft_error *error) {
  aft__facts facts;
  int64_t level = aft__ticket_int(ticket, AFT__TICKET_LEVEL);
  if (level >= aft__policy_most_level(ticket->cmd->policy))
    return AFT_OK;
  aft__ticket_set(ticket, AFT__TICKET_LEVEL, aft__int(level + 1));
  AFT__TRY(aft__ticket_facts(ticket, &facts, error));
  return aft__ticket_prioritise(ticket, &facts, true, error);
}

static aft_status reopen(aft__ticket *ticket) {
  aft__ticket_set(ticket, AFT__TICKET_REOPENS, aft__int(aft__ticket_int(ticket, AFT__TICKET_REOPENS) + 1));
  aft__ticket_set(ticket, AFT__TICKET_RESOLUTION, aft__null());
  return AFT_OK;
}

static aft_status open_task(aft__ticket *ticket, const char *arg, aft_error *error) {
  aft_id task;
  aft__task_new in = {.name = aft__cstr(arg), .cause = "machine"};
  aft_status status = aft__task_open(ticket, &in, &task, error);
  return status < 0 ? status : AFT_OK;
}

aft_status aft__ticket_effect(aft__ticket *ticket, const aft__flow *flow, const aft__flow_effect *effect,
                              aft_error *error) {
  const char *verb = flow->texts + effect->verb, *arg = flow->texts + effect->arg;
  if (strcmp(verb, "notify") == 0)
    return aft__ticket_notify(ticket, arg, error);
  if (strcmp(verb, "escalate") == 0)
    return escalate(ticket, error);
  if (strcmp(verb, "reopen") == 0)
    return reopen(ticket);
  if (strcmp(verb, "survey") == 0)
    return aft__survey_schedule(ticket, error);
  if (strcmp(verb, "cancel_survey") == 0)
    return aft__survey_cancel(ticket, error);
  if (strcmp(verb, "task") == 0)
    return open_task(ticket, arg, error);
  if (strcmp(verb, "cancel_tasks") == 0)
    return aft__tasks_cancel(ticket, error);
  if (strcmp(verb, "queue") == 0) {
    aft__ticket_set(ticket, AFT__TICKET_ASSIGNEE, aft__null());
    return AFT_OK;
  }
  return aft__error(error, AFT_E_INTERNAL, "machines.ticket", "effect '%s' is not known to the desk", verb);
}
