/* Money against arithmetic of 128 bits: sums, splits, reading and writing. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "value/value.h"
#include "random.h"

__extension__ typedef __int128 wide;

/* Of every magnitude, either sign, and often at the ends of the range. */
static int64_t draw_amount(uint64_t *seed) {
  switch (draw(seed) % 8) {
  case 0:
    return INT64_MIN + (int64_t)(draw(seed) % 3);
  case 1:
    return INT64_MAX - (int64_t)(draw(seed) % 3);
  default:
    return (int64_t)draw(seed) >> draw(seed) % 64;
  }
}

static aft_money cny(int64_t minor) { return (aft_money){minor, "CNY", 0}; }

static void sums_are_exact_or_refused(void **state) {
  (void)state;
  uint64_t seed = seed_of("sums");
  for (int i = 0; i < 200000; i++) {
    aft_money a = cny(draw_amount(&seed)), b = cny(draw_amount(&seed)), out = cny(7);
    wide sum = (wide)a.minor + b.minor, difference = (wide)a.minor - b.minor;
    bool fits = sum >= INT64_MIN && sum <= INT64_MAX;
    assert_int_equal(aft_money_add(&a, &b, &out, NULL), fits ? AFT_OK : AFT_E_OVERFLOW);
    assert_true(out.minor == (fits ? (int64_t)sum : 7));
    fits = difference >= INT64_MIN && difference <= INT64_MAX;
    out.minor = 7;
    assert_int_equal(aft__money_sub(&a, &b, &out, NULL), fits ? AFT_OK : AFT_E_OVERFLOW);
    assert_true(out.minor == (fits ? (int64_t)difference : 7));
  }
}

static void currencies_do_not_mix(void **state) {
  (void)state;
  aft_money a = cny(1), usd = {1, "USD", 0}, none = {1, "", 0}, odd = {1, {'C', 'N', 'Y', 'X'}, 0}, out;
  aft_error e = AFT_ERROR_INIT;
  assert_int_equal(aft_money_add(&a, &usd, &out, &e), AFT_E_CURRENCY);
  assert_non_null(strstr(e.message, "CNY and USD"));
  assert_int_equal(aft_money_add(&none, &none, &out, NULL), AFT_E_CURRENCY);
  assert_int_equal(aft_money_add(&odd, &odd, &out, NULL), AFT_E_CURRENCY);
  assert_int_equal(aft_money_add(NULL, &a, &out, NULL), AFT_E_INVALID);
  assert_int_equal(aft__money_make(5, aft__cstr("XAU"), &out, NULL), AFT_E_CURRENCY);
  assert_int_equal(aft__money_make(5, aft__cstr("cny"), &out, NULL), AFT_E_CURRENCY);
  assert_int_equal(aft__money_make(5, aft__cstr("CNYX"), &out, NULL), AFT_E_CURRENCY);
  assert_int_equal(aft__money_make(5, (aft_str){"CNYX", 3}, &out, NULL), AFT_OK);
  assert_string_equal(out.currency, "CNY");
}

/*
 * What makes a split a largest-remainder split: each part is the exact share rounded
 * down or up, a share without remainder is not touched, and whoever was rounded up had a
 * remainder larger than, or as large as and earlier than, whoever was rounded down.
 */
static void check_split(int64_t amount, const int64_t *weights, size_t n) {
  aft_money whole = cny(amount), parts[20];
  wide total = 0, sum = 0;
  wide remainder[20];
  bool up[20];
  for (size_t i = 0; i < n; i++)
    total += weights[i];
  assert_int_equal(aft_money_split(&whole, weights, n, parts, NULL), AFT_OK);
  wide size = amount < 0 ? -(wide)amount : amount;
  for (size_t i = 0; i < n; i++) {
    wide part = amount < 0 ? -(wide)parts[i].minor : parts[i].minor;
    wide floor = size * weights[i] / total;
    remainder[i] = size * weights[i] % total;
    assert_true(part == floor || (part == floor + 1 && remainder[i] > 0));
    assert_string_equal(parts[i].currency, "CNY");
    assert_int_equal(parts[i].reserved0, 0);
    up[i] = part != floor;
    sum += parts[i].minor;
  }
  assert_true(sum == amount);
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++)
      if (up[i] && !up[j])
        assert_true(remainder[i] > remainder[j] || (i < j && remainder[i] == remainder[j]));
}

static void splits_are_exact(void **state) {
  (void)state;
  uint64_t seed = seed_of("splits");
  for (int i = 0; i < 20000; i++) {
    int64_t weights[20];
    size_t n = 1 + draw(&seed) % 20;
    unsigned shift = 5 + (unsigned)(draw(&seed) % 58); /* twenty of them still sum below 2^63 */
    for (size_t k = 0; k < n; k++)
      weights[k] = draw(&seed) % 4 ? (int64_t)(draw(&seed) >> shift >> 1) : (int64_t)(draw(&seed) % 3);
    weights[draw(&seed) % n] += 1;
    check_split(draw_amount(&seed), weights, n);
  }
}

