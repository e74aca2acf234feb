/* Copies of a store: whole or absent while others write, and what a store does that was put back from one. */
#include "desk_fixture.h"

#include <dirent.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "kill_vfs.h"
#include "random.h"

static desk d;
static char copy_path[128];

static int open_desk(void **state) {
  (void)state;
  desk_open(&d, DESK_SQLITE);
  snprintf(copy_path, sizeof copy_path, "%s/copy.db", d.place.folder);
  return 0;
}

static int shut(void **state) {
  (void)state;
  desk_close(&d);
  return 0;
}

static aft_backup_options to(const char *target, uint32_t flags) {
  return (aft_backup_options){.size = sizeof(aft_backup_options), .target = AFT_STR(target), .flags = flags};
}

static aft_status back_up(const char *target, uint32_t flags, aft_error *error) {
  aft_backup_options options = to(target, flags);
  return aft_store_backup(d.session, &options, error);
}

static const char *own_name(void) { return strrchr(d.place.file, '/') + 1; }

/* Files of the folder that are not the database's own. */
static int others_in_folder(void) {
  DIR *folder = opendir(d.place.folder);
  int n = 0;
  assert_non_null(folder);
  for (struct dirent *e; (e = readdir(folder)) != NULL;)
    n += e->d_name[0] != '.' && strncmp(e->d_name, own_name(), strlen(own_name())) != 0;
  closedir(folder);
  return n;
}

static aft_store *open_at(const char *path, uint32_t flags) {
  aft_error error = AFT_ERROR_INIT;
  aft_store *store;
  aft_store_options options = {.size = sizeof options, .dsn = AFT_STR(path), .flags = flags};
  assert_ok(aft_store_open(d.env, &options, &store, &error));
  return store;
}

static aft_session *session_of(aft_store *store) {
  aft_error error = AFT_ERROR_INIT;
  aft_session *session;
  assert_ok(aft_session_open(store, &session, &error));
  return session;
}

static void sql(const char *path, const char *text) {
  sqlite3 *db;
  assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
  if (sqlite3_exec(db, text, NULL, NULL, NULL))
    fail_msg("%s: %s", text, sqlite3_errmsg(db));
  sqlite3_close(db);
}

static void health_has(aft_session *session, const char *part, bool expected) {
  aft_error error = AFT_ERROR_INIT;
  aft_buf *health;
  assert_ok(aft_store_health(session, &health, &error));
  if ((strstr(aft_buf_data(health), part) != NULL) != expected)
    fail_msg("%s is %sin %s", part, expected ? "not " : "", aft_buf_data(health));
  aft_buf_free(health);
}

/* ---- a quiet store ---- */

typedef struct seen {
  int calls;
  int64_t done, left;
  int stop_at;
  aft_session *interrupt;
} seen;

static int see(void *user, int64_t done, int64_t left) {
  seen *s = user;
  assert_true(done >= s->done && left >= 0);
  s->done = done;
  s->left = left;
  s->calls++;
  if (s->interrupt)
    aft_session_interrupt(s->interrupt);
  return s->stop_at && s->calls == s->stop_at;
}

static void a_copy_is_a_store(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  seen progress = {0};
  aft_record *ticket;
  aft_id id = desk_say(&d, "m1", "要退货");
  aft_backup_options options = to(copy_path, AFT_BACKUP_VERIFY);
  options.step_pages = 3;
  options.pause_ms = 1;
  options.progress = see;
  options.user = &progress;
  health_has(d.session, "\"last_backup\":null", true);
  assert_ok(aft_store_backup(d.session, &options, &error));
  assert_true(progress.calls > 3);
  assert_int_equal(progress.left, 0);
  assert_int_equal(others_in_folder(), 1);
  health_has(d.session, "\"last_backup\":1795000000000", true);
  struct stat ours, theirs;
  assert_int_equal(stat(d.place.file, &ours) | stat(copy_path, &theirs), 0);
  assert_int_equal(ours.st_mode, theirs.st_mode);
  aft_store *copy = open_at(copy_path, 0);
  aft_session *session = session_of(copy);
  assert_ok(aft_ticket_get(session, &d.system, id, &ticket, &error));
  aft_record_free(ticket);
  aft_session_close(session);
  aft_store_unref(copy);
}

