/* Events of the ticket machine: what state, clocks, effects and deadline follow. */
#include "desk/desk_priv.h"

#include <stdio.h>

bool aft__guard(void *user, uint32_t condition) {
  const aft__guarded *g = user;
  return aft__policy_holds(g->policy, condition, g->facts);
}

/* What the machine says to an event now, without carrying it out. */
static aft_status ask(aft__ticket *ticket, const char *name, uint32_t role, aft__flow_step_out *step,
                      aft_error *error) {
  const aft__flow *flow;
  uint32_t state;
  aft__facts facts;
  AFT__TRY(aft__ticket_machine(ticket, &flow, &state, error));
  AFT__TRY(aft__ticket_facts(ticket, &facts, error));
  uint32_t event = aft__flow_event_find(flow, aft__cstr(name));
  if (event == AFT__FLOW_NONE)
    return aft__error(error, AFT_E_TRANSITION, "ticket", "the policy's ticket machine has no event '%s'",
                      name);
  aft__guarded of = {ticket->cmd->policy, &facts};
  return aft__flow_step(flow, state, event, (uint16_t)AFT__ROLE(role), aft__guard, &of, step, error);
}

aft_status aft__ticket_leads(aft__ticket *ticket, const char *event, uint32_t role, aft_str *state,
                             aft_error *error) {
  const aft__flow *flow = aft__policy_machine(ticket->cmd->policy, "ticket");
  aft__flow_step_out step;
  aft_error own = AFT_ERROR_INIT;
  aft_status status = ask(ticket, event, role, &step, &own);
  *state = status == AFT_OK ? aft__cstr(flow->texts + flow->states[step.to].name) : (aft_str){0};
  if (status == AFT_E_TRANSITION || status == AFT_E_DENIED || status >= 0)
    return AFT_OK;
  return aft__error_pass(error, &own);
}

aft_status aft__ticket_lets(aft__ticket *ticket, const char *event, uint32_t role, bool *out,
                            aft_error *error) {
  aft_str state;
  AFT__TRY(aft__ticket_leads(ticket, event, role, &state, error));
  *out = state.len > 0;
  return AFT_OK;
}

static bool runs(const aft__flow_state *state) {
  return (state->flags & AFT__FLOW_OPEN) && !(state->flags & AFT__FLOW_PAUSED);
}

/* Where the shop works on it, its hours are those of the service level; a customer has all hours. */
aft_status aft__ticket_deadline(aft__ticket *ticket, const aft__flow *flow, const aft__flow_state *state,
                                aft_time *out, aft_error *error) {
  aft__cmd *cmd = ticket->cmd;
  bool business = state->flags & AFT__FLOW_BUSINESS;
  int32_t offset = business ? aft__offset_at(cmd, aft__row_str(cmd->tenant, AFT__TENANT_ZONE), cmd->now) : 0;
  aft__facts facts;
  aft__owed level;
  AFT__TRY(aft__ticket_owed(ticket, &facts, &level, error));
  *out = aft__policy_deadline(cmd->policy, cmd->policy, flow, state, runs(state) ? &level : NULL, cmd->now,
                              offset, &ticket->reasons);
  return AFT_OK;
}

/* The deadline of a state begins when it is entered, and again when it fired into the same state. */
static aft_status set_deadline(aft__ticket *ticket, const aft__flow *flow, const aft__flow_step_out *step,
                               const aft__fire *fire, aft_error *error) {
  aft__cmd *cmd = ticket->cmd;
  const aft__flow_state *to = &flow->states[step->to];
  aft_str name = aft__cstr(AFT__DUE_STATE);
  bool own = step->move->event == to->deadline_event;
  if (step->from == step->to && !own && !fire->deadline)
    return AFT_OK;
  if (to->deadline_event == AFT__FLOW_NONE)
    return aft__due_clear(cmd->tx, aft__ticket_id(ticket), name, error);
  aft_time at = fire->deadline;
  if (!at)
    AFT__TRY(aft__ticket_deadline(ticket, flow, to, &at, error));
  return aft__ticket_due(ticket, name, at, error);
}

static aft_status enter(aft__ticket *ticket, const aft__flow *flow, const aft__flow_step_out *step,
                        aft_error *error) {
  aft__cmd *cmd = ticket->cmd;
  const aft__flow_state *to = &flow->states[step->to];
  aft_str name = aft__cstr(flow->texts + to->name);
  if (step->from == step->to)
    return AFT_OK;
  aft__ticket_set(ticket, AFT__TICKET_STATE, aft__text(name));
  aft__ticket_set(ticket, AFT__TICKET_OPEN, aft__int(aft__state_open(to)));
  if (!aft__state_open(to))
    aft__ticket_judged(ticket);
  bool incident = aft__is_incident(ticket->row), resolved = aft__str_eq(name, aft__cstr("resolved"));
  if (resolved)
    aft__ticket_set(ticket, AFT__TICKET_RESOLVED, aft__int(cmd->now));
  if (resolved && incident)
    AFT__TRY(aft__incident_resolved(ticket, error));
  if (to->flags & AFT__FLOW_TERMINAL) {
    aft__ticket_set(ticket, AFT__TICKET_CLOSED, aft__int(cmd->now));
    AFT__TRY(incident ? aft__incident_ended(ticket, error)
                      : aft__due_clear_all(cmd->tx, aft__ticket_id(ticket), error));
  }
  return aft__ticket_pause(ticket, runs(to), error);
}

aft_status aft__ticket_fire(aft__ticket *ticket, const aft__fire *fire, aft_error *error) {
  const aft__flow *flow = aft__policy_machine(ticket->cmd->policy, "ticket");
  aft__flow_step_out step;
  char verb[64];
  aft_status status =
      ask(ticket, fire->event, fire->role ? fire->role : ticket->cmd->call.role, &step, error);
  if (status != AFT_OK)
    return status;
  AFT__TRY(enter(ticket, flow, &step, error));
  snprintf(verb, sizeof verb, "ticket.%s", fire->event);
  aft__event entry = {.verb = aft__cstr(fire->verb ? fire->verb : verb),
                      .from = aft__cstr(flow->texts + flow->states[step.from].name),
                      .to = aft__cstr(flow->texts + flow->states[step.to].name),
                      .facts = fire->facts,
                      .personal = fire->personal};
  AFT__TRY(aft__ticket_audit(ticket, &entry, error));
  for (uint32_t i = 0; i < step.n_effects; i++)
    AFT__TRY(aft__ticket_effect(ticket, flow, &step.effects[i], error));
  if (!(flow->states[step.to].flags & AFT__FLOW_TERMINAL))
    AFT__TRY(set_deadline(ticket, flow, &step, fire, error));
  return aft__ticket_clocks(ticket, error);
}
