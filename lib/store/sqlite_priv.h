/* Between the files of the SQLite driver, the only users of sqlite3.h. */
#ifndef AFT_SQLITE_PRIV_H
#define AFT_SQLITE_PRIV_H

#include <sqlite3.h>
#include <stdatomic.h>

#include <aftersales/sys/sql.h>

#include "base/base.h"

enum {
  AFT__SQLITE_BEGIN_READ,
  AFT__SQLITE_BEGIN_WRITE,
  AFT__SQLITE_COMMIT,
  AFT__SQLITE_ROLLBACK,
  AFT__SQLITE_FIXED
};

/* A connection. Its memory is SQLite's: a driver has no environment. */
typedef struct aft__sqlite {
  sqlite3 *db;
  bool attached;       /* the host owns db */
  bool queries;        /* opened for somebody's SQL */
  bool in_transaction; /* of our own */
  bool writes;
  atomic_int interrupted; /* since the last begin */
  int64_t busy_ms, waited_ms;
  sqlite3_stmt *fixed[AFT__SQLITE_FIXED];
} aft__sqlite;

/* The status for SQLite's result rc, with the error filled in. */
aft_status aft__sqlite_error(aft__sqlite *c, int rc, aft_error *error);

aft_status aft__sqlite_open(void *user, const aft_sql_open *how, void **conn, aft_error *error);
aft_status aft__sqlite_attach(void *user, void *native, void **conn, aft_error *error);
void aft__sqlite_close(void *conn);
aft_status aft__sqlite_backup(void *conn, const aft_sql_backup *how, aft_error *error); /* sqlite_backup.c */

#endif
