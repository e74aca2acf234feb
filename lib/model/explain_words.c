/* Which words of a text spoke for a label: the grams' contributions, shared out to the tokens they cover. */
#include "model/model_priv.h"

#include <math.h>

/*
 * A gram's contribution is what it adds to the label's score above the other label's. The pieces of a word
 * speak for the word. Contributions of overlapping grams are gathered at the longest one, so that what is
 * shown reads like words: the strongest gram is taken, then the strongest of those that do not touch it, and
 * so on.
 */
#define GRAMS_MOST 512u /* of a long text the first ones */

typedef struct weighing {
  const aft_model *m;
  uint32_t label, against;
  float norm[AFT__GRAM_BLOCKS];
  aft__model_word word[GRAMS_MOST];
  uint8_t block[GRAMS_MOST];
  uint32_t n;
} weighing;

static double weight_of(const aft_model *m, uint32_t bucket, uint32_t vector) {
  double scale = (double)aft__lef32(m->section[AFT__MODEL_SCALE] + 4 * vector);
  if (!(m->head.flags & AFT__MODEL_SPARSE))
    return scale *
           ((const int8_t *)m->section[AFT__MODEL_WEIGHTS])[(size_t)bucket * m->head.vectors + vector];
  uint32_t n;
  bool wide = (m->head.flags & AFT__MODEL_WIDE) != 0;
  const uint8_t *row = aft__model_row(m, bucket, &n);
  for (; n; n--, row += wide ? 3 : 2)
    if ((wide ? aft__le16(row) : row[0]) == vector)
      return scale * (int8_t)row[wide ? 2 : 1];
  return 0;
}

static double preference(const weighing *w, uint32_t bucket) {
  if (w->m->head.vectors == 1)
    return weight_of(w->m, bucket, 0) * (w->label == 1 ? 1 : -1);
  return weight_of(w->m, bucket, w->label) - weight_of(w->m, bucket, w->against);
}

static void weigh(void *user, const aft__gram *grams, uint32_t n) {
  weighing *w = user;
  for (uint32_t i = 0; i < n; i++) {
    uint32_t bucket = aft__bucket(grams[i].hash, w->m->shape.buckets);
    float rarity = w->m->shape.rare ? w->m->shape.rarity[aft__rarity_step(w->m, bucket)] : 1;
    w->norm[grams[i].block] += rarity * rarity;
    if (w->n == GRAMS_MOST)
      continue;
    w->word[w->n] = (aft__model_word){grams[i].begin, grams[i].end, preference(w, bucket)};
    w->block[w->n++] = (uint8_t)grams[i].block;
  }
}

static bool touch(const aft__model_word *a, const aft__model_word *b) {
  return a->begin < b->end && b->begin < a->end;
}

/* All that lies within a span, taken together: the pieces of a word speak for the word. */
static double gathered(const weighing *w, const aft__model_word *span) {
  double sum = 0;
  for (uint32_t i = 0; i < w->n; i++)
    if (w->word[i].begin >= span->begin && w->word[i].end <= span->end)
      sum += w->word[i].weight;
  return sum;
}

/* Of two spans that say the same the shorter is the better reason. */
static double merit(double weight, uint32_t block) {
  static const double worth[AFT__GRAM_BLOCKS] = {1, 0.8, 0.6, 0.5, 0};
  return fabs(weight) * worth[block];
}

static bool touches_any(const aft__model_word *word, const aft__model_word *words, uint32_t n) {
  for (uint32_t k = 0; k < n; k++)
    if (touch(word, &words[k]))
      return true;
  return false;
}

uint32_t aft__model_words(const aft_model *model, aft_str normal, uint32_t label, uint32_t against,
                          aft__model_word *words) {
  weighing w;
  double factor[AFT__GRAM_BLOCKS];
  uint32_t found = 0;
  w.m = model;
  w.label = label;
  w.against = against;
  w.n = 0;
  memset(w.norm, 0, sizeof w.norm);
  aft__grams_each(normal, weigh, &w);
  aft__model_factors(&model->shape, w.norm, factor);
  for (uint32_t i = 0; i < w.n; i++)
    w.word[i].weight *= factor[w.block[i]];
  double sum[GRAMS_MOST];
  for (uint32_t i = 0; i < w.n; i++)
    sum[i] = w.block[i] == AFT__GRAM_PIECES ? 0 : gathered(&w, &w.word[i]);
  while (found < AFT__MODEL_WORDS) {
    uint32_t best = w.n;
    for (uint32_t i = 0; i < w.n; i++)
      if (sum[i] != 0 && !touches_any(&w.word[i], words, found) &&
          (best == w.n || merit(sum[i], w.block[i]) > merit(sum[best], w.block[best])))
        best = i;
    if (best == w.n)
      break;
    words[found] = w.word[best];
    words[found++].weight = sum[best];
  }
  return found;
}
