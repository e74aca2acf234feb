/* Rules that would cause each other for ever, refused when a policy is compiled.
 *
 * Rule r leads to rule s where an action of r raises an event that s is on, at once or on a later day, unless
 *   - the event comes at once and once at most, because the action changes nothing the second time and no
 * rule changes it back: a tag that is there is not added again; or
 *   - s cannot hold behind r: its condition contradicts what r makes true and no other rule unmakes.
 * A circle of what is left may go round without end. Within one command each rule runs once at most; but a
 * task that fails tomorrow and is opened anew by a rule goes round for as long as the ticket lives. */
#include "policy/policy_priv.h"

static const struct {
  const char *at_once, *later;
} raised[AFT__ACTIONS] = {
#define AFT__ACTION(id, word, argument, raises, later) {raises, later},
#include "policy/actions.def"
#undef AFT__ACTION
};

typedef struct loops {
  aft__compile *cx;
  const aft__automation *rules;
  const aft__action *actions;
  const aft__condition *conditions;
  const uint32_t *triggers;
  const char *texts;
  uint32_t n, n_triggers;
  bool *leads; /* n times n: from, to */
  bool *told;
} loops;

static uint64_t trigger_bits(const loops *l, const char *events) {
  aft_str rest = aft__cstr(events), event;
  uint64_t bits = 0;
  while (aft__words_next(&rest, &event))
    for (uint32_t i = 0; i < l->n_triggers; i++)
      if (aft__str_eq(aft__cstr(l->texts + l->triggers[i]), event))
        bits |= UINT64_C(1) << i;
  return bits;
}

/* ---- what other rules undo ---- */

typedef bool (*undoes_fn)(const aft__action *action, const aft__action *other);

static bool any_rule(const loops *l, const aft__action *action, undoes_fn undoes) {
  for (uint32_t r = 0; r < l->n; r++)
    for (uint32_t i = 0; i < l->rules[r].count; i++)
      if (undoes(action, &l->actions[l->rules[r].first + i]))
        return true;
  return false;
}

static bool opposite_tag(const aft__action *action, const aft__action *other) {
  aft__action_kind opposite = action->kind == AFT__ACTION_TAG ? AFT__ACTION_UNTAG : AFT__ACTION_TAG;
  return other->kind == opposite && other->value == action->value;
}

static bool other_value(const aft__action *action, const aft__action *other) {
  return other->kind == AFT__ACTION_ATTRIBUTE && other->name == action->name && other->value != action->value;
}

static bool other_category(const aft__action *action, const aft__action *other) {
  bool sorts = other->kind == AFT__ACTION_CATEGORY || other->kind == AFT__ACTION_TOPIC;
  return sorts && (other->kind != action->kind || other->value != action->value);
}

static bool other_place(const aft__action *action, const aft__action *other) {
  bool places = other->kind == AFT__ACTION_QUEUE || other->kind == AFT__ACTION_TEAM;
  return places || (other->kind == AFT__ACTION_AGENT && other->value != action->value);
}

static bool any_agent(const aft__action *action, const aft__action *other) {
  (void)action;
  return other->kind == AFT__ACTION_AGENT;
}

/* Whether an action raises its event for a ticket once at most, as far as rules go. */
static bool comes_once(const loops *l, const aft__action *action) {
  switch (action->kind) {
  case AFT__ACTION_TAG:
  case AFT__ACTION_UNTAG:
    return !any_rule(l, action, opposite_tag);
  case AFT__ACTION_ATTRIBUTE:
    return !any_rule(l, action, other_value);
  case AFT__ACTION_CATEGORY:
  case AFT__ACTION_TOPIC:
    return !any_rule(l, action, other_category);
  case AFT__ACTION_AGENT:
    return !any_rule(l, action, other_place);
  case AFT__ACTION_QUEUE:
  case AFT__ACTION_TEAM:
    return !any_rule(l, action, any_agent);
  default:
    return false;
  }
}

/* ---- what cannot hold ---- */

typedef enum truth {
  NO,
  MAYBE,
  YES
} truth;

/* What one action tells about a test, where no rule takes it back. */
static truth told_by(const loops *l, const aft__action *action, const aft__condition *test) {
  bool same = test->text == action->value;
  if (test->op != AFT__OP_TEXT || !comes_once(l, action))
    return MAYBE;
  if (action->kind == AFT__ACTION_TAG && test->fact == AFT__FACT_TAG)
    return same ? YES : MAYBE;
  if (action->kind == AFT__ACTION_UNTAG && test->fact == AFT__FACT_TAG)
    return same ? NO : MAYBE;
  if (action->kind == AFT__ACTION_CATEGORY && test->fact == AFT__FACT_CATEGORY)
    return same ? YES : NO;
  if (action->kind == AFT__ACTION_TOPIC && test->fact == AFT__FACT_TOPIC)
    return same ? YES : NO;
  return MAYBE;
}

static truth test_truth(const loops *l, const aft__automation *after, const aft__condition *test) {
  for (uint32_t i = 0; i < after->count; i++) {
    truth known = told_by(l, &l->actions[after->first + i], test);
    if (known != MAYBE)
      return known;
  }
  return MAYBE;
}

static truth invert(truth known) { return (truth)(YES - known); }

