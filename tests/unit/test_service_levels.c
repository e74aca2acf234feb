/* Deadlines on calendars: hours of business, time on hold, levels with a condition, and why a time is due. */
#include "desk_fixture.h"

#include "policy/policy.h"
#include "random.h"

#include <stdlib.h>
#include <string.h>

/* Wednesday 18 November 2026, 19:06:40 in Shanghai: the office has closed. */
#define OFFICE                                                                                          \
  "version: 1\n"                                                                                        \
  "calendars:\n"                                                                                        \
  "  office:\n"                                                                                         \
  "    zone: Asia/Shanghai\n"                                                                           \
  "    hours: {mon-fri: ['09:00-12:00', '13:30-18:00'], sat: ['10:00-16:00'], wed: ['09:00-18:00']}\n"  \
  "    holidays: [2026-11-20, 2027-02-06..2027-02-12]\n"                                                \
  "    workdays: {2026-11-22: ['09:00-12:00']}\n"                                                       \
  "  always: {zone: UTC, hours: {daily: ['00:00-24:00']}}\n"                                            \
  "service_levels:\n"                                                                                   \
  "  chat: {order: 10, when: {channel: chat}, calendar: always, first_response: 45s, resolution: 1h}\n" \
  "  normal: {calendar: office, first_response: 4h, next_response: 30m, resolution: 12h, warn: 1h}\n"

static aft_time at(const char *iso) {
  aft_error error = AFT_ERROR_INIT;
  aft_time time;
  assert_ok(aft_time_parse(iso, AFT_NTS, &time, &error));
  return time;
}

static aft_policy *policy_of(aft_env *env, const char *document) {
  aft_error error = AFT_ERROR_INIT;
  aft_buf *report = NULL;
  aft_policy *policy;
  aft_document text = {sizeof text, AFT_STR("shop.yaml"), {document, AFT_NTS}};
  aft_policy_options options = {.size = sizeof options, .documents = &text, .count = 1};
  if (aft_policy_load(env, &options, &policy, &report, &error) < 0)
    fail_msg("%s", report ? aft_buf_data(report) : error.message);
  return policy;
}

/* ---- the arithmetic ---- */

static aft_env *env;
static aft_policy *office;

static int set_up(void **state) {
  aft_error error = AFT_ERROR_INIT;
  (void)state;
  assert_ok(aft_env_new(NULL, &env, &error));
  office = policy_of(env, OFFICE);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  aft_policy_unref(office);
  aft_env_unref(env);
  return 0;
}

static aft_time due(const char *priority, aft__sla sla, const char *began, int64_t paused_ms) {
  aft__owed in = {aft__cstr(priority), NULL, sla, at(began), paused_ms};
  return aft__policy_due(office, &in, NULL);
}

static void hours_of_business_alone_count(void **state) {
  (void)state;
  assert_int_equal(due("normal", AFT__SLA_FIRST_RESPONSE, "2026-11-17T10:00:00+08:00", 0),
                   at("2026-11-17T15:30:00+08:00")); /* over the lunch break */
  assert_int_equal(due("normal", AFT__SLA_FIRST_RESPONSE, "2026-11-18T16:00:00+08:00", 0),
                   at("2026-11-19T11:00:00+08:00")); /* over the night */
  assert_int_equal(due("normal", AFT__SLA_FIRST_RESPONSE, "2026-11-19T17:00:00+08:00", 0),
                   at("2026-11-21T13:00:00+08:00")); /* over a holiday, into a Saturday */
  assert_int_equal(due("normal", AFT__SLA_NEXT_RESPONSE, "2026-11-21T15:45:00+08:00", 0),
                   at("2026-11-22T09:15:00+08:00")); /* a Sunday that is worked */
  assert_int_equal(due("normal", AFT__SLA_NEXT_RESPONSE, "2027-02-05T17:45:00+08:00", 0),
                   at("2027-02-13T10:15:00+08:00")); /* over the Spring Festival */
  assert_int_equal(due("urgent", AFT__SLA_FIRST_RESPONSE, "2026-11-20T00:00:00+08:00", 0),
                   at("2026-11-20T00:15:00+08:00")); /* a level without a calendar */
}

