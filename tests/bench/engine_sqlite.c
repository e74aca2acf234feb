#include "engine.h"

#include <stdio.h>

static void place(const bench_options *o, const char *name, char out[BENCH_PATH]) {
  snprintf(out, BENCH_PATH, "%s/%s.db", o->folder, name);
}

static void drop(const bench_options *o, const char *name) {
  char path[BENCH_PATH];
  place(o, name, path);
  bench_remove(path);
}

static int make(const bench_options *o, const char *name) {
  drop(o, name); /* SQLite makes the file when it is opened */
  return 0;
}

static int copy(const bench_options *o, const char *from, const char *to) {
  char source[BENCH_PATH], target[BENCH_PATH];
  place(o, from, source);
  place(o, to, target);
  bench_remove(target);
  return bench_copy(source, target);
}

const bench_engine bench_sqlite = {.title = "commands on SQLite, processor time of one",
                                   .prefix = "",
                                   .driver = aft_sql_sqlite,
                                   .place = place,
                                   .make = make,
                                   .copy = copy,
                                   .drop = drop,
                                   .floor = floor_sqlite,
                                   .crowd = crowd_fill_sqlite};
