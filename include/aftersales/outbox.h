/* What leaves the desk: side effects through the outbox, and the feed of events. */
#ifndef AFTERSALES_OUTBOX_H
#define AFTERSALES_OUTBOX_H

#include <aftersales/actor.h>
#include <aftersales/record.h>
#include <aftersales/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How to claim effects. */
typedef struct aft_claim_in {
  size_t size;
  int64_t lease_ms; /* how long the worker may take; 0: 60000 */
  uint32_t most;    /* 0: 100, at most 1000 */
  uint32_t reserved0;
} aft_claim_in;

/*
 * Leases effects that are ready, over all tenants, to a worker that carries them
 * out. Effects of one record are handed out in order, one at a time. After a lease
 * runs out, an *auto* effect is offered again; a *reconcile* effect (money) is not,
 * until its outcome was recorded.
 *
 * in: NULL for defaults.
 * out: receives a cursor over AFT_KIND_EFFECT that the caller frees with aft_cursor_free.
 * Threads: the session's one.
 * Errors: AFT_E_NULL_HANDLE, AFT_E_ABI, AFT_E_INVALID, the store's errors, AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_outbox_claim(aft_session *session, const aft_claim_in *in, aft_cursor **out,
                                    aft_error *error);

/* What became of an effect. */
#define AFT_OUTCOME_DONE  1u
#define AFT_OUTCOME_RETRY 2u /* failed, try again later; dead after 12 attempts */
#define AFT_OUTCOME_DEAD  3u /* failed for good */

/*
 * Records what became of an effect.
 *
 * effect, fence: aft_effect_id and aft_effect_fence of the claimed record.
 * outcome: AFT_OUTCOME_….
 * note: NULL, or what went wrong, closed by NUL; kept with the effect.
 * Threads: the session's one.
 * Errors: AFT_E_LEASE_LOST, AFT_E_NOT_FOUND, AFT_E_INVALID, AFT_E_NULL_HANDLE, the store's errors.
 * Since: 0.1
 */
AFT_API aft_status aft_outbox_settle(aft_session *session, aft_id effect, int64_t fence, uint32_t outcome,
                                     const char *note, aft_error *error);

/*
 * Lists the effects of one record (a ticket), the latest last, whatever their state.
 *
 * call: AFT_ROLE_SYSTEM.
 * out: receives a cursor over AFT_KIND_EFFECT that the caller frees with aft_cursor_free.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>.
 * Since: 0.1
 */
AFT_API aft_status aft_outbox_list(aft_session *session, const aft_call *call, aft_id subject,
                                   aft_cursor **out, aft_error *error);

/*
 * Reads the tenant's events in the order of their feed numbers. Numbers are given
 * after commit by the tick, without gaps, so that a reader who remembers the last
 * number misses nothing.
 *
 * call: AFT_ROLE_SYSTEM.
 * after: the last number that was read; 0 from the beginning.
 * out: receives a cursor over AFT_KIND_EVENT that the caller frees with aft_cursor_free.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>.
 * Since: 0.1
 */
AFT_API aft_status aft_feed_read(aft_session *session, const aft_call *call, int64_t after, aft_cursor **out,
                                 aft_error *error);

#ifdef __cplusplus
}
#endif

#endif
