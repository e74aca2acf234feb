/* The memory backend: the oracle of the SQL one. One transaction at a time over the whole store, undone by a
 * log of row versions; uniqueness and checks enforced; a hostile mode for tests. */
#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "store/memory_priv.h"

#define WAIT_SECONDS 5
#define MOST_STRIKES 6 /* made failures of a connection in a row, so that work comes to an end */
#define KEEP_UNDO    4096
#define MOST_DEPTH   (AFT__MOST_SAVEPOINTS + 2)

typedef struct mem_conn mem_conn;

typedef struct mem_backend {
  aft__backend base;
  pid_t pid;
  pthread_mutex_t mutex; /* guards holder */
  pthread_cond_t freed;
  mem_conn *holder; /* whose transaction is open; it alone touches what follows */
  aft__mem_table *tables;
  uint32_t n_tables;
  uint32_t version, reader, writer;
  uint64_t priorities;
  uint64_t chance; /* of the hostile mode */
  uint32_t conflict_permille, unknown_permille;
  uint32_t strikes; /* of a connection that was given up, for the one that takes its place; by mutex */
} mem_backend;

typedef struct undo {
  aft__mem_table *table;
  aft__mem_row *old_row, *new_row;
} undo;

typedef struct mem_rows {
  aft__rows base;
  const aft__scan *scan;
  aft__mem_table *table;
  uint32_t given;
  aft__mem_row *at;
} mem_rows;

struct mem_conn {
  aft__conn base;
  bool open, write;
  bool doomed; /* by a made conflict */
  uint32_t strikes;
  atomic_bool interrupted;
  undo *log;
  uint32_t n, cap;
  uint32_t marks[MOST_DEPTH];
  mem_rows *spare;
};

static mem_backend *backend_of(mem_conn *c) { return (mem_backend *)c->base.backend; }
static const aft_env *env_of(mem_conn *c) { return c->base.backend->env; }

/* xorshift64* (Vigna, 2016) */
static uint64_t draw(uint64_t *state) {
  *state ^= *state >> 12;
  *state ^= *state << 25;
  *state ^= *state >> 27;
  return *state * UINT64_C(2685821657736338717);
}

/* ---- who has the store ---- */

static aft_status gate_enter(mem_backend *b, mem_conn *c, aft_error *error) {
  struct timespec until;
  int failed = 0;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_sec += WAIT_SECONDS;
  pthread_mutex_lock(&b->mutex);
  atomic_store(&c->interrupted, false);
  while (b->holder && !failed && !atomic_load(&c->interrupted))
    failed = pthread_cond_timedwait(&b->freed, &b->mutex, &until);
  bool free = !b->holder;
  if (free)
    b->holder = c;
  pthread_mutex_unlock(&b->mutex);
  if (free)
    return AFT_OK;
  if (atomic_load(&c->interrupted))
    return aft__error(error, AFT_E_INTERRUPTED, NULL, "interrupted while waiting for the store");
  return aft__error(error, AFT_E_LOCKED, NULL, "another session holds the store for more than %d seconds",
                    WAIT_SECONDS);
}

static void gate_leave(mem_backend *b) {
  pthread_mutex_lock(&b->mutex);
  b->holder = NULL;
  pthread_cond_signal(&b->freed);
  pthread_mutex_unlock(&b->mutex);
}

/* ---- the undo log ---- */

static aft_status reserve(mem_conn *c, aft_error *error) {
  if (c->n < c->cap)
    return AFT_OK;
  uint32_t cap = c->cap ? c->cap * 2 : 32;
  undo *log = aft__resize(env_of(c), c->log, c->cap * sizeof *log, cap * sizeof *log);
  if (!log)
    return aft__nomem(error);
  c->log = log;
  c->cap = cap;
  return AFT_OK;
}

/* Never fails after reserve. */
static void replace(mem_conn *c, aft__mem_table *table, aft__mem_row *old_row, aft__mem_row *new_row) {
  if (old_row)
    aft__mem_unlink(table, old_row);
  if (new_row)
    aft__mem_link(table, new_row);
  c->log[c->n++] = (undo){table, old_row, new_row};
}

static void undo_to(mem_conn *c, uint32_t mark) {
  while (c->n > mark) {
    undo *u = &c->log[--c->n];
    if (u->new_row) {
      aft__mem_unlink(u->table, u->new_row);
      aft__mem_row_free(env_of(c), u->new_row);
    }
    if (u->old_row)
      aft__mem_link(u->table, u->old_row);
  }
}

