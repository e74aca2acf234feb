/* Calendar, ISO 8601, durations and zones: against the C library, and damaged zone files. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "fault_alloc.h"
#include "value/value_priv.h"
#include "random.h"

/* The default options, with an allocator that counts and fails. */
static aft_env_options options_with(fault_alloc *faults) {
  aft_env_options o = {.size = sizeof o};
  o.alloc = fault_alloc_hooks(faults);
  return o;
}

static int64_t draw_between(uint64_t *seed, int64_t from, int64_t to) {
  return from + (int64_t)(draw(seed) % (uint64_t)(to - from + 1));
}

static aft_env *env_of_test(void **state) { return *state; }

static int open_env(void **state) { return aft_env_new(NULL, (aft_env **)state, NULL); }

static int close_env(void **state) {
  aft_env_unref(*state);
  return 0;
}

/* ---- civil ---- */

static void civil_agrees_with_the_c_library(void **state) {
  (void)state;
  uint64_t seed = seed_of("civil");
  for (int i = 0; i < 200000; i++) {
    int64_t s = draw_between(&seed, INT64_C(-300000000000), INT64_C(300000000000)); /* the years ±9500 */
    if (i % 2)
      s %= 86400 * 400;
    int32_t ms = (int32_t)(draw(&seed) % 1000);
    time_t t = (time_t)s;
    struct tm tm;
    aft__civil c;
    assert_non_null(gmtime_r(&t, &tm));
    aft__civil_of(s * 1000 + ms, 0, &c);
    assert_int_equal(c.year, tm.tm_year + 1900);
    assert_int_equal(c.month, tm.tm_mon + 1);
    assert_int_equal(c.day, tm.tm_mday);
    assert_int_equal(c.hour, tm.tm_hour);
    assert_int_equal(c.minute, tm.tm_min);
    assert_int_equal(c.second, tm.tm_sec);
    assert_int_equal(c.ms, ms);
    assert_int_equal((c.weekday + 1) % 7, tm.tm_wday);
    assert_true(aft__time_of(&c, 0) == s * 1000 + ms);
  }
}

static void civil_takes_offsets_and_any_time(void **state) {
  (void)state;
  uint64_t seed = seed_of("civil offsets");
  for (int i = 0; i < 100000; i++) {
    aft_time at = (aft_time)draw(&seed);
    int32_t offset = (int32_t)draw_between(&seed, -93600, 93600);
    aft__civil c, shifted;
    aft__civil_of(at, offset, &c);
    assert_true(c.month >= 1 && c.month <= 12 && c.day >= 1 && c.day <= 31 && c.hour >= 0 && c.hour <= 23);
    if (at > INT64_MIN + 2 * AFT__DAY && at < INT64_MAX - 2 * AFT__DAY) {
      assert_true(aft__time_of(&c, offset) == at);
      aft__civil_of(at + offset * AFT__SECOND, 0, &shifted);
      assert_memory_equal(&c, &shifted, sizeof c);
    }
  }
  aft__civil c;
  aft__civil_of(INT64_MIN, -93600, &c);
  aft__civil_of(INT64_MAX, 93600, &c);
  c = (aft__civil){INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX, 0};
  assert_true(aft__time_of(&c, INT32_MIN) == INT64_MAX);
  c = (aft__civil){INT32_MIN, INT32_MIN, INT32_MIN, INT32_MIN, INT32_MIN, INT32_MIN, INT32_MIN, 0};
  assert_true(aft__time_of(&c, INT32_MAX) == INT64_MIN + 1);
}

static void months_and_days_count_on(void **state) {
  (void)state;
  aft__civil a = {2026, 14, 31, 0, 0, 0, 0, 0}, b = {2027, 3, 3, 0, 0, 0, 0, 0};
  assert_true(aft__time_of(&a, 0) == aft__time_of(&b, 0));
  a = (aft__civil){2024, 0, 0, 0, 0, 0, 0, 0}; /* the day before 1 December 2023 */
  b = (aft__civil){2023, 11, 30, 0, 0, 0, 0, 0};
  assert_true(aft__time_of(&a, 0) == aft__time_of(&b, 0));
}

