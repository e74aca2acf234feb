/* Time, zones, durations, money, ids and short codes. Pure: no clock of its own. */
#ifndef AFT_VALUE_H
#define AFT_VALUE_H

#include "base/base.h"

#include <aftersales/value.h>

#define AFT__SECOND INT64_C(1000)
#define AFT__MINUTE (60 * AFT__SECOND)
#define AFT__HOUR   (60 * AFT__MINUTE)
#define AFT__DAY    (24 * AFT__HOUR)

#define AFT__TIME_MOST INT64_C(253402300799999) /* the end of the year 9999 */

/* civil.c: the proleptic Gregorian calendar */
typedef struct aft__civil {
  int32_t year;
  int32_t month, day;           /* from 1 */
  int32_t hour, minute, second; /* 0..59 */
  int32_t ms;
  int32_t weekday; /* 0 is Monday; ignored when making a time */
} aft__civil;

void aft__civil_of(aft_time at, int32_t offset_s, aft__civil *out);
/* Months and days outside their range count on ("month 13"); beyond 64 bits the nearest time. */
aft_time aft__time_of(const aft__civil *civil, int32_t offset_s);

/* "2026-11-25 23:59:59 +08:00", as a clock on the wall shows it. */
#define AFT__CLOCK_TEXT 40
void aft__clock_text(aft_time at, int32_t offset_s, char out[AFT__CLOCK_TEXT]);

/* time_text.c: for people, as the clock on their wall shows it: "2026年11月26日 14:05", "26 November 2026,
 * 14:05" */
typedef enum aft__time_part {
  AFT__TIME_DATE = 1,
  AFT__TIME_CLOCK = 2,
  AFT__TIME_BOTH = 3
} aft__time_part;
#define AFT__TIME_TEXT 64
/* Empty for AFT_TIME_NONE. zh: in Chinese, otherwise in English. */
void aft__time_text(aft_time at, int32_t offset_s, bool zh, aft__time_part part, char out[AFT__TIME_TEXT]);

/* duration.c: "90s", "15m", "48h", "7d", "2w", "500ms", and sums such as "1d12h", larger units first */
aft_status aft__duration_parse(aft_str text, int64_t *out_ms, aft_error *error);
void aft__duration_format(int64_t ms, char out[32]); /* the same form; the largest units first */

/* calendar.c: hours of business, on the clock that hangs on the wall */
typedef struct aft__hours {
  uint16_t from, to; /* minutes of a local day, 0 to 1440, from below to */
} aft__hours;

/* Hours of one day: ascending, apart, and none where it is closed. */
typedef struct aft__hours_of {
  uint32_t first, count;
} aft__hours_of;

/* A holiday, or a day that is worked for one. */
typedef struct aft__special_day {
  int32_t day; /* since 1970, local */
  aft__hours_of hours;
} aft__special_day;

typedef struct aft__calendar {
  const aft_zone *zone; /* NULL: UTC */
  const aft__hours *hours;
  aft__hours_of week[7]; /* Monday first */
  const aft__special_day *days;
  uint32_t n_days; /* ascending by day */
} aft__calendar;

/* The first open stretch at or after from; false where there is none in ten years. */
bool aft__calendar_next(const aft__calendar *c, aft_time from, aft_time *start, aft_time *end);
/* When so much open time has passed; AFT_TIME_NONE where it never does. visit (NULL allowed) is told each
 * stretch that counts. */
typedef void (*aft__calendar_fn)(void *user, aft_time start, aft_time end);
aft_time aft__calendar_add(const aft__calendar *c, aft_time from, int64_t open_ms, aft__calendar_fn visit,
                           void *user);
/* The same time of the day that many open days later; AFT_TIME_NONE where there are not so many in ten years.
 */
aft_time aft__calendar_days(const aft__calendar *c, aft_time from, uint32_t days);
/* Open time between two moments. */
int64_t aft__calendar_between(const aft__calendar *c, aft_time from, aft_time to);

