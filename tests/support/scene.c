#include "scene.h"

#include <stdio.h>
#include <string.h>

#include "random.h"

#define MINUTE INT64_C(60000)
#define DAY    (1440 * MINUTE)

#define TRY(expr)             \
  do {                        \
    aft_status try_ = (expr); \
    if (try_ < 0)             \
      return try_;            \
  } while (0)

/* ---- opening ---- */

static int64_t scene_now(void *user) { return atomic_load(&((scene *)user)->now); }

static int scene_random(void *user, void *bytes, size_t n) {
  scene *s = user;
  for (size_t i = 0; i < n; i++)
    ((unsigned char *)bytes)[i] = (unsigned char)(draw(&s->random) >> 56);
  return 0;
}

const char *scene_dsn(const scene *s, char out[256]) {
  snprintf(out, 256, s->vfs ? "file:%s?vfs=%s" : "%s", s->path, s->vfs);
  return out;
}

aft_status scene_open(scene *s, aft_error *error) {
  char dsn[256];
  aft_env_options options = {.size = sizeof options,
                             .clock = {.size = sizeof(aft_clock), .now_ms = scene_now, .user = s},
                             .random = scene_random,
                             .random_user = s};
  aft_store_options store = {.size = sizeof store,
                             .dsn = AFT_STR(scene_dsn(s, dsn)),
                             .flags = s->flags,
                             .busy_ms = s->busy_ms,
                             .driver = s->driver};
  s->env = NULL;
  s->store = NULL;
  s->session = NULL;
  if (!atomic_load(&s->now))
    atomic_store(&s->now, SCENE_START);
  TRY(aft_env_new(&options, &s->env, error));
  TRY(aft_store_open(s->env, &store, &s->store, error));
  return aft_session_open(s->store, &s->session, error);
}

void scene_close(scene *s) {
  aft_session_close(s->session);
  aft_store_unref(s->store);
  aft_env_unref(s->env);
  s->session = NULL;
  s->store = NULL;
  s->env = NULL;
}

sqlite3 *scene_host(const scene *s) {
  sqlite3 *db = NULL;
  char dsn[256];
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI;
  if (sqlite3_open_v2(scene_dsn(s, dsn), &db, flags, NULL) == SQLITE_OK &&
      sqlite3_busy_timeout(db, 5000) == SQLITE_OK)
    return db;
  sqlite3_close(db);
  return NULL;
}

/* ---- calls ---- */

static aft_call as(const scene *s, uint32_t role, aft_id actor) {
  return (aft_call){.size = sizeof(aft_call), .tenant = s->tenant, .role = role, .actor = actor};
}
static aft_call as_system(const scene *s) { return as(s, AFT_ROLE_SYSTEM, 0); }
static aft_call as_agent(const scene *s) { return as(s, AFT_ROLE_AGENT, s->agent); }

/* A name that this round alone has. It lives until seven others were asked for. */
static aft_str name(const scene *s, const char *text) {
  static _Thread_local char ring[8][64];
  static _Thread_local unsigned next;
  char *out = ring[next++ % 8];
  snprintf(out, sizeof ring[0], "%s%s", text, s->round);
  return (aft_str){out, AFT_NTS};
}

/* The id of what a call made, and the record freed. */
static aft_id taken(aft_record *record, uint32_t field) {
  aft_id id = aft_record_int(record, field);
  aft_record_free(record);
  return id;
}

static aft_status say(scene *s, const char *handle, const char *external, const char *text, aft_id *message,
                      aft_id *ticket, aft_error *error) {
  aft_record *made;
  aft_call call = as_system(s);
  aft_message_in in = {.size = sizeof in,
                       .shop = s->shop,
                       .channel = AFT_STR("wechat"),
                       .account = AFT_STR("official"),
                       .external = name(s, external),
                       .handle = name(s, handle),
                       .text = AFT_STR(text)};
  aft_status status = aft_intake(s->session, &call, &in, &made, error);
  TRY(status);
  if (ticket)
    *ticket = aft_message_ticket(made);
  aft_id id = taken(made, AFT_MESSAGE_ID);
  if (message)
    *message = id;
  return status;
}

static aft_status act(scene *s, aft_id ticket, uint32_t what, const char *key, aft_error *error) {
  aft_call call = as_agent(s);
  aft_act_in in = {.size = sizeof in, .ticket = ticket, .act = what};
  if (key)
    call.key = name(s, key);
  if (what == AFT_ACT_ASSIGN)
    in.agent = s->agent;
  else if (what == AFT_ACT_RESOLVE)
    in.reason = AFT_STR("solved");
  else if (what == AFT_ACT_MERGE)
    in.other = s->ticket[SCENE_OTHER];
  else if (what == AFT_ACT_CLASSIFY)
    in.category = AFT_STR("quality");
  return aft_ticket_act(s->session, &call, &in, NULL, error);
}

static aft_status answer(scene *s, aft_id ticket, const char *key, uint32_t visibility, aft_error *error) {
  aft_call call = as_agent(s);
  aft_part_in part = {.size = sizeof part, .kind = AFT_CONTENT_IMAGE, .blob = AFT_STR("blob-1")};
  aft_answer_in in = {.size = sizeof in,
                      .ticket = ticket,
                      .text = AFT_STR("我们已经在处理，请稍等。"),
                      .visibility = visibility,
                      .parts = &part,
                      .n_parts = 1};
  call.key = name(s, key);
  return aft_ticket_answer(s->session, &call, &in, NULL, error);
}

static aft_status tag(scene *s, const char *text, const char *key, bool add, aft_error *error) {
  aft_call call = as_agent(s);
  aft_tag_in in = {
      .size = sizeof in, .kind = AFT_KIND_TICKET, .subject = s->ticket[SCENE_ANSWER], .tag = AFT_STR(text)};
  call.key = key ? name(s, key) : (aft_str){0};
  return (add ? aft_tag_add : aft_tag_remove)(s->session, &call, &in, error);
}

/* ---- what there is before ---- */

static aft_status put_agent(scene *s, const char *external, aft_id *id, aft_error *error) {
  aft_record *made;
  aft_call call = as_system(s);
  aft_agent_in in = {.size = sizeof in, .external = name(s, external), .shops = &s->shop, .n_shops = 1};
  TRY(aft_agent_put(s->session, &call, &in, &made, error));
  *id = taken(made, AFT_AGENT_ID);
  return AFT_OK;
}

static aft_status put_customer(scene *s, const char *external, aft_id *id, aft_error *error) {
  aft_record *made;
  aft_call call = as_system(s);
  aft_customer_in in = {.size = sizeof in, .external = name(s, external), .name = AFT_STR("王芳")};
  TRY(aft_customer_put(s->session, &call, &in, &made, error));
  *id = taken(made, AFT_CUSTOMER_ID);
  return AFT_OK;
}

static aft_status hosts_table(const scene *s) {
  sqlite3 *host = scene_host(s);
  int rc = host ? sqlite3_exec(host, "CREATE TABLE IF NOT EXISTS orders (number TEXT PRIMARY KEY)", 0, 0, 0)
                : SQLITE_CANTOPEN;
  sqlite3_close(host);
  return rc ? AFT_E_STORE : AFT_OK;
}

aft_status scene_found(scene *s, aft_error *error) {
  aft_record *made;
  aft_call maker = {.size = sizeof maker, .role = AFT_ROLE_SYSTEM};
  aft_tenant_in tenant = {.size = sizeof tenant,
                          .external = AFT_STR("merchant"),
                          .zone = AFT_STR("Asia/Shanghai"),
                          .locale = AFT_STR("zh")};
  aft_shop_in shop = {.size = sizeof shop, .external = AFT_STR("phones")};
  TRY(hosts_table(s));
  TRY(aft_tenant_put(s->session, &maker, &tenant, &made, error));
  s->tenant = taken(made, AFT_TENANT_ID);
  aft_call call = as_system(s);
  TRY(aft_shop_put(s->session, &call, &shop, &made, error));
  s->shop = taken(made, AFT_SHOP_ID);
  return AFT_OK;
}

