/* The SQL record backend: connections, transactions and single rows over a driver. */
#include <inttypes.h>
#include <stdio.h>

#include "store/sql_priv.h"

#define MOST_DSN  16384 /* a name of 4096 bytes may be written as a longer one */
#define DRIVER_V1 (offsetof(aft_sql_driver, interrupt) + sizeof(void (*)(void *)))

typedef struct sql_backend {
  aft__backend base;
  aft_sql_driver driver; /* copied: a host's struct may be of an older version */
  aft__sql_dialect dialect;
  char *dsn;
  size_t dsn_size;
  uint32_t flags;
  uint32_t busy_ms;
  atomic_bool found; /* once there was a database it is never made again */
} sql_backend;

static aft__sql_conn *sql(aft__conn *conn) { return (aft__sql_conn *)conn; }

/* ---- connections ---- */

static aft_status new_conn(sql_backend *b, aft__sql_conn **out, aft_error *error) {
  aft__sql_conn *c = aft__zalloc(b->base.env, sizeof *c);
  if (!c)
    return aft__nomem(error);
  c->base.backend = &b->base;
  c->driver = &b->driver;
  c->dialect = &b->dialect;
  c->env = b->base.env;
  c->read_only = (b->flags & AFT_STORE_READ_ONLY) != 0;
  aft_status status = aft__sql_cache_init(c, error);
  if (status < 0) {
    aft__release(c->env, c, sizeof *c);
    return status;
  }
  *out = c;
  return AFT_OK;
}

static void free_conn(aft__sql_conn *c, bool finalize) {
  aft__sql_cache_done(c, finalize);
  aft__sql_rows_free(c);
  aft__release(c->env, c, sizeof *c);
}

static aft_status opened(aft__sql_conn *c, const char *call, void *native, aft_status status, aft__conn **out,
                         aft_error *error) {
  status = aft__sql_said(c, call, status, error);
  if (status == AFT_OK && !native)
    status = aft__sql_lied(c, error, "%s reported success, but made no connection", call);
  c->native = native;
  if (status < 0)
    free_conn(c, false);
  else
    *out = &c->base;
  return status;
}

static aft_status connect_with(sql_backend *b, uint32_t flags, aft__conn **out, aft_error *error) {
  aft_sql_open how = {.size = sizeof how, .dsn = b->dsn, .flags = flags, .busy_ms = b->busy_ms};
  aft__sql_conn *c;
  AFT__TRY(new_conn(b, &c, error));
  c->read_only = (flags & AFT_SQL_OPEN_READ_ONLY) != 0;
  c->query = (flags & AFT_SQL_OPEN_QUERY) != 0;
  void *native = NULL;
  aft_status status = b->driver.open(b->driver.user, &how, &native, error);
  return opened(c, "open", native, status, out, error);
}

static aft_status backend_connect(aft__backend *backend, aft__conn **out, aft_error *error) {
  sql_backend *b = (sql_backend *)backend;
  uint32_t flags = 0;
  if (b->flags & AFT_STORE_CREATE && !atomic_load(&b->found))
    flags |= AFT_SQL_OPEN_CREATE;
  if (b->flags & AFT_STORE_READ_ONLY)
    flags |= AFT_SQL_OPEN_READ_ONLY;
  if (b->flags & AFT_STORE_RELAXED)
    flags |= AFT_SQL_OPEN_RELAXED;
  aft_status status = connect_with(b, flags, out, error);
  if (status == AFT_OK)
    atomic_store(&b->found, true);
  return status;
}

static aft_status backend_query(aft__backend *backend, aft__conn **out, aft_error *error) {
  sql_backend *b = (sql_backend *)backend;
  if (!b->driver.describe || !b->driver.column_name)
    return aft__error(error, AFT_E_DRIVER, b->driver.name, "the driver cannot tell the columns of a query");
  return connect_with(b, AFT_SQL_OPEN_READ_ONLY | AFT_SQL_OPEN_QUERY, out, error);
}

static aft_status backend_attach(aft__backend *backend, void *native, aft__conn **out, aft_error *error) {
  sql_backend *b = (sql_backend *)backend;
  aft__sql_conn *c;
  if (!b->driver.attach)
    return aft__error(error, AFT_E_DRIVER, b->driver.name, "the driver cannot work on the host's connection");
  AFT__TRY(new_conn(b, &c, error));
  c->attached = true;
  void *wrapped = NULL;
  aft_status status = b->driver.attach(b->driver.user, native, &wrapped, error);
  return opened(c, "attach", wrapped, status, out, error);
}

