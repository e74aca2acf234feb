/* The day: eleven stories, each a case or two. */
#include "returns.h"

#include <stdio.h>
#include <string.h>

static const bought cup = {"cup", "Cup", 1, 9900, NULL};
static const bought pot = {"pot", "Pot", 1, 25900, NULL};

/* The goods came back in order, and the money went. */
static void finish(world *w, aft_id id, const char *waybill) {
  come_back(w, id, waybill, NULL);
  act(w, &w->seller, id, "accept_goods");
  gateway(w);
  expect_state(w, id, "refunded");
}

static void three_parts(world *w, int number) {
  static const bought lines[] = {{"bowl", "Bowl", 3, 33000, NULL}};
  sold s = {.lines = lines, .n_lines = 1, .off = 4000, .delivered = true};
  aft_id order = tell_order(w, &s), id = 0;
  char amount[AFT_MONEY_SIZE], waybill[16];
  int64_t total = 0;
  for (int part = 1; part <= 3; part++) {
    aft_record *record;
    id = file_units(w, order, "return", "changed_mind", "bowl", 1);
    if (part == 1)
      heading(w, number, id, "满 300 减 40 的三只碗，分三次退",
              "three bowls with 40 off 300, returned one by one");
    approve_if_asked(w, id);
    snprintf(waybill, sizeof waybill, "RET-1-%d", part);
    ship(w, id, waybill, 0);
    finish(w, id, waybill);
    must(w, aft_case_get(w->session, &w->system, id, &record, &w->error));
    total += aft_case_agreed(record);
    money_text(w, aft_case_agreed(record), "CNY", amount);
    aft_record_free(record);
    note(say(w, "   第 %d 只：%s", "   bowl %d: %s"), part, amount);
  }
  money_text(w, total, "CNY", amount);
  note(say(w, "   合计 %s，正好是实付金额", "   together %s, what was paid to the cent"), amount);
  w->wrong += total != 29000;
}

static void interception(world *w, int number) {
  sold s = {.lines = &cup, .n_lines = 1, .shipped = true};
  aft_id order = tell_order(w, &s);
  aft_id id = file_units(w, order, "refund", "changed_mind", "cup", 1);
  expect_state(w, id, "intercepting");
  pass(w, 5 * HOUR);
  act(w, &w->system, id, "intercept_failed");
  pass(w, 20 * HOUR);
  char waybill[32];
  snprintf(waybill, sizeof waybill, "OUT-%d", 1000 + w->orders);
  track(w, waybill, "delivered");
  ship(w, id, "RET-2", 0);
  finish(w, id, "RET-2");
  heading(w, number, id, "拦截失败，改为退货", "the interception fails and the refund becomes a return");
  timeline(w, id);
}

static void who_pays_freight(world *w, int number) {
  sold s = {.lines = &cup, .n_lines = 1, .delivered = true, .insured = true};
  aft_id mind = file_units(w, tell_order(w, &s), "return", "changed_mind", "cup", 1);
  approve_if_asked(w, mind);
  ship(w, mind, "RET-3A", 1200);
  finish(w, mind, "RET-3A");
  heading(w, number, mind, "七天无理由，运费由保险公司承担",
          "seven days without a reason; the insurer pays the way back");
  timeline(w, mind);
  s.insured = false;
  aft_id fault = file_units(w, tell_order(w, &s), "return", "defective_on_arrival", "cup", 1);
  approve_if_asked(w, fault);
  ship(w, fault, "RET-3B", 1200);
  finish(w, fault, "RET-3B");
  heading(w, number, fault, "质量问题，运费由商家承担", "a fault; the seller pays the way back");
  timeline(w, fault);
}

static void advance_and_debt(world *w, int number) {
  sold s = {.lines = &pot, .n_lines = 1, .delivered = true};
  aft_customer_in vip = {.size = sizeof vip, .id = w->buyer, .tier = AFT_STR("vip")};
  must(w, aft_customer_put(w->session, &w->system, &vip, NULL, &w->error));
  aft_id id = file_units(w, tell_order(w, &s), "return", "changed_mind", "pot", 1);
  approve_if_asked(w, id);
  ship(w, id, "RET-4", 0);
  come_back(w, id, "RET-4", "wrong");
  act(w, &w->seller, id, "refuse_goods");
  pass(w, 8 * DAY);
  gateway(w);
  expect_state(w, id, "closed_rejected");
  heading(w, number, id, "先行退款后发现寄回的不是原商品",
          "paid in advance, and something else came back: a debt");
  timeline(w, id);
}

static void reissue(world *w, int number) {
  static const bought set[] = {{"cups", "Cups", 2, 19800, NULL}};
  sold s = {.lines = set, .n_lines = 1, .delivered = true};
  aft_id id = file_units(w, tell_order(w, &s), "reissue", "missing_part", "cups", 1);
  approve_if_asked(w, id);
  act(w, &w->warehouse, id, "send");
  pass(w, 4 * HOUR);
  act(w, &w->warehouse, id, "replacement_shipped");
  pass(w, 10 * DAY);
  heading(w, number, id, "少发一只，补寄", "one cup was missing and is sent");
  timeline(w, id);
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
                    .amount = {2000, "CNY"}};
  aft_id id = file_case(w, &w->as_buyer, &in);
  approve_if_asked(w, id);
  gateway(w);
  expect_state(w, id, "refunded");
  heading(w, number, id, "买后降价 20 元", "20 cheaper a day later");
  timeline(w, id);
}

