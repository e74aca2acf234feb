/* Agents on one ticket: notes that buyers never see, mentions, followers, who else is there, merges and
 * splits against a model that knows where each message is. */
#include "desk_fixture.h"

#include <string.h>

#include "case_fixture.h"

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

static aft_id write_in(const aft_call *call, aft_id ticket, uint32_t visibility, const char *text,
                       const aft_id *mentions, size_t n, aft_status expected) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *message = NULL;
  aft_answer_in in = {.size = sizeof in,
                      .ticket = ticket,
                      .text = AFT_STR(text),
                      .visibility = visibility,
                      .mentions = mentions,
                      .n_mentions = n};
  assert_status(aft_ticket_answer(d.session, call, &in, &message, &error), expected);
  aft_id id = message ? aft_message_id(message) : 0;
  aft_record_free(message);
  return id;
}

static aft_id note(const char *text, aft_id ticket) {
  return write_in(&d.as_agent, ticket, AFT_PRIVATE, text, NULL, 0, AFT_OK);
}

static uint32_t mentions_of(const aft_call *call, bool unseen, aft_id *latest) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *row;
  uint32_t n = 0;
  aft_mention_filter in = {.size = sizeof in, .unseen = unseen};
  assert_ok(aft_mention_list(d.session, call, &in, &cursor, &error));
  while (aft_cursor_next(cursor, &row, &error) == AFT_OK)
    if (n++ == 0 && latest)
      *latest = aft_mention_id(row);
  aft_cursor_free(cursor);
  return n;
}

static uint32_t followers(aft_id ticket) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  assert_ok(aft_follower_list(d.session, &d.system, ticket, &cursor, &error));
  uint32_t n = desk_count(cursor);
  aft_record *row = desk_ticket(&d, ticket);
  assert_int_equal(aft_ticket_followers(row), n);
  aft_record_free(row);
  return n;
}

/* The notices of a kind that left for an agent since the last call; all effects are settled. */
static uint32_t notices(aft_id agent, const char *kind) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *effect;
  char who[48], what[48];
  uint32_t n = 0, seen;
  snprintf(who, sizeof who, "\"agent\":\"%lld\"", (long long)agent);
  snprintf(what, sizeof what, "\"kind\":\"%s\"", kind);
  do {
    aft_claim_in in = {.size = sizeof in, .most = 100};
    seen = 0;
    assert_ok(aft_outbox_claim(d.session, &in, &cursor, &error));
    while (aft_cursor_next(cursor, &effect, &error) == AFT_OK) {
      const char *payload = aft_effect_payload(effect);
      bool ours = strcmp(aft_effect_topic(effect), "agent.notice") == 0;
      n += ours && strstr(payload, who) && strstr(payload, what);
      assert_ok(aft_outbox_settle(d.session, aft_effect_id(effect), aft_effect_fence(effect),
                                  AFT_OUTCOME_DONE, NULL, &error));
      seen++;
    }
    aft_cursor_free(cursor);
  } while (seen);
  return n;
}

static aft_id latest_message(aft_id ticket) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *row;
  aft_id id = 0;
  assert_ok(aft_message_list(d.session, &d.system, ticket, &cursor, &error));
  while (aft_cursor_next(cursor, &row, &error) == AFT_OK)
    id = aft_message_id(row);
  aft_cursor_free(cursor);
  return id;
}

/* ---- notes ---- */

static bool shows(aft_cursor *cursor, aft_id message, const char *word) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *row;
  bool found = false;
  while (aft_cursor_next(cursor, &row, &error) == AFT_OK) {
    aft_buf *json;
    assert_ok(aft_record_json(row, &json, &error));
    found |= strstr(aft_buf_data(json), word) != NULL;
    found |= aft_record_kind(row) == AFT_KIND_MESSAGE && aft_message_id(row) == message;
    aft_buf_free(json);
  }
  aft_cursor_free(cursor);
  return found;
}

static void no_read_shows_a_buyer_a_note(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *out;
  aft_id ticket = desk_say(&d, "m1", "退款三天没到");
  aft_part_in part = {.size = sizeof part, .kind = AFT_CONTENT_TEXT, .text = AFT_STR("secret annex")};
  aft_answer_in in = {.size = sizeof in,
                      .ticket = ticket,
                      .text = AFT_STR("customer looks secret to me @bob"),
                      .visibility = AFT_PRIVATE,
                      .parts = &part,
                      .n_parts = 1};
  assert_ok(aft_ticket_answer(d.session, &d.as_agent, &in, &out, &error));
  aft_id id = aft_message_id(out);
  aft_record_free(out);
  assert_ok(aft_message_list(d.session, &d.as_buyer, ticket, &cursor, &error));
  assert_false(shows(cursor, id, "secret"));
  assert_status(aft_part_list(d.session, &d.as_buyer, id, &cursor, &error), AFT_E_DENIED);
  assert_status(aft_revision_list(d.session, &d.as_buyer, id, &cursor, &error), AFT_E_DENIED);
  assert_status(aft_ticket_history(d.session, &d.as_buyer, ticket, &cursor, &error), AFT_E_DENIED);
  assert_status(aft_mention_list(d.session, &d.as_buyer, NULL, &cursor, &error), AFT_E_DENIED);
  assert_status(aft_follower_list(d.session, &d.as_buyer, ticket, &cursor, &error), AFT_E_DENIED);
  assert_status(aft_child_list(d.session, &d.as_buyer, ticket, &cursor, &error), AFT_E_DENIED);
  aft_search_in words = {.size = sizeof words, .query = AFT_STR("secret")};
  for (int ticked = 0; ticked < 2; ticked++) {
    assert_ok(aft_message_search(d.session, &d.as_buyer, &words, &cursor, &error));
    assert_int_equal(desk_count(cursor), 0);
    assert_ok(aft_ticket_search(d.session, &d.as_buyer, &words, &cursor, &error));
    assert_int_equal(desk_count(cursor), 0);
    assert_ok(aft_message_search(d.session, &d.as_agent, &words, &cursor, &error));
    assert_int_equal(desk_count(cursor), 1);
    desk_tick(&d);
  }
  aft_message_change edit = {.size = sizeof edit, .message = id, .text = AFT_STR("nothing")};
  assert_status(aft_message_revise(d.session, &d.as_buyer, &edit, NULL, &error), AFT_E_DENIED);
  out = NULL;
  assert_ok(aft_ticket_get(d.session, &d.as_buyer, ticket, &out, &error));
  aft_buf *json;
  assert_ok(aft_record_json(out, &json, &error));
  assert_null(strstr(aft_buf_data(json), "secret"));
  aft_buf_free(json);
  aft_record_free(out);
}

static aft_id colleague(const char *external, aft_id shop) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *record;
  aft_agent_in in = {.size = sizeof in, .external = AFT_STR(external), .shops = &shop, .n_shops = 1};
  assert_ok(aft_agent_put(d.session, &d.system, &in, &record, &error));
  aft_id id = aft_agent_id(record);
  aft_record_free(record);
  return id;
}

