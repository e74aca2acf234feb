/* Understanding texts with the default policy: what is urgent, what merely thanks, and why. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "policy/policy.h"
#include "policy_fixture.h"
#include "random.h"

/* What one text leads to. Texts of the result belong to the policy. */
typedef struct outcome {
  aft__triage triage;
  aft__priority priority;
  char reasons[4096];
} outcome;

static void decide(const aft_policy *p, const char *text, const char *label, const char *tier, outcome *out) {
  aft__arena arena;
  aft__buf reasons;
  aft__facts facts;
  memset(&facts, 0, sizeof(facts));
  memset(out, 0, sizeof(*out));
  aft__arena_init(&arena, env);
  aft__buf_init(&reasons, env);
  assert_int_equal(
      aft__policy_triage(p, aft__cstr(text), aft__cstr(label), &arena, &out->triage, &reasons, NULL), AFT_OK);
  aft__triage_facts(&out->triage, &facts);
  facts.text[AFT__FACT_TIER] = aft__cstr(tier);
  aft__policy_priority(p, &facts, &out->priority, &reasons);
  assert_true(reasons.len < sizeof(out->reasons));
  memcpy(out->reasons, reasons.data, reasons.len);
  aft__buf_done(&reasons);
  aft__arena_done(&arena);
}

static outcome of(const char *text) {
  outcome out;
  decide(policy, text, "", "", &out);
  return out;
}

static void assert_text(aft_str found, const char *expected) {
  if (!aft__str_eq(found, aft__cstr(expected)))
    fail_msg("expected %s, found %.*s", expected, (int)found.len, found.len ? found.data : "");
}

static void assert_topic(const char *text, const char *category, const char *topic) {
  outcome out = of(text);
  if (!aft__str_eq(out.triage.category, aft__cstr(category)) ||
      !aft__str_eq(out.triage.topic, aft__cstr(topic)))
    fail_msg("%s: expected %s/%s, found %s/%s with %d", text, category, topic, out.triage.category.data,
             out.triage.topic.data, out.triage.confidence);
}

/* ---- priority ---- */

static void failed_payments_and_missing_stock_come_first(void **state) {
  static const char *const pressing[] = {
      "付款失败了,钱已经扣了", "我下单后缺货怎么办", "昨天付款了今天告诉我没货",
      "My payment failed but the money is gone", "I ordered two and now it is out of stock"};
  static const char *const plain[] = {"请问怎么付款", "这个什么时候有货", "How do I pay?",
                                      "When will this be back in stock?"};
  (void)state;
  for (size_t a = 0; a < AFT__COUNT(pressing); a++) {
    outcome high = of(pressing[a]);
    assert_text(high.priority.name, "urgent");
    for (size_t b = 0; b < AFT__COUNT(plain); b++) {
      outcome low = of(plain[b]);
      if (high.priority.points <= low.priority.points || high.priority.rank >= low.priority.rank)
        fail_msg("'%s' (%d) does not outrank '%s' (%d)", pressing[a], high.priority.points, plain[b],
                 low.priority.points);
    }
  }
}

static void anger_authorities_and_tier_raise(void **state) {
  (void)state;
  outcome calm = of("我的快递到哪了"), angry = of("我的快递到哪了,你们就是骗子,太恶心了,垃圾");
  assert_true(angry.triage.tone < -250);
  assert_true(angry.priority.points > calm.priority.points);
  outcome legal = of("再不退款我就打12315投诉");
  assert_text(legal.triage.complaint, "regulator");
  assert_text(legal.priority.name, "urgent");
  assert_text(of("I will take you to court").triage.complaint, "regulator");
  assert_text(of("不解决我就发微博曝光").triage.complaint, "media");
  outcome vip;
  decide(policy, "我的快递到哪了", "", "vip", &vip);
  assert_true(vip.priority.rank < calm.priority.rank);
}