/* ---- what agents work on together ---- */

static aft_status attach_to(scene *s, aft_id ticket, aft_id incident, const char *key, aft_error *error) {
  aft_call call = as_agent(s);
  if (key)
    call.key = name(s, key);
  return aft_ticket_attach(s->session, &call, ticket, incident, error);
}

static aft_status answer_all(scene *s, aft_id incident, const char *key, aft_error *error) {
  aft_call call = as_agent(s);
  aft_incident_answer_in in = {
      .size = sizeof in, .incident = incident, .text = AFT_STR("支付已恢复。"), .resolve = 1};
  if (key)
    call.key = name(s, key);
  return aft_incident_answer(s->session, &call, &in, NULL, error);
}

static aft_status mention_agent(scene *s, aft_id ticket, const char *key, aft_error *error) {
  aft_call call = as_system(s);
  aft_answer_in in = {.size = sizeof in,
                      .ticket = ticket,
                      .text = AFT_STR("看一下"),
                      .visibility = AFT_PRIVATE,
                      .mentions = &s->agent,
                      .n_mentions = 1};
  if (key)
    call.key = name(s, key);
  return aft_ticket_answer(s->session, &call, &in, NULL, error);
}

static aft_status find_mention(scene *s, aft_error *error) {
  aft_call call = as_agent(s);
  aft_cursor *cursor;
  aft_record *mention;
  TRY(aft_mention_list(s->session, &call, NULL, &cursor, error));
  aft_status status = aft_cursor_next(cursor, &mention, error);
  if (status == AFT_OK)
    s->mention = aft_mention_id(mention);
  aft_cursor_free(cursor);
  return status == AFT_OK ? AFT_OK : AFT_E_NOT_FOUND;
}

/* One incident that an answer can be given to, and one whose answer the tick is to bring. */
static aft_status open_incidents(scene *s, aft_error *error) {
  aft_id ticket;
  TRY(say(s, "wx-parted-", "parted-1-", "退款还没到", &s->parted[0], &ticket, error));
  TRY(say(s, "wx-parted-", "parted-2-", "还有发票怎么开", &s->parted[1], NULL, error));
  TRY(mention_agent(s, ticket, NULL, error));
  TRY(find_mention(s, error));
  TRY(say(s, "wx-incident-", "incident-", "支付失败了", NULL, &s->incident, error));
  TRY(say(s, "wx-child-", "child-", "付不了款", NULL, &s->child, error));
  TRY(say(s, "wx-free-", "free-", "付不了款", NULL, &s->free, error));
  TRY(attach_to(s, s->child, s->incident, NULL, error));
  TRY(say(s, "wx-told-", "told-", "支付失败了", NULL, &s->told, error));
  TRY(say(s, "wx-told-child-", "told-child-", "付不了款", NULL, &ticket, error));
  TRY(attach_to(s, ticket, s->told, NULL, error));
  return answer_all(s, s->told, NULL, error);
}

/* ---- a ticket for each command ---- */

static aft_status open_ticket(scene *s, int i, int customer, aft_error *error) {
  char handle[16], external[16];
  snprintf(handle, sizeof handle, "wx-%d-", customer);
  snprintf(external, sizeof external, "first-%d-", i);
  aft_id *message = i == 0 ? &s->message[0] : i == SCENE_SAID ? &s->message[1] : NULL;
  return say(s, handle, external, i % 2 ? "手机屏幕坏了，要求退货退款！" : "付款失败了，钱扣了两次", message,
             &s->ticket[i], error);
}

/* The survey of the ticket that was resolved first. */
static aft_status find_survey(scene *s, aft_error *error) {
  aft_call call = as_system(s);
  aft_cursor *cursor;
  aft_record *survey;
  TRY(aft_survey_list(s->session, &call, s->ticket[SCENE_RATED], &cursor, error));
  aft_status status = aft_cursor_next(cursor, &survey, error);
  s->survey = status == AFT_OK ? aft_survey_id(survey) : 0;
  aft_cursor_free(cursor);
  return status < 0 ? status : AFT_OK;
}

/* As a tick would have left it, which would number the events and fire what else is due. */
static aft_status send_survey(scene *s) {
  char sql[320];
  sqlite3 *host = scene_host(s);
  snprintf(sql, sizeof sql,
           "BEGIN IMMEDIATE; "
           "UPDATE aft_survey SET state = 'sent', sent = due, expires = due + %lld WHERE id = %lld; "
           "UPDATE aft_due SET name = 'expire', due_at = due_at + %lld WHERE subject = %lld; COMMIT",
           (long long)(14 * DAY), (long long)s->survey, (long long)(14 * DAY), (long long)s->survey);
  int rc = host ? sqlite3_exec(host, sql, 0, 0, 0) : SQLITE_CANTOPEN;
  sqlite3_close(host);
  return rc ? AFT_E_STORE : AFT_OK;
}

static aft_status open_rated(scene *s, aft_error *error) {
  TRY(open_ticket(s, SCENE_RATED, SCENE_RATED, error));
  TRY(act(s, s->ticket[SCENE_RATED], AFT_ACT_RESOLVE, NULL, error));
  atomic_fetch_add(&s->now, 120 * MINUTE);
  TRY(find_survey(s, error));
  return s->survey ? send_survey(s) : AFT_OK;
}

/* Each ticket has a customer of its own, so that nothing threads by chance. The two that are merged have one,
 * and are further apart than the window in which messages join. */
static aft_status open_tickets(scene *s, aft_error *error) {
  TRY(open_rated(s, error));
  TRY(open_ticket(s, SCENE_OTHER, AFT_ACT_MERGE, error));
  atomic_fetch_add(&s->now, 4 * DAY);
  TRY(open_incidents(s, error));
  for (int i = 0; i < SCENE_TICKETS; i++)
    if (i != SCENE_OTHER && i != SCENE_RATED)
      TRY(open_ticket(s, i, i, error));
  return AFT_OK;
}

static aft_status bring_to_state(scene *s, aft_error *error) {
  static const struct {
    uint32_t ticket, act;
  } before[] = {{AFT_ACT_RELEASE, AFT_ACT_ASSIGN}, {AFT_ACT_WAIT_THIRD, AFT_ACT_ASSIGN},
                {AFT_ACT_RESUME, AFT_ACT_ASSIGN},  {AFT_ACT_RESUME, AFT_ACT_WAIT_THIRD},
                {AFT_ACT_REOPEN, AFT_ACT_RESOLVE}, {AFT_ACT_CLOSE, AFT_ACT_RESOLVE},
                {AFT_ACT_UNSPAM, AFT_ACT_SPAM}};
  for (size_t i = 0; i < sizeof before / sizeof *before; i++)
    TRY(act(s, s->ticket[before[i].ticket], before[i].act, NULL, error));
  return AFT_OK;
}

static aft_status lease_effects(scene *s, aft_error *error) {
  aft_cursor *cursor;
  aft_record *effect;
  aft_claim_in in = {.size = sizeof in, .most = 3};
  TRY(aft_outbox_claim(s->session, &in, &cursor, error));
  aft_status status = AFT_OK;
  for (int i = 0; i < 3 && status == AFT_OK; i++) {
    status = aft_cursor_next(cursor, &effect, error);
    if (status != AFT_OK)
      break;
    s->effect[i] = aft_effect_id(effect);
    s->fence[i] = aft_effect_fence(effect);
  }
  aft_cursor_free(cursor);
  return status == AFT_OK ? AFT_OK : AFT_E_NOT_FOUND;
}