static aft_call as_agent(aft_id agent) {
  return (aft_call){.size = sizeof(aft_call), .tenant = d.tenant, .role = AFT_ROLE_AGENT, .actor = agent};
}

static void a_note_is_changed_by_its_author_alone(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id ticket = desk_say(&d, "m1", "退款三天没到");
  aft_call other = as_agent(colleague("bob", d.shop));
  aft_message_change edit = {
      .size = sizeof edit, .message = note("打了电话", ticket), .text = AFT_STR("没打通")};
  assert_status(aft_message_revise(d.session, &other, &edit, NULL, &error), AFT_E_DENIED);
  assert_ok(aft_message_revise(d.session, &d.as_agent, &edit, NULL, &error));
  edit.recalled = 1;
  assert_status(aft_message_revise(d.session, &other, &edit, NULL, &error), AFT_E_DENIED);
  assert_ok(aft_message_revise(d.session, &d.as_agent, &edit, NULL, &error));
}

/* ---- mentions ---- */

static void names_in_a_note_mention(void **state) {
  (void)state;
  aft_id bob = colleague("bob", d.shop), bobby = colleague("bobby", d.shop), li = colleague("小李", d.shop);
  aft_id lina = colleague("小李娜", d.shop);
  colleague("elsewhere", d.other_shop);
  const struct {
    const char *text;
    aft_id who;
  } cases[] = {{"@bob 看一下", bob},
               {"请@小李看一下", li},
               {"请@小李娜看一下", lina},
               {"＠bob 帮忙", bob},
               {"@bobby", bobby},
               {"thanks @bob.", bob},
               {"(@bob)", bob},
               {"@bob,@bob", bob},
               {"@bobb", 0},
               {"write to lin@bob", 0},
               {"a.b@bob.com", 0},
               {"@bob.com", 0},
               {"@bob@example", 0},
               {"@elsewhere", 0},
               {"@nobody", 0},
               {"@", 0},
               {"@@bob", 0}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char external[16];
    aft_id all[] = {bob, bobby, li, lina};
    snprintf(external, sizeof external, "m%zu", i);
    desk_pass(&d, 4 * AFT__DAY);
    aft_id ticket = desk_say(&d, external, "退款三天没到");
    uint32_t before[4];
    for (int k = 0; k < 4; k++) {
      aft_call call = as_agent(all[k]);
      before[k] = mentions_of(&call, true, NULL);
    }
    note(cases[i].text, ticket);
    for (int k = 0; k < 4; k++) {
      aft_call call = as_agent(all[k]);
      if (mentions_of(&call, true, NULL) != before[k] + (all[k] == cases[i].who))
        fail_msg("'%s': agent %d", cases[i].text, k);
    }
    assert_int_equal(followers(ticket), cases[i].who != 0);
  }
}

static void a_mention_is_told_once_and_seen_by_whom_it_is_for(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id ticket = desk_say(&d, "m1", "退款三天没到"), bob = colleague("bob", d.shop), id;
  aft_call as_bob = as_agent(bob);
  aft_id twice[] = {bob, bob, d.agent};
  write_in(&d.as_agent, ticket, AFT_PRIVATE, "@bob please", twice, 3, AFT_OK);
  assert_int_equal(notices(bob, "mention"), 1);
  assert_int_equal(mentions_of(&d.as_agent, false, NULL), 0); /* nobody mentions themselves */
  assert_int_equal(mentions_of(&as_bob, true, &id), 1);
  assert_status(aft_mention_see(d.session, &d.as_agent, id, &error), AFT_E_DENIED);
  assert_ok(aft_mention_see(d.session, &as_bob, id, &error));
  assert_status(aft_mention_see(d.session, &as_bob, id, &error), AFT_IGNORED);
  assert_int_equal(mentions_of(&as_bob, true, NULL), 0);
  assert_int_equal(mentions_of(&as_bob, false, NULL), 1);
  aft_mention_filter his = {.size = sizeof his, .agent = bob};
  aft_cursor *cursor;
  assert_status(aft_mention_list(d.session, &d.as_agent, &his, &cursor, &error), AFT_E_DENIED);
  assert_ok(aft_mention_list(d.session, &d.system, &his, &cursor, &error));
  assert_int_equal(desk_count(cursor), 1);
}

static void a_mention_of_a_stranger_is_refused_by_name(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id ticket = desk_say(&d, "m1", "退款三天没到"), far = colleague("far", d.other_shop);
  aft_id before = latest_message(ticket), who[] = {d.agent, far};
  aft_answer_in in = {.size = sizeof in,
                      .ticket = ticket,
                      .text = AFT_STR("look"),
                      .visibility = AFT_PRIVATE,
                      .mentions = who,
                      .n_mentions = 2};
  assert_status(aft_ticket_answer(d.session, &d.as_agent, &in, NULL, &error), AFT_E_INVALID);
  assert_string_equal(error.where, "answer.mentions[1]");
  assert_non_null(strstr(error.message, "'far'"));
  assert_int_equal(latest_message(ticket), before);
  who[1] = -4;
  assert_status(aft_ticket_answer(d.session, &d.as_agent, &in, NULL, &error), AFT_E_INVALID);
  in.n_mentions = 17;
  assert_status(aft_ticket_answer(d.session, &d.as_agent, &in, NULL, &error), AFT_E_TOO_LARGE);
  in.mentions = NULL;
  in.n_mentions = 1;
  assert_status(aft_ticket_answer(d.session, &d.as_agent, &in, NULL, &error), AFT_E_INVALID);
  assert_string_equal(error.where, "answer.mentions");
}

static void the_policy_says_whether_a_mention_follows(void **state) {
  (void)state;
  desk_policy(&d, "version: 1\ncollaboration: {follow_on_mention: false}\n");
  aft_id ticket = desk_say(&d, "m1", "退款三天没到"), bob = colleague("bob", d.shop);
  note("@bob", ticket);
  assert_int_equal(followers(ticket), 0);
  assert_int_equal(notices(bob, "mention"), 1);
}

static void a_wrong_policy_is_refused_with_its_place(void **state) {
  (void)state;
  const char *const documents[] = {"version: 1\ncollaboration: {follow_on_mention: maybe}\n",
                                   "version: 1\ncollaboration: {follow: true}\n",
                                   "version: 1\ncollaboration: yes please\n"};
  for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
    aft_error error = AFT_ERROR_INIT;
    aft_policy *policy = NULL;
    aft_document document = {
        .size = sizeof document, .name = AFT_STR("shop.yaml"), .text = AFT_STR(documents[i])};
    aft_policy_options options = {.size = sizeof options, .documents = &document, .count = 1};
    assert_true(aft_policy_load(d.env, &options, &policy, NULL, &error) < 0);
    assert_non_null(strstr(error.where, "shop.yaml:2"));
    assert_null(policy);
  }
}

/* ---- followers ---- */

