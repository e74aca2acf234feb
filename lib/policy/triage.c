/* What a message is about in its conversation: one pass of the matcher, then category, tone and dialogue act
 * from its hits. */
#include "policy/triage_priv.h"

#include <stdlib.h>

#define COURTESY    350 /* tone of mere thanks */
#define MERE_THANKS 5u  /* characters beside the courtesy that a text of thanks may have */

static int by_begin(const void *a, const void *b) {
  const aft__tone_hit *x = a, *y = b;
  if (x->begin != y->begin)
    return x->begin < y->begin ? -1 : 1;
  return x->end < y->end ? 1 : x->end > y->end ? -1 : 0;
}

/* Thanks at the end of a request are mere courtesy; a text of little else is a kind word. */
static int32_t courtesy_of(const aft__triage_scan *s) {
  bool kind = s->seen[AFT__MARK_COURTESY] && !s->question && aft__triage_courteous(s, MERE_THANKS);
  return kind ? COURTESY : 0;
}

static int32_t tone_of(aft__triage_scan *s) {
  if (s->n_tones == 0)
    return courtesy_of(s);
  qsort(s->tones, s->n_tones, sizeof(*s->tones), by_begin);
  int32_t tone = aft__tone_score(s->text, s->tones, s->n_tones);
  return tone == 0 ? courtesy_of(s) : tone;
}

static aft_str tone_name(const aft_policy *policy, int32_t tone) {
  int32_t clear = policy->settings->tone_clear;
  return aft__cstr(tone <= -clear ? "negative" : tone >= clear ? "positive" : "neutral");
}

/* Somebody who says what it is about, and that clearly, wants more than a person. */
static bool wants_a_person(const aft__triage *t) {
  return t->human && (t->unsure || aft__str_eq(t->category, aft__cstr("other")));
}

static void conclude(aft__triage_scan *s, aft__triage *out) {
  out->tone = tone_of(s);
  out->tone_name = tone_name(s->policy, out->tone);
  out->question = s->question;
  out->urgent = s->seen[AFT__MARK_URGENT];
  out->chaser = s->seen[AFT__MARK_CHASER];
  out->human = s->seen[AFT__MARK_HUMAN];
  out->complaint = aft__cstr(s->seen[AFT__MARK_MEDIA]       ? "media"
                             : s->seen[AFT__MARK_REGULATOR] ? "regulator"
                             : s->seen[AFT__MARK_SERVICE]   ? "service"
                                                            : "none");
  out->act = aft__cstr(aft__triage_act(s, out->question, wants_a_person(out)));
  out->courtesy = !aft__triage_content(out) && out->confidence == 0;
  if (out->courtesy) { /* nothing to sort: certainly no request */
    out->confidence = 1000;
    out->unsure = false;
  }
}

static void take_input(const aft__triage_in *in, aft__triage *out) {
  out->order_state = in->order_state;
  out->case_state = in->case_state;
  out->has_order = in->has_order;
  out->asked = in->asked;
}

/* What the conditions of rules may test. */
static aft__facts facts_of(const aft__triage_in *in, const char *language) {
  aft__facts facts;
  memset(&facts, 0, sizeof(facts));
  facts.text[AFT__FACT_ORDER_STATE] = in->order_state;
  facts.text[AFT__FACT_CASE_STATE] = in->case_state;
  facts.text[AFT__FACT_CHANNEL] = in->channel;
  facts.text[AFT__FACT_TIER] = in->tier;
  facts.text[AFT__FACT_LABEL] = in->label;
  facts.text[AFT__FACT_LANGUAGE] = aft__cstr(language);
  facts.number[AFT__FACT_HAS_ORDER] = in->has_order;
  facts.number[AFT__FACT_ASKED] = in->asked;
  return facts;
}

static aft_status language_of(const aft__triage_in *in, uint32_t turns, aft__arena *arena, const char **out,
                              aft_error *error) {
  *out = in->language.len ? aft__arena_dup(arena, in->language).data : aft__triage_language(in, turns);
  return *out ? AFT_OK : aft__nomem(error);
}

static aft_status scan_text(aft__triage_scan *s, const aft_policy *policy, aft_str text, aft__arena *arena,
                            aft__triage *out, aft__facts *facts, aft_error *error) {
  AFT__TRY(aft__triage_prepare(s, policy, text, arena, error));
  AFT__TRY(language_of(s->in, out->turns, arena, &out->language, error));
  s->foreign = !aft__triage_covers(policy, out->language, text);
  aft__triage_scan_run(s);
  *facts = facts_of(s->in, out->language);
  return AFT_OK;
}

