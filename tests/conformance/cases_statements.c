/* Statements: preparing, binding, stepping, reading, resetting; and the number of rows that changed. */
#include "suite.h"

#define INSERT_VALUE "INSERT INTO aftc_value (id, n, t, b) VALUES (?, ?, ?, ?)"

/* Rows 1 to n, each with its id as number and a text that tells it. */
static bool fill(suite *s, int64_t n) {
  void *stmt = suite_prepare(s, s->conn, INSERT_VALUE);
  bool good = stmt != NULL;
  for (int64_t i = 1; good && i <= n; i++) {
    char text[32];
    snprintf(text, sizeof text, "row %" PRId64, i);
    good = suite_bind(s, stmt, 1, suite_int(i)) && suite_bind(s, stmt, 2, suite_int(i)) &&
           suite_bind(s, stmt, 3, suite_text(text)) && suite_bind(s, stmt, 4, suite_null()) &&
           suite_step(s, stmt, AFT_DONE);
    s->driver->reset(stmt);
  }
  suite_finalize(s, stmt);
  return good;
}

/* ---- preparing ---- */

static bool wrong_sql_is_refused(suite *s) {
  static const char *const texts[] = {"SELEC 1", "SELECT id FROM aftc_nowhere",
                                      "SELECT nothing FROM aftc_value"};
  for (size_t i = 0; i < COUNT(texts); i++) {
    void *stmt = NULL;
    s->error = (aft_error)AFT_ERROR_INIT;
    aft_status status = s->driver->prepare(s->conn, texts[i], strlen(texts[i]), &stmt, &s->error);
    if (status == AFT_OK && stmt) {
      status = s->driver->step(stmt, &s->error);
      s->driver->finalize(stmt);
    }
    if (status != AFT_E_STORE && status != AFT_E_INVALID)
      return suite_is(s, texts[i], status, AFT_E_STORE);
  }
  return suite_count(s, s->conn, "SELECT count(*) FROM aftc_value", 0);
}

static bool sql_has_a_size(suite *s) {
  static const char text[] = "SELECT count(*) FROM aftc_value, and then some";
  void *stmt = NULL;
  s->error = (aft_error)AFT_ERROR_INIT;
  if (!suite_is(
          s, "prepare of a text that is not closed by NUL",
          s->driver->prepare(s->conn, text, strlen("SELECT count(*) FROM aftc_value"), &stmt, &s->error),
          AFT_OK))
    return false;
  if (!stmt)
    return suite_fail(s, "prepare: expected a statement with AFT_OK, found NULL");
  aft_sql_value v = {0};
  aft_status stepped = s->driver->step(stmt, &s->error);
  aft_status read = stepped == AFT_OK ? s->driver->column(stmt, 0, &v, &s->error) : AFT_OK;
  s->driver->finalize(stmt);
  return suite_is(s, "step", stepped, AFT_OK) && suite_is(s, "column", read, AFT_OK);
}

static bool many_statements(suite *s) {
  enum {
    MANY = 300
  };
  void *stmts[MANY];
  if (!fill(s, MANY))
    return false;
  for (int i = 0; i < MANY; i++) {
    char sql[SQL_MAX];
    snprintf(sql, sizeof sql, "SELECT n FROM aftc_value WHERE id = ? AND n < %d", MANY + 1 + i);
    stmts[i] = suite_prepare(s, s->conn, sql);
    if (!stmts[i])
      return false;
  }
  for (int i = MANY; i-- > 0;)
    if (!suite_bind(s, stmts[i], 1, suite_int(i + 1)) || !suite_step(s, stmts[i], AFT_OK) ||
        !suite_holds(s, stmts[i], 0, suite_int(i + 1)) || !suite_step(s, stmts[i], AFT_DONE))
      return false;
  return true;
}

static bool same_text_twice(suite *s) {
  void *a = suite_prepare(s, s->conn, "SELECT t FROM aftc_value WHERE id = ?");
  void *b = a ? suite_prepare(s, s->conn, "SELECT t FROM aftc_value WHERE id = ?") : NULL;
  return b && fill(s, 2) && suite_bind(s, a, 1, suite_int(1)) && suite_bind(s, b, 1, suite_int(2)) &&
         suite_step(s, a, AFT_OK) && suite_step(s, b, AFT_OK) && suite_holds(s, a, 0, suite_text("row 1")) &&
         suite_holds(s, b, 0, suite_text("row 2"));
}

