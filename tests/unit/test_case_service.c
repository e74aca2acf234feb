/* What a case says to its buyer, its host and people: notices, payloads, links, visits, offers and signs of
 * risk. */
#include "case_fixture.h"
#include "case_story.h"
#include "desk/tables/tables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void assert_says(char *payload, const char *part) {
  if (!strstr(payload, part))
    fail_msg("expected %s in %s", part, payload);
  free(payload);
}

static void assert_silent(char *payload, const char *part) {
  if (strstr(payload, part))
    fail_msg("expected no %s in %s", part, payload);
  free(payload);
}

static char *text_of(aft_buf *buf) {
  char *text = malloc(aft_buf_size(buf) + 1);
  memcpy(text, aft_buf_data(buf), aft_buf_size(buf));
  text[aft_buf_size(buf)] = 0;
  aft_buf_free(buf);
  return text;
}

/* ---- notices ---- */

static void speaks(case_desk *c, const char *locale) {
  aft_error error = AFT_ERROR_INIT;
  aft_customer_in in = {.size = sizeof in, .id = c->d.buyer, .locale = AFT_STR(locale)};
  assert_ok(aft_customer_put(c->d.session, &c->d.system, &in, NULL, &error));
}

/* The deadline of the state that the case has come to, not of the one it comes from. */
static void a_notice_names_the_deadline_to_come(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  speaks(&c, "en");
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "not_as_described", c.line[0], 1);
  case_act(&c, &c.d.as_agent, id, "reject"); /* 7 days to dispute; an answer was owed within 48 hours */
  aft_record *record = case_get(&c, id);
  assert_int_equal(aft_record_time(record, AFT_CASE_DUE), c.d.now + 7 * CASE_DAY);
  aft_record_free(record);
  assert_says(case_payload(&c, id, "message.send"), "until 25 November 2026");
  END_DESK(c)
}

static void expect_notice(case_desk *c, aft_id id, const char *state, const char *reason) {
  aft_error error = AFT_ERROR_INIT;
  aft_notice_filter filter = {.size = sizeof filter, .subject = id};
  aft_cursor *cursor;
  aft_record *notice;
  assert_ok(aft_notice_list(c->d.session, &c->d.system, &filter, &cursor, &error));
  assert_status(aft_cursor_next(cursor, &notice, &error), AFT_OK);
  assert_string_equal(aft_notice_state(notice), state);
  assert_string_equal(aft_notice_reason(notice), reason);
  aft_cursor_free(cursor);
}

/* The last effect of the case; settled as given up. */
static void give_up(case_desk *c, const char *topic) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *effect;
  bool any = true;
  while (any) {
    any = false;
    assert_ok(aft_outbox_claim(c->d.session, NULL, &cursor, &error));
    while (aft_cursor_next(cursor, &effect, &error) == AFT_OK) {
      any = true;
      uint32_t outcome = strcmp(aft_effect_topic(effect), topic) ? AFT_OUTCOME_DONE : AFT_OUTCOME_DEAD;
      assert_ok(aft_outbox_settle(c->d.session, aft_effect_id(effect), aft_effect_fence(effect), outcome,
                                  NULL, &error));
    }
    aft_cursor_free(cursor);
  }
}

static bool is_noted(case_desk *c, aft_id id, const char *verb) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *event;
  bool found = false;
  assert_ok(aft_case_parts(c->d.session, &c->d.system, id, AFT_KIND_EVENT, &cursor, &error));
  while (aft_cursor_next(cursor, &event, &error) == AFT_OK)
    found |= strcmp(aft_event_verb(event), verb) == 0;
  aft_cursor_free(cursor);
  return found;
}

/* Held through quiet hours, then written as things were, by the customer's own clock; and given up. */
static void a_notice_of_a_case_waits_and_is_given_up(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_error error = AFT_ERROR_INIT;
  aft_contact_in wishes = {.size = sizeof wishes,
                           .customer = c.d.buyer,
                           .zone = AFT_STR("America/New_York"),
                           .locale = AFT_STR("en"),
                           .quiet_until = 8 * 60};
  assert_ok(aft_contact_put(c.d.session, &c.d.as_buyer, &wishes, NULL, &error));
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "not_as_described", c.line[0], 1);
  case_act(&c, &c.d.as_agent, id, "reject");
  expect_notice(&c, id, "held", "quiet_hours");
  c.d.now += 3 * CASE_HOUR;
  desk_tick(&c.d);
  expect_notice(&c, id, "queued", "");
  assert_says(case_payload(&c, id, "message.send"), "until 25 November 2026, 06:06");
  assert_says(case_payload(&c, id, "message.send"), "\"notice_id\"");
  give_up(&c, "message.send");
  expect_notice(&c, id, "failed", "dead");
  desk_tick(&c.d);
  expect_notice(&c, id, "failed", "undeliverable");
  assert_true(is_noted(&c, id, "notice.failed"));
  END_DESK(c)
}

static void a_notice_names_the_money_that_moves(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  speaks(&c, "en");
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 3);
  case_ship(&c, id, "SF1");
  case_act(&c, &c.d.as_agent, id, "receive");
  case_find(&c, id, c.line[0], "ok", 1);
  case_find(&c, id, c.line[0], "missing", 2);
  case_act(&c, &c.d.as_agent, id, "accept_goods");
  assert_says(case_payload(&c, id, "message.send"), "90.00");
  END_DESK(c)
}

