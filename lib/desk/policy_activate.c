/* Making a policy a tenant's current one: no live ticket may be stranded by it. */
#include "desk/desk_priv.h"

/* The states that live tickets are in must exist in the policy that takes over. */
typedef struct strand {
  const aft__flow *flow;
  const aft_policy *now;
} strand;

static aft_status check_state(void *user, const aft__value *row, aft_error *error) {
  const strand *s = user;
  aft_str state = aft__row_str(row, AFT__TICKET_STATE);
  if (aft__flow_state_find(s->flow, state) != AFT__FLOW_NONE)
    return AFT_OK;
  return aft__error(error, AFT_E_POLICY_STRANDS, "machines.ticket.states",
                    "ticket %.*s is in state '%.*s', which the policy lacks",
                    (int)aft__row_str(row, AFT__TICKET_CODE).len, aft__row_str(row, AFT__TICKET_CODE).data,
                    (int)state.len, state.data);
}

/* A machine that keeps every state of the present one strands nobody: then no ticket is read. */
static bool keeps_all_states(const aft__flow *now, const aft__flow *next) {
  for (uint32_t i = 0; i < now->n_states; i++)
    if (aft__flow_state_find(next, aft__cstr(now->texts + now->states[i].name)) == AFT__FLOW_NONE)
      return false;
  return true;
}

static aft_status check_strands(aft__cmd *cmd, const aft_policy *next, aft_error *error) {
  strand s = {aft__policy_machine(next, "ticket"), cmd->policy};
  if (!s.flow)
    return aft__error(error, AFT_E_POLICY_MACHINE, "machines.ticket", "the policy has no ticket machine");
  if (keeps_all_states(aft__policy_machine(cmd->policy, "ticket"), s.flow))
    return AFT_OK;
  for (int64_t open = 1; open <= 2; open++) {
    aft__scan scan = {.table = &aft__ticket_table,
                      .index = AFT__TICKET_BY_INBOX,
                      .n_equal = 2,
                      .equal = {aft__int(cmd->call.tenant), aft__int(open)}};
    AFT__TRY(aft__scan_each(cmd->tx, &scan, check_state, &s, error));
  }
  return AFT_OK;
}

/* The model that the tenant has answers with categories of the policy. */
static aft_status check_model(aft__cmd *cmd, const aft_policy *next, aft_error *error) {
  aft_model *model;
  AFT__TRY(aft__cmd_model(cmd, &model, error));
  const char *label = model ? aft__model_stranger(model, next) : NULL;
  if (!label)
    return AFT_OK;
  return aft__error(
      error, AFT_E_POLICY_STRANDS, "categories",
      "the tenant's model answers '%.100s', which is no category of the policy: deactivate it, or "
      "activate another",
      label);
}

const char *aft__model_stranger(const aft_model *model, const aft_policy *policy) {
  aft_str known;
  for (uint32_t i = 0; i < aft__model_labels(model); i++)
    if (!aft__policy_category_find(policy, aft__model_label(model, i), &known))
      return aft_model_label(model, i);
  return NULL;
}

aft_status aft__document_keep(aft__cmd *cmd, aft_str hash, aft_str image, aft_id *id, aft_error *error) {
  aft__value key = aft__text(hash), *found;
  aft_status status = aft__find(cmd->tx, &aft__document_table, AFT__DOCUMENT_BY_HASH, &key, &found, error);
  if (status >= 0) {
    *id = aft__row_int(found, AFT__DOCUMENT_ID);
    return aft__anchor(cmd->tx, &aft__document_table, found, error); /* nobody drops it meanwhile */
  }
  if (status != AFT_E_NOT_FOUND)
    return status;
  *id = aft__tx_id(cmd->tx);
  aft__value row[AFT__DOCUMENT_COLUMNS] = {
      [AFT__DOCUMENT_ID] = aft__int(*id),           [AFT__DOCUMENT_REV] = aft__int(1),
      [AFT__DOCUMENT_HASH] = aft__text(hash),       [AFT__DOCUMENT_IMAGE] = aft__blob(image.data, image.len),
      [AFT__DOCUMENT_CREATED] = aft__int(cmd->now),
  };
  aft__existing existing;
  status = aft__insert(cmd->tx, &aft__document_table, row, &existing, error);
  if (status == AFT_E_EXISTS) {
    *id = existing.id;
    return AFT_OK;
  }
  return status;
}

