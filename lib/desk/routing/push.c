/* Queues that give their tickets out: to whom, on arrival and when somebody has room. */
#include "desk/routing/routing_priv.h"

#define MOST_AGENTS  1000u /* of a shop that are looked at for one ticket */
#define MOST_EARLIER 10u   /* tickets of a customer in which the last agent is looked for */
#define AT_ONCE      10u   /* tickets given to one agent in one transaction */

/* ---- who may get it ---- */

/* Whoever never said that they are there gets nothing without asking. */
static aft_status is_ready(aft__cmd *cmd, const aft__value *agent, bool *out, aft_error *error) {
  *out = aft__str_eq(aft__row_str(agent, AFT__AGENT_PRESENCE), aft__cstr("online"));
  if (*out)
    AFT__TRY(aft__is_heard_of(cmd, agent, out, error));
  *out &= aft__rate_lets(cmd, agent);
  return *out ? aft__has_room(cmd, agent, out, error) : AFT_OK;
}

static aft_status may_get(aft__cmd *cmd, const aft__fit *fit, const aft__value *lane, aft_time place,
                          bool *out, aft_error *error) {
  bool reserved;
  aft_str full;
  *out = aft__fit_takes(cmd, fit, lane);
  if (*out)
    AFT__TRY(is_ready(cmd, fit->agent, out, error));
  if (!*out)
    return AFT_OK;
  AFT__TRY(aft__full_channels(cmd, fit->agent, &full, error));
  AFT__TRY(aft__fit_reserved(cmd, fit, lane, place, &reserved, error));
  *out = !reserved && !aft__words_have(full, aft__row_str(lane, AFT__LANE_CHANNEL));
  return AFT_OK;
}

/* ---- who gets it ---- */

/* The least goes first: tickets in work, or a time; who never had a turn comes before all. */
static aft_status weight_of(aft__cmd *cmd, aft__assign how, const aft__value *agent, int64_t *out,
                            aft_error *error) {
  if (how == AFT__ASSIGN_LEAST_LOADED)
    return aft__load_of(cmd, agent[AFT__AGENT_ID].number, (aft_str){0}, out, error);
  *out = aft__row_int(
      agent, how == AFT__ASSIGN_ROUND_ROBIN ? (uint32_t)AFT__AGENT_SERVED : (uint32_t)AFT__AGENT_IDLE);
  return AFT_OK;
}

static aft_status pick(aft__ticket *ticket, const aft__value *lane, aft__assign how, aft_id *out,
                       aft_error *error) {
  aft__cmd *cmd = ticket->cmd;
  aft__value **rows;
  uint32_t n;
  int64_t least = 0, served = 0;
  aft_id shop = aft__row_int(lane, AFT__LANE_SHOP);
  *out = 0;
  AFT__TRY(aft__load_rows(cmd, &aft__membership_table, AFT__MEMBERSHIP_BY_SHOP, shop, MOST_AGENTS, &rows, &n,
                          error));
  for (uint32_t i = 0; i < n; i++) {
    aft__fit fit = {.id = aft__row_int(rows[i], AFT__MEMBERSHIP_AGENT), .shops = &shop, .n_shops = 1};
    int64_t weight;
    bool may;
    AFT__TRY(aft__get(cmd->tx, &aft__agent_table, fit.id, &fit.agent, error));
    AFT__TRY(may_get(cmd, &fit, lane, aft__ticket_int(ticket, AFT__TICKET_PLACE), &may, error));
    if (!may)
      continue;
    AFT__TRY(weight_of(cmd, how, fit.agent, &weight, error));
    int64_t turn = aft__row_int(fit.agent, AFT__AGENT_SERVED);
    if (*out && !aft__turn_before(weight, turn, least, served))
      continue;
    *out = fit.id;
    least = weight;
    served = turn;
  }
  return AFT_OK;
}

static aft_status last_agent(aft__ticket *ticket, aft_id *out, aft_error *error) {
  aft__cmd *cmd = ticket->cmd;
  aft__value **rows;
  uint32_t n;
  aft__scan scan = {.table = &aft__ticket_table,
                    .index = AFT__TICKET_BY_CUSTOMER,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), ticket->row[AFT__TICKET_CUSTOMER]},
                    .descending = true,
                    .limit = MOST_EARLIER};
  AFT__TRY(aft__scan_all(cmd->tx, &scan, &rows, &n, error));
  *out = 0;
  for (uint32_t i = 0; i < n && !*out; i++)
    *out = aft__row_int(rows[i], AFT__TICKET_ASSIGNEE);
  return AFT_OK;
}

static aft_status sticky(aft__ticket *ticket, const aft__value *lane, aft_id *out, aft_error *error) {
  aft_id shop = aft__ticket_int(ticket, AFT__TICKET_SHOP);
  aft__value keys[3] = {aft__int(ticket->cmd->call.tenant), aft__null(), aft__int(shop)}, *row;
  aft__fit fit = {.shops = &shop, .n_shops = 1};
  bool may;
  *out = 0;
  AFT__TRY(last_agent(ticket, &fit.id, error));
  keys[1] = aft__int(fit.id);
  aft_status status =
      aft__find(ticket->cmd->tx, &aft__membership_table, AFT__MEMBERSHIP_BY_AGENT, keys, &row, error);
  if (!fit.id || status == AFT_E_NOT_FOUND)
    return AFT_OK;
  AFT__TRY(status);
  AFT__TRY(aft__get(ticket->cmd->tx, &aft__agent_table, fit.id, &fit.agent, error));
  AFT__TRY(may_get(ticket->cmd, &fit, lane, aft__ticket_int(ticket, AFT__TICKET_PLACE), &may, error));
  *out = may ? fit.id : 0;
  return AFT_OK;
}

