/* What surveys add up to: one walk over those that were sent in a period, grouped. */
#include "desk/survey_priv.h"

#include <stdlib.h>

#include <aftersales/survey.h>

#define IN_V1       (offsetof(aft_survey_report_in, reserved0) + sizeof(uint32_t))
#define MOST_ROWS   200000u
#define MOST_GROUPS 10000u
#define MOST_PERIOD (3653 * AFT__DAY)
#define KEY_TEXT    32

typedef struct group {
  aft_str key; /* empty: what has none */
  uint64_t sent, low;
  aft__tally tally;
} group;

typedef struct report {
  aft_survey_report_in in;
  aft__cmd *cmd;
  aft_str kind;
  aft__score_kind scale;
  aft__map numbers; /* key to group */
  group *groups;
  uint32_t n, cap;
  uint32_t rows;
  uint64_t sent;
  bool complete;
  aft_buf *out;
} report;

/* ---- groups ---- */

/* The Monday before a survey was sent. */
static void week_of(aft_time sent, char out[KEY_TEXT]) {
  aft__civil day, monday;
  aft__civil_of(sent, 0, &day);
  aft__civil_of(sent - day.weekday * AFT__DAY, 0, &monday);
  snprintf(out, KEY_TEXT, "%04d-%02d-%02d", (int)monday.year, (int)monday.month, (int)monday.day);
}

static aft_str key_of(const report *r, const aft__value *row, char text[KEY_TEXT]) {
  text[0] = 0;
  switch (r->in.by) {
  case AFT_GROUP_AGENT:
    if (!aft__row_null(row, AFT__SURVEY_AGENT))
      snprintf(text, KEY_TEXT, "%lld", (long long)aft__row_int(row, AFT__SURVEY_AGENT));
    return aft__cstr(text);
  case AFT_GROUP_CATEGORY:
    return aft__row_str(row, AFT__SURVEY_CATEGORY);
  case AFT_GROUP_QUEUE:
    return aft__row_str(row, AFT__SURVEY_QUEUE);
  case AFT_GROUP_WEEK:
    week_of(aft__row_int(row, AFT__SURVEY_SENT), text);
    return aft__cstr(text);
  default:
    return aft__cstr(text);
  }
}

static aft_status grow(report *r, aft_error *error) {
  uint32_t cap = r->cap ? 2 * r->cap : 16;
  group *groups = aft__arena_alloc(r->cmd->arena, cap * sizeof *groups);
  if (!groups)
    return aft__nomem(error);
  if (r->n)
    memcpy(groups, r->groups, r->n * sizeof *groups);
  r->groups = groups;
  r->cap = cap;
  return AFT_OK;
}

static aft_status group_of(report *r, aft_str key, group **out, aft_error *error) {
  uint32_t at;
  if (!key.len)
    key = aft__cstr("");
  if (!aft__map_get(&r->numbers, key, &at)) {
    if (r->n == MOST_GROUPS)
      return aft__error(error, AFT_E_TOO_LARGE, "report", "expected at most %u groups, found one more",
                        MOST_GROUPS);
    if (r->n == r->cap)
      AFT__TRY(grow(r, error));
    aft_str kept = aft__arena_dup(r->cmd->arena, key);
    if (!kept.data || aft__map_put(&r->numbers, kept, r->n, NULL) < 0)
      return aft__nomem(error);
    at = r->n++;
    r->groups[at] = (group){.key = kept};
  }
  *out = &r->groups[at];
  return AFT_OK;
}

/* ---- the walk ---- */

