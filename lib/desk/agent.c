/* What happens to agents as time passes, and the names that stand in their records. */
#include "desk/routing_priv.h"

/* ---- names ---- */

static bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
static bool digit(char c) { return c >= '0' && c <= '9'; }

static bool is_name(aft_str word) {
  for (size_t i = 0; i < word.len; i++)
    if (!letter(word.data[i]) && !digit(word.data[i]) && word.data[i] != '_' && word.data[i] != '-')
      return false;
  return word.len > 0 && word.len <= 64;
}

/* "chat=3": a channel may have any name without a space. */
static bool is_share(aft_str word) {
  size_t at = 0;
  while (at < word.len && word.data[at] != '=')
    at++;
  size_t digits = word.len - at;
  for (size_t i = at + 1; i < word.len; i++)
    if (!digit(word.data[i]))
      return false;
  return at > 0 && at <= 64 && digits >= 2 && digits <= 8;
}

aft_status aft__in_words(aft_str *words, bool shares, const char *where, aft_error *error) {
  aft_str rest, word;
  uint32_t n = 0;
  AFT__TRY(aft__in_text(words, AFT__MOST_NAMES * 74, where, error));
  bool loose = words->len && words->data[words->len - 1] == ' ';
  for (rest = *words; aft__words_next(&rest, &word); n++)
    if (loose || !(shares ? is_share(word) : is_name(word)))
      return aft__error(error, AFT_E_INVALID, where, "expected %s with one space between, found '%.*s'",
                        shares ? "channels and numbers such as chat=3" : "names",
                        (int)aft__utf8_cut(*words, 60), words->data);
  if (n > AFT__MOST_NAMES)
    return aft__error(error, AFT_E_TOO_LARGE, where, "expected at most %u names, found %u", AFT__MOST_NAMES,
                      n);
  return AFT_OK;
}

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

static bool says_there(const aft__value *agent) {
  aft_str presence = aft__row_str(agent, AFT__AGENT_PRESENCE);
  return aft__str_eq(presence, aft__cstr("online")) || aft__str_eq(presence, aft__cstr("busy"));
}

/* The row is set once and looks at the last sign when it fires, so that a sign costs no write of its own. */
static aft_status no_sign(aft__cmd *cmd, aft__value *agent, aft_error *error) {
  aft__routing routing;
  aft__policy_routing_of(cmd->policy, &routing);
  if (routing.away_after_ms < 0 || !says_there(agent))
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
  if (!says_there(agent) || lately)
    return AFT_OK;
  agent[AFT__AGENT_SEEN] = aft__int(cmd->now);
  return aft__update(cmd->tx, &aft__agent_table, agent, UINT64_C(1) << AFT__AGENT_SEEN, error);
}
