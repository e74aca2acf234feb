/* A simulated day of service: what the parts of the program share. */
#ifndef SERVICE_DAY_H
#define SERVICE_DAY_H

#include <stdbool.h>

#include <aftersales.h>
#include <jansson.h>

#define COLUMNS 100
#define MINUTE  INT64_C(60000)
#define HOUR    (60 * MINUTE)

/* The ways in which the same day is played. */
enum {
  FIRST_COME,
  BY_PLACE,
  TWO_MORE,
  WAYS
};

typedef struct service_day {
  bool zh;
  uint64_t seed;
  aft_time midnight; /* on the shop's clock */
  aft_env *env;
  aft_policy *policy;
  aft_demand *demand;
  aft_simulated *played[WAYS];
  json_t *told[WAYS]; /* the same as JSON: hours, and why tickets came next */
  aft_error error;
} service_day;

const char *say(const service_day *d, const char *zh, const char *en);
/* Ends the program with the library's own words when a call failed. */
void must(service_day *d, aft_status status);

/* ---- service_day_shop.c: who comes, who works ---- */

void shop_open(service_day *d);
void shop_play(service_day *d);
void shop_close(service_day *d);
int64_t shop_agents(void);

/* ---- service_day_tables.c ---- */

void tell_hours(const service_day *d);
void tell_levels(const service_day *d);

/* ---- service_day_why.c ---- */

void tell_choices(const service_day *d);

/* ---- service_day_print.c: for a terminal of 100 columns; Chinese characters take two ---- */

void title(const char *text);
void line(const char *format, ...) __attribute__((format(printf, 1, 2)));
void cell(const char *text, size_t width);
void cell_right(const char *text, size_t width);
/* "13:05" on the shop's clock. */
void clock_text(const service_day *d, aft_time at, char out[8]);
/* "1 h 05 min", "12 min" or "40 s" */
void span_text(const service_day *d, int64_t ms, char out[32]);
int64_t number_of(const json_t *object, const char *key);
const char *text_of(const json_t *object, const char *key);

#endif
