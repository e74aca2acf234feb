/* What a shop would lose under the default policy: money for goods that stay, and goods that go elsewhere.
 * Each test is named after what holds instead. */
#include "case_story.h"

#include <stdlib.h>
#include <string.h>

/* ---- what several tests do ---- */

static void make_vip(case_desk *c) {
  aft_error error = AFT_ERROR_INIT;
  aft_customer_in in = {.size = sizeof in, .id = c->d.buyer, .tier = AFT_STR("vip")};
  assert_ok(aft_customer_put(c->d.session, &c->d.system, &in, NULL, &error));
}

static void speaks(case_desk *c, const char *locale) {
  aft_error error = AFT_ERROR_INIT;
  aft_customer_in in = {.size = sizeof in, .id = c->d.buyer, .locale = AFT_STR(locale)};
  assert_ok(aft_customer_put(c->d.session, &c->d.system, &in, NULL, &error));
}

static void pass_days(case_desk *c, int n) {
  for (int i = 0; i < n; i++) {
    desk_pass(&c->d, CASE_DAY);
    desk_tick(&c->d);
  }
}

static void assert_last(case_desk *c, aft_id id, const char *topic, const char *part) {
  char *payload = case_payload(c, id, topic);
  if (!strstr(payload, part))
    fail_msg("'%s' is missing in %s", part, payload);
  free(payload);
}

/* People were asked, and nobody else has done anything. */
static void assert_waits_for_people(case_desk *c, aft_id id, const char *state) {
  assert_case(c, id, state);
  assert_int_equal(case_parts(c, id, AFT_KIND_LEG), 0);
  assert_true(case_requests(c, id, "work.order") > 0);
}

static aft_id file_money(case_desk *c, const char *kind, const char *reason, int64_t units, int64_t amount) {
  aft_case_line_in cups = {.size = sizeof cups, .line = c->line[0], .quantity = units};
  aft_case_in in = {.kind = AFT_STR(kind), .reason = AFT_STR(reason), .lines = &cups, .n_lines = 1};
  if (amount)
    in.amount = (aft_money){amount, "CNY", 0};
  return case_file_in(c, &c->d.as_buyer, &in);
}

static aft_status attempt(case_desk *c, const aft_call *as, aft_id id, const char *event) {
  aft_case_act_in in = {.case_id = id, .event = {event, AFT_NTS}};
  return case_attempt(c, as, &in);
}

static aft_id evidence(case_desk *c, const aft_call *as, aft_id id, const char *kind) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  char bytes[100];
  aft_evidence_in in = {.size = sizeof in, .of = id, .kind = AFT_STR(kind), .type = AFT_STR("image/jpeg")};
  snprintf(bytes, sizeof bytes, "\xff\xd8\xff\xe0JFIF %s of %lld", kind, (long long)id);
  assert_ok(aft_evidence_add(c->d.session, as, &in, bytes, strlen(bytes), &made, &error));
  aft_id added = aft_evidence_id(made);
  aft_record_free(made);
  return added;
}

/* ---- money for what the buyer keeps ---- */

static void a_refund_that_keeps_the_goods_asks_a_person(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  make_vip(&c);
  aft_id id = file_money(&c, "refund", "changed_mind", 3, 0);
  assert_waits_for_people(&c, id, "requested");
  case_act(&c, &c.d.as_agent, id, "approve");
  case_act(&c, &c.d.as_agent, id, "pay_out");
  assert_int_equal(case_confirm_all(&c, id), 27000);
  assert_case(&c, id, "refunded");
  END_DESK(c)
}

/* What comes back is still approved at once. */
static void a_known_buyer_returns_without_a_person(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  make_vip(&c);
  assert_case(&c, file_money(&c, "return", "changed_mind", 1, 0), "approved");
  END_DESK(c)
}

