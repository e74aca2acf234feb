/* Terms of texts and what people type to search: pure functions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "random.h"
#include "text/text.h"

static aft_env *env;

static int open_env(void **state) {
  (void)state;
  return aft_env_new(NULL, &env, NULL);
}

static int close_env(void **state) {
  (void)state;
  aft_env_unref(env);
  return 0;
}

/* The form of a text; lives until the next call but three. */
static aft_str form(const char *text, size_t len) {
  static char forms[4][8192];
  static int turn;
  aft__buf buf;
  aft__buf_init(&buf, env);
  assert_int_equal(aft__terms_form(&buf, aft__str(text, len), NULL), AFT_OK);
  char *out = forms[turn++ & 3];
  assert_true(buf.len < sizeof forms[0]);
  memcpy(out, aft__buf_view(&buf).data, buf.len);
  out[buf.len] = 0;
  aft_str view = {out, buf.len};
  aft__buf_done(&buf);
  return view;
}

static bool contains(const char *text, const char *phrase, bool prefix) {
  return aft__terms_contain(form(text, AFT_NTS), form(phrase, AFT_NTS), prefix);
}

static void a_form_parts_words_and_joins_dense_characters(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"", ""},
      {" ,. ", ""},
      {"Hello,  World!", "hello world"},
      {"退 款", "退款"},
      {"退\n款", "退款"},
      {"退。款", "退|款"},
      {"手机iPhone15坏了", "手机 iphone15 坏了"},
      {"ＩＰＨＯＮＥ　１５", "iphone 15"},
      {"T-7K3M-Q2XD", "t 7k3m q2xd"},
      {"환불 요청", "환불 요청"},
      {"คืนเงิน ด่วน", "คืนเงินด่วน"},
      {"cafe\xCC\x81", "caf\xC3\xA9"},
      {"退 退 退", "退退"},
      {"哈哈哈哈", "哈哈"},
      {"カタカナ・ひらがな", "カタカナ|ひらがな"},
      {"50% off 😀 now", "50 off now"},
  };
  for (size_t i = 0; i < AFT__COUNT(cases); i++)
    assert_string_equal(form(cases[i][0], AFT_NTS).data, cases[i][1]);
}

static void a_phrase_is_found_by_words_or_by_characters(void **state) {
  (void)state;
  assert_true(contains("我要申请退款，谢谢", "退款", false));
  assert_true(contains("我要申请退 款", "退款", false));
  assert_true(contains("我要申请退款", "款", false));
  assert_false(contains("要退。款式不对", "退款", false));
  assert_true(contains("a refund, please", "REFUND", false));
  assert_false(contains("refunded", "refund", false));
  assert_true(contains("refunded", "refund", true));
  assert_false(contains("prerefund", "refund", true));
  assert_true(contains("my e-mail", "e mail", false));
  assert_true(contains("order #12-345", "order 12", false));
  assert_false(contains("order #12-345", "order 1", false));
  assert_false(contains("anything", "", true));
}

typedef struct listed {
  char text[512];
} listed;

static bool list_term(void *user, aft_str term) {
  listed *l = user;
  size_t n = strlen(l->text);
  snprintf(l->text + n, sizeof l->text - n, "%.*s;", (int)term.len, term.data);
  return true;
}

static bool stop_at_once(void *user, aft_str term) {
  (void)term;
  ++*(int *)user;
  return false;
}

static void terms_are_words_and_pairs(void **state) {
  (void)state;
  listed l = {""};
  aft__terms_each(form("申请退款 iPhone 坏。환불을", AFT_NTS), list_term, &l);
  assert_string_equal(l.text, "申请;请退;退款;款;iphone;坏;환불;불을;을;");
  int calls = 0;
  aft__terms_each(form("退款 now", AFT_NTS), stop_at_once, &calls);
  assert_int_equal(calls, 1);
  char longest[200];
  memset(longest, 'a', sizeof longest);
  l.text[0] = 0;
  aft__terms_each(form(longest, sizeof longest), list_term, &l);
  /* letters that repeat are shortened by normalising */
  assert_string_equal(l.text, "aa;");
  memset(longest, '7', sizeof longest);
  l.text[0] = 0;
  aft__terms_each(form(longest, sizeof longest), list_term, &l);
  assert_int_equal(strlen(l.text), AFT__TERM_WORD_BYTES + 1);
}

