/* The ground everything stands on: memory, buffers, maps, errors, hashing. */
#ifndef AFT_BASE_H
#define AFT_BASE_H

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <aftersales/common.h>
#include <aftersales/env.h>
#include <aftersales/error.h>

#define AFT__COUNT(array)      (sizeof(array) / sizeof((array)[0]))
#define AFT__PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* Returns the status of an expression when it is an error. */
#define AFT__TRY(expr)             \
  do {                             \
    aft_status aft__try_ = (expr); \
    if (aft__try_ < 0)             \
      return aft__try_;            \
  } while (0)

/* ---- env.c: the environment, and memory from its allocator ---- */

struct aft_env {
  atomic_int refs;
  aft_env_options o; /* complete: every default filled in */
};

void *aft__alloc(const aft_env *env, size_t n);  /* uninitialised; NULL when out of memory */
void *aft__zalloc(const aft_env *env, size_t n); /* zeroed */
void *aft__resize(const aft_env *env, void *p, size_t old_n, size_t new_n);
void aft__release(const aft_env *env, void *p, size_t n); /* NULL allowed; keeps errno */
int64_t aft__mono(const aft_env *env);
aft_status aft__random(const aft_env *env, void *bytes, size_t n, aft_error *error);
/* Only messages that the library itself words: numbers, ids and names of the policy, never what a
 * customer wrote and no personal data. */
void aft__log(const aft_env *env, int32_t level, const char *fmt, ...) AFT__PRINTF(3, 4);
void aft__trace(const aft_env *env, const char *name, int64_t began_ns, aft_status status, uint32_t retries);

/* ---- error.c ---- */

/* Fills *error (NULL allowed) and returns code. where may be NULL. The message
 * is cut at a character boundary when it is too long. */
aft_status aft__error(aft_error *error, aft_status code, const char *where, const char *fmt, ...)
    AFT__PRINTF(4, 5);
aft_status aft__nomem(aft_error *error);
/* Hands an error on; the size of to (NULL allowed) stays. Returns its code. */
aft_status aft__error_pass(aft_error *to, const aft_error *from);
#ifdef __clang_analyzer__
/* It does not look into another file: told that an error is negative, it follows what comes after one. */
#define aft__error(error, code, ...) ((aft__error)((error), (code), __VA_ARGS__), (aft_status)(code))
#define aft__nomem(error)            ((aft__nomem)(error), AFT_E_NOMEM)
#endif
/* Formats into cap ≥ 1 bytes, cut at a character boundary; returns the length. */
size_t aft__vformat(char *out, size_t cap, const char *fmt, va_list args) AFT__PRINTF(3, 0);

/* ---- abi.c: structs that cross the ABI ---- */

/* Copies a caller's sized struct into local (known bytes, rest zeroed) after
 * checking it: src->size between v1_size and 4096, bytes past known all zero. */
aft_status aft__abi_copy(void *local, size_t known, const void *src, size_t v1_size, const char *what,
                         aft_error *error);

/* The same for the next struct of a caller's array, whose own size is the step to the one after. */
aft_status aft__abi_next(void *local, size_t known, const char **at, size_t v1_size, const char *what,
                         aft_error *error);

/* Fills in as much of a caller's sized struct as it has room for; its size stays. */
aft_status aft__abi_give(void *dst, const void *local, size_t known, size_t v1_size, const char *what,
                         aft_error *error);

/* ---- str: aft_str helpers ---- */

static inline aft_str aft__str(const char *data, size_t len) {
  aft_str s = {data, len == AFT_NTS ? (data ? strlen(data) : 0) : len};
  return s;
}
static inline aft_str aft__cstr(const char *text) { return aft__str(text, AFT_NTS); }
static inline bool aft__str_eq(aft_str a, aft_str b) {
  return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}
/* The next of the words that stand with one space between; false at the end. */
bool aft__words_next(aft_str *words, aft_str *word);
bool aft__words_have(aft_str words, aft_str word);
int aft__str_cmp(aft_str a, aft_str b);

/* ---- arena.c: scratch memory of one call, given back at once ---- */

typedef struct aft__chunk aft__chunk;
typedef struct aft__arena {
  const aft_env *env;
  aft__chunk *chunk;
} aft__arena;

void aft__arena_init(aft__arena *arena, const aft_env *env);
void *aft__arena_alloc(aft__arena *arena, size_t n); /* 16-byte aligned, zeroed; NULL when out of memory */
void *aft__arena_room(aft__arena *arena, size_t n);  /* the same, not zeroed */
aft_str aft__arena_dup(aft__arena *arena, aft_str text); /* NUL-closed copy; data NULL when out of memory */
/* Each text becomes a copy of itself; an absent one is empty. */
aft_status aft__arena_keep(aft__arena *arena, aft_str *const *texts, size_t n, aft_error *error);
char *aft__arena_printf(aft__arena *arena, const char *fmt, ...) AFT__PRINTF(2, 3);
void aft__arena_reset(aft__arena *arena); /* forgets everything, keeps one chunk */
void aft__arena_done(aft__arena *arena);

/* ---- buf.c: a growable byte buffer; the first failure sticks ---- */

