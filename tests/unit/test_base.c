/* The environment, errors, sized structs, memory, buffers, maps, hashes, JSON and files. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/abi_sizes.h"
#include "random.h"
#include "base/base.h"
#include "fault_alloc.h"

static aft_env *plain_env(void) {
  aft_env *env = NULL;
  assert_int_equal(aft_env_new(NULL, &env, NULL), AFT_OK);
  return env;
}

/* The default options, with an allocator that counts and fails. */
static aft_env_options options_with(fault_alloc *faults) {
  aft_env_options o = {.size = sizeof o};
  o.alloc = fault_alloc_hooks(faults);
  return o;
}

/* ---- statuses and errors ---- */

static void statuses_are_unique_and_signed(void **state) {
  (void)state;
  static const struct {
    const char *name;
    int number, transient;
  } all[] = {
#define AFT__STATUS(name, number, transient, text) {#name, number, transient},
#include "base/errors.def"
#undef AFT__STATUS
  };
  for (size_t i = 0; i < AFT__COUNT(all); i++) {
    bool is_error = strncmp(all[i].name, "AFT_E_", 6) == 0;
    assert_true(is_error ? all[i].number < 0 : all[i].number >= 0);
    assert_string_equal(aft_status_name(all[i].number), all[i].name);
    assert_true(strlen(aft_status_text(all[i].number)) > 0);
    assert_int_equal(aft_status_is_transient(all[i].number), all[i].transient);
    for (size_t j = 0; j < i; j++)
      assert_int_not_equal(all[i].number, all[j].number);
  }
  assert_string_equal(aft_status_name(-7), "AFT_E_?");
  assert_non_null(aft_status_text(12345));
  assert_int_equal(aft_status_is_transient(12345), 0);
}

static void errors_are_cut_between_characters(void **state) {
  (void)state;
  static const char *const letters[] = {"a", "é", "好", "😀"};
  for (size_t kind = 0; kind < 4; kind++) {
    for (size_t shift = 0; shift < 5; shift++) {
      char text[600];
      size_t width = strlen(letters[kind]), n = shift;
      memset(text, 'x', shift);
      while (n + width < 500) {
        memcpy(text + n, letters[kind], width);
        n += width;
      }
      text[n] = '\0';
      aft_error e = AFT_ERROR_INIT;
      e.line = 9;
      assert_int_equal(aft__error(&e, AFT_E_INVALID, text, "%s", text), AFT_E_INVALID);
      assert_int_equal(e.code, AFT_E_INVALID);
      assert_int_equal(e.line, 0);
      size_t message = strlen(e.message), where = strlen(e.where);
      assert_true(message <= 255 && message > 255 - width && (message - shift) % width == 0);
      assert_true(where <= 95 && where > 95 - width && (where - shift) % width == 0);
      assert_memory_equal(e.message, text, message);
      assert_memory_equal(e.where, text, where);
    }
  }
  assert_int_equal(aft__error(NULL, AFT_E_IO, NULL, "nobody listens"), AFT_E_IO);
}

static void a_message_that_fits_is_whole(void **state) {
  (void)state;
  aft_error e = AFT_ERROR_INIT;
  char text[256];
  memset(text, 'y', 252);
  memcpy(text + 252, "好", 4); /* ends at the last byte of the room */
  aft__error(&e, AFT_E_INVALID, NULL, "%s", text);
  assert_string_equal(e.message, text);
  assert_string_equal(e.where, "");
}

/* ---- sized structs ---- */

typedef struct sample_v1 {
  size_t size;
  uint64_t a;
} sample_v1;
typedef struct sample_v2 {
  size_t size;
  uint64_t a, b;
} sample_v2;

