/* The index of terms against a plain table of bits, on every kind of store, with merges among the writes. */
#include "desk_fixture.h"

#include "random.h"
#include "store/term_index_priv.h"

#include <stdlib.h>

#define DOCS  400
#define TERMS 60
#define SPACE 77

typedef struct world {
  desk d;
  uint64_t seed;
  uint32_t docs;
  aft_id ids[DOCS];
  bool has[DOCS][TERMS];
  char terms[TERMS][40];
} world;

static world w;

static aft_str term(uint32_t i) { return aft__cstr(w.terms[i]); }

/* Common beginnings, terms that begin others, and long ones. */
static void make_terms(void) {
  static const char *const forms[] = {"退款%u", "term%u", "%u-a-rather-longer-term"};
  for (uint32_t i = 0; i < TERMS; i++)
    snprintf(w.terms[i], sizeof w.terms[i], forms[i % 3], i * i % 997);
}

/* ---- writing ---- */

typedef struct write {
  uint32_t first, n; /* documents */
} write_in;

static aft_status write_batch(aft__tx *tx, void *user, aft_error *error) {
  const write_in *in = user;
  aft__terms_batch batch;
  aft__terms_batch_init(&batch, aft__session_env(aft__tx_session(tx)));
  for (uint32_t i = in->first; i < in->first + in->n; i++)
    for (uint32_t t = 0; t < TERMS; t++)
      if (w.has[i][t])
        aft__terms_batch_add(&batch, term(t), w.ids[i]);
  aft_status status = aft__terms_batch_write(tx, &batch, w.d.tenant, SPACE, error);
  aft__terms_batch_done(&batch);
  return status;
}

static aft_status tend_once(aft__tx *tx, void *user, aft_error *error) {
  return aft__terms_tend(tx, user, error);
}

static aft_status run(aft__tx_fn fn, void *user, bool read) {
  aft_error error = AFT_ERROR_INIT;
  aft__tx_options options = {.name = "test", .read = read};
  aft_status status = aft__tx_run(w.d.session, &options, fn, user, &error);
  if (status == AFT_E_UNKNOWN) /* it was done or not, and is done again: an index bears it */
    status = aft__tx_run(w.d.session, &options, fn, user, &error);
  if (status < 0 && status != AFT_E_UNKNOWN)
    fail_msg("%s at %s: %s", aft_status_name(status), error.where, error.message);
  return status;
}

static void add_docs(uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    aft_id before = w.docs ? w.ids[w.docs - 1] : INT64_C(1) << 40;
    w.ids[w.docs] = before + 1 + (aft_id)(draw(&w.seed) >> (20 + below(&w.seed, 40)));
    for (uint32_t t = 0; t < TERMS; t++)
      w.has[w.docs][t] = below(&w.seed, t + 2) == 0 || t == 1;
    w.docs++;
  }
  write_in in = {w.docs - n, n};
  run(write_batch, &in, false);
}

/* An old document gets one more term. */
static void change_doc(void) {
  uint32_t doc = below(&w.seed, w.docs);
  w.has[doc][below(&w.seed, TERMS)] = true;
  write_in in = {doc, 1};
  run(write_batch, &in, false);
}

/* ---- asking ---- */

typedef struct ask {
  uint32_t n, terms[3];
  uint32_t range; /* this many bytes of the first term; 0: the whole */
  aft_id from;
  uint32_t found[DOCS], n_found;
} ask_in;

static uint32_t number_of(aft_id id) {
  for (uint32_t i = 0; i < w.docs; i++)
    if (w.ids[i] == id)
      return i;
  fail_msg("the index gave %lld, which nobody put in", (long long)id);
  return 0;
}

static aft_status ask_index(aft__tx *tx, void *user, aft_error *error) {
  ask_in *in = user;
  aft__terms_find *find;
  in->n_found = 0;
  AFT__TRY(aft__terms_open(tx, w.d.tenant, SPACE, &find, error));
  for (uint32_t i = 0; i < in->n; i++) {
    aft_str t = term(in->terms[i]);
    bool kept = true;
    if (!i && in->range)
      AFT__TRY(aft__terms_need_range(find, (aft_str){t.data, in->range}, &kept, error));
    else
      AFT__TRY(aft__terms_need(find, &t, 1, error));
    assert_true(kept);
  }
  for (aft_id at = in->from, id;; at = id - 1) {
    bool paused;
    AFT__TRY(aft__terms_next(find, at, &id, &paused, error));
    if (!id)
      return AFT_OK;
    if (paused)
      id++; /* was only reached */
    else
      in->found[in->n_found++] = number_of(id);
  }
}