static void followers_are_told_what_others_do(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id ticket = desk_say(&d, "m1", "退款三天没到"), bob = colleague("bob", d.shop);
  aft_call as_bob = as_agent(bob);
  assert_ok(aft_ticket_follow(d.session, &as_bob, ticket, 0, &error));
  assert_status(aft_ticket_follow(d.session, &as_bob, ticket, 0, &error), AFT_IGNORED);
  assert_ok(aft_ticket_follow(d.session, &as_bob, ticket, d.agent, &error));
  assert_int_equal(followers(ticket), 2);
  notices(bob, "state");
  desk_answer(&d, ticket, "在查");
  assert_int_equal(notices(bob, "state"), 1);
  desk_say(&d, "m2", "还没到");
  assert_int_equal(notices(bob, "customer_wrote"), 1);
  desk_say(&d, "m3", "还没到吗");
  assert_int_equal(notices(d.agent, "customer_wrote"), 1);
  desk_act(&d, ticket, AFT_ACT_RESOLVE); /* by the agent itself */
  assert_int_equal(notices(d.agent, "resolved"), 0);
  assert_status(aft_ticket_unfollow(d.session, &d.as_agent, ticket, bob, &error), AFT_E_DENIED);
  assert_ok(aft_ticket_unfollow(d.session, &as_bob, ticket, 0, &error));
  assert_status(aft_ticket_unfollow(d.session, &as_bob, ticket, 0, &error), AFT_IGNORED);
  assert_int_equal(followers(ticket), 1);
  desk_say(&d, "m4", "又坏了，怎么办");
  assert_int_equal(notices(bob, "customer_wrote"), 0);
}

static void a_missed_time_is_told(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id ticket = desk_say(&d, "m1", "退款三天没到");
  assert_ok(aft_ticket_follow(d.session, &d.as_agent, ticket, 0, &error));
  desk_pass(&d, 3 * AFT__DAY);
  desk_tick(&d);
  assert_true(notices(d.agent, "breached") > 0);
}

static void who_has_left_the_shop_is_told_nothing(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id ticket = desk_say(&d, "m1", "退款三天没到"), bob = colleague("bob", d.shop);
  assert_ok(aft_ticket_follow(d.session, &d.system, ticket, bob, &error));
  aft_agent_in gone = {.size = sizeof gone, .external = AFT_STR("bob"), .left = 1};
  assert_ok(aft_agent_put(d.session, &d.system, &gone, NULL, &error));
  desk_say(&d, "m2", "还没到");
  assert_int_equal(notices(bob, "customer_wrote"), 0);
  assert_ok(aft_ticket_unfollow(d.session, &d.system, ticket, bob, &error));
}

static void followers_are_bounded_and_of_the_shop(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id ticket = desk_say(&d, "m1", "退款三天没到"), far = colleague("far", d.other_shop);
  assert_status(aft_ticket_follow(d.session, &d.system, ticket, far, &error), AFT_E_INVALID);
  assert_non_null(strstr(error.message, "'far'"));
  assert_status(aft_ticket_follow(d.session, &d.system, ticket, 0, &error), AFT_E_INVALID);
  assert_status(aft_ticket_follow(d.session, &d.as_buyer, ticket, 0, &error), AFT_E_DENIED);
  assert_status(aft_ticket_follow(d.session, &d.system, ticket + 1, d.agent, &error), AFT_E_NOT_FOUND);
  for (int i = 0; i < 64; i++) {
    char external[16];
    snprintf(external, sizeof external, "f%d", i);
    assert_ok(aft_ticket_follow(d.session, &d.system, ticket, colleague(external, d.shop), &error));
  }
  assert_status(aft_ticket_follow(d.session, &d.system, ticket, d.agent, &error), AFT_E_TOO_LARGE);
  aft_id one[] = {d.agent}; /* who cannot follow any more is mentioned all the same */
  write_in(&d.system, ticket, AFT_PRIVATE, "look", one, 1, AFT_OK);
  assert_int_equal(mentions_of(&d.as_agent, true, NULL), 1);
  assert_int_equal(followers(ticket), 64);
}

/* ---- who else is there ---- */

static uint32_t look(const aft_call *call, aft_id ticket, uint32_t doing, const char **what) {
  static char text[16];
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *row;
  uint32_t n = 0;
  aft_look_in in = {.size = sizeof in, .ticket = ticket, .doing = doing};
  assert_ok(aft_ticket_look(d.session, call, &in, &cursor, &error));
  while (aft_cursor_next(cursor, &row, &error) == AFT_OK) {
    snprintf(text, sizeof text, "%s", aft_watcher_doing(row));
    n++;
  }
  aft_cursor_free(cursor);
  if (what)
    *what = text;
  return n;
}

static void whoever_looks_sees_who_else_does(void **state) {
  (void)state;
  aft_id ticket = desk_say(&d, "m1", "退款三天没到");
  aft_call bob = as_agent(colleague("bob", d.shop));
  const char *what;
  assert_int_equal(look(&d.as_agent, ticket, AFT_LOOK_VIEWING, NULL), 0);
  assert_int_equal(look(&bob, ticket, AFT_LOOK_TYPING, &what), 1);
  assert_string_equal(what, "viewing");
  assert_int_equal(look(&d.as_agent, ticket, AFT_LOOK_VIEWING, &what), 1);
  assert_string_equal(what, "typing");
  desk_pass(&d, 29 * AFT__SECOND);
  assert_int_equal(look(&d.as_agent, ticket, AFT_LOOK_VIEWING, NULL), 1);
  desk_pass(&d, AFT__SECOND); /* bob said nothing for 30 seconds */
  assert_int_equal(look(&d.as_agent, ticket, AFT_LOOK_VIEWING, NULL), 0);
  assert_int_equal(look(&bob, ticket, AFT_LOOK_VIEWING, NULL), 1);
  look(&d.as_agent, ticket, AFT_LOOK_LEFT, NULL);
  assert_int_equal(look(&bob, ticket, AFT_LOOK_VIEWING, NULL), 0);
}

static void looks_leave_no_trace(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id ticket = desk_say(&d, "m1", "退款三天没到");
  assert_ok(aft_ticket_follow(d.session, &d.system, ticket, colleague("bob", d.shop), &error));
  aft_call bob = as_agent(colleague("bob", d.shop));
  aft_record *followed = desk_ticket(&d, ticket);
  look(&d.as_agent, ticket, AFT_LOOK_VIEWING, NULL);
  look(&bob, ticket, AFT_LOOK_TYPING, NULL);
  desk_pass(&d, AFT__MINUTE);
  desk_tick(&d);
  aft_record *after = desk_ticket(&d, ticket);
  assert_int_equal(aft_ticket_events(followed), aft_ticket_events(after));
  assert_int_equal(followers(ticket), 1); /* who follows stays */
  assert_int_equal(look(&bob, ticket, AFT_LOOK_VIEWING, NULL), 0);
  aft_record_free(followed);
  aft_record_free(after);
}

