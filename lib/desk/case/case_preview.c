/* What filing a case would come to, and what can be filed: worked out as filing does, and nothing kept. */
#include "desk/case/case_priv.h"

#define MOST_CHOICES  12u /* an order of more articles is offered as a whole: the buyer names lines */
#define MOST_SERVICES 8u

typedef struct preview_in {
  aft_case_in in;
  const char *locale;
  aft_buf *out;
} preview_in;

/* ---- parts of the answer ---- */

static void put_lines(aft__case *c, aft__json *json, bool money) {
  aft__json_key(json, "lines");
  aft__json_open(json, '[');
  for (uint32_t i = 0; i < c->n_lines; i++) {
    const aft__case_line *l = &c->lines[i];
    aft__json_open(json, '{');
    aft__json_key(json, "line");
    aft__json_id(json, l->line[AFT__LINE_ID].number);
    aft__json_key(json, "ref");
    aft__json_str(json, aft__row_str(l->line, AFT__LINE_REF));
    aft__json_key(json, "title");
    aft__json_str(json, aft__row_str(l->line, AFT__LINE_TITLE));
    aft__json_key(json, "quantity");
    aft__json_i64(json, aft__row_int(l->row, AFT__CASE_LINE_QUANTITY));
    aft__json_key(json, "free");
    aft__json_i64(json,
                  aft__row_int(l->line, AFT__LINE_WITH_BUYER) + aft__row_int(l->line, AFT__LINE_UNDELIVERED));
    if (money) {
      aft__json_key(json, "amount");
      aft__json_i64(json, aft__row_int(l->row, AFT__CASE_LINE_AMOUNT));
    }
    aft__json_close(json, '}');
  }
  aft__json_close(json, ']');
}

static void put_legs(aft__case *c, aft__json *json) {
  aft__json_key(json, "money");
  aft__json_open(json, '[');
  for (uint32_t i = 0; i < c->n_legs; i++) {
    static const struct {
      const char *name;
      uint32_t column;
    } texts[] = {{"kind", AFT__LEG_KIND},       {"payer", AFT__LEG_PAYER},
                 {"payee", AFT__LEG_PAYEE},     {"instrument", AFT__LEG_INSTRUMENT},
                 {"account", AFT__LEG_ACCOUNT}, {"release", AFT__LEG_RELEASE}};
    aft__json_open(json, '{');
    for (size_t k = 0; k < AFT__COUNT(texts); k++) {
      aft__json_key(json, texts[k].name);
      aft__json_str(json, aft__value_str(&c->legs[i].row[texts[k].column]));
    }
    aft__json_key(json, "amount");
    aft__json_i64(json, aft__row_int(c->legs[i].row, AFT__LEG_REQUESTED));
    aft__json_close(json, '}');
  }
  aft__json_close(json, ']');
}

static void put_reasons(aft__case *c, const char *locale, aft__json *json, bool refused) {
  aft__buf text;
  aft__buf_init(&text, c->cmd->env);
  if (refused && !c->reasons.len)
    aft__reason_add(&c->reasons, "refusal", "explain.case.refused", NULL, 0);
  aft__reasons_render(c->cmd->policy, locale, aft__buf_view(&c->reasons), NULL, &text);
  aft__json_key(json, "reasons");
  aft__json_open(json, '[');
  aft_str rest = aft__buf_view(&text);
  while (rest.len) {
    const char *end = memchr(rest.data, '\n', rest.len);
    size_t n = end ? (size_t)(end - rest.data) : rest.len;
    if (n)
      aft__json_str(json, aft__str(rest.data, n));
    rest = end ? aft__str(end + 1, rest.len - n - 1) : aft__str(rest.data, 0);
  }
  aft__json_close(json, ']');
  json->buf->failed |= text.failed;
  aft__buf_done(&text);
}

