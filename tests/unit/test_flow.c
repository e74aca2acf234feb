/* State machines: the step against a naive table, every kind of fault, damage, export. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "flow/flow.h"
#include "random.h"

static aft_env *env;

static int setup(void **state) {
  (void)state;
  assert_int_equal(aft_env_new(NULL, &env, NULL), AFT_OK);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  aft_env_unref(env);
  return 0;
}

#define SYSTEM AFT__FLOW_ACTOR(AFT_ROLE_SYSTEM)
#define AGENT  AFT__FLOW_ACTOR(AFT_ROLE_AGENT)
#define BUYER  AFT__FLOW_ACTOR(AFT_ROLE_BUYER)

/* A repair: new → working → done; done may be opened again by an agent. */
enum {
  NEW,
  WORKING,
  DONE,
  STATES
};
enum {
  START,
  FINISH,
  LATE,
  REOPEN,
  PING,
  EVENTS
};

static const char texts[] = "\0new\0working\0done\0start\0finish\0late\0reopen\0ping\0notify\0repair.done";

static uint32_t text(const char *name) {
  for (uint32_t at = 0; at < sizeof texts; at += (uint32_t)strlen(texts + at) + 1)
    if (strcmp(texts + at, name) == 0)
      return at;
  fail_msg("no text %s", name);
  return 0;
}

typedef struct machine {
  aft__flow flow;
  aft__flow_state states[STATES];
  aft__flow_event events[EVENTS];
  aft__flow_effect effects[1];
  aft__flow_move moves[16];
} machine;

static aft__flow_move *add(machine *m, uint16_t from, uint16_t event, uint16_t to, uint16_t actors,
                           uint32_t guard) {
  uint32_t i = m->flow.n_moves++;
  aft__flow_move move = {from, event, to, actors, guard, 0, 0, 100 + i, 5};
  m->moves[i] = move;
  return &m->moves[i];
}

static void sound(machine *m) {
  static const char *const states[] = {"new", "working", "done"};
  static const char *const events[] = {"start", "finish", "late", "reopen", "ping"};
  memset(m, 0, sizeof *m);
  for (uint32_t i = 0; i < STATES; i++) {
    aft__flow_state s = {text(states[i]), 0, LATE, 10 + i, 3, 0, 3600000};
    m->states[i] = s;
  }
  m->states[DONE].flags = AFT__FLOW_TERMINAL;
  m->states[DONE].deadline_event = AFT__FLOW_NONE;
  m->states[DONE].deadline_ms = 0;
  m->states[WORKING].flags = AFT__FLOW_OPEN;
  for (uint32_t i = 0; i < EVENTS; i++)
    m->events[i].name = text(events[i]);
  m->effects[0].verb = text("notify");
  m->effects[0].arg = text("repair.done");
  aft__flow flow = {texts, "repair", m->states, m->events, m->moves, m->effects, STATES, EVENTS, 0, 1, NEW};
  m->flow = flow;
  add(m, NEW, START, WORKING, AGENT | SYSTEM, AFT__FLOW_NONE);
  add(m, NEW, LATE, NEW, SYSTEM, AFT__FLOW_NONE); /* a reminder */
  add(m, WORKING, FINISH, DONE, AGENT, 7);
  add(m, WORKING, FINISH, NEW, AGENT, AFT__FLOW_NONE);
  add(m, WORKING, LATE, DONE, SYSTEM, 3);
  add(m, WORKING, LATE, NEW, SYSTEM, AFT__FLOW_NONE);
  add(m, DONE, REOPEN, WORKING, AGENT, AFT__FLOW_NONE);
  add(m, DONE, PING, AFT__FLOW_IGNORE, AGENT | BUYER, AFT__FLOW_NONE);
  m->moves[2].effects = 1;
}

/* ---- the check ---- */

typedef struct reports {
  uint32_t n, line;
  char all[8000];
} reports;

static void report(void *user, uint32_t line, uint32_t column, const char *message) {
  reports *r = user;
  (void)column;
  r->n++;
  r->line = line;
  strncat(r->all, message, sizeof r->all - strlen(r->all) - 2);
  strcat(r->all, "\n");
}

static void check(const machine *m, const aft__flow_contract *contract, reports *r) {
  aft__arena arena;
  uint32_t faults = 99;
  memset(r, 0, sizeof *r);
  aft__arena_init(&arena, env);
  assert_true(aft__flow_valid(&m->flow, sizeof texts));
  assert_int_equal(aft__flow_check(&m->flow, contract, &arena, report, r, &faults, NULL), AFT_OK);
  assert_int_equal(faults, r->n);
  aft__arena_done(&arena);
}

