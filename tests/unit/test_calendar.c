/* Hours of business against a model that looks at every minute, in zones with and without daylight saving. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "assert_status.h"
#include "random.h"
#include "value/value.h"

#define MOST_HOURS   128
#define MOST_SPECIAL 24

typedef struct office {
  aft__calendar calendar;
  aft__hours hours[MOST_HOURS];
  aft__special_day days[MOST_SPECIAL];
  uint32_t n_hours;
} office;

static aft_env *env;

static int set_up(void **state) {
  aft_error error = AFT_ERROR_INIT;
  (void)state;
  assert_ok(aft_env_new(NULL, &env, &error));
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  aft_env_unref(env);
  return 0;
}

static aft_zone *zone_of(const char *name) {
  aft_error error = AFT_ERROR_INIT;
  aft_zone *zone;
  assert_ok(aft_zone_open(env, name, strlen(name), &zone, &error));
  return zone;
}

static aft_time at(const char *iso) {
  aft_error error = AFT_ERROR_INIT;
  aft_time time;
  assert_ok(aft_time_parse(iso, AFT_NTS, &time, &error));
  return time;
}

/* ---- calendars ---- */

static aft__hours_of add(office *o, uint32_t from, uint32_t to) {
  aft__hours_of made = {o->n_hours, 1};
  assert_true(o->n_hours < MOST_HOURS);
  o->hours[o->n_hours++] = (aft__hours){(uint16_t)from, (uint16_t)to};
  return made;
}

static void open_daily(office *o, const aft_zone *zone, uint32_t from, uint32_t to) {
  memset(o, 0, sizeof *o);
  o->calendar = (aft__calendar){.zone = zone, .hours = o->hours, .days = o->days};
  for (int i = 0; i < 7; i++)
    o->calendar.week[i] = add(o, from, to);
}

/* Up to three stretches of at least so many minutes, of which the last may end at midnight. */
static aft__hours_of random_hours(office *o, uint64_t *seed, uint32_t least) {
  aft__hours_of made = {o->n_hours, 0};
  uint32_t minute = below(seed, 600);
  for (uint32_t i = below(seed, 4); i > 0 && minute < 1440 && o->n_hours < MOST_HOURS; i--) {
    uint32_t to = minute + least + below(seed, 500);
    to = to > 1440 ? 1440 : to;
    (void)add(o, minute, to);
    made.count++;
    minute = to + 1 + below(seed, 200);
  }
  return made;
}

static void random_office(office *o, uint64_t *seed, const aft_zone *zone, aft_time near, uint32_t least) {
  memset(o, 0, sizeof *o);
  o->calendar = (aft__calendar){.zone = zone, .hours = o->hours, .days = o->days};
  for (int i = 0; i < 7; i++)
    o->calendar.week[i] = random_hours(o, seed, least);
  int32_t day = (int32_t)(near / AFT__DAY) - 3;
  for (uint32_t i = 0, n = below(seed, MOST_SPECIAL); i < n; i++) {
    day += 1 + (int32_t)below(seed, 3);
    o->days[i] = (aft__special_day){day, random_hours(o, seed, least)};
    o->calendar.n_days = i + 1;
  }
}

/* ---- the model ---- */

static bool open_at(const aft__calendar *c, aft_time minute) {
  aft__civil civil;
  int32_t offset = c->zone ? aft_zone_offset(c->zone, minute) : 0;
  aft__civil_of(minute, offset, &civil);
  int64_t local = minute + (int64_t)offset * 1000;
  int32_t day = (int32_t)(local / AFT__DAY), wall = civil.hour * 60 + civil.minute;
  aft__hours_of hours = c->week[civil.weekday];
  for (uint32_t i = 0; i < c->n_days; i++)
    if (c->days[i].day == day)
      hours = c->days[i].hours;
  for (uint32_t i = 0; i < hours.count; i++)
    if (wall >= c->hours[hours.first + i].from && wall < c->hours[hours.first + i].to)
      return true;
  return false;
}

static aft_time naive_add(const aft__calendar *c, aft_time from, int64_t open_ms, aft_time most) {
  aft_time t = from;
  while (t < most) {
    aft_time next = t - t % AFT__MINUTE + AFT__MINUTE;
    if (open_at(c, t - t % AFT__MINUTE)) {
      if (open_ms <= next - t)
        return t + open_ms;
      open_ms -= next - t;
    }
    t = next;
  }
  return AFT_TIME_NONE;
}

