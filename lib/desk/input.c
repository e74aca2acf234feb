/* Checks of what callers hand in, and digests of requests. */
#include "desk/desk_priv.h"

aft_status aft__in_text(aft_str *text, size_t most, const char *where, aft_error *error) {
  if (!text->data) {
    if (text->len != 0 && text->len != AFT_NTS)
      return aft__error(error, AFT_E_INVALID, where, "the text is NULL but its length is %zu", text->len);
    text->len = 0;
    return AFT_OK;
  }
  if (text->len == AFT_NTS)
    text->len = strnlen(text->data, most + 1);
  if (text->len > most)
    return aft__error(error, AFT_E_TOO_LARGE, where, "the text is longer than the limit of %zu bytes", most);
  return aft__utf8_require(*text, where, error);
}

aft_status aft__in_name(aft_str *text, size_t most, const char *where, aft_error *error) {
  AFT__TRY(aft__in_text(text, most, where, error));
  if (text->len == 0)
    return aft__error(error, AFT_E_INVALID, where, "required: expected a text of 1 to %zu bytes", most);
  return AFT_OK;
}

aft_status aft__in_id(aft_id id, const char *where, aft_error *error) {
  if (id > 0)
    return AFT_OK;
  return aft__error(error, AFT_E_INVALID, where, "required: expected an id, found %lld", (long long)id);
}

void aft__digest_i64(aft__sha256 *sha, int64_t number) {
  uint8_t bytes[8];
  for (int i = 0; i < 8; i++)
    bytes[i] = (uint8_t)((uint64_t)number >> (8 * i));
  aft__sha256_add(sha, bytes, sizeof bytes);
}

void aft__digest_str(aft__sha256 *sha, aft_str text) {
  aft__digest_i64(sha, text.data ? (int64_t)text.len : -1);
  aft__sha256_add(sha, text.data, text.len);
}
