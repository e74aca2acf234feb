/* Lives of cases in a process that is killed, on a machine that loses its power, again and again: what was
 * acknowledged is there, what was not is there as a whole or not at all, and repeated under its key it is
 * done once. Beside it stands a desk in memory to which nothing happens: both have to stay alike. */
#include "case_command.h"
#include "case_invariants.h"
#include "case_likeness.h"
#include "case_story.h"
#include "fault_vfs.h"
#include "random.h"

#include "policy/policy_priv.h"

#include <stdlib.h>
#include <string.h>

#define MOST_STEPS  30 /* between two crashes */
#define MOST_SYNCS  8
#define MOST_POINT  400 /* about as many as writes of that many commands */
#define MOST_TIMERS 128

typedef struct life {
  case_world hit, safe;
  uint64_t seed;
  uint32_t number, first; /* the last command, and the first one since the store was opened */
  aft_status answers[MOST_COMMANDS];
  case_command commands[MOST_COMMANDS];
  int64_t confirmed;
} life;

static struct { int64_t commands, kills, losses, whole, nothing, ticks, timers; } sum;

/* ---- the store that is hit ---- */

static void open_hit(life *l, bool faulty) {
  aft_error error = AFT_ERROR_INIT;
  desk *d = &l->hit.c.d;
  char dsn[160];
  aft_store_options options = desk_store(d, faulty ? 0 : AFT_STORE_RELAXED);
  snprintf(dsn, sizeof dsn, "file:%s?vfs=fault", d->place.file);
  if (faulty) {
    options.dsn = AFT_STR(dsn);
    fault_vfs_begin(&(fault_plan){.kind = FAULT_NONE});
  }
  assert_ok(aft_store_open(d->env, &options, &d->store, &error));
  assert_ok(aft_session_open(d->store, &d->session, &error));
}

static void close_hit(life *l) {
  desk *d = &l->hit.c.d;
  aft_session_close(d->session);
  aft_store_unref(d->store);
  d->session = NULL;
  d->store = NULL;
}

/* From now on the crash may come; half of the time where a commit stands in the log and nobody knows of it.
 */
static void begin_danger(life *l, uint32_t most) {
  bool syncs = below(&l->seed, 2);
  fault_plan plan = {.kind = below(&l->seed, 2) ? FAULT_KILL : FAULT_POWER,
                     .at = 1 + below(&l->seed, syncs ? MOST_SYNCS : most),
                     .seed = draw(&l->seed),
                     .syncs = syncs};
  close_hit(l);
  open_hit(l, true);
  fault_vfs_begin(&plan);
  sum.kills += plan.kind == FAULT_KILL;
  sum.losses += plan.kind == FAULT_POWER;
}

/* What has not happened by itself happens now: the store is opened again by another process. */
static void end_danger(life *l) {
  if (!fault_vfs_fired())
    fault_vfs_cut();
  close_hit(l);
  fault_vfs_end();
  open_hit(l, false);
}

/* ---- commands ---- */

/* On the desk to which nothing happens. */
static void tell(life *l, uint32_t number, aft_status expected) {
  aft_error error = AFT_ERROR_INIT;
  const case_command *command = &l->commands[number];
  aft_status status = case_command_run(&l->safe, l->safe.c.d.session, command, &error);
  if (status != expected)
    fail_msg("%s: %s where nothing happens, %s where it crashes (%s: %s)", case_command_text(command),
             aft_status_name(status), aft_status_name(expected), error.where, error.message);
  if (command->verb == COMMAND_SETTLE && command->outcome == AFT_SETTLE_CONFIRMED && status == AFT_OK)
    l->confirmed += command->amount;
}

static aft_status do_again(life *l, uint32_t number) {
  aft_error error = AFT_ERROR_INIT;
  return case_command_run(&l->hit, l->hit.c.d.session, &l->commands[number], &error);
}

/* True: the crash came while the last command ran. */
static bool do_some(life *l) {
  aft_error error = AFT_ERROR_INIT;
  l->first = l->number + 1;
  for (int i = 0; i < MOST_STEPS && l->number + 1 < MOST_COMMANDS; i++) {
    case_command *command = &l->commands[++l->number];
    case_command_draw(&l->hit, l->hit.c.d.session, &l->seed, l->number, command);
    l->answers[l->number] = case_command_run(&l->hit, l->hit.c.d.session, command, &error);
    sum.commands++;
    if (fault_vfs_fired())
      return true;
    tell(l, l->number, l->answers[l->number]);
  }
  return false;
}

/* ---- after a crash ---- */

