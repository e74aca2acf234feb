/* Who gets what at one moment: queues that give their tickets out, then those who take the next one. */
#include "simulate/play_priv.h"

/* ---- who may ---- */

static bool has_room(const aft__seat *seat) {
  return !seat->who->capacity || seat->load < (uint64_t)seat->who->capacity;
}

static bool is_ready(const aft__day *day, const aft__seat *seat) {
  return seat->there && has_room(seat) &&
         aft__routing_lets(&day->routing, seat->rate_from, seat->rate_count, day->now);
}

static bool has_hand(const aft__day *day, const aft__seat *seat) {
  return seat->working < seat->who->hands && !seat->own.n && is_ready(day, seat);
}

static bool takes(const aft__day *day, uint32_t seat, uint32_t lane) {
  return day->lanes->takes[(size_t)seat * day->lanes->n + lane] != 0;
}

/* Another's own customers are everybody's while that one is away or has no room, and once their place has
 * passed. */
static bool is_reserved(const aft__day *day, uint32_t seat, uint32_t lane, uint32_t ticket) {
  uint32_t own = day->lanes->list[lane].own;
  return own != AFT__NOBODY && own != seat && day->run->played[ticket].place > day->now &&
         takes(day, own, lane) && day->seats[own].there && has_room(&day->seats[own]);
}

bool aft__seat_may(const aft__day *day, uint32_t seat, uint32_t lane, uint32_t ticket) {
  uint32_t channel = day->lanes->list[lane].channel_number;
  const aft__seat *s = &day->seats[seat];
  bool full = s->most_of[channel] >= 0 && s->load_of[channel] >= s->most_of[channel];
  return !full && takes(day, seat, lane) && !is_reserved(day, seat, lane, ticket);
}

/* ---- what is next ---- */

/* Those who gave up lie in the heap until they come to its head. */
uint32_t aft__lane_head(const aft__day *day, aft__lane *lane) {
  while (day->run->played[lane->heap.items[0].id].state != AFT__STAGE_LANE)
    (void)aft__heap_pop(&lane->heap);
  return lane->heap.items[0].id;
}

static uint32_t smallest(aft__day *day, uint32_t seat, bool pushed) {
  uint32_t best = AFT__NOBODY;
  int64_t least = 0;
  for (uint32_t i = 0; i < day->lanes->n; i++) {
    aft__lane *lane = &day->lanes->list[i];
    if (!lane->waiting || (pushed && lane->assign == AFT__ASSIGN_CLAIM))
      continue;
    uint32_t ticket = aft__lane_head(day, lane);
    if (!aft__seat_may(day, seat, i, ticket))
      continue;
    int64_t key = lane->heap.items[0].key;
    if (best != AFT__NOBODY && !aft__place_before(key, ticket, least, best))
      continue;
    best = ticket;
    least = key;
  }
  return best;
}

/* ---- giving ---- */

static void count_ticket(aft__day *day, uint32_t number) {
  aft__seat *seat = &day->seats[number];
  bool fresh = seat->rate_from == AFT_TIME_NONE || day->now - seat->rate_from >= day->routing.rate_within_ms;
  seat->rate_count = fresh ? 1 : seat->rate_count + 1;
  if (fresh)
    seat->rate_from = day->now;
  seat->served = day->now;
  if (!aft__routing_lets(&day->routing, seat->rate_from, seat->rate_count, day->now))
    aft__day_event(day, seat->rate_from + day->routing.rate_within_ms, AFT__HAPPENS_MAY_MORE, number);
}

