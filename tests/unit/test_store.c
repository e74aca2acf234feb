/* Records and transactions: the memory and the SQL backend against a naive model, and what a command may rely
 * on when races are lost, commits are unknown, time is up or the process forks. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "store/store_priv.h"
#include "random.h"
#include "test_place.h"

/* ---- a schema for tests ---- */

enum {
  IT_ID,
  IT_REV,
  IT_GROUP,
  IT_NUM,
  IT_NAME,
  IT_DATA,
  IT_CLOSED,
  IT_HAVE,
  IT_USED,
  IT_COLUMNS
};
enum {
  IT_BY_NAME,
  IT_BY_NUM,
  IT_OPEN_NUM,
  IT_OPEN
};

static const aft__column item_columns[IT_COLUMNS] = {
    {"id", AFT_SQL_INT, 1, 1},     {"rev", AFT_SQL_INT, 1, 1},   {"grp", AFT_SQL_INT, 1, 1},
    {"num", AFT_SQL_INT, 0, 1},    {"name", AFT_SQL_TEXT, 0, 1}, {"data", AFT_SQL_BLOB, 0, 1},
    {"closed", AFT_SQL_INT, 1, 1}, {"have", AFT_SQL_INT, 1, 1},  {"used", AFT_SQL_INT, 0, 1},
};
static const aft__index item_indexes[] = {
    [IT_BY_NAME] = {"name", 1, 2, {IT_GROUP, IT_NAME}, 0, 1},
    [IT_BY_NUM] = {"num", 0, 2, {IT_GROUP, IT_NUM}, 0, 1},
    [IT_OPEN_NUM] = {"open_num", 1, 1, {IT_NUM}, 1 + IT_CLOSED, 1},
    [IT_OPEN] = {"open", 0, 2, {IT_CLOSED, IT_NAME}, 1 + IT_CLOSED, 1},
};
static const aft__check item_checks[] = {
    {"balance", 2, {IT_HAVE, IT_USED}, {1, -1}, 0},
};
static const aft__table item_table = {"item", item_columns, item_indexes, item_checks, IT_COLUMNS, 4, 1, 1};

enum {
  CO_ID,
  CO_REV,
  CO_NAME,
  CO_N,
  CO_COLUMNS
};
static const aft__column counter_columns[CO_COLUMNS] = {{"id", AFT_SQL_INT, 1, 1},
                                                        {"rev", AFT_SQL_INT, 1, 1},
                                                        {"name", AFT_SQL_TEXT, 1, 1},
                                                        {"n", AFT_SQL_INT, 1, 1}};
static const aft__index counter_indexes[] = {{"name", 1, 1, {CO_NAME}, 0, 1}};
static const aft__table counter_table = {"counter", counter_columns, counter_indexes, NULL, CO_COLUMNS, 1, 0,
                                         1};

static const aft__table *const tables[] = {&item_table, &counter_table};
static const aft__schema schema_1 = {tables, 2, 1, 1, 1};

/* ---- an environment whose clock the test moves ---- */

typedef struct fixture {
  aft_env *env;
  _Atomic int64_t now_ms, mono_ns;
  _Atomic uint64_t draws;
  test_place place;
} fixture;

static int64_t now_ms(void *user) { return atomic_load(&((fixture *)user)->now_ms); }
static int64_t mono_ns(void *user) { return atomic_fetch_add(&((fixture *)user)->mono_ns, 1000); }

/* Ever other bytes, but the search for a free node always begins with the first. */
static int some_bytes(void *user, void *bytes, size_t n) {
  uint64_t draws = atomic_fetch_add(&((fixture *)user)->draws, 1);
  memset(bytes, 0, n);
  if (n > sizeof draws)
    memcpy(bytes, &draws, sizeof draws);
  return 0;
}

static int set_up(void **state) {
  fixture *f = calloc(1, sizeof *f);
  aft_env_options o = {.size = sizeof o};
  aft_error error = AFT_ERROR_INIT;
  assert_non_null(f);
  atomic_store(&f->now_ms, INT64_C(1767225600000));
  o.clock = (aft_clock){sizeof o.clock, now_ms, mono_ns, f};
  o.random = some_bytes;
  o.random_user = f;
  assert_int_equal(aft_env_new(&o, &f->env, &error), AFT_OK);
  place_make(&f->place);
  *state = f;
  return 0;
}

static int tear_down(void **state) {
  fixture *f = *state;
  aft_env_unref(f->env);
  place_drop(&f->place);
  free(f);
  return 0;
}

static aft_status try_open(fixture *f, const char *dsn, const aft__schema *schema, uint32_t flags,
                           aft_store **out, aft_error *error) {
  aft_store_options o = place_store(&f->place, flags);
  o.dsn = AFT_STR(dsn);
  return aft__store_open(f->env, schema, &o, out, error);
}

static aft_store *open_store(fixture *f, const char *dsn) {
  aft_store *store = NULL;
  aft_error error = AFT_ERROR_INIT;
  if (try_open(f, dsn, &schema_1, AFT_STORE_CREATE | AFT_STORE_RELAXED, &store, &error) != AFT_OK)
    fail_msg("open %s: %s: %s", dsn, aft_status_name(error.code), error.message);
  return store;
}

static aft_session *open_session(aft_store *store) {
  aft_session *session = NULL;
  aft_error error = AFT_ERROR_INIT;
  if (aft_session_open(store, &session, &error) != AFT_OK)
    fail_msg("session: %s", error.message);
  return session;
}

static aft_status run(aft_session *session, aft__tx_fn fn, void *user) {
  aft__tx_options options = {.name = "test"};
  aft_error error = AFT_ERROR_INIT;
  aft_status status = aft__tx_run(session, &options, fn, user, &error);
  if (status < 0)
    assert_int_equal(error.code, status);
  return status;
}