static void backend_disconnect(aft__conn *conn) {
  aft__sql_conn *c = sql(conn);
  void *native = c->native;
  const aft_sql_driver *driver = c->driver;
  free_conn(c, true);
  driver->close(native);
}

/* The connection is another process's: its files, locks and socket stay untouched, so the driver's part of it
 * is left behind. */
static void backend_abandon(aft__conn *conn) { free_conn(sql(conn), false); }

static void backend_interrupt(aft__conn *conn) { sql(conn)->driver->interrupt(sql(conn)->native); }

/* ---- transactions ---- */

static aft_status backend_begin(aft__conn *conn, bool write, aft_error *error) {
  aft__sql_conn *c = sql(conn);
  if (c->attached)
    return aft__error(error, AFT_E_INVALID, "connection", "a transaction cannot begin inside the host's own");
  if (write && c->read_only)
    return aft__error(error, AFT_E_READ_ONLY, "store",
                      "a write was asked for, but the store is open for reading");
  c->failed = AFT_OK;
  c->depth = 0;
  return aft__sql_said(c, "begin", c->driver->begin(c->native, write, error), error);
}

static aft_status backend_commit(aft__conn *conn, aft_error *error) {
  aft__sql_conn *c = sql(conn);
  if (c->attached)
    return aft__error(error, AFT_E_INVALID, "connection", "the host's transaction is the host's to commit");
  AFT__TRY(aft__sql_usable(c, error));
  return aft__sql_broke(c, aft__sql_said(c, "commit", c->driver->commit(c->native, error), error));
}

static void backend_rollback(aft__conn *conn) {
  aft__sql_conn *c = sql(conn);
  if (!c->attached)
    c->driver->rollback(c->native);
  c->failed = AFT_OK;
  c->depth = 0;
}

static aft_status savepoint_exec(aft__sql_conn *c, const char *verb, uint32_t depth, aft_error *error) {
  char text[64];
  snprintf(text, sizeof text, "%sSAVEPOINT aft_%" PRIu32, verb, depth);
  return aft__sql_exec(c, text, error);
}

static aft_status backend_savepoint(aft__conn *conn, uint32_t depth, aft_error *error) {
  aft__sql_conn *c = sql(conn);
  if (c->attached && c->depth == 0)
    c->failed = AFT_OK; /* the host may have rolled back and begun anew */
  AFT__TRY(aft__sql_usable(c, error));
  AFT__TRY(savepoint_exec(c, "", depth, error));
  c->depth++;
  return AFT_OK;
}

static aft_status backend_release(aft__conn *conn, uint32_t depth, aft_error *error) {
  aft__sql_conn *c = sql(conn);
  AFT__TRY(aft__sql_usable(c, error));
  AFT__TRY(savepoint_exec(c, "RELEASE ", depth, error));
  c->depth -= c->depth > 0;
  return AFT_OK;
}

static aft_status backend_rollback_to(aft__conn *conn, uint32_t depth, aft_error *error) {
  aft__sql_conn *c = sql(conn);
  aft_status status = savepoint_exec(c, "ROLLBACK TO ", depth, error);
  if (status == AFT_OK)
    status = savepoint_exec(c, "RELEASE ", depth, error);
  c->depth -= c->depth > 0;
  if (status == AFT_OK)
    c->failed = AFT_OK;
  return status;
}

/* ---- single rows ---- */

static aft_status probe(aft__sql_conn *c, const aft__table *table, uint32_t index, const aft__value *row,
                        aft_id *found, aft_error *error) {
  const aft__index *ix = index == AFT__BY_ID ? NULL : &table->indexes[index];
  aft__sql_shape shape = {.table = table, .index = index, .op = AFT__SQL_PROBE};
  aft__sql_stmt *stmt;
  aft_sql_value v = {0};
  uint32_t n = 0;
  AFT__TRY(aft__sql_take(c, &shape, &stmt, error));
  aft_status status = AFT_OK;
  if (!ix)
    status = aft__sql_bind(c, stmt, &n, row[AFT__COL_ID], error);
  for (uint32_t k = 0; ix && k < ix->n && status == AFT_OK; k++)
    status = aft__sql_bind(c, stmt, &n, row[ix->columns[k]], error);
  if (status == AFT_OK)
    status = aft__sql_step(c, stmt, error);
  if (status == AFT_OK)
    status = aft__sql_column(c, stmt->handle, 0, &v, error);
  if (status == AFT_OK && v.type != AFT_SQL_INT)
    status = aft__sql_lied(c, error, "column gave an id that is no integer");
  aft__sql_give(c, stmt);
  if (status == AFT_OK)
    *found = v.number;
  return status; /* AFT_DONE when there is none */
}

