/* The feed: numbers for events after their commit, 1, 2, 3 … within a tenant, so that a reader misses none.
 */
#include "store/store_priv.h"

#define LEASE_MS (30 * AFT__SECOND)
#define HEADS    64 /* tenants of one transaction; the events of others wait for the next */

typedef struct head {
  aft__value row[AFT__FH_COLUMNS];
  bool fresh;
} head;

typedef struct assign {
  uint32_t most;
  uint32_t n;
  head *heads;
  uint32_t n_heads;
} assign;

static aft__scan pending(uint32_t most) {
  return (aft__scan){.table = &aft__event_table,
                     .index = AFT__EV_PENDING,
                     .n_equal = 1,
                     .equal = {aft__int(0)},
                     .limit = most};
}

static aft_status load_head(aft__tx *tx, aft_id tenant, head *h, aft_error *error) {
  aft__value key = aft__int(tenant), *row;
  aft_status status = aft__find(tx, &aft__feed_head_table, AFT__FH_BY_TENANT, &key, &row, error);
  if (status == AFT_E_NOT_FOUND) {
    h->fresh = true;
    h->row[AFT__FH_ID] = aft__int(aft__tx_id(tx));
    h->row[AFT__FH_TENANT] = key;
    h->row[AFT__FH_LAST] = aft__int(0);
    return AFT_OK;
  }
  AFT__TRY(status);
  memcpy(h->row, row, sizeof h->row);
  return AFT_OK;
}

/* *out: NULL when there are as many as fit. */
static aft_status head_of(aft__tx *tx, assign *a, aft_id tenant, head **out, aft_error *error) {
  *out = NULL;
  for (uint32_t i = 0; i < a->n_heads && !*out; i++)
    if (a->heads[i].row[AFT__FH_TENANT].number == tenant)
      *out = &a->heads[i];
  if (*out || a->n_heads == HEADS)
    return AFT_OK;
  AFT__TRY(load_head(tx, tenant, &a->heads[a->n_heads], error));
  *out = &a->heads[a->n_heads++];
  return AFT_OK;
}

static aft_status store_heads(aft__tx *tx, assign *a, aft_error *error) {
  for (uint32_t i = 0; i < a->n_heads; i++) {
    head *h = &a->heads[i];
    if (!h->fresh) {
      AFT__TRY(aft__update(tx, &aft__feed_head_table, h->row, UINT64_C(1) << AFT__FH_LAST, error));
      continue;
    }
    aft_status status = aft__insert(tx, &aft__feed_head_table, h->row, NULL, error);
    if (status == AFT_E_EXISTS)
      return aft__tx_race(tx, "feed", error);
    AFT__TRY(status);
  }
  return AFT_OK;
}

static aft_status assign_some(aft__tx *tx, void *user, aft_error *error) {
  assign *a = user;
  aft__value **rows;
  uint32_t n;
  aft__scan scan = pending(a->most);
  a->n = a->n_heads = 0;
  a->heads = aft__arena_alloc(tx->arena, HEADS * sizeof *a->heads);
  if (!a->heads)
    return aft__nomem(error);
  AFT__TRY(aft__lease_hold(tx, aft__cstr("feed"), aft__store_owner(tx->session->store), LEASE_MS, error));
  AFT__TRY(aft__scan_all(tx, &scan, &rows, &n, error));
  for (uint32_t i = 0; i < n; i++) {
    head *h;
    AFT__TRY(head_of(tx, a, rows[i][AFT__EV_TENANT].number, &h, error));
    if (!h)
      continue;
    h->row[AFT__FH_LAST].number++;
    rows[i][AFT__EV_FEED] = h->row[AFT__FH_LAST];
    AFT__TRY(aft__update(tx, &aft__event_table, rows[i], UINT64_C(1) << AFT__EV_FEED, error));
    a->n++;
  }
  return store_heads(tx, a, error);
}

static aft_status see_one(void *user, const aft__value *row, aft_error *error) {
  (void)row, (void)error;
  *(bool *)user = true;
  return AFT_DONE;
}

static aft_status look(aft__tx *tx, void *user, aft_error *error) {
  aft__scan scan = pending(1);
  *(bool *)user = false;
  return aft__scan_each(tx, &scan, see_one, user, error);
}

aft_status aft__feed_assign(aft_session *session, uint32_t most, uint32_t *n, aft_error *error) {
  aft__tx_options reading = {.name = "feed_look", .read = true}, writing = {.name = "feed"};
  assign a = {.most = most};
  bool any = false;
  AFT__TRY(aft__session_enter(session, error));
  aft_status status = most ? aft__tx_run(session, &reading, look, &any, error) : AFT_OK;
  /* Numbers that a lost answer had given are given; the next run takes what is left. */
  if (status >= 0 && any)
    status = aft__tx_repeat(session, &writing, assign_some, &a, error);
  aft__session_leave(session);
  if (status < 0)
    return status;
  *n = a.n;
  return AFT_OK;
}
