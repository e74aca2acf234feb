/* Random lives of tasks against a naive model: lists of what should stand, rewritten by hand at each step.
 * And many sessions at once: each task goes to one, and what is asked for twice is opened once. */
#include <pthread.h>

#include "desk_fixture.h"

#include <string.h>

#include "desk/tables/tables.h"
#include "random.h"

#define TICKETS 4
#define TASKS   400
#define STEPS   600
#define LIMIT   3
#define NONE    INT64_C(-1)

#define FURIOUS "太差劲了，垃圾店铺，骗子，气死我了，再也不买了"

static desk d;
static uint64_t random_state;

static int open_kind(void **state) {
  desk_open(&d, (desk_kind)(intptr_t)*state);
  return 0;
}

static int shut(void **state) {
  (void)state;
  desk_close(&d);
  return 0;
}

static uint32_t pick(uint32_t n) { return below(&random_state, n); }

/* ---- the model ---- */

typedef struct model {
  aft_id id;
  uint32_t ticket;
  bool call; /* call_back; otherwise follow_up */
  const char *state;
  int64_t assignee; /* 0: nobody */
  int64_t attempts, missed;
  int64_t warn, breach, next, promise; /* when each timer is to fire; NONE: it is not set */
  bool warned, breached, broken;
} model;

static aft_id tickets[TICKETS];
static model tasks[TASKS];
static uint32_t n_tasks;
static uint32_t warnings, breaches, broken_promises;

static bool goes_on(const model *m) {
  return strcmp(m->state, "open") == 0 || strcmp(m->state, "claimed") == 0;
}

static model *open_of(uint32_t ticket, bool call) {
  for (uint32_t i = 0; i < n_tasks; i++)
    if (tasks[i].ticket == ticket && tasks[i].call == call && goes_on(&tasks[i]))
      return &tasks[i];
  return NULL;
}

static void model_open(uint32_t ticket, bool call, aft_id id) {
  int64_t now = atomic_load(&d.now);
  assert_null(open_of(ticket, call));
  assert_true(n_tasks < TASKS);
  tasks[n_tasks++] = (model){.id = id,
                             .ticket = ticket,
                             .call = call,
                             .state = "open",
                             .warn = now + 3 * AFT__HOUR,
                             .breach = now + 4 * AFT__HOUR,
                             .next = NONE,
                             .promise = NONE};
}

static void model_end(model *m, const char *state) {
  m->state = state;
  m->warn = m->breach = m->next = m->promise = NONE;
}

static void model_missed(model *m, int64_t promised, int64_t actor) {
  m->missed++;
  if (m->missed == LIMIT) {
    model_end(m, "failed");
    return;
  }
  m->assignee = promised != NONE ? actor : 0;
  m->state = m->assignee ? "claimed" : "open";
  if (promised == NONE)
    m->next = atomic_load(&d.now) + 2 * AFT__HOUR;
}

/* What a tick at this moment fires, each timer once. */
static void model_tick(void) {
  int64_t now = atomic_load(&d.now);
  for (uint32_t i = 0; i < n_tasks; i++) {
    model *m = &tasks[i];
    if (m->warn != NONE && m->warn <= now) {
      m->warned = true;
      m->warn = NONE;
      warnings++;
    }
    if (m->breach != NONE && m->breach <= now) {
      m->breached = true;
      m->breach = NONE;
      breaches++;
    }
    if (m->next != NONE && m->next <= now)
      m->next = NONE;
    if (m->promise != NONE && m->promise <= now) {
      m->promise = NONE;
      m->broken = true;
      broken_promises++;
    }
  }
}

/* ---- steps ---- */

static model *some(void) { return n_tasks ? &tasks[pick(n_tasks)] : NULL; }

static aft_id newest(uint32_t ticket, const char *name) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *record;
  aft_task_filter in = {
      .size = sizeof in, .ticket = tickets[ticket], .name = AFT_STR(name), .by = AFT_BY_CREATED};
  assert_ok(aft_task_list(d.session, &d.system, &in, &cursor, &error));
  aft_id id = aft_cursor_next(cursor, &record, &error) == AFT_OK ? aft_task_id(record) : 0;
  aft_cursor_free(cursor);
  return id;
}

