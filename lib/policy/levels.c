/* Service levels, escalation and intake: what services ask a policy for. */
#include "policy/policy_priv.h"

#include <stdio.h>

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

/* The target, shortened for the customer's tier; -1 for none. */
static int64_t ms_of(const aft_policy *policy, const aft__target *target, const aft__owed *in) {
  int64_t ms = target ? target->ms[in->sla] : -1;
  return ms < 0 ? ms
                : ms / 1000 * aft__policy_tier_targets(policy, in->tier) +
                      ms % 1000 * aft__policy_tier_targets(policy, in->tier) / 1000;
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

int64_t aft__policy_open_time(const aft_policy *policy, const aft__owed *in, aft_time from, aft_time to) {
  const aft__calendar *calendar = calendar_of(policy, target_of(policy, in));
  if (to <= from)
    return 0;
  return calendar ? aft__calendar_between(calendar, from, to) : to - from;
}

/* ---- when it is due, and why ---- */

#define MOST_SHOWN 6u /* stretches that an explanation lists */

typedef struct chain {
  const aft__calendar *calendar;
  aft__buf *reasons;
  aft_time start, end; /* of the stretch that the next one may go on from */
  uint32_t n;
} chain;

static void show_stretch(chain *c) {
  char from[AFT__CLOCK_TEXT], to[AFT__CLOCK_TEXT];
  if (!c->n || c->n > MOST_SHOWN)
    return;
  aft__clock_text(c->start, aft_zone_offset(c->calendar->zone, c->start), from);
  aft__clock_text(c->end, aft_zone_offset(c->calendar->zone, c->end), to);
  aft__arg args[] = {{"from", aft__cstr(from)}, {"to", aft__cstr(to)}};
  aft__reason_add(c->reasons, "due", "explain.due.stretch", args, AFT__COUNT(args));
}

/* Days that follow each other without a pause are one stretch. */
static void add_stretch(void *user, aft_time start, aft_time end) {
  chain *c = user;
  if (c->n && start == c->end) {
    c->end = end;
    return;
  }
  show_stretch(c);
  c->n++;
  c->start = start;
  c->end = end;
}

static void explain_target(const aft_policy *policy, const aft__target *t, const aft__owed *in,
                           aft__buf *reasons) {
  char target[32], paused[32];
  bool stood = in->paused_ms > 0, calendar = t->calendar != AFT__FLOW_NONE;
  static const char *const keys[2][2] = {{"explain.due.target", "explain.due.paused"},
                                         {"explain.due.open", "explain.due.open_paused"}};
  uint32_t n = 0;
  const aft__calendar_row *rows = aft__section_data(policy, AFT__SECTION_CALENDARS, &n);
  aft__duration_format(ms_of(policy, t, in), target);
  aft__duration_format(in->paused_ms, paused);
  aft__arg args[] = {{"sla", aft__cstr(aft__sla_name(in->sla))},
                     {"priority", in->priority},
                     {"target", aft__cstr(target)},
                     {"calendar", calendar ? aft__policy_str(policy, rows[t->calendar].name) : aft__cstr("")},
                     {"paused", aft__cstr(paused)}};
  aft__reason_add(reasons, "due", keys[calendar][stood], args, AFT__COUNT(args));
  if (aft__policy_tier_targets(policy, in->tier) == 1000)
    return;
  aft__arg why[] = {{"tier", in->tier}};
  aft__reason_add(reasons, "due", "explain.due.tier", why, AFT__COUNT(why));
}

static void explain_end(chain *c, aft_time due) {
  char at[AFT__CLOCK_TEXT], more[16];
  show_stretch(c);
  if (c->n > MOST_SHOWN) {
    snprintf(more, sizeof more, "%u", (unsigned)(c->n - MOST_SHOWN));
    aft__arg args[] = {{"n", aft__cstr(more)}};
    aft__reason_add(c->reasons, "due", "explain.due.more", args, AFT__COUNT(args));
  }
  aft__clock_text(due, aft_zone_offset(c->calendar->zone, due), at);
  aft__arg args[] = {{"at", aft__cstr(at)}};
  aft__reason_add(c->reasons, "due", "explain.due.at", args, AFT__COUNT(args));
}

static aft_time later(const aft__calendar *calendar, aft_time began, int64_t span, chain *c) {
  aft_time at;
  if (calendar)
    return aft__calendar_add(calendar, began, span, c && c->reasons ? add_stretch : NULL, c);
  return aft__add_i64(began, span, &at) ? AFT_TIME_NONE : at;
}

/* False without a target. */
static bool span_of(const aft_policy *policy, const aft__target *target, const aft__owed *in, int64_t *span) {
  int64_t ms = ms_of(policy, target, in);
  return ms >= 0 && in->began != AFT_TIME_NONE &&
         !aft__add_i64(ms, in->paused_ms > 0 ? in->paused_ms : 0, span);
}

aft_time aft__policy_due(const aft_policy *policy, const aft__owed *in, aft__buf *reasons) {
  const aft__target *target = target_of(policy, in);
  chain c = {.calendar = calendar_of(policy, target), .reasons = reasons};
  int64_t span;
  if (!span_of(policy, target, in, &span))
    return AFT_TIME_NONE;
  if (reasons)
    explain_target(policy, target, in, reasons);
  aft_time due = later(c.calendar, in->began, span, &c);
  if (reasons && c.calendar && due != AFT_TIME_NONE)
    explain_end(&c, due);
  return due;
}

aft_time aft__policy_warning(const aft_policy *policy, const aft__owed *in) {
  const aft__target *target = target_of(policy, in);
  int64_t span;
  if (!span_of(policy, target, in, &span) || !target->warn_ms || target->warn_ms >= ms_of(policy, target, in))
    return AFT_TIME_NONE;
  return later(calendar_of(policy, target), in->began, span - target->warn_ms, NULL);
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

static const aft__calendar *calendar_of_state(const aft_policy *policy, const aft_policy *own,
                                              const aft__flow *flow, const aft__flow_state *state) {
  aft_str name = aft__cstr(flow->texts + state->calendar);
  const aft__calendar *found = calendar_named(policy, name);
  if (!found)
    found = calendar_named(own, name);
  return found || !(state->flags & AFT__FLOW_BUSINESS) ? found : calendar_of_cases(policy);
}

static void explain_stage(const aft__flow *flow, const aft__flow_state *state, aft__buf *reasons) {
  char target[32];
  const char *calendar = flow->texts + state->calendar;
  aft__flow_deadline_text(state, target);
  aft__arg args[] = {{"state", aft__cstr(flow->texts + state->name)},
                     {"target", aft__cstr(target)},
                     {"calendar", aft__cstr(calendar)}};
  aft__reason_add(reasons, "due", *calendar ? "explain.due.stage_open" : "explain.due.stage", args,
                  AFT__COUNT(args));
}

static void explain_stage_end(aft_time at, const aft__calendar *calendar, int32_t offset_minutes,
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
    explain_stage_end(at, calendar, offset_minutes, reasons);
  return at;
}

aft_time aft__policy_deadline(const aft_policy *policy, const aft_policy *own, const aft__flow *flow,
                              const aft__flow_state *state, aft_time from, int32_t offset_minutes,
                              aft__buf *reasons) {
  chain c = {.calendar = calendar_of_state(policy, own, flow, state), .reasons = reasons};
  bool business = state->flags & AFT__FLOW_BUSINESS;
  if (!business && !c.calendar)
    return aft__flow_deadline(state, from, offset_minutes);
  if (reasons)
    explain_stage(flow, state, reasons);
  if (business)
    return days_later(c.calendar, state, from, offset_minutes, reasons);
  aft_time at = later(c.calendar, from, state->deadline_ms, &c);
  if (at == AFT_TIME_NONE)
    return aft__flow_deadline(state, from, offset_minutes);
  if (reasons)
    explain_end(&c, at);
  return at;
}

int32_t aft__policy_most_level(const aft_policy *policy) { return policy->settings->most_level; }

void aft__policy_intake_of(const aft_policy *policy, aft__policy_intake *out) {
  out->thread_window_ms = policy->settings->thread_window_ms;
  out->pause_ms = policy->settings->pause_ms;
  out->flood_messages = (uint32_t)policy->settings->flood_messages;
  out->flood_within_ms = policy->settings->flood_within_ms;
}
