/* Exchanges and goods that are sent once more: who says the price, what is held, charged and paid back, and
 * what money stands behind the new goods. */
#include "case_story.h"

#include <stdio.h>
#include <string.h>

/* The shop's own page files it for the buyer, and knows the price. */
static aft_id wanted(case_desk *c, aft_id line, int64_t units, int64_t price, const char *route) {
  aft_case_line_in one = {
      .size = sizeof one, .line = line, .quantity = units, .wants = AFT_STR("bowl"), .wants_price = price};
  aft_case_in in = {.kind = AFT_STR("exchange"),
                    .reason = AFT_STR("changed_mind"),
                    .route = AFT_STR(route),
                    .lines = &one,
                    .n_lines = 1};
  return case_file_in(c, &c->d.system, &in);
}

static aft_id exchanged(case_desk *c, aft_id line, int64_t units, int64_t price, const char *waybill) {
  aft_id id = wanted(c, line, units, price, "normal");
  case_ship(c, id, waybill);
  case_act(c, &c->d.as_agent, id, "receive");
  case_act(c, &c->d.as_agent, id, "inspect");
  case_act(c, &c->d.as_agent, id, "accept_goods");
  case_act(c, &c->d.as_agent, id, "settle");
  return id;
}

static aft_id replacement_of(case_desk *c, aft_id id) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *line;
  aft_id made = 0;
  assert_ok(aft_case_parts(c->d.session, &c->d.system, id, AFT_KIND_CASE_LINE, &cursor, &error));
  while (aft_cursor_next(cursor, &line, &error) == AFT_OK)
    made = aft_case_line_replacement(line);
  aft_cursor_free(cursor);
  return made;
}

static void exchange_total_counts_returned_items(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id dearer = exchanged(&c, c.line[0], 2, 12000, "SF1");
  assert_int_equal(case_int(&c, dearer, AFT_CASE_DIFFERENCE), 2 * (12000 - 9000));
  assert_case(&c, dearer, "wait_payment");
  case_leg charge = case_leg_of(&c, dearer, "charge");
  assert_int_equal(charge.requested, 6000);
  assert_gives(case_settle(&c, &charge, AFT_SETTLE_CONFIRMED, 6000, "gw"), AFT_OK);
  assert_case(&c, dearer, "settled");
  aft_id cheaper = exchanged(&c, c.line[0], 1, 5000, "SF2");
  assert_int_equal(case_int(&c, cheaper, AFT_CASE_DIFFERENCE), 5000 - 9000);
  case_act(&c, &c.d.as_agent, cheaper, "send");
  assert_int_equal(case_leg_of(&c, cheaper, "refund").requested, 4000);
  assert_int_equal(case_confirm_all(&c, cheaper), 4000);
  assert_case(&c, cheaper, "replacement_sent");
  END_DESK(c)
}

/* What the buyer did not pay is nothing to pay to the buyer. */
static void a_charge_that_failed_and_was_waived(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = exchanged(&c, c.line[0], 1, 12000, "SF1");
  case_fail_all(&c, id);
  case_act(&c, &c.d.as_agent, id, "waive");
  assert_int_equal(case_legs_in(&c, id, "void"), 1); /* nobody asks for it once more */
  case_act(&c, &c.d.as_agent, id, "send");
  case_act(&c, &c.d.as_agent, id, "pay_offline");
  assert_int_equal(case_legs_in(&c, id, "sent"), 0);
  aft_id line = replacement_of(&c, id);
  assert_int_equal(case_line(&c, line, AFT_LINE_PAID), 9000); /* what was waived stands behind nothing */
  END_DESK(c)
}

static void a_charge_that_is_paid_in_part(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = exchanged(&c, c.line[0], 1, 12000, "SF1");
  case_leg charge = case_leg_of(&c, id, "charge");
  assert_gives(case_settle(&c, &charge, AFT_SETTLE_CONFIRMED, 1000, "gw-1"), AFT_OK);
  assert_case(&c, id, "wait_payment");
  case_leg legs[CASE_MOST_LEGS];
  assert_int_equal(case_legs(&c, id, legs), 2);
  case_leg rest = strcmp(legs[0].state, "sent") == 0 ? legs[0] : legs[1];
  assert_string_equal(rest.kind, "charge");
  assert_string_equal(rest.payer, "buyer");
  assert_string_equal(rest.payee, "seller");
  assert_int_equal(rest.requested, 2000);
  assert_gives(case_settle(&c, &rest, AFT_SETTLE_CONFIRMED, 2000, "gw-2"), AFT_OK);
  assert_case(&c, id, "settled");
  END_DESK(c)
}

