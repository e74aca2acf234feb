/* Inside the store: the record backend's interface, and what sessions are made of. */
#ifndef AFT_STORE_PRIV_H
#define AFT_STORE_PRIV_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "store/store.h"

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
  aft_status (*scan)(aft__conn *conn, const aft__scan *scan, aft__rows **out, aft_error *error);
  /* AFT_OK with *row, valid until the next call; AFT_DONE. */
  aft_status (*next)(aft__rows *rows, const aft__value **row, aft_error *error);
  void (*end)(aft__rows *rows);

  void (*interrupt)(aft__conn *conn); /* any thread */

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
extern const aft__table aft__lease_table, aft__idem_table, aft__meta_table;
extern const aft__table *const aft__store_tables[];
extern const uint32_t aft__store_table_count;

#endif
