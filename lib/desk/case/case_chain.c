/* The cases that one matter has come to: what was filed first, what disputes it and what follows from it. */
#include "desk/case/case_priv.h"

#define DEEPEST 32u

bool aft__chain_has(const aft__case_chain *chain, aft_id id) {
  for (uint32_t i = 0; i < chain->n; i++)
    if (chain->ids[i] == id)
      return true;
  return false;
}

static void add(aft__case_chain *chain, aft_id id) {
  if (chain->n < AFT__MOST_CHAIN && !aft__chain_has(chain, id))
    chain->ids[chain->n++] = id;
}

static aft_status first_of(aft__cmd *cmd, aft_id id, aft_id *out, aft_error *error) {
  aft__value *row;
  *out = id;
  for (uint32_t i = 0; id && i < DEEPEST; i++) {
    aft_status status = aft__get(cmd->tx, &aft__case_table, id, &row, error);
    if (status == AFT_E_NOT_FOUND)
      return AFT_OK; /* retention has removed it */
    AFT__TRY(status);
    *out = id;
    id = aft__row_int(row, AFT__CASE_PARENT);
  }
  return AFT_OK;
}

aft_status aft__case_chain_of(aft__cmd *cmd, aft_id id, aft__case_chain *out, aft_error *error) {
  aft_id first;
  *out = (aft__case_chain){{0}, 0};
  add(out, id);
  AFT__TRY(first_of(cmd, id, &first, error));
  add(out, first);
  for (uint32_t at = 0; at < out->n; at++) {
    aft__value **rows;
    uint32_t n;
    aft__scan scan = {.table = &aft__case_table,
                      .index = AFT__CASE_BY_PARENT,
                      .n_equal = 2,
                      .equal = {aft__int(cmd->call.tenant), aft__int(out->ids[at])},
                      .limit = AFT__MOST_CHAIN};
    AFT__TRY(aft__scan_all(cmd->tx, &scan, &rows, &n, error));
    for (uint32_t i = 0; i < n; i++)
      add(out, rows[i][AFT__CASE_ID].number);
  }
  return AFT_OK;
}
