/* One telling of an order: in one transaction, and the same however often it is told. */
#include "desk/order/order_priv.h"

#include <stdio.h>

void aft__told_set(aft__value *row, uint64_t *mask, uint32_t column, aft__value value) {
  if (row[column].type == value.type && aft__value_cmp(&row[column], &value) == 0)
    return;
  row[column] = value;
  *mask |= UINT64_C(1) << column;
}

aft_status aft__told_write(aft__told *t, const aft__table *table, aft__value *row, uint64_t mask, bool fresh,
                           aft_error *error) {
  if (!fresh && !mask)
    return AFT_OK;
  t->changes++;
  return fresh ? aft__insert(t->cmd->tx, table, row, NULL, error)
               : aft__update(t->cmd->tx, table, row, mask, error);
}

aft__told_line *aft__told_line_of(const aft__told *t, aft_str ref) {
  for (uint32_t i = 0; i < t->n_lines; i++)
    if (aft__str_eq(aft__row_str(t->lines[i].row, AFT__LINE_REF), ref))
      return &t->lines[i];
  return NULL;
}

/* ---- the order's own row ---- */

static aft_status check_people(aft__cmd *cmd, const aft_order_facts_in *in, aft_error *error) {
  const struct {
    aft_id id;
    const char *where;
  } people[] = {
      {in->customer, "order.customer"}, {in->payer, "order.payer"}, {in->recipient, "order.recipient"}};
  aft__value *row;
  for (size_t i = 0; i < AFT__COUNT(people); i++)
    if (people[i].id)
      AFT__TRY(aft__load(cmd, &aft__customer_table, AFT__CUSTOMER_TENANT, people[i].id, people[i].where, &row,
                         error));
  return aft__customer_id_stays(cmd, in->customer, error);
}

static aft_status start_order(aft__told *t, aft_error *error) {
  aft__cmd *cmd = t->cmd;
  aft__value *row = t->order = aft__arena_alloc(cmd->arena, AFT__ORDER_COLUMNS * sizeof *row);
  if (!row)
    return aft__nomem(error);
  t->fresh = true;
  row[AFT__ORDER_ID] = aft__int(aft__tx_id(cmd->tx));
  row[AFT__ORDER_TENANT] = aft__int(cmd->call.tenant);
  row[AFT__ORDER_SHOP] = aft__int(t->in->shop);
  row[AFT__ORDER_CUSTOMER] = aft__int(t->in->customer);
  row[AFT__ORDER_NUMBER] = aft__text(t->in->number);
  row[AFT__ORDER_CREATED] = aft__int(cmd->now);
  return AFT_OK;
}

static aft_status find_order(aft__told *t, aft_error *error) {
  aft__cmd *cmd = t->cmd;
  aft__value keys[] = {aft__int(cmd->call.tenant), aft__int(t->in->shop), aft__text(t->in->number)};
  aft_status status = aft__find(cmd->tx, &aft__order_table, AFT__ORDER_BY_NUMBER, keys, &t->order, error);
  if (status == AFT_E_NOT_FOUND)
    return start_order(t, error);
  AFT__TRY(status);
  if (aft__row_int(t->order, AFT__ORDER_CUSTOMER) != t->in->customer)
    return aft__error(error, AFT_E_EXISTS, "order.number", "the number belongs to another customer's order");
  return AFT_OK;
}

static void set_text(aft__told *t, uint32_t column, aft_str text) {
  if (text.len)
    aft__told_set(t->order, &t->mask, column, aft__text(text));
}

/* Country codes are kept in capitals, as ISO 3166 and the policy write them. */
static void set_country(aft__told *t, aft_str code) {
  char *upper = code.len ? aft__arena_printf(t->cmd->arena, "%.*s", (int)code.len, code.data) : NULL;
  for (size_t i = 0; upper && i < code.len; i++)
    if (upper[i] >= 'a' && upper[i] <= 'z')
      upper[i] = (char)(upper[i] - 'a' + 'A');
  if (upper)
    set_text(t, AFT__ORDER_JURISDICTION, aft__cstr(upper));
}

static void set_number(aft__told *t, uint32_t column, int64_t number) {
  if (number)
    aft__told_set(t->order, &t->mask, column, aft__int(number));
}

