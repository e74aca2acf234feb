/* What those who run a SQL store ask of its engine: copies, whether a database is whole, how large it is. */
#include "store/sql_priv.h"

aft_status aft__sql_backup(aft__conn *conn, const aft_sql_backup *how, aft_error *error) {
  aft__sql_conn *c = (aft__sql_conn *)conn;
  if (!c->driver->backup)
    return aft__error(error, AFT_E_DRIVER, c->driver->name,
                      "the driver makes no copies: use the engine's own tool, such as pg_dump or mysqldump");
  return aft__sql_broke(c, c->driver->backup(c->native, how, error));
}

/* The first row is "ok", or says what is wrong. */
static aft_status read_verdict(aft__sql_conn *c, void *stmt, aft_error *error) {
  aft_sql_value v;
  aft_status status = aft__sql_step_handle(c, stmt, error);
  AFT__TRY(status);
  if (status == AFT_DONE)
    return aft__error(error, AFT_E_CORRUPT, c->driver->name, "the check of the database said nothing");
  AFT__TRY(aft__sql_column(c, stmt, 0, &v, error));
  if (v.type == AFT_SQL_TEXT && aft__str_eq(aft__value_str(&v), aft__cstr("ok")))
    return AFT_OK;
  int n = v.type == AFT_SQL_TEXT ? (int)(v.size < 200 ? v.size : 200) : 0;
  return aft__error(error, AFT_E_CORRUPT, c->driver->name, "the database is damaged: %.*s", n,
                    n ? v.data : "");
}

/* Other engines look after their files by themselves. */
aft_status aft__sql_verify(aft__conn *conn, aft_error *error) {
  static const char sql[] = "PRAGMA integrity_check(1)";
  aft__sql_conn *c = (aft__sql_conn *)conn;
  void *stmt;
  if (c->dialect->id != AFT_SQL_SQLITE)
    return AFT_OK;
  AFT__TRY(aft__sql_prepare(c, sql, sizeof sql - 1, &stmt, error));
  aft_status status = read_verdict(c, stmt, error);
  c->driver->finalize(stmt);
  return status;
}

aft_status aft__sql_sizes(aft__conn *conn, aft_sql_sizes *out, aft_error *error) {
  aft__sql_conn *c = (aft__sql_conn *)conn;
  *out = (aft_sql_sizes){.size = sizeof *out, .database = -1, .free = -1, .log = -1};
  if (!c->driver->sizes)
    return AFT_OK;
  return aft__sql_broke(c, aft__sql_said(c, "sizes", c->driver->sizes(c->native, out, error), error));
}
