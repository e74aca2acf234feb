/* The category of a text: the points of rules and label added up, and how clearly the best leads. */
#include "policy/triage_priv.h"

static void score_rules(aft__triage_scan *s) {
  const aft__settings *settings = s->policy->settings;
  for (uint32_t i = 0; i < s->n_rules; i++) {
    aft__rule_state *state = &s->states[i];
    bool without = (s->rules[i].flags & AFT__RULE_WITH) && !state->with;
    if (state->word == 0 || state->unless || without)
      continue;
    int32_t more = state->found > 4 ? 3 : state->found - 1;
    state->score = s->rules[i].weight + s->rules[i].weight * more * settings->more_words / 1000;
    s->scores[s->rules[i].category] += state->score;
  }
}

static uint32_t best_category(const aft__triage_scan *s, uint32_t except) {
  uint32_t best = UINT32_MAX;
  for (uint32_t i = 0; i < s->n_categories; i++)
    if (i != except && s->scores[i] > 0 && (best == UINT32_MAX || s->scores[i] > s->scores[best]))
      best = i;
  return best;
}

aft_str aft__triage_category(const aft__triage_scan *s, uint32_t index) {
  uint32_t n = 0;
  const aft__category *categories = aft__section_data(s->policy, AFT__SECTION_CATEGORIES, &n);
  return aft__policy_str(s->policy, categories[index].name);
}

static aft_str topic_of(const aft__triage_scan *s, uint32_t category) {
  int32_t best = 0;
  uint32_t topic = 0;
  for (uint32_t i = 0; i < s->n_rules; i++) {
    if (s->rules[i].category == category && s->rules[i].topic && s->states[i].score > best) {
      best = s->states[i].score;
      topic = s->rules[i].topic;
    }
  }
  return aft__policy_str(s->policy, topic);
}

static void add_label(aft__triage_scan *s, aft_str label) {
  for (uint32_t i = 0; i < s->n_categories; i++)
    if (label.len > 0 && aft__str_eq(aft__triage_category(s, i), label))
      s->scores[i] += s->policy->settings->label_points;
}

/* The share of the best category in all that the two best have, with a damper against weak evidence. */
static int32_t confidence_of(const aft__triage_scan *s, uint32_t best, uint32_t second) {
  int64_t top = s->scores[best], next = second == UINT32_MAX ? 0 : s->scores[second];
  return (int32_t)(1000 * top / (top + next + s->policy->settings->damp));
}

void aft__triage_choose(aft__triage_scan *s, aft_str label, aft__triage *out) {
  score_rules(s);
  add_label(s, label);
  uint32_t best = best_category(s, UINT32_MAX), second = best_category(s, best);
  aft_str none = {"", 0};
  out->category = aft__policy_str(s->policy, s->policy->settings->other);
  out->topic = out->runner_up = none;
  out->confidence = 0;
  out->unsure = true;
  if (best == UINT32_MAX)
    return;
  out->confidence = confidence_of(s, best, second);
  out->unsure = out->confidence < s->policy->settings->threshold;
  if (out->unsure) {
    out->runner_up = aft__triage_category(s, best);
    return;
  }
  out->category = aft__triage_category(s, best);
  out->topic = topic_of(s, best);
  if (second != UINT32_MAX)
    out->runner_up = aft__triage_category(s, second);
}
