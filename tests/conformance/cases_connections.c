/* Opening, and the error struct. */
#include <stdlib.h>

#include "suite.h"

/* ---- errors ---- */

static bool failure_fills_the_error(suite *s) {
  aft_error error = AFT_ERROR_INIT;
  aft_status status = s->driver->exec(s->conn, "UPDATE aftc_nowhere SET id = 1", &error);
  if (!suite_is(s, "a table that is not there", status, AFT_E_STORE))
    return false;
  if (error.size != sizeof error)
    return suite_fail(s, "error.size: expected %zu, found %zu", sizeof error, error.size);
  if (error.code != status)
    return suite_fail(s, "error.code: expected %" PRId32 ", found %" PRId32, status, error.code);
  if (!error.message[0])
    return suite_fail(s, "error.message: expected a sentence, found none");
  if (!memchr(error.message, 0, sizeof error.message) || !memchr(error.where, 0, sizeof error.where))
    return suite_fail(s, "error.message and error.where: expected a closing NUL, found none");
  return error.native != 0 || s->driver->dialect == AFT_SQL_POSTGRESQL ||
         suite_fail(s, "error.native: expected the engine's code, found 0");
}

static bool every_call_takes_null(suite *s) {
  aft_sql_open how = {sizeof how, s->how->dsn, AFT_SQL_OPEN_RELAXED, BUSY_MS};
  aft_sql_value one = suite_int(1), v, odd = suite_bytes(4, "x", 1);
  void *conn = NULL, *stmt = NULL;
  const aft_sql_driver *d = s->driver;
  if (!suite_is(s, "open", d->open(d->user, &how, &conn, NULL), AFT_OK))
    return false;
  if (!suite_keep(s, conn))
    return false;
  bool refused = d->exec(conn, "SELEC", NULL) < 0;
  stmt = suite_prepare(s, conn, "INSERT INTO aftc_unit (id, code, amount) VALUES (?, 1, 1)");
  if (!stmt || !suite_add_unit(s, s->conn, 1))
    return false;
  refused = refused && d->bind(stmt, 1, &odd, NULL) < 0 && d->bind(stmt, 1, &one, NULL) == AFT_OK &&
            d->step(stmt, NULL) < 0;
  d->reset(stmt);
  refused = refused && d->column(stmt, 0, &v, NULL) < 0;
  return (refused ||
          suite_fail(s, "a wrong call without an error struct: expected a failure, found success")) &&
         suite_is(s, "begin", d->begin(conn, 1, NULL), AFT_OK) &&
         suite_is(s, "commit", d->commit(conn, NULL), AFT_OK);
}

static bool success_leaves_the_error(suite *s) {
  aft_error error;
  memset(&error, 0x5a, sizeof error);
  error.size = sizeof error;
  aft_error before = error;
  aft_status status = s->driver->begin(s->conn, 1, &error);
  if (status == AFT_OK)
    status = s->driver->exec(s->conn, "INSERT INTO aftc_unit (id, code, amount) VALUES (1, 1, 1)", &error);
  if (status == AFT_OK)
    status = s->driver->commit(s->conn, &error);
  return suite_is(s, "a transaction", status, AFT_OK) &&
         (memcmp(&error, &before, sizeof error) == 0 || suite_fail(s, "success wrote into the error struct"));
}

static const suite_case errors[] = {
    {"error.filled", "a failure fills in code, message, where and native", failure_fills_the_error},
    {"error.null", "the error may be NULL", every_call_takes_null},
    {"error.success", "on success nothing is written into the error", success_leaves_the_error},
};
const suite_group suite_errors = {errors, COUNT(errors), false};

/* ---- opening ---- */

static bool opens_missing(suite *s) {
  char made[4200];
  const char *dsn = s->how->missing_dsn;
  if (!dsn && suite_missing(s->driver->dialect, s->how->dsn, made, sizeof made))
    dsn = made;
  if (!dsn)
    return suite_skip(s, "no name of a database that does not exist was given");
  for (int i = 0; i < 2; i++) { /* twice: the first must not have made it */
    aft_sql_open how = {sizeof how, dsn, i ? AFT_SQL_OPEN_READ_ONLY : 0, BUSY_MS};
    void *conn = NULL;
    s->error = (aft_error)AFT_ERROR_INIT;
    aft_status status = s->driver->open(s->driver->user, &how, &conn, &s->error);
    if (status == AFT_OK && conn)
      s->driver->close(conn);
    if (!suite_is(s, "open of a database that does not exist", status, AFT_E_NOT_FOUND))
      return false;
  }
  return true;
}

