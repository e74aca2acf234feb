#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test_place.h"

#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef AFT_TEST_POSTGRESQL
#include <aftersales/postgres.h>
#include <libpq-fe.h>
#endif

bool place_on_server(void) { return getenv("AFT_TEST_DSN") != NULL; }

#ifdef AFT_TEST_POSTGRESQL
static void name_schema(test_place *p) {
  static atomic_int made;
  snprintf(p->schema, sizeof p->schema, "t_%d_%d", (int)getpid(), atomic_fetch_add(&made, 1));
  snprintf(p->dsn, sizeof p->dsn, "%s&options=-csearch_path%%3D%s", getenv("AFT_TEST_DSN"), p->schema);
  p->driver = aft_sql_postgres();
}

static void on_server(const char *verb, const test_place *p, const char *end) {
  char sql[128];
  void *host = host_open(p);
  snprintf(sql, sizeof sql, "%s SCHEMA %s%s", verb, p->schema, end);
  host_run(host, sql);
  host_close(host);
}
#else
static void name_schema(test_place *p) {
  (void)p;
  fail_msg("AFT_TEST_DSN is set, but the tests were built without PostgreSQL");
}
static void on_server(const char *verb, const test_place *p, const char *end) {
  (void)verb, (void)p, (void)end;
}
#endif

void place_make(test_place *p) {
  memset(p, 0, sizeof *p);
  snprintf(p->folder, sizeof p->folder, "/tmp/aftersales-test-XXXXXX");
  assert_non_null(mkdtemp(p->folder));
  snprintf(p->file, sizeof p->file, "%s/store.db", p->folder);
  snprintf(p->dsn, sizeof p->dsn, "%s", p->file);
  if (!place_on_server())
    return;
  name_schema(p);
  on_server("CREATE", p, "");
}

void place_make_beside(const test_place *p, test_place *other) {
  *other = *p;
  snprintf(other->file, sizeof other->file, "%.70s/beside.db", p->folder);
  snprintf(other->dsn, sizeof other->dsn, "%s", other->file);
  if (!place_on_server())
    return;
  name_schema(other);
  on_server("CREATE", other, "");
}

void place_drop(test_place *p) {
  char command[160];
  if (p->schema[0])
    on_server("DROP", p, " CASCADE");
  snprintf(command, sizeof command, "rm -rf '%s'", p->folder);
  assert_int_equal(system(command), 0);
}

void place_drop_beside(test_place *other) {
  static const char *const ends[] = {"", "-wal", "-shm"};
  char path[128];
  if (other->schema[0])
    on_server("DROP", other, " CASCADE");
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
    snprintf(path, sizeof path, "%s%s", other->file, ends[i]);
    unlink(path);
  }
}

aft_store_options place_store(const test_place *p, uint32_t flags) {
  return (aft_store_options){
      .size = sizeof(aft_store_options), .dsn = AFT_STR(p->dsn), .driver = p->driver, .flags = flags};
}

void place_dsn_at(const test_place *p, const char *folder, const char *user, char *dsn, size_t size) {
  snprintf(dsn, size, "host=%s port=5432 dbname=postgres user=%s options=-csearch_path=%s", folder, user,
           p->schema);
}

/* ---- the host's connection ---- */

static void *sqlite_open(const test_place *p) {
  sqlite3 *db;
  assert_int_equal(sqlite3_open(p->file, &db), SQLITE_OK);
  sqlite3_busy_timeout(db, 5000);
  return db;
}

static bool sqlite_try(sqlite3 *db, const char *sql) {
  bool good = sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
  if (!good)
    print_message("# %s: %s\n", sql, sqlite3_errmsg(db));
  return good;
}

static int64_t sqlite_number(sqlite3 *db, const char *sql) {
  sqlite3_stmt *stmt;
  assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
  int64_t n = sqlite3_column_int64(stmt, 0);
  sqlite3_finalize(stmt);
  return n;
}

#ifdef AFT_TEST_POSTGRESQL
static void quiet(void *user, const char *message) { (void)user, (void)message; }

static void *server_open(const test_place *p) {
  PGconn *pg = PQconnectdb(p->dsn);
  if (PQstatus(pg) != CONNECTION_OK)
    fail_msg("%s", PQerrorMessage(pg));
  PQsetNoticeProcessor(pg, quiet, NULL);
  return pg;
}

static bool server_try(PGconn *pg, const char *sql) {
  PGresult *result = PQexec(pg, sql);
  bool good = PQresultStatus(result) == PGRES_COMMAND_OK || PQresultStatus(result) == PGRES_TUPLES_OK;
  if (!good)
    print_message("# %s: %s", sql, PQerrorMessage(pg));
  PQclear(result);
  return good;
}

static int64_t server_number(PGconn *pg, const char *sql) {
  PGresult *result = PQexec(pg, sql);
  if (PQntuples(result) != 1)
    fail_msg("%s: %s", sql, PQerrorMessage(pg));
  int64_t n = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
  PQclear(result);
  return n;
}

void *host_open(const test_place *p) { return place_on_server() ? server_open(p) : sqlite_open(p); }

void host_close(void *host) {
  if (place_on_server())
    PQfinish(host);
  else
    assert_int_equal(sqlite3_close(host), SQLITE_OK);
}

bool host_try(void *host, const char *sql) {
  return place_on_server() ? server_try(host, sql) : sqlite_try(host, sql);
}

int64_t host_number(void *host, const char *sql) {
  return place_on_server() ? server_number(host, sql) : sqlite_number(host, sql);
}
#else
void *host_open(const test_place *p) { return sqlite_open(p); }
void host_close(void *host) { assert_int_equal(sqlite3_close(host), SQLITE_OK); }
bool host_try(void *host, const char *sql) { return sqlite_try(host, sql); }
int64_t host_number(void *host, const char *sql) { return sqlite_number(host, sql); }
#endif

void host_run(void *host, const char *sql) {
  if (!host_try(host, sql))
    fail_msg("%s failed", sql);
}

void host_begin(void *host) { host_run(host, place_on_server() ? "BEGIN" : "BEGIN IMMEDIATE"); }

void host_lock(void *host, const char *table) {
  char sql[96];
  host_begin(host);
  if (!place_on_server())
    return;
  snprintf(sql, sizeof sql, "LOCK TABLE %s IN SHARE MODE", table);
  host_run(host, sql);
}

/* ---- cases ---- */

static bool runs(const char *name, const char *const *not_there, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (strstr(name, not_there[i]))
      return false;
  return true;
}

int run_cases(const char *group, const struct CMUnitTest *tests, size_t n, const char *const *not_there,
              size_t n_not) {
  struct CMUnitTest *chosen = malloc(n * sizeof *chosen);
  size_t m = 0;
  for (size_t i = 0; chosen && i < n; i++)
    if (!place_on_server() || runs(tests[i].name, not_there, n_not))
      chosen[m++] = tests[i];
  int failed = chosen ? _cmocka_run_group_tests(group, chosen, m, NULL, NULL) : 1;
  free(chosen);
  return failed;
}
