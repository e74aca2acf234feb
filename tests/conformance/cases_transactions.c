/* Transactions, savepoints and constraints. */
#include "suite.h"

/* ---- transactions ---- */

static bool commit_keeps(suite *s) {
  void *other = suite_open(s, AFT_SQL_OPEN_RELAXED, BUSY_MS);
  return other && suite_begin(s, s->conn, 1) && suite_add_unit(s, s->conn, 1) &&
         suite_add_unit(s, s->conn, 2) && suite_commit(s, s->conn) && suite_units(s, other, 2);
}

static bool commit_outlives_the_connection(suite *s) {
  void *first = suite_open(s, 0, BUSY_MS);
  if (!first || !suite_begin(s, first, 1) || !suite_add_unit(s, first, 1) || !suite_commit(s, first))
    return false;
  suite_close(s, first);
  void *second = suite_open(s, 0, BUSY_MS);
  return second && suite_units(s, second, 1);
}

static bool rollback_undoes(suite *s) {
  if (!suite_add_unit(s, s->conn, 1) || !suite_begin(s, s->conn, 1) || !suite_add_unit(s, s->conn, 2) ||
      !suite_exec(s, s->conn, "UPDATE aftc_unit SET amount = 9") || !suite_units(s, s->conn, 2))
    return false;
  s->driver->rollback(s->conn);
  return suite_units(s, s->conn, 1) &&
         suite_count(s, s->conn, "SELECT count(*) FROM aftc_unit WHERE amount = 1", 1) &&
         suite_begin(s, s->conn, 1) && suite_commit(s, s->conn);
}

static bool rollback_without(suite *s) {
  s->driver->rollback(s->conn);
  if (!suite_begin(s, s->conn, 1) || !suite_add_unit(s, s->conn, 1) || !suite_commit(s, s->conn))
    return false;
  s->driver->rollback(s->conn);
  s->driver->rollback(s->conn);
  return suite_units(s, s->conn, 1);
}

static bool close_rolls_back(suite *s) {
  void *other = suite_open(s, AFT_SQL_OPEN_RELAXED, BUSY_MS);
  if (!other || !suite_begin(s, other, 1) || !suite_add_unit(s, other, 1))
    return false;
  suite_close(s, other);
  return suite_units(s, s->conn, 0) && suite_begin(s, s->conn, 1) && suite_add_unit(s, s->conn, 1) &&
         suite_commit(s, s->conn);
}

static bool statements_commit_alone(suite *s) {
  void *other = suite_open(s, AFT_SQL_OPEN_RELAXED, BUSY_MS);
  return other && suite_add_unit(s, s->conn, 1) && suite_units(s, other, 1) &&
         suite_exec(s, s->conn, "UPDATE aftc_unit SET amount = 7") &&
         suite_count(s, other, "SELECT count(*) FROM aftc_unit WHERE amount = 7", 1);
}

static bool nobody_sees_what_is_not_committed(suite *s) {
  void *other = suite_open(s, AFT_SQL_OPEN_RELAXED, BUSY_MS);
  return other && suite_add_unit(s, s->conn, 1) && suite_begin(s, s->conn, 1) &&
         suite_add_unit(s, s->conn, 2) && suite_begin(s, other, 0) && suite_units(s, other, 1) &&
         suite_commit(s, other) && suite_units(s, s->conn, 2) && suite_commit(s, s->conn) &&
         suite_begin(s, other, 0) && suite_units(s, other, 2) && suite_commit(s, other);
}

static bool reads_see_one_moment(suite *s) {
  void *other = suite_open(s, AFT_SQL_OPEN_RELAXED, BUSY_MS);
  return other && suite_begin(s, s->conn, 0) && suite_units(s, s->conn, 0) && suite_add_unit(s, other, 1) &&
         suite_units(s, s->conn, 0) && suite_commit(s, s->conn) && suite_units(s, s->conn, 1);
}

