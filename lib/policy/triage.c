/* What a text is about: one pass of the matcher, then category, tone and dialogue act from its hits. */
#include "policy/triage_priv.h"

#include <stdlib.h>

static int by_begin(const void *a, const void *b) {
  const aft__tone_hit *x = a, *y = b;
  if (x->begin != y->begin)
    return x->begin < y->begin ? -1 : 1;
  return x->end < y->end ? 1 : x->end > y->end ? -1 : 0;
}

static int32_t tone_of(aft__triage_scan *s) {
  if (s->n_tones == 0)
    return 0;
  qsort(s->tones, s->n_tones, sizeof(*s->tones), by_begin);
  return aft__tone_score(s->text, s->tones, s->n_tones);
}

static void conclude(aft__triage_scan *s, aft_str label, aft__triage *out, aft__buf *reasons) {
  aft__triage_choose(s, label, out);
  out->tone = tone_of(s);
  out->question = s->seen[AFT__MARK_QUESTION] || aft__triage_asks(s->text);
  out->urgent = s->seen[AFT__MARK_URGENT];
  out->chaser = s->seen[AFT__MARK_CHASER];
  out->human = s->seen[AFT__MARK_HUMAN];
  out->complaint = aft__cstr(s->seen[AFT__MARK_MEDIA]       ? "media"
                             : s->seen[AFT__MARK_REGULATOR] ? "regulator"
                             : s->seen[AFT__MARK_SERVICE]   ? "service"
                                                            : "none");
  const char *act = aft__triage_act(s, out->question);
  out->act = aft__cstr(act);
  bool content = strcmp(act, "request") == 0 || strcmp(act, "question") == 0;
  if (!content && out->confidence == 0) { /* nothing to sort: certainly no request */
    out->confidence = 1000;
    out->unsure = false;
  }
  if (reasons)
    aft__triage_explain(s, label, out, reasons);
}

aft_status aft__policy_triage(const aft_policy *policy, aft_str text, aft_str label, aft__arena *arena,
                              aft__triage *out, aft__buf *reasons, aft_error *error) {
  aft__buf normal;
  aft__triage_scan s;
  memset(&s, 0, sizeof(s));
  memset(out, 0, sizeof(*out));
  AFT__TRY(aft__utf8_require(text, "text", error));
  aft__buf_init(&normal, policy->env);
  aft_status status = aft__normalise(&normal, text, error);
  if (status >= 0)
    status = aft__triage_prepare(&s, policy, aft__buf_view(&normal), arena, error);
  if (status >= 0) {
    aft__triage_scan_run(&s);
    out->language = aft__language(text);
    conclude(&s, label, out, reasons);
    status = reasons && reasons->failed ? aft__nomem(error) : AFT_OK;
  }
  aft__buf_done(&normal);
  return status;
}

void aft__triage_facts(const aft__triage *triage, aft__facts *facts) {
  facts->text[AFT__FACT_CATEGORY] = triage->category;
  facts->text[AFT__FACT_TOPIC] = triage->topic;
  facts->text[AFT__FACT_COMPLAINT] = triage->complaint;
  facts->text[AFT__FACT_ACT] = triage->act;
  facts->text[AFT__FACT_LANGUAGE] = aft__cstr(triage->language);
  facts->number[AFT__FACT_CONFIDENCE] = triage->confidence;
  facts->number[AFT__FACT_TONE] = triage->tone;
  facts->number[AFT__FACT_QUESTION] = triage->question;
  facts->number[AFT__FACT_URGENT] = triage->urgent;
  facts->number[AFT__FACT_CHASER] = triage->chaser;
  facts->number[AFT__FACT_HUMAN] = triage->human;
}