/* What the answers promised is kept, and nothing else. */
static void promises_are_kept(life *l, const command_outcome outcomes[MOST_COMMANDS]) {
  for (uint32_t i = l->first; i <= l->number; i++) {
    bool there = outcomes[i].place != 0;
    aft_status answer = l->answers[i];
    if (answer == AFT_E_UNKNOWN || there == (answer >= 0))
      continue;
    fail_msg("%s: answered with %s, and it is %sthere", case_command_text(&l->commands[i]),
             aft_status_name(answer), there ? "" : "not ");
  }
}

static void the_last_is_whole_or_nothing(life *l, const command_outcome *outcome) {
  if (outcome->place) {
    tell(l, l->number, outcome->status);
    if (l->commands[l->number].verb == COMMAND_FILE)
      atomic_store(&l->hit.filed[l->number], outcome->made);
    sum.whole++;
  } else {
    sum.nothing++;
  }
  assert_alike(&l->safe, &l->hit, "after a crash");
}

/* The host, which has no answer, sends it again. */
static void repeated_it_is_done_once(life *l, const command_outcome *outcome) {
  aft_status status = do_again(l, l->number);
  if (outcome->place)
    assert_int_equal(status, AFT_REPLAYED);
  else
    tell(l, l->number, status);
  if (status >= 0)
    assert_int_equal(do_again(l, l->number), AFT_REPLAYED);
  assert_alike(&l->safe, &l->hit, "after the repetition");
}

/* So does a host that has one. */
static void what_was_done_is_not_done_again(life *l, const command_outcome outcomes[MOST_COMMANDS]) {
  for (uint32_t i = l->first; i < l->number; i++)
    if (outcomes[i].place && below(&l->seed, 4) == 0)
      assert_int_equal(do_again(l, i), AFT_REPLAYED);
  assert_alike(&l->safe, &l->hit, "after what was done was sent again");
}

static void commands_and_a_crash(life *l) {
  static command_outcome outcomes[MOST_COMMANDS];
  begin_danger(l, MOST_POINT);
  bool amid = do_some(l);
  end_danger(l);
  case_command_outcomes(&l->hit.c, outcomes);
  promises_are_kept(l, outcomes);
  if (amid) {
    the_last_is_whole_or_nothing(l, &outcomes[l->number]);
    repeated_it_is_done_once(l, &outcomes[l->number]);
  }
  what_was_done_is_not_done_again(l, outcomes);
}

/* ---- timers ---- */

typedef struct timer {
  aft_id row, of;
  aft_time at;
  int64_t attempts;
  bool state; /* of a case's state; not of a leg or an appointment */
  char from[32], verb[80];
} timer;

typedef struct timers {
  timer items[MOST_TIMERS];
  uint32_t n;
} timers;

static aft_status keep_timer(void *user, const aft__value *row, aft_error *error) {
  timers *t = user;
  aft_str name = aft__value_str(&row[AFT__DU_NAME]);
  (void)error;
  assert_true(t->n < MOST_TIMERS);
  t->items[t->n++] =
      (timer){.row = row[AFT__DU_ID].number,
              .of = row[AFT__DU_SUBJECT].number,
              .at = row[AFT__DU_AT].number,
              .attempts = row[AFT__DU_ATTEMPTS].number,
              .state = row[AFT__DU_KIND].number == AFT_KIND_CASE && aft__str_eq(name, aft__cstr("state"))};
  return AFT_OK;
}

static aft_status read_timers(aft__tx *tx, void *user, aft_error *error) {
  aft__scan scan = {.table = &aft__due_table, .index = AFT__BY_ID};
  return aft__scan_each(tx, &scan, keep_timer, user, error);
}

static void all_timers(case_desk *c, timers *out) {
  aft_error error = AFT_ERROR_INIT;
  aft__tx_options options = {.name = "timers", .read = true};
  out->n = 0;
  assert_ok(aft__tx_run(c->d.session, &options, read_timers, out, &error));
}

/* What the machine says that a case's timer does. */
static void foretell(case_desk *c, const aft_policy *policy, timer *t) {
  aft_record *one = case_get(c, t->of);
  const aft__flow *flow = aft__policy_machine(policy, aft_case_kind(one));
  uint32_t state = aft__flow_state_find(flow, aft__cstr(aft_case_state(one)));
  assert_int_not_equal(state, AFT__FLOW_NONE);
  assert_int_not_equal(flow->states[state].deadline_event, AFT__FLOW_NONE);
  snprintf(t->from, sizeof t->from, "%s", aft_case_state(one));
  snprintf(t->verb, sizeof t->verb, "case.%s",
           flow->texts + flow->events[flow->states[state].deadline_event].name);
  aft_record_free(one);
}

static void those_due(life *l, const aft_policy *policy, timers *due) {
  uint32_t n = 0;
  all_timers(&l->hit.c, due);
  for (uint32_t i = 0; i < due->n; i++)
    if (due->items[i].at <= l->hit.c.d.now) {
      due->items[n] = due->items[i];
      if (due->items[n].state)
        foretell(&l->hit.c, policy, &due->items[n]);
      n++;
    }
  due->n = n;
}