static void bad_looks_are_refused(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id ticket = desk_say(&d, "m1", "退款三天没到");
  const struct {
    aft_call call;
    aft_look_in in;
    aft_status status;
    const char *where;
  } cases[] = {
      {d.as_agent, {.ticket = ticket}, AFT_E_INVALID, "look.doing"},
      {d.as_agent, {.ticket = ticket, .doing = 4}, AFT_E_INVALID, "look.doing"},
      {d.as_agent, {.doing = 1}, AFT_E_INVALID, "look.ticket"},
      {d.as_agent, {.ticket = ticket, .doing = 1, .lasts_ms = 4999}, AFT_E_INVALID, "look.lasts_ms"},
      {d.as_agent, {.ticket = ticket, .doing = 1, .lasts_ms = 600001}, AFT_E_INVALID, "look.lasts_ms"},
      {d.as_agent, {.ticket = ticket, .doing = 1, .agent = d.other_agent}, AFT_E_DENIED, NULL},
      {d.as_other_agent, {.ticket = ticket, .doing = 1}, AFT_E_DENIED, NULL},
      {d.system, {.ticket = ticket, .doing = 1}, AFT_E_INVALID, "look.agent"},
      {d.system, {.ticket = ticket, .doing = 1, .agent = d.other_agent}, AFT_E_INVALID, "look.agent"},
      {d.as_buyer, {.ticket = ticket, .doing = 1}, AFT_E_DENIED, NULL}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    aft_look_in in = cases[i].in;
    in.size = sizeof in;
    assert_status(aft_ticket_look(d.session, &cases[i].call, &in, NULL, &error), cases[i].status);
    if (cases[i].where)
      assert_string_equal(error.where, cases[i].where);
  }
}

static void an_answer_on_what_is_old_is_refused(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id ticket = desk_say(&d, "m1", "退款三天没到"), seen = latest_message(ticket);
  aft_call bob = as_agent(colleague("bob", d.shop));
  aft_answer_in in = {.size = sizeof in, .ticket = ticket, .text = AFT_STR("今天到"), .seen = seen};
  note("在看", ticket); /* notes make no collision */
  assert_ok(aft_ticket_answer(d.session, &d.as_agent, &in, NULL, &error));
  assert_ok(aft_ticket_answer(d.session, &d.as_agent, &in, NULL, &error)); /* nor one's own answers */
  assert_status(aft_ticket_answer(d.session, &bob, &in, NULL, &error), AFT_E_CONFLICT);
  assert_string_equal(error.where, "answer.seen");
  char who[32];
  snprintf(who, sizeof who, "agent %lld", (long long)d.agent);
  assert_non_null(strstr(error.message, who));
  assert_non_null(strstr(error.message, "2026-11-1"));
  desk_say(&d, "m2", "还没到");
  assert_status(aft_ticket_answer(d.session, &d.as_agent, &in, NULL, &error), AFT_E_CONFLICT);
  assert_non_null(strstr(error.message, "customer"));
  in.force = 1;
  assert_ok(aft_ticket_answer(d.session, &d.as_agent, &in, NULL, &error));
  in.force = 0;
  in.seen = latest_message(ticket);
  assert_ok(aft_ticket_answer(d.session, &bob, &in, NULL, &error));
  in.seen = in.seen + 12345;
  assert_status(aft_ticket_answer(d.session, &bob, &in, NULL, &error), AFT_E_NOT_FOUND);
  desk_pass(&d, 4 * AFT__DAY);
  in.seen = latest_message(desk_say(&d, "m3", "另外一件事"));
  assert_status(aft_ticket_answer(d.session, &bob, &in, NULL, &error), AFT_E_INVALID);
  assert_string_equal(error.where, "answer.seen");
  in.force = 2;
  assert_status(aft_ticket_answer(d.session, &bob, &in, NULL, &error), AFT_E_INVALID);
}

/* ---- splitting ---- */

static aft_status split(const aft_call *call, aft_id ticket, const aft_id *messages, size_t n, aft_id *out,
                        aft_error *error) {
  aft_record *record = NULL;
  aft_split_in in = {.size = sizeof in, .ticket = ticket, .messages = messages, .n_messages = n};
  aft_status status = aft_ticket_split(d.session, call, &in, out ? &record : NULL, error);
  if (record) {
    *out = aft_ticket_id(record);
    aft_record_free(record);
  }
  return status;
}

static aft_id say(const char *external, const char *text) {
  desk_pass(&d, AFT__MINUTE);
  return latest_message(desk_say(&d, external, text));
}

static void a_second_matter_makes_a_ticket_of_its_own(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id first = say("m1", "退款三天没到"), other = say("m2", "还有，发票怎么开"), made;
  aft_record *message, *record;
  aft_cursor *cursor;
  aft_message_in again = desk_message(&d, "m1", "退款三天没到");
  assert_status(aft_intake(d.session, &d.system, &again, &message, &error), AFT_REPLAYED);
  aft_id ticket = aft_message_ticket(message);
  aft_record_free(message);
  assert_ok(split(&d.as_agent, ticket, &other, 1, &made, &error));
  assert_int_not_equal(made, ticket);
  record = desk_ticket(&d, made);
  assert_int_equal(aft_ticket_split_from(record), ticket);
  assert_string_equal(aft_ticket_subject(record), "还有，发票怎么开");
  assert_int_equal(aft_ticket_opened(record),
                   d.now); /* its clocks count from its message, not from the first */
  assert_true(aft_ticket_first_response_due(record) > d.now);
  aft_record_free(record);
  assert_int_equal(latest_message(made), other);
  assert_int_equal(latest_message(ticket), first);
  /* delivered once more it is known, and a reply to it goes to the new ticket */
  again = desk_message(&d, "m2", "还有，发票怎么开");
  assert_status(aft_intake(d.session, &d.system, &again, &message, &error), AFT_REPLAYED);
  assert_int_equal(aft_message_ticket(message), made);
  aft_record_free(message);
  aft_message_in reply = desk_message(&d, "m3", "抬头是公司");
  reply.replies_to = AFT_STR("m2");
  assert_ok(aft_intake(d.session, &d.system, &reply, &message, &error));
  assert_int_equal(aft_message_ticket(message), made);
  aft_record_free(message);
  reply = desk_message(&d, "m4", "退款呢");
  reply.replies_to = AFT_STR("m1");
  assert_ok(aft_intake(d.session, &d.system, &reply, &message, &error));
  assert_int_equal(aft_message_ticket(message), ticket);
  aft_record_free(message);
  assert_ok(aft_ticket_history(d.session, &d.as_agent, ticket, &cursor, &error));
  aft_cursor_free(cursor);
  assert_ok(aft_ticket_history(d.session, &d.as_agent, made, &cursor, &error));
  aft_cursor_free(cursor);
}

