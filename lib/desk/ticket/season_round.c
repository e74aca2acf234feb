/* A season in which cases take longer: while the policy has one, stages that begin last longer, and the
 * policy that brings it moves the ends of stages that have begun, once for each. What law or promise demands
 * is no stage and never moves.
 *
 * Open cases are walked a few at a time, each step in a transaction of its own, after the clocks of tickets
 * have been moved. */
#include "desk/case/case_priv.h"

#define STEP        50u
#define MOST_EVENTS 256 /* of a case: those that came last */

/* ---- one stage ---- */

static aft_status note(aft__case *c, const aft__season *season, aft_time from, aft_time to,
                       aft_error *error) {
  char *facts = aft__arena_printf(
      c->cmd->arena, "{\"season\":\"%.*s\",\"by\":%lld,\"from\":%lld,\"to\":%lld}", (int)season->name.len,
      season->name.data, (long long)season->by_ms, (long long)from, (long long)to);
  return facts ? aft__case_note(c, "case.extended", aft__cstr(facts), (aft_str){0}, error)
               : aft__nomem(error);
}

static void explain(aft__case *c, const aft__season *season) {
  char target[32];
  aft__duration_format(season->by_ms, target);
  aft__arg args[] = {{"season", season->name}, {"target", aft__cstr(target)}};
  aft__reason_add(&c->reasons, "due", "explain.due.season", args, AFT__COUNT(args));
}

aft_time aft__season_end(aft__case *c, const aft__flow_state *state, aft_time at) {
  aft_time later;
  aft_str name = aft__cstr(c->flow->texts + state->name);
  c->season = (aft__season){0};
  if (!aft__policy_season(c->cmd->policy, aft__case_str(c, AFT__CASE_KIND), name, &c->season))
    return at;
  if (aft__add_i64(at, c->season.by_ms, &later))
    later = INT64_MAX;
  explain(c, &c->season);
  return later;
}

aft_status aft__season_note(aft__case *c, aft_error *error) {
  aft__season season = c->season;
  aft_time to = aft__case_int(c, AFT__CASE_DUE);
  c->season = (aft__season){0};
  if (!season.by_ms || aft__row_null(c->row, AFT__CASE_DUE))
    return AFT_OK;
  return note(c, &season, to - season.by_ms, to, error);
}

/* ---- the walk ---- */

/* Whether the end of the present stage has been moved for the season. */
static aft_status was_extended(aft__case *c, const aft__season *season, bool *out, aft_error *error) {
  aft__scan scan = {.table = &aft__event_table,
                    .index = AFT__EV_BY_SUBJECT,
                    .n_equal = 2,
                    .equal = {aft__int(c->cmd->call.tenant), aft__int(aft__case_id(c))},
                    .descending = true,
                    .limit = MOST_EVENTS};
  aft__value **rows;
  uint32_t n;
  char *begins =
      aft__arena_printf(c->cmd->arena, "{\"season\":\"%.*s\",", (int)season->name.len, season->name.data);
  char *ends = aft__arena_printf(c->cmd->arena, "\"to\":%lld}", (long long)aft__case_int(c, AFT__CASE_DUE));
  if (!begins || !ends)
    return aft__nomem(error);
  AFT__TRY(aft__scan_all(c->cmd->tx, &scan, &rows, &n, error));
  *out = false;
  for (uint32_t i = 0; i < n && !*out; i++) {
    aft_str facts = aft__row_str(rows[i], AFT__EV_FACTS);
    *out = aft__str_eq(aft__row_str(rows[i], AFT__EV_VERB), aft__cstr("case.extended")) &&
           facts.len > strlen(begins) + strlen(ends) && memcmp(facts.data, begins, strlen(begins)) == 0 &&
           memcmp(facts.data + facts.len - strlen(ends), ends, strlen(ends)) == 0;
  }
  return AFT_OK;
}

/* Where a marketplace decides, its own deadlines count; one that is over has its outcome. */
static bool stands(const aft__case *c) {
  return !aft__case_is(c, AFT__CASE_AUTHORITY, "external") && !aft__row_null(c->row, AFT__CASE_DUE) &&
         aft__case_int(c, AFT__CASE_DUE) > c->cmd->now;
}