/* The host tells the parcel of a replacement as it tells every other. */
static void deliver(case_desk *c, aft_id line, const char *parcel_ref, bool arrived) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *record;
  char ref[64] = "";
  assert_ok(aft_line_list(c->d.session, &c->d.system, c->order, &cursor, &error));
  while (aft_cursor_next(cursor, &record, &error) == AFT_OK)
    if (aft_line_id(record) == line)
      snprintf(ref, sizeof ref, "%s", aft_line_ref(record));
  aft_cursor_free(cursor);
  aft_order_item_in item = {sizeof item, AFT_STR(ref), case_line(c, line, AFT_LINE_QUANTITY)};
  aft_order_parcel_in parcel = {.size = sizeof parcel,
                                .ref = AFT_STR(parcel_ref),
                                .shipped = c->d.now,
                                .delivered = arrived ? c->d.now : 0,
                                .items = &item,
                                .n_items = 1};
  aft_order_facts_in in = {.size = sizeof in,
                           .shop = c->d.shop,
                           .customer = c->d.buyer,
                           .number = AFT_STR("O-1"),
                           .currency = AFT_STR("CNY"),
                           .parcels = &parcel,
                           .n_parcels = 1};
  assert_ok(aft_order_tell(c->d.session, &c->d.system, &in, NULL, &error));
}

static void return_on_an_item_of_an_earlier_exchange(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id line = c.line[0], id = 0;
  static const char *const waybills[] = {"SF1", "SF2", "SF3"}, *const refs[] = {"r1", "r2", "r3"};
  for (int link = 0; link < 3; link++) { /* an exchange of what came in exchange, and once more */
    id = exchanged(&c, line, 1, 9000, waybills[link]);
    case_act(&c, &c.d.as_agent, id, "send");
    line = replacement_of(&c, id);
    deliver(&c, line, refs[link], false);
    assert_case(&c, id, "replacement_shipped");
    deliver(&c, line, refs[link], true);
    assert_case(&c, id, "replacement_delivered");
    assert_int_equal(case_line(&c, line, AFT_LINE_WITH_BUYER), 1);
  }
  id = case_file(&c, &c.d.as_buyer, "return", "changed_mind", line, 1);
  case_ship(&c, id, "SF9");
  case_act(&c, &c.d.as_agent, id, "receive");
  case_act(&c, &c.d.as_agent, id, "accept_goods");
  assert_int_equal(case_confirm_all(&c, id), 9000);
  assert_case(&c, id, "refunded");
  /* its price is given back once: the other two cups are worth what they were */
  id = case_file(&c, &c.d.as_agent, "return", "changed_mind", c.line[0], 2);
  assert_int_equal(case_int(&c, id, AFT_CASE_ASKED), 18000);
  END_DESK(c)
}

static void a_reissued_unit_that_is_paid_back_too(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = case_file(&c, &c.d.as_agent, "reissue", "missing_part", c.line[0], 1);
  case_approve(&c, id);
  case_act(&c, &c.d.as_agent, id, "send");
  aft_id line = replacement_of(&c, id);
  assert_true(line != 0);
  deliver(&c, line, "r1", true);
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_LOST), 1); /* it is written off, and counts no more */
  assert_gives(case_file_try(&c, &c.d.as_agent, "refund", "missing_part", c.line[0], 3), AFT_E_CHECK);
  aft_case_line_in both[] = {{.size = sizeof both[0], .line = c.line[0], .quantity = 2},
                             {.size = sizeof both[0], .line = line, .quantity = 1}};
  aft_case_in in = {
      .kind = AFT_STR("return"), .reason = AFT_STR("changed_mind"), .lines = both, .n_lines = 2};
  id = case_file_in(&c, &c.d.as_agent, &in);
  assert_int_equal(case_int(&c, id, AFT_CASE_ASKED), 27000);
  END_DESK(c)
}

