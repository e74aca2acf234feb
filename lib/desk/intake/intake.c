/* Intake: one message in, exactly once, to a ticket and its clocks. */
#include "desk/intake/intake_priv.h"
#include "desk/learning/learn_priv.h"

#include <stdio.h>

#define MESSAGE_V1   (offsetof(aft_message_in, sent) + sizeof(aft_time))
#define SUBJECT_TEXT 120
#define MOST_STATED  4 /* numbers of a text that are looked up */

/* ---- what the caller handed in ---- */

static aft_status check_texts(const aft_env *env, aft_message_in *in, aft_error *error) {
  const struct {
    aft_str *text;
    size_t most;
    const char *where;
  } texts[] = {{&in->channel, 40, "message.channel"},
               {&in->account, AFT__NAME_BYTES, "message.account"},
               {&in->external, AFT__NAME_BYTES, "message.external"},
               {&in->handle, AFT__NAME_BYTES, "message.handle"},
               {&in->name, AFT__NAME_BYTES, "message.name"},
               {&in->subject, 1024, "message.subject"},
               {&in->text, env->o.limits.text_bytes, "message.text"},
               {&in->code, 64, "message.code"},
               {&in->replies_to, AFT__NAME_BYTES, "message.replies_to"},
               {&in->order, AFT__NAME_BYTES, "message.order"},
               {&in->label, AFT__NAME_BYTES, "message.label"},
               {&in->form, AFT__NAME_BYTES, "message.form"}};
  for (size_t i = 0; i < AFT__COUNT(texts); i++)
    AFT__TRY(aft__in_text(texts[i].text, texts[i].most, texts[i].where, error));
  AFT__TRY(aft__in_id(in->shop, "message.shop", error));
  if (!in->channel.len)
    return aft__error(error, AFT_E_INVALID, "message.channel", "required: \"wechat\", \"email\", \"web\" …");
  if (!in->text.len && !in->n_parts && !in->form.len)
    return aft__error(error, AFT_E_INVALID, "message.text", "required unless there are parts or a form");
  if (in->customer < 0)
    return aft__in_id(in->customer, "message.customer", error);
  return AFT_OK;
}

aft_status aft__intake_check(aft__arena *arena, const aft_env *env, const aft_message_in *given,
                             aft_message_in *in, aft_error *error) {
  aft_field_in *fields;
  aft_part_in *parts;
  AFT__TRY(aft__abi_copy(in, sizeof *in, given, MESSAGE_V1, "aft_message_in", error));
  AFT__TRY(check_texts(env, in, error));
  AFT__TRY(aft__fields_copy(arena, env, in->fields, in->n_fields, "message.fields", &fields, error));
  AFT__TRY(aft__parts_copy(arena, env, in->parts, in->n_parts, &parts, error));
  in->fields = fields;
  in->parts = parts;
  if (!in->account.data)
    in->account = aft__cstr("");
  return AFT_OK;
}

/* ---- forms ---- */

/* A form's fields fill in what the message does not say itself. */
static void field_means(aft__intake *intake, aft_str meaning, aft_str text) {
  aft_message_in *in = &intake->in;
  const struct {
    const char *meaning;
    aft_str *target;
  } targets[] = {{"name", &in->name},   {"order", &in->order},     {"description", &in->text},
                 {"label", &in->label}, {"phone", &intake->phone}, {"email", &intake->email}};
  for (size_t i = 0; i < AFT__COUNT(targets); i++)
    if (aft__str_eq(meaning, aft__cstr(targets[i].meaning)) && !targets[i].target->len)
      *targets[i].target = text;
}

static aft_status check_form(aft__intake *intake, aft_error *error) {
  const aft_message_in *in = &intake->in;
  const aft_policy *policy = intake->cmd->policy;
  aft__form_value values[AFT__MOST_FIELDS];
  if (!in->form.len)
    return AFT_OK;
  for (size_t i = 0; i < in->n_fields; i++)
    values[i] = (aft__form_value){in->fields[i].name, in->fields[i].text};
  AFT__TRY(aft__policy_form_check(policy, in->form, values, in->n_fields, NULL, error));
  for (size_t i = 0; i < in->n_fields; i++)
    field_means(intake, aft__policy_form_meaning(policy, in->form, values[i].name), values[i].text);
  return AFT_OK;
}

