/* Call-backs that a customer asks for, or somebody on their behalf. */
#include "desk/task/task_priv.h"

#define CALLBACK_V1 (offsetof(aft_callback_in, reason) + sizeof(aft_str))
#define MOST_WINDOW (7 * AFT__DAY)
#define MOST_AHEAD  (90 * AFT__DAY)

/* ---- the window ---- */

static aft_status check_order(const aft__cmd *cmd, const aft_callback_in *in, aft_error *error) {
  if (in->from < 0 || in->until <= in->from || in->until - in->from > MOST_WINDOW)
    return aft__error(error, AFT_E_INVALID, "callback.window",
                      "expected a window of up to 7 days that ends after it begins");
  if (in->until <= cmd->now)
    return aft__error(error, AFT_E_INVALID, "callback.window",
                      "expected a window to come, found one that "
                      "has passed");
  if (in->from > cmd->now + MOST_AHEAD)
    return aft__error(error, AFT_E_INVALID, "callback.window", "expected a window of the next 90 days");
  return AFT_OK;
}

static aft_status closed(aft_time start, aft_error *error) {
  char at[AFT_TIME_ISO_SIZE];
  AFT__TRY(aft_time_iso(start, NULL, at, error));
  return aft__error(error, AFT_E_INVALID, "callback.window",
                    "nobody calls back in that window: the next open hours begin at %s", at);
}

static aft_status check_window(const aft__cmd *cmd, const aft_callback_in *in, const aft__policy_task *policy,
                               aft_error *error) {
  aft_time from = in->from > cmd->now ? in->from : cmd->now, start, end;
  if (!in->from && !in->until)
    return AFT_OK;
  AFT__TRY(check_order(cmd, in, error));
  if (!aft__policy_task_open(cmd->policy, policy, from, &start, &end))
    return aft__error(error, AFT_E_INVALID, "callback.window", "nobody calls back any more");
  return start < in->until ? AFT_OK : closed(start, error);
}

/* ---- asking ---- */

static aft_status may_ask(aft__ticket *ticket, aft_error *error) {
  aft__cmd *cmd = ticket->cmd;
  if (cmd->call.role != AFT_ROLE_BUYER)
    return aft__may_shop(cmd, aft__ticket_int(ticket, AFT__TICKET_SHOP), error);
  return aft__ticket_int(ticket, AFT__TICKET_CUSTOMER) == cmd->call.actor
             ? AFT_OK
             : aft__denied(cmd, "the ticket is another customer's", error);
}

static aft_status find_policy(const aft__cmd *cmd, const aft_callback_in *in, aft__policy_task *policy,
                              aft_error *error) {
  bool found = aft__policy_task_find(cmd->policy, in->name, policy);
  if (found && policy->kind == AFT__TASK_CALL_BACK)
    return AFT_OK;
  return aft__error(error, AFT_E_INVALID, "callback.name", "the policy has no call-back '%.*s'",
                    (int)aft__utf8_cut(in->name, 60), in->name.data);
}

static aft_status check_phone(aft__ticket *ticket, const aft_callback_in *in, aft_error *error) {
  aft__value *customer;
  AFT__TRY(aft__ticket_customer(ticket, &customer, error));
  return in->phone.len || aft__row_str(customer, AFT__CUSTOMER_PHONE).len
             ? AFT_OK
             : aft__error(error, AFT_E_INVALID, "callback.phone", "required: the customer has no number");
}

static aft_status ask(aft__ticket *ticket, const aft_callback_in *in, aft_error *error) {
  aft__policy_task policy;
  aft__cmd *cmd = ticket->cmd;
  AFT__TRY(may_ask(ticket, error));
  AFT__TRY(aft__customer_id_stays(cmd, aft__ticket_int(ticket, AFT__TICKET_CUSTOMER), error));
  if (!aft__ticket_int(ticket, AFT__TICKET_OPEN))
    return aft__error(error, AFT_E_TRANSITION, "callback.ticket", "the ticket has come to its end");
  AFT__TRY(find_policy(cmd, in, &policy, error));
  AFT__TRY(check_window(cmd, in, &policy, error));
  AFT__TRY(check_phone(ticket, in, error));
  aft__task_new fresh = {.name = in->name,
                         .cause = cmd->call.role == AFT_ROLE_BUYER ? "customer" : "staff",
                         .from = in->from,
                         .until = in->until,
                         .phone = in->phone,
                         .language = in->language,
                         .reason = in->reason};
  AFT__TRY(aft__task_open_for(ticket, &fresh, error));
  return aft__ticket_save(ticket, error);
}

static aft_status run(aft__cmd *cmd, void *given, aft_error *error) {
  const aft_callback_in *in = given;
  aft__ticket ticket;
  aft_status status = aft__ticket_load(cmd, in->ticket, &ticket, error);
  if (status >= 0)
    status = ask(&ticket, in, error);
  aft__ticket_done(&ticket);
  return status;
}

static void digest(aft__sha256 *sha, const void *given) {
  const aft_callback_in *in = given;
  const int64_t numbers[] = {in->ticket, in->from, in->until};
  const aft_str texts[] = {in->name, in->phone, in->language, in->reason};
  for (size_t i = 0; i < AFT__COUNT(numbers); i++)
    aft__digest_i64(sha, numbers[i]);
  for (size_t i = 0; i < AFT__COUNT(texts); i++)
    aft__digest_str(sha, texts[i]);
}

aft_status aft_callback_ask(aft_session *session, const aft_call *call, const aft_callback_in *in,
                            aft_record **out, aft_error *error) {
  static const aft__command command = {.verb = "callback.ask",
                                       .name = "callback_ask",
                                       .roles = AFT__ROLES_ALL,
                                       .returns = AFT_KIND_TASK,
                                       .digest = digest,
                                       .run = run,
                                       .hide = aft__task_hide};
  aft_callback_in local;
  AFT__TRY(aft__abi_copy(&local, sizeof local, in, CALLBACK_V1, "aft_callback_in", error));
  AFT__TRY(aft__in_id(local.ticket, "callback.ticket", error));
  AFT__TRY(aft__in_text(&local.name, 64, "callback.name", error));
  AFT__TRY(aft__in_phone(&local.phone, "callback.phone", error));
  AFT__TRY(aft__in_language(&local.language, "callback.language", error));
  AFT__TRY(aft__in_text(&local.reason, AFT__TASK_WORDS, "callback.reason", error));
  if (!local.name.len)
    local.name = aft__cstr(AFT__TASK_CALL);
  return aft__command_run(session, call, &command, &local, out, error);
}
