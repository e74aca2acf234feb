/* Acts on tickets: assign, wait, resolve, reopen, merge and the rest, as the machine allows. */
#include "desk/collaboration/collaborate_priv.h"

#define ACT_V1 (offsetof(aft_act_in, topic) + sizeof(aft_str))

typedef struct act {
  const char *event; /* of the machine; NULL: none */
  aft_status (*before)(aft__ticket *ticket, const aft_act_in *in, aft__fire *fire, aft_error *error);
  aft_status (*after)(aft__ticket *ticket, const aft_act_in *in, aft_error *error);
} act;

static aft_status check_agent(aft__ticket *ticket, const aft_act_in *in, aft__fire *fire, aft_error *error) {
  (void)fire;
  return aft__works_for(ticket->cmd, in->agent, aft__ticket_int(ticket, AFT__TICKET_SHOP), "act.agent",
                        error);
}

static aft_status set_agent(aft__ticket *ticket, const aft_act_in *in, aft_error *error) {
  (void)error;
  aft__ticket_set(ticket, AFT__TICKET_ASSIGNEE, aft__int(in->agent));
  return AFT_OK;
}

static aft_status drop_agent(aft__ticket *ticket, const aft_act_in *in, aft_error *error) {
  (void)in, (void)error;
  aft__ticket_set(ticket, AFT__TICKET_ASSIGNEE, aft__null());
  return AFT_OK;
}

static aft_status check_until(aft__ticket *ticket, const aft_act_in *in, aft__fire *fire, aft_error *error) {
  if (in->until && in->until <= ticket->cmd->now)
    return aft__error(error, AFT_E_INVALID, "act.until", "expected a time to come");
  fire->deadline = in->until;
  return AFT_OK;
}

static aft_status set_resolution(aft__ticket *ticket, const aft_act_in *in, aft_error *error) {
  (void)error;
  aft_str reason = in->reason.len ? in->reason : aft__cstr("solved");
  aft__ticket_set(ticket, AFT__TICKET_RESOLUTION, aft__text(reason));
  return AFT_OK;
}

/* ---- a person's own judgement ---- */

static aft_status classify(aft__ticket *ticket, const aft_act_in *in, aft__fire *fire, aft_error *error) {
  aft_str category;
  (void)fire;
  if (!aft__policy_category_find(ticket->cmd->policy, in->category, &category))
    return aft__error(error, AFT_E_INVALID, "act.category", "the policy has no category '%.*s'",
                      (int)in->category.len, in->category.len ? in->category.data : "");
  AFT__TRY(aft__correction_of_ticket(ticket->cmd, ticket->row, category, error));
  return aft__ticket_sort(ticket, category, in->topic, "explain.category.person", error);
}

/* ---- keeping it from retention ---- */

static aft_status hold(aft__ticket *ticket, const aft_act_in *in, aft__fire *fire, aft_error *error) {
  (void)in;
  if (!aft__row_null(ticket->row, AFT__TICKET_HELD))
    return AFT_IGNORED;
  aft__ticket_set(ticket, AFT__TICKET_HELD, aft__int(ticket->cmd->now));
  AFT__TRY(aft__merge_hold(ticket, error));
  return aft__ticket_note(ticket, "ticket.held", fire->facts, (aft_str){0}, error);
}

static aft_status unhold(aft__ticket *ticket, const aft_act_in *in, aft__fire *fire, aft_error *error) {
  (void)in;
  if (aft__row_null(ticket->row, AFT__TICKET_HELD))
    return AFT_IGNORED;
  aft__ticket_set(ticket, AFT__TICKET_HELD, aft__null());
  aft__ticket_set(ticket, AFT__TICKET_KEPT, aft__null());
  return aft__ticket_note(ticket, "ticket.unheld", fire->facts, (aft_str){0}, error);
}

static const act acts[] = {
    [AFT_ACT_ASSIGN] = {"assign", check_agent, set_agent},
    [AFT_ACT_RELEASE] = {"release", NULL, drop_agent},
    [AFT_ACT_WAIT_THIRD] = {"wait_third", check_until, NULL},
    [AFT_ACT_RESUME] = {"resume", NULL, NULL},
    [AFT_ACT_RESOLVE] = {"resolve", NULL, set_resolution},
    [AFT_ACT_REOPEN] = {"reopen", NULL, NULL},
    [AFT_ACT_CLOSE] = {"close", NULL, NULL},
    [AFT_ACT_SPAM] = {"spam", NULL, NULL},
    [AFT_ACT_UNSPAM] = {"unspam", NULL, NULL},
    [AFT_ACT_ESCALATE] = {"escalate", NULL, NULL},
    [AFT_ACT_MERGE] = {"merge", aft__ticket_merge_check, aft__ticket_merge},
    [AFT_ACT_CLASSIFY] = {NULL, classify, NULL},
    [AFT_ACT_HOLD] = {NULL, hold, NULL},
    [AFT_ACT_UNHOLD] = {NULL, unhold, NULL},
};

