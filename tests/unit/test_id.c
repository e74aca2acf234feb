/* Ids under bad clocks and several threads; short codes under typing errors. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "value/value.h"
#include "random.h"

#define NOW   INT64_C(1795397400000) /* in November 2026 */
#define EPOCH INT64_C(1704067200000) /* 2024-01-01 */

static int node_of(aft_id id) { return (int)(id >> 12 & 1023); }

/* ---- ids ---- */

static void ids_tell_their_time(void **state) {
  (void)state;
  aft__idgen gen;
  aft__idgen_init(&gen, 1023);
  aft_id id = aft__idgen_next(&gen, NOW);
  assert_true(aft_id_time(id) == NOW);
  assert_int_equal(node_of(id), 1023);
  assert_true(aft__id_first_at(NOW) <= id && id < aft__id_first_at(NOW + 1));
  assert_true(aft_id_time(aft__id_first_at(NOW)) == NOW);
  assert_true(aft_id_time(0) == AFT_TIME_NONE && aft_id_time(-1) == AFT_TIME_NONE);
  aft__idgen_init(&gen, 0);
  assert_true(aft__id_first_at(NOW) <= aft__idgen_next(&gen, NOW));
  assert_true(aft__id_first_at(INT64_MIN) > 0 && aft__id_first_at(INT64_MAX) > 0);
}

/* The clock stands still, jumps ahead or back, even before the epoch; the node changes on the way. */
static void ids_never_step_back(void **state) {
  (void)state;
  uint64_t seed = seed_of("ids");
  aft__idgen gen;
  aft__idgen_init(&gen, 5);
  aft_time now = NOW;
  aft_id last = 0;
  int node = 5;
  for (int i = 0; i < 500000; i++) {
    switch (draw(&seed) % 64) {
    case 0:
      now += (int64_t)(draw(&seed) % 100);
      break;
    case 1:
      now -= now > 0 ? (int64_t)(draw(&seed) % 100000) : 0;
      break;
    case 2:
      node = (int)(draw(&seed) % 1024);
      aft__idgen_set_node(&gen, node);
      break;
    case 3:
      now = draw(&seed) % 50 ? now : INT64_MIN;
      break;
    default:
      break;
    }
    if (now < EPOCH && draw(&seed) % 100 == 0)
      now = NOW;
    aft_id id = aft__idgen_next(&gen, now);
    assert_true(id > last);
    assert_int_equal(node_of(id), node);
    last = id;
  }
}

static void a_stalled_clock_borrows_little(void **state) {
  (void)state;
  aft__idgen gen;
  aft__idgen_init(&gen, 1);
  aft_id id = 0;
  for (int i = 0; i < 4096 * 10; i++)
    id = aft__idgen_next(&gen, NOW);
  assert_true(aft_id_time(id) == NOW + 9); /* 4096 a millisecond */
  assert_true(aft_id_time(aft__idgen_next(&gen, NOW + 1000)) == NOW + 1000);
}

static void ids_are_positive_at_the_ends(void **state) {
  (void)state;
  aft__idgen gen;
  aft__idgen_init(&gen, 0);
  assert_true(aft__idgen_next(&gen, INT64_MIN) > 0);
  assert_true(aft__idgen_next(&gen, EPOCH) > 0);
  aft_id last = 0;
  for (int i = 0; i < 4096; i++) {
    aft_id id = aft__idgen_next(&gen, INT64_MAX);
    assert_true(id > last);
    last = id;
  }
  assert_true(aft__idgen_next(&gen, INT64_MAX) == 0); /* used up, and says so */
  assert_true(aft__idgen_next(&gen, NOW) == 0);
}

#define THREADS 4
#define EACH    50000

typedef struct worker {
  pthread_t thread;
  aft__idgen *gen;
  int number;
  aft_id ids[EACH];
} worker;

static void *work(void *user) {
  worker *w = user;
  for (int i = 0; i < EACH; i++) {
    if (w->number == 0 && i % 1000 == 999)
      aft__idgen_set_node(w->gen, i / 1000);
    w->ids[i] = aft__idgen_next(w->gen, NOW + (i / 100) % 7 - w->number);
  }
  return NULL;
}

static int by_value(const void *a, const void *b) {
  aft_id x = *(const aft_id *)a, y = *(const aft_id *)b;
  return (x > y) - (x < y);
}

