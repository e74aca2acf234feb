/* Surveys: who is asked and who is not, one answer each, and reports against a model that counts by hand. */
#include "desk_fixture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "case_fixture.h"
#include "desk/tables/tables.h"
#include "random.h"

#define SURVEYS 400

static desk d;
static aft_link_keys *keys;
static uint32_t customers, n_resolved;
static aft_id all[SURVEYS]; /* tickets that were resolved */

static int open_kind(void **state) {
  static const uint8_t secret[32] = "a secret of surveys of 32 bytes";
  aft_error error = AFT_ERROR_INIT;
  aft_signing_key key = {.size = sizeof key, .name = AFT_STR("2026"), .secret = secret, .n = sizeof secret};
  desk_open(&d, (desk_kind)(intptr_t)*state);
  assert_ok(aft_link_keys_new(d.env, &key, 1, &keys, &error));
  customers = n_resolved = 0;
  return 0;
}

static int shut(void **state) {
  (void)state;
  aft_link_keys_unref(keys);
  desk_close(&d);
  return 0;
}

/* ---- helpers ---- */

static aft_status load(const char *yaml, aft_policy **out, aft_error *error) {
  aft_document document = {.size = sizeof document, .name = AFT_STR("shop.yaml"), .text = AFT_STR(yaml)};
  aft_policy_options options = {.size = sizeof options, .documents = &document, .count = 1};
  return aft_policy_load(d.env, &options, out, NULL, error);
}

/* Activates a policy with these keys of its survey section. */
static void ask(const char *survey) {
  char yaml[1024];
  snprintf(yaml, sizeof yaml,
           "version: 1\n"
           "calendars: {day: {zone: Asia/Shanghai, hours: {daily: ['09:00-20:00']}}}\n"
           "survey: {enabled: true%s%s}\n",
           *survey ? ", " : "", survey);
  desk_policy(&d, yaml);
}

/* A ticket of somebody who was never seen before. */
static aft_id new_ticket(const char *text) {
  char handle[24];
  snprintf(handle, sizeof handle, "wx_%u", ++customers);
  return desk_say_as(&d, handle, text);
}

static aft_id resolved(aft_id ticket) {
  desk_answer(&d, ticket, "今天下午送到");
  desk_act(&d, ticket, AFT_ACT_RESOLVE);
  assert_true(n_resolved < SURVEYS);
  all[n_resolved++] = ticket;
  return ticket;
}

static aft_record *survey(aft_id id) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *record;
  assert_ok(aft_survey_get(d.session, &d.system, id, &record, &error));
  return record;
}

/* The n-th survey of a ticket, from 0. */
static aft_id survey_at(aft_id ticket, uint32_t n) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *record;
  aft_id id = 0;
  assert_ok(aft_survey_list(d.session, &d.system, ticket, &cursor, &error));
  for (uint32_t i = 0; i <= n; i++) {
    assert_status(aft_cursor_next(cursor, &record, &error), AFT_OK);
    id = aft_survey_id(record);
  }
  aft_cursor_free(cursor);
  return id;
}

static aft_id survey_of(aft_id ticket) { return survey_at(ticket, 0); }

static void assert_survey(aft_id id, const char *state, const char *reason) {
  aft_record *record = survey(id);
  assert_string_equal(aft_survey_state(record), state);
  assert_int_equal(aft_record_is_null(record, AFT_SURVEY_REASON), reason == NULL);
  if (reason)
    assert_string_equal(aft_survey_reason(record), reason);
  aft_record_free(record);
}

/* A survey of a new customer that was sent. */
static aft_id sent(void) {
  aft_id id = survey_of(resolved(new_ticket("我的快递到哪了？")));
  desk_pass(&d, AFT__HOUR);
  desk_tick(&d);
  assert_survey(id, "sent", NULL);
  return id;
}

static aft_survey_answer_in answer_in(aft_id id, int32_t score) {
  return (aft_survey_answer_in){
      .size = sizeof(aft_survey_answer_in), .survey = id, .score = score, .source = AFT_VIA_CHAT};
}

static aft_status answer(aft_id id, int32_t score, aft_error *error) {
  aft_survey_answer_in in = answer_in(id, score);
  return aft_survey_answer(d.session, &d.system, &in, NULL, error);
}

static void assert_answered(aft_id id, int32_t score) {
  aft_error error = AFT_ERROR_INIT;
  assert_ok(answer(id, score, &error));
}

/* How many effects of a topic have this in their payload. */
static uint32_t effects_with(const char *topic, const char *part) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < n_resolved; i++)
    n += desk_effects(&d, all[i], topic, part);
  return n;
}

/* ---- a survey's life ---- */

static void a_survey_is_sent_answered_and_stands(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id ticket = new_ticket("我的快递到哪了？"), id;
  desk_act(&d, ticket, AFT_ACT_ASSIGN);
  id = survey_of(resolved(ticket));
  assert_survey(id, "scheduled", NULL);
  desk_pass(&d, AFT__HOUR);
  desk_tick(&d);
  assert_int_equal(effects_with("survey.send", "\"survey\":\""), 1);
  desk_pass(&d, AFT__HOUR);
  aft_survey_answer_in in = answer_in(id, 5);
  in.text = AFT_STR("很快");
  assert_ok(aft_survey_answer(d.session, &d.as_agent, &in, NULL, &error));
  aft_record *record = survey(id);
  assert_string_equal(aft_survey_state(record), "answered");
  assert_int_equal(aft_survey_score(record), 5);
  assert_string_equal(aft_survey_text(record), "很快");
  assert_string_equal(aft_survey_source(record), "chat");
  assert_int_equal(aft_survey_answered(record), DESK_START + 2 * AFT__HOUR);
  assert_int_equal(aft_survey_editable(record), DESK_START + 26 * AFT__HOUR);
  assert_int_equal(aft_survey_expires(record), DESK_START + AFT__HOUR + 14 * AFT__DAY);
  assert_int_equal(aft_survey_agent(record), d.agent);
  assert_string_equal(aft_survey_category(record), "logistics");
  assert_string_equal(aft_survey_queue(record), "logistics");
  assert_int_equal(aft_survey_low(record), 0);
  aft_record_free(record);

  desk_pass(&d, AFT__DAY - 1);
  assert_answered(id, 4); /* changed within a day */
  desk_pass(&d, 1);
  assert_status(answer(id, 3, &error), AFT_E_EXISTS);
  record = survey(id);
  assert_int_equal(aft_survey_score(record), 4);
  assert_int_equal(aft_survey_answered(record), DESK_START + 2 * AFT__HOUR);
  aft_record_free(record);
  assert_int_equal(desk_events(&d, ticket, "survey.sent"), 1);
  assert_int_equal(desk_events(&d, ticket, "survey.answered"), 1);
  assert_int_equal(desk_events(&d, ticket, "survey.changed"), 1);
  desk_pass(&d, 20 * AFT__DAY);
  desk_tick(&d);
  assert_survey(id, "answered", NULL); /* it has no end any more */
}