static void praise_and_enquiries_lower(void **state) {
  (void)state;
  int32_t normal = of("我的快递到哪了").priority.points;
  assert_true(of("服务很好,五星好评").priority.points < normal);
  assert_true(of("Great service, love it!").priority.points < normal);
  assert_true(of("这个是什么材质的").priority.points < normal);
  assert_text(of("What size is this and what material?").priority.name, "low");
}

/* ---- category and topic ---- */

static void topics_are_told_apart(void **state) {
  static const char *const cases[][3] = {
      {"什么时候发货呀", "logistics", "urge_shipping"},
      {"怎么还没到货,催一下快递", "logistics", "urge_delivery"},
      {"帮我查物流信息", "logistics", "where"},
      {"能不能改一下送货时间", "logistics", "reschedule"},
      {"麻烦把包裹拦截", "logistics", "intercept"},
      {"显示已签收但是我没收到", "logistics", "not_received"},
      {"快递好像丢件了", "logistics", "lost"},
      {"收到时外包装破损", "logistics", "parcel_damaged"},
      {"买错尺码了想换货", "return_refund", "exchange"},
      {"我想退货", "return_refund", "return"},
      {"退款什么时候到账", "return_refund", "refund_progress"},
      {"还没发货,申请退款", "return_refund", "refund_unshipped"},
      {"退货运费谁出", "return_refund", "return_freight"},
      {"商家拒绝退款怎么办", "return_refund", "refusal"},
      {"快递员什么时候上门取件", "return_refund", "return_pickup"},
      {"支付失败", "payment", "payment_failed"},
      {"被重复扣款了", "payment", "charged_twice"},
      {"支持哪些付款方式", "payment", "payment_method"},
      {"下单后缺货", "stock", "paid_short"},
      {"什么时候有货", "stock", "back_when"},
      {"我要取消订单", "order_change", "cancel"},
      {"收货地址写错了要修改地址", "order_change", "address"},
      {"两个订单合并发货", "order_change", "merge_orders"},
      {"用了两天就坏了,开不了机", "quality", "fault"},
      {"少了一个配件,漏发了", "quality", "missing_part"},
      {"你们发错颜色了", "quality", "wrong_item"},
      {"充电的时候冒烟起火", "quality", "safety"},
      {"这是假货吧", "quality", "counterfeit"},
      {"刚买就降价,申请价保", "price_promo", "price_protection"},
      {"优惠券用不了", "price_promo", "coupon"},
      {"赠品没收到", "price_promo", "gift"},
      {"帮我开发票", "invoice", "invoice_issue"},
      {"发票抬头错了,要改发票", "invoice", "invoice_change"},
      {"发票需要冲红", "invoice", "invoice_red"},
      {"发票什么时候能寄出", "invoice", "invoice_status"},
      {"预约安装师傅", "install_repair", "install"},
      {"在保修期内,怎么报修", "install_repair", "repair"},
      {"账号被盗了", "account", "stolen"},
      {"我要注销账号", "account", "privacy"},
      {"会员积分怎么查", "account", "membership"},
      {"快递员电话多少,东西放哪了", "logistics", "not_received"},
      {"预售的什么时候能发", "logistics", "urge_shipping"},
      {"两包里只到了一包", "logistics", "where"},
      {"用着用着自动关机", "quality", "fault"},
      {"下单的钱退到哪里", "return_refund", "refund_progress"},
      {"取件的人什么时候来取", "return_refund", "return_pickup"},
      {"修了十天还没修好", "install_repair", "repair_progress"},
      {"白条怎么还款", "payment", "payment_method"},
      {"怎么显示无货", "stock", "back_when"},
      {"不小心下错单", "order_change", "cancel"},
      {"我要去消协告你们", "complaint", "escalation"},
      {"希望你们增加夜间客服,提个意见", "other", "suggestion"},
      {"How long until my package arrives?", "logistics", "urge_delivery"},
      {"The box was crushed on the way", "logistics", "parcel_damaged"},
      {"My card payment was declined", "payment", "payment_failed"},
      {"Please update the shipping address", "order_change", "address"},
      {"Do you have this in stock?", "stock", "back_when"},
      {"The invoice has the wrong company name", "invoice", "invoice_change"},
      {"I have a suggestion for your shop", "other", "suggestion"},
      {"When will you ship it? It has not yet been dispatched", "logistics", "urge_shipping"},
      {"Where is my parcel?", "logistics", "where"},
      {"It says delivered but I never received it", "logistics", "not_received"},
      {"I want to return these shoes", "return_refund", "return"},
      {"Where is my refund?", "return_refund", "refund_progress"},
      {"I was charged twice for one order", "payment", "charged_twice"},
      {"Please cancel my order", "order_change", "cancel"},
      {"You sent me the wrong item", "quality", "wrong_item"},
      {"I need an invoice", "invoice", "invoice_issue"},
      {"My account was hacked", "account", "stolen"},
  };
  (void)state;
  for (size_t i = 0; i < AFT__COUNT(cases); i++)
    assert_topic(cases[i][0], cases[i][1], cases[i][2]);
}

