/* Tries to cheat, and shows what is said to it. */
#include "returns.h"

#include <stdio.h>
#include <string.h>

static const bought mug = {"mug", "Mug", 1, 4900, NULL};

static void refused(world *w, const char *what, aft_status status, aft_status expected) {
  note("   %s\n      %s: %s", what, aft_status_name(status),
       status < 0 ? w->error.message : say(w, "没有任何变化", "nothing changed"));
  if (status != expected) {
    fprintf(stderr, "returns: expected %s, found %s\n", aft_status_name(expected), aft_status_name(status));
    w->wrong++;
  }
}

static aft_id refund_of(world *w, aft_id *order) {
  sold s = {.lines = &mug, .n_lines = 1};
  *order = tell_order(w, &s);
  aft_id id = file_units(w, *order, "refund", "changed_mind", "mug", 1);
  approve_if_asked(w, id);
  return id;
}

static void callback_twice(world *w) {
  aft_id order, id = refund_of(w, &order);
  aft_cursor *cursor;
  aft_record *leg;
  aft_leg_in in = {.size = sizeof in, .outcome = AFT_SETTLE_CONFIRMED, .amount = {4900, "CNY"}};
  char reference[32];
  gateway(w);
  must(w, aft_case_parts(w->session, &w->system, id, AFT_KIND_LEG, &cursor, &w->error));
  if (aft_cursor_next(cursor, &leg, &w->error) != AFT_OK) {
    w->wrong++;
    aft_cursor_free(cursor);
    return;
  }
  in.leg = aft_leg_id(leg);
  snprintf(reference, sizeof reference, "%s", aft_leg_reference(leg));
  aft_cursor_free(cursor);
  in.reference = AFT_STR(reference);
  refused(w, say(w, "支付回调重复到达", "the gateway's callback comes twice"),
          aft_leg_settle(w->session, &w->system, &in, NULL, &w->error), AFT_IGNORED);
  in.reference = AFT_STR("another");
  refused(w, say(w, "同一笔退款换一个流水号再报一次", "the same refund again under another number"),
          aft_leg_settle(w->session, &w->system, &in, NULL, &w->error), AFT_E_EXISTS);
}

static void quantity_race(world *w) {
  sold s = {.lines = &mug, .n_lines = 1, .delivered = true};
  aft_id order = tell_order(w, &s);
  aft_case_line_in line = {.size = sizeof line, .line = line_of(w, order, "mug"), .quantity = 1};
  aft_case_in in = {.size = sizeof in,
                    .order = order,
                    .kind = AFT_STR("return"),
                    .reason = AFT_STR("changed_mind"),
                    .lines = &line,
                    .n_lines = 1};
  file_case(w, &w->as_buyer, &in);
  refused(w, say(w, "同一只杯子再申请一次", "the same mug in a second case"),
          aft_case_file(w->session, &w->as_buyer, &in, NULL, &w->error), AFT_E_CHECK);
}

static void foreign_buyer(world *w) {
  sold s = {.lines = &mug, .n_lines = 1, .delivered = true};
  aft_case_in in = {.size = sizeof in,
                    .order = tell_order(w, &s),
                    .kind = AFT_STR("return"),
                    .reason = AFT_STR("changed_mind")};
  refused(w, say(w, "别人来退这个订单", "somebody else returns this order"),
          aft_case_file(w->session, &w->as_stranger, &in, NULL, &w->error), AFT_E_DENIED);
}

static void forged_link(world *w) {
  aft_id order, id = refund_of(w, &order);
  static const char secret[] = "thirty-two random bytes in a real shop";
  aft_signing_key key = {.size = sizeof key, .name = AFT_STR("k1"), .secret = secret, .n = sizeof secret};
  aft_link_keys *keys;
  aft_buf *token;
  char forged[512];
  must(w, aft_link_keys_new(w->env, &key, 1, &keys, &w->error));
  aft_link_in in = {.size = sizeof in, .customer = w->buyer, .of = id, .lifetime = DAY};
  must(w, aft_link_make(w->session, &w->system, keys, &in, &token, NULL, &w->error));
  snprintf(forged, sizeof forged, "%.*s", (int)aft_buf_size(token), (const char *)aft_buf_data(token));
  forged[8] = forged[8] == 'A' ? 'B' : 'A';
  aft_link_opened opened = {.size = sizeof opened};
  refused(w, say(w, "链接被改动一个字符", "one character of the link is another"),
          aft_link_open(w->session, w->system.tenant, keys, AFT_STR(forged), &opened, &w->error),
          AFT_E_DENIED);
  aft_buf_free(token);
  aft_link_keys_unref(keys);
}

void cheats(world *w) {
  note("\n%s", say(w, "然后有人想钻空子", "Then somebody tries to cheat"));
  callback_twice(w);
  quantity_race(w);
  forged_link(w);
  foreign_buyer(w);
}
