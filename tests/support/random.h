/* Random numbers for tests: every run has another seed, which it prints and AFT_SEED sets. */
#ifndef TEST_RANDOM_H
#define TEST_RANDOM_H

#include <stdint.h>

/* The seed of one test: AFT_SEED where the environment has it, otherwise a new one. Prints it. */
uint64_t seed_of(const char *test);

/* How often a random test plays: many times with AFT_SLOW. */
uint32_t rounds(uint32_t few, uint32_t many);

uint64_t draw(uint64_t *seed);
uint32_t draw32(uint64_t *seed);
uint32_t below(uint64_t *seed, uint32_t n); /* 0 to n - 1 */

#endif
