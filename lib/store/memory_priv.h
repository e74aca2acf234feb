/* Between the files of the memory backend: tables of rows that hang in one ordered tree for each index. */
#ifndef AFT_MEMORY_PRIV_H
#define AFT_MEMORY_PRIV_H

#include "store/store_priv.h"

typedef struct aft__mem_row aft__mem_row;

typedef struct aft__mem_node {
  aft__mem_row *left, *right;
} aft__mem_node;

/* One version of a row; never changed once it is linked. Values, their bytes and the nodes follow it in the
 * same piece of memory, so that linking needs none and cannot fail. */
struct aft__mem_row {
  size_t bytes; /* of the whole piece */
  uint64_t priority;
  aft__value *values;
  aft__mem_node *nodes; /* [0] of the tree by id, [1 + i] of index i */
};

typedef struct aft__mem_table {
  const aft__table *def;
  aft__mem_row **roots; /* as the nodes */
} aft__mem_table;

/* Where a search stands: before or after all rows that agree with the first columns of a tree and, when
 * n_keys covers all its columns, perhaps with an id. */
typedef struct aft__mem_place {
  const aft__value *keys[AFT__MOST_KEYS];
  uint32_t n_keys;
  bool with_id;
  aft_id id;
} aft__mem_place;

#define AFT__MEM_BY_ID 0u /* the tree by id; index i is tree 1 + i */

/* A copy of values with nodes; NULL when out of memory. */
aft__mem_row *aft__mem_row_new(const aft_env *env, const aft__table *def, const aft__value *values,
                               uint64_t priority);
void aft__mem_row_free(const aft_env *env, aft__mem_row *row);

/* In and out of every tree of its table that holds it. */
void aft__mem_link(aft__mem_table *table, aft__mem_row *row);
void aft__mem_unlink(aft__mem_table *table, aft__mem_row *row);

/* The row before or after a place in a tree; a row at the place itself counts when inclusive. */
aft__mem_row *aft__mem_seek(const aft__mem_table *table, uint32_t tree, const aft__mem_place *place,
                            bool descending, bool inclusive);
aft__mem_row *aft__mem_get(const aft__mem_table *table, aft_id id);
/* Another row than except that has the same values of a unique index; NULL where none is in the way. */
aft__mem_row *aft__mem_rival(const aft__mem_table *table, uint32_t index, const aft__value *values,
                             aft_id except);
/* The first row of a scan, and the one after a row of it; NULL at its end. */
aft__mem_row *aft__mem_first(const aft__mem_table *table, const aft__scan *scan);
aft__mem_row *aft__mem_next(const aft__mem_table *table, const aft__scan *scan, const aft__mem_row *row);
/* Frees all rows. */
void aft__mem_clear(const aft_env *env, aft__mem_table *table);

#endif
