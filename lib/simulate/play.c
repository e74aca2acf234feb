/* One day, event by event: what happens at one moment happens first, then tickets find their agents. */
#include "simulate/play_priv.h"

static aft__played *played_of(const aft__day *day, uint32_t ticket) { return &day->run->played[ticket]; }

static const aft__exchange *piece_of(const aft__day *day, uint32_t ticket) {
  return &day->demand->pieces[day->demand->list[ticket].first + played_of(day, ticket)->piece];
}

static void push(aft__day *day, aft__heap *heap, aft__item item) {
  day->failed |= !aft__heap_push(heap, day->env, item);
}

void aft__day_event(aft__day *day, aft_time at, aft__happening what, uint32_t id) {
  push(day, &day->events, (aft__item){at, what, id});
}

int64_t aft__day_key(const aft__day *day, uint32_t ticket) {
  const aft__played *p = played_of(day, ticket);
  return day->rules->order == AFT_NEXT_FIRST_COME ? p->asked : p->place;
}

/* ---- the hours ---- */

static aft__hour *hour_of(const aft__day *day, aft_time at) {
  int64_t n = (at - day->run->from) / AFT__HOUR;
  if (n < 0)
    n = 0;
  return &day->run->hours[n < day->run->n_hours ? n : day->run->n_hours - 1];
}

static void count_until(aft__day *day, aft_time at) {
  aft_time end = at < day->rules->until ? at : day->rules->until;
  while (day->now < end) {
    aft__hour *hour = hour_of(day, day->now);
    aft_time turn = day->run->from + (hour - day->run->hours + 1) * AFT__HOUR;
    aft_time stop = turn > day->now && turn < end ? turn : end;
    hour->waiting_ms += (int64_t)day->waiting * (stop - day->now);
    hour->staffed_ms += (int64_t)day->n_there * (stop - day->now);
    hour->most = hour->most > day->waiting ? hour->most : day->waiting;
    day->now = stop;
  }
  day->now = at;
}

static void note_waiting(aft__day *day) {
  aft__hour *hour = hour_of(day, day->now);
  hour->most = hour->most > day->waiting ? hour->most : day->waiting;
  if (day->waiting > day->run->most_waiting)
    day->run->most_waiting = day->waiting;
}

/* ---- what a ticket owes ---- */

/* The clock that runs says since when and how long: as the desk's tickets do, see
 * lib/desk/ticket/ticket_clock.c. */
static void owe(aft__day *day, uint32_t ticket, aft__sla sla) {
  const aft__arrival *arrival = &day->demand->list[ticket];
  aft__played *p = played_of(day, ticket);
  aft__facts facts;
  aft__owed owed;
  p->asked = day->now;
  p->since = day->now;
  aft__lanes_owed(day->lanes, arrival->kind, sla, day->now, &facts, &owed);
  p->due = aft__policy_due(day->lanes->policy, &owed, NULL);
  bool runs = p->due != AFT_TIME_NONE;
  if (!runs) {
    p->since = arrival->at;
    owed.sla = AFT__SLA_RESOLUTION;
    owed.began = arrival->at;
    runs = aft__policy_due(day->lanes->policy, &owed, NULL) != AFT_TIME_NONE;
  }
  p->place = aft__policy_place(day->lanes->policy, runs ? &owed : NULL, p->since);
}

void aft__day_enter(aft__day *day, uint32_t ticket) {
  uint32_t number = day->lanes->sorted[day->demand->list[ticket].kind].lane;
  aft__lane *lane = &day->lanes->list[number];
  played_of(day, ticket)->state = AFT__STAGE_LANE;
  push(day, &lane->heap, (aft__item){aft__day_key(day, ticket), 0, ticket});
  lane->waiting++;
  day->waiting++;
  if (lane->assign != AFT__ASSIGN_CLAIM)
    push(day, &day->fresh, (aft__item){ticket, 0, ticket});
  if (lane->own != AFT__NOBODY && played_of(day, ticket)->place > day->now)
    aft__day_event(day, played_of(day, ticket)->place, AFT__HAPPENS_OPENS, ticket);
}

