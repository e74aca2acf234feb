/* Transactions: a command runs, and runs again after a lost race, until it is committed once. */
#include <stdlib.h>
#include <time.h>

#include "store/store_priv.h"

#define NS_PER_MS        INT64_C(1000000)
#define FIRST_PAUSE_NS   (NS_PER_MS / 2)
#define LONGEST_PAUSE_NS (50 * NS_PER_MS)
#define MOST_REPEATS     8

/* ---- what a command sees ---- */

aft__arena *aft__tx_arena(aft__tx *tx) { return tx->arena; }
aft_session *aft__tx_session(aft__tx *tx) { return tx->session; }
aft_time aft__tx_now(const aft__tx *tx) { return tx->now; }
aft_id aft__tx_id(aft__tx *tx) { return aft__idgen_next(&tx->session->store->ids, tx->now); }
uint32_t aft__tx_attempt(const aft__tx *tx) { return tx->attempt; }

void aft__tx_proof(aft__tx *tx, const aft__table *table, aft_id id) {
  tx->proof = (aft__proof){table, id, AFT__COL_ID, id};
}

void aft__tx_proof_value(aft__tx *tx, const aft__table *table, aft_id id, uint32_t column, int64_t value) {
  tx->proof = (aft__proof){table, id, column, value};
}

/* ---- checks around every operation ---- */

static bool is_race(aft_status status) {
  return status == AFT_E_CONFLICT || status == AFT_E_LOCKED || status == AFT_E_LOST;
}

static aft_status check_time(aft__tx *tx, aft_error *error) {
  if (atomic_load_explicit(&tx->session->interrupted, memory_order_relaxed))
    return aft__error(error, AFT_E_INTERRUPTED, NULL, "the call was interrupted; it left nothing behind");
  if (tx->deadline != INT64_MAX && aft__mono(tx->session->store->env) >= tx->deadline)
    return aft__error(error, AFT_E_DEADLINE, NULL, "the call's deadline passed; it left nothing behind");
  return AFT_OK;
}

aft_status aft__tx_check(aft__tx *tx, bool write, aft_error *error) {
  if (tx->scanning)
    return aft__error(error, AFT_E_INTERNAL, NULL, "a row callback used its transaction");
  if (write && !tx->write)
    return aft__error(error, AFT_E_INTERNAL, NULL, "a write in a read transaction");
  if (tx->doomed)
    return aft__error(error, tx->doomed, NULL, "the transaction failed before and must run again");
  return check_time(tx, error);
}

aft_status aft__tx_saw(aft__tx *tx, aft_status status) {
  if (is_race(status))
    tx->race = true;
  if (status == AFT_E_LOCKED || status == AFT_E_LOST)
    tx->doomed = status;
  return status;
}

aft_status aft__tx_race(aft__tx *tx, const char *where, aft_error *error) {
  tx->race = true;
  return aft__error(error, AFT_E_CONFLICT, where, "another transaction wrote the same at the same time");
}

/* ---- rows that the transaction wrote, and its anchors ---- */

static aft_status touch(aft__tx *tx, aft__touches *list, aft__touch item, aft_error *error) {
  if (list->n == list->cap) {
    uint32_t cap = list->cap ? list->cap * 2 : 16;
    aft__touch *items = aft__arena_alloc(tx->arena, cap * sizeof *items);
    if (!items)
      return aft__nomem(error);
    if (list->n)
      memcpy(items, list->items, list->n * sizeof *items);
    list->items = items;
    list->cap = cap;
  }
  list->items[list->n++] = item;
  return AFT_OK;
}

aft_status aft__tx_wrote(aft__tx *tx, const aft__table *table, aft_id id, aft_error *error) {
  return touch(tx, &tx->written, (aft__touch){table, id, 0}, error);
}

aft_status aft__anchor(aft__tx *tx, const aft__table *table, const aft__value *row, aft_error *error) {
  AFT__TRY(aft__tx_check(tx, true, error));
  aft__touch item = {table, row[AFT__COL_ID].number, row[AFT__COL_REV].number};
  return touch(tx, &tx->anchors, item, error);
}

