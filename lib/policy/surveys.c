/* Surveys: what is asked, whom, when, and what counts as a low answer. */
#include "policy/policy_priv.h"

#define NEVER INT64_C(-1)

/* ---- compiling ---- */

/* A span; NEVER where the policy says so. */
static int64_t span(const aft__node *survey, const char *key, int64_t usual) {
  const aft__node *node = aft__node_get(survey, key);
  int64_t ms = 0;
  if (node && aft__str_eq(node->text, aft__cstr("never")))
    return NEVER;
  return aft__node_duration(node, &ms) ? ms : usual;
}

static int64_t whole(const aft__node *survey, const char *key, int64_t usual) {
  int64_t n = 0;
  return aft__node_int(aft__node_get(survey, key), &n) ? n : usual;
}

static aft__score_kind kind_of(const aft__node *survey) {
  const aft__node *node = aft__node_get(survey, "kind");
  aft__score_kind kind = AFT__SCORE_CSAT;
  if (node && node->kind == AFT__NODE_TEXT)
    aft__score_find(node->text, &kind); /* the shape says where there is none */
  return kind;
}

static void check(aft__compile *cx, const aft__node *survey, const aft__settings *s) {
  const aft__scale *scale = &aft__scales[s->survey_scale];
  const aft__node *low = aft__node_get(survey, "low"), *reminder = aft__node_get(survey, "reminder");
  if (low && (s->survey_low < scale->least || s->survey_low >= scale->most))
    aft__fault_node(cx->faults, AFT_E_POLICY, low,
                    "low answers of %s end at %d to %d: those above are not low", scale->name,
                    (int)scale->least, (int)scale->most - 1);
  if (reminder && s->survey_expires_ms > 0 && s->survey_reminder_ms >= s->survey_expires_ms)
    aft__fault_node(cx->faults, AFT_E_POLICY, reminder, "the reminder comes when the survey has ended");
}

void aft__compile_survey(aft__compile *cx, aft__settings *s) {
  const aft__node *survey = aft__node_get(cx->root, "survey");
  size_t mark = aft__path_push(cx->faults, aft__cstr("survey"));
  bool enabled = false;
  s->survey_scale = kind_of(survey);
  s->survey_enabled = aft__node_bool(aft__node_get(survey, "enabled"), &enabled) && enabled;
  s->survey_sample = (int32_t)whole(survey, "sample", 1000);
  s->survey_low = (int32_t)whole(survey, "low", aft__scales[s->survey_scale].poor);
  s->survey_after_ms = span(survey, "after", AFT__HOUR);
  s->survey_fatigue_ms = span(survey, "fatigue", 30 * AFT__DAY);
  s->survey_reminder_ms = span(survey, "reminder", NEVER);
  s->survey_expires_ms = span(survey, "expires", 14 * AFT__DAY);
  s->survey_edit_ms = span(survey, "edit", AFT__DAY);
  s->survey_hours = aft__compile_calendar_ref(cx, survey, "hours");
  check(cx, survey, s);
  aft__path_pop(cx->faults, mark);
}

/* ---- asking ---- */

void aft__policy_survey_of(const aft_policy *policy, aft__policy_survey *out) {
  const aft__settings *s = policy->settings;
  *out = (aft__policy_survey){.enabled = s->survey_enabled != 0,
                              .kind = (aft__score_kind)s->survey_scale,
                              .sample = s->survey_sample,
                              .low = s->survey_low,
                              .after_ms = s->survey_after_ms,
                              .fatigue_ms = s->survey_fatigue_ms,
                              .reminder_ms = s->survey_reminder_ms,
                              .expires_ms = s->survey_expires_ms,
                              .edit_ms = s->survey_edit_ms};
}

aft_time aft__policy_survey_opening(const aft_policy *policy, aft_time from) {
  uint32_t calendar = policy->settings->survey_hours;
  aft_time start, end;
  if (calendar == AFT__FLOW_NONE)
    return from;
  return aft__calendar_next(&policy->calendars[calendar], from, &start, &end) ? start : AFT_TIME_NONE;
}
