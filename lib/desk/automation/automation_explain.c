/* Why rules and macros did what they did: reasons of the decision, and the audit event. */
#include "desk/automation/automation_priv.h"

static const char about[] = "automation";

static void tell_fact(void *user, const char *fact, aft_str found) {
  aft__ticket *ticket = user;
  aft__arg args[] = {{"fact", aft__cstr(fact)}, {"found", found}};
  aft__reason_add(&ticket->reasons, about, "explain.automation.fact", args, AFT__COUNT(args));
}

void aft__explain_rule(aft__ticket *ticket, const aft__rule_of *rule, aft_str event, const aft__facts *facts,
                       bool held) {
  aft__arg args[] = {{"automation", rule->name}, {"event", event}};
  aft__reason_add(&ticket->reasons, about, held ? "explain.automation.ran" : "explain.automation.passed",
                  args, AFT__COUNT(args));
  aft__policy_tested(ticket->cmd->policy, rule->condition, facts, tell_fact, ticket);
}

void aft__explain_macro(aft__ticket *ticket, aft_str name) {
  aft__arg arg = {"macro", name};
  aft__reason_add(&ticket->reasons, about, "explain.macro.ran", &arg, 1);
}

void aft__explain_end(aft__ticket *ticket, const char *key) {
  aft__reason_add(&ticket->reasons, about, key, NULL, 0);
}

/* "AFT_E_TRANSITION" has the text "refusal.AFT_E_TRANSITION"; the detail is the error's own sentence. */
void aft__explain_action(aft__ticket *ticket, const aft__action_of *action, aft_status outcome,
                         const aft_error *why) {
  const char *key = outcome == AFT_OK ? "explain.automation.did"
                    : outcome >= 0    ? "explain.automation.nothing"
                                      : "explain.automation.refused";
  char *value = aft__arena_printf(ticket->cmd->arena, "%.*s%s%.*s", (int)action->name.len,
                                  action->name.len ? action->name.data : "",
                                  action->name.len && action->value.len ? " " : "", (int)action->value.len,
                                  action->value.len ? action->value.data : "");
  aft__arg args[] = {{"action", aft__cstr(aft__action_words[action->kind])},
                     {"value", aft__cstr(value ? value : "")},
                     {"refusal", aft__cstr(aft_status_name(outcome))},
                     {"detail", aft__cstr(why->message)}};
  ticket->reasons.failed |= !value;
  aft__reason_add(&ticket->reasons, about, key, args, outcome < 0 ? 4 : 2);
}

/* ---- the audit event ---- */

static void put_deeds(aft__json *json, const char *key, const aft__deeds *deeds, int which) {
  bool any = false;
  for (uint32_t i = 0; i < deeds->n; i++) {
    int kind = deeds->outcomes[i] == AFT_OK ? 0 : deeds->outcomes[i] > 0 ? 1 : 2;
    if (kind != which)
      continue;
    if (!any) {
      aft__json_key(json, key);
      aft__json_open(json, '[');
    }
    any = true;
    aft__json_str(json, aft__cstr(aft__action_words[deeds->list[i].kind]));
  }
  if (any)
    aft__json_close(json, ']');
}

aft_status aft__audit_run(aft__ticket *ticket, const char *verb, const char *key, aft_str name, aft_str event,
                          const aft__deeds *deeds, aft_error *error) {
  aft__buf buf;
  aft__json json;
  aft__buf_init(&buf, ticket->cmd->env);
  aft__json_init(&json, &buf);
  aft__json_open(&json, '{');
  aft__json_key(&json, key);
  aft__json_str(&json, name);
  if (event.len) {
    aft__json_key(&json, "on");
    aft__json_str(&json, event);
  }
  put_deeds(&json, "did", deeds, 0);
  put_deeds(&json, "idle", deeds, 1);
  put_deeds(&json, "refused", deeds, 2);
  aft__json_close(&json, '}');
  aft_str facts = buf.failed ? (aft_str){0} : aft__arena_dup(ticket->cmd->arena, aft__buf_view(&buf));
  aft__buf_done(&buf);
  if (!facts.data)
    return aft__nomem(error);
  return aft__ticket_note(ticket, verb, facts, (aft_str){0}, error);
}