static void splits_are_known(void **state) {
  (void)state;
  aft_money whole = cny(100), parts[3];
  assert_int_equal(aft_money_split(&whole, (int64_t[]){1, 1, 1}, 3, parts, NULL), AFT_OK);
  assert_true(parts[0].minor == 34 && parts[1].minor == 33 && parts[2].minor == 33);
  whole.minor = -100;
  assert_int_equal(aft_money_split(&whole, (int64_t[]){0, 1, 2}, 3, parts, NULL), AFT_OK);
  assert_true(parts[0].minor == 0 && parts[1].minor == -33 && parts[2].minor == -67);
  parts[0] = cny(INT64_MIN); /* in place */
  assert_int_equal(aft_money_split(&parts[0], (int64_t[]){1, 1, INT64_MAX - 2}, 3, parts, NULL), AFT_OK);
  assert_true((wide)parts[0].minor + parts[1].minor + parts[2].minor == INT64_MIN);
}

static void impossible_splits_are_refused(void **state) {
  (void)state;
  aft_money whole = cny(100), parts[2] = {cny(5), cny(6)};
  assert_int_equal(aft_money_split(&whole, (int64_t[]){0, 0}, 2, parts, NULL), AFT_E_INVALID);
  assert_int_equal(aft_money_split(&whole, (int64_t[]){3, -1}, 2, parts, NULL), AFT_E_INVALID);
  assert_int_equal(aft_money_split(&whole, (int64_t[]){1, 1}, 0, parts, NULL), AFT_E_INVALID);
  assert_int_equal(aft_money_split(&whole, (int64_t[]){INT64_MAX, 1}, 2, parts, NULL), AFT_E_OVERFLOW);
  assert_int_equal(aft_money_split(&whole, NULL, 2, parts, NULL), AFT_E_INVALID);
  whole.currency[0] = 'c';
  assert_int_equal(aft_money_split(&whole, (int64_t[]){1, 1}, 2, parts, NULL), AFT_E_CURRENCY);
  assert_true(parts[0].minor == 5 && parts[1].minor == 6);
}

/* ---- text ---- */

static void amounts_are_written_for_people(void **state) {
  (void)state;
  static const struct {
    const char *currency, *locale;
    int64_t minor;
    const char *want;
  } cases[] = {
      {"CNY", "zh", 129900, "¥1,299.00"},
      {"CNY", "zh-CN", -500, "-¥5.00"},
      {"CNY", "en", 129900, "CN¥1,299.00"},
      {"CNY", NULL, 0, "CN¥0.00"},
      {"USD", "zh_TW", 1250, "US$12.50"},
      {"USD", "en-US", 1250, "$12.50"},
      {"USD", "zhx", 5, "$0.05"},
      {"JPY", "zh", 1200, "JP¥1,200"},
      {"JPY", "fr", 1200, "¥1,200"},
      {"EUR", "en", 100, "€1.00"},
      {"GBP", "zh", 99, "£0.99"},
      {"HKD", "en", 123456789, "HK$1,234,567.89"},
      {"TWD", "zh", 100000, "NT$1,000.00"},
      {"KRW", "zh", 999, "₩999"},
      {"CHF", "en", 500, "CHF 5.00"},
      {"CHF", "zh", -500, "-CHF 5.00"},
      {"KWD", "en", 1, "KWD 0.001"},
      {"CLF", "en", 12345678, "CLF 1,234.5678"},
      {"UYW", "en", INT64_MIN, "-UYW 922,337,203,685,477.5808"},
      {"JPY", "zh", INT64_MIN, "-JP¥9,223,372,036,854,775,808"},
      {"CNY", "en", INT64_MAX, "CN¥92,233,720,368,547,758.07"},
  };
  setlocale(LC_ALL, "de_DE.UTF-8"); /* where it is installed: its comma must not show */
  for (size_t i = 0; i < AFT__COUNT(cases); i++) {
    aft_money m;
    char text[AFT_MONEY_SIZE];
    assert_int_equal(aft__money_make(cases[i].minor, aft__cstr(cases[i].currency), &m, NULL), AFT_OK);
    assert_int_equal(aft_money_format(&m, cases[i].locale, text, NULL), AFT_OK);
    assert_string_equal(text, cases[i].want);
  }
  setlocale(LC_ALL, "C");
  aft_money unknown = {1, "ABC", 0};
  char text[AFT_MONEY_SIZE];
  assert_int_equal(aft_money_format(&unknown, "en", text, NULL), AFT_E_CURRENCY);
}

