/* The SQLite driver: connections, statements, transactions. Opening is in sqlite_open.c. */
#include "store/sqlite_priv.h"

/* What SQLite's codes mean here; extended codes before the plain ones. No text: SQLite's own is given. */
static const struct meaning {
  int code;
  aft_status status;
  const char *text;
} meanings[] = {
    {SQLITE_BUSY_SNAPSHOT, AFT_E_CONFLICT, "another transaction wrote after this one began to read"},
    {SQLITE_IOERR_NOMEM, AFT_E_NOMEM, NULL},
    {SQLITE_CONSTRAINT_CHECK, AFT_E_CHECK, NULL},
    {SQLITE_CONSTRAINT_UNIQUE, AFT_E_EXISTS, NULL},
    {SQLITE_CONSTRAINT_PRIMARYKEY, AFT_E_EXISTS, NULL},
    {SQLITE_CONSTRAINT_ROWID, AFT_E_EXISTS, NULL},
    {SQLITE_BUSY, AFT_E_LOCKED, "another user holds the lock of the database"},
    {SQLITE_LOCKED, AFT_E_LOCKED, "another user holds the lock of the database"},
    {SQLITE_PROTOCOL, AFT_E_LOCKED, "another user holds the lock of the database"},
    {SQLITE_READONLY, AFT_E_READ_ONLY, "a write was asked for, but the database can only be read"},
    {SQLITE_AUTH, AFT_E_READ_ONLY,
     "expected a SELECT, found a statement that could write or change settings"},
    {SQLITE_CANTOPEN, AFT_E_STORE, "a file of the database could not be opened"},
    {SQLITE_FULL, AFT_E_FULL, "no room was left to write to the database"},
    {SQLITE_CORRUPT, AFT_E_CORRUPT, NULL},
    {SQLITE_NOTADB, AFT_E_CORRUPT, "expected a SQLite database, found something else"},
    {SQLITE_INTERRUPT, AFT_E_INTERRUPTED, "the statement was interrupted"},
    {SQLITE_NOMEM, AFT_E_NOMEM, NULL},
};

static struct meaning meaning_of(int code) {
  for (size_t i = 0; i < AFT__COUNT(meanings); i++)
    if (meanings[i].code == code || meanings[i].code == (code & 0xff))
      return meanings[i];
  return (struct meaning){code, AFT_E_STORE, NULL};
}

aft_status aft__sqlite_error(aft__sqlite *c, int rc, aft_error *error) {
  int code = c->db ? sqlite3_extended_errcode(c->db) : rc;
  if ((code & 0xff) != (rc & 0xff))
    code = rc;
  const char *file = c->db ? sqlite3_db_filename(c->db, "main") : NULL;
  const char *slash = file ? strrchr(file, '/') : NULL;
  const char *where = slash ? slash + 1 : file && *file ? file : "sqlite";
  struct meaning m = meaning_of(code);
  if (m.status == AFT_E_LOCKED && atomic_load(&c->interrupted)) {
    m.status = AFT_E_INTERRUPTED;
    m.text = "the wait for the lock of the database was interrupted";
  } else if ((code & 0xff) == SQLITE_CANTOPEN && c->db && sqlite3_db_readonly(c->db, "main") == 1) {
    m.status = AFT_E_READ_ONLY;
    m.text = "the files that a reader needs beside the database cannot be made";
  }
  if (m.status == AFT_E_NOMEM)
    aft__nomem(error);
  else if (m.text)
    aft__error(error, m.status, where, "%s", m.text);
  else
    aft__error(error, m.status, where, "SQLite reported: %s",
               c->db ? sqlite3_errmsg(c->db) : sqlite3_errstr(rc));
  if (error)
    error->native = code;
  return m.status;
}

/* SQLite itself gives a transaction up after some errors. What followed would run, and be committed,
 * outside of any: nothing may run until the caller has rolled back. */
