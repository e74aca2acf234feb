/* Whether a text asks: the form alone, and with the words of the default policy. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "policy/policy.h"
#include "policy_fixture.h"
#include "random.h"

/* ---- the form ---- */

/* The hit of one word in a text. */
static bool asks(const char *text, const char *word, aft__ask_kind kind) {
  const char *at = strstr(text, word);
  aft__ask_hit hit = {(uint32_t)(at - text), (uint32_t)(at - text + (ptrdiff_t)strlen(word)), kind};
  return aft__asks(aft__cstr(text), &hit, 1);
}

static bool form_asks(const char *text) { return aft__asks(aft__cstr(text), NULL, 0); }

static void marks_and_choices_ask(void **state) {
  (void)state;
  assert_true(form_asks("ok?"));
  assert_true(form_asks("好的?"));
  assert_false(form_asks("shop.example/item?id=1"));
  assert_true(form_asks("能不能快点"));
  assert_true(form_asks("到没到"));
  assert_true(form_asks("这样好不好"));
  assert_false(form_asks("他时不时来"));
  assert_false(form_asks("动不动就这样"));
  assert_true(form_asks("是今天到还是明天到"));
  assert_false(form_asks("今天到的还是坏的"));
  assert_false(form_asks("但是还是坏的"));
  assert_false(form_asks(""));
  assert_false(form_asks("不"));
}

static void a_word_asks_where_it_stands(void **state) {
  (void)state;
  assert_true(asks("到底 什么 事", "什么", AFT__ASK_WORD));
  assert_true(asks("where is it", "where", AFT__ASK_FIRST));
  assert_true(asks("ok, where is it", "where", AFT__ASK_FIRST));
  assert_true(asks("and where is it", "where", AFT__ASK_FIRST));
  assert_false(asks("i live where it rains", "where", AFT__ASK_FIRST));
  assert_true(asks("快递呢", "呢", AFT__ASK_LAST));
  assert_true(asks("快递呢 急用", "呢", AFT__ASK_LAST));
  assert_false(asks("呢子大衣", "呢", AFT__ASK_LAST));
  assert_false(asks("快递呢子", "呢", AFT__ASK_LAST));
  assert_false(asks("可以退不", "不", AFT__ASK_TAIL)); /* without its helper */
}

static void other_words_decide_with_it(void **state) {
  (void)state;
  aft__ask_hit denied[] = {{0, 3, AFT__ASK_DENIES}, {6, 9, AFT__ASK_LAST}}; /* 没到呢 */
  aft__ask_hit helped[] = {{0, 6, AFT__ASK_HELPER}, {9, 12, AFT__ASK_TAIL}};
  aft__ask_hit silenced[] = {{3, 9, AFT__ASK_WORD}, {0, 9, AFT__ASK_TELLS}};
  assert_false(aft__asks(aft__cstr("没到呢"), denied, 2));
  assert_true(
      aft__asks(aft__cstr("没,到呢"), (aft__ask_hit[]){{0, 3, AFT__ASK_DENIES}, {7, 10, AFT__ASK_LAST}}, 2));
  assert_true(aft__asks(aft__cstr("可以退不"), helped, 2));
  assert_false(aft__asks(aft__cstr("没什么"), silenced, 2));
}

/* Hits that no matcher would report do no harm either. */
static void any_hits_are_harmless(void **state) {
  static const char text[] = "可以退不 where 没什么 [x] ?a 呢";
  uint64_t seed = seed_of("asks");
  (void)state;
  for (int round = 0; round < 5000; round++) {
    aft__ask_hit hits[12];
    uint32_t n = draw32(&seed) % 12;
    for (uint32_t i = 0; i < n; i++) {
      hits[i].begin = draw32(&seed) % (sizeof(text) - 1);
      hits[i].end = hits[i].begin + draw32(&seed) % (uint32_t)(sizeof(text) - hits[i].begin);
      hits[i].kind = draw32(&seed) % (AFT__ASK_TELLS + 1);
    }
    aft__asks(aft__cstr(text), hits, n);
  }
}

/* ---- the default policy ---- */

static bool question(const char *text) {
  aft__arena arena;
  aft__triage triage;
  aft__arena_init(&arena, env);
  assert_int_equal(aft__policy_triage(policy, aft__cstr(text), aft__cstr(""), &arena, &triage, NULL, NULL),
                   AFT_OK);
  aft__arena_done(&arena);
  return triage.question;
}

static void the_default_knows_questions(void **state) {
  static const char *const yes[] = {"多久能到货",
                                    "运费谁出",
                                    "是不是少发了",
                                    "我的发票呢",
                                    "那赠品呢 怎么没有",
                                    "能换大一码不",
                                    "有黑色的没",
                                    "你们周末能送嘛",
                                    "可以分期么",
                                    "请问在哪里领券",
                                    "想问下保修几年",
                                    "到货没",
                                    "这款是不是新的",
                                    "退款到了没有",
                                    "能用微信付嘛",
                                    "where is my order",
                                    "Can I return this?",
                                    "how long is it",
                                    "and when will it come",
                                    "any news",
                                    "is it waterproof"};
  static const char *const no[] = {"我要退货",
                                   "没什么事了",
                                   "过几天再说",
                                   "还没到呢",
                                   "帮我查一下物流",
                                   "不管怎么样先退了吧",
                                   "尽快发货嘛",
                                   "就这么定了",
                                   "买了好几个",
                                   "麻烦催一下",
                                   "谢谢",
                                   "不用了",
                                   "已经在路上了呢",
                                   "I want to return it",
                                   "please cancel what i ordered",
                                   "It broke when i opened it"};
  (void)state;
  for (size_t i = 0; i < AFT__COUNT(yes); i++)
    if (!question(yes[i]))
      fail_msg("'%s' asks", yes[i]);
  for (size_t i = 0; i < AFT__COUNT(no); i++)
    if (question(no[i]))
      fail_msg("'%s' does not ask", no[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(marks_and_choices_ask),       cmocka_unit_test(a_word_asks_where_it_stands),
      cmocka_unit_test(other_words_decide_with_it),  cmocka_unit_test(any_hits_are_harmless),
      cmocka_unit_test(the_default_knows_questions),
  };
  return cmocka_run_group_tests(tests, policy_set_up, policy_tear_down);
}