static void an_answer_that_moves_has_met_the_first_response(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id ticket = desk_say(&d, "m1", "退款三天没到"), made;
  aft_id moved[3] = {say("m2", "发票怎么开")};
  desk_pass(&d, AFT__MINUTE);
  moved[1] = write_in(&d.as_agent, ticket, AFT_PUBLIC, "在订单页", NULL, 0, AFT_OK);
  aft_time answered = d.now;
  moved[2] = say("m3", "找不到入口");
  aft_time asked = d.now;
  desk_pass(&d, AFT__MINUTE);
  assert_ok(split(&d.as_agent, ticket, moved, 3, &made, &error));
  aft_record *record = desk_ticket(&d, made);
  assert_int_equal(aft_ticket_first_response(record), answered);
  assert_true(aft_ticket_next_response_due(record) > 0); /* the last word is the customer's */
  assert_int_equal(aft_ticket_since(record), asked);
  aft_record_free(record);
}

static aft_id ticket_now(aft_id id, aft_time *next, aft_time *since) {
  aft_record *record = desk_ticket(&d, id);
  *next = aft_ticket_next_response_due(record);
  *since = aft_ticket_since(record);
  aft_record_free(record);
  return id;
}

static void a_ticket_owes_no_answer_to_what_was_split_off(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_time next, since;
  aft_id ticket = desk_say(&d, "m1", "退款三天没到");
  desk_pass(&d, AFT__MINUTE);
  desk_answer(&d, ticket, "已经在处理");
  aft_id thanks = say("m2", "谢谢"), other = say("m3", "还有，发票怎么开？");
  assert_true(thanks < other);
  ticket_now(ticket, &next, &since);
  assert_int_equal(since, d.now);
  assert_true(next > 0);
  assert_ok(split(&d.as_agent, ticket, &other, 1, NULL, &error));
  ticket_now(ticket, &next, &since);
  assert_int_equal(next, AFT_TIME_NONE);
  assert_true(since < d.now);
  assert_state(&d, ticket, "waiting_customer");
  for (int day = 0; day < 5; day++) {
    desk_pass(&d, AFT__DAY);
    desk_tick(&d);
  }
  assert_int_equal(desk_events(&d, ticket, "ticket.breached"), 0);
}

/* The state is a person's once somebody changed it after the customer wrote. */
static void the_state_goes_back_where_nobody_changed_it_since(void **state) {
  static const uint32_t meanwhile[] = {0, AFT_ACT_WAIT_THIRD};
  (void)state;
  for (size_t i = 0; i < sizeof meanwhile / sizeof *meanwhile; i++) {
    aft_error error = AFT_ERROR_INIT;
    aft_time next, since;
    char external[3][16];
    for (int k = 0; k < 3; k++)
      snprintf(external[k], sizeof external[k], "m%zu-%d", i, k);
    desk_pass(&d, 4 * AFT__DAY);
    aft_id ticket = desk_say(&d, external[0], "退款三天没到");
    desk_answer(&d, ticket, "已经在处理");
    desk_act(&d, ticket, AFT_ACT_WAIT_THIRD);
    aft_id other = say(external[1], "还有，发票怎么开？");
    assert_state(&d, ticket, "assigned");
    if (meanwhile[i])
      desk_act(&d, ticket, meanwhile[i]);
    assert_ok(split(&d.as_agent, ticket, &other, 1, NULL, &error));
    assert_state(&d, ticket, "waiting_third");
    assert_int_equal(desk_events(&d, ticket, "ticket.asks_no_more"), meanwhile[i] ? 0 : 1);
    ticket_now(ticket, &next, &since);
    assert_int_equal(next, AFT_TIME_NONE);
  }
}

static void what_stays_is_owed_since_it_was_asked(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_time next, since, before;
  aft_id ticket = desk_say(&d, "m1", "退款三天没到");
  desk_answer(&d, ticket, "已经在处理");
  aft_id other = say("m2", "还有，发票怎么开？");
  ticket_now(ticket, &before, &since);
  say("m3", "退款呢？");
  aft_time asked = d.now;
  desk_pass(&d, AFT__MINUTE);
  assert_ok(split(&d.as_agent, ticket, &other, 1, NULL, &error));
  ticket_now(ticket, &next, &since);
  assert_int_equal(since, asked);
  assert_true(next > before);
  assert_state(&d, ticket, "assigned");
}

static void a_question_whose_answer_went_waits_again(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_time next, since, asked = d.now;
  aft_id ticket = desk_say(&d, "m1", "退款三天没到");
  aft_id moved[2] = {say("m2", "发票怎么开")};
  moved[1] = write_in(&d.as_agent, ticket, AFT_PUBLIC, "在订单页", NULL, 0, AFT_OK);
  assert_state(&d, ticket, "waiting_customer");
  assert_ok(split(&d.as_agent, ticket, moved, 2, NULL, &error));
  ticket_now(ticket, &next, &since);
  assert_true(next > 0);
  assert_int_equal(since, asked);
  assert_state(&d, ticket, "assigned");
}

static void a_split_off_ticket_has_a_queue(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id ticket = desk_say(&d, "m1", "退款三天没到"), other = say("m2", "还有，发票怎么开？"), made;
  aft_record *before = desk_ticket(&d, ticket);
  assert_ok(split(&d.as_agent, ticket, &other, 1, &made, &error));
  aft_record *record = desk_ticket(&d, made);
  assert_string_not_equal(aft_ticket_queue(record), "");
  assert_string_equal(aft_ticket_queue(record), aft_ticket_queue(before));
  assert_string_equal(aft_ticket_priority(record), aft_ticket_priority(before));
  aft_record_free(record);
  aft_record_free(before);
}

/* Message n of a ticket, from a handle on a channel; who: 0 for whoever has the handle. */
static aft_record *write_from(const char *channel, const char *handle, aft_id who, const char *code) {
  static uint32_t n;
  aft_error error = AFT_ERROR_INIT;
  aft_record *message;
  char external[32];
  desk_pass(&d, AFT__MINUTE);
  snprintf(external, sizeof external, "from-%u", n++);
  aft_message_in in = desk_message(&d, external, "还有，发票怎么开？");
  in.channel = AFT_STR(channel);
  in.account = AFT_STR(channel);
  in.handle = AFT_STR(handle);
  in.customer = who;
  in.code = AFT_STR(code);
  assert_ok(aft_intake(d.session, &d.system, &in, &message, &error));
  return message;
}