/* ---- the model: an array, searched from end to end ---- */

#define MODEL_ROWS 96

typedef struct model_row {
  int64_t id, rev, group, num, closed, have, used;
  bool has_num, has_name, has_used;
  char name[4];
} model_row;

typedef struct model {
  model_row rows[MODEL_ROWS];
  uint32_t n;
} model;

static void to_values(const model_row *r, aft__value v[IT_COLUMNS]) {
  v[IT_ID] = aft__int(r->id);
  v[IT_REV] = aft__int(r->rev);
  v[IT_GROUP] = aft__int(r->group);
  v[IT_NUM] = r->has_num ? aft__int(r->num) : aft__null();
  v[IT_NAME] = r->has_name ? aft__text(aft__cstr(r->name)) : aft__null();
  v[IT_DATA] = r->has_name ? aft__blob(r->name, strlen(r->name)) : aft__null();
  v[IT_CLOSED] = aft__int(r->closed);
  v[IT_HAVE] = aft__int(r->have);
  v[IT_USED] = r->has_used ? aft__int(r->used) : aft__null();
}

static void assert_same_row(const aft__value *got, const model_row *expected) {
  aft__value want[IT_COLUMNS];
  to_values(expected, want);
  for (uint32_t i = 0; i < IT_COLUMNS; i++) {
    if (got[i].type != want[i].type || aft__value_cmp(&got[i], &want[i]) != 0)
      fail_msg("row %lld differs in %s", (long long)expected->id, item_columns[i].name);
  }
}

static model_row *model_get(model *m, int64_t id) {
  for (uint32_t i = 0; i < m->n; i++)
    if (m->rows[i].id == id)
      return &m->rows[i];
  return NULL;
}

static bool clash(const model_row *a, const model_row *b, uint32_t index) {
  if (index == IT_BY_NAME)
    return a->has_name && b->has_name && a->group == b->group && strcmp(a->name, b->name) == 0;
  return a->has_num && b->has_num && !a->closed && !b->closed && a->num == b->num;
}

static bool may_stand_in_the_way(model *m, const model_row *row, uint32_t index, int64_t id) {
  model_row *other = model_get(m, id);
  if (!other)
    return false;
  return index == AFT__BY_ID ? other->id == row->id : clash(other, row, index);
}

/* What writing a row should give. fresh: it is inserted. */
static aft_status model_verdict(model *m, const model_row *row, bool fresh) {
  if (row->have - (row->has_used ? row->used : 0) < 0)
    return AFT_E_CHECK;
  for (uint32_t i = 0; i < m->n; i++) {
    model_row *other = &m->rows[i];
    if (fresh && other->id == row->id)
      return AFT_E_EXISTS;
    if (other->id != row->id && (clash(other, row, IT_BY_NAME) || clash(other, row, IT_OPEN_NUM)))
      return AFT_E_EXISTS;
  }
  return AFT_OK;
}

static model_row random_row(uint64_t *seed) {
  static const char *const names[] = {"", "a", "b", "ab", "\xc3\xa9", "z"};
  model_row r = {.id = 1 + below(seed, MODEL_ROWS - 8), .rev = 1};
  r.group = 1 + below(seed, 3);
  r.has_num = below(seed, 4) != 0;
  r.num = r.has_num ? (int64_t)below(seed, 12) - 4 : 0;
  r.has_name = below(seed, 4) != 0;
  snprintf(r.name, sizeof r.name, "%s", r.has_name ? names[below(seed, 6)] : "");
  r.closed = below(seed, 3) == 0;
  r.have = below(seed, 6);
  r.has_used = below(seed, 2);
  r.used = r.has_used ? below(seed, 5) : 0;
  return r;
}

/* ---- scans of the model ---- */

static int cmp_rows(const model_row *a, const model_row *b, const aft__scan *s) {
  aft__value x[IT_COLUMNS], y[IT_COLUMNS];
  to_values(a, x);
  to_values(b, y);
  int order = 0;
  if (s->index != AFT__BY_ID) {
    const aft__index *index = &item_indexes[s->index];
    for (uint32_t k = s->n_equal; !order && k < index->n; k++)
      order = aft__value_cmp(&x[index->columns[k]], &y[index->columns[k]]);
  }
  if (!order)
    order = (a->id > b->id) - (a->id < b->id);
  return s->descending ? -order : order;
}

static bool in_scan(const model_row *r, const aft__scan *s) {
  aft__value v[IT_COLUMNS], next = aft__int(r->id);
  to_values(r, v);
  bool ranged = true;
  if (s->index != AFT__BY_ID) {
    const aft__index *ix = &item_indexes[s->index];
    if (ix->only_zero && v[ix->only_zero - 1].number != 0)
      return false;
    for (uint32_t i = 0; i < s->n_equal; i++)
      if (aft__value_cmp(&v[ix->columns[i]], &s->equal[i]))
        return false;
    ranged = s->n_equal < ix->n;
    if (ranged)
      next = v[ix->columns[s->n_equal]];
  }
  if (ranged && (s->low || s->high) && next.type == AFT_SQL_NULL)
    return false;
  if (s->low && aft__value_cmp(&next, s->low) < 0)
    return false;
  if (s->high && aft__value_cmp(&next, s->high) > 0)
    return false;
  if (!s->after)
    return true;
  int order = ranged ? aft__value_cmp(&next, s->index == AFT__BY_ID ? &next : &s->after_value) : 0;
  if (!order)
    order = (r->id > s->after_id) - (r->id < s->after_id);
  return s->descending ? order < 0 : order > 0;
}

static uint32_t model_scan(const model *m, const aft__scan *s, const model_row *out[MODEL_ROWS]) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < m->n; i++) {
    if (!in_scan(&m->rows[i], s))
      continue;
    uint32_t at = n++;
    while (at && cmp_rows(&m->rows[i], out[at - 1], s) < 0) {
      out[at] = out[at - 1];
      at--;
    }
    out[at] = &m->rows[i];
  }
  return s->limit && n > s->limit ? s->limit : n;
}

