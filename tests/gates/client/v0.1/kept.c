/*
 * A program of version 0.1: compiled with the headers that are kept beside it, run with the library of today.
 * It prints what it saw, without what is random; a wrong outcome ends it. Usage: kept DSN
 */
#include <aftersales.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct host {
  int64_t now;     /* of the clock that the library is given */
  size_t bytes;    /* held by the library at the moment */
  unsigned traces; /* calls that the library reported */
  uint8_t random;
} host;

static void must(aft_status status, const aft_error *error, const char *what) {
  if (status >= 0)
    return;
  fprintf(stderr, "%s: %s at %s: %s\n", what, aft_status_name(status), error->where, error->message);
  exit(1);
}

static void expect(int holds, const char *what) {
  if (holds)
    return;
  fprintf(stderr, "does not hold: %s\n", what);
  exit(1);
}

static void *host_alloc(void *user, size_t n) {
  void *p = malloc(n);
  if (p)
    ((host *)user)->bytes += n;
  return p;
}

static void *host_resize(void *user, void *p, size_t old_n, size_t new_n) {
  void *q = realloc(p, new_n);
  if (q)
    ((host *)user)->bytes += new_n - old_n;
  return q;
}

static void host_release(void *user, void *p, size_t n) {
  if (p)
    ((host *)user)->bytes -= n;
  free(p);
}

static int64_t host_now(void *user) { return ((host *)user)->now; }

static int64_t host_mono(void *user) { return ((host *)user)->now * 1000000; }

static int host_random(void *user, void *bytes, size_t n) {
  for (size_t i = 0; i < n; i++)
    ((unsigned char *)bytes)[i] = (unsigned char)(((host *)user)->random += 37);
  return 0;
}

static void host_log(void *user, int32_t level, const char *message) {
  (void)user;
  printf("log %d: %s\n", (int)level, message);
}

static void host_trace(void *user, const aft_trace *trace) {
  expect(trace->name && trace->name[0] && trace->status >= -1000, "a trace names its call");
  ((host *)user)->traces++;
}

static aft_env *environment(host *h) {
  aft_error error = AFT_ERROR_INIT;
  aft_env *env = NULL;
  aft_env_options o = {.size = sizeof o};
  o.alloc = (aft_alloc){sizeof(aft_alloc), host_alloc, host_resize, host_release, h};
  o.clock = (aft_clock){sizeof(aft_clock), host_now, host_mono, h};
  o.limits = (aft_limits){.size = sizeof(aft_limits), .text_bytes = 4096, .batch = 3};
  o.random = host_random;
  o.random_user = h;
  o.log = host_log;
  o.log_level = AFT_LOG_ERROR;
  o.trace = host_trace;
  o.trace_user = h;
  must(aft_env_new(&o, &env, &error), &error, "env");
  expect(aft_env_now(env) == h->now, "the clock is the host's");
  return env;
}

static int load_document(void *user, size_t index, aft_document *out) {
  (void)user;
  if (index > 0)
    return 0;
  out->name = AFT_STR("kept.yaml");
  out->text = AFT_STR("escalation: {most: 2}\n");
  return 1;
}

static void values(void) {
  aft_error error = AFT_ERROR_INIT;
  char iso[AFT_TIME_ISO_SIZE], shown[AFT_MONEY_SIZE], code[AFT_CODE_SIZE];
  aft_time time = 0;
  aft_money total = {129900, "CNY", 0}, parts[2];
  int64_t weights[2] = {2, 1};
  must(aft_time_parse(AFT_STR("2026-11-23T09:30:00+08:00").data, AFT_NTS, &time, &error), &error, "time");
  must(aft_time_iso(time, NULL, iso, &error), &error, "iso");
  must(aft_money_split(&total, weights, 2, parts, &error), &error, "split");
  must(aft_money_add(&parts[0], &parts[1], &total, &error), &error, "add");
  must(aft_money_format(&total, "zh", shown, &error), &error, "format");
  printf("values: %s %s %d %d\n", iso, shown, (int)parts[0].minor, (int)aft_currency_exponent("JPY"));
  expect(aft_code_parse("nonsense", AFT_NTS, code, &error) == AFT_E_INVALID, "a wrong code is refused");
  expect(strcmp(aft_status_name(error.code), "AFT_E_INVALID") == 0 && error.where[0] && error.message[0],
         "the error says where and what");
  expect(!aft_status_is_transient(AFT_E_INVALID) && aft_status_is_transient(AFT_E_LOCKED),
         "what may be tried again");
  expect(strcmp(aft_text_language(AFT_STR("退款").data, AFT_NTS), "zh") == 0, "Chinese is told");
  expect(aft_text_columns("退款", AFT_NTS) == 4, "Chinese takes two columns");
}

