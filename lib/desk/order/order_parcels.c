/* Parcels of a telling, and the arrival of their units. */
#include "desk/order/order_priv.h"

#include <stdio.h>

static bool str_is(aft_str text, const char *word) { return aft__str_eq(text, aft__cstr(word)); }

/* Later words win, whatever order they are told in: what arrived has arrived. */
static uint32_t rank_of(aft_str state) {
  static const char *const states[] = {"announced",   "in_transit", "lost",     "refused",
                                       "intercepted", "void",       "delivered"};
  for (uint32_t i = 0; i < AFT__COUNT(states); i++)
    if (str_is(state, states[i]))
      return i;
  return 0;
}

/* ---- units in parcels ---- */

static aft_status items_of(aft__cmd *cmd, aft_id parcel, aft__value ***rows, uint32_t *n, aft_error *error) {
  aft__scan scan = {.table = &aft__item_table,
                    .index = AFT__ITEM_BY_PARCEL,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), aft__int(parcel)},
                    .limit = AFT__MOST_ORDER_ROWS};
  return aft__scan_all(cmd->tx, &scan, rows, n, error);
}

static bool came_back(const aft__value *parcel) {
  return str_is(aft__row_str(parcel, AFT__PARCEL_DIRECTION), "back");
}

/* Goods of a parcel that was lost or came back are sent once more. */
static bool counts(const aft__value *parcel) {
  aft_str state = aft__row_str(parcel, AFT__PARCEL_STATE);
  return !came_back(parcel) && (aft__row_int(parcel, AFT__PARCEL_ARRIVED) || str_is(state, "announced") ||
                                str_is(state, "in_transit") || str_is(state, "delivered"));
}

aft_status aft__line_in_parcels(aft__cmd *cmd, aft_id line, int64_t *out, aft_error *error) {
  aft__scan scan = {.table = &aft__item_table,
                    .index = AFT__ITEM_BY_LINE,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), aft__int(line)},
                    .limit = AFT__MOST_ORDER_ROWS};
  aft__value **rows, *parcel;
  uint32_t n;
  *out = 0;
  AFT__TRY(aft__scan_all(cmd->tx, &scan, &rows, &n, error));
  for (uint32_t i = 0; i < n; i++) {
    AFT__TRY(aft__get(cmd->tx, &aft__parcel_table, aft__row_int(rows[i], AFT__ITEM_PARCEL), &parcel, error));
    if (counts(parcel))
      *out += aft__row_int(rows[i], AFT__ITEM_QUANTITY);
  }
  return AFT_OK;
}

/* ---- arrival ---- */

/* Units of the line that open cases took before they arrived: up to n of them have arrived now. */
static aft_status arrive_in_cases(aft__cmd *cmd, const aft__value *line, int64_t n, aft_error *error) {
  aft__scan scan = {.table = &aft__case_line_table,
                    .index = AFT__CASE_LINE_BY_LINE,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), line[AFT__LINE_ID]},
                    .limit = AFT__MOST_ORDER_ROWS};
  aft__value **rows, *owner;
  uint32_t count;
  AFT__TRY(aft__scan_all(cmd->tx, &scan, &rows, &count, error));
  for (uint32_t i = 0; i < count && n; i++) {
    int64_t from = aft__row_int(rows[i], AFT__CASE_LINE_FROM_UNDELIVERED);
    int64_t units = from < n ? from : n;
    if (!units)
      continue;
    AFT__TRY(aft__get(cmd->tx, &aft__case_table, aft__row_int(rows[i], AFT__CASE_LINE_CASE), &owner, error));
    if (!aft__row_int(owner, AFT__CASE_OPEN))
      continue;
    rows[i][AFT__CASE_LINE_FROM_UNDELIVERED] = aft__int(from - units);
    AFT__TRY(aft__update(cmd->tx, &aft__case_line_table, rows[i],
                         UINT64_C(1) << AFT__CASE_LINE_FROM_UNDELIVERED, error));
    n -= units;
  }
  return AFT_OK;
}

