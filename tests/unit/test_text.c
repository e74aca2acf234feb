/* UTF-8, normalising, language, tone, masking, templates, similarity, and the public text functions. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "text/text.h"
#include "random.h"

#include <aftersales/text.h>

static aft_env *env;

static int setup(void **state) {
  (void)state;
  assert_int_equal(aft_env_new(NULL, &env, NULL), AFT_OK);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  aft_env_unref(env);
  return 0;
}

static size_t encode(uint32_t c, char *out) {
  if (c < 0x80) {
    out[0] = (char)c;
    return 1;
  }
  size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
  static const uint8_t leads[] = {0, 0, 0xC0, 0xE0, 0xF0};
  for (size_t i = n - 1; i > 0; i--, c >>= 6)
    out[i] = (char)(0x80 | (c & 0x3F));
  out[0] = (char)(leads[n] | c);
  return n;
}

/* ---- UTF-8 ---- */

static void check_status(const char *bytes, size_t n, aft_status status, size_t fault) {
  char padded[64];
  for (size_t before = 0; before < 20; before++) {
    size_t at = 999;
    memset(padded, 'x', sizeof padded);
    memcpy(padded + before, bytes, n);
    assert_int_equal(aft__utf8_check(aft__str(padded, before + n), &at), status);
    if (status < 0)
      assert_int_equal(at, before + fault);
  }
}

static void utf8_faults_are_found_where_they_are(void **state) {
  (void)state;
  check_status("ok", 2, AFT_OK, 0);
  check_status("\xE4\xB8\xAD\xF0\x9F\x98\x80", 7, AFT_OK, 0);
  check_status("\xF4\x8F\xBF\xBF", 4, AFT_OK, 0);
  check_status("a\0b", 3, AFT_E_NUL_BYTE, 1);
  check_status("\xC0\x80", 2, AFT_E_ENCODING, 0);         /* overlong */
  check_status("a\xE0\x9F\xBF", 4, AFT_E_ENCODING, 1);    /* overlong */
  check_status("\xED\xA0\x80", 3, AFT_E_ENCODING, 0);     /* surrogate */
  check_status("\xF4\x90\x80\x80", 4, AFT_E_ENCODING, 0); /* above U+10FFFF */
  check_status("\xF0\x8F\xBF\xBF", 4, AFT_E_ENCODING, 0); /* overlong */
  check_status("ab\xE4\xB8", 4, AFT_E_ENCODING, 2);       /* cut */
  check_status("\x80", 1, AFT_E_ENCODING, 0);
  check_status("\xFF", 1, AFT_E_ENCODING, 0);
}

static void every_code_point_round_trips(void **state) {
  (void)state;
  for (uint32_t c = 1; c <= 0x10FFFF; c++) {
    char bytes[4];
    uint32_t back;
    if (c >= 0xD800 && c <= 0xDFFF)
      continue;
    size_t n = encode(c, bytes);
    if (aft__utf8_check(aft__str(bytes, n), NULL) != AFT_OK || aft__utf8_next(bytes, bytes + n, &back) != n ||
        back != c)
      fail_msg("U+%04X", c);
  }
}

static void cuts_fall_between_characters(void **state) {
  (void)state;
  aft_str text = aft__cstr("a中😀b");
  static const size_t expected[] = {0, 1, 1, 1, 4, 4, 4, 4, 8, 9, 9};
  for (size_t n = 0; n < AFT__COUNT(expected); n++)
    assert_int_equal(aft__utf8_cut(text, n), expected[n]);
}

static void columns_count_wide_characters_twice(void **state) {
  (void)state;
  assert_int_equal(aft_text_columns("退款ok", AFT_NTS), 6);
  assert_int_equal(aft_text_columns("e\xCC\x81", AFT_NTS), 1);
  assert_int_equal(aft_text_columns("\xFF\xFE", 2), 2);
  assert_int_equal(aft_text_columns("", 0), 0);
  assert_int_equal(aft_text_columns(NULL, 0), 0);
}

/* ---- normalising ---- */

