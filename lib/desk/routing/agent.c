/* What happens to agents as time passes, and the names that stand in their records. */
#include "desk/routing/routing_priv.h"

/* ---- teams ---- */

aft_status aft__check_teams(aft__cmd *cmd, aft_str teams, aft_error *error) {
  aft_str word;
  while (aft__words_next(&teams, &word))
    if (!aft__policy_team_find(cmd->policy, word))
      return aft__error(error, AFT_E_INVALID, "agent.teams", "the policy has no team '%.*s'", (int)word.len,
                        word.data);
  return AFT_OK;
}

/* ---- audit and due rows ---- */

aft_status aft__agent_audit(aft__cmd *cmd, aft_id agent, const char *verb, aft_error *error) {
  aft__event event = {.tenant = cmd->call.tenant,
                      .kind = AFT__KIND_AGENT,
                      .subject = agent,
                      .role = cmd->call.role,
                      .actor = cmd->call.actor,
                      .verb = aft__cstr(verb)};
  return aft__event_next(cmd->tx, &event, error);
}

aft_status aft__agent_due(aft__cmd *cmd, aft_id agent, const char *name, aft_time at, aft_error *error) {
  return aft__due_set(cmd->tx, cmd->call.tenant, AFT__KIND_AGENT, agent, aft__cstr(name), at, error);
}

bool aft__says_there(const aft__value *agent) {
  aft_str presence = aft__row_str(agent, AFT__AGENT_PRESENCE);
  return aft__str_eq(presence, aft__cstr("online")) || aft__str_eq(presence, aft__cstr("busy"));
}

/* The row is set once and looks at the last sign when it fires, so that a sign costs no write of its own. */
static aft_status no_sign(aft__cmd *cmd, aft__value *agent, aft_error *error) {
  aft__routing routing;
  aft__policy_routing_of(cmd->policy, &routing);
  if (routing.away_after_ms < 0 || !aft__says_there(agent))
    return AFT_OK;
  aft_time until = aft__row_int(agent, AFT__AGENT_SEEN) + routing.away_after_ms;
  return until <= cmd->now ? aft__presence_is(cmd, agent, "away", error)
                           : aft__agent_due(cmd, agent[AFT__AGENT_ID].number, AFT__DUE_AWAY, until, error);
}

aft_status aft__agent_fired(aft__cmd *cmd, const aft__value *due, aft_error *error) {
  aft__value *agent;
  aft_id id = due[AFT__DU_SUBJECT].number;
  aft_str name = aft__value_str(&due[AFT__DU_NAME]);
  AFT__TRY(aft__get(cmd->tx, &aft__agent_table, id, &agent, error));
  if (aft__str_eq(name, aft__cstr(AFT__DUE_AWAY)))
    return no_sign(cmd, agent, error);
  if (aft__str_eq(name, aft__cstr(AFT__DUE_HAND_BACK)))
    return aft__give_back(cmd, id, error);
  if (aft__str_eq(name, aft__cstr(AFT__DUE_SERVE)))
    return aft__push_serve(cmd, id, error);
  return aft__error(error, AFT_E_CORRUPT, "due.name", "no deadline of an agent is called '%.*s'",
                    (int)name.len, name.data);
}

/* Written now and then only: commands of one agent would else wait for each other. */
aft_status aft__agent_sign(aft__cmd *cmd, aft_error *error) {
  aft__routing routing;
  aft__value *agent;
  aft__policy_routing_of(cmd->policy, &routing);
  if (cmd->call.role != AFT_ROLE_AGENT || routing.away_after_ms < 0)
    return AFT_OK;
  AFT__TRY(aft__get(cmd->tx, &aft__agent_table, cmd->call.actor, &agent, error));
  bool lately = cmd->now - aft__row_int(agent, AFT__AGENT_SEEN) < routing.away_after_ms / 4;
  if (!aft__says_there(agent) || lately)
    return AFT_OK;
  agent[AFT__AGENT_SEEN] = aft__int(cmd->now);
  return aft__update(cmd->tx, &aft__agent_table, agent, UINT64_C(1) << AFT__AGENT_SEEN, error);
}