static int by_row(const void *a, const void *b) {
  const aft__touch *x = a, *y = b;
  int order = x->table == y->table ? 0 : strcmp(x->table->name, y->table->name);
  return order ? order : (x->id > y->id) - (x->id < y->id);
}

/* Of a row that was loaded twice the earliest rev comes first: if it moved in between, the race shows. */
static int by_row_and_rev(const void *a, const void *b) {
  const aft__touch *x = a, *y = b;
  int order = by_row(a, b);
  return order ? order : (x->rev > y->rev) - (x->rev < y->rev);
}

static void sort(aft__touches *list, int (*order)(const void *, const void *)) {
  if (list->n > 1)
    qsort(list->items, list->n, sizeof *list->items, order);
}

static bool wrote(const aft__tx *tx, const aft__touch *item) {
  return tx->written.n &&
         bsearch(item, tx->written.items, tx->written.n, sizeof *tx->written.items, by_row) != NULL;
}

static aft_status bump_anchors(aft__tx *tx, aft_error *error) {
  if (!tx->anchors.n)
    return AFT_OK;
  sort(&tx->anchors, by_row_and_rev);
  sort(&tx->written, by_row);
  for (uint32_t i = 0; i < tx->anchors.n; i++) {
    const aft__touch *item = &tx->anchors.items[i];
    if ((i && by_row(item, item - 1) == 0) || wrote(tx, item))
      continue;
    AFT__TRY(aft__tx_check(tx, true, error));
    aft__value row[AFT__MOST_COLUMNS] = {
        [AFT__COL_ID] = aft__int(item->id), [AFT__COL_REV] = aft__int(item->rev)};
    AFT__TRY(aft__tx_saw(tx, tx->ops->update(tx->session->conn, item->table, row, 0, error)));
  }
  return AFT_OK;
}

/* ---- savepoints ---- */

aft_status aft__tx_savepoint(aft__tx *tx, aft_error *error) {
  AFT__TRY(aft__tx_check(tx, true, error));
  if (tx->depth == AFT__MOST_SAVEPOINTS)
    return aft__error(error, AFT_E_INTERNAL, NULL, "more than %d savepoints inside each other",
                      AFT__MOST_SAVEPOINTS);
  AFT__TRY(aft__tx_saw(tx, tx->ops->savepoint(tx->session->conn, tx->depth + 1, error)));
  tx->marks[tx->depth++] = (aft__mark){tx->written.n, tx->anchors.n, tx->proof};
  return AFT_OK;
}

aft_status aft__tx_savepoint_keep(aft__tx *tx, aft_error *error) {
  if (!tx->depth)
    return aft__error(error, AFT_E_INTERNAL, NULL, "no savepoint is open");
  AFT__TRY(aft__tx_check(tx, true, error));
  AFT__TRY(aft__tx_saw(tx, tx->ops->release(tx->session->conn, tx->depth, error)));
  tx->depth--;
  return AFT_OK;
}

aft_status aft__tx_savepoint_undo(aft__tx *tx, aft_error *error) {
  if (!tx->depth)
    return aft__error(error, AFT_E_INTERNAL, NULL, "no savepoint is open");
  if (tx->doomed)
    return aft__tx_check(tx, true, error);
  AFT__TRY(aft__tx_saw(tx, tx->ops->rollback_to(tx->session->conn, tx->depth, error)));
  const aft__mark *mark = &tx->marks[--tx->depth];
  tx->written.n = mark->written;
  tx->anchors.n = mark->anchors;
  tx->proof = mark->proof;
  return AFT_OK;
}

/* ---- one attempt ---- */

static void reset(aft__tx *tx, aft_session *session, const aft__tx_options *options, aft_time now,
                  int64_t deadline, uint32_t attempt) {
  aft__arena_reset(&session->arena);
  *tx = (aft__tx){.session = session,
                  .ops = session->store->backend->ops,
                  .arena = &session->arena,
                  .now = now,
                  .deadline = deadline,
                  .attempt = attempt,
                  .write = !options->read};
}

