/* Every command that writes, where it cannot: the database may only be read, another process holds its lock,
 * the disk is full. Each says so in the words of its status, leaves the store as it was, and works again once
 * the way is clear. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "assert_status.h"
#include "fault_vfs.h"
#include "invariants.h"
#include "scene.h"

static char folder[64], copy[160];
static scene base; /* a filled desk, closed */

static int make_base(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  snprintf(folder, sizeof folder, "/tmp/aftersales-obstacles-XXXXXX");
  assert_non_null(mkdtemp(folder));
  base = (scene){.flags = AFT_STORE_CREATE | AFT_STORE_RELAXED, .random = 1};
  snprintf(base.path, sizeof base.path, "%s/desk.db", folder);
  snprintf(copy, sizeof copy, "%s/try.db", folder);
  assert_ok(scene_open(&base, &error));
  assert_ok(scene_found(&base, &error));
  assert_ok(scene_fill(&base, "1", &error));
  scene_close(&base);
  return 0;
}

static int remove_base(void **state) {
  (void)state;
  char line[128];
  snprintf(line, sizeof line, "rm -rf '%s'", folder);
  return system(line);
}

/* ---- one try ---- */

typedef struct attempt {
  const command *command;
  scene scene;
  char *before;
} attempt;

/* The host's own connection meets the obstacle before the library does. */
static bool is_the_hosts(const command *c) { return strstr(c->name, "host") != NULL; }

static bool begin(attempt *a, uint32_t i) {
  char line[400];
  a->command = &scene_commands[i];
  if (a->command->opens || is_the_hosts(a->command))
    return false;
  snprintf(line, sizeof line, "rm -f '%s'* && cp '%s' '%s'", copy, base.path, copy);
  assert_int_equal(system(line), 0);
  a->before = store_text(copy);
  a->scene = base;
  a->scene.flags = AFT_STORE_RELAXED;
  snprintf(a->scene.path, sizeof a->scene.path, "%s", copy);
  a->scene.now += a->command->later;
  return true;
}

static void assert_refused(attempt *a, aft_status expected) {
  aft_error error = AFT_ERROR_INIT;
  aft_status status = a->command->run(&a->scene, &error);
  if (status != expected)
    fail_msg("%s: expected %s, found %s at %s: %s", a->command->name, aft_status_name(expected),
             aft_status_name(status), error.where, error.message);
  assert_int_equal(error.code, expected);
  if (!error.message[0] || !error.where[0])
    fail_msg("%s: %s says '%s' at '%s'", a->command->name, aft_status_name(expected), error.message,
             error.where);
}

static void assert_readable(attempt *a) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *ticket;
  aft_call call = {.size = sizeof call, .tenant = a->scene.tenant, .role = AFT_ROLE_SYSTEM};
  assert_ok(aft_ticket_get(a->scene.session, &call, a->scene.ticket[SCENE_ANSWER], &ticket, &error));
  aft_record_free(ticket);
}

static void assert_works(attempt *a) {
  aft_error error = AFT_ERROR_INIT;
  aft_status status = a->command->run(&a->scene, &error), refused = a->command->refused;
  if (status < 0 && status != refused)
    fail_msg("%s, with the way clear: %s at %s: %s", a->command->name, aft_status_name(status), error.where,
             error.message);
}

static void assert_unchanged(const attempt *a) {
  char why[400];
  char *now = store_text(copy);
  if (strcmp(now, a->before) != 0)
    fail_msg("%s left something behind", a->command->name);
  if (!invariants_hold(copy, why, sizeof why))
    fail_msg("%s: %s", a->command->name, why);
  free(now);
}

/* ---- a store that may only be read ---- */

static void a_store_for_reading_is_not_written(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  attempt a;
  for (uint32_t i = 0; i < scene_command_count; i++) {
    if (!begin(&a, i))
      continue;
    a.scene.flags = AFT_STORE_READ_ONLY;
    assert_ok(scene_open(&a.scene, &error));
    assert_refused(&a, AFT_E_READ_ONLY);
    assert_readable(&a);
    scene_close(&a.scene);
    assert_unchanged(&a);
    free(a.before);
  }
}

