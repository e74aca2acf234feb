/* State machines: finding names, and checking machines from outside. */
#include "flow/flow.h"

static bool text_valid(uint32_t at, size_t texts_size) { return at < texts_size; }

static bool states_valid(const aft__flow *flow, size_t texts_size) {
  for (uint32_t i = 0; i < flow->n_states; i++) {
    const aft__flow_state *state = &flow->states[i];
    if (!text_valid(state->name, texts_size) || !text_valid(state->calendar, texts_size))
      return false;
    if (state->deadline_event != AFT__FLOW_NONE && state->deadline_event >= flow->n_events)
      return false;
  }
  return true;
}

static bool moves_valid(const aft__flow *flow) {
  for (uint32_t i = 0; i < flow->n_moves; i++) {
    const aft__flow_move *move = &flow->moves[i];
    if (move->from >= flow->n_states || move->event >= flow->n_events)
      return false;
    if (move->to != AFT__FLOW_IGNORE && move->to >= flow->n_states)
      return false;
    if (move->effects > flow->n_effects || move->effect > flow->n_effects - move->effects)
      return false;
  }
  return true;
}

bool aft__flow_valid(const aft__flow *flow, size_t texts_size) {
  if (!flow->name || !flow->texts || texts_size == 0 || flow->texts[texts_size - 1] != '\0')
    return false;
  if (flow->n_states == 0 || flow->n_states >= AFT__FLOW_IGNORE || flow->n_events > UINT16_MAX ||
      flow->initial >= flow->n_states)
    return false;
  if (!flow->states || (flow->n_events && !flow->events) || (flow->n_moves && !flow->moves) ||
      (flow->n_effects && !flow->effects))
    return false;
  for (uint32_t i = 0; i < flow->n_events; i++)
    if (!text_valid(flow->events[i].name, texts_size))
      return false;
  for (uint32_t i = 0; i < flow->n_effects; i++)
    if (!text_valid(flow->effects[i].verb, texts_size) || !text_valid(flow->effects[i].arg, texts_size))
      return false;
  return states_valid(flow, texts_size) && moves_valid(flow);
}

uint32_t aft__flow_state_find(const aft__flow *flow, aft_str name) {
  for (uint32_t i = 0; i < flow->n_states; i++)
    if (aft__str_eq(aft__cstr(flow->texts + flow->states[i].name), name))
      return i;
  return AFT__FLOW_NONE;
}

uint32_t aft__flow_event_find(const aft__flow *flow, aft_str name) {
  for (uint32_t i = 0; i < flow->n_events; i++)
    if (aft__str_eq(aft__cstr(flow->texts + flow->events[i].name), name))
      return i;
  return AFT__FLOW_NONE;
}

const char *aft__flow_role_name(uint32_t role) {
  static const char *const names[] = {"system", "agent", "buyer", "warehouse", "arbiter"};
  return role >= 1 && role <= AFT__COUNT(names) ? names[role - 1] : NULL;
}
