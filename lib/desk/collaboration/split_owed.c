/* What a ticket owes its customer once messages were taken out of it: an answer since the oldest question
 * that stays without one. */
#include "desk/collaboration/collaborate_priv.h"

#define LATEST 256u /* messages and events of the ticket that are looked at */

static aft__scan latest(const aft__ticket *ticket, const aft__table *table, uint32_t index) {
  return (aft__scan){.table = table,
                     .index = index,
                     .n_equal = 2,
                     .equal = {aft__int(ticket->cmd->call.tenant), aft__int(aft__ticket_id(ticket))},
                     .descending = true,
                     .limit = LATEST};
}

/* ---- who waits ---- */

bool aft__message_answers(const aft__value *message) {
  return !aft__row_int(message, AFT__MESSAGE_INBOUND) &&
         aft__row_int(message, AFT__MESSAGE_VISIBILITY) == AFT_PUBLIC &&
         aft__str_eq(aft__row_str(message, AFT__MESSAGE_DISPOSITION), aft__cstr("answer"));
}

typedef struct waiting {
  bool asks;
  aft_time since;
} waiting;

static aft_status see(void *user, const aft__value *row, aft_error *error) {
  waiting *w = user;
  (void)error;
  if (aft__message_answers(row))
    return AFT_DONE;
  bool thanks = aft__str_eq(aft__row_str(row, AFT__MESSAGE_DISPOSITION), aft__cstr("acknowledged"));
  if (!aft__row_int(row, AFT__MESSAGE_INBOUND) || thanks)
    return AFT_OK;
  w->asks = true;
  w->since = aft__row_int(row, AFT__MESSAGE_CREATED);
  return AFT_OK;
}

/* ---- nobody waits any more ---- */

typedef struct change {
  aft__arena *arena;
  aft_str from; /* the state before it */
  aft_id message;
} change;

static aft_status see_change(void *user, const aft__value *row, aft_error *error) {
  change *c = user;
  if (aft__str_eq(aft__row_str(row, AFT__EV_FROM), aft__row_str(row, AFT__EV_TO)))
    return AFT_OK;
  c->from = aft__arena_dup(c->arena, aft__row_str(row, AFT__EV_FROM));
  if (!c->from.data)
    return aft__nomem(error);
  if (aft__str_eq(aft__row_str(row, AFT__EV_VERB), aft__cstr("message.received")))
    c->message = aft__event_message(aft__row_str(row, AFT__EV_FACTS));
  return AFT_DONE;
}

static bool is_among(aft_id id, const aft_id *ids, uint32_t n) {
  for (uint32_t i = 0; i < n; i++)
    if (ids[i] == id)
      return true;
  return false;
}

/* Where one of the messages that went brought the ticket to its present state, it goes back to the one before
 * by an event that leads there. A person has the ticket in any other. */
static aft_status go_back(aft__ticket *ticket, const aft_id *gone, uint32_t n, aft_error *error) {
  static const aft__fire ways[] = {
      {.event = "answer", .verb = "ticket.asks_no_more", .role = AFT_ROLE_SYSTEM},
      {.event = "wait_third", .verb = "ticket.asks_no_more", .role = AFT_ROLE_AGENT}};
  change c = {.arena = ticket->cmd->arena};
  aft__scan scan = latest(ticket, &aft__event_table, AFT__EV_BY_SUBJECT);
  AFT__TRY(aft__scan_each(ticket->cmd->tx, &scan, see_change, &c, error));
  if (!is_among(c.message, gone, n))
    return AFT_OK;
  for (size_t i = 0; i < AFT__COUNT(ways); i++) {
    aft_str to;
    AFT__TRY(aft__ticket_leads(ticket, ways[i].event, ways[i].role, &to, error));
    if (aft__str_eq(to, c.from))
      return aft__ticket_fire(ticket, &ways[i], error);
  }
  return AFT_OK;
}

static aft_status stop_waiting(aft__ticket *ticket, const aft_id *gone, uint32_t n, aft_error *error) {
  AFT__TRY(go_back(ticket, gone, n, error));
  return aft__ticket_answered(ticket, error);
}

/* ---- somebody waits again ---- */

static aft_status wait_again(aft__ticket *ticket, aft_time since, aft_error *error) {
  aft__fire fire = {.event = "customer_reply", .verb = "ticket.asked_again", .role = AFT_ROLE_BUYER};
  bool lets;
  AFT__TRY(aft__ticket_lets(ticket, fire.event, fire.role, &lets, error));
  if (!lets)
    return AFT_OK;
  AFT__TRY(aft__ticket_fire(ticket, &fire, error));
  return aft__ticket_await_since(ticket, since, error);
}

aft_status aft__split_owed(aft__ticket *ticket, const aft_id *gone, uint32_t n, bool answers,
                           aft_error *error) {
  waiting w = {.asks = false};
  bool next = aft__ticket_owes(ticket, AFT__SLA_NEXT_RESPONSE);
  if (aft__ticket_owes(ticket, AFT__SLA_FIRST_RESPONSE) || aft__ticket_int(ticket, AFT__TICKET_OPEN) != 2)
    return AFT_OK;
  aft__scan scan = latest(ticket, &aft__message_table, AFT__MESSAGE_BY_TICKET);
  AFT__TRY(aft__scan_each(ticket->cmd->tx, &scan, see, &w, error));
  if (next && !w.asks)
    return stop_waiting(ticket, gone, n, error);
  if (!next)
    return w.asks && answers ? wait_again(ticket, w.since, error) : AFT_OK;
  if (w.since == aft__ticket_int(ticket, AFT__TICKET_SINCE))
    return AFT_OK;
  AFT__TRY(aft__ticket_answered(ticket, error));
  return aft__ticket_await_since(ticket, w.since, error);
}
