/* Ordered trees of rows, one for each index: treaps (Seidel and Aragon, 1996); searches and scans in them. */
#include "store/memory_priv.h"

aft__mem_row *aft__mem_row_new(const aft_env *env, const aft__table *def, const aft__value *values,
                               uint64_t priority) {
  size_t nodes = 1u + def->n_indexes;
  size_t bytes = sizeof(aft__mem_row) + nodes * sizeof(aft__mem_node) + def->n_columns * sizeof(aft__value);
  for (uint32_t i = 0; i < def->n_columns; i++)
    if (values[i].type >= AFT_SQL_TEXT)
      bytes += values[i].size + 1;
  aft__mem_row *row = aft__zalloc(env, bytes);
  if (!row)
    return NULL;
  row->bytes = bytes;
  row->priority = priority;
  row->nodes = (aft__mem_node *)(row + 1);
  row->values = (aft__value *)(row->nodes + nodes);
  char *data = (char *)(row->values + def->n_columns);
  for (uint32_t i = 0; i < def->n_columns; i++) {
    row->values[i] = values[i];
    if (values[i].type < AFT_SQL_TEXT)
      continue;
    row->values[i].data = data;
    if (values[i].size)
      memcpy(data, values[i].data, values[i].size);
    data += values[i].size + 1;
  }
  return row;
}

void aft__mem_row_free(const aft_env *env, aft__mem_row *row) {
  if (row)
    aft__release(env, row, row->bytes);
}

/* ---- order ---- */

static int id_cmp(aft_id a, aft_id b) { return (a > b) - (a < b); }

static int row_cmp(const aft__table *def, uint32_t tree, const aft__mem_row *a, const aft__mem_row *b) {
  if (tree) {
    const aft__index *index = &def->indexes[tree - 1];
    for (uint32_t i = 0; i < index->n; i++) {
      int order = aft__value_cmp(&a->values[index->columns[i]], &b->values[index->columns[i]]);
      if (order)
        return order;
    }
  }
  return id_cmp(a->values[AFT__COL_ID].number, b->values[AFT__COL_ID].number);
}

static int place_cmp(const aft__table *def, uint32_t tree, const aft__mem_row *row, const aft__mem_place *p) {
  for (uint32_t i = 0; i < p->n_keys; i++) {
    int order = aft__value_cmp(&row->values[def->indexes[tree - 1].columns[i]], p->keys[i]);
    if (order)
      return order;
  }
  return p->with_id ? id_cmp(row->values[AFT__COL_ID].number, p->id) : 0;
}

static bool holds(const aft__table *def, uint32_t tree, const aft__value *values) {
  uint32_t only = tree ? def->indexes[tree - 1].only_zero : 0;
  return !only || (values[only - 1].type == AFT_SQL_INT && values[only - 1].number == 0);
}

/* ---- change ---- */

/* All of root before key goes to *less, all after it to *more. */
static void split(const aft__table *def, uint32_t tree, aft__mem_row *root, const aft__mem_row *key,
                  aft__mem_row **less, aft__mem_row **more) {
  while (root) {
    if (row_cmp(def, tree, root, key) < 0) {
      *less = root;
      less = &root->nodes[tree].right;
      root = *less;
    } else {
      *more = root;
      more = &root->nodes[tree].left;
      root = *more;
    }
  }
  *less = *more = NULL;
}

static void join(uint32_t tree, aft__mem_row *less, aft__mem_row *more, aft__mem_row **out) {
  while (less && more) {
    if (less->priority > more->priority) {
      *out = less;
      out = &less->nodes[tree].right;
      less = *out;
    } else {
      *out = more;
      out = &more->nodes[tree].left;
      more = *out;
    }
  }
  *out = less ? less : more;
}

static aft__mem_row **spot(const aft__table *def, uint32_t tree, aft__mem_row **at, const aft__mem_row *row,
                           bool present) {
  while (*at && (present ? *at != row : (*at)->priority >= row->priority))
    at = row_cmp(def, tree, row, *at) < 0 ? &(*at)->nodes[tree].left : &(*at)->nodes[tree].right;
  return at;
}

void aft__mem_link(aft__mem_table *table, aft__mem_row *row) {
  for (uint32_t tree = 0; tree <= table->def->n_indexes; tree++) {
    if (!holds(table->def, tree, row->values))
      continue;
    aft__mem_row **at = spot(table->def, tree, &table->roots[tree], row, false);
    aft__mem_row *below = *at;
    *at = row;
    split(table->def, tree, below, row, &row->nodes[tree].left, &row->nodes[tree].right);
  }
}

void aft__mem_unlink(aft__mem_table *table, aft__mem_row *row) {
  for (uint32_t tree = 0; tree <= table->def->n_indexes; tree++) {
    if (!holds(table->def, tree, row->values))
      continue;
    aft__mem_row **at = spot(table->def, tree, &table->roots[tree], row, true);
    if (*at)
      join(tree, row->nodes[tree].left, row->nodes[tree].right, at);
  }
}

void aft__mem_clear(const aft_env *env, aft__mem_table *table) {
  aft__mem_row *at = table->roots[AFT__MEM_BY_ID];
  while (at) { /* turned into a list by right rotations, freed as it goes */
    aft__mem_row *left = at->nodes[0].left;
    if (left) {
      at->nodes[0].left = left->nodes[0].right;
      left->nodes[0].right = at;
      at = left;
    } else {
      aft__mem_row *next = at->nodes[0].right;
      aft__mem_row_free(env, at);
      at = next;
    }
  }
  table->roots[AFT__MEM_BY_ID] = NULL;
}

/* ---- search ---- */