static int64_t naive_between(const aft__calendar *c, aft_time from, aft_time to) {
  int64_t open = 0;
  for (aft_time t = from; t < to;) {
    aft_time next = t - t % AFT__MINUTE + AFT__MINUTE;
    next = next > to ? to : next;
    if (open_at(c, t - t % AFT__MINUTE))
      open += next - t;
    t = next;
  }
  return open;
}

/* ---- what must hold ---- */

static void due_times_are_those_of_the_minute_model(void **state) {
  static const char *const zones[] = {"Asia/Shanghai",    "Europe/Berlin",       "America/New_York",
                                      "America/St_Johns", "Australia/Lord_Howe", "Africa/Casablanca",
                                      "Asia/Kathmandu",   "Pacific/Apia"};
  uint64_t seed = seed_of("calendar");
  (void)state;
  for (int i = 0, n = rounds(300, 20000); i < n; i++) {
    aft_zone *zone = zone_of(zones[below(&seed, 8)]);
    aft_time from = at("2026-01-01T00:00:00Z") + (int64_t)(draw(&seed) % (uint64_t)(4 * 365 * AFT__DAY));
    int64_t span = (int64_t)(draw(&seed) % (uint64_t)(below(&seed, 4) ? 8 * AFT__HOUR : 60 * AFT__HOUR));
    office o;
    random_office(&o, &seed, zone, from, 1);
    aft_time most = from + 40 * AFT__DAY, expected = naive_add(&o.calendar, from, span, most);
    aft_time due = aft__calendar_add(&o.calendar, from, span, NULL, NULL);
    if (expected != AFT_TIME_NONE && span > 0 && due != expected)
      fail_msg("from %lld, %lld ms: due %lld, expected %lld", (long long)from, (long long)span,
               (long long)due, (long long)expected);
    aft_time to = from + (int64_t)(draw(&seed) % (uint64_t)(9 * AFT__DAY));
    assert_int_equal(aft__calendar_between(&o.calendar, from, to), naive_between(&o.calendar, from, to));
    if (due != AFT_TIME_NONE)
      assert_int_equal(aft__calendar_between(&o.calendar, from, due), span);
    aft_zone_unref(zone);
  }
}

static void an_hour_that_is_skipped_does_not_count(void **state) {
  (void)state;
  aft_zone *berlin = zone_of("Europe/Berlin");
  office o;
  open_daily(&o, berlin, 60, 240); /* 01:00 to 04:00, and 02:00 to 03:00 is missing */
  aft_time from = at("2026-03-29T00:00:00+01:00");
  assert_int_equal(aft__calendar_between(&o.calendar, from, from + AFT__DAY), 2 * AFT__HOUR);
  assert_int_equal(aft__calendar_add(&o.calendar, from, 90 * AFT__MINUTE, NULL, NULL),
                   at("2026-03-29T03:30:00+02:00"));
  aft_zone_unref(berlin);
}

static void an_hour_that_comes_twice_counts_twice(void **state) {
  (void)state;
  aft_zone *berlin = zone_of("Europe/Berlin");
  office o;
  open_daily(&o, berlin, 60, 240);
  aft_time from = at("2026-10-25T00:00:00+02:00");
  assert_int_equal(aft__calendar_between(&o.calendar, from, from + 25 * AFT__HOUR), 4 * AFT__HOUR);
  aft_zone_unref(berlin);
}

/* National Day of 2026: closed from 1 to 7 October, and Saturday the 10th is worked. */
static void a_holiday_stops_the_clock_and_a_made_up_day_runs_it(void **state) {
  (void)state;
  aft_zone *shanghai = zone_of("Asia/Shanghai");
  office o;
  open_daily(&o, shanghai, 540, 1080);
  o.calendar.week[5].count = o.calendar.week[6].count = 0;
  int32_t first = (int32_t)(at("2026-10-01T00:00:00Z") / AFT__DAY);
  for (int32_t i = 0; i < 7; i++)
    o.days[i].day = first + i;
  o.days[7] = (aft__special_day){first + 9, o.calendar.week[0]};
  o.calendar.n_days = 8;
  aft_time from = at("2026-09-30T17:00:00+08:00");
  assert_int_equal(aft__calendar_add(&o.calendar, from, 2 * AFT__HOUR, NULL, NULL),
                   at("2026-10-08T10:00:00+08:00"));
  assert_int_equal(aft__calendar_add(&o.calendar, at("2026-10-09T18:00:00+08:00"), AFT__HOUR, NULL, NULL),
                   at("2026-10-10T10:00:00+08:00"));
  aft_zone_unref(shanghai);
}

