/* A message read in its conversation: with what the customer said just before, and as the answer to what the
 * desk asked. */
#include "desk/intake/intake_priv.h"

#define MESSAGES_MOST 8 /* latest of the ticket that are looked at */

typedef struct conversation {
  aft_str turns[MESSAGES_MOST]; /* the oldest first, from `first` on */
  uint32_t first;
  aft_str desk; /* what it asked last */
} conversation;

static aft_status latest_messages(aft__intake *intake, aft__value ***rows, uint32_t *n, aft_error *error) {
  aft__cmd *cmd = intake->cmd;
  aft__scan scan = {.table = &aft__message_table,
                    .index = AFT__MESSAGE_BY_TICKET,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), aft__int(intake->thread)},
                    .descending = true,
                    .limit = MESSAGES_MOST};
  return aft__scan_all(cmd->tx, &scan, rows, n, error);
}

/* Back from the latest message: the customer's own up to a pause or to what the desk said, which may ask. */
static aft_status read_back(aft__intake *intake, aft__value **rows, uint32_t n, conversation *c,
                            aft_error *error) {
  aft__policy_intake policy;
  aft__policy_intake_of(intake->cmd->policy, &policy);
  int64_t at = intake->in.sent ? intake->in.sent : intake->cmd->now;
  bool paused = false;
  for (uint32_t i = 0; i < n; i++) {
    const aft__value *row = rows[i];
    aft_str text = aft__row_str(row, AFT__MESSAGE_TEXT);
    if (aft__row_int(row, AFT__MESSAGE_VISIBILITY) != AFT_PUBLIC)
      continue;
    if (!aft__row_int(row, AFT__MESSAGE_INBOUND)) {
      bool asked = false;
      AFT__TRY(aft__triage_wants_answer(intake->cmd->policy, text, intake->cmd->arena, &asked, error));
      c->desk = asked ? text : aft__cstr("");
      return AFT_OK;
    }
    int64_t sent = aft__row_int(row, AFT__MESSAGE_SENT);
    paused |= at - sent > policy.pause_ms ||
              aft__row_int(row, AFT__MESSAGE_CUSTOMER) != intake->customer[AFT__CUSTOMER_ID].number;
    if (!paused && text.len)
      c->turns[--c->first] = text;
    at = sent;
  }
  return AFT_OK;
}

/* Long after the last word, what says clearly what it is about needs no conversation. */
static bool may_matter(const aft__intake *intake) {
  aft__policy_intake policy;
  aft__policy_intake_of(intake->cmd->policy, &policy);
  const aft__triage *t = &intake->triage;
  bool clear = aft__triage_content(t) && !t->unsure;
  bool rules = aft__policy_rule_tests(intake->cmd->policy) & aft__fact_bit(AFT__FACT_ASKED);
  return !clear || rules ||
         intake->cmd->now - aft__row_int(intake->joined, AFT__TICKET_UPDATED) <= policy.pause_ms;
}

/* The order of the ticket, where the message names none and a rule asks for its state or its case's. */
static aft_status tickets_order(aft__intake *intake, bool *known, aft_error *error) {
  aft_id order = aft__row_int(intake->joined, AFT__TICKET_ORDER);
  uint64_t states = aft__fact_bit(AFT__FACT_ORDER_STATE) | aft__fact_bit(AFT__FACT_CASE_STATE);
  bool asks = aft__policy_rule_tests(intake->cmd->policy) & states;
  *known = !intake->order && order && asks;
  if (*known)
    AFT__TRY(aft__order_state(intake->cmd, order, &intake->order_state, error));
  if (*known)
    AFT__TRY(aft__intake_case_state(intake, order, error));
  return AFT_OK;
}

aft_status aft__intake_reread(aft__intake *intake, aft_error *error) {
  conversation c = {.first = MESSAGES_MOST};
  bool thanks = intake->thanks, order = false;
  AFT__TRY(tickets_order(intake, &order, error));
  if (may_matter(intake)) {
    aft__value **rows;
    uint32_t n;
    AFT__TRY(latest_messages(intake, &rows, &n, error));
    AFT__TRY(read_back(intake, rows, n, &c, error));
  }
  if (c.first == MESSAGES_MOST && !c.desk.len && !order)
    return AFT_OK;
  AFT__TRY(aft__intake_triage(intake, c.turns + c.first, MESSAGES_MOST - c.first, c.desk, error));
  return intake->thanks == thanks ? AFT_OK : aft__intake_thread(intake, error);
}
