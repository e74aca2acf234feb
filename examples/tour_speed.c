/* Messages a second, and the floor: bare SQLite that writes the very same rows into the very same tables and
 * indexes with hand-written statements, one transaction a message or one for all. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tour.h"

#define SINGLES 200
#define BATCH   2000
#define TABLES  64

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- the library ---- */

typedef struct desk {
  aft_env *env;
  aft_store *store;
  aft_session *session;
  aft_call call;
  aft_id shop;
} desk;

static int open_desk(const char *path, desk *d) {
  aft_record *record;
  aft_store_options options = {.size = sizeof options, .dsn = AFT_STR(path), .flags = AFT_STORE_CREATE};
  aft_tenant_in tenant = {.size = sizeof tenant, .external = AFT_STR("speed")};
  aft_shop_in shop = {.size = sizeof shop, .external = AFT_STR("speed")};
  d->call = (aft_call){.size = sizeof d->call, .role = AFT_ROLE_SYSTEM};
  if (aft_env_new(NULL, &d->env, NULL) < 0 || aft_store_open(d->env, &options, &d->store, NULL) < 0 ||
      aft_session_open(d->store, &d->session, NULL) < 0 ||
      aft_tenant_put(d->session, &d->call, &tenant, &record, NULL) < 0)
    return -1;
  d->call.tenant = aft_tenant_id(record);
  aft_record_free(record);
  if (aft_shop_put(d->session, &d->call, &shop, &record, NULL) < 0)
    return -1;
  d->shop = aft_shop_id(record);
  aft_record_free(record);
  return 0;
}

static void close_desk(desk *d) {
  aft_session_close(d->session);
  aft_store_unref(d->store);
  aft_env_unref(d->env);
}

/* The names live in names, 32 bytes each for id and handle: every message opens a ticket of its own. */
static void fill(const desk *d, const tour_messages *messages, aft_message_in *in, char (*names)[2][32],
                 int n) {
  for (int i = 0; i < n; i++) {
    snprintf(names[i][0], sizeof names[i][0], "speed-%d", i);
    snprintf(names[i][1], sizeof names[i][1], "customer-%d", i);
    in[i] = (aft_message_in){.size = sizeof in[i],
                             .shop = d->shop,
                             .channel = AFT_STR("wechat"),
                             .external = AFT_STR(names[i][0]),
                             .handle = AFT_STR(names[i][1]),
                             .text = AFT_STR(messages->all[(size_t)i % messages->count].text)};
  }
}

static double take_in(desk *d, const aft_message_in *in, int n, int at_once) {
  aft_batch *batch = NULL;
  double start = now();
  if (at_once && aft_intake_batch(d->session, &d->call, in, (size_t)n, &batch, NULL) < 0)
    return 0;
  for (int i = 0; !at_once && i < n; i++)
    if (aft_intake(d->session, &d->call, &in[i], NULL, NULL) < 0)
      return 0;
  double rate = n / (now() - start);
  aft_batch_free(batch);
  return rate;
}

static double library_rate(const char *path, const tour_messages *messages, int n, int at_once) {
  desk d = {0};
  double rate = 0;
  aft_message_in *in = calloc((size_t)n, sizeof *in);
  char(*names)[2][32] = calloc((size_t)n, sizeof *names);
  if (in && names && open_desk(path, &d) == 0) {
    fill(&d, messages, in, names, n);
    rate = take_in(&d, in, n, at_once);
  }
  close_desk(&d);
  free(in);
  free(names);
  return rate;
}

/* ---- the floor ---- */

typedef struct table {
  char name[64];
  sqlite3_stmt *insert;
  sqlite3_value **values; /* rows × columns */
  int columns, rows;
} table;

static int run(sqlite3 *db, const char *sql) {
  return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : -1;
}

/* Creates in the floor what the library created, and lists its tables. */
static int copy_schema(sqlite3 *from, sqlite3 *to, table *tables, int *n) {
  sqlite3_stmt *stmt;
  int status = sqlite3_prepare_v2(
                   from, "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type DESC",
                   -1, &stmt, NULL) == SQLITE_OK
                   ? 0
                   : -1;
  while (!status && sqlite3_step(stmt) == SQLITE_ROW) {
    const char *type = (const char *)sqlite3_column_text(stmt, 0);
    status = run(to, (const char *)sqlite3_column_text(stmt, 2));
    if (!status && strcmp(type, "table") == 0 && *n < TABLES)
      snprintf(tables[(*n)++].name, sizeof tables->name, "%s", (const char *)sqlite3_column_text(stmt, 1));
  }
  sqlite3_finalize(stmt);
  return status;
}

