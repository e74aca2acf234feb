/* Why a text was sorted as it was: the words and rules that weighed most. */
#include "policy/triage_priv.h"

#include <stdio.h>

#define REASONS_MOST 5u

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

static const char *number(char out[16], int64_t value) {
  snprintf(out, 16, "%d", (int)value);
  return out;
}

static void explain_label(const aft__triage_scan *s, const aft__triage *t, aft__buf *reasons) {
  const aft__settings *settings = s->policy->settings;
  aft_str known;
  char points[16];
  if (s->in->label.len == 0 || !aft__policy_category_find(s->policy, s->in->label, &known))
    return;
  aft__arg args[] = {{"category", known}, {"points", aft__cstr(number(points, settings->label_points))}};
  aft__reason_add(reasons, "category", "explain.category.label", args, AFT__COUNT(args));
  if (t->agreement >= 0 || settings->disagreement == 0)
    return;
  char less[16];
  aft__arg odds[] = {
      {"label", known}, {"category", t->guess}, {"points", aft__cstr(number(less, settings->disagreement))}};
  aft__reason_add(reasons, "category", "explain.category.disagree", odds, AFT__COUNT(odds));
}

static void explain_model(const aft__triage_scan *s, aft__buf *reasons) {
  const aft__triage_score *best = NULL;
  char permille[16];
  for (size_t i = 0; i < s->in->n_scores; i++)
    if (!best || s->in->scores[i].ppm > best->ppm)
      best = &s->in->scores[i];
  if (!best)
    return;
  aft__arg args[] = {{"category", best->category},
                     {"confidence", aft__cstr(number(permille, best->ppm / 1000))}};
  aft__reason_add(reasons, "category", "explain.category.model", args, AFT__COUNT(args));
  if (!s->in->model_weight && !s->in->rule_weight)
    return;
  char model[16], rules[16];
  aft__arg weights[] = {{"model", aft__cstr(number(model, s->in->model_weight))},
                        {"rules", aft__cstr(number(rules, s->in->rule_weight))}};
  aft__reason_add(reasons, "category", "explain.category.weights", weights, AFT__COUNT(weights));
}

static void explain_choice(const aft__triage_scan *s, const aft__triage *t, aft__buf *reasons) {
  char confidence[16], threshold[16], turns[16];
  aft__arg args[] = {{"category", t->guess},
                     {"confidence", aft__cstr(number(confidence, t->confidence))},
                     {"threshold", aft__cstr(number(threshold, s->policy->settings->threshold))}};
  aft__arg act = {"act", t->act}, language = {"language", aft__cstr(t->language)},
           earlier = {"turns", aft__cstr(number(turns, t->turns))};
  if (t->turns > 0)
    aft__reason_add(reasons, "category", "explain.category.turns", &earlier, 1);
  if (t->courtesy)
    aft__reason_add(reasons, "category", "explain.category.act", &act, 1);
  else if (t->confidence == 0 && s->foreign)
    aft__reason_add(reasons, "category", "explain.category.language", &language, 1);
  else if (t->confidence == 0)
    aft__reason_add(reasons, "category", "explain.category.none", NULL, 0);
  else
    aft__reason_add(reasons, "category", t->unsure ? "explain.category.unsure" : "explain.category.sure",
                    args, AFT__COUNT(args));
}

static void explain_tone(const aft__triage_scan *s, const aft__triage *t, aft__buf *reasons) {
  char strength[16], words[120];
  size_t at = 0;
  if (aft__str_eq(t->tone_name, aft__cstr("neutral")))
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
  aft__arg args[] = {
      {"tone", t->tone_name}, {"words", aft__str(words, at)}, {"strength", aft__cstr(strength)}};
  aft__reason_add(reasons, "tone", "explain.tone", args, AFT__COUNT(args));
}

/* The word as it stands in the text, which is a word of the policy. */
static aft_str word_of(const aft__triage_scan *s, aft__mark_kind kind) {
  return aft__str(s->text.data + s->first[kind].begin, s->first[kind].end - s->first[kind].begin);
}

