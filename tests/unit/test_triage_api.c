/* Triage as a program calls it: what is offered, what comes first, what a conversation changes, what a model
 * adds, and what is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <aftersales.h>

#include "base/base.h"
#include "fault_alloc.h"
#include "policy_fixture.h"
#include "random.h"

static aft_triage_in given(const char *text) {
  aft_triage_in in = {.size = sizeof in, .text = AFT_STR(text)};
  return in;
}

static aft_triage *run(const aft_policy *p, const aft_triage_in *in) {
  aft_error error = AFT_ERROR_INIT;
  aft_triage *out = NULL;
  if (aft_triage_run(p, in, &out, &error) < 0)
    fail_msg("%s: %s", error.where, error.message);
  return out;
}

static aft_triage *of(const char *text) {
  aft_triage_in in = given(text);
  return run(policy, &in);
}

static void assert_field(const aft_triage *t, uint32_t field, const char *expected, const char *text) {
  if (strcmp(aft_triage_text(t, field), expected) != 0)
    fail_msg("%s: field %u: expected %s, found %s", text, field, expected, aft_triage_text(t, field));
}

static void assert_text(const char *text, uint32_t field, const char *expected) {
  aft_triage *t = of(text);
  assert_field(t, field, expected, text);
  aft_triage_free(t);
}

static int64_t number_of(const char *text, uint32_t field) {
  aft_triage *t = of(text);
  int64_t number = aft_triage_number(t, field);
  aft_triage_free(t);
  return number;
}

static bool suggests(const aft_triage *t, const char *name) {
  for (size_t i = 0; aft_triage_suggestion(t, i); i++)
    if (strcmp(aft_triage_suggestion(t, i), name) == 0)
      return true;
  return false;
}

static bool explains(const aft_triage *t, const char *locale, const char *words) {
  aft_buf *buf;
  assert_int_equal(aft_triage_explain(t, locale, &buf, NULL), AFT_OK);
  bool found = strstr(aft_buf_data(buf), words) != NULL;
  assert_null(strchr(aft_buf_data(buf), '{'));
  aft_buf_free(buf);
  return found;
}

static aft_policy *shop_policy(const char *yaml) {
  aft_error error = AFT_ERROR_INIT;
  aft_document document = {sizeof document, AFT_STR("shop.yaml"), AFT_STR(yaml)};
  aft_policy_options options = {.size = sizeof options, .documents = &document, .count = 1};
  aft_policy *p = NULL;
  if (aft_policy_load(env, &options, &p, NULL, &error) < 0)
    fail_msg("%s: %s", error.where, error.message);
  return p;
}

/* ---- what the brief asks for ---- */

static void failed_payments_and_missing_stock_outrank_how_to_pay_and_when_in_stock(void **state) {
  static const char *const pressing[] = {"付款失败", "下单后缺货"}, *const plain[] = {"怎么付款",
                                                                                      "什么时候有货"};
  (void)state;
  for (int a = 0; a < 2; a++) {
    for (int b = 0; b < 2; b++)
      assert_true(number_of(pressing[a], AFT_TRIAGE_PRIORITY_POINTS) >
                  number_of(plain[b], AFT_TRIAGE_PRIORITY_POINTS));
    assert_text(pressing[a], AFT_TRIAGE_PRIORITY, "urgent");
    assert_text(plain[a], AFT_TRIAGE_PRIORITY, "low");
  }
}

static void a_question_is_offered_answers(void **state) {
  static const char *const texts[] = {"怎么付款？", "什么时候有货", "How do I return this?"};
  (void)state;
  for (size_t i = 0; i < AFT__COUNT(texts); i++) {
    aft_triage *t = of(texts[i]);
    assert_int_equal(aft_triage_number(t, AFT_TRIAGE_QUESTION), 1);
    assert_true(suggests(t, "faq"));
    assert_false(suggests(t, "review_invitation"));
    assert_true(explains(t, "en", "suggested: offer answers"));
    aft_triage_free(t);
  }
}

static void delight_is_invited_to_review(void **state) {
  static const char *const texts[] = {"非常满意，质量很好，五星好评！", "I love it, great service!"};
  (void)state;
  for (size_t i = 0; i < AFT__COUNT(texts); i++) {
    aft_triage *t = of(texts[i]);
    assert_field(t, AFT_TRIAGE_TONE, "positive", texts[i]);
    assert_true(suggests(t, "review_invitation"));
    assert_false(suggests(t, "skilled"));
    aft_triage_free(t);
  }
  aft_triage *calm = of("我要退货");
  assert_field(calm, AFT_TRIAGE_TONE, "neutral", "calm");
  assert_false(suggests(calm, "review_invitation"));
  aft_triage_free(calm);
}

