/* Notices: where a customer is told of things, when, once and in which words; what became of it, and the
 * customer's wishes against a model that walks minute by minute. */
#include "desk_fixture.h"

#include <aftersales/privacy.h>

#include <stdlib.h>
#include <string.h>

#include "policy/policy_priv.h"
#include "random.h"

static desk d;
static uint32_t said;

/* Every message of the customer is a matter of its own. */
static void rules(const char *more) {
  char yaml[2048];
  snprintf(yaml, sizeof yaml, "version: 1\nintake: {thread_window: 1s}\n%s", more);
  desk_policy(&d, yaml);
}

static int open_kind(void **state) {
  desk_open(&d, (desk_kind)(intptr_t)*state);
  rules("");
  said = 0;
  return 0;
}

static int shut(void **state) {
  (void)state;
  desk_close(&d);
  return 0;
}

/* ---- helpers ---- */

static const char shop[] =
    "notifications:\n"
    "  channels:\n"
    "    email: {format: html, subject: subject.email}\n"
    "    sms: {most: 12}\n"
    "    wechat: {format: json}\n"
    "  events:\n"
    "    default: {channels: [same, email, sms]}\n"
    "    ticket.no_reply: {must: true}\n"
    "    ticket.closed: {off: true}\n"
    "    survey.*: {topic: opinion}\n"
    "texts:\n"
    "  zh:\n"
    "    subject.email: 关于 {code}\n"
    "    notify.ticket.resolved@email: '<p>{code}</p>'\n"
    "    notify.ticket.resolved@wechat: '{{\"thing\": \"{code}\"}'\n"
    "  en:\n"
    "    subject.email: About {code}\n"
    "    notify.ticket.resolved@email: '<p>{code}</p>'\n"
    "    notify.ticket.resolved@wechat: '{{\"thing\": \"{code}\"}'\n";

static aft_id new_ticket(void) {
  char external[32];
  snprintf(external, sizeof external, "m-%u", ++said);
  desk_pass(&d, AFT__MINUTE);
  return desk_say(&d, external, "我的快递到哪了？");
}

static aft_status wish(const aft_call *call, const aft_contact_in *given, aft_error *error) {
  aft_contact_in in = *given;
  in.size = sizeof in;
  in.customer = in.customer ? in.customer : d.buyer;
  return aft_contact_put(d.session, call, &in, NULL, error);
}

static void wishes(aft_contact_in in) {
  aft_error error = AFT_ERROR_INIT;
  assert_ok(wish(&d.system, &in, &error));
}

static void set_email(const char *email, const char *phone) {
  aft_error error = AFT_ERROR_INIT;
  aft_customer_in in = {.size = sizeof in, .id = d.buyer, .email = AFT_STR(email), .phone = AFT_STR(phone)};
  assert_ok(aft_customer_put(d.session, &d.system, &in, NULL, &error));
}

/* The latest notice of an event about a subject, or NULL. */
static aft_record *notice_of(aft_id subject, const char *event) {
  aft_error error = AFT_ERROR_INIT;
  aft_notice_filter filter = {.size = sizeof filter, .subject = subject};
  aft_cursor *cursor;
  aft_record *record, *found = NULL;
  assert_ok(aft_notice_list(d.session, &d.system, &filter, &cursor, &error));
  while (!found && aft_cursor_next(cursor, &record, &error) == AFT_OK)
    if (strcmp(aft_notice_event(record), event) == 0)
      assert_ok(aft_notice_get(d.session, &d.system, aft_notice_id(record), &found, &error));
  aft_cursor_free(cursor);
  return found;
}

static aft_id assert_notice(aft_id subject, const char *event, const char *state, const char *reason) {
  aft_record *notice = notice_of(subject, event);
  assert_non_null(notice);
  assert_string_equal(aft_notice_state(notice), state);
  assert_string_equal(aft_notice_reason(notice), reason);
  aft_id id = aft_notice_id(notice);
  aft_record_free(notice);
  return id;
}

static void assert_channel(aft_id notice, const char *channel) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *record;
  assert_ok(aft_notice_get(d.session, &d.system, notice, &record, &error));
  assert_string_equal(aft_notice_channel(record), channel);
  aft_record_free(record);
}

static aft_status report(aft_id notice, uint32_t what, aft_error *error) {
  aft_receipt_in in = {.size = sizeof in, .notice = notice, .what = what, .code = AFT_STR("550")};
  return aft_notice_tell(d.session, &d.system, &in, NULL, error);
}

static aft_id resolve(aft_id ticket) {
  desk_act(&d, ticket, AFT_ACT_RESOLVE);
  return ticket;
}

static void assert_explained(aft_id notice, const char *locale, const char *part) {
  aft_error error = AFT_ERROR_INIT;
  aft_buf *text;
  assert_ok(aft_notice_explain(d.session, &d.system, notice, locale, &text, &error));
  if (!strstr(aft_buf_data(text), part))
    fail_msg("expected '%s' in: %s", part, aft_buf_data(text));
  aft_buf_free(text);
}

/* ---- where ---- */

static void without_wishes_it_leaves_at_once_where_it_came_from(void **state) {
  (void)state;
  aft_id ticket = resolve(new_ticket());
  aft_id id = assert_notice(ticket, "ticket.resolved", "queued", "");
  assert_channel(id, "wechat");
  assert_int_equal(desk_effects(&d, ticket, NULL, "\"format\":\"plain\""),
                   desk_effects(&d, ticket, NULL, "notify.ticket."));
  assert_explained(id, "en", "sent on WeChat, on which the matter came");
  assert_explained(id, "zh", "微信");
}

/* The receipt of a message costs nothing more than its effect. */
static void an_acknowledgement_keeps_no_record(void **state) {
  (void)state;
  aft_id ticket = new_ticket();
  assert_int_equal(desk_effects(&d, ticket, NULL, "notify.ticket.acknowledged"), 1);
  assert_int_equal(desk_effects(&d, ticket, NULL, "notice_id"), 0);
  assert_null(notice_of(ticket, "ticket.acknowledged"));
}

