/* The conformance suite: SQLite conforms; each lie of a driver is caught, by the suite and, where a store
 * would be harmed, by the library itself. */
#include "desk_fixture.h"
#include "liar.h"
#include "../conformance/host_sqlite.h"
#include "../../examples/pool_driver.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct run {
  char folder[64], dsn[96];
  const char *caught; /* the case that must fail */
  uint32_t cases, failed, skipped;
  bool caught_it;
  char first[700]; /* the first failure, in words */
} run;

static void take_down(void *user, const aft_conformance_result *r) {
  run *w = user;
  w->cases++;
  w->skipped += r->outcome == AFT_CONFORMANCE_SKIPPED;
  if (r->outcome != AFT_CONFORMANCE_FAILED)
    return;
  if (!w->failed++)
    snprintf(w->first, sizeof w->first, "%s: %s", r->name, r->message);
  if (w->caught && strcmp(r->name, w->caught) == 0)
    w->caught_it = true;
}

static int make_folder(void **state) {
  run *w = calloc(1, sizeof *w);
  if (!w)
    return -1;
  *state = w;
  snprintf(w->folder, sizeof w->folder, "/tmp/aft-conformance-XXXXXX");
  if (!mkdtemp(w->folder))
    return -1;
  snprintf(w->dsn, sizeof w->dsn, "%s/suite.db", w->folder);
  return 0;
}

static void remove_database(const run *w) {
  static const char *const ends[] = {"", "-wal", "-shm", "-missing", "-missing-wal", "-missing-shm"};
  char path[128];
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
    snprintf(path, sizeof path, "%s%s", w->dsn, ends[i]);
    unlink(path);
  }
}

static int drop_folder(void **state) {
  run *w = *state;
  remove_database(w);
  rmdir(w->folder);
  free(w);
  return 0;
}

static int conform(run *w, const aft_sql_driver *driver, const char *only) {
  aft_conformance how = {.driver = driver, .dsn = w->dsn, .only = only, .host = &host_sqlite};
  how.report = take_down;
  how.user = w;
  return aft_conformance_run(&how);
}

static void sqlite_conforms(void **state) {
  run *w = *state;
  if (conform(w, NULL, NULL) != 0)
    fail_msg("%s", w->first);
  assert_int_equal(w->cases, aft_conformance_count());
  assert_int_equal(w->skipped, 0);
}

static void a_wrapping_that_is_honest_conforms(void **state) {
  run *w = *state;
  if (conform(w, liar_driver(""), NULL) != 0)
    fail_msg("%s", w->first);
}

/* With the struct as it was then, and nothing behind it. */
static void a_driver_of_the_first_contract_conforms(void **state) {
  run *w = *state;
  aft_sql_driver driver = *liar_driver("");
  driver.size = offsetof(aft_sql_driver, interrupt) + sizeof driver.interrupt;
  driver.abi = 1;
  void *first = malloc(driver.size);
  assert_non_null(first);
  memcpy(first, &driver, driver.size);
  int failed = conform(w, first, NULL);
  free(first);
  if (failed)
    fail_msg("%s", w->first);
}

/* The example's whole driver, over a pool of a host. */
static void the_example_conforms(void **state) {
  run *w = *state;
  pool *p = pool_new(w->dsn, 16);
  assert_non_null(p);
  aft_sql_driver driver = pool_driver(p);
  if (conform(w, &driver, NULL) != 0)
    fail_msg("%s", w->first);
  assert_int_equal(w->skipped, 0);
  assert_int_equal(pool_count(p).lent, 0);
  pool_free(p);
}

/* In a process of its own: returns 0 when the lie was caught. AFT_SLOW runs the whole suite for each. */
static int tell_lie(const run *parent, const liar_lie *lie, int number) {
  run w = {.caught = lie->caught};
  snprintf(w.folder, sizeof w.folder, "%.40s/%d", parent->folder, number);
  snprintf(w.dsn, sizeof w.dsn, "%s/suite.db", w.folder);
  if (mkdir(w.folder, 0700))
    return 2;
  int failed = conform(&w, liar_driver(lie->name), getenv("AFT_SLOW") ? NULL : lie->caught);
  remove_database(&w);
  rmdir(w.folder);
  if (failed > 0 && w.caught_it)
    return 0;
  fprintf(stderr, "a driver that %s: %d cases failed, but not %s; the first: %s\n", lie->name, failed,
          lie->caught, w.first);
  return 1;
}

