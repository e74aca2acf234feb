/* What an agent may take: shops, teams, skills, languages; presence, shift, capacity and rate. */
#include "desk/routing/routing_priv.h"

aft_status aft__fit_load(aft__cmd *cmd, aft_id agent, aft__fit *fit, aft_error *error) {
  fit->id = agent;
  AFT__TRY(aft__load(cmd, &aft__agent_table, AFT__AGENT_TENANT, agent, "agent", &fit->agent, error));
  return aft__shops_of(cmd, agent, &fit->shops, &fit->n_shops, error);
}

static aft__taker taker_of(const aft__fit *fit) {
  return (aft__taker){aft__row_str(fit->agent, AFT__AGENT_LANGUAGES),
                      aft__row_str(fit->agent, AFT__AGENT_SKILLS),
                      aft__row_str(fit->agent, AFT__AGENT_TEAMS)};
}

/* Nobody would ever read a text whose language is not known, if that counted. */
bool aft__fit_speaks(const aft__fit *fit, aft_str language) {
  aft__taker taker = taker_of(fit);
  return aft__policy_speaks(&taker, language);
}

bool aft__fit_takes(aft__cmd *cmd, const aft__fit *fit, const aft__value *lane) {
  aft__taker taker = taker_of(fit);
  return aft__has_shop(fit->shops, fit->n_shops, aft__row_int(lane, AFT__LANE_SHOP)) &&
         aft__policy_speaks(&taker, aft__row_str(lane, AFT__LANE_LANGUAGE)) &&
         aft__policy_takes(cmd->policy, &taker, aft__row_str(lane, AFT__LANE_QUEUE),
                           aft__row_str(lane, AFT__LANE_SKILLS));
}

static aft_status nothing_ever(const char *why, aft_error *error) {
  return aft__error(error, AFT_E_INVALID, "agent", "no ticket would ever be this agent's: %s", why);
}

static aft_status takes_queue(aft__cmd *cmd, const aft__fit *fit, aft_str queue, bool *out,
                              aft_error *error) {
  aft__buf skills;
  aft__buf_init(&skills, cmd->env);
  aft__policy_queue_skills(cmd->policy, queue, &skills);
  bool failed = skills.failed;
  aft__taker taker = taker_of(fit);
  *out = aft__policy_takes(cmd->policy, &taker, queue, aft__buf_view(&skills));
  aft__buf_done(&skills);
  return failed ? aft__nomem(error) : AFT_OK;
}

aft_status aft__fit_any(aft__cmd *cmd, const aft__fit *fit, aft_error *error) {
  aft_str queue = aft__policy_queue_name(cmd->policy, 0);
  bool any = !queue.len; /* a policy without queues has none to refuse */
  if (!fit->n_shops)
    return nothing_ever("it works for no shop", error);
  for (uint32_t i = 0; !any && queue.len; i++) {
    AFT__TRY(takes_queue(cmd, fit, queue, &any, error));
    queue = aft__policy_queue_name(cmd->policy, i + 1);
  }
  return any ? AFT_OK
             : nothing_ever("each queue of the policy has a team or needs a skill that it lacks", error);
}

/* ---- there, and on shift ---- */

static bool is_there(const aft__value *agent) {
  aft_str presence = aft__row_str(agent, AFT__AGENT_PRESENCE);
  return aft__row_int(agent, AFT__AGENT_ACTIVE) &&
         (!presence.len || aft__str_eq(presence, aft__cstr("online")) ||
          aft__str_eq(presence, aft__cstr("busy")));
}

static aft_status on_shift(aft__cmd *cmd, const aft__value *agent, bool *out, aft_error *error) {
  aft__value *shift;
  bool any;
  AFT__TRY(aft__shift_at(cmd, agent[AFT__AGENT_ID].number, cmd->now, &shift, &any, error));
  *out = shift || !any;
  return AFT_OK;
}

aft_status aft__is_present(aft__cmd *cmd, const aft__value *agent, bool *out, aft_error *error) {
  *out = is_there(agent);
  return *out ? on_shift(cmd, agent, out, error) : AFT_OK;
}

aft_status aft__is_heard_of(aft__cmd *cmd, const aft__value *agent, bool *out, aft_error *error) {
  aft__routing routing;
  aft__policy_routing_of(cmd->policy, &routing);
  bool silent =
      routing.away_after_ms >= 0 && cmd->now - aft__row_int(agent, AFT__AGENT_SEEN) >= routing.away_after_ms;
  *out = aft__says_there(agent) && !silent;
  return *out ? aft__is_present(cmd, agent, out, error) : AFT_OK;
}