static void the_customers_order_comes_first(void **state) {
  (void)state;
  rules(shop);
  set_email("wang@example.com", "13800000000");
  wishes((aft_contact_in){.channels = AFT_STR("email wechat")});
  aft_id ticket = resolve(new_ticket());
  aft_id id = assert_notice(ticket, "ticket.resolved", "queued", "");
  assert_channel(id, "email");
  assert_int_equal(desk_effects(&d, ticket, NULL, "\"handle\":\"wang@example.com\""),
                   2); /* the acknowledgement too */
  assert_int_equal(desk_effects(&d, ticket, NULL, "\"format\":\"html\""), 2);
  assert_int_equal(desk_effects(&d, ticket, NULL, "\"text\":\"<p>T-"), 1);
  assert_int_equal(desk_effects(&d, ticket, NULL, "\"subject\":\"About T-") +
                       desk_effects(&d, ticket, NULL, "\"subject\":\"关于 T-"),
                   2);
  assert_explained(id, "en", "as the customer wishes");
}

static void a_channel_without_an_address_is_passed_over(void **state) {
  (void)state;
  rules(shop);
  wishes((aft_contact_in){.channels = AFT_STR("email sms")});
  aft_id id = assert_notice(resolve(new_ticket()), "ticket.resolved", "queued", "");
  assert_channel(id, "wechat");
  assert_explained(id, "en", "passed over E-mail");
}

static void each_channel_has_its_form(void **state) {
  (void)state;
  rules(shop);
  set_email("", "13800000000");
  aft_id ticket = resolve(new_ticket());
  assert_int_equal(desk_effects(&d, ticket, NULL, "\"text\":\"{\\\"thing\\\": \\\"T-"),
                   1); /* JSON inside of JSON */
  assert_int_equal(desk_effects(&d, ticket, NULL, "\"text\":\"\\\""),
                   1); /* what has no text for it is one text of JSON */
  wishes((aft_contact_in){.channels = AFT_STR("sms")});
  ticket = resolve(new_ticket());
  assert_channel(assert_notice(ticket, "ticket.resolved", "queued", ""), "sms");
  assert_int_equal(desk_effects(&d, ticket, NULL, "…\""), 2); /* twelve characters */
}

/* ---- opting out ---- */

static void assert_survey(aft_id ticket, const char *state, const char *reason) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *survey;
  assert_ok(aft_survey_list(d.session, &d.system, ticket, &cursor, &error));
  assert_int_equal(aft_cursor_next(cursor, &survey, &error), AFT_OK);
  assert_string_equal(aft_survey_state(survey), state);
  assert_string_equal(aft_survey_reason(survey), reason);
  assert_true(aft_record_is_null(survey, AFT_SURVEY_ASKED));
  aft_cursor_free(cursor);
}

static void what_a_customer_opted_out_of_is_not_sent(void **state) {
  (void)state;
  rules(shop);
  wishes((aft_contact_in){.no_topics = AFT_STR("opinion")});
  aft_id ticket = resolve(new_ticket());
  desk_pass(&d, AFT__HOUR);
  desk_tick(&d);
  assert_notice(ticket, "survey.invite", "suppressed", "opted_out");
  assert_survey(ticket, "cancelled", "suppressed"); /* nobody was asked */
  assert_notice(ticket, "ticket.resolved", "queued", "");
  wishes((aft_contact_in){.no_topics = AFT_STR("ticket")});
  ticket = resolve(new_ticket());
  aft_id id = assert_notice(ticket, "ticket.resolved", "suppressed", "opted_out");
  assert_int_equal(desk_effects(&d, ticket, NULL, "notify."), 0);
  assert_explained(id, "en", "opted out of ticket");
}

static void a_survey_that_was_held_and_is_not_wanted_asked_nobody(void **state) {
  (void)state;
  aft_contact_in in = {.quiet_from = 0, .quiet_until = 1439, .zone = AFT_STR("Asia/Shanghai")};
  rules(shop);
  wishes(in);
  aft_id ticket = resolve(new_ticket());
  desk_pass(&d, AFT__HOUR);
  desk_tick(&d);
  assert_notice(ticket, "survey.invite", "held", "quiet_hours");
  in.no_topics = AFT_STR("opinion");
  wishes(in);
  desk_pass(&d, AFT__DAY);
  desk_tick(&d);
  assert_notice(ticket, "survey.invite", "suppressed", "opted_out");
  assert_survey(ticket, "cancelled", "suppressed");
}

static aft_id effect_of(aft_id notice) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *record;
  assert_ok(aft_notice_get(d.session, &d.system, notice, &record, &error));
  aft_id effect = aft_notice_effect(record);
  aft_record_free(record);
  return effect;
}

static void who_was_forgotten_is_told_nothing_more(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_erase_in in = {.size = sizeof in, .customer = d.buyer};
  aft_contact_in wanted = {.channels = AFT_STR("sms")};
  rules(shop);
  set_email("lin@example.org", "13800138000");
  wishes((aft_contact_in){.channels = AFT_STR("email wechat")}); /* the ticket came by WeChat */
  aft_id ticket = resolve(new_ticket()), id = assert_notice(ticket, "ticket.resolved", "queued", "");
  desk_settle(&d, AFT_OUTCOME_DONE);
  aft_id effect = effect_of(id);
  assert_ok(aft_person_erase(d.session, &d.system, &in, NULL, &error));
  for (int i = 0; i < 3; i++) {
    desk_pass(&d, AFT__DAY);
    desk_tick(&d);
  }
  assert_status(wish(&d.system, &wanted, &error), AFT_E_DENIED);
  assert_ok(report(id, AFT_RECEIPT_FAILED, &error));
  desk_tick(&d);
  assert_int_equal(effect_of(id), effect); /* no other channel was tried */
}

static void no_channel_is_left_where_all_were_refused(void **state) {
  (void)state;
  wishes((aft_contact_in){.no_channels = AFT_STR("wechat")});
  aft_id ticket = resolve(new_ticket());
  assert_notice(ticket, "ticket.resolved", "suppressed", "no_channel");
  assert_notice(ticket, "ticket.acknowledged", "suppressed", "no_channel");
}

