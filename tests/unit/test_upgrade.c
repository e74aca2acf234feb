/* A store of schema 1, made by the library of that schema: upgraded while the disk fails, and then worked on
 * by both at the same time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "assert_status.h"
#include "../fixtures/schema_v1.h"
#include "desk/tables/tables.h"
#include "invariants.h"
#include "random.h"
#include "sweep.h"

static char folder[64];

/* ---- the fixture ---- */

static char *read_fixture(const char *name) {
  char path[512];
  snprintf(path, sizeof path, "%s/tests/fixtures/%s", getenv("AFT_TEST_ROOT"), name);
  FILE *file = fopen(path, "rb");
  if (!file)
    fail_msg("%s cannot be opened", path);
  fseek(file, 0, SEEK_END);
  size_t size = (size_t)ftell(file);
  rewind(file);
  char *text = calloc(1, size + 1);
  assert_non_null(text);
  assert_int_equal(fread(text, 1, size, file), size);
  fclose(file);
  return text;
}

static sqlite3 *open_plain(const char *path) {
  sqlite3 *db;
  assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
  assert_int_equal(sqlite3_exec(db, "PRAGMA synchronous=OFF", 0, 0, 0), SQLITE_OK);
  sqlite3_busy_timeout(db, 5000);
  return db;
}

static void exec(sqlite3 *db, const char *sql) {
  char *message = NULL;
  if (sqlite3_exec(db, sql, 0, 0, &message))
    fail_msg("%.300s: %s", sql, message);
}

static int64_t number(sqlite3 *db, const char *sql) {
  sqlite3_stmt *stmt;
  assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
  int64_t n = sqlite3_column_int64(stmt, 0);
  sqlite3_finalize(stmt);
  return n;
}

/* A closed scene on a store of schema 1 of that name. */
static scene old_store(const char *name) {
  scene s = {.flags = AFT_STORE_MIGRATE, .random = 5};
  char *text = read_fixture("store_v1.sql");
  snprintf(s.path, sizeof s.path, "%s/%s", folder, name);
  unlink(s.path);
  sqlite3 *db = open_plain(s.path);
  exec(db, "PRAGMA journal_mode=WAL; BEGIN");
  exec(db, text);
  exec(db, "COMMIT");
  s.tenant = number(db, "SELECT id FROM aft_tenant WHERE external = 'merchant'");
  s.shop = number(db, "SELECT id FROM aft_shop WHERE external = 'phones'");
  sqlite3_close(db);
  s.now = strtoll(strstr(text, "-- clock: ") + 10, NULL, 10);
  free(text);
  return s;
}