static bool finalize_in_any_state(suite *s) {
  void *idle = suite_prepare(s, s->conn, "SELECT id FROM aftc_value");
  void *bound = idle ? suite_prepare(s, s->conn, "SELECT id FROM aftc_value WHERE id = ?") : NULL;
  void *amid = bound ? suite_prepare(s, s->conn, "SELECT id FROM aftc_value ORDER BY id") : NULL;
  if (!amid || !fill(s, 3) || !suite_bind(s, bound, 1, suite_int(1)) || !suite_step(s, amid, AFT_OK))
    return false;
  suite_finalize(s, amid);
  suite_finalize(s, bound);
  suite_finalize(s, idle);
  return suite_count(s, s->conn, "SELECT count(*) FROM aftc_value", 3);
}

/* ---- binding ---- */

static bool unknown_type(suite *s) {
  void *stmt = suite_prepare(s, s->conn, "SELECT id FROM aftc_value WHERE id = ?");
  aft_sql_value odd = suite_bytes(4, "x", 1);
  s->error = (aft_error)AFT_ERROR_INIT;
  return stmt &&
         suite_is(s, "bind of a value of type 4", s->driver->bind(stmt, 1, &odd, &s->error), AFT_E_INVALID);
}

static bool no_such_parameter(suite *s) {
  static const uint32_t indexes[] = {0, UINT32_MAX};
  for (size_t i = 0; i < COUNT(indexes); i++) {
    void *stmt = suite_prepare(s, s->conn, "SELECT id FROM aftc_value WHERE id = ?");
    aft_sql_value v = suite_int(1);
    if (!stmt || !suite_bind(s, stmt, 1, v))
      return false;
    aft_status status = s->driver->bind(stmt, indexes[i], &v, &s->error);
    if (status >= 0)
      status = s->driver->step(stmt, &s->error);
    if (!suite_refused(s, "a value for a parameter that the statement lacks", status))
      return false;
    suite_finalize(s, stmt);
  }
  return true;
}

static bool last_bind_counts(suite *s) {
  void *stmt = suite_prepare(s, s->conn, "SELECT t FROM aftc_value WHERE id = ?");
  return stmt && fill(s, 2) && suite_bind(s, stmt, 1, suite_int(1)) && suite_bind(s, stmt, 1, suite_null()) &&
         suite_bind(s, stmt, 1, suite_int(2)) && suite_step(s, stmt, AFT_OK) &&
         suite_holds(s, stmt, 0, suite_text("row 2"));
}

/* A step with a parameter that has no value either fails or takes it as NULL. */
static bool null_or_refused(suite *s, void *stmt, int64_t id) {
  char sql[SQL_MAX];
  s->error = (aft_error)AFT_ERROR_INIT;
  aft_status status = s->driver->step(stmt, &s->error);
  s->driver->reset(stmt);
  if (status < 0)
    return true;
  snprintf(sql, sizeof sql,
           "SELECT count(*) FROM aftc_value WHERE id = %" PRId64 " AND n IS NULL AND t IS NULL AND b IS NULL",
           id);
  return suite_is(s, "step", status, AFT_DONE) && suite_count(s, s->conn, sql, 1);
}

static bool never_bound_is_null(suite *s) {
  void *stmt = suite_prepare(s, s->conn, INSERT_VALUE);
  return stmt && suite_bind(s, stmt, 1, suite_int(1)) && null_or_refused(s, stmt, 1);
}

static bool bytes_are_the_callers_after_reset(suite *s) {
  char bytes[] = "first";
  void *stmt = suite_prepare(s, s->conn, INSERT_VALUE);
  void *read = stmt ? suite_prepare(s, s->conn, "SELECT t FROM aftc_value WHERE id = ?") : NULL;
  if (!read || !suite_bind(s, stmt, 1, suite_int(1)) || !suite_bind(s, stmt, 2, suite_null()) ||
      !suite_bind(s, stmt, 3, suite_text(bytes)) || !suite_bind(s, stmt, 4, suite_null()) ||
      !suite_step(s, stmt, AFT_DONE))
    return false;
  s->driver->reset(stmt);
  memcpy(bytes, "other", sizeof bytes);
  return suite_bind(s, read, 1, suite_int(1)) && suite_step(s, read, AFT_OK) &&
         suite_holds(s, read, 0, suite_text("first"));
}