/* Whoever steps from noon to noon and counts the open days comes to the same day. No stretch is so short that
 * the hour which daylight saving skips holds it whole: its day would count and have no open minute. */
static void open_days_are_counted_at_the_same_time_of_the_day(void **state) {
  (void)state;
  uint64_t seed = seed_of("days");
  aft_zone *berlin = zone_of("Europe/Berlin");
  for (int i = 0; i < 300; i++) {
    office o;
    aft_time noon = at("2026-01-01T11:00:00Z") + (int64_t)below(&seed, 700) * AFT__DAY;
    noon += 12 * AFT__HOUR - (noon + aft_zone_offset(berlin, noon) * 1000) % AFT__DAY;
    random_office(&o, &seed, berlin, noon, 61);
    o.calendar.week[2] = add(&o, 600, 900);
    uint32_t days = 1 + below(&seed, 12), left = days;
    aft_time t = noon;
    while (left) {
      t += 25 * AFT__HOUR; /* into the next day, whatever the clocks do, and back to its noon */
      t -= (t + aft_zone_offset(berlin, t) * 1000) % AFT__DAY - 12 * AFT__HOUR;
      aft_time midnight = t - 12 * AFT__HOUR - 2 * AFT__HOUR, end = t + 14 * AFT__HOUR;
      aft_time start, stop;
      bool open = false;
      for (aft_time from = midnight; from < end; from = stop) {
        if (!aft__calendar_next(&o.calendar, from, &start, &stop))
          break;
        int64_t own = (t + aft_zone_offset(berlin, t) * 1000) / AFT__DAY;
        open |= (start + aft_zone_offset(berlin, start) * 1000) / AFT__DAY == own;
      }
      left -= open;
    }
    assert_int_equal(aft__calendar_days(&o.calendar, noon, days), t);
  }
  aft_zone_unref(berlin);
}

typedef struct stretches {
  int n;
  aft_time start[8], end[8];
} stretches;

static void keep(void *user, aft_time start, aft_time end) {
  stretches *s = user;
  s->start[s->n] = start;
  s->end[s->n++] = end;
}

static void the_stretches_that_count_are_told(void **state) {
  (void)state;
  office o;
  stretches s = {0};
  open_daily(&o, NULL, 540, 720);
  aft_time from = at("2026-11-26T11:00:00Z");
  aft_time due = aft__calendar_add(&o.calendar, from, 5 * AFT__HOUR, keep, &s);
  assert_int_equal(s.n, 3);
  assert_int_equal(s.start[0], from);
  assert_int_equal(s.end[0], from + AFT__HOUR);
  assert_int_equal(s.start[2], at("2026-11-28T09:00:00Z"));
  assert_int_equal(s.end[2], due);
}

static void a_calendar_that_never_opens_gives_no_time(void **state) {
  (void)state;
  office o;
  memset(&o, 0, sizeof o);
  aft_time start, end;
  assert_false(aft__calendar_next(&o.calendar, at("2026-11-26T11:00:00Z"), &start, &end));
  assert_int_equal(aft__calendar_add(&o.calendar, 0, 1, NULL, NULL), AFT_TIME_NONE);
  assert_int_equal(aft__calendar_between(&o.calendar, 0, 1000 * AFT__DAY), 0);
  assert_int_equal(aft__calendar_days(&o.calendar, 0, 1), AFT_TIME_NONE);
  assert_int_equal(aft__calendar_days(&o.calendar, 77, 0), 77);
  assert_int_equal(aft__calendar_add(&o.calendar, INT64_MAX - 1, 1, NULL, NULL), AFT_TIME_NONE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(due_times_are_those_of_the_minute_model),
      cmocka_unit_test(an_hour_that_is_skipped_does_not_count),
      cmocka_unit_test(an_hour_that_comes_twice_counts_twice),
      cmocka_unit_test(a_holiday_stops_the_clock_and_a_made_up_day_runs_it),
      cmocka_unit_test(open_days_are_counted_at_the_same_time_of_the_day),
      cmocka_unit_test(the_stretches_that_count_are_told),
      cmocka_unit_test(a_calendar_that_never_opens_gives_no_time),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
