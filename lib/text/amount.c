/* Amounts of money in running text: a number with a currency before or behind it. */
#include "text/extract_priv.h"

#include "value/value.h"

#define NUMBER_MOST 24u
#define WORD_MOST   8u /* characters of a currency's name */

typedef struct unit {
  const char *name; /* small letters */
  const char *code;
  bool vague; /* of several currencies: the order's counts */
} unit;

/* Before the number, longest first. */
static const unit signs[] = {
    {"us$", "USD", false}, {"hk$", "HKD", false},    {"nt$", "TWD", false}, {"ca$", "CAD", false},
    {"au$", "AUD", false}, {"nz$", "NZD", false},    {"a$", "AUD", false},  {"c$", "CAD", false},
    {"s$", "SGD", false},  {"r$", "BRL", false},     {"cn¥", "CNY", false}, {"jp¥", "JPY", false},
    {"¥", "CNY", true},    {"￥", "CNY", true},      {"$", "USD", true},    {"＄", "USD", true},
    {"€", "EUR", false},   {"£", "GBP", false},      {"￡", "GBP", false},  {"₩", "KRW", false},
    {"₹", "INR", false},   {"₽", "RUB", false},    {"฿", "THB", false},   {"₫", "VND", false},
    {"rmb", "CNY", false}, {"人民币", "CNY", false},
};

/* Behind the number, longest first. */
static const unit names[] = {
    {"人民币", "CNY", false}, {"美元", "USD", false},  {"欧元", "EUR", false},   {"日元", "JPY", false},
    {"港币", "HKD", false},   {"港元", "HKD", false},  {"英镑", "GBP", false},   {"韩元", "KRW", false},
    {"元", "CNY", true},      {"圆", "CNY", true},     {"块", "CNY", true},      {"円", "JPY", false},
    {"원", "KRW", false},     {"บาท", "THB", false},   {"руб", "RUB", false},    {"¥", "CNY", true},
    {"￥", "CNY", true},      {"€", "EUR", false},     {"£", "GBP", false},      {"$", "USD", true},
    {"rmb", "CNY", false},    {"yuan", "CNY", false},  {"dollars", "USD", true}, {"dollar", "USD", true},
    {"bucks", "USD", true},   {"euros", "EUR", false}, {"euro", "EUR", false},   {"pounds", "GBP", false},
    {"quid", "GBP", false},   {"yen", "JPY", false},   {"kuai", "CNY", false},
};

static char small(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c; }
static bool letter(char c) { return small(c) >= 'a' && small(c) <= 'z'; }

static bool same(const char *text, const char *name, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (small(text[i]) != name[i])
      return false;
  return true;
}

/* What "$" means to this shop: the order's currency where that is written with the same sign. */
static const char *meant(const aft__extract_in *in, const unit *u) {
  static const char *const dollars = "USD AUD CAD HKD NZD SGD TWD MXN", *const yuan = "CNY JPY";
  char code[4] = {0};
  if (!u->vague || in->currency.len != 3)
    return u->code;
  memcpy(code, in->currency.data, 3);
  const char *list = strcmp(u->code, "USD") == 0 ? dollars : yuan;
  const char *found = strstr(list, code);
  return found && (found - list) % 4 == 0 ? found : u->code;
}

/* Three capitals of ISO 4217 that stand alone: "12 EUR". */
static bool code_at(aft_str text, size_t at, char code[4]) {
  if (text.len - at < 3 || (at > 0 && letter(text.data[at - 1])) ||
      (at + 3 < text.len && letter(text.data[at + 3])))
    return false;
  for (int i = 0; i < 3; i++)
    code[i] = letter(text.data[at + (size_t)i]) ? (char)(small(text.data[at + (size_t)i]) - 32) : '?';
  code[3] = '\0';
  return aft_currency_exponent(code) >= 0;
}

/* 5块屏幕 are five pieces and 元旦 is a day: behind a name stands nothing that makes it another word. */
static bool goes_on(aft_str text, size_t at, const char *name) {
  static const char *const may[] = {"钱", "的", "了", "多", "吧", "左", "呢", "吗", "整", "以"};
  size_t length = strlen(name);
  bool piece = strcmp(name, "块") == 0, yuan = length >= 3 && strcmp(name + length - 3, "元") == 0;
  if (letter(name[0]))
    return at < text.len && letter(text.data[at]);
  if (at < text.len && text.data[at] >= '0' && text.data[at] <= '9')
    return true; /* the sign of the next number */
  if (at + 3 > text.len || (uint8_t)text.data[at] < 0xE4 || (uint8_t)text.data[at] > 0xE9)
    return false;
  if (yuan)
    return memcmp(text.data + at, "旦", 3) == 0 || memcmp(text.data + at, "素", 3) == 0 ||
           memcmp(text.data + at, "件", 3) == 0;
  for (size_t i = 0; piece && i < AFT__COUNT(may); i++)
    if (memcmp(text.data + at, may[i], 3) == 0)
      return false;
  return piece;
}

