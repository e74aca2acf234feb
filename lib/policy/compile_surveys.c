/* Compiling surveys: the usual one, and those with a name, which begin with its values; and their questions.
 */
#include "policy/policy_priv.h"

#include <stdlib.h>

#define NEVER INT64_C(-1)

/* ---- values ---- */

/* A span; NEVER where the policy says so. */
static int64_t span(const aft__node *survey, const char *key, int64_t usual) {
  const aft__node *node = aft__node_get(survey, key);
  int64_t ms = 0;
  if (node && aft__str_eq(node->text, aft__cstr("never")))
    return NEVER;
  return aft__node_duration(node, &ms) ? ms : usual;
}

static int64_t whole(const aft__node *map, const char *key, int64_t usual) {
  int64_t n = 0;
  return aft__node_int(aft__node_get(map, key), &n) ? n : usual;
}

static bool is_true(const aft__node *map, const char *key, bool usual) {
  bool flag = false;
  return aft__node_bool(aft__node_get(map, key), &flag) ? flag : usual;
}

static uint32_t choice(const aft__node *node, const char *const *choices, uint32_t usual) {
  for (uint32_t i = 0; node && node->kind == AFT__NODE_TEXT && choices[i]; i++)
    if (aft__str_eq(node->text, aft__cstr(choices[i])))
      return i;
  return usual;
}

/* AFT__SCORES for questions alone. */
static uint32_t kind_of(const aft__node *survey, uint32_t usual) {
  const aft__node *node = aft__node_get(survey, "kind");
  aft__score_kind kind;
  if (!node || node->kind != AFT__NODE_TEXT)
    return usual;
  if (aft__str_eq(node->text, aft__cstr("custom")))
    return AFT__SCORES;
  return aft__score_find(node->text, &kind) ? (uint32_t)kind : usual; /* the shape says where there is none */
}

static void check(aft__compile *cx, const aft__node *survey, const aft__survey_row *s) {
  const aft__node *low = aft__node_get(survey, "low"), *reminder = aft__node_get(survey, "reminder");
  const aft__scale *scale = s->kind < AFT__SCORES ? &aft__scales[s->kind] : NULL;
  if (low && !scale)
    aft__fault_node(cx->faults, AFT_E_POLICY, low,
                    "a survey of kind custom has no score: say 'low' of a question");
  else if (low && (s->low < scale->least || s->low >= scale->most))
    aft__fault_node(cx->faults, AFT_E_POLICY, low,
                    "low answers of %s end at %d to %d: those above are not low", scale->name,
                    (int)scale->least, (int)scale->most - 1);
  if (reminder && s->expires_ms > 0 && s->reminder_ms >= s->expires_ms)
    aft__fault_node(cx->faults, AFT_E_POLICY, reminder, "the reminder comes when the survey has ended");
}

static void fill(aft__compile *cx, const aft__node *survey, const aft__survey_row *usual,
                 aft__survey_row *s) {
  s->kind = kind_of(survey, usual->kind);
  int64_t low = s->kind == usual->kind ? usual->low : s->kind < AFT__SCORES ? aft__scales[s->kind].poor : 0;
  s->sample = (int32_t)whole(survey, "sample", usual->sample);
  s->low = (int32_t)whole(survey, "low", low);
  s->after_ms = span(survey, "after", usual->after_ms);
  s->fatigue_ms = span(survey, "fatigue", usual->fatigue_ms);
  s->reminder_ms = span(survey, "reminder", usual->reminder_ms);
  s->expires_ms = span(survey, "expires", usual->expires_ms);
  s->edit_ms = span(survey, "edit", usual->edit_ms);
  s->hours = aft__node_get(survey, "hours") ? aft__compile_calendar_ref(cx, survey, "hours") : usual->hours;
  check(cx, survey, s);
}

/* ---- texts that people read ---- */

