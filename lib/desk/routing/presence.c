/* Presence: who is there. */
#include "desk/routing/routing_priv.h"

#define PRESENCE_V1 (offsetof(aft_presence_in, reserved0) + sizeof(uint32_t))

static const char *const presences[] = {NULL, "online", "busy", "away", "offline"};

/* ---- changing it ---- */

static aft_status here(aft__cmd *cmd, aft_id id, bool online, aft_error *error) {
  aft__routing routing;
  aft__policy_routing_of(cmd->policy, &routing);
  if (routing.away_after_ms > 0)
    AFT__TRY(aft__agent_due(cmd, id, AFT__DUE_AWAY, cmd->now + routing.away_after_ms, error));
  if (!online || !aft__policy_pushes(cmd->policy))
    return AFT_OK;
  return aft__agent_due(cmd, id, AFT__DUE_SERVE, cmd->now, error);
}

static aft_status gone(aft__cmd *cmd, aft_id id, aft_error *error) {
  AFT__TRY(aft__due_clear(cmd->tx, id, aft__cstr(AFT__DUE_AWAY), error));
  return aft__agent_due(cmd, id, AFT__DUE_HAND_BACK, cmd->now, error);
}

aft_status aft__presence_is(aft__cmd *cmd, aft__value *agent, const char *presence, aft_error *error) {
  aft_id id = agent[AFT__AGENT_ID].number;
  aft_str before = aft__row_str(agent, AFT__AGENT_PRESENCE), now = aft__cstr(presence);
  bool online = strcmp(presence, "online") == 0, there = online || strcmp(presence, "busy") == 0;
  uint64_t mask = UINT64_C(1) << AFT__AGENT_PRESENCE;
  bool same = aft__str_eq(before, now);
  agent[AFT__AGENT_PRESENCE] = aft__text(now);
  if (there) {
    agent[AFT__AGENT_SEEN] = aft__int(cmd->now);
    mask |= UINT64_C(1) << AFT__AGENT_SEEN;
  }
  if (online && !same) {
    agent[AFT__AGENT_IDLE] = aft__int(cmd->now);
    mask |= UINT64_C(1) << AFT__AGENT_IDLE;
  }
  AFT__TRY(aft__update(cmd->tx, &aft__agent_table, agent, mask, error));
  char *verb = aft__arena_printf(cmd->arena, "agent.%s", presence);
  if (!verb)
    return aft__nomem(error);
  if (!same)
    AFT__TRY(aft__agent_audit(cmd, id, verb, error));
  return there ? here(cmd, id, online, error) : gone(cmd, id, error);
}

/* A sign that changes nothing leaves no event, so its number proves the commit. */
static aft_status presence_set(aft__cmd *cmd, void *given, aft_error *error) {
  const aft_presence_in *in = given;
  aft__value *agent;
  aft_id id = cmd->call.role == AFT_ROLE_AGENT ? cmd->call.actor : in->agent;
  if (cmd->call.role == AFT_ROLE_AGENT && in->agent && in->agent != cmd->call.actor)
    return aft__denied(cmd, "agents speak for themselves", error);
  AFT__TRY(aft__load(cmd, &aft__agent_table, AFT__AGENT_TENANT, id, "agent", &agent, error));
  if (!aft__row_int(agent, AFT__AGENT_ACTIVE))
    return aft__error(error, AFT_E_TRANSITION, "agent", "the agent has left");
  AFT__TRY(aft__presence_is(cmd, agent, presences[in->presence], error));
  cmd->ids[0] = id;
  cmd->row = agent;
  return AFT_OK;
}

static void presence_digest(aft__sha256 *sha, const void *given) {
  const aft_presence_in *in = given;
  aft__digest_i64(sha, in->agent);
  aft__digest_i64(sha, in->presence);
}

aft_status aft_presence_set(aft_session *session, const aft_call *call, const aft_presence_in *in,
                            aft_record **out, aft_error *error) {
  static const aft__command command = {.verb = "presence.set",
                                       .name = "presence_set",
                                       .roles = AFT__ROLE(AFT_ROLE_SYSTEM) | AFT__ROLE(AFT_ROLE_AGENT),
                                       .returns = AFT_KIND_AGENT,
                                       .digest = presence_digest,
                                       .run = presence_set};
  aft_presence_in local;
  AFT__TRY(aft__abi_copy(&local, sizeof local, in, PRESENCE_V1, "aft_presence_in", error));
  if (local.presence < AFT_PRESENCE_ONLINE || local.presence > AFT_PRESENCE_OFFLINE)
    return aft__error(error, AFT_E_INVALID, "presence.presence", "expected AFT_PRESENCE_…, found %u",
                      local.presence);
  return aft__command_run(session, call, &command, &local, out, error);
}