static void what_must_be_sent_is_sent(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  rules(shop);
  wishes((aft_contact_in){.no_topics = AFT_STR("ticket"), .no_channels = AFT_STR("wechat")});
  aft_id ticket = new_ticket();
  desk_answer(&d, ticket, "请问订单号是多少？");
  desk_pass(&d, 30 * AFT__DAY);
  desk_tick(&d);
  assert_channel(assert_notice(ticket, "ticket.no_reply", "queued", ""), "wechat");
  rules("notifications: {events: {case.*: {must: true}}}\n");
  aft_contact_in all = {.no_topics = AFT_STR("case")};
  assert_status(wish(&d.system, &all, &error), AFT_E_INVALID);
  assert_string_equal(error.where, "contact.no_topics");
}

static void what_is_off_is_not_sent(void **state) {
  (void)state;
  rules("notifications: {events: {default: {off: true}, ticket.resolved: {off: false}}}\n");
  aft_id ticket = new_ticket();
  assert_notice(ticket, "ticket.acknowledged", "suppressed", "off");
  assert_notice(resolve(ticket), "ticket.resolved", "queued", "");
}

/* ---- quiet hours ---- */

static aft_time shanghai(int64_t days, int64_t minutes) {                  /* of 2026-11-18 and later */
  return INT64_C(1794931200000) + days * AFT__DAY + minutes * AFT__MINUTE; /* midnight there */
}

static void at(aft_time time) { desk_pass(&d, time - d.now); }

static void quiet_hours_hold_it_until_they_end(void **state) {
  (void)state;
  wishes((aft_contact_in){.quiet_from = 22 * 60, .quiet_until = 8 * 60, .zone = AFT_STR("Asia/Shanghai")});
  at(shanghai(1, 21 * 60 + 30));
  aft_id awake = resolve(new_ticket());
  assert_notice(awake, "ticket.resolved", "queued", "");
  at(shanghai(1, 22 * 60));
  aft_id ticket = resolve(new_ticket());
  aft_id id = assert_notice(ticket, "ticket.resolved", "held", "quiet_hours");
  assert_notice(ticket, "ticket.acknowledged", "held", "quiet_hours");
  assert_int_equal(desk_effects(&d, ticket, NULL, "notify."), 0);
  assert_explained(id, "en", "held until 2026-11-20 08:00:00 +08:00");
  at(shanghai(2, 8 * 60) - 1);
  desk_tick(&d);
  assert_notice(ticket, "ticket.resolved", "held", "quiet_hours");
  at(shanghai(2, 8 * 60));
  desk_tick(&d);
  assert_notice(ticket, "ticket.resolved", "queued", "");
  assert_int_equal(desk_effects(&d, ticket, NULL, "notify.ticket."), 2);
  desk_tick(&d);
  assert_int_equal(desk_effects(&d, ticket, NULL, "notify.ticket."), 2);
}

static void who_opts_out_meanwhile_is_left_alone(void **state) {
  (void)state;
  aft_contact_in quiet = {.quiet_from = 22 * 60, .quiet_until = 8 * 60, .zone = AFT_STR("Asia/Shanghai")};
  wishes(quiet);
  at(shanghai(1, 23 * 60));
  aft_id ticket = resolve(new_ticket());
  quiet.no_topics = AFT_STR("ticket");
  wishes(quiet);
  at(shanghai(2, 9 * 60));
  desk_tick(&d);
  assert_notice(ticket, "ticket.resolved", "suppressed", "opted_out");
  assert_int_equal(desk_effects(&d, ticket, NULL, "notify.ticket."), 0);
}

static void what_is_urgent_wakes(void **state) {
  (void)state;
  rules("notifications: {events: {ticket.resolved: {urgent: true}}}\n");
  wishes((aft_contact_in){.quiet_from = 0, .quiet_until = 1439, .zone = AFT_STR("Asia/Shanghai")});
  aft_id ticket = resolve(new_ticket());
  assert_notice(ticket, "ticket.resolved", "queued", "");
  assert_notice(ticket, "ticket.acknowledged", "held", "quiet_hours");
}

/* ---- the policy's quiet hours ---- */

/* Resolved in the evening, its survey is due an hour later. */
static aft_id asked_at(aft_time when) {
  at(when - AFT__HOUR - AFT__MINUTE);
  aft_id ticket = resolve(new_ticket());
  at(when);
  desk_tick(&d);
  return ticket;
}

static void a_survey_waits_for_the_morning(void **state) {
  (void)state;
  aft_id ticket = asked_at(shanghai(1, 30));
  aft_id id = assert_notice(ticket, "survey.invite", "held", "quiet_hours");
  assert_explained(id, "en", "held until 2026-11-19 08:00:00 +08:00: the shop's quiet hours");
  at(shanghai(1, 8 * 60) - 1);
  desk_tick(&d);
  assert_int_equal(desk_effects(&d, ticket, "survey.send", ""), 0);
  at(shanghai(1, 8 * 60));
  desk_tick(&d);
  desk_tick(&d);
  assert_notice(ticket, "survey.invite", "queued", "");
  assert_int_equal(desk_effects(&d, ticket, "survey.send", ""), 1);
}

static void what_somebody_waits_for_leaves_by_night(void **state) {
  (void)state;
  at(shanghai(1, 30));
  aft_id ticket = resolve(new_ticket());
  assert_notice(ticket, "ticket.resolved", "queued", "");
  assert_int_equal(desk_effects(&d, ticket, NULL, "notify.ticket.acknowledged"), 1);
}

/* Nobody wrote, so nobody waits for the word that nobody wrote. */
static void what_silence_brings_waits_for_the_morning(void **state) {
  (void)state;
  rules("machines: {ticket: {states: {waiting_customer: {deadline: 48h}}}}\n");
  at(shanghai(1, 23 * 60));
  aft_id ticket = new_ticket();
  desk_answer(&d, ticket, "请提供运单号");
  at(shanghai(3, 23 * 60 + 10));
  desk_tick(&d);
  assert_notice(ticket, "ticket.no_reply", "held", "quiet_hours");
  at(shanghai(4, 8 * 60));
  desk_tick(&d);
  assert_notice(ticket, "ticket.no_reply", "queued", "");
}

static void a_customers_own_hours_come_before_the_policys(void **state) {
  (void)state;
  wishes((aft_contact_in){.quiet_from = 12 * 60, .quiet_until = 14 * 60, .zone = AFT_STR("Asia/Shanghai")});
  assert_notice(asked_at(shanghai(1, 30)), "survey.invite", "queued", "");
  at(shanghai(1, 13 * 60));
  assert_notice(resolve(new_ticket()), "ticket.resolved", "held", "quiet_hours");
}