static void silence_asks_people_again(case_desk *c, aft_id id) {
  uint32_t before = case_requests(c, id, "work.order");
  pass_days(c, 8);
  assert_waits_for_people(c, id, "requested_late");
  assert_true(case_requests(c, id, "work.order") > before);
  pass_days(c, 7); /* which the buyer may dispute */
  assert_waits_for_people(c, id, "rejected");
  pass_days(c, 8);
  assert_waits_for_people(c, id, "closed_rejected");
  assert_int_equal(case_line(c, c->line[0], AFT_LINE_WITH_BUYER), 3);
}

static void silence_pays_for_nothing_that_is_kept(void **state) {
  static const struct {
    const char *kind, *reason;
    int64_t amount;
  } cases[] = {{"refund", "changed_mind", 0},
               {"price_protection", "price_drop", 27000},
               {"goodwill", "service_failure", 9000},
               {"freight", "return_freight", 3000},
               {"claim", "service_failure", 3000}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
    silence_asks_people_again(&c, file_money(&c, cases[i].kind, cases[i].reason, 3, cases[i].amount));
    END_DESK(c)
  }
}

static void a_drop_in_price_is_for_a_person_to_judge(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  make_vip(&c);
  aft_id id = file_money(&c, "price_protection", "price_drop", 3, 27000);
  assert_waits_for_people(&c, id, "requested");
  END_DESK(c)
}

static void silence_turns_no_return_into_a_refund(void **state) {
  static const char *const kinds[] = {"return", "exchange"};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
    aft_id id = file_money(&c, kinds[i], "other", 1, 0);
    aft_case_act_in keep = {.case_id = id, .event = AFT_STR("amend"), .kind = AFT_STR("refund")};
    assert_gives(case_attempt(&c, &c.d.as_buyer, &keep), AFT_OK);
    pass_days(&c, 3);
    assert_waits_for_people(&c, id, "requested_late");
    case_act(&c, &c.d.as_agent, id, "approve"); /* a person may */
    assert_case_text(&c, id, AFT_CASE_KIND, "refund");
    END_DESK(c)
  }
}

/* What was amended into a return comes back, and silence may agree to that. */
static void silence_agrees_to_what_comes_back(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = file_money(&c, "refund", "changed_mind", 1, 0);
  aft_case_act_in back = {.case_id = id, .event = AFT_STR("amend"), .kind = AFT_STR("return")};
  assert_gives(case_attempt(&c, &c.d.as_buyer, &back), AFT_OK);
  pass_days(&c, 3);
  assert_case(&c, id, "approved");
  assert_case_text(&c, id, AFT_CASE_KIND, "return");
  END_DESK(c)
}

