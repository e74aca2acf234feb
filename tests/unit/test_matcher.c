/* The matcher against a naive search, and against damaged blocks. */
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

typedef struct world {
  aft_env *env;
} world;

static int setup(void **state) {
  static world w;
  assert_int_equal(aft_env_new(NULL, &w.env, NULL), AFT_OK);
  *state = &w;
  return 0;
}

static int teardown(void **state) {
  aft_env_unref(((world *)*state)->env);
  return 0;
}

typedef struct pattern {
  char bytes[64];
  size_t len;
  uint32_t flags;
} pattern;

typedef struct found {
  aft__match list[20000];
  size_t n;
} found;

static bool collect(void *user, const aft__match *match) {
  found *f = user;
  if (f->n < AFT__COUNT(f->list))
    f->list[f->n] = *match;
  f->n++;
  return true;
}

static bool naive_word_char(const char *text, size_t len, size_t at, bool before) {
  uint32_t c;
  if (before) {
    if (at == 0)
      return false;
    at--;
    while (at > 0 && ((uint8_t)text[at] & 0xC0) == 0x80)
      at--;
  } else if (at == len) {
    return false;
  }
  aft__utf8_next(text + at, text + len, &c);
  return (c < 0x80 && aft__is_letter(c)) || (c >= '0' && c <= '9') || c == 0xE9;
}

static bool naive_matches(const pattern *p, const char *text, size_t len, size_t at) {
  if (at + p->len > len || memcmp(text + at, p->bytes, p->len) != 0)
    return false;
  if (!(p->flags & AFT__MATCH_WORD))
    return true;
  size_t end = at + p->len;
  bool cut_before = naive_word_char(text, len, at, true) && naive_word_char(text, len, at, false);
  bool cut_after = naive_word_char(text, len, end, true) && naive_word_char(text, len, end, false);
  return !cut_before && !cut_after;
}

/* All matches by rising end, the longest first, equal ones by id. */
static void naive(const pattern *patterns, size_t n, const char *text, size_t len, found *f) {
  f->n = 0;
  for (size_t end = 1; end <= len; end++)
    for (size_t size = 63; size > 0; size--)
      for (size_t i = 0; i < n; i++)
        if (patterns[i].len == size && size <= end && naive_matches(&patterns[i], text, len, end - size)) {
          aft__match m = {(uint32_t)i, (uint32_t)(end - size), (uint32_t)end};
          collect(f, &m);
        }
}

static const char *const letters[] = {"a", "b", "é", "退", "款", "货", " ", "1", "不", "退款"};

static size_t random_text(uint64_t *s, char *out, size_t most) {
  size_t len = 0, n = 1 + draw32(s) % most;
  uint32_t kinds = 2 + draw32(s) % (AFT__COUNT(letters) - 1);
  for (size_t i = 0; i < n; i++) {
    const char *piece = letters[draw32(s) % kinds];
    memcpy(out + len, piece, strlen(piece));
    len += strlen(piece);
  }
  return len;
}

/* A block in memory of exactly its size, so that a sanitiser sees every step outside. */
static void *build(aft_env *env, const pattern *patterns, size_t n, size_t *size) {
  aft__matcher_builder *builder = aft__matcher_builder_new(env);
  assert_non_null(builder);
  for (size_t i = 0; i < n; i++)
    assert_int_equal(aft__matcher_add(builder, aft__str(patterns[i].bytes, patterns[i].len), (uint32_t)i,
                                      patterns[i].flags),
                     AFT_OK);
  aft__buf out;
  aft__buf_init(&out, env);
  assert_int_equal(aft__matcher_build(builder, &out, NULL), AFT_OK);
  aft__matcher_builder_free(builder);
  *size = out.len;
  void *block = malloc(out.len);
  memcpy(block, out.data, out.len);
  aft__buf_done(&out);
  return block;
}

static void finds_what_a_naive_search_finds(void **state) {
  world *w = *state;
  uint64_t s = seed_of("naive");
  static pattern patterns[60];
  static found expected, got;
  static char text[2000];
  for (int round = 0; round < 400; round++) {
    size_t n = draw32(&s) % AFT__COUNT(patterns), size;
    for (size_t i = 0; i < n; i++) {
      patterns[i].len = random_text(&s, patterns[i].bytes, 5);
      patterns[i].flags = draw32(&s) % 3 == 0 ? AFT__MATCH_WORD : 0;
    }
    void *block = build(w->env, patterns, n, &size);
    assert_true(aft__matcher_valid(block, size));
    for (int t = 0; t < 4; t++) {
      size_t len = random_text(&s, text, 120);
      naive(patterns, n, text, len, &expected);
      got.n = 0;
      aft__matcher_scan(block, aft__str(text, len), collect, &got);
      assert_int_equal(got.n, expected.n);
      for (size_t i = 0; i < got.n; i++) {
        assert_int_equal(got.list[i].id, expected.list[i].id);
        assert_int_equal(got.list[i].begin, expected.list[i].begin);
        assert_int_equal(got.list[i].end, expected.list[i].end);
      }
    }
    free(block);
  }
}

