/* An amount that goes back, split over the payments that it may come from. Pure; allocates nothing. */
#ifndef AFT_REFUND_SPLIT_H
#define AFT_REFUND_SPLIT_H

#include "base/base.h"

/* One payment, and its part of the refund. */
typedef struct aft__refund_source {
  int64_t available;    /* what is left of it, 0 or more */
  int64_t refunds_left; /* that its provider still allows; -1: any number */
  bool open;            /* its provider still refunds: it is not too old */
  uint32_t rank;        /* lower ones are used first; of equal ones the earlier in the array */
  int64_t part;         /* out: of the amount */
  bool offline;         /* out: its part cannot go through its provider */
} aft__refund_source;

typedef struct aft__refund_split {
  int64_t offline; /* the sum of the parts that need another way */
  int64_t missing; /* what the payments do not have: above 0 the refund is refused */
} aft__refund_split;

/* The parts sum to the amount less what is missing. Payments are used up in their order; those that their
 * providers no longer refund come last, since money that goes by hand is to be the least. */
aft__refund_split aft__refund_split_of(int64_t amount, aft__refund_source *sources, size_t n);

#endif
