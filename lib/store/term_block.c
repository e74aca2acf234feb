/* Blocks of the index of terms: postings in order, packed.
 *
 * A block is 8 bytes of a document id, its base, big-endian, and one entry for each term: how many bytes the
 * term shares with the one before, how many more it has, these, how many bytes its documents take, and the
 * documents, the latest first. An id is split into its milliseconds and its low 22 bits; the first document
 * of an entry is told by its distance from the base, the others by that from the one before. All numbers are
 * LEB128, those that can be negative in zigzag form. */
#include "store/term_index_priv.h"

#define LOW_BITS    22
#define LOW(id)     ((id) & ((INT64_C(1) << LOW_BITS) - 1))
#define HIGH(id)    ((id) >> LOW_BITS)
#define BLOCK_BYTES 3600 /* fits a page of 4 KiB with its key */
#define HEAD_BYTES  8

/* ---- order ---- */

int aft__posting_cmp(const aft__posting *a, aft_str term, aft_id doc) {
  size_t n = a->len < term.len ? a->len : term.len;
  int order = n ? memcmp(a->term, term.data, n) : 0;
  if (!order)
    order = (a->len > term.len) - (a->len < term.len);
  return order ? order : (a->doc < doc) - (a->doc > doc);
}

static void put_id(uint8_t *to, uint64_t id) {
  for (int i = 0; i < 8; i++)
    to[i] = (uint8_t)(id >> 8 * (7 - i));
}

static uint64_t get_id(const uint8_t *from) {
  uint64_t id = 0;
  for (int i = 0; i < 8; i++)
    id = id << 8 | from[i];
  return id;
}

/* Terms have no NUL byte, so that one keeps a term before all that it begins. */
void aft__term_key_make(aft__term_key *key, aft_str term, aft_id doc) {
  memcpy(key->bytes, term.data, term.len);
  key->bytes[term.len] = 0;
  put_id((uint8_t *)key->bytes + term.len + 1, (uint64_t)(INT64_MAX - doc));
  key->n = term.len + 9;
}

static aft_status damaged(aft_error *error) {
  return aft__error(error, AFT_E_CORRUPT, "term_block", "a block of the search index is damaged");
}

aft_status aft__term_key_read(const aft__value *key, aft__posting *out, aft_error *error) {
  if (key->size < 10 || key->size > AFT__TERM_KEY_MOST)
    return damaged(error);
  out->len = (uint32_t)key->size - 9;
  memcpy(out->term, key->data, out->len);
  out->doc = INT64_MAX - (int64_t)get_id((const uint8_t *)key->data + out->len + 1);
  return AFT_OK;
}

/* ---- numbers ---- */

static uint64_t zigzag(int64_t n) { return (uint64_t)n << 1 ^ (n < 0 ? UINT64_MAX : 0); }
static int64_t unzigzag(uint64_t n) { return (int64_t)(n >> 1) ^ -(int64_t)(n & 1); }

static void put_number(aft__buf *out, uint64_t n) {
  char bytes[10];
  size_t used = 0;
  for (; n >= 0x80; n >>= 7)
    bytes[used++] = (char)(n | 0x80);
  bytes[used++] = (char)n;
  aft__buf_add(out, bytes, used);
}

static bool get_number(const uint8_t **p, const uint8_t *end, uint64_t *out) {
  uint64_t n = 0;
  for (unsigned shift = 0; shift < 64 && *p < end; shift += 7) {
    uint8_t byte = *(*p)++;
    n |= (uint64_t)(byte & 0x7F) << shift;
    if (!(byte & 0x80)) {
      *out = n;
      return true;
    }
  }
  return false;
}

/* ---- reading ---- */

aft_status aft__block_open(aft__block_reader *reader, const aft__value *data, aft_error *error) {
  *reader = (aft__block_reader){0};
  if (data->size < HEAD_BYTES)
    return damaged(error);
  reader->p = (const uint8_t *)data->data + HEAD_BYTES;
  reader->end = (const uint8_t *)data->data + data->size;
  reader->docs_end = reader->p;
  reader->base = (aft_id)(get_id((const uint8_t *)data->data) & INT64_MAX);
  return AFT_OK;
}

static bool next_doc(aft__block_reader *r, aft_id from, bool first) {
  uint64_t high, low;
  if (!get_number(&r->p, r->docs_end, &high) || !get_number(&r->p, r->docs_end, &low))
    return false;
  uint64_t ms = (uint64_t)HIGH(from) - (first ? (uint64_t)unzigzag(high) : high);
  uint64_t rest = (uint64_t)LOW(from) + (uint64_t)unzigzag(low);
  r->at.doc = (aft_id)((ms << LOW_BITS | (rest & ((UINT64_C(1) << LOW_BITS) - 1))) & INT64_MAX);
  return true;
}