/* ---- an order in full ---- */

static aft_status tell_order(scene *s, const char *number, const char *payment, aft_error *error) {
  aft_call call = as_agent(s);
  aft_order_line_in line = {.size = sizeof line, .ref = AFT_STR("phone"), .quantity = 2, .price = 12900};
  aft_order_share_in share = {.size = sizeof share, .ref = AFT_STR("off"), .amount = 900};
  aft_order_payment_in paid = {.size = sizeof paid,
                               .ref = name(s, payment),
                               .instrument = AFT_STR("card"),
                               .captured = {.currency = "CNY", .minor = 12000}};
  aft_order_item_in item = {.size = sizeof item, .line = AFT_STR("phone"), .quantity = 1};
  aft_order_parcel_in parcel = {.size = sizeof parcel,
                                .ref = AFT_STR("box"),
                                .delivered = SCENE_START - DAY,
                                .items = &item,
                                .n_items = 1};
  aft_order_facts_in in = {.size = sizeof in,
                           .shop = s->shop,
                           .customer = s->buyer,
                           .number = name(s, number),
                           .currency = AFT_STR("CNY"),
                           .lines = &line,
                           .n_lines = 1,
                           .shares = &share,
                           .n_shares = 1,
                           .payments = &paid,
                           .n_payments = 1,
                           .parcels = &parcel,
                           .n_parcels = 1};
  call.key = name(s, number);
  return aft_order_tell(s->session, &call, &in, NULL, error);
}

/* ---- cases ---- */

static aft_status cups_order(scene *s, aft_id *order, aft_error *error) {
  aft_call call = as_agent(s);
  aft_record *made;
  aft_cursor *cursor;
  aft_order_line_in line = {.size = sizeof line, .ref = AFT_STR("cup"), .quantity = 20, .price = 20000};
  aft_order_payment_in paid = {.size = sizeof paid,
                               .ref = name(s, "paid C-1"),
                               .instrument = AFT_STR("card"),
                               .captured = {.currency = "CNY", .minor = 20000}};
  aft_order_item_in item = {.size = sizeof item, .line = AFT_STR("cup"), .quantity = 20};
  aft_order_parcel_in parcel = {.size = sizeof parcel,
                                .ref = AFT_STR("box"),
                                .shipped = SCENE_START - 2 * DAY,
                                .delivered = SCENE_START - DAY,
                                .items = &item,
                                .n_items = 1};
  aft_order_facts_in in = {.size = sizeof in,
                           .shop = s->shop,
                           .customer = s->buyer,
                           .number = name(s, "C-1"),
                           .currency = AFT_STR("CNY"),
                           .placed = SCENE_START - 3 * DAY,
                           .jurisdiction = AFT_STR("CN"),
                           .invoice = AFT_STR("INV-1"),
                           .lines = &line,
                           .n_lines = 1,
                           .payments = &paid,
                           .n_payments = 1,
                           .parcels = &parcel,
                           .n_parcels = 1};
  TRY(aft_order_tell(s->session, &call, &in, &made, error));
  *order = taken(made, AFT_ORDER_ID);
  TRY(aft_line_list(s->session, &call, *order, &cursor, error));
  aft_status status = aft_cursor_next(cursor, &made, error);
  s->cups = status == AFT_OK ? aft_line_id(made) : 0;
  aft_cursor_free(cursor);
  return status == AFT_OK ? AFT_OK : AFT_E_NOT_FOUND;
}

static aft_status file_cup(scene *s, aft_id order, const char *external, aft_id *id, aft_error *error) {
  aft_call call = as_agent(s);
  aft_record *made;
  aft_case_line_in line = {.size = sizeof line, .line = s->cups, .quantity = 1};
  aft_case_in in = {.size = sizeof in,
                    .order = order,
                    .kind = AFT_STR("return"),
                    .reason = AFT_STR("defective_on_arrival"),
                    .lines = &line,
                    .n_lines = 1,
                    .in_spite = 1};
  if (external) {
    in.platform = AFT_STR("wechat");
    in.external = name(s, external);
  }
  TRY(aft_case_file(s->session, &call, &in, &made, error));
  *id = taken(made, AFT_CASE_ID);
  return AFT_OK;
}

static aft_status on_case(scene *s, aft_id id, const char *event, const char *waybill, aft_error *error) {
  aft_call call = as_agent(s);
  aft_case_act_in in = {.size = sizeof in, .case_id = id, .event = AFT_STR(event)};
  if (waybill)
    in.waybill = name(s, waybill);
  return aft_case_act(s->session, &call, &in, NULL, error);
}

static aft_status last_part(scene *s, aft_id id, uint32_t kind, uint32_t field, aft_id *out,
                            aft_error *error) {
  aft_call call = as_system(s);
  aft_cursor *cursor;
  aft_record *part;
  *out = 0;
  TRY(aft_case_parts(s->session, &call, id, kind, &cursor, error));
  while (aft_cursor_next(cursor, &part, error) == AFT_OK)
    *out = aft_record_int(part, field);
  aft_cursor_free(cursor);
  return *out ? AFT_OK : AFT_E_NOT_FOUND;
}

/* A policy that an earlier version made has no cases until it is activated anew. */
static bool has_cases(scene *s, aft_error *error) {
  aft_call call = as_system(s);
  aft_policy *policy;
  aft_buf *drawn;
  if (aft_policy_current(s->session, &call, &policy, error) < 0)
    return false;
  bool has = aft_flow_export(policy, "return", AFT_FLOW_JSON, &drawn, error) >= 0;
  if (has)
    aft_buf_free(drawn);
  aft_policy_unref(policy);
  return has;
}

static aft_status bring_cases(scene *s, aft_error *error) {
  static const char *const to_pay[] = {"approve", "receive", "inspect", "accept_goods"};
  aft_id order;
  if (!has_cases(s, error))
    return AFT_OK;
  TRY(cups_order(s, &order, error));
  for (int i = 0; i < SCENE_CASES; i++)
    TRY(file_cup(s, order, i == SCENE_THEIRS ? "E-1" : NULL, &s->cases[i], error));
  for (size_t i = 0; i < sizeof to_pay / sizeof *to_pay; i++)
    TRY(on_case(s, s->cases[SCENE_PAYING], to_pay[i], NULL, error));
  TRY(on_case(s, s->cases[SCENE_COMING], "approve", NULL, error));
  TRY(on_case(s, s->cases[SCENE_COMING], "ship", "SF-scene", error));
  TRY(last_part(s, s->cases[SCENE_PAYING], AFT_KIND_LEG, AFT_LEG_ID, &s->leg, error));
  TRY(last_part(s, s->cases[SCENE_PAYING], AFT_KIND_FINDING, AFT_FINDING_ID, &s->finding, error));
  return last_part(s, s->cases[SCENE_COMING], AFT_KIND_PARCEL, AFT_PARCEL_ID, &s->parcel, error);
}

/* Any that was sent to the buyer; none under a policy of an earlier version. */
static aft_status find_notice(scene *s, aft_error *error) {
  aft_call call = as_system(s);
  aft_notice_filter filter = {.size = sizeof filter, .customer = s->buyer};
  aft_cursor *cursor;
  aft_record *notice;
  s->notice = 0;
  TRY(aft_notice_list(s->session, &call, &filter, &cursor, error));
  while (aft_cursor_next(cursor, &notice, error) == AFT_OK)
    if (aft_notice_effect(notice))
      s->notice = aft_notice_id(notice);
  aft_cursor_free(cursor);
  return AFT_OK;
}

