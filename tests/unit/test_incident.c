/* Incidents: tickets below another one, one answer to all of them, each told once whatever happens, and a
 * resolution that goes down to each by its own machine. */
#include "desk_fixture.h"

#include <string.h>

#include "desk/tables/tables.h"
#include "random.h"

#define MANY 80 /* more than two steps of the tick */

static desk d;
static uint32_t customers;

static int open_kind(void **state) {
  desk_open(&d, (desk_kind)(intptr_t)*state);
  customers = 0;
  return 0;
}

static int shut(void **state) {
  (void)state;
  desk_close(&d);
  return 0;
}

/* ---- helpers ---- */

/* A ticket of somebody who was never seen before. */
static aft_id new_ticket(const char *text) {
  char handle[24];
  snprintf(handle, sizeof handle, "wx_%u", ++customers);
  return desk_say_as(&d, handle, text);
}

static aft_status attach(aft_id ticket, aft_id incident, aft_error *error) {
  return aft_ticket_attach(d.session, &d.as_agent, ticket, incident, error);
}

static void attached(aft_id ticket, aft_id incident) {
  aft_error error = AFT_ERROR_INIT;
  assert_ok(attach(ticket, incident, &error));
}

static aft_status answer_all(aft_id incident, const char *text, uint32_t resolve, aft_error *error) {
  aft_incident_answer_in in = {
      .size = sizeof in, .incident = incident, .text = AFT_STR(text), .resolve = resolve};
  return aft_incident_answer(d.session, &d.as_agent, &in, NULL, error);
}

/* Public messages of a ticket with this text. */
static uint32_t said(aft_id ticket, const char *text) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *row;
  uint32_t n = 0;
  assert_ok(aft_message_list(d.session, &d.system, ticket, &cursor, &error));
  while (aft_cursor_next(cursor, &row, &error) == AFT_OK)
    n += strcmp(aft_message_text(row), text) == 0 && aft_message_visibility(row) == AFT_PUBLIC &&
         !aft_message_inbound(row);
  aft_cursor_free(cursor);
  return n;
}

static aft_incident incident_now(aft_id incident) {
  aft_error error = AFT_ERROR_INIT;
  aft_incident out = {.size = sizeof out};
  assert_ok(aft_incident_get(d.session, &d.as_agent, incident, &out, &error));
  return out;
}

/* The outcome on the record of one child. */
static const char *outcome_of(aft_id incident, aft_id ticket) {
  static char text[32];
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *row;
  text[0] = '\0';
  assert_ok(aft_child_list(d.session, &d.as_agent, incident, &cursor, &error));
  while (aft_cursor_next(cursor, &row, &error) == AFT_OK)
    if (aft_child_ticket(row) == ticket)
      snprintf(text, sizeof text, "%s", aft_child_outcome(row));
  aft_cursor_free(cursor);
  return text;
}

static void one_step(void) {
  aft_error error = AFT_ERROR_INIT;
  aft_tick_budget in = {.size = sizeof in, .rows = 1};
  assert_ok(aft_tick(d.session, &in, NULL, &error));
}

/* ---- one answer to all ---- */

static void each_child_is_told_once(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id incident = new_ticket("支付失败了"), children[MANY];
  for (int i = 0; i < MANY; i++)
    attached(children[i] = new_ticket("付不了款"), incident);
  assert_ok(answer_all(incident, "支付已恢复", 0, &error));
  assert_int_equal(said(incident, "支付已恢复"), 1);
  aft_incident now = incident_now(incident);
  assert_int_equal(now.total, MANY);
  assert_int_equal(now.told, 0);
  assert_int_equal(now.running, 1);
  assert_true(now.message > 0);
  assert_status(answer_all(incident, "再说一次", 0, &error), AFT_E_CONFLICT);
  desk_tick(&d);
  desk_tick(&d);
  now = incident_now(incident);
  assert_int_equal(now.told, MANY);
  assert_int_equal(now.not_told, 0);
  assert_int_equal(now.running, 0);
  for (int i = 0; i < MANY; i++) {
    assert_int_equal(said(children[i], "支付已恢复"), 1);
    assert_int_equal(desk_effects(&d, children[i], "message.send", "支付已恢复"), 1);
    assert_state(&d, children[i], "waiting_customer");
  }
  assert_ok(answer_all(incident, "再说一次", 0, &error)); /* a further one is another one */
  desk_tick(&d);
  for (int i = 0; i < MANY; i++)
    assert_int_equal(said(children[i], "支付已恢复") + said(children[i], "再说一次"), 2);
}

