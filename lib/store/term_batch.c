/* Writing to the index of terms: the postings of one batch become one segment. */
#include <stdlib.h>

#include "store/term_index_priv.h"

#define MASK(column) (UINT64_C(1) << (column))

/* ---- how far the index reaches ---- */

static aft_status find_head(aft__tx *tx, aft_id tenant, uint32_t space, aft__value **row, aft_error *error) {
  aft__value keys[] = {aft__int(space), aft__int(tenant)};
  return aft__find(tx, &aft__term_head_table, AFT__TH_BY_SPACE, keys, row, error);
}

aft_status aft__terms_covered(aft__tx *tx, aft_id tenant, uint32_t space, int64_t *covered, int64_t *format,
                              aft_error *error) {
  aft__value *row;
  *covered = *format = 0;
  aft_status status = find_head(tx, tenant, space, &row, error);
  if (status == AFT_E_NOT_FOUND)
    return AFT_OK;
  AFT__TRY(status);
  *covered = row[AFT__TH_COVERED].number;
  *format = row[AFT__TH_FORMAT].number;
  return AFT_OK;
}

aft_status aft__terms_cover(aft__tx *tx, aft_id tenant, uint32_t space, int64_t covered, int64_t format,
                            aft_error *error) {
  aft__value *row;
  aft_status status = find_head(tx, tenant, space, &row, error);
  if (status >= 0) {
    row[AFT__TH_COVERED] = aft__int(covered);
    row[AFT__TH_FORMAT] = aft__int(format);
    if (!tx->proof.table)
      aft__tx_proof_value(tx, &aft__term_head_table, row[AFT__TH_ID].number, AFT__TH_COVERED, covered);
    return aft__update(tx, &aft__term_head_table, row, MASK(AFT__TH_COVERED) | MASK(AFT__TH_FORMAT), error);
  }
  if (status != AFT_E_NOT_FOUND)
    return status;
  aft__value fresh[AFT__TH_COLUMNS] = {
      [AFT__TH_ID] = aft__int(aft__tx_id(tx)), [AFT__TH_TENANT] = aft__int(tenant),
      [AFT__TH_SPACE] = aft__int(space),       [AFT__TH_COVERED] = aft__int(covered),
      [AFT__TH_FORMAT] = aft__int(format),
  };
  status = aft__insert(tx, &aft__term_head_table, fresh, NULL, error);
  if (status == AFT_E_EXISTS)
    return aft__tx_race(tx, "search", error);
  if (status >= 0 && !tx->proof.table)
    aft__tx_proof(tx, &aft__term_head_table, fresh[AFT__TH_ID].number);
  return status;
}

/* GONE ones stay as they are. */
aft_status aft__terms_drop(aft__tx *tx, aft_id tenant, uint32_t space, aft_error *error) {
  aft__value **rows;
  uint32_t n;
  AFT__TRY(aft__terms_segments(tx, tenant, space, &rows, &n, error));
  for (uint32_t i = 0; i < n; i++) {
    if (rows[i][AFT__TS_STATE].number == AFT__SEGMENT_GONE)
      continue;
    rows[i][AFT__TS_STATE] = aft__int(AFT__SEGMENT_GONE);
    rows[i][AFT__TS_CHANGED] = aft__int(aft__tx_now(tx));
    AFT__TRY(aft__update(tx, &aft__term_segment_table, rows[i], MASK(AFT__TS_STATE) | MASK(AFT__TS_CHANGED),
                         error));
  }
  return AFT_OK;
}

/* ---- a batch ---- */

/* One posting that was added: its term lies in the batch's bytes. */
typedef struct added {
  uint64_t head; /* the term's first bytes, big-endian, so that most comparisons end here */
  size_t at;
  uint32_t len;
  aft_id doc;
} added;

void aft__terms_batch_init(aft__terms_batch *batch, const aft_env *env) {
  aft__buf_init(&batch->bytes, env);
  aft__buf_init(&batch->items, env);
}

void aft__terms_batch_done(aft__terms_batch *batch) {
  aft__buf_done(&batch->bytes);
  aft__buf_done(&batch->items);
}

