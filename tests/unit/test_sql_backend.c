/* The SQL record backend over SQLite or PostgreSQL, with tables of its own: rows, scans against a naive
 * model, checks and uniqueness, query plans, savepoints, the host's transaction, migration, failing memory.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "store/sql_priv.h"
#include "random.h"
#include "test_place.h"

/* ---- tables: order lines, and the refunds that a second version adds ---- */

enum {
  ID,
  REV,
  TENANT,
  CODE,
  BOUGHT,
  RETURNED,
  CLOSED,
  NOTE,
  PICTURE,
  LINE_COLUMNS
};
enum {
  BY_CODE,
  BY_RETURNED,
  OPEN,
  BY_NOTE,
  OPEN_CODE,
  LINE_INDEXES
};

#define LINE_COLUMNS_V1                                                                              \
  {"id", AFT_SQL_INT, 1, 1}, {"rev", AFT_SQL_INT, 1, 1}, {"tenant", AFT_SQL_INT, 1, 1},              \
      {"order", AFT_SQL_TEXT, 0, 1}, {"bought", AFT_SQL_INT, 1, 1}, {"returned", AFT_SQL_INT, 0, 1}, \
      {"closed", AFT_SQL_INT, 1, 1}, {"note", AFT_SQL_TEXT, 0, 1}, {                                 \
    "picture", AFT_SQL_BLOB, 0, 1                                                                    \
  }

static const aft__column line_columns[] = {LINE_COLUMNS_V1};
static const aft__index line_indexes[] = {
    {"by_code", 1, 2, {TENANT, CODE}, 0, 1},
    {"by_returned", 0, 2, {TENANT, RETURNED}, 0, 1},
    {"open", 0, 2, {TENANT, BOUGHT}, CLOSED + 1, 1},
    {"by_note", 0, 1, {NOTE}, 0, 1},
    {"open_code", 1, 2, {TENANT, NOTE}, CLOSED + 1, 1},
};
static const aft__check line_checks[] = {{"units", 2, {BOUGHT, RETURNED}, {1, -1}, 0},
                                         {"units_bought", 1, {BOUGHT}, {1}, 0}};
static const aft__table line = {
    "line", line_columns, line_indexes, line_checks, LINE_COLUMNS, LINE_INDEXES, 2, 1};

/* Scans may meet any combination, so they run on a table that nothing constrains. */
static const aft__index free_indexes[] = {
    {"by_code", 0, 2, {TENANT, CODE}, 0, 1},
    {"by_returned", 0, 2, {TENANT, RETURNED}, 0, 1},
    {"open", 0, 2, {TENANT, BOUGHT}, CLOSED + 1, 1},
    {"by_note", 0, 1, {NOTE}, 0, 1},
    {"by_picture", 0, 3, {RETURNED, TENANT, PICTURE}, 0, 1},
};
static const aft__table free_line = {"free", line_columns, free_indexes, NULL, LINE_COLUMNS, 5, 0, 1};

static const aft__table *const tables_v1[] = {&line, &free_line};
static const aft__schema schema_v1 = {tables_v1, 2, 1, 1, 1};

enum {
  LOST = LINE_COLUMNS,
  LINE2_COLUMNS
};
static const aft__column line2_columns[] = {LINE_COLUMNS_V1, {"lost", AFT_SQL_INT, 0, 2}};
static const aft__index line2_indexes[] = {
    {"by_code", 1, 2, {TENANT, CODE}, 0, 1},
    {"by_returned", 0, 2, {TENANT, RETURNED}, 0, 1},
    {"open", 0, 2, {TENANT, BOUGHT}, CLOSED + 1, 1},
    {"by_note", 0, 1, {NOTE}, 0, 1},
    {"open_code", 1, 2, {TENANT, NOTE}, CLOSED + 1, 1},
    {"by_lost", 0, 2, {TENANT, LOST}, 0, 2},
};
static const aft__check line2_checks[] = {{"units", 2, {BOUGHT, RETURNED}, {1, -1}, 0},
                                          {"units_bought", 1, {BOUGHT}, {1}, 0},
                                          {"whole", 3, {BOUGHT, RETURNED, LOST}, {1, -1, -1}, 0}};
static const aft__table line2 = {"line", line2_columns, line2_indexes, line2_checks, LINE2_COLUMNS, 6, 3, 1};
static const aft__column refund_columns[] = {
    {"id", AFT_SQL_INT, 1, 2}, {"rev", AFT_SQL_INT, 1, 2}, {"amount", AFT_SQL_INT, 1, 2}};
static const aft__index refund_indexes[] = {{"by_amount", 0, 1, {2}, 0, 2}};
static const aft__table refund = {"refund", refund_columns, refund_indexes, NULL, 3, 1, 0, 2};
static const aft__table *const tables_v2[] = {&line2, &free_line, &refund};
static const aft__schema schema_v2 = {tables_v2, 3, 2, 1, 2};

/* ---- a store of its own ---- */

typedef struct world {
  test_place place;
  aft_env *env;
  _Atomic int64_t fail_at, allocations, live; /* of the failing allocator */
  aft__backend *backend;
  aft__conn *conn;
  aft__arena arena;
  aft_error error;
} world;

static void *count_alloc(void *user, size_t n) {
  world *w = user;
  if (w->fail_at && ++w->allocations == w->fail_at)
    return NULL;
  w->live++;
  return malloc(n);
}
static void count_release(void *user, void *p, size_t n) {
  (void)n;
  ((world *)user)->live -= p != NULL;
  free(p);
}
static void *count_resize(void *user, void *p, size_t old_n, size_t new_n) {
  void *made = count_alloc(user, new_n);
  if (made && p) {
    memcpy(made, p, old_n < new_n ? old_n : new_n);
    count_release(user, p, old_n);
  }
  return made;
}

static aft__sql_options options_of(const world *w, uint32_t flags) {
  return (aft__sql_options){.driver = w->place.driver,
                            .dsn = {w->place.dsn, AFT_NTS},
                            .prefix = {"shop_", AFT_NTS},
                            .flags = flags,
                            .busy_ms = 2000};
}

static const aft__backend_ops *ops(const world *w) { return w->backend->ops; }

#define OK(expr)                                                                                     \
  do {                                                                                               \
    aft_status ok_ = (expr);                                                                         \
    if (ok_ != AFT_OK)                                                                               \
      fail_msg("%s:%d: %d: %s: %s", __FILE__, __LINE__, (int)ok_, w->error.where, w->error.message); \
  } while (0)

