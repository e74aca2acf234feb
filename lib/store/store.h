/* Records over a backend, transactions that can run again, and what every service of the desk needs
 * beside its records: events, outbox, due rows, leases, idempotency, pages. Knows no table of the desk. */
#ifndef AFT_STORE_INTERNAL_H
#define AFT_STORE_INTERNAL_H

#include "base/base.h"
#include "value/value.h"

#include <aftersales/store.h>
#include <aftersales/sys/sql.h>

/* ---- values and descriptors ---- */

typedef aft_sql_value aft__value;

static inline aft__value aft__null(void) { return (aft__value){0}; }
static inline aft__value aft__int(int64_t n) { return (aft__value){AFT_SQL_INT, 0, n, NULL, 0}; }
static inline aft__value aft__text(aft_str s) { return (aft__value){AFT_SQL_TEXT, 0, 0, s.data, s.len}; }
static inline aft__value aft__text_or_null(aft_str s) { return s.data ? aft__text(s) : aft__null(); }
static inline aft__value aft__blob(const void *p, size_t n) {
  return (aft__value){AFT_SQL_BLOB, 0, 0, (const char *)p, n};
}
static inline aft_str aft__value_str(const aft__value *v) { return (aft_str){v->data, v->size}; }

/* Order of values: NULL < integers < texts and blobs by bytes. */
int aft__value_cmp(const aft__value *a, const aft__value *b);

#define AFT__MOST_COLUMNS 63
#define AFT__MOST_KEYS    6
#define AFT__MOST_TERMS   8 /* of a check */

/* Of every table column 0 is "id" and column 1 is "rev". */
#define AFT__COL_ID  0
#define AFT__COL_REV 1

typedef struct aft__column {
  const char *name;
  uint8_t type;     /* AFT_SQL_INT, _TEXT, _BLOB */
  uint8_t required; /* NOT NULL */
  uint16_t since;   /* schema version that brought it; a later one than the table's must not be required */
} aft__column;

/* An index orders rows by its columns, then by id. A NULL in a unique index equals nothing. */
typedef struct aft__index {
  const char *name;
  uint8_t unique;
  uint8_t n;
  uint8_t columns[AFT__MOST_KEYS];
  uint8_t only_zero; /* 1 + a column: holds only rows where that column is 0; 0 when it holds all */
  uint16_t since;
} aft__index;

/* Holds for every row: Σ factor · column ≥ least, NULL counting as 0. */
typedef struct aft__check {
  const char *name;
  uint8_t n;
  uint8_t columns[AFT__MOST_TERMS];
  int8_t factors[AFT__MOST_TERMS];
  int64_t least;
} aft__check;

typedef struct aft__table {
  const char *name; /* without the prefix */
  const aft__column *columns;
  const aft__index *indexes;
  const aft__check *checks;
  uint16_t n_columns, n_indexes, n_checks;
  uint16_t since;
} aft__table;

/* The desk's tables; the store adds its own. Migration follows from the since numbers. */
typedef struct aft__schema {
  const aft__table *const *tables;
  uint32_t n_tables;
  uint32_t version; /* what this library writes */
  uint32_t reader;  /* the least version of the library that may read what this one writes */
  uint32_t writer;  /* likewise for writing */
} aft__schema;

/* ---- the store ---- */

aft_status aft__store_open(aft_env *env, const aft__schema *schema, const aft_store_options *options,
                           aft_store **out, aft_error *error);
aft_env *aft__store_env(const aft_store *store);
bool aft__store_read_only(const aft_store *store);
aft_env *aft__session_env(const aft_session *session);
aft_store *aft__session_store(const aft_session *session);

/* One pointer that the desk hangs on a store (its policy cache); freed with the store. */
void aft__store_attach(aft_store *store, void *thing, void (*release)(aft_env *env, void *thing));
void *aft__store_attached(const aft_store *store);
/* The store's own mutex, for that thing. */
void aft__store_lock(aft_store *store);
void aft__store_unlock(aft_store *store);

/* For tests, "memory:" stores alone: from now on an operation in a write transaction fails with a
 * conflict, and a commit's outcome is reported unknown (having happened or not), that often. */
void aft__store_hostile(aft_store *store, uint64_t seed, uint32_t conflict_permille,
                        uint32_t unknown_permille);

