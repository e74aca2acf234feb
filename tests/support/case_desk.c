#include "case_desk.h"

#include <string.h>

#define DAY INT64_C(86400000)

static void tell(case_desk *c, bool shipped, bool delivered) {
  desk *d = &c->d;
  aft_order_line_in lines[] = {{.size = sizeof lines[0],
                                .ref = AFT_STR("cup"),
                                .title = AFT_STR("Cup"),
                                .category = AFT_STR("kitchen"),
                                .quantity = 3,
                                .price = 30000},
                               {.size = sizeof lines[0],
                                .ref = AFT_STR("pot"),
                                .title = AFT_STR("Pot"),
                                .category = AFT_STR("kitchen"),
                                .quantity = 1,
                                .price = 9999},
                               {.size = sizeof lines[0],
                                .ref = AFT_STR("freight"),
                                .title = AFT_STR("Freight"),
                                .nature = AFT_STR("freight"),
                                .quantity = 1,
                                .price = 1000}};
  aft_order_share_in share = {.size = sizeof share, .ref = AFT_STR("m300-40"), .amount = 4000};
  aft_order_payment_in payments[] = {{.size = sizeof payments[0],
                                      .ref = AFT_STR("pay-1"),
                                      .instrument = AFT_STR("card"),
                                      .account = AFT_STR("Visa ***1234"),
                                      .captured = {30000, "CNY"}},
                                     {.size = sizeof payments[0],
                                      .ref = AFT_STR("pay-2"),
                                      .instrument = AFT_STR("balance"),
                                      .captured = {6999, "CNY"}}};
  aft_order_item_in items[] = {{sizeof items[0], AFT_STR("cup"), 3}, {sizeof items[0], AFT_STR("pot"), 1}};
  aft_order_parcel_in parcel = {.size = sizeof parcel,
                                .ref = AFT_STR("p-1"),
                                .carrier = AFT_STR("sf"),
                                .waybill = AFT_STR("SF100000001"),
                                .shipped = d->now - 3 * DAY,
                                .delivered = delivered ? d->now - DAY : 0,
                                .items = items,
                                .n_items = 2};
  aft_order_facts_in in = {.size = sizeof in,
                           .shop = d->shop,
                           .customer = d->buyer,
                           .number = AFT_STR("O-1"),
                           .status = AFT_STR("paid"),
                           .currency = AFT_STR("CNY"),
                           .placed = d->now - 5 * DAY,
                           .jurisdiction = AFT_STR("cn"),
                           .zone = AFT_STR("Asia/Shanghai"),
                           .lines = lines,
                           .n_lines = 3,
                           .shares = &share,
                           .n_shares = 1,
                           .payments = payments,
                           .n_payments = 2,
                           .parcels = &parcel,
                           .n_parcels = shipped};
  aft_error error = AFT_ERROR_INIT;
  aft_record *order, *line;
  aft_cursor *cursor;
  assert_ok(aft_order_tell(d->session, &d->system, &in, &order, &error));
  c->order = aft_order_id(order);
  aft_record_free(order);
  assert_ok(aft_line_list(d->session, &d->system, c->order, &cursor, &error));
  for (int i = 0; aft_cursor_next(cursor, &line, &error) == AFT_OK; i++) {
    const char *ref = aft_line_ref(line);
    c->line[strcmp(ref, "cup") == 0 ? 0 : strcmp(ref, "pot") == 0 ? 1 : 2] = aft_line_id(line);
  }
  aft_cursor_free(cursor);
}

void case_desk_open(case_desk *c, desk_kind kind) {
  desk_open(&c->d, kind);
  tell(c, true, true);
}

void case_desk_open_with(case_desk *c, desk_kind kind, const aft_alloc *alloc) {
  desk_open_with(&c->d, kind, alloc);
  tell(c, true, true);
}

void case_desk_open_unshipped(case_desk *c, desk_kind kind, bool shipped) {
  desk_open(&c->d, kind);
  tell(c, shipped, false);
}

void case_desk_close(case_desk *c) { desk_close(&c->d); }

aft_id case_file(case_desk *c, const aft_call *as, const char *kind, const char *reason, aft_id line,
                 int64_t n) {
  aft_case_line_in one = {.size = sizeof one, .line = line, .quantity = n};
  aft_case_in in = {.size = sizeof in,
                    .order = c->order,
                    .kind = AFT_STR(kind),
                    .reason = AFT_STR(reason),
                    .lines = &one,
                    .n_lines = line != 0};
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  assert_ok(aft_case_file(c->d.session, as, &in, &made, &error));
  aft_id id = aft_case_id(made);
  aft_record_free(made);
  return id;
}

aft_status case_try(case_desk *c, const aft_call *as, aft_id id, const char *event) {
  aft_case_act_in in = {.size = sizeof in, .case_id = id, .event = AFT_STR(event)};
  aft_error error = AFT_ERROR_INIT;
  return aft_case_act(c->d.session, as, &in, NULL, &error);
}

void case_act_with(case_desk *c, const aft_call *as, aft_case_act_in *in) {
  aft_error error = AFT_ERROR_INIT;
  in->size = sizeof *in;
  assert_ok(aft_case_act(c->d.session, as, in, NULL, &error));
}

void case_act(case_desk *c, const aft_call *as, aft_id id, const char *event) {
  aft_case_act_in in = {.case_id = id, .event = AFT_STR(event)};
  case_act_with(c, as, &in);
}

aft_record *case_get(case_desk *c, aft_id id) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *record;
  assert_ok(aft_case_get(c->d.session, &c->d.system, id, &record, &error));
  return record;
}

void assert_case(case_desk *c, aft_id id, const char *state) {
  aft_record *record = case_get(c, id);
  assert_string_equal(aft_case_state(record), state);
  aft_record_free(record);
}

int64_t case_confirm_all(case_desk *c, aft_id id) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *leg;
  int64_t total = 0;
  assert_ok(aft_case_parts(c->d.session, &c->d.system, id, AFT_KIND_LEG, &cursor, &error));
  while (aft_cursor_next(cursor, &leg, &error) == AFT_OK) {
    if (strcmp(aft_leg_state(leg), "sent") == 0) {
      aft_leg_in in = {.size = sizeof in,
                       .leg = aft_leg_id(leg),
                       .outcome = AFT_SETTLE_CONFIRMED,
                       .amount = {.minor = aft_leg_requested(leg)},
                       .reference = AFT_STR("gw-1")};
      strcpy(in.amount.currency, aft_leg_currency(leg));
      assert_ok(aft_leg_settle(c->d.session, &c->d.system, &in, NULL, &error));
      total += aft_leg_requested(leg);
    }
  }
  aft_cursor_free(cursor);
  return total;
}

int64_t case_line(case_desk *c, aft_id id, uint32_t field) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *line;
  int64_t value = INT64_MIN;
  assert_ok(aft_line_list(c->d.session, &c->d.system, c->order, &cursor, &error));
  while (aft_cursor_next(cursor, &line, &error) == AFT_OK)
    if (aft_line_id(line) == id)
      value = aft_record_int(line, field);
  aft_cursor_free(cursor);
  return value;
}
