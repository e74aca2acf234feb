#include "sweep.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "invariants.h"
#include "random.h"

/* ---- the file ---- */

static void forget_file(const char *path) {
  static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
  char name[256];
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
    snprintf(name, sizeof name, "%s%s", path, ends[i]);
    unlink(name);
  }
}

static void read_file(sweep *w) {
  FILE *file = fopen(w->base.path, "rb");
  w->bytes = NULL;
  w->size = 0;
  if (!file)
    return;
  fseek(file, 0, SEEK_END);
  w->size = (size_t)ftell(file);
  rewind(file);
  w->bytes = malloc(w->size + 1);
  assert_non_null(w->bytes);
  assert_int_equal(fread(w->bytes, 1, w->size, file), w->size);
  fclose(file);
}

void sweep_lay_down(const sweep *w) {
  forget_file(w->base.path);
  if (!w->bytes)
    return;
  FILE *file = fopen(w->base.path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(w->bytes, 1, w->size, file), w->size);
  assert_int_equal(fclose(file), 0);
}

/* ---- one run ---- */

typedef struct outcome {
  aft_status status;
  bool acknowledged;
} outcome;

/* Without waiting for the disk. */
static scene new_run(const sweep *w, uint64_t random) {
  scene s = w->base;
  s.vfs = "fault";
  s.random = random;
  s.now += w->command->later;
  return s;
}

static outcome run(const sweep *w, scene *s, aft_error *error, const fault_plan *plan) {
  fault_plan none = {.kind = FAULT_NONE};
  outcome o = {AFT_OK, false};
  fault_vfs_begin(w->command->opens ? plan : &none);
  if (!w->command->opens)
    o.status = scene_open(s, error);
  if (!w->command->opens)
    fault_vfs_begin(plan);
  if (o.status >= 0)
    o.status = w->command->run(s, error);
  o.acknowledged = o.status >= 0;
  if (plan->kind == FAULT_POWER && !plan->at)
    fault_vfs_cut();
  scene_close(s);
  fault_vfs_end();
  return o;
}

/* The first line of now that the expected text lacks. It cuts now to pieces. */
static const char *first_difference(const char *expected, char *now) {
  for (char *line = strtok(now, "\n"); line; line = strtok(NULL, "\n"))
    if (!strstr(expected, line))
      return line;
  return "rows are missing";
}

static bool failed_for_sure(const sweep *w, const fault_plan *plan, aft_status status) {
  bool told = plan->kind == FAULT_IO || plan->kind == FAULT_FULL || plan->kind == FAULT_NONE;
  return told && status < 0 && status != AFT_E_UNKNOWN && !w->command->steps && !w->command->opens;
}

static bool judge_text(const sweep *w, const fault_plan *plan, const outcome *o, char *now, char *why,
                       size_t size) {
  bool done = strcmp(now, w->after) == 0, nothing = strcmp(now, w->before) == 0;
  if (!done && !nothing && !w->command->steps)
    snprintf(why, size, "a part of it is there: %.600s", first_difference(w->after, now));
  else if (o->acknowledged && !done)
    snprintf(why, size, "acknowledged, and lost: %.600s", first_difference(w->after, now));
  else if (failed_for_sure(w, plan, o->status) && !nothing)
    snprintf(why, size, "failed with %s, and is there", aft_status_name(o->status));
  else
    return true;
  return false;
}

/* One connection for all that is looked at: each that is opened reads the whole schema. */
static sqlite3 *look_into(const sweep *w) {
  sqlite3 *db = NULL;
  assert_int_equal(sqlite3_open_v2(w->base.path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL),
                   SQLITE_OK);
  sqlite3_busy_timeout(db, 10000);
  sqlite3_exec(db, "PRAGMA synchronous=OFF", 0, 0, 0);
  return db;
}

/* The half minute has passed for which the dead process holds the work that one does at a time. No leases
 * where there are no tables. */
static void end_leases(sqlite3 *db) {
  sqlite3_exec(db, "UPDATE aft_lease SET held_until = 0 WHERE name NOT GLOB 'node/*'", 0, 0, 0);
}