static void anger_goes_to_the_skilled_team_first(void **state) {
  static const char *const texts[] = {"你们就是骗子，垃圾，太恶心了，快递到底在哪",
                                      "This is the worst service ever, you are liars and scammers",
                                      "再不退款我打12315"};
  (void)state;
  for (size_t i = 0; i < AFT__COUNT(texts); i++) {
    aft_triage *t = of(texts[i]);
    assert_field(t, AFT_TRIAGE_QUEUE, "skilled", texts[i]);
    assert_true(suggests(t, "skilled"));
    assert_false(suggests(t, "review_invitation"));
    aft_triage_free(t);
  }
  assert_text("你们就是骗子，垃圾，太恶心了", AFT_TRIAGE_TONE, "negative");
  assert_text("我的快递到哪了", AFT_TRIAGE_QUEUE, "logistics");
}

static void acts_are_told_apart(void **state) {
  static const char *const cases[][2] = {{"帮我取消订单", "request"},
                                         {"怎么取消订单？", "question"},
                                         {"好的，谢谢", "acknowledgement"},
                                         {"在吗", "greeting"},
                                         {"转人工", "human"},
                                         {"再见", "closing"},
                                         {"I want to talk to a human", "human"}};
  (void)state;
  for (size_t i = 0; i < AFT__COUNT(cases); i++)
    assert_text(cases[i][0], AFT_TRIAGE_ACT, cases[i][1]);
}

static void complaints_have_levels(void **state) {
  (void)state;
  assert_text("我要退货", AFT_TRIAGE_COMPLAINT, "none");
  assert_text("客服态度恶劣，我要投诉", AFT_TRIAGE_COMPLAINT, "service");
  assert_text("我要找律师起诉你们", AFT_TRIAGE_COMPLAINT, "regulator");
  assert_text("我要发微博曝光你们", AFT_TRIAGE_COMPLAINT, "media");
  aft_triage *t = of("我要找律师起诉你们");
  assert_true(explains(t, "zh", "起诉") || explains(t, "zh", "律师"));
  aft_triage_free(t);
}

static void reasons_name_rules_words_and_lexicons(void **state) {
  (void)state;
  aft_triage *t = of("付款失败了，很急，怎么还没处理？转人工");
  assert_true(explains(t, "zh", "付款失败"));
  assert_true(explains(t, "zh", "规则 payment_failed"));
  assert_true(explains(t, "zh", "属于紧急"));
  assert_true(explains(t, "zh", "属于催促"));
  assert_true(explains(t, "zh", "属于要求人工"));
  assert_true(explains(t, "en", "priority +60: a payment failed"));
  assert_int_equal(aft_triage_number(t, AFT_TRIAGE_URGENT), 1);
  assert_int_equal(aft_triage_number(t, AFT_TRIAGE_CHASER), 1);
  assert_int_equal(aft_triage_number(t, AFT_TRIAGE_HUMAN), 1);
  aft_triage_free(t);
}

static void an_unsure_result_still_has_a_guess(void **state) {
  (void)state;
  aft_policy *strict = shop_policy("triage: {threshold: 1000}\n");
  aft_policy *stricter = shop_policy("triage: {threshold: 1000, least: 999}\n");
  aft_triage_in in = given("付款失败");
  aft_triage *a = run(strict, &in), *b = run(stricter, &in);
  assert_field(a, AFT_TRIAGE_CATEGORY, "other", "strict");
  assert_field(a, AFT_TRIAGE_GUESS, "payment", "strict");
  assert_int_equal(aft_triage_number(a, AFT_TRIAGE_UNSURE), 1);
  assert_field(b, AFT_TRIAGE_GUESS, "other", "stricter");
  aft_triage_free(a);
  aft_triage_free(b);
  aft_policy_unref(strict);
  aft_policy_unref(stricter);
}

/* ---- the customer's label ---- */