static void what_comes_next_is_no_approval_by_silence(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  static const struct {
    const char *kind, *says;
  } cases[] = {{"refund", "We want to answer by"}, {"return", "it counts as approved"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    aft_error error = AFT_ERROR_INIT;
    aft_buf *out;
    aft_id id = file_money(&c, cases[i].kind, "other", 1, 0);
    assert_ok(aft_case_timeline(c.d.session, &c.d.as_buyer, id, "en", &out, &error));
    if (!strstr(aft_buf_data(out), cases[i].says))
      fail_msg("%s", (const char *)aft_buf_data(out));
    aft_buf_free(out);
  }
  END_DESK(c)
}

/* ---- proof ---- */

static void evidence_that_is_missing_is_named(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  speaks(&c, "en");
  aft_id id = file_money(&c, "refund", "defective_on_arrival", 1, 0);
  assert_case(&c, id, "evidence");
  assert_last(&c, id, "message.send", ": photo.");
  evidence(&c, &c.d.as_buyer, id, "document");
  case_act(&c, &c.d.as_buyer, id, "submit");
  assert_case(&c, id, "requested");
  assert_last(&c, id, "message.send", "Still missing: photo.");
  pass_days(&c, 3);
  assert_waits_for_people(&c, id, "requested_late");
  id = file_money(&c, "refund", "defective_on_arrival", 1, 0);
  evidence(&c, &c.d.as_buyer, id, "photo");
  case_act(&c, &c.d.as_buyer, id, "submit");
  char *said = case_payload(&c, id, "message.send");
  assert_null(strstr(said, "missing"));
  free(said);
  id = file_money(&c, "freight", "return_freight", 1, 3000);
  assert_last(&c, id, "message.send", "Still missing: receipt.");
  END_DESK(c)
}

static void a_claim_without_proof_says_what_is_missing(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  speaks(&c, "zh");
  aft_id id = file_money(&c, "claim", "damaged_in_transit", 1, 3000);
  assert_case(&c, id, "need_proof");
  assert_last(&c, id, "message.send", "补充：照片");
  case_act(&c, &c.d.as_buyer, id, "submit");
  assert_last(&c, id, "message.send", "还缺少：照片");
  END_DESK(c)
}

static void nothing_is_sent_once_more_on_a_word(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = file_money(&c, "reissue", "missing_part", 1, 0), shown;
  shown = file_money(&c, "reissue", "missing_part", 1, 0);
  evidence(&c, &c.d.as_buyer, shown, "photo");
  pass_days(&c, 3);
  assert_waits_for_people(&c, id, "requested_late");
  assert_case(&c, shown, "approved");
  END_DESK(c)
}

/* ---- parcels that nobody took in ---- */

static void goods_that_were_delivered_are_not_undelivered(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  assert_gives(case_file_try(&c, &c.d.as_buyer, "undelivered", "refused", c.line[0], 1), AFT_E_INELIGIBLE);
  assert_non_null(strstr(case_error.message, "delivered_already"));
  assert_gives(case_file_try(&c, &c.d.as_agent, "undelivered", "undeliverable", c.line[0], 3),
               AFT_E_INELIGIBLE);
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_WITH_BUYER), 3);
  END_DESK(c)
}

/* Staff may insist; then people pay, and no clock. */
static void time_does_not_pay_for_delivered_goods(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_case_line_in cup = {.size = sizeof cup, .line = c.line[0], .quantity = 1};
  aft_case_in in = {.kind = AFT_STR("undelivered"),
                    .reason = AFT_STR("refused"),
                    .lines = &cup,
                    .n_lines = 1,
                    .in_spite = 1};
  aft_id id = case_file_in(&c, &c.d.as_agent, &in);
  pass_days(&c, 21);
  assert_waits_for_people(&c, id, "lost");
  pass_days(&c, 9);
  assert_case(&c, id, "canceled");
  assert_int_equal(case_parts(&c, id, AFT_KIND_LEG), 0);
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_WITH_BUYER), 3);
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_LOST), 0);
  END_DESK(c)
}

/* What the shop sent and nobody ever got is paid for. */
static void a_parcel_that_is_gone_is_paid_for(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_SHIPPED))
  aft_id id = file_money(&c, "undelivered", "undeliverable", 3, 0);
  pass_days(&c, 27);
  assert_case(&c, id, "refunding");
  assert_int_equal(case_confirm_all(&c, id), 27000);
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_LOST), 3);
  END_DESK(c)
}

/* ---- parcels on their way out ---- */

static void a_verdict_loses_what_is_on_its_way(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_UNSHIPPED))
  aft_id id = file_money(&c, "refund", "other", 3, 0);
  assert_case(&c, id, "unshipped");
  case_story story;
  case_story_usual(&story, &c.d, CASE_SHIPPED);
  case_story_tell(&c, &story);
  assert_case(&c, id, "superseded");
  aft_case_in in = {.kind = AFT_STR("dispute"), .reason = AFT_STR("decision_disputed"), .parent = id};
  aft_id dispute = case_file_in(&c, &c.d.as_buyer, &in);
  aft_call arbiter = case_arbiter(&c);
  case_act(&c, &arbiter, dispute, "ready");
  case_act(&c, &arbiter, dispute, "rule_buyer");
  case_act(&c, &arbiter, dispute, "carry_out");
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_LOST), 3);
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_UNDELIVERED), 0);
  assert_int_equal(case_confirm_all(&c, id), 27000);
  assert_case(&c, id, "refunded");
  END_DESK(c)
}

