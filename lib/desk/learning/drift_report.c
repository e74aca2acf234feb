/* Drift: what triage found in a period, against the period before. */
#include "desk/learning/drift_priv.h"

#include <stdlib.h>

#define PAGE         256
#define TICKETS_MOST 200000u
#define PERIOD_MOST  (3653 * AFT__DAY)

typedef struct walk {
  aft__drift drift;
  aft_env *env;
  aft__map numbers; /* category to row */
  aft__arena arena; /* of their names */
  uint32_t period;  /* that is walked: 0 the one before, 1 */
  aft_time begin, end;
  aft_id after, last; /* ticket that was read last: for good, and in this page */
  uint64_t read;
  uint32_t n; /* rows of the page */
  bool ended;
} walk;

/* A ticket of the page; a later correction says what triage had found. */
typedef struct seen {
  aft_id id;
  aft__drift_row *row; /* of the category */
  bool unsure, labelled, changed;
} seen;

typedef struct page {
  walk *w;
  seen rows[PAGE];
  uint32_t n, at;
} page;

/* ---- counting ---- */

/* A page that is read again finds the rows that it made before. */
static aft_status row_of(walk *w, aft_str category, aft__drift_row **out, aft_error *error) {
  aft__drift *d = &w->drift;
  uint32_t at;
  if (!aft__map_get(&w->numbers, category, &at)) {
    aft_str name = aft__arena_dup(&w->arena, category);
    if (d->n_rows == AFT__DRIFT_CATEGORIES)
      return aft__error(error, AFT_E_TOO_LARGE, "drift", "expected at most %d categories, found one more",
                        AFT__DRIFT_CATEGORIES);
    if (!name.data || aft__map_put(&w->numbers, name, d->n_rows, NULL) < 0)
      return aft__nomem(error);
    at = d->n_rows++;
    d->rows[at] = (aft__drift_row){.category = name};
  }
  *out = &d->rows[at];
  return AFT_OK;
}

static void count(walk *w, const seen *s) {
  s->row->n[w->period]++;
  w->drift.tickets[w->period]++;
  w->drift.unsure[w->period] += s->unsure;
  if (w->period == 1) {
    s->row->labelled += s->labelled;
    s->row->changed += s->changed;
  }
}

/* ---- one page: tickets, then the corrections of the same tickets, both in the order of ids ---- */

static aft_status see_ticket(void *user, const aft__value *row, aft_error *error) {
  page *p = user;
  aft_time opened = aft__row_int(row, AFT__TICKET_OPENED);
  if (opened >= p->w->end) {
    p->w->ended = true;
    return AFT_DONE;
  }
  p->w->n++;
  p->w->last = aft__row_int(row, AFT__TICKET_ID);
  if (opened < p->w->begin)
    return AFT_OK; /* made when clocks differed */
  bool unsure = aft__row_int(row, AFT__TICKET_UNSURE) != 0;
  bool guess = unsure && !aft__row_null(row, AFT__TICKET_RUNNER_UP);
  aft_str category = aft__row_str(row, guess ? AFT__TICKET_RUNNER_UP : AFT__TICKET_CATEGORY);
  seen *s = &p->rows[p->n++];
  *s = (seen){.id = p->w->last, .unsure = unsure};
  return row_of(p->w, category, &s->row, error);
}

static aft_status see_correction(void *user, const aft__value *row, aft_error *error) {
  page *p = user;
  aft_id ticket = aft__row_int(row, AFT__CORRECTION_TICKET);
  while (p->at < p->n && p->rows[p->at].id < ticket)
    p->at++;
  if (p->at == p->n || p->rows[p->at].id != ticket ||
      !aft__str_eq(aft__row_str(row, AFT__CORRECTION_TASK), aft__cstr(AFT__TASK_CATEGORY)))
    return AFT_OK;
  seen *s = &p->rows[p->at];
  aft_str guess = aft__row_str(row, AFT__CORRECTION_GUESS);
  if (s->labelled || !guess.len)
    return AFT_OK;
  s->labelled = true;
  s->unsure = aft__row_int(row, AFT__CORRECTION_UNSURE) != 0;
  s->changed = !aft__str_eq(guess, aft__row_str(row, AFT__CORRECTION_LABEL));
  return row_of(p->w, guess, &s->row, error);
}