static void the_policys_hours_are_the_customers_or_the_shops(void **state) {
  (void)state;
  rules("survey: {fatigue: never}\n");
  wishes((aft_contact_in){.zone = AFT_STR("America/New_York")});
  assert_notice(asked_at(shanghai(1, 30)), "survey.invite", "queued", ""); /* noon there */
  assert_notice(asked_at(shanghai(1, 14 * 60)), "survey.invite", "held", "quiet_hours");
  rules("survey: {fatigue: never}\nnotifications: {quiet: {zone: shop, from: '23:00'}}\n");
  assert_notice(asked_at(shanghai(1, 22 * 60 + 30)), "survey.invite", "queued", "");
  assert_notice(asked_at(shanghai(2, 30)), "survey.invite", "held", "quiet_hours");
  rules("survey: {fatigue: never}\nnotifications: {quiet: null}\n");
  assert_notice(asked_at(shanghai(4, 30)), "survey.invite", "queued", "");
}

static void a_survey_of_a_ticket_that_came_back_by_night_is_not_sent(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id ticket = asked_at(shanghai(1, 30));
  aft_act_in in = {.size = sizeof in, .ticket = ticket, .act = AFT_ACT_REOPEN};
  assert_ok(aft_ticket_act(d.session, &d.as_agent, &in, NULL, &error));
  at(shanghai(1, 8 * 60));
  desk_tick(&d);
  aft_id id = assert_notice(ticket, "survey.invite", "suppressed", "obsolete");
  assert_explained(id, "en", "its ticket is worked on again");
  assert_survey(ticket, "cancelled", "suppressed");
  assert_int_equal(desk_effects(&d, ticket, "survey.send", ""), 0);
}

/* The first minute from then on whose clock on the wall shows none of the quiet hours. */
static aft_time walked(const aft_zone *zone, int32_t from, int32_t until, aft_time at_time) {
  for (aft_time t = at_time;; t = (t / AFT__MINUTE + 1) * AFT__MINUTE) {
    int64_t local = t + (int64_t)aft_zone_offset(zone, t) * 1000;
    int64_t minute = (local % AFT__DAY + AFT__DAY) % AFT__DAY / AFT__MINUTE;
    bool quiet = from < until ? minute >= from && minute < until : minute >= from || minute < until;
    if (from == until || !quiet)
      return t;
  }
}

/* Zones with summer time, half hours, none; moments around the nights on which clocks change. */
static void quiet_hours_end_as_a_clock_on_the_wall_shows(void **state) {
  (void)state;
  static const char *const zones[] = {"Europe/Berlin",       "America/New_York", "Asia/Shanghai",
                                      "Australia/Lord_Howe", "America/St_Johns", "UTC"};
  static const aft_time around[] = {INT64_C(1774746000000), INT64_C(1792890000000), INT64_C(1772956800000),
                                    INT64_C(1793512800000), INT64_C(1775314800000), INT64_C(1795000000000)};
  uint64_t seed = seed_of("quiet hours");
  for (int i = 0; i < 600; i++) {
    aft_error error = AFT_ERROR_INIT;
    aft_zone *zone;
    assert_ok(aft_zone_open(d.env, zones[below(&seed, 6)], AFT_NTS, &zone, &error));
    aft__wishes w = {
        .quiet_from = (int32_t)below(&seed, 1440), .quiet_until = (int32_t)below(&seed, 1440), .zone = zone};
    aft_time from = around[below(&seed, 6)] + ((int64_t)below(&seed, 4 * 1440) - 2 * 1440) * AFT__MINUTE +
                    (int64_t)below(&seed, 60000);
    assert_int_equal(aft__notice_awake(&w, from), walked(zone, w.quiet_from, w.quiet_until, from));
    aft_zone_unref(zone);
  }
}

/* ---- several as one ---- */

static const char joining[] =
    "notifications:\n"
    "  events:\n"
    "    ticket.resolved: {coalesce: 10m}\n"
    "texts:\n"
    "  zh: {notify.ticket.resolved: '{code}：{n?处理了 {n} 次}'}\n"
    "  en: {notify.ticket.resolved: '{code}: {n?resolved|resolved {n} times}'}\n";

static void again(aft_id ticket) {
  desk_pass(&d, AFT__MINUTE);
  desk_act(&d, ticket, AFT_ACT_REOPEN);
  desk_act(&d, ticket, AFT_ACT_RESOLVE);
}

static uint32_t in_state(aft_id subject, const char *state) {
  aft_error error = AFT_ERROR_INIT;
  aft_notice_filter filter = {.size = sizeof filter, .subject = subject, .state = AFT_STR(state)};
  aft_cursor *cursor;
  assert_ok(aft_notice_list(d.session, &d.system, &filter, &cursor, &error));
  return desk_count(cursor);
}

static void several_within_the_window_become_one(void **state) {
  (void)state;
  rules(joining);
  aft_id other = new_ticket();
  aft_id ticket = resolve(new_ticket());
  resolve(other);
  assert_notice(ticket, "ticket.resolved", "held", "window");
  again(ticket);
  again(ticket);
  assert_int_equal(in_state(ticket, "coalesced"), 2);
  desk_pass(&d, 8 * AFT__MINUTE); /* ten after the first */
  desk_tick(&d);
  aft_record *notice = notice_of(ticket, "ticket.resolved");
  assert_string_equal(aft_notice_state(notice), "queued");
  assert_int_equal(aft_notice_count(notice), 3);
  assert_explained(aft_notice_id(notice), "en", "takes the place of one that was held");
  aft_record_free(notice);
  assert_int_equal(desk_effects(&d, ticket, NULL, "notify.ticket.resolved"), 1);
  assert_int_equal(
      desk_effects(&d, ticket, NULL, "resolved 3 times") + desk_effects(&d, ticket, NULL, "处理了 3 次"), 1);
  assert_int_equal(desk_effects(&d, other, NULL, "notify.ticket.resolved"),
                   1); /* another matter has its own */
  again(ticket);
  assert_notice(ticket, "ticket.resolved", "held", "window");
}