static void each_customer_reads_their_language(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id incident = new_ticket("支付失败了，付不了款"), zh = new_ticket("付不了款，一直转圈");
  aft_id en = new_ticket("The payment fails all the time, please help me");
  attached(zh, incident);
  attached(en, incident);
  aft_part_in parts[] = {{.size = sizeof parts[0],
                          .kind = AFT_CONTENT_TRANSLATION,
                          .text = AFT_STR("Payments work again"),
                          .locale = AFT_STR("en")},
                         {.size = sizeof parts[0], .kind = AFT_CONTENT_IMAGE, .blob = AFT_STR("chart-1")}};
  aft_incident_answer_in in = {
      .size = sizeof in, .incident = incident, .text = AFT_STR("支付已恢复"), .parts = parts, .n_parts = 2};
  assert_ok(aft_incident_answer(d.session, &d.as_agent, &in, NULL, &error));
  desk_tick(&d);
  assert_int_equal(said(incident, "支付已恢复"), 1);
  assert_int_equal(said(zh, "支付已恢复"), 1);
  assert_int_equal(said(en, "Payments work again"), 1);
  assert_int_equal(said(en, "支付已恢复"), 0);
  aft_cursor *cursor, *of_message;
  aft_record *row, *part;
  assert_ok(aft_message_list(d.session, &d.system, en, &cursor, &error));
  while (aft_cursor_next(cursor, &row, &error) == AFT_OK)
    if (!aft_message_inbound(row)) {
      assert_int_equal(aft_message_actor(row), d.agent); /* who answered, not the tick */
      assert_ok(aft_part_list(d.session, &d.system, aft_message_id(row), &of_message, &error));
      assert_ok(aft_cursor_next(of_message, &part, &error));
      assert_string_equal(aft_part_blob(part), "chart-1"); /* goes along; translations do not */
      assert_status(aft_cursor_next(of_message, &part, &error), AFT_DONE);
      aft_cursor_free(of_message);
    }
  aft_cursor_free(cursor);
}

/* Attached while an answer is under way, behind and before the place that the tick has reached, and later. */
static void whoever_is_attached_meanwhile_or_later_is_told_too(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id early = new_ticket("付不了款"), incident = new_ticket("支付失败了"), first[40];
  for (int i = 0; i < 40; i++)
    attached(first[i] = new_ticket("付不了款"), incident);
  assert_ok(answer_all(incident, "支付已恢复", 0, &error));
  one_step();
  aft_id late = new_ticket("付不了款");
  attached(early, incident);
  attached(late, incident);
  assert_ok(aft_ticket_detach(d.session, &d.as_agent, first[0], &error));
  attached(first[0], incident); /* comes back: it was told */
  desk_tick(&d);
  aft_id last = new_ticket("付不了款");
  attached(last, incident);
  desk_tick(&d);
  assert_int_equal(said(early, "支付已恢复"), 1);
  assert_int_equal(said(late, "支付已恢复"), 1);
  assert_int_equal(said(last, "支付已恢复"), 1);
  for (int i = 0; i < 40; i++)
    assert_int_equal(said(first[i], "支付已恢复"), 1);
  assert_int_equal(incident_now(incident).told, 43);
}

static void a_child_that_was_taken_away_is_not_told(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id incident = new_ticket("支付失败了"), a = new_ticket("付不了款"), b = new_ticket("付不了款");
  attached(a, incident);
  attached(b, incident);
  assert_ok(aft_ticket_detach(d.session, &d.as_agent, a, &error));
  assert_status(aft_ticket_detach(d.session, &d.as_agent, a, &error), AFT_IGNORED);
  assert_ok(answer_all(incident, "支付已恢复", 1, &error));
  desk_tick(&d);
  assert_int_equal(said(a, "支付已恢复"), 0);
  assert_int_equal(said(b, "支付已恢复"), 1);
  aft_record *row = desk_ticket(&d, a);
  assert_int_equal(aft_ticket_parent(row), 0);
  assert_int_equal(aft_ticket_open(row), 2);
  aft_record_free(row);
  assert_int_equal(incident_now(incident).total, 1);
}

