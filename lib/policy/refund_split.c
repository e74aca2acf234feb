/* Which payments a refund comes from. */
#include "policy/refund_split.h"

static bool is_online(const aft__refund_source *s) { return s->open && s->refunds_left != 0; }

/* The first by rank that is not used yet and goes this way; NULL when there is none. */
static aft__refund_source *next(aft__refund_source *sources, size_t n, bool online) {
  aft__refund_source *best = NULL;
  for (size_t i = 0; i < n; i++) {
    aft__refund_source *s = &sources[i];
    if (s->part || s->available <= 0 || is_online(s) != online)
      continue;
    if (!best || s->rank < best->rank)
      best = s;
  }
  return best;
}

static int64_t use(int64_t amount, aft__refund_source *sources, size_t n, bool online) {
  aft__refund_source *s;
  while (amount > 0 && (s = next(sources, n, online))) {
    s->part = s->available < amount ? s->available : amount;
    s->offline = !online;
    amount -= s->part;
  }
  return amount;
}

aft__refund_split aft__refund_split_of(int64_t amount, aft__refund_source *sources, size_t n) {
  for (size_t i = 0; i < n; i++) {
    sources[i].part = 0;
    sources[i].offline = false;
  }
  int64_t by_hand = use(amount > 0 ? amount : 0, sources, n, true);
  int64_t missing = use(by_hand, sources, n, false);
  return (aft__refund_split){.offline = by_hand - missing, .missing = missing};
}