aft_status aft__activation_put(aft__cmd *cmd, const aft__value *given, uint64_t mask, aft_error *error) {
  aft__value *row = cmd->activation;
  aft__value fresh[AFT__ACTIVATION_COLUMNS];
  if (row) {
    for (uint32_t i = 0; i < AFT__ACTIVATION_COLUMNS; i++)
      if (mask >> i & 1)
        row[i] = given[i];
    cmd->ids[0] = aft__row_int(row, AFT__ACTIVATION_ID);
    return aft__update(cmd->tx, &aft__activation_table, row, mask, error);
  }
  cmd->ids[0] = aft__tx_id(cmd->tx);
  memcpy(fresh, given, sizeof fresh);
  fresh[AFT__ACTIVATION_ID] = aft__int(cmd->ids[0]);
  fresh[AFT__ACTIVATION_REV] = aft__int(1);
  fresh[AFT__ACTIVATION_TENANT] = aft__int(cmd->call.tenant);
  return aft__insert(cmd->tx, &aft__activation_table, fresh, NULL, error);
}

aft_status aft__activation_policy(aft__cmd *cmd, const aft_policy *policy, aft__value *row,
                                  aft_error *error) {
  aft_buf *image;
  aft_id document = 0;
  aft_str hash = aft__cstr(aft_policy_hash(policy));
  AFT__TRY(aft_policy_image(policy, &image, error));
  aft_status status =
      aft__document_keep(cmd, hash, aft__str(aft_buf_data(image), aft_buf_size(image)), &document, error);
  aft_buf_free(image);
  row[AFT__ACTIVATION_HASH] = aft__text(hash);
  row[AFT__ACTIVATION_DOCUMENT] = aft__int(document);
  row[AFT__ACTIVATION_CREATED] = aft__int(cmd->now);
  return status;
}

static aft_status activate(aft__cmd *cmd, void *in, aft_error *error) {
  const aft_policy *policy = in;
  aft__value row[AFT__ACTIVATION_COLUMNS] = {0};
  AFT__TRY(check_strands(cmd, policy, error));
  AFT__TRY(check_model(cmd, policy, error));
  AFT__TRY(aft__anchor(cmd->tx, &aft__tenant_table, cmd->tenant, error));
  AFT__TRY(aft__activation_policy(cmd, policy, row, error));
  AFT__TRY(aft__activation_put(cmd, row, AFT__ACTIVATION_OF_POLICY, error));
  AFT__TRY(aft__clocks_begin(cmd, cmd->ids[0], error));
  aft__event event = {.tenant = cmd->call.tenant,
                      .kind = AFT__KIND_ACTIVATION,
                      .subject = cmd->ids[0],
                      .role = cmd->call.role,
                      .actor = cmd->call.actor,
                      .verb = aft__cstr("policy.activated"),
                      .to = aft__cstr(aft_policy_hash(policy))};
  return aft__event_next(cmd->tx, &event, error);
}

static void activate_digest(aft__sha256 *sha, const void *in) {
  aft__digest_str(sha, aft__cstr(aft_policy_hash(in)));
}

aft_status aft_policy_activate(aft_session *session, const aft_call *call, const aft_policy *policy,
                               aft_record **out, aft_error *error) {
  static const aft__command command = {.verb = "policy.activate",
                                       .name = "policy_activate",
                                       .roles = AFT__ROLES_SYSTEM,
                                       .returns = AFT_KIND_ACTIVATION,
                                       .digest = activate_digest,
                                       .run = activate};
  if (!policy)
    return aft__error(error, AFT_E_NULL_HANDLE, "policy", "the policy is NULL");
  return aft__command_run(session, call, &command, (void *)policy, out, error);
}

static aft_status current(aft__cmd *cmd, void *in, aft_error *error) {
  aft_policy **out = in;
  (void)error;
  aft_policy_unref(*out);
  *out = aft_policy_ref(cmd->policy);
  return AFT_OK;
}

aft_status aft_policy_current(aft_session *session, const aft_call *call, aft_policy **out,
                              aft_error *error) {
  static const aft__command command = {
      .verb = "policy.read", .name = "policy_current", .roles = AFT__ROLES_ALL, .read = true, .run = current};
  if (!out)
    return aft__error(error, AFT_E_NULL_HANDLE, "out", "the place for the policy is NULL");
  aft_policy *found = NULL;
  aft_status status = aft__command_run(session, call, &command, &found, NULL, error);
  if (status >= 0)
    *out = found;
  else
    aft_policy_unref(found);
  return status;
}