static void a_file_that_may_only_be_read_is_told_at_once(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_env *env;
  aft_store *store = NULL;
  char dsn[200];
  snprintf(dsn, sizeof dsn, "file:%s?mode=ro", base.path);
  aft_store_options how = {.size = sizeof how, .dsn = AFT_STR(dsn)};
  assert_ok(aft_env_new(NULL, &env, &error));
  assert_int_equal(aft_store_open(env, &how, &store, &error), AFT_E_READ_ONLY);
  assert_string_equal(error.where, "desk.db");
  assert_null(store);
  how.flags = AFT_STORE_READ_ONLY;
  assert_ok(aft_store_open(env, &how, &store, &error));
  aft_store_unref(store);
  aft_env_unref(env);
}

/* ---- another process holds the lock ---- */

typedef struct locker {
  pid_t pid;
  int orders, answers; /* ends of two pipes */
} locker;

/* SQLite must not cross a fork: the other process begins before any connection is open, and waits. */
static void hold_lock(int orders, int answers) {
  sqlite3 *db = NULL;
  char order;
  while (read(orders, &order, 1) == 1) {
    int rc = SQLITE_OK;
    if (order == 'l')
      rc = sqlite3_open(copy, &db) || sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    else
      sqlite3_close(db);
    if (write(answers, rc ? "!" : ".", 1) != 1)
      break;
  }
  _exit(0);
}

static locker start_locker(void) {
  int down[2], up[2];
  assert_int_equal(pipe(down) | pipe(up), 0);
  locker l = {.pid = fork(), .orders = down[1], .answers = up[0]};
  assert_true(l.pid >= 0);
  if (l.pid == 0) {
    close(down[1]);
    close(up[0]);
    hold_lock(down[0], up[1]);
  }
  close(down[0]);
  close(up[1]);
  return l;
}

static void tell(const locker *l, char order) {
  char answer = 0;
  assert_int_equal(write(l->orders, &order, 1), 1);
  assert_int_equal(read(l->answers, &answer, 1), 1);
  assert_int_equal(answer, '.');
}

static void stop_locker(const locker *l) {
  close(l->orders);
  close(l->answers);
  assert_int_equal(waitpid(l->pid, NULL, 0), l->pid);
}

static void a_lock_of_another_process_is_waited_for_and_told(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  attempt a;
  for (uint32_t i = 0; i < scene_command_count; i++) {
    if (!begin(&a, i))
      continue;
    locker l = start_locker();
    a.scene.busy_ms = 5;
    assert_ok(scene_open(&a.scene, &error));
    tell(&l, 'l');
    assert_refused(&a, AFT_E_LOCKED);
    assert_readable(&a);
    tell(&l, 'u');
    assert_unchanged(&a);
    assert_works(&a);
    scene_close(&a.scene);
    stop_locker(&l);
    free(a.before);
  }
}

/* ---- a full disk ---- */

static void a_full_disk_is_told_and_emptied(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  const fault_plan none = {.kind = FAULT_NONE}, full = {.kind = FAULT_FULL, .at = 1, .lasting = true};
  attempt a;
  for (uint32_t i = 0; i < scene_command_count; i++) {
    if (!begin(&a, i))
      continue;
    a.scene.vfs = "fault";
    fault_vfs_begin(&none);
    assert_ok(scene_open(&a.scene, &error));
    fault_vfs_begin(&full);
    assert_refused(&a, a.command->refused ? a.command->refused : AFT_E_FULL); /* who may not, may not */
    assert_readable(&a);
    fault_vfs_begin(&none);
    assert_unchanged(&a);
    assert_works(&a);
    scene_close(&a.scene);
    fault_vfs_end();
    free(a.before);
  }
}

/* ---- in the host's transaction ---- */

