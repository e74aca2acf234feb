/* Which ticket a message belongs to: by code, by what it answers, or by who wrote it not long ago. */
#include "desk/intake/intake_priv.h"

#define RECENT 16 /* latest tickets of a customer that are looked at */

static aft_status by_code(aft__intake *intake, aft_str text, aft__value **row, aft_error *error) {
  aft__cmd *cmd = intake->cmd;
  char code[AFT_CODE_SIZE];
  *row = NULL;
  if (!text.len || !aft__code_find(text, 'T', code))
    return AFT_OK;
  aft__value keys[] = {aft__int(cmd->call.tenant), aft__text(aft__cstr(code))};
  aft_status status = aft__find(cmd->tx, &aft__ticket_table, AFT__TICKET_BY_CODE, keys, row, error);
  if (status == AFT_E_NOT_FOUND)
    *row = NULL;
  return status == AFT_E_NOT_FOUND ? AFT_OK : status;
}

static aft_status by_reference(aft__intake *intake, aft__value **row, aft_error *error) {
  aft__cmd *cmd = intake->cmd;
  const aft_message_in *in = &intake->in;
  aft__value *message;
  *row = NULL;
  if (!in->replies_to.len)
    return AFT_OK;
  aft__value keys[] = {aft__int(cmd->call.tenant), aft__text(in->channel), aft__text(in->account),
                       aft__text(in->replies_to)};
  aft_status status =
      aft__find(cmd->tx, &aft__message_table, AFT__MESSAGE_BY_EXTERNAL, keys, &message, error);
  if (status == AFT_E_NOT_FOUND)
    return AFT_OK;
  AFT__TRY(status);
  return aft__get(cmd->tx, &aft__ticket_table, aft__row_int(message, AFT__MESSAGE_TICKET), row, error);
}

static aft_status named_ticket(aft__intake *intake, aft__value **row, aft_error *error) {
  const aft_message_in *in = &intake->in;
  AFT__TRY(by_code(intake, in->code, row, error));
  if (!*row)
    AFT__TRY(by_reference(intake, row, error));
  if (!*row)
    AFT__TRY(by_code(intake, in->subject, row, error));
  if (!*row)
    AFT__TRY(by_code(intake, in->text, row, error));
  return *row ? aft__merge_target(intake->cmd, row, error) : AFT_OK;
}

/* Whether the machine lets a reply in: one that is ignored there begins a ticket that follows up. */
static aft_status takes_reply(aft__intake *intake, aft__value *row, bool *out, aft_error *error) {
  aft__ticket ticket = {.cmd = intake->cmd, .row = row, .customer = NULL};
  const aft__flow *flow;
  uint32_t state;
  AFT__TRY(aft__ticket_machine(&ticket, &flow, &state, error));
  if (intake->thanks) {
    *out = true;
    return AFT_OK;
  }
  return aft__ticket_lets(&ticket, "customer_reply", AFT_ROLE_BUYER, out, error);
}

static aft_status join_named(aft__intake *intake, aft__value *row, aft_error *error) {
  bool part, open;
  aft_id id = row[AFT__TICKET_ID].number;
  AFT__TRY(aft__takes_part(intake->cmd, row, intake->customer[AFT__CUSTOMER_ID].number, &part, error));
  if (!part) {
    intake->hint = id;
    intake->disposition = "hinted";
    return AFT_OK;
  }
  AFT__TRY(takes_reply(intake, row, &open, error));
  intake->thread = open ? id : 0;
  intake->joined = row;
  intake->follows = open ? 0 : id;
  intake->disposition = !open ? "followed_up" : intake->thanks ? "acknowledged" : "threaded";
  return AFT_OK;
}

/* The latest ticket of the same customer and shop with something said within the window. */
static aft_status recent_ticket(aft__intake *intake, aft_error *error) {
  aft__cmd *cmd = intake->cmd;
  aft__policy_intake policy;
  aft__policy_intake_of(cmd->policy, &policy);
  aft__value since = aft__int(cmd->now - policy.thread_window_ms);
  aft__scan scan = {.table = &aft__ticket_table,
                    .index = AFT__TICKET_BY_CUSTOMER,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), intake->customer[AFT__CUSTOMER_ID]},
                    .low = &since,
                    .descending = true,
                    .limit = RECENT};
  aft__value **rows;
  uint32_t n;
  AFT__TRY(aft__scan_all(cmd->tx, &scan, &rows, &n, error));
  for (uint32_t i = 0; i < n && !intake->thread; i++) {
    bool open = false, here = aft__row_int(rows[i], AFT__TICKET_SHOP) == intake->in.shop;
    /* thanks belong to what has just ended rather than to a ticket of their own */
    bool live = intake->thanks ? aft__row_null(rows[i], AFT__TICKET_MERGED_INTO)
                               : aft__row_int(rows[i], AFT__TICKET_OPEN) != 0;
    if (here && live)
      AFT__TRY(takes_reply(intake, rows[i], &open, error));
    if (!open)
      continue;
    intake->thread = rows[i][AFT__TICKET_ID].number;
    intake->joined = rows[i];
    intake->disposition = intake->thanks ? "acknowledged" : "threaded";
  }
  return AFT_OK;
}

aft_status aft__intake_thread(aft__intake *intake, aft_error *error) {
  aft__value *row;
  intake->thread = intake->follows = intake->hint = 0;
  intake->disposition = "opened";
  AFT__TRY(named_ticket(intake, &row, error));
  if (row)
    return join_named(intake, row, error);
  return recent_ticket(intake, error);
}
