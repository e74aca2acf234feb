/* A day that was lived in the desk, and the same day played from its records: the same claims, by the same
 * agents, in the same order, after the same waits. */
#include <stdlib.h>
#include <string.h>

#include "desk_fixture.h"
#include "random.h"
#include "simulate/simulate.h"

#define AGENTS  4
#define TICKETS 120
#define MOST    (20 * TICKETS)
#define RATE_MS (40 * AFT__MINUTE)

static desk d;
static uint64_t seed;

/* ---- the shop ---- */

static const char levels[] =
    "queues:\n"
    "  skilled: {order: 10, when: {tone: {at_most: -600}}}\n"
    "  talk: {order: 15, when: {category: return_refund}, skills: [fast]}\n"
    "priority: {rules: {escalated: null}}\n" /* a breach changes no priority while a ticket waits */
    "teams:\n"
    "  calm: {queues: [skilled]}\n"
    "service_levels:\n"
    "  gold: {order: 1, when: {tier: gold}, first_response: 25m, next_response: 35m}\n"
    "  silver: {order: 2, when: {tier: silver}, resolution: 4h}\n"
    "  urgent: {first_response: 15m, next_response: 30m}\n"
    "  normal: {first_response: 2h, next_response: 3h}\n"
    "  low: {first_response: 6h}\n"
    "tiers:\n"
    "  silver: {order: 60, targets: 900}\n"
    "  vip: {agent: p1}\n";

static const struct {
  const char *name, *languages, *skills, *teams;
} people[AGENTS] = {
    {"p0", "", "fast", "calm"}, {"p1", "zh", "fast", ""}, {"p2", "en zh", "", "calm"}, {"p3", "zh", "", ""}};

static const char *const tiers[] = {"", "", "", "silver", "gold", "vip"};
static const char *const texts[] = {"我的快递到哪里了",
                                    "付款失败了，钱扣了但是订单还是未支付",
                                    "太差劲了，垃圾店铺，骗子，气死我了，再也不买了",
                                    "手机屏幕碎了，我要退货",
                                    "Where is my parcel? It has not arrived yet.",
                                    "请问这个怎么使用"};

typedef struct way {
  const char *name, *policy;
  uint32_t further; /* permille */
  bool shifts, pushed;
  int64_t step, capacity;
} way;

static const way ways[] = {
    {"claimed", "", 0, false, false, 1, 0},
    {"claimed, many things at one moment", "", 0, false, false, 30000, 0},
    {"claimed, and customers who write again", "", 400, false, false, 1, 0},
    {"claimed in shifts, nothing is given back", "routing: {hand_back: never}\n", 300, true, false, 1, 0},
    {"claimed, but not more than a rate", "routing: {rate: {claims: 3, within: 40m}}\n", 0, false, false, 1,
     0},
    {"given out by turns",
     "queues:\n  general: {assign: round_robin}\n  logistics: {assign: round_robin}\n  payment: {assign: "
     "round_robin}\n  talk: {assign: round_robin}\n  skilled: {assign: round_robin}\n  returns: {assign: "
     "round_robin}\nrouting: {away_after: never}\n",
     0, false, true, 1, 2},
    {"given out by load",
     "queues:\n  general: {assign: least_loaded}\n  logistics: {assign: least_loaded}\n  payment: {assign: "
     "least_loaded}\n  talk: {assign: least_loaded}\n  skilled: {assign: least_loaded}\n  returns: {assign: "
     "least_loaded}\nrouting: {away_after: never}\n",
     300, false, true, 1, 3},
};

/* ---- the day as it is lived: written once more, step by step, over the public calls ---- */

typedef enum happening {
  ANSWERS,
  WRITES,
  ARRIVES,
  WAKES /* the rate of some agent has passed, or the place of a ticket that was its own agent's */
} happening;

typedef struct plan {
  aft_time at;
  happening what;
  int ticket;
  bool done;
} plan;

typedef struct lived {
  aft_id id;
  char handle[24];
  int text, agent;
  aft_time claimed, answered, place, since;
  int claim;
  bool begun; /* a hand is on it */
} lived;

static plan plans[MOST];
static int n_plans, n_claims;
static lived tickets[TICKETS];
static aft_id agents[AGENTS], shop;
static aft_time served[AGENTS], shift[AGENTS][2];
static int busy[AGENTS]; /* with a ticket, or -1 */
static const way *now_way;

