/* The call: an input checked, a day played, a result that owns what it hands out. */
#include "simulate/simulate.h"

#define SIMULATION_V1 (offsetof(aft_simulation_in, until) + sizeof(aft_time))
#define MOST_EXPLAIN  64u

typedef struct asked {
  const aft_policy *policy;
  const aft_demand *demand;
  aft_simulation_in in;
  aft__arena arena;
  aft__crew crew;
  aft__lanes lanes;
  aft__opinions opinions;
} asked;

/* ---- the input ---- */

static aft_status take_permille(uint32_t given, uint32_t absent, const char *where, uint32_t *out,
                                aft_error *error) {
  *out = given ? given : absent;
  return given <= 1000 ? AFT_OK
                       : aft__error(error, AFT_E_INVALID, where, "expected 0 to 1000, found %u", given);
}

static aft_status check_numbers(asked *a, aft_error *error) {
  const aft_simulation_in *in = &a->in;
  if (in->order > AFT_NEXT_FIRST_COME)
    return aft__error(error, AFT_E_INVALID, "simulation.order", "expected AFT_NEXT_…, found %u", in->order);
  if (in->n_explain > MOST_EXPLAIN)
    return aft__error(error, AFT_E_TOO_LARGE, "simulation.explain", "expected at most %u, found %zu",
                      MOST_EXPLAIN, in->n_explain);
  if (in->n_explain && !in->explain)
    return aft__error(error, AFT_E_INVALID, "simulation.explain", "the array is NULL but counts %zu",
                      in->n_explain);
  AFT__TRY(take_permille(in->answers, 250, "simulation.answers", &a->opinions.answers, error));
  AFT__TRY(take_permille(in->content, 900, "simulation.content", &a->opinions.content, error));
  AFT__TRY(take_permille(in->content_late, 300, "simulation.content_late", &a->opinions.content_late, error));
  if (a->opinions.content_late > a->opinions.content)
    return aft__error(error, AFT_E_INVALID, "simulation.content_late",
                      "expected at most content, %u, found %u", a->opinions.content,
                      a->opinions.content_late);
  return AFT_OK;
}

/* With nobody who has shifts the demand's own end is the day's. */
static aft_status set_end(asked *a, aft_error *error) {
  aft_time last = a->demand->until;
  for (uint32_t i = 0; i < a->crew.n; i++) {
    const aft__worker *worker = &a->crew.list[i];
    aft_time end = worker->n_shifts ? worker->shifts[worker->n_shifts - 1].until : 0;
    last = end > last ? end : last;
  }
  if (a->in.until && (a->in.until <= a->demand->from || a->in.until > a->demand->until + AFT__MOST_SPAN))
    return aft__error(error, AFT_E_INVALID, "simulation.until",
                      "expected a time within 92 days of the demand");
  a->in.until = a->in.until ? a->in.until : last;
  return AFT_OK;
}

static aft_status take(asked *a, const aft_simulation_in *given, aft_error *error) {
  AFT__TRY(aft__abi_copy(&a->in, sizeof a->in, given, SIMULATION_V1, "aft_simulation_in", error));
  AFT__TRY(check_numbers(a, error));
  if (a->in.n_agents)
    AFT__TRY(aft__crew_take(a->policy, &a->in, &a->arena, &a->crew, error));
  else
    a->crew = a->demand->crew;
  AFT__TRY(aft__crew_extend(&a->crew, a->in.extra_agents, a->in.extra_like, &a->arena, error));
  AFT__TRY(aft__crew_check(&a->crew, a->demand->from, a->demand->until, error));
  return set_end(a, error);
}

/* ---- the result ---- */

static aft_status name_tiers(const asked *a, aft_simulated *out, aft_error *error) {
  aft_str *names = aft__arena_alloc(&out->arena, ((size_t)a->demand->n_tiers + 1) * sizeof *names);
  if (!names)
    return aft__nomem(error);
  for (; out->n_tiers < a->demand->n_tiers; out->n_tiers++) {
    aft_str *name = &names[out->n_tiers];
    *name = a->demand->tiers[out->n_tiers];
    AFT__TRY(aft__arena_keep(&out->arena, &name, 1, error));
  }
  out->tiers = names;
  return AFT_OK;
}

