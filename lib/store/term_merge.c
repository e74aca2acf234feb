/* Keeping the index of terms small in number: segments of one level are merged into one of the next, some
 * blocks at a time, and what they were made of is removed. */
#include "store/term_index_priv.h"

#define MASK(column) (UINT64_C(1) << (column))
#define FAN_IN       8                  /* segments of a level that become one */
#define STEP_BLOCKS  64                 /* of one transaction */
#define LINGER_MS    (60 * AFT__SECOND) /* for readers that began before the segment was merged */

/* ---- beginning ---- */

static aft_status begin_merge(aft__tx *tx, aft__value **rows, aft_error *error) {
  const aft__value *like = rows[0];
  aft__value made[AFT__TS_COLUMNS] = {
      [AFT__TS_ID] = aft__int(aft__tx_id(tx)),
      [AFT__TS_TENANT] = like[AFT__TS_TENANT],
      [AFT__TS_SPACE] = like[AFT__TS_SPACE],
      [AFT__TS_LEVEL] = aft__int(like[AFT__TS_LEVEL].number + 1),
      [AFT__TS_STATE] = aft__int(AFT__SEGMENT_MADE),
      [AFT__TS_CHANGED] = aft__int(aft__tx_now(tx)),
      [AFT__TS_INTO] = aft__int(0),
  };
  AFT__TRY(aft__insert(tx, &aft__term_segment_table, made, NULL, error));
  for (uint32_t i = 0; i < FAN_IN; i++) {
    rows[i][AFT__TS_INTO] = made[AFT__TS_ID];
    AFT__TRY(aft__update(tx, &aft__term_segment_table, rows[i], MASK(AFT__TS_INTO), error));
  }
  return AFT_OK;
}

aft_status aft__terms_segments(aft__tx *tx, aft_id tenant, uint32_t space, aft__value ***rows, uint32_t *n,
                               aft_error *error) {
  aft__scan scan = {.table = &aft__term_segment_table,
                    .index = AFT__TS_BY_SPACE,
                    .n_equal = 2,
                    .equal = {aft__int(tenant), aft__int(space)},
                    .limit = AFT__SEGMENTS_MOST};
  return aft__scan_all(tx, &scan, rows, n, error);
}

/* The first FAN_IN segments of a level that are not being merged yet. */
static uint32_t of_level(aft__value **rows, uint32_t n, int64_t level, aft__value **out) {
  uint32_t found = 0;
  for (uint32_t i = 0; i < n && found < FAN_IN; i++)
    if (rows[i][AFT__TS_STATE].number == AFT__SEGMENT_LIVE && !rows[i][AFT__TS_INTO].number &&
        rows[i][AFT__TS_LEVEL].number == level)
      out[found++] = rows[i];
  return found;
}

aft_status aft__terms_plan(aft__tx *tx, aft_id tenant, uint32_t space, aft_error *error) {
  aft__value **rows, *some[FAN_IN];
  uint32_t n;
  int64_t top = 0;
  AFT__TRY(aft__terms_segments(tx, tenant, space, &rows, &n, error));
  for (uint32_t i = 0; i < n; i++)
    top = rows[i][AFT__TS_LEVEL].number > top ? rows[i][AFT__TS_LEVEL].number : top;
  for (int64_t level = 0; level <= top; level++)
    while (of_level(rows, n, level, some) == FAN_IN)
      AFT__TRY(begin_merge(tx, some, error));
  return AFT_OK;
}

/* ---- merging ---- */

/* One of the segments that are merged. */
typedef struct input {
  aft_id segment;
  const aft__value *block; /* row of the one that is read; NULL before the first */
  aft__block_reader reader;
  bool ended;
} input;

static aft_status load_block(aft__tx *tx, input *in, const aft__term_key *from, bool down, aft_error *error) {
  aft__value bound = aft__null(), **rows;
  aft__scan scan = {.table = &aft__term_block_table,
                    .index = AFT__TB_BY_KEY,
                    .n_equal = 1,
                    .equal = {aft__int(in->segment)},
                    .descending = down,
                    .limit = 1};
  uint32_t n;
  if (from) {
    bound = aft__blob(from->bytes, from->n);
    scan.high = &bound;
  } else if (in->block) {
    scan.after = true;
    scan.after_value = in->block[AFT__TB_KEY];
    scan.after_id = in->block[AFT__TB_ID].number;
  }
  AFT__TRY(aft__scan_all(tx, &scan, &rows, &n, error));
  in->ended = !n;
  if (!n)
    return AFT_OK;
  in->block = rows[0];
  return aft__block_open(&in->reader, &in->block[AFT__TB_DATA], error);
}