static aft_status still_open(aft__sqlite *c, aft_error *error) {
  if (!(c->attached || c->in_transaction) || !sqlite3_get_autocommit(c->db))
    return AFT_OK;
  if (c->attached)
    return aft__error(error, AFT_E_INVALID, "connection",
                      "expected the host's transaction to be open, found that it has ended");
  return aft__error(error, AFT_E_LOST, "sqlite", "SQLite rolled the transaction back after an earlier error");
}

static int run_fixed(sqlite3_stmt *stmt) {
  int rc = sqlite3_step(stmt);
  int reset = sqlite3_reset(stmt);
  return rc == SQLITE_DONE || rc == SQLITE_ROW ? SQLITE_OK : reset;
}

static aft_status begin(void *conn, int write, aft_error *error) {
  aft__sqlite *c = conn;
  if (c->attached)
    return aft__error(error, AFT_E_INVALID, "connection", "a transaction cannot begin inside the host's own");
  atomic_store(&c->interrupted, 0);
  int rc = run_fixed(c->fixed[write ? AFT__SQLITE_BEGIN_WRITE : AFT__SQLITE_BEGIN_READ]);
  if (rc)
    return aft__sqlite_error(c, rc, error);
  c->in_transaction = true;
  c->writes = write != 0;
  return AFT_OK;
}

static void rollback(void *conn) {
  aft__sqlite *c = conn;
  if (c->attached)
    return;
  if (!sqlite3_get_autocommit(c->db))
    run_fixed(c->fixed[AFT__SQLITE_ROLLBACK]);
  c->in_transaction = false;
}

/*
 * After a failed COMMIT SQLite tells by its autocommit flag whether the transaction is still open. If it is
 * (another user's lock), nothing was committed. If it is not, SQLite rolled back as this process sees it;
 * but a commit record may have reached the log before a sync or a later step failed, and a crash now
 * would bring it back. So errors of the disk, and of memory at that late point, leave the outcome unknown;
 * a full disk, an interrupt or a read-only file stop the commit before its record is written.
 */
static aft_status commit(void *conn, aft_error *error) {
  aft__sqlite *c = conn;
  if (c->attached)
    return aft__error(error, AFT_E_INVALID, "connection", "the host's transaction is the host's to commit");
  AFT__TRY(still_open(c, error));
  int rc = run_fixed(c->fixed[AFT__SQLITE_COMMIT]);
  if (rc == SQLITE_OK) {
    c->in_transaction = false;
    return AFT_OK;
  }
  bool known = !c->writes || !sqlite3_get_autocommit(c->db);
  switch (rc & 0xff) {
  case SQLITE_FULL:
  case SQLITE_INTERRUPT:
  case SQLITE_READONLY:
  case SQLITE_CONSTRAINT:
    known = true;
    break;
  default:
    break;
  }
  if (known)
    return aft__sqlite_error(c, rc, error);
  int native = sqlite3_extended_errcode(c->db);
  aft_status status = aft__error(error, AFT_E_UNKNOWN, "sqlite", "SQLite failed during the commit: %s",
                                 sqlite3_errmsg(c->db));
  if (error)
    error->native = native;
  return status;
}

static aft_status exec(void *conn, const char *sql, aft_error *error) {
  aft__sqlite *c = conn;
  AFT__TRY(still_open(c, error));
  int rc = sqlite3_exec(c->db, sql, NULL, NULL, NULL);
  return rc ? aft__sqlite_error(c, rc, error) : AFT_OK;
}

/* ---- statements ---- */

#define REAL_SIZE 40 /* 17 digits, sign, point and exponent */

typedef struct statement {
  sqlite3_stmt *stmt;
  aft__sqlite *conn;
  char (*reals)[REAL_SIZE]; /* of each column, once one held a floating-point number */
} statement;

/* What follows the first statement: blanks, comments and semicolons are nothing. */
static bool ends_there(sqlite3 *db, const char *rest, const char *end) {
  while (rest < end) {
    sqlite3_stmt *more = NULL;
    const char *next = NULL;
    int rc = sqlite3_prepare_v3(db, rest, (int)(end - rest), 0, &more, &next);
    sqlite3_finalize(more);
    if (rc || more)
      return false;
    if (!next || next == rest)
      break;
    rest = next;
  }
  return true;
}

