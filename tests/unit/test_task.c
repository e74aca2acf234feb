/* Tasks: what opens them, who does them, attempts and promises, their clocks, and how they end. */
#include "desk_fixture.h"

#include <string.h>

#include "case_desk.h"
#include "desk/tables/tables.h"

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

#define FURIOUS "太差劲了，垃圾店铺，骗子，气死我了，再也不买了"
#define CALM    "我的快递到哪了？"
#define PHONE   "13800138000"

#define DAY_POLICY \
  "version: 1\n"   \
  "calendars: {day: {zone: Asia/Shanghai, hours: {mon-fri: ['09:00-18:00']}}}\n"

static aft_record *task(aft_id id) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *record;
  assert_ok(aft_task_get(d.session, &d.system, id, &record, &error));
  return record;
}

static void assert_task(aft_id id, const char *state, const char *outcome) {
  aft_record *record = task(id);
  assert_string_equal(aft_task_state(record), state);
  assert_string_equal(aft_task_outcome(record), outcome);
  assert_int_equal(aft_task_open(record), *outcome ? 0 : 2);
  aft_record_free(record);
}

static int64_t number(aft_id id, uint32_t field) {
  aft_record *record = task(id);
  int64_t n = aft_record_is_null(record, field) ? -1 : aft_record_int(record, field);
  aft_record_free(record);
  return n;
}

/* The n-th task of a ticket, the newest first; 0 where there are not so many. */
static aft_id task_of(aft_id ticket, uint32_t n) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *record;
  aft_id id = 0;
  aft_task_filter in = {.size = sizeof in, .ticket = ticket, .by = AFT_BY_CREATED};
  assert_ok(aft_task_list(d.session, &d.system, &in, &cursor, &error));
  for (uint32_t i = 0; i <= n; i++)
    id = aft_cursor_next(cursor, &record, &error) == AFT_OK ? aft_task_id(record) : 0;
  aft_cursor_free(cursor);
  return id;
}

static aft_status add_with(const aft_call *call, aft_task_in in, aft_id *id, aft_error *error) {
  aft_record *record;
  in.size = sizeof in;
  aft_status status = aft_task_add(d.session, call, &in, &record, error);
  if (status < 0)
    return status;
  *id = aft_task_id(record);
  aft_record_free(record);
  return status;
}

static aft_id add(aft_id ticket, const char *name) {
  aft_error error = AFT_ERROR_INIT;
  aft_id id = 0;
  assert_ok(add_with(&d.system, (aft_task_in){.ticket = ticket, .name = {name, AFT_NTS}}, &id, &error));
  return id;
}

static aft_status ask_with(const aft_call *call, aft_callback_in in, aft_id *id, aft_error *error) {
  aft_record *record;
  in.size = sizeof in;
  aft_status status = aft_callback_ask(d.session, call, &in, &record, error);
  if (status < 0)
    return status;
  *id = aft_task_id(record);
  aft_record_free(record);
  return status;
}

static aft_id ask(aft_id ticket) {
  aft_error error = AFT_ERROR_INIT;
  aft_id id = 0;
  aft_callback_in in = {.ticket = ticket, .phone = AFT_STR(PHONE)};
  assert_ok(ask_with(&d.as_buyer, in, &id, &error));
  return id;
}

static aft_status note_with(const aft_call *call, aft_attempt_in in, aft_error *error) {
  in.size = sizeof in;
  return aft_attempt_note(d.session, call, &in, NULL, error);
}

static void note(aft_id id, uint32_t outcome) {
  aft_error error = AFT_ERROR_INIT;
  assert_ok(note_with(&d.as_agent, (aft_attempt_in){.task = id, .outcome = outcome}, &error));
}

/* The task; 0 when none waits for the agent. */
static aft_id claim(aft_id agent, const char *name) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *record;
  aft_task_claim_in in = {.size = sizeof in, .agent = agent, .name = {name, name ? AFT_NTS : 0}};
  aft_status status = aft_task_claim(d.session, &d.system, &in, &record, &error);
  if (status == AFT_DONE)
    return 0;
  assert_status(status, AFT_OK);
  aft_id id = aft_task_id(record);
  assert_int_equal(aft_task_assignee(record), agent);
  assert_string_equal(aft_task_state(record), "claimed");
  aft_record_free(record);
  return id;
}

static aft_status end_with(const aft_call *call, aft_task_end_in in, aft_error *error) {
  in.size = sizeof in;
  return aft_task_end(d.session, call, &in, NULL, error);
}

static void finish(aft_id id) {
  aft_error error = AFT_ERROR_INIT;
  assert_ok(end_with(&d.system, (aft_task_end_in){.task = id}, &error));
}

/* How many work orders of a ticket ask for a work. */
static uint32_t works(aft_id ticket, const char *work) {
  char part[80];
  snprintf(part, sizeof part, "\"work\":\"%s\"", work);
  return desk_effects(&d, ticket, "work.order", part);
}

static void pass(int64_t ms) {
  desk_pass(&d, ms);
  desk_tick(&d);
}

static aft_id agent(const char *name, const char *teams) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  aft_agent_in in = {.size = sizeof in,
                     .external = {name, AFT_NTS},
                     .shops = &d.shop,
                     .n_shops = 1,
                     .teams = {teams, teams ? AFT_NTS : 0}};
  assert_ok(aft_agent_put(d.session, &d.system, &in, &made, &error));
  aft_id id = aft_agent_id(made);
  aft_record_free(made);
  return id;
}

/* ---- follow-ups ---- */

static void an_angry_message_opens_one_follow_up(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_buf *why;
  aft_id ticket = desk_say(&d, "m1", FURIOUS), first = task_of(ticket, 0);
  aft_record *record = task(first);
  assert_string_equal(aft_task_name(record), "follow_up");
  assert_string_equal(aft_task_kind(record), "follow_up");
  assert_string_equal(aft_task_party(record), "agent");
  assert_string_equal(aft_task_cause(record), "rule");
  assert_string_equal(aft_task_queue(record), "skilled");
  assert_string_equal(aft_task_language(record), "zh");
  assert_int_equal(aft_task_due(record), DESK_START + 4 * AFT__HOUR);
  assert_int_equal(aft_task_customer(record), d.buyer);
  aft_record_free(record);
  assert_int_equal(works(ticket, "follow_up"), 1);
  assert_ok(aft_explain(d.session, &d.system, ticket, "task", "en", &why, &error));
  assert_non_null(strstr(aft_buf_data(why), "calming follow-up"));
  aft_buf_free(why);

  assert_int_equal(desk_say(&d, "m2", FURIOUS), ticket); /* one is open: no other */
  assert_int_equal(task_of(ticket, 1), 0);
  finish(first);
  desk_say(&d, "m3", "谢谢");
  assert_int_equal(task_of(ticket, 1), 0);
  desk_say(&d, "m4", FURIOUS);
  assert_int_not_equal(task_of(ticket, 1), 0);
  assert_int_equal(desk_events(&d, ticket, "task.opened"), 2);
  assert_int_equal(desk_events(&d, ticket, "task.done"), 1);
}

static void a_calm_message_opens_nothing(void **state) {
  (void)state;
  assert_int_equal(task_of(desk_say(&d, "m1", CALM), 0), 0);
}

static void follow_ups_are_for_the_skilled(void **state) {
  (void)state;
  desk_policy(&d, "version: 1\nteams: {calm: {queues: [skilled]}}\n");
  aft_id chen = agent("chen", "calm");
  aft_id angry = task_of(desk_say(&d, "m1", FURIOUS), 0),
         call = add(desk_say_as(&d, "wx_2", CALM), "call_back");
  assert_int_equal(claim(d.agent, "follow_up"), 0);
  assert_int_equal(claim(d.agent, NULL), call);
  assert_int_equal(claim(chen, NULL), angry);
  assert_int_equal(claim(chen, NULL), 0);
}

