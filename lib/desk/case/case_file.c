/* Filing a case: who may, about which units, whether the policy allows it, what it comes to. */
#include "desk/case/case_priv.h"

#include <stdio.h>
#include <stdlib.h>

#define CASE_V1 (offsetof(aft_case_in, reserved0) + sizeof(uint32_t))

/* ---- lines ---- */

aft_status aft__case_add_line(aft__case *c, aft__value *line, const aft_case_line_in *in, int64_t quantity,
                              aft_error *error) {
  aft__value *row = aft__arena_alloc(c->cmd->arena, AFT__CASE_LINE_COLUMNS * sizeof *row);
  if (!row)
    return aft__nomem(error);
  for (uint32_t i = 0; i < AFT__CASE_LINE_COLUMNS; i++)
    if (aft__case_line_table.columns[i].required)
      row[i] = aft__int(0);
  row[AFT__CASE_LINE_ID] = aft__int(aft__tx_id(c->cmd->tx));
  row[AFT__CASE_LINE_REV] = aft__int(1);
  row[AFT__CASE_LINE_TENANT] = aft__int(c->cmd->call.tenant);
  row[AFT__CASE_LINE_CASE] = c->row[AFT__CASE_ID];
  row[AFT__CASE_LINE_LINE] = line[AFT__LINE_ID];
  row[AFT__CASE_LINE_QUANTITY] = aft__int(quantity);
  c->lines[c->n_lines] = (aft__case_line){.row = row, .line = line, .fresh = true};
  if (in)
    aft__exchange_wants(c, &c->lines[c->n_lines], in->wants, in->wants_price);
  c->n_lines++;
  return AFT_OK;
}

static int64_t free_units(const aft__value *line) {
  return aft__row_int(line, AFT__LINE_WITH_BUYER) + aft__row_int(line, AFT__LINE_UNDELIVERED);
}

aft_status aft__order_lines(aft__cmd *cmd, aft_id order, aft__value ***rows, uint32_t *n, aft_error *error) {
  return aft__load_rows(cmd, &aft__line_table, AFT__LINE_BY_REF, order, AFT__MOST_CASE_LINES, rows, n, error);
}

static int by_line(const void *a, const void *b) {
  int64_t x = ((const aft__case_line *)a)->line[AFT__LINE_ID].number;
  int64_t y = ((const aft__case_line *)b)->line[AFT__LINE_ID].number;
  return x < y ? -1 : x > y;
}

static aft_status find_line(aft__value **rows, uint32_t n, const aft_case_line_in *in, size_t index,
                            aft__value **out, aft_error *error) {
  char where[64];
  for (uint32_t i = 0; i < n; i++)
    if (rows[i][AFT__LINE_ID].number == in->line) {
      *out = rows[i];
      return AFT_OK;
    }
  snprintf(where, sizeof where, "case.lines[%zu].line", index);
  return aft__error(error, AFT_E_INVALID, where, "the order has no line %lld", (long long)in->line);
}

static aft_status twice(const aft_case_line_in *in, size_t index, aft_error *error) {
  char where[64];
  snprintf(where, sizeof where, "case.lines[%zu].line", index);
  return aft__error(error, AFT_E_INVALID, where, "line %lld is named twice", (long long)in->line);
}

static bool among(aft_str words, aft_str word) {
  for (size_t at = 0; at + word.len <= words.len; at++)
    if (memcmp(words.data + at, word.data, word.len) == 0 && (at == 0 || words.data[at - 1] == ' ') &&
        (at + word.len == words.len || words.data[at + word.len] == ' '))
      return true;
  return false;
}

static aft_status set_serial(aft__case_line *l, const aft_case_line_in *in, size_t index, aft_error *error) {
  char where[64];
  aft_str known = aft__row_str(l->line, AFT__LINE_SERIALS);
  if (!in->serial.len)
    return AFT_OK;
  snprintf(where, sizeof where, "case.lines[%zu].serial", index);
  if (in->quantity != 1)
    return aft__error(error, AFT_E_INVALID, where, "expected none for %lld units: a serial number is of one",
                      (long long)in->quantity);
  if (known.len && !among(known, in->serial))
    return aft__error(error, AFT_E_INVALID, where, "line %.*s has no unit of the serial number '%.*s'",
                      (int)l->line[AFT__LINE_REF].size, l->line[AFT__LINE_REF].data,
                      (int)aft__utf8_cut(in->serial, 60), in->serial.data);
  l->row[AFT__CASE_LINE_SERIAL] = aft__text(in->serial);
  return AFT_OK;
}

