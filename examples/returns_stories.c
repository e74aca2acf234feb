/* The first half of the day: returns, refunds, goods sent again, and a price that fell. */
#include "returns.h"

#include <stdio.h>
#include <string.h>

static const bought cup = {"cup", "Cup", 1, 9900, NULL};
static const bought pot = {"pot", "Pot", 1, 25900, NULL};

/* What was given back of a line, and what was paid for it. */
static int64_t line_refunded(world *w, aft_id order, const char *ref, int64_t *paid) {
  aft_cursor *cursor;
  aft_record *line;
  int64_t refunded = 0;
  must(w, aft_line_list(w->session, &w->system, order, &cursor, &w->error));
  while (aft_cursor_next(cursor, &line, &w->error) == AFT_OK)
    if (!strcmp(aft_line_ref(line), ref)) {
      refunded = aft_line_refunded(line);
      *paid = aft_line_paid(line);
    }
  aft_cursor_free(cursor);
  return refunded;
}

static void one_part(world *w, int number, aft_id order, int part) {
  char waybill[16];
  aft_id id = file_units(w, order, "return", "changed_mind", "bowl", 1);
  snprintf(waybill, sizeof waybill, "RET-1-%d", part);
  approve_if_asked(w, id);
  ship(w, id, waybill, 0);
  finish(w, id, waybill);
  if (part == 1)
    heading(w, number, id, "满 300 减 40 买的三只碗，分三次退，第一只",
            "the first of three bowls bought with 40 off");
  else
    heading(w, number, id, part == 2 ? "第二只" : "第三只，退到一分不差",
            part == 2 ? "the second" : "the third, which closes to the cent");
  timeline(w, id, 0);
}

static void three_parts(world *w, int number) {
  static const bought lines[] = {{"bowl", "Bowl", 3, 33000, NULL}};
  sold s = {.lines = lines, .n_lines = 1, .off = 4000, .delivered = true};
  aft_id order = tell_order(w, &s);
  int64_t paid = 0;
  char amount[AFT_MONEY_SIZE];
  for (int part = 1; part <= 3; part++)
    one_part(w, number, order, part);
  int64_t refunded = line_refunded(w, order, "bowl", &paid);
  check(w, refunded == 29000 && paid == 29000, "three parts do not come to what was paid");
  money_text(w, refunded, "CNY", amount);
  note(say(w, "   三次共退 %s，等于实付", "   %s in all, which is what was paid"), amount);
}

static void interception(world *w, int number) {
  sold s = {.lines = &cup, .n_lines = 1, .shipped = true};
  aft_id order = tell_order(w, &s);
  aft_id id = file_units(w, order, "refund", "changed_mind", "cup", 1);
  char waybill[32];
  snprintf(waybill, sizeof waybill, "OUT-%d", 1000 + w->n_orders);
  expect_state(w, id, "intercepting");
  gateway(w);
  check(w, w->stops == 1, "the carrier was not asked to stop the parcel");
  pass(w, 5 * HOUR);
  track(w, waybill, "intercept_failed");
  pass(w, 20 * HOUR);
  track(w, waybill, "delivered");
  expect_state(w, id, "approved");
  ship(w, id, "RET-2", 0);
  finish(w, id, "RET-2");
  heading(w, number, id, "原为仅退款，包裹没能拦下",
          "a refund at first, but the parcel could not be stopped");
  timeline(w, id, 0);
}

static void who_pays_freight(world *w, int number) {
  sold s = {.lines = &cup, .n_lines = 1, .delivered = true, .insured = true};
  aft_id mind = file_units(w, tell_order(w, &s), "return", "changed_mind", "cup", 1);
  approve_if_asked(w, mind);
  ship(w, mind, "RET-3A", 1200);
  finish(w, mind, "RET-3A");
  expect_money(w, mind, "freight", "insurer", "buyer", 1200);
  heading(w, number, mind, "七天无理由，运费险赔付运费",
          "within seven days, no reason given, freight insured");
  timeline(w, mind, 0);
  s.insured = false;
  aft_id fault = file_units(w, tell_order(w, &s), "return", "defective_on_arrival", "cup", 1);
  approve_if_asked(w, fault);
  ship(w, fault, "RET-3B", 1200);
  finish(w, fault, "RET-3B");
  expect_money(w, fault, "freight", "seller", "buyer", 1200);
  heading(w, number, fault, "质量问题，运费由商家承担", "a fault, so the shop pays the freight");
  timeline(w, fault, 0);
}

