/* Masking of personal numbers and addresses in running text. */
#include "text/text.h"

/*
 * The text is read once. A number is up to 20 digits in groups, with one or two
 * spaces, dashes or parentheses between groups; its beginnings at group ends are
 * tried as identity number, phone and card, the longest first. What is none of
 * them stays as it is, group by group. A longer run of digits is never cut.
 */
#define DIGITS 20u

typedef struct number {
  size_t n;
  uint8_t value[DIGITS];
  uint8_t bytes[DIGITS]; /* 1, or 3 for a full-width digit */
  size_t at[DIGITS];
  size_t groups;
  size_t edge[DIGITS]; /* digits up to the end of each group */
  size_t first_end;    /* where the first group ends in the text */
} number;

typedef struct redactor {
  aft__buf *out;
  aft_str text;
  size_t copied; /* bytes of the text written or replaced so far */
  size_t limit;  /* a number does not reach past this: an address begins */
  uint32_t found;
  aft__buf *spans; /* of aft__pii_span; NULL: nobody asks where */
} redactor;

/* ---- characters ---- */

static uint32_t decode(aft_str text, size_t at, uint32_t *c) {
  return aft__utf8_next(text.data + at, text.data + text.len, c);
}

/* The value of an ASCII or full-width digit, or -1. */
static int digit(uint32_t c) {
  if (c >= '0' && c <= '9')
    return (int)(c - '0');
  return c >= 0xFF10 && c <= 0xFF19 ? (int)(c - 0xFF10) : -1;
}

static bool separator(uint32_t c) {
  return c == ' ' || c == '-' || c == '(' || c == ')' || c == 0xA0 || (c >= 0x2010 && c <= 0x2015) ||
         c == 0x2212 || c == 0x3000 || c == 0xFF0D || c == 0xFF08 || c == 0xFF09;
}

static bool ascii_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

static void copy_to(redactor *r, size_t at) {
  aft__buf_add(r->out, r->text.data + r->copied, at - r->copied);
  r->copied = at;
}

static size_t digit_end(const number *num, size_t i) { return num->at[i] + num->bytes[i]; }

/* ---- reading a number ---- */

static size_t skip_separators(const redactor *r, size_t at) {
  for (int i = 0; i < 2 && at < r->limit; i++) {
    uint32_t c;
    uint32_t n = decode(r->text, at, &c);
    if (!separator(c))
      break;
    at += n;
  }
  return at;
}

/* Reads one group at *at into num; false when it has more digits than there is room for. */
static bool read_group(const redactor *r, size_t *at, number *num) {
  bool fits = true;
  while (*at < r->limit) {
    uint32_t c;
    uint32_t n = decode(r->text, *at, &c);
    int value = digit(c);
    if (value < 0)
      break;
    if (num->n < DIGITS) {
      num->value[num->n] = (uint8_t)value;
      num->bytes[num->n] = (uint8_t)n;
      num->at[num->n++] = *at;
    } else {
      fits = false;
    }
    *at += n;
  }
  return fits;
}

static void read_number(const redactor *r, size_t at, number *num) {
  num->n = num->groups = 0;
  num->first_end = 0;
  for (;;) {
    size_t before = num->n;
    bool fits = read_group(r, &at, num);
    if (num->first_end == 0)
      num->first_end = at;
    if (!fits || num->n == before)
      return;
    num->edge[num->groups++] = num->n;
    at = skip_separators(r, at);
  }
}

static size_t group_begin(const number *num, size_t group) { return group == 0 ? 0 : num->edge[group - 1]; }

/* Whether all groups but the last have at least so many digits, and the last three or more. */
static bool grouped(const number *num, size_t groups, size_t least) {
  for (size_t g = 0; g < groups; g++)
    if (num->edge[g] - group_begin(num, g) < (g + 1 == groups ? 3 : least))
      return groups == 1;
  return true;
}

/* ---- kinds of numbers; each looks at the first n digits, which end a group ---- */

static bool luhn(const uint8_t *d, size_t n) {
  uint32_t sum = 0;
  for (size_t i = 0; i < n; i++) {
    uint32_t v = d[n - 1 - i];
    if (i % 2 == 1)
      v = v * 2 > 9 ? v * 2 - 9 : v * 2;
    sum += v;
  }
  return sum % 10 == 0;
}

static bool plausible_date(uint32_t year, uint32_t month, uint32_t day) {
  static const uint8_t days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return year >= 1850 && year <= 2100 && month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1];
}

