/* Private to the index of terms: postings, and the blocks in which they are kept. */
#ifndef AFT_STORE_TERMS_PRIV_H
#define AFT_STORE_TERMS_PRIV_H

#include "store/store_priv.h"

enum {
  AFT__TH_ID,
  AFT__TH_REV,
  AFT__TH_TENANT,
  AFT__TH_SPACE,
  AFT__TH_COVERED,
  AFT__TH_FORMAT,
  AFT__TH_COLUMNS
};
enum {
  AFT__TH_BY_SPACE /* space, tenant; unique */
};
enum {
  AFT__TS_ID,
  AFT__TS_REV,
  AFT__TS_TENANT,
  AFT__TS_SPACE,
  AFT__TS_LEVEL,
  AFT__TS_STATE,
  AFT__TS_CHANGED /* when it came into its state */,
  AFT__TS_INTO /* the segment that is made of it; 0 for none */,
  AFT__TS_REACHED /* of one that is being made: key of its last posting */,
  AFT__TS_COLUMNS
};
enum {
  AFT__TS_BY_SPACE /* tenant, space */,
  AFT__TS_BY_STATE /* state, changed */,
  AFT__TS_BY_INTO /* into */
};
#define AFT__SEGMENT_LIVE 0
#define AFT__SEGMENT_MADE 1 /* out of others, not yet to be read */
#define AFT__SEGMENT_GONE 2 /* to be removed */
enum {
  AFT__TB_ID,
  AFT__TB_REV,
  AFT__TB_SEGMENT,
  AFT__TB_KEY,
  AFT__TB_DATA,
  AFT__TB_COLUMNS
};
enum {
  AFT__TB_BY_KEY /* segment, key; unique */
};
extern const aft__table aft__term_head_table, aft__term_segment_table, aft__term_block_table;

/* ---- term_block.c ---- */

/* One posting: a document has a term. They are in order of the term and then of the document, the latest
 * first. */
typedef struct aft__posting {
  uint32_t len;
  char term[AFT__TERM_MOST];
  aft_id doc;
} aft__posting;

int aft__posting_cmp(const aft__posting *a, aft_str term, aft_id doc);

/* Keys of blocks are in the order of postings. */
#define AFT__TERM_KEY_MOST (AFT__TERM_MOST + 9)
typedef struct aft__term_key {
  size_t n;
  char bytes[AFT__TERM_KEY_MOST];
} aft__term_key;

void aft__term_key_make(aft__term_key *key, aft_str term, aft_id doc);
aft_status aft__term_key_read(const aft__value *key, aft__posting *out, aft_error *error);

/* Reads the postings of a block in order. The block's bytes must stay. */
typedef struct aft__block_reader {
  const uint8_t *p, *end, *docs_end;
  aft_id base;
  aft__posting at;
} aft__block_reader;

aft_status aft__block_open(aft__block_reader *reader, const aft__value *data, aft_error *error);
/* AFT_DONE at the end. */
aft_status aft__block_next(aft__block_reader *reader, aft_error *error);
/* Goes over the rest of the present term's postings, unread. */
void aft__block_skip_term(aft__block_reader *reader);

/* Packs postings that come in order into blocks. */
typedef struct aft__block_writer {
  aft__tx *tx;
  aft_id segment;
  aft__buf data, docs;
  aft__term_key first;    /* of the block */
  aft__posting last;      /* the one added last */
  aft__posting described; /* whose term the next one shares its beginning with */
  aft_id base;            /* of the block; 0: it is empty */
  uint32_t blocks;        /* written so far */
} aft__block_writer;

void aft__block_writer_init(aft__block_writer *writer, aft__tx *tx, aft_id segment);
/* One that equals the last is left out. */
aft_status aft__block_writer_add(aft__block_writer *writer, aft_str term, aft_id doc, aft_error *error);
aft_status aft__block_writer_flush(aft__block_writer *writer, aft_error *error);
void aft__block_writer_done(aft__block_writer *writer);

/* ---- term_merge.c ---- */

/* A tenant's segments in any state, a few dozen. */
aft_status aft__terms_segments(aft__tx *tx, aft_id tenant, uint32_t space, aft__value ***rows, uint32_t *n,
                               aft_error *error);
/* Begins to merge segments of one level where there are enough of them. */
aft_status aft__terms_plan(aft__tx *tx, aft_id tenant, uint32_t space, aft_error *error);

#endif