/* ---- ISO 8601 ---- */

static void iso_goes_there_and_back(void **state) {
  aft_env *env = env_of_test(state);
  static const char *const names[] = {"Asia/Shanghai", "America/St_Johns", "Africa/Monrovia", "UTC"};
  uint64_t seed = seed_of("iso");
  aft__civil first = {1, 1, 1, 0, 0, 0, 0, 0}, last = {9998, 12, 31, 0, 0, 0, 0, 0};
  for (size_t z = 0; z < 5; z++) {
    aft_zone *zone = NULL;
    if (z < 4)
      assert_int_equal(aft_zone_open(env, names[z], AFT_NTS, &zone, NULL), AFT_OK);
    for (int i = 0; i < 10000; i++) {
      char text[AFT_TIME_ISO_SIZE];
      aft_time at = draw_between(&seed, aft__time_of(&first, 0), aft__time_of(&last, 0)), back;
      assert_int_equal(aft_time_iso(at, zone, text, NULL), AFT_OK);
      assert_int_equal(aft_time_parse(text, AFT_NTS, &back, NULL), AFT_OK);
      assert_true(at == back);
    }
    aft_zone_unref(zone);
  }
}

static void iso_has_its_form(void **state) {
  aft_env *env = env_of_test(state);
  char text[AFT_TIME_ISO_SIZE];
  aft_zone *zone;
  assert_int_equal(aft_zone_open(env, "Asia/Shanghai", AFT_NTS, &zone, NULL), AFT_OK);
  assert_int_equal(aft_time_iso(INT64_C(1795397400000), zone, text, NULL), AFT_OK);
  assert_string_equal(text, "2026-11-23T09:30:00.000+08:00");
  assert_int_equal(aft_time_iso(-1, NULL, text, NULL), AFT_OK);
  assert_string_equal(text, "1969-12-31T23:59:59.999Z");
  assert_int_equal(aft_time_iso(INT64_C(253402300799999), NULL, text, NULL), AFT_OK);
  assert_string_equal(text, "9999-12-31T23:59:59.999Z");
  assert_int_equal(aft_time_iso(INT64_C(253402300799999), zone, text, NULL), AFT_E_INVALID);
  assert_int_equal(aft_time_iso(AFT_TIME_NONE, NULL, text, NULL), AFT_E_INVALID);
  assert_int_equal(aft_time_iso(INT64_MAX, NULL, text, NULL), AFT_E_INVALID);
  aft_zone_unref(zone);
}

static void iso_is_read_in_its_forms(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int64_t want;
  } good[] = {
      {"1970-01-01", 0},
      {"1970-01-01T00:00:00Z", 0},
      {"1970-01-01t00:00:00z", 0},
      {"1970-01-01 08:00+08:00", 0},
      {"1970-01-01T08:00:00+0800", 0},
      {"1969-12-31T19:00:00-05", 0},
      {"1970-01-01T00:00:00.5Z", 500},
      {"1970-01-01T00:00:00,123456789Z", 123},
      {"2024-02-29", INT64_C(1709164800000)},
      {"0000-01-01", INT64_C(-62167219200000)},
  };
  for (size_t i = 0; i < AFT__COUNT(good); i++) {
    aft_time at;
    assert_int_equal(aft_time_parse(good[i].text, AFT_NTS, &at, NULL), AFT_OK);
    assert_true(at == good[i].want);
  }
}