static aft_status shift_of(scene *s, const char *key, int64_t day, aft_id *id, aft_error *error) {
  aft_call call = as_system(s);
  aft_record *made;
  aft_shift_in in = {.size = sizeof in,
                     .agent = s->other_agent,
                     .from = SCENE_START + day * DAY,
                     .to = SCENE_START + day * DAY + 480 * MINUTE};
  call.key = name(s, key);
  TRY(aft_shift_put(s->session, &call, &in, &made, error));
  *id = taken(made, AFT_SHIFT_ID);
  return AFT_OK;
}

/* One for each command; and some that go with their tickets. */
static aft_status open_tasks(scene *s, aft_error *error) {
  const struct {
    aft_id ticket;
    const char *task;
    aft_id *id; /* NULL: of no command's own */
  } tasks[] = {{s->ticket[SCENE_OTHER], "call_back", &s->task[SCENE_GIVEN]},
               {s->ticket[SCENE_SAID], "call_back", &s->task[SCENE_CALLED]},
               {s->ticket[SCENE_SAID], "carrier_trace", &s->task[SCENE_DONE]},
               {s->ticket[SCENE_SAID], "finance_check", &s->task[SCENE_DROPPED]},
               {s->ticket[AFT_ACT_MERGE], "call_back", NULL},
               {s->ticket[AFT_ACT_MERGE], "finance_check", NULL},
               {s->ticket[AFT_ACT_SPAM], "call_back", NULL}};
  aft_call call = as_system(s);
  for (size_t i = 0; i < sizeof tasks / sizeof *tasks; i++) {
    aft_record *made;
    aft_task_in in = {.size = sizeof in, .ticket = tasks[i].ticket, .name = {tasks[i].task, AFT_NTS}};
    aft_status status = aft_task_add(s->session, &call, &in, &made, error);
    if (status == AFT_E_INVALID)
      return AFT_OK; /* under a policy without tasks */
    TRY(status);
    aft_id id = taken(made, AFT_TASK_ID);
    if (tasks[i].id)
      *tasks[i].id = id;
  }
  return AFT_OK;
}

aft_status scene_people(scene *s, const char *round, aft_error *error) {
  snprintf(s->round, sizeof s->round, "%s", round);
  TRY(put_agent(s, "lin", &s->agent, error));
  TRY(put_agent(s, "mo", &s->other_agent, error));
  TRY(put_customer(s, "wang", &s->buyer, error));
  return put_customer(s, "zhao", &s->guest, error);
}

aft_status scene_fill(scene *s, const char *round, aft_error *error) {
  TRY(scene_people(s, round, error));
  TRY(shift_of(s, "shift", 400, &s->shift, error));
  TRY(open_tickets(s, error));
  TRY(bring_to_state(s, error));
  TRY(open_tasks(s, error));
  TRY(tag(s, "first", NULL, true, error));
  TRY(tell_order(s, "B-1", "paid B-1", error));
  TRY(bring_cases(s, error));
  TRY(find_notice(s, error));
  return lease_effects(s, error);
}

aft_status scene_tick(scene *s, aft_error *error) {
  for (int i = 0; i < 100; i++) {
    aft_tick_report report = {.size = sizeof report};
    TRY(aft_tick(s->session, NULL, &report, error));
    if (!report.fired && !report.sequenced && !report.expired)
      return AFT_OK;
  }
  return AFT_E_INTERNAL;
}

/* ---- the commands ---- */

static aft_status new_tenant(scene *s, aft_error *error) {
  aft_call call = {.size = sizeof call, .role = AFT_ROLE_SYSTEM, .key = name(s, "new tenant")};
  aft_tenant_in in = {.size = sizeof in, .external = name(s, "second"), .name = AFT_STR("Second")};
  return aft_tenant_put(s->session, &call, &in, NULL, error);
}

static aft_status new_shop(scene *s, aft_error *error) {
  aft_call call = as_system(s);
  aft_shop_in in = {.size = sizeof in, .external = name(s, "shoes")};
  call.key = name(s, "new shop");
  return aft_shop_put(s->session, &call, &in, NULL, error);
}

static aft_status new_agent(scene *s, aft_error *error) {
  aft_call call = as_system(s);
  aft_agent_in in = {.size = sizeof in, .external = name(s, "chen"), .shops = &s->shop, .n_shops = 1};
  call.key = name(s, "new agent");
  return aft_agent_put(s->session, &call, &in, NULL, error);
}

static aft_status agent_leaves(scene *s, aft_error *error) {
  aft_call call = as_system(s);
  aft_agent_in in = {.size = sizeof in, .external = name(s, "mo"), .left = 1};
  call.key = name(s, "leave");
  return aft_agent_put(s->session, &call, &in, NULL, error);
}

static aft_status change_customer(scene *s, aft_error *error) {
  aft_call call = as(s, AFT_ROLE_BUYER, s->buyer);
  aft_customer_in in = {.size = sizeof in, .id = s->buyer, .phone = AFT_STR("13800138000")};
  call.key = name(s, "new phone");
  return aft_customer_put(s->session, &call, &in, NULL, error);
}

static aft_status new_order(scene *s, aft_error *error) {
  aft_call call = as_system(s);
  aft_order_in in = {.size = sizeof in,
                     .shop = s->shop,
                     .customer = s->buyer,
                     .number = name(s, "A-1001"),
                     .status = AFT_STR("paid"),
                     .total = {.currency = "CNY", .minor = 12900}};
  call.key = name(s, "new order");
  return aft_order_put(s->session, &call, &in, NULL, error);
}

/* An order, and a link to it. */
static aft_status link_to(scene *s, const char *number, const char *key, aft_id *link, aft_error *error) {
  aft_call call = as_system(s);
  aft_record *order, *record;
  aft_link_keys *keys;
  aft_buf *token;
  aft_signing_key secret = {
      .size = sizeof secret, .name = AFT_STR("2026"), .secret = "a secret that is thirty-two long", .n = 32};
  aft_order_in in = {.size = sizeof in, .shop = s->shop, .customer = s->buyer, .number = name(s, number)};
  call.key = name(s, number);
  TRY(aft_order_put(s->session, &call, &in, &order, error));
  aft_link_in wanted = {.size = sizeof wanted, .customer = s->buyer, .lifetime = DAY};
  wanted.order = taken(order, AFT_ORDER_ID);
  call.key = name(s, key);
  TRY(aft_link_keys_new(s->env, &secret, 1, &keys, error));
  aft_status status = aft_link_make(s->session, &call, keys, &wanted, &token, &record, error);
  aft_link_keys_unref(keys);
  TRY(status);
  aft_buf_free(token);
  *link = taken(record, AFT_LINK_ID);
  return status;
}

static aft_status next_ticket(scene *s, aft_error *error) {
  aft_call call = as_agent(s);
  call.key = name(s, "next ticket");
  return aft_ticket_claim(s->session, &call, NULL, NULL, error);
}

static aft_status presence(scene *s, aft_error *error) {
  aft_call call = as_agent(s);
  aft_presence_in in = {.size = sizeof in, .presence = AFT_PRESENCE_BUSY};
  call.key = name(s, "presence");
  return aft_presence_set(s->session, &call, &in, NULL, error);
}

static aft_status new_shift(scene *s, aft_error *error) {
  aft_id id;
  return shift_of(s, "more shifts", 401, &id, error);
}

static aft_status less_shift(scene *s, aft_error *error) {
  aft_call call = as_system(s);
  call.key = name(s, "no shift");
  return aft_shift_remove(s->session, &call, s->shift, error);
}

static aft_status new_link(scene *s, aft_error *error) {
  aft_id link;
  return link_to(s, "A-1002", "link", &link, error);
}

