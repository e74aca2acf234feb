/* Customers, and the handles under which they write on channels. */
#include "desk/desk_priv.h"

#define CUSTOMER_V1 (offsetof(aft_customer_in, tier) + sizeof(aft_str))

static const struct {
  uint32_t column;
  size_t offset, most;
  const char *where;
  bool own; /* a buyer may change it */
} texts[] = {
    {AFT__CUSTOMER_EXTERNAL, offsetof(aft_customer_in, external), AFT__NAME_BYTES, "customer.external",
     false},
    {AFT__CUSTOMER_NAME, offsetof(aft_customer_in, name), AFT__NAME_BYTES, "customer.name", true},
    {AFT__CUSTOMER_PHONE, offsetof(aft_customer_in, phone), 40, "customer.phone", true},
    {AFT__CUSTOMER_EMAIL, offsetof(aft_customer_in, email), 254, "customer.email", true},
    {AFT__CUSTOMER_LOCALE, offsetof(aft_customer_in, locale), 35, "customer.locale", true},
    {AFT__CUSTOMER_TIER, offsetof(aft_customer_in, tier), 40, "customer.tier", false},
};

static aft_str *text_of(aft_customer_in *in, size_t i) {
  return (aft_str *)(void *)((char *)in + texts[i].offset);
}

static aft_status find_customer(aft__cmd *cmd, const aft_customer_in *in, aft__value **row,
                                aft_error *error) {
  *row = NULL;
  if (in->id)
    return aft__load(cmd, &aft__customer_table, AFT__CUSTOMER_TENANT, in->id, "customer.id", row, error);
  if (!in->external.len)
    return AFT_OK;
  aft__value keys[] = {aft__int(cmd->call.tenant), aft__text(in->external)};
  aft_status status = aft__find(cmd->tx, &aft__customer_table, AFT__CUSTOMER_BY_EXTERNAL, keys, row, error);
  if (status == AFT_E_NOT_FOUND)
    *row = NULL;
  return status == AFT_E_NOT_FOUND ? AFT_OK : status;
}

static aft_status set_texts(aft__cmd *cmd, aft_customer_in *in, aft__value *row, uint64_t *mask,
                            aft_error *error) {
  for (size_t i = 0; i < AFT__COUNT(texts); i++) {
    aft_str text = *text_of(in, i);
    if (!text.data)
      continue;
    if (cmd->call.role == AFT_ROLE_BUYER && !texts[i].own)
      return aft__denied(cmd, "buyers do not change their standing or the host's name for them", error);
    row[texts[i].column] = aft__text(text);
    if (texts[i].column == AFT__CUSTOMER_TIER) { /* what the host says is no longer earned */
      row[AFT__CUSTOMER_EARNED] = aft__null();
      *mask |= UINT64_C(1) << AFT__CUSTOMER_EARNED;
    }
    *mask |= UINT64_C(1) << texts[i].column;
  }
  return AFT_OK;
}

static aft_status set_agent(aft__cmd *cmd, const aft_customer_in *in, aft__value *row, uint64_t *mask,
                            aft_error *error) {
  aft__value *agent;
  if (!in->agent)
    return AFT_OK;
  if (cmd->call.role == AFT_ROLE_BUYER)
    return aft__denied(cmd, "buyers do not choose who serves them", error);
  if (in->agent > 0)
    AFT__TRY(
        aft__load(cmd, &aft__agent_table, AFT__AGENT_TENANT, in->agent, "customer.agent", &agent, error));
  row[AFT__CUSTOMER_AGENT] = in->agent > 0 ? aft__int(in->agent) : aft__null();
  *mask |= UINT64_C(1) << AFT__CUSTOMER_AGENT;
  return AFT_OK;
}

static aft_status audit(aft__cmd *cmd, const char *verb, aft_error *error) {
  aft__event event = {.tenant = cmd->call.tenant,
                      .kind = AFT__KIND_CUSTOMER,
                      .subject = cmd->ids[0],
                      .role = cmd->call.role,
                      .actor = cmd->call.actor,
                      .verb = aft__cstr(verb)};
  return aft__event_next(cmd->tx, &event, error);
}

static aft_status insert_customer(aft__cmd *cmd, aft__value *row, aft_error *error) {
  row[AFT__CUSTOMER_ID] = aft__int(aft__tx_id(cmd->tx));
  row[AFT__CUSTOMER_REV] = aft__int(1);
  row[AFT__CUSTOMER_TENANT] = aft__int(cmd->call.tenant);
  row[AFT__CUSTOMER_CREATED] = aft__int(cmd->now);
  aft_status status = aft__insert(cmd->tx, &aft__customer_table, row, NULL, error);
  if (status == AFT_E_EXISTS)
    return aft__tx_race(cmd->tx, "customer.external", error);
  return status;
}