static void an_incident_is_answered_though_its_first_customer_was_erased(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id incident = new_ticket("支付失败了"), child = new_ticket("付不了款");
  attached(child, incident);
  aft_record *record = desk_ticket(&d, incident);
  aft_erase_in erase = {.size = sizeof erase, .customer = aft_ticket_customer(record)};
  aft_record_free(record);
  assert_ok(aft_person_erase(d.session, &d.system, &erase, NULL, &error));
  desk_tick(&d);
  aft_answer_in alone = {.size = sizeof alone, .ticket = incident, .text = AFT_STR("在吗")};
  assert_status(aft_ticket_answer(d.session, &d.as_agent, &alone, NULL, &error), AFT_E_DENIED);
  assert_ok(answer_all(incident, "支付已恢复", 1, &error));
  desk_tick(&d);
  assert_int_equal(said(child, "支付已恢复"), 1);
  assert_int_equal(desk_effects(&d, child, "message.send", "支付已恢复"), 1);
  assert_int_equal(said(incident, "支付已恢复"), 1);
  assert_int_equal(desk_effects(&d, incident, "message.send", "支付已恢复"), 0);
  assert_state(&d, child, "resolved");
}

static void an_answer_that_was_taken_back_goes_no_further(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id incident = new_ticket("支付失败了"), child = new_ticket("付不了款");
  attached(child, incident);
  assert_ok(answer_all(incident, "支付已恢复", 0, &error));
  aft_message_change back = {.size = sizeof back, .message = incident_now(incident).message, .recalled = 1};
  assert_ok(aft_message_revise(d.session, &d.as_agent, &back, NULL, &error));
  desk_tick(&d);
  assert_int_equal(said(child, "支付已恢复"), 0);
  assert_int_equal(incident_now(incident).running, 0);
  assert_ok(answer_all(incident, "明天恢复", 0, &error));
  desk_tick(&d);
  assert_int_equal(said(child, "明天恢复"), 1);
}

/* ---- resolving ---- */

static void children_are_resolved_each_by_its_own_machine(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id incident = new_ticket("支付失败了"), open[40], spam = new_ticket("付不了款"), closed;
  for (int i = 0; i < 40; i++)
    attached(open[i] = new_ticket("付不了款"), incident);
  closed = new_ticket("付不了款");
  attached(spam, incident);
  attached(closed, incident);
  desk_act(&d, spam, AFT_ACT_SPAM);
  desk_act(&d, closed, AFT_ACT_RESOLVE);
  desk_act(&d, closed, AFT_ACT_CLOSE);
  assert_ok(answer_all(incident, "支付已恢复", 1, &error));
  assert_state(&d, incident, "resolved");
  assert_state(&d, open[0], "triaged"); /* the tick has it to do */
  desk_tick(&d);
  for (int i = 0; i < 40; i++) {
    assert_state(&d, open[i], "resolved");
    assert_int_equal(said(open[i], "支付已恢复"), 1);
    assert_string_equal(outcome_of(incident, open[i]), "resolved");
  }
  assert_state(&d, spam, "spam");
  assert_string_equal(outcome_of(incident, spam), "ended");
  assert_string_equal(outcome_of(incident, closed), "ended");
  aft_incident now = incident_now(incident);
  assert_int_equal(now.total, 42);
  assert_int_equal(now.told, 42);
  assert_int_equal(now.not_told, 2);
  assert_int_equal(now.settled, 42);
  assert_int_equal(now.unresolved, 0);
  assert_int_equal(now.running, 0);
}

static void a_child_that_cannot_be_resolved_is_listed(void **state) {
  (void)state;
  desk_policy(&d, "version: 1\nmachines: {ticket: {states: {waiting_third: {on: {resolve: null}}}}}\n");
  aft_error error = AFT_ERROR_INIT;
  aft_id incident = new_ticket("支付失败了"), free_one = new_ticket("付不了款"),
         stuck = new_ticket("付不了款");
  attached(free_one, incident);
  attached(stuck, incident);
  aft_act_in assign = {.size = sizeof assign, .ticket = stuck, .act = AFT_ACT_ASSIGN, .agent = d.agent};
  assert_ok(aft_ticket_act(d.session, &d.as_agent, &assign, NULL, &error));
  desk_act(&d, incident, AFT_ACT_RESOLVE); /* by hand, without an answer */
  aft_act_in wait = {
      .size = sizeof wait, .ticket = stuck, .act = AFT_ACT_WAIT_THIRD, .until = d.now + AFT__HOUR};
  assert_ok(aft_ticket_act(d.session, &d.as_agent, &wait, NULL, &error));
  desk_tick(&d);
  assert_state(&d, free_one, "resolved");
  assert_state(&d, stuck, "waiting_third");
  assert_string_equal(outcome_of(incident, stuck), "not_resolved");
  assert_int_equal(incident_now(incident).unresolved, 1);
}