/* Whoever counts the open minutes that are not on hold comes to the same time. */
static aft_time counted(const aft__owed *in, int64_t target, const aft_time holds[][2], int n) {
  for (aft_time t = in->began;; t += AFT__MINUTE) {
    bool held = false;
    if (!target)
      return t;
    for (int i = 0; i < n; i++)
      held |= t >= holds[i][0] && t < holds[i][1];
    if (!held && aft__policy_open_time(office, in, t, t + AFT__MINUTE) == AFT__MINUTE)
      target -= AFT__MINUTE;
  }
}

static void time_on_hold_is_added_as_the_calendar_counts_it(void **state) {
  (void)state;
  uint64_t seed = seed_of("holds");
  for (int i = 0; i < 200; i++) {
    aft_time holds[4][2], t = at("2026-11-16T00:00:00+08:00") + (int64_t)below(&seed, 6000) * AFT__MINUTE;
    aft__owed in = {.priority = aft__cstr("normal"), .sla = AFT__SLA_RESOLUTION, .began = t};
    int n = (int)below(&seed, 5);
    for (int k = 0; k < n; k++) {
      holds[k][0] = t + (int64_t)below(&seed, 300) * AFT__MINUTE;
      holds[k][1] = t = holds[k][0] + (int64_t)below(&seed, 3000) * AFT__MINUTE;
      aft_time ends = aft__policy_due(office, &in, NULL);
      if (holds[k][0] >= ends) { /* it was due before: nothing is on hold any more */
        n = k;
        break;
      }
      in.paused_ms += aft__policy_open_time(office, &in, holds[k][0], holds[k][1]);
    }
    aft_time expected = counted(&in, 12 * AFT__HOUR, (const aft_time(*)[2])holds, n);
    aft_time found = aft__policy_due(office, &in, NULL);
    /* The end of one stretch and the begin of the next are the same open moment. */
    if (found != expected && aft__policy_open_time(office, &in, found, expected) != 0)
      fail_msg("due %lld, expected %lld", (long long)found, (long long)expected);
  }
}

static void the_chain_of_stretches_explains_a_time(void **state) {
  (void)state;
  aft__buf reasons, text;
  aft__buf_init(&reasons, env);
  aft__buf_init(&text, env);
  aft__owed in = {aft__cstr("normal"), NULL, AFT__SLA_FIRST_RESPONSE, at("2026-11-19T17:00:00+08:00"), 0};
  (void)aft__policy_due(office, &in, &reasons);
  aft__reasons_render(office, "en", aft__buf_view(&reasons), "due", &text);
  aft__buf_char(&text, '\0');
  assert_non_null(strstr(text.data, "allows 4 h of the hours of \"office\" for first response"));
  assert_non_null(strstr(text.data, "counted from 2026-11-19 17:00:00 +08:00 to 2026-11-19 18:00:00 +08:00"));
  assert_non_null(strstr(text.data, "counted from 2026-11-21 10:00:00 +08:00 to 2026-11-21 13:00:00 +08:00"));
  assert_non_null(strstr(text.data, "due at 2026-11-21 13:00:00 +08:00"));
  aft__buf_done(&text);
  aft__buf_done(&reasons);
}

static void a_long_chain_is_cut_and_says_so(void **state) {
  (void)state;
  aft__buf reasons;
  aft__buf_init(&reasons, env);
  aft__owed in = {aft__cstr("normal"), NULL, AFT__SLA_RESOLUTION, at("2026-11-19T17:00:00+08:00"),
                  60 * AFT__HOUR};
  (void)aft__policy_due(office, &in, &reasons);
  aft__buf_char(&reasons, '\0');
  int shown = 0;
  for (const char *p = reasons.data; (p = strstr(p, "explain.due.stretch")); p++)
    shown++;
  assert_true(shown >= 6 && shown <= 7);
  assert_non_null(strstr(reasons.data, "explain.due.more"));
  aft__buf_done(&reasons);
}

