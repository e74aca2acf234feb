/* One bounded step of all that has fallen due. */
#include "desk/desk.h"

#include <aftersales/clock.h>

#define BUDGET_V1    (offsetof(aft_tick_budget, ms) + sizeof(int64_t))
#define REPORT_V1    (offsetof(aft_tick_report, next) + sizeof(aft_time))
#define DEFAULT_ROWS 1000
#define DEFAULT_MS   10000
#define LEAST_MS     20 /* for retention */

static aft_status check_budget(const aft_tick_budget *given, aft_tick_budget *budget, aft_error *error) {
  *budget = (aft_tick_budget){.size = sizeof *budget};
  if (given)
    AFT__TRY(aft__abi_copy(budget, sizeof *budget, given, BUDGET_V1, "aft_tick_budget", error));
  budget->rows = budget->rows ? budget->rows : DEFAULT_ROWS;
  budget->ms = budget->ms ? budget->ms : DEFAULT_MS;
  if (budget->ms > 0)
    return AFT_OK;
  return aft__error(error, AFT_E_INVALID, "budget.ms", "expected 0 or more, found %lld",
                    (long long)budget->ms);
}

typedef struct sweep {
  uint32_t most, expired;
} sweep;

static aft_status sweep_up(aft__tx *tx, void *user, aft_error *error) {
  sweep *s = user;
  AFT__TRY(aft__outbox_expire(tx, s->most, aft__desk_effect_dead, &s->expired, error));
  return aft__tick_mark(tx, error);
}

/* A budget that ends is no failure: what is left waits for the next tick. */
static aft_status sweep_in_time(aft_session *session, int64_t ms, sweep *s, aft_error *error) {
  aft__tx_options options = {.name = "tick", .deadline_ms = ms};
  aft_error own = AFT_ERROR_INIT;
  aft_status status = aft__tx_run(session, &options, sweep_up, s, &own);
  if (status == AFT_E_DEADLINE) {
    s->expired = 0;
    return AFT_OK;
  }
  return status < 0 ? aft__error_pass(error, &own) : status;
}

/* Another worker that gives out feed numbers now does it for us. */
static aft_status sequence(aft_session *session, uint32_t most, uint32_t *n, aft_error *error) {
  aft_status status = aft__feed_assign(session, most, n, error);
  return status == AFT_E_LEASE_LOST ? AFT_OK : status;
}

/* What is left of the time; at least a little, so that a busy desk does not keep everything for ever. */
static int64_t rest_of(const aft_env *env, int64_t began, int64_t ms) {
  int64_t left = ms - (aft__mono(env) - began) / 1000000;
  return left > LEAST_MS ? left : LEAST_MS;
}

/* What waits inside of the store asks for the next tick at once. */
static void come_again(const aft_env *env, aft_time *next) {
  aft_time now = aft_env_now(env);
  if (*next == AFT_TIME_NONE || *next > now)
    *next = now;
}

/* Deadlines first: the rest can wait for another tick. */
static aft_status work(aft_session *session, const aft_tick_budget *most, aft_tick_report *done,
                       aft_error *error) {
  const aft_env *env = aft__session_env(session);
  int64_t began = aft__mono(env);
  sweep s = {.most = most->rows};
  aft__retained retained;
  AFT__TRY(aft__due_fire(session, most->rows, most->ms, aft__desk_due, aft__desk_due_failed, NULL,
                         &done->fired, &done->next, error));
  AFT__TRY(sweep_in_time(session, most->ms, &s, error));
  done->expired = s.expired;
  AFT__TRY(sequence(session, most->rows, &done->sequenced, error));
  AFT__TRY(aft__search_tick(session, most->rows, rest_of(env, began, most->ms), &done->indexed, error));
  AFT__TRY(aft__desk_retain(session, most->rows, rest_of(env, began, most->ms), &retained, error));
  done->removed = retained.removed;
  if (retained.more || done->sequenced == most->rows || done->indexed == most->rows)
    come_again(env, &done->next);
  return AFT_OK;
}

static aft_status check_session(const aft_session *session, aft_error *error) {
  if (!session)
    return aft__error(error, AFT_E_NULL_HANDLE, "session", "the session is NULL");
  if (!aft__session_attached(session))
    return AFT_OK;
  return aft__error(
      error, AFT_E_INVALID, "session",
      "a tick commits each step: it needs a session of its own, not one in the host's transaction");
}

aft_status aft_tick(aft_session *session, const aft_tick_budget *budget, aft_tick_report *report,
                    aft_error *error) {
  aft_tick_budget most;
  aft_tick_report done = {.size = sizeof done, .next = AFT_TIME_NONE};
  if (report && (report->size < REPORT_V1 || report->size > 4096))
    return aft__error(error, AFT_E_ABI, "aft_tick_report.size", "expected sizeof(aft_tick_report), found %zu",
                      report->size);
  AFT__TRY(check_session(session, error));
  AFT__TRY(check_budget(budget, &most, error));
  AFT__TRY(work(session, &most, &done, error));
  if (!report)
    return AFT_OK;
  size_t size = report->size;
  memcpy(report, &done, size < sizeof done ? size : sizeof done);
  report->size = size;
  return AFT_OK;
}