/* ---- who and about what ---- */

static aft_status know_sender(aft__intake *intake, aft_error *error) {
  aft__cmd *cmd = intake->cmd;
  const aft_message_in *in = &intake->in;
  if (cmd->call.role == AFT_ROLE_BUYER && in->customer && in->customer != cmd->call.actor)
    return aft__denied(cmd, "buyers write in their own name", error);
  if (cmd->call.role == AFT_ROLE_BUYER) {
    intake->customer = cmd->customer;
    return AFT_OK;
  }
  if (in->customer) {
    AFT__TRY(aft__load(cmd, &aft__customer_table, AFT__CUSTOMER_TENANT, in->customer, "message.customer",
                       &intake->customer, error));
    return aft__customer_stays(cmd, intake->customer, error);
  }
  aft_str handle = in->handle.len ? in->handle : intake->email.len ? intake->email : intake->phone;
  if (!handle.len)
    return aft__error(error, AFT_E_INVALID, "message.handle",
                      "the sender is not known: expected customer, handle, or a form with an address");
  return aft__customer_of_handle(cmd, in->channel, in->account, handle, in->name, &intake->customer, error);
}

aft_status aft__intake_case_state(aft__intake *intake, aft_id order, aft_error *error) {
  if (!(aft__policy_rule_tests(intake->cmd->policy) & aft__fact_bit(AFT__FACT_CASE_STATE)))
    return AFT_OK;
  return aft__open_case_state(intake->cmd, order, &intake->case_state, error);
}

static aft_status know_order(aft__intake *intake, aft_str number, aft_error *error) {
  aft__cmd *cmd = intake->cmd;
  aft__value *row;
  if (!number.len)
    return AFT_OK;
  aft__value keys[] = {aft__int(cmd->call.tenant), aft__int(intake->in.shop), aft__text(number)};
  aft_status status = aft__find(cmd->tx, &aft__order_table, AFT__ORDER_BY_NUMBER, keys, &row, error);
  if (status == AFT_E_NOT_FOUND)
    return AFT_OK; /* the host may tell it later; the number stays in the message */
  AFT__TRY(status);
  bool own = aft__row_int(row, AFT__ORDER_CUSTOMER) == intake->customer[AFT__CUSTOMER_ID].number;
  if (!own)
    return AFT_OK;
  intake->order = row[AFT__ORDER_ID].number;
  intake->order_state = aft__row_str(row, AFT__ORDER_STATUS);
  intake->currency = aft__row_str(row, AFT__ORDER_CURRENCY);
  return aft__intake_case_state(intake, intake->order, error);
}

/* ---- tickets ---- */

static aft_str first_line(const aft_message_in *in) {
  aft_str text = in->subject.len ? in->subject : in->text;
  text.len = aft__utf8_cut(text, SUBJECT_TEXT);
  const char *end = text.len ? memchr(text.data, '\n', text.len) : NULL;
  if (end)
    text.len = (size_t)(end - text.data);
  return text.data ? text : aft__cstr("");
}

/* What a message is about is the first of the reasons that follow from it. */
static void keep_reasons(aft__intake *intake, aft__ticket *ticket) {
  aft__buf_str(&ticket->reasons, aft__buf_view(intake->reasons));
  ticket->reasons.failed |= intake->reasons->failed;
}

