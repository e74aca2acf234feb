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
 * times and amounts stay, and every audit chain still verifies. The record says how far that has come:
 *
 * asked: nothing has been done yet.
 * running: the tick goes through the records.
 * waiting: all is gone but what a legal hold, an open case or money under way keeps, with all that belongs to
 *   it. The record counts and names these. The tick looks again every day, and goes on by itself.
 * done: nothing is left, and the customer can neither write nor be written to: AFT_E_DENIED. Whoever writes
 *   under one of their handles is a new customer.
 *
 * Who asks again gets the same record with AFT_IGNORED; one that waits is then looked at in the next tick.
 *
 * call: system.
 * out: NULL, or receives the AFT_KIND_ERASURE record; free it.
 * Threads: the session's one.
 * Errors: AFT_E_NULL_HANDLE, AFT_E_ABI, AFT_E_INVALID, AFT_E_NOT_FOUND, AFT_E_DENIED, AFT_E_STORE,
 *   AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_person_erase(aft_session *session, const aft_call *call, const aft_erase_in *in,
                                    aft_record **out, aft_error *error);

/*
 * Lists erasures, the latest first: AFT_KIND_ERASURE.
 *
 * call: system.
 * customer: whose; 0 for all of the tenant.
 * out: receives the cursor; free it.
 * Threads: the session's one.
 * Errors: AFT_E_NULL_HANDLE, AFT_E_INVALID, AFT_E_DENIED, AFT_E_STORE, AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_erasure_list(aft_session *session, const aft_call *call, aft_id customer,
                                    aft_cursor **out, aft_error *error);

#ifdef __cplusplus
}
#endif

#endif
