/* What texts state: numbers of orders and parcels by form and by the words beside them, amounts, products. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "random.h"
#include "text/text.h"

/* A few words that announce, without a policy: the last one counts. */
static aft__stated_kind named(void *user, aft_str words) {
  static const struct {
    const char *word;
    aft__stated_kind kind;
  } known[] = {{"订单", AFT__STATED_ORDER},      {"order", AFT__STATED_ORDER},
               {"运单", AFT__STATED_WAYBILL},    {"tracking", AFT__STATED_WAYBILL},
               {"电话", AFT__STATED_PHONE},      {"商品名", AFT__STATED_PRODUCT},
               {"快递单号", AFT__STATED_WAYBILL}};
  aft__stated_kind kind = AFT__STATED_NONE;
  size_t last = 0;
  (void)user;
  for (size_t i = 0; i < AFT__COUNT(known); i++) {
    size_t n = strlen(known[i].word);
    for (size_t at = 0; at + n <= words.len; at++)
      if (memcmp(words.data + at, known[i].word, n) == 0 && at + n > last) {
        last = at + n;
        kind = known[i].kind;
      }
  }
  return kind;
}

static uint32_t extract(const char *text, aft__stated out[AFT__FACTS_MOST]) {
  aft__extract_in in = {.text = aft__cstr(text), .named = named};
  return aft__extract(&in, out);
}

/* The only thing that a text states. */
static void assert_states(const char *text, aft__stated_kind kind, const char *value) {
  aft__stated out[AFT__FACTS_MOST];
  uint32_t n = extract(text, out);
  if (n != 1 || out[0].kind != kind || strcmp(out[0].value, value) != 0)
    fail_msg("%s: expected %d %s, found %u: %u %s", text, kind, value, n, n ? out[0].kind : 0,
             n ? out[0].value : "");
}

static void assert_silent(const char *text) {
  aft__stated out[AFT__FACTS_MOST];
  uint32_t n = extract(text, out);
  if (n != 0)
    fail_msg("%s states %u: %s", text, out[0].kind, out[0].value);
}

static void carriers_are_known_by_the_form_of_their_numbers(void **state) {
  static const char *const cases[][3] = {
      {"SF1234567890123", "SF1234567890123", "sf"},
      {"我的sf1234567890123到了吗", "SF1234567890123", "sf"},
      {"YT1234567890123", "YT1234567890123", "yto"},
      {"JDVA01234567890", "JDVA01234567890", "jd"},
      {"JD0012345678901", "JD0012345678901", "jd"},
      {"ZTO773123456789", "ZTO773123456789", "zto"},
      {"YUNDA4312345678901", "YUNDA4312345678901", "yunda"},
      {"1Z999AA10123456784", "1Z999AA10123456784", "ups"},
      {"RR123456785GB", "RR123456785GB", "post"},
      {"ＳＦ１２３４５６７８９０１２３", "SF1234567890123", "sf"},
  };
  (void)state;
  for (size_t i = 0; i < AFT__COUNT(cases); i++) {
    aft__stated out[AFT__FACTS_MOST];
    assert_states(cases[i][0], AFT__STATED_WAYBILL, cases[i][1]);
    extract(cases[i][0], out);
    assert_string_equal(out[0].carrier, cases[i][2]);
  }
}

static void wrong_check_digits_and_other_forms_are_nobodys(void **state) {
  static const char *const texts[] = {"1Z999AA10123456785", "RR123456784GB", "SF12345", "ABC12", "型号X200"};
  (void)state;
  for (size_t i = 0; i < AFT__COUNT(texts); i++)
    assert_silent(texts[i]);
}

static void words_beside_a_number_say_what_it_is(void **state) {
  (void)state;
  assert_states("我的订单号是202611180001", AFT__STATED_ORDER, "202611180001");
  assert_states("订单：A-2026-77", AFT__STATED_ORDER, "A-2026-77");
  assert_states("order no. 10234", AFT__STATED_ORDER, "10234");
  assert_states("#10234", AFT__STATED_ORDER, "10234");
  assert_states("order no. 2026-1187", AFT__STATED_ORDER, "2026-1187");
  assert_states("12345678 这个订单", AFT__STATED_ORDER, "12345678");
  assert_states("运单 773111222333", AFT__STATED_WAYBILL, "773111222333");
  assert_states("tracking number 123456789012", AFT__STATED_WAYBILL, "123456789012");
  assert_states("订单的快递单号773111222333", AFT__STATED_WAYBILL, "773111222333");
  assert_silent("773111222333"); /* anybody's */
  aft__stated out[AFT__FACTS_MOST];
  assert_int_equal(extract("订单1234567、1234568和1234569", out), 3);
  for (int i = 0; i < 3; i++)
    assert_int_equal(out[i].kind, AFT__STATED_ORDER);
  assert_int_equal(extract("订单1234567，运单号SF1234567890123", out), 2);
  assert_int_equal(out[1].kind, AFT__STATED_WAYBILL);
}

