/* Compiling routing: teams, how each queue gives its tickets out, patience, hand back and rate. */
#include "policy/policy_priv.h"

static uint32_t choice(const aft__node *node, const char *const *choices, uint32_t usual) {
  for (uint32_t i = 0; node && choices[i]; i++)
    if (aft__str_eq(node->text, aft__cstr(choices[i])))
      return i;
  return usual;
}

/* Checked against each other: a queue that is sticky falls to a second way when there is no last agent. */
void aft__compile_assign(aft__compile *cx, const aft__node *map, aft__queue *queue) {
  const aft__node *then = aft__node_get(map, "then");
  queue->assign = choice(aft__node_get(map, "assign"), aft__assigns, AFT__ASSIGN_CLAIM);
  queue->then = choice(then, aft__assigns, AFT__ASSIGN_LEAST_LOADED);
  queue->skills = aft__compile_names(cx, map, "skills", NULL, "skill");
  if (then && queue->assign != AFT__ASSIGN_STICKY)
    aft__fault_node(cx->faults, AFT_E_POLICY, then, "only a queue with assign: sticky has a second way");
  if (then && queue->then == AFT__ASSIGN_STICKY)
    aft__fault_node(cx->faults, AFT_E_POLICY, then,
                    "expected one of claim, round_robin, least_loaded, longest_waiting");
}

static void compile_team(aft__compile *cx, const aft__item *item) {
  const aft__node *queues = aft__node_get(cx->root, "queues");
  aft__team team = {.name = aft__compile_text(cx, item->key)};
  team.queues = aft__compile_names(cx, item->value, "queues", queues, "queue");
  team.skills = aft__compile_names(cx, item->value, "skills", NULL, "skill");
  if (!team.queues.count && !team.skills.count)
    aft__fault_key(cx->faults, AFT_E_POLICY, item, "a team without queues and skills is no team");
  aft__compile_add(cx, AFT__SECTION_TEAMS, &team);
}

static void compile_teams(aft__compile *cx) {
  const aft__node *teams = aft__node_get(cx->root, "teams");
  size_t section = aft__path_push(cx->faults, aft__cstr("teams"));
  for (uint32_t i = 0; teams && teams->kind == AFT__NODE_MAP && i < teams->count; i++) {
    size_t mark = aft__path_push(cx->faults, teams->items[i].key);
    compile_team(cx, &teams->items[i]);
    aft__path_pop(cx->faults, mark);
  }
  aft__path_pop(cx->faults, section);
}

static int64_t duration(const aft__node *map, const char *key, int64_t usual) {
  int64_t ms = 0;
  return aft__node_duration(aft__node_get(map, key), &ms) ? ms : usual;
}

/* A queue that gives its tickets out must not give them to somebody who went without a word. */
static int64_t away_after(const aft__compile *cx, const aft__node *map) {
  const aft__queue *list = (const void *)cx->section[AFT__SECTION_QUEUES].data;
  uint32_t n = aft__compile_count(cx, AFT__SECTION_QUEUES), i = 0;
  const aft__node *given = aft__node_get(map, "away_after");
  if (given)
    return duration(map, "away_after", -1); /* never is no duration */
  while (i < n && list[i].assign == AFT__ASSIGN_CLAIM)
    i++;
  return i < n ? 15 * AFT__MINUTE : -1;
}

void aft__compile_routing(aft__compile *cx) {
  const aft__node *map = aft__node_get(cx->root, "routing"), *rate = aft__node_get(map, "rate");
  aft__settings *s = (aft__settings *)(void *)cx->section[AFT__SECTION_SETTINGS].data;
  if (!s)
    return;
  s->routing.patience_ms = duration(map, "patience", 7 * AFT__DAY);
  s->routing.away_after_ms = away_after(cx, map);
  s->routing.hand_back = choice(aft__node_get(map, "hand_back"), aft__hand_backs, AFT__HAND_BACK_UNANSWERED);
  s->routing.rate_within_ms = duration(rate, "within", 0);
  if (!aft__node_int(aft__node_get(rate, "claims"), &s->routing.rate_claims))
    s->routing.rate_claims = 0;
  compile_teams(cx);
}
