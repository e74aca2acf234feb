/* Who gets which ticket: skills, teams, languages, presence, shifts, capacity, rate, and queues that give
 * out. */
#include "desk_fixture.h"

#include "desk/tables/tables.h"
#include "random.h"

static desk d;

static int open_kind(void **state) {
  desk_open(&d, (desk_kind)(intptr_t)*state);
  return 0;
}

static int shut(void **state) {
  (void)state;
  desk_close(&d);
  return 0;
}

/* ---- helpers ---- */

static aft_id put_agent(aft_agent_in in) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  in.size = sizeof in;
  if (!in.shops && !in.leave_shops) {
    in.shops = &d.shop;
    in.n_shops = 1;
  }
  assert_ok(aft_agent_put(d.session, &d.system, &in, &made, &error));
  aft_id id = aft_agent_id(made);
  aft_record_free(made);
  return id;
}

static aft_id agent(const char *name) { return put_agent((aft_agent_in){.external = {name, AFT_NTS}}); }

/* Of the agent; 0 when none waits. */
static aft_id claim(aft_id who) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *ticket = NULL;
  aft_next_in in = {.size = sizeof in, .agent = who};
  aft_status status = aft_ticket_claim(d.session, &d.system, &in, &ticket, &error);
  if (status == AFT_DONE)
    return 0;
  assert_status(status, AFT_OK);
  assert_int_equal(aft_ticket_assignee(ticket), who);
  assert_true(aft_record_is_null(ticket, AFT_TICKET_LANE));
  aft_id id = aft_ticket_id(ticket);
  aft_record_free(ticket);
  return id;
}

static void refused(aft_id who, aft_status status, const char *where) {
  aft_error error = AFT_ERROR_INIT;
  aft_next_in in = {.size = sizeof in, .agent = who};
  assert_status(aft_ticket_claim(d.session, &d.system, &in, NULL, &error), status);
  assert_string_equal(error.where, where);
}

static void presence(aft_id who, uint32_t what) {
  aft_error error = AFT_ERROR_INIT;
  aft_presence_in in = {.size = sizeof in, .agent = who, .presence = what};
  aft_status status;
  do
    status = aft_presence_set(d.session, &d.system, &in, NULL, &error);
  while (status == AFT_E_UNKNOWN); /* of a hostile store: saying the same again does no harm */
  assert_ok(status);
}

static aft_id customer(const char *name, const char *tier, aft_id own) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  aft_customer_in in = {
      .size = sizeof in, .external = {name, AFT_NTS}, .tier = {tier, tier ? AFT_NTS : 0}, .agent = own};
  assert_ok(aft_customer_put(d.session, &d.system, &in, &made, &error));
  aft_id id = aft_customer_id(made);
  aft_record_free(made);
  return id;
}

static aft_id say(const char *who, const char *tier, const char *channel, const char *text) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *message;
  static int n;
  char external[32];
  snprintf(external, sizeof external, "r-%d", n++);
  aft_message_in in = desk_message(&d, external, text);
  in.customer = customer(who, tier, 0);
  in.handle = (aft_str){who, AFT_NTS};
  in.channel = (aft_str){channel, AFT_NTS};
  assert_ok(aft_intake(d.session, &d.system, &in, &message, &error));
  aft_id id = aft_message_ticket(message);
  aft_record_free(message);
  return id;
}

static aft_id assignee(aft_id id) {
  aft_record *ticket = desk_ticket(&d, id);
  aft_id who = aft_ticket_assignee(ticket);
  aft_record_free(ticket);
  return who;
}

static aft_time place(aft_id id) {
  aft_record *ticket = desk_ticket(&d, id);
  aft_time at = aft_ticket_place(ticket);
  aft_record_free(ticket);
  return at;
}

static void act_for(aft_id who, aft_id id, uint32_t what, aft_id whom) {
  aft_error error = AFT_ERROR_INIT;
  aft_call call = d.as_agent;
  aft_act_in in = {.size = sizeof in, .ticket = id, .act = what, .agent = whom};
  call.actor = who;
  assert_status(aft_ticket_act(d.session, &call, &in, NULL, &error), AFT_OK);
}

static void act(aft_id who, aft_id id, uint32_t what) { act_for(who, id, what, 0); }

static uint32_t noted(aft_id id, const char *verb) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *event;
  uint32_t n = 0;
  assert_ok(aft_ticket_history(d.session, &d.system, id, &cursor, &error));
  while (aft_cursor_next(cursor, &event, &error) == AFT_OK)
    n += strcmp(aft_event_verb(event), verb) == 0;
  aft_cursor_free(cursor);
  return n;
}

static uint32_t told(aft_id id, const char *work) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *effect;
  char needle[64];
  uint32_t n = 0;
  snprintf(needle, sizeof needle, "\"work\":\"%s\"", work);
  assert_ok(aft_outbox_list(d.session, &d.system, id, &cursor, &error));
  while (aft_cursor_next(cursor, &effect, &error) == AFT_OK)
    n += strstr(aft_effect_payload(effect), needle) != NULL;
  aft_cursor_free(cursor);
  return n;
}

#define PARCEL  "我的快递到哪里了"
#define URGENT  "付款失败了，钱扣了但是订单还是未支付，快点处理！"
#define FURIOUS "太差劲了，垃圾店铺，骗子，气死我了，再也不买了"

/* ---- claiming ---- */

static void the_most_pressing_ticket_comes_first(void **state) {
  (void)state;
  aft_id lin = agent("lin");
  assert_int_equal(claim(lin), 0);
  aft_id normal = say("a", NULL, "wechat", PARCEL), urgent = say("b", NULL, "wechat", URGENT);
  assert_true(place(urgent) < place(normal));
  assert_int_equal(claim(lin), urgent);
  assert_int_equal(claim(lin), normal);
  assert_int_equal(claim(lin), 0);
  assert_int_equal(noted(urgent, "ticket.claimed"), 1);
  assert_state(&d, urgent, "assigned");
}

static void what_waited_long_enough_is_not_overtaken(void **state) {
  (void)state;
  aft_id lin = agent("lin"), normal = say("a", NULL, "wechat", PARCEL);
  desk_pass(&d, 4 * AFT__HOUR);
  aft_id urgent = say("b", NULL, "wechat", URGENT);
  assert_int_equal(claim(lin), normal);
  assert_int_equal(claim(lin), urgent);
}

static void a_claim_says_why(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft_buf *why;
  (void)state;
  aft_id id = say("a", NULL, "wechat", PARCEL);
  assert_int_equal(claim(agent("lin")), id);
  assert_ok(aft_explain(d.session, &d.system, id, "claim", "en", &why, &error));
  assert_non_null(strstr(aft_buf_data(why), "went to \"lin\""));
  aft_buf_free(why);
}

static void an_agent_claims_for_itself_and_within_its_shops(void **state) {
  aft_error error = AFT_ERROR_INIT;
  (void)state;
  aft_id id = say("a", NULL, "wechat", PARCEL);
  aft_record *ticket;
  aft_next_in other = {.size = sizeof other, .agent = d.other_agent};
  assert_status(aft_ticket_claim(d.session, &d.as_agent, &other, NULL, &error), AFT_E_DENIED);
  assert_status(aft_ticket_claim(d.session, &d.as_buyer, NULL, NULL, &error), AFT_E_DENIED);
  assert_status(aft_ticket_claim(d.session, &d.system, NULL, NULL, &error), AFT_E_INVALID);
  assert_status(aft_ticket_claim(d.session, &d.as_other_agent, NULL, NULL, &error), AFT_DONE);
  aft_next_in elsewhere = {.size = sizeof elsewhere, .shop = d.other_shop};
  assert_status(aft_ticket_claim(d.session, &d.as_agent, &elsewhere, NULL, &error), AFT_DONE);
  aft_next_in queue = {.size = sizeof queue, .queue = AFT_STR("payment")};
  assert_status(aft_ticket_claim(d.session, &d.as_agent, &queue, NULL, &error), AFT_DONE);
  queue.queue = AFT_STR("nowhere");
  assert_status(aft_ticket_claim(d.session, &d.as_agent, &queue, NULL, &error), AFT_E_INVALID);
  assert_ok(aft_ticket_claim(d.session, &d.as_agent, NULL, &ticket, &error));
  assert_int_equal(aft_ticket_id(ticket), id);
  aft_record_free(ticket);
}

