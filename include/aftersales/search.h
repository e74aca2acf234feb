/* Text search over tickets and messages, in Chinese, English and other languages. */
#ifndef AFTERSALES_SEARCH_H
#define AFTERSALES_SEARCH_H

#include <aftersales/actor.h>
#include <aftersales/record.h>
#include <aftersales/store.h>
#include <aftersales/value.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AFT_SEARCH_OPEN 1u /* only tickets on which work is going on */

/* What to look for, and where. */
typedef struct aft_search_in {
  size_t size;
  aft_str query;     /* required; at most 4096 bytes and 32 words */
  aft_id shop;       /* 0: all shops that the actor may see */
  aft_id customer;   /* 0: tickets of all customers; otherwise theirs, and those they take part in */
  aft_time from, to; /* opened (tickets), taken in (messages): from this time on, before that one; 0: any */
  uint32_t flags;    /* AFT_SEARCH_… */
  uint32_t reserved0;
  aft_str token; /* of aft_cursor_token: go on after that record */
} aft_search_in;

/*
 * Lists the tickets that contain all words of a query, the latest first. Searched
 * are a ticket's subject, code and order number, and its messages with the texts
 * and names of their parts; each word may stand in another place.
 *
 * Words are parted by spaces. A word in Chinese, Japanese, Thai or Korean script
 * is found wherever its characters stand, one character or more; any other
 * word as a whole, the last one of the query also as the beginning of one.
 * "Words in quotation marks" have to follow each other. A word after a minus
 * sign must not occur. Case, width, punctuation, and spaces between Chinese
 * characters of a text make no difference; traditional and simplified characters
 * are different ones.
 *
 * What was just taken in is found at once, up to some thousands of events that the
 * tick has not indexed yet, the newest ones.
 *
 * call: buyers find their own tickets, by what is public in them.
 * out: receives a cursor over AFT_KIND_TICKET that the caller frees with aft_cursor_free;
 *   its calls keep the deadline of this one.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>; AFT_E_INVALID where there is no word to look for;
 *   AFT_E_TOO_LARGE.
 * Since: 0.1
 */
AFT_API aft_status aft_ticket_search(aft_session *session, const aft_call *call, const aft_search_in *in,
                                     aft_cursor **out, aft_error *error);

/*
 * Lists the messages that contain all words of a query in their text and parts:
 * those of the latest ticket first, and of one ticket the latest message first. The
 * query is that of aft_ticket_search.
 *
 * out: receives a cursor over AFT_KIND_MESSAGE that the caller frees with aft_cursor_free;
 *   its calls keep the deadline of this one.
 * Threads: the session's one.
 * Errors: those of aft_ticket_search.
 * Since: 0.1
 */
AFT_API aft_status aft_message_search(aft_session *session, const aft_call *call, const aft_search_in *in,
                                      aft_cursor **out, aft_error *error);

#ifdef __cplusplus
}
#endif

#endif
