/* Service levels of one ticket: what is owed when, pauses, and its place in inbox and lane. */
#include "desk/desk_priv.h"

static const struct {
  aft__sla sla;
  uint32_t column;
  const char *name, *warning; /* of the due rows */
} clocks[] = {
    {AFT__SLA_FIRST_RESPONSE, AFT__TICKET_FIRST_RESPONSE_DUE, "sla:first_response", "warn:first_response"},
    {AFT__SLA_NEXT_RESPONSE, AFT__TICKET_NEXT_RESPONSE_DUE, "sla:next_response", "warn:next_response"},
    {AFT__SLA_RESOLUTION, AFT__TICKET_RESOLUTION_DUE, "sla:resolution", "warn:resolution"},
};

aft_status aft__ticket_owed(aft__ticket *ticket, aft__facts *facts, aft__owed *out, aft_error *error) {
  aft__value *customer;
  AFT__TRY(aft__ticket_customer(ticket, &customer, error));
  *out = (aft__owed){.priority = aft__ticket_str(ticket, AFT__TICKET_PRIORITY),
                     .tier = aft__row_str(customer, AFT__CUSTOMER_TIER)};
  if (!aft__policy_levels_ask(ticket->cmd->policy))
    return AFT_OK;
  out->facts = facts;
  return aft__ticket_facts(ticket, facts, error);
}

static aft_status resume(aft__ticket *ticket, aft_error *error) {
  aft_time since = aft__ticket_int(ticket, AFT__TICKET_PAUSED);
  aft__ticket_set(ticket, AFT__TICKET_PAUSED, aft__null());
  return aft__ticket_held(ticket, since, ticket->cmd->now, error);
}

aft_status aft__ticket_pause(aft__ticket *ticket, bool running, aft_error *error) {
  bool paused = !aft__row_null(ticket->row, AFT__TICKET_PAUSED);
  if (running && paused)
    return resume(ticket, error);
  if (!running && !paused)
    aft__ticket_set(ticket, AFT__TICKET_PAUSED, aft__int(ticket->cmd->now));
  return AFT_OK;
}

aft_status aft__ticket_due(aft__ticket *ticket, aft_str name, aft_time at, aft_error *error) {
  aft__cmd *cmd = ticket->cmd;
  return (ticket->fresh ? aft__due_add : aft__due_set)(cmd->tx, cmd->call.tenant, AFT__KIND_TICKET,
                                                       aft__ticket_id(ticket), name, at, error);
}

/* ---- clocks that were over ---- */

static int64_t bit(size_t i) { return INT64_C(1) << i; }

static bool breached(const aft__ticket *ticket, size_t i) {
  return aft__ticket_int(ticket, AFT__TICKET_BREACHED) & bit(i);
}

static void set_breached(aft__ticket *ticket, int64_t bits) {
  aft__ticket_set(ticket, AFT__TICKET_BREACHED, bits ? aft__int(bits) : aft__null());
}

bool aft__ticket_breach(aft__ticket *ticket, aft__sla sla) {
  bool before = breached(ticket, sla);
  if (!before)
    set_breached(ticket, aft__ticket_int(ticket, AFT__TICKET_BREACHED) | bit(sla));
  return !before;
}

/* Each answer that is asked for is a clock of its own. */
static void answered_next(aft__ticket *ticket) {
  if (breached(ticket, AFT__SLA_NEXT_RESPONSE))
    set_breached(ticket, aft__ticket_int(ticket, AFT__TICKET_BREACHED) & ~bit(AFT__SLA_NEXT_RESPONSE));
}

bool aft__ticket_owes(const aft__ticket *ticket, aft__sla sla) {
  return !aft__row_null(ticket->row, clocks[sla].column);
}

static aft_status set_warning(aft__ticket *ticket, size_t i, const aft__owed *in, aft_error *error) {
  aft__cmd *cmd = ticket->cmd;
  aft_str name = aft__cstr(clocks[i].warning);
  if (!aft__policy_warns(cmd->policy))
    return AFT_OK;
  aft_time at = in && !breached(ticket, i) ? aft__policy_warning(cmd->policy, in) : AFT_TIME_NONE;
  if (at == AFT_TIME_NONE || at <= cmd->now)
    return ticket->fresh ? AFT_OK : aft__due_clear(cmd->tx, aft__ticket_id(ticket), name, error);
  return aft__ticket_due(ticket, name, at, error);
}

/* Sets, moves or clears one clock and its due row. One that was over does not fire again, whatever holds and
 * policies make of its time. */
