/* What a start costs: opening a store beside SQLite alone, mapping a compiled policy beside compiling it, and
 * how large the library is. */
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"
#include "desk.h"

#define OPENINGS 20 /* of a round */
#define MEGABYTE 1000000.0

static int told(aft_status status, const char *what, const aft_error *error) {
  if (status < 0)
    fprintf(stderr, "bench: %s: %s: %s\n", what, error->where, error->message);
  return status < 0 ? -1 : 0;
}

/* ---- a store ---- */

typedef struct opening {
  char path[BENCH_PATH];
  aft_env *env;
} opening;

static int open_store(void *user, bench_time *out) {
  opening *o = user;
  aft_error error = AFT_ERROR_INIT;
  aft_store_options how = {.size = sizeof how, .dsn = AFT_STR(o->path), .flags = AFT_STORE_RELAXED};
  aft_store *stores[OPENINGS];
  int n = 0;
  aft_status status = AFT_OK;
  bench_time began = bench_now();
  while (n < OPENINGS && (status = aft_store_open(o->env, &how, &stores[n], &error)) >= 0)
    n++;
  *out = bench_since(began, OPENINGS);
  while (n > 0)
    aft_store_unref(stores[--n]);
  return told(status, "opening the store", &error);
}

/* What an opening cannot do without: a connection that is set up, the schema read, and one row written. */
static int open_bare(const char *path, sqlite3 **db) {
  int rc = sqlite3_open(path, db);
  if (!rc)
    rc = sqlite3_exec(*db,
                      "PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-16384;"
                      "PRAGMA journal_mode=WAL; BEGIN IMMEDIATE; SELECT * FROM aft_lease;"
                      "UPDATE aft_lease SET rev = rev + 1 WHERE name = 'node:0'; COMMIT",
                      NULL, NULL, NULL);
  if (rc)
    fprintf(stderr, "bench: %s: %s\n", path, sqlite3_errmsg(*db));
  return rc ? -1 : 0;
}

static int open_sqlite(void *user, bench_time *out) {
  opening *o = user;
  sqlite3 *dbs[OPENINGS] = {0};
  int failed = 0;
  bench_time began = bench_now();
  for (int i = 0; i < OPENINGS && !failed; i++)
    failed = open_bare(o->path, &dbs[i]);
  *out = bench_since(began, OPENINGS);
  for (int i = 0; i < OPENINGS; i++)
    sqlite3_close(dbs[i]);
  return failed;
}

static int store_row(const bench_options *o) {
  opening p = {.env = NULL};
  aft_error error = AFT_ERROR_INIT;
  bench_desk d;
  bench_ratios ratios;
  bench_path(o, "opening.db", p.path);
  bench_remove(p.path);
  if (bench_desk_open(&d, p.path, NULL, NULL))
    return -1;
  bench_desk_close(&d);
  int failed = told(aft_env_new(NULL, &p.env, &error), "environment", &error) ||
               bench_alternate(o->rounds, open_store, open_sqlite, &p, &ratios);
  aft_env_unref(p.env);
  bench_remove(p.path);
  if (!failed)
    bench_row("opening a store", "SQLite: open, set up, write a row", &ratios.all, 0);
  if (!failed)
    bench_figure("", "goal: less than 1 ms", "", ratios.all.ours < 1e-3 ? "met" : "above");
  return failed;
}

/* ---- a policy ---- */

typedef struct policies {
  char path[BENCH_PATH];
  aft_env *env;
} policies;

static int map_policy(void *user, bench_time *out) {
  policies *p = user;
  aft_error error = AFT_ERROR_INIT;
  aft_policy *policy;
  bench_time began = bench_now();
  for (int i = 0; i < OPENINGS; i++) {
    if (told(aft_policy_map_image(p->env, p->path, &policy, &error), "mapping the policy", &error))
      return -1;
    aft_policy_unref(policy);
  }
  *out = bench_since(began, OPENINGS);
  return 0;
}

/* A shop's one change over the default policy: all of it is read, merged, checked and compiled. */
static int load_policy(aft_env *env, aft_policy **out) {
  aft_error error = AFT_ERROR_INIT;
  aft_document own = {
      .size = sizeof own,
      .name = AFT_STR("shop.yaml"),
      .text = AFT_STR("version: 1\ntexts: {en: {shop.hello: Hello}, zh: {shop.hello: 你好}}\n")};
  aft_policy_options options = {.size = sizeof options, .documents = &own, .count = 1};
  return told(aft_policy_load(env, &options, out, NULL, &error), "compiling the policy", &error);
}

static int compile_policy(void *user, bench_time *out) {
  policies *p = user;
  aft_policy *policy;
  bench_time began = bench_now();
  if (load_policy(p->env, &policy))
    return -1;
  *out = bench_since(began, 1);
  aft_policy_unref(policy);
  return 0;
}

static int write_image(const policies *p) {
  aft_error error = AFT_ERROR_INIT;
  aft_policy *policy;
  aft_buf *image;
  if (load_policy(p->env, &policy))
    return -1;
  int failed = told(aft_policy_image(policy, &image, &error), "image of the policy", &error);
  aft_policy_unref(policy);
  if (failed)
    return -1;
  FILE *file = fopen(p->path, "wb");
  failed = !file || fwrite(aft_buf_data(image), 1, aft_buf_size(image), file) != aft_buf_size(image);
  if (file && fclose(file))
    failed = 1;
  if (failed)
    fprintf(stderr, "bench: %s could not be written\n", p->path);
  aft_buf_free(image);
  return failed ? -1 : 0;
}

static int policy_row(const bench_options *o) {
  policies p = {.env = NULL};
  aft_error error = AFT_ERROR_INIT;
  bench_ratios ratios;
  bench_path(o, "policy.image", p.path);
  int failed = told(aft_env_new(NULL, &p.env, &error), "environment", &error) || write_image(&p) ||
               bench_alternate(o->rounds, map_policy, compile_policy, &p, &ratios);
  aft_env_unref(p.env);
  unlink(p.path);
  if (!failed)
    bench_row("opening a policy, mapped", "compiled from YAML", &ratios.all, 0);
  return failed ? -1 : 0;
}

/* ---- the library ---- */

static int size_row(const bench_options *o) {
  struct stat info;
  char size[32];
  if (!o->library) {
    bench_skip("opening, size of the library", "--library names a stripped one");
    return 0;
  }
  if (stat(o->library, &info)) {
    fprintf(stderr, "bench: %s is not there\n", o->library);
    return -1;
  }
  snprintf(size, sizeof size, "%.2f MB", (double)info.st_size / MEGABYTE);
  bench_figure("opening, size of the library", "stripped, with the default policy", size,
               (double)info.st_size <= MEGABYTE ? "<= 1 MB" : "<= 1 MB  above");
  return 0;
}

int bench_opening(const bench_options *o) {
  if (!bench_wanted(o, "opening"))
    return 0;
  bench_section("opening, processor time");
  return store_row(o) || policy_row(o) || size_row(o) ? -1 : 0;
}
