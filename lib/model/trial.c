/* Training on some rows and scoring others, in turn. */
#include "model/train_priv.h"

#include <math.h>

static uint32_t fold_of(const aft__rows *rows, uint32_t row) {
  return (uint32_t)(rows->row[row].digest >> 40) % AFT__FOLDS;
}

static bool taken(const aft__rows *rows, uint32_t row, uint32_t every) {
  return (uint32_t)(rows->row[row].digest & 0xffffff) % every == 0;
}

/* How much more the rows of a rare label count. */
static double boost_of(const aft__train *t, const aft__recipe *recipe, uint32_t label, const uint32_t *rows,
                       uint32_t n) {
  uint32_t own = 0;
  if (recipe->balance <= 0)
    return 1;
  for (uint32_t i = 0; i < n; i++)
    own += t->rows->row[rows[i]].label == label;
  double share = (double)n / t->rows->n_labels / (own ? own : 1);
  return pow(share > 1 || t->vectors == 1 ? share : 1, recipe->balance);
}

float aft__train_vector(aft__train *t, const aft__recipe *recipe, uint32_t vector, const uint32_t *rows,
                        uint32_t n) {
  aft__side side = {.label = t->vectors == 1 ? 1 : vector, .cost = recipe->cost};
  side.boost = boost_of(t, recipe, side.label, rows, n);
  float bias = aft__solve(t, &side, rows, n, t->w);
  aft__train_progress(t);
  return bias;
}

static float score(const aft__train *t, uint32_t row, float bias) {
  const aft__rows *rows = t->rows;
  for (size_t i = rows->row[row].begin; i < rows->row[row + 1].begin; i++)
    bias += t->w[rows->entry[i]] * t->value[i];
  return bias;
}

static aft_status run_fold(aft__train *t, const aft__recipe *recipe, uint32_t fold, uint32_t every,
                           aft__trial *trial, aft_error *error) {
  uint32_t n = 0, first = trial->n;
  for (uint32_t row = 0; row < t->rows->n; row++) {
    if (!taken(t->rows, row, every))
      continue;
    if (fold_of(t->rows, row) != fold)
      t->train[n++] = row;
    else if (trial->n < trial->room)
      trial->rows[trial->n++] = row;
  }
  for (uint32_t v = 0; v < t->vectors; v++) {
    float bias = aft__train_vector(t, recipe, v, t->train, n);
    if (t->stopped)
      return aft__error(error, AFT_E_INTERRUPTED, "options.progress", "the training was ended by the caller");
    for (uint32_t i = first; i < trial->n; i++)
      trial->scores[(size_t)i * t->vectors + v] = score(t, trial->rows[i], bias);
  }
  return AFT_OK;
}

static uint32_t best_label(const aft__train *t, const float *scores) {
  uint32_t best = 0;
  if (t->vectors == 1)
    return scores[0] > 0;
  for (uint32_t v = 1; v < t->vectors; v++)
    if (scores[v] > scores[best])
      best = v;
  return best;
}

/* counts: hits, guesses and rows by label, one behind the other. */
static void measure(const aft__train *t, aft__trial *trial) {
  uint32_t labels = t->rows->n_labels, right = 0, present = 0;
  uint32_t counts[3 * AFT_MODEL_LABELS];
  double sum = 0;
  memset(counts, 0, 3 * labels * sizeof *counts);
  for (uint32_t i = 0; i < trial->n; i++) {
    uint32_t guess = best_label(t, &trial->scores[(size_t)i * t->vectors]);
    uint32_t truth = t->rows->row[trial->rows[i]].label;
    right += guess == truth;
    counts[truth] += guess == truth;
    counts[labels + guess]++;
    counts[2 * labels + truth]++;
  }
  for (uint32_t k = 0; k < labels; k++) {
    present += counts[2 * labels + k] > 0;
    if (counts[k])
      sum += 2.0 * counts[k] / (counts[labels + k] + counts[2 * labels + k]);
  }
  trial->accuracy = trial->n ? (double)right / trial->n : 0;
  trial->macro_f1 = present ? sum / present : 0;
}

aft_status aft__trial_run(aft__train *t, const aft__recipe *recipe, uint32_t folds, uint32_t every,
                          aft__trial *trial, aft_error *error) {
  trial->n = 0;
  for (uint32_t fold = 0; fold < folds; fold++)
    AFT__TRY(run_fold(t, recipe, fold, every, trial, error));
  measure(t, trial);
  return AFT_OK;
}
