/* Service levels, escalation, intake and survey: what services ask a policy for. */
#include "policy/policy_priv.h"

const char *aft__sla_name(aft__sla sla) {
  static const char *const names[AFT__SLAS] = {"first_response", "next_response", "resolution"};
  return names[sla];
}

bool aft__sla_find(aft_str name, aft__sla *out) {
  for (int i = 0; i < AFT__SLAS; i++) {
    if (aft__str_eq(name, aft__cstr(aft__sla_name((aft__sla)i)))) {
      *out = (aft__sla)i;
      return true;
    }
  }
  return false;
}

int64_t aft__policy_target(const aft_policy *policy, aft_str priority, aft__sla sla) {
  uint32_t n = 0;
  const aft__level *levels = aft__section_data(policy, AFT__SECTION_LEVELS, &n);
  for (uint32_t i = 0; i < n; i++)
    if (aft__str_eq(aft__policy_str(policy, levels[i].name), priority))
      return levels[i].target[sla];
  return -1;
}

static void explain(aft_str priority, aft__sla sla, int64_t target, int64_t paused_ms, aft__buf *reasons) {
  char long_target[32], pause[32];
  aft__duration_format(target, long_target);
  aft__duration_format(paused_ms, pause);
  aft__arg args[] = {{"sla", aft__cstr(aft__sla_name(sla))},
                     {"priority", priority},
                     {"target", aft__cstr(long_target)},
                     {"paused", aft__cstr(pause)}};
  bool stood = paused_ms > 0;
  aft__reason_add(reasons, "due", stood ? "explain.due.paused" : "explain.due.target", args, stood ? 4 : 3);
}

aft_time aft__policy_due(const aft_policy *policy, aft_str priority, aft__sla sla, aft_time began,
                         int64_t paused_ms, aft__buf *reasons) {
  int64_t target = aft__policy_target(policy, priority, sla);
  aft_time due = 0;
  if (target < 0 || began == AFT_TIME_NONE)
    return AFT_TIME_NONE;
  if (aft__add_i64(began, target, &due) || (paused_ms > 0 && aft__add_i64(due, paused_ms, &due)))
    return AFT_TIME_NONE;
  if (reasons)
    explain(priority, sla, target, paused_ms, reasons);
  return due;
}

int32_t aft__policy_most_level(const aft_policy *policy) { return policy->settings->most_level; }

void aft__policy_intake_of(const aft_policy *policy, aft__policy_intake *out) {
  out->thread_window_ms = policy->settings->thread_window_ms;
  out->pause_ms = policy->settings->pause_ms;
  out->flood_messages = (uint32_t)policy->settings->flood_messages;
  out->flood_within_ms = policy->settings->flood_within_ms;
}

void aft__policy_survey_of(const aft_policy *policy, aft__policy_survey *out) {
  out->enabled = policy->settings->survey_enabled != 0;
  out->kind = aft__policy_str(policy, policy->settings->survey_kind);
  out->after_ms = policy->settings->survey_after_ms;
}
