/* Every allocation of a ticket's life failed once, and all from each on: a clear status, no leak, and after
 * one failure the same call works when it is made again. */
#include "desk_fixture.h"
#include "fault_alloc.h"

#include <stdlib.h>
#include <unistd.h>

typedef struct life {
  fault_alloc fault;
  bool again; /* a call that failed is made once more and must then succeed */
  const char *dsn;
  aft_env *env;
  aft_store *store;
  aft_session *session;
  aft_policy *policy;
  aft_error error;
} life;

/* Runs a call; when memory ran out, once more where that is asked for. */
#define STEP(expr)                                                                                  \
  do {                                                                                              \
    aft_status step_ = (expr);                                                                      \
    if (step_ == AFT_E_NOMEM && l->again)                                                           \
      step_ = (expr);                                                                               \
    if (step_ == AFT_E_NOMEM && !l->again)                                                          \
      return step_;                                                                                 \
    if (step_ < 0)                                                                                  \
      fail_msg("%s: %s at %s: %s (allocation %llu)", #expr, aft_status_name(step_), l->error.where, \
               l->error.message, (unsigned long long)l->fault.fail_at);                             \
  } while (0)

static aft_buf *image; /* of the policy that each life works by, compiled once */

static aft_status load_policy(aft_env *env, aft_policy **out, aft_error *error) {
  aft_document document = {.size = sizeof document,
                           .name = AFT_STR("shop.yaml"),
                           .text = AFT_STR("version: 1\n"
                                           "attributes: {ticket: {points: {type: number, indexed: true}}}\n"
                                           "tags: {ticket: [recall]}\n"
                                           "priority: {rules: {r: {when: {tag: recall}, points: 9}}}\n"
                                           "texts:\n"
                                           "  zh: {cause.r: 召回}\n"
                                           "  en: {cause.r: recalled}\n")};
  aft_policy_options bundle = {.size = sizeof bundle, .documents = &document, .count = 1};
  return aft_policy_load(env, &bundle, out, NULL, error);
}

static int64_t still(void *user) {
  (void)user;
  return DESK_START;
}

static aft_status open_all(life *l) {
  aft_env_options options = {.size = sizeof options,
                             .alloc = fault_alloc_hooks(&l->fault),
                             .clock = {.size = sizeof(aft_clock), .now_ms = still}};
  aft_store_options store = {
      .size = sizeof store, .dsn = AFT_STR(l->dsn), .flags = AFT_STORE_CREATE | AFT_STORE_RELAXED};
  STEP(aft_env_new(&options, &l->env, &l->error));
  STEP(aft_store_open(l->env, &store, &l->store, &l->error));
  STEP(aft_session_open(l->store, &l->session, &l->error));
  STEP(aft_policy_open_image(l->env, aft_buf_data(image), aft_buf_size(image), &l->policy, &l->error));
  return AFT_OK;
}

static aft_status list_all(life *l, aft_cursor *cursor) {
  aft_record *record;
  aft_status status;
  do {
    status = aft_cursor_next(cursor, &record, &l->error);
    if (status == AFT_E_NOMEM && l->again)
      status = aft_cursor_next(cursor, &record, &l->error);
  } while (status == AFT_OK);
  aft_cursor_free(cursor);
  return status;
}

static aft_status labels(life *l, const aft_call *call, aft_id ticket) {
  aft_cursor *cursor;
  aft_tag_in tag = {.size = sizeof tag, .kind = AFT_KIND_TICKET, .subject = ticket, .tag = AFT_STR("Recall")};
  aft_attribute_in points = {.size = sizeof points, .kind = AFT_KIND_TICKET, .subject = ticket};
  points.name = AFT_STR("points");
  points.number = 7;
  STEP(aft_tag_add(l->session, call, &tag, &l->error));
  STEP(aft_attribute_set(l->session, call, &points, &l->error));
  STEP(aft_attribute_list(l->session, call, AFT_KIND_TICKET, ticket, &cursor, &l->error));
  STEP(list_all(l, cursor));
  aft_ticket_filter filter = {
      .size = sizeof filter, .tag = AFT_STR("recall"), .attribute = AFT_STR("points")};
  STEP(aft_ticket_list(l->session, call, &filter, &cursor, &l->error));
  STEP(list_all(l, cursor));
  STEP(aft_tag_remove(l->session, call, &tag, &l->error));
  return AFT_OK;
}