static aft_status run_fn(aft__tx *tx, aft__tx_fn fn, void *user, aft_error *error) {
  aft_status status = fn(tx, user, error);
  if (tx->doomed && !is_race(status) && status != tx->doomed)
    return aft__error(error, tx->doomed, NULL, "the transaction failed on the way and must run again");
  if (status >= 0 && tx->depth)
    return aft__error(error, AFT_E_INTERNAL, NULL, "a savepoint was left open");
  if (status >= 0 && tx->write) {
    aft_status bumped = bump_anchors(tx, error);
    if (bumped < 0)
      return bumped;
  }
  return status;
}

/* A store's first commit that brought a record is looked for, once: a driver that reports commits which do
 * not take place is found out before anybody relies on it. What keeps it from being looked for is no fault.
 */
static aft_status look_after_commit(aft__tx *tx, aft_error *error) {
  aft_session *s = tx->session;
  aft__value *row;
  if (atomic_load_explicit(&s->store->proven, memory_order_relaxed) || !tx->proof.table ||
      tx->proof.column != AFT__COL_ID || tx->ops->begin(s->conn, false, NULL) < 0)
    return AFT_OK;
  aft_status status = tx->ops->get(s->conn, tx->proof.table, tx->proof.id, tx->arena, &row, NULL);
  tx->ops->rollback(s->conn);
  if (status == AFT_E_NOT_FOUND)
    return aft__error(error, AFT_E_DRIVER, tx->proof.table->name,
                      "the driver reported a commit, but the record that it brought is not there");
  if (status >= 0)
    atomic_store(&s->store->proven, true);
  return AFT_OK;
}

static aft_status run_plain(aft__tx *tx, aft__tx_fn fn, void *user, aft_status *fn_status, aft_error *error) {
  aft_session *s = tx->session;
  AFT__TRY(check_time(tx, error));
  AFT__TRY(aft__tx_saw(tx, aft__session_connect(s, error)));
  AFT__TRY(aft__tx_saw(tx, tx->ops->begin(s->conn, tx->write, error)));
  aft_status status = run_fn(tx, fn, user, error);
  *fn_status = status;
  if (status >= 0)
    status = check_time(tx, error);
  if (status >= 0)
    status = aft__tx_saw(tx, tx->ops->commit(s->conn, error));
  if (status >= 0 && tx->write)
    status = look_after_commit(tx, error);
  if (status < 0) {
    tx->ops->rollback(s->conn);
    return status;
  }
  return *fn_status;
}

static aft_status run_attached(aft__tx *tx, aft__tx_fn fn, void *user, aft_error *error) {
  aft_session *s = tx->session;
  AFT__TRY(check_time(tx, error));
  AFT__TRY(aft__tx_saw(tx, tx->ops->savepoint(s->conn, 0, error)));
  aft_status status = tx->write ? aft__node_check(tx, error) : AFT_OK;
  if (status >= 0)
    status = run_fn(tx, fn, user, error);
  if (status >= 0) {
    aft_status kept = aft__tx_saw(tx, tx->ops->release(s->conn, 0, error));
    if (kept >= 0)
      return status;
    status = kept;
  }
  if (tx->ops->rollback_to(s->conn, 0, NULL) < 0)
    return aft__error(error, AFT_E_RETRY, "transaction",
                      "the command failed (%s) and could not be undone alone: roll the host's transaction "
                      "back and run it again",
                      aft_status_text(status));
  if (tx->race && is_race(status))
    return aft__error(error, AFT_E_RETRY, "transaction",
                      "a race was lost: roll the host's transaction back and run it again");
  return status;
}

/* ---- many ---- */

/* Full jitter below a bound that doubles (Brooker, "Exponential Backoff And Jitter", 2015). */
static aft_status wait_a_while(aft_session *s, uint32_t attempt, int64_t deadline, aft_error *error) {
  const aft_env *env = s->store->env;
  int64_t most = attempt < 7 ? FIRST_PAUSE_NS << attempt : LONGEST_PAUSE_NS;
  if (most > LONGEST_PAUSE_NS)
    most = LONGEST_PAUSE_NS;
  s->random ^= s->random << 13;
  s->random ^= s->random >> 7;
  s->random ^= s->random << 17;
  int64_t pause = (int64_t)(s->random % (uint64_t)most);
  if (deadline != INT64_MAX && aft__mono(env) >= deadline - pause)
    return aft__error(error, AFT_E_DEADLINE, NULL, "the call's deadline passed after %u lost races",
                      attempt + 1);
  struct timespec span = {0, (long)pause};
  nanosleep(&span, NULL);
  if (atomic_load(&s->interrupted))
    return aft__error(error, AFT_E_INTERRUPTED, NULL, "the call was interrupted; it left nothing behind");
  return AFT_OK;
}