/* ---- policies that are refused ---- */

static void refused(const char *document, const char *line) {
  aft_error error = AFT_ERROR_INIT;
  aft_buf *report = NULL;
  aft_policy *policy = NULL;
  aft_document text = {sizeof text, AFT_STR("shop.yaml"), {document, AFT_NTS}};
  aft_policy_options options = {.size = sizeof options, .documents = &text, .count = 1};
  if (aft_policy_load(env, &options, &policy, &report, &error) >= 0)
    fail_msg("expected '%s', but it was loaded", line);
  if (!strstr(aft_buf_data(report), line))
    fail_msg("expected '%s', found:\n%s", line, aft_buf_data(report));
  aft_buf_free(report);
}

#define CALENDAR(fields) "version: 1\ncalendars: {shop: {" fields "}}\n"

static void a_calendar_that_cannot_be_is_refused_with_its_place(void **state) {
  (void)state;
  refused(CALENDAR("zone: Asia/Shanghai, hours: {mon: []}"),
          "shop.yaml:2:48: calendars.shop.hours: the calendar has no open minute in the week");
  refused(CALENDAR("zone: Asia/Peking, hours: {daily: ['09:00-18:00']}"),
          "shop.yaml:2:26: calendars.shop.zone: expected a zone of this machine such as Asia/Shanghai, found "
          "'Asia/Peking'");
  refused(CALENDAR("zone: UTC, hours: {mon: ['09:00-12:00', '11:00-13:00']}"),
          "calendars.shop.hours.mon: the hours from 09:00 and from 11:00 overlap");
  refused(CALENDAR("zone: UTC, hours: {mon: ['18:00-09:00']}"),
          "expected hours of one day such as 09:00-12:00, found '18:00-09:00'");
  refused(CALENDAR("zone: UTC, hours: {monday: ['09:00-12:00']}"), "or a day such as mon, found 'monday'");
  refused(CALENDAR("zone: UTC, hours: {mon: ['09:00-12:00']}, holidays: [2026-02-30]"),
          "expected a day such as 2026-10-01, or days such as 2026-10-01..2026-10-07, found '2026-02-30'");
  refused(CALENDAR("zone: UTC, hours: {mon: ['09:00-12:00']}, holidays: [2026-03-02..2026-03-01]"),
          "found '2026-03-02..2026-03-01'");
  refused(CALENDAR("zone: UTC, hours: {mon: ['09:00-12:00']}, holidays: [2026-03-01], workdays: {2026-03-01: "
                   "['09:00-10:00']}"),
          "a day stands twice among holidays and workdays");
  refused(CALENDAR("hours: {mon: ['09:00-12:00']}"), "the key 'zone' is missing");
}

static void a_level_that_cannot_be_is_refused(void **state) {
  (void)state;
  refused(OFFICE "  high: {calendar: ofice, first_response: 1h}\n",
          "service_levels.high.calendar: there is no calendar 'ofice' (did you mean 'office'?)");
  refused(OFFICE "  vip: {first_response: 1h}\n", "service_levels.vip: there is no priority 'vip'");
  refused(OFFICE "  phone: {order: 10, when: {channel: phone}, first_response: 1h}\n",
          "two service levels with a condition have the order 10");
}

/* ---- the desk ---- */

static void open_office(desk *d, desk_kind kind) {
  desk_open(d, kind);
  desk_policy(d, OFFICE);
}

static aft_time owed_by(desk *d, aft_id id, uint32_t field) {
  aft_record *ticket = desk_ticket(d, id);
  aft_time time = aft_record_is_null(ticket, field) ? 0 : aft_record_time(ticket, field);
  aft_record_free(ticket);
  return time;
}