/* Both kinds of search, each of which finds one record. */
static aft_status find_all(life *l, const aft_call *call) {
  aft_cursor *cursor;
  aft_search_in in = {.size = sizeof in, .query = AFT_STR("付款 失败 -退货 order")};
  STEP(aft_ticket_search(l->session, call, &in, &cursor, &l->error));
  STEP(list_all(l, cursor));
  STEP(aft_message_search(l->session, call, &in, &cursor, &l->error));
  STEP(list_all(l, cursor));
  return AFT_OK;
}

static aft_status tasks(life *l, const aft_call *call, aft_id ticket) {
  aft_record *record;
  aft_cursor *cursor;
  aft_buf *buf;
  aft_callback_in want = {.size = sizeof want, .ticket = ticket, .phone = AFT_STR("13800138000")};
  aft_attempt_in attempt = {.size = sizeof attempt, .outcome = AFT_CALLED_NO_ANSWER};
  aft_task_end_in done = {.size = sizeof done};
  STEP(aft_callback_ask(l->session, call, &want, &record, &l->error));
  attempt.task = done.task = aft_task_id(record);
  aft_record_free(record);
  STEP(aft_attempt_note(l->session, call, &attempt, NULL, &l->error));
  STEP(aft_task_list(l->session, call, NULL, &cursor, &l->error));
  STEP(list_all(l, cursor));
  STEP(aft_task_brief(l->session, call, attempt.task, NULL, &buf, &l->error));
  aft_buf_free(buf);
  STEP(aft_task_end(l->session, call, &done, NULL, &l->error));
  return AFT_OK;
}

/* Wishes that hold a notice, and what is told of it. */
static aft_status wishes(life *l, const aft_call *call, aft_id customer) {
  aft_record *record;
  aft_contact_in in = {.size = sizeof in,
                       .customer = customer,
                       .channels = AFT_STR("sms wechat"),
                       .zone = AFT_STR("Asia/Shanghai"),
                       .quiet_until = 1};
  STEP(aft_contact_put(l->session, call, &in, NULL, &l->error));
  STEP(aft_contact_get(l->session, call, customer, &record, &l->error));
  aft_record_free(record);
  return AFT_OK;
}

static aft_status notices(life *l, const aft_call *call, aft_id ticket) {
  aft_cursor *cursor;
  aft_record *notice;
  aft_buf *buf;
  aft_notice_filter filter = {.size = sizeof filter, .subject = ticket, .state = AFT_STR("queued")};
  aft_receipt_in receipt = {.size = sizeof receipt, .what = AFT_RECEIPT_FAILED, .code = AFT_STR("550")};
  STEP(aft_notice_list(l->session, call, &filter, &cursor, &l->error));
  aft_status status = aft_cursor_next(cursor, &notice, &l->error);
  if (status == AFT_E_NOMEM && l->again)
    status = aft_cursor_next(cursor, &notice, &l->error);
  receipt.notice = status == AFT_OK ? aft_notice_id(notice) : 0;
  aft_cursor_free(cursor);
  STEP(status);
  STEP(aft_notice_tell(l->session, call, &receipt, NULL, &l->error));
  STEP(aft_notice_explain(l->session, call, receipt.notice, "zh", &buf, &l->error));
  aft_buf_free(buf);
  return AFT_OK;
}

/* The shop's day from its records, played with one more agent. */
static aft_status play(life *l, const aft_call *call, aft_id shop) {
  aft_demand *demand;
  aft_simulated *simulated;
  const aft_time now = aft_env_now(l->env);
  aft_demand_span span = {.size = sizeof span, .from = now - 3600000, .until = now + 1, .shop = shop};
  aft_simulation_in in = {.size = sizeof in, .extra_agents = 1};
  STEP(aft_demand_record(l->session, call, &span, &demand, &l->error));
  aft_status status = aft_simulate(l->policy, demand, &in, &simulated, &l->error);
  if (status == AFT_E_NOMEM && l->again)
    status = aft_simulate(l->policy, demand, &in, &simulated, &l->error);
  aft_demand_free(demand);
  if (status >= 0)
    aft_simulated_free(simulated);
  return status;
}

