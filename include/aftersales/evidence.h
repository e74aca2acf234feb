/* Evidence: photos, videos and papers in a case, kept by their content. */
#ifndef AFTERSALES_EVIDENCE_H
#define AFTERSALES_EVIDENCE_H

#include <aftersales/actor.h>
#include <aftersales/list.h>
#include <aftersales/record.h>
#include <aftersales/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A piece of evidence that is to be added. */
typedef struct aft_evidence_in {
  size_t size;
  aft_id of;     /* the case; required */
  aft_str kind;  /* photo, video, document or the policy's own; required; at most 63 bytes */
  aft_str type;  /* what it claims to be: "image/jpeg"; required */
  aft_str name;  /* the file's name, for people; at most 255 bytes */
  int64_t bytes; /* its size where that is known before; 0: not known */
} aft_evidence_in;

/* A piece of evidence while its bytes come in. For one thread at a time. */
typedef struct aft_evidence_upload aft_evidence_upload;

/*
 * Begins to take a piece of evidence in: the actor, the case and what the policy lets a case have are checked
 * now, and again when it is committed.
 *
 * The file's type is told by its first bytes. Known are image/jpeg, image/png, image/gif, image/webp,
 * image/heic, video/mp4, video/quicktime, video/webm and application/pdf, and nothing else is taken.
 *
 * session: used again by aft_evidence_commit; keep it open until then.
 * call: who adds it: the shop's people, the system, and a buyer to their own case or to one about an order
 *   that they paid for or receive. Copied with its key.
 * in: read during the call.
 * out: the caller owns it; ends with aft_evidence_commit, or freed with aft_evidence_abort.
 * Threads: one at a time.
 * Errors: AFT_E_NULL_HANDLE, AFT_E_ABI, AFT_E_INVALID (also a type that is not known, and a store that
 *   has no blob store), AFT_E_NOT_FOUND, AFT_E_DENIED, AFT_E_TOO_LARGE (the case has all that the policy
 * allows), AFT_E_TRANSITION (the case has come to its end), AFT_E_FULL, AFT_E_IO, AFT_E_STORE, AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_evidence_begin(aft_session *session, const aft_call *call, const aft_evidence_in *in,
                                      aft_evidence_upload **out, aft_error *error);

/*
 * Takes the next bytes. After a failure the upload is of no use any more: every further call gives the same
 * status.
 *
 * Threads: one at a time, with its session.
 * Errors: AFT_E_NULL_HANDLE, AFT_E_TOO_LARGE (more than one piece or the case may have, or more than was
 *   announced), AFT_E_INVALID (the first bytes are of another type than was claimed, or of none that
 *   evidence may have; the message names both), AFT_E_FULL, AFT_E_IO, AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_evidence_write(aft_evidence_upload *upload, const void *bytes, size_t n,
                                      aft_error *error);

/*
 * Ends an upload and adds the evidence to its case. The bytes are on the disk before the record is; a crash
 * between the two leaves bytes that aft_evidence_sweep removes. Where the same content stood in another case
 * of the tenant before, the record's field seen names that case, and both the audit event and a risk signal
 * say so.
 *
 * upload: freed, whatever is returned.
 * out: NULL, or receives the record, which the caller frees with aft_record_free.
 * Returns: AFT_OK, or AFT_REPLAYED when the call's key was used for the same content before.
 * Threads: one at a time, with its session.
 * Errors: those of aft_evidence_begin and aft_evidence_write; AFT_E_INVALID (also a file that is empty, or
 *   shorter than announced), AFT_E_EXISTS (the case has this content already), AFT_E_KEY_REUSED.
 * Since: 0.1
 */
AFT_API aft_status aft_evidence_commit(aft_evidence_upload *upload, aft_record **out, aft_error *error);

/*
 * Gives an upload up; nothing stays. NULL is allowed.
 *
 * Threads: one at a time.
 * Since: 0.1
 */
AFT_API void aft_evidence_abort(aft_evidence_upload *upload);

