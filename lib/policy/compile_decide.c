/* Compiling what is decided from facts: triage settings, priority, intake. */
#include "policy/policy_priv.h"

#include <stdlib.h>

static int64_t whole(const aft__node *map, const char *key, int64_t otherwise) {
  int64_t n = 0;
  return aft__node_int(aft__node_get(map, key), &n) ? n : otherwise;
}

static int64_t duration(const aft__node *map, const char *key, int64_t otherwise) {
  int64_t ms = 0;
  return aft__node_duration(aft__node_get(map, key), &ms) ? ms : otherwise;
}

static void compile_settings(aft__compile *cx) {
  const aft__node *triage = aft__node_get(cx->root, "triage");
  const aft__node *flood = aft__node_get(aft__node_get(cx->root, "intake"), "flood");
  aft__settings s = {0};
  s.threshold = (int32_t)whole(triage, "threshold", 450);
  s.damp = (int32_t)whole(triage, "damp", 40);
  s.label_points = (int32_t)whole(triage, "label_weight", 60);
  s.more_words = (int32_t)whole(triage, "more_words", 100);
  s.least = (int32_t)whole(triage, "least", 0);
  s.disagreement = (int32_t)whole(triage, "disagreement", 0);
  s.tone_clear = (int32_t)whole(triage, "tone_clear", 200);
  s.model_weight = (int32_t)whole(triage, "model_weight", 1000);
  s.rule_weight = (int32_t)whole(triage, "rule_weight", 4000);
  s.other_prior = (int32_t)whole(triage, "other_prior", 0);
  s.pause_ms = duration(triage, "pause", 2 * AFT__MINUTE);
  s.most_level = (int32_t)whole(aft__node_get(cx->root, "escalation"), "most", 3);
  s.thread_window_ms = duration(aft__node_get(cx->root, "intake"), "thread_window", 72 * AFT__HOUR);
  s.flood_messages = (int32_t)whole(flood, "messages", 20);
  s.flood_within_ms = duration(flood, "within", AFT__HOUR);
  s.other = aft__compile_text(cx, aft__cstr("other"));
  aft__compile_retention(cx, s.retain);
  aft__compile_add(cx, AFT__SECTION_SETTINGS, &s);
}

static void compile_languages(aft__compile *cx) {
  const aft__node *list = aft__node_get(aft__node_get(cx->root, "triage"), "languages");
  for (uint32_t i = 0; list && list->kind == AFT__NODE_LIST && i < list->count; i++) {
    uint32_t text = aft__compile_text(cx, list->items[i].value->text);
    aft__compile_add(cx, AFT__SECTION_LANGUAGES, &text);
  }
}

static int by_points(const void *a, const void *b) {
  const aft__level *x = a, *y = b;
  if (x->points != y->points)
    return x->points > y->points ? -1 : 1;
  return x->name < y->name ? -1 : x->name > y->name;
}

static void compile_levels(aft__compile *cx, const aft__node *levels) {
  for (uint32_t i = 0; i < levels->count; i++) {
    const aft__item *item = &levels->items[i];
    aft__level level = {0};
    int64_t points = 0;
    if (!aft__node_int(item->value, &points) || points < -1000000 || points > 1000000)
      continue;
    level.name = aft__compile_text(cx, item->key);
    level.points = (int32_t)points;
    aft__compile_add(cx, AFT__SECTION_LEVELS, &level);
  }
  aft__buf *section = &cx->section[AFT__SECTION_LEVELS];
  uint32_t n = aft__compile_count(cx, AFT__SECTION_LEVELS);
  aft__level *sorted = (aft__level *)(void *)section->data;
  if (n == 0) {
    aft__fault_node(cx->faults, AFT_E_POLICY, levels, "there must be at least one level");
    return;
  }
  qsort(sorted, n, sizeof(*sorted), by_points);
  for (uint32_t i = 1; i < n; i++)
    if (sorted[i].points == sorted[i - 1].points)
      aft__fault_node(cx->faults, AFT_E_POLICY, levels, "two levels begin at %d points",
                      (int)sorted[i].points);
}

static void compile_causes(aft__compile *cx, const aft__node *rules) {
  size_t mark = aft__path_push(cx->faults, aft__cstr("priority"));
  aft__path_push(cx->faults, aft__cstr("rules"));
  for (uint32_t i = 0; rules && rules->kind == AFT__NODE_MAP && i < rules->count; i++) {
    const aft__item *item = &rules->items[i];
    const aft__node *when = aft__node_get(item->value, "when");
    int64_t points = whole(item->value, "points", 0);
    if (!when || points < -1000000 || points > 1000000)
      continue;
    size_t rule = aft__path_push(cx->faults, item->key);
    aft__cause cause = {aft__compile_text(cx, item->key), 0, (int32_t)points, 0};
    cause.condition = aft__compile_condition(cx, when);
    aft__compile_add(cx, AFT__SECTION_CAUSES, &cause);
    aft__path_pop(cx->faults, rule);
  }
  aft__path_pop(cx->faults, mark);
}

void aft__compile_decisions(aft__compile *cx) {
  const aft__node *priority = aft__node_get(cx->root, "priority");
  const aft__node *levels = aft__node_get(priority, "levels");
  compile_settings(cx);
  compile_languages(cx);
  if (levels && levels->kind == AFT__NODE_MAP)
    compile_levels(cx, levels);
  compile_causes(cx, aft__node_get(priority, "rules"));
}
