/* Lists of orders. */
#include "desk/list/list_filter.h"

#define FILTER_V1 (offsetof(aft_order_filter, token) + sizeof(aft_str))

static const aft__way ways[] = {
    {AFT__ORDER_BY_CUSTOMER, 1, {AFT__ORDER_CUSTOMER}, AFT_BY_CREATED},
    {AFT__ORDER_BY_TENANT, 0, {0}, AFT_BY_CREATED},
};

const aft__listed aft__listed_orders = {.kind = AFT__LABELS_ORDER,
                                        .table = &aft__order_table,
                                        .tenant = AFT__ORDER_TENANT,
                                        .shop = AFT__ORDER_SHOP,
                                        .ways = ways,
                                        .n_ways = AFT__COUNT(ways)};

typedef struct order_list {
  aft_order_filter in;
  aft__label_filter labels;
  aft__pick *pick;
} order_list;

static aft_status fill(aft__cmd *cmd, void *given, aft_error *error) {
  order_list *list = given;
  const aft_order_filter *in = &list->in;
  bool buyer = cmd->call.role == AFT_ROLE_BUYER;
  bool more = in->status.len || (in->customer && in->customer != cmd->call.actor);
  AFT__TRY(aft__pick_denied(cmd, &list->labels, more, error));
  AFT__TRY(aft__pick_begin(cmd, list->pick, &list->labels, error));
  aft__pick_want_number(list->pick, AFT__ORDER_CUSTOMER, buyer ? cmd->call.actor : in->customer);
  aft__pick_want_text(list->pick, AFT__ORDER_STATUS, in->status);
  return AFT_OK;
}

static aft_status check(aft_order_filter *in, aft_error *error) {
  AFT__TRY(aft__in_text(&in->status, AFT__NAME_BYTES, "filter.status", error));
  if (in->shop)
    AFT__TRY(aft__in_id(in->shop, "filter.shop", error));
  if (in->customer)
    AFT__TRY(aft__in_id(in->customer, "filter.customer", error));
  if (in->by && in->by != AFT_BY_CREATED && in->by != AFT_BY_ATTRIBUTE)
    return aft__error(error, AFT_E_INVALID, "filter.by",
                      "expected AFT_BY_CREATED or AFT_BY_ATTRIBUTE, found %u", in->by);
  return AFT_OK;
}

aft_status aft_order_list(aft_session *session, const aft_call *call, const aft_order_filter *in,
                          aft_cursor **out, aft_error *error) {
  static const aft__command command = {
      .verb = "order.list", .name = "order_list", .roles = AFT__ROLES_ALL, .read = true, .run = fill};
  order_list list = {.in = {.size = sizeof list.in}};
  aft_order_filter *f = &list.in;
  if (!session)
    return aft__error(error, AFT_E_NULL_HANDLE, "session", "the session is NULL");
  if (in)
    AFT__TRY(aft__abi_copy(f, sizeof *f, in, FILTER_V1, "aft_order_filter", error));
  AFT__TRY(check(f, error));
  list.labels = (aft__label_filter){f->tag,   f->attribute, f->text,    f->from, f->to,
                                    f->least, f->most,      f->reverse, f->token};
  AFT__TRY(aft__label_filter_check(&list.labels, error));
  AFT__TRY(aft__pick_new(aft__session_env(session), &aft__listed_orders, &list.labels, &f->status, 1,
                         &list.pick, error));
  list.pick->shop = f->shop;
  list.pick->by = f->by ? f->by : AFT_BY_CREATED;
  return aft__pick_list(session, call, &command, AFT_KIND_ORDER, list.pick, &list, list.labels.token, out,
                        error);
}