static void with_recipient(case_desk *c, desk_kind kind) {
  case_story story;
  case_story_open(c, &story, kind, CASE_DELIVERED);
  story.facts.recipient = c->d.other_buyer;
  case_story_tell(c, &story);
}

/* A gift is sent back by whom it was for: no price, and no hole where it would stand. */
static void a_recipient_reads_a_whole_sentence(void **state) {
  ON_EACH_DESK(c, with_recipient(&c, kind))
  aft_id id = case_file(&c, &c.d.as_other_buyer, "return", "changed_mind", c.line[0], 1);
  case_ship(&c, id, "SF1");
  case_act(&c, &c.d.as_agent, id, "receive");
  case_act(&c, &c.d.as_agent, id, "accept_goods");
  assert_silent(case_payload(&c, id, "message.send"), "90.00");
  assert_says(case_payload(&c, id, "message.send"), "退还给付款人");
  END_DESK(c)
}

static void a_notice_goes_where_the_customer_writes(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  desk_say(&c.d, "m1", "杯子我想退货");
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 1);
  assert_says(case_payload(&c, id, "message.send"), "\"channel\":\"wechat\"");
  assert_says(case_payload(&c, id, "message.send"), "\"handle\":\"");
  END_DESK(c)
}

/* ---- what the host needs to act ---- */

static void the_warehouse_learns_what_to_set_aside(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_case_line_in one = {
      .size = sizeof one, .line = c.line[0], .quantity = 2, .wants = AFT_STR("bowl"), .wants_price = 9000};
  aft_case_in in = {
      .kind = AFT_STR("exchange"), .reason = AFT_STR("changed_mind"), .lines = &one, .n_lines = 1};
  aft_id id = case_file_in(&c, &c.d.system, &in);
  assert_says(case_payload(&c, id, "goods.reserve"),
              "\"lines\":[{\"ref\":\"cup\",\"sku\":\"bowl\",\"quantity\":2}]");
  case_act(&c, &c.d.as_buyer, id, "cancel");
  assert_says(case_payload(&c, id, "goods.unreserve"), "\"sku\":\"bowl\"");
  END_DESK(c)
}

static void the_carrier_learns_which_parcel(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_SHIPPED))
  aft_id id = case_file(&c, &c.d.as_buyer, "refund", "changed_mind", c.line[0], 3);
  assert_case(&c, id, "intercepting");
  assert_says(case_payload(&c, id, "parcel.intercept"), "\"carrier\":\"sf\",\"waybill\":\"SF100000001\"");
  END_DESK(c)
}

/* ---- links ---- */

static aft_link_keys *ring(case_desk *c) {
  static const uint8_t secret[32] = "a secret of thirty-two bytes ...";
  aft_error error = AFT_ERROR_INIT;
  aft_signing_key key = {.size = sizeof key, .name = AFT_STR("k"), .secret = secret, .n = sizeof secret};
  aft_link_keys *keys;
  assert_ok(aft_link_keys_new(c->d.env, &key, 1, &keys, &error));
  return keys;
}

static aft_link_opened by_link(case_desk *c, aft_id order, aft_id of) {
  aft_error error = AFT_ERROR_INIT;
  aft_link_keys *keys = ring(c);
  aft_buf *token;
  aft_link_in in = {
      .size = sizeof in, .customer = c->d.buyer, .order = order, .of = of, .lifetime = 2 * CASE_DAY};
  aft_link_opened opened = {.size = sizeof opened};
  assert_ok(aft_link_make(c->d.session, &c->d.system, keys, &in, &token, NULL, &error));
  assert_ok(aft_link_open(c->d.session, c->d.tenant, keys,
                          (aft_str){aft_buf_data(token), aft_buf_size(token)}, &opened, &error));
  aft_buf_free(token);
  aft_link_keys_unref(keys);
  return opened;
}

static void a_link_for_one_case_opens_another(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id mine = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 1);
  aft_id other = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 1);
  aft_link_opened link = by_link(&c, 0, mine);
  aft_case_act_in ship = {.case_id = other, .event = AFT_STR("ship"), .waybill = AFT_STR("SF1")};
  assert_gives(case_attempt(&c, &link.call, &ship), AFT_E_DENIED);
  assert_gives(case_try(&c, &link.call, other, "cancel"), AFT_E_DENIED);
  assert_gives(case_file_try(&c, &link.call, "return", "changed_mind", c.line[0], 1), AFT_E_DENIED);
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  assert_status(aft_ticket_list(c.d.session, &link.call, NULL, &cursor, &error), AFT_E_DENIED);
  aft_buf *story;
  assert_status(aft_case_get(c.d.session, &link.call, other, NULL, &error), AFT_E_DENIED);
  assert_status(aft_case_timeline(c.d.session, &link.call, other, "en", &story, &error), AFT_E_DENIED);
  assert_status(aft_evidence_list(c.d.session, &link.call, other, &cursor, &error), AFT_E_DENIED);
  assert_ok(aft_case_timeline(c.d.session, &link.call, mine, "en", &story, &error));
  aft_buf_free(story);
  ship.case_id = mine;
  assert_gives(case_attempt(&c, &link.call, &ship), AFT_OK);
  END_DESK(c)
}

