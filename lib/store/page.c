/* Tokens of pages: where a list goes on, for which list, with a checksum; base64url without padding (RFC
 * 4648).
 *
 * Bytes, numbers big-endian: 1 version, 8 scope, 8 id, 1 type of the value, then 8 for an integer or the
 * bytes of a text or blob, and 4 of checksum over all before it. */
#include "store/store_priv.h"

#define VERSION    1
#define HEAD       18
#define SUM        4
#define MOST_VALUE 1024
#define MOST_BYTES (HEAD + MOST_VALUE + SUM)
#define SEED       UINT64_C(0x61667473706167)

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void put_number(uint8_t *to, uint64_t n, int bytes) {
  for (int i = 0; i < bytes; i++)
    to[i] = (uint8_t)(n >> 8 * (bytes - 1 - i));
}

static uint64_t get_number(const uint8_t *from, int bytes) {
  uint64_t n = 0;
  for (int i = 0; i < bytes; i++)
    n = n << 8 | from[i];
  return n;
}

static uint32_t checksum(const uint8_t *bytes, size_t n) {
  uint64_t h = aft__hash64(bytes, n, SEED);
  return (uint32_t)(h ^ h >> 32);
}

/* ---- base64url ---- */

static void encode(aft__buf *out, const uint8_t *bytes, size_t n) {
  for (size_t i = 0; i < n; i += 3) {
    size_t left = n - i < 3 ? n - i : 3;
    uint32_t group = (uint32_t)bytes[i] << 16;
    if (left > 1)
      group |= (uint32_t)bytes[i + 1] << 8;
    if (left > 2)
      group |= bytes[i + 2];
    for (size_t k = 0; k <= left; k++)
      aft__buf_char(out, digits[group >> (18 - 6 * k) & 63]);
  }
}

static int digit_of(char c) {
  const char *at = c ? strchr(digits, c) : NULL;
  return at ? (int)(at - digits) : -1;
}

/* The number of bytes, or 0 for what is not the one written form of any. */
static size_t decode(aft_str text, uint8_t out[MOST_BYTES]) {
  uint32_t group = 0;
  size_t n = 0;
  int bits = 0;
  if (text.len % 4 == 1 || text.len > (MOST_BYTES * 4 + 2) / 3)
    return 0;
  for (size_t i = 0; i < text.len; i++) {
    int digit = digit_of(text.data[i]);
    if (digit < 0)
      return 0;
    group = (group << 6 | (uint32_t)digit) & 0xFFFFFF;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out[n++] = (uint8_t)(group >> bits);
    }
  }
  return group & ((1u << bits) - 1) ? 0 : n;
}

/* ---- tokens ---- */

aft_status aft__page_encode(aft__buf *out, uint64_t scope, const aft__value *value, aft_id id) {
  uint8_t bytes[MOST_BYTES];
  size_t n = HEAD;
  bytes[0] = VERSION;
  put_number(bytes + 1, scope, 8);
  put_number(bytes + 9, (uint64_t)id, 8);
  bytes[17] = (uint8_t)value->type;
  if (value->type == AFT_SQL_INT) {
    put_number(bytes + n, (uint64_t)value->number, 8);
    n += 8;
  } else if (value->type != AFT_SQL_NULL) {
    if (value->size > MOST_VALUE)
      return AFT_E_TOO_LARGE;
    if (value->size)
      memcpy(bytes + n, value->data, value->size);
    n += value->size;
  }
  put_number(bytes + n, checksum(bytes, n), SUM);
  encode(out, bytes, n + SUM);
  return out->failed ? AFT_E_NOMEM : AFT_OK;
}

static aft_status refused(const char *what, aft_error *error) {
  return aft__error(error, AFT_E_INVALID, "token", "expected a token that this list gave, found %s", what);
}

static aft_status read_value(const uint8_t *bytes, size_t n, uint8_t type, aft__arena *arena,
                             aft__value *value, aft_error *error) {
  if (type == AFT_SQL_NULL && n == 0) {
    *value = aft__null();
    return AFT_OK;
  }
  if (type == AFT_SQL_INT && n == 8) {
    *value = aft__int((int64_t)get_number(bytes, 8));
    return AFT_OK;
  }
  if (type != AFT_SQL_TEXT && type != AFT_SQL_BLOB)
    return refused("one of another form", error);
  aft_str copy = aft__arena_dup(arena, aft__str((const char *)bytes, n));
  if (!copy.data)
    return aft__nomem(error);
  *value = (aft__value){type, 0, 0, copy.data, copy.len};
  return AFT_OK;
}

aft_status aft__page_decode(aft_str token, uint64_t scope, aft__arena *arena, aft__value *value, aft_id *id,
                            aft_error *error) {
  uint8_t bytes[MOST_BYTES];
  size_t n = decode(token, bytes);
  if (n < HEAD + SUM || bytes[0] != VERSION)
    return refused("one of another form", error);
  n -= SUM;
  if (get_number(bytes + n, SUM) != checksum(bytes, n))
    return refused("a damaged one", error);
  if (get_number(bytes + 1, 8) != scope)
    return refused("one of another list", error);
  AFT__TRY(read_value(bytes + HEAD, n - HEAD, bytes[17], arena, value, error));
  *id = (aft_id)get_number(bytes + 9, 8);
  return AFT_OK;
}
