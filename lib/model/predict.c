/* Scoring a text: one pass over its grams, weights of a byte added up as whole numbers. */
#include "model/model_priv.h"

#include <math.h>

typedef struct scoring {
  const aft_model *m;
  const int8_t *weights; /* dense */
  uint32_t vectors;
  float norm[AFT__GRAM_BLOCKS]; /* by block; added up by norm at the end */
  int32_t sum[AFT__GRAM_BLOCKS * AFT_MODEL_LABELS];
} scoring;

const uint8_t *aft__model_row(const aft_model *m, uint32_t bucket, uint32_t *n) {
  const uint8_t *group =
      m->section[AFT__MODEL_WEIGHTS] + (size_t)(bucket / AFT__ROW_GROUP) * AFT__ROW_GROUP_BYTES;
  uint32_t has = aft__le16(group), bit = 1u << bucket % AFT__ROW_GROUP;
  *n = 0;
  if (!(has & bit))
    return NULL;
  const uint8_t *row = m->section[AFT__MODEL_ROWS] + aft__le32(group + 2);
  bool wide = (m->head.flags & AFT__MODEL_WIDE) != 0;
  for (has &= bit - 1; has; has &= has - 1)
    row += wide ? 2 + 3 * (size_t)aft__le16(row) : 1 + 2 * (size_t)row[0];
  *n = wide ? aft__le16(row) : row[0];
  return row + (wide ? 2 : 1);
}

static void add_one(void *user, const aft__gram *grams, uint32_t n) {
  scoring *s = user;
  for (uint32_t i = 0; i < n; i++) {
    s->sum[grams[i].block] += s->weights[aft__bucket(grams[i].hash, s->m->shape.buckets)];
    s->norm[grams[i].block] += 1;
  }
}

static inline void add_rarity(scoring *s, uint32_t block, uint32_t bucket) {
  float rarity = s->m->shape.rare ? s->m->shape.rarity[aft__rarity_step(s->m, bucket)] : 1;
  s->norm[block] += rarity * rarity;
}

static void add_dense(void *user, const aft__gram *grams, uint32_t n) {
  scoring *s = user;
  for (uint32_t i = 0; i < n; i++) {
    uint32_t bucket = aft__bucket(grams[i].hash, s->m->shape.buckets);
    const int8_t *w = s->weights + (size_t)bucket * s->vectors;
    int32_t *sum = s->sum + (size_t)grams[i].block * s->vectors;
    for (uint32_t v = 0; v < s->vectors; v++)
      sum[v] += w[v];
    add_rarity(s, grams[i].block, bucket);
  }
}

/* wide is known where it is called: each form has a loop of its own. */
static inline void add_rows(scoring *s, const aft__gram *grams, uint32_t n, bool wide) {
  for (uint32_t i = 0; i < n; i++) {
    uint32_t pairs, bucket = aft__bucket(grams[i].hash, s->m->shape.buckets);
    const uint8_t *row = aft__model_row(s->m, bucket, &pairs);
    int32_t *sum = s->sum + (size_t)grams[i].block * s->vectors;
    for (; pairs; pairs--, row += wide ? 3 : 2)
      sum[wide ? aft__le16(row) : row[0]] += (int8_t)row[wide ? 2 : 1];
    add_rarity(s, grams[i].block, bucket);
  }
}

static void add_sparse(void *user, const aft__gram *grams, uint32_t n) { add_rows(user, grams, n, false); }

static void add_wide(void *user, const aft__gram *grams, uint32_t n) { add_rows(user, grams, n, true); }

static aft__grams_fn adder(const aft_model *m) {
  if (m->head.flags & AFT__MODEL_WIDE)
    return add_wide;
  if (m->head.flags & AFT__MODEL_SPARSE)
    return add_sparse;
  return m->head.vectors == 1 && !m->shape.rare ? add_one : add_dense;
}

void aft__model_factors(const aft__shape *shape, const float norm[AFT__GRAM_BLOCKS],
                        double factor[AFT__GRAM_BLOCKS]) {
  double sum[AFT__GRAM_BLOCKS] = {0};
  for (uint32_t b = 0; b < AFT__GRAM_BLOCKS; b++)
    sum[shape->norm[b]] += (double)norm[b];
  for (uint32_t b = 0; b < AFT__GRAM_BLOCKS; b++) {
    double all = sum[shape->norm[b]];
    factor[b] = all > 0 ? (double)shape->strength[b] / sqrt(all) : 0;
  }
}

static void score(const aft_model *m, aft_str normal, double *out) {
  scoring s;
  double factor[AFT__GRAM_BLOCKS];
  s.m = m;
  s.vectors = m->head.vectors;
  s.weights = (const int8_t *)m->section[AFT__MODEL_WEIGHTS];
  memset(s.norm, 0, sizeof s.norm);
  memset(s.sum, 0, sizeof *s.sum * AFT__GRAM_BLOCKS * s.vectors);
  aft__grams_each(normal, adder(m), &s);
  aft__model_factors(&m->shape, s.norm, factor);
  for (uint32_t v = 0; v < s.vectors; v++) {
    double sum = 0;
    for (uint32_t b = 0; b < AFT__GRAM_BLOCKS; b++)
      sum += factor[b] * s.sum[(size_t)b * s.vectors + v];
    out[v] = (double)aft__lef32(m->section[AFT__MODEL_BIAS] + 4 * v) +
             sum * (double)aft__lef32(m->section[AFT__MODEL_SCALE] + 4 * v);
  }
}

void aft__model_score(const aft_model *m, aft_str normal, double *out) {
  double scores[AFT_MODEL_LABELS];
  score(m, normal, scores);
  aft__calibrated(m->head.slope, m->head.offset, scores, m->head.labels, out);
}
