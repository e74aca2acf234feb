/* A host's own SQLite connections, for the cases about attach. */
#include "host_sqlite.h"

#include <sqlite3.h>

static void *host_open(void *user, const char *dsn) {
  sqlite3 *db = NULL;
  (void)user;
  if (sqlite3_open_v2(dsn, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI, NULL) != SQLITE_OK) {
    sqlite3_close(db);
    return NULL;
  }
  sqlite3_busy_timeout(db, 1000);
  return db;
}

static int host_exec(void *user, void *native, const char *sql) {
  (void)user;
  return sqlite3_exec((sqlite3 *)native, sql, NULL, NULL, NULL) != SQLITE_OK;
}

static void host_close(void *user, void *native) {
  (void)user;
  sqlite3_close((sqlite3 *)native);
}

const aft_conformance_host host_sqlite = {NULL, host_open, host_exec, host_close};