static void set_tier(world *w, const char *tier) {
  aft_customer_in in = {.size = sizeof in, .id = w->buyer, .tier = AFT_STR(tier)};
  must(w, aft_customer_put(w->session, &w->system, &in, NULL, &w->error));
}

/* What the warehouse wrote down. */
static bool found_wrong(world *w, aft_id id) {
  aft_cursor *cursor;
  aft_record *finding;
  bool wrong = false;
  must(w, aft_case_parts(w->session, &w->seller, id, AFT_KIND_FINDING, &cursor, &w->error));
  while (aft_cursor_next(cursor, &finding, &w->error) == AFT_OK)
    wrong |= !strcmp(aft_finding_condition(finding), "wrong");
  aft_cursor_free(cursor);
  if (wrong)
    note("   %s",
         say(w, "验收记录：寄回的不是原商品", "found at the inspection: not the article that was sold"));
  return wrong;
}

static void advance_and_debt(world *w, int number) {
  sold s = {.lines = &pot, .n_lines = 1, .delivered = true};
  set_tier(w, "vip");
  aft_id id = file_units(w, tell_order(w, &s), "return", "changed_mind", "pot", 1);
  approve_if_asked(w, id);
  ship(w, id, "RET-4", 0);
  come_back(w, id, "RET-4", "wrong");
  expect_money(w, id, "advance", "seller", "buyer", 25900);
  act(w, &w->seller, id, "refuse_goods");
  pass(w, 8 * DAY);
  gateway(w);
  expect_state(w, id, "closed_rejected");
  expect_money(w, id, "clawback", "buyer", "seller", 25900);
  heading(w, number, id, "先行退款，寄回的却不是原物，退款追回",
          "paid when the parcel left, and something else came back");
  timeline(w, id, 0);
  check(w, found_wrong(w, id), "nothing was found wrong, and the goods were refused");
  set_tier(w, "regular");
}

static void reissue(world *w, int number) {
  static const bought set[] = {{"cups", "Cups", 2, 19800, NULL}};
  sold s = {.lines = set, .n_lines = 1, .delivered = true};
  aft_id id = file_units(w, tell_order(w, &s), "reissue", "missing_part", "cups", 1);
  approve_if_asked(w, id);
  replace_goods(w, id);
  heading(w, number, id, "少发了一只杯子", "one of two cups was missing");
  timeline(w, id, 0);
}

static void price_protection(world *w, int number) {
  sold s = {.lines = &pot, .n_lines = 1, .delivered = true};
  aft_id order = tell_order(w, &s);
  aft_case_line_in line = {.size = sizeof line, .line = line_of(w, order, "pot"), .quantity = 1};
  aft_case_in in = {.order = order,
                    .kind = AFT_STR("price_protection"),
                    .reason = AFT_STR("price_drop"),
                    .lines = &line,
                    .n_lines = 1,
                    .amount = {2000, "CNY", 0}};
  aft_id id = file_case(w, &w->as_buyer, &in);
  approve_if_asked(w, id);
  pass(w, HOUR / 2);
  gateway(w);
  expect_state(w, id, "refunded");
  expect_money(w, id, "refund", "seller", "buyer", 2000);
  heading(w, number, id, "买后降价 20 元，退差价", "20 cheaper the day after");
  timeline(w, id, 0);
}

void stories(world *w) {
  void (*const all[])(world *, int) = {three_parts,      interception, who_pays_freight,
                                       advance_and_debt, reissue,      price_protection};
  for (int i = 0; i < (int)(sizeof all / sizeof *all); i++)
    all[i](w, i + 1);
}