static bool was_put_off(const timers *left, aft_id row) {
  for (uint32_t i = 0; i < left->n; i++)
    if (left->items[i].row == row)
      return left->items[i].attempts > 0;
  return false;
}

/* It did what it should once, or another move of the same moment took the case out of the state before. */
static void fired_once(life *l, const timer *t) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *event;
  uint32_t fired = 0, left = 0;
  assert_ok(aft_case_parts(l->hit.c.d.session, &l->hit.c.d.system, t->of, AFT_KIND_EVENT, &cursor, &error));
  while (aft_cursor_next(cursor, &event, &error) == AFT_OK) {
    if (aft_event_at(event) != l->hit.c.d.now || strcmp(aft_event_from(event), t->from) != 0)
      continue;
    fired += strcmp(aft_event_verb(event), t->verb) == 0;
    left += strcmp(aft_event_to(event), t->from) != 0;
  }
  aft_cursor_free(cursor);
  if (fired > 1 || (!fired && !left))
    fail_msg("the timer '%s' of a case in '%s' fired %u times", t->verb, t->from, fired);
  sum.timers++;
}

static void every_timer_fired_once(life *l, const timers *due) {
  static timers left;
  all_timers(&l->hit.c, &left);
  for (uint32_t i = 0; i < left.n; i++)
    if (left.items[i].at <= l->hit.c.d.now)
      fail_msg("a timer that is due was left");
  for (uint32_t i = 0; i < due->n; i++)
    if (due->items[i].state && !was_put_off(&left, due->items[i].row))
      fired_once(l, &due->items[i]);
}

static void tick_until_it_crashes(life *l) {
  aft_tick_report report = {.size = sizeof report};
  aft_status status;
  do
    status = aft_tick(l->hit.c.d.session, NULL, &report, NULL);
  while (status >= 0 && !fault_vfs_fired() && (report.fired || report.sequenced));
}

static void a_tick_and_a_crash(life *l, const aft_policy *policy) {
  static timers due;
  int64_t ms = CASE_HOUR * (24 + (int64_t)below(&l->seed, 300));
  desk_pass(&l->hit.c.d, ms);
  desk_pass(&l->safe.c.d, ms);
  those_due(l, policy, &due);
  begin_danger(l, MOST_POINT / 4);
  tick_until_it_crashes(l);
  end_danger(l);
  desk_tick(&l->hit.c.d);
  desk_tick(&l->safe.c.d);
  every_timer_fired_once(l, &due);
  assert_alike(&l->safe, &l->hit, "after a tick");
  sum.ticks++;
}

/* ---- lives ---- */

static void live(uint64_t seed, bool delivered, int crashes) {
  life *l = calloc(1, sizeof *l);
  aft_error error = AFT_ERROR_INIT;
  aft_policy *policy;
  assert_non_null(l);
  l->seed = seed;
  if (delivered) {
    case_desk_open(&l->hit.c, DESK_SQLITE);
    case_desk_open(&l->safe.c, DESK_MEMORY);
  } else {
    case_desk_open_unshipped(&l->hit.c, DESK_SQLITE, true);
    case_desk_open_unshipped(&l->safe.c, DESK_MEMORY, true);
  }
  assert_ok(aft_policy_default(l->hit.c.d.env, &policy, &error));
  for (int i = 0; i < crashes; i++) {
    /* Another process has another part of the ids: those of a later time are greater. */
    desk_pass(&l->hit.c.d, 1000);
    desk_pass(&l->safe.c.d, 1000);
    if (below(&l->seed, 3) == 0)
      a_tick_and_a_crash(l, policy);
    else
      commands_and_a_crash(l);
    assert_case_invariants(&l->hit.c, l->confirmed);
  }
  aft_policy_unref(policy);
  case_desk_close(&l->hit.c);
  case_desk_close(&l->safe.c);
  free(l);
}

static void crashes_lose_and_double_nothing(void **state) {
  (void)state;
  uint64_t seed = seed_of("crashes");
  int lives = rounds(4, 200);
  for (int i = 0; i < lives; i++)
    live(seed + (uint64_t)i * 7919, i % 3 != 0, 16);
  print_message(
      "# %lld commands; %lld kills and %lld losses of power: %lld commands were there, %lld were not; "
      "%lld ticks, %lld timers\n",
      (long long)sum.commands, (long long)sum.kills, (long long)sum.losses, (long long)sum.whole,
      (long long)sum.nothing, (long long)sum.ticks, (long long)sum.timers);
  assert_true(sum.nothing > 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(crashes_lose_and_double_nothing)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
