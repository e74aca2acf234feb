/* Templates whose places have types: forms of numbers, money and times in both languages, texts to choose
 * from by a number, and escaping that nothing gets through. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/text.h"
#include "value/value.h"

#include "random.h"

static aft_env *env;

static int set_up(void **state) {
  (void)state;
  return aft_env_new(NULL, &env, NULL);
}

static int tear_down(void **state) {
  (void)state;
  aft_env_unref(env);
  return 0;
}

#define AT INT64_C(1795673100000) /* 2026-11-26 06:05 UTC */

static const aft__filling values[] = {
    {.name = "code", .kind = AFT__IS_TEXT, .text = {"T-1", 3}},
    {.name = "n", .kind = AFT__IS_NUMBER, .number = 1},
    {.name = "many", .kind = AFT__IS_NUMBER, .number = 1234567},
    {.name = "none", .kind = AFT__IS_NUMBER, .number = 0},
    {.name = "least", .kind = AFT__IS_NUMBER, .number = INT64_MIN},
    {.name = "amount", .kind = AFT__IS_MONEY, .number = 123450, .currency = "CNY"},
    {.name = "yen", .kind = AFT__IS_MONEY, .number = 1234, .currency = "JPY"},
    {.name = "unknown", .kind = AFT__IS_MONEY, .number = 5},
    {.name = "due", .kind = AFT__IS_TIME, .number = AT, .offset_s = 8 * 3600},
    {.name = "never", .kind = AFT__IS_TIME, .number = AFT_TIME_NONE},
};

static void filled(const char *template, bool zh, aft__markup markup, const aft__filling *with, size_t n,
                   aft__buf *out) {
  aft__fill fill = {aft__cstr(template), zh, markup, with, n};
  aft__buf_init(out, env);
  aft__template_fill(out, &fill);
  aft__buf_char(out, '\0');
  assert_false(out->failed);
}

static void assert_filled(const char *template, bool zh, const char *expected) {
  aft__buf out;
  filled(template, zh, AFT__MARKUP_PLAIN, values, AFT__COUNT(values), &out);
  assert_string_equal(out.data, expected);
  aft__buf_done(&out);
}

static void values_are_written_as_the_language_writes_them(void **state) {
  (void)state;
  static const struct {
    const char *template, *zh, *en;
  } cases[] = {
      {"{code}", "T-1", "T-1"},
      {"{many}/{many:number}", "1234567/1,234,567", "1234567/1,234,567"},
      {"{none:number} {n:number}", "0 1", "0 1"},
      {"{least:number}", "-9,223,372,036,854,775,808", "-9,223,372,036,854,775,808"},
      {"{amount:money}", "¥1,234.50", "CN¥1,234.50"},
      {"{amount}", "¥1,234.50", "CN¥1,234.50"},
      {"[{unknown}]", "[]", "[]"},
      {"{due}", "2026年11月26日 14:05", "26 November 2026, 14:05"},
      {"{due:datetime}", "2026年11月26日 14:05", "26 November 2026, 14:05"},
      {"{due:date}", "2026年11月26日", "26 November 2026"},
      {"{due:time}", "14:05", "14:05"},
      {"[{never:date}]", "[]", "[]"},
      {"{nobody} {{code}", "{nobody} {code}", "{nobody} {code}"},
  };
  for (size_t i = 0; i < AFT__COUNT(cases); i++) {
    assert_filled(cases[i].template, true, cases[i].zh);
    assert_filled(cases[i].template, false, cases[i].en);
  }
}

