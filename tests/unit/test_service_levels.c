/* Deadlines on calendars: hours of business, time on hold, levels with a condition, and why a time is due. */
#include "desk_fixture.h"

#include "policy/policy.h"
#include "random.h"

#include <stdlib.h>
#include <string.h>

/* Wednesday 18 November 2026, 19:06:40 in Shanghai: the office has closed. */
#define HOURS                                                                                          \
  "version: 1\n"                                                                                       \
  "calendars:\n"                                                                                       \
  "  office:\n"                                                                                        \
  "    zone: Asia/Shanghai\n"                                                                          \
  "    hours: {mon-fri: ['09:00-12:00', '13:30-18:00'], sat: ['10:00-16:00'], wed: ['09:00-18:00']}\n" \
  "    holidays: [2026-11-20, 2027-02-06..2027-02-12]\n"                                               \
  "    workdays: {2026-11-22: ['09:00-12:00']}\n"                                                      \
  "  always: {zone: UTC, hours: {daily: ['00:00-24:00']}}\n"
#define OFFICE                                                                                          \
  HOURS                                                                                                 \
  "service_levels:\n"                                                                                   \
  "  chat: {order: 10, when: {channel: chat}, calendar: always, first_response: 45s, resolution: 1h}\n" \
  "  normal: {calendar: office, first_response: 4h, next_response: 30m, resolution: 12h}\n"             \
  "  low: {calendar: office, resolution: 72h}\n"

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

static aft_time due(const char *priority, aft__sla sla, const char *began) {
  aft__owed in = {.priority = aft__cstr(priority), .sla = sla, .began = at(began)};
  return aft__policy_due(office, &in, NULL);
}

static void hours_of_business_alone_count(void **state) {
  (void)state;
  assert_int_equal(due("normal", AFT__SLA_FIRST_RESPONSE, "2026-11-17T10:00:00+08:00"),
                   at("2026-11-17T15:30:00+08:00")); /* over the lunch break */
  assert_int_equal(due("normal", AFT__SLA_FIRST_RESPONSE, "2026-11-18T16:00:00+08:00"),
                   at("2026-11-19T11:00:00+08:00")); /* over the night */
  assert_int_equal(due("normal", AFT__SLA_FIRST_RESPONSE, "2026-11-19T17:00:00+08:00"),
                   at("2026-11-21T13:00:00+08:00")); /* over a holiday, into a Saturday */
  assert_int_equal(due("normal", AFT__SLA_NEXT_RESPONSE, "2026-11-21T15:45:00+08:00"),
                   at("2026-11-22T09:15:00+08:00")); /* a Sunday that is worked */
  assert_int_equal(due("normal", AFT__SLA_NEXT_RESPONSE, "2027-02-05T17:45:00+08:00"),
                   at("2027-02-13T10:15:00+08:00")); /* over the Spring Festival */
  assert_int_equal(due("urgent", AFT__SLA_FIRST_RESPONSE, "2026-11-20T00:00:00+08:00"),
                   at("2026-11-20T00:15:00+08:00")); /* a level without a calendar */
}

/* The office's hours once more, a minute at a time and without the library's calendars. */
static bool office_is_open(aft_time t) {
  int64_t local = t + 8 * AFT__HOUR, minute = local % AFT__DAY / AFT__MINUTE;
  int64_t day = local / AFT__DAY, weekday = (day + 3) % 7; /* 0 is Monday */
  bool morning = minute >= 540 && minute < 720, afternoon = minute >= 810 && minute < 1080;
  if (day == 20777) /* 20 November 2026 */
    return false;
  if (day == 20779) /* the Sunday that is worked */
    return morning;
  if (weekday == 2)
    return minute >= 540 && minute < 1080;
  return weekday < 5 ? morning || afternoon : weekday == 5 && minute >= 600 && minute < 960;
}

static bool is_always_open(aft_time t) {
  (void)t;
  return true;
}

typedef bool (*open_fn)(aft_time t);

/* Whoever counts the open minutes that are not on hold comes to the same time. */
static aft_time counted(open_fn open, aft_time began, int64_t target, const aft__hold *holds, uint32_t n) {
  for (aft_time t = began;; t += AFT__MINUTE) {
    bool held = false;
    if (!target)
      return t;
    for (uint32_t i = 0; i < n; i++)
      held |= t >= holds[i].from && t < holds[i].to;
    if (!held && open(t))
      target -= AFT__MINUTE;
  }
}

