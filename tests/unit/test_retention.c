/* What a tick removes once a policy's retention is over, what stays, and the trace that is left. */
#include "desk_fixture.h"

#include "desk/desk.h"
#include "desk/tables/tables.h"
#include "policy/policy.h"

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

static aft_status load(const char *yaml, aft_policy **out, aft_error *error) {
  aft_document document = {.size = sizeof document, .name = AFT_STR("shop.yaml"), .text = AFT_STR(yaml)};
  aft_policy_options options = {.size = sizeof options, .documents = &document, .count = 1};
  return aft_policy_load(d.env, &options, out, NULL, error);
}

static void keep(const char *retention) {
  char yaml[256];
  snprintf(yaml, sizeof yaml, "version: 1\nretention: %s\n", retention);
  desk_policy(&d, yaml);
}

/* Ticks until a round of retention has ended; how many records it removed. */
static uint32_t round_of(uint32_t rows) {
  aft_error error = AFT_ERROR_INIT;
  uint32_t removed = 0;
  desk_pass(&d, AFT__HOUR);
  for (int i = 0; i < 1000; i++) {
    aft_tick_report report = {.size = sizeof report};
    aft_tick_budget budget = {.size = sizeof budget, .rows = rows};
    assert_ok(aft_tick(d.session, &budget, &report, &error));
    removed += report.removed;
    if (!report.fired && !report.sequenced && !report.removed && report.next > atomic_load(&d.now))
      return removed;
    if (!report.fired && !report.sequenced && !report.removed && report.next == AFT_TIME_NONE)
      return removed;
  }
  fail_msg("retention does not come to rest");
  return removed;
}

/* A hostile store counts what it does not tell of twice or not at all; what is gone is asserted beside it. */
static void assert_removed(uint32_t removed, uint32_t expected) {
  if (d.seed == 0)
    assert_int_equal(removed, expected);
}

static void act(const aft_call *call, aft_id ticket, uint32_t what, aft_id other, aft_status expected) {
  aft_error error = AFT_ERROR_INIT;
  aft_act_in in = {
      .size = sizeof in, .ticket = ticket, .act = what, .other = other, .reason = AFT_STR("court order")};
  in.category = AFT_STR(what == AFT_ACT_CLASSIFY ? "payment" : "");
  aft_status status = aft_ticket_act(d.session, call, &in, NULL, &error);
  if (status != expected)
    fail_msg("act %u: %s, expected %s: %s", what, aft_status_name(status), aft_status_name(expected),
             error.message);
}

/* The survey is sent, and everything that left was settled. */
static void come_to_rest(void) {
  desk_pass(&d, 2 * AFT__HOUR);
  desk_tick(&d);
  desk_settle(&d, AFT_OUTCOME_DONE);
  desk_tick(&d);
}

static aft_id closed_ticket(const char *external) {
  aft_id id = desk_say(&d, external, "手机坏了要维修");
  desk_answer(&d, id, "请寄回");
  desk_act(&d, id, AFT_ACT_RESOLVE);
  desk_act(&d, id, AFT_ACT_CLOSE);
  come_to_rest();
  return id;
}

static bool is_there(aft_id ticket) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *record;
  aft_status status = aft_ticket_get(d.session, &d.system, ticket, &record, &error);
  if (status == AFT_E_NOT_FOUND)
    return false;
  assert_ok(status);
  aft_record_free(record);
  return true;
}

/* ---- tickets ---- */

typedef struct counting {
  const aft__table *table;
  uint32_t text; /* of that column something is left; 0: whatever the row says */
  uint32_t n;
} counting;

static aft_status count_row(void *user, const aft__value *row, aft_error *error) {
  counting *c = user;
  (void)error;
  c->n += !c->text || aft__value_str(&row[c->text]).len > 0;
  return AFT_OK;
}

static aft_status count_table(aft__tx *tx, void *user, aft_error *error) {
  counting *c = user;
  aft__scan scan = {.table = c->table, .index = AFT__BY_ID};
  c->n = 0;
  return aft__scan_each(tx, &scan, count_row, c, error);
}

static uint32_t rows_with(const aft__table *table, uint32_t text) {
  aft_error error = AFT_ERROR_INIT;
  aft__tx_options options = {.name = "test", .read = true};
  counting c = {.table = table, .text = text};
  assert_ok(aft__tx_run(d.session, &options, count_table, &c, &error));
  return c.n;
}

static uint32_t rows_of(const aft__table *table) { return rows_with(table, 0); }

