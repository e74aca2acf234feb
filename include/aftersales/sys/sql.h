/*
 * The one plug of the store: a SQL driver.
 *
 * This header is for people who bring their own database or connection pool. It is
 * the whole contract: what the library asks of a driver and what it promises to it.
 * docs/drivers.md tells how to write one; <aftersales/sys/conformance.h> and the
 * program aft-driver-conformance check each sentence. Before 1.0 the contract may
 * change from one minor version to the next.
 */
#ifndef AFTERSALES_SYS_SQL_H
#define AFTERSALES_SYS_SQL_H

#include <aftersales/common.h>
#include <aftersales/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The version of this contract. A driver states the one it was written for, and the
 * library works with those from AFT_SQL_ABI_LEAST to its own AFT_SQL_ABI; any other
 * is refused with AFT_E_ABI. A member that comes later stands at the end of the
 * driver, raises AFT_SQL_ABI, and is not called in a driver that states less.
 */
#define AFT_SQL_ABI       2
#define AFT_SQL_ABI_LEAST 1

/* Types of values. */
#define AFT_SQL_NULL 0
#define AFT_SQL_INT  1
#define AFT_SQL_TEXT 2
#define AFT_SQL_BLOB 3
/* Read only by queries: a number with a fraction, its decimal digits in data, "0.25". */
#define AFT_SQL_REAL 4

/* The most bytes of one value. The library binds none that is larger, and takes none. */
#define AFT_SQL_VALUE_MOST 1073741823

/*
 * One value to bind or read. There are four types and, but for the rows of a
 * query (AFT_SQL_REAL), no other: no floating-point number, date or truth value ever crosses this interface.
 *
 * NULL is absence and differs from 0, from the empty text and from the empty blob.
 * A text is UTF-8 without a NUL byte, a blob any bytes; both are `size` bytes long,
 * are not closed by NUL, and come back byte for byte: no trimming, folding or
 * normalising. Of a text or blob that is empty, data may be NULL when it is bound and
 * must not be when it is read.
 */
typedef struct aft_sql_value {
  uint32_t type;      /* AFT_SQL_… */
  uint32_t reserved0; /* zero */
  int64_t number;     /* of AFT_SQL_INT: all 64 bits; else 0 */
  const char *data;   /* of AFT_SQL_TEXT and AFT_SQL_BLOB; else NULL */
  size_t size;        /* bytes of data; else 0 */
} aft_sql_value;

/*
 * The dialect decides the SQL that the library writes: the form of parameters (? or
 * $1), the types of columns, and what it does around a statement that may fail.
 *
 *                     SQLITE        POSTGRESQL         MYSQL
 *   parameters        ?             $1, $2 …           ?
 *   integers          INTEGER       BIGINT             BIGINT
 *   texts             TEXT          TEXT COLLATE "C"   LONGTEXT, VARBINARY(255)
 *   blobs             BLOB          BYTEA              LONGBLOB
 *   a failed          undoes        spoils the         undoes
 *   statement         itself        transaction (1)    itself
 *   ON CONFLICT       changes() is 0 for the row       not used: AFT_E_EXISTS
 *   DO NOTHING        that was there
 *   new tables        in the transaction               commit by themselves
 *
 * (1) The library sets a savepoint before each statement that may break a constraint,
 *     and rolls back to it after AFT_E_CHECK and AFT_E_EXISTS.
 */
#define AFT_SQL_SQLITE     1
#define AFT_SQL_POSTGRESQL 2
#define AFT_SQL_MYSQL      3

/* How to open a connection, to be joined by |. */
#define AFT_SQL_OPEN_CREATE    1u /* make the database where there is none */
#define AFT_SQL_OPEN_READ_ONLY 2u /* every write gives AFT_E_READ_ONLY; never with CREATE */
#define AFT_SQL_OPEN_RELAXED   4u /* commits may be lost on power loss (SQLite: synchronous=NORMAL) */
#define AFT_SQL_OPEN_QUERY     8u /* with READ_ONLY, for somebody's SQL: gives AFT_SQL_REAL too */

/*
 * How to open one connection. Valid, with the dsn, during the call: what the driver
 * needs later it copies. A size greater than the driver knows is no error.
 */
