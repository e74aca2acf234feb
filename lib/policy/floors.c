/* What the law gives is a floor. A document laid over others may lengthen a window of law, and switch off
 * what does not concern the shop; to shorten one it must say anew when somebody looked at the law. */
#include "policy/cases.h"
#include "policy/policy_priv.h"

typedef struct floors {
  aft__faults *faults;
  const aft__node *before, *after; /* of one window */
} floors;

static aft_str text_of(const aft__node *window, const char *key) {
  const aft__node *node = aft__node_get(window, key);
  return node && node->kind == AFT__NODE_TEXT ? node->text : (aft_str){0};
}

static void fault(const floors *f, const char *key, aft_str found, const char *what, aft_str expected) {
  const aft__node *node = aft__node_get(f->after, key);
  size_t mark = aft__path_push(f->faults, aft__cstr(key));
  aft__fault_node(
      f->faults, AFT_E_POLICY, node ? node : f->after,
      "the law gives %s %.*s, found '%.*s': where the law has changed, say so with a new checked_on", what,
      (int)expected.len, expected.data, (int)found.len, found.data);
  aft__path_pop(f->faults, mark);
}

/* Spans of any unit, compared by where they end that begin on a Monday. */
static bool length_of(aft_str text, aft_time *out) {
  const aft_time monday = INT64_C(1767571200000); /* 2026-01-05 */
  uint32_t n;
  aft__span_unit unit;
  if (!text.len || !aft__span_parse(text, &n, &unit))
    return false;
  *out = aft__span_end(monday, n, unit, false, false, 0);
  return true;
}

/* sign: 1 where longer is kinder, -1 where shorter is. */
static void check_span(const floors *f, const char *key, int sign, const char *what) {
  aft_str expected = text_of(f->before, key), found = text_of(f->after, key);
  aft_time least, length;
  if (!length_of(expected, &least) || !length_of(found, &length))
    return;
  if (sign > 0 ? length < least : length > least)
    fault(f, key, found, what, expected);
}

static void check_freight(const floors *f) {
  aft_str expected = text_of(f->before, "freight"), found = text_of(f->after, "freight");
  if (aft__str_eq(expected, aft__cstr("seller")) && !aft__str_eq(found, expected))
    fault(f, "freight", found, "the way back to the", expected);
}

static bool looked_anew(const floors *f) {
  return !aft__str_eq(text_of(f->before, "checked_on"), text_of(f->after, "checked_on"));
}

static void check_window(const floors *f) {
  if (!aft__str_eq(text_of(f->before, "source"), aft__cstr("law")) || looked_anew(f))
    return;
  check_span(f, "window", 1, "at least");
  check_span(f, "refund_within", -1, "at most");
  check_freight(f);
}

static const aft__node *windows_of(const aft__node *root) {
  return aft__node_get(aft__node_get(root, "cases"), "windows");
}

void aft__floors_check(aft__faults *faults, const aft__node *before, const aft__node *after) {
  static const char *const path[] = {"cases", "windows"};
  const aft__node *list = windows_of(before), *now = windows_of(after);
  size_t mark = faults->path_len;
  if (!list || list->kind != AFT__NODE_MAP || list == now)
    return;
  for (size_t i = 0; i < AFT__COUNT(path); i++)
    (void)aft__path_push(faults, aft__cstr(path[i]));
  for (uint32_t i = 0; i < list->count; i++) {
    floors f = {faults, list->items[i].value, aft__node_get(now, list->items[i].key.data)};
    size_t own = aft__path_push(faults, list->items[i].key);
    if (f.after && f.after != f.before)
      check_window(&f);
    aft__path_pop(faults, own);
  }
  aft__path_pop(faults, mark);
}
