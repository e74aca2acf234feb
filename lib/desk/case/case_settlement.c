/* Automatic receipt and settlement of an order wait while it has a case that is open, and go on after the
 * last one, however it ended. The order says since when they wait; it is written or anchored each time, so
 * that a filing and an end, or two ends at once, see each other. */
#include "desk/case/case_priv.h"

static aft_status load_order(const aft__case *c, aft__value **out, aft_error *error) {
  return aft__get(c->cmd->tx, &aft__order_table, c->order[AFT__ORDER_ID].number, out, error);
}

/* Of one order's: those of one topic leave in the order in which they were decided. */
static aft_status ask(aft__case *c, const char *topic, aft_error *error) {
  aft__case_request request = {.topic = topic, .subject = c->order[AFT__ORDER_ID].number, .of_shop = true};
  return aft__case_request_add(c, &request, NULL, error);
}

static aft_status write_order(aft__case *c, aft__value *order, aft__value since, aft_error *error) {
  order[AFT__ORDER_SETTLEMENT_HELD] = since;
  return aft__update(c->cmd->tx, &aft__order_table, order, UINT64_C(1) << AFT__ORDER_SETTLEMENT_HELD, error);
}

aft_status aft__settlement_hold(aft__case *c, aft_error *error) {
  aft__value *order;
  if (c->mirrored)
    return AFT_OK; /* the marketplace settles */
  AFT__TRY(load_order(c, &order, error));
  if (!aft__row_null(order, AFT__ORDER_SETTLEMENT_HELD))
    return aft__anchor(c->cmd->tx, &aft__order_table, order, error);
  AFT__TRY(write_order(c, order, aft__int(c->cmd->now), error));
  return ask(c, "order.hold_settlement", error);
}

/* Whether a case of the order other than this one is open, or may be again. */
static aft_status others_open(const aft__case *c, int64_t open, bool *out, aft_error *error) {
  aft__scan scan = {.table = &aft__case_table,
                    .index = AFT__CASE_BY_ORDER_OPEN,
                    .n_equal = 3,
                    .equal = {aft__int(c->cmd->call.tenant), c->order[AFT__ORDER_ID], aft__int(open)},
                    .limit = 2};
  aft__value **rows;
  uint32_t n;
  AFT__TRY(aft__scan_all(c->cmd->tx, &scan, &rows, &n, error));
  for (uint32_t i = 0; i < n; i++)
    *out |= rows[i][AFT__CASE_ID].number != aft__case_id(c);
  return AFT_OK;
}

aft_status aft__settlement_free(aft__case *c, aft_error *error) {
  aft__value *order;
  bool open = aft__case_int(c, AFT__CASE_OPEN) != 0;
  AFT__TRY(load_order(c, &order, error));
  if (aft__row_null(order, AFT__ORDER_SETTLEMENT_HELD))
    return AFT_OK;
  for (int64_t how = 1; how <= 2; how++)
    AFT__TRY(others_open(c, how, &open, error));
  if (open)
    return aft__anchor(c->cmd->tx, &aft__order_table, order, error);
  AFT__TRY(write_order(c, order, aft__null(), error));
  return ask(c, "order.free_settlement", error);
}
