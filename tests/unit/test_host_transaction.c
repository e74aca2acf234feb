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

static void *open_host(void) {
  void *host = host_open(&d.place);
  host_run(host, "CREATE TABLE IF NOT EXISTS orders (number TEXT)");
  return host;
}

#define ORDERS  "SELECT count(*) FROM orders"
#define TICKETS "SELECT count(*) FROM aft_ticket"

/* The host's row and our ticket in one transaction of the host's. */
static void order_with_ticket(void *host, const char *end) {
  aft_error error = AFT_ERROR_INIT;
  aft_session *attached;
  host_begin(host);
  host_run(host, "INSERT INTO orders VALUES ('A1')");
  assert_ok(aft_session_attach(d.store, host, &attached, &error));
  aft_message_in in = desk_message(&d, "m1", "刚下单就缺货了？");
  assert_ok(aft_intake(attached, &d.system, &in, NULL, &error));
  aft_session_close(attached);
  host_run(host, end);
}

static void both_commit_or_both_vanish(void **state) {
  (void)state;
  void *host = open_host();
  order_with_ticket(host, "ROLLBACK");
  assert_int_equal(host_number(host, ORDERS), 0);
  assert_int_equal(host_number(host, TICKETS), 0);
  order_with_ticket(host, "COMMIT");
  assert_int_equal(host_number(host, ORDERS), 1);
  assert_int_equal(host_number(host, TICKETS), 1);
  host_close(host);
}

static void a_refused_command_leaves_the_hosts_row(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_session *attached;
  void *host = open_host();
  host_run(host, "BEGIN");
  host_run(host, "INSERT INTO orders VALUES ('A1')");
  assert_ok(aft_session_attach(d.store, host, &attached, &error));
  aft_message_in in = desk_message(&d, "m1", "x");
  in.shop = d.shop + 1;
  assert_status(aft_intake(attached, &d.system, &in, NULL, &error), AFT_E_NOT_FOUND);
  aft_session_close(attached);
  host_run(host, "COMMIT");
  assert_int_equal(host_number(host, ORDERS), 1);
  assert_int_equal(host_number(host, TICKETS), 0);
  host_close(host);
}

static void a_tick_wants_a_session_of_its_own(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_session *attached;
  void *host = open_host();
  host_begin(host);
  assert_ok(aft_session_attach(d.store, host, &attached, &error));
  assert_status(aft_tick(attached, NULL, NULL, &error), AFT_E_INVALID);
  aft_session_close(attached);
  host_run(host, "ROLLBACK");
  host_close(host);
}

static void without_a_transaction_nothing_is_attached(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_session *attached;
  void *host = open_host();
  assert_status(aft_session_attach(d.store, host, &attached, &error), AFT_E_INVALID);
  host_close(host);
}

/* In the child: opens everything anew, as after a fork nothing of the parent's may be used. Exit 0 when the
 * commit was acknowledged. */
static void child(uint64_t kill_at, bool torn) {
  aft_store_options options = {.size = sizeof options, .dsn = AFT_STR(d.place.file)};
  aft_error error = AFT_ERROR_INIT;
  aft_env *env;
  if (aft_env_new(NULL, &env, &error) < 0 || aft_store_open(env, &options, &d.store, &error) < 0)
    _exit(3);
  kill_vfs_arm(kill_at, torn);
  sqlite3 *host;
  if (sqlite3_open_v2(d.place.file, &host, SQLITE_OPEN_READWRITE, "kill") != SQLITE_OK)
    _exit(3);
  sqlite3_busy_timeout(host, 5000);
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
  void *host = open_host();
  int64_t orders = host_number(host, ORDERS), tickets = host_number(host, TICKETS);
  if (orders != tickets || (acknowledged && orders != 1))
    fail_msg("killed at write %llu%s: %lld orders, %lld tickets", (unsigned long long)at,
             torn ? " (torn)" : "", (long long)orders, (long long)tickets);
  assert_int_equal(
      host_number(host, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"), 0);
  host_close(host);
  return acknowledged;
}

static void killed_at_every_write(void **state) {
  (void)state;
  char spare[128];
  snprintf(spare, sizeof spare, "%s/spare.db", d.place.folder);
  aft_session_close(d.session);
  aft_store_unref(d.store);
  d.session = NULL;
  host_close(open_host());
  copy_file(d.place.file, spare);
  uint64_t points = 0;
  for (int torn = 0; torn < 2; torn++)
    for (uint64_t at = 1;; at++) {
      copy_file(spare, d.place.file);
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
  static const char *const not_there[] = {"killed_at_every_write"};
  return RUN_CASES(tests, not_there);
}
