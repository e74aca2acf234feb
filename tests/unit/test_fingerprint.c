/* Fingerprints: near-duplicates lie close together, other texts far apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <aftersales.h>

#include "assert_status.h"
#include "base/base.h"
#include "text/text.h"

static aft_env *env;

static int open_env(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  return aft_env_new(NULL, &env, &error) < 0;
}

static int close_env(void **state) {
  (void)state;
  aft_env_unref(env);
  return 0;
}

static bool print(const char *text, aft__print *out) {
  aft__buf normal;
  aft_error error = AFT_ERROR_INIT;
  aft__buf_init(&normal, env);
  assert_ok(aft__normalise(&normal, aft__cstr(text), &error));
  bool any = aft__fingerprint(aft__buf_view(&normal), out);
  aft__buf_done(&normal);
  return any;
}

static uint32_t apart(const char *a, const char *b) {
  aft__print x, y;
  assert_true(print(a, &x));
  assert_true(print(b, &y));
  return aft__fingerprint_distance(x.bits, y.bits);
}

static void near_duplicates_are_near(void **state) {
  (void)state;
  static const char *const pairs[][2] = {
      {"付款失败了，钱扣了两次，订单还是未支付，订单号 20261118001",
       "付款失败了，钱扣了两次，订单还是未支付，订单号 20261118977"},
      {"你们的APP打不开了，一直显示网络错误，怎么回事", "你们的 app 打不开了，一直显示网络错误，怎么回事？"},
      {"The payment page shows error 500 since this morning, I cannot pay my order",
       "the payment page shows error 500 since this morning! I cannot pay my order at all"},
  };
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
    assert_true(apart(pairs[i][0], pairs[i][1]) <= AFT__PRINT_NEAR);
  assert_int_equal(apart("付款失败了，钱扣了两次", "付款失败了，钱扣了两次"), 0);
}

static void other_texts_are_far(void **state) {
  (void)state;
  static const char *const texts[] = {
      "付款失败了，钱扣了两次，订单还是未支付",
      "空调安装师傅什么时候来，等了一个星期了",
      "你们的发票抬头开错了，请重新开一张",
      "The payment page shows error 500 since this morning",
      "My kettle arrived broken and the box was wet",
      "Please change the delivery address of my order to the office",
  };
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    for (size_t k = 0; k < i; k++)
      assert_true(apart(texts[i], texts[k]) > AFT__PRINT_NEAR);
}

static void near_duplicates_share_the_sketch(void **state) {
  (void)state;
  aft__print x, y, z;
  assert_true(print("付款失败了，钱扣了两次，订单还是未支付，订单号 20261118001", &x));
  assert_true(print("付款失败了，钱扣了两次，订单还是未支付，订单号 20261118977", &y));
  assert_true(print("空调安装师傅什么时候来，等了一个星期了", &z));
  assert_int_equal(x.sketch, y.sketch);
  assert_int_not_equal(x.sketch, z.sketch);
}

static void short_texts_have_none(void **state) {
  (void)state;
  static const char *const texts[] = {"", "退款", "hello", "ok thanks", "。。。"};
  aft__print x;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    assert_false(print(texts[i], &x));
}

/* They stand in stores: another library must come to the same. */
static void fingerprints_stay_as_they_are(void **state) {
  (void)state;
  aft__print x;
  assert_true(print("The payment page shows error 500 since this morning", &x));
  assert_true(x.bits == UINT64_C(0x52b4de053422328c));
  assert_int_equal(x.sketch, 0x84c38e4);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(near_duplicates_are_near),         cmocka_unit_test(other_texts_are_far),
      cmocka_unit_test(near_duplicates_share_the_sketch), cmocka_unit_test(short_texts_have_none),
      cmocka_unit_test(fingerprints_stay_as_they_are),
  };
  return cmocka_run_group_tests(tests, open_env, close_env);
}
