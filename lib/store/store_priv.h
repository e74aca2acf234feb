/* Inside the store: the record backend's interface, and what sessions are made of. */
#ifndef AFT_STORE_PRIV_H
#define AFT_STORE_PRIV_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "store/store.h"

/* ---- the backends ---- */

typedef struct aft__backend aft__backend; /* of a store; shared by threads */
typedef struct aft__conn aft__conn;       /* of a session; one thread */
typedef struct aft__rows aft__rows;       /* a scan that is open */

/* Two backends have this interface: memory (the oracle) and SQL over a driver. All statuses as in store.h.
 * After AFT_E_CONFLICT, _LOCKED, _LOST, _UNKNOWN the caller rolls back. */
typedef struct aft__backend_ops {
  void (*free)(aft__backend *backend);
  aft_status (*connect)(aft__backend *backend, aft__conn **out, aft_error *error);
  /* native is the host's connection, in a transaction. */
  aft_status (*attach)(aft__backend *backend, void *native, aft__conn **out, aft_error *error);
  void (*disconnect)(aft__conn *conn);
  /* Frees the memory of a connection that another process owns; closes nothing. */
  void (*abandon)(aft__conn *conn);

  aft_status (*begin)(aft__conn *conn, bool write, aft_error *error);
  aft_status (*commit)(aft__conn *conn, aft_error *error);
  void (*rollback)(aft__conn *conn);
  aft_status (*savepoint)(aft__conn *conn, uint32_t depth, aft_error *error);
  aft_status (*release)(aft__conn *conn, uint32_t depth, aft_error *error);
  aft_status (*rollback_to)(aft__conn *conn, uint32_t depth, aft_error *error); /* and release */

  aft_status (*insert)(aft__conn *conn, const aft__table *table, const aft__value *row,
                       aft__existing *existing, aft_error *error);
  /* Sets the masked columns and rev + 1 where id and rev match. */
  aft_status (*update)(aft__conn *conn, const aft__table *table, const aft__value *row, uint64_t mask,
                       aft_error *error);
  aft_status (*remove)(aft__conn *conn, const aft__table *table, aft_id id, int64_t rev, aft_error *error);
  aft_status (*get)(aft__conn *conn, const aft__table *table, aft_id id, aft__arena *arena, aft__value **row,
                    aft_error *error);
  /* The bytes of the scan's values must live until end. */
  aft_status (*scan)(aft__conn *conn, const aft__scan *scan, aft__rows **out, aft_error *error);
  /* AFT_OK with *row, valid until the next call; AFT_DONE. */
  aft_status (*next)(aft__rows *rows, const aft__value **row, aft_error *error);
  void (*end)(aft__rows *rows);

  void (*interrupt)(aft__conn *conn); /* any thread */

  /* Copies the database; NULL where that makes no sense. */
  aft_status (*backup)(aft__conn *conn, const aft_sql_backup *how, aft_error *error);
  /* A backend of the same kind that reads another database. Goes with backup. */
  aft_status (*twin)(const aft__backend *backend, aft_str dsn, aft__backend **out, aft_error *error);
  /* AFT_E_CORRUPT where the engine finds its database damaged. Goes with backup. */
  aft_status (*verify)(aft__conn *conn, aft_error *error);
  /* NULL where nothing is known. */
  aft_status (*sizes)(aft__conn *conn, aft_sql_sizes *out, aft_error *error);
  /* A new connection for somebody's SQL. NULL where there is no SQL. */
  aft_status (*query)(aft__backend *backend, aft__conn **out, aft_error *error);

  /* The stored schema: 0 when there are no tables. */
  aft_status (*schema_read)(aft__conn *conn, uint32_t *version, uint32_t *reader, uint32_t *writer,
                            aft_error *error);
  /* In one transaction: from whatever version is stored to the schema's, tables of the store and the desk. */
  aft_status (*migrate)(aft__conn *conn, const aft__schema *schema, aft_error *error);
} aft__backend_ops;