static void assert_one_fault(const machine *m, const char *part, uint32_t line) {
  reports r;
  check(m, NULL, &r);
  if (r.n != 1 || !strstr(r.all, part))
    fail_msg("expected one fault with \"%s\", found %u:\n%s", part, r.n, r.all);
  assert_int_equal(r.line, line);
}

static const char *const contract_states[] = {"new", "done", NULL};
static const char *const contract_fires[] = {"finish", "late", NULL};
static const char *const contract_effects[] = {"notify", NULL};

static void a_sound_machine_passes(void **state) {
  (void)state;
  const aft__flow_contract contract = {contract_states, contract_fires, contract_effects};
  machine m;
  reports r;
  sound(&m);
  check(&m, &contract, &r);
  assert_string_equal(r.all, "");
}

static void unreachable_states_are_found(void **state) {
  (void)state;
  machine m;
  sound(&m);
  m.flow.initial = DONE;
  m.flow.n_moves = 6; /* nothing leaves the end any more */
  reports r;
  check(&m, NULL, &r);
  assert_int_equal(r.n, 2);
  assert_non_null(strstr(r.all, "state 'new' cannot be reached from 'done'"));
  assert_non_null(strstr(r.all, "state 'working' cannot be reached from 'done'"));
}

static void dead_ends_are_found(void **state) {
  (void)state;
  machine m;
  sound(&m);
  m.states[WORKING].deadline_event = PING;
  m.flow.n_moves = 2;
  add(&m, WORKING, PING, WORKING, SYSTEM, AFT__FLOW_NONE);
  add(&m, NEW, FINISH, DONE, AGENT, AFT__FLOW_NONE);
  assert_one_fault(&m, "state 'working' has no way to an end: add a transition that leaves it", 11);

  sound(&m);
  m.moves[2].to = NEW;
  m.moves[4].to = NEW;
  add(&m, NEW, PING, DONE, AGENT, AFT__FLOW_NONE);
  m.states[DONE].flags = 0;
  reports r;
  check(&m, NULL, &r);
  assert_non_null(strstr(r.all, "machine 'repair' has no terminal state"));
}

static void loops_without_an_end_are_found(void **state) {
  (void)state;
  machine m;
  sound(&m);
  m.moves[2].to = NEW; /* new and working lead to each other only */
  m.moves[4].to = NEW;
  reports r;
  check(&m, NULL, &r);
  assert_int_equal(r.n, 3);
  assert_non_null(strstr(r.all, "state 'new' has no way to an end: its transitions lead only"));
  assert_non_null(strstr(r.all, "state 'working' has no way to an end: its transitions lead only"));
  assert_non_null(strstr(r.all, "state 'done' cannot be reached from 'new'"));
}

static void missing_deadlines_are_found(void **state) {
  (void)state;
  machine m;
  sound(&m);
  m.states[NEW].deadline_event = AFT__FLOW_NONE;
  assert_one_fault(&m, "state 'new' has no deadline", 10);
  sound(&m);
  m.states[NEW].deadline_ms = 0;
  assert_one_fault(&m, "the deadline of state 'new' is not above zero", 10);
  sound(&m);
  m.moves[1].actors = AGENT;
  assert_one_fault(&m, "no transition of the state takes that event from the system", 10);
  sound(&m);
  m.moves[5].actors = AGENT;
  assert_one_fault(&m, "every transition for it has a condition", 11);
  sound(&m);
  m.moves[1].to = AFT__FLOW_IGNORE;
  assert_one_fault(&m, "which the state ignores", 10);
}

static void ambiguous_moves_are_found(void **state) {
  (void)state;
  machine m;
  sound(&m);
  add(&m, NEW, START, DONE, AGENT | BUYER, 4);
  assert_one_fault(
      &m, "state 'new' has two transitions for 'start' by the agent and the first has no condition", 108);
  sound(&m);
  m.moves[3].guard = 7;
  assert_one_fault(&m, "both have the same condition", 103);
  sound(&m);
  add(&m, NEW, START, DONE, BUYER, AFT__FLOW_NONE); /* another actor: no fault */
  reports r;
  check(&m, NULL, &r);
  assert_int_equal(r.n, 0);
}

static void moves_out_of_the_end_and_without_actors_are_found(void **state) {
  (void)state;
  machine m;
  sound(&m);
  m.moves[6].actors = AGENT | BUYER;
  assert_one_fault(&m, "terminal state 'done' would be left when 'reopen' comes from the buyer", 106);
  sound(&m);
  m.moves[7].actors = 0;
  assert_one_fault(&m, "names no actor", 107);
}