static void keep_all(mem_conn *c) {
  for (uint32_t i = 0; i < c->n; i++)
    aft__mem_row_free(env_of(c), c->log[i].old_row);
  c->n = 0;
}

static void finish(mem_conn *c) {
  if (c->cap > KEEP_UNDO) {
    aft__release(env_of(c), c->log, c->cap * sizeof *c->log);
    c->log = NULL;
    c->cap = 0;
  }
  c->open = c->doomed = false;
  gate_leave(backend_of(c));
}

/* ---- transactions ---- */

static aft_status doom(mem_conn *c, aft_error *error) {
  c->doomed = true;
  return aft__error(error, AFT_E_CONFLICT, NULL, "the store lost a race (made by the hostile mode)");
}

static aft_status hostile(mem_conn *c, aft_error *error) {
  mem_backend *b = backend_of(c);
  if (c->doomed)
    return doom(c, error);
  if (!c->write || !b->conflict_permille || c->strikes >= MOST_STRIKES)
    return AFT_OK;
  if (draw(&b->chance) % 1000 >= b->conflict_permille)
    return AFT_OK;
  c->strikes++;
  return doom(c, error);
}

static aft_status mem_begin(aft__conn *conn, bool write, aft_error *error) {
  mem_conn *c = (mem_conn *)conn;
  if (c->open)
    return aft__error(error, AFT_E_INTERNAL, NULL, "a transaction is open already");
  AFT__TRY(gate_enter(backend_of(c), c, error));
  c->open = true;
  c->write = write;
  return AFT_OK;
}

static void mem_rollback(aft__conn *conn) {
  mem_conn *c = (mem_conn *)conn;
  if (!c->open)
    return;
  undo_to(c, 0);
  finish(c);
}

static aft_status mem_commit(aft__conn *conn, aft_error *error) {
  mem_conn *c = (mem_conn *)conn;
  mem_backend *b = backend_of(c);
  AFT__TRY(hostile(c, error));
  bool unknown = false, happens = true;
  if (c->write && b->unknown_permille && c->strikes < MOST_STRIKES) {
    unknown = draw(&b->chance) % 1000 < b->unknown_permille;
    happens = !unknown || (draw(&b->chance) >> 40) % 2;
  }
  c->strikes = unknown ? c->strikes + 1 : 0;
  if (happens)
    keep_all(c);
  else
    undo_to(c, 0);
  finish(c);
  if (unknown)
    return aft__error(error, AFT_E_UNKNOWN, NULL,
                      "the outcome of the commit is unknown (made by the hostile mode)");
  return AFT_OK;
}

static aft_status mem_savepoint(aft__conn *conn, uint32_t depth, aft_error *error) {
  mem_conn *c = (mem_conn *)conn;
  if (depth >= MOST_DEPTH)
    return aft__error(error, AFT_E_INTERNAL, NULL, "savepoints are too deep");
  AFT__TRY(hostile(c, error));
  c->marks[depth] = c->n;
  return AFT_OK;
}

static aft_status mem_release(aft__conn *conn, uint32_t depth, aft_error *error) {
  (void)depth;
  return hostile((mem_conn *)conn, error);
}

static aft_status mem_rollback_to(aft__conn *conn, uint32_t depth, aft_error *error) {
  mem_conn *c = (mem_conn *)conn;
  (void)error;
  undo_to(c, c->marks[depth]);
  return AFT_OK;
}

/* ---- rows ---- */

static aft_status find_table(mem_conn *c, const aft__table *def, aft__mem_table **out, aft_error *error) {
  mem_backend *b = backend_of(c);
  if (!c->open)
    return aft__error(error, AFT_E_INTERNAL, def->name, "no transaction is open");
  for (uint32_t i = 0; i < b->n_tables; i++) {
    if (b->tables[i].def != def)
      continue;
    *out = &b->tables[i];
    return hostile(c, error);
  }
  return aft__error(error, AFT_E_INTERNAL, def->name, "the store has no such table");
}