struct aft__backend {
  const aft__backend_ops *ops;
  aft_env *env;
};

struct aft__conn {
  aft__backend *backend;
};

struct aft__rows {
  aft__conn *conn;
};

aft_status aft__memory_backend(aft_env *env, aft__backend **out, aft_error *error);
void aft__memory_hostile(aft__backend *backend, uint64_t seed, uint32_t conflict_permille,
                         uint32_t unknown_permille);

typedef struct aft__sql_options {
  const aft_sql_driver *driver;
  aft_str dsn, prefix;
  uint32_t flags; /* AFT_STORE_… */
  uint32_t busy_ms;
} aft__sql_options;

aft_status aft__sql_backend(aft_env *env, const aft__sql_options *options, aft__backend **out,
                            aft_error *error);

/* The store's own tables, for schemas. */
extern const aft__table aft__lease_table, aft__idem_table, aft__meta_table, aft__feed_head_table;
extern const aft__table *const aft__store_tables[];
extern const uint32_t aft__store_table_count;

enum {
  AFT__LE_ID,
  AFT__LE_REV,
  AFT__LE_NAME,
  AFT__LE_OWNER,
  AFT__LE_FENCE,
  AFT__LE_UNTIL,
  AFT__LE_LAST /* of a node: the last id's time and sequence, so that none is made twice */,
  AFT__LE_COLUMNS
};
enum {
  AFT__LE_BY_NAME /* unique */
};
enum {
  AFT__ID_ID,
  AFT__ID_REV,
  AFT__ID_TENANT,
  AFT__ID_ROLE,
  AFT__ID_ACTOR,
  AFT__ID_VERB,
  AFT__ID_KEY,
  AFT__ID_DIGEST,
  AFT__ID_STATUS,
  AFT__ID_FIRST,
  AFT__ID_COLUMNS = AFT__ID_FIRST + AFT__MOST_OUTCOMES
};
enum {
  AFT__ID_BY_KEY /* tenant, role, actor, verb, key; unique */,
  AFT__ID_BY_TENANT /* tenant */
};
enum {
  AFT__ME_ID,
  AFT__ME_REV,
  AFT__ME_NAME,
  AFT__ME_NUMBER,
  AFT__ME_COLUMNS
}; /* single values of the store */
enum {
  AFT__ME_BY_NAME /* unique */
};
enum {
  AFT__FH_ID,
  AFT__FH_REV,
  AFT__FH_TENANT,
  AFT__FH_LAST,
  AFT__FH_COLUMNS
};
enum {
  AFT__FH_BY_TENANT /* unique */
};

/* ---- meta.c: single numbers ---- */

#define AFT__META_TICK     "tick"     /* when it last ran */
#define AFT__META_BACKUP   "backup"   /* when the last copy that was finished began */
#define AFT__META_RESTORED "restored" /* when the store was put back from a copy */

/* ---- store_value.c ---- */

/* A copy of a row with its bytes; NULL when out of memory. */
aft__value *aft__row_copy(aft__arena *arena, const aft__value *row, uint32_t n_columns);

/* ---- store.c: stores ---- */

#define AFT__MOST_IDLE 8

struct aft_store {
  atomic_int refs;
  aft_env *env;
  pid_t pid;
  uint32_t flags;
  uint32_t busy_ms; /* how long a lock is waited for */
  uint32_t version; /* of the stored schema */
  bool memory;
  atomic_bool proven; /* a commit was looked for and found */
  aft__backend *backend;
  aft_blobs *blobs;      /* NULL: it takes no evidence */
  pthread_mutex_t mutex; /* guards idle, n_idle and what the desk hangs on */
  aft__conn *idle[AFT__MOST_IDLE];
  uint32_t n_idle;
  void *thing;
  void (*release_thing)(aft_env *env, void *thing);

  aft__idgen ids;
  char owner[33];
  pthread_mutex_t node_mutex; /* guards fence and the change of the rest */
  int64_t node_fence;         /* 0 while no node is held */
  _Atomic int64_t node_renew, node_until;
};

