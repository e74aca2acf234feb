/* Compiling the hours in which the policy leaves customers in peace. */
#include "policy/policy_priv.h"

#define DAY_MINUTES 1440

static bool clock_of(aft__compile *cx, const aft__node *map, const char *key, int32_t *minute) {
  const aft__node *node = aft__node_get(map, key);
  uint16_t at;
  if (!node || node->kind != AFT__NODE_TEXT)
    return false; /* the shape says what is wrong */
  if (node->text.len == 5 && aft__clock_parse(node->text.data, &at) && at < DAY_MINUTES) {
    *minute = at;
    return true;
  }
  size_t mark = aft__path_push(cx->faults, aft__cstr(key));
  aft__fault_node(cx->faults, AFT_E_POLICY, node, "expected a time from 00:00 to 23:59, found '%.*s'",
                  (int)aft__utf8_cut(node->text, 60), node->text.len ? node->text.data : "");
  aft__path_pop(cx->faults, mark);
  return false;
}

static void compile(aft__compile *cx, const aft__node *map, aft__quiet *out) {
  const aft__node *from = aft__node_get(map, "from"), *until = aft__node_get(map, "until");
  const aft__node *zone = aft__node_get(map, "zone");
  if (!clock_of(cx, map, "from", &out->from) | !clock_of(cx, map, "until", &out->until))
    return;
  if (out->from == out->until) /* told where what came later stands */
    aft__fault_node(cx->faults, AFT_E_POLICY, from->document > until->document ? from : until,
                    "expected quiet hours that end at another time than they begin, found '%.*s' for both",
                    (int)until->text.len, until->text.data);
  out->of_shop = zone && aft__str_eq(zone->text, aft__cstr("shop"));
}

void aft__compile_quiet(aft__compile *cx) {
  const aft__node *map = aft__node_get(aft__node_get(cx->root, "notifications"), "quiet");
  aft__settings *settings = (aft__settings *)(void *)cx->section[AFT__SECTION_SETTINGS].data;
  size_t mark = aft__path_push(cx->faults, aft__cstr("quiet"));
  if (map && map->kind == AFT__NODE_MAP && settings)
    compile(cx, map, &settings->quiet);
  aft__path_pop(cx->faults, mark);
}
