/* Compiling queues and suggestions: names with conditions, queues asked in their order. */
#include "policy/policy_priv.h"

#include <stdlib.h>

static int by_order(const void *a, const void *b) {
  const aft__queue *x = a, *y = b;
  if (x->order != y->order)
    return x->order < y->order ? -1 : 1;
  return x->name < y->name ? -1 : x->name > y->name;
}

static void compile_queue(aft__compile *cx, const aft__item *item) {
  const aft__node *when = aft__node_get(item->value, "when");
  int64_t order = 0;
  aft__queue queue = {.name = aft__compile_text(cx, item->key), .condition = AFT__FLOW_NONE};
  if (aft__node_int(aft__node_get(item->value, "order"), &order))
    queue.order = (int32_t)order;
  if (when)
    queue.condition = aft__compile_condition(cx, when);
  aft__compile_assign(cx, item->value, &queue);
  aft__compile_add(cx, AFT__SECTION_QUEUES, &queue);
}

/* Two of one order would be asked in an order that nobody chose. */
static void check_orders(aft__compile *cx, const aft__node *queues) {
  uint32_t n = aft__compile_count(cx, AFT__SECTION_QUEUES);
  aft__queue *list = (aft__queue *)(void *)cx->section[AFT__SECTION_QUEUES].data;
  if (n > 1)
    qsort(list, n, sizeof *list, by_order);
  for (uint32_t i = 1; i < n; i++)
    if (list[i].order == list[i - 1].order)
      aft__fault_node(cx->faults, AFT_E_POLICY, queues, "two queues have the order %d", (int)list[i].order);
  for (uint32_t i = 0; i + 1 < n; i++)
    if (list[i].condition == AFT__FLOW_NONE)
      aft__fault_node(cx->faults, AFT_E_POLICY, queues,
                      "the queue of order %d takes every ticket, so none would reach the one of order %d",
                      (int)list[i].order, (int)list[i + 1].order);
}

void aft__compile_queues(aft__compile *cx) {
  const aft__node *queues = aft__node_get(cx->root, "queues");
  if (!queues || queues->kind != AFT__NODE_MAP)
    return;
  size_t section = aft__path_push(cx->faults, aft__cstr("queues"));
  for (uint32_t i = 0; i < queues->count; i++) {
    size_t mark = aft__path_push(cx->faults, queues->items[i].key);
    compile_queue(cx, &queues->items[i]);
    aft__path_pop(cx->faults, mark);
  }
  check_orders(cx, queues);
  aft__path_pop(cx->faults, section);
}

void aft__compile_suggestions(aft__compile *cx) {
  const aft__node *map = aft__node_get(cx->root, "suggestions");
  size_t section = aft__path_push(cx->faults, aft__cstr("suggestions"));
  for (uint32_t i = 0; map && map->kind == AFT__NODE_MAP && i < map->count; i++) {
    const aft__node *when = aft__node_get(map->items[i].value, "when");
    size_t mark = aft__path_push(cx->faults, map->items[i].key);
    aft__suggestion suggestion = {aft__compile_text(cx, map->items[i].key), 0};
    if (when) {
      suggestion.condition = aft__compile_condition(cx, when);
      aft__compile_add(cx, AFT__SECTION_SUGGESTIONS, &suggestion);
    }
    aft__path_pop(cx->faults, mark);
  }
  aft__path_pop(cx->faults, section);
}
