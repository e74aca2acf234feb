/* What a day adds up to, for all and by tier. */
#include "simulate/simulate.h"

#include <stdlib.h>

typedef struct counting {
  const aft__lanes *lanes;
  const aft__opinions *opinions;
  aft_simulated *out;
  aft__policy_survey survey;
  int64_t *waits;
} counting;

/* ---- surveys ---- */

/* Content in a share of those who were answered in time; the share falls evenly to that of those who were
 * answered as late again as twice what they were allowed to wait. */
static uint32_t content_of(const counting *c, const aft__played *p) {
  int64_t in_time = c->opinions->content, fall = in_time - c->opinions->content_late;
  int64_t late = p->allowed_ms < 0 ? 0 : p->answered - p->first_due, most = 2 * p->allowed_ms;
  if (late <= 0)
    return (uint32_t)in_time;
  return (uint32_t)(late >= most ? c->opinions->content_late : in_time - fall * late / most);
}

static bool draws(const counting *c, uint32_t ticket, aft__draw purpose, uint32_t permille) {
  const aft_demand *demand = c->lanes->demand;
  return aft__chance_below(aft__chance(demand->seed, demand->list[ticket].id, purpose, 0), 1000) < permille;
}

static void count_survey(const counting *c, uint32_t ticket, const aft__played *p, int64_t *to) {
  if (!c->survey.enabled || !draws(c, ticket, AFT__DRAW_ASKED, (uint32_t)c->survey.sample))
    return;
  to[AFT_SIMULATED_ASKED]++;
  if (!draws(c, ticket, AFT__DRAW_REPLY, c->opinions->answers))
    return;
  to[AFT_SIMULATED_REPLIES]++;
  to[AFT_SIMULATED_CONTENT] += draws(c, ticket, AFT__DRAW_CONTENT, content_of(c, p));
}

/* ---- one ticket ---- */

static void count_ticket(const counting *c, uint32_t ticket, int64_t *to) {
  const aft__played *p = &c->out->run.played[ticket];
  bool answered = p->answered != AFT_TIME_NONE, owed = p->allowed_ms >= 0;
  bool waits = !answered && p->state != AFT__STAGE_GONE;
  if (c->lanes->demand->list[ticket].at > c->out->until)
    return;
  to[AFT_SIMULATED_TICKETS]++;
  to[AFT_SIMULATED_ANSWERED] += answered;
  to[AFT_SIMULATED_UNANSWERED] += waits;
  to[AFT_SIMULATED_ABANDONED] += !answered && !waits;
  to[AFT_SIMULATED_OWED] += owed;
  to[AFT_SIMULATED_IN_TIME] += owed && answered && p->answered <= p->first_due;
  to[AFT_SIMULATED_BREACHES] +=
      owed && (answered ? p->answered > p->first_due : waits && p->first_due <= c->out->until);
  to[AFT_SIMULATED_FURTHER] += p->further;
  to[AFT_SIMULATED_FURTHER_LATE] += p->further_late;
  if (answered)
    count_survey(c, ticket, p, to);
}

/* ---- waits ---- */

static int by_size(const void *a, const void *b) {
  const int64_t *x = a, *y = b;
  return *x < *y ? -1 : *x > *y;
}

static int64_t rank(const int64_t *waits, uint32_t n, uint32_t percent) {
  return waits[((uint64_t)n * percent + 99) / 100 - 1];
}

static void count_waits(const counting *c, uint32_t tier, int64_t *to) {
  const aft_demand *demand = c->lanes->demand;
  uint32_t n = 0;
  int64_t sum = 0;
  for (uint32_t i = 0; i < demand->n; i++) {
    const aft__played *p = &c->out->run.played[i];
    bool one = tier == AFT__NOBODY || demand->kinds[demand->list[i].kind].tier_number == tier;
    if (!one || p->answered == AFT_TIME_NONE)
      continue;
    c->waits[n] = p->answered - demand->list[i].at;
    sum += c->waits[n++];
  }
  if (!n)
    return;
  qsort(c->waits, n, sizeof *c->waits, by_size);
  to[AFT_SIMULATED_MEAN] = sum / n;
  to[AFT_SIMULATED_P50] = rank(c->waits, n, 50);
  to[AFT_SIMULATED_P90] = rank(c->waits, n, 90);
  to[AFT_SIMULATED_P99] = rank(c->waits, n, 99);
  to[AFT_SIMULATED_MOST] = c->waits[n - 1];
}

static void finish(const counting *c, uint32_t group) {
  int64_t *to = c->out->figures[group];
  count_waits(c, group ? group - 1 : AFT__NOBODY, to);
  if (to[AFT_SIMULATED_OWED])
    to[AFT_SIMULATED_WITHIN] = to[AFT_SIMULATED_IN_TIME] * 1000 / to[AFT_SIMULATED_OWED];
}

static void count_all(const counting *c) {
  const aft_demand *demand = c->lanes->demand;
  const aft__run *run = &c->out->run;
  for (uint32_t i = 0; i < demand->n; i++) {
    count_ticket(c, i, c->out->figures[0]);
    count_ticket(c, i, c->out->figures[1 + demand->kinds[demand->list[i].kind].tier_number]);
  }
  for (uint32_t i = 0; i <= c->out->n_tiers; i++)
    finish(c, i);
  int64_t *all = c->out->figures[0];
  all[AFT_SIMULATED_AGENTS] = c->out->n_agents;
  all[AFT_SIMULATED_MOST_WAITING] = run->most_waiting;
  all[AFT_SIMULATED_UTILISATION] =
      run->staffed_ms > 0 ? (int64_t)((double)run->busy_ms * 1000 / (double)run->staffed_ms) : 0;
}

aft_status aft__figures(const aft__lanes *lanes, const aft__opinions *opinions, aft_simulated *out,
                        aft_error *error) {
  counting c = {.lanes = lanes, .opinions = opinions, .out = out};
  size_t room = ((size_t)lanes->demand->n + 1) * sizeof *c.waits;
  aft__policy_survey_find(lanes->policy, (aft_str){0}, &c.survey);
  out->figures = aft__arena_alloc(&out->arena, (out->n_tiers + 1) * sizeof *out->figures);
  c.waits = aft__alloc(out->env, room);
  if (out->figures && c.waits)
    count_all(&c);
  bool failed = !out->figures || !c.waits;
  aft__release(out->env, c.waits, room);
  return failed ? aft__nomem(error) : AFT_OK;
}
