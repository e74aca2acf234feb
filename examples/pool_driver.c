/* A whole driver, member by member as <aftersales/sys/sql.h> asks: opening takes a connection from the host's
 * pool, closing gives it back. */
#include "pool_driver.h"

#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct connection {
  pool *from; /* NULL: attached, the host's own */
  sqlite3 *db;
  bool read_only;
  bool began;             /* a transaction of ours, which SQLite may have given up since */
  atomic_int interrupted; /* since the last begin */
  uint32_t busy_ms;
  int waited_ms;
} connection;

typedef struct statement {
  sqlite3_stmt *stmt;
  connection *of;
} statement;

/* ---- errors ---- */

static aft_status fail(aft_error *error, aft_status status, int native, const char *message) {
  if (!error)
    return status;
  error->code = status;
  error->native = native;
  snprintf(error->where, sizeof error->where, "pool");
  snprintf(error->message, sizeof error->message, "%s", message);
  return status;
}

static aft_status no_memory(aft_error *error) { return fail(error, AFT_E_NOMEM, 0, "out of memory"); }

/* What SQLite's codes mean to the library. */
static aft_status meaning_of(int code) {
  if (code == SQLITE_BUSY_SNAPSHOT)
    return AFT_E_CONFLICT;
  if (code == SQLITE_CONSTRAINT_CHECK)
    return AFT_E_CHECK;
  if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY ||
      code == SQLITE_CONSTRAINT_ROWID)
    return AFT_E_EXISTS;
  switch (code & 0xff) {
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    return AFT_E_LOCKED;
  case SQLITE_READONLY:
    return AFT_E_READ_ONLY;
  case SQLITE_FULL:
    return AFT_E_FULL;
  case SQLITE_CORRUPT:
  case SQLITE_NOTADB:
    return AFT_E_CORRUPT;
  case SQLITE_INTERRUPT:
    return AFT_E_INTERRUPTED;
  case SQLITE_NOMEM:
    return AFT_E_NOMEM;
  case SQLITE_TOOBIG:
    return AFT_E_TOO_LARGE;
  default:
    return AFT_E_STORE;
  }
}

static aft_status told(connection *c, aft_error *error) {
  int code = sqlite3_extended_errcode(c->db);
  aft_status status = meaning_of(code);
  if (status == AFT_E_LOCKED && atomic_load(&c->interrupted))
    status = AFT_E_INTERRUPTED;
  return fail(error, status, code, sqlite3_errmsg(c->db));
}

/* SQLite gives a transaction up after some errors. What follows must not run, and commit, outside of it. */
static aft_status still_open(connection *c, aft_error *error) {
  if ((c->from && !c->began) || !sqlite3_get_autocommit(c->db))
    return AFT_OK;
  if (c->from)
    return fail(error, AFT_E_LOST, 0, "SQLite rolled the transaction back after an earlier error");
  return fail(error, AFT_E_INVALID, 0, "the host's transaction has ended");
}

/* ---- connections ---- */

/* SQLite's own busy timeout would not see an interrupt. */
static int wait_for_lock(void *user, int count) {
  connection *c = user;
  if (count == 0)
    c->waited_ms = 0;
  if (atomic_load(&c->interrupted) || c->waited_ms >= (int)c->busy_ms)
    return 0;
  c->waited_ms += 5;
  sqlite3_sleep(5);
  return 1;
}

static connection *new_connection(pool *from, sqlite3 *db) {
  connection *c = calloc(1, sizeof *c);
  if (!c)
    return NULL;
  c->from = from;
  c->db = db;
  atomic_init(&c->interrupted, 0);
  return c;
}

