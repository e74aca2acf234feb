/* The field's mistakes with goods, each as a test that is named after the mistake. */
#include "case_story.h"

#include <stdio.h>

#include <stdlib.h>
#include <string.h>

static void assert_cups(case_desk *c, int64_t undelivered, int64_t with_buyer, int64_t held) {
  assert_int_equal(case_line(c, c->line[0], AFT_LINE_UNDELIVERED), undelivered);
  assert_int_equal(case_line(c, c->line[0], AFT_LINE_WITH_BUYER), with_buyer);
  assert_int_equal(case_line(c, c->line[0], AFT_LINE_IN_RETURN), held);
}

static void assert_nothing_happens(case_desk *c, const aft_call *as, aft_id id, const char *event) {
  aft_case_act_in in = {.case_id = id, .event = {event, AFT_NTS}};
  char *before = case_picture(c);
  assert_gives(case_attempt(c, as, &in), AFT_E_TRANSITION);
  char *after = case_picture(c);
  assert_string_equal(before, after);
  free(before);
  free(after);
}

/* ---- what comes back ---- */

static void receive_without_refund(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 1);
  case_ship(&c, id, "SF1");
  assert_gives(case_track(&c, "SF1", "t1", "lost"), AFT_OK);
  assert_case(&c, id, "lost");
  assert_gives(case_track(&c, "SF1", "t2", "delivered"), AFT_OK); /* it turns up before anybody paid */
  assert_case(&c, id, "received");
  case_act(&c, &c.d.as_agent, id, "inspect");
  case_act(&c, &c.d.as_agent, id, "accept_goods");
  assert_int_equal(case_confirm_all(&c, id), 9000);
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_LOST), 0);
  /* and after it was paid for */
  id = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 1);
  case_ship(&c, id, "SF2");
  assert_gives(case_track(&c, "SF2", "t1", "lost"), AFT_OK);
  case_act(&c, &c.d.as_agent, id, "pay_loss");
  assert_int_equal(case_confirm_all(&c, id), 9000);
  assert_gives(case_track(&c, "SF2", "t2", "delivered"), AFT_OK);
  assert_case(&c, id, "refunded");
  assert_int_equal(case_confirm_all(&c, id), 0);
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_LOST), 1);
  END_DESK(c)
}

static void buyer_sends_something_else(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 3);
  case_ship(&c, id, "SF1");
  case_act(&c, &c.d.as_agent, id, "receive");
  case_find(&c, id, c.line[0], "ok", 1);
  case_find(&c, id, c.line[0], "wrong", 1);
  case_find(&c, id, c.line[0], "short", 1);
  assert_int_equal(case_parts(&c, id, AFT_KIND_FINDING), 3);
  case_act(&c, &c.d.as_agent, id, "accept_goods");
  assert_case(&c, id, "partly_accepted");
  assert_int_equal(case_confirm_all(&c, id), 9000);
  case_act(&c, &c.d.as_agent, id, "send_back");
  assert_int_equal(case_requests(&c, id, "goods.send_back"), 1);
  assert_case(&c, id, "refunded");
  assert_cups(&c, 0, 2, 0);
  END_DESK(c)
}

/* Reads the first finding of a disposition; its id. */
static aft_id finding_of(case_desk *c, aft_id id, const char *disposition, int64_t units) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *record;
  aft_id found = 0;
  assert_ok(aft_case_parts(c->d.session, &c->d.as_agent, id, AFT_KIND_FINDING, &cursor, &error));
  while (!found && aft_cursor_next(cursor, &record, &error) == AFT_OK)
    if (strcmp(aft_finding_disposition(record), disposition) == 0) {
      assert_int_equal(aft_finding_quantity(record), units);
      found = aft_finding_id(record);
    }
  aft_cursor_free(cursor);
  assert_true(found != 0);
  return found;
}

