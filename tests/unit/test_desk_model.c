/* Random commands against a naive model of the ticket's life, on SQLite and in memory in lockstep. */
#include "desk_fixture.h"

#include "desk/tables/tables.h"
#include "random.h"

#include <stdlib.h>

#define TICKETS 6

static uint64_t random_state;

static uint32_t pick(uint32_t n) { return below(&random_state, n); }

/* What the model knows of one ticket. */
typedef struct model {
  const char *state;
  int64_t resolved; /* when it was last resolved */
  int reopens;
} model;

static bool is(const model *m, const char *a, const char *b, const char *c, const char *d, const char *e) {
  const char *names[] = {a, b, c, d, e};
  for (int i = 0; i < 5; i++)
    if (names[i] && strcmp(m->state, names[i]) == 0)
      return true;
  return false;
}

static void move(model *m, const char *state, int64_t now) {
  if (strcmp(state, "resolved") == 0 && strcmp(m->state, "resolved") != 0)
    m->resolved = now;
  m->state = state;
}

/* The same life in plain ifs: what an agent's act leads to; NULL where it is not possible. */
static const char *after_act(const model *m, uint32_t act) {
  bool working = is(m, "new", "triaged", "assigned", NULL, NULL);
  bool waiting = is(m, "waiting_customer", "waiting_third", NULL, NULL, NULL);
  switch (act) {
  case AFT_ACT_ASSIGN:
    return working ? "assigned" : waiting ? m->state : NULL;
  case AFT_ACT_RELEASE:
    return is(m, "assigned", NULL, NULL, NULL, NULL) ? "triaged" : NULL;
  case AFT_ACT_WAIT_THIRD:
    return is(m, "assigned", "waiting_customer", NULL, NULL, NULL) ? "waiting_third" : NULL;
  case AFT_ACT_RESUME:
    return is(m, "waiting_third", NULL, NULL, NULL, NULL) ? "assigned" : NULL;
  case AFT_ACT_RESOLVE:
    return working || waiting ? "resolved" : NULL;
  case AFT_ACT_REOPEN:
    return is(m, "resolved", NULL, NULL, NULL, NULL) ? "assigned" : NULL;
  case AFT_ACT_CLOSE:
    return is(m, "resolved", "spam", NULL, NULL, NULL) ? "closed" : NULL;
  case AFT_ACT_SPAM:
    return working || is(m, "waiting_customer", NULL, NULL, NULL, NULL) ? "spam" : NULL;
  case AFT_ACT_UNSPAM:
    return is(m, "spam", NULL, NULL, NULL, NULL) ? "triaged" : NULL;
  case AFT_ACT_ESCALATE:
    return working || waiting || is(m, "resolved", NULL, NULL, NULL, NULL) ? m->state : NULL;
  default:
    return NULL;
  }
}

typedef struct pair {
  desk d[2];
  aft_id ids[2][TICKETS];
  model models[TICKETS];
} pair;

static pair p;

static void customer_of(aft_message_in *in, int i, char *handle) {
  snprintf(handle, 16, "wx%d", i);
  in->customer = 0;
  in->handle = AFT_STR(handle);
}

static void start(int i) {
  for (int k = 0; k < 2; k++) {
    aft_error error = AFT_ERROR_INIT;
    char handle[16];
    aft_record *message;
    aft_message_in in = desk_message(&p.d[k], NULL, "手机坏了，我要退货退款");
    customer_of(&in, i, handle);
    assert_ok(aft_intake(p.d[k].session, &p.d[k].system, &in, &message, &error));
    p.ids[k][i] = aft_message_ticket(message);
    aft_record_free(message);
  }
  p.models[i] = (model){"triaged", 0, 0};
}