/* The struct of a value is the call's alone; only its bytes are lent for longer. */
static bool value_struct_is_the_calls(suite *s) {
  void *stmt = suite_prepare(s, s->conn, "SELECT t FROM aftc_value WHERE id = ?");
  aft_sql_value v = suite_int(2);
  if (!stmt || !fill(s, 3) || !suite_is(s, "bind", s->driver->bind(stmt, 1, &v, &s->error), AFT_OK))
    return false;
  v = suite_int(3);
  return suite_step(s, stmt, AFT_OK) && suite_holds(s, stmt, 0, suite_text("row 2"));
}

/* ---- stepping and resetting ---- */

static bool each_row_once(suite *s) {
  void *stmt = suite_prepare(s, s->conn, "SELECT id, t FROM aftc_value WHERE id > ? ORDER BY id");
  if (!stmt || !fill(s, 50) || !suite_bind(s, stmt, 1, suite_int(10)))
    return false;
  for (int64_t i = 11; i <= 50; i++)
    if (!suite_step(s, stmt, AFT_OK) || !suite_holds(s, stmt, 0, suite_int(i)))
      return false;
  return suite_step(s, stmt, AFT_DONE);
}

static bool done_at_once(suite *s) {
  void *none = suite_prepare(s, s->conn, "SELECT id FROM aftc_value WHERE id = ?");
  void *write = none ? suite_prepare(s, s->conn, "UPDATE aftc_value SET n = ? WHERE id = ?") : NULL;
  return write && suite_bind(s, none, 1, suite_int(99)) && suite_step(s, none, AFT_DONE) &&
         suite_bind(s, write, 1, suite_int(1)) && suite_bind(s, write, 2, suite_int(99)) &&
         suite_step(s, write, AFT_DONE);
}

static bool steps_interleave(suite *s) {
  void *a = suite_prepare(s, s->conn, "SELECT id FROM aftc_value ORDER BY id");
  void *b = a ? suite_prepare(s, s->conn, "SELECT id FROM aftc_value ORDER BY id DESC") : NULL;
  if (!b || !fill(s, 20))
    return false;
  for (int64_t i = 1; i <= 20; i++)
    if (!suite_step(s, a, AFT_OK) || !suite_step(s, b, AFT_OK) || !suite_holds(s, a, 0, suite_int(i)) ||
        !suite_holds(s, b, 0, suite_int(21 - i)))
      return false;
  return suite_step(s, a, AFT_DONE) && suite_step(s, b, AFT_DONE);
}

static bool reset_begins_anew(suite *s) {
  void *stmt = suite_prepare(s, s->conn, "SELECT t FROM aftc_value WHERE id >= ? ORDER BY id");
  bool good = stmt && fill(s, 3);
  if (good)
    s->driver->reset(stmt); /* never run */
  for (int64_t i = 1; good && i <= 3; i++) {
    char text[32];
    snprintf(text, sizeof text, "row %" PRId64, i);
    good = suite_bind(s, stmt, 1, suite_int(i)) && suite_step(s, stmt, AFT_OK) &&
           suite_holds(s, stmt, 0, suite_text(text));
    s->driver->reset(stmt); /* amid its rows, but for the last */
    s->driver->reset(stmt);
  }
  return good;
}

static bool reset_forgets(suite *s) {
  void *stmt = suite_prepare(s, s->conn, INSERT_VALUE);
  if (!stmt || !suite_bind(s, stmt, 1, suite_int(1)) || !suite_bind(s, stmt, 2, suite_int(7)) ||
      !suite_bind(s, stmt, 3, suite_text("kept?")) ||
      !suite_bind(s, stmt, 4, suite_bytes(AFT_SQL_BLOB, "b", 1)) || !suite_step(s, stmt, AFT_DONE))
    return false;
  s->driver->reset(stmt);
  return suite_bind(s, stmt, 1, suite_int(2)) && null_or_refused(s, stmt, 2);
}

static bool used_after_a_failure(suite *s) {
  void *stmt = suite_prepare(s, s->conn, "INSERT INTO aftc_unit (id, code, amount) VALUES (?, ?, ?)");
  if (!stmt || !suite_add_unit(s, s->conn, 1) || !suite_bind(s, stmt, 1, suite_int(1)) ||
      !suite_bind(s, stmt, 2, suite_int(9)) || !suite_bind(s, stmt, 3, suite_int(1)) ||
      !suite_step(s, stmt, AFT_E_EXISTS))
    return false;
  s->driver->reset(stmt);
  return suite_bind(s, stmt, 1, suite_int(2)) && suite_bind(s, stmt, 2, suite_int(9)) &&
         suite_bind(s, stmt, 3, suite_int(1)) && suite_step(s, stmt, AFT_DONE) && suite_units(s, s->conn, 2);
}