static bool is_planned(aft_time at) {
  for (int k = 0; k < n_plans; k++)
    if (plans[k].what != WAKES && plans[k].at == at)
      return true;
  return false;
}

/* Where tickets are given out, which of two agents is free first decides: no two are in one millisecond. */
static void plan_at(aft_time at, happening what, int ticket) {
  assert_true(n_plans < MOST);
  while (now_way->pushed && what != WAKES && is_planned(at))
    at++;
  plans[n_plans++] = (plan){at, what, ticket, false};
}

static void hire(void) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  aft_shop_in in = {.size = sizeof in, .external = AFT_STR("lived")};
  assert_ok(aft_shop_put(d.session, &d.system, &in, &made, &error));
  shop = aft_shop_id(made);
  aft_record_free(made);
  for (int i = 0; i < AGENTS; i++) {
    aft_agent_in agent = {.size = sizeof agent,
                          .external = {people[i].name, AFT_NTS},
                          .languages = {people[i].languages, AFT_NTS},
                          .skills = {people[i].skills, AFT_NTS},
                          .teams = {people[i].teams, AFT_NTS},
                          .capacity = now_way->capacity,
                          .shops = &shop,
                          .n_shops = 1};
    assert_ok(aft_agent_put(d.session, &d.system, &agent, &made, &error));
    agents[i] = aft_agent_id(made);
    aft_record_free(made);
    shift[i][0] = d.now + (now_way->shifts ? i % 3 : 0) * AFT__HOUR;
    shift[i][1] = shift[i][0] + (now_way->shifts ? 5 : 20) * AFT__HOUR;
    aft_shift_in span = {.size = sizeof span, .agent = agents[i], .from = shift[i][0], .to = shift[i][1]};
    assert_ok(aft_shift_put(d.session, &d.system, &span, NULL, &error));
    aft_presence_in online = {.size = sizeof online, .agent = agents[i], .presence = AFT_PRESENCE_ONLINE};
    assert_ok(aft_presence_set(d.session, &d.system, &online, NULL, &error));
    busy[i] = -1;
    served[i] = 0;
  }
}

static void say(int i, const char *text) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *message;
  static int n;
  char external[32];
  snprintf(external, sizeof external, "s-%d", n++);
  aft_customer_in customer = {
      .size = sizeof customer, .external = {tickets[i].handle, AFT_NTS}, .tier = {tiers[i % 6], AFT_NTS}};
  aft_record *made;
  assert_ok(aft_customer_put(d.session, &d.system, &customer, &made, &error));
  aft_message_in in = desk_message(&d, external, text);
  in.shop = shop;
  in.customer = aft_customer_id(made);
  in.handle = (aft_str){tickets[i].handle, AFT_NTS};
  in.channel = AFT_STR("web");
  assert_ok(aft_intake(d.session, &d.system, &in, &message, &error));
  assert_true(!tickets[i].id || tickets[i].id == aft_message_ticket(message));
  tickets[i].id = aft_message_ticket(message);
  aft_record_free(message);
  aft_record_free(made);
  aft_record *ticket = desk_ticket(&d, tickets[i].id);
  if (aft_ticket_place(ticket) > d.now)
    plan_at(aft_ticket_place(ticket), WAKES, i);
  aft_record_free(ticket);
}

static void answer(int i) {
  aft_error error = AFT_ERROR_INIT;
  aft_call call = d.as_agent;
  aft_answer_in in = {.size = sizeof in, .ticket = tickets[i].id, .text = AFT_STR("已经处理。")};
  call.actor = agents[tickets[i].agent];
  assert_ok(aft_ticket_answer(d.session, &call, &in, NULL, &error));
  busy[tickets[i].agent] = -1;
  tickets[i].begun = false;
  if (!tickets[i].answered)
    tickets[i].answered = d.now;
  if (below(&seed, 1000) < now_way->further)
    plan_at(d.now + now_way->step * (1 + below(&seed, 40 * 60000) / now_way->step), WRITES, i);
}

static void happens(plan *p) {
  p->done = true;
  if (p->what == ANSWERS)
    answer(p->ticket);
  else if (p->what != WAKES)
    say(p->ticket, p->what == ARRIVES             ? texts[tickets[p->ticket].text]
                   : tickets[p->ticket].text == 4 ? "The size is medium, colour blue."
                                                  : "尺码是中号，颜色是蓝色。");
}