/* A row enters a unique index when none of its keys is NULL and, in a partial one, its flag is 0. */
static bool enters(const aft__index *index, const aft__value *row) {
  if (!index->unique)
    return false;
  if (index->only_zero) {
    const aft__value *flag = &row[index->only_zero - 1];
    if (flag->type != AFT_SQL_INT || flag->number != 0)
      return false;
  }
  for (uint32_t k = 0; k < index->n; k++)
    if (row[index->columns[k]].type == AFT_SQL_NULL)
      return false;
  return true;
}

static aft_status stands(const aft__table *table, uint32_t index, aft_id id, aft__existing *existing,
                         aft_error *error) {
  char where[80];
  snprintf(where, sizeof where, "%s.%s", table->name,
           index == AFT__BY_ID ? "id" : table->indexes[index].name);
  if (existing)
    *existing = (aft__existing){index, id};
  return aft__error(error, AFT_E_EXISTS, where, "the record exists already as %" PRId64, id);
}

/* Which row stands in the way of this one, asked for only once one does. */
static aft_status find_existing(aft__sql_conn *c, const aft__table *table, const aft__value *row,
                                bool inserted, aft__existing *existing, aft_error *error) {
  aft_id found = 0;
  aft_status status = inserted ? probe(c, table, AFT__BY_ID, row, &found, error) : AFT_DONE;
  if (status == AFT_OK)
    return stands(table, AFT__BY_ID, found, existing, error);
  for (uint32_t i = 0; status == AFT_DONE && i < table->n_indexes; i++) {
    if (!enters(&table->indexes[i], row))
      continue;
    status = probe(c, table, i, row, &found, error);
    if (status == AFT_OK && (inserted || found != row[AFT__COL_ID].number))
      return stands(table, i, found, existing, error);
    if (status == AFT_OK)
      status = AFT_DONE;
  }
  AFT__TRY(status);
  if (c->dialect->id == AFT_SQL_SQLITE) /* whoever writes holds the lock: no row can be gone */
    return aft__sql_lied(c, error, "a write of %s found a row in its way, but there is none", table->name);
  return aft__sql_broke(c, aft__error(error, AFT_E_CONFLICT, table->name,
                                      "a row stood in the way of this one, but was gone when looked for"));
}

/* The driver's error names the check by its name in the database. */
static aft_status broken_check(const aft__sql_conn *c, const aft__table *table, aft_error *error) {
  const char *check = NULL;
  char name[160], where[80];
  for (uint32_t i = 0; error && i < table->n_checks; i++) {
    snprintf(name, sizeof name, "%s%s_%s", c->dialect->prefix, table->name, table->checks[i].name);
    if (strstr(error->message, name) && (!check || strlen(table->checks[i].name) > strlen(check)))
      check = table->checks[i].name;
  }
  int32_t native = error ? error->native : 0;
  snprintf(where, sizeof where, "%s%s%s", table->name, check ? "." : "", check ? check : "");
  aft_status status = aft__error(error, AFT_E_CHECK, where, "the row would break the check %s",
                                 check ? check : "of its table");
  if (error)
    error->native = native;
  return status;
}

static bool has_unique(const aft__table *table) {
  for (uint32_t i = 0; i < table->n_indexes; i++)
    if (table->indexes[i].unique)
      return true;
  return false;
}

/* An error is needed to name the check, also where the caller wants none. */
static aft_error *own_error(aft_error *error, aft_error *local) {
  if (error)
    return error;
  *local = (aft_error)AFT_ERROR_INIT;
  return local;
}

static aft_status backend_insert(aft__conn *conn, const aft__table *table, const aft__value *row,
                                 aft__existing *existing, aft_error *error) {
  aft__sql_conn *c = sql(conn);
  aft__sql_shape shape = {.table = table, .op = AFT__SQL_INSERT};
  aft__sql_stmt *stmt;
  aft_error local;
  uint32_t n = 0;
  int64_t changes = 0;
  error = own_error(error, &local);
  AFT__TRY(aft__sql_usable(c, error));
  AFT__TRY(aft__sql_take(c, &shape, &stmt, error));
  aft_status status = AFT_OK;
  for (uint32_t i = 0; i < table->n_columns && status == AFT_OK; i++)
    status = aft__sql_bind(c, stmt, &n, i == AFT__COL_REV ? aft__int(1) : row[i], error);
  if (status == AFT_OK)
    status = aft__sql_run(c, stmt, table->n_checks > 0, &changes, error);
  aft__sql_give(c, stmt);
  if (status == AFT_E_CHECK)
    return broken_check(c, table, error);
  if (status == AFT_E_EXISTS || (status == AFT_OK && changes == 0))
    return find_existing(c, table, row, true, existing, error);
  return status;
}