static uint32_t decimal(const uint8_t *d, size_t n) {
  uint32_t value = 0;
  for (size_t i = 0; i < n; i++)
    value = value * 10 + d[i];
  return value;
}

static bool birthday(const uint8_t *d) {
  return plausible_date(decimal(d + 6, 4), decimal(d + 10, 2), decimal(d + 12, 2));
}

/* GB 11643-1999: ISO 7064 MOD 11-2 over 17 digits. 10 stands for X. */
static uint32_t check_digit(const uint8_t *d) {
  uint32_t p = 0;
  for (size_t i = 0; i < 17; i++)
    p = (p + d[i]) * 2 % 11;
  return (12 - p) % 11;
}

/* The old form has 15 digits, a year of two and no check: province and date must do. */
static bool old_identity(const uint8_t *d) {
  static const uint8_t provinces[] = {11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42,
                                      43, 44, 45, 46, 50, 51, 52, 53, 54, 61, 62, 63, 64, 65, 71, 81, 82};
  return memchr(provinces, (int)decimal(d, 2), sizeof provinces) != NULL &&
         plausible_date(1900 + decimal(d + 6, 2), decimal(d + 8, 2), decimal(d + 10, 2));
}

/* The letter X as a check digit behind 17 digits; its length, or 0. */
static size_t check_letter(const redactor *r, size_t at) {
  uint32_t c, next;
  if (at >= r->limit)
    return 0;
  size_t n = decode(r->text, at, &c);
  if (c != 'x' && c != 'X' && c != 0xFF38 && c != 0xFF58)
    return 0;
  if (at + n < r->text.len) {
    decode(r->text, at + n, &next);
    if (digit(next) >= 0 || (next < 0x80 && ascii_letter((char)next)))
      return 0;
  }
  return n;
}

/* Returns where the identity number ends in the text, or 0. */
static size_t identity_end(const redactor *r, const number *num, size_t groups) {
  size_t n = num->edge[groups - 1], end = digit_end(num, n - 1);
  if (n == 17 && birthday(num->value) && check_digit(num->value) == 10) {
    size_t letter = check_letter(r, end);
    return letter > 0 ? end + letter : 0;
  }
  if (n == 18 && birthday(num->value) && check_digit(num->value) == num->value[17])
    return end;
  return n == 15 && groups == 1 && old_identity(num->value) ? end : 0;
}

/* 1[3-9] and nine more digits, behind 86 or 0086 or nothing. */
static bool mobile(const number *num, size_t groups) {
  size_t n = num->edge[groups - 1], skip = n < 11 ? 0 : n - 11;
  const uint8_t *d = num->value;
  if (n < 11 || d[skip] != 1 || d[skip + 1] < 3 || groups > 5)
    return false;
  if (skip == 0)
    return grouped(num, groups, 3);
  return (skip == 2 && decimal(d, 2) == 86) || (skip == 4 && decimal(d, 4) == 86);
}

/* A Chinese area code and seven or eight digits: 010 and 02x have three digits and eight follow. */
static size_t area_digits(const number *num) { return num->value[1] <= 2 ? 3 : 4; }

static bool landline(const number *num, size_t groups) {
  size_t n = num->edge[groups - 1], area = area_digits(num);
  if (n < 11 || n > area + 8 || num->value[0] != 0 || num->value[1] == 0 || groups > 3)
    return false;
  return groups == 1 || num->edge[0] == area;
}

/* E.164: the country code and number have at most 15 digits. */
static bool international(const number *num, size_t groups, bool plus) {
  size_t n = num->edge[groups - 1];
  return plus && n >= 8 && n <= 15 && num->value[0] != 0;
}

static bool card(const number *num, size_t groups) {
  size_t n = num->edge[groups - 1];
  return n >= 13 && n <= 19 && grouped(num, groups, 4) && luhn(num->value, n);
}

/* ---- masking ---- */

static void replace(redactor *r, size_t begin, size_t end, uint32_t kind) {
  copy_to(r, begin);
  r->copied = end;
  r->found |= kind;
}

static void note(redactor *r, size_t begin, size_t end, uint32_t kind) {
  const aft__pii_span span = {begin, end, kind};
  if (r->spans)
    aft__buf_add(r->spans, &span, sizeof span);
}

