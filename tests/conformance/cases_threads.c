/* Locks, interrupts, and connections that pass between threads. */
#include <pthread.h>

#include "suite.h"

#define PATIENCE_MS 30000u /* what waits longer was not bounded by busy_ms */
#define UPDATE      "UPDATE aftc_unit SET amount = amount + 1 WHERE id = 1"

/* Begins to write and updates the row: the first status that is a failure, or AFT_OK. */
static aft_status try_to_update(suite *s, void *conn) {
  s->error = (aft_error)AFT_ERROR_INIT;
  aft_status status = s->driver->begin(conn, 1, &s->error);
  return status < 0 ? status : s->driver->exec(conn, UPDATE, &s->error);
}

static bool holds_the_row(suite *s) {
  return suite_add_unit(s, s->conn, 1) && suite_begin(s, s->conn, 1) && suite_exec(s, s->conn, UPDATE);
}

/* ---- locks ---- */

static bool waits_only_so_long(suite *s) {
  void *other = holds_the_row(s) ? suite_open(s, AFT_SQL_OPEN_RELAXED, BUSY_MS) : NULL;
  suite_watch *watch = other ? suite_watch_begin(s, other, PATIENCE_MS) : NULL;
  if (!watch)
    return false;
  aft_status status = try_to_update(s, other);
  if (suite_watch_end(watch))
    return suite_fail(s, "a wait for a lock: expected AFT_E_LOCKED after %u ms, found it waiting after %u ms",
                      BUSY_MS, PATIENCE_MS);
  s->driver->rollback(other);
  if (status != AFT_E_LOCKED && status != AFT_E_CONFLICT)
    return suite_is(s, "a write of what another transaction has written", status, AFT_E_LOCKED);
  return suite_commit(s, s->conn) && suite_count(s, other, "SELECT amount FROM aftc_unit WHERE id = 1", 2);
}

static bool goes_on_once_the_lock_is_gone(suite *s) {
  void *other = holds_the_row(s) ? suite_open(s, AFT_SQL_OPEN_RELAXED, BUSY_MS) : NULL;
  if (!other)
    return false;
  for (int i = 0; i < 2; i++) {
    aft_status status = try_to_update(s, other);
    s->driver->rollback(other);
    if (!suite_refused(s, "a write of what another transaction has written", status))
      return false;
  }
  s->driver->rollback(s->conn);
  return suite_is(s, "the same write once the other has rolled back", try_to_update(s, other), AFT_OK) &&
         suite_commit(s, other) && suite_begin(s, s->conn, 1) && suite_exec(s, s->conn, UPDATE) &&
         suite_commit(s, s->conn) && suite_count(s, other, "SELECT amount FROM aftc_unit WHERE id = 1", 3);
}

/* ---- interrupts ---- */

static bool statement_is_interrupted(suite *s) {
  void *stmt = suite_prepare(s, s->conn, s->dialect->slow);
  suite_watch *watch = stmt && suite_begin(s, s->conn, 0) ? suite_watch_begin(s, s->conn, BUSY_MS) : NULL;
  if (!watch)
    return false;
  s->error = (aft_error)AFT_ERROR_INIT;
  aft_status status = s->driver->step(stmt, &s->error);
  suite_watch_end(watch);
  s->driver->reset(stmt);
  s->driver->rollback(s->conn);
  return suite_is(s, "step of a statement that was interrupted", status, AFT_E_INTERRUPTED) &&
         suite_begin(s, s->conn, 1) && suite_add_unit(s, s->conn, 1) && suite_commit(s, s->conn) &&
         suite_units(s, s->conn, 1);
}

static bool wait_is_interrupted(suite *s) {
  void *other = holds_the_row(s) ? suite_open(s, AFT_SQL_OPEN_RELAXED, 2 * PATIENCE_MS) : NULL;
  suite_watch *watch = other ? suite_watch_begin(s, other, BUSY_MS) : NULL;
  if (!watch)
    return false;
  aft_status status = try_to_update(s, other);
  suite_watch_end(watch);
  s->driver->rollback(other);
  s->driver->rollback(s->conn);
  return suite_is(s, "a wait for a lock that was interrupted", status, AFT_E_INTERRUPTED) &&
         suite_is(s, "the same write later", try_to_update(s, other), AFT_OK) && suite_commit(s, other) &&
         suite_count(s, s->conn, "SELECT amount FROM aftc_unit WHERE id = 1", 2);
}

