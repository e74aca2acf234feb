/* Reading cases: one, lists, and what belongs to one. */
#include "desk/case/case_priv.h"

#define FILTER_V1 (offsetof(aft_case_filter, token) + sizeof(aft_str))

/* ---- one ---- */

static aft_status show(aft__cmd *cmd, aft__value *row, aft_error *error) {
  cmd->ids[0] = cmd->subject = row[AFT__CASE_ID].number;
  cmd->row = row;
  return aft__may_case(cmd, row, error);
}

static aft_status get(aft__cmd *cmd, void *in, aft_error *error) {
  aft__value *row;
  AFT__TRY(aft__load(cmd, &aft__case_table, AFT__CASE_TENANT, *(aft_id *)in, "case", &row, error));
  return show(cmd, row, error);
}

#define READERS (AFT__ROLES_ALL | AFT__ROLE(AFT_ROLE_WAREHOUSE))

aft_status aft_case_get(aft_session *session, const aft_call *call, aft_id case_id, aft_record **out,
                        aft_error *error) {
  static const aft__command command = {.verb = "case.get",
                                       .name = "case_get",
                                       .roles = READERS,
                                       .by_link = true,
                                       .returns = AFT_KIND_CASE,
                                       .read = true,
                                       .run = get,
                                       .hide = aft__case_hide};
  return aft__command_run(session, call, &command, &case_id, out, error);
}

static aft_status find(aft__cmd *cmd, void *in, aft_error *error) {
  aft__value keys[] = {aft__int(cmd->call.tenant), aft__text(aft__cstr(in))}, *row;
  aft_status status = aft__find(cmd->tx, &aft__case_table, AFT__CASE_BY_CODE, keys, &row, error);
  if (status == AFT_E_NOT_FOUND)
    return aft__error(error, status, "code", "there is no case %s in this tenant", (const char *)in);
  AFT__TRY(status);
  return show(cmd, row, error);
}

aft_status aft_case_find(aft_session *session, const aft_call *call, const char *code, size_t len,
                         aft_record **out, aft_error *error) {
  static const aft__command command = {.verb = "case.find",
                                       .name = "case_find",
                                       .roles = READERS,
                                       .by_link = true,
                                       .returns = AFT_KIND_CASE,
                                       .read = true,
                                       .run = find,
                                       .hide = aft__case_hide};
  char written[AFT_CODE_SIZE];
  if (!code)
    return aft__error(error, AFT_E_INVALID, "code", "the code is NULL");
  AFT__TRY(aft_code_parse(code, len, written, error));
  return aft__command_run(session, call, &command, written, out, error);
}

/* ---- lists ---- */

typedef struct listing {
  aft_case_filter in;
  aft__list list;
} listing;

/* What the index does not answer is asked of each row: names by their hash. */
enum {
  WANT_SHOP,
  WANT_OPEN,
  WANT_KIND,
  WANT_STATE
};

static uint64_t hash_of(aft_str name) { return name.len ? aft__hash64(name.data, name.len, 0) : 0; }

static aft_status check_subject(aft__cmd *cmd, const aft_case_filter *in, aft_error *error) {
  aft__value *row;
  if (cmd->call.role == AFT_ROLE_AGENT && !in->order && !in->shop)
    return aft__error(error, AFT_E_INVALID, "filter.shop", "an agent names the shop or the order");
  if (in->shop)
    AFT__TRY(aft__may_shop(cmd, in->shop, error));
  if (!in->order)
    return AFT_OK;
  AFT__TRY(aft__load(cmd, &aft__order_table, AFT__ORDER_TENANT, in->order, "filter.order", &row, error));
  return aft__may_file(cmd, row, 0, error);
}

