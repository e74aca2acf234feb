/* Macros: several actions of an agent at once, all of them or none. */
#include "desk/automation/automation_priv.h"
#include "desk/case/case_priv.h"

#include <aftersales/automation.h>

#define MACRO_V1 (offsetof(aft_macro_in, rev) + sizeof(int64_t))

/* ---- applying one ---- */

static aft_status may_use(aft__ticket *ticket, const aft__macro_of *macro, aft_error *error) {
  aft__cmd *cmd = ticket->cmd;
  aft__facts facts;
  if (!(macro->roles & AFT__ROLE(cmd->call.role)))
    return aft__denied(cmd, "the macro is for others", error);
  AFT__TRY(aft__ticket_facts_said(ticket, &facts, error));
  if (!aft__automation_holds(cmd->policy, macro->condition, &facts))
    return aft__error(error, AFT_E_INELIGIBLE, "macro.name", "the condition of the macro does not hold");
  return AFT_OK;
}

/* What the actions leave in the outcome is theirs: the command gives the ticket back. */
static aft_status carry_out(aft__ticket *ticket, const aft__macro_of *macro, aft_error *error) {
  aft__action_of list[AFT__MOST_ACTIONS];
  aft_status outcomes[AFT__MOST_ACTIONS];
  aft_error none = AFT_ERROR_INIT;
  aft__explain_macro(ticket, macro->name);
  for (uint32_t i = 0; i < macro->n_actions; i++) {
    aft__policy_action(ticket->cmd->policy, macro->first + i, &list[i]);
    outcomes[i] = aft__action_run(ticket, &list[i], error);
    AFT__TRY(outcomes[i]);
    aft__explain_action(ticket, &list[i], outcomes[i], &none);
  }
  aft__deeds deeds = {list, outcomes, macro->n_actions};
  AFT__TRY(aft__audit_run(ticket, "macro.ran", "macro", macro->name, (aft_str){0}, &deeds, error));
  return aft__ticket_save(ticket, error);
}

static aft_status apply_to(aft__ticket *ticket, const aft_macro_in *in, aft_error *error) {
  aft__macro_of macro;
  AFT__TRY(aft__may_shop(ticket->cmd, aft__ticket_int(ticket, AFT__TICKET_SHOP), error));
  if (in->rev && in->rev != aft__ticket_int(ticket, AFT__TICKET_REV))
    return aft__error(error, AFT_E_CONFLICT, "macro.rev",
                      "the ticket has changed: it is at revision %lld, not %lld",
                      (long long)aft__ticket_int(ticket, AFT__TICKET_REV), (long long)in->rev);
  if (!aft__policy_macro_find(ticket->cmd->policy, in->name, &macro))
    return aft__error(error, AFT_E_NOT_FOUND, "macro.name", "the policy has no macro '%.*s'",
                      (int)aft__utf8_cut(in->name, 60), in->name.data);
  AFT__TRY(may_use(ticket, &macro, error));
  return carry_out(ticket, &macro, error);
}

static aft_status apply(aft__cmd *cmd, void *given, aft_error *error) {
  const aft_macro_in *in = given;
  aft__ticket ticket;
  aft_status status = aft__ticket_load(cmd, in->ticket, &ticket, error);
  if (status >= 0)
    status = apply_to(&ticket, in, error);
  memset(cmd->ids, 0, sizeof cmd->ids);
  cmd->ids[0] = cmd->subject = in->ticket;
  cmd->row = status >= 0 ? ticket.row : NULL;
  aft__ticket_done(&ticket);
  return status;
}

static void digest(aft__sha256 *sha, const void *given) {
  const aft_macro_in *in = given;
  aft__digest_i64(sha, in->ticket);
  aft__digest_i64(sha, in->rev);
  aft__digest_str(sha, in->name);
}

aft_status aft_macro_apply(aft_session *session, const aft_call *call, const aft_macro_in *in,
                           aft_record **out, aft_error *error) {
  static const aft__command command = {.verb = "macro.apply",
                                       .name = "macro_apply",
                                       .roles = AFT__ROLES_STAFF,
                                       .returns = AFT_KIND_TICKET,
                                       .digest = digest,
                                       .run = apply};
  aft_macro_in local;
  AFT__TRY(aft__abi_copy(&local, sizeof local, in, MACRO_V1, "aft_macro_in", error));
  AFT__TRY(aft__in_id(local.ticket, "macro.ticket", error));
  AFT__TRY(aft__in_name(&local.name, 64, "macro.name", error));
  return aft__command_run(session, call, &command, &local, out, error);
}