/* Makes several transactions one call: an interrupt reaches all of them, no other thread gets between. Nests
 * within its thread, but not inside a transaction. aft__tx_run does it for itself. */
aft_status aft__session_enter(aft_session *session, aft_error *error);
void aft__session_leave(aft_session *session);

/* Keeps the memory of a session for a cursor; after aft_session_close every call on it gives
 * AFT_E_CURSOR_END. */
aft_session *aft__session_hold(aft_session *session);
void aft__session_drop(aft_session *session); /* NULL allowed */
bool aft__session_attached(const aft_session *session);

/* ---- transactions ---- */

/* What a command sees while it runs. Everything allocated from its arena dies with the attempt. */
typedef struct aft__tx aft__tx;

aft__arena *aft__tx_arena(aft__tx *tx);
aft_session *aft__tx_session(aft__tx *tx);
aft_time aft__tx_now(const aft__tx *tx);     /* fixed for the attempt */
aft_id aft__tx_id(aft__tx *tx);              /* a new id */
uint32_t aft__tx_attempt(const aft__tx *tx); /* 0 for the first run */

typedef aft_status (*aft__tx_fn)(aft__tx *tx, void *user, aft_error *error);

typedef struct aft__tx_options {
  const char *name;    /* for the trace */
  int64_t deadline_ms; /* from now; 0 means none */
  bool read;           /* a read transaction: fn writes nothing */
} aft__tx_options;

/* Runs fn in one transaction and commits; runs it again from the start after a conflict, a lock or
 * a lost connection (env limit `retries`, growing random pauses, never past the deadline). On an
 * unknown commit it looks for the proof that fn named and returns fn's status when it is there, or
 * runs fn again when it is not. In an attached session: a savepoint, no second run, AFT_E_RETRY.
 * A negative status of fn rolls everything back and is returned; others commit and are returned.
 * Checks the handle (NULL, fork, used by another call, interrupted). */
aft_status aft__tx_run(aft_session *session, const aft__tx_options *options, aft__tx_fn fn, void *user,
                       aft_error *error);

/* The same for what is as good done twice as once: it is made again, some times, while it is not known
 * whether the commit took place. */
aft_status aft__tx_repeat(aft_session *session, const aft__tx_options *options, aft__tx_fn fn, void *user,
                          aft_error *error);

/* The record whose presence proves that this transaction was committed: one that it inserted. */
void aft__tx_proof(aft__tx *tx, const aft__table *table, aft_id id);
/* For a transaction that inserts nothing: a number that it wrote into a record, and no other writes there. */
void aft__tx_proof_value(aft__tx *tx, const aft__table *table, aft_id id, uint32_t column, int64_t value);

/* A part that may fail alone (one item of a batch): rolled back to its begin, the rest goes on. At most
 * AFT__MOST_SAVEPOINTS inside each other. Undoing forgets anchors and the proof that were named inside. */
#define AFT__MOST_SAVEPOINTS 8
aft_status aft__tx_savepoint(aft__tx *tx, aft_error *error);
aft_status aft__tx_savepoint_keep(aft__tx *tx, aft_error *error);
aft_status aft__tx_savepoint_undo(aft__tx *tx, aft_error *error);

/* ---- records ---- */

typedef struct aft__existing {
  uint32_t index; /* which unique index stands in the way; UINT32_MAX for the id */
  aft_id id;      /* the row that has it */
} aft__existing;

/* row holds every column; id is filled in by the caller, rev becomes 1. AFT_E_EXISTS (existing
 * filled in, NULL allowed) leaves the transaction usable; AFT_E_CHECK likewise. A row of wrong types or
 * without a required value is AFT_E_INTERNAL. */
aft_status aft__insert(aft__tx *tx, const aft__table *table, aft__value *row, aft__existing *existing,
                       aft_error *error);
/* Writes the columns of the mask (bit per column) when the row's rev is still row[AFT__COL_REV], and
 * counts rev up, also in row. AFT_E_CONFLICT otherwise, which makes aft__tx_run run again unless
 * the caller answers it. AFT_E_EXISTS and AFT_E_CHECK leave the transaction usable. */
aft_status aft__update(aft__tx *tx, const aft__table *table, aft__value *row, uint64_t mask,
                       aft_error *error);
