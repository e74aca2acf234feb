/* A crew: who works when, and on what. */
#include "simulate/simulate.h"

#define SIMULATION_WORKER_V1 (offsetof(aft_worker_in, reserved0) + sizeof(uint32_t))
#define SPAN_V1              (offsetof(aft_span_in, until) + sizeof(aft_time))
#define MOST_HANDS           1000u
#define MOST_CAPACITY        1000000

static aft_status take_words(const aft_policy *policy, const aft_worker_in *in, aft__worker *to,
                             aft__arena *arena, aft_error *error) {
  const struct {
    aft_str given;
    aft_str *to;
    bool shares;
    const char *where;
  } words[] = {{in->languages, &to->taker.languages, false, "simulation.agents.languages"},
               {in->skills, &to->taker.skills, false, "simulation.agents.skills"},
               {in->teams, &to->taker.teams, false, "simulation.agents.teams"},
               {in->capacities, &to->capacities, true, "simulation.agents.capacities"}};
  aft_str rest, word;
  for (size_t i = 0; i < AFT__COUNT(words); i++) {
    *words[i].to = words[i].given;
    AFT__TRY(aft__in_words(words[i].to, words[i].shares, words[i].where, error));
    AFT__TRY(aft__arena_keep(arena, &words[i].to, 1, error));
  }
  for (rest = to->taker.teams; aft__words_next(&rest, &word);)
    if (!aft__policy_team_find(policy, word))
      return aft__error(error, AFT_E_INVALID, "simulation.agents.teams", "the policy has no team '%.*s'",
                        (int)word.len, word.data);
  return AFT_OK;
}

/* One that begins as the one before ends goes on with it: nobody leaves between them. */
void aft__span_add(aft__span *list, uint32_t *n, aft_time from, aft_time until) {
  if (*n && list[*n - 1].until == from)
    list[*n - 1].until = until;
  else
    list[(*n)++] = (aft__span){from, until};
}

static aft_status take_shifts(const aft_worker_in *in, aft__worker *to, aft__arena *arena, aft_error *error) {
  const char *at = (const char *)in->shifts;
  aft_time before = 0;
  if (!in->n_shifts || !in->shifts)
    return aft__error(error, AFT_E_INVALID, "simulation.agents.shifts",
                      "required: expected at least one shift");
  if (in->n_shifts > AFT__MOST_SHIFTS)
    return aft__error(error, AFT_E_TOO_LARGE, "simulation.agents.shifts", "expected at most %u, found %zu",
                      AFT__MOST_SHIFTS, in->n_shifts);
  aft__span *shifts = aft__arena_alloc(arena, in->n_shifts * sizeof *shifts);
  if (!shifts)
    return aft__nomem(error);
  for (size_t i = 0; i < in->n_shifts; i++) {
    aft_span_in span;
    AFT__TRY(aft__abi_next(&span, sizeof span, &at, SPAN_V1, "aft_span_in", error));
    if (span.from <= before || span.until <= span.from)
      return aft__error(error, AFT_E_INVALID, "simulation.agents.shifts",
                        "expected shifts in order that end after they begin");
    before = span.until - 1;
    aft__span_add(shifts, &to->n_shifts, span.from, span.until);
  }
  to->shifts = shifts;
  return AFT_OK;
}

static aft_status take_worker(const aft_policy *policy, aft_worker_in *in, aft__worker *to, aft__arena *arena,
                              aft_error *error) {
  AFT__TRY(aft__in_name(&in->name, AFT__NAME_BYTES, "simulation.agents.name", error));
  if (in->capacity < 0 || in->capacity > MOST_CAPACITY)
    return aft__error(error, AFT_E_INVALID, "simulation.agents.capacity", "expected 0 to %d, found %lld",
                      MOST_CAPACITY, (long long)in->capacity);
  if (in->hands > MOST_HANDS)
    return aft__error(error, AFT_E_INVALID, "simulation.agents.hands", "expected 0 to %u, found %u",
                      MOST_HANDS, in->hands);
  *to = (aft__worker){.name = in->name, .capacity = in->capacity, .hands = in->hands ? in->hands : 1};
  AFT__TRY(aft__arena_keep(arena, (aft_str *const[]){&to->name}, 1, error));
  AFT__TRY(take_words(policy, in, to, arena, error));
  return take_shifts(in, to, arena, error);
}