static bool really_has(uint32_t doc, const ask_in *in) {
  for (uint32_t i = 0; i < in->n; i++) {
    bool has = w.has[doc][in->terms[i]];
    for (uint32_t t = 0; !i && in->range && t < TERMS; t++)
      has |= w.has[doc][t] && strlen(w.terms[t]) >= in->range &&
             memcmp(w.terms[t], w.terms[in->terms[0]], in->range) == 0;
    if (!has)
      return false;
  }
  return true;
}

static void ask_and_compare(void) {
  ask_in in = {.n = 1 + below(&w.seed, 3), .from = INT64_MAX};
  for (uint32_t i = 0; i < in.n; i++)
    in.terms[i] = below(&w.seed, TERMS);
  if (below(&w.seed, 3) == 0)
    in.range = 1 + below(&w.seed, (uint32_t)strlen(w.terms[in.terms[0]]));
  if (below(&w.seed, 2))
    in.from = w.ids[below(&w.seed, w.docs)];
  run(ask_index, &in, true);
  uint32_t at = 0;
  for (uint32_t doc = w.docs; doc-- > 0;) {
    if (w.ids[doc] > in.from || !really_has(doc, &in))
      continue;
    if (at == in.n_found || in.found[at] != doc)
      fail_msg("document %u has all %u terms, but is not found in its place", doc, in.n);
    at++;
  }
  assert_int_equal(at, in.n_found);
}

static void tend_all(void) {
  uint32_t blocks;
  for (int i = 0; i < 1000; i++)
    if (run(tend_once, &blocks, false) == AFT_DONE)
      return;
  fail_msg("merging does not come to an end");
}

static aft_status count_rows(void *user, const aft__value *row, aft_error *error) {
  (void)error;
  (void)row;
  ++*(uint32_t *)user;
  return AFT_OK;
}

static aft_status count_segments(aft__tx *tx, void *user, aft_error *error) {
  aft__scan scan = {.table = &aft__term_segment_table,
                    .index = AFT__TS_BY_SPACE,
                    .n_equal = 2,
                    .equal = {aft__int(w.d.tenant), aft__int(SPACE)}};
  *(uint32_t *)user = 0;
  return aft__scan_each(tx, &scan, count_rows, user, error);
}

static void every_document_is_found(desk_kind kind) {
  memset(&w, 0, sizeof w);
  make_terms();
  desk_open(&w.d, kind);
  w.seed = seed_of("documents");
  while (w.docs + 8 < DOCS) {
    uint32_t what = below(&w.seed, 8);
    if (what < 3 || !w.docs)
      add_docs(1 + below(&w.seed, 6));
    else if (what < 4)
      change_doc();
    else if (what < 5) {
      uint32_t blocks;
      run(tend_once, &blocks, false);
    } else
      ask_and_compare();
  }
  tend_all();
  desk_pass(&w.d, AFT__HOUR);
  tend_all();
  for (int i = 0; i < 200; i++)
    ask_and_compare();
  uint32_t segments;
  run(count_segments, &segments, true);
  assert_true(segments < 30);
  desk_close(&w.d);
}

static void every_document_is_found_in_memory(void **state) {
  (void)state;
  every_document_is_found(DESK_MEMORY);
}

static void every_document_is_found_in_a_hostile_store(void **state) {
  (void)state;
  every_document_is_found(DESK_HOSTILE);
}

static void every_document_is_found_in_sqlite(void **state) {
  (void)state;
  every_document_is_found(DESK_SQLITE);
}

static aft_status drop_all(aft__tx *tx, void *user, aft_error *error) {
  (void)user;
  return aft__terms_drop(tx, w.d.tenant, SPACE, error);
}

static void a_dropped_index_is_empty_and_its_rows_go(void **state) {
  (void)state;
  memset(&w, 0, sizeof w);
  make_terms();
  desk_open(&w.d, DESK_SQLITE);
  w.seed = seed_of("drop");
  for (int i = 0; i < 12; i++)
    add_docs(5);
  run(drop_all, NULL, false);
  ask_in in = {.n = 1, .terms = {1}, .from = INT64_MAX};
  run(ask_index, &in, true);
  assert_int_equal(in.n_found, 0);
  tend_all(); /* readers may still be there */
  uint32_t segments;
  run(count_segments, &segments, true);
  assert_true(segments > 0);
  desk_pass(&w.d, AFT__HOUR);
  tend_all();
  run(count_segments, &segments, true);
  assert_int_equal(segments, 0);
  desk_close(&w.d);
}