static aft_status dispose(case_desk *c, const aft_call *as, aft_id finding, int64_t n, const char *word) {
  aft_finding_in in = {.size = sizeof in, .finding = finding, .quantity = n, .disposition = {word, AFT_NTS}};
  case_error = (aft_error)AFT_ERROR_INIT;
  return aft_finding_dispose(c->d.session, as, &in, NULL, &case_error);
}

static void refurbish_that_cannot_become_restock(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 3);
  case_ship(&c, id, "SF1");
  case_act(&c, &c.d.as_agent, id, "receive");
  case_find(&c, id, c.line[0], "opened", 2);
  case_find(&c, id, c.line[0], "short", 1);
  aft_id found = finding_of(&c, id, "restock", 2);
  assert_gives(dispose(&c, &c.d.as_agent, found, 0, "refurbish"), AFT_OK);
  case_act(&c, &c.d.as_agent, id, "accept_goods");
  case_confirm_all(&c, id);
  /* the case is over: one of the two can be sold after all */
  assert_gives(dispose(&c, &c.d.as_agent, found, 1, "restock"), AFT_OK);
  finding_of(&c, id, "refurbish", 1);
  finding_of(&c, id, "restock", 1);
  assert_gives(dispose(&c, &c.d.as_agent, found, 0, "refurbish"), AFT_IGNORED);
  assert_gives(aft_case_verify(c.d.session, &c.d.as_agent, id, &case_error), AFT_OK);
  END_DESK(c)
}

static void a_disposition_that_cannot_be(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 3);
  case_ship(&c, id, "SF1");
  case_act(&c, &c.d.as_agent, id, "receive");
  case_find(&c, id, c.line[0], "ok", 2);
  case_find(&c, id, c.line[0], "missing", 1);
  aft_id found = finding_of(&c, id, "restock", 2), absent = finding_of(&c, id, "none", 1);
  char *before = case_picture(&c);
  const struct {
    aft_id finding;
    int64_t n;
    const char *word, *where;
    aft_status status;
  } wrong[] = {{found, 0, "sell_twice", "finding.disposition", AFT_E_INVALID},
               {found, 0, "none", "finding.disposition", AFT_E_INVALID},
               {found, 3, "scrap", "finding.quantity", AFT_E_CHECK},
               {found, -1, "scrap", "finding.quantity", AFT_E_INVALID},
               {absent, 0, "restock", "finding", AFT_E_TRANSITION},
               {found + 12345, 0, "scrap", "finding", AFT_E_NOT_FOUND}};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    assert_gives(dispose(&c, &c.d.as_agent, wrong[i].finding, wrong[i].n, wrong[i].word), wrong[i].status);
    assert_string_equal(case_error.where, wrong[i].where);
  }
  assert_gives(dispose(&c, &c.d.as_buyer, found, 0, "restock"), AFT_E_DENIED);
  char *after = case_picture(&c);
  assert_string_equal(before, after);
  free(before);
  free(after);
  END_DESK(c)
}

static void with_addresses(case_desk *c, desk_kind kind) {
  case_story story;
  case_story_open(c, &story, kind, CASE_DELIVERED);
  case_story_policy(c, "version: 1\ncases: {addresses: {normal: 杭州 3 号仓, mail_in: 苏州维修站}}\n");
  case_story_tell(c, &story);
}

static void goods_that_have_nowhere_to_go(void **state) {
  ON_EACH_DESK(c, with_addresses(&c, kind))
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 1);
  case_approve(&c, id);
  assert_case_text(&c, id, AFT_CASE_RETURN_TO, "杭州 3 号仓");
  aft_case_line_in cup = {.size = sizeof cup, .line = c.line[0], .quantity = 1};
  aft_case_in mended = {.kind = AFT_STR("repair"),
                        .reason = AFT_STR("repair_wanted"),
                        .route = AFT_STR("mail_in"),
                        .lines = &cup,
                        .n_lines = 1};
  id = case_file_in(&c, &c.d.as_buyer, &mended);
  case_approve(&c, id);
  assert_case_text(&c, id, AFT_CASE_RETURN_TO, "苏州维修站");
  /* who approves may say another place, which then stays */
  id = case_file(&c, &c.d.as_buyer, "return", "other", c.line[0], 1);
  aft_case_act_in approve = {.case_id = id, .event = AFT_STR("approve"), .address = AFT_STR("上海门店")};
  case_act_with(&c, &c.d.as_agent, &approve);
  assert_case_text(&c, id, AFT_CASE_RETURN_TO, "上海门店");
  END_DESK(c)
}

