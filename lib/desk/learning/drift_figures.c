/* Figures of a drift report: how far apart two mixes of categories are, and whether chance explains it. */
#include "desk/learning/drift_priv.h"

#include <math.h>

#define LEAST_EXPECTED 5.0 /* Cochran 1954: below, the test's approximation is poor */
#define HALF_TICKET    0.5

/*
 * Q(a, x), the upper incomplete gamma function over Γ(a): for x < a + 1 one minus the power series
 * (DLMF 8.7.1),
 *
 *   P(a, x) = exp(a ln x - x - ln Γ(a)) Σ xⁿ / (a (a+1) … (a+n)),
 *
 * else Legendre's continued fraction (DLMF 8.9.2) by the method of Lentz.
 */
static double series(double a, double x) {
  double term = 1 / a, sum = term;
  for (int n = 1; n < 10000 && term > sum * 1e-15; n++) {
    term *= x / (a + n);
    sum += term;
  }
  return sum * exp(a * log(x) - x - lgamma(a));
}

static double fraction(double a, double x) {
  double b = x + 1 - a, c = 1e300, d = 1 / b, h = d;
  for (int n = 1; n < 10000; n++) {
    double an = -n * (n - a);
    b += 2;
    d = 1 / (an * d + b);
    c = b + an / c;
    h *= d * c;
    if (fabs(d * c - 1) < 1e-15)
      break;
  }
  return h * exp(a * log(x) - x - lgamma(a));
}

double aft__chi_square_tail(double x, uint32_t degrees) {
  double a = degrees / 2.0, half = x / 2;
  if (half <= 0)
    return 1;
  double q = half < a + 1 ? 1 - series(a, half) : fraction(a, half);
  return q < 0 ? 0 : q > 1 ? 1 : q;
}

static double share(uint64_t n, uint64_t of) { return of ? (double)n / (double)of : 0; }

static double total_variation(const aft__drift *d) {
  double sum = 0;
  for (uint32_t i = 0; i < d->n_rows; i++)
    sum += fabs(share(d->rows[i].n[1], d->tickets[1]) - share(d->rows[i].n[0], d->tickets[0]));
  return sum / 2;
}

static double stability(const aft__drift *d) {
  double sum = 0, more = HALF_TICKET * d->n_rows;
  for (uint32_t i = 0; i < d->n_rows; i++) {
    double p = ((double)d->rows[i].n[1] + HALF_TICKET) / ((double)d->tickets[1] + more);
    double q = ((double)d->rows[i].n[0] + HALF_TICKET) / ((double)d->tickets[0] + more);
    sum += (p - q) * log(p / q);
  }
  return sum;
}

/* Pearson's Σ (observed - expected)² / expected over both periods and all categories. */
static double add_cells(const aft__drift *d, const uint64_t n[2]) {
  double all = (double)d->tickets[0] + (double)d->tickets[1], sum = 0;
  for (int period = 0; period < 2; period++) {
    double expected = ((double)n[0] + (double)n[1]) * (double)d->tickets[period] / all;
    double off = (double)n[period] - expected;
    sum += expected > 0 ? off * off / expected : 0;
  }
  return sum;
}

static double chi_square(const aft__drift *d, uint32_t *degrees) {
  uint64_t rest[2] = {0, 0};
  uint64_t least = d->tickets[0] < d->tickets[1] ? d->tickets[0] : d->tickets[1];
  double all = (double)d->tickets[0] + (double)d->tickets[1], sum = 0;
  uint32_t cells = 0;
  *degrees = 0;
  if (!least)
    return 0;
  for (uint32_t i = 0; i < d->n_rows; i++) {
    const uint64_t *n = d->rows[i].n;
    if (((double)n[0] + (double)n[1]) * (double)least / all < LEAST_EXPECTED) {
      rest[0] += n[0];
      rest[1] += n[1];
      continue;
    }
    sum += add_cells(d, n);
    cells++;
  }
  if (rest[0] + rest[1]) {
    sum += add_cells(d, rest);
    cells++;
  }
  *degrees = cells ? cells - 1 : 0;
  return sum;
}

static void put_i64(aft__json *json, const char *key, uint64_t value) {
  aft__json_key(json, key);
  aft__json_i64(json, (int64_t)value);
}

static void put_share(aft__json *json, const char *key, double value) {
  aft__json_key(json, key);
  aft__json_share(json, value);
}

static void put_categories(const aft__drift *d, aft__json *json, uint64_t *labelled, uint64_t *changed) {
  aft__json_key(json, "categories");
  aft__json_open(json, '[');
  for (uint32_t i = 0; i < d->n_rows; i++) {
    const aft__drift_row *row = &d->rows[i];
    aft__json_open(json, '{');
    aft__json_key(json, "category");
    aft__json_str(json, row->category);
    put_i64(json, "now", row->n[1]);
    put_i64(json, "before", row->n[0]);
    put_share(json, "now_share", share(row->n[1], d->tickets[1]));
    put_share(json, "before_share", share(row->n[0], d->tickets[0]));
    put_i64(json, "labelled", row->labelled);
    put_i64(json, "changed", row->changed);
    aft__json_close(json, '}');
    *labelled += row->labelled;
    *changed += row->changed;
  }
  aft__json_close(json, ']');
}

static void put_test(const aft__drift *d, aft__json *json) {
  uint32_t degrees;
  double statistic = chi_square(d, &degrees);
  aft__json_key(json, "chi_square");
  aft__json_open(json, '{');
  put_share(json, "statistic", statistic);
  put_i64(json, "degrees", degrees);
  aft__json_key(json, "p");
  if (degrees)
    aft__json_share(json, aft__chi_square_tail(statistic, degrees));
  else
    aft__json_null(json);
  aft__json_close(json, '}');
}

static void put_pair(aft__json *json, const char *key, const double now_before[2], bool whole) {
  static const char *const names[] = {"now", "before"};
  aft__json_key(json, key);
  aft__json_open(json, '{');
  for (int i = 0; i < 2; i++)
    if (whole)
      put_i64(json, names[i], (uint64_t)now_before[i]);
    else
      put_share(json, names[i], now_before[i]);
  aft__json_close(json, '}');
}

void aft__drift_json(const aft__drift *d, aft__json *json) {
  uint64_t labelled = 0, changed = 0;
  const double tickets[] = {(double)d->tickets[1], (double)d->tickets[0]};
  const double unsure[] = {share(d->unsure[1], d->tickets[1]), share(d->unsure[0], d->tickets[0])};
  aft__json_open(json, '{');
  aft__json_key(json, "from");
  aft__json_i64(json, d->from);
  aft__json_key(json, "to");
  aft__json_i64(json, d->to);
  aft__json_key(json, "complete");
  aft__json_bool(json, d->complete);
  put_pair(json, "tickets", tickets, true);
  put_pair(json, "unsure", unsure, false);
  put_categories(d, json, &labelled, &changed);
  aft__json_key(json, "corrections");
  aft__json_open(json, '{');
  put_i64(json, "labelled", labelled);
  put_i64(json, "changed", changed);
  put_share(json, "share", share(changed, labelled));
  aft__json_close(json, '}');
  put_share(json, "total_variation", total_variation(d));
  put_share(json, "psi", stability(d));
  put_test(d, json);
  aft__json_close(json, '}');
}