/* The catalogue says elsewhere where one language lacks a text that the other has. */
static void need_text(aft__compile *cx, const aft__item *at, const char *key) {
  const aft__node *texts = aft__node_get(cx->root, "texts");
  for (int i = 0; key && aft__locales[i]; i++)
    if (aft__node_get(aft__node_get(texts, aft__locales[i]), key))
      return;
  if (!key)
    cx->nomem = true;
  else
    aft__fault_key(cx->faults, AFT_E_POLICY, at, "the text '%s' is missing", key);
}

/* ---- questions ---- */

static bool has_choice(const aft__compile *cx, aft__names of, uint32_t text) {
  const uint32_t *list = (const void *)cx->section[AFT__SECTION_CHOICES].data;
  for (uint32_t i = of.first; i < of.first + of.count; i++)
    if (list[i] == text)
      return true;
  return false;
}

static void yes_and_no(aft__compile *cx, aft__names *out) {
  static const char *const names[] = {"yes", "no"};
  *out = (aft__names){aft__compile_count(cx, AFT__SECTION_CHOICES), AFT__COUNT(names)};
  for (size_t i = 0; i < AFT__COUNT(names); i++) {
    uint32_t text = aft__compile_text(cx, aft__cstr(names[i]));
    aft__compile_add(cx, AFT__SECTION_CHOICES, &text);
  }
}

static void check_choices(aft__compile *cx, const aft__item *item, const aft__question_row *q) {
  const aft__node *choices = aft__node_get(item->value, "choices");
  bool takes = q->type == AFT__QUESTION_CHOICE || q->type == AFT__QUESTION_CHOICES;
  if (takes && (q->choices.count < 2 || q->choices.count > AFT__MOST_QUESTIONS))
    aft__fault_key(cx->faults, AFT_E_POLICY, item, "expected 2 to %u choices, found %u", AFT__MOST_QUESTIONS,
                   q->choices.count);
  if (choices && !takes)
    aft__fault_node(cx->faults, AFT_E_POLICY, choices,
                    "only questions of type choice and choices have choices");
  for (uint32_t i = 0; takes && choices && choices->kind == AFT__NODE_LIST && i < choices->count; i++)
    for (uint32_t k = 0; k < i; k++)
      if (aft__str_eq(choices->items[i].value->text, choices->items[k].value->text))
        aft__fault_node(cx->faults, AFT_E_POLICY, choices->items[i].value, "this choice stands twice");
}

static void low_choices(aft__compile *cx, const aft__item *item, aft__question_row *q) {
  const aft__node *low = aft__node_get(item->value, "low");
  if (low && low->kind != AFT__NODE_LIST) {
    aft__fault_node(cx->faults, AFT_E_POLICY, low, "expected a list of choices");
    return;
  }
  q->lowest = aft__compile_names(cx, item->value, "low", NULL, "choice");
  for (uint32_t i = 0; low && !cx->nomem && i < q->lowest.count; i++) {
    const uint32_t *list = (const void *)cx->section[AFT__SECTION_CHOICES].data;
    if (!has_choice(cx, q->choices, list[q->lowest.first + i]))
      aft__fault_node(cx->faults, AFT_E_POLICY, low->items[i].value, "the question has no such choice");
  }
}

static void scale(aft__compile *cx, const aft__item *item, aft__question_row *q) {
  const aft__node *map = item->value, *low = aft__node_get(map, "low");
  int64_t n = 0;
  q->from = (int32_t)whole(map, "from", 1);
  q->to = (int32_t)whole(map, "to", 5);
  q->low = -1;
  if (q->from >= q->to)
    aft__fault_key(cx->faults, AFT_E_POLICY, item, "the scale ends at %d, which is not above %d", (int)q->to,
                   (int)q->from);
  if (!low)
    return;
  if (!aft__node_int(low, &n) || n < q->from || n >= q->to)
    aft__fault_node(cx->faults, AFT_E_POLICY, low, "expected a whole number from %d to %d", (int)q->from,
                    (int)q->to - 1);
  else
    q->low = (int32_t)n;
}

