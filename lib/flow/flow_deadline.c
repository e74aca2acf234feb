/* When the deadline of a state passes. */
#include "flow/flow.h"
#include "value/value.h"

#include <stdio.h>

#define WEEK (7 * AFT__DAY)

/* 1970-01-01 was a Thursday: whole days since the Monday before, on the clock of the place. */
static int64_t days_since_monday(int64_t local) {
  int64_t days = local / AFT__DAY - (local % AFT__DAY < 0);
  int64_t weekday = (days + 3) % 7;
  return weekday < 0 ? weekday + 7 : weekday;
}

static int64_t start_of_day(int64_t local) {
  int64_t rest = local % AFT__DAY;
  return local - (rest < 0 ? rest + AFT__DAY : rest);
}

static aft_time later(aft_time from, int64_t ms) {
  aft_time at;
  return aft__add_i64(from, ms, &at) ? INT64_MAX : at;
}

/* How long it is from a time to the end of some business days. */
static int64_t business_span(int64_t local, int64_t days) {
  int64_t weekday = days_since_monday(local), wait = 0;
  if (weekday >= 5) {
    wait = start_of_day(local) + (7 - weekday) * AFT__DAY - local;
    weekday = 0;
  }
  int64_t weeks = (weekday + days) / 5, rest = (weekday + days) % 5;
  return wait + weeks * WEEK + (rest - weekday) * AFT__DAY;
}

aft_time aft__flow_deadline(const aft__flow_state *state, aft_time from, int32_t offset_minutes) {
  int64_t local, days = state->deadline_ms / AFT__DAY;
  if (!(state->flags & AFT__FLOW_BUSINESS))
    return later(from, state->deadline_ms);
  if (days > INT64_MAX / WEEK || aft__add_i64(from, offset_minutes * AFT__MINUTE, &local))
    return INT64_MAX;
  return later(from, business_span(local, days));
}

void aft__flow_deadline_text(const aft__flow_state *state, char out[32]) {
  if (state->flags & AFT__FLOW_BUSINESS)
    snprintf(out, 32, "%lldbd", (long long)(state->deadline_ms / AFT__DAY));
  else
    aft__duration_format(state->deadline_ms, out);
}
