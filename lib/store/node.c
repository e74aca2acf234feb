/* The node of the id generator: one of 1024 leases, so that no two stores that are open make the same id. */
#include <stdio.h>

#include "store/store_priv.h"

#define NODES        1024
#define MOST_TRIES   8
#define TTL_MS       AFT__DAY
#define RENEW_MS     (TTL_MS / 4)
#define MASK(column) (UINT64_C(1) << (column))

/* Of a generator's state: time and sequence above, its node below. */
#define NODE_BITS     10
#define SEQUENCE_BITS 12
#define TICK_END      (INT64_C(1) << 53)

int32_t aft__node_of(aft_store *store) { return (int32_t)(atomic_load(&store->ids.state) % NODES); }
static int64_t tick_of(aft_store *store) { return atomic_load(&store->ids.state) >> NODE_BITS; }

/* The new owner of a node goes on after the ids that the one before has made. */
static void raise_tick(aft__idgen *ids, int64_t least) {
  int64_t state = atomic_load(&ids->state);
  if (least < 0 || least >= TICK_END)
    return;
  while (state >> NODE_BITS < least &&
         !atomic_compare_exchange_weak(&ids->state, &state, least << NODE_BITS | state % NODES))
    ;
}

/* The row of node n has the id n + 1: no generator is needed for it, and such ids belong to no time. */
static aft_id row_of(int32_t node) { return (aft_id)node + 1; }

typedef struct node_state {
  int32_t node;
  int64_t fence, last;
  aft_time until;
} node_state;

/* ---- what restoring asks for ---- */

int64_t aft__node_tick_at(aft_time at) { return aft__id_first_at(at) >> NODE_BITS; }
void aft__node_raise(aft_store *store, int64_t tick) { raise_tick(&store->ids, tick); }

static aft_status give_row(aft__tx *tx, int32_t node, int64_t tick, aft_error *error) {
  aft__value *found;
  char name[24];
  aft_status status = aft__get(tx, &aft__lease_table, row_of(node), &found, error);
  if (status != AFT_E_NOT_FOUND)
    return status;
  snprintf(name, sizeof name, "node/%d", (int)node);
  aft__value row[AFT__LE_COLUMNS] = {
      [AFT__LE_ID] = aft__int(row_of(node)),
      [AFT__LE_NAME] = aft__text(aft__cstr(name)),
      [AFT__LE_OWNER] = aft__text(aft__cstr("restored")),
      [AFT__LE_FENCE] = aft__int(1),
      [AFT__LE_UNTIL] = aft__int(0),
      [AFT__LE_LAST] = aft__int(tick),
  };
  status = aft__insert(tx, &aft__lease_table, row, NULL, error);
  return status == AFT_E_EXISTS ? aft__tx_race(tx, "node", error) : status;
}

aft_status aft__node_rows(aft__tx *tx, int64_t tick, aft_error *error) {
  for (int32_t node = 0; node < NODES; node++)
    AFT__TRY(give_row(tx, node, tick, error));
  return AFT_OK;
}

/* ---- choosing ---- */

typedef struct choice {
  const aft__tx *tx;
  aft_time until[NODES]; /* 0 for a node without a row or given back */
  bool known[NODES];
} choice;

static aft_status see_row(void *user, const aft__value *row, aft_error *error) {
  choice *c = user;
  int64_t node = row[AFT__COL_ID].number - 1;
  (void)error;
  if (node >= 0 && node < NODES) {
    c->known[node] = true;
    c->until[node] = row[AFT__LE_UNTIL].number;
  }
  return AFT_OK;
}

/* From a random start the first that is free; when none is, the one that was renewed the longest ago: more
 * than 1024 stores died within a day, and a second owner's ids would meet the rows' unique ids. */
static int32_t choose(const choice *c, uint32_t start) {
  int32_t best = (int32_t)start;
  for (uint32_t i = 0; i < NODES; i++) {
    int32_t node = (int32_t)((start + i) % NODES);
    if (c->until[node] <= aft__tx_now(c->tx))
      return node;
    if (c->until[node] < c->until[best])
      best = node;
  }
  return best;
}

static aft_status insert_row(aft__tx *tx, node_state *state, aft_error *error) {
  char name[24];
  snprintf(name, sizeof name, "node/%d", (int)state->node);
  aft__value row[AFT__LE_COLUMNS] = {
      [AFT__LE_ID] = aft__int(row_of(state->node)),
      [AFT__LE_NAME] = aft__text(aft__cstr(name)),
      [AFT__LE_OWNER] = aft__text(aft__store_owner(tx->session->store)),
      [AFT__LE_FENCE] = aft__int(1),
      [AFT__LE_UNTIL] = aft__int(state->until),
      [AFT__LE_LAST] = aft__int(0),
  };
  aft_status status = aft__insert(tx, &aft__lease_table, row, NULL, error);
  state->fence = 1;
  state->last = 0;
  return status == AFT_E_EXISTS ? aft__tx_race(tx, "node", error) : status;
}

static aft_status write_row(aft__tx *tx, aft__value *row, node_state *state, aft_error *error) {
  row[AFT__LE_OWNER] = aft__text(aft__store_owner(tx->session->store));
  row[AFT__LE_FENCE] = aft__int(state->fence);
  row[AFT__LE_UNTIL] = aft__int(state->until);
  row[AFT__LE_LAST] = aft__int(state->last);
  uint64_t mask = MASK(AFT__LE_OWNER) | MASK(AFT__LE_FENCE) | MASK(AFT__LE_UNTIL) | MASK(AFT__LE_LAST);
  return aft__update(tx, &aft__lease_table, row, mask, error);
}