static void a_key_gives_the_same_ticket_again(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft_call call = d.as_agent;
  aft_record *one, *two;
  (void)state;
  say("a", NULL, "wechat", PARCEL);
  say("b", NULL, "wechat", PARCEL);
  call.key = AFT_STR("claim-1");
  assert_ok(aft_ticket_claim(d.session, &call, NULL, &one, &error));
  assert_ok(aft_ticket_claim(d.session, &call, NULL, &two, &error));
  assert_int_equal(aft_ticket_id(one), aft_ticket_id(two));
  aft_record_free(one);
  aft_record_free(two);
}

/* ---- lanes ---- */

/* A ticket on a channel of its own, so in a lane of its own. */
static aft_id say_apart(int n) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *message;
  static int count;
  char name[32], external[32];
  snprintf(name, sizeof name, "apart-%d", n);
  snprintf(external, sizeof external, "apart-%d", count++);
  aft_message_in in = desk_message(&d, external, PARCEL);
  in.customer = 0;
  in.handle = in.channel = (aft_str){name, AFT_NTS};
  assert_ok(aft_intake(d.session, &d.system, &in, &message, &error));
  aft_id id = aft_message_ticket(message);
  aft_record_free(message);
  return id;
}

static void no_number_of_lanes_hinders_a_claim(void **state) {
  enum {
    PAST = 4100,
    WAIT = 200
  };
  aft_error error = AFT_ERROR_INIT;
  aft_record *ticket;
  (void)state;
  aft_id first = 0, second = 0;
  for (int i = 0; i < PAST; i++) {
    aft_id id = say_apart(i);
    if (i == 7)
      first = id;
    else if (i == PAST - WAIT)
      second = id;
    else if (i < PAST - WAIT)
      desk_act(&d, id, AFT_ACT_RESOLVE);
  }
  assert_int_equal(claim(d.agent), first);
  aft_next_in in = {.size = sizeof in, .agent = d.agent, .shop = d.shop, .queue = AFT_STR("logistics")};
  assert_ok(aft_ticket_claim(d.session, &d.system, &in, &ticket, &error));
  assert_int_equal(aft_ticket_id(ticket), second);
  aft_record_free(ticket);
  for (int i = 1; i < WAIT; i++)
    assert_true(claim(d.agent) != 0);
  assert_int_equal(claim(d.agent), 0);
}

static aft_status count_lane(void *user, const aft__value *row, aft_error *error) {
  (void)row, (void)error;
  ++*(uint32_t *)user;
  return AFT_OK;
}

static aft_status count_lanes(aft__tx *tx, void *user, aft_error *error) {
  aft__scan scan = {.table = &aft__lane_table, .index = AFT__BY_ID};
  *(uint32_t *)user = 0;
  return aft__scan_each(tx, &scan, count_lane, user, error);
}

static uint32_t lanes(void) {
  aft_error error = AFT_ERROR_INIT;
  aft__tx_options options = {.name = "test", .read = true};
  uint32_t n;
  assert_ok(aft__tx_run(d.session, &options, count_lanes, &n, &error));
  return n;
}

static void lanes_that_nothing_comes_to_go(void **state) {
  (void)state;
  enum {
    MANY = 8
  };
  aft_id waits = say_apart(0), again;
  for (int i = 1; i < MANY; i++)
    desk_act(&d, say_apart(i), AFT_ACT_RESOLVE);
  assert_int_equal(lanes(), MANY);
  desk_pass(&d, 29 * AFT__DAY);
  again = say_apart(MANY - 1); /* into the lane of before */
  assert_int_equal(lanes(), MANY);
  desk_pass(&d, 2 * AFT__DAY);
  aft_id fresh[2] = {say_apart(MANY), say_apart(MANY + 1)};
  assert_int_equal(lanes(), 4); /* all of old are gone, but for the two in which a ticket waits */
  assert_int_equal(claim(d.agent), waits);
  assert_int_equal(claim(d.agent), again);
  assert_int_equal(claim(d.agent), fresh[0]);
  assert_int_equal(claim(d.agent), fresh[1]);
  assert_int_equal(claim(d.agent), 0);
}

/* ---- who may take what ---- */

#define SKILLED                             \
  "version: 1\n"                            \
  "queues: {returns: {skills: [repair]}}\n" \
  "teams:\n"                                \
  "  calm: {queues: [skilled]}\n"           \
  "  menders: {skills: [repair]}\n"

static void skills_teams_and_languages_decide(void **state) {
  (void)state;
  desk_policy(&d, SKILLED);
  aft_id furious = say("a", NULL, "wechat", FURIOUS);
  aft_id broken = say("b", NULL, "wechat", "手机屏幕碎了，我要退货");
  aft_id english = say("c", NULL, "wechat", "Where is my parcel? It has not arrived yet.");
  aft_id calm = put_agent(
      (aft_agent_in){.external = AFT_STR("calm"), .teams = AFT_STR("calm"), .languages = AFT_STR("zh")});
  aft_id mender = put_agent(
      (aft_agent_in){.external = AFT_STR("mender"), .teams = AFT_STR("menders"), .languages = AFT_STR("zh")});
  aft_id able = put_agent((aft_agent_in){
      .external = AFT_STR("able"), .skills = AFT_STR("repair"), .languages = AFT_STR("de en")});
  assert_int_equal(claim(calm), furious);
  assert_int_equal(claim(calm), 0);
  assert_int_equal(claim(able), english);
  assert_int_equal(claim(able), 0);
  assert_int_equal(claim(mender), broken);
}

static void an_agent_without_a_queue_is_told(void **state) {
  (void)state;
  desk_policy(
      &d,
      "version: 1\n"
      "queues: {skilled: null, payment: null, logistics: null, returns: null, general: {skills: [all]}}\n");
  say("a", NULL, "wechat", PARCEL);
  refused(agent("lin"), AFT_E_INVALID, "agent");
}

static void names_that_cannot_be_are_refused(void **state) {
  aft_error error = AFT_ERROR_INIT;
  (void)state;
  const struct {
    aft_agent_in in;
    const char *where;
  } wrong[] = {
      {{.teams = AFT_STR("nobody")}, "agent.teams"},
      {{.skills = AFT_STR("two  spaces")}, "agent.skills"},
      {{.languages = AFT_STR("zh,en")}, "agent.languages"},
      {{.languages = AFT_STR("zh ")}, "agent.languages"},
      {{.capacities = AFT_STR("chat")}, "agent.capacities"},
      {{.capacities = AFT_STR("chat=")}, "agent.capacities"},
      {{.capacities = AFT_STR("chat=99999999")}, "agent.capacities"},
      {{.capacity = -2}, "agent.capacity"},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    aft_agent_in in = wrong[i].in;
    in.size = sizeof in;
    in.external = AFT_STR("lin");
    assert_status(aft_agent_put(d.session, &d.system, &in, NULL, &error), AFT_E_INVALID);
    assert_string_equal(error.where, wrong[i].where);
  }
}

static void a_named_agent_comes_first_while_there(void **state) {
  (void)state;
  aft_id own = agent("own"), other = agent("other");
  presence(own, AFT_PRESENCE_ONLINE);
  customer("a", "vip", own);
  aft_id id = say("a", "vip", "wechat", PARCEL);
  assert_int_equal(claim(other), 0);
  presence(own, AFT_PRESENCE_OFFLINE);
  assert_int_equal(claim(other), id);
  act(other, id, AFT_ACT_RELEASE);
  presence(own, AFT_PRESENCE_ONLINE);
  assert_int_equal(claim(other), 0);
  assert_int_equal(claim(own), id);
}

