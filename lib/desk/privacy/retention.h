/* Between the files of retention. */
#ifndef AFT_RETENTION_H
#define AFT_RETENTION_H

#include "desk/desk_priv.h"

/* AFT_DONE when the ticket was removed; AFT_OK when it stays, and is not looked at again before its time. */
aft_status aft__ticket_retire(aft__cmd *cmd, aft_id ticket, aft_time before, aft_error *error);

/* ---- record_retire.c ---- */

/* Removes a record with all that lies below it by the table in person.c, and leaves one event under its id.
 * AFT_DONE when it went; AFT_OK when an effect, an event without its number, or bytes still need it. */
aft_status aft__record_retire(aft__cmd *cmd, uint32_t kind, aft__value *row, aft_error *error);

/* ---- retention_kinds.c ---- */

/* A kind of record that is gone through in the order of ids, one a transaction. */
typedef struct aft__retire {
  const char *name; /* in the store's notes of how far a pass is */
  aft__retain what;
  const aft__table *table;
  uint32_t index, n_equal; /* tenant first, then ids */
  aft__value equal[AFT__MOST_KEYS];
  /* AFT_DONE when something went. before: what ended before that may go. */
  aft_status (*retire)(aft__cmd *cmd, aft__value *row, aft_time before, aft_error *error);
} aft__retire;

extern const aft__retire aft__retires[];
extern const size_t aft__retire_count;

/* ---- blobs_gone.c ---- */

#define AFT__TOPIC_BLOBS "blobs.remove"

/* Bytes of parts that the host may remove, on their way into effects of a ticket. */
typedef struct aft__blobs_gone {
  aft__cmd *cmd;
  aft_id ticket;
  aft__buf list; /* the host's ids, as JSON */
  uint32_t n;
} aft__blobs_gone;

void aft__blobs_begin(aft__blobs_gone *gone, aft__cmd *cmd, aft_id ticket);
/* The bytes of a part's row that is about to go, if it has any and no other part has the same. */
aft_status aft__blobs_add(aft__blobs_gone *gone, const aft__value *row, aft_error *error);
/* Queues what was added since. */
aft_status aft__blobs_send(aft__blobs_gone *gone, aft_error *error);
void aft__blobs_end(aft__blobs_gone *gone);

#endif
