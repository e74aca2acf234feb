/* The driver's declaration, and values: what goes in comes out. */
#include <stddef.h>
#include <stdlib.h>

#include "suite.h"

/* ---- the declaration ---- */

/* A driver of contract 1 may end where the first version of the struct ended. */
static size_t least_size(const aft_sql_driver *d) {
  return d->abi < 2 ? offsetof(aft_sql_driver, interrupt) + sizeof d->interrupt : sizeof *d;
}

static bool states_contract(suite *s) {
  const aft_sql_driver *d = s->driver;
  if (d->size < least_size(d))
    return suite_fail(s, "size: expected at least %zu, found %zu", least_size(d), d->size);
  if (d->abi < AFT_SQL_ABI_LEAST || d->abi > AFT_SQL_ABI)
    return suite_fail(s, "abi: expected %d to %d, found %" PRIu32, AFT_SQL_ABI_LEAST, AFT_SQL_ABI, d->abi);
  if (!suite_dialect_of(d->dialect))
    return suite_fail(s, "dialect: expected %d to %d, found %" PRIu32, AFT_SQL_SQLITE, AFT_SQL_MYSQL,
                      d->dialect);
  return (d->name && *d->name) || suite_fail(s, "name: expected a text, found none");
}

static bool has_every_member(suite *s) {
  const aft_sql_driver *d = s->driver;
  const struct {
    const char *name;
    bool given;
  } members[] = {
      {"open", d->open},       {"close", d->close},         {"begin", d->begin},
      {"commit", d->commit},   {"rollback", d->rollback},   {"exec", d->exec},
      {"prepare", d->prepare}, {"finalize", d->finalize},   {"bind", d->bind},
      {"step", d->step},       {"column", d->column},       {"reset", d->reset},
      {"changes", d->changes}, {"interrupt", d->interrupt},
  };
  for (size_t i = 0; i < COUNT(members); i++)
    if (!members[i].given)
      return suite_fail(s, "%s: a driver must have it, found NULL", members[i].name);
  return true;
}

static const suite_case declaration[] = {
    {"driver.contract", "a driver states its size, the contract it was written for, its dialect and its name",
     states_contract},
    {"driver.members", "every function is required but attach", has_every_member},
};
const suite_group suite_declaration = {declaration, COUNT(declaration), true};

/* ---- values ---- */

/* One row for each value, in the column that holds its type; read back in one query. */
static bool round_trip(suite *s, const char *column, const aft_sql_value *in, const aft_sql_value *out,
                       size_t n) {
  char insert[SQL_MAX], select[SQL_MAX];
  snprintf(insert, sizeof insert, "INSERT INTO aftc_value (id, %s) VALUES (?, ?)", column);
  snprintf(select, sizeof select, "SELECT %s FROM aftc_value WHERE id = ?", column);
  void *write = suite_prepare(s, s->conn, insert);
  void *read = write ? suite_prepare(s, s->conn, select) : NULL;
  if (!read)
    return false;
  for (size_t i = 0; i < n; i++) {
    aft_sql_value id = suite_int((int64_t)i + 1);
    if (!suite_bind(s, write, 1, id) || !suite_bind(s, write, 2, in[i]) || !suite_step(s, write, AFT_DONE))
      return false;
    s->driver->reset(write);
    if (!suite_bind(s, read, 1, id) || !suite_step(s, read, AFT_OK) || !suite_holds(s, read, 0, out[i]) ||
        !suite_step(s, read, AFT_DONE))
      return false;
    s->driver->reset(read);
  }
  return true;
}

static bool null_is_absence(suite *s) {
  aft_sql_value null = suite_null();
  return round_trip(s, "n", &null, &null, 1) && suite_exec(s, s->conn, "DELETE FROM aftc_value") &&
         round_trip(s, "t", &null, &null, 1) && suite_exec(s, s->conn, "DELETE FROM aftc_value") &&
         round_trip(s, "b", &null, &null, 1) &&
         suite_count(s, s->conn,
                     "SELECT count(*) FROM aftc_value WHERE b IS NULL AND t IS NULL AND n IS NULL", 1);
}

static bool all_64_bits(suite *s) {
  static const int64_t numbers[] = {0,
                                    1,
                                    -1,
                                    INT32_MAX,
                                    INT64_C(2147483648),
                                    INT64_C(9007199254740993), /* 2^53 + 1: no double holds it */
                                    INT64_C(-9007199254740993),
                                    INT64_MAX,
                                    INT64_MAX - 1,
                                    INT64_MIN + 1,
                                    INT64_MIN};
  aft_sql_value values[COUNT(numbers)];
  for (size_t i = 0; i < COUNT(numbers); i++)
    values[i] = suite_int(numbers[i]);
  return round_trip(s, "n", values, values, COUNT(values));
}

static bool empty_text(suite *s) {
  const aft_sql_value in[] = {suite_text(""), suite_bytes(AFT_SQL_TEXT, NULL, 0)};
  const aft_sql_value out[] = {suite_text(""), suite_text("")};
  return round_trip(s, "t", in, out, COUNT(in)) &&
         suite_count(s, s->conn, "SELECT count(*) FROM aftc_value WHERE t IS NULL", 0);
}

static bool empty_blob(suite *s) {
  const aft_sql_value in[] = {suite_bytes(AFT_SQL_BLOB, "", 0), suite_bytes(AFT_SQL_BLOB, NULL, 0)};
  const aft_sql_value out[] = {suite_bytes(AFT_SQL_BLOB, "", 0), suite_bytes(AFT_SQL_BLOB, "", 0)};
  return round_trip(s, "b", in, out, COUNT(in)) &&
         suite_count(s, s->conn, "SELECT count(*) FROM aftc_value WHERE b IS NULL", 0);
}

