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
static const uint32_t weights[AFT__GRAM_BLOCKS] = {2, 4, 4, 4, 1};

#define MOST_WEIGHT 4u
#define LANES_HOLD  (255u / MOST_WEIGHT) /* grams until a byte could run over */

/* Votes for a bit are counted in bytes first, eight bits of the hash in one word. */
typedef struct printing {
  uint64_t lanes[8];
  uint32_t in_lanes; /* grams */
  uint32_t votes[64], all;
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

/* The bits of a byte as the bytes 0 and 1 of a word, the lowest first. */
static inline uint64_t bytes_of(uint64_t bits) {
  uint64_t x = (bits * UINT64_C(0x0101010101010101)) & UINT64_C(0x8040201008040201);
  return (x + UINT64_C(0x7F7F7F7F7F7F7F7F)) >> 7 & UINT64_C(0x0101010101010101);
}

static void empty_lanes(printing *p) {
  for (uint32_t lane = 0; lane < 8; lane++) {
    for (uint32_t bit = 0; bit < 8; bit++)
      p->votes[8 * lane + bit] += p->lanes[lane] >> 8 * bit & 0xFF;
    p->lanes[lane] = 0;
  }
  p->in_lanes = 0;
}

static void vote(void *user, const aft__gram *grams, uint32_t n) {
  printing *p = user;
  for (uint32_t i = 0; i < n; i++) {
    uint64_t hash = spread(grams[i].hash);
    uint32_t weight = weights[grams[i].block];
    for (uint32_t lane = 0; lane < 8; lane++)
      p->lanes[lane] += bytes_of(hash >> 8 * lane & 0xFF) * weight;
    p->all += weight;
    p->rows += grams[i].block < AFT__GRAM_PIECES;
    if (grams[i].block == 1 && hash < p->least)
      p->least = hash;
    if (++p->in_lanes == LANES_HOLD)
      empty_lanes(p);
  }
}

bool aft__fingerprint(aft_str normal, aft__print *out) {
  printing p = {.least = UINT64_MAX};
  aft__grams_each(normal, vote, &p);
  *out = (aft__print){0};
  if (p.rows < LEAST)
    return false;
  empty_lanes(&p);
  for (uint32_t bit = 0; bit < 64; bit++)
    out->bits |= (uint64_t)(2 * p.votes[bit] > p.all) << bit;
  out->sketch = (uint32_t)p.least;
  return true;
}

uint32_t aft__fingerprint_distance(uint64_t a, uint64_t b) {
  uint32_t n = 0;
  for (uint64_t x = a ^ b; x; x &= x - 1)
    n++;
  return n;
}
