/* Orders of the shop, told in full: lines, a discount, a payment and a parcel. */
#include "returns.h"

#include <stdio.h>
#include <string.h>

static void fill_lines(const world *w, const sold *s, aft_order_line_in *lines, aft_order_item_in *items,
                       size_t *n_items, int64_t *total) {
  for (int i = 0; i < s->n_lines; i++) {
    const bought *b = &s->lines[i];
    lines[i] = (aft_order_line_in){.size = sizeof lines[i],
                                   .ref = AFT_STR(b->ref),
                                   .title = AFT_STR(b->title),
                                   .category = AFT_STR("kitchen"),
                                   .quantity = b->quantity,
                                   .price = b->price,
                                   .tax = b->price / 10};
    lines[i].warranty_until = s->warranty ? w->now + 700 * DAY : 0;
    *total += b->price;
    if (b->nature)
      lines[i].nature = AFT_STR(b->nature);
    else
      items[(*n_items)++] = (aft_order_item_in){sizeof *items, AFT_STR(b->ref), b->quantity};
  }
}

static aft_order_payment_in payment_of(const world *w, const sold *s, const char *ref, int64_t amount) {
  bool abroad = s->currency != NULL;
  aft_order_payment_in payment = {
      .size = sizeof payment,
      .ref = AFT_STR(ref),
      .instrument = AFT_STR(abroad ? "card" : "wechat"),
      .account = AFT_STR(abroad ? "Visa ***4242" : say(w, "尾号 6688", "***6688")),
      .captured = {.minor = amount},
      .paid = w->now - 5 * DAY};
  snprintf(payment.captured.currency, sizeof payment.captured.currency, "%s", abroad ? s->currency : "CNY");
  return payment;
}

static aft_id tell(world *w, const aft_order_facts_in *in) {
  aft_record *record;
  must(w, aft_order_tell(w->session, &w->system, in, &record, &w->error));
  aft_id id = aft_order_id(record);
  aft_record_free(record);
  return id;
}

/* Times are shown as on the buyer's clock. */
static void use_zone(world *w, const char *name) {
  aft_zone_unref(w->zone);
  w->zone = NULL;
  must(w, aft_zone_open(w->env, name, AFT_NTS, &w->zone, &w->error));
}

aft_id tell_order(world *w, const sold *s) {
  aft_order_line_in lines[8];
  aft_order_item_in items[8];
  size_t n_items = 0;
  int64_t total = 0;
  char number[32], paid[32], waybill[32];
  int serial = 1001 + w->n_orders;
  const char *zone = s->zone ? s->zone : "Asia/Shanghai", *currency = s->currency ? s->currency : "CNY";
  snprintf(number, sizeof number, "A-%d", serial);
  snprintf(paid, sizeof paid, "pay-%d", serial);
  snprintf(waybill, sizeof waybill, "OUT-%d", serial);
  use_zone(w, zone);
  fill_lines(w, s, lines, items, &n_items, &total);
  aft_order_share_in share = {.size = sizeof share, .ref = AFT_STR("300-40"), .amount = s->off};
  aft_order_payment_in payment = payment_of(w, s, paid, total - s->off);
  aft_order_parcel_in parcel = {.size = sizeof parcel,
                                .ref = AFT_STR(waybill),
                                .carrier = AFT_STR("sf"),
                                .waybill = AFT_STR(waybill),
                                .shipped = w->now - 3 * DAY,
                                .delivered = s->delivered ? w->now - DAY : 0,
                                .insured = s->insured,
                                .items = items,
                                .n_items = n_items};
  aft_order_facts_in in = {.size = sizeof in,
                           .shop = w->shop,
                           .customer = w->buyer,
                           .number = AFT_STR(number),
                           .status = AFT_STR("paid"),
                           .currency = AFT_STR(currency),
                           .placed = w->now - 5 * DAY,
                           .jurisdiction = AFT_STR(s->country ? s->country : "CN"),
                           .zone = AFT_STR(zone),
                           .lines = lines,
                           .n_lines = (size_t)s->n_lines,
                           .shares = &share,
                           .n_shares = s->off != 0,
                           .payments = &payment,
                           .n_payments = 1,
                           .parcels = &parcel,
                           .n_parcels = s->shipped || s->delivered};
  if (s->invoice)
    in.invoice = AFT_STR(s->invoice);
  return w->n_orders < MOST_ORDERS ? w->orders[w->n_orders++] = tell(w, &in) : tell(w, &in);
}

aft_id line_of(world *w, aft_id order, const char *ref) {
  aft_cursor *cursor;
  aft_record *record;
  aft_id id = 0;
  must(w, aft_line_list(w->session, &w->system, order, &cursor, &w->error));
  while (aft_cursor_next(cursor, &record, &w->error) == AFT_OK)
    if (!strcmp(aft_line_ref(record), ref))
      id = aft_line_id(record);
  aft_cursor_free(cursor);
  return id;
}

/* ---- what is sent in place of other goods ---- */

static aft_id order_of(world *w, aft_id id, char number[32]) {
  aft_record *record = case_of(w, id);
  aft_id order = aft_case_order(record);
  aft_record_free(record);
  must(w, aft_order_get(w->session, &w->system, order, &record, &w->error));
  snprintf(number, 32, "%s", aft_order_number(record));
  aft_record_free(record);
  return order;
}

/* The line that the desk made for the new goods of a case. */
static int64_t replacement_line(world *w, aft_id order, aft_id id, char ref[64]) {
  aft_cursor *cursor;
  aft_record *record;
  int64_t units = 0;
  must(w, aft_line_list(w->session, &w->system, order, &cursor, &w->error));
  while (aft_cursor_next(cursor, &record, &w->error) == AFT_OK)
    if (aft_line_case(record) == id) {
      snprintf(ref, 64, "%s", aft_line_ref(record));
      units = aft_line_quantity(record);
    }
  aft_cursor_free(cursor);
  return units;
}

void send_replacement(world *w, aft_id id, bool arrived) {
  char number[32], ref[64] = "";
  aft_id order = order_of(w, id, number);
  int64_t units = replacement_line(w, order, id, ref);
  check(w, units > 0, "a case that replaces goods made no line for the new ones");
  aft_order_item_in item = {sizeof item, AFT_STR(ref), units};
  aft_order_parcel_in parcel = {.size = sizeof parcel,
                                .ref = AFT_STR("again"),
                                .carrier = AFT_STR("sf"),
                                .shipped = w->now,
                                .delivered = arrived ? w->now : 0,
                                .items = &item,
                                .n_items = 1};
  aft_order_facts_in in = {.size = sizeof in,
                           .shop = w->shop,
                           .customer = w->buyer,
                           .number = AFT_STR(number),
                           .currency = AFT_STR("CNY"),
                           .parcels = &parcel,
                           .n_parcels = 1};
  if (units)
    tell(w, &in);
}
