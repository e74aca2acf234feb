/* The shop, its people, and a clock and random numbers of its own, so that every day is the same. */
#include "returns.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MORNING INT64_C(1795050000000) /* 2026-11-19, nine in the morning in Shanghai */

const char *say(const world *w, const char *zh, const char *en) { return w->zh ? zh : en; }

/* Contents of evidence stand two folders deep. */
static void remove_folder(const char *path, int depth) {
  struct dirent *entry;
  char below[512];
  DIR *folder = opendir(path);
  while (folder && (entry = readdir(folder))) {
    if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
      continue;
    snprintf(below, sizeof below, "%s/%s", path, entry->d_name);
    if (unlink(below) != 0 && depth < 4)
      remove_folder(below, depth + 1);
  }
  if (folder)
    closedir(folder);
  rmdir(path);
}

aft_status must(world *w, aft_status status) {
  if (status >= 0)
    return status;
  fprintf(stderr, "returns: %s%s%s (%s)\n", w->error.where, *w->error.where ? ": " : "", w->error.message,
          aft_status_name(status));
  if (*w->folder)
    remove_folder(w->folder, 0);
  exit(1);
}

void check(world *w, bool holds, const char *what) {
  if (holds)
    return;
  fprintf(stderr, "returns: %s\n", what);
  w->wrong++;
}

static int64_t clock_of(void *user) { return ((world *)user)->now; }

/* splitmix64 (Steele, Lea and Flood, 2014). */
static int random_of(void *user, void *bytes, size_t n) {
  world *w = user;
  for (size_t i = 0; i < n; i++) {
    uint64_t z = w->random += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    ((unsigned char *)bytes)[i] = (unsigned char)(z >> 56);
  }
  return 0;
}

void pass(world *w, int64_t ms) {
  aft_tick_report report = {.size = sizeof report};
  w->now += ms;
  for (int i = 0; i < 100; i++) {
    must(w, aft_tick(w->session, NULL, &report, &w->error));
    if (report.next == AFT_TIME_NONE || report.next > w->now)
      return;
  }
}

/* ---- people ---- */

static aft_id id_of(aft_record *record, aft_id id) {
  aft_record_free(record);
  return id;
}

static aft_call as(const world *w, uint32_t role, aft_id actor) {
  return (aft_call){.size = sizeof(aft_call), .tenant = w->system.tenant, .role = role, .actor = actor};
}

static aft_id customer(world *w, const char *name) {
  aft_record *record;
  aft_customer_in in = {.size = sizeof in,
                        .external = AFT_STR(name),
                        .name = AFT_STR(name),
                        .locale = AFT_STR(w->zh ? "zh" : "en")};
  must(w, aft_customer_put(w->session, &w->system, &in, &record, &w->error));
  return id_of(record, aft_customer_id(record));
}

static void make_shop(world *w) {
  aft_record *record;
  aft_tenant_in tenant = {.size = sizeof tenant,
                          .external = AFT_STR("returns"),
                          .zone = AFT_STR("Asia/Shanghai"),
                          .locale = AFT_STR(w->zh ? "zh" : "en")};
  aft_shop_in shop = {.size = sizeof shop, .external = AFT_STR("kitchen")};
  w->system = as(w, AFT_ROLE_SYSTEM, 0);
  must(w, aft_tenant_put(w->session, &w->system, &tenant, &record, &w->error));
  w->system.tenant = id_of(record, aft_tenant_id(record));
  must(w, aft_shop_put(w->session, &w->system, &shop, &record, &w->error));
  w->shop = id_of(record, aft_shop_id(record));
  aft_agent_in agent = {.size = sizeof agent, .external = AFT_STR("mei"), .shops = &w->shop, .n_shops = 1};
  must(w, aft_agent_put(w->session, &w->system, &agent, &record, &w->error));
  w->seller = as(w, AFT_ROLE_AGENT, id_of(record, aft_agent_id(record)));
  w->buyer = customer(w, "robin");
  w->stranger = customer(w, "stranger");
  w->warehouse = as(w, AFT_ROLE_WAREHOUSE, 0);
  w->arbiter = as(w, AFT_ROLE_ARBITER, 0);
  w->as_buyer = as(w, AFT_ROLE_BUYER, w->buyer);
  w->as_stranger = as(w, AFT_ROLE_BUYER, w->stranger);
}

/* ---- opening and closing ---- */

static void open_blobs(world *w) {
  const char *base = getenv("TMPDIR");
  snprintf(w->folder, sizeof w->folder, "%.40s/returns-XXXXXX", base && strlen(base) < 40 ? base : "/tmp");
  if (!mkdtemp(w->folder)) {
    fprintf(stderr, "returns: no temporary folder can be made in %s\n", base ? base : "/tmp");
    exit(1);
  }
  must(w, aft_blob_directory_open(w->env, AFT_STR(w->folder), &w->blobs, &w->error));
}

void world_open(world *w, bool zh) {
  *w = (world){.zh = zh, .now = MORNING, .random = 7, .error = AFT_ERROR_INIT};
  aft_env_options env = {.size = sizeof env,
                         .clock = {.size = sizeof(aft_clock), .now_ms = clock_of, .user = w},
                         .random = random_of,
                         .random_user = w};
  aft_store_options store = {.size = sizeof store, .dsn = AFT_STR("memory:"), .flags = AFT_STORE_CREATE};
  must(w, aft_env_new(&env, &w->env, &w->error));
  open_blobs(w);
  store.blobs = w->blobs;
  must(w, aft_store_open(w->env, &store, &w->store, &w->error));
  must(w, aft_session_open(w->store, &w->session, &w->error));
  make_shop(w);
}

void world_close(world *w) {
  aft_session_close(w->session);
  aft_store_unref(w->store);
  aft_blobs_unref(w->blobs);
  aft_zone_unref(w->zone);
  aft_env_unref(w->env);
  remove_folder(w->folder, 0);
}
