#include "floor.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_READS 8

typedef struct database {
  sqlite3 *db;
  sqlite3_stmt *begin_read, *begin_write, *commit;
  sqlite3_stmt **stmts;
  sqlite3_stmt *reads[MOST_READS]; /* of a transaction written by hand */
  volatile int64_t seen;           /* so that reading columns is not optimised away */
} database;

static int prepare(database *d, const char *sql, sqlite3_stmt **out) {
  return sqlite3_prepare_v3(d->db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL);
}

static int prepare_recorded(database *d, const char *sql, bool plain, sqlite3_stmt **out) {
  const char *end = plain ? strstr(sql, " ON CONFLICT") : NULL;
  return sqlite3_prepare_v3(d->db, sql, end ? (int)(end - sql) : -1, SQLITE_PREPARE_PERSISTENT, out, NULL);
}

/* The same settings as the library's own connection, with AFT_STORE_RELAXED. */
static int open_database(const char *path, const floor_run *run, database *d) {
  const record_log *log = run->log;
  int rc = sqlite3_open(path, &d->db);
  if (!rc)
    rc = sqlite3_exec(d->db,
                      "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY;"
                      "PRAGMA cache_size=-16384",
                      NULL, NULL, NULL);
  d->stmts = calloc(log->n_sql ? log->n_sql : 1, sizeof *d->stmts);
  if (!rc && !d->stmts)
    rc = SQLITE_NOMEM;
  if (!rc)
    rc = prepare(d, "BEGIN", &d->begin_read);
  if (!rc)
    rc = prepare(d, "BEGIN IMMEDIATE", &d->begin_write);
  if (!rc)
    rc = prepare(d, "COMMIT", &d->commit);
  for (size_t i = 0; !rc && i < log->n_sql; i++)
    rc = prepare_recorded(d, log->sql[i], run->hand != NULL, &d->stmts[i]);
  for (size_t i = 0; !rc && run->hand && i < run->hand->n; i++)
    rc = prepare(d, run->hand->reads[i].sql, &d->reads[i]);
  return rc;
}

static void close_database(database *d, const record_log *log) {
  for (size_t i = 0; d->stmts && i < log->n_sql; i++)
    sqlite3_finalize(d->stmts[i]);
  free(d->stmts);
  for (size_t i = 0; i < MOST_READS; i++)
    sqlite3_finalize(d->reads[i]);
  sqlite3_finalize(d->begin_read);
  sqlite3_finalize(d->begin_write);
  sqlite3_finalize(d->commit);
  sqlite3_close(d->db);
}

