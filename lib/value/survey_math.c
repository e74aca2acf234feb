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

aft__interval aft__wilson(uint64_t good, uint64_t n, uint64_t population) {
  double m = (double)n, p = (double)good / m, z = Z * aft__finite_population(n, population);
  double whole = 1 + z * z / m, centre = (p + z * z / (2 * m)) / whole;
  double half = z * sqrt(p * (1 - p) / m + z * z / (4 * m * m)) / whole;
  return (aft__interval){clamp(centre - half, 0, 1), clamp(centre + half, 0, 1)};
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
