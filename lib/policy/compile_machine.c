/* Compiling state machines to the arrays of lib/flow, and having them checked. */
#include "policy/policy_priv.h"

#include <aftersales/actor.h>

#define MOST_BUSINESS_DAYS 3650

typedef struct builder {
  aft__compile *cx;
  const aft__node *states;
  uint32_t first_event; /* all indexes of a machine count from its own first */
  uint32_t first_effect;
  bool ticket;
  bool ok;
} builder;

/* Parts of a machine may stand in several documents. Until the check is over, lines carry the document in
 * their upper bits; a document of 4 MiB has less than 2^26 lines. */
#define LINE_BITS 26u

static uint32_t pack_line(uint32_t document, uint32_t line) {
  return document << LINE_BITS | (line & ((1u << LINE_BITS) - 1));
}
static uint32_t unpack_line(uint32_t packed) { return packed & ((1u << LINE_BITS) - 1); }

static uint32_t state_index(const builder *b, aft_str name) {
  const aft__item *item = aft__node_find(b->states, name.data);
  return item ? (uint32_t)(item - b->states->items) : AFT__FLOW_NONE;
}

static uint32_t event_index(builder *b, aft_str name) {
  aft__compile *cx = b->cx;
  uint32_t text = aft__compile_text(cx, name), n = aft__compile_count(cx, AFT__SECTION_EVENTS);
  const aft__flow_event *events = (const aft__flow_event *)(void *)cx->section[AFT__SECTION_EVENTS].data;
  for (uint32_t i = b->first_event; i < n; i++)
    if (events[i].name == text)
      return i - b->first_event;
  aft__flow_event event = {text, 0};
  aft__compile_add(cx, AFT__SECTION_EVENTS, &event);
  return n - b->first_event;
}

static uint32_t target_of(builder *b, const aft__node *node) {
  const aft__node *to = aft__node_get(node, "to");
  bool ignore = false;
  aft__node_bool(aft__node_get(node, "ignore"), &ignore);
  if (ignore == (to != NULL)) {
    aft__fault_node(b->cx->faults, AFT_E_POLICY_MACHINE, node,
                    "a move has either a state to go to or 'ignore: true'");
    b->ok = false;
    return AFT__FLOW_IGNORE;
  }
  if (ignore)
    return AFT__FLOW_IGNORE;
  uint32_t index = to->kind == AFT__NODE_TEXT ? state_index(b, to->text) : AFT__FLOW_NONE;
  if (index == AFT__FLOW_NONE) {
    aft__fault_node(
        b->cx->faults, AFT_E_POLICY_MACHINE, to, "the machine has no state '%.*s'%s",
        (int)aft__utf8_cut(to->text, 60), to->text.data ? to->text.data : "",
        aft__did_you_mean(b->cx->faults, to->text, b->states->items, b->states->count, aft__item_key));
    b->ok = false;
    return AFT__FLOW_IGNORE;
  }
  return index;
}

static uint16_t actors_of(builder *b, const aft__node *node) {
  static const struct {
    const char *name;
    uint32_t role;
  } roles[] = {{"system", AFT_ROLE_SYSTEM},
               {"agent", AFT_ROLE_AGENT},
               {"buyer", AFT_ROLE_BUYER},
               {"warehouse", AFT_ROLE_WAREHOUSE},
               {"arbiter", AFT_ROLE_ARBITER}};
  const aft__node *by = aft__node_get(node, "by");
  uint32_t actors = 0;
  for (uint32_t i = 0; by && by->kind == AFT__NODE_LIST && i < by->count; i++)
    for (size_t r = 0; r < AFT__COUNT(roles); r++)
      if (aft__str_eq(by->items[i].value->text, aft__cstr(roles[r].name)))
        actors |= 1u << roles[r].role;
  if (actors == 0 && by) {
    aft__fault_node(b->cx->faults, AFT_E_POLICY_MACHINE, by, "nobody may fire this move");
    b->ok = false;
  }
  return (uint16_t)actors;
}

/* A ticket names its texts in full ("ticket.answered"), a case leaves its own word out. */
static void check_text(builder *b, const aft__node *key) {
  const aft__node *texts = aft__node_get(b->cx->root, "texts");
  const char *full = aft__arena_printf(b->cx->arena, "notify.%s%s", b->ticket ? "" : "case.", key->text.data);
  if (!full)
    b->cx->nomem = true;
  else if (!aft__node_get(aft__node_get(texts, "en"), full))
    aft__fault_node(b->cx->faults, AFT_E_POLICY, key, "the catalogue has no text '%s' to notify with", full);
}

