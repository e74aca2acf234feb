/* Answers to the questions that a survey asks beside its score, and the questions themselves for those who
 * show them. */
#include "desk/link/link_priv.h"
#include "desk/survey/survey_priv.h"

#define FORM_V1 (offsetof(aft_survey_form_in, locale) + sizeof(aft_str))

/* ---- keeping them ---- */

static aft_status replies_of(aft__tx *tx, const aft__value *survey, aft__value ***rows, uint32_t *n,
                             aft_error *error) {
  aft__scan scan = {.table = &aft__reply_table,
                    .index = AFT__REPLY_BY_SURVEY,
                    .n_equal = 2,
                    .equal = {survey[AFT__SURVEY_TENANT], survey[AFT__SURVEY_ID]},
                    .limit = AFT__MOST_QUESTIONS};
  return aft__scan_all(tx, &scan, rows, n, error);
}

aft_status aft__survey_empty(aft__tx *tx, const aft__value *row, aft_error *error) {
  aft__value **rows;
  uint32_t n;
  do { /* an earlier policy may have asked more */
    AFT__TRY(replies_of(tx, row, &rows, &n, error));
    for (uint32_t i = 0; i < n; i++)
      AFT__TRY(aft__remove(tx, &aft__reply_table, rows[i][AFT__REPLY_ID].number,
                           rows[i][AFT__REPLY_REV].number, error));
  } while (n == AFT__MOST_QUESTIONS);
  return AFT_OK;
}

static aft_status put(aft__cmd *cmd, const aft__value *survey, const aft__question *question,
                      const aft__reply *reply, aft_error *error) {
  bool scale = question->type == AFT__QUESTION_SCALE;
  aft__value row[AFT__REPLY_COLUMNS] = {
      [AFT__REPLY_ID] = aft__int(aft__tx_id(cmd->tx)),
      [AFT__REPLY_REV] = aft__int(1),
      [AFT__REPLY_TENANT] = survey[AFT__SURVEY_TENANT],
      [AFT__REPLY_SURVEY] = survey[AFT__SURVEY_ID],
      [AFT__REPLY_QUESTION] = aft__text(question->name),
      [AFT__REPLY_TYPE] = aft__text(aft__cstr(aft__question_types[question->type])),
      [AFT__REPLY_NUMBER] = scale ? aft__int(reply->number) : aft__null(),
      [AFT__REPLY_CHOICES] = reply->choices.len ? aft__text(reply->choices) : aft__null(),
      [AFT__REPLY_TEXT] = reply->text.len ? aft__text(reply->text) : aft__null(),
      [AFT__REPLY_LOW] = aft__int(reply->low),
  };
  return aft__insert(cmd->tx, &aft__reply_table, row, NULL, error);
}

/* answered: bits of the questions that were. */
static aft_status answer_one(aft__cmd *cmd, const aft__value *survey, const aft__policy_survey *policy,
                             const aft_field_in *answer, size_t index, uint32_t *answered, bool *low,
                             aft_error *error) {
  aft__question question;
  aft__reply reply;
  char where[64];
  snprintf(where, sizeof where, "survey.answers[%zu].name", index);
  if (!aft__policy_question_find(cmd->policy, policy, answer->name, &question))
    return aft__error(error, AFT_E_INVALID, where, "the survey has no question '%.*s'",
                      (int)aft__utf8_cut(answer->name, 60), answer->name.data);
  uint32_t bit = 1u << (question.row - policy->first);
  if (*answered & bit)
    return aft__error(error, AFT_E_INVALID, where, "the question '%.*s' is answered twice",
                      (int)question.name.len, question.name.data);
  *answered |= bit;
  snprintf(where, sizeof where, "survey.answers[%zu].text", index);
  AFT__TRY(aft__policy_reply(cmd->policy, &question, answer->text, where, cmd->arena, &reply, error));
  *low |= reply.low;
  return put(cmd, survey, &question, &reply, error);
}

static aft_status check_required(aft__cmd *cmd, const aft__policy_survey *policy, uint32_t answered,
                                 aft_error *error) {
  for (uint32_t i = 0; i < policy->questions; i++) {
    aft__question question;
    aft__policy_question(cmd->policy, policy, i, &question);
    if (question.required && !(answered >> i & 1u))
      return aft__error(error, AFT_E_INVALID, "survey.answers", "expected an answer to '%.*s', found none",
                        (int)question.name.len, question.name.data);
  }
  return AFT_OK;
}