static void a_closed_ticket_goes_after_its_time(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  keep("{tickets: 60d}");
  uint32_t effects = rows_of(&aft__outbox_table);
  aft_id closed = closed_ticket("m1"), open = desk_say(&d, "m2", "要发票");
  aft_tag_in tag = {.size = sizeof tag, .kind = AFT_KIND_TICKET, .subject = closed, .tag = AFT_STR("broken")};
  assert_ok(aft_tag_add(d.session, &d.system, &tag, &error));
  aft_correction_in label = {.size = sizeof label, .ticket = closed, .label = AFT_STR("quality")};
  assert_ok(aft_correction_put(d.session, &d.system, &label, NULL, &error));
  assert_int_equal(rows_of(&aft__correction_table), 1);
  assert_true(rows_of(&aft__notice_table) > 0);
  desk_tick(&d);
  desk_settle(&d, AFT_OUTCOME_DONE);
  desk_pass(&d, 59 * AFT__DAY);
  round_of(0);
  assert_true(is_there(closed));
  desk_pass(&d, AFT__DAY);
  assert_removed(round_of(0), 1);
  assert_false(is_there(closed));
  assert_true(is_there(open));
  aft_cursor *list;
  assert_ok(aft_message_list(d.session, &d.system, open, &list, &error));
  assert_int_equal(desk_count(list), 1);
  assert_ok(aft_outbox_list(d.session, &d.system, closed, &list, &error));
  assert_int_equal(desk_count(list), 0);
  assert_true(rows_of(&aft__outbox_table) > effects);
  assert_int_equal(rows_of(&aft__tag_table), 0);
  assert_int_equal(rows_of(&aft__correction_table), 0);
  assert_int_equal(rows_of(&aft__notice_table), 0);
  assert_status(aft_message_list(d.session, &d.system, closed, &list, &error), AFT_E_NOT_FOUND);
}

static void an_open_task_keeps_its_ticket(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  keep("{tickets: 60d}");
  aft_id ticket = desk_say(&d, "m1", "我的快递到哪了？");
  aft_callback_in in = {.size = sizeof in, .ticket = ticket, .phone = AFT_STR("13800138000")};
  aft_record *task;
  assert_ok(aft_callback_ask(d.session, &d.as_buyer, &in, &task, &error));
  aft_attempt_in busy = {.size = sizeof busy, .task = aft_task_id(task), .outcome = AFT_CALLED_BUSY};
  aft_record_free(task);
  assert_ok(aft_attempt_note(d.session, &d.as_agent, &busy, NULL, &error));
  desk_act(&d, ticket, AFT_ACT_RESOLVE);
  desk_act(&d, ticket, AFT_ACT_CLOSE);
  desk_tick(&d);
  desk_settle(&d, AFT_OUTCOME_DONE);
  desk_pass(&d, 61 * AFT__DAY);
  desk_tick(&d);
  desk_settle(&d, AFT_OUTCOME_DONE);
  round_of(0);
  assert_true(is_there(ticket));
  aft_task_end_in end = {.size = sizeof end, .task = busy.task};
  assert_ok(aft_task_end(d.session, &d.system, &end, NULL, &error));
  desk_tick(&d);
  desk_pass(&d, 8 * AFT__DAY);
  desk_tick(&d);
  assert_false(is_there(ticket));
  assert_int_equal(rows_of(&aft__task_table), 0);
  assert_int_equal(rows_of(&aft__attempt_table), 0);
}

static void what_is_left_is_an_event(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  keep("{tickets: 60d}");
  aft_id closed = closed_ticket("m1");
  aft_record *ticket = desk_ticket(&d, closed), *event;
  aft_cursor *feed;
  char code[32], events[48];
  snprintf(code, sizeof code, "\"code\":\"%s\"", aft_ticket_code(ticket));
  snprintf(events, sizeof events, "\"messages\":2,\"events\":%lld", (long long)aft_ticket_events(ticket));
  aft_record_free(ticket);
  desk_pass(&d, 61 * AFT__DAY);
  assert_removed(round_of(0), 1);
  desk_tick(&d);
  uint32_t of_ticket = 0;
  int64_t before = 0;
  assert_ok(aft_feed_read(d.session, &d.system, 0, &feed, &error)); /* over the gap that the others left */
  while (aft_cursor_next(feed, &event, &error) == AFT_OK) {
    assert_true(aft_event_feed(event) > before);
    before = aft_event_feed(event);
    if (aft_event_subject(event) != closed)
      continue;
    of_ticket++;
    assert_string_equal(aft_event_verb(event), "ticket.removed");
    assert_string_equal(aft_event_from(event), "closed");
    assert_non_null(strstr(aft_event_facts(event), code));
    assert_non_null(strstr(aft_event_facts(event), events));
    assert_null(strstr(aft_event_facts(event), "wang"));
  }
  aft_cursor_free(feed);
  assert_int_equal(of_ticket, 1);
}