static void closing_loses_nothing_that_is_under_way(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id incident = new_ticket("支付失败了"), child = new_ticket("付不了款");
  attached(child, incident);
  assert_ok(answer_all(incident, "支付已恢复", 1, &error));
  desk_act(&d, incident, AFT_ACT_CLOSE);
  desk_tick(&d);
  assert_int_equal(said(child, "支付已恢复"), 1);
  assert_state(&d, child, "resolved");
}

/* ---- what may stand below what ---- */

static void bad_attachments_change_nothing(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id incident = new_ticket("支付失败了"), child = new_ticket("付不了款"), other = new_ticket("付不了款");
  aft_id ended = new_ticket("付不了款"), alone = new_ticket("付不了款"), second = new_ticket("支付失败了");
  attached(child, incident);
  attached(other, second);
  desk_act(&d, ended, AFT_ACT_SPAM);
  desk_act(&d, ended, AFT_ACT_CLOSE);
  assert_status(attach(child, incident, &error), AFT_IGNORED);
  const struct {
    aft_id ticket, incident;
    aft_status status;
    const char *where, *says;
  } cases[] = {{incident, incident, AFT_E_INVALID, "ticket", "below itself"},
               {alone, child, AFT_E_INVALID, "incident", "stands below incident"},
               {incident, second, AFT_E_INVALID, "ticket", "is an incident"},
               {incident, alone, AFT_E_INVALID, "ticket", "is an incident"},
               {child, second, AFT_E_INVALID, "ticket", "already"},
               {ended, incident, AFT_E_TRANSITION, "ticket", "come to its end"},
               {alone, ended, AFT_E_TRANSITION, "incident", "is over"},
               {alone, incident + 12345, AFT_E_NOT_FOUND, "ticket", ""},
               {alone, 0, AFT_E_INVALID, "incident", ""},
               {-1, incident, AFT_E_INVALID, "ticket", ""}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_status(attach(cases[i].ticket, cases[i].incident, &error), cases[i].status);
    assert_string_equal(error.where, cases[i].where);
    assert_non_null(strstr(error.message, cases[i].says));
  }
  assert_status(aft_ticket_attach(d.session, &d.as_other_agent, alone, incident, &error), AFT_E_DENIED);
  assert_status(aft_ticket_attach(d.session, &d.as_buyer, alone, incident, &error), AFT_E_DENIED);
  aft_record *row = desk_ticket(&d, alone);
  assert_int_equal(aft_ticket_parent(row), 0);
  aft_record_free(row);
  desk_act(&d, incident, AFT_ACT_RESOLVE);
  assert_status(attach(alone, incident, &error), AFT_E_TRANSITION);
  assert_non_null(strstr(error.message, "resolved"));
}

static void bad_answers_to_all_change_nothing(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id incident = new_ticket("支付失败了"), alone = new_ticket("付不了款");
  attached(new_ticket("付不了款"), incident);
  assert_status(answer_all(alone, "支付已恢复", 0, &error), AFT_E_INVALID);
  assert_string_equal(error.where, "incident.incident");
  assert_status(answer_all(incident, "", 0, &error), AFT_E_INVALID);
  assert_string_equal(error.where, "incident.text");
  assert_status(answer_all(incident, "支付已恢复", 2, &error), AFT_E_INVALID);
  assert_string_equal(error.where, "incident.resolve");
  assert_status(answer_all(0, "支付已恢复", 0, &error), AFT_E_INVALID);
  aft_incident_answer_in in = {.size = sizeof in, .incident = incident, .text = AFT_STR("支付已恢复")};
  assert_status(aft_incident_answer(d.session, &d.as_other_agent, &in, NULL, &error), AFT_E_DENIED);
  assert_status(aft_incident_answer(d.session, &d.as_buyer, &in, NULL, &error), AFT_E_DENIED);
  aft_part_in part = {.size = sizeof part, .kind = AFT_CONTENT_TRANSLATION, .text = AFT_STR("x")};
  in.parts = &part;
  in.n_parts = 1;
  assert_status(aft_incident_answer(d.session, &d.as_agent, &in, NULL, &error), AFT_E_INVALID);
  aft_incident out = {.size = sizeof out};
  assert_status(aft_incident_get(d.session, &d.as_agent, alone, &out, &error), AFT_E_INVALID);
  assert_status(aft_incident_get(d.session, &d.as_agent, incident, NULL, &error), AFT_E_NULL_HANDLE);
  assert_int_equal(incident_now(incident).message, 0);
  assert_int_equal(said(incident, "支付已恢复"), 0);
}

