/* The document leg: the invoice of returned goods is reversed, which the buyer may have to confirm. */
#include "desk/case/case_priv.h"

#define INVOICE_V1    (offsetof(aft_invoice_in, note) + sizeof(aft_str))
#define MOST_INVOICES 100u

/* Those of one case, in the order in which they were asked for. */
typedef struct invoices {
  aft__value **rows;
  uint32_t n;
} invoices;

static aft_status load(aft__case *c, invoices *out, aft_error *error) {
  return aft__load_rows(c->cmd, &aft__invoice_table, AFT__INVOICE_BY_CASE, aft__case_id(c), MOST_INVOICES,
                        &out->rows, &out->n, error);
}

static bool is(const aft__value *row, const char *state) {
  return aft__str_eq(aft__row_str(row, AFT__INVOICE_STATE), aft__cstr(state));
}

static void put_invoice(aft__case *c, aft__json *json, const void *user) {
  const aft__value *row = user;
  (void)c;
  aft__json_key(json, "id");
  aft__json_id(json, row[AFT__INVOICE_ID].number);
  aft__json_key(json, "invoice");
  aft__json_str(json, aft__row_str(row, AFT__INVOICE_NUMBER));
  aft__json_key(json, "amount");
  aft__json_i64(json, aft__row_int(row, AFT__INVOICE_AMOUNT));
  aft__json_key(json, "tax");
  aft__json_i64(json, aft__row_int(row, AFT__INVOICE_TAX));
  aft__json_key(json, "currency");
  aft__json_str(json, aft__row_str(row, AFT__INVOICE_CURRENCY));
}

/* What was advanced and is not due becomes a debt: nothing of it is taken back. */
static int64_t given_for_good(const aft__case *c, const aft__case_line *l) {
  int64_t given = aft__row_int(l->row, AFT__CASE_LINE_GIVEN), due = aft__amount_due(c, l);
  return given < due ? given : due;
}

/* What the case gives back and no invoice of it took back yet. The tax goes with it, by the part of the price
 * that was taken back before: the last part closes to zero. */
