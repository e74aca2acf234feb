/* What leaves for a ticket through the outbox, in its order: messages to the customer, requests to people. */
#include "desk/notice/notice_priv.h"

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
  return aft__locale_of(locale);
}

static aft_status queue(aft__ticket *ticket, const char *topic, const aft__buf *out, aft_error *error) {
  aft__cmd *cmd = ticket->cmd;
  return out->failed ? aft__nomem(error)
                     : aft__outbox_add(cmd->tx, cmd->call.tenant, aft__ticket_id(ticket), aft__cstr(topic),
                                       aft__buf_view(out), AFT__OUT_AUTO, cmd->now, NULL, error);
}

aft_status aft__ticket_work(aft__ticket *ticket, const char *work, const char *key, aft_str value,
                            aft_error *error) {
  aft__buf out;
  aft__json json;
  aft__buf_init(&out, ticket->cmd->env);
  aft__json_init(&json, &out);
  aft__json_open(&json, '{');
  aft__json_key(&json, "ticket");
  aft__json_id(&json, aft__ticket_id(ticket));
  aft__json_key(&json, "code");
  aft__json_str(&json, aft__ticket_str(ticket, AFT__TICKET_CODE));
  aft__json_key(&json, "work");
  aft__json_str(&json, aft__cstr(work));
  aft__json_key(&json, key);
  aft__json_str(&json, value);
  aft__json_close(&json, '}');
  aft_status status = queue(ticket, "work.order", &out, error);
  aft__buf_done(&out);
  return status;
}

/* ---- somebody's own words: an answer in a conversation, which no wish holds back ---- */

static void put_words(aft__ticket *ticket, aft__buf *out, aft_str text, aft_id message) {
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
  aft__json_key(&json, "locale");
  aft__json_str(&json, aft__cstr(aft__ticket_locale(ticket)));
  aft__json_key(&json, "text");
  aft__json_str(&json, text);
  aft__json_close(&json, '}');
}

/* There is nobody left to send to once the customer was erased. */
aft_status aft__ticket_say(aft__ticket *ticket, aft_str text, aft_id message, aft_error *error) {
  aft__buf out;
  aft__value *customer;
  AFT__TRY(aft__ticket_customer(ticket, &customer, error));
  if (!aft__row_null(customer, AFT__CUSTOMER_ERASED))
    return AFT_OK;
  aft__buf_init(&out, ticket->cmd->env);
  put_words(ticket, &out, text, message);
  aft_status status = queue(ticket, "message.send", &out, error);
  aft__buf_done(&out);
  return status;
}

/* ---- notices ---- */

static aft_status notify(aft__ticket *ticket, const char *event, aft_id survey, bool *suppressed,
                         aft_error *error) {
  const aft__filling values[] = {
      {.name = "code", .kind = AFT__IS_TEXT, .text = aft__ticket_str(ticket, AFT__TICKET_CODE)},
      {.name = "subject", .kind = AFT__IS_TEXT, .text = aft__ticket_str(ticket, AFT__TICKET_SUBJECT)},
      {.name = "n", .kind = AFT__IS_NUMBER, .number = 1}};
  aft__telling t = {.event = event,
                    .locale = aft__ticket_locale(ticket),
                    .ticket = ticket->row,
                    .survey = survey,
                    .occurrence = {survey ? 0 : ticket->chain.seq},
                    .values = values,
                    .n = AFT__COUNT(values),
                    .suppressed = suppressed};
  AFT__TRY(aft__ticket_customer(ticket, &t.customer, error));
  return aft__notify(ticket->cmd, &t, error);
}

aft_status aft__ticket_notify(aft__ticket *ticket, const char *event, aft_error *error) {
  return notify(ticket, event, 0, NULL, error);
}

aft_status aft__ticket_send_survey(aft__ticket *ticket, const char *event, aft_id survey, bool *suppressed,
                                   aft_error *error) {
  return notify(ticket, event, survey, suppressed, error);
}