static aft_status revoke_link(scene *s, aft_error *error) {
  aft_call call = as_system(s);
  aft_id link;
  TRY(link_to(s, "A-1003", "link back", &link, error));
  call.key = name(s, "revoke");
  return aft_link_revoke(s->session, &call, link, NULL, error);
}

/* A bad one, so that a call back is asked for too. */
static aft_status answer_survey(scene *s, aft_error *error) {
  if (!s->survey)
    return AFT_OK; /* under a policy without surveys */
  aft_call call = as_agent(s);
  aft_survey_answer_in in = {
      .size = sizeof in, .survey = s->survey, .text = AFT_STR("太慢了"), .score = 1, .source = AFT_VIA_PHONE};
  call.key = name(s, "rate");
  return aft_survey_answer(s->session, &call, &in, NULL, error);
}

/* ---- tasks: none under a policy without ---- */

static bool has_tasks(const scene *s) { return s->task[0] != 0; }

static aft_status new_task(scene *s, aft_error *error) {
  aft_call call = as_agent(s);
  aft_task_in in = {.size = sizeof in, .ticket = s->ticket[SCENE_ANSWER], .name = AFT_STR("supplier_claim")};
  call.key = name(s, "task");
  return has_tasks(s) ? aft_task_add(s->session, &call, &in, NULL, error) : AFT_OK;
}

static aft_status want_call(scene *s, aft_error *error) {
  aft_call call = as_agent(s);
  aft_callback_in in = {.size = sizeof in,
                        .ticket = s->ticket[SCENE_ANSWER],
                        .from = atomic_load(&s->now) + DAY,
                        .until = atomic_load(&s->now) + 2 * DAY,
                        .phone = AFT_STR("13800138000")};
  call.key = name(s, "call me");
  return has_tasks(s) ? aft_callback_ask(s->session, &call, &in, NULL, error) : AFT_OK;
}

static aft_status next_task(scene *s, aft_error *error) {
  aft_call call = as_agent(s);
  call.key = name(s, "next task");
  return aft_task_claim(s->session, &call, NULL, NULL, error);
}

static aft_status give_task(scene *s, aft_error *error) {
  aft_call call = as_agent(s);
  call.key = name(s, "give task");
  return has_tasks(s) ? aft_task_assign(s->session, &call, s->task[SCENE_GIVEN], s->agent, NULL, error)
                      : AFT_OK;
}

static aft_status attempt(scene *s, aft_error *error) {
  aft_call call = as_agent(s);
  aft_attempt_in in = {
      .size = sizeof in, .task = s->task[SCENE_CALLED], .outcome = AFT_CALLED_NO_ANSWER, .seconds = 20};
  call.key = name(s, "attempt");
  return has_tasks(s) ? aft_attempt_note(s->session, &call, &in, NULL, error) : AFT_OK;
}

static aft_status end_task(scene *s, aft_error *error) {
  aft_call call = as_system(s);
  aft_task_end_in in = {.size = sizeof in, .task = s->task[SCENE_DONE], .outcome = AFT_STR("found")};
  call.key = name(s, "end task");
  return has_tasks(s) ? aft_task_end(s->session, &call, &in, NULL, error) : AFT_OK;
}

static aft_status cancel_task(scene *s, aft_error *error) {
  aft_call call = as_agent(s);
  call.key = name(s, "cancel task");
  return has_tasks(s) ? aft_task_cancel(s->session, &call, s->task[SCENE_DROPPED], "too many", NULL, error)
                      : AFT_OK;
}

static aft_status contact(scene *s, aft_error *error) {
  aft_call call = as_system(s);
  aft_contact_in in = {.size = sizeof in,
                       .customer = s->guest,
                       .channels = AFT_STR("sms wechat"),
                       .zone = AFT_STR("Asia/Shanghai"),
                       .quiet_from = 1320,
                       .quiet_until = 480};
  call.key = name(s, "wishes");
  return aft_contact_put(s->session, &call, &in, NULL, error);
}

static aft_status receipt(scene *s, uint32_t what, const char *key, aft_error *error) {
  if (!s->notice)
    return AFT_OK; /* under a policy that keeps none */
  aft_call call = as_system(s);
  aft_receipt_in in = {.size = sizeof in, .notice = s->notice, .what = what, .code = AFT_STR("550")};
  call.key = name(s, key);
  aft_status status = aft_notice_tell(s->session, &call, &in, NULL, error);
  return status == AFT_IGNORED ? AFT_OK : status;
}

static aft_status refused_notice(scene *s, aft_error *error) {
  return receipt(s, AFT_RECEIPT_FAILED, "bounce", error);
}

static aft_status read_notice(scene *s, aft_error *error) {
  return receipt(s, AFT_RECEIPT_READ, "receipt", error);
}

static aft_status tag_more(scene *s, aft_error *error) { return tag(s, "vip", "tag", true, error); }
static aft_status tag_less(scene *s, aft_error *error) { return tag(s, "first", "untag", false, error); }

/* A small one: the words of the default fill a hundred pages. */
static aft_status put_policy(scene *s, const char *key, aft_error *error) {
  aft_policy *policy;
  aft_call call = as_system(s);
  aft_document documents[] = {
      {.size = sizeof *documents,
       .name = AFT_STR("less.yaml"),
       .text = AFT_STR("version: 1\nrules: null\nlexicons: null\n")},
      {.size = sizeof *documents,
       .name = AFT_STR("shop.yaml"),
       .text = AFT_STR(
           "version: 1\n"
           "attributes: {ticket: {amount: {type: number}}}\n"
           "automations: {late: {order: 1, on: tag.added, when: {tag: calm}, do: [{tag: seen}, {assign: "
           "nobody},\n"
           "  {open_case: {kind: return, reason: style}}, {set: {priority: urgent}}]}}\n"
           "macros: {calm: {do: [{tag: calm}, {answer: calm}, escalate]}}\n"
           "texts: {zh: {answer.calm: 请放心}, en: {answer.calm: Rest assured}}\n"
           "rules: {broken: {category: quality, topic: fault, weight: 90, words: [坏了, 碎了, broken]}}\n")}};
  aft_policy_options options = {.size = sizeof options, .documents = documents, .count = 2};
  TRY(aft_policy_load(s->env, &options, &policy, NULL, error));
  call.key = name(s, key);
  aft_status status = aft_policy_activate(s->session, &call, policy, NULL, error);
  aft_policy_unref(policy);
  return status;
}

static aft_status activate(scene *s, aft_error *error) { return put_policy(s, "activate", error); }

/* With a rule behind it, some of whose actions are refused. */
static aft_status macro(scene *s, aft_error *error) {
  aft_call call = as_agent(s);
  aft_macro_in in = {.size = sizeof in, .ticket = s->ticket[SCENE_ANSWER], .name = AFT_STR("calm")};
  TRY(put_policy(s, "macros", error));
  call.key = name(s, "macro");
  return aft_macro_apply(s->session, &call, &in, NULL, error);
}

static aft_status label(scene *s, aft_error *error) {
  aft_call call = as_agent(s);
  aft_correction_in in = {.size = sizeof in, .ticket = s->ticket[SCENE_ANSWER], .label = AFT_STR("quality")};
  call.key = name(s, "label");
  return aft_correction_put(s->session, &call, &in, NULL, error);
}

static int lesson(void *user, aft_example *out) {
  static const char *const texts[] = {"where is it", "it is broken", "where has it gone", "broken again"};
  uint32_t *i = user;
  if (*i == sizeof texts / sizeof *texts)
    return 0;
  out->label = *i % 2 ? AFT_STR("quality") : AFT_STR("logistics");
  out->text = AFT_STR(texts[(*i)++]);
  return 1;
}