static void policies(aft_env *env, aft_session *session, const aft_call *call) {
  aft_error error = AFT_ERROR_INIT;
  aft_policy *policy = NULL, *again = NULL, *current = NULL;
  aft_buf *image = NULL, *report = NULL, *drawn = NULL;
  aft_record *activation = NULL;
  aft_document wrong = {sizeof wrong, AFT_STR("wrong.yaml"), AFT_STR("no_such_key: 1\n")};
  aft_policy_options o = {.size = sizeof o, .documents = &wrong, .count = 1};
  expect(aft_policy_load(env, &o, &policy, &report, &error) == AFT_E_POLICY_KEY, "an unknown key is refused");
  expect(strncmp(aft_buf_data(report), "wrong.yaml:1:", 13) == 0, "the report says where");
  aft_buf_free(report);
  o = (aft_policy_options){.size = sizeof o, .load = load_document};
  must(aft_policy_load(env, &o, &policy, NULL, &error), &error, "policy");
  must(aft_policy_image(policy, &image, &error), &error, "image");
  must(aft_policy_open_image(env, aft_buf_data(image), aft_buf_size(image), &again, &error), &error,
       "open image");
  expect(strcmp(aft_policy_hash(policy), aft_policy_hash(again)) == 0, "the image is the same policy");
  must(aft_policy_activate(session, call, again, &activation, &error), &error, "activate");
  must(aft_policy_current(session, call, &current, &error), &error, "current");
  expect(strcmp(aft_policy_hash(current), aft_activation_hash(activation)) == 0,
         "the activated one is current");
  must(aft_flow_export(current, "ticket", AFT_FLOW_DOT, &drawn, &error), &error, "flow");
  printf("policy: %.8s %s\n", aft_buf_data(drawn), aft_policy_text(current, "zh", "category.payment"));
  aft_record_free(activation);
  aft_buf_free(drawn);
  aft_buf_free(image);
  aft_policy_unref(current);
  aft_policy_unref(again);
  aft_policy_unref(policy);
}

typedef struct people {
  aft_call system, agent;
  aft_id shop, customer;
} people;

static people set_up(aft_session *session) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *made = NULL;
  people p = {.system = {.size = sizeof(aft_call), .role = AFT_ROLE_SYSTEM}};
  aft_tenant_in tenant = {
      .size = sizeof tenant, .external = AFT_STR("kept"), .zone = AFT_STR("Asia/Shanghai")};
  must(aft_tenant_put(session, &p.system, &tenant, &made, &error), &error, "tenant");
  p.system.tenant = aft_tenant_id(made);
  printf("tenant: %s %s rev %d\n", aft_tenant_external(made), aft_tenant_zone(made),
         (int)aft_tenant_rev(made));
  aft_record_free(made);
  aft_shop_in shop = {.size = sizeof shop, .external = AFT_STR("phones"), .name = AFT_STR("Phones")};
  must(aft_shop_put(session, &p.system, &shop, &made, &error), &error, "shop");
  p.shop = aft_shop_id(made);
  aft_record_free(made);
  aft_agent_in agent = {.size = sizeof agent, .external = AFT_STR("lin"), .shops = &p.shop, .n_shops = 1};
  must(aft_agent_put(session, &p.system, &agent, &made, &error), &error, "agent");
  p.agent = p.system;
  p.agent.role = AFT_ROLE_AGENT;
  p.agent.actor = aft_agent_id(made);
  aft_record_free(made);
  aft_customer_in customer = {.size = sizeof customer, .external = AFT_STR("wang"), .tier = AFT_STR("vip")};
  must(aft_customer_put(session, &p.system, &customer, &made, &error), &error, "customer");
  p.customer = aft_customer_id(made);
  printf("customer: %s %s\n", aft_customer_external(made), aft_customer_tier(made));
  aft_record_free(made);
  aft_order_in order = {
      .size = sizeof order, .shop = p.shop, .customer = p.customer, .number = AFT_STR("A-1")};
  order.total = (aft_money){9900, "CNY", 0};
  must(aft_order_put(session, &p.system, &order, &made, &error), &error, "order");
  printf("order: %s %d %s\n", aft_order_number(made), (int)aft_record_int(made, AFT_ORDER_TOTAL),
         aft_record_text(made, AFT_ORDER_CURRENCY));
  aft_record_free(made);
  return p;
}