/* ---- who says the price ---- */

static aft_status wants(case_desk *c, const char *sku, int64_t price, aft_id *out) {
  aft_record *made = NULL;
  aft_case_line_in one = {
      .size = sizeof one, .line = c->line[0], .quantity = 1, .wants = AFT_STR(sku), .wants_price = price};
  aft_case_in in = {.size = sizeof in,
                    .order = c->order,
                    .kind = AFT_STR("exchange"),
                    .reason = AFT_STR("changed_mind"),
                    .lines = &one,
                    .n_lines = 1};
  case_error = (aft_error)AFT_ERROR_INIT;
  aft_status status = aft_case_file(c->d.session, &c->d.as_buyer, &in, &made, &case_error);
  *out = made ? aft_case_id(made) : 0;
  aft_record_free(made);
  return status;
}

static void a_buyer_who_names_the_price(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id;
  assert_gives(wants(&c, "gold", 1, &id), AFT_E_INVALID);
  assert_string_equal(case_error.where, "case.lines[0].wants_price");
  assert_int_equal(case_count(&c), 0);
  assert_gives(wants(&c, "gold", 0, &id), AFT_OK);
  assert_case(&c, id, "requested"); /* nobody has said what it costs */
  desk_pass(&c.d, 49 * CASE_HOUR);
  desk_tick(&c.d);
  assert_case(&c, id, "requested_late"); /* and silence does not */
  aft_case_line_in dear = {.size = sizeof dear, .line = c.line[0], .quantity = 1, .wants_price = 90000};
  aft_case_act_in in = {.case_id = id, .event = AFT_STR("approve"), .lines = &dear, .n_lines = 1};
  case_act_with(&c, &c.d.as_agent, &in);
  assert_case(&c, id, "approved");
  assert_int_equal(case_int(&c, id, AFT_CASE_DIFFERENCE), 90000 - 9000);
  END_DESK(c)
}

static void the_same_article_has_its_price(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id;
  assert_gives(wants(&c, "", 0, &id), AFT_OK);
  assert_case(&c, id, "approved");
  assert_int_equal(case_int(&c, id, AFT_CASE_DIFFERENCE), 0);
  END_DESK(c)
}

/* ---- what is settled ---- */

static void count_good(case_desk *c, aft_id id, int64_t good, int64_t bad) {
  aft_case_line_in found[2] = {
      {.size = sizeof found[0], .line = c->line[0], .quantity = good, .condition = AFT_STR("ok")},
      {.size = sizeof found[0], .line = c->line[0], .quantity = bad, .condition = AFT_STR("damaged")}};
  aft_case_act_in in = {.case_id = id, .event = AFT_STR("inspect"), .lines = found, .n_lines = bad ? 2 : 1};
  case_act(c, &c->d.as_agent, id, "receive");
  case_act_with(c, &c->d.as_agent, &in);
}

static aft_id accepted_in_part(case_desk *c) {
  aft_id id = wanted(c, c->line[0], 3, 12000, "normal");
  case_ship(c, id, "SF1");
  count_good(c, id, 2, 1);
  case_act(c, &c->d.as_agent, id, "accept_goods");
  assert_case(c, id, "partly_accepted");
  return id;
}

static void a_difference_of_units_that_were_refused(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = accepted_in_part(&c);
  case_act(&c, &c.d.as_agent, id, "send_back");
  assert_int_equal(case_int(&c, id, AFT_CASE_DIFFERENCE), 2 * 3000);
  case_act(&c, &c.d.as_agent, id, "settle");
  assert_int_equal(case_leg_of(&c, id, "charge").requested, 6000);
  case_confirm_all(&c, id);
  case_act(&c, &c.d.as_agent, id, "send");
  aft_id line = replacement_of(&c, id);
  assert_int_equal(case_line(&c, line, AFT_LINE_QUANTITY), 2);
  assert_int_equal(case_line(&c, line, AFT_LINE_PAID), 24000);
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_WITH_BUYER), 1);
  END_DESK(c)
}

