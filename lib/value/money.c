/* Money: checked arithmetic in minor units, splits that lose nothing, amounts as text. */
#include <inttypes.h>
#include <stdio.h>

#include "value/value_priv.h"

static aft_status unknown_currency(aft_error *error) {
  return aft__error(error, AFT_E_CURRENCY, "currency", "expected a currency of ISO 4217 such as \"CNY\"");
}

static aft_status too_large(aft_error *error) {
  return aft__error(error, AFT_E_OVERFLOW, "money", "the amount does not fit into 63 bits of minor units");
}

static aft_status null_argument(const char *name, aft_error *error) {
  return aft__error(error, AFT_E_INVALID, name, "%s is NULL", name);
}

/* The currency's code is closed by a NUL and known. */
static int32_t exponent_of(const aft_money *m) { return aft_currency_exponent(m->currency); }

aft_status aft__money_make(int64_t minor, aft_str currency, aft_money *out, aft_error *error) {
  aft_money made = {minor, {0}, 0};
  currency = aft__str(currency.data, currency.len);
  if (currency.len != 3)
    return unknown_currency(error);
  memcpy(made.currency, currency.data, 3);
  if (exponent_of(&made) < 0)
    return unknown_currency(error);
  *out = made;
  return AFT_OK;
}

/* ---- arithmetic ---- */

static aft_status same_currency(const aft_money *a, const aft_money *b, aft_error *error) {
  if (!a || !b)
    return null_argument("money", error);
  if (exponent_of(a) < 0 || exponent_of(b) < 0)
    return unknown_currency(error);
  if (memcmp(a->currency, b->currency, 4) != 0)
    return aft__error(error, AFT_E_CURRENCY, "currency",
                      "expected two amounts of one currency, found %s and %s", a->currency, b->currency);
  return AFT_OK;
}

static void set(aft_money *out, int64_t minor, const aft_money *like) {
  aft_money made = {minor, {0}, 0};
  memcpy(made.currency, like->currency, sizeof made.currency);
  *out = made;
}

aft_status aft_money_add(const aft_money *a, const aft_money *b, aft_money *out, aft_error *error) {
  int64_t sum;
  AFT__TRY(same_currency(a, b, error));
  if (!out)
    return null_argument("out", error);
  if (aft__add_i64(a->minor, b->minor, &sum))
    return too_large(error);
  set(out, sum, a);
  return AFT_OK;
}

aft_status aft__money_sub(const aft_money *a, const aft_money *b, aft_money *out, aft_error *error) {
  int64_t difference;
  AFT__TRY(same_currency(a, b, error));
  if (aft__sub_i64(a->minor, b->minor, &difference))
    return too_large(error);
  set(out, difference, a);
  return AFT_OK;
}

/* ---- splitting ---- */

/* amount · weight / total, rounded down, with its remainder: by doubling, so that nothing is
 * wider than 64 bits. Needs weight ≤ total < 2^63. */
static uint64_t share(uint64_t amount, uint64_t weight, uint64_t total, uint64_t *remainder) {
  uint64_t quotient = 0, left = 0;
  for (int bit = 63; bit >= 0; bit--) {
    quotient *= 2;
    left *= 2;
    if (left >= total) {
      left -= total;
      quotient++;
    }
    if (!(amount >> bit & 1))
      continue;
    left += weight;
    if (left >= total) {
      left -= total;
      quotient++;
    }
  }
  *remainder = left;
  return quotient;
}

typedef struct split {
  uint64_t amount; /* without its sign */
  const int64_t *weights;
  size_t n;
  uint64_t total;
} split;

static uint64_t remainder_of(const split *s, size_t i) {
  uint64_t remainder;
  share(s->amount, (uint64_t)s->weights[i], s->total, &remainder);
  return remainder;
}

static size_t remainders_above(const split *s, uint64_t bound) {
  size_t above = 0;
  for (size_t i = 0; i < s->n; i++)
    above += remainder_of(s, i) > bound;
  return above;
}

