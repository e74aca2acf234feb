/* Rules on events: asked in their order after a ticket was written, in the same transaction.
 *
 * What the actions of one round raise is looked at in the next. A rule runs once for a ticket in a command at
 * most, so the rounds end; they are bounded besides. */
#include "desk/automation/automation_priv.h"

#define MOST_ROUNDS 16u
#define WORDS       (AFT__MOST_RULES / 64)

/* A ticket of a command on which rules ran, or run now. */
typedef struct aft__ran {
  struct aft__ran *next;
  aft_id ticket;
  uint64_t ran[WORDS]; /* bit per rule */
  uint64_t raised;     /* by what a running action did to the ticket in the store */
  bool running, stopped;
} automated;

/* One round. */
typedef struct round {
  aft__ticket *ticket;
  automated *run;
  uint64_t on;
  aft__facts facts;
  bool known; /* the facts are those of now */
} round;

bool aft__automation_holds(const aft_policy *policy, uint32_t condition, const aft__facts *facts) {
  return condition == AFT__FLOW_NONE || aft__policy_holds(policy, condition, facts);
}

static automated *find_run(const aft__cmd *cmd, aft_id ticket) {
  automated *run = cmd->ran;
  while (run && run->ticket != ticket)
    run = run->next;
  return run;
}

bool aft__automation_runs(const aft__cmd *cmd, aft_id ticket) {
  const automated *run = find_run(cmd, ticket);
  return run && run->running;
}

static aft_status run_of(aft__ticket *ticket, automated **out, aft_error *error) {
  aft__cmd *cmd = ticket->cmd;
  *out = find_run(cmd, aft__ticket_id(ticket));
  if (*out)
    return AFT_OK;
  automated *run = aft__arena_alloc(cmd->arena, sizeof *run);
  if (!run)
    return aft__nomem(error);
  run->ticket = aft__ticket_id(ticket);
  run->next = cmd->ran;
  cmd->ran = run;
  *out = run;
  return AFT_OK;
}

/* ---- one action, which may fail alone ---- */

typedef struct before {
  aft__value row[AFT__TICKET_COLUMNS];
  uint64_t mask, raised, raised_in_store;
  aft__chain chain;
  size_t reasons;
} before;

static before remember(const aft__ticket *ticket, const automated *run) {
  before was = {.mask = ticket->mask,
                .raised = ticket->raised,
                .raised_in_store = run->raised,
                .chain = ticket->chain,
                .reasons = ticket->reasons.len};
  memcpy(was.row, ticket->row, sizeof was.row);
  return was;
}

static void put_back(aft__ticket *ticket, automated *run, const before *was) {
  memcpy(ticket->row, was->row, sizeof was->row);
  ticket->mask = was->mask;
  ticket->raised = was->raised;
  ticket->chain = was->chain;
  ticket->reasons.len = was->reasons;
  run->raised = was->raised_in_store;
}

/* A refusal undoes what the action had begun, and nothing else. */
static aft_status act(round *r, const aft__action_of *action, aft_status *outcome, aft_error *error) {
  aft__ticket *ticket = r->ticket;
  aft_error own = AFT_ERROR_INIT;
  before was = remember(ticket, r->run);
  AFT__TRY(aft__tx_savepoint(ticket->cmd->tx, error));
  *outcome = aft__action_run(ticket, action, &own);
  if (*outcome < 0 && aft__spoils_all(*outcome))
    return aft__error_pass(error, &own);
  if (*outcome < 0) {
    put_back(ticket, r->run, &was);
    AFT__TRY(aft__tx_savepoint_undo(ticket->cmd->tx, error));
  } else {
    AFT__TRY(aft__tx_savepoint_keep(ticket->cmd->tx, error));
  }
  aft__explain_action(ticket, action, *outcome, &own);
  return AFT_OK;
}

/* ---- one rule ---- */

static aft_str event_of(const round *r, const aft__rule_of *rule) {
  uint32_t i = 0;
  while (!((rule->on & r->on) >> i & 1))
    i++;
  return aft__policy_trigger(r->ticket->cmd->policy, i);
}

