/* Tenants, their shops, and the agents who work for them. */
#include "desk/routing/routing_priv.h"

#define TENANT_V1 (offsetof(aft_tenant_in, locale) + sizeof(aft_str))
#define SHOP_V1   (offsetof(aft_shop_in, name) + sizeof(aft_str))
#define AGENT_V1  (offsetof(aft_agent_in, reserved0) + sizeof(uint32_t))

/* Writes a text column when one is given. */
static void set_given(aft__value *row, uint32_t column, aft_str text, uint64_t *mask) {
  if (!text.data)
    return;
  row[column] = aft__text(text);
  *mask |= UINT64_C(1) << column;
}

static aft_status audit(aft__cmd *cmd, uint32_t kind, aft_id tenant, const char *verb, aft_error *error) {
  aft__event event = {.tenant = tenant,
                      .kind = kind,
                      .subject = cmd->ids[0],
                      .role = cmd->call.role,
                      .actor = cmd->call.actor,
                      .verb = aft__cstr(verb)};
  return aft__event_next(cmd->tx, &event, error);
}

/* Updates the row found, or inserts the fresh one. */
static aft_status put(aft__cmd *cmd, const aft__table *table, aft__value *found, uint64_t mask,
                      aft__value *fresh, aft_error *error) {
  aft__value *row = found ? found : fresh;
  if (found && mask)
    AFT__TRY(aft__update(cmd->tx, table, row, mask, error));
  if (!found) {
    row[AFT__COL_ID] = aft__int(aft__tx_id(cmd->tx));
    row[AFT__COL_REV] = aft__int(1);
    aft_status status = aft__insert(cmd->tx, table, row, NULL, error);
    if (status == AFT_E_EXISTS) /* another made it between the look and the insert: look again */
      return aft__error(error, AFT_E_CONFLICT, table->name,
                        "the record was made by another at the same time");
    AFT__TRY(status);
  }
  cmd->ids[0] = row[AFT__COL_ID].number;
  cmd->row = found; /* a fresh row lives in the caller's frame: it is read again where it is wanted */
  return AFT_OK;
}

/* AFT_OK with *row NULL when there is none. */
static aft_status look(aft__cmd *cmd, const aft__table *table, uint32_t index, const aft__value *keys,
                       aft__value **row, aft_error *error) {
  aft_status status = aft__find(cmd->tx, table, index, keys, row, error);
  if (status != AFT_E_NOT_FOUND)
    return status;
  *row = NULL;
  return AFT_OK;
}

/* ---- tenants ---- */

static aft_status check_zone(aft__cmd *cmd, aft_str zone, aft_error *error) {
  aft_zone *opened;
  if (!zone.len)
    return AFT_OK;
  AFT__TRY(aft_zone_open(cmd->env, zone.data, zone.len, &opened, error));
  aft_zone_unref(opened);
  return AFT_OK;
}

static aft_status tenant_put(aft__cmd *cmd, void *given, aft_error *error) {
  const aft_tenant_in *in = given;
  aft__value key = aft__text(in->external), *row;
  uint64_t mask = 0;
  AFT__TRY(check_zone(cmd, in->zone, error));
  AFT__TRY(look(cmd, &aft__tenant_table, AFT__TENANT_BY_EXTERNAL, &key, &row, error));
  aft__value fresh[AFT__TENANT_COLUMNS] = {
      [AFT__TENANT_EXTERNAL] = key,
      [AFT__TENANT_NAME] = key,
      [AFT__TENANT_ZONE] = aft__text(aft__cstr("UTC")),
      [AFT__TENANT_LOCALE] = aft__text(aft__cstr("en")),
      [AFT__TENANT_CREATED] = aft__int(cmd->now),
  };
  aft__value *target = row ? row : fresh;
  set_given(target, AFT__TENANT_NAME, in->name, &mask);
  set_given(target, AFT__TENANT_ZONE, in->zone, &mask);
  set_given(target, AFT__TENANT_LOCALE, in->locale, &mask);
  AFT__TRY(put(cmd, &aft__tenant_table, row, mask, fresh, error));
  return audit(cmd, AFT__KIND_TENANT, cmd->ids[0], row ? "tenant.changed" : "tenant.made", error);
}

