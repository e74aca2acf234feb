/* The desk from intake to the end of a ticket, on SQLite, in memory and on a hostile memory store. */
#include "desk_fixture.h"

static desk d;

static int open_kind(void **state) {
  desk_open(&d, (desk_kind)(intptr_t)*state);
  return 0;
}

static int shut(void **state) {
  (void)state;
  desk_close(&d);
  return 0;
}

static void a_message_becomes_a_classified_ticket(void **state) {
  (void)state;
  aft_id id = desk_say(&d, "m1", "付款失败了，钱扣了但是订单还是未支付，快点处理！");
  aft_record *ticket = desk_ticket(&d, id);
  assert_string_equal(aft_ticket_category(ticket), "payment");
  assert_string_equal(aft_ticket_priority(ticket), "urgent");
  assert_string_equal(aft_ticket_state(ticket), "triaged");
  assert_string_equal(aft_ticket_language(ticket), "zh");
  assert_true(aft_ticket_first_response_due(ticket) > DESK_START);
  assert_true(aft_ticket_resolution_due(ticket) > aft_ticket_first_response_due(ticket));
  assert_int_equal(strlen(aft_ticket_code(ticket)), AFT_CODE_SIZE - 1);
  assert_int_equal(aft_record_status(ticket), AFT_OK);
  aft_record_free(ticket);
}

static void a_message_delivered_three_times_is_one(void **state) {
  aft_error error = AFT_ERROR_INIT;
  (void)state;
  aft_id first = 0, message_id = 0;
  for (int i = 0; i < 3; i++) {
    aft_record *message;
    aft_message_in in = desk_message(&d, "m1", "怎么还没发货");
    aft_status status = aft_intake(d.session, &d.system, &in, &message, &error);
    if (d.kind == DESK_HOSTILE && i == 0)
      assert_true(status == AFT_OK || status == AFT_REPLAYED); /* after an unknown commit */
    else
      assert_int_equal(status, i ? AFT_REPLAYED : AFT_OK);
    if (i == 0) {
      first = aft_message_ticket(message);
      message_id = aft_message_id(message);
    }
    assert_int_equal(aft_message_ticket(message), first);
    assert_int_equal(aft_message_id(message), message_id);
    aft_record_free(message);
  }
  aft_cursor *cursor;
  assert_ok(aft_message_list(d.session, &d.system, first, &cursor, &error));
  assert_int_equal(desk_count(cursor), 1);
}

static void a_ticket_lives_from_answer_to_resolution(void **state) {
  aft_error error = AFT_ERROR_INIT;
  (void)state;
  aft_id id = desk_say(&d, "m1", "手机屏幕碎了，我要退货");
  desk_act(&d, id, AFT_ACT_ASSIGN);
  assert_state(&d, id, "assigned");
  desk_pass(&d, AFT__MINUTE);
  desk_answer(&d, id, "请您拍一张照片发给我们");
  assert_state(&d, id, "waiting_customer");
  aft_record *ticket = desk_ticket(&d, id);
  assert_int_equal(aft_ticket_first_response(ticket), DESK_START + AFT__MINUTE);
  assert_true(aft_record_is_null(ticket, AFT_TICKET_FIRST_RESPONSE_DUE));
  assert_true(aft_record_is_null(ticket, AFT_TICKET_RESOLUTION_DUE)); /* paused while waiting */
  aft_record_free(ticket);

  desk_pass(&d, AFT__HOUR);
  assert_int_equal(desk_say(&d, "m2", "照片发了，你看一下，什么时候能退？"), id);
  assert_state(&d, id, "assigned");
  ticket = desk_ticket(&d, id);
  assert_int_equal(aft_ticket_paused_ms(ticket), AFT__HOUR);
  assert_false(aft_record_is_null(ticket, AFT_TICKET_NEXT_RESPONSE_DUE));
  aft_record_free(ticket);

  desk_act(&d, id, AFT_ACT_RESOLVE);
  assert_state(&d, id, "resolved");
  aft_cursor *surveys;
  assert_ok(aft_survey_list(d.session, &d.system, id, &surveys, &error));
  assert_int_equal(desk_count(surveys), 1);

  assert_int_equal(desk_say(&d, "m3", "还是没有收到退款啊"), id);
  assert_state(&d, id, "assigned");
  ticket = desk_ticket(&d, id);
  assert_int_equal(aft_ticket_reopens(ticket), 1);
  aft_record_free(ticket);
}

