/* Scans of the SQL backend: a range of an index in one to three statements. */
#include <inttypes.h>

#include "store/sql_priv.h"

/*
 * A scan is read as up to three parts, each one statement that seeks to its first row and sorts nothing:
 * - The rows after the position (value, id) are those with this value and a greater id, then those with a
 *   greater value. As one condition no engine seeks by both (SQLite stops at the value, as its index ends
 *   in the row id), and a thousand rows of one value would be read again for each page.
 * - NULL is less than every value, but no comparison of SQL holds for it, so its rows are a part of their
 *   own where a bound or a position is in play.
 */
#define MOST_PARTS 3

typedef struct part {
  bool pinned; /* the next column equals pin, and the bounds are of the id */
  aft__value pin;
  aft__value low, high;
  uint8_t bits; /* AFT__SQL_LOW, _HIGH, _BEYOND */
} part;

struct aft__sql_rows {
  aft__rows base;
  aft__sql_conn *c;
  aft__sql_stmt *stmt; /* of the part that is open */
  aft__scan scan;
  part parts[MOST_PARTS];
  uint32_t n_parts, part;
  uint32_t left; /* of the limit */
  bool any;
  aft_id last; /* of any: the row before */
  aft__value values[AFT__MOST_COLUMNS + 1];
};

static const aft__index *index_of(const aft__scan *scan) {
  return scan->index == AFT__BY_ID ? NULL : &scan->table->indexes[scan->index];
}

static part bounded(const aft__value *low, const aft__value *high) {
  part p = {0};
  if (low) {
    p.low = *low;
    p.bits |= AFT__SQL_LOW;
  }
  if (high) {
    p.high = *high;
    p.bits |= AFT__SQL_HIGH;
  }
  return p;
}

static part pinned(const aft__value *value) {
  part p = {.pinned = true, .pin = *value};
  return p;
}

/* The position takes the place of the bound where the scan begins, unless that lies further on. */
static void begin_beyond(part *p, bool down, aft__value position) {
  if (down ? p->bits & AFT__SQL_HIGH && aft__value_cmp(&position, &p->high) > 0
           : p->bits & AFT__SQL_LOW && aft__value_cmp(&position, &p->low) < 0)
    return;
  *(down ? &p->high : &p->low) = position;
  p->bits |= (uint8_t)(AFT__SQL_BEYOND | (down ? AFT__SQL_HIGH : AFT__SQL_LOW));
}

static void add_part(aft__sql_rows *r, part p) { r->parts[r->n_parts++] = p; }

static void add_nulls(aft__sql_rows *r, bool at_null) {
  aft__value null = aft__null();
  part p = pinned(&null);
  if (at_null)
    begin_beyond(&p, r->scan.descending, aft__int(r->scan.after_id));
  add_part(r, p);
}

static void add_values_after(aft__sql_rows *r, const aft__value *low) {
  const aft__scan *s = &r->scan;
  const aft__value *value = &s->after_value;
  part rest = bounded(low, s->high);
  if ((!low || aft__value_cmp(value, low) >= 0) && (!s->high || aft__value_cmp(value, s->high) <= 0)) {
    part same = pinned(value);
    begin_beyond(&same, s->descending, aft__int(s->after_id));
    add_part(r, same);
  }
  begin_beyond(&rest, s->descending, *value);
  add_part(r, rest);
}

/* The index orders within the equal columns by one more. A bound leaves the rows with NULL out, but for a low
 * one that is NULL itself. */
static void plan_column(aft__sql_rows *r, const aft__column *column) {
  const aft__scan *s = &r->scan;
  bool from_null = s->low && s->low->type == AFT_SQL_NULL;
  const aft__value *low = from_null ? NULL : s->low;
  aft__value least =
      column->type == AFT_SQL_INT ? aft__int(INT64_MIN) : (aft__value){column->type, 0, 0, "", 0};
  bool at_null = s->after && s->after_value.type == AFT_SQL_NULL;
  bool nulls =
      !column->required && (from_null || (!s->low && !s->high)) && (!s->after || s->descending || at_null);
  bool values = !(s->high && s->high->type == AFT_SQL_NULL) && !(at_null && s->descending);
  if (nulls && values && !s->high && !s->after) {
    add_part(r, bounded(NULL, NULL));
    return;
  }
  if (nulls && !s->descending)
    add_nulls(r, at_null);
  if (values && s->after && !at_null)
    add_values_after(r, low);
  else if (values)
    add_part(r, bounded(nulls && !s->high ? &least : low, s->high));
  if (nulls && s->descending)
    add_nulls(r, at_null);
}

static void plan(aft__sql_rows *r) {
  const aft__scan *s = &r->scan;
  const aft__index *index = index_of(s);
  if (index && s->n_equal < index->n) {
    plan_column(r, &s->table->columns[index->columns[s->n_equal]]);
    return;
  }
  part p = index ? bounded(NULL, NULL) : bounded(s->low, s->high);
  if (s->after)
    begin_beyond(&p, s->descending, aft__int(s->after_id));
  add_part(r, p);
}

