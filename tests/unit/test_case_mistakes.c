/* Cases: what they hold, what they give back, and what they refuse. */
#include "case_desk.h"

#include <string.h>

static const desk_kind kinds[] = {DESK_SQLITE, DESK_MEMORY, DESK_HOSTILE};

#define ON_EACH_DESK(c, open)                                   \
  case_desk c;                                                  \
  for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) { \
    open;
#define END_DESK(c)    \
  case_desk_close(&c); \
  }

static void a_return_gives_back_what_was_paid(void **state) {
  (void)state;
  ON_EACH_DESK(c, case_desk_open(&c, kinds[k]))
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "changed_mind", c.line[0], 1);
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_IN_RETURN), 1);
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_WITH_BUYER), 2);
  aft_case_act_in ship = {
      .case_id = id, .event = AFT_STR("ship"), .carrier = AFT_STR("sf"), .waybill = AFT_STR("SF1")};
  case_act_with(&c, &c.d.as_buyer, &ship);
  case_act(&c, &c.d.as_agent, id, "receive");
  case_act(&c, &c.d.as_agent, id, "inspect");
  case_act(&c, &c.d.as_agent, id, "accept_goods");
  assert_case(&c, id, "refunding");
  int64_t paid = case_confirm_all(&c, id);
  assert_case(&c, id, "refunded");
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_RETURNED), 1);
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_REFUNDED), paid);
  assert_int_equal(case_line(&c, c.line[0], AFT_LINE_PAID) / 3, paid);
  END_DESK(c)
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_return_gives_back_what_was_paid),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