/* ---- random operations on both ---- */

typedef struct game {
  uint64_t *seed;
  model m;
  uint32_t steps;
  bool roll_back;
} game;

static void step_insert(game *g, aft__tx *tx) {
  aft__value v[IT_COLUMNS];
  aft__existing existing = {0};
  model_row row = random_row(g->seed);
  to_values(&row, v);
  if (g->m.n == MODEL_ROWS)
    return;
  aft_status expected = model_verdict(&g->m, &row, true);
  assert_int_equal(aft__insert(tx, &item_table, v, &existing, NULL), expected);
  if (expected == AFT_OK)
    g->m.rows[g->m.n++] = row;
  else if (expected == AFT_E_EXISTS)
    assert_true(may_stand_in_the_way(&g->m, &row, existing.index, existing.id));
}

static void apply_mask(model_row *to, const model_row *from, uint64_t mask) {
  if (mask >> IT_GROUP & 1)
    to->group = from->group;
  if (mask >> IT_NUM & 1)
    to->has_num = from->has_num, to->num = from->num;
  if (mask >> IT_NAME & 1) /* the test's rows keep name and data alike */
    to->has_name = from->has_name, memcpy(to->name, from->name, sizeof to->name);
  if (mask >> IT_CLOSED & 1)
    to->closed = from->closed;
  if (mask >> IT_HAVE & 1)
    to->have = from->have;
  if (mask >> IT_USED & 1)
    to->has_used = from->has_used, to->used = from->used;
}

static void step_update(game *g, aft__tx *tx) {
  aft__value v[IT_COLUMNS];
  model_row want = random_row(g->seed), *row = model_get(&g->m, want.id);
  uint64_t mask = below(g->seed, 1u << IT_COLUMNS) & ~UINT64_C(3);
  if (mask >> IT_NAME & 1 || mask >> IT_DATA & 1)
    mask |= 1u << IT_NAME | 1u << IT_DATA;
  bool stale = below(g->seed, 8) == 0;
  want.rev = row ? row->rev + stale : 1;
  to_values(&want, v);
  aft_status expected = AFT_E_CONFLICT;
  model_row next;
  if (row && !stale) {
    next = *row;
    apply_mask(&next, &want, mask);
    expected = model_verdict(&g->m, &next, false);
  }
  assert_int_equal(aft__update(tx, &item_table, v, mask, NULL), expected);
  if (expected != AFT_OK)
    return;
  next.rev++;
  *row = next;
  assert_int_equal(v[IT_REV].number, next.rev);
}

static void step_remove(game *g, aft__tx *tx) {
  int64_t id = 1 + below(g->seed, MODEL_ROWS);
  model_row *row = model_get(&g->m, id);
  int64_t rev = row && below(g->seed, 5) ? row->rev : 1000;
  aft_status expected = row && rev == row->rev ? AFT_OK : AFT_E_CONFLICT;
  assert_int_equal(aft__remove(tx, &item_table, id, rev, NULL), expected);
  if (expected == AFT_OK)
    *row = g->m.rows[--g->m.n];
}

static void step_read(game *g, aft__tx *tx) {
  aft__value *got;
  int64_t id = 1 + below(g->seed, MODEL_ROWS);
  model_row *row = model_get(&g->m, id);
  assert_int_equal(aft__get(tx, &item_table, id, &got, NULL), row ? AFT_OK : AFT_E_NOT_FOUND);
  if (!row)
    return;
  assert_same_row(got, row);
  if (!row->has_name)
    return;
  aft__value keys[] = {got[IT_GROUP], got[IT_NAME]};
  assert_int_equal(aft__find(tx, &item_table, IT_BY_NAME, keys, &got, NULL), AFT_OK);
  assert_same_row(got, row);
}

static aft__value random_next(game *g, uint32_t index, uint32_t n_equal) {
  model_row r = random_row(g->seed);
  aft__value v[IT_COLUMNS];
  static const char *const texts[] = {"", "a", "ab", "b"};
  to_values(&r, v);
  uint8_t column = item_indexes[index].columns[n_equal];
  if (column == IT_NAME)
    return aft__text(aft__cstr(texts[below(g->seed, 4)]));
  return v[column];
}

static void step_scan(game *g, aft__tx *tx) {
  uint64_t *seed = g->seed;
  aft__scan s = {.table = &item_table, .index = below(seed, 5)};
  aft__value low, high, **rows;
  const model_row *expected[MODEL_ROWS];
  bool ranged = true;
  if (s.index == 4) {
    s.index = AFT__BY_ID;
    low = aft__int(below(seed, MODEL_ROWS));
    high = aft__int(below(seed, MODEL_ROWS));
  } else {
    const aft__index *ix = &item_indexes[s.index];
    s.after = below(seed, 3) == 0;
    s.n_equal = ix->n - below(seed, s.after || ix->n < 2 ? 2 : 3);
    for (uint32_t i = 0; i < s.n_equal; i++)
      s.equal[i] = random_next(g, s.index, i);
    ranged = s.n_equal < ix->n;
    low = ranged ? random_next(g, s.index, s.n_equal) : aft__null();
    high = ranged ? random_next(g, s.index, s.n_equal) : aft__null();
    s.after_value = ranged ? random_next(g, s.index, s.n_equal) : aft__null();
    if (ranged && below(seed, 6) == 0)
      s.after_value = aft__null();
  }
  s.low = ranged && low.type && below(seed, 3) == 0 ? &low : NULL;
  s.high = ranged && high.type && below(seed, 3) == 0 ? &high : NULL;
  s.descending = below(seed, 2);
  s.claim = below(seed, 4) == 0;
  if (s.index == AFT__BY_ID)
    s.after = below(seed, 3) == 0;
  s.after_id = below(seed, MODEL_ROWS);
  s.limit = 1 + (below(seed, 2) ? below(seed, 5) : 1000);
  uint32_t n, want = model_scan(&g->m, &s, expected);
  assert_int_equal(aft__scan_all(tx, &s, &rows, &n, NULL), AFT_OK);
  if (n != want)
    fail_msg("index %d equal %u%s%s%s%s limit %u: expected %u rows, found %u", (int)s.index, s.n_equal,
             s.low ? " low" : "", s.high ? " high" : "", s.descending ? " down" : "", s.after ? " after" : "",
             s.limit, want, n);
  for (uint32_t i = 0; i < n; i++)
    assert_same_row(rows[i], expected[i]);
}