static void threads_share_a_generator(void **state) {
  (void)state;
  aft__idgen gen;
  aft__idgen_init(&gen, 3);
  worker *w = calloc(THREADS, sizeof *w);
  aft_id *all = malloc(sizeof *all * THREADS * EACH);
  assert_true(w && all);
  for (int t = 0; t < THREADS; t++) {
    w[t].gen = &gen;
    w[t].number = t;
    assert_int_equal(pthread_create(&w[t].thread, NULL, work, &w[t]), 0);
  }
  for (int t = 0; t < THREADS; t++) {
    pthread_join(w[t].thread, NULL);
    memcpy(all + (size_t)t * EACH, w[t].ids, sizeof w[t].ids);
    for (int i = 1; i < EACH; i++)
      assert_true(w[t].ids[i] > w[t].ids[i - 1]); /* each thread sees time go on */
  }
  qsort(all, (size_t)THREADS * EACH, sizeof *all, by_value);
  for (size_t i = 1; i < (size_t)THREADS * EACH; i++)
    assert_true(all[i] != all[i - 1]);
  free(all);
  free(w);
}

/* ---- short codes ---- */

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static const int places[] = {0, 2, 3, 4, 5, 7, 8, 9, 10};

static bool is_code(const char *text) {
  char out[AFT_CODE_SIZE];
  return aft_code_parse(text, AFT_NTS, out, NULL) == AFT_OK;
}

static void codes_have_their_form(void **state) {
  (void)state;
  uint64_t seed = seed_of("codes");
  for (int i = 0; i < 5000; i++) {
    char kind = (char)('A' + i % 26), code[AFT_CODE_SIZE], out[AFT_CODE_SIZE];
    aft__code_make(kind, draw(&seed), code);
    assert_int_equal(strlen(code), 11);
    assert_true(code[0] == kind && code[1] == '-' && code[6] == '-');
    for (int p = 1; p < 9; p++)
      assert_non_null(strchr(alphabet, code[places[p]]));
    assert_int_equal(aft_code_parse(code, AFT_NTS, out, NULL), AFT_OK);
    assert_string_equal(out, code);
  }
}

static void codes_use_all_35_bits(void **state) {
  (void)state;
  char zero[AFT_CODE_SIZE], one[AFT_CODE_SIZE];
  aft__code_make('T', 0, zero);
  for (int bit = 0; bit < 64; bit++) {
    aft__code_make('T', UINT64_C(1) << bit, one);
    assert_int_equal(strcmp(zero, one) != 0, bit < 35);
  }
}

static void every_substitution_is_noticed(void **state) {
  (void)state;
  uint64_t seed = seed_of("substitutions");
  for (int i = 0; i < 300; i++) {
    char code[AFT_CODE_SIZE], typed[AFT_CODE_SIZE];
    aft__code_make((char)('A' + i % 26), draw(&seed), code);
    for (int p = 0; p < 9; p++) {
      const char *choice = p == 0 ? "ABCDEFGHIJKLMNOPQRSTUVWXYZ" : alphabet;
      for (; *choice; choice++) {
        memcpy(typed, code, sizeof typed);
        typed[places[p]] = *choice;
        assert_int_equal(is_code(typed), *choice == code[places[p]]);
      }
    }
  }
}

static void every_exchange_of_neighbours_is_noticed(void **state) {
  (void)state;
  uint64_t seed = seed_of("exchanges");
  for (int i = 0; i < 20000; i++) {
    char code[AFT_CODE_SIZE], typed[AFT_CODE_SIZE];
    aft__code_make(alphabet[10 + i % 22], draw(&seed), code); /* a kind that can be a symbol, too */
    for (int p = 0; p < 8; p++) {
      memcpy(typed, code, sizeof typed);
      typed[places[p]] = code[places[p + 1]];
      typed[places[p + 1]] = code[places[p]];
      assert_int_equal(is_code(typed), strcmp(typed, code) == 0);
    }
  }
}

