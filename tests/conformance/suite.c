/* The suite's frame: running the cases, and what each of them works with. */
#include <stdarg.h>
#include <stdlib.h>

#include "suite.h"

#define MOST_TABLES 500
#define MOST_NAME   128u

/* ---- failing ---- */

bool suite_fail(suite *s, const char *fmt, ...) {
  if (*s->message)
    return false;
  va_list args;
  va_start(args, fmt);
  vsnprintf(s->message, sizeof s->message, fmt, args);
  va_end(args);
  return false;
}

bool suite_skip(suite *s, const char *why) {
  s->skipped = true;
  snprintf(s->message, sizeof s->message, "%s", why);
  return true;
}

bool suite_is(suite *s, const char *what, aft_status found, aft_status expected) {
  if (found == expected)
    return true;
  const char *said = found < 0 ? s->error.message : "";
  return suite_fail(s, "%s: expected %s, found %s (%" PRId32 ")%s%s", what, aft_status_name(expected),
                    aft_status_name(found), found, *said ? ": " : "", said);
}

bool suite_refused(suite *s, const char *what, aft_status found) {
  return found < 0 ||
         suite_fail(s, "%s: expected a failure, found %s (%" PRId32 ")", what, aft_status_name(found), found);
}

static aft_error *fresh_error(suite *s) {
  s->error = (aft_error)AFT_ERROR_INIT;
  return &s->error;
}

/* ---- values ---- */

aft_sql_value suite_null(void) { return (aft_sql_value){AFT_SQL_NULL, 0, 0, NULL, 0}; }

aft_sql_value suite_int(int64_t number) { return (aft_sql_value){AFT_SQL_INT, 0, number, NULL, 0}; }

aft_sql_value suite_bytes(uint32_t type, const void *data, size_t size) {
  return (aft_sql_value){type, 0, 0, (const char *)data, size};
}

aft_sql_value suite_text(const char *text) { return suite_bytes(AFT_SQL_TEXT, text, strlen(text)); }

/* ---- connections ---- */

bool suite_keep(suite *s, void *conn) {
  if (!conn)
    return suite_fail(s, "expected a connection with AFT_OK, found NULL");
  if (s->n_conns == MOST_CONNS) {
    s->driver->close(conn);
    return suite_fail(s, "the case opens too many connections");
  }
  s->conns[s->n_conns++] = conn;
  return true;
}

void *suite_open(suite *s, uint32_t flags, uint32_t busy_ms) {
  aft_sql_open how = {sizeof how, s->how->dsn, flags, busy_ms};
  void *conn = NULL;
  aft_status status = s->driver->open(s->driver->user, &how, &conn, fresh_error(s));
  return suite_is(s, "open", status, AFT_OK) && suite_keep(s, conn) ? conn : NULL;
}

void suite_close(suite *s, void *conn) {
  for (uint32_t i = s->n_stmts; i-- > 0;)
    if (s->stmts[i].conn == conn)
      suite_finalize(s, s->stmts[i].stmt);
  for (uint32_t i = 0; i < s->n_conns; i++)
    if (s->conns[i] == conn) {
      s->conns[i] = s->conns[--s->n_conns];
      s->driver->close(conn);
      return;
    }
}

bool suite_begin(suite *s, void *conn, int write) {
  return suite_is(s, write ? "begin to write" : "begin to read",
                  s->driver->begin(conn, write, fresh_error(s)), AFT_OK);
}

bool suite_commit(suite *s, void *conn) {
  return suite_is(s, "commit", s->driver->commit(conn, fresh_error(s)), AFT_OK);
}

bool suite_exec(suite *s, void *conn, const char *sql) {
  return suite_is(s, sql, s->driver->exec(conn, sql, fresh_error(s)), AFT_OK);
}

/* ---- statements ---- */

void *suite_prepare(suite *s, void *conn, const char *sql) {
  char text[SQL_MAX];
  void *stmt = NULL;
  if (s->n_stmts == MOST_STMTS || !suite_sql(s->dialect, sql, text, sizeof text)) {
    suite_fail(s, "the case prepares too many statements, or one too long");
    return NULL;
  }
  if (!suite_is(s, text, s->driver->prepare(conn, text, strlen(text), &stmt, fresh_error(s)), AFT_OK))
    return NULL;
  if (!stmt) {
    suite_fail(s, "prepare: expected a statement with AFT_OK, found NULL");
    return NULL;
  }
  s->stmts[s->n_stmts].stmt = stmt;
  s->stmts[s->n_stmts++].conn = conn;
  return stmt;
}

void suite_finalize(suite *s, void *stmt) {
  for (uint32_t i = 0; i < s->n_stmts; i++)
    if (s->stmts[i].stmt == stmt) {
      s->stmts[i] = s->stmts[--s->n_stmts];
      s->driver->finalize(stmt);
      return;
    }
}

bool suite_bind(suite *s, void *stmt, uint32_t index, aft_sql_value value) {
  return suite_is(s, "bind", s->driver->bind(stmt, index, &value, fresh_error(s)), AFT_OK);
}