/* money.c */
aft_status aft__money_make(int64_t minor, aft_str currency, aft_money *out, aft_error *error);
/* Reads "1299", "1,299.00", "-5.5" in a currency's minor units. */
aft_status aft__money_parse(aft_str text, aft_str currency, aft_money *out, aft_error *error);
aft_status aft__money_sub(const aft_money *a, const aft_money *b, aft_money *out, aft_error *error);

/* apportion.c: what units [from, from + n) of an amount over units come to, exactly: however units are
 * grouped, the parts sum to total. total of 0 and more, units above 0; units beyond the last have nothing. */
int64_t aft__share_of(int64_t total, int64_t units, int64_t from, int64_t n);

/* survey_math.c: what answers to surveys say, and how sure that is. Shares and scores, never money. */
typedef enum aft__score_kind {
  AFT__SCORE_CSAT, /* satisfaction: the share of the two best answers */
  AFT__SCORE_NPS,  /* recommendation: promoters less detractors, -100 to 100 */
  AFT__SCORE_CES,  /* effort: the share of those who agree that it was easy */
  AFT__SCORES
} aft__score_kind;

typedef struct aft__scale {
  const char *name;
  int32_t least, most;
  int32_t poor, good; /* the highest poor answer and the lowest good one */
} aft__scale;
extern const aft__scale aft__scales[AFT__SCORES];
bool aft__score_find(aft_str name, aft__score_kind *out);

typedef struct aft__tally {
  uint64_t n, good, poor;
  int64_t sum;
} aft__tally;
void aft__tally_add(aft__tally *tally, aft__score_kind kind, int64_t score);

typedef struct aft__interval {
  double low, high;
} aft__interval;
/* Of a tally with answers. population: out of how many they come, where those alone are meant; 0: of any. */
aft__interval aft__wilson(uint64_t good, uint64_t n, uint64_t population);
/* Of good / n less other_good / other_n, so wide that all of the comparisons together hold with 95 %. */
aft__interval aft__share_difference(uint64_t good, uint64_t n, uint64_t other_good, uint64_t other_n,
                                    uint32_t comparisons);
aft__interval aft__nps_wald(const aft__tally *t, uint64_t population);
aft__interval aft__nps_adjusted_wald(const aft__tally *t, uint64_t population);
/* What the standard error shrinks by: sqrt((N - n) / (N - 1)). */
double aft__finite_population(uint64_t n, uint64_t population);

typedef enum aft__method {
  AFT__METHOD_NONE, /* there are no answers */
  AFT__METHOD_WILSON,
  AFT__METHOD_WALD,
  AFT__METHOD_ADJUSTED_WALD
} aft__method;
const char *aft__method_name(aft__method method); /* "wilson" */

#define AFT__FEW_ANSWERS 30 /* below it, a figure says little */
typedef struct aft__score {
  double value, mean;
  aft__interval interval; /* of the value */
  aft__method method;
  bool few;
} aft__score;
void aft__score_of(aft__score_kind kind, const aft__tally *t, uint64_t population, aft__score *out);

/* id.c: 63-bit ids, ordered by time. One generator a store, shared by threads. */
typedef struct aft__idgen {
  _Atomic int64_t state; /* milliseconds since 2024 << 22 | sequence << 10 | node */
} aft__idgen;

/* node: 0..1023, a lease of the store */
void aft__idgen_init(aft__idgen *gen, int32_t node);
void aft__idgen_set_node(aft__idgen *gen, int32_t node);
/* Never repeats or steps back: borrows forward when the clock stands still. 0 when the
 * 41 bits of time are used up, in the year 2093. */
aft_id aft__idgen_next(aft__idgen *gen, aft_time now);
aft_id aft__id_first_at(aft_time at); /* the least id that can be made at a moment */

/* code.c: short codes. kind is a capital letter ('T' ticket, 'R' return …). */
void aft__code_make(char kind, uint64_t random, char out[AFT_CODE_SIZE]);
/* Finds the first valid code of a kind in running text; false when there is none. */
bool aft__code_find(aft_str text, char kind, char out[AFT_CODE_SIZE]);

#endif
