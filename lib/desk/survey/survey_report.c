/* What surveys add up to: one walk over those that were sent in a period, grouped. */
#include "desk/survey/survey_figures.h"

#include <stdlib.h>

#define IN_V1       (offsetof(aft_survey_report_in, reserved0) + sizeof(uint32_t))
#define MOST_ROWS   200000u
#define MOST_GROUPS 10000u
#define MOST_PERIOD (3653 * AFT__DAY)
#define MOST_NAME   64

/* A survey whose answer to the question is still to be looked up. */
typedef struct reply {
  aft_id survey;
  uint64_t group;
} reply;

typedef struct report {
  aft_survey_report_in in;
  aft__cmd *cmd;
  aft_str kind;
  bool scored;
  aft__score_kind scale;
  aft__survey_groups groups;
  aft__survey_question question;
  aft__survey_bias bias;
  aft__buf asked; /* of reply: answered surveys, where their answers to the question are counted too */
  uint32_t rows;
  uint64_t sent, answered;
  bool complete;
  aft_buf *out;
} report;

/* ---- groups ---- */

/* The Monday before a survey was sent. */
static void week_of(aft_time sent, char out[AFT__KEY_TEXT]) {
  aft__civil day, monday;
  aft__civil_of(sent, 0, &day);
  aft__civil_of(sent - day.weekday * AFT__DAY, 0, &monday);
  snprintf(out, AFT__KEY_TEXT, "%04d-%02d-%02d", (int)monday.year, (int)monday.month, (int)monday.day);
}

aft_str aft__group_key(uint32_t by, const aft__value *row, char text[AFT__KEY_TEXT]) {
  text[0] = 0;
  switch (by) {
  case AFT_GROUP_AGENT:
    if (!aft__row_null(row, AFT__SURVEY_AGENT))
      snprintf(text, AFT__KEY_TEXT, "%lld", (long long)aft__row_int(row, AFT__SURVEY_AGENT));
    return aft__cstr(text);
  case AFT_GROUP_CATEGORY:
    return aft__row_str(row, AFT__SURVEY_CATEGORY);
  case AFT_GROUP_QUEUE:
    return aft__row_str(row, AFT__SURVEY_QUEUE);
  case AFT_GROUP_PRODUCT:
    return aft__row_str(row, AFT__SURVEY_PRODUCT);
  case AFT_GROUP_WEEK:
    week_of(aft__row_int(row, AFT__SURVEY_SENT), text);
    return aft__cstr(text);
  default:
    return aft__cstr(text);
  }
}

static aft_status grow(aft__cmd *cmd, aft__survey_groups *groups, aft_error *error) {
  uint32_t cap = groups->cap ? 2 * groups->cap : 16;
  aft__survey_group *list = aft__arena_alloc(cmd->arena, cap * sizeof *list);
  if (!list)
    return aft__nomem(error);
  if (groups->n)
    memcpy(list, groups->list, groups->n * sizeof *list);
  groups->list = list;
  groups->cap = cap;
  return AFT_OK;
}

aft_status aft__group_of(aft__cmd *cmd, aft__survey_groups *groups, aft_str key, uint32_t most,
                         aft__survey_group **out, aft_error *error) {
  uint32_t at;
  *out = NULL;
  if (!key.len)
    key = aft__cstr("");
  if (!aft__map_get(&groups->numbers, key, &at)) {
    if (groups->n == most)
      return AFT_OK;
    if (groups->n == groups->cap)
      AFT__TRY(grow(cmd, groups, error));
    aft_str kept = aft__arena_dup(cmd->arena, key);
    if (!kept.data || aft__map_put(&groups->numbers, kept, groups->n, NULL) < 0)
      return aft__nomem(error);
    at = groups->n++;
    groups->list[at] = (aft__survey_group){.key = kept};
  }
  *out = &groups->list[at];
  return AFT_OK;
}

static int by_key(const void *a, const void *b) {
  return aft__str_cmp(((const aft__survey_group *)a)->key, ((const aft__survey_group *)b)->key);
}

void aft__groups_sort(aft__survey_groups *groups) {
  if (groups->n)
    qsort(groups->list, groups->n, sizeof *groups->list, by_key);
}

