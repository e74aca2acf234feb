#include "case_story.h"

#include <stdlib.h>
#include <string.h>

aft_error case_error;

/* ---- the order ---- */

static void usual_lines(case_story *s) {
  s->lines[0] = (aft_order_line_in){.size = sizeof s->lines[0],
                                    .ref = AFT_STR("cup"),
                                    .title = AFT_STR("Cup"),
                                    .category = AFT_STR("kitchen"),
                                    .quantity = 3,
                                    .price = 30000};
  s->lines[1] = (aft_order_line_in){.size = sizeof s->lines[0],
                                    .ref = AFT_STR("pot"),
                                    .title = AFT_STR("Pot"),
                                    .category = AFT_STR("kitchen"),
                                    .quantity = 1,
                                    .price = 9999};
  s->lines[2] = (aft_order_line_in){.size = sizeof s->lines[0],
                                    .ref = AFT_STR("freight"),
                                    .title = AFT_STR("Freight"),
                                    .nature = AFT_STR("freight"),
                                    .quantity = 1,
                                    .price = 1000};
  s->shares[0] = (aft_order_share_in){.size = sizeof s->shares[0], .ref = AFT_STR("m300-40"), .amount = 4000};
}

static void usual_payments(case_story *s) {
  s->payments[0] = (aft_order_payment_in){.size = sizeof s->payments[0],
                                          .ref = AFT_STR("pay-1"),
                                          .instrument = AFT_STR("card"),
                                          .account = AFT_STR("Visa ***1234"),
                                          .captured = {30000, "CNY", 0}};
  s->payments[1] = (aft_order_payment_in){.size = sizeof s->payments[0],
                                          .ref = AFT_STR("pay-2"),
                                          .instrument = AFT_STR("balance"),
                                          .captured = {6999, "CNY", 0}};
}

static void usual_parcel(case_story *s, int64_t now, case_way way) {
  s->items[0] = (aft_order_item_in){sizeof s->items[0], AFT_STR("cup"), 3};
  s->items[1] = (aft_order_item_in){sizeof s->items[0], AFT_STR("pot"), 1};
  s->parcels[0] = (aft_order_parcel_in){.size = sizeof s->parcels[0],
                                        .ref = AFT_STR("p-1"),
                                        .carrier = AFT_STR("sf"),
                                        .waybill = AFT_STR("SF100000001"),
                                        .shipped = now - 3 * CASE_DAY,
                                        .delivered = way == CASE_DELIVERED ? now - CASE_DAY : 0,
                                        .items = s->items,
                                        .n_items = 2};
}

void case_story_usual(case_story *s, const desk *d, case_way way) {
  memset(s, 0, sizeof *s);
  usual_lines(s);
  usual_payments(s);
  usual_parcel(s, d->now, way);
  s->facts = (aft_order_facts_in){.size = sizeof s->facts,
                                  .shop = d->shop,
                                  .customer = d->buyer,
                                  .number = AFT_STR("O-1"),
                                  .status = AFT_STR("paid"),
                                  .currency = AFT_STR("CNY"),
                                  .placed = d->now - 5 * CASE_DAY,
                                  .jurisdiction = AFT_STR("cn"),
                                  .zone = AFT_STR("Asia/Shanghai"),
                                  .lines = s->lines,
                                  .n_lines = 3,
                                  .shares = s->shares,
                                  .n_shares = 1,
                                  .payments = s->payments,
                                  .n_payments = 2,
                                  .parcels = s->parcels,
                                  .n_parcels = way != CASE_UNSHIPPED};
}

void case_story_open(case_desk *c, case_story *s, desk_kind kind, case_way way) {
  desk_open_evidence(&c->d, kind, NULL);
  case_story_usual(s, &c->d, way);
}

void case_story_one(case_story *s, int64_t units, int64_t price) {
  s->lines[0].quantity = s->items[0].quantity = units;
  s->lines[0].price = s->payments[0].captured.minor = price;
  s->facts.n_lines = s->facts.n_payments = 1;
  s->facts.n_shares = 0;
  s->parcels[0].n_items = 1;
}

static void keep_lines(case_desk *c, const case_story *s) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *line;
  aft_id *ids[] = {&c->line[0], &c->line[1], &c->line[2], &c->gift};
  assert_ok(aft_line_list(c->d.session, &c->d.system, c->order, &cursor, &error));
  while (aft_cursor_next(cursor, &line, &error) == AFT_OK)
    for (size_t i = 0; i < s->facts.n_lines; i++)
      if (strcmp(aft_line_ref(line), s->lines[i].ref.data) == 0)
        *ids[i] = aft_line_id(line);
  aft_cursor_free(cursor);
}