static void more_sent_than_announced(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_case_line_in cups = {.size = sizeof cups, .line = c.line[0], .quantity = 2};
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 3);
  case_approve(&c, id);
  aft_case_act_in ship = {
      .case_id = id, .event = AFT_STR("ship"), .waybill = AFT_STR("SF1"), .lines = &cups, .n_lines = 1};
  case_act_with(&c, &c.d.as_buyer, &ship);
  ship.waybill = AFT_STR("SF2");
  assert_gives(case_attempt(&c, &c.d.as_buyer, &ship), AFT_E_CHECK);
  assert_string_equal(case_error.where, "case.lines[0].quantity");
  cups.quantity = 1;
  assert_gives(case_attempt(&c, &c.d.as_buyer, &ship), AFT_OK); /* the rest, in a second parcel */
  assert_int_equal(case_parts(&c, id, AFT_KIND_PARCEL), 2);
  case_act(&c, &c.d.as_agent, id, "receive");
  aft_case_line_in found = {.size = sizeof found, .line = c.line[0], .quantity = 4};
  aft_case_act_in inspect = {.case_id = id, .event = AFT_STR("inspect"), .lines = &found, .n_lines = 1};
  assert_gives(case_attempt(&c, &c.d.as_agent, &inspect), AFT_E_CHECK);
  assert_string_equal(case_error.where, "case.lines[0].quantity");
  END_DESK(c)
}

static void one_case_for_every_line(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "changed_mind", 0, 0);
  assert_int_equal(case_count(&c), 1);
  assert_cups(&c, 0, 0, 3);
  assert_int_equal(case_line(&c, c.line[1], AFT_LINE_IN_RETURN), 1);
  assert_int_equal(case_int(&c, id, AFT_CASE_ASKED), 35999);
  END_DESK(c)
}

/* ---- ends ---- */

static void label_usable_after_cancel(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 1);
  assert_int_equal(case_requests(&c, id, "label.request"), 1);
  case_act(&c, &c.d.as_buyer, id, "cancel");
  assert_int_equal(case_requests(&c, id, "label.void"), 1);
  id = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 1);
  desk_pass(&c.d, 8 * CASE_DAY);
  desk_tick(&c.d);
  assert_case(&c, id, "closed_not_shipped");
  assert_int_equal(case_requests(&c, id, "label.void"), 1);
  END_DESK(c)
}

static void partly_arrived(case_desk *c, desk_kind kind) {
  case_story story;
  case_story_open(c, &story, kind, CASE_DELIVERED);
  story.items[0].quantity = 2;
  story.parcels[0].n_items = 1;
  case_story_tell(c, &story);
}

static void cancel_frees_exactly_what_was_taken(void **state) {
  ON_EACH_DESK(c, partly_arrived(&c, kind))
  assert_cups(&c, 1, 2, 0);
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 3);
  assert_cups(&c, 0, 0, 3);
  case_act(&c, &c.d.as_buyer, id, "cancel");
  assert_cups(&c, 1, 2, 0);
  id = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 1);
  assert_cups(&c, 1, 1, 1);
  case_act(&c, &c.d.as_buyer, id, "cancel");
  assert_cups(&c, 1, 2, 0);
  END_DESK(c)
}

