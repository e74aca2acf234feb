/* Checks of what callers hand in, and digests of requests. */
#include "desk/desk_priv.h"

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