static aft_status open_ticket(aft__intake *intake, aft__ticket *ticket, aft_error *error) {
  const aft_message_in *in = &intake->in;
  AFT__TRY(aft__ticket_start(intake->cmd, in->shop, intake->customer, ticket, error));
  keep_reasons(intake, ticket);
  aft__value *row = ticket->row;
  row[AFT__TICKET_CHANNEL] = aft__text(in->channel);
  row[AFT__TICKET_ACCOUNT] = aft__text(in->account);
  row[AFT__TICKET_HANDLE] = aft__text(in->handle.data ? in->handle : aft__cstr(""));
  row[AFT__TICKET_SUBJECT] = aft__text(first_line(in));
  row[AFT__TICKET_LABEL] = in->label.len ? aft__text(in->label) : aft__null();
  row[AFT__TICKET_ORDER] = aft__id_or_null(intake->order);
  row[AFT__TICKET_FOLLOWS] = aft__id_or_null(intake->follows);
  row[AFT__TICKET_HINT] = aft__id_or_null(intake->hint);
  AFT__TRY(aft__ticket_classify(ticket, &intake->triage, error));
  AFT__TRY(aft__ticket_note(ticket, "ticket.opened", aft__intake_facts(intake), in->text, error));
  AFT__TRY(aft__intake_flood(intake, ticket, error));
  if (intake->triage.unsure) {
    const aft__flow *flow;
    uint32_t state;
    aft_time ends;
    AFT__TRY(aft__ticket_machine(ticket, &flow, &state, error));
    AFT__TRY(aft__ticket_deadline(ticket, flow, &flow->states[state], &ends, error));
    AFT__TRY(aft__ticket_due(ticket, aft__cstr(AFT__DUE_STATE), ends, error));
    return aft__ticket_clocks(ticket, error);
  }
  aft__fire triage = {.event = "triage", .role = AFT_ROLE_SYSTEM};
  return aft__ticket_fire(ticket, &triage, error);
}

/* The reply of somebody who takes part: an acknowledgement changes nothing, all else wakes the ticket up. */
static aft_status join_ticket(aft__intake *intake, aft__ticket *ticket, aft_error *error) {
  aft__fire fire = {.event = intake->thanks ? "acknowledge" : "customer_reply",
                    .verb = intake->thanks ? "message.acknowledged" : "message.received",
                    .role = AFT_ROLE_BUYER,
                    .facts = aft__intake_facts(intake),
                    .personal = intake->in.text};
  aft_status status = aft__ticket_fire(ticket, &fire, error);
  if (status >= 0 && intake->thanks)
    AFT__TRY(aft__ticket_suggest_thanked(ticket, &intake->triage, error));
  if (status == AFT_IGNORED)
    return aft__ticket_note(ticket, fire.verb, fire.facts, fire.personal, error);
  if (status < 0 || intake->thanks)
    return status;
  keep_reasons(intake, ticket);
  AFT__TRY(aft__ticket_classify(ticket, &intake->triage, error));
  return aft__ticket_await_answer(ticket, error);
}

aft_str aft__intake_facts(aft__intake *intake) {
  char *facts = aft__arena_printf(intake->cmd->arena, "{\"message\":\"%lld\"}", (long long)intake->message);
  return facts ? aft__cstr(facts) : (aft_str){0};
}

static aft_status keep_message(aft__intake *intake, const aft__ticket *to, aft_error *error) {
  aft_id ticket = aft__ticket_id(to);
  const aft_message_in *in = &intake->in;
  aft__cmd *cmd = intake->cmd;
  aft__message message = {.ticket = ticket,
                          .customer = intake->customer[AFT__CUSTOMER_ID].number,
                          .inbound = true,
                          .visibility = AFT_PUBLIC,
                          .channel = in->channel,
                          .account = in->account,
                          .external = in->external,
                          .text = in->text.data ? in->text : aft__cstr(""),
                          .language = intake->triage.language,
                          .sent = in->sent ? in->sent : cmd->now,
                          .disposition = intake->disposition,
                          .parts = in->parts,
                          .n_parts = in->n_parts,
                          .fields = in->fields,
                          .n_fields = in->n_fields,
                          .suggestions = to->suggested};
  aft__existing existing;
  aft__value *row;
  aft_status status = aft__message_add(cmd, &message, intake->message, &row, &existing, error);
  if (status == AFT_E_EXISTS) /* the same delivery won a race: run again and find it */
    return aft__tx_race(cmd->tx, "message.external", error);
  cmd->ids[0] = intake->message;
  cmd->ids[1] = ticket;
  cmd->row = row;
  return status;
}

