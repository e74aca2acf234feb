/* Private to lib/model: a trained model before it is written. */
#ifndef AFT_WRITE_PRIV_H
#define AFT_WRITE_PRIV_H

#include "model/model_priv.h"

typedef struct aft__weight {
  float w;
  float worth; /* what it moves over all rows: decides which weights are left out */
  uint32_t bucket, vector;
} aft__weight;

/* The weights of all vectors that are more than nothing. */
typedef struct aft__weights {
  const aft_env *env;
  aft__weight *item;
  size_t n, room;
  size_t most;  /* so many can be kept in the end */
  bool cut;     /* some were given up already */
  float *scale; /* of each vector: its unit after rounding */
} aft__weights;

/* frequency: rows that have a bucket. */
aft_status aft__weights_add(aft__weights *all, uint32_t vector, const float *w, const uint32_t *frequency,
                            uint32_t buckets, aft_error *error);
void aft__weights_sort(aft__weights *all); /* in order of vectors, then buckets */
/* Items from..to, of one vector, take the weights of w times the rarity of their buckets. */
void aft__weights_renew(aft__weights *all, size_t from, size_t to, uint32_t vector, const float *w,
                        const aft__shape *shape, const uint8_t *steps);
void aft__weights_done(aft__weights *all);

typedef struct aft__draft {
  aft__model_head head;
  const aft__shape *shape;
  const aft_str *labels;
  const float *bias;
  const uint8_t *steps;
  const aft__band *bands;
  aft__weights *weights;
  uint8_t *seen; /* scratch: a byte for each bucket */
  size_t most;   /* bytes */
} aft__draft;

/* Decides on the form; leaves out of a sparse one what does not fit. Tells whether that was much. */
bool aft__model_prune(aft__draft *draft);
aft_status aft__model_write(aft__draft *draft, aft__buf *out, aft_error *error);

#endif
