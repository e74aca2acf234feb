/* One way in for every command: check the call, know the actor, run, keep the outcome, keep refusals. */
#include "desk/desk_priv.h"

#define KEY_BYTES 128
#define CALL_V1   (offsetof(aft_call, deadline_ms) + sizeof(int64_t))

static const char *role_name(uint32_t role) {
  static const char *const names[] = {"?", "system", "agent", "buyer", "warehouse", "arbiter"};
  return role < AFT__COUNT(names) ? names[role] : names[0];
}

aft_status aft__denied(aft__cmd *cmd, const char *what, aft_error *error) {
  return aft__error(error, AFT_E_DENIED, cmd->verb, "the %s may not: %s", role_name(cmd->call.role), what);
}

aft_status aft__call_copy(const aft_call *given, aft_call *call, aft_error *error) {
  AFT__TRY(aft__abi_copy(call, sizeof *call, given, CALL_V1, "aft_call", error));
  return aft__in_text(&call->key, KEY_BYTES, "call.key", error);
}

static aft_status check_call(const aft_call *given, const aft__command *command, aft_call *call,
                             aft_error *error) {
  if (!given)
    return aft__error(error, AFT_E_NULL_HANDLE, "call",
                      "the call is NULL: it says for whom the command runs");
  AFT__TRY(aft__call_copy(given, call, error));
  if (call->role < AFT_ROLE_SYSTEM || call->role > AFT_ROLE_ARBITER)
    return aft__error(error, AFT_E_INVALID, "call.role", "expected AFT_ROLE_…, found %u", call->role);
  if (call->deadline_ms < 0)
    return aft__error(error, AFT_E_INVALID, "call.deadline_ms", "expected 0 or more, found %lld",
                      (long long)call->deadline_ms);
  if (!command->makes_tenant)
    AFT__TRY(aft__in_id(call->tenant, "call.tenant", error));
  if (call->role == AFT_ROLE_AGENT || call->role == AFT_ROLE_BUYER)
    AFT__TRY(aft__in_id(call->actor, "call.actor", error));
  return AFT_OK;
}

/* An actor that does not exist is refused like one who may not: callers learn nothing from it. */
static aft_status know_actor(aft__cmd *cmd, aft_error *error) {
  aft__value *row;
  bool agent = cmd->call.role == AFT_ROLE_AGENT;
  if (!agent && cmd->call.role != AFT_ROLE_BUYER)
    return AFT_OK;
  const aft__table *table = agent ? &aft__agent_table : &aft__customer_table;
  aft_status status = aft__get(cmd->tx, table, cmd->call.actor, &row, NULL);
  if (status == AFT_E_NOT_FOUND)
    return aft__denied(cmd, "there is no such actor", error);
  if (status < 0)
    return aft__get(cmd->tx, table, cmd->call.actor, &row, error);
  aft_id tenant = aft__row_int(row, agent ? (uint32_t)AFT__AGENT_TENANT : (uint32_t)AFT__CUSTOMER_TENANT);
  if (tenant != cmd->call.tenant)
    return aft__denied(cmd, "the actor belongs to another tenant", error);
  if (agent && !aft__row_int(row, AFT__AGENT_ACTIVE))
    return aft__denied(cmd, "the agent has left", error);
  if (agent)
    return AFT_OK;
  cmd->customer = row;
  return aft__customer_stays(cmd, row, error);
}

static aft_status begin(aft__cmd *cmd, bool with_tenant, aft_error *error) {
  cmd->arena = aft__tx_arena(cmd->tx);
  cmd->env = aft__session_env(aft__tx_session(cmd->tx));
  cmd->now = aft__tx_now(cmd->tx);
  if (!with_tenant)
    return AFT_OK;
  aft_status status = aft__get(cmd->tx, &aft__tenant_table, cmd->call.tenant, &cmd->tenant, error);
  if (status == AFT_E_NOT_FOUND)
    return aft__error(error, status, "call.tenant", "there is no tenant %lld", (long long)cmd->call.tenant);
  AFT__TRY(status);
  return aft__policy_of_tenant(cmd->tx, cmd->call.tenant, &cmd->policy, &cmd->activation, error);
}

void aft__cmd_done(aft__cmd *cmd) {
  aft_policy_unref(cmd->policy);
  aft_model_unref(cmd->model);
  cmd->policy = NULL;
  cmd->model = NULL;
}

aft_status aft__cmd_system(aft__tx *tx, aft_id tenant, const char *verb, aft__cmd *cmd, aft_error *error) {
  *cmd = (aft__cmd){.tx = tx, .verb = verb};
  cmd->call.size = sizeof cmd->call;
  cmd->call.tenant = tenant;
  cmd->call.role = AFT_ROLE_SYSTEM;
  return begin(cmd, true, error);
}

typedef struct run {
  const aft__command *command;
  aft_call call;
  void *in;
  uint8_t digest[32];
  bool wants;       /* the caller wants the record */
  aft_record *made; /* by the last attempt */
  aft_id subject;
} run;

static aft__idem idem_of(const run *r) {
  aft__idem idem = {.tenant = r->call.tenant,
                    .role = r->call.role,
                    .actor = r->call.actor,
                    .verb = aft__cstr(r->command->verb),
                    .key = r->call.key};
  memcpy(idem.digest, r->digest, sizeof idem.digest);
  return idem;
}

