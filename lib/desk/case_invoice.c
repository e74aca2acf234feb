/* The document leg: the invoice of returned goods is reversed, which the buyer may have to confirm. */
#include "desk/case_priv.h"

#define INVOICE_V1 (offsetof(aft_invoice_in, note) + sizeof(aft_str))

static aft_status newest(aft__case *c, aft__value **out, aft_error *error) {
  aft__scan scan = {.table = &aft__invoice_table,
                    .index = AFT__INVOICE_BY_CASE,
                    .n_equal = 2,
                    .equal = {aft__int(c->cmd->call.tenant), c->row[AFT__CASE_ID]},
                    .descending = true,
                    .limit = 1};
  aft__value **rows;
  uint32_t n;
  AFT__TRY(aft__scan_all(c->cmd->tx, &scan, &rows, &n, error));
  *out = n ? rows[0] : NULL;
  return AFT_OK;
}

static void put_invoice(aft__case *c, aft__json *json, const void *user) {
  const aft__value *row = user;
  (void)c;
  aft__json_key(json, "invoice");
  aft__json_str(json, aft__row_str(row, AFT__INVOICE_NUMBER));
  aft__json_key(json, "amount");
  aft__json_i64(json, aft__row_int(row, AFT__INVOICE_AMOUNT));
  aft__json_key(json, "tax");
  aft__json_i64(json, aft__row_int(row, AFT__INVOICE_TAX));
  aft__json_key(json, "currency");
  aft__json_str(json, aft__row_str(row, AFT__INVOICE_CURRENCY));
}

/* The tax goes back in the proportion of the price. */
static void amounts(aft__case *c, int64_t *amount, int64_t *tax) {
  *amount = *tax = 0;
  for (uint32_t i = 0; i < c->n_lines; i++) {
    const aft__case_line *l = &c->lines[i];
    int64_t due = aft__amount_due(c, l), paid = aft__row_int(l->line, AFT__LINE_PAID);
    *amount += due;
    if (paid > 0)
      *tax += aft__share_of(aft__row_int(l->line, AFT__LINE_TAX), paid, 0, due < paid ? due : paid);
  }
}

static void set_papers(aft__case *c, const char *papers) {
  aft__case_set(c, AFT__CASE_PAPERS, aft__text(aft__cstr(papers)));
}

static aft_status ask_again(aft__case *c, aft__value *row, aft_error *error) {
  row[AFT__INVOICE_STATE] = aft__text(aft__cstr("requested"));
  row[AFT__INVOICE_ATTEMPTS] = aft__int(aft__row_int(row, AFT__INVOICE_ATTEMPTS) + 1);
  row[AFT__INVOICE_UPDATED] = aft__int(c->cmd->now);
  uint64_t mask = UINT64_C(1) << AFT__INVOICE_STATE | UINT64_C(1) << AFT__INVOICE_ATTEMPTS |
                  UINT64_C(1) << AFT__INVOICE_UPDATED;
  AFT__TRY(aft__update(c->cmd->tx, &aft__invoice_table, row, mask, error));
  return aft__case_ask(c, "invoice.reverse", put_invoice, row, error);
}

/* An order without an invoice has none to reverse; one that failed is asked for once more. */
aft_status aft__invoice_request(aft__case *c, aft_error *error) {
  aft__cmd *cmd = c->cmd;
  aft__value *row;
  int64_t amount, tax;
  if (aft__row_null(c->order, AFT__ORDER_INVOICE))
    return AFT_OK;
  AFT__TRY(newest(c, &row, error));
  if (row)
    return aft__str_eq(aft__row_str(row, AFT__INVOICE_STATE), aft__cstr("failed")) ? ask_again(c, row, error)
                                                                                   : AFT_OK;
  amounts(c, &amount, &tax);
  aft__value fresh[AFT__INVOICE_COLUMNS] = {
      [AFT__INVOICE_ID] = aft__int(aft__tx_id(cmd->tx)),
      [AFT__INVOICE_REV] = aft__int(1),
      [AFT__INVOICE_TENANT] = aft__int(cmd->call.tenant),
      [AFT__INVOICE_CASE] = c->row[AFT__CASE_ID],
      [AFT__INVOICE_ORDER] = c->row[AFT__CASE_ORDER],
      [AFT__INVOICE_NUMBER] = c->order[AFT__ORDER_INVOICE],
      [AFT__INVOICE_STATE] = aft__text(aft__cstr("requested")),
      [AFT__INVOICE_AMOUNT] = aft__int(amount),
      [AFT__INVOICE_TAX] = aft__int(tax),
      [AFT__INVOICE_CURRENCY] = c->row[AFT__CASE_CURRENCY],
      [AFT__INVOICE_ATTEMPTS] = aft__int(1),
      [AFT__INVOICE_UPDATED] = aft__int(cmd->now),
      [AFT__INVOICE_CREATED] = aft__int(cmd->now),
  };
  AFT__TRY(aft__insert(cmd->tx, &aft__invoice_table, fresh, NULL, error));
  AFT__TRY(aft__case_ask(c, "invoice.reverse", put_invoice, fresh, error));
  set_papers(c, "requested");
  return AFT_OK;
}

