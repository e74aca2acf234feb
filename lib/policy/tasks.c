/* Tasks: what people may owe for a ticket, whose work it is, how long it may take, and what opens it. */
#include "policy/policy_priv.h"

const char *const aft__task_kinds[] = {"follow_up", "call_back", "work_order", NULL};

#define USUAL_ATTEMPTS 3
#define USUAL_AGAIN    (2 * AFT__HOUR)
#define USUAL_PARTY    "agent"

/* ---- compiling ---- */

/* A name that must be a key of a map of the policy. */
static uint32_t reference(aft__compile *cx, const aft__node *task, const char *key, const aft__node *known,
                          const char *what) {
  const aft__node *node = aft__node_get(task, key);
  bool any = known && known->kind == AFT__NODE_MAP;
  if (!node || node->kind != AFT__NODE_TEXT)
    return 0;
  if (!any || !aft__node_find(known, node->text.data)) {
    size_t mark = aft__path_push(cx->faults, aft__cstr(key));
    aft__fault_node(cx->faults, AFT_E_POLICY, node, "there is no %s '%.*s'%s", what,
                    (int)aft__utf8_cut(node->text, 60), node->text.data,
                    aft__did_you_mean(cx->faults, node->text, any ? known->items : NULL,
                                      any ? known->count : 0, aft__item_key));
    aft__path_pop(cx->faults, mark);
  }
  return aft__compile_text(cx, node->text);
}

static int64_t span(const aft__node *task, const char *key, int64_t usual) {
  int64_t ms = 0;
  return aft__node_duration(aft__node_get(task, key), &ms) ? ms : usual;
}

static uint32_t whole(const aft__node *task, const char *key, uint32_t usual) {
  int64_t n = 0;
  return aft__node_int(aft__node_get(task, key), &n) && n > 0 && n <= UINT32_MAX ? (uint32_t)n : usual;
}

static uint32_t kind_of(const aft__node *task) {
  const aft__node *node = aft__node_get(task, "kind");
  for (uint32_t i = 0; node && aft__task_kinds[i]; i++)
    if (aft__str_eq(node->text, aft__cstr(aft__task_kinds[i])))
      return i;
  return AFT__TASK_FOLLOW_UP; /* the shape says where there is none */
}

static const aft__node *catalogue(const aft__compile *cx) {
  return aft__node_get(aft__node_get(cx->root, "texts"), "en");
}

/* A party is one that the catalogue has a label for: a slip of the pen is nobody's work. */
static uint32_t party_of(aft__compile *cx, const aft__node *task) {
  const aft__node *node = aft__node_get(task, "party");
  if (!node || node->kind != AFT__NODE_TEXT)
    return aft__compile_text(cx, aft__cstr(USUAL_PARTY));
  const char *label = aft__arena_printf(cx->arena, "party.%s", node->text.data);
  if (!label)
    cx->nomem = true;
  else if (!aft__node_get(catalogue(cx), label)) {
    size_t mark = aft__path_push(cx->faults, aft__cstr("party"));
    aft__fault_node(cx->faults, AFT_E_POLICY, node, "the catalogue has no text '%s' that names the party",
                    label);
    aft__path_pop(cx->faults, mark);
  }
  return aft__compile_text(cx, node->text);
}

/* Its places are checked by its key, so it must have a script's. */
static void check_script(aft__compile *cx, const aft__node *script) {
  static const char prefix[] = "script.";
  const size_t n = sizeof prefix - 1;
  if (!script || script->kind != AFT__NODE_TEXT ||
      (script->text.len > n && memcmp(script->text.data, prefix, n) == 0))
    return;
  aft__fault_node(cx->faults, AFT_E_POLICY, script, "expected the key of a text 'script.…', found '%.*s'",
                  (int)aft__utf8_cut(script->text, 60), script->text.data);
}

static void check(aft__compile *cx, const aft__item *item, const aft__task_row *row) {
  const aft__node *map = item->value, *party = aft__node_get(map, "party");
  const aft__node *warn = aft__node_get(map, "warn"), *target = aft__node_get(map, "target");
  bool others = party && !aft__str_eq(party->text, aft__cstr(USUAL_PARTY));
  if (row->target_ms > 0 && row->warn_ms >= row->target_ms) /* told where what came later stands */
    aft__fault_node(cx->faults, AFT_E_POLICY, target->document > warn->document ? target : warn,
                    "the warning comes before the task is opened: expected warn to be less than target");
  if (row->kind != AFT__TASK_WORK_ORDER && others)
    aft__fault_node(cx->faults, AFT_E_POLICY, party, "only a work order is another party's: agents do a %s",
                    aft__task_kinds[row->kind]);
  check_script(cx, aft__node_get(map, "script"));
  if (others && (row->team || row->skills.count))
    aft__fault_key(cx->faults, AFT_E_POLICY, item, "team and skills are for tasks of agents");
}

static void compile_task(aft__compile *cx, const aft__item *item) {
  const aft__node *map = item->value;
  aft__task_row row = {.name = aft__compile_text(cx, item->key), .kind = kind_of(map)};
  row.party = party_of(cx, map);
  row.team = reference(cx, map, "team", aft__node_get(cx->root, "teams"), "team");
  row.script = reference(cx, map, "script", catalogue(cx), "text");
  row.skills = aft__compile_names(cx, map, "skills", NULL, "skill");
  row.condition = aft__compile_when(cx, map);
  row.calendar = aft__compile_calendar_ref(cx, map, "calendar");
  row.target_ms = span(map, "target", 0); /* the shape says where there is none */
  row.warn_ms = span(map, "warn", 0);
  row.again_ms = span(map, "again", USUAL_AGAIN);
  row.attempts = whole(map, "attempts", USUAL_ATTEMPTS);
  row.most_open = whole(map, "most_open", 1);
  check(cx, item, &row);
  aft__compile_add(cx, AFT__SECTION_TASKS, &row);
}