static void check_task(builder *b, const aft__node *name) {
  const aft__node *tasks = aft__node_get(b->cx->root, "tasks");
  bool any = tasks && tasks->kind == AFT__NODE_MAP;
  if (!any || !aft__node_find(tasks, name->text.data))
    aft__fault_node(b->cx->faults, AFT_E_POLICY, name, "there is no task '%.*s'%s",
                    (int)aft__utf8_cut(name->text, 60), name->text.data,
                    aft__did_you_mean(b->cx->faults, name->text, any ? tasks->items : NULL,
                                      any ? tasks->count : 0, aft__item_key));
}

static void check_argument(builder *b, const aft__item *effect) {
  if (aft__str_eq(effect->key, aft__cstr("notify")))
    check_text(b, effect->value);
  if (b->ticket && aft__str_eq(effect->key, aft__cstr("task")))
    check_task(b, effect->value);
}

static void add_effect(builder *b, const aft__node *node) {
  aft__flow_effect effect = {0, 0};
  if (node->kind == AFT__NODE_TEXT) {
    effect.verb = aft__compile_text(b->cx, node->text);
    if (b->ticket && aft__str_eq(node->text, aft__cstr("task")))
      aft__fault_node(b->cx->faults, AFT_E_POLICY_MACHINE, node,
                      "expected the task's name, as in {task: follow_up}");
  } else if (node->kind == AFT__NODE_MAP && node->count == 1 &&
             node->items[0].value->kind == AFT__NODE_TEXT) {
    effect.verb = aft__compile_text(b->cx, node->items[0].key);
    effect.arg = aft__compile_text(b->cx, node->items[0].value->text);
    check_argument(b, &node->items[0]);
  } else {
    aft__fault_node(b->cx->faults, AFT_E_POLICY_MACHINE, node,
                    "expected an effect such as 'escalate' or {notify: ticket.answered}");
    return;
  }
  aft__compile_add(b->cx, AFT__SECTION_EFFECTS, &effect);
}

static void add_move(builder *b, uint32_t from, uint32_t event, const aft__node *node) {
  if (node->kind != AFT__NODE_MAP)
    return;
  aft__flow_move move = {0};
  move.from = (uint16_t)from;
  move.event = (uint16_t)event;
  move.to = (uint16_t)target_of(b, node);
  move.actors = actors_of(b, node);
  const aft__node *when = aft__node_get(node, "when"), *effects = aft__node_get(node, "do");
  move.guard = when ? aft__compile_condition(b->cx, when) : AFT__FLOW_NONE;
  move.effect = aft__compile_count(b->cx, AFT__SECTION_EFFECTS) - b->first_effect;
  for (uint32_t i = 0; effects && effects->kind == AFT__NODE_LIST && i < effects->count; i++)
    add_effect(b, effects->items[i].value);
  move.effects = aft__compile_count(b->cx, AFT__SECTION_EFFECTS) - b->first_effect - move.effect;
  move.line = pack_line(node->document, node->line);
  move.column = node->column;
  aft__compile_add(b->cx, AFT__SECTION_MOVES, &move);
}

static void add_moves(builder *b, uint32_t from, const aft__node *on) {
  for (uint32_t i = 0; on && on->kind == AFT__NODE_MAP && i < on->count; i++) {
    const aft__item *item = &on->items[i];
    size_t mark = aft__path_push(b->cx->faults, item->key);
    uint32_t event = event_index(b, item->key);
    if (item->value->kind == AFT__NODE_LIST)
      for (uint32_t m = 0; m < item->value->count; m++)
        add_move(b, from, event, item->value->items[m].value);
    else
      add_move(b, from, event, item->value);
    aft__path_pop(b->cx->faults, mark);
  }
}

bool aft__deadline_parse(aft_str text, int64_t *ms, bool *business) {
  int64_t days = 0;
  size_t digits = 0;
  for (; digits < text.len && digits < 5 && text.data[digits] >= '0' && text.data[digits] <= '9'; digits++)
    days = days * 10 + (text.data[digits] - '0');
  *business = digits && aft__str_eq((aft_str){text.data + digits, text.len - digits}, aft__cstr("bd"));
  if (!*business)
    return aft__duration_parse(text, ms, NULL) >= 0 && *ms > 0;
  *ms = days * AFT__DAY;
  return days > 0 && days <= MOST_BUSINESS_DAYS;
}

