/* The SQLite driver against the contract of aftersales/sys/sql.h. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <aftersales/sys/sql.h>

#define PATH_SIZE 128

static const aft_sql_driver *driver(void) { return aft_sql_sqlite(); }

typedef struct place {
  char folder[64];
  char file[PATH_SIZE];
} place;

static int make_place(void **state) {
  place *p = calloc(1, sizeof *p);
  if (!p)
    return -1;
  strcpy(p->folder, "/tmp/aft-driver-XXXXXX");
  if (!mkdtemp(p->folder)) {
    free(p);
    return -1;
  }
  snprintf(p->file, sizeof p->file, "%s/shop.db", p->folder);
  *state = p;
  return 0;
}

static int drop_place(void **state) {
  static const char *const names[] = {"shop.db", "shop.db-wal", "shop.db-shm", "shop.db-journal"};
  place *p = *state;
  char path[PATH_SIZE];
  chmod(p->folder, 0700);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    snprintf(path, sizeof path, "%s/%s", p->folder, names[i]);
    unlink(path);
  }
  rmdir(p->folder);
  free(p);
  return 0;
}

static aft_status open_at(const char *dsn, uint32_t flags, uint32_t busy_ms, void **conn, aft_error *error) {
  aft_sql_open how = {sizeof how, dsn, flags, busy_ms};
  return driver()->open(NULL, &how, conn, error);
}

static void *opened(const place *p, uint32_t flags) {
  aft_error error = AFT_ERROR_INIT;
  void *conn = NULL;
  if (open_at(p->file, flags, 200, &conn, &error) != AFT_OK)
    fail_msg("open: %s: %s", error.where, error.message);
  return conn;
}

static void run(void *conn, const char *sql) {
  aft_error error = AFT_ERROR_INIT;
  if (driver()->exec(conn, sql, &error) != AFT_OK)
    fail_msg("%s: %s", sql, error.message);
}

static void *prepared(void *conn, const char *sql) {
  aft_error error = AFT_ERROR_INIT;
  void *stmt = NULL;
  if (driver()->prepare(conn, sql, strlen(sql), &stmt, &error) != AFT_OK)
    fail_msg("%s: %s", sql, error.message);
  return stmt;
}

static aft_sql_value value_of(uint32_t type, int64_t number, const char *data, size_t size) {
  return (aft_sql_value){type, 0, number, data, size};
}

static int64_t number_of(void *conn, const char *sql) {
  void *stmt = prepared(conn, sql);
  aft_sql_value v;
  assert_int_equal(driver()->step(stmt, NULL), AFT_OK);
  assert_int_equal(driver()->column(stmt, 0, &v, NULL), AFT_OK);
  assert_int_equal(v.type, AFT_SQL_INT);
  driver()->finalize(stmt);
  return v.number;
}

static void values_come_back_as_they_went(void **state) {
  const aft_sql_value values[] = {
      value_of(AFT_SQL_NULL, 0, NULL, 0),
      value_of(AFT_SQL_INT, INT64_MIN, NULL, 0),
      value_of(AFT_SQL_INT, INT64_MAX, NULL, 0),
      value_of(AFT_SQL_INT, 0, NULL, 0),
      value_of(AFT_SQL_TEXT, 0, "", 0),
      value_of(AFT_SQL_TEXT, 0, NULL, 0),
      value_of(AFT_SQL_TEXT, 0, "\xe9\x80\x80\xe8\xb4\xa7", 6),
      value_of(AFT_SQL_TEXT, 0, "cut here", 3),
      value_of(AFT_SQL_BLOB, 0, "", 0),
      value_of(AFT_SQL_BLOB, 0, NULL, 0),
      value_of(AFT_SQL_BLOB, 0, "\0a\0\xff\0", 5),
  };
  void *conn = opened(*state, AFT_SQL_OPEN_CREATE);
  run(conn, "CREATE TABLE t (id INTEGER PRIMARY KEY, v ANY) STRICT");
  void *in = prepared(conn, "INSERT INTO t VALUES (?, ?)");
  void *out = prepared(conn, "SELECT v FROM t WHERE id = ?");
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    aft_sql_value id = value_of(AFT_SQL_INT, (int64_t)i + 1, NULL, 0), back;
    assert_int_equal(driver()->bind(in, 1, &id, NULL), AFT_OK);
    assert_int_equal(driver()->bind(in, 2, &values[i], NULL), AFT_OK);
    assert_int_equal(driver()->step(in, NULL), AFT_DONE);
    driver()->reset(in);
    assert_int_equal(driver()->changes(conn), 1);

    assert_int_equal(driver()->bind(out, 1, &id, NULL), AFT_OK);
    assert_int_equal(driver()->step(out, NULL), AFT_OK);
    assert_int_equal(driver()->column(out, 0, &back, NULL), AFT_OK);
    assert_int_equal(back.type, values[i].type);
    assert_true(back.number == values[i].number);
    assert_int_equal(back.size, values[i].size);
    if (back.size)
      assert_memory_equal(back.data, values[i].data, back.size);
    if (back.type >= AFT_SQL_TEXT)
      assert_non_null(back.data);
    assert_int_equal(driver()->column(out, 1, &back, NULL), AFT_E_INVALID);
    assert_int_equal(driver()->step(out, NULL), AFT_DONE);
    driver()->reset(out);
  }
  driver()->finalize(in);
  driver()->finalize(out);
  driver()->close(conn);
}

static void reset_forgets_what_was_bound(void **state) {
  void *conn = opened(*state, AFT_SQL_OPEN_CREATE);
  void *stmt = prepared(conn, "SELECT ?");
  aft_sql_value v = value_of(AFT_SQL_INT, 7, NULL, 0);
  assert_int_equal(driver()->bind(stmt, 1, &v, NULL), AFT_OK);
  assert_int_equal(driver()->step(stmt, NULL), AFT_OK);
  driver()->reset(stmt);
  assert_int_equal(driver()->step(stmt, NULL), AFT_OK);
  assert_int_equal(driver()->column(stmt, 0, &v, NULL), AFT_OK);
  assert_int_equal(v.type, AFT_SQL_NULL);
  v.type = 9;
  assert_int_equal(driver()->bind(stmt, 1, &v, NULL), AFT_E_INVALID);
  driver()->finalize(stmt);
  driver()->close(conn);
}

static void changes_count_rows(void **state) {
  void *conn = opened(*state, AFT_SQL_OPEN_CREATE);
  run(conn, "CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1), (2), (3)");
  assert_int_equal(driver()->changes(conn), 3);
  run(conn, "INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING");
  assert_int_equal(driver()->changes(conn), 0);
  run(conn, "DELETE FROM t WHERE id > 1");
  assert_int_equal(driver()->changes(conn), 2);
  driver()->close(conn);
}

static void constraints_have_statuses_of_their_own(void **state) {
  void *conn = opened(*state, AFT_SQL_OPEN_CREATE);
  aft_error error = AFT_ERROR_INIT;
  run(conn,
      "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER NOT NULL UNIQUE, CONSTRAINT positive CHECK (n > 0))"
      " STRICT; INSERT INTO t VALUES (1, 1)");
  assert_int_equal(driver()->exec(conn, "INSERT INTO t VALUES (2, 0)", &error), AFT_E_CHECK);
  assert_non_null(strstr(error.message, "positive"));
  assert_int_equal(error.native, SQLITE_CONSTRAINT_CHECK);
  assert_int_equal(driver()->exec(conn, "INSERT INTO t VALUES (1, 2)", &error), AFT_E_EXISTS);
  assert_int_equal(driver()->exec(conn, "INSERT INTO t VALUES (2, 1)", &error), AFT_E_EXISTS);
  assert_int_equal(driver()->exec(conn, "INSERT INTO t VALUES (2, NULL)", &error), AFT_E_STORE);
  assert_int_equal(driver()->exec(conn, "INSERT INTO t VALUES (2, 'x')", &error), AFT_E_STORE);
  assert_int_equal(driver()->exec(conn, "SELECT \"no such column\" FROM t", &error), AFT_E_STORE);
  driver()->close(conn);
}

static void a_transaction_is_kept_or_undone_whole(void **state) {
  void *conn = opened(*state, AFT_SQL_OPEN_CREATE);
  run(conn, "CREATE TABLE t (id INTEGER PRIMARY KEY)");
  assert_int_equal(driver()->begin(conn, 1, NULL), AFT_OK);
  run(conn, "INSERT INTO t VALUES (1)");
  driver()->rollback(conn);
  assert_int_equal(number_of(conn, "SELECT count(*) FROM t"), 0);
  driver()->rollback(conn); /* with none open: nothing happens */
  assert_int_equal(driver()->begin(conn, 1, NULL), AFT_OK);
  run(conn, "INSERT INTO t VALUES (1); SAVEPOINT s; INSERT INTO t VALUES (2); ROLLBACK TO s; RELEASE s");
  assert_int_equal(driver()->commit(conn, NULL), AFT_OK);
  driver()->close(conn);
  conn = opened(*state, 0);
  assert_int_equal(number_of(conn, "SELECT count(*) FROM t"), 1);
  driver()->close(conn);
}