static bool blob_bytes(suite *s) {
  unsigned char all[512];
  for (size_t i = 0; i < sizeof all; i++)
    all[i] = (unsigned char)(i % 256);
  const aft_sql_value values[] = {
      suite_bytes(AFT_SQL_BLOB, all, sizeof all), suite_bytes(AFT_SQL_BLOB, "\0", 1),
      suite_bytes(AFT_SQL_BLOB, "a\0b\0", 4),
      suite_bytes(AFT_SQL_BLOB, "\\x41", 4), /* no escape of an engine is one here */
      suite_bytes(AFT_SQL_BLOB, "\xff\xfe'\"\\", 5)};
  return round_trip(s, "b", values, values, COUNT(values));
}

static bool text_is_as_long_as_said(suite *s) {
  const aft_sql_value in[] = {suite_bytes(AFT_SQL_TEXT, "cut here, not there", 8),
                              suite_bytes(AFT_SQL_TEXT, "\xe9\x80\x80\xe8\xb4\xa7", 3)};
  const aft_sql_value out[] = {suite_text("cut here"), suite_text("\xe9\x80\x80")};
  return round_trip(s, "t", in, out, COUNT(in));
}

static bool text_in_many_scripts(suite *s) {
  const aft_sql_value values[] = {
      suite_text("\xe9\x80\x80\xe8\xb4\xa7\xef\xbc\x81"), /* Chinese, a wide exclamation mark */
      suite_text("\xf0\x9f\x93\xa6\xf0\x9f\x98\x80"),     /* beyond the basic plane */
      suite_text("\xd8\xb4\xd9\x83\xd8\xb1\xd8\xa7"),     /* from right to left */
      suite_text("\xc2\xa0\xef\xbb\xbf\xe2\x80\x8b"),     /* blanks that are no blank */
  };
  return round_trip(s, "t", values, values, COUNT(values));
}

static bool text_is_left_alone(suite *s) {
  const aft_sql_value values[] = {suite_text(" a "),        suite_text("A"),        suite_text("a"),
                                  suite_text("a\r\n"),      suite_text("\xc3\xa9"), /* one code point */
                                  suite_text("e\xcc\x81"),                          /* two */
                                  suite_text("it's \"\\'"), suite_text("$1 ? %s")};
  if (!round_trip(s, "t", values, values, COUNT(values)))
    return false;
  void *find = suite_prepare(s, s->conn, "SELECT count(*) FROM aftc_value WHERE t = ?");
  for (size_t i = 0; find && i < COUNT(values); i++) {
    if (!suite_bind(s, find, 1, values[i]) || !suite_step(s, find, AFT_OK) ||
        !suite_holds(s, find, 0, suite_int(1)))
      return false;
    s->driver->reset(find);
  }
  return find != NULL;
}

static bool large_values(suite *s) {
  const size_t size = (size_t)1 << 20;
  char *text = malloc(size), *blob = malloc(size);
  bool good = text && blob;
  for (size_t i = 0; good && i < size; i++) {
    text[i] = (char)('a' + i % 26);
    blob[i] = (char)(i * 7 % 256);
  }
  aft_sql_value texts[] = {suite_bytes(AFT_SQL_TEXT, text, size)};
  aft_sql_value blobs[] = {suite_bytes(AFT_SQL_BLOB, blob, size)};
  if (!good)
    suite_fail(s, "the suite ran out of memory");
  good = good && round_trip(s, "t", texts, texts, 1) && suite_exec(s, s->conn, "DELETE FROM aftc_value") &&
         round_trip(s, "b", blobs, blobs, 1);
  free(text);
  free(blob);
  return good;
}

static bool one_row_of_all(suite *s) {
  void *write = suite_prepare(s, s->conn, "INSERT INTO aftc_value (id, n, t, b) VALUES (?, ?, ?, ?)");
  void *read = write ? suite_prepare(s, s->conn, "SELECT b, id, t, n FROM aftc_value") : NULL;
  aft_sql_value blob = suite_bytes(AFT_SQL_BLOB, "\0\1", 2), text = suite_text("7");
  return read && suite_bind(s, write, 4, blob) && suite_bind(s, write, 1, suite_int(1)) &&
         suite_bind(s, write, 3, text) && suite_bind(s, write, 2, suite_int(7)) &&
         suite_step(s, write, AFT_DONE) && suite_step(s, read, AFT_OK) &&
         suite_holds(s, read, 3, suite_int(7)) && suite_holds(s, read, 0, blob) &&
         suite_holds(s, read, 2, text) && suite_holds(s, read, 1, suite_int(1)) &&
         suite_holds(s, read, 0, blob);
}

static const suite_case values[] = {
    {"values.null", "NULL is absence and comes back as such, whatever the column's type", null_is_absence},
    {"values.integers", "an integer keeps all of its 64 bits", all_64_bits},
    {"values.empty_text", "the empty text is no NULL, and has a place when it is read", empty_text},
    {"values.empty_blob", "the empty blob is no NULL, and has a place when it is read", empty_blob},
    {"values.blob_bytes", "a blob is any bytes, NUL among them", blob_bytes},
    {"values.text_size", "a text is as long as its size says and is not closed by NUL",
     text_is_as_long_as_said},
    {"values.text_scripts", "a text is UTF-8, of any script", text_in_many_scripts},
    {"values.text_exact", "a text is neither trimmed nor folded nor normalised", text_is_left_alone},
    {"values.large", "a text or blob of 1 MiB comes back whole", large_values},
    {"values.row", "columns are read in any order, as often as asked, each of its own type", one_row_of_all},
};
const suite_group suite_values = {values, COUNT(values), false};