/* A store of the same kind that reads a copy of this one. AFT_E_CORRUPT when its tables have another version.
 */
aft_status aft__store_of_copy(const aft_store *store, aft_str dsn, aft_store **out, aft_error *error);

aft_status aft__store_conn(aft_store *store, aft__conn **out, aft_error *error);
void aft__store_conn_back(aft_store *store, aft__conn *conn);

/* ---- session.c: sessions ---- */

struct aft_session {
  atomic_int refs;
  aft_store *store;
  aft__conn *conn; /* NULL after it was lost, until the next transaction, and when closed */
  pid_t pid;
  bool attached;
  bool closed;
  aft__tx *tx;              /* the one that runs */
  _Atomic uintptr_t thread; /* that is inside a call; 0 for none */
  uint32_t depth;           /* calls of that thread inside each other */
  pthread_mutex_t guard;    /* between interrupt and the life of conn and call */
  bool running;
  atomic_bool interrupted;
  uint64_t random; /* for pauses */
  aft__arena arena;
};

/* A connection where it was lost. */
aft_status aft__session_connect(aft_session *session, aft_error *error);
/* Closes a connection that is of no use any more. */
void aft__session_cut(aft_session *session);

/* ---- tx.c: transactions ---- */

typedef struct aft__touch {
  const aft__table *table;
  aft_id id;
  int64_t rev; /* of an anchor */
} aft__touch;

typedef struct aft__touches {
  aft__touch *items; /* in the arena */
  uint32_t n, cap;
} aft__touches;

/* The record that a commit brought, or the number that it wrote into one; no table: none was named. */
typedef struct aft__proof {
  const aft__table *table;
  aft_id id;
  uint32_t column; /* AFT__COL_ID: presence is enough */
  int64_t value;
} aft__proof;

typedef struct aft__mark {
  uint32_t written, anchors;
  aft__proof proof;
} aft__mark;

struct aft__tx {
  aft_session *session;
  const aft__backend_ops *ops;
  aft__arena *arena;
  aft_time now;
  int64_t deadline; /* on the monotonic clock; INT64_MAX for none */
  uint32_t attempt;
  bool write;
  bool scanning;     /* a row callback runs */
  bool race;         /* an operation met a conflict */
  aft_status doomed; /* the backend cannot go on: only rolling back makes sense */
  uint32_t depth;
  aft__mark marks[AFT__MOST_SAVEPOINTS];
  aft__touches written, anchors;
  aft__proof proof;
};

/* Before an operation: the transaction may go on. */
aft_status aft__tx_check(aft__tx *tx, bool write, aft_error *error);
/* After one: remembers what the status means for the transaction, and returns it. */
aft_status aft__tx_saw(aft__tx *tx, aft_status status);
/* The transaction wrote this row itself. */
aft_status aft__tx_wrote(aft__tx *tx, const aft__table *table, aft_id id, aft_error *error);
/* aft__tx_run inside a call, without a look at the node's lease. */
aft_status aft__tx_run_bare(aft_session *session, const aft__tx_options *options, aft__tx_fn fn, void *user,
                            aft_error *error);

/* ---- node.c: the generator's node, a lease of the store ---- */

int32_t aft__node_of(aft_store *store);
aft_status aft__node_take(aft_session *session, aft_error *error);
/* Inside a call, before a transaction that makes ids for the time now: renews the lease when it is time. */
aft_status aft__node_keep(aft_session *session, aft_time now, aft_error *error);
/* Inside the host's transaction. */
aft_status aft__node_check(aft__tx *tx, aft_error *error);
void aft__node_release(aft_session *session);
/* The generator's time at a moment; raising it; rows for all nodes, so that each goes on behind a tick. */
int64_t aft__node_tick_at(aft_time at);
void aft__node_raise(aft_store *store, int64_t tick);
aft_status aft__node_rows(aft__tx *tx, int64_t tick, aft_error *error);

#endif
