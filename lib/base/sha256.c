/* SHA-256 as FIPS 180-4 states it. */
#include "base/base.h"

/* FIPS 180-4, 4.2.2: fractions of the cube roots of the first 64 primes. */
static const uint32_t K[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotate(uint32_t x, unsigned n) { return (x >> n) | (x << (32 - n)); }

static uint32_t read_be(const uint8_t *p) {
  return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void write_be(uint8_t *p, uint32_t x) {
  p[0] = (uint8_t)(x >> 24);
  p[1] = (uint8_t)(x >> 16);
  p[2] = (uint8_t)(x >> 8);
  p[3] = (uint8_t)x;
}

static void schedule(uint32_t w[64], const uint8_t block[64]) {
  for (int t = 0; t < 16; t++)
    w[t] = read_be(block + 4 * t);
  for (int t = 16; t < 64; t++) {
    uint32_t s0 = rotate(w[t - 15], 7) ^ rotate(w[t - 15], 18) ^ (w[t - 15] >> 3);
    uint32_t s1 = rotate(w[t - 2], 17) ^ rotate(w[t - 2], 19) ^ (w[t - 2] >> 10);
    w[t] = s1 + w[t - 7] + s0 + w[t - 16];
  }
}

/* One round: of the eight words only d and h change, so that the next round takes them in turned order. */
static inline void one_round(uint32_t a, uint32_t b, uint32_t c, uint32_t *d, uint32_t e, uint32_t f,
                             uint32_t g, uint32_t *h, uint32_t k_and_w) {
  uint32_t s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
  uint32_t choose = g ^ (e & (f ^ g));
  uint32_t t1 = *h + s1 + choose + k_and_w;
  uint32_t s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
  uint32_t majority = (a & b) | (c & (a | b));
  *d += t1;
  *h = t1 + s0 + majority;
}

static void compress(uint32_t state[8], const uint8_t block[64]) {
  uint32_t w[64];
  schedule(w, block);
  uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
  uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
  for (int t = 0; t < 64; t += 8) {
    one_round(a, b, c, &d, e, f, g, &h, K[t] + w[t]);
    one_round(h, a, b, &c, d, e, f, &g, K[t + 1] + w[t + 1]);
    one_round(g, h, a, &b, c, d, e, &f, K[t + 2] + w[t + 2]);
    one_round(f, g, h, &a, b, c, d, &e, K[t + 3] + w[t + 3]);
    one_round(e, f, g, &h, a, b, c, &d, K[t + 4] + w[t + 4]);
    one_round(d, e, f, &g, h, a, b, &c, K[t + 5] + w[t + 5]);
    one_round(c, d, e, &f, g, h, a, &b, K[t + 6] + w[t + 6]);
    one_round(b, c, d, &e, f, g, h, &a, K[t + 7] + w[t + 7]);
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
  state[5] += f;
  state[6] += g;
  state[7] += h;
}

void aft__sha256_init(aft__sha256 *s) {
  static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  memset(s, 0, sizeof *s);
  memcpy(s->h, start, sizeof start);
}

void aft__sha256_add(aft__sha256 *s, const void *data, size_t n) {
  const uint8_t *p = data;
  size_t held = (size_t)(s->bytes % 64);
  s->bytes += n;
  while (n > 0) {
    if (held == 0 && n >= 64) {
      compress(s->h, p);
      p += 64;
      n -= 64;
      continue;
    }
    size_t part = n < 64 - held ? n : 64 - held;
    memcpy(s->block + held, p, part);
    held = (held + part) % 64;
    p += part;
    n -= part;
    if (held == 0)
      compress(s->h, s->block);
  }
}

void aft__sha256_end(aft__sha256 *s, uint8_t out[32]) {
  static const uint8_t padding[64] = {0x80};
  uint64_t bits = s->bytes * 8;
  size_t held = (size_t)(s->bytes % 64);
  aft__sha256_add(s, padding, held < 56 ? 56 - held : 120 - held);
  uint8_t length[8];
  write_be(length, (uint32_t)(bits >> 32));
  write_be(length + 4, (uint32_t)bits);
  aft__sha256_add(s, length, sizeof length);
  for (int i = 0; i < 8; i++)
    write_be(out + 4 * i, s->h[i]);
}