static void the_last_child_that_goes_ends_the_incident(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id incident = new_ticket("支付失败了"), child = new_ticket("付不了款"),
         other = new_ticket("支付失败了");
  attached(child, incident);
  assert_ok(aft_ticket_detach(d.session, &d.as_agent, child, &error));
  attached(new_ticket("付不了款"), other);
  attached(incident, other); /* it may stand below another one now */
  attached(child, other);
  assert_int_equal(incident_now(other).total, 3);
}

/* ---- merges ---- */

static void a_merged_child_hands_its_place_over(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id incident = new_ticket("支付失败了"), child = desk_say(&d, "m1", "付不了款"), into;
  desk_pass(&d, 4 * AFT__DAY);
  into = desk_say(&d, "m2", "还是付不了款");
  attached(child, incident);
  assert_ok(desk_merge(&d, child, into, &error));
  aft_record *row = desk_ticket(&d, into);
  assert_int_equal(aft_ticket_parent(row), incident);
  aft_record_free(row);
  assert_ok(answer_all(incident, "支付已恢复", 0, &error));
  desk_tick(&d);
  assert_int_equal(said(into, "支付已恢复"), 1);
  assert_int_equal(incident_now(incident).total, 1);
}

/* Of the two, one heard the first answer and was taken away, the other one all of them. */
static void a_place_below_an_incident_comes_back(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id incident = new_ticket("支付失败了"), into = desk_say(&d, "m1", "付不了款"), child;
  desk_pass(&d, 4 * AFT__DAY);
  child = desk_say(&d, "m2", "还是付不了款");
  attached(into, incident);
  assert_ok(answer_all(incident, "正在处理", 0, &error));
  desk_tick(&d);
  assert_ok(aft_ticket_detach(d.session, &d.as_agent, into, &error));
  attached(child, incident);
  desk_tick(&d);
  assert_ok(answer_all(incident, "快好了", 0, &error));
  desk_tick(&d);
  assert_ok(desk_merge(&d, child, into, &error));
  aft_record *row = desk_ticket(&d, into);
  assert_int_equal(aft_ticket_parent(row), incident);
  aft_record_free(row);
  assert_int_equal(incident_now(incident).total, 1);
  assert_int_equal(incident_now(incident).told, 1);
  attached(new_ticket("付不了款"), incident); /* the last answer is told once more, to whoever lacks it */
  desk_tick(&d);
  assert_int_equal(said(into, "快好了"), 1);
  assert_ok(answer_all(incident, "支付已恢复", 0, &error));
  desk_tick(&d);
  assert_int_equal(said(into, "支付已恢复"), 1);
  assert_int_equal(incident_now(incident).told, 2);
}

static void an_incident_is_not_merged_but_takes_its_child_in(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id incident = desk_say(&d, "m1", "支付失败了"), child;
  desk_pass(&d, 4 * AFT__DAY);
  child = desk_say(&d, "m2", "付不了款");
  attached(child, incident);
  assert_status(desk_merge(&d, incident, child, &error), AFT_E_TRANSITION);
  assert_string_equal(error.where, "act.ticket");
  assert_ok(desk_merge(&d, child, incident, &error));
  aft_record *row = desk_ticket(&d, incident);
  assert_int_equal(aft_ticket_parent(row), 0);
  aft_record_free(row);
}

/* ---- floods ---- */

