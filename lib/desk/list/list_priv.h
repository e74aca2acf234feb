/* Lists by filter: what is looked for, and how a table of records can be walked. */
#ifndef AFT_DESK_LIST_PRIV_H
#define AFT_DESK_LIST_PRIV_H

#include "desk/label/label_priv.h"

#define AFT__BY_NOTHING 0u /* the order of an index that no list asks for */

/* An index to walk: all rows that have the tested values in `columns`, in the order `by`. */
typedef struct aft__way {
  uint32_t index;
  uint32_t n_columns; /* after the tenant */
  uint32_t columns[3];
  uint32_t by;
} aft__way;

typedef struct aft__listed {
  aft__label_kind kind;
  const aft__table *table;
  uint32_t tenant, shop;   /* columns; shop 0: records of the whole tenant */
  uint32_t updated, place; /* columns that order; 0: none */
  const aft__way *ways;    /* the narrower first; those without columns are last */
  uint32_t n_ways;
} aft__listed;

extern const aft__listed aft__listed_tickets, aft__listed_customers, aft__listed_orders;

/* Where the rows of a walk come from. */
typedef enum aft__walk_kind {
  AFT__WALK_RECORDS,   /* a way of the table itself */
  AFT__WALK_TAG,       /* rows of the tag, each naming its record */
  AFT__WALK_ATTRIBUTE, /* likewise of the attribute */
} aft__walk_kind;

typedef struct aft__walk {
  aft__walk_kind kind;
  const aft__way *way; /* of AFT__WALK_RECORDS */
  uint32_t by;         /* its natural order */
} aft__walk;

#define AFT__MOST_TESTS 10

/* A column of the record and the value that it must have. */
typedef struct aft__test {
  uint32_t column;
  bool null;
  int64_t number;
  aft_str text; /* in the pick's own memory */
} aft__test;

/* What a list looks for. A block of its own memory, which a cursor keeps. */
typedef struct aft__pick {
  const aft__listed *listed;
  aft_id tenant, shop;
  aft_id *shops; /* that an agent may see, sorted; NULL: all */
  uint32_t n_shops;
  aft__test tests[AFT__MOST_TESTS];
  uint32_t n_tests;
  aft_str tag;
  aft_str attribute, text; /* text: also to be equal, since keys of texts are hashes */
  bool has_low, has_high;
  int64_t low, high; /* of the attribute's key */
  uint32_t by;
  bool down;
  bool decided, in_memory;
  aft__walk walk;
  struct aft__sorted *sorted; /* list_sort.c */
  size_t bytes;               /* behind the struct, for texts */
  size_t used;
} aft__pick;

/* ---- list_test.c ---- */

/* Whether a record is one of those looked for; *key is its attribute's key, where one is looked for, and
 * *row_id that value's own id. */
typedef struct aft__match_of {
  bool holds;
  int64_t key;
  aft_id value; /* the attribute's row */
} aft__match_of;
aft_status aft__pick_test(aft__tx *tx, const aft__pick *pick, const aft__value *row, aft__match_of *out,
                          aft_error *error);
/* Its place in the list. */
aft__place aft__pick_place(const aft__pick *pick, const aft__value *row, const aft__match_of *match);

/* ---- list_walk.c ---- */

/* One record of a walk that is looked for. */
typedef struct aft__found {
  const aft__value *row;
  aft__place place;
} aft__found;
typedef aft_status (*aft__found_fn)(void *user, const aft__found *found, aft_error *error);

/* A part of a walk. */
typedef struct aft__stride {
  uint32_t most; /* rows to read */
  bool down;
  aft__found_fn fn; /* called with each record that fits */
  void *user;
  aft__place at; /* after this one; moves on */
  bool ended;    /* there are no more */
} aft__stride;

/* Reads on in the walk's natural order. */
aft_status aft__walk_some(aft__tx *tx, const aft__pick *pick, const aft__walk *walk, aft__stride *stride,
                          aft_error *error);
/* The narrowest walk for a pick, and the narrowest that has the order asked for. */
aft__walk aft__walk_narrow(const aft__pick *pick);
aft__walk aft__walk_ordered(const aft__pick *pick);

/* ---- list_sort.c ---- */

/* Collects and sorts what a walk finds; *fits is false when that is too much to keep in memory. */
aft_status aft__pick_sort(aft__tx *tx, aft_env *env, aft__pick *pick, const aft__walk *walk, bool *fits,
                          aft_error *error);
aft_status aft__sorted_page(aft__tx *tx, const aft__pick *pick, const aft__place *from, aft__page *page,
                            aft__place *next, bool *ended, aft_error *error);
void aft__sorted_free(aft_env *env, struct aft__sorted *sorted);

/* ---- list.c: the source of a cursor ---- */

extern const aft__source aft__pick_source;
uint64_t aft__pick_scope(const aft__pick *pick);

#endif