static int make_folder(void **state) {
  (void)state;
  snprintf(folder, sizeof folder, "%s/aftersales-upgrade-XXXXXX",
           access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
  return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state) {
  (void)state;
  char line[128];
  snprintf(line, sizeof line, "rm -rf '%s'", folder);
  return system(line);
}

static void assert_sound(const char *path) {
  char why[1200];
  if (!invariants_hold(path, why, sizeof why))
    fail_msg("%s", why);
}

/* ---- what schema 1 had ---- */

/* Everything in the columns of schema 1 but the leases, as one number. */
static uint64_t content_v1(const char *path) {
  uint64_t hash = 0;
  sqlite3 *db = open_plain(path);
  const aft__table *const *lists[] = {v1_store_tables, v1_desk_tables};
  const size_t counts[] = {AFT__COUNT(v1_store_tables), AFT__COUNT(v1_desk_tables)};
  for (size_t l = 0; l < 2; l++)
    for (size_t i = 0; i < counts[l]; i++) {
      const aft__table *t = lists[l][i];
      if (t == &v1_lease_table)
        continue;
      sqlite3_str *sql = sqlite3_str_new(db);
      sqlite3_str_appendf(sql, "SELECT group_concat(line, char(10)) FROM (SELECT 0");
      for (unsigned c = 0; c < t->n_columns; c++)
        sqlite3_str_appendf(sql, " || '|' || quote(\"%w\")", t->columns[c].name);
      sqlite3_str_appendf(sql, " AS line FROM \"aft_%w\" ORDER BY id)", t->name);
      char *text = sqlite3_str_finish(sql);
      sqlite3_stmt *stmt;
      if (sqlite3_prepare_v2(db, text, -1, &stmt, NULL))
        fail_msg("%s: %s", text, sqlite3_errmsg(db));
      assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
      hash = aft__hash64(sqlite3_column_text(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0), hash);
      sqlite3_finalize(stmt);
      sqlite3_free(text);
    }
  sqlite3_close(db);
  return hash;
}

/* ---- the upgrade ---- */

static void the_fixture_is_sound(void **state) {
  (void)state;
  scene s = old_store("sound.db");
  assert_sound(s.path);
  sqlite3 *db = open_plain(s.path);
  assert_true(number(db, "SELECT count(*) FROM aft_ticket") > 40);
  assert_int_equal(number(db, "SELECT schema FROM aft_meta"), 1);
  sqlite3_close(db);
}

static void nothing_is_upgraded_unasked(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  scene s = old_store("unasked.db");
  s.flags = 0;
  char *before = store_text(s.path);
  assert_int_equal(scene_open(&s, &error), AFT_E_SCHEMA_OLDER);
  scene_close(&s);
  char *after = store_text(s.path);
  assert_string_equal(before, after);
  free(before);
  free(after);
}

static void everything_is_there_after_the_upgrade(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  scene s = old_store("whole.db");
  uint64_t before = content_v1(s.path);
  assert_ok(scene_open(&s, &error));
  scene_close(&s);
  assert_true(content_v1(s.path) == before);
  assert_sound(s.path);
}

static void an_upgrade_is_whole_or_none_at_every_fault(void **state) {
  (void)state;
  static const command upgrade = {
      .name = "an upgrade", .calls = "aft_store_open", .run = scene_open, .opens = true};
  uint64_t seed = seed_of("upgrade");
  scene s = old_store("upgrade.db");
  uint64_t before = content_v1(s.path);
  sweep w;
  sweep_start(&w, &upgrade, &s);
  assert_true(content_v1(s.path) == before);
  assert_true(w.points > 20);
  uint32_t runs = sweep_points(&w, &seed);
  assert_true(content_v1(s.path) == before);
  print_message("# %u runs over %llu points\n", runs, (unsigned long long)w.points);
  sweep_stop(&w);
}

/* ---- both at work ---- */

/* One statement of the old library, which must do what it did then: a write reaches one row. */
static const char *replay_one(sqlite3 *db, const char *sql) {
  sqlite3_stmt *stmt;
  const char *rest;
  if (sqlite3_prepare_v2(db, sql, -1, &stmt, &rest))
    fail_msg("%.400s: %s", sql, sqlite3_errmsg(db));
  if (!stmt)
    return rest;
  bool writes = !sqlite3_stmt_readonly(stmt);
  int64_t before = sqlite3_total_changes64(db);
  int rc;
  while ((rc = sqlite3_step(stmt)) == SQLITE_ROW)
    ;
  if (rc != SQLITE_DONE)
    fail_msg("%.400s: %s", sql, sqlite3_errmsg(db));
  if (writes && strncmp(sqlite3_sql(stmt), "INSERT OR", 9) != 0 &&
      (strncmp(sqlite3_sql(stmt), "INSERT", 6) == 0 || strncmp(sqlite3_sql(stmt), "UPDATE", 6) == 0 ||
       strncmp(sqlite3_sql(stmt), "DELETE", 6) == 0) &&
      sqlite3_total_changes64(db) != before + 1)
    fail_msg("reached no row: %.400s", sqlite3_sql(stmt));
  sqlite3_finalize(stmt);
  return rest;
}

/* The next command of the old library; NULL after the last. */
static char *replay(sqlite3 *db, char *at) {
  char *section = strstr(at, "-- command: ");
  if (!section)
    return NULL;
  char *end = strstr(section + 1, "\n-- command: ");
  if (end)
    *end = 0;
  for (const char *sql = section; *sql;)
    sql = replay_one(db, sql);
  return end ? end + 1 : section + strlen(section);
}

static void run_new(scene *s, const command *c) {
  aft_error error = AFT_ERROR_INIT;
  atomic_fetch_add(&s->now, c->later + 1000);
  aft_status status = c->run(s, &error);
  if (status < 0 && status != c->refused)
    fail_msg("%s: %s at %s: %s", c->name, aft_status_name(status), error.where, error.message);
}

static void read_all_histories(scene *s) {
  aft_error error = AFT_ERROR_INIT;
  aft_call call = {.size = sizeof call, .tenant = s->tenant, .role = AFT_ROLE_SYSTEM};
  sqlite3 *db = open_plain(s->path);
  sqlite3_stmt *stmt;
  assert_int_equal(sqlite3_prepare_v2(db, "SELECT id FROM aft_ticket", -1, &stmt, NULL), SQLITE_OK);
  while (sqlite3_step(stmt) == SQLITE_ROW) {
    aft_cursor *cursor;
    aft_record *ticket;
    aft_id id = sqlite3_column_int64(stmt, 0);
    assert_ok(aft_ticket_get(s->session, &call, id, &ticket, &error));
    aft_record_free(ticket);
    assert_ok(aft_ticket_history(s->session, &call, id, &cursor, &error));
    aft_cursor_free(cursor);
  }
  sqlite3_finalize(stmt);
  sqlite3_close(db);
}

static void both_libraries_work_on_one_store(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  scene s = old_store("both.db");
  char *text = read_fixture("commands_v1.sql"), *at = text;
  uint32_t old = 0, new = 0;
  assert_ok(scene_open(&s, &error));
  sqlite3 *db = open_plain(s.path);
  assert_ok(scene_fill(&s, "3", &error));
  while (at) {
    at = replay(db, at);
    old += at != NULL;
    if (new < scene_command_count && !(at && scene_commands[new].later))
      run_new(&s, &scene_commands[new ++]);
    assert_sound(s.path);
  }
  while (new < scene_command_count)
    run_new(&s, &scene_commands[new ++]);
  print_message("# %u commands of the old library, %u of this one\n", old, new);
  assert_true(old > 30);
  read_all_histories(&s);
  sqlite3_close(db);
  scene_close(&s);
  assert_sound(s.path);
  free(text);
}

/* ---- the old library's descriptors ---- */

typedef struct rename_in {
  aft_id customer, copy;
} rename_in;

static aft_status rename_and_copy(aft__tx *tx, void *user, aft_error *error) {
  enum {
    ID,
    REV,
    TENANT,
    EXTERNAL,
    NAME
  };
  rename_in *in = user;
  aft__value *row;
  AFT__TRY(aft__get(tx, &v1_customer_table, in->customer, &row, error));
  row[NAME] = aft__text(aft__cstr("renamed"));
  AFT__TRY(aft__update(tx, &v1_customer_table, row, UINT64_C(1) << NAME, error));
  in->copy = aft__tx_id(tx);
  row[ID] = aft__int(in->copy);
  row[EXTERNAL] = aft__text(aft__cstr("copied"));
  return aft__insert(tx, &v1_customer_table, row, NULL, error);
}

static void an_old_library_may_open_read_and_write(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  scene s = old_store("old.db");
  aft_store *store;
  aft_session *session;
  aft_record *customer;
  assert_ok(scene_open(&s, &error));
  assert_ok(scene_fill(&s, "3", &error));
  aft_store_options options = {.size = sizeof options, .dsn = AFT_STR(s.path)};
  assert_ok(aft__store_open(s.env, &v1_schema, &options, &store, &error));
  assert_ok(aft_session_open(store, &session, &error));
  rename_in in = {.customer = s.buyer};
  aft__tx_options tx = {.name = "rename"};
  assert_ok(aft__tx_run(session, &tx, rename_and_copy, &in, &error));
  aft_session_close(session);
  aft_store_unref(store);
  aft_call call = {.size = sizeof call, .tenant = s.tenant, .role = AFT_ROLE_SYSTEM};
  aft_id ids[] = {in.customer, in.copy};
  for (int i = 0; i < 2; i++) {
    assert_ok(aft_customer_get(s.session, &call, ids[i], &customer, &error));
    assert_string_equal(aft_customer_name(customer), "renamed");
    aft_record_free(customer);
  }
  scene_close(&s);
  assert_sound(s.path);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_fixture_is_sound),
      cmocka_unit_test(nothing_is_upgraded_unasked),
      cmocka_unit_test(everything_is_there_after_the_upgrade),
      cmocka_unit_test(an_upgrade_is_whole_or_none_at_every_fault),
      cmocka_unit_test(both_libraries_work_on_one_store),
      cmocka_unit_test(an_old_library_may_open_read_and_write),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
