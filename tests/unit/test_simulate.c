/* Played days: against queueing theory, against the order they promise, and what is said to bad input. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assert_status.h"
#include "fault_alloc.h"
#include "policy_fixture.h"
#include "random.h"
#include "simulate/simulate.h"

#define START INT64_C(1795046400000) /* 2026-11-19 */
#define CREW  6

/* ---- a day to begin with ---- */

typedef struct day {
  aft_rate_in rates[2];
  aft_work_in work[3];
  aft_share_in tiers[3], channels[2], languages[2], priorities[3];
  aft_demand_in in;
  char names[CREW][8];
  aft_span_in shifts[CREW][2];
  aft_worker_in crew[CREW];
  aft_simulation_in sim;
} day;

static aft_share_in share(const char *name, uint32_t permille) {
  return (aft_share_in){sizeof(aft_share_in), {name, AFT_NTS}, permille, 0};
}

static void make_demand(day *d, uint64_t seed) {
  d->rates[0] = (aft_rate_in){sizeof d->rates[0], START, START + 12 * AFT__HOUR, 40};
  d->rates[1] = (aft_rate_in){sizeof d->rates[1], START + 4 * AFT__HOUR, START + 5 * AFT__HOUR, 60};
  const char *const categories[] = {"logistics", "payment", "product_enquiry"};
  for (int i = 0; i < 3; i++)
    d->work[i] = (aft_work_in){.size = sizeof d->work[i],
                               .category = {categories[i], AFT_NTS},
                               .permille = i ? 250 : 500,
                               .mean_ms = 6 * AFT__MINUTE,
                               .spread_ms = 3 * AFT__MINUTE};
  d->work[1].topic = AFT_STR("payment_failed");
  d->tiers[0] = share("", 800);
  d->tiers[1] = share("vip", 150);
  d->tiers[2] = share("gold", 50);
  d->channels[0] = share("web", 700);
  d->channels[1] = share("chat", 300);
  d->languages[0] = share("zh", 800);
  d->languages[1] = share("en", 200);
  d->priorities[0] = share("urgent", 100);
  d->priorities[1] = share("high", 200);
  d->priorities[2] = share("normal", 700);
  d->in = (aft_demand_in){.size = sizeof d->in,
                          .seed = seed,
                          .rates = d->rates,
                          .n_rates = 2,
                          .work = d->work,
                          .n_work = 3,
                          .tiers = d->tiers,
                          .n_tiers = 3,
                          .channels = d->channels,
                          .n_channels = 2,
                          .languages = d->languages,
                          .n_languages = 2,
                          .further = 200,
                          .further_ms = 10 * AFT__MINUTE,
                          .live = AFT_STR("chat"),
                          .patience_ms = 30 * AFT__MINUTE};
}

static void make_crew(day *d) {
  for (int i = 0; i < CREW; i++) {
    snprintf(d->names[i], sizeof d->names[i], "a%d", i);
    d->shifts[i][0] = (aft_span_in){sizeof d->shifts[i][0], START + i % 3 * AFT__HOUR, START + 6 * AFT__HOUR};
    d->shifts[i][1] = (aft_span_in){sizeof d->shifts[i][1], START + 7 * AFT__HOUR, START + 13 * AFT__HOUR};
    d->crew[i] = (aft_worker_in){.size = sizeof d->crew[i],
                                 .name = {d->names[i], AFT_NTS},
                                 .languages = {i % 2 ? "zh" : "zh en", AFT_NTS},
                                 .shifts = d->shifts[i],
                                 .n_shifts = 2};
  }
  d->sim = (aft_simulation_in){.size = sizeof d->sim, .agents = d->crew, .n_agents = CREW};
}

static void make(day *d, uint64_t seed) {
  memset(d, 0, sizeof *d);
  make_demand(d, seed);
  make_crew(d);
}

static aft_demand *drawn(const day *d) {
  aft_error error = AFT_ERROR_INIT;
  aft_demand *demand;
  assert_ok(aft_demand_draw(policy, &d->in, &demand, &error));
  return demand;
}

