/* A desk with very many open tickets, all made from one that the library made, straight in the tables. */
#ifndef BENCH_CROWD_H
#define BENCH_CROWD_H

#include <stdint.h>

typedef struct crowd {
  int64_t tickets;
  int64_t due, ready; /* of them so many first answers and effects are due now, the others tomorrow or done */
  int64_t every;      /* one of so many tickets has one */
} crowd;

/* Makes the database anew: each ticket has its customer, its last event, its due rows and an effect. 0 on
 * success. */
int crowd_make(const char *path, const crowd *c);

#endif
