/* The prepared statements of a connection: a bounded cache by shape, and binding, running, reading rows. */
#include <inttypes.h>
#include <stdio.h>

#include "store/sql_priv.h"

/* A set-associative table: a shape has WAYS places, of which the one used longest ago is given up. */
#define SETS 64u
#define WAYS 4u

#define GUARD "aft_guard"

aft_status aft__sql_cache_init(aft__sql_conn *c, aft_error *error) {
  c->slots = aft__zalloc(c->env, SETS * WAYS * sizeof *c->slots);
  return c->slots ? AFT_OK : aft__nomem(error);
}

void aft__sql_cache_done(aft__sql_conn *c, bool finalize) {
  for (uint32_t i = 0; c->slots && finalize && i < SETS * WAYS; i++)
    if (c->slots[i].handle)
      c->driver->finalize(c->slots[i].handle);
  aft__release(c->env, c->slots, SETS * WAYS * sizeof *c->slots);
  c->slots = NULL;
}

static uint32_t set_of(const aft__sql_shape *s) {
  uint64_t h = (uint64_t)(uintptr_t)s->table >> 3;
  h = (h ^ s->mask) * UINT64_C(0x9E3779B97F4A7C15); /* 2^64 over the golden ratio */
  h ^= h >> 29;
  h += ((uint64_t)s->index << 32) ^
       ((uint64_t)s->op << 24 | (uint64_t)s->n_equal << 16 | (uint64_t)s->nulls << 8 | s->bits);
  h *= UINT64_C(0x9E3779B97F4A7C15);
  return (uint32_t)(h >> 32) % SETS;
}

static bool same_shape(const aft__sql_shape *a, const aft__sql_shape *b) {
  return a->table == b->table && a->mask == b->mask && a->index == b->index && a->op == b->op &&
         a->n_equal == b->n_equal && a->nulls == b->nulls && a->bits == b->bits;
}

static aft_status prepare(aft__sql_conn *c, const aft__sql_shape *shape, void **handle, aft_error *error) {
  aft__buf sql;
  void *made = NULL;
  aft__buf_init(&sql, c->env);
  aft__sql_text(c->dialect, shape, &sql);
  aft_status status = AFT_OK;
  if (sql.failed)
    status = aft__nomem(error);
  else
    status = aft__sql_prepare(c, sql.data, sql.len, &made, error);
  aft__buf_done(&sql);
  if (status == AFT_OK)
    *handle = made;
  return status;
}

static aft_status take_loose(aft__sql_conn *c, const aft__sql_shape *shape, aft__sql_stmt **out,
                             aft_error *error) {
  aft__sql_stmt *s = aft__zalloc(c->env, sizeof *s);
  if (!s)
    return aft__nomem(error);
  aft_status status = prepare(c, shape, &s->handle, error);
  if (status < 0) {
    aft__release(c->env, s, sizeof *s);
    return status;
  }
  s->shape = *shape;
  s->busy = s->loose = true;
  *out = s;
  return AFT_OK;
}

aft_status aft__sql_take(aft__sql_conn *c, const aft__sql_shape *shape, aft__sql_stmt **out,
                         aft_error *error) {
  aft__sql_stmt *set = &c->slots[set_of(shape) * WAYS], *place = NULL;
  for (uint32_t i = 0; i < WAYS; i++) {
    aft__sql_stmt *s = &set[i];
    if (s->handle && same_shape(&s->shape, shape)) {
      if (s->busy)
        return take_loose(c, shape, out, error);
      s->busy = true;
      s->used = ++c->clock;
      *out = s;
      return AFT_OK;
    }
    if (!s->busy && (!place || (place->handle && (!s->handle || s->used < place->used))))
      place = s;
  }
  if (!place)
    return take_loose(c, shape, out, error);
  void *handle;
  AFT__TRY(prepare(c, shape, &handle, error));
  if (place->handle)
    c->driver->finalize(place->handle);
  *place = (aft__sql_stmt){*shape, handle, ++c->clock, true, false};
  *out = place;
  return AFT_OK;
}