static void a_label_is_kept_beside_and_disagreement_lowers_confidence(void **state) {
  (void)state;
  aft_triage_in in = given("付款失败");
  aft_triage *without = run(policy, &in);
  in.label = (aft_str)AFT_STR("payment");
  aft_triage *same = run(policy, &in);
  in.label = (aft_str)AFT_STR("logistics");
  aft_triage *other = run(policy, &in);
  int64_t plain = aft_triage_number(without, AFT_TRIAGE_CONFIDENCE);
  assert_true(aft_triage_number(same, AFT_TRIAGE_CONFIDENCE) > plain);
  assert_true(aft_triage_number(other, AFT_TRIAGE_CONFIDENCE) < plain - 100);
  assert_int_equal(aft_triage_number(without, AFT_TRIAGE_AGREEMENT), 0);
  assert_int_equal(aft_triage_number(same, AFT_TRIAGE_AGREEMENT), 1);
  assert_int_equal(aft_triage_number(other, AFT_TRIAGE_AGREEMENT), -1);
  assert_field(other, AFT_TRIAGE_LABEL, "logistics", "kept");
  assert_field(other, AFT_TRIAGE_GUESS, "payment", "kept");
  assert_true(explains(other, "en", "the customer chose \"Delivery\", which is not \"Payment\": minus 100"));
  aft_triage_free(without);
  aft_triage_free(same);
  aft_triage_free(other);
}

/* ---- conversation ---- */

static void turns_within_a_pause_are_read_together(void **state) {
  aft_str earlier[] = {AFT_STR("在吗"), AFT_STR("我昨天买的鞋子")};
  (void)state;
  aft_triage_in in = given("想换个尺码");
  in.earlier = earlier;
  in.n_earlier = 2;
  aft_triage *t = run(policy, &in);
  assert_field(t, AFT_TRIAGE_TOPIC, "exchange", "together");
  assert_int_equal(aft_triage_number(t, AFT_TRIAGE_TURNS), 2);
  assert_true(explains(t, "en", "read together with 2 earlier messages"));
  aft_triage_free(t);
  aft_str matter[] = {AFT_STR("退款什么时候到账")};
  in = given("急！");
  in.earlier = matter;
  in.n_earlier = 1;
  t = run(policy, &in);
  assert_field(t, AFT_TRIAGE_CATEGORY, "return_refund", "the matter was said before");
  assert_int_equal(aft_triage_number(t, AFT_TRIAGE_URGENT), 1);
  aft_triage_free(t);
  in = given("好的"); /* the act is that of the last turn */
  in.earlier = matter;
  in.n_earlier = 1;
  t = run(policy, &in);
  assert_field(t, AFT_TRIAGE_ACT, "acknowledgement", "last");
  aft_triage_free(t);
}

static void an_unshipped_order_makes_a_refund_one_before_shipping(void **state) {
  static const char *const texts[] = {"退款", "我要退款", "I want a refund"};
  (void)state;
  for (size_t i = 0; i < AFT__COUNT(texts); i++) {
    aft_triage_in in = given(texts[i]);
    aft_triage *plain = run(policy, &in);
    in.order_state = (aft_str)AFT_STR("paid");
    aft_triage *paid = run(policy, &in);
    in.order_state = (aft_str)AFT_STR("shipped");
    aft_triage *shipped = run(policy, &in);
    assert_field(plain, AFT_TRIAGE_TOPIC, "return", texts[i]);
    assert_field(paid, AFT_TRIAGE_TOPIC, "refund_unshipped", texts[i]);
    assert_field(shipped, AFT_TRIAGE_TOPIC, "return", texts[i]);
    aft_triage_free(plain);
    aft_triage_free(paid);
    aft_triage_free(shipped);
  }
}

static void what_was_asked_for_is_an_answer(void **state) {
  static const char *const yes[] = {"12345678901",
                                    "订单号：202611180001",
                                    "13800138000",
                                    "是的",
                                    "没有",
                                    "not yet",
                                    "Yes!",
                                    "好的 SF1234567890123",
                                    "上海市浦东新区世纪大道100号8室",
                                    "13800138000 张三",
                                    "No. 12 Baker Street, London"};
  static const char *const no[] = {"谢谢", "没有了，谢谢", "为什么要订单号？", "我不知道，快点退款",
                                   "12345?"};
  (void)state;
  for (int asked = 0; asked < 2; asked++) {
    for (size_t i = 0; i < AFT__COUNT(yes); i++) {
      aft_triage_in in = given(yes[i]);
      in.asked = (uint32_t)asked;
      aft_triage *t = run(policy, &in);
      if ((strcmp(aft_triage_text(t, AFT_TRIAGE_ACT), "answer") == 0) != (asked == 1))
        fail_msg("%s, asked %d, is %s", yes[i], asked, aft_triage_text(t, AFT_TRIAGE_ACT));
      aft_triage_free(t);
    }
    for (size_t i = 0; i < AFT__COUNT(no); i++) {
      aft_triage_in in = given(no[i]);
      in.asked = (uint32_t)asked;
      aft_triage *t = run(policy, &in);
      if (strcmp(aft_triage_text(t, AFT_TRIAGE_ACT), "answer") == 0)
        fail_msg("%s is no answer", no[i]);
      aft_triage_free(t);
    }
  }
}