static bool read_only_reads(suite *s) {
  void *reader = suite_add_unit(s, s->conn, 1) ? suite_open(s, AFT_SQL_OPEN_READ_ONLY, BUSY_MS) : NULL;
  if (!reader || !suite_begin(s, reader, 0) || !suite_units(s, reader, 1) || !suite_commit(s, reader))
    return false;
  s->error = (aft_error)AFT_ERROR_INIT;
  if (!suite_is(
          s, "an INSERT",
          s->driver->exec(reader, "INSERT INTO aftc_unit (id, code, amount) VALUES (2, 2, 1)", &s->error),
          AFT_E_READ_ONLY))
    return false;
  aft_status status = s->driver->begin(reader, 1, &s->error);
  if (status == AFT_OK)
    status = s->driver->exec(reader, "DELETE FROM aftc_unit", &s->error);
  s->driver->rollback(reader);
  return suite_is(s, "a DELETE in a transaction", status, AFT_E_READ_ONLY) && suite_units(s, s->conn, 1);
}

static bool how_is_the_calls(suite *s) {
  char *dsn = malloc(strlen(s->how->dsn) + 1);
  aft_sql_open how = {sizeof how, dsn, AFT_SQL_OPEN_RELAXED, BUSY_MS};
  void *conn = NULL;
  if (!dsn)
    return suite_fail(s, "the suite ran out of memory");
  strcpy(dsn, s->how->dsn);
  s->error = (aft_error)AFT_ERROR_INIT;
  aft_status status = s->driver->open(s->driver->user, &how, &conn, &s->error);
  memset(dsn, 'x', strlen(dsn));
  free(dsn);
  memset(&how, 0xff, sizeof how);
  if (!suite_is(s, "open", status, AFT_OK))
    return false;
  if (!suite_keep(s, conn))
    return false;
  return suite_add_unit(s, conn, 1) && suite_units(s, s->conn, 1);
}

static bool how_may_grow(suite *s) {
  struct {
    aft_sql_open how;
    char later[32];
  } longer = {{sizeof longer, s->how->dsn, AFT_SQL_OPEN_RELAXED, BUSY_MS}, {0}};
  void *conn = NULL;
  s->error = (aft_error)AFT_ERROR_INIT;
  if (!suite_is(s, "open with a longer struct",
                s->driver->open(s->driver->user, &longer.how, &conn, &s->error), AFT_OK))
    return false;
  if (!suite_keep(s, conn))
    return false;
  return suite_units(s, conn, 0);
}

static bool many_connections(suite *s) {
  void *conns[8];
  for (size_t i = 0; i < COUNT(conns); i++) {
    conns[i] = suite_open(s, i % 2 ? 0 : AFT_SQL_OPEN_RELAXED, BUSY_MS);
    if (!conns[i])
      return false;
  }
  for (size_t i = 0; i < COUNT(conns); i++)
    if (!suite_begin(s, conns[i], 1) || !suite_add_unit(s, conns[i], (int64_t)i + 1) ||
        !suite_commit(s, conns[i]))
      return false;
  for (size_t i = 0; i < COUNT(conns); i++)
    if (!suite_units(s, conns[i], COUNT(conns)))
      return false;
  return true;
}

static bool opened_again_and_again(suite *s) {
  for (int64_t i = 1; i <= 20; i++) {
    void *conn = suite_open(s, AFT_SQL_OPEN_RELAXED, BUSY_MS);
    if (!conn || !suite_add_unit(s, conn, i))
      return false;
    suite_close(s, conn);
  }
  return suite_units(s, s->conn, 20);
}

static const suite_case connections[] = {
    {"open.missing",
     "open without CREATE of a database that does not exist gives AFT_E_NOT_FOUND and makes none",
     opens_missing},
    {"open.read_only", "a READ_ONLY connection reads, and every write gives AFT_E_READ_ONLY",
     read_only_reads},
    {"open.borrows", "the struct and the dsn of open are read during the call alone", how_is_the_calls},
    {"open.size", "a struct of open that is longer than the driver knows is no error", how_may_grow},
    {"open.many", "several connections are open at once", many_connections},
    {"open.again", "connections are opened and closed as often as needed", opened_again_and_again},
};
const suite_group suite_connections = {connections, COUNT(connections), false};
