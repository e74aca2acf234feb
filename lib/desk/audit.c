/* Audit events of records that do not keep the end of their chain themselves. */
#include "desk/desk_priv.h"

static aft_status last_event(void *user, const aft__value *row, aft_error *error) {
  aft__chain *chain = user;
  (void)error;
  chain->seq = row[AFT__EV_SEQ].number;
  if (row[AFT__EV_HASH].size == sizeof chain->hash)
    memcpy(chain->hash, row[AFT__EV_HASH].data, sizeof chain->hash);
  return AFT_DONE;
}

aft_status aft__event_next(aft__tx *tx, const aft__event *event, aft_error *error) {
  aft__chain chain = {0};
  aft__scan scan = {.table = &aft__event_table,
                    .index = AFT__EV_BY_SUBJECT,
                    .n_equal = 2,
                    .equal = {aft__int(event->tenant), aft__int(event->subject)},
                    .descending = true,
                    .limit = 1};
  AFT__TRY(aft__scan_each(tx, &scan, last_event, &chain, error));
  return aft__event_append(tx, event, &chain, NULL, error);
}