static aft_status set_clock(aft__ticket *ticket, size_t i, aft_time due, aft_error *error) {
  const aft__value *now = &ticket->row[clocks[i].column];
  aft_str name = aft__cstr(clocks[i].name);
  bool none = now->type == AFT_SQL_NULL;
  if (due == AFT_TIME_NONE ? none : !none && now->number == due)
    return AFT_OK;
  aft__ticket_set(ticket, clocks[i].column, aft__time_or_null(due));
  if (due != AFT_TIME_NONE)
    return breached(ticket, i) ? AFT_OK : aft__ticket_due(ticket, name, due, error);
  if (clocks[i].sla == AFT__SLA_NEXT_RESPONSE)
    answered_next(ticket);
  AFT__TRY(set_warning(ticket, i, NULL, error));
  return aft__due_clear(ticket->cmd->tx, aft__ticket_id(ticket), name, error);
}

/* ---- when one is due ---- */

/* The rise that holds when a clock begins; those before it are none of its. */
static uint32_t first_rise(const aft__pace *pace, aft_time began) {
  uint32_t i = 0;
  while (i + 1 < pace->n_rises && pace->rises[i + 1].at <= began)
    i++;
  return i;
}

/* As it is owed by the priority of one rise: from then on, or from the clock's begin. */
static void owed_since(aft__owed *in, aft__facts *facts, const aft__rise *rise, aft_time began) {
  in->priority = rise->priority;
  in->began = rise->at > began ? rise->at : began;
  if (in->facts)
    facts->text[AFT__FACT_PRIORITY] = rise->priority;
}

/* A ticket that rises has the new target from then on, but never longer than it had. */
static uint32_t soonest(const aft_policy *policy, const aft__pace *pace, aft__owed *in, aft__facts *facts,
                        aft_time began) {
  uint32_t found = first_rise(pace, began);
  aft_time best = AFT_TIME_NONE;
  for (uint32_t i = found; pace->n_rises > 1 && i < pace->n_rises; i++) {
    owed_since(in, facts, &pace->rises[i], began);
    aft_time due = aft__policy_due(policy, in, NULL);
    if (due == AFT_TIME_NONE || (best != AFT_TIME_NONE && best <= due))
      continue;
    best = due;
    found = i;
  }
  return found;
}

static void explain_kept(aft__buf *reasons) { aft__reason_add(reasons, "due", "explain.due.kept", NULL, 0); }

/* Works out one clock and sets it. */
static aft_status run_clock(aft__ticket *ticket, size_t i, aft_time began, aft_error *error) {
  const aft_policy *policy = ticket->cmd->policy;
  aft__facts facts;
  aft__owed in;
  aft__pace pace;
  AFT__TRY(aft__ticket_owed(ticket, &facts, &in, error));
  AFT__TRY(aft__ticket_pace(ticket, &pace, error));
  in.sla = clocks[i].sla;
  if (in.sla == AFT__SLA_RESOLUTION) {
    in.holds = pace.holds;
    in.n_holds = pace.n_holds;
  }
  uint32_t by = soonest(policy, &pace, &in, &facts, began);
  owed_since(&in, &facts, &pace.rises[by], began);
  aft_time due = aft__policy_due(policy, &in, &ticket->reasons);
  if (due != AFT_TIME_NONE && by + 1 < pace.n_rises)
    explain_kept(&ticket->reasons);
  AFT__TRY(set_clock(ticket, i, due, error));
  return set_warning(ticket, i, &in, error);
}

/* Reasons are kept for clocks that change, so each due is worked out only when something it rests on did. */
static aft_status first_response(aft__ticket *ticket, bool anew, aft_error *error) {
  bool waits = aft__row_null(ticket->row, AFT__TICKET_FIRST_RESPONSE) &&
               aft__ticket_int(ticket, AFT__TICKET_OPEN) == 2;
  if (!waits)
    return set_clock(ticket, 0, AFT_TIME_NONE, error);
  if (!anew && !aft__row_null(ticket->row, AFT__TICKET_FIRST_RESPONSE_DUE))
    return AFT_OK;
  return run_clock(ticket, 0, aft__ticket_int(ticket, AFT__TICKET_OPENED), error);
}

/* It begins where the customer asks: see aft__ticket_await_since. */
static aft_status next_response(aft__ticket *ticket, bool anew, aft_error *error) {
  if (aft__ticket_int(ticket, AFT__TICKET_OPEN) != 2)
    return set_clock(ticket, 1, AFT_TIME_NONE, error);
  if (!anew || aft__row_null(ticket->row, AFT__TICKET_NEXT_RESPONSE_DUE))
    return AFT_OK;
  return run_clock(ticket, 1, aft__ticket_int(ticket, AFT__TICKET_SINCE), error);
}

static aft_status resolution(aft__ticket *ticket, bool anew, aft_error *error) {
  bool running =
      aft__row_null(ticket->row, AFT__TICKET_PAUSED) && aft__ticket_int(ticket, AFT__TICKET_OPEN) == 2;
  if (!running)
    return set_clock(ticket, 2, AFT_TIME_NONE, error);
  if (!anew && !aft__row_null(ticket->row, AFT__TICKET_RESOLUTION_DUE))
    return AFT_OK;
  return run_clock(ticket, 2, aft__ticket_int(ticket, AFT__TICKET_OPENED), error);
}

