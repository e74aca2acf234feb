/* The parcels of a case: those in which its goods come back, and those out that it stops. */
#include "desk/case_priv.h"

static aft_status load(aft__case *c, aft__value ***rows, uint32_t *n, aft_error *error) {
  aft__scan scan = {.table = &aft__parcel_table,
                    .index = AFT__PARCEL_BY_CASE,
                    .n_equal = 2,
                    .equal = {aft__int(c->cmd->call.tenant), c->row[AFT__CASE_ID]},
                    .limit = AFT__MOST_PARCELS};
  return aft__scan_all(c->cmd->tx, &scan, rows, n, error);
}

static bool is_back(const aft__value *parcel, const char *state) {
  return aft__str_eq(aft__row_str(parcel, AFT__PARCEL_DIRECTION), aft__cstr("back")) &&
         aft__str_eq(aft__row_str(parcel, AFT__PARCEL_STATE), aft__cstr(state));
}

static aft_status add_items(aft__case *c, const aft__value *parcel, int64_t *units, aft_error *error) {
  aft__scan scan = {.table = &aft__item_table,
                    .index = AFT__ITEM_BY_PARCEL,
                    .n_equal = 2,
                    .equal = {aft__int(c->cmd->call.tenant), parcel[AFT__PARCEL_ID]},
                    .limit = AFT__MOST_CASE_LINES};
  aft__value **rows;
  uint32_t n;
  AFT__TRY(aft__scan_all(c->cmd->tx, &scan, &rows, &n, error));
  for (uint32_t i = 0; i < n; i++)
    for (uint32_t k = 0; k < c->n_lines; k++)
      if (aft__row_int(rows[i], AFT__ITEM_LINE) == c->lines[k].line[AFT__LINE_ID].number)
        units[k] += aft__row_int(rows[i], AFT__ITEM_QUANTITY);
  return AFT_OK;
}

aft_status aft__parcels_arrived(aft__case *c, int64_t **out, aft_error *error) {
  aft__value **rows;
  uint32_t n;
  *out = NULL;
  AFT__TRY(load(c, &rows, &n, error));
  for (uint32_t i = 0; i < n; i++) {
    if (!is_back(rows[i], "delivered"))
      continue;
    if (!*out)
      *out = aft__arena_alloc(c->cmd->arena, (c->n_lines + 1) * sizeof **out);
    if (!*out)
      return aft__nomem(error);
    AFT__TRY(add_items(c, rows[i], *out, error));
  }
  return AFT_OK;
}

aft_status aft__parcels_receive(aft__case *c, aft_str waybill, aft_error *error) {
  aft__value **rows;
  uint32_t n;
  AFT__TRY(load(c, &rows, &n, error));
  for (uint32_t i = 0; i < n; i++) {
    aft__value *row = rows[i];
    bool open = is_back(row, "announced") || is_back(row, "in_transit") || is_back(row, "lost");
    if (!open || (waybill.len && !aft__str_eq(waybill, aft__row_str(row, AFT__PARCEL_WAYBILL))))
      continue;
    row[AFT__PARCEL_STATE] = aft__text(aft__cstr("delivered"));
    row[AFT__PARCEL_DELIVERED] = aft__int(c->cmd->now);
    uint64_t mask = UINT64_C(1) << AFT__PARCEL_STATE | UINT64_C(1) << AFT__PARCEL_DELIVERED;
    AFT__TRY(aft__update(c->cmd->tx, &aft__parcel_table, row, mask, error));
  }
  return AFT_OK;
}

/* ---- on their way out ---- */

static bool is_stoppable(const aft__value *parcel) {
  aft_str direction = aft__row_str(parcel, AFT__PARCEL_DIRECTION),
          state = aft__row_str(parcel, AFT__PARCEL_STATE);
  return aft__str_eq(direction, aft__cstr("out")) &&
         (aft__str_eq(state, aft__cstr("announced")) || aft__str_eq(state, aft__cstr("in_transit")));
}

typedef struct stopping {
  aft__value *rows[AFT__MOST_PARCELS];
  uint32_t n;
} stopping;

static void put_parcels(aft__case *c, aft__json *json, const void *user) {
  static const struct {
    const char *name;
    uint32_t column;
  } texts[] = {{"ref", AFT__PARCEL_REF}, {"carrier", AFT__PARCEL_CARRIER}, {"waybill", AFT__PARCEL_WAYBILL}};
  const stopping *s = user;
  (void)c;
  aft__json_key(json, "parcels");
  aft__json_open(json, '[');
  for (uint32_t i = 0; i < s->n; i++) {
    aft__json_open(json, '{');
    aft__json_key(json, "parcel");
    aft__json_id(json, s->rows[i][AFT__PARCEL_ID].number);
    for (size_t k = 0; k < AFT__COUNT(texts); k++) {
      aft__json_key(json, texts[k].name);
      aft__json_str(json, aft__row_str(s->rows[i], texts[k].column));
    }
    aft__json_close(json, '}');
  }
  aft__json_close(json, ']');
}

aft_status aft__parcels_intercept(aft__case *c, aft_error *error) {
  aft__scan scan = {.table = &aft__parcel_table,
                    .index = AFT__PARCEL_BY_REF,
                    .n_equal = 2,
                    .equal = {aft__int(c->cmd->call.tenant), c->row[AFT__CASE_ORDER]},
                    .limit = AFT__MOST_PARCELS};
  aft__value **rows;
  stopping s = {.n = 0};
  uint32_t n;
  AFT__TRY(aft__scan_all(c->cmd->tx, &scan, &rows, &n, error));
  for (uint32_t i = 0; i < n; i++) {
    bool has = false;
    if (is_stoppable(rows[i]))
      AFT__TRY(aft__parcel_has(c, rows[i], &has, error));
    if (has)
      s.rows[s.n++] = rows[i];
  }
  return aft__case_ask(c, "parcel.intercept", put_parcels, &s, error);
}
