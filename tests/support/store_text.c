/* A store as text: see invariants.h. */
#include "invariants.h"

#include <ctype.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_ID (INT64_C(1) << 50) /* no time is as large */

typedef struct lines {
  char **items;
  size_t n, cap;
} lines;

static void keep(lines *l, char *line) {
  if (l->n == l->cap) {
    l->cap = l->cap ? 2 * l->cap : 256;
    l->items = realloc(l->items, l->cap * sizeof *l->items);
    if (!l->items)
      abort();
  }
  l->items[l->n++] = line;
}

static bool is_code(const char *s) {
  static const char pattern[] = "T-xxxx-xxxx";
  if (!strchr("TRW", *s))
    return false;
  for (int i = 1; pattern[i]; i++)
    if (pattern[i] == 'x' ? !isupper((unsigned char)s[i]) && !isdigit((unsigned char)s[i])
                          : s[i] != pattern[i])
      return false;
  return true;
}

/* Numbers of 15 digits or more and short codes become signs. */
static void add_text(sqlite3_str *out, const char *s) {
  while (*s) {
    size_t digits = strspn(s, "0123456789");
    if (digits >= 15)
      sqlite3_str_appendchar(out, 1, '#');
    else if (digits)
      sqlite3_str_append(out, s, (int)digits);
    else if (is_code(s))
      sqlite3_str_appendf(out, "%c-#", *s);
    else
      sqlite3_str_appendchar(out, 1, *s);
    s += digits ? digits : is_code(s) ? 11 : 1;
  }
}

static bool by_chance(const char *table, const char *column) {
  return strcmp(column, "fence") == 0 || strcmp(column, "salt") == 0 || strcmp(column, "feed") == 0 ||
         (strcmp(table, "aft_value") == 0 && strcmp(column, "rev") == 0);
}

static void add_value(sqlite3_str *out, sqlite3_stmt *row, int i) {
  int64_t n = sqlite3_column_int64(row, i);
  switch (sqlite3_column_type(row, i)) {
  case SQLITE_INTEGER:
    if (n >= LEAST_ID)
      sqlite3_str_appendchar(out, 1, '#');
    else
      sqlite3_str_appendf(out, "%lld", n);
    break;
  case SQLITE_BLOB:
    sqlite3_str_appendf(out, "<%d bytes>", sqlite3_column_bytes(row, i));
    break;
  case SQLITE_TEXT:
    add_text(out, (const char *)sqlite3_column_text(row, i));
    break;
  default:
    sqlite3_str_appendchar(out, 1, '-');
    break;
  }
}

static void add_rows(sqlite3 *db, const char *table, lines *l) {
  sqlite3_stmt *row;
  char *sql = sqlite3_mprintf("SELECT * FROM \"%w\"", table);
  if (sqlite3_prepare_v2(db, sql, -1, &row, NULL))
    abort();
  while (sqlite3_step(row) == SQLITE_ROW) {
    sqlite3_str *out = sqlite3_str_new(db);
    sqlite3_str_appendf(out, "%s:", table);
    for (int i = 0; i < sqlite3_column_count(row); i++) {
      const char *column = sqlite3_column_name(row, i);
      sqlite3_str_appendf(out, " %s=", column);
      if (!by_chance(table, column))
        add_value(out, row, i);
    }
    keep(l, sqlite3_str_finish(out));
  }
  sqlite3_finalize(row);
  sqlite3_free(sql);
}

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static char *joined(lines *l) {
  sqlite3_str *out = sqlite3_str_new(NULL);
  if (l->n)
    qsort(l->items, l->n, sizeof *l->items, by_text);
  for (size_t i = 0; i < l->n; i++) {
    sqlite3_str_appendf(out, "%s\n", l->items[i]);
    sqlite3_free(l->items[i]);
  }
  free(l->items);
  char *sum = sqlite3_str_finish(out), *copy = strdup(sum ? sum : "");
  sqlite3_free(sum);
  return copy;
}

char *store_text_in(sqlite3 *db) {
  sqlite3_stmt *tables;
  lines l = {0};
  if (sqlite3_prepare_v2(db,
                         "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT IN ('aft_lease', "
                         "'aft_feed_head') AND name NOT GLOB 'aft_term_*' "
                         "ORDER BY name",
                         -1, &tables, NULL))
    return strdup("");
  while (sqlite3_step(tables) == SQLITE_ROW)
    add_rows(db, (const char *)sqlite3_column_text(tables, 0), &l);
  sqlite3_finalize(tables);
  return joined(&l);
}

char *store_text(const char *path) {
  sqlite3 *db = NULL;
  bool open = !sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) && !sqlite3_busy_timeout(db, 10000);
  char *text = open ? store_text_in(db) : strdup("");
  sqlite3_close(db);
  return text;
}