static void what_must_be_sent_is_never_joined(void **state) {
  (void)state;
  rules("notifications: {events: {default: {coalesce: 10m}, ticket.resolved: {must: true}}}\n");
  aft_id ticket = resolve(new_ticket());
  again(ticket);
  assert_int_equal(desk_effects(&d, ticket, NULL, "notify.ticket.resolved"), 2);
  assert_int_equal(in_state(ticket, "queued"), 2);
}

/* ---- once ---- */

/* The same act under its key, over and over; on a desk whose commits and locks fail at random. */
static void nothing_is_told_twice(void **state) {
  (void)state;
  for (int i = 0; i < 20; i++) {
    aft_error error = AFT_ERROR_INIT;
    aft_call call = d.as_agent;
    char key[24];
    aft_id ticket = new_ticket();
    aft_act_in in = {.size = sizeof in, .ticket = ticket, .act = AFT_ACT_RESOLVE};
    snprintf(key, sizeof key, "resolve-%d", i);
    call.key = AFT_STR(key);
    for (int k = 0; k < 3; k++)
      assert_true(aft_ticket_act(d.session, &call, &in, NULL, &error) >= 0);
    assert_int_equal(desk_effects(&d, ticket, NULL, "notify.ticket.resolved"), 1);
    assert_int_equal(in_state(ticket, "queued"), 1);
  }
}

/* ---- what became of it ---- */

static void the_outbox_tells_that_it_was_sent(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id ticket = resolve(new_ticket());
  desk_settle(&d, AFT_OUTCOME_DONE);
  aft_id id = assert_notice(ticket, "ticket.resolved", "sent", "");
  assert_status(report(id, AFT_RECEIPT_READ, &error), AFT_OK);
  assert_status(report(id, AFT_RECEIPT_READ, &error), AFT_IGNORED);
  assert_status(report(id, AFT_RECEIPT_DELIVERED, &error), AFT_IGNORED); /* reading implies it */
  assert_status(report(id, AFT_RECEIPT_FAILED, &error), AFT_IGNORED);    /* it has been read */
  aft_record *notice = notice_of(ticket, "ticket.resolved");
  assert_string_equal(aft_notice_state(notice), "read");
  assert_int_equal(aft_notice_delivered(notice), d.now);
  assert_int_equal(aft_notice_read(notice), d.now);
  aft_record_free(notice);
}

static void a_report_may_come_before_the_outbox_knows(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id ticket = resolve(new_ticket());
  aft_id id = assert_notice(ticket, "ticket.resolved", "queued", "");
  assert_status(report(id, AFT_RECEIPT_DELIVERED, &error), AFT_OK);
  desk_settle(&d, AFT_OUTCOME_DONE);
  assert_notice(ticket, "ticket.resolved", "delivered", "");
}

static bool noted(aft_id ticket, const char *verb) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *event;
  bool found = false;
  assert_ok(aft_ticket_history(d.session, &d.system, ticket, &cursor, &error));
  while (aft_cursor_next(cursor, &event, &error) == AFT_OK)
    found |= strcmp(aft_event_verb(event), verb) == 0;
  aft_cursor_free(cursor);
  return found;
}

static void a_channel_that_fails_gives_way_to_the_next(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  rules(shop);
  set_email("wang@example.com", "13800000000");
  wishes((aft_contact_in){.channels = AFT_STR("wechat sms")});
  aft_id ticket = resolve(new_ticket());
  aft_id id = assert_notice(ticket, "ticket.resolved", "queued", "");
  desk_settle(&d, AFT_OUTCOME_DEAD); /* the host gave up */
  assert_notice(ticket, "ticket.resolved", "failed", "dead");
  desk_tick(&d);
  assert_notice(ticket, "ticket.resolved", "queued", "");
  assert_channel(id, "sms");
  desk_settle(&d, AFT_OUTCOME_DONE);
  assert_status(report(id, AFT_RECEIPT_FAILED, &error), AFT_OK);
  assert_notice(ticket, "ticket.resolved", "failed", "550");
  desk_tick(&d);
  assert_channel(id, "email");
  assert_false(noted(ticket, "notice.failed"));
  desk_settle(&d, AFT_OUTCOME_DONE);
  assert_status(report(id, AFT_RECEIPT_FAILED, &error), AFT_OK);
  assert_status(report(id, AFT_RECEIPT_FAILED, &error), AFT_IGNORED);
  desk_tick(&d);
  assert_notice(ticket, "ticket.resolved", "failed", "undeliverable"); /* each once */
  assert_true(noted(ticket, "notice.failed"));
  assert_explained(id, "en", "SMS did not deliver it: 550");
  desk_tick(&d);
  aft_notice_filter failed = {.size = sizeof failed, .state = AFT_STR("failed")};
  aft_cursor *cursor;
  assert_ok(aft_notice_list(d.session, &d.system, &failed, &cursor, &error));
  assert_int_equal(desk_count(cursor), 1);
  assert_status(report(id, AFT_RECEIPT_DELIVERED, &error), AFT_OK); /* late, but it arrived */
  assert_notice(ticket, "ticket.resolved", "delivered", "");
}

/* A worker that dies with its lease again and again. */
static void an_effect_that_dies_with_its_lease_counts_as_failed(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id ticket = resolve(new_ticket());
  for (int i = 0; i < 24; i++) {
    aft_cursor *cursor;
    aft_claim_in in = {.size = sizeof in, .lease_ms = 1000};
    assert_ok(aft_outbox_claim(d.session, &in, &cursor, &error));
    aft_cursor_free(cursor);
    desk_pass(&d, 2000);
    desk_tick(&d);
  }
  desk_tick(&d);
  assert_notice(ticket, "ticket.resolved", "failed", "undeliverable");
}

/* ---- who may say and see what ---- */

