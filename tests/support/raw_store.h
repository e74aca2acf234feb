/* Everything that a store holds, value by value, whatever the library makes of it. */
#ifndef RAW_STORE_H
#define RAW_STORE_H

#include "desk_fixture.h"

typedef void (*raw_fn)(void *user, const aft__table *table, const aft__value *row);

/* Every row of every table. */
void raw_each(desk *d, raw_fn fn, void *user);
/* How often a word occurs in the texts and blobs of all tables but those of the search index, or of that
 * alone. */
uint32_t raw_count(desk *d, const char *word);
uint32_t raw_count_index(desk *d, const char *word);
/* The tables and columns where it occurs, for what a failed test says; lives until the next call. */
const char *raw_places(desk *d, const char *word);
/* Fails where the audit chain of any record is broken; how many chains there are. */
uint32_t raw_verify_chains(desk *d);

#endif