static int once(sqlite3_stmt *stmt) {
  int rc = sqlite3_step(stmt);
  sqlite3_reset(stmt);
  return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int bind(sqlite3_stmt *stmt, int i, const aft_sql_value *v) {
  switch (v->type) {
  case AFT_SQL_INT:
    return sqlite3_bind_int64(stmt, i, v->number);
  case AFT_SQL_TEXT:
    return sqlite3_bind_text(stmt, i, v->data, (int)v->size, SQLITE_STATIC);
  case AFT_SQL_BLOB:
    return sqlite3_bind_blob(stmt, i, v->data, (int)v->size, SQLITE_STATIC);
  default:
    return sqlite3_bind_null(stmt, i);
  }
}

static void read_row(database *d, sqlite3_stmt *stmt) {
  int n = sqlite3_data_count(stmt);
  for (int i = 0; i < n; i++) {
    int type = sqlite3_column_type(stmt, i);
    if (type == SQLITE_INTEGER)
      d->seen += (uint64_t)sqlite3_column_int64(stmt, i);
    else if (type == SQLITE_TEXT)
      d->seen += *sqlite3_column_text(stmt, i) + (uint64_t)sqlite3_column_bytes(stmt, i);
    else if (type == SQLITE_BLOB)
      d->seen += (uint64_t)sqlite3_column_bytes(stmt, i) + (sqlite3_column_blob(stmt, i) != NULL);
  }
}

static int run(database *d, const record_log *log, const record_op *op) {
  sqlite3_stmt *stmt = d->stmts[op->sql];
  int rc = SQLITE_OK;
  for (uint32_t i = 0; i < op->values && !rc; i++)
    rc = bind(stmt, (int)i + 1, &log->values[op->first + i]);
  for (uint32_t i = 0; i < op->rows && !rc; i++) {
    rc = sqlite3_step(stmt) == SQLITE_ROW ? SQLITE_OK : SQLITE_MISMATCH;
    if (!rc)
      read_row(d, stmt);
  }
  if (!rc && op->to_the_end)
    rc = sqlite3_step(stmt) == SQLITE_DONE ? SQLITE_OK : SQLITE_MISMATCH;
  sqlite3_reset(stmt);
  return rc;
}

/* ---- a transaction written by hand ---- */

static int bind_asked(sqlite3_stmt *stmt, int at, char what, const floor_hand *hand, size_t i) {
  char text[40];
  switch (what) {
  case 't':
    return sqlite3_bind_int64(stmt, at, hand->tenant);
  case 's':
    return sqlite3_bind_int64(stmt, at, hand->shop);
  case 'r':
    return sqlite3_bind_int64(stmt, at, hand->records[i]);
  default:
    snprintf(text, sizeof text, what == 'e' ? "wx-%zu" : "openid-%zu", hand->first + i);
    return sqlite3_bind_text(stmt, at, text, -1, SQLITE_TRANSIENT);
  }
}

static int ask(database *d, const floor_hand *hand, size_t k, size_t i) {
  sqlite3_stmt *stmt = d->reads[k];
  const char *asks = hand->reads[k].asks;
  int rc = SQLITE_OK;
  for (int at = 0; asks[at] && !rc; at++)
    rc = bind_asked(stmt, at + 1, asks[at], hand, i);
  int step = rc ? SQLITE_DONE : sqlite3_step(stmt);
  for (; step == SQLITE_ROW; step = sqlite3_step(stmt))
    read_row(d, stmt);
  sqlite3_reset(stmt);
  return rc ? rc : step == SQLITE_DONE ? SQLITE_OK : step;
}

/* Begins the transaction and reads what it decides on. */
static int begin_by_hand(database *d, const floor_hand *hand, size_t i) {
  int rc = once(d->begin_write);
  for (size_t k = 0; k < hand->n && !rc; k++)
    rc = ask(d, hand, k, i);
  return rc;
}

static bool is_read(const record_log *log, const record_op *op) {
  return op->kind == RECORD_RUN && strncmp(log->sql[op->sql], "SELECT", 6) == 0;
}

/* ---- all of it ---- */

static int carry_out(database *d, const floor_run *r, const record_op *op, size_t i) {
  const record_log *log = r->log;
  if (r->hand && op->kind == RECORD_BEGIN_WRITE)
    return begin_by_hand(d, r->hand, i);
  if (r->hand && is_read(log, op))
    return SQLITE_OK;
  switch (op->kind) {
  case RECORD_BEGIN_READ:
    return once(d->begin_read);
  case RECORD_BEGIN_WRITE:
    return once(d->begin_write);
  case RECORD_COMMIT:
    return once(d->commit);
  case RECORD_EXEC:
    return once(d->stmts[op->sql]);
  case RECORD_RUN:
    return run(d, log, op);
  default:
    return SQLITE_OK;
  }
}

static int carry_out_all(database *d, const floor_run *r, bench_time *out) {
  const record_log *log = r->log;
  bench_time began = bench_now();
  size_t marks = 0;
  for (size_t i = 0; i < log->n_ops; i++) {
    if (log->ops[i].kind == RECORD_MARK) {
      if (marks == r->warm)
        began = bench_now();
      if (r->each)
        r->each(r->user, marks);
      marks++;
      continue;
    }
    int rc = carry_out(d, r, &log->ops[i], marks ? marks - 1 : 0);
    if (rc) {
      fprintf(stderr, "bench: the floor failed: %s (%s)\n", sqlite3_errstr(rc), sqlite3_errmsg(d->db));
      return -1;
    }
  }
  *out = bench_since(began, marks - r->warm);
  return 0;
}

int floor_sqlite(const char *path, const floor_run *run, bench_time *out) {
  database d = {0};
  int failed = open_database(path, run, &d);
  if (failed)
    fprintf(stderr, "bench: the floor's database %s: %s\n", path, d.db ? sqlite3_errmsg(d.db) : "");
  else
    failed = carry_out_all(&d, run, out);
  close_database(&d, run->log);
  return failed ? -1 : 0;
}