static void wrong_times_are_placed(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int place;
  } bad[] = {
      {"", 1},
      {"x", 1},
      {"202-01-01", 4},
      {"2026/01/01", 5},
      {"2026-13-01", 6},
      {"2026-00-01", 6},
      {"2026-02-29", 9},
      {"2026-04-31", 9},
      {"1900-02-29", 9},
      {"2026-01-01T", 12},
      {"2026-01-01X00:00Z", 11},
      {"2026-01-01T24:00:00Z", 12},
      {"2026-01-01T00:60:00Z", 15},
      {"2026-01-01T00:00:60Z", 18},
      {"2026-01-01T00:00:00", 20},
      {"2026-01-01T00:00:00.Z", 21},
      {"2026-01-01T00:00:00+08:", 24},
      {"2026-01-01T00:00:00+8", 22},
      {"2026-01-01T00:00:00Z ", 21},
      {"２026-01-01", 1},
  };
  for (size_t i = 0; i < AFT__COUNT(bad); i++) {
    aft_time at = 77;
    aft_error e = AFT_ERROR_INIT;
    char place[32];
    assert_int_equal(aft_time_parse(bad[i].text, AFT_NTS, &at, &e), AFT_E_INVALID);
    assert_true(at == 77);
    snprintf(place, sizeof place, "at character %d ", bad[i].place);
    if (!strstr(e.message, place))
      fail_msg("\"%s\": %s, expected %s", bad[i].text, e.message, place);
  }
  aft_time at;
  assert_int_equal(aft_time_parse(NULL, 0, &at, NULL), AFT_E_INVALID);
  assert_int_equal(aft_time_parse("2026-01-01\0", 11, &at, NULL), AFT_E_INVALID);
}

/* ---- durations ---- */

static void durations_go_there_and_back(void **state) {
  (void)state;
  uint64_t seed = seed_of("durations");
  for (int i = 0; i < 50000; i++) {
    int64_t ms = (int64_t)(draw(&seed) >> (1 + draw(&seed) % 62)), back;
    char text[32];
    if (i % 3 == 0)
      ms -= ms % AFT__MINUTE;
    aft__duration_format(ms, text);
    assert_int_equal(aft__duration_parse(aft__cstr(text), &back, NULL), AFT_OK);
    assert_true(back == ms);
  }
  char text[32];
  aft__duration_format(INT64_MIN, text);
  assert_string_equal(text, "-15250284452w3d7h12m55s808ms");
  aft__duration_format(129600000, text);
  assert_string_equal(text, "1d12h");
}

static void durations_are_strict(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int64_t want; /* or a status */
  } cases[] = {
      {"90s", 90000},
      {"15m", 900000},
      {"48h", 172800000},
      {"7d", 604800000},
      {"2w", 1209600000},
      {"1d12h", 129600000},
      {"0s", 0},
      {"500ms", 500},
      {"1m500ms", 60500},
      {"", AFT_E_INVALID},
      {"5", AFT_E_INVALID},
      {"h", AFT_E_INVALID},
      {"5x", AFT_E_INVALID},
      {"-5m", AFT_E_INVALID},
      {"1h1d", AFT_E_INVALID},
      {"1h1h", AFT_E_INVALID},
      {"1 h", AFT_E_INVALID},
      {"1.5h", AFT_E_INVALID},
      {"1H", AFT_E_INVALID},
      {"99999999999999999999s", AFT_E_OVERFLOW},
      {"9223372036854775807s", AFT_E_OVERFLOW},
      {"15250284452w3d7h12m55s808ms", AFT_E_OVERFLOW},
  };
  for (size_t i = 0; i < AFT__COUNT(cases); i++) {
    int64_t ms = -1;
    aft_status status = aft__duration_parse(aft__cstr(cases[i].text), &ms, NULL);
    if (cases[i].want < 0)
      assert_true(status == cases[i].want && ms == -1);
    else
      assert_true(status == AFT_OK && ms == cases[i].want);
  }
}

/* ---- zones ---- */

/* The C library's offset; it must have TZ set to the zone. */
static int64_t offset_by_libc(int64_t s) {
  time_t t = (time_t)s;
  struct tm tm;
  assert_non_null(localtime_r(&t, &tm));
  aft__civil c = {tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, 0, 0};
  return aft__time_of(&c, 0) / 1000 - s;
}