void aft__compile_tasks(aft__compile *cx) {
  const aft__node *map = aft__node_get(cx->root, "tasks");
  size_t section = aft__path_push(cx->faults, aft__cstr("tasks"));
  for (uint32_t i = 0; map && map->kind == AFT__NODE_MAP && i < map->count; i++) {
    size_t mark = aft__path_push(cx->faults, map->items[i].key);
    if (map->items[i].value->kind == AFT__NODE_MAP)
      compile_task(cx, &map->items[i]);
    aft__path_pop(cx->faults, mark);
  }
  aft__path_pop(cx->faults, section);
}

/* ---- asking ---- */

static const aft__task_row *row_at(const aft_policy *policy, uint32_t index) {
  uint32_t n = 0;
  const aft__task_row *rows = aft__section_data(policy, AFT__SECTION_TASKS, &n);
  return index < n ? &rows[index] : NULL;
}

bool aft__policy_task_at(const aft_policy *policy, uint32_t index, aft__policy_task *out) {
  const aft__task_row *row = row_at(policy, index);
  if (!row)
    return false;
  *out = (aft__policy_task){.index = index,
                            .kind = (aft__task_kind)row->kind,
                            .name = aft__policy_str(policy, row->name),
                            .party = aft__policy_str(policy, row->party),
                            .script = aft__policy_str(policy, row->script),
                            .attempts = row->attempts,
                            .most_open = row->most_open,
                            .ruled = row->condition != AFT__FLOW_NONE};
  return true;
}

bool aft__policy_task_find(const aft_policy *policy, aft_str name, aft__policy_task *out) {
  uint32_t i = 0;
  while (aft__policy_task_at(policy, i, out) && !aft__str_eq(out->name, name))
    i++;
  return row_at(policy, i) != NULL;
}

bool aft__policy_task_rules(const aft_policy *policy) {
  for (uint32_t i = 0; row_at(policy, i); i++)
    if (row_at(policy, i)->condition != AFT__FLOW_NONE)
      return true;
  return false;
}

bool aft__policy_task_asked(const aft_policy *policy, const aft__policy_task *task, const aft__facts *facts) {
  return task->ruled && aft__policy_holds(policy, row_at(policy, task->index)->condition, facts);
}

bool aft__policy_task_party(const aft_policy *policy, aft_str party) {
  aft__policy_task task;
  for (uint32_t i = 0; aft__policy_task_at(policy, i, &task); i++)
    if (aft__str_eq(task.party, party))
      return true;
  return false;
}

/* Without a team a task is for those who take the queue. */
static bool has_team(const aft_policy *policy, const aft__task_row *row, aft_str queue, aft_str teams) {
  return row->team ? aft__words_have(teams, aft__policy_str(policy, row->team))
                   : aft__policy_team_takes(policy, teams, queue);
}

bool aft__policy_task_fits(const aft_policy *policy, const aft__policy_task *task, aft_str queue,
                           aft_str teams, aft_str skills) {
  const aft__task_row *row = row_at(policy, task->index);
  uint32_t n = 0;
  const uint32_t *texts = aft__section_data(policy, AFT__SECTION_CHOICES, &n);
  aft__taker taker = {.skills = skills, .teams = teams};
  bool fits = has_team(policy, row, queue, teams);
  for (uint32_t i = 0; fits && i < row->skills.count; i++)
    fits = aft__policy_skilled(policy, &taker, aft__policy_str(policy, texts[row->skills.first + i]));
  return fits;
}

static const aft__calendar *calendar_of(const aft_policy *policy, const aft__task_row *row) {
  return row->calendar == AFT__FLOW_NONE ? NULL : &policy->calendars[row->calendar];
}

/* A calendar that is never open again holds nothing back. */
static aft_time later(const aft_policy *policy, const aft__task_row *row, aft_time from, int64_t ms) {
  const aft__calendar *calendar = calendar_of(policy, row);
  aft_time at = calendar ? aft__calendar_add(calendar, from, ms, NULL, NULL) : AFT_TIME_NONE;
  return at != AFT_TIME_NONE ? at : from + ms;
}

aft_time aft__policy_task_due(const aft_policy *policy, const aft__policy_task *task, aft_time from) {
  const aft__task_row *row = row_at(policy, task->index);
  return later(policy, row, from, row->target_ms);
}

aft_time aft__policy_task_again(const aft_policy *policy, const aft__policy_task *task, aft_time from) {
  const aft__task_row *row = row_at(policy, task->index);
  return later(policy, row, from, row->again_ms);
}

/* Open time before a moment that need not be the target's own is counted from both ends: the warning comes
 * when all but so much of the time from opening to the moment has passed. */
aft_time aft__policy_task_warning(const aft_policy *policy, const aft__policy_task *task, aft_time from,
                                  aft_time due) {
  const aft__task_row *row = row_at(policy, task->index);
  const aft__calendar *calendar = calendar_of(policy, row);
  int64_t open = calendar ? aft__calendar_between(calendar, from, due) : due - from;
  if (!row->warn_ms || open <= row->warn_ms)
    return AFT_TIME_NONE;
  return later(policy, row, from, open - row->warn_ms);
}

bool aft__policy_task_open(const aft_policy *policy, const aft__policy_task *task, aft_time from,
                           aft_time *start, aft_time *end) {
  const aft__calendar *calendar = calendar_of(policy, row_at(policy, task->index));
  if (calendar)
    return aft__calendar_next(calendar, from, start, end);
  *start = from;
  *end = AFT_TIME_NONE;
  return true;
}
