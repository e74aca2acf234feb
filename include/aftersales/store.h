/* The store, and sessions to work in it. */
#ifndef AFTERSALES_STORE_H
#define AFTERSALES_STORE_H

#include <aftersales/common.h>
#include <aftersales/env.h>
#include <aftersales/error.h>
#include <aftersales/sys/blob.h>
#include <aftersales/sys/sql.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A database with the library's tables. Thread-safe; reference-counted. */
typedef struct aft_store aft_store;

/*
 * One connection, for one thread at a time; there is no lock inside. Opening
 * one is cheap after the first: idle connections are kept by the store.
 */
typedef struct aft_session aft_session;

/* Flags for opening a store, to be joined by |. */
#define AFT_STORE_CREATE    1u  /* make the file and the tables where they are missing */
#define AFT_STORE_MIGRATE   2u  /* bring older tables to this version */
#define AFT_STORE_READ_ONLY 4u  /* commands that write give AFT_E_READ_ONLY */
#define AFT_STORE_RELAXED   8u  /* faster commits that a power loss may undo */
#define AFT_STORE_RESTORED  16u /* the file was put back from a backup: say so once, at the first opening */

/* How to open a store. */
typedef struct aft_store_options {
  size_t size;
  /* The database: a file name for SQLite, a connection string for PostgreSQL,
   * "memory:" for a store that lives in this process's memory (for tests). Required. */
  aft_str dsn;
  const aft_sql_driver *driver; /* NULL means aft_sql_sqlite() */
  uint32_t flags;               /* AFT_STORE_… */
  uint32_t busy_ms;             /* wait for a locked database; 0 means 5000 */
  aft_str prefix;               /* of the tables' names; default "aft_" */
  aft_blobs *blobs;             /* where evidence is kept, referenced by the store; NULL: it takes none */
} aft_store_options;

/*
 * Opens a store.
 *
 * env: kept alive by the store.
 * options: read during the call; dsn is required.
 * out: receives a reference that the caller owns; release with aft_store_unref.
 * Threads: any.
 * Errors: AFT_E_SCHEMA_MISSING, AFT_E_SCHEMA_OLDER, AFT_E_SCHEMA_NEWER, AFT_E_NOT_FOUND, AFT_E_LOCKED,
 *   AFT_E_LOST (no server answers), AFT_E_READ_ONLY, AFT_E_FULL, AFT_E_CORRUPT, AFT_E_STORE,
 *   AFT_E_INVALID, AFT_E_ABI, AFT_E_NOMEM.
 *   Nothing is written unless CREATE or MIGRATE asks for it.
 * Since: 0.1
 */
AFT_API aft_status aft_store_open(aft_env *env, const aft_store_options *options, aft_store **out,
                                  aft_error *error);

/*
 * Takes one more reference.
 *
 * Returns: store itself.
 * Threads: any.
 * Since: 0.1
 */
AFT_API aft_store *aft_store_ref(aft_store *store);

/*
 * Gives a reference back. NULL is allowed. Sessions keep the store alive.
 *
 * Threads: any.
 * Since: 0.1
 */
AFT_API void aft_store_unref(aft_store *store);

/*
 * Opens a session.
 *
 * out: the caller owns it; close with aft_session_close.
 * Threads: any; the session itself one at a time.
 * Errors: AFT_E_NULL_HANDLE, AFT_E_FORKED, AFT_E_LOCKED, AFT_E_LOST, AFT_E_STORE, AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_session_open(aft_store *store, aft_session **out, aft_error *error);

/*
 * Works on a connection that the host owns, inside the transaction that the
 * host has open on it: what the library writes commits or vanishes with the
 * host's own rows. The library never begins, commits or configures there; each
 * command runs under a savepoint of its own. After AFT_E_RETRY the host rolls
 * its transaction back and runs it again.
 *
 * connection: a sqlite3 * or, with aft_sql_postgres, a PGconn * on the same database, with a
 *   transaction open.
 * out: the caller owns it; close it before the connection.
 * Threads: one at a time, with the connection.
 * Errors: AFT_E_NULL_HANDLE, AFT_E_FORKED, AFT_E_INVALID (no transaction is open),
 *   AFT_E_SCHEMA_MISSING, AFT_E_DRIVER (the driver cannot attach), AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_session_attach(aft_store *store, void *connection, aft_session **out,
                                      aft_error *error);

/*
 * Closes a session. NULL is allowed. Cursors of the session still give the records that they have
 * read already, and AFT_E_CURSOR_END after them.
 *
 * Threads: one at a time.
 * Since: 0.1
 */