static void compare_zone(aft_env *env, const char *name, uint64_t *seed) {
  aft_zone *zone;
  assert_int_equal(aft_zone_open(env, name, AFT_NTS, &zone, NULL), AFT_OK);
  setenv("TZ", name, 1);
  tzset();
  for (int i = 0; i < 4000; i++) {
    int64_t s = draw_between(seed, 0, INT64_C(4102444800)); /* 1970 to 2100 */
    int64_t ms = s * 1000 + draw_between(seed, 0, 999);
    if (offset_by_libc(s) != aft_zone_offset(zone, ms))
      fail_msg("%s at %lld: the C library says %lld, we %d", name, (long long)s, (long long)offset_by_libc(s),
               aft_zone_offset(zone, ms));
  }
  /* Every change of some years, to the second: found by halving between days that differ. */
  for (int64_t day = 0; day < 86400 * 366 * 3; day += 86400) {
    int64_t base = INT64_C(1767225600) + (day < 86400 * 366 ? 0 : INT64_C(86400) * 365 * 20);
    int64_t low = base + day, high = low + 86400;
    int64_t before = offset_by_libc(low);
    if (offset_by_libc(high) == before)
      continue;
    while (high - low > 1) {
      int64_t middle = low + (high - low) / 2;
      if (offset_by_libc(middle) == before)
        low = middle;
      else
        high = middle;
    }
    assert_int_equal(aft_zone_offset(zone, high * 1000 - 1), before);
    assert_int_equal(aft_zone_offset(zone, high * 1000), offset_by_libc(high));
  }
  aft_zone_unref(zone);
}

static void zones_agree_with_the_c_library(void **state) {
  static const char *const names[] = {
      "Asia/Shanghai",
      "America/New_York",
      "Europe/London",
      "Australia/Lord_Howe",
      "Asia/Kolkata",
      "Europe/Dublin",
      "America/Sao_Paulo",
      "Pacific/Apia",
      "Asia/Tehran",
      "Africa/Cairo",
      "America/St_Johns",
      "Antarctica/Troll",
      "Pacific/Chatham",
      "America/Santiago",
      "Asia/Gaza",
      "Asia/Kathmandu",
      "America/Nuuk",
      "Africa/Casablanca",
      "UTC",
      "Etc/GMT+12",
      "Asia/Hong_Kong",
      "Asia/Urumqi",
      "Asia/Tokyo",
      "Europe/Moscow",
  };
  uint64_t seed = seed_of("zones");
  char *saved = getenv("TZ") ? strdup(getenv("TZ")) : NULL;
  for (size_t i = 0; i < AFT__COUNT(names); i++)
    compare_zone(env_of_test(state), names[i], &seed);
  if (saved)
    setenv("TZ", saved, 1);
  else
    unsetenv("TZ");
  tzset();
  free(saved);
}

static void rules_hold_for_ever(void **state) {
  (void)state;
  aft__tz_rule rule;
  assert_true(aft__tz_rule_parse(aft__cstr("EST5EDT,M3.2.0,M11.1.0"), &rule));
  aft__civil july = {2999, 7, 1, 0, 0, 0, 0, 0}, january = {2999, 1, 1, 0, 0, 0, 0, 0};
  assert_int_equal(aft__tz_rule_offset(&rule, aft__time_of(&july, 0) / 1000), -4 * 3600);
  assert_int_equal(aft__tz_rule_offset(&rule, aft__time_of(&january, 0) / 1000), -5 * 3600);
  aft__tz_rule_offset(&rule, INT64_MAX / 1000);
  aft__tz_rule_offset(&rule, INT64_MIN / 1000);
  /* RFC 8536, 3.3.1: summer time all year, 4 hours west. */
  assert_true(aft__tz_rule_parse(aft__cstr("EST5EDT,0/0,J365/25"), &rule));
  for (int64_t s = 0; s < INT64_C(86400) * 3000; s += 1800)
    assert_int_equal(aft__tz_rule_offset(&rule, s), -4 * 3600);
  assert_true(aft__tz_rule_parse(aft__cstr("<-02>2<-01>,M3.5.0/-1,M10.5.0/0"), &rule));
  assert_int_equal(rule.standard_s, -7200);
  assert_int_equal(rule.start.second_s, -3600);
}

