/* Every command that writes, with every fault of the disk: errors, no room, loss of power, a kill. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "assert_status.h"
#include "invariants.h"
#include "random.h"
#include "sweep.h"

static char folder[64];
static scene base; /* a filled desk, closed */

static int make_base(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  snprintf(folder, sizeof folder, "%s/aftersales-faults-XXXXXX",
           access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
  assert_non_null(mkdtemp(folder));
  base = (scene){.flags = AFT_STORE_CREATE, .random = 1};
  snprintf(base.path, sizeof base.path, "%s/desk.db", folder);
  base.vfs = "fault"; /* without a fault: it does not wait for the disk */
  fault_vfs_begin(&(fault_plan){.kind = FAULT_NONE});
  assert_ok(scene_open(&base, &error));
  assert_ok(scene_found(&base, &error));
  assert_ok(scene_fill(&base, "1", &error));
  scene_close(&base);
  fault_vfs_end();
  base.vfs = NULL;
  base.flags = 0;
  return 0;
}

static int remove_base(void **state) {
  (void)state;
  char line[128];
  snprintf(line, sizeof line, "rm -rf '%s'", folder);
  return system(line);
}

/* ---- the table is whole ---- */

static char *read_map(void) {
  char path[512];
  snprintf(path, sizeof path, "%s/lib/libaftersales.map", getenv("AFT_TEST_ROOT"));
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  char *text = calloc(1, 65536);
  assert_non_null(text);
  assert_true(fread(text, 1, 65535, file) > 0);
  fclose(file);
  return text;
}

static bool has_word(const char *words, const char *word) {
  size_t n = strlen(word);
  for (const char *at = words; (at = strstr(at, word)); at += n)
    if ((at == words || at[-1] == ' ') && (at[n] == ' ' || !at[n]))
      return true;
  return false;
}

/* Functions that write nothing into a store say so by their names, or stand here. */
static bool only_reads(const char *name) {
  static const char *const others =
      "aft_case_explain aft_case_offers aft_case_options aft_case_parts aft_case_preview aft_case_timeline "
      "aft_case_verify "
      "aft_order_options aft_person_export aft_blob_copy aft_blob_directory_open aft_blobs_open "
      "aft_evidence_abort "
      "aft_evidence_begin "
      "aft_evidence_read aft_evidence_sweep aft_evidence_write aft_link_keys_new aft_link_open "
      "aft_batch_count aft_batch_message aft_batch_status aft_batch_ticket aft_buf_data aft_buf_size "
      "aft_code_parse aft_correction_train aft_currency_exponent aft_cursor_next aft_cursor_token "
      "aft_drift_report aft_env_new aft_env_now aft_eval_add aft_eval_new aft_eval_report aft_explain "
      "aft_feed_read aft_field_name aft_field_type aft_flow_export aft_id_time aft_kind_field "
      "aft_model_about aft_model_compare aft_model_current aft_model_explain aft_model_image "
      "aft_model_label aft_model_open aft_model_open_image aft_model_predict aft_model_save "
      "aft_model_scores aft_model_threshold aft_model_train aft_money_add aft_money_format "
      "aft_money_split aft_policy_current aft_policy_default aft_policy_hash aft_policy_image "
      "aft_policy_load aft_policy_map_image aft_policy_open_image aft_policy_text aft_query_close "
      "aft_query_column aft_query_columns aft_query_interrupt aft_query_next aft_record_int "
      "aft_record_is_null aft_record_json aft_record_kind aft_record_size aft_record_status "
      "aft_record_text aft_record_time aft_session_close aft_session_interrupt aft_session_open "
      "aft_sql_sqlite aft_status_is_transient aft_status_name aft_status_text aft_store_backup "
      "aft_store_health aft_store_query aft_text_columns aft_text_language aft_text_normalise "
      "aft_task_brief aft_text_redact aft_shift_list aft_notice_explain aft_automation_preview "
      "aft_survey_form aft_survey_report aft_demand_count aft_demand_draw aft_demand_free aft_demand_record "
      "aft_simulate aft_simulated_free aft_simulated_json aft_simulated_number aft_ticket_history "
      "aft_ticket_inbox "
      "aft_ticket_position aft_ticket_similar aft_time_iso "
      "aft_time_parse aft_triage_explain aft_triage_json aft_triage_number aft_triage_run "
      "aft_triage_stated_count aft_triage_stated_number aft_triage_stated_text aft_triage_suggestion "
      "aft_triage_text aft_version aft_zone_offset aft_zone_open";
  static const char *const ends[] = {"_get", "_list", "_find", "_free", "_ref", "_unref", "_search"};
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
    size_t n = strlen(name), m = strlen(ends[i]);
    if (n > m && strcmp(name + n - m, ends[i]) == 0)
      return true;
  }
  return has_word(others, name);
}