/* ---- those that fit ---- */

typedef struct listing {
  aft_id ticket;
  const char *locale;
  aft_buf *out;
} listing;

/* Later events happen in states that the first leads to. */
static aft_status lets_first(aft__ticket *ticket, const aft__macro_of *macro, bool *out, aft_error *error) {
  aft__action_of action;
  *out = true;
  for (uint32_t i = 0; i < macro->n_actions; i++) {
    aft__policy_action(ticket->cmd->policy, macro->first + i, &action);
    const char *event = aft__action_event(action.kind);
    if (event)
      return aft__ticket_lets(ticket, event, ticket->cmd->call.role, out, error);
  }
  return AFT_OK;
}

static aft_status fits(aft__ticket *ticket, const aft__macro_of *macro, const aft__facts *facts, bool *out,
                       aft_error *error) {
  *out = macro->roles & AFT__ROLE(ticket->cmd->call.role) &&
         aft__automation_holds(ticket->cmd->policy, macro->condition, facts);
  return *out ? lets_first(ticket, macro, out, error) : AFT_OK;
}

static aft_status put_macro(aft__ticket *ticket, const aft__macro_of *macro, const char *locale,
                            aft__json *json, aft_error *error) {
  const aft_policy *policy = ticket->cmd->policy;
  char *key = aft__arena_printf(ticket->cmd->arena, "macro.%s", macro->name.data);
  if (!key)
    return aft__nomem(error);
  const char *label = aft_policy_text(policy, locale, key);
  aft__json_open(json, '{');
  aft__json_key(json, "name");
  aft__json_str(json, macro->name);
  aft__json_key(json, "label");
  aft__json_str(json, label == key ? macro->name : aft__cstr(label));
  aft__json_key(json, "actions");
  aft__json_open(json, '[');
  for (uint32_t i = 0; i < macro->n_actions; i++) {
    aft__action_of action;
    aft__policy_action(policy, macro->first + i, &action);
    aft__action_json(&action, json);
    aft__json_close(json, '}');
  }
  aft__json_close(json, ']');
  aft__json_close(json, '}');
  return AFT_OK;
}

static aft_status put_fitting(aft__ticket *ticket, const listing *l, aft_error *error) {
  aft__facts facts;
  aft__macro_of macro;
  aft__json json;
  bool fit;
  AFT__TRY(aft__may_shop(ticket->cmd, aft__ticket_int(ticket, AFT__TICKET_SHOP), error));
  AFT__TRY(aft__ticket_facts_said(ticket, &facts, error));
  aft__buf_clear(l->out);
  aft__json_init(&json, l->out);
  aft__json_open(&json, '[');
  for (uint32_t i = 0; aft__policy_macro_at(ticket->cmd->policy, i, &macro); i++) {
    AFT__TRY(fits(ticket, &macro, &facts, &fit, error));
    if (fit)
      AFT__TRY(put_macro(ticket, &macro, l->locale, &json, error));
  }
  aft__json_close(&json, ']');
  return AFT_OK;
}

static aft_status list(aft__cmd *cmd, void *given, aft_error *error) {
  const listing *l = given;
  aft__ticket ticket;
  aft_status status = aft__ticket_load(cmd, l->ticket, &ticket, error);
  if (status >= 0)
    status = put_fitting(&ticket, l, error);
  aft__ticket_done(&ticket);
  return status;
}

aft_status aft_macro_list(aft_session *session, const aft_call *call, aft_id ticket, const char *locale,
                          aft_buf **out, aft_error *error) {
  static const aft__command command = {
      .verb = "macro.list", .name = "macro_list", .roles = AFT__ROLES_STAFF, .read = true, .run = list};
  listing l = {.ticket = ticket, .locale = locale ? locale : "en"};
  AFT__TRY(aft__in_id(ticket, "macro.ticket", error));
  return aft__command_text(session, call, &command, &l, &l.out, out, error);
}
