/* The bound of the queue, on every claim: nothing that an agent may take is overtaken by what came later by
 * more than the difference of their targets. And claims of many at once: each ticket goes to one, none is
 * lost. */
#include <pthread.h>

#include "desk_fixture.h"

#include "random.h"

#define STEPS     400
#define CUSTOMERS 24
#define AGENTS    5
#define MOST      600

static desk d;
static uint64_t seed;

/* ---- what the model knows ---- */

#define POLICY                                                                                               \
  "version: 1\n"                                                                                             \
  "queues:\n"                                                                                                \
  "  talk: {order: 1, when: {channel: chat}, skills: [fast]}\n"                                              \
  "teams:\n"                                                                                                 \
  "  calm: {queues: [skilled]}\n"                                                                            \
  "  quick: {skills: [fast]}\n"                                                                              \
  "service_levels:\n"                                                                                        \
  "  gold_urgent: {order: 1, when: {tier: gold, priority: urgent}, first_response: 5m, next_response: 7m}\n" \
  "  gold: {order: 2, when: {tier: gold}, first_response: 25m, next_response: 35m}\n"                        \
  "  silver: {order: 3, when: {tier: silver}, resolution: 4h}\n"

/* Minutes; of a first answer and a further one. The default policy halves them for gold. */
static const struct {
  const char *tier, *priority;
  int64_t first, next;
} targets[] = {{"gold", "urgent", 5, 7}, {"gold", NULL, 25, 35},  {"silver", NULL, 240, 240},
               {NULL, "urgent", 15, 30}, {NULL, "high", 60, 120}, {NULL, "normal", 240, 480},
               {NULL, "low", 1440, 1440}};

static const struct {
  const char *name, *languages, *skills, *teams;
  bool both; /* shops */
} people[AGENTS] = {{"p0", "", "", "", false},
                    {"p1", "zh", "fast", "", true},
                    {"p2", "", "", "calm quick", false},
                    {"p3", "en", "fast", "calm", true},
                    {"p4", "", "", "quick", true}};

static const char *const tiers[] = {"", "", "silver", "gold"};
static const char *const texts[] = {"我的快递到哪里了",
                                    "付款失败了，钱扣了但是订单还是未支付，快点处理！",
                                    "太差劲了，垃圾店铺，骗子，气死我了，再也不买了",
                                    "手机屏幕碎了，我要退货",
                                    "Where is my parcel? It has not arrived yet.",
                                    "谢谢，很好用"};
static const char *const channels[] = {"chat", "wechat", "email"};

static aft_id agents[AGENTS], customers[CUSTOMERS];
static bool there[AGENTS],
    said[AGENTS];          /* said: that they are there; who never did may claim and keeps nothing */
static int own[CUSTOMERS]; /* the named agent, or -1 */

static bool has(const char *words, const char *word) {
  const char *at = strstr(words, word);
  size_t n = strlen(word);
  return at && (at[n] == ' ' || at[n] == '\0');
}

static int customer_of(aft_record *ticket) {
  for (int i = 0; i < CUSTOMERS; i++)
    if (customers[i] == aft_ticket_customer(ticket))
      return i;
  fail_msg("a ticket of nobody");
  return -1;
}

/* Whether the ticket's shop, queue, language and skills are for the agent: the rules, written once more. */
static bool fits(int who, aft_record *ticket) {
  const char *queue = aft_ticket_queue(ticket), *language = aft_ticket_language(ticket);
  bool speaks =
      !*people[who].languages || strcmp(language, "und") == 0 || has(people[who].languages, language);
  bool fast = has(people[who].skills, "fast") || has(people[who].teams, "quick");
  bool shop = people[who].both || aft_ticket_shop(ticket) == d.shop;
  return shop && speaks && (strcmp(queue, "talk") != 0 || fast) &&
         (strcmp(queue, "skilled") != 0 || has(people[who].teams, "calm"));
}

static bool may_take(int who, aft_record *ticket) {
  int named = own[customer_of(ticket)];
  bool taken = named >= 0 && named != who && there[named] && said[named] && fits(named, ticket) &&
               aft_ticket_place(ticket) > d.now;
  return fits(who, ticket) && !taken;
}

static int64_t target_of(aft_record *ticket) {
  bool further = !aft_record_is_null(ticket, AFT_TICKET_FIRST_RESPONSE);
  const char *tier = tiers[customer_of(ticket) % 4];
  for (size_t i = 0; i < sizeof targets / sizeof *targets; i++)
    if ((!targets[i].tier || strcmp(targets[i].tier, tier) == 0) &&
        (!targets[i].priority || strcmp(targets[i].priority, aft_ticket_priority(ticket)) == 0))
      return (further ? targets[i].next : targets[i].first) * AFT__MINUTE / (strcmp(tier, "gold") ? 1 : 2);
  fail_msg("no target for a ticket of priority %s", aft_ticket_priority(ticket));
  return 0;
}

