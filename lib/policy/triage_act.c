/* The dialogue act of a turn: a message of mere courtesy is told from one with content. */
#include "policy/triage_priv.h"

/* Emoji and their modifiers, by block. */
static bool pictograph(uint32_t c) {
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

/* The kinds that cover the whole text apart from punctuation and emoji, or 0. */
static uint8_t covered(const aft__triage_scan *s) {
  uint8_t kinds = 0;
  const char *p = s->text.data, *end = p + s->text.len;
  if (s->text.len == 0 || s->text.len > AFT__COVER_MOST)
    return 0;
  while (p < end) {
    uint32_t c = 0;
    uint8_t cover = s->cover[p - s->text.data];
    p += aft__utf8_next(p, end, &c);
    if (cover)
      kinds |= cover;
    else if (!aft__is_space(c) && !punctuation(c) && !pictograph(c))
      return 0;
  }
  return kinds;
}

bool aft__triage_asks(aft_str text) { return text.len > 0 && memchr(text.data, '?', text.len) != NULL; }

const char *aft__triage_act(const aft__triage_scan *s, bool question) {
  uint8_t kinds = covered(s);
  bool asked = aft__triage_asks(s->text);
  if ((kinds & AFT__COVER_ACKNOWLEDGEMENT) && !asked)
    return "acknowledgement";
  if ((kinds & AFT__COVER_CLOSING) && !asked)
    return "closing";
  if (kinds & AFT__COVER_GREETING)
    return "greeting";
  return question ? "question" : "request";
}