static aft_status check_balances(const aft__table *def, const aft__value *values, aft_error *error) {
  for (uint32_t i = 0; i < def->n_checks; i++) {
    const aft__check *check = &def->checks[i];
    int64_t sum = 0, term;
    bool overflow = false;
    for (uint32_t k = 0; k < check->n; k++) {
      const aft__value *v = &values[check->columns[k]];
      if (v->type == AFT_SQL_INT)
        overflow |= aft__mul_i64(v->number, check->factors[k], &term) || aft__add_i64(sum, term, &sum);
    }
    if (overflow || sum < check->least)
      return aft__error(error, AFT_E_CHECK, def->name, "check %s does not hold", check->name);
  }
  return AFT_OK;
}

static aft_status standing(const aft__mem_table *table, uint32_t index, const aft__mem_row *row,
                           aft__existing *existing, aft_error *error) {
  if (existing)
    *existing = (aft__existing){index, row->values[AFT__COL_ID].number};
  return aft__error(error, AFT_E_EXISTS, table->def->name, "a row with the same %s exists",
                    index == AFT__BY_ID ? "id" : table->def->indexes[index].name);
}

/* Whether values, as a new version of row id or as a new row, may stand in the table. */
static aft_status admit(const aft__mem_table *table, const aft__value *values, bool fresh,
                        aft__existing *existing, aft_error *error) {
  aft_id id = values[AFT__COL_ID].number;
  AFT__TRY(check_balances(table->def, values, error));
  aft__mem_row *row = fresh ? aft__mem_get(table, id) : NULL;
  if (row)
    return standing(table, AFT__BY_ID, row, existing, error);
  for (uint32_t i = 0; i < table->def->n_indexes; i++) {
    row = aft__mem_rival(table, i, values, id);
    if (row)
      return standing(table, i, row, existing, error);
  }
  return AFT_OK;
}

static aft_status mem_insert(aft__conn *conn, const aft__table *def, const aft__value *values,
                             aft__existing *existing, aft_error *error) {
  mem_conn *c = (mem_conn *)conn;
  aft__mem_table *table;
  AFT__TRY(find_table(c, def, &table, error));
  AFT__TRY(admit(table, values, true, existing, error));
  AFT__TRY(reserve(c, error));
  aft__mem_row *row = aft__mem_row_new(env_of(c), def, values, draw(&backend_of(c)->priorities));
  if (!row)
    return aft__nomem(error);
  replace(c, table, NULL, row);
  return AFT_OK;
}

static aft_status row_at_rev(const aft__mem_table *table, aft_id id, int64_t rev, aft__mem_row **out,
                             aft_error *error) {
  *out = aft__mem_get(table, id);
  if (*out && (*out)->values[AFT__COL_REV].number == rev)
    return AFT_OK;
  return aft__error(error, AFT_E_CONFLICT, table->def->name, "the row has changed since it was read");
}

static aft_status mem_update(aft__conn *conn, const aft__table *def, const aft__value *values, uint64_t mask,
                             aft_error *error) {
  mem_conn *c = (mem_conn *)conn;
  aft__mem_table *table;
  aft__mem_row *row;
  aft__value next[AFT__MOST_COLUMNS];
  AFT__TRY(find_table(c, def, &table, error));
  AFT__TRY(row_at_rev(table, values[AFT__COL_ID].number, values[AFT__COL_REV].number, &row, error));
  for (uint32_t i = 0; i < def->n_columns; i++)
    next[i] = (mask >> i & 1) ? values[i] : row->values[i];
  next[AFT__COL_ID] = row->values[AFT__COL_ID];
  next[AFT__COL_REV] = aft__int(row->values[AFT__COL_REV].number + 1);
  AFT__TRY(admit(table, next, false, NULL, error));
  AFT__TRY(reserve(c, error));
  aft__mem_row *fresh = aft__mem_row_new(env_of(c), def, next, row->priority);
  if (!fresh)
    return aft__nomem(error);
  replace(c, table, row, fresh);
  return AFT_OK;
}

static aft_status mem_remove(aft__conn *conn, const aft__table *def, aft_id id, int64_t rev,
                             aft_error *error) {
  mem_conn *c = (mem_conn *)conn;
  aft__mem_table *table;
  aft__mem_row *row;
  AFT__TRY(find_table(c, def, &table, error));
  AFT__TRY(row_at_rev(table, id, rev, &row, error));
  AFT__TRY(reserve(c, error));
  replace(c, table, row, NULL);
  return AFT_OK;
}