static void nobody_waits_for_a_named_agent_who_never_came(void **state) {
  (void)state;
  aft_id own = agent("own"), other = agent("other");
  customer("a", "vip", own);
  aft_id id = say("a", "vip", "wechat", PARCEL);
  assert_int_equal(claim(other), id);
}

static void a_named_agent_loses_what_has_waited_long_enough(void **state) {
  (void)state;
  aft_id own = agent("own"), other = agent("other");
  presence(own, AFT_PRESENCE_BUSY);
  customer("a", "vip", own);
  aft_id first = say("a", "vip", "wechat", PARCEL);
  desk_pass(&d, AFT__MINUTE);
  customer("b", "vip", own);
  aft_id second = say("b", "vip", "wechat", PARCEL);
  d.now = place(first) - 1;
  assert_int_equal(claim(other), 0);
  desk_pass(&d, 1);
  assert_int_equal(claim(other), first);
  assert_int_equal(claim(other), 0);
  assert_int_equal(claim(own), second);
}

static void a_named_agent_who_fell_silent_keeps_nothing(void **state) {
  (void)state;
  desk_policy(&d, "version: 1\nrouting: {away_after: 10m}\n");
  aft_id own = agent("own"), other = agent("other");
  presence(own, AFT_PRESENCE_ONLINE);
  customer("a", "vip", own);
  aft_id id = say("a", "vip", "wechat", PARCEL);
  desk_pass(&d, 10 * AFT__MINUTE - 1);
  assert_int_equal(claim(other), 0);
  desk_pass(&d, 1);
  assert_int_equal(claim(other), id);
}

/* ---- capacity and rate ---- */

static void capacity_counts_what_is_in_work(void **state) {
  (void)state;
  aft_id lin = put_agent((aft_agent_in){.external = AFT_STR("lin"), .capacity = 1});
  aft_id first = say("a", NULL, "wechat", PARCEL), second = say("b", NULL, "wechat", PARCEL);
  assert_int_equal(claim(lin), first);
  refused(lin, AFT_E_INELIGIBLE, "agent.capacity");
  desk_answer(&d, first, "稍等"); /* now it waits for the customer */
  assert_int_equal(claim(lin), second);
  put_agent((aft_agent_in){.external = AFT_STR("lin"), .capacity = -1});
  assert_int_equal(claim(lin), 0);
}

static void capacity_by_channel_leaves_the_others(void **state) {
  (void)state;
  aft_id lin = put_agent((aft_agent_in){.external = AFT_STR("lin"), .capacities = AFT_STR("chat=1 email=0")});
  aft_id mail = say("m", NULL, "email", URGENT), chat = say("a", NULL, "chat", PARCEL);
  say("b", NULL, "chat", PARCEL);
  desk_pass(&d, AFT__MINUTE);
  aft_id other = say("c", NULL, "wechat", PARCEL);
  assert_int_equal(claim(lin), chat);
  assert_int_equal(claim(lin), other);
  assert_int_equal(claim(lin), 0);
  assert_int_equal(assignee(mail), 0);
}

static void the_rate_bounds_an_agent(void **state) {
  (void)state;
  desk_policy(&d, "version: 1\nrouting: {rate: {claims: 2, within: 10m}}\n");
  aft_id lin = agent("lin");
  for (int i = 0; i < 4; i++) {
    char name[8];
    snprintf(name, sizeof name, "c%d", i);
    say(name, NULL, "wechat", PARCEL);
  }
  assert_true(claim(lin) != 0);
  desk_pass(&d, 9 * AFT__MINUTE);
  assert_true(claim(lin) != 0);
  refused(lin, AFT_E_INELIGIBLE, "routing.rate");
  desk_pass(&d, AFT__MINUTE);
  assert_true(claim(lin) != 0);
}

/* ---- presence ---- */

static void tickets_of_one_who_goes_away_go_back(void **state) {
  (void)state;
  aft_id lin = agent("lin"), mo = agent("mo2");
  aft_id first = say("a", NULL, "wechat", PARCEL), second = say("b", NULL, "wechat", PARCEL);
  aft_time was = place(first);
  assert_int_equal(claim(lin), first);
  assert_int_equal(claim(lin), second);
  desk_answer(&d, second, "请稍等");
  presence(lin, AFT_PRESENCE_AWAY);
  refused(lin, AFT_E_TRANSITION, "agent.presence");
  desk_tick(&d);
  assert_int_equal(assignee(first), 0);
  assert_int_equal(assignee(second), lin); /* answered: it waits for the customer */
  assert_true(place(first) == was);
  assert_int_equal(noted(first, "ticket.handed_back"), 1);
  assert_int_equal(told(first, "handed_back"), 1);
  assert_int_equal(claim(mo), first);
}

static void what_is_given_back_is_the_policys(void **state) {
  (void)state;
  desk_policy(&d, "version: 1\nrouting: {hand_back: never}\n");
  aft_id lin = agent("lin"), id = say("a", NULL, "wechat", PARCEL);
  assert_int_equal(claim(lin), id);
  presence(lin, AFT_PRESENCE_OFFLINE);
  desk_tick(&d);
  assert_int_equal(assignee(id), lin);
  desk_policy(&d, "version: 1\nrouting: {hand_back: all}\n");
  presence(lin, AFT_PRESENCE_ONLINE);
  desk_answer(&d, id, "请稍等");
  presence(lin, AFT_PRESENCE_OFFLINE);
  desk_tick(&d);
  assert_int_equal(assignee(id), 0);
  assert_state(&d, id, "waiting_customer");
  assert_int_equal(claim(agent("mo2")), 0); /* nobody owes an answer */
}

/* ---- leaving a shop ---- */

static aft_id say_in(aft_id shop, const char *who) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *message;
  static int n;
  char external[32];
  snprintf(external, sizeof external, "shop-%d", n++);
  aft_message_in in = desk_message(&d, external, PARCEL);
  in.shop = shop;
  in.customer = customer(who, NULL, 0);
  in.handle = (aft_str){who, AFT_NTS};
  assert_ok(aft_intake(d.session, &d.system, &in, &message, &error));
  aft_id id = aft_message_ticket(message);
  aft_record_free(message);
  return id;
}

static aft_id call_back_of(aft_id ticket, aft_id who) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *task;
  aft_callback_in in = {.size = sizeof in, .ticket = ticket, .phone = AFT_STR("13800138000")};
  assert_ok(aft_callback_ask(d.session, &d.system, &in, &task, &error));
  aft_id id = aft_task_id(task);
  aft_record_free(task);
  assert_ok(aft_task_assign(d.session, &d.system, id, who, NULL, &error));
  return id;
}

static aft_id has_task(aft_id id) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *task;
  assert_ok(aft_task_get(d.session, &d.system, id, &task, &error));
  aft_id who = aft_task_assignee(task);
  aft_record_free(task);
  return who;
}

static void one_who_leaves_a_shop_keeps_nothing_of_it(void **state) {
  (void)state;
  desk_policy(&d, "version: 1\nrouting: {hand_back: never}\n");
  const aft_id both[] = {d.shop, d.other_shop};
  aft_agent_in in = {.external = AFT_STR("lin"), .shops = both, .n_shops = 2};
  aft_id lin = put_agent(in), works, waits, done, stays;
  assert_int_equal(claim(lin), works = say_in(d.shop, "a"));
  assert_int_equal(claim(lin), waits = say_in(d.shop, "b"));
  assert_int_equal(claim(lin), done = say_in(d.shop, "c"));
  assert_int_equal(claim(lin), stays = say_in(d.other_shop, "d"));
  desk_answer(&d, waits, "请稍等");
  act(lin, done, AFT_ACT_RESOLVE);
  aft_id gone = call_back_of(works, lin), kept = call_back_of(stays, lin);
  customer("own", NULL, lin);
  presence(lin, AFT_PRESENCE_ONLINE);
  aft_id own = say_in(d.shop, "own");
  in = (aft_agent_in){
      .external = AFT_STR("lin"), .shops = both + 1, .n_shops = 1, .leave_shops = both, .n_leave_shops = 1};
  assert_int_equal(put_agent(in), lin);
  presence(lin, AFT_PRESENCE_ONLINE);
  desk_tick(&d);
  assert_int_equal(assignee(works) + assignee(waits), 0);
  assert_int_equal(assignee(stays), lin);
  assert_int_equal(has_task(gone), 0);
  assert_int_equal(has_task(kept), lin);
  assert_int_equal(claim(lin), 0);
  assert_int_equal(say_in(d.shop, "c"), done); /* it opens again */
  desk_tick(&d);
  aft_id mo = agent("mo2");
  assert_int_equal(claim(mo), works);
  assert_int_equal(claim(mo), done);
  assert_int_equal(claim(mo), own);
  assert_int_equal(claim(mo), 0);
}

