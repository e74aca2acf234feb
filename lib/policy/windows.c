/* Spans of days as law counts them. */
#include "policy/policy_priv.h"

bool aft__span_parse(aft_str text, uint32_t *n, aft__span_unit *unit) {
  static const struct {
    const char *suffix;
    aft__span_unit unit;
    uint32_t times;
  } units[] = {{"h", AFT__SPAN_HOURS, 1},
               {"d", AFT__SPAN_DAYS, 1},
               {"w", AFT__SPAN_DAYS, 7},
               {"mo", AFT__SPAN_MONTHS, 1},
               {"bd", AFT__SPAN_BUSINESS, 1}};
  size_t at = 0;
  uint32_t number = 0;
  while (at < text.len && at < 6 && text.data[at] >= '0' && text.data[at] <= '9')
    number = number * 10 + (uint32_t)(text.data[at++] - '0');
  if (at == 0 || at == text.len || number == 0)
    return false;
  aft_str suffix = aft__str(text.data + at, text.len - at);
  for (size_t i = 0; i < AFT__COUNT(units); i++) {
    if (!aft__str_eq(suffix, aft__cstr(units[i].suffix)) || number > AFT__SPAN_MOST / units[i].times)
      continue;
    *n = number * units[i].times;
    *unit = units[i].unit;
    return true;
  }
  return false;
}

static int32_t days_in(int32_t year, int32_t month) {
  aft__civil last = {.year = year, .month = month + 1, .day = 0};
  aft__civil found;
  aft__civil_of(aft__time_of(&last, 0), 0, &found);
  return found.day;
}

/* The same day of a later month, or the day before it where the first day counts; the last of a month that
 * has no such day. */
static void add_months(aft__civil *day, uint32_t n, bool include) {
  int32_t months = day->month - 1 + (int32_t)n;
  int32_t wanted = day->day;
  day->year += months / 12;
  day->month = months % 12 + 1;
  int32_t most = days_in(day->year, day->month);
  day->day = wanted <= most ? wanted - include : most;
}

/* Saturdays and Sundays that a number of business days steps over, from a weekday (0 is Monday). */
static int32_t business_days(int32_t weekday, uint32_t n) {
  int32_t days = 0;
  if (n >= 5) {
    days = (int32_t)(n / 5) * 7;
    n %= 5;
    if (n == 0 && weekday > 4) { /* a whole number of weeks from a weekend ends on the Friday */
      days -= weekday - 4;
      return days;
    }
  }
  while (n > 0) {
    days++;
    weekday = (weekday + 1) % 7;
    n -= weekday < 5;
  }
  return days;
}

static void step(aft__civil *day, int32_t days) {
  day->day += days;
  aft_time at = aft__time_of(day, 0);
  aft__civil_of(at, 0, day);
}

aft_time aft__span_end(aft_time from, uint32_t n, aft__span_unit unit, bool include, bool shift,
                       int32_t offset_minutes) {
  aft__civil day;
  aft_time end = 0;
  int32_t offset = offset_minutes * 60;
  if (from == AFT_TIME_NONE || n > AFT__SPAN_MOST)
    return AFT_TIME_NONE;
  if (unit == AFT__SPAN_HOURS)
    return aft__add_i64(from, (int64_t)n * AFT__HOUR, &end) ? INT64_MAX : end;
  aft__civil_of(from, offset, &day);
  day.hour = day.minute = day.second = day.ms = 0;
  if (include && unit != AFT__SPAN_MONTHS)
    step(&day, -1);
  if (unit == AFT__SPAN_MONTHS)
    add_months(&day, n, include);
  else
    step(&day, unit == AFT__SPAN_BUSINESS ? business_days(day.weekday, n) : (int32_t)n);
  step(&day, 0);
  if (shift && day.weekday > 4)
    step(&day, 7 - day.weekday);
  day.day++;
  return aft__time_of(&day, offset) - 1;
}