static void begin(int agent, int i) {
  int64_t work = 60000 * (2 + (int64_t)below(&seed, 25)) + below(&seed, 60000);
  busy[agent] = i;
  tickets[i].begun = true;
  plan_at(d.now + now_way->step * (1 + work / now_way->step), ANSWERS, i);
}

static void taken(int i, int agent, aft_record *ticket) {
  tickets[i].agent = agent;
  tickets[i].claimed = d.now;
  tickets[i].claim = n_claims++;
  tickets[i].place = aft_ticket_place(ticket);
  tickets[i].since = aft_ticket_since(ticket);
  served[agent] = d.now;
  plan_at(d.now + RATE_MS, WAKES, i);
}

/* Of what the agent has and owes an answer to, the one of the smallest place. */
static int own_next(int agent) {
  int best = -1;
  aft_time least = 0;
  for (int i = 0; i < TICKETS; i++) {
    if (!tickets[i].id || tickets[i].agent != agent || tickets[i].begun)
      continue;
    aft_record *ticket = desk_ticket(&d, tickets[i].id);
    aft_time place = aft_ticket_place(ticket);
    bool owes = aft_record_is_null(ticket, AFT_TICKET_PAUSED) && aft_ticket_open(ticket) == 2;
    aft_record_free(ticket);
    if (owes && (best < 0 || place < least)) {
      best = i;
      least = place;
    }
  }
  return best;
}

static int number_of(aft_id id) {
  for (int i = 0; i < TICKETS; i++)
    if (tickets[i].id == id)
      return i;
  fail_msg("a ticket of nobody");
  return -1;
}

/* What the tick gave out. */
static void see_given(void) {
  for (int i = 0; i < TICKETS; i++) {
    if (!tickets[i].id || tickets[i].agent >= 0)
      continue;
    aft_record *ticket = desk_ticket(&d, tickets[i].id);
    for (int a = 0; a < AGENTS; a++)
      if (aft_ticket_assignee(ticket) == agents[a])
        taken(i, a, ticket);
    aft_record_free(ticket);
  }
}

static bool claim(int agent) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *got = NULL;
  aft_next_in in = {.size = sizeof in, .agent = agents[agent]};
  aft_status status = aft_ticket_claim(d.session, &d.system, &in, &got, &error);
  if (status == AFT_OK) {
    int i = number_of(aft_ticket_id(got));
    taken(i, agent, got);
    begin(agent, i);
  } else if (status != AFT_E_INELIGIBLE) {
    assert_status(status, AFT_DONE);
  }
  aft_record_free(got);
  return status == AFT_OK;
}

static bool on_shift(int agent) { return d.now >= shift[agent][0] && d.now < shift[agent][1]; }

/* What an agent has already comes before anything new. */
static void go_on(void) {
  for (int a = 0; a < AGENTS; a++) {
    int own = busy[a] < 0 && on_shift(a) ? own_next(a) : -1;
    if (own >= 0)
      begin(a, own);
  }
}

/* Who got a ticket least recently asks first; once somebody got one, all are asked again. */
static void take_next(void) {
  bool asked[AGENTS] = {false};
  for (;;) {
    int best = -1;
    for (int a = 0; a < AGENTS; a++)
      if (busy[a] < 0 && on_shift(a) && !asked[a] && (best < 0 || served[a] < served[best]))
        best = a;
    if (best < 0)
      return;
    asked[best] = !claim(best);
  }
}

static aft_time next_moment(void) {
  aft_time next = INT64_MAX;
  for (int k = 0; k < n_plans; k++)
    if (!plans[k].done && plans[k].at < next)
      next = plans[k].at;
  for (int a = 0; a < AGENTS; a++)
    if (shift[a][0] > d.now && shift[a][0] < next)
      next = shift[a][0];
  return next;
}