static void thanks_neither_reopen_nor_start_a_clock(void **state) {
  (void)state;
  aft_id id = desk_say(&d, "m1", "我的快递到哪了？");
  desk_answer(&d, id, "今天下午送到");
  assert_int_equal(desk_say(&d, "m2", "好的谢谢"), id);
  assert_state(&d, id, "waiting_customer");
  aft_record *ticket = desk_ticket(&d, id);
  assert_true(aft_record_is_null(ticket, AFT_TICKET_NEXT_RESPONSE_DUE));
  aft_record_free(ticket);
  desk_act(&d, id, AFT_ACT_RESOLVE);
  assert_int_equal(desk_say(&d, "m3", "收到，谢谢"), id);
  assert_state(&d, id, "resolved");
}

static void a_deadline_that_passes_escalates_once(void **state) {
  (void)state;
  aft_id id = desk_say(&d, "m1", "付款失败，扣了两次钱");
  desk_tick(&d);
  desk_pass(&d, 16 * AFT__MINUTE);
  assert_int_equal(desk_tick(&d), 1);
  aft_record *ticket = desk_ticket(&d, id);
  assert_int_equal(aft_ticket_level(ticket), 1);
  aft_record_free(ticket);
  assert_int_equal(desk_tick(&d), 0);
}

static void a_survey_is_sent_when_due_unless_the_ticket_came_back(void **state) {
  aft_error error = AFT_ERROR_INIT;
  (void)state;
  aft_cursor *cursor;
  aft_record *survey;
  aft_id id = desk_say(&d, "m1", "发票开错了，要改抬头");
  desk_act(&d, id, AFT_ACT_ASSIGN);
  desk_act(&d, id, AFT_ACT_RESOLVE);
  desk_act(&d, id, AFT_ACT_REOPEN);
  desk_act(&d, id, AFT_ACT_RESOLVE);
  desk_pass(&d, 2 * AFT__HOUR);
  desk_tick(&d);
  assert_ok(aft_survey_list(d.session, &d.system, id, &cursor, &error));
  assert_status(aft_cursor_next(cursor, &survey, &error), AFT_OK);
  assert_string_equal(aft_survey_state(survey), "cancelled");
  assert_status(aft_cursor_next(cursor, &survey, &error), AFT_OK);
  assert_string_equal(aft_survey_state(survey), "sent");
  assert_status(aft_cursor_next(cursor, &survey, &error), AFT_DONE);
  assert_status(aft_cursor_next(cursor, &survey, &error), AFT_E_CURSOR_END);
  aft_cursor_free(cursor);
}

static void a_reply_after_the_end_opens_a_ticket_that_follows_up(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id id = desk_say(&d, "m1", "空调安装师傅什么时候来");
  aft_record *old = desk_ticket(&d, id), *message;
  desk_answer(&d, id, "明天上午");
  desk_act(&d, id, AFT_ACT_RESOLVE);
  desk_pass(&d, 8 * AFT__DAY);
  desk_tick(&d);
  assert_state(&d, id, "closed");
  aft_message_in in = desk_message(&d, "m2", "安装好的空调漏水，要维修");
  in.code = AFT_STR(aft_ticket_code(old));
  assert_ok(aft_intake(d.session, &d.system, &in, &message, &error));
  assert_string_equal(aft_message_disposition(message), "followed_up");
  assert_int_not_equal(aft_message_ticket(message), id);
  aft_record *next = desk_ticket(&d, aft_message_ticket(message));
  assert_int_equal(aft_ticket_follows(next), id);
  aft_record_free(next);
  aft_record_free(message);
  aft_record_free(old);
}

