/* The shop, its clock, its warehouse and its payment gateway. */
#include "returns.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MORNING INT64_C(1795050000000) /* 2026-11-19, nine in the morning in Shanghai */

const char *say(const world *w, const char *zh, const char *en) { return w->zh ? zh : en; }

aft_status must(world *w, aft_status status) {
  if (status >= 0)
    return status;
  fprintf(stderr, "returns: %s%s%s (%s)\n", w->error.where, *w->error.where ? ": " : "", w->error.message,
          aft_status_name(status));
  exit(1);
}

static int64_t clock_of(void *user) { return ((world *)user)->now; }

/* The same numbers every day, so that the program prints the same (splitmix64, Steele et al. 2014). */
static int random_of(void *user, void *bytes, size_t n) {
  world *w = user;
  for (size_t i = 0; i < n; i++) {
    uint64_t z = w->random += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    ((unsigned char *)bytes)[i] = (unsigned char)(z >> 56);
  }
  return 0;
}

static aft_id id_of(aft_record *record, aft_id id) {
  aft_record_free(record);
  return id;
}

static aft_call as(const world *w, uint32_t role, aft_id actor) {
  return (aft_call){.size = sizeof(aft_call), .tenant = w->system.tenant, .role = role, .actor = actor};
}

static aft_id customer(world *w, const char *name) {
  aft_record *record;
  aft_customer_in in = {.size = sizeof in,
                        .external = AFT_STR(name),
                        .name = AFT_STR(name),
                        .locale = AFT_STR(w->zh ? "zh" : "en")};
  must(w, aft_customer_put(w->session, &w->system, &in, &record, &w->error));
  return id_of(record, aft_customer_id(record));
}

static void make_shop(world *w) {
  aft_record *record;
  aft_tenant_in tenant = {.size = sizeof tenant, .external = AFT_STR("returns"), .name = AFT_STR("Returns")};
  aft_shop_in shop = {.size = sizeof shop, .external = AFT_STR("kitchen"), .name = AFT_STR("Kitchen")};
  w->system = as(w, AFT_ROLE_SYSTEM, 0);
  must(w, aft_tenant_put(w->session, &w->system, &tenant, &record, &w->error));
  w->system.tenant = id_of(record, aft_tenant_id(record));
  must(w, aft_shop_put(w->session, &w->system, &shop, &record, &w->error));
  w->shop = id_of(record, aft_shop_id(record));
  aft_agent_in agent = {.size = sizeof agent, .external = AFT_STR("mei"), .shops = &w->shop, .n_shops = 1};
  must(w, aft_agent_put(w->session, &w->system, &agent, &record, &w->error));
  w->agent = id_of(record, aft_agent_id(record));
  w->buyer = customer(w, w->zh ? "小林" : "Robin");
  w->stranger = customer(w, w->zh ? "路人" : "Stranger");
  w->seller = as(w, AFT_ROLE_AGENT, w->agent);
  w->warehouse = as(w, AFT_ROLE_WAREHOUSE, 0);
  w->arbiter = as(w, AFT_ROLE_ARBITER, 0);
  w->as_buyer = as(w, AFT_ROLE_BUYER, w->buyer);
  w->as_stranger = as(w, AFT_ROLE_BUYER, w->stranger);
}

int world_open(world *w, bool zh) {
  *w = (world){.zh = zh, .now = MORNING, .random = 7, .error = AFT_ERROR_INIT};
  aft_env_options env = {.size = sizeof env,
                         .clock = {.size = sizeof(aft_clock), .now_ms = clock_of, .user = w},
                         .random = random_of,
                         .random_user = w};
  aft_store_options store = {.size = sizeof store, .dsn = AFT_STR("memory:"), .flags = AFT_STORE_CREATE};
  must(w, aft_env_new(&env, &w->env, &w->error));
  must(w, aft_store_open(w->env, &store, &w->store, &w->error));
  must(w, aft_session_open(w->store, &w->session, &w->error));
  must(w, aft_policy_default(w->env, &w->policy, &w->error));
  make_shop(w);
  return 0;
}

void world_close(world *w) {
  aft_policy_unref(w->policy);
  aft_session_close(w->session);
  aft_store_unref(w->store);
  aft_env_unref(w->env);
}

/* ---- orders ---- */

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