static void a_ticket_on_hold_stays(void **state) {
  (void)state;
  keep("{tickets: 60d}");
  aft_id held = closed_ticket("m1"), later = closed_ticket("m2");
  act(&d.as_buyer, held, AFT_ACT_HOLD, 0, AFT_E_DENIED);
  act(&d.as_agent, held, AFT_ACT_HOLD, 0, AFT_OK);
  act(&d.as_agent, held, AFT_ACT_HOLD, 0, AFT_IGNORED);
  aft_record *ticket = desk_ticket(&d, held);
  assert_int_equal(aft_ticket_held(ticket), atomic_load(&d.now));
  aft_record_free(ticket);
  desk_tick(&d);
  desk_pass(&d, 61 * AFT__DAY);
  assert_removed(round_of(0), 1);
  assert_true(is_there(held));
  assert_false(is_there(later));
  act(&d.as_agent, held, AFT_ACT_UNHOLD, 0, AFT_OK);
  act(&d.as_agent, held, AFT_ACT_UNHOLD, 0, AFT_IGNORED);
  desk_tick(&d);
  assert_removed(round_of(0), 1);
  assert_false(is_there(held));
}

static void a_buyer_does_not_classify(void **state) {
  (void)state;
  aft_id id = desk_say(&d, "m1", "要发票");
  act(&d.as_buyer, id, AFT_ACT_CLASSIFY, 0, AFT_E_DENIED);
  act(&d.as_agent, id, AFT_ACT_CLASSIFY, 0, AFT_OK);
}

static void what_a_living_ticket_needs_stays(void **state) {
  (void)state;
  keep("{tickets: 60d}");
  aft_id merged = desk_say(&d, "m1", "手机坏了要维修");
  desk_pass(&d, 4 * AFT__DAY); /* beyond the window in which a message joins */
  aft_id target = desk_say(&d, "m2", "怎么还没发货");
  assert_int_not_equal(merged, target);
  act(&d.as_agent, merged, AFT_ACT_MERGE, target, AFT_OK);
  desk_settle(&d, AFT_OUTCOME_DONE);
  desk_tick(&d);
  desk_pass(&d, 61 * AFT__DAY);
  desk_answer(&d, target, "今天发货");
  desk_settle(&d, AFT_OUTCOME_DONE);
  round_of(0);
  assert_true(is_there(merged)); /* its code leads to what goes on in the other */
  desk_act(&d, target, AFT_ACT_RESOLVE);
  desk_act(&d, target, AFT_ACT_CLOSE);
  come_to_rest();
  desk_pass(&d, 30 * AFT__DAY);
  round_of(0);
  assert_true(is_there(merged) && is_there(target));
  desk_pass(&d, 31 * AFT__DAY);
  round_of(0);
  desk_pass(&d, 8 * AFT__DAY); /* what was put off is looked at again */
  round_of(0);
  assert_false(is_there(merged));
  assert_false(is_there(target));
}

static void the_ticket_that_is_followed_up_stays(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  keep("{tickets: 60d}");
  aft_id first = closed_ticket("m1");
  aft_record *ticket = desk_ticket(&d, first), *message;
  char text[64];
  snprintf(text, sizeof text, "%s 又坏了", aft_ticket_code(ticket));
  aft_record_free(ticket);
  aft_message_in in = desk_message(&d, "m2", text);
  assert_ok(aft_intake(d.session, &d.system, &in, &message, &error));
  aft_id next = aft_message_ticket(message);
  aft_record_free(message);
  assert_int_not_equal(next, first);
  desk_settle(&d, AFT_OUTCOME_DONE);
  desk_tick(&d);
  desk_pass(&d, 61 * AFT__DAY);
  desk_settle(&d, AFT_OUTCOME_DONE);
  assert_removed(round_of(0), 0);
  assert_true(is_there(first));
}