/* When the last units of the line arrived, by the parcels that brought them. */
static aft_status last_arrival(aft__cmd *cmd, aft_id line, aft_time *out, aft_error *error) {
  aft__scan scan = {.table = &aft__item_table,
                    .index = AFT__ITEM_BY_LINE,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), aft__int(line)},
                    .limit = AFT__MOST_ORDER_ROWS};
  aft__value **rows, *parcel;
  uint32_t n;
  *out = 0;
  AFT__TRY(aft__scan_all(cmd->tx, &scan, &rows, &n, error));
  for (uint32_t i = 0; i < n; i++) {
    AFT__TRY(aft__get(cmd->tx, &aft__parcel_table, aft__row_int(rows[i], AFT__ITEM_PARCEL), &parcel, error));
    if (aft__row_int(parcel, AFT__PARCEL_ARRIVED) && aft__row_int(parcel, AFT__PARCEL_DELIVERED) > *out)
      *out = aft__row_int(parcel, AFT__PARCEL_DELIVERED);
  }
  return AFT_OK;
}

/* Units beyond those that are awaited were accounted for by a case that has ended: they stay there. */
static aft_status arrive(aft__cmd *cmd, const aft__value *item, aft_time at, aft_error *error) {
  aft__value *line;
  uint64_t mask = 0;
  AFT__TRY(aft__get(cmd->tx, &aft__line_table, aft__row_int(item, AFT__ITEM_LINE), &line, error));
  int64_t units = aft__row_int(item, AFT__ITEM_QUANTITY);
  int64_t awaited = aft__row_int(line, AFT__LINE_UNDELIVERED);
  int64_t moved = units < awaited ? units : awaited;
  aft__told_set(line, &mask, AFT__LINE_UNDELIVERED, aft__int(awaited - moved));
  aft__told_set(line, &mask, AFT__LINE_WITH_BUYER,
                aft__int(aft__row_int(line, AFT__LINE_WITH_BUYER) + moved));
  if (at > aft__row_int(line, AFT__LINE_DELIVERED))
    aft__told_set(line, &mask, AFT__LINE_DELIVERED, aft__int(at));
  if (mask)
    AFT__TRY(aft__update(cmd->tx, &aft__line_table, line, mask, error));
  return moved < units ? arrive_in_cases(cmd, line, units - moved, error) : AFT_OK;
}

aft_status aft__parcel_arrived(aft__cmd *cmd, const aft__value *parcel, aft_error *error) {
  aft__value *row, **items;
  uint32_t n;
  AFT__TRY(aft__get(cmd->tx, &aft__parcel_table, parcel[AFT__PARCEL_ID].number, &row, error));
  if (aft__row_int(row, AFT__PARCEL_ARRIVED) || came_back(row))
    return AFT_OK;
  AFT__TRY(items_of(cmd, row[AFT__PARCEL_ID].number, &items, &n, error));
  if (!n)
    return AFT_OK; /* what it holds was not told yet */
  if (aft__row_null(row, AFT__PARCEL_DELIVERED))
    row[AFT__PARCEL_DELIVERED] = aft__int(cmd->now);
  for (uint32_t i = 0; i < n; i++)
    AFT__TRY(arrive(cmd, items[i], aft__row_int(row, AFT__PARCEL_DELIVERED), error));
  row[AFT__PARCEL_ARRIVED] = aft__int(1);
  return aft__update(cmd->tx, &aft__parcel_table, row,
                     UINT64_C(1) << AFT__PARCEL_ARRIVED | UINT64_C(1) << AFT__PARCEL_DELIVERED, error);
}

/* ---- items as told ---- */

typedef struct told_parcel {
  const aft_order_parcel_in *in;
  size_t index;
  aft__value *row;
  uint64_t mask;
  bool fresh;
  bool left;        /* it is under way, which is news */
  const char *fate; /* as in aft__told_news */
} told_parcel;

static aft__place_text item_place(const told_parcel *p, size_t item, const char *field) {
  char list[48];
  snprintf(list, sizeof list, "parcels[%zu].items", p->index);
  return aft__order_place(list, item, field);
}