aft_status aft__replies_put(aft__cmd *cmd, const aft__value *row, const aft_field_in *answers, size_t n,
                            bool *low, aft_error *error) {
  aft__policy_survey policy;
  uint32_t answered = 0;
  if (!aft__survey_terms(cmd, row, &policy))
    policy.questions = 0; /* the policy has it no more, and asks nothing */
  AFT__TRY(aft__survey_empty(cmd->tx, row, error));
  for (size_t i = 0; i < n; i++)
    AFT__TRY(answer_one(cmd, row, &policy, &answers[i], i, &answered, low, error));
  return check_required(cmd, &policy, answered, error);
}

/* ---- listing them ---- */

static aft_status may_list(aft__cmd *cmd, void *given, aft_error *error) {
  aft__value *row;
  return aft__survey_find(cmd, *(aft_id *)given, NULL, (aft_str){0}, &row, error);
}

aft_status aft_reply_list(aft_session *session, const aft_call *call, aft_id survey, aft_cursor **out,
                          aft_error *error) {
  static const aft__command command = {
      .verb = "reply.list", .name = "reply_list", .roles = AFT__ROLES_STAFF, .read = true, .run = may_list};
  AFT__TRY(aft__in_id(survey, "survey", error));
  AFT__TRY(aft__command_run(session, call, &command, &survey, NULL, error));
  aft__list list = {.kind = AFT_KIND_REPLY,
                    .table = &aft__reply_table,
                    .index = AFT__REPLY_BY_SURVEY,
                    .n_equal = 2,
                    .equal = {call->tenant, survey}};
  return aft__cursor_open(session, &list, (aft_str){0}, out, error);
}

static aft_status may_see_case(aft__cmd *cmd, void *given, aft_error *error) {
  aft_id id = *(aft_id *)given;
  aft__value *row;
  cmd->subject = id;
  AFT__TRY(aft__load(cmd, &aft__case_table, AFT__CASE_TENANT, id, "case", &row, error));
  return aft__may_shop(cmd, aft__row_int(row, AFT__CASE_SHOP), error);
}

aft_status aft_case_survey_list(aft_session *session, const aft_call *call, aft_id case_id, aft_cursor **out,
                                aft_error *error) {
  static const aft__command command = {.verb = "case.surveys",
                                       .name = "case_survey_list",
                                       .roles = AFT__ROLES_STAFF,
                                       .read = true,
                                       .run = may_see_case};
  AFT__TRY(aft__in_id(case_id, "case", error));
  AFT__TRY(aft__command_run(session, call, &command, &case_id, NULL, error));
  aft__list list = {.kind = AFT_KIND_SURVEY,
                    .table = &aft__survey_table,
                    .index = AFT__SURVEY_BY_CASE,
                    .n_equal = 2,
                    .equal = {call->tenant, case_id}};
  return aft__cursor_open(session, &list, (aft_str){0}, out, error);
}

/* ---- what is asked ---- */

typedef struct form {
  aft_survey_form_in in;
  const char *locale;
  aft_buf *out;
} form;

static void put_text(aft__cmd *cmd, aft__json *json, const char *locale, const char *key) {
  aft__json_key(json, "text");
  aft__json_str(json, aft__cstr(aft_policy_text(cmd->policy, locale, key)));
}

static void put_number(aft__json *json, const char *key, int64_t number) {
  aft__json_key(json, key);
  aft__json_i64(json, number);
}

static void put_name(aft__json *json, const char *key, aft_str name) {
  aft__json_key(json, key);
  aft__json_str(json, name);
}

static aft_status put_choices(aft__cmd *cmd, const form *f, aft__json *json, const char *key,
                              const aft__question *question, aft_error *error) {
  aft__json_key(json, "choices");
  aft__json_open(json, '[');
  for (uint32_t i = 0; i < question->n_choices; i++) {
    aft_str name = aft__policy_choice(cmd->policy, question, i);
    bool common = question->type == AFT__QUESTION_YES_NO; /* yes and no are the same everywhere */
    char *text = aft__arena_printf(cmd->arena, "%s.%.*s", common ? "survey" : key, (int)name.len, name.data);
    if (!text)
      return aft__nomem(error);
    aft__json_open(json, '{');
    put_name(json, "name", name);
    put_text(cmd, json, f->locale, text);
    aft__json_close(json, '}');
  }
  aft__json_close(json, ']');
  return AFT_OK;
}