static void a_task_may_have_a_team_and_skills(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  desk_policy(&d,
              "version: 1\n"
              "teams: {callers: {skills: [phone]}, others: {skills: [mail]}}\n"
              "tasks: {call_back: {team: callers}, follow_up: {skills: [mail]}}\n");
  aft_id caller = agent("chen", "callers"), other = agent("wu", "others");
  aft_id ticket = desk_say(&d, "m1", FURIOUS), call = add(ticket, "call_back");
  aft_id follow_up = task_of(ticket, 1);
  assert_int_equal(claim(d.agent, NULL), 0);
  assert_int_equal(claim(caller, NULL), call);
  assert_int_equal(claim(caller, NULL), 0);
  assert_int_equal(claim(other, NULL), follow_up);
  assert_ok(aft_task_assign(d.session, &d.as_agent, call, 0, NULL, &error));
  assert_int_equal(claim(other, NULL), 0);
}

static void a_rule_of_the_shop_opens_a_task(void **state) {
  (void)state;
  desk_policy(
      &d,
      "version: 1\n"
      "tasks: {carrier_trace: {when: {topic: [lost, not_received]}}}\n"
      "machines: {ticket: {states: {triaged: {on: {escalate: {do: [escalate, {task: finance_check}]}}}}}}\n");
  aft_id ticket = desk_say(&d, "m1", "快递显示签收了，但是我没收到货");
  aft_id trace = task_of(ticket, 0);
  aft_record *record = task(trace);
  assert_string_equal(aft_task_name(record), "carrier_trace");
  assert_string_equal(aft_task_cause(record), "rule");
  aft_record_free(record);
  desk_act(&d, ticket, AFT_ACT_ESCALATE);
  record = task(task_of(ticket, 0));
  assert_string_equal(aft_task_name(record), "finance_check");
  assert_string_equal(aft_task_cause(record), "machine");
  aft_record_free(record);
}

static void no_number_of_tasks_for_others_hides_one(void **state) {
  enum {
    OTHERS = 1030
  };
  (void)state;
  desk_policy(&d,
              "version: 1\n"
              "teams: {calm: {queues: [skilled]}}\n"
              "tasks:\n"
              "  call_back: {team: calm}\n"
              "  chase: {kind: follow_up, target: 8d}\n"
              "  search: {kind: follow_up, target: 9d}\n"
              "texts: {zh: {task.chase: a, task.search: b}, en: {task.chase: a, task.search: b}}\n");
  for (int i = 0; i < OTHERS; i++) {
    char handle[32];
    aft_error error = AFT_ERROR_INIT;
    aft_id id;
    snprintf(handle, sizeof handle, "other-%d", i);
    aft_callback_in in = {.ticket = desk_say_as(&d, handle, CALM), .phone = AFT_STR(PHONE)};
    assert_ok(ask_with(&d.system, in, &id, &error));
  }
  aft_id ticket = desk_say(&d, "m1", CALM), search = add(ticket, "search"), chase = add(ticket, "chase");
  assert_int_equal(claim(d.agent, "call_back"), 0);
  assert_int_equal(claim(d.agent, "search"), search);
  assert_int_equal(claim(d.agent, NULL), chase);
  assert_int_equal(claim(d.agent, NULL), 0);
}

/* ---- call-backs ---- */

static void a_call_back_is_asked_for_claimed_and_made(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id ticket = desk_say(&d, "m1", CALM), id;
  aft_callback_in in = {.ticket = ticket, .phone = AFT_STR(PHONE), .reason = AFT_STR("想问配送时间")};
  assert_ok(ask_with(&d.as_buyer, in, &id, &error));
  aft_record *record = task(id);
  assert_string_equal(aft_task_cause(record), "customer");
  assert_string_equal(aft_task_phone(record), PHONE);
  assert_string_equal(aft_task_reason(record), "想问配送时间");
  assert_int_equal(aft_task_due(record), DESK_START + 4 * AFT__HOUR);
  char code[AFT_CODE_SIZE];
  snprintf(code, sizeof code, "%s", aft_task_code(record));
  assert_int_equal(code[0], 'W');
  aft_record_free(record);
  assert_ok(aft_task_find(d.session, &d.as_agent, code, AFT_NTS, &record, &error));
  assert_int_equal(aft_task_id(record), id);
  aft_record_free(record);
  assert_status(ask_with(&d.as_buyer, in, &id, &error), AFT_E_EXISTS); /* one waits already */

  assert_int_equal(claim(d.agent, NULL), id);
  assert_int_equal(claim(d.agent, NULL), 0);
  assert_ok(note_with(&d.as_agent,
                      (aft_attempt_in){.task = id,
                                       .outcome = AFT_CALLED_REACHED,
                                       .done = 1,
                                       .seconds = 95,
                                       .text = AFT_STR("明天下午送到，客户同意"),
                                       .visibility = AFT_PUBLIC},
                      &error));
  assert_task(id, "done", "reached");
  assert_int_equal(number(id, AFT_TASK_ATTEMPTS), 1);
  assert_int_equal(desk_events(&d, ticket, "task.attempted"), 1);
  assert_int_equal(desk_events(&d, ticket, "task.done"), 1);
  pass(AFT__DAY);
  assert_int_equal(desk_events(&d, ticket, "task.breached"), 0); /* it was done in time */
}

static void what_was_said_is_a_message_of_the_ticket(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *attempt, *message;
  aft_id ticket = desk_say(&d, "m1", CALM), id = ask(ticket);
  note(id, AFT_CALLED_NO_ANSWER);
  assert_ok(note_with(
      &d.as_agent,
      (aft_attempt_in){.task = id, .outcome = AFT_CALLED_REACHED, .seconds = 7, .text = AFT_STR("说好了")},
      &error));
  assert_ok(aft_attempt_list(d.session, &d.system, id, &cursor, &error));
  assert_status(aft_cursor_next(cursor, &attempt, &error), AFT_OK);
  assert_int_equal(aft_attempt_number(attempt), 1);
  assert_string_equal(aft_attempt_outcome(attempt), "no_answer");
  assert_status(aft_cursor_next(cursor, &attempt, &error), AFT_OK);
  assert_int_equal(aft_attempt_number(attempt), 2);
  assert_int_equal(aft_attempt_agent(attempt), d.agent);
  assert_int_equal(aft_attempt_seconds(attempt), 7);
  aft_id second = aft_attempt_message(attempt);
  aft_cursor_free(cursor);

  assert_ok(aft_message_list(d.session, &d.system, ticket, &cursor, &error));
  const char *texts[] = {CALM, "致电客户，无人接听。", "说好了"}; /* without words the policy has some */
  for (int i = 0; i < 3; i++) {
    assert_status(aft_cursor_next(cursor, &message, &error), AFT_OK);
    assert_string_equal(aft_message_text(message), texts[i]);
    assert_string_equal(aft_message_channel(message), i ? "phone" : "wechat");
    assert_string_equal(aft_message_disposition(message), i ? "call" : "opened");
  }
  assert_int_equal(aft_message_id(message), second);
  aft_cursor_free(cursor);
  assert_ok(aft_message_list(d.session, &d.as_buyer, ticket, &cursor, &error));
  assert_int_equal(desk_count(cursor), 1); /* what is noted of calls is the shop's own */
}