/* A message that was delivered before: its first outcome. */
static aft_status delivered_before(aft__intake *intake, aft_error *error) {
  aft__cmd *cmd = intake->cmd;
  const aft_message_in *in = &intake->in;
  aft__value *row;
  if (!in->external.len)
    return AFT_OK;
  aft__value keys[] = {aft__int(cmd->call.tenant), aft__text(in->channel), aft__text(in->account),
                       aft__text(in->external)};
  aft_status status = aft__find(cmd->tx, &aft__message_table, AFT__MESSAGE_BY_EXTERNAL, keys, &row, error);
  if (status == AFT_E_NOT_FOUND)
    return AFT_OK;
  AFT__TRY(status);
  if (cmd->call.role == AFT_ROLE_BUYER && aft__row_int(row, AFT__MESSAGE_CUSTOMER) != cmd->call.actor)
    return aft__denied(cmd, "the message is another customer's", error);
  cmd->ids[0] = row[AFT__MESSAGE_ID].number;
  cmd->ids[1] = row[AFT__MESSAGE_TICKET].number;
  cmd->row = row;
  return AFT_REPLAYED;
}

/* The tenant's model, where it has one, with what was learnt of its weight. */
static aft_status ask_model(aft__cmd *cmd, aft__triage_in *in, aft_error *error) {
  aft_model *model;
  aft__triage_score *scores = NULL;
  AFT__TRY(aft__cmd_model(cmd, &model, error));
  if (!model || !in->text.len)
    return AFT_OK;
  AFT__TRY(aft__model_ask(model, in, cmd->arena, &scores, &in->n_scores, error));
  in->scores = scores;
  in->model_weight = (int32_t)aft__row_int(cmd->activation, AFT__ACTIVATION_MODEL_WEIGHT);
  in->rule_weight = (int32_t)aft__row_int(cmd->activation, AFT__ACTIVATION_RULE_WEIGHT);
  return AFT_OK;
}

aft_status aft__intake_triage(aft__intake *intake, const aft_str *earlier, size_t n, aft_str desk,
                              aft_error *error) {
  const aft_message_in *in = &intake->in;
  aft__cmd *cmd = intake->cmd;
  aft_str text;
  AFT__TRY(aft__model_text(cmd->arena, in->subject, in->text, &text, error));
  aft__triage_in given = {.text = text,
                          .earlier = earlier,
                          .n_earlier = n,
                          .label = in->label,
                          .order_state = intake->order_state,
                          .case_state = intake->case_state,
                          .channel = in->channel,
                          .tier = aft__row_str(intake->customer, AFT__CUSTOMER_TIER),
                          .currency = intake->currency,
                          .has_order = intake->order != 0,
                          .asked = desk.len > 0,
                          .desk = desk};
  intake->read = given.text;
  aft__buf_clear(intake->reasons);
  AFT__TRY(ask_model(cmd, &given, error));
  AFT__TRY(aft__triage_run(cmd->policy, &given, cmd->arena, &intake->triage, intake->reasons, error));
  intake->thanks = aft__str_eq(intake->triage.act, aft__cstr("acknowledgement"));
  return AFT_OK;
}

/* Where the message names no order, its text may: the first number of an order of the customer's. */
static aft_status stated_order(aft__intake *intake, aft_error *error) {
  const aft__triage *t = &intake->triage;
  uint32_t left = intake->in.order.len ? 0 : MOST_STATED;
  for (uint32_t i = 0; i < t->n_facts && left > 0 && !intake->order; i++) {
    const aft__stated *stated = &t->facts[i];
    if (stated->kind != AFT__STATED_ORDER)
      continue;
    left--;
    AFT__TRY(
        know_order(intake, aft__str(intake->read.data + stated->begin, stated->end - stated->begin), error));
  }
  if (intake->in.order.len || !intake->order)
    return AFT_OK;
  return aft__intake_triage(intake, NULL, 0, aft__cstr(""), error);
}

