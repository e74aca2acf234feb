/* Inside routing: lanes, what an agent may take, taking and giving back. */
#ifndef AFT_ROUTING_PRIV_H
#define AFT_ROUTING_PRIV_H

#include "desk/desk_priv.h"

#include <aftersales/routing.h>

#define AFT__MOST_IN_WORK 4096u /* tickets of one agent that are counted */

/* ---- agent_fit.c: what an agent may take ---- */

typedef struct aft__fit {
  aft__value *agent; /* row */
  aft_id id;
  aft_id *shops;
  uint32_t n_shops;
} aft__fit;

/* AFT_E_NOT_FOUND for an agent of another tenant. */
aft_status aft__fit_load(aft__cmd *cmd, aft_id agent, aft__fit *fit, aft_error *error);
/* Whether the agent speaks a language, or it is not known. */
bool aft__fit_speaks(const aft__fit *fit, aft_str language);
/* Whether shop, queue, language and skills of a lane are for the agent. */
bool aft__fit_takes(aft__cmd *cmd, const aft__fit *fit, const aft__value *lane);
/* Whether a ticket of the lane is another agent's who is heard of and has room: then nobody else takes it
 * before its place has passed. */
aft_status aft__fit_reserved(aft__cmd *cmd, const aft__fit *fit, const aft__value *lane, aft_time place,
                             bool *out, aft_error *error);
/* AFT_E_INVALID where no queue of the policy would ever be the agent's. */
aft_status aft__fit_any(aft__cmd *cmd, const aft__fit *fit, aft_error *error);
/* In work and on shift: AFT_E_TRANSITION with a sentence. */
aft_status aft__fit_present(aft__cmd *cmd, const aft__value *agent, aft_error *error);
aft_status aft__is_present(aft__cmd *cmd, const aft__value *agent, bool *out, aft_error *error);
/* The same of one who said so, and gave a sign of it since the policy's away_after. */
aft_status aft__is_heard_of(aft__cmd *cmd, const aft__value *agent, bool *out, aft_error *error);
/* Tickets in work that the agent has, of a channel (empty: all). Those that wait for others do not count. */
aft_status aft__load_of(aft__cmd *cmd, aft_id agent, aft_str channel, int64_t *n, aft_error *error);
/* Whether one more ticket fits at all; and the channels of which none does, with spaces between. */
aft_status aft__has_room(aft__cmd *cmd, const aft__value *agent, bool *out, aft_error *error);
aft_status aft__full_channels(aft__cmd *cmd, const aft__value *agent, aft_str *out, aft_error *error);
bool aft__rate_lets(aft__cmd *cmd, const aft__value *agent);

/* ---- claim.c ---- */

typedef struct aft__want {
  aft_id shop;   /* 0: all */
  aft_str queue; /* empty: all */
  bool pushed;   /* only of queues that give their tickets out by themselves */
} aft__want;

/* The ticket of the smallest place that the agent may take, locked; AFT_DONE when none waits. */
aft_status aft__claim_head(aft__cmd *cmd, const aft__fit *fit, const aft__want *want, aft_id *ticket,
                           aft_error *error);
/* Gives a waiting ticket to the agent and counts it. */
aft_status aft__claim_give(aft__cmd *cmd, aft__fit *fit, aft_id id, const char *verb, aft__value **row,
                           aft_error *error);

/* ---- tier.c ---- */

#define AFT__DUE_TIER "tier"
aft_status aft__tier_due(aft__cmd *cmd, const aft__value *due, aft_error *error);

/* ---- agent.c ---- */

bool aft__says_there(const aft__value *agent); /* online or busy */
aft_status aft__check_teams(aft__cmd *cmd, aft_str teams, aft_error *error);

aft_status aft__agent_due(aft__cmd *cmd, aft_id agent, const char *name, aft_time at, aft_error *error);
aft_status aft__agent_fired(aft__cmd *cmd, const aft__value *due, aft_error *error);
aft_status aft__agent_audit(aft__cmd *cmd, aft_id agent, const char *verb, aft_error *error);
#define AFT__DUE_AWAY      "away"
#define AFT__DUE_HAND_BACK "hand_back"
#define AFT__DUE_SERVE     "serve"

/* ---- hand_back.c: AFT__DUE_HAND_BACK is also a ticket's ---- */

/* What an agent has who is not there, or no longer of the shop, goes back, some at a time. */
aft_status aft__give_back(aft__cmd *cmd, aft_id id, aft_error *error);
/* Sees to it that a ticket does not stay with such an agent; called before it is saved. anew: also where
 * nothing changed that it rests on. */
aft_status aft__ticket_kept(aft__ticket *ticket, bool anew, aft_error *error);
/* The time has come: it goes back if its agent is still not there. The caller saves it. */
aft_status aft__ticket_hand_back(aft__ticket *ticket, aft_error *error);

/* ---- presence.c, push.c, shift.c ---- */

aft_status aft__presence_is(aft__cmd *cmd, aft__value *agent, const char *presence, aft_error *error);
aft_status aft__push_ticket(aft__ticket *ticket, aft_error *error);
/* What waited for an agent who has gone is given out to others. */
aft_status aft__push_lanes_of(aft__cmd *cmd, aft_id agent, aft_error *error);
aft_status aft__push_serve(aft__cmd *cmd, aft_id id, aft_error *error);
#define AFT__DUE_PUSH "push"
/* The shift at a moment; *row NULL for none. *any: whether the agent has shifts at all. */
aft_status aft__shift_at(aft__cmd *cmd, aft_id agent, aft_time at, aft__value **row, bool *any,
                         aft_error *error);
aft_status aft__shift_due(aft__cmd *cmd, const aft__value *due, aft_error *error);

#endif