static aft_status count(void *user, const aft__value *row, aft_error *error) {
  report *r = user;
  char text[KEY_TEXT];
  group *g;
  if (r->rows++ == MOST_ROWS) {
    r->complete = false;
    return AFT_DONE;
  }
  if (!aft__str_eq(aft__row_str(row, AFT__SURVEY_KIND), r->kind) ||
      (r->in.shop && aft__row_int(row, AFT__SURVEY_SHOP) != r->in.shop))
    return AFT_OK;
  AFT__TRY(group_of(r, key_of(r, row, text), &g, error));
  r->sent++;
  g->sent++;
  if (!aft__row_null(row, AFT__SURVEY_SCORE)) {
    aft__tally_add(&g->tally, r->scale, aft__row_int(row, AFT__SURVEY_SCORE));
    g->low += aft__row_int(row, AFT__SURVEY_LOW) != 0;
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
  r->n = r->cap = r->rows = 0;
  r->sent = 0;
  r->complete = true;
  return aft__scan_each(r->cmd->tx, &scan, count, r, error);
}

/* ---- telling ---- */

static void tell_number(aft__json *json, const char *key, int64_t number) {
  aft__json_key(json, key);
  aft__json_i64(json, number);
}

static void tell_share(aft__json *json, const char *key, bool known, double value) {
  aft__json_key(json, key);
  if (known)
    aft__json_share(json, value);
  else
    aft__json_null(json);
}

static void tell_key(aft__json *json, aft_str key) {
  aft__json_key(json, "group");
  if (key.len)
    aft__json_str(json, key);
  else
    aft__json_null(json);
}

static void tell_group(aft__json *json, const report *r, const group *g) {
  aft__score score;
  bool any = g->tally.n > 0;
  aft__score_of(r->scale, &g->tally, r->in.finite ? g->sent : 0, &score);
  aft__json_open(json, '{');
  tell_key(json, g->key);
  tell_number(json, "sent", (int64_t)g->sent);
  tell_number(json, "answered", (int64_t)g->tally.n);
  tell_share(json, "response_rate", g->sent > 0, g->sent ? (double)g->tally.n / (double)g->sent : 0);
  tell_share(json, "score", any, score.value);
  tell_share(json, "from", any, score.interval.low);
  tell_share(json, "to", any, score.interval.high);
  aft__json_key(json, "method");
  aft__json_str(json, aft__cstr(aft__method_name(score.method)));
  tell_share(json, "mean", any, score.mean);
  tell_number(json, "low", (int64_t)g->low);
  aft__json_key(json, "small");
  aft__json_bool(json, score.few);
  aft__json_close(json, '}');
}

static aft_status tell_note(aft__json *json, const report *r, aft_error *error) {
  aft__buf text;
  char sent[24], answered[24];
  uint64_t n = 0;
  for (uint32_t i = 0; i < r->n; i++)
    n += r->groups[i].tally.n;
  snprintf(sent, sizeof sent, "%llu", (unsigned long long)r->sent);
  snprintf(answered, sizeof answered, "%llu", (unsigned long long)n);
  const char *locale = aft__str_eq(r->in.locale, aft__cstr("zh")) ? "zh" : "en";
  const aft__arg args[] = {{"answered", aft__cstr(answered)}, {"sent", aft__cstr(sent)}};
  aft__buf_init(&text, r->cmd->env);
  aft__policy_render(r->cmd->policy, locale, "survey.bias", args, AFT__COUNT(args), &text);
  aft__json_key(json, "note");
  aft__json_str(json, aft__buf_view(&text));
  bool failed = text.failed;
  aft__buf_done(&text);
  return failed ? aft__nomem(error) : AFT_OK;
}

static aft_status tell(const report *r, aft_error *error) {
  static const char *const groupings[] = {"none", "agent", "category", "queue", "week"};
  aft__json json;
  aft__buf_clear(r->out);
  aft__json_init(&json, r->out);
  aft__json_open(&json, '{');
  aft__json_key(&json, "kind");
  aft__json_str(&json, r->kind);
  tell_number(&json, "begin", r->in.begin);
  tell_number(&json, "end", r->in.end);
  aft__json_key(&json, "by");
  aft__json_str(&json, aft__cstr(groupings[r->in.by]));
  aft__json_key(&json, "finite");
  aft__json_bool(&json, r->in.finite != 0);
  aft__json_key(&json, "complete");
  aft__json_bool(&json, r->complete);
  aft__json_key(&json, "groups");
  aft__json_open(&json, '[');
  for (uint32_t i = 0; i < r->n; i++)
    tell_group(&json, r, &r->groups[i]);
  aft__json_close(&json, ']');
  AFT__TRY(tell_note(&json, r, error));
  aft__json_close(&json, '}');
  return r->out->failed ? aft__nomem(error) : AFT_OK;
}

/* ---- the call ---- */

static int by_key(const void *a, const void *b) {
  return aft__str_cmp(((const group *)a)->key, ((const group *)b)->key);
}

static aft_status check_shop(aft__cmd *cmd, const report *r, aft_error *error) {
  aft__value *shop;
  if (cmd->call.role == AFT_ROLE_AGENT && !r->in.shop)
    return aft__error(error, AFT_E_INVALID, "report.shop", "an agent names the shop");
  if (!r->in.shop)
    return AFT_OK;
  AFT__TRY(aft__load(cmd, &aft__shop_table, AFT__SHOP_TENANT, r->in.shop, "report.shop", &shop, error));
  return aft__may_shop(cmd, r->in.shop, error);
}

static aft_status run(aft__cmd *cmd, void *given, aft_error *error) {
  report *r = given;
  aft__policy_survey policy;
  r->cmd = cmd;
  AFT__TRY(check_shop(cmd, r, error));
  aft__policy_survey_of(cmd->policy, &policy);
  r->scale = r->in.kind ? (aft__score_kind)(r->in.kind - AFT_SCORE_CSAT) : policy.kind;
  r->kind = aft__cstr(aft__scales[r->scale].name);
  aft__map_init(&r->numbers, cmd->env);
  aft_status status = walk(r, error);
  aft__map_done(&r->numbers);
  AFT__TRY(status);
  if (r->n)
    qsort(r->groups, r->n, sizeof *r->groups, by_key);
  return tell(r, error);
}

static aft_status check_in(const aft_survey_report_in *given, aft_survey_report_in *in, aft_error *error) {
  AFT__TRY(aft__abi_copy(in, sizeof *in, given, IN_V1, "aft_survey_report_in", error));
  if (in->begin < 0 || in->end <= in->begin || in->end - in->begin > MOST_PERIOD)
    return aft__error(error, AFT_E_INVALID, "report.begin", "expected a period of at most ten years");
  if (in->kind > AFT_SCORE_CES)
    return aft__error(error, AFT_E_INVALID, "report.kind", "expected AFT_SCORE_…, found %u", in->kind);
  if (in->by > AFT_GROUP_WEEK)
    return aft__error(error, AFT_E_INVALID, "report.by", "expected AFT_GROUP_…, found %u", in->by);
  if (in->finite > 1)
    return aft__error(error, AFT_E_INVALID, "report.finite", "expected 0 or 1, found %u", in->finite);
  AFT__TRY(aft__in_text(&in->locale, 16, "report.locale", error));
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
  r.out = aft__buf_new(aft__session_env(session));
  if (!r.out)
    return aft__nomem(error);
  aft_status status = aft__command_run(session, call, &command, &r, NULL, error);
  if (status < 0)
    aft_buf_free(r.out);
  else
    *out = r.out;
  return status;
}
