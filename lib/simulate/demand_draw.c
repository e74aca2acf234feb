/* Demand that is drawn from a seed: a Poisson process of arrivals, and everything else ticket by ticket. */
#include "simulate/simulate.h"

#define DEMAND_V1 (offsetof(aft_demand_in, patience_ms) + sizeof(int64_t))
#define RATE_V1   (offsetof(aft_rate_in, per_hour) + sizeof(int64_t))
#define WORK_V1   (offsetof(aft_work_in, spread_ms) + sizeof(int64_t))
#define SHARE_V1  (offsetof(aft_share_in, reserved0) + sizeof(uint32_t))

#define MOST_RATES    1000u
#define MOST_SHARES   64u
#define MOST_PER_HOUR 1000000
#define MOST_FURTHER  900u
#define MOST_PATIENCE (7 * AFT__DAY)

typedef struct shares {
  const char *where;
  aft_share_in list[MOST_SHARES];
  uint32_t n;
} shares;

typedef struct source {
  const aft_policy *policy;
  aft_demand_in in;
  aft_rate_in *rates;
  aft_work_in work[MOST_SHARES];
  shares tiers, channels, languages, priorities;
  aft_demand *demand;
} source;

/* ---- the input ---- */

static aft_status check_count(const void *list, size_t n, size_t most, const char *where, aft_error *error) {
  if (n > most)
    return aft__error(error, AFT_E_TOO_LARGE, where, "expected at most %zu, found %zu", most, n);
  if (n && !list)
    return aft__error(error, AFT_E_INVALID, where, "the array is NULL but counts %zu", n);
  return AFT_OK;
}

static aft_status check_sum(uint64_t sum, const char *where, aft_error *error) {
  if (sum == 1000)
    return AFT_OK;
  return aft__error(error, AFT_E_INVALID, where, "expected shares that add up to 1000, found %llu",
                    (unsigned long long)sum);
}

static aft_status take_shares(const aft_share_in *list, size_t n, const char *where, shares *to,
                              aft_error *error) {
  const char *at = (const char *)list;
  uint64_t sum = 0;
  to->where = where;
  AFT__TRY(check_count(list, n, MOST_SHARES, where, error));
  for (; to->n < n; to->n++) {
    aft_share_in *share = &to->list[to->n];
    AFT__TRY(aft__abi_next(share, sizeof *share, &at, SHARE_V1, "aft_share_in", error));
    AFT__TRY(aft__in_text(&share->name, AFT__NAME_BYTES, where, error));
    sum += share->permille;
  }
  return n ? check_sum(sum, where, error) : AFT_OK;
}

typedef bool (*known_fn)(const aft_policy *policy, aft_str name);

static bool is_priority(const aft_policy *policy, aft_str name) {
  aft__priority priority;
  return aft__policy_priority_find(policy, name, &priority);
}

static bool is_tier(const aft_policy *policy, aft_str name) {
  return !name.len || aft__policy_tier_find(policy, name);
}

static bool is_name(const aft_policy *policy, aft_str name) {
  (void)policy;
  return name.len > 0;
}

static aft_status check_once(const shares *list, uint32_t i, aft_error *error) {
  for (uint32_t k = 0; k < i; k++)
    if (aft__str_eq(list->list[k].name, list->list[i].name))
      return aft__error(error, AFT_E_INVALID, list->where, "a name stands twice");
  return AFT_OK;
}

static aft_status check_names(const source *s, const shares *list, known_fn known, aft_error *error) {
  for (uint32_t i = 0; i < list->n; i++) {
    AFT__TRY(check_once(list, i, error));
    if (!known(s->policy, list->list[i].name))
      return aft__error(error, AFT_E_INVALID, list->where, "the policy has no '%.*s'",
                        (int)aft__utf8_cut(list->list[i].name, 60),
                        list->list[i].name.len ? list->list[i].name.data : "");
  }
  return AFT_OK;
}

