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
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "fault_vfs.h"
#include "invariants.h"
#include "scene.h"

static char folder[64], copy[160];
static scene base; /* a filled desk, closed */

#define assert_ok(expr)                                                                          \
  do {                                                                                           \
    aft_status status_ = (expr);                                                                 \
    if (status_ < 0)                                                                             \
      fail_msg("%s: %s at %s: %s", #expr, aft_status_name(status_), error.where, error.message); \
  } while (0)

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
  if (!error.message[0])
    fail_msg("%s: %s says nothing", a->command->name, aft_status_name(expected));
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

/* ---- a full disk; that nothing is left behind is judged by test_faults ---- */

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
    assert_works(&a);
    scene_close(&a.scene);
    fault_vfs_end();
    free(a.before);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_store_for_reading_is_not_written),
      cmocka_unit_test(a_file_that_may_only_be_read_is_told_at_once),
      cmocka_unit_test(a_lock_of_another_process_is_waited_for_and_told),
      cmocka_unit_test(a_full_disk_is_told_and_emptied),
  };
  return cmocka_run_group_tests(tests, make_base, remove_base);
}
