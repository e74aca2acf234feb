/* A linear classifier of two classes: dual coordinate descent (Hsieh, Chang, Lin, Keerthi, Sundararajan
 * 2008). */
#include "model/train_priv.h"

#include <math.h>

/*
 * Minimises |w|²/2 + sum of cost_i max(0, 1 - y_i (w x_i + b))², the support vector machine with squared
 * loss, over its dual variables one at a time, in random order. Rows whose variable stays at 0 are set aside
 * (shrinking), and looked at again before the end. The bias is a feature of value 1.
 */
#define PASSES_MOST 60
#define EXACT       0.3 /* spread of the projected gradient at which it ends */
#define ROUGH       1.0 /* likewise, to compare recipes */

typedef struct solving {
  aft__train *t;
  const aft__side *side;
  float *w;
  float bias;
  float *alpha, *square;
  uint32_t *order, active;
  double highest, lowest; /* projected gradients of this pass */
  double limit;           /* the highest of the pass before */
} solving;

static double cost_of(const solving *s, uint32_t row) {
  bool positive = s->t->rows->row[row].label == s->side->label;
  return s->side->cost * (double)s->t->rows->row[row].weight * (positive ? s->side->boost : 1);
}

static void shuffle(solving *s) {
  for (uint32_t i = 0; i + 1 < s->active; i++) {
    uint32_t j = i + aft__train_random(s->t) % (s->active - i), swap = s->order[i];
    s->order[i] = s->order[j];
    s->order[j] = swap;
  }
}

static void add_row(solving *s, uint32_t row, double step) {
  const aft__rows *rows = s->t->rows;
  s->bias += (float)step;
  for (size_t i = rows->row[row].begin; i < rows->row[row + 1].begin; i++)
    s->w[rows->entry[i]] += (float)step * s->t->value[i];
}

static double margin(const solving *s, uint32_t row) {
  const aft__rows *rows = s->t->rows;
  float sum = s->bias;
  for (size_t i = rows->row[row].begin; i < rows->row[row + 1].begin; i++)
    sum += s->w[rows->entry[i]] * s->t->value[i];
  return (double)sum;
}

/* Whether the row may be set aside. */
static bool step(solving *s, uint32_t at) {
  uint32_t row = s->order[at];
  double y = s->t->rows->row[row].label == s->side->label ? 1 : -1;
  double diagonal = 1 / (2 * cost_of(s, row)), alpha = (double)s->alpha[row];
  double gradient = y * margin(s, row) - 1 + diagonal * alpha, projected = gradient;
  if (alpha == 0) {
    if (gradient > s->limit)
      return true;
    if (gradient > 0)
      projected = 0;
  }
  if (projected > s->highest)
    s->highest = projected;
  if (projected < s->lowest)
    s->lowest = projected;
  if (fabs(projected) < 1e-12)
    return false;
  double next = alpha - gradient / ((double)s->square[row] + diagonal);
  if (next < 0)
    next = 0;
  s->alpha[row] = (float)next;
  if (next != alpha)
    add_row(s, row, (next - alpha) * y);
  return false;
}

static void pass(solving *s) {
  s->highest = -INFINITY;
  s->lowest = INFINITY;
  shuffle(s);
  for (uint32_t i = 0; i < s->active;) {
    if (!step(s, i)) {
      i++;
      continue;
    }
    uint32_t row = s->order[i];
    s->order[i] = s->order[--s->active];
    s->order[s->active] = row;
  }
}

static double square_of(const aft__train *t, uint32_t row) {
  double sum = 1;
  for (size_t i = t->rows->row[row].begin; i < t->rows->row[row + 1].begin; i++)
    sum += (double)t->value[i] * (double)t->value[i];
  return sum;
}

float aft__solve(aft__train *t, const aft__side *side, const uint32_t *rows, uint32_t n, float *w) {
  solving s = {.t = t, .side = side, .w = w, .alpha = t->alpha, .square = t->square, .order = t->order};
  memset(w, 0, t->shape.buckets * sizeof *w);
  for (uint32_t i = 0; i < n; i++) {
    s.alpha[rows[i]] = 0;
    s.square[rows[i]] = (float)square_of(t, rows[i]);
    s.order[i] = rows[i];
  }
  s.active = n;
  s.limit = INFINITY;
  for (int i = 0; i < PASSES_MOST; i++) {
    pass(&s);
    s.limit = s.highest > 0 ? s.highest : INFINITY;
    if (s.highest - s.lowest >= (t->rough ? ROUGH : EXACT))
      continue;
    if (s.active == n)
      break;
    s.active = n;
    s.limit = INFINITY;
  }
  return s.bias;
}
