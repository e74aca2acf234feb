/* What rules would have come to: counted occasion by occasion, and told. */
#include "desk/automation/automation_priv.h"

#include <stdio.h>

/* ---- what an action would have come to ---- */

static bool has_tag(const aft__facts *facts, aft_str tag) {
  for (uint32_t i = 0; i < facts->n_labels; i++)
    if (facts->labels[i].fact == AFT__FACT_TAG && aft__str_eq(facts->labels[i].text, tag))
      return true;
  return false;
}

/* What the machine would have said to the system then. */
static aft_status ask_machine(const aft_policy *policy, const char *name, const aft__facts *facts) {
  const aft__flow *flow = aft__policy_machine(policy, "ticket");
  aft__flow_step_out step;
  aft__guarded of = {policy, facts};
  uint32_t state = flow ? aft__flow_state_find(flow, facts->text[AFT__FACT_STATE]) : AFT__FLOW_NONE;
  uint32_t event = flow ? aft__flow_event_find(flow, aft__cstr(name)) : AFT__FLOW_NONE;
  if (state == AFT__FLOW_NONE || event == AFT__FLOW_NONE)
    return AFT_E_TRANSITION;
  return aft__flow_step(flow, state, event, AFT__FLOW_ACTOR(AFT_ROLE_SYSTEM), aft__guard, &of, &step, NULL);
}

static aft_status idle_if(bool so) { return so ? AFT_IGNORED : AFT_OK; }

static aft_status raise(const aft_policy *policy, aft_str wanted, aft_str found) {
  aft__priority a, b;
  return idle_if(aft__policy_priority_find(policy, wanted, &a) &&
                 aft__policy_priority_find(policy, found, &b) && b.rank <= a.rank);
}

static aft_status sorted(const aft__facts *facts, aft__fact_id fact, aft_str value) {
  return idle_if(aft__str_eq(facts->text[fact], value) && !facts->number[AFT__FACT_UNSURE]);
}

static aft_status would(const aft_policy *policy, const aft__action_of *action, const aft__facts *facts) {
  const char *event = aft__action_event(action->kind);
  switch (action->kind) {
  case AFT__ACTION_TAG:
    return idle_if(has_tag(facts, action->value));
  case AFT__ACTION_UNTAG:
    return idle_if(!has_tag(facts, action->value));
  case AFT__ACTION_CATEGORY:
    return sorted(facts, AFT__FACT_CATEGORY, action->value);
  case AFT__ACTION_TOPIC:
    return sorted(facts, AFT__FACT_TOPIC, action->value);
  case AFT__ACTION_PRIORITY:
    return raise(policy, action->value, facts->text[AFT__FACT_PRIORITY]);
  case AFT__ACTION_QUEUE:
    return idle_if(aft__str_eq(facts->text[AFT__FACT_QUEUE], action->value));
  case AFT__ACTION_TEAM:
    return idle_if(aft__str_eq(facts->text[AFT__FACT_QUEUE], aft__policy_team_queue(policy, action->value)));
  case AFT__ACTION_CASE:
    return facts->number[AFT__FACT_HAS_ORDER] ? AFT_OK : AFT_E_INELIGIBLE;
  case AFT__ACTION_ESCALATE:
    if (facts->number[AFT__FACT_LEVEL] >= aft__policy_most_level(policy))
      return AFT_IGNORED;
    return ask_machine(policy, event, facts);
  default:
    return event ? ask_machine(policy, event, facts) : AFT_OK;
  }
}

/* ---- counting ---- */

static void count_actions(const aft__figures *all, aft__rule_figures *f, const aft__facts *facts) {
  for (uint32_t i = 0; i < f->rule.n_actions; i++) {
    aft__action_of action;
    aft__policy_action(all->policy, f->rule.first + i, &action);
    aft_status status = would(all->policy, &action, facts);
    f->actions[i].would += status == AFT_OK;
    f->actions[i].idle += status > 0;
    f->actions[i].refused += status < 0;
  }
}

static void count_ticket(const aft__figures *all, aft__rule_figures *f, aft_str code) {
  if (f->told)
    return;
  f->told = true;
  f->tickets++;
  if (f->n_examples == all->examples || code.len >= AFT_CODE_SIZE)
    return;
  memcpy(f->examples[f->n_examples], code.data, code.len);
  f->examples[f->n_examples++][code.len] = 0;
}

static bool is_wanted(const aft__figures *all, const aft__rule_of *rule) {
  return !all->rule.len || aft__str_eq(all->rule, rule->name);
}

void aft__figures_ticket(aft__figures *all) {
  all->counted.tickets++;
  for (uint32_t i = 0; i < all->n; i++)
    all->rules[i].told = false;
}

/* A rule that stops leaves those behind it unasked, as it would have. */
void aft__figures_add(aft__figures *all, const aft__occasion *occasion, aft_str code) {
  bool stopped = false;
  all->counted.occasions++;
  for (uint32_t i = 0; i < all->n; i++) {
    aft__rule_figures *f = &all->rules[i];
    if (!(f->rule.on & occasion->on) || !is_wanted(all, &f->rule))
      continue;
    f->came++;
    f->stopped += stopped;
    if (stopped || !aft__automation_holds(all->policy, f->rule.condition, occasion->facts))
      continue;
    f->held++;
    count_ticket(all, f, code);
    count_actions(all, f, occasion->facts);
    stopped = f->rule.stop;
  }
}