static void settings_are_the_strict_ones(void **state) {
  void *conn = opened(*state, AFT_SQL_OPEN_CREATE);
  assert_int_equal(number_of(conn, "SELECT foreign_keys FROM pragma_foreign_keys"), 1);
  assert_int_equal(number_of(conn, "PRAGMA trusted_schema"), 0);
  assert_int_equal(number_of(conn, "PRAGMA synchronous"), 3);
  void *relaxed = opened(*state, AFT_SQL_OPEN_RELAXED);
  assert_int_equal(number_of(relaxed, "PRAGMA synchronous"), 1);
  void *stmt = prepared(conn, "PRAGMA journal_mode");
  aft_sql_value v;
  assert_int_equal(driver()->step(stmt, NULL), AFT_OK);
  assert_int_equal(driver()->column(stmt, 0, &v, NULL), AFT_OK);
  assert_int_equal(v.size, 3);
  assert_memory_equal(v.data, "wal", 3);
  driver()->finalize(stmt);
  driver()->close(relaxed);
  driver()->close(conn);
}

static void opening_without_create_leaves_the_journal_mode(void **state) {
  const place *p = *state;
  sqlite3 *host;
  assert_int_equal(sqlite3_open(p->file, &host), SQLITE_OK);
  assert_int_equal(sqlite3_exec(host, "PRAGMA journal_mode=DELETE; CREATE TABLE host (a)", 0, 0, 0),
                   SQLITE_OK);
  sqlite3_close(host);
  void *conn = opened(p, 0);
  void *stmt = prepared(conn, "PRAGMA journal_mode");
  aft_sql_value v;
  assert_int_equal(driver()->step(stmt, NULL), AFT_OK);
  assert_int_equal(driver()->column(stmt, 0, &v, NULL), AFT_OK);
  assert_memory_equal(v.data, "delete", 6);
  driver()->finalize(stmt);
  driver()->close(conn);
}

