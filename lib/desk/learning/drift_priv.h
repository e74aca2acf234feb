/* Counts of the two periods that a drift report compares. */
#ifndef AFT_DESK_DRIFT_PRIV_H
#define AFT_DESK_DRIFT_PRIV_H

#include "desk/learning/learn_priv.h"

#define AFT__DRIFT_CATEGORIES 1000

typedef struct aft__drift_row {
  aft_str category;
  uint64_t n[2]; /* the period before, and the period */
  uint64_t labelled, changed;
} aft__drift_row;

typedef struct aft__drift {
  aft_time from, to;
  aft__drift_row *rows;
  uint32_t n_rows;
  uint64_t tickets[2], unsure[2];
  bool complete;
} aft__drift;

/* drift_figures.c */
void aft__drift_json(const aft__drift *drift, aft__json *json);
/* The chance that a value distributed as chi-square with these degrees of freedom is at least x. */
double aft__chi_square_tail(double x, uint32_t degrees);

#endif
