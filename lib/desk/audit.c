/* Audit events of records that do not keep the end of their chain themselves, and the list of refusals. */
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

static aft_status allowed(aft__cmd *cmd, void *in, aft_error *error) {
  (void)cmd, (void)in, (void)error;
  return AFT_OK;
}

aft_status aft_refusal_list(aft_session *session, const aft_call *call, aft_cursor **out, aft_error *error) {
  static const aft__command command = {.verb = "refusal.list",
                                       .name = "refusal_list",
                                       .roles = AFT__ROLES_SYSTEM | AFT__ROLE(AFT_ROLE_ARBITER),
                                       .read = true,
                                       .run = allowed};
  AFT__TRY(aft__command_run(session, call, &command, NULL, NULL, error));
  aft__list list = {.kind = AFT_KIND_REFUSAL,
                    .table = &aft__refusal_table,
                    .index = AFT__REFUSAL_BY_TENANT,
                    .n_equal = 1,
                    .equal = {call->tenant},
                    .descending = true};
  return aft__cursor_open(session, &list, (aft_str){0}, out, error);
}
