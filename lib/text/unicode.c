/* Unicode properties and NFKC with case folding: the only user of utf8proc. */
#include "text/text.h"

#include <utf8proc.h>

bool aft__is_letter(uint32_t c) {
  if (c < 0x80)
    return (c | 0x20) - 'a' < 26;
  switch (utf8proc_category((utf8proc_int32_t)c)) {
  case UTF8PROC_CATEGORY_LU:
  case UTF8PROC_CATEGORY_LL:
  case UTF8PROC_CATEGORY_LT:
  case UTF8PROC_CATEGORY_LM:
  case UTF8PROC_CATEGORY_LO:
    return true;
  default:
    return false;
  }
}

bool aft__is_digit(uint32_t c) {
  if (c < 0x80)
    return c - '0' < 10;
  return utf8proc_category((utf8proc_int32_t)c) == UTF8PROC_CATEGORY_ND;
}

bool aft__is_mark(uint32_t c) {
  if (c < 0x80)
    return false;
  switch (utf8proc_category((utf8proc_int32_t)c)) {
  case UTF8PROC_CATEGORY_MN:
  case UTF8PROC_CATEGORY_MC:
  case UTF8PROC_CATEGORY_ME:
    return true;
  default:
    return false;
  }
}

bool aft__is_space(uint32_t c) {
  if (c < 0x80)
    return c == ' ' || (c >= '\t' && c <= '\r');
  return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
         c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

uint32_t aft__char_columns(uint32_t c) {
  int width = utf8proc_charwidth((utf8proc_int32_t)c);
  return width > 0 ? (uint32_t)width : 0;
}

bool aft__is_wide(uint32_t c) { return aft__char_columns(c) == 2; }

/* Default ignorable code points (zero-width spaces, variation selectors) are
 * dropped, so that words cannot hide behind them. */
#define FOLD (UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE)

static aft_status fold_failed(aft_error *error, utf8proc_ssize_t code) {
  if (code == UTF8PROC_ERROR_NOMEM)
    return aft__nomem(error);
  if (code == UTF8PROC_ERROR_INVALIDUTF8)
    return aft__error(error, AFT_E_ENCODING, "text", "expected valid UTF-8, found a broken sequence");
  return aft__error(error, AFT_E_TOO_LARGE, "text", "expected a shorter text to normalise");
}

/* Encodes n decomposed code points in place; points has room for one more. */
static aft_status reencode(aft__buf *out, utf8proc_int32_t *points, utf8proc_ssize_t n, aft_error *error) {
  utf8proc_ssize_t bytes = utf8proc_reencode(points, n, (utf8proc_option_t)FOLD);
  if (bytes < 0)
    return fold_failed(error, bytes);
  aft__buf_add(out, points, (size_t)bytes);
  return out->failed ? aft__nomem(error) : AFT_OK;
}

static aft_status fold_large(aft__buf *out, aft_str text, size_t points_n, aft_error *error) {
  size_t bytes;
  if (aft__mul_size(points_n + 1, sizeof(utf8proc_int32_t), &bytes))
    return fold_failed(error, UTF8PROC_ERROR_OVERFLOW);
  utf8proc_int32_t *points = aft__alloc(out->env, bytes);
  if (!points)
    return aft__nomem(error);
  utf8proc_ssize_t n = utf8proc_decompose((const utf8proc_uint8_t *)text.data, (utf8proc_ssize_t)text.len,
                                          points, (utf8proc_ssize_t)points_n, (utf8proc_option_t)FOLD);
  aft_status status = n < 0 ? fold_failed(error, n) : reencode(out, points, n, error);
  aft__release(out->env, points, bytes);
  return status;
}

/* A first try on the stack also tells the exact size when it does not fit. */
aft_status aft__nfkc_fold(aft__buf *out, aft_str text, aft_error *error) {
  utf8proc_int32_t points[513];
  const utf8proc_ssize_t room = (utf8proc_ssize_t)AFT__COUNT(points) - 1;
  if (text.len == 0)
    return AFT_OK;
  if (text.len > (size_t)INT32_MAX)
    return fold_failed(error, UTF8PROC_ERROR_OVERFLOW);
  utf8proc_ssize_t n = utf8proc_decompose((const utf8proc_uint8_t *)text.data, (utf8proc_ssize_t)text.len,
                                          points, room, (utf8proc_option_t)FOLD);
  if (n < 0)
    return fold_failed(error, n);
  if (n > room)
    return fold_large(out, text, (size_t)n, error);
  return reencode(out, points, n, error);
}

size_t aft__grapheme_end(aft_str text, size_t at) {
  utf8proc_int32_t state = 0;
  uint32_t before, c;
  size_t end = at;
  if (at >= text.len)
    return text.len;
  end += aft__utf8_next(text.data + end, text.data + text.len, &before);
  while (end < text.len) {
    uint32_t n = aft__utf8_next(text.data + end, text.data + text.len, &c);
    if (utf8proc_grapheme_break_stateful((utf8proc_int32_t)before, (utf8proc_int32_t)c, &state))
      return end;
    before = c;
    end += n;
  }
  return end;
}
