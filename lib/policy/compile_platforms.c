/* Compiling what the words of marketplaces mean. */
#include "policy/policy_priv.h"

const char *const aft__certainties[4] = {"sure", "likely", "unsure", NULL};

static const aft__node *states_of(const aft__compile *cx, aft_str kind) {
  const aft__node *machines = aft__node_get(cx->root, "machines");
  const aft__node *machine = kind.len > 0 ? aft__node_get(machines, kind.data) : NULL;
  return aft__node_get(machine, "states");
}

static bool anywhere(const aft__compile *cx, const char *state) {
  const aft__node *machines = aft__node_get(cx->root, "machines");
  for (uint32_t i = 0; machines && machines->kind == AFT__NODE_MAP && i < machines->count; i++)
    if (!aft__str_eq(machines->items[i].key, aft__cstr("ticket")) &&
        aft__node_get(aft__node_get(machines->items[i].value, "states"), state))
      return true;
  return false;
}

/* A policy that has no machines of cases maps to states that a later one brings. */
static bool has_cases(const aft__compile *cx) {
  const aft__node *machines = aft__node_get(cx->root, "machines");
  return machines && machines->kind == AFT__NODE_MAP && machines->count > 1;
}

static void check_state(aft__compile *cx, const aft__node *state, aft_str kind) {
  const aft__node *states = states_of(cx, kind);
  if (!has_cases(cx))
    return;
  if (states && !aft__node_get(states, state->text.data))
    aft__fault_node(cx->faults, AFT_E_POLICY, state, "the machine '%.*s' has no state '%.*s'%s",
                    (int)kind.len, kind.data, (int)aft__utf8_cut(state->text, 60), state->text.data,
                    aft__did_you_mean(cx->faults, state->text, states->items, states->count, aft__item_key));
  else if (!states && kind.len > 0)
    aft__fault_node(cx->faults, AFT_E_POLICY, state, "the policy has no machine '%.*s'", (int)kind.len,
                    kind.data);
  else if (kind.len == 0 && !anywhere(cx, state->text.data))
    aft__fault_node(cx->faults, AFT_E_POLICY, state, "no machine of cases has a state '%.*s'",
                    (int)aft__utf8_cut(state->text, 60), state->text.data);
}

static void compile_line(aft__compile *cx, aft_str platform, aft_str status, const aft__node *map) {
  const aft__node *kind = aft__node_get(map, "kind"), *state = aft__node_get(map, "state");
  const aft__node *certainty = aft__node_get(map, "certainty");
  aft__pair pair = {.list = AFT__PAIRS_PLATFORM, .condition = AFT__FLOW_NONE};
  if (!state || state->kind != AFT__NODE_TEXT)
    return;
  pair.key = aft__compile_text(cx, platform);
  pair.other = aft__compile_text(cx, status);
  pair.kind = kind ? aft__compile_text(cx, kind->text) : 0;
  pair.value = aft__compile_text(cx, state->text);
  for (int64_t i = 0; certainty && aft__certainties[i]; i++)
    if (aft__str_eq(certainty->text, aft__cstr(aft__certainties[i])))
      pair.number = i;
  check_state(cx, state, kind ? kind->text : aft__cstr(""));
  aft__compile_add(cx, AFT__SECTION_PAIRS, &pair);
}

static void compile_status(aft__compile *cx, aft_str platform, const aft__item *item) {
  const aft__node *value = item->value;
  size_t mark = aft__path_push(cx->faults, item->key);
  if (value->kind == AFT__NODE_MAP)
    compile_line(cx, platform, item->key, value);
  for (uint32_t i = 0; value->kind == AFT__NODE_LIST && i < value->count; i++)
    compile_line(cx, platform, item->key, value->items[i].value);
  aft__path_pop(cx->faults, mark);
}

void aft__compile_platforms(aft__compile *cx, const aft__node *cases) {
  const aft__node *platforms = aft__node_get(cases, "platforms");
  size_t section = aft__path_push(cx->faults, aft__cstr("platforms"));
  for (uint32_t i = 0; platforms && platforms->kind == AFT__NODE_MAP && i < platforms->count; i++) {
    const aft__node *statuses = platforms->items[i].value;
    size_t mark = aft__path_push(cx->faults, platforms->items[i].key);
    for (uint32_t s = 0; statuses->kind == AFT__NODE_MAP && s < statuses->count; s++)
      compile_status(cx, platforms->items[i].key, &statuses->items[s]);
    aft__path_pop(cx->faults, mark);
  }
  aft__path_pop(cx->faults, section);
}