static void what_was_asked_for_is_expected(void **state) {
  aft__stated out[AFT__FACTS_MOST];
  aft__extract_in in = {.text = AFT_STR("12345678"), .expected = AFT__STATED_ORDER};
  (void)state;
  in.text.len = 8;
  assert_int_equal(aft__extract(&in, out), 1);
  assert_int_equal(out[0].kind, AFT__STATED_ORDER);
}

static void phones_days_and_papers_are_no_orders(void **state) {
  aft__stated out[AFT__FACTS_MOST];
  (void)state;
  assert_silent("身份证110101199003071234");
  assert_silent("订单 2026年11月的");
  assert_silent("订单在2026-11-18下的");
  assert_silent("订单在2026-11下的");
  assert_silent("订单 10:30 分");
  assert_silent("order 2 of them");
  assert_silent("卡号4111111111111111");
  assert_silent("https://shop.example/p/100012345678901234");
  assert_silent("mail me at a1234567@example.com");
  assert_int_equal(extract("订单1234567，电话13800138000", out), 2);
  assert_int_equal(out[1].kind, AFT__STATED_PHONE);
  assert_string_equal(out[1].value, ""); /* never kept */
  assert_int_equal(extract("13800138000", out), 1);
  assert_int_equal(out[0].kind, AFT__STATED_PHONE);
}

static void amounts_have_minor_units_and_a_currency(void **state) {
  static const struct {
    const char *text, *value, *currency;
    int64_t minor;
  } cases[] = {{"退我199元", "199.00", "CNY", 19900},   {"¥1,299.00", "1299.00", "CNY", 129900},
               {"￥12.5", "12.50", "CNY", 1250},        {"20块钱", "20.00", "CNY", 2000},
               {"赔 50 块", "50.00", "CNY", 5000},      {"RMB100", "100.00", "CNY", 10000},
               {"100 rmb", "100.00", "CNY", 10000},     {"人民币88元", "88.00", "CNY", 8800},
               {"1.5万元", "15000.00", "CNY", 1500000}, {"$12.50", "12.50", "USD", 1250},
               {"US$12.50", "12.50", "USD", 1250},      {"HK$300", "300.00", "HKD", 30000},
               {"30 euros", "30.00", "EUR", 3000},      {"£9.99", "9.99", "GBP", 999},
               {"12 EUR", "12.00", "EUR", 1200},        {"USD 7", "7.00", "USD", 700},
               {"1200円", "1200", "JPY", 1200},         {"0.01元", "0.01", "CNY", 1}};
  (void)state;
  for (size_t i = 0; i < AFT__COUNT(cases); i++) {
    aft__stated out[AFT__FACTS_MOST];
    assert_states(cases[i].text, AFT__STATED_AMOUNT, cases[i].value);
    extract(cases[i].text, out);
    assert_string_equal(out[0].currency, cases[i].currency);
    assert_int_equal(out[0].minor, cases[i].minor);
  }
}

static void what_only_looks_like_money_is_none(void **state) {
  (void)state;
  assert_silent("换5块屏幕");
  assert_silent("1月1日元旦");
  assert_silent("3元素");
  assert_silent("12.345元"); /* no such coin */
  assert_silent("买了2个");
  assert_states("1,20元", AFT__STATED_AMOUNT, "20.00");
  assert_silent("99999999999999999999999999元");
}

static void the_orders_currency_says_what_a_sign_means(void **state) {
  aft__stated out[AFT__FACTS_MOST];
  aft__extract_in in = {.text = AFT_STR("$5"), .currency = AFT_STR("AUD")};
  (void)state;
  in.text.len = 2;
  in.currency.len = 3;
  assert_int_equal(aft__extract(&in, out), 1);
  assert_string_equal(out[0].currency, "AUD");
  in.currency = aft__cstr("CNY");
  assert_int_equal(aft__extract(&in, out), 1);
  assert_string_equal(out[0].currency, "USD");
}