static void a_shop_that_cannot_be_left_is_refused(void **state) {
  aft_error error = AFT_ERROR_INIT;
  (void)state;
  aft_id nowhere = 12345;
  agent("lin");
  const struct {
    aft_agent_in in;
    aft_status status;
  } wrong[] = {
      {{.leave_shops = &d.other_shop, .n_leave_shops = 1}, AFT_E_INVALID},
      {{.leave_shops = &nowhere, .n_leave_shops = 1}, AFT_E_NOT_FOUND},
      {{.leave_shops = &d.shop, .n_leave_shops = 1, .shops = &d.shop, .n_shops = 1}, AFT_E_INVALID},
      {{.leave_shops = (const aft_id[]){d.shop, d.shop}, .n_leave_shops = 2}, AFT_E_INVALID},
      {{.n_leave_shops = 1}, AFT_E_INVALID},
      {{.leave_shops = &d.shop, .n_leave_shops = 1000000}, AFT_E_INVALID},
  };
  aft_id id = say("a", NULL, "wechat", PARCEL);
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    aft_agent_in in = wrong[i].in;
    in.size = sizeof in;
    in.external = AFT_STR("lin");
    assert_status(aft_agent_put(d.session, &d.system, &in, NULL, &error), wrong[i].status);
    assert_string_equal(error.where, "agent.leave_shops");
  }
  aft_agent_in stranger = {
      .size = sizeof stranger, .external = AFT_STR("new"), .leave_shops = &d.shop, .n_leave_shops = 1};
  assert_status(aft_agent_put(d.session, &d.system, &stranger, NULL, &error), AFT_E_INVALID);
  assert_int_equal(claim(agent("lin")), id); /* nothing of it stays */
}

/* ---- what comes to one who has gone already ---- */

static void what_is_answered_after_an_agent_has_gone_goes_back(void **state) {
  (void)state;
  aft_id lin = agent("lin"), mo = agent("mo2"), id = say("a", NULL, "wechat", PARCEL);
  assert_int_equal(claim(lin), id);
  desk_answer(&d, id, "请提供运单号");
  presence(lin, AFT_PRESENCE_OFFLINE);
  desk_tick(&d);
  assert_int_equal(assignee(id), lin);
  desk_pass(&d, AFT__HOUR);
  assert_int_equal(say("a", NULL, "wechat", "单号是SF1234567890123，快一点"), id);
  desk_tick(&d);
  assert_int_equal(assignee(id), 0);
  assert_int_equal(noted(id, "ticket.handed_back"), 1);
  assert_int_equal(told(id, "handed_back"), 1);
  assert_int_equal(claim(mo), id);
}

static void what_is_answered_while_the_agent_is_there_stays(void **state) {
  (void)state;
  aft_id lin = agent("lin"), id = say("a", NULL, "wechat", PARCEL);
  presence(lin, AFT_PRESENCE_BUSY);
  assert_int_equal(claim(lin), id);
  desk_answer(&d, id, "请提供运单号");
  desk_pass(&d, AFT__HOUR);
  say("a", NULL, "wechat", "单号是SF1234567890123，快一点");
  desk_tick(&d);
  assert_int_equal(assignee(id), lin);
  desk_policy(&d, "version: 1\nrouting: {hand_back: never}\n");
  desk_answer(&d, id, "请稍等");
  presence(lin, AFT_PRESENCE_OFFLINE);
  desk_tick(&d);
  say("a", NULL, "wechat", "到底什么时候有结果？");
  desk_tick(&d);
  assert_int_equal(assignee(id), lin);
}

static void what_the_policy_let_stay_goes_back_under_another(void **state) {
  (void)state;
  desk_policy(&d, "version: 1\nrouting: {hand_back: never}\n");
  aft_id lin = agent("lin"), id = say("a", NULL, "wechat", PARCEL);
  assert_int_equal(claim(lin), id);
  presence(lin, AFT_PRESENCE_OFFLINE);
  desk_tick(&d);
  assert_int_equal(assignee(id), lin);
  desk_policy(&d, "version: 1\nrouting: {hand_back: unanswered}\n");
  desk_tick(&d);
  assert_int_equal(assignee(id), lin); /* until its place has passed */
  desk_pass(&d, 4 * AFT__HOUR);
  desk_tick(&d);
  assert_int_equal(claim(agent("mo2")), id);
}

static void one_who_has_left_keeps_nothing_that_opens_again(void **state) {
  (void)state;
  desk_policy(&d, "version: 1\nrouting: {hand_back: never}\n");
  aft_id lin = agent("lin"), id = say("a", NULL, "wechat", PARCEL);
  assert_int_equal(claim(lin), id);
  act(lin, id, AFT_ACT_RESOLVE);
  put_agent((aft_agent_in){.external = AFT_STR("lin"), .left = 1});
  desk_tick(&d);
  assert_int_equal(say("a", NULL, "wechat", "到底什么时候有结果？"), id);
  desk_tick(&d);
  assert_int_equal(claim(agent("mo2")), id);
}

static void a_rule_gives_nothing_to_one_who_is_not_there(void **state) {
  (void)state;
  aft_id lin = agent("lin"), mo = agent("mo2");
  desk_policy(&d,
              "version: 1\n"
              "automations:\n"
              "  hers: {order: 1, on: [ticket.opened], do: [{assign: lin}]}\n"
              "texts: {zh: {automation.hers: a}, en: {automation.hers: a}}\n");
  aft_id first = say("a", NULL, "wechat", PARCEL);
  assert_int_equal(assignee(first), lin);
  presence(lin, AFT_PRESENCE_OFFLINE);
  desk_tick(&d);
  assert_int_equal(claim(mo), first);
  aft_id second = say("b", NULL, "wechat", PARCEL);
  assert_int_equal(assignee(second), 0);
  assert_int_equal(desk_events_with(&d, second, "automation.ran", "\"refused\":[\"assign.agent\"]"), 1);
  assert_int_equal(claim(mo), second);
}

static void what_a_person_gives_to_one_who_is_not_there_waits_until_its_place(void **state) {
  (void)state;
  aft_id lin = agent("lin"), mo = agent("mo2"), id = say("a", NULL, "wechat", PARCEL);
  presence(lin, AFT_PRESENCE_OFFLINE);
  desk_tick(&d);
  act_for(mo, id, AFT_ACT_ASSIGN, lin);
  desk_tick(&d);
  assert_int_equal(assignee(id), lin); /* who may come in time */
  desk_pass(&d, 4 * AFT__HOUR - 1);
  desk_tick(&d);
  assert_int_equal(assignee(id), lin);
  desk_pass(&d, 1);
  desk_tick(&d);
  assert_int_equal(claim(mo), id);
  act_for(mo, id, AFT_ACT_ASSIGN, lin); /* its place has passed */
  desk_tick(&d);
  assert_int_equal(assignee(id), 0);
  presence(lin, AFT_PRESENCE_ONLINE);
  act_for(mo, id, AFT_ACT_ASSIGN, lin);
  desk_pass(&d, AFT__DAY);
  desk_tick(&d);
  assert_int_equal(assignee(id), lin);
}

