/* The PostgreSQL driver: transactions, statements without rows, interrupts, and the table of its functions.
 */
#include <aftersales/postgres.h>

#include "postgres/postgres_priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static aft_status not_here(aft_error *error, const char *what) {
  return aft__pg_fail(error, AFT_E_INVALID, "connection", "%s", what);
}

/* Nothing is sent yet: it travels with the first statement. A transaction sees one moment of the database
 * (REPEATABLE READ); what that leaves open is found by the revisions and anchors of the records. */
static aft_status begin(void *conn, int write, aft_error *error) {
  aft__pg *c = conn;
  char sql[AFT__PG_QUEUED_SIZE];
  if (c->attached)
    return not_here(error, "a transaction cannot begin inside the host's own");
  if (PQstatus(c->pg) == CONNECTION_BAD)
    return aft__pg_error(c, NULL, error);
  aft__pg_forget(c);
  c->n_queue = 0;
  c->savepoints = 0;
  c->in_transaction = true;
  c->writes = write && !c->read_only;
  aft_status status = aft__pg_queue(c,
                                    c->writes ? "BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE"
                                              : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
                                    error);
  /* LOCAL, so that a pooler that gives each transaction another connection of the server does no harm. */
  snprintf(sql, sizeof sql, "SET LOCAL lock_timeout = %" PRIu32,
           c->busy_ms <= INT32_MAX ? c->busy_ms : INT32_MAX);
  if (status == AFT_OK && c->busy_ms)
    status = aft__pg_queue(c, sql, error);
  snprintf(sql, sizeof sql, "SET LOCAL synchronous_commit = %s", c->sync ? c->sync : "");
  if (status == AFT_OK && c->writes && c->sync)
    status = aft__pg_queue(c, sql, error);
  return status;
}

/* Nothing has been sent since begin. */
static bool untouched(const aft__pg *c) {
  return PQtransactionStatus(c->pg) == PQTRANS_IDLE && c->n_queue > 0;
}

static void rollback(void *conn) {
  aft__pg *c = conn;
  if (c->attached)
    return;
  aft__pg_make_way(c);
  c->n_queue = 0;
  if (PQtransactionStatus(c->pg) == PQTRANS_INTRANS || PQtransactionStatus(c->pg) == PQTRANS_INERROR)
    aft__pg_fly(c, "ROLLBACK", NULL, NULL);
  c->in_transaction = false;
}

static aft_status unknown(aft__pg *c, aft_error *error) {
  const char *text = PQerrorMessage(c->pg);
  return aft__pg_fail(error, AFT_E_UNKNOWN, c->place, "the connection broke during the commit: %.*s",
                      (int)strcspn(text, "\n"), text);
}

/*
 * Once COMMIT may have left, only the server's answer tells what became of it. An error that it reports means
 * that nothing was committed; silence, or the end of the connection, means nothing.
 */
static aft_status send_commit(aft__pg *c, bool *left, aft_error *error) {
  PGresult *result = NULL;
  uint32_t n = c->n_queue;
  *left = false;
  aft_status status = aft__pg_board(c, error);
  if (status < 0)
    return status;
  if (!PQsendQueryParams(c->pg, "COMMIT", 0, NULL, NULL, NULL, NULL, 1))
    return aft__pg_abandon(c, error);
  *left = true;
  status = aft__pg_send(c, error);
  if (status == AFT_OK)
    status = aft__pg_land_queue(c, n, error);
  if (status < 0)
    return status;
  status = aft__pg_land(c, &result, error);
  aft__pg_arrive(c);
  if (status == AFT_OK && strcmp(PQcmdStatus(result), "COMMIT") != 0)
    status =
        aft__pg_fail(error, AFT_E_STORE, c->place, "the transaction had failed before, and was rolled back");
  PQclear(result);
  return status;
}

static aft_status commit(void *conn, aft_error *error) {
  aft__pg *c = conn;
  bool left;
  if (c->attached)
    return not_here(error, "the host's transaction is the host's to commit");
  if (untouched(c)) {
    c->n_queue = 0;
    c->in_transaction = false;
    return AFT_OK;
  }
  aft_status status = send_commit(c, &left, error);
  if (status == AFT_OK)
    c->in_transaction = false;
  if (left && c->writes && (status == AFT_E_LOST || (status < 0 && PQstatus(c->pg) == CONNECTION_BAD)))
    return unknown(c, error);
  return status;
}

/* ---- statements without rows ---- */

static bool starts(const char *sql, const char *word) { return strncmp(sql, word, strlen(word)) == 0; }

/* Several statements in one text take libpq's simple way, which is a trip of its own. */
static aft_status exec_many(aft__pg *c, const char *sql, aft_error *error) {
  aft_status status = c->n_queue ? aft__pg_fly(c, NULL, NULL, error) : AFT_OK;
  if (status < 0)
    return status;
  aft__pg_make_way(c);
  PGresult *result = PQexec(c->pg, sql);
  ExecStatusType kind = PQresultStatus(result);
  if (kind != PGRES_COMMAND_OK && kind != PGRES_TUPLES_OK)
    status = aft__pg_error(c, result, error);
  PQclear(result);
  return status;
}

static aft_status exec(void *conn, const char *sql, aft_error *error) {
  aft__pg *c = conn;
  bool opens = starts(sql, "SAVEPOINT "), closes = starts(sql, "RELEASE SAVEPOINT ");
  aft_status status = AFT_OK;
  if (c->read_only && !c->in_transaction)
    return aft__pg_fail(error, AFT_E_READ_ONLY, c->place, "the connection was opened for reading");
  c->savepoints += opens;
  c->savepoints -= closes && c->savepoints;
  /* The last savepoint in the host's transaction is closed at once: what follows is the host's. */
  bool later = opens || (closes && !(c->attached && c->savepoints == 0));
  if (later && strlen(sql) < AFT__PG_QUEUED_SIZE) {
    if (!c->reader)
      status = aft__pg_still_open(c, error);
    return status == AFT_OK ? aft__pg_queue(c, sql, error) : status;
  }
  status = strchr(sql, ';') ? exec_many(c, sql, error) : aft__pg_fly(c, sql, NULL, error);
  if (status < 0 && starts(sql, "ROLLBACK TO "))
    c->savepoints = 0;
  return status;
}

static int64_t changes(void *conn) { return ((aft__pg *)conn)->changes; }

static void interrupt(void *conn) {
  char words[256];
  PQcancel(((aft__pg *)conn)->cancel, words, sizeof words);
}

const aft_sql_driver *aft_sql_postgres(void) {
  static const aft_sql_driver driver = {
      .size = sizeof(aft_sql_driver),
      .abi = AFT_SQL_ABI,
      .dialect = AFT_SQL_POSTGRESQL,
      .name = "postgresql",
      .open = aft__pg_open,
      .attach = aft__pg_attach,
      .close = aft__pg_close,
      .begin = begin,
      .commit = commit,
      .rollback = rollback,
      .exec = exec,
      .prepare = aft__pg_prepare,
      .finalize = aft__pg_finalize,
      .bind = aft__pg_bind,
      .step = aft__pg_step,
      .column = aft__pg_column,
      .reset = aft__pg_reset,
      .changes = changes,
      .interrupt = interrupt,
  };
  return &driver;
}