static aft_status query(life *l) {
  aft_query *query;
  const aft_sql_value *row;
  aft_sql_value channel = {AFT_SQL_TEXT, 0, 0, "wechat", 6};
  aft_query_in in = {.size = sizeof in, .params = &channel, .n_params = 1};
  in.sql = AFT_STR("SELECT count(*), avg(points) FROM aft_ticket WHERE channel = ?");
  if (!strcmp(l->dsn, "memory:"))
    return AFT_OK; /* no SQL there */
  STEP(aft_store_query(l->store, &in, &query, &l->error));
  aft_status status = aft_query_next(query, &row, &l->error);
  aft_query_close(query);
  return status;
}

/* What was said is taken out, and then who said it is forgotten, by the tick. */
static aft_status forget(life *l, const aft_call *call, aft_id message, aft_id customer) {
  aft_tick_report report = {.size = sizeof report};
  aft_redact_in redact = {
      .size = sizeof redact, .message = message, .words = AFT_STR("12345678"), .flags = AFT_REDACT_PHONE};
  aft_erase_in erase = {.size = sizeof erase, .customer = customer};
  STEP(aft_message_redact(l->session, call, &redact, NULL, &l->error));
  STEP(aft_person_erase(l->session, call, &erase, NULL, &l->error));
  STEP(aft_tick(l->session, NULL, &report, &l->error));
  return AFT_OK;
}

static aft_status live(life *l) {
  aft_record *record;
  aft_cursor *cursor;
  aft_buf *buf;
  aft_call maker = {.size = sizeof maker, .role = AFT_ROLE_SYSTEM}, call = maker;
  aft_tenant_in tenant = {.size = sizeof tenant, .external = AFT_STR("t")};
  aft_shop_in shop = {.size = sizeof shop, .external = AFT_STR("s")};
  aft_agent_in agent = {.size = sizeof agent, .external = AFT_STR("a"), .n_shops = 1};
  aft_message_in message = {.size = sizeof message,
                            .channel = AFT_STR("wechat"),
                            .external = AFT_STR("m1"),
                            .handle = AFT_STR("wx"),
                            .text = AFT_STR("付款失败了，快点处理！！！ order 12345678")};
  aft_part_in part = {.size = sizeof part, .kind = AFT_CONTENT_IMAGE, .blob = AFT_STR("blob-1")};
  aft_answer_in answer = {.size = sizeof answer, .text = AFT_STR("马上处理")};
  aft_act_in act = {.size = sizeof act, .act = AFT_ACT_RESOLVE, .reason = AFT_STR("solved")};
  aft_tick_report report = {.size = sizeof report};
  STEP(open_all(l));
  STEP(aft_tenant_put(l->session, &maker, &tenant, &record, &l->error));
  call.tenant = aft_tenant_id(record);
  aft_record_free(record);
  STEP(aft_shop_put(l->session, &call, &shop, &record, &l->error));
  message.shop = aft_shop_id(record);
  aft_record_free(record);
  agent.shops = &message.shop;
  STEP(aft_agent_put(l->session, &call, &agent, NULL, &l->error));
  STEP(aft_policy_activate(l->session, &call, l->policy, NULL, &l->error));
  message.parts = &part;
  message.n_parts = 1;
  STEP(aft_intake(l->session, &call, &message, &record, &l->error));
  answer.ticket = act.ticket = aft_message_ticket(record);
  aft_id said = aft_message_id(record), by = aft_message_customer(record);
  aft_record_free(record);
  STEP(wishes(l, &call, by));
  call.key = AFT_STR("k1");
  STEP(aft_ticket_answer(l->session, &call, &answer, NULL, &l->error));
  call.key = (aft_str){0};
  STEP(aft_ticket_act(l->session, &call, &act, &record, &l->error));
  aft_status json = aft_record_json(record, &buf, &l->error);
  if (json == AFT_E_NOMEM && l->again)
    json = aft_record_json(record, &buf, &l->error);
  aft_record_free(record);
  STEP(json);
  aft_buf_free(buf);
  STEP(aft_explain(l->session, &call, act.ticket, NULL, "zh", &buf, &l->error));
  aft_buf_free(buf);
  STEP(find_all(l, &call));
  STEP(notices(l, &call, act.ticket));
  STEP(aft_tick(l->session, NULL, &report, &l->error));
  STEP(find_all(l, &call));
  STEP(aft_ticket_history(l->session, &call, act.ticket, &cursor, &l->error));
  STEP(list_all(l, cursor));
  STEP(labels(l, &call, act.ticket));
  STEP(tasks(l, &call, act.ticket));
  STEP(play(l, &call, message.shop));
  STEP(query(l));
  aft_status forgotten = forget(l, &call, said, by);
  if (forgotten < 0)
    return forgotten;
  STEP(aft_store_health(l->session, &buf, &l->error));
  aft_buf_free(buf);
  return AFT_OK;
}

