/* Checking a state machine: finds every fault of a definition, not only the first. */
#include "flow/flow.h"

#include <stdio.h>

typedef struct check {
  const aft__flow *flow;
  aft__flow_report report;
  void *user;
  uint32_t faults;
  uint32_t *by_from;    /* move numbers by state, then event, then order of definition */
  uint32_t *from_first; /* of each state in by_from, and one more */
  uint32_t *by_to;      /* move numbers by target; ignored events last */
  uint32_t *to_first;
  uint32_t *stack;
  uint8_t *reached; /* per state: from the initial one */
  uint8_t *ends;    /* per state: a terminal one can be reached */
} check;

static void fault(check *c, uint32_t line, uint32_t column, const char *fmt, ...) AFT__PRINTF(4, 5);

static void fault(check *c, uint32_t line, uint32_t column, const char *fmt, ...) {
  char message[600];
  va_list args;
  va_start(args, fmt);
  int n = vsnprintf(message, sizeof message, fmt, args);
  va_end(args);
  if (n >= (int)sizeof message) {
    size_t last = sizeof message - 1;
    while (last > 0 && ((uint8_t)message[last - 1] & 0xC0) == 0x80)
      last--;
    message[last > 0 ? last - 1 : 0] = '\0';
  }
  c->faults++;
  if (c->report)
    c->report(c->user, line, column, message);
}

static const char *state_name(const check *c, uint32_t state) {
  return c->flow->texts + c->flow->states[state].name;
}
static const char *event_name(const check *c, uint32_t event) {
  return c->flow->texts + c->flow->events[event].name;
}
static bool terminal(const check *c, uint32_t state) {
  return (c->flow->states[state].flags & AFT__FLOW_TERMINAL) != 0;
}

/* "the agent" or "the agent and buyer" for a set of role bits. */
static const char *roles(uint32_t actors, char out[96]) {
  size_t used = 0;
  out[0] = '\0';
  for (uint32_t role = 1; role < 16; role++)
    if ((actors >> role & 1) && aft__flow_role_name(role))
      used +=
          (size_t)snprintf(out + used, 96 - used, "%s%s", used ? " and " : "the ", aft__flow_role_name(role));
  return out;
}

/* ---- tables ---- */

typedef enum sort_key {
  BY_EVENT,
  BY_FROM,
  BY_TO
} sort_key;

static uint32_t key_of(const aft__flow *flow, uint32_t i, sort_key key) {
  const aft__flow_move *move = &flow->moves[i];
  if (key == BY_EVENT)
    return move->event;
  if (key == BY_FROM)
    return move->from;
  return move->to == AFT__FLOW_IGNORE ? flow->n_states : move->to;
}

/* A stable counting sort. first has keys + 1 elements, all zero; it ends as the first place of each key. */
static void sort_moves(const aft__flow *flow, sort_key key, uint32_t keys, const uint32_t *in, uint32_t *out,
                       uint32_t *first) {
  for (uint32_t i = 0; i < flow->n_moves; i++)
    first[key_of(flow, i, key) + 1]++;
  for (uint32_t k = 1; k <= keys; k++)
    first[k] += first[k - 1];
  for (uint32_t i = 0; i < flow->n_moves; i++) {
    uint32_t number = in ? in[i] : i;
    out[first[key_of(flow, number, key)]++] = number;
  }
  for (uint32_t k = keys; k > 0; k--)
    first[k] = first[k - 1];
  first[0] = 0;
}

static uint32_t *words(aft__arena *arena, uint32_t n) {
  return aft__arena_alloc(arena, ((size_t)n + 1) * sizeof(uint32_t));
}

static bool make_tables(check *c, aft__arena *arena) {
  const aft__flow *flow = c->flow;
  uint32_t keys = flow->n_states + 1;
  uint32_t *by_event = words(arena, flow->n_moves), *event_first = words(arena, flow->n_events);
  c->by_from = words(arena, flow->n_moves);
  c->by_to = words(arena, flow->n_moves);
  c->from_first = words(arena, keys);
  c->to_first = words(arena, keys);
  c->stack = words(arena, flow->n_states);
  c->reached = aft__arena_alloc(arena, keys);
  c->ends = aft__arena_alloc(arena, keys);
  if (!by_event || !event_first || !c->by_from || !c->by_to || !c->from_first || !c->to_first || !c->stack ||
      !c->reached || !c->ends)
    return false;
  sort_moves(flow, BY_EVENT, flow->n_events, NULL, by_event, event_first);
  sort_moves(flow, BY_FROM, keys, by_event, c->by_from, c->from_first);
  sort_moves(flow, BY_TO, keys, NULL, c->by_to, c->to_first);
  return true;
}

