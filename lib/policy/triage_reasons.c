/* Why a text was sorted as it was: the words and rules that weighed most. */
#include "policy/triage_priv.h"

#include <stdio.h>

#define REASONS_MOST 5u
#define TONE_CLEAR   200 /* from here on a tone is called positive or negative */

/* The strongest rule of a category, or of all with UINT32_MAX, that scores less than `below` or, as
 * much, stands behind `after`. */
static uint32_t best_rule(const aft__triage_scan *s, uint32_t category, int32_t below, uint32_t after) {
  uint32_t best = UINT32_MAX;
  for (uint32_t i = 0; i < s->n_rules; i++) {
    int32_t score = s->states[i].score;
    bool later = score < below || (score == below && after != UINT32_MAX && i > after);
    if (score <= 0 || !later || (category != UINT32_MAX && s->rules[i].category != category))
      continue;
    if (best == UINT32_MAX || score > s->states[best].score)
      best = i;
  }
  return best;
}

static void explain_rules(const aft__triage_scan *s, aft__buf *reasons) {
  int32_t below = INT32_MAX;
  uint32_t after = UINT32_MAX;
  for (uint32_t shown = 0; shown < REASONS_MOST; shown++) {
    uint32_t i = best_rule(s, UINT32_MAX, below, after);
    if (i == UINT32_MAX)
      return;
    char points[16];
    snprintf(points, sizeof(points), "%d", (int)s->states[i].score);
    const aft__word *word = &s->words[s->states[i].word - 1];
    aft__arg args[] = {{"category", aft__triage_category(s, s->rules[i].category)},
                       {"rule", aft__policy_str(s->policy, s->rules[i].name)},
                       {"word", aft__policy_str(s->policy, word->text)},
                       {"points", aft__cstr(points)}};
    aft__reason_add(reasons, "category", "explain.category.rule", args, AFT__COUNT(args));
    below = s->states[i].score;
    after = i;
  }
}

static void explain_label(const aft__triage_scan *s, aft_str label, aft__buf *reasons) {
  aft_str known;
  char points[16];
  if (label.len == 0 || !aft__policy_category_find(s->policy, label, &known))
    return;
  snprintf(points, sizeof(points), "%d", (int)s->policy->settings->label_points);
  aft__arg args[] = {{"category", known}, {"points", aft__cstr(points)}};
  aft__reason_add(reasons, "category", "explain.category.label", args, AFT__COUNT(args));
}

static void explain_choice(const aft__triage_scan *s, const aft__triage *t, aft__buf *reasons) {
  char confidence[16], threshold[16];
  snprintf(confidence, sizeof(confidence), "%d", (int)t->confidence);
  snprintf(threshold, sizeof(threshold), "%d", (int)s->policy->settings->threshold);
  aft__arg args[] = {{"category", t->unsure && t->runner_up.len ? t->runner_up : t->category},
                     {"confidence", aft__cstr(confidence)},
                     {"threshold", aft__cstr(threshold)}};
  aft__arg act = {"act", t->act};
  if (!t->unsure && t->confidence == 1000)
    aft__reason_add(reasons, "category", "explain.category.act", &act, 1);
  else if (t->confidence == 0)
    aft__reason_add(reasons, "category", "explain.category.none", NULL, 0);
  else
    aft__reason_add(reasons, "category", t->unsure ? "explain.category.unsure" : "explain.category.sure",
                    args, AFT__COUNT(args));
}

static void explain_tone(const aft__triage_scan *s, const aft__triage *t, aft__buf *reasons) {
  char strength[16], words[120];
  size_t at = 0;
  if (t->tone > -TONE_CLEAR && t->tone < TONE_CLEAR)
    return;
  for (uint32_t i = 0; i < s->n_tones; i++) {
    const aft__tone_hit *hit = &s->tones[i];
    size_t n = hit->end - hit->begin;
    if (hit->kind != AFT__TONE_WORD || at + n + 3 > sizeof(words))
      continue;
    if (at > 0) {
      words[at++] = ',';
      words[at++] = ' ';
    }
    memcpy(words + at, s->text.data + hit->begin, n);
    at += n;
  }
  snprintf(strength, sizeof(strength), "%d", (int)t->tone);
  aft__arg args[] = {{"tone", aft__cstr(t->tone < 0 ? "negative" : "positive")},
                     {"words", aft__str(words, at)},
                     {"strength", aft__cstr(strength)}};
  aft__reason_add(reasons, "tone", "explain.tone", args, AFT__COUNT(args));
}

void aft__triage_explain(const aft__triage_scan *s, aft_str label, const aft__triage *t, aft__buf *reasons) {
  explain_rules(s, reasons);
  explain_label(s, label, reasons);
  explain_choice(s, t, reasons);
  explain_tone(s, t, reasons);
}