/* Two messages of one ticket on two channels; the second is split off. */
static void assert_address(const char *const first[2], const char *const second[2], bool by_handle,
                           const char *const expected[2]) {
  aft_error error = AFT_ERROR_INIT;
  char code[32];
  aft_id made;
  desk_pass(&d, 4 * AFT__DAY);
  aft_record *message = by_handle ? write_from(second[0], second[1], 0, "") : NULL;
  aft_id who = message ? aft_message_customer(message) : d.buyer;
  aft_record_free(message);
  desk_pass(&d, 4 * AFT__DAY);
  message = write_from(first[0], first[1], who, "");
  aft_id ticket = aft_message_ticket(message);
  aft_record_free(message);
  aft_record *record = desk_ticket(&d, ticket);
  snprintf(code, sizeof code, "%s", aft_ticket_code(record));
  aft_record_free(record);
  message = write_from(second[0], second[1], by_handle ? 0 : who, code);
  assert_int_equal(aft_message_ticket(message), ticket);
  aft_id moved = aft_message_id(message);
  aft_record_free(message);
  assert_ok(split(&d.as_agent, ticket, &moved, 1, &made, &error));
  record = desk_ticket(&d, made);
  assert_string_equal(aft_ticket_channel(record), expected[0]);
  assert_string_equal(aft_ticket_account(record), expected[0]);
  assert_string_equal(aft_ticket_handle(record), expected[1]);
  aft_record_free(record);
}

/* Channel, account and handle go together: an answer by e-mail never goes to a handle of another channel. */
static void a_split_off_ticket_writes_to_the_right_address(void **state) {
  static const char *const wechat[2] = {"wechat", "wx-1"}, *const email[2] = {"email", "li@example.com"},
                           *const other[2] = {"email", "wang@example.com"},
                           *const no_wechat[2] = {"wechat", ""}, *const no_email[2] = {"email", ""};
  (void)state;
  assert_address(wechat, email, true, email);           /* the shop knows who writes from there */
  assert_address(wechat, other, false, wechat);         /* it was said once, by the host, and not kept */
  assert_address(no_wechat, no_email, false, no_email); /* the host knows all its customers itself */
  assert_address(wechat, wechat, false, wechat);
}

static void bad_splits_change_nothing(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id first = say("m1", "退款三天没到"), second = say("m2", "发票怎么开");
  desk_pass(&d, 4 * AFT__DAY);
  aft_id other = desk_say(&d, "m3", "改地址"), strange = latest_message(other);
  aft_record *message;
  aft_message_in again = desk_message(&d, "m1", "退款三天没到");
  assert_status(aft_intake(d.session, &d.system, &again, &message, &error), AFT_REPLAYED);
  aft_id ticket = aft_message_ticket(message);
  aft_record_free(message);
  aft_id remark = note("注意", ticket);
  const struct {
    aft_call call;
    aft_id messages[3];
    size_t n;
    aft_status status;
    const char *says;
  } cases[] = {{d.as_agent, {0}, 0, AFT_E_INVALID, "1 to 256"},
               {d.as_agent, {first, second, remark}, 3, AFT_E_INVALID, "stays"},
               {d.as_agent, {remark}, 1, AFT_E_INVALID, "customer"},
               {d.as_agent, {second, second}, 2, AFT_E_INVALID, "twice"},
               {d.as_agent, {second, strange}, 2, AFT_E_INVALID, "is not of ticket"},
               {d.as_agent, {second + 999}, 1, AFT_E_NOT_FOUND, ""},
               {d.as_agent, {-1}, 1, AFT_E_INVALID, ""},
               {d.as_other_agent, {second}, 1, AFT_E_DENIED, ""},
               {d.as_buyer, {second}, 1, AFT_E_DENIED, ""}};
  aft_record *before = desk_ticket(&d, ticket);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_status(split(&cases[i].call, ticket, cases[i].messages, cases[i].n, NULL, &error),
                  cases[i].status);
    assert_non_null(strstr(error.message, cases[i].says));
  }
  aft_record *after = desk_ticket(&d, ticket);
  assert_int_equal(aft_ticket_rev(before), aft_ticket_rev(after));
  aft_record_free(before);
  aft_record_free(after);
  desk_act(&d, other, AFT_ACT_SPAM);
  desk_act(&d, other, AFT_ACT_CLOSE);
  assert_status(split(&d.as_agent, other, &strange, 1, NULL, &error), AFT_E_TRANSITION);
}

/* ---- merging ---- */

static aft_id far_apart(const char *external, const char *text) {
  desk_pass(&d, 4 * AFT__DAY);
  return desk_say(&d, external, text);
}

static void all_that_hangs_on_a_ticket_comes_along(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_id from = far_apart("m1", "退款三天没到"), into = far_apart("m2", "退款又没到");
  aft_id bob = colleague("bob", d.shop);
  aft_tag_in tag = {.size = sizeof tag, .kind = AFT_KIND_TICKET, .subject = from, .tag = AFT_STR("loud")};
  assert_ok(aft_tag_add(d.session, &d.as_agent, &tag, &error));
  tag.tag = AFT_STR("both");
  assert_ok(aft_tag_add(d.session, &d.as_agent, &tag, &error));
  tag.subject = into;
  assert_ok(aft_tag_add(d.session, &d.as_agent, &tag, &error));
  assert_ok(aft_ticket_invite(d.session, &d.system, from, d.other_buyer, &error));
  assert_ok(aft_ticket_follow(d.session, &d.system, from, bob, &error));
  assert_ok(aft_ticket_follow(d.session, &d.system, from, d.agent, &error));
  assert_ok(aft_ticket_follow(d.session, &d.system, into, d.agent, &error));
  aft_id remark = note("@bob 看看", from);
  assert_ok(desk_merge(&d, from, into, &error));
  assert_ok(aft_message_list(d.session, &d.as_agent, from, &cursor, &error));
  assert_int_equal(desk_count(cursor), 0);
  assert_ok(aft_message_list(d.session, &d.as_agent, into, &cursor, &error));
  assert_int_equal(desk_count(cursor), 3);
  assert_int_equal(latest_message(into), remark);
  assert_ok(aft_tag_list(d.session, &d.as_agent, AFT_KIND_TICKET, into, &cursor, &error));
  assert_int_equal(desk_count(cursor), 2);
  assert_int_equal(followers(into), 2);
  aft_record *row;
  assert_ok(
      aft_ticket_get(d.session, &d.as_other_buyer, into, &row, &error)); /* who was invited takes part */
  aft_record_free(row);
  aft_call as_bob = as_agent(bob);
  assert_ok(aft_mention_list(d.session, &as_bob, NULL, &cursor, &error));
  assert_ok(aft_cursor_next(cursor, &row, &error));
  assert_int_equal(aft_mention_ticket(row), into);
  aft_cursor_free(cursor);
  desk_tick(&d); /* the search finds what was said under the ticket where it is now */
  aft_search_in words = {.size = sizeof words, .query = AFT_STR("三天")};
  assert_ok(aft_ticket_search(d.session, &d.as_agent, &words, &cursor, &error));
  assert_ok(aft_cursor_next(cursor, &row, &error));
  assert_int_equal(aft_ticket_id(row), into);
  aft_cursor_free(cursor);
  for (int i = 0; i < 2; i++) {
    assert_ok(aft_ticket_history(d.session, &d.as_agent, i ? from : into, &cursor, &error));
    aft_cursor_free(cursor);
  }
}