static aft_status advance(aft__tx *tx, input *in, aft_error *error) {
  aft_status status = aft__block_next(&in->reader, error);
  while (status == AFT_DONE) {
    AFT__TRY(load_block(tx, in, NULL, false, error));
    if (in->ended)
      return AFT_OK;
    status = aft__block_next(&in->reader, error);
  }
  return status;
}

/* To the first posting after the last one that was merged. */
static aft_status position(aft__tx *tx, input *in, const aft__value *reached, aft_error *error) {
  aft__posting last;
  aft__term_key key;
  if (reached->type == AFT_SQL_NULL) {
    AFT__TRY(load_block(tx, in, NULL, false, error));
    return in->ended ? AFT_OK : advance(tx, in, error);
  }
  AFT__TRY(aft__term_key_read(reached, &last, error));
  aft__term_key_make(&key, (aft_str){last.term, last.len}, last.doc);
  AFT__TRY(load_block(tx, in, &key, true, error));
  if (in->ended) /* all of it lies behind */
    AFT__TRY(load_block(tx, in, NULL, false, error));
  while (!in->ended) {
    AFT__TRY(advance(tx, in, error));
    if (!in->ended && aft__posting_cmp(&in->reader.at, (aft_str){last.term, last.len}, last.doc) > 0)
      break;
  }
  return AFT_OK;
}

static input *least(input *inputs, uint32_t n) {
  input *first = NULL;
  for (uint32_t i = 0; i < n; i++) {
    const aft__posting *at = &inputs[i].reader.at;
    if (!inputs[i].ended &&
        (!first || aft__posting_cmp(&first->reader.at, (aft_str){at->term, at->len}, at->doc) > 0))
      first = &inputs[i];
  }
  return first;
}

/* Writes up to STEP_BLOCKS blocks; *ended when nothing is left to merge. */
static aft_status merge_some(aft__tx *tx, aft__value *made, input *inputs, uint32_t n, bool *ended,
                             uint32_t *blocks, aft_error *error) {
  aft__block_writer writer;
  aft__block_writer_init(&writer, tx, made[AFT__TS_ID].number);
  aft_status status = AFT_OK;
  input *in = NULL;
  while (status >= 0 && writer.blocks < STEP_BLOCKS && (in = least(inputs, n))) {
    const aft__posting *at = &in->reader.at;
    status = aft__block_writer_add(&writer, (aft_str){at->term, at->len}, at->doc, error);
    if (status >= 0)
      status = advance(tx, in, error);
  }
  if (status >= 0)
    status = aft__block_writer_flush(&writer, error);
  *ended = !in;
  *blocks = writer.blocks;
  if (status >= 0 && writer.last.len) {
    aft__term_key key;
    aft__term_key_make(&key, (aft_str){writer.last.term, writer.last.len}, writer.last.doc);
    aft_str copy = aft__arena_dup(tx->arena, (aft_str){key.bytes, key.n});
    if (copy.data)
      made[AFT__TS_REACHED] = aft__blob(copy.data, copy.len);
    else
      status = aft__nomem(error);
  }
  aft__block_writer_done(&writer);
  return status;
}

static aft_status set_state(aft__tx *tx, aft__value *row, int64_t state, uint64_t more, aft_error *error) {
  row[AFT__TS_STATE] = aft__int(state);
  row[AFT__TS_CHANGED] = aft__int(aft__tx_now(tx));
  return aft__update(tx, &aft__term_segment_table, row, MASK(AFT__TS_STATE) | MASK(AFT__TS_CHANGED) | more,
                     error);
}

