/* What goes back to its lane: tickets of agents who are not there, or who no longer work for the shop.
 *
 * It is asked when the agent goes, and again for each ticket that comes back to an agent who has gone
 * already: the customer writes again, or somebody assigns it. */
#include "desk/routing/routing_priv.h"

#define STEP 50u /* tickets in one transaction */

typedef struct holder {
  aft__value *agent; /* row */
  bool there, left;
  uint32_t how; /* aft__hand_back */
  aft_id *shops;
  uint32_t n_shops;
} holder;

static aft_status holder_of(aft__cmd *cmd, aft_id id, holder *h, aft_error *error) {
  aft__routing routing;
  aft__policy_routing_of(cmd->policy, &routing);
  AFT__TRY(aft__get(cmd->tx, &aft__agent_table, id, &h->agent, error));
  AFT__TRY(aft__is_present(cmd, h->agent, &h->there, error));
  h->left = !aft__row_int(h->agent, AFT__AGENT_ACTIVE);
  h->how = routing.hand_back;
  return aft__shops_of(cmd, id, &h->shops, &h->n_shops, error);
}

/* What waits for the customer or for somebody else owes no answer now. */
static bool goes(const holder *h, const aft__value *ticket) {
  if (h->left || !aft__has_shop(h->shops, h->n_shops, aft__row_int(ticket, AFT__TICKET_SHOP)))
    return true;
  if (h->there || h->how == AFT__HAND_BACK_NEVER)
    return false;
  return h->how == AFT__HAND_BACK_ALL || aft__row_null(ticket, AFT__TICKET_PAUSED);
}

static aft_status give_back(aft__ticket *ticket, const holder *h, aft_error *error) {
  bool lets;
  AFT__TRY(aft__ticket_lets(ticket, "release", AFT_ROLE_SYSTEM, &lets, error));
  aft__fire fire = {.event = "release", .verb = "ticket.handed_back", .role = AFT_ROLE_SYSTEM};
  if (lets)
    AFT__TRY(aft__ticket_fire(ticket, &fire, error));
  else
    AFT__TRY(aft__ticket_note(ticket, "ticket.handed_back", (aft_str){0}, (aft_str){0}, error));
  aft__ticket_set(ticket, AFT__TICKET_ASSIGNEE, aft__null());
  return aft__ticket_work(ticket, "handed_back", "agent", aft__row_str(h->agent, AFT__AGENT_EXTERNAL), error);
}

/* ---- all that an agent has ---- */

typedef struct batch {
  const holder *holder;
  aft_id ids[STEP];
  uint32_t n;
} batch;

static aft_status collect(void *user, const aft__value *row, aft_error *error) {
  batch *b = user;
  (void)error;
  if (!goes(b->holder, row))
    return AFT_OK;
  b->ids[b->n++] = row[AFT__TICKET_ID].number;
  return b->n == STEP ? AFT_DONE : AFT_OK;
}

static aft_status give_back_one(aft__cmd *cmd, aft_id id, const holder *h, aft_error *error) {
  aft__ticket ticket;
  aft_status status = aft__ticket_load(cmd, id, &ticket, error);
  if (status >= 0)
    status = give_back(&ticket, h, error);
  if (status >= 0)
    status = aft__ticket_save(&ticket, error);
  aft__ticket_done(&ticket);
  return status;
}

aft_status aft__give_back(aft__cmd *cmd, aft_id id, aft_error *error) {
  holder h;
  bool more;
  AFT__TRY(holder_of(cmd, id, &h, error));
  if (!h.there)
    AFT__TRY(aft__push_lanes_of(cmd, id, error));
  batch b = {.holder = &h};
  aft__scan scan = {.table = &aft__ticket_table,
                    .index = AFT__TICKET_BY_ASSIGNEE,
                    .n_equal = 3,
                    .equal = {aft__int(cmd->call.tenant), aft__int(id), aft__int(2)}};
  AFT__TRY(aft__scan_each(cmd->tx, &scan, collect, &b, error));
  AFT__TRY(aft__anchor(cmd->tx, &aft__agent_table, h.agent, error));
  for (uint32_t i = 0; i < b.n; i++)
    AFT__TRY(give_back_one(cmd, b.ids[i], &h, error));
  bool all = h.left || (!h.there && h.how != AFT__HAND_BACK_NEVER);
  AFT__TRY(aft__tasks_give_back(cmd, id, all ? NULL : h.shops, all ? 0 : h.n_shops, STEP, &more, error));
  return more || b.n == STEP ? aft__agent_due(cmd, id, AFT__DUE_HAND_BACK, cmd->now, error) : AFT_OK;
}

/* ---- one ticket that came to an agent ---- */

/* Its agent can have gone while it waited for somebody else. Whoever is assigned by a person may come later:
 * that holds until the ticket's place has passed. */
aft_status aft__ticket_kept(aft__ticket *ticket, bool anew, aft_error *error) {
  const uint64_t assigned = ticket->mask & UINT64_C(1) << AFT__TICKET_ASSIGNEE;
  const uint64_t resumed = ticket->mask & UINT64_C(1) << AFT__TICKET_PAUSED;
  aft__cmd *cmd = ticket->cmd;
  bool paused = !aft__row_null(ticket->row, AFT__TICKET_PAUSED);
  holder h;
  if (aft__row_null(ticket->row, AFT__TICKET_ASSIGNEE) || aft__ticket_int(ticket, AFT__TICKET_OPEN) != 2 ||
      ticket->seen_there)
    return AFT_OK;
  if (!anew && !assigned && (paused || !resumed))
    return AFT_OK;
  AFT__TRY(holder_of(cmd, aft__ticket_int(ticket, AFT__TICKET_ASSIGNEE), &h, error));
  if (anew && h.there) /* the policy may have no patience with one who fell silent */
    AFT__TRY(aft__agent_due(cmd, h.agent[AFT__AGENT_ID].number, AFT__DUE_AWAY, cmd->now, error));
  if (!goes(&h, ticket->row))
    return aft__anchor(cmd->tx, &aft__agent_table, h.agent, error);
  aft_time place = aft__ticket_int(ticket, AFT__TICKET_PLACE);
  bool waits = (anew || assigned) && place > cmd->now;
  return aft__ticket_due(ticket, aft__cstr(AFT__DUE_HAND_BACK), waits ? place : cmd->now, error);
}

aft_status aft__ticket_hand_back(aft__ticket *ticket, aft_error *error) {
  aft__cmd *cmd = ticket->cmd;
  holder h;
  if (aft__row_null(ticket->row, AFT__TICKET_ASSIGNEE) || aft__ticket_int(ticket, AFT__TICKET_OPEN) != 2)
    return AFT_OK;
  AFT__TRY(holder_of(cmd, aft__ticket_int(ticket, AFT__TICKET_ASSIGNEE), &h, error));
  if (!goes(&h, ticket->row))
    return AFT_OK;
  AFT__TRY(aft__anchor(cmd->tx, &aft__agent_table, h.agent, error));
  return give_back(ticket, &h, error);
}