/* ---- the desk ---- */

static void hire(void) {
  aft_error error = AFT_ERROR_INIT;
  const aft_id shops[] = {d.shop, d.other_shop};
  for (int i = 0; i < AGENTS; i++) {
    aft_record *made;
    aft_agent_in in = {.size = sizeof in,
                       .external = {people[i].name, AFT_NTS},
                       .languages = {people[i].languages, AFT_NTS},
                       .skills = {people[i].skills, AFT_NTS},
                       .teams = {people[i].teams, AFT_NTS},
                       .shops = shops,
                       .n_shops = people[i].both ? 2 : 1};
    assert_ok(aft_agent_put(d.session, &d.system, &in, &made, &error));
    agents[i] = aft_agent_id(made);
    aft_record_free(made);
    there[i] = true;
    said[i] = false;
  }
}

static void invite_customers(void) {
  aft_error error = AFT_ERROR_INIT;
  for (int i = 0; i < CUSTOMERS; i++) {
    aft_record *made;
    char name[16];
    snprintf(name, sizeof name, "customer-%d", i);
    own[i] = i % 5 == 0 ? (i / 5) % AGENTS : -1;
    aft_customer_in in = {.size = sizeof in,
                          .external = {name, AFT_NTS},
                          .tier = {tiers[i % 4], AFT_NTS},
                          .agent = own[i] >= 0 ? agents[own[i]] : 0};
    assert_ok(aft_customer_put(d.session, &d.system, &in, &made, &error));
    customers[i] = aft_customer_id(made);
    aft_record_free(made);
  }
}

static int open_kind(void **state) {
  desk_open(&d, (desk_kind)(intptr_t)*state);
  seed = seed_of("claims");
  desk_policy(&d, POLICY);
  hire();
  invite_customers();
  return 0;
}

static int shut(void **state) {
  (void)state;
  desk_close(&d);
  return 0;
}

/* ---- what happens ---- */

static void arrive(void) {
  aft_error error = AFT_ERROR_INIT;
  static int n;
  char external[32], handle[32];
  uint32_t who = below(&seed, CUSTOMERS);
  snprintf(external, sizeof external, "x-%d", n++);
  snprintf(handle, sizeof handle, "h-%u", who);
  aft_message_in in = desk_message(&d, external, texts[below(&seed, 6)]);
  in.customer = customers[who];
  in.handle = (aft_str){handle, AFT_NTS};
  in.channel = (aft_str){channels[below(&seed, 3)], AFT_NTS};
  in.shop = below(&seed, 3) ? d.shop : d.other_shop;
  aft_status status = aft_intake(d.session, &d.system, &in, NULL, &error);
  assert_true(status == AFT_OK || status == AFT_REPLAYED);
}

/* A ticket that is claimed comes back when the customer writes again and it was released before. */
static void work_on(aft_id id, int who) {
  aft_error error = AFT_ERROR_INIT;
  aft_call call = d.as_agent;
  call.actor = agents[who];
  aft_answer_in answer = {.size = sizeof answer, .ticket = id, .text = AFT_STR("请稍等")};
  aft_act_in act = {.size = sizeof act, .ticket = id, .act = AFT_ACT_RELEASE};
  switch (below(&seed, 4)) {
  case 0:
    assert_ok(aft_ticket_answer(d.session, &call, &answer, NULL, &error));
    return;
  case 1:
    assert_ok(aft_ticket_act(d.session, &call, &act, NULL, &error));
    return;
  case 2:
    act.act = AFT_ACT_RESOLVE;
    assert_ok(aft_ticket_act(d.session, &call, &act, NULL, &error));
    return;
  default:
    return;
  }
}

static void come_or_go(void) {
  aft_error error = AFT_ERROR_INIT;
  uint32_t who = below(&seed, AGENTS);
  there[who] = !said[who] || !there[who];
  said[who] = true;
  aft_presence_in in = {.size = sizeof in,
                        .agent = agents[who],
                        .presence = there[who] ? AFT_PRESENCE_ONLINE : AFT_PRESENCE_AWAY};
  assert_ok(aft_presence_set(d.session, &d.system, &in, NULL, &error));
  desk_tick(&d);
}

/* ---- every claim ---- */