static void a_read_only_store_is_copied_too(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_store *store = open_at(d.place.file, AFT_STORE_READ_ONLY);
  aft_session *session = session_of(store);
  aft_backup_options options = to(copy_path, AFT_BACKUP_VERIFY);
  assert_ok(aft_store_backup(session, &options, &error));
  assert_int_equal(others_in_folder(), 1);
  aft_session_close(session);
  aft_store_unref(store);
}

/* ---- refusals ---- */

static void targets_that_are_refused(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  char path[160], hard[160];
  static const char *const endings[] = {"", "-wal", "-shm", "-journal"};
  for (size_t i = 0; i < AFT__COUNT(endings); i++) {
    snprintf(path, sizeof path, "%s/./%s%s", d.place.folder, own_name(), endings[i]);
    assert_status(back_up(path, AFT_BACKUP_REPLACE, &error), AFT_E_INVALID);
    assert_string_equal(error.where, "backup.target");
  }
  snprintf(hard, sizeof hard, "%s/hard.db", d.place.folder);
  assert_int_equal(symlink(d.place.file, hard), 0);
  assert_status(back_up(hard, AFT_BACKUP_REPLACE, &error), AFT_E_INVALID);
  unlink(hard);
  snprintf(path, sizeof path, "%s/nowhere/copy.db", d.place.folder);
  assert_status(back_up(path, 0, &error), AFT_E_NOT_FOUND);
  assert_status(back_up(d.place.folder, AFT_BACKUP_REPLACE, &error), AFT_E_INVALID);
  snprintf(path, sizeof path, "%s/", d.place.folder);
  assert_status(back_up(path, 0, &error), AFT_E_INVALID);
  assert_status(back_up("", 0, &error), AFT_E_INVALID);
  assert_int_equal(others_in_folder(), 0);
}

static void what_stands_there_is_replaced_only_when_asked(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  char log[160];
  assert_ok(back_up(copy_path, 0, &error));
  assert_status(back_up(copy_path, 0, &error), AFT_E_EXISTS);
  desk_say(&d, "m1", "要退货");
  assert_ok(back_up(copy_path, AFT_BACKUP_REPLACE, &error));
  assert_int_equal(others_in_folder(), 1);
  aft_store *copy = open_at(copy_path, 0);
  aft_session *session = session_of(copy);
  aft_message_in in = desk_message(&d, "m1", "要退货");
  assert_status(aft_intake(session, &d.system, &in, NULL, &error), AFT_REPLAYED);
  /* now the copy is in use */
  assert_status(back_up(copy_path, AFT_BACKUP_REPLACE, &error), AFT_E_EXISTS);
  snprintf(log, sizeof log, "%s-wal", copy_path);
  assert_int_equal(access(log, F_OK), 0);
  aft_session_close(session);
  aft_store_unref(copy);
}

static aft_sql_driver first_version(void) {
  aft_sql_driver old = *aft_sql_sqlite();
  old.size = offsetof(aft_sql_driver, interrupt) + sizeof old.interrupt;
  return old;
}

static void bad_input(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_backup_options options = to(copy_path, 0);
  assert_status(aft_store_backup(NULL, &options, &error), AFT_E_NULL_HANDLE);
  assert_status(aft_store_backup(d.session, NULL, &error), AFT_E_NULL_HANDLE);
  options.size = 0;
  assert_status(aft_store_backup(d.session, &options, &error), AFT_E_ABI);
  options = to(copy_path, 64);
  assert_status(aft_store_backup(d.session, &options, &error), AFT_E_INVALID);
  options = to(copy_path, 0);
  options.pause_ms = 10001;
  assert_status(aft_store_backup(d.session, &options, &error), AFT_E_INVALID);
  options = to(copy_path, 0);
  options.step_pages = 1000001;
  assert_status(aft_store_backup(d.session, &options, &error), AFT_E_INVALID);
  options = to(copy_path, 0);
  options.target = (aft_str){"a\0b", 3};
  assert_status(aft_store_backup(d.session, &options, &error), AFT_E_INVALID);
  aft_store *store;
  aft_store_options how = {.size = sizeof how, .dsn = AFT_STR("memory:"), .flags = AFT_STORE_CREATE};
  assert_ok(aft_store_open(d.env, &how, &store, &error));
  aft_session *session = session_of(store);
  options = to(copy_path, 0);
  assert_status(aft_store_backup(session, &options, &error), AFT_E_DRIVER);
  aft_session_close(session);
  aft_store_unref(store);
  how = (aft_store_options){
      .size = sizeof how, .dsn = AFT_STR(d.place.file), .flags = AFT_STORE_RESTORED | AFT_STORE_CREATE};
  assert_status(aft_store_open(d.env, &how, &store, &error), AFT_E_INVALID);
  assert_int_equal(others_in_folder(), 0);
}