static void merged_tickets_redirect(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id first = desk_say(&d, "m1", "鞋子有破洞，要换货");
  desk_pass(&d, 4 * AFT__DAY); /* past the window: a second ticket */
  aft_id second = desk_say(&d, "m2", "上次说的鞋子换货怎么没人理");
  assert_int_not_equal(first, second);
  aft_act_in merge = {.size = sizeof merge, .ticket = first, .act = AFT_ACT_MERGE, .other = second};
  assert_ok(aft_ticket_act(d.session, &d.as_agent, &merge, NULL, &error));
  assert_state(&d, first, "merged");
  aft_record *ticket = desk_ticket(&d, first), *message;
  aft_message_in in = desk_message(&d, "m3", "换货单号多少？");
  in.code = AFT_STR(aft_ticket_code(ticket));
  assert_ok(aft_intake(d.session, &d.system, &in, &message, &error));
  assert_int_equal(aft_message_ticket(message), second);
  aft_record_free(message);
  aft_record_free(ticket);
  aft_act_in back = {.size = sizeof back, .ticket = second, .act = AFT_ACT_MERGE, .other = first};
  assert_status(aft_ticket_act(d.session, &d.as_agent, &back, NULL, &error), AFT_E_TRANSITION);
}

static void a_code_threads_only_for_those_who_take_part(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id id = desk_say(&d, "m1", "订单地址填错了，帮我改地址");
  aft_record *ticket = desk_ticket(&d, id), *message;
  aft_message_in in = desk_message(&d, "m2", "关于那个地址的问题，我补充一下");
  in.customer = d.other_buyer;
  in.handle = AFT_STR("wx_zhao");
  in.code = AFT_STR(aft_ticket_code(ticket));
  assert_ok(aft_intake(d.session, &d.system, &in, &message, &error));
  assert_string_equal(aft_message_disposition(message), "hinted");
  assert_int_not_equal(aft_message_ticket(message), id);
  aft_record *other = desk_ticket(&d, aft_message_ticket(message));
  assert_int_equal(aft_ticket_hint(other), id);
  aft_record_free(other);
  aft_record_free(message);
  assert_ok(aft_ticket_invite(d.session, &d.as_agent, id, d.other_buyer, &error));
  in.external = AFT_STR("m3");
  assert_ok(aft_intake(d.session, &d.system, &in, &message, &error));
  assert_int_equal(aft_message_ticket(message), id);
  aft_record_free(message);
  aft_record_free(ticket);
}

static void an_edited_and_recalled_message_keeps_its_history(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_record *message;
  aft_id id = desk_say(&d, "m1", "我要退货");
  aft_message_change change = {.size = sizeof change,
                               .channel = AFT_STR("wechat"),
                               .account = AFT_STR("phones-official"),
                               .external = AFT_STR("m1"),
                               .text = AFT_STR("我要换货")};
  assert_status(aft_message_revise(d.session, &d.system, &change, NULL, &error), AFT_OK);
  aft_status again = aft_message_revise(d.session, &d.system, &change, &message, &error);
  assert_int_equal(again, AFT_IGNORED);
  assert_string_equal(aft_message_text(message), "我要换货");
  assert_int_equal(aft_message_version(message), 2);
  aft_id message_id = aft_message_id(message);
  aft_record_free(message);
  change.recalled = 1;
  assert_ok(aft_message_revise(d.session, &d.system, &change, &message, &error));
  assert_string_equal(aft_message_text(message), "");
  assert_false(aft_record_is_null(message, AFT_MESSAGE_RECALLED));
  aft_record_free(message);
  aft_cursor *cursor;
  assert_ok(aft_revision_list(d.session, &d.as_agent, message_id, &cursor, &error));
  assert_int_equal(desk_count(cursor), 2);
  assert_ok(aft_ticket_history(d.session, &d.as_agent, id, &cursor, &error));
  assert_true(desk_count(cursor) >= 4);
}

static void one_bad_message_does_not_spoil_a_batch(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT, own = AFT_ERROR_INIT;
  aft_batch *batch;
  aft_message_in in[4] = {desk_message(&d, "b1", "什么时候发货"), desk_message(&d, "b2", "\xff\xfe"),
                          desk_message(&d, "b3", "发票怎么开"), desk_message(&d, "b1", "什么时候发货")};
  in[2].shop = d.shop + 1; /* no such shop */
  assert_ok(aft_intake_batch(d.session, &d.system, in, 4, &batch, &error));
  assert_int_equal(aft_batch_count(batch), 4);
  assert_int_equal(aft_batch_status(batch, 1, &own), AFT_E_ENCODING);
  assert_string_equal(own.where, "message.text");
  assert_int_equal(aft_batch_status(batch, 2, &own), AFT_E_NOT_FOUND);
  assert_int_equal(aft_batch_status(batch, 3, &own), AFT_REPLAYED);
  assert_true(aft_batch_ticket(batch, 0) > 0);
  assert_int_equal(aft_batch_ticket(batch, 3), aft_batch_ticket(batch, 0));
  assert_int_equal(aft_batch_message(batch, 1), 0);
  aft_batch_free(batch);
  aft_call keyed = d.system;
  keyed.key = AFT_STR("batch-1");
  assert_status(aft_intake_batch(d.session, &keyed, in, 4, &batch, &error), AFT_E_INVALID);
}