static aft_status put_model(scene *s, const char *key, aft_error *error) {
  aft_model *model;
  uint32_t next = 0;
  aft_call call = as_system(s);
  aft_model_options small = {.size = sizeof small, .max_bytes = 8192};
  TRY(aft_model_train(s->env, &small, lesson, &next, &model, error));
  call.key = name(s, key);
  aft_status status = aft_model_activate(s->session, &call, model, NULL, NULL, error);
  aft_model_unref(model);
  return status;
}

/* A policy that is smaller than the default, which would be stored beside the model. */
static aft_status model(scene *s, aft_error *error) {
  TRY(put_policy(s, "beside", error));
  return put_model(s, "model", error);
}

static aft_status no_model(scene *s, aft_error *error) {
  aft_call call = as_system(s);
  TRY(put_policy(s, "for none", error));
  TRY(put_model(s, "for a while", error));
  call.key = name(s, "no model");
  return aft_model_deactivate(s->session, &call, error);
}

/* The policy that declares it, and then its value. */
static aft_status attribute(scene *s, aft_error *error) {
  aft_call call = as_agent(s);
  aft_attribute_in in = {.size = sizeof in,
                         .kind = AFT_KIND_TICKET,
                         .subject = s->ticket[SCENE_ANSWER],
                         .name = AFT_STR("amount"),
                         .number = 42};
  TRY(put_policy(s, "declare", error));
  call.key = name(s, "attribute");
  return aft_attribute_set(s->session, &call, &in, error);
}

static aft_status first_message(scene *s, aft_error *error) {
  return say(s, "wx-new-", "m-new-", "物流三天没有更新了，什么时候到？", NULL, NULL, error);
}

static aft_status next_message(scene *s, aft_error *error) {
  return say(s, "wx-14-", "m-next-", "怎么还没有处理？我要投诉！", NULL, NULL, error);
}

static aft_status form_with_parts(scene *s, aft_error *error) {
  aft_call call = as(s, AFT_ROLE_BUYER, s->buyer);
  aft_part_in parts[] = {{.size = sizeof *parts, .kind = AFT_CONTENT_IMAGE, .blob = AFT_STR("blob-7")},
                         {.size = sizeof *parts,
                          .kind = AFT_CONTENT_TRANSLATION,
                          .text = AFT_STR("Broken"),
                          .locale = AFT_STR("en")}};
  aft_field_in field = {sizeof field, AFT_STR("description"), AFT_STR("屏幕碎了，要退货")};
  aft_message_in in = {.size = sizeof in,
                       .shop = s->shop,
                       .channel = AFT_STR("web"),
                       .external = name(s, "form-"),
                       .form = AFT_STR("contact"),
                       .fields = &field,
                       .n_fields = 1,
                       .parts = parts,
                       .n_parts = 2};
  return aft_intake(s->session, &call, &in, NULL, error);
}

static aft_status batch(scene *s, aft_error *error) {
  aft_batch *results;
  aft_call call = as_system(s);
  aft_message_in in[3];
  const char *externals[] = {"batch-0-", "batch-1-", "batch-2-"};
  for (int i = 0; i < 3; i++)
    in[i] = (aft_message_in){.size = sizeof in[i],
                             .shop = s->shop,
                             .channel = AFT_STR("email"),
                             .external = name(s, externals[i]),
                             .handle = name(s, externals[i]),
                             .text = AFT_STR("发票怎么开？")};
  in[1].shop++; /* there is none: this one fails alone */
  TRY(aft_intake_batch(s->session, &call, in, 3, &results, error));
  bool right = aft_batch_status(results, 0, NULL) >= 0 && aft_batch_status(results, 1, NULL) < 0 &&
               aft_batch_status(results, 2, NULL) >= 0;
  aft_batch_free(results);
  return right ? AFT_OK : AFT_E_INTERNAL;
}

static aft_status revise(scene *s, aft_id message, bool recalled, const char *key, aft_error *error) {
  aft_call call = as_system(s);
  aft_message_change in = {
      .size = sizeof in, .message = message, .text = AFT_STR("更正：是昨天下的单"), .recalled = recalled};
  call.key = name(s, key);
  return aft_message_revise(s->session, &call, &in, NULL, error);
}

static aft_status edit_message(scene *s, aft_error *error) {
  return revise(s, s->message[0], false, "edit", error);
}
static aft_status recall_message(scene *s, aft_error *error) {
  return revise(s, s->message[1], true, "recall", error);
}

/* Somebody who wrote once, so that what others of the scene do is still there. */
static aft_status forget_person(scene *s, aft_error *error) {
  aft_call call = as_system(s);
  aft_record *ticket;
  aft_id id;
  TRY(say(s, "wx-forget-", "m-forget-", "快递到哪里了？我的电话是13800138000", NULL, &id, error));
  TRY(aft_ticket_get(s->session, &call, id, &ticket, error));
  aft_erase_in in = {.size = sizeof in, .customer = aft_ticket_customer(ticket), .reason = AFT_STR("scene")};
  aft_record_free(ticket);
  call.key = name(s, "forget"); /* asked again once it is done, without one, it would begin anew */
  TRY(aft_person_erase(s->session, &call, &in, NULL, error));
  for (int i = 0; i < 8; i++) /* until nothing is left to do */
    TRY(scene_tick(s, error));
  return AFT_OK;
}

static aft_status redact_message(scene *s, aft_error *error) {
  aft_call call = as_system(s);
  aft_redact_in in = {
      .size = sizeof in, .message = s->message[0], .words = AFT_STR("钱"), .reason = AFT_STR("scene")};
  call.key = name(s, "redact");
  return aft_message_redact(s->session, &call, &in, NULL, error);
}

static aft_status erase_person(scene *s, aft_error *error) {
  aft_call call = as_system(s);
  aft_erase_in in = {.size = sizeof in, .customer = s->guest, .reason = AFT_STR("scene")};
  call.key = name(s, "erase");
  return aft_person_erase(s->session, &call, &in, NULL, error);
}

static aft_status public_answer(scene *s, aft_error *error) {
  return answer(s, s->ticket[SCENE_ANSWER], "answer", AFT_PUBLIC, error);
}
static aft_status private_note(scene *s, aft_error *error) {
  return answer(s, s->ticket[SCENE_ANSWER], "note", AFT_PRIVATE, error);
}

