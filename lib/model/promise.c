/* The confidence from which at most a share of the answers is wrong. */
#include "model/model_priv.h"

#include <math.h>

/*
 * Thresholds are tried from the strictest on, each with an exact binomial test of "more than the share is
 * wrong", until the first that is not refuted (Angelopoulos, Bates, Candès, Jordan, Lei 2021, "Learn then
 * test", with fixed sequence testing). There are four such sequences, which begin where a part of all rows is
 * answered, so that an error among the surest few does not end them all; each has a quarter of the doubt.
 * Whatever the model is like, the chance that the threshold kept breaks the promise is at most `doubt`.
 */
#define STARTS 4
static const double starts[STARTS] = {0.125, 0.25, 0.5, 0.75};

/* The chance of at most k wrong among n where the share is p. */
static double binomial_tail(uint32_t n, uint32_t k, double p) {
  double sum = 0, step = lgamma(n + 1.0), lp = log(p), lq = log1p(-p);
  for (uint32_t i = 0; i <= k; i++)
    sum += exp(step - lgamma(i + 1.0) - lgamma(n - i + 1.0) + i * lp + (n - i) * lq);
  return sum < 1 ? sum : 1;
}

void aft__promise(const aft__band *bands, uint32_t n_bands, double wrong, double doubt, double *threshold,
                  double *coverage) {
  uint32_t all = 0, n = 0, errors = 0;
  size_t next = 0;
  bool going = false;
  for (uint32_t i = 0; i < n_bands; i++)
    all += bands[i].n;
  *threshold = 2;
  *coverage = 0;
  for (uint32_t i = 0; i < n_bands; i++) {
    n += bands[i].n;
    errors += bands[i].wrong;
    for (; next < STARTS && n >= starts[next] * all; next++)
      going = true;
    if (!going)
      continue;
    going = binomial_tail(n, errors, wrong) <= doubt / STARTS;
    if (going) { /* behind the last band: whatever comes may be answered */
      *threshold = i + 1 < n_bands ? (double)bands[i].least : 0;
      *coverage = (double)n / all;
    }
  }
}
