/* Inside: the table of a zone file, the rule that continues it, and the signs of currencies. */
#ifndef AFT_VALUE_PRIV_H
#define AFT_VALUE_PRIV_H

#include "value/value.h"

/* The day and second of a year when a clock changes, in the three forms of POSIX TZ. */
typedef struct aft__tz_date {
  char form;        /* 'M' month.week.weekday, 'J' day 1..365 without 29 February, 'N' day 0..365 */
  int32_t day;      /* of 'J' and 'N' */
  int32_t month;    /* 1..12 */
  int32_t week;     /* 1..5, 5 is the last */
  int32_t weekday;  /* 0 is Sunday */
  int32_t second_s; /* after midnight by the clock before the change; may be negative or beyond a day */
} aft__tz_date;

typedef struct aft__tz_rule {
  bool given;
  bool changes; /* a second offset for part of the year */
  int32_t standard_s, summer_s;
  aft__tz_date start, end; /* of the second offset */
} aft__tz_rule;

struct aft_zone {
  atomic_int refs;
  aft_env *env;
  size_t bytes;        /* of this struct with its table */
  size_t count;        /* changes in the table */
  int32_t before_s;    /* the offset before the first change */
  aft__tz_rule rule;   /* after the last change */
  const int64_t *at_s; /* ascending */
  const int32_t *offset_s;
};

/* zone_rule.c: false when the text is no rule. */
bool aft__tz_rule_parse(aft_str text, aft__tz_rule *out);
int32_t aft__tz_rule_offset(const aft__tz_rule *rule, int64_t at_s);

/* zone_file.c */
aft_status aft__zone_parse(aft_env *env, const uint8_t *data, size_t size, aft_zone **out, aft_error *error);

/* currency.c: "¥", "HK$" or NULL where the code itself is shown */
const char *aft__currency_sign(const char *code, bool chinese);

#endif