static aft_status read_page(aft__cmd *cmd, void *given, aft_error *error) {
  page *p = given;
  walk *w = p->w;
  p->n = p->at = w->n = 0;
  w->ended = false;
  aft__scan tickets = {.table = &aft__ticket_table,
                       .index = AFT__TICKET_BY_OPENED,
                       .n_equal = 1,
                       .equal = {aft__int(cmd->call.tenant)},
                       .after = true,
                       .after_id = w->after,
                       .limit = PAGE};
  AFT__TRY(aft__scan_each(cmd->tx, &tickets, see_ticket, p, error));
  if (!p->n)
    return AFT_OK;
  aft__value low = aft__int(p->rows[0].id), high = aft__int(p->rows[p->n - 1].id);
  aft__scan corrections = {.table = &aft__correction_table,
                           .index = AFT__CORRECTION_BY_TICKET,
                           .n_equal = 1,
                           .equal = {aft__int(cmd->call.tenant)},
                           .low = &low,
                           .high = &high};
  return aft__scan_each(cmd->tx, &corrections, see_correction, p, error);
}

static aft_status walk_period(walk *w, aft_session *session, const aft_call *call, page *p,
                              aft_error *error) {
  static const aft__command command = {.verb = "drift.report",
                                       .name = "drift_report",
                                       .roles = AFT__ROLES_SYSTEM | AFT__ROLE(AFT_ROLE_ARBITER),
                                       .read = true,
                                       .run = read_page};
  w->after = aft__id_first_at(w->begin) - 1;
  w->read = 0;
  do {
    AFT__TRY(aft__command_run(session, call, &command, p, NULL, error));
    for (uint32_t i = 0; i < p->n; i++)
      count(w, &p->rows[i]);
    w->after = w->last;
    w->read += w->n;
  } while (w->n == PAGE && !w->ended && w->read < TICKETS_MOST);
  w->drift.complete &= w->n < PAGE || w->ended;
  return AFT_OK;
}

static int by_number(const void *a, const void *b) {
  const aft__drift_row *x = a, *y = b;
  uint64_t m = x->n[0] + x->n[1], n = y->n[0] + y->n[1];
  return m < n ? 1 : m > n ? -1 : aft__str_cmp(x->category, y->category);
}

static aft_status report(walk *w, aft_session *session, const aft_call *call, aft_buf *out,
                         aft_error *error) {
  aft__json json;
  aft_time span = w->drift.to - w->drift.from;
  page *p = aft__zalloc(w->env, sizeof *p);
  if (!p)
    return aft__nomem(error);
  p->w = w;
  aft_status status = AFT_OK;
  for (w->period = 0; w->period < 2 && status >= 0; w->period++) {
    w->begin = w->period ? w->drift.from : w->drift.from - span;
    w->end = w->begin + span;
    status = walk_period(w, session, call, p, error);
  }
  aft__release(w->env, p, sizeof *p);
  AFT__TRY(status);
  qsort(w->drift.rows, w->drift.n_rows, sizeof *w->drift.rows, by_number);
  aft__json_init(&json, out);
  aft__drift_json(&w->drift, &json);
  return out->failed ? aft__nomem(error) : AFT_OK;
}

aft_status aft_drift_report(aft_session *session, const aft_call *call, aft_time begin, aft_time end,
                            aft_buf **out, aft_error *error) {
  if (!session || !out)
    return aft__error(error, AFT_E_NULL_HANDLE, session ? "out" : "session", "the handle is NULL");
  if (begin < 0 || end <= begin || end - begin > PERIOD_MOST)
    return aft__error(error, AFT_E_INVALID, "drift.begin", "expected a period of at most ten years");
  aft_env *env = aft__session_env(session);
  walk w = {.env = env, .drift = {.from = begin, .to = end, .complete = true}};
  aft_buf *buf = aft__buf_new(env);
  aft__map_init(&w.numbers, env);
  aft__arena_init(&w.arena, env);
  w.drift.rows = aft__arena_alloc(&w.arena, AFT__DRIFT_CATEGORIES * sizeof *w.drift.rows);
  aft_status status = buf && w.drift.rows ? report(&w, session, call, buf, error) : aft__nomem(error);
  aft__arena_done(&w.arena);
  aft__map_done(&w.numbers);
  if (status < 0)
    aft_buf_free(buf);
  else
    *out = buf;
  return status;
}
