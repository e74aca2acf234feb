/* Walking one index in its natural order: of the records themselves, of a tag, or of an attribute. */
#include "desk/list/list_priv.h"

/* ---- which way ---- */

static const aft__test *test_of(const aft__pick *pick, uint32_t column) {
  for (uint32_t i = 0; i < pick->n_tests; i++)
    if (pick->tests[i].column == column)
      return &pick->tests[i];
  return NULL;
}

static bool open_to(const aft__pick *pick, const aft__way *way) {
  for (uint32_t i = 0; i < way->n_columns; i++)
    if (!test_of(pick, way->columns[i]))
      return false;
  return true;
}

static aft__walk by_records(const aft__way *way) { return (aft__walk){AFT__WALK_RECORDS, way, way->by}; }

/* Equal keys are in the order of their setting, which no list asks for. */
static aft__walk by_attribute(const aft__pick *pick) {
  bool one = pick->has_low && pick->has_high && pick->low == pick->high;
  return (aft__walk){AFT__WALK_ATTRIBUTE, NULL,
                     one && pick->by != AFT_BY_ATTRIBUTE ? AFT__BY_NOTHING : AFT_BY_ATTRIBUTE};
}

/* A customer's or an order's records are few; those of a tag or a value fewer than those of a queue or state.
 */
aft__walk aft__walk_narrow(const aft__pick *pick) {
  const aft__listed *listed = pick->listed;
  for (uint32_t i = 0; i < listed->n_ways; i++) {
    const aft__way *way = &listed->ways[i];
    if (way->n_columns == 0 || (i >= 2 && (pick->tag.data || pick->attribute.data)))
      break;
    if (open_to(pick, way))
      return by_records(way);
  }
  if (pick->tag.data)
    return (aft__walk){AFT__WALK_TAG, NULL, AFT_BY_CREATED};
  if (pick->attribute.data)
    return by_attribute(pick);
  for (uint32_t i = 2; i < listed->n_ways && listed->ways[i].n_columns; i++)
    if (open_to(pick, &listed->ways[i]))
      return by_records(&listed->ways[i]);
  return aft__walk_ordered(pick);
}

aft__walk aft__walk_ordered(const aft__pick *pick) {
  const aft__listed *listed = pick->listed;
  if (pick->by == AFT_BY_ATTRIBUTE)
    return by_attribute(pick);
  uint32_t i = 0;
  while (i + 1 < listed->n_ways && !(listed->ways[i].by == pick->by && open_to(pick, &listed->ways[i])))
    i++;
  return by_records(&listed->ways[i]);
}

/* ---- the scan of a walk ---- */

static aft__scan scan_records(const aft__pick *pick, const aft__way *way) {
  aft__scan scan = {.table = pick->listed->table,
                    .index = way->index,
                    .n_equal = 1 + way->n_columns,
                    .equal = {aft__int(pick->tenant)}};
  for (uint32_t i = 0; i < way->n_columns; i++) {
    const aft__test *test = test_of(pick, way->columns[i]);
    scan.equal[1 + i] = test->null        ? aft__null()
                        : test->text.data ? aft__text(test->text)
                                          : aft__int(test->number);
  }
  return scan;
}

static aft__scan scan_tag(const aft__pick *pick) {
  return (aft__scan){.table = &aft__tag_table,
                     .index = AFT__TAG_BY_TAG,
                     .n_equal = 3,
                     .equal = {aft__int(pick->tenant), aft__int(aft__label_record_kind(pick->listed->kind)),
                               aft__text(pick->tag)}};
}

static aft__scan scan_attribute(const aft__pick *pick) {
  return (aft__scan){.table = &aft__attribute_table,
                     .index = AFT__ATTRIBUTE_BY_KEY,
                     .n_equal = 3,
                     .equal = {aft__int(pick->tenant), aft__int(aft__label_record_kind(pick->listed->kind)),
                               aft__text(pick->attribute)}};
}

static uint32_t order_column(const aft__scan *scan) {
  const aft__index *index = &scan->table->indexes[scan->index];
  return scan->n_equal < index->n ? index->columns[scan->n_equal] : AFT__COL_ID;
}

/* The record that a row of a tag or an attribute names; NULL where it is gone. */
static aft_status record_of(aft__tx *tx, const aft__pick *pick, const aft__walk *walk, aft__value *row,
                            aft__value **record, aft_error *error) {
  *record = row;
  if (walk->kind == AFT__WALK_RECORDS)
    return AFT_OK;
  uint32_t column =
      walk->kind == AFT__WALK_TAG ? (uint32_t)AFT__TAG_SUBJECT : (uint32_t)AFT__ATTRIBUTE_SUBJECT;
  aft_status status = aft__get(tx, pick->listed->table, row[column].number, record, error);
  if (status == AFT_E_NOT_FOUND)
    *record = NULL;
  return status == AFT_E_NOT_FOUND ? AFT_OK : status;
}

static aft__scan scan_of(const aft__pick *pick, const aft__walk *walk) {
  switch (walk->kind) {
  case AFT__WALK_TAG:
    return scan_tag(pick);
  case AFT__WALK_ATTRIBUTE:
    return scan_attribute(pick);
  default:
    return scan_records(pick, walk->way);
  }
}

static aft_status look_at(aft__tx *tx, const aft__pick *pick, const aft__walk *walk, aft__value *row,
                          const aft__stride *stride, aft_error *error) {
  aft__value *record;
  aft__match_of match = {0};
  AFT__TRY(record_of(tx, pick, walk, row, &record, error));
  if (record)
    AFT__TRY(aft__pick_test(tx, pick, record, &match, error));
  if (!match.holds)
    return AFT_OK;
  aft__found found = {record, aft__pick_place(pick, record, &match)};
  return stride->fn(stride->user, &found, error);
}

aft_status aft__walk_some(aft__tx *tx, const aft__pick *pick, const aft__walk *walk, aft__stride *stride,
                          aft_error *error) {
  aft__scan scan = scan_of(pick, walk);
  aft__value low = aft__int(pick->low), high = aft__int(pick->high), **rows;
  uint32_t n;
  if (walk->kind == AFT__WALK_ATTRIBUTE) {
    scan.low = pick->has_low ? &low : NULL;
    scan.high = pick->has_high ? &high : NULL;
  }
  scan.descending = stride->down;
  scan.limit = stride->most;
  scan.after = stride->at.set;
  scan.after_value = aft__int(stride->at.value);
  scan.after_id = stride->at.id;
  if (walk->kind == AFT__WALK_TAG) /* of one record there is one row: all beyond the record's id */
    scan.after_id = stride->down ? 0 : INT64_MAX;
  AFT__TRY(aft__scan_all(tx, &scan, &rows, &n, error));
  stride->ended = n < stride->most;
  for (uint32_t i = 0; i < n; i++)
    AFT__TRY(look_at(tx, pick, walk, rows[i], stride, error));
  if (n)
    stride->at = (aft__place){true, rows[n - 1][order_column(&scan)].number, rows[n - 1][AFT__COL_ID].number};
  return AFT_OK;
}
