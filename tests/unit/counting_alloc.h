/* An allocator for tests: counts what is live, checks the sizes given back, fails the n-th request. */
#ifndef COUNTING_ALLOC_H
#define COUNTING_ALLOC_H

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <aftersales/env.h>

typedef struct counting {
  size_t live_bytes, live_blocks;
  size_t requests;
  size_t fail_at;     /* the request that fails, from 1; 0 for none */
  size_t wrong_sizes; /* releases and resizes that named another size than was asked for */
} counting;

#define COUNTING_HEADER 16 /* holds the size, keeps the alignment */

static void *counting_get(void *user, size_t n) {
  counting *c = user;
  if (++c->requests == c->fail_at)
    return NULL;
  char *block = malloc(COUNTING_HEADER + n);
  if (!block)
    return NULL;
  memcpy(block, &n, sizeof n);
  memset(block + COUNTING_HEADER, 0xA5, n);
  c->live_bytes += n;
  c->live_blocks++;
  return block + COUNTING_HEADER;
}

static void counting_give(void *user, void *p, size_t n) {
  counting *c = user;
  char *block = (char *)p - COUNTING_HEADER;
  size_t asked;
  memcpy(&asked, block, sizeof asked);
  c->wrong_sizes += asked != n;
  c->live_bytes -= asked;
  c->live_blocks--;
  free(block);
}

/* Always moves, so that stale pointers are found. */
static void *counting_resize(void *user, void *p, size_t old_n, size_t new_n) {
  void *fresh = counting_get(user, new_n);
  if (!fresh)
    return NULL;
  memcpy(fresh, p, old_n < new_n ? old_n : new_n);
  counting_give(user, p, old_n);
  return fresh;
}

static inline aft_env_options counting_options(counting *c) {
  aft_env_options o = {.size = sizeof o};
  o.alloc.size = sizeof o.alloc;
  o.alloc.alloc = counting_get;
  o.alloc.resize = counting_resize;
  o.alloc.release = counting_give;
  o.alloc.user = c;
  return o;
}

#endif