static void wishes_are_the_customers_own(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_record *record;
  aft_contact_in in = {.channels = AFT_STR("sms"), .locale = AFT_STR("en-GB")};
  assert_status(aft_contact_get(d.session, &d.as_buyer, d.buyer, &record, &error), AFT_E_NOT_FOUND);
  assert_ok(wish(&d.as_buyer, &in, &error));
  assert_status(wish(&d.as_other_buyer, &in, &error), AFT_E_DENIED);
  assert_status(aft_contact_get(d.session, &d.as_other_buyer, d.buyer, &record, &error), AFT_E_DENIED);
  assert_ok(wish(&d.as_agent, &in, &error));
  in = (aft_contact_in){.no_channels = AFT_STR("sms")};
  assert_ok(wish(&d.as_buyer, &in, &error));
  assert_ok(aft_contact_get(d.session, &d.as_buyer, d.buyer, &record, &error));
  assert_string_equal(aft_contact_no_channels(record), "sms");
  assert_true(aft_record_is_null(record, AFT_CONTACT_CHANNELS)); /* it replaces what was said before */
  aft_record_free(record);
}

static void wishes_are_checked(void **state) {
  (void)state;
  static const struct {
    aft_contact_in in;
    const char *where;
  } cases[] = {
      {{.channels = AFT_STR("sms=3")}, "contact.channels"},
      {{.no_channels = AFT_STR("sms  email")}, "contact.no_channels"},
      {{.no_topics = AFT_STR("weather")}, "contact.no_topics"},
      {{.zone = AFT_STR("Asia/Nowhere")}, "contact.zone"},
      {{.zone = AFT_STR("../etc/passwd")}, "contact.zone"},
      {{.quiet_from = 1440}, "contact.quiet_from"},
      {{.quiet_until = -1}, "contact.quiet_until"},
      {{.customer = -5}, "contact.customer"},
  };
  for (size_t i = 0; i < AFT__COUNT(cases); i++) {
    aft_error error = AFT_ERROR_INIT;
    if (wish(&d.system, &cases[i].in, &error) >= 0 || strcmp(error.where, cases[i].where) != 0)
      fail_msg("%s: found %s", cases[i].where, error.where);
  }
  aft_error error = AFT_ERROR_INIT;
  aft_record *record;
  assert_status(aft_contact_get(d.session, &d.system, d.buyer, &record, &error), AFT_E_NOT_FOUND);
}

static void reports_and_filters_are_checked(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_id ticket = resolve(new_ticket());
  aft_id id = assert_notice(ticket, "ticket.resolved", "queued", "");
  assert_status(report(id, 4, &error), AFT_E_INVALID);
  assert_string_equal(error.where, "receipt.what");
  assert_status(report(ticket, AFT_RECEIPT_READ, &error), AFT_E_NOT_FOUND);
  wishes((aft_contact_in){.no_topics = AFT_STR("ticket")});
  aft_id held = assert_notice(resolve(new_ticket()), "ticket.resolved", "suppressed", "opted_out");
  assert_status(report(held, AFT_RECEIPT_READ, &error), AFT_E_TRANSITION);
  aft_notice_filter filter = {.size = sizeof filter};
  assert_status(aft_notice_list(d.session, &d.system, &filter, &cursor, &error), AFT_E_INVALID);
  filter = (aft_notice_filter){.size = sizeof filter, .subject = ticket, .state = AFT_STR("lost")};
  assert_status(aft_notice_list(d.session, &d.system, &filter, &cursor, &error), AFT_E_INVALID);
  filter = (aft_notice_filter){.size = sizeof filter, .subject = ticket, .customer = d.buyer};
  assert_status(aft_notice_list(d.session, &d.system, &filter, &cursor, &error), AFT_E_INVALID);
  filter = (aft_notice_filter){.size = sizeof filter, .subject = ticket};
  assert_status(aft_notice_list(d.session, &d.as_buyer, &filter, &cursor, &error), AFT_E_DENIED);
  assert_status(aft_notice_list(d.session, &d.as_other_agent, &filter, &cursor, &error), AFT_E_DENIED);
  filter = (aft_notice_filter){.size = sizeof filter, .customer = d.buyer};
  assert_status(aft_notice_list(d.session, &d.as_agent, &filter, &cursor, &error), AFT_E_DENIED);
}

/* ---- what a policy may not say ---- */

static void assert_refused(const char *yaml, const char *where, const char *part) {
  aft_error error = AFT_ERROR_INIT;
  aft_policy *policy = NULL;
  aft_buf *faults = NULL;
  aft_document document = {.size = sizeof document, .name = AFT_STR("shop.yaml"), .text = AFT_STR(yaml)};
  aft_policy_options options = {.size = sizeof options, .documents = &document, .count = 1};
  assert_true(aft_policy_load(d.env, &options, &policy, &faults, &error) < 0);
  assert_null(policy);
  if (!strstr(aft_buf_data(faults), part) || strncmp(aft_buf_data(faults), where, strlen(where)) != 0)
    fail_msg("expected %s … %s in:\n%s", where, part, aft_buf_data(faults));
  aft_buf_free(faults);
}

#define NOTICE(zh, en) "version: 1\ntexts:\n  zh:\n    " zh "\n  en:\n    " en "\n"

static void a_template_that_its_event_cannot_fill_is_refused(void **state) {
  (void)state;
  assert_refused(NOTICE("notify.ticket.resolved: '{codes}'", "notify.ticket.resolved: '{codes}'"),
                 "shop.yaml:4:29", "the event ticket.resolved has no field 'codes' (did you mean 'code'?)");
  assert_refused(NOTICE("notify.case.filed: '{until:money}'", "notify.case.filed: '{until}'"),
                 "shop.yaml:4:", "'until' is a time, which is not written as money");
  assert_refused(NOTICE("notify.case.filed: '{until:dote}'", "notify.case.filed: '{until}'"),
                 "shop.yaml:4:", "did you mean 'date'?");
  assert_refused(NOTICE("notify.case.filed: '{n?个}'", "notify.case.filed: '{n?one}'"),
                 "shop.yaml:6:", "English has two");
  assert_refused(NOTICE("notify.case.filed: '{n?个|些}'", "notify.case.filed: '{n?one|more}'"),
                 "shop.yaml:4:", "Chinese has one for all numbers");
  assert_refused(NOTICE("notify.case.filed: '{code?个}'", "notify.case.filed: '{code?a|b}'"),
                 "shop.yaml:4:", "only a number chooses");
  assert_refused(NOTICE("notify.order.sent: a", "notify.order.sent: a"),
                 "shop.yaml:4:", "no event is called");
  assert_refused(NOTICE("notify.ticket.resolved@mail: a", "notify.ticket.resolved@mail: a"),
                 "shop.yaml:4:", "the policy has no channel 'mail'");
  assert_refused(NOTICE("category.other: '{a:money}'", "category.other: '{a:money}'"),
                 "shop.yaml:4:", "only texts of notices");
  assert_refused(NOTICE("notify.survey.invite: null", "notify.survey.invite: null"), "",
                 "which the desk sends");
}

