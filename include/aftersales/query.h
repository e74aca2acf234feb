/* Queries: SQL that only reads, over the store's own tables, for reports and analysis. */
#ifndef AFTERSALES_QUERY_H
#define AFTERSALES_QUERY_H

#include <aftersales/common.h>
#include <aftersales/error.h>
#include <aftersales/store.h>
#include <aftersales/sys/sql.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The rows of one statement, as they were at one moment. It has a connection and a
 * read transaction of its own, and needs no session. While it is open, SQLite's log
 * cannot be reset: close it soon.
 */
typedef struct aft_query aft_query;

/* What to ask. */
typedef struct aft_query_in {
  size_t size;
  aft_str sql; /* one statement in the engine's SQL, at most 1 MiB; required */
  /* The values of its parameters in order, at most 1000: NULLs, integers, texts and
   * blobs. SQLite writes a parameter as ?, PostgreSQL as $1. They are copied. */
  const aft_sql_value *params;
  size_t n_params;
} aft_query_in;

/*
 * Begins to read the rows of a statement. Tables are named as in the store: its
 * prefix ("aft_"), then the kind ("aft_ticket"). Times are milliseconds. Nothing is
 * checked of who may see what: it is for the host itself.
 *
 * in: sql is required.
 * out: receives the rows, which the caller frees with aft_query_close.
 * Threads: any.
 * Errors: AFT_E_NULL_HANDLE, AFT_E_ABI, AFT_E_FORKED, AFT_E_INVALID (not one statement with
 *   rows, or a wrong number of params), AFT_E_READ_ONLY (it would write, attach a file or change
 *   a setting), AFT_E_ENCODING, AFT_E_NUL_BYTE, AFT_E_TOO_LARGE, AFT_E_DRIVER (a store in memory, or a
 *   driver without queries), AFT_E_LOCKED, AFT_E_STORE (the engine's words about the SQL), AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_store_query(aft_store *store, const aft_query_in *in, aft_query **out,
                                   aft_error *error);

/*
 * The number of columns of each row.
 *
 * Returns: at least 1; 0 for NULL.
 * Threads: one at a time.
 * Since: 0.1
 */
AFT_API uint32_t aft_query_columns(const aft_query *query);

/*
 * The name of a column, as the statement gives it with AS, else as the engine names it.
 *
 * index: from 0.
 * Returns: text that lives until the query is closed; "" past the last.
 * Threads: one at a time.
 * Since: 0.1
 */
AFT_API const char *aft_query_column(const aft_query *query, uint32_t index);

/*
 * Goes to the next row.
 *
 * row: receives the values of the columns in order, owned by the query and valid until the next call on it.
 * Returns: AFT_OK with a row, AFT_DONE at the end; after that AFT_E_CURSOR_END.
 * Threads: one at a time, noticed (AFT_E_BUSY_SESSION).
 * Errors: AFT_E_NULL_HANDLE, AFT_E_BUSY_SESSION, AFT_E_CURSOR_END, AFT_E_FORKED, AFT_E_INTERRUPTED,
 *   AFT_E_LOCKED, AFT_E_CORRUPT, AFT_E_STORE, AFT_E_NOMEM. After an error the query is at its end.
 * Since: 0.1
 */
AFT_API aft_status aft_query_next(aft_query *query, const aft_sql_value **row, aft_error *error);

/*
 * Makes the call that reads a row return AFT_E_INTERRUPTED soon, and ends the query.
 *
 * Threads: any, but not while the query is being closed.
 * Since: 0.1
 */
AFT_API void aft_query_interrupt(aft_query *query);

/*
 * Closes a query and its connection. NULL is allowed.
 *
 * Threads: one at a time.
 * Since: 0.1
 */
AFT_API void aft_query_close(aft_query *query);

#ifdef __cplusplus
}
#endif

#endif