/* ---- queries ---- */

static void written(const aft__query *query, char out[512]) {
  out[0] = 0;
  for (uint32_t i = 0; i < query->n; i++) {
    size_t n = strlen(out);
    const aft__query_word *w = &query->words[i];
    snprintf(out + n, 512 - n, "%s%.*s%s;", w->excluded ? "-" : "", (int)w->text.len, w->text.data,
             w->prefix ? "*" : "");
  }
}

static void queries_are_read_as_words_phrases_and_exclusions(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"退款", "退款*;"},
      {"退款 催单", "退款;催单*;"},
      {"　refund\tOrder ", "refund;order*;"},
      {"\"not  yet\" refund", "not yet;refund*;"},
      {"refund \"not yet\"", "refund;not yet;"},
      {"“不能 退款”", "不能退款;"},
      {"不能，退款", "不能;退款*;"},
      {"\"不能，退款\"", "不能|退款;"},
      {"refund -iphone", "refund;-iphone;"},
      {"refund －\"credit card\"", "refund;-credit card;"},
      {"e-mail", "e mail*;"},
      {"- refund", "refund*;"},
      {"refund !!!", "refund*;"},
      {"\"never closed", "never closed;"},
      {"手机iPhone15坏了", "手机 iphone15 坏了*;"},
  };
  for (size_t i = 0; i < AFT__COUNT(cases); i++) {
    aft__arena arena;
    aft__query query;
    aft_error error = AFT_ERROR_INIT;
    char out[512];
    aft__arena_init(&arena, env);
    assert_int_equal(aft__query_parse(&query, &arena, aft__cstr(cases[i][0]), &error), AFT_OK);
    written(&query, out);
    assert_string_equal(out, cases[i][1]);
    aft__arena_done(&arena);
  }
}

static void queries_without_a_word_are_refused(void **state) {
  (void)state;
  static const char *const cases[] = {"", "  ", "!?。", "\"\"", "-", "😀", "-refund", "-\"退款\""};
  aft__arena arena;
  aft__arena_init(&arena, env);
  for (size_t i = 0; i < AFT__COUNT(cases); i++) {
    aft__query query;
    aft_error error = AFT_ERROR_INIT;
    assert_int_equal(aft__query_parse(&query, &arena, aft__cstr(cases[i]), &error), AFT_E_INVALID);
    assert_string_equal(error.where, "search.query");
  }
  char many[3 * AFT__QUERY_WORDS + 4] = "";
  for (int i = 0; i <= AFT__QUERY_WORDS; i++)
    strcat(many, "a ");
  aft__query query;
  assert_int_equal(aft__query_parse(&query, &arena, aft__cstr(many), NULL), AFT_E_TOO_LARGE);
  aft__arena_done(&arena);
}

/* ---- properties ---- */

/* A text of Chinese and Latin pieces. */
static size_t random_text(uint64_t *seed, char *out, size_t most) {
  static const char *const pieces[] = {"退", "款", "是", "否", "催", "单", "手", "机",  "。",     "，", " ",
                                       "a",  "B",  "1",  "7",  "-",  " ",  "é",  "ref", "iPhone", "환", "불"};
  size_t n = 0;
  for (uint32_t k = below(seed, 40); k; k--) {
    const char *piece = pieces[below(seed, AFT__COUNT(pieces))];
    if (n + strlen(piece) >= most)
      break;
    memcpy(out + n, piece, strlen(piece));
    n += strlen(piece);
  }
  out[n] = 0;
  return n;
}

