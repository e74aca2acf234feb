/* Queries: rows of somebody's SQL, typed; what would write is refused; one moment; the end of each. */
#include "desk_fixture.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static desk d;

static int open_desk(void **state) {
  (void)state;
  desk_open(&d, DESK_SQLITE);
  desk_say(&d, "m1", "付款失败了，钱扣了两次");
  return 0;
}

static int shut(void **state) {
  (void)state;
  desk_close(&d);
  return 0;
}

static aft_status ask_with(const char *sql, const aft_sql_value *params, size_t n, aft_query **out,
                           aft_error *error) {
  aft_query_in in = {.size = sizeof in, .sql = AFT_STR(sql), .params = params, .n_params = n};
  return aft_store_query(d.store, &in, out, error);
}

static aft_status ask(const char *sql, aft_query **out, aft_error *error) {
  return ask_with(sql, NULL, 0, out, error);
}

static int64_t one_number(const char *sql) {
  aft_error error = AFT_ERROR_INIT;
  aft_query *query;
  const aft_sql_value *row;
  assert_ok(ask(sql, &query, &error));
  assert_status(aft_query_next(query, &row, &error), AFT_OK);
  assert_int_equal(row[0].type, AFT_SQL_INT);
  int64_t number = row[0].number;
  aft_query_close(query);
  return number;
}

static void rows_have_names_and_types(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_query *query;
  const aft_sql_value *row;
  assert_ok(
      ask("SELECT 7 AS n, '语' AS t, x'00ff' AS b, NULL AS none, 0.1 AS r, -1e300 AS far", &query, &error));
  assert_int_equal(aft_query_columns(query), 6);
  assert_string_equal(aft_query_column(query, 0), "n");
  assert_string_equal(aft_query_column(query, 5), "far");
  assert_string_equal(aft_query_column(query, 6), "");
  assert_status(aft_query_next(query, &row, &error), AFT_OK);
  assert_int_equal(row[0].number, 7);
  assert_int_equal(row[1].type, AFT_SQL_TEXT);
  assert_memory_equal(row[1].data, "语", 3);
  assert_int_equal(row[2].type, AFT_SQL_BLOB);
  assert_int_equal(row[2].size, 2);
  assert_int_equal(row[3].type, AFT_SQL_NULL);
  assert_int_equal(row[4].type, AFT_SQL_REAL);
  assert_true(strtod(row[4].data, NULL) == 0.1);
  assert_int_equal(strlen(row[4].data), row[4].size);
  assert_true(strtod(row[5].data, NULL) == -1e300);
  assert_status(aft_query_next(query, &row, &error), AFT_DONE);
  assert_status(aft_query_next(query, &row, &error), AFT_E_CURSOR_END);
  aft_query_close(query);
  assert_int_equal(one_number("SELECT count(*) FROM aft_ticket; -- all of them\n ;"), 1);
}

static void parameters_are_copied_and_counted(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_query *query;
  const aft_sql_value *row;
  char text[] = "wechat";
  aft_sql_value params[3] = {{AFT_SQL_TEXT, 0, 0, text, 6}, {AFT_SQL_INT, 0, 5, NULL, 0}, {0}};
  const char *sql = "SELECT ?1, ?2, ?3 IS NULL, count(*) FROM aft_message WHERE channel = ?1";
  assert_ok(ask_with(sql, params, 3, &query, &error));
  memset(text, 'x', 6);
  assert_status(aft_query_next(query, &row, &error), AFT_OK);
  assert_memory_equal(row[0].data, "wechat", 6);
  assert_int_equal(row[1].number, 5);
  assert_int_equal(row[2].number, 1);
  assert_int_equal(row[3].number, 1);
  aft_query_close(query);
  assert_status(ask_with(sql, params, 2, &query, &error), AFT_E_INVALID);
  assert_string_equal(error.where, "query.params");
  aft_sql_value wrong[] = {
      {AFT_SQL_REAL, 0, 0, "1.5", 3}, {AFT_SQL_TEXT, 0, 0, NULL, 4}, {AFT_SQL_TEXT, 0, 0, "\xff", 1}};
  const aft_status expected[] = {AFT_E_INVALID, AFT_E_NULL_HANDLE, AFT_E_ENCODING};
  for (size_t i = 0; i < AFT__COUNT(wrong); i++) {
    assert_status(ask_with("SELECT ?", &wrong[i], 1, &query, &error), expected[i]);
    assert_string_equal(error.where, "query.params[0]");
  }
  assert_status(ask_with("SELECT 1", params, 1001, &query, &error), AFT_E_TOO_LARGE);
  assert_status(ask_with("SELECT ?", NULL, 1, &query, &error), AFT_E_NULL_HANDLE);
}