static void double_terminal(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  static const char *const events[] = {"cancel", "approve", "receive", "accept_goods", "ship"};
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 1);
  case_act(&c, &c.d.as_agent, id, "cancel");
  for (size_t i = 0; i < sizeof events / sizeof *events; i++)
    assert_nothing_happens(&c, &c.d.as_agent, id, events[i]);
  desk_pass(&c.d, 60 * CASE_DAY);
  desk_tick(&c.d);
  assert_case(&c, id, "canceled");
  assert_cups(&c, 0, 3, 0);
  END_DESK(c)
}

/* ---- goods on their way to the buyer ---- */

static aft_id intercepting(case_desk *c) {
  aft_id id = case_file(c, &c->d.as_buyer, "refund", "changed_mind", c->line[0], 3);
  assert_case(c, id, "intercepting");
  assert_int_equal(case_requests(c, id, "parcel.intercept"), 1);
  assert_int_equal(case_legs_in(c, id, "sent"), 0); /* no money while nobody knows */
  return id;
}

static void refunded_while_the_parcel_goes_on(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_SHIPPED))
  aft_id id = intercepting(&c);
  assert_gives(case_track(&c, "SF100000001", "t1", "intercepted"), AFT_OK);
  assert_int_equal(case_confirm_all(&c, id), 27000);
  assert_case(&c, id, "refunded");
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_RETURNED), 3);
  END_DESK(c)
}

static void interception_that_fails_is_the_end(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_SHIPPED))
  aft_id id = intercepting(&c);
  assert_gives(case_track(&c, "SF100000001", "t1", "intercept_failed"), AFT_OK);
  assert_case_text(&c, id, AFT_CASE_KIND, "return"); /* the number of the case stays */
  assert_case(&c, id, "approved");
  assert_int_equal(case_requests(&c, id, "label.request"), 1);
  assert_cups(&c, 0, 0, 3);
  END_DESK(c)
}

static void interception_without_a_deadline(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_SHIPPED))
  aft_id id = intercepting(&c);
  desk_pass(&c.d, 7 * CASE_DAY + CASE_HOUR);
  desk_tick(&c.d);
  assert_case_text(&c, id, AFT_CASE_KIND, "return");
  assert_case(&c, id, "approved");
  assert_int_equal(case_requests(&c, id, "label.request"), 1);
  END_DESK(c)
}

static void in_two_parcels(case_desk *c, desk_kind kind) {
  case_story story;
  case_story_open(c, &story, kind, CASE_SHIPPED);
  story.parcels[0].n_items = 1;
  story.parcels[1] = story.parcels[0];
  story.parcels[1].ref = AFT_STR("p-2");
  story.parcels[1].waybill = AFT_STR("SF100000002");
  story.parcels[1].items = &story.items[1];
  story.facts.n_parcels = 2;
  case_story_tell(c, &story);
}

static void another_parcel_of_the_order_arrives(void **state) {
  ON_EACH_DESK(c, in_two_parcels(&c, kind))
  aft_id id = intercepting(&c); /* the cups */
  assert_gives(case_track(&c, "SF100000002", "t1", "delivered"), AFT_OK);
  assert_case(&c, id, "intercepting");
  assert_gives(case_track(&c, "SF100000002", "t2", "lost"), AFT_OK);
  assert_case(&c, id, "intercepting");
  assert_gives(case_track(&c, "SF100000001", "t1", "delivered"), AFT_OK);
  assert_case(&c, id, "approved");
  END_DESK(c)
}

static void one_line_shipped(case_desk *c, desk_kind kind) {
  case_story story;
  case_story_open(c, &story, kind, CASE_SHIPPED);
  story.parcels[0].n_items = 1; /* the cups alone */
  case_story_tell(c, &story);
}

static void an_unshipped_line_that_is_chased_with_the_others(void **state) {
  ON_EACH_DESK(c, one_line_shipped(&c, kind))
  aft_id pot = case_file(&c, &c.d.as_buyer, "refund", "changed_mind", c.line[1], 1);
  assert_case(&c, pot, "refunding");
  assert_int_equal(case_confirm_all(&c, pot), 8999);
  intercepting(&c);
  END_DESK(c)
}

