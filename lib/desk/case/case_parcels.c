/* The parcels of a case: what those of its order say, those in which its goods come back, and those out that
 * it stops. */
#include "desk/case/case_priv.h"

static aft_status load(aft__case *c, aft__value ***rows, uint32_t *n, aft_error *error) {
  return aft__load_rows(c->cmd, &aft__parcel_table, AFT__PARCEL_BY_CASE, aft__case_id(c), AFT__MOST_PARCELS,
                        rows, n, error);
}

static aft_status of_order(aft__case *c, aft__value ***rows, uint32_t *n, aft_error *error) {
  return aft__load_rows(c->cmd, &aft__parcel_table, AFT__PARCEL_BY_REF, aft__case_int(c, AFT__CASE_ORDER),
                        AFT__MOST_PARCELS, rows, n, error);
}

/* ---- parcels of the order ---- */

/* Some units of the case had not arrived: whether they have left depends on the parcel. */
static bool awaited(const aft__case *c) {
  for (uint32_t i = 0; i < c->n_lines; i++)
    if (aft__row_int(c->lines[i].row, AFT__CASE_LINE_FROM_UNDELIVERED) ||
        aft__row_int(c->lines[i].line, AFT__LINE_UNDELIVERED))
      return true;
  return false;
}

/* One that came back to its sender went out too; a return of the buyer's belongs to a case. */
static bool went_out(const aft__value *parcel) {
  aft_str direction = aft__row_str(parcel, AFT__PARCEL_DIRECTION);
  return aft__str_eq(direction, aft__cstr("out")) ||
         (aft__str_eq(direction, aft__cstr("back")) && aft__row_null(parcel, AFT__PARCEL_CASE));
}

/* Hosts that do not tell when a parcel left tell that it did, by its state. */
static aft_time left_at(const aft__value *parcel) {
  aft_str state = aft__row_str(parcel, AFT__PARCEL_STATE);
  if (!aft__row_null(parcel, AFT__PARCEL_SHIPPED))
    return aft__row_int(parcel, AFT__PARCEL_SHIPPED);
  if (aft__str_eq(state, aft__cstr("announced")) || aft__str_eq(state, aft__cstr("void")))
    return AFT_TIME_NONE;
  return aft__row_int(parcel, AFT__PARCEL_CREATED);
}

aft_status aft__case_parcels(aft__case *c, aft_error *error) {
  aft__value **rows;
  uint32_t n;
  if (c->parcels_seen)
    return AFT_OK;
  AFT__TRY(of_order(c, &rows, &n, error));
  c->parcels_seen = true;
  c->shipped = AFT_TIME_NONE;
  for (uint32_t i = 0; i < n; i++) {
    if (aft__row_int(rows[i], AFT__PARCEL_CASE) == aft__case_id(c) &&
        !aft__row_null(rows[i], AFT__PARCEL_CASE))
      c->scanned |=
          !aft__row_null(rows[i], AFT__PARCEL_SEEN) || !aft__row_null(rows[i], AFT__PARCEL_DELIVERED);
    if (!went_out(rows[i]))
      continue;
    c->insured |= aft__row_int(rows[i], AFT__PARCEL_INSURED) != 0;
    aft_time at = left_at(rows[i]);
    bool has = true;
    if (awaited(c) && at != AFT_TIME_NONE)
      AFT__TRY(aft__parcel_has(c, rows[i], &has, error));
    if (has && at != AFT_TIME_NONE && (c->shipped == AFT_TIME_NONE || at < c->shipped))
      c->shipped = at;
  }
  return AFT_OK;
}

/* ---- on their way back ---- */

static bool is_back(const aft__value *parcel, const char *state) {
  return aft__str_eq(aft__row_str(parcel, AFT__PARCEL_DIRECTION), aft__cstr("back")) &&
         aft__str_eq(aft__row_str(parcel, AFT__PARCEL_STATE), aft__cstr(state));
}

static aft_status add_items(aft__case *c, const aft__value *parcel, int64_t *units, aft_error *error) {
  aft__value **rows;
  uint32_t n;
  AFT__TRY(aft__load_rows(c->cmd, &aft__item_table, AFT__ITEM_BY_PARCEL, parcel[AFT__PARCEL_ID].number,
                          AFT__MOST_CASE_LINES, &rows, &n, error));
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

aft_status aft__parcels_stop(aft__case *c, const char *topic, aft_error *error) {
  aft__value **rows;
  stopping s = {.n = 0};
  uint32_t n;
  AFT__TRY(of_order(c, &rows, &n, error));
  for (uint32_t i = 0; i < n; i++) {
    bool has = false;
    if (is_stoppable(rows[i]))
      AFT__TRY(aft__parcel_has(c, rows[i], &has, error));
    if (has)
      s.rows[s.n++] = rows[i];
  }
  return aft__case_ask(c, topic, put_parcels, &s, error);
}