static void open_to_all(aft__day *day, uint32_t ticket) {
  const aft__lane *lane = &day->lanes->list[day->lanes->sorted[day->demand->list[ticket].kind].lane];
  if (played_of(day, ticket)->state == AFT__STAGE_LANE && lane->assign != AFT__ASSIGN_CLAIM)
    push(day, &day->fresh, (aft__item){ticket, 0, ticket});
}

static void arrive(aft__day *day, uint32_t ticket) {
  const aft__arrival *arrival = &day->demand->list[ticket];
  aft__played *p = played_of(day, ticket);
  owe(day, ticket, AFT__SLA_FIRST_RESPONSE);
  p->first_due = p->due;
  p->allowed_ms = p->due == AFT_TIME_NONE ? -1 : p->place - p->since;
  hour_of(day, day->now)->arrived++;
  aft__day_enter(day, ticket);
  if (arrival->patience_ms >= 0)
    aft__day_event(day, arrival->at + arrival->patience_ms, AFT__HAPPENS_GIVES_UP, ticket);
  if (++day->next < day->demand->n)
    aft__day_event(day, day->demand->list[day->next].at, AFT__HAPPENS_ARRIVES, day->next);
}

/* Only a customer whom nobody has taken up yet gives up. */
static void give_up(aft__day *day, uint32_t ticket) {
  aft__played *p = played_of(day, ticket);
  if (p->state != AFT__STAGE_LANE || p->claimed != AFT_TIME_NONE)
    return;
  p->state = AFT__STAGE_GONE;
  day->lanes->list[day->lanes->sorted[day->demand->list[ticket].kind].lane].waiting--;
  day->waiting--;
}

/* ---- work ---- */

void aft__day_begin(aft__day *day, uint32_t ticket) {
  day->seats[played_of(day, ticket)->agent].working++;
  aft__day_event(day, day->now + piece_of(day, ticket)->work_ms, AFT__HAPPENS_ANSWER, ticket);
}

static uint32_t channel_of(const aft__day *day, uint32_t ticket) {
  return day->lanes->sorted[day->demand->list[ticket].kind].channel;
}

static void next_own(aft__day *day, aft__seat *seat) {
  while (seat->there && seat->own.n && seat->working < seat->who->hands)
    aft__day_begin(day, aft__heap_pop(&seat->own).id);
}

static void count_answer(aft__day *day, aft__played *p) {
  bool late = p->due != AFT_TIME_NONE && day->now > p->due;
  aft__hour *hour = hour_of(day, day->now);
  if (p->answered != AFT_TIME_NONE) {
    p->further++;
    p->further_late += late;
    return;
  }
  p->answered = day->now;
  hour->answered++;
  hour->late += late;
}

/* A hand that finishes after the end of the shift has worked on for so long. */
static void count_work(aft__day *day, const aft__seat *seat, int64_t ms) {
  int64_t over = seat->there ? 0 : day->now - seat->went;
  day->run->busy_ms += ms;
  day->run->staffed_ms += over;
}

static void answer(aft__day *day, uint32_t ticket) {
  aft__played *p = played_of(day, ticket);
  aft__seat *seat = &day->seats[p->agent];
  count_work(day, seat, piece_of(day, ticket)->work_ms);
  count_answer(day, p);
  seat->working--;
  seat->load--;
  seat->load_of[channel_of(day, ticket)]--;
  seat->idle = day->now;
  seat->freed = day->freed = true;
  p->left = seat->left;
  p->state = AFT__STAGE_REST;
  if (++p->piece < day->demand->list[ticket].pieces)
    aft__day_event(day, day->now + piece_of(day, ticket)->gap_ms, AFT__HAPPENS_FURTHER, ticket);
  else
    p->state = AFT__STAGE_GONE;
  next_own(day, seat);
}

