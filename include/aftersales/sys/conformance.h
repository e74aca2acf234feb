/*
 * The conformance suite for drivers: one case for each thing that <aftersales/sys/sql.h>
 * asks. One call runs all of them against a driver and an empty database.
 *
 * The functions are in a static library of their own, which pkg-config knows as
 * aftersales-conformance; the program aft-driver-conformance is the same as a command.
 * See docs/drivers.md.
 */
#ifndef AFTERSALES_SYS_CONFORMANCE_H
#define AFTERSALES_SYS_CONFORMANCE_H

#include <aftersales/sys/sql.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Outcomes of a case. */
#define AFT_CONFORMANCE_PASSED  0u
#define AFT_CONFORMANCE_FAILED  1u
#define AFT_CONFORMANCE_SKIPPED 2u

/* What came of one case. Valid during the report. */
typedef struct aft_conformance_result {
  uint32_t number; /* of the case among those that run, from 1 */
  uint32_t total;
  const char *name;     /* "values.empty_text" */
  const char *sentence; /* what the contract says */
  uint32_t outcome;     /* AFT_CONFORMANCE_… */
  uint32_t reserved0;
  const char *message; /* what was expected and found, or why the case was skipped; else "" */
} aft_conformance_result;

/*
 * The host's own connections, for the cases about attach: what a program that has a
 * connection pool does with the engine's own functions.
 */
typedef struct aft_conformance_host {
  void *user;
  /* A connection to the same database, as attach takes it; NULL when it failed. */
  void *(*open)(void *user, const char *dsn);
  /* Runs one statement without rows, BEGIN among them; 0 on success. */
  int (*exec)(void *user, void *native, const char *sql);
  void (*close)(void *user, void *native);
} aft_conformance_host;

/* What to run, and where. */
typedef struct aft_conformance {
  const aft_sql_driver *driver; /* NULL means aft_sql_sqlite() */
  /* A database of its own for the suite: it makes, changes and drops tables whose
   * names begin with aftc_. Required. */
  const char *dsn;
  /* A database that does not exist. NULL: made from dsn for SQLite and PostgreSQL,
   * otherwise the case is skipped. */
  const char *missing_dsn;
  const char *only;                 /* the cases whose names begin so; NULL means all */
  const aft_conformance_host *host; /* NULL: the cases about attach are skipped */
  void (*report)(void *user, const aft_conformance_result *result); /* after each case; required */
  void *user;                                                       /* passed to report */
} aft_conformance;

/*
 * Runs the suite. A case that fails does not keep the others from running, and
 * leaves no connection, statement or transaction behind.
 *
 * how: read during the call.
 * Returns: the number of cases that failed; -1 when driver, dsn or report is missing
 *   or no case has the name asked for.
 * Threads: any; the suite starts threads of its own and joins them. One run at a
 *   time for one database.
 * Since: 0.1
 */
int aft_conformance_run(const aft_conformance *how);

/*
 * The number of cases.
 *
 * Threads: any.
 * Since: 0.1
 */
uint32_t aft_conformance_count(void);

/*
 * The name of a case.
 *
 * index: from 0.
 * Returns: static text; NULL past the last.
 * Threads: any.
 * Since: 0.1
 */
const char *aft_conformance_name(uint32_t index);

/*
 * What the contract says and the case checks.
 *
 * index: from 0.
 * Returns: static text; NULL past the last.
 * Threads: any.
 * Since: 0.1
 */
const char *aft_conformance_sentence(uint32_t index);

/*
 * A report that prints in the Test Anything Protocol: pass it as report and a FILE *
 * as user.
 *
 * file: a FILE * that is open for writing.
 * Threads: one at a time.
 * Since: 0.1
 */
void aft_conformance_tap(void *file, const aft_conformance_result *result);

#ifdef __cplusplus
}
#endif

#endif