static void put_texts(const aft__case *c, aft__json *json) {
  static const struct {
    const char *name;
    uint32_t column;
  } texts[] = {{"kind", AFT__CASE_KIND},       {"reason", AFT__CASE_REASON},     {"liable", AFT__CASE_LIABLE},
               {"freight", AFT__CASE_FREIGHT}, {"currency", AFT__CASE_CURRENCY}, {"route", AFT__CASE_ROUTE}};
  for (size_t i = 0; i < AFT__COUNT(texts); i++) {
    aft__json_key(json, texts[i].name);
    aft__json_str(json, aft__case_str(c, texts[i].column));
  }
}

/* ---- one preview ---- */

/* Units that are not free, and money that is not there, are part of the answer. */
static bool is_answer(aft_status status) { return status == AFT_E_INELIGIBLE || status == AFT_E_CHECK; }

static aft_status work_out(aft__case *c, const aft_case_in *in, aft_error *refusal, aft_error *error) {
  aft_status status = aft__case_judge(c, in, refusal);
  if (status >= 0)
    status = aft__case_free_check(c, refusal);
  if (status >= 0)
    status = aft__legs_plan(c, refusal);
  if (status >= 0)
    status = aft__charge_plan(c, refusal);
  if (status < 0 && !is_answer(status) && error)
    *error = *refusal;
  return status;
}

static void put_answer(aft__case *c, const char *locale, aft_status status, aft__json *json) {
  bool money = aft__sees_money(c->cmd, c->order);
  aft__json_open(json, '{');
  aft__json_key(json, "verdict");
  aft__json_str(json, aft__cstr(status < 0 ? "no" : c->needs_person ? "person" : "yes"));
  put_texts(c, json);
  if (money) {
    aft__json_key(json, "amount");
    aft__json_i64(json, aft__case_int(c, AFT__CASE_ASKED));
    aft__json_key(json, "difference");
    aft__json_i64(json, aft__case_int(c, AFT__CASE_DIFFERENCE));
  }
  put_lines(c, json, money);
  if (money)
    put_legs(c, json);
  put_reasons(c, locale, json, status < 0);
  aft__json_close(json, '}');
}

/* What filing would come to, with the money planned as filing plans it. */
static aft_status answer(aft__cmd *cmd, const aft_case_in *in, const char *locale, aft__json *json,
                         aft_error *error) {
  aft__case c;
  aft_error refusal = AFT_ERROR_INIT;
  aft_status status = aft__case_prepare(cmd, in, &c, error);
  if (status >= 0) {
    status = work_out(&c, in, &refusal, error);
    if (status >= 0 || is_answer(status)) {
      put_answer(&c, locale, status, json);
      status = AFT_OK;
    }
  }
  aft__case_done(&c);
  return status;
}

static aft_status preview(aft__cmd *cmd, void *given, aft_error *error) {
  preview_in *p = given;
  aft__json json;
  aft__buf_clear(p->out);
  aft__json_init(&json, p->out);
  return answer(cmd, &p->in, p->locale, &json, error);
}

aft_status aft_case_preview(aft_session *session, const aft_call *call, const aft_case_in *in,
                            const char *locale, aft_buf **out, aft_error *error) {
  static const aft__command command = {.verb = "case.preview",
                                       .name = "case_preview",
                                       .roles = AFT__ROLES_ALL,
                                       .by_link = true,
                                       .read = true,
                                       .run = preview};
  preview_in p = {.locale = locale ? locale : "en"};
  aft__arena arena;
  if (!session)
    return aft__error(error, AFT_E_NULL_HANDLE, "session", "the session is NULL");
  aft__arena_init(&arena, aft__session_env(session));
  aft_status status = aft__case_in_copy(&p.in, in, &arena, error);
  if (status >= 0)
    status = aft__command_text(session, call, &command, &p, &p.out, out, error);
  aft__arena_done(&arena);
  return status;
}

/* ---- what can be filed ---- */