static aft_status open_connection(void *user, const aft_sql_open *how, void **out, aft_error *error) {
  pool *p = user;
  if (strcmp(how->dsn, pool_path(p)) != 0)
    return fail(error, AFT_E_NOT_FOUND, 0, "the pool is one of another database");
  connection *c = new_connection(p, NULL);
  if (!c)
    return no_memory(error);
  c->db = pool_take(p, how->busy_ms);
  if (!c->db) {
    free(c);
    return fail(error, AFT_E_LOCKED, 0, "every connection of the pool is in use");
  }
  c->read_only = (how->flags & AFT_SQL_OPEN_READ_ONLY) != 0;
  c->busy_ms = how->busy_ms < INT_MAX ? how->busy_ms : INT_MAX;
  sqlite3_busy_handler(c->db, wait_for_lock, c);
  sqlite3_exec(c->db, c->read_only ? "PRAGMA query_only=ON" : "PRAGMA query_only=OFF", NULL, NULL, NULL);
  *out = c;
  return AFT_OK;
}

static aft_status attach(void *user, void *native, void **out, aft_error *error) {
  (void)user;
  if (sqlite3_get_autocommit((sqlite3 *)native))
    return fail(error, AFT_E_INVALID, 0, "expected a connection with a transaction open, found none open");
  connection *c = new_connection(NULL, native);
  if (!c)
    return no_memory(error);
  *out = c;
  return AFT_OK;
}

static void close_connection(void *conn) {
  connection *c = conn;
  if (c->read_only)
    sqlite3_exec(c->db, "PRAGMA query_only=OFF", NULL, NULL, NULL);
  if (c->from)
    pool_give(c->from, c->db); /* rolls back, and takes the busy handler away */
  free(c);
}

static void interrupt(void *conn) {
  connection *c = conn;
  atomic_store(&c->interrupted, 1);
  sqlite3_interrupt(c->db);
}

/* ---- transactions ---- */

static aft_status run(connection *c, const char *sql, aft_error *error) {
  return sqlite3_exec(c->db, sql, NULL, NULL, NULL) == SQLITE_OK ? AFT_OK : told(c, error);
}

static aft_status begin(void *conn, int write, aft_error *error) {
  connection *c = conn;
  atomic_store(&c->interrupted, 0);
  if (write && c->read_only)
    return fail(error, AFT_E_READ_ONLY, 0, "the connection is open for reading");
  aft_status status = run(c, write ? "BEGIN IMMEDIATE" : "BEGIN", error);
  c->began = status == AFT_OK;
  return status;
}

/* When SQLite fails on its way to the disk, the commit may come back after a crash. */
static aft_status commit(void *conn, aft_error *error) {
  connection *c = conn;
  aft_status status = still_open(c, error);
  if (status == AFT_OK)
    status = run(c, "COMMIT", error);
  if (status == AFT_OK)
    c->began = false;
  else if (status == AFT_E_STORE && sqlite3_get_autocommit(c->db))
    return fail(error, AFT_E_UNKNOWN, sqlite3_extended_errcode(c->db), sqlite3_errmsg(c->db));
  return status;
}

static void rollback(void *conn) {
  connection *c = conn;
  if (c->from && !sqlite3_get_autocommit(c->db))
    sqlite3_exec(c->db, "ROLLBACK", NULL, NULL, NULL);
  c->began = false;
}

static aft_status exec(void *conn, const char *sql, aft_error *error) {
  connection *c = conn;
  aft_status status = still_open(c, error);
  return status < 0 ? status : run(c, sql, error);
}

static int64_t changes(void *conn) { return sqlite3_changes64(((connection *)conn)->db); }

/* ---- statements ---- */

static aft_status prepare(void *conn, const char *sql, size_t size, void **out, aft_error *error) {
  connection *c = conn;
  if (size > INT_MAX)
    return fail(error, AFT_E_TOO_LARGE, 0, "the statement is too long");
  statement *s = calloc(1, sizeof *s);
  if (!s)
    return no_memory(error);
  s->of = c;
  int rc = sqlite3_prepare_v3(c->db, sql, (int)size, SQLITE_PREPARE_PERSISTENT, &s->stmt, NULL);
  if (rc || !s->stmt) {
    free(s);
    return rc ? told(c, error) : fail(error, AFT_E_INVALID, 0, "expected a statement, found none");
  }
  *out = s;
  return AFT_OK;
}