/* Each text in both languages, under one key. */
static void assert_text(const char *key, const char *text, const char *part) {
  char yaml[512];
  snprintf(yaml, sizeof yaml, "version: 1\ntexts:\n  zh:\n    %s: '%s'\n  en:\n    %s: '%s'\n", key, text,
           key, text);
  if (part)
    assert_refused(yaml, "shop.yaml:4:", part);
  else
    rules(strchr(yaml, '\n') + 1);
}

static void a_notice_has_the_fields_of_its_own_event(void **state) {
  (void)state;
  assert_text("notify.case.filed", "{visit}", "the event case.filed has no field 'visit'");
  assert_text("notify.case.filed", "{begins:date}", "no field 'begins'");
  assert_text("notify.case.filed", "{quote:money}", "no field 'quote'");
  assert_text("notify.case.filed", "{account}", "no field 'account'");
  assert_text("notify.case.canceled", "{until}", "no field 'until'");
  assert_text("notify.case.refunding.plain", "{ends:time}", "the event case.refunding has no field 'ends'");
  assert_text("notify.case.visit_booked", "{quote}",
              "expected code, kind, order, reason, visit, amount, begins, ends, n");
  assert_text("notify.case.visit_booked", "{visit} {begins:datetime} {ends:time} {code}", NULL);
  assert_text("notify.case.quoted", "{quote:money} {until:date}", NULL);
  assert_text("notify.case.refunding", "{account} {amount:money} {expected:date}", NULL);
  assert_text("notify.case.our_own_step", "{quote} {until} {address}", NULL);
  assert_text("notify.case.our_own_step", "{visit}", "no field 'visit'");
}

static void a_text_that_nothing_fills_is_refused(void **state) {
  (void)state;
  assert_text("answer.hi", "Dear {customer_name}", "nothing fills the place 'customer_name'");
  assert_text("answer.hi", "{codee}", "(did you mean 'code'?): expected code, subject");
  assert_text("note.look", "{nope}", "expected code, subject");
  assert_text("script.call_back", "{nmae}", "(did you mean 'name'?)");
  assert_text("script.ours", "{nmae}", "(did you mean 'name'?)");
  assert_text("explain.task.rule", "{rule}", "expected task");
  assert_text("case.next.rejected", "{visit}", "nothing fills the place 'visit'");
  assert_text("category.other", "{code}", "expected a text without places");
  assert_text("automation.mine", "{code}", "expected a text without places");
  assert_text("survey.bias", "{answred}", "(did you mean 'answered'?)");
  assert_text("answer.hi", "{code} {subject} {{", NULL);
  assert_text("script.ours", "{code} {task_code} {subject} {name} {phone} {order} {waybill} {reason}", NULL);
  assert_text("case.next.ours", "{code} {until}", NULL);
  assert_text("explain.task.rule", "{task}!", NULL);
  assert_text("host.banner", "{whatever}", NULL);
}

/* The default policy's own texts, said again by a shop. */
static void every_text_of_the_default_may_be_said_again(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft__buf source;
  aft_policy *policy;
  aft__buf_init(&source, d.env);
  assert_ok(aft__image_source(aft__default_image, aft__default_image_size, &source, &error));
  aft_document again = {.size = sizeof again, .name = AFT_STR("again"), .text = aft__buf_view(&source)};
  aft_policy_options options = {.size = sizeof options, .documents = &again, .count = 1};
  assert_ok(aft_policy_load(d.env, &options, &policy, NULL, &error));
  aft_policy_unref(policy);
  aft__buf_done(&source);
}

static void what_no_event_can_do_is_refused(void **state) {
  (void)state;
  static const struct {
    const char *notifications, *where, *part;
  } cases[] = {
      {"{events: {ticket.resolve: {off: true}}}", "shop.yaml:2:26", "did you mean 'ticket.resolved'?"},
      {"{events: {tickets.*: {off: true}}}", "shop.yaml:2:26", "no event is called so"},
      {"{events: {ticket.resolved: {chanels: [same]}}}", "shop.yaml:2:", "did you mean 'channels'?"},
      {"{channels: {sms: {}}, events: {default: {channels: [smss]}}}", "shop.yaml:2:", "did you mean 'sms'?"},
      {"{events: {default: {coalesce: 3d}}}", "shop.yaml:2:", "expected 1s to 1d"},
      {"{events: {default: {must: true, coalesce: 3m}}}", "shop.yaml:2:", "never made one with others"},
      {"{events: {default: {must: true, off: true}}}", "shop.yaml:2:", "cannot be off"},
      {"{quiet: {from: '22:00', until: '22:00'}}", "shop.yaml:2:47",
       "at another time than they begin, found '22:00'"},
      {"{quiet: {from: '22:60'}}", "shop.yaml:2:", "expected a time from 00:00 to 23:59, found '22:60'"},
      {"{quiet: {until: '24:00'}}", "shop.yaml:2:", "expected a time from 00:00 to 23:59, found '24:00'"},
      {"{quiet: {zone: buyer}}", "shop.yaml:2:", "expected customer or shop, found 'buyer'"},
      {"{channels: {same: {}}}", "shop.yaml:2:", "stands for the channel"},
      {"{channels: {sms: {format: htm}}}", "shop.yaml:2:", "did you mean 'html'?"},
      {"{channels: {mail: {format: html, most: 9}}}", "shop.yaml:2:", "only plain text can be cut short"},
      {"{channels: {mail: {subject: nothing}}}", "shop.yaml:2:", "the catalogue has no text 'nothing'"},
      {"{channels: {mail: {subject: explain.tone}}}", "", "those of 'ticket' have no field"},
  };
  for (size_t i = 0; i < AFT__COUNT(cases); i++) {
    char yaml[400];
    snprintf(yaml, sizeof yaml, "version: 1\nnotifications: %s\n", cases[i].notifications);
    assert_refused(yaml, cases[i].where, cases[i].part);
  }
}