static void act(int i, int64_t now) {
  uint32_t what = 1 + pick(AFT_ACT_ESCALATE);
  const char *next = after_act(&p.models[i], what);
  for (int k = 0; k < 2; k++) {
    aft_error error = AFT_ERROR_INIT;
    aft_act_in in = {.size = sizeof in,
                     .ticket = p.ids[k][i],
                     .act = what,
                     .agent = what == AFT_ACT_ASSIGN ? p.d[k].agent : 0};
    aft_status status = aft_ticket_act(p.d[k].session, &p.d[k].as_agent, &in, NULL, &error);
    bool done = status == AFT_OK || status == AFT_IGNORED;
    if (done != (next != NULL) || (!done && status != AFT_E_TRANSITION))
      fail_msg("act %u in state %s: %s (%s)", what, p.models[i].state, aft_status_name(status),
               error.message);
  }
  if (next && what == AFT_ACT_REOPEN)
    p.models[i].reopens++;
  if (next)
    move(&p.models[i], next, now);
}

static void answer(int i) {
  model *m = &p.models[i];
  bool works = is(m, "new", "triaged", "assigned", "waiting_customer", NULL);
  bool stays = is(m, "waiting_third", "resolved", NULL, NULL, NULL);
  for (int k = 0; k < 2; k++) {
    aft_error error = AFT_ERROR_INIT;
    aft_answer_in in = {.size = sizeof in, .ticket = p.ids[k][i], .text = AFT_STR("请稍等")};
    assert_status(aft_ticket_answer(p.d[k].session, &p.d[k].as_agent, &in, NULL, &error),
                  works || stays ? AFT_OK : AFT_E_TRANSITION);
  }
  if (works)
    m->state = "waiting_customer";
}

/* A reply that names its ticket; where the ticket takes none a follow-up is opened, which the model takes on.
 */
static void reply(int i, int64_t now, bool thanks) {
  model *m = &p.models[i];
  bool waiting = is(m, "waiting_customer", "waiting_third", NULL, NULL, NULL);
  bool back = is(m, "resolved", NULL, NULL, NULL, NULL) && (now - m->resolved) / AFT__HOUR <= 168;
  bool stays = is(m, "new", "triaged", "assigned", NULL, NULL);
  aft_id tickets[2];
  for (int k = 0; k < 2; k++) {
    aft_error error = AFT_ERROR_INIT;
    char handle[16];
    aft_record *ticket = desk_ticket(&p.d[k], p.ids[k][i]), *message;
    aft_message_in in = desk_message(&p.d[k], NULL, thanks ? "好的谢谢" : "怎么还没有处理？");
    customer_of(&in, i, handle);
    in.code = AFT_STR(aft_ticket_code(ticket));
    assert_ok(aft_intake(p.d[k].session, &p.d[k].system, &in, &message, &error));
    tickets[k] = aft_message_ticket(message);
    aft_record_free(message);
    aft_record_free(ticket);
  }
  bool same = tickets[0] == p.ids[0][i];
  assert_int_equal(same, tickets[1] == p.ids[1][i]);
  if (same != (thanks || waiting || back || stays))
    fail_msg("a reply in state %s (resolved %lld h ago) %s", m->state,
             (long long)((now - m->resolved) / AFT__HOUR), same ? "joined" : "opened a follow-up");
  if (!same) {
    p.ids[0][i] = tickets[0];
    p.ids[1][i] = tickets[1];
    aft_record *ticket = desk_ticket(&p.d[0], tickets[0]);
    *m = (model){strcmp(aft_ticket_state(ticket), "new") == 0 ? "new" : "triaged", 0, 0};
    aft_record_free(ticket);
  } else if (!thanks && (waiting || back)) {
    m->reopens += back;
    m->state = "assigned";
  }
}