/* The store for the library, and an open transaction of the host. */
static sqlite3 *begin_host(attempt *a, const char *start) {
  aft_error error = AFT_ERROR_INIT;
  assert_ok(scene_open(&a->scene, &error));
  sqlite3 *host = scene_host(&a->scene);
  assert_non_null(host);
  sqlite3_busy_timeout(host, 5);
  if (sqlite3_exec(host, start, NULL, NULL, NULL))
    fail_msg("%s: %s", start, sqlite3_errmsg(host));
  return host;
}

static aft_status say_in(attempt *a, sqlite3 *host, aft_str text, aft_error *error) {
  aft_session *attached;
  aft_call call = {.size = sizeof call, .tenant = a->scene.tenant, .role = AFT_ROLE_SYSTEM};
  aft_message_in in = {.size = sizeof in,
                       .shop = a->scene.shop,
                       .channel = AFT_STR("email"),
                       .handle = AFT_STR("host@example.com"),
                       .external = AFT_STR("of the host"),
                       .text = text};
  aft_status status = aft_session_attach(a->scene.store, host, &attached, error);
  if (status < 0)
    return status;
  status = aft_intake(attached, &call, &in, NULL, error);
  aft_session_close(attached);
  return status;
}

static void assert_host_refused(attempt *a, sqlite3 *host, aft_str text, aft_status expected,
                                const char *words) {
  aft_error error = AFT_ERROR_INIT;
  aft_status status = say_in(a, host, text, &error);
  if (status != expected || !error.where[0] || !strstr(error.message, words))
    fail_msg("expected %s, found %s at %s: %s", aft_status_name(expected), aft_status_name(status),
             error.where, error.message);
}