static aft_status check_names(const aft__crew *crew, aft__arena *arena, aft_error *error) {
  aft__map names;
  aft_status status = AFT_OK;
  aft__map_init(&names, arena->env);
  for (uint32_t i = 0; i < crew->n && status >= 0; i++) {
    uint32_t first;
    if (aft__map_put(&names, crew->list[i].name, i, &first) < 0)
      status = aft__nomem(error);
    else if (first != i)
      status = aft__error(error, AFT_E_INVALID, "simulation.agents.name", "'%.*s' stands twice",
                          (int)aft__utf8_cut(crew->list[i].name, 60), crew->list[i].name.data);
  }
  aft__map_done(&names);
  return status;
}

aft_status aft__crew_take(const aft_policy *policy, const aft_simulation_in *in, aft__arena *arena,
                          aft__crew *out, aft_error *error) {
  const char *at = (const char *)in->agents;
  if (in->n_agents > AFT__MOST_CREW)
    return aft__error(error, AFT_E_TOO_LARGE, "simulation.agents", "expected at most %u, found %zu",
                      AFT__MOST_CREW, in->n_agents);
  if (in->n_agents && !in->agents)
    return aft__error(error, AFT_E_INVALID, "simulation.agents", "the array is NULL but counts %zu",
                      in->n_agents);
  out->list = aft__arena_alloc(arena, (in->n_agents + 1) * sizeof *out->list);
  if (!out->list)
    return aft__nomem(error);
  for (out->n = 0; out->n < in->n_agents; out->n++) {
    aft_worker_in worker;
    AFT__TRY(aft__abi_next(&worker, sizeof worker, &at, SIMULATION_WORKER_V1, "aft_worker_in", error));
    AFT__TRY(take_worker(policy, &worker, &out->list[out->n], arena, error));
  }
  return check_names(out, arena, error);
}

/* No tier's own agent is meant by the name of a copy. */
aft_status aft__crew_extend(aft__crew *crew, uint32_t n, uint32_t like, aft__arena *arena, aft_error *error) {
  if (n && like >= crew->n)
    return aft__error(error, AFT_E_INVALID, "simulation.extra_like", "expected 0 to %u, found %u",
                      crew->n ? crew->n - 1 : 0, like);
  if (n > AFT__MOST_CREW - crew->n)
    return aft__error(error, AFT_E_TOO_LARGE, "simulation.extra_agents", "expected at most %u agents in all",
                      AFT__MOST_CREW);
  aft__worker *list = aft__arena_alloc(arena, ((size_t)crew->n + n + 1) * sizeof *list);
  if (!list)
    return aft__nomem(error);
  if (crew->n)
    memcpy(list, crew->list, crew->n * sizeof *list);
  for (uint32_t i = 0; i < n; i++) {
    char *name = aft__arena_printf(arena, "+%u", i + 1);
    if (!name)
      return aft__nomem(error);
    list[crew->n + i] = crew->list[like];
    list[crew->n + i].name = aft__cstr(name);
  }
  crew->list = list;
  crew->n += n;
  return AFT_OK;
}

aft_status aft__crew_check(const aft__crew *crew, aft_time from, aft_time until, aft_error *error) {
  if (!crew->n)
    return aft__error(error, AFT_E_INVALID, "simulation.agents", "required: expected somebody who works");
  for (uint32_t i = 0; i < crew->n; i++) {
    const aft__worker *worker = &crew->list[i];
    if (worker->n_shifts && (worker->shifts[0].from < from - AFT__MOST_SPAN ||
                             worker->shifts[worker->n_shifts - 1].until > until + AFT__MOST_SPAN))
      return aft__error(error, AFT_E_INVALID, "simulation.agents.shifts",
                        "expected shifts within 92 days of the demand");
  }
  return AFT_OK;
}
