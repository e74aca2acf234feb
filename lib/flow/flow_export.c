/* Writing a state machine for people and tools: Graphviz DOT, Mermaid, JSON. */
#include "flow/flow.h"
#include "value/value.h"

static const char *text_at(const aft__flow *flow, uint32_t at) { return flow->texts + at; }

static const char *state_name(const aft__flow *flow, uint32_t state) {
  return text_at(flow, flow->states[state].name);
}

/* ---- labels shared by DOT and Mermaid ---- */

/* Names come from policies: what could end a label or begin markup is replaced. */
static void put_plain(aft__buf *out, const char *name) {
  for (; *name; name++)
    aft__buf_char(out, strchr("\"\\:;#<>{}|", *name) || (uint8_t)*name < 0x20 ? '_' : *name);
}

static void put_actors(aft__buf *out, uint16_t actors) {
  const char *before = " (";
  for (uint32_t role = 1; role < 16; role++) {
    if (!(actors >> role & 1) || !aft__flow_role_name(role))
      continue;
    aft__buf_puts(out, before);
    aft__buf_puts(out, aft__flow_role_name(role));
    before = ", ";
  }
  if (before[0] == ',')
    aft__buf_char(out, ')');
}

/* "ship [condition 3] (agent) / notify order.shipped" */
static void put_move(aft__buf *out, const aft__flow *flow, const aft__flow_move *move) {
  put_plain(out, text_at(flow, flow->events[move->event].name));
  if (move->guard != AFT__FLOW_NONE)
    aft__buf_printf(out, " [condition %u]", move->guard);
  put_actors(out, move->actors);
  for (uint32_t i = 0; i < move->effects; i++) {
    const aft__flow_effect *effect = &flow->effects[move->effect + i];
    aft__buf_puts(out, i == 0 ? " / " : ", ");
    put_plain(out, text_at(flow, effect->verb));
    if (*text_at(flow, effect->arg)) {
      aft__buf_char(out, ' ');
      put_plain(out, text_at(flow, effect->arg));
    }
  }
}

/* "after 2d expire" */
static void put_deadline(aft__buf *out, const aft__flow *flow, const aft__flow_state *state) {
  char duration[32];
  aft__flow_deadline_text(state, duration);
  aft__buf_printf(out, "after %s ", duration);
  if (*text_at(flow, state->calendar)) {
    aft__buf_puts(out, "of ");
    put_plain(out, text_at(flow, state->calendar));
    aft__buf_char(out, ' ');
  }
  put_plain(out, text_at(flow, flow->events[state->deadline_event].name));
}

static uint32_t target(const aft__flow_move *move) {
  return move->to == AFT__FLOW_IGNORE ? move->from : move->to;
}

/* ---- DOT ---- */

static void dot_state(aft__buf *out, const aft__flow *flow, uint32_t i) {
  const aft__flow_state *state = &flow->states[i];
  aft__buf_printf(out, "  s%u [label=\"", i);
  put_plain(out, state_name(flow, i));
  if (state->deadline_event != AFT__FLOW_NONE) {
    aft__buf_puts(out, "\\n");
    put_deadline(out, flow, state);
  }
  aft__buf_char(out, '"');
  if (state->flags & AFT__FLOW_TERMINAL)
    aft__buf_puts(out, ", peripheries=2");
  if (state->flags & AFT__FLOW_PAUSED)
    aft__buf_puts(out, ", style=\"rounded,dashed\"");
  else if (state->flags & AFT__FLOW_OPEN)
    aft__buf_puts(out, ", style=\"rounded,filled\", fillcolor=\"#eef4ff\"");
  aft__buf_puts(out, "];\n");
}

static void export_dot(const aft__flow *flow, aft__buf *out) {
  aft__buf_puts(out, "digraph \"");
  put_plain(out, flow->name);
  aft__buf_puts(out, "\" {\n  rankdir=LR;\n  node [shape=box, style=rounded];\n  start [shape=point];\n");
  for (uint32_t i = 0; i < flow->n_states; i++)
    dot_state(out, flow, i);
  aft__buf_printf(out, "  start -> s%u;\n", flow->initial);
  for (uint32_t i = 0; i < flow->n_moves; i++) {
    const aft__flow_move *move = &flow->moves[i];
    aft__buf_printf(out, "  s%u -> s%u [label=\"", (unsigned)move->from, target(move));
    put_move(out, flow, move);
    aft__buf_puts(out, move->to == AFT__FLOW_IGNORE ? " ignored\", style=dotted];\n" : "\"];\n");
  }
  aft__buf_puts(out, "}\n");
}

/* ---- Mermaid ---- */

static void mermaid_state(aft__buf *out, const aft__flow *flow, uint32_t i) {
  const aft__flow_state *state = &flow->states[i];
  aft__buf_puts(out, "    state \"");
  put_plain(out, state_name(flow, i));
  if (state->flags & AFT__FLOW_PAUSED)
    aft__buf_puts(out, " (paused)");
  aft__buf_printf(out, "\" as s%u\n", i);
  if (state->deadline_event != AFT__FLOW_NONE) {
    aft__buf_printf(out, "    s%u : ", i);
    put_deadline(out, flow, state);
    aft__buf_char(out, '\n');
  }
}