static aft_id take_in(aft_session *session, const people *p) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *message = NULL, *again = NULL;
  aft_part_in part = {.size = sizeof part, .kind = AFT_CONTENT_IMAGE, .blob = AFT_STR("blob-1")};
  aft_message_in in = {
      .size = sizeof in, .shop = p->shop, .channel = AFT_STR("wechat"), .customer = p->customer};
  in.external = AFT_STR("wx-1");
  in.order = AFT_STR("A-1");
  in.text = AFT_STR("付款失败了，钱扣了两次，订单还是未支付！");
  in.parts = &part;
  in.n_parts = 1;
  must(aft_intake(session, &p->system, &in, &message, &error), &error, "intake");
  expect(aft_intake(session, &p->system, &in, &again, &error) == AFT_REPLAYED,
         "delivered twice, taken in once");
  expect(aft_message_id(message) == aft_message_id(again), "the first outcome comes back");
  aft_id ticket = aft_message_ticket(message), id = aft_message_id(message);
  aft_record_free(again);
  aft_record_free(message);
  aft_cursor *parts = NULL;
  aft_record *row = NULL;
  must(aft_part_list(session, &p->system, id, &parts, &error), &error, "parts");
  must(aft_cursor_next(parts, &row, &error), &error, "part");
  printf("part: %s %s\n", aft_part_kind(row), aft_part_blob(row));
  aft_cursor_free(parts);
  aft_message_change change = {.size = sizeof change, .message = id, .text = AFT_STR("钱扣了三次！")};
  must(aft_message_revise(session, &p->system, &change, NULL, &error), &error, "revise");
  return ticket;
}

static void batch(aft_session *session, const people *p) {
  aft_error error = AFT_ERROR_INIT;
  aft_batch *results = NULL;
  aft_message_in two[2] = {{.size = sizeof two[0], .shop = p->shop, .channel = AFT_STR("email")},
                           {.size = sizeof two[0], .shop = p->shop, .channel = AFT_STR("email")}};
  two[0].external = AFT_STR("m-1");
  two[0].handle = AFT_STR("zhao@shop.test");
  two[0].text = AFT_STR("Where is my parcel? It is a week late.");
  two[1].external = AFT_STR("m-2");
  two[1].text = AFT_STR("\xff");
  must(aft_intake_batch(session, &p->system, two, 2, &results, &error), &error, "batch");
  expect(
      aft_batch_count(results) == 2 && aft_batch_message(results, 0) > 0 && aft_batch_ticket(results, 1) == 0,
      "one of two is taken in");
  printf("batch: %s %s\n", aft_status_name(aft_batch_status(results, 0, NULL)),
         aft_status_name(aft_batch_status(results, 1, &error)));
  aft_batch_free(results);
}

static void show_ticket(aft_record *ticket, const char *when) {
  char due[AFT_TIME_ISO_SIZE] = "none";
  aft_time_iso(aft_ticket_first_response_due(ticket), NULL, due, NULL);
  printf("%s: %s %s %s, answer due %s\n", when, aft_ticket_state(ticket), aft_ticket_category(ticket),
         aft_ticket_priority(ticket), due);
  expect(aft_record_kind(ticket) == AFT_KIND_TICKET && aft_record_status(ticket) == AFT_OK,
         "every field was read");
}

