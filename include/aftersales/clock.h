/* Time passes only here: one bounded step of all that has fallen due. */
#ifndef AFTERSALES_CLOCK_H
#define AFTERSALES_CLOCK_H

#include <aftersales/store.h>
#include <aftersales/value.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How much one tick may do. */
typedef struct aft_tick_budget {
  size_t size;
  uint32_t rows; /* due rows and events at most, each; 0: 1000 */
  uint32_t reserved0;
  int64_t ms; /* time at most; 0: 10000 */
} aft_tick_budget;

/* What one tick did. */
typedef struct aft_tick_report {
  size_t size;
  uint32_t fired;     /* deadlines, reminders, surveys */
  uint32_t sequenced; /* events that got their feed number */
  uint32_t expired;   /* outbox leases taken back */
  uint32_t indexed;   /* events that the text search now covers */
  aft_time next;      /* when there is work again, as far as is known now; AFT_TIME_NONE: nothing waits */
  uint32_t removed;   /* records that were kept long enough */
  uint32_t reserved0;
} aft_tick_report;

/*
 * Fires what is due by the environment's clock, gives new events their feed
 * numbers and indexes them for the text search, takes back outbox leases that ran
 * out, and removes what the policies' `retention` keeps no longer, in rounds of which
 * one begins in an hour at most. Any number of processes may tick at the same time:
 * each due row fires exactly once. Cost grows with what is due and what is removed,
 * not with what is kept.
 *
 * budget: NULL for defaults.
 * report: NULL, or filled in; its size must be set.
 * Returns: AFT_OK, also when the budget ended before the work (report->next is then past).
 * Threads: the session's one; not on an attached session.
 * Errors: AFT_E_NULL_HANDLE, AFT_E_ABI, AFT_E_INVALID, AFT_E_FORKED, the store's errors, AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_tick(aft_session *session, const aft_tick_budget *budget, aft_tick_report *report,
                            aft_error *error);

#ifdef __cplusplus
}
#endif

#endif
