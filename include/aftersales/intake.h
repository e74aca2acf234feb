/* Intake: messages from every channel, each exactly once. */
#ifndef AFTERSALES_INTAKE_H
#define AFTERSALES_INTAKE_H

#include <aftersales/actor.h>
#include <aftersales/record.h>
#include <aftersales/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a part of a message is. */
#define AFT_CONTENT_TEXT        1u
#define AFT_CONTENT_HTML        2u
#define AFT_CONTENT_IMAGE       3u
#define AFT_CONTENT_VOICE       4u
#define AFT_CONTENT_VIDEO       5u
#define AFT_CONTENT_FILE        6u
#define AFT_CONTENT_TRANSLATION 7u /* the message's text in another language, where the host has it */

/* A part of a message beside its text. Bytes stay with the host, under an id. */
typedef struct aft_part_in {
  size_t size;
  uint32_t kind; /* AFT_CONTENT_…; required */
  uint32_t reserved0;
  aft_str text;   /* of text, HTML and translations; a transcript of voice */
  aft_str blob;   /* the host's id of the bytes: required for image, voice, video and file */
  aft_str name;   /* file name */
  aft_str mime;   /* media type */
  aft_str locale; /* language of the text; required for translations */
  int64_t bytes;  /* size of the bytes, 0 when not known */
} aft_part_in;

/* A filled-in field of a form that the policy declares. */
typedef struct aft_field_in {
  size_t size;
  aft_str name;
  aft_str text;
} aft_field_in;

/* One message of a customer. */
typedef struct aft_message_in {
  size_t size;
  aft_id shop;        /* required */
  aft_str channel;    /* "wechat", "weibo", "email", "phone", "chat", "web" …; required */
  aft_str account;    /* the shop's account there; default "" */
  aft_str external;   /* the channel's id of the message: makes intake exactly-once */
  aft_id customer;    /* who wrote it, when known; a buyer's call implies it */
  aft_str handle;     /* else: the writer's id or address on the channel */
  aft_str name;       /* the writer's name, for a customer not seen before */
  aft_str subject;    /* of an e-mail or form */
  aft_str text;       /* required unless there are parts or a form */
  aft_str code;       /* short code of the ticket it answers, when the host knows it */
  aft_str replies_to; /* external id of the message it answers, on the same channel and account */
  aft_str order;      /* number of the order it is about; else the text may state one of the customer's */
  aft_str label;      /* the customer's own choice of category */
  aft_str form;       /* name of the policy's form that was filled in */
  const aft_field_in *fields;
  size_t n_fields;
  const aft_part_in *parts;
  size_t n_parts;
  aft_time sent; /* by the channel; 0: now */
} aft_message_in;

/*
 * Takes in one message: finds or makes its customer, threads it to a ticket or
 * opens one, classifies it, and starts the clocks. A message that was delivered
 * before (same tenant, channel, account and external id) changes nothing and
 * returns the first outcome.
 *
 * A code or a reference threads it only when the sender takes part in that
 * ticket; otherwise a new ticket is opened, with the other one as a hint. Without
 * one it joins an open ticket of the same customer within the policy's window.
 *
 * call: AFT_ROLE_SYSTEM, AFT_ROLE_AGENT (takes down a call) or the buyer.
 * out: NULL, or receives the message: aft_message_ticket names its ticket,
 *   aft_message_disposition what was done with it.
 * Returns: AFT_OK or AFT_REPLAYED.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>; AFT_E_FORM names the wrong field.
 * Since: 0.1
 */
AFT_API aft_status aft_intake(aft_session *session, const aft_call *call, const aft_message_in *in,
                              aft_record **out, aft_error *error);

/* The results of a batch, one for each message, in the order given. */
typedef struct aft_batch aft_batch;

/*
 * Takes in many messages in one commit. A message that is wrong gets its own
 * error and does not spoil the rest. The external id of each message makes it
 * exactly-once; the call takes no key.
 *
 * in, n: at most the environment's limit `batch`.
 * out: receives the results, which the caller frees with aft_batch_free.
 * Returns: AFT_OK also when some messages were refused: see aft_batch_status.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>, for the batch as a whole.
 * Since: 0.1
 */
AFT_API aft_status aft_intake_batch(aft_session *session, const aft_call *call, const aft_message_in *in,
                                    size_t n, aft_batch **out, aft_error *error);

/*
 * The number of results.
 *
 * Threads: one at a time.
 * Since: 0.1
 */
AFT_API size_t aft_batch_count(const aft_batch *batch);

/*
 * The status of one message, and its error.
 *
 * error: NULL, or filled in when the status is negative.
 * Returns: what aft_intake would have returned.
 * Threads: one at a time.
 * Errors: those of aft_intake; AFT_E_NULL_HANDLE, AFT_E_INVALID (past the last).
 * Since: 0.1
 */
AFT_API aft_status aft_batch_status(const aft_batch *batch, size_t index, aft_error *error);

/*
 * The record of one message.
 *
 * Returns: its id; 0 where it was refused, and past the last.
 * Threads: one at a time.
 * Since: 0.1
 */
AFT_API aft_id aft_batch_message(const aft_batch *batch, size_t index);

/*
 * The ticket of one message.
 *
 * Returns: its id; 0 where it was refused, and past the last.
 * Threads: one at a time.
 * Since: 0.1
 */
AFT_API aft_id aft_batch_ticket(const aft_batch *batch, size_t index);

/*
 * Frees the results. NULL is allowed.
 *
 * Threads: one at a time.
 * Since: 0.1
 */
AFT_API void aft_batch_free(aft_batch *batch);

/* A change that a channel reports of a message sent before. */
typedef struct aft_message_change {
  size_t size;
  aft_id message; /* or channel, account and external */
  aft_str channel, account, external;
  aft_str text;      /* the new text; ignored for a recall */
  uint32_t recalled; /* 1: the message was taken back */
  uint32_t reserved0;
} aft_message_change;

/*
 * Records that a message was edited or recalled. What it said before stays as a
 * revision. Repeating a change has no further effect and returns AFT_IGNORED.
 *
 * out: NULL, or receives the message.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>.
 * Since: 0.1
 */
AFT_API aft_status aft_message_revise(aft_session *session, const aft_call *call,
                                      const aft_message_change *in, aft_record **out, aft_error *error);

/*
 * Lists the messages of a ticket in order. Buyers do not see private ones.
 *
 * out: receives a cursor over AFT_KIND_MESSAGE that the caller frees with aft_cursor_free.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>.
 * Since: 0.1
 */
AFT_API aft_status aft_message_list(aft_session *session, const aft_call *call, aft_id ticket,
                                    aft_cursor **out, aft_error *error);

/*
 * Lists the parts of a message in order.
 *
 * out: receives a cursor over AFT_KIND_PART that the caller frees with aft_cursor_free.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>.
 * Since: 0.1
 */
AFT_API aft_status aft_part_list(aft_session *session, const aft_call *call, aft_id message, aft_cursor **out,
                                 aft_error *error);

/*
 * Lists what a message said before it was edited or recalled. Not for buyers.
 *
 * out: receives a cursor over AFT_KIND_REVISION that the caller frees with aft_cursor_free.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>.
 * Since: 0.1
 */
AFT_API aft_status aft_revision_list(aft_session *session, const aft_call *call, aft_id message,
                                     aft_cursor **out, aft_error *error);

#ifdef __cplusplus
}
#endif

#endif