static aft_simulated *played(const day *d, const aft_demand *demand) {
  aft_error error = AFT_ERROR_INIT;
  aft_simulated *simulated;
  assert_ok(aft_simulate(policy, demand, &d->sim, &simulated, &error));
  return simulated;
}

static char *told(const aft_simulated *simulated) {
  aft_error error = AFT_ERROR_INIT;
  aft_buf *buf;
  assert_ok(aft_simulated_json(simulated, &buf, &error));
  char *text = strdup(aft_buf_data(buf));
  assert_non_null(text);
  aft_buf_free(buf);
  return text;
}

static char *told_of(uint64_t seed) {
  day d;
  make(&d, seed);
  aft_demand *demand = drawn(&d);
  aft_simulated *simulated = played(&d, demand);
  char *text = told(simulated);
  aft_simulated_free(simulated);
  aft_demand_free(demand);
  return text;
}

/* ---- theory ---- */

/* A crew of c with one kind of work, round the clock. */
static double mean_wait(int64_t per_hour, int64_t mean_ms, int64_t spread_ms, uint32_t c, int days) {
  day d;
  double sum = 0;
  make(&d, 11);
  aft_rate_in rate = {sizeof rate, START, START + days * AFT__DAY, per_hour};
  aft_span_in always = {sizeof always, START, START + (days + 1) * AFT__DAY};
  d.work[0].permille = 1000;
  d.work[0].mean_ms = mean_ms;
  d.work[0].spread_ms = spread_ms;
  d.in = (aft_demand_in){
      .size = sizeof d.in, .seed = 11, .rates = &rate, .n_rates = 1, .work = d.work, .n_work = 1};
  for (uint32_t i = 0; i < c; i++) {
    d.crew[i].shifts = &always;
    d.crew[i].n_shifts = 1;
    d.crew[i].languages = AFT_STR("");
  }
  d.sim.n_agents = c;
  aft_demand *demand = drawn(&d);
  aft_simulated *simulated = played(&d, demand);
  for (uint32_t i = 0; i < demand->n; i++)
    sum += (double)(simulated->run.played[i].claimed - demand->list[i].at);
  sum /= demand->n;
  aft_simulated_free(simulated);
  aft_demand_free(demand);
  return sum;
}

/* Erlang's second formula: the chance to wait at all, by the recursion of the first. */
static double erlang_c(uint32_t c, double load) {
  double b = 1;
  for (uint32_t i = 1; i <= c; i++)
    b = load * b / (i + load * b);
  return c * b / (c - load * (1 - b));
}

static void near(double found, double expected, double tolerance) {
  if (fabs(found - expected) > tolerance * expected)
    fail_msg("expected %.0f ms, within %.0f %%, found %.0f ms", expected, tolerance * 100, found);
}

static void waits_are_those_of_erlang_c(void **state) {
  const double mean = 6 * AFT__MINUTE, load = 50 / 10.0;
  (void)state;
  near(mean_wait(50, 6 * AFT__MINUTE, 6 * AFT__MINUTE, 6, 60), erlang_c(6, load) * mean / (6 - load), 0.08);
}

/* Pollaczek and Khinchine: ρ D / (2 (1 - ρ)). */
static void waits_for_one_with_even_work_are_those_of_theory(void **state) {
  const double mean = 6 * AFT__MINUTE, rho = 0.8;
  (void)state;
  near(mean_wait(8, 6 * AFT__MINUTE, 0, 1, 90), rho * mean / (2 * (1 - rho)), 0.08);
}