static void end(life *l) {
  aft_policy_unref(l->policy);
  aft_session_close(l->session);
  aft_store_unref(l->store);
  aft_env_unref(l->env);
}

/* One life with a failure planned; the number of allocations it made. */
static uint64_t run(const char *dsn, uint64_t fail_at, bool fail_on) {
  life l = {.fault = {.fail_at = fail_at, .fail_on = fail_on}, .again = !fail_on, .dsn = dsn};
  l.error = (aft_error)AFT_ERROR_INIT;
  aft_status status = live(&l);
  if (fail_on && fail_at && l.fault.failures)
    assert_true(status == AFT_E_NOMEM || status >= 0);
  else if (status < 0)
    fail_msg("%s with allocation %llu failed once", aft_status_name(status), (unsigned long long)fail_at);
  end(&l);
  if (l.fault.bytes)
    fail_msg("%lld bytes leaked after failure of allocation %llu", (long long)l.fault.bytes,
             (unsigned long long)fail_at);
  return l.fault.calls;
}

static void sweep(const char *dsn, const char *file, uint64_t step) {
  if (file)
    unlink(file);
  uint64_t calls = run(dsn, 0, false);
  print_message("# %llu allocations\n", (unsigned long long)calls);
  assert_true(calls > 100);
  for (uint64_t i = 1; i <= calls + step; i += step)
    for (int on = 0; on < 2; on++) {
      if (file)
        unlink(file);
      run(dsn, i, on);
    }
}

static void every_allocation_in_memory(void **state) {
  (void)state;
  sweep("memory:", NULL, 1);
}

static void allocations_on_sqlite(void **state) {
  (void)state;
  char folder[] = "/tmp/aftersales-sweep-XXXXXX", path[96];
  assert_non_null(mkdtemp(folder));
  snprintf(path, sizeof path, "%s/desk.db", folder);
  sweep(path, path, getenv("AFT_SLOW") ? 1 : 17);
  char command[160];
  snprintf(command, sizeof command, "rm -rf '%s'", folder);
  assert_int_equal(system(command), 0);
}

/* Compiling a policy is long; what it allocates is failed in steps. */
static void allocations_of_a_policy(void **state) {
  (void)state;
  uint64_t calls = 1, step = getenv("AFT_SLOW") ? 1 : 23;
  for (uint64_t i = 0; i <= calls; i += step) {
    fault_alloc fault = {.fail_at = i};
    aft_alloc hooks = fault_alloc_hooks(&fault);
    aft_env_options options = {.size = sizeof options, .alloc = hooks};
    aft_error error = AFT_ERROR_INIT;
    aft_env *env = NULL;
    aft_policy *policy = NULL;
    aft_status status = aft_env_new(&options, &env, &error);
    if (status >= 0)
      status = load_policy(env, &policy, &error);
    assert_true(status >= 0 || status == AFT_E_NOMEM);
    assert_true(i || status >= 0);
    aft_policy_unref(policy);
    aft_env_unref(env);
    assert_int_equal(fault.bytes, 0);
    calls = i ? calls : fault.calls;
  }
}

static int compile(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft_env *env;
  aft_policy *policy;
  (void)state;
  if (aft_env_new(NULL, &env, &error) < 0 || load_policy(env, &policy, &error) < 0 ||
      aft_policy_image(policy, &image, &error) < 0)
    return -1;
  aft_policy_unref(policy);
  aft_env_unref(env);
  return 0;
}

static int drop(void **state) {
  (void)state;
  aft_buf_free(image);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_allocation_in_memory),
      cmocka_unit_test(allocations_on_sqlite),
      cmocka_unit_test(allocations_of_a_policy),
  };
  return cmocka_run_group_tests(tests, compile, drop);
}
