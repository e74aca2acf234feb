/* A binary heap: what is smallest comes first. */
#include "simulate/simulate.h"

static bool before(const aft__item *a, const aft__item *b) {
  if (a->key != b->key)
    return a->key < b->key;
  return a->rank != b->rank ? a->rank < b->rank : a->id < b->id;
}

static bool grow(aft__heap *heap, const aft_env *env) {
  uint32_t cap = heap->cap ? heap->cap * 2 : 16;
  aft__item *items = aft__resize(env, heap->items, heap->cap * sizeof *items, cap * sizeof *items);
  if (!items)
    return false;
  heap->items = items;
  heap->cap = cap;
  return true;
}

bool aft__heap_push(aft__heap *heap, const aft_env *env, aft__item item) {
  if (heap->n == heap->cap && !grow(heap, env))
    return false;
  uint32_t at = heap->n++;
  while (at && before(&item, &heap->items[(at - 1) / 2])) {
    heap->items[at] = heap->items[(at - 1) / 2];
    at = (at - 1) / 2;
  }
  heap->items[at] = item;
  return true;
}

aft__item aft__heap_pop(aft__heap *heap) {
  aft__item first = heap->items[0], last = heap->items[--heap->n];
  uint32_t at = 0;
  for (;;) {
    uint32_t child = 2 * at + 1;
    if (child + 1 < heap->n && before(&heap->items[child + 1], &heap->items[child]))
      child++;
    if (child >= heap->n || !before(&heap->items[child], &last))
      break;
    heap->items[at] = heap->items[child];
    at = child;
  }
  heap->items[at] = last;
  return first;
}

void aft__heap_done(aft__heap *heap, const aft_env *env) {
  aft__release(env, heap->items, heap->cap * sizeof *heap->items);
  *heap = (aft__heap){0};
}