static aft_status run_rule(round *r, const aft__rule_of *rule, aft_str event, aft_error *error) {
  aft__action_of list[AFT__MOST_ACTIONS];
  aft_status outcomes[AFT__MOST_ACTIONS];
  for (uint32_t i = 0; i < rule->n_actions; i++) {
    aft__policy_action(r->ticket->cmd->policy, rule->first + i, &list[i]);
    AFT__TRY(act(r, &list[i], &outcomes[i], error));
  }
  r->known = false;
  aft__deeds deeds = {list, outcomes, rule->n_actions};
  return aft__audit_run(r->ticket, "automation.ran", "rule", rule->name, event, &deeds, error);
}

static aft_status look(round *r, uint32_t index, const aft__rule_of *rule, aft_error *error) {
  aft__ticket *ticket = r->ticket;
  aft_str event = event_of(r, rule);
  if (!r->known)
    AFT__TRY(aft__ticket_facts_said(ticket, &r->facts, error));
  r->known = true;
  bool held = aft__automation_holds(ticket->cmd->policy, rule->condition, &r->facts);
  aft__explain_rule(ticket, rule, event, &r->facts, held);
  if (!held)
    return AFT_OK;
  r->run->ran[index / 64] |= UINT64_C(1) << index % 64;
  AFT__TRY(run_rule(r, rule, event, error));
  if (rule->stop) {
    r->run->stopped = true;
    aft__explain_end(ticket, "explain.automation.stop");
  }
  return AFT_OK;
}

/* ---- all of them ---- */

static bool is_due(const round *r, uint32_t index, const aft__rule_of *rule) {
  return rule->enabled && rule->on & r->on && !(r->run->ran[index / 64] >> index % 64 & 1);
}

static aft_status go_round(aft__ticket *ticket, automated *run, uint64_t on, aft_error *error) {
  aft__rule_of rule;
  round r = {.ticket = ticket, .run = run, .on = on};
  for (uint32_t i = 0; !run->stopped && aft__policy_rule_at(ticket->cmd->policy, i, &rule); i++)
    if (is_due(&r, i, &rule))
      AFT__TRY(look(&r, i, &rule, error));
  return AFT_OK;
}

static aft_status go_rounds(aft__ticket *ticket, automated *run, uint64_t on, aft_error *error) {
  for (uint32_t n = 0; on && !run->stopped; n++) {
    if (n == MOST_ROUNDS) {
      aft__explain_end(ticket, "explain.automation.depth");
      break;
    }
    AFT__TRY(go_round(ticket, run, on, error));
    on = ticket->raised | run->raised;
    ticket->raised = run->raised = 0;
  }
  ticket->raised = run->raised = 0;
  return AFT_OK;
}

/* Rules act as the system, and leave no trace in what the command gives back. */
static aft_status as_system(aft__ticket *ticket, automated *run, uint64_t on, aft_error *error) {
  aft__cmd *cmd = ticket->cmd, was = *cmd;
  cmd->call.role = AFT_ROLE_SYSTEM;
  cmd->call.actor = 0;
  cmd->customer = NULL;
  cmd->link = NULL;
  run->running = true;
  aft_status status = go_rounds(ticket, run, on, error);
  run->running = false;
  cmd->call = was.call;
  cmd->customer = was.customer;
  cmd->link = was.link;
  cmd->subject = was.subject;
  cmd->row = was.row;
  memcpy(cmd->ids, was.ids, sizeof cmd->ids);
  return status;
}

aft_status aft__automation_run(aft__ticket *ticket, aft_error *error) {
  automated *run;
  uint64_t on = ticket->raised;
  AFT__TRY(run_of(ticket, &run, error));
  ticket->raised = 0;
  if (run->running) { /* an action has done something to the ticket in the store: a matter of the next round
                       */
    run->raised |= on;
    return AFT_OK;
  }
  return as_system(ticket, run, on, error);
}