/* All is the least of its parts, any the greatest, not the contrary of any. */
static truth condition_truth(const loops *l, const aft__automation *after, uint32_t index, uint32_t depth) {
  const aft__condition *c = &l->conditions[index];
  if (depth == AFT__POLICY_DEPTH)
    return MAYBE;
  if (c->op > AFT__OP_NOT)
    return test_truth(l, after, c);
  truth all = YES, any = NO;
  for (uint32_t i = 0; i < c->count; i++) {
    truth part = condition_truth(l, after, c->first + i, depth + 1);
    all = part < all ? part : all;
    any = part > any ? part : any;
  }
  return c->op == AFT__OP_ALL ? all : c->op == AFT__OP_ANY ? any : invert(any);
}

/* ---- the graph ---- */

static uint64_t raised_by(const loops *l, const aft__automation *rule) {
  uint64_t bits = 0;
  for (uint32_t i = 0; i < rule->count; i++) {
    const aft__action *action = &l->actions[rule->first + i];
    if (!comes_once(l, action))
      bits |= trigger_bits(l, raised[action->kind].at_once);
    bits |= trigger_bits(l, raised[action->kind].later);
  }
  return bits;
}

static void draw(loops *l) {
  for (uint32_t r = 0; r < l->n; r++) {
    uint64_t raises = raised_by(l, &l->rules[r]);
    for (uint32_t s = 0; raises && s < l->n; s++) {
      const aft__automation *to = &l->rules[s];
      bool never =
          to->condition != AFT__FLOW_NONE && condition_truth(l, &l->rules[r], to->condition, 0) == NO;
      l->leads[r * l->n + s] = (to->on & raises) && !never;
    }
  }
}

/* The shortest way from a rule back to itself, by breadth; 0 where there is none. back: the rule before each
 * on the way. */
static bool circle(const loops *l, uint32_t start, uint32_t *queue, uint32_t *back) {
  uint32_t head = 0, tail = 0;
  for (uint32_t i = 0; i < l->n; i++)
    back[i] = UINT32_MAX;
  queue[tail++] = start;
  while (head < tail) {
    uint32_t from = queue[head++];
    for (uint32_t to = 0; to < l->n; to++) {
      if (!l->leads[from * l->n + to] || back[to] != UINT32_MAX)
        continue;
      back[to] = from;
      if (to == start)
        return true;
      queue[tail++] = to;
    }
  }
  return false;
}

/* The event by which one rule leads to another. */
static const char *event_between(const loops *l, uint32_t from, uint32_t to) {
  uint64_t bits = raised_by(l, &l->rules[from]) & l->rules[to].on;
  for (uint32_t i = 0; i < l->n_triggers; i++)
    if (bits >> i & 1)
      return l->texts + l->triggers[i];
  return "";
}

/* "a → ticket.noted → b → tag.added → a" */
static const char *describe(loops *l, uint32_t start, const uint32_t *back) {
  uint32_t at = start;
  char *path = aft__arena_printf(l->cx->arena, "%s", l->texts + l->rules[start].name);
  do {
    uint32_t before = back[at];
    if (path)
      path = aft__arena_printf(l->cx->arena, "%s → %s → %s", l->texts + l->rules[before].name,
                               event_between(l, before, at), path);
    l->told[before] = true;
    at = before;
  } while (at != start);
  l->cx->nomem |= !path;
  return path ? path : "";
}

static void report(loops *l, const aft__item *const *items, uint32_t *queue, uint32_t *back) {
  for (uint32_t i = 0; i < l->n; i++) {
    if (l->told[i] || !circle(l, i, queue, back))
      continue;
    size_t mark = aft__path_push(l->cx->faults, items[i]->key);
    aft__fault_key(l->cx->faults, AFT_E_POLICY, items[i], "the rules cause each other in a circle: %s",
                   describe(l, i, back));
    aft__path_pop(l->cx->faults, mark);
  }
}

void aft__rule_loops(aft__compile *cx, const aft__item *const *items) {
  loops l = {.cx = cx};
  l.n = aft__compile_count(cx, AFT__SECTION_AUTOMATIONS);
  l.n_triggers = aft__compile_count(cx, AFT__SECTION_TRIGGERS);
  l.rules = (const aft__automation *)(void *)cx->section[AFT__SECTION_AUTOMATIONS].data;
  l.actions = (const aft__action *)(void *)cx->section[AFT__SECTION_ACTIONS].data;
  l.conditions = (const aft__condition *)(void *)cx->section[AFT__SECTION_CONDITIONS].data;
  l.triggers = (const uint32_t *)(void *)cx->section[AFT__SECTION_TRIGGERS].data;
  l.texts = cx->section[AFT__SECTION_TEXTS].data;
  l.leads = aft__arena_alloc(cx->arena, (size_t)l.n * l.n * sizeof *l.leads + 1);
  l.told = aft__arena_alloc(cx->arena, l.n * sizeof *l.told + 1);
  uint32_t *queue = aft__arena_alloc(cx->arena, (l.n + 1) * sizeof *queue);
  uint32_t *back = aft__arena_alloc(cx->arena, (l.n + 1) * sizeof *back);
  if (!l.leads || !l.told || !queue || !back) {
    cx->nomem = true;
    return;
  }
  draw(&l);
  report(&l, items, queue, back);
}