/* CLDR: in English "one" is 1 alone (and -1), in Chinese there is one text for all. */
static void a_number_chooses_between_texts(void **state) {
  (void)state;
  static const struct {
    int64_t n;
    const char *en;
  } cases[] = {{0, "0 parcels"},   {1, "one parcel"},  {2, "2 parcels"},
               {11, "11 parcels"}, {21, "21 parcels"}, {101, "101 parcels"}};
  for (size_t i = 0; i < AFT__COUNT(cases); i++) {
    aft__filling n = {.name = "n", .kind = AFT__IS_NUMBER, .number = cases[i].n};
    char chinese[64];
    aft__buf out;
    filled("{n?one parcel|{n} parcels}", false, AFT__MARKUP_PLAIN, &n, 1, &out);
    assert_string_equal(out.data, cases[i].en);
    aft__buf_done(&out);
    filled("{n?{n} 个包裹}", true, AFT__MARKUP_PLAIN, &n, 1, &out);
    snprintf(chinese, sizeof chinese, "%lld 个包裹", (long long)cases[i].n);
    assert_string_equal(out.data, chinese);
    aft__buf_done(&out);
  }
  assert_filled("parcel{n?|s}, parcel{many?|s}", false, "parcel, parcels");
  assert_filled("{n?a {{ and {code}|none}", false, "a { and T-1");
}

static void count_places(void *user, const aft__slot *slot) {
  char *names = user;
  snprintf(names + strlen(names), 200 - strlen(names), "%.*s%s%.*s@%u ", (int)slot->name.len, slot->name.data,
           slot->form.len ? ":" : "", (int)slot->form.len, slot->form.len ? slot->form.data : "",
           slot->depth);
}

static void places_are_listed_with_those_in_choices(void **state) {
  (void)state;
  char names[200] = "";
  size_t at = 0;
  assert_int_equal(
      aft__template_places(aft__cstr("{a} {n?one {b:date}|{n} more} {c:money}"), count_places, names, &at),
      AFT_OK);
  assert_string_equal(names, "a@0 n@0 b:date@1 n@1 c:money@0 ");
}

static void what_is_not_closed_is_found(void **state) {
  (void)state;
  static const struct {
    const char *template;
    size_t at;
  } cases[] = {{"ab{c", 2},     {"{n?one|{n more}", 0}, {"{n?one|{m?a|b}}", 0},
               {"{:money}", 0}, {"{n?a\n|b}", 0},       {"x {n?a|{} b}", 2}};
  for (size_t i = 0; i < AFT__COUNT(cases); i++) {
    size_t at = 99;
    assert_int_equal(aft__template_places(aft__cstr(cases[i].template), NULL, NULL, &at), AFT_E_INVALID);
    assert_true(at >= cases[i].at && at < strlen(cases[i].template));
  }
}

/* ---- escaping, whatever the values ---- */

static const char hostile[] = "<>&\"'\\\n\t\x01\x1f{}|?:/ab";

static void random_text(uint64_t *seed, char *out, size_t size) {
  static const char *const more[] = {"中", "é", "😀", "\xE2\x80\xA8"};
  size_t n = below(seed, (uint32_t)size - 8), at = 0;
  while (at < n) {
    if (below(seed, 5) == 0) {
      const char *wide = more[below(seed, 4)];
      memcpy(out + at, wide, strlen(wide));
      at += strlen(wide);
    } else {
      out[at++] = hostile[below(seed, sizeof hostile - 1)];
    }
  }
  out[at] = '\0';
}

