/* The story of a case in plain words, for whoever asks: what happened, what is so now, what comes next and
 * until when, and where the money is. */
#include "desk/case/case_priv.h"

typedef struct timeline_in {
  aft_id id;
  const char *locale;
  aft_buf *out;
} timeline_in;

typedef struct story {
  aft__case *c;
  const timeline_in *in;
  aft__json *json;
} story;

static void put_text(const story *s, const char *name, const char *prefix, aft_str word) {
  aft__buf text;
  char *key = aft__arena_printf(s->c->cmd->arena, "%s.%.*s", prefix, (int)word.len, word.data);
  aft__buf_init(&text, s->c->cmd->env);
  if (key)
    aft__case_render(s->c, s->in->locale, key, &text);
  aft__json_key(s->json, name);
  aft__json_str(s->json, text.len ? aft__buf_view(&text) : word);
  s->json->buf->failed |= text.failed || !key;
  aft__buf_done(&text);
}

static void put_time(const story *s, const char *name, aft_time at) {
  char iso[AFT_TIME_ISO_SIZE];
  aft__json_key(s->json, name);
  if (at == AFT_TIME_NONE || aft_time_iso(at, NULL, iso, NULL) < 0)
    aft__json_null(s->json);
  else
    aft__json_str(s->json, aft__cstr(iso));
}

/* ---- what happened ---- */

/* Only what moved the case is told: notes and money are told elsewhere. */
static aft_status put_step(void *user, const aft__value *row, aft_error *error) {
  const story *s = user;
  aft_str verb = aft__row_str(row, AFT__EV_VERB);
  const char prefix[] = "case.";
  const size_t n = sizeof prefix - 1;
  (void)error;
  if (verb.len <= n || memcmp(verb.data, prefix, n) != 0 || aft__row_null(row, AFT__EV_TO))
    return AFT_OK;
  aft__json_open(s->json, '{');
  put_time(s, "at", aft__row_int(row, AFT__EV_AT));
  aft__json_key(s->json, "event");
  aft__json_str(s->json, aft__str(verb.data + n, verb.len - n));
  aft__json_key(s->json, "by");
  const char *role = aft__flow_role_name((uint32_t)aft__row_int(row, AFT__EV_ROLE));
  aft__json_str(s->json, aft__cstr(role ? role : "system"));
  aft__json_key(s->json, "state");
  aft__json_str(s->json, aft__row_str(row, AFT__EV_TO));
  put_text(s, "text", "case.state", aft__row_str(row, AFT__EV_TO));
  aft__json_close(s->json, '}');
  return AFT_OK;
}

static aft_status put_steps(const story *s, aft_error *error) {
  aft__scan scan = {.table = &aft__event_table,
                    .index = AFT__EV_BY_SUBJECT,
                    .n_equal = 2,
                    .equal = {aft__int(s->c->cmd->call.tenant), s->c->row[AFT__CASE_ID]}};
  aft__json_key(s->json, "steps");
  aft__json_open(s->json, '[');
  AFT__TRY(aft__scan_each(s->c->cmd->tx, &scan, put_step, (void *)s, error));
  aft__json_close(s->json, ']');
  return AFT_OK;
}

/* ---- where the money is ---- */

static void put_leg(const story *s, const aft__leg *leg) {
  static const struct {
    const char *name;
    uint32_t column;
  } texts[] = {{"number", AFT__LEG_NUMBER},         {"kind", AFT__LEG_KIND},       {"payer", AFT__LEG_PAYER},
               {"instrument", AFT__LEG_INSTRUMENT}, {"account", AFT__LEG_ACCOUNT}, {"state", AFT__LEG_STATE},
               {"currency", AFT__LEG_CURRENCY}};
  aft__json_open(s->json, '{');
  for (size_t i = 0; i < AFT__COUNT(texts); i++) {
    aft__json_key(s->json, texts[i].name);
    aft__json_str(s->json, aft__value_str(&leg->row[texts[i].column]));
  }
  aft__json_key(s->json, "amount");
  aft__json_i64(s->json, aft__row_int(leg->row, AFT__LEG_REQUESTED));
  aft__json_key(s->json, "confirmed");
  aft__json_i64(s->json, aft__row_int(leg->row, AFT__LEG_CONFIRMED));
  aft__value at = leg->row[AFT__LEG_EXPECTED];
  put_time(s, "expected", at.type == AFT_SQL_INT ? at.number : AFT_TIME_NONE);
  aft__json_close(s->json, '}');
}

