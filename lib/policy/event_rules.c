/* Rules on events and macros: what the desk asks a policy about them. */
#include "policy/policy_priv.h"

#include <inttypes.h>
#include <stdio.h>

const char *const aft__action_words[AFT__ACTIONS] = {
#define AFT__ACTION(id, word, argument, raises, later) word,
#include "policy/actions.def"
#undef AFT__ACTION
};

static const char *const fact_names[AFT__FACTS] = {
#define AFT__FACT(id, name, type) name,
#include "policy/facts.def"
#undef AFT__FACT
};

static const bool is_text[AFT__FACTS] = {
#define TEXT                      true
#define NUMBER                    false
#define FLAG                      false
#define TAGS                      true
#define VALUES                    true
#define AFT__FACT(id, name, type) type,
#include "policy/facts.def"
#undef AFT__FACT
#undef TEXT
#undef NUMBER
#undef FLAG
#undef TAGS
#undef VALUES
};

/* ---- events ---- */

uint64_t aft__policy_triggers(const aft_policy *policy, aft_str verb) {
  uint32_t n = 0;
  const uint32_t *list = aft__section_data(policy, AFT__SECTION_TRIGGERS, &n);
  for (uint32_t i = 0; i < n; i++)
    if (aft__str_eq(aft__policy_str(policy, list[i]), verb))
      return UINT64_C(1) << i;
  return 0;
}

uint64_t aft__policy_raises(const aft_policy *policy, aft_str verb) {
  uint32_t n = 0;
  uint64_t bit = aft__policy_triggers(policy, verb);
  const aft__automation *rules = aft__section_data(policy, AFT__SECTION_AUTOMATIONS, &n);
  for (uint32_t i = 0; bit && i < n; i++)
    if (rules[i].on & bit && !(rules[i].flags & AFT__AUTOMATION_OFF))
      return bit;
  return 0;
}

aft_str aft__policy_trigger(const aft_policy *policy, uint32_t index) {
  uint32_t n = 0;
  const uint32_t *list = aft__section_data(policy, AFT__SECTION_TRIGGERS, &n);
  return index < n ? aft__policy_str(policy, list[index]) : (aft_str){0};
}

/* ---- rules, macros and what they do ---- */

bool aft__policy_rule_at(const aft_policy *policy, uint32_t index, aft__rule_of *out) {
  uint32_t n = 0;
  const aft__automation *rules = aft__section_data(policy, AFT__SECTION_AUTOMATIONS, &n);
  if (index >= n)
    return false;
  const aft__automation *r = &rules[index];
  *out = (aft__rule_of){.name = aft__policy_str(policy, r->name),
                        .on = r->on,
                        .condition = r->condition,
                        .n_actions = r->count,
                        .first = r->first,
                        .stop = r->flags & AFT__AUTOMATION_STOP,
                        .enabled = !(r->flags & AFT__AUTOMATION_OFF)};
  return true;
}

bool aft__policy_macro_at(const aft_policy *policy, uint32_t index, aft__macro_of *out) {
  uint32_t n = 0;
  const aft__macro *macros = aft__section_data(policy, AFT__SECTION_MACROS, &n);
  if (index >= n)
    return false;
  const aft__macro *m = &macros[index];
  *out = (aft__macro_of){.name = aft__policy_str(policy, m->name),
                         .condition = m->condition,
                         .n_actions = m->count,
                         .first = m->first,
                         .roles = m->roles};
  return true;
}

bool aft__policy_macro_find(const aft_policy *policy, aft_str name, aft__macro_of *out) {
  for (uint32_t i = 0; aft__policy_macro_at(policy, i, out); i++)
    if (aft__str_eq(out->name, name))
      return true;
  return false;
}

void aft__policy_action(const aft_policy *policy, uint32_t index, aft__action_of *out) {
  uint32_t n = 0;
  const aft__action *actions = aft__section_data(policy, AFT__SECTION_ACTIONS, &n);
  const aft__action *a = &actions[index];
  *out = (aft__action_of){.kind = (aft__action_kind)a->kind,
                          .name = aft__policy_str(policy, a->name),
                          .value = aft__policy_str(policy, a->value),
                          .number = a->number};
}

/* ---- what a condition looked at ---- */

typedef struct looking {
  const aft__condition *list;
  const aft__facts *facts;
  aft__tested_fn fn;
  void *user;
  bool seen[AFT__FACTS];
} looking;

/* Of several tags or attributes all that fit the fact, as far as there is room. */
static aft_str labels_found(const looking *l, uint32_t fact, char *out, size_t size) {
  size_t at = 0;
  for (uint32_t i = 0; i < l->facts->n_labels; i++) {
    const aft__label *label = &l->facts->labels[i];
    aft_str shown = label->name.len ? label->name : label->text;
    if (label->fact != fact || at + shown.len + 2 > size)
      continue;
    if (at)
      out[at++] = ' ';
    memcpy(out + at, shown.data, shown.len);
    at += shown.len;
  }
  return aft__str(out, at);
}

static void tell(looking *l, uint32_t fact) {
  char room[256];
  aft_str found = l->facts->text[fact];
  if (l->seen[fact])
    return;
  l->seen[fact] = true;
  if (aft__fact_is_label(fact))
    found = labels_found(l, fact, room, sizeof room);
  else if (!is_text[fact])
    found = aft__str(room, (size_t)snprintf(room, sizeof room, "%" PRId64, l->facts->number[fact]));
  l->fn(l->user, fact_names[fact], found);
}

static void look(looking *l, uint32_t index, uint32_t depth) {
  const aft__condition *c = &l->list[index];
  if (c->op > AFT__OP_NOT)
    return tell(l, c->fact);
  for (uint32_t i = 0; i < c->count && depth < AFT__CONDITION_DEPTH; i++)
    look(l, c->first + i, depth + 1);
}

void aft__policy_tested(const aft_policy *policy, uint32_t condition, const aft__facts *facts,
                        aft__tested_fn fn, void *user) {
  uint32_t n = 0;
  looking l = {.facts = facts, .fn = fn, .user = user};
  l.list = aft__section_data(policy, AFT__SECTION_CONDITIONS, &n);
  if (condition < n)
    look(&l, condition, 0);
}

/* ---- names that follow from names ---- */

aft_str aft__policy_team_queue(const aft_policy *policy, aft_str team) {
  aft_str queue;
  for (uint32_t i = 0; (queue = aft__policy_queue_name(policy, i)).len; i++)
    if (aft__policy_team_has(policy, team, queue))
      return queue;
  return (aft_str){0};
}

aft_str aft__policy_topic_category(const aft_policy *policy, aft_str topic) {
  uint32_t n = 0, m = 0;
  const aft__topic *topics = aft__section_data(policy, AFT__SECTION_TOPICS, &n);
  const aft__category *categories = aft__section_data(policy, AFT__SECTION_CATEGORIES, &m);
  for (uint32_t i = 0; i < n; i++)
    if (aft__str_eq(aft__policy_str(policy, topics[i].name), topic) && topics[i].category < m)
      return aft__policy_str(policy, categories[topics[i].category].name);
  return (aft_str){0};
}