/* Any bytes, few or many different ones: short and long labels, nodes of two and of many children, and more
 * than two equal patterns. */
static void finds_patterns_of_any_bytes(void **state) {
  world *w = *state;
  uint64_t s = seed_of("bytes of any kind");
  static pattern patterns[300];
  static found expected, got;
  static char text[300];
  for (int round = 0; round < 200; round++) {
    size_t n = 1 + draw32(&s) % AFT__COUNT(patterns), size;
    uint32_t kinds = 1 + draw32(&s) % (round % 2 ? 60 : 3), from = draw32(&s) % 196,
             most = 1 + draw32(&s) % 60;
    for (size_t i = 0; i < n; i++) {
      patterns[i].flags = 0;
      patterns[i].len = 1 + draw32(&s) % (i % 8 ? 3 : most);
      for (size_t k = 0; k < patterns[i].len; k++)
        patterns[i].bytes[k] = (char)(from + draw32(&s) % kinds);
    }
    void *block = build(w->env, patterns, n, &size);
    assert_true(aft__matcher_valid(block, size));
    size_t len = 0;
    while (len < AFT__COUNT(text) - 64) {
      const pattern *p = &patterns[draw32(&s) % n];
      memcpy(text + len, p->bytes, p->len);
      len += p->len;
    }
    naive(patterns, n, text, len, &expected);
    got.n = 0;
    aft__matcher_scan(block, aft__str(text, len), collect, &got);
    assert_int_equal(got.n, expected.n);
    assert_memory_equal(got.list, expected.list,
                        (got.n < AFT__COUNT(got.list) ? got.n : AFT__COUNT(got.list)) * sizeof *got.list);
    free(block);
  }
}

static void all_bytes_and_lengths_work(void **state) {
  world *w = *state;
  uint64_t s = seed_of("bytes");
  aft__matcher_builder *builder = aft__matcher_builder_new(w->env);
  char long_text[256];
  for (uint32_t b = 0; b < 256; b++) {
    char byte = (char)b;
    assert_int_equal(aft__matcher_add(builder, aft__str(&byte, 1), b, 0), AFT_OK);
    long_text[b] = (char)draw32(&s);
  }
  assert_int_equal(aft__matcher_add(builder, aft__str(long_text, 255), 1000, 0), AFT_OK);
  assert_int_equal(aft__matcher_add(builder, aft__str(long_text, 256), 1001, 0), AFT_E_INVALID);
  assert_int_equal(aft__matcher_add(builder, aft__str(long_text, 0), 1002, 0), AFT_E_INVALID);
  aft__buf out;
  aft__buf_init(&out, w->env);
  assert_int_equal(aft__matcher_build(builder, &out, NULL), AFT_OK);
  assert_true(aft__matcher_valid(out.data, out.len));
  static found got;
  got.n = 0;
  aft__matcher_scan(out.data, aft__str(long_text, 256), collect, &got);
  assert_int_equal(got.n, 257);
  bool whole = false;
  for (size_t i = 0; i < got.n; i++)
    whole |= got.list[i].id == 1000 && got.list[i].begin == 0 && got.list[i].end == 255;
  assert_true(whole);
  aft__buf_done(&out);
  aft__matcher_builder_free(builder);
}

static bool stop_at_second(void *user, const aft__match *match) {
  (void)match;
  return ++*(int *)user < 2;
}

static void a_callback_ends_the_scan(void **state) {
  world *w = *state;
  pattern p = {"a", 1, 0};
  size_t size;
  void *block = build(w->env, &p, 1, &size);
  int calls = 0;
  aft__matcher_scan(block, aft__cstr("aaaaaa"), stop_at_second, &calls);
  assert_int_equal(calls, 2);
  free(block);
}