static bool outlives_transactions(suite *s) {
  void *stmt = suite_prepare(s, s->conn, "SELECT count(*) FROM aftc_value");
  for (int64_t i = 0; stmt && i < 4; i++) {
    if (!suite_begin(s, s->conn, 0) || !suite_step(s, stmt, AFT_OK) || !suite_holds(s, stmt, 0, suite_int(0)))
      return false;
    s->driver->reset(stmt);
    if (i % 2)
      s->driver->rollback(s->conn);
    else if (!suite_commit(s, s->conn))
      return false;
  }
  return stmt != NULL;
}

/* ---- columns ---- */

static bool no_such_column(suite *s) {
  aft_sql_value v;
  void *stmt = suite_prepare(s, s->conn, "SELECT id, t FROM aftc_value");
  if (!stmt || !fill(s, 1))
    return false;
  s->error = (aft_error)AFT_ERROR_INIT;
  return suite_is(s, "column before a step", s->driver->column(stmt, 0, &v, &s->error), AFT_E_INVALID) &&
         suite_step(s, stmt, AFT_OK) &&
         suite_is(s, "column 2 of 2", s->driver->column(stmt, 2, &v, &s->error), AFT_E_INVALID) &&
         suite_is(s, "column 4294967295", s->driver->column(stmt, UINT32_MAX, &v, &s->error),
                  AFT_E_INVALID) &&
         suite_holds(s, stmt, 1, suite_text("row 1"));
}

static bool bytes_stay_until_the_next_step(suite *s) {
  aft_sql_value first, second;
  void *stmt = suite_prepare(s, s->conn, "SELECT t, n, t FROM aftc_value ORDER BY id");
  if (!stmt || !fill(s, 5) || !suite_step(s, stmt, AFT_OK) || !suite_column(s, stmt, 0, &first) ||
      !suite_column(s, stmt, 2, &second) || !suite_holds(s, stmt, 1, suite_int(1)) ||
      !suite_count(s, s->conn, "SELECT count(*) FROM aftc_value", 5) ||
      !suite_exec(s, s->conn, "UPDATE aftc_unit SET amount = 2"))
    return false;
  if (first.size != 5 || second.size != 5 || memcmp(first.data, "row 1", 5) != 0 ||
      memcmp(second.data, "row 1", 5) != 0)
    return suite_fail(s, "the bytes of a column changed while another statement ran");
  return suite_step(s, stmt, AFT_OK) && suite_holds(s, stmt, 0, suite_text("row 2"));
}

static const suite_case statements[] = {
    {"prepare.wrong", "text that the engine does not understand fails, at prepare or at the first step",
     wrong_sql_is_refused},
    {"prepare.size", "a statement is as long as its size says", sql_has_a_size},
    {"prepare.many", "a connection holds 256 statements and more", many_statements},
    {"prepare.twice", "two statements of one text are independent", same_text_twice},
    {"finalize.any_state", "a statement is freed in any state", finalize_in_any_state},
    {"bind.type", "an unknown type gives AFT_E_INVALID", unknown_type},
    {"bind.index", "index 0, or one beyond what any statement has, fails at bind or at step",
     no_such_parameter},
    {"bind.last", "the last value that is bound counts", last_bind_counts},
    {"bind.never", "a parameter that was never bound is NULL, or the step fails", never_bound_is_null},
    {"bind.bytes", "the bytes that were bound are the caller's again after reset",
     bytes_are_the_callers_after_reset},
    {"bind.struct", "the value's struct is read during bind alone", value_struct_is_the_calls},
    {"step.rows", "each row comes once, and AFT_DONE after the last", each_row_once},
    {"step.none", "a statement without rows gives AFT_DONE at once", done_at_once},
    {"step.interleaved", "other statements may run between two steps", steps_interleave},
    {"reset.any_state", "reset ends what runs, in any state, and the statement runs anew", reset_begins_anew},
    {"reset.forgets", "reset forgets every value: no later step sees an old one", reset_forgets},
    {"reset.failed", "a statement that failed is used again after reset", used_after_a_failure},
    {"statement.lives", "a statement is used after commit and rollback", outlives_transactions},
    {"column.index", "a column that is not there, or no row, gives AFT_E_INVALID", no_such_column},
    {"column.lifetime", "the bytes of a column stay until the statement's next step",
     bytes_stay_until_the_next_step},
};
const suite_group suite_statements = {statements, COUNT(statements), false};

