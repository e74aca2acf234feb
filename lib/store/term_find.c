/* Reading the index of terms: documents that have all of some terms, the latest first. */
#include <stdlib.h>

#include "store/term_index_priv.h"

#define MOST_READS    256   /* blocks of one search, beside those that its first document needs */
#define MOST_RANGE    16    /* blocks of all terms that begin alike, beside one of each segment */
#define MOST_IN_RANGE 20000 /* documents of theirs; with more of either they ask for nothing */

/* The postings of one term in one segment. */
typedef struct postings {
  aft_id segment;
  aft_str term;
  const aft__value *block; /* NULL before the first */
  aft__block_reader reader;
  aft_id doc; /* the present one; 0 once there are no more */
} postings;

/* Documents that have one of some terms. */
typedef struct group {
  struct group *next;
  postings *lists;
  uint32_t n_lists;
  aft_id *docs; /* of a range of terms, the latest first; then there are no lists */
  uint32_t n_docs;
} group;

struct aft__terms_find {
  aft__tx *tx;
  aft_id *segments;
  uint32_t n_segments;
  group *groups;
  uint32_t n_groups, n_lists, reads;
};

/* ---- blocks ---- */

static aft_status read_block(aft__terms_find *find, aft_id segment, const aft__value *high,
                             const aft__value *after, const aft__value **out, aft_error *error) {
  aft__scan scan = {.table = &aft__term_block_table,
                    .index = AFT__TB_BY_KEY,
                    .n_equal = 1,
                    .equal = {aft__int(segment)},
                    .high = high,
                    .descending = high != NULL,
                    .limit = 1};
  aft__value **rows;
  uint32_t n;
  if (after) {
    scan.after = true;
    scan.after_value = after[AFT__TB_KEY];
    scan.after_id = after[AFT__TB_ID].number;
  }
  find->reads++;
  AFT__TRY(aft__scan_all(find->tx, &scan, &rows, &n, error));
  *out = n ? rows[0] : NULL;
  return AFT_OK;
}

/* The last block that begins at or before a posting, or the segment's first one. */
static aft_status block_of(aft__terms_find *find, aft_id segment, aft_str term, aft_id doc,
                           const aft__value **out, aft_error *error) {
  aft__term_key key;
  aft__term_key_make(&key, term, doc);
  aft__value high = aft__blob(key.bytes, key.n);
  AFT__TRY(read_block(find, segment, &high, NULL, out, error));
  return *out ? AFT_OK : read_block(find, segment, NULL, NULL, out, error);
}

/* ---- one term ---- */

typedef enum found {
  FOUND,
  BLOCK_ENDED,
  TERM_ENDED
} found;

/* Goes on inside the block to the first document that is not later than the one given. */
static aft_status look_in_block(postings *list, aft_id doc, found *out, aft_error *error) {
  for (;;) {
    aft_status status = aft__block_next(&list->reader, error);
    AFT__TRY(status);
    *out = BLOCK_ENDED;
    if (status == AFT_DONE)
      return AFT_OK;
    const aft__posting *at = &list->reader.at;
    int order = aft__posting_cmp(at, list->term, at->doc);
    *out = order > 0 ? TERM_ENDED : FOUND;
    if (order > 0 || (order == 0 && at->doc <= doc))
      return AFT_OK;
    if (order < 0)
      aft__block_skip_term(&list->reader);
  }
}

static aft_status open_block(postings *list, const aft__value *block, aft_id doc, found *out,
                             aft_error *error) {
  *out = TERM_ENDED;
  list->block = block;
  if (!block)
    return AFT_OK;
  AFT__TRY(aft__block_open(&list->reader, &block[AFT__TB_DATA], error));
  return look_in_block(list, doc, out, error);
}

