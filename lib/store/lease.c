/* Leases with names: one owner at a time, each taking told from all before it by a greater fence. */
#include "store/store_priv.h"

#define MASK(column) (UINT64_C(1) << (column))

static aft_time end_of(const aft__tx *tx, int64_t ttl_ms) {
  aft_time end;
  return aft__add_i64(aft__tx_now(tx), ttl_ms, &end) ? INT64_MAX : end;
}

static aft_status find_lease(aft__tx *tx, aft_str name, aft__value **row, aft_error *error) {
  aft__value key = aft__text(name);
  return aft__find(tx, &aft__lease_table, AFT__LE_BY_NAME, &key, row, error);
}

static aft_status lost(aft_str name, aft_error *error) {
  return aft__error(error, AFT_E_LEASE_LOST, "lease", "the lease '%.*s' belongs to another owner",
                    (int)(name.len < 64 ? name.len : 64), name.data);
}

static bool is_owner(const aft__value *row, aft_str owner) {
  return aft__str_eq(aft__value_str(&row[AFT__LE_OWNER]), owner);
}

static aft_status first(aft__tx *tx, aft_str name, aft_str owner, int64_t ttl_ms, aft_error *error) {
  aft__value row[AFT__LE_COLUMNS] = {
      [AFT__LE_ID] = aft__int(aft__tx_id(tx)),
      [AFT__LE_NAME] = aft__text(name),
      [AFT__LE_OWNER] = aft__text(owner),
      [AFT__LE_FENCE] = aft__int(1),
      [AFT__LE_UNTIL] = aft__int(end_of(tx, ttl_ms)),
  };
  aft_status status = aft__insert(tx, &aft__lease_table, row, NULL, error);
  if (status == AFT_E_EXISTS)
    return aft__tx_race(tx, "lease", error);
  if (status >= 0 && !tx->proof.table)
    aft__tx_proof(tx, &aft__lease_table, row[AFT__LE_ID].number);
  return status;
}

static aft_status extend(aft__tx *tx, aft__value *row, aft_str owner, int64_t ttl_ms, aft_error *error) {
  row[AFT__LE_OWNER] = aft__text(owner);
  row[AFT__LE_UNTIL] = aft__int(end_of(tx, ttl_ms));
  uint64_t mask = MASK(AFT__LE_OWNER) | MASK(AFT__LE_FENCE) | MASK(AFT__LE_UNTIL);
  return aft__update(tx, &aft__lease_table, row, mask, error);
}

aft_status aft__lease_take(aft__tx *tx, aft_str name, aft_str owner, int64_t ttl_ms, int64_t *fence,
                           aft_error *error) {
  aft__value *row;
  aft_status status = find_lease(tx, name, &row, error);
  if (status == AFT_E_NOT_FOUND) {
    AFT__TRY(first(tx, name, owner, ttl_ms, error));
    *fence = 1;
    return AFT_OK;
  }
  AFT__TRY(status);
  if (!is_owner(row, owner) && row[AFT__LE_UNTIL].number > aft__tx_now(tx))
    return lost(name, error);
  row[AFT__LE_FENCE].number++;
  AFT__TRY(extend(tx, row, owner, ttl_ms, error));
  *fence = row[AFT__LE_FENCE].number;
  return AFT_OK;
}

static aft_status find_own(aft__tx *tx, aft_str name, aft_str owner, int64_t fence, aft__value **row,
                           aft_error *error) {
  aft_status status = find_lease(tx, name, row, error);
  if (status == AFT_E_NOT_FOUND)
    return lost(name, error);
  AFT__TRY(status);
  if (!is_owner(*row, owner) || (*row)[AFT__LE_FENCE].number != fence)
    return lost(name, error);
  return AFT_OK;
}

aft_status aft__lease_renew(aft__tx *tx, aft_str name, aft_str owner, int64_t fence, int64_t ttl_ms,
                            aft_error *error) {
  aft__value *row;
  AFT__TRY(find_own(tx, name, owner, fence, &row, error));
  return extend(tx, row, owner, ttl_ms, error);
}

aft_status aft__lease_release(aft__tx *tx, aft_str name, aft_str owner, int64_t fence, aft_error *error) {
  aft__value *row;
  AFT__TRY(find_own(tx, name, owner, fence, &row, error));
  row[AFT__LE_UNTIL] = aft__int(0);
  return aft__update(tx, &aft__lease_table, row, MASK(AFT__LE_UNTIL), error);
}

/* An end so far away was not set by this clock: it has stepped back since, and the owner may be dead. One
 * more ttl is left for clocks that differ. */
static bool too_far(int64_t left, int64_t ttl_ms) { return left > ttl_ms && left - ttl_ms > ttl_ms; }

aft_status aft__lease_hold(aft__tx *tx, aft_str name, aft_str owner, int64_t ttl_ms, aft_error *error) {
  aft__value *row;
  aft_status status = find_lease(tx, name, &row, error);
  if (status == AFT_E_NOT_FOUND)
    return first(tx, name, owner, ttl_ms, error);
  AFT__TRY(status);
  int64_t left = row[AFT__LE_UNTIL].number - aft__tx_now(tx);
  if (is_owner(row, owner)) {
    if (left > ttl_ms / 2 && left <= ttl_ms)
      return AFT_OK;
    return extend(tx, row, owner, ttl_ms, error);
  }
  if (left > 0 && !too_far(left, ttl_ms))
    return lost(name, error);
  row[AFT__LE_FENCE].number++;
  return extend(tx, row, owner, ttl_ms, error);
}
