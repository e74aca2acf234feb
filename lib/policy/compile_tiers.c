/* Compiling tiers: how far their targets are shortened, who serves them, what they may, how they are earned.
 */
#include "policy/policy_priv.h"

#include <stdlib.h>

#define NONE INT64_C(-1)

static int64_t whole(const aft__node *map, const char *key) {
  int64_t n = NONE;
  return aft__node_int(aft__node_get(map, key), &n) ? n : NONE;
}

static int64_t duration(const aft__node *map, const char *key) {
  int64_t ms = 0;
  return aft__node_duration(aft__node_get(map, key), &ms) ? ms : NONE;
}

static aft__standing standing(const aft__node *map) {
  return (aft__standing){whole(map, "orders"), whole(map, "value"), duration(map, "recent")};
}

/* Whoever enters must be able to stay, or the tier would come and go with every look. */
static void check_stay(aft__compile *cx, const aft__node *stay, const aft__tier *tier) {
  const aft__standing *in = &tier->enter, *on = &tier->stay;
  bool harder = on->orders > in->orders || on->value > in->value ||
                (on->recent_ms >= 0 && (in->recent_ms < 0 || on->recent_ms < in->recent_ms));
  if (harder)
    aft__fault_node(cx->faults, AFT_E_POLICY, stay, "staying asks for more than entering");
}

static void compile_earning(aft__compile *cx, const aft__item *item, aft__tier *tier) {
  const aft__node *map = item->value, *enter = aft__node_get(map, "enter"),
                  *stay = aft__node_get(map, "stay");
  const aft__node *currency = aft__node_get(map, "currency");
  tier->earned = enter != NULL;
  tier->enter = standing(enter);
  tier->stay = stay ? standing(stay) : tier->enter;
  tier->within_ms = duration(map, "within");
  if (currency)
    tier->currency = aft__compile_text(cx, currency->text);
  if (!enter && (stay || currency || tier->within_ms >= 0))
    aft__fault_key(cx->faults, AFT_E_POLICY, item, "the key 'enter' is missing: nobody would earn the tier");
  if (enter && tier->enter.orders < 0 && tier->enter.value < 0 && tier->enter.recent_ms < 0)
    aft__fault_node(cx->faults, AFT_E_POLICY, enter, "expected orders, value or recent");
  if ((tier->enter.value >= 0 || tier->stay.value >= 0) && !currency)
    aft__fault_key(cx->faults, AFT_E_POLICY, item, "the key 'currency' is missing: a value has one");
  if (enter && stay)
    check_stay(cx, stay, tier);
}

static void compile_tier(aft__compile *cx, const aft__item *item) {
  const aft__node *agent = aft__node_get(item->value, "agent");
  const aft__node *privileges = aft__node_get(item->value, "privileges");
  aft__tier tier = {.name = aft__compile_text(cx, item->key), .targets = 1000};
  int64_t n = 0;
  if (aft__node_int(aft__node_get(item->value, "targets"), &n))
    tier.targets = (int32_t)n;
  if (aft__node_int(aft__node_get(item->value, "order"), &n))
    tier.order = (int32_t)n;
  if (agent)
    tier.agent = aft__compile_text(cx, agent->text);
  for (uint32_t i = 0; privileges && privileges->kind == AFT__NODE_LIST && i < privileges->count; i++)
    for (uint32_t p = 0; p < AFT__PRIVILEGES; p++)
      if (aft__str_eq(privileges->items[i].value->text, aft__cstr(aft__privileges[p])))
        tier.privileges |= 1u << p;
  compile_earning(cx, item, &tier);
  aft__compile_add(cx, AFT__SECTION_TIERS, &tier);
}

static int by_order(const void *a, const void *b) {
  const aft__tier *x = a, *y = b;
  if (x->order != y->order)
    return x->order < y->order ? -1 : 1;
  return x->name < y->name ? -1 : x->name > y->name;
}

static void check_orders(aft__compile *cx, const aft__node *map) {
  uint32_t n = aft__compile_count(cx, AFT__SECTION_TIERS);
  aft__tier *list = (aft__tier *)(void *)cx->section[AFT__SECTION_TIERS].data;
  if (n > 1)
    qsort(list, n, sizeof *list, by_order);
  for (uint32_t i = 1; i < n; i++)
    if (list[i].earned && list[i - 1].earned && list[i].order == list[i - 1].order)
      aft__fault_node(cx->faults, AFT_E_POLICY, map, "two tiers that are earned have the order %d",
                      (int)list[i].order);
}

void aft__compile_tiers(aft__compile *cx) {
  const aft__node *map = aft__node_get(cx->root, "tiers");
  if (!map || map->kind != AFT__NODE_MAP)
    return;
  size_t section = aft__path_push(cx->faults, aft__cstr("tiers"));
  for (uint32_t i = 0; i < map->count; i++) {
    size_t mark = aft__path_push(cx->faults, map->items[i].key);
    if (map->items[i].value->kind == AFT__NODE_MAP)
      compile_tier(cx, &map->items[i]);
    aft__path_pop(cx->faults, mark);
  }
  check_orders(cx, map);
  aft__path_pop(cx->faults, section);
}