/* ---- beginning, and beginning a page again ---- */

static aft_status room_for(aft__figures *all, aft__arena *arena, uint32_t n, aft_error *error) {
  all->rules = aft__arena_alloc(arena, (n + 1) * sizeof *all->rules);
  all->rules_before = aft__arena_alloc(arena, (n + 1) * sizeof *all->rules_before);
  if (!all->rules || !all->rules_before)
    return aft__nomem(error);
  for (all->n = 0; all->n < n; all->n++) {
    aft__rule_figures *f = &all->rules[all->n];
    aft__policy_rule_at(all->policy, all->n, &f->rule);
    f->examples = aft__arena_alloc(arena, all->examples * sizeof *f->examples);
    if (!f->examples)
      return aft__nomem(error);
  }
  aft__figures_keep(all);
  return AFT_OK;
}

aft_status aft__figures_begin(aft__figures *all, aft__arena *arena, aft_error *error) {
  aft__rule_of rule;
  bool found = !all->rule.len;
  uint32_t n = 0;
  for (; aft__policy_rule_at(all->policy, n, &rule); n++)
    found |= is_wanted(all, &rule);
  if (!found)
    return aft__error(error, AFT_E_NOT_FOUND, "preview.rule", "the policy has no rule '%.*s'",
                      (int)aft__utf8_cut(all->rule, 60), all->rule.data);
  return room_for(all, arena, n, error);
}

void aft__figures_keep(aft__figures *all) {
  if (all->n)
    memcpy(all->rules_before, all->rules, all->n * sizeof *all->rules);
  all->counted_before = all->counted;
}

void aft__figures_put_back(aft__figures *all) {
  if (all->n)
    memcpy(all->rules, all->rules_before, all->n * sizeof *all->rules);
  all->counted = all->counted_before;
}

/* ---- telling ---- */

static void put_number(aft__json *json, const char *key, uint64_t n) {
  aft__json_key(json, key);
  aft__json_i64(json, (int64_t)n);
}

static void put_action(const aft__figures *all, const aft__rule_figures *f, uint32_t i, aft__json *json) {
  aft__action_of action;
  aft__policy_action(all->policy, f->rule.first + i, &action);
  aft__action_json(&action, json);
  put_number(json, "would", f->actions[i].would);
  put_number(json, "idle", f->actions[i].idle);
  put_number(json, "refused", f->actions[i].refused);
  aft__json_close(json, '}');
}

static void put_rule(const aft__figures *all, const aft__rule_figures *f, const char *locale,
                     aft__json *json) {
  char key[80];
  snprintf(key, sizeof key, "automation.%.*s", (int)f->rule.name.len, f->rule.name.data);
  const char *label = aft_policy_text(all->policy, locale, key);
  aft__json_open(json, '{');
  aft__json_key(json, "name");
  aft__json_str(json, f->rule.name);
  aft__json_key(json, "label");
  aft__json_str(json, label == key ? f->rule.name : aft__cstr(label));
  aft__json_key(json, "enabled");
  aft__json_bool(json, f->rule.enabled);
  put_number(json, "came", f->came);
  put_number(json, "held", f->held);
  put_number(json, "stopped", f->stopped);
  put_number(json, "tickets", f->tickets);
  aft__json_key(json, "actions");
  aft__json_open(json, '[');
  for (uint32_t i = 0; i < f->rule.n_actions; i++)
    put_action(all, f, i, json);
  aft__json_close(json, ']');
  aft__json_key(json, "examples");
  aft__json_open(json, '[');
  for (uint32_t i = 0; i < f->n_examples; i++)
    aft__json_str(json, aft__cstr(f->examples[i]));
  aft__json_close(json, ']');
  aft__json_close(json, '}');
}

static void put_names(aft__json *json, const char *key, const char *const *names) {
  aft__json_key(json, key);
  aft__json_open(json, '[');
  for (; *names; names++)
    aft__json_str(json, aft__cstr(*names));
  aft__json_close(json, ']');
}

static void put_facts(aft__json *json) {
  static const char *const now[] = {"topic",           "language",       "channel",      "tier",
                                    "label",           "has_order",      "order_state",  "case_state",
                                    "value",           "currency",       "jurisdiction", "platform",
                                    "customer_tag",    "order_tag",      "attribute",    "customer_attribute",
                                    "order_attribute", "advance_refund", "free_pickup",  NULL};
  static const char *const unknown[] = {"asked", NULL};
  aft__json_key(json, "facts");
  aft__json_open(json, '{');
  put_names(json, "then", aft__facts_of_then);
  put_names(json, "now", now);
  put_names(json, "unknown", unknown);
  aft__json_close(json, '}');
}

void aft__figures_json(const aft__figures *all, const char *locale, aft__json *json) {
  put_number(json, "tickets", all->counted.tickets);
  put_number(json, "occasions", all->counted.occasions);
  put_number(json, "cut", all->counted.cut);
  aft__json_key(json, "rules");
  aft__json_open(json, '[');
  for (uint32_t i = 0; i < all->n; i++)
    if (is_wanted(all, &all->rules[i].rule))
      put_rule(all, &all->rules[i], locale, json);
  aft__json_close(json, ']');
  put_facts(json);
}
