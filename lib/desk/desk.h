/* The desk as the clock sees it. */
#ifndef AFT_DESK_H
#define AFT_DESK_H

#include "store/store.h"

/* Carries out what one due row asks for, in the transaction that removes the row. */
aft_status aft__desk_due(aft__tx *tx, void *user, const aft__value *row, aft_error *error);
/* What cannot be carried out goes to people, in the transaction that puts the row off. */
aft_status aft__desk_due_failed(aft__tx *tx, void *user, const aft__value *row, aft_error *error);

/* An effect will not be tried again: whoever queued it goes on without it. */
aft_status aft__desk_effect_dead(aft__tx *tx, aft_id tenant, aft_id effect, aft_error *error);

/* Takes up to most events into the search index, and keeps it in shape, for ms at most. Another worker that
 * does it now does it for us. */
aft_status aft__search_tick(aft_session *session, uint32_t most, int64_t ms, uint32_t *indexed,
                            aft_error *error);

typedef struct aft__retained {
  uint32_t removed; /* records: tickets, effects, refusals, keys, surveys */
  bool more;        /* a round is on its way */
} aft__retained;
/* Goes on with the removal of what the tenants' policies keep no longer: through at most most records and
 * tenants, for about ms milliseconds. Not for attached sessions. */
aft_status aft__desk_retain(aft_session *session, uint32_t most, int64_t ms, aft__retained *out,
                            aft_error *error);

#endif