static void choose_index(listing *l, const aft_call *call) {
  const aft_case_filter *in = &l->in;
  aft_id customer = call->role == AFT_ROLE_BUYER && !in->order ? call->actor : in->customer;
  const struct {
    aft_id id;
    uint32_t index;
  } ways[] = {
      {in->order, AFT__CASE_BY_ORDER}, {in->parent, AFT__CASE_BY_PARENT}, {customer, AFT__CASE_BY_CUSTOMER}};
  l->list.n_equal = 1;
  l->list.equal[0] = call->tenant;
  l->list.index = in->open ? AFT__CASE_BY_OPEN : AFT__CASE_BY_UPDATED;
  l->list.descending = !in->open;
  if (in->open) {
    l->list.n_equal = 2;
    l->list.equal[1] = 3 - (int64_t)in->open;
  }
  for (size_t i = 0; i < AFT__COUNT(ways); i++)
    if (ways[i].id) {
      l->list.index = ways[i].index;
      l->list.equal[1] = ways[i].id;
      l->list.n_equal = 2;
      l->list.descending = true;
      return;
    }
}

static aft_status check_list(aft__cmd *cmd, void *given, aft_error *error) {
  listing *l = given;
  return check_subject(cmd, &l->in, error);
}

static bool name_is(const aft__value *row, uint32_t column, uint64_t wanted) {
  return !wanted || hash_of(aft__row_str(row, column)) == wanted;
}

static bool shows(const aft__list *list, const aft__value *row) {
  const uint64_t *want = list->want;
  if (want[WANT_SHOP] && (uint64_t)aft__row_int(row, AFT__CASE_SHOP) != want[WANT_SHOP])
    return false;
  if (want[WANT_OPEN] && aft__row_int(row, AFT__CASE_OPEN) != 3 - (int64_t)want[WANT_OPEN])
    return false;
  if (list->actor && aft__row_int(row, AFT__CASE_CUSTOMER) != list->actor)
    return false;
  return name_is(row, AFT__CASE_KIND, want[WANT_KIND]) && name_is(row, AFT__CASE_STATE, want[WANT_STATE]);
}

static aft_status check_filter(aft_case_filter *in, aft_error *error) {
  AFT__TRY(aft__in_text(&in->kind, 64, "filter.kind", error));
  AFT__TRY(aft__in_text(&in->state, 64, "filter.state", error));
  if (in->open > AFT_OPEN_ENDED)
    return aft__error(error, AFT_E_INVALID, "filter.open", "expected AFT_OPEN_…, found %u", in->open);
  if (!!in->order + !!in->parent + !!in->customer > 1)
    return aft__error(error, AFT_E_INVALID, "filter", "expected one of order, customer and parent at most");
  return AFT_OK;
}

aft_status aft_case_list(aft_session *session, const aft_call *call, const aft_case_filter *in,
                         aft_cursor **out, aft_error *error) {
  static const aft__command command = {
      .verb = "case.list", .name = "case_list", .roles = AFT__ROLES_ALL, .read = true, .run = check_list};
  listing l = {.in = {.size = sizeof l.in}, .list = {.kind = AFT_KIND_CASE, .table = &aft__case_table}};
  if (in)
    AFT__TRY(aft__abi_copy(&l.in, sizeof l.in, in, FILTER_V1, "aft_case_filter", error));
  AFT__TRY(check_filter(&l.in, error));
  AFT__TRY(aft__command_run(session, call, &command, &l, NULL, error));
  choose_index(&l, call);
  const uint64_t want[] = {[WANT_SHOP] = (uint64_t)l.in.shop,
                           [WANT_OPEN] = l.in.open,
                           [WANT_KIND] = hash_of(l.in.kind),
                           [WANT_STATE] = hash_of(l.in.state)};
  memcpy(l.list.want, want, sizeof want);
  l.list.scope = aft__hash64(want, sizeof want, 0);
  l.list.shows = shows;
  l.list.actor = call->role == AFT_ROLE_BUYER ? call->actor : 0;
  l.list.hide = l.list.actor ? aft__case_list_hide : NULL;
  return aft__cursor_open(session, &l.list, l.in.token, out, error);
}

/* ---- what belongs to a case ---- */