#define ON_EACH_DESK(d)                                                      \
  static const desk_kind kinds[] = {DESK_SQLITE, DESK_MEMORY, DESK_HOSTILE}; \
  desk d;                                                                    \
  (void)state;                                                               \
  for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {              \
    open_office(&d, kinds[k]);
#define END_DESK(d) \
  desk_close(&d);   \
  }

static void a_ticket_of_the_evening_is_due_in_the_morning(void **state) {
  ON_EACH_DESK(d)
  aft_id id = desk_say(&d, "m-1", "我的快递到哪里了");
  assert_int_equal(owed_by(&d, id, AFT_TICKET_FIRST_RESPONSE_DUE), at("2026-11-19T14:30:00+08:00"));
  desk_answer(&d, id, "马上查");
  assert_int_equal(owed_by(&d, id, AFT_TICKET_FIRST_RESPONSE_DUE), 0);
  desk_say(&d, "m-2", "还没有查到吗");
  assert_int_equal(owed_by(&d, id, AFT_TICKET_NEXT_RESPONSE_DUE), at("2026-11-19T09:30:00+08:00"));
  END_DESK(d)
}

/* It waits for the customer from 10:00 on Thursday to 11:00 on Saturday; Friday is a holiday. */
static void a_ticket_that_waits_loses_no_hours_of_business(void **state) {
  ON_EACH_DESK(d)
  aft_id id = desk_say(&d, "m-1", "我的快递到哪里了");
  assert_int_equal(owed_by(&d, id, AFT_TICKET_RESOLUTION_DUE), at("2026-11-21T14:30:00+08:00"));
  desk_pass(&d, at("2026-11-19T10:00:00+08:00") - d.now);
  desk_answer(&d, id, "请提供运单号");
  assert_int_equal(owed_by(&d, id, AFT_TICKET_RESOLUTION_DUE), 0);
  desk_pass(&d, at("2026-11-21T11:00:00+08:00") - d.now);
  desk_say(&d, "m-2", "有结果了吗");
  /* 1 hour ran before, 11 are left of Saturday (5), Sunday (3) and Monday (3). */
  assert_int_equal(owed_by(&d, id, AFT_TICKET_RESOLUTION_DUE), at("2026-11-23T12:00:00+08:00"));
  END_DESK(d)
}

static void chat_is_answered_in_seconds(void **state) {
  ON_EACH_DESK(d)
  aft_error error = AFT_ERROR_INIT;
  aft_message_in in = desk_message(&d, "m-1", "我的快递到哪里了");
  aft_record *message;
  in.channel = AFT_STR("chat");
  assert_ok(aft_intake(d.session, &d.system, &in, &message, &error));
  assert_int_equal(owed_by(&d, aft_message_ticket(message), AFT_TICKET_FIRST_RESPONSE_DUE),
                   d.now + 45 * AFT__SECOND);
  aft_record_free(message);
  END_DESK(d)
}

static void a_breach_comes_when_the_office_is_open(void **state) {
  ON_EACH_DESK(d)
  aft_id id = desk_say(&d, "m-1", "我的快递到哪里了");
  desk_pass(&d, 12 * AFT__HOUR);
  desk_tick(&d);
  aft_record *ticket = desk_ticket(&d, id);
  assert_int_equal(aft_ticket_level(ticket), 0);
  aft_record_free(ticket);
  desk_pass(&d, at("2026-11-19T14:30:00+08:00") - d.now);
  desk_tick(&d);
  ticket = desk_ticket(&d, id);
  assert_int_equal(aft_ticket_level(ticket), 1);
  aft_record_free(ticket);
  END_DESK(d)
}

static aft_id one_of_many(desk *d, int i) {
  char external[32], handle[32];
  aft_error error = AFT_ERROR_INIT;
  aft_record *message;
  snprintf(external, sizeof external, "m-%d", i);
  snprintf(handle, sizeof handle, "buyer-%d", i);
  aft_message_in in = desk_message(d, external, "我的快递到哪里了");
  in.customer = 0;
  in.handle = AFT_STR(handle);
  assert_ok(aft_intake(d->session, &d->system, &in, &message, &error));
  aft_id id = aft_message_ticket(message);
  aft_record_free(message);
  return id;
}