static void a_parcel_that_came_back_counts_as_delivered(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_SHIPPED))
  aft_id id = intercepting(&c);
  assert_gives(case_track(&c, "SF100000001", "t1", "returned"), AFT_OK);
  assert_case(&c, id, "refunding");
  assert_int_equal(case_confirm_all(&c, id), 27000);
  aft_id pot = case_file(&c, &c.d.as_agent, "undelivered", "refused", c.line[1], 1);
  assert_case(&c, pot, "returning");
  assert_int_equal(case_line(&c, c.line[1], AFT_LINE_WITH_BUYER), 0);
  END_DESK(c)
}

static void keep_state(case_desk *c, aft_id id, char out[64]) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *record;
  assert_ok(aft_case_get(c->d.session, &c->d.system, id, &record, &error));
  snprintf(out, 64, "%s", aft_case_state(record));
  aft_record_free(record);
}

/* The host may say what carriers say: cases learn it either way. */
static void what_befalls_a_parcel_is_told_with_the_order(void **state) {
  static const char *const words[] = {"lost", "refused", "intercepted"};
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    ON_EACH_DESK(c, case_usual(&c, kind, CASE_SHIPPED))
    char scanned[64];
    aft_id id = intercepting(&c);
    assert_gives(case_track(&c, "SF100000001", "t1", words[i]), AFT_OK);
    keep_state(&c, id, scanned);
    case_desk_close(&c);
    case_story story;
    case_story_open(&c, &story, kind, CASE_SHIPPED);
    case_story_tell(&c, &story);
    id = intercepting(&c);
    story.parcels[0].state = (aft_str){words[i], AFT_NTS};
    case_story_tell(&c, &story);
    assert_case(&c, id, scanned);
    END_DESK(c)
  }
}

static void goods_without_a_time_of_shipping_have_been_shipped(void **state) {
  static const char *const words[] = {"in_transit", "delivered"};
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    ON_EACH_DESK(c, ;)
    char timed[64];
    for (size_t times = 2; times-- > 0;) {
      case_story story;
      case_story_open(&c, &story, kind, i ? CASE_DELIVERED : CASE_SHIPPED);
      story.parcels[0].state = (aft_str){words[i], AFT_NTS};
      if (!times)
        story.parcels[0].shipped = 0;
      case_story_tell(&c, &story);
      aft_id id = case_file(&c, &c.d.as_buyer, "refund", "changed_mind", c.line[0], 3);
      if (times) {
        keep_state(&c, id, timed);
        case_desk_close(&c);
      } else
        assert_case(&c, id, timed);
    }
    END_DESK(c)
  }
}

/* What came back has been on its way: nobody has looked at it, so nothing is paid of itself. */
static void goods_that_came_back_are_not_paid_as_unshipped(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_SHIPPED))
  assert_gives(case_track(&c, "SF100000001", "t1", "returned"), AFT_OK);
  aft_id id = case_file(&c, &c.d.as_buyer, "refund", "changed_mind", c.line[0], 3);
  assert_case(&c, id, "intercepting");
  END_DESK(c)
}

static void an_undelivered_parcel_that_nobody_pays_back(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_SHIPPED))
  aft_id id = case_file(&c, &c.d.as_agent, "undelivered", "refused", c.line[0], 3);
  assert_gives(case_track(&c, "SF100000001", "t1", "refused"), AFT_OK);
  assert_case(&c, id, "returning");
  assert_gives(case_track(&c, "SF100000001", "t2", "returned"), AFT_OK);
  assert_case(&c, id, "received");
  case_act(&c, &c.d.as_agent, id, "accept_goods");
  assert_int_equal(case_confirm_all(&c, id), 27000);
  assert_case(&c, id, "refunded");
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_RETURNED), 3);
  END_DESK(c)
}

/* ---- what has arrived ---- */