/* It is its agent's, unless that one has gone, or gave everything back. */
static void write_again(aft__day *day, uint32_t ticket) {
  aft__played *p = played_of(day, ticket);
  aft__seat *seat = &day->seats[p->agent];
  owe(day, ticket, AFT__SLA_NEXT_RESPONSE);
  bool gone = !seat->there && day->routing.hand_back != AFT__HAND_BACK_NEVER;
  if (gone || (day->routing.hand_back == AFT__HAND_BACK_ALL && seat->left != p->left)) {
    aft__day_enter(day, ticket);
    return;
  }
  p->state = AFT__STAGE_HELD;
  seat->load++;
  seat->load_of[channel_of(day, ticket)]++;
  push(day, &seat->own, (aft__item){aft__day_key(day, ticket), 0, ticket});
  next_own(day, seat);
}

/* ---- coming and going ---- */

static void come(aft__day *day, aft__seat *seat) {
  seat->there = seat->freed = day->freed = true;
  seat->idle = day->now;
  day->n_there++;
  next_own(day, seat);
}

/* What is in hand is finished; the rest goes back at the place that it had. */
static void go(aft__day *day, aft__seat *seat) {
  seat->there = false;
  seat->left++;
  seat->went = day->now;
  day->n_there--;
  while (seat->own.n && day->routing.hand_back != AFT__HAND_BACK_NEVER) {
    uint32_t ticket = aft__heap_pop(&seat->own).id;
    seat->load--;
    seat->load_of[channel_of(day, ticket)]--;
    aft__day_enter(day, ticket);
  }
}

/* ---- the day ---- */

static void happen(aft__day *day, aft__item what) {
  switch ((aft__happening)what.rank) {
  case AFT__HAPPENS_ANSWER:
    answer(day, what.id);
    break;
  case AFT__HAPPENS_GIVES_UP:
    give_up(day, what.id);
    break;
  case AFT__HAPPENS_FURTHER:
    write_again(day, what.id);
    break;
  case AFT__HAPPENS_ARRIVES:
    arrive(day, what.id);
    break;
  case AFT__HAPPENS_GOES:
    go(day, &day->seats[what.id]);
    break;
  case AFT__HAPPENS_COMES:
    come(day, &day->seats[what.id]);
    break;
  case AFT__HAPPENS_MAY_MORE:
    day->seats[what.id].freed = day->freed = true;
    break;
  case AFT__HAPPENS_OPENS:
    open_to_all(day, what.id);
    break;
  default:
    break;
  }
}

/* When the day is over, what is in hand is finished. */
static void run_all(aft__day *day) {
  while (day->events.n && !day->failed) {
    aft_time at = day->events.items[0].key;
    bool over = at > day->rules->until;
    count_until(day, at);
    while (day->events.n && day->events.items[0].key == at && !day->failed) {
      aft__item what = aft__heap_pop(&day->events);
      if (!over || what.rank == AFT__HAPPENS_ANSWER)
        happen(day, what);
    }
    if (over)
      continue;
    aft__day_serve(day);
    note_waiting(day);
  }
  count_until(day, day->now > day->rules->until ? day->now : day->rules->until);
}

static void set_capacities(aft__day *day, aft__seat *seat) {
  for (uint32_t i = 0; i < day->lanes->n_channels; i++)
    seat->most_of[i] = -1;
  for (uint32_t i = 0; i < day->lanes->n; i++) {
    aft_str words = seat->who->capacities, channel;
    int64_t most;
    while (aft__capacities_next(&words, &channel, &most))
      if (aft__str_eq(channel, day->lanes->list[i].channel))
        seat->most_of[day->lanes->list[i].channel_number] = most;
  }
}

static void set_shifts(aft__day *day, uint32_t number) {
  const aft__worker *who = day->seats[number].who;
  for (uint32_t i = 0; i < who->n_shifts; i++) {
    aft_time until = who->shifts[i].until < day->rules->until ? who->shifts[i].until : day->rules->until;
    if (until <= who->shifts[i].from)
      continue;
    aft__day_event(day, who->shifts[i].from, AFT__HAPPENS_COMES, number);
    aft__day_event(day, until, AFT__HAPPENS_GOES, number);
    day->run->staffed_ms += (until - who->shifts[i].from) * who->hands;
  }
}