static void silence(world *w, int number) {
  sold s = {.lines = &pot, .n_lines = 1, .delivered = true};
  aft_id id = file_units(w, tell_order(w, &s), "return", "defective_on_arrival", "pot", 1);
  expect_state(w, id, "requested");
  pass(w, 48 * HOUR);
  expect_state(w, id, "approved");
  ship(w, id, "RET-7", 0);
  finish(w, id, "RET-7");
  heading(w, number, id, "商家 48 小时未回应，视为同意",
          "the shop is silent for 48 hours, which counts as yes");
  timeline(w, id);
}

static void dispute(world *w, int number) {
  sold s = {.lines = &pot, .n_lines = 1, .delivered = true};
  aft_id order = tell_order(w, &s);
  aft_id id = file_units(w, order, "return", "defective_on_arrival", "pot", 1);
  pass(w, HOUR);
  act(w, &w->seller, id, "reject");
  pass(w, HOUR);
  aft_case_in in = {
      .order = order, .kind = AFT_STR("dispute"), .reason = AFT_STR("decision_disputed"), .parent = id};
  aft_id about = file_case(w, &w->as_buyer, &in);
  pass(w, 20 * HOUR);
  act(w, &w->arbiter, about, "ready");
  act(w, &w->arbiter, about, "rule_buyer");
  act(w, &w->arbiter, about, "carry_out");
  expect_state(w, id, "approved");
  ship(w, id, "RET-8", 0);
  finish(w, id, "RET-8");
  heading(w, number, about, "仲裁支持买家，裁决自动执行", "the verdict is the buyer's, and is carried out");
  timeline(w, about);
  heading(w, number, id, "被裁决的退货", "the return that it was about");
  timeline(w, id);
}

static void red_invoice(world *w, int number) {
  sold s = {.lines = &pot, .n_lines = 1, .delivered = true, .invoice = "INV-2026-77"};
  aft_id id = file_units(w, tell_order(w, &s), "return", "defective_on_arrival", "pot", 1);
  approve_if_asked(w, id);
  ship(w, id, "RET-9", 0);
  finish(w, id, "RET-9");
  heading(w, number, id, "已开票，退货时冲红", "the invoice is reversed with the return");
  timeline(w, id);
  aft_record *record;
  must(w, aft_case_get(w->session, &w->system, id, &record, &w->error));
  bool issued = !strcmp(aft_case_papers(record), "issued");
  w->wrong += !issued;
  note("   %s", issued ? say(w, "红字发票 RED-0001 已开具", "reversing invoice RED-0001 was issued")
                       : say(w, "红字发票未开具", "no reversing invoice"));
  aft_record_free(record);
}

static void withdrawal(world *w, int number) {
  static const bought lines[] = {{"lamp", "Lamp", 1, 8900, NULL}, {"post", "Postage", 1, 590, "freight"}};
  sold s = {.country = "DE",
            .zone = "Europe/Berlin",
            .currency = "EUR",
            .lines = lines,
            .n_lines = 2,
            .delivered = true};
  aft_id id = file_units(w, tell_order(w, &s), "withdrawal", "changed_mind", "lamp", 1);
  char state[40];
  if (!strcmp(state_of(w, id, state), "stated")) {
    act(w, &w->as_buyer, id, "confirm");
    act(w, &w->seller, id, "acknowledge");
  }
  ship(w, id, "RET-10", 0);
  come_back(w, id, "RET-10", NULL);
  act(w, &w->seller, id, "accept_goods");
  gateway(w);
  expect_state(w, id, "refunded");
  heading(w, number, id, "德国买家 14 天内撤回合同，去程邮费一并退还",
          "a buyer in Germany withdraws; the postage comes back too");
  timeline(w, id);
}

static void repair(world *w, int number) {
  sold s = {.lines = &pot, .n_lines = 1, .delivered = true, .warranty = true};
  aft_id order = tell_order(w, &s);
  aft_id id = file_units(w, order, "repair", "repair_wanted", "pot", 1);
  approve_if_asked(w, id);
  ship(w, id, "RET-11", 0);
  pass(w, DAY);
  track(w, "RET-11", "delivered");
  act(w, &w->warehouse, id, "diagnose");
  act(w, &w->seller, id, "irreparable");
  act(w, &w->as_buyer, id, "follow_exchange");
  heading(w, number, id, "修不好，改为换货", "it cannot be mended and is exchanged");
  timeline(w, id);
  aft_case_filter filter = {.size = sizeof filter, .parent = id};
  aft_cursor *cursor;
  aft_record *child;
  aft_id next = 0;
  must(w, aft_case_list(w->session, &w->system, &filter, &cursor, &w->error));
  if (aft_cursor_next(cursor, &child, &w->error) == AFT_OK)
    next = aft_case_id(child);
  aft_cursor_free(cursor);
  w->wrong += next == 0;
  if (!next)
    return;
  w->cases[w->n_cases++] = next;
  heading(w, number, next, "由维修转来的换货", "the exchange that follows");
  timeline(w, next);
}

void stories(world *w) {
  void (*const all[])(world *, int) = {
      three_parts, interception, who_pays_freight, advance_and_debt, reissue, price_protection,
      silence,     dispute,      red_invoice,      withdrawal,       repair};
  for (int i = 0; i < (int)(sizeof all / sizeof *all); i++)
    all[i](w, i + 1);
}