/* What stands between the author's own marks has none of HTML's, and reads back as the value. */
static void assert_html(const char *html, const char *value) {
  static const struct {
    const char *entity;
    char is;
  } entities[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&#39;", '\''}};
  const char *at = html + strlen("<b title=\""), *end = strstr(html, "\">");
  assert_non_null(end);
  for (; at < end; value++) {
    assert_null(strchr("<>\"'", *at));
    size_t i = 0;
    while (*at == '&' && i < 5 && strncmp(at, entities[i].entity, strlen(entities[i].entity)) != 0)
      i++;
    assert_true(i < 5);
    char is = *at == '&' ? entities[i].is : *at;
    at += *at == '&' ? strlen(entities[i].entity) : 1;
    assert_int_equal(is, *value);
  }
  assert_int_equal(*value, 0);
}

static void no_value_gets_through_as_markup(void **state) {
  (void)state;
  uint64_t seed = seed_of("escaping");
  for (int i = 0; i < 3000; i++) {
    char text[80];
    aft__buf out;
    random_text(&seed, text, sizeof text);
    aft__filling v = {.name = "v", .kind = AFT__IS_TEXT, .text = aft__cstr(text)};
    filled("<b title=\"{v}\">", false, AFT__MARKUP_HTML, &v, 1, &out);
    assert_html(out.data, text);
    aft__buf_done(&out);

    filled("{{\"a\": \"{v}\", \"b\": [\"x {v} y\"]}", false, AFT__MARKUP_JSON, &v, 1, &out);
    json_error_t error;
    json_t *json = json_loads(out.data, 0, &error);
    if (!json)
      fail_msg("%s in %s", error.text, out.data);
    assert_string_equal(json_string_value(json_object_get(json, "a")), text);
    json_decref(json);
    aft__buf_done(&out);

    filled("{v}", false, AFT__MARKUP_PLAIN, &v, 1, &out);
    assert_string_equal(out.data, text);
    aft__buf_done(&out);
  }
}

/* ---- which templates are JSON whatever they are filled with ---- */

static bool shaped(const char *template) {
  aft__buf scratch;
  aft__buf_init(&scratch, env);
  bool is = aft__json_shaped(aft__cstr(template), &scratch);
  aft__buf_done(&scratch);
  return is;
}

static void places_of_json_stand_in_texts(void **state) {
  (void)state;
  static const char *const fine[] = {"\"{code}\"", "{{\"a\":\"{code}\",\"b\":[1,-2.5e3,true,false,null,{{}]}",
                                     " [ ] ", "\"{n?one|{n} of them}\"", "{{\"\\u00e9\\n{code}\":0}"};
  static const char *const wrong[] = {
      "{code}", "{{\"a\":{code}}", "{{\"a\":\"{code}}", "plain {code}", "",       "[1,]",
      "01",     "\"{n?a\\\"|b}\"", "\"\\x{code}\"",     "[\"a\" {n}]",  "{{}{{}", "\"\\{code}\""};
  for (size_t i = 0; i < AFT__COUNT(fine); i++)
    if (!shaped(fine[i]))
      fail_msg("%s", fine[i]);
  for (size_t i = 0; i < AFT__COUNT(wrong); i++)
    if (shaped(wrong[i]))
      fail_msg("%s", wrong[i]);
}

/* What is called JSON is read by another reader of it, for values of every kind. */
static void what_is_shaped_parses(void **state) {
  (void)state;
  static const char *const parts[] = {"{{", "}",  "[",      "]",         "\"",         ",",
                                      ":",  "1",  "{code}", "{n?a|{v}}", "\\",         "null",
                                      "x",  "\n", "\"a\"",  "\"{v}\"",   "{{\"a\":1}", "[\"{v}\",2]"};
  uint64_t seed = seed_of("shapes");
  uint32_t found = 0;
  for (int i = 0; i < 20000; i++) {
    char template[120] = "", text[40];
    for (uint64_t n = below(&seed, 7); n; n--)
      strcat(template, parts[below(&seed, AFT__COUNT(parts))]);
    if (!shaped(template))
      continue;
    aft__buf out;
    random_text(&seed, text, sizeof text);
    const aft__filling with[] = {{.name = "v", .text = aft__cstr(text)},
                                 {.name = "code", .text = aft__cstr(text)},
                                 {.name = "n", .kind = AFT__IS_NUMBER, .number = i % 3}};
    filled(template, false, AFT__MARKUP_JSON, with, AFT__COUNT(with), &out);
    json_t *json = json_loads(out.data, JSON_DECODE_ANY, NULL);
    if (!json)
      fail_msg("%s", template);
    json_decref(json);
    aft__buf_done(&out);
    found++;
  }
  assert_true(found > 20);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(values_are_written_as_the_language_writes_them),
      cmocka_unit_test(a_number_chooses_between_texts),
      cmocka_unit_test(places_are_listed_with_those_in_choices),
      cmocka_unit_test(what_is_not_closed_is_found),
      cmocka_unit_test(no_value_gets_through_as_markup),
      cmocka_unit_test(places_of_json_stand_in_texts),
      cmocka_unit_test(what_is_shaped_parses),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
