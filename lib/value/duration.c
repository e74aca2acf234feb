/* Durations as people write them in a policy: "90s", "1d12h". */
#include <inttypes.h>
#include <stdio.h>

#include "value/value.h"

typedef struct unit {
  const char *name;
  int64_t ms;
} unit;

static const unit units[] = {
    {"w", 7 * AFT__DAY}, {"d", AFT__DAY}, {"h", AFT__HOUR}, {"m", AFT__MINUTE}, {"s", AFT__SECOND}, {"ms", 1},
};

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static bool is_letter(char c) { return c >= 'a' && c <= 'z'; }

/* The unit whose name stands at a place, or COUNT. */
static size_t unit_at(aft_str text, size_t at, size_t *after) {
  size_t end = at;
  while (end < text.len && is_letter(text.data[end]))
    end++;
  aft_str name = {text.data + at, end - at};
  *after = end;
  for (size_t u = 0; u < AFT__COUNT(units); u++)
    if (aft__str_eq(name, aft__cstr(units[u].name)))
      return u;
  return AFT__COUNT(units);
}

static aft_status invalid(size_t at, const char *expected, aft_error *error) {
  return aft__error(error, AFT_E_INVALID, "duration",
                    "expected %s at character %zu of the duration, as in \"90s\", \"15m\" or \"1d12h\"",
                    expected, at + 1);
}

static aft_status too_long(aft_error *error) {
  return aft__error(error, AFT_E_OVERFLOW, "duration",
                    "the duration is too long for 63 bits of milliseconds");
}

aft_status aft__duration_parse(aft_str text, int64_t *out_ms, aft_error *error) {
  text = aft__str(text.data, text.len);
  int64_t total = 0;
  size_t at = 0, least = 0; /* units below this index have been used */
  do {
    if (at >= text.len || !is_digit(text.data[at]))
      return invalid(at, "a number", error);
    int64_t count = 0;
    for (; at < text.len && is_digit(text.data[at]); at++)
      if (aft__mul_i64(count, 10, &count) || aft__add_i64(count, text.data[at] - '0', &count))
        return too_long(error);
    size_t after;
    size_t u = unit_at(text, at, &after);
    if (u == AFT__COUNT(units))
      return invalid(at, "one of w, d, h, m, s, ms", error);
    if (u < least)
      return invalid(at, "a smaller unit than the one before", error);
    if (aft__mul_i64(count, units[u].ms, &count) || aft__add_i64(total, count, &total))
      return too_long(error);
    least = u + 1;
    at = after;
  } while (at < text.len);
  *out_ms = total;
  return AFT_OK;
}

void aft__duration_format(int64_t ms, char out[32]) {
  uint64_t left = ms < 0 ? -(uint64_t)ms : (uint64_t)ms;
  size_t n = 0;
  if (ms < 0)
    out[n++] = '-';
  if (ms == 0)
    snprintf(out, 32, "0s");
  for (size_t u = 0; u < AFT__COUNT(units); u++) {
    uint64_t count = left / (uint64_t)units[u].ms;
    left %= (uint64_t)units[u].ms;
    if (count)
      n += (size_t)snprintf(out + n, 32 - n, "%" PRIu64 "%s", count, units[u].name);
  }
}
