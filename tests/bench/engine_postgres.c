#include "engine.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <aftersales/postgres.h>

#define MOST_VALUES 96

/* ---- databases of their own on the server ---- */

/* The server's connection string with another database's name, as keywords and values. */
static void place(const bench_options *o, const char *name, char out[BENCH_PATH]) {
  char *fault = NULL;
  PQconninfoOption *options = PQconninfoParse(o->postgres, &fault);
  size_t n = (size_t)snprintf(out, BENCH_PATH, "dbname='aft_bench_%s'", name);
  for (PQconninfoOption *option = options; option && option->keyword; option++)
    if (option->val && *option->val && strcmp(option->keyword, "dbname") != 0 && n < BENCH_PATH)
      n += (size_t)snprintf(out + n, BENCH_PATH - n, " %s='%s'", option->keyword, option->val);
  if (!options)
    fprintf(stderr, "bench: --db: %s\n", fault ? fault : "no connection string");
  PQconninfoFree(options);
  PQfreemem(fault);
}

static int told(PGconn *pg, PGresult *result, const char *what) {
  ExecStatusType status = PQresultStatus(result);
  bool good = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
  if (!good)
    fprintf(stderr, "bench: PostgreSQL: %s: %s", what, PQerrorMessage(pg));
  PQclear(result);
  return good ? 0 : -1;
}

static int run_on_server(const bench_options *o, const char *sql) {
  PGconn *pg = PQconnectdb(o->postgres);
  int failed = told(pg, PQexec(pg, "SET client_min_messages = warning"), "connecting") ||
               told(pg, PQexec(pg, sql), sql);
  PQfinish(pg);
  return failed ? -1 : 0;
}

static void drop(const bench_options *o, const char *name) {
  char sql[128];
  snprintf(sql, sizeof sql, "DROP DATABASE IF EXISTS aft_bench_%s WITH (FORCE)", name);
  run_on_server(o, sql);
}

static int make(const bench_options *o, const char *name) {
  char sql[128];
  drop(o, name);
  snprintf(sql, sizeof sql, "CREATE DATABASE aft_bench_%s ENCODING 'UTF8' TEMPLATE template0", name);
  return run_on_server(o, sql);
}

static int copy(const bench_options *o, const char *from, const char *to) {
  char sql[160];
  drop(o, to);
  snprintf(sql, sizeof sql, "CREATE DATABASE aft_bench_%s TEMPLATE aft_bench_%s", to, from);
  return run_on_server(o, sql);
}

/* ---- the floor ---- */

static int prepare_all(PGconn *pg, const record_log *log) {
  char name[24];
  if (told(pg, PQexec(pg, "SET synchronous_commit = off"), "connecting"))
    return -1;
  for (size_t i = 0; i < log->n_sql; i++) {
    snprintf(name, sizeof name, "s%zu", i);
    if (told(pg, PQprepare(pg, name, log->sql[i], 0, NULL), log->sql[i]))
      return -1;
  }
  return 0;
}

static volatile int64_t seen; /* so that reading columns is not optimised away */

static void read_rows(const PGresult *result) {
  int rows = PQntuples(result), columns = PQnfields(result);
  for (int r = 0; r < rows; r++)
    for (int c = 0; c < columns; c++)
      if (!PQgetisnull(result, r, c))
        seen += *PQgetvalue(result, r, c) + PQgetlength(result, r, c);
}

static int run(PGconn *pg, const record_log *log, const record_op *op) {
  const char *values[MOST_VALUES];
  char numbers[MOST_VALUES][24], name[24];
  int lengths[MOST_VALUES], formats[MOST_VALUES];
  for (uint32_t i = 0; i < op->values; i++) {
    const aft_sql_value *v = &log->values[op->first + i];
    snprintf(numbers[i], sizeof numbers[i], "%lld", (long long)v->number);
    values[i] = v->type == AFT_SQL_NULL ? NULL : v->type == AFT_SQL_INT ? numbers[i] : v->data;
    lengths[i] = (int)v->size;
    formats[i] = v->type == AFT_SQL_BLOB || v->type == AFT_SQL_TEXT;
  }
  snprintf(name, sizeof name, "s%u", op->sql);
  PGresult *result = PQexecPrepared(pg, name, (int)op->values, values, lengths, formats, 0);
  read_rows(result);
  return told(pg, result, log->sql[op->sql]);
}

static int carry_out(PGconn *pg, const record_log *log, const record_op *op) {
  switch (op->kind) {
  case RECORD_BEGIN_READ:
    return told(pg, PQexec(pg, "BEGIN READ ONLY"), "BEGIN");
  case RECORD_BEGIN_WRITE:
    return told(pg, PQexec(pg, "BEGIN"), "BEGIN");
  case RECORD_COMMIT:
    return told(pg, PQexec(pg, "COMMIT"), "COMMIT");
  case RECORD_EXEC:
    return told(pg, PQexec(pg, log->sql[op->sql]), log->sql[op->sql]);
  case RECORD_RUN:
    return run(pg, log, op);
  default:
    return 0;
  }
}

static int carry_out_all(PGconn *pg, const floor_run *r, bench_time *out) {
  const record_log *log = r->log;
  bench_time began = bench_now();
  size_t marks = 0;
  for (size_t i = 0; i < log->n_ops; i++) {
    if (log->ops[i].kind != RECORD_MARK) {
      if (carry_out(pg, log, &log->ops[i]))
        return -1;
      continue;
    }
    if (marks == r->warm)
      began = bench_now();
    r->each(r->user, marks++);
  }
  *out = bench_since(began, marks - r->warm);
  return 0;
}

static int floor_postgres(const char *at, const floor_run *r, bench_time *out) {
  PGconn *pg = PQconnectdb(at);
  int failed = prepare_all(pg, r->log) || carry_out_all(pg, r, out);
  PQfinish(pg);
  return failed ? -1 : 0;
}

const bench_engine bench_postgres = {.title = "commands on PostgreSQL, time on the wall of one",
                                     .prefix = "postgresql, ",
                                     .wall = true,
                                     .driver = aft_sql_postgres,
                                     .place = place,
                                     .make = make,
                                     .copy = copy,
                                     .drop = drop,
                                     .floor = floor_postgres,
                                     .crowd = crowd_fill_postgres};