static void products_stand_in_quotes_behind_words_or_in_the_order(void **state) {
  aft_str titles[] = {AFT_STR("Nordic 保温杯 500ml 不锈钢"), AFT_STR("Trail Runner 9")};
  aft__stated out[AFT__FACTS_MOST];
  (void)state;
  assert_states("《三体》少了一本", AFT__STATED_PRODUCT, "三体");
  assert_states("商品名：电饭煲，坏了", AFT__STATED_PRODUCT, "电饭煲");
  assert_silent("《》");
  assert_silent("《没有结束");
  for (size_t i = 0; i < AFT__COUNT(titles); i++)
    titles[i] = aft__cstr(titles[i].data);
  aft__extract_in in = {.text = aft__cstr("那个保温杯漏水"), .products = titles, .n_products = 2};
  assert_int_equal(aft__extract(&in, out), 1);
  assert_string_equal(out[0].value, titles[0].data);
  assert_int_equal(out[0].begin, 6);
  assert_int_equal(out[0].end, 15);
  in.text = aft__cstr("my trail runner 9 broke");
  assert_int_equal(aft__extract(&in, out), 1);
  assert_string_equal(out[0].value, titles[1].data);
}

/* Whatever stands in a text: places lie inside, at the edges of characters, in order and apart. */
static void places_lie_in_the_text(void **state) {
  static const char *const pieces[] = {
      "订单", "SF", "1234567", "890", "￥", "元", "《", "》",       "-",      "RR",
      "GB",   " ",  "，",      "万",  ".",  "99", ":",  "商品名：", "１２３", "\xf0\x9f\x98\xa1",
      "$",    "1Z", "ab",      "和",  "@",  "/",  "#"};
  aft_str titles[] = {AFT_STR("1234567"), AFT_STR("订单和"), AFT_STR("ab")};
  uint64_t seed = seed_of("places");
  (void)state;
  for (size_t i = 0; i < AFT__COUNT(titles); i++)
    titles[i] = aft__cstr(titles[i].data);
  for (int round = 0; round < 4000; round++) {
    char text[1200] = "";
    uint32_t n = draw32(&seed) % 80;
    for (uint32_t i = 0; i < n; i++)
      strcat(text, pieces[draw32(&seed) % AFT__COUNT(pieces)]);
    aft__stated a[AFT__FACTS_MOST], b[AFT__FACTS_MOST];
    aft__extract_in in = {.text = aft__cstr(text),
                          .named = named,
                          .products = titles,
                          .n_products = round % 2 ? AFT__COUNT(titles) : 0,
                          .expected = (aft__stated_kind)(draw32(&seed) % AFT__STATED_KINDS)};
    memset(a, 0, sizeof a);
    memset(b, 0, sizeof b);
    uint32_t count = aft__extract(&in, a);
    assert_true(count <= AFT__FACTS_MOST);
    assert_int_equal(aft__extract(&in, b), count);
    uint32_t before = 0;
    for (uint32_t i = 0; i < count; i++) {
      assert_true(a[i].begin >= before && a[i].begin < a[i].end && a[i].end <= in.text.len);
      assert_int_equal(aft__utf8_cut(in.text, a[i].begin), a[i].begin);
      assert_int_equal(aft__utf8_cut(in.text, a[i].end), a[i].end);
      assert_true(a[i].kind > AFT__STATED_NONE && a[i].kind < AFT__STATED_KINDS);
      assert_int_equal(aft__utf8_check(aft__cstr(a[i].value), NULL), AFT_OK);
      assert_string_equal(a[i].value, b[i].value);
      before = a[i].end;
    }
  }
}

/* The most that is looked at, of the kind that costs most. */
static void long_texts_are_read_up_to_a_bound(void **state) {
  size_t n = 4u << 20;
  char *text = malloc(n);
  aft__stated out[AFT__FACTS_MOST];
  aft_str titles[] = {AFT_STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab")};
  (void)state;
  assert_non_null(text);
  memset(text, 'a', n);
  titles[0] = aft__cstr(titles[0].data);
  aft__extract_in in = {.text = {text, n}, .products = titles, .n_products = 1, .named = named};
  assert_int_equal(aft__extract(&in, out), 0);
  memset(text, '1', n);
  assert_int_equal(aft__extract(&in, out), 0);
  for (size_t i = 0; i + 8 <= n; i += 8)
    memcpy(text + i, "#123456 ", 8);
  assert_int_equal(aft__extract(&in, out), AFT__FACTS_MOST);
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(carriers_are_known_by_the_form_of_their_numbers),
      cmocka_unit_test(wrong_check_digits_and_other_forms_are_nobodys),
      cmocka_unit_test(words_beside_a_number_say_what_it_is),
      cmocka_unit_test(what_was_asked_for_is_expected),
      cmocka_unit_test(phones_days_and_papers_are_no_orders),
      cmocka_unit_test(amounts_have_minor_units_and_a_currency),
      cmocka_unit_test(what_only_looks_like_money_is_none),
      cmocka_unit_test(the_orders_currency_says_what_a_sign_means),
      cmocka_unit_test(products_stand_in_quotes_behind_words_or_in_the_order),
      cmocka_unit_test(places_lie_in_the_text),
      cmocka_unit_test(long_texts_are_read_up_to_a_bound),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