/* ---- the walk ---- */

static bool counts(const report *r, const aft__value *row) {
  if (!aft__str_eq(aft__row_str(row, AFT__SURVEY_KIND), r->kind))
    return false;
  if (r->in.name.len && !aft__str_eq(aft__row_str(row, AFT__SURVEY_NAME), r->in.name))
    return false;
  return !r->in.shop || aft__row_int(row, AFT__SURVEY_SHOP) == r->in.shop;
}

static aft_status count_answer(report *r, const aft__value *row, aft__survey_group *g, aft_error *error) {
  r->answered++;
  g->answered++;
  g->low += aft__row_int(row, AFT__SURVEY_LOW) != 0;
  if (r->scored)
    aft__tally_add(&g->tally, r->scale, aft__row_int(row, AFT__SURVEY_SCORE));
  if (!r->in.question.len)
    return AFT_OK;
  reply asked = {aft__row_int(row, AFT__SURVEY_ID), (uint64_t)(g - r->groups.list)};
  aft__buf_add(&r->asked, &asked, sizeof asked);
  return r->asked.failed ? aft__nomem(error) : AFT_OK;
}

static aft_status count(void *user, const aft__value *row, aft_error *error) {
  report *r = user;
  char text[AFT__KEY_TEXT];
  aft__survey_group *g;
  bool answered = !aft__row_null(row, AFT__SURVEY_ANSWERED);
  if (r->rows++ == MOST_ROWS) {
    r->complete = false;
    return AFT_DONE;
  }
  if (!counts(r, row))
    return AFT_OK;
  AFT__TRY(aft__group_of(r->cmd, &r->groups, aft__group_key(r->in.by, row, text), MOST_GROUPS, &g, error));
  if (!g)
    return aft__error(error, AFT_E_TOO_LARGE, "report", "expected at most %u groups, found one more",
                      MOST_GROUPS);
  r->sent++;
  g->sent++;
  AFT__TRY(aft__bias_count(r->cmd, &r->bias, row, answered, error));
  return answered ? count_answer(r, row, g, error) : AFT_OK;
}

/* While rows are read one by one, nothing else can be. */
static aft_status count_replies(report *r, aft_error *error) {
  for (size_t at = 0; at < r->asked.len; at += sizeof(reply)) {
    reply asked;
    memcpy(&asked, r->asked.data + at, sizeof asked);
    AFT__TRY(aft__question_count(r->cmd, &r->question, asked.survey, &r->groups.list[asked.group], error));
  }
  return AFT_OK;
}

static aft_status walk(report *r, aft_error *error) {
  aft__value low = aft__int(r->in.begin), high = aft__int(r->in.end - 1);
  aft__scan scan = {.table = &aft__survey_table,
                    .index = AFT__SURVEY_BY_SENT,
                    .n_equal = 1,
                    .equal = {aft__int(r->cmd->call.tenant)},
                    .low = &low,
                    .high = &high,
                    .limit = MOST_ROWS + 1};
  r->groups.n = r->groups.cap = r->rows = 0;
  r->sent = r->answered = 0;
  r->complete = true;
  if (r->in.question.len)
    AFT__TRY(aft__question_begin(r->cmd, &r->question, r->in.name, error));
  AFT__TRY(aft__scan_each(r->cmd->tx, &scan, count, r, error));
  return count_replies(r, error);
}

/* ---- telling ---- */

void aft__tell_number(aft__json *json, const char *key, int64_t number) {
  aft__json_key(json, key);
  aft__json_i64(json, number);
}

void aft__tell_share(aft__json *json, const char *key, bool known, double value) {
  aft__json_key(json, key);
  if (known)
    aft__json_share(json, value);
  else
    aft__json_null(json);
}

void aft__tell_key(aft__json *json, const char *name, aft_str key) {
  aft__json_key(json, name);
  if (key.len)
    aft__json_str(json, key);
  else
    aft__json_null(json);
}

