/* Scratch memory of one call: chunks that grow, given back at once. */
#include <stdio.h>

#include "base/base.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define POISON(p, n)   ASAN_POISON_MEMORY_REGION(p, n)
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION(p, n)
#define RED_ZONE       16 /* unusable bytes behind each piece, so that overruns are seen */
#else
#define POISON(p, n)   ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#define RED_ZONE       0
#endif

#define ALIGN       ((size_t)16)
#define FIRST_CHUNK ((size_t)4096)
#define LAST_CHUNK  ((size_t)256 << 10)

struct aft__chunk {
  aft__chunk *next; /* older */
  size_t size;      /* of the whole allocation */
  size_t used;      /* from the chunk's start, a multiple of ALIGN */
};

#define HEADER ((sizeof(aft__chunk) + ALIGN - 1) & ~(ALIGN - 1))

static char *bytes_of(aft__chunk *chunk) { return (char *)chunk; }

void aft__arena_init(aft__arena *arena, const aft_env *env) {
  arena->env = env;
  arena->chunk = NULL;
}

static aft__chunk *new_chunk(const aft_env *env, size_t size) {
  aft__chunk *chunk = aft__alloc(env, size);
  if (!chunk)
    return NULL;
  chunk->next = NULL;
  chunk->size = size;
  chunk->used = HEADER;
  POISON(bytes_of(chunk) + HEADER, size - HEADER);
  return chunk;
}

static void free_chunk(const aft_env *env, aft__chunk *chunk) {
  UNPOISON(bytes_of(chunk), chunk->size);
  aft__release(env, chunk, chunk->size);
}

static void *take(aft__chunk *chunk, size_t n, size_t room) {
  char *p = bytes_of(chunk) + chunk->used;
  chunk->used += room;
  UNPOISON(p, n);
  return p;
}

/* A large piece gets a chunk of its own behind the current one, whose rest stays in use. */
static void *take_large(aft__arena *arena, size_t n, size_t room) {
  aft__chunk *chunk = new_chunk(arena->env, HEADER + room);
  if (!chunk)
    return NULL;
  if (arena->chunk) {
    chunk->next = arena->chunk->next;
    arena->chunk->next = chunk;
  } else {
    arena->chunk = chunk;
  }
  return take(chunk, n, room);
}

void *aft__arena_room(aft__arena *arena, size_t n) {
  if (n > PTRDIFF_MAX / 2)
    return NULL;
  size_t room = ((n ? n : 1) + RED_ZONE + ALIGN - 1) & ~(ALIGN - 1);
  aft__chunk *chunk = arena->chunk;
  if (chunk && chunk->size - chunk->used >= room)
    return take(chunk, n, room);
  size_t size = chunk ? chunk->size * 2 : FIRST_CHUNK;
  if (size > LAST_CHUNK)
    size = LAST_CHUNK;
  if (room > size / 4)
    return take_large(arena, n, room);
  aft__chunk *fresh = new_chunk(arena->env, size);
  if (!fresh)
    return NULL;
  fresh->next = chunk;
  arena->chunk = fresh;
  return take(fresh, n, room);
}

void *aft__arena_alloc(aft__arena *arena, size_t n) {
  void *p = aft__arena_room(arena, n);
  return p ? memset(p, 0, n) : NULL;
}

aft_str aft__arena_dup(aft__arena *arena, aft_str text) {
  aft_str from = aft__str(text.data, text.len);
  aft_str copy = {NULL, 0};
  char *p = aft__arena_alloc(arena, from.len + 1);
  if (!p)
    return copy;
  if (from.len)
    memcpy(p, from.data, from.len);
  copy.data = p;
  copy.len = from.len;
  return copy;
}

aft_status aft__arena_keep(aft__arena *arena, aft_str *const *texts, size_t n, aft_error *error) {
  for (size_t i = 0; i < n; i++) {
    *texts[i] = aft__arena_dup(arena, *texts[i]);
    if (!texts[i]->data)
      return aft__nomem(error);
  }
  return AFT_OK;
}

char *aft__arena_printf(aft__arena *arena, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  int n = vsnprintf(NULL, 0, fmt, args);
  va_end(args);
  char *p = n < 0 ? NULL : aft__arena_alloc(arena, (size_t)n + 1);
  if (!p)
    return NULL;
  va_start(args, fmt);
  vsnprintf(p, (size_t)n + 1, fmt, args);
  va_end(args);
  return p;
}

void aft__arena_reset(aft__arena *arena) {
  aft__chunk *keep = arena->chunk;
  if (!keep)
    return;
  for (aft__chunk *chunk = keep->next, *next; chunk; chunk = next) {
    next = chunk->next;
    free_chunk(arena->env, chunk);
  }
  keep->next = NULL;
  keep->used = HEADER;
  POISON(bytes_of(keep) + HEADER, keep->size - HEADER);
}

void aft__arena_done(aft__arena *arena) {
  aft__arena_reset(arena);
  if (arena->chunk)
    free_chunk(arena->env, arena->chunk);
  arena->chunk = NULL;
}
