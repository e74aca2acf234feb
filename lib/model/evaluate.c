/* Measuring a classifier: guesses beside the truth, and the figures that follow. */
#include "model/model.h"

#include <math.h>

#define BINS        15
#define LABELS_MOST 2000u
#define GUESS_V1    (offsetof(aft_guess, reserved0) + sizeof(uint32_t))

typedef struct pair {
  uint32_t truth, label;
  uint64_t n;
} pair;

typedef struct bin {
  double confidence;
  uint64_t n, right;
} bin;

struct aft_eval {
  aft_env *env;
  aft__arena arena;
  aft__map numbers; /* label to number */
  aft__map places;  /* truth and label to pair */
  aft_str labels[LABELS_MOST];
  uint32_t n_labels;
  pair *pairs;
  uint32_t n_pairs, room;
  uint64_t n, answerable, answered, answered_right;
  bin bins[BINS];
};

aft_status aft_eval_new(aft_env *env, aft_eval **out, aft_error *error) {
  if (!env || !out)
    return aft__error(error, AFT_E_NULL_HANDLE, "env", "expected an environment and a place, found NULL");
  *out = NULL;
  aft_eval *eval = aft__zalloc(env, sizeof *eval);
  if (!eval)
    return aft__nomem(error);
  eval->env = aft_env_ref(env);
  aft__arena_init(&eval->arena, env);
  aft__map_init(&eval->numbers, env);
  aft__map_init(&eval->places, env);
  *out = eval;
  return AFT_OK;
}

void aft_eval_free(aft_eval *eval) {
  if (!eval)
    return;
  aft_env *env = eval->env;
  aft__release(env, eval->pairs, eval->room * sizeof *eval->pairs);
  aft__map_done(&eval->places);
  aft__map_done(&eval->numbers);
  aft__arena_done(&eval->arena);
  aft__release(env, eval, sizeof *eval);
  aft_env_unref(env);
}

static aft_status check_label(aft_str label, const char *where, aft_error *error) {
  if (label.len == 0 || label.len > AFT_MODEL_LABEL_BYTES)
    return aft__error(error, AFT_E_INVALID, where, "expected a label of 1 to 200 bytes, found %zu",
                      label.len);
  return aft__utf8_require(label, where, error);
}

static aft_status number_of(aft_eval *eval, aft_str label, const char *where, uint32_t *out,
                            aft_error *error) {
  if (aft__map_get(&eval->numbers, label, out))
    return AFT_OK;
  if (eval->n_labels == LABELS_MOST)
    return aft__error(error, AFT_E_TOO_LARGE, where, "expected at most %u labels, found one more",
                      LABELS_MOST);
  aft_str kept = aft__arena_dup(&eval->arena, label);
  if (!kept.data || aft__map_put(&eval->numbers, kept, eval->n_labels, NULL) < 0)
    return aft__nomem(error);
  eval->labels[eval->n_labels] = kept;
  *out = eval->n_labels++;
  return AFT_OK;
}

static aft_status pair_of(aft_eval *eval, uint32_t truth, uint32_t label, pair **out, aft_error *error) {
  uint32_t key[2] = {truth, label}, place = 0;
  if (!aft__map_get(&eval->places, aft__str((const char *)key, sizeof key), &place)) {
    if (eval->n_pairs == eval->room) {
      uint32_t to = eval->room ? eval->room * 2 : 64;
      void *more =
          aft__resize(eval->env, eval->pairs, eval->room * sizeof *eval->pairs, to * sizeof *eval->pairs);
      if (!more)
        return aft__nomem(error);
      eval->pairs = more;
      eval->room = to;
    }
    aft_str kept = aft__arena_dup(&eval->arena, aft__str((const char *)key, sizeof key));
    if (!kept.data || aft__map_put(&eval->places, kept, eval->n_pairs, NULL) < 0)
      return aft__nomem(error);
    eval->pairs[eval->n_pairs] = (pair){truth, label, 0};
    place = eval->n_pairs++;
  }
  *out = &eval->pairs[place];
  return AFT_OK;
}

static void count(aft_eval *eval, const aft_guess *guess, bool right) {
  aft_str other = aft__cstr("other");
  int at = (int)(guess->confidence * BINS);
  bin *b = &eval->bins[at < BINS ? at : BINS - 1];
  b->confidence += guess->confidence;
  b->right += right;
  b->n++;
  eval->n++;
  if (aft__str_eq(guess->truth, other))
    return;
  eval->answerable++;
  if (guess->unsure || aft__str_eq(guess->label, other))
    return;
  eval->answered++;
  eval->answered_right += right;
}

