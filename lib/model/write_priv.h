/* Private to lib/model: a trained model before it is written. */
#ifndef AFT_WRITE_PRIV_H
#define AFT_WRITE_PRIV_H

#include "model/model_priv.h"

typedef struct aft__weight {
  float w;
  uint32_t bucket, vector;
} aft__weight;

/* The weights of all vectors that are more than nothing. */
typedef struct aft__weights {
  const aft_env *env;
  aft__weight *item;
  size_t n, room;
  size_t most;  /* so many can be kept in the end */
  float *scale; /* of each vector: its unit after rounding */
} aft__weights;

aft_status aft__weights_add(aft__weights *all, uint32_t vector, const float *w, uint32_t buckets,
                            aft_error *error);
void aft__weights_keep(aft__weights *all, size_t n);
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

aft_status aft__model_write(aft__draft *draft, aft__buf *out, aft_error *error);

#endif
