/* Service levels, escalation and intake: what services ask a policy for. */
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

/* ---- which level counts ---- */

static bool counts(const aft_policy *policy, const aft__target *t, const aft__owed *in) {
  if (t->condition == AFT__FLOW_NONE)
    return aft__str_eq(aft__policy_str(policy, t->name), in->priority);
  return in->facts && aft__policy_holds(policy, t->condition, in->facts);
}

static const aft__target *target_of(const aft_policy *policy, const aft__owed *in) {
  uint32_t n = 0;
  const aft__target *targets = aft__section_data(policy, AFT__SECTION_TARGETS, &n);
  for (uint32_t i = 0; i < n; i++)
    if (counts(policy, &targets[i], in))
      return &targets[i];
  return NULL;
}

bool aft__policy_levels_ask(const aft_policy *policy) {
  uint32_t n = 0;
  const aft__target *targets = aft__section_data(policy, AFT__SECTION_TARGETS, &n);
  return n && targets[0].condition != AFT__FLOW_NONE; /* those with a condition stand first */
}

static int64_t shortened(const aft_policy *policy, const aft__owed *in, int64_t ms) {
  int32_t permille = aft__policy_tier_targets(policy, in->tier);
  return ms / 1000 * permille + ms % 1000 * permille / 1000;
}

/* The target, shortened for the customer's tier; -1 for none. */
static int64_t ms_of(const aft_policy *policy, const aft__target *target, const aft__owed *in) {
  int64_t ms = target ? target->ms[in->sla] : -1;
  return ms < 0 ? ms : shortened(policy, in, ms);
}

int64_t aft__policy_target(const aft_policy *policy, const aft__owed *in) {
  return ms_of(policy, target_of(policy, in), in);
}

aft_time aft__policy_place(const aft_policy *policy, const aft__owed *in, aft_time since) {
  int64_t target = in ? aft__policy_target(policy, in) : -1;
  return since + (target >= 0 ? target : policy->settings->routing.patience_ms);
}

static const aft__calendar *calendar_of(const aft_policy *policy, const aft__target *target) {
  return target && target->calendar != AFT__FLOW_NONE ? &policy->calendars[target->calendar] : NULL;
}

/* ---- when it is due, and why ---- */

static void explain_target(const aft_policy *policy, const aft__target *t, const aft__owed *in,
                           aft__buf *reasons) {
  char target[32];
  bool calendar = t->calendar != AFT__FLOW_NONE;
  uint32_t n = 0;
  const aft__calendar_row *rows = aft__section_data(policy, AFT__SECTION_CALENDARS, &n);
  aft__duration_format(ms_of(policy, t, in), target);
  aft__arg args[] = {
      {"sla", aft__cstr(aft__sla_name(in->sla))},
      {"priority", in->priority},
      {"target", aft__cstr(target)},
      {"calendar", calendar ? aft__policy_str(policy, rows[t->calendar].name) : aft__cstr("")}};
  aft__reason_add(reasons, "due", calendar ? "explain.due.open" : "explain.due.target", args,
                  AFT__COUNT(args));
  if (aft__policy_tier_targets(policy, in->tier) == 1000)
    return;
  aft__arg why[] = {{"tier", in->tier}};
  aft__reason_add(reasons, "due", "explain.due.tier", why, AFT__COUNT(why));
}

aft_time aft__policy_due(const aft_policy *policy, const aft__owed *in, aft__buf *reasons) {
  const aft__target *target = target_of(policy, in);
  int64_t ms = ms_of(policy, target, in);
  if (ms < 0 || in->began == AFT_TIME_NONE)
    return AFT_TIME_NONE;
  if (reasons)
    explain_target(policy, target, in, reasons);
  return aft__chain_due(calendar_of(policy, target), in->began, ms, in->holds, in->n_holds, reasons);
}

aft_time aft__policy_warning(const aft_policy *policy, const aft__owed *in) {
  const aft__target *target = target_of(policy, in);
  int64_t ms = ms_of(policy, target, in);
  if (ms < 0 || in->began == AFT_TIME_NONE || !target->warn_ms)
    return AFT_TIME_NONE;
  return aft__chain_due(calendar_of(policy, target), in->began, ms - shortened(policy, in, target->warn_ms),
                        in->holds, in->n_holds, NULL);
}

bool aft__policy_warns(const aft_policy *policy) {
  uint32_t n = 0;
  const aft__target *targets = aft__section_data(policy, AFT__SECTION_TARGETS, &n);
  for (uint32_t i = 0; i < n; i++)
    if (targets[i].warn_ms)
      return true;
  return false;
}

/* ---- how long a state may last ---- */

