/* The floor: what was recorded, sent by a plain loop over the engine's own C interface. Every statement is
 * prepared once, values are at hand, each row that the library read is read. */
#ifndef BENCH_FLOOR_H
#define BENCH_FLOOR_H

#include "bench.h"
#include "record.h"

/* Called at the begin of command i: what a floor does beside its statements. */
typedef void (*floor_each)(void *user, size_t i);

/* A read of a transaction written by hand, and the values that it asks by: a letter each, t tenant, s shop, r
 * the record that command i is about, e the message's external id, h the customer's handle. */
typedef struct floor_read {
  const char *sql, *asks;
} floor_read;

/* In place of the reads that were recorded; inserts are plain ones then. */
typedef struct floor_hand {
  const floor_read *reads;
  size_t n;
  int64_t tenant, shop;
  const int64_t *records; /* of each command */
  size_t first;           /* customer and message of command i are first + i */
} floor_hand;

typedef struct floor_run {
  const record_log *log;
  size_t warm; /* commands before the clock starts */
  floor_each each;
  void *user;
  const floor_hand *hand; /* NULL: all as recorded */
} floor_run;

/* Time for one command. 0 on success. */
int floor_sqlite(const char *path, const floor_run *run, bench_time *out);

#endif
