/* Notices: what customers are told, by their wishes, and what became of it. */
#ifndef AFTERSALES_NOTICE_H
#define AFTERSALES_NOTICE_H

#include <aftersales/actor.h>
#include <aftersales/record.h>
#include <aftersales/store.h>
#include <aftersales/text.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How a customer wants to be told. Lists have one space between their words; what is empty is not wished. */
typedef struct aft_contact_in {
  size_t size;
  aft_id customer;     /* required */
  aft_str channels;    /* the one they like best first: "wechat sms"; at most 32 */
  aft_str no_channels; /* on which they want nothing */
  aft_str no_topics;   /* of the policy's notifications, of which they want to hear nothing */
  aft_str zone;        /* IANA time zone of quiet hours and of times in texts; empty: the tenant's */
  aft_str locale;      /* language of notices, as a customer's; empty: the customer's */
  int32_t quiet_from;  /* minutes of the day, 0 to 1439, by the clock of the zone … */
  int32_t quiet_until; /* … up to this one; the same number twice: no quiet hours */
} aft_contact_in;

/*
 * Keeps how a customer wants to be told of things. It replaces what they said before. Notices that are held
 * already are decided on anew when their time comes.
 *
 * call: system and agents for anybody; buyers for themselves.
 * out: NULL, or receives the record of kind AFT_KIND_CONTACT, which the caller frees with aft_record_free.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>; AFT_E_INVALID names what is no channel, no topic of the policy, one
 *   whose notices must all be sent, no zone, or no minute of a day.
 * Since: 0.1
 */
AFT_API aft_status aft_contact_put(aft_session *session, const aft_call *call, const aft_contact_in *in,
                                   aft_record **out, aft_error *error);

/*
 * Gets how a customer wants to be told of things. Buyers get their own alone.
 *
 * out: receives the record, which the caller frees with aft_record_free.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>; AFT_E_NOT_FOUND for one who never said.
 * Since: 0.1
 */
AFT_API aft_status aft_contact_get(aft_session *session, const aft_call *call, aft_id customer,
                                   aft_record **out, aft_error *error);

/* What a channel reports of a notice. */
#define AFT_RECEIPT_DELIVERED 1u /* it reached the customer */
#define AFT_RECEIPT_READ      2u /* the customer read it, so it reached them too */
#define AFT_RECEIPT_FAILED    3u /* it will not reach them on this channel */

/* A report. */
typedef struct aft_receipt_in {
  size_t size;
  aft_id notice; /* "notice_id" of the payload; required */
  aft_id effect; /* the attempt that it is about; 0: the last one */
  aft_str code;  /* what the channel said of a failure, up to 64 bytes; may be empty */
  aft_time at;   /* of delivery or reading; 0: now */
  uint32_t what; /* AFT_RECEIPT_…; required */
  uint32_t reserved0;
} aft_receipt_in;

/*
 * Records what a channel reports of a notice. Reports may come again and in any order: reading implies
 * delivery, and what was delivered does not fail any more. Where the last attempt failed, the tick tries the
 * next channel of the customer, each once; where none is left, the ticket or case notes notice.failed.
 *
 * call: system.
 * out: NULL, or receives the record of kind AFT_KIND_NOTICE, which the caller frees with aft_record_free.
 * Returns: AFT_OK, or AFT_IGNORED for a report that says nothing new.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>; AFT_E_TRANSITION for a notice that was never sent.
 * Since: 0.1
 */
AFT_API aft_status aft_notice_tell(aft_session *session, const aft_call *call, const aft_receipt_in *in,
                                   aft_record **out, aft_error *error);

/*
 * Gets a notice.
 *
 * call: system, arbiter, agents of the shop.
 * out: receives the record, which the caller frees with aft_record_free.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>.
 * Since: 0.1
 */
AFT_API aft_status aft_notice_get(aft_session *session, const aft_call *call, aft_id notice, aft_record **out,
                                  aft_error *error);

/* Which notices to list: those of a customer, of a ticket or of a case, or all that no channel delivered. */
typedef struct aft_notice_filter {
  size_t size;
  aft_id customer; /* exactly one of customer and subject, or neither with the state "failed" */
  aft_id subject;  /* a ticket or a case */
  aft_str state;   /* of the record; empty: any */
  aft_str token;   /* of aft_cursor_token: where an earlier list goes on; empty: from the beginning */
} aft_notice_filter;

/*
 * Lists notices, the latest first; all that failed, the earliest first.
 *
 * call: system and arbiter; agents those of a ticket or case of their shops.
 * out: receives a cursor over AFT_KIND_NOTICE that the caller frees with aft_cursor_free.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>.
 * Since: 0.1
 */
AFT_API aft_status aft_notice_list(aft_session *session, const aft_call *call, const aft_notice_filter *in,
                                   aft_cursor **out, aft_error *error);

/*
 * Says why a notice was sent where it was, held, made one with another, or not sent, in sentences, one a
 * line.
 *
 * call: as aft_notice_get.
 * locale: language of the sentences: "zh" or "en"; closed by NUL; NULL: "en".
 * out: receives a buffer that the caller frees with aft_buf_free.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>.
 * Since: 0.1
 */
AFT_API aft_status aft_notice_explain(aft_session *session, const aft_call *call, aft_id notice,
                                      const char *locale, aft_buf **out, aft_error *error);

#ifdef __cplusplus
}
#endif

#endif
