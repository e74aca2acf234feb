/* The SQLite driver: opening and configuring a connection, wrapping the host's, closing. */
#include "store/sqlite_priv.h"

#include <errno.h>

#define OLDEST_SQLITE 3037000 /* STRICT tables */

/* Waits longer each time, at most busy_ms in all, and no further once the call was interrupted. */
static int wait_for_lock(void *user, int count) {
  static const uint8_t pauses[] = {1, 2, 5, 10, 15, 20, 25, 25, 50, 50, 100};
  aft__sqlite *c = user;
  if (count == 0)
    c->waited_ms = 0;
  int64_t pause = pauses[count < (int)AFT__COUNT(pauses) ? count : (int)AFT__COUNT(pauses) - 1];
  if (pause > c->busy_ms - c->waited_ms)
    pause = c->busy_ms - c->waited_ms;
  if (pause <= 0 || atomic_load(&c->interrupted))
    return 0;
  c->waited_ms += pause;
  sqlite3_sleep((int)pause);
  return 1;
}

static int configure(sqlite3 *db, uint32_t flags) {
  static const struct {
    int option, value;
  } settings[] = {
      {SQLITE_DBCONFIG_ENABLE_FKEY, 1}, {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
      {SQLITE_DBCONFIG_DQS_DML, 0},     {SQLITE_DBCONFIG_DQS_DDL, 0},
      {SQLITE_DBCONFIG_DEFENSIVE, 1},   {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
  };
  for (size_t i = 0; i < AFT__COUNT(settings); i++) {
    int rc = sqlite3_db_config(db, settings[i].option, settings[i].value, (int *)NULL);
    if (rc)
      return rc;
  }
  /* EXTRA is FULL in the log mode. Without it a commit of a host's file that has a journal is undone when the
   * power goes before the folder without that journal is on the disk. */
  const char *sql = flags & AFT_SQL_OPEN_RELAXED ? "PRAGMA synchronous=NORMAL" : "PRAGMA synchronous=EXTRA";
  int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
  /* What savepoints would undo stays in memory, and large batches do not spill half-done pages into the log.
   */
  if (!rc)
    rc = sqlite3_exec(db, "PRAGMA temp_store=MEMORY; PRAGMA cache_size=-16384", NULL, NULL, NULL);
  /* What is erased is overwritten in the file, also where its page becomes free. */
  if (!rc)
    rc = sqlite3_exec(db, "PRAGMA secure_delete=ON", NULL, NULL, NULL);
  /* Reads the header, so that a file that is no database is found out here. */
  return rc ? rc : sqlite3_exec(db, "PRAGMA schema_version", NULL, NULL, NULL);
}

/* Somebody's SQL may read tables and call functions, and nothing else: no other file, no setting, no
 * temporary table. Transactions are the driver's own. */
static int read_alone(void *user, int action, const char *a, const char *b, const char *c, const char *d) {
  (void)user, (void)a, (void)b, (void)c, (void)d;
  switch (action) {
  case SQLITE_SELECT:
  case SQLITE_READ:
  case SQLITE_FUNCTION:
  case SQLITE_RECURSIVE:
  case SQLITE_TRANSACTION:
    return SQLITE_OK;
  default:
    return SQLITE_DENY;
  }
}

/* The change to the log mode needs the file for itself, and SQLite does not always ask the busy handler. A
 * database that cannot have a log (by its VFS) keeps its journal. */
static int enter_wal(aft__sqlite *c) {
  for (int64_t waited = 0;; waited += 5) {
    int rc = sqlite3_exec(c->db, "PRAGMA journal_mode=WAL", NULL, NULL, NULL);
    if ((rc & 0xff) != SQLITE_BUSY || waited >= c->busy_ms)
      return rc;
    sqlite3_sleep(5);
  }
}

static int prepare_fixed(aft__sqlite *c) {
  static const char *const sql[AFT__SQLITE_FIXED] = {"BEGIN", "BEGIN IMMEDIATE", "COMMIT", "ROLLBACK"};
  int rc = SQLITE_OK;
  for (int i = 0; i < AFT__SQLITE_FIXED && !rc; i++)
    rc = sqlite3_prepare_v3(c->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &c->fixed[i], NULL);
  return rc;
}

/* Bytes of the main file, as its VFS sees it; -1 when that cannot be told. */
static sqlite3_int64 file_size(sqlite3 *db) {
  sqlite3_file *file = NULL;
  sqlite3_int64 size = -1;
  if (sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file) || !file || !file->pMethods)
    return -1;
  return file->pMethods->xFileSize(file, &size) ? -1 : size;
}

static const char *short_name(const char *dsn) {
  const char *slash = strrchr(dsn, '/');
  return slash && slash[1] ? slash + 1 : dsn;
}

static aft_status open_failed(aft__sqlite *c, int rc, const aft_sql_open *how, aft_error *error) {
  bool missing = (rc & 0xff) == SQLITE_CANTOPEN && c->db && sqlite3_system_errno(c->db) == ENOENT;
  aft_status status = aft__sqlite_error(c, rc, error);
  if (missing)
    status = aft__error(error, AFT_E_NOT_FOUND, short_name(how->dsn),
                        how->flags & AFT_SQL_OPEN_CREATE ? "the folder to make the database in does not exist"
                                                         : "there is no such file");
  if (error)
    error->native = rc;
  return status;
}

static aft_status set_up(aft__sqlite *c, const aft_sql_open *how, aft_error *error) {
  const char *name = sqlite3_db_filename(c->db, "main");
  bool read_only = (how->flags & AFT_SQL_OPEN_READ_ONLY) != 0;
  bool create = (how->flags & AFT_SQL_OPEN_CREATE) != 0 && !read_only;
  if (!name || !*name)
    return aft__error(error, AFT_E_INVALID, "dsn",
                      "expected a file, found a database in one connection's memory");
  if (!read_only && sqlite3_db_readonly(c->db, "main") == 1)
    return aft__error(error, AFT_E_READ_ONLY, short_name(name), "the file may only be read");
  /* SQLite takes an empty file for a new database. Only who asked for a new one should get it: to anybody
   * else it is a file that lost its content. */
  if (!create && file_size(c->db) == 0)
    return aft__error(error, AFT_E_CORRUPT, short_name(name),
                      "expected a SQLite database, found an empty file");
  int rc = sqlite3_busy_handler(c->db, wait_for_lock, c);
  if (!rc)
    rc = configure(c->db, how->flags);
  if (!rc && create)
    rc = enter_wal(c);
  if (!rc)
    rc = prepare_fixed(c);
  if (!rc && how->flags & AFT_SQL_OPEN_QUERY)
    rc = sqlite3_set_authorizer(c->db, read_alone, NULL);
  return rc ? aft__sqlite_error(c, rc, error) : AFT_OK;
}

static aft__sqlite *new_conn(void) {
  aft__sqlite *c = sqlite3_malloc64(sizeof *c);
  if (!c)
    return NULL;
  memset(c, 0, sizeof *c);
  atomic_init(&c->interrupted, 0);
  return c;
}

aft_status aft__sqlite_open(void *user, const aft_sql_open *how, void **conn, aft_error *error) {
  (void)user;
  if (sqlite3_libversion_number() < OLDEST_SQLITE || !sqlite3_threadsafe())
    return aft__error(error, AFT_E_STORE, "sqlite", "expected SQLite 3.37 or later with threads, found %s%s",
                      sqlite3_libversion(), sqlite3_threadsafe() ? "" : " without threads");
  if (!how->dsn || !*how->dsn || !strcmp(how->dsn, ":memory:"))
    return aft__error(error, AFT_E_INVALID, "dsn", "expected the name of a file");
  aft__sqlite *c = new_conn();
  if (!c)
    return aft__nomem(error);
  c->busy_ms = how->busy_ms;
  c->queries = (how->flags & AFT_SQL_OPEN_QUERY) != 0;
  /* The URI flag makes "file:" names mean the same in every build of SQLite. */
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_URI | SQLITE_OPEN_EXRESCODE;
  if (how->flags & AFT_SQL_OPEN_READ_ONLY)
    flags |= SQLITE_OPEN_READONLY;
  else
    flags |= SQLITE_OPEN_READWRITE | (how->flags & AFT_SQL_OPEN_CREATE ? SQLITE_OPEN_CREATE : 0);
  int rc = sqlite3_open_v2(how->dsn, &c->db, flags, NULL);
  aft_status status = rc ? open_failed(c, rc, how, error) : set_up(c, how, error);
  if (status < 0) {
    aft__sqlite_close(c);
    return status;
  }
  *conn = c;
  return AFT_OK;
}

aft_status aft__sqlite_attach(void *user, void *native, void **conn, aft_error *error) {
  (void)user;
  if (!native)
    return aft__error(error, AFT_E_INVALID, "connection", "expected a connection, found NULL");
  if (sqlite3_get_autocommit(native))
    return aft__error(error, AFT_E_INVALID, "connection",
                      "expected a connection with a transaction open, found none open");
  aft__sqlite *c = new_conn();
  if (!c)
    return aft__nomem(error);
  c->db = native;
  c->attached = true;
  *conn = c;
  return AFT_OK;
}

void aft__sqlite_close(void *conn) {
  aft__sqlite *c = conn;
  if (!c)
    return;
  for (int i = 0; i < AFT__SQLITE_FIXED; i++)
    sqlite3_finalize(c->fixed[i]);
  if (!c->attached)
    sqlite3_close_v2(c->db);
  sqlite3_free(c);
}