static aft_status name_line(aft__case *c, aft__value **rows, uint32_t n, const aft_case_line_in *in,
                            size_t index, aft_error *error) {
  char where[64];
  aft__value *line;
  AFT__TRY(find_line(rows, n, in, index, &line, error));
  snprintf(where, sizeof where, "case.lines[%zu].quantity", index);
  if (in->quantity < 1)
    return aft__error(error, AFT_E_INVALID, where, "expected 1 or more units, found %lld",
                      (long long)in->quantity);
  if (in->quantity > aft__row_int(line, AFT__LINE_QUANTITY))
    return aft__error(error, AFT_E_CHECK, where, "expected at most the %lld units bought, found %lld",
                      (long long)aft__row_int(line, AFT__LINE_QUANTITY), (long long)in->quantity);
  if (aft__line_is_kit(line))
    return aft__case_name_kit(c, rows, n, line, in, index, error);
  for (uint32_t i = 0; i < c->n_lines; i++)
    if (c->lines[i].line == line)
      return twice(in, index, error);
  AFT__TRY(aft__exchange_price_check(c->cmd, in, index, error));
  AFT__TRY(aft__case_add_line(c, line, in, in->quantity, error));
  c->lines[c->n_lines - 1].asks = in->amount;
  c->lines[c->n_lines - 1].index = (uint32_t)index;
  return set_serial(&c->lines[c->n_lines - 1], in, index, error);
}

static aft_status units_of_case(aft__case *c, aft_id parent, const aft__value *line, int64_t *out,
                                aft_error *error) {
  aft__value keys[] = {aft__int(c->cmd->call.tenant), aft__int(parent), line[AFT__LINE_ID]}, *row;
  aft_status status = aft__find(c->cmd->tx, &aft__case_line_table, AFT__CASE_LINE_BY_CASE, keys, &row, error);
  *out = status >= 0 ? aft__row_int(row, AFT__CASE_LINE_QUANTITY) : 0;
  return status == AFT_E_NOT_FOUND ? AFT_OK : status;
}

/* Units that the case is about where none is named: those that are free, or, for a case that holds none,
 * those of the case that it is about. */
static aft_status all_units(aft__case *c, const aft_case_in *in, aft__value **rows, uint32_t n,
                            aft_error *error) {
  bool holds = aft__case_holds_units(c->flow);
  for (uint32_t i = 0; i < n; i++) {
    int64_t units = holds ? free_units(rows[i]) : aft__row_int(rows[i], AFT__LINE_QUANTITY);
    if (!holds && in->parent)
      AFT__TRY(units_of_case(c, in->parent, rows[i], &units, error));
    if (units && !aft__line_is_extra(rows[i]))
      AFT__TRY(aft__case_add_line(c, rows[i], NULL, units, error));
  }
  return AFT_OK;
}

/* Which units: those named, or all that are free. Goods go before the freight and duties that rest on them.
 */
static aft_status choose_lines(aft__case *c, const aft_case_in *in, aft_error *error) {
  aft__value **rows;
  uint32_t n;
  AFT__TRY(aft__order_lines(c->cmd, c->order[AFT__ORDER_ID].number, &rows, &n, error));
  c->lines = aft__arena_alloc(c->cmd->arena, (n ? n : 1) * sizeof *c->lines);
  if (!c->lines)
    return aft__nomem(error);
  for (size_t i = 0; i < in->n_lines; i++)
    AFT__TRY(name_line(c, rows, n, &in->lines[i], i, error));
  AFT__TRY(in->n_lines ? AFT_OK : all_units(c, in, rows, n, error));
  AFT__TRY(aft__case_add_extras(c, rows, n, error));
  qsort(c->lines, c->n_lines, sizeof *c->lines, by_line);
  return AFT_OK;
}

/* ---- what else is told ---- */