static void assert_normal(const char *text, const char *expected) {
  aft__buf out;
  aft__buf_init(&out, env);
  assert_int_equal(aft__normalise(&out, aft__cstr(text), NULL), AFT_OK);
  aft__buf_char(&out, '\0');
  assert_string_equal(out.data, expected);
  aft__buf_done(&out);
}

static void texts_are_normalised(void **state) {
  (void)state;
  assert_normal("ＨＥＬＬＯ　Ｗｏｒｌｄ！", "hello world!");
  assert_normal("  a \t\n b\xC2\xA0 ", "a b");
  assert_normal("好好好好好吃！！！！", "好好吃!!");
  assert_normal("sooooo good", "soo good");
  assert_normal("10000 100000", "10000 100000");
  assert_normal("１１１１", "1111");
  assert_normal("Straße ﬁn ㎏ ①", "strasse fin kg 1");
  assert_normal("e\xCC\x81", "é");
  assert_normal("退\xE2\x80\x8B款", "退款"); /* a zero-width space hides nothing */
  assert_normal("ﾃﾞﾘﾊﾞﾘｰ", "デリバリー");
  assert_normal("か\xE3\x82\x99", "が");
  assert_normal("", "");
  assert_normal(" \n ", "");
}

/* Characters that normalising treats in different ways, and any others. */
static uint32_t random_char(uint64_t *s) {
  static const uint32_t first[] = {0x20,   0x41,   0xC0,   0x300,  0x1100, 0x1E00,  0x2000,  0x3000, 0x3041,
                                   0x3099, 0x4E00, 0xAC00, 0xFB00, 0xFF01, 0x1D400, 0x1F300, 0x345,  0x9};
  if (draw32(s) % 8 == 0) {
    uint32_t c = draw32(s) % 0x110000;
    return c == 0 || (c >= 0xD800 && c <= 0xDFFF) ? 'a' : c;
  }
  return first[draw32(s) % AFT__COUNT(first)] + draw32(s) % (draw32(s) % 2 ? 8 : 90);
}

static size_t random_text(uint64_t *s, char *out, uint32_t most) {
  size_t len = 0;
  for (uint32_t n = 1 + draw32(s) % most; n > 0; n--) {
    uint32_t c = random_char(s);
    for (uint32_t times = draw32(s) % 5 == 0 ? 1 + draw32(s) % 4 : 1; times > 0; times--)
      len += encode(c, out + len);
  }
  return len;
}

static void show(const char *what, aft_str text) {
  printf("%s:", what);
  for (size_t i = 0; i < text.len;) {
    uint32_t c;
    i += aft__utf8_next(text.data + i, text.data + text.len, &c);
    printf(" %04X", c);
  }
  printf("\n");
}

/* What normalising says, done on the whole text without any fast path. */
static void naive_normalise(aft__buf *out, aft_str text) {
  aft__buf folded;
  aft__buf_init(&folded, env);
  assert_int_equal(aft__nfkc_fold(&folded, text, NULL), AFT_OK);
  uint32_t last = 0, run = 0, c;
  bool space = false;
  for (size_t i = 0; i < folded.len;) {
    uint32_t n = aft__utf8_next(folded.data + i, folded.data + folded.len, &c);
    if (aft__is_space(c)) {
      space = true;
    } else {
      if (space && out->len > 0) {
        aft__buf_char(out, ' ');
        run = 0;
      }
      run = !space && c == last ? run + 1 : 1;
      space = false;
      last = c;
      if (run <= 2 || aft__is_digit(c))
        aft__buf_add(out, folded.data + i, n);
    }
    i += n;
  }
  aft__buf_done(&folded);
}

static void assert_stable(aft_str text) {
  aft__buf once, twice, naive;
  aft__buf_init(&once, env);
  aft__buf_init(&twice, env);
  aft__buf_init(&naive, env);
  assert_int_equal(aft__normalise(&once, text, NULL), AFT_OK);
  assert_int_equal(aft__normalise(&twice, aft__buf_view(&once), NULL), AFT_OK);
  naive_normalise(&naive, text);
  bool same = aft__str_eq(aft__buf_view(&once), aft__buf_view(&twice)) &&
              aft__str_eq(aft__buf_view(&once), aft__buf_view(&naive));
  if (!same) {
    show("text ", text);
    show("once ", aft__buf_view(&once));
    show("twice", aft__buf_view(&twice));
    show("naive", aft__buf_view(&naive));
  }
  assert_true(same);
  assert_int_equal(aft__utf8_check(aft__buf_view(&once), NULL), AFT_OK);
  aft__buf_done(&once);
  aft__buf_done(&twice);
  aft__buf_done(&naive);
}

