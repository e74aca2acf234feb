/* Compiling service levels: targets of priorities, and those that a condition gives before them. */
#include "policy/policy_priv.h"

#include <stdlib.h>

/* -1 without one. */
static int64_t duration(const aft__node *map, const char *key) {
  int64_t ms = 0;
  return aft__node_duration(aft__node_get(map, key), &ms) ? ms : -1;
}

/* Told where what came later stands. */
static void check_warning(aft__compile *cx, const aft__target *target, const aft__node *map) {
  const aft__node *warn = aft__node_get(map, "warn");
  for (int i = 0; target->warn_ms && i < AFT__SLAS; i++) {
    const char *name = aft__sla_name((aft__sla)i);
    const aft__node *node = aft__node_get(map, name);
    if (target->ms[i] < 0 || target->warn_ms < target->ms[i])
      continue;
    aft__fault_node(cx->faults, AFT_E_POLICY, node->document > warn->document ? node : warn,
                    "the warning comes before the clock begins: expected warn to be less than %s, found %.*s "
                    "and %.*s",
                    name, (int)aft__utf8_cut(warn->text, 60), warn->text.data,
                    (int)aft__utf8_cut(node->text, 60), node->text.data);
  }
}

static void fill(aft__compile *cx, aft__target *target, const aft__node *map) {
  for (int i = 0; i < AFT__SLAS; i++)
    target->ms[i] = duration(map, aft__sla_name((aft__sla)i));
  int64_t warn = duration(map, "warn");
  target->warn_ms = warn > 0 ? warn : 0;
  int64_t first = target->ms[AFT__SLA_FIRST_RESPONSE], all = target->ms[AFT__SLA_RESOLUTION];
  if (all > 0 && first > all)
    aft__fault_node(cx->faults, AFT_E_POLICY, map, "the first response is due later than the resolution");
  check_warning(cx, target, map);
}

static void check_priority(aft__compile *cx, const aft__item *item) {
  const aft__node *levels = aft__node_get(aft__node_get(cx->root, "priority"), "levels");
  bool any = levels && levels->kind == AFT__NODE_MAP;
  if (any && aft__node_find(levels, item->key.data))
    return;
  aft__fault_key(cx->faults, AFT_E_POLICY, item, "there is no priority '%.*s'%s",
                 (int)aft__utf8_cut(item->key, 60), item->key.data,
                 aft__did_you_mean(cx->faults, item->key, any ? levels->items : NULL, any ? levels->count : 0,
                                   aft__item_key));
}

static void compile_target(aft__compile *cx, const aft__item *item) {
  const aft__node *when = aft__node_get(item->value, "when");
  int64_t order = 0;
  aft__target target = {.name = aft__compile_text(cx, item->key), .condition = AFT__FLOW_NONE};
  if (when)
    target.condition = aft__compile_condition(cx, when);
  else
    check_priority(cx, item);
  if (aft__node_int(aft__node_get(item->value, "order"), &order))
    target.order = (int32_t)order;
  target.calendar = aft__compile_calendar_ref(cx, item->value, "calendar");
  fill(cx, &target, item->value);
  aft__compile_add(cx, AFT__SECTION_TARGETS, &target);
}

static bool asks(const aft__target *target) { return target->condition != AFT__FLOW_NONE; }

static int by_order(const void *a, const void *b) {
  const aft__target *x = a, *y = b;
  if (asks(x) != asks(y))
    return asks(x) ? -1 : 1;
  if (x->order != y->order)
    return x->order < y->order ? -1 : 1;
  return x->name < y->name ? -1 : x->name > y->name;
}

static void check_orders(aft__compile *cx, const aft__node *map) {
  uint32_t n = aft__compile_count(cx, AFT__SECTION_TARGETS);
  aft__target *list = (aft__target *)(void *)cx->section[AFT__SECTION_TARGETS].data;
  if (n > 1)
    qsort(list, n, sizeof *list, by_order);
  for (uint32_t i = 1; i < n; i++)
    if (asks(&list[i]) && list[i].order == list[i - 1].order)
      aft__fault_node(cx->faults, AFT_E_POLICY, map, "two service levels with a condition have the order %d",
                      (int)list[i].order);
}

void aft__compile_service(aft__compile *cx) {
  const aft__node *map = aft__node_get(cx->root, "service_levels");
  if (!map || map->kind != AFT__NODE_MAP)
    return;
  size_t section = aft__path_push(cx->faults, aft__cstr("service_levels"));
  for (uint32_t i = 0; i < map->count; i++) {
    size_t mark = aft__path_push(cx->faults, map->items[i].key);
    if (map->items[i].value->kind == AFT__NODE_MAP)
      compile_target(cx, &map->items[i]);
    aft__path_pop(cx->faults, mark);
  }
  check_orders(cx, map);
  aft__path_pop(cx->faults, section);
}