struct aft_buf {
  const aft_env *env; /* referenced when heap is true */
  char *data;
  size_t len, cap;
  bool failed; /* out of memory at some append; everything after is ignored */
  bool heap;   /* made by aft__buf_new, freed by aft_buf_free */
  bool lent;   /* data is the caller's: left behind when the text outgrows it */
};
typedef struct aft_buf aft__buf;

void aft__buf_init(aft__buf *buf, const aft_env *env); /* on the stack; end with aft__buf_done */
/* The same, in the caller's memory as long as it is enough. */
void aft__buf_lend(aft__buf *buf, const aft_env *env, void *memory, size_t size);
void aft__buf_done(aft__buf *buf);
aft_buf *aft__buf_new(aft_env *env); /* for a caller; keeps env alive */
void aft__buf_add(aft__buf *buf, const void *bytes, size_t n);
void aft__buf_str(aft__buf *buf, aft_str text);
void aft__buf_puts(aft__buf *buf, const char *text);
void aft__buf_char(aft__buf *buf, char c);
void aft__buf_printf(aft__buf *buf, const char *fmt, ...) AFT__PRINTF(2, 3);
char *aft__buf_grow(aft__buf *buf, size_t n); /* n more bytes to fill, or NULL */
void aft__buf_clear(aft__buf *buf);
aft_str aft__buf_view(const aft__buf *buf);

/* ---- map.c: text to number, open addressing, keys borrowed ---- */

typedef struct aft__map {
  const aft_env *env;
  struct aft__map_slot *slots;
  uint32_t count, cap;
} aft__map;

void aft__map_init(aft__map *map, const aft_env *env);
void aft__map_done(aft__map *map);
/* Adds key → value unless present; *out (NULL allowed) is the value that stands. */
aft_status aft__map_put(aft__map *map, aft_str key, uint32_t value, uint32_t *out);
bool aft__map_get(const aft__map *map, aft_str key, uint32_t *out);

/* ---- checked.h style arithmetic: true when the result does not fit ---- */

static inline bool aft__add_i64(int64_t a, int64_t b, int64_t *out) {
  return __builtin_add_overflow(a, b, out);
}
static inline bool aft__sub_i64(int64_t a, int64_t b, int64_t *out) {
  return __builtin_sub_overflow(a, b, out);
}
static inline bool aft__mul_i64(int64_t a, int64_t b, int64_t *out) {
  return __builtin_mul_overflow(a, b, out);
}
static inline bool aft__mul_size(size_t a, size_t b, size_t *out) {
  return __builtin_mul_overflow(a, b, out);
}

/* ---- sha256.c, hash.c ---- */

typedef struct aft__sha256 {
  uint32_t h[8];
  uint64_t bytes;
  uint8_t block[64];
} aft__sha256;

void aft__sha256_init(aft__sha256 *s);
void aft__sha256_add(aft__sha256 *s, const void *data, size_t n);
void aft__sha256_end(aft__sha256 *s, uint8_t out[32]);
void aft__hex(const uint8_t *bytes, size_t n, char *out);        /* 2n characters and a NUL */
uint64_t aft__hash64(const void *data, size_t n, uint64_t seed); /* little-endian-stable; not for secrets */

/* ---- hmac.c ---- */

void aft__hmac_sha256(const void *key, size_t n_key, const void *data, size_t n, uint8_t out[32]);
/* Takes as long whatever the bytes are. */
bool aft__same_bytes(const void *a, const void *b, size_t n);
void aft__wipe(void *bytes, size_t n); /* also where the compiler sees that nobody reads them again */

/* ---- magic.c: what a file is, by its first bytes ---- */

#define AFT__MAGIC_BYTES 64 /* are always enough to tell */
/* "image/jpeg" …; NULL for what is none of the types that evidence may have. */
const char *aft__magic_type(const void *data, size_t n);
bool aft__magic_known(aft_str type);

/* ---- json_write.c: canonical JSON (no spaces, keys in the order given) ---- */

typedef struct aft__json {
  aft__buf *buf;
  uint64_t comma; /* bit per depth: a comma is due */
  uint32_t depth;
} aft__json;

void aft__json_init(aft__json *json, aft__buf *buf);
void aft__json_open(aft__json *json, char bracket);  /* '{' or '[' */
void aft__json_close(aft__json *json, char bracket); /* '}' or ']' */
void aft__json_key(aft__json *json, const char *key);
void aft__json_str(aft__json *json, aft_str text);
/* Appends what stands between the quotation marks of a string that aft__json_str wrote. */
void aft__json_unescape(aft__buf *out, aft_str quoted);
void aft__json_i64(aft__json *json, int64_t value);
void aft__json_id(aft__json *json, int64_t id); /* as a string: "123" */
void aft__json_share(aft__json *json,
                     double value); /* six digits, a point whatever the locale; null for no number */
void aft__json_bool(aft__json *json, bool value);
void aft__json_null(aft__json *json);
void aft__json_escape(aft__buf *buf, aft_str text); /* what stands between the quotes of a JSON text */

/* ---- file.c: files mapped or replaced, for zones, policy images and models ---- */

typedef struct aft__file {
  const uint8_t *data;
  size_t size;
} aft__file;

aft_status aft__file_map(aft__file *file, const char *path, size_t most, aft_error *error);
void aft__file_unmap(aft__file *file);
/* Writes a file beside the path and gives it the name when it is whole and on the disk. */
aft_status aft__file_replace(const char *path, aft_str bytes, aft_error *error);

#endif
