/* Tasks: what people owe for a ticket beside its answer. Follow-ups, call-backs and work orders, each with a
 * clock of its own. */
#ifndef AFTERSALES_TASK_H
#define AFTERSALES_TASK_H

#include <aftersales/actor.h>
#include <aftersales/intake.h>
#include <aftersales/record.h>
#include <aftersales/store.h>
#include <aftersales/text.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A task to open. */
typedef struct aft_task_in {
  size_t size;
  aft_id ticket;    /* required */
  aft_str name;     /* a task of the policy: "warehouse_check"; required */
  aft_id case_id;   /* of the ticket's customer; 0: none */
  aft_id order;     /* likewise; 0: the case's, else the ticket's */
  aft_id assignee;  /* of a task for agents: who gets it; 0: whoever claims it */
  aft_time due;     /* up to 366 days from now; 0: after the policy's target */
  aft_str phone;    /* to call; absent: the customer's */
  aft_str language; /* "zh" or "en"; absent: the customer's */
  aft_str reason;   /* in your own words, up to 1000 bytes */
} aft_task_in;

/*
 * Opens a task for a ticket. The ticket notes it, its clock begins, and a work.order with the task's name
 * goes into the outbox, by which the party hears of it.
 *
 * call: system, arbiter; agents of the ticket's shop.
 * out: NULL, or receives the record of kind AFT_KIND_TASK, which the caller frees with aft_record_free.
 * Threads: one at a time.
 * Errors: those of <aftersales/desk.h>; AFT_E_INVALID task.name for one that the policy lacks;
 *   AFT_E_EXISTS where the ticket has as many open tasks of the name as the policy's most_open;
 *   AFT_E_TRANSITION for a ticket that has come to its end; AFT_E_TOO_LARGE for more than 200 of one ticket.
 * Since: 0.1
 */
AFT_API aft_status aft_task_add(aft_session *session, const aft_call *call, const aft_task_in *in,
                                aft_record **out, aft_error *error);

/* A call that a customer wants. */
typedef struct aft_callback_in {
  size_t size;
  aft_id ticket;        /* required */
  aft_str name;         /* a task of kind call_back; absent: "call_back" */
  aft_time from, until; /* the wanted window, up to 7 days long; both 0: as soon as possible */
  aft_str phone;        /* absent: the customer's */
  aft_str language;     /* "zh" or "en"; absent: the customer's */
  aft_str reason;       /* what it is about, up to 1000 bytes */
} aft_callback_in;

/*
 * Asks for a call-back: opens a task of that kind. It waits until the window begins, and is due at its end.
 *
 * call: a buyer for a ticket of their own; system, arbiter, and agents of the ticket's shop on their behalf.
 * out: NULL, or receives the record of kind AFT_KIND_TASK, which the caller frees with aft_record_free.
 * Threads: one at a time.
 * Errors: those of aft_task_add; AFT_E_INVALID callback.window for one that has passed or in which the
 *   task's calendar is never open, with the next time at which it is; callback.phone without any number.
 * Since: 0.1
 */
AFT_API aft_status aft_callback_ask(aft_session *session, const aft_call *call, const aft_callback_in *in,
                                    aft_record **out, aft_error *error);

/* For whom, and which. */
typedef struct aft_task_claim_in {
  size_t size;
  aft_id agent; /* whom the system claims for; an agent claims for itself */
  aft_id shop;  /* 0: all shops of the agent */
  aft_str name; /* a task of the policy; absent: all */
} aft_task_claim_in;

/*
 * Gives the agent the task that comes next: of all that nobody has, whose time has come, and for which the
 * agent has the team, the skills and the language, the one with the smallest place. However many claim at
 * once, each task goes to one of them. However many tasks are for others, they hide none.
 *
 * in: NULL for all that the agent may take.
 * out: NULL, or receives the task where there is one.
 * Returns: AFT_OK with a task; AFT_DONE when none waits for the agent; AFT_REPLAYED under a key.
 * Threads: one at a time.
 * Errors: those of <aftersales/desk.h>; AFT_E_TRANSITION (the agent is away, offline or off shift).
 * Since: 0.1
 */