/* A row with this id and nothing else in it. */
static void blank_row(const aft__table *table, aft_id id, aft__value *row) {
  for (uint32_t i = 0; i < table->n_columns; i++) {
    const aft__column *column = &table->columns[i];
    row[i] = (aft__value){.type = column->required ? column->type : AFT_SQL_NULL, .data = ""};
  }
  row[AFT__COL_ID] = aft__int(id);
  row[AFT__COL_REV] = aft__int(1);
}

/* The lost connection may be alive on the server's side, with the commit still on its way. Whoever writes the
 * same row waits until that transaction is over: AFT_OK when it has not written the row, AFT_E_CONFLICT when
 * it has. */
static aft_status wait_out(aft_session *s, const aft__proof *proof, const aft__value *row, aft_error *error) {
  const aft__backend_ops *ops = s->store->backend->ops;
  aft__value blank[AFT__MOST_COLUMNS];
  if (row)
    return ops->update(s->conn, proof->table, row, 0, error);
  blank_row(proof->table, proof->id, blank);
  aft_status status = ops->insert(s->conn, proof->table, blank, NULL, error);
  return status == AFT_E_EXISTS ? AFT_E_CONFLICT : status;
}

/* Looks once for the record that proves the commit, in a transaction that leaves nothing. */
static aft_status look_for(aft_session *s, const aft__proof *proof, bool *found, aft_error *error) {
  const aft__backend_ops *ops = s->store->backend->ops;
  aft__value *row = NULL;
  AFT__TRY(aft__session_connect(s, error));
  AFT__TRY(ops->begin(s->conn, true, error));
  aft_status status = ops->get(s->conn, proof->table, proof->id, &s->arena, &row, error);
  *found = status == AFT_OK && row[proof->column].number == proof->value;
  if (status == AFT_E_NOT_FOUND || (status == AFT_OK && !*found))
    status = wait_out(s, proof, status == AFT_OK ? row : NULL, error);
  ops->rollback(s->conn);
  return status;
}

static uint64_t most_attempts(const aft_session *s) {
  uint64_t n = s->store->env->o.limits.retries;
  return n ? n : 1;
}

/* A lock that was waited for as long as the host asked is not waited for again. */
static bool waited_enough(const aft_session *s, int64_t began) {
  return aft__mono(s->store->env) - began >= (int64_t)s->store->busy_ms * NS_PER_MS;
}

/* After an unknown commit. AFT_E_CONFLICT: it did not happen, so that the command may run again. */
static aft_status resolve(aft__tx *tx, aft_status fn_status, aft_error *error) {
  aft_session *s = tx->session;
  bool found = false;
  aft_status status = AFT_E_UNKNOWN;
  int64_t began = aft__mono(s->store->env);
  if (!tx->written.n && !tx->anchors.n)
    return fn_status; /* there was nothing to commit */
  if (!tx->proof.table)
    return status;
  for (uint32_t i = 0; i < most_attempts(s); i++) {
    aft__session_cut(s);
    status = look_for(s, &tx->proof, &found, NULL);
    if (status >= 0 || !is_race(status) || (status == AFT_E_LOCKED && waited_enough(s, began)) ||
        wait_a_while(s, i, tx->deadline, NULL) < 0)
      break;
  }
  if (status < 0)
    return aft__error(
        error, AFT_E_UNKNOWN, NULL,
        "the connection broke during the commit, and it could not be found out whether it took place");
  return found ? fn_status : AFT_E_CONFLICT;
}