/* ---- giving ---- */

/* An agent who has room gets what has waited longest for it, so that nothing new overtakes. own: the ticket
 * is the customer's of before, and comes first as long as nothing that the agent may take is past its place.
 */
static aft_status give_first(aft__ticket *ticket, aft_id agent, bool own, aft_error *error) {
  aft__cmd *cmd = ticket->cmd;
  aft__fit fit;
  aft__value *row;
  aft_id first = 0;
  aft__want want = {.pushed = true};
  AFT__TRY(aft__fit_load(cmd, agent, &fit, error));
  aft_status status = aft__claim_head(cmd, &fit, &want, &first, error);
  if (status != AFT_OK)
    return status < 0 ? status : AFT_OK;
  AFT__TRY(aft__get(cmd->tx, &aft__ticket_table, first, &row, error));
  if (own && aft__row_int(row, AFT__TICKET_PLACE) > cmd->now)
    first = aft__ticket_id(ticket);
  AFT__TRY(aft__claim_give(cmd, &fit, first, "ticket.pushed", &row, error));
  return first == aft__ticket_id(ticket) ? AFT_OK
                                         : aft__ticket_due(ticket, aft__cstr(AFT__DUE_PUSH), cmd->now, error);
}

/* What is its own agent's may be given to others then. */
static aft_status again_at_place(aft__ticket *ticket, aft_error *error) {
  aft_time place = aft__ticket_int(ticket, AFT__TICKET_PLACE);
  return place > ticket->cmd->now ? aft__ticket_due(ticket, aft__cstr(AFT__DUE_PUSH), place, error) : AFT_OK;
}

aft_status aft__push_ticket(aft__ticket *ticket, aft_error *error) {
  aft__cmd *cmd = ticket->cmd;
  aft__value *lane;
  aft__assign then;
  aft_id agent = 0;
  aft__assign how = aft__policy_assign(cmd->policy, aft__ticket_str(ticket, AFT__TICKET_QUEUE), &then);
  if (how == AFT__ASSIGN_CLAIM || aft__row_null(ticket->row, AFT__TICKET_LANE))
    return AFT_OK;
  AFT__TRY(aft__get(cmd->tx, &aft__lane_table, aft__ticket_int(ticket, AFT__TICKET_LANE), &lane, error));
  if (how == AFT__ASSIGN_STICKY) {
    AFT__TRY(sticky(ticket, lane, &agent, error));
    if (agent)
      return give_first(ticket, agent, true, error);
    how = then;
  }
  if (how == AFT__ASSIGN_CLAIM)
    return AFT_OK;
  AFT__TRY(pick(ticket, lane, how, &agent, error));
  if (agent)
    return give_first(ticket, agent, false, error);
  return aft__row_null(lane, AFT__LANE_AGENT) ? AFT_OK : again_at_place(ticket, error);
}

/* ---- when somebody has room ---- */

static aft_status note_idle(aft__cmd *cmd, aft__value *agent, aft_error *error) {
  agent[AFT__AGENT_IDLE] = aft__int(cmd->now);
  return aft__update(cmd->tx, &aft__agent_table, agent, UINT64_C(1) << AFT__AGENT_IDLE, error);
}

aft_status aft__push_serve(aft__cmd *cmd, aft_id id, aft_error *error) {
  aft__fit fit;
  aft__want want = {.pushed = true};
  aft_status status = AFT_OK;
  AFT__TRY(aft__fit_load(cmd, id, &fit, error));
  AFT__TRY(note_idle(cmd, fit.agent, error));
  for (uint32_t i = 0; status == AFT_OK && i < AT_ONCE; i++) {
    aft__value *row;
    aft_id ticket;
    bool ready;
    AFT__TRY(is_ready(cmd, fit.agent, &ready, error));
    status = ready ? aft__claim_head(cmd, &fit, &want, &ticket, error) : AFT_DONE;
    if (status == AFT_OK)
      AFT__TRY(aft__claim_give(cmd, &fit, ticket, "ticket.pushed", &row, error));
  }
  return status == AFT_OK ? aft__agent_due(cmd, id, AFT__DUE_SERVE, cmd->now, error)
                          : (status < 0 ? status : AFT_OK);
}

/* ---- when somebody has gone ---- */

static aft_status push_again(void *user, aft__value *row, aft_error *error) {
  aft__cmd *cmd = user;
  return aft__due_set(cmd->tx, cmd->call.tenant, AFT__KIND_TICKET, row[AFT__TICKET_ID].number,
                      aft__cstr(AFT__DUE_PUSH), cmd->now, error);
}

static aft_status push_lane(void *user, aft__value *lane, aft_error *error) {
  aft__cmd *cmd = user;
  aft__assign then;
  aft__scan scan = {.table = &aft__ticket_table,
                    .index = AFT__TICKET_BY_LANE,
                    .n_equal = 3,
                    .equal = {lane[AFT__LANE_TENANT], lane[AFT__LANE_SHOP], lane[AFT__LANE_ID]}};
  if (aft__policy_assign(cmd->policy, aft__row_str(lane, AFT__LANE_QUEUE), &then) == AFT__ASSIGN_CLAIM)
    return AFT_OK;
  return aft__change_each(cmd->tx, scan, false, push_again, cmd, error);
}

aft_status aft__push_lanes_of(aft__cmd *cmd, aft_id agent, aft_error *error) {
  aft__scan scan = {.table = &aft__lane_table,
                    .index = AFT__LANE_BY_AGENT,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), aft__int(agent)}};
  return aft__policy_pushes(cmd->policy) ? aft__change_each(cmd->tx, scan, false, push_lane, cmd, error)
                                         : AFT_OK;
}
