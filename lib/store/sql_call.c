/* Calls of a driver: what it returns is held against the contract of aftersales/sys/sql.h. */
#include <inttypes.h>

#include "store/sql_priv.h"

/* ---- what broke the transaction ---- */

aft_status aft__sql_usable(const aft__sql_conn *c, aft_error *error) {
  if (c->failed >= 0)
    return AFT_OK;
  return aft__error(error, c->failed, "transaction", "an earlier failure broke the transaction: %s",
                    aft_status_text(c->failed));
}

aft_status aft__sql_broke(aft__sql_conn *c, aft_status status) {
  if (status < 0)
    c->failed = status;
  return status;
}

aft_status aft__sql_lied(aft__sql_conn *c, aft_error *error, const char *fmt, ...) {
  char text[sizeof error->message];
  va_list args;
  va_start(args, fmt);
  aft__vformat(text, sizeof text, fmt, args);
  va_end(args);
  return aft__sql_broke(c, aft__error(error, AFT_E_DRIVER, c->driver->name, "%s", text));
}

/* ---- statuses ---- */

/* The failures that a driver may report. Two belong to one call alone. */
static bool may_fail_so(const char *call, aft_status status) {
  switch (status) {
  case AFT_E_INVALID:
  case AFT_E_TOO_LARGE:
  case AFT_E_INTERRUPTED:
  case AFT_E_EXISTS:
  case AFT_E_CONFLICT:
  case AFT_E_CHECK:
  case AFT_E_CORRUPT:
  case AFT_E_STORE:
  case AFT_E_LOCKED:
  case AFT_E_READ_ONLY:
  case AFT_E_FULL:
  case AFT_E_LOST:
  case AFT_E_IO:
  case AFT_E_NOMEM:
    return true;
  case AFT_E_NOT_FOUND:
    return strcmp(call, "open") == 0;
  case AFT_E_UNKNOWN:
    return strcmp(call, "commit") == 0;
  case AFT_E_DRIVER:
    return strcmp(call, "attach") == 0;
  default:
    return false;
  }
}

aft_status aft__sql_said(aft__sql_conn *c, const char *call, aft_status status, aft_error *error) {
  if (status == AFT_OK || may_fail_so(call, status))
    return status;
  return aft__sql_lied(c, error, "%s returned %" PRId32 ", which is no status that it may return", call,
                       status);
}

/* ---- calls ---- */

aft_status aft__sql_exec(aft__sql_conn *c, const char *sql, aft_error *error) {
  return aft__sql_broke(c, aft__sql_said(c, "exec", c->driver->exec(c->native, sql, error), error));
}

aft_status aft__sql_prepare(aft__sql_conn *c, const char *sql, size_t size, void **handle, aft_error *error) {
  void *made = NULL;
  aft_status status = c->driver->prepare(c->native, sql, size, &made, error);
  AFT__TRY(aft__sql_broke(c, aft__sql_said(c, "prepare", status, error)));
  if (!made)
    return aft__sql_lied(c, error, "prepare reported success, but made no statement");
  *handle = made;
  return AFT_OK;
}

aft_status aft__sql_step_handle(aft__sql_conn *c, void *handle, aft_error *error) {
  aft_status status = c->driver->step(handle, error);
  return status == AFT_DONE ? AFT_DONE : aft__sql_said(c, "step", status, error);
}

aft_status aft__sql_column(aft__sql_conn *c, void *handle, uint32_t i, aft_sql_value *v, aft_error *error) {
  aft_sql_value read = {0};
  aft_status status = c->driver->column(handle, i, &read, error);
  AFT__TRY(aft__sql_broke(c, aft__sql_said(c, "column", status, error)));
  uint32_t most = c->query ? AFT_SQL_REAL : AFT_SQL_BLOB;
  if (read.type > most)
    return aft__sql_lied(c, error, "column gave a value of type %" PRIu32 "; there are 0 to %" PRIu32,
                         read.type, most);
  if (read.type >= AFT_SQL_TEXT && read.size > AFT_SQL_VALUE_MOST)
    return aft__sql_lied(c, error, "column gave a value of %zu bytes; %d are the most", read.size,
                         AFT_SQL_VALUE_MOST);
  if (read.type >= AFT_SQL_TEXT && !read.data)
    return aft__sql_lied(c, error, "column gave a text or blob of %zu bytes at no place", read.size);
  *v = read;
  return AFT_OK;
}