static void cases_go_on_with_the_ticket_that_stays(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id from = far_apart("m1", "退款三天没到"), into = far_apart("m2", "退款又没到");
  aft_id of = case_new(&d, case_order(&d, "A-1", d.buyer, 0, 0), d.buyer);
  case_set(&d, of, AFT__CASE_TICKET, from, false);
  assert_ok(desk_merge(&d, from, into, &error));
  assert_int_equal(case_number(&d, of, AFT__CASE_TICKET), into);
}

/* A case is its shop's: it does not follow a ticket to another one. */
static void what_is_a_shops_stays_there(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_record *message;
  aft_id from = far_apart("m1", "退款三天没到");
  aft_message_in in = desk_message(&d, "m2", "退款又没到");
  in.shop = d.other_shop;
  assert_ok(aft_intake(d.session, &d.system, &in, &message, &error));
  aft_id into = aft_message_ticket(message);
  aft_record_free(message);
  aft_id of = case_new(&d, case_order(&d, "A-1", d.buyer, 0, 0), d.buyer);
  case_set(&d, of, AFT__CASE_TICKET, from, false);
  assert_status(desk_merge(&d, from, into, &error), AFT_E_DENIED); /* the agent works for one of the shops */
  aft_act_in act = {.size = sizeof act, .ticket = from, .act = AFT_ACT_MERGE, .other = into};
  assert_ok(aft_ticket_act(d.session, &d.system, &act, NULL, &error));
  assert_int_equal(case_number(&d, of, AFT__CASE_TICKET), from);
}

static void a_customer_who_waited_goes_on_waiting(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id into = far_apart("m1", "退款三天没到");
  desk_answer(&d, into, "已经在处理");
  assert_state(&d, into, "waiting_customer");
  aft_id from = far_apart("m2", "怎么还没有退");
  desk_pass(&d, AFT__HOUR);
  aft_time asked = d.now - AFT__HOUR;
  assert_ok(desk_merge(&d, from, into, &error));
  assert_state(&d, into, "assigned");
  aft_record *row = desk_ticket(&d, into);
  assert_true(aft_ticket_next_response_due(row) > 0);
  assert_int_equal(aft_ticket_since(row), asked);
  aft_record_free(row);
}

static void bad_merges_are_refused(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id a = far_apart("m1", "退款三天没到"), b = far_apart("m2", "发票怎么开"),
         c = far_apart("m3", "改地址");
  aft_message_in in = desk_message(&d, "m4", "退款");
  aft_record *message;
  in.customer = d.other_buyer;
  assert_ok(aft_intake(d.session, &d.system, &in, &message, &error));
  aft_id strange = aft_message_ticket(message);
  aft_record_free(message);
  assert_status(desk_merge(&d, a, a, &error), AFT_E_INVALID);
  assert_status(desk_merge(&d, a, strange, &error), AFT_E_INVALID);
  assert_non_null(strstr(error.message, "different customers"));
  assert_status(desk_merge(&d, a, a + 7, &error), AFT_E_NOT_FOUND);
  assert_ok(desk_merge(&d, a, b, &error));
  assert_status(desk_merge(&d, a, c, &error), AFT_E_TRANSITION);
  assert_status(desk_merge(&d, b, a, &error), AFT_E_TRANSITION); /* no circle */
  assert_status(desk_merge(&d, c, a, &error), AFT_E_TRANSITION);
  char target[32];
  snprintf(target, sizeof target, "into ticket %lld", (long long)b);
  assert_non_null(strstr(error.message, target)); /* and where to go */
}

/* However many merges there were, the first code leads to the last ticket, in a few steps. */
static void a_long_chain_of_merges_ends(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id first = far_apart("m0", "退款三天没到"), last = first;
  for (int i = 1; i < 80; i++) {
    char external[16];
    snprintf(external, sizeof external, "m%d", i);
    aft_id next = far_apart(external, "退款又没到");
    assert_ok(desk_merge(&d, last, next, &error));
    last = next;
  }
  aft_record *ticket = desk_ticket(&d, first), *message;
  assert_int_equal(aft_ticket_merged_into(ticket), last);
  aft_message_in in = desk_message(&d, "late", "退款单号多少？");
  in.code = AFT_STR(aft_ticket_code(ticket));
  assert_ok(aft_intake(d.session, &d.system, &in, &message, &error));
  assert_int_equal(aft_message_ticket(message), last);
  aft_record_free(message);
  aft_record_free(ticket);
}

/* ---- merges and splits against a model ---- */

#define STEPS    120
#define TICKETS  48
#define MESSAGES 200

typedef struct model {
  aft_id tickets[TICKETS];
  int into[TICKETS]; /* -1: not merged */
  aft_id messages[MESSAGES];
  int where[MESSAGES]; /* the ticket that holds it */
  char external[MESSAGES][12];
  int n_tickets, n_messages;
} model;

static int target_of(const model *m, int i) {
  while (m->into[i] >= 0)
    i = m->into[i];
  return i;
}

static int pick(const model *m, uint64_t *seed) {
  return target_of(m, (int)below(seed, (uint32_t)m->n_tickets));
}

static void new_ticket(model *m) {
  if (m->n_tickets == TICKETS || m->n_messages == MESSAGES)
    return;
  char *external = m->external[m->n_messages];
  snprintf(external, sizeof m->external[0], "x%d", m->n_messages);
  aft_id ticket = far_apart(external, "退款三天没到");
  m->tickets[m->n_tickets] = ticket;
  m->into[m->n_tickets] = -1;
  m->messages[m->n_messages] = latest_message(ticket);
  m->where[m->n_messages++] = m->n_tickets++;
}

/* To any message that was ever said: it arrives where that one is now. */
static void write_reply(model *m, uint64_t *seed) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *record;
  if (m->n_messages == MESSAGES)
    return;
  int to = (int)below(seed, (uint32_t)m->n_messages), n = m->n_messages;
  snprintf(m->external[n], sizeof m->external[0], "x%d", n);
  aft_message_in in = desk_message(&d, m->external[n], "我再补充一点");
  in.replies_to = AFT_STR(m->external[to]);
  assert_ok(aft_intake(d.session, &d.system, &in, &record, &error));
  assert_int_equal(aft_message_ticket(record), m->tickets[m->where[to]]);
  m->messages[n] = aft_message_id(record);
  m->where[n] = m->where[to];
  m->n_messages++;
  aft_record_free(record);
}

/* With the code of any ticket that ever was. */
static void write_with_code(model *m, uint64_t *seed) {
  aft_error error = AFT_ERROR_INIT;
  if (m->n_messages == MESSAGES)
    return;
  int any = (int)below(seed, (uint32_t)m->n_tickets), n = m->n_messages;
  aft_record *ticket = desk_ticket(&d, m->tickets[any]), *record;
  snprintf(m->external[n], sizeof m->external[0], "x%d", n);
  aft_message_in in = desk_message(&d, m->external[n], "我再补充一点");
  in.code = AFT_STR(aft_ticket_code(ticket));
  assert_ok(aft_intake(d.session, &d.system, &in, &record, &error));
  m->where[n] = target_of(m, any);
  assert_int_equal(aft_message_ticket(record), m->tickets[m->where[n]]);
  m->messages[n] = aft_message_id(record);
  m->n_messages++;
  aft_record_free(record);
  aft_record_free(ticket);
}

