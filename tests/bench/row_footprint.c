/* What one command leaves behind: counts, not times. The unit test "footprint" bounds the same figures. */
#include <sqlite3.h>
#include <stdio.h>

#include "bench.h"
#include "desk.h"
#include "fault_alloc.h"
#include "footprint.h"

#define SETTLED 200 /* commands before, so that statements are prepared and pages are full */
#define COUNTED 20  /* few enough that the log is not emptied on the way */

typedef struct counts {
  footprint left;
  uint64_t allocations;
} counts;

static int say_some(bench_desk *d, int from, int n) {
  for (int i = from; i < from + n; i++)
    if (bench_say(d, (size_t)i, (size_t)i, NULL) < 0)
      return -1;
  return 0;
}

static int take_counts(bench_desk *d, sqlite3 *db, const char *path, fault_alloc *memory, counts *out) {
  footprint before, after;
  if (say_some(d, 0, SETTLED) || footprint_empty_log(db) || footprint_take(db, path, &before))
    return -1;
  uint64_t calls = memory->calls;
  if (say_some(d, SETTLED, COUNTED))
    return -1;
  out->allocations = memory->calls - calls;
  if (footprint_take(db, path, &after))
    return -1;
  out->left.rows = after.rows - before.rows;
  out->left.entries = after.entries - before.entries;
  out->left.log_bytes = after.log_bytes - before.log_bytes;
  return 0;
}

static void show(const counts *c) {
  char text[96];
  snprintf(text, sizeof text, "%.1f rows, %.1f index entries", (double)c->left.rows / COUNTED,
           (double)c->left.entries / COUNTED);
  bench_figure("footprint, an intake", text, "", "bounded by a test");
  snprintf(text, sizeof text, "%.1f KiB of log", (double)c->left.log_bytes / COUNTED / 1024);
  bench_figure("", text, "", "bounded by a test");
  snprintf(text, sizeof text, "%.1f allocations", (double)c->allocations / COUNTED);
  bench_figure("", text, "", "bounded by a test");
}

int bench_footprint(const bench_options *o) {
  char path[BENCH_PATH];
  fault_alloc memory = {0};
  aft_alloc hooks = fault_alloc_hooks(&memory);
  bench_desk d;
  sqlite3 *db = NULL;
  counts c;
  if (!bench_wanted(o, "footprint"))
    return 0;
  bench_section("what an intake from a new customer leaves behind");
  bench_path(o, "footprint.db", path);
  bench_remove(path);
  if (bench_desk_open(&d, path, NULL, &hooks))
    return -1;
  int failed = sqlite3_open(path, &db) ? -1 : take_counts(&d, db, path, &memory, &c);
  sqlite3_close(db);
  bench_desk_close(&d);
  bench_remove(path);
  if (!failed)
    show(&c);
  return failed;
}
