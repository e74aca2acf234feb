/* A desk with very many open tickets, all made from one that the library made, straight in the tables. */
#ifndef BENCH_CROWD_H
#define BENCH_CROWD_H

#include <stdbool.h>
#include <stdint.h>

typedef struct crowd {
  int64_t tickets;
  int64_t due, ready; /* of them so many first answers and effects are due now, the others tomorrow or done */
  int64_t every;      /* one of so many tickets has one */
} crowd;

/* Fills a database that has one ticket, which the library made: each of the many has its customer, its last
 * event, its due rows and an effect. 0 on success. */
int crowd_fill_sqlite(const char *path, int64_t ticket, const crowd *c);
int crowd_fill_postgres(const char *dsn, int64_t ticket, const crowd *c); /* where libpq is */

/* ---- between the two ---- */

#define CROWD_STEP (INT64_C(1) << 26) /* between the ids of two tickets: 16 ms */

/* The tables that a copy of a ticket is made of, with the rows of the template; :ticket is its id. */
typedef struct crowd_table {
  const char *name, *rows;
} crowd_table;
extern const crowd_table crowd_tables[];
extern const int crowd_table_count;

/* What a copy has in place of the template's value; NULL: the same. n numbers the copies, back is how far the
 * copy's ids lie before the template's. */
const char *crowd_value(const char *table, const char *column);

#endif
