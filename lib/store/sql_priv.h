/* Between the files of the SQL record backend: dialects, the statement cache, the schema. */
#ifndef AFT_SQL_PRIV_H
#define AFT_SQL_PRIV_H

#include "store/store_priv.h"

/* ---- sql_upkeep.c ---- */

aft_status aft__sql_backup(aft__conn *conn, const aft_sql_backup *how, aft_error *error);
aft_status aft__sql_verify(aft__conn *conn, aft_error *error);
aft_status aft__sql_sizes(aft__conn *conn, aft_sql_sizes *out, aft_error *error);

/* ---- sql_dialect.c: SQL text from descriptors ---- */

#define AFT__SQL_PREFIX_MOST 24

typedef struct aft__sql_dialect {
  uint32_t id; /* AFT_SQL_SQLITE, … */
  char prefix[AFT__SQL_PREFIX_MOST + 1];
} aft__sql_dialect;

enum {
  AFT__SQL_GET = 1, /* id → all columns */
  AFT__SQL_INSERT,  /* all columns */
  AFT__SQL_UPDATE,  /* the columns of mask in order, id, rev */
  AFT__SQL_REMOVE,  /* id, rev */
  AFT__SQL_PROBE,   /* the columns of index, or id → id */
  AFT__SQL_SCAN     /* equal values but NULLs, low, high, limit → all columns */
};

/* The bounds of a scan are of the column after the equal ones, or of the id where there is none. */
enum {
  AFT__SQL_LOW = 1,
  AFT__SQL_HIGH = 2,
  AFT__SQL_BEYOND = 4, /* the bound where the scan begins is not included */
  AFT__SQL_DOWN = 8,
  AFT__SQL_CLAIM = 16,
  AFT__SQL_LIMIT = 32
};

/* What a statement's text follows from; its key in the cache. Without padding. */
typedef struct aft__sql_shape {
  const aft__table *table;
  uint64_t mask; /* UPDATE */
  uint32_t index;
  uint8_t op;
  uint8_t n_equal; /* SCAN */
  uint8_t nulls;   /* SCAN: bit per equal column that is compared with NULL */
  uint8_t bits;    /* SCAN */
} aft__sql_shape;

void aft__sql_text(const aft__sql_dialect *d, const aft__sql_shape *shape, aft__buf *out);

/* Whether the engine reports a duplicate by changing no row (ON CONFLICT DO NOTHING) instead of an error. */
static inline bool aft__sql_skips_duplicates(const aft__sql_dialect *d) { return d->id != AFT_SQL_MYSQL; }
/* Whether a failed statement spoils the transaction, so that it needs a savepoint around it. */
static inline bool aft__sql_needs_guard(const aft__sql_dialect *d) { return d->id == AFT_SQL_POSTGRESQL; }
static inline bool aft__sql_locks_rows(const aft__sql_dialect *d) { return d->id != AFT_SQL_SQLITE; }

void aft__sql_create_table(const aft__sql_dialect *d, const aft__table *table, aft__buf *out);
/* In SQLite with the checks that this column, the last of theirs, makes possible. */
void aft__sql_add_column(const aft__sql_dialect *d, const aft__table *table, uint32_t column, aft__buf *out);
/* Not for SQLite. */
void aft__sql_add_check(const aft__sql_dialect *d, const aft__table *table, uint32_t check, aft__buf *out);
/* MySQL has no partial index: a computed column that is 0 or NULL leads it. Empty where none is needed. */
void aft__sql_add_zero_column(const aft__sql_dialect *d, const aft__table *table, uint32_t index,
                              aft__buf *out);
void aft__sql_create_index(const aft__sql_dialect *d, const aft__table *table, uint32_t index, aft__buf *out);
/* The column that came last of those that a check mentions. */
uint32_t aft__sql_check_column(const aft__table *table, const aft__check *check);

void aft__sql_meta_exists(const aft__sql_dialect *d, aft__buf *out);
void aft__sql_meta_create(const aft__sql_dialect *d, aft__buf *out);
void aft__sql_meta_read(const aft__sql_dialect *d, aft__buf *out);
void aft__sql_meta_write(const aft__sql_dialect *d, const aft__schema *schema, bool first, aft__buf *out);

