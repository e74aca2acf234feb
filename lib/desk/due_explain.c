/* See due_explain.h. */
#include "desk/due_explain.h"

#define MOST_EVENTS 64u /* that came last: one of them began the stage */

/* ---- whose line it is ---- */

enum {
  STAGE = AFT__SLAS,
  SEASON,
  NOBODY,
  GOES_ON /* with the line before */
};

static bool key_is(const aft__reason *reason, const char *const *keys) {
  for (size_t i = 0; keys[i]; i++)
    if (aft__str_eq(reason->key, aft__cstr(keys[i])))
      return true;
  return false;
}

static uint32_t subject_of(const aft__reason *reason) {
  static const char *const clocks[] = {"explain.due.target", "explain.due.open", NULL},
                           *const stages[] = {"explain.due.stage", "explain.due.stage_open", NULL},
                           *const seasons[] = {"explain.due.season", NULL},
                           *const rest[] = {"explain.due.tier",
                                            "explain.due.stretch",
                                            "explain.due.held",
                                            "explain.due.more",
                                            "explain.due.at",
                                            "explain.due.kept",
                                            NULL};
  aft__sla sla;
  if (!aft__str_eq(reason->about, aft__cstr("due")))
    return NOBODY;
  if (key_is(reason, clocks) && aft__sla_find(aft__reason_arg(reason, "sla"), &sla))
    return sla;
  if (key_is(reason, stages))
    return STAGE;
  if (key_is(reason, seasons))
    return SEASON;
  return key_is(reason, rest) ? GOES_ON : NOBODY;
}

/* ---- which chains still hold ---- */

static aft_status count(void *user, const aft__value *row, aft_error *error) {
  aft__explanation *e = user;
  aft_str reasons = aft__row_str(row, AFT__DECISION_REASONS);
  aft__reason reason;
  while (aft__reason_next(&reasons, &reason)) {
    uint32_t subject = subject_of(&reason);
    if (subject >= NOBODY)
      continue;
    e->last[subject]++;
    if (subject != STAGE)
      continue;
    e->last_state = aft__arena_dup(e->cmd->arena, aft__reason_arg(&reason, "state"));
    if (!e->last_state.data)
      return aft__nomem(error);
  }
  return AFT_OK;
}

/* Stages that count every hour keep no chain, so the last one that was kept may be over. */
static bool stage_is_kept(const aft__explanation *e) {
  return e->last[STAGE] && e->state != AFT__FLOW_NONE &&
         aft__str_eq(e->last_state, aft__cstr(e->flow->texts + e->flow->states[e->state].name));
}

static bool holds(const aft__explanation *e, uint32_t subject) {
  if (e->seen[subject] < e->last[subject])
    return false;
  return subject == STAGE ? stage_is_kept(e) : subject > STAGE || (e->clocks & 1u << subject);
}

static aft_status render(void *user, const aft__value *row, aft_error *error) {
  aft__explanation *e = user;
  aft_str reasons = aft__row_str(row, AFT__DECISION_REASONS);
  aft__reason reason;
  bool shown = true;
  (void)error;
  for (const char *line = reasons.data; aft__reason_next(&reasons, &reason); line = reasons.data) {
    uint32_t subject = subject_of(&reason);
    if (subject < NOBODY)
      e->seen[subject]++;
    if (subject != GOES_ON)
      shown = subject == NOBODY || holds(e, subject);
    if (shown)
      aft__reasons_render_at(e->cmd->policy, e->locale, aft__str(line, (size_t)(reasons.data - line)),
                             e->about, e->zone, e->out);
  }
  return AFT_OK;
}

/* ---- the stage ---- */

static aft_status began(aft__explanation *e, const aft__flow_state *state, aft_time *out, aft_error *error) {
  aft__scan scan = {.table = &aft__event_table,
                    .index = AFT__EV_BY_SUBJECT,
                    .n_equal = 2,
                    .equal = {aft__int(e->cmd->call.tenant), aft__int(e->subject)},
                    .descending = true,
                    .limit = MOST_EVENTS};
  aft__value **rows;
  uint32_t n;
  aft_str name = aft__cstr(e->flow->texts + state->name);
  AFT__TRY(aft__scan_all(e->cmd->tx, &scan, &rows, &n, error));
  *out = AFT_TIME_NONE;
  for (uint32_t i = 0; i < n && *out == AFT_TIME_NONE; i++)
    if (aft__row_int(rows[i], AFT__EV_AT) + state->deadline_ms == e->ends &&
        aft__str_eq(aft__row_str(rows[i], AFT__EV_TO), name))
      *out = aft__row_int(rows[i], AFT__EV_AT);
  return AFT_OK;
}

static aft_status say_stage(aft__explanation *e, aft_error *error) {
  aft_time from;
  if (e->ends == AFT_TIME_NONE || e->state == AFT__FLOW_NONE || stage_is_kept(e))
    return AFT_OK;
  const aft__flow_state *state = &e->flow->states[e->state];
  AFT__TRY(began(e, state, &from, error));
  aft__buf reasons;
  aft__buf_init(&reasons, e->cmd->env);
  aft__policy_explain_stage(e->flow, state, from, e->ends, &reasons);
  aft__explain_say(e, &reasons);
  aft__buf_done(&reasons);
  return AFT_OK;
}

/* ---- all of it ---- */

bool aft__explains_due(const aft__explanation *e) { return !e->about || strcmp(e->about, "due") == 0; }

void aft__explain_say(aft__explanation *e, const aft__buf *reasons) {
  e->out->failed |= reasons->failed;
  aft__reasons_render_at(e->cmd->policy, e->locale, aft__buf_view(reasons), e->about, e->zone, e->out);
}

aft_status aft__explain_kept(aft__explanation *e, aft_error *error) {
  aft__scan scan = {.table = &aft__decision_table,
                    .index = AFT__DECISION_BY_TICKET,
                    .n_equal = 2,
                    .equal = {aft__int(e->cmd->call.tenant), aft__int(e->subject)}};
  aft__buf_clear(e->out);
  e->zone = aft__zone_named(e->cmd, aft__row_str(e->cmd->tenant, AFT__TENANT_ZONE));
  AFT__TRY(aft__scan_each(e->cmd->tx, &scan, count, e, error));
  AFT__TRY(aft__scan_each(e->cmd->tx, &scan, render, e, error));
  return aft__explains_due(e) ? say_stage(e, error) : AFT_OK;
}
