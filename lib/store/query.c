/* Somebody's SQL over the store: one statement on a connection that only reads. */
#include <stdio.h>
#include <unistd.h>

#include "store/sql_priv.h"
#include "text/text.h"

#include <aftersales/query.h>

#define QUERY_V1    (offsetof(aft_query_in, n_params) + sizeof(size_t))
#define MOST_SQL    ((size_t)1024 * 1024)
#define MOST_PARAMS 1000

struct aft_query {
  aft_store *store;
  pid_t pid;
  aft__sql_conn *conn;
  void *stmt;
  bool began; /* a transaction is open */
  bool ended;
  atomic_flag busy; /* a call runs */
  uint32_t n;
  aft_sql_value *row;
  aft__arena params; /* drivers read what is bound at each step */
};

/* ---- what was asked ---- */

static aft_status check_sql(aft_str *sql, aft_error *error) {
  *sql = aft__str(sql->data, sql->len);
  if (!sql->data || !sql->len)
    return aft__error(error, AFT_E_INVALID, "query.sql", "required: expected a statement");
  if (sql->len > MOST_SQL)
    return aft__error(error, AFT_E_TOO_LARGE, "query.sql", "expected at most %zu bytes, found %zu", MOST_SQL,
                      sql->len);
  return aft__utf8_require(*sql, "query.sql", error);
}

static aft_status check_in(const aft_query_in *in, aft_query_in *q, aft_error *error) {
  AFT__TRY(aft__abi_copy(q, sizeof *q, in, QUERY_V1, "aft_query_in", error));
  AFT__TRY(check_sql(&q->sql, error));
  if (q->n_params > MOST_PARAMS)
    return aft__error(error, AFT_E_TOO_LARGE, "query.params", "expected at most %d, found %zu", MOST_PARAMS,
                      q->n_params);
  if (q->n_params && !q->params)
    return aft__error(error, AFT_E_NULL_HANDLE, "query.params", "%zu are announced, but the pointer is NULL",
                      q->n_params);
  return AFT_OK;
}

static aft_status copy_param(aft_query *query, size_t i, aft_sql_value *v, aft_error *error) {
  char where[40];
  snprintf(where, sizeof where, "query.params[%zu]", i);
  if (v->type > AFT_SQL_BLOB)
    return aft__error(error, AFT_E_INVALID, where,
                      "expected a NULL, an integer, a text or a blob, found type %u", v->type);
  if (v->type != AFT_SQL_TEXT && v->type != AFT_SQL_BLOB)
    return AFT_OK;
  if (!v->data && v->size)
    return aft__error(error, AFT_E_NULL_HANDLE, where, "%zu bytes are announced, but the pointer is NULL",
                      v->size);
  if (v->size > query->store->env->o.limits.text_bytes)
    return aft__error(error, AFT_E_TOO_LARGE, where, "the value is longer than the limit of %llu bytes",
                      (unsigned long long)query->store->env->o.limits.text_bytes);
  aft_str bytes = {v->data ? v->data : "", v->size};
  if (v->type == AFT_SQL_TEXT)
    AFT__TRY(aft__utf8_require(bytes, where, error));
  bytes = aft__arena_dup(&query->params, bytes);
  v->data = bytes.data;
  return v->data ? AFT_OK : aft__nomem(error);
}

static aft_status bind_all(aft_query *query, const aft_query_in *in, aft_error *error) {
  for (size_t i = 0; i < in->n_params; i++) {
    aft_sql_value v = in->params[i];
    AFT__TRY(copy_param(query, i, &v, error));
    aft_status status = query->conn->driver->bind(query->stmt, (uint32_t)i + 1, &v, error);
    AFT__TRY(aft__sql_said(query->conn, "bind", status, error));
  }
  return AFT_OK;
}

/* ---- life ---- */

static aft_status describe(aft_query *query, const aft_query_in *in, aft_error *error) {
  uint32_t parameters = 0;
  aft_status status = query->conn->driver->describe(query->stmt, &parameters, &query->n, error);
  AFT__TRY(aft__sql_said(query->conn, "describe", status, error));
  if (!query->n)
    return aft__error(error, AFT_E_INVALID, "query.sql", "expected a statement that gives rows");
  if (parameters != in->n_params)
    return aft__error(error, AFT_E_INVALID, "query.params", "the statement takes %u parameters, found %zu",
                      parameters, in->n_params);
  query->row = aft__zalloc(query->store->env, query->n * sizeof *query->row);
  return query->row ? AFT_OK : aft__nomem(error);
}