aft__mem_row *aft__mem_seek(const aft__mem_table *table, uint32_t tree, const aft__mem_place *place,
                            bool descending, bool inclusive) {
  aft__mem_row *found = NULL, *at = table->roots[tree];
  while (at) {
    int order = place_cmp(table->def, tree, at, place);
    if (descending)
      order = -order;
    if (order > 0 || (order == 0 && inclusive)) {
      found = at;
      at = descending ? at->nodes[tree].right : at->nodes[tree].left;
    } else {
      at = descending ? at->nodes[tree].left : at->nodes[tree].right;
    }
  }
  return found;
}

aft__mem_row *aft__mem_get(const aft__mem_table *table, aft_id id) {
  aft__mem_place place = {.with_id = true, .id = id};
  aft__mem_row *row = aft__mem_seek(table, AFT__MEM_BY_ID, &place, false, true);
  return row && row->values[AFT__COL_ID].number == id ? row : NULL;
}

aft__mem_row *aft__mem_rival(const aft__mem_table *table, uint32_t index, const aft__value *values,
                             aft_id except) {
  const aft__index *def = &table->def->indexes[index];
  aft__mem_place place = {.n_keys = def->n};
  if (!def->unique || !holds(table->def, index + 1, values))
    return NULL;
  for (uint32_t i = 0; i < def->n; i++) {
    place.keys[i] = &values[def->columns[i]];
    if (place.keys[i]->type == AFT_SQL_NULL)
      return NULL;
  }
  aft__mem_row *row = aft__mem_seek(table, index + 1, &place, false, true);
  while (row && place_cmp(table->def, index + 1, row, &place) == 0) {
    if (row->values[AFT__COL_ID].number != except)
      return row;
    place.with_id = true;
    place.id = row->values[AFT__COL_ID].number;
    row = aft__mem_seek(table, index + 1, &place, false, false);
    place.with_id = false;
  }
  return NULL;
}

/* ---- scans ---- */

static uint32_t tree_of(const aft__scan *s) { return s->index == AFT__BY_ID ? AFT__MEM_BY_ID : s->index + 1; }

/* The value that a scan's bounds are about; NULL when it has no such column. */
static const aft__value *next_of(const aft__table *def, const aft__scan *s, const aft__mem_row *row) {
  if (s->index == AFT__BY_ID)
    return &row->values[AFT__COL_ID];
  const aft__index *index = &def->indexes[s->index];
  return s->n_equal < index->n ? &row->values[index->columns[s->n_equal]] : NULL;
}

static aft__mem_place equal_place(const aft__scan *s) {
  aft__mem_place place = {.n_keys = s->n_equal};
  for (uint32_t i = 0; i < s->n_equal; i++)
    place.keys[i] = &s->equal[i];
  return place;
}

/* The first row of the range, whatever the position to go on from. */
static aft__mem_row *seek_bound(const aft__mem_table *table, const aft__scan *s) {
  static const aft__value null = {0};
  const aft__value *bound = s->descending ? s->high : s->low;
  aft__mem_place place = equal_place(s);
  uint32_t tree = tree_of(s);
  bool inclusive = true;
  if (!bound && !s->descending && s->high && tree) {
    bound = &null;
    inclusive = false;
  }
  if (bound && tree) {
    place.keys[place.n_keys++] = bound;
  } else if (bound) {
    place.with_id = true;
    place.id = bound->number;
  }
  return aft__mem_seek(table, tree, &place, s->descending, inclusive);
}

static aft__mem_row *seek_after(const aft__mem_table *table, const aft__scan *s) {
  aft__mem_place place = equal_place(s);
  uint32_t tree = tree_of(s);
  if (tree && s->n_equal < table->def->indexes[s->index].n)
    place.keys[place.n_keys++] = &s->after_value;
  place.with_id = true;
  place.id = s->after_id;
  return aft__mem_seek(table, tree, &place, s->descending, false);
}

/* With a bound on either side, NULL lies outside below. */
static bool below(const aft__scan *s, const aft__value *next) {
  return s->low ? aft__value_cmp(next, s->low) < 0 : s->high && next->type == AFT_SQL_NULL;
}

static bool above(const aft__scan *s, const aft__value *next) {
  return s->high && aft__value_cmp(next, s->high) > 0;
}

static bool before_range(const aft__table *def, const aft__scan *s, const aft__mem_row *row) {
  const aft__value *next = next_of(def, s, row);
  return next && (s->descending ? above(s, next) : below(s, next));
}

static bool past_range(const aft__table *def, const aft__scan *s, const aft__mem_row *row) {
  for (uint32_t i = 0; i < s->n_equal; i++)
    if (aft__value_cmp(&row->values[def->indexes[s->index].columns[i]], &s->equal[i]))
      return true;
  const aft__value *next = next_of(def, s, row);
  return next && (s->descending ? below(s, next) : above(s, next));
}

aft__mem_row *aft__mem_first(const aft__mem_table *table, const aft__scan *s) {
  aft__mem_row *row = s->after ? seek_after(table, s) : seek_bound(table, s);
  if (row && s->after && !past_range(table->def, s, row) && before_range(table->def, s, row))
    row = seek_bound(table, s);
  return row && !past_range(table->def, s, row) ? row : NULL;
}

aft__mem_row *aft__mem_next(const aft__mem_table *table, const aft__scan *s, const aft__mem_row *row) {
  aft__mem_place place = {.with_id = true, .id = row->values[AFT__COL_ID].number};
  if (s->index != AFT__BY_ID) {
    const aft__index *index = &table->def->indexes[s->index];
    place.n_keys = index->n;
    for (uint32_t i = 0; i < index->n; i++)
      place.keys[i] = &row->values[index->columns[i]];
  }
  aft__mem_row *next = aft__mem_seek(table, tree_of(s), &place, s->descending, false);
  return next && !past_range(table->def, s, next) ? next : NULL;
}
