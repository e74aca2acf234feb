/* Between the files of retention. */
#ifndef AFT_RETENTION_H
#define AFT_RETENTION_H

#include "desk/desk_priv.h"

/* AFT_DONE when the ticket was removed; AFT_OK when it stays, and is not looked at again before its time. */
aft_status aft__ticket_retire(aft__cmd *cmd, aft_id ticket, aft_time before, aft_error *error);

#endif