static void an_answer_stands_at_once_where_the_policy_says_so(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  ask("edit: never");
  aft_id id = sent();
  assert_answered(id, 5);
  assert_status(answer(id, 5, &error), AFT_E_EXISTS);
}

/* The agent of the last answer, though nobody has the ticket. */
static void the_last_to_answer_is_kept(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id ticket = new_ticket("我的快递到哪了？");
  aft_answer_in by_host = {.size = sizeof by_host, .ticket = ticket, .text = AFT_STR("请稍候")};
  desk_answer(&d, ticket, "今天下午送到");
  assert_ok(aft_ticket_answer(d.session, &d.system, &by_host, NULL, &error));
  desk_act(&d, ticket, AFT_ACT_RESOLVE);
  aft_record *record = desk_ticket(&d, ticket);
  assert_true(aft_record_is_null(record, AFT_TICKET_ASSIGNEE));
  aft_record_free(record);
  desk_pass(&d, AFT__HOUR);
  desk_tick(&d);
  record = survey(survey_of(ticket));
  assert_int_equal(aft_survey_agent(record), d.agent);
  aft_record_free(record);
}

static void who_does_not_answer_is_reminded_once(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  ask("reminder: 3d, expires: 7d");
  aft_id id = sent(), other = sent(), back = sent();
  assert_answered(other, 5);
  aft_record *record = survey(back);
  aft_act_in in = {.size = sizeof in, .ticket = aft_survey_ticket(record), .act = AFT_ACT_REOPEN};
  aft_record_free(record);
  assert_status(aft_ticket_act(d.session, &d.as_agent, &in, NULL, &error), AFT_OK);
  desk_pass(&d, 3 * AFT__DAY);
  desk_tick(&d); /* it is past ten in the evening there */
  assert_int_equal(effects_with("survey.send", "notify.survey.remind"), 0);
  desk_pass(&d, 10 * AFT__HOUR);
  desk_tick(&d);
  assert_int_equal(effects_with("survey.send", "notify.survey.remind"), 1);
  desk_pass(&d, 3 * AFT__DAY - 10 * AFT__HOUR);
  desk_tick(&d);
  assert_int_equal(effects_with("survey.send", "notify.survey.remind"), 1);
  record = survey(id);
  assert_false(aft_record_is_null(record, AFT_SURVEY_REMINDED));
  aft_record_free(record);
  desk_pass(&d, AFT__DAY);
  desk_tick(&d);
  assert_survey(id, "expired", NULL);
  assert_survey(other, "answered", NULL);
  assert_status(answer(id, 5, &error), AFT_E_TRANSITION);
}

static void a_low_answer_asks_for_a_call_back(void **state) {
  (void)state;
  aft_id id = sent(), changed = sent();
  aft_record *record = survey(id);
  aft_id ticket = aft_survey_ticket(record);
  aft_record_free(record);
  assert_answered(id, 2);
  assert_answered(id, 1); /* it was low before */
  assert_int_equal(effects_with("work.order", "\"work\":\"call_back\""), 1);
  assert_int_equal(desk_events(&d, ticket, "survey.call_back"), 1);
  assert_state(&d, ticket, "resolved");
  assert_answered(changed, 3);
  assert_int_equal(effects_with("work.order", "\"work\":\"call_back\""), 1);
  assert_answered(changed, 2);
  assert_int_equal(effects_with("work.order", "\"work\":\"call_back\""), 2);
  record = survey(changed);
  assert_int_equal(aft_survey_low(record), 1);
  aft_record_free(record);
}

static void one_survey_asks_for_one_call_back(void **state) {
  (void)state;
  aft_id id = sent();
  aft_record *record = survey(id);
  aft_id ticket = aft_survey_ticket(record);
  assert_true(aft_record_is_null(record, AFT_SURVEY_CALL_BACK));
  aft_record_free(record);
  assert_answered(id, 1);
  aft_time asked = d.now;
  desk_pass(&d, AFT__MINUTE);
  assert_answered(id, 5);
  assert_answered(id, 1);
  assert_int_equal(desk_events(&d, ticket, "survey.call_back"), 1);
  assert_int_equal(effects_with("work.order", "\"work\":\"call_back\""), 1);
  record = survey(id);
  assert_int_equal(aft_survey_call_back(record), asked);
  aft_record_free(record);
}

/* ---- a ticket that was merged ---- */

static uint32_t open_tasks(aft_id ticket) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *task;
  uint32_t n = 0;
  aft_task_filter filter = {.size = sizeof filter, .ticket = ticket};
  assert_ok(aft_task_list(d.session, &d.system, &filter, &cursor, &error));
  while (aft_cursor_next(cursor, &task, &error) == AFT_OK)
    n += strcmp(aft_task_state(task), "open") == 0;
  aft_cursor_free(cursor);
  return n;
}

