/* The rule that a POSIX TZ text states ("EST5EDT,M3.2.0,M11.1.0"), with the extensions of RFC 8536, 3.3.1. */
#include "value/value_priv.h"

#define HOUR_S 3600
#define DAY_S  86400

typedef struct reader {
  const char *at, *end;
} reader;

static char peek(const reader *r) { return r->at < r->end ? *r->at : '\0'; }

static bool take(reader *r, char c) {
  if (peek(r) != c)
    return false;
  r->at++;
  return true;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

static bool number(reader *r, int32_t least, int32_t most, int32_t *out) {
  int32_t value = 0;
  if (!is_digit(peek(r)))
    return false;
  for (; is_digit(peek(r)); r->at++) {
    value = value * 10 + (*r->at - '0');
    if (value > most)
      return false;
  }
  *out = value;
  return value >= least;
}

/* An abbreviation: three letters or more, or anything of letters, digits and signs in angle brackets. */
static bool skip_name(reader *r) {
  const char *start = r->at;
  if (take(r, '<')) {
    while (is_letter(peek(r)) || is_digit(peek(r)) || peek(r) == '+' || peek(r) == '-')
      r->at++;
    return r->at - start >= 4 && take(r, '>');
  }
  while (is_letter(peek(r)))
    r->at++;
  return r->at - start >= 3;
}

/* [+-]hh[:mm[:ss]] in seconds. */
static bool read_hms(reader *r, int32_t most_hours, int32_t *out) {
  int32_t hours, minutes = 0, seconds = 0;
  bool negative = take(r, '-');
  if (!negative)
    take(r, '+');
  if (!number(r, 0, most_hours, &hours))
    return false;
  if (take(r, ':')) {
    if (!number(r, 0, 59, &minutes))
      return false;
    if (take(r, ':') && !number(r, 0, 59, &seconds))
      return false;
  }
  int32_t total = hours * HOUR_S + minutes * 60 + seconds;
  *out = negative ? -total : total;
  return true;
}

static bool read_date(reader *r, aft__tz_date *d) {
  d->second_s = 2 * HOUR_S;
  if (take(r, 'M')) {
    d->form = 'M';
    if (!number(r, 1, 12, &d->month) || !take(r, '.') || !number(r, 1, 5, &d->week) || !take(r, '.') ||
        !number(r, 0, 6, &d->weekday))
      return false;
  } else if (take(r, 'J')) {
    d->form = 'J';
    if (!number(r, 1, 365, &d->day))
      return false;
  } else {
    d->form = 'N';
    if (!number(r, 0, 365, &d->day))
      return false;
  }
  return !take(r, '/') || read_hms(r, 167, &d->second_s);
}

bool aft__tz_rule_parse(aft_str text, aft__tz_rule *out) {
  aft__tz_rule rule = {0};
  reader r = {text.data, text.data + text.len};
  int32_t west;
  if (!skip_name(&r) || !read_hms(&r, 24, &west))
    return false;
  rule.given = true;
  rule.standard_s = -west;
  if (r.at < r.end) {
    rule.changes = true;
    rule.summer_s = rule.standard_s + HOUR_S;
    if (!skip_name(&r))
      return false;
    if (peek(&r) != ',') {
      if (!read_hms(&r, 24, &west))
        return false;
      rule.summer_s = -west;
    }
    if (!take(&r, ',') || !read_date(&r, &rule.start) || !take(&r, ',') || !read_date(&r, &rule.end))
      return false;
  }
  if (r.at != r.end)
    return false;
  *out = rule;
  return true;
}

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

static bool is_leap(int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

static int64_t day_number(int64_t year, int32_t month, int32_t day) {
  aft__civil c = {(int32_t)year, month, day, 0, 0, 0, 0, 0};
  return floor_div(aft__time_of(&c, 0), AFT__DAY);
}

/* The day of the change, counted from 1970-01-01. */
static int64_t day_of_change(const aft__tz_date *d, int64_t year) {
  if (d->form == 'N')
    return day_number(year, 1, 1) + d->day;
  if (d->form == 'J')
    return day_number(year, 1, 1) + d->day - 1 + (is_leap(year) && d->day >= 60);
  int64_t first = day_number(year, d->month, 1);
  int64_t next = d->month == 12 ? day_number(year + 1, 1, 1) : day_number(year, d->month + 1, 1);
  int64_t weekday_of_first = floor_div(first + 4, 7) * -7 + first + 4; /* 1970-01-01 was a Thursday */
  int64_t day = first + (d->weekday - weekday_of_first + 7) % 7 + 7 * (d->week - 1);
  return day >= next ? day - 7 : day;
}

static int64_t moment(const aft__tz_date *d, int64_t year, int32_t clock_s) {
  return day_of_change(d, year) * DAY_S + d->second_s - clock_s;
}

/*
 * The last change at or before the moment decides, of this year and its neighbours,
 * because a change may fall into another year by UTC. Where an end and a start meet,
 * the start holds: that is how a rule says "summer time all year".
 */
int32_t aft__tz_rule_offset(const aft__tz_rule *rule, int64_t at_s) {
  if (!rule->changes)
    return rule->standard_s;
  /* The calendar repeats every 400 years, which also keeps far years within range. */
  int64_t cycle = INT64_C(146097) * DAY_S;
  at_s -= floor_div(at_s, cycle) * cycle;
  aft__civil c;
  aft__civil_of(at_s * 1000, 0, &c);
  int64_t latest = INT64_MIN;
  bool summer = false;
  for (int64_t year = (int64_t)c.year - 1; year <= (int64_t)c.year + 1; year++) {
    int64_t start = moment(&rule->start, year, rule->standard_s);
    int64_t end = moment(&rule->end, year, rule->summer_s);
    if (end <= at_s && end > latest) {
      latest = end;
      summer = false;
    }
    if (start <= at_s && start >= latest) {
      latest = start;
      summer = true;
    }
  }
  return summer ? rule->summer_s : rule->standard_s;
}
