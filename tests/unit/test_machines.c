/* The machines of cases that the default policy has: sound, complete, and careful with units and money. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "flow/flow.h"
#include "policy/policy_priv.h"
#include "policy_fixture.h"
#include "value/value.h"

static const char *const kinds[] = {"return",  "exchange", "refund",      "reissue",    "price_protection",
                                    "freight", "goodwill", "undelivered", "withdrawal", "repair",
                                    "claim",   "dispute",  "recourse"};

static const char *name_of(const aft__flow *flow, uint32_t state) {
  return flow->texts + flow->states[state].name;
}

static bool terminal(const aft__flow *flow, uint32_t state) {
  return flow->states[state].flags & AFT__FLOW_TERMINAL;
}

/* ---- what every machine has ---- */

static void every_kind_begins_by_being_filed(void **state) {
  (void)state;
  for (size_t i = 0; i < AFT__COUNT(kinds); i++) {
    const aft__flow *flow = aft__policy_machine(policy, kinds[i]);
    assert_non_null(flow);
    assert_string_equal(name_of(flow, flow->initial), "new");
    uint32_t file = aft__flow_event_find(flow, aft__cstr("file"));
    assert_int_not_equal(file, AFT__FLOW_NONE);
    aft__flow_step_out step;
    bool of_the_shop = strcmp(kinds[i], "recourse") == 0;
    for (uint32_t role = AFT_ROLE_SYSTEM; role <= (of_the_shop ? AFT_ROLE_AGENT : AFT_ROLE_BUYER); role++)
      assert_int_equal(
          aft__flow_step(flow, flow->initial, file, AFT__FLOW_ACTOR(role), NULL, NULL, &step, NULL), AFT_OK);
  }
}

static bool always(void *user, uint32_t guard) {
  (void)guard;
  return *(bool *)user;
}

static void assert_answer(const aft__flow *flow, uint32_t from, uint32_t event, uint32_t role, bool holds) {
  aft_error error = AFT_ERROR_INIT;
  aft__flow_step_out step;
  aft_status status = aft__flow_step(flow, from, event, AFT__FLOW_ACTOR(role), always, &holds, &step, &error);
  if (status >= 0) {
    assert_true(step.to < flow->n_states);
    assert_true(!terminal(flow, from) || step.to == from);
    return;
  }
  assert_true(status == AFT_E_TRANSITION || status == AFT_E_DENIED);
  assert_non_null(strstr(error.message, name_of(flow, from)));
  assert_non_null(strstr(error.message, aft__flow_role_name(role)));
}

static void every_state_event_and_role_has_an_answer(void **state) {
  uint32_t asked = 0;
  (void)state;
  for (size_t i = 0; i < AFT__COUNT(kinds); i++) {
    const aft__flow *flow = aft__policy_machine(policy, kinds[i]);
    for (uint32_t from = 0; from < flow->n_states; from++)
      for (uint32_t event = 0; event < flow->n_events; event++)
        for (uint32_t role = AFT_ROLE_SYSTEM; role <= AFT_ROLE_ARBITER; role++, asked++) {
          assert_answer(flow, from, event, role, false);
          assert_answer(flow, from, event, role, true);
        }
  }
  assert_true(asked > 10000);
}

static void time_always_leads_on(void **state) {
  bool no = false;
  (void)state;
  for (size_t i = 0; i < AFT__COUNT(kinds); i++) {
    const aft__flow *flow = aft__policy_machine(policy, kinds[i]);
    for (uint32_t from = 0; from < flow->n_states; from++) {
      aft__flow_step_out step;
      if (terminal(flow, from))
        continue;
      assert_int_not_equal(flow->states[from].deadline_event, AFT__FLOW_NONE);
      assert_int_equal(aft__flow_step(flow, from, flow->states[from].deadline_event,
                                      AFT__FLOW_ACTOR(AFT_ROLE_SYSTEM), always, &no, &step, NULL),
                       AFT_OK);
    }
  }
}

/* States in which money is under way: people are asked again and again, and never is it given up. */
static bool waits_for_money(const char *state) {
  static const char *const known[] = {"refunding", "refund_failed", "advance_refunding"};
  for (size_t i = 0; i < AFT__COUNT(known); i++)
    if (strcmp(state, known[i]) == 0)
      return true;
  return false;
}

static bool converts(const aft__flow *flow, const aft__flow_step_out *step) {
  for (uint32_t i = 0; i < step->n_effects; i++)
    if (strcmp(flow->texts + step->effects[i].verb, "convert") == 0)
      return true;
  return false;
}