static void unknown_names_of_the_contract_are_found(void **state) {
  (void)state;
  static const char *const states[] = {"new", "lost", NULL};
  static const char *const fires[] = {"finish", "vanish", NULL};
  static const char *const effects[] = {"close", "refund", NULL};
  const aft__flow_contract contract = {states, fires, effects};
  machine m;
  reports r;
  sound(&m);
  check(&m, &contract, &r);
  assert_int_equal(r.n, 3);
  assert_non_null(strstr(r.all, "lacks the state 'lost'"));
  assert_non_null(strstr(r.all, "no transition for the event 'vanish'"));
  assert_non_null(strstr(r.all, "unknown effect 'notify': expected one of: close, refund"));
}

static void machines_from_outside_are_checked(void **state) {
  (void)state;
  machine m;
  sound(&m);
  assert_true(aft__flow_valid(&m.flow, sizeof texts));
  assert_false(aft__flow_valid(&m.flow, 5)); /* texts not closed */
  m.flow.initial = STATES;
  assert_false(aft__flow_valid(&m.flow, sizeof texts));
  sound(&m);
  m.states[1].name = sizeof texts;
  assert_false(aft__flow_valid(&m.flow, sizeof texts));
  sound(&m);
  m.states[1].deadline_event = EVENTS;
  assert_false(aft__flow_valid(&m.flow, sizeof texts));
  sound(&m);
  m.moves[2].to = STATES;
  assert_false(aft__flow_valid(&m.flow, sizeof texts));
  sound(&m);
  m.moves[2].from = STATES;
  assert_false(aft__flow_valid(&m.flow, sizeof texts));
  sound(&m);
  m.moves[2].event = EVENTS;
  assert_false(aft__flow_valid(&m.flow, sizeof texts));
  sound(&m);
  m.moves[2].effect = UINT32_MAX;
  assert_false(aft__flow_valid(&m.flow, sizeof texts));
  sound(&m);
  m.moves[2].effects = 2;
  assert_false(aft__flow_valid(&m.flow, sizeof texts));
}

/* ---- the step ---- */

static bool bit_guard(void *user, uint32_t guard) { return *(uint32_t *)user >> guard & 1; }

/* What a step must do, from the table alone: the first move whose row fits. */
static aft_status naive_step(const machine *m, uint32_t state, uint32_t event, uint16_t actor, uint32_t held,
                             uint32_t *to, uint32_t *number) {
  aft_status refused = AFT_E_TRANSITION;
  bool mine = false;
  for (uint32_t i = 0; i < m->flow.n_moves; i++)
    if (m->moves[i].from == state && m->moves[i].event == event) {
      refused = AFT_E_DENIED;
      mine |= (m->moves[i].actors & actor) != 0;
    }
  for (uint32_t i = 0; i < m->flow.n_moves; i++) {
    const aft__flow_move *v = &m->moves[i];
    if (v->from == state && v->event == event && (v->actors & actor) &&
        (v->guard == AFT__FLOW_NONE || (held >> v->guard & 1))) {
      *number = i;
      *to = v->to == AFT__FLOW_IGNORE ? state : v->to;
      return v->to == AFT__FLOW_IGNORE ? AFT_IGNORED : AFT_OK;
    }
  }
  return mine ? AFT_E_TRANSITION : refused;
}

static void random_machine(uint64_t *s, machine *m) {
  sound(m);
  m->flow.n_moves = 0;
  for (uint32_t n = draw32(s) % 16; n > 0; n--) {
    uint16_t to = draw32(s) % 5 == 0 ? AFT__FLOW_IGNORE : (uint16_t)(draw32(s) % STATES);
    add(m, (uint16_t)(draw32(s) % STATES), (uint16_t)(draw32(s) % EVENTS), to, (uint16_t)(draw32(s) % 32 * 2),
        draw32(s) % 2 ? AFT__FLOW_NONE : draw32(s) % 8);
  }
  for (uint32_t i = 0; i < STATES; i++) {
    m->states[i].flags = draw32(s) % 3 == 0 ? AFT__FLOW_TERMINAL : 0;
    m->states[i].deadline_event = draw32(s) % 3 == 0 ? AFT__FLOW_NONE : draw32(s) % EVENTS;
  }
  m->flow.initial = draw32(s) % STATES;
}

