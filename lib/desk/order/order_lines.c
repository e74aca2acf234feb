/* The lines of a telling, beside those that the order has. */
#include "desk/order/order_priv.h"

/* ---- all lines of the order ---- */

static aft_status load(aft__told *t, aft_error *error) {
  aft__value **rows;
  uint32_t n = 0;
  aft__scan scan = {.table = &aft__line_table,
                    .index = AFT__LINE_BY_REF,
                    .n_equal = 2,
                    .equal = {aft__int(t->cmd->call.tenant), t->order[AFT__ORDER_ID]},
                    .limit = AFT__MOST_ORDER_ROWS};
  if (!t->fresh)
    AFT__TRY(aft__scan_all(t->cmd->tx, &scan, &rows, &n, error));
  t->lines = aft__arena_alloc(t->cmd->arena, (n + t->in->n_lines + 1) * sizeof *t->lines);
  if (!t->lines)
    return aft__nomem(error);
  for (uint32_t i = 0; i < n; i++)
    t->lines[t->n_lines++].row = rows[i];
  return AFT_OK;
}

static aft_status start_line(aft__told *t, const aft_order_line_in *in, aft__told_line **out,
                             aft_error *error) {
  aft__cmd *cmd = t->cmd;
  aft__value *row = aft__arena_alloc(cmd->arena, AFT__LINE_COLUMNS * sizeof *row);
  if (!row)
    return aft__nomem(error);
  row[AFT__LINE_ID] = aft__int(aft__tx_id(cmd->tx));
  row[AFT__LINE_TENANT] = aft__int(cmd->call.tenant);
  row[AFT__LINE_ORDER] = t->order[AFT__ORDER_ID];
  row[AFT__LINE_REF] = aft__text(in->ref);
  row[AFT__LINE_CREATED] = aft__int(cmd->now);
  for (uint32_t column = AFT__LINE_UNDELIVERED; column <= AFT__LINE_REFUNDED; column++)
    row[column] = aft__int(0);
  row[AFT__LINE_QUANTITY] = row[AFT__LINE_UNDELIVERED] = aft__int(in->quantity);
  *out = &t->lines[t->n_lines++];
  **out = (aft__told_line){.row = row, .fresh = true};
  return AFT_OK;
}

static aft_status check_count(const aft__told *t, aft_error *error) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < t->n_lines; i++)
    n += aft__row_null(t->lines[i].row, AFT__LINE_CASE);
  if (n <= AFT__MOST_LINES)
    return AFT_OK;
  return aft__error(error, AFT_E_TOO_LARGE, "order.lines", "expected at most %u lines in all, found %u",
                    AFT__MOST_LINES, n);
}

/* ---- one line ---- */

static aft_status is_busy(aft__told *t, const aft__told_line *l, bool *out, aft_error *error) {
  aft__scan scan = {.table = &aft__case_line_table,
                    .index = AFT__CASE_LINE_BY_LINE,
                    .n_equal = 2,
                    .equal = {aft__int(t->cmd->call.tenant), l->row[AFT__LINE_ID]},
                    .limit = 1};
  aft__value **rows;
  uint32_t n;
  *out = false;
  if (l->fresh)
    return AFT_OK;
  AFT__TRY(aft__scan_all(t->cmd->tx, &scan, &rows, &n, error));
  *out = n != 0;
  return AFT_OK;
}

static aft_status is_settled(const char *where, const aft__told_line *l, uint32_t column, int64_t found,
                             aft_error *error) {
  return aft__error(error, AFT_E_CHECK, where, "a case is about the line: expected %lld, found %lld",
                    (long long)aft__row_int(l->row, column), (long long)found);
}