static void makes_no_copies(aft_sql_driver old) {
  aft_error error = AFT_ERROR_INIT;
  aft_store *store;
  aft_store_options how = {.size = sizeof how, .dsn = AFT_STR(d.place.file), .driver = &old};
  assert_ok(aft_store_open(d.env, &how, &store, &error));
  aft_session *session = session_of(store);
  aft_backup_options options = to(copy_path, 0);
  assert_status(aft_store_backup(session, &options, &error), AFT_E_DRIVER);
  assert_non_null(strstr(error.message, "pg_dump"));
  health_has(session, "\"database_bytes\":null,\"free_bytes\":null,\"log_bytes\":null", true);
  health_has(d.session, "\"database_bytes\":null", false);
  aft_session_close(session);
  aft_store_unref(store);
}

static void a_driver_of_the_first_version_makes_no_copies(void **state) {
  (void)state;
  makes_no_copies(first_version());
  aft_sql_driver modest = *aft_sql_sqlite(); /* has the members, but promises nothing of them */
  modest.abi = 1;
  makes_no_copies(modest);
}

static void not_inside_the_hosts_transaction(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  sqlite3 *db;
  aft_session *attached;
  assert_int_equal(sqlite3_open(d.place.file, &db), SQLITE_OK);
  assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
  assert_ok(aft_session_attach(d.store, db, &attached, &error));
  aft_backup_options options = to(copy_path, 0);
  assert_status(aft_store_backup(attached, &options, &error), AFT_E_INVALID);
  aft_session_close(attached);
  sqlite3_close(db);
}

/* ---- copies that end before their time ---- */

static void an_interrupted_copy_leaves_nothing(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  seen stop = {.stop_at = 2}, interrupt = {.interrupt = d.session};
  seen *both[] = {&stop, &interrupt};
  for (int i = 0; i < 2; i++) {
    aft_backup_options options = to(copy_path, AFT_BACKUP_VERIFY);
    options.step_pages = 1;
    options.progress = see;
    options.user = both[i];
    assert_status(aft_store_backup(d.session, &options, &error), AFT_E_INTERRUPTED);
    assert_int_equal(others_in_folder(), 0);
  }
  assert_int_equal(interrupt.calls, 1);
  desk_say(&d, "m1", "要退货"); /* the session goes on */
  health_has(d.session, "\"last_backup\":null", true);
}

static void a_full_disk_leaves_nothing(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  kill_vfs_disk(false);
  aft_store *store = open_at(d.place.file, 0);
  aft_session *session = session_of(store);
  aft_backup_options options = to(copy_path, 0);
  kill_vfs_disk(true);
  assert_status(aft_store_backup(session, &options, &error), AFT_E_FULL);
  assert_non_null(strstr(error.message, "no room"));
  assert_int_equal(others_in_folder(), 0);
  kill_vfs_disk(false);
  assert_ok(aft_store_backup(session, &options, &error));
  aft_session_close(session);
  aft_store_unref(store);
}

