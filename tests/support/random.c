#include "random.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

uint64_t seed_of(const char *test) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  const char *given = getenv("AFT_SEED");
  uint64_t seed = given ? strtoull(given, NULL, 0) : (uint64_t)now.tv_nsec << 20 ^ (uint64_t)getpid();
  printf("# %s: AFT_SEED=%llu\n", test, (unsigned long long)seed);
  fflush(stdout);
  return seed;
}

uint32_t rounds(uint32_t few, uint32_t many) { return getenv("AFT_SLOW") ? many : few; }

/* SplitMix64 (Steele, Lea and Flood 2014). */
uint64_t draw(uint64_t *seed) {
  uint64_t z = (*seed += UINT64_C(0x9E3779B97F4A7C15));
  z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
  return z ^ (z >> 31);
}

uint32_t draw32(uint64_t *seed) { return (uint32_t)(draw(seed) >> 32); }

uint32_t below(uint64_t *seed, uint32_t n) { return (uint32_t)(draw(seed) % n); }