static void a_ticket_with_an_open_effect_stays(void **state) {
  (void)state;
  keep("{tickets: 60d}");
  aft_id id = desk_say(&d, "m1", "手机坏了要维修");
  desk_act(&d, id, AFT_ACT_RESOLVE);
  desk_act(&d, id, AFT_ACT_CLOSE);
  desk_pass(&d, 61 * AFT__DAY);
  round_of(0);
  assert_true(is_there(id));
  desk_settle(&d, AFT_OUTCOME_DONE);
  desk_pass(&d, 8 * AFT__DAY);
  round_of(0);
  assert_false(is_there(id));
}

static void the_host_is_told_which_blobs_may_go(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_record *message, *effect;
  aft_cursor *claimed;
  keep("{tickets: 60d}");
  aft_part_in part = {.size = sizeof part,
                      .kind = AFT_CONTENT_IMAGE,
                      .blob = AFT_STR("blob-\"7\""),
                      .mime = AFT_STR("image/jpeg")};
  aft_message_in in = desk_message(&d, "m1", "屏幕碎了");
  in.parts = &part;
  in.n_parts = 1;
  assert_ok(aft_intake(d.session, &d.system, &in, &message, &error));
  aft_id id = aft_message_ticket(message);
  aft_record_free(message);
  desk_act(&d, id, AFT_ACT_RESOLVE);
  desk_act(&d, id, AFT_ACT_CLOSE);
  come_to_rest();
  desk_pass(&d, 61 * AFT__DAY);
  round_of(0);
  assert_false(is_there(id));
  assert_ok(aft_outbox_claim(d.session, NULL, &claimed, &error));
  assert_status(aft_cursor_next(claimed, &effect, &error), AFT_OK);
  assert_string_equal(aft_effect_topic(effect), "blobs.remove");
  assert_int_equal(aft_effect_subject(effect), id);
  assert_non_null(strstr(aft_effect_payload(effect), "\"blobs\":[\"blob-\\\"7\\\"\"]}"));
  aft_cursor_free(claimed);
}

static void a_small_budget_gets_there_in_steps(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  char name[16];
  keep("{tickets: 60d}");
  for (int i = 0; i < 5; i++) {
    snprintf(name, sizeof name, "m%d", i);
    closed_ticket(name);
  }
  desk_pass(&d, 61 * AFT__DAY);
  aft_tick_report report = {.size = sizeof report};
  aft_tick_budget budget = {.size = sizeof budget, .rows = 4};
  assert_ok(aft_tick(d.session, &budget, &report, &error));
  assert_true(report.removed < 5);
  assert_true(report.next <= atomic_load(&d.now)); /* there is more */
  assert_removed(report.removed + round_of(4), 5);
  assert_removed(round_of(4), 0);
}

/* ---- what stands alone ---- */

static void defaults_keep_tickets_and_forget_what_has_served(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id id = closed_ticket("m1");
  aft_call keyed = d.as_agent;
  keyed.key = AFT_STR("k1");
  aft_answer_in note = {
      .size = sizeof note, .ticket = id, .text = AFT_STR("note"), .visibility = AFT_PRIVATE};
  assert_ok(aft_ticket_answer(d.session, &keyed, &note, NULL, &error));
  aft_record *other;
  assert_status(aft_ticket_get(d.session, &d.as_other_buyer, id, &other, &error), AFT_E_DENIED);
  aft_cursor *refusals;
  assert_ok(aft_refusal_list(d.session, &d.system, &refusals, &error));
  assert_int_equal(desk_count(refusals), 1);
  desk_settle(&d, AFT_OUTCOME_DONE);
  desk_tick(&d);
  desk_pass(&d, 31 * AFT__DAY);
  assert_removed(round_of(0), 1); /* the key */
  desk_pass(&d, 60 * AFT__DAY);
  aft_cursor *effects;
  assert_ok(aft_outbox_list(d.session, &d.system, id, &effects, &error));
  assert_true(desk_count(effects) > 0);
  round_of(0);
  assert_ok(aft_outbox_list(d.session, &d.system, id, &effects, &error));
  assert_int_equal(desk_count(effects), 0);
  desk_pass(&d, 280 * AFT__DAY);
  desk_settle(&d, AFT_OUTCOME_DONE);
  round_of(0);
  assert_ok(aft_refusal_list(d.session, &d.system, &refusals, &error));
  assert_int_equal(desk_count(refusals), 0);
  desk_pass(&d, 3650 * AFT__DAY);
  round_of(0);
  assert_true(is_there(id));
}

