/* Private to lib/model: the steps of a training. */
#ifndef AFT_TRAIN_PRIV_H
#define AFT_TRAIN_PRIV_H

#include "model/model_priv.h"

/* ---- rows.c: the examples as sparse rows ---- */

#define AFT__TF_BITS 5
#define AFT__TF_MOST 31u

typedef struct aft__row {
  size_t begin;    /* of its entries */
  uint64_t digest; /* of the normalised text: equal texts are held back together */
  uint32_t label;
  float weight;
} aft__row;

typedef struct aft__rows {
  const aft_env *env;
  aft__arena arena; /* labels */
  aft_str *labels;  /* in order of their bytes */
  uint32_t n_labels, room_labels;
  uint32_t n, room;
  aft__row *row;   /* n, and one more that tells where the last ends */
  uint32_t *entry; /* hash of the gram; after aft__rows_fold its bucket */
  uint8_t *count;  /* how often in 5 bits, above them the block */
  size_t entries, room_entry, room_count;
} aft__rows;

/* rows is to be given back with aft__rows_done whatever comes out. */
aft_status aft__rows_read(aft__rows *rows, const aft_env *env, const aft_model_options *options,
                          aft_example_fn next, void *user, aft_error *error);
void aft__rows_fold(aft__rows *rows, uint32_t buckets);
void aft__rows_done(aft__rows *rows);

/* The next example, not checked yet; AFT_DONE after the last. */
aft_status aft__example_next(aft_example_fn next, void *user, uint32_t row, aft_example *example,
                             aft_error *error);
/* Checks it and completes its texts. */
aft_status aft__example_copy(const aft_env *env, aft_example *example, uint32_t row, aft_error *error);

/* ---- one training ---- */

/* How the text is weighed and how strongly weights are held small. */
typedef struct aft__recipe {
  bool apart;     /* each length of rows of tokens has a norm of its own */
  uint32_t rare;  /* halves: exponent of the inverse document frequency */
  double cost;    /* of an error against |w|²/2 */
  double balance; /* exponent of the class weights: 0 none, 1 all classes count alike */
} aft__recipe;

typedef struct aft__train {
  const aft_env *env;
  aft_model_options options;
  aft__rows *rows;
  uint32_t vectors;
  aft__shape shape;
  uint8_t *steps; /* rarity step of each bucket */
  float *value;   /* of each entry, for the shape */
  float *kept;    /* likewise, for one vector: 0 where its weight is left out */
  float *w;       /* one vector of weights */
  float *mean;    /* of several */
  float *alpha, *square;
  uint32_t *order, *train; /* scratch, by row */
  uint32_t *frequency;     /* rows that have a bucket */
  uint64_t random;
  uint32_t done, of; /* solved vectors of this part, about; for the progress */
  uint32_t from, to; /* permille at which the part begins and ends */
  bool stopped;
  bool rough; /* to compare recipes, less exact will do */
} aft__train;

uint32_t aft__train_random(aft__train *t);

/* train.c: begins a part of the training that solves about so many vectors. */
void aft__train_part(aft__train *t, uint32_t to, uint32_t of);
void aft__train_progress(aft__train *t);

/* solver.c: w and the bias that tell one class from all others. */
typedef struct aft__side {
  uint32_t label;
  double cost, boost; /* boost: of the rows of the label */
} aft__side;
float aft__solve(aft__train *t, const aft__side *side, const uint32_t *rows, uint32_t n, float *w);

/* shape.c: the values of all entries for a recipe. */
void aft__train_shape(aft__train *t, const aft__recipe *recipe);

/* trial.c: trains on some rows and scores others. */
#define AFT__FOLDS 5u
typedef struct aft__trial {
  uint32_t *rows;   /* that were scored */
  uint32_t n, room; /* more rows than there is room for are not scored */
  float *scores;    /* by row and vector */
  double accuracy, macro_f1;
} aft__trial;
/* folds: how many of the five parts are held back in turn; every: takes only the rows of one in so many. */
aft_status aft__trial_run(aft__train *t, const aft__recipe *recipe, uint32_t folds, uint32_t every,
                          aft__trial *trial, aft_error *error);
/* One side of the classifier for rows; fills in t->w. */
float aft__train_vector(aft__train *t, const aft__recipe *recipe, uint32_t vector, const uint32_t *rows,
                        uint32_t n);

/* choose.c: the recipe that does best on rows held back. */
aft_status aft__recipe_choose(aft__train *t, aft__trial *trial, aft__recipe *out, aft_error *error);

/* calibrate.c */
typedef struct aft__calibration {
  double slope, offset;
  double ece;
  uint32_t n_bands;
  aft__band bands[AFT__MODEL_BANDS];
} aft__calibration;
aft_status aft__calibrate(const aft__train *t, const aft__trial *trial, aft__calibration *out,
                          aft_error *error);

#endif
