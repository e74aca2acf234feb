/* Fingerprints of texts: near-duplicates have nearly the same. */
#include "text/text.h"

/*
 * The fingerprint is a SimHash (Charikar 2002) of the grams: each votes for or against each of 64 bits by its
 * hash, and the sign of the sum is the bit. Two texts whose gram vectors stand at an angle θ differ in about
 * 64 θ / π bits: unrelated ones in about 32, those of which a tenth was reworded in about 12.
 *
 * The sketch is the least hash of the pairs of tokens (Broder 1997): two texts share it as likely as their
 * pairs overlap, |A ∩ B| / |A ∪ B|. An index finds near-duplicates by it at the cost of one entry a text.
 */
#define LEAST 8u /* rows of tokens below which a text says too little */

/* Of the blocks of grams: the pieces of a word are many, and say the same as the word. */
static const int32_t weights[AFT__GRAM_BLOCKS] = {2, 4, 4, 4, 1};

typedef struct printing {
  int32_t votes[64];
  uint32_t rows;
  uint64_t least;
} printing;

/* The finaliser of SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t spread(uint64_t h) {
  h += UINT64_C(0x9E3779B97F4A7C15);
  h = (h ^ h >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
  h = (h ^ h >> 27) * UINT64_C(0x94D049BB133111EB);
  return h ^ h >> 31;
}

static void vote(void *user, const aft__gram *grams, uint32_t n) {
  printing *p = user;
  for (uint32_t i = 0; i < n; i++) {
    uint64_t hash = spread(grams[i].hash);
    int32_t weight = weights[grams[i].block];
    for (uint32_t bit = 0; bit < 64; bit++)
      p->votes[bit] += hash >> bit & 1 ? weight : -weight;
    p->rows += grams[i].block < AFT__GRAM_PIECES;
    if (grams[i].block == 1 && hash < p->least)
      p->least = hash;
  }
}

bool aft__fingerprint(aft_str normal, aft__print *out) {
  printing p = {.least = UINT64_MAX};
  aft__grams_each(normal, vote, &p);
  *out = (aft__print){0};
  if (p.rows < LEAST)
    return false;
  for (uint32_t bit = 0; bit < 64; bit++)
    out->bits |= (uint64_t)(p.votes[bit] > 0) << bit;
  out->sketch = (uint32_t)p.least;
  return true;
}

uint32_t aft__fingerprint_distance(uint64_t a, uint64_t b) {
  uint32_t n = 0;
  for (uint64_t x = a ^ b; x; x &= x - 1)
    n++;
  return n;
}
