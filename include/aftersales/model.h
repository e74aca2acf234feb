/* Models of text: trained on a shop's own labels in seconds, calibrated, in one small file. */
#ifndef AFTERSALES_MODEL_H
#define AFTERSALES_MODEL_H

#include <aftersales/common.h>
#include <aftersales/env.h>
#include <aftersales/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A trained model. Immutable, reference-counted, shared by all threads. */
typedef struct aft_model aft_model;

#define AFT_MODEL_LABELS      1000u /* a model tells at most so many labels apart */
#define AFT_MODEL_LABEL_BYTES 200u  /* one label has at most so many bytes */

/* One labelled text. */
typedef struct aft_example {
  size_t size;
  aft_str label;   /* 1 to 200 bytes without tab or line end */
  aft_str text;    /* not empty */
  uint32_t weight; /* permille of a whole example, at most 1000000; 0: 1000 */
  uint32_t reserved0;
} aft_example;

/* Gives the next example: fills in *out, whose size is set and whose texts must live until the next call, and
 * returns 1; 0 at the end, negative on failure (AFT_E_CALLBACK). */
typedef int (*aft_example_fn)(void *user, aft_example *out);

/* What to do with one text under two labels. */
#define AFT_MODEL_REFUSE 0u /* AFT_E_INVALID names both examples */
#define AFT_MODEL_KEEP   1u /* each example counts for its label */

/* How to train. Everything may be zero. */
typedef struct aft_model_options {
  size_t size;
  uint64_t seed;
  uint64_t max_bytes;      /* of the model; 0: by labels and examples, 64 to 440 KB */
  uint32_t wrong_permille; /* wrong answers among those given that are promised at most; 0: 50 */
  uint32_t doubt_permille; /* chance that the promise is broken; 0: 100 */
  uint32_t contradictions; /* AFT_MODEL_REFUSE or AFT_MODEL_KEEP */
  uint32_t reserved0;
  /* Called now and then with what is done, 0 to 1000; another result than 0 ends the training with
   * AFT_E_INTERRUPTED. NULL allowed. */
  int (*progress)(void *user, uint32_t permille);
  void *progress_user;
} aft_model_options;

/*
 * Trains a model on labelled texts. Strength of regularisation, weighting and class weights are chosen, and
 * the probabilities calibrated, on rows held back in turn; the model is then trained on all. The same
 * examples and seed give the same model on the same machine.
 *
 * env: kept alive by the model. Its limit of text_bytes holds for each text.
 * options: NULL for defaults.
 * next, user: give the examples, at least two of each of two labels.
 * out: receives a reference that the caller owns; release with aft_model_unref.
 * Threads: any; on the calling thread alone, for seconds, or half a minute with hundreds of labels.
 * Errors: AFT_E_INVALID and where "examples[12]" (from 1) for a label that is missing, too long or has a
 *   tab, an empty text, contradicting labels, fewer than two labels or too few examples; AFT_E_ENCODING,
 *   AFT_E_NUL_BYTE, AFT_E_TOO_LARGE for a text, for more than 1000 labels or more than 16 million examples;
 *   AFT_E_CALLBACK, AFT_E_INTERRUPTED, AFT_E_NULL_HANDLE, AFT_E_ABI, AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_model_train(aft_env *env, const aft_model_options *options, aft_example_fn next,
                                   void *user, aft_model **out, aft_error *error);

/*
 * The model's bytes, the same on every kind of machine: for a file, or for aft_model_open_image.
 *
 * out: receives a buffer that the caller frees with aft_buf_free.
 * Threads: any.
 * Errors: AFT_E_NULL_HANDLE, AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_model_image(const aft_model *model, aft_buf **out, aft_error *error);

/*
 * Writes the model to a file, whole or not at all.
 *
 * path: closed by NUL; an existing file is replaced.
 * Threads: any.
 * Errors: AFT_E_NULL_HANDLE, AFT_E_IO, AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_model_save(const aft_model *model, const char *path, aft_error *error);

/*
 * Opens a model from its bytes.
 *
 * image, size: from aft_model_image; copied.
 * out: receives a reference that the caller owns; release with aft_model_unref.
 * Threads: any.
 * Errors: AFT_E_MODEL for bytes that are damaged or of a format that this library cannot read;
 *   AFT_E_NULL_HANDLE, AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_model_open_image(aft_env *env, const void *image, size_t size, aft_model **out,
                                        aft_error *error);

/*
 * Opens a model by mapping its file, which must not be written to while the model lives: replace it by
 * renaming, as aft_model_save does.
 *
 * path: closed by NUL.
 * out: receives a reference that the caller owns; release with aft_model_unref.
 * Threads: any.
 * Errors: AFT_E_IO, AFT_E_MODEL, AFT_E_TOO_LARGE (64 MiB), AFT_E_NULL_HANDLE, AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_model_open(aft_env *env, const char *path, aft_model **out, aft_error *error);

/*
 * Takes one more reference.
 *
 * Returns: model itself.
 * Threads: any.
 * Since: 0.1
 */
