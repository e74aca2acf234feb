/* What the desk knows about a person. */
#ifndef AFTERSALES_PRIVACY_H
#define AFTERSALES_PRIVACY_H

#include <aftersales/actor.h>
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

#ifdef __cplusplus
}
#endif

#endif
