/* The floor: what was recorded, sent by a plain loop over the engine's own C interface. Every statement is
 * prepared once, values are at hand, each row that the library read is read. */
#ifndef BENCH_FLOOR_H
#define BENCH_FLOOR_H

#include "bench.h"
#include "record.h"

/* Called at the begin of command i: what a floor does beside its statements. */
typedef void (*floor_each)(void *user, size_t i);

typedef struct floor_run {
  const record_log *log;
  size_t warm; /* commands before the clock starts */
  floor_each each;
  void *user;
} floor_run;

/* Time for one command. 0 on success. */
int floor_sqlite(const char *path, const floor_run *run, bench_time *out);

#endif