static aft_status item_line(const aft__told *t, const told_parcel *p, size_t item, aft__told_line **out,
                            aft_error *error) {
  aft_str ref = p->in->items[item].line;
  *out = aft__told_line_of(t, ref);
  if (*out && aft__line_is_kit((*out)->row))
    return aft__error(error, AFT_E_INVALID, item_place(p, item, "line").text,
                      "expected the parts of the kit '%.*s'", (int)aft__utf8_cut(ref, 40), ref.data);
  if (*out)
    return AFT_OK;
  return aft__error(error, AFT_E_INVALID, item_place(p, item, "line").text, "the order has no line '%.*s'",
                    (int)aft__utf8_cut(ref, 40), ref.data);
}

/* A parcel's items are what was packed: told again, they are the same. */
static aft_status check_items(const aft__told *t, const told_parcel *p, aft__value **rows, uint32_t n,
                              aft_error *error) {
  for (size_t i = 0; i < p->in->n_items; i++) {
    aft__told_line *l;
    int64_t before = 0;
    AFT__TRY(item_line(t, p, i, &l, error));
    for (uint32_t j = 0; j < n; j++)
      if (aft__row_int(rows[j], AFT__ITEM_LINE) == l->row[AFT__LINE_ID].number)
        before = aft__row_int(rows[j], AFT__ITEM_QUANTITY);
    if (before != p->in->items[i].quantity)
      return aft__error(error, AFT_E_CHECK, item_place(p, i, "quantity").text,
                        "expected %lld as told before, found %lld", (long long)before,
                        (long long)p->in->items[i].quantity);
  }
  if (n == p->in->n_items)
    return AFT_OK;
  return aft__error(error, AFT_E_CHECK, aft__order_place("parcels", p->index, "items").text,
                    "expected the %u items that were told before, found %zu", n, p->in->n_items);
}

static aft_status add_item(aft__told *t, told_parcel *p, size_t item, aft_error *error) {
  aft__told_line *l;
  int64_t packed;
  AFT__TRY(item_line(t, p, item, &l, error));
  AFT__TRY(aft__line_in_parcels(t->cmd, l->row[AFT__LINE_ID].number, &packed, error));
  int64_t left = aft__row_int(l->row, AFT__LINE_QUANTITY) - (counts(p->row) ? packed : 0);
  if (p->in->items[item].quantity > left)
    return aft__error(error, AFT_E_CHECK, item_place(p, item, "quantity").text,
                      "more than was bought: expected at most the %lld units that are in no other parcel, "
                      "found %lld",
                      (long long)(left < 0 ? 0 : left), (long long)p->in->items[item].quantity);
  if (!aft__row_null(l->row, AFT__LINE_CASE) &&
      !came_back(p->row)) /* it brings what a case sends in place of other goods */
    aft__told_set(p->row, &p->mask, AFT__PARCEL_DIRECTION, aft__text(aft__cstr("replacement")));
  aft__value row[AFT__ITEM_COLUMNS] = {
      [AFT__ITEM_ID] = aft__int(aft__tx_id(t->cmd->tx)),
      [AFT__ITEM_TENANT] = aft__int(t->cmd->call.tenant),
      [AFT__ITEM_PARCEL] = p->row[AFT__PARCEL_ID],
      [AFT__ITEM_LINE] = l->row[AFT__LINE_ID],
      [AFT__ITEM_QUANTITY] = aft__int(p->in->items[item].quantity),
  };
  return aft__told_write(t, &aft__item_table, row, 0, true, error);
}

static aft_status put_items(aft__told *t, told_parcel *p, aft_error *error) {
  aft__value **rows;
  uint32_t n = 0;
  if (!p->in->n_items)
    return AFT_OK;
  if (!p->fresh)
    AFT__TRY(items_of(t->cmd, p->row[AFT__PARCEL_ID].number, &rows, &n, error));
  if (n)
    return check_items(t, p, rows, n, error);
  for (size_t i = 0; i < p->in->n_items; i++)
    AFT__TRY(add_item(t, p, i, error));
  return AFT_OK;
}

/* ---- the parcel as told ---- */