static void tell_group(aft__json *json, const report *r, const aft__survey_group *g) {
  aft__score score;
  bool any = g->tally.n > 0;
  aft__score_of(r->scale, &g->tally, r->in.finite ? g->sent : 0, &score);
  aft__json_open(json, '{');
  aft__tell_key(json, "group", g->key);
  aft__tell_number(json, "sent", (int64_t)g->sent);
  aft__tell_number(json, "answered", (int64_t)g->answered);
  aft__tell_share(json, "response_rate", g->sent > 0, g->sent ? (double)g->answered / (double)g->sent : 0);
  aft__tell_share(json, "score", any, score.value);
  aft__tell_share(json, "from", any, score.interval.low);
  aft__tell_share(json, "to", any, score.interval.high);
  aft__json_key(json, "method");
  aft__json_str(json, aft__cstr(aft__method_name(score.method)));
  aft__tell_share(json, "mean", any, score.mean);
  aft__tell_number(json, "low", (int64_t)g->low);
  aft__json_key(json, "small");
  aft__json_bool(json, g->answered < AFT__FEW_ANSWERS);
  if (r->in.question.len)
    aft__question_tell(json, &r->question, g);
  aft__json_close(json, '}');
}

/* What no figure says, and what the comparisons do. */
static aft_status tell_note(aft__json *json, const report *r, uint32_t compared, uint32_t differ,
                            aft_error *error) {
  aft__buf text;
  char sent[24], answered[24], groups[24], unlike[24];
  snprintf(sent, sizeof sent, "%llu", (unsigned long long)r->sent);
  snprintf(answered, sizeof answered, "%llu", (unsigned long long)r->answered);
  snprintf(groups, sizeof groups, "%u", compared);
  snprintf(unlike, sizeof unlike, "%u", differ);
  const char *locale = aft__str_eq(r->in.locale, aft__cstr("zh")) ? "zh" : "en";
  const aft__arg args[] = {{"answered", aft__cstr(answered)},
                           {"sent", aft__cstr(sent)},
                           {"compared", aft__cstr(groups)},
                           {"differ", aft__cstr(unlike)}};
  const char *more = differ ? "survey.bias_differs" : compared ? "survey.bias_alike" : "survey.bias_unknown";
  aft__buf_init(&text, r->cmd->env);
  aft__policy_render(r->cmd->policy, locale, "survey.bias", args, AFT__COUNT(args), &text);
  aft__buf_puts(&text, strcmp(locale, "zh") == 0 ? "" : " ");
  aft__policy_render(r->cmd->policy, locale, more, args, AFT__COUNT(args), &text);
  aft__json_key(json, "note");
  aft__json_str(json, aft__buf_view(&text));
  bool failed = text.failed;
  aft__buf_done(&text);
  return failed ? aft__nomem(error) : AFT_OK;
}

static aft_status tell(report *r, aft_error *error) {
  static const char *const groupings[] = {"none", "agent", "category", "queue", "week", "product"};
  aft__json json;
  uint32_t compared, differ;
  aft__buf_clear(r->out);
  aft__json_init(&json, r->out);
  aft__json_open(&json, '{');
  aft__json_key(&json, "kind");
  aft__json_str(&json, r->kind);
  if (r->in.name.len)
    aft__tell_key(&json, "name", r->in.name);
  if (r->in.question.len)
    aft__tell_key(&json, "question", r->in.question);
  aft__tell_number(&json, "begin", r->in.begin);
  aft__tell_number(&json, "end", r->in.end);
  aft__json_key(&json, "by");
  aft__json_str(&json, aft__cstr(groupings[r->in.by]));
  aft__json_key(&json, "finite");
  aft__json_bool(&json, r->in.finite != 0);
  aft__json_key(&json, "complete");
  aft__json_bool(&json, r->complete);
  aft__json_key(&json, "groups");
  aft__json_open(&json, '[');
  for (uint32_t i = 0; i < r->groups.n; i++)
    tell_group(&json, r, &r->groups.list[i]);
  aft__json_close(&json, ']');
  aft__json_key(&json, "bias");
  aft__bias_tell(&json, &r->bias, &compared, &differ);
  AFT__TRY(tell_note(&json, r, compared, differ, error));
  aft__json_close(&json, '}');
  return r->out->failed ? aft__nomem(error) : AFT_OK;
}

/* ---- the call ---- */