static void merge_two(model *m, uint64_t *seed) {
  aft_error error = AFT_ERROR_INIT;
  int from = pick(m, seed), into = pick(m, seed);
  if (from == into)
    return;
  assert_ok(desk_merge(&d, m->tickets[from], m->tickets[into], &error));
  m->into[from] = into;
  for (int i = 0; i < m->n_messages; i++)
    if (m->where[i] == from)
      m->where[i] = into;
}

static void split_some(model *m, uint64_t *seed) {
  aft_error error = AFT_ERROR_INIT;
  int from = pick(m, seed), n = 0, all = 0;
  aft_id chosen[MESSAGES];
  if (m->n_tickets == TICKETS)
    return;
  for (int i = 0; i < m->n_messages; i++) {
    if (m->where[i] != from)
      continue;
    all++;
    if (below(seed, 2))
      chosen[n++] = m->messages[i];
  }
  aft_id made = 0;
  aft_status expected = n == 0 || n == all ? AFT_E_INVALID : AFT_OK;
  assert_status(split(&d.as_agent, m->tickets[from], chosen, (size_t)n, &made, &error), expected);
  if (expected != AFT_OK)
    return;
  m->into[m->n_tickets] = -1;
  m->tickets[m->n_tickets] = made;
  for (int i = 0; i < m->n_messages; i++)
    for (int k = 0; k < n; k++)
      if (m->messages[i] == chosen[k])
        m->where[i] = m->n_tickets;
  m->n_tickets++;
}

/* Each message is in one ticket, the one that the model says, and none is lost. */
static void compare(const model *m) {
  aft_error error = AFT_ERROR_INIT;
  int found = 0;
  for (int t = 0; t < m->n_tickets; t++) {
    aft_cursor *cursor;
    aft_record *row;
    assert_ok(aft_message_list(d.session, &d.system, m->tickets[t], &cursor, &error));
    while (aft_cursor_next(cursor, &row, &error) == AFT_OK) {
      int i = 0;
      while (i < m->n_messages && m->messages[i] != aft_message_id(row))
        i++;
      assert_true(i < m->n_messages);
      assert_int_equal(m->where[i], t);
      found++;
    }
    aft_cursor_free(cursor);
    assert_ok(aft_ticket_history(d.session, &d.system, m->tickets[t], &cursor, &error));
    aft_cursor_free(cursor);
  }
  assert_int_equal(found, m->n_messages);
}

static void messages_are_where_a_model_says(void **state) {
  (void)state;
  uint64_t seed = seed_of("merges");
  model m = {.n_tickets = 0};
  new_ticket(&m);
  for (int i = 0; i < STEPS; i++) {
    switch (below(&seed, 8)) {
    case 0:
    case 1:
      new_ticket(&m);
      break;
    case 2:
      write_with_code(&m, &seed);
      break;
    case 3:
    case 4:
      merge_two(&m, &seed);
      break;
    case 5:
      split_some(&m, &seed);
      break;
    default:
      write_reply(&m, &seed);
    }
    if (i % 16 == 0)
      compare(&m);
  }
  compare(&m);
}

/* More than move in one transaction: the rest comes with the tick, and a chain that grew meanwhile is
 * followed. */
static void a_long_ticket_moves_in_steps(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_id from = far_apart("m1", "退款三天没到");
  for (int i = 0; i < 599; i++)
    note("记", from);
  aft_id into = far_apart("m2", "退款又没到"), last = far_apart("m3", "退款还是没到");
  assert_ok(desk_merge(&d, from, into, &error));
  assert_ok(desk_merge(&d, into, last, &error));
  desk_tick(&d);
  const struct {
    aft_id ticket;
    uint32_t n;
  } there[] = {{from, 0}, {into, 0}, {last, 602}};
  for (int i = 0; i < 3; i++) {
    assert_ok(aft_message_list(d.session, &d.system, there[i].ticket, &cursor, &error));
    assert_int_equal(desk_count(cursor), there[i].n);
  }
}

#define ON(test, kind) \
  { #test " [" #kind "]", test, open_kind, shut, (void *)(intptr_t)DESK_##kind }
#define EVERYWHERE(test) ON(test, SQLITE), ON(test, MEMORY), ON(test, HOSTILE)

int main(void) {
  const struct CMUnitTest tests[] = {
      EVERYWHERE(no_read_shows_a_buyer_a_note),
      EVERYWHERE(a_note_is_changed_by_its_author_alone),
      EVERYWHERE(names_in_a_note_mention),
      EVERYWHERE(a_mention_is_told_once_and_seen_by_whom_it_is_for),
      EVERYWHERE(a_mention_of_a_stranger_is_refused_by_name),
      EVERYWHERE(the_policy_says_whether_a_mention_follows),
      EVERYWHERE(a_wrong_policy_is_refused_with_its_place),
      EVERYWHERE(followers_are_told_what_others_do),
      EVERYWHERE(a_missed_time_is_told),
      EVERYWHERE(who_has_left_the_shop_is_told_nothing),
      EVERYWHERE(followers_are_bounded_and_of_the_shop),
      EVERYWHERE(whoever_looks_sees_who_else_does),
      EVERYWHERE(looks_leave_no_trace),
      EVERYWHERE(bad_looks_are_refused),
      EVERYWHERE(an_answer_on_what_is_old_is_refused),
      EVERYWHERE(a_second_matter_makes_a_ticket_of_its_own),
      EVERYWHERE(an_answer_that_moves_has_met_the_first_response),
      EVERYWHERE(a_ticket_owes_no_answer_to_what_was_split_off),
      EVERYWHERE(the_state_goes_back_where_nobody_changed_it_since),
      EVERYWHERE(what_stays_is_owed_since_it_was_asked),
      EVERYWHERE(a_question_whose_answer_went_waits_again),
      EVERYWHERE(a_split_off_ticket_has_a_queue),
      EVERYWHERE(a_split_off_ticket_writes_to_the_right_address),
      EVERYWHERE(bad_splits_change_nothing),
      EVERYWHERE(all_that_hangs_on_a_ticket_comes_along),
      EVERYWHERE(cases_go_on_with_the_ticket_that_stays),
      EVERYWHERE(what_is_a_shops_stays_there),
      EVERYWHERE(a_customer_who_waited_goes_on_waiting),
      EVERYWHERE(bad_merges_are_refused),
      EVERYWHERE(a_long_chain_of_merges_ends),
      EVERYWHERE(messages_are_where_a_model_says),
      EVERYWHERE(a_long_ticket_moves_in_steps),
  };
  static const char *const not_there[] = {"[MEMORY]", "[HOSTILE]"};
  return RUN_CASES(tests, not_there);
}