static void step(game *g, aft__tx *tx, uint32_t depth);

static void step_savepoint(game *g, aft__tx *tx, uint32_t depth) {
  model before = g->m;
  if (depth == 3)
    return;
  assert_int_equal(aft__tx_savepoint(tx, NULL), AFT_OK);
  for (uint32_t i = below(g->seed, 8); i; i--)
    step(g, tx, depth + 1);
  if (below(g->seed, 2)) {
    assert_int_equal(aft__tx_savepoint_keep(tx, NULL), AFT_OK);
  } else {
    assert_int_equal(aft__tx_savepoint_undo(tx, NULL), AFT_OK);
    g->m = before;
  }
}

static void step(game *g, aft__tx *tx, uint32_t depth) {
  switch (below(g->seed, 8)) {
  case 0:
  case 1:
    step_insert(g, tx);
    break;
  case 2:
  case 3:
    step_update(g, tx);
    break;
  case 4:
    step_remove(g, tx);
    break;
  case 5:
    step_read(g, tx);
    break;
  case 6:
    step_scan(g, tx);
    break;
  default:
    step_savepoint(g, tx, depth);
  }
}

static aft_status play(aft__tx *tx, void *user, aft_error *error) {
  game *g = user;
  for (uint32_t i = 0; i < g->steps; i++)
    step(g, tx, 0);
  return g->roll_back ? aft__error(error, AFT_E_DENIED, NULL, "rolled back by the test") : AFT_OK;
}

static void play_on(fixture *f, const char *dsn, uint64_t seed, uint32_t rounds) {
  aft_store *store = open_store(f, dsn);
  aft_session *session = open_session(store);
  game *g = calloc(1, sizeof *g);
  assert_non_null(g);
  g->seed = &seed;
  for (uint32_t i = 0; i < rounds; i++) {
    model before = g->m;
    g->steps = below(&seed, 40);
    g->roll_back = below(&seed, 4) == 0;
    assert_int_equal(run(session, play, g), g->roll_back ? AFT_E_DENIED : AFT_OK);
    if (g->roll_back)
      g->m = before;
  }
  free(g);
  aft_session_close(session);
  aft_store_unref(store);
}

static void memory_agrees_with_the_model(void **state) { play_on(*state, "memory:", seed_of("memory"), 600); }

static void a_database_agrees_with_the_model(void **state) {
  fixture *f = *state;
  play_on(f, f->place.dsn, seed_of("sqlite"), 300);
}

/* ---- commands that run again ---- */

typedef struct counting {
  const char *name;
  bool prove;
  uint32_t runs;
} counting;

/* Adds one to a counter, with a row of its own as the proof. */
static aft_status count_up(aft__tx *tx, void *user, aft_error *error) {
  counting *c = user;
  aft__value *row, key = aft__text(aft__cstr(c->name));
  char mark[32];
  c->runs++;
  AFT__TRY(aft__find(tx, &counter_table, 0, &key, &row, error));
  row[CO_N].number++;
  AFT__TRY(aft__update(tx, &counter_table, row, 1u << CO_N, error));
  aft_id id = aft__tx_id(tx);
  snprintf(mark, sizeof mark, "mark/%lld", (long long)id);
  aft__value proof[CO_COLUMNS] = {aft__int(id), aft__null(), aft__text(aft__cstr(mark)), aft__int(0)};
  AFT__TRY(aft__insert(tx, &counter_table, proof, NULL, error));
  if (c->prove)
    aft__tx_proof(tx, &counter_table, id);
  return AFT_OK;
}

static aft_status make_counter(aft__tx *tx, void *user, aft_error *error) {
  aft__value row[CO_COLUMNS] = {aft__int(aft__tx_id(tx)), aft__null(), aft__text(aft__cstr(user)),
                                aft__int(0)};
  return aft__insert(tx, &counter_table, row, NULL, error);
}

typedef struct totals {
  int64_t counted;
  uint32_t marks;
} totals;

static aft_status add_up_row(void *user, const aft__value *row, aft_error *error) {
  totals *t = user;
  (void)error;
  if (row[CO_NAME].size > 5 && memcmp(row[CO_NAME].data, "mark/", 5) == 0)
    t->marks++;
  else
    t->counted += row[CO_N].number;
  return AFT_OK;
}

static aft_status add_up(aft__tx *tx, void *user, aft_error *error) {
  aft__scan scan = {.table = &counter_table, .index = AFT__BY_ID};
  *(totals *)user = (totals){0};
  return aft__scan_each(tx, &scan, add_up_row, user, error);
}

#define THREADS 4

typedef struct worker {
  pthread_t thread;
  aft_store *store;
  uint32_t times;
  uint32_t failed;
} worker;

static void *work(void *user) {
  worker *w = user;
  aft_session *session = open_session(w->store);
  counting c = {.name = "c", .prove = true};
  for (uint32_t i = 0; i < w->times; i++)
    w->failed += run(session, count_up, &c) != AFT_OK;
  aft_session_close(session);
  return NULL;
}