AFT_API aft_status aft_task_claim(aft_session *session, const aft_call *call, const aft_task_claim_in *in,
                                  aft_record **out, aft_error *error);

/*
 * Gives a task for agents to one of them, whoever had it before; agent 0 gives it back.
 *
 * call: system, arbiter; agents of the ticket's shop.
 * out: NULL, or receives the task.
 * Returns: AFT_OK; AFT_IGNORED where it is so already.
 * Threads: one at a time.
 * Errors: those of <aftersales/desk.h>; AFT_E_INVALID task.agent for one who does not work for the shop;
 *   AFT_E_TRANSITION for a task at its end, or of another party.
 * Since: 0.1
 */
AFT_API aft_status aft_task_assign(aft_session *session, const aft_call *call, aft_id task, aft_id agent,
                                   aft_record **out, aft_error *error);

/* What came of an attempt. */
#define AFT_CALLED_REACHED      1u
#define AFT_CALLED_NO_ANSWER    2u
#define AFT_CALLED_BUSY         3u
#define AFT_CALLED_VOICEMAIL    4u
#define AFT_CALLED_WRONG_NUMBER 5u /* ends the task: calling again would not help */
#define AFT_CALLED_REFUSED      6u /* likewise */

/* An attempt at a task. */
typedef struct aft_attempt_in {
  size_t size;
  aft_id task;         /* required */
  uint32_t outcome;    /* AFT_CALLED_…; required */
  uint32_t done;       /* 1: with it the task is done; somebody was reached */
  int64_t seconds;     /* how long it took, up to 86400 */
  aft_time promised;   /* by when the customer was promised the next word; 0: nothing was promised */
  aft_str text;        /* what was said; absent: a text of the policy says what came of it */
  uint32_t visibility; /* of its message: AFT_PUBLIC or AFT_PRIVATE (default) */
  int32_t score;       /* with a survey: the answer that was given */
  aft_id survey;       /* of the same ticket, answered in the call; 0: none */
  const aft_field_in
      *answers; /* with a survey: to its questions, by their names, as in aft_survey_answer_in; at most 64 */
  size_t n_answers;
} aft_attempt_in;

/*
 * Notes an attempt. What was said becomes a message of the ticket on the channel "phone". A task that nobody
 * had is the agent's now.
 *
 * Where nobody was reached, the task is free again once the policy's `again` has passed in its calendar, or
 * at the time that was promised; with as many of those as the policy's `attempts` it fails. A promise has a
 * clock of its own: when it passes before the next attempt, the task comes to the front and its ticket notes
 * task.promise_broken.
 *
 * call: system; agents of the ticket's shop, but not while another agent has the task.
 * out: NULL, or receives the record of kind AFT_KIND_ATTEMPT, which the caller frees with aft_record_free.
 * Threads: one at a time.
 * Errors: those of <aftersales/desk.h>, and of aft_survey_answer with a survey; AFT_E_TRANSITION for a task
 *   at its end or with another agent; AFT_E_TOO_LARGE for more than 100 attempts at one task.
 * Since: 0.1
 */
AFT_API aft_status aft_attempt_note(aft_session *session, const aft_call *call, const aft_attempt_in *in,
                                    aft_record **out, aft_error *error);

/* How a task ended. Exactly one of task and code is given. */
typedef struct aft_task_end_in {
  size_t size;
  aft_id task;
  aft_str code;    /* the short code, however it was typed: what a carrier or supplier knows */
  aft_str outcome; /* one word of small letters, digits and '_': "found"; absent: done or failed */
  aft_str text;    /* what the ticket's people should know, up to 4000 bytes */
  uint32_t failed; /* 1: it came to nothing */
  uint32_t reserved0;
} aft_task_end_in;

/*
 * Ends a task: done, or failed. This is also how word from outside comes back: a carrier's answer to a trace,
 * the warehouse's to a check. Give such calls a key, so that one that is told twice counts once.
 *
 * call: system, arbiter; agents of the ticket's shop; the warehouse for tasks of its party.
 * out: NULL, or receives the task.
 * Threads: one at a time.
 * Errors: those of <aftersales/desk.h>; AFT_E_TRANSITION for a task that has come to its end.
 * Since: 0.1
 */