static void a_store_that_is_damaged_is_found_out_by_verifying(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  desk_say(&d, "m1", "要退货");
  sql(d.place.file, "UPDATE aft_event SET verb = 'ticket.forged' WHERE seq = 1");
  assert_status(back_up(copy_path, AFT_BACKUP_VERIFY, &error), AFT_E_CORRUPT);
  assert_int_equal(others_in_folder(), 0);
  assert_ok(back_up(copy_path, 0, &error));
  unlink(copy_path);
  sql(d.place.file, "PRAGMA writable_schema = 1; DELETE FROM sqlite_schema WHERE name LIKE 'aft_message_%'");
  assert_status(back_up(copy_path, AFT_BACKUP_VERIFY, &error), AFT_E_CORRUPT);
  assert_int_equal(others_in_folder(), 0);
}

/* ---- while others write ---- */

#define WRITERS 4
#define MOST    4000
#define COPIES  3

typedef struct writer {
  pthread_t thread;
  int number;
  _Atomic int acknowledged; /* messages, told outside of the store */
  aft_id ids[MOST];
  aft_status failed;
} writer;

static writer writers[WRITERS];
static atomic_bool stop;

static aft_message_in message_of(int writer_number, int k, char name[32]) {
  snprintf(name, 32, "w%d-%d", writer_number, k);
  return desk_message(&d, name, k % 3 ? "什么时候发货" : "手机坏了要维修");
}

static void wait_a_little(void) {
  struct timespec span = {0, 50000000};
  nanosleep(&span, NULL);
}

static void *write_on(void *user) {
  writer *w = user;
  aft_session *session;
  char name[32];
  w->failed = aft_session_open(d.store, &session, NULL);
  for (int k = 0; w->failed >= 0 && k < MOST && !atomic_load(&stop); k++) {
    aft_record *message;
    aft_message_in in = message_of(w->number, k, name);
    w->failed = aft_intake(session, &d.system, &in, &message, NULL);
    if (w->failed < 0)
      break;
    w->ids[k] = aft_message_id(message);
    aft_record_free(message);
    atomic_store(&w->acknowledged, k + 1);
  }
  aft_session_close(session);
  return NULL;
}

static void chains_hold(aft_session *session) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *inbox, *history;
  aft_record *ticket;
  aft_status status;
  assert_ok(aft_ticket_inbox(session, &d.system, NULL, &inbox, &error));
  while ((status = aft_cursor_next(inbox, &ticket, &error)) == AFT_OK) {
    assert_ok(aft_ticket_history(session, &d.system, aft_ticket_id(ticket), &history, &error));
    aft_cursor_free(history);
  }
  assert_status(status, AFT_DONE);
  aft_cursor_free(inbox);
}

static void all_are_there(aft_session *session, int number, int n) {
  aft_error error = AFT_ERROR_INIT;
  char name[32];
  for (int k = 0; k < n; k++) {
    aft_message_in in = message_of(number, k, name);
    assert_status(aft_intake(session, &d.system, &in, NULL, &error), AFT_REPLAYED);
  }
}

static int by_id(const void *a, const void *b) {
  const aft_id *x = a, *y = b;
  return (*x > *y) - (*x < *y);
}

/* What the lost store made after the copy is not made again, though our clock is a minute behind its. */
static void new_ids_are_new(aft_session *session) {
  static aft_id lost[WRITERS * MOST];
  size_t n = 0;
  for (int i = 0; i < WRITERS; i++)
    for (int k = 0; k < atomic_load(&writers[i].acknowledged); k++)
      lost[n++] = writers[i].ids[k];
  qsort(lost, n, sizeof lost[0], by_id);
  aft_error error = AFT_ERROR_INIT;
  char name[32];
  for (int k = 0; k < 500; k++) {
    aft_record *message;
    aft_message_in in = message_of(99, k, name);
    assert_ok(aft_intake(session, &d.system, &in, &message, &error));
    aft_id id = aft_message_id(message);
    aft_record_free(message);
    assert_true(id > lost[n - 1]); /* on whatever node */
  }
}

