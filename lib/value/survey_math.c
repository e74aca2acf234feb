/* What answers to surveys say, and between which bounds it is sure. Intervals are of 95 %, two-sided. */
#include "value/value.h"

#include <math.h>

#define Z      1.959963984540054 /* of the normal distribution at 97.5 % */
#define ADDED  3.0               /* answers that the adjusted interval adds: ¾, 1½, ¾ */
#define SHARED 0.75              /* of them for each end of the scale */

const aft__scale aft__scales[AFT__SCORES] = {
    [AFT__SCORE_CSAT] = {"csat", .least = 1, .most = 5, .poor = 2, .good = 4},
    [AFT__SCORE_NPS] = {"nps", .least = 0, .most = 10, .poor = 6, .good = 9},
    [AFT__SCORE_CES] = {"ces", .least = 1, .most = 7, .poor = 3, .good = 5},
};

bool aft__score_find(aft_str name, aft__score_kind *out) {
  for (int i = 0; i < AFT__SCORES; i++)
    if (aft__str_eq(name, aft__cstr(aft__scales[i].name))) {
      *out = (aft__score_kind)i;
      return true;
    }
  return false;
}

void aft__tally_add(aft__tally *tally, aft__score_kind kind, int64_t score) {
  tally->n++;
  tally->sum += score;
  tally->good += score >= aft__scales[kind].good;
  tally->poor += score <= aft__scales[kind].poor;
}

double aft__finite_population(uint64_t n, uint64_t population) {
  if (!population)
    return 1;
  return population <= n || population == 1 ? 0 : sqrt((double)(population - n) / (double)(population - 1));
}

static double clamp(double value, double least, double most) {
  return value < least ? least : value > most ? most : value;
}

static aft__interval wilson_at(uint64_t good, uint64_t n, double z) {
  double m = (double)n, p = (double)good / m;
  double whole = 1 + z * z / m, centre = (p + z * z / (2 * m)) / whole;
  double half = z * sqrt(p * (1 - p) / m + z * z / (4 * m * m)) / whole;
  return (aft__interval){clamp(centre - half, 0, 1), clamp(centre + half, 0, 1)};
}

aft__interval aft__wilson(uint64_t good, uint64_t n, uint64_t population) {
  return wilson_at(good, n, Z * aft__finite_population(n, population));
}

/* By halving: erfc falls from 1 at 0, and beyond 10 it is 0 for every practical purpose. */
static double normal_quantile(double beyond) {
  double low = 0, high = 10;
  for (int i = 0; i < 60; i++) {
    double middle = (low + high) / 2;
    if (erfc(middle / sqrt(2)) / 2 > beyond)
      low = middle;
    else
      high = middle;
  }
  return low;
}

/* Method 10 of R. G. Newcombe, Interval estimation for the difference between independent proportions,
 * Statistics in Medicine 17 (1998); with several comparisons each has its part of the 5 %, as Bonferroni
 * says. */
aft__interval aft__share_difference(uint64_t good, uint64_t n, uint64_t other_good, uint64_t other_n,
                                    uint32_t comparisons) {
  double z = normal_quantile(0.025 / (comparisons ? comparisons : 1));
  double p = (double)good / (double)n, q = (double)other_good / (double)other_n;
  aft__interval a = wilson_at(good, n, z), b = wilson_at(other_good, other_n, z);
  return (aft__interval){p - q - hypot(p - a.low, b.high - q), p - q + hypot(a.high - p, q - b.low)};
}

/* Of 100·(promoters − detractors)/n. */
static double nps_error(double promoters, double detractors, double n) {
  double p = promoters / n, d = detractors / n, variance = p + d - (p - d) * (p - d);
  return variance > 0 ? 100 * sqrt(variance / n) : 0;
}

static aft__interval around(double score, double half) {
  return (aft__interval){clamp(score - half, -100, 100), clamp(score + half, -100, 100)};
}

aft__interval aft__nps_wald(const aft__tally *t, uint64_t population) {
  double n = (double)t->n, promoters = (double)t->good, detractors = (double)t->poor;
  double error = nps_error(promoters, detractors, n) * aft__finite_population(t->n, population);
  return around(100 * (promoters - detractors) / n, Z * error);
}

aft__interval aft__nps_adjusted_wald(const aft__tally *t, uint64_t population) {
  double n = (double)t->n + ADDED, promoters = (double)t->good + SHARED,
         detractors = (double)t->poor + SHARED;
  double error = nps_error(promoters, detractors, n) * aft__finite_population(t->n, population);
  return around(100 * (promoters - detractors) / n, Z * error);
}

const char *aft__method_name(aft__method method) {
  static const char *const names[] = {"none", "wilson", "wald", "adjusted_wald"};
  return names[method];
}

/* With few answers, or none at one end of the scale, the plain interval is too narrow. */
static void nps_of(const aft__tally *t, uint64_t population, aft__score *out) {
  bool adjusts = t->n < AFT__FEW_ANSWERS || !t->good || !t->poor;
  out->value = 100 * ((double)t->good - (double)t->poor) / (double)t->n;
  out->method = adjusts ? AFT__METHOD_ADJUSTED_WALD : AFT__METHOD_WALD;
  out->interval = adjusts ? aft__nps_adjusted_wald(t, population) : aft__nps_wald(t, population);
}

void aft__score_of(aft__score_kind kind, const aft__tally *t, uint64_t population, aft__score *out) {
  *out = (aft__score){.method = AFT__METHOD_NONE, .few = t->n < AFT__FEW_ANSWERS};
  if (!t->n)
    return;
  out->mean = (double)t->sum / (double)t->n;
  if (kind == AFT__SCORE_NPS) {
    nps_of(t, population, out);
    return;
  }
  out->value = (double)t->good / (double)t->n;
  out->method = AFT__METHOD_WILSON;
  out->interval = aft__wilson(t->good, t->n, population);
}