static aft_status put_question(aft__cmd *cmd, const form *f, aft__json *json,
                               const aft__policy_survey *policy, const aft__question *question,
                               aft_error *error) {
  char *key = aft__arena_printf(cmd->arena, "survey.%.*s.%.*s", (int)policy->name.len, policy->name.data,
                                (int)question->name.len, question->name.data);
  if (!key)
    return aft__nomem(error);
  aft__json_open(json, '{');
  put_name(json, "name", question->name);
  put_name(json, "type", aft__cstr(aft__question_types[question->type]));
  aft__json_key(json, "required");
  aft__json_bool(json, question->required);
  put_text(cmd, json, f->locale, key);
  if (question->type == AFT__QUESTION_SCALE) {
    put_number(json, "from", question->from);
    put_number(json, "to", question->to);
  } else if (question->type == AFT__QUESTION_TEXT) {
    put_number(json, "most", question->most);
  } else {
    AFT__TRY(put_choices(cmd, f, json, key, question, error));
  }
  aft__json_close(json, '}');
  return AFT_OK;
}

static void put_score(aft__json *json, const aft__value *row) {
  aft__score_kind kind;
  aft__json_key(json, "score");
  if (!aft__score_find(aft__row_str(row, AFT__SURVEY_KIND), &kind)) {
    aft__json_null(json);
    return;
  }
  aft__json_open(json, '{');
  put_number(json, "from", aft__scales[kind].least);
  put_number(json, "to", aft__scales[kind].most);
  aft__json_close(json, '}');
}

static aft_status run_form(aft__cmd *cmd, void *given, aft_error *error) {
  form *f = given;
  aft__value *row;
  aft__policy_survey policy;
  aft__json json;
  AFT__TRY(aft__survey_find(cmd, f->in.survey, f->in.keys, f->in.token, &row, error));
  bool known = aft__survey_terms(cmd, row, &policy);
  aft__buf_clear(f->out);
  aft__json_init(&json, f->out);
  aft__json_open(&json, '{');
  aft__json_key(&json, "survey");
  aft__json_id(&json, aft__row_int(row, AFT__SURVEY_ID));
  put_name(&json, "name", aft__row_str(row, AFT__SURVEY_NAME));
  put_name(&json, "kind", aft__row_str(row, AFT__SURVEY_KIND));
  put_name(&json, "state", aft__row_str(row, AFT__SURVEY_STATE));
  put_score(&json, row);
  aft__json_key(&json, "questions");
  aft__json_open(&json, '[');
  for (uint32_t i = 0; known && i < policy.questions; i++) {
    aft__question question;
    aft__policy_question(cmd->policy, &policy, i, &question);
    AFT__TRY(put_question(cmd, f, &json, &policy, &question, error));
  }
  aft__json_close(&json, ']');
  aft__json_close(&json, '}');
  return f->out->failed ? aft__nomem(error) : AFT_OK;
}

aft_status aft_survey_form(aft_session *session, const aft_call *call, const aft_survey_form_in *in,
                           aft_buf **out, aft_error *error) {
  static const aft__command command = {
      .verb = "survey.form",
      .name = "survey_form",
      .roles = AFT__ROLE(AFT_ROLE_SYSTEM) | AFT__ROLE(AFT_ROLE_AGENT) | AFT__ROLE(AFT_ROLE_BUYER),
      .read = true,
      .run = run_form};
  form f = {0};
  AFT__TRY(aft__abi_copy(&f.in, sizeof f.in, in, FORM_V1, "aft_survey_form_in", error));
  AFT__TRY(aft__in_survey(f.in.survey, &f.in.token, f.in.keys, error));
  AFT__TRY(aft__in_text(&f.in.locale, 16, "survey.locale", error));
  f.locale = aft__str_eq(f.in.locale, aft__cstr("zh")) ? "zh" : "en";
  return aft__command_text(session, call, &command, &f, &f.out, out, error);
}
