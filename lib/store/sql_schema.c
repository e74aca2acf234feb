/* The stored schema's version, and migration to this library's, of the SQL backend. */
#include <inttypes.h>

#include "store/sql_priv.h"

typedef struct versions {
  uint32_t schema, reader, writer;
} versions;

/* A statement of the schema, prepared for once. */
static aft_status prepare(aft__sql_conn *c, aft__buf *sql, void **stmt, aft_error *error) {
  return sql->failed ? aft__nomem(error) : aft__sql_prepare(c, sql->data, sql->len, stmt, error);
}

static aft_status meta_exists(aft__sql_conn *c, bool *exists, aft_error *error) {
  aft__buf sql;
  void *stmt;
  aft__buf_init(&sql, c->env);
  aft__sql_meta_exists(c->dialect, &sql);
  aft_status status = prepare(c, &sql, &stmt, error);
  if (status == AFT_OK) {
    status = aft__sql_step_handle(c, stmt, error);
    c->driver->finalize(stmt);
  }
  aft__buf_done(&sql);
  AFT__TRY(status);
  *exists = status == AFT_OK;
  return AFT_OK;
}

static aft_status damaged(aft_error *error, const char *found) {
  return aft__error(error, AFT_E_CORRUPT, "meta", "expected one row with the version of the tables, found %s",
                    found);
}

static aft_status read_versions(aft__sql_conn *c, void *stmt, versions *out, aft_error *error) {
  uint32_t numbers[3];
  aft_status status = aft__sql_step_handle(c, stmt, error);
  if (status == AFT_DONE)
    return damaged(error, "none");
  if (status == AFT_E_STORE) /* a driver may look at the text of a statement only as it runs */
    return damaged(error, "a table of another kind");
  AFT__TRY(status);
  for (uint32_t i = 0; i < 3; i++) {
    aft_sql_value v;
    AFT__TRY(aft__sql_column(c, stmt, i, &v, error));
    if (v.type != AFT_SQL_INT || v.number < (i == 0) || v.number > UINT32_MAX)
      return damaged(error, "one that is out of range");
    numbers[i] = (uint32_t)v.number;
  }
  status = aft__sql_step_handle(c, stmt, error);
  AFT__TRY(status);
  if (status == AFT_OK)
    return damaged(error, "more");
  *out = (versions){numbers[0], numbers[1], numbers[2]};
  return AFT_OK;
}

static aft_status read_meta(aft__sql_conn *c, versions *out, aft_error *error) {
  aft__buf sql;
  void *stmt;
  bool exists = false;
  AFT__TRY(meta_exists(c, &exists, error));
  if (!exists) {
    *out = (versions){0};
    return AFT_OK;
  }
  aft__buf_init(&sql, c->env);
  aft__sql_meta_read(c->dialect, &sql);
  aft_status status = prepare(c, &sql, &stmt, error);
  aft__buf_done(&sql);
  if (status == AFT_E_STORE) /* the table is there, but not its columns */
    return damaged(error, "a table of another kind");
  AFT__TRY(status);
  status = read_versions(c, stmt, out, error);
  c->driver->finalize(stmt);
  return status;
}

aft_status aft__sql_schema_read(aft__conn *conn, uint32_t *version, uint32_t *reader, uint32_t *writer,
                                aft_error *error) {
  versions v;
  AFT__TRY(read_meta((aft__sql_conn *)conn, &v, error));
  *version = v.schema;
  *reader = v.reader;
  *writer = v.writer;
  return AFT_OK;
}

/* ---- migration ---- */

typedef struct migration {
  aft__sql_conn *c;
  aft__buf sql;
  uint32_t from; /* the stored version; 0 for none */
  uint32_t to;   /* the schema's */
} migration;

/* Versions begin at 1. What comes later than the schema is not of it: the store's own tables may. */
static bool is_new(const migration *m, uint16_t since) {
  return (since ? since : 1u) > m->from && since <= m->to;
}

static aft_status run(migration *m, aft_error *error) {
  if (m->sql.failed)
    return aft__nomem(error);
  aft__buf_char(&m->sql, '\0');
  if (m->sql.failed)
    return aft__nomem(error);
  aft_status status = m->sql.len > 1 ? aft__sql_exec(m->c, m->sql.data, error) : AFT_OK;
  aft__buf_clear(&m->sql);
  return status;
}

static aft_status create_index(migration *m, const aft__table *table, uint32_t i, aft_error *error) {
  aft__sql_add_zero_column(m->c->dialect, table, i, &m->sql);
  AFT__TRY(run(m, error));
  aft__sql_create_index(m->c->dialect, table, i, &m->sql);
  return run(m, error);
}