void case_story_policy(case_desk *c, const char *document) { desk_policy(&c->d, document); }

void case_story_tell(case_desk *c, const case_story *s) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *order;
  assert_ok(aft_order_tell(c->d.session, &c->d.system, &s->facts, &order, &error));
  c->order = aft_order_id(order);
  aft_record_free(order);
  keep_lines(c, s);
}

void case_usual(case_desk *c, desk_kind kind, case_way way) {
  case_story story;
  case_story_open(c, &story, kind, way);
  case_story_tell(c, &story);
}

/* ---- money ---- */

void case_charge_back(case_desk *c, const char *payment, int64_t amount) {
  aft_error error = AFT_ERROR_INIT;
  aft_reversal_in in = {.size = sizeof in,
                        .payment = AFT_STR(payment),
                        .reference = AFT_STR("cb-1"),
                        .amount = {amount, "CNY", 0}};
  assert_ok(aft_payment_reverse(c->d.session, &c->d.system, &in, NULL, &error));
}

#define COPY(to, text) snprintf(to, sizeof to, "%s", text)

uint32_t case_legs(case_desk *c, aft_id id, case_leg out[CASE_MOST_LEGS]) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *r;
  uint32_t n = 0;
  assert_ok(aft_case_parts(c->d.session, &c->d.system, id, AFT_KIND_LEG, &cursor, &error));
  while (aft_cursor_next(cursor, &r, &error) == AFT_OK) {
    case_leg *leg = &out[n++];
    assert_true(n <= CASE_MOST_LEGS);
    *leg = (case_leg){.id = aft_leg_id(r),
                      .payment = aft_leg_payment(r),
                      .requested = aft_leg_requested(r),
                      .confirmed = aft_leg_confirmed(r),
                      .attempts = aft_leg_attempts(r)};
    COPY(leg->number, aft_leg_number(r));
    COPY(leg->kind, aft_leg_kind(r));
    COPY(leg->payer, aft_leg_payer(r));
    COPY(leg->payee, aft_leg_payee(r));
    COPY(leg->instrument, aft_leg_instrument(r));
    COPY(leg->state, aft_leg_state(r));
    COPY(leg->release, aft_leg_release(r));
    COPY(leg->account, aft_record_is_null(r, AFT_LEG_ACCOUNT) ? "" : aft_leg_account(r));
  }
  aft_cursor_free(cursor);
  return n;
}

case_leg case_leg_of(case_desk *c, aft_id id, const char *kind) {
  case_leg legs[CASE_MOST_LEGS], found = {0};
  uint32_t n = case_legs(c, id, legs), matches = 0;
  for (uint32_t i = 0; i < n; i++)
    if (strcmp(legs[i].kind, kind) == 0 && strcmp(legs[i].state, "void") != 0) {
      found = legs[i];
      matches++;
    }
  assert_int_equal(matches, 1);
  return found;
}

uint32_t case_legs_in(case_desk *c, aft_id id, const char *state) {
  case_leg legs[CASE_MOST_LEGS];
  uint32_t n = case_legs(c, id, legs), found = 0;
  for (uint32_t i = 0; i < n; i++)
    found += strcmp(legs[i].state, state) == 0;
  return found;
}

aft_status case_settle(case_desk *c, const case_leg *leg, uint32_t outcome, int64_t amount,
                       const char *reference) {
  case_error = (aft_error)AFT_ERROR_INIT;
  aft_leg_in in = {.size = sizeof in,
                   .number = AFT_STR(leg->number),
                   .outcome = outcome,
                   .amount = {amount, "CNY", 0},
                   .reference = AFT_STR(reference)};
  return aft_leg_settle(c->d.session, &c->d.system, &in, NULL, &case_error);
}

void case_fail_all(case_desk *c, aft_id id) {
  case_leg legs[CASE_MOST_LEGS];
  uint32_t n = case_legs(c, id, legs);
  for (uint32_t i = 0; i < n; i++)
    if (strcmp(legs[i].state, "sent") == 0)
      assert_gives(case_settle(c, &legs[i], AFT_SETTLE_FAILED, 0, ""), AFT_OK);
}

int64_t case_payment(case_desk *c, const char *ref, uint32_t field) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *payment;
  int64_t value = INT64_MIN;
  assert_ok(aft_payment_list(c->d.session, &c->d.system, c->order, &cursor, &error));
  while (aft_cursor_next(cursor, &payment, &error) == AFT_OK)
    if (strcmp(aft_payment_ref(payment), ref) == 0)
      value = aft_record_int(payment, field);
  aft_cursor_free(cursor);
  return value;
}

