#include "desk.h"

#include <stdio.h>

static const char *const texts[] = {
    "付款失败了，钱扣了两次，订单还是未支付！",
    "Where is my parcel? The tracking has not moved for four days.",
    "我想退货，衣服尺码不对，怎么申请？",
    "The screen of the phone was cracked when I opened the box. I want a replacement.",
    "快递显示已签收，但是我根本没有收到，请尽快核实。",
    "Hello, can you tell me whether the warranty covers the battery?",
    "客服态度太差了，我要投诉到12315！",
    "I was charged twice for order 20931, please refund the second payment as soon as possible.",
    "请问发票什么时候可以开？公司要报销。",
    "The shoes are lovely but one size too small, could I change them for a 42?",
    "耳机左边没有声音，已经试过重新配对了。",
    "I have waited two weeks for my refund. This is the third time I am asking.",
};

const char *bench_text(size_t i) { return texts[i % (sizeof texts / sizeof *texts)]; }

static int failed(const char *what, const aft_error *error) {
  fprintf(stderr, "bench: %s: %s: %s\n", what, error->where, error->message);
  return -1;
}

static aft_status people(bench_desk *d, aft_error *error) {
  aft_record *made;
  aft_tenant_in tenant = {.size = sizeof tenant, .external = AFT_STR("bench"), .locale = AFT_STR("en")};
  d->system = (aft_call){.size = sizeof d->system, .role = AFT_ROLE_SYSTEM};
  aft_status status = aft_tenant_put(d->session, &d->system, &tenant, &made, error);
  if (status < 0)
    return status;
  d->system.tenant = aft_tenant_id(made);
  aft_record_free(made);
  aft_shop_in shop = {.size = sizeof shop, .external = AFT_STR("bench")};
  status = aft_shop_put(d->session, &d->system, &shop, &made, error);
  if (status < 0)
    return status;
  d->shop = aft_shop_id(made);
  aft_record_free(made);
  aft_agent_in agent = {.size = sizeof agent, .external = AFT_STR("lin"), .shops = &d->shop, .n_shops = 1};
  status = aft_agent_put(d->session, &d->system, &agent, &made, error);
  if (status < 0)
    return status;
  d->agent = d->system;
  d->agent.role = AFT_ROLE_AGENT;
  d->agent.actor = aft_agent_id(made);
  aft_record_free(made);
  return AFT_OK;
}

int bench_desk_open(bench_desk *d, const char *dsn, const aft_sql_driver *driver, const aft_alloc *alloc) {
  aft_error error = AFT_ERROR_INIT;
  aft_env_options how = {.size = sizeof how};
  aft_store_options store = {.size = sizeof store,
                             .dsn = AFT_STR(dsn),
                             .driver = driver,
                             .flags = AFT_STORE_CREATE | AFT_STORE_RELAXED};
  *d = (bench_desk){0};
  if (alloc)
    how.alloc = *alloc;
  if (aft_env_new(&how, &d->env, &error) < 0 || aft_store_open(d->env, &store, &d->store, &error) < 0 ||
      aft_session_open(d->store, &d->session, &error) < 0 || people(d, &error) < 0) {
    bench_desk_close(d);
    return failed("the desk could not be opened", &error);
  }
  return 0;
}

void bench_desk_close(bench_desk *d) {
  aft_session_close(d->session);
  aft_store_unref(d->store);
  aft_env_unref(d->env);
  *d = (bench_desk){0};
}

/* ---- commands ---- */

static aft_status told(aft_status status, const char *what, const aft_error *error) {
  if (status < 0)
    failed(what, error);
  return status;
}

aft_status bench_say(bench_desk *d, size_t customer, size_t message, aft_id *ticket) {
  char external[40], handle[40];
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  snprintf(external, sizeof external, "wx-%zu", message);
  snprintf(handle, sizeof handle, "openid-%zu", customer);
  aft_message_in in = {.size = sizeof in,
                       .shop = d->shop,
                       .channel = AFT_STR("wechat"),
                       .external = AFT_STR(external),
                       .handle = AFT_STR(handle),
                       .text = AFT_STR(bench_text(message))};
  aft_status status = aft_intake(d->session, &d->system, &in, ticket ? &made : NULL, &error);
  if (status >= 0 && ticket) {
    *ticket = aft_message_ticket(made);
    aft_record_free(made);
  }
  return told(status, "intake", &error);
}