/* ---- other languages ---- */

static void other_languages_are_unsure_rather_than_guessed(void **state) {
  static const char *const texts[][2] = {{"返品したいのですが、急いでいます", "ja"},
                                         {"배송이 언제 되나요?", "ko"},
                                         {"อยากคืนสินค้า", "th"},
                                         {"Где моя посылка?", "ru"},
                                         {"où est ma commande et mon refund", "und"}};
  (void)state;
  for (size_t i = 0; i < AFT__COUNT(texts); i++) {
    aft_triage *t = of(texts[i][0]);
    assert_field(t, AFT_TRIAGE_LANGUAGE, texts[i][1], texts[i][0]);
    assert_field(t, AFT_TRIAGE_CATEGORY, "other", texts[i][0]);
    assert_field(t, AFT_TRIAGE_GUESS, "other", texts[i][0]);
    assert_int_equal(aft_triage_number(t, AFT_TRIAGE_UNSURE), 1);
    assert_int_equal(aft_triage_number(t, AFT_TRIAGE_CONFIDENCE), 0);
    assert_int_equal(aft_triage_number(t, AFT_TRIAGE_URGENT), 0);
    assert_true(explains(t, "en", "the rules do not cover this language"));
    aft_triage_free(t);
  }
  assert_true(number_of("😡😡 배송", AFT_TRIAGE_TONE_STRENGTH) < -200); /* emoji say the same in all */
}

static void a_trained_model_works_in_any_language(void **state) {
  aft_triage_score scores[] = {{sizeof scores[0], AFT_STR("return_refund"), 900000},
                               {sizeof scores[0], AFT_STR("logistics"), 60000},
                               {sizeof scores[0], AFT_STR("nobody_knows_it"), 40000}};
  (void)state;
  aft_triage_in in = given("返品したいのですが");
  in.scores = scores;
  in.n_scores = 3;
  aft_triage *t = run(policy, &in);
  assert_field(t, AFT_TRIAGE_CATEGORY, "return_refund", "ja");
  assert_int_equal(aft_triage_number(t, AFT_TRIAGE_UNSURE), 0);
  assert_field(t, AFT_TRIAGE_RUNNER_UP, "logistics", "ja");
  assert_true(explains(t, "en", "the model gives \"Returns and refunds\" a probability of 900 of 1000"));
  aft_triage_free(t);
}

static void a_policy_says_which_languages_its_words_cover(void **state) {
  (void)state;
  aft_policy *all = shop_policy("triage: {languages: [zh, en, ja]}\n");
  aft_triage_in in = given("付款失败です");
  aft_triage *t = run(all, &in);
  assert_field(t, AFT_TRIAGE_CATEGORY, "payment", "covered");
  aft_triage_free(t);
  in.language = (aft_str)AFT_STR("zh"); /* the host knows better */
  t = run(policy, &in);
  assert_field(t, AFT_TRIAGE_CATEGORY, "payment", "told");
  assert_field(t, AFT_TRIAGE_LANGUAGE, "zh", "told");
  aft_triage_free(t);
  aft_policy_unref(all);
}

/* ---- fusion ---- */

static void rules_and_model_are_weighed(void **state) {
  aft_triage_score scores[] = {{sizeof scores[0], AFT_STR("logistics"), 700000},
                               {sizeof scores[0], AFT_STR("payment"), 250000}};
  (void)state;
  aft_triage_in in = given("付款失败");
  in.scores = scores;
  in.n_scores = 2;
  aft_triage *t = run(policy, &in);
  assert_field(t, AFT_TRIAGE_CATEGORY, "payment", "a clear rule overrules a doubtful model");
  int64_t both = aft_triage_number(t, AFT_TRIAGE_CONFIDENCE);
  aft_triage_free(t);
  in.model_weight = 1000; /* as if labels had shown that the rules say nothing */
  t = run(policy, &in);
  assert_field(t, AFT_TRIAGE_CATEGORY, "logistics", "learnt");
  aft_triage_free(t);
  scores[1].ppm = 700000;
  scores[0].ppm = 250000;
  in.model_weight = 0;
  t = run(policy, &in);
  assert_field(t, AFT_TRIAGE_CATEGORY, "payment", "agreed");
  assert_true(aft_triage_number(t, AFT_TRIAGE_CONFIDENCE) > both);
  aft_triage_free(t);
}

