/* What leaves for the customer and for the host when a case moves: texts and requests, through the outbox. */
#include "desk/case/case_priv.h"
#include "desk/notice/notice_priv.h"

const char *aft__case_locale(const aft__case *c, const aft__value *customer) {
  aft_str locale = customer ? aft__row_str(customer, AFT__CUSTOMER_LOCALE) : (aft_str){0};
  if (!locale.len)
    locale = aft__row_str(c->cmd->tenant, AFT__TENANT_LOCALE);
  return aft__locale_of(locale);
}

static void begin(aft__case *c, aft__json *json, aft__buf *out) {
  aft__json_init(json, out);
  aft__json_open(json, '{');
  aft__json_key(json, "case");
  aft__json_id(json, aft__case_id(c));
  aft__json_key(json, "code");
  aft__json_str(json, aft__case_str(c, AFT__CASE_CODE));
  aft__json_key(json, "kind");
  aft__json_str(json, aft__case_str(c, AFT__CASE_KIND));
  aft__json_key(json, "order");
  aft__json_str(json, aft__row_str(c->order, AFT__ORDER_NUMBER));
}

static aft_status queue(aft__case *c, const aft__case_request *request, const aft__buf *out, aft_id *effect,
                        aft_error *error) {
  aft__cmd *cmd = c->cmd;
  if (out->failed)
    return aft__nomem(error);
  return aft__outbox_add(cmd->tx, cmd->call.tenant, request->subject ? request->subject : aft__case_id(c),
                         aft__cstr(request->topic), aft__buf_view(out),
                         request->money ? AFT__OUT_RECONCILE : AFT__OUT_AUTO, cmd->now, effect, error);
}

aft_status aft__case_request_add(aft__case *c, const aft__case_request *request, aft_id *effect,
                                 aft_error *error) {
  aft__buf out;
  aft__json json;
  if (c->mirrored && !request->of_shop) { /* the marketplace has done it */
    if (effect)
      *effect = 0;
    return AFT_OK;
  }
  aft__buf_init(&out, c->cmd->env);
  begin(c, &json, &out);
  if (request->add)
    request->add(c, &json, request->user);
  aft__json_close(&json, '}');
  aft_status status = queue(c, request, &out, effect, error);
  aft__buf_done(&out);
  return status;
}

aft_status aft__case_ask(aft__case *c, const char *topic, aft__case_fill add, const void *user,
                         aft_error *error) {
  aft__case_request request = {.topic = topic, .add = add, .user = user};
  return aft__case_request_add(c, &request, NULL, error);
}

typedef struct work {
  const char *name, *key; /* key: of one more word; NULL: there is none */
  aft_str word;
} work;

static void put_work(aft__case *c, aft__json *json, const void *user) {
  const work *w = user;
  (void)c;
  aft__json_key(json, "work");
  aft__json_str(json, aft__cstr(w->name));
  if (!w->key)
    return;
  aft__json_key(json, w->key);
  aft__json_str(json, w->word);
}

aft_status aft__case_work(aft__case *c, const char *name, const char *key, aft_str word, aft_error *error) {
  work w = {name, key, word};
  return aft__case_ask(c, "work.order", put_work, &w, error);
}

/* ---- notices ---- */

/* The channel of the case's own ticket, or where the customer wrote last. */
aft_status aft__case_channel(aft__cmd *cmd, const aft__value *row, const aft__value *customer,
                             aft__value **ticket, aft_error *error) {
  aft__value **rows;
  uint32_t count;
  if (!aft__row_null(row, AFT__CASE_TICKET)) {
    aft_status status =
        aft__get(cmd->tx, &aft__ticket_table, aft__row_int(row, AFT__CASE_TICKET), ticket, error);
    if (status != AFT_E_NOT_FOUND)
      return status;
  }
  aft__scan scan = {.table = &aft__ticket_table,
                    .index = AFT__TICKET_BY_CUSTOMER,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), customer[AFT__CUSTOMER_ID]},
                    .descending = true,
                    .limit = 1};
  AFT__TRY(aft__scan_all(cmd->tx, &scan, &rows, &count, error));
  *ticket = count ? rows[0] : NULL;
  return AFT_OK;
}

/* Several visits may be told of in one step of a case. */
static int64_t visit_of(const aft__case *c) {
  return c->visit ? aft__row_int(c->visit, AFT__APPOINTMENT_ID) : 0;
}

static aft_status tell(aft__case *c, aft__telling *t, aft_error *error) {
  aft__cmd *cmd = c->cmd;
  AFT__TRY(
      aft__get(cmd->tx, &aft__customer_table, aft__case_int(c, AFT__CASE_CUSTOMER), &t->customer, error));
  AFT__TRY(aft__case_channel(cmd, c->row, t->customer, &t->ticket, error));
  t->about = c->row;
  t->order = c->order;
  t->locale = aft__case_locale(c, t->customer);
  return AFT_OK;
}

aft_status aft__case_notify(aft__case *c, const char *key, aft_error *error) {
  aft__filling values[AFT__CASE_VALUES];
  aft__telling t = {.event = aft__arena_printf(c->cmd->arena, "case.%s", key),
                    .occurrence = {c->chain.seq, visit_of(c)},
                    .values = values};
  if (!t.event)
    return aft__nomem(error);
  if (c->mirrored)
    return AFT_OK; /* the marketplace tells its buyers itself */
  AFT__TRY(tell(c, &t, error));
  AFT__TRY(aft__legs_load(c, error));
  AFT__TRY(aft__case_missing_text(c, t.locale, &c->missing, error));
  t.n = aft__case_values(c, t.locale, values);
  return aft__notify(c->cmd, &t, error);
}

aft_status aft__case_send_survey(aft__case *c, const char *event, aft_id survey, bool *suppressed,
                                 aft_error *error) {
  aft__telling t = {.event = event, .survey = survey, .suppressed = suppressed};
  AFT__TRY(tell(c, &t, error));
  const aft__filling values[] = {
      {.name = "code", .kind = AFT__IS_TEXT, .text = aft__case_str(c, AFT__CASE_CODE)},
      {.name = "subject", .kind = AFT__IS_TEXT, .text = aft__case_kind_text(c, t.locale)},
      {.name = "n", .kind = AFT__IS_NUMBER, .number = 1}};
  t.values = values;
  t.n = AFT__COUNT(values);
  return aft__notify(c->cmd, &t, error);
}