/* A ticket with a survey that was sent comes back, and a later one of the customer's takes its place. */
static aft_id sent_and_merged(aft_id *from, aft_id *into) {
  aft_error error = AFT_ERROR_INIT;
  char handle[24];
  aft_id id = sent();
  *from = all[n_resolved - 1];
  snprintf(handle, sizeof handle, "wx_%u", customers);
  desk_pass(&d, 4 * AFT__DAY);
  *into = desk_say_as(&d, handle, "包裹还没有到");
  assert_int_not_equal(*from, *into);
  desk_act(&d, *from, AFT_ACT_REOPEN);
  assert_ok(desk_merge(&d, *from, *into, &error));
  return id;
}

static void a_low_answer_after_a_merge_calls_from_the_living_ticket(void **state) {
  (void)state;
  aft_id from, into, id = sent_and_merged(&from, &into);
  assert_int_equal(survey_of(into), id);
  assert_answered(id, 1);
  assert_int_equal(open_tasks(from), 0);
  assert_int_equal(open_tasks(into), 1);
  assert_int_equal(desk_events(&d, into, "survey.call_back"), 1);
  desk_pass(&d, AFT__MINUTE);
  assert_answered(id, 5); /* what was answered can be changed there */
  assert_int_equal(desk_events(&d, into, "survey.changed"), 1);
}

static void a_call_that_moved_takes_the_answer(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_record *task;
  aft_id from, into, id = sent_and_merged(&from, &into);
  aft_callback_in ask_for = {.size = sizeof ask_for, .ticket = into, .phone = AFT_STR("13800138000")};
  assert_ok(aft_callback_ask(d.session, &d.as_agent, &ask_for, &task, &error));
  aft_attempt_in called = {.size = sizeof called,
                           .task = aft_task_id(task),
                           .outcome = AFT_CALLED_REACHED,
                           .done = 1,
                           .survey = id,
                           .score = 4};
  aft_record_free(task);
  assert_ok(aft_attempt_note(d.session, &d.as_agent, &called, NULL, &error));
  assert_survey(id, "answered", NULL);
}

static void no_reminder_while_the_matter_is_worked_on(void **state) {
  (void)state;
  ask("fatigue: never, reminder: 5d");
  aft_id from, into;
  sent_and_merged(&from, &into);
  desk_pass(&d, 2 * AFT__DAY);
  desk_tick(&d);
  assert_int_equal(desk_events(&d, from, "survey.reminded"), 0);
  assert_int_equal(desk_events(&d, into, "survey.reminded"), 0);
}

static void nobody_is_asked_who_was_erased(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id ticket = new_ticket("我的快递到哪了？");
  aft_record *record = desk_ticket(&d, ticket);
  aft_erase_in erase = {.size = sizeof erase, .customer = aft_ticket_customer(record)};
  aft_record_free(record);
  assert_ok(aft_person_erase(d.session, &d.system, &erase, NULL, &error));
  desk_tick(&d);
  desk_act(&d, ticket, AFT_ACT_RESOLVE);
  desk_pass(&d, AFT__HOUR);
  desk_tick(&d);
  assert_survey(survey_of(ticket), "cancelled", "suppressed");
  assert_int_equal(desk_effects(&d, ticket, "survey.send", ""), 0);
}

/* What was never asked stays in the history of the old ticket. */
static void what_was_not_asked_stays_with_the_old_ticket(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  char handle[24];
  aft_id from = resolved(new_ticket("我的快递到哪了？")), id = survey_of(from);
  snprintf(handle, sizeof handle, "wx_%u", customers);
  desk_act(&d, from, AFT_ACT_REOPEN);
  assert_survey(id, "cancelled", "reopened");
  desk_pass(&d, 4 * AFT__DAY);
  aft_id into = desk_say_as(&d, handle, "包裹还没有到");
  assert_ok(desk_merge(&d, from, into, &error));
  assert_int_equal(survey_of(from), id);
  assert_ok(aft_survey_list(d.session, &d.system, into, &cursor, &error));
  assert_int_equal(desk_count(cursor), 0);
}

/* ---- what is low ---- */

static void what_is_low_is_the_policys(void **state) {
  (void)state;
  ask("kind: nps, low: 3");
  aft_id four = sent(), three = sent();
  assert_answered(four, 4);
  assert_answered(three, 3);
  assert_int_equal(effects_with("work.order", "\"work\":\"call_back\""), 1);
  ask("kind: ces"); /* those that were sent go by their own scale */
  aft_id zero = sent();
  assert_answered(zero, 3);
  assert_int_equal(effects_with("work.order", "\"work\":\"call_back\""), 2);
}

/* ---- who is asked ---- */

static void a_person_is_asked_once_in_a_while(void **state) {
  (void)state;
  aft_id first = resolved(desk_say(&d, "m1", "我的快递到哪了？"));
  desk_pass(&d, AFT__HOUR);
  desk_tick(&d);
  desk_pass(&d, 20 * AFT__DAY);
  desk_tick(&d);
  assert_survey(survey_of(first), "expired", NULL);
  aft_id second = resolved(desk_say(&d, "m2", "要发票"));
  assert_int_not_equal(first, second);
  assert_survey(survey_of(second), "skipped", "fatigued");
  assert_survey(survey_of(resolved(new_ticket("要发票"))), "scheduled", NULL); /* somebody else */
  desk_pass(&d, 40 * AFT__DAY); /* none of those that were not sent counts */
  desk_tick(&d);
  aft_id third = resolved(desk_say(&d, "m3", "要发票"));
  assert_survey(survey_of(third), "scheduled", NULL);
  desk_act(&d, third, AFT_ACT_REOPEN);
  assert_survey(survey_of(third), "cancelled", "reopened");
  desk_act(&d, third, AFT_ACT_RESOLVE); /* one that was taken back does not count either */
  assert_survey(survey_at(third, 1), "scheduled", NULL);
}