static void a_link_for_an_order_is_for_its_cases(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_link_opened link = by_link(&c, c.order, 0);
  aft_id id = case_file(&c, &link.call, "return", "changed_mind", c.line[0], 1);
  case_act(&c, &link.call, id, "cancel");
  case_story story;
  aft_id first = c.order;
  case_story_usual(&story, &c.d, CASE_DELIVERED);
  story.facts.number = AFT_STR("O-2");
  story.payments[0].ref = AFT_STR("pay-3");
  story.payments[1].ref = AFT_STR("pay-4");
  case_story_tell(&c, &story);
  assert_gives(case_file_try(&c, &link.call, "return", "changed_mind", c.line[0], 1), AFT_E_DENIED);
  assert_int_not_equal(first, c.order);
  END_DESK(c)
}

static void a_link_that_outlives_its_end(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_error error = AFT_ERROR_INIT;
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 1);
  aft_link_opened taken = by_link(&c, 0, id), ended = by_link(&c, 0, id);
  uint32_t before = case_refusals(&c);
  assert_ok(aft_link_revoke(c.d.session, &c.d.system, taken.link, NULL, &error));
  assert_gives(case_try(&c, &taken.call, id, "cancel"), AFT_E_DENIED);
  desk_pass(&c.d, 3 * CASE_DAY);
  assert_gives(case_try(&c, &ended.call, id, "cancel"), AFT_E_DENIED);
  assert_int_equal(case_refusals(&c), before + 2);
  assert_case(&c, id, "approved");
  ended.call.actor = c.d.other_buyer; /* somebody else's name on it */
  assert_gives(case_try(&c, &ended.call, id, "cancel"), AFT_E_DENIED);
  END_DESK(c)
}

/* ---- visits ---- */

static aft_status book(case_desk *c, const aft_call *as, aft_appointment_in *in, aft_id *out) {
  aft_record *made = NULL;
  in->size = sizeof *in;
  case_error = (aft_error)AFT_ERROR_INIT;
  aft_status status = aft_appointment_put(c->d.session, as, in, &made, &case_error);
  if (out)
    *out = made ? aft_appointment_id(made) : 0;
  aft_record_free(made);
  return status;
}

static aft_appointment_in pickup(case_desk *c, aft_id id, int64_t in_hours) {
  return (aft_appointment_in){.case_id = id,
                              .act = AFT_BOOKING_BOOK,
                              .kind = AFT_STR("pickup"),
                              .begins = c->d.now + in_hours * CASE_HOUR,
                              .ends = c->d.now + (in_hours + 2) * CASE_HOUR,
                              .address = AFT_STR("杭州")};
}

static void a_visit_is_told_with_its_window(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 1), visit;
  aft_appointment_in in = pickup(&c, id, 24);
  char begins[40];
  snprintf(begins, sizeof begins, "\"begins\":%lld", (long long)in.begins);
  assert_gives(book(&c, &c.d.as_buyer, &in, &visit), AFT_OK);
  assert_says(case_payload(&c, id, "appointment.booked"), begins);
  assert_says(case_payload(&c, id, "message.send"), "上门取件");
  aft_error error = AFT_ERROR_INIT;
  aft_buf *story;
  assert_ok(aft_case_timeline(c.d.session, &c.d.as_buyer, id, "en", &story, &error));
  assert_says(text_of(story), "\"visit\":\"pick-up\",\"state\":\"booked\"");
  assert_gives(book(&c, &c.d.as_buyer, &in, NULL), AFT_E_EXISTS); /* once is enough */
  in.begins = in.ends;
  assert_gives(book(&c, &c.d.as_buyer, &in, NULL), AFT_E_INVALID);
  in = pickup(&c, id, -5);
  assert_gives(book(&c, &c.d.as_buyer, &in, NULL), AFT_E_INVALID);
  in = pickup(&c, id, 24);
  in.kind = AFT_STR("party");
  assert_gives(book(&c, &c.d.as_buyer, &in, NULL), AFT_E_INVALID);
  END_DESK(c)
}

static void a_visit_that_nobody_came_to(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 1), visit, again;
  aft_appointment_in in = pickup(&c, id, 24);
  assert_gives(book(&c, &c.d.as_buyer, &in, &visit), AFT_OK);
  uint32_t work = case_requests(&c, id, "work.order");
  desk_pass(&c.d, 27 * CASE_HOUR);
  desk_tick(&c.d);
  desk_tick(&c.d);
  assert_int_equal(case_requests(&c, id, "work.order"), work + 1); /* nobody said what became of it: once */
  aft_appointment_in act = {.appointment = visit, .act = AFT_BOOKING_NO_SHOW};
  assert_gives(book(&c, &c.d.as_buyer, &act, NULL), AFT_E_DENIED);
  assert_gives(book(&c, &c.d.as_agent, &act, NULL), AFT_OK);
  in = pickup(&c, id, 24);
  in.act = AFT_BOOKING_REBOOK;
  in.appointment = visit;
  assert_gives(book(&c, &c.d.as_buyer, &in, &again), AFT_OK);
  assert_int_not_equal(again, visit);
  assert_says(case_payload(&c, id, "appointment.booked"), "\"attempt\":2");
  act.appointment = again;
  act.act = AFT_BOOKING_KEPT;
  assert_gives(book(&c, &c.d.as_agent, &act, NULL), AFT_OK);
  act.act = AFT_BOOKING_CANCEL;
  assert_gives(book(&c, &c.d.as_agent, &act, NULL), AFT_E_TRANSITION);
  desk_pass(&c.d, 48 * CASE_HOUR);
  desk_tick(&c.d);
  assert_int_equal(case_requests(&c, id, "work.order"), work + 1);
  END_DESK(c)
}

