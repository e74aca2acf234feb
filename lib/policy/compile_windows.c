/* Compiling the windows of cases and what takes an order out of them. */
#include "policy/policy_priv.h"

const char *const aft__window_sources[AFT__SOURCES + 1] = {"law", "platform", "shop", NULL};
const char *const aft__window_starts[AFT__STARTS + 1] = {"delivery", "order", "shipped", NULL};

static uint32_t choice_of(const aft__node *map, const char *key, const char *const *choices) {
  const aft__node *node = aft__node_get(map, key);
  for (uint32_t i = 0; node && choices[i]; i++)
    if (aft__str_eq(node->text, aft__cstr(choices[i])))
      return i;
  return 0;
}

static bool flag_of(const aft__node *map, const char *key, bool otherwise) {
  aft__node_bool(aft__node_get(map, key), &otherwise);
  return otherwise;
}

static bool says(const aft__node *map, const char *key, const char *value) {
  const aft__node *node = aft__node_get(map, key);
  return node && aft__str_eq(node->text, aft__cstr(value));
}

static int64_t date_of(aft__compile *cx, const aft__node *map, const char *key, int64_t otherwise) {
  const aft__node *node = aft__node_get(map, key);
  int64_t day = otherwise;
  if (node && node->kind == AFT__NODE_TEXT && !aft__label_key_of_date(node->text, &day))
    aft__fault_node(cx->faults, AFT_E_POLICY, node, "%s is a date such as 2026-11-22, found '%.*s'", key,
                    (int)aft__utf8_cut(node->text, 60), node->text.len ? node->text.data : "");
  return day;
}

static bool span_of(const aft__node *map, const char *key, uint32_t *n, uint32_t *unit) {
  const aft__node *node = aft__node_get(map, key);
  aft__span_unit found = AFT__SPAN_DAYS;
  if (!node || node->kind != AFT__NODE_TEXT || !aft__span_parse(node->text, n, &found))
    return false;
  *unit = (uint32_t)found;
  return true;
}

/* A window of law says which, how sure that is, and when somebody looked. */
static void check_source(aft__compile *cx, const aft__node *map, const aft__window *w) {
  date_of(cx, map, "checked_on", 0);
  if (w->source == AFT__SOURCE_LAW)
    for (size_t i = 0; i < 3; i++) {
      static const char *const keys[] = {"law", "certainty", "checked_on"};
      if (!aft__node_get(map, keys[i]))
        aft__fault_node(cx->faults, AFT_E_POLICY, map, "a window of source law needs the key '%s'", keys[i]);
    }
  if ((w->flags & AFT__WINDOW_STATUTORY) && w->source != AFT__SOURCE_LAW)
    aft__fault_node(cx->faults, AFT_E_POLICY, aft__node_get(map, "statutory"),
                    "only a window of source law is statutory, this one is of source %s",
                    aft__window_sources[w->source]);
  if (w->from > w->to)
    aft__fault_node(cx->faults, AFT_E_POLICY, aft__node_get(map, "from"),
                    "the window begins to count after it ceases to: 'from' is later than 'to'");
}

static void compile_window(aft__compile *cx, const aft__item *item) {
  const aft__node *map = item->value, *law = aft__node_get(map, "law");
  aft__window w = {.name = aft__compile_text(cx, item->key), .n = 1, .unit = AFT__SPAN_DAYS};
  w.source = choice_of(map, "source", aft__window_sources);
  w.law = law ? aft__compile_text(cx, law->text) : 0;
  w.condition = aft__compile_when(cx, map);
  w.kinds = aft__compile_kinds(cx, map);
  w.from = date_of(cx, map, "from", INT64_MIN);
  w.to = date_of(cx, map, "to", INT64_MAX);
  w.start = choice_of(map, "start", aft__window_starts);
  span_of(map, "window", &w.n, &w.unit);
  span_of(map, "refund_within", &w.refund_n, &w.refund_unit);
  w.flags |= flag_of(map, "include_start_day", false) ? AFT__WINDOW_INCLUDES : 0;
  w.flags |= says(map, "end_shift", "next_business_day") ? AFT__WINDOW_SHIFTS : 0;
  w.flags |= flag_of(map, "statutory", false) ? AFT__WINDOW_STATUTORY : 0;
  w.flags |= says(map, "freight", "seller") ? AFT__WINDOW_SELLER : 0;
  w.flags |= says(map, "refund_from", "goods") ? AFT__WINDOW_GOODS : 0;
  w.flags |= flag_of(map, "enabled", true) ? 0 : AFT__WINDOW_OFF;
  check_source(cx, map, &w);
  aft__compile_add(cx, AFT__SECTION_WINDOWS, &w);
}

static void compile_exception(aft__compile *cx, const aft__item *item, const aft__node *windows) {
  const aft__node *law = aft__node_get(item->value, "law");
  aft__exception e = {.name = aft__compile_text(cx, item->key)};
  e.condition = aft__compile_when(cx, item->value);
  e.law = law ? aft__compile_text(cx, law->text) : 0;
  e.excludes = aft__compile_names(cx, item->value, "excludes", windows, "window");
  aft__compile_add(cx, AFT__SECTION_EXCEPTIONS, &e);
}

void aft__compile_windows(aft__compile *cx, const aft__node *cases) {
  const aft__node *windows = aft__node_get(cases, "windows");
  const aft__node *exceptions = aft__node_get(cases, "exceptions");
  for (uint32_t i = 0; windows && windows->kind == AFT__NODE_MAP && i < windows->count; i++) {
    size_t mark = aft__path_push(cx->faults, aft__cstr("windows"));
    aft__path_push(cx->faults, windows->items[i].key);
    compile_window(cx, &windows->items[i]);
    aft__path_pop(cx->faults, mark);
  }
  for (uint32_t i = 0; exceptions && exceptions->kind == AFT__NODE_MAP && i < exceptions->count; i++) {
    size_t mark = aft__path_push(cx->faults, aft__cstr("exceptions"));
    aft__path_push(cx->faults, exceptions->items[i].key);
    compile_exception(cx, &exceptions->items[i], windows);
    aft__path_pop(cx->faults, mark);
  }
}