/* ---- the statement of a part ---- */

static const aft__value *equal_to(const aft__scan *s, const part *p, uint32_t k) {
  return k < s->n_equal ? &s->equal[k] : &p->pin;
}

static aft__sql_shape shape_of(const aft__sql_rows *r, const part *p) {
  const aft__scan *s = &r->scan;
  aft__sql_shape shape = {.table = s->table, .index = s->index, .op = AFT__SQL_SCAN};
  uint32_t bits = p->bits | (s->descending ? AFT__SQL_DOWN : 0u) | (s->limit ? AFT__SQL_LIMIT : 0u);
  if (s->claim && aft__sql_locks_rows(r->c->dialect))
    bits |= AFT__SQL_CLAIM;
  shape.bits = (uint8_t)bits;
  shape.n_equal = (uint8_t)(s->n_equal + p->pinned);
  for (uint32_t k = 0; k < shape.n_equal; k++)
    if (equal_to(s, p, k)->type == AFT_SQL_NULL)
      shape.nulls |= (uint8_t)(1u << k);
  return shape;
}

static aft_status start(aft__sql_rows *r, aft_error *error) {
  const part *p = &r->parts[r->part];
  aft__sql_shape shape = shape_of(r, p);
  uint32_t n = 0;
  AFT__TRY(aft__sql_take(r->c, &shape, &r->stmt, error));
  for (uint32_t k = 0; k < shape.n_equal; k++)
    if (!(shape.nulls >> k & 1))
      AFT__TRY(aft__sql_bind(r->c, r->stmt, &n, *equal_to(&r->scan, p, k), error));
  if (p->bits & AFT__SQL_LOW)
    AFT__TRY(aft__sql_bind(r->c, r->stmt, &n, p->low, error));
  if (p->bits & AFT__SQL_HIGH)
    AFT__TRY(aft__sql_bind(r->c, r->stmt, &n, p->high, error));
  return r->scan.limit ? aft__sql_bind(r->c, r->stmt, &n, aft__int(r->left), error) : AFT_OK;
}

static aft__sql_rows *new_rows(aft__sql_conn *c) {
  aft__sql_rows *r = c->spare;
  c->spare = NULL;
  return r ? r : aft__alloc(c->env, sizeof *r);
}

aft_status aft__sql_scan(aft__conn *conn, const aft__scan *scan, aft__rows **out, aft_error *error) {
  aft__sql_conn *c = (aft__sql_conn *)conn;
  const aft__index *index = index_of(scan);
  AFT__TRY(aft__sql_usable(c, error));
  if (index ? scan->n_equal > index->n || (scan->after && scan->n_equal + 1u < index->n) : scan->n_equal != 0)
    return aft__error(
        error, AFT_E_INTERNAL, scan->table->name,
        "a scan from a position leaves at most the last column of its index open, found %u given",
        scan->n_equal);
  aft__sql_rows *r = new_rows(c);
  if (!r)
    return aft__nomem(error);
  memset(r, 0, offsetof(aft__sql_rows, values));
  r->base.conn = conn;
  r->c = c;
  r->scan = *scan;
  r->left = scan->limit;
  plan(r);
  aft_status status = r->n_parts ? start(r, error) : AFT_OK;
  if (status < 0) {
    aft__sql_end(&r->base);
    return status;
  }
  *out = &r->base;
  return AFT_OK;
}

aft_status aft__sql_next(aft__rows *rows, const aft__value **row, aft_error *error) {
  aft__sql_rows *r = (aft__sql_rows *)rows;
  AFT__TRY(aft__sql_usable(r->c, error));
  while (r->part < r->n_parts && !(r->scan.limit && r->left == 0)) {
    if (!r->stmt)
      AFT__TRY(start(r, error));
    aft_status status = aft__sql_step(r->c, r->stmt, error);
    AFT__TRY(status);
    if (status == AFT_OK) {
      AFT__TRY(aft__sql_read(r->c, r->stmt, r->scan.table, r->values, error));
      if (r->any && r->last == r->values[AFT__COL_ID].number)
        return aft__sql_lied(r->c, error, "a row came twice, %" PRId64 " of %s", r->last,
                             r->scan.table->name);
      r->any = true;
      r->last = r->values[AFT__COL_ID].number;
      r->left -= r->scan.limit != 0;
      *row = r->values;
      return AFT_OK;
    }
    aft__sql_give(r->c, r->stmt);
    r->stmt = NULL;
    r->part++;
  }
  return AFT_DONE;
}

void aft__sql_end(aft__rows *rows) {
  if (!rows)
    return;
  aft__sql_rows *r = (aft__sql_rows *)rows;
  aft__sql_conn *c = r->c;
  aft__sql_give(c, r->stmt);
  if (c->spare)
    aft__release(c->env, r, sizeof *r);
  else
    c->spare = r;
}

void aft__sql_rows_free(aft__sql_conn *c) {
  aft__release(c->env, c->spare, sizeof *c->spare);
  c->spare = NULL;
}