static aft_status to_ticket(aft__intake *intake, aft_error *error) {
  aft__ticket ticket;
  aft_id thread = intake->thread;
  aft_status status = thread ? aft__ticket_load(intake->cmd, thread, &ticket, error) : AFT_OK;
  if (thread && status >= 0)
    status = join_ticket(intake, &ticket, error);
  else if (!thread)
    status = open_ticket(intake, &ticket, error);
  if (status >= 0 && !intake->thanks)
    status = aft__task_rules(&ticket, error);
  if (status >= 0)
    status = aft__ticket_save(&ticket, error);
  if (status >= 0)
    status = keep_message(intake, &ticket, error);
  aft__ticket_done(&ticket);
  return status < 0 ? status : AFT_OK;
}

aft_status aft__intake_run(aft__cmd *cmd, const aft_message_in *in, aft_error *error) {
  aft__intake intake = {.cmd = cmd, .in = *in, .disposition = "opened"};
  aft__value *shop;
  cmd->subject = in->shop;
  AFT__TRY(aft__load(cmd, &aft__shop_table, AFT__SHOP_TENANT, in->shop, "message.shop", &shop, error));
  if (cmd->call.role != AFT_ROLE_BUYER)
    AFT__TRY(aft__may_shop(cmd, in->shop, error));
  aft_status before = delivered_before(&intake, error);
  if (before != AFT_OK)
    return before;
  AFT__TRY(check_form(&intake, error));
  AFT__TRY(know_sender(&intake, error));
  AFT__TRY(aft__anchor(cmd->tx, &aft__customer_table, intake.customer, error));
  AFT__TRY(know_order(&intake, intake.in.order, error));
  intake.message = aft__tx_id(cmd->tx);
  aft__buf reasons;
  aft__buf_init(&reasons, cmd->env);
  intake.reasons = &reasons;
  aft_status status = aft__intake_triage(&intake, NULL, 0, aft__cstr(""), error);
  if (status >= 0)
    status = stated_order(&intake, error);
  if (status >= 0)
    status = aft__intake_thread(&intake, error);
  if (status >= 0 && intake.thread)
    status = aft__intake_reread(&intake, error);
  if (status >= 0)
    status = to_ticket(&intake, error);
  aft__buf_done(&reasons);
  return status;
}

/* ---- one ---- */

static aft_status intake_one(aft__cmd *cmd, void *in, aft_error *error) {
  return aft__intake_run(cmd, in, error);
}

static void intake_digest(aft__sha256 *sha, const void *given) {
  const aft_message_in *in = given;
  aft__digest_i64(sha, in->shop);
  aft__digest_i64(sha, in->customer);
  const aft_str texts[] = {in->channel, in->account, in->external,   in->handle, in->name,  in->subject,
                           in->text,    in->code,    in->replies_to, in->order,  in->label, in->form};
  for (size_t i = 0; i < AFT__COUNT(texts); i++)
    aft__digest_str(sha, texts[i]);
  for (size_t i = 0; i < in->n_fields; i++) {
    aft__digest_str(sha, in->fields[i].name);
    aft__digest_str(sha, in->fields[i].text);
  }
  for (size_t i = 0; i < in->n_parts; i++) {
    aft__digest_i64(sha, in->parts[i].kind);
    aft__digest_str(sha, in->parts[i].text);
    aft__digest_str(sha, in->parts[i].blob);
  }
}

aft_status aft_intake(aft_session *session, const aft_call *call, const aft_message_in *in, aft_record **out,
                      aft_error *error) {
  static const aft__command command = {.verb = "message.intake",
                                       .name = "intake",
                                       .roles = AFT__ROLES_INTAKE,
                                       .returns = AFT_KIND_MESSAGE,
                                       .digest = intake_digest,
                                       .run = intake_one,
                                       .hide = aft__message_hide};
  aft_message_in local;
  aft__arena arena;
  if (!session)
    return aft__error(error, AFT_E_NULL_HANDLE, "session", "the session is NULL");
  aft__arena_init(&arena, aft__session_env(session));
  aft_status status = aft__intake_check(&arena, aft__session_env(session), in, &local, error);
  if (status >= 0)
    status = aft__command_run(session, call, &command, &local, out, error);
  aft__arena_done(&arena);
  return status;
}