static void ship_some(case_desk *c, aft_id id, const char *waybill, int64_t n) {
  aft_case_line_in some = {.size = sizeof some, .line = c->line[0], .quantity = n};
  aft_case_act_in ship = {
      .case_id = id, .event = AFT_STR("ship"), .waybill = AFT_STR(waybill), .lines = &some, .n_lines = 1};
  case_act_with(c, &c->d.as_buyer, &ship);
}

/* One parcel of two came, and nobody looked at it: what did not come is not paid for. */
static void an_inspection_that_never_was(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 3);
  case_approve(&c, id);
  ship_some(&c, id, "SF1", 1);
  ship_some(&c, id, "SF2", 2);
  assert_gives(case_track(&c, "SF1", "t1", "delivered"), AFT_OK);
  desk_pass(&c.d, 11 * CASE_DAY);
  desk_tick(&c.d);
  assert_int_equal(case_confirm_all(&c, id), 9000);
  assert_cups(&c, 0, 2, 0);
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_RETURNED), 1);
  uint32_t before = case_requests(&c, id, "work.order");
  assert_gives(case_track(&c, "SF2", "t2", "delivered"), AFT_OK); /* people see to what comes after all */
  assert_int_equal(case_requests(&c, id, "work.order"), before + 1);
  END_DESK(c)
}

/* Who has the goods in hand needs no carrier to say so. */
static void a_parcel_that_was_never_scanned_is_here(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 3);
  case_approve(&c, id);
  ship_some(&c, id, "SF1", 3);
  case_act(&c, &c.d.as_agent, id, "receive");
  desk_pass(&c.d, 11 * CASE_DAY);
  desk_tick(&c.d);
  assert_int_equal(case_confirm_all(&c, id), 27000);
  END_DESK(c)
}

/* One parcel that nobody ever saw, and one that the carrier took over and lost. */
static void refund_for_an_invented_parcel(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id invented = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 1);
  aft_id taken = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 1);
  case_ship(&c, invented, "NEVER-SEEN");
  case_ship(&c, taken, "SF7");
  assert_gives(case_track(&c, "SF7", "t1", "picked_up"), AFT_OK);
  desk_pass(&c.d, 21 * CASE_DAY);
  desk_tick(&c.d);
  assert_case(&c, invented, "lost");
  assert_case(&c, taken, "lost");
  desk_pass(&c.d, 8 * CASE_DAY);
  desk_tick(&c.d);
  assert_case(&c, invented, "closed_not_shipped");
  assert_int_equal(case_parts(&c, invented, AFT_KIND_LEG), 0);
  assert_case(&c, taken, "refunding");
  assert_int_equal(case_confirm_all(&c, taken), 9000);
  assert_cups(&c, 0, 2, 0);
  END_DESK(c)
}

/* Two cups are here and one is on its way: the one that did not come is at issue, not one on the table. */
static void one_of_three_has_arrived(case_desk *c, desk_kind kind) {
  case_story story;
  case_story_open(c, &story, kind, CASE_DELIVERED);
  story.items[0].quantity = 2;
  case_story_tell(c, &story);
}

static void a_unit_in_hand_that_is_reported_missing(void **state) {
  ON_EACH_DESK(c, one_of_three_has_arrived(&c, kind))
  assert_cups(&c, 1, 2, 0);
  aft_id id = case_file(&c, &c.d.as_agent, "refund", "not_received", c.line[0], 1);
  assert_cups(&c, 0, 2, 1);
  case_act(&c, &c.d.as_agent, id, "cancel");
  assert_cups(&c, 1, 2, 0);
  END_DESK(c)
}

/* ---- repairs ---- */

static void with_warranty(case_desk *c, desk_kind kind, int64_t until) {
  case_story story;
  case_story_open(c, &story, kind, CASE_DELIVERED);
  story.lines[0].warranty_until = c->d.now + until;
  case_story_tell(c, &story);
}

static aft_id in_repair(case_desk *c) {
  aft_id id = case_file(c, &c->d.as_buyer, "repair", "repair_wanted", c->line[0], 1);
  case_ship(c, id, "SF1");
  case_act(c, &c->d.as_agent, id, "receive");
  case_act(c, &c->d.as_agent, id, "diagnose");
  return id;
}