static void a_window_is_checked_against_the_hours(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  desk_policy(&d, DAY_POLICY "tasks: {call_back: {calendar: day, warn: 30m}}\n");
  aft_id ticket = desk_say(&d, "m1", CALM), id;
  aft_callback_in in = {.ticket = ticket, .phone = AFT_STR(PHONE)};
  aft_time morning;
  assert_ok(aft_time_parse("2026-11-20T09:00:00+08:00", AFT_NTS, &morning, &error)); /* a Friday */
  in.from = morning + 12 * AFT__HOUR;
  in.until = morning + 14 * AFT__HOUR;
  assert_status(ask_with(&d.as_buyer, in, &id, &error), AFT_E_INVALID);
  assert_string_equal(error.where, "callback.window");
  assert_non_null(strstr(error.message, "2026-11-23T01:00:00.000Z")); /* Monday */
  in.from = morning + AFT__HOUR;
  in.until = morning + 3 * AFT__HOUR;
  assert_ok(ask_with(&d.as_buyer, in, &id, &error));
  assert_int_equal(number(id, AFT_TASK_NEXT), in.from);
  assert_int_equal(number(id, AFT_TASK_DUE), in.until);
  assert_int_equal(claim(d.agent, NULL), 0); /* not before the window */
  pass(in.from - atomic_load(&d.now));
  assert_int_equal(claim(d.agent, NULL), id);
  pass(90 * AFT__MINUTE - 1);
  assert_int_equal(desk_events(&d, ticket, "task.warned"), 0);
  pass(1);
  assert_int_equal(desk_events(&d, ticket, "task.warned"), 1);
  pass(30 * AFT__MINUTE);
  assert_int_equal(desk_events(&d, ticket, "task.breached"), 1);
}

static void windows_that_make_no_sense_are_refused(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id ticket = desk_say(&d, "m1", CALM), id;
  const struct {
    aft_time from, until;
  } windows[] = {{DESK_START + 2 * AFT__HOUR, DESK_START + AFT__HOUR},
                 {DESK_START - 2 * AFT__HOUR, DESK_START - AFT__HOUR},
                 {DESK_START, DESK_START + 8 * AFT__DAY},
                 {DESK_START + 91 * AFT__DAY, DESK_START + 92 * AFT__DAY},
                 {DESK_START + AFT__HOUR, 0},
                 {INT64_MIN, INT64_MAX},
                 {-1, 1}};
  for (size_t i = 0; i < AFT__COUNT(windows); i++) {
    aft_callback_in in = {
        .ticket = ticket, .from = windows[i].from, .until = windows[i].until, .phone = AFT_STR(PHONE)};
    assert_status(ask_with(&d.system, in, &id, &error), AFT_E_INVALID);
    assert_string_equal(error.where, "callback.window");
  }
  assert_int_equal(task_of(ticket, 0), 0);
}

static void a_call_back_needs_a_number(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id ticket = desk_say(&d, "m1", CALM), id;
  assert_status(ask_with(&d.as_buyer, (aft_callback_in){.ticket = ticket}, &id, &error), AFT_E_INVALID);
  assert_string_equal(error.where, "callback.phone");
  aft_customer_in known = {
      .size = sizeof known, .external = AFT_STR("wang"), .phone = AFT_STR("021 5555 0100")};
  assert_ok(aft_customer_put(d.session, &d.system, &known, NULL, &error));
  assert_ok(ask_with(&d.as_buyer, (aft_callback_in){.ticket = ticket}, &id, &error));
  aft_record *record = task(id);
  assert_string_equal(aft_task_phone(record), "021 5555 0100");
  aft_record_free(record);
}

static void nobody_reached_is_called_again_and_then_given_up(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  desk_policy(&d, DAY_POLICY "tasks: {call_back: {calendar: day, again: 2h, attempts: 3, target: 10d}}\n");
  aft_time evening;
  assert_ok(aft_time_parse("2026-11-20T17:00:00+08:00", AFT_NTS, &evening, &error)); /* Friday */
  atomic_store(&d.now, evening);
  aft_id ticket = desk_say(&d, "m1", CALM), id = ask(ticket);
  note(id, AFT_CALLED_NO_ANSWER);
  assert_task(id, "open", "");
  assert_int_equal(number(id, AFT_TASK_NEXT), evening + 2 * AFT__DAY + 17 * AFT__HOUR); /* Monday at ten */
  assert_int_equal(claim(d.agent, NULL), 0);
  pass(2 * AFT__DAY + 17 * AFT__HOUR);
  assert_int_equal(number(id, AFT_TASK_NEXT), -1);
  assert_int_equal(claim(d.agent, NULL), id);
  note(id, AFT_CALLED_BUSY);
  note(id, AFT_CALLED_VOICEMAIL); /* earlier than said, which nobody forbids */
  assert_task(id, "failed", "voicemail");
  assert_int_equal(number(id, AFT_TASK_MISSED), 3);
  assert_int_equal(desk_events(&d, ticket, "task.failed"), 1);
  assert_int_equal(works(ticket, "task_failed"), 1);
  assert_status(note_with(&d.as_agent, (aft_attempt_in){.task = id, .outcome = AFT_CALLED_REACHED}, &error),
                AFT_E_TRANSITION);
}

static void what_calling_again_would_not_help_ends_it(void **state) {
  (void)state;
  aft_id ticket = desk_say(&d, "m1", CALM), wrong = ask(ticket);
  note(wrong, AFT_CALLED_WRONG_NUMBER);
  assert_task(wrong, "failed", "wrong_number");
  aft_id refused = ask(ticket);
  note(refused, AFT_CALLED_REFUSED);
  assert_task(refused, "failed", "refused");
}

static void a_broken_promise_comes_to_the_front(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *record;
  aft_id first = ask(desk_say(&d, "m1", CALM)), ticket = desk_say_as(&d, "wx_2", CALM),
         id = add(ticket, "call_back");
  aft_attempt_in in = {.task = id,
                       .outcome = AFT_CALLED_REACHED,
                       .promised = DESK_START + AFT__HOUR,
                       .text = AFT_STR("一会儿回电")};
  assert_ok(note_with(&d.as_agent, in, &error));
  assert_task(id, "claimed", "");
  assert_int_equal(number(id, AFT_TASK_PROMISED), DESK_START + AFT__HOUR);
  assert_int_equal(number(id, AFT_TASK_PLACE), DESK_START + AFT__HOUR);
  pass(AFT__HOUR - 1);
  assert_int_equal(desk_events(&d, ticket, "task.promise_broken"), 0);
  pass(1);
  assert_int_equal(desk_events(&d, ticket, "task.promise_broken"), 1);
  assert_int_equal(works(ticket, "task_promise_broken"), 1);
  assert_int_equal(number(id, AFT_TASK_PLACE), 0);
  assert_int_equal(number(id, AFT_TASK_PROMISED), -1);
  assert_ok(aft_task_list(d.session, &d.as_agent, NULL, &cursor, &error));
  assert_status(aft_cursor_next(cursor, &record, &error), AFT_OK);
  assert_int_equal(aft_task_id(record), id);
  assert_status(aft_cursor_next(cursor, &record, &error), AFT_OK);
  assert_int_equal(aft_task_id(record), first);
  aft_cursor_free(cursor);
  note(id, AFT_CALLED_REACHED); /* the customer heard */
  assert_int_equal(number(id, AFT_TASK_BROKEN), -1);
  assert_int_equal(number(id, AFT_TASK_PLACE), DESK_START + 4 * AFT__HOUR);
}

static void a_promise_that_is_kept_is_not_broken(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id ticket = desk_say(&d, "m1", CALM), id = ask(ticket);
  aft_attempt_in in = {.task = id, .outcome = AFT_CALLED_VOICEMAIL, .promised = DESK_START + AFT__HOUR};
  assert_ok(note_with(&d.as_agent, in, &error));
  assert_task(id, "claimed", ""); /* who promised keeps it */
  desk_pass(&d, AFT__HOUR - 1);
  note(id, AFT_CALLED_REACHED);
  pass(AFT__DAY);
  assert_int_equal(desk_events(&d, ticket, "task.promise_broken"), 0);
}

/* ---- its clock ---- */

