/* Agents on one ticket: mentions, followers, who else is there, splits; and incidents with their tickets. */
#ifndef AFTERSALES_COLLABORATE_H
#define AFTERSALES_COLLABORATE_H

#include <aftersales/actor.h>
#include <aftersales/intake.h>
#include <aftersales/record.h>
#include <aftersales/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- mentions ---- */

/* Which mentions of an agent. */
typedef struct aft_mention_filter {
  size_t size;
  aft_id agent;    /* 0: the calling agent; the system and arbiters name one */
  uint32_t unseen; /* 1: those alone that the agent has not seen */
  uint32_t reserved0;
} aft_mention_filter;

/*
 * Lists the mentions of an agent, the latest first. Mentions are made by aft_ticket_answer.
 *
 * call: an agent for itself; the system and arbiters for any.
 * in: NULL for all of the calling agent.
 * out: receives a cursor over AFT_KIND_MENTION that the caller frees with aft_cursor_free.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>.
 * Since: 0.1
 */
AFT_API aft_status aft_mention_list(aft_session *session, const aft_call *call, const aft_mention_filter *in,
                                    aft_cursor **out, aft_error *error);

/*
 * Says that the agent has seen a mention.
 *
 * call: the agent who is mentioned, or the system.
 * Returns: AFT_OK; AFT_IGNORED where it was seen before.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>; AFT_E_DENIED for another agent's.
 * Since: 0.1
 */
AFT_API aft_status aft_mention_see(aft_session *session, const aft_call *call, aft_id mention,
                                   aft_error *error);

/* ---- followers ---- */

/*
 * Lets an agent follow a ticket: what the customer writes there, its changes of state and what it missed
 * leave as agent.notice in the outbox, for each follower but the one who did it. A ticket has at most 64
 * followers.
 *
 * call: an agent of the ticket's shop, the system or an arbiter.
 * agent: 0: the calling agent.
 * Returns: AFT_OK; AFT_IGNORED where the agent follows it already.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>; AFT_E_INVALID names an agent who does not work for the shop;
 *   AFT_E_TOO_LARGE with 64 followers.
 * Since: 0.1
 */
AFT_API aft_status aft_ticket_follow(aft_session *session, const aft_call *call, aft_id ticket, aft_id agent,
                                     aft_error *error);

/*
 * Ends that.
 *
 * call: the agent who follows, for itself; the system and arbiters for any.
 * agent: 0: the calling agent.
 * Returns: AFT_OK; AFT_IGNORED where the agent does not follow it.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>.
 * Since: 0.1
 */
AFT_API aft_status aft_ticket_unfollow(aft_session *session, const aft_call *call, aft_id ticket,
                                       aft_id agent, aft_error *error);

/*
 * Lists who follows a ticket. Not for buyers.
 *
 * out: receives a cursor over AFT_KIND_WATCHER that the caller frees with aft_cursor_free.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>.
 * Since: 0.1
 */
AFT_API aft_status aft_follower_list(aft_session *session, const aft_call *call, aft_id ticket,
                                     aft_cursor **out, aft_error *error);

/* ---- who else is there ---- */

/* What an agent does at a ticket. */
#define AFT_LOOK_VIEWING 1u
#define AFT_LOOK_TYPING  2u
#define AFT_LOOK_LEFT    3u /* no longer there */

/* An agent looks at a ticket. */
typedef struct aft_look_in {
  size_t size;
  aft_id ticket;  /* required */
  aft_id agent;   /* for whom the system speaks; an agent speaks for itself */
  uint32_t doing; /* AFT_LOOK_…; required */
  uint32_t reserved0;
  int64_t lasts_ms; /* how long it counts, 5 seconds to 10 minutes; 0: 30 seconds */
} aft_look_in;

/*
 * Says that an agent looks at a ticket, and tells who else does. The page that shows a ticket calls it again
 * before the time is over; a call within the first third of the time writes nothing. Looks leave no audit
 * events.
 *
 * call: an agent of the ticket's shop; the system for one.
 * out: NULL, or receives a cursor over AFT_KIND_WATCHER, the others who are there now, which the caller frees
 *   with aft_cursor_free.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>.
 * Since: 0.1
 */
AFT_API aft_status aft_ticket_look(aft_session *session, const aft_call *call, const aft_look_in *in,
                                   aft_cursor **out, aft_error *error);

/* ---- splitting ---- */

/* Messages that make a ticket of their own. */
typedef struct aft_split_in {
  size_t size;
  aft_id ticket;          /* required */
  const aft_id *messages; /* required: of the ticket, in any order; one of them from the customer */
  size_t n_messages;      /* 1 to 256 */
  aft_str subject;        /* of the new ticket; absent: the beginning of the oldest message */
} aft_split_in;