static aft_status set_texts(aft__case *c, const aft_case_in *in) {
  const struct {
    uint32_t column;
    aft_str text;
  } texts[] = {{AFT__CASE_REASON, in->reason},     {AFT__CASE_NOTE, in->text},
               {AFT__CASE_ADDRESS, in->address},   {AFT__CASE_ROUTE, in->route},
               {AFT__CASE_FAULT, in->fault},       {AFT__CASE_FREIGHT, in->freight},
               {AFT__CASE_PLATFORM, in->platform}, {AFT__CASE_EXTERNAL, in->external}};
  for (size_t i = 0; i < AFT__COUNT(texts); i++)
    if (texts[i].text.len)
      c->row[texts[i].column] = aft__text(texts[i].text);
  if (in->platform.len)
    c->row[AFT__CASE_AUTHORITY] = aft__text(aft__cstr("external"));
  c->row[AFT__CASE_CUSTOMER] = aft__int(in->customer);
  c->row[AFT__CASE_TICKET] = aft__id_or_null(in->ticket);
  c->row[AFT__CASE_PARENT] = aft__id_or_null(in->parent);
  c->row[AFT__CASE_AGREED] = aft__null();
  return AFT_OK;
}

static aft_status check_ticket(aft__case *c, const aft_case_in *in, aft_error *error) {
  aft__value *ticket;
  if (!in->ticket)
    return AFT_OK;
  AFT__TRY(
      aft__load(c->cmd, &aft__ticket_table, AFT__TICKET_TENANT, in->ticket, "case.ticket", &ticket, error));
  AFT__TRY(aft__may_ticket(c->cmd, ticket, error));
  if (aft__row_int(ticket, AFT__TICKET_SHOP) != aft__row_int(c->order, AFT__ORDER_SHOP))
    return aft__error(error, AFT_E_INVALID, "case.ticket", "the ticket is another shop's");
  return AFT_OK;
}

/* Another order's case is no parent, nor is one that has not been refused what it asked for. */
static aft_status check_parent(aft__case *c, const aft_case_in *in, aft_error *error) {
  aft__value *parent;
  AFT__TRY(aft__link_parent(c->cmd, in->parent, error));
  if (aft__case_is(c, AFT__CASE_KIND, "dispute") && !in->parent)
    return aft__error(error, AFT_E_INVALID, "case.parent", "expected the case that is disputed");
  if (!in->parent)
    return AFT_OK;
  AFT__TRY(aft__load(c->cmd, &aft__case_table, AFT__CASE_TENANT, in->parent, "case.parent", &parent, error));
  AFT__TRY(aft__may_case(c->cmd, parent, error));
  if (aft__row_int(parent, AFT__CASE_ORDER) != c->order[AFT__ORDER_ID].number)
    return aft__error(error, AFT_E_INVALID, "case.parent", "the case is about another order");
  return AFT_OK;
}

static aft_status check_amount(const aft__case *c, const aft_case_in *in, aft_error *error) {
  aft_str own = aft__case_str(c, AFT__CASE_CURRENCY);
  if (!in->amount.currency[0] || aft__str_eq(aft__cstr(in->amount.currency), own))
    return AFT_OK;
  return aft__error(error, AFT_E_CURRENCY, "case.amount", "expected %.*s, as the order; found %s",
                    (int)own.len, own.data, in->amount.currency);
}

static aft_status other_platform(aft_str expected, aft_str found, aft_error *error) {
  return aft__error(
      error, AFT_E_INVALID, "case.platform", "expected '%.*s', where the order is from; found '%.*s'",
      (int)aft__utf8_cut(expected, 40), expected.data, (int)aft__utf8_cut(found, 40), found.data);
}

/* Whether a marketplace decides is known to the host, not to a buyer. It says so with the case, or has said
 * where the order is from: what it files of such an order is decided there. What people file without a
 * number, or what follows from another case, is the shop's own. */
static aft_status set_platform(const aft__cmd *cmd, const aft__value *order, aft_case_in *in,
                               aft_error *error) {
  aft_str own = aft__row_str(order, AFT__ORDER_PLATFORM);
  bool told = in->platform.len || in->external.len;
  if (told && cmd->call.role == AFT_ROLE_BUYER)
    return aft__error(error, AFT_E_INVALID, "case.platform",
                      "a buyer files no case that a marketplace decides: expected none, found '%.*s'",
                      (int)aft__utf8_cut(in->platform, 40), in->platform.data ? in->platform.data : "");
  if (in->platform.len)
    return own.len && !aft__str_eq(own, in->platform) ? other_platform(own, in->platform, error) : AFT_OK;
  if (in->external.len && !own.len)
    return aft__error(error, AFT_E_INVALID, "case.platform",
                      "a marketplace and its number of the case come together");
  if (in->external.len || (cmd->call.role == AFT_ROLE_SYSTEM && !in->parent))
    in->platform = own;
  return AFT_OK;
}

/* ---- filing ---- */

