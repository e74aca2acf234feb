/* The next ticket of an agent: the smallest place among the heads of the lanes that the agent may take.
 *
 * A head is one step into an index, and so is the next lane in which somebody waits: the cost grows with
 * those, not with the tickets that wait nor with the lanes that ever were. */
#include "desk/routing/routing_priv.h"

#define NEXT_V1 (offsetof(aft_next_in, queue) + sizeof(aft_str))
#define ANEW_MS 10000 /* a lane that all claims wrote to would make them wait for each other */

/* ---- heads of lanes ---- */

typedef struct head {
  aft_id shop, lane, ticket; /* ticket: 0 for none */
  int64_t place;
  bool locked;
} head;

typedef struct search {
  aft__cmd *cmd;
  const aft__fit *fit;
  const aft__want *want;
  aft_str full; /* channels */
  head *heads;
  uint32_t n, cap;
} search;

static aft_status see_head(void *user, const aft__value *row, aft_error *error) {
  head *h = user;
  (void)error;
  h->lane = aft__row_int(row, AFT__TICKET_LANE);
  h->ticket = row[AFT__TICKET_ID].number;
  h->place = aft__row_int(row, AFT__TICKET_PLACE);
  return AFT_OK;
}

static aft__scan first_in(const search *s, const head *h) {
  return (aft__scan){.table = &aft__ticket_table,
                     .index = AFT__TICKET_BY_LANE,
                     .n_equal = 2,
                     .equal = {aft__int(s->cmd->call.tenant), aft__int(h->shop), aft__int(h->lane)},
                     .limit = 1};
}

/* The head of the first lane of the shop behind h->lane in which a ticket waits. */
static aft_status next_lane(search *s, head *h, aft_error *error) {
  aft__scan scan = first_in(s, h);
  aft__value least = aft__int(h->lane + 1);
  scan.low = &least;
  h->ticket = 0;
  return aft__scan_each(s->cmd->tx, &scan, see_head, h, error);
}

static aft_status look_reserved(search *s, head *h, const aft__value *lane, aft_error *error) {
  bool reserved;
  AFT__TRY(aft__fit_reserved(s->cmd, s->fit, lane, h->place, &reserved, error));
  if (reserved)
    h->ticket = 0;
  return AFT_OK;
}

/* One that comes forward, because another session holds the head, may be reserved where the head was not. */
static aft_status lock_head(search *s, head *h, aft_error *error) {
  aft_id before = h->ticket;
  aft__scan scan = first_in(s, h);
  aft__value *lane;
  scan.n_equal = 3;
  scan.claim = true;
  h->ticket = 0;
  h->locked = true;
  AFT__TRY(aft__scan_each(s->cmd->tx, &scan, see_head, h, error));
  if (!h->ticket || h->ticket == before)
    return AFT_OK;
  AFT__TRY(aft__get(s->cmd->tx, &aft__lane_table, h->lane, &lane, error));
  return look_reserved(s, h, lane, error);
}

/* ---- those that the agent may take ---- */

static bool wanted(const search *s, const aft__value *lane) {
  aft__assign then;
  aft_str queue = aft__row_str(lane, AFT__LANE_QUEUE);
  const aft__want *want = s->want;
  if ((want->queue.len && !aft__str_eq(want->queue, queue)) ||
      (want->pushed && aft__policy_assign(s->cmd->policy, queue, &then) == AFT__ASSIGN_CLAIM))
    return false;
  return !aft__words_have(s->full, aft__row_str(lane, AFT__LANE_CHANNEL)) &&
         aft__fit_takes(s->cmd, s->fit, lane);
}

static aft_status add_head(search *s, const head *h, aft_error *error) {
  if (s->n == s->cap) {
    uint32_t cap = s->cap ? s->cap * 2 : 64;
    head *heads = aft__arena_alloc(s->cmd->arena, cap * sizeof *heads);
    if (!heads)
      return aft__nomem(error);
    if (s->n)
      memcpy(heads, s->heads, s->n * sizeof *heads);
    s->heads = heads;
    s->cap = cap;
  }
  s->heads[s->n++] = *h;
  return AFT_OK;
}

static aft_status heads_of(search *s, aft_id shop, aft_error *error) {
  head h = {.shop = shop};
  for (;;) {
    aft__value *lane;
    AFT__TRY(next_lane(s, &h, error));
    if (!h.ticket)
      return AFT_OK;
    AFT__TRY(aft__get(s->cmd->tx, &aft__lane_table, h.lane, &lane, error));
    if (!wanted(s, lane))
      continue;
    AFT__TRY(look_reserved(s, &h, lane, error));
    if (h.ticket)
      AFT__TRY(add_head(s, &h, error));
  }
}

static aft_status gather(search *s, aft_error *error) {
  AFT__TRY(aft__full_channels(s->cmd, s->fit->agent, &s->full, error));
  if (s->want->shop)
    return aft__has_shop(s->fit->shops, s->fit->n_shops, s->want->shop) ? heads_of(s, s->want->shop, error)
                                                                        : AFT_OK;
  for (uint32_t i = 0; i < s->fit->n_shops; i++)
    AFT__TRY(heads_of(s, s->fit->shops[i], error));
  return AFT_OK;
}

