/* One step of a state machine: pure, without memory of its own. */
#include "flow/flow.h"

#include <stdio.h>

/* Whether an earlier move of the same state names the same event for the actor. */
static bool listed_before(const aft__flow *flow, uint32_t i, uint16_t actor) {
  for (uint32_t j = 0; j < i; j++)
    if (flow->moves[j].from == flow->moves[i].from && flow->moves[j].event == flow->moves[i].event &&
        (flow->moves[j].actors & actor))
      return true;
  return false;
}

/* "'reply', 'resolve'": what an actor may do in a state; "nothing" when that is so. */
static void possible(const aft__flow *flow, uint32_t state, uint16_t actor, char *out, size_t size) {
  size_t used = 0;
  for (uint32_t i = 0; i < flow->n_moves; i++) {
    const aft__flow_move *move = &flow->moves[i];
    if (move->from != state || !(move->actors & actor) || listed_before(flow, i, actor))
      continue;
    const char *name = flow->texts + flow->events[move->event].name;
    if (used + strlen(name) + 10 > size) {
      snprintf(out + used, size - used, "%s", used ? ", ..." : "...");
      return;
    }
    used += (size_t)snprintf(out + used, size - used, "%s'%s'", used ? ", " : "", name);
  }
  if (used == 0)
    snprintf(out, size, "nothing");
}

static const char *role_of(uint16_t actor) {
  for (uint32_t role = 1; role < 16; role++)
    if (actor == 1u << role && aft__flow_role_name(role))
      return aft__flow_role_name(role);
  return "this role";
}

static aft_status refuse(const aft__flow *flow, uint32_t state, uint32_t event, uint16_t actor, bool named,
                         bool allowed, aft_error *error) {
  char list[128];
  if (!error)
    return named && !allowed ? AFT_E_DENIED : AFT_E_TRANSITION;
  possible(flow, state, actor, list, sizeof list);
  const char *s = flow->texts + flow->states[state].name, *e = flow->texts + flow->events[event].name;
  if (allowed)
    return aft__error(error, AFT_E_TRANSITION, flow->name,
                      "event '%s' is not possible in state '%s' now: no condition of its moves holds; the %s "
                      "may do: %s",
                      e, s, role_of(actor), list);
  if (named)
    return aft__error(error, AFT_E_DENIED, flow->name,
                      "event '%s' in state '%s' is not for the %s, who may do: %s", e, s, role_of(actor),
                      list);
  return aft__error(error, AFT_E_TRANSITION, flow->name,
                    "event '%s' is not possible in state '%s'; the %s may do: %s", e, s, role_of(actor),
                    list);
}

static aft_status take(const aft__flow *flow, const aft__flow_move *move, aft__flow_step_out *out) {
  bool ignored = move->to == AFT__FLOW_IGNORE;
  out->from = move->from;
  out->to = ignored ? move->from : move->to;
  out->n_effects = ignored ? 0 : move->effects;
  out->effects = out->n_effects ? flow->effects + move->effect : NULL;
  out->move = move;
  return ignored ? AFT_IGNORED : AFT_OK;
}

aft_status aft__flow_step(const aft__flow *flow, uint32_t state, uint32_t event, uint16_t actor,
                          aft__flow_guard guard, void *user, aft__flow_step_out *out, aft_error *error) {
  if (state >= flow->n_states || event >= flow->n_events)
    return aft__error(error, AFT_E_INVALID, flow->name,
                      "expected a state below %u and an event below %u, found %u and %u", flow->n_states,
                      flow->n_events, state, event);
  bool named = false, allowed = false;
  for (uint32_t i = 0; i < flow->n_moves; i++) {
    const aft__flow_move *move = &flow->moves[i];
    if (move->from != state || move->event != event)
      continue;
    named = true;
    if (!(move->actors & actor))
      continue;
    allowed = true;
    if (move->guard == AFT__FLOW_NONE || (guard && guard(user, move->guard)))
      return take(flow, move, out);
  }
  return refuse(flow, state, event, actor, named, allowed, error);
}
