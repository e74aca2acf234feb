/* Effects that the ticket machine names: messages out, surveys, escalation. */
#include "desk/desk_priv.h"

const char *aft__ticket_locale(aft__ticket *ticket) {
  aft__value *customer;
  aft_error ignored = AFT_ERROR_INIT;
  aft_str locale = {0};
  if (aft__ticket_customer(ticket, &customer, &ignored) >= 0)
    locale = aft__row_str(customer, AFT__CUSTOMER_LOCALE);
  if (!locale.len)
    locale = aft__ticket_str(ticket, AFT__TICKET_LANGUAGE);
  if (!locale.len || aft__str_eq(locale, aft__cstr("und")))
    locale = aft__row_str(ticket->cmd->tenant, AFT__TENANT_LOCALE);
  return locale.len >= 2 && memcmp(locale.data, "zh", 2) == 0 ? "zh" : "en";
}

static void payload(aft__ticket *ticket, aft__buf *out, const char *key, aft_str text, aft_id message) {
  static const struct {
    const char *name;
    uint32_t column;
  } texts[] = {{"code", AFT__TICKET_CODE},
               {"channel", AFT__TICKET_CHANNEL},
               {"account", AFT__TICKET_ACCOUNT},
               {"handle", AFT__TICKET_HANDLE}};
  aft__json json;
  aft__json_init(&json, out);
  aft__json_open(&json, '{');
  aft__json_key(&json, "ticket");
  aft__json_id(&json, aft__ticket_id(ticket));
  for (size_t i = 0; i < AFT__COUNT(texts); i++) {
    aft__json_key(&json, texts[i].name);
    aft__json_str(&json, aft__ticket_str(ticket, texts[i].column));
  }
  aft__json_key(&json, "customer");
  aft__json_id(&json, aft__ticket_int(ticket, AFT__TICKET_CUSTOMER));
  if (message) {
    aft__json_key(&json, "message");
    aft__json_id(&json, message);
  }
  if (key) {
    aft__json_key(&json, "notice");
    aft__json_str(&json, aft__cstr(key));
  }
  aft__json_key(&json, "locale");
  aft__json_str(&json, aft__cstr(aft__ticket_locale(ticket)));
  aft__json_key(&json, "text");
  aft__json_str(&json, text);
  aft__json_close(&json, '}');
}

aft_status aft__ticket_send(aft__ticket *ticket, const char *topic, const char *key, aft_str text,
                            aft_id message, aft_error *error) {
  aft__cmd *cmd = ticket->cmd;
  aft__buf words, out;
  aft__buf_init(&words, cmd->env);
  aft__buf_init(&out, cmd->env);
  if (key) {
    const aft__arg args[] = {{"code", aft__ticket_str(ticket, AFT__TICKET_CODE)},
                             {"subject", aft__ticket_str(ticket, AFT__TICKET_SUBJECT)}};
    aft__policy_render(cmd->policy, aft__ticket_locale(ticket), key, args, AFT__COUNT(args), &words);
    text = aft__buf_view(&words);
  }
  payload(ticket, &out, key, text, message);
  aft_status status =
      words.failed || out.failed
          ? aft__nomem(error)
          : aft__outbox_add(cmd->tx, cmd->call.tenant, aft__ticket_id(ticket), aft__cstr(topic),
                            aft__buf_view(&out), AFT__OUT_AUTO, cmd->now, NULL, error);
  aft__buf_done(&words);
  aft__buf_done(&out);
  return status;
}

static aft_status notify(aft__ticket *ticket, const char *arg, aft_error *error) {
  char *key = aft__arena_printf(ticket->cmd->arena, "notify.%s", arg);
  if (!key)
    return aft__nomem(error);
  return aft__ticket_send(ticket, "message.send", key, (aft_str){0}, 0, error);
}

/* A higher level may be a reason for a higher priority. */
static aft_status escalate(aft__ticket *ticket, aft_error *error) {
  aft__facts facts;
  int64_t level = aft__ticket_int(ticket, AFT__TICKET_LEVEL);
  if (level >= aft__policy_most_level(ticket->cmd->policy))
    return AFT_OK;
  aft__ticket_set(ticket, AFT__TICKET_LEVEL, aft__int(level + 1));
  AFT__TRY(aft__ticket_facts(ticket, &facts, error));
  return aft__ticket_prioritise(ticket, &facts, true, error);
}

static aft_status reopen(aft__ticket *ticket) {
  aft__ticket_set(ticket, AFT__TICKET_REOPENS, aft__int(aft__ticket_int(ticket, AFT__TICKET_REOPENS) + 1));
  aft__ticket_set(ticket, AFT__TICKET_RESOLUTION, aft__null());
  return AFT_OK;
}

aft_status aft__ticket_effect(aft__ticket *ticket, const aft__flow *flow, const aft__flow_effect *effect,
                              aft_error *error) {
  const char *verb = flow->texts + effect->verb, *arg = flow->texts + effect->arg;
  if (strcmp(verb, "notify") == 0)
    return notify(ticket, arg, error);
  if (strcmp(verb, "escalate") == 0)
    return escalate(ticket, error);
  if (strcmp(verb, "reopen") == 0)
    return reopen(ticket);
  if (strcmp(verb, "survey") == 0)
    return aft__survey_schedule(ticket, error);
  if (strcmp(verb, "cancel_survey") == 0)
    return aft__survey_cancel(ticket, error);
  if (strcmp(verb, "queue") == 0) {
    aft__ticket_set(ticket, AFT__TICKET_ASSIGNEE, aft__null());
    return AFT_OK;
  }
  return aft__error(error, AFT_E_INTERNAL, "machines.ticket", "effect '%s' is not known to the desk", verb);
}