static uint32_t orders_of(desk *d, aft_id ticket, const char *work) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *effect;
  uint32_t n = 0;
  assert_ok(aft_outbox_list(d->session, &d->system, ticket, &cursor, &error));
  while (aft_cursor_next(cursor, &effect, &error) == AFT_OK)
    n += strstr(aft_effect_payload(effect), work) != NULL;
  aft_cursor_free(cursor);
  return n;
}

static uint32_t work_orders(desk *d, aft_id ticket) { return orders_of(d, ticket, "\"sla_warning\""); }

/* Whatever a later policy makes of a time that is over, people are told of it once. */
static void a_breach_is_told_once(void **state) {
  ON_EACH_DESK(d)
  aft_id id = desk_say(&d, "m-1", "我的快递到哪里了"), answered = one_of_many(&d, 9);
  desk_answer(&d, answered, "马上查");
  desk_pass(&d, at("2026-11-19T14:31:00+08:00") - d.now);
  desk_tick(&d);
  assert_int_equal(orders_of(&d, id, "\"work\":\"sla_breach\",\"clock\":\"first_response\""), 1);
  assert_int_equal(desk_events(&d, id, "ticket.breached"), 1);
  assert_int_equal(orders_of(&d, answered, "\"sla_breach\""), 0);
  desk_policy(&d, OFFICE
              "  high: {calendar: office, first_response: 3h}\n"
              "  urgent: {calendar: office, first_response: 3h}\n");
  desk_pass(&d, AFT__HOUR);
  desk_tick(&d);
  assert_int_equal(orders_of(&d, id, "\"sla_breach\""), 1);
  desk_policy(&d, "version: 1\nservice_levels: {normal: {first_response: 3h}, high: {first_response: 3h}}\n");
  desk_pass(&d, AFT__HOUR);
  desk_tick(&d);
  assert_int_equal(orders_of(&d, id, "\"sla_breach\""), 1);
  assert_int_equal(desk_events(&d, id, "ticket.breached"), 1);
  END_DESK(d)
}

/* Each round waits for the customer, and goes on. */
static void a_resolution_that_is_over_is_told_once_however_often_the_ticket_waits(void **state) {
  ON_EACH_DESK(d)
  aft_id id = desk_say(&d, "m-1", "我的快递到哪里了");
  desk_answer(&d, id, "请稍等");
  desk_pass(&d, AFT__HOUR);
  desk_say(&d, "m-2", "还没有查到吗");
  desk_pass(&d, 10 * AFT__DAY);
  desk_tick(&d);
  const char *over = "\"work\":\"sla_breach\",\"clock\":\"resolution\"";
  assert_int_equal(orders_of(&d, id, over), 1);
  for (int i = 0; i < 3; i++) {
    char external[16];
    snprintf(external, sizeof external, "n-%d", i);
    desk_answer(&d, id, "还在查");
    desk_pass(&d, AFT__HOUR);
    desk_tick(&d);
    desk_say(&d, external, "还没有查到吗");
    desk_tick(&d);
  }
  assert_int_equal(orders_of(&d, id, over), 1);
  assert_int_equal(desk_events_with(&d, id, "ticket.breached", "resolution"), 1);
  END_DESK(d)
}

/* Each answer that is asked for is a clock of its own. */
static void each_answer_that_comes_too_late_is_told(void **state) {
  ON_EACH_DESK(d)
  aft_id id = desk_say(&d, "m-1", "我的快递到哪里了");
  for (int i = 0; i < 2; i++) {
    char external[16];
    snprintf(external, sizeof external, "n-%d", i);
    desk_answer(&d, id, "还在查");
    desk_say(&d, external, "还没有查到吗");
    desk_pass(&d, 3 * AFT__DAY);
    desk_tick(&d);
    assert_int_equal(desk_events_with(&d, id, "ticket.breached", "next_response"), i + 1);
  }
  END_DESK(d)
}

