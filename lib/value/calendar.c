/* Hours of business. A moment is open when the clock on the wall shows an open minute of its day: what
 * daylight saving skips does not count, and what it repeats counts twice. Time is walked in stretches of one
 * local day and one offset, so no minute is looked at by itself. */
#include "value/value.h"

#include <stdlib.h>

#define MOST_DAYS 3700 /* a calendar without an open minute in ten years has none */

static int32_t offset_ms(const aft__calendar *c, aft_time at) {
  return c->zone ? aft_zone_offset(c->zone, at) * 1000 : 0;
}

static int64_t day_of(int64_t local) { return local / AFT__DAY - (local % AFT__DAY < 0); }

static int by_day(const void *key, const void *item) {
  int32_t wanted = *(const int32_t *)key, day = ((const aft__special_day *)item)->day;
  return wanted < day ? -1 : wanted > day;
}

static aft__hours_of hours_of(const aft__calendar *c, int64_t day) {
  int32_t key = (int32_t)day;
  const aft__special_day *special =
      c->n_days ? bsearch(&key, c->days, c->n_days, sizeof *c->days, by_day) : NULL;
  if (special)
    return special->hours;
  int64_t weekday = (day + 3) % 7; /* 1970 began on a Thursday */
  return c->week[weekday < 0 ? weekday + 7 : weekday];
}

/* Where the offset changes after t and before end, to the second; end where it does not. A zone changes at
 * most once a day. */
static aft_time next_change(const aft__calendar *c, aft_time t, aft_time end, int32_t offset) {
  aft_time low = t, high = end - 1;
  if (offset_ms(c, high) == offset)
    return end;
  while (high - low > 1) {
    aft_time middle = low + (high - low) / 2;
    if (offset_ms(c, middle) == offset)
      low = middle;
    else
      high = middle;
  }
  return high;
}

bool aft__calendar_next(const aft__calendar *c, aft_time from, aft_time *start, aft_time *end) {
  aft_time t = from, most;
  if (aft__add_i64(from, MOST_DAYS * AFT__DAY, &most))
    return false;
  while (t < most) {
    int32_t offset = offset_ms(c, t);
    int64_t day = day_of(t + offset);
    aft_time midnight = day * AFT__DAY - offset;
    aft_time stretch = next_change(c, t, midnight + AFT__DAY, offset);
    aft__hours_of hours = hours_of(c, day);
    for (uint32_t i = 0; i < hours.count; i++) {
      const aft__hours *h = &c->hours[hours.first + i];
      *start = midnight + h->from * AFT__MINUTE;
      *end = midnight + h->to * AFT__MINUTE;
      *start = *start < t ? t : *start;
      *end = *end > stretch ? stretch : *end;
      if (*start < *end)
        return true;
    }
    t = stretch;
  }
  return false;
}

aft_time aft__calendar_add(const aft__calendar *c, aft_time from, int64_t open_ms, aft__calendar_fn visit,
                           void *user) {
  aft_time t = from, start, end;
  if (open_ms <= 0)
    return from;
  while (aft__calendar_next(c, t, &start, &end)) {
    if (open_ms <= end - start)
      end = start + open_ms;
    open_ms -= end - start;
    if (visit)
      visit(user, start, end);
    if (!open_ms)
      return end;
    t = end;
  }
  return AFT_TIME_NONE;
}

aft_time aft__calendar_days(const aft__calendar *c, aft_time from, uint32_t days) {
  int64_t local = from + offset_ms(c, from), day = day_of(local), time = local - day * AFT__DAY;
  for (int i = 0; i < MOST_DAYS && days; i++)
    days -= hours_of(c, ++day).count > 0;
  aft_time at = day * AFT__DAY + time;
  return days ? AFT_TIME_NONE : at - offset_ms(c, at - offset_ms(c, at));
}

int64_t aft__calendar_between(const aft__calendar *c, aft_time from, aft_time to) {
  aft_time t = from, start, end;
  int64_t open = 0;
  while (t < to && aft__calendar_next(c, t, &start, &end) && start < to) {
    open += (end < to ? end : to) - start;
    t = end;
  }
  return open;
}