/* ---- the graph ---- */

static void mark_reached(check *c) {
  uint32_t n = 0;
  c->stack[n++] = c->flow->initial;
  c->reached[c->flow->initial] = 1;
  while (n > 0) {
    uint32_t state = c->stack[--n];
    for (uint32_t i = c->from_first[state]; i < c->from_first[state + 1]; i++) {
      uint32_t to = c->flow->moves[c->by_from[i]].to;
      if (to != AFT__FLOW_IGNORE && !c->reached[to]) {
        c->reached[to] = 1;
        c->stack[n++] = to;
      }
    }
  }
}

/* Backwards from all terminal states at once. Returns how many there are. */
static uint32_t mark_ends(check *c) {
  uint32_t n = 0;
  for (uint32_t state = 0; state < c->flow->n_states; state++)
    if (terminal(c, state)) {
      c->ends[state] = 1;
      c->stack[n++] = state;
    }
  uint32_t terminals = n;
  while (n > 0) {
    uint32_t state = c->stack[--n];
    for (uint32_t i = c->to_first[state]; i < c->to_first[state + 1]; i++) {
      uint32_t from = c->flow->moves[c->by_to[i]].from;
      if (!c->ends[from]) {
        c->ends[from] = 1;
        c->stack[n++] = from;
      }
    }
  }
  return terminals;
}

static bool can_leave(const check *c, uint32_t state) {
  for (uint32_t i = c->from_first[state]; i < c->from_first[state + 1]; i++) {
    uint32_t to = c->flow->moves[c->by_from[i]].to;
    if (to != AFT__FLOW_IGNORE && to != state)
      return true;
  }
  return false;
}

static void check_graph(check *c) {
  mark_reached(c);
  uint32_t terminals = mark_ends(c);
  if (terminals == 0)
    fault(c, 0, 0, "machine '%s' has no terminal state: mark at least one state as its end", c->flow->name);
  for (uint32_t state = 0; state < c->flow->n_states; state++) {
    const aft__flow_state *s = &c->flow->states[state];
    if (!c->reached[state])
      fault(c, s->line, s->column,
            "state '%s' cannot be reached from '%s': add a transition that leads to it, or remove it",
            state_name(c, state), state_name(c, c->flow->initial));
    if (terminals == 0 || c->ends[state])
      continue;
    if (can_leave(c, state))
      fault(c, s->line, s->column,
            "state '%s' has no way to an end: its transitions lead only to states that never end",
            state_name(c, state));
    else
      fault(c, s->line, s->column, "state '%s' has no way to an end: add a transition that leaves it",
            state_name(c, state));
  }
}

/* ---- deadlines ---- */

static void check_deadline_event(check *c, uint32_t state) {
  const aft__flow_state *s = &c->flow->states[state];
  const char *name = state_name(c, state), *event = event_name(c, s->deadline_event);
  bool taken = false;
  for (uint32_t i = c->from_first[state]; i < c->from_first[state + 1]; i++) {
    const aft__flow_move *move = &c->flow->moves[c->by_from[i]];
    if (move->event != s->deadline_event || !(move->actors & AFT__FLOW_ACTOR(AFT_ROLE_SYSTEM)))
      continue;
    taken = true;
    if (move->guard != AFT__FLOW_NONE)
      continue;
    if (move->to == AFT__FLOW_IGNORE)
      fault(c, s->line, s->column,
            "the deadline of state '%s' fires '%s', which the state ignores: let it lead to a state", name,
            event);
    return;
  }
  if (taken)
    fault(
        c, s->line, s->column,
        "the deadline of state '%s' fires '%s', but every transition for it has a condition: add a last one "
        "without",
        name, event);
  else
    fault(c, s->line, s->column,
          "the deadline of state '%s' fires '%s', but no transition of the state takes that event from the "
          "system: add one with the actor system",
          name, event);
}

static void check_deadlines(check *c) {
  for (uint32_t state = 0; state < c->flow->n_states; state++) {
    const aft__flow_state *s = &c->flow->states[state];
    if (s->deadline_event == AFT__FLOW_NONE) {
      if (!terminal(c, state))
        fault(c, s->line, s->column,
              "state '%s' has no deadline: a state that is not terminal needs one, with an event for the "
              "system "
              "to fire when it passes",
              state_name(c, state));
      continue;
    }
    if (s->deadline_ms <= 0)
      fault(c, s->line, s->column, "the deadline of state '%s' is not above zero", state_name(c, state));
    check_deadline_event(c, state);
  }
}

/* ---- moves ---- */

