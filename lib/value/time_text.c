/* Dates and times for people, in the order and with the words of their language (CLDR 45, zh and en-GB:
 * "long" dates, 24 hours). */
#include <stdio.h>

#include "value/value.h"

static const char *const months[] = {"January", "February", "March",     "April",   "May",      "June",
                                     "July",    "August",   "September", "October", "November", "December"};

static int date(const aft__civil *c, bool zh, char *out, size_t size) {
  if (zh)
    return snprintf(out, size, "%d年%d月%d日", c->year, c->month, c->day);
  return snprintf(out, size, "%d %s %d", c->day, months[c->month - 1], c->year);
}

void aft__time_text(aft_time at, int32_t offset_s, bool zh, aft__time_part part, char out[AFT__TIME_TEXT]) {
  aft__civil civil;
  size_t n = 0;
  out[0] = '\0';
  if (at == AFT_TIME_NONE)
    return;
  aft__civil_of(at, offset_s, &civil);
  if (part & AFT__TIME_DATE)
    n = (size_t)date(&civil, zh, out, AFT__TIME_TEXT);
  if (part & AFT__TIME_CLOCK)
    snprintf(out + n, AFT__TIME_TEXT - n, "%s%02d:%02d", !n ? "" : zh ? " " : ", ", civil.hour, civil.minute);
}