static void fatigue_may_be_left_out(void **state) {
  (void)state;
  ask("fatigue: never");
  for (int i = 0; i < 3; i++) {
    char external[8];
    snprintf(external, sizeof external, "m%d", i);
    aft_id ticket = resolved(desk_say(&d, external, "要发票"));
    assert_survey(survey_of(ticket), "scheduled", NULL);
    desk_pass(&d, 20 * AFT__DAY);
    desk_tick(&d);
  }
}

static aft_id other_buyers(const char *external) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *message;
  aft_message_in in = desk_message(&d, external, "要发票");
  in.customer = d.other_buyer;
  in.handle = AFT_STR("wx_li");
  assert_ok(aft_intake(d.session, &d.system, &in, &message, &error));
  aft_id ticket = aft_message_ticket(message);
  aft_record_free(message);
  return ticket;
}

static aft_status set_kind(aft__tx *tx, void *user, aft_error *error) {
  aft__value *row;
  AFT__TRY(aft__get(tx, &aft__case_table, *(aft_id *)user, &row, error));
  row[AFT__CASE_KIND] = aft__text(aft__cstr("dispute"));
  return aft__update(tx, &aft__case_table, row, 1u << AFT__CASE_KIND, error);
}

static void call_it_dispute(aft_id of) {
  aft_error error = AFT_ERROR_INIT;
  aft__tx_options options = {.name = "kind"};
  aft_status status;
  do
    status = aft__tx_run(d.session, &options, set_kind, &of, &error);
  while (status == AFT_E_UNKNOWN); /* of a hostile store: setting the same again does no harm */
  assert_ok(status);
}

static void who_has_other_troubles_is_left_alone(void **state) {
  (void)state;
  aft_id complaint = desk_say(&d, "m1", "你们态度太差了，我要投诉到12315！");
  aft_record *ticket = desk_ticket(&d, complaint);
  assert_string_not_equal(aft_ticket_complaint(ticket), "none");
  aft_record_free(ticket);
  desk_pass(&d, 4 * AFT__DAY);
  aft_id other = desk_say(&d, "m2", "要发票");
  assert_int_not_equal(complaint, other);
  resolved(other);
  assert_survey(survey_of(other), "skipped", "open_complaint");

  aft_id held = new_ticket("要发票");
  desk_act(&d, held, AFT_ACT_HOLD);
  resolved(held);
  assert_survey(survey_of(held), "skipped", "on_hold");

  aft_id of = case_new(&d, case_order(&d, "A-1", d.other_buyer, 0, 0), d.other_buyer);
  case_set(&d, of, AFT__CASE_HELD, DESK_START, false);
  aft_id theirs = resolved(other_buyers("m3"));
  assert_survey(survey_of(theirs), "skipped", "on_hold");
  case_set(&d, of, AFT__CASE_HELD, 0, true);
  call_it_dispute(of);
  desk_act(&d, theirs, AFT_ACT_REOPEN);
  desk_act(&d, theirs, AFT_ACT_RESOLVE);
  assert_survey(survey_at(theirs, 1), "skipped", "open_dispute");
  case_set(&d, of, AFT__CASE_OPEN, 0, false);
  desk_act(&d, theirs, AFT_ACT_REOPEN);
  desk_act(&d, theirs, AFT_ACT_RESOLVE);
  assert_survey(survey_at(theirs, 2), "scheduled", NULL);
}

static void the_reason_explains_itself(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_buf *why;
  ask("sample: 0");
  aft_id ticket = resolved(new_ticket("要发票"));
  assert_survey(survey_of(ticket), "skipped", "sampled_out");
  assert_ok(aft_explain(d.session, &d.system, ticket, "survey", "en", &why, &error));
  assert_non_null(strstr(aft_buf_data(why), "not among those drawn"));
  aft_buf_free(why);
  desk_pass(&d, AFT__DAY);
  desk_tick(&d);
  assert_int_equal(effects_with("survey.send", ""), 0);
}

#define DRAWN 300

static void sampling_asks_the_share_that_it_says(void **state) {
  (void)state;
  uint32_t asked = 0;
  ask("sample: 300");
  for (int i = 0; i < DRAWN; i++) {
    aft_record *record = survey(survey_of(resolved(new_ticket("要发票"))));
    bool scheduled = strcmp(aft_survey_state(record), "scheduled") == 0;
    if (!scheduled)
      assert_string_equal(aft_survey_reason(record), "sampled_out");
    asked += scheduled;
    aft_record_free(record);
    desk_pass(&d, 1 + (int64_t)i % 977);
  }
  print_message("# %u of %d are asked at 300 permille\n", asked, DRAWN);
  assert_in_range(asked, 90 - 48, 90 + 48); /* six standard deviations */
}

static void surveys_wait_for_the_day(void **state) {
  (void)state;
  ask("hours: day, reminder: 3d");
  /* 19:06 in Shanghai; an hour later the day is over. */
  aft_id id = survey_of(resolved(new_ticket("要发票")));
  aft_record *record = survey(id);
  aft_time nine = INT64_C(1795050000000);
  assert_int_equal(aft_survey_due(record), nine);
  aft_record_free(record);
  desk_pass(&d, 2 * AFT__HOUR);
  desk_tick(&d);
  assert_survey(id, "scheduled", NULL);
  desk_pass(&d, nine + 12 * AFT__HOUR - atomic_load(&d.now)); /* nobody ticked before 21:00 */
  desk_tick(&d);
  assert_survey(id, "scheduled", NULL);
  record = survey(id);
  assert_int_equal(aft_survey_due(record), nine + AFT__DAY);
  aft_record_free(record);
  desk_pass(&d, 12 * AFT__HOUR);
  desk_tick(&d);
  assert_survey(id, "sent", NULL);
  desk_pass(&d, 3 * AFT__DAY + 13 * AFT__HOUR); /* the reminder waits likewise */
  desk_tick(&d);
  assert_int_equal(effects_with("survey.send", "notify.survey.remind"), 0);
  desk_pass(&d, 12 * AFT__HOUR);
  desk_tick(&d);
  assert_int_equal(effects_with("survey.send", "notify.survey.remind"), 1);
}

