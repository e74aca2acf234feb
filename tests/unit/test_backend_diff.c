/* The SQL backend over SQLite and the memory backend, run through the same random operations: every status,
 * every row and every row in the way must agree. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "store/store_priv.h"
#include "random.h"
#include "test_place.h"

enum {
  ID,
  REV,
  TENANT,
  CODE,
  BOUGHT,
  RETURNED,
  CLOSED,
  NOTE,
  COLUMNS
};
enum {
  BY_CODE,
  BY_RETURNED,
  OPEN,
  OPEN_NOTE,
  INDEXES
};

static const aft__column columns[] = {{"id", AFT_SQL_INT, 1, 1},     {"rev", AFT_SQL_INT, 1, 1},
                                      {"tenant", AFT_SQL_INT, 1, 1}, {"code", AFT_SQL_TEXT, 0, 1},
                                      {"bought", AFT_SQL_INT, 1, 1}, {"returned", AFT_SQL_INT, 0, 1},
                                      {"closed", AFT_SQL_INT, 1, 1}, {"note", AFT_SQL_BLOB, 0, 1}};
static const aft__index indexes[] = {{"by_code", 1, 2, {TENANT, CODE}, 0, 1},
                                     {"by_returned", 0, 2, {TENANT, RETURNED}, 0, 1},
                                     {"open", 0, 2, {TENANT, BOUGHT}, CLOSED + 1, 1},
                                     {"open_note", 1, 1, {NOTE}, CLOSED + 1, 1}};
static const aft__check checks[] = {{"units", 2, {BOUGHT, RETURNED}, {1, -1}, 0}};
static const aft__table line = {"line", columns, indexes, checks, COLUMNS, INDEXES, 1, 1};
static const aft__table *const tables[] = {&line};
static const aft__schema schema = {tables, 1, 1, 1, 1};

#define MOST_ID    40
#define MOST_DEPTH 3

typedef struct side {
  aft__backend *backend;
  aft__conn *conn;
  aft__arena arena;
} side;

typedef struct world {
  test_place place;
  aft_env *env;
  side sides[2]; /* memory, SQL */
  uint64_t seed;
} world;

static uint32_t pick(world *w, uint32_t n) { return (uint32_t)(draw(&w->seed) % n); }

static const aft__backend_ops *ops(const side *s) { return s->backend->ops; }

static int set_up(void **state) {
  world *w = calloc(1, sizeof *w);
  w->seed = seed_of("both backends");
  place_make(&w->place);
  if (aft_env_new(NULL, &w->env, NULL))
    return -1;
  aft__sql_options how = {.driver = w->place.driver,
                          .dsn = {w->place.dsn, AFT_NTS},
                          .flags = AFT_STORE_CREATE | AFT_STORE_RELAXED};
  if (aft__memory_backend(w->env, &w->sides[0].backend, NULL) ||
      aft__sql_backend(w->env, &how, &w->sides[1].backend, NULL))
    return -1;
  for (int i = 0; i < 2; i++) {
    side *s = &w->sides[i];
    aft__arena_init(&s->arena, w->env);
    if (ops(s)->connect(s->backend, &s->conn, NULL) || ops(s)->migrate(s->conn, &schema, NULL))
      return -1;
  }
  *state = w;
  return 0;
}

static int tear_down(void **state) {
  world *w = *state;
  for (int i = 0; i < 2; i++) {
    aft__arena_done(&w->sides[i].arena);
    ops(&w->sides[i])->disconnect(w->sides[i].conn);
    ops(&w->sides[i])->free(w->sides[i].backend);
  }
  aft_env_unref(w->env);
  place_drop(&w->place);
  free(w);
  return 0;
}

/* ---- random arguments ---- */

static aft__value random_value(world *w, uint32_t column) {
  static const char *const texts[] = {"", "a", "b", "ab", "\xe9\x80\x80"};
  if (!columns[column].required && pick(w, 3) == 0)
    return aft__null();
  if (column == CLOSED)
    return aft__int(pick(w, 2));
  if (columns[column].type == AFT_SQL_INT)
    return aft__int((int64_t)pick(w, 5) - 1);
  aft_str s = aft__cstr(texts[pick(w, AFT__COUNT(texts))]);
  return columns[column].type == AFT_SQL_TEXT ? aft__text(s) : aft__blob(s.data, s.len);
}

static void random_row(world *w, aft__value *row) {
  for (uint32_t i = 0; i < COLUMNS; i++)
    row[i] = random_value(w, i);
  row[ID] = aft__int(1 + pick(w, MOST_ID));
  row[REV] = aft__int(1 + pick(w, 3));
}

static void random_scan(world *w, aft__scan *s, aft__value bounds[2]) {
  memset(s, 0, sizeof *s);
  s->table = &line;
  s->index = pick(w, INDEXES + 1);
  if (s->index == INDEXES)
    s->index = AFT__BY_ID;
  const aft__index *index = s->index == AFT__BY_ID ? NULL : &indexes[s->index];
  s->n_equal = index ? index->n - pick(w, 2) : 0;
  for (uint32_t k = 0; k < s->n_equal; k++)
    s->equal[k] = random_value(w, index->columns[k]);
  bool open = !index || s->n_equal < index->n;
  for (int i = 0; open && i < 2; i++) {
    do {
      bounds[i] = index ? random_value(w, index->columns[s->n_equal]) : aft__int(pick(w, MOST_ID + 5));
    } while (bounds[i].type == AFT_SQL_NULL);
  }
  s->low = open && pick(w, 3) == 0 ? &bounds[0] : NULL;
  s->high = open && pick(w, 3) == 0 ? &bounds[1] : NULL;
  s->descending = pick(w, 2);
  s->claim = pick(w, 2);
  s->after = pick(w, 2);
  if (index && open)
    s->after_value = random_value(w, index->columns[s->n_equal]);
  s->after_id = pick(w, MOST_ID + 5);
  s->limit = pick(w, 2) ? 0 : 1 + pick(w, 6);
}