aft_status aft_eval_add(aft_eval *eval, const aft_guess *guess, aft_error *error) {
  aft_guess g;
  uint32_t truth = 0, label = 0;
  pair *counted = NULL;
  AFT__TRY(aft__abi_copy(&g, sizeof g, guess, GUESS_V1, "aft_guess", error));
  if (!eval)
    return aft__error(error, AFT_E_NULL_HANDLE, "eval", "expected a measurement, found NULL");
  g.truth = aft__str(g.truth.data, g.truth.data ? g.truth.len : 0);
  g.label = aft__str(g.label.data, g.label.data ? g.label.len : 0);
  if (!(g.confidence >= 0 && g.confidence <= 1))
    return aft__error(error, AFT_E_INVALID, "guess.confidence", "expected a number from 0 to 1");
  AFT__TRY(check_label(g.truth, "guess.truth", error));
  AFT__TRY(check_label(g.label, "guess.label", error));
  AFT__TRY(number_of(eval, g.truth, "guess.truth", &truth, error));
  AFT__TRY(number_of(eval, g.label, "guess.label", &label, error));
  AFT__TRY(pair_of(eval, truth, label, &counted, error));
  counted->n++;
  count(eval, &g, truth == label);
  return AFT_OK;
}

/* ---- the report ---- */

static void add_share(aft__json *json, const char *key, double value) {
  aft__json_key(json, key);
  aft__json_share(json, value);
}

static void add_count(aft__json *json, const char *key, uint64_t value) {
  aft__json_key(json, key);
  aft__json_i64(json, (int64_t)value);
}

typedef struct class_counts {
  uint64_t truth, guessed, right;
} class_counts;

static void count_classes(const aft_eval *eval, class_counts *classes) {
  for (uint32_t i = 0; i < eval->n_pairs; i++) {
    const pair *p = &eval->pairs[i];
    classes[p->truth].truth += p->n;
    classes[p->label].guessed += p->n;
    if (p->truth == p->label)
      classes[p->truth].right += p->n;
  }
}

static double ratio(uint64_t part, uint64_t of) { return of ? (double)part / (double)of : 0; }

static double f1_of(const class_counts *c) { return ratio(2 * c->right, c->truth + c->guessed); }

static double calibration_error(const aft_eval *eval) {
  double sum = 0;
  for (int i = 0; i < BINS; i++)
    sum += fabs(eval->bins[i].confidence - (double)eval->bins[i].right);
  return eval->n ? sum / (double)eval->n : 0;
}

static void write_figures(const aft_eval *eval, const class_counts *classes, aft__json *json) {
  uint64_t right = 0;
  uint32_t present = 0;
  double f1 = 0;
  for (uint32_t k = 0; k < eval->n_labels; k++) {
    right += classes[k].right;
    present += classes[k].truth > 0;
    f1 += classes[k].truth ? f1_of(&classes[k]) : 0;
  }
  add_count(json, "n", eval->n);
  add_share(json, "accuracy", ratio(right, eval->n));
  add_share(json, "macro_f1", present ? f1 / present : 0);
  add_count(json, "answerable", eval->answerable);
  add_count(json, "answered", eval->answered);
  add_share(json, "answered_accuracy", ratio(eval->answered_right, eval->answered));
  add_share(json, "ece", calibration_error(eval));
}

static void write_classes(const aft_eval *eval, const class_counts *classes, aft__json *json) {
  aft__json_key(json, "classes");
  aft__json_open(json, '[');
  for (uint32_t k = 0; k < eval->n_labels; k++) {
    aft__json_open(json, '{');
    aft__json_key(json, "label");
    aft__json_str(json, eval->labels[k]);
    add_count(json, "n", classes[k].truth);
    add_share(json, "precision", ratio(classes[k].right, classes[k].guessed));
    add_share(json, "recall", ratio(classes[k].right, classes[k].truth));
    add_share(json, "f1", f1_of(&classes[k]));
    aft__json_close(json, '}');
  }
  aft__json_close(json, ']');
}

static void write_confusion(const aft_eval *eval, aft__json *json) {
  aft__json_key(json, "confusion");
  aft__json_open(json, '[');
  for (uint32_t i = 0; i < eval->n_pairs; i++) {
    aft__json_open(json, '{');
    aft__json_key(json, "truth");
    aft__json_str(json, eval->labels[eval->pairs[i].truth]);
    aft__json_key(json, "label");
    aft__json_str(json, eval->labels[eval->pairs[i].label]);
    add_count(json, "n", eval->pairs[i].n);
    aft__json_close(json, '}');
  }
  aft__json_close(json, ']');
}

aft_status aft_eval_report(const aft_eval *eval, aft_buf **out, aft_error *error) {
  if (!eval || !out)
    return aft__error(error, AFT_E_NULL_HANDLE, "eval", "expected a measurement and a place, found NULL");
  *out = NULL;
  size_t bytes = (eval->n_labels + (size_t)1) * sizeof(class_counts);
  class_counts *classes = aft__zalloc(eval->env, bytes);
  aft_buf *buf = aft__buf_new(eval->env);
  if (classes && buf) {
    aft__json json;
    count_classes(eval, classes);
    aft__json_init(&json, buf);
    aft__json_open(&json, '{');
    write_figures(eval, classes, &json);
    write_classes(eval, classes, &json);
    write_confusion(eval, &json);
    aft__json_close(&json, '}');
  }
  bool failed = !classes || !buf || buf->failed;
  aft__release(eval->env, classes, bytes);
  if (failed) {
    aft_buf_free(buf);
    return aft__nomem(error);
  }
  *out = buf;
  return AFT_OK;
}
