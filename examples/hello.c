/* The least that works: one message becomes a ticket with a category, a priority, a deadline and reasons. */
#include <aftersales.h>

#include <stdio.h>
#include <stdlib.h>

static void must(aft_status status, const aft_error *error) {
  if (status < 0) {
    fprintf(stderr, "%s: %s: %s\n", aft_status_name(status), error->where, error->message);
    exit(1);
  }
}

int main(int argc, char **argv) {
  aft_error error = AFT_ERROR_INIT;
  aft_env *env;
  aft_store *store;
  aft_session *desk;
  aft_record *tenant, *shop, *message, *ticket;
  aft_buf *why;
  char due[AFT_TIME_ISO_SIZE] = "answered already";

  aft_store_options file = {.size = sizeof file, .flags = AFT_STORE_CREATE};
  file.dsn = AFT_STR(argc > 1 ? argv[1] : "hello.db");
  must(aft_env_new(NULL, &env, &error), &error);
  must(aft_store_open(env, &file, &store, &error), &error);
  must(aft_session_open(store, &desk, &error), &error);

  aft_call call = {.size = sizeof call, .role = AFT_ROLE_SYSTEM};
  aft_tenant_in acme = {.size = sizeof acme, .external = AFT_STR("acme")};
  must(aft_tenant_put(desk, &call, &acme, &tenant, &error), &error);
  call.tenant = aft_tenant_id(tenant);
  aft_shop_in phones = {.size = sizeof phones, .external = AFT_STR("phones")};
  must(aft_shop_put(desk, &call, &phones, &shop, &error), &error);

  aft_message_in in = {.size = sizeof in, .shop = aft_shop_id(shop), .channel = AFT_STR("wechat")};
  in.external = AFT_STR("wx-1"); /* WeChat's own id: delivered twice, taken in once */
  in.handle = AFT_STR("openid-7");
  in.text = AFT_STR("付款失败了，钱扣了两次，订单还是未支付！");
  must(aft_intake(desk, &call, &in, &message, &error), &error);
  must(aft_ticket_get(desk, &call, aft_message_ticket(message), &ticket, &error), &error);
  must(aft_explain(desk, &call, aft_ticket_id(ticket), NULL, "en", &why, &error), &error);
  aft_time_iso(aft_ticket_first_response_due(ticket), NULL, due, NULL); /* left as it is where none is due */
  printf("%s: %s, %s\nanswer due: %s\n%s", aft_ticket_code(ticket), aft_ticket_category(ticket),
         aft_ticket_priority(ticket), due, aft_buf_data(why));

  call.key = AFT_STR("answer wx-1"); /* the host's own name for this answer: sent twice, given once */
  aft_answer_in answer = {.size = sizeof answer, .ticket = aft_ticket_id(ticket)};
  answer.text = AFT_STR("多扣的一笔今天原路退回。");
  must(aft_ticket_answer(desk, &call, &answer, NULL, &error), &error);

  aft_buf_free(why);
  aft_record_free(ticket);
  aft_record_free(message);
  aft_record_free(shop);
  aft_record_free(tenant);
  aft_session_close(desk);
  aft_store_unref(store);
  aft_env_unref(env);
}