static void what_would_write_is_refused(void **state) {
  (void)state;
  static const char *const writes[] = {"DELETE FROM aft_ticket",
                                       "UPDATE aft_ticket SET state = 'closed' RETURNING id",
                                       "INSERT INTO aft_meta VALUES (1, 1, 'x', 1) RETURNING id",
                                       "CREATE TEMP TABLE t (x)",
                                       "DROP TABLE aft_ticket",
                                       "ATTACH 'other.db' AS other",
                                       "PRAGMA journal_mode = DELETE",

                                       "SAVEPOINT s"};
  aft_error error = AFT_ERROR_INIT;
  aft_query *query;
  for (size_t i = 0; i < AFT__COUNT(writes); i++)
    assert_status(ask(writes[i], &query, &error), AFT_E_READ_ONLY);
  assert_int_equal(one_number("SELECT count(*) FROM aft_ticket"), 1);
}

static void what_is_no_query_is_refused(void **state) {
  (void)state;
  static const struct {
    const char *sql;
    aft_status status;
  } cases[] = {{"", AFT_E_INVALID},
               {"  -- nothing", AFT_E_INVALID},
               {"COMMIT", AFT_E_INVALID},
               {"VACUUM INTO 'copy.db'", AFT_E_INVALID},
               {"SELECT 1; SELECT 2", AFT_E_INVALID},
               {"SELECT 1; DELETE FROM aft_ticket", AFT_E_INVALID},
               {"SELECT 1; nonsense", AFT_E_INVALID},
               {"SELECT nothing FROM nowhere", AFT_E_STORE},
               {"SELECT '\xff'", AFT_E_ENCODING}};
  aft_error error = AFT_ERROR_INIT;
  aft_query *query = NULL;
  for (size_t i = 0; i < AFT__COUNT(cases); i++)
    assert_status(ask(cases[i].sql, &query, &error), cases[i].status);
  aft_query_in in = {0};
  assert_status(aft_store_query(d.store, &in, &query, &error), AFT_E_ABI);
  assert_status(aft_store_query(d.store, NULL, &query, &error), AFT_E_NULL_HANDLE);
  assert_status(aft_store_query(NULL, &in, &query, &error), AFT_E_NULL_HANDLE);
  assert_status(aft_query_next(NULL, NULL, &error), AFT_E_NULL_HANDLE);
  assert_int_equal(aft_query_columns(NULL), 0);
  assert_string_equal(aft_query_column(NULL, 0), "");
  aft_query_close(NULL);
  aft_query_interrupt(NULL);
  assert_null(query);
}

static void a_query_sees_one_moment(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_query *query;
  const aft_sql_value *row;
  assert_ok(ask("SELECT id FROM aft_message ORDER BY id", &query, &error));
  assert_status(aft_query_next(query, &row, &error), AFT_OK);
  desk_say(&d, "m2", "还有一个问题");
  assert_status(aft_query_next(query, &row, &error), AFT_DONE);
  aft_query_close(query);
  assert_int_equal(one_number("SELECT count(*) FROM aft_message"), 2);
}

static void an_interrupt_ends_it(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_query *query;
  const aft_sql_value *row;
  assert_ok(
      ask("WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n", &query, &error));
  assert_status(aft_query_next(query, &row, &error), AFT_OK);
  aft_query_interrupt(query);
  assert_status(aft_query_next(query, &row, &error), AFT_E_INTERRUPTED);
  assert_status(aft_query_next(query, &row, &error), AFT_E_CURSOR_END);
  aft_query_close(query);
}

static void a_query_keeps_its_store(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_query *query;
  const aft_sql_value *row;
  aft_store *store;
  aft_store_options file = {.size = sizeof file, .dsn = AFT_STR(d.place.file), .flags = AFT_STORE_READ_ONLY};
  aft_query_in in = {.size = sizeof in, .sql = AFT_STR("SELECT count(*) FROM aft_ticket")};
  assert_ok(aft_store_open(d.env, &file, &store, &error));
  assert_ok(aft_store_query(store, &in, &query, &error));
  aft_store_unref(store);
  assert_status(aft_query_next(query, &row, &error), AFT_OK);
  assert_int_equal(row[0].number, 1);
  aft_query_close(query);
}