/* Two moves of one state and event, first tried before second. */
static void check_pair(check *c, const aft__flow_move *first, const aft__flow_move *second) {
  char list[96];
  uint32_t common = first->actors & second->actors;
  if (common == 0 || (first->guard != AFT__FLOW_NONE && first->guard != second->guard))
    return;
  fault(c, second->line, second->column,
        "state '%s' has two transitions for '%s' by %s and %s: the second can never be taken",
        state_name(c, first->from), event_name(c, first->event), roles(common, list),
        first->guard == AFT__FLOW_NONE ? "the first has no condition" : "both have the same condition");
}

/* One fault a move is enough: the earliest move that hides it is named. */
static void check_choices(check *c) {
  for (uint32_t i = 0; i < c->flow->n_moves; i++) {
    const aft__flow_move *second = &c->flow->moves[c->by_from[i]];
    uint32_t first = i;
    while (first > 0 && c->flow->moves[c->by_from[first - 1]].from == second->from &&
           c->flow->moves[c->by_from[first - 1]].event == second->event)
      first--;
    for (uint32_t before = c->faults; first < i && before == c->faults; first++)
      check_pair(c, &c->flow->moves[c->by_from[first]], second);
  }
}

static void check_actors(check *c) {
  const uint32_t trusted = AFT__FLOW_ACTOR(AFT_ROLE_SYSTEM) | AFT__FLOW_ACTOR(AFT_ROLE_AGENT);
  char list[96];
  for (uint32_t i = 0; i < c->flow->n_moves; i++) {
    const aft__flow_move *move = &c->flow->moves[i];
    if (roles(move->actors, list)[0] == '\0')
      fault(c, move->line, move->column,
            "the transition of state '%s' for '%s' names no actor: no one could fire it",
            state_name(c, move->from), event_name(c, move->event));
    if (terminal(c, move->from) && move->to != AFT__FLOW_IGNORE && move->to != move->from &&
        (move->actors & ~trusted) != 0)
      fault(c, move->line, move->column,
            "terminal state '%s' would be left when '%s' comes from %s: only an agent or the system may do "
            "that",
            state_name(c, move->from), event_name(c, move->event), roles(move->actors & ~trusted, list));
  }
}

/* ---- the contract with the service ---- */

static bool event_moves(const aft__flow *flow, const char *name) {
  uint32_t event = aft__flow_event_find(flow, aft__cstr(name));
  for (uint32_t i = 0; event != AFT__FLOW_NONE && i < flow->n_moves; i++)
    if (flow->moves[i].event == event)
      return true;
  return false;
}

static bool listed(const char *const *names, const char *name) {
  for (; *names; names++)
    if (strcmp(*names, name) == 0)
      return true;
  return false;
}

static void check_effects(check *c, const char *const *known) {
  const aft__flow *flow = c->flow;
  for (uint32_t i = 0; i < flow->n_moves; i++) {
    const aft__flow_move *move = &flow->moves[i];
    for (uint32_t k = 0; k < move->effects; k++) {
      const char *verb = flow->texts + flow->effects[move->effect + k].verb;
      if (listed(known, verb))
        continue;
      char names[200] = "";
      size_t used = 0;
      for (const char *const *name = known; *name && used + strlen(*name) + 3 < sizeof names; name++)
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "", *name);
      fault(c, move->line, move->column,
            "the transition of state '%s' for '%s' has the unknown effect '%s': expected one of: %s",
            state_name(c, move->from), event_name(c, move->event), verb, used ? names : "none");
    }
  }
}

static void check_contract(check *c, const aft__flow_contract *contract) {
  for (const char *const *name = contract->states; name && *name; name++)
    if (aft__flow_state_find(c->flow, aft__cstr(*name)) == AFT__FLOW_NONE)
      fault(c, 0, 0, "machine '%s' lacks the state '%s', which the service relies on", c->flow->name, *name);
  for (const char *const *name = contract->fires; name && *name; name++)
    if (!event_moves(c->flow, *name))
      fault(c, 0, 0, "machine '%s' has no transition for the event '%s', which the service fires",
            c->flow->name, *name);
  if (contract->effects)
    check_effects(c, contract->effects);
}

aft_status aft__flow_check(const aft__flow *flow, const aft__flow_contract *contract, aft__arena *arena,
                           aft__flow_report report, void *user, uint32_t *faults, aft_error *error) {
  check c;
  memset(&c, 0, sizeof c);
  c.flow = flow;
  c.report = report;
  c.user = user;
  if (!make_tables(&c, arena))
    return aft__nomem(error);
  check_graph(&c);
  check_deadlines(&c);
  check_choices(&c);
  check_actors(&c);
  if (contract)
    check_contract(&c, contract);
  *faults = c.faults;
  return AFT_OK;
}
