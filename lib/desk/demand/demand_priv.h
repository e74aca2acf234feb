/* Inside taking demand from a shop's own records. */
#ifndef AFT_DEMAND_PRIV_H
#define AFT_DEMAND_PRIV_H

#include "desk/desk_priv.h"
#include "simulate/simulate.h"

/* What happened to a ticket, as far as it tells how long people worked. */
typedef enum aft__step_kind {
  AFT__STEP_WROTE, /* the customer */
  AFT__STEP_TAKEN, /* by an agent */
  AFT__STEP_ANSWERED
} aft__step_kind;

typedef struct aft__step {
  aft_time at;
  aft__step_kind kind;
  aft_id agent; /* of an answer */
} aft__step;

/* ---- demand_work.c ---- */

/* An answer, and from when on it could have been worked on. */
typedef struct aft__answered {
  aft_id agent;
  aft_time at, ready;
  uint32_t piece; /* of the demand */
} aft__answered;

typedef struct aft__works {
  aft_env *env;
  aft__answered *list;
  uint32_t n, cap;
  int64_t longest_ms;
} aft__works;

/* Adds the pieces of a ticket to the demand, and its answers to the works. Sorts the steps. */
aft_status aft__works_add(aft__works *works, aft_demand *demand, aft__arrival *ticket, aft__step *steps,
                          uint32_t n, aft_error *error);
/* Says of each piece how long it took, of those without an answer as long as one did on average. */
void aft__works_settle(aft__works *works, aft_demand *demand);
void aft__works_done(aft__works *works);

#endif
