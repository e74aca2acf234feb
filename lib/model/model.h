/* Linear models of text: training, calibration, a file format, prediction. Pure. */
#ifndef AFT_MODEL_INTERNAL_H
#define AFT_MODEL_INTERNAL_H

#include "base/base.h"
#include "text/text.h"

#include <aftersales/model.h>

aft_env *aft__model_env(const aft_model *model);
uint32_t aft__model_labels(const aft_model *model);
aft_str aft__model_label(const aft_model *model, uint32_t index);
/* The image's bytes, owned by the model. */
aft_str aft__model_bytes(const aft_model *model);

/* ---- predict.c ---- */

/* Calibrated probabilities of all labels for a text in normalised form; room for aft__model_labels values.
 * Allocates nothing. */
void aft__model_score(const aft_model *model, aft_str normal, double *out);
/* The two best of n probabilities. */
void aft__model_best(const double *scores, uint32_t n, uint32_t *best, uint32_t *next);

/* ---- compare.c ---- */

/* Accuracies and the test, from the counts. */
void aft__comparison_finish(aft_comparison *comparison);
/* Into a caller's struct of its own size. */
aft_status aft__comparison_give(const aft_comparison *found, aft_comparison *out, aft_error *error);

/* ---- explain_words.c: the words of a normalised text that weighed most ---- */

#define AFT__MODEL_WORDS 8

typedef struct aft__model_word {
  uint32_t begin, end; /* of the normalised text */
  double weight;       /* how far it moved the score, of the label above all others */
} aft__model_word;

/* Fills in at most AFT__MODEL_WORDS, the weightiest first; returns how many. */
uint32_t aft__model_words(const aft_model *model, aft_str normal, uint32_t label, uint32_t against,
                          aft__model_word *words);

#endif
