/* The second half of the day: silence, a dispute, an invoice, a right by law, and what cannot be mended. */
#include "returns.h"

#include <stdio.h>
#include <string.h>

static const bought pot = {"pot", "Pot", 1, 25900, NULL};

static aft_id faulty_pot(world *w, const sold *s, aft_id *order) {
  *order = tell_order(w, s);
  return file_units(w, *order, "return", "defective_on_arrival", "pot", 1);
}

static void silence(world *w, int number) {
  sold s = {.lines = &pot, .n_lines = 1, .delivered = true};
  aft_id order, id = faulty_pot(w, &s, &order);
  pass(w, 48 * HOUR - 1);
  expect_state(w, id, "requested");
  pass(w, 1);
  expect_state(w, id, "approved");
  ship(w, id, "RET-7", 0);
  finish(w, id, "RET-7");
  heading(w, number, id, "商家 48 小时没有答复，视为同意", "48 hours without an answer count as yes");
  timeline(w, id, 0);
}

static int photos(world *w, aft_id id) {
  aft_cursor *cursor;
  aft_record *photo;
  int n = 0;
  must(w, aft_evidence_list(w->session, &w->arbiter, id, &cursor, &w->error));
  while (aft_cursor_next(cursor, &photo, &w->error) == AFT_OK) {
    const char *who = aft_evidence_role(photo) == AFT_ROLE_BUYER ? "buyer" : "seller";
    note(say(w, "   照片（%s）：%s", "   photo from the %s: %s"), named(w, who), aft_evidence_name(photo));
    n++;
  }
  aft_cursor_free(cursor);
  return n;
}

static aft_id open_dispute(world *w, aft_id order, aft_id about) {
  aft_case_in in = {
      .order = order, .kind = AFT_STR("dispute"), .reason = AFT_STR("decision_disputed"), .parent = about};
  return file_case(w, &w->as_buyer, &in);
}

static void dispute(world *w, int number) {
  sold s = {.lines = &pot, .n_lines = 1, .delivered = true};
  aft_id order, id = faulty_pot(w, &s, &order);
  pass(w, HOUR);
  act(w, &w->seller, id, "reject");
  pass(w, HOUR);
  aft_id about = open_dispute(w, order, id);
  expect_state(w, id, "disputed");
  add_photo(w, &w->as_buyer, about, say(w, "裂缝.jpg", "crack.jpg"));
  pass(w, 5 * HOUR);
  add_photo(w, &w->seller, about, say(w, "出库.jpg", "packing.jpg"));
  pass(w, 15 * HOUR);
  act(w, &w->arbiter, about, "ready");
  pass(w, 26 * HOUR);
  act(w, &w->arbiter, about, "rule_buyer");
  pass(w, 7 * DAY); /* nobody appeals */
  expect_state(w, about, "closed");
  expect_state(w, id, "approved");
  heading(w, number, about, "双方举证，裁定支持买家", "both show evidence, and the verdict is for the buyer");
  timeline(w, about, 0);
  check(w, photos(w, about) == 2, "the dispute has not the evidence of both sides");
  ship(w, id, "RET-8", 0);
  finish(w, id, "RET-8");
  heading(w, number, id, "裁定所涉及的退货", "the return that the verdict was about");
  timeline(w, id, 0);
}

static bool print_invoice(world *w, aft_id id) {
  aft_cursor *cursor;
  aft_record *invoice;
  bool issued = false;
  char amount[AFT_MONEY_SIZE];
  must(w, aft_case_parts(w->session, &w->system, id, AFT_KIND_INVOICE, &cursor, &w->error));
  while (aft_cursor_next(cursor, &invoice, &w->error) == AFT_OK) {
    issued = !strcmp(aft_invoice_state(invoice), "issued");
    money_text(w, aft_invoice_amount(invoice), "CNY", amount);
    note(say(w, "   发票 %s 已冲红：红字发票 %s，%s", "   invoice %s is reversed by %s over %s"),
         aft_invoice_number(invoice), aft_invoice_red(invoice), amount);
  }
  aft_cursor_free(cursor);
  return issued;
}

static void red_invoice(world *w, int number) {
  sold s = {.lines = &pot, .n_lines = 1, .delivered = true, .invoice = "INV-2026-77"};
  aft_id order, id = faulty_pot(w, &s, &order);
  approve_if_asked(w, id);
  ship(w, id, "RET-9", 0);
  finish(w, id, "RET-9");
  heading(w, number, id, "已开发票，退货时冲红", "its invoice is reversed");
  timeline(w, id, 0);
  check(w, print_invoice(w, id), "no reversing invoice was issued");
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
  if (is_in(w, id, "stated")) {
    pass(w, HOUR / 4);
    act(w, &w->as_buyer, id, "confirm");
    pass(w, HOUR);
    act(w, &w->seller, id, "acknowledge");
  }
  expect_state(w, id, "acknowledged");
  ship(w, id, "RET-10", 0);
  finish(w, id, "RET-10");
  expect_money(w, id, "advance", "seller", "buyer", 9490); /* with the parcel's first scan */
  heading(w, number, id, "德国买家 14 天内撤回，去程邮费一并退还（柏林时间）",
          "a buyer in Germany, postage refunded too (times in Berlin)");
  timeline(w, id, 0);
}

/* The case that followed from another. */
static aft_id child_of(world *w, aft_id id) {
  aft_case_filter filter = {.size = sizeof filter, .parent = id};
  aft_cursor *cursor;
  aft_record *child;
  aft_id next = 0;
  must(w, aft_case_list(w->session, &w->system, &filter, &cursor, &w->error));
  if (aft_cursor_next(cursor, &child, &w->error) == AFT_OK)
    next = aft_case_id(child);
  aft_cursor_free(cursor);
  check(w, next != 0, "no case followed from the repair");
  return next;
}

/* The pot is with the shop already: nobody sends it in, nor inspects it once more. */
static void exchange(world *w, int number, aft_id id) {
  pass(w, HOUR);
  replace_goods(w, id);
  heading(w, number, id, "由维修转来，换一只新锅", "a new pot for the one that could not be repaired");
  timeline(w, id, 0);
}

static void repair(world *w, int number) {
  sold s = {.lines = &pot, .n_lines = 1, .delivered = true, .warranty = true};
  aft_id id = file_units(w, tell_order(w, &s), "repair", "repair_wanted", "pot", 1);
  approve_if_asked(w, id);
  ship(w, id, "RET-11", 0);
  pass(w, DAY);
  track(w, "RET-11", "delivered");
  pass(w, HOUR);
  act(w, &w->warehouse, id, "diagnose");
  pass(w, HOUR);
  act(w, &w->seller, id, "irreparable");
  pass(w, HOUR);
  act(w, &w->as_buyer, id, "follow_exchange");
  expect_state(w, id, "replaced");
  heading(w, number, id, "在保修期内，却修不好", "under warranty, but beyond repair");
  timeline(w, id, 0);
  aft_id next = child_of(w, id);
  if (next)
    exchange(w, number, next);
}

void disagreements(world *w) {
  void (*const all[])(world *, int) = {silence, dispute, red_invoice, withdrawal, repair};
  for (int i = 0; i < (int)(sizeof all / sizeof *all); i++)
    all[i](w, i + 7);
}
