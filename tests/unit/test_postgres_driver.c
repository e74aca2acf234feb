/* The PostgreSQL driver against a real server: values, rows on their way, errors and their words, waits that
 * end, and the host's connection left as it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <libpq-fe.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <aftersales/postgres.h>

#include "desk_fixture.h"

static test_place place;
static void *conn;
static aft_error error;

static const aft_sql_driver *driver(void) { return aft_sql_postgres(); }

static void *connect_to(const char *dsn, uint32_t flags) {
  aft_sql_open how = {.size = sizeof how, .dsn = dsn, .flags = flags, .busy_ms = 300};
  void *made = NULL;
  assert_ok(driver()->open(NULL, &how, &made, &error));
  return made;
}

static int set_up(void **state) {
  (void)state;
  error = (aft_error)AFT_ERROR_INIT;
  place_make(&place);
  conn = connect_to(place.dsn, 0);
  assert_ok(driver()->exec(conn,
                           "CREATE TABLE t (id BIGINT PRIMARY KEY, name TEXT, bytes BYTEA, n BIGINT, "
                           "CONSTRAINT t_n_small CHECK (n < 100)); CREATE UNIQUE INDEX t_name ON t (name)",
                           &error));
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  driver()->close(conn);
  place_drop(&place);
  return 0;
}

static void *prepared(void *c, const char *sql) {
  void *stmt = NULL;
  assert_ok(driver()->prepare(c, sql, strlen(sql), &stmt, &error));
  return stmt;
}

static void bind_int(void *stmt, uint32_t i, int64_t n) {
  aft_sql_value v = {.type = AFT_SQL_INT, .number = n};
  assert_ok(driver()->bind(stmt, i, &v, &error));
}

static void bind_bytes(void *stmt, uint32_t i, uint32_t type, const char *data, size_t size) {
  aft_sql_value v = {.type = type, .data = data, .size = size};
  assert_ok(driver()->bind(stmt, i, &v, &error));
}

/* One statement without parameters; its status at the first step. */
static aft_status run(void *c, const char *sql) {
  void *stmt = prepared(c, sql);
  aft_status status = driver()->step(stmt, &error);
  driver()->finalize(stmt);
  return status;
}

static int64_t number_of(void *stmt, uint32_t i) {
  aft_sql_value v;
  assert_ok(driver()->column(stmt, i, &v, &error));
  assert_int_equal(v.type, AFT_SQL_INT);
  return v.number;
}

/* ---- values ---- */

static void values_come_back_as_they_were(void **state) {
  static const int64_t numbers[] = {0, 1, -1, 255, -256, INT64_MAX, INT64_MIN};
  (void)state;
  void *insert = prepared(conn, "INSERT INTO t (id, name, bytes) VALUES ($1, $2, $3)");
  void *get = prepared(conn, "SELECT id, name, bytes, n FROM t WHERE id = $1");
  for (size_t i = 0; i < AFT__COUNT(numbers); i++) { /* the later ones run by a name */
    char name[32];
    aft_sql_value v;
    snprintf(name, sizeof name, "退货 %zu", i);
    bind_int(insert, 1, numbers[i]);
    bind_bytes(insert, 2, AFT_SQL_TEXT, i ? name : "", i ? strlen(name) : 0);
    bind_bytes(insert, 3, AFT_SQL_BLOB, "\0\1\xff", i % 4);
    assert_status(driver()->step(insert, &error), AFT_DONE);
    assert_int_equal(driver()->changes(conn), 1);
    driver()->reset(insert);
    bind_int(get, 1, numbers[i]);
    assert_status(driver()->step(get, &error), AFT_OK);
    assert_true(number_of(get, 0) == numbers[i]);
    assert_ok(driver()->column(get, 1, &v, &error));
    assert_true(v.type == AFT_SQL_TEXT && v.size == (i ? strlen(name) : 0) && !memcmp(v.data, name, v.size));
    assert_ok(driver()->column(get, 2, &v, &error));
    assert_true(v.type == AFT_SQL_BLOB && v.size == i % 4 && !memcmp(v.data, "\0\1\xff", v.size));
    assert_ok(driver()->column(get, 3, &v, &error));
    assert_int_equal(v.type, AFT_SQL_NULL);
    assert_status(driver()->column(get, 4, &v, &error), AFT_E_INVALID);
    assert_status(driver()->step(get, &error), AFT_DONE);
    assert_status(driver()->column(get, 0, &v, &error), AFT_E_INVALID);
    driver()->reset(get);
  }
  driver()->finalize(insert);
  driver()->finalize(get);
}

