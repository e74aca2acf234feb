/* How far indexes of terms lag behind the feeds of their tenants. */
#include "store/term_index_priv.h"

#define PAGE 256

typedef struct page {
  aft_id after; /* tenant */
  aft__value **feeds, **heads;
  uint32_t n_feeds, n_heads;
} page;

static aft_status read_page(aft__tx *tx, uint32_t space, page *p, aft_error *error) {
  aft__value from = aft__int(p->after + 1), to;
  aft__scan feeds = {.table = &aft__feed_head_table, .index = AFT__FH_BY_TENANT, .low = &from, .limit = PAGE};
  aft__scan heads = {.table = &aft__term_head_table,
                     .index = AFT__TH_BY_SPACE,
                     .n_equal = 1,
                     .equal = {aft__int(space)},
                     .low = &from,
                     .high = &to,
                     .limit = PAGE};
  AFT__TRY(aft__scan_all(tx, &feeds, &p->feeds, &p->n_feeds, error));
  p->n_heads = 0;
  if (!p->n_feeds)
    return AFT_OK;
  to = p->feeds[p->n_feeds - 1][AFT__FH_TENANT];
  return aft__scan_all(tx, &heads, &p->heads, &p->n_heads, error);
}

/* Both are in the order of tenants. */
static int64_t lag_of(const page *p, uint32_t feed, uint32_t *head, int64_t format) {
  const aft__value *row = p->feeds[feed];
  while (*head < p->n_heads && p->heads[*head][AFT__TH_TENANT].number < row[AFT__FH_TENANT].number)
    ++*head;
  const aft__value *has = *head < p->n_heads ? p->heads[*head] : NULL;
  if (!has || has[AFT__TH_TENANT].number != row[AFT__FH_TENANT].number)
    return row[AFT__FH_LAST].number;
  if (has[AFT__TH_FORMAT].number > format)
    return 0;
  int64_t covered = has[AFT__TH_FORMAT].number == format ? has[AFT__TH_COVERED].number : 0;
  return row[AFT__FH_LAST].number - covered;
}

aft_status aft__terms_lagging(aft__tx *tx, uint32_t space, int64_t format, aft_id after, aft__lag *out,
                              uint32_t most, uint32_t *n, aft_error *error) {
  page p = {.after = after};
  *n = 0;
  do {
    uint32_t head = 0;
    AFT__TRY(read_page(tx, space, &p, error));
    for (uint32_t i = 0; i < p.n_feeds && *n < most; i++) {
      int64_t lag = lag_of(&p, i, &head, format);
      p.after = p.feeds[i][AFT__FH_TENANT].number;
      if (lag > 0)
        out[(*n)++] = (aft__lag){p.after, lag};
    }
  } while (p.n_feeds == PAGE && *n < most);
  return AFT_OK;
}