static int make_world(void **state) {
  world *w = calloc(1, sizeof *w);
  if (!w)
    return -1;
  w->error = (aft_error)AFT_ERROR_INIT;
  place_make(&w->place);
  aft_env_options options = {.size = sizeof options};
  options.alloc = (aft_alloc){sizeof options.alloc, count_alloc, count_resize, count_release, w};
  OK(aft_env_new(&options, &w->env, NULL));
  aft__sql_options how = options_of(w, AFT_STORE_CREATE);
  OK(aft__sql_backend(w->env, &how, &w->backend, &w->error));
  OK(ops(w)->connect(w->backend, &w->conn, &w->error));
  OK(ops(w)->migrate(w->conn, &schema_v1, &w->error));
  aft__arena_init(&w->arena, w->env);
  *state = w;
  return 0;
}

static int drop_world(void **state) {
  world *w = *state;
  aft__arena_done(&w->arena);
  if (w->conn)
    ops(w)->disconnect(w->conn);
  ops(w)->free(w->backend);
  aft_env_unref(w->env);
  place_drop(&w->place);
  free(w);
  return 0;
}

static aft__value str(const char *text) { return aft__text(aft__cstr(text)); }

static void set_line(aft__value *row, aft_id id, const char *code, int64_t bought) {
  memset(row, 0, LINE2_COLUMNS * sizeof *row);
  row[ID] = aft__int(id);
  row[REV] = aft__int(1);
  row[TENANT] = aft__int(7);
  if (code)
    row[CODE] = str(code);
  row[BOUGHT] = aft__int(bought);
  row[CLOSED] = aft__int(0);
}

static aft_status add(world *w, aft_id id, const char *code, int64_t bought, aft__existing *existing) {
  aft__value row[LINE2_COLUMNS];
  set_line(row, id, code, bought);
  return ops(w)->insert(w->conn, &line, row, existing, &w->error);
}

static aft_status load(world *w, aft_id id, aft__value **row) {
  return ops(w)->get(w->conn, &line, id, &w->arena, row, &w->error);
}

/* ---- rows ---- */

static void a_row_comes_back_as_it_was_written(void **state) {
  world *w = *state;
  aft__value row[LINE2_COLUMNS], *back;
  set_line(row, INT64_MAX, "", 3);
  row[REV] = aft__int(99);
  row[PICTURE] = aft__blob("\0\1\0", 3);
  OK(ops(w)->begin(w->conn, true, &w->error));
  OK(ops(w)->insert(w->conn, &line, row, NULL, &w->error));
  OK(load(w, INT64_MAX, &back));
  assert_true(back[REV].number == 1);
  assert_int_equal(back[CODE].type, AFT_SQL_TEXT);
  assert_int_equal(back[CODE].size, 0);
  assert_int_equal(back[NOTE].type, AFT_SQL_NULL);
  assert_int_equal(back[PICTURE].type, AFT_SQL_BLOB);
  assert_int_equal(back[PICTURE].size, 3);
  assert_memory_equal(back[PICTURE].data, "\0\1\0", 4);
  assert_int_equal(load(w, 5, &back), AFT_E_NOT_FOUND);
  OK(ops(w)->commit(w->conn, &w->error));
}

static void an_update_needs_the_rev_that_was_read(void **state) {
  world *w = *state;
  aft__value row[LINE2_COLUMNS], *back;
  OK(ops(w)->begin(w->conn, true, &w->error));
  OK(add(w, 1, "A", 3, NULL));
  set_line(row, 1, "B", 4);
  row[NOTE] = str("not in the mask");
  OK(ops(w)->update(w->conn, &line, row, 1u << BOUGHT | 1u << ID | 1u << REV, &w->error));
  OK(load(w, 1, &back));
  assert_true(back[REV].number == 2 && back[BOUGHT].number == 4);
  assert_memory_equal(back[CODE].data, "A", 2);
  assert_int_equal(back[NOTE].type, AFT_SQL_NULL);
  assert_int_equal(ops(w)->update(w->conn, &line, row, 1u << BOUGHT, &w->error), AFT_E_CONFLICT);
  row[REV] = aft__int(2);
  OK(ops(w)->update(w->conn, &line, row, 0, &w->error)); /* an anchor */
  row[ID] = aft__int(2);                                 /* a row that is gone has changed, too */
  assert_int_equal(ops(w)->update(w->conn, &line, row, 1u << BOUGHT, &w->error), AFT_E_CONFLICT);
  assert_int_equal(ops(w)->remove(w->conn, &line, 1, 2, &w->error), AFT_E_CONFLICT);
  assert_int_equal(ops(w)->remove(w->conn, &line, 2, 1, &w->error), AFT_E_CONFLICT);
  OK(ops(w)->remove(w->conn, &line, 1, 3, &w->error));
  assert_int_equal(load(w, 1, &back), AFT_E_NOT_FOUND);
  OK(ops(w)->commit(w->conn, &w->error));
}

static void a_duplicate_names_the_row_in_the_way(void **state) {
  world *w = *state;
  aft__existing existing = {0};
  aft__value row[LINE2_COLUMNS], *back;
  OK(ops(w)->begin(w->conn, true, &w->error));
  OK(add(w, 1, "A", 3, NULL));
  OK(add(w, 2, NULL, 3, NULL));
  OK(add(w, 3, NULL, 3, NULL)); /* NULL equals nothing */
  assert_int_equal(add(w, 1, "B", 3, &existing), AFT_E_EXISTS);
  assert_true(existing.index == UINT32_MAX && existing.id == 1);
  assert_int_equal(add(w, 4, "A", 3, &existing), AFT_E_EXISTS);
  assert_true(existing.index == BY_CODE && existing.id == 1);
  assert_string_equal(w->error.where, "line.by_code");
  assert_int_equal(add(w, 4, "A", 3, NULL), AFT_E_EXISTS);

  set_line(row, 4, "D", 3);
  row[NOTE] = str("n");
  OK(ops(w)->insert(w->conn, &line, row, NULL, &w->error));
  set_line(row, 5, "E", 3);
  row[NOTE] = str("n");
  assert_int_equal(ops(w)->insert(w->conn, &line, row, &existing, &w->error), AFT_E_EXISTS);
  assert_true(existing.index == OPEN_CODE && existing.id == 4);
  row[CLOSED] = aft__int(1);
  OK(ops(w)->insert(w->conn, &line, row, &existing, &w->error)); /* outside of the partial index */
  row[CLOSED] = aft__int(0);
  assert_int_equal(ops(w)->update(w->conn, &line, row, 1u << CLOSED, &w->error), AFT_E_EXISTS);
  assert_string_equal(w->error.where, "line.open_code");

  OK(load(w, 5, &back)); /* the transaction goes on, and nothing of the failures stayed */
  assert_true(back[CLOSED].number == 1 && back[REV].number == 1);
  OK(ops(w)->commit(w->conn, &w->error));
}

