/* Decisions from facts: conditions, and priority as a sum of points. */
#include "policy/policy_priv.h"

#include <stdio.h>

#define DEEPEST 40u

static bool holds(const aft_policy *p, const aft__condition *list, uint32_t index, const aft__facts *facts,
                  uint32_t depth) {
  const aft__condition *c = &list[index];
  int64_t number = facts->number[c->fact];
  switch (c->op) {
  case AFT__OP_ALL:
  case AFT__OP_ANY:
  case AFT__OP_NOT:
    for (uint32_t i = 0; i < c->count && depth < DEEPEST; i++)
      if (holds(p, list, c->first + i, facts, depth + 1) != (c->op == AFT__OP_ALL))
        return c->op == AFT__OP_ANY;
    return c->op != AFT__OP_ANY;
  case AFT__OP_TEXT:
    return aft__str_eq(facts->text[c->fact], aft__policy_str(p, c->text));
  case AFT__OP_EQUAL:
    return number == c->number;
  case AFT__OP_ABOVE:
    return number > c->number;
  case AFT__OP_BELOW:
    return number < c->number;
  case AFT__OP_AT_LEAST:
    return number >= c->number;
  case AFT__OP_AT_MOST:
    return number <= c->number;
  default:
    return false;
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