/* Units that have arrived, are in parcels or in cases cannot be taken out of the order. */
static aft_status change_quantity(aft__told *t, aft__told_line *l, aft_error *error) {
  aft__place_text where = aft__order_place("lines", l->index, "quantity");
  int64_t more = l->in->quantity - aft__row_int(l->row, AFT__LINE_QUANTITY), in_parcels;
  bool busy;
  if (more == 0)
    return AFT_OK;
  AFT__TRY(is_busy(t, l, &busy, error));
  if (busy)
    return is_settled(where.text, l, AFT__LINE_QUANTITY, l->in->quantity, error);
  AFT__TRY(aft__line_in_parcels(t->cmd, l->row[AFT__LINE_ID].number, &in_parcels, error));
  int64_t undelivered = aft__row_int(l->row, AFT__LINE_UNDELIVERED) + more;
  if (undelivered < 0 || l->in->quantity < in_parcels)
    return aft__error(error, AFT_E_CHECK, where.text,
                      "expected no fewer units than arrived or are in parcels, found %lld",
                      (long long)l->in->quantity);
  aft__told_set(l->row, &l->mask, AFT__LINE_QUANTITY, aft__int(l->in->quantity));
  aft__told_set(l->row, &l->mask, AFT__LINE_UNDELIVERED, aft__int(undelivered));
  return AFT_OK;
}

/* What a case was worked out from stays as it was. */
static aft_status change_money(aft__told *t, aft__told_line *l, aft_error *error) {
  const struct {
    uint32_t column;
    int64_t found;
    const char *field;
  } parts[] = {{AFT__LINE_PRICE, l->in->price, "price"}, {AFT__LINE_TAX, l->in->tax, "tax"}};
  for (size_t i = 0; i < AFT__COUNT(parts); i++) {
    bool busy;
    if (!l->fresh && aft__row_int(l->row, parts[i].column) == parts[i].found)
      continue;
    AFT__TRY(is_busy(t, l, &busy, error));
    if (busy)
      return is_settled(aft__order_place("lines", l->index, parts[i].field).text, l, parts[i].column,
                        parts[i].found, error);
    aft__told_set(l->row, &l->mask, parts[i].column, aft__int(parts[i].found));
  }
  return AFT_OK;
}

static void set_text(aft__told_line *l, uint32_t column, aft_str text, aft_str otherwise) {
  if (text.len)
    aft__told_set(l->row, &l->mask, column, aft__text(text));
  else if (l->row[column].type == AFT_SQL_NULL && otherwise.data)
    aft__told_set(l->row, &l->mask, column, aft__text(otherwise));
}

static void describe(aft__told_line *l) {
  const aft_order_line_in *in = l->in;
  aft_str sku = in->sku.len ? in->sku : in->ref;
  set_text(l, AFT__LINE_SKU, in->sku, sku);
  set_text(l, AFT__LINE_TITLE, in->title, sku);
  set_text(l, AFT__LINE_CATEGORY, in->category, aft__cstr(""));
  if (!aft__line_is_kit(l->row))
    set_text(l, AFT__LINE_NATURE, in->nature, aft__cstr("physical"));
  set_text(l, AFT__LINE_RELATION, in->relation, (aft_str){0});
  set_text(l, AFT__LINE_SERIALS, in->serials, (aft_str){0});
  set_text(l, AFT__LINE_CUSTOMS, in->customs, (aft_str){0});
  aft__told_set(l->row, &l->mask, AFT__LINE_FINAL_SALE, aft__int(in->final_sale));
  aft__told_set(l->row, &l->mask, AFT__LINE_HYGIENE, aft__int(in->hygiene));
  aft__told_set(l->row, &l->mask, AFT__LINE_MADE_TO_ORDER, aft__int(in->made_to_order));
  if (in->warranty_until)
    aft__told_set(l->row, &l->mask, AFT__LINE_WARRANTY_UNTIL, aft__int(in->warranty_until));
}

static aft_status take(aft__told *t, size_t index, aft_error *error) {
  const aft_order_line_in *in = &t->in->lines[index];
  aft__told_line *l = aft__told_line_of(t, in->ref);
  if (!l)
    AFT__TRY(start_line(t, in, &l, error));
  else if (!aft__row_null(l->row, AFT__LINE_CASE))
    return aft__error(error, AFT_E_EXISTS, aft__order_place("lines", index, "ref").text,
                      "the line was made by a case, as a replacement");
  l->in = in;
  l->index = index;
  AFT__TRY(change_quantity(t, l, error));
  AFT__TRY(change_money(t, l, error));
  describe(l);
  return AFT_OK;
}