static aft_status take(aft__tx *tx, node_state *state, aft_error *error) {
  uint32_t start;
  choice *c = aft__arena_alloc(tx->arena, sizeof *c);
  if (!c)
    return aft__nomem(error);
  c->tx = tx;
  AFT__TRY(aft__random(tx->session->store->env, &start, sizeof start, error));
  aft__value low = aft__int(1), high = aft__int(NODES), *row;
  aft__scan scan = {.table = &aft__lease_table, .index = AFT__BY_ID, .low = &low, .high = &high};
  AFT__TRY(aft__scan_each(tx, &scan, see_row, c, error));
  state->node = choose(c, start % NODES);
  state->until = aft__tx_now(tx) + TTL_MS;
  if (!c->known[state->node])
    return insert_row(tx, state, error);
  AFT__TRY(aft__get(tx, &aft__lease_table, row_of(state->node), &row, error));
  state->fence = row[AFT__LE_FENCE].number + 1;
  state->last = row[AFT__LE_LAST].number;
  return write_row(tx, row, state, error);
}

/* ---- keeping ---- */

/* AFT_E_LEASE_LOST when somebody else has the node. Past its end it is still ours while nobody took it. */
static aft_status renew(aft__tx *tx, node_state *state, aft_error *error) {
  aft__value *row;
  aft_store *store = tx->session->store;
  aft_status status = aft__get(tx, &aft__lease_table, row_of(state->node), &row, error);
  if (status == AFT_E_NOT_FOUND ||
      (status >= 0 && (!aft__str_eq(aft__value_str(&row[AFT__LE_OWNER]), aft__store_owner(store)) ||
                       row[AFT__LE_FENCE].number != state->fence)))
    return aft__error(
        error, AFT_E_LEASE_LOST, "node",
        "the store's node %d passed to another process; run the command in a session of its own",
        (int)state->node);
  AFT__TRY(status);
  state->last = tick_of(store);
  return write_row(tx, row, state, error);
}

static node_state current(aft_store *store) {
  return (node_state){.node = aft__node_of(store), .fence = store->node_fence};
}

static aft_status keep_or_take(aft__tx *tx, void *user, aft_error *error) {
  node_state *state = user;
  *state = current(tx->session->store);
  state->until = aft__tx_now(tx) + TTL_MS;
  if (!state->fence)
    return take(tx, state, error);
  aft_status status = renew(tx, state, error);
  return status == AFT_E_LEASE_LOST ? take(tx, state, error) : status;
}

/* The first tick of the generator at a moment. */
static int64_t tick_at(aft_time at) {
  return aft__id_first_at(at) >> (NODE_BITS + SEQUENCE_BITS) << SEQUENCE_BITS;
}

/* What was kept of the owner before may be old, but it made no id for a time after its lease. So the new one
 * goes on after the moment of taking too, whatever its clock does then. */
static void adopt(aft_store *store, const node_state *state) {
  raise_tick(&store->ids, state->last);
  raise_tick(&store->ids, tick_at(state->until - TTL_MS));
  aft__idgen_set_node(&store->ids, state->node);
  store->node_fence = state->fence;
  atomic_store(&store->node_renew, state->until - TTL_MS + RENEW_MS);
  atomic_store(&store->node_until, state->until);
}

/* With the node mutex. */
static aft_status refresh(aft_session *session, aft_error *error) {
  aft__tx_options options = {.name = "node"};
  node_state state;
  aft_status status = AFT_E_UNKNOWN;
  for (int i = 0; i < MOST_TRIES && status == AFT_E_UNKNOWN; i++) /* doing it twice is as good as once */
    status = aft__tx_run_bare(session, &options, keep_or_take, &state, error);
  if (status >= 0)
    adopt(session->store, &state);
  return status;
}

aft_status aft__node_take(aft_session *session, aft_error *error) {
  AFT__TRY(aft__session_enter(session, error));
  pthread_mutex_lock(&session->store->node_mutex);
  aft_status status = refresh(session, error);
  pthread_mutex_unlock(&session->store->node_mutex);
  aft__session_leave(session);
  return status;
}

aft_status aft__node_keep(aft_session *session, aft_time now, aft_error *error) {
  aft_store *store = session->store;
  if (now < atomic_load(&store->node_renew))
    return AFT_OK;
  bool must = now >= atomic_load(&store->node_until);
  if (must)
    pthread_mutex_lock(&store->node_mutex);
  else if (pthread_mutex_trylock(&store->node_mutex))
    return AFT_OK; /* another session is at it */
  aft_status status = AFT_OK;
  if (now >= atomic_load(&store->node_renew))
    status = refresh(session, must ? error : NULL);
  pthread_mutex_unlock(&store->node_mutex);
  return must ? status : AFT_OK;
}

/* The renewal belongs to the host's transaction, so the store remembers nothing of it. */
aft_status aft__node_check(aft__tx *tx, aft_error *error) {
  aft_store *store = tx->session->store;
  if (tx->now < atomic_load(&store->node_until))
    return AFT_OK;
  pthread_mutex_lock(&store->node_mutex);
  node_state state = current(store);
  pthread_mutex_unlock(&store->node_mutex);
  state.until = tx->now + TTL_MS;
  return renew(tx, &state, error);
}

static aft_status give_back(aft__tx *tx, void *user, aft_error *error) {
  node_state *state = user;
  *state = current(tx->session->store);
  state->until = 0;
  return renew(tx, state, error);
}

void aft__node_release(aft_session *session) {
  aft__tx_options options = {.name = "node"};
  node_state state;
  if (aft__session_enter(session, NULL) < 0)
    return;
  aft__tx_run_bare(session, &options, give_back, &state, NULL);
  aft__session_leave(session);
}