/* Mean 1, deviation 1, and a half above ln 2. */
static void exponential_draws_have_their_moments(void **state) {
  const int n = 100000;
  double sum = 0, squares = 0;
  int above = 0;
  (void)state;
  for (int i = 0; i < n; i++) {
    double x = (double)aft__chance_exponential(aft__chance(3, (uint64_t)i, AFT__DRAW_GAP, 0)) /
               (double)(INT64_C(1) << AFT__CHANCE_BITS);
    double u = (double)(aft__chance(3, (uint64_t)i, AFT__DRAW_GAP, 0) | 1) / 18446744073709551616.0;
    assert_true(fabs(x + log(u)) < 1e-6 * (1 + x));
    sum += x;
    squares += x * x;
    above += x > 0.693147;
  }
  assert_true(fabs(sum / n - 1) < 0.01);
  assert_true(fabs(squares / n - 2) < 0.05);
  assert_true(abs(above - n / 2) < n / 100);
}

static void a_share_of_a_thousand_is_drawn_that_often(void **state) {
  day d;
  uint32_t vips = 0;
  (void)state;
  make(&d, 5);
  d.rates[0].per_hour = 5000;
  aft_demand *demand = drawn(&d);
  for (uint32_t i = 0; i < demand->n; i++)
    vips += aft__str_eq(demand->kinds[demand->list[i].kind].tier, aft__cstr("vip"));
  assert_true(demand->n > 59000 && demand->n < 61200);
  assert_true(abs((int)(vips * 1000) - (int)demand->n * 150) < (int)demand->n * 5);
  aft_demand_free(demand);
}

/* ---- the same again ---- */

static void a_seed_gives_the_same_bytes(void **state) {
  char *first = told_of(7), *second = told_of(7), *other = told_of(8);
  (void)state;
  assert_string_equal(first, second);
  assert_string_not_equal(first, other);
  free(first);
  free(second);
  free(other);
}

/* Pinned: the same on every machine, or this fails there. */
static void the_draws_are_the_same_on_every_machine(void **state) {
  (void)state;
  assert_true(aft__chance(7, 1, AFT__DRAW_WORK, 2) == UINT64_C(0xc5a9adf002d6a821));
  assert_true(aft__chance(0, UINT64_C(3) << 32 | 5, AFT__DRAW_GAP, 0) == UINT64_C(0xc818ea9c7cf0e05f));
  assert_int_equal(aft__chance_exponential(UINT64_MAX), 0);
  assert_int_equal(aft__chance_exponential(UINT64_C(1) << 63), INT64_C(46516319));
  assert_int_equal(aft__chance_exponential(0), INT64_C(2977044472));
}

/* One burst more leaves every other ticket as it was, and what is drawn for another purpose too. */
static void what_is_drawn_elsewhere_moves_no_ticket(void **state) {
  day d;
  (void)state;
  make(&d, 7);
  aft_demand *both = drawn(&d);
  d.in.n_rates = 1;
  d.in.further = 0;
  aft_demand *one = drawn(&d);
  uint32_t k = 0;
  for (uint32_t i = 0; i < both->n; i++) {
    if (both->list[i].id >> 32)
      continue;
    assert_true(k < one->n);
    assert_true(both->list[i].id == one->list[k].id && both->list[i].at == one->list[k].at);
    assert_true(both->list[i].patience_ms == one->list[k].patience_ms);
    assert_true(both->pieces[both->list[i].first].work_ms == one->pieces[one->list[k].first].work_ms);
    k++;
  }
  assert_int_equal(k, one->n);
  aft_demand_free(one);
  aft_demand_free(both);
}

/* ---- the order ---- */

/* Everybody takes everything, so each claim is judged against all that waited then. */
static void check_order(uint32_t order, uint64_t seed) {
  day d;
  make(&d, seed);
  d.in.n_languages = 0;
  d.in.further = 0;
  d.in.live = (aft_str){0};
  d.in.n_priorities = 3;
  d.in.priorities = d.priorities;
  d.sim.order = order;
  aft_demand *demand = drawn(&d);
  aft_simulated *simulated = played(&d, demand);
  const aft__played *p = simulated->run.played;
  for (uint32_t i = 0; i < demand->n; i++)
    for (uint32_t k = 0; k < demand->n && p[i].claim != AFT__NOBODY; k++) {
      bool left = demand->list[k].at <= p[i].claimed && p[k].claim > p[i].claim;
      if (!left || i == k)
        continue;
      int64_t later = p[i].since - p[k].since, bound = p[k].allowed_ms - p[i].allowed_ms;
      if (order == AFT_NEXT_FIRST_COME ? later > 0 : later > bound)
        fail_msg("the day of seed %llu: ticket %u was overtaken by %u, which came %lld ms later",
                 (unsigned long long)seed, k, i, (long long)later);
    }
  aft_simulated_free(simulated);
  aft_demand_free(demand);
}

