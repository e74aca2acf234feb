#include "case_invariants.h"

#include "case_story.h"
#include "invariants.h"

#include <string.h>

/* The story of a case that does not replay, for whoever reads the failure. */
static void tell(case_desk *c, aft_id id) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *event;
  if (aft_case_parts(c->d.session, &c->d.system, id, AFT_KIND_EVENT, &cursor, &error) < 0)
    return;
  while (aft_cursor_next(cursor, &event, &error) == AFT_OK)
    print_message("# %lld %s: %s -> %s %s\n", (long long)aft_event_seq(event), aft_event_verb(event),
                  aft_event_from(event), aft_event_to(event), aft_event_facts(event));
  aft_cursor_free(cursor);
}

static void replays(case_desk *c, aft_id id) {
  aft_error error = AFT_ERROR_INIT;
  aft_status status = aft_case_verify(c->d.session, &c->d.system, id, &error);
  if (status < 0)
    tell(c, id);
  assert_ok(status);
}

static void units_are_conserved(case_desk *c) {
  static const uint32_t places[] = {AFT_LINE_UNDELIVERED, AFT_LINE_WITH_BUYER, AFT_LINE_IN_RETURN,
                                    AFT_LINE_IN_EXCHANGE, AFT_LINE_IN_REPAIR,  AFT_LINE_RETURNED,
                                    AFT_LINE_LOST};
  for (int i = 0; i < 3; i++) {
    int64_t sum = 0;
    for (size_t p = 0; p < sizeof places / sizeof *places; p++)
      sum += case_line(c, c->line[i], places[p]);
    assert_int_equal(sum, case_line(c, c->line[i], AFT_LINE_QUANTITY));
    assert_true(case_line(c, c->line[i], AFT_LINE_REFUNDED) <= case_line(c, c->line[i], AFT_LINE_PAID));
  }
}

/* No payment gives back more than it took. */
static void money_is_conserved(case_desk *c) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *payment;
  assert_ok(aft_payment_list(c->d.session, &c->d.system, c->order, &cursor, &error));
  while (aft_cursor_next(cursor, &payment, &error) == AFT_OK)
    assert_true(aft_payment_planned(payment) + aft_payment_refunded(payment) +
                    aft_payment_reversed(payment) <=
                aft_payment_captured(payment));
  aft_cursor_free(cursor);
}

static int64_t booked_by(case_desk *c, aft_id id) {
  case_leg legs[CASE_MOST_LEGS];
  uint32_t n = case_legs(c, id, legs);
  int64_t booked = 0;
  for (uint32_t i = 0; i < n; i++)
    booked += legs[i].confirmed;
  return booked;
}

/* A marketplace has deadlines of its own, or none. */
static void does_not_wait_for_ever(aft_record *one) {
  bool local = strcmp(aft_case_authority(one), "local") == 0;
  if (local && aft_case_open(one) && aft_record_is_null(one, AFT_CASE_DUE))
    fail_msg("case %s of kind %s is in '%s' without a deadline", aft_case_code(one), aft_case_kind(one),
             aft_case_state(one));
}

void assert_case_invariants(case_desk *c, int64_t confirmed) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor = case_all(c);
  aft_record *one;
  char why[1200];
  int64_t booked = 0;
  while (aft_cursor_next(cursor, &one, &error) == AFT_OK) {
    does_not_wait_for_ever(one);
    booked += booked_by(c, aft_case_id(one));
    replays(c, aft_case_id(one));
  }
  aft_cursor_free(cursor);
  assert_int_equal(booked, confirmed);
  units_are_conserved(c);
  money_is_conserved(c);
  if (c->d.kind == DESK_SQLITE && !place_on_server() && !invariants_hold(c->d.place.file, why, sizeof why))
    fail_msg("%s", why);
}
