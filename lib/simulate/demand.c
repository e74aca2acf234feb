/* Demand: tickets by the time of their arrival, each with the messages that it brings. */
#include "simulate/simulate.h"

#include <stdlib.h>

aft_status aft__demand_new(aft_env *env, aft_demand **out, aft_error *error) {
  aft_demand *demand = aft__zalloc(env, sizeof *demand);
  if (!demand)
    return aft__nomem(error);
  demand->env = aft_env_ref(env);
  aft__arena_init(&demand->arena, env);
  aft__map_init(&demand->numbers, env);
  *out = demand;
  return AFT_OK;
}

void aft_demand_free(aft_demand *demand) {
  if (!demand)
    return;
  aft_env *env = demand->env;
  aft__map_done(&demand->numbers);
  aft__release(env, demand->list, demand->cap * sizeof *demand->list);
  aft__release(env, demand->pieces, demand->cap_pieces * sizeof *demand->pieces);
  aft__release(env, demand->kinds, demand->cap_kinds * sizeof *demand->kinds);
  aft__arena_done(&demand->arena);
  aft__release(env, demand, sizeof *demand);
  aft_env_unref(env);
}

size_t aft_demand_count(const aft_demand *demand) { return demand ? demand->n : 0; }

aft_status aft__demand_add(aft_demand *demand, const aft__arrival *arrival, aft_error *error) {
  if (demand->n == AFT__MOST_DEMAND)
    return aft__error(error, AFT_E_TOO_LARGE, "demand.rates", "expected at most %u tickets, found more",
                      AFT__MOST_DEMAND);
  aft__arrival *list = aft__room(demand->env, demand->list, demand->n, &demand->cap, sizeof *list);
  if (!list)
    return aft__nomem(error);
  demand->list = list;
  list[demand->n++] = *arrival;
  return AFT_OK;
}

aft_status aft__demand_piece(aft_demand *demand, aft__exchange piece, aft_error *error) {
  aft__exchange *list =
      aft__room(demand->env, demand->pieces, demand->n_pieces, &demand->cap_pieces, sizeof *list);
  if (!list)
    return aft__nomem(error);
  demand->pieces = list;
  list[demand->n_pieces++] = piece;
  return AFT_OK;
}

static int by_time(const void *a, const void *b) {
  const aft__arrival *x = a, *y = b;
  if (x->at != y->at)
    return x->at < y->at ? -1 : 1;
  return x->id < y->id ? -1 : x->id > y->id;
}

void aft__demand_sort(aft_demand *demand) {
  if (demand->n)
    qsort(demand->list, demand->n, sizeof *demand->list, by_time);
}
