/* What the policy has the desk offer with a message of the customer: kept with it, and with the reasons. */
#include "desk/desk_priv.h"

static void add_name(void *user, aft_str name) {
  aft__buf *names = user;
  if (names->len)
    aft__buf_char(names, ' ');
  aft__buf_str(names, name);
}

static aft_status suggest(aft__ticket *ticket, const aft__facts *facts, aft_error *error) {
  char memory[256];
  aft__buf names;
  aft__buf_lend(&names, ticket->cmd->env, memory, sizeof memory);
  aft__policy_suggest(ticket->cmd->policy, facts, add_name, &names, &ticket->reasons);
  aft_str kept = aft__arena_dup(ticket->cmd->arena, aft__buf_view(&names));
  bool failed = names.failed || !kept.data;
  aft__buf_done(&names);
  ticket->suggested = kept;
  return failed ? aft__nomem(error) : AFT_OK;
}

aft_status aft__ticket_suggest(aft__ticket *ticket, const aft__facts *facts, aft_error *error) {
  aft__facts now = *facts;
  now.text[AFT__FACT_PRIORITY] = aft__ticket_str(ticket, AFT__TICKET_PRIORITY);
  now.text[AFT__FACT_QUEUE] = aft__ticket_str(ticket, AFT__TICKET_QUEUE);
  return suggest(ticket, &now, error);
}

aft_status aft__ticket_suggest_thanked(aft__ticket *ticket, const aft__triage *triage, aft_error *error) {
  aft__facts facts;
  ticket->said = triage;
  aft_status status = aft__ticket_facts_said(ticket, &facts, error);
  ticket->said = NULL;
  AFT__TRY(status);
  facts.number[AFT__FACT_TONE] = triage->tone;
  facts.number[AFT__FACT_QUESTION] = triage->question;
  return suggest(ticket, &facts, error);
}