static bool is_tried(const char *name) {
  /* Below, in test_upgrade, and in test_evidence, which has a case and a blob store. */
  if (has_word("aft_store_open aft_evidence_add aft_evidence_commit aft_evidence_hold aft_evidence_remove",
               name))
    return true;
  for (uint32_t i = 0; i < scene_command_count; i++)
    if (has_word(scene_commands[i].calls, name))
      return true;
  return false;
}

static void every_public_function_that_writes_is_tried(void **state) {
  (void)state;
  char *map = read_map(), *save = NULL;
  uint32_t n = 0;
  for (char *word = strtok_r(map, " ;\n", &save); word; word = strtok_r(NULL, " ;\n", &save)) {
    if (strncmp(word, "aft_", 4) != 0)
      continue;
    n++;
    if (!only_reads(word) && !is_tried(word))
      fail_msg("%s is in no line of scene_commands (tests/support/scene.c), nor among those that only read",
               word);
  }
  free(map);
  assert_true(n > 80);
}

/* ---- every point of every command ---- */

static void every_command_with_every_fault(void **state) {
  (void)state;
  uint64_t seed = seed_of("faults");
  const char *only = getenv("COMMAND");
  uint64_t points = 0;
  uint32_t runs = 0;
  for (uint32_t i = 0; i < scene_command_count; i++) {
    sweep w;
    if (only && strcmp(only, scene_commands[i].name) != 0)
      continue;
    sweep_start(&w, &scene_commands[i], &base);
    runs += sweep_points(&w, &seed);
    points += w.points;
    sweep_stop(&w);
  }
  print_message("# %u runs over %llu points of %u commands\n", runs, (unsigned long long)points,
                scene_command_count);
}

static void a_store_that_is_made(void **state) {
  (void)state;
  static const command make = {
      .name = "a new store", .calls = "aft_store_open", .run = scene_open, .opens = true};
  uint64_t seed = seed_of("a new store");
  scene s = {.flags = AFT_STORE_CREATE, .random = 1};
  sweep w;
  snprintf(s.path, sizeof s.path, "%s/new.db", folder);
  sweep_start(&w, &make, &s);
  assert_true(w.points > 20);
  sweep_points(&w, &seed);
  sweep_stop(&w);
}

/* ---- the harness can fail ---- */

static const command *find(const char *name) {
  for (uint32_t i = 0; i < scene_command_count; i++)
    if (strcmp(scene_commands[i].name, name) == 0)
      return &scene_commands[i];
  fail_msg("no command is called '%s'", name);
  return NULL;
}

/* Whether a message whose commit was acknowledged is found missing in one of some losses of power. */
static bool loss_is_noticed(const scene *from, bool lies) {
  char why[1200];
  bool noticed = false;
  sweep w;
  sweep_start(&w, find("a first message"), from);
  for (uint64_t seed = 1; seed <= 10 && !noticed; seed++)
    noticed = !sweep_run(&w, &(fault_plan){.kind = FAULT_POWER, .lies = lies, .seed = seed}, why, sizeof why);
  sweep_stop(&w);
  return noticed;
}

static void a_sound_store_loses_nothing(void **state) {
  (void)state;
  assert_false(loss_is_noticed(&base, false));
}

/* A host's file stays in the mode that the host chose. */
static void a_store_without_a_log_loses_nothing(void **state) {
  (void)state;
  scene plain = base;
  snprintf(plain.path, sizeof plain.path, "%s/plain.db", folder);
  sqlite3 *db = scene_host(&base);
  char *sql = sqlite3_mprintf("VACUUM INTO %Q", plain.path); /* which leaves the log mode */
  assert_int_equal(sqlite3_exec(db, sql, 0, 0, 0), SQLITE_OK);
  sqlite3_free(sql);
  sqlite3_close(db);
  assert_false(loss_is_noticed(&plain, false));
}

static void a_disk_that_lies_is_noticed(void **state) {
  (void)state;
  assert_true(loss_is_noticed(&base, true));
}

static void relaxed_commits_are_noticed(void **state) {
  (void)state;
  scene relaxed = base;
  relaxed.flags = AFT_STORE_RELAXED;
  assert_true(loss_is_noticed(&relaxed, false));
}

