/* What leaves for agents through the outbox: mentions, and what happened to a ticket that they follow. It
 * names the ticket and says nothing of what people wrote. */
#include "desk/collaboration/collaborate_priv.h"

static void id(aft__json *json, const char *key, aft_id value) {
  aft__json_key(json, key);
  aft__json_id(json, value);
}

static void text(aft__json *json, const char *key, aft_str value) {
  aft__json_key(json, key);
  aft__json_str(json, value);
}

aft_status aft__agent_notice(aft__ticket *ticket, aft_id agent, const char *kind, aft_id message,
                             const aft__event *event, aft_error *error) {
  aft__cmd *cmd = ticket->cmd;
  aft__buf out;
  aft__json json;
  aft__buf_init(&out, cmd->env);
  aft__json_init(&json, &out);
  aft__json_open(&json, '{');
  id(&json, "agent", agent);
  text(&json, "kind", aft__cstr(kind));
  id(&json, "ticket", aft__ticket_id(ticket));
  text(&json, "code", aft__ticket_str(ticket, AFT__TICKET_CODE));
  if (message)
    id(&json, "message", message);
  if (event && event->from.len) {
    text(&json, "from", event->from);
    text(&json, "to", event->to);
  }
  aft__json_close(&json, '}');
  aft_status status = out.failed
                          ? aft__nomem(error)
                          : aft__outbox_add(cmd->tx, cmd->call.tenant, agent, aft__cstr("agent.notice"),
                                            aft__buf_view(&out), AFT__OUT_AUTO, cmd->now, NULL, error);
  aft__buf_done(&out);
  return status;
}

/* ---- followers ---- */

/* NULL: nothing that followers are told. */
static const char *kind_of(const aft__event *event) {
  if (aft__str_eq(event->verb, aft__cstr("message.received")))
    return "customer_wrote";
  if (aft__str_eq(event->verb, aft__cstr("ticket.breached")))
    return "breached";
  if (!event->to.len || aft__str_eq(event->from, event->to))
    return NULL;
  return aft__str_eq(event->to, aft__cstr("resolved")) ? "resolved" : "state";
}

/* Whoever has left the shop since is told nothing. */
static aft_status tell(aft__ticket *ticket, aft_id agent, const char *kind, const aft__event *event,
                       aft_error *error) {
  aft__value *row;
  aft_status status = aft__agent_of_shop(ticket->cmd, agent, aft__ticket_int(ticket, AFT__TICKET_SHOP),
                                         "follower", &row, error);
  if (status == AFT_E_INVALID)
    return AFT_OK;
  AFT__TRY(status);
  return aft__agent_notice(ticket, agent, kind, 0, event, error);
}

aft_status aft__followers_tell(aft__ticket *ticket, const aft__event *event, aft_error *error) {
  const aft_call *call = &ticket->cmd->call;
  const char *kind = kind_of(event);
  aft__value **rows;
  uint32_t n = 0;
  if (!kind)
    return AFT_OK;
  aft__scan scan = {.table = &aft__watcher_table,
                    .index = AFT__WATCHER_BY_TICKET,
                    .n_equal = 2,
                    .equal = {aft__int(call->tenant), aft__int(aft__ticket_id(ticket))},
                    .limit = AFT__MOST_WATCHERS};
  AFT__TRY(aft__scan_all(ticket->cmd->tx, &scan, &rows, &n, error));
  for (uint32_t i = 0; i < n; i++) {
    aft_id agent = aft__row_int(rows[i], AFT__WATCHER_AGENT);
    bool own = call->role == AFT_ROLE_AGENT && call->actor == agent;
    if (aft__row_int(rows[i], AFT__WATCHER_FOLLOWS) && !own)
      AFT__TRY(tell(ticket, agent, kind, event, error));
  }
  return AFT_OK;
}