static void first_come_never_reorders(void **state) {
  uint64_t seed = seed_of("first come");
  (void)state;
  for (int i = 0; i < 5; i++)
    check_order(AFT_NEXT_FIRST_COME, draw(&seed));
}

static void nothing_is_overtaken_by_more_than_its_target_allows(void **state) {
  uint64_t seed = seed_of("bound");
  (void)state;
  for (int i = 0; i < 5; i++)
    check_order(AFT_NEXT_BY_PLACE, draw(&seed));
}

/* ---- what it adds up to ---- */

static int64_t figure(const aft_simulated *s, const char *tier, uint32_t field) {
  return aft_simulated_number(s, tier, field);
}

static void check_sums(const aft_simulated *s, const aft_demand *demand) {
  static const uint32_t sums[] = {AFT_SIMULATED_TICKETS,    AFT_SIMULATED_ANSWERED, AFT_SIMULATED_ABANDONED,
                                  AFT_SIMULATED_UNANSWERED, AFT_SIMULATED_OWED,     AFT_SIMULATED_IN_TIME,
                                  AFT_SIMULATED_BREACHES,   AFT_SIMULATED_FURTHER,  AFT_SIMULATED_ASKED,
                                  AFT_SIMULATED_REPLIES,    AFT_SIMULATED_CONTENT};
  for (size_t i = 0; i < sizeof sums / sizeof *sums; i++)
    assert_int_equal(figure(s, NULL, sums[i]),
                     figure(s, "", sums[i]) + figure(s, "vip", sums[i]) + figure(s, "gold", sums[i]));
  assert_int_equal(figure(s, NULL, AFT_SIMULATED_TICKETS), aft_demand_count(demand));
  assert_int_equal(figure(s, NULL, AFT_SIMULATED_TICKETS), figure(s, NULL, AFT_SIMULATED_ANSWERED) +
                                                               figure(s, NULL, AFT_SIMULATED_ABANDONED) +
                                                               figure(s, NULL, AFT_SIMULATED_UNANSWERED));
  assert_true(figure(s, NULL, AFT_SIMULATED_P50) <= figure(s, NULL, AFT_SIMULATED_P90));
  assert_true(figure(s, NULL, AFT_SIMULATED_P90) <= figure(s, NULL, AFT_SIMULATED_P99));
  assert_true(figure(s, NULL, AFT_SIMULATED_P99) <= figure(s, NULL, AFT_SIMULATED_MOST));
  assert_true(figure(s, NULL, AFT_SIMULATED_UTILISATION) <= 1000);
}

static void every_ticket_comes_to_one_end(void **state) {
  uint64_t seed = seed_of("ends");
  (void)state;
  for (int i = 0; i < 20; i++) {
    day d;
    make(&d, draw(&seed));
    d.sim.n_agents = 1 + below(&seed, CREW);
    d.sim.order = below(&seed, 2);
    d.crew[0].hands = below(&seed, 3);
    d.crew[0].capacity = below(&seed, 5);
    d.crew[0].capacities = AFT_STR("chat=1");
    if (i % 4 == 3) /* the day ends within their shifts */
      d.sim.until = START + 12 * AFT__HOUR;
    aft_demand *demand = drawn(&d);
    aft_simulated *simulated = played(&d, demand);
    check_sums(simulated, demand);
    aft_simulated_free(simulated);
    aft_demand_free(demand);
  }
}