/* The same after an update: of the row only the columns of the mask are new. */
static aft_status find_rival(aft__sql_conn *c, const aft__table *table, const aft__value *row, uint64_t mask,
                             aft_error *error) {
  aft__sql_shape shape = {.table = table, .op = AFT__SQL_GET};
  aft__value merged[AFT__MOST_COLUMNS + 1];
  aft__sql_stmt *stmt;
  uint32_t n = 0;
  AFT__TRY(aft__sql_take(c, &shape, &stmt, error));
  aft_status status = aft__sql_bind(c, stmt, &n, row[AFT__COL_ID], error);
  if (status == AFT_OK)
    status = aft__sql_step(c, stmt, error);
  if (status == AFT_DONE)
    status = aft__error(error, AFT_E_CONFLICT, table->name, "the record has changed since it was read");
  else if (status == AFT_OK)
    status = aft__sql_read(c, stmt, table, merged, error);
  for (uint32_t i = 0; status == AFT_OK && i < table->n_columns; i++)
    if (mask >> i & 1)
      merged[i] = row[i];
  if (status == AFT_OK)
    status = find_existing(c, table, merged, false, NULL, error);
  aft__sql_give(c, stmt);
  return status;
}

static aft_status missed(const aft__table *table, aft_id id, aft_error *error) {
  return aft__error(error, AFT_E_CONFLICT, table->name,
                    "the record %" PRId64 " has changed since it was read", id);
}

static aft_status backend_update(aft__conn *conn, const aft__table *table, const aft__value *row,
                                 uint64_t mask, aft_error *error) {
  aft__sql_conn *c = sql(conn);
  mask &= ~(UINT64_C(1) << AFT__COL_ID | UINT64_C(1) << AFT__COL_REV);
  aft__sql_shape shape = {.table = table, .mask = mask, .op = AFT__SQL_UPDATE};
  aft__sql_stmt *stmt;
  aft_error local;
  uint32_t n = 0;
  int64_t changes = 0;
  error = own_error(error, &local);
  AFT__TRY(aft__sql_usable(c, error));
  AFT__TRY(aft__sql_take(c, &shape, &stmt, error));
  aft_status status = AFT_OK;
  for (uint32_t i = 0; i < table->n_columns && status == AFT_OK; i++)
    if (mask >> i & 1)
      status = aft__sql_bind(c, stmt, &n, row[i], error);
  for (uint32_t i = AFT__COL_ID; i <= AFT__COL_REV && status == AFT_OK; i++)
    status = aft__sql_bind(c, stmt, &n, row[i], error);
  if (status == AFT_OK)
    status = aft__sql_run(c, stmt, mask && (table->n_checks > 0 || has_unique(table)), &changes, error);
  aft__sql_give(c, stmt);
  if (status == AFT_E_CHECK)
    return broken_check(c, table, error);
  if (status == AFT_E_EXISTS)
    return find_rival(c, table, row, mask, error);
  if (status == AFT_OK && changes == 0)
    return missed(table, row[AFT__COL_ID].number, error);
  return status;
}

static aft_status backend_remove(aft__conn *conn, const aft__table *table, aft_id id, int64_t rev,
                                 aft_error *error) {
  aft__sql_conn *c = sql(conn);
  aft__sql_shape shape = {.table = table, .op = AFT__SQL_REMOVE};
  aft__sql_stmt *stmt;
  uint32_t n = 0;
  int64_t changes = 0;
  AFT__TRY(aft__sql_usable(c, error));
  AFT__TRY(aft__sql_take(c, &shape, &stmt, error));
  aft_status status = aft__sql_bind(c, stmt, &n, aft__int(id), error);
  if (status == AFT_OK)
    status = aft__sql_bind(c, stmt, &n, aft__int(rev), error);
  if (status == AFT_OK)
    status = aft__sql_run(c, stmt, false, &changes, error);
  aft__sql_give(c, stmt);
  return status == AFT_OK && changes == 0 ? missed(table, id, error) : status;
}