static void mended_and_home(case_desk *c, aft_id id) {
  assert_case(c, id, "repairing");
  case_act(c, &c->d.as_agent, id, "test");
  case_act(c, &c->d.as_agent, id, "passed");
  case_act(c, &c->d.as_agent, id, "send_back");
  case_act(c, &c->d.as_buyer, id, "confirm");
  assert_case(c, id, "completed");
  assert_int_equal(case_line(c, c->line[0], AFT_LINE_IN_REPAIR), 0);
  assert_int_equal(case_line(c, c->line[0], AFT_LINE_WITH_BUYER), 3);
}

static void a_unit_in_repair_that_is_returned_meanwhile(void **state) {
  ON_EACH_DESK(c, with_warranty(&c, kind, 300 * CASE_DAY))
  aft_id id = in_repair(&c);
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_IN_REPAIR), 1);
  assert_gives(case_file_try(&c, &c.d.as_agent, "return", "changed_mind", c.line[0], 3), AFT_E_CHECK);
  case_act(&c, &c.d.as_agent, id, "start");
  case_leg legs[CASE_MOST_LEGS];
  assert_int_equal(case_legs(&c, id, legs), 0); /* under warranty nothing is charged */
  mended_and_home(&c, id);
  END_DESK(c)
}

static void a_paid_repair_before_it_is_paid(void **state) {
  ON_EACH_DESK(c, with_warranty(&c, kind, -CASE_DAY))
  aft_id id = in_repair(&c);
  aft_case_act_in in = {.case_id = id, .event = AFT_STR("start")};
  assert_gives(case_attempt(&c, &c.d.as_agent, &in), AFT_E_TRANSITION);
  in.event = AFT_STR("quote");
  assert_gives(case_attempt(&c, &c.d.as_agent, &in), AFT_E_INVALID);
  assert_string_equal(case_error.where, "case.amount");
  in.amount = (aft_money){4500, "CNY", 0};
  assert_gives(case_attempt(&c, &c.d.as_agent, &in), AFT_OK);
  case_act(&c, &c.d.as_buyer, id, "accept");
  assert_case(&c, id, "wait_payment");
  case_leg charge = case_leg_of(&c, id, "charge");
  assert_int_equal(charge.requested, 4500);
  assert_gives(case_settle(&c, &charge, AFT_SETTLE_CONFIRMED, 4500, "gw"), AFT_OK);
  mended_and_home(&c, id);
  END_DESK(c)
}

/* A repair that comes to nothing costs nothing. */
static void a_price_for_what_could_not_be_mended(void **state) {
  ON_EACH_DESK(c, with_warranty(&c, kind, -CASE_DAY))
  aft_id id = in_repair(&c);
  aft_case_act_in quote = {.case_id = id, .event = AFT_STR("quote"), .amount = {4500, "CNY", 0}};
  case_act_with(&c, &c.d.as_agent, &quote);
  case_act(&c, &c.d.as_buyer, id, "accept");
  case_leg charge = case_leg_of(&c, id, "charge");
  assert_gives(case_settle(&c, &charge, AFT_SETTLE_CONFIRMED, 4500, "gw"), AFT_OK);
  case_act(&c, &c.d.as_agent, id, "irreparable");
  case_act(&c, &c.d.as_buyer, id, "send_back");
  assert_int_equal(case_confirm_all(&c, id), 4500);
  END_DESK(c)
}

/* ---- signs of fraud ---- */

static void a_waybill_that_was_used_before(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id first = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 1);
  case_ship(&c, first, "SF1");
  assert_int_equal(case_int(&c, first, AFT_CASE_SIGNALS), 0);
  aft_id second = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 1);
  case_ship(&c, second, "SF1");
  assert_case(&c, second, "shipped"); /* it is told, not blocked */
  assert_int_equal(case_parts(&c, second, AFT_KIND_SIGNAL), 1);
  END_DESK(c)
}

