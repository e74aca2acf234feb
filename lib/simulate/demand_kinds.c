/* Tickets that are sorted alike are one kind, which is decided on once. */
#include "simulate/simulate.h"

static void add_part(aft__buf *key, aft_str part) {
  aft__buf_printf(key, "%zu:", part.len);
  aft__buf_str(key, part);
}

static void write_key(const aft__matter *kind, aft__buf *key) {
  const aft_str parts[] = {kind->category, kind->topic,    kind->tier, kind->channel,
                           kind->language, kind->priority, kind->queue};
  for (size_t i = 0; i < AFT__COUNT(parts); i++)
    add_part(key, parts[i]);
  aft__buf_printf(key, "%d", (int)kind->tone);
}

static aft_status tier_of(aft_demand *demand, aft_str tier, uint32_t *out, aft_error *error) {
  for (*out = 0; *out < demand->n_tiers; ++*out)
    if (aft__str_eq(demand->tiers[*out], tier))
      return AFT_OK;
  if (demand->n_tiers == AFT__MOST_DEMAND_TIERS)
    return aft__error(error, AFT_E_TOO_LARGE, "demand.tiers", "expected at most %u tiers, found one more",
                      AFT__MOST_DEMAND_TIERS);
  demand->tiers[demand->n_tiers++] = tier;
  return AFT_OK;
}

static aft_status copy(aft_demand *demand, const aft__matter *kind, aft__matter *to, aft_error *error) {
  *to = *kind;
  aft_str *const parts[] = {&to->category, &to->topic,    &to->tier, &to->channel,
                            &to->language, &to->priority, &to->queue};
  AFT__TRY(aft__arena_keep(&demand->arena, parts, AFT__COUNT(parts), error));
  return tier_of(demand, to->tier, &to->tier_number, error);
}

static aft_status add(aft_demand *demand, const aft__matter *kind, aft_str key, uint32_t *out,
                      aft_error *error) {
  if (demand->n_kinds == AFT__MOST_KINDS)
    return aft__error(error, AFT_E_TOO_LARGE, "demand.work", "expected at most %u kinds of tickets",
                      AFT__MOST_KINDS);
  aft__matter *list =
      aft__room(demand->env, demand->kinds, demand->n_kinds, &demand->cap_kinds, sizeof *list);
  if (!list)
    return aft__nomem(error);
  demand->kinds = list;
  AFT__TRY(copy(demand, kind, &list[demand->n_kinds], error));
  aft_str kept = aft__arena_dup(&demand->arena, key);
  if (!kept.data || aft__map_put(&demand->numbers, kept, demand->n_kinds, NULL) < 0)
    return aft__nomem(error);
  *out = demand->n_kinds++;
  return AFT_OK;
}

aft_status aft__demand_kind(aft_demand *demand, const aft__matter *kind, uint32_t *out, aft_error *error) {
  aft__buf key;
  char memory[512];
  aft__buf_lend(&key, demand->env, memory, sizeof memory);
  write_key(kind, &key);
  aft_status status = key.failed ? aft__nomem(error) : AFT_OK;
  if (status >= 0 && !aft__map_get(&demand->numbers, aft__buf_view(&key), out))
    status = add(demand, kind, aft__buf_view(&key), out, error);
  aft__buf_done(&key);
  return status;
}