aft_status aft__remove(aft__tx *tx, const aft__table *table, aft_id id, int64_t rev, aft_error *error);
/* *row: all columns, in the transaction's arena. AFT_E_NOT_FOUND. */
aft_status aft__get(aft__tx *tx, const aft__table *table, aft_id id, aft__value **row, aft_error *error);
/* The row of a unique index. AFT_E_NOT_FOUND. */
aft_status aft__find(aft__tx *tx, const aft__table *table, uint32_t index, const aft__value *keys,
                     aft__value **row, aft_error *error);

/* This transaction decided on the record: its rev is counted up before the commit, in the fixed order
 * of table name and id, unless the transaction updates it anyway. row is as loaded. */
aft_status aft__anchor(aft__tx *tx, const aft__table *table, const aft__value *row, aft_error *error);
/* A duplicate that another brought meanwhile, or that chance did: AFT_E_CONFLICT, and the command runs again.
 */
aft_status aft__tx_race(aft__tx *tx, const char *where, aft_error *error);

#define AFT__BY_ID UINT32_MAX

/* Rows of one index: those equal in its first n_equal columns (NULL equals NULL here), in the order of the
 * columns that are left (NULL is the least) and then of id. A scan from a position leaves one column at most.
 */
typedef struct aft__scan {
  const aft__table *table;
  uint32_t index; /* or AFT__BY_ID */
  uint32_t n_equal;
  aft__value equal[AFT__MOST_KEYS];
  const aft__value *low, *high; /* inclusive bounds of the next column (of id for AFT__BY_ID); NULL for none.
                                 * With a bound, rows where that column is NULL are left out */
  bool descending;
  bool claim;             /* rows will be updated: lock them, skipping those others have locked */
  bool after;             /* begin strictly after the position below, in the direction of the scan */
  aft__value after_value; /* of the next column; unused when the index has none */
  aft_id after_id;
  uint32_t limit; /* 0 for none */
} aft__scan;

/* Calls back with each row; a negative status of fn ends the scan and is returned, AFT_DONE ends it with
 * AFT_OK. row is valid during the call. fn may not use tx. */
typedef aft_status (*aft__row_fn)(void *user, const aft__value *row, aft_error *error);
aft_status aft__scan_each(aft__tx *tx, const aft__scan *scan, aft__row_fn fn, void *user, aft_error *error);
/* The same into the arena: *rows is an array of row pointers. limit must not be 0. */
aft_status aft__scan_all(aft__tx *tx, const aft__scan *scan, aft__value ***rows, uint32_t *n,
                         aft_error *error);

/* ---- blob.c: contents under their digests, always checked, whatever the driver says ---- */

struct aft_blobs {
  atomic_int refs;
  aft_env *env;
  aft_blob_driver driver;
};

#define AFT__BLOB_NAME (AFT_BLOB_DIGITS + 1) /* a digest and its NUL */

/* 64 small hexadecimal digits and nothing else. */
bool aft__blob_is_name(aft_str name);

/* A content on its way in. */
typedef struct aft__blob_upload {
  aft_blobs *blobs; /* referenced; NULL: none is open */
  void *handle;
  aft__sha256 sha;
  int64_t bytes;
} aft__blob_upload;

aft_status aft__blob_begin(aft_blobs *blobs, aft__blob_upload *out, aft_error *error);
aft_status aft__blob_write(aft__blob_upload *upload, const void *bytes, size_t n, aft_error *error);
/* Ends the upload in either case; digest is the name that the content got. */
aft_status aft__blob_commit(aft__blob_upload *upload, char digest[AFT__BLOB_NAME], aft_error *error);
/* The digest of what was written so far. */
void aft__blob_digest(const aft__blob_upload *upload, char digest[AFT__BLOB_NAME]);
void aft__blob_abort(aft__blob_upload *upload); /* one that is not open is allowed */

typedef aft_status (*aft__blob_sink)(void *user, const void *bytes, size_t n, aft_error *error);
/* Reads a content and its digest; AFT_E_CORRUPT, naming the digest, when the bytes are others. */
aft_status aft__blob_read(aft_blobs *blobs, const char *digest, aft__blob_sink sink, void *user,
                          aft_error *error);

/* The blob store of a store, or NULL. */
aft_blobs *aft__store_blobs(const aft_store *store);

/* ---- event_log.c: append-only, chained by hash within one subject ---- */