static aft_status read_text(aft__triage_scan *s, const aft_policy *policy, aft_str text, aft__arena *arena,
                            aft__triage *out, aft_error *error) {
  aft__facts facts;
  AFT__TRY(scan_text(s, policy, text, arena, out, &facts, error));
  AFT__TRY(aft__triage_choose(s, s->in, &facts, arena, out, error));
  conclude(s, out);
  return aft__triage_state(policy, s->in, arena, out, error);
}

aft_status aft__triage_run(const aft_policy *policy, const aft__triage_in *in, aft__arena *arena,
                           aft__triage *out, aft__buf *reasons, aft_error *error) {
  aft__buf normal;
  aft__triage_scan s;
  memset(&s, 0, sizeof(s));
  memset(out, 0, sizeof(*out));
  aft__triage_in given = *in;
  AFT__TRY(aft__utf8_require(in->text, "text", error));
  if (in->desk.len && !in->asked)
    AFT__TRY(aft__triage_wants_answer(policy, in->desk, arena, &given.asked, error));
  s.in = &given;
  take_input(&given, out);
  aft__buf_init(&normal, policy->env);
  aft_status status = aft__triage_join(in, &normal, &s.own, &out->turns, error);
  if (status >= 0)
    status = read_text(&s, policy, aft__buf_view(&normal), arena, out, error);
  if (status >= 0 && reasons) {
    aft__triage_explain(&s, out, reasons);
    status = reasons->failed ? aft__nomem(error) : AFT_OK;
  }
  aft__buf_done(&normal);
  return status;
}

aft_status aft__triage_evidence(const aft_policy *policy, const aft__triage_in *in, aft__arena *arena,
                                int32_t *points, int64_t *model, aft_error *error) {
  aft__buf normal;
  aft__triage_scan s;
  aft__triage found;
  aft__facts facts;
  memset(&s, 0, sizeof(s));
  memset(&found, 0, sizeof(found));
  s.in = in;
  aft__buf_init(&normal, policy->env);
  aft_status status = aft__triage_join(in, &normal, &s.own, &found.turns, error);
  if (status >= 0)
    status = scan_text(&s, policy, aft__buf_view(&normal), arena, &found, &facts, error);
  if (status >= 0)
    aft__triage_weigh(&s, in, &facts, points, model);
  aft__buf_done(&normal);
  return status;
}

aft_status aft__policy_triage(const aft_policy *policy, aft_str text, aft_str label, aft__arena *arena,
                              aft__triage *out, aft__buf *reasons, aft_error *error) {
  aft__triage_in in = {.text = text, .label = label};
  return aft__triage_run(policy, &in, arena, out, reasons, error);
}

aft_status aft__triage_wants_answer(const aft_policy *policy, aft_str text, aft__arena *arena, bool *out,
                                    aft_error *error) {
  aft__buf normal;
  aft__triage_scan s;
  aft__triage_in in = {.text = text};
  uint32_t turns = 0;
  memset(&s, 0, sizeof(s));
  s.in = &in;
  aft__buf_init(&normal, policy->env);
  aft_status status = aft__triage_join(&in, &normal, &s.own, &turns, error);
  if (status >= 0)
    status = aft__triage_prepare(&s, policy, aft__buf_view(&normal), arena, error);
  if (status >= 0) {
    aft__triage_scan_run(&s);
    *out = (s.question || s.seen[AFT__MARK_ASKS_FOR]) && !s.seen[AFT__MARK_ANYTHING_ELSE];
  }
  aft__buf_done(&normal);
  return status;
}

bool aft__triage_content(const aft__triage *triage) {
  return aft__str_eq(triage->act, aft__cstr("request")) || aft__str_eq(triage->act, aft__cstr("question")) ||
         aft__str_eq(triage->act, aft__cstr("human"));
}

void aft__triage_facts(const aft__triage *triage, aft__facts *facts) {
  facts->text[AFT__FACT_CATEGORY] = triage->category;
  facts->text[AFT__FACT_TOPIC] = triage->topic;
  facts->text[AFT__FACT_COMPLAINT] = triage->complaint;
  facts->text[AFT__FACT_ACT] = triage->act;
  facts->text[AFT__FACT_LANGUAGE] = aft__cstr(triage->language);
  facts->text[AFT__FACT_ORDER_STATE] = triage->order_state;
  facts->text[AFT__FACT_CASE_STATE] = triage->case_state;
  facts->number[AFT__FACT_CONFIDENCE] = triage->confidence;
  facts->number[AFT__FACT_UNSURE] = triage->unsure;
  facts->number[AFT__FACT_TONE] = triage->tone;
  facts->number[AFT__FACT_QUESTION] = triage->question;
  facts->number[AFT__FACT_URGENT] = triage->urgent;
  facts->number[AFT__FACT_CHASER] = triage->chaser;
  facts->number[AFT__FACT_HUMAN] = triage->human;
  facts->number[AFT__FACT_ASKED] = triage->asked;
  facts->number[AFT__FACT_HAS_ORDER] = triage->has_order;
}
