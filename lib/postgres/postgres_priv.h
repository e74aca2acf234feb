/* Between the files of the PostgreSQL driver, the only users of libpq-fe.h. Like a driver of a third party it
 * knows the public headers alone. */
#ifndef AFT_POSTGRES_PRIV_H
#define AFT_POSTGRES_PRIV_H

#include <libpq-fe.h>
#include <stdbool.h>

#include <aftersales/sys/sql.h>

/* Types of PostgreSQL that the driver speaks of (pg_type.dat). */
enum {
  AFT__PG_BYTEA = 17,
  AFT__PG_INT8 = 20,
  AFT__PG_INT2 = 21,
  AFT__PG_INT4 = 23,
  AFT__PG_TEXT = 25
};

#define AFT__PG_MOST_QUEUED 16
#define AFT__PG_QUEUED_SIZE 80

typedef struct aft__pg_stmt aft__pg_stmt;

typedef struct aft__pg {
  PGconn *pg;
  PGcancel *cancel;
  char place[96];       /* host, port and database, for errors */
  bool attached;        /* the host owns pg */
  bool read_only;       /* nothing is to be written */
  bool in_transaction;  /* of our own */
  bool writes;          /* the transaction may */
  const char *sync;     /* what synchronous_commit is set to in transactions that write, or NULL */
  uint32_t busy_ms;     /* how long a lock is waited for */
  uint32_t savepoints;  /* of ours that are open */
  int64_t changes;      /* of the last statement */
  uint64_t named;       /* statements that were given a name so far */
  aft__pg_stmt *reader; /* whose rows are still on their way */
  /* Statements that return nothing worth waiting for travel with the next one that does. */
  char queue[AFT__PG_MOST_QUEUED][AFT__PG_QUEUED_SIZE];
  uint32_t n_queue;
  /* Names of statements that are of no use any more; the server forgets them before the next transaction. */
  uint64_t *unused;
  size_t n_unused, cap_unused;
} aft__pg;

/* ---- postgres_error.c ---- */

aft_status aft__pg_fail(aft_error *error, aft_status status, const char *where, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
aft_status aft__pg_nomem(aft_error *error);
/* The status of a failed result; NULL: of the connection, which is lost then. */
aft_status aft__pg_error(const aft__pg *c, const PGresult *result, aft_error *error);
/* Of a connection that could not be made; AFT_OK when it could be at the second try. */
aft_status aft__pg_refused(const aft__pg *c, aft_error *error);

/* ---- postgres_flight.c: one round trip ---- */

/* Puts a statement off to the next flight. */
aft_status aft__pg_queue(aft__pg *c, const char *sql, aft_error *error);
/* Begins a flight with what was put off; the caller adds its own commands and calls aft__pg_send. */
aft_status aft__pg_board(aft__pg *c, aft_error *error);
aft_status aft__pg_send(aft__pg *c, aft_error *error);
/* Instead of send, when a command could not be added. */
aft_status aft__pg_abandon(aft__pg *c, aft_error *error);
/* Reads the result of one command and its end. It is cleared, or handed on where keep is not NULL. */
aft_status aft__pg_land(aft__pg *c, PGresult **keep, aft_error *error);
/* Reads what board sent; on failure the flight is over. */
aft_status aft__pg_land_queue(aft__pg *c, uint32_t n, aft_error *error);
/* Reads up to the end of the flight, whatever comes. */
void aft__pg_arrive(aft__pg *c);
/* A flight of what was put off and, unless it is NULL, one more statement without parameters. */
aft_status aft__pg_fly(aft__pg *c, const char *sql, PGresult **keep, aft_error *error);
/* Lets the server forget the statements without use. Only outside of a transaction. */
void aft__pg_forget(aft__pg *c);
/* The transaction that the library works in is still open on the server. */
aft_status aft__pg_still_open(const aft__pg *c, aft_error *error);

/* ---- postgres_statement.c ---- */

aft_status aft__pg_prepare(void *conn, const char *sql, size_t size, void **stmt, aft_error *error);
void aft__pg_finalize(void *stmt);
aft_status aft__pg_bind(void *stmt, uint32_t index, const aft_sql_value *value, aft_error *error);
aft_status aft__pg_step(void *stmt, aft_error *error);
aft_status aft__pg_column(void *stmt, uint32_t index, aft_sql_value *out, aft_error *error);
void aft__pg_reset(void *stmt);
/* Takes the rows that are still on their way into memory, so that another statement may run. */
void aft__pg_make_way(aft__pg *c);

/* ---- postgres_open.c ---- */

aft_status aft__pg_open(void *user, const aft_sql_open *how, void **conn, aft_error *error);
aft_status aft__pg_attach(void *user, void *native, void **conn, aft_error *error);
void aft__pg_close(void *conn);

#endif
