/* From counts of grams to the values that the solver sees: norms of blocks, rarity of grams. */
#include "model/train_priv.h"

#include <math.h>

/* The longest rows of tokens are many and say little each. */
static const float strengths[AFT__GRAM_BLOCKS] = {1.0f, 1.0f, 0.5f, 0.5f, 1.0f};

static void shape_blocks(aft__shape *shape, const aft__recipe *recipe) {
  for (uint32_t b = 0; b < AFT__GRAM_BLOCKS; b++) {
    bool pieces = b == AFT__GRAM_PIECES;
    shape->norm[b] = recipe->apart || pieces ? b : 0;
    shape->strength[b] = recipe->apart ? strengths[b] : 1.0f;
  }
}

/* ln((1 + rows) / (1 + rows that have it)) + 1 from 1 up to that of a gram never seen, in equal steps. */
static void shape_rarity(aft__train *t, const aft__recipe *recipe) {
  double most = log(1.0 + t->rows->n) + 1, exponent = recipe->rare / 2.0;
  t->shape.rare = recipe->rare > 0;
  for (uint32_t s = 0; s < AFT__MODEL_RARITIES; s++)
    t->shape.rarity[s] = (float)pow(1 + (most - 1) * s / (AFT__MODEL_RARITIES - 1), exponent);
  for (uint32_t b = 0; b < t->shape.buckets; b++) {
    double rarity = log((1.0 + t->rows->n) / (1.0 + t->frequency[b])) + 1;
    double step = (rarity - 1) / (most - 1) * (AFT__MODEL_RARITIES - 1);
    t->steps[b] = (uint8_t)lrint(step < 0 ? 0 : step);
  }
}

static void shape_row(aft__train *t, uint32_t row) {
  const aft__rows *rows = t->rows;
  const aft__shape *shape = &t->shape;
  double sum[AFT__GRAM_BLOCKS] = {0};
  float factor[AFT__GRAM_BLOCKS];
  for (size_t i = rows->row[row].begin; i < rows->row[row + 1].begin; i++) {
    float rarity = shape->rarity[t->steps[rows->entry[i]]];
    sum[shape->norm[rows->count[i] >> AFT__TF_BITS]] +=
        (double)(rarity * rarity) * (rows->count[i] & AFT__TF_MOST);
  }
  for (uint32_t b = 0; b < AFT__GRAM_BLOCKS; b++) {
    double norm = sum[shape->norm[b]];
    factor[b] = norm > 0 ? shape->strength[b] / (float)sqrt(norm) : 0.0f;
  }
  for (size_t i = rows->row[row].begin; i < rows->row[row + 1].begin; i++) {
    uint32_t block = rows->count[i] >> AFT__TF_BITS;
    float rarity = shape->rarity[t->steps[rows->entry[i]]];
    t->value[i] = factor[block] * rarity * (float)(rows->count[i] & AFT__TF_MOST);
  }
}

void aft__train_shape(aft__train *t, const aft__recipe *recipe) {
  shape_blocks(&t->shape, recipe);
  shape_rarity(t, recipe);
  for (uint32_t row = 0; row < t->rows->n; row++)
    shape_row(t, row);
}