static void count_with_threads(aft_store *store, uint32_t times) {
  worker workers[THREADS];
  totals t;
  aft_session *session = open_session(store);
  for (int i = 0; i < THREADS; i++) {
    workers[i] = (worker){.store = store, .times = times};
    assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
  }
  for (int i = 0; i < THREADS; i++) {
    pthread_join(workers[i].thread, NULL);
    assert_int_equal(workers[i].failed, 0);
  }
  assert_int_equal(run(session, add_up, &t), AFT_OK);
  assert_int_equal(t.counted, THREADS * times);
  assert_int_equal(t.marks, THREADS * times);
  aft_session_close(session);
}

static void hostile_races_count_exactly(void **state) {
  static const uint32_t rates[][2] = {{0, 0}, {100, 0}, {0, 300}, {60, 200}, {400, 400}};
  uint64_t seed = seed_of("hostile");
  for (size_t i = 0; i < AFT__COUNT(rates); i++) {
    aft_store *store = open_store(*state, "memory:");
    aft_session *session = open_session(store);
    assert_int_equal(run(session, make_counter, "c"), AFT_OK);
    aft_session_close(session);
    aft__store_hostile(store, seed + i, rates[i][0], rates[i][1]);
    count_with_threads(store, 60);
    aft_store_unref(store);
  }
}

static void threads_on_a_database_count_exactly(void **state) {
  fixture *f = *state;
  aft_store *store = open_store(f, f->place.dsn);
  aft_session *session = open_session(store);
  assert_int_equal(run(session, make_counter, "c"), AFT_OK);
  aft_session_close(session);
  count_with_threads(store, 25);
  aft_store_unref(store);
}

static void unknown_commit_without_proof_is_told(void **state) {
  aft_store *store = open_store(*state, "memory:");
  aft_session *session = open_session(store);
  counting c = {.name = "c"};
  assert_int_equal(run(session, make_counter, "c"), AFT_OK);
  aft__store_hostile(store, 3, 0, 1000);
  assert_int_equal(run(session, count_up, &c), AFT_E_UNKNOWN);
  assert_int_equal(c.runs, 1);
  aft__store_hostile(store, 3, 0, 0);
  c.prove = true;
  assert_int_equal(run(session, count_up, &c), AFT_OK);
  aft_session_close(session);
  aft_store_unref(store);
}

/* ---- anchors ---- */

typedef struct anchoring {
  aft_id a, b;
  int64_t rev_a, rev_b; /* as seen by the next command */
} anchoring;

static aft_status make_two(aft__tx *tx, void *user, aft_error *error) {
  anchoring *x = user;
  x->a = aft__tx_id(tx);
  x->b = aft__tx_id(tx);
  aft__value a[CO_COLUMNS] = {aft__int(x->a), aft__null(), aft__text(aft__cstr("a")), aft__int(0)};
  aft__value b[CO_COLUMNS] = {aft__int(x->b), aft__null(), aft__text(aft__cstr("b")), aft__int(0)};
  AFT__TRY(aft__insert(tx, &counter_table, a, NULL, error));
  AFT__TRY(aft__anchor(tx, &counter_table, a, error)); /* inserted here: stays at 1 */
  return aft__insert(tx, &counter_table, b, NULL, error);
}

static aft_status see_revs(aft__tx *tx, anchoring *x, aft__value **a, aft__value **b, aft_error *error) {
  AFT__TRY(aft__get(tx, &counter_table, x->a, a, error));
  AFT__TRY(aft__get(tx, &counter_table, x->b, b, error));
  x->rev_a = (*a)[CO_REV].number;
  x->rev_b = (*b)[CO_REV].number;
  return AFT_OK;
}

static aft_status look_at_revs(aft__tx *tx, void *user, aft_error *error) {
  aft__value *a, *b;
  return see_revs(tx, user, &a, &b, error);
}

static aft_status anchor_both(aft__tx *tx, void *user, aft_error *error) {
  aft__value *a, *b;
  AFT__TRY(see_revs(tx, user, &a, &b, error));
  AFT__TRY(aft__anchor(tx, &counter_table, b, error));
  AFT__TRY(aft__anchor(tx, &counter_table, a, error));
  AFT__TRY(aft__anchor(tx, &counter_table, b, error));
  a[CO_N].number++;
  return aft__update(tx, &counter_table, a, 1u << CO_N, error);
}

static aft_status anchor_in_undone_part(aft__tx *tx, void *user, aft_error *error) {
  aft__value *a, *b;
  AFT__TRY(see_revs(tx, user, &a, &b, error));
  AFT__TRY(aft__tx_savepoint(tx, error));
  AFT__TRY(aft__anchor(tx, &counter_table, a, error));
  AFT__TRY(aft__update(tx, &counter_table, b, 1u << CO_N, error));
  AFT__TRY(aft__tx_savepoint_undo(tx, error));
  b[CO_REV].number--; /* the update is undone: the anchor alone moves it */
  return aft__anchor(tx, &counter_table, b, error);
}

static aft_status anchor_stale(aft__tx *tx, void *user, aft_error *error) {
  aft__value *a, *b;
  AFT__TRY(see_revs(tx, user, &a, &b, error));
  if (aft__tx_attempt(tx) < 2)
    a[CO_REV].number--; /* as if somebody else had moved it */
  return aft__anchor(tx, &counter_table, a, error);
}

