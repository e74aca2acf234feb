/* Single records and scans for services: what every backend needs checked before, and remembered after. */
#include "store/store_priv.h"

static aft__conn *conn_of(const aft__tx *tx) { return tx->session->conn; }

/* ---- rows ---- */

static aft_status check_value(const aft__table *table, uint32_t i, const aft__value *v, aft_error *error) {
  const aft__column *column = &table->columns[i];
  if (v->type == AFT_SQL_NULL) {
    if (!column->required)
      return AFT_OK;
    return aft__error(error, AFT_E_INTERNAL, table->name, "column %s needs a value", column->name);
  }
  if (v->type == column->type)
    return AFT_OK;
  return aft__error(error, AFT_E_INTERNAL, table->name, "column %s is of type %u, found %u", column->name,
                    column->type, v->type);
}

static aft_status check_row(const aft__table *table, const aft__value *row, uint64_t mask, aft_error *error) {
  if (row[AFT__COL_ID].type != AFT_SQL_INT || row[AFT__COL_ID].number <= 0)
    return aft__error(error, AFT_E_INTERNAL, table->name, "the row has no id");
  for (uint32_t i = AFT__COL_REV + 1; i < table->n_columns; i++)
    if (mask >> i & 1)
      AFT__TRY(check_value(table, i, &row[i], error));
  return AFT_OK;
}

/* The generator's ids hold a time and are larger than fixed ones. */
#define LEAST_GENERATED INT64_C(0x100000000)

/* Whether no two rows that were made apart are equal: by a generated id, or by a lease's owner and fence. */
static bool made_once(const aft__table *table, aft_id id) {
  return id >= LEAST_GENERATED || table == &aft__lease_table;
}

/* If the row that stands under it is the new one itself, the driver
 * inserted it and reported that it did not; nothing may be built on that. */
static aft_status check_not_inserted(aft__tx *tx, const aft__table *table, const aft__value *row,
                                     aft_error *error) {
  aft__value *found;
  AFT__TRY(
      aft__tx_saw(tx, tx->ops->get(conn_of(tx), table, row[AFT__COL_ID].number, tx->arena, &found, error)));
  for (uint32_t i = 0; i < table->n_columns; i++)
    if (aft__value_cmp(&found[i], &row[i]) != 0)
      return AFT_OK;
  tx->doomed = AFT_E_DRIVER;
  return aft__error(error, AFT_E_DRIVER, table->name,
                    "the driver reported that an insert changed nothing, but its row is there");
}

aft_status aft__insert(aft__tx *tx, const aft__table *table, aft__value *row, aft__existing *existing,
                       aft_error *error) {
  AFT__TRY(aft__tx_check(tx, true, error));
  row[AFT__COL_REV] = aft__int(1);
  AFT__TRY(check_row(table, row, UINT64_MAX, error));
  aft__existing found = {0};
  aft_status status = aft__tx_saw(tx, tx->ops->insert(conn_of(tx), table, row, &found, error));
  if (status == AFT_E_EXISTS && found.index == AFT__BY_ID && made_once(table, found.id))
    AFT__TRY(check_not_inserted(tx, table, row, error));
  if (status == AFT_E_EXISTS && existing)
    *existing = found;
  AFT__TRY(status);
  return aft__tx_wrote(tx, table, row[AFT__COL_ID].number, error);
}

aft_status aft__update(aft__tx *tx, const aft__table *table, aft__value *row, uint64_t mask,
                       aft_error *error) {
  AFT__TRY(aft__tx_check(tx, true, error));
  mask &= ~(UINT64_C(1) << AFT__COL_ID | UINT64_C(1) << AFT__COL_REV);
  AFT__TRY(check_row(table, row, mask, error));
  AFT__TRY(aft__tx_saw(tx, tx->ops->update(conn_of(tx), table, row, mask, error)));
  row[AFT__COL_REV].number++;
  return aft__tx_wrote(tx, table, row[AFT__COL_ID].number, error);
}

aft_status aft__remove(aft__tx *tx, const aft__table *table, aft_id id, int64_t rev, aft_error *error) {
  AFT__TRY(aft__tx_check(tx, true, error));
  AFT__TRY(aft__tx_saw(tx, tx->ops->remove(conn_of(tx), table, id, rev, error)));
  return aft__tx_wrote(tx, table, id, error);
}

aft_status aft__get(aft__tx *tx, const aft__table *table, aft_id id, aft__value **row, aft_error *error) {
  AFT__TRY(aft__tx_check(tx, false, error));
  return aft__tx_saw(tx, tx->ops->get(conn_of(tx), table, id, tx->arena, row, error));
}

/* ---- scans ---- */