AFT_API aft_model *aft_model_ref(aft_model *model);

/*
 * Gives a reference back. NULL is allowed.
 *
 * Threads: any.
 * Since: 0.1
 */
AFT_API void aft_model_unref(aft_model *model);

/* What is known of a model. Shares are from 0 to 1. */
typedef struct aft_model_info {
  size_t size;
  uint64_t bytes;    /* of its image */
  uint64_t examples; /* it was trained on */
  uint32_t labels;
  uint32_t calibrated; /* held-back examples that the following figures come from */
  double accuracy;     /* on them */
  double macro_f1;     /* mean over the labels */
  double ece;          /* expected calibration error, 15 equal bins */
  double threshold;    /* confidence from which the model answers; above 1: it never does */
  double coverage;     /* share of the held-back examples that it answers there */
} aft_model_info;

/*
 * Tells what is known of a model.
 *
 * out: filled in; its size must be set.
 * Threads: any.
 * Errors: AFT_E_NULL_HANDLE, AFT_E_ABI.
 * Since: 0.1
 */
AFT_API aft_status aft_model_about(const aft_model *model, aft_model_info *out, aft_error *error);

/*
 * A label of the model; they are numbered from 0 in order of their bytes.
 *
 * Returns: text owned by the model, closed by NUL; NULL when there is none of this number.
 * Threads: any.
 * Since: 0.1
 */
AFT_API const char *aft_model_label(const aft_model *model, uint32_t index);

/* What a model takes a text for. */
typedef struct aft_prediction {
  size_t size;
  uint32_t label;     /* number of the best label */
  uint32_t runner_up; /* of the next */
  double confidence;  /* calibrated probability of the best, 0 to 1 */
  double second;      /* of the next */
  uint32_t unsure;    /* 1: below the threshold that keeps the promise */
  uint32_t reserved0;
} aft_prediction;

/*
 * The label of one text. An empty text gives the label that is likeliest without any.
 *
 * text, len: valid UTF-8, at most 1 GiB; AFT_NTS allowed.
 * out: filled in; its size must be set.
 * Threads: any.
 * Errors: AFT_E_NULL_HANDLE, AFT_E_ENCODING, AFT_E_NUL_BYTE, AFT_E_TOO_LARGE (the environment's text_bytes),
 *   AFT_E_ABI, AFT_E_NOMEM (texts beyond 2 KB alone take memory).
 * Since: 0.1
 */
AFT_API aft_status aft_model_predict(const aft_model *model, const char *text, size_t len,
                                     aft_prediction *out, aft_error *error);

/*
 * The calibrated probabilities of all labels.
 *
 * out, n: room for n values, at least as many as there are labels.
 * Threads: any.
 * Errors: as for aft_model_predict; AFT_E_INVALID where n is too small.
 * Since: 0.1
 */
AFT_API aft_status aft_model_scores(const aft_model *model, const char *text, size_t len, double *out,
                                    size_t n, aft_error *error);