static void what_is_not_understood_goes_to_a_person(void **state) {
  (void)state;
  outcome out = of("蓝鲸在月亮上唱歌");
  assert_true(out.triage.unsure);
  assert_text(out.triage.category, "other");
  assert_int_equal(out.triage.confidence, 0);
  outcome torn = of("发票要改,另外我想退货");
  assert_true(torn.triage.unsure || torn.triage.confidence < 700);
}

/* What stands for masked data is no word of the customer. */
static void masks_say_nothing(void **state) {
  (void)state;
  assert_int_equal(of("[退货地址1]").triage.confidence, 0);
  assert_int_equal(of("[phone number] [invoice 3]").triage.confidence, 0);
  assert_text(of("[地址1] 我要退货").triage.category, "return_refund");
  assert_text(of("[我要退货").triage.category, "return_refund");
}

static aft_policy *shop_of(const char *yaml) {
  aft_document document = {sizeof(document), AFT_STR("shop.yaml"), aft__cstr(yaml)};
  aft_policy_options options = {.size = sizeof(options), .documents = &document, .count = 1};
  aft_policy *shop = NULL;
  assert_int_equal(aft_policy_load(env, &options, &shop, NULL, NULL), AFT_OK);
  return shop;
}

static bool is_stock(const aft_policy *shop, const char *text) {
  outcome out;
  decide(shop, text, "", "", &out);
  return aft__str_eq(out.triage.category, aft__cstr("stock"));
}

static void rules_have_limits(void **state) {
  aft_policy *shop = shop_of(
      "rules:\n"
      "  a: {category: stock, weight: 90, words: [xyzzy], question: true}\n"
      "  b: {category: stock, weight: 90, words: [plugh], question: false}\n"
      "  c: {category: stock, weight: 90, words: [蓝鲸], most: 4}\n");
  (void)state;
  assert_true(is_stock(shop, "xyzzy?"));
  assert_false(is_stock(shop, "xyzzy"));
  assert_true(is_stock(shop, "plugh"));
  assert_false(is_stock(shop, "plugh?"));
  assert_true(is_stock(shop, "看见蓝鲸"));
  assert_false(is_stock(shop, "看见了蓝鲸"));
  aft_policy_unref(shop);
}

static void width_and_case_do_not_matter(void **state) {
  (void)state;
  assert_topic("WHERE IS MY PARCEL?", "logistics", "where");
  assert_topic("ｗｈｅｒｅ　ｉｓ　ｍｙ　ｐａｒｃｅｌ？", "logistics", "where");
  assert_topic("付款\xef\xbc\x8c失败了", "payment", "payment_failed");
}

static void a_word_inside_another_word_is_no_hit(void **state) {
  (void)state;
  assert_text(of("They are in the warehouse").triage.complaint, "none"); /* not "sue", not "rude" */
  assert_text(of("The issue with pursued goals, obtruded").triage.complaint, "none");
}