static void many_tickets_go_back_in_steps(void **state) {
  (void)state;
  enum {
    MANY = 120
  };
  aft_id lin = agent("lin");
  for (int i = 0; i < MANY; i++) {
    char name[8];
    snprintf(name, sizeof name, "c%d", i);
    say(name, NULL, "wechat", PARCEL);
    assert_true(claim(lin) != 0);
  }
  put_agent((aft_agent_in){.external = AFT_STR("lin"), .left = 1});
  desk_tick(&d);
  aft_id mo = agent("mo2");
  for (int i = 0; i < MANY; i++)
    assert_true(claim(mo) != 0);
  assert_int_equal(claim(mo), 0);
}

static void no_sign_for_long_means_away(void **state) {
  (void)state;
  desk_policy(&d, "version: 1\nrouting: {away_after: 10m}\n");
  aft_id id = say("a", NULL, "wechat", PARCEL);
  presence(d.agent, AFT_PRESENCE_ONLINE);
  assert_int_equal(claim(d.agent), id);
  desk_pass(&d, 8 * AFT__MINUTE);
  aft_error error = AFT_ERROR_INIT;
  aft_answer_in note = {
      .size = sizeof note, .ticket = id, .text = AFT_STR("等仓库"), .visibility = AFT_PRIVATE};
  assert_ok(aft_ticket_answer(d.session, &d.as_agent, &note, NULL, &error));
  desk_pass(&d, 8 * AFT__MINUTE);
  desk_tick(&d);
  assert_int_equal(assignee(id), d.agent); /* what it did was a sign */
  desk_pass(&d, 8 * AFT__MINUTE);
  desk_tick(&d);
  assert_int_equal(assignee(id), 0);
  refused(d.agent, AFT_E_TRANSITION, "agent.presence");
}

static void one_who_went_without_a_word_is_given_nothing(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  desk_policy(&d, "version: 1\nqueues: {logistics: {assign: round_robin}}\n");
  presence(d.agent, AFT_PRESENCE_ONLINE);
  desk_pass(&d, 14 * AFT__MINUTE);
  aft_id first = say("a", NULL, "wechat", PARCEL);
  desk_tick(&d);
  assert_int_equal(assignee(first), d.agent);
  desk_pass(&d, 3 * AFT__DAY);
  aft_id second = say("b", NULL, "wechat", PARCEL);
  desk_tick(&d);
  assert_int_equal(assignee(first), 0);
  assert_int_equal(assignee(second), 0);
  desk_policy(&d, "version: 1\nqueues: {logistics: {assign: round_robin}}\nrouting: {away_after: never}\n");
  aft_presence_in in = {.size = sizeof in, .presence = AFT_PRESENCE_ONLINE};
  assert_ok(aft_presence_set(d.session, &d.as_agent, &in, NULL, &error));
  desk_pass(&d, 3 * AFT__DAY);
  aft_id third = say("c", NULL, "wechat", PARCEL);
  desk_tick(&d);
  assert_int_equal(assignee(third), d.agent);
}

static void silence_means_nothing_where_agents_claim(void **state) {
  (void)state;
  aft_id id = say("a", NULL, "wechat", PARCEL);
  presence(d.agent, AFT_PRESENCE_ONLINE);
  assert_int_equal(claim(d.agent), id);
  desk_pass(&d, 3 * AFT__HOUR);
  desk_tick(&d);
  assert_int_equal(assignee(id), d.agent);
}

static void a_policy_that_takes_over_notices_silence(void **state) {
  (void)state;
  aft_id id = say("a", NULL, "wechat", PARCEL);
  presence(d.agent, AFT_PRESENCE_ONLINE);
  assert_int_equal(claim(d.agent), id);
  desk_pass(&d, 9 * AFT__MINUTE);
  desk_policy(&d, "version: 1\nrouting: {away_after: 10m}\n");
  desk_tick(&d);
  assert_int_equal(assignee(id), d.agent);
  desk_pass(&d, AFT__MINUTE);
  desk_tick(&d);
  assert_int_equal(assignee(id), 0);
}

static void nobody_speaks_for_another(void **state) {
  aft_error error = AFT_ERROR_INIT;
  (void)state;
  aft_presence_in in = {.size = sizeof in, .agent = d.other_agent, .presence = AFT_PRESENCE_ONLINE};
  assert_status(aft_presence_set(d.session, &d.as_agent, &in, NULL, &error), AFT_E_DENIED);
  in.presence = 9;
  assert_status(aft_presence_set(d.session, &d.system, &in, NULL, &error), AFT_E_INVALID);
  in = (aft_presence_in){.size = sizeof in, .presence = AFT_PRESENCE_BUSY};
  assert_status(aft_presence_set(d.session, &d.system, &in, NULL, &error), AFT_E_INVALID);
  aft_record *record;
  assert_ok(aft_presence_set(d.session, &d.as_agent, &in, &record, &error));
  assert_string_equal(aft_agent_presence(record), "busy");
  aft_record_free(record);
}

/* ---- shifts ---- */

static aft_status shift(aft_id id, aft_id who, aft_time from, aft_time to, aft_id *out) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *record;
  aft_shift_in in = {.size = sizeof in, .id = id, .agent = who, .from = from, .to = to};
  aft_status status = aft_shift_put(d.session, &d.system, &in, &record, &error);
  if (status == AFT_OK) {
    *out = aft_shift_id(record);
    aft_record_free(record);
  }
  return status;
}

static void shifts_say_when_one_works(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  (void)state;
  aft_id lin = agent("lin"), a, b, id = say("a", NULL, "wechat", PARCEL);
  assert_status(shift(0, lin, d.now + AFT__HOUR, d.now + 3 * AFT__HOUR, &a), AFT_OK);
  assert_status(shift(0, lin, d.now + 2 * AFT__HOUR, d.now + 4 * AFT__HOUR, &b), AFT_E_EXISTS);
  assert_status(shift(0, lin, d.now, d.now + 9 * AFT__HOUR, &b), AFT_E_EXISTS);
  assert_status(shift(0, lin, d.now + 3, d.now + 3, &b), AFT_E_INVALID);
  assert_status(shift(0, lin, d.now + 3 * AFT__HOUR, d.now + 4 * AFT__HOUR, &b), AFT_OK);
  assert_status(shift(a, 0, d.now + AFT__HOUR / 2, d.now + 2 * AFT__HOUR, &a), AFT_OK);
  assert_ok(aft_shift_list(d.session, &d.as_agent, lin, &cursor, &error));
  assert_int_equal(desk_count(cursor), 2);
  refused(lin, AFT_E_TRANSITION, "agent.shift");
  desk_pass(&d, AFT__HOUR / 2);
  assert_int_equal(claim(lin), id);
  desk_pass(&d, 90 * AFT__MINUTE);
  desk_tick(&d);
  assert_int_equal(assignee(id), 0);
  assert_ok(aft_shift_remove(d.session, &d.system, a, &error));
  assert_ok(aft_shift_remove(d.session, &d.system, b, &error));
  assert_status(aft_shift_remove(d.session, &d.system, b, &error), AFT_E_NOT_FOUND);
  assert_status(aft_shift_remove(d.session, &d.as_agent, b, &error), AFT_E_DENIED);
  assert_int_equal(claim(lin), id); /* without shifts one always works */
}

static void what_comes_back_after_a_shift_is_anybodys(void **state) {
  aft_error error = AFT_ERROR_INIT;
  (void)state;
  aft_id lin = agent("lin"), mo = agent("mo2"), a, id = say("a", NULL, "wechat", PARCEL);
  assert_status(shift(0, lin, d.now, d.now + AFT__HOUR, &a), AFT_OK);
  assert_int_equal(claim(lin), id);
  desk_answer(&d, id, "请提供运单号");
  desk_pass(&d, 2 * AFT__HOUR);
  desk_tick(&d);
  assert_int_equal(say("a", NULL, "wechat", "单号是SF1234567890123，快一点"), id);
  desk_tick(&d);
  assert_int_equal(claim(mo), id);
}