/* Every ticket that waits, with what is needed to judge it; the caller frees them. */
static uint32_t waiting(aft_record *out[MOST]) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *ticket;
  uint32_t n = 0;
  aft_ticket_filter in = {.size = sizeof in, .open = AFT_OPEN_WORK, .unassigned = 1, .by = AFT_BY_CREATED};
  assert_ok(aft_ticket_list(d.session, &d.system, &in, &cursor, &error));
  while (aft_cursor_next(cursor, &ticket, &error) == AFT_OK) {
    bool waits = aft_record_is_null(ticket, AFT_TICKET_PAUSED);
    assert_int_equal(!waits, aft_record_is_null(ticket, AFT_TICKET_LANE));
    if (!waits)
      continue;
    assert_true(n < MOST);
    /* A cursor's record lives until the next one. */
    assert_ok(aft_ticket_get(d.session, &d.system, aft_ticket_id(ticket), &out[n++], &error));
  }
  aft_cursor_free(cursor);
  return n;
}

static void check_bound(aft_record *taken, aft_record *left) {
  int64_t delta = target_of(left) - target_of(taken);
  aft_time later = aft_ticket_since(taken) - aft_ticket_since(left);
  if (later > delta)
    fail_msg("seed %llu: a ticket was overtaken by one that came %lld ms later, allowed are %lld",
             (unsigned long long)seed, (long long)later, (long long)delta);
}

static void claim_and_check(int who) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *before[MOST], *got = NULL, *taken = NULL;
  uint32_t n = waiting(before), allowed = 0;
  aft_next_in in = {.size = sizeof in, .agent = agents[who]};
  aft_status status = aft_ticket_claim(d.session, &d.system, &in, &got, &error);
  for (uint32_t i = 0; i < n; i++) {
    allowed += may_take(who, before[i]);
    assert_true(aft_ticket_place(before[i]) == aft_ticket_since(before[i]) + target_of(before[i]));
    if (status == AFT_OK && aft_ticket_id(before[i]) == aft_ticket_id(got))
      taken = before[i];
  }
  if (!there[who]) {
    assert_status(status, AFT_E_TRANSITION);
  } else if (!allowed) {
    assert_status(status, AFT_DONE);
  } else {
    assert_status(status, AFT_OK);
    assert_non_null(taken);
    assert_true(may_take(who, taken));
    for (uint32_t i = 0; i < n; i++) {
      if (before[i] == taken || !may_take(who, before[i]))
        continue;
      check_bound(taken, before[i]);
      bool first = aft_ticket_place(taken) < aft_ticket_place(before[i]) ||
                   (aft_ticket_place(taken) == aft_ticket_place(before[i]) &&
                    aft_ticket_id(taken) < aft_ticket_id(before[i]));
      assert_true(first);
    }
    if (below(&seed, 2))
      work_on(aft_ticket_id(got), who);
  }
  aft_record_free(got);
  for (uint32_t i = 0; i < n; i++)
    aft_record_free(before[i]);
}

static void nothing_is_overtaken_by_more_than_its_target_allows(void **state) {
  (void)state;
  for (int i = 0; i < STEPS; i++) {
    uint32_t what = below(&seed, 20);
    if (what < 9)
      arrive();
    else if (what < 16)
      claim_and_check((int)below(&seed, AGENTS));
    else if (what < 19)
      desk_pass(&d, below(&seed, 20) * AFT__MINUTE);
    else
      come_or_go();
  }
}

/* ---- many at once ---- */

#define SESSIONS 10
#define TICKETS  120
/* Those who leave could otherwise hand the same tickets to and fro for ever, once the others have gone. */
#define MOST_LEAVES 10

typedef struct claimer {
  pthread_t thread;
  aft_id agent;
  bool leaves; /* now and then, and everything is handed back */
  uint32_t got, left;
} claimer;

/* What a host does with a lost race or an outcome that is not known: it asks again. */
static bool again(aft_status status) { return aft_status_is_transient(status) || status == AFT_E_UNKNOWN; }

static void leave_and_return(aft_session *session, aft_id who) {
  aft_error error = AFT_ERROR_INIT;
  static const uint32_t then[] = {AFT_PRESENCE_AWAY, AFT_PRESENCE_ONLINE};
  for (int i = 0; i < 2; i++) {
    aft_presence_in in = {.size = sizeof in, .agent = who, .presence = then[i]};
    while (again(aft_presence_set(session, &d.system, &in, NULL, &error)))
      ;
    aft_tick_report report = {.size = sizeof report};
    (void)aft_tick(session, NULL, &report, &error);
  }
}

static void *claim_all(void *user) {
  claimer *c = user;
  aft_error error = AFT_ERROR_INIT;
  aft_session *session;
  aft_next_in in = {.size = sizeof in, .agent = c->agent};
  if (aft_session_open(d.store, &session, &error) < 0)
    return NULL;
  for (;;) {
    aft_status status = aft_ticket_claim(session, &d.system, &in, NULL, &error);
    c->got += status == AFT_OK;
    if (status == AFT_OK && c->leaves && c->got % 7 == 3 && c->left++ < MOST_LEAVES)
      leave_and_return(session, c->agent);
    if (status != AFT_OK && !again(status))
      break; /* AFT_DONE: nothing waits */
  }
  aft_session_close(session);
  return NULL;
}