static void tenant_digest(aft__sha256 *sha, const void *given) {
  const aft_tenant_in *in = given;
  aft__digest_str(sha, in->external);
  aft__digest_str(sha, in->name);
  aft__digest_str(sha, in->zone);
  aft__digest_str(sha, in->locale);
}

aft_status aft_tenant_put(aft_session *session, const aft_call *call, const aft_tenant_in *in,
                          aft_record **out, aft_error *error) {
  static const aft__command command = {.verb = "tenant.put",
                                       .name = "tenant_put",
                                       .roles = AFT__ROLES_SYSTEM,
                                       .returns = AFT_KIND_TENANT,
                                       .makes_tenant = true,
                                       .digest = tenant_digest,
                                       .run = tenant_put};
  aft_tenant_in local;
  AFT__TRY(aft__abi_copy(&local, sizeof local, in, TENANT_V1, "aft_tenant_in", error));
  AFT__TRY(aft__in_name(&local.external, AFT__NAME_BYTES, "tenant.external", error));
  AFT__TRY(aft__in_text(&local.name, AFT__NAME_BYTES, "tenant.name", error));
  AFT__TRY(aft__in_text(&local.zone, AFT__NAME_BYTES, "tenant.zone", error));
  AFT__TRY(aft__in_text(&local.locale, 35, "tenant.locale", error));
  return aft__command_run(session, call, &command, &local, out, error);
}

/* ---- shops ---- */

static aft_status shop_put(aft__cmd *cmd, void *given, aft_error *error) {
  const aft_shop_in *in = given;
  aft__value keys[] = {aft__int(cmd->call.tenant), aft__text(in->external)}, *row;
  uint64_t mask = 0;
  AFT__TRY(look(cmd, &aft__shop_table, AFT__SHOP_BY_EXTERNAL, keys, &row, error));
  aft__value fresh[AFT__SHOP_COLUMNS] = {
      [AFT__SHOP_TENANT] = keys[0],
      [AFT__SHOP_EXTERNAL] = keys[1],
      [AFT__SHOP_NAME] = keys[1],
      [AFT__SHOP_CREATED] = aft__int(cmd->now),
  };
  set_given(row ? row : fresh, AFT__SHOP_NAME, in->name, &mask);
  AFT__TRY(put(cmd, &aft__shop_table, row, mask, fresh, error));
  return audit(cmd, AFT__KIND_SHOP, cmd->call.tenant, row ? "shop.changed" : "shop.made", error);
}

static void shop_digest(aft__sha256 *sha, const void *given) {
  const aft_shop_in *in = given;
  aft__digest_str(sha, in->external);
  aft__digest_str(sha, in->name);
}

aft_status aft_shop_put(aft_session *session, const aft_call *call, const aft_shop_in *in, aft_record **out,
                        aft_error *error) {
  static const aft__command command = {.verb = "shop.put",
                                       .name = "shop_put",
                                       .roles = AFT__ROLES_SYSTEM,
                                       .returns = AFT_KIND_SHOP,
                                       .digest = shop_digest,
                                       .run = shop_put};
  aft_shop_in local;
  AFT__TRY(aft__abi_copy(&local, sizeof local, in, SHOP_V1, "aft_shop_in", error));
  AFT__TRY(aft__in_name(&local.external, AFT__NAME_BYTES, "shop.external", error));
  AFT__TRY(aft__in_text(&local.name, AFT__NAME_BYTES, "shop.name", error));
  return aft__command_run(session, call, &command, &local, out, error);
}

/* ---- agents ---- */

static aft_status join_shop(aft__cmd *cmd, aft_id shop, aft_error *error) {
  aft__value *row;
  AFT__TRY(aft__load(cmd, &aft__shop_table, AFT__SHOP_TENANT, shop, "agent.shops", &row, error));
  aft__value member[AFT__MEMBERSHIP_COLUMNS] = {
      [AFT__MEMBERSHIP_ID] = aft__int(aft__tx_id(cmd->tx)),
      [AFT__MEMBERSHIP_REV] = aft__int(1),
      [AFT__MEMBERSHIP_TENANT] = aft__int(cmd->call.tenant),
      [AFT__MEMBERSHIP_AGENT] = aft__int(cmd->ids[0]),
      [AFT__MEMBERSHIP_SHOP] = aft__int(shop),
  };
  aft__existing existing;
  aft_status status = aft__insert(cmd->tx, &aft__membership_table, member, &existing, error);
  return status == AFT_E_EXISTS ? AFT_OK : status;
}