static void copies_while_others_write_hold_what_was_acknowledged(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  int before[COPIES][WRITERS];
  char paths[COPIES][160];
  atomic_store(&stop, false);
  memset(writers, 0, sizeof writers);
  for (int i = 0; i < WRITERS; i++) {
    writers[i].number = i;
    assert_int_equal(pthread_create(&writers[i].thread, NULL, write_on, &writers[i]), 0);
  }
  for (int c = 0; c < COPIES; c++) {
    wait_a_little();
    snprintf(paths[c], sizeof paths[c], "%s/copy-%d.db", d.place.folder, c);
    for (int i = 0; i < WRITERS; i++)
      before[c][i] = atomic_load(&writers[i].acknowledged);
    aft_backup_options options = to(paths[c], AFT_BACKUP_VERIFY);
    seen progress = {0}; /* never goes back: one moment is copied, whatever the others write */
    options.step_pages = 7;
    options.pause_ms = 1;
    options.progress = see;
    options.user = &progress;
    assert_ok(aft_store_backup(d.session, &options, &error));
  }
  wait_a_little();
  atomic_store(&stop, true);
  for (int i = 0; i < WRITERS; i++) {
    pthread_join(writers[i].thread, NULL);
    assert_true(writers[i].failed >= 0);
  }
  desk_pass(&d, -AFT__MINUTE);
  for (int c = 0; c < COPIES; c++) {
    aft_store *store = open_at(paths[c], AFT_STORE_RESTORED);
    aft_session *session = session_of(store);
    chains_hold(session);
    for (int i = 0; i < WRITERS; i++)
      all_are_there(session, i, before[c][i]);
    new_ids_are_new(session);
    aft_session_close(session);
    aft_store_unref(store);
  }
}

/* ---- going on from a copy ---- */

typedef struct effects {
  aft_id ids[6];
} effects;

/* Subject 1 has a message and then money; subject 2 money twice; subject 3 a message; subject 4 money. */
static aft_status add_effects(aft__tx *tx, void *user, aft_error *error) {
  effects *e = user;
  static const struct {
    aft_id subject;
    int redelivery;
  } rows[] = {{1, AFT__OUT_AUTO},      {1, AFT__OUT_RECONCILE}, {2, AFT__OUT_RECONCILE},
              {2, AFT__OUT_RECONCILE}, {3, AFT__OUT_AUTO},      {4, AFT__OUT_RECONCILE}};
  for (size_t i = 0; i < AFT__COUNT(rows); i++)
    AFT__TRY(aft__outbox_add(tx, d.tenant, rows[i].subject, aft__cstr("test"), aft__cstr("{}"),
                             rows[i].redelivery, 0, &e->ids[i], error));
  return AFT_OK;
}

typedef struct reading {
  aft_id id;
  int64_t state, fence;
} reading;

static aft_status read_effect(aft__tx *tx, void *user, aft_error *error) {
  reading *r = user;
  aft__value *row;
  AFT__TRY(aft__get(tx, &aft__outbox_table, r->id, &row, error));
  r->state = row[AFT__OB_STATE].number;
  r->fence = row[AFT__OB_FENCE].number;
  return AFT_OK;
}

static reading effect_of(aft_session *session, aft_id id) {
  aft_error error = AFT_ERROR_INIT;
  aft__tx_options options = {.name = "test", .read = true};
  reading r = {.id = id};
  assert_ok(aft__tx_run(session, &options, read_effect, &r, &error));
  return r;
}

static void effects_after_a_restore(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft__tx_options writing = {.name = "test"};
  effects e;
  aft_cursor *claimed;
  assert_ok(aft__tx_run(d.session, &writing, add_effects, &e, &error));
  aft_claim_in claim = {.size = sizeof claim,
                        .most = 2}; /* subject 1's message and subject 2's first money */
  assert_ok(aft_outbox_claim(d.session, &claim, &claimed, &error));
  assert_int_equal(desk_count(claimed), 2);
  assert_ok(back_up(copy_path, 0, &error));
  aft_store *store = open_at(copy_path, AFT_STORE_RESTORED);
  aft_session *session = session_of(store);
  static const int64_t expected[] = {AFT__OUT_READY,  AFT__OUT_QUEUED, AFT__OUT_UNKNOWN,
                                     AFT__OUT_QUEUED, AFT__OUT_READY,  AFT__OUT_UNKNOWN};
  for (size_t i = 0; i < AFT__COUNT(expected); i++)
    assert_int_equal(effect_of(session, e.ids[i]).state, expected[i]);
  health_has(session, "\"outbox_unknown\":2", true);
  health_has(session, "\"restored\":1795", true);
  /* what reconciling found is recorded, and the money behind it may have been sent as well */
  reading first = effect_of(session, e.ids[2]);
  assert_true(first.fence > 0);
  assert_ok(aft_outbox_settle(session, e.ids[2], first.fence, AFT_OUTCOME_DONE, "", &error));
  reading second = effect_of(session, e.ids[3]);
  assert_int_equal(second.state, AFT__OUT_UNKNOWN);
  assert_ok(aft_outbox_settle(session, e.ids[3], second.fence, AFT_OUTCOME_RETRY, "", &error));
  assert_int_equal(effect_of(session, e.ids[3]).state, AFT__OUT_READY);
  aft_session_close(session);
  aft_store_unref(store);
}