static void rage(void) {
  uint32_t ticket = pick(TICKETS);
  char handle[16];
  snprintf(handle, sizeof handle, "wx_%u", ticket);
  assert_int_equal(desk_say_as(&d, handle, FURIOUS), tickets[ticket]);
  if (!open_of(ticket, false))
    model_open(ticket, false, newest(ticket, "follow_up"));
}

static void ask(void) {
  aft_error error = AFT_ERROR_INIT;
  uint32_t ticket = pick(TICKETS);
  aft_callback_in in = {.size = sizeof in, .ticket = tickets[ticket], .phone = AFT_STR("13800138000")};
  aft_record *record;
  bool open = open_of(ticket, true) != NULL;
  aft_status status = aft_callback_ask(d.session, &d.system, &in, &record, &error);
  assert_status(status, open ? AFT_E_EXISTS : AFT_OK);
  if (open)
    return;
  model_open(ticket, true, aft_task_id(record));
  aft_record_free(record);
}

/* Of those that nobody has and whose time has come, one with the least place. */
static int64_t place_of(const model *m) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *record;
  assert_ok(aft_task_get(d.session, &d.system, m->id, &record, &error));
  int64_t place = aft_task_place(record);
  aft_record_free(record);
  return place;
}

static void claim(void) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *record;
  model *best = NULL;
  for (uint32_t i = 0; i < n_tasks; i++) {
    model *m = &tasks[i];
    if (strcmp(m->state, "open") != 0 || m->next != NONE)
      continue;
    if (!best || place_of(m) < place_of(best) || (place_of(m) == place_of(best) && m->id < best->id))
      best = m;
  }
  aft_status status = aft_task_claim(d.session, &d.as_agent, NULL, &record, &error);
  assert_status(status, best ? AFT_OK : AFT_DONE);
  if (!best)
    return;
  assert_int_equal(aft_task_id(record), best->id);
  aft_record_free(record);
  best->state = "claimed";
  best->assignee = d.agent;
}

static void assign(void) {
  aft_error error = AFT_ERROR_INIT;
  model *m = some();
  aft_id agent = pick(2) ? d.agent : 0;
  if (!m)
    return;
  aft_status wanted = !goes_on(m) ? AFT_E_TRANSITION : m->assignee == agent ? AFT_IGNORED : AFT_OK;
  assert_status(aft_task_assign(d.session, &d.system, m->id, agent, NULL, &error), wanted);
  if (wanted != AFT_OK)
    return;
  m->assignee = agent;
  m->state = agent ? "claimed" : "open";
}

static void attempt(void) {
  aft_error error = AFT_ERROR_INIT;
  model *m = some();
  uint32_t outcome = AFT_CALLED_REACHED + pick(AFT_CALLED_REFUSED);
  bool reached = outcome == AFT_CALLED_REACHED, ends = outcome >= AFT_CALLED_WRONG_NUMBER;
  bool done = reached && pick(4) == 0;
  int64_t promised = !ends && !done && pick(3) == 0 ? atomic_load(&d.now) + 1 + pick(6 * 3600000) : NONE;
  if (!m)
    return;
  aft_attempt_in in = {.size = sizeof in,
                       .task = m->id,
                       .outcome = outcome,
                       .done = done,
                       .promised = promised == NONE ? 0 : promised};
  bool system = pick(4) == 0;
  aft_status status = aft_attempt_note(d.session, system ? &d.system : &d.as_agent, &in, NULL, &error);
  assert_status(status, goes_on(m) ? AFT_OK : AFT_E_TRANSITION);
  if (status < 0)
    return;
  m->attempts++;
  m->next = NONE;
  m->promise = promised;
  if (outcome != AFT_CALLED_NO_ANSWER && outcome != AFT_CALLED_BUSY)
    m->broken = false;
  if (done || ends) {
    model_end(m, done ? "done" : "failed");
  } else if (reached) {
    m->assignee = system ? m->assignee : d.agent;
    m->state = m->assignee ? "claimed" : "open";
  } else {
    model_missed(m, promised, system ? 0 : d.agent);
  }
}