static void a_shift_that_is_taken_away_ends_the_work(void **state) {
  aft_error error = AFT_ERROR_INIT;
  (void)state;
  aft_id lin = agent("lin"), mo = agent("mo2"), now, later, id = say("a", NULL, "wechat", PARCEL);
  assert_status(shift(0, lin, d.now, d.now + AFT__HOUR, &now), AFT_OK);
  assert_status(shift(0, lin, d.now + AFT__DAY, d.now + 2 * AFT__DAY, &later), AFT_OK);
  assert_int_equal(claim(lin), id);
  assert_ok(aft_shift_remove(d.session, &d.system, now, &error));
  desk_tick(&d);
  assert_int_equal(claim(mo), id);
  presence(mo, AFT_PRESENCE_ONLINE);
  assert_status(shift(0, mo, d.now + AFT__DAY, d.now + 2 * AFT__DAY, &later), AFT_OK);
  desk_tick(&d);
  assert_int_equal(assignee(id), 0);
}

/* ---- queues that give their tickets out ---- */

#define GIVES(how) "version: 1\nqueues: {logistics: {" how "}}\n"

static void a_queue_gives_to_those_who_are_there(void **state) {
  (void)state;
  desk_policy(&d, GIVES("assign: least_loaded"));
  aft_id lin = agent("lin"), mo = agent("mo2"), ids[4];
  ids[0] = say("a", NULL, "wechat", PARCEL);
  desk_tick(&d);
  assert_int_equal(assignee(ids[0]), 0); /* nobody is there */
  presence(lin, AFT_PRESENCE_ONLINE);
  desk_tick(&d);
  assert_int_equal(assignee(ids[0]), lin);
  assert_int_equal(told(ids[0], "assigned"), 1);
  presence(mo, AFT_PRESENCE_ONLINE);
  ids[1] = say("b", NULL, "wechat", PARCEL);
  desk_tick(&d);
  assert_int_equal(assignee(ids[1]), mo);
  presence(mo, AFT_PRESENCE_BUSY);
  ids[2] = say("c", NULL, "wechat", PARCEL);
  ids[3] = say("e", NULL, "wechat", URGENT); /* another queue, which waits for claims */
  desk_tick(&d);
  assert_int_equal(assignee(ids[2]), lin);
  assert_int_equal(assignee(ids[3]), 0);
}

static void nobody_waits_for_an_own_agent_who_has_gone(void **state) {
  (void)state;
  desk_policy(&d, GIVES("assign: least_loaded"));
  aft_id own = agent("own"), other = agent("other");
  presence(own, AFT_PRESENCE_BUSY);
  presence(other, AFT_PRESENCE_ONLINE);
  customer("a", NULL, own);
  aft_id id = say("a", NULL, "wechat", PARCEL);
  desk_tick(&d);
  assert_int_equal(assignee(id), 0);
  presence(own, AFT_PRESENCE_OFFLINE);
  desk_tick(&d);
  assert_int_equal(assignee(id), other);
}

static void what_an_own_agent_leaves_is_given_out_at_its_place(void **state) {
  (void)state;
  desk_policy(&d, GIVES("assign: least_loaded") "routing: {away_after: 1d}\n");
  aft_id own = agent("own"), other = agent("other");
  presence(own, AFT_PRESENCE_BUSY);
  presence(other, AFT_PRESENCE_ONLINE);
  customer("a", NULL, own);
  aft_id id = say("a", NULL, "wechat", PARCEL);
  desk_tick(&d);
  d.now = place(id) - 1;
  desk_tick(&d);
  assert_int_equal(assignee(id), 0);
  desk_pass(&d, 1);
  desk_tick(&d);
  assert_int_equal(assignee(id), other);
}

static void turns_are_taken(void **state) {
  (void)state;
  desk_policy(&d, GIVES("assign: round_robin"));
  const aft_id who[] = {agent("lin"), agent("mo2"), agent("wu")};
  int got[3] = {0};
  for (int i = 0; i < 3; i++)
    presence(who[i], AFT_PRESENCE_ONLINE);
  desk_tick(&d);
  for (int i = 0; i < 9; i++) {
    char name[8];
    snprintf(name, sizeof name, "c%d", i);
    aft_id id = say(name, NULL, "wechat", PARCEL);
    desk_tick(&d);
    for (int k = 0; k < 3; k++)
      got[k] += assignee(id) == who[k];
    desk_pass(&d, AFT__MINUTE);
    assert_true(got[0] - i / 3 <= 1 && got[1] - i / 3 <= 1 && got[2] - i / 3 <= 1);
  }
  assert_true(got[0] == 3 && got[1] == 3 && got[2] == 3);
}

static void who_has_waited_longest_comes_first(void **state) {
  (void)state;
  desk_policy(&d, GIVES("assign: longest_waiting"));
  aft_id lin = agent("lin"), mo = agent("mo2");
  presence(mo, AFT_PRESENCE_ONLINE);
  desk_tick(&d);
  desk_pass(&d, AFT__MINUTE);
  presence(lin, AFT_PRESENCE_ONLINE);
  desk_tick(&d);
  desk_pass(&d, AFT__MINUTE);
  aft_id first = say("a", NULL, "wechat", PARCEL);
  desk_tick(&d);
  assert_int_equal(assignee(first), mo);
  act(mo, first, AFT_ACT_RESOLVE); /* and is free since now */
  desk_tick(&d);
  aft_id second = say("b", NULL, "wechat", PARCEL);
  desk_tick(&d);
  assert_int_equal(assignee(second), lin);
}

static void a_customer_comes_back_to_the_last_agent(void **state) {
  (void)state;
  desk_policy(&d, GIVES("assign: sticky, then: round_robin"));
  aft_id lin = agent("lin"), mo = agent("mo2");
  presence(lin, AFT_PRESENCE_ONLINE);
  desk_tick(&d);
  aft_id first = say("a", NULL, "wechat", PARCEL);
  desk_tick(&d);
  assert_int_equal(assignee(first), lin);
  act(lin, first, AFT_ACT_RESOLVE);
  act(lin, first, AFT_ACT_CLOSE);
  presence(mo, AFT_PRESENCE_ONLINE);
  desk_tick(&d);
  aft_id second = say("a", NULL, "wechat", PARCEL);
  desk_tick(&d);
  assert_true(second != first);
  assert_int_equal(assignee(second), lin);
  act(lin, second, AFT_ACT_RESOLVE);
  act(lin, second, AFT_ACT_CLOSE);
  presence(lin, AFT_PRESENCE_OFFLINE);
  desk_tick(&d);
  aft_id third = say("a", NULL, "wechat", PARCEL);
  desk_tick(&d);
  assert_int_equal(assignee(third), mo);
}

/* A customer comes back so long after somebody else, whom nobody is given: who of them gets the last agent.
 */
static aft_id given_after(int64_t ms, aft_id *waits, aft_id *own) {
  desk_policy(&d, GIVES("assign: sticky, then: claim") "routing: {away_after: never}\n");
  aft_id lin = put_agent((aft_agent_in){.external = AFT_STR("lin"), .capacity = 1});
  presence(lin, AFT_PRESENCE_ONLINE);
  aft_id before = say("a", NULL, "wechat", PARCEL);
  assert_int_equal(claim(lin), before);
  act(lin, before, AFT_ACT_RESOLVE);
  act(lin, before, AFT_ACT_CLOSE);
  desk_tick(&d);
  *waits = say("b", NULL, "wechat", PARCEL);
  desk_tick(&d);
  assert_int_equal(assignee(*waits), 0);
  desk_pass(&d, ms);
  *own = say("a", NULL, "wechat", PARCEL);
  desk_tick(&d);
  return lin;
}

