/* The way to where a marketplace says that a case is. It tells states, not what led there: of the ways that
 * the machine has for this case, its guards included, the one without detours is taken, then the shortest,
 * then the one that the machine names first. A detour is a move that
 * - nobody makes, but a deadline that passes; an end that comes so counts as two moves,
 * - leaves goods that are to come back with the buyer against money, unless the case's route is returnless,
 * - gives goods up as lost, unless the case stands there already,
 * - has goods arrive that nobody sent, or counts what nobody looked at,
 * - sends money or a replacement ahead of the goods, unless the case's route is advance,
 * - passes over one that goes on by a guard that holds: the machine has it for such a case as this.
 * What begins another case, or needs what only a person knows, is no way. Guards see the case as it is: the
 * way is looked for anew after every move. */
#include "desk/case/case_priv.h"

#define DETOUR 1000u /* more than the moves of any way */
#define LAPSE  2u

typedef struct search {
  const aft__case *c;
  const aft__flow *flow;
  aft__facts facts;
  uint32_t origin;     /* where the case stood before the first move */
  uint32_t *cost, *by; /* of states; by: number of the move that leads there, from 1 */
} search;

/* ---- what moves do ---- */

bool aft__move_does(const aft__flow *flow, const aft__flow_move *move, const char *verb) {
  for (uint32_t i = 0; i < move->effects; i++)
    if (strcmp(flow->texts + flow->effects[move->effect + i].verb, verb) == 0)
      return true;
  return false;
}

/* Whatever the policy says: "advance" alone, not "advance: pickup". */
static bool sends_money_ahead(const aft__flow *flow, const aft__flow_move *move) {
  for (uint32_t i = 0; i < move->effects; i++) {
    const aft__flow_effect *effect = &flow->effects[move->effect + i];
    if (strcmp(flow->texts + effect->verb, "advance") == 0 && !flow->texts[effect->arg])
      return true;
  }
  return false;
}

static bool sends_goods(const aft__flow *flow, const aft__flow_move *move) {
  return move->to != AFT__FLOW_IGNORE && move->to != move->from && aft__move_does(flow, move, "ship");
}

static bool goods_come_back(const aft__flow *flow) {
  for (uint32_t i = 0; i < flow->n_moves; i++)
    if (sends_goods(flow, &flow->moves[i]))
      return true;
  return false;
}

static bool waits_for_a_parcel(const aft__flow *flow, uint32_t state) {
  for (uint32_t i = 0; i < flow->n_moves; i++)
    if (flow->moves[i].from == state && sends_goods(flow, &flow->moves[i]))
      return true;
  return false;
}

/* ---- which of them are open, and which are detours ---- */

static bool holds(const search *s, const aft__flow_move *move) {
  return move->guard == AFT__FLOW_NONE || aft__policy_holds(s->c->policy, move->guard, &s->facts);
}

/* Of one event's moves the first whose guard holds is the one that is made. */
static bool is_made(const search *s, uint32_t index) {
  const aft__flow_move *move = &s->flow->moves[index];
  for (uint32_t i = 0; i < index; i++) {
    const aft__flow_move *before = &s->flow->moves[i];
    if (before->from == move->from && before->event == move->event && before->actors & move->actors &&
        holds(s, before))
      return false;
  }
  return holds(s, move);
}

static bool is_open(const search *s, uint32_t index) {
  static const char *const closed[] = {"follow", "convert", "parent", "quote"};
  const aft__flow_move *move = &s->flow->moves[index];
  if (move->to == AFT__FLOW_IGNORE || move->to == move->from)
    return false;
  for (size_t i = 0; i < AFT__COUNT(closed); i++)
    if (aft__move_does(s->flow, move, closed[i]))
      return false;
  return is_made(s, index);
}

static bool is_end(const aft__flow *flow, uint32_t state) {
  return flow->states[state].flags & AFT__FLOW_TERMINAL;
}

static bool is_lapse(const aft__flow *flow, const aft__flow_move *move) {
  return flow->states[move->from].deadline_event == move->event &&
         move->actors == AFT__FLOW_ACTOR(AFT_ROLE_SYSTEM);
}