static void finish(void) {
  aft_error error = AFT_ERROR_INIT;
  model *m = some();
  bool failed = pick(2);
  if (!m)
    return;
  aft_task_end_in in = {.size = sizeof in, .task = m->id, .failed = failed};
  assert_status(aft_task_end(d.session, &d.system, &in, NULL, &error),
                goes_on(m) ? AFT_OK : AFT_E_TRANSITION);
  if (goes_on(m))
    model_end(m, failed ? "failed" : "done");
}

static void cancel(void) {
  aft_error error = AFT_ERROR_INIT;
  model *m = some();
  if (!m)
    return;
  assert_status(aft_task_cancel(d.session, &d.system, m->id, NULL, NULL, &error),
                goes_on(m) ? AFT_OK : AFT_E_TRANSITION);
  if (goes_on(m))
    model_end(m, "cancelled");
}

static void pass(void) {
  desk_pass(&d, 1 + pick(90 * 60000));
  if (pick(3) == 0)
    return; /* the tick is late */
  desk_tick(&d);
  model_tick();
}

/* ---- comparing ---- */

static uint32_t works(const char *work) {
  char part[80];
  uint32_t n = 0;
  snprintf(part, sizeof part, "\"work\":\"%s\"", work);
  for (uint32_t i = 0; i < TICKETS; i++)
    n += desk_effects(&d, tickets[i], "work.order", part);
  return n;
}

static void compare_one(const model *m) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *r;
  assert_ok(aft_task_get(d.session, &d.system, m->id, &r, &error));
  assert_string_equal(aft_task_state(r), m->state);
  assert_int_equal(aft_task_open(r), goes_on(m) ? 2 : 0);
  assert_int_equal(aft_task_attempts(r), m->attempts);
  assert_int_equal(aft_task_missed(r), m->missed);
  assert_true(m->missed <= LIMIT);
  assert_int_equal(!aft_record_is_null(r, AFT_TASK_WARNED), m->warned);
  assert_int_equal(!aft_record_is_null(r, AFT_TASK_BREACHED), m->breached);
  assert_int_equal(aft_record_is_null(r, AFT_TASK_ENDED), goes_on(m));
  if (goes_on(m)) {
    int64_t due = aft_task_due(r), promise = m->promise != NONE && m->promise < due ? m->promise : due;
    assert_int_equal(aft_task_place(r), m->broken ? 0 : promise);
    assert_int_equal(aft_task_assignee(r), m->assignee);
    assert_int_equal(!aft_record_is_null(r, AFT_TASK_BROKEN), m->broken);
    assert_int_equal(aft_record_is_null(r, AFT_TASK_NEXT) ? NONE : aft_task_next(r), m->next);
    assert_int_equal(aft_record_is_null(r, AFT_TASK_PROMISED) ? NONE : aft_task_promised(r), m->promise);
    assert_int_equal(aft_task_taken(r), !(strcmp(m->state, "open") == 0 && m->next == NONE));
  }
  aft_record_free(r);
}

/* The list of those that go on is in the order of their places. */
static void compare_list(void) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *record;
  int64_t place = INT64_MIN;
  uint32_t n = 0, wanted = 0;
  for (uint32_t i = 0; i < n_tasks; i++)
    wanted += goes_on(&tasks[i]);
  assert_ok(aft_task_list(d.session, &d.as_agent, NULL, &cursor, &error));
  for (; aft_cursor_next(cursor, &record, &error) == AFT_OK; n++) {
    assert_true(aft_task_place(record) >= place);
    place = aft_task_place(record);
  }
  aft_cursor_free(cursor);
  assert_int_equal(n, wanted);
}

static void compare(void) {
  for (uint32_t i = 0; i < n_tasks; i++)
    compare_one(&tasks[i]);
  compare_list();
  assert_int_equal(works("task_warning"), warnings);
  assert_int_equal(works("task_breach"), breaches);
  assert_int_equal(works("task_promise_broken"), broken_promises);
}