static aft_status leave_shop(aft__cmd *cmd, const aft_agent_in *in, aft_id shop, aft_error *error) {
  aft__value *row;
  AFT__TRY(aft__load(cmd, &aft__shop_table, AFT__SHOP_TENANT, shop, "agent.leave_shops", &row, error));
  for (size_t i = 0; i < in->n_shops; i++)
    if (in->shops[i] == shop)
      return aft__error(error, AFT_E_INVALID, "agent.leave_shops", "shop %lld is to be joined and left",
                        (long long)shop);
  aft__value keys[] = {aft__int(cmd->call.tenant), aft__int(cmd->ids[0]), aft__int(shop)};
  AFT__TRY(look(cmd, &aft__membership_table, AFT__MEMBERSHIP_BY_AGENT, keys, &row, error));
  if (!row)
    return aft__error(error, AFT_E_INVALID, "agent.leave_shops", "the agent does not work for shop %lld",
                      (long long)shop);
  return aft__remove(cmd->tx, &aft__membership_table, row[AFT__MEMBERSHIP_ID].number,
                     row[AFT__MEMBERSHIP_REV].number, error);
}

static aft_status change_shops(aft__cmd *cmd, const aft_agent_in *in, aft_error *error) {
  for (size_t i = 0; i < in->n_shops; i++)
    AFT__TRY(join_shop(cmd, in->shops[i], error));
  for (size_t i = 0; i < in->n_leave_shops; i++)
    AFT__TRY(leave_shop(cmd, in, in->leave_shops[i], error));
  return in->n_leave_shops ? aft__push_lanes_of(cmd, cmd->ids[0], error) : AFT_OK;
}

static void set_words(aft__value *row, uint32_t column, aft_str words, uint64_t *mask) {
  if (!words.data)
    return;
  row[column] = words.len ? aft__text(words) : aft__null();
  *mask |= UINT64_C(1) << column;
}

static aft_status set_routing(aft__cmd *cmd, const aft_agent_in *in, aft__value *row, uint64_t *mask,
                              aft_error *error) {
  AFT__TRY(aft__check_teams(cmd, in->teams, error));
  set_words(row, AFT__AGENT_LANGUAGES, in->languages, mask);
  set_words(row, AFT__AGENT_SKILLS, in->skills, mask);
  set_words(row, AFT__AGENT_TEAMS, in->teams, mask);
  set_words(row, AFT__AGENT_CAPACITIES, in->capacities, mask);
  if (!in->capacity)
    return AFT_OK;
  row[AFT__AGENT_CAPACITY] = in->capacity > 0 ? aft__int(in->capacity) : aft__null();
  *mask |= UINT64_C(1) << AFT__AGENT_CAPACITY;
  return AFT_OK;
}

/* Whoever leaves gives back what is left behind; whoever may take more now may get it at once. */
static aft_status renew_work(aft__cmd *cmd, const aft_agent_in *in, bool known, aft_error *error) {
  if (known && (in->left || in->n_leave_shops))
    AFT__TRY(aft__agent_due(cmd, cmd->ids[0], AFT__DUE_HAND_BACK, cmd->now, error));
  if (in->left)
    return AFT_OK;
  return aft__policy_pushes(cmd->policy) ? aft__agent_due(cmd, cmd->ids[0], AFT__DUE_SERVE, cmd->now, error)
                                         : AFT_OK;
}