static void the_label_speaks_and_disagreement_costs(void **state) {
  outcome without, agreeing, other, alone;
  (void)state;
  decide(policy, "付款失败", "", "", &without);
  decide(policy, "付款失败", "payment", "", &agreeing);
  decide(policy, "付款失败", "logistics", "", &other);
  decide(policy, "蓝鲸在月亮上唱歌", "invoice", "", &alone);
  assert_true(agreeing.triage.confidence > without.triage.confidence);
  assert_true(other.triage.confidence < without.triage.confidence);
  assert_text(other.triage.category, "payment");
  assert_text(other.triage.runner_up, "logistics");
  assert_text(alone.triage.category, "invoice");
}

/* ---- dialogue act ---- */

static void acknowledgements_cover_the_whole_message(void **state) {
  static const char *const yes[] = {
      "好的谢谢", "ok thanks",          "收到",          "好的好的,谢谢啦~",     "嗯嗯", "OK!",
      "好的👌",    "Thank you so much!", "知道了,谢谢亲", "Got it, thanks a lot."};
  static const char *const no[] = {"好的,那什么时候发货?",
                                   "ok, but when will it ship?",
                                   "收到了吗",
                                   "谢谢,但是还是坏的",
                                   "ok?",
                                   "好的 我要退货",
                                   "12345",
                                   ""};
  (void)state;
  for (size_t i = 0; i < AFT__COUNT(yes); i++) {
    outcome out = of(yes[i]);
    if (!aft__str_eq(out.triage.act, aft__cstr("acknowledgement")))
      fail_msg("'%s' is %s", yes[i], out.triage.act.data);
  }
  for (size_t i = 0; i < AFT__COUNT(no); i++) {
    outcome out = of(no[i]);
    if (aft__str_eq(out.triage.act, aft__cstr("acknowledgement")))
      fail_msg("'%s' is an acknowledgement", no[i]);
  }
}

static void acts_and_flags(void **state) {
  (void)state;
  assert_text(of("在吗?").triage.act, "greeting");
  assert_text(of("Hello!").triage.act, "greeting");
  assert_text(of("再见").triage.act, "closing");
  assert_text(of("这个怎么用").triage.act, "question");
  assert_text(of("帮我取消订单").triage.act, "request");
  assert_true(of("转人工").triage.human);
  assert_true(of("I want to speak to a human").triage.human);
  assert_true(of("很急,马上要用").triage.urgent);
  assert_true(of("怎么还没处理,都几天了").triage.chaser);
  assert_true(of("any update?").triage.chaser);
  assert_true(of("在哪里看物流").triage.question);
  assert_false(of("我要退货").triage.question);
  assert_string_equal(of("我要退货").triage.language, "zh");
  assert_string_equal(of("I want to return it").triage.language, "en");
}

/* Swear words are found where they are meant, not inside words that a customer needs. */
static void harmless_words_do_not_anger(void **state) {
  static const char *const harmless[] = {"我操作不了",       "需要怎么操作吗", "滚筒洗衣机怎么用",
                                         "这是我妈妈的订单", "退了衣服了",     "What kind of cloth is it"};
  (void)state;
  for (size_t i = 0; i < AFT__COUNT(harmless); i++)
    if (of(harmless[i]).triage.tone < -200)
      fail_msg("%s has tone %d", harmless[i], of(harmless[i]).triage.tone);
}

static void tone_follows_the_words(void **state) {
  (void)state;
  assert_true(of("非常满意,服务太好了").triage.tone > 200);
  assert_true(of("This is terrible, the worst service ever").triage.tone < -200);
  assert_true(of("我要退货").triage.tone == 0);
  assert_true(of("not happy").triage.tone < 0);
}