static aft_status start(aft_query *query, const aft_query_in *in, aft_error *error) {
  const aft__backend_ops *ops = query->store->backend->ops;
  if (!ops->query)
    return aft__error(error, AFT_E_DRIVER, "store", "a store in memory has no SQL");
  aft__conn *conn;
  AFT__TRY(ops->query(query->store->backend, &conn, error));
  query->conn = (aft__sql_conn *)conn;
  AFT__TRY(ops->begin(conn, false, error));
  query->began = true;
  AFT__TRY(aft__sql_prepare(query->conn, in->sql.data, in->sql.len, &query->stmt, error));
  AFT__TRY(describe(query, in, error));
  return bind_all(query, in, error);
}

aft_status aft_store_query(aft_store *store, const aft_query_in *in, aft_query **out, aft_error *error) {
  aft_query_in q;
  if (!store || !in || !out)
    return aft__error(error, AFT_E_NULL_HANDLE, !store ? "store" : !in ? "in" : "out", "the handle is NULL");
  if (store->pid != getpid())
    return aft__error(error, AFT_E_FORKED, "store",
                      "the store was opened by another process; open it here again");
  AFT__TRY(check_in(in, &q, error));
  aft_query *query = aft__zalloc(store->env, sizeof *query);
  if (!query)
    return aft__nomem(error);
  query->store = aft_store_ref(store);
  query->pid = store->pid;
  atomic_flag_clear(&query->busy);
  aft__arena_init(&query->params, store->env);
  int64_t began = aft__mono(store->env);
  aft_status status = start(query, &q, error);
  if (status < 0)
    aft_query_close(query);
  else
    *out = query;
  aft__trace(store->env, "store_query", began, status, 0);
  return status < 0 ? status : AFT_OK;
}

static void disconnect(aft_query *query) {
  const aft__backend_ops *ops = query->store->backend->ops;
  if (query->pid != getpid()) {
    ops->abandon(&query->conn->base);
    return;
  }
  if (query->stmt)
    query->conn->driver->finalize(query->stmt);
  if (query->began)
    ops->rollback(&query->conn->base);
  ops->disconnect(&query->conn->base);
}

void aft_query_close(aft_query *query) {
  if (!query)
    return;
  aft_store *store = query->store;
  if (query->conn)
    disconnect(query);
  aft__arena_done(&query->params);
  aft__release(store->env, query->row, query->n * sizeof *query->row);
  aft__release(store->env, query, sizeof *query);
  aft_store_unref(store);
}

void aft_query_interrupt(aft_query *query) {
  if (query && query->pid == getpid())
    query->store->backend->ops->interrupt(&query->conn->base);
}

/* ---- rows ---- */

uint32_t aft_query_columns(const aft_query *query) { return query ? query->n : 0; }

const char *aft_query_column(const aft_query *query, uint32_t index) {
  const char *name = query && index < query->n ? query->conn->driver->column_name(query->stmt, index) : NULL;
  return name ? name : "";
}

static aft_status next_row(aft_query *query, aft_error *error) {
  if (query->ended)
    return aft__error(error, AFT_E_CURSOR_END, "query", "the query came to its end before");
  aft_status status = aft__sql_step_handle(query->conn, query->stmt, error);
  for (uint32_t i = 0; i < query->n && status == AFT_OK; i++)
    status = aft__sql_column(query->conn, query->stmt, i, &query->row[i], error);
  query->ended = status != AFT_OK;
  return status;
}

aft_status aft_query_next(aft_query *query, const aft_sql_value **row, aft_error *error) {
  if (!query || !row)
    return aft__error(error, AFT_E_NULL_HANDLE, query ? "row" : "query", "the handle is NULL");
  if (query->pid != getpid())
    return aft__error(error, AFT_E_FORKED, "query", "the query belongs to another process");
  if (atomic_flag_test_and_set(&query->busy))
    return aft__error(error, AFT_E_BUSY_SESSION, "query", "another call reads the query");
  aft_status status = next_row(query, error);
  if (status == AFT_OK)
    *row = query->row;
  atomic_flag_clear(&query->busy);
  return status;
}