static void take_back(aft__case *c, int64_t *amount, int64_t *tax) {
  *amount = *tax = 0;
  for (uint32_t i = 0; i < c->n_lines; i++) {
    aft__case_line *l = &c->lines[i];
    int64_t own = aft__row_int(l->row, AFT__CASE_LINE_REVERSED);
    int64_t more = given_for_good(c, l) - own;
    int64_t paid = aft__row_int(l->line, AFT__LINE_PAID), before = aft__row_int(l->line, AFT__LINE_REVERSED);
    if (more > paid - before)
      more = paid - before;
    if (more <= 0)
      continue;
    *amount += more;
    *tax += aft__share_of(aft__row_int(l->line, AFT__LINE_TAX), paid, before, more);
    l->line[AFT__LINE_REVERSED] = aft__int(before + more);
    l->line_mask |= UINT64_C(1) << AFT__LINE_REVERSED;
    aft__case_line_set(l, AFT__CASE_LINE_REVERSED, own + more);
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

static aft_status ask(aft__case *c, int64_t amount, int64_t tax, aft_error *error) {
  aft__cmd *cmd = c->cmd;
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
  set_papers(c, "requested");
  return aft__case_ask(c, "invoice.reverse", put_invoice, fresh, error);
}

/* An order without an invoice has none to reverse; what failed is asked for once more, and what the case
 * gives back beyond what was asked for before is an invoice of its own. */
aft_status aft__invoice_request(aft__case *c, aft_error *error) {
  invoices all;
  int64_t amount, tax;
  if (aft__row_null(c->order, AFT__ORDER_INVOICE))
    return AFT_OK;
  AFT__TRY(load(c, &all, error));
  for (uint32_t i = 0; i < all.n; i++)
    if (is(all.rows[i], "failed"))
      AFT__TRY(ask_again(c, all.rows[i], error));
  if (all.n == MOST_INVOICES)
    return aft__error(error, AFT_E_TOO_LARGE, "case", "%u invoices of the case are being reversed", all.n);
  take_back(c, &amount, &tax);
  return amount ? ask(c, amount, tax, error) : AFT_OK;
}

/* ---- what came of it ---- */

static const struct {
  const char *state, *event;
} outcomes[] = {[AFT_RED_BUYER_CONFIRMS] = {"buyer_confirms", NULL},
                [AFT_RED_ISSUED] = {"issued", "invoice_issued"},
                [AFT_RED_FAILED] = {"failed", "invoice_failed"}};

/* The one that is named; else the first that is not issued yet; else the last, which was. */
static aft__value *pick(const invoices *all, aft_id id) {
  for (uint32_t i = 0; i < all->n; i++)
    if (id ? all->rows[i][AFT__INVOICE_ID].number == id : !is(all->rows[i], "issued"))
      return all->rows[i];
  return all->n && !id ? all->rows[all->n - 1] : NULL;
}

static aft_status write(aft__case *c, const aft_invoice_in *in, aft__value *row, aft_error *error) {
  uint64_t mask = UINT64_C(1) << AFT__INVOICE_STATE | UINT64_C(1) << AFT__INVOICE_UPDATED;
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
  return aft__update(c->cmd->tx, &aft__invoice_table, row, mask, error);
}

/* The papers of a case are issued when all of them are. */
static bool waits_for_another(const invoices *all, uint32_t outcome) {
  return outcome == AFT_RED_ISSUED && !is(pick(all, 0), "issued");
}

static aft_status told(aft__case *c, const aft_invoice_in *in, aft_error *error) {
  invoices all;
  AFT__TRY(aft__may_case(c->cmd, c->row, error));
  AFT__TRY(load(c, &all, error));
  aft__value *row = pick(&all, in->invoice);
  if (!row)
    return aft__error(
        error, in->invoice ? AFT_E_NOT_FOUND : AFT_E_TRANSITION, in->invoice ? "invoice.invoice" : "invoice",
        in->invoice ? "the case has no such invoice" : "no invoice of the case is being reversed");
  c->cmd->ids[0] = row[AFT__INVOICE_ID].number;
  c->cmd->row = row;
  if (is(row, outcomes[in->outcome].state))
    return AFT_IGNORED;
  if (is(row, "issued"))
    return aft__error(error, AFT_E_TRANSITION, "invoice", "the reversing invoice was issued");
  AFT__TRY(write(c, in, row, error));
  AFT__TRY(aft__case_note(c, "invoice.told", (aft_str){0}, in->note, error));
  if (!waits_for_another(&all, in->outcome)) {
    set_papers(c, outcomes[in->outcome].state);
    if (outcomes[in->outcome].event)
      AFT__TRY(aft__case_tell(c, outcomes[in->outcome].event, error));
  }
  return aft__case_save(c, error);
}

static aft_status run(aft__cmd *cmd, void *given, aft_error *error) {
  aft_invoice_in in = *(const aft_invoice_in *)given;
  aft__case c;
  aft_status status = aft__case_load(cmd, in.case_id, &c, error);
  if (status >= 0)
    status = aft__customer_words(cmd, aft__case_int(&c, AFT__CASE_CUSTOMER), &in.note, error);
  if (status >= 0)
    status = told(&c, &in, error);
  aft__case_done(&c);
  return status;
}

static void digest(aft__sha256 *sha, const void *given) {
  const aft_invoice_in *in = given;
  aft__digest_i64(sha, in->case_id);
  aft__digest_i64(sha, in->outcome);
  aft__digest_str(sha, in->red);
  aft__digest_str(sha, in->note);
  aft__digest_i64(sha, in->invoice);
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
  if (local.invoice)
    AFT__TRY(aft__in_id(local.invoice, "invoice.invoice", error));
  AFT__TRY(aft__in_text(&local.red, AFT__NAME_BYTES, "invoice.red", error));
  AFT__TRY(aft__in_text(&local.note, 1000, "invoice.note", error));
  if (local.outcome < AFT_RED_BUYER_CONFIRMS || local.outcome > AFT_RED_FAILED)
    return aft__error(error, AFT_E_INVALID, "invoice.outcome", "expected AFT_RED_…, found %u", local.outcome);
  return aft__command_run(session, call, &command, &local, out, error);
}