static aft_status take_lists(source *s, aft_error *error) {
  const aft_demand_in *in = &s->in;
  AFT__TRY(take_shares(in->tiers, in->n_tiers, "demand.tiers", &s->tiers, error));
  AFT__TRY(take_shares(in->channels, in->n_channels, "demand.channels", &s->channels, error));
  AFT__TRY(take_shares(in->languages, in->n_languages, "demand.languages", &s->languages, error));
  AFT__TRY(take_shares(in->priorities, in->n_priorities, "demand.priorities", &s->priorities, error));
  AFT__TRY(check_names(s, &s->tiers, is_tier, error));
  AFT__TRY(check_names(s, &s->channels, is_name, error));
  AFT__TRY(check_names(s, &s->languages, is_name, error));
  return check_names(s, &s->priorities, is_priority, error);
}

static aft_status check_work(const source *s, aft_work_in *work, aft_error *error) {
  aft_str known;
  AFT__TRY(aft__in_name(&work->category, AFT__NAME_BYTES, "demand.work.category", error));
  AFT__TRY(aft__in_text(&work->topic, AFT__NAME_BYTES, "demand.work.topic", error));
  if (!aft__policy_category_find(s->policy, work->category, &known))
    return aft__error(error, AFT_E_INVALID, "demand.work.category", "the policy has no category '%.*s'",
                      (int)aft__utf8_cut(work->category, 60), work->category.data);
  if (work->topic.len && !aft__policy_topic_find(s->policy, work->category, work->topic))
    return aft__error(error, AFT_E_INVALID, "demand.work.topic", "the category has no topic '%.*s'",
                      (int)aft__utf8_cut(work->topic, 60), work->topic.data);
  if (work->tone < -1000 || work->tone > 1000)
    return aft__error(error, AFT_E_INVALID, "demand.work.tone", "expected -1000 to 1000, found %d",
                      (int)work->tone);
  if (work->mean_ms < 1 || work->mean_ms > AFT__DAY)
    return aft__error(error, AFT_E_INVALID, "demand.work.mean_ms", "expected 1 to %lld, found %lld",
                      (long long)AFT__DAY, (long long)work->mean_ms);
  if (work->spread_ms < 0 || work->spread_ms > work->mean_ms)
    return aft__error(error, AFT_E_INVALID, "demand.work.spread_ms", "expected 0 to mean_ms, found %lld",
                      (long long)work->spread_ms);
  return AFT_OK;
}

static aft_status take_work(source *s, aft_error *error) {
  const char *at = (const char *)s->in.work;
  uint64_t sum = 0;
  AFT__TRY(check_count(s->in.work, s->in.n_work, MOST_SHARES, "demand.work", error));
  for (size_t i = 0; i < s->in.n_work; i++) {
    AFT__TRY(aft__abi_next(&s->work[i], sizeof s->work[i], &at, WORK_V1, "aft_work_in", error));
    AFT__TRY(check_work(s, &s->work[i], error));
    sum += s->work[i].permille;
  }
  return check_sum(sum, "demand.work", error);
}

static aft_status check_rate(const aft_rate_in *rate, aft_error *error) {
  if (rate->per_hour < 0 || rate->per_hour > MOST_PER_HOUR)
    return aft__error(error, AFT_E_INVALID, "demand.rates.per_hour", "expected 0 to %d, found %lld",
                      MOST_PER_HOUR, (long long)rate->per_hour);
  if (rate->from <= 0)
    return aft__error(error, AFT_E_INVALID, "demand.rates.from", "expected a time after 1970, found %lld",
                      (long long)rate->from);
  if (rate->until <= rate->from || rate->until > AFT__TIME_MOST)
    return aft__error(error, AFT_E_INVALID, "demand.rates.until",
                      "expected a time after demand.rates.from, in the year 9999 at the latest");
  return AFT_OK;
}

