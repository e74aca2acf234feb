/* Single numbers that the store remembers about itself: when the clock ran, when a copy was made. */
#include "store/store_priv.h"

static aft_status find(aft__tx *tx, const char *name, aft__value **row, aft_error *error) {
  aft__value key = aft__text(aft__cstr(name));
  return aft__find(tx, &aft__meta_table, AFT__ME_BY_NAME, &key, row, error);
}

aft_status aft__meta_get(aft__tx *tx, const char *name, bool *known, int64_t *number, aft_error *error) {
  aft__value *row;
  aft_status status = find(tx, name, &row, error);
  *known = status >= 0;
  if (status == AFT_E_NOT_FOUND)
    return AFT_OK;
  AFT__TRY(status);
  *number = row[AFT__ME_NUMBER].number;
  return AFT_OK;
}

aft_status aft__meta_put(aft__tx *tx, const char *name, int64_t number, aft_error *error) {
  aft__value *found;
  aft_status status = find(tx, name, &found, error);
  if (status >= 0) {
    found[AFT__ME_NUMBER] = aft__int(number);
    if (!tx->proof.table)
      aft__tx_proof_value(tx, &aft__meta_table, found[AFT__ME_ID].number, AFT__ME_NUMBER, number);
    return aft__update(tx, &aft__meta_table, found, UINT64_C(1) << AFT__ME_NUMBER, error);
  }
  if (status != AFT_E_NOT_FOUND)
    return status;
  aft__value row[AFT__ME_COLUMNS] = {
      [AFT__ME_ID] = aft__int(aft__tx_id(tx)),
      [AFT__ME_NAME] = aft__text(aft__cstr(name)),
      [AFT__ME_NUMBER] = aft__int(number),
  };
  if (!tx->proof.table)
    aft__tx_proof(tx, &aft__meta_table, row[AFT__ME_ID].number);
  status = aft__insert(tx, &aft__meta_table, row, NULL, error);
  return status == AFT_E_EXISTS ? aft__tx_race(tx, name, error) : status;
}