static void put_money(const story *s) {
  bool buyer = s->c->cmd->call.role == AFT_ROLE_BUYER;
  aft__json_key(s->json, "money");
  aft__json_open(s->json, '[');
  for (uint32_t i = 0; aft__sees_money(s->c->cmd, s->c->order) && i < s->c->n_legs; i++) {
    const aft__leg *leg = &s->c->legs[i];
    bool theirs = aft__leg_is(leg, AFT__LEG_PAYEE, "buyer") || aft__leg_is(leg, AFT__LEG_PAYER, "buyer");
    if ((theirs || !buyer) && !aft__leg_is(leg, AFT__LEG_STATE, "void"))
      put_leg(s, leg);
  }
  aft__json_close(s->json, ']');
}

/* ---- who comes when ---- */

static aft_status put_visit(void *user, const aft__value *row, aft_error *error) {
  const story *s = user;
  (void)error;
  aft__json_open(s->json, '{');
  aft__json_key(s->json, "appointment");
  aft__json_id(s->json, row[AFT__APPOINTMENT_ID].number);
  put_text(s, "visit", "case.visit", aft__row_str(row, AFT__APPOINTMENT_KIND));
  aft__json_key(s->json, "state");
  aft__json_str(s->json, aft__row_str(row, AFT__APPOINTMENT_STATE));
  put_time(s, "begins", aft__row_int(row, AFT__APPOINTMENT_BEGINS));
  put_time(s, "ends", aft__row_int(row, AFT__APPOINTMENT_ENDS));
  aft__json_close(s->json, '}');
  return AFT_OK;
}

static aft_status put_visits(const story *s, aft_error *error) {
  aft__scan scan = {.table = &aft__appointment_table,
                    .index = AFT__APPOINTMENT_BY_CASE,
                    .n_equal = 2,
                    .equal = {aft__int(s->c->cmd->call.tenant), s->c->row[AFT__CASE_ID]}};
  aft__json_key(s->json, "appointments");
  aft__json_open(s->json, '[');
  AFT__TRY(aft__scan_each(s->c->cmd->tx, &scan, put_visit, (void *)s, error));
  aft__json_close(s->json, ']');
  return AFT_OK;
}

/* ---- what comes next ---- */

/* A kind may have words of its own for a state that other kinds have too. */
static aft_status put_next(const story *s, aft_error *error) {
  aft_str kind = aft__case_str(s->c, AFT__CASE_KIND), state = aft__case_str(s->c, AFT__CASE_STATE);
  const char *own =
      aft__arena_printf(s->c->cmd->arena, "%.*s.%.*s", (int)state.len, state.data, (int)kind.len, kind.data);
  const char *key = own ? aft__arena_printf(s->c->cmd->arena, "case.next.%s", own) : NULL;
  if (!key)
    return aft__nomem(error);
  bool said = aft_policy_text(s->c->cmd->policy, s->in->locale, key) != key;
  put_text(s, "next", "case.next", said ? aft__cstr(own) : state);
  return AFT_OK;
}

/* ---- what a marketplace says ---- */