AFT_API void aft_session_close(aft_session *session);

/*
 * Makes the call that runs in the session return AFT_E_INTERRUPTED soon; does
 * nothing when none runs. The interrupted command left nothing behind.
 *
 * Threads: any.
 * Since: 0.1
 */
AFT_API void aft_session_interrupt(aft_session *session);

#define AFT_BACKUP_REPLACE 1u /* take the place of a file that stands at the target */
#define AFT_BACKUP_VERIFY  2u /* check the copy before it gets its name */

/* How to copy a store. */
typedef struct aft_backup_options {
  size_t size;
  aft_str target;      /* the file that the copy becomes; required */
  uint32_t flags;      /* AFT_BACKUP_… */
  uint32_t step_pages; /* of the database, copied in one step; 0: 256 */
  uint32_t pause_ms;   /* between two steps, to leave the disk to others; at most 10000 */
  uint32_t reserved0;
  /* NULL, or called after each step with the pages that are copied and those that are left. Anything but 0
   * ends the copying. Must not use the session. */
  int (*progress)(void *user, int64_t done, int64_t left);
  void *user;
  /* Where the contents of evidence are copied to; NULL leaves them out. They are copied after the database,
   * so that every content which the copy speaks of is among them, unless it was removed meanwhile. A failure
   * leaves the copy of the database where it stands. */
  aft_blobs *blobs;
} aft_backup_options;

/*
 * Copies the store while others write. The copy is the store as it was at one
 * moment after the call began, with everything that was reported as done before.
 * It stands at its target whole and on the disk, or nothing does. Verifying runs
 * the engine's own check of the whole copy, compares the version of the tables and
 * recomputes the audit chains of the records that changed last. SQLite's log cannot
 * be reset before the copying has ended.
 *
 * Contents of evidence go along where options->blobs is given; aft_blob_copy brings them back.
 *
 * What the copy is opened with for the first time, once it is put back:
 * AFT_STORE_RESTORED. Ids, feed numbers and leases then go on behind what the lost
 * store may have given, and effects that must not happen twice wait for their outcome.
 *
 * options: read during the call.
 * Threads: the session's one; aft_session_interrupt from any thread ends it.
 * Errors: AFT_E_NULL_HANDLE, AFT_E_ABI, AFT_E_INVALID (also a target that is the store's own file),
 *   AFT_E_EXISTS, AFT_E_NOT_FOUND (the target's folder), AFT_E_READ_ONLY, AFT_E_FULL, AFT_E_CORRUPT,
 *   AFT_E_INTERRUPTED, AFT_E_DRIVER (the store is in memory, or its engine has a tool of its own),
 *   AFT_E_FORKED, AFT_E_STORE, AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_store_backup(aft_session *session, const aft_backup_options *options,
                                    aft_error *error);

/*
 * The state of the store as one JSON object. Its names do not change; later versions
 * may add some. Times are milliseconds since 1970, null where nothing happened yet.
 *
 * schema (the version of the tables), node (of the id generator), last_tick,
 * last_retention (when all tenants' old records had been looked through), last_backup (when
 * the last one that was finished began), restored (when the store was put back from a copy),
 * due and due_lag_ms (rows whose time has come, and how late the oldest is), due_parked,
 * outbox_ready and outbox_lag_ms (likewise), outbox_queued, outbox_leased, outbox_unknown,
 * outbox_dead, feed_pending (events without a feed number), search_pending (events with one that
 * the text search has not indexed yet), database_bytes, free_bytes (of these, in pages that hold
 * nothing), log_bytes (SQLite's write-ahead log); null where the engine
 * does not tell. Counts stop at 1000, which means 1000 or more.
 *
 * out: receives a buffer that the caller frees with aft_buf_free.
 * Threads: one at a time.
 * Errors: AFT_E_NULL_HANDLE, AFT_E_FORKED, AFT_E_STORE, AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_store_health(aft_session *session, aft_buf **out, aft_error *error);

#ifdef __cplusplus
}
#endif

#endif