static aft_status seat_all(aft__day *day, const aft__crew *crew, aft_error *error) {
  size_t channels = (size_t)day->lanes->n_channels + 1;
  day->seats = aft__arena_alloc(&day->arena, (crew->n + 1) * sizeof *day->seats);
  if (!day->seats)
    return aft__nomem(error);
  for (; day->n_seats < crew->n; day->n_seats++) {
    aft__seat *seat = &day->seats[day->n_seats];
    *seat = (aft__seat){.who = &crew->list[day->n_seats], .rate_from = AFT_TIME_NONE};
    seat->load_of = aft__arena_alloc(&day->arena, channels * sizeof *seat->load_of);
    seat->most_of = aft__arena_alloc(&day->arena, channels * sizeof *seat->most_of);
    if (!seat->load_of || !seat->most_of)
      return aft__nomem(error);
    set_capacities(day, seat);
    set_shifts(day, day->n_seats);
  }
  return day->failed ? aft__nomem(error) : AFT_OK;
}

static aft_status set_out(aft__day *day, const aft__crew *crew, aft_error *error) {
  aft__run *run = day->run;
  const aft_demand *demand = day->demand;
  run->from = demand->from;
  for (uint32_t i = 0; i < crew->n; i++)
    if (crew->list[i].n_shifts && crew->list[i].shifts[0].from < run->from)
      run->from = crew->list[i].shifts[0].from;
  int64_t span = day->rules->until > run->from ? day->rules->until - run->from : 1;
  run->n_hours = (uint32_t)((span + AFT__HOUR - 1) / AFT__HOUR);
  run->n_played = demand->n;
  run->n_choices = AFT__CHOICE_ASKED + day->rules->n_explain;
  run->hours = aft__zalloc(day->env, run->n_hours * sizeof *run->hours);
  run->choices = aft__zalloc(day->env, run->n_choices * sizeof *run->choices);
  run->played = aft__zalloc(day->env, ((size_t)demand->n + 1) * sizeof *run->played);
  if (!run->hours || !run->choices || !run->played)
    return aft__nomem(error);
  for (uint32_t i = 0; i < demand->n; i++)
    run->played[i] = (aft__played){.claimed = AFT_TIME_NONE,
                                   .answered = AFT_TIME_NONE,
                                   .first_due = AFT_TIME_NONE,
                                   .due = AFT_TIME_NONE,
                                   .allowed_ms = -1,
                                   .claim = AFT__NOBODY,
                                   .agent = AFT__NOBODY};
  day->now = run->from;
  if (demand->n)
    aft__day_event(day, demand->list[0].at, AFT__HAPPENS_ARRIVES, 0);
  return seat_all(day, crew, error);
}

aft_status aft__play(aft__lanes *lanes, const aft__crew *crew, const aft__rules *rules, aft__run *run,
                     aft_error *error) {
  aft__day day = {.lanes = lanes, .demand = lanes->demand, .rules = rules, .run = run};
  day.env = lanes->demand->env;
  aft__arena_init(&day.arena, day.env);
  aft__policy_routing_of(lanes->policy, &day.routing);
  day.pushes = aft__policy_pushes(lanes->policy);
  aft_status status = set_out(&day, crew, error);
  if (status >= 0)
    run_all(&day);
  if (status >= 0 && day.failed)
    status = aft__nomem(error);
  for (uint32_t i = 0; i < day.n_seats; i++)
    aft__heap_done(&day.seats[i].own, day.env);
  aft__heap_done(&day.events, day.env);
  aft__heap_done(&day.fresh, day.env);
  aft__heap_done(&day.turns, day.env);
  aft__arena_done(&day.arena);
  return status;
}

void aft__run_done(aft__run *run, const aft_env *env) {
  aft__release(env, run->played, ((size_t)run->n_played + 1) * sizeof *run->played);
  aft__release(env, run->hours, run->n_hours * sizeof *run->hours);
  aft__release(env, run->choices, run->n_choices * sizeof *run->choices);
  *run = (aft__run){0};
}