static void anchors_on(fixture *f, const char *dsn) {
  aft_store *store = open_store(f, dsn);
  aft_session *session = open_session(store);
  anchoring x = {0};
  assert_int_equal(run(session, make_two, &x), AFT_OK);
  assert_int_equal(run(session, anchor_both, &x), AFT_OK);
  assert_int_equal(run(session, look_at_revs, &x), AFT_OK);
  assert_int_equal(x.rev_a, 2);
  assert_int_equal(x.rev_b, 2);
  assert_int_equal(run(session, anchor_in_undone_part, &x), AFT_OK);
  assert_int_equal(run(session, look_at_revs, &x), AFT_OK);
  assert_int_equal(x.rev_a, 2);
  assert_int_equal(x.rev_b, 3);
  assert_int_equal(run(session, anchor_stale, &x), AFT_OK);
  assert_int_equal(run(session, look_at_revs, &x), AFT_OK);
  assert_int_equal(x.rev_a, 3);
  aft_session_close(session);
  aft_store_unref(store);
}

static void anchors_move_revs_once(void **state) {
  fixture *f = *state;
  anchors_on(f, "memory:");
  anchors_on(f, f->place.dsn);
}

/* ---- the door of every call ---- */

typedef struct door {
  aft_session *session;
  aft_status inner;
  fixture *f;
} door;

static aft_status nothing(aft__tx *tx, void *user, aft_error *error) {
  (void)tx, (void)user, (void)error;
  return AFT_OK;
}

static aft_status use_inside(aft__tx *tx, void *user, aft_error *error) {
  door *d = user;
  (void)tx, (void)error;
  d->inner = run(d->session, nothing, NULL);
  return AFT_OK;
}

static void *use_elsewhere(void *user) {
  door *d = user;
  d->inner = run(d->session, nothing, NULL);
  return NULL;
}

static aft_status use_in_thread(aft__tx *tx, void *user, aft_error *error) {
  pthread_t thread;
  (void)tx, (void)error;
  if (pthread_create(&thread, NULL, use_elsewhere, user) == 0)
    pthread_join(thread, NULL);
  return AFT_OK;
}

static aft_status interrupt_self(aft__tx *tx, void *user, aft_error *error) {
  door *d = user;
  AFT__TRY(make_counter(tx, "interrupted", error));
  aft_session_interrupt(d->session);
  d->inner = make_counter(tx, "never", error);
  return AFT_OK;
}

static aft_status pass_time(aft__tx *tx, void *user, aft_error *error) {
  door *d = user;
  AFT__TRY(make_counter(tx, "late", error));
  atomic_fetch_add(&d->f->mono_ns, 2000000000);
  d->inner = make_counter(tx, "never", error);
  return AFT_OK;
}

static aft_status write_in_reading(aft__tx *tx, void *user, aft_error *error) {
  return make_counter(tx, user, error);
}

static void calls_are_checked(void **state) {
  fixture *f = *state;
  aft_store *store = open_store(f, "memory:");
  door d = {.session = open_session(store), .f = f};
  totals t;
  aft__tx_options reading = {.name = "test", .read = true}, late = {.name = "test", .deadline_ms = 1000};
  assert_int_equal(aft__tx_run(NULL, &reading, nothing, NULL, NULL), AFT_E_NULL_HANDLE);
  assert_int_equal(run(d.session, use_inside, &d), AFT_OK);
  assert_int_equal(d.inner, AFT_E_BUSY_SESSION);
  assert_int_equal(run(d.session, use_in_thread, &d), AFT_OK);
  assert_int_equal(d.inner, AFT_E_BUSY_SESSION);
  assert_int_equal(run(d.session, interrupt_self, &d), AFT_E_INTERRUPTED);
  assert_int_equal(d.inner, AFT_E_INTERRUPTED);
  assert_int_equal(aft__tx_run(d.session, &late, pass_time, &d, NULL), AFT_E_DEADLINE);
  assert_int_equal(d.inner, AFT_E_DEADLINE);
  assert_int_equal(aft__tx_run(d.session, &reading, write_in_reading, "x", NULL), AFT_E_INTERNAL);
  aft_session_interrupt(d.session); /* nothing runs: no effect */
  assert_int_equal(run(d.session, add_up, &t), AFT_OK);
  assert_int_equal(t.marks, 0);
  assert_int_equal(t.counted, 0);
  aft_session *held = aft__session_hold(d.session);
  aft_session_close(d.session);
  assert_int_equal(run(held, nothing, NULL), AFT_E_CURSOR_END);
  aft__session_drop(held);
  aft_store_unref(store);
}

static void fork_is_noticed(void **state) {
  fixture *f = *state;
  const char *dsns[] = {"memory:", f->place.dsn};
  for (int i = 0; i < 2; i++) {
    aft_store *store = open_store(f, dsns[i]);
    aft_session *session = open_session(store), *idle = open_session(store), *more = NULL;
    aft_session_close(idle);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
      aft_buf *health = NULL;
      bool good = run(session, nothing, NULL) == AFT_E_FORKED &&
                  aft_session_open(store, &more, NULL) == AFT_E_FORKED &&
                  aft_store_health(session, &health, NULL) == AFT_E_FORKED;
      aft_session_close(session);
      aft_store_unref(store);
      _exit(good ? 0 : 1);
    }
    int status = -1;
    waitpid(child, &status, 0);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_int_equal(run(session, make_counter, "after the fork"), AFT_OK);
    aft_session_close(session);
    aft_store_unref(store);
  }
}

/* ---- locks ---- */

static void keep_retries(void *user, const aft_trace *trace) {
  if (trace->status == AFT_E_LOCKED)
    *(uint32_t *)user = trace->retries;
}

