/* The dialogue act of a turn: a message of mere courtesy, or one that only supplies what was asked for, is
 * told from one with content. */
#include "policy/triage_priv.h"

bool aft__triage_pictograph(uint32_t c) {
  return (c >= 0x1f000 && c <= 0x1faff) || (c >= 0x2600 && c <= 0x27bf) || (c >= 0xfe00 && c <= 0xfe0f) ||
         c == 0x200d || (c >= 0x2190 && c <= 0x21ff) || (c >= 0x2b00 && c <= 0x2bff);
}

/* Punctuation of ASCII and of the general, CJK and full-width blocks. */
static bool punctuation(uint32_t c) {
  if (c < 0x80)
    return c > ' ' && !aft__triage_alnum((char)c);
  return (c >= 0x2010 && c <= 0x205e) || (c >= 0x3000 && c <= 0x303f) || (c >= 0xff00 && c <= 0xff65) ||
         c == 0xb7;
}

/* A run of letters and digits with a digit in it; *end is behind it. */
static bool number_at(const char *p, const char *stop, const char **end) {
  bool digit = false;
  for (; p < stop && (aft__triage_alnum(*p) || *p == '-' || *p == '_'); p++)
    digit |= *p >= '0' && *p <= '9';
  *end = p;
  return digit;
}

/* The kinds out of `known` that cover the turn apart from punctuation and emoji and `spare` other
 * characters, or 0. Numbers cover themselves where they are among the known. */
static uint8_t covered(const aft__triage_scan *s, uint8_t known, uint32_t spare) {
  uint8_t kinds = 0;
  uint32_t bare = 0;
  aft_str own = aft__triage_own(s);
  const char *p = own.data, *end = p + own.len, *behind;
  if (own.len == 0 || own.len > AFT__COVER_MOST)
    return 0;
  while (p < end) {
    uint32_t c = 0;
    uint8_t cover = s->cover[p - own.data] & known;
    if (!cover && (known & AFT__COVER_NUMBER) && number_at(p, end, &behind)) {
      kinds |= AFT__COVER_NUMBER;
      p = behind;
      continue;
    }
    p += aft__utf8_next(p, end, &c);
    if (cover)
      kinds |= cover;
    else if (!aft__is_space(c) && !punctuation(c) && !aft__triage_pictograph(c) && ++bare > spare)
      return 0;
  }
  return kinds;
}

bool aft__triage_asks(aft_str text) { return text.len > 0 && memchr(text.data, '?', text.len) != NULL; }

bool aft__triage_courteous(const aft__triage_scan *s, uint32_t spare) {
  return covered(s, AFT__COVER_COURTESY, spare) != 0;
}

/* No rule knows what it is about. */
static bool silent(const aft__triage_scan *s) {
  for (uint32_t i = 0; i < s->n_rules; i++)
    if (s->states[i].score > 0)
      return false;
  return true;
}

static bool has_digit(aft_str text) {
  for (size_t i = 0; i < text.len; i++)
    if (text.data[i] >= '0' && text.data[i] <= '9')
      return true;
  return false;
}

/* Yes or no, a number with the words that announce it, an address; or a number or address with words of which
 * no rule knows any: 13800138000 and a name. */
static bool answers(const aft__triage_scan *s, bool question) {
  const uint8_t words = AFT__COVER_YES_NO | AFT__COVER_PARTICLE;
  if (covered(s, words, 0) & AFT__COVER_YES_NO)
    return true;
  uint8_t numbers = words | AFT__COVER_ACKNOWLEDGEMENT | AFT__COVER_ANNOUNCED | AFT__COVER_NUMBER;
  if (covered(s, numbers, 0) & AFT__COVER_NUMBER)
    return true;
  if (question)
    return false;
  return s->n_address >= 2 || (silent(s) && (s->n_address > 0 || has_digit(aft__triage_own(s))));
}

const char *aft__triage_act(const aft__triage_scan *s, bool question, bool human) {
  bool asked = aft__triage_asks(aft__triage_own(s));
  uint8_t kinds = covered(s, AFT__COVER_COURTESY, 0);
  if (s->in->asked && !asked && answers(s, question))
    return "answer";
  if ((kinds & AFT__COVER_ACKNOWLEDGEMENT) && !asked)
    return "acknowledgement";
  if ((kinds & AFT__COVER_CLOSING) && !asked)
    return "closing";
  if (kinds & AFT__COVER_GREETING)
    return "greeting";
  return human ? "human" : question ? "question" : "request";
}
