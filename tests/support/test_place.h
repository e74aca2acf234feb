/* Where the store of a test lives: in a SQLite file of its own or, where AFT_TEST_DSN names a PostgreSQL
 * database, in a schema of its own there. And a connection beside the store's, as a host has one. */
#ifndef TEST_PLACE_H
#define TEST_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <aftersales.h>

typedef struct test_place {
  char folder[64], file[96]; /* also where the store is on a server: for what else a test needs */
  char schema[48];
  char dsn[512];
  const aft_sql_driver *driver;
} test_place;

bool place_on_server(void);
void place_make(test_place *place);
void place_drop(test_place *place);
/* Another name for the same place: another file, another schema. */
void place_make_beside(const test_place *place, test_place *other);
void place_drop_beside(test_place *other);
aft_store_options place_store(const test_place *place, uint32_t flags);
/* The same place through another socket, such as a proxy's. */
void place_dsn_at(const test_place *place, const char *folder, const char *user, char *dsn, size_t size);

/* A connection of the host's: sqlite3 * or PGconn *. A failure fails the test. */
void *host_open(const test_place *place);
void host_close(void *host);
void host_run(void *host, const char *sql);
bool host_try(void *host, const char *sql);
int64_t host_number(void *host, const char *sql);
/* A transaction that may write; in SQLite it holds the lock at once. */
void host_begin(void *host);
/* One that keeps others from writing to a table until it ends. */
void host_lock(void *host, const char *table);

struct CMUnitTest;
/* Runs the cases; on a server those whose name contains none of the words, which say what belongs to SQLite
 * or to the memory alone. */
int run_cases(const char *group, const struct CMUnitTest *tests, size_t n, const char *const *not_there,
              size_t n_not);
#define RUN_CASES(tests, not_there) \
  run_cases(#tests, tests, sizeof tests / sizeof *tests, not_there, sizeof not_there / sizeof *not_there)

#endif