/* Values travel as bytes: eight of a text must not become a number. */
static void a_value_of_another_type_is_refused(void **state) {
  (void)state;
  void *stmt = prepared(conn, "INSERT INTO t (id, n) VALUES ($1, $2)");
  for (int i = 0; i < 4; i++) {
    bind_int(stmt, 1, i);
    if (i < 2)
      bind_int(stmt, 2, i);
    else
      bind_bytes(stmt, 2, i == 2 ? AFT_SQL_TEXT : AFT_SQL_BLOB, "12345678", 8);
    aft_status status = driver()->step(stmt, &error);
    assert_int_equal(status, i < 2 ? AFT_DONE : AFT_E_STORE);
    driver()->reset(stmt);
  }
  driver()->finalize(stmt);
  stmt = prepared(conn, "SELECT 1.5::float8 WHERE 1 = $1");
  bind_int(stmt, 1, 1);
  aft_sql_value v;
  assert_status(driver()->step(stmt, &error), AFT_OK);
  assert_status(driver()->column(stmt, 0, &v, &error), AFT_E_CORRUPT);
  driver()->finalize(stmt);
}

/* A long list comes row by row; when another statement runs in between, the rest waits in memory. */
static void long_lists_and_others_between(void **state) {
  (void)state;
  void *a = prepared(conn, "SELECT x, repeat('y', 100) FROM generate_series(1::bigint, $1) AS x");
  void *b = prepared(conn, "SELECT x FROM generate_series(1::bigint, $1) AS x");
  for (int round = 0; round < 3; round++) {
    bind_int(a, 1, 5000);
    bind_int(b, 1, 10);
    for (int64_t i = 1; i <= 5000; i++) {
      assert_status(driver()->step(a, &error), AFT_OK);
      assert_true(number_of(a, 0) == i);
      if (i % 500 == 0) {
        assert_status(driver()->step(b, &error), AFT_OK);
        assert_true(number_of(b, 0) == i / 500);
      }
    }
    assert_status(driver()->step(a, &error), AFT_DONE);
    assert_status(driver()->step(b, &error), AFT_DONE);
    assert_status(driver()->step(b, &error), AFT_DONE);
    driver()->reset(a);
    driver()->reset(b);
    bind_int(a, 1, 5000); /* left in the middle */
    assert_status(driver()->step(a, &error), AFT_OK);
    driver()->reset(a);
    assert_status(run(conn, "SELECT 1"), AFT_OK);
  }
  driver()->finalize(a);
  driver()->finalize(b);
}

/* ---- errors ---- */

static aft_status begin_run(const char *sql) {
  assert_ok(driver()->begin(conn, 1, &error));
  aft_status status = run(conn, sql);
  driver()->rollback(conn);
  return status;
}

static void statuses_follow_the_sqlstate(void **state) {
  (void)state;
  static const struct {
    const char *sql;
    aft_status status;
    const char *words;
  } cases[] = {
      {"INSERT INTO t (id, n) VALUES (1, 100)", AFT_E_CHECK, "t_n_small"},
      {"INSERT INTO t (id) VALUES (1), (1)", AFT_E_EXISTS, "t_pkey"},
      {"SELEC", AFT_E_STORE, "42601"},
      {"SELECT nothing FROM t", AFT_E_STORE, "42703"},
      {"SELECT 1 / 0", AFT_E_STORE, "22012"},
      {"DO $$ BEGIN RAISE SQLSTATE '40001'; END $$", AFT_E_CONFLICT, ""},
      {"DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$", AFT_E_CONFLICT, ""},
      {"DO $$ BEGIN RAISE SQLSTATE '55P03'; END $$", AFT_E_LOCKED, "lock"},
      {"DO $$ BEGIN RAISE SQLSTATE '53100'; END $$", AFT_E_FULL, "room"},
      {"DO $$ BEGIN RAISE SQLSTATE 'XX001'; END $$", AFT_E_CORRUPT, ""},
      {"DO $$ BEGIN RAISE SQLSTATE '08P01'; END $$", AFT_E_STORE, ""},
      {"DO $$ BEGIN RAISE SQLSTATE '57014'; END $$", AFT_E_INTERRUPTED, ""},
  };
  for (size_t i = 0; i < AFT__COUNT(cases); i++) {
    assert_status(begin_run(cases[i].sql), cases[i].status);
    if (!strstr(error.message, cases[i].words))
      fail_msg("%s: %s", cases[i].sql, error.message);
    assert_true(error.native > 0);
  }
  assert_ok(driver()->begin(conn, 0, &error));
  assert_status(run(conn, "INSERT INTO t (id) VALUES (1)"), AFT_E_READ_ONLY);
  driver()->rollback(conn);
  void *none;
  assert_status(driver()->prepare(conn, " ;\n", 3, &none, &error), AFT_E_INVALID);
  assert_status(run(conn, "SELECT count(*) FROM t"), AFT_OK); /* and it goes on */
}