static void normalising_twice_changes_nothing(void **state) {
  (void)state;
  uint64_t s = seed_of("normalise");
  static char text[4096];
  for (int round = 0; round < 20000; round++)
    assert_stable(aft__str(text, random_text(&s, text, 24)));
}

static void every_character_normalises_alike_on_both_paths(void **state) {
  (void)state;
  char text[16];
  for (uint32_t c = 1; c <= 0x10FFFF; c += c < 0x20000 ? 1 : 97) {
    if (c >= 0xD800 && c <= 0xDFFF)
      continue;
    text[0] = 'a';
    size_t n = 1 + encode(c, text + 1);
    n += encode(0x301, text + n);
    text[n++] = 'b';
    assert_stable(aft__str(text, n));
  }
}

/* One piece far longer than the buffer on the stack. */
static void long_pieces_are_whole(void **state) {
  (void)state;
  aft__buf text;
  aft__buf_init(&text, env);
  for (int i = 0; i < 3000; i++)
    aft__buf_puts(&text, i % 2 ? "Ж" : "ﷺ");
  assert_stable(aft__buf_view(&text));
  aft__buf_done(&text);
}

/* ---- language ---- */

static void languages_are_told_apart(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"我要退货", "zh"},
      {"ＯＫ", "en"},
      {"ok", "en"},
      {"Where is my order? It has not arrived.", "en"},
      {"Samsung Galaxy Watch 坏了", "zh"},
      {"iPhone 15 Pro Max 屏幕有划痕，可以换吗", "zh"},
      {"My order from 淘宝 has not arrived and I want my money back", "en"},
      {"返品したいのですが", "ja"},
      {"カメラが壊れました", "ja"},
      {"반품하고 싶어요", "ko"},
      {"สินค้าเสียหาย", "th"},
      {"Где мой заказ?", "ru"},
      {"أين طلبي", "ar"},
      {"मेरा ऑर्डर कहाँ है", "hi"},
      {"איפה ההזמנה שלי", "he"},
      {"Πού είναι η παραγγελία μου", "el"},
      {"ich habe die falsche Ware und das ist nicht gut", "und"},
      {"12345 😀", "und"},
      {"", "und"},
  };
  for (size_t i = 0; i < AFT__COUNT(cases); i++)
    if (strcmp(aft_text_language(cases[i][0], AFT_NTS), cases[i][1]) != 0)
      fail_msg("%s: %s", cases[i][0], aft_text_language(cases[i][0], AFT_NTS));
  assert_string_equal(aft_text_language("\xFF", 1), "und");
}

/* ---- tone ---- */

typedef struct tone_word {
  const char *text;
  int32_t weight;
  uint32_t kind;
} tone_word;

static const tone_word tone_words[] = {
    {"满意", 500, AFT__TONE_WORD},     {"好", 400, AFT__TONE_WORD},      {"happy", 500, AFT__TONE_WORD},
    {"bad", -500, AFT__TONE_WORD},     {"差", -500, AFT__TONE_WORD},     {"问题", -300, AFT__TONE_WORD},
    {"没有问题", 200, AFT__TONE_WORD}, {"不", 0, AFT__TONE_NEGATION},    {"没有", 0, AFT__TONE_NEGATION},
    {"not", 0, AFT__TONE_NEGATION},    {"very", 1500, AFT__TONE_DEGREE}, {"非常", 1600, AFT__TONE_DEGREE},
    {"太", 1500, AFT__TONE_DEGREE},    {"一点", 500, AFT__TONE_DEGREE},
};