static void a_check_is_kept_by_the_database(void **state) {
  world *w = *state;
  aft__value row[LINE2_COLUMNS], *back;
  OK(ops(w)->begin(w->conn, true, &w->error));
  OK(add(w, 1, "A", 3, NULL)); /* returned is NULL: counts as 0 */
  set_line(row, 1, "A", 3);
  row[RETURNED] = aft__int(4);
  assert_int_equal(ops(w)->update(w->conn, &line, row, 1u << RETURNED, &w->error), AFT_E_CHECK);
  assert_string_equal(w->error.where, "line.units");
  assert_int_equal(ops(w)->update(w->conn, &line, row, 1u << RETURNED, NULL), AFT_E_CHECK);
  assert_int_equal(add(w, 2, "B", -1, NULL), AFT_E_CHECK);
  row[RETURNED] = aft__int(3);
  OK(ops(w)->update(w->conn, &line, row, 1u << RETURNED, &w->error));
  OK(load(w, 1, &back));
  assert_true(back[REV].number == 2 && back[RETURNED].number == 3);
  assert_int_equal(load(w, 2, &back), AFT_E_NOT_FOUND);
  OK(ops(w)->commit(w->conn, &w->error));
}

static void checks_and_uniqueness_come_from_the_descriptor_alone(void **state) {
  world *w = *state;
  aft__value row[LINE2_COLUMNS];
  OK(ops(w)->begin(w->conn, true, &w->error));
  for (aft_id id = 1; id <= 2; id++) {
    set_line(row, id, "A", -1);
    row[RETURNED] = aft__int(5);
    OK(ops(w)->insert(w->conn, &free_line, row, NULL, &w->error));
  }
  OK(ops(w)->commit(w->conn, &w->error));
}

static void what_the_column_does_not_take_is_an_error(void **state) {
  world *w = *state;
  aft__value row[LINE2_COLUMNS];
  set_line(row, 1, "A", 1);
  row[BOUGHT] = aft__null();
  OK(ops(w)->begin(w->conn, true, &w->error));
  assert_int_equal(ops(w)->insert(w->conn, &line, row, NULL, &w->error), AFT_E_STORE);
  ops(w)->rollback(w->conn);
  row[BOUGHT] = str("three");
  OK(ops(w)->begin(w->conn, true, &w->error));
  assert_int_equal(ops(w)->insert(w->conn, &line, row, NULL, &w->error), AFT_E_STORE);
  /* After such a failure nothing runs until the roll back. */
  assert_int_equal(add(w, 2, "B", 1, NULL), AFT_E_STORE);
  assert_int_equal(ops(w)->commit(w->conn, &w->error), AFT_E_STORE);
  ops(w)->rollback(w->conn);
  OK(ops(w)->begin(w->conn, true, &w->error));
  OK(add(w, 2, "B", 1, NULL));
  OK(ops(w)->commit(w->conn, &w->error));
}

/* ---- scans against a naive model ---- */

#define ROWS 120

static aft__value random_value(uint64_t *seed, uint32_t column) {
  static const char *const texts[] = {"", "a", "b", "ab", "\xe9\x80\x80", "z"};
  bool null = !line_columns[column].required && below(seed, 3) == 0;
  if (null)
    return aft__null();
  if (line_columns[column].type == AFT_SQL_INT)
    return aft__int(column == CLOSED ? below(seed, 2) : (int64_t)below(seed, 5) - 1);
  aft_str s = aft__cstr(texts[below(seed, AFT__COUNT(texts))]);
  return line_columns[column].type == AFT_SQL_TEXT ? aft__text(s) : aft__blob(s.data, s.len);
}

static const aft__scan *sort_scan; /* qsort takes no context */

static int by_scan(const void *x, const void *y) {
  const aft__value *a = *(const aft__value *const *)x, *b = *(const aft__value *const *)y;
  int order = 0;
  if (sort_scan->index != AFT__BY_ID) {
    const aft__index *index = &free_indexes[sort_scan->index];
    if (sort_scan->n_equal < index->n)
      order = aft__value_cmp(&a[index->columns[sort_scan->n_equal]], &b[index->columns[sort_scan->n_equal]]);
  }
  if (order == 0)
    order = aft__value_cmp(&a[ID], &b[ID]);
  return sort_scan->descending ? -order : order;
}

static bool within(const aft__scan *s, const aft__value *row) {
  const aft__index *index = s->index == AFT__BY_ID ? NULL : &free_indexes[s->index];
  if (index && index->only_zero && row[index->only_zero - 1].number != 0)
    return false;
  for (uint32_t k = 0; k < s->n_equal; k++)
    if (aft__value_cmp(&row[index->columns[k]], &s->equal[k]))
      return false;
  const aft__value *next = !index                  ? &row[ID]
                           : s->n_equal < index->n ? &row[index->columns[s->n_equal]]
                                                   : NULL;
  bool from_null = s->low && s->low->type == AFT_SQL_NULL;
  if (next && next->type == AFT_SQL_NULL && (s->low || s->high) && !from_null)
    return false;
  if (next && s->low && aft__value_cmp(next, s->low) < 0)
    return false;
  if (next && s->high && aft__value_cmp(next, s->high) > 0)
    return false;
  if (!s->after)
    return true;
  aft__value after_id = aft__int(s->after_id);
  int order = index && next ? aft__value_cmp(next, &s->after_value) : 0;
  if (order == 0)
    order = aft__value_cmp(&row[ID], &after_id);
  return s->descending ? order < 0 : order > 0;
}

static void random_scan(uint64_t *seed, aft__scan *s, aft__value bounds[2]) {
  memset(s, 0, sizeof *s);
  s->table = &free_line;
  s->index = below(seed, 6);
  if (s->index == 5)
    s->index = AFT__BY_ID;
  const aft__index *index = s->index == AFT__BY_ID ? NULL : &free_indexes[s->index];
  s->n_equal = index ? index->n - below(seed, 2) : 0;
  for (uint32_t k = 0; k < s->n_equal; k++)
    s->equal[k] = random_value(seed, index->columns[k]);
  bool open = !index || s->n_equal < index->n;
  for (int i = 0; open && i < 2; i++)
    bounds[i] = index ? random_value(seed, index->columns[s->n_equal]) : aft__int(below(seed, ROWS + 10));
  s->low = open && below(seed, 3) == 0 ? &bounds[0] : NULL;
  s->high = open && below(seed, 3) == 0 ? &bounds[1] : NULL;
  s->descending = below(seed, 2);
  s->claim = below(seed, 2);
  s->after = below(seed, 2);
  if (index && open)
    s->after_value = random_value(seed, index->columns[s->n_equal]);
  s->after_id = below(seed, ROWS + 10);
  s->limit = below(seed, 2) ? 0 : 1 + below(seed, 6);
}