static void a_step_does_what_the_table_says(void **state) {
  (void)state;
  uint64_t s = seed_of("step");
  machine m;
  for (int round = 0; round < 3000; round++) {
    random_machine(&s, &m);
    for (int k = 0; k < 20; k++) {
      uint32_t at = draw32(&s) % STATES, event = draw32(&s) % EVENTS, held = draw32(&s) & 0xFF, to = 0,
               number = 0;
      uint16_t actor = AFT__FLOW_ACTOR(1 + draw32(&s) % 5);
      aft__flow_step_out out;
      memset(&out, 0x5A, sizeof out);
      aft__flow_step_out untouched = out;
      aft_error error = AFT_ERROR_INIT;
      aft_status expected = naive_step(&m, at, event, actor, held, &to, &number);
      assert_int_equal(aft__flow_step(&m.flow, at, event, actor, bit_guard, &held, &out, &error), expected);
      if (expected < 0) {
        assert_memory_equal(&out, &untouched, sizeof out);
        assert_int_equal(error.code, expected);
        assert_non_null(strstr(error.message, texts + m.states[at].name));
        assert_non_null(strstr(error.message, texts + m.events[event].name));
        continue;
      }
      assert_int_equal(out.from, at);
      assert_int_equal(out.to, to);
      assert_ptr_equal(out.move, &m.moves[number]);
    }
  }
}

static void a_refused_step_tells_what_is_possible(void **state) {
  (void)state;
  machine m;
  aft__flow_step_out out;
  aft_error error = AFT_ERROR_INIT;
  uint32_t held = 0;
  sound(&m);
  assert_int_equal(aft__flow_step(&m.flow, WORKING, START, AGENT, bit_guard, &held, &out, &error),
                   AFT_E_TRANSITION);
  assert_string_equal(error.message,
                      "event 'start' is not possible in state 'working'; the agent may do: 'finish'");
  assert_int_equal(aft__flow_step(&m.flow, WORKING, FINISH, BUYER, bit_guard, &held, &out, &error),
                   AFT_E_DENIED);
  assert_string_equal(error.message,
                      "event 'finish' in state 'working' is not for the buyer, who may do: nothing");
  held = 1u << 7;
  assert_int_equal(aft__flow_step(&m.flow, WORKING, FINISH, AGENT, bit_guard, &held, &out, &error), AFT_OK);
  assert_int_equal(out.n_effects, 1);
  assert_string_equal(texts + out.effects[0].arg, "repair.done");
  assert_int_equal(aft__flow_step(&m.flow, STATES, FINISH, AGENT, NULL, NULL, &out, &error), AFT_E_INVALID);
}

/* ---- the check against a naive model ---- */

/* Reachability by squaring the relation until nothing changes. */
static void closure(const machine *m, bool reach[STATES][STATES]) {
  memset(reach, 0, sizeof(bool[STATES][STATES]));
  for (uint32_t i = 0; i < STATES; i++)
    reach[i][i] = true;
  for (uint32_t i = 0; i < m->flow.n_moves; i++)
    if (m->moves[i].to != AFT__FLOW_IGNORE)
      reach[m->moves[i].from][m->moves[i].to] = true;
  for (uint32_t k = 0; k < STATES; k++)
    for (uint32_t i = 0; i < STATES; i++)
      for (uint32_t j = 0; j < STATES; j++)
        reach[i][j] = reach[i][j] || (reach[i][k] && reach[k][j]);
}

static bool expect_deadline(const machine *m, uint32_t state) {
  const aft__flow_state *s = &m->states[state];
  if (s->deadline_event == AFT__FLOW_NONE)
    return (s->flags & AFT__FLOW_TERMINAL) != 0;
  for (uint32_t i = 0; i < m->flow.n_moves; i++)
    if (m->moves[i].from == state && m->moves[i].event == s->deadline_event &&
        (m->moves[i].actors & SYSTEM) && m->moves[i].guard == AFT__FLOW_NONE)
      return m->moves[i].to != AFT__FLOW_IGNORE;
  return false;
}

static bool mentions(const reports *r, const char *format, uint32_t state, const machine *m) {
  char part[80];
  snprintf(part, sizeof part, format, texts + m->states[state].name);
  return strstr(r->all, part) != NULL;
}