static int32_t tone(const char *text) {
  aft__tone_hit hits[64];
  size_t n = 0, len = strlen(text);
  for (size_t i = 0; i < len; i++)
    for (size_t k = 0; k < AFT__COUNT(tone_words); k++)
      if (strncmp(text + i, tone_words[k].text, strlen(tone_words[k].text)) == 0 && n < AFT__COUNT(hits)) {
        aft__tone_hit hit = {(uint32_t)i, (uint32_t)(i + strlen(tone_words[k].text)), tone_words[k].weight,
                             tone_words[k].kind};
        hits[n++] = hit;
      }
  return aft__tone_score(aft__cstr(text), hits, n);
}

static void tone_follows_negation_and_degree(void **state) {
  (void)state;
  assert_int_equal(tone("满意"), 500);
  assert_int_equal(tone("非常满意"), 800);
  assert_true(tone("不太满意") < 0);
  assert_true(tone("not happy") < 0);
  assert_true(tone("i am not very happy") < 0);
  assert_true(tone("一点也不好") < 0);
  assert_true(tone("没有问题") > 0);
  assert_true(tone("not bad") > 0);
  /* negating says less than the opposite, and a denied degree does not strengthen */
  assert_true(-tone("not happy") < tone("happy"));
  assert_int_equal(tone("not very happy"), tone("not happy"));
  assert_true(tone("非常不满意") < tone("不满意"));
}

static void tone_stops_at_clauses_and_far_words(void **state) {
  (void)state;
  assert_int_equal(tone("不，满意"), 500);
  assert_int_equal(tone("not. happy"), 500);
  assert_int_equal(tone("not what one two three four said happy"), 500);
  assert_int_equal(tone("不好，满意"), 500 - 280);
  assert_int_equal(tone("差差差差"), -1000);
  assert_int_equal(tone(""), 0);
}

static void tone_stays_in_range(void **state) {
  (void)state;
  uint64_t s = seed_of("tone");
  static char text[300];
  memset(text, 'a', sizeof text);
  for (int round = 0; round < 5000; round++) {
    aft__tone_hit hits[40];
    uint32_t n = draw32(&s) % 40, begin = 0;
    for (uint32_t i = 0; i < n; i++) {
      begin += draw32(&s) % 8;
      aft__tone_hit hit = {begin, begin + 1 + draw32(&s) % 9, (int32_t)(draw32(&s) % 4001) - 2000,
                           draw32(&s) % 3};
      hits[i] = hit;
    }
    int32_t score = aft__tone_score(aft__str(text, sizeof text), hits, n);
    assert_in_range(score + 1000, 0, 2000);
  }
}

/* ---- masking ---- */

static void assert_redacted(const char *text, const char *expected, uint32_t kinds) {
  aft__buf out;
  uint32_t found = 99;
  aft__buf_init(&out, env);
  assert_int_equal(aft__redact(&out, aft__cstr(text), &found, NULL), AFT_OK);
  aft__buf_char(&out, '\0');
  assert_string_equal(out.data, expected);
  assert_int_equal(found, kinds);
  aft__buf_done(&out);
}

static void phones_are_masked(void **state) {
  (void)state;
  assert_redacted("电话13812345678谢谢", "电话138****5678谢谢", AFT__PII_PHONE);
  assert_redacted("138-1234-5678", "138-****-5678", AFT__PII_PHONE);
  assert_redacted("+86 138 1234 5678", "+86 138 **** 5678", AFT__PII_PHONE);
  assert_redacted("8613812345678", "86138****5678", AFT__PII_PHONE);
  assert_redacted("１３８１２３４５６７８", "１３８****５６７８", AFT__PII_PHONE);
  assert_redacted("tel13812345678", "tel138****5678", AFT__PII_PHONE);
  assert_redacted("010-12345678", "010-****5678", AFT__PII_PHONE);
  assert_redacted("(0755) 1234567", "(0755) ***4567", AFT__PII_PHONE);
  assert_redacted("call +1 415 555 2671 now", "call +1 41* *** 2671 now", AFT__PII_PHONE);
  assert_redacted("20250101 13812345678 19912345678", "20250101 138****5678 199****5678", AFT__PII_PHONE);
}

