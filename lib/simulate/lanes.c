/* How the desk sorts each kind of ticket: priority, queue and lane, and which worker may take what. */
#include "simulate/simulate.h"

#define MOST_LANES 4096u /* as many as a claim looks at */

/* ---- sorting ---- */

static void facts_of(const aft__lanes *lanes, uint32_t number, aft__facts *facts) {
  const aft__matter *kind = &lanes->demand->kinds[number];
  const aft__sorted *sorted = &lanes->sorted[number];
  memset(facts, 0, sizeof *facts);
  facts->text[AFT__FACT_CATEGORY] = kind->category;
  facts->text[AFT__FACT_TOPIC] = kind->topic;
  facts->text[AFT__FACT_TIER] = kind->tier;
  facts->text[AFT__FACT_CHANNEL] = kind->channel;
  facts->text[AFT__FACT_LANGUAGE] = kind->language;
  facts->text[AFT__FACT_COMPLAINT] = aft__cstr("none");
  facts->text[AFT__FACT_PRIORITY] = sorted->priority;
  facts->text[AFT__FACT_QUEUE] = sorted->queue;
  facts->number[AFT__FACT_TONE] = kind->tone;
}

static void decide(aft__lanes *lanes, uint32_t number) {
  const aft__matter *kind = &lanes->demand->kinds[number];
  aft__sorted *sorted = &lanes->sorted[number];
  aft__facts facts;
  aft__priority priority;
  facts_of(lanes, number, &facts);
  if (!aft__policy_priority_find(lanes->policy, kind->priority, &priority))
    aft__policy_priority(lanes->policy, &facts, &priority, NULL);
  sorted->priority = priority.name;
  facts.text[AFT__FACT_PRIORITY] = priority.name;
  bool told = kind->queue.len && aft__policy_queue_rank(lanes->policy, kind->queue) >= 0;
  sorted->queue = told ? kind->queue : aft__policy_queue(lanes->policy, &facts, NULL);
}

void aft__lanes_owed(const aft__lanes *lanes, uint32_t kind, aft__sla sla, aft_time began, aft__facts *facts,
                     aft__owed *out) {
  *out = (aft__owed){.priority = lanes->sorted[kind].priority,
                     .sla = sla,
                     .began = began,
                     .tier = lanes->demand->kinds[kind].tier};
  if (!lanes->asks)
    return;
  facts_of(lanes, kind, facts);
  out->facts = facts;
}

/* ---- lanes ---- */

typedef struct making {
  aft__lanes *lanes;
  const aft__crew *crew;
  aft__arena *arena;
  aft__map channels;
} making;

static uint32_t own_agent(const making *m, aft_str tier) {
  aft_str name = aft__policy_tier_agent(m->lanes->policy, tier);
  for (uint32_t i = 0; name.len && i < m->crew->n; i++)
    if (aft__str_eq(m->crew->list[i].name, name))
      return i;
  return AFT__NOBODY;
}

static aft_status skills_of(const making *m, aft_str queue, aft_str *out, aft_error *error) {
  aft__buf buf;
  aft__buf_init(&buf, m->arena->env);
  aft__policy_queue_skills(m->lanes->policy, queue, &buf);
  *out = buf.failed ? (aft_str){0} : aft__arena_dup(m->arena, aft__buf_view(&buf));
  aft__buf_done(&buf);
  return out->data ? AFT_OK : aft__nomem(error);
}

static bool same_lane(const aft__lane *a, const aft__lane *b) {
  return a->own == b->own && a->channel_number == b->channel_number && aft__str_eq(a->queue, b->queue) &&
         aft__str_eq(a->language, b->language) && aft__str_eq(a->skills, b->skills);
}

static aft_status lane_of(making *m, uint32_t number, aft_error *error) {
  aft__lanes *lanes = m->lanes;
  const aft__matter *kind = &lanes->demand->kinds[number];
  aft__sorted *sorted = &lanes->sorted[number];
  aft__assign then;
  if (aft__map_put(&m->channels, kind->channel, lanes->n_channels, &sorted->channel) < 0)
    return aft__nomem(error);
  lanes->n_channels += sorted->channel == lanes->n_channels;
  aft__lane lane = {.queue = sorted->queue,
                    .channel = kind->channel,
                    .language = kind->language,
                    .channel_number = sorted->channel,
                    .own = own_agent(m, kind->tier)};
  AFT__TRY(skills_of(m, lane.queue, &lane.skills, error));
  lane.assign = aft__policy_assign(lanes->policy, lane.queue, &then);
  if (lane.assign == AFT__ASSIGN_STICKY)
    lane.assign = then; /* nobody who comes was here before */
  for (sorted->lane = 0; sorted->lane < lanes->n; sorted->lane++)
    if (same_lane(&lanes->list[sorted->lane], &lane))
      return AFT_OK;
  if (lanes->n == MOST_LANES)
    return aft__error(error, AFT_E_TOO_LARGE, "simulation", "expected at most %u lanes, found one more",
                      MOST_LANES);
  lanes->list[lanes->n++] = lane;
  return AFT_OK;
}

static aft_status match(making *m, aft_error *error) {
  aft__lanes *lanes = m->lanes;
  lanes->takes = aft__arena_alloc(m->arena, (size_t)m->crew->n * lanes->n + 1);
  if (!lanes->takes)
    return aft__nomem(error);
  for (uint32_t i = 0; i < m->crew->n; i++)
    for (uint32_t k = 0; k < lanes->n; k++) {
      const aft__lane *lane = &lanes->list[k];
      const aft__taker *taker = &m->crew->list[i].taker;
      lanes->takes[(size_t)i * lanes->n + k] =
          aft__policy_speaks(taker, lane->language) &&
          aft__policy_takes(lanes->policy, taker, lane->queue, lane->skills);
    }
  return AFT_OK;
}

static aft_status make(making *m, aft_error *error) {
  aft__lanes *lanes = m->lanes;
  uint32_t n = lanes->demand->n_kinds;
  lanes->sorted = aft__arena_alloc(m->arena, ((size_t)n + 1) * sizeof *lanes->sorted);
  lanes->list =
      aft__arena_alloc(m->arena, ((size_t)(n < MOST_LANES ? n : MOST_LANES) + 1) * sizeof *lanes->list);
  if (!lanes->sorted || !lanes->list)
    return aft__nomem(error);
  for (uint32_t i = 0; i < n; i++) {
    decide(lanes, i);
    AFT__TRY(lane_of(m, i, error));
  }
  return match(m, error);
}

aft_status aft__lanes_make(const aft_policy *policy, const aft_demand *demand, const aft__crew *crew,
                           aft__arena *arena, aft__lanes *out, aft_error *error) {
  making m = {.lanes = out, .crew = crew, .arena = arena};
  *out = (aft__lanes){.policy = policy, .demand = demand, .asks = aft__policy_levels_ask(policy)};
  aft__map_init(&m.channels, arena->env);
  aft_status status = make(&m, error);
  aft__map_done(&m.channels);
  return status;
}

void aft__lanes_done(aft__lanes *lanes) {
  for (uint32_t i = 0; i < lanes->n; i++)
    aft__heap_done(&lanes->list[i].heap, lanes->demand->env);
}