static void a_child_process_is_told(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_query *query;
  const aft_sql_value *row;
  assert_ok(ask("SELECT 1", &query, &error));
  pid_t child = fork();
  if (!child) {
    aft_query *other;
    int good =
        aft_query_next(query, &row, NULL) == AFT_E_FORKED && ask("SELECT 1", &other, NULL) == AFT_E_FORKED;
    aft_query_interrupt(query);
    aft_query_close(query);
    _exit(good ? 0 : 1);
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
  assert_status(aft_query_next(query, &row, &error), AFT_OK);
  aft_query_close(query);
}

static void a_store_in_memory_has_no_sql(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_query *query;
  desk memory;
  aft_query_in in = {.size = sizeof in, .sql = AFT_STR("SELECT 1")};
  desk_open(&memory, DESK_MEMORY);
  assert_status(aft_store_query(memory.store, &in, &query, &error), AFT_E_DRIVER);
  desk_close(&memory);
}

/* A driver of the first version of its struct, which knew no queries. */
static void an_older_driver_has_no_queries(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_store *store;
  aft_query *query;
  aft_sql_driver older = *aft_sql_sqlite();
  older.size = offsetof(aft_sql_driver, describe);
  aft_store_options file = {.size = sizeof file, .dsn = AFT_STR(d.place.file), .driver = &older};
  aft_query_in in = {.size = sizeof in, .sql = AFT_STR("SELECT 1")};
  assert_ok(aft_store_open(d.env, &file, &store, &error));
  assert_status(aft_store_query(store, &in, &query, &error), AFT_E_DRIVER);
  aft_store_unref(store);
}

/* ---- a driver that breaks its contract, once the store is open ---- */

static enum {
  HONEST,
  NO_CONNECTION,
  NO_STATEMENT,
  RUBBISH,
  STRANGE_COLUMNS,
  STRANGE_STEP,
  NO_SUCH_TYPE,
  NO_PLACE
} lie;

static aft_status lying_open(void *user, const aft_sql_open *how, void **conn, aft_error *error) {
  return lie == NO_CONNECTION ? AFT_OK : aft_sql_sqlite()->open(user, how, conn, error);
}

static aft_status lying_prepare(void *conn, const char *sql, size_t size, void **stmt, aft_error *error) {
  static int rubbish;
  if (lie == NO_STATEMENT)
    return AFT_OK;
  if (lie != RUBBISH)
    return aft_sql_sqlite()->prepare(conn, sql, size, stmt, error);
  *stmt = &rubbish;
  error->message[0] = '\0';
  return AFT_E_INVALID;
}

static aft_status lying_describe(void *stmt, uint32_t *parameters, uint32_t *columns, aft_error *error) {
  aft_status status = aft_sql_sqlite()->describe(stmt, parameters, columns, error);
  return lie == STRANGE_COLUMNS ? 77 : status;
}

static aft_status lying_step(void *stmt, aft_error *error) {
  return lie == STRANGE_STEP ? 77 : aft_sql_sqlite()->step(stmt, error);
}

static aft_status lying_column(void *stmt, uint32_t index, aft_sql_value *out, aft_error *error) {
  aft_status status = aft_sql_sqlite()->column(stmt, index, out, error);
  if (lie == NO_SUCH_TYPE)
    out->type = AFT_SQL_REAL + 1;
  if (lie == NO_PLACE)
    *out = (aft_sql_value){.type = AFT_SQL_REAL, .size = 3};
  return status;
}

static void a_lying_driver_is_told(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_store *store;
  aft_query *query;
  const aft_sql_value *row;
  aft_sql_driver driver = *aft_sql_sqlite();
  driver.open = lying_open;
  driver.prepare = lying_prepare;
  driver.describe = lying_describe;
  driver.step = lying_step;
  driver.column = lying_column;
  aft_store_options file = {.size = sizeof file, .dsn = AFT_STR(d.place.file), .driver = &driver};
  aft_query_in in = {.size = sizeof in, .sql = AFT_STR("SELECT 1")};
  assert_ok(aft_store_open(d.env, &file, &store, &error));
  for (int i = NO_CONNECTION; i <= NO_PLACE; i++) {
    lie = i;
    aft_status status = aft_store_query(store, &in, &query, &error);
    if (status == AFT_OK) {
      status = aft_query_next(query, &row, &error);
      aft_query_close(query);
    }
    if (status != (i == RUBBISH ? AFT_E_INVALID : AFT_E_DRIVER))
      fail_msg("lie %d: %s", i, aft_status_name(status));
  }
  lie = HONEST;
  aft_store_unref(store);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(rows_have_names_and_types, open_desk, shut),
      cmocka_unit_test_setup_teardown(parameters_are_copied_and_counted, open_desk, shut),
      cmocka_unit_test_setup_teardown(what_would_write_is_refused, open_desk, shut),
      cmocka_unit_test_setup_teardown(what_is_no_query_is_refused, open_desk, shut),
      cmocka_unit_test_setup_teardown(a_query_sees_one_moment, open_desk, shut),
      cmocka_unit_test_setup_teardown(an_interrupt_ends_it, open_desk, shut),
      cmocka_unit_test_setup_teardown(a_query_keeps_its_store, open_desk, shut),
      cmocka_unit_test_setup_teardown(a_child_process_is_told, open_desk, shut),
      cmocka_unit_test_setup_teardown(a_store_in_memory_has_no_sql, open_desk, shut),
      cmocka_unit_test_setup_teardown(an_older_driver_has_no_queries, open_desk, shut),
      cmocka_unit_test_setup_teardown(a_lying_driver_is_told, open_desk, shut),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
