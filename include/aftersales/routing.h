/* Routing: who gets which ticket, and when. Agents claim the next one, or queues give theirs out. */
#ifndef AFTERSALES_ROUTING_H
#define AFTERSALES_ROUTING_H

#include <aftersales/actor.h>
#include <aftersales/record.h>
#include <aftersales/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/* For whom, and from where. */
typedef struct aft_next_in {
  size_t size;
  aft_id agent;  /* whom the system claims for; an agent claims for itself */
  aft_id shop;   /* 0: all shops of the agent */
  aft_str queue; /* absent: all queues that the agent takes */
} aft_next_in;

/*
 * Gives the agent the ticket that comes next: of all that wait and that the agent
 * may take, the one with the smallest place. However many claim at once, each
 * ticket goes to one of them.
 *
 * in: NULL for all that the agent may take.
 * out: NULL, or receives the ticket where there is one.
 * Returns: AFT_OK with a ticket; AFT_DONE when none waits for the agent; AFT_REPLAYED under a key.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>; AFT_E_TRANSITION (the agent is away, offline or off shift);
 *   AFT_E_INELIGIBLE (has as many tickets as its capacity, or got as many as the policy's rate);
 *   AFT_E_INVALID (no queue would ever be the agent's).
 * Since: 0.1
 */
AFT_API aft_status aft_ticket_claim(aft_session *session, const aft_call *call, const aft_next_in *in,
                                    aft_record **out, aft_error *error);

/* How far a ticket is from being taken. */
typedef struct aft_position {
  size_t size;
  uint32_t waits; /* 1: it waits for an agent; 0: the rest is zero */
  uint32_t ahead; /* tickets of its lane that come before it; at most 1000 are counted */
  uint32_t more;  /* 1: there are more than were counted */
  uint32_t reserved0;
  int64_t wait_ms; /* that is still to be expected, by what the last ones waited; -1: not known */
} aft_position;

/*
 * Tells how many tickets stand before one in its lane. Buyers ask for theirs.
 *
 * out: filled in; its size must be set.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>.
 * Since: 0.1
 */
AFT_API aft_status aft_ticket_position(aft_session *session, const aft_call *call, aft_id ticket,
                                       aft_position *out, aft_error *error);

/* Whether an agent is there. */
#define AFT_PRESENCE_ONLINE  1u
#define AFT_PRESENCE_BUSY    2u /* claims, but gets nothing without asking */
#define AFT_PRESENCE_AWAY    3u
#define AFT_PRESENCE_OFFLINE 4u

/* What an agent says of itself, or the host of an agent. */
typedef struct aft_presence_in {
  size_t size;
  aft_id agent;      /* of whom the system speaks; an agent speaks for itself */
  uint32_t presence; /* AFT_PRESENCE_…; required */
  uint32_t reserved0;
} aft_presence_in;

/*
 * Says whether an agent is there. The same once more is a sign that it still is: after the
 * policy's `away_after` without any, or at the end of the shift, it counts as away. Tickets of
 * an agent who is away or offline go back into their lanes with the places that they had, as
 * the policy's `hand_back` says.
 *
 * out: NULL, or receives the agent.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>. AFT_ROLE_SYSTEM, or the agent itself.
 * Since: 0.1
 */
AFT_API aft_status aft_presence_set(aft_session *session, const aft_call *call, const aft_presence_in *in,
                                    aft_record **out, aft_error *error);

/* When an agent works. */
typedef struct aft_shift_in {
  size_t size;
  aft_id id;         /* a shift to change; 0: a new one */
  aft_id agent;      /* whose it is; a new one needs it */
  aft_time from, to; /* required */
} aft_shift_in;

/*
 * Makes a shift, or changes one. An agent without any always works; one who has shifts, past ones
 * too, works in them alone.
 *
 * out: NULL, or receives the shift.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>; AFT_E_EXISTS (it overlaps another one of the agent).
 *   Only AFT_ROLE_SYSTEM may.
 * Since: 0.1
 */
AFT_API aft_status aft_shift_put(aft_session *session, const aft_call *call, const aft_shift_in *in,
                                 aft_record **out, aft_error *error);

/*
 * Removes a shift.
 *
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>. Only AFT_ROLE_SYSTEM may.
 * Since: 0.1
 */
AFT_API aft_status aft_shift_remove(aft_session *session, const aft_call *call, aft_id shift,
                                    aft_error *error);

/*
 * Lists the shifts of an agent, the earliest first. Not for buyers.
 *
 * out: receives a cursor over AFT_KIND_SHIFT that the caller frees with aft_cursor_free.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>.
 * Since: 0.1
 */
AFT_API aft_status aft_shift_list(aft_session *session, const aft_call *call, aft_id agent, aft_cursor **out,
                                  aft_error *error);

#ifdef __cplusplus
}
#endif

#endif