/*
 * The confidence from which at most a share of the answers is wrong, with the exact binomial bound, from what
 * the model did on held-back examples. It answers as many texts as it can.
 *
 * wrong, doubt: shares between 0 and 1: wrong answers among those given; chance that they are more.
 * threshold: receives the confidence, above 1 where no answer can be promised.
 * coverage: NULL, or receives the share of held-back examples that are answered.
 * Threads: any.
 * Errors: AFT_E_NULL_HANDLE, AFT_E_INVALID.
 * Since: 0.1
 */
AFT_API aft_status aft_model_threshold(const aft_model *model, double wrong, double doubt, double *threshold,
                                       double *coverage, aft_error *error);

/*
 * Why a model takes a text for its label: JSON {"label", "confidence", "runner_up", "unsure", "words":
 * [{"text", "weight"}]}, the words that spoke most for the label (weight above 0) or against it, in their
 * order of weight.
 *
 * out: receives a buffer that the caller frees with aft_buf_free.
 * Threads: any.
 * Errors: as for aft_model_predict.
 * Since: 0.1
 */
AFT_API aft_status aft_model_explain(const aft_model *model, const char *text, size_t len, aft_buf **out,
                                     aft_error *error);

/* Two models on the same held-back examples. */
typedef struct aft_comparison {
  size_t size;
  uint64_t examples;
  uint64_t both;     /* both right */
  uint64_t only_old; /* the old one alone is right */
  uint64_t only_new;
  double old_accuracy;
  double new_accuracy;
  double p;        /* exact McNemar test, two-sided: chance of such a difference between equal models */
  uint32_t better; /* 1: the new model is better, at p < 0.05 */
  uint32_t worse;  /* 1: it is worse, at p < 0.05 */
} aft_comparison;

/*
 * Compares two models on labelled texts that neither was trained on.
 *
 * old_model: NULL stands for answering the most frequent label of the examples.
 * out: filled in; its size must be set.
 * Threads: any.
 * Errors: as for aft_model_train and aft_model_predict.
 * Since: 0.1
 */
AFT_API aft_status aft_model_compare(const aft_model *old_model, const aft_model *new_model,
                                     aft_example_fn next, void *user, aft_comparison *out, aft_error *error);

/* ---- measuring any classifier ---- */

/* Collects guesses beside the truth. */
typedef struct aft_eval aft_eval;

/* One guess. */
typedef struct aft_guess {
  size_t size;
  aft_str truth;     /* the right label */
  aft_str label;     /* the best label that was found */
  double confidence; /* 0 to 1 */
  uint32_t unsure;   /* 1: it was not given as an answer */
  uint32_t reserved0;
} aft_guess;

/*
 * Begins a measurement.
 *
 * env: kept alive.
 * out: receives an object that the caller frees with aft_eval_free.
 * Threads: any.
 * Errors: AFT_E_NULL_HANDLE, AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_eval_new(aft_env *env, aft_eval **out, aft_error *error);

/*
 * Adds one guess.
 *
 * Threads: one at a time.
 * Errors: AFT_E_NULL_HANDLE, AFT_E_ABI, AFT_E_INVALID, AFT_E_TOO_LARGE (2000 labels), AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_eval_add(aft_eval *eval, const aft_guess *guess, aft_error *error);

/*
 * The figures so far as JSON: n, accuracy, macro_f1 (mean over the labels that are true somewhere),
 * answerable (rows whose truth is not "other"), answered (of those, the rows answered with another label than
 * "other"), answered_accuracy, ece (15 equal bins), classes (label, n, precision, recall, f1), confusion
 * (truth, label, n).
 *
 * out: receives a buffer that the caller frees with aft_buf_free.
 * Threads: one at a time.
 * Errors: AFT_E_NULL_HANDLE, AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_eval_report(const aft_eval *eval, aft_buf **out, aft_error *error);

/*
 * Frees a measurement. NULL is allowed.
 *
 * Threads: one at a time.
 * Since: 0.1
 */
AFT_API void aft_eval_free(aft_eval *eval);

#ifdef __cplusplus
}
#endif

#endif
