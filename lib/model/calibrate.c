/* From scores to probabilities, on rows held back. */
#include "model/train_priv.h"

#include <math.h>
#include <stdlib.h>

#define BINS       15
#define ITERATIONS 50

static double squash(double x) { return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x)); }

void aft__calibrated(double slope, double offset, const double *scores, uint32_t labels, double *out) {
  if (labels == 2) {
    out[1] = squash(slope * scores[0] + offset);
    out[0] = 1 - out[1];
    return;
  }
  double most = scores[0], sum = 0;
  for (uint32_t k = 1; k < labels; k++)
    if (scores[k] > most)
      most = scores[k];
  for (uint32_t k = 0; k < labels; k++)
    sum += out[k] = exp(slope * (scores[k] - most));
  for (uint32_t k = 0; k < labels; k++)
    out[k] /= sum;
}

void aft__model_best(const double *scores, uint32_t n, uint32_t *best, uint32_t *next) {
  *best = scores[1] > scores[0];
  *next = 1 - *best;
  for (uint32_t k = 2; k < n; k++) {
    if (scores[k] > scores[*best]) {
      *next = *best;
      *best = k;
    } else if (scores[k] > scores[*next]) {
      *next = k;
    }
  }
}

/* Two classes: logistic regression on the score (Platt 1999), by Newton's method. */
static void fit_two(const aft__train *t, const aft__trial *trial, double *slope, double *offset) {
  double positive = 0, a = 1, b = 0;
  for (uint32_t i = 0; i < trial->n; i++)
    positive += t->rows->row[trial->rows[i]].label == 1;
  double negative = trial->n - positive;
  double high = (positive + 1) / (positive + 2), low = 1 / (negative + 2);
  for (int round = 0; round < ITERATIONS; round++) {
    double ga = 0, gb = 0, haa = 1e-6, hab = 0, hbb = 1e-6;
    for (uint32_t i = 0; i < trial->n; i++) {
      double s = (double)trial->scores[i], p = squash(a * s + b), w = p * (1 - p);
      double miss = p - (t->rows->row[trial->rows[i]].label == 1 ? high : low);
      ga += miss * s;
      gb += miss;
      haa += w * s * s;
      hab += w * s;
      hbb += w;
    }
    double det = haa * hbb - hab * hab;
    if (!(det > 0))
      break;
    double da = (hbb * ga - hab * gb) / det, db = (haa * gb - hab * ga) / det;
    a -= da;
    b -= db;
    if (fabs(da) + fabs(db) < 1e-9)
      break;
  }
  if (isfinite(a) && isfinite(b) && a > 0) {
    *slope = a;
    *offset = b;
  }
}

/* More classes: one factor for all scores before the softmax (Guo, Pleiss, Sun, Weinberger 2017). */
static void fit_many(const aft__train *t, const aft__trial *trial, double *slope) {
  uint32_t labels = t->vectors;
  double scores[AFT_MODEL_LABELS] = {0}, p[AFT_MODEL_LABELS] = {0}, a = 3;
  for (int round = 0; round < ITERATIONS; round++) {
    double gradient = 1e-3 * a, curve = 1e-3; /* keeps the factor finite where nothing is ever wrong */
    for (uint32_t i = 0; i < trial->n; i++) {
      double mean = 0, square = 0;
      for (uint32_t k = 0; k < labels; k++)
        scores[k] = (double)trial->scores[(size_t)i * labels + k];
      aft__calibrated(a, 0, scores, labels, p);
      for (uint32_t k = 0; k < labels; k++) {
        mean += p[k] * scores[k];
        square += p[k] * scores[k] * scores[k];
      }
      gradient += mean - scores[t->rows->row[trial->rows[i]].label];
      curve += square - mean * mean;
    }
    double step = gradient / curve;
    if (step > a / 2)
      step = a / 2;
    if (step < -a)
      step = -a;
    a -= step;
    if (fabs(step) < 1e-7 * a)
      break;
  }
  *slope = a;
}

typedef struct held_back {
  double confidence;
  bool wrong;
} held_back;

static int by_confidence(const void *a, const void *b) {
  const held_back *x = a, *y = b;
  return x->confidence < y->confidence ? 1 : x->confidence > y->confidence ? -1 : 0;
}

static double error_of(const held_back *held, uint32_t n) {
  double sum[BINS] = {0}, error = 0;
  for (uint32_t i = 0; i < n; i++) {
    int bin = (int)(held[i].confidence * BINS);
    sum[bin < BINS ? bin : BINS - 1] += held[i].confidence - !held[i].wrong;
  }
  for (int bin = 0; bin < BINS; bin++)
    error += fabs(sum[bin]);
  return n ? error / n : 0;
}

/* Bands of about as many rows each, the surest first; rows of one confidence are in one band. */
static void fill_bands(const held_back *held, uint32_t n, aft__calibration *out) {
  uint32_t from = 0;
  out->n_bands = 0;
  for (uint32_t b = 0; b < AFT__MODEL_BANDS && from < n; b++) {
    uint32_t to = (uint32_t)((uint64_t)n * (b + 1) / AFT__MODEL_BANDS);
    if (to <= from)
      continue;
    while (to < n && held[to].confidence >= held[to - 1].confidence)
      to++;
    aft__band *band = &out->bands[out->n_bands++];
    *band = (aft__band){(float)held[to - 1].confidence, to - from, 0};
    for (; from < to; from++)
      band->wrong += held[from].wrong;
  }
}

aft_status aft__calibrate(const aft__train *t, const aft__trial *trial, aft__calibration *out,
                          aft_error *error) {
  double scores[AFT_MODEL_LABELS] = {0}, p[AFT_MODEL_LABELS] = {0};
  size_t bytes = (trial->n + (size_t)1) * sizeof(held_back);
  held_back *all = aft__alloc(t->env, bytes);
  if (!all)
    return aft__nomem(error);
  out->slope = 3;
  out->offset = 0;
  if (t->vectors == 1)
    fit_two(t, trial, &out->slope, &out->offset);
  else
    fit_many(t, trial, &out->slope);
  for (uint32_t i = 0; i < trial->n; i++) {
    uint32_t best, next;
    for (uint32_t v = 0; v < t->vectors; v++)
      scores[v] = (double)trial->scores[(size_t)i * t->vectors + v];
    aft__calibrated(out->slope, out->offset, scores, t->rows->n_labels, p);
    aft__model_best(p, t->rows->n_labels, &best, &next);
    all[i] = (held_back){p[best], best != t->rows->row[trial->rows[i]].label};
  }
  qsort(all, trial->n, sizeof *all, by_confidence);
  out->ece = error_of(all, trial->n);
  fill_bands(all, trial->n, out);
  aft__release(t->env, all, bytes);
  return AFT_OK;
}