#define ACT(function, what)                                 \
  static aft_status function(scene *s, aft_error *error) {  \
    return act(s, s->ticket[what], what, #function, error); \
  }
ACT(assign, AFT_ACT_ASSIGN)
ACT(release, AFT_ACT_RELEASE)
ACT(wait_third, AFT_ACT_WAIT_THIRD)
ACT(resume, AFT_ACT_RESUME)
ACT(resolve, AFT_ACT_RESOLVE)
ACT(reopen, AFT_ACT_REOPEN)
ACT(close_ticket, AFT_ACT_CLOSE)
ACT(spam, AFT_ACT_SPAM)
ACT(unspam, AFT_ACT_UNSPAM)
ACT(escalate, AFT_ACT_ESCALATE)
ACT(merge, AFT_ACT_MERGE)
ACT(classify, AFT_ACT_CLASSIFY)

static aft_status mention(scene *s, aft_error *error) {
  return mention_agent(s, s->ticket[SCENE_ANSWER], "mention", error);
}

static aft_status see_mention(scene *s, aft_error *error) {
  aft_call call = as_agent(s);
  call.key = name(s, "see");
  return aft_mention_see(s->session, &call, s->mention, error);
}

static aft_status follow(scene *s, aft_error *error) {
  aft_call call = as_agent(s);
  call.key = name(s, "follow");
  return aft_ticket_follow(s->session, &call, s->free, 0, error);
}

/* Of the ticket in which the agent was mentioned. */
static aft_status unfollow(scene *s, aft_error *error) {
  aft_call call = as_agent(s);
  aft_record *message;
  aft_cursor *cursor;
  TRY(aft_mention_list(s->session, &call, NULL, &cursor, error));
  aft_status status = aft_cursor_next(cursor, &message, error);
  aft_id ticket = status == AFT_OK ? aft_mention_ticket(message) : 0;
  aft_cursor_free(cursor);
  call.key = name(s, "unfollow");
  return status < 0 ? status : aft_ticket_unfollow(s->session, &call, ticket, 0, error);
}

static aft_status look(scene *s, aft_error *error) {
  aft_call call = as_agent(s);
  aft_look_in in = {.size = sizeof in, .ticket = s->ticket[SCENE_ANSWER], .doing = AFT_LOOK_TYPING};
  call.key = name(s, "look");
  return aft_ticket_look(s->session, &call, &in, NULL, error);
}

static aft_status split(scene *s, aft_error *error) {
  aft_call call = as_agent(s);
  aft_record *message;
  aft_message_in again = {.size = sizeof again,
                          .shop = s->shop,
                          .channel = AFT_STR("wechat"),
                          .account = AFT_STR("official"),
                          .external = name(s, "parted-1-"),
                          .handle = name(s, "wx-parted-"),
                          .text = AFT_STR("退款还没到")};
  aft_call system = as_system(s);
  TRY(aft_intake(s->session, &system, &again, &message, error));
  aft_split_in in = {.size = sizeof in, .messages = &s->parted[1], .n_messages = 1};
  in.ticket = aft_message_ticket(message);
  aft_record_free(message);
  call.key = name(s, "split");
  return aft_ticket_split(s->session, &call, &in, NULL, error);
}

static aft_status attach(scene *s, aft_error *error) {
  return attach_to(s, s->free, s->incident, "attach", error);
}

static aft_status attach_flood(scene *s, aft_error *error) {
  aft_call call = as_agent(s);
  call.key = name(s, "flood");
  return aft_flood_attach(s->session, &call, s->free, s->incident, error);
}

static aft_status detach(scene *s, aft_error *error) {
  aft_call call = as_agent(s);
  call.key = name(s, "detach");
  return aft_ticket_detach(s->session, &call, s->child, error);
}

static aft_status answer_incident(scene *s, aft_error *error) {
  return answer_all(s, s->incident, "all", error);
}

static aft_status invite(scene *s, aft_error *error) {
  aft_call call = as_agent(s);
  call.key = name(s, "invite");
  return aft_ticket_invite(s->session, &call, s->ticket[SCENE_ANSWER], s->guest, error);
}

static aft_status claim(scene *s, aft_error *error) {
  aft_cursor *cursor;
  aft_claim_in in = {.size = sizeof in, .most = 1000};
  TRY(aft_outbox_claim(s->session, &in, &cursor, error));
  aft_cursor_free(cursor);
  return AFT_OK;
}

static aft_status settle_done(scene *s, aft_error *error) {
  return aft_outbox_settle(s->session, s->effect[0], s->fence[0], AFT_OUTCOME_DONE, NULL, error);
}
static aft_status settle_retry(scene *s, aft_error *error) {
  return aft_outbox_settle(s->session, s->effect[1], s->fence[1], AFT_OUTCOME_RETRY, "busy", error);
}
static aft_status settle_dead(scene *s, aft_error *error) {
  return aft_outbox_settle(s->session, s->effect[2], s->fence[2], AFT_OUTCOME_DEAD, "no such user", error);
}

static aft_status refused(scene *s, aft_error *error) {
  aft_call call = as(s, AFT_ROLE_BUYER, s->buyer);
  aft_shop_in in = {.size = sizeof in, .external = name(s, "mine")};
  return aft_shop_put(s->session, &call, &in, NULL, error);
}

static aft_status full_order(scene *s, aft_error *error) { return tell_order(s, "B-2", "paid B-2", error); }

static aft_status chargeback(scene *s, aft_error *error) {
  aft_call call = as_system(s);
  aft_reversal_in in = {.size = sizeof in,
                        .payment = name(s, "paid B-1"),
                        .reference = AFT_STR("chargeback"),
                        .amount = {.currency = "CNY", .minor = 15000}};
  return aft_payment_reverse(s->session, &call, &in, NULL, error);
}

static aft_status new_case(scene *s, aft_error *error) {
  if (!s->cups)
    return AFT_OK; /* under a policy without cases */
  aft_call call = as_agent(s);
  aft_record *asked;
  TRY(aft_case_get(s->session, &call, s->cases[SCENE_ASKED], &asked, error));
  aft_id order = taken(asked, AFT_CASE_ORDER);
  aft_case_line_in line = {.size = sizeof line, .line = s->cups, .quantity = 2};
  aft_case_in in = {.size = sizeof in,
                    .order = order,
                    .kind = AFT_STR("return"),
                    .reason = AFT_STR("defective_on_arrival"),
                    .lines = &line,
                    .n_lines = 1,
                    .in_spite = 1};
  call.key = name(s, "new case");
  return aft_case_file(s->session, &call, &in, NULL, error);
}

static aft_status approve_case(scene *s, aft_error *error) {
  if (!s->cups)
    return AFT_OK; /* under a policy without cases */
  aft_call call = as_agent(s);
  aft_case_act_in in = {.size = sizeof in, .case_id = s->cases[SCENE_ASKED], .event = AFT_STR("approve")};
  call.key = name(s, "approve");
  return aft_case_act(s->session, &call, &in, NULL, error);
}

static aft_status hold_case(scene *s, aft_error *error) {
  if (!s->cups)
    return AFT_OK; /* under a policy without cases */
  aft_call call = as_agent(s);
  return aft_case_hold(s->session, &call, s->cases[SCENE_ASKED], 1, "court", error);
}

static aft_status dispose(scene *s, aft_error *error) {
  if (!s->cups)
    return AFT_OK; /* under a policy without cases */
  aft_call call = as_agent(s);
  aft_finding_in in = {.size = sizeof in, .finding = s->finding, .disposition = AFT_STR("refurbish")};
  return aft_finding_dispose(s->session, &call, &in, NULL, error);
}

static aft_status confirm_leg(scene *s, aft_error *error) {
  if (!s->cups)
    return AFT_OK; /* under a policy without cases */
  aft_call call = as_system(s);
  aft_leg_in in = {.size = sizeof in,
                   .leg = s->leg,
                   .outcome = AFT_SETTLE_CONFIRMED,
                   .amount = {.currency = "CNY", .minor = 1000},
                   .reference = AFT_STR("gw-1")};
  return aft_leg_settle(s->session, &call, &in, NULL, error);
}

static aft_status red_invoice(scene *s, aft_error *error) {
  if (!s->cups)
    return AFT_OK; /* under a policy without cases */
  aft_call call = as_system(s);
  aft_invoice_in in = {
      .size = sizeof in, .case_id = s->cases[SCENE_PAYING], .outcome = AFT_RED_ISSUED, .red = AFT_STR("R-1")};
  return aft_invoice_told(s->session, &call, &in, NULL, error);
}

static aft_status goods_arrive(scene *s, aft_error *error) {
  if (!s->cups)
    return AFT_OK; /* under a policy without cases */
  aft_call call = as_system(s);
  aft_track_in in = {.size = sizeof in,
                     .parcel = s->parcel,
                     .ref = AFT_STR("scan"),
                     .status = AFT_STR("delivered"),
                     .at = SCENE_START};
  return aft_parcel_track(s->session, &call, &in, NULL, error);
}

static aft_status marketplace_says(scene *s, aft_error *error) {
  if (!s->cups)
    return AFT_OK; /* under a policy without cases */
  aft_call call = as_system(s);
  aft_mirror_in in = {.size = sizeof in,
                      .case_id = s->cases[SCENE_THEIRS],
                      .status = AFT_STR("USER_WAIT_RETURN"),
                      .version = 3,
                      .at = SCENE_START};
  call.key = name(s, "marketplace"); /* what is told again is kept again */
  return aft_case_mirror(s->session, &call, &in, NULL, error);
}

static aft_status visit(scene *s, aft_error *error) {
  if (!s->cups)
    return AFT_OK; /* under a policy without cases */
  aft_call call = as_agent(s);
  aft_appointment_in in = {.size = sizeof in,
                           .case_id = s->cases[SCENE_VISIT],
                           .act = AFT_BOOKING_BOOK,
                           .kind = AFT_STR("visit"),
                           .begins = SCENE_START + 400 * DAY,
                           .ends = SCENE_START + 400 * DAY + 60 * MINUTE};
  call.key = name(s, "visit");
  return aft_appointment_put(s->session, &call, &in, NULL, error);
}

/* The host's order and our ticket in one transaction of the host's; what is there already stays. */
static aft_status with_hosts_order(scene *s, aft_error *error) {
  sqlite3 *host = scene_host(s);
  aft_session *attached = NULL;
  char sql[160];
  if (!host)
    return AFT_E_STORE;
  snprintf(sql, sizeof sql, "BEGIN IMMEDIATE; INSERT OR IGNORE INTO orders VALUES ('%s')",
           name(s, "H-1").data);
  aft_status status = sqlite3_exec(host, sql, 0, 0, 0) ? AFT_E_STORE : AFT_OK;
  if (status >= 0)
    status = aft_session_attach(s->store, host, &attached, error);
  if (status >= 0) {
    aft_session *own = s->session;
    s->session = attached;
    status = say(s, "wx-host-", "m-host-", "刚下单就缺货了？", NULL, NULL, error);
    s->session = own;
  }
  aft_session_close(attached);
  if (status >= 0 && sqlite3_exec(host, "COMMIT", 0, 0, 0))
    status = AFT_E_UNKNOWN;
  sqlite3_close(host);
  return status;
}

#define MINUTES(n) ((n)*INT64_C(60000))
#define DAYS(n)    ((n)*INT64_C(86400000))

const command scene_commands[] = {
    {"a tenant", "aft_tenant_put", new_tenant},
    {"a shop", "aft_shop_put", new_shop},
    {"an agent", "aft_agent_put", new_agent},
    {"an agent leaves", "aft_agent_put", agent_leaves},
    {"the next ticket", "aft_ticket_claim", next_ticket},
    {"an agent is there", "aft_presence_set", presence},
    {"a shift", "aft_shift_put", new_shift},
    {"a shift less", "aft_shift_remove", less_shift},
    {"a customer's phone", "aft_customer_put", change_customer},
    {"an order", "aft_order_put", new_order},
    {"a link", "aft_link_make", new_link, .steps = true},
    {"an answer to a survey", "aft_survey_answer", answer_survey},
    {"a customer's wishes", "aft_contact_put", contact},
    {"a notice that bounces", "aft_notice_tell", refused_notice},
    {"a notice that is read", "aft_notice_tell", read_notice},
    {"a link taken back", "aft_link_revoke", revoke_link, .steps = true},
    {"an order in full", "aft_order_tell", full_order},
    {"a chargeback", "aft_payment_reverse", chargeback},
    {"a case", "aft_case_file", new_case},
    {"an event of a case", "aft_case_act", approve_case},
    {"a case on hold", "aft_case_hold", hold_case},
    {"goods that go another way", "aft_finding_dispose", dispose},
    {"a refund that arrived", "aft_leg_settle", confirm_leg},
    {"a reversed invoice", "aft_invoice_told", red_invoice},
    {"goods that arrive", "aft_parcel_track", goods_arrive},
    {"a marketplace's word", "aft_case_mirror", marketplace_says},
    {"a visit", "aft_appointment_put", visit},
    {"a task", "aft_task_add", new_task},
    {"a call back", "aft_callback_ask", want_call},
    {"the next task", "aft_task_claim", next_task},
    {"a task given to somebody", "aft_task_assign", give_task},
    {"an attempt", "aft_attempt_note", attempt},
    {"a task that is done", "aft_task_end", end_task},
    {"a task called off", "aft_task_cancel", cancel_task},
    {"a policy", "aft_policy_activate", activate},
    {"a first message", "aft_intake", first_message},
    {"a message that joins", "aft_intake", next_message},
    {"a form with parts", "aft_intake", form_with_parts},
    {"a batch", "aft_intake_batch aft_batch_free", batch},
    {"an edited message", "aft_message_revise", edit_message},
    {"a recalled message", "aft_message_revise", recall_message},
    {"a redacted message", "aft_message_redact", redact_message},
    {"a person to be forgotten", "aft_person_erase", erase_person},
    {"a person is forgotten", "aft_tick", forget_person, .steps = true},
    {"an answer", "aft_ticket_answer", public_answer},
    {"a note", "aft_ticket_answer", private_note},
    {"assign", "aft_ticket_act", assign},
    {"release", "aft_ticket_act", release},
    {"wait for a third", "aft_ticket_act", wait_third},
    {"resume", "aft_ticket_act", resume},
    {"resolve", "aft_ticket_act", resolve},
    {"reopen", "aft_ticket_act", reopen},
    {"close", "aft_ticket_act", close_ticket},
    {"spam", "aft_ticket_act", spam},
    {"unspam", "aft_ticket_act", unspam},
    {"escalate", "aft_ticket_act", escalate},
    {"merge", "aft_ticket_act", merge},
    {"classify", "aft_ticket_act", classify},
    {"invite", "aft_ticket_invite", invite},
    {"a mention", "aft_ticket_answer", mention},
    {"a mention that was seen", "aft_mention_see", see_mention},
    {"a follower", "aft_ticket_follow", follow},
    {"a follower less", "aft_ticket_unfollow", unfollow},
    {"a look", "aft_ticket_look", look},
    {"a split", "aft_ticket_split", split},
    {"a child", "aft_ticket_attach", attach},
    {"a flood below an incident", "aft_flood_attach", attach_flood},
    {"an answer to all", "aft_incident_answer", answer_incident},
    {"a child less", "aft_ticket_detach", detach},
    {"a tag", "aft_tag_add", tag_more},
    {"a tag less", "aft_tag_remove", tag_less},
    {"an attribute", "aft_attribute_set", attribute, .steps = true},
    {"a macro", "aft_macro_apply", macro, .steps = true},
    {"a label", "aft_correction_put", label},
    {"a model", "aft_model_activate", model, .steps = true},
    {"a model less", "aft_model_deactivate", no_model, .steps = true},
    {"settle as done", "aft_outbox_settle", settle_done, .when_done = AFT_E_LEASE_LOST},
    {"settle for a retry", "aft_outbox_settle", settle_retry, .when_done = AFT_E_LEASE_LOST},
    {"settle as dead", "aft_outbox_settle", settle_dead, .when_done = AFT_E_LEASE_LOST},
    {"claim", "aft_outbox_claim", claim},
    {"a refusal", "aft_shop_put", refused, .steps = true, .refused = AFT_E_DENIED},
    {"with the host's order", "aft_session_attach", with_hosts_order},
    {"a tick", "aft_tick", scene_tick, .later = 20 * MINUTE, .steps = true},
    {"a tick a month later", "aft_tick", scene_tick, .later = 31 * DAY, .steps = true},
};
const uint32_t scene_command_count = sizeof scene_commands / sizeof *scene_commands;