static void broken_rules_are_refused(void **state) {
  (void)state;
  static const char *const bad[] = {
      "",
      "EST",
      "E5",
      "5",
      "EST5EDT",
      "EST5EDT,M3.2.0",
      "EST25",
      "EST5x",
      "<EST5",
      "<>5",
      "EST5EDT,M13.1.0,M11.1.0",
      "EST5EDT,M3.0.0,M11.1.0",
      "EST5EDT,M3.6.0,M11.1.0",
      "EST5EDT,M3.2.7,M11.1.0",
      "EST5EDT,J0,J300",
      "EST5EDT,J366,J300",
      "EST5EDT,366,1",
      "EST5EDT,M3.2.0/168,M11.1.0",
      "EST5EDT,M3.2.0,M11.1.0x",
      "EST99999999999999999999",
      "EST5:60",
      "EST5EDT,M3.2.0,M11.1.0,M12.1.0",
  };
  for (size_t i = 0; i < AFT__COUNT(bad); i++) {
    aft__tz_rule rule;
    if (aft__tz_rule_parse(aft__cstr(bad[i]), &rule))
      fail_msg("\"%s\" was taken for a rule", bad[i]);
  }
}

static void unsound_names_are_refused(void **state) {
  aft_env *env = env_of_test(state);
  static const char *const bad[] = {
      "",
      "/etc/passwd",
      "../zoneinfo/UTC",
      "Asia/../UTC",
      "Asia//Shanghai",
      "Asia/",
      "Asia/Shanghai.",
      "Asia",
      ".",
      "Asia/Shang hai",
      "No/Such_Zone",
      "tzdata.zi",
      "Asia\\Shanghai",
      "utc\n",
      "亚洲/上海",
      "Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
  };
  for (size_t i = 0; i < AFT__COUNT(bad); i++) {
    aft_zone *zone = (aft_zone *)env;
    aft_error e = AFT_ERROR_INIT;
    assert_int_equal(aft_zone_open(env, bad[i], AFT_NTS, &zone, &e), AFT_E_ZONE);
    assert_null(zone);
    assert_int_equal(e.code, AFT_E_ZONE);
  }
  aft_zone *zone;
  assert_int_equal(aft_zone_open(env, "UTC\0x", 5, &zone, NULL), AFT_E_ZONE);
  assert_int_equal(aft_zone_open(env, NULL, 0, &zone, NULL), AFT_E_ZONE);
  assert_int_equal(aft_zone_open(NULL, "UTC", 3, &zone, NULL), AFT_E_NULL_HANDLE);
  assert_int_equal(aft_zone_open(env, "Asia/Shanghai/x", 13, &zone, NULL), AFT_OK);
  aft_zone_unref(zone);
  aft_zone_unref(NULL);
}

/* Whatever a file holds, it is either refused or gives offsets below 26 hours. */
static void take_or_refuse(aft_env *env, const uint8_t *data, size_t size, uint64_t *seed) {
  uint8_t *exact = malloc(size ? size : 1); /* its own block, so that reading beyond it is found */
  assert_non_null(exact);
  memcpy(exact, data, size);
  aft_zone *zone = NULL;
  aft_error e = AFT_ERROR_INIT;
  aft_status status = aft__zone_parse(env, exact, size, &zone, &e);
  free(exact);
  if (status < 0) {
    assert_int_equal(status, AFT_E_ZONE);
    assert_null(zone);
    return;
  }
  for (int i = 0; i < 20; i++) {
    int32_t offset = aft_zone_offset(zone, (aft_time)draw(seed));
    assert_true(offset > -26 * 3600 && offset < 26 * 3600);
  }
  aft_zone_unref(zone);
}

static void damaged_files_are_refused(void **state) {
  aft_env *env = env_of_test(state);
  static const char *const names[] = {"America/New_York", "Asia/Shanghai", "Etc/GMT+12"};
  uint64_t seed = seed_of("damage");
  for (size_t n = 0; n < AFT__COUNT(names); n++) {
    char path[100];
    aft__file file;
    snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", names[n]);
    assert_int_equal(aft__file_map(&file, path, 100000, NULL), AFT_OK);
    if (file.size < 44) {
      fail_msg("%s is too short for a zone", path);
      return;
    }
    for (size_t size = 0; size < file.size; size++) {
      aft_zone *zone = NULL;
      assert_int_equal(aft__zone_parse(env, file.data, size, &zone, NULL), AFT_E_ZONE);
      take_or_refuse(env, file.data, size, &seed);
    }
    uint8_t *copy = malloc(file.size);
    assert_non_null(copy);
    for (int i = 0; i < 20000; i++) {
      memcpy(copy, file.data, file.size);
      for (uint64_t k = 1 + draw(&seed) % 4; k > 0; k--)
        copy[i % 2 ? draw(&seed) % file.size : draw(&seed) % 44] = (uint8_t)draw(&seed);
      take_or_refuse(env, copy, file.size, &seed);
    }
    free(copy);
    aft__file_unmap(&file);
  }
}

