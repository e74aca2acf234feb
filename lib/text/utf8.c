/* UTF-8: validation, decoding, cutting at character boundaries, columns. */
#include "text/text.h"

#define ONES  UINT64_C(0x0101010101010101)
#define HIGHS UINT64_C(0x8080808080808080)

/* Whether eight bytes are all in 1..127. A zero byte borrows into its high bit. */
static bool plain8(const char *p) {
  uint64_t w;
  memcpy(&w, p, sizeof w);
  return ((w | (w - ONES)) & HIGHS) == 0;
}

static bool continues(uint8_t c) { return (c & 0xC0) == 0x80; }

/* Whether three bytes are a character of those, most Chinese ones among them, whose first byte tells all. */
static bool plain3(const char *p) {
  return (uint8_t)(p[0] - 0xE1) < 12 && continues((uint8_t)p[1]) && continues((uint8_t)p[2]);
}

/* Length of the well-formed sequence at p (Unicode table 3-7), or 0. */
static uint32_t sequence(const uint8_t *p, size_t left) {
  uint8_t c = p[0];
  if (c < 0x80)
    return 1;
  if (c < 0xC2 || c > 0xF4 || left < 2)
    return 0;
  if (c < 0xE0)
    return continues(p[1]) ? 2 : 0;
  if (c < 0xF0) {
    if (left < 3 || !continues(p[1]) || !continues(p[2]))
      return 0;
    if ((c == 0xE0 && p[1] < 0xA0) || (c == 0xED && p[1] > 0x9F))
      return 0;
    return 3;
  }
  if (left < 4 || !continues(p[1]) || !continues(p[2]) || !continues(p[3]))
    return 0;
  if ((c == 0xF0 && p[1] < 0x90) || (c == 0xF4 && p[1] > 0x8F))
    return 0;
  return 4;
}

aft_status aft__utf8_check(aft_str text, size_t *at) {
  const char *p = text.data;
  size_t i = 0;
  while (i < text.len) {
    while (text.len - i >= 8 && plain8(p + i))
      i += 8;
    while (text.len - i >= 3 && plain3(p + i))
      i += 3;
    if (i == text.len)
      break;
    uint32_t n = p[i] == '\0' ? 0 : sequence((const uint8_t *)p + i, text.len - i);
    if (n == 0) {
      if (at)
        *at = i;
      return p[i] == '\0' ? AFT_E_NUL_BYTE : AFT_E_ENCODING;
    }
    i += n;
  }
  return AFT_OK;
}

aft_status aft__utf8_require(aft_str text, const char *where, aft_error *error) {
  size_t at = 0;
  aft_status status = aft__utf8_check(text, &at);
  if (status == AFT_E_NUL_BYTE)
    return aft__error(error, status, where, "expected text without NUL bytes, found one at byte %zu", at);
  if (status < 0)
    return aft__error(error, status, where, "expected valid UTF-8, found byte 0x%02X at byte %zu",
                      (unsigned)(uint8_t)text.data[at], at);
  return AFT_OK;
}

/* Never reads past end: a broken sequence decodes as U+FFFD, one byte long. */
uint32_t aft__utf8_next(const char *p, const char *end, uint32_t *out) {
  const uint8_t *b = (const uint8_t *)p;
  uint32_t n = sequence(b, (size_t)(end - p));
  switch (n) {
  case 1:
    *out = b[0];
    return 1;
  case 2:
    *out = (uint32_t)(b[0] & 0x1F) << 6 | (b[1] & 0x3Fu);
    return 2;
  case 3:
    *out = (uint32_t)(b[0] & 0x0F) << 12 | (uint32_t)(b[1] & 0x3F) << 6 | (b[2] & 0x3Fu);
    return 3;
  case 4:
    *out = (uint32_t)(b[0] & 0x07) << 18 | (uint32_t)(b[1] & 0x3F) << 12 | (uint32_t)(b[2] & 0x3F) << 6 |
           (b[3] & 0x3Fu);
    return 4;
  default:
    *out = 0xFFFD;
    return 1;
  }
}

size_t aft__utf8_cut(aft_str text, size_t n) {
  if (n >= text.len)
    return text.len;
  while (n > 0 && continues((uint8_t)text.data[n]))
    n--;
  return n;
}

uint32_t aft__utf8_length(aft_str text) {
  uint32_t n = 0;
  for (size_t i = 0; i < text.len; i++)
    n += !continues((uint8_t)text.data[i]);
  return n;
}

size_t aft__utf8_columns(aft_str text) {
  size_t columns = 0;
  if (text.len == 0)
    return 0;
  const char *p = text.data, *end = p + text.len;
  while (p < end) {
    uint32_t c;
    uint32_t n = aft__utf8_next(p, end, &c);
    columns += c < 0x80 || (c == 0xFFFD && n == 1) ? 1 : aft__char_columns(c);
    p += n;
  }
  return columns;
}