static aft_status open_with(const char *dsn, aft_store **store, uint32_t flags) {
  aft_store_options options = place_store(&place, flags);
  aft_env *env;
  options.dsn = AFT_STR(dsn);
  assert_ok(aft_env_new(NULL, &env, &error));
  aft_status status = aft_store_open(env, &options, store, &error);
  aft_env_unref(env);
  return status;
}

static void server_folder(char *folder, size_t size) {
  const char *host = strstr(getenv("AFT_TEST_DSN"), "host=") + strlen("host=");
  snprintf(folder, size, "%.*s", (int)strcspn(host, "&"), host);
}

static void what_is_wrong_with_a_connection_is_said_without_its_password(void **state) {
  (void)state;
  char folder[128], dsn[400];
  aft_store *store;
  server_folder(folder, sizeof folder);
  assert_true(run(conn, "SET password_encryption = 'scram-sha-256'") >= 0);
  assert_true(run(conn, "DROP ROLE IF EXISTS guarded") >= 0);
  assert_true(run(conn, "CREATE ROLE guarded LOGIN PASSWORD 'correct horse'") >= 0);
  const struct {
    const char *words; /* of the connection string */
    aft_status status;
    const char *said;
  } cases[] = {
      {"user=guarded dbname=postgres password=battery-staple", AFT_E_STORE, "password"},
      {"user=guarded dbname=postgres", AFT_E_STORE, "expected a password"},
      {"user=postgres dbname=nowhere", AFT_E_NOT_FOUND, "no such database"},
      {"user=nobody-known dbname=postgres", AFT_E_STORE, "nobody-known"},
      {"user=guarded dbname=postgres password='correct horse' options=-csearch_path=none_there", AFT_E_STORE,
       "search_path"},
      {"user=guarded dbname=postgres password='battery-staple", AFT_E_INVALID, "libpq cannot read"},
      {"user=postgres dbname=postgres port=9", AFT_E_LOST, "no connection"},
  };
  for (size_t i = 0; i < AFT__COUNT(cases); i++) {
    snprintf(dsn, sizeof dsn, "host=%s %s%s", folder, strstr(cases[i].words, "port") ? "" : "port=5432 ",
             cases[i].words);
    assert_status(open_with(dsn, &store, AFT_STORE_CREATE), cases[i].status);
    if (!strstr(error.message, cases[i].said) || strstr(error.message, "staple") ||
        strstr(error.where, "staple"))
      fail_msg("%s: %s: %s", cases[i].words, error.where, error.message);
  }
  assert_status(open_with("postgresql://guarded:battery%staple@/postgres", &store, 0), AFT_E_INVALID);
  assert_null(strstr(error.message, "staple"));
  /* Somebody else's schema: tables can neither be made nor read. */
  snprintf(dsn, sizeof dsn,
           "host=%s port=5432 user=guarded dbname=postgres password='correct horse' options=-csearch_path=%s",
           folder, place.schema);
  char grant[96];
  snprintf(grant, sizeof grant, "GRANT USAGE ON SCHEMA %s TO guarded", place.schema);
  assert_true(run(conn, grant) >= 0);
  assert_status(open_with(dsn, &store, AFT_STORE_CREATE), AFT_E_READ_ONLY);
  assert_non_null(strstr(error.message, place.schema));
  assert_status(open_with(place.dsn, &store, AFT_STORE_CREATE), AFT_OK);
  aft_store_unref(store);
  assert_status(open_with(dsn, &store, AFT_STORE_CREATE), AFT_E_READ_ONLY);
  assert_non_null(strstr(error.message, "aft_meta"));
  snprintf(grant, sizeof grant, "REVOKE USAGE ON SCHEMA %s FROM guarded", place.schema);
  assert_true(run(conn, grant) >= 0);
  assert_true(run(conn, "DROP ROLE guarded") >= 0);
}

