/* Answers to surveys: one each, which may be changed for a while. */
#include "desk/link/link_priv.h"
#include "desk/survey/survey_priv.h"

#define IN_V1      (offsetof(aft_survey_answer_in, source) + sizeof(uint32_t))
#define MOST_TOKEN 1024
#define CALL_BACK  "call_back" /* the task for a low answer */

static const char *const sources[] = {
    [AFT_VIA_LINK] = "link", [AFT_VIA_CHAT] = "chat", [AFT_VIA_PHONE] = "phone"};

typedef struct answering {
  aft_survey_answer_in in;
  aft_field_in *answers; /* checked copies of in.answers */
  aft__score_kind kind;
  bool scored; /* it asks for a score, not for answers to questions alone */
  aft_id survey;
  aft__value *row;
  bool first, calls; /* calls: its first low answer, which asks for a call-back */
} answering;

/* ---- whether it may be answered ---- */

aft_status aft__survey_find(aft__cmd *cmd, aft_id survey, const aft_link_keys *keys, aft_str token,
                            aft__value **row, aft_error *error) {
  if (token.len)
    AFT__TRY(aft__link_survey(cmd, keys, token, &survey, error));
  cmd->subject = survey;
  AFT__TRY(aft__load(cmd, &aft__survey_table, AFT__SURVEY_TENANT, survey, "survey", row, error));
  return token.len ? AFT_OK : aft__may_survey(cmd, *row, error);
}