#define CLOCK_COLUMNS                                                                             \
  (UINT64_C(1) << AFT__TICKET_FIRST_RESPONSE_DUE | UINT64_C(1) << AFT__TICKET_NEXT_RESPONSE_DUE | \
   UINT64_C(1) << AFT__TICKET_RESOLUTION_DUE)

/* The clock that says how long the ticket may wait; the answer's before the resolution's. */
static size_t running(const aft__ticket *ticket) {
  size_t i = 0;
  while (i < AFT__COUNT(clocks) && aft__row_null(ticket->row, clocks[i].column))
    i++;
  return i;
}

/* Since when what is owed has been waited for: a further answer since it was asked for. */
static aft_time since(const aft__ticket *ticket, size_t clock) {
  bool asked = clock < AFT__COUNT(clocks) && clocks[clock].sla == AFT__SLA_NEXT_RESPONSE &&
               !aft__row_null(ticket->row, AFT__TICKET_SINCE);
  return aft__ticket_int(ticket, asked ? (uint32_t)AFT__TICKET_SINCE : (uint32_t)AFT__TICKET_OPENED);
}

/* It moves only with what the ticket owes, so that nothing is ranked anew as time passes. */
static aft_status set_place(aft__ticket *ticket, bool anew, aft_error *error) {
  aft__facts facts;
  aft__owed in;
  bool known = !ticket->fresh && !aft__row_null(ticket->row, AFT__TICKET_SINCE);
  if (known && !anew && !(ticket->mask & CLOCK_COLUMNS))
    return AFT_OK;
  size_t i = running(ticket);
  AFT__TRY(aft__ticket_owed(ticket, &facts, &in, error));
  bool runs = i < AFT__COUNT(clocks);
  in.sla = runs ? clocks[i].sla : AFT__SLA_FIRST_RESPONSE;
  aft_time from = since(ticket, i);
  aft_time place = aft__policy_place(ticket->cmd->policy, runs ? &in : NULL, from);
  if (!known || aft__ticket_int(ticket, AFT__TICKET_SINCE) != from)
    aft__ticket_set(ticket, AFT__TICKET_SINCE, aft__int(from));
  if (!known || aft__ticket_int(ticket, AFT__TICKET_PLACE) != place)
    aft__ticket_set(ticket, AFT__TICKET_PLACE, aft__int(place));
  return AFT_OK;
}

static aft_status set_clocks(aft__ticket *ticket, bool anew, aft_error *error) {
  AFT__TRY(first_response(ticket, anew, error));
  AFT__TRY(next_response(ticket, anew, error));
  AFT__TRY(resolution(ticket, anew, error));
  return set_place(ticket, anew, error);
}

aft_status aft__ticket_clocks(aft__ticket *ticket, aft_error *error) {
  return set_clocks(ticket, ticket->mask & UINT64_C(1) << AFT__TICKET_PRIORITY, error);
}

/* A policy that does not warn takes back what one before it would have warned of. */
static aft_status clear_warnings(aft__ticket *ticket, aft_error *error) {
  for (size_t i = 0; i < AFT__COUNT(clocks); i++)
    AFT__TRY(aft__due_clear(ticket->cmd->tx, aft__ticket_id(ticket), aft__cstr(clocks[i].warning), error));
  return AFT_OK;
}

aft_status aft__ticket_clocks_anew(aft__ticket *ticket, aft_error *error) {
  AFT__TRY(set_clocks(ticket, true, error));
  return aft__policy_warns(ticket->cmd->policy) ? AFT_OK : clear_warnings(ticket, error);
}

aft_status aft__ticket_await_answer(aft__ticket *ticket, aft_error *error) {
  return aft__ticket_await_since(ticket, ticket->cmd->now, error);
}

aft_status aft__ticket_await_since(aft__ticket *ticket, aft_time asked, aft_error *error) {
  bool first_owed = aft__row_null(ticket->row, AFT__TICKET_FIRST_RESPONSE);
  if (first_owed || !aft__row_null(ticket->row, AFT__TICKET_NEXT_RESPONSE_DUE))
    return AFT_OK;
  AFT__TRY(run_clock(ticket, 1, asked, error));
  if (!aft__row_null(ticket->row, AFT__TICKET_NEXT_RESPONSE_DUE))
    aft__ticket_set(ticket, AFT__TICKET_SINCE, aft__int(asked));
  return set_place(ticket, false, error);
}

aft_status aft__ticket_answered(aft__ticket *ticket, aft_error *error) {
  if (aft__row_null(ticket->row, AFT__TICKET_FIRST_RESPONSE))
    aft__ticket_set(ticket, AFT__TICKET_FIRST_RESPONSE, aft__int(ticket->cmd->now));
  AFT__TRY(set_clock(ticket, 0, AFT_TIME_NONE, error));
  AFT__TRY(set_clock(ticket, 1, AFT_TIME_NONE, error));
  return set_place(ticket, false, error);
}