static bool reading_ends_either_way(suite *s) {
  if (!suite_add_unit(s, s->conn, 1) || !suite_begin(s, s->conn, 0) || !suite_units(s, s->conn, 1) ||
      !suite_commit(s, s->conn) || !suite_begin(s, s->conn, 0) || !suite_units(s, s->conn, 1))
    return false;
  s->driver->rollback(s->conn);
  return suite_begin(s, s->conn, 1) && suite_add_unit(s, s->conn, 2) && suite_commit(s, s->conn) &&
         suite_units(s, s->conn, 2);
}

static bool one_after_the_other(suite *s) {
  int64_t kept = 0;
  for (int64_t i = 1; i <= 40; i++) {
    if (!suite_begin(s, s->conn, 1) || !suite_add_unit(s, s->conn, i))
      return false;
    if (i % 3 == 0)
      s->driver->rollback(s->conn);
    else if (++kept && !suite_commit(s, s->conn))
      return false;
  }
  return suite_units(s, s->conn, kept);
}

static bool goes_on_after_a_failure(suite *s) {
  if (!suite_begin(s, s->conn, 1) || !suite_add_unit(s, s->conn, 1))
    return false;
  s->error = (aft_error)AFT_ERROR_INIT;
  if (!suite_refused(s, "a table that is not there",
                     s->driver->exec(s->conn, "UPDATE aftc_nowhere SET id = 1", &s->error)))
    return false;
  s->driver->rollback(s->conn);
  return suite_units(s, s->conn, 0) && suite_begin(s, s->conn, 1) && suite_add_unit(s, s->conn, 2) &&
         suite_commit(s, s->conn) && suite_units(s, s->conn, 1);
}

static bool tables_roll_back(suite *s) {
  char sql[SQL_MAX];
  if (!s->dialect->ddl)
    return suite_skip(s, "new tables commit by themselves in this dialect");
  snprintf(sql, sizeof sql, "CREATE TABLE aftc_made (id %s PRIMARY KEY)%s", s->dialect->integer,
           s->dialect->table_end);
  if (!suite_begin(s, s->conn, 1) || !suite_exec(s, s->conn, sql) ||
      !suite_exec(s, s->conn, "INSERT INTO aftc_made (id) VALUES (1)") ||
      !suite_exec(s, s->conn, "ALTER TABLE aftc_unit ADD COLUMN note TEXT"))
    return false;
  s->driver->rollback(s->conn);
  return suite_begin(s, s->conn, 1) && suite_exec(s, s->conn, sql) &&
         suite_exec(s, s->conn, "ALTER TABLE aftc_unit ADD COLUMN note TEXT") && suite_commit(s, s->conn) &&
         suite_count(s, s->conn, "SELECT count(*) FROM aftc_made", 0);
}

/* ---- savepoints ---- */

#define SAVE     "SAVEPOINT aftc_a"
#define RELEASE  "RELEASE SAVEPOINT aftc_a"
#define ROLLBACK "ROLLBACK TO SAVEPOINT aftc_a"

static bool savepoint_undoes_its_part(suite *s) {
  return suite_begin(s, s->conn, 1) && suite_add_unit(s, s->conn, 1) && suite_exec(s, s->conn, SAVE) &&
         suite_add_unit(s, s->conn, 2) && suite_exec(s, s->conn, ROLLBACK) &&
         suite_exec(s, s->conn, RELEASE) && suite_add_unit(s, s->conn, 3) && suite_commit(s, s->conn) &&
         suite_units(s, s->conn, 2) &&
         suite_count(s, s->conn, "SELECT count(*) FROM aftc_unit WHERE id = 2", 0);
}

static bool savepoint_released(suite *s) {
  if (!suite_begin(s, s->conn, 1) || !suite_exec(s, s->conn, SAVE) || !suite_add_unit(s, s->conn, 1) ||
      !suite_exec(s, s->conn, RELEASE) || !suite_commit(s, s->conn) || !suite_units(s, s->conn, 1) ||
      !suite_begin(s, s->conn, 1) || !suite_exec(s, s->conn, SAVE) || !suite_add_unit(s, s->conn, 2) ||
      !suite_exec(s, s->conn, RELEASE))
    return false;
  s->driver->rollback(s->conn);
  return suite_units(s, s->conn, 1);
}