aft_id tell_order(world *w, const sold *s) {
  aft_order_line_in lines[8];
  aft_order_item_in items[8];
  size_t n_items = 0;
  int64_t total = 0;
  char number[32], paid[32], waybill[32];
  snprintf(number, sizeof number, "A-%d", 1001 + w->orders);
  snprintf(paid, sizeof paid, "pay-%d", 1001 + w->orders);
  snprintf(waybill, sizeof waybill, "OUT-%d", 1001 + w->orders++);
  fill_lines(w, s, lines, items, &n_items, &total);
  const char *currency = s->currency ? s->currency : "CNY";
  aft_order_share_in share = {.size = sizeof share, .ref = AFT_STR("300-40"), .amount = s->off};
  aft_order_payment_in payment = {.size = sizeof payment,
                                  .ref = AFT_STR(paid),
                                  .instrument = AFT_STR(s->currency ? "card" : "wechat"),
                                  .account = AFT_STR(s->currency ? "Visa ***4242" : "WeChat Pay ***8"),
                                  .captured = {.minor = total - s->off},
                                  .paid = w->now - 5 * DAY};
  strcpy(payment.captured.currency, currency);
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
                           .zone = AFT_STR(s->zone ? s->zone : "Asia/Shanghai"),
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
  aft_record *record;
  must(w, aft_order_tell(w->session, &w->system, &in, &record, &w->error));
  return id_of(record, aft_order_id(record));
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

/* ---- cases ---- */

aft_id file_case(world *w, const aft_call *call, aft_case_in *in) {
  aft_record *record;
  in->size = sizeof *in;
  must(w, aft_case_file(w->session, call, in, &record, &w->error));
  aft_id id = id_of(record, aft_case_id(record));
  if (w->n_cases < MOST_CASES)
    w->cases[w->n_cases++] = id;
  return id;
}

aft_id file_units(world *w, aft_id order, const char *kind, const char *reason, const char *ref, int64_t n) {
  aft_case_line_in line = {.size = sizeof line, .line = ref ? line_of(w, order, ref) : 0, .quantity = n};
  aft_case_in in = {.order = order,
                    .kind = AFT_STR(kind),
                    .reason = AFT_STR(reason),
                    .lines = &line,
                    .n_lines = ref != NULL};
  return file_case(w, &w->as_buyer, &in);
}

void act_with(world *w, const aft_call *call, aft_id id, const char *event, aft_case_act_in *in) {
  in->size = sizeof *in;
  in->case_id = id;
  in->event = AFT_STR(event);
  must(w, aft_case_act(w->session, call, in, NULL, &w->error));
}

void act(world *w, const aft_call *call, aft_id id, const char *event) {
  aft_case_act_in in = {0};
  act_with(w, call, id, event, &in);
}

void ship(world *w, aft_id id, const char *waybill, int64_t cost) {
  aft_case_act_in in = {.carrier = AFT_STR("sf"), .waybill = AFT_STR(waybill), .freight_minor = cost};
  act_with(w, &w->as_buyer, id, "ship", &in);
}

void track(world *w, const char *waybill, const char *status) {
  char ref[80];
  snprintf(ref, sizeof ref, "%s-%s", waybill, status);
  aft_track_in in = {.size = sizeof in,
                     .waybill = AFT_STR(waybill),
                     .ref = AFT_STR(ref),
                     .status = AFT_STR(status),
                     .at = w->now};
  must(w, aft_parcel_track(w->session, &w->system, &in, NULL, &w->error));
}

static void inspect(world *w, aft_id id, const char *condition) {
  aft_cursor *cursor;
  aft_record *record;
  aft_case_line_in lines[8];
  size_t n = 0;
  must(w, aft_case_parts(w->session, &w->system, id, AFT_KIND_CASE_LINE, &cursor, &w->error));
  while (n < 8 && aft_cursor_next(cursor, &record, &w->error) == AFT_OK)
    lines[n++] = (aft_case_line_in){.size = sizeof *lines,
                                    .line = aft_case_line_line(record),
                                    .quantity = aft_case_line_quantity(record),
                                    .condition = AFT_STR(condition)};
  aft_cursor_free(cursor);
  aft_case_act_in in = {.lines = lines, .n_lines = n};
  act_with(w, &w->warehouse, id, "inspect", &in);
}

void come_back(world *w, aft_id id, const char *waybill, const char *condition) {
  pass(w, 6 * HOUR);
  track(w, waybill, "picked_up");
  gateway(w);
  pass(w, 18 * HOUR);
  track(w, waybill, "delivered");
  pass(w, 2 * HOUR);
  inspect(w, id, condition ? condition : "ok");
}

void pass(world *w, int64_t ms) {
  aft_tick_report report = {.size = sizeof report};
  w->now += ms;
  for (int i = 0; i < 100; i++) {
    must(w, aft_tick(w->session, NULL, &report, &w->error));
    if (report.next == AFT_TIME_NONE || report.next > w->now)
      return;
  }
}

void expect_state(world *w, aft_id id, const char *state) {
  aft_record *record;
  must(w, aft_case_get(w->session, &w->system, id, &record, &w->error));
  if (strcmp(aft_case_state(record), state) != 0) {
    fprintf(stderr, "returns: case %s is '%s', the story says '%s'\n", aft_case_code(record),
            aft_case_state(record), state);
    w->wrong++;
  }
  aft_record_free(record);
}

const char *state_of(world *w, aft_id id, char out[40]) {
  aft_record *record;
  must(w, aft_case_get(w->session, &w->system, id, &record, &w->error));
  snprintf(out, 40, "%s", aft_case_state(record));
  aft_record_free(record);
  return out;
}

/* Small and harmless cases are approved by the policy; the others by the shop. */
void approve_if_asked(world *w, aft_id id) {
  char state[40];
  pass(w, HOUR);
  state_of(w, id, state);
  if (!strcmp(state, "requested") || !strcmp(state, "unshipped"))
    act(w, &w->seller, id, "approve");
}

/* ---- the gateway ---- */

/* What the gateway was asked to do is in the effect's payload. */
static void settle_leg(world *w, const char *payload) {
  json_t *root = json_loads(payload, 0, NULL);
  const char *leg = json_string_value(json_object_get(root, "leg"));
  const char *currency = json_string_value(json_object_get(root, "currency"));
  char reference[64];
  aft_leg_in in = {
      .size = sizeof in, .leg = leg ? strtoll(leg, NULL, 10) : 0, .outcome = AFT_SETTLE_CONFIRMED};
  in.amount.minor = json_integer_value(json_object_get(root, "amount"));
  if (currency && strlen(currency) == 3)
    strcpy(in.amount.currency, currency);
  snprintf(reference, sizeof reference, "gw-%s", json_string_value(json_object_get(root, "number")));
  in.reference = AFT_STR(reference);
  if (w->bank_down)
    in = (aft_leg_in){
        .size = sizeof in, .leg = in.leg, .outcome = AFT_SETTLE_FAILED, .note = AFT_STR("declined")};
  if (in.leg)
    must(w, aft_leg_settle(w->session, &w->system, &in, NULL, &w->error));
  json_decref(root);
}

static void settle_invoice(world *w, const char *payload) {
  json_t *root = json_loads(payload, 0, NULL);
  const char *id = json_string_value(json_object_get(root, "case"));
  aft_invoice_in in = {.size = sizeof in,
                       .case_id = id ? strtoll(id, NULL, 10) : 0,
                       .outcome = AFT_INVOICE_ISSUED,
                       .red = AFT_STR("RED-0001")};
  if (in.case_id)
    must(w, aft_invoice_told(w->session, &w->system, &in, NULL, &w->error));
  json_decref(root);
}

static void carry_out(world *w, aft_record *effect) {
  const char *topic = aft_effect_topic(effect), *payload = aft_effect_payload(effect);
  must(w, aft_outbox_settle(w->session, aft_effect_id(effect), aft_effect_fence(effect), AFT_OUTCOME_DONE,
                            NULL, &w->error));
  if (strstr(payload, "\"leg\""))
    settle_leg(w, payload);
  else if (!strcmp(topic, "invoice.reverse"))
    settle_invoice(w, payload);
}

void gateway(world *w) {
  aft_cursor *cursor;
  aft_record *effect;
  int n;
  do {
    n = 0;
    must(w, aft_outbox_claim(w->session, NULL, &cursor, &w->error));
    while (aft_cursor_next(cursor, &effect, &w->error) == AFT_OK) {
      carry_out(w, effect);
      n++;
    }
    aft_cursor_free(cursor);
  } while (n);
}
