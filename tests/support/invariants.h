/* What holds in every store of a desk at every moment, whatever ran, failed or died: checked over plain SQL,
 * without the library's own queries. */
#ifndef INVARIANTS_H
#define INVARIANTS_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

/* Opens the file by the usual VFS. False: why says which rule is broken and by what. A file without the
 * library's tables breaks none. */
bool invariants_hold(const char *path, char *why, size_t size);
/* The same over a connection, in its transaction where one is open. */
bool invariants_hold_in(sqlite3 *db, char *why, size_t size);

/* Every row of every table as text, sorted: what two stores have in common that did the same. Ids, codes,
 * digests and other numbers of chance stand as signs. Leases, feed numbers and the index of words are left
 * out: they depend on how many ticks there were. ""
 * where there are no tables. The caller frees it. */
char *store_text(const char *path);
char *store_text_in(sqlite3 *db);

#endif
