/* Bad input gets its own code and a sentence that says where; the store is as it was. */
#include "desk_fixture.h"
#include "kill_vfs.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static desk d;
static int64_t before; /* rows in the store when the test began */

static int64_t rows(void) {
  static const char *const tables[] = {"message", "ticket",   "event",    "outbox",
                                       "due",     "customer", "decision", "shop"};
  void *host = host_open(&d.place);
  int64_t n = 0;
  for (size_t i = 0; i < AFT__COUNT(tables); i++) {
    char sql[96];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM aft_%s", tables[i]);
    n += host_number(host, sql);
  }
  host_close(host);
  return n;
}

static int open_sqlite(void **state) {
  (void)state;
  desk_open(&d, DESK_SQLITE);
  before = rows();
  return 0;
}

static int shut(void **state) {
  (void)state;
  desk_close(&d);
  return 0;
}

/* The message is refused with this status at this place, and nothing was written. */
static void refused(const aft_message_in *in, aft_status expected, const char *where) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *record = NULL;
  assert_status(aft_intake(d.session, &d.system, in, &record, &error), expected);
  assert_null(record);
  assert_int_equal(error.code, expected);
  assert_string_equal(error.where, where);
  assert_true(strlen(error.message) > 10);
  assert_int_equal(rows(), before);
}

static void texts_that_are_no_texts(void **state) {
  (void)state;
  aft_message_in in = desk_message(&d, "m1", "坏的 \xe4\xb8");
  refused(&in, AFT_E_ENCODING, "message.text");
  in = desk_message(&d, "m1", "x");
  in.text = (aft_str){"a\0b", 3};
  refused(&in, AFT_E_NUL_BYTE, "message.text");
  in.text = (aft_str){NULL, 5};
  refused(&in, AFT_E_INVALID, "message.text");
  in = desk_message(&d, "m1", "");
  refused(&in, AFT_E_INVALID, "message.text");
}

static void a_body_of_100_megabytes(void **state) {
  (void)state;
  size_t n = 100u << 20;
  char *body = malloc(n + 1);
  assert_non_null(body);
  memset(body, 'x', n);
  body[n] = 0;
  aft_message_in in = desk_message(&d, "m1", "x");
  in.text = (aft_str){body, n};
  refused(&in, AFT_E_TOO_LARGE, "message.text");
  in.text = AFT_STR(body);
  refused(&in, AFT_E_TOO_LARGE, "message.text");
  free(body);
}

static void structs_of_the_wrong_size(void **state) {
  (void)state;
  aft_message_in in;
  memset(&in, 0, sizeof in);
  refused(&in, AFT_E_ABI, "aft_message_in");
  in = desk_message(&d, "m1", "x");
  in.size = 1 << 20;
  refused(&in, AFT_E_ABI, "aft_message_in");
  struct {
    aft_message_in in;
    uint64_t newer;
  } bigger = {desk_message(&d, "m1", "x"), 1};
  bigger.in.size = sizeof bigger;
  refused(&bigger.in, AFT_E_ABI, "aft_message_in");
  bigger.newer = 0; /* a newer caller that uses nothing new is welcome */
  aft_error error = AFT_ERROR_INIT;
  assert_ok(aft_intake(d.session, &d.system, &bigger.in, NULL, &error));
}

static void null_handles(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_message_in in = desk_message(&d, "m1", "x");
  aft_record *record;
  aft_cursor *cursor;
  aft_session *session;
  aft_policy *policy;
  assert_status(aft_intake(NULL, &d.system, &in, NULL, &error), AFT_E_NULL_HANDLE);
  assert_status(aft_intake(d.session, NULL, &in, NULL, &error), AFT_E_NULL_HANDLE);
  assert_status(aft_intake(d.session, &d.system, NULL, NULL, &error), AFT_E_NULL_HANDLE);
  assert_status(aft_session_open(NULL, &session, &error), AFT_E_NULL_HANDLE);
  assert_status(aft_session_attach(d.store, NULL, &session, &error), AFT_E_NULL_HANDLE);
  assert_status(aft_cursor_next(NULL, &record, &error), AFT_E_NULL_HANDLE);
  assert_status(aft_ticket_inbox(d.session, NULL, NULL, &cursor, &error), AFT_E_NULL_HANDLE);
  assert_status(aft_policy_activate(d.session, &d.system, NULL, NULL, &error), AFT_E_NULL_HANDLE);
  assert_status(aft_policy_load(NULL, NULL, &policy, NULL, &error), AFT_E_NULL_HANDLE);
  assert_status(aft_tick(NULL, NULL, NULL, &error), AFT_E_NULL_HANDLE);
  assert_int_equal(aft_record_int(NULL, AFT_TICKET_ID), 0);
  assert_string_equal(aft_record_text(NULL, AFT_TICKET_STATE), "");
  aft_record_free(NULL);
  aft_cursor_free(NULL);
  aft_session_close(NULL);
  aft_store_unref(NULL);
  assert_int_equal(rows(), before);
}

