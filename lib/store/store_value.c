/* Values of columns: their order, and copies of rows. */
#include "store/store_priv.h"

static int rank_of(const aft__value *v) {
  if (v->type == AFT_SQL_NULL)
    return 0;
  return v->type == AFT_SQL_INT ? 1 : 2;
}

static int bytes_cmp(const aft__value *a, const aft__value *b) {
  size_t least = a->size < b->size ? a->size : b->size;
  int order = least ? memcmp(a->data, b->data, least) : 0;
  if (order)
    return order < 0 ? -1 : 1;
  return (a->size > b->size) - (a->size < b->size);
}

int aft__value_cmp(const aft__value *a, const aft__value *b) {
  int x = rank_of(a), y = rank_of(b);
  if (x != y)
    return x < y ? -1 : 1;
  if (x == 0)
    return 0;
  if (x == 1)
    return (a->number > b->number) - (a->number < b->number);
  return bytes_cmp(a, b);
}

aft__value *aft__row_copy(aft__arena *arena, const aft__value *row, uint32_t n_columns) {
  size_t bytes = 0;
  for (uint32_t i = 0; i < n_columns; i++)
    bytes += row[i].size ? row[i].size + 1 : 0;
  aft__value *copy = aft__arena_alloc(arena, n_columns * sizeof *copy + bytes);
  if (!copy)
    return NULL;
  char *data = (char *)(copy + n_columns);
  for (uint32_t i = 0; i < n_columns; i++) {
    copy[i] = row[i];
    if (row[i].type < AFT_SQL_TEXT)
      continue;
    copy[i].data = row[i].size ? data : "";
    if (row[i].size) {
      memcpy(data, row[i].data, row[i].size);
      data += row[i].size;
      *data++ = '\0';
    }
  }
  return copy;
}