/* ---- goods ---- */

void case_approve(case_desk *c, aft_id id) {
  aft_record *record = case_get(c, id);
  bool asked = strcmp(aft_case_state(record), "requested") == 0;
  aft_record_free(record);
  if (asked)
    case_act(c, &c->d.as_agent, id, "approve");
}

void case_ship(case_desk *c, aft_id id, const char *waybill) {
  aft_case_act_in in = {
      .case_id = id, .event = AFT_STR("ship"), .carrier = AFT_STR("sf"), .waybill = AFT_STR(waybill)};
  case_approve(c, id);
  case_act_with(c, &c->d.as_buyer, &in);
}

void case_find(case_desk *c, aft_id id, aft_id line, const char *condition, int64_t n) {
  aft_case_line_in found = {
      .size = sizeof found, .line = line, .quantity = n, .condition = AFT_STR(condition)};
  aft_case_act_in in = {.case_id = id, .event = AFT_STR("inspect"), .lines = &found, .n_lines = 1};
  case_act_with(c, &c->d.as_agent, &in);
}

aft_status case_track(case_desk *c, const char *waybill, const char *ref, const char *status) {
  case_error = (aft_error)AFT_ERROR_INIT;
  aft_track_in in = {.size = sizeof in,
                     .waybill = AFT_STR(waybill),
                     .ref = AFT_STR(ref),
                     .status = AFT_STR(status),
                     .at = c->d.now};
  return aft_parcel_track(c->d.session, &c->d.system, &in, NULL, &case_error);
}

/* ---- what is seen ---- */

int64_t case_int(case_desk *c, aft_id id, uint32_t field) {
  aft_record *record = case_get(c, id);
  int64_t value = aft_record_int(record, field);
  aft_record_free(record);
  return value;
}

void assert_case_text(case_desk *c, aft_id id, uint32_t field, const char *text) {
  aft_record *record = case_get(c, id);
  assert_string_equal(aft_record_text(record, field), text);
  aft_record_free(record);
}

static uint32_t requests_of(case_desk *c, aft_id subject, const char *topic) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *effect;
  uint32_t n = 0;
  assert_ok(aft_outbox_list(c->d.session, &c->d.system, subject, &cursor, &error));
  while (aft_cursor_next(cursor, &effect, &error) == AFT_OK)
    n += strcmp(aft_effect_topic(effect), topic) == 0;
  aft_cursor_free(cursor);
  return n;
}

uint32_t case_requests(case_desk *c, aft_id id, const char *topic) {
  case_leg legs[CASE_MOST_LEGS];
  uint32_t n_legs = case_legs(c, id, legs), n = requests_of(c, id, topic);
  for (uint32_t i = 0; i < n_legs; i++)
    n += requests_of(c, legs[i].id, topic);
  return n;
}

char *case_payload(case_desk *c, aft_id id, const char *topic) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *effect;
  char *found = NULL;
  assert_ok(aft_outbox_list(c->d.session, &c->d.system, id, &cursor, &error));
  while (aft_cursor_next(cursor, &effect, &error) == AFT_OK)
    if (strcmp(aft_effect_topic(effect), topic) == 0) {
      free(found);
      found = strdup(aft_effect_payload(effect));
    }
  aft_cursor_free(cursor);
  if (!found)
    fail_msg("the case made no request %s", topic);
  return found;
}

uint32_t case_parts(case_desk *c, aft_id id, uint32_t kind) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  assert_ok(aft_case_parts(c->d.session, &c->d.system, id, kind, &cursor, &error));
  return desk_count(cursor);
}

aft_cursor *case_all(case_desk *c) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_case_filter filter = {.size = sizeof filter, .order = c->order};
  assert_ok(aft_case_list(c->d.session, &c->d.system, &filter, &cursor, &error));
  return cursor;
}

uint32_t case_count(case_desk *c) { return desk_count(case_all(c)); }

uint32_t case_refusals(case_desk *c) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  assert_ok(aft_refusal_list(c->d.session, &c->d.system, &cursor, &error));
  return desk_count(cursor);
}

typedef struct picture {
  char *text;
  size_t len, size;
} picture;