/* The last one that counted. */
static aft_status see_certainty(void *user, const aft__value *row, aft_error *error) {
  static const char *const known[] = {"sure", "likely", "unsure"};
  aft_str *last = user, fate = aft__row_str(row, AFT__MIRROR_FATE);
  (void)error;
  if (aft__str_eq(fate, aft__cstr("late")) || aft__str_eq(fate, aft__cstr("repeated")))
    return AFT_OK;
  *last = aft__cstr("unknown");
  for (size_t i = 0; i < AFT__COUNT(known); i++)
    if (aft__str_eq(aft__row_str(row, AFT__MIRROR_CERTAINTY), aft__cstr(known[i])))
      *last = aft__cstr(known[i]);
  return AFT_OK;
}

static aft_status put_platform(const story *s, aft_error *error) {
  aft_str certainty = aft__cstr("unknown");
  aft__scan scan = {.table = &aft__mirror_table,
                    .index = AFT__MIRROR_BY_CASE,
                    .n_equal = 2,
                    .equal = {aft__int(s->c->cmd->call.tenant), s->c->row[AFT__CASE_ID]}};
  if (aft__row_null(s->c->row, AFT__CASE_EXTERNAL_STATUS))
    return AFT_OK;
  AFT__TRY(aft__scan_each(s->c->cmd->tx, &scan, see_certainty, &certainty, error));
  aft__json_key(s->json, "platform_status");
  aft__json_str(s->json, aft__case_str(s->c, AFT__CASE_EXTERNAL_STATUS));
  aft__json_key(s->json, "platform_certainty");
  aft__json_str(s->json, certainty);
  put_text(s, "platform_reading", "case.certainty", certainty);
  return AFT_OK;
}

/* ---- the whole ---- */

static aft_status put_story(aft__case *c, const timeline_in *in, aft_error *error) {
  aft__json json;
  story s = {c, in, &json};
  aft_time due = aft__row_null(c->row, AFT__CASE_DUE) ? AFT_TIME_NONE : aft__case_int(c, AFT__CASE_DUE);
  AFT__TRY(aft__legs_load(c, error));
  aft__buf_clear(in->out);
  aft__json_init(&json, in->out);
  aft__json_open(&json, '{');
  aft__json_key(&json, "code");
  aft__json_str(&json, aft__case_str(c, AFT__CASE_CODE));
  put_text(&s, "kind", "case.kind", aft__case_str(c, AFT__CASE_KIND));
  aft__json_key(&json, "state");
  aft__json_str(&json, aft__case_str(c, AFT__CASE_STATE));
  put_text(&s, "now", "case.state", aft__case_str(c, AFT__CASE_STATE));
  AFT__TRY(put_next(&s, error));
  put_time(&s, "until", due);
  if (!aft__row_null(c->row, AFT__CASE_REFUND_BY) && aft__sees_money(c->cmd, c->order))
    put_time(&s, "refund_by", aft__case_int(c, AFT__CASE_REFUND_BY));
  AFT__TRY(put_platform(&s, error));
  AFT__TRY(put_steps(&s, error));
  put_money(&s);
  AFT__TRY(put_visits(&s, error));
  aft__json_close(&json, '}');
  return AFT_OK;
}

static aft_status run(aft__cmd *cmd, void *given, aft_error *error) {
  const timeline_in *in = given;
  aft__case c;
  aft_status status = aft__case_load(cmd, in->id, &c, error);
  if (status >= 0)
    status = aft__may_case(cmd, c.row, error);
  if (status >= 0)
    status = put_story(&c, in, error);
  aft__case_done(&c);
  return status;
}

aft_status aft_case_timeline(aft_session *session, const aft_call *call, aft_id case_id, const char *locale,
                             aft_buf **out, aft_error *error) {
  static const aft__command command = {.verb = "case.timeline",
                                       .name = "case_timeline",
                                       .roles = AFT__ROLES_ALL | AFT__ROLE(AFT_ROLE_WAREHOUSE),
                                       .by_link = true,
                                       .read = true,
                                       .run = run};
  timeline_in in = {.id = case_id, .locale = locale ? locale : "en"};
  return aft__command_text(session, call, &command, &in, &in.out, out, error);
}