static void compare(int i) {
  static const uint32_t texts[] = {AFT_TICKET_STATE, AFT_TICKET_PRIORITY, AFT_TICKET_CATEGORY,
                                   AFT_TICKET_TOPIC};
  static const uint32_t times[] = {AFT_TICKET_FIRST_RESPONSE_DUE, AFT_TICKET_NEXT_RESPONSE_DUE,
                                   AFT_TICKET_RESOLUTION_DUE,     AFT_TICKET_FIRST_RESPONSE,
                                   AFT_TICKET_RESOLVED,           AFT_TICKET_CLOSED};
  aft_record *a = desk_ticket(&p.d[0], p.ids[0][i]), *b = desk_ticket(&p.d[1], p.ids[1][i]);
  assert_string_equal(aft_ticket_state(a), p.models[i].state);
  assert_int_equal(aft_ticket_reopens(a), p.models[i].reopens);
  for (size_t f = 0; f < AFT__COUNT(texts); f++)
    assert_string_equal(aft_record_text(a, texts[f]), aft_record_text(b, texts[f]));
  for (size_t f = 0; f < AFT__COUNT(times); f++)
    assert_int_equal(aft_record_time(a, times[f]), aft_record_time(b, times[f]));
  assert_int_equal(aft_ticket_level(a), aft_ticket_level(b));
  assert_int_equal(aft_ticket_events(a), aft_ticket_events(b));
  bool ended = is(&p.models[i], "closed", "merged", NULL, NULL, NULL);
  assert_int_equal(aft_ticket_open(a) == 0, ended);
  bool paused = is(&p.models[i], "waiting_customer", "waiting_third", "resolved", "spam", "closed");
  assert_int_equal(aft_record_is_null(a, AFT_TICKET_RESOLUTION_DUE) || aft_ticket_level(a),
                   paused || aft_ticket_level(a));
  aft_record_free(a);
  aft_record_free(b);
}

/* Every ticket's chain of events verifies, and nothing that has ended is due. */
static void audit(void) {
  aft_error error = AFT_ERROR_INIT;
  for (int k = 0; k < 2; k++)
    for (int i = 0; i < TICKETS; i++) {
      aft_cursor *cursor;
      assert_ok(aft_ticket_history(p.d[k].session, &p.d[k].system, p.ids[k][i], &cursor, &error));
      assert_true(desk_count(cursor) >= 1);
    }
}

/* Deadlines that the passing of time brings: the model follows them too. */
static void pass(int64_t ms) {
  for (int k = 0; k < 2; k++) {
    desk_pass(&p.d[k], ms);
    desk_tick(&p.d[k]);
  }
  assert_int_equal(p.d[0].now, p.d[1].now);
}

static void follow_time(void) {
  for (int i = 0; i < TICKETS; i++) {
    aft_record *ticket = desk_ticket(&p.d[0], p.ids[0][i]);
    model *m = &p.models[i];
    const char *now = aft_ticket_state(ticket);
    static const char *const by_itself[][2] = {{"new", "triaged"},
                                               {"waiting_customer", "resolved"},
                                               {"waiting_third", "assigned"},
                                               {"resolved", "closed"},
                                               {"spam", "closed"}};
    for (size_t k = 0; k < AFT__COUNT(by_itself); k++)
      if (strcmp(m->state, by_itself[k][0]) == 0 && strcmp(now, by_itself[k][1]) == 0) {
        m->state = by_itself[k][1];
        m->resolved = aft_ticket_resolved(ticket);
        break;
      }
    aft_record_free(ticket);
  }
}

static void random_lives_follow_the_model(void **state) {
  (void)state;
  random_state = seed_of("lives");
  desk_open(&p.d[0], DESK_SQLITE);
  desk_open(&p.d[1], DESK_MEMORY);
  for (int i = 0; i < TICKETS; i++)
    start(i);
  int steps = rounds(600, 6000);
  for (int step = 0; step < steps; step++) {
    int i = (int)pick(TICKETS);
    uint32_t what = pick(10);
    if (what < 4)
      act(i, p.d[0].now);
    else if (what < 6)
      answer(i);
    else if (what < 9)
      reply(i, p.d[0].now, what == 8);
    else {
      pass((int64_t)pick(30) * AFT__HOUR);
      follow_time();
    }
    compare(i);
  }
  audit();
  desk_close(&p.d[0]);
  desk_close(&p.d[1]);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(random_lives_follow_the_model)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