bool suite_step(suite *s, void *stmt, aft_status expected) {
  return suite_is(s, "step", s->driver->step(stmt, fresh_error(s)), expected);
}

bool suite_column(suite *s, void *stmt, uint32_t index, aft_sql_value *out) {
  memset(out, 0, sizeof *out);
  return suite_is(s, "column", s->driver->column(stmt, index, out, fresh_error(s)), AFT_OK);
}

static const char *type_name(uint32_t type) {
  static const char *const names[] = {"NULL", "an integer", "a text", "a blob"};
  return type < COUNT(names) ? names[type] : "no known type";
}

bool suite_holds(suite *s, void *stmt, uint32_t index, aft_sql_value expected) {
  aft_sql_value found;
  if (!suite_column(s, stmt, index, &found))
    return false;
  if (found.type != expected.type)
    return suite_fail(s, "column %" PRIu32 ": expected %s, found %s", index, type_name(expected.type),
                      type_name(found.type));
  if (found.type == AFT_SQL_INT && found.number != expected.number)
    return suite_fail(s, "column %" PRIu32 ": expected %" PRId64 ", found %" PRId64, index, expected.number,
                      found.number);
  if (found.type < AFT_SQL_TEXT)
    return true;
  if (found.size != expected.size)
    return suite_fail(s, "column %" PRIu32 ": expected %zu bytes, found %zu", index, expected.size,
                      found.size);
  if (!found.data)
    return suite_fail(s, "column %" PRIu32 ": expected a place for the bytes, found NULL", index);
  if (found.size && memcmp(found.data, expected.data, found.size) != 0)
    return suite_fail(s, "column %" PRIu32 ": the %zu bytes are others than those that went in", index,
                      found.size);
  return true;
}

bool suite_run(suite *s, void *conn, const char *sql, const int64_t *numbers, uint32_t n) {
  void *stmt = suite_prepare(s, conn, sql);
  bool good = stmt != NULL;
  for (uint32_t i = 0; good && i < n; i++)
    good = suite_bind(s, stmt, i + 1, suite_int(numbers[i]));
  good = good && suite_step(s, stmt, AFT_DONE);
  suite_finalize(s, stmt);
  return good;
}

bool suite_count(suite *s, void *conn, const char *sql, int64_t expected) {
  aft_sql_value found;
  void *stmt = suite_prepare(s, conn, sql);
  bool good = stmt && suite_step(s, stmt, AFT_OK) && suite_column(s, stmt, 0, &found);
  if (good && found.type != AFT_SQL_INT)
    good = suite_fail(s, "%s: expected an integer, found %s", sql, type_name(found.type));
  if (good && found.number != expected)
    good = suite_fail(s, "%s: expected %" PRId64 ", found %" PRId64, sql, expected, found.number);
  suite_finalize(s, stmt);
  return good;
}

bool suite_add_unit(suite *s, void *conn, int64_t id) {
  const int64_t numbers[] = {id, id};
  return suite_run(s, conn, "INSERT INTO aftc_unit (id, code, amount) VALUES (?, ?, 1)", numbers, 2);
}

bool suite_units(suite *s, void *conn, int64_t expected) {
  return suite_count(s, conn, "SELECT count(*) FROM aftc_unit", expected);
}

/* ---- tables ---- */

/* One a call, so that no statement stands on a row while a table is dropped. */
static bool drop_one(suite *s, bool *dropped) {
  char sql[SQL_MAX];
  aft_sql_value name;
  void *stmt = suite_prepare(s, s->conn, s->dialect->tables);
  if (!stmt)
    return false;
  aft_status status = s->driver->step(stmt, fresh_error(s));
  *dropped = status == AFT_OK;
  bool good = status == AFT_DONE ||
              (suite_is(s, "the names of the tables", status, AFT_OK) && suite_column(s, stmt, 0, &name));
  if (good && *dropped && (name.type != AFT_SQL_TEXT || name.size > MOST_NAME))
    good = suite_fail(s, "expected the name of a table, found no such text");
  if (good && *dropped)
    snprintf(sql, sizeof sql, "DROP TABLE %.*s", (int)name.size, name.data);
  suite_finalize(s, stmt);
  return good && (!*dropped || suite_exec(s, s->conn, sql));
}

bool suite_drop_tables(suite *s) {
  bool dropped = true, good = true;
  for (int i = 0; good && dropped && i < MOST_TABLES; i++)
    good = drop_one(s, &dropped);
  return good && (!dropped || suite_fail(s, "tables that were dropped are still there"));
}

