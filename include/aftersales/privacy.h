/* What the desk knows about a person: giving it out, and forgetting it. */
#ifndef AFTERSALES_PRIVACY_H
#define AFTERSALES_PRIVACY_H

#include <aftersales/actor.h>
#include <aftersales/record.h>
#include <aftersales/store.h>
#include <aftersales/value.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Takes one line, a JSON object and a line feed. Not 0 ends the export with AFT_E_CALLBACK. It may not use
 * the session. */
typedef int (*aft_person_sink)(void *user, const void *line, size_t n);

/*
 * Gives everything that the desk keeps about a customer as JSON lines, for the person who asks for it (PIPL
 * article 45, GDPR articles 15 and 20): {"kind":"message","record":{…}}. What belongs to a record comes
 * somewhere after it: identities, tickets with their messages, orders they placed, cases, surveys, links,
 * tags, attributes, and the audit events and outbox entries of all these. Of other people's tickets only
 * their own messages come. The bytes of evidence are read with aft_evidence_read.
 *
 * It reads in many short transactions: what changes meanwhile may be there or not.
 *
 * call: system.
 * sink: called with each line.
 * records: NULL, or receives how many lines there were.
 * Threads: the session's one.
 * Errors: AFT_E_NULL_HANDLE, AFT_E_INVALID, AFT_E_NOT_FOUND, AFT_E_DENIED, AFT_E_CALLBACK, AFT_E_STORE,
 *   AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_person_export(aft_session *session, const aft_call *call, aft_id customer,
                                     aft_person_sink sink, void *user, int64_t *records, aft_error *error);

/* Who is to be forgotten. */
typedef struct aft_erase_in {
  size_t size;
  aft_id customer; /* required */
  aft_str reason;  /* why, in the host's words, at most 200 bytes: kept, so nothing personal */
} aft_erase_in;

/*
 * Asks that everything personal about a customer be erased (PIPL article 47, GDPR article 17). The tick does
 * it, a bounded step at a time: what people wrote, names, addresses, handles and files go; figures, states,
 * times and amounts stay, and every audit chain still verifies.
 *
 * The record says how far that has come. After "asked" and "running" its state is "waiting" while a legal
 * hold, an open case or money under way keeps something: the rest is gone, and the record counts and names
 * what is kept. The tick looks again every day, and goes on by itself. At last it is "done": nothing is left,
 * and the customer can neither write nor be written to, nor are orders, cases, notes or other words about
 * them taken in (AFT_E_DENIED). Whoever writes under one of their handles is a new customer.
 *
 * Who asks again gets the same record with AFT_IGNORED; one that waits is then looked at in the next tick,
 * and one that is done goes over everything once more.
 *
 * call: system.
 * out: NULL, or receives the record of kind AFT_KIND_ERASURE, which the caller frees with aft_record_free.
 * Returns: AFT_OK; AFT_IGNORED when it was asked for before.
 * Threads: the session's one.
 * Errors: AFT_E_NULL_HANDLE, AFT_E_ABI, AFT_E_INVALID, AFT_E_NOT_FOUND, AFT_E_DENIED, AFT_E_STORE,
 *   AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_person_erase(aft_session *session, const aft_call *call, const aft_erase_in *in,
                                    aft_record **out, aft_error *error);

/*
 * Lists erasures, the latest first.
 *
 * call: system.
 * customer: whose; 0 for all of the tenant.
 * out: receives a cursor over AFT_KIND_ERASURE that the caller frees with aft_cursor_free.
 * Threads: the session's one.
 * Errors: AFT_E_NULL_HANDLE, AFT_E_INVALID, AFT_E_DENIED, AFT_E_STORE, AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_erasure_list(aft_session *session, const aft_call *call, aft_id customer,
                                    aft_cursor **out, aft_error *error);

/* What aft_message_redact looks for by itself, as aft_text_redact does. */
#define AFT_REDACT_PHONE    1u
#define AFT_REDACT_EMAIL    2u
#define AFT_REDACT_CARD     4u
#define AFT_REDACT_IDENTITY 8u /* Chinese resident identity numbers */

/* A part of a message's text. */
typedef struct aft_redact_span_in {
  size_t size;
  int64_t begin, end; /* bytes, from 0, the last not included; at the borders of characters; required */
} aft_redact_span_in;

/* What is to be taken out of a message. At least one of spans, words, flags and part is given. */
typedef struct aft_redact_in {
  size_t size;
  aft_id message;                  /* required */
  int64_t version;                 /* the message's, as seen, which spans need; 0: any */
  const aft_redact_span_in *spans; /* of its present text, at most 64; they may overlap */
  size_t n_spans;
  aft_str words;  /* that go wherever they stand, as they are written */
  aft_id part;    /* of the message, that goes whole: text, name, and the host is told to remove its bytes */
  aft_str reason; /* why, at most 200 bytes: kept, so nothing personal */
  uint32_t flags; /* AFT_REDACT_…: all of these kinds go */
  uint32_t reserved0;
} aft_redact_in;

/*
 * Takes parts of what a message says away for good: each becomes "███", however long it was, and the revision
 * that is kept is without them too. What spans cover (from four bytes on), words and what flags name go from
 * the message, its earlier versions, its parts, the ticket's subject and the texts of its effects, sent or
 * not, and the note of a task whose call it tells of; after a merge or a split also from what stayed at the
 * tickets where it was before; from the search index by the end of the day. A character is taken whole, with
 * its marks. The ticket's audit says who, when, how many characters in how many places, of what kinds and
 * why, and still verifies. The message's version counts up. In other messages the words are not looked for.
 * Evidence of a case goes with aft_evidence_remove.
 *
 * call: system; an agent of the ticket's shop.
 * out: NULL, or receives the message, which the caller frees with aft_record_free.
 * Returns: AFT_OK; AFT_IGNORED when nothing of that stands there.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>; AFT_E_INVALID names a span beyond the text or inside of a character;
 *   AFT_E_CONFLICT for another version; AFT_E_DENIED while the ticket, or one where the message was
 *   before, is on legal hold; AFT_E_TOO_LARGE where more than 256 tickets were merged or split into it.
 *   Refusals are kept.
 * Since: 0.1
 */
AFT_API aft_status aft_message_redact(aft_session *session, const aft_call *call, const aft_redact_in *in,
                                      aft_record **out, aft_error *error);

#ifdef __cplusplus
}
#endif

#endif
