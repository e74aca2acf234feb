/* A day that is played, ticket by ticket, beside a day with a tenth of them. */
#include <inttypes.h>
#include <stdio.h>

#include <aftersales.h>

#include "bench.h"

#define AGENTS 150
#define HOUR   INT64_C(3600000)
#define START  INT64_C(1795046400000)
#define PATH   "simulate, a ticket of a day"

typedef struct days {
  aft_env *env;
  aft_policy *policy;
  aft_demand *few, *many;
  char names[AGENTS][8];
  aft_span_in shift;
  aft_worker_in crew[AGENTS];
} days;

static int said(aft_status status, const aft_error *error) {
  if (status >= 0)
    return 0;
  fprintf(stderr, "bench: simulate: %s: %s\n", error->where, error->message);
  return -1;
}

static int draw(days *d, int64_t tickets, aft_demand **out) {
  aft_error error = AFT_ERROR_INIT;
  aft_rate_in rate = {sizeof rate, START, START + 10 * HOUR, tickets / 10};
  aft_work_in work[] = {{.size = sizeof *work,
                         .category = AFT_STR("logistics"),
                         .permille = 600,
                         .mean_ms = 36000,
                         .spread_ms = 18000},
                        {.size = sizeof *work,
                         .category = AFT_STR("payment"),
                         .topic = AFT_STR("payment_failed"),
                         .permille = 400,
                         .mean_ms = 54000,
                         .spread_ms = 54000}};
  aft_share_in tiers[] = {{sizeof *tiers, AFT_STR(""), 900, 0}, {sizeof *tiers, AFT_STR("vip"), 100, 0}};
  aft_demand_in in = {.size = sizeof in,
                      .seed = 7,
                      .rates = &rate,
                      .n_rates = 1,
                      .work = work,
                      .n_work = 2,
                      .tiers = tiers,
                      .n_tiers = 2,
                      .further = 200,
                      .further_ms = 600000};
  return said(aft_demand_draw(d->policy, &in, out, &error), &error);
}

static int prepare(days *d, int64_t few, int64_t many) {
  aft_error error = AFT_ERROR_INIT;
  d->shift = (aft_span_in){sizeof d->shift, START, START + 11 * HOUR};
  for (int i = 0; i < AGENTS; i++) {
    snprintf(d->names[i], sizeof d->names[i], "a%d", i);
    d->crew[i] = (aft_worker_in){
        .size = sizeof d->crew[i], .name = {d->names[i], AFT_NTS}, .shifts = &d->shift, .n_shifts = 1};
  }
  if (said(aft_env_new(NULL, &d->env, &error), &error) ||
      said(aft_policy_default(d->env, &d->policy, &error), &error))
    return -1;
  return draw(d, few, &d->few) || draw(d, many, &d->many) ? -1 : 0;
}

static int play(days *d, const aft_demand *demand, bench_time *out) {
  aft_error error = AFT_ERROR_INIT;
  aft_simulated *simulated = NULL;
  aft_simulation_in in = {.size = sizeof in, .agents = d->crew, .n_agents = AGENTS};
  bench_time began = bench_now();
  aft_status status = aft_simulate(d->policy, demand, &in, &simulated, &error);
  *out = bench_since(began, aft_demand_count(demand));
  aft_simulated_free(simulated);
  return said(status, &error);
}

static int with_many(void *user, bench_time *out) { return play(user, ((days *)user)->many, out); }
static int with_few(void *user, bench_time *out) { return play(user, ((days *)user)->few, out); }

static void tell_day(const days *d, const bench_ratio *ratio) {
  char figure[32], of[32];
  double ms = ratio->ours * 1000 * (double)aft_demand_count(d->many);
  snprintf(figure, sizeof figure, "%.0f ms", ms);
  snprintf(of, sizeof of, "%zu tickets", aft_demand_count(d->many));
  bench_figure("simulate, the whole day", of, figure, NULL);
}

int bench_simulate(const bench_options *o) {
  static days d;
  char beside[64];
  bench_ratios ratios;
  int64_t few = o->few, many = 10 * o->few;
  if (!bench_wanted(o, PATH))
    return 0;
  bench_section("a day that is played, 150 agents, processor time");
  snprintf(beside, sizeof beside, "of %" PRId64 ", not %" PRId64, few, many);
  int failed = prepare(&d, few, many) || bench_alternate(o->rounds, with_many, with_few, &d, &ratios);
  if (!failed) {
    bench_row(PATH, beside, &ratios.all, 1.5);
    tell_day(&d, &ratios.all);
  }
  aft_demand_free(d.few);
  aft_demand_free(d.many);
  aft_policy_unref(d.policy);
  aft_env_unref(d.env);
  return failed ? -1 : 0;
}