/* The least bound that no more than `units` remainders exceed: found by halving, without memory. */
static uint64_t bound_of_gainers(const split *s, uint64_t units) {
  uint64_t low = 0, high = s->total;
  while (low < high) {
    uint64_t middle = low + (high - low) / 2;
    if (remainders_above(s, middle) <= units)
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

static aft_status sum_weights(split *s, aft_error *error) {
  int64_t total = 0;
  for (size_t i = 0; i < s->n; i++) {
    if (s->weights[i] < 0)
      return aft__error(error, AFT_E_INVALID, "weights", "expected weights of 0 or more, found %" PRId64,
                        s->weights[i]);
    if (aft__add_i64(total, s->weights[i], &total))
      return aft__error(error, AFT_E_OVERFLOW, "weights", "the sum of the weights does not fit into 63 bits");
  }
  if (total == 0)
    return aft__error(error, AFT_E_INVALID, "weights", "expected at least one weight above 0");
  s->total = (uint64_t)total;
  return AFT_OK;
}

static void write_parts(const split *s, const aft_money *whole, aft_money *out) {
  uint64_t shared = 0, remainder;
  for (size_t i = 0; i < s->n; i++)
    shared += share(s->amount, (uint64_t)s->weights[i], s->total, &remainder);
  uint64_t units = s->amount - shared; /* less than n */
  uint64_t bound = bound_of_gainers(s, units);
  uint64_t at_bound = units - remainders_above(s, bound);
  for (size_t i = 0; i < s->n; i++) {
    uint64_t part = share(s->amount, (uint64_t)s->weights[i], s->total, &remainder);
    if (remainder > bound) {
      part++;
    } else if (remainder == bound && at_bound > 0) {
      part++;
      at_bound--;
    }
    set(&out[i], whole->minor < 0 ? (int64_t)-part : (int64_t)part, whole);
  }
}

aft_status aft_money_split(const aft_money *money, const int64_t *weights, size_t n, aft_money *out,
                           aft_error *error) {
  if (!money || !weights || !out)
    return null_argument(!money ? "money" : !weights ? "weights" : "out", error);
  if (exponent_of(money) < 0)
    return unknown_currency(error);
  aft_money whole = *money; /* out may begin where it lies */
  split s = {whole.minor < 0 ? -(uint64_t)whole.minor : (uint64_t)whole.minor, weights, n, 0};
  AFT__TRY(sum_weights(&s, error));
  write_parts(&s, &whole, out);
  return AFT_OK;
}

/* ---- reading ---- */

typedef struct reader {
  aft_str text;
  size_t at;
  bool negative, overflow;
  int64_t minor;
} reader;

static char peek(const reader *r) { return r->at < r->text.len ? r->text.data[r->at] : '\0'; }

static bool at_digit(const reader *r) { return peek(r) >= '0' && peek(r) <= '9'; }

/* Counts downwards for negative amounts, so that the least one is read, too. */
static void append_digit(reader *r, int digit) {
  if (aft__mul_i64(r->minor, 10, &r->minor) ||
      aft__add_i64(r->minor, r->negative ? -digit : digit, &r->minor))
    r->overflow = true;
}

static size_t read_digits(reader *r) {
  size_t start = r->at;
  for (; at_digit(r); r->at++)
    append_digit(r, peek(r) - '0');
  return r->at - start;
}

/* Digits, with commas either nowhere or before every three: "1,29" is not taken for 129 or 1.29. */
static bool read_whole(reader *r) {
  size_t first = read_digits(r);
  if (first == 0 || (peek(r) == ',' && first > 3))
    return false;
  while (peek(r) == ',') {
    r->at++;
    if (read_digits(r) != 3)
      return false;
  }
  return true;
}

static bool read_fraction(reader *r, int32_t exponent) {
  int32_t missing = exponent;
  if (peek(r) == '.') {
    r->at++;
    if (!at_digit(r))
      return false;
    for (; at_digit(r); r->at++) {
      if (missing > 0) {
        append_digit(r, peek(r) - '0');
        missing--;
      } else if (peek(r) != '0') {
        return false; /* finer than the currency's minor unit */
      }
    }
  }
  for (; missing > 0; missing--)
    append_digit(r, 0);
  return true;
}

aft_status aft__money_parse(aft_str text, aft_str currency, aft_money *out, aft_error *error) {
  aft_money made;
  AFT__TRY(aft__money_make(0, currency, &made, error));
  reader r = {aft__str(text.data, text.len), 0, false, false, 0};
  if (peek(&r) == '-') {
    r.negative = true;
    r.at++;
  }
  int32_t exponent = exponent_of(&made);
  if (!read_whole(&r) || !read_fraction(&r, exponent) || r.at != r.text.len)
    return aft__error(error, AFT_E_INVALID, "money",
                      "expected an amount with at most %d digits behind the point, such as \"1,299%s\"",
                      (int)exponent, exponent == 0 ? "" : ".5");
  if (r.overflow)
    return too_large(error);
  made.minor = r.minor;
  *out = made;
  return AFT_OK;
}

/* ---- writing ---- */

static bool is_chinese(const char *locale) {
  return locale && (locale[0] == 'z' || locale[0] == 'Z') && (locale[1] == 'h' || locale[1] == 'H') &&
         (locale[2] == '\0' || locale[2] == '-' || locale[2] == '_');
}

/* The digits from the last to the first, with the point and a comma before every three; returns the start. */
static char *write_backwards(uint64_t minor, int32_t exponent, char *end) {
  char *at = end;
  *at = '\0';
  for (int32_t place = 0; minor > 0 || place <= exponent; place++) {
    if (place == exponent && exponent > 0)
      *--at = '.';
    if (place > exponent && (place - exponent) % 3 == 0)
      *--at = ',';
    *--at = (char)('0' + minor % 10);
    minor /= 10;
  }
  return at;
}

aft_status aft_money_format(const aft_money *money, const char *locale, char *out, aft_error *error) {
  if (!money || !out)
    return null_argument(money ? "out" : "money", error);
  int32_t exponent = exponent_of(money);
  if (exponent < 0)
    return unknown_currency(error);
  char digits[AFT_MONEY_SIZE];
  uint64_t minor = money->minor < 0 ? -(uint64_t)money->minor : (uint64_t)money->minor;
  const char *number = write_backwards(minor, exponent, digits + sizeof digits - 1);
  const char *sign = aft__currency_sign(money->currency, is_chinese(locale));
  snprintf(out, AFT_MONEY_SIZE, "%s%s%s%s", money->minor < 0 ? "-" : "", sign ? sign : money->currency,
           sign ? "" : " ", number);
  return AFT_OK;
}