static void version_one_has_no_rule(void **state) {
  aft_env *env = env_of_test(state);
  static const uint8_t file[] = {
      'T', 'Z', 'i',  'f',  0, 0, 0,    0,    0,    0,    0, 0, 0,   0,   0,   0, 0, 0, 0, 0, /* header */
      0,   0,   0,    0,    0, 0, 0,    0,    0,    0,    0, 0, 0,   0,   0,   2, 0, 0, 0, 2,
      0,   0,   0,    4,    0, 0, 0,    100,  0,    0,    1, 0, 1,   0, /* at 100 to kind 1, at 256 to kind 0
                                                                         */
      0,   0,   0x0E, 0x10, 0, 0, 0xFF, 0xFF, 0xF1, 0xF0, 1, 0, 'A', 'B', 'C', 0, /* +1 h and -1 h */
  };
  aft_zone *zone;
  assert_int_equal(aft__zone_parse(env, file, sizeof file, &zone, NULL), AFT_OK);
  assert_int_equal(aft_zone_offset(zone, 99999), 3600);
  assert_int_equal(aft_zone_offset(zone, 100000), -3600);
  assert_int_equal(aft_zone_offset(zone, 255999), -3600);
  assert_int_equal(aft_zone_offset(zone, 256000), 3600);
  assert_int_equal(aft_zone_offset(zone, INT64_MAX), 3600);
  assert_int_equal(aft_zone_offset(zone, INT64_MIN), 3600);
  aft_zone_unref(zone);
}

static void opening_survives_lack_of_memory(void **state) {
  (void)state;
  fault_alloc c = {0};
  aft_env_options o = options_with(&c);
  aft_env *env;
  aft_zone *zone;
  assert_int_equal(aft_env_new(&o, &env, NULL), AFT_OK);
  c.fail_at = 2;
  assert_int_equal(aft_zone_open(env, "Asia/Shanghai", AFT_NTS, &zone, NULL), AFT_E_NOMEM);
  c.fail_at = c.calls + 1;
  assert_int_equal(aft_zone_open(env, "UTC", AFT_NTS, &zone, NULL), AFT_E_NOMEM);
  assert_int_equal(aft_zone_open(env, "Asia/Shanghai", AFT_NTS, &zone, NULL), AFT_OK);
  aft_env_unref(env); /* the zone keeps it alive */
  assert_int_equal(aft_zone_offset(zone, 0), 28800);
  aft_zone_unref(zone);
  assert_int_equal(c.bytes, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(civil_agrees_with_the_c_library),
      cmocka_unit_test(civil_takes_offsets_and_any_time),
      cmocka_unit_test(months_and_days_count_on),
      cmocka_unit_test(iso_goes_there_and_back),
      cmocka_unit_test(iso_has_its_form),
      cmocka_unit_test(iso_is_read_in_its_forms),
      cmocka_unit_test(wrong_times_are_placed),
      cmocka_unit_test(durations_go_there_and_back),
      cmocka_unit_test(durations_are_strict),
      cmocka_unit_test(zones_agree_with_the_c_library),
      cmocka_unit_test(rules_hold_for_ever),
      cmocka_unit_test(broken_rules_are_refused),
      cmocka_unit_test(unsound_names_are_refused),
      cmocka_unit_test(damaged_files_are_refused),
      cmocka_unit_test(version_one_has_no_rule),
      cmocka_unit_test(opening_survives_lack_of_memory),
  };
  return cmocka_run_group_tests(tests, open_env, close_env);
}
