/* The forms of carriers' parcel numbers. */
#include "text/extract_priv.h"

/*
 * A form is letters, then digits, some with further letters or a check digit.
 * What is digits alone (ZTO, STO, Yunda and others) could be any number: only
 * words beside it tell, and those are the policy's.
 */
typedef struct form {
  const char *prefix, *carrier;
  uint32_t letters; /* further letters that may follow */
  uint32_t least, most;
} form;

static const form forms[] = {
    {"SF", "sf", 0, 12, 15},     {"YT", "yto", 0, 13, 15},  {"JD", "jd", 3, 10, 15},
    {"ZTO", "zto", 0, 12, 15},   {"STO", "sto", 0, 12, 15}, {"YUNDA", "yunda", 0, 13, 15},
    {"YD", "yunda", 0, 13, 15},  {"JT", "jt", 0, 13, 15},   {"DPK", "deppon", 0, 12, 15},
    {"HTKY", "best", 0, 12, 15}, {"EMS", "ems", 0, 12, 13}, {"TBA", "amazon", 0, 12, 12},
    {"JJD", "dhl", 0, 16, 18},   {"GM", "dhl", 0, 16, 18},
};

static bool digit(char c) { return c >= '0' && c <= '9'; }
static bool capital(char c) { return c >= 'A' && c <= 'Z'; }

static bool fits(const form *f, const aft__token *t) {
  size_t at = strlen(f->prefix);
  uint32_t letters = 0, digits = 0;
  if (t->n < at || memcmp(t->text, f->prefix, at) != 0)
    return false;
  for (; at < t->n && capital(t->text[at]); at++)
    letters++;
  for (; at < t->n && digit(t->text[at]); at++)
    digits++;
  return at == t->n && letters <= f->letters && digits >= f->least && digits <= f->most;
}

/* UPU S10: two letters, eight digits, a check digit, the two letters of a country. */
static bool postal(const aft__token *t) {
  static const uint32_t weights[8] = {8, 6, 4, 2, 3, 5, 9, 7};
  uint32_t sum = 0;
  if (t->n != 13 || !capital(t->text[0]) || !capital(t->text[1]) || !capital(t->text[11]) ||
      !capital(t->text[12]))
    return false;
  for (uint32_t i = 2; i < 11; i++)
    if (!digit(t->text[i]))
      return false;
  for (uint32_t i = 0; i < 8; i++)
    sum += weights[i] * (uint32_t)(t->text[i + 2] - '0');
  uint32_t check = 11 - sum % 11;
  check = check == 10 ? 0 : check == 11 ? 5 : check;
  return (uint32_t)(t->text[10] - '0') == check;
}

/* UPS: 1Z and sixteen characters, of which the last is a check digit; letters count as their place. */
static bool ups(const aft__token *t) {
  uint32_t sum = 0;
  if (t->n != 18 || t->text[0] != '1' || t->text[1] != 'Z' || !digit(t->text[17]))
    return false;
  for (uint32_t i = 2; i < 17; i++) {
    uint32_t value = digit(t->text[i]) ? (uint32_t)(t->text[i] - '0') : ((uint32_t)t->text[i] - 63) % 10;
    sum += i % 2 == 0 ? value : 2 * value;
  }
  return (10 - sum % 10) % 10 == (uint32_t)(t->text[17] - '0');
}

const char *aft__waybill_carrier(const aft__token *token) {
  for (size_t i = 0; i < AFT__COUNT(forms); i++)
    if (fits(&forms[i], token))
      return forms[i].carrier;
  if (ups(token))
    return "ups";
  return postal(token) ? "post" : NULL;
}