static void a_visit_to_a_case_that_is_over(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 1);
  aft_appointment_in in = pickup(&c, id, 24);
  assert_gives(book(&c, &c.d.as_buyer, &in, NULL), AFT_OK);
  case_act(&c, &c.d.as_buyer, id, "cancel");
  assert_int_equal(case_requests(&c, id, "appointment.cancelled"), 1);
  uint32_t work = case_requests(&c, id, "work.order");
  desk_pass(&c.d, 48 * CASE_HOUR);
  desk_tick(&c.d);
  assert_int_equal(case_requests(&c, id, "work.order"), work);
  assert_gives(book(&c, &c.d.as_buyer, &in, NULL), AFT_E_TRANSITION);
  END_DESK(c)
}

/* ---- offers ---- */

static char *offers(case_desk *c, aft_id ticket, const char *locale) {
  aft_error error = AFT_ERROR_INIT;
  aft_buf *buf;
  assert_ok(aft_case_offers(c->d.session, &c->d.as_agent, ticket, locale, &buf, &error));
  return text_of(buf);
}

static void a_ticket_offers_what_it_asks_for(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_message_in in = desk_message(&c.d, "m1", "申请退货，寄回地址是哪里？");
  aft_error error = AFT_ERROR_INIT;
  aft_record *message;
  in.order = AFT_STR("O-1");
  assert_ok(aft_intake(c.d.session, &c.d.system, &in, &message, &error));
  aft_id ticket = aft_message_ticket(message);
  aft_record_free(message);
  assert_says(offers(&c, ticket, "zh"), "\"kind\":\"return\",\"reason\":\"changed_mind\"");
  /* each article alone, with the money that it gives back */
  assert_says(offers(&c, ticket, "zh"), "\"ref\":\"pot\"");
  assert_says(offers(&c, ticket, "en"), "\"amount\":27000");
  assert_silent(offers(&c, ticket, "en"), "\"money\":[]");
  END_DESK(c)
}

/* What would be the buyer's way back is the shop's for those whose tier says so, and the reason tells. */
static void a_tier_brings_its_way_back(void **state) {
  static const struct {
    const char *tier, *policy, *payer;
  } ways[] = {
      {"", NULL, "buyer"},
      {"gold", NULL, "seller"},
      {"gold", "version: 1\ntiers: {gold: {privileges: [advance_refund]}}\n", "buyer"},
      {"gold", "version: 1\ncases: {money: {freight_back: [{when: {free_pickup: true}, payer: platform}]}}\n",
       "platform"}};
  (void)state;
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
    case_desk c;
    case_story story;
    aft_error error = AFT_ERROR_INIT;
    case_story_open(&c, &story, DESK_MEMORY, CASE_DELIVERED);
    if (ways[i].policy)
      case_story_policy(&c, ways[i].policy);
    aft_customer_in buyer = {
        .size = sizeof buyer, .external = AFT_STR("wang"), .tier = AFT_STR(ways[i].tier)};
    aft_record *customer;
    assert_ok(aft_customer_put(c.d.session, &c.d.system, &buyer, &customer, &error));
    assert_int_equal(aft_customer_id(customer), c.d.buyer);
    aft_record_free(customer);
    case_story_tell(&c, &story);
    aft_id id = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 1);
    aft_record *record = case_get(&c, id);
    assert_string_equal(aft_case_freight(record), ways[i].payer);
    aft_record_free(record);
    aft_buf *why;
    assert_ok(aft_case_explain(c.d.session, &c.d.system, id, "freight", "en", &why, &error));
    bool rule = strstr(aft_buf_data(why), "pays the way back, by a rule of the shop") != NULL;
    assert_int_equal(rule, strcmp(ways[i].payer, "buyer") != 0);
    aft_buf_free(why);
    case_desk_close(&c);
  }
}

/* ---- a season ---- */

#define SEASON "version: 1\ncases: {season: {name: double_eleven, by: 72h, kinds: [return]}}\n"

static int64_t time_of(case_desk *c, aft_id id, uint32_t field) {
  aft_record *record = case_get(c, id);
  int64_t time = aft_record_is_null(record, field) ? 0 : aft_record_time(record, field);
  aft_record_free(record);
  return time;
}

typedef struct counting {
  aft_id tenant, of;
  uint32_t n;
} counting;

static aft_status count_extended(aft__tx *tx, void *user, aft_error *error) {
  counting *c = user;
  aft__scan scan = {.table = &aft__event_table,
                    .index = AFT__EV_BY_SUBJECT,
                    .n_equal = 2,
                    .equal = {aft__int(c->tenant), aft__int(c->of)},
                    .limit = 1000};
  aft__value **rows;
  uint32_t n;
  AFT__TRY(aft__scan_all(tx, &scan, &rows, &n, error));
  c->n = 0;
  for (uint32_t i = 0; i < n; i++)
    c->n += aft__str_eq(aft__value_str(&rows[i][AFT__EV_VERB]), aft__cstr("case.extended"));
  return AFT_OK;
}