static void check_keys(aft__compile *cx, const aft__item *item, const aft__question_row *q) {
  static const struct {
    const char *key;
    aft__question_type type;
  } of[] = {{"from", AFT__QUESTION_SCALE}, {"to", AFT__QUESTION_SCALE}, {"most", AFT__QUESTION_TEXT}};
  for (size_t i = 0; i < AFT__COUNT(of); i++) {
    const aft__node *node = aft__node_get(item->value, of[i].key);
    if (node && q->type != of[i].type)
      aft__fault_node(cx->faults, AFT_E_POLICY, node, "only a question of type %s has '%s'",
                      aft__question_types[of[i].type], of[i].key);
  }
  const aft__node *low = aft__node_get(item->value, "low");
  if (low && q->type == AFT__QUESTION_TEXT)
    aft__fault_node(cx->faults, AFT_E_POLICY, low, "no text is low");
}

static void need_labels(aft__compile *cx, const aft__item *item, aft_str survey, const aft__node *choices) {
  need_text(cx, item,
            aft__arena_printf(cx->arena, "survey.%.*s.%.*s", (int)survey.len, survey.data, (int)item->key.len,
                              item->key.data));
  for (uint32_t i = 0; choices && choices->kind == AFT__NODE_LIST && i < choices->count; i++) {
    aft_str name = choices->items[i].value->text;
    need_text(cx, item,
              aft__arena_printf(cx->arena, "survey.%.*s.%.*s.%.*s", (int)survey.len, survey.data,
                                (int)item->key.len, item->key.data, (int)name.len, name.data));
  }
}

static void compile_question(aft__compile *cx, aft_str survey, const aft__item *item) {
  const aft__node *map = item->value;
  aft__question_row q = {.name = aft__compile_text(cx, item->key)};
  q.type = choice(aft__node_get(map, "type"), aft__question_types, AFT__QUESTION_TEXT);
  q.required = is_true(map, "required", false);
  q.order = (int32_t)whole(map, "order", 0);
  q.most = (uint32_t)whole(map, "most", 1000);
  q.choices = aft__compile_names(cx, map, "choices", NULL, "choice");
  check_choices(cx, item, &q);
  check_keys(cx, item, &q);
  if (q.type == AFT__QUESTION_YES_NO)
    yes_and_no(cx, &q.choices);
  if (q.type == AFT__QUESTION_SCALE)
    scale(cx, item, &q);
  else if (q.type != AFT__QUESTION_TEXT)
    low_choices(cx, item, &q);
  need_labels(cx, item, survey, aft__node_get(map, "choices"));
  aft__compile_add(cx, AFT__SECTION_QUESTIONS, &q);
}

static int by_order(const void *a, const void *b) {
  const aft__question_row *x = a, *y = b;
  if (x->order != y->order)
    return x->order < y->order ? -1 : 1;
  return x->name < y->name ? -1 : x->name > y->name;
}

static void compile_questions(aft__compile *cx, const aft__item *item, aft__survey_row *s) {
  const aft__node *map = aft__node_get(item->value, "questions");
  s->first = aft__compile_count(cx, AFT__SECTION_QUESTIONS);
  if (s->kind == AFT__SCORES && (!map || !map->count))
    aft__fault_key(cx->faults, AFT_E_POLICY, item, "a survey of kind custom asks nothing without questions");
  if (!map || map->kind != AFT__NODE_MAP)
    return;
  if (map->count > AFT__MOST_QUESTIONS)
    aft__fault_node(cx->faults, AFT_E_POLICY_LIMIT, map, "expected at most %u questions, found %u",
                    AFT__MOST_QUESTIONS, map->count);
  size_t section = aft__path_push(cx->faults, aft__cstr("questions"));
  for (uint32_t i = 0; i < map->count; i++) {
    size_t mark = aft__path_push(cx->faults, map->items[i].key);
    if (map->items[i].value->kind == AFT__NODE_MAP)
      compile_question(cx, item->key, &map->items[i]);
    aft__path_pop(cx->faults, mark);
  }
  aft__path_pop(cx->faults, section);
  s->count = aft__compile_count(cx, AFT__SECTION_QUESTIONS) - s->first;
  if (s->count > 1 && !cx->nomem)
    qsort((aft__question_row *)(void *)cx->section[AFT__SECTION_QUESTIONS].data + s->first, s->count,
          sizeof(aft__question_row), by_order);
}