static void live(void) {
  aft_time at = d.now;
  for (int i = 0; i < TICKETS; i++) {
    at += now_way->step * (1 + below(&seed, 6 * 60000) / now_way->step);
    tickets[i] = (lived){.text = (int)below(&seed, 6), .agent = -1, .claim = -1};
    snprintf(tickets[i].handle, sizeof tickets[i].handle, "lived-%d", i);
    plan_at(at, ARRIVES, i);
  }
  for (aft_time next; (next = next_moment()) != INT64_MAX;) {
    desk_pass(&d, next - d.now);
    for (happening what = ANSWERS; what <= WAKES; what++)
      for (int k = 0; k < n_plans; k++)
        if (!plans[k].done && plans[k].at == next && plans[k].what == what)
          happens(&plans[k]);
    go_on();
    if (now_way->pushed) {
      desk_tick(&d);
      see_given();
      go_on();
    }
    take_next();
  }
}

/* ---- the day as it is played ---- */

static aft_policy *make_policy(void) {
  aft_error error = AFT_ERROR_INIT;
  aft_policy *policy;
  aft_buf *report = NULL;
  aft_document documents[] = {{sizeof documents[0], AFT_STR("levels.yaml"), {levels, AFT_NTS}},
                              {sizeof documents[0], AFT_STR("way.yaml"), {now_way->policy, AFT_NTS}}};
  aft_policy_options options = {
      .size = sizeof options, .documents = documents, .count = *now_way->policy ? 2 : 1};
  if (aft_policy_load(d.env, &options, &policy, &report, &error) < 0)
    fail_msg("%s", report ? aft_buf_data(report) : error.message);
  return policy;
}

static aft_demand *record(aft_time began) {
  aft_error error = AFT_ERROR_INIT;
  aft_demand *demand;
  aft_demand_span span = {
      .size = sizeof span, .from = began, .until = d.now + 1, .shop = shop, .longest_ms = 20 * AFT__HOUR};
  assert_ok(aft_demand_record(d.session, &d.system, &span, &demand, &error));
  assert_int_equal(aft_demand_count(demand), TICKETS);
  return demand;
}

static aft_simulated *play(const aft_policy *policy, const aft_demand *demand, uint32_t order) {
  aft_error error = AFT_ERROR_INIT;
  aft_simulated *simulated;
  aft_simulation_in in = {.size = sizeof in, .order = order};
  assert_ok(aft_simulate(policy, demand, &in, &simulated, &error));
  return simulated;
}

static void compare(const aft_demand *demand, const aft_simulated *simulated) {
  for (uint32_t k = 0; k < demand->n; k++) {
    const aft__played *p = &simulated->run.played[k];
    const lived *l = &tickets[number_of((aft_id)demand->list[k].id)];
    if (l->claim < 0) {
      assert_int_equal(p->claim, AFT__NOBODY);
      continue;
    }
    if ((int)p->claim != l->claim || p->claimed != l->claimed || (int)p->agent != l->agent)
      fail_msg("%s: ticket %u was claim %d of agent %d at %lld, played it is %u of %u at %lld", now_way->name,
               k, l->claim, l->agent, (long long)l->claimed, p->claim, p->agent, (long long)p->claimed);
    if (l->answered)
      assert_true(p->answered == l->answered);
    if (demand->list[k].pieces == 1)
      assert_true(p->place == l->place && p->since == l->since);
  }
}

/* The same arrivals, now each in its turn: whoever came before and suits the agent is not left. */
static void compare_first_come(const aft_demand *demand, const aft_simulated *simulated) {
  const aft__played *played = simulated->run.played;
  for (uint32_t i = 0; i < demand->n; i++)
    for (uint32_t k = 0; k < i; k++)
      if (demand->list[i].kind == demand->list[k].kind)
        assert_true(played[k].claim < played[i].claim || played[i].claim == AFT__NOBODY);
}

static void live_and_play(const way *how, desk_kind kind) {
  aft_error error = AFT_ERROR_INIT;
  now_way = how;
  seed = seed_of("simulate_desk");
  desk_open(&d, kind);
  n_plans = n_claims = 0;
  aft_policy *policy = make_policy();
  assert_ok(aft_policy_activate(d.session, &d.system, policy, NULL, &error));
  hire();
  aft_time began = d.now;
  live();
  aft_demand *demand = record(began);
  aft_simulated *simulated = play(policy, demand, AFT_NEXT_BY_PLACE);
  compare(demand, simulated);
  aft_simulated_free(simulated);
  simulated = play(policy, demand, AFT_NEXT_FIRST_COME);
  compare_first_come(demand, simulated);
  aft_simulated_free(simulated);
  aft_demand_free(demand);
  aft_policy_unref(policy);
  desk_close(&d);
}