static void fill(void) {
  aft_error error = AFT_ERROR_INIT;
  for (int i = 0; i < TICKETS; i++) {
    char name[32];
    snprintf(name, sizeof name, "many-%d", i);
    aft_message_in in = desk_message(&d, name, texts[i % 2]);
    in.customer = 0;
    in.handle = (aft_str){name, AFT_NTS};
    aft_status status = aft_intake(d.session, &d.system, &in, NULL, &error);
    assert_true(status == AFT_OK || status == AFT_REPLAYED);
  }
}

static void start(claimer crew[SESSIONS], bool leave) {
  aft_error error = AFT_ERROR_INIT;
  for (int i = 0; i < SESSIONS; i++) {
    aft_record *made;
    char name[16];
    snprintf(name, sizeof name, "crew-%d", i);
    aft_agent_in in = {.size = sizeof in, .external = {name, AFT_NTS}, .shops = &d.shop, .n_shops = 1};
    assert_ok(aft_agent_put(d.session, &d.system, &in, &made, &error));
    crew[i] = (claimer){.agent = aft_agent_id(made), .leaves = leave && i % 3 == 0};
    aft_record_free(made);
  }
  for (int i = 0; i < SESSIONS; i++)
    assert_int_equal(pthread_create(&crew[i].thread, NULL, claim_all, &crew[i]), 0);
}

static int count_events(aft_id id, const char *verb) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *event;
  int n = 0;
  assert_ok(aft_ticket_history(d.session, &d.system, id, &cursor, &error));
  while (aft_cursor_next(cursor, &event, &error) == AFT_OK)
    n += strcmp(aft_event_verb(event), verb) == 0;
  aft_cursor_free(cursor);
  return n;
}

static void check_all(const claimer crew[SESSIONS], bool exact) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *ticket;
  uint32_t n = 0, claims = 0, acknowledged = 0;
  aft_ticket_filter in = {.size = sizeof in, .open = AFT_OPEN_WORK, .by = AFT_BY_CREATED};
  assert_ok(aft_ticket_list(d.session, &d.system, &in, &cursor, &error));
  while (aft_cursor_next(cursor, &ticket, &error) == AFT_OK) {
    int had = count_events(aft_ticket_id(ticket), "ticket.claimed");
    int back = count_events(aft_ticket_id(ticket), "ticket.handed_back");
    bool waits = aft_record_is_null(ticket, AFT_TICKET_ASSIGNEE);
    assert_int_equal(had, back + !waits);
    assert_int_equal(waits, !aft_record_is_null(ticket, AFT_TICKET_LANE));
    claims += (uint32_t)had;
    n++;
  }
  aft_cursor_free(cursor);
  for (int i = 0; i < SESSIONS; i++)
    acknowledged += crew[i].got;
  assert_int_equal(n, TICKETS);
  assert_true(exact ? acknowledged == claims : acknowledged <= claims);
}

static void each_ticket_goes_to_one_of_many(void **state) {
  (void)state;
  claimer crew[SESSIONS];
  fill();
  start(crew, false);
  for (int i = 0; i < SESSIONS; i++)
    assert_int_equal(pthread_join(crew[i].thread, NULL), 0);
  check_all(crew, d.kind != DESK_HOSTILE); /* an outcome that is not known was not acknowledged */
  aft_error error = AFT_ERROR_INIT;
  aft_next_in in = {.size = sizeof in, .agent = crew[0].agent};
  assert_status(aft_ticket_claim(d.session, &d.system, &in, NULL, &error), AFT_DONE);
}

static void none_is_lost_while_agents_come_and_go(void **state) {
  (void)state;
  claimer crew[SESSIONS];
  fill();
  start(crew, true);
  for (int i = 0; i < SESSIONS; i++)
    assert_int_equal(pthread_join(crew[i].thread, NULL), 0);
  desk_tick(&d);
  check_all(crew, false);
}

#define ON(test, kind) \
  { #test " on " #kind, test, open_kind, shut, (void *)(intptr_t)DESK_##kind }
#define EVERYWHERE(test) ON(test, SQLITE), ON(test, MEMORY), ON(test, HOSTILE)

int main(void) {
  const struct CMUnitTest tests[] = {
      EVERYWHERE(nothing_is_overtaken_by_more_than_its_target_allows),
      EVERYWHERE(each_ticket_goes_to_one_of_many),
      EVERYWHERE(none_is_lost_while_agents_come_and_go),
  };
  static const char *const not_there[] = {"on MEMORY", "on HOSTILE"};
  return RUN_CASES(tests, not_there);
}