static void somebody_with_full_hands_gets_no_chat(void **state) {
  day d;
  (void)state;
  make(&d, 3);
  d.sim.n_agents = 1;
  d.crew[0].hands = 5;
  d.crew[0].languages = AFT_STR("");
  d.crew[0].capacities = AFT_STR("chat=1");
  d.in.further = 0;
  aft_demand *demand = drawn(&d);
  aft_simulated *simulated = played(&d, demand);
  const aft__played *p = simulated->run.played;
  uint32_t chats = 0;
  for (uint32_t i = 0; i < demand->n; i++)
    for (uint32_t k = 0; k < demand->n; k++) {
      bool both = aft__str_eq(demand->kinds[demand->list[i].kind].channel, aft__cstr("chat")) &&
                  aft__str_eq(demand->kinds[demand->list[k].kind].channel, aft__cstr("chat"));
      if (i == k || !both || p[i].claim == AFT__NOBODY || p[k].claim == AFT__NOBODY)
        continue;
      chats++;
      assert_false(p[i].claim < p[k].claim && p[k].claimed < p[i].answered);
    }
  assert_true(chats > 0);
  aft_simulated_free(simulated);
  aft_demand_free(demand);
}

static void two_more_agents_shorten_the_day(void **state) {
  day d;
  (void)state;
  make(&d, 7);
  aft_demand *demand = drawn(&d);
  aft_simulated *without = played(&d, demand);
  d.sim.extra_agents = 2;
  aft_simulated *with = played(&d, demand);
  assert_int_equal(figure(with, NULL, AFT_SIMULATED_AGENTS), CREW + 2);
  assert_int_equal(figure(with, NULL, AFT_SIMULATED_TICKETS), figure(without, NULL, AFT_SIMULATED_TICKETS));
  assert_true(figure(with, NULL, AFT_SIMULATED_MEAN) < figure(without, NULL, AFT_SIMULATED_MEAN));
  assert_true(figure(with, NULL, AFT_SIMULATED_BREACHES) < figure(without, NULL, AFT_SIMULATED_BREACHES));
  aft_simulated_free(with);
  aft_simulated_free(without);
  aft_demand_free(demand);
}

static void it_says_why_one_was_next(void **state) {
  day d;
  (void)state;
  make(&d, 7);
  const aft_time noon = START + 5 * AFT__HOUR;
  d.sim.explain = &noon;
  d.sim.n_explain = 1;
  aft_demand *demand = drawn(&d);
  aft_simulated *simulated = played(&d, demand);
  const aft__choice *asked = &simulated->run.choices[AFT__CHOICE_ASKED];
  assert_true(asked->n >= 2 && asked->at >= noon);
  for (uint32_t i = 0; i < asked->n; i++)
    assert_true(asked->list[i].place >= simulated->run.played[asked->ticket].place ||
                asked->list[i].ticket == asked->ticket);
  char *text = told(simulated);
  assert_non_null(strstr(text, "\"why\":\"asked\""));
  assert_non_null(strstr(text, "\"chosen\":true"));
  free(text);
  aft_simulated_free(simulated);
  aft_demand_free(demand);
}

static void nothing_is_asked_of_nothing(void **state) {
  (void)state;
  aft_demand_free(NULL);
  aft_simulated_free(NULL);
  assert_int_equal(aft_demand_count(NULL), 0);
  assert_int_equal(aft_simulated_number(NULL, NULL, AFT_SIMULATED_TICKETS), 0);
  day d;
  make(&d, 7);
  aft_demand *demand = drawn(&d);
  aft_simulated *simulated = played(&d, demand);
  assert_int_equal(figure(simulated, "none", AFT_SIMULATED_TICKETS), 0);
  assert_int_equal(figure(simulated, NULL, 1000), 0);
  aft_simulated_free(simulated);
  aft_demand_free(demand);
}

/* ---- bad input ---- */