/* One piece of the arena: the values, then their bytes, each closed by NUL. */
static aft__value *copy_row(aft__arena *arena, const aft__value *values, uint32_t n) {
  size_t size = n * sizeof *values;
  for (uint32_t i = 0; i < n; i++)
    if (values[i].type >= AFT_SQL_TEXT)
      size += values[i].size + 1;
  aft__value *row = aft__arena_alloc(arena, size);
  if (!row)
    return NULL;
  char *bytes = (char *)(row + n);
  for (uint32_t i = 0; i < n; i++) {
    row[i] = values[i];
    if (values[i].type < AFT_SQL_TEXT)
      continue;
    if (values[i].size)
      memcpy(bytes, values[i].data, values[i].size);
    row[i].data = bytes;
    bytes[values[i].size] = '\0';
    bytes += values[i].size + 1;
  }
  return row;
}

static aft_status backend_get(aft__conn *conn, const aft__table *table, aft_id id, aft__arena *arena,
                              aft__value **row, aft_error *error) {
  aft__sql_conn *c = sql(conn);
  aft__sql_shape shape = {.table = table, .op = AFT__SQL_GET};
  aft__value values[AFT__MOST_COLUMNS + 1];
  aft__value *copy = NULL;
  aft__sql_stmt *stmt;
  uint32_t n = 0;
  AFT__TRY(aft__sql_usable(c, error));
  AFT__TRY(aft__sql_take(c, &shape, &stmt, error));
  aft_status status = aft__sql_bind(c, stmt, &n, aft__int(id), error);
  if (status == AFT_OK)
    status = aft__sql_step(c, stmt, error);
  if (status == AFT_DONE)
    status = aft__error(error, AFT_E_NOT_FOUND, table->name, "there is no record %" PRId64, id);
  else if (status == AFT_OK)
    status = aft__sql_read(c, stmt, table, values, error);
  if (status == AFT_OK && !(copy = copy_row(arena, values, table->n_columns)))
    status = aft__nomem(error);
  aft__sql_give(c, stmt);
  if (status == AFT_OK)
    *row = copy;
  return status;
}

/* ---- the backend ---- */

static void backend_free(aft__backend *backend) {
  sql_backend *b = (sql_backend *)backend;
  const aft_env *env = b->base.env;
  aft__release(env, b->dsn, b->dsn_size);
  aft__release(env, b, sizeof *b);
}

static aft_status backend_twin(const aft__backend *backend, aft_str dsn, aft__backend **out,
                               aft_error *error) {
  const sql_backend *b = (const sql_backend *)backend;
  aft__sql_options options = {.driver = &b->driver,
                              .dsn = dsn,
                              .prefix = aft__cstr(b->dialect.prefix),
                              .flags = AFT_STORE_READ_ONLY,
                              .busy_ms = b->busy_ms};
  return aft__sql_backend(b->base.env, &options, out, error);
}

static const aft__backend_ops ops = {
    .free = backend_free,
    .connect = backend_connect,
    .attach = backend_attach,
    .disconnect = backend_disconnect,
    .abandon = backend_abandon,
    .begin = backend_begin,
    .commit = backend_commit,
    .rollback = backend_rollback,
    .savepoint = backend_savepoint,
    .release = backend_release,
    .rollback_to = backend_rollback_to,
    .insert = backend_insert,
    .update = backend_update,
    .remove = backend_remove,
    .get = backend_get,
    .scan = aft__sql_scan,
    .next = aft__sql_next,
    .end = aft__sql_end,
    .interrupt = backend_interrupt,
    .backup = aft__sql_backup,
    .twin = backend_twin,
    .verify = aft__sql_verify,
    .sizes = aft__sql_sizes,
    .query = backend_query,
    .schema_read = aft__sql_schema_read,
    .migrate = aft__sql_migrate,
};