static bool is_unusual(const search *s, const aft__flow_move *move) {
  const aft__flow *flow = s->flow;
  bool keeps = aft__move_does(flow, move, "free") && aft__move_does(flow, move, "plan") &&
               goods_come_back(flow) && !aft__case_is(s->c, AFT__CASE_ROUTE, "returnless");
  bool gives_up = aft__move_does(flow, move, "lose") && move->from != s->origin;
  bool unsent = aft__move_does(flow, move, "arrive") && waits_for_a_parcel(flow, move->from);
  bool unseen = aft__move_does(flow, move, "count");
  bool ahead = (sends_money_ahead(flow, move) || aft__move_does(flow, move, "hold_money")) &&
               !aft__case_is(s->c, AFT__CASE_ROUTE, "advance");
  return keeps || gives_up || unsent || unseen || ahead;
}

static bool has_own(const search *s, uint32_t state) {
  for (uint32_t i = 0; i < s->flow->n_moves; i++) {
    const aft__flow_move *move = &s->flow->moves[i];
    if (move->from == state && move->guard != AFT__FLOW_NONE && is_open(s, i) && !is_unusual(s, move) &&
        !is_end(s->flow, move->to))
      return true;
  }
  return false;
}

static uint32_t cost_of(const search *s, const aft__flow_move *move) {
  bool lapse = is_lapse(s->flow, move), end = is_end(s->flow, move->to);
  if (is_unusual(s, move) || (lapse && !end) || (move->guard == AFT__FLOW_NONE && has_own(s, move->from)))
    return DETOUR;
  return lapse ? LAPSE : 1;
}

/* ---- the search ---- */

static bool begin(search *s, uint32_t from) {
  uint32_t n = s->flow->n_states;
  s->cost = aft__arena_alloc(s->c->cmd->arena, n * sizeof *s->cost);
  s->by = aft__arena_alloc(s->c->cmd->arena, n * sizeof *s->by);
  if (!s->cost || !s->by)
    return false;
  for (uint32_t i = 0; i < n; i++) {
    s->cost[i] = UINT32_MAX;
    s->by[i] = 0;
  }
  s->cost[from] = 0;
  return true;
}

/* One move more: whether it leads somewhere for less than was known. */
static bool reach(search *s, uint32_t index) {
  const aft__flow_move *move = &s->flow->moves[index];
  bool past_the_end = is_end(s->flow, move->from) && s->cost[move->from];
  if (s->cost[move->from] == UINT32_MAX || past_the_end || !is_open(s, index))
    return false;
  uint32_t cost = s->cost[move->from] + cost_of(s, move);
  if (cost >= s->cost[move->to])
    return false;
  s->cost[move->to] = cost;
  s->by[move->to] = index + 1;
  return true;
}

static const aft__flow_move *first_move(const search *s, uint32_t from, uint32_t to) {
  const aft__flow_move *move = NULL;
  for (uint32_t at = to; at != from && s->by[at]; at = move->from)
    move = &s->flow->moves[s->by[at] - 1];
  return move && move->from == from ? move : NULL;
}

aft_status aft__case_way(aft__case *c, uint32_t origin, uint32_t to, const aft__flow_move **out,
                         aft_error *error) {
  search s = {.c = c, .flow = c->flow, .origin = origin};
  uint32_t from = aft__flow_state_find(c->flow, aft__case_str(c, AFT__CASE_STATE));
  *out = NULL;
  if (from == AFT__FLOW_NONE || from == to)
    return AFT_OK;
  AFT__TRY(aft__case_facts(c, &s.facts, error));
  if (!begin(&s, from))
    return aft__nomem(error);
  for (bool more = true; more;) {
    more = false;
    for (uint32_t i = 0; i < c->flow->n_moves; i++)
      more |= reach(&s, i);
  }
  *out = first_move(&s, from, to);
  return AFT_OK;
}

/* A filing leads there, and nothing is agreed on by it. */
static bool is_asked(const aft__flow *flow, uint32_t state) {
  for (uint32_t i = 0; i < flow->n_moves; i++) {
    const aft__flow_move *move = &flow->moves[i];
    if (move->from == flow->initial && move->to == state && !is_lapse(flow, move) &&
        !aft__move_does(flow, move, "agree"))
      return true;
  }
  return false;
}

bool aft__case_is_at(const aft__case *c, uint32_t state, uint32_t to) {
  return state == to || (is_asked(c->flow, state) && is_asked(c->flow, to));
}
