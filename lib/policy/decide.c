/* Decisions from facts: conditions, and priority as a sum of points. */
#include "policy/policy_priv.h"

#include <stdio.h>

/* What a condition compares: a fact, or one label of a record. */
typedef struct operand {
  aft_str text;
  int64_t number;
} operand;

static bool compare(const aft__condition *c, aft_str wanted, const operand *found) {
  switch (c->op) {
  case AFT__OP_TEXT:
    return aft__str_eq(found->text, wanted);
  case AFT__OP_EQUAL:
    return found->number == c->number;
  case AFT__OP_ABOVE:
    return found->number > c->number;
  case AFT__OP_BELOW:
    return found->number < c->number;
  case AFT__OP_AT_LEAST:
    return found->number >= c->number;
  case AFT__OP_AT_MOST:
    return found->number <= c->number;
  default:
    return false;
  }
}

/* Of labels any may fit; an attribute that has no value fits nothing. */
static bool compare_labels(const aft_policy *p, const aft__condition *c, const aft__facts *facts) {
  aft_str name = aft__policy_str(p, c->name), wanted = aft__policy_str(p, c->text);
  for (uint32_t i = 0; i < facts->n_labels; i++) {
    const aft__label *label = &facts->labels[i];
    operand found = {label->text, label->key};
    if (label->fact == c->fact && aft__str_eq(label->name, name) && compare(c, wanted, &found))
      return true;
  }
  return false;
}

static bool holds(const aft_policy *p, const aft__condition *list, uint32_t index, const aft__facts *facts,
                  uint32_t depth) {
  const aft__condition *c = &list[index];
  switch (c->op) {
  case AFT__OP_ALL:
  case AFT__OP_ANY:
  case AFT__OP_NOT:
    for (uint32_t i = 0; i < c->count && depth < AFT__CONDITION_DEPTH; i++)
      if (holds(p, list, c->first + i, facts, depth + 1) != (c->op == AFT__OP_ALL))
        return c->op == AFT__OP_ANY;
    return c->op != AFT__OP_ANY;
  default:
    if (aft__fact_is_label(c->fact))
      return compare_labels(p, c, facts);
    operand found = {facts->text[c->fact], facts->number[c->fact]};
    return compare(c, aft__policy_str(p, c->text), &found);
  }
}

bool aft__policy_holds(const aft_policy *policy, uint32_t condition, const aft__facts *facts) {
  uint32_t n = 0;
  const aft__condition *list = aft__section_data(policy, AFT__SECTION_CONDITIONS, &n);
  return condition < n && holds(policy, list, condition, facts, 0);
}

static void add_reason(const aft_policy *p, aft__buf *reasons, const char *key, const char *name,
                       uint32_t text, int32_t points) {
  char number[16];
  snprintf(number, sizeof(number), "%+d", (int)points);
  aft__arg args[] = {{name, aft__policy_str(p, text)}, {"points", aft__cstr(number)}};
  aft__reason_add(reasons, "priority", key, args, AFT__COUNT(args));
}

static void level_of(const aft_policy *p, int32_t points, aft__priority *out, uint32_t *name) {
  uint32_t n = 0, i = 0;
  const aft__level *levels = aft__section_data(p, AFT__SECTION_LEVELS, &n);
  while (i + 1 < n && points < levels[i].points)
    i++;
  *name = levels[i].name;
  out->name = aft__policy_str(p, levels[i].name);
  out->rank = (int32_t)i;
  out->points = points;
}

void aft__policy_priority(const aft_policy *policy, const aft__facts *facts, aft__priority *out,
                          aft__buf *reasons) {
  uint32_t n = 0, name = 0;
  const aft__cause *causes = aft__section_data(policy, AFT__SECTION_CAUSES, &n);
  int64_t points = 0;
  for (uint32_t i = 0; i < n; i++) {
    if (!aft__policy_holds(policy, causes[i].condition, facts))
      continue;
    points += causes[i].points;
    if (reasons)
      add_reason(policy, reasons, "explain.priority.rule", "cause", causes[i].name, causes[i].points);
  }
  if (points > 1000000)
    points = 1000000;
  if (points < -1000000)
    points = -1000000;
  level_of(policy, (int32_t)points, out, &name);
  if (reasons)
    add_reason(policy, reasons, "explain.priority.total", "priority", name, out->points);
}

bool aft__policy_priority_find(const aft_policy *policy, aft_str name, aft__priority *out) {
  uint32_t n = 0;
  const aft__level *levels = aft__section_data(policy, AFT__SECTION_LEVELS, &n);
  for (uint32_t i = 0; i < n; i++) {
    aft_str known = aft__policy_str(policy, levels[i].name);
    if (!aft__str_eq(known, name))
      continue;
    out->name = known;
    out->rank = (int32_t)i;
    out->points = levels[i].points;
    return true;
  }
  return false;
}

/* ---- queues ---- */

aft_str aft__policy_queue(const aft_policy *policy, const aft__facts *facts, aft__buf *reasons) {
  uint32_t n = 0;
  const aft__queue *queues = aft__section_data(policy, AFT__SECTION_QUEUES, &n);
  for (uint32_t i = 0; i < n; i++) {
    if (queues[i].condition != AFT__FLOW_NONE && !aft__policy_holds(policy, queues[i].condition, facts))
      continue;
    aft_str name = aft__policy_str(policy, queues[i].name);
    if (reasons) {
      aft__arg args[] = {{"queue", name}};
      aft__reason_add(reasons, "queue", "explain.queue", args, 1);
    }
    return name;
  }
  return aft__cstr("");
}

int32_t aft__policy_queue_rank(const aft_policy *policy, aft_str name) {
  uint32_t n = 0;
  const aft__queue *queues = aft__section_data(policy, AFT__SECTION_QUEUES, &n);
  for (uint32_t i = 0; i < n; i++)
    if (aft__str_eq(aft__policy_str(policy, queues[i].name), name))
      return (int32_t)i;
  return -1;
}

void aft__policy_suggest(const aft_policy *policy, const aft__facts *facts, aft__suggest_fn fn, void *user,
                         aft__buf *reasons) {
  uint32_t n = 0;
  const aft__suggestion *list = aft__section_data(policy, AFT__SECTION_SUGGESTIONS, &n);
  for (uint32_t i = 0; i < n; i++) {
    if (!aft__policy_holds(policy, list[i].condition, facts))
      continue;
    aft__arg arg = {"suggestion", aft__policy_str(policy, list[i].name)};
    if (reasons)
      aft__reason_add(reasons, "suggestion", "explain.suggestion", &arg, 1);
    fn(user, arg.value);
  }
}

uint64_t aft__policy_tests(const aft_policy *policy) { return policy->settings->tests; }
uint64_t aft__policy_rule_tests(const aft_policy *policy) { return policy->settings->rule_tests; }
uint64_t aft__policy_ticket_tests(const aft_policy *policy) { return policy->settings->ticket_tests; }