static void a_task_has_a_clock_of_its_own(void **state) {
  (void)state;
  aft_id ticket = desk_say(&d, "m1", CALM), id = add(ticket, "warehouse_check");
  desk_answer(&d, ticket, "请稍等，正在核查"); /* the ticket waits, the task does not */
  pass(20 * AFT__HOUR - 1);
  assert_int_equal(desk_events(&d, ticket, "task.warned"), 0);
  pass(1);
  assert_int_equal(desk_events(&d, ticket, "task.warned"), 1);
  assert_int_equal(works(ticket, "task_warning"), 1);
  assert_int_equal(number(id, AFT_TASK_WARNED), DESK_START + 20 * AFT__HOUR);
  pass(4 * AFT__HOUR);
  assert_int_equal(desk_events(&d, ticket, "task.breached"), 1);
  assert_int_equal(works(ticket, "task_breach"), 1);
  assert_int_equal(number(id, AFT_TASK_BREACHED), DESK_START + 24 * AFT__HOUR);
  pass(10 * AFT__DAY);
  assert_int_equal(desk_events(&d, ticket, "task.warned"), 1);
  assert_int_equal(desk_events(&d, ticket, "task.breached"), 1);
}

static void a_clock_counts_the_hours_of_its_calendar(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  desk_policy(&d, DAY_POLICY "tasks: {supplier_claim: {calendar: day, target: 4h, warn: 2h}}\n");
  aft_time afternoon;
  assert_ok(aft_time_parse("2026-11-20T16:00:00+08:00", AFT_NTS, &afternoon, &error)); /* Friday */
  atomic_store(&d.now, afternoon);
  aft_id ticket = desk_say(&d, "m1", CALM), id = add(ticket, "supplier_claim");
  assert_int_equal(number(id, AFT_TASK_DUE),
                   afternoon + 2 * AFT__DAY + 19 * AFT__HOUR); /* Monday at eleven */
  pass(2 * AFT__HOUR);
  assert_int_equal(desk_events(&d, ticket, "task.warned"), 1);
  pass(2 * AFT__DAY + 17 * AFT__HOUR - 1);
  assert_int_equal(desk_events(&d, ticket, "task.breached"), 0);
  pass(1);
  assert_int_equal(desk_events(&d, ticket, "task.breached"), 1);
}

/* ---- surveys ---- */

/* A survey of the ticket that was sent. */
static aft_id survey_of(aft_id ticket) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *record;
  desk_answer(&d, ticket, "今天下午送到");
  desk_act(&d, ticket, AFT_ACT_RESOLVE);
  pass(AFT__HOUR);
  assert_ok(aft_survey_list(d.session, &d.system, ticket, &cursor, &error));
  assert_status(aft_cursor_next(cursor, &record, &error), AFT_OK);
  assert_string_equal(aft_survey_state(record), "sent");
  aft_id id = aft_survey_id(record);
  aft_cursor_free(cursor);
  return id;
}

static void a_low_answer_opens_a_call_back_with_its_own_clock(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id ticket = desk_say(&d, "m1", CALM), survey = survey_of(ticket);
  aft_survey_answer_in in = {.size = sizeof in, .survey = survey, .score = 1, .source = AFT_VIA_CHAT};
  assert_ok(aft_survey_answer(d.session, &d.system, &in, NULL, &error));
  aft_id id = task_of(ticket, 0);
  aft_record *record = task(id);
  assert_string_equal(aft_task_name(record), "call_back");
  assert_string_equal(aft_task_cause(record), "survey");
  assert_int_equal(aft_task_survey(record), survey);
  assert_int_equal(aft_task_due(record), DESK_START + 5 * AFT__HOUR);
  aft_record_free(record);
  assert_state(&d, ticket, "resolved");
  assert_int_equal(works(ticket, "call_back"), 1);
  pass(4 * AFT__HOUR);
  assert_int_equal(desk_events(&d, ticket, "task.breached"), 1);
  /* what the shop hides from the customer */
  assert_ok(aft_task_get(d.session, &d.as_buyer, id, &record, &error));
  assert_true(aft_record_is_null(record, AFT_TASK_SURVEY));
  assert_true(aft_record_is_null(record, AFT_TASK_BREACHED));
  aft_record_free(record);
}

static void a_call_may_answer_the_survey(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id ticket = desk_say(&d, "m1", CALM), other = desk_say_as(&d, "wx_2", CALM);
  aft_id survey = survey_of(ticket), id = add(ticket, "call_back"), foreign = add(other, "call_back");
  aft_attempt_in in = {.task = foreign, .outcome = AFT_CALLED_REACHED, .survey = survey, .score = 2};
  assert_status(note_with(&d.as_agent, in, &error), AFT_E_INVALID);
  assert_string_equal(error.where, "attempt.survey");
  in.task = id;
  in.score = 9;
  assert_status(note_with(&d.as_agent, in, &error), AFT_E_INVALID);
  assert_string_equal(error.where, "survey.score");
  assert_int_equal(number(id, AFT_TASK_ATTEMPTS), 0); /* nothing was kept */
  in.score = 2;
  assert_ok(note_with(&d.as_agent, in, &error));
  aft_record *record;
  assert_ok(aft_survey_get(d.session, &d.system, survey, &record, &error));
  assert_string_equal(aft_survey_state(record), "answered");
  assert_string_equal(aft_survey_source(record), "phone");
  assert_int_equal(aft_survey_score(record), 2);
  aft_record_free(record);
  assert_int_equal(task_of(ticket, 1), 0); /* the call is the call-back */
}

static void a_call_may_answer_the_questions_of_a_survey(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_record *record;
  aft_cursor *cursor;
  desk_policy(&d,
              "version: 1\n"
              "surveys:\n"
              "  deep: {order: 1, kind: csat, questions: {speed: {type: scale, required: true, low: 2}}}\n"
              "texts:\n"
              "  zh: {notify.survey.deep.invite: '{code}', survey.deep.speed: 快吗}\n"
              "  en: {notify.survey.deep.invite: '{code}', survey.deep.speed: How fast}\n");
  aft_id ticket = desk_say(&d, "m1", CALM), survey = survey_of(ticket), id = add(ticket, "call_back");
  aft_attempt_in in = {.task = id, .outcome = AFT_CALLED_REACHED, .survey = survey, .score = 5};
  assert_status(note_with(&d.as_agent, in, &error), AFT_E_INVALID);
  assert_string_equal(error.where, "survey.answers");
  aft_field_in answers[] = {{.size = sizeof *answers, .name = AFT_STR("speed"), .text = AFT_STR("6")}};
  in.answers = answers;
  in.n_answers = 1;
  assert_status(note_with(&d.as_agent, in, &error), AFT_E_INVALID);
  assert_string_equal(error.where, "survey.answers[0].text");
  assert_int_equal(number(id, AFT_TASK_ATTEMPTS), 0); /* nothing was kept */
  answers[0].text = aft__cstr("2");
  assert_ok(note_with(&d.as_agent, in, &error));
  assert_ok(aft_survey_get(d.session, &d.system, survey, &record, &error));
  assert_string_equal(aft_survey_state(record), "answered");
  assert_int_equal(aft_survey_low(record), 1);
  aft_record_free(record);
  assert_ok(aft_reply_list(d.session, &d.system, survey, &cursor, &error));
  assert_status(aft_cursor_next(cursor, &record, &error), AFT_OK);
  assert_string_equal(aft_reply_question(record), "speed");
  assert_int_equal(aft_reply_number(record), 2);
  assert_status(aft_cursor_next(cursor, &record, &error), AFT_DONE);
  aft_cursor_free(cursor);
  assert_int_equal(task_of(ticket, 1), 0); /* the call is the call-back */
}

static void without_call_backs_people_are_still_asked(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  desk_policy(&d, "version: 1\ntasks: {call_back: null}\n");
  aft_id ticket = desk_say(&d, "m1", CALM), id;
  aft_survey_answer_in in = {
      .size = sizeof in, .survey = survey_of(ticket), .score = 1, .source = AFT_VIA_CHAT};
  assert_ok(aft_survey_answer(d.session, &d.system, &in, NULL, &error));
  assert_int_equal(works(ticket, "call_back"), 1);
  assert_int_equal(task_of(ticket, 0), 0);
  aft_callback_in want = {.ticket = ticket, .phone = AFT_STR(PHONE)};
  assert_status(ask_with(&d.as_buyer, want, &id, &error), AFT_E_INVALID);
  assert_string_equal(error.where, "callback.name");
}

