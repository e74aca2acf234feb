/* When money goes, and what goes with it: the stages of the policy, papers and holds that it waits for,
 * freight and duties that rest on the goods. */
#include "case_story.h"
#include "random.h"

#include <stdio.h>
#include <string.h>

/* ---- stages ---- */

static void release_at(case_desk *c, desk_kind kind, const char *stage) {
  case_story story;
  char policy[120];
  case_story_open(c, &story, kind, CASE_DELIVERED);
  snprintf(policy, sizeof policy, "version: 1\ncases: {money: {release: {return: %s}}}\n", stage);
  case_story_policy(c, policy);
  case_story_tell(c, &story);
}

static int64_t sent(case_desk *c, aft_id id) {
  case_leg legs[CASE_MOST_LEGS];
  int64_t total = 0;
  for (uint32_t i = 0, n = case_legs(c, id, legs); i < n; i++)
    total += strcmp(legs[i].state, "sent") == 0 ? legs[i].requested : 0;
  return total;
}

static void money_goes_at_the_stage_of_the_policy(void **state) {
  static const char *const stages[] = {"approval", "pickup", "delivery", "inspection"};
  (void)state;
  for (size_t s = 0; s < sizeof stages / sizeof *stages; s++) {
    case_desk c;
    release_at(&c, DESK_MEMORY, stages[s]);
    aft_id id = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 1);
    assert_int_equal(sent(&c, id), s == 0 ? 9000 : 0);
    case_ship(&c, id, "SF1");
    assert_gives(case_track(&c, "SF1", "t1", "picked_up"), AFT_OK);
    assert_int_equal(sent(&c, id), s <= 1 ? 9000 : 0);
    assert_gives(case_track(&c, "SF1", "t2", "delivered"), AFT_OK);
    assert_int_equal(sent(&c, id), s <= 2 ? 9000 : 0);
    case_act(&c, &c.d.as_agent, id, "inspect");
    case_act(&c, &c.d.as_agent, id, "accept_goods");
    assert_int_equal(sent(&c, id), 9000); /* and never twice */
    assert_int_equal(case_confirm_all(&c, id), 9000);
    assert_case(&c, id, "refunded");
    case_desk_close(&c);
  }
}

static void a_return_that_is_paid_and_canceled(void **state) {
  ON_EACH_DESK(c, release_at(&c, kind, "approval"))
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 1);
  assert_int_equal(case_confirm_all(&c, id), 9000);
  case_act(&c, &c.d.as_buyer, id, "cancel");
  assert_int_equal(case_leg_of(&c, id, "clawback").requested, 9000);
  END_DESK(c)
}

/* ---- papers and holds ---- */

static void papers_first(case_desk *c, desk_kind kind) {
  case_story story;
  case_story_open(c, &story, kind, CASE_DELIVERED);
  case_story_policy(
      c, "version: 1\ncases: {money: {papers_first: [{when: {has_invoice: true}, money: waits}]}}\n");
  story.facts.invoice = AFT_STR("INV-1");
  case_story_tell(c, &story);
}

static void told(case_desk *c, aft_id id, uint32_t outcome) {
  aft_invoice_in in = {.size = sizeof in, .case_id = id, .outcome = outcome};
  assert_gives(aft_invoice_told(c->d.session, &c->d.system, &in, NULL, &case_error), AFT_OK);
}

/* Accepted as they came, after an inspection, and where nobody did either. */
static void money_before_the_invoice_is_taken_back(void **state) {
  (void)state;
  for (size_t w = 0; w < 3; w++) {
    case_desk c;
    papers_first(&c, DESK_MEMORY);
    aft_id id = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 1);
    case_ship(&c, id, "SF1");
    case_act(&c, &c.d.as_agent, id, "receive");
    if (w == 1)
      case_act(&c, &c.d.as_agent, id, "inspect");
    if (w < 2)
      case_act(&c, &c.d.as_agent, id, "accept_goods");
    else
      desk_pass(&c.d, 11 * CASE_DAY), desk_tick(&c.d);
    assert_case(&c, id, "accepted");
    desk_pass(&c.d, 8 * CASE_DAY);
    desk_tick(&c.d);
    assert_int_equal(sent(&c, id), 0);
    told(&c, id, AFT_RED_FAILED);
    assert_int_equal(sent(&c, id), 0);
    told(&c, id, AFT_RED_ISSUED);
    assert_int_equal(case_confirm_all(&c, id), 9000);
    assert_case(&c, id, "refunded");
    case_desk_close(&c);
  }
}

