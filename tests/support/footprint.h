/* What a command costs in counts, which are the same on every machine: rows and index entries that it leaves
 * behind, bytes of the log, allocations. */
#ifndef FOOTPRINT_H
#define FOOTPRINT_H

#include <stdint.h>

#include <sqlite3.h>

typedef struct footprint {
  int64_t rows;
  int64_t entries;   /* of indexes, beside the rows themselves */
  int64_t log_bytes; /* since the log was emptied */
} footprint;

/* Empties the log, so that what follows is counted alone. 0 on success. */
int footprint_empty_log(sqlite3 *db);
/* All rows and entries of the library's tables now, and the bytes in the log. 0 on success. */
int footprint_take(sqlite3 *db, const char *path, footprint *out);

#endif