static void bad_demand(const day *d, aft_status expected, const char *where) {
  aft_error error = AFT_ERROR_INIT;
  aft_demand *demand = NULL;
  assert_status(aft_demand_draw(policy, &d->in, &demand, &error), expected);
  assert_string_equal(error.where, where);
  assert_null(demand);
}

#define BAD_DEMAND(change, code, where) \
  do {                                  \
    day d;                              \
    make(&d, 1);                        \
    change;                             \
    bad_demand(&d, code, where);        \
  } while (0)

static void bad_demand_is_refused_by_its_place(void **state) {
  (void)state;
  BAD_DEMAND(d.in.n_rates = 0, AFT_E_INVALID, "demand.rates");
  BAD_DEMAND(d.in.rates = NULL, AFT_E_INVALID, "demand.rates");
  BAD_DEMAND(d.rates[1].per_hour = -1, AFT_E_INVALID, "demand.rates.per_hour");
  BAD_DEMAND(d.rates[1].per_hour = 1000001, AFT_E_INVALID, "demand.rates.per_hour");
  BAD_DEMAND(d.rates[0].from = 0, AFT_E_INVALID, "demand.rates.from");
  BAD_DEMAND(d.rates[0].until = START, AFT_E_INVALID, "demand.rates.until");
  BAD_DEMAND(d.rates[0].until = START + 93 * AFT__DAY, AFT_E_TOO_LARGE, "demand.rates");
  BAD_DEMAND((d.rates[0].per_hour = 1000000, d.rates[0].until = START + 2 * AFT__HOUR), AFT_E_TOO_LARGE,
             "demand.rates");
  BAD_DEMAND(d.rates[0].size = 8, AFT_E_ABI, "aft_rate_in");
  BAD_DEMAND(d.in.n_rates = 1001, AFT_E_TOO_LARGE, "demand.rates");
  BAD_DEMAND(d.in.n_work = 0, AFT_E_INVALID, "demand.work");
  BAD_DEMAND(d.work[0].permille = 499, AFT_E_INVALID, "demand.work");
  BAD_DEMAND(d.work[0].category = AFT_STR("weather"), AFT_E_INVALID, "demand.work.category");
  BAD_DEMAND(d.work[0].category = AFT_STR(""), AFT_E_INVALID, "demand.work.category");
  BAD_DEMAND(d.work[0].topic = AFT_STR("payment_failed"), AFT_E_INVALID, "demand.work.topic");
  BAD_DEMAND(d.work[0].tone = 1001, AFT_E_INVALID, "demand.work.tone");
  BAD_DEMAND(d.work[0].mean_ms = 0, AFT_E_INVALID, "demand.work.mean_ms");
  BAD_DEMAND(d.work[0].mean_ms = AFT__DAY + 1, AFT_E_INVALID, "demand.work.mean_ms");
  BAD_DEMAND(d.work[0].spread_ms = -1, AFT_E_INVALID, "demand.work.spread_ms");
  BAD_DEMAND(d.work[0].spread_ms = d.work[0].mean_ms + 1, AFT_E_INVALID, "demand.work.spread_ms");
  BAD_DEMAND(d.tiers[1].permille = 151, AFT_E_INVALID, "demand.tiers");
  BAD_DEMAND(d.tiers[1].name = AFT_STR("emperor"), AFT_E_INVALID, "demand.tiers");
  BAD_DEMAND(d.tiers[1].name = AFT_STR(""), AFT_E_INVALID, "demand.tiers");
  BAD_DEMAND(d.tiers[1].name = AFT_STR("\xff"), AFT_E_ENCODING, "demand.tiers");
  BAD_DEMAND(d.in.n_tiers = 65, AFT_E_TOO_LARGE, "demand.tiers");
  BAD_DEMAND(d.channels[0].name = AFT_STR(""), AFT_E_INVALID, "demand.channels");
  BAD_DEMAND(d.languages[0].permille = 0, AFT_E_INVALID, "demand.languages");
  BAD_DEMAND((d.in.priorities = d.priorities, d.in.n_priorities = 2), AFT_E_INVALID, "demand.priorities");
  BAD_DEMAND((d.in.priorities = d.priorities, d.in.n_priorities = 3, d.priorities[0].name = AFT_STR("now")),
             AFT_E_INVALID, "demand.priorities");
  BAD_DEMAND(d.rates[0].until = INT64_MAX - 1000, AFT_E_INVALID, "demand.rates.until");
  BAD_DEMAND(d.in.further = 901, AFT_E_INVALID, "demand.further");
  BAD_DEMAND(d.in.further_ms = 0, AFT_E_INVALID, "demand.further_ms");
  BAD_DEMAND(d.in.live = AFT_STR("fax"), AFT_E_INVALID, "demand.live");
  BAD_DEMAND(d.in.patience_ms = 0, AFT_E_INVALID, "demand.patience_ms");
}