static void surveys_go_when_they_were_sent(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *surveys;
  keep("{surveys: 30d}");
  aft_id id = desk_say(&d, "m1", "手机坏了要维修");
  desk_act(&d, id, AFT_ACT_RESOLVE);
  assert_ok(aft_survey_list(d.session, &d.system, id, &surveys, &error));
  assert_int_equal(desk_count(surveys), 1);
  desk_pass(&d, 2 * AFT__HOUR);
  desk_tick(&d);
  desk_pass(&d, 31 * AFT__DAY);
  round_of(0);
  assert_ok(aft_survey_list(d.session, &d.system, id, &surveys, &error));
  assert_int_equal(desk_count(surveys), 0);
  assert_true(is_there(id));
}

/* Whether its commit happened is not told for every fourth transaction, which is made again in the same
 * round. */
static void a_lost_answer_puts_nothing_off(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft__retained done = {.more = true};
  keep("{messages: 30d}");
  for (int i = 0; i < 12; i++) {
    char external[8];
    snprintf(external, sizeof external, "m%d", i);
    closed_ticket(external);
  }
  assert_true(rows_with(&aft__message_table, AFT__MESSAGE_TEXT) >= 12);
  desk_pass(&d, 31 * AFT__DAY);
  aft__store_hostile(d.store, d.seed, 20, 250);
  while (done.more)
    assert_ok(aft__desk_retain(d.session, 1000, 60000, &done, &error));
  assert_int_equal(rows_with(&aft__message_table, AFT__MESSAGE_TEXT), 0);
}

/* A survey is part of the matter that a court asks about. */
static void a_held_ticket_keeps_its_surveys(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *surveys;
  keep("{surveys: 30d}");
  aft_id held = desk_say(&d, "m1", "手机坏了要维修"), free = desk_say_as(&d, "wx-free", "手机坏了要维修");
  aft_id tickets[] = {held, free};
  for (int i = 0; i < 2; i++)
    desk_act(&d, tickets[i], AFT_ACT_RESOLVE);
  desk_pass(&d, 2 * AFT__HOUR);
  desk_tick(&d);
  act(&d.system, held, AFT_ACT_HOLD, 0, AFT_OK);
  desk_pass(&d, 31 * AFT__DAY);
  round_of(0);
  for (int i = 0; i < 2; i++) {
    assert_ok(aft_survey_list(d.session, &d.system, tickets[i], &surveys, &error));
    assert_int_equal(desk_count(surveys), tickets[i] == held);
  }
  act(&d.system, held, AFT_ACT_UNHOLD, 0, AFT_OK);
  round_of(0);
  assert_ok(aft_survey_list(d.session, &d.system, held, &surveys, &error));
  assert_int_equal(desk_count(surveys), 0);
}

static void each_tenant_has_its_own(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id ours = closed_ticket("m1");
  aft_record *tenant;
  char name[16];
  aft_call maker = {.size = sizeof maker, .role = AFT_ROLE_SYSTEM};
  aft_call mine = d.system;
  for (int i = 0; i < 40; i++) { /* more than one step of a round */
    snprintf(name, sizeof name, "t%d", i);
    aft_tenant_in in = {.size = sizeof in, .external = AFT_STR(name)};
    assert_ok(aft_tenant_put(d.session, &maker, &in, &tenant, &error));
    d.system.tenant = aft_tenant_id(tenant);
    aft_record_free(tenant);
    if (i % 8 == 0)
      keep("{tickets: 30d}");
  }
  d.system = mine;
  desk_pass(&d, 100 * AFT__DAY);
  round_of(0);
  assert_true(is_there(ours));
  keep("{tickets: 30d}");
  assert_removed(round_of(7), 1);
  assert_false(is_there(ours));
}

static void health_knows_the_last_round(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_buf *health;
  assert_ok(aft_store_health(d.session, &health, &error));
  assert_non_null(strstr(aft_buf_data(health), "\"last_retention\":null"));
  aft_buf_free(health);
  round_of(0);
  assert_ok(aft_store_health(d.session, &health, &error));
  assert_non_null(strstr(aft_buf_data(health), "\"last_retention\":1795003600000"));
  aft_buf_free(health);
}

static void a_report_of_the_first_version_is_not_overrun(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_tick_report report;
  memset(&report, 0x77, sizeof report);
  report.size = offsetof(aft_tick_report, next) + sizeof report.next;
  assert_ok(aft_tick(d.session, NULL, &report, &error));
  assert_int_equal(report.removed, 0x77777777);
}

