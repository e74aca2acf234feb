/* Ids that are ordered by time: 41 bits of milliseconds since 2024, 10 of node, 12 of sequence. */
#include "value/value.h"

#define EPOCH_MS      INT64_C(1704067200000) /* 2024-01-01 00:00 UTC */
#define NODE_BITS     10
#define SEQUENCE_BITS 12
#define NODE_MOST     ((INT64_C(1) << NODE_BITS) - 1)
#define SEQUENCE_MOST ((INT64_C(1) << SEQUENCE_BITS) - 1)
#define MS_MOST       ((INT64_C(1) << 41) - 1)
#define TICK_MOST     (MS_MOST << SEQUENCE_BITS | SEQUENCE_MOST)

static int64_t ms_of(aft_time at) {
  if (at <= EPOCH_MS)
    return 0;
  return at - EPOCH_MS > MS_MOST ? MS_MOST : at - EPOCH_MS;
}

/* The generator's state in one word, so that a change of node cannot tear: tick << 10 | node. */
static int64_t pack(int64_t tick, int64_t node) { return tick << NODE_BITS | node; }

void aft__idgen_init(aft__idgen *gen, int32_t node) { atomic_init(&gen->state, pack(0, node & NODE_MOST)); }

/* What was left of the millisecond is given up: under a smaller node it would step back. */
void aft__idgen_set_node(aft__idgen *gen, int32_t node) {
  int64_t old = atomic_load(&gen->state), fresh;
  do {
    if ((old & NODE_MOST) == (node & NODE_MOST))
      return;
    fresh = pack(old >> NODE_BITS | SEQUENCE_MOST, node & NODE_MOST);
  } while (!atomic_compare_exchange_weak(&gen->state, &old, fresh));
}

aft_id aft__idgen_next(aft__idgen *gen, aft_time now) {
  int64_t earliest = ms_of(now) << SEQUENCE_BITS;
  int64_t old = atomic_load(&gen->state), tick;
  do {
    tick = old >> NODE_BITS;
    if (tick >= TICK_MOST)
      return 0;
    tick = earliest > tick ? earliest : tick + 1;
  } while (!atomic_compare_exchange_weak(&gen->state, &old, pack(tick, old & NODE_MOST)));
  int64_t ms = tick >> SEQUENCE_BITS, sequence = tick & SEQUENCE_MOST;
  return ms << (NODE_BITS + SEQUENCE_BITS) | (old & NODE_MOST) << SEQUENCE_BITS | sequence;
}

aft_id aft__id_first_at(aft_time at) {
  aft_id first = ms_of(at) << (NODE_BITS + SEQUENCE_BITS);
  return first ? first : 1;
}

aft_time aft_id_time(aft_id id) {
  return id > 0 ? (id >> (NODE_BITS + SEQUENCE_BITS)) + EPOCH_MS : AFT_TIME_NONE;
}