static void bad_play(const day *d, const aft_demand *demand, aft_status expected, const char *where) {
  aft_error error = AFT_ERROR_INIT;
  aft_simulated *simulated = NULL;
  assert_status(aft_simulate(policy, demand, &d->sim, &simulated, &error), expected);
  assert_string_equal(error.where, where);
  assert_null(simulated);
}

#define BAD_PLAY(change, code, where)  \
  do {                                 \
    day d;                             \
    make(&d, 1);                       \
    change;                            \
    bad_play(&d, demand, code, where); \
  } while (0)

static void a_bad_way_to_play_is_refused_by_its_place(void **state) {
  day usual;
  (void)state;
  make(&usual, 1);
  aft_demand *demand = drawn(&usual);
  BAD_PLAY(d.sim.n_agents = 0, AFT_E_INVALID, "simulation.agents");
  BAD_PLAY(d.sim.agents = NULL, AFT_E_INVALID, "simulation.agents");
  BAD_PLAY(d.sim.n_agents = 1001, AFT_E_TOO_LARGE, "simulation.agents");
  BAD_PLAY(d.sim.extra_agents = 995, AFT_E_TOO_LARGE, "simulation.extra_agents");
  BAD_PLAY((d.sim.extra_agents = 1, d.sim.extra_like = CREW), AFT_E_INVALID, "simulation.extra_like");
  BAD_PLAY(d.sim.order = 2, AFT_E_INVALID, "simulation.order");
  BAD_PLAY(d.sim.answers = 1001, AFT_E_INVALID, "simulation.answers");
  BAD_PLAY(d.sim.content = 1001, AFT_E_INVALID, "simulation.content");
  BAD_PLAY((d.sim.content = 500, d.sim.content_late = 501), AFT_E_INVALID, "simulation.content_late");
  BAD_PLAY(d.sim.n_explain = 65, AFT_E_TOO_LARGE, "simulation.explain");
  BAD_PLAY(d.sim.n_explain = 1, AFT_E_INVALID, "simulation.explain");
  BAD_PLAY(d.sim.until = START, AFT_E_INVALID, "simulation.until");
  BAD_PLAY(d.crew[1].name = AFT_STR(""), AFT_E_INVALID, "simulation.agents.name");
  BAD_PLAY(d.crew[1].name = AFT_STR("a0"), AFT_E_INVALID, "simulation.agents.name");
  BAD_PLAY(d.crew[1].teams = AFT_STR("acrobats"), AFT_E_INVALID, "simulation.agents.teams");
  BAD_PLAY(d.crew[1].skills = AFT_STR("a  b"), AFT_E_INVALID, "simulation.agents.skills");
  BAD_PLAY(d.crew[1].capacities = AFT_STR("chat"), AFT_E_INVALID, "simulation.agents.capacities");
  BAD_PLAY(d.crew[1].capacity = -1, AFT_E_INVALID, "simulation.agents.capacity");
  BAD_PLAY(d.crew[1].hands = 1001, AFT_E_INVALID, "simulation.agents.hands");
  BAD_PLAY(d.crew[1].n_shifts = 0, AFT_E_INVALID, "simulation.agents.shifts");
  BAD_PLAY(d.crew[1].n_shifts = 1001, AFT_E_TOO_LARGE, "simulation.agents.shifts");
  BAD_PLAY(d.shifts[1][1].from = START, AFT_E_INVALID, "simulation.agents.shifts");
  BAD_PLAY(d.shifts[1][1].until = d.shifts[1][1].from, AFT_E_INVALID, "simulation.agents.shifts");
  BAD_PLAY(d.shifts[1][1].until = START + 200 * AFT__DAY, AFT_E_INVALID, "simulation.agents.shifts");
  BAD_PLAY(d.shifts[1][0].from = START - 93 * AFT__DAY, AFT_E_INVALID, "simulation.agents.shifts");
  BAD_PLAY(d.crew[1].size = 8, AFT_E_ABI, "aft_worker_in");
  aft_demand_free(demand);
}

