/* Answers to surveys: one each, which may be changed for a while. */
#include "desk/link_priv.h"
#include "desk/survey_priv.h"

#include <aftersales/survey.h>

#define IN_V1      (offsetof(aft_survey_answer_in, source) + sizeof(uint32_t))
#define MOST_TOKEN 1024

static const char *const sources[] = {
    [AFT_VIA_LINK] = "link", [AFT_VIA_CHAT] = "chat", [AFT_VIA_PHONE] = "phone"};

typedef struct answering {
  aft_survey_answer_in in;
  aft_id survey;
  aft__value *row;
  bool first, was_low;
} answering;

/* ---- whether it may be answered ---- */

static aft_status find(aft__cmd *cmd, answering *a, aft_error *error) {
  a->survey = a->in.survey;
  if (a->in.token.len)
    AFT__TRY(aft__link_survey(cmd, a->in.keys, a->in.token, &a->survey, error));
  cmd->subject = a->survey;
  AFT__TRY(aft__load(cmd, &aft__survey_table, AFT__SURVEY_TENANT, a->survey, "survey", &a->row, error));
  if (a->in.token.len)
    return AFT_OK;
  return aft__may_survey(cmd, a->row, error);
}

static aft_status check_state(aft__cmd *cmd, answering *a, aft_error *error) {
  aft_str state = aft__row_str(a->row, AFT__SURVEY_STATE);
  a->first = aft__survey_is(a->row, "sent");
  if (aft__survey_is(a->row, "answered"))
    return cmd->now < aft__row_int(a->row, AFT__SURVEY_EDITABLE)
               ? AFT_OK
               : aft__error(error, AFT_E_EXISTS, "survey", "the survey was answered, and its answer stands");
  if (!a->first)
    return aft__error(error, AFT_E_TRANSITION, "survey", "the survey takes no answer: it is %.*s",
                      (int)state.len, state.data);
  if (!aft__row_null(a->row, AFT__SURVEY_EXPIRES) && cmd->now >= aft__row_int(a->row, AFT__SURVEY_EXPIRES))
    return aft__error(error, AFT_E_TRANSITION, "survey", "the survey has ended");
  return AFT_OK;
}

static aft_status check_score(const answering *a, aft__score_kind *kind, aft_error *error) {
  aft_str name = aft__row_str(a->row, AFT__SURVEY_KIND);
  if (!aft__score_find(name, kind))
    return aft__error(error, AFT_E_CORRUPT, "survey.kind", "no survey is of kind '%.*s'", (int)name.len,
                      name.data);
  const aft__scale *scale = &aft__scales[*kind];
  if (a->in.score >= scale->least && a->in.score <= scale->most)
    return AFT_OK;
  return aft__error(error, AFT_E_INVALID, "survey.score", "expected %d to %d for %s, found %d",
                    (int)scale->least, (int)scale->most, scale->name, (int)a->in.score);
}

/* ---- keeping it ---- */

/* The policy may ask something else by now. */
static bool is_low(const aft__policy_survey *policy, aft__score_kind kind, int32_t score) {
  return score <= (policy->kind == kind ? policy->low : aft__scales[kind].poor);
}

static void fill_first(aft__cmd *cmd, aft__value *row, const aft__policy_survey *policy) {
  row[AFT__SURVEY_STATE] = aft__text(aft__cstr("answered"));
  row[AFT__SURVEY_ANSWERED] = aft__int(cmd->now);
  row[AFT__SURVEY_EDITABLE] = aft__int(policy->edit_ms < 0 ? cmd->now : cmd->now + policy->edit_ms);
}

static aft_status keep(aft__ticket *ticket, answering *a, aft__score_kind kind, aft_error *error) {
  aft__cmd *cmd = ticket->cmd;
  aft__policy_survey policy;
  aft__policy_survey_of(cmd->policy, &policy);
  a->was_low = aft__row_int(a->row, AFT__SURVEY_LOW) != 0;
  uint64_t mask =
      1u << AFT__SURVEY_SCORE | 1u << AFT__SURVEY_TEXT | 1u << AFT__SURVEY_SOURCE | 1u << AFT__SURVEY_LOW;
  a->row[AFT__SURVEY_SCORE] = aft__int(a->in.score);
  a->row[AFT__SURVEY_TEXT] = a->in.text.len ? aft__text(a->in.text) : aft__null();
  a->row[AFT__SURVEY_SOURCE] = aft__text(aft__cstr(sources[a->in.source]));
  a->row[AFT__SURVEY_LOW] = aft__int(is_low(&policy, kind, a->in.score));
  if (a->first) {
    fill_first(cmd, a->row, &policy);
    mask |= 1u << AFT__SURVEY_STATE | 1u << AFT__SURVEY_ANSWERED | 1u << AFT__SURVEY_EDITABLE |
            AFT__SURVEY_FROZEN;
    AFT__TRY(aft__survey_freeze(ticket, a->row, error));
    AFT__TRY(aft__survey_settled(cmd, a->row, error));
  }
  return aft__update(cmd->tx, &aft__survey_table, a->row, mask, error);
}