static void locks_are_waited_for_once(void **state) {
  fixture *f = *state;
  uint32_t retries = UINT32_MAX;
  aft_env_options o = {.size = sizeof o, .trace = keep_retries, .trace_user = &retries};
  aft_store_options so = place_store(&f->place, AFT_STORE_CREATE);
  so.busy_ms = 30;
  aft_env *env = NULL;
  aft_store *store = NULL;
  void *host = host_open(&f->place);
  assert_int_equal(aft_env_new(&o, &env, NULL), AFT_OK);
  assert_int_equal(aft__store_open(env, &schema_1, &so, &store, NULL), AFT_OK);
  aft_session *session = open_session(store);
  host_lock(host, "aft_counter");
  assert_int_equal(run(session, make_counter, "x"), AFT_E_LOCKED);
  assert_true(retries < 3); /* not the 16 runs that races are given */
  host_run(host, "ROLLBACK");
  assert_int_equal(run(session, make_counter, "x"), AFT_OK);
  host_close(host);
  aft_session_close(session);
  aft_store_unref(store);
  aft_env_unref(env);
}

/* ---- the host's transaction ---- */

static aft_status insert_and_fail(aft__tx *tx, void *user, aft_error *error) {
  AFT__TRY(make_counter(tx, user, error));
  return aft__error(error, AFT_E_DENIED, NULL, "refused by the test");
}

static aft_status lose_a_race(aft__tx *tx, void *user, aft_error *error) {
  AFT__TRY(make_counter(tx, "race", error));
  return aft__remove(tx, &counter_table, *(aft_id *)user, 77, error);
}

static int64_t counters(void *host) { return host_number(host, "SELECT count(*) FROM aft_counter"); }

static void attached_sessions_share_the_hosts_transaction(void **state) {
  fixture *f = *state;
  aft_store *store = open_store(f, f->place.dsn);
  aft_session *session = NULL;
  void *host = host_open(&f->place);
  aft_id id = 5;
  assert_int_equal(aft_session_attach(store, host, &session, NULL), AFT_E_INVALID);
  host_begin(host);
  aft_error error = AFT_ERROR_INIT;
  if (aft_session_attach(store, host, &session, &error) != AFT_OK)
    fail_msg("attach: %s", error.message);
  assert_int_equal(run(session, make_counter, "one"), AFT_OK);
  assert_int_equal(run(session, insert_and_fail, "two"), AFT_E_DENIED);
  assert_int_equal(run(session, lose_a_race, &id), AFT_E_RETRY);
  assert_int_equal(counters(host), 1);
  host_run(host, "ROLLBACK");
  assert_int_equal(counters(host), 0);
  host_begin(host);
  assert_int_equal(run(session, make_counter, "one"), AFT_OK);
  host_run(host, "COMMIT");
  assert_int_equal(counters(host), 1);
  aft_session_close(session);
  host_close(host);
  aft_store_unref(store);
}

/* The node's lease ran out, and nobody else took it: the host's transaction renews it. When somebody did,
 * the command is refused. */
static void attached_sessions_watch_the_node(void **state) {
  fixture *f = *state;
  aft_store *store = open_store(f, f->place.dsn);
  aft_session *session = NULL;
  void *host = host_open(&f->place);
  host_begin(host);
  assert_int_equal(aft_session_attach(store, host, &session, NULL), AFT_OK);
  atomic_fetch_add(&f->now_ms, 3 * AFT__DAY);
  assert_int_equal(run(session, make_counter, "one"), AFT_OK);
  host_run(host, "ROLLBACK");
  host_run(host, "UPDATE aft_lease SET owner = 'another'");
  host_begin(host);
  assert_int_equal(run(session, make_counter, "two"), AFT_E_LEASE_LOST);
  host_run(host, "ROLLBACK");
  aft_session *own = open_session(store);
  assert_int_equal(run(own, make_counter, "three"), AFT_OK); /* takes another node */
  host_begin(host);
  assert_int_equal(run(session, make_counter, "four"), AFT_OK);
  host_run(host, "COMMIT");
  aft_session_close(own);
  aft_session_close(session);
  host_close(host);
  aft_store_unref(store);
}

/* ---- ids ---- */

static aft_status one_id(aft__tx *tx, void *user, aft_error *error) {
  (void)error;
  *(aft_id *)user = aft__tx_id(tx);
  return AFT_OK;
}

static int by_id(const void *a, const void *b) {
  aft_id x = *(const aft_id *)a, y = *(const aft_id *)b;
  return (x > y) - (x < y);
}

/* With a clock that stands still, and that jumps by days, in stores that follow and overlap each other. */
static void ids_never_repeat(void **state) {
  fixture *f = *state;
  enum {
    ROUNDS = 20,
    EACH = 3
  };
  aft_id ids[ROUNDS * EACH * 2];
  size_t n = 0;
  aft_store *kept = open_store(f, f->place.dsn);
  aft_session *ks = open_session(kept);
  for (int round = 0; round < ROUNDS; round++) {
    aft_store *store = open_store(f, f->place.dsn);
    aft_session *session = open_session(store);
    for (int i = 0; i < EACH; i++) {
      assert_int_equal(run(session, one_id, &ids[n++]), AFT_OK);
      assert_int_equal(run(ks, one_id, &ids[n++]), AFT_OK);
    }
    assert_int_equal(aft__node_of(store), 1 - aft__node_of(kept)); /* the same node again and again */
    if (round % 5 == 4)
      atomic_fetch_add(&f->now_ms, 2 * AFT__DAY);
    aft_session_close(session);
    aft_store_unref(store);
  }
  qsort(ids, n, sizeof ids[0], by_id);
  for (size_t i = 1; i < n; i++)
    assert_int_not_equal(ids[i], ids[i - 1]);
  aft_session_close(ks);
  aft_store_unref(kept);
}

/* ---- schemas ---- */