static void a_key_replays_its_first_outcome(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id id = desk_say(&d, "m1", "要发票");
  aft_record *first, *second;
  aft_call call = d.as_agent;
  call.key = AFT_STR("answer-1");
  aft_answer_in in = {.size = sizeof in, .ticket = id, .text = AFT_STR("已开具")};
  assert_ok(aft_ticket_answer(d.session, &call, &in, &first, &error));
  assert_status(aft_ticket_answer(d.session, &call, &in, &second, &error), AFT_REPLAYED);
  assert_int_equal(aft_message_id(first), aft_message_id(second));
  aft_record_free(first);
  aft_record_free(second);
  in.text = AFT_STR("没有发票");
  assert_status(aft_ticket_answer(d.session, &call, &in, NULL, &error), AFT_E_KEY_REUSED);
  aft_cursor *cursor;
  assert_ok(aft_message_list(d.session, &d.system, id, &cursor, &error));
  assert_int_equal(desk_count(cursor), 2);
  desk_pass(&d, 31 * AFT__DAY); /* the key is forgotten, of a hostile store in one of the next rounds */
  int rounds = 0;
  do {
    desk_pass(&d, AFT__HOUR);
    desk_tick(&d);
  } while (aft_ticket_answer(d.session, &call, &in, NULL, &error) == AFT_E_KEY_REUSED && ++rounds < 10);
  assert_true(rounds < 10);
}

static void the_inbox_has_the_most_urgent_first(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  static const char *const texts[] = {"这个手机有几种颜色？",  "付款失败，钱扣了没订单",
                                      "快递三天没动了",        "谢谢，东西很好，五星好评！",
                                      "我要投诉你们，打12315", "怎么开发票"};
  for (size_t i = 0; i < AFT__COUNT(texts); i++) {
    char external[16], handle[16];
    snprintf(external, sizeof external, "i%zu", i);
    snprintf(handle, sizeof handle, "h%zu", i);
    aft_message_in in = desk_message(&d, external, texts[i]);
    in.customer = 0;
    in.handle = AFT_STR(handle);
    assert_ok(aft_intake(d.session, &d.system, &in, NULL, &error));
  }
  aft_cursor *cursor;
  aft_record *ticket;
  int64_t place = 0;
  uint32_t n = 0;
  assert_ok(aft_ticket_inbox(d.session, &d.as_agent, NULL, &cursor, &error));
  while (aft_cursor_next(cursor, &ticket, &error) == AFT_OK) {
    assert_true(aft_ticket_place(ticket) >= place);
    place = aft_ticket_place(ticket);
    n++;
  }
  aft_cursor_free(cursor);
  assert_int_equal(n, AFT__COUNT(texts));
  assert_ok(aft_ticket_inbox(d.session, &d.as_other_agent, NULL, &cursor, &error));
  assert_int_equal(desk_count(cursor), 0);
}