/* ---- bounds ---- */

#define CROWD 200000

/* Far apart, so that few fit into a block. */
static aft_id crowd_id(int64_t i) { return i << 44; }

static aft_status write_crowd(aft__tx *tx, void *user, aft_error *error) {
  aft__terms_batch batch;
  (void)user;
  aft__terms_batch_init(&batch, aft__session_env(aft__tx_session(tx)));
  for (int64_t i = 1; i <= CROWD; i++)
    aft__terms_batch_add(&batch, aft__cstr(i % 2 ? "odd" : "even"), crowd_id(i));
  aft__terms_batch_add(&batch, aft__cstr("both"), crowd_id(7));
  aft__terms_batch_add(&batch, aft__cstr("odd"), crowd_id(8));
  aft_status status = aft__terms_batch_write(tx, &batch, w.d.tenant, SPACE, error);
  aft__terms_batch_done(&batch);
  return status;
}

typedef struct step {
  aft_id from, doc;
  bool paused;
} step;

static aft_status one_step(aft__tx *tx, void *user, aft_error *error) {
  step *s = user;
  aft__terms_find *find;
  const aft_str odd = aft__cstr("odd"), even = aft__cstr("even");
  bool kept = true;
  AFT__TRY(aft__terms_open(tx, w.d.tenant, SPACE, &find, error));
  AFT__TRY(aft__terms_need_range(find, aft__cstr("o"), &kept, error));
  assert_false(kept);
  AFT__TRY(aft__terms_need_range(find, aft__cstr("bo"), &kept, error));
  assert_true(kept);
  AFT__TRY(aft__terms_open(tx, w.d.tenant, SPACE, &find, error));
  AFT__TRY(aft__terms_need(find, &odd, 1, error));
  AFT__TRY(aft__terms_need(find, &even, 1, error));
  return aft__terms_next(find, s->from, &s->doc, &s->paused, error);
}

/* Two common terms that meet once: many short searches, each further on than the one before, find it. */
static void a_long_search_pauses_and_goes_on(void **state) {
  (void)state;
  memset(&w, 0, sizeof w);
  desk_open(&w.d, DESK_MEMORY);
  run(write_crowd, NULL, false);
  step s = {.from = INT64_MAX, .paused = true};
  uint32_t pauses = 0;
  while (s.paused) {
    run(one_step, &s, true);
    assert_true(s.doc < s.from);
    s.from = s.doc;
    pauses += s.paused;
  }
  assert_int_equal(s.doc, crowd_id(8));
  assert_true(pauses > 0 && pauses < 20);
  desk_close(&w.d);
}

/* ---- blocks ---- */

static void damaged_blocks_are_refused(void **state) {
  (void)state;
  uint64_t seed = seed_of("blocks");
  for (int i = 0; i < 20000; i++) {
    uint8_t bytes[64];
    uint32_t n = below(&seed, sizeof bytes);
    for (uint32_t k = 0; k < n; k++)
      bytes[k] = (uint8_t)(k < 8 ? draw(&seed) : below(&seed, 5));
    aft__value data = aft__blob(bytes, n);
    aft__block_reader reader;
    aft_status status = aft__block_open(&reader, &data, NULL);
    for (int k = 0; status == AFT_OK; k++) {
      assert_true(k < 100);
      status = aft__block_next(&reader, NULL);
    }
    assert_true(status == AFT_DONE || status == AFT_E_CORRUPT);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_document_is_found_in_memory),
      cmocka_unit_test(every_document_is_found_in_a_hostile_store),
      cmocka_unit_test(every_document_is_found_in_sqlite),
      cmocka_unit_test(a_dropped_index_is_empty_and_its_rows_go),
      cmocka_unit_test(a_long_search_pauses_and_goes_on),
      cmocka_unit_test(damaged_blocks_are_refused),
  };
  static const char *const not_there[] = {"in_memory", "hostile", "damaged_blocks"};
  return RUN_CASES(tests, not_there);
}