/* ---- refusals ---- */

static void assert_refused(const aft_survey_answer_in *in, const aft_call *call, aft_status status,
                           const char *where) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *before = in->survey ? survey(in->survey) : NULL;
  assert_status(aft_survey_answer(d.session, call, in, NULL, &error), status);
  if (where)
    assert_string_equal(error.where, where);
  if (!before)
    return;
  aft_record *after = survey(in->survey);
  assert_int_equal(aft_survey_rev(before), aft_survey_rev(after));
  aft_record_free(before);
  aft_record_free(after);
}

static void scores_have_their_scale(void **state) {
  static const struct {
    const char *kind, *says;
    int32_t least, most;
  } scales[] = {{"kind: csat", "expected 1 to 5 for csat, found ", 1, 5},
                {"kind: nps", "expected 0 to 10 for nps, found ", 0, 10},
                {"kind: ces", "expected 1 to 7 for ces, found ", 1, 7}};
  (void)state;
  for (size_t i = 0; i < AFT__COUNT(scales); i++) {
    aft_error error = AFT_ERROR_INIT;
    ask(scales[i].kind);
    aft_id id = sent();
    const int32_t wrong[] = {scales[i].least - 1, scales[i].most + 1, INT32_MIN, INT32_MAX};
    for (size_t k = 0; k < AFT__COUNT(wrong); k++) {
      aft_survey_answer_in in = answer_in(id, wrong[k]);
      assert_refused(&in, &d.system, AFT_E_INVALID, "survey.score");
      assert_status(answer(id, wrong[k], &error), AFT_E_INVALID);
      assert_true(strncmp(error.message, scales[i].says, strlen(scales[i].says)) == 0);
    }
    assert_answered(id, scales[i].least);
    assert_answered(id, scales[i].most);
  }
}

static void what_cannot_be_answered_is_refused(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id scheduled = survey_of(resolved(new_ticket("要发票"))), id = sent();
  aft_survey_answer_in in = answer_in(id, 5);
  assert_refused(&in, &d.as_other_buyer, AFT_E_DENIED, NULL);
  assert_refused(&in, &d.as_other_agent, AFT_E_DENIED, NULL);
  in.token = AFT_STR("x.y");
  assert_refused(&in, &d.system, AFT_E_INVALID, "survey.survey"); /* both */
  in = answer_in(0, 5);
  assert_refused(&in, &d.system, AFT_E_INVALID, "survey.survey"); /* neither */
  in.token = AFT_STR("x.y");
  assert_refused(&in, &d.system, AFT_E_NULL_HANDLE, "survey.keys");
  in = answer_in(id, 5);
  in.source = 4;
  assert_refused(&in, &d.system, AFT_E_INVALID, "survey.source");
  in.source = 0;
  assert_refused(&in, &d.system, AFT_E_INVALID, "survey.source");
  in = answer_in(id, 5);
  in.text = AFT_STR("\xff");
  assert_refused(&in, &d.system, AFT_E_ENCODING, "survey.text");
  assert_status(answer(77, 5, &error), AFT_E_NOT_FOUND);
  assert_status(answer(-1, 5, &error), AFT_E_INVALID);
  in = answer_in(survey_of(resolved(new_ticket("要发票"))), 5);
  assert_refused(&in, &d.system, AFT_E_TRANSITION, "survey"); /* not sent yet */
  (void)scheduled;
  desk_pass(&d, 14 * AFT__DAY);
  in = answer_in(id, 5);
  assert_refused(&in, &d.system, AFT_E_TRANSITION, "survey"); /* ended, though nobody ticked */
}

static void a_buyer_answers_their_own(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_record *record;
  aft_id id = survey_of(resolved(desk_say(&d, "m1", "要发票")));
  desk_pass(&d, AFT__HOUR);
  desk_tick(&d);
  aft_survey_answer_in in = answer_in(id, 1);
  assert_ok(aft_survey_answer(d.session, &d.as_buyer, &in, &record, &error));
  assert_int_equal(aft_survey_score(record), 1);
  assert_true(aft_record_is_null(record, AFT_SURVEY_AGENT)); /* the shop's own affair */
  aft_record_free(record);
  assert_ok(aft_survey_get(d.session, &d.as_buyer, id, &record, &error));
  assert_true(aft_record_is_null(record, AFT_SURVEY_LOW));
  aft_record_free(record);
  assert_status(aft_survey_get(d.session, &d.as_other_buyer, id, &record, &error), AFT_E_DENIED);
  assert_status(aft_survey_get(d.session, &d.as_other_agent, id, &record, &error), AFT_E_DENIED);
}

/* ---- links ---- */

static aft_status make_link(aft_id id, aft_id customer, char *token, aft_id *link, aft_error *error) {
  aft_link_in in = {.size = sizeof in, .customer = customer, .survey = id};
  aft_buf *text;
  aft_record *record;
  AFT__TRY(aft_link_make(d.session, &d.system, keys, &in, &text, &record, error));
  memcpy(token, aft_buf_data(text), aft_buf_size(text) + 1);
  *link = aft_link_id(record);
  aft_record *of = survey(id);
  assert_int_equal(aft_survey_link(of), *link);
  assert_int_equal(aft_link_survey(record), id);
  assert_true(aft_link_expires(record) == aft_survey_expires(of));
  aft_record_free(of);
  aft_record_free(record);
  aft_buf_free(text);
  return AFT_OK;
}

static aft_id customer_of(aft_id id) {
  aft_record *record = survey(id);
  aft_id customer = aft_survey_customer(record);
  aft_record_free(record);
  return customer;
}

