/* Between the files of retention. */
#ifndef AFT_RETENTION_H
#define AFT_RETENTION_H

#include "desk/desk_priv.h"

/* AFT_DONE when the ticket was removed; AFT_OK when it stays, and is not looked at again before its time. */
aft_status aft__ticket_retire(aft__cmd *cmd, aft_id ticket, aft_time before, aft_error *error);

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
/* The bytes of a part's row, if it has any. */
aft_status aft__blobs_add(aft__blobs_gone *gone, const aft__value *row, aft_error *error);
/* Queues what was added since. */
aft_status aft__blobs_send(aft__blobs_gone *gone, aft_error *error);
void aft__blobs_end(aft__blobs_gone *gone);

#endif