static bool nothing_is_interrupted(suite *s) {
  s->driver->interrupt(s->conn);
  if (!suite_begin(s, s->conn, 1) || !suite_add_unit(s, s->conn, 1))
    return false;
  s->driver->interrupt(s->conn);
  if (!suite_add_unit(s, s->conn, 2))
    return false;
  s->driver->interrupt(s->conn);
  return suite_commit(s, s->conn) && suite_units(s, s->conn, 2);
}

/* ---- threads ---- */

enum {
  WORKERS = 4,
  ROWS = 10,
  TRIES = 200
};

static bool lost_race(aft_status status) { return status == AFT_E_LOCKED || status == AFT_E_CONFLICT; }

/* One row in a transaction that runs again after a lost race, as the library does it. */
static aft_status add_row(const aft_sql_driver *d, void *conn, int64_t id, aft_error *error) {
  char sql[96];
  aft_status status = AFT_E_LOCKED;
  snprintf(sql, sizeof sql, "INSERT INTO aftc_unit (id, code, amount) VALUES (%" PRId64 ", %" PRId64 ", 1)",
           id, id);
  for (int i = 0; i < TRIES && lost_race(status); i++) {
    status = d->begin(conn, 1, error);
    if (status == AFT_OK)
      status = d->exec(conn, sql, error);
    if (status == AFT_OK)
      status = d->commit(conn, error);
    if (status < 0)
      d->rollback(conn);
  }
  return status;
}

typedef struct writer {
  const aft_sql_driver *driver;
  void *conn; /* NULL: opens one of its own */
  const char *dsn;
  int64_t first;
  aft_status status;
  aft_error error;
  pthread_t thread;
} writer;

static void *write_rows(void *arg) {
  writer *w = arg;
  aft_sql_open how = {sizeof how, w->dsn, AFT_SQL_OPEN_RELAXED, 20 * BUSY_MS};
  void *conn = w->conn;
  w->error = (aft_error)AFT_ERROR_INIT;
  w->status = conn ? AFT_OK : w->driver->open(w->driver->user, &how, &conn, &w->error);
  if (w->status < 0)
    return NULL;
  for (int64_t i = 0; i < ROWS && w->status == AFT_OK; i++)
    w->status = add_row(w->driver, conn, w->first + i, &w->error);
  if (!w->conn)
    w->driver->close(conn);
  return NULL;
}

static bool written(suite *s, writer *writers, int n) {
  int started = 0;
  for (; started < n; started++)
    if (pthread_create(&writers[started].thread, NULL, write_rows, &writers[started]))
      break;
  for (int i = 0; i < started; i++)
    pthread_join(writers[i].thread, NULL);
  if (started < n)
    return suite_fail(s, "the suite could not start a thread");
  for (int i = 0; i < n; i++) {
    s->error = writers[i].error;
    if (!suite_is(s, "a transaction in another thread", writers[i].status, AFT_OK))
      return false;
  }
  return true;
}

static bool connection_passes_on(suite *s) {
  for (int64_t i = 0; i < 3; i++) {
    writer w = {.driver = s->driver, .conn = s->conn, .first = 1 + i * 2 * ROWS};
    if (!written(s, &w, 1) || !suite_add_unit(s, s->conn, 1000 + i))
      return false;
  }
  return suite_units(s, s->conn, 3 * ROWS + 3);
}

static bool many_threads(suite *s) {
  writer writers[WORKERS];
  for (int i = 0; i < WORKERS; i++)
    writers[i] = (writer){.driver = s->driver, .dsn = s->how->dsn, .first = 1 + i * ROWS};
  return written(s, writers, WORKERS) && suite_units(s, s->conn, WORKERS * ROWS);
}

static const suite_case threads[] = {
    {"lock.bounded", "what another connection has locked gives AFT_E_LOCKED or AFT_E_CONFLICT after busy_ms",
     waits_only_so_long},
    {"lock.over", "once the lock is gone the transaction succeeds", goes_on_once_the_lock_is_gone},
    {"interrupt.statement", "interrupt makes a statement that runs return AFT_E_INTERRUPTED",
     statement_is_interrupted},
    {"interrupt.lock", "interrupt ends a wait for a lock with AFT_E_INTERRUPTED", wait_is_interrupted},
    {"interrupt.idle", "when nothing runs, interrupt does nothing, and no later statement is hit",
     nothing_is_interrupted},
    {"threads.one_connection", "a connection is used by one thread after another", connection_passes_on},
    {"threads.many", "threads with connections of their own use the driver at once", many_threads},
};
const suite_group suite_threads = {threads, COUNT(threads), false};