static void what_is_written_is_read(void **state) {
  (void)state;
  static const char *const codes[] = {"JPY", "CNY", "KWD", "CLF"};
  uint64_t seed = seed_of("text");
  for (int i = 0; i < 50000; i++) {
    aft_money m, back;
    char text[AFT_MONEY_SIZE], plain[AFT_MONEY_SIZE], *p = plain;
    const char *code = codes[i % 4];
    assert_int_equal(aft__money_make(draw_amount(&seed), aft__cstr(code), &m, NULL), AFT_OK);
    assert_int_equal(aft_money_format(&m, "en", text, NULL), AFT_OK);
    bool commas = draw(&seed) % 2;
    for (const char *t = text; *t; t++)
      if (strchr("0123456789.-", *t) || (commas && *t == ','))
        *p++ = *t;
    *p = '\0';
    assert_int_equal(aft__money_parse(aft__cstr(plain), aft__cstr(code), &back, NULL), AFT_OK);
    assert_memory_equal(&m, &back, sizeof m);
  }
}

static void amounts_are_read_strictly(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int64_t want; /* fen */
  } good[] = {
      {"1299", 129900},
      {"1,299.00", 129900},
      {"-5.5", -550},
      {"0", 0},
      {"-0", 0},
      {"007", 700},
      {"1,234,567.8", 123456780},
      {"12.5000", 1250},
      {"92233720368547758.07", INT64_MAX},
      {"-92233720368547758.08", INT64_MIN},
  };
  for (size_t i = 0; i < AFT__COUNT(good); i++) {
    aft_money m;
    assert_int_equal(aft__money_parse(aft__cstr(good[i].text), aft__cstr("CNY"), &m, NULL), AFT_OK);
    assert_true(m.minor == good[i].want);
  }
  static const char *const bad[] = {
      "",     "-",      ".",     ".5",    "5.",       "1,29",   "12,99", "1299,000", "1,2345",
      ",100", "1,,000", "1.234", "1.2.3", "1.000,50", "+5",     "--5",   "5-",       " 5",
      "5 ",   "1e3",    "¥5",    "０",    "0x10",     "1,299,", "inf",   "nan",
  };
  for (size_t i = 0; i < AFT__COUNT(bad); i++) {
    aft_money m = cny(42);
    if (aft__money_parse(aft__cstr(bad[i]), aft__cstr("CNY"), &m, NULL) != AFT_E_INVALID)
      fail_msg("\"%s\" was taken for an amount", bad[i]);
    assert_true(m.minor == 42);
  }
  aft_money m;
  assert_int_equal(aft__money_parse(aft__cstr("92233720368547758.08"), aft__cstr("CNY"), &m, NULL),
                   AFT_E_OVERFLOW);
  assert_int_equal(aft__money_parse(aft__cstr("99999999999999999999999"), aft__cstr("CNY"), &m, NULL),
                   AFT_E_OVERFLOW);
  assert_int_equal(aft__money_parse(aft__cstr("1.5"), aft__cstr("JPY"), &m, NULL), AFT_E_INVALID);
  assert_int_equal(aft__money_parse(aft__cstr("1"), aft__cstr("ZZZ"), &m, NULL), AFT_E_CURRENCY);
}

static void exponents_are_those_of_iso_4217(void **state) {
  (void)state;
  static const char without[] = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";
  static const char three[] = "BHD IQD JOD KWD LYD OMR TND", four[] = "CLF UYW";
  int known = 0;
  char code[4] = "AAA";
  for (code[0] = 'A'; code[0] <= 'Z'; code[0]++)
    for (code[1] = 'A'; code[1] <= 'Z'; code[1]++)
      for (code[2] = 'A'; code[2] <= 'Z'; code[2]++) {
        int32_t exponent = aft_currency_exponent(code);
        int32_t want = strstr(without, code) ? 0 : strstr(three, code) ? 3 : strstr(four, code) ? 4 : 2;
        known += exponent >= 0;
        assert_true(exponent == want || (exponent == -1 && want == 2));
      }
  assert_int_equal(known, 167);
  assert_int_equal(aft_currency_exponent("CNY"), 2);
  assert_int_equal(aft_currency_exponent("ZZZ"), -1);
  assert_int_equal(aft_currency_exponent("cny"), -1);
  assert_int_equal(aft_currency_exponent("CN"), -1);
  assert_int_equal(aft_currency_exponent("CNYY"), -1);
  assert_int_equal(aft_currency_exponent(""), -1);
  assert_int_equal(aft_currency_exponent(NULL), -1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sums_are_exact_or_refused),
      cmocka_unit_test(currencies_do_not_mix),
      cmocka_unit_test(splits_are_exact),
      cmocka_unit_test(splits_are_known),
      cmocka_unit_test(impossible_splits_are_refused),
      cmocka_unit_test(amounts_are_written_for_people),
      cmocka_unit_test(what_is_written_is_read),
      cmocka_unit_test(amounts_are_read_strictly),
      cmocka_unit_test(exponents_are_those_of_iso_4217),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
