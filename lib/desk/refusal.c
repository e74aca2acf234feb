/* What actors were refused, for those who look after the desk. */
#include "desk/desk_priv.h"

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