/* Whatever becomes of the unit in dispute, the two that were accepted are exchanged. */
static void accepted_units_that_a_lost_dispute_swallows(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = accepted_in_part(&c);
  aft_case_in in = {.kind = AFT_STR("dispute"), .reason = AFT_STR("decision_disputed"), .parent = id};
  aft_id dispute = case_file_in(&c, &c.d.as_buyer, &in);
  assert_case(&c, id, "disputed");
  case_act(&c, &c.d.as_buyer, dispute, "withdraw");
  assert_case(&c, id, "accepted");
  assert_int_equal(case_int(&c, id, AFT_CASE_DIFFERENCE), 2 * 3000);
  END_DESK(c)
}

static void a_loss_that_hides_the_difference(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = wanted(&c, c.line[0], 1, 12000, "normal");
  case_ship(&c, id, "SF1");
  assert_gives(case_track(&c, "SF1", "t1", "lost"), AFT_OK);
  case_act(&c, &c.d.as_agent, id, "replace_loss");
  case_act(&c, &c.d.as_agent, id, "settle");
  assert_case(&c, id, "wait_payment");
  assert_int_equal(case_leg_of(&c, id, "charge").requested, 3000);
  END_DESK(c)
}

/* ---- money for nothing ---- */

static aft_id unpaid_and_given_up(case_desk *c, case_leg *charge) {
  aft_id id = exchanged(c, c->line[0], 1, 12000, "SF1");
  *charge = case_leg_of(c, id, "charge");
  desk_pass(&c->d, 73 * CASE_HOUR);
  desk_tick(&c->d);
  assert_case_text(c, id, AFT_CASE_KIND, "return");
  assert_int_equal(case_requests(c, id, "money.cancel"), 1);
  return id;
}

static void a_payment_that_comes_after_all(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  case_leg charge;
  aft_id id = unpaid_and_given_up(&c, &charge);
  assert_gives(case_settle(&c, &charge, AFT_SETTLE_CONFIRMED, 3000, "gw"), AFT_OK);
  assert_int_equal(case_leg_of(&c, id, "uncharge").requested, 3000);
  assert_string_equal(case_leg_of(&c, id, "uncharge").state, "sent"); /* it goes back at once */
  assert_gives(case_settle(&c, &charge, AFT_SETTLE_CONFIRMED, 3000, "gw"), AFT_IGNORED);
  case_act(&c, &c.d.as_agent, id, "pay_out");
  assert_int_equal(case_confirm_all(&c, id), 9000 + 3000);
  assert_case(&c, id, "refunded");
  END_DESK(c)
}

static void a_price_that_was_paid_and_the_goods_are_gone(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = exchanged(&c, c.line[0], 1, 12000, "SF1");
  case_leg charge = case_leg_of(&c, id, "charge");
  assert_gives(case_settle(&c, &charge, AFT_SETTLE_CONFIRMED, 3000, "gw"), AFT_OK);
  case_act(&c, &c.d.as_agent, id, "out_of_stock");
  case_act(&c, &c.d.as_agent, id, "pay_out");
  assert_int_equal(case_confirm_all(&c, id), 9000 + 3000);
  assert_case(&c, id, "refunded");
  END_DESK(c)
}

/* ---- in advance ---- */

static aft_id sent_ahead(case_desk *c, int64_t units, int64_t price) {
  aft_id id = wanted(c, c->line[0], units, price, "advance");
  case_act(c, &c->d.as_agent, id, "approve");
  assert_case(c, id, "authorising");
  case_leg hold = case_leg_of(c, id, "hold");
  assert_int_equal(hold.requested, units * price);
  assert_gives(case_settle(c, &hold, AFT_SETTLE_CONFIRMED, units * price - 1, "h"), AFT_E_INVALID);
  assert_gives(case_settle(c, &hold, AFT_SETTLE_CONFIRMED, units * price, "h"), AFT_OK);
  case_act(c, &c->d.as_agent, id, "send");
  aft_id line = replacement_of(c, id);
  assert_int_equal(case_line(c, line, AFT_LINE_PAID), 0); /* nothing stands behind it yet */
  deliver(c, line, "r1", true);
  assert_case(c, id, "awaiting_return");
  return id;
}

