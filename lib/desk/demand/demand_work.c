/* How long agents worked: from what happened to tickets to pieces of work. */
#include "desk/demand/demand_priv.h"

#include <stdlib.h>

#define UNKNOWN (-1) /* nobody has answered yet */

static int by_time(const void *a, const void *b) {
  const aft__step *x = a, *y = b;
  if (x->at != y->at)
    return x->at < y->at ? -1 : 1;
  return (int)x->kind - (int)y->kind;
}

static aft_status note(aft__works *works, const aft__answered *one, aft_error *error) {
  aft__answered *list = aft__room(works->env, works->list, works->n, &works->cap, sizeof *list);
  if (!list)
    return aft__nomem(error);
  works->list = list;
  list[works->n++] = *one;
  return AFT_OK;
}

/* What the customer writes before an answer is one piece with it; an answer to nothing new is more work on
 * the piece before. */
typedef struct reading {
  aft__works *works;
  aft_demand *demand;
  aft__arrival *ticket;
  aft_time ready, last; /* last: the answer before */
  bool owed;
} reading;

static aft_status wrote(reading *r, aft_time at, aft_error *error) {
  if (r->owed || r->ticket->pieces == AFT__MOST_PIECES)
    return AFT_OK;
  int64_t gap = r->ticket->pieces ? at - r->last : 0;
  r->owed = true;
  r->ready = at;
  r->ticket->pieces++;
  return aft__demand_piece(r->demand, (aft__exchange){gap > 0 ? gap : 0, UNKNOWN}, error);
}

static aft_status answered(reading *r, const aft__step *step, aft_error *error) {
  aft__answered one = {step->agent, step->at, r->ready, r->demand->n_pieces - 1};
  r->owed = false;
  r->last = r->ready = step->at;
  return note(r->works, &one, error);
}

/* A ticket without a message of the customer was opened for them, and owes its first answer all the same. */
aft_status aft__works_add(aft__works *works, aft_demand *demand, aft__arrival *ticket, aft__step *steps,
                          uint32_t n, aft_error *error) {
  reading r = {.works = works, .demand = demand, .ticket = ticket};
  ticket->first = demand->n_pieces;
  if (n)
    qsort(steps, n, sizeof *steps, by_time);
  AFT__TRY(wrote(&r, ticket->at, error));
  for (uint32_t i = 0; i < n; i++) {
    if (steps[i].kind == AFT__STEP_WROTE)
      AFT__TRY(wrote(&r, steps[i].at, error));
    else if (steps[i].kind == AFT__STEP_ANSWERED)
      AFT__TRY(answered(&r, &steps[i], error));
    else
      r.ready = r.ready > steps[i].at ? r.ready : steps[i].at;
  }
  return AFT_OK;
}

/* ---- how long ---- */

static int by_agent(const void *a, const void *b) {
  const aft__answered *x = a, *y = b;
  if (x->agent != y->agent)
    return x->agent < y->agent ? -1 : 1;
  if (x->at != y->at)
    return x->at < y->at ? -1 : 1;
  return x->piece < y->piece ? -1 : x->piece > y->piece;
}

static void add_work(aft_demand *demand, uint32_t piece, int64_t ms, int64_t most) {
  int64_t before = demand->pieces[piece].work_ms;
  int64_t sum = (before == UNKNOWN ? 0 : before) + (ms < most ? ms : most);
  demand->pieces[piece].work_ms = sum < most ? sum : most;
}

static void fill_unknown(aft_demand *demand, int64_t longest) {
  int64_t sum = 0, n = 0;
  for (uint32_t i = 0; i < demand->n_pieces; i++)
    if (demand->pieces[i].work_ms != UNKNOWN) {
      sum += demand->pieces[i].work_ms;
      n++;
    }
  int64_t usual = n ? sum / n : longest;
  for (uint32_t i = 0; i < demand->n_pieces; i++)
    if (demand->pieces[i].work_ms == UNKNOWN)
      demand->pieces[i].work_ms = usual;
}

void aft__works_settle(aft__works *works, aft_demand *demand) {
  if (works->n)
    qsort(works->list, works->n, sizeof *works->list, by_agent);
  for (uint32_t i = 0; i < works->n; i++) {
    const aft__answered *one = &works->list[i], *before = i ? &works->list[i - 1] : NULL;
    aft_time began = one->ready;
    if (before && before->agent == one->agent && before->at > began)
      began = before->at;
    add_work(demand, one->piece, one->at > began ? one->at - began : 0, works->longest_ms);
  }
  fill_unknown(demand, works->longest_ms);
  for (uint32_t i = 0; i < demand->n_pieces; i++)
    if (!demand->pieces[i].work_ms)
      demand->pieces[i].work_ms = 1;
}

void aft__works_done(aft__works *works) {
  aft__release(works->env, works->list, works->cap * sizeof *works->list);
}