static bool next_term(aft__block_reader *r) {
  uint64_t shared, more, bytes;
  if (!get_number(&r->p, r->end, &shared) || !get_number(&r->p, r->end, &more) || shared > r->at.len ||
      more > AFT__TERM_MOST - shared || more > (uint64_t)(r->end - r->p))
    return false;
  memcpy(r->at.term + shared, r->p, more);
  r->at.len = (uint32_t)(shared + more);
  r->p += more;
  if (!get_number(&r->p, r->end, &bytes) || bytes > (uint64_t)(r->end - r->p))
    return false;
  r->docs_end = r->p + bytes;
  return true;
}

aft_status aft__block_next(aft__block_reader *r, aft_error *error) {
  if (r->p < r->docs_end)
    return next_doc(r, r->at.doc, false) ? AFT_OK : damaged(error);
  if (r->p == r->end)
    return AFT_DONE;
  return next_term(r) && next_doc(r, r->base, true) ? AFT_OK : damaged(error);
}

void aft__block_skip_term(aft__block_reader *r) { r->p = r->docs_end; }

/* ---- writing ---- */

void aft__block_writer_init(aft__block_writer *w, aft__tx *tx, aft_id segment) {
  *w = (aft__block_writer){.tx = tx, .segment = segment};
  aft__buf_init(&w->data, tx->session->store->env);
  aft__buf_init(&w->docs, tx->session->store->env);
}

void aft__block_writer_done(aft__block_writer *w) {
  aft__buf_done(&w->data);
  aft__buf_done(&w->docs);
}

static uint32_t shared_with(const aft__posting *a, const aft__posting *b) {
  uint32_t n = 0;
  while (n < a->len && n < b->len && a->term[n] == b->term[n])
    n++;
  return n;
}

static void end_entry(aft__block_writer *w) {
  if (!w->docs.len)
    return;
  uint32_t shared = shared_with(&w->described, &w->last);
  put_number(&w->data, shared);
  put_number(&w->data, w->last.len - shared);
  aft__buf_add(&w->data, w->last.term + shared, w->last.len - shared);
  put_number(&w->data, w->docs.len);
  aft__buf_str(&w->data, aft__buf_view(&w->docs));
  w->data.failed |= w->docs.failed;
  aft__buf_clear(&w->docs);
  w->described = w->last;
}

aft_status aft__block_writer_flush(aft__block_writer *w, aft_error *error) {
  if (!w->base)
    return AFT_OK;
  end_entry(w);
  if (w->data.failed)
    return aft__nomem(error);
  aft__value row[AFT__TB_COLUMNS] = {
      [AFT__TB_ID] = aft__int(aft__tx_id(w->tx)),
      [AFT__TB_SEGMENT] = aft__int(w->segment),
      [AFT__TB_KEY] = aft__blob(w->first.bytes, w->first.n),
      [AFT__TB_DATA] = aft__blob(w->data.data, w->data.len),
  };
  aft_status status = aft__insert(w->tx, &aft__term_block_table, row, NULL, error);
  if (status == AFT_E_EXISTS)
    return aft__tx_race(w->tx, "search", error);
  AFT__TRY(status);
  w->blocks++;
  w->base = 0;
  w->described.len = 0;
  aft__buf_clear(&w->data);
  return AFT_OK;
}

static void begin_block(aft__block_writer *w, aft_str term, aft_id doc) {
  uint8_t base[HEAD_BYTES];
  w->base = doc;
  put_id(base, (uint64_t)doc);
  aft__buf_add(&w->data, base, sizeof base);
  aft__term_key_make(&w->first, term, doc);
}

static void add_doc(aft__block_writer *w, aft_id from, aft_id doc, bool first) {
  int64_t back = HIGH(from) - HIGH(doc);
  put_number(&w->docs, first ? zigzag(back) : (uint64_t)back);
  put_number(&w->docs, zigzag(LOW(doc) - LOW(from)));
}

aft_status aft__block_writer_add(aft__block_writer *w, aft_str term, aft_id doc, aft_error *error) {
  if (!term.len || term.len > AFT__TERM_MOST || doc <= 0)
    return aft__error(error, AFT_E_INTERNAL, "search", "a term of %zu bytes for document %lld", term.len,
                      (long long)doc);
  bool same = w->last.len == term.len && memcmp(w->last.term, term.data, term.len) == 0;
  if (same && w->last.doc == doc)
    return AFT_OK;
  if (!same)
    end_entry(w);
  if (w->base && w->data.len + w->docs.len + w->last.len > BLOCK_BYTES)
    AFT__TRY(aft__block_writer_flush(w, error));
  if (!w->base)
    begin_block(w, term, doc);
  bool first = !w->docs.len;
  add_doc(w, first ? w->base : w->last.doc, doc, first);
  if (!same) {
    memcpy(w->last.term, term.data, term.len);
    w->last.len = (uint32_t)term.len;
  }
  w->last.doc = doc;
  return AFT_OK;
}