static aft_status find(aft__cmd *cmd, answering *a, aft_error *error) {
  AFT__TRY(aft__survey_find(cmd, a->in.survey, a->in.keys, a->in.token, &a->row, error));
  a->survey = aft__row_int(a->row, AFT__SURVEY_ID);
  return AFT_OK;
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

static aft_status check_score(answering *a, aft_error *error) {
  aft_str name = aft__row_str(a->row, AFT__SURVEY_KIND);
  a->scored = aft__score_find(name, &a->kind);
  if (!a->scored && !aft__str_eq(name, aft__cstr("custom")))
    return aft__error(error, AFT_E_CORRUPT, "survey.kind", "no survey is of kind '%.*s'", (int)name.len,
                      name.data);
  if (!a->scored)
    return a->in.score
               ? aft__error(error, AFT_E_INVALID, "survey.score",
                            "expected 0, since the survey asks for no score, found %d", (int)a->in.score)
               : AFT_OK;
  const aft__scale *scale = &aft__scales[a->kind];
  if (a->in.score >= scale->least && a->in.score <= scale->most)
    return AFT_OK;
  return aft__error(error, AFT_E_INVALID, "survey.score", "expected %d to %d for %s, found %d",
                    (int)scale->least, (int)scale->most, scale->name, (int)a->in.score);
}

/* ---- keeping it ---- */

/* The policy may ask something else by now. */
static bool is_low(const aft__policy_survey *policy, const answering *a) {
  bool same = !policy->custom && policy->kind == a->kind;
  return a->scored && a->in.score <= (same ? policy->low : aft__scales[a->kind].poor);
}

static void fill_first(aft__cmd *cmd, aft__value *row, const aft__policy_survey *policy) {
  row[AFT__SURVEY_STATE] = aft__text(aft__cstr("answered"));
  row[AFT__SURVEY_ANSWERED] = aft__int(cmd->now);
  row[AFT__SURVEY_EDITABLE] = aft__int(policy->edit_ms < 0 ? cmd->now : cmd->now + policy->edit_ms);
}

/* Once a survey, however often its answer changes. */
static bool calls_back(const aft__value *row) {
  return aft__row_int(row, AFT__SURVEY_LOW) && aft__row_null(row, AFT__SURVEY_CALL_BACK);
}

static aft_status keep(const aft__survey_matter *matter, answering *a, aft_error *error) {
  aft__cmd *cmd = matter->cmd;
  aft__policy_survey policy;
  bool low = false;
  aft__survey_terms(cmd, a->row, &policy);
  AFT__TRY(aft__replies_put(cmd, a->row, a->answers, a->in.n_answers, &low, error));
  uint64_t mask =
      1u << AFT__SURVEY_SCORE | 1u << AFT__SURVEY_TEXT | 1u << AFT__SURVEY_SOURCE | 1u << AFT__SURVEY_LOW;
  a->row[AFT__SURVEY_SCORE] = a->scored ? aft__int(a->in.score) : aft__null();
  a->row[AFT__SURVEY_TEXT] = a->in.text.len ? aft__text(a->in.text) : aft__null();
  a->row[AFT__SURVEY_SOURCE] = aft__text(aft__cstr(sources[a->in.source]));
  a->row[AFT__SURVEY_LOW] = aft__int(low || is_low(&policy, a));
  a->calls = calls_back(a->row);
  if (a->calls) {
    a->row[AFT__SURVEY_CALL_BACK] = aft__int(cmd->now);
    mask |= 1u << AFT__SURVEY_CALL_BACK;
  }
  if (a->first) {
    fill_first(cmd, a->row, &policy);
    mask |= 1u << AFT__SURVEY_STATE | 1u << AFT__SURVEY_ANSWERED | 1u << AFT__SURVEY_EDITABLE |
            AFT__SURVEY_FROZEN;
    AFT__TRY(aft__survey_freeze(matter, a->row, error));
    AFT__TRY(aft__survey_settled(cmd, a->row, error));
  }
  return aft__update(cmd->tx, &aft__survey_table, a->row, mask, error);
}

static aft_status note(const aft__survey_matter *matter, const answering *a, aft_error *error) {
  char score[32] = "";
  if (a->scored)
    snprintf(score, sizeof score, "\"score\":%d,", (int)a->in.score);
  char *facts = aft__arena_printf(matter->cmd->arena, "{\"survey\":\"%lld\",%s\"source\":\"%s\"}",
                                  (long long)a->survey, score, sources[a->in.source]);
  if (!facts)
    return aft__nomem(error);
  return aft__survey_note(matter, a->first ? "survey.answered" : "survey.changed", aft__cstr(facts),
                          a->in.text, error);
}

/* A call-back that the ticket waits for anyway is the one. */
static aft_status open_call_back(aft__ticket *ticket, const answering *a, aft_error *error) {
  const aft__task_new in = {.name = aft__cstr(CALL_BACK), .cause = "survey", .survey = a->survey};
  aft_id task;
  return aft__task_open(ticket, &in, &task, error);
}

/* Calls and what is said in them belong to a ticket. */
static aft_status call_back_of_case(aft__case *of, const answering *a, aft_error *error) {
  aft__ticket ticket = {0};
  aft_status status = aft__case_open_ticket(of, &ticket, error);
  if (status >= 0)
    status = open_call_back(&ticket, a, error);
  if (status >= 0)
    status = aft__ticket_save(&ticket, error);
  if (ticket.cmd)
    aft__ticket_done(&ticket);
  return status < 0 ? status : AFT_OK;
}

/* A policy without the task still asks people. */
static aft_status call_back(const aft__survey_matter *matter, const answering *a, aft_error *error) {
  char *survey = aft__arena_printf(matter->cmd->arena, "%lld", (long long)a->survey);
  char *facts = survey ? aft__arena_printf(matter->cmd->arena, "{\"survey\":\"%s\"}", survey) : NULL;
  aft__policy_task policy;
  aft_status status;
  if (!facts)
    return aft__nomem(error);
  if (aft__policy_task_find(matter->cmd->policy, aft__cstr(CALL_BACK), &policy))
    status =
        matter->ticket ? open_call_back(matter->ticket, a, error) : call_back_of_case(matter->of, a, error);
  else if (matter->ticket)
    status = aft__ticket_work(matter->ticket, CALL_BACK, "survey", aft__cstr(survey), error);
  else
    status = aft__case_work(matter->of, CALL_BACK, "survey", aft__cstr(survey), error);
  AFT__TRY(status);
  return matter->ticket
             ? aft__ticket_note(matter->ticket, "survey.call_back", aft__cstr(facts), (aft_str){0}, error)
             : aft__case_note(matter->of, "survey.call_back", aft__cstr(facts), (aft_str){0}, error);
}

static aft_status write(const aft__survey_matter *matter, aft__value *row, void *user, aft_error *error) {
  answering *a = user;
  (void)row;
  AFT__TRY(keep(matter, a, error));
  AFT__TRY(note(matter, a, error));
  return a->calls ? call_back(matter, a, error) : AFT_OK;
}

static aft_status run(aft__cmd *cmd, void *given, aft_error *error) {
  answering *a = given;
  AFT__TRY(find(cmd, a, error));
  AFT__TRY(check_state(cmd, a, error));
  AFT__TRY(check_score(a, error));
  AFT__TRY(aft__survey_with(cmd, a->row, write, a, error));
  cmd->subject = cmd->ids[0] = a->survey;
  cmd->row = a->row;
  return AFT_OK;
}

aft_status aft__survey_told(aft__ticket *ticket, const aft__spoken *spoken, aft_error *error) {
  answering a = {.in = {.survey = spoken->survey,
                        .score = spoken->score,
                        .source = AFT_VIA_PHONE,
                        .n_answers = spoken->n_answers},
                 .answers = spoken->answers,
                 .survey = spoken->survey};
  aft__cmd *cmd = ticket->cmd;
  AFT__TRY(aft__load(cmd, &aft__survey_table, AFT__SURVEY_TENANT, a.survey, "survey", &a.row, error));
  if (aft__row_int(a.row, AFT__SURVEY_TICKET) != aft__ticket_id(ticket))
    return aft__error(error, AFT_E_INVALID, "attempt.survey", "the survey asks about another ticket");
  AFT__TRY(check_state(cmd, &a, error));
  AFT__TRY(check_score(&a, error));
  return aft__survey_with_ticket(ticket, a.row, write, &a, error);
}

/* ---- the call ---- */

/* How the shop sorts and judges an answer is not the buyer's to see. */
static aft_status hide(aft__cmd *cmd, aft__value *row, aft_error *error) {
  static const uint32_t inner[] = {AFT__SURVEY_REASON,   AFT__SURVEY_LOW,      AFT__SURVEY_AGENT,
                                   AFT__SURVEY_CATEGORY, AFT__SURVEY_TOPIC,    AFT__SURVEY_QUEUE,
                                   AFT__SURVEY_TIER,     AFT__SURVEY_CALL_BACK};
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
  for (size_t i = 0; i < a->in.n_answers; i++) {
    aft__digest_str(sha, a->answers[i].name);
    aft__digest_str(sha, a->answers[i].text);
  }
}

aft_status aft__in_survey(aft_id survey, aft_str *token, const aft_link_keys *keys, aft_error *error) {
  *token = aft__str(token->data, token->len);
  if ((survey != 0) == (token->len != 0))
    return aft__error(error, AFT_E_INVALID, "survey.survey", "expected a survey or a token, found %s",
                      survey ? "both" : "neither");
  if (!token->len)
    return aft__in_id(survey, "survey.survey", error);
  if (token->len > MOST_TOKEN)
    return aft__error(error, AFT_E_INVALID, "survey.token", "expected 1 to %d bytes, found %zu", MOST_TOKEN,
                      token->len);
  if (!keys)
    return aft__error(error, AFT_E_NULL_HANDLE, "survey.keys", "the ring of keys is NULL");
  return AFT_OK;
}

static aft_status check_in(aft__arena *arena, const aft_env *env, const aft_survey_answer_in *given,
                           answering *a, aft_error *error) {
  aft_survey_answer_in *in = &a->in;
  AFT__TRY(aft__abi_copy(in, sizeof *in, given, IN_V1, "aft_survey_answer_in", error));
  AFT__TRY(aft__in_survey(in->survey, &in->token, in->keys, error));
  if (in->token.len && !in->source)
    in->source = AFT_VIA_LINK;
  AFT__TRY(aft__in_text(&in->text, env->o.limits.text_bytes, "survey.text", error));
  if (!in->source || in->source >= AFT__COUNT(sources))
    return aft__error(error, AFT_E_INVALID, "survey.source", "expected AFT_VIA_…, found %u", in->source);
  return aft__fields_copy(arena, env, in->answers, in->n_answers, "survey.answers", &a->answers, error);
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
  aft__arena arena;
  if (!session)
    return aft__error(error, AFT_E_NULL_HANDLE, "session", "the session is NULL");
  aft__arena_init(&arena, aft__session_env(session));
  aft_status status = check_in(&arena, aft__session_env(session), in, &a, error);
  if (status >= 0)
    status = aft__command_run(session, call, &command, &a, out, error);
  aft__arena_done(&arena);
  return status;
}

/* ---- reading one ---- */

aft_status aft__may_survey(aft__cmd *cmd, const aft__value *row, aft_error *error) {
  aft__value *ticket, *of;
  if (cmd->call.role == AFT_ROLE_BUYER)
    return aft__row_int(row, AFT__SURVEY_CUSTOMER) == cmd->call.actor
               ? AFT_OK
               : aft__denied(cmd, "the survey asks another customer", error);
  if (!aft__row_int(row, AFT__SURVEY_TICKET)) {
    AFT__TRY(aft__load(cmd, &aft__case_table, AFT__CASE_TENANT, aft__row_int(row, AFT__SURVEY_CASE),
                       "survey.case", &of, error));
    return aft__may_shop(cmd, aft__row_int(of, AFT__CASE_SHOP), error);
  }
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