/* Whatever the conditions are, what a deadline leads to in the end is another state. */
static void no_state_waits_for_itself(void **state) {
  bool no = false;
  (void)state;
  for (size_t i = 0; i < AFT__COUNT(kinds); i++) {
    const aft__flow *flow = aft__policy_machine(policy, kinds[i]);
    for (uint32_t from = 0; from < flow->n_states; from++) {
      aft__flow_step_out step;
      if (terminal(flow, from) || waits_for_money(name_of(flow, from)))
        continue;
      assert_int_equal(aft__flow_step(flow, from, flow->states[from].deadline_event,
                                      AFT__FLOW_ACTOR(AFT_ROLE_SYSTEM), always, &no, &step, NULL),
                       AFT_OK);
      if (step.to == from && !converts(flow, &step))
        fail_msg("%s in %s waits for itself", kinds[i], name_of(flow, from));
    }
  }
}

static bool has_text(const char *locale, const char *what, const char *name) {
  char key[128];
  aft__buf out;
  snprintf(key, sizeof key, "case.%s.%s", what, name);
  aft__buf_init(&out, env);
  aft__policy_render(policy, locale, key, NULL, 0, &out);
  bool there = out.len > 0 && !(out.len == strlen(key) && memcmp(out.data, key, out.len) == 0);
  if (!there)
    print_message("# no text %s in %s\n", key, locale);
  aft__buf_done(&out);
  return there;
}

static bool people_fire(const aft__flow *flow, uint32_t event) {
  for (uint32_t i = 0; i < flow->n_moves; i++)
    if (flow->moves[i].event == event && flow->moves[i].actors & ~AFT__FLOW_ACTOR(AFT_ROLE_SYSTEM))
      return true;
  return false;
}

static void all_of_it_can_be_said(void **state) {
  static const char *const locales[] = {"zh", "en"};
  (void)state;
  for (size_t l = 0; l < AFT__COUNT(locales); l++)
    for (size_t i = 0; i < AFT__COUNT(kinds); i++) {
      const aft__flow *flow = aft__policy_machine(policy, kinds[i]);
      assert_true(has_text(locales[l], "kind", kinds[i]));
      for (uint32_t s = 0; s < flow->n_states; s++) {
        assert_true(has_text(locales[l], "state", name_of(flow, s)));
        assert_true(has_text(locales[l], "next", name_of(flow, s)));
      }
      for (uint32_t e = 0; e < flow->n_events; e++)
        assert_true(!people_fire(flow, e) ||
                    has_text(locales[l], "event", flow->texts + flow->events[e].name));
    }
  assert_false(has_text("en", "state", "no_such_state"));
}

/* ---- units and money on every way; settlement is the desk's own to free at an end ---- */

#define HELD    1u /* units are held */
#define PLANNED 2u /* money is planned and neither released nor dropped */
#define WAYS    4u

typedef struct walk {
  const aft__flow *flows[AFT__COUNT(kinds)];
  uint8_t seen[AFT__COUNT(kinds)][128]; /* per kind and state: which of the four are possible */
  bool changed;
  uint32_t faults;
} walk;

static uint32_t after_effect(uint32_t way, const char *verb) {
  static const struct {
    const char *verb;
    uint32_t set, clear;
  } meanings[] = {{"hold", HELD, 0},      {"free", 0, HELD},       {"take", 0, HELD},
                  {"lose", 0, HELD},      {"give_back", 0, HELD},  {"follow", 0, HELD},
                  {"plan", PLANNED, 0},   {"release", 0, PLANNED}, {"void", 0, PLANNED},
                  {"advance", 0, PLANNED}};
  for (size_t i = 0; i < AFT__COUNT(meanings); i++)
    if (strcmp(verb, meanings[i].verb) == 0)
      way = (way | meanings[i].set) & ~meanings[i].clear;
  return way;
}

static uint32_t kind_index(const char *name, size_t len) {
  for (uint32_t i = 0; i < AFT__COUNT(kinds); i++)
    if (strlen(kinds[i]) == len && memcmp(kinds[i], name, len) == 0)
      return i;
  fail_msg("no kind %s", name);
  return 0;
}