/* ---- policies ---- */

static void faults(void **state) {
  (void)state;
  static const struct {
    const char *retention, *words;
  } wrong[] = {{"{tickets: 29d, keys: 1d}", "30d"},
               {"{tickets: forever}", "never"},
               {"{tickets: 36501d}", "36500d"},
               {"{keys: 23h}", "1d"},
               {"{effects: 6d}", "7d"},
               {"{refusals: 1}", "7d"},
               {"{events: 30d}", "unknown"},
               {"[tickets]", "a map"},
               {"{tickets: 30d, keys: 31d}", "kept longer"},
               {"{cases: 1095d}", "1096d"},
               {"{orders: 1095d}", "1096d"},
               {"{messages: 29d}", "30d"},
               {"{customers: 29d}", "30d"},
               {"{links: 366d}", "367d"},
               {"{erasures: soon}", "never"},
               {"{erasures: 40d, keys: 41d}", "at most 'erasures'"},
               {"{orders: 1096d, keys: 1097d}", "at most 'orders'"},
               {"{tickets: 30d, keys: never}", "kept longer"}};
  for (size_t i = 0; i < AFT__COUNT(wrong); i++) {
    aft_error error = AFT_ERROR_INIT;
    aft_policy *policy = NULL;
    char yaml[160];
    snprintf(yaml, sizeof yaml, "version: 1\nretention: %s\n", wrong[i].retention);
    assert_true(load(yaml, &policy, &error) < 0);
    if (!strstr(error.message, wrong[i].words) || !strstr(error.message, "retention"))
      fail_msg("%s: %s at %s", wrong[i].retention, error.message, error.where);
  }
}

static void spans_and_what_stands_for_them(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_policy *policy;
  static const struct {
    const char *yaml;
    int64_t tickets, keys;
  } cases[] = {{"version: 1\n", AFT__RETAIN_NEVER, 30 * AFT__DAY},
               {"version: 1\nretention: null\n", AFT__RETAIN_NEVER, 30 * AFT__DAY},
               {"version: 1\nretention: {keys: null}\n", AFT__RETAIN_NEVER, 30 * AFT__DAY},
               {"version: 1\nretention: {tickets: 52w, keys: 1d12h}\n", 364 * AFT__DAY, 36 * AFT__HOUR}};
  for (size_t i = 0; i < AFT__COUNT(cases); i++) {
    assert_ok(load(cases[i].yaml, &policy, &error));
    assert_int_equal(aft__policy_retain(policy, AFT__RETAIN_TICKETS), cases[i].tickets);
    assert_int_equal(aft__policy_retain(policy, AFT__RETAIN_KEYS), cases[i].keys);
    aft_policy_unref(policy);
  }
}

int main(void) {
#define ON(kind, test) \
  { #test " [" #kind "]", test, open_kind, shut, (void *)(intptr_t)DESK_##kind }
#define EVERYWHERE(test) ON(SQLITE, test), ON(MEMORY, test), ON(HOSTILE, test)
  const struct CMUnitTest tests[] = {
      EVERYWHERE(a_closed_ticket_goes_after_its_time),
      EVERYWHERE(an_open_task_keeps_its_ticket),
      EVERYWHERE(what_is_left_is_an_event),
      EVERYWHERE(a_ticket_on_hold_stays),
      EVERYWHERE(a_buyer_does_not_classify),
      EVERYWHERE(what_a_living_ticket_needs_stays),
      EVERYWHERE(the_ticket_that_is_followed_up_stays),
      EVERYWHERE(a_ticket_with_an_open_effect_stays),
      EVERYWHERE(the_host_is_told_which_blobs_may_go),
      EVERYWHERE(a_small_budget_gets_there_in_steps),
      EVERYWHERE(defaults_keep_tickets_and_forget_what_has_served),
      EVERYWHERE(surveys_go_when_they_were_sent),
      EVERYWHERE(a_held_ticket_keeps_its_surveys),
      ON(HOSTILE, a_lost_answer_puts_nothing_off),
      EVERYWHERE(each_tenant_has_its_own),
      EVERYWHERE(health_knows_the_last_round),
      ON(MEMORY, a_report_of_the_first_version_is_not_overrun),
      ON(MEMORY, faults),
      ON(MEMORY, spans_and_what_stands_for_them),
  };
  static const char *const not_there[] = {"[MEMORY]", "[HOSTILE]"};
  return RUN_CASES(tests, not_there);
}
