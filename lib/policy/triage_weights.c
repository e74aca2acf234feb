/* How much rules and a model count, learnt from labelled texts. */
#include "policy/triage_priv.h"

#include <math.h>

/*
 * The weights (a, b) of
 *
 *   logit(c) = a ln p(c) + b points(c) / 100 + prior(c)
 *
 * that minimise the mean log loss of the labels plus (R / 2n) ((a - a0)² + (b - b0)²), which keeps the
 * weights near the policy's where there are few labels. The loss is convex, so going along one weight at a
 * time by Newton's method within 0 to MOST comes to its minimum.
 */
#define R      1.0
#define MOST   10.0
#define ROUNDS 40
#define HALVES 20
#define SMALL  1e-4

void aft__fusion_prior(const aft_policy *policy, aft__fusion *out) {
  const aft__settings *settings = policy->settings;
  out->prior = (float)settings->other_prior / 1000;
  out->other = 0;
  for (uint32_t c = 0; c < out->categories; c++)
    if (aft__str_eq(aft__policy_category(policy, c), aft__policy_str(policy, settings->other)))
      out->other = c;
}

aft__fusion_weights aft__fusion_default(const aft_policy *policy) {
  return (aft__fusion_weights){policy->settings->model_weight / 1000.0,
                               policy->settings->rule_weight / 1000.0};
}

static double logit(const aft__fusion *f, uint32_t row, uint32_t c, aft__fusion_weights w) {
  size_t at = (size_t)row * f->categories + c;
  return w.model * (double)f->model[at] + w.rule * (double)f->points[at] +
         (c == f->other ? (double)f->prior : 0);
}

uint32_t aft__fusion_best(const aft__fusion *f, uint32_t row, aft__fusion_weights weights) {
  uint32_t best = 0;
  double most = logit(f, row, 0, weights);
  for (uint32_t c = 1; c < f->categories; c++) {
    double value = logit(f, row, c, weights);
    if (value > most) {
      most = value;
      best = c;
    }
  }
  return best;
}

uint32_t aft__fusion_rules(const aft__fusion *f, uint32_t row) {
  const float *points = f->points + (size_t)row * f->categories;
  uint32_t best = f->other;
  float most = 0;
  for (uint32_t c = 0; c < f->categories; c++)
    if (points[c] > most) {
      most = points[c];
      best = c;
    }
  return best;
}

/* Loss, and its first and second derivative by one of the weights. */
typedef struct slope {
  double loss, first, second;
} slope;

static void add_row(const aft__fusion *f, uint32_t row, aft__fusion_weights w, const float *x, slope *out) {
  double most = -INFINITY, sum = 0, mean = 0, square = 0;
  const float *values = x + (size_t)row * f->categories;
  for (uint32_t c = 0; c < f->categories; c++)
    most = fmax(most, logit(f, row, c, w));
  for (uint32_t c = 0; c < f->categories; c++) {
    double share = exp(logit(f, row, c, w) - most), value = (double)values[c];
    sum += share;
    mean += share * value;
    square += share * value * value;
  }
  if (sum <= 0)
    return; /* there are no categories */
  mean /= sum;
  square /= sum;
  out->loss += most + log(sum) - logit(f, row, f->truth[row], w);
  out->first += mean - (double)values[f->truth[row]];
  out->second += square - mean * mean;
}

static slope slope_of(const aft__fusion *f, uint32_t half, aft__fusion_weights w, aft__fusion_weights start,
                      const float *x) {
  slope s = {0};
  double da = w.model - start.model, db = w.rule - start.rule;
  for (uint32_t row = 0; row < f->n; row++)
    if (half > 1 || f->half[row] == half)
      add_row(f, row, w, x, &s);
  s.loss += R / 2 * (da * da + db * db);
  s.first += R * (x == f->model ? da : db);
  s.second += R;
  return s;
}

/* One step along one weight, halved until the loss falls. Returns how far it went. */
static double step(const aft__fusion *f, uint32_t half, aft__fusion_weights *w, aft__fusion_weights start,
                   double *weight, const float *x) {
  slope here = slope_of(f, half, *w, start, x);
  double from = *weight, move = -here.first / here.second;
  for (int i = 0; i < HALVES; i++) {
    *weight = fmin(fmax(from + move, 0), MOST);
    if (slope_of(f, half, *w, start, x).loss <= here.loss)
      return fabs(*weight - from);
    move /= 2;
  }
  *weight = from;
  return 0;
}

aft__fusion_weights aft__fusion_learn(const aft__fusion *f, uint32_t half, aft__fusion_weights start) {
  aft__fusion_weights w = start;
  double moved = 1;
  for (int round = 0; round < ROUNDS && moved > SMALL; round++) {
    moved = step(f, half, &w, start, &w.model, f->model);
    moved += step(f, half, &w, start, &w.rule, f->points);
  }
  return w;
}
