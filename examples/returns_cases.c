/* What people do with cases, and whether these are where the story says. */
#include "returns.h"

#include <stdio.h>
#include <string.h>

aft_id file_case(world *w, const aft_call *call, aft_case_in *in) {
  aft_record *record;
  in->size = sizeof *in;
  must(w, aft_case_file(w->session, call, in, &record, &w->error));
  aft_id id = aft_case_id(record);
  aft_record_free(record);
  if (!w->first_case)
    w->first_case = id;
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
  pass(w, 2 * HOUR);
  act_with(w, cost ? &w->seller : &w->as_buyer, id, "ship", &in); /* the shop enters what it cost */
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

void inspect(world *w, aft_id id, const char *condition) {
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
  pass(w, HOUR / 2);
}

void finish(world *w, aft_id id, const char *waybill) {
  come_back(w, id, waybill, NULL);
  act(w, &w->seller, id, "accept_goods");
  pass(w, HOUR / 2);
  gateway(w);
  expect_state(w, id, "refunded");
}

/* What is sent in place of other goods leaves when the desk asks for it. */
void replace_goods(world *w, aft_id id) {
  int asked = w->sends;
  act(w, &w->warehouse, id, "send");
  gateway(w);
  check(w, w->sends == asked + 1, "the warehouse was not asked to send the new goods");
  pass(w, 4 * HOUR);
  send_replacement(w, id, false);
  pass(w, 30 * HOUR);
  send_replacement(w, id, true);
  pass(w, HOUR);
  act(w, &w->as_buyer, id, "confirm");
  expect_state(w, id, "completed");
}

/* A photo begins with the bytes that tell its type; the rest is made up here. */
void add_photo(world *w, const aft_call *call, aft_id id, const char *name) {
  char bytes[128];
  aft_evidence_in in = {.size = sizeof in,
                        .of = id,
                        .kind = AFT_STR("photo"),
                        .type = AFT_STR("image/jpeg"),
                        .name = AFT_STR(name)};
  int n = snprintf(bytes, sizeof bytes, "\xff\xd8\xff\xe0 %s", name);
  must(w, aft_evidence_add(w->session, call, &in, bytes, (size_t)n, NULL, &w->error));
}

/* ---- where a case is ---- */

aft_record *case_of(world *w, aft_id id) {
  aft_record *record;
  must(w, aft_case_get(w->session, &w->system, id, &record, &w->error));
  return record;
}

bool is_in(world *w, aft_id id, const char *state) {
  aft_record *record = case_of(w, id);
  bool is = strcmp(aft_case_state(record), state) == 0;
  aft_record_free(record);
  return is;
}

void approve_if_asked(world *w, aft_id id) {
  pass(w, HOUR);
  if (is_in(w, id, "requested") || is_in(w, id, "unshipped"))
    act(w, &w->seller, id, "approve");
}

void expect_state(world *w, aft_id id, const char *state) {
  char what[160];
  aft_record *record = case_of(w, id);
  snprintf(what, sizeof what, "case %s: expected %s, found %s", aft_case_code(record), state,
           aft_case_state(record));
  check(w, strcmp(aft_case_state(record), state) == 0, what);
  aft_record_free(record);
}

static bool is_leg(aft_record *leg, const char *kind, const char *payer, const char *payee, int64_t amount) {
  return !strcmp(aft_leg_kind(leg), kind) && !strcmp(aft_leg_payer(leg), payer) &&
         !strcmp(aft_leg_payee(leg), payee) && aft_leg_confirmed(leg) == amount;
}

void expect_money(world *w, aft_id id, const char *kind, const char *payer, const char *payee,
                  int64_t amount) {
  char what[160];
  aft_cursor *cursor;
  aft_record *leg;
  bool found = false;
  must(w, aft_case_parts(w->session, &w->system, id, AFT_KIND_LEG, &cursor, &w->error));
  while (aft_cursor_next(cursor, &leg, &w->error) == AFT_OK)
    found |= is_leg(leg, kind, payer, payee, amount);
  aft_cursor_free(cursor);
  snprintf(what, sizeof what, "no confirmed %s of %lld from %s to %s", kind, (long long)amount, payer, payee);
  check(w, found, what);
}