static void scan_agrees(world *w, aft__value (*rows)[LINE_COLUMNS], const aft__scan *s) {
  const aft__value *expected[ROWS] = {NULL}, *row;
  uint32_t n = 0, got = 0;
  aft__rows *open;
  for (int i = 0; i < ROWS; i++)
    if (within(s, rows[i]))
      expected[n++] = rows[i];
  sort_scan = s;
  qsort(expected, n, sizeof *expected, by_scan);
  if (s->limit && n > s->limit)
    n = s->limit;
  OK(ops(w)->scan(w->conn, s, &open, &w->error));
  aft_status status;
  while ((status = ops(w)->next(open, &row, &w->error)) == AFT_OK) {
    assert_true(got < n);
    for (int i = 0; i < LINE_COLUMNS; i++)
      assert_int_equal(aft__value_cmp(&row[i], &expected[got][i]), 0);
    got++;
  }
  assert_int_equal(status, AFT_DONE);
  assert_int_equal(got, n);
  ops(w)->end(open);
}

static void scans_agree_with_a_naive_model(void **state) {
  world *w = *state;
  uint64_t seed = (uint64_t)time(NULL);
  const char *given = getenv("AFT_TEST_SEED");
  if (given)
    seed = strtoull(given, NULL, 10);
  print_message("# seed %" PRIu64 "\n", seed);
  static aft__value rows[ROWS][LINE_COLUMNS];
  OK(ops(w)->begin(w->conn, true, &w->error));
  for (int i = 0; i < ROWS; i++) {
    for (uint32_t k = 0; k < LINE_COLUMNS; k++)
      rows[i][k] = random_value(&seed, k);
    rows[i][ID] = aft__int(i + 1);
    rows[i][REV] = aft__int(1);
    OK(ops(w)->insert(w->conn, &free_line, rows[i], NULL, &w->error));
  }
  for (int i = 0; i < 20000; i++) {
    aft__scan s;
    aft__value bounds[2];
    random_scan(&seed, &s, bounds);
    scan_agrees(w, rows, &s);
  }
  OK(ops(w)->commit(w->conn, &w->error));
}

static void two_scans_of_one_shape_may_be_open(void **state) {
  world *w = *state;
  const aft__value *a_row, *b_row;
  aft__rows *a, *b;
  aft__scan s = {.table = &line, .index = AFT__BY_ID};
  OK(ops(w)->begin(w->conn, true, &w->error));
  OK(add(w, 1, "A", 1, NULL));
  OK(add(w, 2, "B", 1, NULL));
  OK(ops(w)->scan(w->conn, &s, &a, &w->error));
  OK(ops(w)->next(a, &a_row, &w->error));
  OK(ops(w)->scan(w->conn, &s, &b, &w->error));
  OK(ops(w)->next(b, &b_row, &w->error));
  OK(ops(w)->next(b, &b_row, &w->error));
  assert_true(a_row[ID].number == 1 && b_row[ID].number == 2);
  OK(ops(w)->next(a, &a_row, &w->error));
  assert_true(a_row[ID].number == 2);
  assert_int_equal(ops(w)->next(a, &a_row, &w->error), AFT_DONE);
  assert_int_equal(ops(w)->next(a, &a_row, &w->error), AFT_DONE);
  ops(w)->end(a);
  ops(w)->end(b);
  OK(ops(w)->commit(w->conn, &w->error));
}

/* ---- plans ---- */

static void run_sql(world *w, const char *sql) {
  aft__sql_conn *c = (aft__sql_conn *)w->conn;
  OK(c->driver->exec(c->native, sql, &w->error));
}

/* The plan of one statement, its steps joined by lines. */
static void plan_of(world *w, const aft__sql_shape *shape, char *out, size_t size) {
  const aft_sql_driver *d = aft_sql_sqlite();
  aft__sql_conn *c = (aft__sql_conn *)w->conn;
  aft__sql_dialect dialect = {AFT_SQL_SQLITE, "shop_"};
  aft__buf sql;
  void *stmt;
  size_t n = 0;
  aft__buf_init(&sql, w->env);
  aft__buf_puts(&sql, "EXPLAIN QUERY PLAN ");
  aft__sql_text(&dialect, shape, &sql);
  OK(d->prepare(c->native, sql.data, sql.len, &stmt, &w->error));
  while (d->step(stmt, &w->error) == AFT_OK) {
    aft_sql_value v;
    OK(d->column(stmt, 3, &v, &w->error));
    n += (size_t)snprintf(out + n, size - n, "%s%.*s", n ? "\n" : "", (int)v.size, v.data);
    assert_true(n < size);
  }
  d->finalize(stmt);
  aft__buf_done(&sql);
}

/* In PostgreSQL the planner decides; here it is told that reading a whole table costs much, so that the rows
 * of a test are too few to mislead it. What sorts then would sort in a large table too. */
static void no_statement_sorts_on_the_server(world *w) {
  aft__sql_conn *c = (aft__sql_conn *)w->conn;
  aft__sql_dialect dialect = {AFT_SQL_POSTGRESQL, "shop_"};
  run_sql(w,
          "SET enable_seqscan = off; SET enable_bitmapscan = off; SET plan_cache_mode = force_generic_plan");
  for (uint32_t i = 0; i < free_line.n_indexes; i++)
    for (uint32_t bits = 0; bits < 64; bits++)
      for (uint32_t open = 0; open < 2; open++) {
        aft__sql_shape s = {.table = &free_line, .index = i, .op = AFT__SQL_SCAN, .bits = (uint8_t)bits};
        aft_sql_value plan;
        aft__buf sql;
        void *stmt;
        s.n_equal = (uint8_t)(free_indexes[i].n - open);
        aft__buf_init(&sql, w->env);
        aft__buf_puts(&sql, "DEALLOCATE ALL; PREPARE scanning AS ");
        aft__sql_text(&dialect, &s, &sql);
        aft__buf_char(&sql, '\0');
        run_sql(w, sql.data);
        aft__buf_done(&sql);
        uint32_t params = s.n_equal + ((bits & AFT__SQL_LOW) != 0) + ((bits & AFT__SQL_HIGH) != 0) +
                          ((bits & AFT__SQL_LIMIT) != 0);
        char explain[128] = "EXPLAIN EXECUTE scanning (NULL, NULL, NULL, NULL, NULL, NULL";
        snprintf(explain + strlen("EXPLAIN EXECUTE scanning (") + (params ? params * 6 - 2 : 0), 2, ")");
        if (!params)
          strcpy(explain, "EXPLAIN EXECUTE scanning");
        OK(c->driver->prepare(c->native, explain, strlen(explain), &stmt, &w->error));
        char using[64];
        bool used = false;
        snprintf(using, sizeof using, "using shop_free_%s ", free_indexes[i].name);
        while (c->driver->step(stmt, &w->error) == AFT_OK) {
          OK(c->driver->column(stmt, 0, &plan, &w->error));
          used |= strstr(plan.data, using) != NULL;
          if (strstr(plan.data, "Sort") || strstr(plan.data, "Seq Scan"))
            fail_msg("index %u bits %u equal %u: %s", i, bits, s.n_equal, plan.data);
        }
        assert_true(used);
        c->driver->finalize(stmt);
      }
}

