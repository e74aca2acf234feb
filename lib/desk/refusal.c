/* The audit of refusals: kept when a command is refused, listed for those who look after the desk. */
#include "desk/desk_priv.h"

aft_status aft__refusal_add(aft__tx *tx, const aft_call *call, const char *verb, aft_id subject,
                            aft_status code, aft_error *error) {
  aft_id id = aft__tx_id(tx);
  aft__value row[AFT__REFUSAL_COLUMNS] = {
      [AFT__REFUSAL_ID] = aft__int(id),
      [AFT__REFUSAL_REV] = aft__int(1),
      [AFT__REFUSAL_TENANT] = aft__int(call->tenant),
      [AFT__REFUSAL_ROLE] = aft__int(call->role),
      [AFT__REFUSAL_ACTOR] = aft__id_or_null(call->actor),
      [AFT__REFUSAL_VERB] = aft__text(aft__cstr(verb)),
      [AFT__REFUSAL_SUBJECT] = aft__id_or_null(subject),
      [AFT__REFUSAL_CODE] = aft__int(code),
      [AFT__REFUSAL_CREATED] = aft__int(aft__tx_now(tx)),
  };
  aft__tx_proof(tx, &aft__refusal_table, id);
  return aft__insert(tx, &aft__refusal_table, row, NULL, error);
}

typedef struct refusal {
  const aft_call *call;
  const char *verb;
  aft_id subject;
  aft_status code;
} refusal;

static aft_status keep(aft__tx *tx, void *user, aft_error *error) {
  const refusal *r = user;
  return aft__refusal_add(tx, r->call, r->verb, r->subject, r->code, error);
}

void aft__refusal_keep(aft_session *session, const aft_call *call, const char *verb, aft_id subject,
                       aft_status code) {
  refusal refused = {call, verb, subject, code};
  aft__tx_options options = {.name = "refusal"};
  aft_status status = aft__tx_run(session, &options, keep, &refused, NULL);
  if (status < 0)
    aft__log(aft__session_env(session), AFT_LOG_ERROR, "a refusal of %s could not be kept: %s", verb,
             aft_status_name(status));
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