typedef struct aft__chain {
  int64_t seq;      /* of the last event; 0 before the first */
  uint8_t hash[32]; /* of the last event; zeros before the first */
} aft__chain;

typedef struct aft__event {
  aft_id tenant;
  uint32_t kind; /* of the subject: a record kind */
  aft_id subject;
  uint32_t role; /* of the actor */
  aft_id actor;
  aft_str verb;     /* "ticket.answered" */
  aft_str from, to; /* states, where they apply */
  aft_str facts;    /* canonical JSON object without personal data; may be absent */
  aft_str personal; /* goes into the hash as a salted digest only, and can be erased */
  bool elsewhere;   /* the personal text is kept in another record: here only its salt and digest */
} aft__event;

extern const aft__table aft__event_table;
enum {
  AFT__EV_ID,
  AFT__EV_REV,
  AFT__EV_TENANT,
  AFT__EV_KIND,
  AFT__EV_SUBJECT,
  AFT__EV_SEQ,
  AFT__EV_AT,
  AFT__EV_ROLE,
  AFT__EV_ACTOR,
  AFT__EV_VERB,
  AFT__EV_FROM,
  AFT__EV_TO,
  AFT__EV_FACTS,
  AFT__EV_PERSONAL,
  AFT__EV_SALT,
  AFT__EV_DIGEST,
  AFT__EV_HASH,
  AFT__EV_FEED,
  AFT__EV_COLUMNS
};
enum {
  AFT__EV_BY_SUBJECT /* tenant, subject, seq; unique */,
  AFT__EV_BY_FEED /* tenant, feed */,
  AFT__EV_PENDING /* feed, only zero */
};

/* Appends and moves the chain on; the caller stores the chain in its subject. Names the event as the
 * transaction's proof when it is the first. *id (NULL allowed) is the event's id. */
aft_status aft__event_append(aft__tx *tx, const aft__event *event, aft__chain *chain, aft_id *id,
                             aft_error *error);
/* The same for a subject that does not keep its chain's end itself: reads the last event first. */
aft_status aft__event_next(aft__tx *tx, const aft__event *event, aft_error *error);
/* Erases the personal text of an event and its salt; the digest stays, and with it the chain. *forgot: there
 * was something to erase. */
aft_status aft__event_forget(aft__tx *tx, aft__value *row, bool *forgot, aft_error *error);
/* Reads a subject's events in order and recomputes the chain. AFT_E_CORRUPT names the event; *chain is
 * the end that was reached. */
aft_status aft__event_verify(aft__tx *tx, aft_id tenant, aft_id subject, aft__chain *chain, aft_error *error);

/* ---- feed.c: a number after commit for every event, without gaps, by one worker at a time ---- */

/* Gives at most most events their feed numbers; *n is how many. AFT_E_LEASE_LOST when another worker
 * does it now. */
aft_status aft__feed_assign(aft_session *session, uint32_t most, uint32_t *n, aft_error *error);

/* ---- outbox.c: side effects, ordered within a subject, handed out under leases ---- */

#define AFT__OUT_AUTO      1 /* offered again after a lost lease: messages */
#define AFT__OUT_RECONCILE 2 /* once leased never offered again without a recorded outcome: money */

#define AFT__OUT_READY   0
#define AFT__OUT_QUEUED  1 /* an earlier effect of the same subject is not done */
#define AFT__OUT_LEASED  2
#define AFT__OUT_DONE    3
#define AFT__OUT_DEAD    4
#define AFT__OUT_UNKNOWN 5 /* reconcile: its lease ran out without an outcome */

extern const aft__table aft__outbox_table;
enum {
  AFT__OB_ID,
  AFT__OB_REV,
  AFT__OB_TENANT,
  AFT__OB_SUBJECT,
  AFT__OB_TOPIC,
  AFT__OB_PAYLOAD,
  AFT__OB_REDELIVERY,
  AFT__OB_STATE,
  AFT__OB_AT /* not before; end of lease when leased */,
  AFT__OB_ATTEMPTS,
  AFT__OB_FENCE,
  AFT__OB_ERROR,
  AFT__OB_CREATED,
  AFT__OB_SEQ /* place within the subject, from 1 */,
  AFT__OB_COLUMNS
};
enum {
  AFT__OB_BY_STATE /* state, at */,
  AFT__OB_BY_SUBJECT /* tenant, subject, seq; unique */,
  AFT__OB_SETTLED /* tenant, state, at */
};