static void an_interception_is_called_off(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_SHIPPED))
  aft_id id = file_money(&c, "refund", "changed_mind", 1, 0);
  assert_case(&c, id, "intercepting");
  assert_int_equal(case_requests(&c, id, "parcel.let_pass"), 0);
  assert_gives(attempt(&c, &c.d.as_buyer, id, "cancel"), AFT_OK);
  assert_int_equal(case_requests(&c, id, "parcel.let_pass"), 1);
  assert_last(&c, id, "parcel.let_pass", "SF100000001");
  END_DESK(c)
}

/* ---- where goods go back to ---- */

static void with_warehouse(case_desk *c, desk_kind kind) {
  case_story story;
  case_story_open(c, &story, kind, CASE_DELIVERED);
  case_story_policy(c, "version: 1\ncases: {addresses: {normal: WAREHOUSE}}\n");
  case_story_tell(c, &story);
}

static aft_id file_from(case_desk *c, const char *kind, const char *address) {
  aft_case_line_in cup = {.size = sizeof cup, .line = c->line[0], .quantity = 1};
  aft_case_in in = {.kind = AFT_STR(kind),
                    .reason = AFT_STR("other"),
                    .lines = &cup,
                    .n_lines = 1,
                    .address = AFT_STR(address)};
  return case_file_in(c, &c->d.as_buyer, &in);
}

static void says(case_desk *c, const aft_call *as, aft_id id, const char *event, const char *kind,
                 const char *address) {
  aft_case_act_in in = {
      .case_id = id, .event = AFT_STR(event), .kind = AFT_STR(kind), .address = AFT_STR(address)};
  assert_gives(case_attempt(c, as, &in), AFT_OK);
}

static void assert_goes_back_to(case_desk *c, aft_id id, const char *place) {
  assert_case_text(c, id, AFT_CASE_KIND, "return");
  assert_case_text(c, id, AFT_CASE_RETURN_TO, place);
  assert_last(c, id, "label.request", place);
  case_act(c, &c->d.as_buyer, id, "relabel");
  assert_last(c, id, "label.request", place);
}

static void a_buyer_does_not_say_where_goods_go_back_to(void **state) {
  ON_EACH_DESK(c, with_warehouse(&c, kind))
  aft_id id = file_from(&c, "return", "MY FRIENDS HOUSE");
  pass_days(&c, 3); /* by silence */
  assert_goes_back_to(&c, id, "WAREHOUSE");
  assert_case_text(&c, id, AFT_CASE_ADDRESS, "MY FRIENDS HOUSE");
  aft_case_act_in ship = {.case_id = id, .event = AFT_STR("ship"), .waybill = AFT_STR("SF1")};
  case_act_with(&c, &c.d.as_buyer, &ship);
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *parcel;
  assert_ok(aft_case_parts(c.d.session, &c.d.system, id, AFT_KIND_PARCEL, &cursor, &error));
  assert_status(aft_cursor_next(cursor, &parcel, &error), AFT_OK);
  assert_string_equal(aft_parcel_address(parcel), "WAREHOUSE");
  aft_cursor_free(cursor);
  id = file_from(&c, "return", "");
  says(&c, &c.d.as_buyer, id, "amend", "", "AMENDED");
  case_act(&c, &c.d.as_agent, id, "approve");
  assert_goes_back_to(&c, id, "WAREHOUSE");
  id = file_from(&c, "return", "");
  says(&c, &c.d.as_agent, id, "counter", "", "");
  says(&c, &c.d.as_buyer, id, "accept", "", "ACCEPTED");
  assert_goes_back_to(&c, id, "WAREHOUSE");
  END_DESK(c)
}

static void people_may_name_another_place_to_send_to(void **state) {
  ON_EACH_DESK(c, with_warehouse(&c, kind))
  aft_id id = file_from(&c, "return", "HOME");
  says(&c, &c.d.as_agent, id, "counter", "", "SHOP");
  says(&c, &c.d.as_buyer, id, "accept", "", "HOME");
  assert_goes_back_to(&c, id, "SHOP");
  END_DESK(c)
}