static aft_status note(aft__ticket *ticket, const answering *a, aft_error *error) {
  char *facts = aft__arena_printf(ticket->cmd->arena, "{\"survey\":\"%lld\",\"score\":%d,\"source\":\"%s\"}",
                                  (long long)a->survey, (int)a->in.score, sources[a->in.source]);
  if (!facts)
    return aft__nomem(error);
  return aft__ticket_note(ticket, a->first ? "survey.answered" : "survey.changed", aft__cstr(facts),
                          a->in.text, error);
}

/* A call-back that the ticket waits for anyway is the one; a policy without any still asks people. */
static aft_status call_back(aft__ticket *ticket, const answering *a, aft_error *error) {
  char *survey = aft__arena_printf(ticket->cmd->arena, "%lld", (long long)a->survey);
  char *facts = survey ? aft__arena_printf(ticket->cmd->arena, "{\"survey\":\"%s\"}", survey) : NULL;
  aft__task_new in = {.on = ticket, .name = aft__cstr("call_back"), .cause = "survey", .survey = a->survey};
  aft__policy_task policy;
  aft_id task;
  if (!facts)
    return aft__nomem(error);
  aft_status status = aft__policy_task_find(ticket->cmd->policy, in.name, &policy)
                          ? aft__task_open(ticket->cmd, &in, &task, error)
                          : aft__ticket_work(ticket, "call_back", "survey", aft__cstr(survey), error);
  AFT__TRY(status);
  return aft__ticket_note(ticket, "survey.call_back", aft__cstr(facts), (aft_str){0}, error);
}

static aft_status write(aft__ticket *ticket, answering *a, aft__score_kind kind, aft_error *error) {
  AFT__TRY(keep(ticket, a, kind, error));
  AFT__TRY(note(ticket, a, error));
  if (aft__row_int(a->row, AFT__SURVEY_LOW) && !a->was_low)
    AFT__TRY(call_back(ticket, a, error));
  return AFT_OK;
}

static aft_status run(aft__cmd *cmd, void *given, aft_error *error) {
  answering *a = given;
  aft__ticket ticket;
  aft__score_kind kind;
  AFT__TRY(find(cmd, a, error));
  AFT__TRY(check_state(cmd, a, error));
  AFT__TRY(check_score(a, &kind, error));
  aft_status status = aft__ticket_load(cmd, aft__row_int(a->row, AFT__SURVEY_TICKET), &ticket, error);
  if (status >= 0)
    status = write(&ticket, a, kind, error);
  if (status >= 0)
    status = aft__ticket_save(&ticket, error);
  aft__ticket_done(&ticket);
  cmd->subject = cmd->ids[0] = a->survey;
  cmd->row = a->row;
  return status;
}

aft_status aft__survey_told(aft__ticket *ticket, aft_id survey, int32_t score, aft_error *error) {
  answering a = {.in = {.survey = survey, .score = score, .source = AFT_VIA_PHONE}, .survey = survey};
  aft__cmd *cmd = ticket->cmd;
  aft__score_kind kind;
  AFT__TRY(aft__load(cmd, &aft__survey_table, AFT__SURVEY_TENANT, survey, "survey", &a.row, error));
  if (aft__row_int(a.row, AFT__SURVEY_TICKET) != aft__ticket_id(ticket))
    return aft__error(error, AFT_E_INVALID, "attempt.survey", "the survey asks about another ticket");
  AFT__TRY(check_state(cmd, &a, error));
  AFT__TRY(check_score(&a, &kind, error));
  return write(ticket, &a, kind, error);
}

/* ---- the call ---- */

/* How the shop sorts and judges an answer is not the buyer's to see. */
static aft_status hide(aft__cmd *cmd, aft__value *row, aft_error *error) {
  static const uint32_t inner[] = {AFT__SURVEY_REASON,   AFT__SURVEY_LOW,   AFT__SURVEY_AGENT,
                                   AFT__SURVEY_CATEGORY, AFT__SURVEY_TOPIC, AFT__SURVEY_QUEUE};
  (void)error;
  for (size_t i = 0; cmd->call.role == AFT_ROLE_BUYER && i < AFT__COUNT(inner); i++)
    row[inner[i]] = aft__null();
  return AFT_OK;
}