/* The lease of the node is looked at for the very time that the attempt makes ids of: a process that sleeps
 * in between makes none for a time at which the node may be another's. */
static aft_status time_of_attempt(aft_session *session, const aft__tx_options *options, bool bare,
                                  aft_time *now, aft_error *error) {
  *now = aft_env_now(session->store->env);
  if (bare || options->read || session->attached)
    return AFT_OK;
  return aft__node_keep(session, *now, error);
}

static aft_status run(aft_session *session, const aft__tx_options *options, aft__tx_fn fn, void *user,
                      bool bare, int64_t deadline, uint32_t *retries, aft_error *error) {
  aft__tx *outer = session->tx, tx;
  int64_t began = aft__mono(session->store->env);
  for (uint32_t attempt = 0;; attempt++) {
    aft_status fn_status = AFT_OK, status;
    aft_time now;
    *retries = attempt;
    AFT__TRY(time_of_attempt(session, options, bare, &now, error));
    reset(&tx, session, options, now, deadline, attempt);
    session->tx = &tx;
    status =
        session->attached ? run_attached(&tx, fn, user, error) : run_plain(&tx, fn, user, &fn_status, error);
    if (status == AFT_E_UNKNOWN && fn_status >= 0 && !session->attached) {
      status = resolve(&tx, fn_status, error);
      tx.race |= status == AFT_E_CONFLICT;
    }
    session->tx = outer;
    if ((status == AFT_E_LOST || status == AFT_E_UNKNOWN) && !session->attached)
      aft__session_cut(session);
    if (status >= 0 || session->attached || !tx.race || !is_race(status) ||
        attempt + 1 >= most_attempts(session))
      return status;
    if (status == AFT_E_LOCKED && waited_enough(session, began))
      return status;
    AFT__TRY(wait_a_while(session, attempt, deadline, error));
  }
}

static int64_t deadline_of(const aft_env *env, int64_t ms) {
  int64_t at;
  if (ms <= 0 || aft__mul_i64(ms, NS_PER_MS, &at) || aft__add_i64(aft__mono(env), at, &at))
    return INT64_MAX;
  return at;
}

/* The caller's error is written only when the call fails, not by an attempt that is repaired later. */
static aft_status run_quietly(aft_session *session, const aft__tx_options *options, aft__tx_fn fn, void *user,
                              bool bare, aft_error *error) {
  aft_env *env = session->store->env;
  aft_error local = AFT_ERROR_INIT;
  uint32_t retries = 0;
  int64_t began = aft__mono(env), deadline = deadline_of(env, options->deadline_ms);
  aft_status status = AFT_OK;
  if (!options->read && session->store->flags & AFT_STORE_READ_ONLY)
    status = aft__error(&local, AFT_E_READ_ONLY, "store", "the store was opened with AFT_STORE_READ_ONLY");
  if (status >= 0)
    status = run(session, options, fn, user, bare, deadline, &retries, &local);
  if (!session->tx)
    aft__arena_reset(&session->arena);
  if (!bare)
    aft__trace(env, options->name, began, status, retries);
  if (status >= 0)
    return status;
  local.code = status;
  return aft__error_pass(error, &local);
}

aft_status aft__tx_run_bare(aft_session *session, const aft__tx_options *options, aft__tx_fn fn, void *user,
                            aft_error *error) {
  return run_quietly(session, options, fn, user, true, error);
}

aft_status aft__tx_run(aft_session *session, const aft__tx_options *options, aft__tx_fn fn, void *user,
                       aft_error *error) {
  AFT__TRY(aft__session_enter(session, error));
  aft_status status = run_quietly(session, options, fn, user, false, error);
  aft__session_leave(session);
  return status;
}

aft_status aft__tx_repeat(aft_session *session, const aft__tx_options *options, aft__tx_fn fn, void *user,
                          aft_error *error) {
  aft_error own = AFT_ERROR_INIT;
  aft_status status = AFT_E_UNKNOWN;
  for (int i = 0; i < MOST_REPEATS && status == AFT_E_UNKNOWN; i++)
    status = aft__tx_run(session, options, fn, user, &own);
  return status < 0 ? aft__error_pass(error, &own) : status;
}