/* How often the audit says that a stage was made to last longer. */
static uint32_t extended(case_desk *c, aft_id id) {
  aft__tx_options options = {.name = "count", .read = true};
  counting counted = {.tenant = c->d.tenant, .of = id};
  assert_gives(aft__tx_run(c->d.session, &options, count_extended, &counted, &case_error), AFT_OK);
  return counted.n;
}

/* Stages that have begun, once each, and those that begin; never what law demands, and nothing twice. */
static void a_season_makes_stages_last_longer(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 1);
  aft_id other = case_file(&c, &c.d.as_agent, "repair", "repair_wanted", c.line[1], 1);
  aft_time due = time_of(&c, id, AFT_CASE_DUE), of_other = time_of(&c, other, AFT_CASE_DUE);
  aft_time law = time_of(&c, id, AFT_CASE_REFUND_BY);
  desk_policy(&c.d, SEASON);
  assert_int_equal(time_of(&c, id, AFT_CASE_DUE), due); /* until the tick */
  desk_tick(&c.d);
  assert_int_equal(time_of(&c, id, AFT_CASE_DUE), due + 72 * CASE_HOUR);
  assert_int_equal(time_of(&c, other, AFT_CASE_DUE), of_other);
  assert_int_equal(time_of(&c, id, AFT_CASE_REFUND_BY), law);
  assert_int_equal(extended(&c, id), 1);
  assert_int_equal(desk_effects(&c.d, id, "message.send", "\"notice\":\"notify.case.extended\""), 1);
  assert_int_equal(desk_effects(&c.d, id, "message.send", "已延长至 2026年11月28日"), 1);
  desk_policy(&c.d, SEASON "survey: {enabled: false}\n");
  desk_tick(&c.d);
  assert_int_equal(time_of(&c, id, AFT_CASE_DUE), due + 72 * CASE_HOUR);
  assert_int_equal(extended(&c, id), 1);
  desk_pass(&c.d, due + CASE_HOUR - atomic_load(&c.d.now)); /* the buyer has not sent it yet */
  desk_tick(&c.d);
  assert_case(&c, id, "approved");
  assert_int_equal(desk_effects(&c.d, id, "message.send", "\"notice\":\"notify.case.extended\""), 1);
  case_ship(&c, id, "SF1"); /* the stage that begins lasts longer too */
  assert_int_equal(extended(&c, id), 2);
  aft_buf *why;
  assert_gives(aft_case_explain(c.d.session, &c.d.system, id, "due", "en", &why, &case_error), AFT_OK);
  assert_says(text_of(why), "extended by 3 d in the season \"double_eleven\"");
  desk_policy(&c.d, "version: 1\n");
  desk_tick(&c.d);
  case_act(&c, &c.d.as_agent, id, "receive");
  assert_int_equal(extended(&c, id), 2);
  assert_gives(aft_case_verify(c.d.session, &c.d.system, id, &case_error), AFT_OK);
  END_DESK(c)
}

/* A stage that counts every hour keeps no chain, and is explained all the same. */
static void a_case_says_when_its_stage_ends(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_buf *why;
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 1);
  aft_time due = time_of(&c, id, AFT_CASE_DUE);
  char ends[AFT__CLOCK_TEXT + 16] = "due at ";
  aft__clock_text(due, 8 * 3600, ends + strlen(ends));
  assert_gives(aft_case_explain(c.d.session, &c.d.system, id, "due", "en", &why, &case_error), AFT_OK);
  char *text = text_of(why);
  assert_non_null(strstr(text, "may last"));
  assert_non_null(strstr(text, ends));
  free(text);
  END_DESK(c)
}

typedef struct governing {
  aft_id real, made;
} governing;

static aft_status govern(aft__tx *tx, void *user, aft_error *error) {
  const governing *g = user;
  aft__value *real, *made;
  AFT__TRY(aft__get(tx, &aft__case_table, g->real, &real, error));
  AFT__TRY(aft__get(tx, &aft__case_table, g->made, &made, error));
  made[AFT__CASE_POLICY] = real[AFT__CASE_POLICY];
  made[AFT__CASE_DOCUMENT] = real[AFT__CASE_DOCUMENT];
  return aft__update(tx, &aft__case_table, made,
                     UINT64_C(1) << AFT__CASE_POLICY | UINT64_C(1) << AFT__CASE_DOCUMENT, error);
}

/* A case of its own that is governed by the same policy as a real one. */
static aft_id case_like(case_desk *c, aft_id real, aft_id order) {
  aft__tx_options options = {.name = "govern"};
  governing g = {real, case_new(&c->d, order, c->d.other_buyer)};
  aft_status status = AFT_E_UNKNOWN;
  while (status == AFT_E_UNKNOWN) /* doing it again changes nothing */
    status = aft__tx_run(c->d.session, &options, govern, &g, &case_error);
  assert_gives(status, AFT_OK);
  return g.made;
}

