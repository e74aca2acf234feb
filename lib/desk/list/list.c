/* Lists by filter, as the source of a cursor: along an index that has the order, or sorted in memory. */
#include "desk/list/list_priv.h"

static aft_status add_found(void *user, const aft__found *found, aft_error *error) {
  return aft__page_add(user, found->row, found->place, error);
}

/* The first page decides. A later page of the same cursor goes on likewise; one by a token decides anew,
 * which is the same list: places do not depend on the way they were found. */
static aft_status decide(aft__tx *tx, aft__pick *pick, aft_error *error) {
  aft__walk narrow = aft__walk_narrow(pick);
  aft_env *env = aft__session_env(aft__tx_session(tx));
  bool fits = false;
  if (pick->decided && aft__tx_attempt(tx) == 0)
    return AFT_OK;
  pick->walk = narrow;
  if (narrow.by != pick->by) {
    AFT__TRY(aft__pick_sort(tx, env, pick, &narrow, &fits, error));
    pick->walk = aft__walk_ordered(pick);
  }
  pick->in_memory = fits;
  pick->decided = true;
  return AFT_OK;
}

static aft_status page(aft__tx *tx, void *state, const aft__place *from, aft__page *page, aft__place *next,
                       bool *ended, aft_error *error) {
  aft__pick *pick = state;
  AFT__TRY(decide(tx, pick, error));
  if (pick->in_memory)
    return aft__sorted_page(tx, pick, from, page, next, ended, error);
  aft__stride stride = {AFT__PAGE, pick->down, add_found, page, *from, false};
  AFT__TRY(aft__walk_some(tx, pick, &pick->walk, &stride, error));
  *next = stride.at;
  *ended = stride.ended;
  return AFT_OK;
}

static void release(aft_env *env, void *state) {
  aft__pick *pick = state;
  if (!pick)
    return;
  aft__sorted_free(env, pick->sorted);
  aft__release(env, pick->shops, pick->n_shops * sizeof *pick->shops);
  aft__release(env, pick, sizeof *pick + pick->bytes);
}

const aft__source aft__pick_source = {page, release};

uint64_t aft__pick_scope(const aft__pick *pick) {
  int64_t numbers[] = {pick->tenant, pick->shop,        pick->has_low, pick->low,    pick->has_high,
                       pick->high,   (int64_t)pick->by, pick->down,    pick->n_tests};
  uint64_t scope = aft__hash64(numbers, sizeof numbers, pick->listed->kind);
  const aft_str texts[] = {pick->tag, pick->attribute, pick->text};
  for (size_t i = 0; i < AFT__COUNT(texts); i++)
    scope = aft__hash64(texts[i].data, texts[i].len, scope + 1);
  for (uint32_t i = 0; i < pick->n_tests; i++) {
    int64_t test[] = {pick->tests[i].column, pick->tests[i].null, pick->tests[i].number};
    scope = aft__hash64(test, sizeof test, scope);
    scope = aft__hash64(pick->tests[i].text.data, pick->tests[i].text.len, scope);
  }
  return scope;
}