aft_status aft__outbox_add(aft__tx *tx, aft_id tenant, aft_id subject, aft_str topic, aft_str payload,
                           int redelivery, aft_time not_before, aft_id *id, aft_error *error);
/* Leases at most most rows that are due to the caller; rows, as they are now, in the arena. */
aft_status aft__outbox_claim(aft__tx *tx, int64_t lease_ms, uint32_t most, aft__value ***rows, uint32_t *n,
                             aft_error *error);
typedef enum aft__outcome {
  AFT__OUTCOME_DONE = 1,
  AFT__OUTCOME_RETRY = 2,
  AFT__OUTCOME_DEAD = 3
} aft__outcome;
/* Records an outcome. fence is the row's AFT__OB_FENCE as claimed; AFT_E_LEASE_LOST when it passed on. A late
 * outcome counts as long as nobody else claimed the row; of an UNKNOWN row it is what reconciling found.
 * RETRY backs off exponentially, ends the fence, and turns into DEAD after 12 attempts. DONE and DEAD make
 * the subject's next row ready. */
aft_status aft__outbox_settle(aft__tx *tx, aft_id id, int64_t fence, aft__outcome outcome, aft_str note,
                              aft_error *error);
/* Raises the fence of a row whose outcome is not known here; the caller stores it. A queued row that has a
 * fence becomes unknown instead of ready when its turn comes. */
aft_status aft__outbox_doubt(aft__tx *tx, aft__value *row, aft_error *error);
/* Removes at most most rows of a tenant that were done or dead before a moment. */
aft_status aft__outbox_prune(aft__tx *tx, aft_id tenant, aft_time before, uint32_t most, uint32_t *n,
                             aft_error *error);
typedef enum aft__forgotten {
  AFT__FORGOT,
  AFT__FORGOT_BEFORE, /* there was nothing left */
  AFT__FORGOT_LATER   /* it has to come to its outcome first, or one before it has */
} aft__forgotten;
/* Erases the payload and the note of a row. An AUTO row that is still to leave is dead with that, and the
 * subject's next row ready: call it in the order of seq. */
aft_status aft__outbox_forget(aft__tx *tx, aft_id id, aft__forgotten *out, aft_error *error);
/* Takes leases that ran out back: AUTO becomes ready, RECONCILE becomes unknown. */
typedef aft_status (*aft__dead_fn)(aft__tx *tx, aft_id tenant, aft_id effect, aft_error *error);
aft_status aft__outbox_expire(aft__tx *tx, uint32_t most, aft__dead_fn dead_fn, uint32_t *n,
                              aft_error *error);

/* ---- due.c: one indexed queue of what falls due, each row firing exactly once ---- */

extern const aft__table aft__due_table;
enum {
  AFT__DU_ID,
  AFT__DU_REV,
  AFT__DU_TENANT,
  AFT__DU_KIND,
  AFT__DU_SUBJECT,
  AFT__DU_NAME,
  AFT__DU_STATE,
  AFT__DU_AT,
  AFT__DU_ATTEMPTS,
  AFT__DU_ERROR,
  AFT__DU_COLUMNS
};
enum {
  AFT__DU_BY_NAME /* subject, name; unique */,
  AFT__DU_BY_STATE /* state, at */
};
#define AFT__DUE_WAITING 0
#define AFT__DUE_PARKED  1

/* Sets or moves the row of (subject, name). */
aft_status aft__due_set(aft__tx *tx, aft_id tenant, uint32_t kind, aft_id subject, aft_str name, aft_time at,
                        aft_error *error);
/* The same without looking first, for a subject that was just made and hardly has the row. */
aft_status aft__due_add(aft__tx *tx, aft_id tenant, uint32_t kind, aft_id subject, aft_str name, aft_time at,
                        aft_error *error);
aft_status aft__due_clear(aft__tx *tx, aft_id subject, aft_str name, aft_error *error); /* missing is fine */
aft_status aft__due_clear_all(aft__tx *tx, aft_id subject, aft_error *error);

