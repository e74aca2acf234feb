/* Choosing how to train: the recipe that does best on rows held back. */
#include "model/train_priv.h"

/*
 * Few steps, each of which keeps what was best so far: how blocks are normed and whether rarity counts, then
 * the cost of errors, then class weights. Large sets are judged by a part of their rows.
 */
#define WORK_MOST  5000000u /* entries times vectors of one trial */
#define ROWS_LEAST 3000u    /* a part has as many rows at least */

typedef struct choice {
  aft__train *t;
  aft__trial *trial;
  uint32_t folds, every;
  aft__recipe best;
  double score;
} choice;

/* Accuracy and F1 count alike; what comes later must be better by more than the noise of a few rows: the
 * candidates are in the order in which they usually do well. */
#define CLEARLY 0.0015

static aft_status consider(choice *c, const aft__recipe *recipe, aft_error *error) {
  AFT__TRY(aft__trial_run(c->t, recipe, c->folds, c->every, c->trial, error));
  double score = (c->trial->accuracy + c->trial->macro_f1) / 2;
  if (score > c->score + CLEARLY) {
    c->score = score;
    c->best = *recipe;
  }
  return AFT_OK;
}

static aft_status choose_weighting(choice *c, aft_error *error) {
  static const aft__recipe candidates[] = {{.apart = true, .rare = 2, .cost = 0.5},
                                           {.apart = true, .rare = 0, .cost = 0.5},
                                           {.apart = false, .rare = 0, .cost = 0.5},
                                           {.apart = false, .rare = 2, .cost = 0.5}};
  for (size_t i = 0; i < AFT__COUNT(candidates); i++) {
    if (candidates[i].rare && c->t->vectors == 1)
      continue;
    aft__train_shape(c->t, &candidates[i]);
    AFT__TRY(consider(c, &candidates[i], error));
  }
  aft__train_shape(c->t, &c->best);
  return AFT_OK;
}

/* Doubles or halves the cost as long as that helps. */
static aft_status choose_cost(choice *c, double factor, aft_error *error) {
  for (aft__recipe next = c->best; next.cost > 0.03 && next.cost < 16;) {
    double before = c->score;
    next.cost *= factor;
    AFT__TRY(consider(c, &next, error));
    if (c->score <= before)
      break;
  }
  return AFT_OK;
}

static aft_status choose_balance(choice *c, aft_error *error) {
  aft__recipe next = c->best;
  next.balance = 0.5;
  return consider(c, &next, error);
}

aft_status aft__recipe_choose(aft__train *t, aft__trial *trial, aft__recipe *out, aft_error *error) {
  choice c = {.t = t, .trial = trial, .folds = AFT__FOLDS, .every = 1, .score = -1};
  uint64_t work = (uint64_t)t->rows->entries * t->vectors;
  while (c.folds > 1 && work * c.folds > WORK_MOST)
    c.folds--;
  while (work / c.every > WORK_MOST && t->rows->n / (c.every + 1) >= ROWS_LEAST)
    c.every++;
  aft__train_part(t, 500, c.folds * 7 * t->vectors);
  AFT__TRY(choose_weighting(&c, error));
  double start = c.best.cost;
  AFT__TRY(choose_cost(&c, 0.5, error));
  if (c.best.cost == start)
    AFT__TRY(choose_cost(&c, 2, error));
  AFT__TRY(choose_balance(&c, error));
  *out = c.best;
  return AFT_OK;
}
