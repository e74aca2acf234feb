/* Surveys: which one is asked about what, and when it may be sent. */
#include "policy/policy_priv.h"

const char *const aft__survey_abouts[AFT__ABOUTS + 1] = {"ticket", "case", NULL};

static const aft__survey_row *rows_of(const aft_policy *policy, uint32_t *n) {
  return aft__section_data(policy, AFT__SECTION_SURVEYS, n);
}

static void tell(const aft_policy *policy, const aft__survey_row *s, aft__policy_survey *out) {
  *out = (aft__policy_survey){
      .name = aft__policy_str(policy, s->name),
      .enabled = s->enabled != 0,
      .custom = s->kind == AFT__SCORES,
      .about = (aft__survey_about)s->about,
      .kind = s->kind < AFT__SCORES ? (aft__score_kind)s->kind : AFT__SCORE_CSAT,
      .sample = s->sample,
      .low = s->low,
      .after_ms = s->after_ms,
      .fatigue_ms = s->fatigue_ms,
      .reminder_ms = s->reminder_ms,
      .expires_ms = s->expires_ms,
      .edit_ms = s->edit_ms,
      .calendar = s->hours,
      .first = s->first,
      .questions = s->count,
  };
}

bool aft__policy_survey_find(const aft_policy *policy, aft_str name, aft__policy_survey *out) {
  uint32_t n;
  const aft__survey_row *rows = rows_of(policy, &n);
  for (uint32_t i = 0; i < n; i++)
    if (aft__str_eq(aft__policy_str(policy, rows[i].name), name)) {
      tell(policy, &rows[i], out);
      return true;
    }
  tell(policy, &rows[0], out);
  return false;
}

/* The usual one, which is the first, comes last. */
bool aft__policy_survey_pick(const aft_policy *policy, aft__survey_about about, const aft__facts *facts,
                             aft__policy_survey *out) {
  uint32_t n;
  const aft__survey_row *rows = rows_of(policy, &n);
  for (uint32_t k = 1; k <= n; k++) {
    const aft__survey_row *s = &rows[k % n];
    if (!s->enabled || s->about != (uint32_t)about)
      continue;
    if (s->condition != AFT__FLOW_NONE && !aft__policy_holds(policy, s->condition, facts))
      continue;
    tell(policy, s, out);
    return true;
  }
  return false;
}

bool aft__policy_surveys_ask(const aft_policy *policy, aft__survey_about about, bool *has_conditions) {
  uint32_t n;
  bool any = false, conditions = false;
  const aft__survey_row *rows = rows_of(policy, &n);
  for (uint32_t i = 0; i < n; i++)
    if (rows[i].enabled && rows[i].about == (uint32_t)about) {
      any = true;
      conditions |= rows[i].condition != AFT__FLOW_NONE;
    }
  if (has_conditions)
    *has_conditions = conditions;
  return any;
}

aft_time aft__policy_survey_opening(const aft_policy *policy, const aft__policy_survey *survey,
                                    aft_time from) {
  aft_time start, end;
  if (survey->calendar == AFT__FLOW_NONE)
    return from;
  return aft__calendar_next(&policy->calendars[survey->calendar], from, &start, &end) ? start : AFT_TIME_NONE;
}

const char *aft__policy_survey_kind(const aft__policy_survey *survey) {
  return survey->custom ? "custom" : aft__scales[survey->kind].name;
}