static aft_status make_record(run *r, aft__cmd *cmd, aft_error *error) {
  if (!r->wants || !cmd->ids[0])
    return AFT_OK;
  aft__value *row = cmd->row;
  if (!row)
    AFT__TRY(aft__get(cmd->tx, aft__kind_get(r->command->returns)->table, cmd->ids[0], &row, error));
  if (r->command->hide)
    AFT__TRY(r->command->hide(cmd, row, error));
  return aft__record_make(cmd->env, r->command->returns, row, &r->made, error);
}

static aft_status carry_out(run *r, aft__cmd *cmd, aft_error *error) {
  bool keyed = r->call.key.len != 0 && !r->command->read;
  aft__idem idem = idem_of(r);
  aft__idem_outcome outcome = {0};
  if (!(r->command->roles & AFT__ROLE(r->call.role)))
    return aft__denied(cmd, "the command is not for this role", error);
  AFT__TRY(know_actor(cmd, error));
  AFT__TRY(aft__link_check(cmd, r->command->by_link, error));
  if (keyed) {
    aft_status found = aft__idem_find(cmd->tx, &idem, &outcome, error);
    if (found == AFT_REPLAYED)
      memcpy(cmd->ids, outcome.ids, sizeof cmd->ids);
    if (found != AFT_OK)
      return found;
  }
  aft_status status = r->command->run(cmd, r->in, error);
  if (status >= 0 && !r->command->read && cmd->policy)
    AFT__TRY(aft__agent_sign(cmd, error));
  if (status >= 0 && keyed) {
    outcome.status = status;
    memcpy(outcome.ids, cmd->ids, sizeof outcome.ids);
    AFT__TRY(aft__idem_save(cmd->tx, &idem, &outcome, error));
  }
  return status;
}

static aft_status attempt(aft__tx *tx, void *user, aft_error *error) {
  run *r = user;
  aft_record_free(r->made);
  r->made = NULL;
  aft__cmd cmd = {.tx = tx, .verb = r->command->verb, .call = r->call, .reads = r->command->read};
  aft_status status = begin(&cmd, !r->command->makes_tenant, error);
  if (status >= 0)
    status = carry_out(r, &cmd, error);
  if (status >= 0) {
    aft_status made = make_record(r, &cmd, error);
    status = made < 0 ? made : status;
  }
  r->subject = cmd.subject;
  aft__cmd_done(&cmd);
  return status;
}

/* ---- the audit of refusals ---- */

/* What the caller hands in that no command could take, whoever calls. */
static bool is_bad_input(aft_status status) {
  static const aft_status known[] = {AFT_E_INVALID,   AFT_E_NULL_HANDLE, AFT_E_ENCODING, AFT_E_NUL_BYTE,
                                     AFT_E_TOO_LARGE, AFT_E_OVERFLOW,    AFT_E_CURRENCY};
  for (size_t i = 0; i < AFT__COUNT(known); i++)
    if (status == known[i])
      return true;
  return false;
}

bool aft__spoils_all(aft_status status) {
  return aft_status_is_transient(status) || status <= AFT_E_CORRUPT || status == AFT_E_INTERRUPTED ||
         status == AFT_E_DEADLINE;
}

/* Statuses of the domain lie between these numbers. */
static bool is_refusal(const aft__command *command, aft_status status) {
  return status == AFT_E_DENIED || (command->audits && !command->read &&
                                    ((status <= AFT_E_NOT_FOUND && status > -300) || is_bad_input(status)));
}

/* A call that is no call itself is nobody's: there is nothing to keep. */
void aft__command_refused(aft_session *session, const aft_call *given, const aft__command *command,
                          aft_id subject, aft_status status) {
  aft_call call;
  if (session && is_refusal(command, status) && check_call(given, command, &call, NULL) >= 0)
    aft__refusal_keep(session, &call, command->verb, subject > 0 ? subject : 0, status);
}

aft_status aft__command_run(aft_session *session, const aft_call *call, const aft__command *command, void *in,
                            aft_record **out, aft_error *error) {
  run r = {.command = command, .in = in, .wants = out != NULL && command->returns != 0};
  if (!session)
    return aft__error(error, AFT_E_NULL_HANDLE, "session", "the session is NULL");
  AFT__TRY(check_call(call, command, &r.call, error));
  if (r.call.key.len && command->digest) {
    aft__sha256 sha;
    aft__sha256_init(&sha);
    aft__digest_str(&sha, aft__cstr(command->verb));
    command->digest(&sha, in);
    aft__sha256_end(&sha, r.digest);
  }
  aft__tx_options options = {.name = command->name, .deadline_ms = r.call.deadline_ms, .read = command->read};
  aft_status status = aft__tx_run(session, &options, attempt, &r, error);
  if (is_refusal(command, status))
    aft__refusal_keep(session, &r.call, command->verb, r.subject, status);
  if (status >= 0 && r.wants && r.made)
    *out = r.made;
  else
    aft_record_free(r.made);
  return status;
}

aft_status aft__command_text(aft_session *session, const aft_call *call, const aft__command *command,
                             void *in, aft_buf **place, aft_buf **out, aft_error *error) {
  if (!session || !out)
    return aft__error(error, AFT_E_NULL_HANDLE, session ? "out" : "session", "the handle is NULL");
  *place = aft__buf_new(aft__session_env(session));
  if (!*place)
    return aft__nomem(error);
  aft_status status = aft__command_run(session, call, command, in, NULL, error);
  if (status >= 0 && (*place)->failed)
    status = aft__nomem(error);
  if (status < 0)
    aft_buf_free(*place);
  else
    *out = *place;
  return status;
}
