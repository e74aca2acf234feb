/* Answers to one question of a survey, counted. */
#include "desk/survey/survey_figures.h"

/* ---- which answers there are ---- */

static aft_status add_answer(aft__cmd *cmd, aft__survey_question *q, aft_str answer, uint32_t *at,
                             aft_error *error) {
  for (*at = 0; *at < q->n; ++*at)
    if (aft__str_eq(q->answers[*at], answer))
      return AFT_OK;
  if (q->n == AFT__MOST_ANSWERS)
    return aft__error(error, AFT_E_TOO_LARGE, "report.question",
                      "expected at most %u answers, found one more", AFT__MOST_ANSWERS);
  q->answers[q->n] = aft__arena_dup(cmd->arena, answer);
  return q->answers[q->n++].data ? AFT_OK : aft__nomem(error);
}

static aft_status add_number(aft__cmd *cmd, aft__survey_question *q, int64_t number, uint32_t *at,
                             aft_error *error) {
  char text[24];
  snprintf(text, sizeof text, "%lld", (long long)number);
  return add_answer(cmd, q, aft__cstr(text), at, error);
}

aft_status aft__question_begin(aft__cmd *cmd, aft__survey_question *q, aft_str survey, aft_error *error) {
  aft__policy_survey policy;
  aft__question question;
  uint32_t at;
  q->n = 0;
  q->type = (aft_str){0};
  if (!aft__policy_survey_find(cmd->policy, survey, &policy) ||
      !aft__policy_question_find(cmd->policy, &policy, q->name, &question))
    return AFT_OK;
  q->type = aft__cstr(aft__question_types[question.type]);
  if (question.type == AFT__QUESTION_SCALE)
    for (int32_t i = question.from; i <= question.to; i++)
      AFT__TRY(add_number(cmd, q, i, &at, error));
  else
    for (uint32_t i = 0; i < question.n_choices; i++)
      AFT__TRY(add_answer(cmd, q, aft__policy_choice(cmd->policy, &question, i), &at, error));
  return AFT_OK;
}

/* ---- counting ---- */

static aft_status one_more(aft__cmd *cmd, aft__survey_group *g, uint32_t answer, aft_error *error) {
  if (!g->counts)
    g->counts = aft__arena_alloc(cmd->arena, AFT__MOST_ANSWERS * sizeof *g->counts);
  if (!g->counts)
    return aft__nomem(error);
  g->counts[answer]++;
  return AFT_OK;
}

static aft_status count_choices(aft__cmd *cmd, aft__survey_question *q, aft_str choices, aft__survey_group *g,
                                aft_error *error) {
  while (choices.len) {
    const char *space = memchr(choices.data, ' ', choices.len);
    size_t n = space ? (size_t)(space - choices.data) : choices.len;
    uint32_t at;
    AFT__TRY(add_answer(cmd, q, aft__str(choices.data, n), &at, error));
    AFT__TRY(one_more(cmd, g, at, error));
    n += space != NULL;
    choices = aft__str(choices.data + n, choices.len - n);
  }
  return AFT_OK;
}

aft_status aft__question_count(aft__cmd *cmd, aft__survey_question *q, aft_id survey, aft__survey_group *g,
                               aft_error *error) {
  const aft__value keys[] = {aft__int(cmd->call.tenant), aft__int(survey), aft__text(q->name)};
  aft__value *row;
  uint32_t at;
  aft_status status = aft__find(cmd->tx, &aft__reply_table, AFT__REPLY_BY_SURVEY, keys, &row, error);
  if (status != AFT_OK)
    return status == AFT_E_NOT_FOUND ? AFT_OK : status;
  g->replies++;
  g->low_replies += aft__row_int(row, AFT__REPLY_LOW) != 0;
  if (!q->type.len) {
    q->type = aft__arena_dup(cmd->arena, aft__row_str(row, AFT__REPLY_TYPE));
    if (!q->type.data)
      return aft__nomem(error);
  }
  if (aft__row_null(row, AFT__REPLY_NUMBER))
    return count_choices(cmd, q, aft__row_str(row, AFT__REPLY_CHOICES), g, error);
  g->sum += aft__row_int(row, AFT__REPLY_NUMBER);
  AFT__TRY(add_number(cmd, q, aft__row_int(row, AFT__REPLY_NUMBER), &at, error));
  return one_more(cmd, g, at, error);
}

/* ---- telling ---- */

static void tell_interval(aft__json *json, uint64_t n, uint64_t of) {
  aft__interval interval = of ? aft__wilson(n, of, 0) : (aft__interval){0};
  aft__tell_share(json, "share", of > 0, of ? (double)n / (double)of : 0);
  aft__tell_share(json, "from", of > 0, interval.low);
  aft__tell_share(json, "to", of > 0, interval.high);
}

static void tell_answer(aft__json *json, aft_str answer, uint64_t n, uint64_t of) {
  aft__json_open(json, '{');
  aft__tell_key(json, "answer", answer);
  aft__tell_number(json, "answered", (int64_t)n);
  tell_interval(json, n, of);
  aft__json_close(json, '}');
}

void aft__question_tell(aft__json *json, const aft__survey_question *q, const aft__survey_group *g) {
  bool scale = aft__str_eq(q->type, aft__cstr("scale"));
  aft__json_key(json, "question");
  aft__json_open(json, '{');
  aft__tell_number(json, "answered", (int64_t)g->replies);
  aft__tell_number(json, "low", (int64_t)g->low_replies);
  aft__tell_share(json, "mean", scale && g->replies, g->replies ? (double)g->sum / (double)g->replies : 0);
  aft__json_key(json, "answers");
  aft__json_open(json, '[');
  for (uint32_t i = 0; i < q->n; i++)
    tell_answer(json, q->answers[i], g->counts ? g->counts[i] : 0, g->replies);
  aft__json_close(json, ']');
  aft__json_close(json, '}');
}
