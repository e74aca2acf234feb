/* A ticket for a case that came from none, where people have something to do that a ticket holds. */
#include "desk/case/case_priv.h"

/* Where the customer wrote last; else by telephone, which is how people will reach them. */
static aft_status fill_channel(aft__case *c, const aft__value *customer, aft__ticket *ticket,
                               aft_error *error) {
  aft__value *last, *row = ticket->row;
  AFT__TRY(aft__case_channel(c->cmd, c->row, customer, &last, error));
  row[AFT__TICKET_CHANNEL] = last ? last[AFT__TICKET_CHANNEL] : aft__text(aft__cstr("phone"));
  if (last) {
    row[AFT__TICKET_ACCOUNT] = last[AFT__TICKET_ACCOUNT];
    row[AFT__TICKET_HANDLE] = last[AFT__TICKET_HANDLE];
  }
  return AFT_OK;
}

static aft_status fill(aft__case *c, const aft__value *customer, aft__ticket *ticket, aft_error *error) {
  const char *locale = aft__case_locale(c, customer);
  aft_str code = aft__case_str(c, AFT__CASE_CODE), kind = aft__case_kind_text(c, locale);
  char *subject =
      aft__arena_printf(c->cmd->arena, "%.*s %.*s", (int)kind.len, kind.data, (int)code.len, code.data);
  if (!subject)
    return aft__nomem(error);
  ticket->row[AFT__TICKET_SUBJECT] = aft__text(aft__cstr(subject));
  ticket->row[AFT__TICKET_CATEGORY] = aft__text(aft__cstr("other"));
  ticket->row[AFT__TICKET_LANGUAGE] = aft__text(aft__cstr(locale));
  ticket->row[AFT__TICKET_ORDER] = c->row[AFT__CASE_ORDER];
  return fill_channel(c, customer, ticket, error);
}

static aft_status open_it(aft__case *c, aft__ticket *ticket, aft_error *error) {
  aft__cmd *cmd = c->cmd;
  aft__facts facts;
  aft__fire triage = {.event = "triage", .role = AFT_ROLE_SYSTEM};
  char *of = aft__arena_printf(cmd->arena, "{\"case\":\"%lld\"}", (long long)c->row[AFT__CASE_ID].number);
  char *opened = aft__arena_printf(cmd->arena, "{\"ticket\":\"%lld\"}", (long long)aft__ticket_id(ticket));
  if (!of || !opened)
    return aft__nomem(error);
  AFT__TRY(aft__ticket_facts(ticket, &facts, error));
  AFT__TRY(aft__ticket_prioritise(ticket, &facts, false, error));
  AFT__TRY(aft__ticket_note(ticket, "ticket.opened", aft__cstr(of), (aft_str){0}, error));
  aft_status status = aft__ticket_fire(ticket, &triage, error);
  if (status < 0)
    return status;
  aft__case_set(c, AFT__CASE_TICKET, aft__int(aft__ticket_id(ticket)));
  return aft__case_note(c, "case.ticket_opened", aft__cstr(opened), (aft_str){0}, error);
}

aft_status aft__case_open_ticket(aft__case *c, aft__ticket *ticket, aft_error *error) {
  aft__cmd *cmd = c->cmd;
  aft_id subject = cmd->subject;
  aft__value *customer;
  AFT__TRY(aft__get(cmd->tx, &aft__customer_table, aft__case_int(c, AFT__CASE_CUSTOMER), &customer, error));
  AFT__TRY(aft__ticket_start(cmd, aft__case_int(c, AFT__CASE_SHOP), customer, ticket, error));
  cmd->subject = subject;
  AFT__TRY(fill(c, customer, ticket, error));
  return open_it(c, ticket, error);
}