static void a_day_is_played_as_it_was_lived(void **state) { live_and_play(*state, DESK_MEMORY); }

static void a_day_is_played_as_it_was_lived_in_a_database(void **state) {
  (void)state;
  live_and_play(&ways[2], DESK_SQLITE);
}

/* ---- what a record says ---- */

static int open_sqlite(void **state) {
  (void)state;
  desk_open(&d, DESK_SQLITE);
  return 0;
}

static int shut(void **state) {
  (void)state;
  desk_close(&d);
  return 0;
}

static aft_demand *recorded(aft_time from, int64_t longest_ms) {
  aft_error error = AFT_ERROR_INIT;
  aft_demand *demand;
  aft_demand_span span = {
      .size = sizeof span, .from = from, .until = d.now + 1, .shop = d.shop, .longest_ms = longest_ms};
  assert_ok(aft_demand_record(d.session, &d.as_agent, &span, &demand, &error));
  return demand;
}

static aft_id claimed(void) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *got;
  assert_status(aft_ticket_claim(d.session, &d.as_agent, NULL, &got, &error), AFT_OK);
  aft_id id = aft_ticket_id(got);
  aft_record_free(got);
  return id;
}

static aft_id say_as(const char *handle) { return desk_say_as(&d, handle, "我的快递到哪里了"); }

static const aft__exchange *piece_of(const aft_demand *demand, uint32_t ticket, uint32_t piece) {
  assert_true(ticket < demand->n && piece < demand->list[ticket].pieces);
  return &demand->pieces[demand->list[ticket].first + piece];
}

static void work_begins_when_everything_is_there(void **state) {
  aft_time from = d.now;
  (void)state;
  aft_id first = say_as("one");
  aft_id second = say_as("two");
  desk_pass(&d, 10 * AFT__MINUTE); /* nobody is there */
  assert_true(claimed() == first && claimed() == second);
  desk_pass(&d, 3 * AFT__MINUTE);
  desk_answer(&d, first, "马上查。");
  desk_pass(&d, 2 * AFT__MINUTE);
  desk_answer(&d, first, "已经发出。"); /* more about the same */
  desk_pass(&d, 4 * AFT__MINUTE);
  desk_answer(&d, second, "明天到。");
  desk_pass(&d, 30 * AFT__MINUTE);
  assert_true(say_as("two") == second);
  desk_pass(&d, 90 * AFT__MINUTE); /* lunch lay between */
  desk_answer(&d, second, "今天到。");
  say_as("three"); /* nobody answers */
  aft_demand *demand = recorded(from, 0);
  assert_int_equal(aft_demand_count(demand), 3);
  assert_int_equal(piece_of(demand, 0, 0)->work_ms, 5 * AFT__MINUTE);
  assert_int_equal(piece_of(demand, 1, 0)->work_ms, 4 * AFT__MINUTE);
  assert_int_equal(piece_of(demand, 1, 1)->gap_ms, 30 * AFT__MINUTE);
  assert_int_equal(piece_of(demand, 1, 1)->work_ms, AFT__HOUR);
  assert_int_equal(piece_of(demand, 2, 0)->work_ms, (5 + 4 + 60) * AFT__MINUTE / 3);
  assert_int_equal(demand->crew.n, 1);
  aft_demand_free(demand);
  demand = recorded(from, 20 * AFT__MINUTE);
  assert_int_equal(piece_of(demand, 1, 1)->work_ms, 20 * AFT__MINUTE);
  aft_demand_free(demand);
}

static void work_begins_when_somebody_is_given_the_ticket(void **state) {
  aft_time from = d.now;
  (void)state;
  aft_id ticket = say_as("one");
  desk_pass(&d, 10 * AFT__MINUTE);
  desk_act(&d, ticket, AFT_ACT_ASSIGN);
  desk_pass(&d, 3 * AFT__MINUTE);
  desk_answer(&d, ticket, "马上查。");
  aft_demand *demand = recorded(from, 0);
  assert_int_equal(piece_of(demand, 0, 0)->work_ms, 3 * AFT__MINUTE);
  aft_demand_free(demand);
}