static void a_page_token_goes_on_where_the_reader_stopped(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  for (int i = 0; i < 9; i++) {
    char name[16];
    snprintf(name, sizeof name, "p%d", i);
    aft_message_in in = desk_message(&d, name, "快递什么时候到");
    in.customer = 0;
    in.handle = AFT_STR(name);
    assert_ok(aft_intake(d.session, &d.system, &in, NULL, &error));
    desk_pass(&d, 1000);
  }
  aft_id seen[9];
  uint32_t n = 0;
  aft_buf *token = NULL;
  while (n < 9) {
    aft_cursor *cursor;
    aft_record *ticket;
    aft_inbox_in in = {.size = sizeof in, .token = {token ? aft_buf_data(token) : NULL, token ? AFT_NTS : 0}};
    assert_ok(aft_ticket_inbox(d.session, &d.system, &in, &cursor, &error));
    aft_buf_free(token);
    token = NULL;
    for (int i = 0; i < 2 && aft_cursor_next(cursor, &ticket, &error) == AFT_OK; i++) {
      assert_true(n < 9);
      seen[n++] = aft_ticket_id(ticket);
    }
    assert_ok(aft_cursor_token(cursor, &token, &error));
    aft_cursor_free(cursor);
  }
  aft_buf_free(token);
  for (uint32_t i = 0; i < n; i++)
    for (uint32_t k = i + 1; k < n; k++)
      assert_int_not_equal(seen[i], seen[k]);
  aft_cursor *cursor;
  aft_inbox_in foreign = {.size = sizeof foreign, .token = AFT_STR("AAAA")};
  assert_status(aft_ticket_inbox(d.session, &d.system, &foreign, &cursor, &error), AFT_E_INVALID);
}

static void a_conflict_is_told_and_changes_nothing(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id id = desk_say(&d, "m1", "要退货");
  aft_record *ticket = desk_ticket(&d, id);
  int64_t rev = aft_ticket_rev(ticket);
  aft_record_free(ticket);
  desk_answer(&d, id, "好的");
  aft_act_in act = {.size = sizeof act, .ticket = id, .rev = rev, .act = AFT_ACT_RESOLVE};
  assert_status(aft_ticket_act(d.session, &d.as_agent, &act, NULL, &error), AFT_E_CONFLICT);
  assert_state(&d, id, "waiting_customer");
}

static void the_feed_numbers_every_event_once(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id id = desk_say(&d, "m1", "要退货");
  desk_answer(&d, id, "好的");
  desk_tick(&d);
  aft_cursor *cursor;
  aft_record *event;
  int64_t last = 0;
  assert_ok(aft_feed_read(d.session, &d.system, 0, &cursor, &error));
  while (aft_cursor_next(cursor, &event, &error) == AFT_OK) {
    assert_int_equal(aft_event_feed(event), last + 1);
    last = aft_event_feed(event);
  }
  aft_cursor_free(cursor);
  assert_true(last >= 8);
  assert_ok(aft_feed_read(d.session, &d.system, last - 2, &cursor, &error));
  assert_int_equal(desk_count(cursor), 2);
}

static void effects_leave_in_order_and_once(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id id = desk_say(&d, "m1", "要退货");
  desk_answer(&d, id, "第一条");
  desk_answer(&d, id, "第二条");
  static const char *const expected[] = {"第一条", "第二条"};
  uint32_t next = 0;
  for (int round = 0; round < 10; round++) {
    aft_cursor *cursor;
    aft_record *effect;
    assert_ok(aft_outbox_claim(d.session, NULL, &cursor, &error));
    uint32_t n = 0;
    while (aft_cursor_next(cursor, &effect, &error) == AFT_OK) {
      n++;
      assert_int_equal(aft_effect_subject(effect), id);
      if (next < 2 && strstr(aft_effect_payload(effect), expected[next]))
        next++;
      aft_id effect_id = aft_effect_id(effect);
      int64_t fence = aft_effect_fence(effect);
      assert_ok(aft_outbox_settle(d.session, effect_id, fence, AFT_OUTCOME_DONE, NULL, &error));
    }
    aft_cursor_free(cursor);
    assert_true(n <= 1);
    if (!n)
      break;
  }
  assert_int_equal(next, 2);
}

static void a_person_can_decide_the_category(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_buf *why;
  aft_id id = desk_say(&d, "m1", "那个东西怎么弄");
  aft_act_in act = {.size = sizeof act,
                    .ticket = id,
                    .act = AFT_ACT_CLASSIFY,
                    .category = AFT_STR("payment"),
                    .topic = AFT_STR("payment_failed")};
  aft_record *ticket;
  assert_ok(aft_ticket_act(d.session, &d.as_agent, &act, &ticket, &error));
  assert_string_equal(aft_ticket_category(ticket), "payment");
  assert_int_equal(aft_ticket_unsure(ticket), 0);
  aft_record_free(ticket);
  assert_ok(aft_explain(d.session, &d.as_agent, id, "category", "en", &why, &error));
  assert_true(aft_buf_size(why) > 0);
  assert_null(strstr(aft_buf_data(why), "explain."));
  aft_buf_free(why);
  act.category = AFT_STR("nonsense");
  assert_status(aft_ticket_act(d.session, &d.as_agent, &act, NULL, &error), AFT_E_INVALID);
}