static int load(sqlite3 *from, sqlite3 *to, table *t) {
  char sql[2048];
  sqlite3_stmt *stmt;
  snprintf(sql, sizeof sql, "SELECT * FROM \"%s\"", t->name);
  if (sqlite3_prepare_v2(from, sql, -1, &stmt, NULL) != SQLITE_OK)
    return -1;
  t->columns = sqlite3_column_count(stmt);
  while (sqlite3_step(stmt) == SQLITE_ROW) {
    size_t cells = (size_t)(t->rows + 1) * (size_t)t->columns;
    sqlite3_value **values = realloc(t->values, cells * sizeof(sqlite3_value *));
    if (!values)
      break;
    t->values = values;
    for (int c = 0; c < t->columns; c++)
      values[t->rows * t->columns + c] = sqlite3_value_dup(sqlite3_column_value(stmt, c));
    t->rows++;
  }
  sqlite3_finalize(stmt);
  int at = snprintf(sql, sizeof sql, "INSERT INTO \"%s\" VALUES (?", t->name);
  for (int c = 1; c < t->columns; c++)
    at += snprintf(sql + at, sizeof sql - (size_t)at, ",?");
  snprintf(sql + at, sizeof sql - (size_t)at, ")");
  return sqlite3_prepare_v2(to, sql, -1, &t->insert, NULL) == SQLITE_OK ? 0 : -1;
}

/* The share of a table's rows that belongs to message i of n. */
static int insert_share(table *t, int i, int n) {
  int from = (int)((int64_t)t->rows * i / n), end = (int)((int64_t)t->rows * (i + 1) / n);
  for (int r = from; r < end; r++) {
    for (int c = 0; c < t->columns; c++)
      sqlite3_bind_value(t->insert, c + 1, t->values[r * t->columns + c]);
    if (sqlite3_step(t->insert) != SQLITE_DONE)
      return -1;
    sqlite3_reset(t->insert);
  }
  return 0;
}

static double write_rows(sqlite3 *to, table *tables, int count, int n, int at_once) {
  int status = 0;
  double start = now();
  if (at_once)
    status = run(to, "BEGIN IMMEDIATE");
  for (int i = 0; !status && i < n; i++) {
    if (!at_once)
      status = run(to, "BEGIN IMMEDIATE");
    for (int k = 0; !status && k < count; k++)
      status = insert_share(&tables[k], i, n);
    if (!status && !at_once)
      status = run(to, "COMMIT");
  }
  if (!status && at_once)
    status = run(to, "COMMIT");
  return status ? 0 : n / (now() - start);
}

static double floor_rate(const char *from_path, const char *to_path, int n, int at_once) {
  sqlite3 *from = NULL, *to = NULL;
  table tables[TABLES];
  int count = 0;
  double rate = 0;
  memset(tables, 0, sizeof tables);
  int status = sqlite3_open(from_path, &from) || sqlite3_open(to_path, &to) ||
               run(to, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-16384") ||
               copy_schema(from, to, tables, &count);
  for (int k = 0; !status && k < count; k++)
    status = load(from, to, &tables[k]);
  if (!status)
    rate = write_rows(to, tables, count, n, at_once);
  for (int k = 0; k < count; k++) {
    sqlite3_finalize(tables[k].insert);
    for (int v = 0; v < tables[k].rows * tables[k].columns; v++)
      sqlite3_value_free(tables[k].values[v]);
    free(tables[k].values);
  }
  sqlite3_close(from);
  sqlite3_close(to);
  return rate;
}

int tour_speed_measure(const char *folder, const tour_messages *messages, tour_speed *speed) {
  char library[4200], bare[4200];
  for (int at_once = 0; at_once < 2; at_once++) {
    int n = at_once ? BATCH : SINGLES;
    snprintf(library, sizeof library, "%s/speed-%d.db", folder, at_once);
    snprintf(bare, sizeof bare, "%s/floor-%d.db", folder, at_once);
    double rate = library_rate(library, messages, n, at_once), least = floor_rate(library, bare, n, at_once);
    if (at_once)
      speed->batch = rate, speed->batch_floor = least;
    else
      speed->single = rate, speed->single_floor = least;
  }
  return speed->single > 0 && speed->single_floor > 0 && speed->batch > 0 && speed->batch_floor > 0 ? 0 : -1;
}