/* ---- changes ---- */

static bool changed(suite *s, const char *sql, int64_t a, int64_t b, int64_t expected) {
  const int64_t numbers[] = {a, b};
  uint32_t n = 0;
  for (const char *p = sql; *p; p++)
    n += *p == '?';
  void *stmt = suite_prepare(s, s->conn, sql);
  bool good = stmt != NULL;
  for (uint32_t i = 0; good && i < n; i++)
    good = suite_bind(s, stmt, i + 1, suite_int(numbers[i]));
  good = good && suite_step(s, stmt, AFT_DONE);
  int64_t found = good ? s->driver->changes(s->conn) : 0;
  suite_finalize(s, stmt);
  return good && (found == expected || suite_fail(s, "changes after %s: expected %" PRId64 ", found %" PRId64,
                                                  sql, expected, found));
}

static bool insert_counts(suite *s) {
  return changed(s, "INSERT INTO aftc_unit (id, code, amount) VALUES (?, ?, 1)", 1, 1, 1);
}

static bool skipped_counts_0(suite *s) {
  if (!s->dialect->skip)
    return suite_skip(s, "the library skips no duplicates in this dialect");
  return changed(s, s->dialect->skip, 1, 1, 1) && changed(s, s->dialect->skip, 1, 2, 0) &&
         changed(s, s->dialect->skip, 2, 1, 0) && changed(s, s->dialect->skip, 2, 2, 1);
}

static bool update_counts_what_it_found(suite *s) {
  static const char update[] = "UPDATE aftc_unit SET amount = 5 WHERE id >= ? AND id <= ?";
  return suite_add_unit(s, s->conn, 1) && suite_add_unit(s, s->conn, 2) && suite_add_unit(s, s->conn, 3) &&
         changed(s, update, 2, 2, 1) && changed(s, update, 2, 2, 1) && changed(s, update, 1, 3, 3);
}

static bool nothing_found_counts_0(suite *s) {
  return suite_add_unit(s, s->conn, 1) &&
         changed(s, "UPDATE aftc_unit SET amount = 5 WHERE id = ? AND code = ?", 1, 9, 0) &&
         changed(s, "DELETE FROM aftc_unit WHERE id = ?", 9, 0, 0);
}

static bool delete_counts(suite *s) {
  return suite_add_unit(s, s->conn, 1) && suite_add_unit(s, s->conn, 2) && suite_add_unit(s, s->conn, 3) &&
         changed(s, "DELETE FROM aftc_unit WHERE id = ?", 2, 0, 1) &&
         changed(s, "DELETE FROM aftc_unit WHERE id > ?", 0, 0, 2);
}

static bool each_connection_counts_alone(suite *s) {
  void *other = suite_open(s, AFT_SQL_OPEN_RELAXED, BUSY_MS);
  void *stmt = other ? suite_prepare(s, other, "UPDATE aftc_unit SET amount = 2") : NULL;
  if (!stmt || !suite_add_unit(s, s->conn, 1) || !suite_add_unit(s, s->conn, 2) ||
      !suite_step(s, stmt, AFT_DONE))
    return false;
  int64_t theirs = s->driver->changes(other);
  suite_finalize(s, stmt);
  if (theirs != 2)
    return suite_fail(s, "changes of an update of two rows: expected 2, found %" PRId64, theirs);
  return changed(s, "DELETE FROM aftc_unit WHERE id = ?", 1, 0, 1);
}

static const suite_case changes[] = {
    {"changes.insert", "an INSERT of a row counts 1", insert_counts},
    {"changes.skipped", "an INSERT that ON CONFLICT DO NOTHING skipped counts 0", skipped_counts_0},
    {"changes.update", "an UPDATE counts the rows that it found, also where their values stay the same",
     update_counts_what_it_found},
    {"changes.none", "an UPDATE or DELETE that finds no row counts 0", nothing_found_counts_0},
    {"changes.delete", "a DELETE counts the rows that it removed", delete_counts},
    {"changes.connection", "changes are those of the connection alone", each_connection_counts_alone},
};
const suite_group suite_changes = {changes, COUNT(changes), false};