static aft_status add_column(migration *m, const aft__table *table, uint32_t i, aft_error *error) {
  if (table->columns[i].required)
    return aft__error(error, AFT_E_INTERNAL, table->columns[i].name,
                      "a column that came after its table cannot be required");
  aft__sql_add_column(m->c->dialect, table, i, &m->sql);
  AFT__TRY(run(m, error));
  for (uint32_t k = 0; m->c->dialect->id != AFT_SQL_SQLITE && k < table->n_checks; k++) {
    if (aft__sql_check_column(table, &table->checks[k]) != i)
      continue;
    aft__sql_add_check(m->c->dialect, table, k, &m->sql);
    AFT__TRY(run(m, error));
  }
  return AFT_OK;
}

static aft_status bring_table(migration *m, const aft__table *table, aft_error *error) {
  bool whole = is_new(m, table->since);
  if (table->since > m->to)
    return AFT_OK;
  if (whole) {
    aft__sql_create_table(m->c->dialect, table, &m->sql);
    AFT__TRY(run(m, error));
  }
  for (uint32_t i = 0; !whole && i < table->n_columns; i++)
    if (is_new(m, table->columns[i].since))
      AFT__TRY(add_column(m, table, i, error));
  for (uint32_t i = 0; i < table->n_indexes; i++)
    if (table->indexes[i].since <= m->to && (whole || is_new(m, table->indexes[i].since)))
      AFT__TRY(create_index(m, table, i, error));
  return AFT_OK;
}

static aft_status bring_all(migration *m, const aft__schema *schema, aft_error *error) {
  if (m->from == 0) {
    aft__sql_meta_create(m->c->dialect, &m->sql);
    AFT__TRY(run(m, error));
  }
  for (uint32_t i = 0; i < aft__store_table_count; i++)
    AFT__TRY(bring_table(m, aft__store_tables[i], error));
  for (uint32_t i = 0; i < schema->n_tables; i++)
    AFT__TRY(bring_table(m, schema->tables[i], error));
  aft__sql_meta_write(m->c->dialect, schema, m->from == 0, &m->sql);
  return run(m, error);
}

/* BEGIN IMMEDIATE has the lock already in SQLite. The other engines are asked for one of the prefix. In
 * PostgreSQL what another migration did before the lock was given must be seen after it, whatever the
 * driver's isolation. */
static aft_status lock(migration *m, bool take, aft_error *error) {
  const char *prefix = m->c->dialect->prefix;
  if (m->c->dialect->id == AFT_SQL_POSTGRESQL && take) {
    aft__buf_puts(&m->sql, "SET TRANSACTION ISOLATION LEVEL READ COMMITTED");
    AFT__TRY(run(m, error));
    aft__buf_printf(&m->sql, "DO $aft$ BEGIN PERFORM pg_advisory_xact_lock(hashtext('%smeta')); END $aft$",
                    prefix);
  } else if (m->c->dialect->id == AFT_SQL_MYSQL)
    aft__buf_printf(&m->sql, take ? "DO get_lock('%smeta', 60)" : "DO release_lock('%smeta')", prefix);
  return run(m, error);
}

static aft_status migrate_locked(migration *m, const aft__schema *schema, aft_error *error) {
  versions stored;
  AFT__TRY(read_meta(m->c, &stored, error));
  if (stored.schema > schema->version)
    return aft__error(error, AFT_E_SCHEMA_NEWER, "meta",
                      "expected at most version %" PRIu32 ", found %" PRIu32, schema->version, stored.schema);
  m->from = stored.schema;
  m->to = schema->version;
  return stored.schema == schema->version ? AFT_OK : bring_all(m, schema, error);
}

aft_status aft__sql_migrate(aft__conn *conn, const aft__schema *schema, aft_error *error) {
  migration m = {.c = (aft__sql_conn *)conn};
  const aft_sql_driver *driver = m.c->driver;
  if (m.c->attached)
    return aft__error(error, AFT_E_INVALID, "connection",
                      "tables are not migrated inside the host's transaction");
  if (m.c->read_only)
    return aft__error(error, AFT_E_READ_ONLY, "store",
                      "tables cannot be migrated, the store is open for reading");
  if (schema->version == 0)
    return aft__error(error, AFT_E_INTERNAL, "schema", "versions begin at 1");
  AFT__TRY(aft__sql_said(m.c, "begin", driver->begin(m.c->native, 1, error), error));
  aft__buf_init(&m.sql, m.c->env);
  aft_status status = lock(&m, true, error);
  if (status == AFT_OK)
    status = migrate_locked(&m, schema, error);
  if (status == AFT_OK)
    status = aft__sql_said(m.c, "commit", driver->commit(m.c->native, error), error);
  if (status < 0)
    driver->rollback(m.c->native);
  m.c->failed = AFT_OK;
  aft__buf_clear(&m.sql);
  if (m.c->dialect->id == AFT_SQL_MYSQL)
    lock(&m, false, NULL);
  aft__buf_done(&m.sql);
  return status;
}
