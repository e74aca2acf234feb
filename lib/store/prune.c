/* Removing the oldest rows of a tenant. Ids are ordered by time, so an index of the tenant alone has them
 * first. */
#include "store/store_priv.h"

#define PAGE 64

/* *more: all of the page was gone through. */
static aft_status remove_page(aft__tx *tx, const aft__prune *prune, aft__value **rows, uint32_t count,
                              aft_id end, uint32_t *n, bool *more, aft_error *error) {
  *more = true;
  for (uint32_t i = 0; i < count; i++) {
    *more = rows[i][AFT__COL_ID].number < end && *n < prune->most;
    if (!*more)
      break;
    bool stays = false;
    if (prune->keeps)
      AFT__TRY(prune->keeps(prune->user, rows[i], &stays, error));
    if (stays)
      continue;
    if (prune->empties)
      AFT__TRY(prune->empties(tx, rows[i], error));
    AFT__TRY(aft__remove(tx, prune->table, rows[i][AFT__COL_ID].number, rows[i][AFT__COL_REV].number, error));
    ++*n;
  }
  return AFT_OK;
}

aft_status aft__prune_rows(aft__tx *tx, const aft__prune *prune, uint32_t *n, aft_error *error) {
  aft__scan scan = {.table = prune->table,
                    .index = prune->index,
                    .n_equal = 1,
                    .equal = {aft__int(prune->tenant)},
                    .limit = PAGE};
  aft_id end = aft__id_first_at(prune->before);
  aft__value **rows;
  uint32_t count;
  bool more = prune->most > 0;
  *n = 0;
  while (more) {
    AFT__TRY(aft__scan_all(tx, &scan, &rows, &count, error));
    if (!count)
      break;
    scan.after = true;
    scan.after_id = rows[count - 1][AFT__COL_ID].number;
    AFT__TRY(remove_page(tx, prune, rows, count, end, n, &more, error));
    more &= count == PAGE;
  }
  return AFT_OK;
}