static void forms_are_idempotent(void **state) {
  (void)state;
  uint64_t seed = seed_of("forms");
  for (int i = 0; i < 5000; i++) {
    char text[400];
    size_t n = random_text(&seed, text, sizeof text);
    aft_str once = form(text, n), twice = form(once.data, once.len);
    assert_string_equal(once.data, twice.data);
  }
}

typedef struct wanted {
  aft_str term;
  bool range, found;
} wanted;

static bool see_term(void *user, aft_str term) {
  wanted *w = user;
  bool same = term.len >= w->term.len && memcmp(term.data, w->term.data, w->term.len) == 0;
  w->found |= same && (w->range || term.len == w->term.len);
  return !w->found;
}

typedef struct indexed {
  aft_str form;
  bool all;
} indexed;

static void must_have(void *user, aft_str term, bool range) {
  indexed *x = user;
  wanted w = {term, range, false};
  aft__terms_each(x->form, see_term, &w);
  x->all &= w.found;
}

/* What a text contains, its terms show: no text that matches is missed by the index. */
static void needed_terms_are_among_those_of_every_text_that_contains_the_phrase(void **state) {
  (void)state;
  uint64_t seed = seed_of("needs");
  int held = 0;
  for (int i = 0; i < 20000; i++) {
    char text[400], phrase[400];
    size_t n = random_text(&seed, text, sizeof text);
    aft_str f = form(text, n);
    size_t begin = aft__utf8_cut(f, f.len ? below(&seed, (uint32_t)f.len) : 0);
    size_t end = begin + aft__utf8_cut((aft_str){f.data + begin, f.len - begin}, 1 + below(&seed, 24));
    if (end == begin)
      continue;
    memcpy(phrase, f.data + begin, end - begin);
    phrase[end - begin] = 0;
    aft__query_word word = {.text = form(phrase, AFT_NTS), .prefix = below(&seed, 2)};
    if (!aft__terms_contain(f, word.text, word.prefix))
      continue;
    indexed x = {f, true};
    aft__query_needs(&word, must_have, &x);
    if (!x.all)
      fail_msg("'%s' contains '%s', but its terms do not show it", f.data, word.text.data);
    held++;
  }
  assert_true(held > 1000);
}

static void every_run_of_chinese_characters_of_a_text_is_found(void **state) {
  (void)state;
  uint64_t seed = seed_of("runs");
  static const char *const characters[] = {"退", "款", "是", "否", "催", "单", "货", "到"};
  for (int i = 0; i < 3000; i++) {
    char text[100] = "", part[100];
    uint32_t n = 2 + below(&seed, 20), last = 99;
    for (uint32_t k = 0; k < n; k++) {
      uint32_t c = below(&seed, AFT__COUNT(characters));
      last = c == last ? (c + 1) % AFT__COUNT(characters) : c; /* repetitions are shortened */
      strcat(text, characters[last]);
    }
    uint32_t begin = below(&seed, n - 1), length = 2 + below(&seed, n - 1 - begin);
    memcpy(part, text + 3 * begin, 3 * length);
    part[3 * length] = 0;
    assert_true(contains(text, part, false));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_form_parts_words_and_joins_dense_characters),
      cmocka_unit_test(a_phrase_is_found_by_words_or_by_characters),
      cmocka_unit_test(terms_are_words_and_pairs),
      cmocka_unit_test(queries_are_read_as_words_phrases_and_exclusions),
      cmocka_unit_test(queries_without_a_word_are_refused),
      cmocka_unit_test(forms_are_idempotent),
      cmocka_unit_test(needed_terms_are_among_those_of_every_text_that_contains_the_phrase),
      cmocka_unit_test(every_run_of_chinese_characters_of_a_text_is_found),
  };
  return cmocka_run_group_tests(tests, open_env, close_env);
}