static void a_lock_of_another_connection_is_waited_for_only_so_long(void **state) {
  void *a = opened(*state, AFT_SQL_OPEN_CREATE), *b = opened(*state, 0);
  struct timespec from, to;
  aft_error error = AFT_ERROR_INIT;
  assert_int_equal(driver()->begin(a, 1, NULL), AFT_OK);
  clock_gettime(CLOCK_MONOTONIC, &from);
  assert_int_equal(driver()->begin(b, 1, &error), AFT_E_LOCKED);
  clock_gettime(CLOCK_MONOTONIC, &to);
  int64_t ms = (to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000;
  assert_in_range(ms, 150, 5000);
  assert_string_equal(error.where, "shop.db");
  assert_int_equal(driver()->begin(b, 0, NULL), AFT_OK); /* reading goes on */
  assert_int_equal(driver()->commit(b, NULL), AFT_OK);
  assert_int_equal(driver()->commit(a, NULL), AFT_OK);
  assert_int_equal(driver()->begin(b, 1, NULL), AFT_OK);
  driver()->rollback(b);
  driver()->close(a);
  driver()->close(b);
}

static void writing_on_an_old_snapshot_is_a_conflict(void **state) {
  void *a = opened(*state, AFT_SQL_OPEN_CREATE), *b = opened(*state, 0);
  run(a, "CREATE TABLE t (id INTEGER PRIMARY KEY)");
  assert_int_equal(driver()->begin(b, 0, NULL), AFT_OK);
  assert_int_equal(number_of(b, "SELECT count(*) FROM t"), 0);
  run(a, "INSERT INTO t VALUES (1)");
  assert_int_equal(driver()->exec(b, "INSERT INTO t VALUES (2)", NULL), AFT_E_CONFLICT);
  driver()->rollback(b);
  driver()->close(a);
  driver()->close(b);
}

typedef struct interrupter {
  void *conn;
  atomic_int stop;
} interrupter;

static void *interrupt_often(void *arg) {
  interrupter *i = arg;
  const struct timespec pause = {0, 20000000};
  while (!atomic_load(&i->stop)) {
    nanosleep(&pause, NULL);
    driver()->interrupt(i->conn);
  }
  return NULL;
}

static void an_interrupt_ends_what_runs(void **state) {
  void *conn = opened(*state, AFT_SQL_OPEN_CREATE);
  void *stmt =
      prepared(conn, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n");
  interrupter i = {.conn = conn};
  pthread_t thread;
  aft_error error = AFT_ERROR_INIT;
  assert_int_equal(pthread_create(&thread, NULL, interrupt_often, &i), 0);
  assert_int_equal(driver()->step(stmt, &error), AFT_E_INTERRUPTED);
  assert_int_equal(error.native, SQLITE_INTERRUPT);
  atomic_store(&i.stop, 1);
  pthread_join(thread, NULL);
  driver()->reset(stmt);
  assert_int_equal(number_of(conn, "SELECT 5"), 5); /* an interrupt of the past ends nothing */
  driver()->finalize(stmt);
  driver()->close(conn);
}

static void an_interrupt_ends_a_wait_for_a_lock(void **state) {
  const place *p = *state;
  void *a = opened(p, AFT_SQL_OPEN_CREATE), *b = NULL;
  assert_int_equal(open_at(p->file, 0, 60000, &b, NULL), AFT_OK);
  assert_int_equal(driver()->begin(a, 1, NULL), AFT_OK);
  interrupter i = {.conn = b};
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, NULL, interrupt_often, &i), 0);
  assert_int_equal(driver()->begin(b, 1, NULL), AFT_E_INTERRUPTED);
  atomic_store(&i.stop, 1);
  pthread_join(thread, NULL);
  driver()->rollback(a);
  assert_int_equal(driver()->begin(b, 1, NULL), AFT_OK);
  driver()->rollback(b);
  driver()->close(a);
  driver()->close(b);
}