/* ---- work orders ---- */

static void word_from_outside_counts_once(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id ticket = desk_say(&d, "m1", "快递丢了"), id = add(ticket, "carrier_trace");
  aft_record *record = task(id);
  char code[AFT_CODE_SIZE];
  for (size_t i = 0; i <= strlen(aft_task_code(record)); i++) /* as people type */
    code[i] = aft_task_code(record)[i] >= 'A' && aft_task_code(record)[i] <= 'Z'
                  ? (char)(aft_task_code(record)[i] + 32)
                  : aft_task_code(record)[i];
  aft_record_free(record);
  aft_call host = d.system;
  host.key = AFT_STR("carrier-word-77");
  aft_task_end_in in = {
      .code = AFT_STR(code), .outcome = AFT_STR("found"), .text = AFT_STR("在上海分拨中心")};
  assert_status(end_with(&host, in, &error), AFT_OK);
  assert_status(end_with(&host, in, &error), AFT_REPLAYED);
  assert_task(id, "done", "found");
  assert_int_equal(desk_events(&d, ticket, "task.done"), 1);
  in.outcome = AFT_STR("lost");
  assert_status(end_with(&host, in, &error), AFT_E_KEY_REUSED);
  host.key = (aft_str){0};
  assert_status(end_with(&host, in, &error), AFT_E_TRANSITION);
}

static void the_warehouse_sees_and_ends_its_own(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *record;
  aft_call warehouse = {.size = sizeof warehouse, .tenant = d.tenant, .role = AFT_ROLE_WAREHOUSE};
  aft_id ticket = desk_say(&d, "m1", CALM), check = add(ticket, "warehouse_check");
  aft_id trace = add(ticket, "carrier_trace"), other;
  aft_task_filter in = {.size = sizeof in, .shop = d.shop};
  assert_ok(aft_task_list(d.session, &warehouse, &in, &cursor, &error));
  assert_status(aft_cursor_next(cursor, &record, &error), AFT_OK);
  assert_int_equal(aft_task_id(record), check);
  assert_status(aft_cursor_next(cursor, &record, &error), AFT_DONE);
  aft_cursor_free(cursor);
  in.party = AFT_STR("carrier");
  assert_status(aft_task_list(d.session, &warehouse, &in, &cursor, &error), AFT_E_DENIED);
  assert_status(aft_task_get(d.session, &warehouse, trace, &record, &error), AFT_E_DENIED);
  assert_status(end_with(&warehouse, (aft_task_end_in){.task = trace}, &error), AFT_E_DENIED);
  assert_status(add_with(&warehouse, (aft_task_in){.ticket = ticket, .name = AFT_STR("warehouse_check")},
                         &other, &error),
                AFT_E_DENIED);
  assert_status(note_with(&d.as_agent, (aft_attempt_in){.task = check, .outcome = AFT_CALLED_BUSY}, &error),
                AFT_E_TRANSITION); /* it is not for agents */
  assert_status(aft_task_assign(d.session, &d.as_agent, check, d.agent, NULL, &error), AFT_E_TRANSITION);
  assert_int_equal(claim(d.agent, NULL), 0);
  assert_ok(end_with(&warehouse, (aft_task_end_in){.task = check, .outcome = AFT_STR("missing"), .failed = 1},
                     &error));
  assert_task(check, "failed", "missing");
  assert_int_equal(works(ticket, "task_failed"), 1);
}

static void a_task_may_be_about_a_case_or_order_of_the_customer(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  aft_order_in order = {.size = sizeof order, .shop = d.shop, .customer = d.buyer, .number = AFT_STR("A-77")};
  assert_ok(aft_order_put(d.session, &d.system, &order, &made, &error));
  aft_id own = aft_order_id(made), ticket = desk_say(&d, "m1", CALM), id;
  aft_record_free(made);
  order.customer = d.other_buyer;
  order.number = AFT_STR("A-78");
  assert_ok(aft_order_put(d.session, &d.system, &order, &made, &error));
  aft_id foreign = aft_order_id(made);
  aft_record_free(made);
  aft_task_in in = {.ticket = ticket, .name = AFT_STR("finance_check"), .order = foreign};
  assert_status(add_with(&d.as_agent, in, &id, &error), AFT_E_INVALID);
  assert_string_equal(error.where, "task.order");
  in.order = own;
  assert_ok(add_with(&d.as_agent, in, &id, &error));
  assert_int_equal(number(id, AFT_TASK_ORDER), own);
  in.case_id = own; /* no case has that id */
  assert_status(add_with(&d.as_agent, in, &id, &error), AFT_E_NOT_FOUND);
}

static aft_id case_of(case_desk *c, aft_id ticket) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  aft_case_line_in one = {.size = sizeof one, .line = c->line[0], .quantity = 1};
  aft_case_in in = {.size = sizeof in,
                    .order = c->order,
                    .ticket = ticket,
                    .kind = AFT_STR("return"),
                    .reason = AFT_STR("defective_later"),
                    .lines = &one,
                    .n_lines = 1};
  assert_ok(aft_case_file(c->d.session, &c->d.as_buyer, &in, &made, &error));
  aft_id id = aft_case_id(made);
  aft_record_free(made);
  return id;
}

/* The task of the ticket, 0 for none; freed by the caller. */
static aft_record *only_task(case_desk *c, aft_id ticket) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *record, *copy = NULL;
  aft_task_filter in = {.size = sizeof in, .ticket = ticket};
  assert_ok(aft_task_list(c->d.session, &c->d.system, &in, &cursor, &error));
  if (aft_cursor_next(cursor, &record, &error) == AFT_OK)
    assert_ok(aft_task_get(c->d.session, &c->d.system, aft_task_id(record), &copy, &error));
  aft_cursor_free(cursor);
  return copy;
}

static void work_of_a_case_may_be_a_task(void **state) {
  case_desk c;
  case_desk_open(&c, (desk_kind)(intptr_t)*state);
  aft_id ticket = desk_say(&c.d, "m1", "杯子坏了，我要退货");
  aft_id plain = case_of(&c, ticket); /* the policy has no task of that name */
  assert_null(only_task(&c, ticket));
  assert_true(desk_effects(&c.d, plain, "work.order", "\"work\":\"decide\"") == 1);
  desk_policy(&c.d,
              "version: 1\n"
              "tasks: {decide: {kind: work_order, party: finance, target: 8h}}\n");
  aft_id first = case_of(&c, ticket);
  aft_record *record = only_task(&c, ticket);
  assert_string_equal(aft_task_name(record), "decide");
  assert_string_equal(aft_task_cause(record), "machine");
  assert_int_equal(aft_task_case(record), first);
  assert_int_equal(aft_task_order(record), c.order);
  assert_int_equal(aft_task_due(record), atomic_load(&c.d.now) + 8 * AFT__HOUR);
  aft_record_free(record);
  assert_int_equal(desk_effects(&c.d, first, "work.order", "\"work\":\"decide\""), 0);
  assert_int_equal(desk_effects(&c.d, ticket, "work.order", "\"work\":\"decide\""), 1);
  aft_id second = case_of(&c, ticket); /* one is open for the ticket: this one is asked for as ever */
  assert_int_equal(desk_effects(&c.d, second, "work.order", "\"work\":\"decide\""), 1);
  case_desk_close(&c);
}

/* ---- who may ---- */