static void arrive(walk *w, uint32_t kind, uint32_t state, uint32_t way, const char *event) {
  uint8_t bit = (uint8_t)(1u << way);
  if (w->seen[kind][state] & bit)
    return;
  w->seen[kind][state] |= bit;
  w->changed = true;
  if (!terminal(w->flows[kind], state) || way == 0)
    return;
  print_message("# %s ends as %s after %s with%s%s\n", kinds[kind], name_of(w->flows[kind], state), event,
                way & HELD ? " units held" : "", way & PLANNED ? " money planned" : "");
  w->faults++;
}

static void follow_move(walk *w, uint32_t kind, const aft__flow_move *move, uint32_t way) {
  const aft__flow *flow = w->flows[kind];
  uint32_t to_kind = kind, to = move->to;
  for (uint32_t i = 0; i < move->effects; i++) {
    const char *verb = flow->texts + flow->effects[move->effect + i].verb;
    const char *arg = flow->texts + flow->effects[move->effect + i].arg;
    way = after_effect(way, verb);
    if (strcmp(verb, "replace") == 0 && strcmp(kinds[kind], "reissue") == 0)
      way &= ~HELD; /* what is sent once more is written off */
    if (strcmp(verb, "convert") == 0) {
      to_kind = kind_index(arg, (size_t)(strchr(arg, '.') - arg));
      to = aft__flow_state_find(w->flows[to_kind], aft__cstr(strchr(arg, '.') + 1));
      assert_int_not_equal(to, AFT__FLOW_NONE);
    }
  }
  arrive(w, to_kind, to, way, flow->texts + flow->events[move->event].name);
}

static void walk_on(walk *w, uint32_t kind) {
  const aft__flow *flow = w->flows[kind];
  for (uint32_t i = 0; i < flow->n_moves; i++)
    for (uint32_t way = 0; way < WAYS; way++)
      if (flow->moves[i].to != AFT__FLOW_IGNORE && w->seen[kind][flow->moves[i].from] >> way & 1)
        follow_move(w, kind, &flow->moves[i], way);
}

static void no_way_ends_with_something_left_behind(void **state) {
  walk w = {0};
  (void)state;
  for (uint32_t i = 0; i < AFT__COUNT(kinds); i++) {
    w.flows[i] = aft__policy_machine(policy, kinds[i]);
    assert_true(w.flows[i]->n_states <= 128);
    arrive(&w, i, w.flows[i]->initial, 0, "nothing");
  }
  while (w.changed) {
    w.changed = false;
    for (uint32_t i = 0; i < AFT__COUNT(kinds); i++)
      walk_on(&w, i);
  }
  assert_int_equal(w.faults, 0);
}

static bool move_does(const aft__flow *flow, const aft__flow_move *move, const char *verb) {
  for (uint32_t i = 0; i < move->effects; i++)
    if (strcmp(flow->texts + flow->effects[move->effect + i].verb, verb) == 0)
      return true;
  return false;
}

static void money_counts_as_refunded_only_when_confirmed(void **state) {
  (void)state;
  for (size_t i = 0; i < AFT__COUNT(kinds); i++) {
    const aft__flow *flow = aft__policy_machine(policy, kinds[i]);
    uint32_t refunded = aft__flow_state_find(flow, aft__cstr("refunded"));
    for (uint32_t m = 0; m < flow->n_moves; m++) {
      const char *event = flow->texts + flow->events[flow->moves[m].event].name;
      if (flow->moves[m].to != refunded || refunded == AFT__FLOW_NONE)
        continue;
      assert_true(strcmp(event, "money_confirmed") == 0 ||
                  (strcmp(event, "check_money") == 0 && flow->moves[m].guard != AFT__FLOW_NONE));
      assert_false(move_does(flow, &flow->moves[m], "plan"));
    }
  }
}

static void nobody_approves_a_withdrawal(void **state) {
  const aft__flow *flow = aft__policy_machine(policy, "withdrawal");
  (void)state;
  assert_int_equal(aft__flow_state_find(flow, aft__cstr("approved")), AFT__FLOW_NONE);
  assert_int_equal(aft__flow_event_find(flow, aft__cstr("approve")), AFT__FLOW_NONE);
  uint32_t contest = aft__flow_event_find(flow, aft__cstr("contest"));
  for (uint32_t i = 0; i < flow->n_moves; i++)
    assert_true(flow->moves[i].event != contest || flow->moves[i].guard != AFT__FLOW_NONE);
}

/* ---- business days ---- */

#define MINUTE AFT__MINUTE

static aft_time at(int32_t day, int32_t hour, int32_t offset_minutes) {
  aft__civil civil = {.year = 2026, .month = 6, .day = day, .hour = hour};
  return aft__time_of(&civil, offset_minutes * 60);
}