static aft_survey_answer_in token_in(const char *token, int32_t score) {
  return (aft_survey_answer_in){
      .size = sizeof(aft_survey_answer_in), .keys = keys, .token = AFT_STR(token), .score = score};
}

static void a_survey_has_one_link(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  char token[256], again[256];
  aft_id id = sent(), link, same;
  assert_ok(make_link(id, customer_of(id), token, &link, &error));
  assert_ok(make_link(id, customer_of(id), again, &same, &error));
  assert_int_equal(link, same);
  assert_string_equal(token, again);
  assert_status(make_link(id, d.buyer, token, &link, &error), AFT_E_INVALID);
  aft_link_opened opened = {.size = sizeof opened};
  assert_ok(aft_link_open(d.session, d.tenant, keys, AFT_STR(again), &opened, &error));
  assert_int_equal(opened.survey, id);
  assert_true(opened.call.role == 0 && opened.order == 0 && opened.of == 0); /* it lets nobody in */
  aft_survey_answer_in in = token_in(again, 4);
  assert_ok(aft_survey_answer(d.session, &d.system, &in, NULL, &error));
  aft_record *record = survey(id);
  assert_string_equal(aft_survey_source(record), "link");
  assert_int_equal(aft_survey_score(record), 4);
  aft_record_free(record);
  assert_status(make_link(id, customer_of(id), token, &link, &error), AFT_E_TRANSITION);
}

static void assert_denied(const char *token, const char *sentence) {
  aft_error error = AFT_ERROR_INIT;
  aft_survey_answer_in in = token_in(token, 5);
  assert_status(aft_survey_answer(d.session, &d.system, &in, NULL, &error), AFT_E_DENIED);
  assert_string_equal(error.message, sentence);
}

static void a_link_that_is_not_good_answers_nothing(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  char token[256], forged[256], back[256];
  aft_cursor *refusals;
  aft_buf *text;
  aft_id id = sent(), other = sent(), link, revoked;
  assert_ok(make_link(id, customer_of(id), token, &link, &error));
  assert_ok(make_link(other, customer_of(other), back, &revoked, &error));
  memcpy(forged, token, sizeof forged);
  char *last = &forged[strlen(forged) - 2];
  *last = *last == 'A' ? 'B' : 'A';
  assert_denied(forged, "the link's signature is wrong");
  assert_denied("nonsense", "the link is cut short or garbled");
  assert_ok(aft_link_revoke(d.session, &d.system, revoked, NULL, &error));
  assert_denied(back, "the link was taken back");
  aft_link_in to_order = {.size = sizeof to_order, .customer = d.buyer};
  to_order.order = case_order(&d, "A-1", d.buyer, 0, 0);
  assert_ok(aft_link_make(d.session, &d.system, keys, &to_order, &text, NULL, &error));
  assert_denied(aft_buf_data(text), "the link is for no survey");
  aft_buf_free(text);
  desk_pass(&d, 14 * AFT__DAY);
  assert_denied(token, "the link has ended");
  assert_ok(aft_refusal_list(d.session, &d.system, &refusals, &error));
  assert_int_equal(desk_count(refusals), 5);
  assert_survey(id, "sent", NULL);
  assert_survey(other, "sent", NULL);
}

/* ---- reports ---- */

#define TOLD 70

typedef struct told {
  aft_id agent;
  char category[32], queue[32], week[16];
  int32_t score; /* -1: no answer */
} told;

static told model[TOLD];

static void note_survey(told *t, aft_id id, int32_t score) {
  aft_record *record = survey(id);
  t->agent = aft_survey_agent(record);
  snprintf(t->category, sizeof t->category, "%s", aft_survey_category(record));
  snprintf(t->queue, sizeof t->queue, "%s", aft_survey_queue(record));
  /* DESK_START is a Wednesday: Monday was the 16th. */
  int64_t weeks = (aft_survey_sent(record) - INT64_C(1794787200000)) / (7 * AFT__DAY);
  snprintf(t->week, sizeof t->week, "2026-%s", weeks == 0 ? "11-16" : weeks == 1 ? "11-23" : "11-30");
  t->score = score;
  aft_record_free(record);
}

static void make_answers(uint64_t *seed, int32_t least, int32_t most) {
  static const char *const texts[] = {"我的快递到哪了？", "要发票", "付款失败，扣了两次钱"};
  for (int i = 0; i < TOLD; i++) {
    aft_error error = AFT_ERROR_INIT;
    aft_id ticket = new_ticket(texts[below(seed, 3)]);
    aft_answer_in in = {.size = sizeof in, .ticket = ticket, .text = AFT_STR("好的")};
    const aft_call *by = below(seed, 4) ? &d.as_agent : &d.system;
    assert_ok(aft_ticket_answer(d.session, by, &in, NULL, &error));
    desk_act(&d, ticket, AFT_ACT_RESOLVE);
    desk_pass(&d, AFT__HOUR * (1 + below(seed, 8)));
    desk_tick(&d);
    aft_id id = survey_of(ticket);
    int32_t score = below(seed, 5) ? least + (int32_t)below(seed, (uint32_t)(most - least + 1)) : -1;
    if (score >= 0)
      assert_answered(id, score);
    note_survey(&model[i], id, score);
  }
}

static void key_of(const told *t, uint32_t by, char out[40]) {
  char agent[24] = "";
  if (t->agent)
    snprintf(agent, sizeof agent, "%lld", (long long)t->agent);
  snprintf(out, 40, "%s",
           by == AFT_GROUP_AGENT      ? agent
           : by == AFT_GROUP_CATEGORY ? t->category
           : by == AFT_GROUP_QUEUE    ? t->queue
           : by == AFT_GROUP_WEEK     ? t->week
                                      : "");
}

/* The number after a key, in the object that begins at text. */
static double field(const char *text, const char *key) {
  char quoted[40];
  snprintf(quoted, sizeof quoted, "\"%s\":", key);
  const char *at = strstr(text, quoted);
  if (!at || at > strchr(text, '}'))
    fail_msg("no %s in %.200s", key, text);
  return strtod(at + strlen(quoted), NULL);
}

