/* Compiling rules on events, and macros. */
#include "policy/policy_priv.h"

#include <aftersales/actor.h>

#include <stdlib.h>

/* Events of a ticket beside those of its machine, as the desk writes them into the audit log. */
static const char *const events[] = {
    "ticket.opened",     "message.received", "message.acknowledged", "ticket.classified",
    "ticket.claimed",    "ticket.pushed",    "ticket.handed_back",   "ticket.noted",
    "ticket.breached",   "ticket.warned",    "ticket.case_opened",   "ticket.case_in_trouble",
    "ticket.merged_in",  "ticket.split",     "survey.answered",      "survey.changed",
    "survey.call_back",  "tag.added",        "tag.removed",          "attribute.set",
    "attribute.cleared", "flood.seen",       "task.opened",          "task.attempted",
    "task.breached",     "task.failed",      "task.promise_broken",  "task.done",
    "task.cancelled",    "notice.failed"};

static aft_str event_at(const void *list, uint32_t i) { return aft__cstr(((const char *const *)list)[i]); }

/* "ticket." and an event that some move of the machine names. */
static bool is_machine_event(const aft__compile *cx, aft_str name) {
  static const char prefix[] = "ticket.";
  const aft__node *machine = aft__node_get(aft__node_get(cx->root, "machines"), "ticket");
  const aft__node *states = aft__node_get(machine, "states");
  if (name.len < sizeof prefix || memcmp(name.data, prefix, sizeof prefix - 1) != 0)
    return false;
  for (uint32_t i = 0; states && states->kind == AFT__NODE_MAP && i < states->count; i++)
    if (aft__node_get(aft__node_get(states->items[i].value, "on"), name.data + sizeof prefix - 1))
      return true;
  return false;
}

static bool is_event(const aft__compile *cx, aft_str name) {
  for (size_t i = 0; i < AFT__COUNT(events); i++)
    if (aft__str_eq(name, aft__cstr(events[i])))
      return true;
  return is_machine_event(cx, name);
}

/* The bit of an event; 0 for what is none. */
static uint64_t trigger_of(aft__compile *cx, const aft__node *node) {
  aft_str name = node->kind == AFT__NODE_TEXT ? node->text : (aft_str){0};
  if (!is_event(cx, name)) {
    aft__fault_node(cx->faults, AFT_E_POLICY, node, "there is no event '%.*s' of a ticket%s",
                    (int)aft__utf8_cut(name, 60), name.len ? name.data : "",
                    aft__did_you_mean(cx->faults, name, events, AFT__COUNT(events), event_at));
    return 0;
  }
  uint32_t text = aft__compile_text(cx, name), n = aft__compile_count(cx, AFT__SECTION_TRIGGERS), i = 0;
  const uint32_t *list = (const uint32_t *)(void *)cx->section[AFT__SECTION_TRIGGERS].data;
  while (i < n && list[i] != text)
    i++;
  if (i == AFT__MOST_TRIGGERS) {
    aft__fault_node(cx->faults, AFT_E_POLICY, node, "the rules ask for more than %u different events",
                    AFT__MOST_TRIGGERS);
    return 0;
  }
  if (i == n)
    aft__compile_add(cx, AFT__SECTION_TRIGGERS, &text);
  return UINT64_C(1) << i;
}

static uint64_t triggers_of(aft__compile *cx, const aft__node *map) {
  const aft__node *on = aft__node_get(map, "on");
  uint64_t bits = 0;
  if (!on)
    return 0;
  if (on->kind != AFT__NODE_LIST)
    return trigger_of(cx, on);
  if (on->count == 0)
    aft__fault_node(cx->faults, AFT_E_POLICY, on, "expected an event such as ticket.opened");
  for (uint32_t i = 0; i < on->count && !cx->nomem; i++)
    bits |= trigger_of(cx, on->items[i].value);
  return bits;
}

static bool flag(const aft__node *map, const char *key, bool usual) {
  bool value = usual;
  return aft__node_bool(aft__node_get(map, key), &value) ? value : usual;
}

static void compile_rule(aft__compile *cx, const aft__item *item) {
  int64_t order = 0;
  aft__automation rule = {.name = aft__compile_text(cx, item->key)};
  if (aft__node_int(aft__node_get(item->value, "order"), &order))
    rule.order = (int32_t)order;
  rule.on = triggers_of(cx, item->value);
  rule.condition = aft__compile_when(cx, item->value);
  rule.count = aft__compile_actions(cx, item->value, &rule.first);
  rule.flags = (flag(item->value, "stop", false) ? AFT__AUTOMATION_STOP : 0) |
               (flag(item->value, "enabled", true) ? 0 : AFT__AUTOMATION_OFF);
  aft__compile_add(cx, AFT__SECTION_AUTOMATIONS, &rule);
}

