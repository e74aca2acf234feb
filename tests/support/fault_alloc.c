#include "fault_alloc.h"

#include <stdlib.h>

static bool fails(fault_alloc *f) {
  uint64_t call = atomic_fetch_add(&f->calls, 1) + 1;
  bool fail = f->fail_at && (call == f->fail_at || (f->fail_on && call > f->fail_at));
  if (fail)
    atomic_fetch_add(&f->failures, 1);
  return fail;
}

static void *take(void *user, size_t n) {
  fault_alloc *f = user;
  void *p = fails(f) ? NULL : malloc(n);
  if (p)
    atomic_fetch_add(&f->bytes, (int64_t)n);
  return p;
}

static void *grow(void *user, void *old, size_t old_n, size_t new_n) {
  fault_alloc *f = user;
  void *p = fails(f) ? NULL : realloc(old, new_n);
  if (p)
    atomic_fetch_add(&f->bytes, (int64_t)new_n - (int64_t)old_n);
  return p;
}

static void give(void *user, void *p, size_t n) {
  fault_alloc *f = user;
  atomic_fetch_sub(&f->bytes, (int64_t)n);
  free(p);
}

aft_alloc fault_alloc_hooks(fault_alloc *fault) {
  return (aft_alloc){
      .size = sizeof(aft_alloc), .alloc = take, .resize = grow, .release = give, .user = fault};
}