static void other_numbers_stay(void **state) {
  (void)state;
  static const char *const texts[] = {
      "订单2025010112345678901234", /* inside a longer run */
      "JD13812345678",
      "客服400-123-4567",
      "8001234567",
      "12812345678",
      "5+12345678",
      "价格1299.00元，共3件",
      "2025-01-01 12:30:45",
      "1381234567",
      "138123456789012345678901",
      "4111111111111112",   /* fails Luhn */
      "110105194912310021", /* wrong check digit */
  };
  for (size_t i = 0; i < AFT__COUNT(texts); i++)
    assert_redacted(texts[i], texts[i], 0);
}

static void addresses_are_masked(void **state) {
  (void)state;
  assert_redacted("write to alice@example.com.", "write to a***@example.com.", AFT__PII_EMAIL);
  assert_redacted("邮箱zhang.san@example.cn谢谢", "邮箱z***@example.cn谢谢", AFT__PII_EMAIL);
  assert_redacted("张三@例子.公司", "张***@例子.公司", AFT__PII_EMAIL);
  assert_redacted("josé@example.com", "j***@example.com", AFT__PII_EMAIL);
  assert_redacted("x@example.com", "***@example.com", AFT__PII_EMAIL);
  assert_redacted("13812345678@139.com", "1***@139.com", AFT__PII_EMAIL);
  assert_redacted("a1@b.com,c2@d.org", "a***@b.com,c***@d.org", AFT__PII_EMAIL);
  assert_redacted("bob＠example．com", "b***＠example．com", AFT__PII_EMAIL);
  assert_redacted("13812345678 bob@b.com", "138****5678 b***@b.com", AFT__PII_PHONE | AFT__PII_EMAIL);
  assert_redacted("@shop 3 @ 5.00, a@b, @@", "@shop 3 @ 5.00, a@b, @@", 0);
}

/* Card numbers that payment companies publish for tests; identity number of GB 11643-1999's example. */
static void cards_and_identities_are_masked(void **state) {
  (void)state;
  assert_redacted("4242424242424242", "[card …4242]", AFT__PII_CARD);
  assert_redacted("卡号4111 1111 1111 1111。", "卡号[card …1111]。", AFT__PII_CARD);
  assert_redacted("3782-822463-10005", "[card …0005]", AFT__PII_CARD);
  assert_redacted("４２４２４２４２４２４２４２４２", "[card …4242]", AFT__PII_CARD);
  assert_redacted("身份证11010519491231002X，", "身份证[identity number]，", AFT__PII_IDENTITY);
  assert_redacted("11010519491231002x", "[identity number]", AFT__PII_IDENTITY);
  assert_redacted("110105 19491231 002X", "[identity number]", AFT__PII_IDENTITY);
  assert_redacted("440524188001010014", "[identity number]", AFT__PII_IDENTITY);
  assert_redacted("110105491231002", "[identity number]", AFT__PII_IDENTITY);
}

/* Wherever it stands and however its digits are written, a made-up number does not survive. */
static void no_made_up_number_survives(void **state) {
  (void)state;
  uint64_t s = seed_of("redact");
  static const char *const around[] = {"", "电话", " ", "：", "，", "(", ")", "。", "my number is ", "\n"};
  for (int round = 0; round < 5000; round++) {
    char number[16], text[200];
    snprintf(number, sizeof number, "1%u%09u", 3 + draw32(&s) % 7, draw32(&s) % 1000000000u);
    size_t len = 0;
    const char *before = around[draw32(&s) % AFT__COUNT(around)],
               *after = around[draw32(&s) % AFT__COUNT(around)];
    bool wide = draw32(&s) % 2;
    len += (size_t)sprintf(text, "%s", before);
    for (size_t i = 0; i < 11; i++)
      len += encode(wide ? 0xFF10u + (uint32_t)(number[i] - '0') : (uint32_t)number[i], text + len);
    sprintf(text + len, "%s", after);
    aft__buf out;
    uint32_t found = 0;
    aft__buf_init(&out, env);
    assert_int_equal(aft__redact(&out, aft__cstr(text), &found, NULL), AFT_OK);
    assert_int_equal(found, AFT__PII_PHONE);
    assert_int_equal(aft__utf8_check(aft__buf_view(&out), NULL), AFT_OK);
    aft__buf_char(&out, '\0');
    assert_non_null(strstr(out.data, "****"));
    aft__buf_done(&out);
  }
}