/* ---- what came of it ---- */

static const struct {
  const char *state, *event;
} outcomes[] = {[AFT_RED_BUYER_CONFIRMS] = {"buyer_confirms", NULL},
                [AFT_RED_ISSUED] = {"issued", "invoice_issued"},
                [AFT_RED_FAILED] = {"failed", "invoice_failed"}};

static aft_status told(aft__case *c, const aft_invoice_in *in, aft_error *error) {
  aft__value *row;
  uint64_t mask = UINT64_C(1) << AFT__INVOICE_STATE | UINT64_C(1) << AFT__INVOICE_UPDATED;
  AFT__TRY(aft__may_case(c->cmd, c->row, error));
  AFT__TRY(newest(c, &row, error));
  if (!row)
    return aft__error(error, AFT_E_TRANSITION, "invoice", "no invoice of the case is being reversed");
  c->cmd->ids[0] = row[AFT__INVOICE_ID].number;
  c->cmd->row = row;
  aft_str state = aft__row_str(row, AFT__INVOICE_STATE);
  if (aft__str_eq(state, aft__cstr(outcomes[in->outcome].state)))
    return AFT_IGNORED;
  if (aft__str_eq(state, aft__cstr("issued")))
    return aft__error(error, AFT_E_TRANSITION, "invoice", "the reversing invoice was issued");
  row[AFT__INVOICE_STATE] = aft__text(aft__cstr(outcomes[in->outcome].state));
  row[AFT__INVOICE_UPDATED] = aft__int(c->cmd->now);
  if (in->red.len) {
    row[AFT__INVOICE_RED] = aft__text(in->red);
    mask |= UINT64_C(1) << AFT__INVOICE_RED;
  }
  if (in->note.len) {
    row[AFT__INVOICE_NOTE] = aft__text(in->note);
    mask |= UINT64_C(1) << AFT__INVOICE_NOTE;
  }
  AFT__TRY(aft__update(c->cmd->tx, &aft__invoice_table, row, mask, error));
  set_papers(c, outcomes[in->outcome].state);
  AFT__TRY(aft__case_note(c, "invoice.told", (aft_str){0}, in->note, error));
  if (outcomes[in->outcome].event)
    AFT__TRY(aft__case_tell(c, outcomes[in->outcome].event, error));
  return aft__case_save(c, error);
}

static aft_status run(aft__cmd *cmd, void *given, aft_error *error) {
  const aft_invoice_in *in = given;
  aft__case c;
  aft_status status = aft__case_load(cmd, in->case_id, &c, error);
  if (status >= 0)
    status = told(&c, in, error);
  aft__case_done(&c);
  return status;
}

static void digest(aft__sha256 *sha, const void *given) {
  const aft_invoice_in *in = given;
  aft__digest_i64(sha, in->case_id);
  aft__digest_i64(sha, in->outcome);
  aft__digest_str(sha, in->red);
  aft__digest_str(sha, in->note);
}

aft_status aft_invoice_told(aft_session *session, const aft_call *call, const aft_invoice_in *in,
                            aft_record **out, aft_error *error) {
  static const aft__command command = {.verb = "invoice.told",
                                       .name = "invoice_told",
                                       .roles = AFT__ROLE(AFT_ROLE_SYSTEM) | AFT__ROLE(AFT_ROLE_AGENT),
                                       .returns = AFT_KIND_INVOICE,
                                       .audits = true,
                                       .digest = digest,
                                       .run = run};
  aft_invoice_in local;
  AFT__TRY(aft__abi_copy(&local, sizeof local, in, INVOICE_V1, "aft_invoice_in", error));
  AFT__TRY(aft__in_id(local.case_id, "invoice.case_id", error));
  AFT__TRY(aft__in_text(&local.red, AFT__NAME_BYTES, "invoice.red", error));
  AFT__TRY(aft__in_text(&local.note, 1000, "invoice.note", error));
  if (local.outcome < AFT_RED_BUYER_CONFIRMS || local.outcome > AFT_RED_FAILED)
    return aft__error(error, AFT_E_INVALID, "invoice.outcome", "expected AFT_RED_…, found %u", local.outcome);
  return aft__command_run(session, call, &command, &local, out, error);
}
