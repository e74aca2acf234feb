/* Tickets: their life, what agents do with them, and why they are as they are. */
#ifndef AFTERSALES_TICKET_H
#define AFTERSALES_TICKET_H

#include <aftersales/actor.h>
#include <aftersales/intake.h>
#include <aftersales/record.h>
#include <aftersales/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Who sees a message of the shop. */
#define AFT_PUBLIC  1u /* the customer too */
#define AFT_PRIVATE 2u /* people of the shop alone */

/* What an agent or the system writes into a ticket. */
typedef struct aft_answer_in {
  size_t size;
  aft_id ticket;       /* required */
  aft_str text;        /* required unless there are parts */
  uint32_t visibility; /* AFT_PUBLIC (default): goes out to the customer; AFT_PRIVATE: a note */
  uint32_t reserved0;
  const aft_part_in *parts;
  size_t n_parts;
  const aft_id
      *mentions; /* agents of the shop who are to look at it, at most 16; the customer never sees them */
  size_t n_mentions;
  aft_id seen;    /* the last message of the ticket that its author had read; 0: not told */
  uint32_t force; /* 1: whatever came after it */
  uint32_t reserved1;
} aft_answer_in;

/*
 * Answers a ticket: the message is queued for its channel, the first response is
 * met and the ticket waits for the customer. A private one is only kept.
 *
 * Agents are mentioned by id, and in a private one also in the text, by '@' and their external name: the
 * longest that is an agent's of the shop. Each mention is a record (AFT_KIND_MENTION) and an agent.notice in
 * the outbox.
 *
 * out: NULL, or receives the message.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>; AFT_E_TRANSITION where the state allows no answer;
 *   AFT_E_INVALID names a mentioned agent who does not work for the shop; AFT_E_CONFLICT for a
 *   public one where the customer or somebody else of the shop wrote after `seen`: it says who
 *   and when.
 * Since: 0.1
 */
AFT_API aft_status aft_ticket_answer(aft_session *session, const aft_call *call, const aft_answer_in *in,
                                     aft_record **out, aft_error *error);

/* What a person does with a ticket. */
#define AFT_ACT_ASSIGN     1u /* to `agent` */
#define AFT_ACT_RELEASE    2u /* back to the queue */
#define AFT_ACT_WAIT_THIRD 3u /* for somebody else, until `until` */
#define AFT_ACT_RESUME     4u /* goes on after waiting */
#define AFT_ACT_RESOLVE    5u /* with `reason`: "solved", … */
#define AFT_ACT_REOPEN     6u /* resolved or closed too early */
#define AFT_ACT_CLOSE      7u
#define AFT_ACT_SPAM       8u /* no message of a customer */
#define AFT_ACT_UNSPAM     9u
#define AFT_ACT_ESCALATE   10u /* one level up */
#define AFT_ACT_MERGE      11u /* into `other` */
#define AFT_ACT_CLASSIFY   12u /* a person decides: `category`, `topic`; priority and clocks follow */
#define AFT_ACT_HOLD       13u /* retention must not remove it, with `reason`; for staff, in any state */
#define AFT_ACT_UNHOLD     14u

/* One act on a ticket. Fields that the act does not use stay zero. */
typedef struct aft_act_in {
  size_t size;
  aft_id ticket; /* required */
  int64_t rev;   /* the revision that was seen; 0: any. Another gives AFT_E_CONFLICT */
  uint32_t act;  /* AFT_ACT_…; required */
  uint32_t reserved0;
  aft_id agent;
  aft_id other;
  aft_time until;
  aft_str reason;
  aft_str category;
  aft_str topic;
} aft_act_in;

/*
 * Carries out an act. What is possible in which state, and for whom, is the policy's
 * ticket machine; see aft_flow_export.
 *
 * out: NULL, or receives the ticket.
 * Returns: AFT_OK; AFT_IGNORED when the machine says that the act has no effect here.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>; AFT_E_TRANSITION names state and act and what
 *   would be possible; AFT_E_CONFLICT.
 * Since: 0.1
 */
AFT_API aft_status aft_ticket_act(aft_session *session, const aft_call *call, const aft_act_in *in,
                                  aft_record **out, aft_error *error);

/*
 * Reads a ticket. Buyers read theirs, agents those of their shops.
 *
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>.
 * Since: 0.1
 */
AFT_API aft_status aft_ticket_get(aft_session *session, const aft_call *call, aft_id ticket, aft_record **out,
                                  aft_error *error);

/*
 * Finds a ticket by the short code that people see, however it was typed.
 *
 * code, len: AFT_NTS allowed.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>.
 * Since: 0.1
 */
AFT_API aft_status aft_ticket_find(aft_session *session, const aft_call *call, const char *code, size_t len,
                                   aft_record **out, aft_error *error);

/* Which tickets of the inbox. */
typedef struct aft_inbox_in {
  size_t size;
  aft_id shop;   /* 0: all shops that the actor may see */
  aft_str token; /* of aft_cursor_token: go on after that record */
} aft_inbox_in;

/*
 * Lists the tickets on which work is going on, the most urgent first: by their
 * place, which is since when one waits and how long it may. A buyer's call lists theirs,
 * latest first.
 *
 * in: NULL for all.
 * out: receives a cursor over AFT_KIND_TICKET that the caller frees with aft_cursor_free.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>.
 * Since: 0.1
 */
AFT_API aft_status aft_ticket_inbox(aft_session *session, const aft_call *call, const aft_inbox_in *in,
                                    aft_cursor **out, aft_error *error);

/*
 * Says why a ticket is as it is, in sentences, one a line, in the order in which
 * the reasons arose.
 *
 * about: "category", "tone", "act", "question", "urgent", "chaser", "human", "complaint", "facts",
 *   "priority", "queue", "suggestion", "due", "claim", "automation", "task", or NULL for all; closed by
 *   NUL.
 * locale: language of the sentences: "zh" or "en"; closed by NUL.
 * out: receives a buffer that the caller frees with aft_buf_free.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>. Not for buyers.
 * Since: 0.1
 */
AFT_API aft_status aft_explain(aft_session *session, const aft_call *call, aft_id ticket, const char *about,
                               const char *locale, aft_buf **out, aft_error *error);

/*
 * Lists the audit events of a ticket in order, after verifying their chain of
 * hashes. Not for buyers.
 *
 * out: receives a cursor over AFT_KIND_EVENT that the caller frees with aft_cursor_free.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>; AFT_E_CORRUPT names the event where the chain breaks.
 * Since: 0.1
 */
AFT_API aft_status aft_ticket_history(aft_session *session, const aft_call *call, aft_id ticket,
                                      aft_cursor **out, aft_error *error);

/*
 * Lists the surveys of a ticket. Not for buyers.
 *
 * out: receives a cursor over AFT_KIND_SURVEY that the caller frees with aft_cursor_free.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>.
 * Since: 0.1
 */
AFT_API aft_status aft_survey_list(aft_session *session, const aft_call *call, aft_id ticket,
                                   aft_cursor **out, aft_error *error);

/*
 * Lets one more customer take part in a ticket: their replies with its code thread to it.
 *
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>. AFT_ROLE_SYSTEM, or an agent of the shop.
 * Since: 0.1
 */
AFT_API aft_status aft_ticket_invite(aft_session *session, const aft_call *call, aft_id ticket,
                                     aft_id customer, aft_error *error);

#ifdef __cplusplus
}
#endif

#endif
