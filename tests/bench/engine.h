/* A database engine to measure commands on: where its databases are, and its floor. */
#ifndef BENCH_ENGINE_H
#define BENCH_ENGINE_H

#include "bench.h"
#include "crowd.h"
#include "floor.h"

typedef struct bench_engine {
  const char *title, *prefix; /* of the rows */
  bool wall; /* another process does the work: time on the wall counts, not the processor's */
  const aft_sql_driver *(*driver)(void);
  /* How a library opens the database of a name. */
  void (*place)(const bench_options *o, const char *name, char out[BENCH_PATH]);
  /* Makes it empty, or equal to another; drops it. 0 on success. */
  int (*make)(const bench_options *o, const char *name);
  int (*copy)(const bench_options *o, const char *from, const char *to);
  void (*drop)(const bench_options *o, const char *name);
  /* Time for one command of what was recorded. 0 on success. */
  int (*floor)(const char *place, const floor_run *run, bench_time *out);
  int (*crowd)(const char *place, int64_t ticket, const crowd *c);
} bench_engine;

extern const bench_engine bench_sqlite;   /* engine_sqlite.c */
extern const bench_engine bench_postgres; /* engine_postgres.c, where libpq is */

int bench_commands_on(const bench_options *o, const bench_engine *engine); /* row_commands.c */
int bench_queues_on(const bench_options *o, const bench_engine *engine);   /* row_queues.c */

#endif