static head *smallest(search *s) {
  head *best = NULL;
  for (uint32_t i = 0; i < s->n; i++) {
    head *h = &s->heads[i];
    if (h->ticket && (!best || aft__place_before(h->place, h->ticket, best->place, best->ticket)))
      best = h;
  }
  return best;
}

/* Another session may hold the head of a lane: then the one behind it stands for the lane, and may no longer
 * be the smallest of all. */
aft_status aft__claim_head(aft__cmd *cmd, const aft__fit *fit, const aft__want *want, aft_id *ticket,
                           aft_error *error) {
  search s = {.cmd = cmd, .fit = fit, .want = want};
  AFT__TRY(gather(&s, error));
  head *best = smallest(&s);
  while (best && !best->locked) {
    AFT__TRY(lock_head(&s, best, error));
    best = smallest(&s);
  }
  *ticket = best ? best->ticket : 0;
  return best ? AFT_OK : AFT_DONE;
}

/* ---- giving ---- */

/* How long tickets of a lane wait, as an average in which the latest count most. */
static aft_status note_wait(aft__ticket *ticket, aft_error *error) {
  aft__cmd *cmd = ticket->cmd;
  aft__value *lane;
  AFT__TRY(aft__get(cmd->tx, &aft__lane_table, aft__ticket_int(ticket, AFT__TICKET_LANE), &lane, error));
  bool known = !aft__row_null(lane, AFT__LANE_TAKEN);
  if (known && cmd->now - aft__row_int(lane, AFT__LANE_TAKEN) < ANEW_MS)
    return AFT_OK;
  int64_t wait = cmd->now - aft__ticket_int(ticket, AFT__TICKET_SINCE);
  wait = wait > 0 ? wait : 0;
  int64_t before = known ? aft__row_int(lane, AFT__LANE_WAIT) : wait;
  lane[AFT__LANE_WAIT] = aft__int(before + (wait - before) / 4);
  lane[AFT__LANE_TAKEN] = aft__int(cmd->now);
  return aft__update(cmd->tx, &aft__lane_table, lane,
                     UINT64_C(1) << AFT__LANE_WAIT | UINT64_C(1) << AFT__LANE_TAKEN, error);
}

static void count_ticket(aft__cmd *cmd, aft__value *agent) {
  aft__routing routing;
  aft__policy_routing_of(cmd->policy, &routing);
  bool fresh = aft__row_null(agent, AFT__AGENT_RATE_FROM) ||
               cmd->now - aft__row_int(agent, AFT__AGENT_RATE_FROM) >= routing.rate_within_ms;
  agent[AFT__AGENT_RATE_COUNT] = aft__int(fresh ? 1 : aft__row_int(agent, AFT__AGENT_RATE_COUNT) + 1);
  if (fresh)
    agent[AFT__AGENT_RATE_FROM] = aft__int(cmd->now);
  agent[AFT__AGENT_SERVED] = aft__int(cmd->now);
}

static aft_status note_agent(aft__cmd *cmd, aft__fit *fit, aft_error *error) {
  const uint64_t mask = UINT64_C(1) << AFT__AGENT_RATE_FROM | UINT64_C(1) << AFT__AGENT_RATE_COUNT |
                        UINT64_C(1) << AFT__AGENT_SERVED;
  aft__routing routing;
  count_ticket(cmd, fit->agent);
  AFT__TRY(aft__update(cmd->tx, &aft__agent_table, fit->agent, mask, error));
  if (aft__rate_lets(cmd, fit->agent) || !aft__policy_pushes(cmd->policy))
    return AFT_OK;
  aft__policy_routing_of(cmd->policy, &routing);
  return aft__agent_due(cmd, fit->id, AFT__DUE_SERVE,
                        aft__row_int(fit->agent, AFT__AGENT_RATE_FROM) + routing.rate_within_ms, error);
}

static void explain(aft__ticket *ticket, const aft__fit *fit) {
  char place[AFT__CLOCK_TEXT], since[AFT__CLOCK_TEXT];
  aft__clock_text(aft__ticket_int(ticket, AFT__TICKET_PLACE), 0, place);
  aft__clock_text(aft__ticket_int(ticket, AFT__TICKET_SINCE), 0, since);
  aft__arg args[] = {{"agent", aft__row_str(fit->agent, AFT__AGENT_EXTERNAL)},
                     {"queue", aft__ticket_str(ticket, AFT__TICKET_QUEUE)},
                     {"since", aft__cstr(since)},
                     {"place", aft__cstr(place)}};
  aft__reason_add(&ticket->reasons, "claim", "explain.claim.next", args, AFT__COUNT(args));
}