/*
 * Adds a piece of evidence whose bytes are in memory: begin, write and commit in one.
 *
 * bytes: n bytes, read during the call.
 * out: NULL, or receives the record, which the caller frees with aft_record_free.
 * Returns: as aft_evidence_commit.
 * Threads: one at a time.
 * Errors: as aft_evidence_commit.
 * Since: 0.1
 */
AFT_API aft_status aft_evidence_add(aft_session *session, const aft_call *call, const aft_evidence_in *in,
                                    const void *bytes, size_t n, aft_record **out, aft_error *error);

/*
 * The evidence of a case, the oldest first; also what was removed, which has no bytes any more.
 *
 * call: as for aft_evidence_begin.
 * out: gives records of kind AFT_KIND_EVIDENCE; free with aft_cursor_free.
 * Threads: one at a time.
 * Errors: AFT_E_INVALID, AFT_E_NOT_FOUND, AFT_E_DENIED, AFT_E_STORE, AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_evidence_list(aft_session *session, const aft_call *call, aft_id of, aft_cursor **out,
                                     aft_error *error);

/*
 * Takes the bytes of a piece of evidence, in order. Not 0 ends the reading with AFT_E_CALLBACK. It may not
 * use the session.
 */
typedef int (*aft_evidence_sink)(void *user, const void *bytes, size_t n);

/*
 * Reads the bytes of a piece of evidence. Their digest is computed on the way: what was read is good when the
 * call returns AFT_OK, and not before.
 *
 * call: as for aft_evidence_begin.
 * sink: called with each run of bytes.
 * Threads: one at a time.
 * Errors: AFT_E_NULL_HANDLE, AFT_E_INVALID, AFT_E_NOT_FOUND (also when its bytes were removed), AFT_E_DENIED,
 *   AFT_E_CORRUPT (its bytes are not those that were added, or are gone: names the digest), AFT_E_CALLBACK,
 *   AFT_E_IO, AFT_E_STORE, AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_evidence_read(aft_session *session, const aft_call *call, aft_id evidence,
                                     aft_evidence_sink sink, void *user, aft_error *error);

/*
 * Removes the bytes of a piece of evidence; its record and the audit stay. The bytes leave the blob store at
 * once where no other evidence has the same content and they were stored more than a minute ago, and
 * otherwise when aft_evidence_sweep finds nobody who needs them.
 *
 * call: system, arbiter, or an agent of the shop.
 * out: NULL, or receives the record, which the caller frees with aft_record_free.
 * Returns: AFT_OK; AFT_IGNORED when they were removed before.
 * Threads: one at a time.
 * Errors: AFT_E_INVALID, AFT_E_NOT_FOUND, AFT_E_DENIED (also while it or its case is on legal hold),
 *   AFT_E_STORE, AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_evidence_remove(aft_session *session, const aft_call *call, aft_id evidence,
                                       aft_record **out, aft_error *error);

/*
 * Puts a piece of evidence on legal hold, or ends that: while held it is not removed, neither by people nor
 * by retention.
 *
 * call: system, arbiter, or an agent of the shop.
 * held: 1 to hold, 0 to end it.
 * out: NULL, or receives the record, which the caller frees with aft_record_free.
 * Returns: AFT_OK; AFT_IGNORED when it is so already.
 * Threads: one at a time.
 * Errors: AFT_E_INVALID, AFT_E_NOT_FOUND, AFT_E_DENIED, AFT_E_STORE, AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_evidence_hold(aft_session *session, const aft_call *call, aft_id evidence,
                                     uint32_t held, aft_record **out, aft_error *error);

/*
 * Looks through the whole blob store and removes what is older than a day and belongs to no evidence of any
 * tenant: contents whose record was never made, and those that were removed. To be called once a day or so.
 *
 * The blob store must be this store's alone: contents of another store are orphans here.
 *
 * removed: NULL, or receives how many contents went.
 * Threads: one at a time.
 * Errors: AFT_E_NULL_HANDLE, AFT_E_INVALID (the store has no blob store), AFT_E_READ_ONLY, AFT_E_IO,
 *   AFT_E_STORE, AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_evidence_sweep(aft_session *session, int64_t *removed, aft_error *error);

#ifdef __cplusplus
}
#endif

#endif