/* The model alone, with a weight of one: its own probability comes out again. */
static void without_rules_the_models_probability_is_the_confidence(void **state) {
  aft_triage_score scores[14];
  static const char *const names[14] = {"logistics",       "quality",     "return_refund", "install_repair",
                                        "payment",         "stock",       "invoice",       "account",
                                        "product_enquiry", "price_promo", "order_change",  "complaint",
                                        "thanks_praise",   "other"};
  (void)state;
  for (int64_t top = 100000; top < 990000; top += 89000) {
    for (int i = 0; i < 14; i++)
      scores[i] =
          (aft_triage_score){sizeof scores[i], AFT_STR(names[i]), i == 6 ? top : (1000000 - top) / 13};
    aft_triage_in in = given("蓝鲸在月亮上唱歌");
    in.scores = scores;
    in.n_scores = 14;
    aft_triage *t = run(policy, &in);
    assert_field(t, AFT_TRIAGE_GUESS, "invoice", "model");
    int64_t found = aft_triage_number(t, AFT_TRIAGE_CONFIDENCE);
    if (found < top / 1000 - 1 || found > top / 1000 + 1)
      fail_msg("expected %lld, found %lld", (long long)top / 1000, (long long)found);
    aft_triage_free(t);
  }
}

static void a_prior_favours_other(void **state) {
  aft_triage_score score = {sizeof score, AFT_STR("payment"), 500000};
  (void)state;
  aft_policy *shy = shop_policy("triage: {other_prior: 9000}\n");
  aft_triage_in in = given("蓝鲸在月亮上唱歌");
  in.scores = &score;
  in.n_scores = 1;
  aft_triage *a = run(policy, &in), *b = run(shy, &in);
  assert_field(a, AFT_TRIAGE_GUESS, "payment", "no prior");
  assert_field(b, AFT_TRIAGE_GUESS, "other", "prior");
  aft_triage_free(a);
  aft_triage_free(b);
  aft_policy_unref(shy);
}

/* ---- what a message states ---- */

static void what_is_stated_has_places_and_values(void **state) {
  static const char text[] = "订单号202611180001的快递SF1234567890123没到，退我199元，电话13800138000";
  aft_buf *json;
  (void)state;
  aft_triage *t = of(text);
  static const struct {
    int64_t kind;
    const char *value;
  } expected[] = {{AFT_STATED_ORDER, "202611180001"},
                  {AFT_STATED_WAYBILL, "SF1234567890123"},
                  {AFT_STATED_AMOUNT, "199.00"}};
  assert_int_equal(aft_triage_stated_count(t), 3);
  for (size_t i = 0; i < 3; i++) {
    assert_int_equal(aft_triage_stated_number(t, i, AFT_STATED_KIND), expected[i].kind);
    assert_string_equal(aft_triage_stated_text(t, i, AFT_STATED_VALUE), expected[i].value);
  }
  int64_t begin = aft_triage_stated_number(t, 1, AFT_STATED_BEGIN);
  assert_int_equal(aft_triage_stated_number(t, 1, AFT_STATED_END) - begin, 15);
  assert_memory_equal(text + begin, "SF1234567890123", 15);
  assert_string_equal(aft_triage_stated_text(t, 1, AFT_STATED_CARRIER), "sf");
  assert_int_equal(aft_triage_stated_number(t, 2, AFT_STATED_MINOR), 19900);
  assert_string_equal(aft_triage_stated_text(t, 2, AFT_STATED_CURRENCY), "CNY");
  assert_true(explains(t, "en", "…0001"));
  assert_false(explains(t, "en", "202611180001"));
  assert_false(explains(t, "en", "13800138000"));
  assert_int_equal(aft_triage_json(t, &json, NULL), AFT_OK);
  assert_non_null(
      strstr(aft_buf_data(json), "{\"kind\":\"waybill\",\"value\":\"SF1234567890123\",\"carrier\":\"sf\""));
  assert_null(strstr(aft_buf_data(json), "13800138000"));
  aft_buf_free(json);
  aft_triage_free(t);
}

