/* Why a ticket is as it is: the reasons that its decisions kept, in the language asked for, and when what is
 * owed now is due. */
#include "desk/due_explain.h"
#include "desk/task/task_priv.h"

#include <stdio.h>

typedef struct asked {
  aft_id ticket;
  const char *about, *locale;
  aft_buf *out;
} asked;

/* ---- what a ticket owes ---- */

static aft_status stage_ends(aft__explanation *e, aft_error *error) {
  aft__scan scan = {.table = &aft__due_table,
                    .index = AFT__DU_BY_NAME,
                    .n_equal = 2,
                    .equal = {aft__int(e->subject), aft__text(aft__cstr(AFT__DUE_STATE))},
                    .limit = 1};
  aft__value **rows;
  uint32_t n;
  AFT__TRY(aft__scan_all(e->cmd->tx, &scan, &rows, &n, error));
  e->ends = n ? aft__row_int(rows[0], AFT__DU_AT) : AFT_TIME_NONE;
  return AFT_OK;
}

static uint32_t clocks_of(const aft__value *ticket) {
  static const uint32_t columns[AFT__SLAS] = {AFT__TICKET_FIRST_RESPONSE_DUE, AFT__TICKET_NEXT_RESPONSE_DUE,
                                              AFT__TICKET_RESOLUTION_DUE};
  uint32_t bits = (uint32_t)aft__row_int(ticket, AFT__TICKET_BREACHED);
  for (uint32_t i = 0; i < AFT__SLAS; i++)
    if (!aft__row_null(ticket, columns[i]))
      bits |= 1u << i;
  return bits;
}

static void say_pause(aft__explanation *e, const aft__value *ticket) {
  aft__buf reasons;
  char from[32];
  if (aft__row_int(ticket, AFT__TICKET_OPEN) != 2 || aft__row_null(ticket, AFT__TICKET_PAUSED))
    return;
  aft__buf_init(&reasons, e->cmd->env);
  snprintf(from, sizeof from, AFT__REASON_MOMENT "%lld", (long long)aft__row_int(ticket, AFT__TICKET_PAUSED));
  aft__arg args[] = {{"from", aft__cstr(from)}};
  aft__reason_add(&reasons, "due", "explain.due.waits", args, 1);
  aft__explain_say(e, &reasons);
  aft__buf_done(&reasons);
}

static void say_task(aft__explanation *e, const aft__value *row) {
  aft__policy_task task;
  aft__buf reasons;
  if (aft__task_ended(row) ||
      !aft__policy_task_find(e->cmd->policy, aft__row_str(row, AFT__TASK_NAME), &task))
    return;
  aft__buf_init(&reasons, e->cmd->env);
  aft__policy_task_explain(e->cmd->policy, &task, aft__row_str(row, AFT__TASK_CODE),
                           aft__row_int(row, AFT__TASK_CREATED), aft__row_int(row, AFT__TASK_DUE), &reasons);
  aft__explain_say(e, &reasons);
  aft__buf_done(&reasons);
}

static aft_status say_tasks(aft__explanation *e, aft_error *error) {
  aft__scan scan = {.table = &aft__task_table,
                    .index = AFT__TASK_BY_TICKET,
                    .n_equal = 2,
                    .equal = {aft__int(e->cmd->call.tenant), aft__int(e->subject)},
                    .limit = AFT__MOST_TASKS};
  aft__value **rows;
  uint32_t n;
  AFT__TRY(aft__scan_all(e->cmd->tx, &scan, &rows, &n, error));
  for (uint32_t i = 0; i < n; i++)
    say_task(e, rows[i]);
  return AFT_OK;
}

/* ---- the command ---- */

static aft_status say(aft__explanation *e, const aft__value *ticket, aft_error *error) {
  AFT__TRY(stage_ends(e, error));
  AFT__TRY(aft__explain_kept(e, error));
  if (!aft__explains_due(e))
    return AFT_OK;
  say_pause(e, ticket);
  return say_tasks(e, error);
}

static aft_status explain(aft__cmd *cmd, void *in, aft_error *error) {
  asked *a = in;
  aft__value *row;
  cmd->subject = a->ticket;
  AFT__TRY(aft__load(cmd, &aft__ticket_table, AFT__TICKET_TENANT, a->ticket, "ticket", &row, error));
  AFT__TRY(aft__may_ticket(cmd, row, error));
  aft__explanation e = {
      .cmd = cmd, .subject = a->ticket, .about = a->about, .locale = a->locale, .out = a->out};
  e.clocks = clocks_of(row);
  e.flow = aft__policy_machine(cmd->policy, "ticket");
  e.state = e.flow ? aft__flow_state_find(e.flow, aft__row_str(row, AFT__TICKET_STATE)) : AFT__FLOW_NONE;
  aft_status status = say(&e, row, error);
  aft_zone_unref(e.zone);
  return status;
}

aft_status aft_explain(aft_session *session, const aft_call *call, aft_id ticket, const char *about,
                       const char *locale, aft_buf **out, aft_error *error) {
  static const aft__command command = {
      .verb = "ticket.explain", .name = "explain", .roles = AFT__ROLES_STAFF, .read = true, .run = explain};
  asked a = {.ticket = ticket, .about = about, .locale = locale ? locale : "en"};
  return aft__command_text(session, call, &command, &a, &a.out, out, error);
}