/* Fires at most most rows that are due, each in a transaction of its own in which it is also removed:
 * fn gets the row and carries the effect out. When fn fails for good the row is tried again later, and
 * after 5 times parked in sight; the first time, failed (NULL allowed) gets the row with its error, in the
 * transaction that puts it off. No row is begun once deadline_ms (0: none) have passed. *fired counts;
 * *next is when the next row is due, AFT_TIME_NONE for none. Not for attached sessions. */
typedef aft_status (*aft__due_fn)(aft__tx *tx, void *user, const aft__value *row, aft_error *error);
aft_status aft__due_fire(aft_session *session, uint32_t most, int64_t deadline_ms, aft__due_fn fn,
                         aft__due_fn failed, void *user, uint32_t *fired, aft_time *next, aft_error *error);

/* ---- lease.c: named leases with fences, and the node of the id generator ---- */

/* AFT_OK with a fence greater than any before, or AFT_E_LEASE_LOST while another owner holds it. */
aft_status aft__lease_take(aft__tx *tx, aft_str name, aft_str owner, int64_t ttl_ms, int64_t *fence,
                           aft_error *error);
aft_status aft__lease_renew(aft__tx *tx, aft_str name, aft_str owner, int64_t fence, int64_t ttl_ms,
                            aft_error *error);
aft_status aft__lease_release(aft__tx *tx, aft_str name, aft_str owner, int64_t fence, aft_error *error);
/* Takes or keeps a lease without naming a fence, writing only when less than half of it is left. For work
 * that revisions guard: a lease that ends more than two ttl from now is taken from its owner, whose clock was
 * ahead of this one. */
aft_status aft__lease_hold(aft__tx *tx, aft_str name, aft_str owner, int64_t ttl_ms, aft_error *error);
/* The owner that this store is: random text, other for each opened store. */
aft_str aft__store_owner(const aft_store *store);

/* ---- idempotency.c ---- */

typedef struct aft__idem {
  aft_id tenant;
  uint32_t role;
  aft_id actor;
  aft_str verb, key;
  uint8_t digest[32]; /* of the request */
} aft__idem;

#define AFT__MOST_OUTCOMES 4
typedef struct aft__idem_outcome {
  aft_status status;
  aft_id ids[AFT__MOST_OUTCOMES];
} aft__idem_outcome;

/* AFT_OK: new; AFT_REPLAYED with the outcome; AFT_E_KEY_REUSED. */
aft_status aft__idem_find(aft__tx *tx, const aft__idem *idem, aft__idem_outcome *out, aft_error *error);
aft_status aft__idem_save(aft__tx *tx, const aft__idem *idem, const aft__idem_outcome *outcome,
                          aft_error *error);
/* Removes at most most outcomes of a tenant (0: those of no tenant) that were saved before a moment. */
aft_status aft__idem_prune(aft__tx *tx, aft_id tenant, aft_time before, uint32_t most, uint32_t *n,
                           aft_error *error);

/* ---- meta.c: single numbers of the store, by name ---- */

aft_status aft__meta_get(aft__tx *tx, const char *name, bool *known, int64_t *number, aft_error *error);
aft_status aft__meta_put(aft__tx *tx, const char *name, int64_t number, aft_error *error);

#define AFT__META_RETENTION "retention" /* when every tenant's old records had last been looked through */

/* ---- restore.c ---- */

/* Makes a store that was put back from a copy safe to go on with. told: the event for each tenant's feed; its
 * tenant and subject are filled in. */
aft_status aft__store_restored(aft_session *session, const aft__event *told, aft_error *error);

/* ---- prune.c: removing the oldest rows of a tenant ---- */

typedef struct aft__prune {
  const aft__table *table;
  uint32_t index; /* of the tenant alone, so that rows come in the order of their ids */
  aft_id tenant;
  aft_time before; /* ids that were made before */
  /* NULL, or which rows stay whatever their age. */
  aft_status (*keeps)(void *user, const aft__value *row, bool *out, aft_error *error);
  void *user;
  /* NULL, or what goes with a row that is about to be removed. */
  aft_status (*empties)(aft__tx *tx, const aft__value *row, aft_error *error);
  uint32_t most;
} aft__prune;
/* Cost grows with the rows that are removed or kept by keeps; *n is how many were removed. */
aft_status aft__prune_rows(aft__tx *tx, const aft__prune *prune, uint32_t *n, aft_error *error);

/* ---- term_*.c: which documents (ids) have which terms, in ordinary records ---- */