static void finalize(void *stmt) {
  statement *s = stmt;
  sqlite3_finalize(s->stmt);
  free(s);
}

/* The bytes are not copied: they stay until reset. An empty value needs a place, or SQLite takes it for NULL.
 */
static aft_status bind(void *stmt, uint32_t index, const aft_sql_value *v, aft_error *error) {
  statement *s = stmt;
  const char *data = v->data ? v->data : "";
  int i = index <= INT_MAX ? (int)index : 0, rc;
  switch (v->type) {
  case AFT_SQL_NULL:
    rc = sqlite3_bind_null(s->stmt, i);
    break;
  case AFT_SQL_INT:
    rc = sqlite3_bind_int64(s->stmt, i, v->number);
    break;
  case AFT_SQL_TEXT:
    rc = sqlite3_bind_text64(s->stmt, i, data, v->size, SQLITE_STATIC, SQLITE_UTF8);
    break;
  case AFT_SQL_BLOB:
    rc = sqlite3_bind_blob64(s->stmt, i, data, v->size, SQLITE_STATIC);
    break;
  default:
    return fail(error, AFT_E_INVALID, 0, "a value has one of the types 0 to 3");
  }
  return rc == SQLITE_OK ? AFT_OK : fail(error, meaning_of(rc), rc, sqlite3_errstr(rc));
}

static aft_status step(void *stmt, aft_error *error) {
  statement *s = stmt;
  aft_status status = still_open(s->of, error);
  if (status < 0)
    return status;
  int rc = sqlite3_step(s->stmt);
  if (rc == SQLITE_ROW)
    return AFT_OK;
  return rc == SQLITE_DONE ? AFT_DONE : told(s->of, error);
}

static aft_status column(void *stmt, uint32_t index, aft_sql_value *out, aft_error *error) {
  statement *s = stmt;
  int i = (int)index;
  if (index >= (uint32_t)sqlite3_data_count(s->stmt))
    return fail(error, AFT_E_INVALID, 0, "there is no such column, or no row");
  aft_sql_value v = {0};
  switch (sqlite3_column_type(s->stmt, i)) {
  case SQLITE_NULL:
    break;
  case SQLITE_INTEGER:
    v.type = AFT_SQL_INT;
    v.number = sqlite3_column_int64(s->stmt, i);
    break;
  case SQLITE_TEXT:
    v.type = AFT_SQL_TEXT;
    v.data = (const char *)sqlite3_column_text(s->stmt, i);
    break;
  case SQLITE_BLOB:
    v.type = AFT_SQL_BLOB;
    v.data = sqlite3_column_blob(s->stmt, i);
    break;
  default:
    return fail(error, AFT_E_CORRUPT, 0, "expected an integer, a text or a blob, found something else");
  }
  if (v.type >= AFT_SQL_TEXT)
    v.size = (size_t)sqlite3_column_bytes(s->stmt, i);
  if (v.size && !v.data)
    return no_memory(error);
  if (v.type >= AFT_SQL_TEXT && !v.data)
    v.data = "";
  *out = v;
  return AFT_OK;
}

static void reset(void *stmt) {
  statement *s = stmt;
  sqlite3_reset(s->stmt);
  sqlite3_clear_bindings(s->stmt);
}

aft_sql_driver pool_driver(pool *p) {
  aft_sql_driver driver = {
      .size = sizeof driver,
      .abi = AFT_SQL_ABI,
      .dialect = AFT_SQL_SQLITE,
      .name = "pool",
      .user = p,
      .open = open_connection,
      .attach = attach,
      .close = close_connection,
      .begin = begin,
      .commit = commit,
      .rollback = rollback,
      .exec = exec,
      .prepare = prepare,
      .finalize = finalize,
      .bind = bind,
      .step = step,
      .column = column,
      .reset = reset,
      .changes = changes,
      .interrupt = interrupt,
  };
  return driver;
}