/* However many are open, and however the steps fall. */
static void a_season_reaches_every_open_case(void **state) {
  enum {
    CASES = 120
  };
  case_desk c;
  aft_id ids[CASES];
  (void)state;
  case_usual(&c, DESK_HOSTILE, CASE_DELIVERED);
  aft_id order = case_order(&c.d, "A-1", c.d.other_buyer, 0, 0);
  aft_id real = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 1);
  for (int i = 0; i < CASES; i++) {
    ids[i] = case_like(&c, real, order);
    if (i % 8) /* the rest have no end */
      case_set(&c.d, ids[i], AFT__CASE_DUE, DESK_START + 10 * CASE_DAY + i / 3 * CASE_HOUR, false);
  }
  desk_policy(&c.d, SEASON);
  desk_tick(&c.d);
  for (int i = 0; i < CASES; i++) {
    aft_time end = i % 8 ? DESK_START + 13 * CASE_DAY + i / 3 * CASE_HOUR : 0;
    assert_int_equal(time_of(&c, ids[i], AFT_CASE_DUE), end);
    assert_int_equal(extended(&c, ids[i]), end != 0);
  }
  case_desk_close(&c);
}

static void an_order_says_what_can_be_filed(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_error error = AFT_ERROR_INIT;
  aft_buf *buf;
  char *before = case_picture(&c);
  assert_ok(aft_order_options(c.d.session, &c.d.as_buyer, c.order, "en", &buf, &error));
  char *text = text_of(buf), *after = case_picture(&c);
  static const char *const parts[] = {"\"kind\":\"return\"", "\"kind\":\"exchange\"", "\"kind\":\"repair\"",
                                      "\"verdict\":\"yes\""};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
    assert_non_null(strstr(text, parts[i]));
  assert_string_equal(before, after); /* nothing of it is kept */
  free(before);
  free(after);
  free(text);
  END_DESK(c)
}

/* ---- signs of risk ---- */

static void nine_cups(case_desk *c, desk_kind kind) {
  case_story story;
  case_story_open(c, &story, kind, CASE_DELIVERED);
  case_story_one(&story, 9, 90000);
  case_story_tell(c, &story);
}

static bool has_signal(case_desk *c, aft_id id, const char *kind) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *signal;
  bool found = false;
  assert_ok(aft_case_parts(c->d.session, &c->d.system, id, AFT_KIND_SIGNAL, &cursor, &error));
  while (aft_cursor_next(cursor, &signal, &error) == AFT_OK)
    found |= strcmp(aft_signal_kind(signal), kind) == 0;
  aft_cursor_free(cursor);
  return found;
}

/* Twice the parcel was empty: the third one is looked at, and told why. */
static void a_box_that_was_empty_before(void **state) {
  ON_EACH_DESK(c, nine_cups(&c, kind))
  for (int i = 0; i < 3; i++) {
    char waybill[8] = {'S', 'F', (char)('1' + i)};
    aft_id id = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 1);
    assert_int_equal(has_signal(&c, id, "empty_box"), i == 2);
    if (i == 2) {
      assert_case(&c, id, "requested");
      aft_error error = AFT_ERROR_INIT;
      aft_buf *why;
      assert_ok(aft_case_explain(c.d.session, &c.d.as_agent, id, NULL, "en", &why, &error));
      assert_says(text_of(why), "empty");
      break;
    }
    case_ship(&c, id, waybill);
    case_act(&c, &c.d.as_agent, id, "receive");
    case_find(&c, id, c.line[0], i ? "missing" : "wrong", 1);
    case_act(&c, &c.d.as_agent, id, "refuse_goods");
  }
  END_DESK(c)
}

static void a_reason_that_changes_each_time(void **state) {
  ON_EACH_DESK(c, nine_cups(&c, kind))
  static const char *const reasons[] = {"changed_mind", "size_small", "not_as_described", "changed_mind"};
  for (int i = 0; i < 4; i++) {
    aft_id id = case_file(&c, &c.d.as_buyer, "return", reasons[i], c.line[0], 1);
    assert_int_equal(has_signal(&c, id, "reason_drift"), i >= 2);
    case_act(&c, &c.d.as_buyer, id, "cancel");
  }
  END_DESK(c)
}

/* ---- settlement of the order ---- */

static uint32_t order_asked(case_desk *c, const char *topic) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *effect;
  uint32_t n = 0;
  assert_ok(aft_outbox_list(c->d.session, &c->d.system, c->order, &cursor, &error));
  while (aft_cursor_next(cursor, &effect, &error) == AFT_OK)
    n += strcmp(aft_effect_topic(effect), topic) == 0;
  aft_cursor_free(cursor);
  return n;
}

static void assert_settlement(case_desk *c, uint32_t held, uint32_t freed) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *order;
  assert_int_equal(order_asked(c, "order.hold_settlement"), held);
  assert_int_equal(order_asked(c, "order.free_settlement"), freed);
  assert_ok(aft_order_get(c->d.session, &c->d.system, c->order, &order, &error));
  assert_int_equal(aft_record_is_null(order, AFT_ORDER_SETTLEMENT_HELD), held == freed);
  aft_record_free(order);
}

static void settlement_waits_until_the_last_case_of_the_order_has_ended(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  for (uint32_t first = 0; first < 2; first++) { /* whichever ends first */
    aft_id id[] = {case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 1),
                   case_file(&c, &c.d.as_buyer, "return", "other", c.line[0], 1)};
    assert_settlement(&c, first + 1, first);
    case_act(&c, &c.d.as_buyer, id[first], "cancel");
    assert_settlement(&c, first + 1, first);
    case_act(&c, &c.d.as_buyer, id[!first], "cancel");
    assert_settlement(&c, first + 1, first + 1);
  }
  END_DESK(c)
}