static void sized_structs_cross_versions(void **state) {
  (void)state;
  sample_v1 old = {sizeof old, 1};
  sample_v2 fresh = {sizeof fresh, 1, 2}, into;
  memset(&into, 0xFF, sizeof into);
  assert_int_equal(aft__abi_copy(&into, sizeof into, &old, sizeof old, "sample", NULL), AFT_OK);
  assert_true(into.a == 1 && into.b == 0);
  assert_int_equal(aft__abi_copy(&into, sizeof into, &fresh, sizeof old, "sample", NULL), AFT_OK);
  assert_true(into.a == 1 && into.b == 2);
  sample_v1 into_old;
  aft_error e = AFT_ERROR_INIT;
  assert_int_equal(aft__abi_copy(&into_old, sizeof into_old, &fresh, sizeof old, "sample", &e), AFT_E_ABI);
  assert_non_null(strstr(e.message, "newer"));
  fresh.b = 0;
  assert_int_equal(aft__abi_copy(&into_old, sizeof into_old, &fresh, sizeof old, "sample", NULL), AFT_OK);
}

static void wrong_sizes_are_named(void **state) {
  (void)state;
  sample_v2 into, from = {0, 1, 2};
  aft_error e = AFT_ERROR_INIT;
  assert_int_equal(aft__abi_copy(&into, sizeof into, &from, 16, "sample", &e), AFT_E_ABI);
  assert_string_equal(e.message, "sample.size is 0: set it to sizeof(sample)");
  from.size = 15;
  assert_int_equal(aft__abi_copy(&into, sizeof into, &from, 16, "sample", &e), AFT_E_ABI);
  from.size = 4097;
  assert_int_equal(aft__abi_copy(&into, sizeof into, &from, 16, "sample", &e), AFT_E_ABI);
  from.size = SIZE_MAX;
  assert_int_equal(aft__abi_copy(&into, sizeof into, &from, 16, "sample", &e), AFT_E_ABI);
  assert_int_equal(aft__abi_copy(&into, sizeof into, NULL, 16, "sample", &e), AFT_E_NULL_HANDLE);
}

/* ---- the environment ---- */

static void an_environment_needs_nothing(void **state) {
  (void)state;
  aft_env *env = plain_env();
  int64_t now = (int64_t)time(NULL) * 1000, shown = aft_env_now(env);
  assert_true(shown >= now - 1000 && shown < now + 5000);
  int64_t mono = aft__mono(env);
  assert_true(aft__mono(env) >= mono);
  uint8_t a[64] = {0}, b[64] = {0};
  assert_int_equal(aft__random(env, a, sizeof a, NULL), AFT_OK);
  assert_int_equal(aft__random(env, b, sizeof b, NULL), AFT_OK);
  assert_memory_not_equal(a, b, sizeof a);
  assert_true(env->o.limits.parts == 64 && env->o.limits.text_bytes == 262144);
  assert_ptr_equal(aft_env_ref(env), env);
  aft_env_unref(env);
  aft_env_unref(env);
  aft_env_unref(NULL);
  assert_string_equal(aft_version(), AFT_VERSION_STRING);
}

static void wrong_options_are_refused(void **state) {
  (void)state;
  fault_alloc c = {0};
  aft_error e = AFT_ERROR_INIT;
  aft_env *env = (aft_env *)&c;
  aft_env_options o = {0};
  assert_int_equal(aft_env_new(&o, &env, &e), AFT_E_ABI);
  assert_null(env);
  assert_string_equal(e.message, "aft_env_options.size is 0: set it to sizeof(aft_env_options)");
  o = options_with(&c);
  o.alloc.resize = NULL;
  assert_int_equal(aft_env_new(&o, &env, &e), AFT_E_INVALID);
  o = options_with(&c);
  o.alloc.size = 0;
  assert_int_equal(aft_env_new(&o, &env, &e), AFT_E_ABI);
  o = options_with(&c);
  o.limits.retries = 3; /* without its size */
  assert_int_equal(aft_env_new(&o, &env, &e), AFT_E_ABI);
  assert_string_equal(e.where, "aft_env_options.limits");
  o.limits.size = sizeof o.limits + 8;
  assert_int_equal(aft_env_new(&o, &env, &e), AFT_E_ABI);
  o.limits.size = 8;
  assert_int_equal(aft_env_new(&o, &env, &e), AFT_E_ABI);
  o.limits.size = sizeof o.limits;
  o.reserved0 = 1;
  assert_int_equal(aft_env_new(&o, &env, &e), AFT_E_ABI);
  assert_int_equal(c.calls, 0);
  c.fail_at = 1;
  o.reserved0 = 0;
  assert_int_equal(aft_env_new(&o, &env, &e), AFT_E_NOMEM);
  assert_int_equal(aft_env_new(&o, NULL, &e), AFT_E_INVALID);
}