/* The person's reason goes into the audit event as its facts. */
static aft_status facts_of(aft__ticket *ticket, const aft_act_in *in, aft__fire *fire, aft_error *error) {
  aft__buf buf;
  aft__json json;
  if (!in->reason.len)
    return AFT_OK;
  aft__buf_init(&buf, ticket->cmd->env);
  aft__json_init(&json, &buf);
  aft__json_open(&json, '{');
  aft__json_key(&json, "reason");
  aft__json_str(&json, in->reason);
  aft__json_close(&json, '}');
  fire->facts = buf.failed ? (aft_str){0} : aft__arena_dup(ticket->cmd->arena, aft__buf_view(&buf));
  aft__buf_done(&buf);
  return fire->facts.data ? AFT_OK : aft__nomem(error);
}

static aft_status do_act(aft__ticket *ticket, const aft_act_in *in, aft_error *error) {
  const act *what = &acts[in->act];
  aft__fire fire = {.event = what->event};
  aft_status status = AFT_OK;
  AFT__TRY(aft__may_ticket(ticket->cmd, ticket->row, error));
  if (in->rev && in->rev != aft__ticket_int(ticket, AFT__TICKET_REV))
    return aft__error(error, AFT_E_CONFLICT, "act.rev",
                      "the ticket has changed: it is at revision %lld, not %lld",
                      (long long)aft__ticket_int(ticket, AFT__TICKET_REV), (long long)in->rev);
  AFT__TRY(facts_of(ticket, in, &fire, error));
  if (!what->event && ticket->cmd->call.role == AFT_ROLE_BUYER) /* the machine is not asked */
    return aft__denied(ticket->cmd, "this is for the shop's people", error);
  if (what->before)
    status = what->before(ticket, in, &fire, error);
  if (status != AFT_OK)
    return status;
  if (what->event)
    status = aft__ticket_fire(ticket, &fire, error);
  if (status != AFT_OK)
    return status;
  if (what->after)
    AFT__TRY(what->after(ticket, in, error));
  return aft__ticket_save(ticket, error);
}

static aft_status run_act(aft__cmd *cmd, void *given, aft_error *error) {
  const aft_act_in *in = given;
  aft__ticket ticket;
  aft_status status = aft__ticket_load(cmd, in->ticket, &ticket, error);
  if (status >= 0)
    status = do_act(&ticket, in, error);
  cmd->ids[0] = in->ticket;
  cmd->subject = in->ticket;
  cmd->row = status == AFT_OK ? ticket.row : NULL;
  aft__ticket_done(&ticket);
  return status;
}

static void act_digest(aft__sha256 *sha, const void *given) {
  const aft_act_in *in = given;
  const int64_t numbers[] = {in->ticket, in->rev, in->act, in->agent, in->other, in->until};
  for (size_t i = 0; i < AFT__COUNT(numbers); i++)
    aft__digest_i64(sha, numbers[i]);
  aft__digest_str(sha, in->reason);
  aft__digest_str(sha, in->category);
  aft__digest_str(sha, in->topic);
}

/* Buyers close their own ticket; the machine says which events are a buyer's. */
aft_status aft_ticket_act(aft_session *session, const aft_call *call, const aft_act_in *in, aft_record **out,
                          aft_error *error) {
  static const aft__command command = {.verb = "ticket.act",
                                       .name = "ticket_act",
                                       .roles = AFT__ROLES_ALL,
                                       .returns = AFT_KIND_TICKET,
                                       .digest = act_digest,
                                       .run = run_act};
  aft_act_in local;
  AFT__TRY(aft__abi_copy(&local, sizeof local, in, ACT_V1, "aft_act_in", error));
  AFT__TRY(aft__in_id(local.ticket, "act.ticket", error));
  AFT__TRY(aft__in_text(&local.reason, AFT__NAME_BYTES, "act.reason", error));
  AFT__TRY(aft__in_text(&local.category, AFT__NAME_BYTES, "act.category", error));
  AFT__TRY(aft__in_text(&local.topic, AFT__NAME_BYTES, "act.topic", error));
  if (!local.act || local.act >= AFT__COUNT(acts))
    return aft__error(error, AFT_E_INVALID, "act.act", "expected AFT_ACT_…, found %u", local.act);
  return aft__command_run(session, call, &command, &local, out, error);
}