static bool flag(const aft__node *node, const char *key) {
  bool value = false;
  return aft__node_bool(aft__node_get(node, key), &value) && value;
}

/* Machines are compiled before calendars, and stay with a case when those of today count: so a name. */
static uint32_t calendar_of(builder *b, const aft__node *state, const aft__node *deadline) {
  const aft__node *name = aft__node_get(state, "calendar"), *known = aft__node_get(b->cx->root, "calendars");
  bool any = known && known->kind == AFT__NODE_MAP;
  if (!name || name->kind != AFT__NODE_TEXT)
    return 0;
  if (!deadline)
    aft__fault_node(b->cx->faults, AFT_E_POLICY_MACHINE, name,
                    "a state without a deadline needs no calendar");
  if (!any || !aft__node_get(known, name->text.data))
    aft__fault_node(
        b->cx->faults, AFT_E_POLICY_MACHINE, name, "there is no calendar '%.*s'%s",
        (int)aft__utf8_cut(name->text, 60), name->text.data,
        any ? aft__did_you_mean(b->cx->faults, name->text, known->items, known->count, aft__item_key) : "");
  return aft__compile_text(b->cx, name->text);
}

static void add_state(builder *b, uint32_t index) {
  const aft__item *item = &b->states->items[index];
  const aft__node *node = item->value, *then = aft__node_get(node, "then");
  const aft__node *deadline = aft__node_get(node, "deadline");
  aft__flow_state state = {0};
  bool business = false;
  state.name = aft__compile_text(b->cx, item->key);
  state.flags = (flag(node, "terminal") ? AFT__FLOW_TERMINAL : 0) |
                (flag(node, "open") ? AFT__FLOW_OPEN : 0) | (flag(node, "paused") ? AFT__FLOW_PAUSED : 0);
  state.deadline_event = AFT__FLOW_NONE;
  state.line = pack_line(item->document, item->line);
  state.column = item->column;
  if (!!deadline != !!then)
    aft__fault_key(b->cx->faults, AFT_E_POLICY_MACHINE, item,
                   "a state has both a deadline and the event that follows ('then'), or neither");
  if (deadline && then && deadline->kind == AFT__NODE_TEXT && then->kind == AFT__NODE_TEXT) {
    state.deadline_event = event_index(b, then->text);
    if (!aft__deadline_parse(deadline->text, &state.deadline_ms, &business))
      state.deadline_ms = AFT__DAY; /* its shape was faulted before: one fault is enough */
  }
  if (business)
    state.flags |= AFT__FLOW_BUSINESS;
  state.calendar = calendar_of(b, node, deadline);
  aft__compile_add(b->cx, AFT__SECTION_STATES, &state);
  add_moves(b, index, aft__node_get(node, "on"));
}

static void report(void *user, uint32_t line, uint32_t column, const char *message) {
  builder *b = user;
  aft__fault_at(b->cx->faults, AFT_E_POLICY_MACHINE, line ? line >> LINE_BITS : b->states->document,
                line ? unpack_line(line) : b->states->line, line ? column : b->states->column, "%s", message);
}

static const void *section_at(const aft__compile *cx, aft__section_id id, uint32_t first) {
  const aft__buf *section = &cx->section[id];
  return section->len ? section->data + first * aft__section_item(id) : NULL;
}

static void check_machine(builder *b, const aft__machine *m) {
  aft__compile *cx = b->cx;
  aft__flow flow = {0};
  flow.texts = cx->section[AFT__SECTION_TEXTS].data;
  flow.name = flow.texts + m->name;
  flow.states = section_at(cx, AFT__SECTION_STATES, m->first_state);
  flow.events = section_at(cx, AFT__SECTION_EVENTS, m->first_event);
  flow.moves = section_at(cx, AFT__SECTION_MOVES, m->first_move);
  flow.effects = section_at(cx, AFT__SECTION_EFFECTS, m->first_effect);
  flow.n_states = m->n_states;
  flow.n_events = m->n_events;
  flow.n_moves = m->n_moves;
  flow.n_effects = m->n_effects;
  flow.initial = m->initial;
  uint32_t faults = 0;
  if (aft__flow_check(&flow, aft__machine_contract(flow.name), cx->arena, report, b, &faults, NULL) < 0)
    cx->nomem = true;
  if (strcmp(flow.name, "ticket") != 0)
    aft__case_contract(&flow, report, b);
}