static aft_time business(int64_t days, aft_time from, int32_t offset_minutes) {
  aft__flow_state state = {.flags = AFT__FLOW_BUSINESS, .deadline_ms = days * AFT__DAY};
  return aft__flow_deadline(&state, from, offset_minutes);
}

/* The first of June 2026 is a Monday. */
static void business_days_leave_weekends_out(void **state) {
  (void)state;
  assert_true(business(1, at(1, 9, 0), 0) == at(2, 9, 0));
  assert_true(business(4, at(1, 9, 0), 0) == at(5, 9, 0));
  assert_true(business(5, at(1, 9, 0), 0) == at(8, 9, 0));
  assert_true(business(1, at(5, 23, 0), 0) == at(8, 23, 0));
  assert_true(business(3, at(4, 12, 0), 0) == at(9, 12, 0));
  assert_true(business(10, at(3, 1, 0), 0) == at(17, 1, 0));
  assert_true(business(1, at(6, 12, 0), 0) == at(9, 0, 0));
  assert_true(business(5, at(7, 12, 0), 0) == at(15, 0, 0));
}

/* Saturday in Shanghai is still Friday in London. */
static void business_days_are_those_of_the_place(void **state) {
  aft_time evening = at(5, 20, 0);
  (void)state;
  assert_true(business(1, evening, 0) == at(8, 20, 0));
  assert_true(business(1, evening, 480) == at(9, 0, 480));
  assert_true(business(1, at(8, 2, 0), -300) == at(9, 0, -300));
}

static void business_days_agree_with_counting(void **state) {
  (void)state;
  for (int32_t day = 1; day <= 7; day++)
    for (int64_t days = 1; days <= 30; days++) {
      aft_time start = day > 5 ? at(8, 0, 0) : at(day, 15, 0), now = start;
      for (int64_t left = days; left > 0;) {
        aft__civil civil;
        now += AFT__DAY;
        aft__civil_of(now, 0, &civil);
        left -= civil.weekday < 5;
      }
      assert_true(business(days, at(day, 15, 0), 0) == now);
    }
}

static void deadlines_do_not_overflow(void **state) {
  aft__flow_state hours = {.deadline_ms = 48 * AFT__HOUR};
  (void)state;
  assert_true(aft__flow_deadline(&hours, at(6, 12, 0), 0) == at(8, 12, 0));
  assert_true(aft__flow_deadline(&hours, INT64_MAX - 5, 0) == INT64_MAX);
  assert_true(business(3, INT64_MAX - 5, 480) == INT64_MAX);
  assert_true(business(INT64_MAX / AFT__DAY, at(1, 0, 0), 0) == INT64_MAX);
  assert_true(business(1, -10 * AFT__DAY, 0) == -9 * AFT__DAY); /* a Monday of 1969 */
}

static void drawings_show_business_days(void **state) {
  aft_buf *out = NULL;
  (void)state;
  assert_int_equal(aft_flow_export(policy, "return", AFT_FLOW_MERMAID, &out, NULL), AFT_OK);
  assert_non_null(strstr(aft_buf_data(out), "after 3bd decide"));
  assert_non_null(strstr(aft_buf_data(out), "after 2d silence"));
  aft_buf_free(out);
}

/* ---- machines that are refused ---- */

#define START                                                                                     \
  "machines:\n  loan:\n    initial: new\n    states:\n      done: {terminal: true}\n      new:\n" \
  "        deadline: 3bd\n        then: expire\n        on:\n          expire: {to: done, by: [system]}\n"
#define FILE_LINE "          file: {to: done, by: [buyer], do: "

static void assert_refused(const char *yaml, const char *place, const char *expected) {
  aft_document document = {sizeof document, aft__cstr("shop.yaml"), aft__cstr(yaml)};
  aft_policy_options options = {.size = sizeof options, .documents = &document, .count = 1};
  aft_policy *made = NULL;
  aft_error error = AFT_ERROR_INIT;
  aft_status status = aft_policy_load(env, &options, &made, NULL, &error);
  aft_policy_unref(made);
  if (!expected) {
    assert_int_equal(status, AFT_OK);
    return;
  }
  char where[400];
  snprintf(where, sizeof where, "%s %s", error.where, error.message);
  if (status >= 0 || !strstr(where, expected) || !strstr(where, place))
    fail_msg("expected '%s' at %s, found %d: %s", expected, place, status, where);
}