/* Thanks are a kind word where they stand alone, and courtesy behind a request. */
static void thanks_are_courtesy_behind_a_request(void **state) {
  static const char *const kind[] = {"好的,谢谢", "没有别的了 谢谢", "thank you very much", "辛苦了"};
  static const char *const plain[] = {"麻烦帮我取消订单,谢谢", "请问什么时候到,谢谢",
                                      "Please cancel it, thank you", "催一下快递"};
  (void)state;
  for (size_t i = 0; i < AFT__COUNT(kind); i++)
    if (of(kind[i]).triage.tone < 200)
      fail_msg("%s has tone %d", kind[i], of(kind[i]).triage.tone);
  for (size_t i = 0; i < AFT__COUNT(plain); i++)
    if (of(plain[i]).triage.tone != 0)
      fail_msg("%s has tone %d", plain[i], of(plain[i]).triage.tone);
}

/* Impatience is heard, but a plain report of what went wrong is not a furious one. */
static void slight_words_do_not_add_up_to_anger(void **state) {
  int32_t impatient = of("怎么还没到,都几天了,一直不动").triage.tone;
  (void)state;
  assert_in_range(-impatient, 200, 599);
  assert_in_range(-of("坏了,没反应,少发了配件,包装破损").triage.tone, 200, 599);
  assert_true(of("不着急").triage.tone < 200);
  assert_true(of("怎么还没到!!!").triage.tone < of("怎么还没到").triage.tone);
}

/* ---- reasons ---- */

static void render(const aft_policy *p, const char *locale, const outcome *out, const char *about,
                   char *text) {
  aft__buf buf;
  aft__buf_init(&buf, env);
  aft__reasons_render(p, locale, aft__cstr(out->reasons), about, &buf);
  assert_true(buf.len < 4096);
  memcpy(text, buf.len ? buf.data : "", buf.len);
  text[buf.len] = '\0';
  aft__buf_done(&buf);
}

static void explanations_name_words_and_points(void **state) {
  char text[4096];
  (void)state;
  outcome out = of("付款失败了");
  render(policy, "zh", &out, "category", text);
  assert_non_null(strstr(text, "付款失败"));
  assert_non_null(strstr(text, "支付"));
  render(policy, "en", &out, "priority", text);
  assert_non_null(strstr(text, "+60"));
  assert_non_null(strstr(text, "a payment failed"));
  assert_non_null(strstr(text, "Urgent"));
  assert_null(strchr(text, '{'));
}

static void one_changed_line_changes_decision_and_explanation(void **state) {
  static const char yaml[] = "priority: {rules: {payment_failed: {points: 5}}}\n";
  char before[4096], after[4096];
  aft_document document = {sizeof(document), AFT_STR("shop.yaml"), AFT_STR(yaml)};
  aft_policy_options options = {.size = sizeof(options), .documents = &document, .count = 1};
  aft_policy *shop = NULL;
  (void)state;
  assert_int_equal(aft_policy_load(env, &options, &shop, NULL, NULL), AFT_OK);
  outcome old, new;
  decide(policy, "付款失败了", "", "", &old);
  decide(shop, "付款失败了", "", "", &new);
  assert_text(old.priority.name, "urgent");
  assert_text(new.priority.name, "normal");
  render(policy, "en", &old, "priority", before);
  render(shop, "en", &new, "priority", after);
  assert_non_null(strstr(before, "priority +60: a payment failed"));
  assert_non_null(strstr(after, "priority +5: a payment failed"));
  assert_string_not_equal(aft_policy_hash(policy), aft_policy_hash(shop));
  aft_policy_unref(shop);
}