static const aft__calendar *calendar_named(const aft_policy *policy, aft_str name) {
  uint32_t n = 0;
  const aft__calendar_row *rows = aft__section_data(policy, AFT__SECTION_CALENDARS, &n);
  for (uint32_t i = 0; name.len && i < n; i++)
    if (aft__str_eq(aft__policy_str(policy, rows[i].name), name))
      return &policy->calendars[i];
  return NULL;
}

static const aft__calendar *calendar_of_cases(const aft_policy *policy) {
  uint32_t n = 0;
  const aft__case_settings *s = aft__section_data(policy, AFT__SECTION_CASES, &n);
  return n && s->calendar != AFT__FLOW_NONE ? &policy->calendars[s->calendar] : NULL;
}

typedef struct hours {
  const aft__calendar *calendar; /* NULL: every hour counts */
  aft_str name;
} hours;

static hours hours_of_level(const aft_policy *policy, const aft__owed *level) {
  uint32_t n = 0;
  const aft__calendar_row *rows = aft__section_data(policy, AFT__SECTION_CALENDARS, &n);
  const aft__target *target = level ? target_of(policy, level) : NULL;
  if (!target || target->calendar == AFT__FLOW_NONE)
    return (hours){0};
  return (hours){calendar_of(policy, target), aft__policy_str(policy, rows[target->calendar].name)};
}

static hours hours_of_state(const aft_policy *policy, const aft_policy *own, const aft__flow *flow,
                            const aft__flow_state *state, const aft__owed *level) {
  hours found = {.name = aft__cstr(flow->texts + state->calendar)};
  found.calendar = calendar_named(policy, found.name);
  if (!found.calendar)
    found.calendar = calendar_named(own, found.name);
  if (found.calendar)
    return found;
  if (!(state->flags & AFT__FLOW_BUSINESS))
    return hours_of_level(policy, level);
  found.calendar = calendar_of_cases(policy);
  return found;
}

static void explain_stage(const aft__flow *flow, const aft__flow_state *state, aft_str calendar,
                          aft__buf *reasons) {
  char target[32];
  aft__flow_deadline_text(state, target);
  aft__arg args[] = {{"state", aft__cstr(flow->texts + state->name)},
                     {"target", aft__cstr(target)},
                     {"calendar", calendar.data ? calendar : aft__cstr("")}};
  aft__reason_add(reasons, "due", calendar.len ? "explain.due.stage_open" : "explain.due.stage", args,
                  AFT__COUNT(args));
}

static void explain_end(aft_time at, const aft__calendar *calendar, int32_t offset_minutes,
                        aft__buf *reasons) {
  char text[AFT__CLOCK_TEXT];
  aft__clock_text(at, calendar ? aft_zone_offset(calendar->zone, at) : offset_minutes * 60, text);
  aft__arg args[] = {{"at", aft__cstr(text)}};
  aft__reason_add(reasons, "due", "explain.due.at", args, AFT__COUNT(args));
}

/* A calendar that is not open for so long sets no end: plain time does. */
static aft_time days_later(const aft__calendar *calendar, const aft__flow_state *state, aft_time from,
                           int32_t offset_minutes, aft__buf *reasons) {
  uint32_t days = (uint32_t)(state->deadline_ms / AFT__DAY);
  aft_time at = calendar ? aft__calendar_days(calendar, from, days) : AFT_TIME_NONE;
  if (at == AFT_TIME_NONE)
    at = aft__flow_deadline(state, from, offset_minutes);
  if (reasons)
    explain_end(at, calendar, offset_minutes, reasons);
  return at;
}

aft_time aft__policy_deadline(const aft_policy *policy, const aft_policy *own, const aft__flow *flow,
                              const aft__flow_state *state, const aft__owed *level, aft_time from,
                              int32_t offset_minutes, aft__buf *reasons) {
  hours open = hours_of_state(policy, own, flow, state, level);
  bool business = state->flags & AFT__FLOW_BUSINESS;
  if (!business && !open.calendar)
    return aft__flow_deadline(state, from, offset_minutes);
  if (reasons)
    explain_stage(flow, state, open.name, reasons);
  if (business)
    return days_later(open.calendar, state, from, offset_minutes, reasons);
  aft_time at = aft__chain_due(open.calendar, from, state->deadline_ms, NULL, 0, reasons);
  return at == AFT_TIME_NONE ? aft__flow_deadline(state, from, offset_minutes) : at;
}

int32_t aft__policy_most_level(const aft_policy *policy) { return policy->settings->most_level; }

void aft__policy_intake_of(const aft_policy *policy, aft__policy_intake *out) {
  out->thread_window_ms = policy->settings->thread_window_ms;
  out->pause_ms = policy->settings->pause_ms;
  out->flood_messages = (uint32_t)policy->settings->flood_messages;
  out->flood_within_ms = policy->settings->flood_within_ms;
}