static void fields_of_another_kind_stick(void **state) {
  (void)state;
  aft_id id = desk_say(&d, "m1", "要退货");
  aft_record *ticket = desk_ticket(&d, id);
  assert_int_equal(aft_record_status(ticket), AFT_OK);
  assert_string_equal(aft_message_text(ticket), "");
  assert_int_equal(aft_record_status(ticket), AFT_E_KIND);
  aft_record_free(ticket);
  ticket = desk_ticket(&d, id);
  aft_record_int(ticket, AFT_TICKET_STATE);
  assert_int_equal(aft_record_status(ticket), AFT_E_INVALID);
  aft_record_free(ticket);
}

static void handles_after_a_fork(void **state) {
  (void)state;
  int status;
  pid_t pid = fork();
  if (pid == 0) {
    aft_error error = AFT_ERROR_INIT;
    aft_record *record;
    aft_session *session;
    bool good = aft_ticket_get(d.session, &d.system, 1, &record, &error) == AFT_E_FORKED &&
                aft_session_open(d.store, &session, &error) == AFT_E_FORKED;
    aft_session_close(d.session); /* frees memory, closes nothing */
    aft_store_unref(d.store);
    _exit(good ? 0 : 1);
  }
  assert_int_equal(waitpid(pid, &status, 0), pid);
  assert_int_equal(status, 0);
  assert_true(desk_say(&d, "m1", "父进程照常") > 0);
}

static void forms_are_checked_field_by_field(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_field_in fields[] = {{sizeof(aft_field_in), AFT_STR("name"), AFT_STR("王小明")}};
  aft_message_in in = desk_message(&d, "m1", NULL);
  in.text = (aft_str){0};
  in.form = AFT_STR("contact");
  in.fields = fields;
  in.n_fields = 1;
  assert_status(aft_intake(d.session, &d.system, &in, NULL, &error), AFT_E_FORM);
  assert_non_null(strstr(error.where, "contact"));
  in.form = AFT_STR("no such form");
  assert_status(aft_intake(d.session, &d.system, &in, NULL, &error), AFT_E_NOT_FOUND);
  assert_int_equal(rows(), before);
}

/* ---- files ---- */

static aft_status open_file(const char *path, uint32_t flags, aft_error *error) {
  aft_store *store = NULL;
  aft_store_options options = {.size = sizeof options, .dsn = AFT_STR(path), .flags = flags, .busy_ms = 50};
  aft_status status = aft_store_open(d.env, &options, &store, error);
  aft_store_unref(store);
  return status;
}

static void sql(const char *path, const char *text) {
  sqlite3 *db;
  assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
  assert_int_equal(sqlite3_exec(db, text, 0, 0, 0), SQLITE_OK);
  sqlite3_close(db);
}

static void a_newer_database(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_store *store = NULL;
  void *host = host_open(&d.place);
  host_run(host, "UPDATE aft_meta SET schema = 99, reader = 99, writer = 99");
  host_close(host);
  aft_store_options options = desk_store(&d, AFT_STORE_MIGRATE);
  assert_status(aft_store_open(d.env, &options, &store, &error), AFT_E_SCHEMA_NEWER);
  assert_non_null(strstr(error.message, "99"));
}

static void files_that_are_not_ours(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  char path[128];
  snprintf(path, sizeof path, "%s/garbage.db", d.place.folder);
  FILE *file = fopen(path, "w");
  for (int i = 0; i < 2000; i++)
    fprintf(file, "this is no database %d\n", i);
  fclose(file);
  assert_status(open_file(path, AFT_STORE_CREATE, &error), AFT_E_CORRUPT);
  snprintf(path, sizeof path, "%s/missing.db", d.place.folder);
  assert_true(open_file(path, 0, &error) < 0);
  assert_int_not_equal(access(path, F_OK), 0);
  snprintf(path, sizeof path, "%s/empty.db", d.place.folder);
  sql(path, "CREATE TABLE host (x)");
  assert_status(open_file(path, 0, &error), AFT_E_SCHEMA_MISSING);
  assert_ok(open_file(path, AFT_STORE_CREATE, &error));
  sql(path, "INSERT INTO host VALUES (1)");
}

static void a_locked_file(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  void *host = host_open(&d.place);
  aft_call call = d.system;
  call.deadline_ms = 300;
  host_lock(host, "aft_ticket");
  aft_message_in in = desk_message(&d, "m1", "x");
  aft_status status = aft_intake(d.session, &call, &in, NULL, &error);
  assert_true(status == AFT_E_LOCKED || status == AFT_E_DEADLINE);
  host_run(host, "ROLLBACK");
  host_close(host);
  assert_int_equal(rows(), before);
  assert_ok(aft_intake(d.session, &d.system, &in, NULL, &error));
}