static aft_status take_rates(source *s, aft_error *error) {
  const char *at = (const char *)s->in.rates;
  aft_demand *demand = s->demand;
  AFT__TRY(check_count(s->in.rates, s->in.n_rates, MOST_RATES, "demand.rates", error));
  if (!s->in.n_rates)
    return aft__error(error, AFT_E_INVALID, "demand.rates", "required: expected at least one rate");
  s->rates = aft__arena_alloc(&demand->arena, s->in.n_rates * sizeof *s->rates);
  if (!s->rates)
    return aft__nomem(error);
  for (size_t i = 0; i < s->in.n_rates; i++) {
    AFT__TRY(aft__abi_next(&s->rates[i], sizeof s->rates[i], &at, RATE_V1, "aft_rate_in", error));
    AFT__TRY(check_rate(&s->rates[i], error));
    demand->from = i && demand->from < s->rates[i].from ? demand->from : s->rates[i].from;
    demand->until = demand->until > s->rates[i].until ? demand->until : s->rates[i].until;
  }
  return demand->until - demand->from <= AFT__MOST_SPAN
             ? AFT_OK
             : aft__error(error, AFT_E_TOO_LARGE, "demand.rates", "expected at most 92 days");
}

static aft_status check_rest(source *s, aft_error *error) {
  aft_demand_in *in = &s->in;
  if (in->further > MOST_FURTHER)
    return aft__error(error, AFT_E_INVALID, "demand.further", "expected 0 to %u, found %u", MOST_FURTHER,
                      in->further);
  if (in->further && (in->further_ms < 1 || in->further_ms > MOST_PATIENCE))
    return aft__error(error, AFT_E_INVALID, "demand.further_ms", "expected 1 to %lld, found %lld",
                      (long long)MOST_PATIENCE, (long long)in->further_ms);
  AFT__TRY(aft__in_text(&in->live, AFT__NAME_BYTES, "demand.live", error));
  if (in->live.len && (in->patience_ms < 1 || in->patience_ms > MOST_PATIENCE))
    return aft__error(error, AFT_E_INVALID, "demand.patience_ms", "expected 1 to %lld, found %lld",
                      (long long)MOST_PATIENCE, (long long)in->patience_ms);
  for (uint32_t i = 0; in->live.len && i < s->channels.n; i++)
    if (aft__str_eq(s->channels.list[i].name, in->live))
      return AFT_OK;
  return in->live.len ? aft__error(error, AFT_E_INVALID, "demand.live",
                                   "expected one of demand.channels, found '%.*s'",
                                   (int)aft__utf8_cut(in->live, 60), in->live.data)
                      : AFT_OK;
}

/* ---- drawing ---- */

static uint64_t chance(const source *s, uint64_t id, aft__draw purpose, uint32_t round) {
  return aft__chance(s->in.seed, id, purpose, round);
}

static int64_t spread_by(const source *s, uint64_t id, aft__draw purpose, uint32_t round, int64_t mean) {
  return (aft__chance_exponential(chance(s, id, purpose, round)) * mean) >> AFT__CHANCE_BITS;
}

static aft_str draw_name(const source *s, const shares *list, uint64_t id, aft__draw purpose,
                         const char *absent) {
  uint32_t at = aft__chance_below(chance(s, id, purpose, 0), 1000), i = 0;
  if (!list->n)
    return aft__cstr(absent);
  while (at >= list->list[i].permille)
    at -= list->list[i++].permille;
  return list->list[i].name;
}

static const aft_work_in *draw_work(const source *s, uint64_t id) {
  uint32_t at = aft__chance_below(chance(s, id, AFT__DRAW_KIND, 0), 1000), i = 0;
  while (at >= s->work[i].permille)
    at -= s->work[i++].permille;
  return &s->work[i];
}

/* A least time, and an exponential one on top: its deviation is the spread. */
static aft_status draw_pieces(source *s, const aft_work_in *work, aft__arrival *ticket, aft_error *error) {
  ticket->first = s->demand->n_pieces;
  do {
    uint32_t round = ticket->pieces++;
    int64_t ms =
        work->mean_ms - work->spread_ms + spread_by(s, ticket->id, AFT__DRAW_WORK, round, work->spread_ms);
    aft__exchange piece = {.work_ms = ms > 0 ? ms : 1};
    if (round)
      piece.gap_ms = spread_by(s, ticket->id, AFT__DRAW_PAUSE, round, s->in.further_ms);
    AFT__TRY(aft__demand_piece(s->demand, piece, error));
  } while (ticket->pieces < AFT__MOST_PIECES &&
           aft__chance_below(chance(s, ticket->id, AFT__DRAW_FURTHER, ticket->pieces), 1000) < s->in.further);
  return AFT_OK;
}