static void ship_back(case_desk *c, aft_id id) {
  aft_case_act_in ship = {.case_id = id, .event = AFT_STR("ship"), .waybill = AFT_STR("SF1")};
  case_act_with(c, &c->d.as_buyer, &ship);
}

static void the_difference_comes_out_of_the_hold(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = sent_ahead(&c, 2, 12000);
  ship_back(&c, id);
  count_good(&c, id, 2, 0);
  case_act(&c, &c.d.as_agent, id, "accept_goods");
  case_act(&c, &c.d.as_agent, id, "settle");
  case_leg charge = case_leg_of(&c, id, "charge");
  assert_int_equal(charge.requested, 6000);
  assert_int_equal(case_requests(&c, id, "money.capture"), 1);
  assert_gives(case_settle(&c, &charge, AFT_SETTLE_CONFIRMED, 6000, "gw"), AFT_OK);
  assert_case(&c, id, "completed");
  assert_int_equal(case_line(&c, replacement_of(&c, id), AFT_LINE_PAID), 24000);
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_RETURNED), 2);
  END_DESK(c)
}

static void new_goods_that_nobody_pays_for(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = sent_ahead(&c, 1, 12000);
  desk_pass(&c.d, 15 * CASE_DAY);
  desk_tick(&c.d);
  desk_pass(&c.d, CASE_HOUR);
  desk_tick(&c.d);
  assert_case(&c, id, "advance_charging"); /* not at its end before the money is there */
  case_leg charge = case_leg_of(&c, id, "charge");
  assert_int_equal(charge.requested, 12000);
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_WITH_BUYER), 3);
  assert_gives(case_settle(&c, &charge, AFT_SETTLE_FAILED, 0, NULL), AFT_OK);
  assert_case(&c, id, "advance_charging");
  case_act(&c, &c.d.as_buyer, id, "charge");
  charge = case_leg_of(&c, id, "charge");
  assert_gives(case_settle(&c, &charge, AFT_SETTLE_CONFIRMED, 12000, "gw"), AFT_OK);
  assert_case(&c, id, "completed");
  assert_int_equal(case_line(&c, replacement_of(&c, id), AFT_LINE_PAID), 12000);
  END_DESK(c)
}

static void part_of_the_old_goods_comes_back(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = sent_ahead(&c, 2, 9000);
  ship_back(&c, id);
  count_good(&c, id, 1, 1);
  case_act(&c, &c.d.as_agent, id, "accept_goods");
  case_act(&c, &c.d.as_agent, id, "settle");
  assert_int_equal(case_leg_of(&c, id, "charge").requested, 9000); /* the unit that went back to the buyer */
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_WITH_BUYER), 2);
  END_DESK(c)
}

static void cheaper_goods_in_advance(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = sent_ahead(&c, 1, 5000);
  ship_back(&c, id);
  case_act(&c, &c.d.as_agent, id, "receive");
  case_act(&c, &c.d.as_agent, id, "accept_goods");
  case_act(&c, &c.d.as_agent, id, "settle");
  assert_int_equal(case_requests(&c, id, "money.release"), 1);
  assert_int_equal(case_confirm_all(&c, id), 4000);
  assert_case(&c, id, "completed");
  assert_int_equal(case_line(&c, replacement_of(&c, id), AFT_LINE_PAID), 5000);
  END_DESK(c)
}

/* ---- once more ---- */

static void a_unit_that_is_sent_twice_and_paid_back(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = case_file(&c, &c.d.as_agent, "reissue", "missing_part", c.line[0], 2);
  assert_gives(case_file_try(&c, &c.d.as_agent, "reissue", "missing_part", c.line[0], 2), AFT_E_CHECK);
  assert_gives(case_file_try(&c, &c.d.as_agent, "return", "changed_mind", c.line[0], 2), AFT_E_CHECK);
  case_act(&c, &c.d.as_agent, id, "cancel");
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_WITH_BUYER), 3);
  END_DESK(c)
}