/* The address of an exchange is where the new goods go. */
static void an_exchange_that_becomes_a_return_goes_to_the_shop(void **state) {
  ON_EACH_DESK(c, with_warehouse(&c, kind))
  aft_id id = file_from(&c, "exchange", "HOME");
  says(&c, &c.d.as_agent, id, "counter", "return", "");
  case_act(&c, &c.d.as_buyer, id, "accept");
  assert_goes_back_to(&c, id, "WAREHOUSE");
  id = file_from(&c, "exchange", "HOME");
  says(&c, &c.d.as_agent, id, "approve", "", "NEW HOME");
  assert_case_text(&c, id, AFT_CASE_ADDRESS, "NEW HOME");
  assert_case_text(&c, id, AFT_CASE_RETURN_TO, "WAREHOUSE");
  END_DESK(c)
}

/* A policy that knows no place leaves it open. */
static void a_buyers_home_is_no_place_to_send_to(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = file_from(&c, "return", "HOME");
  case_act(&c, &c.d.as_agent, id, "approve");
  assert_last(&c, id, "label.request", "\"address\":\"\"");
  END_DESK(c)
}

/* ---- freight ---- */

static aft_status ship_for(case_desk *c, const aft_call *as, aft_id id, int64_t cost) {
  aft_case_act_in in = {
      .case_id = id, .event = AFT_STR("ship"), .waybill = AFT_STR("SF9"), .freight_minor = cost};
  return case_attempt(c, as, &in);
}

static int64_t freight_of(case_desk *c, aft_id id) {
  case_leg legs[CASE_MOST_LEGS];
  uint32_t n = case_legs(c, id, legs);
  int64_t total = 0;
  for (uint32_t i = 0; i < n; i++)
    total += strcmp(legs[i].kind, "freight") == 0 ? legs[i].requested : 0;
  return total;
}

static void a_buyers_word_on_freight_is_not_paid(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = file_money(&c, "return", "defective_on_arrival", 1, 0);
  evidence(&c, &c.d.as_buyer, id, "receipt");
  case_act(&c, &c.d.as_agent, id, "approve");
  assert_gives(ship_for(&c, &c.d.as_buyer, id, 5000), AFT_E_INVALID); /* the seller's label pays it */
  assert_string_equal(case_error.where, "case.freight_minor");
  assert_gives(ship_for(&c, &c.d.as_buyer, id, 0), AFT_OK);
  case_act(&c, &c.d.as_agent, id, "receive");
  case_act(&c, &c.d.as_agent, id, "accept_goods");
  assert_int_equal(freight_of(&c, id), 0);
  END_DESK(c)
}

static void insured(case_desk *c, desk_kind kind) {
  case_story story;
  case_story_open(c, &story, kind, CASE_DELIVERED);
  story.parcels[0].insured = 1;
  case_story_tell(c, &story);
}

static void freight_that_an_insurer_pays_is_shown(void **state) {
  ON_EACH_DESK(c, insured(&c, kind))
  aft_id id = file_money(&c, "return", "changed_mind", 1, 0);
  case_approve(&c, id);
  assert_case_text(&c, id, AFT_CASE_FREIGHT, "insurer");
  assert_gives(ship_for(&c, &c.d.as_buyer, id, 9000), AFT_E_INVALID);
  assert_string_equal(case_error.where, "case.freight_minor");
  evidence(&c, &c.d.as_buyer, id, "receipt");
  assert_gives(ship_for(&c, &c.d.as_buyer, id, 9000), AFT_OK);
  case_act(&c, &c.d.as_agent, id, "receive");
  case_act(&c, &c.d.as_agent, id, "accept_goods");
  assert_int_equal(freight_of(&c, id), 5000); /* the policy's most */
  END_DESK(c)
}

/* ---- the reason that is found ---- */