static void draw(picture *p, const aft_record *record) {
  aft_error error = AFT_ERROR_INIT;
  aft_buf *json;
  assert_ok(aft_record_json(record, &json, &error));
  size_t n = aft_buf_size(json);
  if (p->len + n + 2 > p->size) {
    p->size = 2 * p->size + n + 2;
    p->text = realloc(p->text, p->size);
    assert_non_null(p->text);
  }
  memcpy(p->text + p->len, aft_buf_data(json), n);
  p->text[p->len + n] = '\n';
  p->text[p->len += n + 1] = 0;
  aft_buf_free(json);
}

static void draw_all(picture *p, aft_cursor *cursor) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *record;
  while (aft_cursor_next(cursor, &record, &error) == AFT_OK)
    draw(p, record);
  aft_cursor_free(cursor);
}

static void draw_order(picture *p, case_desk *c) {
  static aft_status (*const lists[])(aft_session *, const aft_call *, aft_id, aft_cursor **, aft_error *) = {
      aft_line_list, aft_payment_list, aft_parcel_list};
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *order;
  assert_ok(aft_order_get(c->d.session, &c->d.system, c->order, &order, &error));
  draw(p, order);
  aft_record_free(order);
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
    assert_ok(lists[i](c->d.session, &c->d.system, c->order, &cursor, &error));
    draw_all(p, cursor);
  }
}

static void draw_case(picture *p, case_desk *c, aft_id id) {
  static const uint32_t kinds[] = {
      AFT_KIND_CASE_LINE,   AFT_KIND_PROPOSAL, AFT_KIND_LEG,    AFT_KIND_FINDING, AFT_KIND_PARCEL,
      AFT_KIND_APPOINTMENT, AFT_KIND_INVOICE,  AFT_KIND_MIRROR, AFT_KIND_SIGNAL,  AFT_KIND_EVENT};
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    assert_ok(aft_case_parts(c->d.session, &c->d.system, id, kinds[i], &cursor, &error));
    draw_all(p, cursor);
  }
  assert_ok(aft_outbox_list(c->d.session, &c->d.system, id, &cursor, &error));
  draw_all(p, cursor);
}

char *case_order_picture(case_desk *c) {
  picture p = {.text = NULL};
  draw_order(&p, c);
  return p.text;
}

char *case_picture_of(case_desk *c, aft_id id) {
  picture p = {.text = NULL};
  aft_record *record = case_get(c, id);
  draw(&p, record);
  aft_record_free(record);
  draw_case(&p, c, id);
  return p.text;
}

char *case_picture(case_desk *c) {
  picture p = {.text = NULL};
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor = case_all(c);
  aft_record *record;
  draw_order(&p, c);
  while (aft_cursor_next(cursor, &record, &error) == AFT_OK) {
    draw(&p, record);
    draw_case(&p, c, aft_case_id(record));
  }
  aft_cursor_free(cursor);
  return p.text;
}

/* ---- filing ---- */

aft_id case_file_in(case_desk *c, const aft_call *as, aft_case_in *in) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  in->size = sizeof *in;
  in->order = c->order;
  assert_ok(aft_case_file(c->d.session, as, in, &made, &error));
  aft_id id = aft_case_id(made);
  aft_record_free(made);
  return id;
}

aft_status case_file_try(case_desk *c, const aft_call *as, const char *kind, const char *reason, aft_id line,
                         int64_t n) {
  case_error = (aft_error)AFT_ERROR_INIT;
  aft_case_line_in one = {.size = sizeof one, .line = line, .quantity = n};
  aft_case_in in = {.size = sizeof in,
                    .order = c->order,
                    .kind = AFT_STR(kind),
                    .reason = AFT_STR(reason),
                    .lines = &one,
                    .n_lines = 1};
  return aft_case_file(c->d.session, as, &in, NULL, &case_error);
}

aft_status case_attempt(case_desk *c, const aft_call *as, aft_case_act_in *in) {
  case_error = (aft_error)AFT_ERROR_INIT;
  in->size = sizeof *in;
  return aft_case_act(c->d.session, as, in, NULL, &case_error);
}

aft_id case_photo(case_desk *c, const aft_call *as, aft_id id, const char *of) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  char bytes[200];
  aft_evidence_in in = {.size = sizeof in, .of = id, .kind = AFT_STR("photo"), .type = AFT_STR("image/jpeg")};
  snprintf(bytes, sizeof bytes, "\xff\xd8\xff\xe0JFIF %s", of);
  assert_ok(aft_evidence_add(c->d.session, as, &in, bytes, strlen(bytes), &made, &error));
  aft_id evidence = aft_evidence_id(made);
  aft_record_free(made);
  return evidence;
}

aft_call case_arbiter(const case_desk *c) {
  aft_call call = c->d.system;
  call.role = AFT_ROLE_ARBITER;
  return call;
}