static void assert_near(double found, double expected, const char *what) {
  if (fabs(found - expected) > 2e-6 * (1 + fabs(expected)))
    fail_msg("%s: expected %.6f, found %.6f", what, expected, found);
}

/* The two ends of Wilson's interval are where (p - x)² = z² x (1 - x) / n. */
static void assert_wilson(double p, double n, double x, double shrink) {
  double z = 1.959963984540054 * shrink;
  if (fabs((p - x) * (p - x) - z * z * x * (1 - x) / n) > 1e-5)
    fail_msg("%.6f is no end of the interval of %.6f over %.0f", x, p, n);
}

static void assert_group(const char *report, const char *key, uint32_t by, bool finite) {
  uint32_t sent_n = 0, n = 0, low = 0;
  double sum = 0, good = 0;
  char quoted[60];
  snprintf(quoted, sizeof quoted, *key ? "{\"group\":\"%s\"," : "{\"group\":null,", key);
  const char *at = strstr(report, quoted);
  if (!at)
    fail_msg("no group '%s' in %s", key, report);
  for (int i = 0; i < TOLD; i++) {
    char mine[40];
    key_of(&model[i], by, mine);
    if (strcmp(mine, key) != 0)
      continue;
    sent_n++;
    n += model[i].score >= 0;
    if (model[i].score < 0)
      continue;
    sum += model[i].score;
    good += model[i].score >= 4;
    low += model[i].score <= 2;
  }
  assert_near(field(at, "sent"), sent_n, "sent");
  assert_near(field(at, "answered"), n, "answered");
  assert_near(field(at, "low"), low, "low");
  assert_near(field(at, "response_rate"), (double)n / sent_n, "response_rate");
  const char *end = strchr(at, '}'), *small = strstr(at, "\"small\":true");
  assert_int_equal(small && small < end, n < 30);
  if (!n)
    return;
  double shrink = finite ? sqrt((double)(sent_n - n) / (sent_n > 1 ? sent_n - 1 : 1)) : 1;
  assert_near(field(at, "mean"), sum / n, "mean");
  assert_near(field(at, "score"), good / n, "score");
  assert_wilson(good / n, n, field(at, "from"), shrink);
  assert_wilson(good / n, n, field(at, "to"), shrink);
  const double rounded = 1e-3; /* where all who were asked have answered, the interval is a point */
  assert_true(field(at, "from") <= good / n + rounded && good / n <= field(at, "to") + rounded);
}

static aft_survey_report_in report_in(uint32_t by) {
  return (aft_survey_report_in){
      .size = sizeof(aft_survey_report_in), .begin = DESK_START, .end = DESK_START + 60 * AFT__DAY, .by = by};
}

static aft_buf *report_of(const aft_survey_report_in *in) {
  aft_error error = AFT_ERROR_INIT;
  aft_buf *text;
  assert_ok(aft_survey_report(d.session, &d.system, in, &text, &error));
  return text;
}

static void reports_add_up(void **state) {
  (void)state;
  uint64_t seed = seed_of("reports_add_up");
  make_answers(&seed, 1, 5);
  for (uint32_t by = 0; by <= AFT_GROUP_WEEK; by++)
    for (uint32_t finite = 0; finite < 2; finite++) {
      aft_survey_report_in in = report_in(by);
      in.finite = finite;
      aft_buf *text = report_of(&in);
      for (int i = 0; i < TOLD; i++) {
        char key[40];
        key_of(&model[i], by, key);
        assert_group(aft_buf_data(text), key, by, finite != 0);
      }
      assert_non_null(strstr(aft_buf_data(text), "\"kind\":\"csat\""));
      assert_non_null(strstr(aft_buf_data(text), "\"method\":\"wilson\""));
      assert_non_null(strstr(aft_buf_data(text), "\"complete\":true"));
      assert_non_null(strstr(aft_buf_data(text), "of 70 were answered"));
      aft_buf_free(text);
    }
}

static void a_report_of_recommendations_says_its_method(void **state) {
  (void)state;
  static const int32_t scores[] = {9, 10, 10, 9, 9, 7, 8, 7, 3, 6};
  ask("kind: nps");
  for (size_t i = 0; i < AFT__COUNT(scores); i++)
    assert_answered(sent(), scores[i]);
  aft_survey_report_in in = report_in(0);
  aft_buf *text = report_of(&in);
  const char *group = strstr(aft_buf_data(text), "{\"group\":");
  assert_non_null(strstr(group, "\"method\":\"adjusted_wald\""));
  assert_near(field(group, "score"), 30, "score");
  assert_true(fabs(field(group, "from") + 19.0506) < 1e-4 && fabs(field(group, "to") - 65.2045) < 1e-4);
  assert_near(field(group, "mean"), 7.8, "mean");
  aft_buf_free(text);
  in.kind = AFT_SCORE_CES; /* nobody was asked that */
  in.locale = AFT_STR("zh");
  text = report_of(&in);
  assert_non_null(strstr(aft_buf_data(text), "\"groups\":[]"));
  assert_non_null(strstr(aft_buf_data(text), "回收 0/0 份"));
  aft_buf_free(text);
}