static void a_customer_who_comes_back_passes_who_still_has_time(void **state) {
  aft_id waits, own;
  (void)state;
  aft_id lin = given_after(4 * AFT__HOUR - 1, &waits, &own);
  assert_int_equal(assignee(own), lin);
  assert_int_equal(assignee(waits), 0);
}

static void a_customer_who_comes_back_passes_nobody_who_is_late(void **state) {
  aft_id waits, own;
  (void)state;
  aft_id lin = given_after(4 * AFT__HOUR, &waits, &own);
  assert_int_equal(assignee(waits), lin);
  assert_int_equal(assignee(own), 0);
  put_agent((aft_agent_in){.external = AFT_STR("lin"), .capacity = 2});
  desk_tick(&d);
  assert_int_equal(assignee(own), lin);
}

static void room_is_filled_in_order(void **state) {
  (void)state;
  desk_policy(&d, GIVES("assign: least_loaded"));
  aft_id lin = put_agent((aft_agent_in){.external = AFT_STR("lin"), .capacity = 1});
  presence(lin, AFT_PRESENCE_ONLINE);
  aft_id first = say("a", NULL, "wechat", PARCEL);
  desk_tick(&d);
  desk_pass(&d, AFT__MINUTE);
  aft_id second = say("b", NULL, "wechat", PARCEL);
  desk_pass(&d, AFT__MINUTE);
  aft_id third = say("c", NULL, "wechat", PARCEL);
  desk_tick(&d);
  assert_int_equal(assignee(first), lin);
  assert_int_equal(assignee(second), 0);
  act(lin, first, AFT_ACT_RESOLVE);
  desk_tick(&d);
  assert_int_equal(assignee(second), lin);
  assert_int_equal(assignee(third), 0);
  put_agent((aft_agent_in){.external = AFT_STR("lin"), .capacity = 2});
  desk_tick(&d);
  assert_int_equal(assignee(third), lin);
}

static void a_policy_that_takes_over_moves_lanes(void **state) {
  (void)state;
  aft_id lin = agent("lin"), id = say("a", NULL, "wechat", PARCEL);
  presence(lin, AFT_PRESENCE_ONLINE);
  desk_tick(&d);
  assert_int_equal(assignee(id), 0);
  desk_policy(&d, "version: 1\nqueues: {logistics: {assign: round_robin, skills: [parcels]}}\n");
  desk_tick(&d);
  assert_int_equal(assignee(id), 0);
  assert_int_equal(claim(lin), 0);
  put_agent((aft_agent_in){.external = AFT_STR("lin"), .skills = AFT_STR("parcels")});
  desk_tick(&d);
  assert_int_equal(assignee(id), lin);
}

/* ---- tiers ---- */

static void a_tier_shortens_what_it_waits_for(void **state) {
  (void)state;
  aft_id normal = say("a", NULL, "wechat", PARCEL);
  desk_pass(&d, 20 * AFT__MINUTE);
  aft_id vip = say("b", "vip", "wechat", PARCEL); /* also of a higher priority */
  assert_true(place(vip) == d.now + 30 * AFT__MINUTE);
  assert_true(place(vip) < place(normal));
  aft_id lin = agent("lin");
  assert_int_equal(claim(lin), vip);
  assert_int_equal(claim(lin), normal);
}

static void the_agent_of_a_tier_serves_it_first(void **state) {
  (void)state;
  aft_id other = agent("other"), own = agent("concierge");
  presence(own, AFT_PRESENCE_ONLINE);
  desk_policy(&d, "version: 1\ntiers: {svip: {agent: concierge}, vip: {agent: nobody}}\n");
  aft_id svip = say("a", "svip", "wechat", PARCEL), vip = say("b", "vip", "wechat", PARCEL);
  assert_int_equal(claim(other), vip);
  assert_int_equal(claim(other), 0);
  assert_int_equal(claim(own), svip);
}

static void buy(const char *number, aft_id who, int64_t minor, aft_time placed) {
  aft_error error = AFT_ERROR_INIT;
  aft_order_in in = {.size = sizeof in,
                     .shop = d.shop,
                     .customer = who,
                     .number = {number, AFT_NTS},
                     .total = {minor, "CNY"},
                     .placed = placed};
  assert_ok(aft_order_put(d.session, &d.system, &in, NULL, &error));
}

static void assert_tier(aft_id who, const char *tier, bool earned) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *record;
  assert_ok(aft_customer_get(d.session, &d.system, who, &record, &error));
  assert_string_equal(aft_customer_tier(record), tier);
  assert_int_equal(aft_customer_earned(record), earned);
  aft_record_free(record);
}

#define EARNED                                                                                      \
  "version: 1\n"                                                                                    \
  "tiers:\n"                                                                                        \
  "  gold: {order: 1, currency: CNY, within: 300d, enter: {value: 100000}, stay: {value: 60000}}\n" \
  "  loyal: {order: 2, enter: {orders: 2, recent: 30d}, stay: {orders: 2, recent: 60d}}\n"

static void purchases_earn_a_tier_and_it_decays_with_hysteresis(void **state) {
  (void)state;
  desk_policy(&d, EARNED);
  aft_id who = customer("buyer", NULL, 0);
  buy("o-1", who, 50000, d.now - 250 * AFT__DAY);
  assert_tier(who, "", false);
  buy("o-2", who, 20000, d.now - AFT__DAY);
  assert_tier(who, "loyal", true);
  buy("o-3", who, 40000, d.now);
  assert_tier(who, "gold", true); /* 110000 */
  desk_pass(&d, 51 * AFT__DAY);   /* the first no longer counts: 60000 is enough to stay, not to enter */
  desk_tick(&d);
  assert_tier(who, "gold", true);
  desk_pass(&d, 249 * AFT__DAY);
  desk_tick(&d);
  assert_tier(who, "", false);
}

static void what_the_host_says_of_a_tier_stands(void **state) {
  (void)state;
  desk_policy(&d, EARNED);
  aft_id who = customer("buyer", "vip", 0);
  buy("o-1", who, 200000, d.now);
  assert_tier(who, "vip", false);
  customer("buyer", "", 0);
  buy("o-2", who, 1, d.now);
  assert_tier(who, "gold", true);
  customer("buyer", "svip", 0);
  buy("o-3", who, 1, d.now);
  assert_tier(who, "svip", false);
}

/* ---- what the order says ---- */

static void an_orders_value_and_country_choose_the_queue(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *message;
  (void)state;
  desk_policy(&d,
              "version: 1\n"
              "queues:\n"
              "  dear: {order: 1, when: {currency: CNY, value: {at_least: 500000}}, skills: [dear]}\n");
  aft_id who = customer("rich", NULL, 0);
  buy("o-9", who, 900000, d.now);
  aft_message_in in = desk_message(&d, "dear-1", PARCEL);
  in.customer = who;
  in.handle = AFT_STR("rich");
  in.order = AFT_STR("o-9");
  assert_ok(aft_intake(d.session, &d.system, &in, &message, &error));
  aft_id id = aft_message_ticket(message);
  aft_record_free(message);
  aft_record *ticket = desk_ticket(&d, id);
  assert_string_equal(aft_ticket_queue(ticket), "dear");
  aft_record_free(ticket);
  assert_int_equal(claim(agent("lin")), 0);
  put_agent((aft_agent_in){.external = AFT_STR("lin"), .skills = AFT_STR("dear")});
  assert_int_equal(claim(agent("lin")), id);
}

/* ---- how far away ---- */

static aft_position where(aft_id id) {
  aft_error error = AFT_ERROR_INIT;
  aft_position at = {.size = sizeof at};
  assert_ok(aft_ticket_position(d.session, &d.system, id, &at, &error));
  return at;
}

