/* A driver that notes what a session sends: the floor sends the same again with nothing of the library around
 * it. */
#ifndef BENCH_RECORD_H
#define BENCH_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <aftersales/sys/sql.h>

typedef enum record_kind {
  RECORD_MARK, /* a command of the caller begins */
  RECORD_BEGIN_READ,
  RECORD_BEGIN_WRITE,
  RECORD_COMMIT,
  RECORD_EXEC, /* a statement without values: savepoints */
  RECORD_RUN
} record_kind;

typedef struct record_op {
  record_kind kind;
  uint32_t sql;           /* RUN, EXEC: which text */
  uint32_t first, values; /* RUN: its values */
  uint32_t rows;          /* RUN: how many were read */
  bool to_the_end;        /* RUN: it was stepped until there were no more */
} record_op;

typedef struct record_log {
  bool on; /* noted only while it is */
  bool failed;
  char **sql;
  record_op *ops;
  aft_sql_value *values;
  size_t n_sql, n_ops, n_values, room_sql, room_ops, room_values;
} record_log;

typedef struct recorder {
  record_log *log;
  const aft_sql_driver *under;
} recorder;

/* The driver refers to r, and r to its log. */
aft_sql_driver record_driver(recorder *r);
void record_mark(record_log *log);
/* Drops what nobody would write by hand: reads that ask in one transaction what was asked in it before, and
 * savepoints that were never rolled back to. */
void record_trim(record_log *log);
/* How often statements that begin with a word were run. */
size_t record_count(const record_log *log, const char *word);
void record_free(record_log *log);

#endif