static bool judge(const sweep *w, const fault_plan *plan, const outcome *o, char *why, size_t size) {
  sqlite3 *db = look_into(w);
  bool fine = invariants_hold_in(db, why, size);
  if (fine) {
    char *now = store_text_in(db);
    fine = judge_text(w, plan, o, now, why, size);
    free(now);
  }
  if (fine && !w->command->opens)
    end_leases(db);
  sqlite3_close(db);
  return fine;
}

static bool once_more(const sweep *w, char *why, size_t size) {
  aft_error error = AFT_ERROR_INIT;
  scene s = new_run(w, 8);
  fault_plan none = {.kind = FAULT_NONE};
  s.driver = NULL;
  outcome o = run(w, &s, &error, &none);
  bool refused = w->command->refused && o.status == w->command->refused;
  if (o.status < 0 && !refused && !(w->command->when_done && o.status == w->command->when_done)) {
    snprintf(why, size, "once more: %s at %s: %s", aft_status_name(o.status), error.where, error.message);
    return false;
  }
  sqlite3 *db = look_into(w);
  bool fine = invariants_hold_in(db, why, size);
  if (fine && !refused) {
    char *now = store_text_in(db);
    fine = strcmp(now, w->after) == 0;
    if (!fine)
      snprintf(why, size, "once more, and it was not done once: %.600s", first_difference(w->after, now));
    free(now);
  }
  sqlite3_close(db);
  return fine;
}

bool sweep_run(sweep *w, const fault_plan *plan, char *why, size_t size) {
  aft_error error = AFT_ERROR_INIT;
  scene s = new_run(w, 7);
  sweep_lay_down(w);
  outcome o = run(w, &s, &error, plan);
  if (w->command->refused && o.status != w->command->refused && plan->kind == FAULT_NONE) {
    snprintf(why, size, "%s instead of a refusal", aft_status_name(o.status));
    return false;
  }
  return judge(w, plan, &o, why, size) && once_more(w, why, size);
}

/* ---- start and stop ---- */

void sweep_start(sweep *w, const command *c, const scene *base) {
  aft_error error = AFT_ERROR_INIT;
  fault_plan none = {.kind = FAULT_NONE};
  *w = (sweep){.command = c, .base = *base};
  read_file(w);
  w->before = store_text(base->path);
  scene s = new_run(w, 7);
  outcome o = run(w, &s, &error, &none);
  if (o.status < 0 && o.status != c->refused)
    fail_msg("%s: %s at %s: %s", c->name, aft_status_name(o.status), error.where, error.message);
  w->points = fault_vfs_points();
  w->after = store_text(base->path);
  if (strcmp(w->before, w->after) == 0)
    fail_msg("%s: changes nothing", c->name);
}

void sweep_stop(sweep *w) {
  sweep_lay_down(w);
  free(w->bytes);
  free(w->before);
  free(w->after);
}

/* ---- all points ---- */

static void try(sweep *w, const fault_plan *plan) {
  static const char *const kinds[] = {"no fault",  "I/O error",     "read error",
                                      "full disk", "loss of power", "kill"};
  char why[1200];
  if (!sweep_run(w, plan, why, sizeof why))
    fail_msg("%s, %s%s at point %llu of %llu (%s), chance %llu: %s", w->command->name, kinds[plan->kind],
             plan->lasting ? " from then on" : "", (unsigned long long)plan->at,
             (unsigned long long)w->points, fault_vfs_where(), (unsigned long long)plan->seed, why);
}

uint32_t sweep_points(sweep *w, uint64_t *seed) {
  static const struct {
    fault_kind kind;
    bool lasting;
  } faults[] = {
      {FAULT_IO, false}, {FAULT_IO, true}, {FAULT_FULL, true}, {FAULT_POWER, true}, {FAULT_KILL, true}};
  uint32_t runs = 0;
  for (; runs < rounds(1, 2); runs++) /* each with another chance */
    try(w, &(fault_plan){.kind = FAULT_POWER, .seed = draw32(seed)});
  for (size_t f = 0; f < sizeof faults / sizeof *faults; f++) {
    uint64_t n = rounds(w->points > 0, (uint32_t)w->points);
    for (uint64_t i = 1; i <= n; i++, runs++)
      try(w, &(fault_plan){.kind = faults[f].kind,
                           .at = n == w->points ? i : 1 + draw(seed) % w->points,
                           .lasting = faults[f].lasting,
                           .seed = draw32(seed)});
  }
  return runs;
}
