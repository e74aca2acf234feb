/* Why a ticket is as it is: the reasons that its decisions kept, in the language asked for. */
#include "desk/desk_priv.h"

typedef struct explanation {
  aft_id ticket;
  const char *about, *locale;
  const aft_policy *policy;
  aft_buf *out;
} explanation;

static aft_status add_reasons(void *user, const aft__value *row, aft_error *error) {
  explanation *e = user;
  (void)error;
  aft__reasons_render(e->policy, e->locale, aft__row_str(row, AFT__DECISION_REASONS), e->about, e->out);
  return AFT_OK;
}

static aft_status explain(aft__cmd *cmd, void *in, aft_error *error) {
  explanation *e = in;
  aft__value *row;
  cmd->subject = e->ticket;
  AFT__TRY(aft__load(cmd, &aft__ticket_table, AFT__TICKET_TENANT, e->ticket, "ticket", &row, error));
  AFT__TRY(aft__may_ticket(cmd, row, error));
  aft__scan scan = {.table = &aft__decision_table,
                    .index = AFT__DECISION_BY_TICKET,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), aft__int(e->ticket)}};
  e->policy = cmd->policy;
  aft__buf_clear(e->out);
  return aft__scan_each(cmd->tx, &scan, add_reasons, e, error);
}

aft_status aft_explain(aft_session *session, const aft_call *call, aft_id ticket, const char *about,
                       const char *locale, aft_buf **out, aft_error *error) {
  static const aft__command command = {
      .verb = "ticket.explain", .name = "explain", .roles = AFT__ROLES_STAFF, .read = true, .run = explain};
  explanation e = {.ticket = ticket, .about = about, .locale = locale ? locale : "en"};
  return aft__command_text(session, call, &command, &e, &e.out, out, error);
}