static void people_need_not_wait_for_papers(void **state) {
  ON_EACH_DESK(c, papers_first(&c, kind))
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 1);
  case_ship(&c, id, "SF1");
  case_act(&c, &c.d.as_agent, id, "receive");
  case_act(&c, &c.d.as_agent, id, "accept_goods");
  assert_int_equal(sent(&c, id), 0);
  case_act(&c, &c.d.as_agent, id, "pay_out");
  assert_int_equal(case_confirm_all(&c, id), 9000);
  END_DESK(c)
}

static void a_part_that_waits_for_papers(void **state) {
  ON_EACH_DESK(c, papers_first(&c, kind))
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 2);
  case_ship(&c, id, "SF1");
  case_act(&c, &c.d.as_agent, id, "receive");
  case_find(&c, id, c.line[0], "ok", 1);
  case_find(&c, id, c.line[0], "damaged", 1);
  case_act(&c, &c.d.as_agent, id, "accept_goods");
  assert_case(&c, id, "partly_accepted");
  assert_int_equal(sent(&c, id), 0);
  case_act(&c, &c.d.as_agent, id, "send_back");
  assert_int_equal(sent(&c, id), 0);
  told(&c, id, AFT_RED_ISSUED);
  assert_int_equal(case_confirm_all(&c, id), 9000);
  assert_case(&c, id, "refunded");
  END_DESK(c)
}

static void a_hold_that_time_overcomes(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_error error = AFT_ERROR_INIT;
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 1);
  case_ship(&c, id, "SF1");
  case_act(&c, &c.d.as_agent, id, "receive");
  assert_ok(aft_case_hold(c.d.session, &c.d.as_agent, id, 1, "court order", &error));
  for (int i = 0; i < 5; i++) {
    desk_pass(&c.d, 11 * CASE_DAY);
    desk_tick(&c.d);
  }
  assert_case(&c, id, "accepted");
  assert_int_equal(sent(&c, id), 0);
  assert_ok(aft_case_hold(c.d.session, &c.d.as_agent, id, 0, NULL, &error));
  assert_int_equal(case_confirm_all(&c, id), 9000);
  assert_case(&c, id, "refunded");
  END_DESK(c)
}

/* The bank took back the price of one cup, perhaps of the one that is on its way: nobody pays twice by a
 * timer. */
static void a_part_that_the_bank_took_back(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_error error = AFT_ERROR_INIT;
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 1);
  case_ship(&c, id, "SF1");
  case_charge_back(&c, "pay-1", 9000);
  case_act(&c, &c.d.as_agent, id, "receive");
  for (int i = 0; i < 5; i++) {
    desk_pass(&c.d, 11 * CASE_DAY);
    desk_tick(&c.d);
  }
  assert_case(&c, id, "accepted");
  assert_int_equal(sent(&c, id), 0);
  assert_ok(aft_case_hold(c.d.session, &c.d.as_agent, id, 0, NULL, &error)); /* it was for something else */
  assert_int_equal(case_confirm_all(&c, id), 9000);
  assert_case(&c, id, "refunded");
  END_DESK(c)
}

/* ---- freight and duties ---- */

static void shared_extras(case_desk *c, desk_kind kind, int64_t units, int64_t price, int64_t freight,
                          int64_t duty) {
  case_story story;
  case_story_open(c, &story, kind, CASE_DELIVERED);
  case_story_policy(
      c, "version: 1\ncases: {money: {freight_out: [{give: share}], duty_out: [{give: share}]}}\n");
  case_story_one(&story, units, price);
  story.lines[1] = (aft_order_line_in){.size = sizeof story.lines[1],
                                       .ref = AFT_STR("freight"),
                                       .title = AFT_STR("Freight"),
                                       .nature = AFT_STR("freight"),
                                       .quantity = 1,
                                       .price = freight};
  story.lines[2] = (aft_order_line_in){.size = sizeof story.lines[2],
                                       .ref = AFT_STR("duty"),
                                       .title = AFT_STR("Customs duty"),
                                       .nature = AFT_STR("duty"),
                                       .quantity = 1,
                                       .price = duty};
  story.facts.n_lines = 3;
  story.payments[0].captured.minor = price + freight + duty;
  case_story_tell(c, &story);
}

static void accept(case_desk *c, aft_id id, const char *waybill) {
  case_ship(c, id, waybill);
  case_act(c, &c->d.as_agent, id, "receive");
  case_act(c, &c->d.as_agent, id, "accept_goods");
}

static void a_duty_goes_with_its_goods(void **state) {
  ON_EACH_DESK(c, shared_extras(&c, kind, 3, 9000, 1000, 500))
  aft_id id = case_file(&c, &c.d.as_agent, "return", "changed_mind", c.line[0], 1);
  accept(&c, id, "SF1");
  assert_int_equal(case_confirm_all(&c, id), 3000 + 333 + 166);
  assert_int_equal(case_line(&c, c.line[2], AFT_LINE_REFUNDED), 166);
  assert_int_equal(case_line(&c, c.line[2], AFT_LINE_SETTLED), 0);
  id = case_file(&c, &c.d.as_agent, "return", "changed_mind", c.line[0], 2);
  accept(&c, id, "SF2");
  assert_int_equal(case_confirm_all(&c, id), 6000 + 667 + 334);
  assert_int_equal(case_line(&c, c.line[2], AFT_LINE_SETTLED), 1);
  END_DESK(c)
}