/* ---- sql_statement.c: a connection's prepared statements, and how they run ---- */

typedef struct aft__sql_stmt {
  aft__sql_shape shape;
  void *handle;
  uint64_t used; /* the cache's clock at the last use */
  bool busy;
  bool loose; /* outside of the cache, freed after use */
} aft__sql_stmt;

typedef struct aft__sql_rows aft__sql_rows;

typedef struct aft__sql_conn {
  aft__conn base;
  const aft_sql_driver *driver;
  const aft__sql_dialect *dialect;
  const aft_env *env;
  void *native;
  bool attached;
  bool read_only;
  bool query;        /* for somebody's SQL, whose rows may hold numbers with a fraction */
  uint32_t depth;    /* savepoints that are open */
  aft_status failed; /* what broke the transaction; nothing runs until it is rolled back */
  aft__sql_stmt *slots;
  uint64_t clock;
  aft__sql_rows *spare; /* of the last scan */
} aft__sql_conn;

aft_status aft__sql_cache_init(aft__sql_conn *c, aft_error *error);
void aft__sql_cache_done(aft__sql_conn *c, bool finalize);
/* Prepared and not in use by anybody else; give it back, which resets it. */
aft_status aft__sql_take(aft__sql_conn *c, const aft__sql_shape *shape, aft__sql_stmt **out,
                         aft_error *error);
void aft__sql_give(aft__sql_conn *c, aft__sql_stmt *stmt);

aft_status aft__sql_bind(aft__sql_conn *c, aft__sql_stmt *stmt, uint32_t *index, aft__value value,
                         aft_error *error);
aft_status aft__sql_step(aft__sql_conn *c, aft__sql_stmt *stmt, aft_error *error);
/* Steps a statement that returns no row. AFT_E_CHECK and AFT_E_EXISTS leave the transaction usable. guard:
 * the statement may end so. */
aft_status aft__sql_run(aft__sql_conn *c, aft__sql_stmt *stmt, bool guard, int64_t *changes,
                        aft_error *error);
/* The row that the statement stands on; every value of its column's type. */
aft_status aft__sql_read(aft__sql_conn *c, aft__sql_stmt *stmt, const aft__table *table, aft__value *values,
                         aft_error *error);

/* ---- sql_call.c: calls of the driver, which may break its contract ---- */

/* The transaction may go on. */
aft_status aft__sql_usable(const aft__sql_conn *c, aft_error *error);
/* Remembers a status of the driver that broke the transaction, and returns it. */
aft_status aft__sql_broke(aft__sql_conn *c, aft_status status);
/* AFT_E_DRIVER, which breaks the transaction. */
aft_status aft__sql_lied(aft__sql_conn *c, aft_error *error, const char *fmt, ...) AFT__PRINTF(3, 4);
/* A status as the driver gave it; AFT_E_DRIVER where the call may not return it. */
aft_status aft__sql_said(aft__sql_conn *c, const char *call, aft_status status, aft_error *error);

aft_status aft__sql_exec(aft__sql_conn *c, const char *sql, aft_error *error);
aft_status aft__sql_prepare(aft__sql_conn *c, const char *sql, size_t size, void **handle, aft_error *error);
/* AFT_E_CHECK and AFT_E_EXISTS do not break the transaction; other failures are for the caller to remember.
 */
aft_status aft__sql_step_handle(aft__sql_conn *c, void *handle, aft_error *error);
/* A value within the bounds of the contract. */
aft_status aft__sql_column(aft__sql_conn *c, void *handle, uint32_t i, aft_sql_value *v, aft_error *error);

/* ---- sql_schema.c ---- */

aft_status aft__sql_schema_read(aft__conn *conn, uint32_t *version, uint32_t *reader, uint32_t *writer,
                                aft_error *error);
aft_status aft__sql_migrate(aft__conn *conn, const aft__schema *schema, aft_error *error);

/* ---- sql_scan.c ---- */

aft_status aft__sql_scan(aft__conn *conn, const aft__scan *scan, aft__rows **out, aft_error *error);
aft_status aft__sql_next(aft__rows *rows, const aft__value **row, aft_error *error);
void aft__sql_end(aft__rows *rows);
void aft__sql_rows_free(aft__sql_conn *c);

#endif