static void no_statement_sorts_or_reads_a_whole_table(void **state) {
  world *w = *state;
  if (place_on_server()) {
    no_statement_sorts_on_the_server(w);
    return;
  }
  const aft__table *const all[] = {&line, &free_line};
  char plan[512], wanted[96];
  for (size_t t = 0; t < AFT__COUNT(all); t++)
    for (uint32_t i = 0; i <= all[t]->n_indexes; i++)
      for (uint32_t bits = 0; bits < 64; bits++)
        for (uint32_t open = 0; open < 2; open++) {
          const aft__index *index = i < all[t]->n_indexes ? &all[t]->indexes[i] : NULL;
          aft__sql_shape s = {.table = all[t], .index = index ? i : AFT__BY_ID, .op = AFT__SQL_SCAN};
          s.bits = (uint8_t)bits;
          s.n_equal = index ? (uint8_t)(index->n - open) : 0;
          for (uint32_t nulls = 0; nulls < 1u << s.n_equal; nulls++) {
            bool never = false; /* a required column that IS NULL: SQLite reads nothing, and plans anyhow */
            for (uint32_t k = 0; k < s.n_equal; k++)
              never |= nulls >> k & 1 && line_columns[index->columns[k]].required;
            if (never)
              continue;
            s.nulls = (uint8_t)nulls;
            plan_of(w, &s, plan, sizeof plan);
            bool bounded = s.n_equal || bits & (AFT__SQL_LOW | AFT__SQL_HIGH);
            const char *verb = bounded ? "SEARCH" : "SCAN";
            if (index)
              snprintf(wanted, sizeof wanted, "%s shop_%s USING INDEX shop_%s_%s", verb, all[t]->name,
                       all[t]->name, index->name);
            else
              snprintf(wanted, sizeof wanted, "%s shop_%s", verb, all[t]->name);
            if (strncmp(plan, wanted, strlen(wanted)) || strchr(plan, '\n'))
              fail_msg("index %u bits %u equal %u: %s", i, bits, s.n_equal, plan);
            /* A bound is sought, too: of the id where the column before it is equal. */
            bool by_id = !index || s.n_equal == index->n;
            if (bits & AFT__SQL_LOW)
              assert_non_null(strstr(plan, by_id ? "rowid>?" : ">?"));
            if (bits & AFT__SQL_HIGH)
              assert_non_null(strstr(plan, by_id ? "rowid<?" : "<?"));
          }
        }
}

static void plans_do_not_change_with_statistics(void **state) {
  world *w = *state;
  char plan[512];
  OK(ops(w)->begin(w->conn, true, &w->error));
  for (aft_id id = 1; id <= 200; id++) {
    char code[24];
    snprintf(code, sizeof code, "%" PRId64, id);
    OK(add(w, id, code, 1, NULL));
  }
  OK(ops(w)->commit(w->conn, &w->error));
  OK(aft_sql_sqlite()->exec(((aft__sql_conn *)w->conn)->native, "ANALYZE", &w->error));
  aft__sql_shape s = {
      .table = &line, .index = BY_RETURNED, .op = AFT__SQL_SCAN, .n_equal = 1, .bits = AFT__SQL_LOW};
  plan_of(w, &s, plan, sizeof plan);
  assert_non_null(
      strstr(plan, "SEARCH shop_line USING INDEX shop_line_by_returned (tenant=? AND returned>?)"));
}

/* More shapes than the cache holds, twice: all stay right. */
static void the_cache_is_bounded(void **state) {
  world *w = *state;
  aft__value row[LINE2_COLUMNS], *back;
  OK(ops(w)->begin(w->conn, true, &w->error));
  set_line(row, 1, "A", 1);
  OK(ops(w)->insert(w->conn, &free_line, row, NULL, &w->error));
  int64_t rev = 1;
  for (int round = 0; round < 3; round++)
    for (uint64_t mask = 0; mask < UINT64_C(1) << LINE_COLUMNS; mask += 4) {
      row[REV] = aft__int(rev++);
      row[BOUGHT] = aft__int((int64_t)mask);
      OK(ops(w)->update(w->conn, &free_line, row, mask, &w->error));
      if (mask >> BOUGHT & 1) {
        OK(ops(w)->get(w->conn, &free_line, 1, &w->arena, &back, &w->error));
        assert_true(back[BOUGHT].number == (int64_t)mask && back[REV].number == rev);
        aft__arena_reset(&w->arena);
      }
    }
  OK(ops(w)->commit(w->conn, &w->error));
}

/* ---- transactions ---- */

static void a_savepoint_undoes_its_part(void **state) {
  world *w = *state;
  aft__value *back;
  OK(ops(w)->begin(w->conn, true, &w->error));
  OK(add(w, 1, "A", 1, NULL));
  OK(ops(w)->savepoint(w->conn, 1, &w->error));
  OK(add(w, 2, "B", 1, NULL));
  OK(ops(w)->savepoint(w->conn, 2, &w->error));
  OK(add(w, 3, "C", 1, NULL));
  OK(ops(w)->release(w->conn, 2, &w->error));
  OK(ops(w)->rollback_to(w->conn, 1, &w->error));
  OK(add(w, 4, "B", 1, NULL));
  OK(ops(w)->commit(w->conn, &w->error));
  OK(ops(w)->begin(w->conn, false, &w->error));
  OK(load(w, 1, &back));
  assert_int_equal(load(w, 2, &back), AFT_E_NOT_FOUND);
  assert_int_equal(load(w, 3, &back), AFT_E_NOT_FOUND);
  OK(load(w, 4, &back));
  ops(w)->rollback(w->conn);
}

static void the_host_commits_or_rolls_back_our_rows(void **state) {
  world *w = *state;
  aft__value *back;
  for (int strict = 0; strict < 2; strict++)
    for (int keep = 0; keep < 2; keep++) {
      void *host = host_open(&w->place);
      aft__conn *attached, *own = w->conn;
      aft_id id = 10 + strict * 2 + keep;
      char code[8];
      snprintf(code, sizeof code, "%d", (int)id);
      if (!place_on_server())
        sqlite3_db_config(host, SQLITE_DBCONFIG_DQS_DML, !strict, (int *)NULL);
      assert_int_equal(ops(w)->attach(w->backend, host, &attached, &w->error), AFT_E_INVALID);
      host_begin(host);
      OK(ops(w)->attach(w->backend, host, &attached, &w->error));
      w->conn = attached;
      assert_int_equal(ops(w)->begin(attached, true, &w->error), AFT_E_INVALID);
      OK(ops(w)->savepoint(attached, 0, &w->error));
      OK(add(w, id, code, 1, NULL));
      assert_int_equal(add(w, id, "other", 1, NULL), AFT_E_EXISTS);
      OK(ops(w)->release(attached, 0, &w->error));
      OK(ops(w)->savepoint(attached, 0, &w->error));
      OK(add(w, 99, "99", 1, NULL));
      OK(ops(w)->rollback_to(attached, 0, &w->error));
      w->conn = own;
      host_run(host, keep ? "COMMIT" : "ROLLBACK");
      ops(w)->disconnect(attached);
      host_close(host);
      OK(ops(w)->begin(w->conn, false, &w->error));
      assert_int_equal(load(w, id, &back), keep ? AFT_OK : AFT_E_NOT_FOUND);
      assert_int_equal(load(w, 99, &back), AFT_E_NOT_FOUND);
      ops(w)->rollback(w->conn);
    }
}

