/* What a due row asks for: a state's deadline, a missed service level, a survey. */
#include "desk/case/case_priv.h"
#include "desk/collaboration/collaborate_priv.h"
#include "desk/evidence/evidence_priv.h"
#include "desk/notice/notice_priv.h"
#include "desk/privacy/person.h"
#include "desk/routing/routing_priv.h"
#include "desk/task/task_priv.h"

static aft_status state_deadline(aft__ticket *ticket, aft_error *error) {
  const aft__flow *flow;
  uint32_t state;
  AFT__TRY(aft__ticket_machine(ticket, &flow, &state, error));
  uint32_t event = flow->states[state].deadline_event;
  if (event == AFT__FLOW_NONE)
    return AFT_OK;
  aft__fire fire = {.event = flow->texts + flow->events[event].name, .role = AFT_ROLE_SYSTEM};
  return aft__ticket_fire(ticket, &fire, error);
}

static aft_status missed(aft__ticket *ticket, aft__sla sla, aft_error *error) {
  aft__cmd *cmd = ticket->cmd;
  const char *name = aft__sla_name(sla);
  char *facts = aft__arena_printf(cmd->arena, "{\"clock\":\"%s\"}", name);
  bool lets;
  if (!aft__ticket_breach(ticket, sla))
    return AFT_OK;
  if (!facts)
    return aft__nomem(error);
  aft__arg args[] = {{"clock", aft__cstr(name)}};
  aft__reason_add(&ticket->reasons, "due", "explain.due.missed", args, 1);
  AFT__TRY(aft__ticket_work(ticket, "sla_breach", "clock", aft__cstr(name), error));
  AFT__TRY(aft__ticket_note(ticket, "ticket.breached", aft__cstr(facts), (aft_str){0}, error));
  AFT__TRY(aft__ticket_lets(ticket, "escalate", AFT_ROLE_SYSTEM, &lets, error));
  if (!lets)
    return AFT_OK;
  aft__fire fire = {.event = "escalate", .role = AFT_ROLE_SYSTEM, .facts = aft__cstr(facts)};
  return aft__ticket_fire(ticket, &fire, error);
}

/* What was answered in time needs no warning, and a policy may have taken over that gives none. */
static aft_status warned(aft__ticket *ticket, aft__sla sla, aft_error *error) {
  const char *name = aft__sla_name(sla);
  char *facts = aft__arena_printf(ticket->cmd->arena, "{\"clock\":\"%s\"}", name);
  if (!aft__ticket_owes(ticket, sla) || !aft__policy_warns(ticket->cmd->policy))
    return AFT_OK;
  if (!facts)
    return aft__nomem(error);
  AFT__TRY(aft__ticket_work(ticket, "sla_warning", "clock", aft__cstr(name), error));
  return aft__ticket_note(ticket, "ticket.warned", aft__cstr(facts), (aft_str){0}, error);
}

static bool names(aft_str name, const char *prefix, aft__sla *sla) {
  size_t n = strlen(prefix);
  return name.len > n && memcmp(name.data, prefix, n) == 0 &&
         aft__sla_find(aft__str(name.data + n, name.len - n), sla);
}

static aft_status ticket_due(aft__ticket *ticket, aft_str name, aft_error *error) {
  aft__sla sla;
  if (aft__str_eq(name, aft__cstr(AFT__DUE_STATE)))
    return state_deadline(ticket, error);
  if (aft__str_eq(name, aft__cstr(AFT__DUE_PUSH)))
    return aft__push_ticket(ticket, error);
  if (aft__str_eq(name, aft__cstr(AFT__DUE_HAND_BACK)))
    return aft__ticket_hand_back(ticket, error);
  if (aft__str_eq(name, aft__cstr(AFT__DUE_MERGE)))
    return aft__merge_rest(ticket, error);
  if (name.len > sizeof AFT__DUE_INCIDENT - 1 &&
      memcmp(name.data, AFT__DUE_INCIDENT, sizeof AFT__DUE_INCIDENT - 1) == 0)
    return aft__incident_fired(ticket, name, error);
  if (names(name, "sla:", &sla))
    return missed(ticket, sla, error);
  if (names(name, "warn:", &sla))
    return warned(ticket, sla, error);
  return aft__error(error, AFT_E_CORRUPT, "due.name", "no deadline of a ticket is called '%.*s'",
                    (int)name.len, name.data);
}