static void reasons_survive_separators(void **state) {
  aft__buf reasons, out;
  (void)state;
  aft__buf_init(&reasons, env);
  aft__buf_init(&out, env);
  aft__arg args[] = {{"category", AFT_STR("payment")},
                     {"rule", AFT_STR("a\tb\nc\\d=e")},
                     {"word", AFT_STR("w")},
                     {"points", AFT_STR("1")}};
  for (size_t i = 0; i < AFT__COUNT(args); i++)
    args[i].value = aft__cstr(args[i].value.data);
  aft__reason_add(&reasons, "category", "explain.category.rule", args, AFT__COUNT(args));
  aft__reasons_render(policy, "en", aft__buf_view(&reasons), "category", &out);
  assert_non_null(strstr(out.data, "a\tb\nc\\d=e"));
  assert_non_null(strstr(out.data, "Payment"));
  size_t all = out.len;
  aft__reasons_render(policy, "en", aft__buf_view(&reasons), "tone", &out);
  assert_int_equal(out.len, all);
  aft__buf_done(&out);
  aft__buf_done(&reasons);
}

/* ---- properties ---- */

/* Any text made of pieces of words: results stay in range, and the same text has the same result. */
static void any_text_has_one_answer_in_range(void **state) {
  static const char *const pieces[] = {"付款",     "失败", "退款", "发货", "not ", "very ", "return ",
                                       "谢谢",     "?",    "，",   "好的", "垃圾", "  ",    "12315",
                                       "invoice ", "👍",    "{",    "..",   "*",    "\t"};
  uint64_t seed = seed_of("any text");
  (void)state;
  for (int round = 0; round < 400; round++) {
    char text[1200] = "";
    uint32_t n = draw32(&seed) % 60;
    for (uint32_t i = 0; i < n; i++)
      strcat(text, pieces[draw32(&seed) % AFT__COUNT(pieces)]);
    outcome a = of(text), b = of(text);
    assert_true(a.triage.confidence >= 0 && a.triage.confidence <= 1000);
    assert_true(a.triage.tone >= -1000 && a.triage.tone <= 1000);
    assert_int_equal(a.triage.confidence, b.triage.confidence);
    assert_int_equal(a.priority.points, b.priority.points);
    assert_string_equal(a.reasons, b.reasons);
    aft_str known;
    assert_true(aft__policy_category_find(policy, a.triage.category, &known));
  }
}

static void wrong_encoding_is_refused(void **state) {
  aft__arena arena;
  aft__triage triage;
  aft_error error = AFT_ERROR_INIT;
  (void)state;
  aft__arena_init(&arena, env);
  assert_int_equal(
      aft__policy_triage(policy, aft__cstr("\xff\xfe"), aft__cstr(""), &arena, &triage, NULL, &error),
      AFT_E_ENCODING);
  aft__arena_done(&arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(failed_payments_and_missing_stock_come_first),
      cmocka_unit_test(anger_authorities_and_tier_raise),
      cmocka_unit_test(praise_and_enquiries_lower),
      cmocka_unit_test(topics_are_told_apart),
      cmocka_unit_test(what_is_not_understood_goes_to_a_person),
      cmocka_unit_test(masks_say_nothing),
      cmocka_unit_test(rules_have_limits),
      cmocka_unit_test(width_and_case_do_not_matter),
      cmocka_unit_test(a_word_inside_another_word_is_no_hit),
      cmocka_unit_test(the_label_speaks_and_disagreement_costs),
      cmocka_unit_test(acknowledgements_cover_the_whole_message),
      cmocka_unit_test(acts_and_flags),
      cmocka_unit_test(harmless_words_do_not_anger),
      cmocka_unit_test(tone_follows_the_words),
      cmocka_unit_test(thanks_are_courtesy_behind_a_request),
      cmocka_unit_test(slight_words_do_not_add_up_to_anger),
      cmocka_unit_test(explanations_name_words_and_points),
      cmocka_unit_test(one_changed_line_changes_decision_and_explanation),
      cmocka_unit_test(reasons_survive_separators),
      cmocka_unit_test(any_text_has_one_answer_in_range),
      cmocka_unit_test(wrong_encoding_is_refused),
  };
  return cmocka_run_group_tests(tests, policy_set_up, policy_tear_down);
}