static void a_database_that_is_not_utf8_is_refused(void **state) {
  (void)state;
  char folder[128], dsn[300];
  aft_store *store;
  server_folder(folder, sizeof folder);
  run(conn, "DROP DATABASE IF EXISTS old_times");
  assert_true(run(conn, "CREATE DATABASE old_times ENCODING 'LATIN1' TEMPLATE template0 LOCALE 'C'") >= 0);
  snprintf(dsn, sizeof dsn, "host=%s port=5432 user=postgres dbname=old_times", folder);
  assert_status(open_with(dsn, &store, AFT_STORE_CREATE), AFT_E_INVALID);
  assert_non_null(strstr(error.message, "LATIN1"));
  assert_true(run(conn, "DROP DATABASE old_times") >= 0);
}

/* PostgreSQL cuts names after 63 bytes: none may meet another then. */
static void the_longest_prefix_is_short_enough(void **state) {
  (void)state;
  aft_store *store;
  aft_env *env;
  aft_store_options options = place_store(&place, AFT_STORE_CREATE);
  options.prefix = AFT_STR("abcdefghijklmnopqrstuvwx");
  assert_ok(aft_env_new(NULL, &env, &error));
  assert_ok(aft_store_open(env, &options, &store, &error));
  aft_store_unref(store);
  assert_ok(aft_store_open(env, &options, &store, &error));
  aft_store_unref(store);
  aft_env_unref(env);
}

/* ---- waits ---- */

static void a_lock_is_waited_for_and_then_told(void **state) {
  (void)state;
  void *host = host_open(&place);
  host_lock(host, "t");
  assert_ok(driver()->begin(conn, 1, &error));
  assert_status(run(conn, "INSERT INTO t (id) VALUES (1)"), AFT_E_LOCKED);
  driver()->rollback(conn);
  host_run(host, "ROLLBACK");
  host_close(host);
  assert_ok(driver()->begin(conn, 1, &error));
  assert_status(run(conn, "INSERT INTO t (id) VALUES (1)"), AFT_DONE);
  assert_ok(driver()->commit(conn, &error));
}

static void *interrupt_soon(void *user) {
  nanosleep(&(struct timespec){0, 200000000}, NULL);
  driver()->interrupt(user);
  return NULL;
}

static void a_statement_can_be_interrupted(void **state) {
  (void)state;
  pthread_t thread;
  assert_ok(driver()->begin(conn, 1, &error));
  assert_int_equal(pthread_create(&thread, NULL, interrupt_soon, conn), 0);
  assert_status(run(conn, "SELECT 1 FROM pg_sleep(60)"), AFT_E_INTERRUPTED);
  pthread_join(thread, NULL);
  driver()->rollback(conn);
  assert_status(run(conn, "SELECT 1"), AFT_OK);
}

static void two_that_write_one_row_conflict(void **state) {
  (void)state;
  void *other = connect_to(place.dsn, 0);
  assert_status(run(conn, "INSERT INTO t (id, n) VALUES (1, 0)"), AFT_DONE);
  assert_ok(driver()->begin(conn, 1, &error));
  assert_ok(driver()->begin(other, 1, &error));
  assert_status(run(conn, "SELECT n FROM t"), AFT_OK);
  assert_status(run(other, "UPDATE t SET n = n + 1"), AFT_DONE);
  assert_ok(driver()->commit(other, &error));
  assert_status(run(conn, "UPDATE t SET n = n + 1"), AFT_E_CONFLICT);
  driver()->rollback(conn);
  driver()->close(other);
}

/* ---- the host's connection ---- */

static int64_t left_behind(void *host) {
  return host_number(host, "SELECT count(*) FROM pg_prepared_statements");
}

static void attaching_needs_a_transaction_that_is_well(void **state) {
  (void)state;
  void *host = host_open(&place), *attached = NULL;
  assert_status(driver()->attach(NULL, NULL, &attached, &error), AFT_E_INVALID);
  assert_status(driver()->attach(NULL, host, &attached, &error), AFT_E_INVALID);
  host_run(host, "BEGIN");
  assert_false(host_try(host, "SELECT 1 / 0"));
  assert_status(driver()->attach(NULL, host, &attached, &error), AFT_E_INVALID);
  assert_non_null(strstr(error.message, "failed"));
  host_run(host, "ROLLBACK");
  assert_int_equal(PQenterPipelineMode(host), 1);
  assert_status(driver()->attach(NULL, host, &attached, &error), AFT_E_INVALID);
  assert_non_null(strstr(error.message, "pipeline"));
  assert_int_equal(PQexitPipelineMode(host), 1);
  host_run(host, "SET client_encoding = 'LATIN1'");
  host_run(host, "BEGIN");
  assert_status(driver()->attach(NULL, host, &attached, &error), AFT_E_INVALID);
  host_close(host);
}