static void time_on_hold_does_not_count(void **state) {
  (void)state;
  uint64_t seed = seed_of("holds");
  for (int i = 0; i < 200; i++) {
    aft_time t = at("2026-11-16T00:00:00+08:00") + (int64_t)below(&seed, 6000) * AFT__MINUTE;
    aft__hold holds[4];
    aft__owed in = {.priority = aft__cstr("normal"), .sla = AFT__SLA_RESOLUTION, .began = t, .holds = holds};
    in.n_holds = (uint32_t)below(&seed, 5);
    for (uint32_t k = 0; k < in.n_holds; k++) {
      holds[k].from = t + (int64_t)(1 + below(&seed, 300)) * AFT__MINUTE;
      holds[k].to = t = holds[k].from + (int64_t)(1 + below(&seed, 3000)) * AFT__MINUTE;
    }
    aft_time expected = counted(office_is_open, in.began, 12 * AFT__HOUR, holds, in.n_holds);
    aft_time found = aft__policy_due(office, &in, NULL);
    if (found != expected)
      fail_msg("due %lld, expected %lld", (long long)found, (long long)expected);
  }
}

static void the_chain_of_stretches_explains_a_time(void **state) {
  (void)state;
  aft__buf reasons, text;
  aft__buf_init(&reasons, env);
  aft__buf_init(&text, env);
  aft__owed in = {.priority = aft__cstr("normal"),
                  .sla = AFT__SLA_FIRST_RESPONSE,
                  .began = at("2026-11-19T17:00:00+08:00")};
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
  aft__hold hold = {at("2026-11-19T17:30:00+08:00"), at("2026-11-19T17:40:00+08:00")};
  aft__owed in = {.priority = aft__cstr("low"),
                  .sla = AFT__SLA_RESOLUTION,
                  .began = at("2026-11-19T17:00:00+08:00"),
                  .holds = &hold,
                  .n_holds = 1};
  (void)aft__policy_due(office, &in, &reasons);
  aft__buf_char(&reasons, '\0');
  int shown = 0;
  for (const char *p = reasons.data; (p = strstr(p, "explain.due.stretch")); p++)
    shown++;
  assert_int_equal(shown, 9);
  assert_non_null(strstr(reasons.data, "explain.due.held"));
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
  refused(CALENDAR("zone: UTC, hours: {mon: ['09:00-12:00']}, workdays: {2026-10-10: []}"),
          "calendars.shop.2026-10-10: expected hours such as 09:00-18:00, found none");
  refused(CALENDAR("hours: {mon: ['09:00-12:00']}"), "the key 'zone' is missing");
}