static bool savepoints_nest(suite *s) {
  char sql[64];
  if (!suite_begin(s, s->conn, 1))
    return false;
  for (int64_t i = 1; i <= 8; i++) {
    snprintf(sql, sizeof sql, "SAVEPOINT aftc_%" PRId64, i);
    if (!suite_exec(s, s->conn, sql) || !suite_add_unit(s, s->conn, i))
      return false;
  }
  for (int64_t i = 8; i >= 5; i--) {
    snprintf(sql, sizeof sql, "%sSAVEPOINT aftc_%" PRId64, i == 7 ? "ROLLBACK TO " : "RELEASE ", i);
    if (!suite_exec(s, s->conn, sql))
      return false;
  }
  return suite_units(s, s->conn, 6) && suite_exec(s, s->conn, "ROLLBACK TO SAVEPOINT aftc_3") &&
         suite_commit(s, s->conn) && suite_units(s, s->conn, 2);
}

static bool savepoint_of_one_name(suite *s) {
  if (!suite_begin(s, s->conn, 1))
    return false;
  for (int64_t i = 1; i <= 20; i++)
    if (!suite_exec(s, s->conn, SAVE) || !suite_add_unit(s, s->conn, i) ||
        (i % 2 && !suite_exec(s, s->conn, ROLLBACK)) || !suite_exec(s, s->conn, RELEASE))
      return false;
  return suite_commit(s, s->conn) && suite_units(s, s->conn, 10);
}

static const suite_case transactions[] = {
    {"transaction.commit", "after commit other connections see all of it", commit_keeps},
    {"transaction.durable", "what was committed outlives its connection", commit_outlives_the_connection},
    {"transaction.rollback", "rollback undoes all of it", rollback_undoes},
    {"transaction.rollback_none", "rollback with no transaction open does nothing", rollback_without},
    {"transaction.close", "close rolls an open transaction back", close_rolls_back},
    {"transaction.alone", "outside of begin and commit each statement commits by itself",
     statements_commit_alone},
    {"transaction.isolation", "other connections see nothing until the commit",
     nobody_sees_what_is_not_committed},
    {"transaction.moment", "a transaction sees one moment, from its first read on", reads_see_one_moment},
    {"transaction.read", "a transaction that only reads ends with commit or rollback",
     reading_ends_either_way},
    {"transaction.many", "a connection has one transaction after the other", one_after_the_other},
    {"transaction.failed", "after a failure and rollback the connection goes on", goes_on_after_a_failure},
    {"transaction.tables", "new tables and columns are part of the transaction", tables_roll_back},
    {"savepoint.rollback", "ROLLBACK TO SAVEPOINT undoes what came after it, and the rest goes on",
     savepoint_undoes_its_part},
    {"savepoint.release", "RELEASE SAVEPOINT keeps what came after it in the transaction",
     savepoint_released},
    {"savepoint.nested", "savepoints nest", savepoints_nest},
    {"savepoint.again", "a savepoint of the same name is set again and again", savepoint_of_one_name},
};
const suite_group suite_transactions = {transactions, COUNT(transactions), false};

/* ---- constraints ---- */

/* Inserts (id, code, amount) and expects the status; under a savepoint where the dialect needs one. */
static bool insert(suite *s, int64_t id, int64_t code, int64_t amount, aft_status expected) {
  const int64_t numbers[] = {id, code, amount};
  if (s->dialect->guard && !suite_exec(s, s->conn, "SAVEPOINT aftc_guard"))
    return false;
  void *stmt = suite_prepare(s, s->conn, "INSERT INTO aftc_unit (id, code, amount) VALUES (?, ?, ?)");
  bool good = stmt != NULL;
  for (uint32_t i = 0; good && i < 3; i++)
    good = suite_bind(s, stmt, i + 1, suite_int(numbers[i]));
  good = good && suite_step(s, stmt, expected);
  aft_error kept = s->error;
  if (stmt)
    s->driver->reset(stmt);
  suite_finalize(s, stmt);
  if (good && s->dialect->guard && expected < 0)
    good = suite_exec(s, s->conn, "ROLLBACK TO SAVEPOINT aftc_guard");
  if (good && s->dialect->guard)
    good = suite_exec(s, s->conn, "RELEASE SAVEPOINT aftc_guard");
  s->error = kept;
  return good;
}