static size_t skip_space(aft_str text, size_t at) {
  return at < text.len && text.data[at] == ' ' ? at + 1 : at;
}

/* The currency named behind the number; *at moves behind its name. */
static bool unit_behind(const aft__extract_in *in, size_t *at, char code[4]) {
  aft_str text = in->text;
  size_t from = skip_space(text, *at);
  for (size_t i = 0; i < AFT__COUNT(names); i++) {
    size_t n = strlen(names[i].name);
    if (text.len - from < n || !same(text.data + from, names[i].name, n) ||
        goes_on(text, from + n, names[i].name))
      continue;
    memcpy(code, meant(in, &names[i]), 3);
    *at = from + n;
    return true;
  }
  if (!code_at(text, from, code))
    return false;
  *at = from + 3;
  return true;
}

/* The currency named before the number; *at moves to where its name begins. */
static bool unit_before(const aft__extract_in *in, size_t *at, char code[4]) {
  aft_str text = in->text;
  size_t to = *at;
  if (to > 0 && text.data[to - 1] == ' ')
    to--;
  for (size_t i = 0; i < AFT__COUNT(signs); i++) {
    size_t n = strlen(signs[i].name);
    bool word = letter(signs[i].name[0]);
    if (to < n || !same(text.data + to - n, signs[i].name, n) ||
        (word && to > n && letter(text.data[to - n - 1])))
      continue;
    memcpy(code, meant(in, &signs[i]), 3);
    *at = to - n;
    return true;
  }
  if (to < 3 || !code_at(text, to - 3, code))
    return false;
  *at = to - 3;
  return true;
}

static bool digit_at(aft_str text, size_t at) {
  return at < text.len && text.data[at] >= '0' && text.data[at] <= '9';
}

static bool three_digits(aft_str text, size_t at) {
  return digit_at(text, at) && digit_at(text, at + 1) && digit_at(text, at + 2) && !digit_at(text, at + 3);
}

/* "1,299.00": digits with groups of three and a fraction; returns its length, 0 for none. */
static size_t number_at(aft_str text, size_t at, char out[NUMBER_MOST]) {
  size_t i = at, n = 0;
  bool point = false;
  while (i < text.len && n + 1 < NUMBER_MOST) {
    char c = text.data[i];
    bool more = digit_at(text, i + 1);
    bool group = c == ',' && !point && i > at && three_digits(text, i + 1);
    if (c == '.' && !point && more)
      point = true;
    else if (!(c >= '0' && c <= '9') && !group)
      break;
    if (!group)
      out[n++] = c;
    i++;
  }
  out[n] = '\0';
  return n > 0 && n + 1 < NUMBER_MOST ? i - at : 0;
}

/* 1.5万元 */
static bool times_ten_thousand(aft_str text, size_t *at, aft_money *money) {
  static const char wan[] = "万";
  if (text.len - *at < 3 || memcmp(text.data + *at, wan, 3) != 0)
    return true;
  *at += 3;
  return !aft__mul_i64(money->minor, 10000, &money->minor);
}

static void write_value(const aft_money *money, aft__stated *out) {
  int32_t exponent = aft_currency_exponent(money->currency);
  char digits[24];
  size_t n = 0, at = 0;
  uint64_t left = (uint64_t)money->minor;
  do {
    digits[n++] = (char)('0' + left % 10);
    left /= 10;
  } while (left > 0 || n <= (size_t)exponent);
  while (n > 0) {
    if (n == (size_t)exponent && exponent > 0)
      out->value[at++] = '.';
    out->value[at++] = digits[--n];
  }
  out->value[at] = '\0';
}

bool aft__amount_at(const aft__extract_in *in, uint32_t at, aft__stated *out) {
  char number[NUMBER_MOST], code[4] = {0};
  size_t begin = at, length = number_at(in->text, at, number), end = at + length, behind;
  aft_money money, probe;
  bool fraction = at >= 2 && in->text.data[at - 1] == '.' && digit_at(in->text, at - 2);
  if (length == 0 || fraction)
    return false;
  bool known = unit_before(in, &begin, code);
  aft_money scale = {1, {0}, 0};
  behind = end;
  if (!times_ten_thousand(in->text, &behind, &scale))
    return false;
  size_t tail = behind;
  char other[4] = {0};
  if (unit_behind(in, &tail, other)) {
    if (!known)
      memcpy(code, other, sizeof code);
    end = tail;
    known = true;
  } else if (scale.minor != 1) {
    end = behind;
  }
  if (!known || aft__money_parse(aft__cstr(number), aft__cstr(code), &money, NULL) < 0)
    return false;
  probe = money;
  if (aft__mul_i64(probe.minor, scale.minor, &money.minor) || money.minor < 0)
    return false;
  memset(out, 0, sizeof *out);
  out->kind = AFT__STATED_AMOUNT;
  out->begin = (uint32_t)begin;
  out->end = (uint32_t)end;
  out->minor = money.minor;
  out->carrier = "";
  memcpy(out->currency, code, sizeof out->currency);
  write_value(&money, out);
  return true;
}