static void work_on(aft_session *session, const people *p, aft_id id) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *ticket = NULL;
  aft_buf *why = NULL;
  must(aft_ticket_get(session, &p->agent, id, &ticket, &error), &error, "get");
  show_ticket(ticket, "taken in");
  aft_act_in act = {.size = sizeof act, .ticket = id, .act = AFT_ACT_ASSIGN, .agent = p->agent.actor};
  act.rev = aft_ticket_rev(ticket);
  aft_record_free(ticket);
  must(aft_ticket_act(session, &p->agent, &act, NULL, &error), &error, "assign");
  expect(aft_ticket_act(session, &p->agent, &act, NULL, &error) == AFT_E_CONFLICT,
         "a stale revision is refused");
  aft_answer_in answer = {.size = sizeof answer, .ticket = id, .text = AFT_STR("多扣的一笔今天原路退回。")};
  aft_call once = p->agent;
  once.key = AFT_STR("answer-1");
  must(aft_ticket_answer(session, &once, &answer, NULL, &error), &error, "answer");
  expect(aft_ticket_answer(session, &once, &answer, NULL, &error) == AFT_REPLAYED, "the key makes it once");
  answer.visibility = AFT_PRIVATE;
  must(aft_ticket_answer(session, &p->agent, &answer, NULL, &error), &error, "note");
  act = (aft_act_in){.size = sizeof act, .ticket = id, .act = AFT_ACT_RESOLVE, .reason = AFT_STR("solved")};
  must(aft_ticket_act(session, &p->agent, &act, &ticket, &error), &error, "resolve");
  show_ticket(ticket, "resolved");
  char code[16];
  snprintf(code, sizeof code, "%s", aft_ticket_code(ticket));
  aft_record_free(ticket);
  must(aft_ticket_find(session, &p->agent, code, AFT_NTS, &ticket, &error), &error, "find");
  expect(aft_ticket_id(ticket) == id, "the code finds the ticket");
  expect(aft_record_int(ticket, AFT_SHOP_REV) == 0 && aft_record_status(ticket) == AFT_E_KIND,
         "a field of another kind is noticed");
  aft_record_free(ticket);
  must(aft_explain(session, &p->agent, id, "category", "en", &why, &error), &error, "explain");
  expect(aft_buf_size(why) > 0, "there are reasons");
  aft_buf_free(why);
}

static unsigned count(aft_cursor *cursor, uint32_t kind) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *row = NULL;
  unsigned n = 0;
  aft_status status;
  while ((status = aft_cursor_next(cursor, &row, &error)) == AFT_OK) {
    expect(aft_record_kind(row) == kind, "the list is of one kind");
    n++;
  }
  expect(status == AFT_DONE, "the list ends");
  aft_cursor_free(cursor);
  return n;
}

static void inbox(aft_session *session, const people *p) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor = NULL;
  aft_record *first = NULL;
  aft_buf *token = NULL;
  for (int i = 0; i < 3; i++) {
    char handle[16], text[32];
    snprintf(handle, sizeof handle, "handle-%d", i);
    snprintf(text, sizeof text, "The phone number %d is broken", i);
    aft_message_in in = {.size = sizeof in, .shop = p->shop, .channel = AFT_STR("chat")};
    in.handle = AFT_STR(handle);
    in.text = AFT_STR(text);
    must(aft_intake(session, &p->system, &in, NULL, &error), &error, "intake for the inbox");
  }
  aft_inbox_in from = {.size = sizeof from, .shop = p->shop};
  must(aft_ticket_inbox(session, &p->agent, &from, &cursor, &error), &error, "inbox");
  must(aft_cursor_next(cursor, &first, &error), &error, "first of the inbox");
  must(aft_cursor_token(cursor, &token, &error), &error, "token");
  unsigned rest = count(cursor, AFT_KIND_TICKET);
  from.token = (aft_str){aft_buf_data(token), aft_buf_size(token)};
  must(aft_ticket_inbox(session, &p->agent, &from, &cursor, &error), &error, "inbox from the token");
  expect(count(cursor, AFT_KIND_TICKET) == rest, "the token goes on where it was taken");
  printf("inbox: %u\n", rest + 1);
  aft_buf_free(token);
}