static aft_status open_without_sync(void *user, const aft_sql_open *how, void **conn, aft_error *error) {
  const aft_sql_driver *real = aft_sql_sqlite();
  aft_status status = real->open(user, how, conn, error);
  return status < 0 ? status : real->exec(*conn, "PRAGMA synchronous=OFF", error);
}

static void a_driver_without_syncs_is_noticed(void **state) {
  (void)state;
  aft_sql_driver driver = *aft_sql_sqlite();
  scene careless = base;
  driver.open = open_without_sync;
  careless.driver = &driver;
  assert_true(loss_is_noticed(&careless, false));
}

/* Commands that do something else than they say. A driver that drops commits would not do: the library finds
 * out by itself and says AFT_E_DRIVER. */
static aft_status do_nothing(scene *s, aft_error *error) {
  (void)s, (void)error;
  return AFT_OK;
}

static aft_status do_another(scene *s, aft_error *error) { return find("a shop")->run(s, error); }

static aft_status do_and_deny(scene *s, aft_error *error) {
  aft_status status = find("an order")->run(s, error);
  return status < 0 ? status : AFT_E_CONFLICT;
}

static bool false_command_is_noticed(aft_status (*run)(scene *s, aft_error *error)) {
  char why[1200];
  sweep w;
  command wrong = *find("an order");
  sweep_start(&w, &wrong, &base);
  wrong.run = run;
  bool noticed = !sweep_run(&w, &(fault_plan){.kind = FAULT_NONE}, why, sizeof why);
  sweep_stop(&w);
  return noticed;
}

static void commands_that_lie_are_noticed(void **state) {
  (void)state;
  assert_true(false_command_is_noticed(do_nothing));
  assert_true(false_command_is_noticed(do_another));
  assert_true(false_command_is_noticed(do_and_deny));
}

/* Each edit breaks one rule. */
static void every_invariant_can_be_broken(void **state) {
  (void)state;
  static const char *const edits[] = {
      "DELETE FROM aft_event WHERE seq = 1 AND subject IN (SELECT id FROM aft_ticket LIMIT 1)",
      "UPDATE aft_event SET verb = 'x' WHERE id = (SELECT max(id) FROM aft_event)",
      "UPDATE aft_ticket SET events = events + 1 WHERE id = (SELECT max(id) FROM aft_ticket)",
      "INSERT INTO aft_feed_head (id, rev, tenant, last) SELECT 9, 1, id, 7 FROM aft_tenant",
      "UPDATE aft_event SET feed = 3 WHERE id = (SELECT max(id) FROM aft_event)",
      "UPDATE aft_outbox SET seq = seq + 1 WHERE id = (SELECT max(id) FROM aft_outbox)",
      "UPDATE aft_outbox SET state = 1 WHERE seq = 1",
      "UPDATE aft_outbox SET state = 0 WHERE seq = 2",
      "UPDATE aft_ticket SET open = 0",
      "DELETE FROM aft_due WHERE kind = 13",
      "UPDATE aft_due SET due_at = due_at + 1 WHERE name LIKE 'sla:%'",
      "DELETE FROM aft_message WHERE id = (SELECT max(id) FROM aft_message)",
      "DELETE FROM aft_customer",
      "UPDATE aft_message SET parts = parts + 1",
      "UPDATE aft_message SET version = version + 1",
      "UPDATE aft_decision SET ticket = 1",
      "UPDATE aft_case SET events = events + 1 WHERE id = (SELECT max(id) FROM aft_case)",
      "UPDATE aft_case_line SET freed = held WHERE id = (SELECT max(id) FROM aft_case_line WHERE held > 0)",
      "UPDATE aft_leg SET state = 'void' WHERE state = 'sent' AND payment IS NOT NULL",
      "UPDATE aft_case_line SET given = 1000000",
      "UPDATE aft_case SET open = 0",
      "DELETE FROM aft_due WHERE kind = 31",
      "UPDATE aft_due SET subject = 1 WHERE kind = 31 AND id = (SELECT max(id) FROM aft_due WHERE kind = 31)",
      "UPDATE aft_ticket SET followers = followers + 1 WHERE followers IS NOT NULL",
      "UPDATE aft_watcher SET until = 5",
      "UPDATE aft_mention SET ticket = 1",
      "UPDATE aft_ticket SET parent = NULL WHERE parent = id",
      "UPDATE aft_child SET outcome = 'told', message = 5",
      "UPDATE aft_agent SET id = (SELECT max(id) FROM aft_ticket) WHERE id = (SELECT max(id) FROM aft_agent)",
  };
  char why[1200];
  sqlite3 *db = scene_host(&base);
  assert_non_null(db);
  assert_int_equal(sqlite3_exec(db, "PRAGMA synchronous=OFF", 0, 0, 0), SQLITE_OK);
  if (!invariants_hold(base.path, why, sizeof why))
    fail_msg("before: %s", why);
  for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
    char copy[128];
    sqlite3 *edited;
    snprintf(copy, sizeof copy, "%s/edited-%zu.db", folder, i);
    char *sql = sqlite3_mprintf("VACUUM INTO %Q", copy);
    assert_int_equal(sqlite3_exec(db, sql, 0, 0, 0), SQLITE_OK);
    sqlite3_free(sql);
    assert_int_equal(sqlite3_open(copy, &edited), SQLITE_OK);
    assert_int_equal(sqlite3_exec(edited, "PRAGMA synchronous=OFF", 0, 0, 0), SQLITE_OK);
    if (sqlite3_exec(edited, edits[i], 0, 0, 0) || !sqlite3_changes(edited))
      fail_msg("%s: %s", edits[i], sqlite3_errmsg(edited));
    sqlite3_close(edited);
    if (invariants_hold(copy, why, sizeof why))
      fail_msg("not noticed: %s", edits[i]);
  }
  sqlite3_close(db);
}