static void give(aft__day *day, uint32_t number, uint32_t ticket) {
  const aft__sorted *sorted = &day->lanes->sorted[day->demand->list[ticket].kind];
  aft__lane *lane = &day->lanes->list[sorted->lane];
  aft__played *p = &day->run->played[ticket];
  aft__seat *seat = &day->seats[number];
  aft__day_explain(day, number, ticket);
  (void)aft__heap_pop(&lane->heap);
  lane->waiting--;
  day->waiting--;
  p->state = AFT__STAGE_HELD;
  p->agent = number;
  if (p->claimed == AFT_TIME_NONE) {
    p->claimed = day->now;
    p->claim = day->claims++;
  }
  seat->load++;
  seat->load_of[sorted->channel]++;
  count_ticket(day, number);
  if (seat->working < seat->who->hands && !seat->own.n)
    aft__day_begin(day, ticket);
  else
    day->failed |= !aft__heap_push(&seat->own, day->env, (aft__item){aft__day_key(day, ticket), 0, ticket});
}

/* ---- queues that give their tickets out ---- */

static int64_t weight_of(const aft__seat *seat, aft__assign how) {
  return how == AFT__ASSIGN_LEAST_LOADED  ? seat->load
         : how == AFT__ASSIGN_ROUND_ROBIN ? seat->served
                                          : seat->idle;
}

static uint32_t pick(const aft__day *day, uint32_t lane, uint32_t ticket) {
  aft__assign how = day->lanes->list[lane].assign;
  uint32_t best = AFT__NOBODY;
  for (uint32_t i = 0; i < day->n_seats; i++) {
    const aft__seat *seat = &day->seats[i];
    if (!is_ready(day, seat) || !aft__seat_may(day, i, lane, ticket))
      continue;
    if (best == AFT__NOBODY || aft__turn_before(weight_of(seat, how), seat->served,
                                                weight_of(&day->seats[best], how), day->seats[best].served))
      best = i;
  }
  return best;
}

static void give_to_freed(aft__day *day) {
  for (uint32_t i = 0; i < day->n_seats && day->freed; i++) {
    aft__seat *seat = &day->seats[i];
    uint32_t ticket = AFT__NOBODY;
    while (day->pushes && seat->freed && is_ready(day, seat) &&
           (ticket = smallest(day, i, true)) != AFT__NOBODY)
      give(day, i, ticket);
    seat->freed = false;
  }
  day->freed = false;
}

/* Whoever is chosen gets what has waited longest for it, so that nothing new overtakes. */
static void give_fresh(aft__day *day) {
  while (day->fresh.n && !day->failed) {
    uint32_t ticket = aft__heap_pop(&day->fresh).id;
    uint32_t lane = day->lanes->sorted[day->demand->list[ticket].kind].lane;
    while (day->run->played[ticket].state == AFT__STAGE_LANE && !day->failed) {
      uint32_t seat = pick(day, lane, ticket);
      uint32_t first = seat == AFT__NOBODY ? AFT__NOBODY : smallest(day, seat, true);
      if (first == AFT__NOBODY)
        break;
      give(day, seat, first);
    }
  }
}

/* ---- those who take the next one ---- */

static void note_turn(aft__day *day, uint32_t number) {
  const aft__seat *seat = &day->seats[number];
  if (has_hand(day, seat))
    day->failed |= !aft__heap_push(&day->turns, day->env, (aft__item){seat->served, 0, number});
}

/* Of those with a free hand who got one least recently takes the next. Whoever has another hand free then
 * stands behind all others. */
static bool take_turns(aft__day *day) {
  bool any = false;
  day->turns.n = 0;
  for (uint32_t i = 0; i < day->n_seats; i++)
    note_turn(day, i);
  while (day->turns.n && day->waiting && !day->failed) {
    uint32_t seat = aft__heap_pop(&day->turns).id, ticket = smallest(day, seat, false);
    if (ticket == AFT__NOBODY)
      continue;
    give(day, seat, ticket);
    note_turn(day, seat);
    any = true;
  }
  return any;
}

/* An agent who has no room any more opens the lane of its own customers to others. */
void aft__day_serve(aft__day *day) {
  give_to_freed(day);
  give_fresh(day);
  while (day->waiting && !day->failed && take_turns(day))
    ;
}