/* SQLite gives a transaction up when a write in it is interrupted; what follows must not run outside of it.
 */
static void nothing_runs_after_sqlite_gave_the_transaction_up(void **state) {
  void *conn = opened(*state, AFT_SQL_OPEN_CREATE);
  run(conn, "CREATE TABLE t (id INTEGER PRIMARY KEY)");
  void *insert = prepared(conn, "INSERT INTO t VALUES (1)");
  assert_int_equal(driver()->begin(conn, 1, NULL), AFT_OK);
  assert_int_equal(driver()->exec(conn, "ROLLBACK", NULL), AFT_OK); /* stands for SQLite's own rollback */
  assert_int_equal(driver()->step(insert, NULL), AFT_E_LOST);
  assert_int_equal(driver()->exec(conn, "SAVEPOINT s", NULL), AFT_E_LOST);
  assert_int_equal(driver()->commit(conn, NULL), AFT_E_LOST);
  driver()->rollback(conn);
  driver()->finalize(insert);
  assert_int_equal(number_of(conn, "SELECT count(*) FROM t"), 0);
  driver()->close(conn);
}

static void what_can_only_be_read_is_said_so(void **state) {
  const place *p = *state;
  aft_error error = AFT_ERROR_INIT;
  void *conn = opened(p, AFT_SQL_OPEN_CREATE);
  run(conn, "CREATE TABLE t (id INTEGER PRIMARY KEY)");
  void *reader = opened(p, AFT_SQL_OPEN_READ_ONLY);
  assert_int_equal(number_of(reader, "SELECT count(*) FROM t"), 0);
  assert_int_equal(driver()->exec(reader, "INSERT INTO t VALUES (1)", &error), AFT_E_READ_ONLY);
  driver()->close(reader);
  driver()->close(conn);
  if (geteuid() == 0)
    return; /* no file is read-only to root */
  chmod(p->file, 0400);
  assert_int_equal(open_at(p->file, 0, 100, &conn, &error), AFT_E_READ_ONLY);
  chmod(p->folder, 0500);
  assert_int_equal(open_at(p->file, AFT_SQL_OPEN_READ_ONLY, 100, &conn, &error), AFT_E_READ_ONLY);
}

static void fill(const char *path, const char *bytes, size_t n) {
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  assert_int_equal(fwrite(bytes, 1, n, f), n);
  fclose(f);
}

