/*
 * The one plug of the store: a SQL driver.
 *
 * This header is for people who bring their own database or connection pool.
 * Before 1.0 it may change from one minor version to the next.
 */
#ifndef AFTERSALES_SYS_SQL_H
#define AFTERSALES_SYS_SQL_H

#include <aftersales/common.h>
#include <aftersales/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this contract. A driver states which it was written for. */
#define AFT_SQL_ABI 1

/* Types of values. */
#define AFT_SQL_NULL 0
#define AFT_SQL_INT  1
#define AFT_SQL_TEXT 2
#define AFT_SQL_BLOB 3

/* One value to bind or read. */
typedef struct aft_sql_value {
  uint32_t type;      /* AFT_SQL_… */
  uint32_t reserved0; /* zero */
  int64_t number;     /* of AFT_SQL_INT */
  const char *data;   /* of AFT_SQL_TEXT (UTF-8) and AFT_SQL_BLOB */
  size_t size;        /* bytes of data */
} aft_sql_value;

/* Dialects: the SQL that the library speaks to a driver. */
#define AFT_SQL_SQLITE     1
#define AFT_SQL_POSTGRESQL 2
#define AFT_SQL_MYSQL      3

/* How to open a connection, to be joined by |. */
#define AFT_SQL_OPEN_CREATE    1u /* make the database where there is none */
#define AFT_SQL_OPEN_READ_ONLY 2u /* nothing will be written */
#define AFT_SQL_OPEN_RELAXED   4u /* commits may be lost on power loss (SQLite: synchronous=NORMAL) */

/* How to open one connection. Valid during the call. */
typedef struct aft_sql_open {
  size_t size;
  const char *dsn;  /* the host's text, closed by NUL */
  uint32_t flags;   /* AFT_SQL_OPEN_… */
  uint32_t busy_ms; /* how long to wait for a lock before AFT_E_LOCKED */
} aft_sql_open;

/* How to copy a database while others use it. Valid during the call. */
typedef struct aft_sql_backup {
  size_t size;
  const char *target; /* where the copy shall stand, closed by NUL */
  int replace;        /* 0: AFT_E_EXISTS where something stands there already */
  uint32_t pages;     /* copied in one step, at least 1 */
  uint32_t pause_ms;  /* between two steps */
  uint32_t reserved0; /* zero */
  /* After each step. Not 0 ends the copying with AFT_E_INTERRUPTED. */
  int (*progress)(void *user, int64_t done, int64_t left);
  /* The whole copy, on disk but not at its target yet: dsn opens it for reading. A negative status ends the
   * copying with it. */
  aft_status (*check)(void *user, const char *dsn, aft_error *error);
  void *user;
} aft_sql_backup;

/* Bytes that a database takes up; -1 for what is not known. */
typedef struct aft_sql_sizes {
  size_t size;
  int64_t database; /* with its free pages */
  int64_t free;     /* of these, in pages that hold nothing */
  int64_t log;      /* of its write-ahead log */
} aft_sql_sizes;

/*
 * A driver: constant, shared by all threads. A connection and its statements
 * are used by one thread at a time. Every function is required unless it says
 * otherwise. Errors use the library's statuses:
 *   AFT_E_LOCKED, AFT_E_READ_ONLY, AFT_E_FULL, AFT_E_CORRUPT, AFT_E_LOST (nothing
 *   was committed), AFT_E_UNKNOWN (from commit alone: it may have been),
 *   AFT_E_CONFLICT (a serialization failure: run the transaction again),
 *   AFT_E_INTERRUPTED, AFT_E_NOMEM, AFT_E_CHECK (a CHECK constraint; the message holds
 *   the constraint's name), AFT_E_EXISTS (a UNIQUE index or PRIMARY KEY), AFT_E_STORE
 *   (anything else, with the engine's code in aft_error.native).
 */
typedef struct aft_sql_driver {
  size_t size;
  uint32_t abi;     /* AFT_SQL_ABI */
  uint32_t dialect; /* AFT_SQL_SQLITE, … */
  const char *name; /* "sqlite" */
  void *user;       /* passed to open and attach */

  aft_status (*open)(void *user, const aft_sql_open *how, void **conn, aft_error *error);
  /* Wraps a connection that the host owns and may have a transaction open on.
   * Never begins, commits, closes or configures it. NULL where not supported. */
  aft_status (*attach)(void *user, void *native, void **conn, aft_error *error);
  void (*close)(void *conn);

  /* write != 0 asks for a transaction that may write and, where the engine has
   * it, takes the write lock at once. */
  aft_status (*begin)(void *conn, int write, aft_error *error);
  aft_status (*commit)(void *conn, aft_error *error);
  void (*rollback)(void *conn);
  /* Runs statements without parameters or rows: schema changes, savepoints. */
  aft_status (*exec)(void *conn, const char *sql, aft_error *error);

  aft_status (*prepare)(void *conn, const char *sql, size_t size, void **stmt, aft_error *error);
  void (*finalize)(void *stmt);
  /* index from 1. The driver may keep the bytes only until reset. */
  aft_status (*bind)(void *stmt, uint32_t index, const aft_sql_value *value, aft_error *error);
  /* AFT_OK with a row, AFT_DONE at the end. */
  aft_status (*step)(void *stmt, aft_error *error);
  /* index from 0. The bytes live until the next step, reset or finalize. */
  aft_status (*column)(void *stmt, uint32_t index, aft_sql_value *out, aft_error *error);
  void (*reset)(void *stmt);
  /* Rows that the last finished INSERT, UPDATE or DELETE changed. */
  int64_t (*changes)(void *conn);

  /* From any thread: makes the statement that runs return AFT_E_INTERRUPTED. */
  void (*interrupt)(void *conn);

  /* From here on optional: NULL, or left out by a driver whose size ends before. */

  /* Copies the database as it is at one moment after the call began, in steps between which others write.
   * What comes out is whole at its target, or nothing. No transaction is open. */
  aft_status (*backup)(void *conn, const aft_sql_backup *how, aft_error *error);
  /* Fills in what is known. */
  aft_status (*sizes)(void *conn, aft_sql_sizes *out, aft_error *error);
} aft_sql_driver;

/*
 * The driver that the library brings: SQLite. Its attach takes a sqlite3 *.
 *
 * Returns: a constant that lives for ever.
 * Threads: any.
 * Since: 0.1
 */
AFT_API const aft_sql_driver *aft_sql_sqlite(void);

#ifdef __cplusplus
}
#endif

#endif