/* Keeps separators and the digits at both ends. */
static void mask_phone(redactor *r, const number *num, size_t n, size_t head) {
  size_t tail = n - (n >= 10 ? 4 : 2);
  note(r, num->at[0], digit_end(num, n - 1), AFT__PII_PHONE);
  for (size_t i = head; i < tail; i++) {
    replace(r, num->at[i], digit_end(num, i), AFT__PII_PHONE);
    aft__buf_char(r->out, '*');
  }
  copy_to(r, digit_end(num, n - 1));
}

static void mask_card(redactor *r, const number *num, size_t n) {
  note(r, num->at[0], digit_end(num, n - 1), AFT__PII_CARD);
  replace(r, num->at[0], digit_end(num, n - 1), AFT__PII_CARD);
  aft__buf_printf(r->out, "[card \xE2\x80\xA6%04u]", decimal(num->value + n - 4, 4));
}

static bool try_identity(redactor *r, const number *num) {
  for (size_t g = num->groups; g > 0; g--) {
    size_t end = identity_end(r, num, g);
    if (end == 0)
      continue;
    note(r, num->at[0], end, AFT__PII_IDENTITY);
    replace(r, num->at[0], end, AFT__PII_IDENTITY);
    aft__buf_puts(r->out, "[identity number]");
    return true;
  }
  return false;
}

static bool try_phone(redactor *r, const number *num, bool plus) {
  for (size_t g = num->groups; g > 0; g--)
    if (mobile(num, g)) {
      size_t n = num->edge[g - 1];
      mask_phone(r, num, n, n - 8);
      return true;
    }
  for (size_t g = num->groups; g > 0; g--) {
    size_t n = num->edge[g - 1];
    bool local = landline(num, g);
    if (!local && !international(num, g, plus))
      continue;
    mask_phone(r, num, n, local ? area_digits(num) : n >= 11 ? 3 : 2);
    return true;
  }
  return false;
}

static bool try_card(redactor *r, const number *num) {
  for (size_t g = num->groups; g > 0; g--)
    if (card(num, g)) {
      mask_card(r, num, num->edge[g - 1]);
      return true;
    }
  return false;
}

/* Letters right before digits make an order or serial number ("JD138..."), except a word for phone. */
static bool behind_letters(aft_str text, size_t at) {
  static const char *const words[] = {"tel", "phone", "mobile", "mob", "cell", "call", "ph", "t", "m"};
  size_t begin = at;
  while (begin > 0 && at - begin < 8 && ascii_letter(text.data[begin - 1]))
    begin--;
  for (size_t i = 0; i < AFT__COUNT(words); i++) {
    size_t n = strlen(words[i]), k = 0;
    while (n == at - begin && k < n && (text.data[begin + k] | 0x20) == words[i][k])
      k++;
    if (k == n)
      return false;
  }
  return begin < at;
}

/* A plus sign that makes a number international, not one of a sum. */
static bool behind_plus(aft_str text, size_t at) {
  size_t plus;
  if (at >= 1 && text.data[at - 1] == '+')
    plus = at - 1;
  else if (at >= 3 && memcmp(text.data + at - 3, "\xEF\xBC\x8B", 3) == 0)
    plus = at - 3;
  else
    return false;
  return plus == 0 || text.data[plus - 1] < '0' || text.data[plus - 1] > '9';
}

/* Returns where to go on. */
static size_t redact_number(redactor *r, size_t at) {
  number num;
  read_number(r, at, &num);
  if (num.groups == 0)
    return num.first_end;
  bool done = try_identity(r, &num) ||
              (!behind_letters(r->text, at) && try_phone(r, &num, behind_plus(r->text, at))) ||
              try_card(r, &num);
  return done ? r->copied : num.first_end;
}

/* ---- e-mail addresses ---- */

static bool east_asian(uint32_t c) {
  return (c >= 0x2E80 && c <= 0x9FFF) || (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0xF900 && c <= 0xFAFF) ||
         (c >= 0x20000 && c <= 0x323AF);
}

/* 0: not in a local part; 1: ASCII and letters of spaced scripts; 2: East Asian letters.
 * The two do not mix: Chinese writes no space before an address. */
static int local_class(uint32_t c) {
  if (c < 0x80)
    return ascii_letter((char)c) || (c >= '0' && c <= '9') || (c != 0 && strchr("._%+-'", (int)c)) ? 1 : 0;
  if (east_asian(c))
    return aft__is_letter(c) ? 2 : 0;
  return aft__is_letter(c) || digit(c) >= 0 ? 1 : 0;
}