/* Digits, signs and letters in any order: no crash, valid UTF-8, and a second pass finds no new kind. */
static void any_text_can_be_masked(void **state) {
  (void)state;
  uint64_t s = seed_of("redact any");
  static const char *const pieces[] = {"1", "138", "86", "+", "0",  "4242", " ",  "-",   "(",
                                       ")", "@",   "a.", "x", "中", "１",   "＠", "com", "00000000000000"};
  for (int round = 0; round < 20000; round++) {
    char text[400] = "";
    for (uint32_t n = draw32(&s) % 20; n > 0; n--)
      strcat(text, pieces[draw32(&s) % AFT__COUNT(pieces)]);
    aft__buf out;
    aft__buf_init(&out, env);
    assert_int_equal(aft__redact(&out, aft__cstr(text), NULL, NULL), AFT_OK);
    assert_int_equal(aft__utf8_check(aft__buf_view(&out), NULL), AFT_OK);
    aft__buf_done(&out);
  }
}

/* ---- templates ---- */

static void collect_place(void *user, const aft__slot *slot) {
  aft__buf_str(user, slot->name);
  aft__buf_char(user, ';');
}

static void templates_render(void **state) {
  (void)state;
  const aft__arg args[] = {{"name", {"张三", 6}}, {"code", {"T-1", 3}}, {"empty", {"", 0}}};
  static const char *const cases[][2] = {
      {"{name}您好，单号{code}", "张三您好，单号T-1"},
      {"a {unknown} b", "a {unknown} b"},
      {"{{name}", "{name}"},
      {"{{{name}}", "{张三}"},
      {"[{empty}]", "[]"},
      {"open {name", "open {name"},
      {"}", "}"},
      {"", ""},
  };
  for (size_t i = 0; i < AFT__COUNT(cases); i++) {
    aft__buf out;
    aft__buf_init(&out, env);
    aft__template_render(&out, aft__cstr(cases[i][0]), args, AFT__COUNT(args));
    aft__buf_char(&out, '\0');
    assert_string_equal(out.data, cases[i][1]);
    aft__buf_done(&out);
  }
}

static void template_places_are_listed_and_checked(void **state) {
  (void)state;
  aft__buf names;
  size_t at = 99;
  aft__buf_init(&names, env);
  assert_int_equal(aft__template_places(aft__cstr("{a} {{no} {b.c}"), collect_place, &names, &at), AFT_OK);
  aft__buf_char(&names, '\0');
  assert_string_equal(names.data, "a;b.c;");
  aft__buf_done(&names);
  assert_int_equal(aft__template_places(aft__cstr("ab{c"), NULL, NULL, &at), AFT_E_INVALID);
  assert_int_equal(at, 2);
  assert_int_equal(aft__template_places(aft__cstr("{a{b}"), NULL, NULL, &at), AFT_E_INVALID);
  assert_int_equal(at, 0);
  assert_int_equal(aft__template_places(aft__cstr("x{}"), NULL, NULL, &at), AFT_E_INVALID);
  assert_int_equal(at, 1);
}

/* ---- similarity ---- */

static uint32_t similar(const char *a, const char *b) { return aft__similarity(aft__cstr(a), aft__cstr(b)); }

/* Dice's coefficient by its definition, with every pair of bigrams looked at. */
static uint32_t naive_similarity(const char *a, size_t na, const char *b, size_t nb) {
  bool used[64] = {false};
  uint32_t common = 0;
  for (size_t i = 0; i + 1 < na; i++)
    for (size_t k = 0; k + 1 < nb; k++)
      if (!used[k] && a[i] == b[k] && a[i + 1] == b[k + 1]) {
        used[k] = true;
        common++;
        break;
      }
  return na + nb > 2 ? (uint32_t)(common * 2000 / (na + nb - 2)) : 0;
}