static void a_buyer_sees_their_own_calls_and_nothing_else(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *record;
  aft_buf *text;
  aft_id ticket = desk_say(&d, "m1", FURIOUS), follow_up = task_of(ticket, 0), id = ask(ticket), other;
  assert_status(aft_task_get(d.session, &d.as_buyer, follow_up, &record, &error), AFT_E_DENIED);
  assert_status(aft_task_get(d.session, &d.as_other_buyer, id, &record, &error), AFT_E_DENIED);
  aft_callback_in in = {.ticket = ticket, .phone = AFT_STR(PHONE)};
  assert_status(ask_with(&d.as_other_buyer, in, &other, &error), AFT_E_DENIED);
  assert_status(
      add_with(&d.as_buyer, (aft_task_in){.ticket = ticket, .name = AFT_STR("call_back")}, &other, &error),
      AFT_E_DENIED);
  assert_status(aft_task_list(d.session, &d.as_buyer, NULL, &cursor, &error), AFT_E_DENIED);
  assert_status(aft_attempt_list(d.session, &d.as_buyer, id, &cursor, &error), AFT_E_DENIED);
  assert_status(aft_task_brief(d.session, &d.as_buyer, id, NULL, &text, &error), AFT_E_DENIED);
  assert_status(end_with(&d.as_buyer, (aft_task_end_in){.task = id}, &error), AFT_E_DENIED);
  assert_status(aft_task_cancel(d.session, &d.as_buyer, follow_up, NULL, NULL, &error), AFT_E_DENIED);
  assert_ok(aft_task_assign(d.session, &d.system, id, d.agent, NULL, &error));
  assert_ok(aft_task_get(d.session, &d.as_buyer, id, &record, &error));
  assert_true(aft_record_is_null(record, AFT_TASK_ASSIGNEE));
  assert_string_equal(aft_task_phone(record), PHONE);
  aft_record_free(record);
  assert_ok(aft_task_cancel(d.session, &d.as_buyer, id, "不用了", NULL, &error));
  assert_task(id, "cancelled", "by_customer");
  assert_status(aft_task_cancel(d.session, &d.as_buyer, id, NULL, NULL, &error), AFT_E_TRANSITION);
}

static void agents_have_their_shops(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_record *record;
  aft_cursor *cursor;
  aft_id ticket = desk_say(&d, "m1", CALM), id = ask(ticket), other;
  assert_status(aft_task_get(d.session, &d.as_other_agent, id, &record, &error), AFT_E_DENIED);
  assert_status(end_with(&d.as_other_agent, (aft_task_end_in){.task = id}, &error), AFT_E_DENIED);
  assert_status(
      note_with(&d.as_other_agent, (aft_attempt_in){.task = id, .outcome = AFT_CALLED_BUSY}, &error),
      AFT_E_DENIED);
  assert_status(add_with(&d.as_other_agent, (aft_task_in){.ticket = ticket, .name = AFT_STR("call_back")},
                         &other, &error),
                AFT_E_DENIED);
  assert_status(aft_task_assign(d.session, &d.system, id, d.other_agent, NULL, &error), AFT_E_INVALID);
  assert_string_equal(error.where, "task.agent");
  assert_int_equal(claim(d.other_agent, NULL), 0);
  assert_ok(aft_task_list(d.session, &d.as_other_agent, NULL, &cursor, &error));
  assert_int_equal(desk_count(cursor), 0);
  aft_id chen = agent("chen", NULL);
  assert_ok(aft_task_assign(d.session, &d.as_agent, id, chen, NULL, &error));
  assert_status(aft_task_assign(d.session, &d.as_agent, id, chen, NULL, &error), AFT_IGNORED);
  assert_status(note_with(&d.as_agent, (aft_attempt_in){.task = id, .outcome = AFT_CALLED_BUSY}, &error),
                AFT_E_TRANSITION); /* chen has it */
}

static void who_goes_away_gives_tasks_back(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id ticket = desk_say(&d, "m1", CALM), id = ask(ticket);
  assert_int_equal(claim(d.agent, NULL), id);
  aft_presence_in in = {.size = sizeof in, .agent = d.agent, .presence = AFT_PRESENCE_AWAY};
  assert_ok(aft_presence_set(d.session, &d.system, &in, NULL, &error));
  desk_tick(&d);
  assert_task(id, "open", "");
  assert_int_equal(desk_events(&d, ticket, "task.released"), 1);
  aft_task_claim_in next = {.size = sizeof next, .agent = d.agent};
  assert_status(aft_task_claim(d.session, &d.system, &next, NULL, &error), AFT_E_TRANSITION);
  assert_int_equal(claim(agent("chen", NULL), NULL), id);
}

/* ---- with the ticket ---- */

static void spam_calls_its_tasks_off(void **state) {
  (void)state;
  aft_id ticket = desk_say(&d, "m1", FURIOUS), id = task_of(ticket, 0), done = ask(ticket);
  finish(done);
  desk_act(&d, ticket, AFT_ACT_SPAM);
  assert_task(id, "cancelled", "spam");
  assert_task(done, "done", "done");
  pass(AFT__DAY);
  assert_int_equal(desk_events(&d, ticket, "task.breached"), 0);
}

static void tasks_follow_a_merged_ticket(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id from = desk_say(&d, "m1", FURIOUS), angry = task_of(from, 0), call = ask(from);
  desk_pass(&d, 4 * AFT__DAY); /* the next message opens a ticket of its own */
  aft_id to = desk_say(&d, "m2", CALM), there = ask(to);
  assert_int_not_equal(from, to);
  aft_act_in in = {.size = sizeof in, .ticket = from, .act = AFT_ACT_MERGE, .other = to};
  assert_status(aft_ticket_act(d.session, &d.as_agent, &in, NULL, &error), AFT_OK);
  assert_int_equal(number(angry, AFT_TASK_TICKET), to);
  assert_task(angry, "open", "");
  assert_task(call, "cancelled", "merged"); /* what both waited for is done once */
  assert_task(there, "open", "");
  assert_int_equal(desk_events(&d, to, "task.moved"), 1);
  desk_tick(&d);
  assert_int_equal(desk_events(&d, to, "task.breached"),
                   1); /* its clock went on, and tells the other ticket */
}

static void an_ended_ticket_takes_no_task(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id ticket = desk_say(&d, "m1", CALM), id;
  desk_act(&d, ticket, AFT_ACT_RESOLVE);
  desk_act(&d, ticket, AFT_ACT_CLOSE);
  assert_status(
      add_with(&d.as_agent, (aft_task_in){.ticket = ticket, .name = AFT_STR("call_back")}, &id, &error),
      AFT_E_TRANSITION);
  aft_callback_in in = {.ticket = ticket, .phone = AFT_STR(PHONE)};
  assert_status(ask_with(&d.as_buyer, in, &id, &error), AFT_E_TRANSITION);
}

static void a_ticket_has_a_bounded_number_of_tasks(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id ticket = desk_say(&d, "m1", CALM), id;
  aft_task_in in = {.ticket = ticket, .name = AFT_STR("finance_check")};
  for (int i = 0; i < 200; i++) {
    assert_ok(add_with(&d.system, in, &id, &error));
    finish(id);
  }
  assert_status(add_with(&d.system, in, &id, &error), AFT_E_TOO_LARGE);
}

/* ---- reading ---- */

static void a_brief_says_what_is_known(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_buf *text;
  aft_id ticket = desk_say(&d, "m1", CALM), id;
  aft_callback_in in = {.ticket = ticket, .phone = AFT_STR(PHONE), .reason = AFT_STR("想问配送时间")};
  assert_ok(ask_with(&d.as_buyer, in, &id, &error));
  assert_ok(aft_task_brief(d.session, &d.as_agent, id, NULL, &text, &error));
  assert_non_null(strstr(aft_buf_data(text), "您好 wang"));
  assert_non_null(strstr(aft_buf_data(text), "想问配送时间"));
  assert_non_null(strstr(aft_buf_data(text), "订单：—")); /* none is known */
  assert_null(strchr(aft_buf_data(text), '{'));
  aft_buf_free(text);
  assert_ok(aft_task_brief(d.session, &d.as_agent, id, "en", &text, &error));
  assert_non_null(strstr(aft_buf_data(text), "Hello wang"));
  aft_buf_free(text);
  desk_policy(&d, "version: 1\ntasks: {follow_up: {script: null}}\n");
  assert_ok(aft_task_brief(d.session, &d.as_agent, task_of(desk_say_as(&d, "wx_2", FURIOUS), 0), NULL, &text,
                           &error));
  assert_int_equal(aft_buf_size(text), 0);
  aft_buf_free(text);
}