/* Everything up to the first event; nothing is written. */
aft_status aft__case_prepare(aft__cmd *cmd, const aft_case_in *in, aft__case *c, aft_error *error) {
  aft__value *order;
  aft_case_in own = *in;
  cmd->subject = in->order;
  *c = (aft__case){.cmd = cmd};
  AFT__TRY(aft__load(cmd, &aft__order_table, AFT__ORDER_TENANT, in->order, "case.order", &order, error));
  AFT__TRY(aft__may_file(cmd, order, in->customer, error));
  AFT__TRY(set_platform(cmd, order, &own, error));
  if (!own.customer)
    own.customer =
        cmd->call.role == AFT_ROLE_BUYER ? cmd->call.actor : aft__row_int(order, AFT__ORDER_CUSTOMER);
  if (aft__row_null(order, AFT__ORDER_CURRENCY))
    return aft__error(error, AFT_E_INVALID, "case.order",
                      "the order's lines and currency were not told yet: see aft_order_tell");
  AFT__TRY(aft__case_start(cmd, order, in->kind, c, error));
  AFT__TRY(set_texts(c, &own));
  AFT__TRY(check_amount(c, in, error));
  AFT__TRY(check_ticket(c, in, error));
  AFT__TRY(check_parent(c, in, error));
  AFT__TRY(choose_lines(c, in, error));
  AFT__TRY(aft__case_quote(c, in->amount.currency[0] ? &in->amount : NULL, error));
  aft__exchange_reckon(c);
  return AFT_OK;
}

/* Only what was refused can be disputed, and only once at a time. */
static aft_status dispute(aft__case *c, aft_error *error) {
  aft__case parent;
  bool lets = false;
  if (!aft__case_is(c, AFT__CASE_KIND, "dispute"))
    return AFT_OK;
  aft_status status = aft__case_load(c->cmd, aft__case_int(c, AFT__CASE_PARENT), &parent, error);
  if (status >= 0)
    status = aft__case_lets(&parent, "disputed", AFT_ROLE_SYSTEM, &lets, error);
  if (status >= 0 && !lets)
    status = aft__error(error, AFT_E_TRANSITION, "case.parent",
                        "nothing is to dispute about a case in state '%.*s'",
                        (int)parent.row[AFT__CASE_STATE].size, parent.row[AFT__CASE_STATE].data);
  aft__case_done(&parent);
  c->cmd->subject = aft__case_id(c);
  AFT__TRY(status);
  return aft__case_tell_parent(c, "disputed", error);
}

/* What is decided on and not written by every case: how often the lines were applied for, and what the
 * customer filed before. Of two filings at once the later one has to see the other. */
static aft_status anchor(aft__case *c, aft_error *error) {
  aft__tx *tx = c->cmd->tx;
  aft__value *customer;
  for (uint32_t i = 0; i < c->n_lines; i++)
    AFT__TRY(aft__anchor(tx, &aft__line_table, c->lines[i].line, error));
  AFT__TRY(aft__get(tx, &aft__customer_table, aft__case_int(c, AFT__CASE_CUSTOMER), &customer, error));
  return aft__anchor(tx, &aft__customer_table, customer, error);
}

static aft_status file(aft__case *c, const aft_case_in *in, aft_error *error) {
  aft__case_input input = {.text = in->text, .reason = in->reason, .freight_minor = in->freight_minor};
  aft__case_event fire = {.event = "file", .in = &input};
  AFT__TRY(anchor(c, error));
  AFT__TRY(aft__case_judge(c, in, error));
  AFT__TRY(aft__risk_filing(c, error));
  AFT__TRY(aft__propose_first(c, error));
  c->mirrored = aft__case_is(c, AFT__CASE_AUTHORITY, "external");
  AFT__TRY(aft__case_fire(c, &fire, error));
  AFT__TRY(aft__legal_begin(c, error));
  AFT__TRY(aft__case_save(c, error));
  AFT__TRY(dispute(c, error));
  return aft__case_ticket(c, "resolve", error);
}

aft_status aft__case_file(aft__cmd *cmd, const aft_case_in *in, aft_error *error) {
  aft__case c;
  aft_status status = aft__case_prepare(cmd, in, &c, error);
  if (status >= 0)
    status = file(&c, in, error);
  if (status >= 0) {
    cmd->ids[0] = cmd->subject = aft__case_id(&c);
    cmd->row = c.row;
  }
  aft__case_done(&c);
  return status;
}

static aft_status run(aft__cmd *cmd, void *in, aft_error *error) { return aft__case_file(cmd, in, error); }