/* Who asked knows; others are told through the outbox. */
static aft_status give(aft__ticket *ticket, aft__fit *fit, const char *verb, bool tell, aft_error *error) {
  char *facts = aft__arena_printf(ticket->cmd->arena,
                                  "{\"agent\":\"%lld\",\"lane\":\"%lld\",\"place\":%lld,\"since\":%lld}",
                                  (long long)fit->id, (long long)aft__ticket_int(ticket, AFT__TICKET_LANE),
                                  (long long)aft__ticket_int(ticket, AFT__TICKET_PLACE),
                                  (long long)aft__ticket_int(ticket, AFT__TICKET_SINCE));
  if (!facts)
    return aft__nomem(error);
  AFT__TRY(note_wait(ticket, error));
  explain(ticket, fit);
  aft__fire fire = {.event = "assign", .verb = verb, .role = AFT_ROLE_SYSTEM, .facts = aft__cstr(facts)};
  AFT__TRY(aft__ticket_fire(ticket, &fire, error));
  aft__ticket_set(ticket, AFT__TICKET_ASSIGNEE, aft__int(fit->id));
  ticket->seen_there = true;
  if (tell)
    AFT__TRY(
        aft__ticket_work(ticket, "assigned", "agent", aft__row_str(fit->agent, AFT__AGENT_EXTERNAL), error));
  AFT__TRY(aft__ticket_save(ticket, error));
  return note_agent(ticket->cmd, fit, error);
}

aft_status aft__claim_give(aft__cmd *cmd, aft__fit *fit, aft_id id, const char *verb, aft__value **row,
                           aft_error *error) {
  aft__ticket ticket;
  aft_status status = aft__ticket_load(cmd, id, &ticket, error);
  if (status >= 0)
    status = give(&ticket, fit, verb, cmd->call.role == AFT_ROLE_SYSTEM, error);
  *row = status >= 0 ? ticket.row : NULL;
  aft__ticket_done(&ticket);
  return status;
}

/* ---- the command ---- */

static aft_status may_have_more(aft__cmd *cmd, const aft__fit *fit, aft_error *error) {
  bool room;
  AFT__TRY(aft__has_room(cmd, fit->agent, &room, error));
  if (!room)
    return aft__error(error, AFT_E_INELIGIBLE, "agent.capacity", "the agent has %lld tickets in work already",
                      (long long)aft__row_int(fit->agent, AFT__AGENT_CAPACITY));
  if (!aft__rate_lets(cmd, fit->agent))
    return aft__error(error, AFT_E_INELIGIBLE, "routing.rate", "the agent got %lld tickets of late",
                      (long long)aft__row_int(fit->agent, AFT__AGENT_RATE_COUNT));
  return AFT_OK;
}

static aft_status run_claim(aft__cmd *cmd, void *given, aft_error *error) {
  const aft_next_in *in = given;
  aft__fit fit;
  aft__want want = {.shop = in->shop, .queue = in->queue};
  bool agent = cmd->call.role == AFT_ROLE_AGENT;
  if (agent && in->agent && in->agent != cmd->call.actor)
    return aft__denied(cmd, "agents claim for themselves", error);
  AFT__TRY(aft__fit_load(cmd, agent ? cmd->call.actor : in->agent, &fit, error));
  if (in->queue.len && aft__policy_queue_rank(cmd->policy, in->queue) < 0)
    return aft__error(error, AFT_E_INVALID, "claim.queue", "the policy has no queue '%.*s'",
                      (int)aft__utf8_cut(in->queue, 60), in->queue.data);
  AFT__TRY(aft__fit_present(cmd, fit.agent, error));
  AFT__TRY(aft__fit_any(cmd, &fit, error));
  AFT__TRY(may_have_more(cmd, &fit, error));
  aft_status status = aft__claim_head(cmd, &fit, &want, &cmd->ids[0], error);
  if (status != AFT_OK)
    return status;
  return aft__claim_give(cmd, &fit, cmd->ids[0], "ticket.claimed", &cmd->row, error);
}

static void claim_digest(aft__sha256 *sha, const void *given) {
  const aft_next_in *in = given;
  aft__digest_i64(sha, in->agent);
  aft__digest_i64(sha, in->shop);
  aft__digest_str(sha, in->queue);
}

aft_status aft_ticket_claim(aft_session *session, const aft_call *call, const aft_next_in *in,
                            aft_record **out, aft_error *error) {
  static const aft__command command = {.verb = "ticket.claim",
                                       .name = "ticket_claim",
                                       .roles = AFT__ROLE(AFT_ROLE_SYSTEM) | AFT__ROLE(AFT_ROLE_AGENT),
                                       .returns = AFT_KIND_TICKET,
                                       .digest = claim_digest,
                                       .run = run_claim};
  aft_next_in local = {.size = sizeof local};
  if (in)
    AFT__TRY(aft__abi_copy(&local, sizeof local, in, NEXT_V1, "aft_next_in", error));
  AFT__TRY(aft__in_text(&local.queue, AFT__NAME_BYTES, "claim.queue", error));
  if (local.shop)
    AFT__TRY(aft__in_id(local.shop, "claim.shop", error));
  return aft__command_run(session, call, &command, &local, out, error);
}
