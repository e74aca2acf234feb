#include "footprint.h"

#include <stdio.h>
#include <sys/stat.h>

#include "desk/desk.h"
#include "desk/tables/tables.h"
#include "store/store_priv.h"

int footprint_empty_log(sqlite3 *db) {
  return sqlite3_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL);
}

static int64_t count(sqlite3 *db, const char *sql) {
  sqlite3_stmt *stmt = NULL;
  int64_t n = -1;
  if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW)
    n = sqlite3_column_int64(stmt, 0);
  sqlite3_finalize(stmt);
  return n;
}

static int add_table(sqlite3 *db, const aft__table *table, footprint *out) {
  char sql[256];
  snprintf(sql, sizeof sql, "SELECT count(*) FROM \"aft_%s\"", table->name);
  int64_t rows = count(db, sql);
  if (rows < 0)
    return -1;
  out->rows += rows;
  for (uint32_t i = 0; i < table->n_indexes; i++) {
    int64_t held = rows;
    if (table->indexes[i].only_zero) {
      snprintf(sql, sizeof sql, "SELECT count(*) FROM \"aft_%s\" WHERE \"%s\" = 0", table->name,
               table->columns[table->indexes[i].only_zero - 1].name);
      held = count(db, sql);
    }
    if (held < 0)
      return -1;
    out->entries += held;
  }
  return 0;
}

int footprint_take(sqlite3 *db, const char *path, footprint *out) {
  char log[4300];
  struct stat info;
  *out = (footprint){0};
  for (uint32_t i = 0; i < aft__desk_schema.n_tables; i++)
    if (add_table(db, aft__desk_schema.tables[i], out))
      return -1;
  for (uint32_t i = 0; i < aft__store_table_count; i++)
    if (add_table(db, aft__store_tables[i], out))
      return -1;
  snprintf(log, sizeof log, "%s-wal", path);
  out->log_bytes = stat(log, &info) == 0 ? (int64_t)info.st_size : 0;
  return 0;
}