static void effects_are_held_to_what_the_desk_can_do(void **state) {
  (void)state;
  assert_refused(START FILE_LINE "[{hold: in_return}, free]}\n", NULL, NULL);
  assert_refused(START FILE_LINE "[dance]}\n", "shop.yaml:11:", "unknown effect 'dance'");
  assert_refused(START FILE_LINE "[{hold: in_space}]}\n",
                 "shop.yaml:11:", "expected in_return in_exchange in_repair");
  assert_refused(START FILE_LINE "[hold]}\n", "shop.yaml:11:", "'hold' with nothing");
  assert_refused(START FILE_LINE "[{plan: well}]}\n", "shop.yaml:11:", "expected no argument");
  assert_refused(START FILE_LINE "[{release: settle}]}\n", "shop.yaml:11:", "'release' with 'settle'");
  assert_refused(START FILE_LINE "[{notify: nothing_of_the_kind}]}\n",
                 "shop.yaml:11:", "notify.case.nothing_of_the_kind");
  assert_refused(START FILE_LINE "[{accept: all}, accept, {verdict: buyer}, verdict]}\n", NULL, NULL);
}

static void cases_go_over_only_to_states_that_go_on(void **state) {
  (void)state;
  assert_refused(START FILE_LINE "[{convert: return.approved}, {follow: claim}]}\n", NULL, NULL);
  assert_refused(START FILE_LINE "[{convert: return}]}\n", "shop.yaml:11:", "as in return.approved");
  assert_refused(START FILE_LINE "[{convert: retrun.approved}]}\n",
                 "shop.yaml:11:", "did you mean 'return'?");
  assert_refused(START FILE_LINE "[{convert: return.aproved}]}\n",
                 "shop.yaml:11:", "did you mean 'approved'?");
  assert_refused(START FILE_LINE "[{convert: return.refunded}]}\n", "shop.yaml:11:", "which is an end");
  assert_refused(START FILE_LINE "[{follow: ticket}]}\n", "shop.yaml:11:", "no kind of case 'ticket'");
  assert_refused(START FILE_LINE "[{follow: return.recall}]}\n", NULL, NULL);
  assert_refused(START FILE_LINE "[{follow: return.recal}]}\n", "shop.yaml:11:", "did you mean 'recall'?");
  assert_refused(START FILE_LINE "[{follow: retrun.recall}]}\n", "shop.yaml:11:", "did you mean 'return'?");
}

static void cases_begin_where_the_desk_begins_them(void **state) {
  (void)state;
  assert_refused(START, "shop.yaml:", "'file'");
  assert_refused(
      "machines:\n  loan:\n    initial: begun\n    states:\n      done: {terminal: true}\n      begun:\n"
      "        deadline: 1h\n        then: end\n        on:\n          end: {to: done, by: [system]}\n"
      "          file: {to: done, by: [buyer]}\n",
      "shop.yaml:", "'new'");
}

static void deadlines_are_durations_or_business_days(void **state) {
  static const char *const wrong[] = {"0bd", "bd", "3b", "3bd1h", "-1bd", "99999bd", "3651bd", "3 bd"};
  char yaml[600];
  (void)state;
  for (size_t i = 0; i < AFT__COUNT(wrong); i++) {
    snprintf(yaml, sizeof yaml, "machines: {return: {states: {approved: {deadline: %s}}}}\n", wrong[i]);
    assert_refused(yaml, "shop.yaml:1:", "business days such as 3bd");
  }
  assert_refused("machines: {return: {states: {approved: {deadline: 3650bd}}}}\n", NULL, NULL);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, policy_set_up, policy_tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {CASE(every_kind_begins_by_being_filed),
                                     CASE(every_state_event_and_role_has_an_answer),
                                     CASE(time_always_leads_on),
                                     CASE(no_state_waits_for_itself),
                                     CASE(all_of_it_can_be_said),
                                     CASE(no_way_ends_with_something_left_behind),
                                     CASE(money_counts_as_refunded_only_when_confirmed),
                                     CASE(nobody_approves_a_withdrawal),
                                     CASE(business_days_leave_weekends_out),
                                     CASE(business_days_are_those_of_the_place),
                                     CASE(business_days_agree_with_counting),
                                     CASE(deadlines_do_not_overflow),
                                     CASE(drawings_show_business_days),
                                     CASE(effects_are_held_to_what_the_desk_can_do),
                                     CASE(cases_go_over_only_to_states_that_go_on),
                                     CASE(cases_begin_where_the_desk_begins_them),
                                     CASE(deadlines_are_durations_or_business_days)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