static aft_status agent_put(aft__cmd *cmd, void *given, aft_error *error) {
  const aft_agent_in *in = given;
  aft__value keys[] = {aft__int(cmd->call.tenant), aft__text(in->external)}, *row;
  uint64_t mask = UINT64_C(1) << AFT__AGENT_ACTIVE;
  AFT__TRY(look(cmd, &aft__agent_table, AFT__AGENT_BY_EXTERNAL, keys, &row, error));
  aft__value fresh[AFT__AGENT_COLUMNS] = {
      [AFT__AGENT_TENANT] = keys[0],
      [AFT__AGENT_EXTERNAL] = keys[1],
      [AFT__AGENT_NAME] = keys[1],
      [AFT__AGENT_CREATED] = aft__int(cmd->now),
  };
  aft__value *target = row ? row : fresh;
  target[AFT__AGENT_ACTIVE] = aft__int(!in->left);
  set_given(target, AFT__AGENT_NAME, in->name, &mask);
  AFT__TRY(set_routing(cmd, in, target, &mask, error));
  AFT__TRY(put(cmd, &aft__agent_table, row, mask, fresh, error));
  AFT__TRY(change_shops(cmd, in, error));
  AFT__TRY(renew_work(cmd, in, row != NULL, error));
  return audit(cmd, AFT__KIND_AGENT, cmd->call.tenant, row ? "agent.changed" : "agent.made", error);
}

static void agent_digest(aft__sha256 *sha, const void *given) {
  const aft_agent_in *in = given;
  aft__digest_str(sha, in->external);
  aft__digest_str(sha, in->name);
  aft__digest_i64(sha, in->left);
  for (size_t i = 0; i < in->n_shops; i++)
    aft__digest_i64(sha, in->shops[i]);
  bool routes = in->languages.data || in->skills.data || in->teams.data || in->capacities.data ||
                in->capacity || in->n_leave_shops;
  if (!routes) /* keys of a release without these stay good */
    return;
  aft__digest_str(sha, in->languages);
  aft__digest_str(sha, in->skills);
  aft__digest_str(sha, in->teams);
  aft__digest_str(sha, in->capacities);
  aft__digest_i64(sha, in->capacity);
  for (size_t i = 0; i < in->n_leave_shops; i++)
    aft__digest_i64(sha, in->leave_shops[i]);
}

static aft_status check_shops(const aft_id *shops, size_t n, const char *where, aft_error *error) {
  if (n > AFT__MOST_SHOPS || (n && !shops))
    return aft__error(error, AFT_E_INVALID, where, "expected at most %d shops, found %zu", AFT__MOST_SHOPS,
                      shops ? n : 0);
  return AFT_OK;
}

static aft_status check_routing(aft_agent_in *in, aft_error *error) {
  AFT__TRY(aft__in_words(&in->languages, false, "agent.languages", error));
  AFT__TRY(aft__in_words(&in->skills, false, "agent.skills", error));
  AFT__TRY(aft__in_words(&in->teams, false, "agent.teams", error));
  AFT__TRY(aft__in_words(&in->capacities, true, "agent.capacities", error));
  if (in->capacity < -1)
    return aft__error(error, AFT_E_INVALID, "agent.capacity", "expected -1 or more, found %lld",
                      (long long)in->capacity);
  return AFT_OK;
}

aft_status aft_agent_put(aft_session *session, const aft_call *call, const aft_agent_in *in, aft_record **out,
                         aft_error *error) {
  static const aft__command command = {.verb = "agent.put",
                                       .name = "agent_put",
                                       .roles = AFT__ROLES_SYSTEM,
                                       .returns = AFT_KIND_AGENT,
                                       .digest = agent_digest,
                                       .run = agent_put};
  aft_agent_in local;
  AFT__TRY(aft__abi_copy(&local, sizeof local, in, AGENT_V1, "aft_agent_in", error));
  AFT__TRY(aft__in_name(&local.external, AFT__NAME_BYTES, "agent.external", error));
  AFT__TRY(aft__in_text(&local.name, AFT__NAME_BYTES, "agent.name", error));
  AFT__TRY(check_routing(&local, error));
  AFT__TRY(check_shops(local.shops, local.n_shops, "agent.shops", error));
  AFT__TRY(check_shops(local.leave_shops, local.n_leave_shops, "agent.leave_shops", error));
  return aft__command_run(session, call, &command, &local, out, error);
}