static void fill_order(aft__told *t) {
  const aft_order_facts_in *in = t->in;
  set_text(t, AFT__ORDER_STATUS, in->status);
  set_text(t, AFT__ORDER_CURRENCY, in->currency);
  set_country(t, in->jurisdiction);
  set_text(t, AFT__ORDER_ZONE, in->zone);
  set_text(t, AFT__ORDER_INVOICE, in->invoice);
  set_text(t, AFT__ORDER_PLATFORM, in->platform);
  set_number(t, AFT__ORDER_PAYER, in->payer);
  set_number(t, AFT__ORDER_RECIPIENT, in->recipient);
  set_number(t, AFT__ORDER_PLACED, in->placed);
  set_number(t, AFT__ORDER_EARNED, in->earned);
  set_number(t, AFT__ORDER_EARNED_SPENT, in->earned_spent);
  set_number(t, AFT__ORDER_EARNED_VALUE, in->earned_value);
}

/* ---- its currency ---- */

static aft_status has_rows(aft__cmd *cmd, const aft__value *order, const aft__table *table, uint32_t index,
                           bool *out, aft_error *error) {
  aft__scan scan = {.table = table,
                    .index = index,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), order[AFT__ORDER_ID]},
                    .limit = 1};
  aft__value **rows;
  uint32_t n = 0;
  if (!*out)
    AFT__TRY(aft__scan_all(cmd->tx, &scan, &rows, &n, error));
  *out |= n != 0;
  return AFT_OK;
}

/* Amounts that are stored are in the order's currency: it stays. */
aft_status aft__order_in_currency(aft__cmd *cmd, const aft__value *order, aft_str found, const char *where,
                                  aft_error *error) {
  aft_str now = aft__row_str(order, AFT__ORDER_CURRENCY);
  bool fixed = false;
  if (!now.len || aft__str_eq(now, found))
    return AFT_OK;
  AFT__TRY(has_rows(cmd, order, &aft__line_table, AFT__LINE_BY_REF, &fixed, error));
  AFT__TRY(has_rows(cmd, order, &aft__payment_table, AFT__PAYMENT_BY_ORDER, &fixed, error));
  if (!fixed)
    return AFT_OK;
  return aft__error(error, AFT_E_CURRENCY, where, "expected %.*s, in which the order was told, found %.*s",
                    (int)now.len, now.data, (int)found.len, found.data);
}

static aft_status check_points(const aft__told *t, aft_error *error) {
  int64_t earned = aft__row_int(t->order, AFT__ORDER_EARNED);
  int64_t spent = aft__row_int(t->order, AFT__ORDER_EARNED_SPENT);
  if (spent <= earned)
    return AFT_OK;
  return aft__error(error, AFT_E_INVALID, "order.earned_spent",
                    "expected at most the %lld points that were earned, found %lld", (long long)earned,
                    (long long)spent);
}

/* ---- the whole ---- */

static void sum_up(aft__told *t) {
  int64_t total = 0;
  for (uint32_t i = 0; i < t->n_lines; i++)
    if (aft__row_null(t->lines[i].row, AFT__LINE_CASE))
      total += aft__row_int(t->lines[i].row, AFT__LINE_PAID);
  if (t->n_lines)
    aft__told_set(t->order, &t->mask, AFT__ORDER_TOTAL, aft__int(total));
}

/* Tellings of one order follow each other: each writes the order's row, or counts its revision up. */
static aft_status write_order(aft__told *t, aft_error *error) {
  aft__cmd *cmd = t->cmd;
  if (t->fresh) {
    aft_status status = aft__insert(cmd->tx, &aft__order_table, t->order, NULL, error);
    if (status == AFT_E_EXISTS)
      return aft__error(error, AFT_E_CONFLICT, "order.number",
                        "the order was told by another at the same time");
    return status;
  }
  if (t->mask)
    return aft__update(cmd->tx, &aft__order_table, t->order, t->mask, error);
  return t->changes ? aft__anchor(cmd->tx, &aft__order_table, t->order, error) : AFT_OK;
}