static uint32_t listed(aft_task_filter in) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  in.size = sizeof in;
  assert_ok(aft_task_list(d.session, &d.as_agent, &in, &cursor, &error));
  return desk_count(cursor);
}

static void lists_find_tasks_in_due_order(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *record;
  aft_buf *token = NULL;
  aft_id one = desk_say(&d, "m1", CALM), two = desk_say_as(&d, "wx_2", FURIOUS);
  aft_id trace = add(one, "carrier_trace"), call = add(one, "call_back"), check = add(one, "finance_check");
  aft_id angry = task_of(two, 0);
  assert_ok(aft_task_assign(d.session, &d.system, call, d.agent, NULL, &error));
  const aft_id order[] = {angry, call, check, trace};
  aft_task_filter all = {.size = sizeof all};
  assert_ok(aft_task_list(d.session, &d.as_agent, &all, &cursor, &error));
  for (int i = 0; i < 4; i++) {
    assert_status(aft_cursor_next(cursor, &record, &error), AFT_OK);
    assert_int_equal(aft_task_id(record), order[i]);
    if (i == 1)
      assert_ok(aft_cursor_token(cursor, &token, &error));
  }
  aft_cursor_free(cursor);
  all.token = (aft_str){aft_buf_data(token), aft_buf_size(token)};
  assert_int_equal(listed(all), 2); /* goes on behind the second */
  aft_buf_free(token);
  assert_int_equal(listed((aft_task_filter){.ticket = one}), 3);
  assert_int_equal(listed((aft_task_filter){.party = AFT_STR("agent")}), 2);
  assert_int_equal(listed((aft_task_filter){.party = AFT_STR("finance"), .ticket = one}), 1);
  assert_int_equal(listed((aft_task_filter){.assignee = d.agent}), 1);
  assert_int_equal(listed((aft_task_filter){.name = AFT_STR("carrier_trace")}), 1);
  assert_int_equal(listed((aft_task_filter){.shop = d.shop, .state = AFT_STR("claimed")}), 1);
  finish(trace);
  assert_int_equal(listed((aft_task_filter){.state = AFT_STR("done")}), 1);
  assert_int_equal(listed((aft_task_filter){.open = AFT_OPEN_ENDED}), 1);
  assert_int_equal(listed((aft_task_filter){0}), 3);
  assert_int_equal(listed((aft_task_filter){.by = AFT_BY_CREATED}), 4);
}

/* ---- what is wrong ---- */

static void bad_input_is_refused_with_its_place(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_id ticket = desk_say(&d, "m1", CALM), call = ask(ticket), id;
  const struct {
    aft_task_in in;
    const char *where;
  } adds[] = {{{.name = AFT_STR("call_back")}, "task.ticket"},
              {{.ticket = ticket}, "task.name"},
              {{.ticket = ticket, .name = AFT_STR("callback")}, "task.name"},
              {{.ticket = ticket, .name = AFT_STR("follow_up"), .due = 1}, "task.due"},
              {{.ticket = ticket, .name = AFT_STR("follow_up"), .due = INT64_MAX}, "task.due"},
              {{.ticket = ticket, .name = AFT_STR("follow_up"), .phone = AFT_STR("call me")}, "task.phone"},
              {{.ticket = ticket, .name = AFT_STR("follow_up"), .language = AFT_STR("fr")}, "task.language"},
              {{.ticket = ticket, .name = AFT_STR("follow_up"), .assignee = -1}, "task.assignee"},
              {{.ticket = ticket, .name = AFT_STR("follow_up"), .case_id = -1}, "task.case_id"},
              {{.ticket = ticket, .name = AFT_STR("finance_check"), .assignee = d.agent}, "task.assignee"}};
  for (size_t i = 0; i < AFT__COUNT(adds); i++) {
    assert_status(add_with(&d.system, adds[i].in, &id, &error), AFT_E_INVALID);
    assert_string_equal(error.where, adds[i].where);
  }
  const struct {
    aft_attempt_in in;
    const char *where;
  } notes[] = {
      {{.outcome = AFT_CALLED_BUSY}, "attempt.task"},
      {{.task = call}, "attempt.outcome"},
      {{.task = call, .outcome = 7}, "attempt.outcome"},
      {{.task = call, .outcome = AFT_CALLED_BUSY, .done = 1}, "attempt.done"},
      {{.task = call, .outcome = AFT_CALLED_REACHED, .done = 2}, "attempt.done"},
      {{.task = call, .outcome = AFT_CALLED_REACHED, .seconds = -1}, "attempt.seconds"},
      {{.task = call, .outcome = AFT_CALLED_REACHED, .seconds = 86401}, "attempt.seconds"},
      {{.task = call, .outcome = AFT_CALLED_REACHED, .promised = DESK_START}, "attempt.promised"},
      {{.task = call, .outcome = AFT_CALLED_REACHED, .promised = INT64_MAX}, "attempt.promised"},
      {{.task = call, .outcome = AFT_CALLED_REACHED, .promised = INT64_MIN}, "attempt.promised"},
      {{.task = call, .outcome = AFT_CALLED_REFUSED, .promised = DESK_START + 1}, "attempt.promised"},
      {{.task = call, .outcome = AFT_CALLED_REACHED, .visibility = 3}, "attempt.visibility"},
      {{.task = call, .outcome = AFT_CALLED_REACHED, .score = 3}, "attempt.score"},
      {{.task = call, .outcome = AFT_CALLED_BUSY, .survey = 1, .score = 3}, "attempt.survey"},
      {{.task = call, .outcome = AFT_CALLED_REACHED, .answers = &(aft_field_in){0}, .n_answers = 1},
       "attempt.answers"}};
  for (size_t i = 0; i < AFT__COUNT(notes); i++) {
    assert_status(note_with(&d.system, notes[i].in, &error), AFT_E_INVALID);
    assert_string_equal(error.where, notes[i].where);
  }
  const struct {
    aft_task_end_in in;
    const char *where;
  } ends[] = {{{0}, "task.task"},
              {{.task = call, .code = AFT_STR("W-0000-0000")}, "task.task"},
              {{.code = AFT_STR("nonsense")}, "code"},
              {{.task = call, .outcome = AFT_STR("Found it")}, "task.outcome"},
              {{.task = call, .failed = 2}, "task.failed"}};
  for (size_t i = 0; i < AFT__COUNT(ends); i++) {
    assert_status(end_with(&d.system, ends[i].in, &error), AFT_E_INVALID);
    assert_string_equal(error.where, ends[i].where);
  }
  const struct {
    aft_task_filter in;
    const char *where;
  } filters[] = {{{.name = AFT_STR("callback")}, "filter.name"},
                 {{.party = AFT_STR("werehouse")}, "filter.party"},
                 {{.state = AFT_STR("waiting")}, "filter.state"},
                 {{.open = AFT_OPEN_REST}, "filter.open"},
                 {{.by = AFT_BY_ATTRIBUTE}, "filter.by"},
                 {{.by = AFT_BY_URGENCY, .open = AFT_OPEN_ENDED}, "filter.by"},
                 {{.ticket = -1}, "filter.ticket"},
                 {{.reverse = 2}, "filter.reverse"}};
  for (size_t i = 0; i < AFT__COUNT(filters); i++) {
    aft_task_filter in = filters[i].in;
    in.size = sizeof in;
    assert_status(aft_task_list(d.session, &d.system, &in, &cursor, &error), AFT_E_INVALID);
    assert_string_equal(error.where, filters[i].where);
  }
  aft_task_claim_in claiming = {.size = sizeof claiming, .agent = d.agent, .name = AFT_STR("callback")};
  assert_status(aft_task_claim(d.session, &d.system, &claiming, NULL, &error), AFT_E_INVALID);
  assert_string_equal(error.where, "claim.name");
  assert_task(call, "open", "");
  assert_int_equal(task_of(ticket, 1), 0);
}