static int64_t stopped_clock(void *user) { return *(int64_t *)user; }

static int broken_random(void *user, void *bytes, size_t n) {
  (void)user, (void)bytes, (void)n;
  return 17;
}

typedef struct heard {
  int count;
  int32_t level;
  char text[600];
  aft_trace trace;
} heard;

static void hear(void *user, int32_t level, const char *message) {
  heard *h = user;
  h->count++;
  h->level = level;
  snprintf(h->text, sizeof h->text, "%s", message);
}

static void hear_trace(void *user, const aft_trace *trace) { ((heard *)user)->trace = *trace; }

static void the_hosts_functions_are_used(void **state) {
  (void)state;
  fault_alloc c = {0};
  int64_t at = 123456789;
  heard h = {0};
  aft_env_options o = options_with(&c);
  o.clock = (aft_clock){sizeof o.clock, stopped_clock, stopped_clock, &at};
  o.limits = (aft_limits){sizeof o.limits, 0, 7, 0, 0, 0};
  o.random = broken_random;
  o.log = hear;
  o.log_user = &h;
  o.trace = hear_trace;
  o.trace_user = &h;
  aft_env *env;
  aft_error e = AFT_ERROR_INIT;
  assert_int_equal(aft_env_new(&o, &env, &e), AFT_OK);
  assert_true(aft_env_now(env) == at);
  assert_true(env->o.limits.parts == 7 && env->o.limits.batch == 10000);
  uint8_t bytes[4];
  assert_int_equal(aft__random(env, bytes, 4, &e), AFT_E_CALLBACK);
  assert_int_equal(e.native, 17);
  aft__log(env, AFT_LOG_INFO, "not heard");
  assert_int_equal(h.count, 0);
  aft__log(env, AFT_LOG_ERROR, "%s %d", "heard", 5);
  assert_string_equal(h.text, "heard 5");
  assert_int_equal(h.level, AFT_LOG_ERROR);
  int64_t began = aft__mono(env);
  at += 50;
  aft__trace(env, "tick", began, AFT_E_LOCKED, 2);
  assert_string_equal(h.trace.name, "tick");
  assert_true(h.trace.duration_ns == 50 && h.trace.status == AFT_E_LOCKED && h.trace.retries == 2);
  at -= 500; /* a clock that steps back shows no negative duration */
  aft__trace(env, "tick", began, AFT_OK, 0);
  assert_true(h.trace.duration_ns == 0);
  aft_env_unref(env);
  assert_int_equal(c.bytes, 0);
}

static void memory_of_no_bytes_is_memory(void **state) {
  (void)state;
  fault_alloc c = {0};
  aft_env_options o = options_with(&c);
  aft_env *env;
  assert_int_equal(aft_env_new(&o, &env, NULL), AFT_OK);
  void *p = aft__alloc(env, 0);
  assert_non_null(p);
  p = aft__resize(env, p, 0, 10);
  assert_non_null(p);
  p = aft__resize(env, p, 10, 0);
  assert_non_null(p);
  aft__release(env, p, 0);
  void *q = aft__resize(env, NULL, 0, 5);
  errno = 99;
  aft__release(env, q, 5);
  assert_int_equal(errno, 99);
  assert_null(aft__alloc(env, SIZE_MAX));
  aft__release(env, NULL, 0);
  aft_env_unref(env);
  assert_int_equal(c.bytes, 0);
}

/* ---- arena, buffer, map: random use, and each allocation failed in turn ---- */