static aft_status find(aft__told *t, told_parcel *p, aft_error *error) {
  aft__value keys[] = {aft__int(t->cmd->call.tenant), t->order[AFT__ORDER_ID], aft__text(p->in->ref)};
  aft_status status = aft__find(t->cmd->tx, &aft__parcel_table, AFT__PARCEL_BY_REF, keys, &p->row, error);
  if (status != AFT_E_NOT_FOUND) {
    AFT__TRY(status);
    if (aft__row_null(p->row, AFT__PARCEL_CASE))
      return AFT_OK;
    return aft__error(error, AFT_E_EXISTS, aft__order_place("parcels", p->index, "ref").text,
                      "the parcel belongs to a case");
  }
  aft__value *row = p->row = aft__arena_alloc(t->cmd->arena, AFT__PARCEL_COLUMNS * sizeof *row);
  if (!row)
    return aft__nomem(error);
  p->fresh = true;
  row[AFT__PARCEL_ID] = aft__int(aft__tx_id(t->cmd->tx));
  row[AFT__PARCEL_TENANT] = aft__int(t->cmd->call.tenant);
  row[AFT__PARCEL_ORDER] = t->order[AFT__ORDER_ID];
  row[AFT__PARCEL_REF] = aft__text(p->in->ref);
  row[AFT__PARCEL_DIRECTION] = aft__text(aft__cstr("out"));
  row[AFT__PARCEL_STATE] = aft__text(aft__cstr("announced"));
  row[AFT__PARCEL_PAYER] = aft__text(aft__cstr("seller"));
  row[AFT__PARCEL_LABEL] = aft__text(aft__cstr("none"));
  row[AFT__PARCEL_ARRIVED] = aft__int(0);
  row[AFT__PARCEL_CREATED] = aft__int(t->cmd->now);
  return AFT_OK;
}

static aft_str state_of(const aft_order_parcel_in *in) {
  if (in->state.len)
    return in->state;
  return aft__cstr(in->delivered ? "delivered" : in->shipped ? "in_transit" : "announced");
}

static void put_text(told_parcel *p, uint32_t column, aft_str text) {
  if (text.len)
    aft__told_set(p->row, &p->mask, column, aft__text(text));
}

/* What cases are told of a parcel that takes another way, as when its carrier says so. */
static const char *fate_of(aft_str state) {
  if (str_is(state, "lost"))
    return "parcel_lost";
  if (str_is(state, "refused"))
    return "parcel_refused";
  return str_is(state, "intercepted") ? "intercepted" : NULL;
}

static void fill(told_parcel *p) {
  const aft_order_parcel_in *in = p->in;
  aft_str state = state_of(in);
  put_text(p, AFT__PARCEL_CARRIER, in->carrier);
  put_text(p, AFT__PARCEL_WAYBILL, in->waybill);
  if (aft__row_null(p->row, AFT__PARCEL_ADDRESS))
    put_text(p, AFT__PARCEL_ADDRESS, in->address);
  p->left = in->shipped && aft__row_null(p->row, AFT__PARCEL_SHIPPED);
  if (rank_of(state) > rank_of(aft__row_str(p->row, AFT__PARCEL_STATE))) {
    aft__told_set(p->row, &p->mask, AFT__PARCEL_STATE, aft__text(state));
    p->left |= str_is(state, "in_transit");
    p->fate = fate_of(state);
  }
  if (p->fresh || in->insured)
    aft__told_set(p->row, &p->mask, AFT__PARCEL_INSURED, aft__int(in->insured));
  if (in->shipped)
    aft__told_set(p->row, &p->mask, AFT__PARCEL_SHIPPED, aft__int(in->shipped));
  if (in->delivered)
    aft__told_set(p->row, &p->mask, AFT__PARCEL_DELIVERED, aft__int(in->delivered));
}

static aft_status check_times(const aft__told *t, const told_parcel *p, aft_error *error) {
  aft_time shipped = aft__row_int(p->row, AFT__PARCEL_SHIPPED);
  aft_time delivered = aft__row_int(p->row, AFT__PARCEL_DELIVERED);
  (void)t;
  if (!shipped || !delivered || shipped <= delivered)
    return AFT_OK;
  return aft__error(error, AFT_E_INVALID, aft__order_place("parcels", p->index, "delivered").text,
                    "expected a time after the parcel was shipped");
}