static aft_status fire_ticket(aft__cmd *cmd, const aft__value *due, aft_error *error) {
  aft__ticket ticket;
  aft_status status = aft__ticket_load(cmd, due[AFT__DU_SUBJECT].number, &ticket, error);
  if (status >= 0)
    status = ticket_due(&ticket, aft__value_str(&due[AFT__DU_NAME]), error);
  if (status >= 0)
    status = aft__ticket_save(&ticket, error);
  aft__ticket_done(&ticket);
  return status;
}

static aft_status fire_survey(aft__cmd *cmd, const aft__value *due, aft_error *error) {
  return aft__survey_due(cmd, due[AFT__DU_SUBJECT].number, aft__value_str(&due[AFT__DU_NAME]), error);
}

typedef aft_status (*due_fn)(aft__cmd *cmd, const aft__value *due, aft_error *error);

/* failed: what follows the first time that fire could not be carried out; NULL: nothing. */
static const struct {
  int64_t kind;
  due_fn fire, failed;
} kinds[] = {
    {AFT__KIND_TICKET, fire_ticket, NULL},         {AFT__KIND_SURVEY, fire_survey, NULL},
    {AFT__KIND_ACTIVATION, aft__clocks_due, NULL}, {AFT__KIND_CASE, aft__case_due, aft__case_stuck},
    {AFT__KIND_LEG, aft__leg_due, NULL},           {AFT__KIND_APPOINTMENT, aft__appointment_due, NULL},
    {AFT__KIND_AGENT, aft__agent_fired, NULL},     {AFT__KIND_SHIFT, aft__shift_due, NULL},
    {AFT__KIND_CUSTOMER, aft__tier_due, NULL},     {AFT__KIND_EVIDENCE, aft__evidence_due, NULL},
    {AFT__KIND_ERASURE, aft__erasure_due, NULL},   {AFT__KIND_TENANT, aft__search_due, NULL},
    {AFT__KIND_TASK, aft__task_due, NULL},         {AFT__KIND_WATCHER, aft__watcher_due, NULL},
    {AFT__KIND_NOTICE, aft__notice_due, NULL}};

static size_t kind_of(const aft__value *due) {
  size_t i = 0;
  while (i < AFT__COUNT(kinds) && kinds[i].kind != due[AFT__DU_KIND].number)
    i++;
  return i;
}

static aft_status unknown(aft__cmd *cmd, const aft__value *due, aft_error *error) {
  (void)cmd;
  return aft__error(error, AFT_E_CORRUPT, "due.kind", "nothing of kind %lld has deadlines",
                    (long long)due[AFT__DU_KIND].number);
}

static aft_status as_system(aft__tx *tx, const aft__value *due, due_fn fn, aft_error *error) {
  aft__cmd cmd;
  aft_status status = aft__cmd_system(tx, due[AFT__DU_TENANT].number, "tick", &cmd, error);
  if (status >= 0)
    status = fn(&cmd, due, error);
  aft__cmd_done(&cmd);
  return status;
}

aft_status aft__desk_due(aft__tx *tx, void *user, const aft__value *row, aft_error *error) {
  size_t i = kind_of(row);
  (void)user;
  return as_system(tx, row, i < AFT__COUNT(kinds) ? kinds[i].fire : unknown, error);
}

aft_status aft__desk_due_failed(aft__tx *tx, void *user, const aft__value *row, aft_error *error) {
  size_t i = kind_of(row);
  (void)user;
  return i < AFT__COUNT(kinds) && kinds[i].failed ? as_system(tx, row, kinds[i].failed, error) : AFT_OK;
}