static int64_t last_number(aft_session *session, const char *verb, int64_t after) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *feed;
  aft_record *event;
  int64_t last = 0;
  bool seen_verb = verb == NULL;
  assert_ok(aft_tick(session, NULL, NULL, &error));
  assert_ok(aft_feed_read(session, &d.system, after, &feed, &error));
  while (aft_cursor_next(feed, &event, &error) == AFT_OK) {
    last = aft_event_feed(event);
    seen_verb |= verb && strcmp(aft_event_verb(event), verb) == 0;
  }
  aft_cursor_free(feed);
  assert_true(seen_verb);
  return last;
}

static void a_reader_of_the_feed_misses_nothing(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  desk_say(&d, "m1", "要退货");
  int64_t copied = last_number(d.session, NULL, 0);
  assert_ok(back_up(copy_path, 0, &error));
  desk_say(&d, "m2", "要发票");
  int64_t remembered = last_number(d.session, NULL, 0); /* by a reader who goes on with the copy */
  assert_true(remembered > copied);
  aft_store *store = open_at(copy_path, AFT_STORE_RESTORED);
  aft_session *session = session_of(store);
  assert_true(last_number(session, "store.restored", remembered) > remembered);
  aft_session_close(session);
  aft_store_unref(store);
  store = open_at(copy_path, 0); /* from then on as always */
  aft_store_unref(store);
}

static void a_worker_of_the_lost_store_has_lost_its_node(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  assert_ok(back_up(copy_path, 0, &error));
  aft_store_unref(open_at(copy_path, AFT_STORE_RESTORED));
  sqlite3 *db;
  sqlite3_stmt *stmt;
  assert_int_equal(sqlite3_open(copy_path, &db), SQLITE_OK);
  assert_int_equal(
      sqlite3_prepare_v2(db,
                         "SELECT count(*), count(DISTINCT \"last\" / 4096000), sum(\"held_until\" > 0) "
                         "FROM aft_lease WHERE name LIKE 'node/%'",
                         -1, &stmt, NULL),
      SQLITE_OK);
  assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
  assert_int_equal(sqlite3_column_int(stmt, 0), 1024); /* also those that the copy did not know */
  assert_int_equal(sqlite3_column_int(stmt, 1), 1);
  assert_int_equal(sqlite3_column_int(stmt, 2), 0);
  sqlite3_finalize(stmt);
  sqlite3_close(db);
}

int main(void) {
#define CASE(test) cmocka_unit_test_setup_teardown(test, open_desk, shut)
  const struct CMUnitTest tests[] = {
      CASE(a_copy_is_a_store),
      CASE(a_read_only_store_is_copied_too),
      CASE(targets_that_are_refused),
      CASE(what_stands_there_is_replaced_only_when_asked),
      CASE(bad_input),
      CASE(a_driver_of_the_first_version_makes_no_copies),
      CASE(not_inside_the_hosts_transaction),
      CASE(an_interrupted_copy_leaves_nothing),
      CASE(a_store_that_is_damaged_is_found_out_by_verifying),
      CASE(copies_while_others_write_hold_what_was_acknowledged),
      CASE(effects_after_a_restore),
      CASE(a_reader_of_the_feed_misses_nothing),
      CASE(a_worker_of_the_lost_store_has_lost_its_node),
      CASE(a_full_disk_leaves_nothing), /* last: the file system that fills up stays the default */
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