/* The host goes on as the documentation says: rolls back, and runs the whole again. */
static void assert_host_runs_again(attempt *a, sqlite3 *host, aft_str text) {
  aft_error error = AFT_ERROR_INIT;
  sqlite3_exec(host, "ROLLBACK", NULL, NULL, NULL);
  assert_unchanged(a);
  assert_int_equal(sqlite3_exec(host, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
  assert_ok(say_in(a, host, text, &error));
  assert_int_equal(sqlite3_exec(host, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
  sqlite3_close(host);
  scene_close(&a->scene);
  free(a->before);
}

#define SHORT_TEXT AFT_STR("缺货了吗？")

static void a_host_that_may_only_read_is_told(void **state) {
  (void)state;
  attempt a;
  begin(&a, 0);
  sqlite3 *host = begin_host(&a, "PRAGMA query_only = 1; BEGIN");
  assert_host_refused(&a, host, SHORT_TEXT, AFT_E_READ_ONLY, "only be read");
  assert_int_equal(sqlite3_exec(host, "ROLLBACK; PRAGMA query_only = 0; BEGIN", 0, 0, 0), SQLITE_OK);
  assert_host_runs_again(&a, host, SHORT_TEXT);
}

/* A plain BEGIN takes the lock too late. */
static void a_host_that_meets_a_lock_is_told_to_run_again(void **state) {
  (void)state;
  attempt a;
  begin(&a, 0);
  locker l = start_locker();
  sqlite3 *host = begin_host(&a, "BEGIN");
  tell(&l, 'l');
  assert_host_refused(&a, host, SHORT_TEXT, AFT_E_RETRY, "run it again");
  tell(&l, 'u');
  assert_host_runs_again(&a, host, SHORT_TEXT);
  stop_locker(&l);
}

/* A cache of one page makes SQLite write before the commit, which is the host's. It then gives the whole
 * transaction up. */
static void a_host_with_a_full_disk_is_told(void **state) {
  (void)state;
  static char text[60000];
  attempt a;
  begin(&a, 0);
  memset(text, 'x', sizeof text - 1);
  a.scene.vfs = "fault";
  fault_vfs_begin(&(fault_plan){.kind = FAULT_NONE});
  sqlite3 *host = begin_host(&a, "PRAGMA cache_size = 1; BEGIN IMMEDIATE");
  fault_vfs_begin(&(fault_plan){.kind = FAULT_FULL, .at = 1, .lasting = true});
  assert_host_refused(&a, host, (aft_str){text, AFT_NTS}, AFT_E_RETRY, "disk is full");
  fault_vfs_begin(&(fault_plan){.kind = FAULT_NONE});
  assert_host_runs_again(&a, host, (aft_str){text, AFT_NTS});
  fault_vfs_end();
}

/* ---- copying needs to read alone ---- */

static void back_up(attempt *a) {
  aft_error error = AFT_ERROR_INIT;
  char target[200], why[400];
  snprintf(target, sizeof target, "%s/copy.db", folder);
  aft_backup_options options = {
      .size = sizeof options, .target = AFT_STR(target), .flags = AFT_BACKUP_VERIFY};
  assert_ok(aft_store_backup(a->scene.session, &options, &error));
  if (!invariants_hold(target, why, sizeof why))
    fail_msg("the copy: %s", why);
  unlink(target);
}

static void a_store_that_cannot_be_written_is_copied(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  attempt a;
  begin(&a, 0);
  locker l = start_locker();
  a.scene.flags = AFT_STORE_READ_ONLY;
  assert_ok(scene_open(&a.scene, &error));
  back_up(&a);
  scene_close(&a.scene);
  a.scene.flags = 0;
  a.scene.busy_ms = 5;
  assert_ok(scene_open(&a.scene, &error));
  tell(&l, 'l');
  back_up(&a);
  tell(&l, 'u');
  assert_unchanged(&a);
  scene_close(&a.scene);
  stop_locker(&l);
  free(a.before);
}

/* ---- the modes of files, as a user whom they bind ---- */

#define NOBODY 65534

static aft_status open_as_nobody(uint32_t flags) {
  aft_error error = AFT_ERROR_INIT;
  if (getuid() == 0 && (setgid(NOBODY) || setuid(NOBODY)))
    _exit(100);
  scene s = base;
  s.flags = flags;
  snprintf(s.path, sizeof s.path, "%s", copy);
  aft_status status = scene_open(&s, &error);
  if (status < 0 && (!error.where[0] || !error.message[0]))
    _exit(101);
  return status;
}

static int child_opens(uint32_t flags, aft_status expected) {
  int status;
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0)
    _exit(open_as_nobody(flags) == expected ? 0 : 102);
  assert_int_equal(waitpid(pid, &status, 0), pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void remove_beside(void) {
  char line[400];
  snprintf(line, sizeof line, "rm -f '%s-wal' '%s-shm'", copy, copy);
  assert_int_equal(system(line), 0);
}

static void modes_of_files_are_told(void **state) {
  (void)state;
  attempt a;
  begin(&a, 0);
  remove_beside();
  assert_int_equal(chmod(folder, 0555) | chmod(copy, 0444), 0);
  assert_int_equal(child_opens(0, AFT_E_READ_ONLY), 0);
  /* A reader too needs the log's files beside the database: they are there, or it makes them. */
  assert_int_equal(child_opens(AFT_STORE_READ_ONLY, AFT_E_READ_ONLY), 0);
  assert_int_equal(chmod(folder, 0777), 0);
  assert_int_equal(child_opens(AFT_STORE_READ_ONLY, AFT_OK), 0);
  remove_beside(); /* they have the modes of the database */
  assert_int_equal(chmod(copy, 0666), 0);
  assert_int_equal(child_opens(0, AFT_OK), 0);
  assert_int_equal(chmod(folder, 0700), 0);
  free(a.before);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_store_for_reading_is_not_written),
      cmocka_unit_test(a_file_that_may_only_be_read_is_told_at_once),
      cmocka_unit_test(a_lock_of_another_process_is_waited_for_and_told),
      cmocka_unit_test(a_full_disk_is_told_and_emptied),
      cmocka_unit_test(a_host_that_may_only_read_is_told),
      cmocka_unit_test(a_host_that_meets_a_lock_is_told_to_run_again),
      cmocka_unit_test(a_host_with_a_full_disk_is_told),
      cmocka_unit_test(a_store_that_cannot_be_written_is_copied),
      cmocka_unit_test(modes_of_files_are_told),
  };
  return cmocka_run_group_tests(tests, make_base, remove_base);
}