/* A question that no word of its own tells: by its place in the clause, or a question mark. */
static aft_str asking_word(const aft__triage_scan *s) {
  static const aft__mark_kind kinds[] = {AFT__MARK_QUESTION_FIRST, AFT__MARK_QUESTION_LAST,
                                         AFT__MARK_QUESTION_TAIL};
  for (size_t i = 0; i < AFT__COUNT(kinds) && !aft__triage_asks(s->text); i++)
    if (s->seen[kinds[i]])
      return word_of(s, kinds[i]);
  return aft__cstr("?");
}

static void explain_flags(const aft__triage_scan *s, const aft__triage *t, aft__buf *reasons) {
  const struct {
    const char *name;
    aft__mark_kind kind;
    bool holds;
  } flags[] = {{"question", AFT__MARK_QUESTION, t->question},
               {"urgent", AFT__MARK_URGENT, t->urgent},
               {"chaser", AFT__MARK_CHASER, t->chaser},
               {"human", AFT__MARK_HUMAN, t->human}};
  for (size_t i = 0; i < AFT__COUNT(flags); i++) {
    if (!flags[i].holds)
      continue;
    aft_str word = s->seen[flags[i].kind] ? word_of(s, flags[i].kind) : asking_word(s);
    aft__arg args[] = {{"word", word}, {"flag", aft__cstr(flags[i].name)}};
    aft__reason_add(reasons, flags[i].name, "explain.flag", args, AFT__COUNT(args));
  }
}

static void explain_complaint(const aft__triage_scan *s, const aft__triage *t, aft__buf *reasons) {
  static const aft__mark_kind kinds[] = {AFT__MARK_MEDIA, AFT__MARK_REGULATOR, AFT__MARK_SERVICE};
  for (size_t i = 0; i < AFT__COUNT(kinds); i++) {
    if (!s->seen[kinds[i]])
      continue;
    aft__arg args[] = {{"word", word_of(s, kinds[i])}, {"complaint", t->complaint}};
    aft__reason_add(reasons, "complaint", "explain.complaint", args, AFT__COUNT(args));
    return;
  }
}

/* Reasons outlive the message: they keep the last four characters of a number, and no name. */
static void explain_stated(const aft__stated *stated, aft__buf *reasons) {
  static const char *const kinds[AFT__STATED_KINDS] = {
      [AFT__STATED_ORDER] = "order", [AFT__STATED_WAYBILL] = "waybill", [AFT__STATED_AMOUNT] = "amount"};
  char shown[AFT__FACT_BYTES + 8];
  size_t n = strlen(stated->value);
  if (stated->kind == AFT__STATED_PRODUCT)
    aft__reason_add(reasons, "facts", "explain.fact.product", NULL, 0);
  if (!kinds[stated->kind])
    return;
  if (stated->kind == AFT__STATED_AMOUNT)
    snprintf(shown, sizeof(shown), "%s %s", stated->value, stated->currency);
  else
    snprintf(shown, sizeof(shown), "…%s", stated->value + (n > 4 ? n - 4 : 0));
  aft__arg args[] = {{"fact", aft__cstr(kinds[stated->kind])}, {"value", aft__cstr(shown)}};
  aft__reason_add(reasons, "facts", "explain.fact", args, AFT__COUNT(args));
}

static void explain_act(const aft__triage *t, aft__buf *reasons) {
  aft__arg act = {"act", t->act};
  bool plain = aft__str_eq(t->act, aft__cstr("request")) || aft__str_eq(t->act, aft__cstr("question"));
  if (!plain && !t->courtesy) /* of mere courtesy the category tells it */
    aft__reason_add(reasons, "act", "explain.act", &act, 1);
}

void aft__triage_explain(const aft__triage_scan *s, const aft__triage *t, aft__buf *reasons) {
  explain_rules(s, reasons);
  explain_label(s, t, reasons);
  explain_model(s, reasons);
  explain_choice(s, t, reasons);
  explain_tone(s, t, reasons);
  explain_act(t, reasons);
  explain_flags(s, t, reasons);
  explain_complaint(s, t, reasons);
  for (uint32_t i = 0; i < t->n_facts; i++)
    explain_stated(&t->facts[i], reasons);
}
