/* Reading an order, its lines, payments and parcels. */
#include "desk/order/order_priv.h"

#include <stdlib.h>

bool aft__order_party(const aft__value *order, aft_id customer) {
  return customer &&
         (aft__order_paid_by(order, customer) || aft__row_int(order, AFT__ORDER_RECIPIENT) == customer);
}

bool aft__order_paid_by(const aft__value *order, aft_id customer) {
  return aft__row_int(order, AFT__ORDER_CUSTOMER) == customer ||
         aft__row_int(order, AFT__ORDER_PAYER) == customer;
}

bool aft__sees_money(const aft__cmd *cmd, const aft__value *order) {
  return cmd->call.role != AFT_ROLE_BUYER || aft__order_paid_by(order, cmd->call.actor);
}

aft_status aft__may_order(aft__cmd *cmd, const aft__value *order, aft_error *error) {
  if (cmd->call.role != AFT_ROLE_BUYER)
    return aft__may_shop(cmd, aft__row_int(order, AFT__ORDER_SHOP), error);
  AFT__TRY(aft__link_order(cmd, order, error));
  return aft__order_party(order, cmd->call.actor)
             ? AFT_OK
             : aft__denied(cmd, "the order is another customer's", error);
}

static aft_status load(aft__cmd *cmd, aft_id id, aft__value **order, aft_error *error) {
  cmd->subject = id;
  AFT__TRY(aft__load(cmd, &aft__order_table, AFT__ORDER_TENANT, id, "order", order, error));
  return aft__may_order(cmd, *order, error);
}

/* ---- one order ---- */

static aft_status get(aft__cmd *cmd, void *in, aft_error *error) {
  aft__value *order;
  AFT__TRY(load(cmd, *(aft_id *)in, &order, error));
  if (!aft__sees_money(cmd, order))
    order[AFT__ORDER_TOTAL] = order[AFT__ORDER_EARNED_VALUE] = aft__int(0);
  cmd->ids[0] = order[AFT__ORDER_ID].number;
  cmd->row = order;
  return AFT_OK;
}

aft_status aft_order_get(aft_session *session, const aft_call *call, aft_id order, aft_record **out,
                         aft_error *error) {
  static const aft__command command = {.verb = "order.get",
                                       .name = "order_get",
                                       .roles = AFT__ROLES_ALL,
                                       .by_link = true,
                                       .returns = AFT_KIND_ORDER,
                                       .read = true,
                                       .run = get};
  AFT__TRY(aft__in_id(order, "order", error));
  return aft__command_run(session, call, &command, &order, out, error);
}

/* ---- what belongs to it ---- */

/* One kind of record that an order has some of. */
typedef struct part {
  uint32_t kind;
  const aft__table *table;
  uint32_t index;          /* begins with tenant and order */
  const uint32_t *amounts; /* columns that a recipient sees as 0 */
  uint32_t n_amounts;
  bool amounts_alone; /* it is about money: a recipient sees none */
} part;

typedef struct reading {
  aft_id order;
  const part *part;
  aft_record **records;
  uint32_t n;
  aft_env *env;
} reading;

static void forget(reading *r) {
  for (uint32_t i = 0; i < r->n; i++)
    aft_record_free(r->records[i]);
  if (r->records)
    aft__release(r->env, r->records, AFT__MOST_ORDER_ROWS * sizeof(aft_record *));
  r->records = NULL;
  r->n = 0;
}

static int by_id(const void *a, const void *b) {
  int64_t x = (*(aft__value *const *)a)[0].number, y = (*(aft__value *const *)b)[0].number;
  return (x > y) - (x < y);
}