static void similarity_is_dice(void **state) {
  (void)state;
  assert_int_equal(similar("night", "nacht"), 250);
  assert_int_equal(similar("", ""), 1000);
  assert_int_equal(similar("好", "好"), 1000);
  assert_int_equal(similar("好", "坏"), 0);
  assert_int_equal(similar("", "好的"), 0);
  assert_true(similar("我要退货，快点处理", "我要退货，请快点处理") > 700);
  uint64_t s = seed_of("similarity");
  for (int round = 0; round < 5000; round++) {
    char a[40], b[40];
    size_t na = 1 + draw32(&s) % 40, nb = 1 + draw32(&s) % 40;
    for (size_t i = 0; i < na; i++)
      a[i] = (char)('a' + draw32(&s) % 4);
    for (size_t i = 0; i < nb; i++)
      b[i] = (char)('a' + draw32(&s) % 4);
    aft_str x = aft__str(a, na), y = aft__str(b, nb);
    assert_int_equal(aft__similarity(x, y), aft__similarity(y, x));
    if (!aft__str_eq(x, y))
      assert_int_equal(aft__similarity(x, y), naive_similarity(a, na, b, nb));
  }
}

/* ---- the public functions ---- */

static void public_functions_check_their_input(void **state) {
  (void)state;
  aft_buf *out = NULL;
  aft_error error = AFT_ERROR_INIT;
  assert_int_equal(aft_text_redact(env, "13812345678", AFT_NTS, &out, &error), AFT_OK);
  assert_string_equal(aft_buf_data(out), "138****5678");
  aft_buf_free(out);
  assert_int_equal(aft_text_normalise(env, "ＯＫ！", AFT_NTS, &out, &error), AFT_OK);
  assert_string_equal(aft_buf_data(out), "ok!");
  aft_buf_free(out);
  assert_int_equal(aft_text_normalise(env, NULL, 0, &out, &error), AFT_OK);
  assert_int_equal(aft_buf_size(out), 0);
  aft_buf_free(out);
  assert_int_equal(aft_text_normalise(env, "a\0b", 3, &out, &error), AFT_E_NUL_BYTE);
  assert_null(out);
  assert_int_equal(aft_text_redact(env, "a\xFF", AFT_NTS, &out, &error), AFT_E_ENCODING);
  assert_int_equal(aft_text_redact(NULL, "a", AFT_NTS, &out, &error), AFT_E_NULL_HANDLE);
  assert_int_equal(aft_text_redact(env, NULL, 3, &out, &error), AFT_E_INVALID);
  assert_int_equal(aft_text_redact(env, "a", 1, NULL, &error), AFT_E_INVALID);
  char *large = malloc(300000);
  memset(large, 'a', 300000);
  assert_int_equal(aft_text_redact(env, large, 300000, &out, &error), AFT_E_TOO_LARGE);
  free(large);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(utf8_faults_are_found_where_they_are),
      cmocka_unit_test(every_code_point_round_trips),
      cmocka_unit_test(cuts_fall_between_characters),
      cmocka_unit_test(columns_count_wide_characters_twice),
      cmocka_unit_test(texts_are_normalised),
      cmocka_unit_test(normalising_twice_changes_nothing),
      cmocka_unit_test(every_character_normalises_alike_on_both_paths),
      cmocka_unit_test(long_pieces_are_whole),
      cmocka_unit_test(languages_are_told_apart),
      cmocka_unit_test(tone_follows_negation_and_degree),
      cmocka_unit_test(tone_stops_at_clauses_and_far_words),
      cmocka_unit_test(tone_stays_in_range),
      cmocka_unit_test(phones_are_masked),
      cmocka_unit_test(other_numbers_stay),
      cmocka_unit_test(addresses_are_masked),
      cmocka_unit_test(cards_and_identities_are_masked),
      cmocka_unit_test(no_made_up_number_survives),
      cmocka_unit_test(any_text_can_be_masked),
      cmocka_unit_test(templates_render),
      cmocka_unit_test(template_places_are_listed_and_checked),
      cmocka_unit_test(similarity_is_dice),
      cmocka_unit_test(public_functions_check_their_input),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