static void the_hosts_connection_is_left_as_it_was(void **state) {
  static desk d;
  aft_session *attached;
  (void)state;
  desk_open(&d, DESK_SQLITE);
  void *host = host_open(&d.place);
  host_run(host, "BEGIN");
  host_run(host, "SAVEPOINT mine");
  assert_ok(aft_session_attach(d.store, host, &attached, &error));
  aft_message_in in = desk_message(&d, "m1", "要退货");
  assert_ok(aft_intake(attached, &d.system, &in, NULL, &error));
  host_run(host, "SAVEPOINT within");
  in = desk_message(&d, "m2", "要退货");
  assert_ok(aft_intake(attached, &d.system, &in, NULL, &error));
  in.shop = 1;
  assert_status(aft_intake(attached, &d.system, &in, NULL, &error), AFT_E_NOT_FOUND);
  assert_int_equal(PQpipelineStatus(host), PQ_PIPELINE_OFF);
  assert_int_equal(PQtransactionStatus(host), PQTRANS_INTRANS);
  assert_int_equal(left_behind(host), 0);
  host_run(host, "ROLLBACK TO within");
  assert_int_equal(host_number(host, "SELECT count(*) FROM aft_message"), 1);
  host_run(host, "ROLLBACK TO mine");
  assert_int_equal(host_number(host, "SELECT count(*) FROM aft_message"), 0);
  host_run(host, "COMMIT");
  assert_status(aft_intake(attached, &d.system, &in, NULL, &error), AFT_E_INVALID); /* it has ended */
  aft_session_close(attached);
  host_close(host);
  desk_close(&d);
}

/* In the host's transaction, at whatever level, a lost race is the host's to repeat. */
static void a_lost_race_is_the_hosts_to_run_again(void **state) {
  static const char *const levels[] = {"READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"};
  static desk d;
  aft_session *attached;
  (void)state;
  desk_open(&d, DESK_SQLITE);
  for (size_t i = 0; i < AFT__COUNT(levels); i++) {
    char sql[64], external[8];
    snprintf(external, sizeof external, "m%zu", i);
    aft_id ticket = desk_say(&d, external, "要退货");
    void *host = host_open(&d.place);
    snprintf(sql, sizeof sql, "BEGIN ISOLATION LEVEL %s", levels[i]);
    aft_answer_in in = {.size = sizeof in, .ticket = ticket, .text = AFT_STR("好")};
    for (int again = 0; again < 2; again++) {
      host_run(host, sql);
      host_number(host, "SELECT count(*) FROM aft_ticket"); /* what the host sees is settled here */
      if (!again)
        desk_answer(&d, ticket, "先回复");
      assert_ok(aft_session_attach(d.store, host, &attached, &error));
      aft_status status = aft_ticket_answer(attached, &d.as_agent, &in, NULL, &error);
      if (again || i == 0)
        assert_int_equal(status, AFT_OK); /* READ COMMITTED sees the other's answer, and goes on from there */
      else
        assert_status(status, AFT_E_RETRY);
      aft_session_close(attached);
      host_run(host, status < 0 ? "ROLLBACK" : "COMMIT");
    }
    host_close(host);
  }
  desk_close(&d);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(values_come_back_as_they_were),
      CASE(a_value_of_another_type_is_refused),
      CASE(long_lists_and_others_between),
      CASE(statuses_follow_the_sqlstate),
      CASE(what_is_wrong_with_a_connection_is_said_without_its_password),
      CASE(a_database_that_is_not_utf8_is_refused),
      CASE(the_longest_prefix_is_short_enough),
      CASE(a_lock_is_waited_for_and_then_told),
      CASE(a_statement_can_be_interrupted),
      CASE(two_that_write_one_row_conflict),
      CASE(attaching_needs_a_transaction_that_is_well),
      CASE(the_hosts_connection_is_left_as_it_was),
      CASE(a_lost_race_is_the_hosts_to_run_again),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