static aft_status finds(case_desk *c, aft_id id, const char *event, const char *reason, const char *liable) {
  aft_case_act_in in = {
      .case_id = id, .event = AFT_STR(event), .reason = AFT_STR(reason), .liable = AFT_STR(liable)};
  return case_attempt(c, &c->d.as_agent, &in);
}

static void assert_falls_to(case_desk *c, aft_id id, const char *liable, const char *freight) {
  assert_case_text(c, id, AFT_CASE_LIABLE, liable);
  assert_case_text(c, id, AFT_CASE_FREIGHT, freight);
}

/* Sent in by the shop's word for 12.00, and in its hands. */
static aft_id arrived(case_desk *c, const char *reason) {
  aft_id id = file_money(c, "return", reason, 1, 0);
  case_approve(c, id);
  assert_gives(ship_for(c, &c->d.as_agent, id, 1200), AFT_OK);
  case_act(c, &c->d.as_agent, id, "receive");
  return id;
}

static void the_found_reason_says_who_pays_the_freight(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = arrived(&c, "defective_on_arrival");
  assert_falls_to(&c, id, "seller", "seller");
  assert_gives(finds(&c, id, "inspect", "changed_mind", ""), AFT_OK);
  assert_falls_to(&c, id, "buyer", "buyer");
  case_act(&c, &c.d.as_agent, id, "accept_goods");
  assert_int_equal(freight_of(&c, id), 0);
  assert_int_equal(case_confirm_all(&c, id), 9000);
  assert_case_text(&c, id, AFT_CASE_FINAL, "changed_mind");
  assert_case_text(&c, id, AFT_CASE_REASON, "defective_on_arrival"); /* both are kept */
  id = arrived(&c, "changed_mind");
  assert_falls_to(&c, id, "buyer", "buyer");
  assert_gives(finds(&c, id, "inspect", "damaged_in_transit", ""), AFT_OK);
  assert_falls_to(&c, id, "carrier", "seller");
  case_act(&c, &c.d.as_agent, id, "accept_goods");
  assert_int_equal(freight_of(&c, id), 1200);
  END_DESK(c)
}

/* Found once, and found once more. */
static void a_finding_is_corrected(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = arrived(&c, "wrong_item");
  assert_gives(finds(&c, id, "inspect", "changed_mind", ""), AFT_OK);
  assert_falls_to(&c, id, "buyer", "buyer");
  assert_gives(finds(&c, id, "accept_goods", "not_as_described", ""), AFT_OK);
  assert_falls_to(&c, id, "seller", "seller");
  assert_int_equal(freight_of(&c, id), 1200);
  END_DESK(c)
}

/* The offer on the table was made for the reason that was claimed. */
static void a_reason_that_is_found_before_the_approval(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_error error = AFT_ERROR_INIT;
  aft_buf *why;
  aft_id id = file_money(&c, "return", "defective_on_arrival", 1, 0);
  assert_gives(finds(&c, id, "approve", "changed_mind", ""), AFT_OK);
  assert_falls_to(&c, id, "buyer", "buyer");
  assert_last(&c, id, "label.request", "\"payer\":\"buyer\"");
  assert_ok(aft_case_explain(c.d.session, &c.d.as_agent, id, "freight", "en", &why, &error));
  assert_non_null(strstr(aft_buf_data(why), "what was found is \"changed mind\""));
  aft_buf_free(why);
  END_DESK(c)
}

/* Who pays was part of what both agreed on. */
static void a_payer_that_was_agreed_on_stays(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = file_money(&c, "return", "other", 1, 0);
  aft_case_act_in offer = {.case_id = id, .event = AFT_STR("counter"), .freight = AFT_STR("platform")};
  assert_gives(case_attempt(&c, &c.d.as_agent, &offer), AFT_OK);
  case_act(&c, &c.d.as_buyer, id, "accept");
  assert_gives(ship_for(&c, &c.d.as_agent, id, 0), AFT_OK);
  case_act(&c, &c.d.as_agent, id, "receive");
  assert_gives(finds(&c, id, "inspect", "wrong_item", ""), AFT_OK);
  assert_falls_to(&c, id, "seller", "platform");
  END_DESK(c)
}