/* ---- one operation on both ---- */

static void rows_agree(const aft__value *a, const aft__value *b) {
  for (int i = 0; i < COLUMNS; i++) {
    assert_int_equal(a[i].type, b[i].type);
    assert_int_equal(aft__value_cmp(&a[i], &b[i]), 0);
  }
}

static void scan_both(world *w) {
  aft__scan s;
  aft__value bounds[2];
  aft__rows *open[2];
  const aft__value *rows[2] = {0};
  random_scan(w, &s, bounds);
  for (int i = 0; i < 2; i++)
    assert_int_equal(ops(&w->sides[i])->scan(w->sides[i].conn, &s, &open[i], NULL), AFT_OK);
  for (;;) {
    aft_status a = ops(&w->sides[0])->next(open[0], &rows[0], NULL);
    aft_status b = ops(&w->sides[1])->next(open[1], &rows[1], NULL);
    assert_int_equal(a, b);
    if (a != AFT_OK)
      break;
    rows_agree(rows[0], rows[1]);
  }
  for (int i = 0; i < 2; i++)
    ops(&w->sides[i])->end(open[i]);
}

static void write_both(world *w, uint32_t kind) {
  aft__value row[COLUMNS];
  aft__existing existing[2] = {{0, 0}, {0, 0}};
  aft_status status[2];
  random_row(w, row);
  if (kind == 0)
    row[REV] = aft__int(1);
  uint64_t mask = draw(&w->seed) & ((UINT64_C(1) << COLUMNS) - 1);
  for (int i = 0; i < 2; i++) {
    side *s = &w->sides[i];
    if (kind == 0)
      status[i] = ops(s)->insert(s->conn, &line, row, &existing[i], NULL);
    else if (kind == 1)
      status[i] = ops(s)->update(s->conn, &line, row, mask, NULL);
    else
      status[i] = ops(s)->remove(s->conn, &line, row[ID].number, row[REV].number, NULL);
  }
  assert_int_equal(status[0], status[1]);
  assert_int_equal(existing[0].index, existing[1].index);
  assert_true(existing[0].id == existing[1].id);
}

static void get_both(world *w) {
  aft__value *rows[2] = {0};
  aft_status status[2];
  aft_id id = 1 + pick(w, MOST_ID);
  for (int i = 0; i < 2; i++) {
    aft__arena_reset(&w->sides[i].arena);
    status[i] = ops(&w->sides[i])->get(w->sides[i].conn, &line, id, &w->sides[i].arena, &rows[i], NULL);
  }
  assert_int_equal(status[0], status[1]);
  if (status[0] == AFT_OK)
    rows_agree(rows[0], rows[1]);
}

static void each(world *w, aft_status (*op)(aft__conn *, uint32_t, aft_error *),
                 aft_status (*other)(aft__conn *, uint32_t, aft_error *), uint32_t depth) {
  assert_int_equal(op(w->sides[0].conn, depth, NULL), AFT_OK);
  assert_int_equal(other(w->sides[1].conn, depth, NULL), AFT_OK);
}

#define EACH(w, name, depth) each(w, ops(&(w)->sides[0])->name, ops(&(w)->sides[1])->name, depth)

static void savepoint_both(world *w, uint32_t *depth) {
  uint32_t what = pick(w, 3);
  if (what == 0 && *depth < MOST_DEPTH) {
    ++*depth;
    EACH(w, savepoint, *depth);
  } else if (what == 1 && *depth) {
    EACH(w, release, *depth);
    --*depth;
  } else if (what == 2 && *depth) {
    EACH(w, rollback_to, *depth);
    --*depth;
  }
}

static void transaction(world *w) {
  uint32_t depth = 0;
  for (int i = 0; i < 2; i++)
    assert_int_equal(ops(&w->sides[i])->begin(w->sides[i].conn, true, NULL), AFT_OK);
  for (uint32_t n = pick(w, 40); n; n--) {
    uint32_t what = pick(w, 10);
    if (what < 3)
      write_both(w, 0);
    else if (what < 6)
      write_both(w, 1);
    else if (what == 6)
      write_both(w, 2);
    else if (what == 7)
      get_both(w);
    else if (what == 8)
      savepoint_both(w, &depth);
    else
      scan_both(w);
  }
  bool keep = pick(w, 4) != 0;
  for (int i = 0; i < 2; i++) {
    side *s = &w->sides[i];
    if (keep)
      assert_int_equal(ops(s)->commit(s->conn, NULL), AFT_OK);
    else
      ops(s)->rollback(s->conn);
  }
}

static void both_backends_agree(void **state) {
  world *w = *state;
  for (int i = 0; i < 1500; i++)
    transaction(w);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(both_backends_agree, set_up, tear_down)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