static void digest(aft__sha256 *sha, const void *given) {
  const aft_case_in *in = given;
  const int64_t numbers[] = {in->order,  in->amount.minor,  in->customer, in->ticket,
                             in->parent, in->freight_minor, in->in_spite};
  const aft_str texts[] = {in->kind,  in->reason,   in->text,     in->address, in->route,
                           in->fault, in->platform, in->external, in->freight};
  for (size_t i = 0; i < AFT__COUNT(numbers); i++)
    aft__digest_i64(sha, numbers[i]);
  for (size_t i = 0; i < AFT__COUNT(texts); i++)
    aft__digest_str(sha, texts[i]);
  aft__digest_str(sha, aft__str(in->amount.currency, sizeof in->amount.currency));
  aft__case_lines_digest(sha, in->lines, in->n_lines);
}

/* ---- input ---- */

static aft_status check_texts(aft_case_in *in, aft_error *error) {
  struct {
    aft_str *text;
    size_t most;
    const char *where;
  } texts[] = {{&in->text, 4000, "case.text"},       {&in->address, 1000, "case.address"},
               {&in->route, 64, "case.route"},       {&in->fault, AFT__NAME_BYTES, "case.fault"},
               {&in->platform, 64, "case.platform"}, {&in->external, AFT__NAME_BYTES, "case.external"},
               {&in->freight, 64, "case.freight"}};
  for (size_t i = 0; i < AFT__COUNT(texts); i++)
    AFT__TRY(aft__in_text(texts[i].text, texts[i].most, texts[i].where, error));
  AFT__TRY(aft__in_name(&in->kind, 64, "case.kind", error));
  AFT__TRY(aft__in_name(&in->reason, 64, "case.reason", error));
  if (in->platform.len && !in->external.len)
    return aft__error(error, AFT_E_INVALID, "case.external",
                      "a marketplace and its number of the case come together");
  return AFT_OK;
}

static aft_status check_ids(const aft_case_in *in, aft_error *error) {
  const struct {
    aft_id id;
    const char *where;
  } ids[] = {{in->customer, "case.customer"}, {in->ticket, "case.ticket"}, {in->parent, "case.parent"}};
  AFT__TRY(aft__in_id(in->order, "case.order", error));
  for (size_t i = 0; i < AFT__COUNT(ids); i++)
    if (ids[i].id)
      AFT__TRY(aft__in_id(ids[i].id, ids[i].where, error));
  if (in->freight_minor < 0)
    return aft__error(error, AFT_E_INVALID, "case.freight_minor", "expected 0 or more, found %lld",
                      (long long)in->freight_minor);
  if (in->in_spite > 1)
    return aft__error(error, AFT_E_INVALID, "case.in_spite", "expected 0 or 1, found %u", in->in_spite);
  return AFT_OK;
}

/* The lines are copied into an arena of the call, which the caller ends. */
aft_status aft__case_in_copy(aft_case_in *local, const aft_case_in *in, aft__arena *arena, aft_error *error) {
  aft_case_line_in *lines;
  AFT__TRY(aft__abi_copy(local, sizeof *local, in, CASE_V1, "aft_case_in", error));
  AFT__TRY(check_ids(local, error));
  AFT__TRY(check_texts(local, error));
  AFT__TRY(aft__case_money_check(&local->amount, error));
  AFT__TRY(aft__case_lines_copy(arena, local->lines, local->n_lines, &lines, error));
  local->lines = lines;
  return AFT_OK;
}

aft_status aft_case_file(aft_session *session, const aft_call *call, const aft_case_in *in, aft_record **out,
                         aft_error *error) {
  static const aft__command command = {.verb = "case.file",
                                       .name = "case_file",
                                       .roles = AFT__ROLES_ALL,
                                       .by_link = true,
                                       .returns = AFT_KIND_CASE,
                                       .audits = true,
                                       .digest = digest,
                                       .run = run,
                                       .hide = aft__case_hide};
  aft_case_in local = {0};
  aft__arena arena;
  if (!session)
    return aft__error(error, AFT_E_NULL_HANDLE, "session", "the session is NULL");
  aft__arena_init(&arena, aft__session_env(session));
  aft_status status = aft__case_in_copy(&local, in, &arena, error);
  if (status >= 0)
    status = aft__command_run(session, call, &command, &local, out, error);
  else
    aft__command_refused(session, call, &command, local.order, status);
  aft__arena_done(&arena);
  return status;
}