/*
 * An index belongs to a tenant and a space, a number of the caller's. A batch of postings becomes one sorted
 * segment of packed blocks; eight segments of a level are merged into one of the next, a few blocks at a
 * time. So a write costs few rows, whatever the number of terms, and a term is looked for in a few dozen
 * segments. Nothing is ever taken out but all at once: what is found has to be verified by the caller.
 */
#define AFT__TERM_MOST     80 /* bytes of a term, which has no NUL byte */
#define AFT__SEGMENTS_MOST 1024

/* How far the index reaches, in numbers of the caller's, and the format of its terms; 0 and 0 at first. */
aft_status aft__terms_covered(aft__tx *tx, aft_id tenant, uint32_t space, int64_t *covered, int64_t *format,
                              aft_error *error);
aft_status aft__terms_cover(aft__tx *tx, aft_id tenant, uint32_t space, int64_t covered, int64_t format,
                            aft_error *error);
/* Forgets all that is in the index. */
aft_status aft__terms_drop(aft__tx *tx, aft_id tenant, uint32_t space, aft_error *error);

typedef struct aft__terms_batch {
  aft__buf bytes, items;
} aft__terms_batch;

void aft__terms_batch_init(aft__terms_batch *batch, const aft_env *env);
void aft__terms_batch_done(aft__terms_batch *batch);
/* Out of memory shows when the batch is written. */
void aft__terms_batch_add(aft__terms_batch *batch, aft_str term, aft_id doc);
size_t aft__terms_batch_size(const aft__terms_batch *batch); /* in bytes */
/* Writes and empties it. */
aft_status aft__terms_batch_write(aft__tx *tx, aft__terms_batch *batch, aft_id tenant, uint32_t space,
                                  aft_error *error);
/* One bounded step of merging and removing, over all indexes; AFT_DONE when there was nothing to do. */
aft_status aft__terms_tend(aft__tx *tx, uint32_t *blocks, aft_error *error);

aft_status aft__terms_idle(aft__tx *tx, bool *idle, aft_error *error); /* there is nothing to tend */

/* A search lives in the arena of its transaction. */
typedef struct aft__terms_find aft__terms_find;
aft_status aft__terms_open(aft__tx *tx, aft_id tenant, uint32_t space, aft__terms_find **out,
                           aft_error *error);
/* Documents have to have one of the terms, whose bytes must stay. */
aft_status aft__terms_need(aft__terms_find *find, const aft_str *terms, uint32_t n, aft_error *error);
/* One of the terms that begin so; *kept is false when there are too many, and it asks for nothing. */
aft_status aft__terms_need_range(aft__terms_find *find, aft_str prefix, bool *kept, aft_error *error);
/* The latest document at or before from that has all that is needed, 0 for none. The work of one search is
 * bounded: *paused says that *doc is only where to go on, no later document having it all. from goes down
 * from call to call. */
aft_status aft__terms_next(aft__terms_find *find, aft_id from, aft_id *doc, bool *paused, aft_error *error);

typedef struct aft__lag {
  aft_id tenant;
  int64_t events; /* of its feed that the index does not cover */
} aft__lag;
/* Tenants after one, in their order, whose index covers less than the feed has. */
aft_status aft__terms_lagging(aft__tx *tx, uint32_t space, int64_t format, aft_id after, aft__lag *out,
                              uint32_t most, uint32_t *n, aft_error *error);

/* The desk's text search (lib/desk/search/search_index.c). Whoever changes how texts become terms counts the
 * format up: the tick then indexes everything again. */
#define AFT__TERMS_SEARCH        1
#define AFT__TERMS_SEARCH_FORMAT 1

/* ---- health.c ---- */

/* Notes that the clock's tick ran now. */
aft_status aft__tick_mark(aft__tx *tx, aft_error *error);

/* ---- page.c: tokens of keyset pages: scope, position and a checksum; text safe in URLs ---- */

aft_status aft__page_encode(aft__buf *out, uint64_t scope, const aft__value *value, aft_id id);
/* scope ties a token to its list (tenant, index, filters). AFT_E_INVALID for a foreign or damaged one.
 * The value's bytes lie in the arena. */
aft_status aft__page_decode(aft_str token, uint64_t scope, aft__arena *arena, aft__value *value, aft_id *id,
                            aft_error *error);

#endif