static size_t step_back(aft_str text, size_t at) {
  size_t begin = at - 1;
  while (begin > 0 && ((uint8_t)text.data[begin] & 0xC0) == 0x80)
    begin--;
  return begin;
}

/* Where the local part that ends at a place begins, not before least. */
static size_t local_begin(aft_str text, size_t end, size_t least) {
  int kind = 0;
  size_t begin = end;
  while (begin > least) {
    uint32_t c;
    size_t before = step_back(text, begin);
    decode(text, before, &c);
    int k = local_class(c);
    if (k == 0 || before < least || (kind != 0 && k != kind))
      break;
    kind = k;
    begin = before;
  }
  return begin;
}

/* Whether a domain with a dot and two letters behind it begins here. */
static bool domain_at(aft_str text, size_t at) {
  size_t label = 0, letters = 0;
  bool dotted = false;
  while (at < text.len) {
    uint32_t c;
    uint32_t n = decode(text, at, &c);
    bool letter = aft__is_letter(c);
    if (c == '.' || c == 0xFF0E) {
      if (label == 0)
        return false;
      dotted = true;
      label = letters = 0;
    } else if (letter || digit(c) >= 0 || c == '-') {
      label++;
      letters = letter ? letters + 1 : 0;
    } else {
      break;
    }
    if (dotted && letters >= 2)
      return true;
    at += n;
  }
  return false;
}

/* The length of an at sign, ASCII or full width, or 0. */
static size_t at_sign(aft_str text, size_t at) {
  if (text.data[at] == '@')
    return 1;
  return text.len - at >= 3 && memcmp(text.data + at, "\xEF\xBC\xA0", 3) == 0 ? 3 : 0;
}

typedef struct address {
  size_t begin, at; /* of the local part and of the sign; text.len when there is none */
} address;

static address next_address(aft_str text, size_t from) {
  address a = {text.len, text.len};
  for (size_t i = from; i < text.len; i++) {
    size_t sign = at_sign(text, i);
    if (sign == 0)
      continue;
    size_t begin = local_begin(text, i, from);
    if (begin < i && domain_at(text, i + sign)) {
      a.begin = begin;
      a.at = i;
      return a;
    }
  }
  return a;
}

static size_t domain_end(aft_str text, size_t at) {
  while (at < text.len) {
    uint32_t c;
    uint32_t n = decode(text, at, &c);
    bool dot = (c == '.' || c == 0xFF0E) && at + n < text.len;
    if (dot)
      decode(text, at + n, &c);
    if (!aft__is_letter(c) && digit(c) < 0 && c != '-')
      return at;
    at += n;
  }
  return at;
}

/* A local part of one character is hidden whole. */
static void mask_address(redactor *r, const address *a) {
  uint32_t c;
  size_t shown = a->begin + decode(r->text, a->begin, &c);
  note(r, a->begin, domain_end(r->text, a->at + at_sign(r->text, a->at)), AFT__PII_EMAIL);
  replace(r, shown < a->at ? shown : a->begin, a->at, AFT__PII_EMAIL);
  aft__buf_puts(r->out, "***");
}

/* ---- the whole ---- */

/* Masks the numbers from r->copied up to r->limit. */
static void redact_numbers(redactor *r, size_t from) {
  size_t at = from;
  while (at < r->limit) {
    uint32_t c = (uint8_t)r->text.data[at];
    uint32_t n = 1;
    if (c >= 0x80)
      n = decode(r->text, at, &c);
    at = digit(c) >= 0 ? redact_number(r, at) : at + n;
  }
  copy_to(r, r->limit);
}

static void redact_all(redactor *r) {
  while (r->copied < r->text.len) {
    address a = next_address(r->text, r->copied);
    r->limit = a.begin;
    redact_numbers(r, r->copied);
    if (a.at < r->text.len)
      mask_address(r, &a);
  }
}

aft_status aft__redact(aft__buf *out, aft_str text, uint32_t *found, aft_error *error) {
  redactor r = {.out = out, .text = text};
  redact_all(&r);
  if (out->failed)
    return aft__nomem(error);
  if (found)
    *found = r.found;
  return AFT_OK;
}

aft_status aft__pii_find(aft__buf *spans, aft_str text, aft_error *error) {
  aft__buf masked;
  aft__buf_init(&masked, spans->env);
  redactor r = {.out = &masked, .text = text, .spans = spans};
  redact_all(&r);
  bool failed = masked.failed || spans->failed;
  aft__buf_done(&masked);
  return failed ? aft__nomem(error) : AFT_OK;
}