/* Most often the next block has the document; where it lies further on it is sought by its key. */
static aft_status look_further(aft__terms_find *find, postings *list, aft_id doc, found *out,
                               aft_error *error) {
  const aft__value *block;
  AFT__TRY(read_block(find, list->segment, NULL, list->block, &block, error));
  AFT__TRY(open_block(list, block, doc, out, error));
  if (*out != BLOCK_ENDED)
    return AFT_OK;
  AFT__TRY(block_of(find, list->segment, list->term, doc, &block, error));
  return open_block(list, block, doc, out, error);
}

/* Moves to the latest document at or before one; list->doc is 0 when there is none. */
static aft_status seek(aft__terms_find *find, postings *list, aft_id doc, aft_error *error) {
  found what = BLOCK_ENDED;
  if (list->block && list->doc <= doc)
    return AFT_OK;
  if (list->block) {
    AFT__TRY(look_in_block(list, doc, &what, error));
  } else {
    const aft__value *block;
    AFT__TRY(block_of(find, list->segment, list->term, doc, &block, error));
    AFT__TRY(open_block(list, block, doc, &what, error));
  }
  while (what == BLOCK_ENDED)
    AFT__TRY(look_further(find, list, doc, &what, error));
  list->doc = what == FOUND ? list->reader.at.doc : 0;
  if (!list->block)
    list->doc = 0;
  return AFT_OK;
}

/* ---- groups ---- */

static aft_id latest_of(const group *g, aft_id doc) {
  uint32_t low = 0, high = g->n_docs;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (g->docs[middle] > doc)
      low = middle + 1;
    else
      high = middle;
  }
  return low < g->n_docs ? g->docs[low] : 0;
}

static aft_status seek_group(aft__terms_find *find, group *g, aft_id doc, aft_id *out, aft_error *error) {
  *out = latest_of(g, doc);
  for (uint32_t i = 0; i < g->n_lists; i++) {
    postings *list = &g->lists[i];
    if (!list->block || list->doc)
      AFT__TRY(seek(find, list, doc, error));
    if (list->doc > *out)
      *out = list->doc;
  }
  return AFT_OK;
}

static group *add_group(aft__terms_find *find) {
  group *g = aft__arena_alloc(find->tx->arena, sizeof *g);
  if (g) {
    g->next = find->groups;
    find->groups = g;
    find->n_groups++;
  }
  return g;
}

aft_status aft__terms_need(aft__terms_find *find, const aft_str *terms, uint32_t n, aft_error *error) {
  group *g = add_group(find);
  if (!g)
    return aft__nomem(error);
  g->lists = aft__arena_alloc(find->tx->arena, ((size_t)n * find->n_segments + 1) * sizeof *g->lists);
  if (!g->lists)
    return aft__nomem(error);
  for (uint32_t i = 0; i < n; i++)
    for (uint32_t k = 0; k < find->n_segments; k++)
      g->lists[g->n_lists++] = (postings){.segment = find->segments[k], .term = terms[i]};
  find->n_lists += g->n_lists;
  return AFT_OK;
}

/* ---- ranges ---- */

typedef struct ranged {
  aft__buf docs; /* ids */
  uint32_t blocks;
  bool too_many;
} ranged;

/* The postings of one block that begin with a prefix; *past when the block goes beyond them. */
static aft_status collect_block(const aft__value *block, aft_str prefix, ranged *r, bool *past,
                                aft_error *error) {
  aft__block_reader reader;
  aft_status status;
  AFT__TRY(aft__block_open(&reader, &block[AFT__TB_DATA], error));
  while ((status = aft__block_next(&reader, error)) == AFT_OK) {
    size_t n = reader.at.len < prefix.len ? reader.at.len : prefix.len;
    int order = memcmp(reader.at.term, prefix.data, n);
    *past = order > 0;
    if (*past)
      return AFT_OK;
    if (order < 0 || reader.at.len < prefix.len) {
      aft__block_skip_term(&reader);
      continue;
    }
    aft__buf_add(&r->docs, &reader.at.doc, sizeof reader.at.doc);
    r->too_many |= r->docs.len / sizeof(aft_id) > MOST_IN_RANGE;
  }
  return status;
}

