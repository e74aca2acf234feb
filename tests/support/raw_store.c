#include "raw_store.h"

#include <stdlib.h>
#include <string.h>

#include "desk/desk_priv.h"
#include "store/store_priv.h"

typedef struct walk {
  raw_fn fn;
  void *user;
  const aft__table *table;
} walk;

static aft_status see(void *user, const aft__value *row, aft_error *error) {
  walk *w = user;
  (void)error;
  w->fn(w->user, w->table, row);
  return AFT_OK;
}

static aft_status read_table(aft__tx *tx, void *user, aft_error *error) {
  walk *w = user;
  aft__scan scan = {.table = w->table, .index = AFT__BY_ID};
  return aft__scan_each(tx, &scan, see, w, error);
}

void raw_each(desk *d, raw_fn fn, void *user) {
  aft_error error = AFT_ERROR_INIT;
  aft__tx_options options = {.name = "raw", .read = true};
  for (uint32_t i = 0; i < aft__desk_schema.n_tables + aft__store_table_count; i++) {
    const aft__table *table = i < aft__desk_schema.n_tables
                                  ? aft__desk_schema.tables[i]
                                  : aft__store_tables[i - aft__desk_schema.n_tables];
    walk w = {fn, user, table};
    assert_ok(aft__tx_run(d->session, &options, read_table, &w, &error));
  }
}

/* ---- words ---- */

typedef struct hunt {
  const char *word;
  bool index; /* the search index is looked at, and nothing else */
  uint32_t n;
  char places[512];
} hunt;

static uint32_t times_in(const aft__value *v, const char *word) {
  size_t len = strlen(word);
  uint32_t n = 0;
  for (size_t i = 0; v->data && i + len <= v->size; i++)
    n += memcmp(v->data + i, word, len) == 0;
  return n;
}

static void look(void *user, const aft__table *table, const aft__value *row) {
  hunt *h = user;
  if ((strncmp(table->name, "term_", 5) == 0) != h->index)
    return;
  for (uint32_t i = 0; i < table->n_columns; i++) {
    uint32_t n = times_in(&row[i], h->word);
    size_t used = strlen(h->places);
    h->n += n;
    if (n && used + 64 < sizeof h->places)
      snprintf(h->places + used, sizeof h->places - used, " %s.%s", table->name, table->columns[i].name);
  }
}

uint32_t raw_count(desk *d, const char *word) {
  hunt h = {.word = word};
  raw_each(d, look, &h);
  return h.n;
}

uint32_t raw_count_index(desk *d, const char *word) {
  hunt h = {.word = word, .index = true};
  raw_each(d, look, &h);
  return h.n;
}

const char *raw_places(desk *d, const char *word) {
  static hunt h;
  h = (hunt){.word = word};
  raw_each(d, look, &h);
  return h.places;
}

/* ---- chains ---- */

typedef struct chains {
  aft_id tenant[4096], subject[4096];
  uint32_t n;
} chains;

static void see_first(void *user, const aft__table *table, const aft__value *row) {
  chains *c = user;
  if (table != &aft__event_table || row[AFT__EV_SEQ].number != 1)
    return;
  assert_true(c->n < 4096);
  c->tenant[c->n] = row[AFT__EV_TENANT].number;
  c->subject[c->n++] = row[AFT__EV_SUBJECT].number;
}

static aft_status verify(aft__tx *tx, void *user, aft_error *error) {
  const chains *c = user;
  for (uint32_t i = 0; i < c->n; i++) {
    aft__chain chain;
    AFT__TRY(aft__event_verify(tx, c->tenant[i], c->subject[i], &chain, error));
  }
  return AFT_OK;
}

uint32_t raw_verify_chains(desk *d) {
  aft_error error = AFT_ERROR_INIT;
  aft__tx_options options = {.name = "raw", .read = true};
  chains *c = calloc(1, sizeof *c);
  assert_non_null(c);
  raw_each(d, see_first, c);
  assert_ok(aft__tx_run(d->session, &options, verify, c, &error));
  uint32_t n = c->n;
  free(c);
  return n;
}