typedef struct aft_sql_open {
  size_t size;
  const char *dsn;  /* the host's text, closed by NUL, at most 4096 bytes; its meaning is the driver's */
  uint32_t flags;   /* AFT_SQL_OPEN_… */
  uint32_t busy_ms; /* how long to wait for a lock before AFT_E_LOCKED; never 0 */
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
 * A driver. The struct, its name and user are constant and live until the last
 * store that was opened with them is gone. The library copies the struct when a store
 * is opened, so a driver cannot change its mind later.
 *
 * THREADS. All threads use the driver at once. One connection and its statements are
 * used by one thread at a time, not always the same one, and the library sees to it
 * that what one thread did is visible to the next. `interrupt` alone is called from
 * any thread beside it, until close is called.
 *
 * OWNERSHIP. A connection is the library's from open or attach to close, a statement
 * from prepare to finalize. Every statement is finalized before its connection is
 * closed. After a fork the child calls nothing for what its parent opened: neither
 * finalize nor close.
 *
 * STATUSES. AFT_OK is success, AFT_DONE the end of the rows. Failures are
 *   AFT_E_INVALID      what was asked makes no sense: a wrong dsn, index or type
 *   AFT_E_TOO_LARGE    a value or statement is larger than the engine takes
 *   AFT_E_NOT_FOUND    from open: there is no such database; from backup: there is no such folder
 *   AFT_E_EXISTS       a UNIQUE index or PRIMARY KEY holds the value already
 *   AFT_E_CHECK        a CHECK constraint; the message holds the constraint's name
 *   AFT_E_LOCKED       somebody else holds a lock, and busy_ms have passed
 *   AFT_E_CONFLICT     a serialization failure or a deadlock: run the transaction again
 *   AFT_E_READ_ONLY    a write where only reading is possible
 *   AFT_E_FULL         no room to write
 *   AFT_E_CORRUPT      the database is damaged or none, or holds what no type above fits
 *   AFT_E_INTERRUPTED  interrupt ended it
 *   AFT_E_LOST         the connection broke, or the engine gave the transaction up;
 *                      nothing was committed
 *   AFT_E_UNKNOWN      from commit alone: the connection broke, and it may have been
 *   AFT_E_IO, AFT_E_NOMEM
 *   AFT_E_DRIVER       from attach alone: not possible with this driver
 *   AFT_E_STORE        anything else
 * Any other number breaks the contract: the library rolls back and gives AFT_E_DRIVER.
 *
 * ERRORS. The error may be NULL. On failure the driver fills in code (the status it
 * returns), where (a short place: the database's name, "dsn"), message (one sentence,
 * without the values that were bound) and native (the engine's own code, or 0), each
 * closed by NUL, and leaves size alone. On success it writes nothing.
 *
 * AFTER A FAILURE. Outputs are unchanged or meaningless, and nothing is left to
 * release: a prepare or open that failed made nothing. The library then
 *   - resets a statement whose step failed, and may use it again;
 *   - after AFT_E_CHECK and AFT_E_EXISTS goes on with the transaction (in PostgreSQL
 *     after ROLLBACK TO SAVEPOINT), which must hold all that was done before;
 *   - after every other failure inside a transaction calls nothing but reset,
 *     finalize and rollback, or ROLLBACK TO SAVEPOINT by exec, and goes on when that
 *     succeeds;
 *   - after AFT_E_LOST and AFT_E_UNKNOWN closes the connection.
 *
 * TRANSACTIONS. Outside of begin and commit each statement commits by itself. Within,
 * other connections see nothing until the commit and all of it after. The library
 * finds lost races by itself, but a transaction must see the database as it was at
 * one moment, from its first read on (a snapshot, REPEATABLE READ, or being alone):
 * it reads the end of a chain and the chain by two statements. Every
 * statement is reset before commit and rollback, and may be used after them.
 *
 * SQL. The library sends UTF-8 without comments, one statement a call, parameters
 * only where a value stands. It sends SAVEPOINT x, ROLLBACK TO SAVEPOINT x
 * and RELEASE SAVEPOINT x by exec: nested, and with the same name again and again.
 *
 * Every function is required but attach, and those that came with contract 2.
 */
typedef struct aft_sql_driver {
  size_t size;      /* sizeof(aft_sql_driver); others are refused where fields are set that nobody knows */
  uint32_t abi;     /* AFT_SQL_ABI */
  uint32_t dialect; /* AFT_SQL_SQLITE, … */
  const char *name; /* "sqlite"; the place of errors about the driver itself */
  void *user;       /* the driver's own, passed to open and attach */

  /*
   * Opens a connection and writes it, not NULL, to *conn. The library opens the first
   * when a store is opened and one more for each session that finds no idle one. It
   * asks with CREATE until one has succeeded, and never again. A driver whose server's databases
   * are made by its administrator may ignore CREATE. Fails, beside what is named
   * above, with AFT_E_NOT_FOUND where there is no such database and CREATE is not
   * set: it makes none.
   */
  aft_status (*open)(void *user, const aft_sql_open *how, void **conn, aft_error *error);
  /*
   * Wraps a connection that the host owns and has a transaction open on; its type is
   * the driver's to say. The driver never begins, commits, rolls back, closes or
   * configures it; begin and commit are not called, rollback does nothing, and close
   * frees the wrapping alone. A connection without a transaction gives
   * AFT_E_INVALID, here or at the first statement. NULL where not supported.
   */
  aft_status (*attach)(void *user, void *native, void **conn, aft_error *error);
  /* Closes a connection; an open transaction is rolled back. It cannot fail. */
  void (*close)(void *conn);

  /*
   * Begins a transaction; none is open. write != 0 asks for one that may write and,
   * where the engine has it, takes the write lock at once; with 0 it only reads.
   */
  aft_status (*begin)(void *conn, int write, aft_error *error);
  /*
   * Commits. AFT_OK means that what was written outlives the process and, unless the
   * connection is RELAXED, a loss of power. After a failure the library calls
   * rollback; the driver says AFT_E_UNKNOWN wherever it cannot exclude that the
   * commit took place.
   */
  aft_status (*commit)(void *conn, aft_error *error);
  /*
   * Rolls back, also after a failure of commit. With no transaction open, or on a
   * broken connection, it does nothing. It cannot fail: what stands in the way shows
   * at the next begin. Afterwards the connection is as if freshly opened.
   */
  void (*rollback)(void *conn);
  /* Runs one statement without parameters, whose rows nobody reads: tables, savepoints. */
  aft_status (*exec)(void *conn, const char *sql, aft_error *error);

  /*
   * Prepares a statement, `size` bytes of SQL that may not be closed by NUL and are
   * valid during the call, and writes it, not NULL, to *stmt. Text that the engine
   * does not understand fails here or at the first step, with AFT_E_STORE or
   * AFT_E_INVALID. The library keeps up to 256 statements a connection, for as long as that lives.
   */
  aft_status (*prepare)(void *conn, const char *sql, size_t size, void **stmt, aft_error *error);
  /* Frees a statement in any state. */
  void (*finalize)(void *stmt);
  /*
   * Gives a parameter, from 1, its value; the last one counts. Called only on a
   * statement that was just prepared or reset. The library binds every parameter
   * before a step; one that has no value is NULL, or the step fails. The struct is
   * valid during the call, its bytes until reset or finalize: the driver may keep the
   * pointer until then, not longer. An unknown type gives AFT_E_INVALID; index 0, or
   * one beyond what any statement has, fails, here or at the step. The library binds
   * none that the statement lacks.
   */
  aft_status (*bind)(void *stmt, uint32_t index, const aft_sql_value *value, aft_error *error);
  /*
   * Runs the statement up to its next row: AFT_OK with a row, AFT_DONE at the end, at
   * once for a statement without rows. Each row comes once. Other statements of the
   * connection may run between two steps. After AFT_DONE or a failure the library
   * resets before it steps again.
   */
  aft_status (*step)(void *stmt, aft_error *error);
  /*
   * Reads a column of the row, from 0, as often as asked and in any order. Each
   * integer type of the engine is AFT_SQL_INT. The bytes stay where they are until
   * the next step, reset or finalize of this statement, whatever else the connection
   * does. An index past the last column, or no row, gives AFT_E_INVALID, a value of a
   * type that has no place here AFT_E_CORRUPT.
   */
  aft_status (*column)(void *stmt, uint32_t index, aft_sql_value *out, aft_error *error);
  /* Ends what runs, in any state, and forgets every value that was bound. It cannot fail. */
  void (*reset)(void *stmt);
  /*
   * Rows that the last INSERT, UPDATE or DELETE of this connection changed, asked for
   * directly after its step gave AFT_DONE. An UPDATE counts the rows it found, also
   * where their values stay the same; an INSERT that ON CONFLICT DO NOTHING skipped
   * counts 0. The library writes single rows by their id: another number than 0 and 1
   * is refused with AFT_E_DRIVER.
   */
  int64_t (*changes)(void *conn);

  /*
   * From any thread: makes what runs on the connection, a statement or a wait for a
   * lock, return AFT_E_INTERRUPTED soon. When nothing runs, nothing happens, and a
   * later statement is not hit by it. It must not wait for the thread that runs. The
   * transaction is rolled back afterwards, and the connection goes on.
   */
  void (*interrupt)(void *conn);

  /* Contract 2. Each may be NULL, and is taken as NULL in a driver that states 1. */

  /*
   * Copies the database as it is at one moment after the call began, while other
   * connections write. No transaction is open, and none may be afterwards. The copy
   * stands at how->target whole and durable, or nothing does: it is made under
   * another name, given to how->check, and moved to its target last. A target that
   * is the database itself or a file of it gives AFT_E_INVALID, one that exists
   * AFT_E_EXISTS unless how->replace is set, a missing folder AFT_E_NOT_FOUND. After
   * AFT_E_INTERRUPTED, from interrupt or from progress, nothing is left behind, and the
   * connection goes on.
   */
  aft_status (*backup)(void *conn, const aft_sql_backup *how, aft_error *error);
  /* Fills in the sizes that are known; the rest stays -1. Called inside a read transaction too. */
  aft_status (*sizes)(void *conn, aft_sql_sizes *out, aft_error *error);

  /*
   * For aft_store_query: both or none. Tells what a prepared statement takes and gives;
   * columns is 0 for one that has no rows. Called once, before bind and step. Text after
   * the statement other than white space gives AFT_E_INVALID, here or from prepare.
   * Queries run on connections that were opened with AFT_SQL_OPEN_QUERY: whatever
   * would write, attach another file or change a setting gives AFT_E_READ_ONLY, and
   * a number with a fraction is read as AFT_SQL_REAL. On all other connections such
   * a number is AFT_E_CORRUPT.
   */
  aft_status (*describe)(void *stmt, uint32_t *parameters, uint32_t *columns, aft_error *error);
  /* The name of a column, from 0, after describe; never NULL. The text lives until finalize. */
  const char *(*column_name)(void *stmt, uint32_t index);
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