static int wait_for_one(void) {
  int status;
  assert_true(wait(&status) > 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : 1;
}

/* The suite mostly waits for locks and threads, so several lies are told at once. */
static void every_lie_is_caught(void **state) {
  enum {
    AT_ONCE = 10
  };
  int running = 0, missed = 0;
  fflush(NULL);
  for (int i = 0; liar_lies[i].name; i++) {
    if (running == AT_ONCE) {
      missed += wait_for_one();
      running--;
    }
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
      _exit(tell_lie(*state, &liar_lies[i], i));
    running++;
  }
  while (running--)
    missed += wait_for_one();
  assert_int_equal(missed, 0);
}

static void nothing_is_left_behind(void **state) {
  run *w = *state;
  assert_int_equal(conform(w, NULL, "values."), 0);
  assert_int_equal(conform(w, NULL, "library.store"), 0);
  void *db = host_sqlite.open(NULL, w->dsn);
  assert_non_null(db);
  assert_int_equal(host_sqlite.exec(NULL, db, "CREATE TABLE t (n CHECK (n = 0))"), 0);
  assert_int_equal(
      host_sqlite.exec(NULL, db, "INSERT INTO t SELECT count(*) FROM sqlite_schema WHERE name <> 't'"), 0);
  host_sqlite.close(NULL, db);
}

static void wrong_use_is_refused(void **state) {
  run *w = *state;
  aft_conformance how = {.dsn = w->dsn};
  assert_int_equal(aft_conformance_run(NULL), -1);
  assert_int_equal(aft_conformance_run(&how), -1); /* no report */
  assert_int_equal(conform(w, NULL, "no.such.case"), -1);
  assert_int_equal(w->cases, 0);
  w->dsn[0] = '\0';
  assert_int_equal(conform(w, NULL, NULL), -1);
}

/* Its functions are not called at all. */
static void a_driver_that_lacks_a_function_is_named(void **state) {
  run *w = *state;
  aft_sql_driver driver = *aft_sql_sqlite();
  driver.changes = NULL;
  w->caught = "driver.members";
  assert_int_equal(conform(w, &driver, NULL), 1);
  assert_true(w->caught_it);
  assert_int_equal(w->skipped, w->cases - 2);
  driver = *aft_sql_sqlite();
  driver.abi = AFT_SQL_ABI + 1;
  w->caught = "driver.contract";
  w->caught_it = false;
  conform(w, &driver, "driver.");
  assert_true(w->caught_it);
}

static void every_case_has_a_name_and_a_sentence(void **state) {
  (void)state;
  for (uint32_t i = 0; i < aft_conformance_count(); i++) {
    assert_non_null(strchr(aft_conformance_name(i), '.'));
    assert_true(strlen(aft_conformance_sentence(i)) > 10);
    for (uint32_t k = 0; k < i; k++)
      assert_string_not_equal(aft_conformance_name(i), aft_conformance_name(k));
  }
  assert_null(aft_conformance_name(aft_conformance_count()));
  assert_null(aft_conformance_sentence(UINT32_MAX));
}

/* ---- the library itself ---- */

static aft_status first_command(const run *w, const char *lie, aft_error *error) {
  aft_store_options o = {.size = sizeof o, .dsn = AFT_STR(w->dsn), .flags = AFT_STORE_RELAXED};
  aft_call call = {.size = sizeof call, .role = AFT_ROLE_SYSTEM};
  aft_tenant_in acme = {.size = sizeof acme, .external = AFT_STR("acme")};
  aft_env *env;
  aft_store *store;
  aft_session *session = NULL;
  assert_int_equal(aft_env_new(NULL, &env, error), AFT_OK);
  o.driver = liar_driver(lie);
  aft_status status = aft_store_open(env, &o, &store, error);
  if (status >= 0) {
    status = aft_session_open(store, &session, error);
    if (status >= 0)
      status = aft_tenant_put(session, &call, &acme, NULL, error);
    aft_session_close(session);
    aft_store_unref(store);
  }
  aft_env_unref(env);
  return status;
}

static void make_store(const run *w) {
  aft_store_options o = {.size = sizeof o, .dsn = AFT_STR(w->dsn), .flags = AFT_STORE_CREATE};
  aft_error error = AFT_ERROR_INIT;
  aft_env *env;
  aft_store *store;
  remove_database(w);
  assert_ok(aft_env_new(NULL, &env, &error));
  assert_ok(aft_store_open(env, &o, &store, &error));
  aft_store_unref(store);
  aft_env_unref(env);
}

static void the_library_notices_a_driver_that_lies(void **state) {
  static const struct {
    const char *lie, *message;
  } rows[] = {
      {"never counts a change", "its row is there"},
      {"counts each change twice", "reported 2 changed rows"},
      {"counts changes below zero", "reported -1 changed rows"},
      {"rolls back on commit", "is not there"},
      {"invents a status", "step returned 7"},
      {"gives each row twice", "a row came twice"},
      {"gives AFT_OK at the end of the rows", ""},
      {"tells a size that cannot be", "bytes; 1073741823 are the most"},
      {"tells a type that there is not", ""},
      {"makes no statement", "made no statement"},
      {"makes no connection", "made no connection"},
  };
  run *w = *state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    aft_error error = AFT_ERROR_INIT;
    make_store(w);
    aft_status status = first_command(w, rows[i].lie, &error);
    if (status != AFT_E_DRIVER && *rows[i].message)
      fail_msg("a driver that %s: %s: %s", rows[i].lie, aft_status_name(status), error.message);
    if (status >= 0)
      fail_msg("a driver that %s was not noticed", rows[i].lie);
    if (!strstr(error.message, rows[i].message))
      fail_msg("a driver that %s: %s", rows[i].lie, error.message);
    void *db = host_sqlite.open(NULL, w->dsn);
    assert_int_equal(host_sqlite.exec(NULL, db, "CREATE TABLE t (n CHECK (n = 0))"), 0);
    if (host_sqlite.exec(NULL, db, "INSERT INTO t SELECT count(*) FROM aft_tenant"))
      fail_msg("a driver that %s: something was written", rows[i].lie);
    host_sqlite.close(NULL, db);
  }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, drop_folder)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(sqlite_conforms),
      TEST(a_wrapping_that_is_honest_conforms),
      TEST(a_driver_of_the_first_contract_conforms),
      TEST(the_example_conforms),
      TEST(every_lie_is_caught),
      TEST(nothing_is_left_behind),
      TEST(wrong_use_is_refused),
      TEST(a_driver_that_lacks_a_function_is_named),
      TEST(every_case_has_a_name_and_a_sentence),
      TEST(the_library_notices_a_driver_that_lies),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
