/* Between the files of the conformance suite: what a case works with. */
#ifndef AFT_CONFORMANCE_SUITE_H
#define AFT_CONFORMANCE_SUITE_H

#include <aftersales/sys/conformance.h>

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array)      (sizeof(array) / sizeof((array)[0]))
#define PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

#define BUSY_MS     100u
#define MOST_CONNS  32u
#define MOST_STMTS  512u
#define MESSAGE_MAX 512u
#define SQL_MAX     512u

typedef struct suite suite;

/* A case returns whether the driver did as the sentence says; on failure it has said what was wrong. */
typedef struct suite_case {
  const char *name;
  const char *sentence;
  bool (*run)(suite *s);
} suite_case;

/* A group of cases, one for each file. */
typedef struct suite_group {
  const suite_case *cases;
  size_t n;
  bool bare; /* they get no connection and no tables */
} suite_group;

extern const suite_group suite_declaration, suite_values, suite_statements, suite_changes, suite_transactions,
    suite_constraints, suite_errors, suite_connections, suite_threads, suite_attach, suite_library;

/* ---- dialect.c ---- */

/* The words that differ from engine to engine. */
typedef struct suite_dialect {
  const char *integer, *text, *blob;
  const char *table_end; /* after the last bracket of CREATE TABLE */
  const char *skip;      /* INSERT … that skips a duplicate; NULL where the library uses none */
  const char *slow;      /* a query of one row that runs for half a minute or so */
  const char *begin;     /* what a host says to begin a transaction that writes */
  const char *tables;    /* a query of the names of the tables that begin with aftc_ */
  bool dollar;           /* $1 instead of ? */
  bool guard;            /* a failed statement spoils the transaction */
  bool ddl;              /* tables are made and dropped in the transaction */
} suite_dialect;

const suite_dialect *suite_dialect_of(uint32_t dialect);
/* Writes the statement with each ? as the dialect has it; false when it does not fit. */
bool suite_sql(const suite_dialect *d, const char *sql, char *out, size_t size);
/* The dsn of a database that does not exist beside this one; false when none is known. */
bool suite_missing(uint32_t dialect, const char *dsn, char *out, size_t size);

/* ---- suite.c: a case's connections and statements, and how it fails ---- */

struct suite {
  const aft_conformance *how;
  const aft_sql_driver *driver;
  const suite_dialect *dialect;
  void *conn; /* opened for the case, beside fresh tables */
  void *conns[MOST_CONNS];
  struct {
    void *stmt;
    void *conn;
  } stmts[MOST_STMTS];
  uint32_t n_conns, n_stmts;
  aft_error error; /* of the last call */
  bool skipped;
  char message[MESSAGE_MAX];
};

/* Words the failure and returns false. The first failure of a case is the one that counts. */
bool suite_fail(suite *s, const char *fmt, ...) PRINTF(2, 3);
/* Ends a case that cannot run here; returns true. */
bool suite_skip(suite *s, const char *why);
/* Whether a status is the expected one; otherwise fails, with what the driver said. */
bool suite_is(suite *s, const char *what, aft_status found, aft_status expected);
/* Whether a status is a failure. */
bool suite_refused(suite *s, const char *what, aft_status found);

/* What is opened and prepared so is closed and finalized when the case ends. */
void *suite_open(suite *s, uint32_t flags, uint32_t busy_ms);
/* Takes over a connection that the case opened by itself; fails when it is NULL. */
bool suite_keep(suite *s, void *conn);
void suite_close(suite *s, void *conn);
void *suite_prepare(suite *s, void *conn, const char *sql);
void suite_finalize(suite *s, void *stmt);

bool suite_begin(suite *s, void *conn, int write);
bool suite_commit(suite *s, void *conn);
bool suite_exec(suite *s, void *conn, const char *sql);
bool suite_bind(suite *s, void *stmt, uint32_t index, aft_sql_value value);
/* The status of the step is the expected one. */
bool suite_step(suite *s, void *stmt, aft_status expected);
bool suite_column(suite *s, void *stmt, uint32_t index, aft_sql_value *out);
/* The column holds exactly this value. */
bool suite_holds(suite *s, void *stmt, uint32_t index, aft_sql_value expected);
/* Prepares, binds the integers, runs to the end, and finalizes. */
bool suite_run(suite *s, void *conn, const char *sql, const int64_t *numbers, uint32_t n);
/* The one integer of a query is the expected one. */
bool suite_count(suite *s, void *conn, const char *sql, int64_t expected);
/* Drops every table whose name begins with aftc_. */
bool suite_drop_tables(suite *s);
/* A row of aftc_unit: its id, and the id as its code. */
bool suite_add_unit(suite *s, void *conn, int64_t id);
/* aftc_unit has so many rows, as the connection sees it. */
bool suite_units(suite *s, void *conn, int64_t expected);

aft_sql_value suite_null(void);
aft_sql_value suite_int(int64_t number);
aft_sql_value suite_text(const char *text);
aft_sql_value suite_bytes(uint32_t type, const void *data, size_t size);

/* ---- watch.c: what must not hang ---- */

typedef struct suite_watch suite_watch;

/* Interrupts the connection again and again, first after `after_ms`, until it is ended. */
suite_watch *suite_watch_begin(suite *s, void *conn, uint32_t after_ms);
/* Returns whether it interrupted at all. */
bool suite_watch_end(suite_watch *watch);

#endif