AFT_API aft_status aft_task_end(aft_session *session, const aft_call *call, const aft_task_end_in *in,
                                aft_record **out, aft_error *error);

/*
 * Calls a task off.
 *
 * call: system, arbiter; agents of the ticket's shop; a buyer their own call-back.
 * reason: NULL, or a text closed by NUL, up to 1000 bytes.
 * out: NULL, or receives the task.
 * Threads: one at a time.
 * Errors: those of <aftersales/desk.h>; AFT_E_TRANSITION for a task that has come to its end.
 * Since: 0.1
 */
AFT_API aft_status aft_task_cancel(aft_session *session, const aft_call *call, aft_id task,
                                   const char *reason, aft_record **out, aft_error *error);

/*
 * Reads a task. Buyers read their own call-backs, without what the shop keeps for itself; the warehouse
 * reads tasks of its party.
 *
 * out: receives a record that the caller frees with aft_record_free.
 * Threads: one at a time.
 * Errors: those of <aftersales/desk.h>.
 * Since: 0.1
 */
AFT_API aft_status aft_task_get(aft_session *session, const aft_call *call, aft_id task, aft_record **out,
                                aft_error *error);

/*
 * Finds a task by its short code, however it was typed.
 *
 * code, len: AFT_NTS allowed.
 * out: receives a record that the caller frees with aft_record_free.
 * Threads: one at a time.
 * Errors: those of <aftersales/desk.h>.
 * Since: 0.1
 */
AFT_API aft_status aft_task_find(aft_session *session, const aft_call *call, const char *code, size_t len,
                                 aft_record **out, aft_error *error);

/* Which tasks. What is zero or absent is not asked for; everything given must hold. */
typedef struct aft_task_filter {
  size_t size;
  aft_id shop; /* 0: all shops that the actor may see */
  aft_id ticket;
  aft_id case_id;
  aft_id assignee;
  aft_str name, party; /* as the policy has them */
  aft_str state;       /* open, claimed, done, failed or cancelled */
  uint32_t open; /* AFT_OPEN_WORK or AFT_OPEN_ENDED of <aftersales/list.h>; in due order, 0 means the first */
  uint32_t by;   /* AFT_BY_URGENCY (default): what is due first; AFT_BY_CREATED: the newest first */
  uint32_t reverse; /* 1: the other way round */
  uint32_t reserved0;
  aft_str token; /* of aft_cursor_token: go on after that record */
} aft_task_filter;

/*
 * Lists tasks. Not for buyers; the warehouse lists those of its party.
 *
 * in: NULL for all that are open or claimed, what is due first coming first.
 * out: receives a cursor over AFT_KIND_TASK that the caller frees with aft_cursor_free.
 * Threads: one at a time.
 * Errors: those of <aftersales/desk.h>; AFT_E_INVALID names what the policy does not have.
 * Since: 0.1
 */
AFT_API aft_status aft_task_list(aft_session *session, const aft_call *call, const aft_task_filter *in,
                                 aft_cursor **out, aft_error *error);

/*
 * Lists the attempts at a task, the first one first. Not for buyers; the warehouse those of its party.
 *
 * out: receives a cursor over AFT_KIND_ATTEMPT that the caller frees with aft_cursor_free.
 * Threads: one at a time.
 * Errors: those of <aftersales/desk.h>.
 * Since: 0.1
 */
AFT_API aft_status aft_attempt_list(aft_session *session, const aft_call *call, aft_id task, aft_cursor **out,
                                    aft_error *error);

/*
 * What to say or do: the policy's script of a task in the customer's language, with what is known filled in.
 * Empty where the policy has none. Not for buyers.
 *
 * locale: another language, "zh" or "en", closed by NUL; NULL for the task's own.
 * out: receives a buffer that the caller frees with aft_buf_free.
 * Threads: one at a time.
 * Errors: those of <aftersales/desk.h>.
 * Since: 0.1
 */
AFT_API aft_status aft_task_brief(aft_session *session, const aft_call *call, aft_id task, const char *locale,
                                  aft_buf **out, aft_error *error);

#ifdef __cplusplus
}
#endif

#endif