static aft_status check_shop(aft__cmd *cmd, const report *r, aft_error *error) {
  aft__value *shop;
  if (cmd->call.role == AFT_ROLE_AGENT && !r->in.shop)
    return aft__error(error, AFT_E_INVALID, "report.shop", "an agent names the shop");
  if (!r->in.shop)
    return AFT_OK;
  AFT__TRY(aft__load(cmd, &aft__shop_table, AFT__SHOP_TENANT, r->in.shop, "report.shop", &shop, error));
  return aft__may_shop(cmd, r->in.shop, error);
}

/* Of the kind that is asked for, or that the policy asks now. */
static aft_status find_kind(aft__cmd *cmd, report *r, aft_error *error) {
  static const char *const kinds[] = {[AFT_SCORE_CSAT] = "csat",
                                      [AFT_SCORE_NPS] = "nps",
                                      [AFT_SCORE_CES] = "ces",
                                      [AFT_SCORE_CUSTOM] = "custom"};
  aft__policy_survey policy;
  bool known = aft__policy_survey_find(cmd->policy, r->in.name, &policy);
  if (!known && !r->in.kind)
    return aft__error(error, AFT_E_INVALID, "report.name", "the policy has no survey '%.*s': give its kind",
                      (int)r->in.name.len, r->in.name.data);
  r->kind = aft__cstr(r->in.kind ? kinds[r->in.kind] : aft__policy_survey_kind(&policy));
  r->scored = aft__score_find(r->kind, &r->scale);
  return AFT_OK;
}

static aft_status run(aft__cmd *cmd, void *given, aft_error *error) {
  report *r = given;
  r->cmd = cmd;
  AFT__TRY(check_shop(cmd, r, error));
  AFT__TRY(find_kind(cmd, r, error));
  aft__map_init(&r->groups.numbers, cmd->env);
  aft__buf_init(&r->asked, cmd->env);
  aft__bias_begin(cmd, &r->bias);
  aft_status status = walk(r, error);
  aft__groups_sort(&r->groups);
  if (status >= 0)
    status = tell(r, error);
  aft__map_done(&r->groups.numbers);
  aft__bias_done(&r->bias);
  aft__buf_done(&r->asked);
  return status;
}

static aft_status check_in(const aft_survey_report_in *given, aft_survey_report_in *in, aft_error *error) {
  AFT__TRY(aft__abi_copy(in, sizeof *in, given, IN_V1, "aft_survey_report_in", error));
  if (in->begin < 0 || in->end <= in->begin || in->end - in->begin > MOST_PERIOD)
    return aft__error(error, AFT_E_INVALID, "report.begin", "expected a period of at most ten years");
  if (in->kind > AFT_SCORE_CUSTOM)
    return aft__error(error, AFT_E_INVALID, "report.kind", "expected AFT_SCORE_…, found %u", in->kind);
  if (in->by > AFT_GROUP_PRODUCT)
    return aft__error(error, AFT_E_INVALID, "report.by", "expected AFT_GROUP_…, found %u", in->by);
  if (in->finite > 1)
    return aft__error(error, AFT_E_INVALID, "report.finite", "expected 0 or 1, found %u", in->finite);
  AFT__TRY(aft__in_text(&in->locale, 16, "report.locale", error));
  AFT__TRY(aft__in_text(&in->name, MOST_NAME, "report.name", error));
  AFT__TRY(aft__in_text(&in->question, MOST_NAME, "report.question", error));
  if (in->question.len && !in->name.len)
    return aft__error(error, AFT_E_INVALID, "report.name", "expected the survey of the question, found none");
  return in->shop ? aft__in_id(in->shop, "report.shop", error) : AFT_OK;
}

aft_status aft_survey_report(aft_session *session, const aft_call *call, const aft_survey_report_in *in,
                             aft_buf **out, aft_error *error) {
  static const aft__command command = {
      .verb = "survey.report", .name = "survey_report", .roles = AFT__ROLES_STAFF, .read = true, .run = run};
  report r = {0};
  if (!session || !out)
    return aft__error(error, AFT_E_NULL_HANDLE, session ? "out" : "session", "the handle is NULL");
  AFT__TRY(check_in(in, &r.in, error));
  r.question.name = r.in.question;
  return aft__command_text(session, call, &command, &r, &r.out, out, error);
}