/* After all lines are known: a line may stand before the one it belongs to. */
static aft_status relate(aft__told *t, aft__told_line *l, aft_error *error) {
  if (!l->in || !l->in->related.len)
    return AFT_OK;
  aft__place_text where = aft__order_place("lines", l->index, "related");
  const aft__told_line *other = aft__told_line_of(t, l->in->related);
  if (!other)
    return aft__error(error, AFT_E_INVALID, where.text, "the order has no line '%.*s'",
                      (int)aft__utf8_cut(l->in->related, 40), l->in->related.data);
  if (other == l)
    return aft__error(error, AFT_E_INVALID, where.text, "expected another line, found the line itself");
  aft__told_set(l->row, &l->mask, AFT__LINE_RELATED, other->row[AFT__LINE_ID]);
  return AFT_OK;
}

aft_status aft__told_lines(aft__told *t, aft_error *error) {
  AFT__TRY(load(t, error));
  for (size_t i = 0; i < t->in->n_lines; i++)
    AFT__TRY(take(t, i, error));
  AFT__TRY(check_count(t, error));
  for (uint32_t i = 0; i < t->n_lines; i++)
    AFT__TRY(relate(t, &t->lines[i], error));
  return aft__told_kits(t, error);
}

/* ---- what was paid ---- */

/* The parts of a kit were paid for. A line that is not told again, and whose price was paid less its
 * discounts, goes on so. */
static int64_t paid_now(const aft__told_line *l) {
  int64_t price = aft__row_int(l->row, AFT__LINE_PRICE), paid = aft__row_int(l->row, AFT__LINE_PAID);
  if (aft__line_is_kit(l->row))
    return 0;
  if (l->in)
    return l->in->paid ? l->in->paid : price - l->discount;
  return paid == price - l->discounted ? price - l->discount : paid;
}

static aft_status settle_paid(aft__told *t, aft__told_line *l, aft_error *error) {
  int64_t paid = paid_now(l);
  bool busy;
  aft__place_text where =
      l->in ? aft__order_place("lines", l->index, "paid") : (aft__place_text){"order.shares"};
  if (paid < 0)
    return aft__error(error, AFT_E_INVALID, where.text, "the discounts of %lld exceed the price of %lld",
                      (long long)l->discount, (long long)aft__row_int(l->row, AFT__LINE_PRICE));
  if (paid != aft__row_int(l->row, AFT__LINE_PAID) || l->fresh) {
    AFT__TRY(is_busy(t, l, &busy, error));
    if (busy)
      return is_settled(where.text, l, AFT__LINE_PAID, paid, error);
    aft__told_set(l->row, &l->mask, AFT__LINE_PAID, aft__int(paid));
  }
  if (aft__row_int(l->row, AFT__LINE_TAX) <= paid || aft__line_is_kit(l->row))
    return AFT_OK;
  return aft__error(error, AFT_E_INVALID,
                    l->in ? aft__order_place("lines", l->index, "tax").text : where.text,
                    "expected at most the %lld that were paid, found a tax of %lld", (long long)paid,
                    (long long)aft__row_int(l->row, AFT__LINE_TAX));
}

aft_status aft__told_lines_write(aft__told *t, aft_error *error) {
  for (uint32_t i = 0; i < t->n_lines; i++)
    AFT__TRY(settle_paid(t, &t->lines[i], error));
  for (uint32_t i = 0; i < t->n_lines; i++) {
    aft__told_line *l = &t->lines[i];
    if (aft__line_is_kit(l->row))
      AFT__TRY(aft__kit_check_paid(t, l, error));
    AFT__TRY(aft__told_write(t, &aft__line_table, l->row, l->mask, l->fresh, error));
  }
  return AFT_OK;
}