static void json_of_a_channel_is_checked(void **state) {
  (void)state;
  assert_refused(
      "version: 1\n"
      "notifications: {channels: {chat: {format: json}}}\n"
      "texts:\n"
      "  zh: {'notify.ticket.resolved@chat': '{{\"a\": {code}}'}\n"
      "  en: {'notify.ticket.resolved@chat': '{{\"a\": \"{code}\"}'}\n",
      "shop.yaml:4:", "expected one value of JSON");
}

/* ---- all that can be sent ---- */

static const aft__filling *sample(const aft__notice_field *fields, aft__filling out[AFT__NOTICE_ROUTE],
                                  size_t *n) {
  for (*n = 0; fields[*n].name; (*n)++)
    out[*n] = (aft__filling){.name = fields[*n].name,
                             .kind = fields[*n].kind,
                             .text = {"<\"&", 3},
                             .number = 1795000000000,
                             .currency = "CNY"};
  return out;
}

static void write_everywhere(const aft_policy *policy, aft_str event) {
  static const char *const locales[] = {"zh", "en"};
  aft__filling values[AFT__NOTICE_ROUTE];
  aft__notice_group group;
  size_t n;
  assert_true(aft__notice_group_of(event, &group));
  sample(aft__notice_fields(group), values, &n);
  for (size_t l = 0; l < 2; l++) {
    aft__buf text, subject;
    aft__buf_init(&text, d.env);
    aft__buf_init(&subject, d.env);
    aft__notice_fill in = {event, aft__cstr("web"), locales[l], values, n};
    assert_true(aft__policy_notice_write(policy, &in, &text, &subject));
    assert_true(text.len > 0);
    aft__buf_char(&text, '\0');
    assert_null(strchr(text.data, '{')); /* every place was filled */
    aft__buf_done(&text);
    aft__buf_done(&subject);
  }
}

/* What machines of the default policy name, and what the desk sends by itself. */
static void every_notice_has_its_words_and_their_fields(void **state) {
  (void)state;
  aft_policy *policy;
  aft_error error = AFT_ERROR_INIT;
  uint32_t n = 0;
  assert_ok(aft_policy_default(d.env, &policy, &error));
  for (uint32_t i = 0; aft__notice_own(i); i++, n++)
    write_everywhere(policy, aft__cstr(aft__notice_own(i)));
  for (uint32_t m = 0; aft__policy_machine_at(policy, m); m++) {
    const aft__flow *flow = aft__policy_machine_at(policy, m);
    bool ticket = strcmp(flow->name, "ticket") == 0;
    for (uint32_t e = 0; e < flow->n_effects; e++) {
      char event[96];
      if (strcmp(flow->texts + flow->effects[e].verb, "notify") != 0)
        continue;
      snprintf(event, sizeof event, "%s%s", ticket ? "" : "case.", flow->texts + flow->effects[e].arg);
      write_everywhere(policy, aft__cstr(event));
      n++;
    }
  }
  assert_true(n > 100);
  aft_policy_unref(policy);
}

#define CASE(test, kind) \
  { #test ", " #kind, test, open_kind, shut, (void *)(intptr_t)(DESK_##kind) }
#define EVERYWHERE(test) CASE(test, SQLITE), CASE(test, MEMORY), CASE(test, HOSTILE)

int main(void) {
  const struct CMUnitTest tests[] = {
      EVERYWHERE(without_wishes_it_leaves_at_once_where_it_came_from),
      EVERYWHERE(an_acknowledgement_keeps_no_record),
      EVERYWHERE(the_customers_order_comes_first),
      EVERYWHERE(a_channel_without_an_address_is_passed_over),
      EVERYWHERE(each_channel_has_its_form),
      EVERYWHERE(what_a_customer_opted_out_of_is_not_sent),
      EVERYWHERE(a_survey_that_was_held_and_is_not_wanted_asked_nobody),
      EVERYWHERE(who_was_forgotten_is_told_nothing_more),
      EVERYWHERE(no_channel_is_left_where_all_were_refused),
      EVERYWHERE(what_must_be_sent_is_sent),
      EVERYWHERE(what_is_off_is_not_sent),
      EVERYWHERE(quiet_hours_hold_it_until_they_end),
      EVERYWHERE(who_opts_out_meanwhile_is_left_alone),
      EVERYWHERE(what_is_urgent_wakes),
      EVERYWHERE(a_survey_waits_for_the_morning),
      EVERYWHERE(what_somebody_waits_for_leaves_by_night),
      EVERYWHERE(what_silence_brings_waits_for_the_morning),
      EVERYWHERE(a_customers_own_hours_come_before_the_policys),
      EVERYWHERE(the_policys_hours_are_the_customers_or_the_shops),
      EVERYWHERE(a_survey_of_a_ticket_that_came_back_by_night_is_not_sent),
      CASE(quiet_hours_end_as_a_clock_on_the_wall_shows, MEMORY),
      EVERYWHERE(several_within_the_window_become_one),
      EVERYWHERE(what_must_be_sent_is_never_joined),
      EVERYWHERE(nothing_is_told_twice),
      EVERYWHERE(the_outbox_tells_that_it_was_sent),
      EVERYWHERE(a_report_may_come_before_the_outbox_knows),
      EVERYWHERE(a_channel_that_fails_gives_way_to_the_next),
      EVERYWHERE(an_effect_that_dies_with_its_lease_counts_as_failed),
      EVERYWHERE(wishes_are_the_customers_own),
      CASE(wishes_are_checked, MEMORY),
      EVERYWHERE(reports_and_filters_are_checked),
      CASE(a_template_that_its_event_cannot_fill_is_refused, MEMORY),
      CASE(a_notice_has_the_fields_of_its_own_event, MEMORY),
      CASE(a_text_that_nothing_fills_is_refused, MEMORY),
      CASE(every_text_of_the_default_may_be_said_again, MEMORY),
      CASE(what_no_event_can_do_is_refused, MEMORY),
      CASE(json_of_a_channel_is_checked, MEMORY),
      CASE(every_notice_has_its_words_and_their_fields, MEMORY),
  };
  static const char *const not_there[] = {"MEMORY", "HOSTILE"};
  return RUN_CASES(tests, not_there);
}