static aft_status customer_put(aft__cmd *cmd, void *given, aft_error *error) {
  aft_customer_in *in = given;
  aft__value fresh[AFT__CUSTOMER_COLUMNS] = {0}, *row;
  uint64_t mask = 0;
  if (cmd->call.role == AFT_ROLE_BUYER && in->id != cmd->call.actor) {
    cmd->subject = in->id;
    return aft__denied(cmd, "buyers change themselves alone", error);
  }
  AFT__TRY(find_customer(cmd, in, &row, error));
  if (row)
    AFT__TRY(aft__customer_stays(cmd, row, error));
  AFT__TRY(set_texts(cmd, in, row ? row : fresh, &mask, error));
  AFT__TRY(set_agent(cmd, in, row ? row : fresh, &mask, error));
  if (!row)
    AFT__TRY(insert_customer(cmd, fresh, error));
  else if (mask) {
    aft_status status = aft__update(cmd->tx, &aft__customer_table, row, mask, error);
    if (status == AFT_E_EXISTS)
      return aft__error(error, AFT_E_EXISTS, "customer.external", "another customer has this name");
    AFT__TRY(status);
  }
  cmd->ids[0] = (row ? row : fresh)[AFT__CUSTOMER_ID].number;
  cmd->row = row;
  return audit(cmd, row ? "customer.changed" : "customer.made", error);
}

static void customer_digest(aft__sha256 *sha, const void *given) {
  aft_customer_in in = *(const aft_customer_in *)given;
  aft__digest_i64(sha, in.id);
  for (size_t i = 0; i < AFT__COUNT(texts); i++)
    aft__digest_str(sha, *text_of(&in, i));
  if (in.agent) /* keys of a release without it stay good */
    aft__digest_i64(sha, in.agent);
}

aft_status aft_customer_put(aft_session *session, const aft_call *call, const aft_customer_in *in,
                            aft_record **out, aft_error *error) {
  static const aft__command command = {.verb = "customer.put",
                                       .name = "customer_put",
                                       .roles = AFT__ROLES_ALL,
                                       .returns = AFT_KIND_CUSTOMER,
                                       .digest = customer_digest,
                                       .run = customer_put};
  aft_customer_in local;
  AFT__TRY(aft__abi_copy(&local, sizeof local, in, CUSTOMER_V1, "aft_customer_in", error));
  for (size_t i = 0; i < AFT__COUNT(texts); i++)
    AFT__TRY(aft__in_text(text_of(&local, i), texts[i].most, texts[i].where, error));
  if (local.id < 0)
    return aft__in_id(local.id, "customer.id", error);
  if (local.agent < -1)
    return aft__in_id(local.agent, "customer.agent", error);
  return aft__command_run(session, call, &command, &local, out, error);
}

static aft_status customer_get(aft__cmd *cmd, void *given, aft_error *error) {
  aft_id id = *(aft_id *)given;
  aft__value *row;
  cmd->subject = id;
  AFT__TRY(aft__may_customer(cmd, id, error));
  AFT__TRY(aft__load(cmd, &aft__customer_table, AFT__CUSTOMER_TENANT, id, "customer", &row, error));
  cmd->ids[0] = id;
  cmd->row = row;
  return AFT_OK;
}

aft_status aft_customer_get(aft_session *session, const aft_call *call, aft_id customer, aft_record **out,
                            aft_error *error) {
  static const aft__command command = {.verb = "customer.get",
                                       .name = "customer_get",
                                       .roles = AFT__ROLES_ALL,
                                       .returns = AFT_KIND_CUSTOMER,
                                       .read = true,
                                       .run = customer_get};
  return aft__command_run(session, call, &command, &customer, out, error);
}

/* ---- handles ---- */

static aft_status add_identity(aft__cmd *cmd, aft_str channel, aft_str account, aft_str handle,
                               aft_id customer, aft_error *error) {
  aft__value row[AFT__IDENTITY_COLUMNS] = {
      [AFT__IDENTITY_ID] = aft__int(aft__tx_id(cmd->tx)),  [AFT__IDENTITY_REV] = aft__int(1),
      [AFT__IDENTITY_TENANT] = aft__int(cmd->call.tenant), [AFT__IDENTITY_CHANNEL] = aft__text(channel),
      [AFT__IDENTITY_ACCOUNT] = aft__text(account),        [AFT__IDENTITY_HANDLE] = aft__text(handle),
      [AFT__IDENTITY_CUSTOMER] = aft__int(customer),
  };
  aft_status status = aft__insert(cmd->tx, &aft__identity_table, row, NULL, error);
  if (status == AFT_E_EXISTS)
    return aft__tx_race(cmd->tx, "message.handle", error);
  return status;
}

aft_status aft__customer_of_handle(aft__cmd *cmd, aft_str channel, aft_str account, aft_str handle,
                                   aft_str name, aft__value **customer, aft_error *error) {
  aft__value keys[] = {aft__int(cmd->call.tenant), aft__text(channel), aft__text(account), aft__text(handle)};
  aft__value *identity;
  aft_status status =
      aft__find(cmd->tx, &aft__identity_table, AFT__IDENTITY_BY_HANDLE, keys, &identity, error);
  if (status >= 0)
    return aft__get(cmd->tx, &aft__customer_table, aft__row_int(identity, AFT__IDENTITY_CUSTOMER), customer,
                    error);
  if (status != AFT_E_NOT_FOUND)
    return status;
  aft__value *row = aft__arena_alloc(cmd->arena, AFT__CUSTOMER_COLUMNS * sizeof *row);
  if (!row)
    return aft__nomem(error);
  row[AFT__CUSTOMER_NAME] = name.len ? aft__text(name) : aft__null();
  AFT__TRY(insert_customer(cmd, row, error));
  AFT__TRY(add_identity(cmd, channel, account, handle, row[AFT__CUSTOMER_ID].number, error));
  *customer = row;
  return AFT_OK;
}
