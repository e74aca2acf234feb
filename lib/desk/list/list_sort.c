/* Lists whose order no index has: what the narrowest walk finds is kept by place and sorted, where it is not
 * too much. */
#include "desk/list/list_priv.h"

#include <stdlib.h>

#define MOST_FOUND 4096  /* more are walked in the order asked for */
#define MOST_READ  16384 /* likewise */
#define STEP       256

typedef struct entry {
  aft__place place;
  aft_id record;
} entry;

struct aft__sorted {
  uint32_t n;
  entry entries[MOST_FOUND];
};

void aft__sorted_free(aft_env *env, struct aft__sorted *sorted) { aft__release(env, sorted, sizeof *sorted); }

static aft_status collect(void *user, const aft__found *found, aft_error *error) {
  struct aft__sorted *sorted = user;
  (void)error;
  if (sorted->n < MOST_FOUND)
    sorted->entries[sorted->n] = (entry){found->place, found->row[AFT__COL_ID].number};
  sorted->n++;
  return AFT_OK;
}

static int order(const aft__place *a, const aft__place *b) {
  if (a->value != b->value)
    return a->value < b->value ? -1 : 1;
  return (a->id > b->id) - (a->id < b->id);
}

static int rising(const void *a, const void *b) {
  return order(&((const entry *)a)->place, &((const entry *)b)->place);
}

static int falling(const void *a, const void *b) { return rising(b, a); }

aft_status aft__pick_sort(aft__tx *tx, aft_env *env, aft__pick *pick, const aft__walk *walk, bool *fits,
                          aft_error *error) {
  uint32_t read = 0;
  if (!pick->sorted)
    pick->sorted = aft__alloc(env, sizeof *pick->sorted);
  if (!pick->sorted)
    return aft__nomem(error);
  pick->sorted->n = 0;
  aft__stride stride = {.most = STEP, .fn = collect, .user = pick->sorted};
  for (; !stride.ended && read < MOST_READ && pick->sorted->n <= MOST_FOUND; read += STEP)
    AFT__TRY(aft__walk_some(tx, pick, walk, &stride, error));
  *fits = stride.ended && pick->sorted->n <= MOST_FOUND;
  if (*fits && pick->sorted->n > 1)
    qsort(pick->sorted->entries, pick->sorted->n, sizeof(entry), pick->down ? falling : rising);
  return AFT_OK;
}

static bool is_before(const aft__pick *pick, const entry *e, const aft__place *from) {
  int way = order(&e->place, from);
  return pick->down ? way >= 0 : way <= 0;
}

/* A record that changed since is looked at again: it may fit no more. Its place stays the one it had. */
aft_status aft__sorted_page(aft__tx *tx, const aft__pick *pick, const aft__place *from, aft__page *page,
                            aft__place *next, bool *ended, aft_error *error) {
  const struct aft__sorted *sorted = pick->sorted;
  uint32_t i = 0, n = 0;
  while (from->set && i < sorted->n && is_before(pick, &sorted->entries[i], from))
    i++;
  *next = *from;
  for (; i < sorted->n && n < AFT__PAGE; i++, n++) {
    const entry *e = &sorted->entries[i];
    aft__match_of match = {0};
    aft__value *row;
    aft_status status = aft__get(tx, pick->listed->table, e->record, &row, error);
    if (status >= 0)
      status = aft__pick_test(tx, pick, row, &match, error);
    if (status < 0 && status != AFT_E_NOT_FOUND)
      return status;
    if (match.holds)
      AFT__TRY(aft__page_add(page, row, e->place, error));
    *next = e->place;
  }
  *ended = i == sorted->n;
  return AFT_OK;
}