static void the_turn_before_may_announce(void **state) {
  aft_str earlier[] = {AFT_STR("我的订单号是")};
  (void)state;
  aft_triage_in in = given("12345678");
  aft_triage *t = run(policy, &in);
  assert_int_equal(aft_triage_stated_count(t), 0);
  aft_triage_free(t);
  in.earlier = earlier;
  in.n_earlier = 1;
  t = run(policy, &in);
  assert_int_equal(aft_triage_stated_number(t, 0, AFT_STATED_KIND), AFT_STATED_ORDER);
  aft_triage_free(t);
  in.n_earlier = 0;
  in.desk = (aft_str)AFT_STR("Could you send me the tracking number?");
  t = run(policy, &in);
  assert_int_equal(aft_triage_stated_number(t, 0, AFT_STATED_KIND), AFT_STATED_WAYBILL);
  assert_field(t, AFT_TRIAGE_ACT, "answer", "asked by the desk");
  aft_triage_free(t);
}

/* ---- bad input ---- */

static aft_status status_of(const aft_triage_in *in) {
  aft_triage *out = NULL;
  aft_error error = AFT_ERROR_INIT;
  aft_status status = aft_triage_run(policy, in, &out, &error);
  assert_null(out);
  assert_true(error.message[0] != '\0' && error.where[0] != '\0');
  return status;
}

static void wrong_input_is_refused(void **state) {
  (void)state;
  aft_triage *out = NULL;
  aft_triage_in in = given("\xff\xfe");
  assert_int_equal(status_of(&in), AFT_E_ENCODING);
  in = given("a\0b");
  in.text.len = 3;
  assert_int_equal(status_of(&in), AFT_E_NUL_BYTE);
  in = given("x");
  aft_str earlier[] = {AFT_STR("\xc3\x28")};
  in.earlier = earlier;
  in.n_earlier = 1;
  assert_int_equal(status_of(&in), AFT_E_ENCODING);
  in.n_earlier = 65;
  assert_int_equal(status_of(&in), AFT_E_TOO_LARGE);
  in = given("x");
  in.n_earlier = 1;
  assert_int_equal(status_of(&in), AFT_E_INVALID);
  in = given("x");
  in.text = (aft_str){NULL, 5};
  assert_int_equal(status_of(&in), AFT_E_INVALID);
  in = given("x");
  in.label = (aft_str)AFT_STR("\xf0\x9f");
  assert_int_equal(status_of(&in), AFT_E_ENCODING);
  in = given("x");
  in.model_weight = 10001;
  assert_int_equal(status_of(&in), AFT_E_INVALID);
  in.size = 3;
  assert_int_equal(status_of(&in), AFT_E_ABI);
  in = given("x");
  aft_triage_score score = {sizeof score, AFT_STR("payment"), 1000001};
  in.scores = &score;
  in.n_scores = 1;
  assert_int_equal(status_of(&in), AFT_E_INVALID);
  score.ppm = -1;
  assert_int_equal(status_of(&in), AFT_E_INVALID);
  score.size = 1;
  assert_int_equal(status_of(&in), AFT_E_ABI);
  in.n_scores = 1025;
  assert_int_equal(status_of(&in), AFT_E_TOO_LARGE);
  assert_int_equal(aft_triage_run(NULL, &in, &out, NULL), AFT_E_NULL_HANDLE);
  assert_int_equal(aft_triage_run(policy, NULL, &out, NULL), AFT_E_NULL_HANDLE);
  assert_int_equal(aft_triage_run(policy, &in, NULL, NULL), AFT_E_NULL_HANDLE);
}

static void a_text_of_ten_megabytes_is_too_large(void **state) {
  size_t n = 10u << 20;
  char *text = malloc(n);
  (void)state;
  assert_non_null(text);
  memset(text, 'a', n);
  aft_triage_in in = given("");
  in.text = (aft_str){text, n};
  assert_int_equal(status_of(&in), AFT_E_TOO_LARGE);
  in.text.len = 256u << 10; /* the most that is allowed */
  aft_triage *t = run(policy, &in);
  aft_triage_free(t);
  free(text);
}

static void an_empty_text_is_unsure(void **state) {
  (void)state;
  aft_triage_in in = given("");
  in.text = (aft_str){NULL, 0};
  aft_triage *t = run(policy, &in);
  assert_field(t, AFT_TRIAGE_CATEGORY, "other", "empty");
  assert_int_equal(aft_triage_number(t, AFT_TRIAGE_UNSURE), 1);
  assert_int_equal(aft_triage_stated_count(t), 0);
  aft_triage_free(t);
}