static void one_sees_how_many_stand_before(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id ids[3];
  for (int i = 0; i < 3; i++) {
    char name[8];
    snprintf(name, sizeof name, "c%d", i);
    ids[i] = say(name, NULL, "chat", PARCEL);
  }
  for (uint32_t i = 0; i < 3; i++) {
    aft_position at = where(ids[i]);
    assert_true(at.waits == 1 && at.ahead == i && !at.more && at.wait_ms == -1);
  }
  desk_pass(&d, 10 * AFT__MINUTE);
  assert_int_equal(claim(d.agent), ids[0]);
  assert_true(!where(ids[0]).waits);
  assert_true(where(ids[1]).ahead == 0 && where(ids[2]).ahead == 1);
  assert_true(where(ids[2]).wait_ms == 0); /* it has waited as long as the first already */
  aft_id late = say("late", NULL, "chat", PARCEL);
  assert_true(where(late).wait_ms == 10 * AFT__MINUTE);
  aft_position at = {.size = sizeof at};
  assert_status(aft_ticket_position(d.session, &d.as_buyer, late, &at, &error), AFT_E_DENIED);
  assert_status(aft_ticket_position(d.session, &d.system, late, NULL, &error), AFT_E_NULL_HANDLE);
}

/* ---- policies that are refused ---- */

static void not_loaded(const char *document, const char *line) {
  aft_error error = AFT_ERROR_INIT;
  aft_buf *report = NULL;
  aft_policy *policy = NULL;
  aft_document text = {sizeof text, AFT_STR("shop.yaml"), {document, AFT_NTS}};
  aft_policy_options options = {.size = sizeof options, .documents = &text, .count = 1};
  if (aft_policy_load(d.env, &options, &policy, &report, &error) >= 0)
    fail_msg("expected '%s', but it was loaded", line);
  if (!strstr(aft_buf_data(report), line))
    fail_msg("expected '%s', found:\n%s", line, aft_buf_data(report));
  aft_buf_free(report);
}

static void a_policy_that_cannot_route_is_refused(void **state) {
  (void)state;
  not_loaded("version: 1\nteams: {calm: {queues: [skiled]}}\n",
             "shop.yaml:2:25: teams.calm: the policy has no queue 'skiled' (did you mean 'skilled'?)");
  not_loaded("version: 1\nteams: {calm: {}}\n",
             "shop.yaml:2:9: teams.calm: a team without queues and skills is no team");
  not_loaded(GIVES("assign: fastest"),
             "shop.yaml:2:30: queues.logistics.assign: expected one of claim, round_robin, "
             "least_loaded, longest_waiting, sticky, found 'fastest'");
  not_loaded(GIVES("then: claim"), "only a queue with assign: sticky has a second way");
  not_loaded(GIVES("assign: sticky, then: sticky"), "expected one of claim, round_robin");
  not_loaded("version: 1\nrouting: {hand_back: some}\n",
             "expected one of unanswered, all, never, found 'some'");
  not_loaded("version: 1\nrouting: {rate: {claims: 3}}\n", "the key 'within' is missing");
  not_loaded("version: 1\ntiers: {gold: {enter: {value: 3}}}\n",
             "shop.yaml:2:9: tiers.gold: the key 'currency' is missing: a value has one");
  not_loaded("version: 1\ntiers: {gold: {enter: {orders: 3}, stay: {orders: 4}}}\n",
             "staying asks for more than entering");
  not_loaded("version: 1\ntiers: {gold: {within: 3d}}\n", "the key 'enter' is missing");
  not_loaded("version: 1\ntiers: {a: {enter: {orders: 3}}, b: {enter: {orders: 4}}}\n",
             "two tiers that are earned have the order 0");
  not_loaded("version: 1\ntiers: {gold: {privileges: [crown]}}\n",
             "expected one of advance_refund, free_pickup");
  not_loaded("version: 1\nrouting: {patience: soon}\n", "expected a duration");
  not_loaded("version: 1\nrouting: {away_after: 30s}\n", "expected never, or 1m to 366d, found '30s'");
}

#define ON(test, kind) \
  { #test " on " #kind, test, open_kind, shut, (void *)(intptr_t)DESK_##kind }
#define EVERYWHERE(test) ON(test, SQLITE), ON(test, MEMORY), ON(test, HOSTILE)

int main(void) {
  const struct CMUnitTest tests[] = {
      EVERYWHERE(the_most_pressing_ticket_comes_first),
      EVERYWHERE(what_waited_long_enough_is_not_overtaken),
      EVERYWHERE(a_claim_says_why),
      EVERYWHERE(an_agent_claims_for_itself_and_within_its_shops),
      EVERYWHERE(a_key_gives_the_same_ticket_again),
      ON(no_number_of_lanes_hinders_a_claim, MEMORY),
      EVERYWHERE(lanes_that_nothing_comes_to_go),
      EVERYWHERE(skills_teams_and_languages_decide),
      EVERYWHERE(an_agent_without_a_queue_is_told),
      ON(names_that_cannot_be_are_refused, MEMORY),
      EVERYWHERE(a_named_agent_comes_first_while_there),
      EVERYWHERE(nobody_waits_for_a_named_agent_who_never_came),
      EVERYWHERE(a_named_agent_loses_what_has_waited_long_enough),
      EVERYWHERE(a_named_agent_who_fell_silent_keeps_nothing),
      EVERYWHERE(capacity_counts_what_is_in_work),
      EVERYWHERE(capacity_by_channel_leaves_the_others),
      EVERYWHERE(the_rate_bounds_an_agent),
      EVERYWHERE(tickets_of_one_who_goes_away_go_back),
      EVERYWHERE(what_is_given_back_is_the_policys),
      EVERYWHERE(one_who_leaves_a_shop_keeps_nothing_of_it),
      EVERYWHERE(a_shop_that_cannot_be_left_is_refused),
      EVERYWHERE(what_is_answered_after_an_agent_has_gone_goes_back),
      EVERYWHERE(what_is_answered_while_the_agent_is_there_stays),
      EVERYWHERE(what_the_policy_let_stay_goes_back_under_another),
      EVERYWHERE(one_who_has_left_keeps_nothing_that_opens_again),
      EVERYWHERE(a_rule_gives_nothing_to_one_who_is_not_there),
      EVERYWHERE(what_a_person_gives_to_one_who_is_not_there_waits_until_its_place),
      EVERYWHERE(what_comes_back_after_a_shift_is_anybodys),
      EVERYWHERE(a_shift_that_is_taken_away_ends_the_work),
      EVERYWHERE(many_tickets_go_back_in_steps),
      EVERYWHERE(no_sign_for_long_means_away),
      EVERYWHERE(one_who_went_without_a_word_is_given_nothing),
      EVERYWHERE(silence_means_nothing_where_agents_claim),
      EVERYWHERE(a_policy_that_takes_over_notices_silence),
      EVERYWHERE(nobody_speaks_for_another),
      EVERYWHERE(shifts_say_when_one_works),
      EVERYWHERE(a_queue_gives_to_those_who_are_there),
      EVERYWHERE(nobody_waits_for_an_own_agent_who_has_gone),
      EVERYWHERE(what_an_own_agent_leaves_is_given_out_at_its_place),
      EVERYWHERE(turns_are_taken),
      EVERYWHERE(who_has_waited_longest_comes_first),
      EVERYWHERE(a_customer_comes_back_to_the_last_agent),
      EVERYWHERE(a_customer_who_comes_back_passes_who_still_has_time),
      EVERYWHERE(a_customer_who_comes_back_passes_nobody_who_is_late),
      EVERYWHERE(room_is_filled_in_order),
      EVERYWHERE(a_policy_that_takes_over_moves_lanes),
      EVERYWHERE(a_tier_shortens_what_it_waits_for),
      EVERYWHERE(the_agent_of_a_tier_serves_it_first),
      EVERYWHERE(purchases_earn_a_tier_and_it_decays_with_hysteresis),
      EVERYWHERE(what_the_host_says_of_a_tier_stands),
      EVERYWHERE(an_orders_value_and_country_choose_the_queue),
      EVERYWHERE(one_sees_how_many_stand_before),
      ON(a_policy_that_cannot_route_is_refused, MEMORY),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