static void a_part_leaves_its_unit_with_the_buyer(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_case_line_in lid = {.size = sizeof lid, .line = c.line[0], .quantity = 1, .wants = AFT_STR("lid")};
  aft_case_in in = {
      .kind = AFT_STR("reissue"), .reason = AFT_STR("missing_part"), .lines = &lid, .n_lines = 1};
  aft_id id = case_file_in(&c, &c.d.as_agent, &in);
  case_approve(&c, id);
  case_act(&c, &c.d.as_agent, id, "send");
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_WITH_BUYER), 3);
  assert_int_equal(case_line(&c, replacement_of(&c, id), AFT_LINE_PAID), 0);
  END_DESK(c)
}

/* What came in exchange is lost: the new cup is sent once more, not the old one that is with the shop. */
static void a_replacement_that_is_lost(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = exchanged(&c, c.line[0], 1, 9000, "SF1");
  case_act(&c, &c.d.as_agent, id, "send");
  aft_id line = replacement_of(&c, id);
  deliver(&c, line, "r1", false);
  desk_pass(&c.d, 16 * CASE_DAY);
  desk_tick(&c.d);
  assert_case(&c, id, "replacement_lost");
  case_act(&c, &c.d.as_agent, id, "follow_reissue");
  assert_int_equal(case_line(&c, line, AFT_LINE_IN_EXCHANGE), 1);
  END_DESK(c)
}

/* ---- out of stock ---- */

static aft_id exchange_of_a_cup(case_desk *c, const char *reason, const char *route) {
  aft_case_line_in one = {.size = sizeof one, .line = c->line[0], .quantity = 1};
  aft_case_in in = {.kind = AFT_STR("exchange"),
                    .reason = AFT_STR(reason),
                    .route = AFT_STR(route),
                    .lines = &one,
                    .n_lines = 1};
  return case_file_in(c, &c->d.as_buyer, &in);
}

/* So many labels were asked for, and one of them is good. */
static void assert_one_label(case_desk *c, aft_id id, uint32_t asked) {
  assert_int_equal(case_requests(c, id, "label.request"), asked);
  assert_int_equal(case_requests(c, id, "label.void"), asked - 1);
}

static void assert_becomes_a_return(case_desk *c, aft_id id, uint32_t labels) {
  assert_case_text(c, id, AFT_CASE_KIND, "return");
  assert_case(c, id, "approved");
  assert_int_equal(case_int(c, id, AFT_CASE_AGREED), 9000);
  assert_one_label(c, id, labels);
  ship_back(c, id);
  case_act(c, &c->d.as_agent, id, "receive");
  case_act(c, &c->d.as_agent, id, "accept_goods");
  assert_int_equal(case_confirm_all(c, id), 9000);
  assert_case(c, id, "refunded");
}

static void an_exchange_that_waits_for_stock_goes_on(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = exchange_of_a_cup(&c, "size_small", "");
  assert_case(&c, id, "approved");
  case_act(&c, &c.d.as_agent, id, "out_of_stock");
  assert_int_equal(case_requests(&c, id, "label.void"), 1);
  case_act(&c, &c.d.as_buyer, id, "wait");
  case_act(&c, &c.d.as_agent, id, "in_stock");
  assert_case(&c, id, "approved");
  assert_int_equal(case_requests(&c, id, "goods.reserve"), 2);
  assert_one_label(&c, id, 2);
  case_act(&c, &c.d.as_agent, id, "out_of_stock"); /* and once more */
  case_act(&c, &c.d.as_agent, id, "in_stock");
  assert_case(&c, id, "approved");
  case_act(&c, &c.d.as_agent, id, "out_of_stock");
  desk_pass(&c.d, 49 * CASE_HOUR);
  desk_tick(&c.d);
  assert_becomes_a_return(&c, id, 4);
  END_DESK(c)
}

static void an_exchange_out_of_stock_before_it_is_approved_is_agreed_as_a_return(void **state) {
  static const bool waits[] = {false, true};
  for (size_t w = 0; w < sizeof waits / sizeof *waits; w++) {
    ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
    aft_id id = exchange_of_a_cup(&c, "other", "");
    case_act(&c, &c.d.as_agent, id, "out_of_stock");
    assert_int_equal(case_requests(&c, id, "label.request"), 0);
    if (waits[w])
      case_act(&c, &c.d.as_buyer, id, "wait");
    desk_pass(&c.d, waits[w] ? 16 * CASE_DAY : 49 * CASE_HOUR);
    desk_tick(&c.d);
    assert_becomes_a_return(&c, id, 1);
    END_DESK(c)
  }
}