aft_status aft__fit_present(aft__cmd *cmd, const aft__value *agent, aft_error *error) {
  bool on;
  aft_str presence = aft__row_str(agent, AFT__AGENT_PRESENCE);
  if (!aft__row_int(agent, AFT__AGENT_ACTIVE))
    return aft__error(error, AFT_E_TRANSITION, "agent", "the agent has left");
  if (!is_there(agent))
    return aft__error(error, AFT_E_TRANSITION, "agent.presence", "the agent is %.*s and gets no tickets",
                      (int)presence.len, presence.data);
  AFT__TRY(on_shift(cmd, agent, &on, error));
  return on ? AFT_OK : aft__error(error, AFT_E_TRANSITION, "agent.shift", "the agent has no shift now");
}

/* ---- how much ---- */

typedef struct count {
  aft_str channel;
  int64_t n;
} count;

static aft_status add(void *user, const aft__value *row, aft_error *error) {
  count *c = user;
  (void)error;
  bool waiting = !aft__row_null(row, AFT__TICKET_PAUSED);
  if (!waiting && (!c->channel.len || aft__str_eq(c->channel, aft__row_str(row, AFT__TICKET_CHANNEL))))
    c->n++;
  return AFT_OK;
}

aft_status aft__load_of(aft__cmd *cmd, aft_id agent, aft_str channel, int64_t *n, aft_error *error) {
  count c = {channel, 0};
  aft__scan scan = {.table = &aft__ticket_table,
                    .index = AFT__TICKET_BY_ASSIGNEE,
                    .n_equal = 3,
                    .equal = {aft__int(cmd->call.tenant), aft__int(agent), aft__int(2)},
                    .limit = AFT__MOST_IN_WORK};
  AFT__TRY(aft__scan_each(cmd->tx, &scan, add, &c, error));
  *n = c.n;
  return AFT_OK;
}

aft_status aft__has_room(aft__cmd *cmd, const aft__value *agent, bool *out, aft_error *error) {
  int64_t n = 0;
  *out = true;
  if (aft__row_null(agent, AFT__AGENT_CAPACITY))
    return AFT_OK;
  AFT__TRY(aft__load_of(cmd, agent[AFT__AGENT_ID].number, (aft_str){0}, &n, error));
  *out = n < aft__row_int(agent, AFT__AGENT_CAPACITY);
  return AFT_OK;
}

aft_status aft__full_channels(aft__cmd *cmd, const aft__value *agent, aft_str *out, aft_error *error) {
  aft_str words = aft__row_str(agent, AFT__AGENT_CAPACITIES), channel;
  char *text = aft__arena_alloc(cmd->arena, words.len + 2);
  size_t len = 0;
  int64_t n, most;
  if (!text)
    return aft__nomem(error);
  while (aft__capacities_next(&words, &channel, &most)) {
    AFT__TRY(aft__load_of(cmd, agent[AFT__AGENT_ID].number, channel, &n, error));
    if (n < most)
      continue;
    memcpy(text + len, channel.data, channel.len);
    len += channel.len;
    text[len++] = ' ';
  }
  *out = aft__str(text, len ? len - 1 : 0);
  return AFT_OK;
}

/* ---- lanes of customers who have an agent of their own ---- */

static aft_status works_for(aft__cmd *cmd, aft_id agent, const aft__value *shop, bool *out,
                            aft_error *error) {
  aft__value keys[] = {aft__int(cmd->call.tenant), aft__int(agent), *shop}, *row;
  aft_status status = aft__find(cmd->tx, &aft__membership_table, AFT__MEMBERSHIP_BY_AGENT, keys, &row, error);
  *out = status >= 0;
  return status == AFT_E_NOT_FOUND ? AFT_OK : status;
}

aft_status aft__fit_reserved(aft__cmd *cmd, const aft__fit *fit, const aft__value *lane, aft_time place,
                             bool *out, aft_error *error) {
  aft_id shop = aft__row_int(lane, AFT__LANE_SHOP);
  aft__fit other = {.id = aft__row_int(lane, AFT__LANE_AGENT), .shops = &shop, .n_shops = 1};
  *out = false;
  if (!other.id || other.id == fit->id || place <= cmd->now)
    return AFT_OK;
  aft_status status = aft__get(cmd->tx, &aft__agent_table, other.id, &other.agent, error);
  if (status == AFT_E_NOT_FOUND)
    return AFT_OK;
  AFT__TRY(status);
  AFT__TRY(works_for(cmd, other.id, &lane[AFT__LANE_SHOP], out, error));
  if (*out && aft__fit_takes(cmd, &other, lane))
    AFT__TRY(aft__is_heard_of(cmd, other.agent, out, error));
  else
    *out = false;
  return *out ? aft__has_room(cmd, other.agent, out, error) : AFT_OK;
}

/* ---- how fast ---- */

bool aft__rate_lets(aft__cmd *cmd, const aft__value *agent) {
  aft__routing routing;
  bool none = aft__row_null(agent, AFT__AGENT_RATE_FROM);
  aft__policy_routing_of(cmd->policy, &routing);
  return aft__routing_lets(&routing, none ? AFT_TIME_NONE : aft__row_int(agent, AFT__AGENT_RATE_FROM),
                           aft__row_int(agent, AFT__AGENT_RATE_COUNT), cmd->now);
}