static void settlement_goes_on_when_the_last_case_ends_by_time(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id rejected = case_file(&c, &c.d.as_buyer, "return", "other", c.line[0], 1);
  aft_id canceled = case_file(&c, &c.d.as_buyer, "repair", "repair_wanted", c.line[0], 1);
  case_act(&c, &c.d.as_agent, rejected, "reject");
  case_act(&c, &c.d.as_buyer, canceled, "cancel");
  assert_settlement(&c, 1, 0); /* the rejected one can be disputed */
  desk_pass(&c.d, 7 * CASE_DAY);
  desk_tick(&c.d);
  assert_case(&c, rejected, "closed_rejected");
  assert_settlement(&c, 1, 1);
  END_DESK(c)
}

static void repairs_and_reissues_hold_the_settlement(void **state) {
  static const struct {
    const char *kind, *reason;
  } kinds[] = {{"repair", "repair_wanted"}, {"reissue", "missing_part"}};
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  for (uint32_t i = 0; i < 2; i++) {
    aft_id id = case_file(&c, &c.d.as_buyer, kinds[i].kind, kinds[i].reason, c.line[0], 1);
    assert_settlement(&c, i + 1, i);
    case_act(&c, &c.d.as_buyer, id, "cancel");
    assert_settlement(&c, i + 1, i + 1);
  }
  END_DESK(c)
}

/* The dispute ends in the step in which it ends the case that it is about. */
static void a_dispute_that_ends_its_case_frees_the_settlement(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "other", c.line[0], 1);
  case_act(&c, &c.d.as_agent, id, "reject");
  aft_case_in in = {.kind = AFT_STR("dispute"), .reason = AFT_STR("decision_disputed"), .parent = id};
  aft_id dispute = case_file_in(&c, &c.d.as_buyer, &in);
  assert_settlement(&c, 1, 0);
  case_act(&c, &c.d.as_buyer, dispute, "withdraw");
  assert_case(&c, id, "closed_rejected");
  assert_settlement(&c, 1, 1);
  END_DESK(c)
}

static void a_case_that_becomes_a_repair_goes_on_holding_the_settlement(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "other", c.line[0], 1);
  aft_case_act_in counter = {.case_id = id, .event = AFT_STR("counter"), .kind = AFT_STR("repair")};
  case_act_with(&c, &c.d.as_agent, &counter);
  case_act(&c, &c.d.as_buyer, id, "accept");
  assert_case_text(&c, id, AFT_CASE_KIND, "repair");
  assert_settlement(&c, 1, 0);
  case_act(&c, &c.d.as_buyer, id, "cancel");
  assert_settlement(&c, 1, 1);
  END_DESK(c)
}

/* ---- what can be done ---- */

static char *options_of(case_desk *c, const aft_call *as, aft_id id, const char *locale) {
  aft_error error = AFT_ERROR_INIT;
  aft_buf *buf;
  assert_ok(aft_case_options(c->d.session, as, id, locale, &buf, &error));
  return text_of(buf);
}

static void a_rejected_case_offers_its_dispute(void **state) {
  char parent[64];
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "other", c.line[0], 1);
  aft_call arbiter = case_arbiter(&c);
  assert_silent(options_of(&c, &c.d.as_buyer, id, "en"), "\"file\"");
  case_act(&c, &c.d.as_agent, id, "reject");
  snprintf(parent, sizeof parent, "\"to\":\"disputed\",\"parent\":\"%lld\",\"reason\":\"decision_disputed\"",
           (long long)id);
  assert_says(options_of(&c, &c.d.as_buyer, id, "en"), "\"file\":\"dispute\",\"label\":\"Open a dispute");
  assert_says(options_of(&c, &c.d.as_buyer, id, "zh"), "\"label\":\"提出争议");
  assert_says(options_of(&c, &c.d.as_agent, id, "en"), parent);
  assert_silent(options_of(&c, &arbiter, id, "en"), "\"file\""); /* who rules does not file */
  aft_case_in in = {.kind = AFT_STR("dispute"), .reason = AFT_STR("decision_disputed"), .parent = id};
  case_file_in(&c, &c.d.as_buyer, &in);
  assert_silent(options_of(&c, &c.d.as_buyer, id, "en"), "\"file\""); /* once at a time */
  END_DESK(c)
}

static void evidence_that_is_asked_for_is_an_option(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = case_file(&c, &c.d.as_buyer, "refund", "defective_on_arrival", c.line[0], 1);
  assert_case(&c, id, "evidence");
  assert_says(options_of(&c, &c.d.as_buyer, id, "zh"),
              "\"add\":\"evidence\",\"label\":\"补充凭证\",\"asked\":true,\"kinds\":[{\"kind\":\"photo\","
              "\"label\":\"照片\",\"missing\":true}],\"types\":[\"image/jpeg\"");
  case_photo(&c, &c.d.as_buyer, id, "crack");
  case_act(&c, &c.d.as_buyer, id, "submit");
  assert_says(options_of(&c, &c.d.as_buyer, id, "en"),
              "\"asked\":false,\"kinds\":[{\"kind\":\"photo\",\"label\":\"photo\",\"missing\":false}]");
  case_act(&c, &c.d.as_buyer, id, "cancel");
  assert_silent(options_of(&c, &c.d.as_buyer, id, "en"), "\"add\"");
  END_DESK(c)
}

