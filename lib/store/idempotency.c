/* Outcomes of commands by their caller's key, so that a command sent twice is carried out once. */
#include "store/store_priv.h"

static void keys_of(const aft__idem *idem, aft__value keys[5]) {
  keys[0] = aft__int(idem->tenant);
  keys[1] = aft__int(idem->role);
  keys[2] = aft__int(idem->actor);
  keys[3] = aft__text(idem->verb);
  keys[4] = aft__text(idem->key);
}

aft_status aft__idem_find(aft__tx *tx, const aft__idem *idem, aft__idem_outcome *out, aft_error *error) {
  aft__value keys[5], *row;
  keys_of(idem, keys);
  aft_status status = aft__find(tx, &aft__idem_table, AFT__ID_BY_KEY, keys, &row, error);
  if (status == AFT_E_NOT_FOUND)
    return AFT_OK;
  AFT__TRY(status);
  const aft__value *digest = &row[AFT__ID_DIGEST];
  if (digest->size != sizeof idem->digest || memcmp(digest->data, idem->digest, sizeof idem->digest))
    return aft__error(error, AFT_E_KEY_REUSED, "key",
                      "the key was used before for the same command with another content");
  out->status = (aft_status)row[AFT__ID_STATUS].number;
  for (int i = 0; i < AFT__MOST_OUTCOMES; i++)
    out->ids[i] = row[AFT__ID_FIRST + i].number;
  return AFT_REPLAYED;
}

aft_status aft__idem_save(aft__tx *tx, const aft__idem *idem, const aft__idem_outcome *outcome,
                          aft_error *error) {
  aft__value keys[5], row[AFT__ID_COLUMNS] = {{0}};
  keys_of(idem, keys);
  row[AFT__ID_ID] = aft__int(aft__tx_id(tx));
  memcpy(&row[AFT__ID_TENANT], keys, sizeof keys);
  row[AFT__ID_DIGEST] = aft__blob(idem->digest, sizeof idem->digest);
  row[AFT__ID_STATUS] = aft__int(outcome->status);
  for (int i = 0; i < AFT__MOST_OUTCOMES; i++)
    row[AFT__ID_FIRST + i] = aft__int(outcome->ids[i]);
  aft_status status = aft__insert(tx, &aft__idem_table, row, NULL, error);
  if (status == AFT_E_EXISTS)
    return aft__tx_race(tx, "key", error);
  if (status >= 0 && !tx->proof.table)
    aft__tx_proof(tx, &aft__idem_table, row[AFT__ID_ID].number);
  return status;
}

aft_status aft__idem_prune(aft__tx *tx, aft_id tenant, aft_time before, uint32_t most, uint32_t *n,
                           aft_error *error) {
  aft__prune prune = {.table = &aft__idem_table,
                      .index = AFT__ID_BY_TENANT,
                      .tenant = tenant,
                      .before = before,
                      .most = most};
  return aft__prune_rows(tx, &prune, n, error);
}