#define PIECES 300

static bool use_arena(aft_env *env, uint64_t seed) {
  aft__arena arena;
  aft__arena_init(&arena, env);
  unsigned char *piece[PIECES];
  size_t size[PIECES];
  bool ok = true;
  for (int round = 0; round < 2 && ok; round++) {
    int n = 0;
    for (; n < PIECES; n++) {
      size[n] = draw(&seed) % (draw(&seed) % 16 == 0 ? 20000 : 100);
      piece[n] = aft__arena_alloc(&arena, size[n]);
      if (!piece[n]) {
        ok = false;
        break;
      }
      assert_int_equal((uintptr_t)piece[n] % 16, 0);
      for (size_t i = 0; i < size[n]; i++)
        assert_int_equal(piece[n][i], 0);
      memset(piece[n], n & 0xFF, size[n]);
    }
    for (int i = 0; i < n; i++)
      for (size_t j = 0; j < size[i]; j++)
        assert_int_equal(piece[i][j], i & 0xFF);
    aft__arena_reset(&arena);
  }
  aft_str copy = aft__arena_dup(&arena, AFT_STR("好的"));
  char *text = aft__arena_printf(&arena, "%d-%s", 42, "x");
  if (copy.data && text) {
    assert_string_equal(copy.data, "好的");
    assert_int_equal(copy.len, 6);
    assert_string_equal(text, "42-x");
  } else {
    ok = false;
  }
  aft__arena_done(&arena);
  return ok;
}

static bool use_buf(aft_env *env, uint64_t seed) {
  (void)seed;
  aft_buf *buf = aft__buf_new(env);
  if (!buf)
    return false;
  char want[6000] = "";
  size_t n = 0;
  for (int i = 0; i < 400; i++) {
    n += (size_t)snprintf(want + n, sizeof want - n, "%d;ab%c", i, 'a' + i % 26);
    aft__buf_printf(buf, "%d", i);
    aft__buf_char(buf, ';');
    aft__buf_puts(buf, "a");
    aft__buf_str(buf, AFT_STR("b"));
    char *at = aft__buf_grow(buf, 1);
    if (at)
      *at = (char)('a' + i % 26);
  }
  bool ok = !buf->failed;
  if (ok) {
    assert_string_equal(aft_buf_data(buf), want);
    assert_int_equal(aft_buf_size(buf), n);
  }
  aft_buf_free(buf);
  return ok;
}

static bool use_map(aft_env *env, uint64_t seed) {
  (void)seed;
  static char keys[2000][8];
  aft__map map;
  aft__map_init(&map, env);
  uint32_t found;
  bool ok = true;
  assert_false(aft__map_get(&map, AFT_STR("none"), NULL));
  uint32_t n = 0;
  for (; n < 2000 && ok; n++) {
    snprintf(keys[n], sizeof keys[n], "%x", n * 7919);
    ok = aft__map_put(&map, aft__cstr(keys[n]), n, NULL) == AFT_OK;
  }
  n -= !ok;
  for (uint32_t i = 0; i < n; i++) {
    assert_true(aft__map_get(&map, aft__cstr(keys[i]), &found));
    assert_int_equal(found, i);
    assert_int_equal(aft__map_put(&map, aft__cstr(keys[i]), 5000, &found), AFT_OK);
    assert_int_equal(found, i);
  }
  assert_int_equal(map.count, n);
  assert_false(aft__map_get(&map, AFT_STR("zz"), NULL));
  if (ok) {
    assert_int_equal(aft__map_put(&map, AFT_STR(""), 9, NULL), AFT_OK);
    assert_true(aft__map_get(&map, (aft_str){NULL, 0}, &found) && found == 9);
  }
  aft__map_done(&map);
  return ok;
}