static void a_dispute_asks_both_sides_for_evidence(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "other", c.line[0], 1);
  case_act(&c, &c.d.as_agent, id, "reject");
  aft_case_in in = {.kind = AFT_STR("dispute"), .reason = AFT_STR("decision_disputed"), .parent = id};
  aft_id dispute = case_file_in(&c, &c.d.as_buyer, &in);
  assert_says(options_of(&c, &c.d.as_buyer, dispute, "en"),
              "\"add\":\"evidence\",\"label\":\"Add evidence\",\"asked\":true");
  assert_says(options_of(&c, &c.d.as_agent, dispute, "en"), "\"asked\":true");
  END_DESK(c)
}

/* ---- why it cannot be filed ---- */

static char *preview_of(case_desk *c, const char *kind, aft_id line, int64_t n, const char *locale) {
  aft_error error = AFT_ERROR_INIT;
  aft_buf *buf;
  aft_case_line_in units = {.size = sizeof units, .line = line, .quantity = n};
  aft_case_in in = {.size = sizeof in,
                    .order = c->order,
                    .kind = AFT_STR(kind),
                    .reason = AFT_STR("changed_mind"),
                    .lines = &units,
                    .n_lines = line != 0};
  assert_ok(aft_case_preview(c->d.session, &c->d.as_buyer, &in, locale, &buf, &error));
  return text_of(buf);
}

/* First of all reasons, whatever else speaks for the case. */
static void units_that_are_not_free_are_the_reason_in_the_buyers_words(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  case_file(&c, &c.d.as_buyer, "return", "other", c.line[0], 2);
  assert_says(preview_of(&c, "return", c.line[0], 2, "zh"), "\"verdict\":\"no\"");
  assert_says(preview_of(&c, "return", c.line[0], 2, "zh"),
              "\"reasons\":[\"“Cup”可以申请的有 1 件，申请了 2 件\",\"在“七日无理由退货”之内");
  assert_says(preview_of(&c, "return", c.line[0], 2, "en"),
              "\"reasons\":[\"\\\"Cup\\\": 2 asked for, 1 free\"");
  case_file(&c, &c.d.as_buyer, "return", "other", c.line[0], 1);
  case_file(&c, &c.d.as_buyer, "return", "other", c.line[1], 1);
  assert_says(preview_of(&c, "return", 0, 0, "zh"), "\"reasons\":[\"订单里没有可以申请的商品");
  assert_says(preview_of(&c, "return", 0, 0, "en"), "\"reasons\":[\"no unit of the order is free");
  END_DESK(c)
}

static void money_that_is_not_there_is_the_reason_in_the_buyers_words(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  case_charge_back(&c, "pay-1", 30000);
  assert_says(preview_of(&c, "return", c.line[0], 3, "zh"), "\"reasons\":[\"订单可退的款项不足\"");
  assert_says(preview_of(&c, "return", c.line[0], 3, "en"),
              "\"reasons\":[\"the payments of the order have less");
  END_DESK(c)
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_notice_names_the_deadline_to_come),
      cmocka_unit_test(a_rejected_case_offers_its_dispute),
      cmocka_unit_test(evidence_that_is_asked_for_is_an_option),
      cmocka_unit_test(a_dispute_asks_both_sides_for_evidence),
      cmocka_unit_test(units_that_are_not_free_are_the_reason_in_the_buyers_words),
      cmocka_unit_test(money_that_is_not_there_is_the_reason_in_the_buyers_words),
      cmocka_unit_test(settlement_waits_until_the_last_case_of_the_order_has_ended),
      cmocka_unit_test(settlement_goes_on_when_the_last_case_ends_by_time),
      cmocka_unit_test(repairs_and_reissues_hold_the_settlement),
      cmocka_unit_test(a_dispute_that_ends_its_case_frees_the_settlement),
      cmocka_unit_test(a_case_that_becomes_a_repair_goes_on_holding_the_settlement),
      cmocka_unit_test(a_notice_of_a_case_waits_and_is_given_up),
      cmocka_unit_test(a_notice_names_the_money_that_moves),
      cmocka_unit_test(a_recipient_reads_a_whole_sentence),
      cmocka_unit_test(a_notice_goes_where_the_customer_writes),
      cmocka_unit_test(the_warehouse_learns_what_to_set_aside),
      cmocka_unit_test(the_carrier_learns_which_parcel),
      cmocka_unit_test(a_link_for_one_case_opens_another),
      cmocka_unit_test(a_link_for_an_order_is_for_its_cases),
      cmocka_unit_test(a_link_that_outlives_its_end),
      cmocka_unit_test(a_visit_is_told_with_its_window),
      cmocka_unit_test(a_visit_that_nobody_came_to),
      cmocka_unit_test(a_visit_to_a_case_that_is_over),
      cmocka_unit_test(a_ticket_offers_what_it_asks_for),
      cmocka_unit_test(a_tier_brings_its_way_back),
      cmocka_unit_test(a_season_makes_stages_last_longer),
      cmocka_unit_test(a_case_says_when_its_stage_ends),
      cmocka_unit_test(a_season_reaches_every_open_case),
      cmocka_unit_test(an_order_says_what_can_be_filed),
      cmocka_unit_test(a_box_that_was_empty_before),
      cmocka_unit_test(a_reason_that_changes_each_time),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
