/* The proleptic Gregorian calendar, and times as ISO 8601 text. */
#include <stdio.h>

#include "value/value.h"

#define DAY_S 86400

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

static int64_t floor_mod(int64_t a, int64_t b) { return a % b < 0 ? a % b + b : a % b; }

/* Both ways after Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": years begin in March,
 * so that the leap day is the last, and are counted in eras of 400. */
static int64_t days_of(int64_t year, int32_t month, int32_t day) {
  year -= month <= 2;
  int64_t era = floor_div(year, 400);
  int64_t year_of_era = year - era * 400;
  int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

static void civil_of_days(int64_t days, aft__civil *out) {
  days += 719468;
  int64_t era = floor_div(days, 146097);
  int64_t day_of_era = days - era * 146097;
  int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int64_t shifted = (5 * day_of_year + 2) / 153;
  out->day = (int32_t)(day_of_year - (153 * shifted + 2) / 5 + 1);
  out->month = (int32_t)(shifted < 10 ? shifted + 3 : shifted - 9);
  out->year = (int32_t)(year_of_era + era * 400 + (out->month <= 2));
}

void aft__civil_of(aft_time at, int32_t offset_s, aft__civil *out) {
  int64_t days = floor_div(at, AFT__DAY);
  int64_t ms = floor_mod(at, AFT__DAY) + offset_s * AFT__SECOND;
  days += floor_div(ms, AFT__DAY);
  ms = floor_mod(ms, AFT__DAY);
  civil_of_days(days, out);
  out->ms = (int32_t)(ms % 1000);
  int32_t seconds = (int32_t)(ms / 1000);
  out->hour = seconds / 3600;
  out->minute = seconds / 60 % 60;
  out->second = seconds % 60;
  out->weekday = (int32_t)floor_mod(days + 3, 7); /* 1970-01-01 was a Thursday */
}

aft_time aft__time_of(const aft__civil *c, int32_t offset_s) {
  int64_t month0 = (int64_t)c->month - 1;
  int64_t year = c->year + floor_div(month0, 12);
  int64_t days = days_of(year, (int32_t)floor_mod(month0, 12) + 1, 1) + c->day - 1;
  int64_t seconds = (int64_t)c->hour * 3600 + (int64_t)c->minute * 60 + c->second - offset_s;
  int64_t day_ms, at;
  if (aft__mul_i64(days, AFT__DAY, &day_ms) || aft__add_i64(day_ms, seconds * 1000 + c->ms, &at))
    return days < 0 ? INT64_MIN + 1 : INT64_MAX;
  return at == AFT_TIME_NONE ? INT64_MIN + 1 : at;
}

aft_status aft_time_iso(aft_time at, const aft_zone *zone, char *out, aft_error *error) {
  /* Offsets of the time before zones have seconds, which the format lacks: shown to the minute. */
  int32_t offset = zone ? aft_zone_offset(zone, at) / 60 * 60 : 0;
  aft__civil c;
  aft__civil_of(at, offset, &c);
  if (at == AFT_TIME_NONE || c.year < 0 || c.year > 9999)
    return aft__error(error, AFT_E_INVALID, "at", "the time is not between the years 0 and 9999");
  int n = snprintf(out, AFT_TIME_ISO_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.%03d", (int)c.year, (int)c.month,
                   (int)c.day, (int)c.hour, (int)c.minute, (int)c.second, (int)c.ms);
  size_t room = AFT_TIME_ISO_SIZE - (size_t)n;
  int32_t distance = offset < 0 ? -offset : offset;
  if (!zone)
    snprintf(out + n, room, "Z");
  else
    snprintf(out + n, room, "%c%02d:%02d", offset < 0 ? '-' : '+', (int)(distance / 3600 % 100),
             (int)(distance / 60 % 60));
  return AFT_OK;
}

/* ---- reading ---- */

typedef struct reader {
  aft_str text;
  size_t at;
  const char *expected; /* what was wanted at the place, once something was wrong */
} reader;

static char peek(const reader *r) { return r->at < r->text.len ? r->text.data[r->at] : '\0'; }

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static bool wrong(reader *r, const char *expected) {
  if (!r->expected)
    r->expected = expected;
  return false;
}

/* A number of fixed width between two bounds; the place stays at its start when it is out of them. */
static bool number(reader *r, int digits, int32_t least, int32_t most, int32_t *out, const char *expected) {
  size_t start = r->at;
  int32_t value = 0;
  for (int i = 0; i < digits; i++, r->at++) {
    if (!is_digit(peek(r)))
      return wrong(r, expected);
    value = value * 10 + (peek(r) - '0');
  }
  if (value < least || value > most) {
    r->at = start;
    return wrong(r, expected);
  }
  *out = value;
  return true;
}

static bool symbol(reader *r, char c, const char *expected) {
  if (peek(r) != c)
    return wrong(r, expected);
  r->at++;
  return true;
}

static int32_t days_in_month(int32_t year, int32_t month) {
  int32_t next_month = month == 12 ? 1 : month + 1;
  return (int32_t)(days_of(month == 12 ? year + 1 : year, next_month, 1) - days_of(year, month, 1));
}

static bool read_date(reader *r, aft__civil *c) {
  return number(r, 4, 0, 9999, &c->year, "a year of four digits") && symbol(r, '-', "\"-\"") &&
         number(r, 2, 1, 12, &c->month, "a month from 01 to 12") && symbol(r, '-', "\"-\"") &&
         number(r, 2, 1, days_in_month(c->year, c->month), &c->day, "a day of that month");
}

/* A fraction of any length; what is finer than a millisecond is dropped. */
static bool read_fraction(reader *r, int32_t *ms) {
  if (peek(r) != '.' && peek(r) != ',')
    return true;
  r->at++;
  if (!is_digit(peek(r)))
    return wrong(r, "a digit of the fraction");
  for (int32_t unit = 100; is_digit(peek(r)); unit /= 10, r->at++)
    *ms += (peek(r) - '0') * unit;
  return true;
}

static bool read_clock(reader *r, aft__civil *c) {
  if (!number(r, 2, 0, 23, &c->hour, "an hour from 00 to 23") || !symbol(r, ':', "\":\"") ||
      !number(r, 2, 0, 59, &c->minute, "a minute from 00 to 59"))
    return false;
  if (peek(r) != ':')
    return true;
  r->at++;
  return number(r, 2, 0, 59, &c->second, "a second from 00 to 59") && read_fraction(r, &c->ms);
}

/* "Z", "+08:00", "+0800" or "+08". */
static bool read_offset(reader *r, int32_t *offset_s) {
  char sign = peek(r);
  if (sign == 'Z' || sign == 'z') {
    r->at++;
    return true;
  }
  if (sign != '+' && sign != '-')
    return wrong(r, "\"Z\" or an offset such as \"+08:00\"");
  r->at++;
  int32_t hours, minutes = 0;
  if (!number(r, 2, 0, 23, &hours, "the hours of the offset"))
    return false;
  bool colon = peek(r) == ':';
  if (colon)
    r->at++;
  if ((colon || is_digit(peek(r))) && !number(r, 2, 0, 59, &minutes, "the minutes of the offset"))
    return false;
  *offset_s = (hours * 60 + minutes) * (sign == '-' ? -60 : 60);
  return true;
}

static bool read_time(reader *r, aft__civil *c, int32_t *offset_s) {
  if (!read_date(r, c))
    return false;
  if (r->at == r->text.len)
    return true;
  if (peek(r) != 'T' && peek(r) != 't' && peek(r) != ' ')
    return wrong(r, "\"T\"");
  r->at++;
  if (!read_clock(r, c) || !read_offset(r, offset_s))
    return false;
  return r->at == r->text.len || wrong(r, "the end");
}

aft_status aft_time_parse(const char *text, size_t len, aft_time *out, aft_error *error) {
  if (!text || !out)
    return aft__error(error, AFT_E_INVALID, text ? "out" : "text", "%s is NULL", text ? "out" : "text");
  reader r = {aft__str(text, len), 0, NULL};
  aft__civil c = {0};
  int32_t offset_s = 0;
  if (!read_time(&r, &c, &offset_s))
    return aft__error(error, AFT_E_INVALID, "text", "expected %s at character %zu of the time", r.expected,
                      r.at + 1);
  *out = aft__time_of(&c, offset_s);
  return AFT_OK;
}

void aft__clock_text(aft_time at, int32_t offset_s, char out[AFT__CLOCK_TEXT]) {
  aft__civil c;
  int32_t minutes = offset_s / 60, away = minutes < 0 ? -minutes : minutes;
  aft__civil_of(at, offset_s, &c);
  snprintf(out, AFT__CLOCK_TEXT, "%04d-%02d-%02d %02d:%02d:%02d %c%02d:%02d", (int)(c.year % 10000),
           (int)(c.month % 100), (int)(c.day % 100), (int)(c.hour % 100), (int)(c.minute % 100),
           (int)(c.second % 100), minutes < 0 ? '-' : '+', (int)(away / 60 % 100), (int)(away % 60));
}