static void unpack_lines(aft__compile *cx, const aft__machine *m) {
  aft__flow_state *states = (aft__flow_state *)(void *)cx->section[AFT__SECTION_STATES].data;
  aft__flow_move *moves = (aft__flow_move *)(void *)cx->section[AFT__SECTION_MOVES].data;
  if (cx->nomem)
    return;
  for (uint32_t i = m->first_state; i < m->first_state + m->n_states; i++)
    states[i].line = unpack_line(states[i].line);
  for (uint32_t i = m->first_move; i < m->first_move + m->n_moves; i++)
    moves[i].line = unpack_line(moves[i].line);
}

static void compile_machine(aft__compile *cx, const aft__item *item) {
  const aft__node *initial = aft__node_get(item->value, "initial");
  builder b = {cx, aft__node_get(item->value, "states"), 0, 0, false, true};
  b.ticket = aft__str_eq(item->key, aft__cstr("ticket"));
  if (!initial || initial->kind != AFT__NODE_TEXT || !b.states || b.states->kind != AFT__NODE_MAP)
    return;
  if (b.states->count == 0 || b.states->count > 1000) {
    aft__fault_node(cx->faults, AFT_E_POLICY_MACHINE, b.states, "a machine has 1 to 1000 states");
    return;
  }
  aft__machine m = {aft__compile_text(cx, item->key), state_index(&b, initial->text), 0, 0, 0, 0, 0, 0, 0, 0};
  if (m.initial == AFT__FLOW_NONE) {
    aft__fault_node(
        cx->faults, AFT_E_POLICY_MACHINE, initial, "the machine has no state '%s'%s", initial->text.data,
        aft__did_you_mean(cx->faults, initial->text, b.states->items, b.states->count, aft__item_key));
    return;
  }
  m.first_state = aft__compile_count(cx, AFT__SECTION_STATES);
  m.first_event = b.first_event = aft__compile_count(cx, AFT__SECTION_EVENTS);
  m.first_move = aft__compile_count(cx, AFT__SECTION_MOVES);
  m.first_effect = b.first_effect = aft__compile_count(cx, AFT__SECTION_EFFECTS);
  for (uint32_t i = 0; i < b.states->count; i++) {
    size_t mark = aft__path_push(cx->faults, b.states->items[i].key);
    add_state(&b, i);
    aft__path_pop(cx->faults, mark);
  }
  m.n_states = aft__compile_count(cx, AFT__SECTION_STATES) - m.first_state;
  m.n_events = aft__compile_count(cx, AFT__SECTION_EVENTS) - m.first_event;
  m.n_moves = aft__compile_count(cx, AFT__SECTION_MOVES) - m.first_move;
  m.n_effects = aft__compile_count(cx, AFT__SECTION_EFFECTS) - m.first_effect;
  aft__compile_add(cx, AFT__SECTION_MACHINES, &m);
  if (m.n_events > 1000) {
    aft__fault_node(cx->faults, AFT_E_POLICY_MACHINE, item->value, "a machine has up to 1000 events");
    return;
  }
  if (b.ok && !cx->nomem)
    check_machine(&b, &m);
  unpack_lines(cx, &m);
}

void aft__compile_machines(aft__compile *cx) {
  const aft__item *machines = aft__node_find(cx->root, "machines");
  if (!machines || machines->value->kind != AFT__NODE_MAP)
    return;
  size_t section = aft__path_push(cx->faults, machines->key);
  for (uint32_t i = 0; i < machines->value->count; i++) {
    const aft__item *item = &machines->value->items[i];
    size_t mark = aft__path_push(cx->faults, item->key);
    compile_machine(cx, item);
    aft__path_pop(cx->faults, mark);
  }
  if (!cx->nomem)
    aft__contract_targets(cx, machines->value);
  if (!aft__node_get(machines->value, "ticket"))
    aft__fault_key(cx->faults, AFT_E_POLICY_MACHINE, machines, "the machine 'ticket' is missing");
  aft__path_pop(cx->faults, section);
}