static aft_status check_scan(const aft__scan *scan, aft_error *error) {
  uint32_t columns = 1;
  bool ranged = scan->low || scan->high;
  if (scan->index != AFT__BY_ID) {
    if (scan->index >= scan->table->n_indexes)
      return aft__error(error, AFT_E_INTERNAL, scan->table->name, "there is no index %u", scan->index);
    columns = scan->table->indexes[scan->index].n;
  } else if (scan->n_equal) {
    return aft__error(error, AFT_E_INTERNAL, scan->table->name, "a scan by id has no equal columns");
  }
  if (scan->n_equal > columns || (columns - scan->n_equal > 1 && scan->after) ||
      (ranged && scan->n_equal == columns))
    return aft__error(error, AFT_E_INTERNAL, scan->table->name,
                      "a scan of %u columns cannot have %u equal ones%s", columns, scan->n_equal,
                      ranged ? " and a range" : "");
  return AFT_OK;
}

/* What happens to each row; AFT_DONE ends the scan. */
typedef struct visit {
  aft__row_fn fn;
  void *user;
} visit;

static aft_status each_row(aft__tx *tx, aft__rows *rows, const visit *v, aft_error *error) {
  const aft__value *row;
  for (uint32_t n = 0;; n++) {
    aft_status status = n % 64 == 63 ? aft__tx_check(tx, false, error) : AFT_OK;
    if (status >= 0)
      status = aft__tx_saw(tx, tx->ops->next(rows, &row, error));
    if (status != AFT_OK)
      return status == AFT_DONE ? AFT_OK : status;
    tx->scanning = true;
    status = v->fn(v->user, row, error);
    tx->scanning = false;
    if (status != AFT_OK)
      return status == AFT_DONE ? AFT_OK : status;
  }
}

aft_status aft__scan_each(aft__tx *tx, const aft__scan *scan, aft__row_fn fn, void *user, aft_error *error) {
  aft__rows *rows;
  visit v = {fn, user};
  AFT__TRY(aft__tx_check(tx, scan->claim, error));
  AFT__TRY(check_scan(scan, error));
  AFT__TRY(aft__tx_saw(tx, tx->ops->scan(conn_of(tx), scan, &rows, error)));
  aft_status status = each_row(tx, rows, &v, error);
  tx->ops->end(rows);
  return status < 0 ? status : AFT_OK;
}

typedef struct collected {
  aft__arena *arena;
  aft__value **rows;
  uint32_t n, cap, most, n_columns;
} collected;

static aft_status collect(void *user, const aft__value *row, aft_error *error) {
  collected *c = user;
  if (c->n == c->cap) {
    uint32_t cap = c->cap ? c->cap * 2 : 8;
    aft__value **rows = aft__arena_alloc(c->arena, (cap < c->most ? cap : c->most) * sizeof *rows);
    if (!rows)
      return aft__nomem(error);
    if (c->n)
      memcpy(rows, c->rows, c->n * sizeof *rows);
    c->rows = rows;
    c->cap = cap < c->most ? cap : c->most;
  }
  aft__value *copy = aft__row_copy(c->arena, row, c->n_columns);
  if (!copy)
    return aft__nomem(error);
  c->rows[c->n++] = copy;
  return AFT_OK;
}

aft_status aft__scan_all(aft__tx *tx, const aft__scan *scan, aft__value ***rows, uint32_t *n,
                         aft_error *error) {
  if (!scan->limit)
    return aft__error(error, AFT_E_INTERNAL, scan->table->name, "a scan into memory needs a limit");
  collected c = {.arena = tx->arena, .most = scan->limit, .n_columns = scan->table->n_columns};
  AFT__TRY(aft__scan_each(tx, scan, collect, &c, error));
  *rows = c.rows;
  *n = c.n;
  return AFT_OK;
}

aft_status aft__find(aft__tx *tx, const aft__table *table, uint32_t index, const aft__value *keys,
                     aft__value **row, aft_error *error) {
  aft__scan scan = {.table = table, .index = index, .limit = 1};
  aft__value **rows;
  uint32_t n;
  if (index >= table->n_indexes || !table->indexes[index].unique)
    return aft__error(error, AFT_E_INTERNAL, table->name, "index %u is not unique", index);
  scan.n_equal = table->indexes[index].n;
  for (uint32_t i = 0; i < scan.n_equal; i++) {
    if (keys[i].type == AFT_SQL_NULL)
      return aft__error(error, AFT_E_NOT_FOUND, table->name, "no row is found by an absent %s",
                        table->indexes[index].name);
    scan.equal[i] = keys[i];
  }
  AFT__TRY(aft__scan_all(tx, &scan, &rows, &n, error));
  if (!n)
    return aft__error(error, AFT_E_NOT_FOUND, table->name, "there is no row with this %s",
                      table->indexes[index].name);
  *row = rows[0];
  return AFT_OK;
}