#define ON(kind, test) \
  { #test " [" #kind "]", test, open_kind, shut, (void *)(intptr_t)DESK_##kind }
#define EVERYWHERE(test) ON(SQLITE, test), ON(MEMORY, test), ON(HOSTILE, test)

/* ---- chance ---- */

/* Gives the same bytes for so many draws. */
static int stubborn(void *user, void *bytes, size_t n) {
  int *left = user;
  memset(bytes, *left > 0 ? 7 : 7 - *left, n);
  --*left;
  return 0;
}

static aft_id say_with(aft_session *session, const aft_call *call, aft_id shop, const char *external) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *message;
  aft_message_in in = {
      .size = sizeof in, .shop = shop, .channel = AFT_STR("wechat"), .text = AFT_STR("你好")};
  in.external = in.handle = AFT_STR(external);
  assert_ok(aft_intake(session, call, &in, &message, &error));
  aft_id ticket = aft_message_ticket(message);
  aft_record_free(message);
  return ticket;
}

static void a_short_code_that_is_taken_is_drawn_again(void **state) {
  int left = 1 << 20;
  aft_error error = AFT_ERROR_INIT;
  aft_env *env;
  aft_store *store;
  aft_session *session;
  aft_record *tenant, *shop;
  (void)state;
  aft_env_options how = {.size = sizeof how, .random = stubborn, .random_user = &left};
  aft_store_options options = {.size = sizeof options, .dsn = AFT_STR("memory:"), .flags = AFT_STORE_CREATE};
  aft_call call = {.size = sizeof call, .role = AFT_ROLE_SYSTEM};
  aft_tenant_in acme = {.size = sizeof acme, .external = AFT_STR("acme")};
  aft_shop_in cups = {.size = sizeof cups, .external = AFT_STR("cups")};
  assert_ok(aft_env_new(&how, &env, &error));
  assert_ok(aft_store_open(env, &options, &store, &error));
  assert_ok(aft_session_open(store, &session, &error));
  assert_ok(aft_tenant_put(session, &call, &acme, &tenant, &error));
  call.tenant = aft_tenant_id(tenant);
  assert_ok(aft_shop_put(session, &call, &cups, &shop, &error));
  aft_id first = say_with(session, &call, aft_shop_id(shop), "m1");
  left = 20;
  assert_int_not_equal(say_with(session, &call, aft_shop_id(shop), "m2"), first);
  aft_record_free(shop);
  aft_record_free(tenant);
  aft_session_close(session);
  aft_store_unref(store);
  aft_env_unref(env);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      EVERYWHERE(a_message_becomes_a_classified_ticket),
      EVERYWHERE(a_message_delivered_three_times_is_one),
      EVERYWHERE(a_ticket_lives_from_answer_to_resolution),
      EVERYWHERE(thanks_neither_reopen_nor_start_a_clock),
      EVERYWHERE(a_deadline_that_passes_escalates_once),
      EVERYWHERE(a_survey_is_sent_when_due_unless_the_ticket_came_back),
      EVERYWHERE(a_reply_after_the_end_opens_a_ticket_that_follows_up),
      EVERYWHERE(merged_tickets_redirect),
      EVERYWHERE(a_code_threads_only_for_those_who_take_part),
      EVERYWHERE(an_edited_and_recalled_message_keeps_its_history),
      EVERYWHERE(one_bad_message_does_not_spoil_a_batch),
      EVERYWHERE(a_key_replays_its_first_outcome),
      EVERYWHERE(the_inbox_has_the_most_urgent_first),
      EVERYWHERE(a_page_token_goes_on_where_the_reader_stopped),
      EVERYWHERE(a_conflict_is_told_and_changes_nothing),
      EVERYWHERE(the_feed_numbers_every_event_once),
      EVERYWHERE(effects_leave_in_order_and_once),
      EVERYWHERE(a_person_can_decide_the_category),
      cmocka_unit_test(a_short_code_that_is_taken_is_drawn_again),
  };
  static const char *const not_there[] = {"[MEMORY]", "[HOSTILE]"};
  return RUN_CASES(tests, not_there);
}