static aft_status read_all(aft__cmd *cmd, void *in, aft_error *error) {
  reading *r = in;
  aft__value *order, **rows;
  uint32_t n;
  forget(r);
  AFT__TRY(load(cmd, r->order, &order, error));
  bool amounts = aft__sees_money(cmd, order);
  r->records = aft__zalloc(r->env, AFT__MOST_ORDER_ROWS * sizeof(aft_record *));
  if (!r->records)
    return aft__nomem(error);
  if (!amounts && r->part->amounts_alone)
    return AFT_OK;
  aft__scan scan = {.table = r->part->table,
                    .index = r->part->index,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), aft__int(r->order)},
                    .limit = AFT__MOST_ORDER_ROWS};
  AFT__TRY(aft__scan_all(cmd->tx, &scan, &rows, &n, error));
  if (n)
    qsort(rows, n, sizeof *rows, by_id);
  for (uint32_t i = 0; i < n; i++) {
    for (uint32_t j = 0; !amounts && j < r->part->n_amounts; j++)
      rows[i][r->part->amounts[j]] = aft__int(0);
    AFT__TRY(aft__record_make(r->env, r->part->kind, rows[i], &r->records[r->n], error));
    r->n++;
  }
  return AFT_OK;
}

static aft_status list(aft_session *session, const aft_call *call, aft_id order, const part *of,
                       const aft__command *command, aft_cursor **out, aft_error *error) {
  if (!session)
    return aft__error(error, AFT_E_NULL_HANDLE, "session", "the session is NULL");
  AFT__TRY(aft__in_id(order, "order", error));
  reading r = {.order = order, .part = of, .env = aft__session_env(session)};
  aft_status status = aft__command_run(session, call, command, &r, NULL, error);
  if (status >= 0) {
    aft_record **records = r.records;
    uint32_t n = r.n;
    r.n = 0; /* the cursor's from here on */
    status = aft__cursor_of(session, records, n, out, error);
  }
  forget(&r);
  return status;
}

aft_status aft_line_list(aft_session *session, const aft_call *call, aft_id order, aft_cursor **out,
                         aft_error *error) {
  static const uint32_t amounts[] = {AFT__LINE_PRICE, AFT__LINE_PAID, AFT__LINE_TAX, AFT__LINE_REFUNDED,
                                     AFT__LINE_KEPT};
  static const part lines = {.kind = AFT_KIND_LINE,
                             .table = &aft__line_table,
                             .index = AFT__LINE_BY_REF,
                             .amounts = amounts,
                             .n_amounts = AFT__COUNT(amounts)};
  static const aft__command command = {.verb = "line.list",
                                       .name = "line_list",
                                       .roles = AFT__ROLES_ALL,
                                       .by_link = true,
                                       .read = true,
                                       .run = read_all};
  return list(session, call, order, &lines, &command, out, error);
}

aft_status aft_payment_list(aft_session *session, const aft_call *call, aft_id order, aft_cursor **out,
                            aft_error *error) {
  static const part payments = {.kind = AFT_KIND_PAYMENT,
                                .table = &aft__payment_table,
                                .index = AFT__PAYMENT_BY_ORDER,
                                .amounts_alone = true};
  static const aft__command command = {.verb = "payment.list",
                                       .name = "payment_list",
                                       .roles = AFT__ROLES_ALL,
                                       .by_link = true,
                                       .read = true,
                                       .run = read_all};
  return list(session, call, order, &payments, &command, out, error);
}

aft_status aft_parcel_list(aft_session *session, const aft_call *call, aft_id order, aft_cursor **out,
                           aft_error *error) {
  static const uint32_t amounts[] = {AFT__PARCEL_FREIGHT};
  static const part parcels = {.kind = AFT_KIND_PARCEL,
                               .table = &aft__parcel_table,
                               .index = AFT__PARCEL_BY_REF,
                               .amounts = amounts,
                               .n_amounts = AFT__COUNT(amounts)};
  static const aft__command command = {.verb = "parcel.list",
                                       .name = "parcel_list",
                                       .roles = AFT__ROLES_ALL,
                                       .by_link = true,
                                       .read = true,
                                       .run = read_all};
  return list(session, call, order, &parcels, &command, out, error);
}