void aft__sql_give(aft__sql_conn *c, aft__sql_stmt *stmt) {
  if (!stmt)
    return;
  if (stmt->loose) {
    c->driver->finalize(stmt->handle);
    aft__release(c->env, stmt, sizeof *stmt);
    return;
  }
  c->driver->reset(stmt->handle);
  stmt->busy = false;
}

/* ---- running ---- */

aft_status aft__sql_bind(aft__sql_conn *c, aft__sql_stmt *stmt, uint32_t *index, aft__value value,
                         aft_error *error) {
  if (value.size > AFT_SQL_VALUE_MOST)
    return aft__sql_broke(c,
                          aft__error(error, AFT_E_TOO_LARGE, "value", "expected at most %d bytes, found %zu",
                                     AFT_SQL_VALUE_MOST, value.size));
  return aft__sql_broke(
      c, aft__sql_said(c, "bind", c->driver->bind(stmt->handle, ++*index, &value, error), error));
}

aft_status aft__sql_step(aft__sql_conn *c, aft__sql_stmt *stmt, aft_error *error) {
  return aft__sql_broke(c, aft__sql_step_handle(c, stmt->handle, error));
}

static aft_status undo_guard(aft__sql_conn *c) {
  AFT__TRY(aft__sql_exec(c, "ROLLBACK TO SAVEPOINT " GUARD, NULL));
  return aft__sql_exec(c, "RELEASE SAVEPOINT " GUARD, NULL);
}

aft_status aft__sql_run(aft__sql_conn *c, aft__sql_stmt *stmt, bool guard, int64_t *changes,
                        aft_error *error) {
  guard = guard && aft__sql_needs_guard(c->dialect);
  if (guard)
    AFT__TRY(aft__sql_exec(c, "SAVEPOINT " GUARD, error));
  aft_status status = aft__sql_step_handle(c, stmt->handle, error);
  if (status == AFT_E_CHECK || status == AFT_E_EXISTS) {
    if (guard)
      undo_guard(c); /* when it fails, the next operation tells */
    return status;
  }
  if (status < 0)
    return aft__sql_broke(c, status);
  if (status != AFT_DONE)
    return aft__sql_lied(c, error, "a statement that has no rows gave one");
  int64_t changed = c->driver->changes(c->native);
  if (changed != 0 && changed != 1)
    return aft__sql_lied(c, error, "a write of one row reported %" PRId64 " changed rows", changed);
  *changes = changed;
  return guard ? aft__sql_exec(c, "RELEASE SAVEPOINT " GUARD, error) : AFT_OK;
}

/* ---- reading ---- */

static const char *type_text(uint32_t type) {
  static const char *const texts[] = {"nothing", "an integer", "a text", "a blob"};
  return texts[type];
}

static aft_status wrong_type(const aft__table *table, uint32_t i, uint32_t found, aft_error *error) {
  char where[80];
  snprintf(where, sizeof where, "%s.%s", table->name, table->columns[i].name);
  return aft__error(error, AFT_E_CORRUPT, where, "expected %s in the stored row, found %s",
                    type_text(table->columns[i].type), type_text(found));
}

aft_status aft__sql_read(aft__sql_conn *c, aft__sql_stmt *stmt, const aft__table *table, aft__value *values,
                         aft_error *error) {
  for (uint32_t i = 0; i < table->n_columns; i++) {
    const aft__column *column = &table->columns[i];
    aft__value *v = &values[i];
    AFT__TRY(aft__sql_column(c, stmt->handle, i, v, error));
    if (v->type == column->type)
      continue;
    if (v->type == AFT_SQL_NULL) {
      if (column->required || i == AFT__COL_ID)
        return wrong_type(table, i, v->type, error);
      continue;
    }
    /* An engine may keep an indexed text as bytes. */
    if (v->type == AFT_SQL_INT || column->type == AFT_SQL_INT)
      return wrong_type(table, i, v->type, error);
    v->type = column->type;
  }
  return AFT_OK;
}