static void the_check_agrees_with_a_naive_model(void **state) {
  (void)state;
  uint64_t s = seed_of("check");
  machine m;
  reports r;
  bool reach[STATES][STATES];
  for (int round = 0; round < 5000; round++) {
    random_machine(&s, &m);
    check(&m, NULL, &r);
    closure(&m, reach);
    bool any = false, clash = false;
    for (uint32_t i = 0; i < STATES; i++)
      any |= (m.states[i].flags & AFT__FLOW_TERMINAL) != 0;
    assert_int_equal(strstr(r.all, "has no terminal state") == NULL, any);
    for (uint32_t i = 0; i < STATES; i++) {
      bool ends = false;
      for (uint32_t k = 0; k < STATES; k++)
        ends |= reach[i][k] && (m.states[k].flags & AFT__FLOW_TERMINAL);
      assert_int_equal(mentions(&r, "state '%s' cannot be reached", i, &m), !reach[m.flow.initial][i]);
      assert_int_equal(mentions(&r, "state '%s' has no way to an end", i, &m), any && !ends);
      assert_int_equal(mentions(&r, "state '%s' has no deadline", i, &m) ||
                           mentions(&r, "the deadline of state '%s' fires", i, &m),
                       !expect_deadline(&m, i));
    }
    for (uint32_t i = 0; i < m.flow.n_moves; i++)
      for (uint32_t k = i + 1; k < m.flow.n_moves; k++)
        clash |= m.moves[i].from == m.moves[k].from && m.moves[i].event == m.moves[k].event &&
                 (m.moves[i].actors & m.moves[k].actors) &&
                 (m.moves[i].guard == AFT__FLOW_NONE || m.moves[i].guard == m.moves[k].guard);
    assert_int_equal(strstr(r.all, "the second can never be taken") != NULL, clash);
  }
}

/* ---- export ---- */

static void assert_exported(const machine *m, aft__flow_format format, const char *const *parts) {
  aft__buf out;
  aft__buf_init(&out, env);
  aft__flow_export(&m->flow, format, &out);
  assert_false(out.failed);
  aft__buf_char(&out, '\0');
  for (; *parts; parts++)
    if (!strstr(out.data, *parts))
      fail_msg("\"%s\" is missing in\n%s", *parts, out.data);
  aft__buf_done(&out);
}

static void machines_are_exported(void **state) {
  (void)state;
  static const char *const dot[] = {"digraph \"repair\" {",
                                    "s0 [label=\"new\\nafter 1h late\"]",
                                    "s1 -> s2 [label=\"finish [condition 7] (agent) / notify repair.done\"]",
                                    "s2 [label=\"done\", peripheries=2]",
                                    "ignored\", style=dotted]",
                                    "start -> s0;",
                                    NULL};
  static const char *const mermaid[] = {"stateDiagram-v2\n",
                                        "state \"working\" as s1\n",
                                        "[*] --> s0\n",
                                        "s0 --> s1 : start (system, agent)\n",
                                        "s0 : after 1h late\n",
                                        "s2 --> [*]\n",
                                        NULL};
  static const char *const json[] = {
      "{\"name\":\"repair\",\"initial\":\"new\",\"states\":[{\"name\":\"new\",\"terminal\":false,\"open\":"
      "false,"
      "\"paused\":false,\"deadline\":{\"after\":\"1h\",\"event\":\"late\"}}",
      "{\"from\":\"working\",\"event\":\"finish\",\"to\":\"done\",\"actors\":[\"agent\"],\"condition\":7,"
      "\"effects\":[{\"verb\":\"notify\",\"argument\":\"repair.done\"}]}",
      "\"event\":\"ping\",\"to\":null,\"actors\":[\"agent\",\"buyer\"],\"condition\":null,\"effects\":[]}]}",
      NULL};
  machine m;
  sound(&m);
  assert_exported(&m, AFT__FLOW_DOT, dot);
  assert_exported(&m, AFT__FLOW_MERMAID, mermaid);
  assert_exported(&m, AFT__FLOW_JSON, json);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_sound_machine_passes),
      cmocka_unit_test(unreachable_states_are_found),
      cmocka_unit_test(dead_ends_are_found),
      cmocka_unit_test(loops_without_an_end_are_found),
      cmocka_unit_test(missing_deadlines_are_found),
      cmocka_unit_test(ambiguous_moves_are_found),
      cmocka_unit_test(moves_out_of_the_end_and_without_actors_are_found),
      cmocka_unit_test(unknown_names_of_the_contract_are_found),
      cmocka_unit_test(machines_from_outside_are_checked),
      cmocka_unit_test(a_step_does_what_the_table_says),
      cmocka_unit_test(a_refused_step_tells_what_is_possible),
      cmocka_unit_test(the_check_agrees_with_a_naive_model),
      cmocka_unit_test(machines_are_exported),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