static void evidence_that_was_used_before(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id first = case_file(&c, &c.d.as_buyer, "return", "not_as_described", c.line[0], 1);
  case_photo(&c, &c.d.as_buyer, first, "a crack");
  aft_id second = case_file(&c, &c.d.as_buyer, "return", "not_as_described", c.line[0], 1);
  case_photo(&c, &c.d.as_buyer, second, "a crack");
  assert_int_equal(case_parts(&c, first, AFT_KIND_SIGNAL), 0);
  assert_int_equal(case_parts(&c, second, AFT_KIND_SIGNAL), 1);
  assert_int_equal(case_int(&c, second, AFT_CASE_EVIDENCE), 1);
  END_DESK(c)
}

static void nine_units(case_desk *c, desk_kind kind) {
  case_story story;
  case_story_open(c, &story, kind, CASE_DELIVERED);
  case_story_one(&story, 9, 90000);
  for (int i = 0; i < 9; i++) { /* an order each: what counts is the customer */
    char number[8] = {'O', '-', (char)('1' + i)}, ref[8] = {'p', '-', (char)('1' + i)};
    story.facts.number = AFT_STR(number);
    story.payments[0].ref = AFT_STR(ref);
    case_story_tell(c, &story);
    aft_id id = case_file(c, &c->d.as_buyer, "return", "changed_mind", c->line[0], 1);
    bool marked = case_int(c, id, AFT_CASE_SIGNALS) > 0;
    assert_int_equal(marked, i >= 7);
    assert_case(c, id, marked ? "requested" : "approved"); /* a person looks; nobody is sent away */
  }
}

static void a_serial_returner_who_is_blocked(void **state) {
  ON_EACH_DESK(c, nine_units(&c, kind))
  END_DESK(c)
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(receive_without_refund),
      cmocka_unit_test(buyer_sends_something_else),
      cmocka_unit_test(refurbish_that_cannot_become_restock),
      cmocka_unit_test(a_disposition_that_cannot_be),
      cmocka_unit_test(goods_that_have_nowhere_to_go),
      cmocka_unit_test(more_sent_than_announced),
      cmocka_unit_test(one_case_for_every_line),
      cmocka_unit_test(label_usable_after_cancel),
      cmocka_unit_test(cancel_frees_exactly_what_was_taken),
      cmocka_unit_test(double_terminal),
      cmocka_unit_test(refunded_while_the_parcel_goes_on),
      cmocka_unit_test(interception_that_fails_is_the_end),
      cmocka_unit_test(interception_without_a_deadline),
      cmocka_unit_test(another_parcel_of_the_order_arrives),
      cmocka_unit_test(an_unshipped_line_that_is_chased_with_the_others),
      cmocka_unit_test(a_parcel_that_came_back_counts_as_delivered),
      cmocka_unit_test(goods_that_came_back_are_not_paid_as_unshipped),
      cmocka_unit_test(what_befalls_a_parcel_is_told_with_the_order),
      cmocka_unit_test(goods_without_a_time_of_shipping_have_been_shipped),
      cmocka_unit_test(an_undelivered_parcel_that_nobody_pays_back),
      cmocka_unit_test(a_unit_in_repair_that_is_returned_meanwhile),
      cmocka_unit_test(a_paid_repair_before_it_is_paid),
      cmocka_unit_test(a_price_for_what_could_not_be_mended),
      cmocka_unit_test(an_inspection_that_never_was),
      cmocka_unit_test(a_parcel_that_was_never_scanned_is_here),
      cmocka_unit_test(refund_for_an_invented_parcel),
      cmocka_unit_test(a_unit_in_hand_that_is_reported_missing),
      cmocka_unit_test(a_waybill_that_was_used_before),
      cmocka_unit_test(evidence_that_was_used_before),
      cmocka_unit_test(a_serial_returner_who_is_blocked),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