static void pass_time(aft_session *session, host *h) {
  aft_error error = AFT_ERROR_INIT;
  aft_tick_budget budget = {.size = sizeof budget, .rows = 100};
  aft_tick_report report = {.size = sizeof report};
  h->now += 3600 * 1000;
  must(aft_tick(session, &budget, &report, &error), &error, "tick");
  expect(report.size == sizeof report && report.sequenced > 0, "the tick gives events their numbers");
  printf("tick: %s\n", report.fired > 0 ? "deadlines fired" : "nothing fired");
}

static void outbox(aft_session *session, const people *p, aft_id id) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor = NULL;
  aft_record *effect = NULL;
  aft_claim_in claim = {.size = sizeof claim, .lease_ms = 1000, .most = 1};
  must(aft_outbox_claim(session, &claim, &cursor, &error), &error, "claim");
  must(aft_cursor_next(cursor, &effect, &error), &error, "effect");
  aft_id one = aft_effect_id(effect);
  int64_t fence = aft_effect_fence(effect);
  aft_cursor_free(cursor);
  expect(aft_outbox_settle(session, one, fence + 1, AFT_OUTCOME_DONE, NULL, &error) == AFT_E_LEASE_LOST,
         "a wrong fence settles nothing");
  must(aft_outbox_settle(session, one, fence, AFT_OUTCOME_DONE, NULL, &error), &error, "settle");
  must(aft_outbox_list(session, &p->system, id, &cursor, &error), &error, "outbox of the ticket");
  expect(count(cursor, AFT_KIND_EFFECT) > 0, "the ticket has effects");
  must(aft_feed_read(session, &p->system, 0, &cursor, &error), &error, "feed");
  expect(count(cursor, AFT_KIND_EVENT) > 5, "the feed has events");
  must(aft_ticket_history(session, &p->system, id, &cursor, &error), &error, "history");
  expect(count(cursor, AFT_KIND_EVENT) > 3, "the ticket has a history");
  must(aft_message_list(session, &p->system, id, &cursor, &error), &error, "messages");
  printf("messages: %u\n", count(cursor, AFT_KIND_MESSAGE));
}

static void refusals(aft_session *session, const people *p) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor = NULL;
  aft_record *none = NULL;
  aft_call stranger = p->system;
  stranger.role = AFT_ROLE_BUYER;
  stranger.actor = 12345;
  expect(aft_customer_get(session, &stranger, p->customer, &none, &error) < 0, "a stranger sees nobody");
  expect(aft_ticket_get(session, &p->system, 777, &none, &error) == AFT_E_NOT_FOUND, "no such ticket");
  must(aft_refusal_list(session, &p->system, &cursor, &error), &error, "refusals");
  expect(count(cursor, AFT_KIND_REFUSAL) < 10, "refusals are listed");
}

int main(int argc, char **argv) {
  aft_error error = AFT_ERROR_INIT;
  host h = {.now = INT64_C(1795402800000)};
  aft_env *env = environment(&h);
  aft_store *store = NULL;
  aft_session *session = NULL;
  aft_buf *health = NULL, *masked = NULL;
  aft_store_options o = {
      .size = sizeof o, .dsn = AFT_STR(argc > 1 ? argv[1] : "memory:"), .flags = AFT_STORE_CREATE};
  values();
  must(aft_store_open(env, &o, &store, &error), &error, "store");
  must(aft_session_open(store, &session, &error), &error, "session");
  people p = set_up(session);
  policies(env, session, &p.system);
  aft_id ticket = take_in(session, &p);
  batch(session, &p);
  work_on(session, &p, ticket);
  inbox(session, &p);
  pass_time(session, &h);
  outbox(session, &p, ticket);
  refusals(session, &p);
  must(aft_store_health(session, &health, &error), &error, "health");
  expect(strstr(aft_buf_data(health), "\"outbox_ready\"") != NULL, "the health is told");
  must(aft_text_redact(env, "call 13800138000", AFT_NTS, &masked, &error), &error, "redact");
  printf("masked: %s\n", aft_buf_data(masked));
  aft_buf_free(masked);
  aft_buf_free(health);
  aft_session_close(session);
  aft_store_unref(store);
  aft_env_unref(env);
  expect(h.bytes == 0, "all memory came back");
  expect(h.traces > 10, "calls were traced");
  printf("done\n");
  return 0;
}