/* ---- memory ---- */

static aft_status draw_and_play(aft_env *with, bool *done) {
  aft_error error = AFT_ERROR_INIT;
  aft_policy *own;
  aft_demand *demand = NULL;
  aft_simulated *simulated = NULL;
  aft_buf *buf = NULL;
  day d;
  make(&d, 7);
  aft_status status = aft_policy_default(with, &own, &error);
  if (status < 0)
    return status;
  status = aft_demand_draw(own, &d.in, &demand, &error);
  if (status >= 0)
    status = aft_simulate(own, demand, &d.sim, &simulated, &error);
  if (status >= 0)
    status = aft_simulated_json(simulated, &buf, &error);
  *done = status >= 0;
  aft_buf_free(buf);
  aft_simulated_free(simulated);
  aft_demand_free(demand);
  aft_policy_unref(own);
  return status;
}

static void every_allocation_may_fail(void **state) {
  bool done = false;
  (void)state;
  for (uint64_t at = 1; !done; at++) {
    aft_error error = AFT_ERROR_INIT;
    fault_alloc fault = {0};
    aft_env *with;
    aft_env_options options = {.size = sizeof options, .alloc = fault_alloc_hooks(&fault)};
    assert_ok(aft_env_new(&options, &with, &error));
    fault.fail_at = fault.calls + at;
    aft_status status = draw_and_play(with, &done);
    if (!done)
      assert_status(status, AFT_E_NOMEM);
    aft_env_unref(with);
    assert_int_equal(fault.bytes, 0);
  }
}

#define WITH_POLICY(test) cmocka_unit_test_setup_teardown(test, policy_set_up, policy_tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      WITH_POLICY(waits_are_those_of_erlang_c),
      WITH_POLICY(waits_for_one_with_even_work_are_those_of_theory),
      WITH_POLICY(exponential_draws_have_their_moments),
      WITH_POLICY(a_share_of_a_thousand_is_drawn_that_often),
      WITH_POLICY(a_seed_gives_the_same_bytes),
      WITH_POLICY(the_draws_are_the_same_on_every_machine),
      WITH_POLICY(what_is_drawn_elsewhere_moves_no_ticket),
      WITH_POLICY(first_come_never_reorders),
      WITH_POLICY(nothing_is_overtaken_by_more_than_its_target_allows),
      WITH_POLICY(every_ticket_comes_to_one_end),
      WITH_POLICY(somebody_with_full_hands_gets_no_chat),
      WITH_POLICY(two_more_agents_shorten_the_day),
      WITH_POLICY(it_says_why_one_was_next),
      WITH_POLICY(nothing_is_asked_of_nothing),
      WITH_POLICY(bad_demand_is_refused_by_its_place),
      WITH_POLICY(a_bad_way_to_play_is_refused_by_its_place),
      WITH_POLICY(every_allocation_may_fail),
  };
  return cmocka_run_group_tests_name("simulate", tests, NULL, NULL);
}