static void what_is_no_database_is_refused(void **state) {
  const place *p = *state;
  char garbage[8192], folder[PATH_SIZE + 16];
  aft_error error = AFT_ERROR_INIT;
  void *conn = NULL;
  assert_int_equal(open_at(p->file, 0, 100, &conn, &error), AFT_E_NOT_FOUND);
  assert_string_equal(error.where, "shop.db");
  assert_int_equal(access(p->file, F_OK), -1);
  snprintf(folder, sizeof folder, "%s/none/shop.db", p->folder);
  assert_int_equal(open_at(folder, AFT_SQL_OPEN_CREATE, 100, &conn, &error), AFT_E_NOT_FOUND);
  assert_int_equal(open_at(p->folder, 0, 100, &conn, &error), AFT_E_STORE);

  memset(garbage, 'x', sizeof garbage);
  fill(p->file, garbage, sizeof garbage);
  assert_int_equal(open_at(p->file, AFT_SQL_OPEN_CREATE, 100, &conn, &error), AFT_E_CORRUPT);
  assert_string_equal(error.where, "shop.db");
  fill(p->file, "", 0);
  assert_int_equal(open_at(p->file, 0, 100, &conn, &error), AFT_E_CORRUPT);
  assert_int_equal(open_at(p->file, AFT_SQL_OPEN_READ_ONLY, 100, &conn, &error), AFT_E_CORRUPT);
  assert_int_equal(open_at(p->file, AFT_SQL_OPEN_CREATE, 100, &conn, &error), AFT_OK);
  driver()->close(conn);
  assert_int_equal(open_at(":memory:", AFT_SQL_OPEN_CREATE, 100, &conn, &error), AFT_E_INVALID);
  assert_int_equal(open_at("file::memory:", AFT_SQL_OPEN_CREATE, 100, &conn, &error), AFT_E_INVALID);
  assert_int_equal(open_at("", AFT_SQL_OPEN_CREATE, 100, &conn, &error), AFT_E_INVALID);
}

static void a_damaged_page_is_found(void **state) {
  const place *p = *state;
  aft_error error = AFT_ERROR_INIT;
  void *conn = opened(p, AFT_SQL_OPEN_CREATE);
  run(conn, "CREATE TABLE t (id INTEGER PRIMARY KEY, v BLOB); INSERT INTO t VALUES (1, randomblob(100))");
  driver()->close(conn);
  char zeros[4096];
  memset(zeros, 0x5a, sizeof zeros);
  int fd = open(p->file, O_WRONLY);
  assert_true(fd >= 0);
  assert_int_equal(pwrite(fd, zeros, sizeof zeros, 4096), (ssize_t)sizeof zeros);
  close(fd);
  conn = opened(p, 0);
  assert_int_equal(driver()->exec(conn, "SELECT v FROM t", &error), AFT_E_CORRUPT);
  driver()->close(conn);
}

static void a_full_disk_is_told_and_loses_nothing(void **state) {
  void *conn = opened(*state, AFT_SQL_OPEN_CREATE);
  aft_error error = AFT_ERROR_INIT;
  run(conn, "CREATE TABLE t (id INTEGER PRIMARY KEY, v BLOB); INSERT INTO t VALUES (1, zeroblob(10))");
  assert_true(number_of(conn, "PRAGMA max_page_count=10") == 10);
  assert_int_equal(driver()->begin(conn, 1, NULL), AFT_OK);
  assert_int_equal(driver()->exec(conn, "INSERT INTO t VALUES (2, zeroblob(100000))", &error), AFT_E_FULL);
  driver()->rollback(conn);
  assert_int_equal(number_of(conn, "SELECT count(*) FROM t"), 1);
  driver()->close(conn);
}