static void a_level_that_cannot_be_is_refused(void **state) {
  (void)state;
  refused(OFFICE "  high: {calendar: ofice, first_response: 1h}\n",
          "service_levels.high.calendar: there is no calendar 'ofice' (did you mean 'office'?)");
  refused(OFFICE "  vip: {first_response: 1h}\n", "service_levels.vip: there is no priority 'vip'");
  refused(
      "version: 1\nservice_levels: {urgent: {warn: 15m}}\n",
      "shop.yaml:2:33: service_levels.urgent: the warning comes before the clock begins: expected warn to be "
      "less than first_response, found 15m and 15m");
  refused("version: 1\nservice_levels: {urgent: {first_response: 2h, warn: 1h}}\n",
          "expected warn to be less than next_response, found 1h and 30m");
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

#define ON_EACH_DESK(d)                                             \
  desk d;                                                           \
  (void)state;                                                      \
  for (desk_kind kind = DESK_SQLITE; kind < desk_kinds(); kind++) { \
    open_office(&d, kind);
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

/* ---- holds, raises and policies ---- */

static void classify(desk *d, aft_id id, const char *category, const char *topic) {
  aft_error error = AFT_ERROR_INIT;
  aft_act_in in = {.size = sizeof in, .ticket = id, .act = AFT_ACT_CLASSIFY};
  in.category = aft__cstr(category);
  in.topic = aft__cstr(topic);
  assert_ok(aft_ticket_act(d->session, &d->system, &in, NULL, &error));
}

static void make_urgent(desk *d, aft_id id) { classify(d, id, "payment", "charged_twice"); }

static void go_to(desk *d, const char *iso) { d->now = at(iso); }

/* On hold from Thursday 10:00 to Saturday 11:00; the level of urgent tickets counts round the clock. */
static void time_on_hold_is_not_lost_to_a_level_of_another_calendar(void **state) {
  ON_EACH_DESK(d)
  aft_id id = desk_say(&d, "m-1", "我的快递到哪里了");
  go_to(&d, "2026-11-19T10:00:00+08:00");
  desk_answer(&d, id, "请提供运单号");
  go_to(&d, "2026-11-21T11:00:00+08:00");
  desk_say(&d, "m-2", "有结果了吗");
  desk_pass(&d, AFT__MINUTE);
  make_urgent(&d, id);
  assert_int_equal(owed_by(&d, id, AFT_TICKET_RESOLUTION_DUE), at("2026-11-21T19:01:00+08:00"));
  desk_tick(&d);
  assert_int_equal(desk_events(&d, id, "ticket.breached"), 0);
  END_DESK(d)
}

/* The same hold is one of office hours where the ticket falls back. */
static void time_on_hold_is_counted_by_the_level_that_holds(void **state) {
  ON_EACH_DESK(d)
  aft_id id = desk_say(&d, "m-1", "付款失败，扣了两次钱");
  assert_int_equal(owed_by(&d, id, AFT_TICKET_RESOLUTION_DUE), d.now + 8 * AFT__HOUR);
  desk_answer(&d, id, "请提供运单号");
  go_to(&d, "2026-11-19T11:00:00+08:00");
  desk_say(&d, "m-2", "有结果了吗");
  assert_int_equal(owed_by(&d, id, AFT_TICKET_RESOLUTION_DUE), d.now + 8 * AFT__HOUR);
  classify(&d, id, "logistics", "");
  /* Thursday from 11:00 (5½ hours), Saturday (6), half an hour of Sunday */
  assert_int_equal(owed_by(&d, id, AFT_TICKET_RESOLUTION_DUE), at("2026-11-22T09:30:00+08:00"));
  END_DESK(d)
}

#define ROUND_THE_CLOCK                                                  \
  "version: 1\nservice_levels:\n"                                        \
  "  normal: {first_response: 4h, next_response: 8h, resolution: 48h}\n" \
  "  urgent: {first_response: 15m, next_response: 30m, resolution: 8h}\n"

static void a_ticket_that_is_raised_late_has_the_new_target_from_then_on(void **state) {
  ON_EACH_DESK(d)
  desk_policy(&d, ROUND_THE_CLOCK);
  aft_id id = desk_say(&d, "m-1", "我的快递到哪里了");
  aft_time opened = d.now;
  desk_pass(&d, AFT__HOUR);
  make_urgent(&d, id);
  assert_int_equal(owed_by(&d, id, AFT_TICKET_FIRST_RESPONSE_DUE), opened + AFT__HOUR + 15 * AFT__MINUTE);
  assert_int_equal(owed_by(&d, id, AFT_TICKET_RESOLUTION_DUE), opened + 9 * AFT__HOUR);
  desk_tick(&d);
  assert_int_equal(desk_events(&d, id, "ticket.breached"), 0);
  END_DESK(d)
}

static void a_raise_gives_no_ticket_more_time_than_it_had(void **state) {
  ON_EACH_DESK(d)
  aft_buf *why;
  aft_error error = AFT_ERROR_INIT;
  desk_policy(&d, ROUND_THE_CLOCK);
  aft_id id = desk_say(&d, "m-1", "我的快递到哪里了");
  aft_time opened = d.now;
  desk_pass(&d, 3 * AFT__HOUR + 50 * AFT__MINUTE);
  make_urgent(&d, id);
  assert_int_equal(owed_by(&d, id, AFT_TICKET_FIRST_RESPONSE_DUE), opened + 4 * AFT__HOUR);
  assert_ok(aft_explain(d.session, &d.system, id, "due", "en", &why, &error));
  assert_non_null(strstr(aft_buf_data(why), "what was owed before its priority rose comes sooner"));
  aft_buf_free(why);
  END_DESK(d)
}

/* An answer that is owed already is owed sooner where the ticket rises, and as a new policy says. */
static void an_answer_that_is_owed_moves_with_the_level(void **state) {
  ON_EACH_DESK(d)
  desk_policy(&d, ROUND_THE_CLOCK);
  aft_id id = desk_say(&d, "m-1", "我的快递到哪里了");
  desk_answer(&d, id, "请稍等");
  desk_pass(&d, AFT__HOUR);
  desk_say(&d, "m-2", "还没有查到吗");
  aft_time asked = d.now;
  assert_int_equal(owed_by(&d, id, AFT_TICKET_NEXT_RESPONSE_DUE), asked + 8 * AFT__HOUR);
  desk_policy(&d, "version: 1\nservice_levels: {normal: {next_response: 6h}}\n");
  desk_tick(&d);
  assert_int_equal(owed_by(&d, id, AFT_TICKET_NEXT_RESPONSE_DUE), asked + 6 * AFT__HOUR);
  desk_pass(&d, 5 * AFT__MINUTE);
  make_urgent(&d, id);
  assert_int_equal(owed_by(&d, id, AFT_TICKET_NEXT_RESPONSE_DUE), asked + 35 * AFT__MINUTE);
  desk_pass(&d, 30 * AFT__MINUTE);
  desk_tick(&d);
  assert_int_equal(desk_events_with(&d, id, "ticket.breached", "next_response"), 1);
  END_DESK(d)
}

/* ---- why ---- */

static char *explain(desk *d, aft_id id, const char *locale) {
  static char text[8192];
  aft_error error = AFT_ERROR_INIT;
  aft_buf *why;
  assert_ok(aft_explain(d->session, &d->system, id, "due", locale, &why, &error));
  snprintf(text, sizeof text, "%s", aft_buf_data(why));
  aft_buf_free(why);
  assert_null(strstr(text, "explain."));
  return text;
}

static void assert_says(desk *d, aft_id id, const char *sentences) {
  const char *text = explain(d, id, "en");
  if (!strstr(text, sentences))
    fail_msg("expected '%s', found:\n%s", sentences, text);
}

static uint32_t times_said(desk *d, aft_id id, const char *part) {
  uint32_t n = 0;
  for (const char *p = explain(d, id, "en"); (p = strstr(p, part)); p++)
    n++;
  return n;
}

static void an_explanation_lists_what_was_on_hold(void **state) {
  ON_EACH_DESK(d)
  desk_policy(&d, ROUND_THE_CLOCK);
  go_to(&d, "2026-11-19T10:00:00+08:00");
  aft_id id = desk_say(&d, "m-1", "我的快递到哪里了");
  go_to(&d, "2026-11-19T11:00:00+08:00");
  desk_answer(&d, id, "请提供运单号");
  assert_says(&d, id, "the clock of the resolution stands still since 2026-11-19 11:00:00 +08:00\n");
  assert_int_equal(times_said(&d, id, "for first response"), 0); /* it was answered */
  assert_int_equal(times_said(&d, id, "for resolution"), 0);
  go_to(&d, "2026-11-20T11:00:00+08:00");
  desk_say(&d, "m-2", "有结果了吗");
  assert_says(&d, id,
              "priority \"Normal\" allows 2 d for resolution\n"
              "counted from 2026-11-19 10:00:00 +08:00 to 2026-11-19 11:00:00 +08:00\n"
              "on hold from 2026-11-19 11:00:00 +08:00 to 2026-11-20 11:00:00 +08:00, not counted\n"
              "counted from 2026-11-20 11:00:00 +08:00 to 2026-11-22 10:00:00 +08:00\n"
              "due at 2026-11-22 10:00:00 +08:00\n");
  assert_non_null(strstr(explain(&d, id, "zh"),
                         "暂停 2026-11-19 11:00:00 +08:00 至 2026-11-20 11:00:00 +08:00，不计时\n"));
  END_DESK(d)
}

/* A stretch ends where a hold begins. */
static void a_hold_lies_between_the_hours_that_were_counted(void **state) {
  ON_EACH_DESK(d)
  go_to(&d, "2026-11-19T10:00:00+08:00");
  aft_id id = desk_say(&d, "m-1", "我的快递到哪里了");
  go_to(&d, "2026-11-19T11:00:00+08:00");
  desk_answer(&d, id, "请提供运单号");
  go_to(&d, "2026-11-19T15:30:00+08:00");
  desk_say(&d, "m-2", "有结果了吗");
  assert_says(&d, id,
              "counted from 2026-11-19 10:00:00 +08:00 to 2026-11-19 11:00:00 +08:00\n"
              "on hold from 2026-11-19 11:00:00 +08:00 to 2026-11-19 15:30:00 +08:00, not counted\n"
              "counted from 2026-11-19 15:30:00 +08:00 to 2026-11-19 18:00:00 +08:00\n");
  END_DESK(d)
}

static void an_explanation_leaves_out_what_holds_no_more(void **state) {
  ON_EACH_DESK(d)
  aft_id id = desk_say(&d, "m-1", "我的快递到哪里了");
  assert_int_equal(times_said(&d, id, "for resolution"), 1);
  desk_pass(&d, AFT__HOUR);
  make_urgent(&d, id);
  assert_int_equal(times_said(&d, id, "for resolution"), 1);
  assert_int_equal(times_said(&d, id, "for first response"), 1);
  assert_says(&d, id, "priority \"Urgent\" allows 8 h for resolution\n");
  desk_policy(&d, ROUND_THE_CLOCK "  high: {resolution: 4h}\n");
  desk_tick(&d);
  assert_int_equal(times_said(&d, id, "for resolution"), 1);
  END_DESK(d)
}

static void a_stage_that_counts_every_hour_is_explained_too(void **state) {
  ON_EACH_DESK(d)
  desk_policy(&d, ROUND_THE_CLOCK);
  go_to(&d, "2026-11-19T10:00:00+08:00");
  aft_id id = desk_say(&d, "m-1", "我的快递到哪里了");
  assert_says(&d, id,
              "may last 1 d\ncounted from 2026-11-19 10:00:00 +08:00 to 2026-11-20 10:00:00 +08:00\n"
              "due at 2026-11-20 10:00:00 +08:00\n");
  desk_act(&d, id, AFT_ACT_ASSIGN);
  aft_error error = AFT_ERROR_INIT;
  aft_act_in in = {.size = sizeof in, .ticket = id, .act = AFT_ACT_WAIT_THIRD};
  in.until = at("2026-11-21T09:00:00+08:00");
  assert_ok(aft_ticket_act(d.session, &d.as_agent, &in, NULL, &error));
  assert_says(&d, id, "ends by itself\ndue at 2026-11-21 09:00:00 +08:00\n");
  assert_int_equal(times_said(&d, id, "may last"), 0);
  END_DESK(d)
}

static void the_stage_of_today_takes_the_place_of_one_that_was_left(void **state) {
  ON_EACH_DESK(d)
  aft_id id = desk_say(&d, "m-1", "我的快递到哪里了");
  assert_int_equal(times_said(&d, id, "of the hours of \"office\"\n"), 1);
  desk_answer(&d, id, "请提供运单号");
  assert_int_equal(times_said(&d, id, "may last"), 1);
  assert_says(&d, id, "may last 1 wk\n");
  END_DESK(d)
}

static void the_times_of_tasks_are_explained(void **state) {
  ON_EACH_DESK(d)
  aft_error error = AFT_ERROR_INIT;
  desk_policy(&d, OFFICE "tasks: {call_back: {calendar: office, target: 2h, warn: 30m}}\n");
  go_to(&d, "2026-11-19T17:00:00+08:00");
  aft_id id = desk_say(&d, "m-1", "我的快递到哪里了");
  aft_task_in in = {.size = sizeof in, .ticket = id, .name = AFT_STR("call_back")};
  assert_ok(aft_task_add(d.session, &d.system, &in, NULL, &error));
  assert_says(&d, id,
              ") may take 2 h of the hours of \"office\"\n"
              "counted from 2026-11-19 17:00:00 +08:00 to 2026-11-19 18:00:00 +08:00\n"
              "counted from 2026-11-21 10:00:00 +08:00 to 2026-11-21 11:00:00 +08:00\n"
              "due at 2026-11-21 11:00:00 +08:00\n");
  in.name = AFT_STR("warehouse_check");
  in.due = at("2026-11-23T09:00:00+08:00");
  assert_ok(aft_task_add(d.session, &d.system, &in, NULL, &error));
  assert_says(&d, id, ") was given a time\ndue at 2026-11-23 09:00:00 +08:00\n");
  END_DESK(d)
}

/* A ticket of random holds, raises, falls and policies, beside one that counts minutes. */

typedef struct model {
  bool other_policy;
  aft_time opened, paused; /* 0: it runs */
  aft__hold holds[40];
  uint32_t n_holds;
  struct {
    char priority[16];
    aft_time at;
  } rises[40];
  uint32_t n_rises;
} model;

#define OTHER_POLICY                                                                        \
  "version: 1\n"                                                                            \
  "calendars:\n"                                                                            \
  "  office:\n"                                                                             \
  "    zone: Asia/Shanghai\n"                                                               \
  "    hours: {daily: ['00:00-24:00']}\n"                                                   \
  "service_levels:\n"                                                                       \
  "  normal: {calendar: office, first_response: 4h, next_response: 30m, resolution: 30h}\n" \
  "  urgent: {first_response: 15m, next_response: 30m, resolution: 3h}\n"

static aft_time modelled(const model *m, uint32_t rise) {
  static const struct {
    const char *priority;
    int64_t hours[2];
  } targets[] = {{"normal", {12, 30}}, {"high", {24, 24}}, {"urgent", {8, 3}}};
  size_t i = 0;
  while (strcmp(targets[i].priority, m->rises[rise].priority) != 0)
    i++;
  bool office_hours = i == 0 && !m->other_policy;
  aft_time from = m->rises[rise].at > m->opened ? m->rises[rise].at : m->opened;
  return counted(office_hours ? office_is_open : is_always_open, from,
                 targets[i].hours[m->other_policy] * AFT__HOUR, m->holds, m->n_holds);
}

static void assert_modelled(desk *d, aft_id id, const model *m) {
  aft_time expected = m->paused ? 0 : modelled(m, 0);
  for (uint32_t i = 1; !m->paused && i < m->n_rises; i++) {
    aft_time due = modelled(m, i);
    expected = due < expected ? due : expected;
  }
  if (owed_by(d, id, AFT_TICKET_RESOLUTION_DUE) != expected)
    fail_msg("due %lld, expected %lld", (long long)owed_by(d, id, AFT_TICKET_RESOLUTION_DUE),
             (long long)expected);
}

static int rank_of(const char *priority) {
  return strcmp(priority, "urgent") == 0 ? 2 : strcmp(priority, "high") == 0;
}

static void follow(desk *d, aft_id id, model *m) {
  aft_record *ticket = desk_ticket(d, id);
  const char *now = aft_ticket_priority(ticket);
  const char *before = m->n_rises ? m->rises[m->n_rises - 1].priority : "";
  bool rises = m->n_rises && rank_of(now) > rank_of(before);
  if (strcmp(now, before) != 0) {
    uint32_t at = rises ? m->n_rises : 0;
    snprintf(m->rises[at].priority, sizeof m->rises[at].priority, "%s", now);
    m->rises[at].at = rises ? d->now : m->opened;
    m->n_rises = at + 1;
  }
  aft_record_free(ticket);
}

static void hold_or_go_on(desk *d, aft_id id, model *m) {
  aft_error error = AFT_ERROR_INIT;
  aft_act_in in = {.size = sizeof in, .ticket = id, .act = m->paused ? AFT_ACT_RESUME : AFT_ACT_WAIT_THIRD};
  if (!m->paused)
    in.until = d->now + 300 * AFT__DAY;
  assert_ok(aft_ticket_act(d->session, &d->as_agent, &in, NULL, &error));
  if (m->paused)
    m->holds[m->n_holds++] = (aft__hold){m->paused, d->now};
  m->paused = m->paused ? 0 : d->now;
}

static void step(desk *d, aft_id id, model *m, uint64_t *seed) {
  static const char *const topics[][2] = {
      {"logistics", ""}, {"payment", "charged_twice"}, {"logistics", "lost"}};
  uint32_t what = below(seed, 6), to = below(seed, 3);
  if (what < 3) {
    hold_or_go_on(d, id, m);
  } else if (what < 5) {
    classify(d, id, topics[to][0], topics[to][1]);
  } else {
    m->other_policy = !m->other_policy;
    desk_policy(d, m->other_policy ? OTHER_POLICY : OFFICE);
    desk_tick(d);
  }
  follow(d, id, m);
}

static void holds_raises_and_policies_together_agree_with_a_count_of_minutes(void **state) {
  uint64_t seed = seed_of("pace");
  (void)state;
  for (uint32_t i = 0; i < rounds(14, 200); i++) {
    desk d;
    model m = {0};
    open_office(&d, DESK_MEMORY);
    d.now += 20 * AFT__SECOND + (int64_t)below(&seed, 3000) * AFT__MINUTE;
    m.opened = d.now;
    aft_id id = desk_say(&d, "m-1", "我的快递到哪里了");
    desk_answer(&d, id, "请稍等");
    hold_or_go_on(&d, id, &m);
    follow(&d, id, &m);
    for (int k = 0; k < 16; k++) {
      desk_pass(&d, (int64_t)(1 + below(&seed, 400)) * AFT__MINUTE);
      step(&d, id, &m, &seed);
      assert_modelled(&d, id, &m);
    }
    desk_close(&d);
  }
}

/* Beyond what a ticket keeps, the two holds that are least apart are one. */
static void a_ticket_of_many_holds_keeps_the_longest_runs_between_them(void **state) {
  ON_EACH_DESK(d)
  desk_policy(&d, ROUND_THE_CLOCK);
  aft_id id = desk_say(&d, "m-1", "我的快递到哪里了");
  model m = {.opened = d.now};
  desk_act(&d, id, AFT_ACT_ASSIGN);
  for (int i = 0; i < 33; i++) {
    desk_pass(&d, i == 20 ? AFT__SECOND : AFT__MINUTE);
    hold_or_go_on(&d, id, &m);
    desk_pass(&d, AFT__HOUR);
    hold_or_go_on(&d, id, &m);
  }
  /* the second between the holds 20 and 21 is on hold too */
  assert_int_equal(owed_by(&d, id, AFT_TICKET_RESOLUTION_DUE),
                   m.opened + 48 * AFT__HOUR + 33 * AFT__HOUR + AFT__SECOND);
  aft_record *ticket = desk_ticket(&d, id);
  assert_int_equal(aft_ticket_paused_ms(ticket), 33 * AFT__HOUR);
  aft_record_free(ticket);
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

/* Thursday from 17:00 (1 hour), Saturday (6), Sunday (3), Monday (7½), Tuesday until 17:00 (6½). */
static void a_stage_without_a_calendar_counts_as_the_service_level_does(void **state) {
  ON_EACH_DESK(d)
  go_to(&d, "2026-11-19T17:00:00+08:00");
  assert_stage_ends(&d, "m-1", "2026-11-24T17:00:00+08:00");
  END_DESK(d)
}

static void what_nobody_could_sort_does_not_escalate_while_the_office_is_closed(void **state) {
  ON_EACH_DESK(d)
  go_to(&d, "2026-11-19T17:55:00+08:00");
  aft_id id = desk_say(&d, "m-1", "那个那个");
  assert_state(&d, id, "new");
  go_to(&d, "2026-11-21T10:09:59+08:00"); /* Friday is a holiday */
  desk_tick(&d);
  assert_state(&d, id, "new");
  go_to(&d, "2026-11-21T10:10:00+08:00");
  desk_tick(&d);
  assert_state(&d, id, "triaged");
  END_DESK(d)
}

static void a_customer_who_is_waited_for_has_all_hours(void **state) {
  ON_EACH_DESK(d)
  aft_id id = desk_say(&d, "m-1", "我的快递到哪里了");
  desk_answer(&d, id, "请提供运单号");
  desk_pass(&d, 7 * AFT__DAY - 1);
  desk_tick(&d);
  assert_state(&d, id, "waiting_customer");
  desk_pass(&d, 1);
  desk_tick(&d);
  assert_state(&d, id, "resolved");
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

#define WARNING                                                                           \
  HOURS                                                                                   \
  "service_levels:\n"                                                                     \
  "  normal: {calendar: office, first_response: 4h, next_response: 2h, resolution: 12h, " \
  "warn: 1h}\n"

/* An hour of business before the time, once, and not where the customer has an answer. */
static void people_are_warned_before_a_time_is_over(void **state) {
  ON_EACH_DESK(d)
  desk_policy(&d, WARNING);
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

#define WARNS                                                        \
  "version: 1\nservice_levels:\n"                                    \
  "  normal: {first_response: 60m, next_response: 60m, warn: 40m}\n" \
  "  high: {first_response: 60m, next_response: 60m, warn: 40m}\n"

static void a_tier_shortens_the_warning_as_it_does_the_target(void **state) {
  ON_EACH_DESK(d)
  aft_error error = AFT_ERROR_INIT;
  aft_record *customer, *message;
  desk_policy(&d, WARNS);
  aft_customer_in who = {.size = sizeof who, .external = AFT_STR("first"), .tier = AFT_STR("vip")};
  assert_ok(aft_customer_put(d.session, &d.system, &who, &customer, &error));
  aft_message_in in = desk_message(&d, "v-1", "我的快递到哪里了");
  in.customer = aft_customer_id(customer);
  assert_ok(aft_intake(d.session, &d.system, &in, &message, &error));
  aft_id id = aft_message_ticket(message);
  desk_pass(&d, 10 * AFT__MINUTE - 1);
  desk_tick(&d);
  assert_int_equal(desk_events(&d, id, "ticket.warned"), 0);
  desk_pass(&d, 1);
  desk_tick(&d);
  assert_int_equal(desk_events(&d, id, "ticket.warned"), 1);
  assert_int_equal(owed_by(&d, id, AFT_TICKET_FIRST_RESPONSE_DUE), d.now + 20 * AFT__MINUTE);
  aft_record_free(message);
  aft_record_free(customer);
  END_DESK(d)
}

static void a_policy_that_does_not_warn_takes_back_the_warnings_of_the_one_before(void **state) {
  ON_EACH_DESK(d)
  desk_policy(&d, WARNS);
  aft_id id = desk_say(&d, "m-1", "我的快递到哪里了");
  desk_policy(&d, "version: 1\nservice_levels: {normal: {first_response: 60m}}\n");
  desk_tick(&d);
  desk_pass(&d, 21 * AFT__MINUTE);
  desk_tick(&d);
  assert_int_equal(desk_events(&d, id, "ticket.warned"), 0);
  desk_policy(&d, WARNS);
  desk_tick(&d);
  assert_int_equal(desk_events(&d, id, "ticket.warned"), 0); /* it would have come before */
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
  (void)state;
  for (desk_kind kind = DESK_SQLITE; kind < desk_kinds(); kind++) {
    desk d;
    aft_id ids[TICKETS];
    open_office(&d, kind);
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
      cmocka_unit_test(time_on_hold_does_not_count),
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
      cmocka_unit_test(time_on_hold_is_not_lost_to_a_level_of_another_calendar),
      cmocka_unit_test(time_on_hold_is_counted_by_the_level_that_holds),
      cmocka_unit_test(a_ticket_that_is_raised_late_has_the_new_target_from_then_on),
      cmocka_unit_test(a_raise_gives_no_ticket_more_time_than_it_had),
      cmocka_unit_test(an_answer_that_is_owed_moves_with_the_level),
      cmocka_unit_test(an_explanation_lists_what_was_on_hold),
      cmocka_unit_test(a_hold_lies_between_the_hours_that_were_counted),
      cmocka_unit_test(an_explanation_leaves_out_what_holds_no_more),
      cmocka_unit_test(a_stage_that_counts_every_hour_is_explained_too),
      cmocka_unit_test(the_stage_of_today_takes_the_place_of_one_that_was_left),
      cmocka_unit_test(the_times_of_tasks_are_explained),
      cmocka_unit_test(holds_raises_and_policies_together_agree_with_a_count_of_minutes),
      cmocka_unit_test(a_ticket_of_many_holds_keeps_the_longest_runs_between_them),
      cmocka_unit_test(a_stage_counts_hours_of_business),
      cmocka_unit_test(a_stage_without_a_calendar_counts_as_the_service_level_does),
      cmocka_unit_test(what_nobody_could_sort_does_not_escalate_while_the_office_is_closed),
      cmocka_unit_test(a_customer_who_is_waited_for_has_all_hours),
      cmocka_unit_test(a_stage_may_count_business_days),
      cmocka_unit_test(a_stage_that_cannot_be_is_refused),
      cmocka_unit_test(people_are_warned_before_a_time_is_over),
      cmocka_unit_test(a_tier_shortens_the_warning_as_it_does_the_target),
      cmocka_unit_test(a_policy_that_does_not_warn_takes_back_the_warnings_of_the_one_before),
      cmocka_unit_test(a_policy_that_takes_over_moves_the_clocks_of_open_tickets),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
