/* Processes and threads on one file, some of them killed at random: what they wrote down as acknowledged,
 * each in a journal of its own, is there once, and the store is sound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "invariants.h"
#include "random.h"
#include "scene.h"

#define THREADS "4"
#define WORKERS 2 /* that live to the end; another is killed again and again */
#define MOST    200

static char folder[64];
static scene base;
static uint32_t journals;

static int make_base(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  snprintf(folder, sizeof folder, "%s/aftersales-stress-XXXXXX",
           access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
  if (!mkdtemp(folder))
    return -1;
  base = (scene){.flags = AFT_STORE_CREATE, .random = 1};
  snprintf(base.path, sizeof base.path, "%s/desk.db", folder);
  aft_status status = scene_open(&base, &error);
  if (status >= 0)
    status = scene_found(&base, &error);
  scene_close(&base);
  return status < 0 ? -1 : 0;
}

static int remove_base(void **state) {
  (void)state;
  char line[128];
  snprintf(line, sizeof line, "rm -rf '%s'", folder);
  return system(line);
}

/* ---- workers ---- */

static void journal_path(uint32_t i, char out[128]) { snprintf(out, 128, "%s/journal-%u", folder, i); }

static pid_t start(uint64_t seed, int ms) {
  const char *program = getenv("AFT_STRESS_WORKER");
  char journal[128], name[16], random[24], time[16];
  assert_non_null(program);
  assert_true(journals < MOST);
  journal_path(journals, journal);
  snprintf(name, sizeof name, "w%u", journals++);
  snprintf(random, sizeof random, "%llu", (unsigned long long)seed);
  snprintf(time, sizeof time, "%d", ms > 1 ? ms : 1);
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    execl(program, program, base.path, journal, name, random, THREADS, time, (char *)NULL);
    _exit(127);
  }
  return pid;
}

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void wait_ms(int64_t ms) {
  struct timespec span = {ms / 1000, ms % 1000 * 1000000};
  nanosleep(&span, NULL);
}

/* Starts workers and kills them while they work; how many. */
static uint32_t kill_some(uint64_t *seed, int64_t end) {
  uint32_t kills = 0;
  while (now_ms() < end && journals < MOST) {
    pid_t pid = start(draw(seed), (int)(end - now_ms()) + 1000);
    wait_ms(50 + below(seed, 600));
    kill(pid, SIGKILL);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WIFEXITED(status))
      fail_msg("a worker ended by itself with %d", WEXITSTATUS(status));
    kills++;
  }
  return kills;
}

/* ---- the journals against the store ---- */

typedef struct claim {
  char kind;
  const char *sql; /* 1 where what was acknowledged is there once */
} claim;

static const claim claims[] = {
    {'M', "SELECT count(*) FROM aft_message WHERE external = ?"},
    {'A', "SELECT count(*) FROM aft_message WHERE text = ? AND inbound = 0"},
    {'O', "SELECT count(*) FROM aft_order WHERE number = ?"},
    {'H', "SELECT count(*) FROM orders JOIN aft_message ON external = orders.number WHERE orders.number = ?"},
    {'S', "SELECT count(*) FROM aft_outbox WHERE id = CAST(? AS INTEGER) AND state = 3"},
};
#define CLAIMS (sizeof claims / sizeof *claims)

static int64_t count(sqlite3 *db, const char *sql, const char *text) {
  sqlite3_stmt *stmt;
  if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL))
    fail_msg("%s: %s", sql, sqlite3_errmsg(db));
  if (text)
    sqlite3_bind_text(stmt, 1, text, -1, SQLITE_STATIC);
  assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
  int64_t n = sqlite3_column_int64(stmt, 0);
  sqlite3_finalize(stmt);
  return n;
}

static void check_line(sqlite3 *db, const char *line, uint32_t seen[CLAIMS]) {
  for (size_t i = 0; i < CLAIMS; i++) {
    if (claims[i].kind != line[0])
      continue;
    seen[i]++;
    int64_t n = count(db, claims[i].sql, line + 2);
    if (n != 1)
      fail_msg("acknowledged: '%s', found %lld times", line, (long long)n);
    return;
  }
  fail_msg("a journal has the line '%s'", line);
}

static void check_journals(uint32_t seen[CLAIMS]) {
  char path[128], line[128];
  sqlite3 *db = scene_host(&base);
  assert_non_null(db);
  sqlite3_exec(
      db,
      "CREATE INDEX message_text ON aft_message (text); CREATE INDEX message_external ON aft_message "
      "(external); CREATE INDEX order_number ON aft_order (number)",
      0, 0, 0);
  for (uint32_t i = 0; i < journals; i++) {
    journal_path(i, path);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file)) {
      line[strcspn(line, "\n")] = 0;
      check_line(db, line, seen);
    }
    if (file)
      fclose(file);
  }
  assert_int_equal(count(db,
                         "SELECT count(*) FROM (SELECT 1 FROM aft_message WHERE text GLOB 'a-*' "
                         "GROUP BY text HAVING count(*) > 1)",
                         NULL),
                   0);
  assert_int_equal(count(db,
                         "SELECT count(*) FROM orders WHERE number NOT IN (SELECT external FROM aft_message "
                         "WHERE external NOT NULL)",
                         NULL),
                   0);
  assert_int_equal(count(db,
                         "SELECT count(*) FROM aft_message WHERE external GLOB 'h-*' AND external NOT IN "
                         "(SELECT number FROM orders)",
                         NULL),
                   0);
  sqlite3_close(db);
}

static void crowds_and_kills_lose_nothing(void **state) {
  (void)state;
  uint64_t seed = seed_of("stress");
  int ms = rounds(6000, 60000);
  pid_t pids[WORKERS];
  char why[1200];
  uint32_t seen[CLAIMS] = {0};
  int64_t end = now_ms() + ms;
  for (int i = 0; i < WORKERS; i++)
    pids[i] = start(draw(&seed), ms);
  uint32_t kills = kill_some(&seed, end);
  for (int i = 0; i < WORKERS; i++) {
    int status;
    assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
    if (!WIFEXITED(status) || WEXITSTATUS(status))
      fail_msg("a worker ended with status 0x%x", status);
  }
  if (!invariants_hold(base.path, why, sizeof why))
    fail_msg("%s", why);
  check_journals(seen);
  print_message("# %u kills; %u messages, %u answers, %u orders, %u with the host's order, %u effects\n",
                kills, seen[0], seen[1], seen[2], seen[3], seen[4]);
  assert_true(kills > 0);
  for (size_t i = 0; i < CLAIMS; i++)
    assert_true(seen[i] > 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(crowds_and_kills_lose_nothing)};
  return cmocka_run_group_tests(tests, make_base, remove_base);
}