/* Whether it is to be moved, and to when. */
static aft_status is_moved(aft__case *c, aft__season *season, aft_time *to, bool *out, aft_error *error) {
  bool done;
  *out = false;
  if (!stands(c) || !aft__policy_season(c->cmd->policy, aft__case_str(c, AFT__CASE_KIND),
                                        aft__case_str(c, AFT__CASE_STATE), season))
    return AFT_OK;
  AFT__TRY(was_extended(c, season, &done, error));
  *out = !done && !aft__add_i64(aft__case_int(c, AFT__CASE_DUE), season->by_ms, to);
  return AFT_OK;
}

/* The customer was told of the earlier time. */
static aft_status extend(aft__case *c, const aft__season *season, aft_time to, aft_error *error) {
  aft__cmd *cmd = c->cmd;
  aft_time from = aft__case_int(c, AFT__CASE_DUE);
  aft__case_set(c, AFT__CASE_DUE, aft__int(to));
  explain(c, season);
  AFT__TRY(note(c, season, from, to, error));
  AFT__TRY(aft__due_set(cmd->tx, cmd->call.tenant, AFT__KIND_CASE, aft__case_id(c), aft__cstr(AFT__DUE_STATE),
                        to, error));
  AFT__TRY(aft__case_notify(c, "extended", error));
  return aft__case_save(c, error);
}

/* Most cases are left alone, so all of one is loaded only where it is moved. */
static aft_status extend_one(aft__cmd *cmd, aft_id id, aft_error *error) {
  aft__case c;
  aft__season season;
  aft_time to;
  bool moved = false;
  aft_status status = aft__case_load_row(cmd, id, &c, error);
  if (status >= 0)
    status = is_moved(&c, &season, &to, &moved, error);
  aft__case_done(&c);
  if (status < 0 || !moved)
    return status;
  status = aft__case_load(cmd, id, &c, error);
  if (status >= 0)
    status = extend(&c, &season, to, error);
  aft__case_done(&c);
  return status;
}

aft_status aft__season_begin(aft__cmd *cmd, aft_id activation, aft_error *error) {
  if (!aft__policy_has_season(cmd->policy))
    return AFT_OK;
  return aft__due_set(cmd->tx, cmd->call.tenant, AFT__KIND_ACTIVATION, activation, aft__cstr(AFT__DUE_SEASON),
                      cmd->now, error);
}

aft_status aft__season_due(aft__cmd *cmd, aft_error *error) {
  const aft__value *now = cmd->activation;
  bool goes_on = !aft__row_null(now, AFT__ACTIVATION_CLOCKS_PLACE);
  aft__value least = aft__int(cmd->now + 1); /* not those without an end */
  aft__scan scan = {.table = &aft__case_table,
                    .index = AFT__CASE_BY_OPEN,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), aft__int(2)},
                    .low = &least,
                    .after = goes_on,
                    .after_value = now[AFT__ACTIVATION_CLOCKS_PLACE],
                    .after_id = goes_on ? aft__row_int(now, AFT__ACTIVATION_CLOCKS_TICKET) : 0,
                    .limit = STEP};
  aft__value **rows, last = aft__null();
  uint32_t n;
  aft_id id = 0;
  AFT__TRY(aft__scan_all(cmd->tx, &scan, &rows, &n, error));
  if (n) { /* before it moves */
    last = rows[n - 1][AFT__CASE_DUE];
    id = rows[n - 1][AFT__CASE_ID].number;
  }
  for (uint32_t i = 0; i < n; i++)
    AFT__TRY(extend_one(cmd, rows[i][AFT__CASE_ID].number, error));
  bool over = n < STEP;
  if (goes_on || !over)
    AFT__TRY(aft__clocks_place(cmd, over ? NULL : &last, id, false, error));
  return over ? AFT_OK : aft__season_begin(cmd, aft__row_int(now, AFT__ACTIVATION_ID), error);
}