/* Its units arrive now, or it is known to have arrived without what it holds. */
static aft_status arrive_now(aft__told *t, const told_parcel *p, bool *news, aft_error *error) {
  aft__value **items;
  uint32_t n;
  *news = false;
  if (aft__row_int(p->row, AFT__PARCEL_ARRIVED) || came_back(p->row) ||
      !str_is(aft__row_str(p->row, AFT__PARCEL_STATE), "delivered"))
    return AFT_OK;
  AFT__TRY(items_of(t->cmd, p->row[AFT__PARCEL_ID].number, &items, &n, error));
  *news = n || p->fresh || p->mask & UINT64_C(1) << AFT__PARCEL_STATE;
  if (!n)
    return AFT_OK;
  t->changes++;
  return aft__parcel_arrived(t->cmd, p->row, error);
}

/* The time of an arrival may be told after it, and be told better. */
static aft_status time_arrival(aft__told *t, const told_parcel *p, aft_error *error) {
  aft__value **items, *line;
  uint32_t n;
  if (!aft__row_int(p->row, AFT__PARCEL_ARRIVED) || !(p->mask & UINT64_C(1) << AFT__PARCEL_DELIVERED))
    return AFT_OK;
  AFT__TRY(items_of(t->cmd, p->row[AFT__PARCEL_ID].number, &items, &n, error));
  for (uint32_t i = 0; i < n; i++) {
    uint64_t mask = 0;
    aft_time at;
    aft_id id = aft__row_int(items[i], AFT__ITEM_LINE);
    AFT__TRY(last_arrival(t->cmd, id, &at, error));
    AFT__TRY(aft__get(t->cmd->tx, &aft__line_table, id, &line, error));
    aft__told_set(line, &mask, AFT__LINE_DELIVERED, aft__int(at));
    AFT__TRY(aft__told_write(t, &aft__line_table, line, mask, false, error));
  }
  return AFT_OK;
}

static aft_status take(aft__told *t, size_t index, uint32_t *fresh, aft_error *error) {
  bool delivered;
  told_parcel p = {.in = &t->in->parcels[index], .index = index};
  AFT__TRY(find(t, &p, error));
  fill(&p);
  AFT__TRY(check_times(t, &p, error));
  *fresh += p.fresh;
  AFT__TRY(put_items(t, &p, error));
  AFT__TRY(aft__told_write(t, &aft__parcel_table, p.row, p.mask, p.fresh, error));
  AFT__TRY(time_arrival(t, &p, error));
  AFT__TRY(arrive_now(t, &p, &delivered, error));
  if (p.left || delivered || p.fate)
    t->news[t->n_news++] = (aft__told_news){p.row, p.left, delivered, p.fate};
  return AFT_OK;
}

aft_status aft__told_parcels(aft__told *t, aft_error *error) {
  aft__scan scan = {.table = &aft__parcel_table,
                    .index = AFT__PARCEL_BY_REF,
                    .n_equal = 2,
                    .equal = {aft__int(t->cmd->call.tenant), t->order[AFT__ORDER_ID]},
                    .limit = AFT__MOST_ORDER_ROWS};
  aft__value **rows;
  uint32_t n, out = 0;
  if (!t->in->n_parcels)
    return AFT_OK;
  t->news = aft__arena_alloc(t->cmd->arena, t->in->n_parcels * sizeof *t->news);
  if (!t->news)
    return aft__nomem(error);
  AFT__TRY(aft__scan_all(t->cmd->tx, &scan, &rows, &n, error));
  for (uint32_t i = 0; i < n; i++)
    out += aft__row_null(rows[i], AFT__PARCEL_CASE);
  for (size_t i = 0; i < t->in->n_parcels; i++)
    AFT__TRY(take(t, i, &out, error));
  if (out <= AFT__MOST_PARCELS)
    return AFT_OK;
  return aft__error(error, AFT_E_TOO_LARGE, "order.parcels", "expected at most %u parcels in all, found %u",
                    AFT__MOST_PARCELS, out);
}
