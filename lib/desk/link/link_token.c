/* Tokens of links: what a link says, in base64url, a point, and its HMAC-SHA-256 in base64url.
 *
 * What it says is the version, six numbers of eight bytes (tenant, link, customer, order, case, expires) and
 * the name of the key. The text before the point is what is signed, so that a link has one spelling alone. */
#include "desk/link/link_priv.h"

#define VERSION      1
#define NUMBERS      6
#define FIXED        (1 + 8 * NUMBERS)
#define MOST_PAYLOAD (FIXED + AFT__KEY_NAME)
#define MAC          32
#define MAC_TEXT     43
#define PURPOSE      "aftersales.link." /* before what is signed: the key may sign other things elsewhere */
#define MOST_TEXT    ((MOST_PAYLOAD * 4 + 2) / 3)

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* ---- base64url without padding, RFC 4648 §5 ---- */

static size_t encode(const uint8_t *bytes, size_t n, char *out) {
  uint32_t held = 0, bits = 0;
  size_t m = 0;
  for (size_t i = 0; i < n; i++) {
    held = held << 8 | bytes[i];
    for (bits += 8; bits >= 6; bits -= 6)
      out[m++] = digits[held >> (bits - 6) & 63];
  }
  if (bits)
    out[m++] = digits[held << (6 - bits) & 63];
  return m;
}

/* False for another letter, a length that no bytes have, and bits that are left over and not 0. */
static bool decode(aft_str text, uint8_t *out, size_t cap, size_t *n) {
  uint32_t held = 0, bits = 0;
  *n = 0;
  for (size_t i = 0; i < text.len; i++) {
    const char *digit = text.data[i] ? strchr(digits, text.data[i]) : NULL;
    if (!digit)
      return false;
    held = (held << 6 | (uint32_t)(digit - digits)) & 0xffff;
    bits += 6;
    if (bits < 8)
      continue;
    bits -= 8;
    if (*n == cap)
      return false;
    out[(*n)++] = (uint8_t)(held >> bits);
  }
  return bits < 6 && (held & ((1u << bits) - 1)) == 0;
}

/* ---- what it says ---- */

static void put_number(uint8_t *at, int64_t number) {
  for (int i = 0; i < 8; i++)
    at[i] = (uint8_t)((uint64_t)number >> (56 - 8 * i));
}

static int64_t get_number(const uint8_t *at) {
  uint64_t number = 0;
  for (int i = 0; i < 8; i++)
    number = number << 8 | at[i];
  return (int64_t)number;
}

static size_t pack(const aft__link_token *token, uint8_t out[MOST_PAYLOAD]) {
  const int64_t numbers[NUMBERS] = {token->tenant, token->link, token->customer,
                                    token->order,  token->of,   token->expires};
  size_t n = strlen(token->key);
  out[0] = VERSION;
  for (int i = 0; i < NUMBERS; i++)
    put_number(out + 1 + 8 * i, numbers[i]);
  memcpy(out + FIXED, token->key, n);
  return FIXED + n;
}

static bool unpack(const uint8_t *bytes, size_t n, aft__link_token *out) {
  int64_t numbers[NUMBERS];
  if (n <= FIXED || n > MOST_PAYLOAD || bytes[0] != VERSION || memchr(bytes + FIXED, 0, n - FIXED))
    return false;
  for (int i = 0; i < NUMBERS; i++) {
    numbers[i] = get_number(bytes + 1 + 8 * i);
    if (numbers[i] < 0)
      return false;
  }
  *out = (aft__link_token){.tenant = numbers[0],
                           .link = numbers[1],
                           .customer = numbers[2],
                           .order = numbers[3],
                           .of = numbers[4],
                           .expires = numbers[5]};
  memcpy(out->key, bytes + FIXED, n - FIXED);
  return true;
}

/* ---- signing ---- */

static void sign(const void *secret, size_t n, aft_str said, uint8_t mac[MAC]) {
  char text[sizeof PURPOSE - 1 + MOST_TEXT];
  memcpy(text, PURPOSE, sizeof PURPOSE - 1);
  if (said.len)
    memcpy(text + sizeof PURPOSE - 1, said.data, said.len);
  aft__hmac_sha256(secret, n, text, sizeof PURPOSE - 1 + said.len, mac);
}

void aft__link_write(const aft__link_token *token, const aft__link_key *key, aft__buf *out) {
  uint8_t payload[MOST_PAYLOAD] = {0}, mac[MAC];
  char text[MOST_TEXT], signature[MAC_TEXT];
  aft_str said = {text, encode(payload, pack(token, payload), text)};
  sign(key->secret, key->n, said, mac);
  aft__buf_add(out, said.data, said.len);
  aft__buf_char(out, '.');
  aft__buf_add(out, signature, encode(mac, MAC, signature));
}

typedef struct halves {
  aft_str said, signature;
} halves;

static bool split(aft_str text, halves *out) {
  const char *point = text.len ? memchr(text.data, '.', text.len) : NULL;
  *out = (halves){0};
  if (!point)
    return false;
  out->said = (aft_str){text.data, (size_t)(point - text.data)};
  out->signature = (aft_str){point + 1, text.len - out->said.len - 1};
  return out->said.len <= MOST_TEXT && out->signature.len == MAC_TEXT;
}

aft__link_verdict aft__link_read(const aft_link_keys *keys, aft_str text, aft__link_token *out) {
  static const uint8_t nobody[MAC] = {0};
  uint8_t payload[MOST_PAYLOAD], mac[MAC], given[MAC] = {0};
  size_t n = 0, m = 0;
  halves half;
  *out = (aft__link_token){0};
  bool whole = split(text, &half) && decode(half.said, payload, sizeof payload, &n) &&
               decode(half.signature, given, sizeof given, &m) && m == MAC && unpack(payload, n, out);
  const aft__link_key *key = aft__link_key_find(keys, aft__cstr(out->key));
  sign(key ? key->secret : nobody, key ? key->n : sizeof nobody, whole ? half.said : (aft_str){0}, mac);
  bool same = aft__same_bytes(mac, given, MAC);
  if (!whole)
    return AFT__LINK_GARBLED;
  if (!key)
    return AFT__LINK_STRANGE_KEY;
  return same ? AFT__LINK_GOOD : AFT__LINK_FORGED;
}
