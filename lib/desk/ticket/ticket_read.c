/* Reading tickets: one, the audit, surveys; and who may take part. */
#include "desk/desk_priv.h"

/* ---- one ticket ---- */

static aft_status show(aft__cmd *cmd, aft__value *row, aft_error *error) {
  cmd->subject = row[AFT__TICKET_ID].number;
  AFT__TRY(aft__may_ticket(cmd, row, error));
  cmd->ids[0] = cmd->subject;
  cmd->row = row;
  return AFT_OK;
}

static aft_status get(aft__cmd *cmd, void *in, aft_error *error) {
  aft__value *row;
  AFT__TRY(aft__load(cmd, &aft__ticket_table, AFT__TICKET_TENANT, *(aft_id *)in, "ticket", &row, error));
  return show(cmd, row, error);
}

aft_status aft_ticket_get(aft_session *session, const aft_call *call, aft_id ticket, aft_record **out,
                          aft_error *error) {
  static const aft__command command = {.verb = "ticket.get",
                                       .name = "ticket_get",
                                       .roles = AFT__ROLES_ALL,
                                       .returns = AFT_KIND_TICKET,
                                       .read = true,
                                       .run = get};
  return aft__command_run(session, call, &command, &ticket, out, error);
}

static aft_status find(aft__cmd *cmd, void *in, aft_error *error) {
  aft__value keys[] = {aft__int(cmd->call.tenant), aft__text(aft__cstr(in))}, *row;
  aft_status status = aft__find(cmd->tx, &aft__ticket_table, AFT__TICKET_BY_CODE, keys, &row, error);
  if (status == AFT_E_NOT_FOUND)
    return aft__error(error, status, "code", "there is no ticket %s in this tenant", (const char *)in);
  AFT__TRY(status);
  return show(cmd, row, error);
}

aft_status aft_ticket_find(aft_session *session, const aft_call *call, const char *code, size_t len,
                           aft_record **out, aft_error *error) {
  static const aft__command command = {.verb = "ticket.find",
                                       .name = "ticket_find",
                                       .roles = AFT__ROLES_ALL,
                                       .returns = AFT_KIND_TICKET,
                                       .read = true,
                                       .run = find};
  char written[AFT_CODE_SIZE];
  if (!code)
    return aft__error(error, AFT_E_INVALID, "code", "the code is NULL");
  AFT__TRY(aft_code_parse(code, len, written, error));
  return aft__command_run(session, call, &command, written, out, error);
}

/* ---- lists: first a command that checks the actor, then a cursor ---- */

static aft_status check_ticket(aft__cmd *cmd, void *in, aft_error *error) { return get(cmd, in, error); }

static aft_status staff_of(aft_session *session, const aft_call *call, const char *verb, const char *name,
                           aft_id ticket, aft_error *error) {
  const aft__command command = {
      .verb = verb, .name = name, .roles = AFT__ROLES_STAFF, .read = true, .run = check_ticket};
  return aft__command_run(session, call, &command, &ticket, NULL, error);
}

static aft_status verify(aft__cmd *cmd, void *in, aft_error *error) {
  aft_id id = *(aft_id *)in;
  aft__value *row;
  aft__chain chain = {0};
  AFT__TRY(aft__load(cmd, &aft__ticket_table, AFT__TICKET_TENANT, id, "ticket", &row, error));
  AFT__TRY(show(cmd, row, error));
  AFT__TRY(aft__event_verify(cmd->tx, cmd->call.tenant, id, &chain, error));
  const aft__value *end = &row[AFT__TICKET_CHAIN];
  if (chain.seq == row[AFT__TICKET_EVENTS].number && end->size == sizeof chain.hash &&
      memcmp(end->data, chain.hash, sizeof chain.hash) == 0)
    return AFT_OK;
  return aft__error(error, AFT_E_CORRUPT, "ticket.chain",
                    "the ticket has %lld audit events, its chain ends at %lld",
                    (long long)row[AFT__TICKET_EVENTS].number, (long long)chain.seq);
}

