/* A fast hash of 64 bits for tables and checksums, the same on every machine, and hexadecimal text. */
#include "base/base.h"

/* Odd constants and the finisher of SplitMix64 (Steele, Lea, Flood 2014; variant 13 of Stafford). */
#define GOLDEN UINT64_C(0x9E3779B97F4A7C15)
#define MIX_1  UINT64_C(0xBF58476D1CE4E5B9)
#define MIX_2  UINT64_C(0x94D049BB133111EB)

static uint64_t finish(uint64_t h) {
  h = (h ^ (h >> 30)) * MIX_1;
  h = (h ^ (h >> 27)) * MIX_2;
  return h ^ (h >> 31);
}

static uint64_t word_at(const unsigned char *p, size_t n) {
  uint64_t word = 0;
  for (size_t i = 0; i < n; i++)
    word |= (uint64_t)p[i] << (8 * i);
  return word;
}

static uint64_t step(uint64_t h, uint64_t word) {
  word *= MIX_2;
  word ^= word >> 32;
  h = (h ^ word) * MIX_1;
  return ((h << 29) | (h >> 35)) + GOLDEN;
}

/* Words of 8 bytes, least byte first; the length is part of the start, so zero bytes at the end count. */
uint64_t aft__hash64(const void *data, size_t n, uint64_t seed) {
  const unsigned char *p = data;
  uint64_t h = finish(seed + GOLDEN) ^ (uint64_t)n * GOLDEN;
  size_t left = n;
  for (; left >= 8; left -= 8, p += 8)
    h = step(h, word_at(p, 8));
  if (left)
    h = step(h, word_at(p, left));
  return finish(h);
}

void aft__hex(const uint8_t *bytes, size_t n, char *out) {
  static const char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < n; i++) {
    *out++ = digits[bytes[i] >> 4];
    *out++ = digits[bytes[i] & 15];
  }
  *out = '\0';
}
