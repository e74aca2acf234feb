/* Short codes: a kind, seven random symbols and one that checks them, "T-7K3M-Q2XD". */
#include "value/value.h"

#define SYMBOLS 8 /* behind the kind, the check symbol last */

/* Douglas Crockford's base 32: without I, L, O and U. */
static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static char upper(char c) { return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c; }

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static bool is_letter(char c) { return upper(c) >= 'A' && upper(c) <= 'Z'; }

static int value_of(char c) {
  c = upper(c);
  if (c == 'O')
    return 0;
  if (c == 'I' || c == 'L')
    return 1;
  const char *found = c ? strchr(alphabet, c) : NULL;
  return found ? (int)(found - alphabet) : -1;
}

/* Letters have their own numbers here; the four outside the alphabet take those of digits, which no kind is.
 */
static int value_of_kind(char kind) {
  switch (kind) {
  case 'I':
    return 1;
  case 'L':
    return 2;
  case 'O':
    return 3;
  case 'U':
    return 4;
  default:
    return value_of(kind);
  }
}

/* Times x in GF(32), the polynomials over GF(2) modulo x^5 + x^2 + 1, in which x generates all but zero. */
static int times_x(int a) {
  a <<= 1;
  return a & 32 ? a ^ 37 : a;
}

/*
 * The sum of symbol_i · x^i, the check symbol being i = 0. The weights are distinct and
 * not zero, so one wrong symbol or any two exchanged ones change the sum.
 */
static int weighted_sum(int kind_value, const int *symbols, int n) {
  int sum = kind_value;
  for (int i = 0; i < n; i++)
    sum = times_x(sum) ^ symbols[i];
  return sum;
}

static void write_code(char kind, const int symbols[SYMBOLS], char out[AFT_CODE_SIZE]) {
  char *at = out;
  *at++ = kind;
  for (int i = 0; i < SYMBOLS; i++) {
    if (i % 4 == 0)
      *at++ = '-';
    *at++ = alphabet[symbols[i]];
  }
  *at = '\0';
}

void aft__code_make(char kind, uint64_t random, char out[AFT_CODE_SIZE]) {
  int symbols[SYMBOLS];
  for (int i = 0; i < SYMBOLS - 1; i++, random >>= 5)
    symbols[i] = (int)(random & 31);
  symbols[SYMBOLS - 1] = times_x(weighted_sum(value_of_kind(kind), symbols, SYMBOLS - 1));
  write_code(kind, symbols, out);
}

/* Bytes of the space or dash that the text begins with, also of the typographic and wide ones; or 0. */
static size_t separator(aft_str text) {
  static const char *const wide[] = {
      "\xE2\x80\x90", "\xE2\x80\x91", "\xE2\x80\x92", "\xE2\x80\x93", "\xE2\x80\x94",
      "\xE2\x88\x92", "\xEF\xBC\x8D", "\xE3\x80\x80", "\xC2\xA0",
  };
  if (text.len == 0)
    return 0;
  if (text.data[0] == ' ' || text.data[0] == '-')
    return 1;
  for (size_t i = 0; i < AFT__COUNT(wide); i++) {
    size_t n = strlen(wide[i]);
    if (text.len >= n && memcmp(text.data, wide[i], n) == 0)
      return n;
  }
  return 0;
}

static aft_str rest(aft_str text, size_t skipped) {
  aft_str tail = {text.data + skipped, text.len - skipped};
  return tail;
}

static size_t skip_separators(aft_str text, size_t most) {
  size_t at = 0;
  for (size_t n; most > 0 && (n = separator(rest(text, at))) > 0; most--)
    at += n;
  return at;
}

static aft_status not_a_code(aft_error *error) {
  return aft__error(error, AFT_E_INVALID, "code",
                    "expected a letter and eight letters or digits, as in \"%s\"", "T-7K3M-Q2XD");
}

aft_status aft_code_parse(const char *text, size_t len, char *out, aft_error *error) {
  if (!text || !out)
    return aft__error(error, AFT_E_INVALID, text ? "out" : "text", "%s is NULL", text ? "out" : "text");
  aft_str left = aft__str(text, len);
  left = rest(left, skip_separators(left, left.len));
  if (left.len == 0 || !is_letter(left.data[0]))
    return not_a_code(error);
  char kind = upper(left.data[0]);
  left = rest(left, 1);
  int symbols[SYMBOLS];
  for (int i = 0; i < SYMBOLS; i++) {
    left = rest(left, skip_separators(left, left.len));
    symbols[i] = left.len ? value_of(left.data[0]) : -1;
    if (symbols[i] < 0)
      return not_a_code(error);
    left = rest(left, 1);
  }
  if (skip_separators(left, left.len) != left.len)
    return not_a_code(error);
  if (weighted_sum(value_of_kind(kind), symbols, SYMBOLS) != 0)
    return aft__error(error, AFT_E_INVALID, "code", "the code is mistyped: its check character does not fit");
  write_code(kind, symbols, out);
  return AFT_OK;
}

/* ---- codes in running text ---- */

static bool is_word(char c) { return is_letter(c) || is_digit(c); }

/*
 * A code at the start of a text. Separators stand only where they are written. One check
 * symbol lets every 32nd word of nine letters pass ("telephone"), so a code without both
 * separators must have a digit.
 */
static bool code_at(aft_str text, char kind, char out[AFT_CODE_SIZE]) {
  int symbols[SYMBOLS], separated = 0;
  bool digit = false;
  size_t at = 1;
  for (int i = 0; i < SYMBOLS; i++) {
    if (i % 4 == 0) {
      size_t n = skip_separators(rest(text, at), 3);
      separated += n > 0;
      at += n;
    }
    if (at >= text.len || (symbols[i] = value_of(text.data[at])) < 0)
      return false;
    digit = digit || is_digit(text.data[at]);
    at++;
  }
  if ((at < text.len && is_word(text.data[at])) || (separated < 2 && !digit) ||
      weighted_sum(value_of_kind(kind), symbols, SYMBOLS) != 0)
    return false;
  write_code(kind, symbols, out);
  return true;
}

bool aft__code_find(aft_str text, char kind, char out[AFT_CODE_SIZE]) {
  text = aft__str(text.data, text.len);
  for (size_t i = 0; i < text.len; i++) {
    bool begins = i == 0 || !is_word(text.data[i - 1]);
    if (begins && upper(text.data[i]) == kind && code_at(rest(text, i), kind, out))
      return true;
  }
  return false;
}