aft_status aft_ticket_history(aft_session *session, const aft_call *call, aft_id ticket, aft_cursor **out,
                              aft_error *error) {
  static const aft__command command = {.verb = "ticket.history",
                                       .name = "ticket_history",
                                       .roles = AFT__ROLES_STAFF,
                                       .read = true,
                                       .run = verify};
  AFT__TRY(aft__command_run(session, call, &command, &ticket, NULL, error));
  aft__list list = {.kind = AFT_KIND_EVENT,
                    .table = &aft__event_table,
                    .index = AFT__EV_BY_SUBJECT,
                    .n_equal = 2,
                    .equal = {call->tenant, ticket}};
  return aft__cursor_open(session, &list, (aft_str){0}, out, error);
}

aft_status aft_survey_list(aft_session *session, const aft_call *call, aft_id ticket, aft_cursor **out,
                           aft_error *error) {
  AFT__TRY(staff_of(session, call, "survey.list", "survey_list", ticket, error));
  aft__list list = {.kind = AFT_KIND_SURVEY,
                    .table = &aft__survey_table,
                    .index = AFT__SURVEY_BY_TICKET,
                    .n_equal = 2,
                    .equal = {call->tenant, ticket}};
  return aft__cursor_open(session, &list, (aft_str){0}, out, error);
}

/* ---- taking part ---- */

typedef struct invitation {
  aft_id ticket, customer;
} invitation;

aft_status aft__participant_add(aft__cmd *cmd, aft_id ticket, aft_id customer, aft_error *error) {
  aft__value row[AFT__PARTICIPANT_COLUMNS] = {
      [AFT__PARTICIPANT_ID] = aft__int(aft__tx_id(cmd->tx)),  [AFT__PARTICIPANT_REV] = aft__int(1),
      [AFT__PARTICIPANT_TENANT] = aft__int(cmd->call.tenant), [AFT__PARTICIPANT_TICKET] = aft__int(ticket),
      [AFT__PARTICIPANT_CUSTOMER] = aft__int(customer),
  };
  aft__existing existing;
  return aft__insert(cmd->tx, &aft__participant_table, row, &existing, error);
}

static aft_status invite(aft__cmd *cmd, void *in, aft_error *error) {
  const invitation *invited = in;
  aft__ticket ticket;
  aft__value *customer;
  aft_status status = aft__ticket_load(cmd, invited->ticket, &ticket, error);
  if (status >= 0)
    status = aft__may_shop(cmd, aft__ticket_int(&ticket, AFT__TICKET_SHOP), error);
  if (status >= 0)
    status = aft__load(cmd, &aft__customer_table, AFT__CUSTOMER_TENANT, invited->customer, "customer",
                       &customer, error);
  if (status >= 0)
    status = aft__participant_add(cmd, invited->ticket, invited->customer, error);
  if (status >= 0)
    status = aft__ticket_note(&ticket, "ticket.invited", (aft_str){0}, (aft_str){0}, error);
  if (status >= 0)
    status = aft__ticket_save(&ticket, error);
  aft__ticket_done(&ticket);
  return status == AFT_E_EXISTS ? AFT_OK : status;
}

static void invite_digest(aft__sha256 *sha, const void *in) {
  const invitation *invited = in;
  aft__digest_i64(sha, invited->ticket);
  aft__digest_i64(sha, invited->customer);
}

aft_status aft_ticket_invite(aft_session *session, const aft_call *call, aft_id ticket, aft_id customer,
                             aft_error *error) {
  static const aft__command command = {.verb = "ticket.invite",
                                       .name = "ticket_invite",
                                       .roles = AFT__ROLES_STAFF,
                                       .digest = invite_digest,
                                       .run = invite};
  invitation invited = {ticket, customer};
  return aft__command_run(session, call, &command, &invited, NULL, error);
}
