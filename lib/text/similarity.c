/* Near-duplicate texts: Dice's coefficient of their character bigrams. */
#include "text/text.h"

/* Texts longer than this many characters are compared by their beginnings. */
#define MOST  2000u
#define SLOTS 4096u /* a power of two, more than twice as many */

typedef struct slot {
  uint32_t key; /* 0 when empty */
  uint32_t count;
} slot;

/* Two characters in 42 bits, mixed to 32 (the finaliser of MurmurHash3). Different
 * bigrams share a key once in 2^32, which is well below what 0..1000 can show. */
static uint32_t key_of(uint32_t first, uint32_t second) {
  uint64_t h = (uint64_t)first << 21 | second;
  h ^= h >> 33;
  h *= UINT64_C(0xFF51AFD7ED558CCD);
  h ^= h >> 33;
  h *= UINT64_C(0xC4CEB9FE1A85EC53);
  h ^= h >> 33;
  return (uint32_t)h != 0 ? (uint32_t)h : 1;
}

static slot *find(slot *slots, uint32_t key) {
  uint32_t i = key % SLOTS;
  while (slots[i].key != 0 && slots[i].key != key)
    i = (i + 1) % SLOTS;
  return &slots[i];
}

/* Calls for each bigram; returns how many there are. */
static uint32_t each_bigram(aft_str text, void (*visit)(slot *slots, uint32_t key, uint32_t *common),
                            slot *slots, uint32_t *common) {
  uint32_t n = 0, before, c;
  const char *p = text.data, *end = p + text.len;
  p += aft__utf8_next(p, end, &before);
  while (p < end && n < MOST) {
    p += aft__utf8_next(p, end, &c);
    visit(slots, key_of(before, c), common);
    before = c;
    n++;
  }
  return n;
}

static void add(slot *slots, uint32_t key, uint32_t *common) {
  (void)common;
  slot *s = find(slots, key);
  s->key = key;
  s->count++;
}

static void match(slot *slots, uint32_t key, uint32_t *common) {
  slot *s = find(slots, key);
  if (s->count == 0)
    return;
  s->count--;
  ++*common;
}

uint32_t aft__similarity(aft_str a, aft_str b) {
  if (aft__str_eq(a, b))
    return 1000;
  if (a.len == 0 || b.len == 0)
    return 0;
  slot slots[SLOTS];
  memset(slots, 0, sizeof slots);
  uint32_t common = 0;
  uint32_t n = each_bigram(a, add, slots, &common);
  n += each_bigram(b, match, slots, &common);
  return n == 0 ? 0 : common * 2000 / n;
}