static aft_status note(aft__told *t, aft_error *error) {
  char facts[160];
  aft__cmd *cmd = t->cmd;
  if (!t->fresh && !t->mask && !t->changes)
    return AFT_OK;
  snprintf(facts, sizeof facts, "{\"lines\":%zu,\"shares\":%zu,\"payments\":%zu,\"parcels\":%zu}",
           t->in->n_lines, t->in->n_shares, t->in->n_payments, t->in->n_parcels);
  aft__event event = {.tenant = cmd->call.tenant,
                      .kind = AFT__KIND_ORDER,
                      .subject = cmd->ids[0],
                      .role = cmd->call.role,
                      .actor = cmd->call.actor,
                      .verb = aft__cstr("order.told"),
                      .to = t->in->status,
                      .facts = aft__cstr(facts)};
  return aft__event_next(cmd->tx, &event, error);
}

static aft_status tell_cases(aft__told *t, aft_error *error) {
  for (uint32_t i = 0; i < t->n_news; i++) {
    const aft__told_news *news = &t->news[i];
    if (news->shipped)
      AFT__TRY(aft__parcel_tells(t->cmd, news->parcel, "order_shipped", error));
    if (news->fate)
      AFT__TRY(aft__parcel_tells(t->cmd, news->parcel, news->fate, error));
    if (news->delivered)
      AFT__TRY(aft__parcel_tells(t->cmd, news->parcel, "order_delivered", error));
  }
  return aft__tier_renew(t->cmd, aft__row_int(t->order, AFT__ORDER_CUSTOMER), error);
}

/* Reads what the telling is about: the order as it stands, or a new one. */
static aft_status begin(aft__told *t, aft_error *error) {
  aft__cmd *cmd = t->cmd;
  aft__value *shop;
  cmd->subject = t->in->shop;
  AFT__TRY(aft__load(cmd, &aft__shop_table, AFT__SHOP_TENANT, t->in->shop, "order.shop", &shop, error));
  AFT__TRY(aft__may_shop(cmd, t->in->shop, error));
  AFT__TRY(check_people(cmd, t->in, error));
  AFT__TRY(find_order(t, error));
  cmd->ids[0] = t->order[AFT__ORDER_ID].number;
  cmd->row = t->order;
  AFT__TRY(aft__told_lines(t, error));
  return t->fresh ? AFT_OK : aft__order_in_currency(cmd, t->order, t->in->currency, "order.currency", error);
}

static aft_status write_parts(aft__told *t, aft_error *error) {
  AFT__TRY(aft__told_shares(t, error));
  AFT__TRY(aft__told_lines_write(t, error));
  AFT__TRY(aft__told_payments(t, error));
  return aft__told_parcels(t, error);
}

static aft_status tell(aft__cmd *cmd, void *given, aft_error *error) {
  aft__told t = {.cmd = cmd, .in = given};
  AFT__TRY(begin(&t, error));
  fill_order(&t);
  AFT__TRY(check_points(&t, error));
  AFT__TRY(aft__order_govern(cmd, t.order, error));
  AFT__TRY(write_parts(&t, error));
  sum_up(&t);
  AFT__TRY(write_order(&t, error));
  AFT__TRY(note(&t, error));
  return tell_cases(&t, error);
}

aft_status aft_order_tell(aft_session *session, const aft_call *call, const aft_order_facts_in *in,
                          aft_record **out, aft_error *error) {
  static const aft__command command = {.verb = "order.tell",
                                       .name = "order_tell",
                                       .roles = AFT__ROLE(AFT_ROLE_SYSTEM) | AFT__ROLE(AFT_ROLE_AGENT),
                                       .returns = AFT_KIND_ORDER,
                                       .digest = aft__facts_digest,
                                       .run = tell};
  aft_order_facts_in local;
  aft__arena arena;
  if (!session)
    return aft__error(error, AFT_E_NULL_HANDLE, "session", "the session is NULL");
  aft_env *env = aft__session_env(session);
  aft__arena_init(&arena, env);
  aft_status status = aft__facts_copy(env, &arena, in, &local, error);
  if (status >= 0)
    status = aft__command_run(session, call, &command, &local, out, error);
  aft__arena_done(&arena);
  return status;
}