static aft_status mem_get(aft__conn *conn, const aft__table *def, aft_id id, aft__arena *arena,
                          aft__value **out, aft_error *error) {
  aft__mem_table *table;
  AFT__TRY(find_table((mem_conn *)conn, def, &table, error));
  aft__mem_row *row = aft__mem_get(table, id);
  if (!row)
    return aft__error(error, AFT_E_NOT_FOUND, def->name, "there is no row %lld", (long long)id);
  aft__value *copy = aft__row_copy(arena, row->values, def->n_columns);
  if (!copy)
    return aft__nomem(error);
  *out = copy;
  return AFT_OK;
}

/* ---- scans ---- */

static aft_status mem_scan(aft__conn *conn, const aft__scan *scan, aft__rows **out, aft_error *error) {
  mem_conn *c = (mem_conn *)conn;
  aft__mem_table *table;
  AFT__TRY(find_table(c, scan->table, &table, error));
  mem_rows *r = c->spare;
  if (!r)
    r = aft__alloc(env_of(c), sizeof *r);
  if (!r)
    return aft__nomem(error);
  c->spare = NULL;
  *r = (mem_rows){.base = {conn}, .scan = scan, .table = table};
  *out = &r->base;
  return AFT_OK;
}

static aft_status mem_next(aft__rows *rows, const aft__value **row, aft_error *error) {
  mem_rows *r = (mem_rows *)rows;
  (void)error;
  if (r->scan->limit && r->given == r->scan->limit)
    return AFT_DONE;
  if (r->given == 0)
    r->at = aft__mem_first(r->table, r->scan);
  else if (r->at)
    r->at = aft__mem_next(r->table, r->scan, r->at);
  if (!r->at)
    return AFT_DONE;
  r->given++;
  *row = r->at->values;
  return AFT_OK;
}

static void mem_end(aft__rows *rows) {
  mem_conn *c = (mem_conn *)rows->conn;
  if (c->spare)
    aft__release(env_of(c), rows, sizeof(mem_rows));
  else
    c->spare = (mem_rows *)rows;
}

/* ---- connections ---- */

static aft_status mem_connect(aft__backend *backend, aft__conn **out, aft_error *error) {
  mem_conn *c = aft__zalloc(backend->env, sizeof *c);
  if (!c)
    return aft__nomem(error);
  mem_backend *b = (mem_backend *)backend;
  c->base.backend = backend;
  pthread_mutex_lock(&b->mutex);
  c->strikes = b->strikes;
  b->strikes = 0;
  pthread_mutex_unlock(&b->mutex);
  *out = &c->base;
  return AFT_OK;
}

static aft_status mem_attach(aft__backend *backend, void *native, aft__conn **out, aft_error *error) {
  (void)backend, (void)native, (void)out;
  return aft__error(error, AFT_E_DRIVER, NULL, "a store in memory has no connection of the host to work on");
}

static void mem_abandon(aft__conn *conn) {
  mem_conn *c = (mem_conn *)conn;
  if (c->spare)
    aft__release(env_of(c), c->spare, sizeof *c->spare);
  if (c->log)
    aft__release(env_of(c), c->log, c->cap * sizeof *c->log);
  aft__release(env_of(c), c, sizeof *c);
}

static void mem_disconnect(aft__conn *conn) {
  mem_conn *c = (mem_conn *)conn;
  mem_backend *b = backend_of(c);
  mem_rollback(conn);
  pthread_mutex_lock(&b->mutex);
  b->strikes += c->strikes;
  pthread_mutex_unlock(&b->mutex);
  mem_abandon(conn);
}

static void mem_interrupt(aft__conn *conn) {
  mem_backend *b = backend_of((mem_conn *)conn);
  pthread_mutex_lock(&b->mutex);
  atomic_store(&((mem_conn *)conn)->interrupted, true);
  pthread_cond_broadcast(&b->freed);
  pthread_mutex_unlock(&b->mutex);
}

/* ---- the schema ---- */

static void free_tables(const aft_env *env, aft__mem_table *tables, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    if (!tables[i].roots)
      continue;
    aft__mem_clear(env, &tables[i]);
    aft__release(env, tables[i].roots, (1u + tables[i].def->n_indexes) * sizeof *tables[i].roots);
  }
  if (tables)
    aft__release(env, tables, n * sizeof *tables);
}