static bool make_tables(suite *s) {
  static const char *const old[] = {"aftc_value", "aftc_unit", "aftc_made"};
  const suite_dialect *d = s->dialect;
  char drop[64], value[SQL_MAX], unit[SQL_MAX];
  for (size_t i = 0; i < COUNT(old); i++) {
    snprintf(drop, sizeof drop, "DROP TABLE IF EXISTS %s", old[i]);
    if (!suite_exec(s, s->conn, drop))
      return false;
  }
  snprintf(value, sizeof value, "CREATE TABLE aftc_value (id %s PRIMARY KEY, n %s, t %s, b %s)%s", d->integer,
           d->integer, d->text, d->blob, d->table_end);
  snprintf(unit, sizeof unit,
           "CREATE TABLE aftc_unit (id %s PRIMARY KEY, code %s, amount %s NOT NULL, CONSTRAINT "
           "aftc_unit_positive CHECK (amount >= 0))%s",
           d->integer, d->integer, d->integer, d->table_end);
  return suite_exec(s, s->conn, value) && suite_exec(s, s->conn, unit) &&
         suite_exec(s, s->conn, "CREATE UNIQUE INDEX aftc_unit_code ON aftc_unit (code)");
}

/* ---- running ---- */

static const suite_group *const groups[] = {
    &suite_declaration,  &suite_values,      &suite_statements, &suite_changes,
    &suite_transactions, &suite_constraints, &suite_errors,     &suite_connections,
    &suite_threads,      &suite_attach,      &suite_library,
};

/* The case, and its group; NULL past the last. */
static const suite_case *case_at(uint32_t index, const suite_group **group) {
  for (size_t i = 0; i < COUNT(groups); i++) {
    if (index < groups[i]->n) {
      if (group)
        *group = groups[i];
      return &groups[i]->cases[index];
    }
    index -= (uint32_t)groups[i]->n;
  }
  return NULL;
}

static bool wanted(const aft_conformance *how, const suite_case *c) {
  return !how->only || strncmp(c->name, how->only, strlen(how->only)) == 0;
}

static void clean_up(suite *s) {
  while (s->n_stmts)
    suite_finalize(s, s->stmts[s->n_stmts - 1].stmt);
  while (s->n_conns)
    suite_close(s, s->conns[s->n_conns - 1]);
  s->conn = NULL;
}

static bool prepare_case(suite *s) {
  s->conn = suite_open(s, AFT_SQL_OPEN_CREATE | AFT_SQL_OPEN_RELAXED, BUSY_MS);
  return s->conn && make_tables(s);
}

static uint32_t run_case(suite *s, const suite_case *c, bool bare) {
  s->skipped = false;
  s->message[0] = '\0';
  bool good = (bare || prepare_case(s)) && c->run(s);
  clean_up(s);
  if (!good)
    return AFT_CONFORMANCE_FAILED;
  return s->skipped ? AFT_CONFORMANCE_SKIPPED : AFT_CONFORMANCE_PASSED;
}

/* Nothing else can be tried on a driver that lacks a function. */
static bool usable(const aft_sql_driver *d) {
  return d->open && d->close && d->begin && d->commit && d->rollback && d->exec && d->prepare &&
         d->finalize && d->bind && d->step && d->column && d->reset && d->changes && d->interrupt;
}

int aft_conformance_run(const aft_conformance *how) {
  if (!how || !how->dsn || !*how->dsn || !how->report)
    return -1;
  suite *s = calloc(1, sizeof *s);
  if (!s)
    return -1;
  s->how = how;
  s->driver = how->driver ? how->driver : aft_sql_sqlite();
  s->dialect = suite_dialect_of(s->driver->dialect);
  bool can = s->dialect && usable(s->driver);
  aft_conformance_result r = {0};
  const suite_group *group;
  const suite_case *c;
  int failed = 0;
  for (uint32_t i = 0; (c = case_at(i, NULL)) != NULL; i++)
    r.total += wanted(how, c);
  for (uint32_t i = 0; (c = case_at(i, &group)) != NULL; i++) {
    if (!wanted(how, c))
      continue;
    r.number++;
    r.name = c->name;
    r.sentence = c->sentence;
    if (can || group == &suite_declaration) {
      r.outcome = run_case(s, c, group->bare);
    } else {
      suite_skip(s, "the driver lacks a function, or its dialect is unknown");
      r.outcome = AFT_CONFORMANCE_SKIPPED;
    }
    r.message = r.outcome == AFT_CONFORMANCE_PASSED ? "" : s->message;
    failed += r.outcome == AFT_CONFORMANCE_FAILED;
    how->report(how->user, &r);
  }
  s->message[0] = '\0';
  if (can && prepare_case(s))
    suite_drop_tables(s);
  clean_up(s);
  free(s);
  return r.total ? failed : -1;
}

uint32_t aft_conformance_count(void) {
  uint32_t n = 0;
  for (size_t i = 0; i < COUNT(groups); i++)
    n += (uint32_t)groups[i]->n;
  return n;
}

const char *aft_conformance_name(uint32_t index) {
  const suite_case *c = case_at(index, NULL);
  return c ? c->name : NULL;
}

const char *aft_conformance_sentence(uint32_t index) {
  const suite_case *c = case_at(index, NULL);
  return c ? c->sentence : NULL;
}