size_t aft__terms_batch_size(const aft__terms_batch *batch) { return batch->bytes.len + batch->items.len; }

void aft__terms_batch_add(aft__terms_batch *batch, aft_str term, aft_id doc) {
  added item = {0, batch->bytes.len, (uint32_t)term.len, doc};
  for (size_t i = 0; i < 8; i++)
    item.head = item.head << 8 | (i < term.len ? (uint8_t)term.data[i] : 0);
  aft__buf_add(&batch->bytes, term.data, term.len);
  aft__buf_add(&batch->items, &item, sizeof item);
  batch->items.failed |= batch->bytes.failed;
}

/* Sorting knows only the items: where their bytes lie is written into them first. */
typedef struct sortable {
  uint64_t head;
  const char *term;
  uint32_t len;
  aft_id doc;
} sortable;
_Static_assert(sizeof(sortable) == sizeof(added), "an item is sorted in its place");

static int in_order(const void *a, const void *b) {
  const sortable *x = a, *y = b;
  if (x->head != y->head)
    return x->head < y->head ? -1 : 1;
  uint32_t n = x->len < y->len ? x->len : y->len;
  int order = memcmp(x->term, y->term, n);
  if (!order)
    order = (x->len > y->len) - (x->len < y->len);
  return order ? order : (x->doc < y->doc) - (x->doc > y->doc);
}

static sortable *sorted(aft__terms_batch *batch, size_t *n) {
  sortable *items = (sortable *)(void *)batch->items.data;
  *n = batch->items.len / sizeof *items;
  for (size_t i = 0; i < *n; i++) {
    added item;
    memcpy(&item, &items[i], sizeof item);
    items[i] = (sortable){item.head, batch->bytes.data + item.at, item.len, item.doc};
  }
  qsort(items, *n, sizeof *items, in_order);
  return items;
}

static aft_status make_segment(aft__tx *tx, aft_id tenant, uint32_t space, aft_id *id, aft_error *error) {
  aft__value row[AFT__TS_COLUMNS] = {
      [AFT__TS_ID] = aft__int(aft__tx_id(tx)),
      [AFT__TS_TENANT] = aft__int(tenant),
      [AFT__TS_SPACE] = aft__int(space),
      [AFT__TS_LEVEL] = aft__int(0),
      [AFT__TS_STATE] = aft__int(AFT__SEGMENT_LIVE),
      [AFT__TS_CHANGED] = aft__int(aft__tx_now(tx)),
      [AFT__TS_INTO] = aft__int(0),
  };
  *id = row[AFT__TS_ID].number;
  AFT__TRY(aft__insert(tx, &aft__term_segment_table, row, NULL, error));
  aft__tx_proof(tx, &aft__term_segment_table, *id);
  return AFT_OK;
}

static aft_status write_postings(aft__tx *tx, aft_id segment, const sortable *items, size_t n,
                                 aft_error *error) {
  aft__block_writer writer;
  aft__block_writer_init(&writer, tx, segment);
  aft_status status = AFT_OK;
  for (size_t i = 0; i < n && status >= 0; i++)
    status = aft__block_writer_add(&writer, (aft_str){items[i].term, items[i].len}, items[i].doc, error);
  if (status >= 0)
    status = aft__block_writer_flush(&writer, error);
  aft__block_writer_done(&writer);
  return status;
}

aft_status aft__terms_batch_write(aft__tx *tx, aft__terms_batch *batch, aft_id tenant, uint32_t space,
                                  aft_error *error) {
  size_t n;
  aft_id segment;
  if (batch->items.failed)
    return aft__nomem(error);
  if (!batch->items.len)
    return AFT_OK;
  AFT__TRY(make_segment(tx, tenant, space, &segment, error));
  sortable *items = sorted(batch, &n);
  AFT__TRY(write_postings(tx, segment, items, n, error));
  aft__buf_clear(&batch->bytes);
  aft__buf_clear(&batch->items);
  return aft__terms_plan(tx, tenant, space, error);
}
