/* Tries to cheat, and shows what is said to it. After each attempt money and cases are as they were. */
#include "returns.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

static const bought mug = {"mug", "Mug", 1, 4900, NULL};

/* What must not change. */
typedef struct standing {
  int64_t given_back, under_way, units, cases;
} standing;

static standing standing_of(world *w, aft_id order) {
  standing s = {0};
  aft_case_filter filter = {.size = sizeof filter, .order = order};
  aft_cursor *cursor;
  aft_record *r;
  must(w, aft_payment_list(w->session, &w->system, order, &cursor, &w->error));
  while (aft_cursor_next(cursor, &r, &w->error) == AFT_OK) {
    s.given_back += aft_payment_refunded(r);
    s.under_way += aft_payment_planned(r);
  }
  aft_cursor_free(cursor);
  must(w, aft_line_list(w->session, &w->system, order, &cursor, &w->error));
  while (aft_cursor_next(cursor, &r, &w->error) == AFT_OK)
    s.units += aft_line_with_buyer(r);
  aft_cursor_free(cursor);
  must(w, aft_case_list(w->session, &w->system, &filter, &cursor, &w->error));
  while (aft_cursor_next(cursor, &r, &w->error) == AFT_OK)
    s.cases++;
  aft_cursor_free(cursor);
  return s;
}

typedef struct attempt {
  const char *what;
  aft_id order;
  standing before;
} attempt;

static attempt try(world *w, aft_id order, const char *zh, const char *en) {
  return (attempt){.what = say(w, zh, en), .order = order, .before = standing_of(w, order)};
}

static void refused(world *w, const attempt *a, aft_status status, aft_status expected, const char *answer) {
  char what[160];
  standing after = standing_of(w, a->order);
  snprintf(what, sizeof what, "expected %s, found %s", aft_status_name(expected), aft_status_name(status));
  check(w, status == expected, what);
  check(w, !memcmp(&after, &a->before, sizeof after), "an attempt that was refused changed something");
  note("   %s", a->what);
  note("      %s", status == expected ? answer : say(w, "没有被拒绝！", "it was not refused!"));
}

static aft_id refund_of(world *w, aft_id *order) {
  sold s = {.lines = &mug, .n_lines = 1};
  *order = tell_order(w, &s);
  aft_id id = file_units(w, *order, "refund", "changed_mind", "mug", 1);
  approve_if_asked(w, id);
  gateway(w);
  expect_state(w, id, "refunded");
  return id;
}

/* What the gateway said of the only movement of the case. */
static aft_leg_in callback_of(world *w, aft_id id, char reference[64]) {
  aft_cursor *cursor;
  aft_record *leg;
  aft_leg_in in = {.size = sizeof in, .outcome = AFT_SETTLE_CONFIRMED, .amount = {0, "CNY", 0}};
  must(w, aft_case_parts(w->session, &w->system, id, AFT_KIND_LEG, &cursor, &w->error));
  if (aft_cursor_next(cursor, &leg, &w->error) == AFT_OK) {
    in.leg = aft_leg_id(leg);
    in.amount.minor = aft_leg_confirmed(leg);
    snprintf(reference, 64, "%s", aft_leg_reference(leg));
  }
  aft_cursor_free(cursor);
  in.reference = AFT_STR(reference);
  return in;
}

static void callbacks(world *w) {
  char reference[64] = "", booked[AFT_MONEY_SIZE], answer[160];
  aft_id order, id = refund_of(w, &order);
  aft_leg_in in = callback_of(w, id, reference);
  attempt a = try(w, order, "支付网关把同一笔退款回调两次", "The gateway reports one refund twice.");
  refused(w, &a, aft_leg_settle(w->session, &w->system, &in, NULL, &w->error), AFT_IGNORED,
          say(w, "忽略：这笔退款早已入账，不会再退一次",
              "Ignored: it is booked already, and is not paid again."));
  money_text(w, in.amount.minor, "CNY", booked);
  snprintf(answer, sizeof answer,
           say(w, "拒绝：已按 %s 入账，不能改写", "Refused: it is booked with %s, and that stands."), booked);
  in.amount.minor -= 100;
  a = try(w, order, "再次回调，金额却少了 1 元", "It reports it once more, with another amount.");
  refused(w, &a, aft_leg_settle(w->session, &w->system, &in, NULL, &w->error), AFT_E_EXISTS, answer);
}