static void an_exchange_in_advance_that_waits_for_stock_is_held_anew(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = exchange_of_a_cup(&c, "other", "advance");
  case_act(&c, &c.d.as_agent, id, "approve");
  case_act(&c, &c.d.system, id, "authorised");
  case_act(&c, &c.d.as_agent, id, "out_of_stock");
  assert_int_equal(case_requests(&c, id, "money.release"), 1);
  case_act(&c, &c.d.as_buyer, id, "wait");
  case_act(&c, &c.d.as_agent, id, "in_stock");
  assert_case(&c, id, "authorising");
  assert_int_equal(case_requests(&c, id, "money.authorise"), 2);
  case_act(&c, &c.d.system, id, "authorised");
  case_act(&c, &c.d.as_agent, id, "out_of_stock");
  case_act(&c, &c.d.as_buyer, id, "prefer_refund");
  assert_becomes_a_return(&c, id, 1);
  END_DESK(c)
}

static void an_exchange_in_advance_that_is_bargained_over_stays_one(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = exchange_of_a_cup(&c, "other", "advance");
  aft_case_act_in counter = {.case_id = id, .event = AFT_STR("counter"), .amount = {8000, "CNY", 0}};
  case_act_with(&c, &c.d.as_agent, &counter);
  case_act(&c, &c.d.as_buyer, id, "accept");
  assert_case(&c, id, "authorising");
  assert_int_equal(case_requests(&c, id, "money.authorise"), 1);
  assert_int_equal(case_requests(&c, id, "label.request"), 0);
  END_DESK(c)
}

/* The machine says what it becomes; what the buyer wished for before was another thing. */
static void a_wish_for_another_kind_that_outlives_the_exchange(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = exchange_of_a_cup(&c, "other", "");
  aft_case_act_in amend = {.case_id = id, .event = AFT_STR("amend"), .kind = AFT_STR("refund")};
  case_act_with(&c, &c.d.as_buyer, &amend);
  case_act(&c, &c.d.as_agent, id, "out_of_stock");
  desk_pass(&c.d, 49 * CASE_HOUR);
  desk_tick(&c.d);
  assert_becomes_a_return(&c, id, 1);
  END_DESK(c)
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(exchange_total_counts_returned_items),
      cmocka_unit_test(a_charge_that_failed_and_was_waived),
      cmocka_unit_test(a_charge_that_is_paid_in_part),
      cmocka_unit_test(return_on_an_item_of_an_earlier_exchange),
      cmocka_unit_test(a_reissued_unit_that_is_paid_back_too),
      cmocka_unit_test(a_buyer_who_names_the_price),
      cmocka_unit_test(the_same_article_has_its_price),
      cmocka_unit_test(a_difference_of_units_that_were_refused),
      cmocka_unit_test(accepted_units_that_a_lost_dispute_swallows),
      cmocka_unit_test(a_loss_that_hides_the_difference),
      cmocka_unit_test(a_payment_that_comes_after_all),
      cmocka_unit_test(a_price_that_was_paid_and_the_goods_are_gone),
      cmocka_unit_test(the_difference_comes_out_of_the_hold),
      cmocka_unit_test(new_goods_that_nobody_pays_for),
      cmocka_unit_test(part_of_the_old_goods_comes_back),
      cmocka_unit_test(cheaper_goods_in_advance),
      cmocka_unit_test(a_unit_that_is_sent_twice_and_paid_back),
      cmocka_unit_test(a_part_leaves_its_unit_with_the_buyer),
      cmocka_unit_test(a_replacement_that_is_lost),
      cmocka_unit_test(an_exchange_that_waits_for_stock_goes_on),
      cmocka_unit_test(an_exchange_out_of_stock_before_it_is_approved_is_agreed_as_a_return),
      cmocka_unit_test(an_exchange_in_advance_that_waits_for_stock_is_held_anew),
      cmocka_unit_test(an_exchange_in_advance_that_is_bargained_over_stays_one),
      cmocka_unit_test(a_wish_for_another_kind_that_outlives_the_exchange),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