/* ---- a disk that fails under the clock ---- */

static int64_t failures_noted(void) {
  sqlite3_stmt *stmt;
  sqlite3 *db = scene_host(&base);
  assert_non_null(db);
  assert_int_equal(sqlite3_prepare_v2(db, "SELECT count(*) FROM aft_due WHERE attempts > 0", -1, &stmt, NULL),
                   SQLITE_OK);
  assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
  int64_t n = sqlite3_column_int64(stmt, 0);
  sqlite3_finalize(stmt);
  sqlite3_close(db);
  return n;
}

/* One row: what fires after it could set it anew and forget its failures. */
static aft_status short_tick(scene *s, aft_error *error) {
  aft_tick_budget budget = {.size = sizeof budget, .rows = 1};
  return aft_tick(s->session, &budget, NULL, error);
}

/* False: there is no such point. */
static bool tick_with_error_at(const sweep *w, fault_kind kind, uint64_t at) {
  aft_error error = AFT_ERROR_INIT;
  scene s = base;
  sweep_lay_down(w);
  s.vfs = "fault";
  s.now += w->command->later;
  fault_vfs_begin(&(fault_plan){.kind = FAULT_NONE});
  assert_ok(scene_open(&s, &error));
  fault_vfs_begin(&(fault_plan){.kind = kind, .at = at});
  aft_status status = short_tick(&s, &error);
  bool fired = fault_vfs_fired();
  if (status < 0 && status != AFT_E_STORE && status != AFT_E_UNKNOWN)
    fail_msg("an error at %s gave %s: %s", fault_vfs_where(), aft_status_name(status), error.message);
  scene_close(&s);
  fault_vfs_end();
  if (failures_noted())
    fail_msg("an error at %s is counted against the due row", fault_vfs_where());
  return fired;
}

static void no_error_of_the_disk_is_counted_against_a_due_row(void **state) {
  (void)state;
  static const command tick = {"a short tick", "aft_tick", short_tick, .later = INT64_C(1200000),
                               .steps = true};
  sweep w;
  static const fault_kind kinds[] = {FAULT_READ, FAULT_IO};
  sweep_start(&w, &tick, &base);
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    uint64_t at = 1;
    while (tick_with_error_at(&w, kinds[i], at))
      at++;
    assert_true(at > 10);
  }
  sweep_stop(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_public_function_that_writes_is_tried),
      cmocka_unit_test(every_invariant_can_be_broken),
      cmocka_unit_test(a_sound_store_loses_nothing),
      cmocka_unit_test(a_store_without_a_log_loses_nothing),
      cmocka_unit_test(a_disk_that_lies_is_noticed),
      cmocka_unit_test(relaxed_commits_are_noticed),
      cmocka_unit_test(a_driver_without_syncs_is_noticed),
      cmocka_unit_test(commands_that_lie_are_noticed),
      cmocka_unit_test(a_store_that_is_made),
      cmocka_unit_test(every_command_with_every_fault),
      cmocka_unit_test(no_error_of_the_disk_is_counted_against_a_due_row),
  };
  return cmocka_run_group_tests(tests, make_base, remove_base);
}