typedef struct order_in {
  aft_id order;
  const char *locale;
  aft_buf *out;
} order_in;

/* Kinds that buyers and staff open about an order on their own account. */
static bool opens_by_itself(const char *kind) {
  return strcmp(kind, "ticket") != 0 && strcmp(kind, "dispute") != 0;
}

/* The first reason of the policy that fits a kind, in the buyer's favour: a change of mind. */
static aft_str usual_reason(const aft_policy *policy, const char *kind) {
  aft__reason_info info;
  aft_str name;
  for (uint32_t i = 0; (name = aft__policy_reason_at(policy, i)).len; i++)
    if (aft__policy_reason(policy, name, aft__cstr(kind), &info))
      return name;
  return aft__cstr("other");
}

static int64_t free_units(const aft__value *line) {
  return aft__row_int(line, AFT__LINE_WITH_BUYER) + aft__row_int(line, AFT__LINE_UNDELIVERED);
}

static bool is_choice(const aft__value *line) { return !aft__line_is_extra(line) && free_units(line) > 0; }

/* An article with the services that were sold for it and not performed. */
static aft_status put_article(aft__cmd *cmd, const aft_case_in *in, aft__value **rows, uint32_t n,
                              const aft__value *line, const char *locale, aft__json *json, aft_error *error) {
  aft_case_line_in lines[1 + MOST_SERVICES] = {
      {.size = sizeof *lines, .line = line[AFT__LINE_ID].number, .quantity = free_units(line)}};
  aft_case_in one = *in;
  one.lines = lines;
  one.n_lines = 1 + aft__services_of(rows, n, lines[0].line, lines + 1, MOST_SERVICES);
  return answer(cmd, &one, locale, json, error);
}

/* All that is free, and of an order with several articles each of them alone. */
aft_status aft__case_choices_on(aft__cmd *cmd, const aft_case_in *in, const char *locale, aft__json *json,
                                aft_error *error) {
  aft__value **rows;
  uint32_t n, choices = 0;
  AFT__TRY(aft__order_lines(cmd, in->order, &rows, &n, error));
  for (uint32_t i = 0; i < n; i++)
    choices += is_choice(rows[i]);
  AFT__TRY(answer(cmd, in, locale, json, error));
  for (uint32_t i = 0; choices > 1 && choices <= MOST_CHOICES && i < n; i++)
    if (is_choice(rows[i]))
      AFT__TRY(put_article(cmd, in, rows, n, rows[i], locale, json, error));
  return AFT_OK;
}

static aft_status put_kind(aft__cmd *cmd, const order_in *o, const char *kind, aft__json *json,
                           aft_error *error) {
  aft_case_in in = {.size = sizeof in, .order = o->order, .kind = aft__cstr(kind)};
  in.reason = usual_reason(cmd->policy, kind);
  return aft__case_choices_on(cmd, &in, o->locale, json, error);
}

static aft_status options(aft__cmd *cmd, void *given, aft_error *error) {
  order_in *o = given;
  aft__json json;
  const aft__flow *machine;
  aft__buf_clear(o->out);
  aft__json_init(&json, o->out);
  aft__json_open(&json, '[');
  for (uint32_t i = 0; (machine = aft__policy_machine_at(cmd->policy, i)); i++)
    if (opens_by_itself(machine->name))
      AFT__TRY(put_kind(cmd, o, machine->name, &json, error));
  aft__json_close(&json, ']');
  return AFT_OK;
}

aft_status aft_order_options(aft_session *session, const aft_call *call, aft_id order, const char *locale,
                             aft_buf **out, aft_error *error) {
  static const aft__command command = {.verb = "order.options",
                                       .name = "order_options",
                                       .roles = AFT__ROLES_ALL,
                                       .by_link = true,
                                       .read = true,
                                       .run = options};
  order_in o = {.order = order, .locale = locale ? locale : "en"};
  return aft__command_text(session, call, &command, &o, &o.out, out, error);
}
