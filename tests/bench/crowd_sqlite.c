/* The crowd in a SQLite file. */
#include "crowd.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "bench.h"

static void put(char *out, size_t size, const char *text) { strncat(out, text, size - strlen(out) - 1); }

/* "INSERT … SELECT" over the numbers 1 to :n; back is how far the copy's ids lie before the template's. */
static int copying(sqlite3 *db, const char *table, const char *rows, char *sql, size_t size) {
  char names[4096] = "", values[4096] = "", query[128];
  sqlite3_stmt *stmt;
  snprintf(query, sizeof query, "SELECT name FROM pragma_table_info('aft_%s')", table);
  if (sqlite3_prepare_v2(db, query, -1, &stmt, NULL))
    return -1;
  while (sqlite3_step(stmt) == SQLITE_ROW) {
    const char *column = (const char *)sqlite3_column_text(stmt, 0), *value = crowd_value(table, column);
    char quoted[128];
    snprintf(quoted, sizeof quoted, "%s\"%s\"", *names ? ", " : "", column);
    put(names, sizeof names, quoted);
    snprintf(quoted, sizeof quoted, "%st.\"%s\"", *values ? ", " : "", column);
    put(values, sizeof values, value ? *values ? ", " : "" : quoted);
    put(values, sizeof values, value ? value : "");
  }
  sqlite3_finalize(stmt);
  snprintf(sql, size,
           "WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < :n), "
           "place(n, back) AS (SELECT n, (:n - n + 1) * %" PRId64
           " FROM number) "
           "INSERT INTO \"aft_%s\" (%s) SELECT %s FROM place CROSS JOIN \"aft_%s\" t WHERE %s",
           CROWD_STEP, table, names, values, table, rows);
  return 0;
}

static int run(sqlite3 *db, const char *sql, int64_t ticket, int64_t n, int64_t every, int64_t most) {
  sqlite3_stmt *stmt = NULL;
  int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
  const struct {
    const char *name;
    int64_t value;
  } values[] = {{":ticket", ticket}, {":n", n}, {":every", every}, {":most", most}};
  for (size_t i = 0; i < sizeof values / sizeof *values && !rc; i++) {
    int at = sqlite3_bind_parameter_index(stmt, values[i].name);
    rc = at ? sqlite3_bind_int64(stmt, at, values[i].value) : SQLITE_OK;
  }
  if (!rc)
    rc = sqlite3_step(stmt) == SQLITE_DONE ? SQLITE_OK : SQLITE_ERROR;
  sqlite3_finalize(stmt);
  if (rc)
    fprintf(stderr, "bench: the tickets could not be copied: %s\n", sqlite3_errmsg(db));
  return rc ? -1 : 0;
}

/* One of so many copies, until there are enough, named by its subject: what it has waits no longer. */
#define SPREAD                                                                                         \
  "WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + :every FROM number WHERE n + :every <= " \
  ":every * :most) "
#define SUBJECTS "(SELECT :ticket - (:n - n + 1) * 67108864 FROM number)"

static int let_fall_due(sqlite3 *db, int64_t ticket, const crowd *c) {
  static const char *const first_answer = SPREAD
      "UPDATE aft_due SET due_at = 1000 + (subject >> 26) % 1000 WHERE name = 'sla:first_response' AND "
      "subject IN " SUBJECTS;
  static const char *const effect = SPREAD
      "UPDATE aft_outbox SET state = 0, due_at = 1000 WHERE tenant = (SELECT tenant FROM aft_ticket WHERE id "
      "= "
      ":ticket) AND subject IN " SUBJECTS;
  return run(db, first_answer, ticket, c->tickets, c->every, c->due) ||
                 run(db, effect, ticket, c->tickets, c->every, c->ready)
             ? -1
             : 0;
}

static int fill(sqlite3 *db, int64_t ticket, int64_t n) {
  char sql[16384];
  bool shown = n >= 100000;
  for (size_t i = 0; i < (size_t)crowd_table_count; i++) {
    if (shown)
      fprintf(stderr, "\rfilling %" PRId64 " tickets: %zu of %zu tables ", n, i + 1,
              (size_t)crowd_table_count);
    if (copying(db, crowd_tables[i].name, crowd_tables[i].rows, sql, sizeof sql) ||
        run(db, sql, ticket, n, 0, 0))
      return -1;
  }
  if (shown)
    fprintf(stderr, "\r%60s\r", "");
  return 0;
}

/* A copy must not be written twice over while it is made. */
static int open_for_filling(const char *path, sqlite3 **db) {
  if (sqlite3_open(path, db))
    return -1;
  return sqlite3_exec(*db,
                      "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA locking_mode=EXCLUSIVE;"
                      "PRAGMA cache_size=-262144; BEGIN",
                      NULL, NULL, NULL);
}

int crowd_fill_sqlite(const char *path, int64_t ticket, const crowd *c) {
  sqlite3 *db = NULL;
  int failed = open_for_filling(path, &db) || fill(db, ticket, c->tickets) || let_fall_due(db, ticket, c) ||
               sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
  if (db && failed)
    fprintf(stderr, "bench: %s: %s\n", path, sqlite3_errmsg(db));
  sqlite3_close(db);
  return failed ? -1 : 0;
}
