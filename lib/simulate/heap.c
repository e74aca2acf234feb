/* Lists that grow, and a binary heap: what is smallest comes first. */
#include "simulate/simulate.h"

static bool before(const aft__item *a, const aft__item *b) {
  if (a->key != b->key)
    return a->key < b->key;
  return a->rank != b->rank ? a->rank < b->rank : a->id < b->id;
}

void *aft__room(const aft_env *env, void *list, uint32_t n, uint32_t *cap, size_t size) {
  if (n < *cap)
    return list;
  uint32_t more = *cap ? *cap * 2 : 32;
  void *grown = aft__resize(env, list, *cap * size, more * size);
  *cap = grown ? more : *cap;
  return grown;
}

bool aft__heap_push(aft__heap *heap, const aft_env *env, aft__item item) {
  aft__item *items = aft__room(env, heap->items, heap->n, &heap->cap, sizeof *items);
  if (!items)
    return false;
  heap->items = items;
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
