/* Lists of customers. */
#include "desk/list/list_filter.h"

#define FILTER_V1 (offsetof(aft_customer_filter, token) + sizeof(aft_str))

static const aft__way ways[] = {{AFT__CUSTOMER_BY_TENANT, 0, {0}, AFT_BY_CREATED}};

const aft__listed aft__listed_customers = {.kind = AFT__LABELS_CUSTOMER,
                                           .table = &aft__customer_table,
                                           .tenant = AFT__CUSTOMER_TENANT,
                                           .ways = ways,
                                           .n_ways = AFT__COUNT(ways)};

typedef struct customer_list {
  aft_customer_filter in;
  aft__label_filter labels;
  aft__pick *pick;
} customer_list;

static aft_status fill(aft__cmd *cmd, void *given, aft_error *error) {
  customer_list *list = given;
  AFT__TRY(aft__pick_begin(cmd, list->pick, &list->labels, error));
  aft__pick_want_text(list->pick, AFT__CUSTOMER_TIER, list->in.tier);
  return AFT_OK;
}

aft_status aft_customer_list(aft_session *session, const aft_call *call, const aft_customer_filter *in,
                             aft_cursor **out, aft_error *error) {
  static const aft__command command = {
      .verb = "customer.list", .name = "customer_list", .roles = AFT__ROLES_STAFF, .read = true, .run = fill};
  customer_list list = {.in = {.size = sizeof list.in}};
  aft_customer_filter *f = &list.in;
  if (!session)
    return aft__error(error, AFT_E_NULL_HANDLE, "session", "the session is NULL");
  if (in)
    AFT__TRY(aft__abi_copy(f, sizeof *f, in, FILTER_V1, "aft_customer_filter", error));
  AFT__TRY(aft__in_text(&f->tier, AFT__NAME_BYTES, "filter.tier", error));
  if (f->by && f->by != AFT_BY_CREATED && f->by != AFT_BY_ATTRIBUTE)
    return aft__error(error, AFT_E_INVALID, "filter.by",
                      "expected AFT_BY_CREATED or AFT_BY_ATTRIBUTE, found %u", f->by);
  list.labels = (aft__label_filter){f->tag,   f->attribute, f->text,    f->from, f->to,
                                    f->least, f->most,      f->reverse, f->token};
  AFT__TRY(aft__label_filter_check(&list.labels, error));
  AFT__TRY(aft__pick_new(aft__session_env(session), &aft__listed_customers, &list.labels, &f->tier, 1,
                         &list.pick, error));
  list.pick->by = f->by ? f->by : AFT_BY_CREATED;
  return aft__pick_list(session, call, &command, AFT_KIND_CUSTOMER, list.pick, &list, list.labels.token, out,
                        error);
}