static void a_shift_of_weeks_is_one(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft_time from = d.now, first = from - 30 * AFT__DAY, last = from + 30 * AFT__DAY;
  (void)state;
  aft_shift_in span = {.size = sizeof span, .agent = d.agent, .from = first, .to = last};
  assert_ok(aft_shift_put(d.session, &d.system, &span, NULL, &error));
  say_as("one");
  aft_demand *demand = recorded(from, 0);
  assert_int_equal(demand->crew.n, 1);
  assert_int_equal(demand->crew.list[0].n_shifts, 1);
  assert_true(demand->crew.list[0].shifts[0].from == first && demand->crew.list[0].shifts[0].until == last);
  aft_demand_free(demand);
}

static void only_what_was_opened_then_and_there_is_taken(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft_demand *demand;
  (void)state;
  say_as("before");
  desk_pass(&d, AFT__MINUTE);
  aft_time from = d.now;
  say_as("within");
  desk_pass(&d, AFT__MINUTE);
  aft_demand_span span = {.size = sizeof span, .from = from, .until = d.now, .shop = d.shop};
  say_as("after");
  assert_ok(aft_demand_record(d.session, &d.system, &span, &demand, &error));
  assert_int_equal(aft_demand_count(demand), 1);
  aft_demand_free(demand);
  span.shop = d.other_shop;
  assert_ok(aft_demand_record(d.session, &d.system, &span, &demand, &error));
  assert_int_equal(aft_demand_count(demand), 0);
  aft_demand_free(demand);
}

static void refused(const aft_call *call, aft_demand_span span, aft_status expected, const char *where) {
  aft_error error = AFT_ERROR_INIT;
  aft_demand *demand = NULL;
  assert_status(aft_demand_record(d.session, call, &span, &demand, &error), expected);
  assert_null(demand);
  if (where)
    assert_string_equal(error.where, where);
}

static void a_bad_span_is_refused_by_its_place(void **state) {
  const aft_demand_span good = {.size = sizeof good, .from = d.now, .until = d.now + 1, .shop = d.shop};
  aft_demand_span span = good;
  (void)state;
  span.shop = 0;
  refused(&d.system, span, AFT_E_INVALID, "demand.shop");
  span.shop = d.agent;
  refused(&d.system, span, AFT_E_NOT_FOUND, "demand.shop");
  span = good;
  span.until = span.from;
  refused(&d.system, span, AFT_E_INVALID, "demand.from");
  span.until = span.from + 93 * AFT__DAY;
  refused(&d.system, span, AFT_E_INVALID, "demand.from");
  span = good;
  span.from = INT64_MAX - 2000;
  span.until = INT64_MAX - 1000;
  refused(&d.system, span, AFT_E_INVALID, "demand.from");
  span = good;
  span.longest_ms = -1;
  refused(&d.system, span, AFT_E_INVALID, "demand.longest_ms");
  refused(&d.as_buyer, good, AFT_E_DENIED, NULL);
  span = good;
  span.shop = d.other_shop;
  refused(&d.as_agent, span, AFT_E_DENIED, NULL);
}

#define WAYS (sizeof ways / sizeof *ways)

#define ON_SQLITE(test) cmocka_unit_test_setup_teardown(test, open_sqlite, shut)

int main(void) {
  static const char *const memory_alone[] = {"claimed", "given out"};
  const struct CMUnitTest rest[] = {cmocka_unit_test(a_day_is_played_as_it_was_lived_in_a_database),
                                    ON_SQLITE(work_begins_when_everything_is_there),
                                    ON_SQLITE(work_begins_when_somebody_is_given_the_ticket),
                                    ON_SQLITE(a_shift_of_weeks_is_one),
                                    ON_SQLITE(only_what_was_opened_then_and_there_is_taken),
                                    ON_SQLITE(a_bad_span_is_refused_by_its_place)};
  struct CMUnitTest tests[WAYS + AFT__COUNT(rest)];
  for (size_t i = 0; i < WAYS; i++)
    tests[i] = (struct CMUnitTest){ways[i].name, a_day_is_played_as_it_was_lived, NULL, NULL,
                                   (void *)(uintptr_t)&ways[i]};
  memcpy(tests + WAYS, rest, sizeof rest);
  return RUN_CASES(tests, memory_alone);
}