static void export_mermaid(const aft__flow *flow, aft__buf *out) {
  aft__buf_puts(out, "stateDiagram-v2\n");
  for (uint32_t i = 0; i < flow->n_states; i++)
    mermaid_state(out, flow, i);
  aft__buf_printf(out, "    [*] --> s%u\n", flow->initial);
  for (uint32_t i = 0; i < flow->n_moves; i++) {
    const aft__flow_move *move = &flow->moves[i];
    aft__buf_printf(out, "    s%u --> s%u : ", (unsigned)move->from, target(move));
    put_move(out, flow, move);
    aft__buf_puts(out, move->to == AFT__FLOW_IGNORE ? " ignored\n" : "\n");
  }
  for (uint32_t i = 0; i < flow->n_states; i++)
    if (flow->states[i].flags & AFT__FLOW_TERMINAL)
      aft__buf_printf(out, "    s%u --> [*]\n", i);
}

/* ---- JSON ---- */

static void json_text(aft__json *json, const char *key, const char *text) {
  aft__json_key(json, key);
  aft__json_str(json, aft__cstr(text));
}

static void json_flag(aft__json *json, const char *key, bool value) {
  aft__json_key(json, key);
  aft__json_bool(json, value);
}

static void json_state(aft__json *json, const aft__flow *flow, uint32_t i) {
  const aft__flow_state *state = &flow->states[i];
  aft__json_open(json, '{');
  json_text(json, "name", state_name(flow, i));
  json_flag(json, "terminal", (state->flags & AFT__FLOW_TERMINAL) != 0);
  json_flag(json, "open", (state->flags & AFT__FLOW_OPEN) != 0);
  json_flag(json, "paused", (state->flags & AFT__FLOW_PAUSED) != 0);
  aft__json_key(json, "deadline");
  if (state->deadline_event == AFT__FLOW_NONE) {
    aft__json_null(json);
  } else {
    char duration[32];
    aft__flow_deadline_text(state, duration);
    aft__json_open(json, '{');
    json_text(json, "after", duration);
    if (*text_at(flow, state->calendar))
      json_text(json, "calendar", text_at(flow, state->calendar));
    json_text(json, "event", text_at(flow, flow->events[state->deadline_event].name));
    aft__json_close(json, '}');
  }
  aft__json_close(json, '}');
}

static void json_effects(aft__json *json, const aft__flow *flow, const aft__flow_move *move) {
  aft__json_key(json, "effects");
  aft__json_open(json, '[');
  for (uint32_t i = 0; i < move->effects; i++) {
    const aft__flow_effect *effect = &flow->effects[move->effect + i];
    aft__json_open(json, '{');
    json_text(json, "verb", text_at(flow, effect->verb));
    json_text(json, "argument", text_at(flow, effect->arg));
    aft__json_close(json, '}');
  }
  aft__json_close(json, ']');
}

/* An ignored event has no target and a condition has only its number. */
static void json_move(aft__json *json, const aft__flow *flow, const aft__flow_move *move) {
  aft__json_open(json, '{');
  json_text(json, "from", state_name(flow, move->from));
  json_text(json, "event", text_at(flow, flow->events[move->event].name));
  aft__json_key(json, "to");
  if (move->to == AFT__FLOW_IGNORE)
    aft__json_null(json);
  else
    aft__json_str(json, aft__cstr(state_name(flow, move->to)));
  aft__json_key(json, "actors");
  aft__json_open(json, '[');
  for (uint32_t role = 1; role < 16; role++)
    if ((move->actors >> role & 1) && aft__flow_role_name(role))
      aft__json_str(json, aft__cstr(aft__flow_role_name(role)));
  aft__json_close(json, ']');
  aft__json_key(json, "condition");
  if (move->guard == AFT__FLOW_NONE)
    aft__json_null(json);
  else
    aft__json_i64(json, move->guard);
  json_effects(json, flow, move);
  aft__json_close(json, '}');
}

static void export_json(const aft__flow *flow, aft__buf *out) {
  aft__json json;
  aft__json_init(&json, out);
  aft__json_open(&json, '{');
  json_text(&json, "name", flow->name);
  json_text(&json, "initial", state_name(flow, flow->initial));
  aft__json_key(&json, "states");
  aft__json_open(&json, '[');
  for (uint32_t i = 0; i < flow->n_states; i++)
    json_state(&json, flow, i);
  aft__json_close(&json, ']');
  aft__json_key(&json, "events");
  aft__json_open(&json, '[');
  for (uint32_t i = 0; i < flow->n_events; i++)
    aft__json_str(&json, aft__cstr(text_at(flow, flow->events[i].name)));
  aft__json_close(&json, ']');
  aft__json_key(&json, "moves");
  aft__json_open(&json, '[');
  for (uint32_t i = 0; i < flow->n_moves; i++)
    json_move(&json, flow, &flow->moves[i]);
  aft__json_close(&json, ']');
  aft__json_close(&json, '}');
}

void aft__flow_export(const aft__flow *flow, aft__flow_format format, aft__buf *out) {
  switch (format) {
  case AFT__FLOW_DOT:
    export_dot(flow, out);
    break;
  case AFT__FLOW_MERMAID:
    export_mermaid(flow, out);
    break;
  case AFT__FLOW_JSON:
    export_json(flow, out);
    break;
  }
}
