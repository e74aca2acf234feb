/* Text to number: open addressing with linear probing, at most three quarters full. */
#include "base/base.h"

struct aft__map_slot {
  const char *key;
  size_t len;
  uint32_t hash; /* 0: free */
  uint32_t value;
};

static uint32_t hash_of(aft_str key) {
  uint64_t h = aft__hash64(key.data, key.len, 0);
  return (uint32_t)(h >> 32) | 1;
}

void aft__map_init(aft__map *map, const aft_env *env) {
  memset(map, 0, sizeof *map);
  map->env = env;
}

void aft__map_done(aft__map *map) {
  aft__release(map->env, map->slots, map->cap * sizeof *map->slots);
  map->slots = NULL;
  map->count = map->cap = 0;
}

/* The slot that holds the key, or the free one where it belongs. */
static struct aft__map_slot *find(const aft__map *map, aft_str key, uint32_t hash) {
  uint32_t mask = map->cap - 1;
  for (uint32_t i = (hash >> 1) & mask;; i = (i + 1) & mask) {
    struct aft__map_slot *slot = &map->slots[i];
    if (slot->hash == 0)
      return slot;
    aft_str there = {slot->key, slot->len};
    if (slot->hash == hash && aft__str_eq(there, key))
      return slot;
  }
}

static aft_status grow(aft__map *map) {
  if (map->cap >= UINT32_C(1) << 30)
    return AFT_E_NOMEM;
  aft__map wider = {map->env, NULL, map->count, map->cap ? map->cap * 2 : 16};
  wider.slots = aft__zalloc(map->env, wider.cap * sizeof *wider.slots);
  if (!wider.slots)
    return AFT_E_NOMEM;
  for (uint32_t i = 0; i < map->cap; i++) {
    aft_str key = {map->slots[i].key, map->slots[i].len};
    if (map->slots[i].hash)
      *find(&wider, key, map->slots[i].hash) = map->slots[i];
  }
  aft__map_done(map);
  *map = wider;
  return AFT_OK;
}

aft_status aft__map_put(aft__map *map, aft_str key, uint32_t value, uint32_t *out) {
  uint32_t hash;
  key = aft__str(key.data, key.len);
  hash = hash_of(key);
  struct aft__map_slot *slot = map->cap ? find(map, key, hash) : NULL;
  if (!slot || slot->hash == 0) {
    if (map->count >= map->cap / 4 * 3) {
      AFT__TRY(grow(map));
      slot = find(map, key, hash);
    }
    slot->key = key.data;
    slot->len = key.len;
    slot->hash = hash;
    slot->value = value;
    map->count++;
  }
  if (out)
    *out = slot->value;
  return AFT_OK;
}

bool aft__map_get(const aft__map *map, aft_str key, uint32_t *out) {
  if (map->count == 0)
    return false;
  key = aft__str(key.data, key.len);
  const struct aft__map_slot *slot = find(map, key, hash_of(key));
  if (slot->hash == 0)
    return false;
  if (out)
    *out = slot->value;
  return true;
}