aft_status bench_answer(bench_desk *d, aft_id ticket) {
  aft_error error = AFT_ERROR_INIT;
  aft_answer_in in = {.size = sizeof in,
                      .ticket = ticket,
                      .text = AFT_STR("We looked into it and will send a new one today.")};
  return told(aft_ticket_answer(d->session, &d->agent, &in, NULL, &error), "answer", &error);
}

/* ---- cases ---- */

static aft_status order_of(bench_desk *d, size_t i, aft_id *order) {
  char name[32], pay[32];
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  snprintf(name, sizeof name, "bench-%zu", i);
  snprintf(pay, sizeof pay, "pay-%zu", i);
  aft_customer_in buyer = {.size = sizeof buyer, .external = AFT_STR(name)};
  aft_status status = aft_customer_put(d->session, &d->system, &buyer, &made, &error);
  if (status < 0)
    return told(status, "customer", &error);
  aft_time now = aft_env_now(d->env);
  aft_order_line_in line = {
      .size = sizeof line, .ref = AFT_STR("1"), .title = AFT_STR("Cup"), .quantity = 1, .price = 9900};
  aft_order_payment_in paid = {
      .size = sizeof paid, .ref = AFT_STR(pay), .instrument = AFT_STR("card"), .captured = {9900, "CNY"}};
  aft_order_item_in item = {sizeof item, AFT_STR("1"), 1};
  aft_order_parcel_in parcel = {.size = sizeof parcel,
                                .ref = AFT_STR("1"),
                                .shipped = now - 2,
                                .delivered = now - 1,
                                .items = &item,
                                .n_items = 1};
  aft_order_facts_in in = {.size = sizeof in,
                           .shop = d->shop,
                           .customer = aft_customer_id(made),
                           .number = AFT_STR(name),
                           .currency = AFT_STR("CNY"),
                           .placed = now - 3,
                           .jurisdiction = AFT_STR("cn"),
                           .lines = &line,
                           .n_lines = 1,
                           .payments = &paid,
                           .n_payments = 1,
                           .parcels = &parcel,
                           .n_parcels = 1};
  aft_record_free(made);
  status = aft_order_tell(d->session, &d->system, &in, &made, &error);
  if (status < 0)
    return told(status, "order", &error);
  *order = aft_order_id(made);
  aft_record_free(made);
  return AFT_OK;
}

aft_status bench_file(bench_desk *d, size_t order, aft_id *filed) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  aft_case_in in = {.size = sizeof in, .kind = AFT_STR("return"), .reason = AFT_STR("defective_on_arrival")};
  aft_status status = order_of(d, order, &in.order);
  if (status < 0)
    return status;
  status = aft_case_file(d->session, &d->system, &in, &made, &error);
  if (status < 0)
    return told(status, "filing", &error);
  *filed = aft_case_id(made);
  aft_record_free(made);
  return AFT_OK;
}

aft_status bench_approve(bench_desk *d, aft_id filed) {
  aft_error error = AFT_ERROR_INIT;
  aft_case_act_in in = {.size = sizeof in, .case_id = filed, .event = AFT_STR("approve")};
  return told(aft_case_act(d->session, &d->agent, &in, NULL, &error), "approval", &error);
}

aft_status bench_resolve(bench_desk *d, aft_id ticket) {
  aft_error error = AFT_ERROR_INIT;
  aft_act_in in = {.size = sizeof in, .ticket = ticket, .act = AFT_ACT_RESOLVE, .reason = AFT_STR("solved")};
  return told(aft_ticket_act(d->session, &d->agent, &in, NULL, &error), "resolve", &error);
}