/*
 * Takes messages out of a ticket into a new one of the same customer. They keep their ids, times and parts,
 * and what the customer answers to one of them goes to the new ticket. Its clocks count from the oldest of
 * them that came from the customer; the old ticket owes an answer only to what stays in it. Both note it.
 *
 * call: an agent of the ticket's shop, the system or an arbiter.
 * out: NULL, or receives the new ticket.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>; AFT_E_INVALID names the message that is another ticket's or stands
 *   twice, or says that none is the customer's or none would stay; AFT_E_TRANSITION for a ticket at its end.
 * Since: 0.1
 */
AFT_API aft_status aft_ticket_split(aft_session *session, const aft_call *call, const aft_split_in *in,
                                    aft_record **out, aft_error *error);

/* ---- incidents ---- */

/*
 * Puts a ticket below an incident, which is a ticket too. An incident has at most 10000, no incident stands
 * below another, and a ticket stands below one. Both tickets note it. An answer to all that is on its way
 * comes to this one too.
 *
 * call: an agent of both shops, the system or an arbiter.
 * Returns: AFT_OK; AFT_IGNORED where it stands there already.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>; AFT_E_INVALID says what stands against it; AFT_E_TRANSITION where
 *   work on the incident is over or the ticket has come to its end; AFT_E_TOO_LARGE.
 * Since: 0.1
 */
AFT_API aft_status aft_ticket_attach(aft_session *session, const aft_call *call, aft_id ticket,
                                     aft_id incident, aft_error *error);

/*
 * Puts all tickets of a flood below an incident: those whose field `flood` names it, and the flood's first.
 * The tick does it, some at a time; those that cannot be below an incident are passed over.
 *
 * call: an agent of the incident's shop, the system or an arbiter; an agent's call takes the tickets of that
 *   shop alone.
 * Threads: the session's one.
 * Errors: those of aft_ticket_attach.
 * Since: 0.1
 */
AFT_API aft_status aft_flood_attach(aft_session *session, const aft_call *call, aft_id flood, aft_id incident,
                                    aft_error *error);

/*
 * Takes a ticket away from its incident.
 *
 * call: an agent of both shops, the system or an arbiter.
 * Returns: AFT_OK; AFT_IGNORED where it stands below none.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>.
 * Since: 0.1
 */
AFT_API aft_status aft_ticket_detach(aft_session *session, const aft_call *call, aft_id ticket,
                                     aft_error *error);

/* One answer to all. */
typedef struct aft_incident_answer_in {
  size_t size;
  aft_id incident;  /* required */
  aft_str text;     /* required */
  uint32_t resolve; /* 1: the incident is resolved with it, and its tickets with it */
  uint32_t reserved0;
  aft_str reason; /* of the resolution; absent: "solved" */
  const aft_part_in
      *parts; /* AFT_CONTENT_TRANSLATION: the text for customers of that language; others go along */
  size_t n_parts;
} aft_incident_answer_in;

/*
 * Answers an incident and all tickets below it. The incident's own customer has the answer at once; the tick
 * brings it to the others, some at a time and once to each, in the language of the customer where there is
 * a translation. A ticket that is put below the incident meanwhile has it too. A ticket that takes no answer
 * in its state is passed over, and its AFT_KIND_CHILD says so.
 *
 * call: an agent of the incident's shop, the system or an arbiter.
 * out: NULL, or receives the incident's message.
 * Threads: the session's one.
 * Errors: those of aft_ticket_answer; AFT_E_INVALID for a ticket without children; AFT_E_CONFLICT while the
 *   answer before is still on its way.
 * Since: 0.1
 */
AFT_API aft_status aft_incident_answer(aft_session *session, const aft_call *call,
                                       const aft_incident_answer_in *in, aft_record **out, aft_error *error);

/* How far an incident is. */
typedef struct aft_incident {
  size_t size;
  aft_id message;      /* the last answer to all; 0: none */
  uint32_t total;      /* tickets below it now */
  uint32_t told;       /* of them: the answer came there, or it was found that they take none */
  uint32_t not_told;   /* of those: took none */
  uint32_t settled;    /* the incident's resolution came there */
  uint32_t unresolved; /* of those: could not be resolved with it */
  uint32_t running;    /* 1 while the tick has something to bring to them */
} aft_incident;

/*
 * Tells how far an incident's answer and resolution have come.
 *
 * call: an agent of the incident's shop, the system or an arbiter.
 * out: filled in; its size must be set.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>; AFT_E_INVALID for a ticket that is no incident.
 * Since: 0.1
 */
AFT_API aft_status aft_incident_get(aft_session *session, const aft_call *call, aft_id incident,
                                    aft_incident *out, aft_error *error);

/*
 * Lists the tickets below an incident, in the order in which they came, also those that were taken away.
 *
 * call: an agent of the incident's shop, the system or an arbiter.
 * out: receives a cursor over AFT_KIND_CHILD that the caller frees with aft_cursor_free.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>.
 * Since: 0.1
 */
AFT_API aft_status aft_child_list(aft_session *session, const aft_call *call, aft_id incident,
                                  aft_cursor **out, aft_error *error);

#ifdef __cplusplus
}
#endif

#endif