static void digest(aft__sha256 *sha, const void *given) {
  const answering *a = given;
  aft__digest_i64(sha, a->in.survey);
  aft__digest_str(sha, a->in.token);
  aft__digest_str(sha, a->in.text);
  aft__digest_i64(sha, a->in.score);
  aft__digest_i64(sha, a->in.source);
}

static aft_status check_token(aft_survey_answer_in *in, aft_error *error) {
  in->token = aft__str(in->token.data, in->token.len);
  if ((in->survey != 0) == (in->token.len != 0))
    return aft__error(error, AFT_E_INVALID, "survey.survey", "expected a survey or a token, found %s",
                      in->survey ? "both" : "neither");
  if (!in->token.len)
    return aft__in_id(in->survey, "survey.survey", error);
  if (in->token.len > MOST_TOKEN)
    return aft__error(error, AFT_E_INVALID, "survey.token", "expected 1 to %d bytes, found %zu", MOST_TOKEN,
                      in->token.len);
  if (!in->keys)
    return aft__error(error, AFT_E_NULL_HANDLE, "survey.keys", "the ring of keys is NULL");
  if (!in->source)
    in->source = AFT_VIA_LINK;
  return AFT_OK;
}

static aft_status check_in(const aft_env *env, const aft_survey_answer_in *given, aft_survey_answer_in *in,
                           aft_error *error) {
  AFT__TRY(aft__abi_copy(in, sizeof *in, given, IN_V1, "aft_survey_answer_in", error));
  AFT__TRY(check_token(in, error));
  AFT__TRY(aft__in_text(&in->text, env->o.limits.text_bytes, "survey.text", error));
  if (!in->source || in->source >= AFT__COUNT(sources))
    return aft__error(error, AFT_E_INVALID, "survey.source", "expected AFT_VIA_…, found %u", in->source);
  return AFT_OK;
}

aft_status aft_survey_answer(aft_session *session, const aft_call *call, const aft_survey_answer_in *in,
                             aft_record **out, aft_error *error) {
  static const aft__command command = {
      .verb = "survey.answer",
      .name = "survey_answer",
      .roles = AFT__ROLE(AFT_ROLE_SYSTEM) | AFT__ROLE(AFT_ROLE_AGENT) | AFT__ROLE(AFT_ROLE_BUYER),
      .returns = AFT_KIND_SURVEY,
      .audits = true,
      .digest = digest,
      .run = run,
      .hide = hide};
  answering a = {0};
  if (!session)
    return aft__error(error, AFT_E_NULL_HANDLE, "session", "the session is NULL");
  AFT__TRY(check_in(aft__session_env(session), in, &a.in, error));
  return aft__command_run(session, call, &command, &a, out, error);
}

/* ---- reading one ---- */

aft_status aft__may_survey(aft__cmd *cmd, const aft__value *row, aft_error *error) {
  aft__value *ticket;
  if (cmd->call.role == AFT_ROLE_BUYER)
    return aft__row_int(row, AFT__SURVEY_CUSTOMER) == cmd->call.actor
               ? AFT_OK
               : aft__denied(cmd, "the survey asks another customer", error);
  AFT__TRY(aft__load(cmd, &aft__ticket_table, AFT__TICKET_TENANT, aft__row_int(row, AFT__SURVEY_TICKET),
                     "survey.ticket", &ticket, error));
  return aft__may_shop(cmd, aft__row_int(ticket, AFT__TICKET_SHOP), error);
}

static aft_status get(aft__cmd *cmd, void *in, aft_error *error) {
  aft_id id = *(aft_id *)in;
  aft__value *row;
  AFT__TRY(aft__load(cmd, &aft__survey_table, AFT__SURVEY_TENANT, id, "survey", &row, error));
  cmd->subject = cmd->ids[0] = id;
  cmd->row = row;
  return aft__may_survey(cmd, row, error);
}

aft_status aft_survey_get(aft_session *session, const aft_call *call, aft_id survey, aft_record **out,
                          aft_error *error) {
  static const aft__command command = {.verb = "survey.get",
                                       .name = "survey_get",
                                       .roles = AFT__ROLES_ALL,
                                       .returns = AFT_KIND_SURVEY,
                                       .read = true,
                                       .run = get,
                                       .hide = hide};
  return aft__command_run(session, call, &command, &survey, out, error);
}
