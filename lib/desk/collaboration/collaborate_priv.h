/* Between the files of collaboration: watchers, mentions, messages that move, incidents. */
#ifndef AFT_COLLABORATE_PRIV_H
#define AFT_COLLABORATE_PRIV_H

#include "desk/desk_priv.h"

#include <aftersales/collaborate.h>

/* ---- watcher.c: rows of agents at a ticket ---- */

/* *row NULL where there is none. */
aft_status aft__watcher_of(aft__cmd *cmd, aft_id ticket, aft_id agent, aft__value **row, aft_error *error);
aft_status aft__watcher_make(aft__cmd *cmd, aft_id ticket, aft_id agent, aft__value **row, aft_error *error);
/* One that was made at the same time makes the command run again. */
aft_status aft__watcher_insert(aft__cmd *cmd, aft__value *row, aft_error *error);
/* Whom a command about a watcher is for: an agent for itself, or the agent whom others name. */
aft_status aft__watching_agent(aft__cmd *cmd, aft_id named, const char *where, aft_id *out, aft_error *error);

/* look.c */
aft_status aft__watcher_due(aft__cmd *cmd, const aft__value *due, aft_error *error);

/* ---- follow.c ---- */

#define AFT__MOST_FOLLOWERS 64
#define AFT__MOST_WATCHERS  1000 /* of a ticket that are looked through */
/* AFT_IGNORED where the agent follows the ticket already. The caller saves the ticket. */
aft_status aft__follow(aft__ticket *ticket, aft_id agent, aft_error *error);
/* Followers of a ticket that was merged follow the one that takes its place, as far as there is room. */
aft_status aft__followers_move(aft__ticket *from, aft__ticket *to, aft_error *error);

/* ---- agent_notice.c ---- */

/* Tells an agent of a ticket: topic agent.notice, in order for each agent. message 0: none. */
aft_status aft__agent_notice(aft__ticket *ticket, aft_id agent, const char *kind, aft_id message,
                             const aft__event *event, aft_error *error);

/* ---- mention.c ---- */

#define AFT__MOST_MENTIONS 16
aft_status aft__in_mentions(const aft_id *mentions, size_t n, aft_error *error);
/* Keeps whom an answer or a note names and tells them; the caller saves the ticket. */
aft_status aft__mention_all(aft__ticket *ticket, const aft_answer_in *in, aft_id message, aft_error *error);

/* ---- message_move.c ---- */

/* Messages with all that hangs on them. */
aft_status aft__message_move(aft__cmd *cmd, aft__value *message, aft_id to, aft_error *error);
/* Tells both the search and the history that messages came to a ticket. */
aft_status aft__messages_came(aft__ticket *ticket, aft_id from, uint32_t n, aft_error *error);

/* ---- split_owed.c ---- */

/* A public answer of the shop's people. */
bool aft__message_answers(const aft__value *message);
/* What a ticket owes once n messages went from it. answers: some of them were answers. The caller saves the
 * ticket. */
aft_status aft__split_owed(aft__ticket *ticket, const aft_id *gone, uint32_t n, bool answers,
                           aft_error *error);

/* ---- ticket_merge.c ---- */

/* Whether a ticket may be merged into in->other; and what follows once it was. */
aft_status aft__ticket_merge_check(aft__ticket *ticket, const aft_act_in *in, aft__fire *fire,
                                   aft_error *error);
aft_status aft__ticket_merge(aft__ticket *ticket, const aft_act_in *in, aft_error *error);
#define AFT__DUE_MERGE "merge.move"
/* Messages that did not move with the merge. */
aft_status aft__merge_rest(aft__ticket *ticket, aft_error *error);

/* ---- incident.c ---- */

static inline bool aft__is_child(const aft__value *ticket) {
  return !aft__row_null(ticket, AFT__TICKET_PARENT) && !aft__is_incident(ticket);
}
/* A ticket for writing that the caller may see. */
aft_status aft__incident_load(aft__cmd *cmd, aft_id id, const char *where, aft__ticket *out,
                              aft_error *error);
/* Puts a ticket below an incident, after all checks; both are the caller's to save. AFT_IGNORED where it is
 * there already. */
aft_status aft__child_attach(aft__ticket *incident, aft__ticket *child, aft_error *error);
/* *row NULL where the ticket stands below none. */
aft_status aft__child_of(aft__cmd *cmd, const aft__value *ticket, aft__value **row, aft_error *error);
/* A child that was merged: the other ticket takes its place where it can. */
aft_status aft__child_merged(aft__ticket *from, aft__ticket *to, aft_error *error);
/* Puts some tickets of a flood below an incident. */
aft_status aft__incident_flood(aft__ticket *incident, aft_str name, aft_error *error);

/* ---- incident_tell.c ---- */

/* *message: the answer to all that is on its way, 0 for none; *any: whether the tick has anything to do. */
aft_status aft__incident_running(aft__cmd *cmd, aft_id incident, aft_id *message, bool *any,
                                 aft_error *error);
/* The last answer that came to one of its tickets; 0: none. */
aft_status aft__incident_last(aft__cmd *cmd, aft_id incident, aft_id *message, aft_error *error);
/* Whoever came later has the last answer too. */
aft_status aft__incident_tell_more(aft__ticket *incident, aft_error *error);

#define AFT__DUE_TELL   AFT__DUE_INCIDENT "tell:"  /* and the message */
#define AFT__DUE_SETTLE AFT__DUE_INCIDENT "settle" /* brings its resolution to the children */
#define AFT__DUE_FLOOD \
  AFT__DUE_INCIDENT "flood:" /* and its first ticket, a shop, and the last one looked at */
#define AFT__AT_ONCE 32u     /* tickets in one transaction */

#endif
