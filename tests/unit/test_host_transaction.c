/* The host's own transaction: its order row and our ticket commit or vanish together, killed at every write.
 */
#include "desk_fixture.h"
#include "kill_vfs.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static desk d;

static int open_sqlite(void **state) {
  (void)state;
  desk_open(&d, DESK_SQLITE);
  return 0;
}

static int shut(void **state) {
  (void)state;
  desk_close(&d);
  return 0;
}

static sqlite3 *host_open(const char *vfs) {
  sqlite3 *host;
  assert_int_equal(sqlite3_open_v2(d.path, &host, SQLITE_OPEN_READWRITE, vfs), SQLITE_OK);
  sqlite3_busy_timeout(host, 5000);
  assert_int_equal(sqlite3_exec(host, "CREATE TABLE IF NOT EXISTS orders (number TEXT)", 0, 0, 0), SQLITE_OK);
  return host;
}

static int64_t host_count(sqlite3 *host, const char *sql) {
  sqlite3_stmt *stmt;
  assert_int_equal(sqlite3_prepare_v2(host, sql, -1, &stmt, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
  int64_t n = sqlite3_column_int64(stmt, 0);
  sqlite3_finalize(stmt);
  return n;
}

#define ORDERS  "SELECT count(*) FROM orders"
#define TICKETS "SELECT count(*) FROM aft_ticket"

/* The host's row and our ticket in one transaction of the host's. */
static void order_with_ticket(sqlite3 *host, const char *end) {
  aft_error error = AFT_ERROR_INIT;
  aft_session *attached;
  assert_int_equal(sqlite3_exec(host, "BEGIN IMMEDIATE; INSERT INTO orders VALUES ('A1')", 0, 0, 0),
                   SQLITE_OK);
  assert_ok(aft_session_attach(d.store, host, &attached, &error));
  aft_message_in in = desk_message(&d, "m1", "刚下单就缺货了？");
  assert_ok(aft_intake(attached, &d.system, &in, NULL, &error));
  aft_session_close(attached);
  assert_int_equal(sqlite3_exec(host, end, 0, 0, 0), SQLITE_OK);
}

static void both_commit_or_both_vanish(void **state) {
  (void)state;
  sqlite3 *host = host_open(NULL);
  order_with_ticket(host, "ROLLBACK");
  assert_int_equal(host_count(host, ORDERS), 0);
  assert_int_equal(host_count(host, TICKETS), 0);
  order_with_ticket(host, "COMMIT");
  assert_int_equal(host_count(host, ORDERS), 1);
  assert_int_equal(host_count(host, TICKETS), 1);
  sqlite3_close(host);
}

static void a_refused_command_leaves_the_hosts_row(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_session *attached;
  sqlite3 *host = host_open(NULL);
  assert_int_equal(sqlite3_exec(host, "BEGIN; INSERT INTO orders VALUES ('A1')", 0, 0, 0), SQLITE_OK);
  assert_ok(aft_session_attach(d.store, host, &attached, &error));
  aft_message_in in = desk_message(&d, "m1", "x");
  in.shop = d.shop + 1;
  assert_status(aft_intake(attached, &d.system, &in, NULL, &error), AFT_E_NOT_FOUND);
  aft_session_close(attached);
  assert_int_equal(sqlite3_get_autocommit(host), 0);
  assert_int_equal(sqlite3_exec(host, "COMMIT", 0, 0, 0), SQLITE_OK);
  assert_int_equal(host_count(host, ORDERS), 1);
  assert_int_equal(host_count(host, TICKETS), 0);
  sqlite3_close(host);
}

static void a_tick_wants_a_session_of_its_own(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_session *attached;
  sqlite3 *host = host_open(NULL);
  assert_int_equal(sqlite3_exec(host, "BEGIN IMMEDIATE", 0, 0, 0), SQLITE_OK);
  assert_ok(aft_session_attach(d.store, host, &attached, &error));
  assert_status(aft_tick(attached, NULL, NULL, &error), AFT_E_INVALID);
  aft_session_close(attached);
  assert_int_equal(sqlite3_exec(host, "ROLLBACK", 0, 0, 0), SQLITE_OK);
  sqlite3_close(host);
}

static void without_a_transaction_nothing_is_attached(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_session *attached;
  sqlite3 *host = host_open(NULL);
  assert_status(aft_session_attach(d.store, host, &attached, &error), AFT_E_INVALID);
  sqlite3_close(host);
}

/* In the child: opens everything anew, as after a fork nothing of the parent's may be used. Exit 0 when the
 * commit was acknowledged. */
static void child(uint64_t kill_at, bool torn) {
  aft_store_options options = {.size = sizeof options, .dsn = AFT_STR(d.path)};
  aft_error error = AFT_ERROR_INIT;
  aft_env *env;
  if (aft_env_new(NULL, &env, &error) < 0 || aft_store_open(env, &options, &d.store, &error) < 0)
    _exit(3);
  kill_vfs_arm(kill_at, torn);
  sqlite3 *host = host_open("kill");
  order_with_ticket(host, "COMMIT");
  _exit(0);
}

static void copy_file(const char *from, const char *to) {
  char command[300];
  snprintf(command, sizeof command, "rm -f '%s-wal' '%s-shm' && cp '%s' '%s'", to, to, from, to);
  assert_int_equal(system(command), 0);
}

/* Returns whether the child outlived the kill point: there was no such write. */
static bool one_kill(uint64_t at, bool torn) {
  int status;
  pid_t pid = fork();
  if (pid == 0)
    child(at, torn);
  assert_int_equal(waitpid(pid, &status, 0), pid);
  bool acknowledged = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  if (!acknowledged)
    assert_true(WIFSIGNALED(status));
  sqlite3 *host = host_open(NULL);
  int64_t orders = host_count(host, ORDERS), tickets = host_count(host, TICKETS);
  if (orders != tickets || (acknowledged && orders != 1))
    fail_msg("killed at write %llu%s: %lld orders, %lld tickets", (unsigned long long)at,
             torn ? " (torn)" : "", (long long)orders, (long long)tickets);
  assert_int_equal(
      host_count(host, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"), 0);
  sqlite3_close(host);
  return acknowledged;
}

static void killed_at_every_write(void **state) {
  (void)state;
  char spare[128];
  snprintf(spare, sizeof spare, "%s/spare.db", d.folder);
  aft_session_close(d.session);
  aft_store_unref(d.store);
  d.session = NULL;
  sqlite3_close(host_open(NULL));
  copy_file(d.path, spare);
  uint64_t points = 0;
  for (int torn = 0; torn < 2; torn++)
    for (uint64_t at = 1;; at++) {
      copy_file(spare, d.path);
      if (one_kill(at, torn))
        break;
      points++;
    }
  print_message("# %llu kills\n", (unsigned long long)points);
  assert_true(points > 10);
  d.store = NULL;
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, open_sqlite, shut)

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(both_commit_or_both_vanish),
      CASE(a_refused_command_leaves_the_hosts_row),
      CASE(a_tick_wants_a_session_of_its_own),
      CASE(without_a_transaction_nothing_is_attached),
      CASE(killed_at_every_write),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