static void a_duty_of_goods_that_were_refused(void **state) {
  ON_EACH_DESK(c, shared_extras(&c, kind, 4, 8000, 1000, 400))
  aft_id id = case_file(&c, &c.d.as_agent, "return", "changed_mind", c.line[0], 2);
  case_ship(&c, id, "SF1");
  case_act(&c, &c.d.as_agent, id, "receive");
  case_find(&c, id, c.line[0], "ok", 1);
  case_find(&c, id, c.line[0], "damaged", 1);
  case_act(&c, &c.d.as_agent, id, "accept_goods");
  assert_int_equal(case_confirm_all(&c, id), 2000 + 250 + 100);
  END_DESK(c)
}

/* Parts of any size, one after the other or all of them open at once: together they give all of it back. */
static void parts_that_do_not_close_to_zero(void **state) {
  (void)state;
  uint64_t seed = seed_of("extras");
  for (int round = 0; round < 25; round++) {
    case_desk c;
    int64_t units = 2 + below(&seed, 7), price = 100 + below(&seed, 100000);
    int64_t freight = 1 + below(&seed, 5000), duty = 1 + below(&seed, 5000), total = 0, left = units;
    bool open_at_once = below(&seed, 2);
    aft_id ids[16];
    int n = 0;
    shared_extras(&c, DESK_MEMORY, units, price, freight, duty);
    while (left > 0) {
      int64_t part = 1 + below(&seed, (uint32_t)left);
      char waybill[16];
      snprintf(waybill, sizeof waybill, "SF%d", n);
      ids[n] = case_file(&c, &c.d.as_agent, "return", "changed_mind", c.line[0], part);
      if (!open_at_once) {
        accept(&c, ids[n], waybill);
        total += case_confirm_all(&c, ids[n]);
      }
      n++;
      left -= part;
    }
    for (int i = n; open_at_once && i-- > 0;) {
      char waybill[16];
      snprintf(waybill, sizeof waybill, "SF%d", i);
      accept(&c, ids[i], waybill);
      total += case_confirm_all(&c, ids[i]);
    }
    assert_int_equal(total, price + freight + duty);
    case_desk_close(&c);
  }
}

static void to_germany(case_desk *c, desk_kind kind) {
  case_story story;
  case_story_open(c, &story, kind, CASE_DELIVERED);
  story.facts.jurisdiction = AFT_STR("DE");
  case_story_tell(c, &story);
}

/* Each alone is a part; when the second one comes in, nothing of the order is left. */
static void two_withdrawals_that_lose_the_freight(void **state) {
  ON_EACH_DESK(c, to_germany(&c, kind))
  aft_id cups = case_file(&c, &c.d.as_buyer, "withdrawal", "changed_mind", c.line[0], 3);
  aft_id pot = case_file(&c, &c.d.as_buyer, "withdrawal", "changed_mind", c.line[1], 1);
  int64_t total = 0;
  aft_id ids[] = {cups, pot};
  for (int i = 0; i < 2; i++) {
    char waybill[8] = {'S', 'F', (char)('1' + i)};
    aft_case_act_in ship = {.case_id = ids[i], .event = AFT_STR("ship"), .waybill = AFT_STR(waybill)};
    case_act_with(&c, &c.d.as_buyer, &ship);
    case_act(&c, &c.d.as_agent, ids[i], "receive");
    case_act(&c, &c.d.as_agent, ids[i], "accept_goods");
    total += case_confirm_all(&c, ids[i]);
  }
  assert_int_equal(total, 30000 + 6999);
  END_DESK(c)
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(money_goes_at_the_stage_of_the_policy),
      cmocka_unit_test(a_return_that_is_paid_and_canceled),
      cmocka_unit_test(money_before_the_invoice_is_taken_back),
      cmocka_unit_test(people_need_not_wait_for_papers),
      cmocka_unit_test(a_part_that_waits_for_papers),
      cmocka_unit_test(a_hold_that_time_overcomes),
      cmocka_unit_test(a_part_that_the_bank_took_back),
      cmocka_unit_test(a_duty_goes_with_its_goods),
      cmocka_unit_test(a_duty_of_goods_that_were_refused),
      cmocka_unit_test(parts_that_do_not_close_to_zero),
      cmocka_unit_test(two_withdrawals_that_lose_the_freight),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