/* ---- stages ---- */

#define STAGE(deadline) OFFICE "machines: {ticket: {states: {triaged: {" deadline ", then: overdue}}}}\n"

/* When the stage of a ticket ends that comes in the evening of a Wednesday, or of a Friday. */
static void assert_stage_ends(desk *d, const char *external, const char *when) {
  aft_id id = desk_say(d, external, "我的快递到哪里了");
  desk_pass(d, at(when) - 1 - d->now);
  desk_tick(d);
  assert_int_equal(desk_events(d, id, "ticket.overdue"), 0);
  desk_pass(d, 1);
  desk_tick(d);
  assert_int_equal(desk_events(d, id, "ticket.overdue"), 1);
  desk_act(d, id, AFT_ACT_RESOLVE);
  desk_act(d, id, AFT_ACT_CLOSE);
}

static void a_stage_counts_hours_of_business(void **state) {
  ON_EACH_DESK(d)
  desk_policy(&d, STAGE("deadline: 4h, calendar: office"));
  aft_buf *why;
  aft_error error = AFT_ERROR_INIT;
  aft_id id = desk_say(&d, "m-0", "我的快递到哪里了");
  assert_ok(aft_explain(d.session, &d.system, id, "due", "en", &why, &error));
  assert_non_null(strstr(aft_buf_data(why), "may last 4 h of the hours of \"office\""));
  assert_non_null(
      strstr(aft_buf_data(why), "counted from 2026-11-19 09:00:00 +08:00 to 2026-11-19 12:00:00 +08:00"));
  assert_non_null(
      strstr(aft_buf_data(why), "counted from 2026-11-19 13:30:00 +08:00 to 2026-11-19 14:30:00 +08:00"));
  aft_buf_free(why);
  desk_act(&d, id, AFT_ACT_RESOLVE);
  desk_act(&d, id, AFT_ACT_CLOSE);
  assert_stage_ends(&d, "m-1", "2026-11-19T14:30:00+08:00");
  /* Friday is a holiday, Saturday is worked and so is this Sunday */
  assert_stage_ends(&d, "m-2", "2026-11-21T10:30:00+08:00");
  END_DESK(d)
}

static void a_stage_may_count_business_days(void **state) {
  ON_EACH_DESK(d)
  desk_policy(&d, STAGE("deadline: 2bd, calendar: office"));
  assert_stage_ends(&d, "m-1", "2026-11-21T19:06:40+08:00"); /* Thursday and Saturday: Friday is a holiday */
  desk_policy(&d, STAGE("deadline: 2bd"));
  desk_tick(&d);
  assert_stage_ends(&d, "m-2",
                    "2026-11-25T00:00:00+08:00"); /* Monday and Tuesday, whatever the office does */
  END_DESK(d)
}

static void a_stage_that_cannot_be_is_refused(void **state) {
  (void)state;
  refused(STAGE("deadline: 4h, calendar: ofice"),
          "machines.ticket.triaged: there is no calendar 'ofice' (did you mean 'office'?)");
  refused("version: 1\ncases: {season: {name: d11}}\n", "cases.season: the key 'by' is missing");
  refused("version: 1\ncases: {season: {name: d11, by: never}}\n", "expected 1m to 366d, found 'never'");
  refused("version: 1\ncases: {season: {name: d11, by: 1d, kinds: [retrun]}}\n", "'retrun'");
  refused("version: 1\ncases: {season: {name: d11, by: 1d, states: [aproved]}}\n",
          "no machine has a state 'aproved'");
  refused(OFFICE "machines: {ticket: {states: {closed: {calendar: office}}}}\n",
          "a state without a deadline needs no calendar");
}