static void tasks_live_as_the_model_says(void **state) {
  (void)state;
  static void (*const steps[])(void) = {rage,    ask,     claim,  claim,  assign, attempt,
                                        attempt, attempt, finish, cancel, pass,   pass};
  random_state = seed_of("tasks");
  n_tasks = warnings = breaches = broken_promises = 0;
  /* One ticket stays open: nothing of its own machine ends it meanwhile. */
  desk_policy(&d,
              "version: 1\n"
              "intake: {thread_window: 900d, flood: {messages: 0}}\n"
              "machines: {ticket: {states: {triaged: {deadline: 900d}, new: {deadline: 900d}}}}\n"
              "service_levels: {urgent: null, high: null, normal: null, low: null}\n");
  for (uint32_t i = 0; i < TICKETS; i++) {
    char handle[16];
    snprintf(handle, sizeof handle, "wx_%u", i);
    tickets[i] = desk_say_as(&d, handle, "我的快递到哪了？");
  }
  for (uint32_t i = 0; i < STEPS; i++) {
    steps[pick(AFT__COUNT(steps))]();
    if (i % 20 == 0)
      compare();
  }
  desk_pass(&d, 30 * AFT__DAY);
  desk_tick(&d);
  model_tick();
  compare();
}

/* ---- many at once ---- */

#define SESSIONS 6
#define MANY     40

static aft_id many[MANY];

typedef struct worker {
  pthread_t thread;
  uint32_t opened, claimed;
} worker;

/* What a host does with a lost race or an outcome that is not known: it asks again. */
static bool again(aft_status status) { return aft_status_is_transient(status) || status == AFT_E_UNKNOWN; }

static void ask_for_all(aft_session *session, worker *w) {
  for (uint32_t i = 0; i < MANY; i++) {
    aft_error error = AFT_ERROR_INIT;
    aft_callback_in in = {.size = sizeof in, .ticket = many[i], .phone = AFT_STR("13800138000")};
    aft_status status;
    do
      status = aft_callback_ask(session, &d.system, &in, NULL, &error);
    while (again(status));
    w->opened += status == AFT_OK;
  }
}

static void *work(void *user) {
  worker *w = user;
  aft_error error = AFT_ERROR_INIT;
  aft_session *session;
  aft_status status;
  if (aft_session_open(d.store, &session, &error) < 0)
    return NULL;
  ask_for_all(session, w);
  do {
    status = aft_task_claim(session, &d.as_agent, NULL, NULL, &error);
    w->claimed += status == AFT_OK;
  } while (status == AFT_OK || again(status));
  aft_session_close(session);
  return NULL;
}

static void each_task_goes_to_one_of_many(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  worker crew[SESSIONS] = {0};
  uint32_t opened = 0, claimed = 0;
  for (uint32_t i = 0; i < MANY; i++) {
    char handle[16];
    snprintf(handle, sizeof handle, "many_%u", i);
    many[i] = desk_say_as(&d, handle, "我的快递到哪了？");
  }
  for (int i = 0; i < SESSIONS; i++)
    assert_int_equal(pthread_create(&crew[i].thread, NULL, work, &crew[i]), 0);
  for (int i = 0; i < SESSIONS; i++) {
    assert_int_equal(pthread_join(crew[i].thread, NULL), 0);
    opened += crew[i].opened;
    claimed += crew[i].claimed;
  }
  aft_cursor *cursor;
  aft_task_filter in = {.size = sizeof in, .by = AFT_BY_CREATED};
  assert_ok(aft_task_list(d.session, &d.system, &in, &cursor, &error));
  assert_int_equal(desk_count(cursor), MANY);
  in.state = AFT_STR("claimed");
  assert_ok(aft_task_list(d.session, &d.system, &in, &cursor, &error));
  assert_int_equal(desk_count(cursor), MANY);
  bool exact = d.kind != DESK_HOSTILE; /* an outcome that is not known was not acknowledged */
  assert_true(exact ? opened == MANY && claimed == MANY : opened <= MANY && claimed <= MANY);
}

#define ON(kind, test) \
  { #test " [" #kind "]", test, open_kind, shut, (void *)(intptr_t)DESK_##kind }

int main(void) {
  const struct CMUnitTest tests[] = {
      ON(SQLITE, tasks_live_as_the_model_says),  ON(MEMORY, tasks_live_as_the_model_says),
      ON(HOSTILE, tasks_live_as_the_model_says), ON(SQLITE, each_task_goes_to_one_of_many),
      ON(MEMORY, each_task_goes_to_one_of_many), ON(HOSTILE, each_task_goes_to_one_of_many)};
  static const char *const not_there[] = {"[MEMORY]", "[HOSTILE]"};
  return RUN_CASES(tests, not_there);
}
