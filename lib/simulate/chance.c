/* Draws that hang on a seed, a ticket and a purpose: nothing that is drawn elsewhere moves them. */
#include "simulate/simulate.h"

#define LN_2 INT64_C(744261118) /* in units of 2^-30 */

static void put(uint8_t *out, uint64_t number) {
  for (int i = 0; i < 8; i++)
    out[i] = (uint8_t)(number >> (8 * i));
}

uint64_t aft__chance(uint64_t seed, uint64_t id, aft__draw purpose, uint32_t round) {
  uint8_t bytes[16];
  put(bytes, id);
  put(bytes + 8, (uint64_t)purpose << 32 | round);
  return aft__hash64(bytes, sizeof bytes, seed);
}

uint32_t aft__chance_below(uint64_t chance, uint32_t n) { return (uint32_t)(((chance >> 32) * n) >> 32); }

/* The logarithm to base 2, a bit at a time by squaring: Knuth, The Art of Computer Programming, 1.2.2,
 * exercise 25 and its answer. */
static int64_t log_2(uint64_t m) {
  int zeros = __builtin_clzll(m);
  uint64_t y = (m << zeros) >> 32; /* 1 to 2, in units of 2^-31 */
  int64_t log = 63 - zeros;
  for (int i = 0; i < AFT__CHANCE_BITS; i++) {
    y = (y * y) >> 31;
    uint64_t two = y >> 32;
    y >>= two;
    log = log * 2 + (int64_t)two;
  }
  return log;
}

/* -ln(u) of a uniform u above 0 and up to 1. */
int64_t aft__chance_exponential(uint64_t chance) {
  int64_t log = (INT64_C(64) << AFT__CHANCE_BITS) - log_2(chance | 1);
  return (log * LN_2) >> 30;
}