static void reports_have_their_period_shop_and_readers(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_buf *text;
  assert_answered(sent(), 5);
  aft_survey_report_in in = report_in(0);
  in.end = DESK_START + AFT__HOUR; /* not included */
  text = report_of(&in);
  assert_non_null(strstr(aft_buf_data(text), "\"groups\":[]"));
  aft_buf_free(text);
  in.begin = DESK_START + AFT__HOUR;
  in.end = in.begin + 1;
  in.shop = d.other_shop;
  text = report_of(&in);
  assert_non_null(strstr(aft_buf_data(text), "\"groups\":[]"));
  aft_buf_free(text);
  in.shop = d.shop;
  assert_ok(aft_survey_report(d.session, &d.as_agent, &in, &text, &error));
  assert_non_null(strstr(aft_buf_data(text), "\"sent\":1"));
  aft_buf_free(text);
  assert_status(aft_survey_report(d.session, &d.as_other_agent, &in, &text, &error), AFT_E_DENIED);
  assert_status(aft_survey_report(d.session, &d.as_buyer, &in, &text, &error), AFT_E_DENIED);
  in.shop = 0;
  assert_status(aft_survey_report(d.session, &d.as_agent, &in, &text, &error), AFT_E_INVALID);
  assert_string_equal(error.where, "report.shop");
  static const struct {
    aft_time from, to;
    uint32_t kind, by, finite;
    const char *where;
  } wrong[] = {{5, 5, 0, 0, 0, "report.begin"},
               {-1, 5, 0, 0, 0, "report.begin"},
               {0, 4000 * AFT__DAY, 0, 0, 0, "report.begin"},
               {0, 5, 5, 0, 0, "report.kind"},
               {0, 5, 0, 6, 0, "report.by"},
               {0, 5, 0, 0, 2, "report.finite"}};
  for (size_t i = 0; i < AFT__COUNT(wrong); i++) {
    aft_survey_report_in bad = {.size = sizeof bad,
                                .begin = wrong[i].from,
                                .end = wrong[i].to,
                                .kind = wrong[i].kind,
                                .by = wrong[i].by,
                                .finite = wrong[i].finite};
    assert_status(aft_survey_report(d.session, &d.system, &bad, &text, &error), AFT_E_INVALID);
    assert_string_equal(error.where, wrong[i].where);
  }
}

/* ---- the policy ---- */

static void faults_are_told_with_their_place(void **state) {
  static const struct {
    const char *survey, *where, *says;
  } faults[] = {
      {"{kind: stars}", "shop.yaml:2:16", "survey.kind: expected one of csat, nps, ces, found 'stars'"},
      {"{sample: 1001}", "shop.yaml:2:18", "survey.sample: expected a whole number from 0 to 1000"},
      {"{fatigue: 1m}", "shop.yaml:2:19", "survey.fatigue: expected never, or 1h to 36500d"},
      {"{hours: night}", "shop.yaml:2:17", "survey.hours: there is no calendar 'night'"},
      {"{reminder: 14d}", "shop.yaml:2:20", "the reminder comes when the survey has ended"},
      {"{expires: never}", "shop.yaml:2:19", "survey.expires: expected 1h to 366d, found 'never'"},
      {"{edit: 1s}", "shop.yaml:2:16", "survey.edit: expected never, or 1m to 366d"},
      {"{low: 11}", "shop.yaml:2:15", "survey.low: expected a whole number from 0 to 10"},
      {"{low: 5}", "shop.yaml:2:15", "low answers of csat end at 1 to 4"},
      {"{kind: ces, low: 0}", "shop.yaml:2:26", "low answers of ces end at 1 to 6"},
      {"{smaple: 5}", "shop.yaml:2:10", "did you mean 'sample'?"}};
  (void)state;
  for (size_t i = 0; i < AFT__COUNT(faults); i++) {
    aft_error error = AFT_ERROR_INIT;
    aft_policy *policy = NULL;
    char yaml[200];
    snprintf(yaml, sizeof yaml, "version: 1\nsurvey: %s\n", faults[i].survey);
    assert_true(load(yaml, &policy, &error) < 0);
    if (strcmp(error.where, faults[i].where) != 0 || !strstr(error.message, faults[i].says))
      fail_msg("%s: found %s: %s", faults[i].survey, error.where, error.message);
  }
}

#define ON(kind, test) \
  { #test " [" #kind "]", test, open_kind, shut, (void *)(intptr_t)DESK_##kind }
#define EVERYWHERE(test) ON(SQLITE, test), ON(MEMORY, test), ON(HOSTILE, test)

int main(void) {
  const struct CMUnitTest tests[] = {
      EVERYWHERE(a_survey_is_sent_answered_and_stands),
      EVERYWHERE(an_answer_stands_at_once_where_the_policy_says_so),
      EVERYWHERE(the_last_to_answer_is_kept),
      EVERYWHERE(who_does_not_answer_is_reminded_once),
      EVERYWHERE(a_low_answer_asks_for_a_call_back),
      EVERYWHERE(one_survey_asks_for_one_call_back),
      EVERYWHERE(a_low_answer_after_a_merge_calls_from_the_living_ticket),
      EVERYWHERE(a_call_that_moved_takes_the_answer),
      EVERYWHERE(no_reminder_while_the_matter_is_worked_on),
      EVERYWHERE(nobody_is_asked_who_was_erased),
      EVERYWHERE(what_was_not_asked_stays_with_the_old_ticket),
      EVERYWHERE(what_is_low_is_the_policys),
      EVERYWHERE(a_person_is_asked_once_in_a_while),
      EVERYWHERE(fatigue_may_be_left_out),
      EVERYWHERE(who_has_other_troubles_is_left_alone),
      EVERYWHERE(the_reason_explains_itself),
      ON(MEMORY, sampling_asks_the_share_that_it_says),
      EVERYWHERE(surveys_wait_for_the_day),
      EVERYWHERE(scores_have_their_scale),
      EVERYWHERE(what_cannot_be_answered_is_refused),
      EVERYWHERE(a_buyer_answers_their_own),
      EVERYWHERE(a_survey_has_one_link),
      EVERYWHERE(a_link_that_is_not_good_answers_nothing),
      EVERYWHERE(reports_add_up),
      EVERYWHERE(a_report_of_recommendations_says_its_method),
      EVERYWHERE(reports_have_their_period_shop_and_readers),
      ON(MEMORY, faults_are_told_with_their_place),
  };
  static const char *const not_there[] = {"[MEMORY]", "[HOSTILE]"};
  return RUN_CASES(tests, not_there);
}