static bool unique_index(suite *s) {
  return suite_begin(s, s->conn, 1) && insert(s, 1, 7, 1, AFT_DONE) && insert(s, 2, 7, 1, AFT_E_EXISTS) &&
         suite_commit(s, s->conn) && suite_units(s, s->conn, 1);
}

static bool primary_key(suite *s) {
  return suite_begin(s, s->conn, 1) && insert(s, 1, 7, 1, AFT_DONE) && insert(s, 1, 8, 1, AFT_E_EXISTS) &&
         suite_commit(s, s->conn) && suite_units(s, s->conn, 1);
}

static bool check_is_named(suite *s) {
  if (!suite_begin(s, s->conn, 1) || !insert(s, 1, 7, -1, AFT_E_CHECK))
    return false;
  return strstr(s->error.message, "aftc_unit_positive") ||
         suite_fail(s, "the message of AFT_E_CHECK: expected the name aftc_unit_positive in it, found \"%s\"",
                    s->error.message);
}

static bool update_breaks_too(suite *s) {
  static const struct {
    const char *sql;
    aft_status status;
  } updates[] = {{"UPDATE aftc_unit SET amount = -1 WHERE id = 1", AFT_E_CHECK},
                 {"UPDATE aftc_unit SET code = 2 WHERE id = 1", AFT_E_EXISTS}};
  if (!suite_add_unit(s, s->conn, 1) || !suite_add_unit(s, s->conn, 2))
    return false;
  for (size_t i = 0; i < COUNT(updates); i++) {
    void *stmt = suite_prepare(s, s->conn, updates[i].sql);
    if (!stmt || !suite_step(s, stmt, updates[i].status))
      return false;
    s->driver->reset(stmt);
    s->error = (aft_error)AFT_ERROR_INIT;
    if (!suite_is(s, updates[i].sql, s->driver->exec(s->conn, updates[i].sql, &s->error), updates[i].status))
      return false;
  }
  return suite_count(s, s->conn, "SELECT count(*) FROM aftc_unit WHERE amount = 1 AND code = id", 2);
}

static bool transaction_goes_on(suite *s) {
  void *other = suite_open(s, AFT_SQL_OPEN_RELAXED, BUSY_MS);
  return other && suite_begin(s, s->conn, 1) && insert(s, 1, 1, 1, AFT_DONE) &&
         insert(s, 2, 1, 1, AFT_E_EXISTS) && insert(s, 3, 3, -1, AFT_E_CHECK) && suite_units(s, s->conn, 1) &&
         insert(s, 4, 4, 1, AFT_DONE) && suite_units(s, other, 0) && suite_commit(s, s->conn) &&
         suite_units(s, other, 2);
}

static bool other_constraints_are_store_errors(suite *s) {
  s->error = (aft_error)AFT_ERROR_INIT;
  return suite_is(s, "an INSERT without the value of a NOT NULL column",
                  s->driver->exec(s->conn, "INSERT INTO aftc_unit (id, code) VALUES (1, 1)", &s->error),
                  AFT_E_STORE) &&
         suite_units(s, s->conn, 0);
}

static const suite_case constraints[] = {
    {"constraint.unique", "a value that a UNIQUE index holds gives AFT_E_EXISTS", unique_index},
    {"constraint.key", "a value that a PRIMARY KEY holds gives AFT_E_EXISTS", primary_key},
    {"constraint.check", "a broken CHECK gives AFT_E_CHECK with the constraint's name in the message",
     check_is_named},
    {"constraint.update", "an UPDATE breaks constraints with the same statuses, by step and by exec",
     update_breaks_too},
    {"constraint.goes_on", "after AFT_E_CHECK and AFT_E_EXISTS the transaction holds what was done before",
     transaction_goes_on},
    {"constraint.other", "any other constraint gives AFT_E_STORE", other_constraints_are_store_errors},
};
const suite_group suite_constraints = {constraints, COUNT(constraints), false};