static aft_status merge_step(aft__tx *tx, aft__value *made, uint32_t *blocks, aft_error *error) {
  aft__scan scan = {.table = &aft__term_segment_table,
                    .index = AFT__TS_BY_INTO,
                    .n_equal = 1,
                    .equal = {made[AFT__TS_ID]},
                    .limit = FAN_IN};
  aft__value **rows;
  input inputs[FAN_IN] = {0};
  uint32_t n;
  bool ended;
  AFT__TRY(aft__scan_all(tx, &scan, &rows, &n, error));
  for (uint32_t i = 0; i < n; i++) {
    inputs[i].segment = rows[i][AFT__TS_ID].number;
    AFT__TRY(position(tx, &inputs[i], &made[AFT__TS_REACHED], error));
  }
  AFT__TRY(merge_some(tx, made, inputs, n, &ended, blocks, error));
  if (!ended)
    return set_state(tx, made, AFT__SEGMENT_MADE, MASK(AFT__TS_REACHED), error);
  AFT__TRY(set_state(tx, made, AFT__SEGMENT_LIVE, MASK(AFT__TS_REACHED), error));
  for (uint32_t i = 0; i < n; i++)
    AFT__TRY(set_state(tx, rows[i], AFT__SEGMENT_GONE, 0, error));
  return aft__terms_plan(tx, made[AFT__TS_TENANT].number, (uint32_t)made[AFT__TS_SPACE].number, error);
}

/* ---- removing ---- */

static aft_status remove_step(aft__tx *tx, const aft__value *gone, uint32_t *blocks, aft_error *error) {
  aft__scan scan = {.table = &aft__term_block_table,
                    .index = AFT__TB_BY_KEY,
                    .n_equal = 1,
                    .equal = {gone[AFT__TS_ID]},
                    .limit = STEP_BLOCKS};
  aft__value **rows;
  AFT__TRY(aft__scan_all(tx, &scan, &rows, blocks, error));
  for (uint32_t i = 0; i < *blocks; i++)
    AFT__TRY(aft__remove(tx, &aft__term_block_table, rows[i][AFT__TB_ID].number, rows[i][AFT__TB_REV].number,
                         error));
  if (*blocks == STEP_BLOCKS)
    return AFT_OK;
  return aft__remove(tx, &aft__term_segment_table, gone[AFT__TS_ID].number, gone[AFT__TS_REV].number, error);
}

/* ---- one step of either ---- */

static aft_status first_in(aft__tx *tx, int64_t state, const aft__value *until, aft__value **row,
                           aft_error *error) {
  aft__scan scan = {.table = &aft__term_segment_table,
                    .index = AFT__TS_BY_STATE,
                    .n_equal = 1,
                    .equal = {aft__int(state)},
                    .high = until,
                    .limit = 1};
  aft__value **rows;
  uint32_t n;
  AFT__TRY(aft__scan_all(tx, &scan, &rows, &n, error));
  *row = n ? rows[0] : NULL;
  return AFT_OK;
}

aft_status aft__terms_idle(aft__tx *tx, bool *idle, aft_error *error) {
  aft__value *made, *gone, until = aft__int(aft__tx_now(tx) - LINGER_MS);
  AFT__TRY(first_in(tx, AFT__SEGMENT_MADE, NULL, &made, error));
  AFT__TRY(first_in(tx, AFT__SEGMENT_GONE, &until, &gone, error));
  *idle = !made && !gone;
  return AFT_OK;
}

aft_status aft__terms_tend(aft__tx *tx, uint32_t *blocks, aft_error *error) {
  aft__value *row, until = aft__int(aft__tx_now(tx) - LINGER_MS);
  *blocks = 0;
  AFT__TRY(first_in(tx, AFT__SEGMENT_MADE, NULL, &row, error));
  if (row) {
    /* what it has reached is no number: the revision that the update makes proves the commit */
    aft__tx_proof_value(tx, &aft__term_segment_table, row[AFT__TS_ID].number, AFT__TS_REV,
                        row[AFT__TS_REV].number + 1);
    AFT__TRY(merge_step(tx, row, blocks, error));
    return AFT_OK;
  }
  AFT__TRY(first_in(tx, AFT__SEGMENT_GONE, &until, &row, error));
  if (!row)
    return AFT_DONE;
  return remove_step(tx, row, blocks, error);
}