static bool looks_possible(world *w, aft_session *session, const aft_case_in *in) {
  aft_buf *buf;
  must(w, aft_case_preview(session, &w->as_buyer, in, "en", &buf, &w->error));
  json_t *said = json_loadb(aft_buf_data(buf), aft_buf_size(buf), 0, NULL);
  const char *verdict = json_string_value(json_object_get(said, "verdict"));
  bool yes = verdict && !strcmp(verdict, "yes");
  json_decref(said);
  aft_buf_free(buf);
  return yes;
}

static void race(world *w) {
  sold s = {.lines = &mug, .n_lines = 1, .delivered = true};
  aft_id order = tell_order(w, &s);
  aft_case_line_in line = {.size = sizeof line, .line = line_of(w, order, "mug"), .quantity = 1};
  aft_case_in in = {.size = sizeof in,
                    .order = order,
                    .kind = AFT_STR("return"),
                    .reason = AFT_STR("changed_mind"),
                    .lines = &line,
                    .n_lines = 1};
  aft_session *other;
  must(w, aft_session_open(w->store, &other, &w->error));
  bool both = looks_possible(w, w->session, &in) && looks_possible(w, other, &in);
  check(w, both, "the last mug could not be returned to begin with");
  file_case(w, &w->as_buyer, &in);
  attempt a = try(w, order, "两台手机同时为最后一只杯子申请退货，预览时都显示可退",
                  "Two phones return the same last mug; both were told that they may.");
  refused(w, &a, aft_case_file(other, &w->as_buyer, &in, NULL, &w->error), AFT_E_CHECK,
          say(w, "拒绝：先到的那份申请占用了它，已没有可退的杯子",
              "Refused: the first case holds it, and no other mug is free."));
  aft_session_close(other);
}

static void forged_link(world *w) {
  static const char secret[] = "thirty-two random bytes in a real shop";
  aft_signing_key key = {.size = sizeof key, .name = AFT_STR("k1"), .secret = secret, .n = sizeof secret};
  aft_link_opened opened = {.size = sizeof opened};
  aft_link_keys *keys;
  aft_buf *token;
  char forged[512];
  aft_id order, id = refund_of(w, &order);
  aft_link_in in = {.size = sizeof in, .customer = w->buyer, .of = id, .lifetime = DAY};
  must(w, aft_link_keys_new(w->env, &key, 1, &keys, &w->error));
  must(w, aft_link_make(w->session, &w->system, keys, &in, &token, NULL, &w->error));
  snprintf(forged, sizeof forged, "%.*s", (int)aft_buf_size(token), (const char *)aft_buf_data(token));
  must(w, aft_link_open(w->session, w->system.tenant, keys, AFT_STR(forged), &opened, &w->error));
  forged[8] = forged[8] == 'A' ? 'B' : 'A';
  attempt a =
      try(w, order, "有人把查询链接改了一个字符", "Somebody changes one character of a buyer's link.");
  refused(w, &a, aft_link_open(w->session, w->system.tenant, keys, AFT_STR(forged), &opened, &w->error),
          AFT_E_DENIED,
          say(w, "拒绝：签名不符，打不开", "Refused: its signature is wrong, and it opens nothing."));
  aft_buf_free(token);
  aft_link_keys_unref(keys);
}

static void foreign_buyer(world *w) {
  sold s = {.lines = &mug, .n_lines = 1, .delivered = true};
  aft_id order = tell_order(w, &s);
  aft_case_in in = {
      .size = sizeof in, .order = order, .kind = AFT_STR("return"), .reason = AFT_STR("changed_mind")};
  attempt a = try(w, order, "另一位买家来退这个订单", "Another buyer returns this order.");
  refused(w, &a, aft_case_file(w->session, &w->as_stranger, &in, NULL, &w->error), AFT_E_DENIED,
          say(w, "拒绝：这是别人的订单", "Refused: the order is another customer's."));
  aft_buf *story = NULL;
  a = try(w, order, "又想看别人的退款进度", "Then they look into somebody's case.");
  refused(w, &a, aft_case_timeline(w->session, &w->as_stranger, w->first_case, "en", &story, &w->error),
          AFT_E_DENIED, say(w, "拒绝：这是别人的申请", "Refused: the case is another customer's."));
  aft_buf_free(story);
}

void cheats(world *w) {
  title(say(w, "然后有人想钻空子", "Then somebody tries to cheat"));
  callbacks(w);
  race(w);
  forged_link(w);
  foreign_buyer(w);
}
