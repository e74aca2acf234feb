/* The crowd in a PostgreSQL database. */
#include "crowd.h"

#include <inttypes.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>

#define SQL_SIZE 16384

static int run(PGconn *pg, const char *sql) {
  PGresult *result = PQexec(pg, sql);
  int failed = PQresultStatus(result) != PGRES_COMMAND_OK;
  if (failed)
    fprintf(stderr, "bench: the tickets could not be copied: %s", PQerrorMessage(pg));
  PQclear(result);
  return failed ? -1 : 0;
}

static void put(char *out, size_t size, const char *text) { strncat(out, text, size - strlen(out) - 1); }

/* The condition with the template's id in place of :ticket. */
static void with_ticket(const char *rows, int64_t ticket, char *out, size_t size) {
  static const char mark[] = ":ticket";
  char number[24];
  snprintf(number, sizeof number, "%" PRId64, ticket);
  *out = '\0';
  for (const char *at; (at = strstr(rows, mark)) != NULL; rows = at + sizeof mark - 1) {
    size_t n = strlen(out), length = (size_t)(at - rows);
    snprintf(out + n, size - n, "%.*s%s", (int)length, rows, number);
  }
  put(out, size, rows);
}

static int copy_rows(PGconn *pg, const crowd_table *table, int64_t ticket, int64_t n) {
  static char names[4096], values[4096], rows[512], sql[SQL_SIZE];
  char query[200];
  snprintf(query, sizeof query,
           "SELECT attname FROM pg_attribute WHERE attrelid = '\"aft_%s\"'::regclass AND attnum > 0 AND NOT "
           "attisdropped ORDER BY attnum",
           table->name);
  PGresult *columns = PQexec(pg, query);
  *names = *values = '\0';
  for (int i = 0; i < PQntuples(columns); i++) {
    const char *column = PQgetvalue(columns, i, 0), *value = crowd_value(table->name, column);
    char quoted[128];
    snprintf(quoted, sizeof quoted, "%s\"%s\"", i ? ", " : "", column);
    put(names, sizeof names, quoted);
    snprintf(quoted, sizeof quoted, "%st.\"%s\"", i ? ", " : "", column);
    put(values, sizeof values, value && i ? ", " : "");
    put(values, sizeof values, value ? value : quoted);
  }
  PQclear(columns);
  with_ticket(table->rows, ticket, rows, sizeof rows);
  snprintf(sql, sizeof sql,
           "INSERT INTO \"aft_%s\" (%s) SELECT %s FROM (SELECT n, (%" PRId64 " - n + 1) * %" PRId64
           " AS back FROM generate_series(1::bigint, %" PRId64 ") n) place CROSS JOIN \"aft_%s\" t WHERE %s",
           table->name, names, values, n, CROWD_STEP, n, table->name, rows);
  return run(pg, sql);
}

static int let_fall_due(PGconn *pg, int64_t ticket, const crowd *c) {
  char sql[600], subjects[240];
  static const char series[] = "(SELECT %" PRId64 " - (%" PRId64 " - n + 1) * %" PRId64
                               " FROM generate_series(1::bigint, %" PRId64 ", %" PRId64 ") n)";
  snprintf(subjects, sizeof subjects, series, ticket, c->tickets, CROWD_STEP, c->every * c->due, c->every);
  snprintf(sql, sizeof sql,
           "UPDATE aft_due SET due_at = 1000 + (subject >> 26) %% 1000 WHERE name = 'sla:first_response' AND "
           "subject IN %s",
           subjects);
  if (run(pg, sql))
    return -1;
  snprintf(subjects, sizeof subjects, series, ticket, c->tickets, CROWD_STEP, c->every * c->ready, c->every);
  snprintf(sql, sizeof sql, "UPDATE aft_outbox SET state = 0, due_at = 1000 WHERE subject IN %s", subjects);
  return run(pg, sql);
}

int crowd_fill_postgres(const char *dsn, int64_t ticket, const crowd *c) {
  PGconn *pg = PQconnectdb(dsn);
  bool shown = c->tickets >= 100000;
  int failed = PQstatus(pg) != CONNECTION_OK || run(pg, "SET synchronous_commit = off");
  for (int i = 0; i < crowd_table_count && !failed; i++) {
    if (shown)
      fprintf(stderr, "\rfilling %" PRId64 " tickets: %d of %d tables ", c->tickets, i + 1,
              crowd_table_count);
    failed = copy_rows(pg, &crowd_tables[i], ticket, c->tickets);
  }
  if (shown)
    fprintf(stderr, "\r%60s\r", "");
  failed =
      failed || let_fall_due(pg, ticket, c) || run(pg, "VACUUM ANALYZE"); /* as the server does by itself */
  PQfinish(pg);
  return failed ? -1 : 0;
}