static const struct {
  uint32_t kind, index;
  const aft__table *table;
  bool staff, money;
} parts[] = {{AFT_KIND_CASE_LINE, AFT__CASE_LINE_BY_CASE, &aft__case_line_table, false, true},
             {AFT_KIND_PROPOSAL, AFT__PROPOSAL_BY_CASE, &aft__proposal_table, false, true},
             {AFT_KIND_LEG, AFT__LEG_BY_CASE, &aft__leg_table, false, true},
             {AFT_KIND_FINDING, AFT__FINDING_BY_CASE, &aft__finding_table, false, false},
             {AFT_KIND_PARCEL, AFT__PARCEL_BY_CASE, &aft__parcel_table, false, false},
             {AFT_KIND_APPOINTMENT, AFT__APPOINTMENT_BY_CASE, &aft__appointment_table, false, false},
             {AFT_KIND_INVOICE, AFT__INVOICE_BY_CASE, &aft__invoice_table, false, true},
             {AFT_KIND_MIRROR, AFT__MIRROR_BY_CASE, &aft__mirror_table, true, false},
             {AFT_KIND_SIGNAL, AFT__SIGNAL_BY_CASE, &aft__signal_table, true, false},
             {AFT_KIND_EVENT, AFT__EV_BY_SUBJECT, &aft__event_table, true, false}};

typedef struct parts_in {
  aft_id id;
  size_t part;
} parts_in;

static aft_status verify(aft__cmd *cmd, const aft__value *row, aft_error *error) {
  aft__chain chain = {0};
  aft_id id = row[AFT__CASE_ID].number;
  AFT__TRY(aft__event_verify(cmd->tx, cmd->call.tenant, id, &chain, error));
  const aft__value *end = &row[AFT__CASE_CHAIN];
  if (chain.seq == row[AFT__CASE_EVENTS].number && end->size == sizeof chain.hash &&
      memcmp(end->data, chain.hash, sizeof chain.hash) == 0)
    return AFT_OK;
  return aft__error(error, AFT_E_CORRUPT, "case.chain",
                    "the case has %lld audit events, its chain ends at %lld",
                    (long long)row[AFT__CASE_EVENTS].number, (long long)chain.seq);
}

static aft_status check_part(aft__cmd *cmd, void *given, aft_error *error) {
  const parts_in *in = given;
  aft__value *row, *order;
  AFT__TRY(aft__load(cmd, &aft__case_table, AFT__CASE_TENANT, in->id, "case", &row, error));
  cmd->subject = in->id;
  AFT__TRY(aft__may_case(cmd, row, error));
  AFT__TRY(aft__get(cmd->tx, &aft__order_table, aft__row_int(row, AFT__CASE_ORDER), &order, error));
  if (parts[in->part].staff && cmd->call.role == AFT_ROLE_BUYER)
    return aft__denied(cmd, "this is for the shop's people", error);
  if (parts[in->part].money && !aft__sees_money(cmd, order))
    return aft__denied(cmd, "a recipient sees no amounts", error);
  return parts[in->part].kind == AFT_KIND_EVENT ? verify(cmd, row, error) : AFT_OK;
}

aft_status aft_case_parts(aft_session *session, const aft_call *call, aft_id case_id, uint32_t kind,
                          aft_cursor **out, aft_error *error) {
  static const aft__command command = {.verb = "case.parts",
                                       .name = "case_parts",
                                       .roles = READERS,
                                       .by_link = true,
                                       .read = true,
                                       .run = check_part};
  parts_in in = {.id = case_id};
  while (in.part < AFT__COUNT(parts) && parts[in.part].kind != kind)
    in.part++;
  if (in.part == AFT__COUNT(parts))
    return aft__error(error, AFT_E_INVALID, "kind", "records of kind %u do not belong to a case", kind);
  AFT__TRY(aft__in_id(case_id, "case.case_id", error));
  AFT__TRY(aft__command_run(session, call, &command, &in, NULL, error));
  aft__list list = {.kind = kind,
                    .table = parts[in.part].table,
                    .index = parts[in.part].index,
                    .n_equal = 2,
                    .equal = {call->tenant, case_id}};
  return aft__cursor_open(session, &list, (aft_str){0}, out, error);
}