static void a_flood_comes_below_in_one_call(void **state) {
  (void)state;
  desk_policy(&d, "version: 1\nintake: {flood: {messages: 3, within: 1h}}\n");
  aft_error error = AFT_ERROR_INIT;
  aft_id incident = new_ticket("别的事情，改地址"), flood[MANY];
  for (int i = 0; i < MANY; i++)
    flood[i] = new_ticket("我刚才付款的时候页面一直显示支付失败，钱已经扣了，请尽快处理一下");
  aft_record *row = desk_ticket(&d, flood[MANY - 1]);
  aft_id first = aft_ticket_flood(row);
  assert_true(first > 0);
  aft_record_free(row);
  assert_status(aft_flood_attach(d.session, &d.as_other_agent, first, incident, &error), AFT_E_DENIED);
  assert_status(aft_flood_attach(d.session, &d.as_agent, first + 12345, incident, &error), AFT_E_NOT_FOUND);
  assert_string_equal(error.where, "flood");
  assert_status(aft_flood_attach(d.session, &d.as_agent, first, 0, &error), AFT_E_INVALID);
  assert_ok(aft_flood_attach(d.session, &d.as_agent, first, incident, &error));
  desk_tick(&d);
  uint32_t expected = 0;
  for (int i = 0; i < MANY; i++) {
    row = desk_ticket(&d, flood[i]);
    bool member = aft_ticket_flood(row) == first || flood[i] == first;
    assert_int_equal(aft_ticket_parent(row), member ? incident : 0);
    expected += member;
    aft_record_free(row);
  }
  assert_true(expected >= MANY - 3);
  assert_int_equal(incident_now(incident).total, expected);
}

typedef struct change {
  const aft__table *table;
  aft_id id;
  uint32_t column;
  aft__value value;
} change;

static aft_status set_value(aft__tx *tx, void *user, aft_error *error) {
  const change *c = user;
  aft__value *row;
  AFT__TRY(aft__get(tx, c->table, c->id, &row, error));
  row[c->column] = c->value;
  return aft__update(tx, c->table, row, UINT64_C(1) << c->column, error);
}

static void set(change c) {
  aft_error error = AFT_ERROR_INIT;
  aft__tx_options options = {.name = "fixture"};
  aft_status status;
  do
    status = aft__tx_run(d.session, &options, set_value, &c, &error);
  while (status == AFT_E_UNKNOWN); /* of a hostile store: setting the same again does no harm */
  assert_ok(status);
}

static aft_id only_child(aft_id incident) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *row;
  assert_ok(aft_child_list(d.session, &d.as_agent, incident, &cursor, &error));
  assert_status(aft_cursor_next(cursor, &row, &error), AFT_OK);
  aft_id id = aft_child_id(row);
  aft_cursor_free(cursor);
  return id;
}

/* A flood on its way below an incident; its first ticket. */
static aft_id small_flood(aft_id incident, uint32_t n) {
  aft_error error = AFT_ERROR_INIT;
  aft_id last = 0;
  desk_policy(&d, "version: 1\nintake: {flood: {messages: 3, within: 1h}}\n");
  for (uint32_t i = 0; i < n; i++)
    last = new_ticket("我刚才付款的时候页面一直显示支付失败，钱已经扣了，请尽快处理一下");
  aft_record *row = desk_ticket(&d, last);
  aft_id first = aft_ticket_flood(row);
  aft_record_free(row);
  assert_true(first > 0);
  assert_ok(aft_flood_attach(d.session, &d.as_agent, first, incident, &error));
  return first;
}

static void a_flood_ends_where_an_incident_is_full(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id incident = new_ticket("别的事情，改地址");
  attached(new_ticket("发票怎么开"), incident);
  set((change){&aft__child_table, only_child(incident), AFT__CHILD_PLACE, aft__int(9998)});
  small_flood(incident, 12);
  desk_tick(&d);
  aft_incident now = incident_now(incident);
  assert_int_equal(now.total, 3);
  assert_int_equal(now.running, 0);
  assert_int_equal(desk_events(&d, incident, "incident.full"), 1);
  assert_status(attach(new_ticket("改地址"), incident, &error), AFT_E_TOO_LARGE);
}

static void a_flood_ends_with_its_first_ticket(void **state) {
  (void)state;
  aft_id incident = new_ticket("别的事情，改地址");
  attached(new_ticket("发票怎么开"), incident);
  aft_id first = small_flood(incident, 12);
  set((change){&aft__ticket_table, first, AFT__TICKET_SKETCH, aft__null()}); /* as an erasure does */
  desk_tick(&d);
  aft_incident now = incident_now(incident);
  assert_int_equal(now.total, 1);
  assert_int_equal(now.running, 0);
}

/* ---- anything in any order ---- */

#define STEPS 160
#define POOL  60