static void unknown_fields_and_no_result_are_harmless(void **state) {
  aft_buf *buf;
  (void)state;
  aft_triage *t = of("退款");
  assert_string_equal(aft_triage_text(t, 0), "");
  assert_string_equal(aft_triage_text(t, AFT_TRIAGE_CONFIDENCE), "");
  assert_int_equal(aft_triage_number(t, AFT_TRIAGE_CATEGORY), 0);
  assert_int_equal(aft_triage_number(t, UINT32_MAX), 0);
  assert_string_equal(aft_triage_stated_text(t, 99, AFT_STATED_VALUE), "");
  assert_int_equal(aft_triage_stated_number(t, SIZE_MAX, AFT_STATED_KIND), 0);
  assert_null(aft_triage_suggestion(t, SIZE_MAX));
  aft_triage_free(t);
  assert_string_equal(aft_triage_text(NULL, AFT_TRIAGE_CATEGORY), "");
  assert_int_equal(aft_triage_number(NULL, AFT_TRIAGE_CONFIDENCE), 0);
  assert_int_equal(aft_triage_stated_count(NULL), 0);
  assert_null(aft_triage_suggestion(NULL, 0));
  assert_int_equal(aft_triage_explain(NULL, "zh", &buf, NULL), AFT_E_NULL_HANDLE);
  assert_int_equal(aft_triage_json(NULL, &buf, NULL), AFT_E_NULL_HANDLE);
  aft_triage_free(NULL);
}

static void rules_may_not_ask_for_what_is_not_known_yet(void **state) {
  static const char *const wrong[] = {
      "rules: {r: {category: stock, weight: 5, words: [x], when: {category: stock}}}\n",
      "rules: {r: {category: stock, weight: 5, words: [x], when: {any: [{tag: a}, {asked: true}]}}}\n",
      "rules: {r: {category: stock, weight: 5, words: [x], when: {asked: maybe}}}\n",
      "triage: {languages: zh}\n",
      "triage: {pause: soon}\n",
      "triage: {other_prior: 10001}\n",
      "suggestions: {x: {}}\n",
      "suggestions: {x: {when: {act: shout}}}\n"};
  (void)state;
  for (size_t i = 0; i < AFT__COUNT(wrong); i++) {
    aft_document document = {sizeof document, AFT_STR("shop.yaml"), AFT_STR(wrong[i])};
    aft_policy_options options = {.size = sizeof options, .documents = &document, .count = 1};
    aft_policy *p = NULL;
    if (aft_policy_load(env, &options, &p, NULL, NULL) >= 0)
      fail_msg("accepted: %s", wrong[i]);
  }
}

/* ---- properties ---- */

static void any_conversation_has_one_answer_in_range(void **state) {
  static const char *const pieces[] = {
      "付款",   "失败",         "退款",    "不",     "非常",        "谢谢",
      "?",      "，",           "好的",    "垃圾",   "订单号",      "SF1234567890123",
      "99元",   "《",           "》",      "[",      "]",           "😡",
      "\n",     "いつ",         "return ", "where ", "13800138000", "是的",
      "转人工", "\xe2\x80\x8b", "{",       "\t"};
  static const char *const names[] = {"payment", "logistics", "other", "nothing", ""};
  uint64_t seed = seed_of("conversations");
  (void)state;
  for (int round = 0; round < 300; round++) {
    char texts[4][900];
    aft_str earlier[3];
    aft_triage_score scores[3];
    for (int k = 0; k < 4; k++) {
      texts[k][0] = '\0';
      for (uint32_t i = draw32(&seed) % 30; i > 0; i--)
        strcat(texts[k], pieces[draw32(&seed) % AFT__COUNT(pieces)]);
      if (k < 3)
        earlier[k] = (aft_str)AFT_STR(texts[k]);
    }
    aft_triage_in in = given(texts[3]);
    in.earlier = earlier;
    in.n_earlier = draw32(&seed) % 4;
    in.label = (aft_str)AFT_STR(names[draw32(&seed) % 5]);
    in.asked = draw32(&seed) % 2;
    for (int i = 0; i < 3; i++)
      scores[i] =
          (aft_triage_score){sizeof scores[i], AFT_STR(names[draw32(&seed) % 4]), draw32(&seed) % 1000001};
    in.scores = scores;
    in.n_scores = draw32(&seed) % 4;
    in.rule_weight = draw32(&seed) % 3 ? 0 : draw32(&seed) % 10001;
    aft_triage *a = run(policy, &in), *b = run(policy, &in);
    aft_buf *x, *y;
    assert_int_equal(aft_triage_json(a, &x, NULL), AFT_OK);
    assert_int_equal(aft_triage_json(b, &y, NULL), AFT_OK);
    assert_string_equal(aft_buf_data(x), aft_buf_data(y));
    aft_buf_free(x);
    aft_buf_free(y);
    int64_t confidence = aft_triage_number(a, AFT_TRIAGE_CONFIDENCE);
    assert_true(confidence >= 0 && confidence <= 1000);
    assert_true(aft_triage_number(a, AFT_TRIAGE_RUNNER_UP_CONFIDENCE) <= 1000);
    for (size_t i = 0; i < aft_triage_stated_count(a); i++)
      assert_true(aft_triage_stated_number(a, i, AFT_STATED_BEGIN) <
                      aft_triage_stated_number(a, i, AFT_STATED_END) &&
                  aft_triage_stated_number(a, i, AFT_STATED_END) <= (int64_t)strlen(texts[3]));
    aft_triage_free(a);
    aft_triage_free(b);
  }
}