/* Damaged blocks are refused or harmless: the sanitisers watch, and the scan ends. */
static void damaged_blocks_do_no_harm(void **state) {
  world *w = *state;
  uint64_t s = seed_of("damage");
  static pattern patterns[40];
  static char text[2000];
  static found got;
  int accepted = 0, refused = 0;
  for (int round = 0; round < 60; round++) {
    size_t n = 1 + draw32(&s) % (AFT__COUNT(patterns) - 1), size;
    for (size_t i = 0; i < n; i++) {
      patterns[i].len = random_text(&s, patterns[i].bytes, 6);
      patterns[i].flags = draw32(&s) % 2;
    }
    uint8_t *good = build(w->env, patterns, n, &size), *bad = malloc(size);
    for (int flip = 0; flip < 100; flip++) {
      memcpy(bad, good, size);
      uint32_t flips = 1 + draw32(&s) % 4;
      for (uint32_t i = 0; i < flips; i++)
        bad[draw32(&s) % (flip % 4 == 0 ? 32 : size)] ^= (uint8_t)(1u << draw32(&s) % 8);
      if (!aft__matcher_valid(bad, size)) {
        refused++;
        continue;
      }
      accepted++;
      size_t len = random_text(&s, text, 200);
      got.n = 0;
      aft__matcher_scan(bad, aft__str(text, len), collect, &got);
      for (size_t i = 0; i < got.n && i < AFT__COUNT(got.list); i++) {
        assert_true(got.list[i].begin < got.list[i].end);
        assert_true(got.list[i].end <= len);
      }
    }
    for (size_t cut = 0; cut < size; cut += 1 + draw32(&s) % 97)
      assert_false(aft__matcher_valid(good, cut));
    free(good);
    free(bad);
  }
  assert_true(accepted > 0 && refused > 0);
}

/* A place of a child that is no node's, or another node's, is refused. */
static void other_places_are_refused(void **state) {
  world *w = *state;
  pattern p[] = {{"ab", 2, 0}, {"bb", 2, 0}, {"abb", 3, 0}, {"cbb", 3, 0}, {"c", 1, 0}};
  size_t size;
  uint8_t *block = build(w->env, p, AFT__COUNT(p), &size);
  const size_t head = 24 + 8 * 256;
  assert_true(aft__matcher_valid(block, size));
  /* the first node: flags, children - 1, the place of the first child, which lies behind two nodes */
  assert_int_equal(block[head + 1], 1);
  for (uint32_t place = 0; place < 2 * size; place++) {
    uint8_t kept[2] = {block[head + 2], block[head + 3]};
    block[head + 2] = (uint8_t)place;
    block[head + 3] = (uint8_t)(place >> 8);
    bool same = memcmp(kept, block + head + 2, 2) == 0;
    assert_int_equal(aft__matcher_valid(block, size), same);
    memcpy(block + head + 2, kept, 2);
  }
  free(block);
}

/* Twenty thousand patterns: at most 16 bytes for each, and equal builds are equal bytes. */
static void large_sets_are_compact(void **state) {
  world *w = *state;
  uint64_t s = seed_of("large");
  aft__buf out[2];
  for (int k = 0; k < 2; k++) {
    uint64_t r = s;
    aft__matcher_builder *builder = aft__matcher_builder_new(w->env);
    for (uint32_t i = 0; i < 20000; i++) {
      char text[32];
      size_t len = 0;
      for (uint32_t c = 2 + draw32(&r) % 4; c > 0; c--) {
        uint32_t code = 0x4E00 + draw32(&r) % 3000;
        text[len++] = (char)(0xE0 | code >> 12);
        text[len++] = (char)(0x80 | (code >> 6 & 0x3F));
        text[len++] = (char)(0x80 | (code & 0x3F));
      }
      assert_int_equal(aft__matcher_add(builder, aft__str(text, len), i, AFT__MATCH_WORD), AFT_OK);
    }
    aft__buf_init(&out[k], w->env);
    assert_int_equal(aft__matcher_build(builder, &out[k], NULL), AFT_OK);
    aft__matcher_builder_free(builder);
  }
  printf("# large: %.2f bytes a pattern\n", (double)out[0].len / 20000);
  assert_true(out[0].len < (size_t)16 * 20000);
  assert_true(aft__str_eq(aft__buf_view(&out[0]), aft__buf_view(&out[1])));
  aft__buf_done(&out[0]);
  aft__buf_done(&out[1]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(finds_what_a_naive_search_finds), cmocka_unit_test(finds_patterns_of_any_bytes),
      cmocka_unit_test(all_bytes_and_lengths_work),      cmocka_unit_test(a_callback_ends_the_scan),
      cmocka_unit_test(damaged_blocks_do_no_harm),       cmocka_unit_test(other_places_are_refused),
      cmocka_unit_test(large_sets_are_compact),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