typedef struct model {
  aft_id tickets[POOL];
  bool below[POOL];
  uint32_t told[POOL]; /* answers that it must have in the end: bit of the answer */
  uint32_t n, answers;
} model;

static void compare(const model *m) {
  char text[16];
  for (uint32_t i = 0; i < m->n; i++)
    for (uint32_t a = 0; a < m->answers; a++) {
      snprintf(text, sizeof text, "answer %u", a);
      uint32_t n = said(m->tickets[i], text);
      if (n != (m->told[i] >> a & 1))
        fail_msg("ticket %u has answer %u %u times", i, a, n);
    }
}

/* Attaches, detaches, answers and ticks at random, the tick in single steps: each ticket has the answers that
 * were given, or were the last, while it was below, each once. */
static void any_order_tells_each_once(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  uint64_t seed = seed_of("incident");
  char text[16];
  model m = {.n = 0};
  aft_id incident = new_ticket("支付失败了");
  attached(m.tickets[m.n++] = new_ticket("付不了款"), incident);
  m.below[0] = true;
  for (int step = 0; step < STEPS; step++) {
    uint32_t i = below(&seed, m.n), what = below(&seed, 10);
    if (what < 4 && m.n < POOL) {
      m.tickets[m.n] = new_ticket("付不了款");
      attached(m.tickets[m.n], incident);
      m.below[m.n] = true;
      m.told[m.n] = m.answers ? 1u << (m.answers - 1) : 0; /* the last one comes to whoever comes later */
      m.n++;
    } else if (what == 4 && i > 0) { /* the first stays, so that it stays an incident */
      desk_tick(&d);                 /* what was under way is there before it goes */
      assert_status(aft_ticket_detach(d.session, &d.as_agent, m.tickets[i], &error),
                    m.below[i] ? AFT_OK : AFT_IGNORED);
      m.below[i] = false;
    } else if (what == 5 && !m.below[i]) {
      attached(m.tickets[i], incident);
      m.below[i] = true;
      if (m.answers)
        m.told[i] |= 1u << (m.answers - 1);
    } else if (what == 6 && m.answers < 20) {
      snprintf(text, sizeof text, "answer %u", m.answers);
      aft_status status = answer_all(incident, text, 0, &error);
      if (status == AFT_E_CONFLICT)
        continue;
      assert_ok(status);
      for (uint32_t k = 0; k < m.n; k++)
        if (m.below[k])
          m.told[k] |= 1u << m.answers;
      m.answers++;
    } else if (what > 6) {
      one_step();
    }
  }
  desk_tick(&d);
  compare(&m);
}

#define ON(test, kind) \
  { #test " [" #kind "]", test, open_kind, shut, (void *)(intptr_t)DESK_##kind }
#define EVERYWHERE(test) ON(test, SQLITE), ON(test, MEMORY), ON(test, HOSTILE)

int main(void) {
  const struct CMUnitTest tests[] = {
      EVERYWHERE(each_child_is_told_once),
      EVERYWHERE(each_customer_reads_their_language),
      EVERYWHERE(whoever_is_attached_meanwhile_or_later_is_told_too),
      EVERYWHERE(a_child_that_was_taken_away_is_not_told),
      EVERYWHERE(an_incident_is_answered_though_its_first_customer_was_erased),
      EVERYWHERE(an_answer_that_was_taken_back_goes_no_further),
      EVERYWHERE(children_are_resolved_each_by_its_own_machine),
      EVERYWHERE(a_child_that_cannot_be_resolved_is_listed),
      EVERYWHERE(closing_loses_nothing_that_is_under_way),
      EVERYWHERE(bad_attachments_change_nothing),
      EVERYWHERE(bad_answers_to_all_change_nothing),
      EVERYWHERE(the_last_child_that_goes_ends_the_incident),
      EVERYWHERE(a_merged_child_hands_its_place_over),
      EVERYWHERE(a_place_below_an_incident_comes_back),
      EVERYWHERE(an_incident_is_not_merged_but_takes_its_child_in),
      EVERYWHERE(a_flood_comes_below_in_one_call),
      EVERYWHERE(a_flood_ends_where_an_incident_is_full),
      EVERYWHERE(a_flood_ends_with_its_first_ticket),
      EVERYWHERE(any_order_tells_each_once),
  };
  static const char *const not_there[] = {"[MEMORY]", "[HOSTILE]"};
  return RUN_CASES(tests, not_there);
}