static void every_allocation_may_fail(void **state) {
  aft_str earlier[] = {AFT_STR("在吗，订单号是")};
  aft_triage_score score = {sizeof score, AFT_STR("payment"), 500000};
  uint64_t failed = 0;
  (void)state;
  for (uint64_t at = 1;; at++) {
    fault_alloc fault = {0};
    aft_env_options options = {.size = sizeof options, .alloc = fault_alloc_hooks(&fault)};
    aft_env *e = NULL;
    aft_policy *p = NULL;
    aft_triage *t = NULL;
    aft_buf *text = NULL, *json = NULL;
    assert_int_equal(aft_env_new(&options, &e, NULL), AFT_OK);
    assert_int_equal(aft_policy_default(e, &p, NULL), AFT_OK);
    aft_triage_in in = given("１２３４５，退我 20 元，付款失败");
    in.earlier = earlier;
    in.n_earlier = 1;
    in.scores = &score;
    in.n_scores = 1;
    in.label = (aft_str)AFT_STR("logistics");
    in.language = (aft_str)AFT_STR("zh");
    fault.fail_at = fault.calls + at;
    aft_status status = aft_triage_run(p, &in, &t, NULL);
    if (status >= 0)
      status = aft_triage_explain(t, "zh", &text, NULL);
    if (status >= 0)
      status = aft_triage_json(t, &json, NULL);
    aft_buf_free(text);
    aft_buf_free(json);
    aft_triage_free(t);
    aft_policy_unref(p);
    aft_env_unref(e);
    assert_int_equal(fault.bytes, 0);
    if (fault.failures == 0) {
      assert_int_equal(status, AFT_OK);
      break;
    }
    assert_int_equal(status, AFT_E_NOMEM);
    failed++;
  }
  assert_true(failed >= 5);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(failed_payments_and_missing_stock_outrank_how_to_pay_and_when_in_stock),
      cmocka_unit_test(a_question_is_offered_answers),
      cmocka_unit_test(delight_is_invited_to_review),
      cmocka_unit_test(anger_goes_to_the_skilled_team_first),
      cmocka_unit_test(acts_are_told_apart),
      cmocka_unit_test(complaints_have_levels),
      cmocka_unit_test(reasons_name_rules_words_and_lexicons),
      cmocka_unit_test(an_unsure_result_still_has_a_guess),
      cmocka_unit_test(a_label_is_kept_beside_and_disagreement_lowers_confidence),
      cmocka_unit_test(turns_within_a_pause_are_read_together),
      cmocka_unit_test(an_unshipped_order_makes_a_refund_one_before_shipping),
      cmocka_unit_test(what_was_asked_for_is_an_answer),
      cmocka_unit_test(other_languages_are_unsure_rather_than_guessed),
      cmocka_unit_test(a_trained_model_works_in_any_language),
      cmocka_unit_test(a_policy_says_which_languages_its_words_cover),
      cmocka_unit_test(rules_and_model_are_weighed),
      cmocka_unit_test(without_rules_the_models_probability_is_the_confidence),
      cmocka_unit_test(a_prior_favours_other),
      cmocka_unit_test(what_is_stated_has_places_and_values),
      cmocka_unit_test(the_turn_before_may_announce),
      cmocka_unit_test(wrong_input_is_refused),
      cmocka_unit_test(a_text_of_ten_megabytes_is_too_large),
      cmocka_unit_test(an_empty_text_is_unsure),
      cmocka_unit_test(unknown_fields_and_no_result_are_harmless),
      cmocka_unit_test(rules_may_not_ask_for_what_is_not_known_yet),
      cmocka_unit_test(any_conversation_has_one_answer_in_range),
      cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, policy_set_up, policy_tear_down);
}