static aft_status collect_segment(aft__terms_find *find, aft_id segment, aft_str prefix, ranged *r,
                                  aft_error *error) {
  const aft__value *block;
  bool past = false;
  AFT__TRY(block_of(find, segment, prefix, INT64_MAX, &block, error));
  while (block && !past && !r->too_many) {
    AFT__TRY(collect_block(block, prefix, r, &past, error));
    r->too_many |= ++r->blocks > MOST_RANGE + find->n_segments;
    if (!past && !r->too_many)
      AFT__TRY(read_block(find, segment, NULL, block, &block, error));
  }
  return AFT_OK;
}

static int latest_first(const void *a, const void *b) {
  const aft_id *x = a, *y = b;
  return (*x < *y) - (*x > *y);
}

static aft_status keep_range(aft__terms_find *find, ranged *r, aft_error *error) {
  group *g = add_group(find);
  size_t n = r->docs.len / sizeof(aft_id);
  aft_id *docs = g ? aft__arena_alloc(find->tx->arena, r->docs.len + sizeof *docs) : NULL;
  if (!docs || r->docs.failed)
    return aft__nomem(error);
  if (n)
    memcpy(docs, r->docs.data, r->docs.len);
  qsort(docs, n, sizeof *docs, latest_first);
  g->docs = docs;
  g->n_docs = (uint32_t)n;
  return AFT_OK;
}

aft_status aft__terms_need_range(aft__terms_find *find, aft_str prefix, bool *kept, aft_error *error) {
  ranged r = {0};
  aft_status status = AFT_OK;
  aft__buf_init(&r.docs, find->tx->session->store->env);
  for (uint32_t i = 0; i < find->n_segments && status >= 0 && !r.too_many; i++)
    status = collect_segment(find, find->segments[i], prefix, &r, error);
  *kept = !r.too_many;
  if (status >= 0 && *kept)
    status = keep_range(find, &r, error);
  aft__buf_done(&r.docs);
  return status < 0 ? status : AFT_OK;
}

/* ---- all of them ---- */

aft_status aft__terms_open(aft__tx *tx, aft_id tenant, uint32_t space, aft__terms_find **out,
                           aft_error *error) {
  aft__value **rows;
  uint32_t n;
  aft__terms_find *find = aft__arena_alloc(tx->arena, sizeof *find);
  if (!find)
    return aft__nomem(error);
  find->tx = tx;
  AFT__TRY(aft__terms_segments(tx, tenant, space, &rows, &n, error));
  find->segments = aft__arena_alloc(tx->arena, (n + 1) * sizeof *find->segments);
  if (!find->segments)
    return aft__nomem(error);
  for (uint32_t i = 0; i < n; i++)
    if (rows[i][AFT__TS_STATE].number == AFT__SEGMENT_LIVE)
      find->segments[find->n_segments++] = rows[i][AFT__TS_ID].number;
  *out = find;
  return AFT_OK;
}

aft_status aft__terms_next(aft__terms_find *find, aft_id from, aft_id *doc, bool *paused, aft_error *error) {
  aft_id at = from;
  uint32_t agree = 0;
  *paused = false;
  *doc = 0;
  if (!find->n_groups || !find->n_segments)
    return AFT_OK;
  for (group *g = find->groups; agree < find->n_groups; g = g->next ? g->next : find->groups) {
    aft_id has;
    AFT__TRY(seek_group(find, g, at, &has, error));
    if (!has)
      return AFT_OK;
    agree = has == at ? agree + 1 : 1;
    at = has;
    if (agree < find->n_groups && at < from && find->reads > MOST_READS + 4 * find->n_lists) {
      *paused = true;
      break;
    }
  }
  *doc = at;
  return AFT_OK;
}