/* ---- surveys ---- */

static void compile_usual(aft__compile *cx, aft__survey_row *out) {
  static const aft__survey_row usual = {.kind = AFT__SCORE_CSAT,
                                        .sample = 1000,
                                        .low = 2,
                                        .hours = AFT__FLOW_NONE,
                                        .after_ms = AFT__HOUR,
                                        .fatigue_ms = 30 * AFT__DAY,
                                        .reminder_ms = NEVER,
                                        .expires_ms = 14 * AFT__DAY,
                                        .edit_ms = AFT__DAY};
  const aft__node *survey = aft__node_get(cx->root, "survey");
  size_t mark = aft__path_push(cx->faults, aft__cstr("survey"));
  *out = (aft__survey_row){.condition = AFT__FLOW_NONE, .enabled = is_true(survey, "enabled", false)};
  fill(cx, survey, &usual, out);
  aft__compile_add(cx, AFT__SECTION_SURVEYS, out);
  aft__path_pop(cx->faults, mark);
}

static void compile_named(aft__compile *cx, const aft__item *item, const aft__survey_row *usual) {
  const aft__node *map = item->value;
  const char *keys[] = {"invite", "remind"};
  aft__survey_row s = {.name = aft__compile_text(cx, item->key),
                       .order = (int32_t)whole(map, "order", 0),
                       .about = choice(aft__node_get(map, "about"), aft__survey_abouts, AFT__ABOUT_TICKET),
                       .enabled = is_true(map, "enabled", true),
                       .condition = aft__compile_when(cx, map)};
  fill(cx, map, usual, &s);
  compile_questions(cx, item, &s);
  for (size_t i = 0; i < (s.reminder_ms < 0 ? 1 : AFT__COUNT(keys)); i++)
    need_text(
        cx, item,
        aft__arena_printf(cx->arena, "notify.survey.%.*s.%s", (int)item->key.len, item->key.data, keys[i]));
  aft__compile_add(cx, AFT__SECTION_SURVEYS, &s);
}

static int by_turn(const void *a, const void *b) {
  const aft__survey_row *x = a, *y = b;
  return x->order < y->order ? -1 : x->order > y->order;
}

static void sort_named(aft__compile *cx, const aft__node *map) {
  uint32_t n = aft__compile_count(cx, AFT__SECTION_SURVEYS);
  aft__survey_row *list = (aft__survey_row *)(void *)cx->section[AFT__SECTION_SURVEYS].data;
  if (cx->nomem || n < 2)
    return;
  qsort(list + 1, n - 1, sizeof *list, by_turn);
  for (uint32_t i = 2; i < n; i++)
    if (list[i].order == list[i - 1].order)
      aft__fault_node(cx->faults, AFT_E_POLICY, map, "two surveys have the order %d", (int)list[i].order);
}

void aft__compile_surveys(aft__compile *cx) {
  const aft__node *map = aft__node_get(cx->root, "surveys");
  aft__survey_row usual;
  compile_usual(cx, &usual);
  if (!map || map->kind != AFT__NODE_MAP)
    return;
  size_t section = aft__path_push(cx->faults, aft__cstr("surveys"));
  for (uint32_t i = 0; i < map->count; i++) {
    size_t mark = aft__path_push(cx->faults, map->items[i].key);
    if (map->items[i].value->kind == AFT__NODE_MAP)
      compile_named(cx, &map->items[i], &usual);
    aft__path_pop(cx->faults, mark);
  }
  sort_named(cx, map);
  aft__path_pop(cx->faults, section);
}