/* Opens the fixture's store again, in a session of its own. */
static aft_status reopen(aft_store **store, aft_session **session, aft_error *error) {
  aft_store_options options = desk_store(&d, 0);
  AFT__TRY(aft_store_open(d.env, &options, store, error));
  return aft_session_open(*store, session, error);
}

static void close_desk(void) {
  aft_session_close(d.session);
  aft_store_unref(d.store);
  d.session = NULL;
  d.store = NULL;
}

static void a_full_disk(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_store *store;
  aft_session *session;
  aft_message_in in = desk_message(&d, "m1", "要退货");
  kill_vfs_disk(false);
  assert_ok(reopen(&store, &session, &error));
  kill_vfs_disk(true);
  assert_status(aft_intake(session, &d.system, &in, NULL, &error), AFT_E_FULL);
  assert_true(strlen(error.message) > 10);
  kill_vfs_disk(false);
  assert_int_equal(rows(), before);
  assert_status(aft_intake(session, &d.system, &in, NULL, &error), AFT_OK);
  aft_session_close(session);
  aft_store_unref(store);
}

static void a_file_that_is_damaged_inside(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_store *store = NULL;
  aft_session *session = NULL;
  aft_message_in in = desk_message(&d, "m1", "要退货");
  close_desk();
  FILE *file = fopen(d.place.file, "r+b");
  assert_non_null(file);
  fseek(file, 0, SEEK_END);
  long size = ftell(file);
  for (long at = 4096 * 3; at < size; at += 64) {
    fseek(file, at, SEEK_SET);
    fwrite("damaged damaged ", 1, 16, file);
  }
  fclose(file);
  aft_status status = reopen(&store, &session, &error);
  if (status >= 0)
    status = aft_intake(session, &d.system, &in, NULL, &error);
  assert_int_equal(status, AFT_E_CORRUPT);
  aft_session_close(session);
  aft_store_unref(store);
}

static void a_store_that_may_only_be_read(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_store *store;
  aft_session *session;
  aft_record *record;
  aft_id id = desk_say(&d, "m1", "要退货");
  before = rows();
  aft_store_options options = desk_store(&d, AFT_STORE_READ_ONLY);
  assert_ok(aft_store_open(d.env, &options, &store, &error));
  assert_ok(aft_session_open(store, &session, &error));
  assert_ok(aft_ticket_get(session, &d.system, id, &record, &error));
  aft_record_free(record);
  aft_message_in in = desk_message(&d, "m2", "x");
  assert_status(aft_intake(session, &d.system, &in, NULL, &error), AFT_E_READ_ONLY);
  aft_session_close(session);
  aft_store_unref(store);
  assert_int_equal(rows(), before);
}

static void a_closed_session_and_its_cursor(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *record;
  desk_say(&d, "m1", "要退货");
  assert_ok(aft_ticket_inbox(d.session, &d.system, NULL, &cursor, &error));
  aft_session_close(d.session);
  d.session = NULL;
  assert_status(aft_cursor_next(cursor, &record, &error), AFT_E_CURSOR_END);
  aft_cursor_free(cursor);
}

static void policies_that_strand(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_policy *policy;
  aft_buf *report = NULL;
  aft_document dead_end = {
      .size = sizeof dead_end,
      .name = AFT_STR("shop.yaml"),
      .text = AFT_STR("version: 1\nmachines:\n  ticket:\n    states:\n      limbo: {open: true}\n")};
  aft_policy_options options = {.size = sizeof options, .documents = &dead_end, .count = 1};
  assert_status(aft_policy_load(d.env, &options, &policy, &report, &error), AFT_E_POLICY_MACHINE);
  assert_non_null(report);
  assert_non_null(strstr(aft_buf_data(report), "limbo"));
  assert_true(error.line > 0);
  aft_buf_free(report);
  assert_int_equal(rows(), before);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, open_sqlite, shut)

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(texts_that_are_no_texts),
      CASE(a_body_of_100_megabytes),
      CASE(structs_of_the_wrong_size),
      CASE(null_handles),
      CASE(fields_of_another_kind_stick),
      CASE(handles_after_a_fork),
      CASE(forms_are_checked_field_by_field),
      CASE(a_newer_database),
      CASE(files_that_are_not_ours),
      CASE(a_locked_file),
      CASE(a_full_disk),
      CASE(a_file_that_is_damaged_inside),
      CASE(a_store_that_may_only_be_read),
      CASE(a_closed_session_and_its_cursor),
      CASE(policies_that_strand),
  };
  static const char *const not_there[] = {"files_that_are_not_ours", "a_full_disk",
                                          "a_file_that_is_damaged_inside"};
  return RUN_CASES(tests, not_there);
}
