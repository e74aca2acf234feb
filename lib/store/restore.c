/* A store that is put back from a copy: what the lost one may have done after the copy was made.
 *
 * It made ids, gave out feed numbers, and handed effects to workers, and nothing of it stands here. So ids
 * and feed numbers go on beyond what it can have reached, every lease ends, and effects that must not happen
 * twice wait for somebody to say what became of them. All in one transaction. */
#include "store/store_priv.h"

#define AHEAD_MS     (2 * AFT__MINUTE) /* how far the lost store's clock may have been before ours */
#define FEED_STEP    (INT64_C(1) << 30)
#define PAGE         256
#define MOST_LEASES  4096 /* nodes, and the few with names */
#define MASK(column) (UINT64_C(1) << (column))

/* ---- ids and leases ---- */

static aft_status furthest(void *user, const aft__value *row, aft_error *error) {
  int64_t *most = user;
  (void)error;
  if (row[AFT__LE_LAST].type == AFT_SQL_INT && row[AFT__LE_LAST].number > *most)
    *most = row[AFT__LE_LAST].number;
  return AFT_OK;
}

/* Every node that may be taken later goes on behind this tick, and so does the generator of this store. */
static aft_status choose_tick(aft__tx *tx, int64_t *tick, aft_error *error) {
  aft__scan scan = {.table = &aft__lease_table, .index = AFT__BY_ID};
  aft_time ahead;
  int64_t most = 0;
  if (aft__add_i64(aft__tx_now(tx), AHEAD_MS, &ahead))
    ahead = INT64_MAX;
  AFT__TRY(aft__scan_each(tx, &scan, furthest, &most, error));
  int64_t clock = aft__node_tick_at(ahead);
  *tick = most > clock ? most : clock;
  return AFT_OK;
}

static aft_status end_lease(aft__tx *tx, aft__value *row, int64_t tick, aft_error *error) {
  bool own = aft__str_eq(aft__value_str(&row[AFT__LE_OWNER]), aft__store_owner(tx->session->store));
  if (row[AFT__LE_LAST].type == AFT_SQL_INT)
    row[AFT__LE_LAST] = aft__int(tick);
  if (!own) {
    row[AFT__LE_OWNER] = aft__text(aft__cstr("restored"));
    row[AFT__LE_FENCE].number++;
    row[AFT__LE_UNTIL] = aft__int(0);
  }
  uint64_t mask = MASK(AFT__LE_OWNER) | MASK(AFT__LE_FENCE) | MASK(AFT__LE_UNTIL) | MASK(AFT__LE_LAST);
  return aft__update(tx, &aft__lease_table, row, mask, error);
}

/* Nodes that the copy does not know may have been taken by the lost store too: a row is made for each. */
static aft_status end_leases(aft__tx *tx, int64_t tick, aft_error *error) {
  aft__scan scan = {.table = &aft__lease_table, .index = AFT__BY_ID, .limit = MOST_LEASES};
  aft__value **rows;
  uint32_t n;
  AFT__TRY(aft__scan_all(tx, &scan, &rows, &n, error));
  for (uint32_t i = 0; i < n; i++)
    AFT__TRY(end_lease(tx, rows[i], tick, error));
  return aft__node_rows(tx, tick, error);
}

/* ---- effects ---- */

/* What becomes of an open row. A row that may not be repeated gets a fence, with which its outcome is
 * settled. */
static aft_status look_at_effect(aft__tx *tx, aft__value *row, aft_error *error) {
  int64_t state = row[AFT__OB_STATE].number;
  bool again = row[AFT__OB_REDELIVERY].number == AFT__OUT_AUTO;
  if (again && state != AFT__OUT_LEASED)
    return AFT_OK;
  if (again) {
    row[AFT__OB_STATE] = aft__int(AFT__OUT_READY);
    row[AFT__OB_AT] = aft__int(aft__tx_now(tx));
  } else {
    if (state != AFT__OUT_QUEUED)
      row[AFT__OB_STATE] = aft__int(AFT__OUT_UNKNOWN);
    AFT__TRY(aft__outbox_doubt(tx, row, error));
  }
  uint64_t mask = MASK(AFT__OB_STATE) | MASK(AFT__OB_AT) | MASK(AFT__OB_FENCE);
  return aft__update(tx, &aft__outbox_table, row, mask, error);
}

static aft_status look_at_effects(aft__tx *tx, int64_t state, aft_error *error) {
  aft__scan scan = {.table = &aft__outbox_table,
                    .index = AFT__OB_BY_STATE,
                    .n_equal = 1,
                    .equal = {aft__int(state)},
                    .limit = PAGE};
  aft__value **rows;
  uint32_t n;
  do {
    AFT__TRY(aft__scan_all(tx, &scan, &rows, &n, error));
    if (!n)
      break;
    scan.after = true;
    scan.after_value = rows[n - 1][AFT__OB_AT];
    scan.after_id = rows[n - 1][AFT__OB_ID].number;
    for (uint32_t i = 0; i < n; i++)
      AFT__TRY(look_at_effect(tx, rows[i], error));
  } while (n == PAGE);
  return AFT_OK;
}

/* ---- the feed ---- */

/* A reader may remember a number that this store has not given. The event tells it that some were lost. */
static aft_status move_head(aft__tx *tx, aft__value *row, const aft__event *told, aft_error *error) {
  aft__event event = *told;
  event.tenant = event.subject = row[AFT__FH_TENANT].number;
  if (aft__add_i64(row[AFT__FH_LAST].number, FEED_STEP, &row[AFT__FH_LAST].number))
    return aft__error(error, AFT_E_INTERNAL, "feed", "the numbers of the feed are used up");
  AFT__TRY(aft__update(tx, &aft__feed_head_table, row, MASK(AFT__FH_LAST), error));
  return aft__event_next(tx, &event, error);
}

static aft_status move_heads(aft__tx *tx, const aft__event *told, aft_error *error) {
  aft__scan scan = {.table = &aft__feed_head_table, .index = AFT__BY_ID, .limit = PAGE};
  aft__value **rows;
  uint32_t n;
  do {
    AFT__TRY(aft__scan_all(tx, &scan, &rows, &n, error));
    if (!n)
      break;
    scan.after = true;
    scan.after_id = rows[n - 1][AFT__FH_ID].number;
    for (uint32_t i = 0; i < n; i++)
      AFT__TRY(move_head(tx, rows[i], told, error));
  } while (n == PAGE);
  return AFT_OK;
}

/* ---- all of it ---- */

static aft_status restore(aft__tx *tx, void *user, aft_error *error) {
  const aft__event *told = user;
  int64_t tick;
  AFT__TRY(choose_tick(tx, &tick, error));
  aft__node_raise(tx->session->store, tick);
  AFT__TRY(end_leases(tx, tick, error));
  AFT__TRY(look_at_effects(tx, AFT__OUT_LEASED, error));
  AFT__TRY(look_at_effects(tx, AFT__OUT_READY, error));
  AFT__TRY(look_at_effects(tx, AFT__OUT_QUEUED, error));
  AFT__TRY(move_heads(tx, told, error));
  return aft__meta_put(tx, AFT__META_RESTORED, aft__tx_now(tx), error);
}

aft_status aft__store_restored(aft_session *session, const aft__event *told, aft_error *error) {
  aft__tx_options options = {.name = "store_restored"};
  aft__event event = *told;
  return aft__tx_run(session, &options, restore, &event, error);
}
