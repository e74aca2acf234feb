/* Comparing two models on the same examples: McNemar's test, exact. */
#include "model/train_priv.h"

#include <math.h>

#define COMPARISON_V1 (offsetof(aft_comparison, worse) + sizeof(uint32_t))
#define SIGNIFICANT   0.05

typedef struct comparing {
  const aft_model *old_model, *new_model;
  aft_env *env;
  aft__map seen; /* label to how often it is true, for answering the most frequent one */
  aft__arena arena;
  uint64_t right_new_by_label[AFT_MODEL_LABELS];
  uint64_t times[AFT_MODEL_LABELS];
  uint32_t n_labels;
  aft_comparison found;
} comparing;

/* The chance of a split as uneven as this one where both sides are equally likely. */
static double mcnemar(uint64_t a, uint64_t b) {
  uint64_t n = a + b, least = a < b ? a : b;
  double sum = 0, whole = lgamma((double)n + 1) - (double)n * log(2.0);
  for (uint64_t i = 0; i <= least; i++)
    sum += exp(whole - lgamma((double)i + 1) - lgamma((double)(n - i) + 1));
  return 2 * sum < 1 ? 2 * sum : 1;
}

void aft__comparison_finish(aft_comparison *comparison) {
  aft_comparison *f = comparison;
  double n = f->examples ? (double)f->examples : 1;
  f->old_accuracy = (double)(f->both + f->only_old) / n;
  f->new_accuracy = (double)(f->both + f->only_new) / n;
  f->p = mcnemar(f->only_old, f->only_new);
  f->better = f->p < SIGNIFICANT && f->only_new > f->only_old;
  f->worse = f->p < SIGNIFICANT && f->only_old > f->only_new;
}

aft_status aft__comparison_give(const aft_comparison *found, aft_comparison *out, aft_error *error) {
  return aft__abi_give(out, found, sizeof *found, COMPARISON_V1, "aft_comparison", error);
}

static aft_status right(const aft_model *model, const aft_example *example, bool *out, aft_error *error) {
  aft_prediction p = {.size = sizeof p};
  AFT__TRY(aft_model_predict(model, example->text.data, example->text.len, &p, error));
  *out = aft__str_eq(aft__model_label(model, p.label), example->label);
  return AFT_OK;
}

static aft_status count_label(comparing *c, aft_str label, bool right_new, aft_error *error) {
  uint32_t at = 0;
  if (!aft__map_get(&c->seen, label, &at)) {
    aft_str kept = aft__arena_dup(&c->arena, label);
    if (c->n_labels == AFT_MODEL_LABELS)
      return aft__error(error, AFT_E_TOO_LARGE, "examples", "expected at most %u labels, found one more",
                        AFT_MODEL_LABELS);
    if (!kept.data || aft__map_put(&c->seen, kept, c->n_labels, NULL) < 0)
      return aft__nomem(error);
    at = c->n_labels++;
  }
  c->times[at]++;
  c->right_new_by_label[at] += right_new;
  return AFT_OK;
}

static aft_status take(comparing *c, const aft_example *example, aft_error *error) {
  bool new_right = false, old_right = false;
  AFT__TRY(right(c->new_model, example, &new_right, error));
  c->found.examples++;
  if (!c->old_model) {
    c->found.both += new_right; /* split up in the end */
    return count_label(c, example->label, new_right, error);
  }
  AFT__TRY(right(c->old_model, example, &old_right, error));
  c->found.both += old_right && new_right;
  c->found.only_old += old_right && !new_right;
  c->found.only_new += new_right && !old_right;
  return AFT_OK;
}

static void split_most_frequent(comparing *c) {
  uint32_t best = 0;
  uint64_t all = c->found.both;
  for (uint32_t k = 1; k < c->n_labels; k++)
    if (c->times[k] > c->times[best])
      best = k;
  c->found.both = c->right_new_by_label[best];
  c->found.only_old = c->times[best] - c->found.both;
  c->found.only_new = all - c->found.both;
}

static aft_status run(comparing *c, aft_example_fn next, void *user, aft_error *error) {
  aft_status status = AFT_OK;
  for (uint32_t row = 0; status == AFT_OK; row++) {
    aft_example example;
    status = aft__example_next(next, user, row, &example, error);
    if (status == AFT_OK)
      status = aft__example_copy(c->env, &example, row, error);
    if (status == AFT_OK)
      status = take(c, &example, error);
  }
  if (status < 0)
    return status;
  if (c->found.examples == 0)
    return aft__error(error, AFT_E_INVALID, "examples", "expected at least one example, found none");
  if (!c->old_model)
    split_most_frequent(c);
  aft__comparison_finish(&c->found);
  return AFT_OK;
}

aft_status aft_model_compare(const aft_model *old_model, const aft_model *new_model, aft_example_fn next,
                             void *user, aft_comparison *out, aft_error *error) {
  if (!new_model || !next || !out)
    return aft__error(error, AFT_E_NULL_HANDLE,
                      !new_model ? "new_model"
                      : !next    ? "next"
                                 : "out",
                      "expected a model, examples and a place, found NULL");
  aft_env *env = aft__model_env(new_model);
  comparing *c = aft__zalloc(env, sizeof *c);
  if (!c)
    return aft__nomem(error);
  c->old_model = old_model;
  c->new_model = new_model;
  c->env = env;
  aft__map_init(&c->seen, env);
  aft__arena_init(&c->arena, env);
  aft_status status = run(c, next, user, error);
  if (status >= 0)
    status = aft__comparison_give(&c->found, out, error);
  aft__map_done(&c->seen);
  aft__arena_done(&c->arena);
  aft__release(env, c, sizeof *c);
  return status;
}