static void fails_without_leaking(bool (*use)(aft_env *, uint64_t), uint64_t seed) {
  fault_alloc c = {0};
  for (size_t fail_at = 1;; fail_at++) {
    c.calls = 0;
    c.fail_at = 0;
    aft_env_options o = options_with(&c);
    aft_env *env;
    assert_int_equal(aft_env_new(&o, &env, NULL), AFT_OK);
    c.fail_at = fail_at + 1;
    bool ok = use(env, seed);
    bool reached = c.calls >= c.fail_at;
    aft_env_unref(env);
    assert_int_equal(c.bytes, 0);
    assert_int_equal(ok, !reached);
    if (!reached)
      break;
  }
}

static void arena_keeps_pieces_apart(void **state) {
  (void)state;
  fails_without_leaking(use_arena, seed_of("arena"));
}

static void buffer_appends(void **state) {
  (void)state;
  fails_without_leaking(use_buf, 0);
  aft_env *env = plain_env();
  aft__buf buf;
  aft__buf_init(&buf, env);
  assert_string_equal(aft__buf_view(&buf).data, "");
  assert_null(aft__buf_grow(&buf, SIZE_MAX - 10));
  assert_true(buf.failed);
  aft__buf_puts(&buf, "ignored");
  assert_int_equal(buf.len, 0);
  aft__buf_clear(&buf);
  aft__buf_puts(&buf, "taken");
  assert_true(aft__str_eq(aft__buf_view(&buf), aft__cstr("taken")));
  aft__buf_done(&buf);
  aft_env_unref(env);
  assert_string_equal(aft_buf_data(NULL), "");
  assert_int_equal(aft_buf_size(NULL), 0);
  aft_buf_free(NULL);
}

static void map_finds_what_was_put(void **state) {
  (void)state;
  fails_without_leaking(use_map, 0);
}

static void texts_are_ordered_by_bytes(void **state) {
  (void)state;
  assert_true(aft__str_cmp(aft__cstr("a"), aft__cstr("b")) < 0);
  assert_true(aft__str_cmp(aft__cstr("a"), aft__cstr("ab")) < 0);
  assert_true(aft__str_cmp(aft__cstr("z"), aft__cstr("é")) < 0);
  assert_true(aft__str_cmp(aft__cstr(""), aft__cstr("")) == 0);
  assert_true(aft__str_cmp(aft__cstr("ab"), aft__cstr("a")) > 0);
}

/* ---- hash ---- */

static void hash_depends_on_everything(void **state) {
  (void)state;
  uint64_t seed = seed_of("hash");
  unsigned char data[64] = {0};
  for (size_t n = 0; n < 63; n++)
    assert_true(aft__hash64(data, n, 0) != aft__hash64(data, n + 1, 0));
  int changed = 0, trials = 4000;
  for (int t = 0; t < trials; t++) {
    size_t n = 1 + draw(&seed) % 63;
    for (size_t i = 0; i < n; i++)
      data[i] = (unsigned char)draw(&seed);
    uint64_t before = aft__hash64(data, n, 5);
    assert_true(before != aft__hash64(data, n, 6));
    data[draw(&seed) % n] ^= (unsigned char)(1u << draw(&seed) % 8);
    uint64_t difference = before ^ aft__hash64(data, n, 5);
    assert_true(difference != 0);
    changed += __builtin_popcountll(difference);
  }
  double mean = (double)changed / trials; /* 32 of 64 bits, give or take 0.07 */
  assert_true(mean > 31 && mean < 33);
}

/* Stored checksums rely on these numbers: they must be the same on each machine and in each version. */
static void hash_is_pinned(void **state) {
  (void)state;
  assert_true(aft__hash64("", 0, 0) == UINT64_C(0x48218226FF3CD4BF));
  assert_true(aft__hash64("aftersales", 10, 0) == UINT64_C(0xF9FF27C23E4425DD));
  assert_true(aft__hash64("0123456789abcdef", 16, 7) == UINT64_C(0xDA9D440062B442A0));
}

/* ---- JSON ---- */