/* A rule beside the place where it is written, for sorting both. */
typedef struct written {
  const aft__item *item;
  aft__automation rule;
} written;

/* Maps are sorted by name, so that the place in one tells rules of one order apart. */
static int by_order(const void *a, const void *b) {
  const written *x = a, *y = b;
  if (x->rule.order != y->rule.order)
    return x->rule.order < y->rule.order ? -1 : 1;
  return x->item < y->item ? -1 : x->item > y->item;
}

static void sort_and_check(aft__compile *cx, const aft__node *rules) {
  uint32_t n = aft__compile_count(cx, AFT__SECTION_AUTOMATIONS);
  aft__automation *list = (aft__automation *)(void *)cx->section[AFT__SECTION_AUTOMATIONS].data;
  written *all = aft__arena_alloc(cx->arena, (n + 1) * sizeof *all);
  const aft__item **items = aft__arena_alloc(cx->arena, (n + 1) * sizeof(aft__item *));
  if (cx->nomem || !all || !items) {
    cx->nomem = true;
    return;
  }
  for (uint32_t i = 0; i < n; i++)
    all[i] = (written){&rules->items[i], list[i]};
  qsort(all, n, sizeof *all, by_order);
  for (uint32_t i = 0; i < n; i++) {
    list[i] = all[i].rule;
    items[i] = all[i].item;
  }
  aft__rule_loops(cx, items);
}

static void compile_rules(aft__compile *cx, const aft__node *rules) {
  if (!rules || rules->kind != AFT__NODE_MAP || rules->count == 0)
    return;
  if (rules->count > AFT__MOST_RULES) {
    aft__fault_node(cx->faults, AFT_E_POLICY, rules, "expected at most %u rules, found %u", AFT__MOST_RULES,
                    rules->count);
    return;
  }
  for (uint32_t i = 0; i < rules->count; i++) {
    size_t mark = aft__path_push(cx->faults, rules->items[i].key);
    compile_rule(cx, &rules->items[i]);
    aft__path_pop(cx->faults, mark);
  }
  sort_and_check(cx, rules);
}

/* ---- macros ---- */

static uint32_t roles_of(const aft__node *by) {
  static const struct {
    const char *name;
    uint32_t role;
  } roles[] = {{"agent", AFT_ROLE_AGENT}, {"arbiter", AFT_ROLE_ARBITER}, {"system", AFT_ROLE_SYSTEM}};
  uint32_t bits = 0;
  for (size_t r = 0; r < AFT__COUNT(roles); r++) {
    bool named = !by || by->kind != AFT__NODE_LIST;
    for (uint32_t i = 0; !named && i < by->count; i++)
      named = aft__str_eq(by->items[i].value->text, aft__cstr(roles[r].name));
    bits |= named ? 1u << roles[r].role : 0;
  }
  return bits;
}

static void compile_macros(aft__compile *cx, const aft__node *macros) {
  if (!macros || macros->kind != AFT__NODE_MAP)
    return;
  if (macros->count > AFT__MOST_RULES)
    aft__fault_node(cx->faults, AFT_E_POLICY, macros, "expected at most %u macros, found %u", AFT__MOST_RULES,
                    macros->count);
  for (uint32_t i = 0; i < macros->count; i++) {
    const aft__item *item = &macros->items[i];
    size_t mark = aft__path_push(cx->faults, item->key);
    aft__macro macro = {.name = aft__compile_text(cx, item->key)};
    macro.roles = roles_of(aft__node_get(item->value, "by"));
    if (!macro.roles)
      aft__fault_key(cx->faults, AFT_E_POLICY, item, "nobody may use this macro");
    macro.condition = aft__compile_when(cx, item->value);
    macro.count = aft__compile_actions(cx, item->value, &macro.first);
    aft__compile_add(cx, AFT__SECTION_MACROS, &macro);
    aft__path_pop(cx->faults, mark);
  }
}

void aft__compile_automations(aft__compile *cx) {
  size_t mark = aft__path_push(cx->faults, aft__cstr("automations"));
  compile_rules(cx, aft__node_get(cx->root, "automations"));
  aft__path_pop(cx->faults, mark);
  mark = aft__path_push(cx->faults, aft__cstr("macros"));
  compile_macros(cx, aft__node_get(cx->root, "macros"));
  aft__path_pop(cx->faults, mark);
}