static void the_host_keeps_its_transaction(void **state) {
  const place *p = *state;
  sqlite3 *host;
  void *conn = NULL;
  aft_error error = AFT_ERROR_INIT;
  assert_int_equal(sqlite3_open(p->file, &host), SQLITE_OK);
  sqlite3_exec(host, "CREATE TABLE t (id INTEGER PRIMARY KEY)", 0, 0, 0);
  assert_int_equal(driver()->attach(NULL, NULL, &conn, &error), AFT_E_INVALID);
  assert_int_equal(driver()->attach(NULL, host, &conn, &error), AFT_E_INVALID);
  sqlite3_exec(host, "BEGIN", 0, 0, 0);
  assert_int_equal(driver()->attach(NULL, host, &conn, &error), AFT_OK);
  assert_int_equal(driver()->begin(conn, 1, NULL), AFT_E_INVALID);
  assert_int_equal(driver()->commit(conn, NULL), AFT_E_INVALID);
  driver()->rollback(conn);
  assert_int_equal(sqlite3_get_autocommit(host), 0);
  run(conn, "SAVEPOINT s; INSERT INTO t VALUES (1); RELEASE s");
  void *insert = prepared(conn, "INSERT INTO t VALUES (2)");
  sqlite3_exec(host, "COMMIT", 0, 0, 0);
  /* The host's transaction has ended: nothing may commit by itself. */
  assert_int_equal(driver()->step(insert, &error), AFT_E_INVALID);
  assert_int_equal(driver()->exec(conn, "SAVEPOINT s", &error), AFT_E_INVALID);
  driver()->finalize(insert);
  driver()->close(conn);
  sqlite3_stmt *count;
  sqlite3_prepare_v2(host, "SELECT count(*) FROM t", -1, &count, NULL);
  assert_int_equal(sqlite3_step(count), SQLITE_ROW);
  assert_int_equal(sqlite3_column_int(count, 0), 1);
  sqlite3_finalize(count);
  assert_int_equal(sqlite3_close(host), SQLITE_OK); /* no statement was left */
}

/* ---- a disk that fails: a VFS over the default one whose files answer as told ---- */

typedef struct shim {
  sqlite3_vfs vfs;
  sqlite3_vfs *real;
  int fail_sync, fail_write; /* code to answer to the next sync or write of the log; 0 for none */
} shim;

typedef struct shim_file {
  sqlite3_file base;
  shim *shim;
  bool log;
  sqlite3_file *real; /* lies behind */
} shim_file;

static sqlite3_file *real_of(sqlite3_file *f) { return ((shim_file *)f)->real; }

static int shim_close(sqlite3_file *f) { return real_of(f)->pMethods->xClose(real_of(f)); }
static int shim_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at) {
  return real_of(f)->pMethods->xRead(real_of(f), p, n, at);
}
static int shim_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at) {
  shim_file *file = (shim_file *)f;
  if (file->log && file->shim->fail_write)
    return file->shim->fail_write;
  return real_of(f)->pMethods->xWrite(real_of(f), p, n, at);
}
static int shim_truncate(sqlite3_file *f, sqlite3_int64 n) {
  return real_of(f)->pMethods->xTruncate(real_of(f), n);
}
static int shim_sync(sqlite3_file *f, int flags) {
  shim_file *file = (shim_file *)f;
  if (file->log && file->shim->fail_sync)
    return file->shim->fail_sync;
  return real_of(f)->pMethods->xSync(real_of(f), flags);
}
static int shim_size(sqlite3_file *f, sqlite3_int64 *n) {
  return real_of(f)->pMethods->xFileSize(real_of(f), n);
}
static int shim_lock(sqlite3_file *f, int l) { return real_of(f)->pMethods->xLock(real_of(f), l); }
static int shim_unlock(sqlite3_file *f, int l) { return real_of(f)->pMethods->xUnlock(real_of(f), l); }
static int shim_reserved(sqlite3_file *f, int *out) {
  return real_of(f)->pMethods->xCheckReservedLock(real_of(f), out);
}
static int shim_control(sqlite3_file *f, int op, void *p) {
  return real_of(f)->pMethods->xFileControl(real_of(f), op, p);
}
static int shim_sector(sqlite3_file *f) { return real_of(f)->pMethods->xSectorSize(real_of(f)); }
static int shim_device(sqlite3_file *f) { return real_of(f)->pMethods->xDeviceCharacteristics(real_of(f)); }
static int shim_map(sqlite3_file *f, int page, int size, int extend, void volatile **out) {
  return real_of(f)->pMethods->xShmMap(real_of(f), page, size, extend, out);
}
static int shim_shm_lock(sqlite3_file *f, int at, int n, int flags) {
  return real_of(f)->pMethods->xShmLock(real_of(f), at, n, flags);
}
static void shim_barrier(sqlite3_file *f) { real_of(f)->pMethods->xShmBarrier(real_of(f)); }
static int shim_unmap(sqlite3_file *f, int drop) { return real_of(f)->pMethods->xShmUnmap(real_of(f), drop); }