static void codes_are_read_as_people_type_them(void **state) {
  (void)state;
  char code[AFT_CODE_SIZE], out[AFT_CODE_SIZE];
  uint64_t seed = seed_of("typing");
  for (int i = 0; i < 3000; i++) {
    char typed[100];
    size_t n = 0;
    aft__code_make('T', draw(&seed), code);
    for (int p = 0; p < 9; p++) {
      static const char *const between[] = {"", " ", "-", " - ", "–", "－", "　", ""};
      char c = code[places[p]];
      if (c == '0' && draw(&seed) % 2)
        c = "oO"[draw(&seed) % 2];
      if (c == '1' && draw(&seed) % 2)
        c = "iIlL"[draw(&seed) % 4];
      if (c >= 'A' && c <= 'Z' && draw(&seed) % 2)
        c = (char)(c - 'A' + 'a');
      n += (size_t)snprintf(typed + n, sizeof typed - n, "%s%c", between[draw(&seed) % 8], c);
    }
    assert_int_equal(aft_code_parse(typed, n, out, NULL), AFT_OK);
    assert_string_equal(out, code);
  }
}

static void what_is_no_code_is_refused(void **state) {
  (void)state;
  char code[AFT_CODE_SIZE], out[AFT_CODE_SIZE] = "kept", typed[40];
  aft__code_make('T', 12345678901, code);
  static const char *const bad[] = {"",           "-",           "T",           "T-",  "7-AAAA-AAAA",
                                    "T-AAAA-AAA", "T-AAAA-AAA_", "T-UUUU-UUUU", "工单"};
  for (size_t i = 0; i < AFT__COUNT(bad); i++)
    assert_int_equal(aft_code_parse(bad[i], AFT_NTS, out, NULL), AFT_E_INVALID);
  snprintf(typed, sizeof typed, "%s0", code);
  assert_false(is_code(typed));
  snprintf(typed, sizeof typed, "x%s", code);
  assert_false(is_code(typed));
  assert_int_equal(aft_code_parse(NULL, 0, out, NULL), AFT_E_INVALID);
  assert_int_equal(aft_code_parse(code, 10, out, NULL), AFT_E_INVALID);
  assert_string_equal(out, "kept");
}

static void codes_are_found_in_text(void **state) {
  (void)state;
  char code[AFT_CODE_SIZE], other[AFT_CODE_SIZE], out[AFT_CODE_SIZE], text[200];
  uint64_t seed = seed_of("finding");
  for (int i = 0; i < 2000; i++) {
    aft__code_make('T', draw(&seed), code);
    aft__code_make('R', draw(&seed), other);
    snprintf(text, sizeof text, "[#%s] 我的工单%s怎么还没处理?", other, code);
    assert_true(aft__code_find(aft__cstr(text), 'T', out));
    assert_string_equal(out, code);
    assert_true(aft__code_find(aft__cstr(text), 'R', out));
    assert_string_equal(out, other);
    assert_false(aft__code_find(aft__cstr(text), 'C', out));
    snprintf(text, sizeof text, "x%s", code);
    assert_false(aft__code_find(aft__cstr(text), 'T', out));
    snprintf(text, sizeof text, "%sx", code);
    assert_false(aft__code_find(aft__cstr(text), 'T', out));
    snprintf(text, sizeof text, "re: %c%.4s%.4s!", code[0] - 'A' + 'a', code + 2, code + 7);
    bool digit = strpbrk(code, "0123456789") != NULL; /* else it could be a word */
    assert_int_equal(aft__code_find(aft__cstr(text), 'T', out), digit);
    memset(out, 'z', sizeof out);
    aft__code_find((aft_str){code, 10}, 'T', out); /* cut off: must not read on */
    assert_int_equal(out[0], 'z');
  }
  assert_false(aft__code_find(aft__cstr(""), 'T', out));
  assert_false(aft__code_find((aft_str){NULL, 0}, 'T', out));
  assert_false(aft__code_find(aft__cstr("the telephone, the timetable, the thousands"), 'T', out));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ids_tell_their_time),
      cmocka_unit_test(ids_never_step_back),
      cmocka_unit_test(a_stalled_clock_borrows_little),
      cmocka_unit_test(ids_are_positive_at_the_ends),
      cmocka_unit_test(threads_share_a_generator),
      cmocka_unit_test(codes_have_their_form),
      cmocka_unit_test(codes_use_all_35_bits),
      cmocka_unit_test(every_substitution_is_noticed),
      cmocka_unit_test(every_exchange_of_neighbours_is_noticed),
      cmocka_unit_test(codes_are_read_as_people_type_them),
      cmocka_unit_test(what_is_no_code_is_refused),
      cmocka_unit_test(codes_are_found_in_text),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