static void a_read_only_store_refuses_to_write(void **state) {
  world *w = *state;
  aft__sql_options how = options_of(w, AFT_STORE_READ_ONLY);
  aft__backend *backend;
  aft__conn *conn;
  OK(aft__sql_backend(w->env, &how, &backend, &w->error));
  OK(backend->ops->connect(backend, &conn, &w->error));
  assert_int_equal(backend->ops->begin(conn, true, &w->error), AFT_E_READ_ONLY);
  assert_int_equal(backend->ops->migrate(conn, &schema_v2, &w->error), AFT_E_READ_ONLY);
  OK(backend->ops->begin(conn, false, &w->error));
  OK(backend->ops->commit(conn, &w->error));
  backend->ops->disconnect(conn);
  backend->ops->free(backend);
}

static void a_lost_file_is_not_made_again(void **state) {
  world *w = *state;
  aft__conn *conn;
  ops(w)->disconnect(w->conn);
  w->conn = NULL;
  unlink(w->place.file);
  assert_int_equal(ops(w)->connect(w->backend, &conn, &w->error), AFT_E_NOT_FOUND);
}

static void a_forked_child_leaves_the_connection_alone(void **state) {
  world *w = *state;
  OK(ops(w)->begin(w->conn, true, &w->error));
  OK(add(w, 1, "A", 1, NULL));
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    ops(w)->abandon(w->conn);
    _exit(0);
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  if (!place_on_server()) {
    sqlite3 *other;
    assert_int_equal(sqlite3_open(w->place.file, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", 0, 0, 0), SQLITE_BUSY); /* our lock stands */
    sqlite3_close(other);
  }
  OK(ops(w)->commit(w->conn, &w->error));
}

static void bad_options_are_refused(void **state) {
  world *w = *state;
  static const char *const prefixes[] = {"9x", "a-b", "a\"b", "sqlite_x", "abcdefghijklmnopqrstuvwxy"};
  aft__backend *backend;
  for (size_t i = 0; i < AFT__COUNT(prefixes); i++) {
    aft__sql_options how = options_of(w, 0);
    how.prefix = aft__cstr(prefixes[i]);
    assert_int_equal(aft__sql_backend(w->env, &how, &backend, &w->error), AFT_E_INVALID);
    assert_string_equal(w->error.where, "prefix");
  }
  aft_sql_driver driver = *aft_sql_sqlite();
  aft__sql_options how = options_of(w, 0);
  how.driver = &driver;
  driver.abi = AFT_SQL_ABI + 1;
  assert_int_equal(aft__sql_backend(w->env, &how, &backend, &w->error), AFT_E_ABI);
  assert_string_equal(w->error.where, "driver.abi");
  driver.abi = AFT_SQL_ABI_LEAST - 1;
  assert_int_equal(aft__sql_backend(w->env, &how, &backend, &w->error), AFT_E_ABI);
  struct {
    aft_sql_driver driver;
    void *later;
  } newer = {*aft_sql_sqlite(), NULL};
  newer.driver.size = sizeof newer;
  how.driver = &newer.driver;
  OK(aft__sql_backend(w->env, &how, &backend, &w->error)); /* nothing is set there */
  backend->ops->free(backend);
  newer.later = w;
  assert_int_equal(aft__sql_backend(w->env, &how, &backend, &w->error), AFT_E_ABI);
  how.driver = &driver;
  driver.abi = AFT_SQL_ABI;
  driver.reset = NULL;
  assert_int_equal(aft__sql_backend(w->env, &how, &backend, &w->error), AFT_E_INVALID);
  assert_string_equal(w->error.where, "driver.reset");
  driver.size = 8;
  assert_int_equal(aft__sql_backend(w->env, &how, &backend, &w->error), AFT_E_ABI);
}

/* ---- the schema ---- */

static void versions_are(world *w, uint32_t version, uint32_t reader, uint32_t writer) {
  uint32_t v = 77, r = 77, wr = 77;
  OK(ops(w)->schema_read(w->conn, &v, &r, &wr, &w->error));
  assert_true(v == version && r == reader && wr == writer);
}

static void migration_adds_what_a_version_brought(void **state) {
  world *w = *state;
  aft__value row[LINE2_COLUMNS], *back;
  versions_are(w, 1, 1, 1);
  OK(ops(w)->migrate(w->conn, &schema_v1, &w->error)); /* nothing to do */
  OK(ops(w)->begin(w->conn, true, &w->error));
  OK(add(w, 1, "A", 5, NULL));
  OK(ops(w)->commit(w->conn, &w->error));
  OK(ops(w)->migrate(w->conn, &schema_v2, &w->error));
  versions_are(w, 2, 1, 2);
  OK(ops(w)->begin(w->conn, true, &w->error));
  OK(ops(w)->get(w->conn, &line2, 1, &w->arena, &back, &w->error));
  assert_int_equal(back[LOST].type, AFT_SQL_NULL);
  OK(add(w, 2, "B", 5, NULL)); /* the release before writes on */
  set_line(row, 1, "A", 5);
  row[LOST] = aft__int(6);
  assert_int_equal(ops(w)->update(w->conn, &line2, row, UINT64_C(1) << LOST, &w->error), AFT_E_CHECK);
  assert_string_equal(w->error.where, "line.whole");
  row[LOST] = aft__int(5);
  OK(ops(w)->update(w->conn, &line2, row, UINT64_C(1) << LOST, &w->error));
  aft__value one[] = {aft__int(1), aft__int(1), aft__int(100)};
  OK(ops(w)->insert(w->conn, &refund, one, NULL, &w->error));
  aft__scan s = {.table = &line2, .index = 5, .n_equal = 2, .equal = {aft__int(7), aft__int(5)}};
  const aft__value *found;
  aft__rows *rows;
  OK(ops(w)->scan(w->conn, &s, &rows, &w->error));
  OK(ops(w)->next(rows, &found, &w->error));
  assert_true(found[ID].number == 1);
  ops(w)->end(rows);
  OK(ops(w)->commit(w->conn, &w->error));
  assert_int_equal(ops(w)->migrate(w->conn, &schema_v1, &w->error), AFT_E_SCHEMA_NEWER);
  versions_are(w, 2, 1, 2);
}

/* A new store of version 2 and one that came from version 1 hold the same columns and indexes. */
static void a_migrated_store_equals_a_new_one(void **state) {
  world *w = *state;
  static const char *const queries[] = {
      "CREATE TABLE pairs AS SELECT m.name AS t, c.name AS c, c.type AS k, c.\"notnull\" AS n FROM "
      "sqlite_schema m, "
      "pragma_table_info(m.name) c WHERE m.name LIKE 'shop\\_%' ESCAPE '\\' AND m.type = 'table'",
      "ATTACH ? AS other"};
  OK(ops(w)->migrate(w->conn, &schema_v2, &w->error));
  run_sql(w, queries[0]);
  char other[128], sql[512];
  snprintf(other, sizeof other, "%s/new.db", w->place.folder);
  aft__sql_options how = options_of(w, AFT_STORE_CREATE);
  how.dsn = aft__cstr(other);
  aft__backend *backend;
  aft__conn *conn;
  OK(aft__sql_backend(w->env, &how, &backend, &w->error));
  OK(backend->ops->connect(backend, &conn, &w->error));
  OK(backend->ops->migrate(conn, &schema_v2, &w->error));
  aft__sql_conn *fresh = (aft__sql_conn *)conn;
  snprintf(sql, sizeof sql, "ATTACH '%s' AS old", w->place.file);
  OK(fresh->driver->exec(fresh->native, sql, &w->error));
  OK(fresh->driver->exec(fresh->native, queries[0], &w->error));
  OK(fresh->driver->exec(
      fresh->native,
      "CREATE TEMP TABLE same (n CHECK (n = 0));"
      "INSERT INTO same SELECT count(*) FROM (SELECT * FROM main.pairs EXCEPT SELECT * FROM old.pairs);"
      "INSERT INTO same SELECT count(*) FROM (SELECT * FROM old.pairs EXCEPT SELECT * FROM main.pairs);"
      "INSERT INTO same SELECT count(*) FROM (SELECT name, sql FROM main.sqlite_schema WHERE type = "
      "'index' EXCEPT SELECT name, sql FROM old.sqlite_schema)",
      &w->error));
  backend->ops->disconnect(conn);
  backend->ops->free(backend);
  unlink(other);
}

static void a_migration_that_fails_leaves_nothing(void **state) {
  world *w = *state;
  run_sql(w, "CREATE TABLE shop_refund (mine BIGINT)"); /* in the way of the last table */
  assert_int_equal(ops(w)->migrate(w->conn, &schema_v2, &w->error), AFT_E_STORE);
  versions_are(w, 1, 1, 1);
  run_sql(w, "DROP TABLE shop_refund");
  OK(ops(w)->migrate(w->conn, &schema_v2, &w->error)); /* "lost" was not left behind */
  versions_are(w, 2, 1, 2);
}

static void a_store_without_tables_has_version_0(void **state) {
  world *w = *state;
  run_sql(w, "DROP TABLE shop_meta");
  versions_are(w, 0, 0, 0);
}

static void a_damaged_version_is_told(void **state) {
  const char *damages[] = {
      "DELETE FROM shop_meta",
      "DELETE FROM shop_meta; UPDATE shop_meta SET schema = 0; INSERT INTO shop_meta VALUES (1, 0, 0, 0, '')",
      "UPDATE shop_meta SET schema = -1",
      "UPDATE shop_meta SET reader = 4294967296",
      "ALTER TABLE shop_meta RENAME COLUMN writer TO author",
      "DROP TABLE shop_meta; CREATE TABLE shop_meta (schema, reader, writer);"
      "INSERT INTO shop_meta VALUES (1, 1, 1), (2, 1, 1)",
      "UPDATE shop_meta SET schema = 'one'",
  };
  world *w = *state;
  if (place_on_server()) {
    damages[5] =
        "DROP TABLE shop_meta; CREATE TABLE shop_meta (schema BIGINT, reader BIGINT, writer BIGINT);"
        "INSERT INTO shop_meta VALUES (1, 1, 1), (2, 1, 1)";
    damages[6] = "ALTER TABLE shop_meta ALTER COLUMN schema TYPE TEXT USING 'one'";
  }
  for (size_t i = 0; i < AFT__COUNT(damages); i++) {
    uint32_t v, r, wr;
    run_sql(w, damages[i]);
    assert_int_equal(ops(w)->schema_read(w->conn, &v, &r, &wr, &w->error), AFT_E_CORRUPT);
    assert_int_equal(ops(w)->migrate(w->conn, &schema_v2, &w->error), AFT_E_CORRUPT);
    if (i < 4)
      run_sql(w, "DELETE FROM shop_meta; INSERT INTO shop_meta VALUES (1, 1, 1, 1, '')");
  }
}

typedef struct migrator {
  world *w;
  aft_status status;
  const test_place *beside;
} migrator;

static void *migrate_too(void *arg) {
  migrator *m = arg;
  aft__conn *conn;
  m->status = ops(m->w)->connect(m->w->backend, &conn, NULL);
  if (m->status == AFT_OK) {
    m->status = ops(m->w)->migrate(conn, &schema_v2, NULL);
    ops(m->w)->disconnect(conn);
  }
  return NULL;
}

static void migrations_at_once_happen_once(void **state) {
  world *w = *state;
  pthread_t threads[4];
  migrator m[4];
  for (int i = 0; i < 4; i++) {
    m[i] = (migrator){w, AFT_E_INTERNAL, NULL};
    assert_int_equal(pthread_create(&threads[i], NULL, migrate_too, &m[i]), 0);
  }
  for (int i = 0; i < 4; i++)
    pthread_join(threads[i], NULL);
  for (int i = 0; i < 4; i++)
    assert_int_equal(m[i].status, AFT_OK);
  versions_are(w, 2, 1, 2);
}

static void *make_too(void *arg) {
  migrator *m = arg;
  aft__backend *backend;
  aft__conn *conn;
  aft__sql_options how = options_of(m->w, AFT_STORE_CREATE);
  how.dsn = aft__cstr(m->beside->dsn);
  how.busy_ms = 20000;
  m->status = aft__sql_backend(m->w->env, &how, &backend, NULL);
  if (m->status < 0)
    return NULL;
  m->status = backend->ops->connect(backend, &conn, NULL);
  if (m->status == AFT_OK) {
    m->status = backend->ops->migrate(conn, &schema_v2, NULL);
    backend->ops->disconnect(conn);
  }
  backend->ops->free(backend);
  return NULL;
}

static void a_store_that_many_make_at_once_is_made_once(void **state) {
  world *w = *state;
  for (int round = 0; round < 5; round++) {
    test_place beside;
    place_make_beside(&w->place, &beside);
    pthread_t threads[6];
    migrator m[6];
    for (int i = 0; i < 6; i++) {
      m[i] = (migrator){w, AFT_E_INTERNAL, &beside};
      assert_int_equal(pthread_create(&threads[i], NULL, make_too, &m[i]), 0);
    }
    for (int i = 0; i < 6; i++)
      pthread_join(threads[i], NULL);
    for (int i = 0; i < 6; i++)
      assert_int_equal(m[i].status, AFT_OK);
    place_drop_beside(&beside);
  }
}

/* ---- the other dialects' text ---- */

static void text_is(world *w, uint32_t dialect, const aft__sql_shape *shape, const char *expected) {
  aft__sql_dialect d = {dialect, "p_"};
  aft__buf sql;
  aft__buf_init(&sql, w->env);
  aft__sql_text(&d, shape, &sql);
  aft__buf_char(&sql, '\0');
  assert_string_equal(sql.data, expected);
  aft__buf_done(&sql);
}

static void each_engine_gets_its_own_words(void **state) {
  world *w = *state;
  aft__sql_shape probe = {.table = &line, .index = OPEN_CODE, .op = AFT__SQL_PROBE};
  text_is(w, AFT_SQL_SQLITE, &probe,
          "SELECT \"id\" FROM \"p_line\" INDEXED BY \"p_line_open_code\" WHERE \"closed\" = 0 AND \"tenant\" "
          "= ? AND "
          "\"note\" = ?");
  text_is(w, AFT_SQL_POSTGRESQL, &probe,
          "SELECT \"id\" FROM \"p_line\" WHERE \"closed\" = 0 AND \"tenant\" = $1 AND \"note\" = $2");
  text_is(w, AFT_SQL_MYSQL, &probe,
          "SELECT `id` FROM `p_line` FORCE INDEX (`p_line_open_code`) WHERE `zero_closed` = 0 AND `tenant` = "
          "? AND "
          "`note` = ?");
  aft__sql_shape scan = {.table = &refund, .index = 0, .op = AFT__SQL_SCAN};
  scan.bits = AFT__SQL_HIGH | AFT__SQL_BEYOND | AFT__SQL_DOWN | AFT__SQL_CLAIM | AFT__SQL_LIMIT;
  text_is(
      w, AFT_SQL_POSTGRESQL, &scan,
      "SELECT \"id\", \"rev\", \"amount\" FROM \"p_refund\" WHERE \"amount\" < $1 ORDER BY \"amount\" DESC "
      "NULLS LAST, \"id\" DESC LIMIT $2 FOR UPDATE SKIP LOCKED");
  text_is(w, AFT_SQL_MYSQL, &scan,
          "SELECT `id`, `rev`, `amount` FROM `p_refund` FORCE INDEX (`p_refund_by_amount`) WHERE `amount` < "
          "? ORDER "
          "BY `amount` DESC, `id` DESC LIMIT ? FOR UPDATE SKIP LOCKED");
}

/* ---- memory ---- */

/* The whole life of a store; AFT_E_NOMEM or success, and nothing is left. */
static aft_status whole_life(world *w) {
  aft__sql_options how = options_of(w, 0);
  aft__backend *backend = NULL;
  aft__conn *conn = NULL;
  aft__rows *rows = NULL;
  aft__value row[LINE2_COLUMNS], *back;
  const aft__value *found;
  aft__existing existing;
  aft__arena arena;
  aft__scan s = {.table = &line, .index = BY_RETURNED, .n_equal = 1, .equal = {aft__int(7)}, .limit = 5};
  aft__arena_init(&arena, w->env);
  aft_status status = aft__sql_backend(w->env, &how, &backend, NULL);
  if (status == AFT_OK)
    status = backend->ops->connect(backend, &conn, NULL);
  if (status == AFT_OK)
    status = backend->ops->migrate(conn, &schema_v2, NULL);
  if (status == AFT_OK)
    status = backend->ops->begin(conn, true, NULL);
  set_line(row, 1, "A", 3);
  if (status == AFT_OK)
    status = backend->ops->insert(conn, &line, row, NULL, NULL);
  if (status == AFT_OK) {
    row[ID] = aft__int(2);
    status = backend->ops->insert(conn, &line, row, &existing, NULL);
    status = status == AFT_E_EXISTS ? AFT_OK : status;
  }
  if (status == AFT_OK)
    status = backend->ops->get(conn, &line, 1, &arena, &back, NULL);
  if (status == AFT_OK)
    status = backend->ops->update(conn, &line, back, 1u << BOUGHT, NULL);
  if (status == AFT_OK)
    status = backend->ops->scan(conn, &s, &rows, NULL);
  if (status == AFT_OK)
    status = backend->ops->next(rows, &found, NULL);
  if (rows)
    backend->ops->end(rows);
  if (conn) {
    backend->ops->rollback(conn);
    backend->ops->disconnect(conn);
  }
  if (backend)
    backend->ops->free(backend);
  aft__arena_done(&arena);
  return status;
}

static void every_allocation_may_fail(void **state) {
  world *w = *state;
  int64_t live = w->live;
  aft_status status = AFT_E_NOMEM;
  for (int64_t i = 1; status != AFT_OK; i++) {
    w->fail_at = i;
    w->allocations = 0;
    status = whole_life(w);
    w->fail_at = 0;
    assert_true(status == AFT_OK || status == AFT_E_NOMEM);
    assert_true(w->live == live);
    assert_true(i < 10000);
  }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_world, drop_world)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_row_comes_back_as_it_was_written),
      TEST(an_update_needs_the_rev_that_was_read),
      TEST(a_duplicate_names_the_row_in_the_way),
      TEST(a_check_is_kept_by_the_database),
      TEST(checks_and_uniqueness_come_from_the_descriptor_alone),
      TEST(what_the_column_does_not_take_is_an_error),
      TEST(scans_agree_with_a_naive_model),
      TEST(two_scans_of_one_shape_may_be_open),
      TEST(no_statement_sorts_or_reads_a_whole_table),
      TEST(plans_do_not_change_with_statistics),
      TEST(the_cache_is_bounded),
      TEST(a_savepoint_undoes_its_part),
      TEST(the_host_commits_or_rolls_back_our_rows),
      TEST(a_read_only_store_refuses_to_write),
      TEST(a_lost_file_is_not_made_again),
      TEST(a_forked_child_leaves_the_connection_alone),
      TEST(bad_options_are_refused),
      TEST(migration_adds_what_a_version_brought),
      TEST(a_migrated_store_equals_a_new_one),
      TEST(a_migration_that_fails_leaves_nothing),
      TEST(a_store_without_tables_has_version_0),
      TEST(a_damaged_version_is_told),
      TEST(migrations_at_once_happen_once),
      TEST(a_store_that_many_make_at_once_is_made_once),
      TEST(each_engine_gets_its_own_words),
      TEST(every_allocation_may_fail),
  };
  static const char *const not_there[] = {"plans_do_not_change", "a_lost_file_is_not_made",
                                          "a_migrated_store_equals_a_new_one"};
  return RUN_CASES(tests, not_there);
}