static aft_status check_driver(const aft_sql_driver *d, aft_error *error) {
  if (d->abi < AFT_SQL_ABI_LEAST || d->abi > AFT_SQL_ABI)
    return aft__error(error, AFT_E_ABI, "driver.abi",
                      "expected a driver for a contract from %d to %d, found one for %" PRIu32,
                      AFT_SQL_ABI_LEAST, AFT_SQL_ABI, d->abi);
  if (d->dialect < AFT_SQL_SQLITE || d->dialect > AFT_SQL_MYSQL)
    return aft__error(error, AFT_E_INVALID, "driver.dialect", "expected 1 to 3, found %" PRIu32, d->dialect);
  const struct {
    const char *name;
    bool given;
  } members[] = {
      {"driver.name", d->name},   {"driver.open", d->open},       {"driver.close", d->close},
      {"driver.begin", d->begin}, {"driver.commit", d->commit},   {"driver.rollback", d->rollback},
      {"driver.exec", d->exec},   {"driver.prepare", d->prepare}, {"driver.finalize", d->finalize},
      {"driver.bind", d->bind},   {"driver.step", d->step},       {"driver.column", d->column},
      {"driver.reset", d->reset}, {"driver.changes", d->changes}, {"driver.interrupt", d->interrupt},
  };
  for (size_t i = 0; i < AFT__COUNT(members); i++)
    if (!members[i].given)
      return aft__error(error, AFT_E_INVALID, members[i].name, "a driver must have it, found NULL");
  return AFT_OK;
}

/* What a driver of contract 1 has at these places is not what the library would call. */
static void forget_contract_2(aft_sql_driver *d) {
  d->backup = NULL;
  d->sizes = NULL;
  d->describe = NULL;
  d->column_name = NULL;
}

static bool starts_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

/* The prefix goes into quoted names and into one literal, so it may hold nothing that ends either. */
static aft_status set_prefix(aft__sql_dialect *d, aft_str prefix, aft_error *error) {
  prefix = aft__str(prefix.data, prefix.len);
  if (prefix.len == 0)
    prefix = aft__cstr("aft_");
  bool good = prefix.len <= AFT__SQL_PREFIX_MOST && starts_name(prefix.data[0]);
  for (size_t i = 1; good && i < prefix.len; i++)
    good = starts_name(prefix.data[i]) || (prefix.data[i] >= '0' && prefix.data[i] <= '9');
  if (good && prefix.len >= 7 && memcmp(prefix.data, "sqlite_", 7) == 0)
    good = false;
  if (!good)
    return aft__error(error, AFT_E_INVALID, "prefix",
                      "expected at most %d letters, digits and underscores that begin with no digit",
                      AFT__SQL_PREFIX_MOST);
  memcpy(d->prefix, prefix.data, prefix.len);
  return AFT_OK;
}

static aft_status copy_dsn(sql_backend *b, aft_str dsn, aft_error *error) {
  dsn = aft__str(dsn.data, dsn.len);
  if (!dsn.data || dsn.len == 0)
    return aft__error(error, AFT_E_INVALID, "dsn", "expected the name of a database, found none");
  if (dsn.len > MOST_DSN)
    return aft__error(error, AFT_E_TOO_LARGE, "dsn", "expected at most %d bytes, found %zu", MOST_DSN,
                      dsn.len);
  if (memchr(dsn.data, '\0', dsn.len))
    return aft__error(error, AFT_E_NUL_BYTE, "dsn", "the name of the database contains a NUL byte");
  b->dsn_size = dsn.len + 1;
  b->dsn = aft__alloc(b->base.env, b->dsn_size);
  if (!b->dsn)
    return aft__nomem(error);
  memcpy(b->dsn, dsn.data, dsn.len);
  b->dsn[dsn.len] = '\0';
  return AFT_OK;
}

aft_status aft__sql_backend(aft_env *env, const aft__sql_options *options, aft__backend **out,
                            aft_error *error) {
  sql_backend *b = aft__zalloc(env, sizeof *b);
  if (!b)
    return aft__nomem(error);
  b->base.ops = &ops;
  b->base.env = env;
  b->flags = options->flags;
  b->busy_ms = options->busy_ms ? options->busy_ms : 5000;
  atomic_init(&b->found, false);
  const aft_sql_driver *driver = options->driver ? options->driver : aft_sql_sqlite();
  aft_status status = aft__abi_copy(&b->driver, sizeof b->driver, driver, DRIVER_V1, "driver", error);
  if (status == AFT_OK)
    status = check_driver(&b->driver, error);
  if (status == AFT_OK && b->driver.abi < 2)
    forget_contract_2(&b->driver);
  if (status == AFT_OK)
    status = set_prefix(&b->dialect, options->prefix, error);
  if (status == AFT_OK)
    status = copy_dsn(b, options->dsn, error);
  if (status < 0) {
    backend_free(&b->base);
    return status;
  }
  b->dialect.id = b->driver.dialect;
  *out = &b->base;
  return AFT_OK;
}
