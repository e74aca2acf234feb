/* The words of SQL that differ from engine to engine. */
#include "suite.h"

static const suite_dialect sqlite = {
    .integer = "INTEGER",
    .text = "TEXT",
    .blob = "BLOB",
    .table_end = " STRICT",
    .skip = "INSERT INTO aftc_unit (id, code, amount) VALUES (?, ?, 1) ON CONFLICT DO NOTHING",
    .slow =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 300000000) SELECT count(*) "
        "FROM n",
    .begin = "BEGIN IMMEDIATE",
    .tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'aftc|_%' ESCAPE '|'",
    .ddl = true,
};

static const suite_dialect postgresql = {
    .integer = "BIGINT",
    .text = "TEXT COLLATE \"C\"",
    .blob = "BYTEA",
    .table_end = "",
    .skip = "INSERT INTO aftc_unit (id, code, amount) VALUES (?, ?, 1) ON CONFLICT DO NOTHING",
    .slow = "SELECT count(*) FROM pg_sleep(30)",
    .begin = "BEGIN",
    .tables =
        "SELECT CAST(table_name AS TEXT) FROM information_schema.tables WHERE table_schema = "
        "current_schema() AND "
        "table_name LIKE 'aftc|_%' ESCAPE '|'",
    .dollar = true,
    .guard = true,
    .ddl = true,
};

static const suite_dialect mysql = {
    .integer = "BIGINT",
    .text = "LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
    .blob = "LONGBLOB",
    .table_end = " ENGINE=InnoDB",
    .slow = "SELECT benchmark(1000000000, md5('a'))",
    .begin = "START TRANSACTION",
    .tables =
        "SELECT CAST(table_name AS CHAR) FROM information_schema.tables WHERE table_schema = database() AND "
        "table_name LIKE 'aftc|_%' ESCAPE '|'",
};

const suite_dialect *suite_dialect_of(uint32_t dialect) {
  switch (dialect) {
  case AFT_SQL_SQLITE:
    return &sqlite;
  case AFT_SQL_POSTGRESQL:
    return &postgresql;
  case AFT_SQL_MYSQL:
    return &mysql;
  default:
    return NULL;
  }
}

bool suite_sql(const suite_dialect *d, const char *sql, char *out, size_t size) {
  size_t n = 0;
  unsigned parameter = 0;
  for (; *sql; sql++) {
    int added;
    if (*sql == '?' && d->dollar)
      added = snprintf(out + n, size - n, "$%u", ++parameter);
    else
      added = snprintf(out + n, size - n, "%c", *sql);
    if (added < 0 || (size_t)added >= size - n)
      return false;
    n += (size_t)added;
  }
  out[n] = '\0';
  return true;
}

bool suite_missing(uint32_t dialect, const char *dsn, char *out, size_t size) {
  static const char uri[] = "postgres";
  int n = -1;
  if (dialect == AFT_SQL_SQLITE)
    n = snprintf(out, size, "%s-missing", dsn);
  else if (dialect == AFT_SQL_POSTGRESQL && strncmp(dsn, uri, sizeof uri - 1) == 0)
    n = snprintf(out, size, "%s%cdbname=aftc_missing", dsn, strchr(dsn, '?') ? '&' : '?');
  else if (dialect == AFT_SQL_POSTGRESQL)
    n = snprintf(out, size, "%s dbname=aftc_missing", dsn);
  return n > 0 && (size_t)n < size;
}