static aft_status name_crew(const asked *a, aft_simulated *out, aft_error *error) {
  aft_str *names = aft__arena_alloc(&out->arena, ((size_t)a->crew.n + 1) * sizeof *names);
  if (!names)
    return aft__nomem(error);
  for (; out->n_agents < a->crew.n; out->n_agents++) {
    aft_str *name = &names[out->n_agents];
    *name = a->crew.list[out->n_agents].name;
    AFT__TRY(aft__arena_keep(&out->arena, &name, 1, error));
  }
  out->agents = names;
  return AFT_OK;
}

static aft_status name_ticket(const asked *a, uint32_t ticket, aft__arena *arena, aft__named *to,
                              aft_error *error) {
  uint32_t number = a->demand->list[ticket].kind;
  const aft__matter *kind = &a->demand->kinds[number];
  const aft__sorted *sorted = &a->lanes.sorted[number];
  *to = (aft__named){kind->tier,    kind->category, kind->topic,   sorted->priority,
                     sorted->queue, kind->channel,  kind->language};
  aft_str *const parts[] = {&to->tier,  &to->category, &to->topic,   &to->priority,
                            &to->queue, &to->channel,  &to->language};
  return aft__arena_keep(arena, parts, AFT__COUNT(parts), error);
}

static aft_status name_choices(const asked *a, aft_simulated *out, aft_error *error) {
  out->named = aft__arena_alloc(&out->arena, out->run.n_choices * sizeof *out->named);
  if (!out->named)
    return aft__nomem(error);
  for (uint32_t i = 0; i < out->run.n_choices; i++)
    for (uint32_t k = 0; k < out->run.choices[i].n; k++)
      AFT__TRY(name_ticket(a, out->run.choices[i].list[k].ticket, &out->arena, &out->named[i][k], error));
  return AFT_OK;
}

static aft_status play(asked *a, aft_simulated *out, aft_error *error) {
  aft__rules rules = {a->in.order, a->in.until, a->in.explain, (uint32_t)a->in.n_explain};
  out->order = a->in.order;
  out->until = a->in.until;
  AFT__TRY(name_tiers(a, out, error));
  AFT__TRY(name_crew(a, out, error));
  AFT__TRY(aft__play(&a->lanes, &a->crew, &rules, &out->run, error));
  AFT__TRY(aft__figures(&a->lanes, &a->opinions, out, error));
  return name_choices(a, out, error);
}

static aft_status run(asked *a, const aft_simulation_in *in, aft_simulated *out, aft_error *error) {
  AFT__TRY(take(a, in, error));
  aft_status status = aft__lanes_make(a->policy, a->demand, &a->crew, &a->arena, &a->lanes, error);
  if (status >= 0)
    status = play(a, out, error);
  aft__lanes_done(&a->lanes);
  return status;
}

aft_status aft_simulate(const aft_policy *policy, const aft_demand *demand, const aft_simulation_in *in,
                        aft_simulated **out, aft_error *error) {
  if (!policy || !demand || !in || !out)
    return aft__error(error, AFT_E_NULL_HANDLE,
                      !policy   ? "policy"
                      : !demand ? "demand"
                      : !in     ? "in"
                                : "out",
                      "expected a handle, found NULL");
  asked a = {.policy = policy, .demand = demand};
  aft_simulated *made = aft__zalloc(demand->env, sizeof *made);
  if (!made)
    return aft__nomem(error);
  made->env = aft_env_ref(demand->env);
  aft__arena_init(&made->arena, made->env);
  aft__arena_init(&a.arena, made->env);
  aft_status status = run(&a, in, made, error);
  aft__arena_done(&a.arena);
  if (status < 0)
    aft_simulated_free(made);
  else
    *out = made;
  return status;
}

void aft_simulated_free(aft_simulated *simulated) {
  if (!simulated)
    return;
  aft_env *env = simulated->env;
  aft__run_done(&simulated->run, env);
  aft__arena_done(&simulated->arena);
  aft__release(env, simulated, sizeof *simulated);
  aft_env_unref(env);
}

int64_t aft_simulated_number(const aft_simulated *simulated, const char *tier, uint32_t field) {
  if (!simulated || field >= AFT__FIGURES)
    return 0;
  if (!tier)
    return simulated->figures[0][field];
  for (uint32_t i = 0; i < simulated->n_tiers; i++)
    if (aft__str_eq(simulated->tiers[i], aft__cstr(tier)))
      return simulated->figures[1 + i][field];
  return 0;
}