static aft_status mem_schema_read(aft__conn *conn, uint32_t *version, uint32_t *reader, uint32_t *writer,
                                  aft_error *error) {
  mem_conn *c = (mem_conn *)conn;
  mem_backend *b = backend_of(c);
  AFT__TRY(gate_enter(b, c, error));
  *version = b->version;
  *reader = b->reader;
  *writer = b->writer;
  gate_leave(b);
  return AFT_OK;
}

static aft_status make_tables(mem_backend *b, const aft__schema *schema, aft_error *error) {
  uint32_t n = schema->n_tables + aft__store_table_count;
  aft__mem_table *tables = aft__zalloc(b->base.env, n * sizeof *tables);
  if (!tables)
    return aft__nomem(error);
  for (uint32_t i = 0; i < n; i++) {
    tables[i].def = i < schema->n_tables ? schema->tables[i] : aft__store_tables[i - schema->n_tables];
    tables[i].roots = aft__zalloc(b->base.env, (1u + tables[i].def->n_indexes) * sizeof *tables[i].roots);
    if (!tables[i].roots) {
      free_tables(b->base.env, tables, n);
      return aft__nomem(error);
    }
  }
  b->tables = tables;
  b->n_tables = n;
  b->version = schema->version;
  b->reader = schema->reader;
  b->writer = schema->writer;
  return AFT_OK;
}

static aft_status mem_migrate(aft__conn *conn, const aft__schema *schema, aft_error *error) {
  mem_conn *c = (mem_conn *)conn;
  mem_backend *b = backend_of(c);
  AFT__TRY(gate_enter(b, c, error));
  aft_status status = b->tables ? AFT_OK : make_tables(b, schema, error);
  gate_leave(b);
  return status;
}

static void mem_free(aft__backend *backend) {
  mem_backend *b = (mem_backend *)backend;
  aft_env *env = backend->env;
  bool own = b->pid == getpid();
  if (own || !b->holder) /* a fork may have caught another thread in the middle of a change */
    free_tables(env, b->tables, b->n_tables);
  if (own) { /* a lock that such a thread holds must not be destroyed */
    pthread_cond_destroy(&b->freed);
    pthread_mutex_destroy(&b->mutex);
  }
  aft__release(env, b, sizeof *b);
}

static const aft__backend_ops memory_ops = {
    .free = mem_free,
    .connect = mem_connect,
    .attach = mem_attach,
    .disconnect = mem_disconnect,
    .abandon = mem_abandon,
    .begin = mem_begin,
    .commit = mem_commit,
    .rollback = mem_rollback,
    .savepoint = mem_savepoint,
    .release = mem_release,
    .rollback_to = mem_rollback_to,
    .insert = mem_insert,
    .update = mem_update,
    .remove = mem_remove,
    .get = mem_get,
    .scan = mem_scan,
    .next = mem_next,
    .end = mem_end,
    .interrupt = mem_interrupt,
    .schema_read = mem_schema_read,
    .migrate = mem_migrate,
};

static int init_gate(mem_backend *b) {
  pthread_condattr_t attr;
  if (pthread_mutex_init(&b->mutex, NULL))
    return -1;
  int failed = pthread_condattr_init(&attr);
  if (!failed) {
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    failed = pthread_cond_init(&b->freed, &attr);
    pthread_condattr_destroy(&attr);
  }
  if (failed)
    pthread_mutex_destroy(&b->mutex);
  return failed;
}

aft_status aft__memory_backend(aft_env *env, aft__backend **out, aft_error *error) {
  mem_backend *b = aft__zalloc(env, sizeof *b);
  if (!b)
    return aft__nomem(error);
  b->base.ops = &memory_ops;
  b->base.env = env;
  b->pid = getpid();
  b->priorities = UINT64_C(0x9E3779B97F4A7C15);
  if (init_gate(b)) {
    aft__release(env, b, sizeof *b);
    return aft__nomem(error);
  }
  *out = &b->base;
  return AFT_OK;
}

void aft__memory_hostile(aft__backend *backend, uint64_t seed, uint32_t conflict_permille,
                         uint32_t unknown_permille) {
  mem_backend *b = (mem_backend *)backend;
  pthread_mutex_lock(&b->mutex);
  while (b->holder)
    pthread_cond_wait(&b->freed, &b->mutex);
  b->chance = seed * 2 + 1;
  b->conflict_permille = conflict_permille;
  b->unknown_permille = unknown_permille;
  pthread_cond_signal(&b->freed);
  pthread_mutex_unlock(&b->mutex);
}