static void faults_of_a_policy_are_told_with_their_place(void **state) {
  (void)state;
  const struct {
    const char *tasks, *where, *says;
  } faults[] = {
      {"{call_back: {calendar: nights}}", "shop.yaml:2:31", "there is no calendar 'nights'"},
      {"{call_back: {target: 0h}}", "shop.yaml:2:29", "expected a duration from 1s to 366d, found '0h'"},
      {"{call_back: {target: 900d}}", "shop.yaml:2:29", "expected a duration from 1s to 366d"},
      {"{call_back: {script: script.calback}}", "shop.yaml:2:29", "did you mean 'script.call_back'"},
      {"{call_back: {script: task.call_back}}", "shop.yaml:2:29", "expected the key of a text 'script.…'"},
      {"{call_back: {team: callers}}", "shop.yaml:2:27", "there is no team 'callers'"},
      {"{call_back: {attempts: 0}}", "shop.yaml:2:31", "expected a whole number from 1 to 100, found '0'"},
      {"{call_back: {most_open: 0}}", "shop.yaml:2:32", "expected a whole number from 1 to 100"},
      {"{call_back: {target: 30m}}", "shop.yaml:2:29", "the warning comes before the task is opened"},
      {"{call_back: {warn: 4h}}", "shop.yaml:2:27", "the warning comes before the task is opened"},
      {"{call_back: {kind: call}}", "shop.yaml:2:27", "expected one of follow_up, call_back, work_order"},
      {"{call_back: {party: carrier}}", "shop.yaml:2:28", "only a work order is another party's"},
      {"{repair: {kind: work_order, party: werkstatt, target: 1d}}", "shop.yaml:2:43",
       "no text 'party.werkstatt'"},
      {"{repair: {kind: work_order}}", "shop.yaml:2:17", "the key 'target' is missing"},
      {"{repair: {kind: work_order, party: carrier, target: 1d, skills: [van]}}", "shop.yaml:2:9",
       "team and skills are for tasks of agents"},
      {"{call_back: {tries: 3}}", "shop.yaml:2:21", "this key is unknown here"},
      {"{}\nmachines: {ticket: {states: {new: {on: {spam: {do: [{task: follow}]}}}}}}", "shop.yaml:3:60",
       "there is no task 'follow'"},
      {"{}\nmachines: {ticket: {states: {new: {on: {spam: {do: [task]}}}}}}", "shop.yaml:3:53",
       "expected the task's name"}};
  for (size_t i = 0; i < AFT__COUNT(faults); i++) {
    aft_error error = AFT_ERROR_INIT;
    aft_policy *policy;
    char yaml[300];
    snprintf(yaml, sizeof yaml, "version: 1\ntasks: %s\n", faults[i].tasks);
    aft_document text = {sizeof text, AFT_STR("shop.yaml"), {yaml, AFT_NTS}};
    aft_policy_options options = {.size = sizeof options, .documents = &text, .count = 1};
    assert_true(aft_policy_load(d.env, &options, &policy, NULL, &error) < 0);
    if (strcmp(error.where, faults[i].where) != 0 || !strstr(error.message, faults[i].says))
      fail_msg("%s: found %s: %s", faults[i].tasks, error.where, error.message);
  }
}

/* ---- what stays of them ---- */

static int count_kind(void *user, const void *bytes, size_t n) {
  uint32_t *found = user;
  const char task_line[] = "{\"kind\":\"task\"", attempt_line[] = "{\"kind\":\"attempt\"";
  found[0] += n > sizeof task_line && memcmp(bytes, task_line, sizeof task_line - 1) == 0;
  found[1] += n > sizeof attempt_line && memcmp(bytes, attempt_line, sizeof attempt_line - 1) == 0;
  return 0;
}

static void tasks_are_exported(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  uint32_t found[2] = {0};
  note(ask(desk_say(&d, "m1", CALM)), AFT_CALLED_BUSY);
  assert_ok(aft_person_export(d.session, &d.system, d.buyer, count_kind, found, NULL, &error));
  assert_int_equal(found[0], 1);
  assert_int_equal(found[1], 1);
}

#define ON(kind, test) \
  { #test " [" #kind "]", test, open_kind, shut, (void *)(intptr_t)DESK_##kind }
#define EVERYWHERE(test) ON(SQLITE, test), ON(MEMORY, test), ON(HOSTILE, test)
/* On a desk of its own. */
#define ALONE(kind, test) \
  { #test " [" #kind "]", test, NULL, NULL, (void *)(intptr_t)DESK_##kind }

int main(void) {
  const struct CMUnitTest tests[] = {
      EVERYWHERE(an_angry_message_opens_one_follow_up),
      EVERYWHERE(a_calm_message_opens_nothing),
      EVERYWHERE(follow_ups_are_for_the_skilled),
      EVERYWHERE(a_task_may_have_a_team_and_skills),
      EVERYWHERE(a_rule_of_the_shop_opens_a_task),
      EVERYWHERE(a_call_back_is_asked_for_claimed_and_made),
      EVERYWHERE(what_was_said_is_a_message_of_the_ticket),
      EVERYWHERE(a_window_is_checked_against_the_hours),
      EVERYWHERE(windows_that_make_no_sense_are_refused),
      EVERYWHERE(a_call_back_needs_a_number),
      EVERYWHERE(nobody_reached_is_called_again_and_then_given_up),
      EVERYWHERE(what_calling_again_would_not_help_ends_it),
      EVERYWHERE(a_broken_promise_comes_to_the_front),
      EVERYWHERE(a_promise_that_is_kept_is_not_broken),
      EVERYWHERE(a_task_has_a_clock_of_its_own),
      EVERYWHERE(a_clock_counts_the_hours_of_its_calendar),
      EVERYWHERE(a_low_answer_opens_a_call_back_with_its_own_clock),
      EVERYWHERE(a_call_may_answer_the_survey),
      EVERYWHERE(a_call_may_answer_the_questions_of_a_survey),
      EVERYWHERE(without_call_backs_people_are_still_asked),
      EVERYWHERE(word_from_outside_counts_once),
      EVERYWHERE(the_warehouse_sees_and_ends_its_own),
      EVERYWHERE(a_task_may_be_about_a_case_or_order_of_the_customer),
      ALONE(SQLITE, work_of_a_case_may_be_a_task),
      ALONE(MEMORY, work_of_a_case_may_be_a_task),
      ALONE(HOSTILE, work_of_a_case_may_be_a_task),
      EVERYWHERE(a_buyer_sees_their_own_calls_and_nothing_else),
      EVERYWHERE(agents_have_their_shops),
      EVERYWHERE(who_goes_away_gives_tasks_back),
      EVERYWHERE(spam_calls_its_tasks_off),
      EVERYWHERE(tasks_follow_a_merged_ticket),
      EVERYWHERE(an_ended_ticket_takes_no_task),
      ON(SQLITE, a_ticket_has_a_bounded_number_of_tasks),
      EVERYWHERE(a_brief_says_what_is_known),
      EVERYWHERE(lists_find_tasks_in_due_order),
      EVERYWHERE(bad_input_is_refused_with_its_place),
      ON(MEMORY, no_number_of_tasks_for_others_hides_one),
      ON(MEMORY, faults_of_a_policy_are_told_with_their_place),
      EVERYWHERE(tasks_are_exported),
  };
  static const char *const not_there[] = {"[MEMORY]", "[HOSTILE]"};
  return RUN_CASES(tests, not_there);
}