static void finalize(void *stmt) {
  statement *s = stmt;
  if (!s)
    return;
  sqlite3_finalize(s->stmt);
  sqlite3_free(s->reals);
  sqlite3_free(s);
}

static aft_status prepare(void *conn, const char *sql, size_t size, void **out, aft_error *error) {
  aft__sqlite *c = conn;
  if (size > INT32_MAX)
    return aft__error(error, AFT_E_TOO_LARGE, "sql", "a statement of %zu bytes is too long", size);
  statement *s = sqlite3_malloc64(sizeof *s);
  if (!s)
    return aft__nomem(error);
  memset(s, 0, sizeof *s);
  s->conn = c;
  const char *rest = NULL;
  int rc = sqlite3_prepare_v3(c->db, sql, (int)size, SQLITE_PREPARE_PERSISTENT, &s->stmt, &rest);
  aft_status status = AFT_OK;
  if (rc)
    status = aft__sqlite_error(c, rc, error);
  else if (!s->stmt)
    status = aft__error(error, AFT_E_INVALID, "sql", "expected a statement, found none");
  else if (!ends_there(c->db, rest, sql + size))
    status = aft__error(error, AFT_E_INVALID, "sql", "expected one statement, found more");
  if (status < 0) {
    finalize(s);
    return status;
  }
  *out = s;
  return AFT_OK;
}

static aft_status bind(void *stmt, uint32_t index, const aft_sql_value *value, aft_error *error) {
  statement *s = stmt;
  const char *data = value->data ? value->data : ""; /* SQLite would take a null pointer for NULL */
  int i = index <= INT32_MAX ? (int)index : 0;
  int rc;
  switch (value->type) {
  case AFT_SQL_NULL:
    rc = sqlite3_bind_null(s->stmt, i);
    break;
  case AFT_SQL_INT:
    rc = sqlite3_bind_int64(s->stmt, i, value->number);
    break;
  case AFT_SQL_TEXT:
    rc = sqlite3_bind_text64(s->stmt, i, data, value->size, SQLITE_STATIC, SQLITE_UTF8);
    break;
  case AFT_SQL_BLOB:
    rc = sqlite3_bind_blob64(s->stmt, i, data, value->size, SQLITE_STATIC);
    break;
  default:
    return aft__error(error, AFT_E_INVALID, "value", "expected a type from 0 to 3, found %u", value->type);
  }
  if (rc == SQLITE_TOOBIG)
    return aft__error(error, AFT_E_TOO_LARGE, "value", "%zu bytes are more than SQLite stores in one value",
                      value->size);
  return rc ? aft__sqlite_error(s->conn, rc, error) : AFT_OK;
}

static aft_status step(void *stmt, aft_error *error) {
  statement *s = stmt;
  AFT__TRY(still_open(s->conn, error));
  int rc = sqlite3_step(s->stmt);
  if (rc == SQLITE_ROW)
    return AFT_OK;
  if (rc == SQLITE_DONE)
    return AFT_DONE;
  return aft__sqlite_error(s->conn, rc, error);
}

/* SQLite's own conversion to text gives 15 digits; with 17 the same number can be read back. */
static aft_status read_real(statement *s, int i, aft_sql_value *v, aft_error *error) {
  if (!s->reals)
    s->reals = sqlite3_malloc64((sqlite3_uint64)sqlite3_column_count(s->stmt) * REAL_SIZE);
  if (!s->reals)
    return aft__nomem(error);
  v->type = AFT_SQL_REAL;
  v->data = sqlite3_snprintf(REAL_SIZE, s->reals[i], "%!.17g", sqlite3_column_double(s->stmt, i));
  v->size = strlen(v->data);
  return AFT_OK;
}