static void json_is_written(void **state) {
  (void)state;
  aft_env *env = plain_env();
  aft__buf buf;
  aft__json j;
  aft__buf_init(&buf, env);
  aft__json_init(&j, &buf);
  aft__json_open(&j, '{');
  aft__json_key(&j, "a\"b");
  aft__json_open(&j, '[');
  aft__json_i64(&j, INT64_MIN);
  aft__json_id(&j, INT64_MAX);
  aft__json_bool(&j, true);
  aft__json_bool(&j, false);
  aft__json_null(&j);
  aft__json_open(&j, '[');
  aft__json_close(&j, ']');
  aft__json_open(&j, '{');
  aft__json_close(&j, '}');
  aft__json_close(&j, ']');
  aft__json_key(&j, "t");
  aft__json_str(&j, (aft_str){"q\"\\/\b\f\n\r\t\x01\x1f\x7f\0好\xE2\x80\xA8", 19});
  aft__json_close(&j, '}');
  assert_string_equal(aft__buf_view(&buf).data,
                      "{\"a\\\"b\":[-9223372036854775808,\"9223372036854775807\",true,false,null,[],{}],"
                      "\"t\":\"q\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\\u0000好\xE2\x80\xA8\"}");
  aft__buf_done(&buf);
  aft_env_unref(env);
}

static void json_too_deep_is_noticed(void **state) {
  (void)state;
  aft_env *env = plain_env();
  aft__buf buf;
  aft__json j;
  aft__buf_init(&buf, env);
  aft__json_init(&j, &buf);
  for (int i = 0; i < 63; i++)
    aft__json_open(&j, '[');
  assert_false(buf.failed);
  for (int i = 0; i < 63; i++)
    aft__json_open(&j, '[');
  assert_true(buf.failed);
  aft__buf_done(&buf);
  aft_env_unref(env);
}

/* ---- files ---- */

static void files_are_mapped(void **state) {
  (void)state;
  char path[] = "/tmp/aft_base_XXXXXX";
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  aft__file file;
  aft_error e = AFT_ERROR_INIT;
  assert_int_equal(aft__file_map(&file, path, 100, &e), AFT_OK);
  assert_true(file.size == 0 && file.data);
  aft__file_unmap(&file);
  assert_int_equal(write(fd, "hello", 5), 5);
  assert_int_equal(aft__file_map(&file, path, 5, &e), AFT_OK);
  assert_memory_equal(file.data, "hello", 5);
  assert_int_equal(file.size, 5);
  aft__file_unmap(&file);
  assert_int_equal(aft__file_map(&file, path, 4, &e), AFT_E_TOO_LARGE);
  close(fd);
  unlink(path);
  assert_int_equal(aft__file_map(&file, path, 100, &e), AFT_E_IO);
  assert_int_equal(e.native, ENOENT);
  assert_null(strstr(e.message, path));
  assert_int_equal(aft__file_map(&file, "/tmp", 100, &e), AFT_E_IO);
  assert_int_equal(mkfifo(path, 0600), 0); /* must not wait for a writer */
  assert_int_equal(aft__file_map(&file, path, 100, &e), AFT_E_IO);
  unlink(path);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(statuses_are_unique_and_signed),
      cmocka_unit_test(errors_are_cut_between_characters),
      cmocka_unit_test(a_message_that_fits_is_whole),
      cmocka_unit_test(sized_structs_cross_versions),
      cmocka_unit_test(wrong_sizes_are_named),
      cmocka_unit_test(an_environment_needs_nothing),
      cmocka_unit_test(wrong_options_are_refused),
      cmocka_unit_test(the_hosts_functions_are_used),
      cmocka_unit_test(memory_of_no_bytes_is_memory),
      cmocka_unit_test(arena_keeps_pieces_apart),
      cmocka_unit_test(buffer_appends),
      cmocka_unit_test(map_finds_what_was_put),
      cmocka_unit_test(texts_are_ordered_by_bytes),
      cmocka_unit_test(hash_depends_on_everything),
      cmocka_unit_test(hash_is_pinned),
      cmocka_unit_test(json_is_written),
      cmocka_unit_test(json_too_deep_is_noticed),
      cmocka_unit_test(files_are_mapped),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