static const sqlite3_io_methods shim_methods = {
    2,           shim_close, shim_read,     shim_write,    shim_truncate, shim_sync,
    shim_size,   shim_lock,  shim_unlock,   shim_reserved, shim_control,  shim_sector,
    shim_device, shim_map,   shim_shm_lock, shim_barrier,  shim_unmap,    NULL,
    NULL};

static int shim_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out) {
  shim *s = (shim *)vfs;
  shim_file *file = (shim_file *)f;
  file->shim = s;
  file->log = (flags & SQLITE_OPEN_WAL) != 0;
  file->real = (sqlite3_file *)(file + 1);
  int rc = s->real->xOpen(s->real, name, file->real, flags, out);
  file->base.pMethods = file->real->pMethods ? &shim_methods : NULL;
  return rc;
}

static void install(shim *s) {
  s->real = sqlite3_vfs_find(NULL);
  s->vfs =
      *s->real; /* its functions use what they find in pAppData and the global VFS, not the struct itself */
  s->vfs.pNext = NULL;
  s->vfs.zName = "shim";
  s->vfs.szOsFile = (int)sizeof(shim_file) + s->real->szOsFile;
  s->vfs.xOpen = shim_open;
  assert_int_equal(sqlite3_vfs_register(&s->vfs, 0), SQLITE_OK);
}

static void a_commit_says_what_is_known_of_it(void **state) {
  const place *p = *state;
  static const struct {
    int sync, write;
    aft_status expected;
  } cases[] = {{SQLITE_IOERR_FSYNC, 0, AFT_E_UNKNOWN},
               {0, SQLITE_IOERR_WRITE, AFT_E_UNKNOWN},
               {0, SQLITE_FULL, AFT_E_FULL}};
  shim s = {0};
  char uri[PATH_SIZE + 32];
  aft_error error = AFT_ERROR_INIT;
  void *conn;
  install(&s);
  snprintf(uri, sizeof uri, "file:%s?vfs=shim", p->file);
  assert_int_equal(open_at(uri, AFT_SQL_OPEN_CREATE, 100, &conn, &error), AFT_OK);
  run(conn, "CREATE TABLE t (id INTEGER PRIMARY KEY)");
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_int_equal(driver()->begin(conn, 1, &error), AFT_OK);
    run(conn, "INSERT INTO t VALUES (NULL)");
    s.fail_sync = cases[i].sync;
    s.fail_write = cases[i].write;
    assert_int_equal(driver()->commit(conn, &error), cases[i].expected);
    assert_int_equal(error.native, cases[i].sync ? cases[i].sync : cases[i].write);
    s.fail_sync = s.fail_write = 0;
    driver()->rollback(conn);
    /* As this process sees it now, it was rolled back; what follows is sound. */
    assert_int_equal(number_of(conn, "SELECT count(*) FROM t"), (int64_t)i);
    assert_int_equal(driver()->begin(conn, 1, &error), AFT_OK);
    run(conn, "INSERT INTO t VALUES (NULL)");
    assert_int_equal(driver()->commit(conn, &error), AFT_OK);
  }
  driver()->close(conn);
  sqlite3_vfs_unregister(&s.vfs);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_place, drop_place)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(values_come_back_as_they_went),
      TEST(reset_forgets_what_was_bound),
      TEST(changes_count_rows),
      TEST(constraints_have_statuses_of_their_own),
      TEST(a_transaction_is_kept_or_undone_whole),
      TEST(settings_are_the_strict_ones),
      TEST(opening_without_create_leaves_the_journal_mode),
      TEST(a_lock_of_another_connection_is_waited_for_only_so_long),
      TEST(writing_on_an_old_snapshot_is_a_conflict),
      TEST(an_interrupt_ends_what_runs),
      TEST(an_interrupt_ends_a_wait_for_a_lock),
      TEST(nothing_runs_after_sqlite_gave_the_transaction_up),
      TEST(what_can_only_be_read_is_said_so),
      TEST(what_is_no_database_is_refused),
      TEST(a_damaged_page_is_found),
      TEST(a_full_disk_is_told_and_loses_nothing),
      TEST(the_host_keeps_its_transaction),
      TEST(a_commit_says_what_is_known_of_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