/* An hour of business before the time, once, and not where the customer has an answer. */
static void people_are_warned_before_a_time_is_over(void **state) {
  ON_EACH_DESK(d)
  aft_id id = desk_say(&d, "m-1", "我的快递到哪里了"); /* due on Thursday at 14:30 */
  desk_pass(&d, at("2026-11-19T11:59:00+08:00") - d.now);
  desk_tick(&d);
  assert_int_equal(desk_events(&d, id, "ticket.warned"), 0);
  desk_pass(&d, AFT__MINUTE); /* 12:00, and the office opens again at 13:30 */
  desk_tick(&d);
  assert_int_equal(desk_events(&d, id, "ticket.warned"), 1);
  assert_int_equal(work_orders(&d, id), 1);
  desk_answer(&d, id, "马上查");
  desk_say(&d, "m-2", "还没有查到吗");
  desk_answer(&d, id, "还在查");
  desk_pass(&d, 10 * AFT__DAY);
  desk_tick(&d);
  assert_int_equal(desk_events(&d, id, "ticket.warned"), 1);
  END_DESK(d)
}

/* The high season: Thursday is closed too, and there is an hour more. */
#define SEASON                                                                     \
  "version: 1\n"                                                                   \
  "calendars: {office: {zone: Asia/Shanghai, hours: {mon-fri: ['09:00-18:00']},\n" \
  "  holidays: [2026-11-19, 2026-11-20]}}\n"                                       \
  "service_levels: {normal: {calendar: office, first_response: 5h, resolution: 12h}}\n"

/* A change of the season reaches every open ticket, some at a time, and each knows of it. */
static void a_policy_that_takes_over_moves_the_clocks_of_open_tickets(void **state) {
  enum {
    TICKETS = 130
  };
  static const desk_kind kinds[] = {DESK_SQLITE, DESK_MEMORY, DESK_HOSTILE};
  (void)state;
  for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
    desk d;
    aft_id ids[TICKETS];
    open_office(&d, kinds[k]);
    for (int i = 0; i < TICKETS; i++)
      ids[i] = one_of_many(&d, i);
    desk_answer(&d, ids[0], "马上查"); /* it waits for its customer: nothing of it is due */
    desk_tick(&d);
    desk_policy(&d, SEASON);
    desk_tick(&d);
    for (int i = 1; i < TICKETS; i++) {
      assert_int_equal(owed_by(&d, ids[i], AFT_TICKET_FIRST_RESPONSE_DUE), at("2026-11-23T14:00:00+08:00"));
      assert_int_equal(desk_events(&d, ids[i], "ticket.clocks"), 1);
    }
    assert_int_equal(desk_events(&d, ids[0], "ticket.clocks"), 0);
    desk_tick(&d);
    assert_int_equal(desk_events(&d, ids[1], "ticket.clocks"), 1);
    desk_close(&d);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(hours_of_business_alone_count),
      cmocka_unit_test(time_on_hold_is_added_as_the_calendar_counts_it),
      cmocka_unit_test(the_chain_of_stretches_explains_a_time),
      cmocka_unit_test(a_long_chain_is_cut_and_says_so),
      cmocka_unit_test(a_calendar_that_cannot_be_is_refused_with_its_place),
      cmocka_unit_test(a_level_that_cannot_be_is_refused),
      cmocka_unit_test(a_ticket_of_the_evening_is_due_in_the_morning),
      cmocka_unit_test(a_ticket_that_waits_loses_no_hours_of_business),
      cmocka_unit_test(chat_is_answered_in_seconds),
      cmocka_unit_test(a_breach_comes_when_the_office_is_open),
      cmocka_unit_test(a_breach_is_told_once),
      cmocka_unit_test(a_resolution_that_is_over_is_told_once_however_often_the_ticket_waits),
      cmocka_unit_test(each_answer_that_comes_too_late_is_told),
      cmocka_unit_test(a_stage_counts_hours_of_business),
      cmocka_unit_test(a_stage_may_count_business_days),
      cmocka_unit_test(a_stage_that_cannot_be_is_refused),
      cmocka_unit_test(people_are_warned_before_a_time_is_over),
      cmocka_unit_test(a_policy_that_takes_over_moves_the_clocks_of_open_tickets),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