static void schemas_are_checked_before_anything_is_written(void **state) {
  fixture *f = *state;
  static const aft__schema v2 = {tables, 2, 2, 1, 1}, v3 = {tables, 2, 3, 1, 2}, v4 = {tables, 2, 4, 4, 4};
  aft_store *store = NULL;
  aft_error error = AFT_ERROR_INIT;
  const uint32_t create = AFT_STORE_CREATE, migrate = AFT_STORE_MIGRATE, read = AFT_STORE_READ_ONLY;
  assert_int_equal(try_open(f, "memory:", &schema_1, 0, &store, &error), AFT_E_SCHEMA_MISSING);
  assert_int_equal(try_open(f, "memory:", &schema_1, read | create, &store, &error), AFT_E_INVALID);
  assert_true(try_open(f, f->place.dsn, &schema_1, 0, &store, &error) < 0);
  assert_int_not_equal(access(f->place.file, F_OK), 0);
  aft_store_unref(open_store(f, f->place.dsn));
  assert_int_equal(try_open(f, f->place.dsn, &v2, create, &store, &error), AFT_E_SCHEMA_OLDER);
  assert_int_equal(try_open(f, f->place.dsn, &v3, migrate, &store, &error), AFT_OK);
  aft_store_unref(store);
  assert_int_equal(try_open(f, f->place.dsn, &v2, 0, &store, &error), AFT_OK); /* v3 lets 2 write */
  aft_store_unref(store);
  assert_int_equal(try_open(f, f->place.dsn, &schema_1, 0, &store, &error), AFT_E_SCHEMA_NEWER);
  assert_int_equal(try_open(f, f->place.dsn, &schema_1, read, &store, &error), AFT_OK); /* and 1 read */
  aft_session *session = open_session(store);
  aft__tx_options reading = {.name = "test", .read = true};
  totals t;
  assert_int_equal(run(session, make_counter, "x"), AFT_E_READ_ONLY);
  assert_int_equal(aft__tx_run(session, &reading, add_up, &t, NULL), AFT_OK);
  aft_session_close(session);
  aft_store_unref(store);
  assert_int_equal(try_open(f, f->place.dsn, &v4, migrate, &store, &error), AFT_OK);
  aft_store_unref(store);
  assert_int_equal(try_open(f, f->place.dsn, &v2, read, &store, &error), AFT_E_SCHEMA_NEWER);
}

/* ---- every allocation fails once ---- */

typedef struct failing {
  long left; /* allocations until the one that fails; negative: none does */
} failing;

static void *fail_alloc(void *user, size_t n) {
  failing *f = user;
  if (f->left >= 0 && f->left-- == 0)
    return NULL;
  return malloc(n);
}
static void *fail_resize(void *user, void *p, size_t old_n, size_t new_n) {
  failing *f = user;
  (void)old_n;
  if (f->left >= 0 && f->left-- == 0)
    return NULL;
  return realloc(p, new_n);
}
static void fail_release(void *user, void *p, size_t n) {
  (void)user, (void)n;
  free(p);
}

static aft_status many_rows(aft__tx *tx, void *user, aft_error *error) {
  char name[16];
  aft__value **rows;
  uint32_t n;
  (void)user;
  AFT__TRY(aft__tx_savepoint(tx, error));
  for (int i = 0; i < 60; i++) {
    snprintf(name, sizeof name, "n%d", i);
    AFT__TRY(make_counter(tx, name, error));
  }
  AFT__TRY(aft__tx_savepoint_keep(tx, error));
  aft__scan scan = {.table = &counter_table, .index = AFT__BY_ID, .limit = 100};
  AFT__TRY(aft__scan_all(tx, &scan, &rows, &n, error));
  for (uint32_t i = 0; i < n; i++) {
    AFT__TRY(aft__anchor(tx, &counter_table, rows[i], error));
    AFT__TRY(aft__update(tx, &counter_table, rows[i], 1u << CO_N, error));
  }
  return AFT_OK;
}

static aft_status whole_life(aft_env *env, const char *dsn) {
  aft_store_options o = {
      .size = sizeof o, .dsn = AFT_STR(dsn), .flags = AFT_STORE_CREATE | AFT_STORE_RELAXED};
  aft_store *store;
  aft_session *session;
  aft_buf *health = NULL;
  AFT__TRY(aft__store_open(env, &schema_1, &o, &store, NULL));
  aft_status status = aft_session_open(store, &session, NULL);
  if (status >= 0) {
    status = run(session, many_rows, NULL);
    if (status >= 0)
      status = aft_store_health(session, &health, NULL);
    aft_buf_free(health);
    aft_session_close(session);
  }
  aft_store_unref(store);
  return status;
}

static void memory_may_run_out_at_any_point(void **state) {
  (void)state;
  for (long at = 0;; at++) {
    failing f = {at};
    aft_env_options o = {.size = sizeof o};
    o.alloc = (aft_alloc){sizeof o.alloc, fail_alloc, fail_resize, fail_release, &f};
    aft_env *env = NULL;
    aft_status status = aft_env_new(&o, &env, NULL);
    if (status == AFT_OK) {
      status = whole_life(env, "memory:");
      aft_env_unref(env);
    }
    if (f.left >= 0) {
      assert_int_equal(status, AFT_OK);
      return;
    }
    if (status != AFT_OK)
      assert_int_equal(status, AFT_E_NOMEM);
  }
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(memory_agrees_with_the_model),
      TEST(a_database_agrees_with_the_model),
      TEST(hostile_races_count_exactly),
      TEST(threads_on_a_database_count_exactly),
      TEST(unknown_commit_without_proof_is_told),
      TEST(anchors_move_revs_once),
      TEST(calls_are_checked),
      TEST(fork_is_noticed),
      TEST(locks_are_waited_for_once),
      TEST(attached_sessions_share_the_hosts_transaction),
      TEST(attached_sessions_watch_the_node),
      TEST(ids_never_repeat),
      TEST(schemas_are_checked_before_anything_is_written),
      TEST(memory_may_run_out_at_any_point),
  };
  static const char *const not_there[] = {"memory_", "hostile_", "unknown_commit_without_proof"};
  return RUN_CASES(tests, not_there);
}