static aft_status column(void *stmt, uint32_t index, aft_sql_value *out, aft_error *error) {
  statement *s = stmt;
  if (index >= (uint32_t)sqlite3_data_count(s->stmt))
    return aft__error(error, AFT_E_INVALID, "column", "expected a column below %d, found %u",
                      sqlite3_data_count(s->stmt), index);
  int i = (int)index;
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
    if (!v.data)
      return aft__nomem(error);
    v.size = (size_t)sqlite3_column_bytes(s->stmt, i);
    break;
  case SQLITE_BLOB:
    v.type = AFT_SQL_BLOB;
    v.data = sqlite3_column_blob(s->stmt, i);
    v.size = (size_t)sqlite3_column_bytes(s->stmt, i);
    if (!v.data && v.size)
      return aft__nomem(error);
    if (!v.data)
      v.data = "";
    break;
  default:
    if (!s->conn->queries)
      return aft__error(error, AFT_E_CORRUPT, sqlite3_column_name(s->stmt, i),
                        "expected an integer, a text or a blob, found a floating-point number");
    AFT__TRY(read_real(s, i, &v, error));
  }
  *out = v;
  return AFT_OK;
}

static void reset(void *stmt) {
  statement *s = stmt;
  sqlite3_reset(s->stmt);
  sqlite3_clear_bindings(s->stmt);
}

static aft_status describe(void *stmt, uint32_t *parameters, uint32_t *columns, aft_error *error) {
  statement *s = stmt;
  (void)error;
  *parameters = (uint32_t)sqlite3_bind_parameter_count(s->stmt);
  *columns = (uint32_t)sqlite3_column_count(s->stmt);
  return AFT_OK;
}

static const char *column_name(void *stmt, uint32_t index) {
  return sqlite3_column_name(((statement *)stmt)->stmt, (int)index);
}

static int64_t changes(void *conn) { return sqlite3_changes64(((aft__sqlite *)conn)->db); }

static void interrupt(void *conn) {
  aft__sqlite *c = conn;
  atomic_store(&c->interrupted, 1);
  sqlite3_interrupt(c->db);
}

/* ---- sizes ---- */

static aft_status pragma(aft__sqlite *c, const char *sql, int64_t *out, aft_error *error) {
  sqlite3_stmt *stmt;
  int rc = sqlite3_prepare_v2(c->db, sql, -1, &stmt, NULL);
  if (!rc && sqlite3_step(stmt) == SQLITE_ROW)
    *out = sqlite3_column_int64(stmt, 0);
  int end = sqlite3_finalize(stmt);
  rc = rc ? rc : end;
  return rc ? aft__sqlite_error(c, rc, error) : AFT_OK;
}

/* -1 where there is no log. */
static int64_t log_size(sqlite3 *db) {
  sqlite3_file *file = NULL;
  sqlite3_int64 size = -1;
  if (sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file) || !file || !file->pMethods)
    return -1;
  return file->pMethods->xFileSize(file, &size) ? -1 : size;
}

static aft_status sizes(void *conn, aft_sql_sizes *out, aft_error *error) {
  aft__sqlite *c = conn;
  int64_t page = 0, pages = 0, empty = 0;
  AFT__TRY(pragma(c, "PRAGMA page_size", &page, error));
  AFT__TRY(pragma(c, "PRAGMA page_count", &pages, error));
  AFT__TRY(pragma(c, "PRAGMA freelist_count", &empty, error));
  out->database = page * pages;
  out->free = page * empty;
  out->log = log_size(c->db);
  return AFT_OK;
}

const aft_sql_driver *aft_sql_sqlite(void) {
  static const aft_sql_driver driver = {
      .size = sizeof(aft_sql_driver),
      .abi = AFT_SQL_ABI,
      .dialect = AFT_SQL_SQLITE,
      .name = "sqlite",
      .open = aft__sqlite_open,
      .attach = aft__sqlite_attach,
      .close = aft__sqlite_close,
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
      .backup = aft__sqlite_backup,
      .sizes = sizes,
      .describe = describe,
      .column_name = column_name,
  };
  return &driver;
}
