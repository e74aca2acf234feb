/* A notice in its words, on its way into the outbox. */
#include "desk/notice/notice_priv.h"

/* ---- words ---- */

/* Times are shown by the customer's own clock where they named one. */
static void set_clock(aft__notice *notice) {
  bool own = notice->contact && !aft__row_null(notice->contact, AFT__CONTACT_ZONE) && notice->zone;
  for (uint32_t i = 0; own && i < notice->n; i++)
    if (notice->values[i].kind == AFT__IS_TIME && notice->values[i].number != AFT_TIME_NONE)
      notice->values[i].offset_s = aft_zone_offset(notice->zone, notice->values[i].number);
}

static void set_count(aft__notice *notice) {
  for (uint32_t i = 0; i < notice->n; i++)
    if (strcmp(notice->values[i].name, "n") == 0)
      notice->values[i].number = aft__row_int(notice->row, AFT__NOTICE_COUNT);
}

static aft__notice_fill words_of(const aft__notice *notice, aft_str channel) {
  return (aft__notice_fill){.event = aft__row_str(notice->row, AFT__NOTICE_EVENT),
                            .channel = channel,
                            .locale = notice->row[AFT__NOTICE_LOCALE].data,
                            .values = notice->values,
                            .n = notice->n};
}

bool aft__notice_has_text(const aft__notice *notice) {
  char *key =
      aft__arena_printf(notice->cmd->arena, AFT__NOTICE_PREFIX "%s", notice->row[AFT__NOTICE_EVENT].data);
  return !key || aft_policy_text(notice->cmd->policy, "en", key) != key;
}

/* ---- the payload ---- */

static void put_text(aft__json *json, const char *name, aft_str text) {
  aft__json_key(json, name);
  aft__json_str(json, text);
}

static void put_id(aft__json *json, const char *name, aft_id id) {
  if (!id)
    return;
  aft__json_key(json, name);
  aft__json_id(json, id);
}

static void put_subject(const aft__notice *notice, aft__json *json) {
  const aft__value *about = notice->about;
  if (!about) {
    put_id(json, "ticket", aft__row_int(notice->ticket, AFT__TICKET_ID));
    put_text(json, "code", aft__row_str(notice->ticket, AFT__TICKET_CODE));
    return;
  }
  put_id(json, "case", aft__row_int(about, AFT__CASE_ID));
  put_text(json, "code", aft__row_str(about, AFT__CASE_CODE));
  put_text(json, "kind", aft__row_str(about, AFT__CASE_KIND));
  put_text(json, "order", aft__row_str(notice->order, AFT__ORDER_NUMBER));
}

static void put_address(const aft__address *to, aft__json *json) {
  if (!to->channel.len)
    return;
  put_text(json, "channel", to->channel);
  put_text(json, "account", to->account);
  put_text(json, "handle", to->handle);
}

static void put_payload(const aft__notice *notice, const aft__address *to, aft_str text, aft_str subject,
                        aft__buf *out) {
  aft__json json;
  const char *key =
      aft__arena_printf(notice->cmd->arena, AFT__NOTICE_PREFIX "%s", notice->row[AFT__NOTICE_EVENT].data);
  out->failed |= !key;
  aft__json_init(&json, out);
  aft__json_open(&json, '{');
  put_subject(notice, &json);
  put_address(to, &json);
  put_id(&json, "customer", aft__row_int(notice->row, AFT__NOTICE_CUSTOMER));
  put_id(&json, "survey", aft__row_int(notice->row, AFT__NOTICE_SURVEY));
  put_text(&json, "notice", aft__cstr(key ? key : ""));
  if (notice->plan.record || notice->kept)
    put_id(&json, "notice_id", aft__row_int(notice->row, AFT__NOTICE_ID));
  put_text(&json, "locale", aft__row_str(notice->row, AFT__NOTICE_LOCALE));
  put_text(&json, "format", aft__cstr(aft__policy_notice_format(notice->cmd->policy, to->channel)));
  if (subject.len)
    put_text(&json, "subject", subject);
  put_text(&json, "text", text);
  aft__json_close(&json, '}');
}

static const char message_topic[] = "message.send", survey_topic[] = "survey.send";

bool aft__notice_is_topic(aft_str topic) {
  return aft__str_eq(topic, aft__cstr(message_topic)) || aft__str_eq(topic, aft__cstr(survey_topic));
}

static aft_status queue(aft__notice *notice, const aft__buf *payload, aft_error *error) {
  aft__cmd *cmd = notice->cmd;
  const char *topic = aft__row_null(notice->row, AFT__NOTICE_SURVEY) ? message_topic : survey_topic;
  aft_id effect;
  AFT__TRY(aft__outbox_add(cmd->tx, cmd->call.tenant, aft__row_int(notice->row, AFT__NOTICE_SUBJECT),
                           aft__cstr(topic), aft__buf_view(payload), AFT__OUT_AUTO, cmd->now, &effect,
                           error));
  aft__notice_set(notice, AFT__NOTICE_EFFECT, aft__int(effect));
  aft__notice_set(notice, AFT__NOTICE_SENT, aft__null());
  return AFT_OK;
}

aft_status aft__notice_send(aft__notice *notice, const aft__address *to, aft_error *error) {
  aft__buf text, subject, payload;
  aft__buf_init(&text, notice->cmd->env);
  aft__buf_init(&subject, notice->cmd->env);
  aft__buf_init(&payload, notice->cmd->env);
  set_clock(notice);
  set_count(notice);
  aft__notice_fill words = words_of(notice, to->channel);
  aft__policy_notice_write(notice->cmd->policy, &words, &text, &subject);
  put_payload(notice, to, aft__buf_view(&text), aft__buf_view(&subject), &payload);
  bool failed = text.failed || subject.failed || payload.failed;
  aft_status status = failed ? aft__nomem(error) : queue(notice, &payload, error);
  aft__buf_done(&text);
  aft__buf_done(&subject);
  aft__buf_done(&payload);
  return status;
}
