/* The host's own pool of SQLite connections to one database: it knows nothing of the library. */
#ifndef POOL_CONNECTIONS_H
#define POOL_CONNECTIONS_H

#include <sqlite3.h>
#include <stdint.h>

typedef struct pool pool;

typedef struct pool_numbers {
  int size;      /* connections at most */
  int open;      /* made so far */
  int lent;      /* in somebody's hands now */
  int most;      /* lent at the same time, at most */
  int64_t times; /* lent in all */
} pool_numbers;

/* NULL when the database cannot be opened or made. */
pool *pool_new(const char *path, int size);
/* Every connection must have come back. */
void pool_free(pool *p);
const char *pool_path(const pool *p);
/* Waits for a connection to come back; NULL when wait_ms pass, or when a new one cannot be opened. */
sqlite3 *pool_take(pool *p, uint32_t wait_ms);
/* An open transaction is rolled back. */
void pool_give(pool *p, sqlite3 *db);
pool_numbers pool_count(pool *p);

#endif
