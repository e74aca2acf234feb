/* HMAC-SHA-256 (RFC 2104), and comparing and wiping that do not tell what they saw. */
#include "base/base.h"

#define BLOCK 64

void aft__wipe(void *bytes, size_t n) {
  volatile uint8_t *at = bytes;
  while (n--)
    *at++ = 0;
}

bool aft__same_bytes(const void *a, const void *b, size_t n) {
  const volatile uint8_t *x = a, *y = b;
  uint8_t differ = 0;
  for (size_t i = 0; i < n; i++)
    differ |= (uint8_t)(x[i] ^ y[i]);
  return differ == 0;
}

static void key_block(const void *key, size_t n, uint8_t block[BLOCK]) {
  memset(block, 0, BLOCK);
  if (n <= BLOCK) {
    if (n)
      memcpy(block, key, n);
    return;
  }
  aft__sha256 sha;
  aft__sha256_init(&sha);
  aft__sha256_add(&sha, key, n);
  aft__sha256_end(&sha, block);
  aft__wipe(&sha, sizeof sha);
}

static void hash_with(uint8_t block[BLOCK], uint8_t pad, const void *data, size_t n, uint8_t out[32]) {
  aft__sha256 sha;
  for (int i = 0; i < BLOCK; i++)
    block[i] ^= pad;
  aft__sha256_init(&sha);
  aft__sha256_add(&sha, block, BLOCK);
  aft__sha256_add(&sha, data, n);
  aft__sha256_end(&sha, out);
  aft__wipe(&sha, sizeof sha);
}

void aft__hmac_sha256(const void *key, size_t n_key, const void *data, size_t n, uint8_t out[32]) {
  uint8_t block[BLOCK], inner[32];
  key_block(key, n_key, block);
  hash_with(block, 0x36, data, n, inner);
  hash_with(block, 0x36 ^ 0x5c, inner, sizeof inner, out);
  aft__wipe(block, sizeof block);
}