static aft_status draw_ticket(source *s, aft_time at, uint64_t id, aft_error *error) {
  aft__arrival ticket = {.at = at, .id = id, .patience_ms = -1};
  const aft_work_in *work = draw_work(s, id);
  aft__matter kind = {.category = work->category, .topic = work->topic, .tone = work->tone};
  kind.tier = draw_name(s, &s->tiers, id, AFT__DRAW_TIER, "");
  kind.channel = draw_name(s, &s->channels, id, AFT__DRAW_CHANNEL, "web");
  kind.language = draw_name(s, &s->languages, id, AFT__DRAW_LANGUAGE, "und");
  kind.priority = draw_name(s, &s->priorities, id, AFT__DRAW_PRIORITY, "");
  if (s->in.live.len && aft__str_eq(kind.channel, s->in.live))
    ticket.patience_ms = spread_by(s, id, AFT__DRAW_PATIENCE, 0, s->in.patience_ms);
  AFT__TRY(aft__demand_kind(s->demand, &kind, &ticket.kind, error));
  AFT__TRY(draw_pieces(s, work, &ticket, error));
  return aft__demand_add(s->demand, &ticket, error);
}

/* Each rate is a process of its own, so one more moves no ticket of the others. */
static aft_status draw_rate(source *s, uint32_t number, aft_error *error) {
  const aft_rate_in *rate = &s->rates[number];
  int64_t end = (rate->until - rate->from) << AFT__CHANCE_BITS, at = 0;
  for (uint64_t i = 0; rate->per_hour; i++) {
    uint64_t id = (uint64_t)number << 32 | i;
    at += aft__chance_exponential(chance(s, id, AFT__DRAW_GAP, 0)) * AFT__HOUR / rate->per_hour;
    if (at >= end)
      break;
    AFT__TRY(draw_ticket(s, rate->from + (at >> AFT__CHANCE_BITS), id, error));
  }
  return AFT_OK;
}

/* So that a tier of which nobody came has its row all the same. */
static aft_status name_tiers(source *s, aft_error *error) {
  aft_demand *demand = s->demand;
  for (uint32_t i = 0; i < s->tiers.n; i++) {
    aft_str *name = &demand->tiers[i];
    *name = s->tiers.list[i].name;
    AFT__TRY(aft__arena_keep(&demand->arena, &name, 1, error));
    demand->n_tiers++;
  }
  return AFT_OK;
}

static aft_status draw(source *s, const aft_demand_in *given, aft_error *error) {
  AFT__TRY(aft__abi_copy(&s->in, sizeof s->in, given, DEMAND_V1, "aft_demand_in", error));
  AFT__TRY(take_rates(s, error));
  AFT__TRY(take_work(s, error));
  AFT__TRY(take_lists(s, error));
  AFT__TRY(check_rest(s, error));
  s->demand->seed = s->in.seed;
  AFT__TRY(name_tiers(s, error));
  for (uint32_t i = 0; i < s->in.n_rates; i++)
    AFT__TRY(draw_rate(s, i, error));
  aft__demand_sort(s->demand);
  return AFT_OK;
}

aft_status aft_demand_draw(const aft_policy *policy, const aft_demand_in *in, aft_demand **out,
                           aft_error *error) {
  if (!policy || !in || !out)
    return aft__error(error, AFT_E_NULL_HANDLE,
                      !policy ? "policy"
                      : !in   ? "in"
                              : "out",
                      "expected a handle, found NULL");
  aft_env *env = aft__policy_env(policy);
  source *s = aft__zalloc(env, sizeof *s);
  if (!s)
    return aft__nomem(error);
  s->policy = policy;
  aft_status status = aft__demand_new(env, &s->demand, error);
  if (status >= 0)
    status = draw(s, in, error);
  if (status >= 0)
    *out = s->demand;
  else
    aft_demand_free(s->demand);
  aft__release(env, s, sizeof *s);
  return status;
}