static void only_known_parties_are_liable(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = file_money(&c, "return", "other", 1, 0);
  assert_gives(finds(&c, id, "reject", "", "martians"), AFT_E_INVALID);
  assert_string_equal(case_error.where, "case.liable");
  assert_non_null(strstr(case_error.message, "found 'martians'"));
  assert_case(&c, id, "requested");
  aft_case_act_in offer = {.case_id = id, .event = AFT_STR("counter"), .freight = AFT_STR("martians")};
  assert_gives(case_attempt(&c, &c.d.as_agent, &offer), AFT_E_INVALID);
  assert_string_equal(case_error.where, "case.freight");
  assert_gives(finds(&c, id, "approve", "other", "insurer"), AFT_OK); /* a funder */
  assert_case_text(&c, id, AFT_CASE_LIABLE, "insurer");
  END_DESK(c)
}

/* ---- what a provider allows ---- */

static void one_refund(case_desk *c, desk_kind kind) {
  case_story story;
  case_story_open(c, &story, kind, CASE_DELIVERED);
  case_story_one(&story, 3, 30000);
  story.payments[0].most_refunds = 1;
  case_story_tell(c, &story);
}

static void two_open_cases_share_what_a_provider_allows(void **state) {
  static const char *const expected[] = {"card", "transfer"};
  ON_EACH_DESK(c, one_refund(&c, kind))
  for (int i = 0; i < 2; i++) {
    aft_id id = file_money(&c, "return", "changed_mind", 1, 0);
    case_ship(&c, id, i ? "SF2" : "SF1");
    case_act(&c, &c.d.as_agent, id, "receive");
    case_act(&c, &c.d.as_agent, id, "accept_goods");
    assert_string_equal(case_leg_of(&c, id, "refund").instrument, expected[i]);
  }
  END_DESK(c)
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_refund_that_keeps_the_goods_asks_a_person),
      cmocka_unit_test(a_known_buyer_returns_without_a_person),
      cmocka_unit_test(silence_pays_for_nothing_that_is_kept),
      cmocka_unit_test(a_drop_in_price_is_for_a_person_to_judge),
      cmocka_unit_test(silence_turns_no_return_into_a_refund),
      cmocka_unit_test(silence_agrees_to_what_comes_back),
      cmocka_unit_test(what_comes_next_is_no_approval_by_silence),
      cmocka_unit_test(evidence_that_is_missing_is_named),
      cmocka_unit_test(a_claim_without_proof_says_what_is_missing),
      cmocka_unit_test(nothing_is_sent_once_more_on_a_word),
      cmocka_unit_test(goods_that_were_delivered_are_not_undelivered),
      cmocka_unit_test(time_does_not_pay_for_delivered_goods),
      cmocka_unit_test(a_parcel_that_is_gone_is_paid_for),
      cmocka_unit_test(a_verdict_loses_what_is_on_its_way),
      cmocka_unit_test(an_interception_is_called_off),
      cmocka_unit_test(a_buyer_does_not_say_where_goods_go_back_to),
      cmocka_unit_test(people_may_name_another_place_to_send_to),
      cmocka_unit_test(an_exchange_that_becomes_a_return_goes_to_the_shop),
      cmocka_unit_test(a_buyers_home_is_no_place_to_send_to),
      cmocka_unit_test(a_buyers_word_on_freight_is_not_paid),
      cmocka_unit_test(freight_that_an_insurer_pays_is_shown),
      cmocka_unit_test(the_found_reason_says_who_pays_the_freight),
      cmocka_unit_test(a_finding_is_corrected),
      cmocka_unit_test(a_reason_that_is_found_before_the_approval),
      cmocka_unit_test(a_payer_that_was_agreed_on_stays),
      cmocka_unit_test(only_known_parties_are_liable),
      cmocka_unit_test(two_open_cases_share_what_a_provider_allows),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
