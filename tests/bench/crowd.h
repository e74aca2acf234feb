/* A desk with very many open tickets, all made from one that the library made, straight in the tables. */
#ifndef BENCH_CROWD_H
#define BENCH_CROWD_H

#include <stdint.h>

/* Makes the database anew with that many tickets: each with its customer, its last event, its due rows (tomorrow)
 * and an effect that was carried out. Of them, `due` first answers and `ready` effects are due now, spread evenly
 * over the tickets. 0 on success. */
int crowd_make(const char *path, int64_t tickets, int64_t due, int64_t ready);

#endif
