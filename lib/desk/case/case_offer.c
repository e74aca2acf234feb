/* What a ticket's messages ask for, offered as cases with what is known of them already. */
#include "desk/case/case_priv.h"

typedef struct offers_in {
  aft_id ticket;
  const char *locale;
  aft_buf *out;
} offers_in;

static aft_status put_offers(aft__ticket *ticket, const offers_in *in, aft_error *error) {
  aft__facts facts;
  aft__offer offer;
  aft__json json;
  uint32_t index = 0;
  aft_case_in filed = {.size = sizeof filed,
                       .order = aft__ticket_int(ticket, AFT__TICKET_ORDER),
                       .ticket = aft__ticket_id(ticket)};
  AFT__TRY(aft__ticket_facts(ticket, &facts, error));
  aft__buf_clear(in->out);
  aft__json_init(&json, in->out);
  aft__json_open(&json, '[');
  while (filed.order && aft__policy_offer(ticket->cmd->policy, &facts, &index, &offer)) {
    filed.kind = offer.kind;
    filed.reason = offer.reason;
    AFT__TRY(aft__case_choices_on(ticket->cmd, &filed, in->locale, &json, error));
  }
  aft__json_close(&json, ']');
  return AFT_OK;
}

static aft_status run(aft__cmd *cmd, void *given, aft_error *error) {
  const offers_in *in = given;
  aft__ticket ticket;
  aft_status status = aft__ticket_load(cmd, in->ticket, &ticket, error);
  if (status >= 0)
    status = aft__may_ticket(cmd, ticket.row, error);
  if (status >= 0)
    status = put_offers(&ticket, in, error);
  aft__ticket_done(&ticket);
  return status;
}

aft_status aft_case_offers(aft_session *session, const aft_call *call, aft_id ticket, const char *locale,
                           aft_buf **out, aft_error *error) {
  static const aft__command command = {
      .verb = "case.offers", .name = "case_offers", .roles = AFT__ROLES_ALL, .read = true, .run = run};
  offers_in in = {.ticket = ticket, .locale = locale ? locale : "en"};
  return aft__command_text(session, call, &command, &in, &in.out, out, error);
}
