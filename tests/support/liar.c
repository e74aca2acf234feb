/* A driver around SQLite that breaks one sentence of the contract at a time. */
#include "liar.h"

#include "../conformance/host_sqlite.h"

#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef enum lie {
  HONEST,
  NULL_TEXT_IS_EMPTY,
  EMPTY_TEXT_IS_NULL,
  EMPTY_BLOB_IS_NULL,
  NO_PLACE_FOR_EMPTY,
  ROUNDS_INTEGERS,
  CUTS_INTEGERS,
  CUTS_BLOBS_AT_NUL,
  READS_TEXT_TO_NUL,
  TRIMS_TEXT,
  CUTS_LARGE_VALUES,
  BLOBS_AS_TEXT,
  INTEGERS_AS_TEXT,
  HUGE_SIZE,
  UNKNOWN_TYPE,
  NO_STATEMENT,
  ACCEPTS_WRONG_SQL,
  IGNORES_SQL_SIZE,
  ACCEPTS_ANY_TYPE,
  ACCEPTS_ANY_PARAMETER,
  FIRST_BIND_COUNTS,
  KEEPS_BINDS,
  OK_AT_DONE,
  DONE_AT_ONCE,
  ROWS_TWICE,
  SKIPS_A_ROW,
  STRANGE_STATUS,
  ANY_COLUMN,
  ONE_PLACE_FOR_ALL,
  CHANGES_NOTHING,
  CHANGES_ALWAYS_1,
  CHANGES_2,
  CHANGES_NEGATIVE,
  CHANGES_OF_ANOTHER,
  FORGETS_ROLLBACK,
  COMMITS_ON_ROLLBACK,
  COMMITS_ON_CLOSE,
  ROLLS_BACK_ON_COMMIT,
  NO_TRANSACTION,
  NO_MOMENT,
  SWALLOWS_SAVEPOINTS,
  SWALLOWS_ROLLBACK_TO,
  SWALLOWS_CONSTRAINTS,
  EXISTS_IS_STORE,
  CHECK_IS_EXISTS,
  NAMES_NO_CHECK,
  ROLLS_BACK_AFTER_CHECK,
  SILENT_ERRORS,
  WRONG_CODE,
  WRITES_ON_SUCCESS,
  NO_CONNECTION,
  MAKES_WHAT_IS_MISSING,
  WRITES_WHEN_READ_ONLY,
  WANTS_ONE_SIZE,
  INTERRUPTED_IS_LOCKED,
  INTERRUPT_STICKS,
  INTERRUPTED_IS_STORE,
  ROLLS_BACK_THE_HOST,
  COMMITS_THE_HOST,
  ATTACHES_ANYTHING,
  LIES
} lie;

/* In the order of the enumeration, from the second on. */
const liar_lie liar_lies[] = {
    {"reads NULL as the empty text", "values.null"},
    {"reads the empty text as NULL", "values.empty_text"},
    {"reads the empty blob as NULL", "values.empty_blob"},
    {"has no place for the empty text", "values.empty_text"},
    {"rounds integers to a double's", "values.integers"},
    {"cuts integers to 32 bits", "values.integers"},
    {"cuts blobs at NUL", "values.blob_bytes"},
    {"takes texts to be closed by NUL", "values.text_size"},
    {"trims texts", "values.text_exact"},
    {"cuts large values", "values.large"},
    {"reads blobs as texts", "values.blob_bytes"},
    {"reads integers as texts", "values.integers"},
    {"tells a size that cannot be", "values.text_size"},
    {"tells a type that there is not", "values.integers"},
    {"makes no statement", "prepare.twice"},
    {"accepts wrong SQL", "prepare.wrong"},
    {"ignores the size of SQL", "prepare.size"},
    {"binds values of any type", "bind.type"},
    {"binds parameters that are not there", "bind.index"},
    {"keeps the first value that was bound", "bind.last"},
    {"keeps binds after reset", "reset.forgets"},
    {"gives AFT_OK at the end of the rows", "step.none"},
    {"gives AFT_DONE after the first row", "step.rows"},
    {"gives each row twice", "step.rows"},
    {"leaves the third row out", "step.rows"},
    {"invents a status", "step.none"},
    {"reads columns that are not there", "column.index"},
    {"reads every text into the same place", "column.lifetime"},
    {"never counts a change", "changes.insert"},
    {"always counts one change", "changes.none"},
    {"counts each change twice", "changes.insert"},
    {"counts changes below zero", "changes.insert"},
    {"counts the changes of any connection", "changes.connection"},
    {"forgets to roll back", "transaction.rollback"},
    {"commits on rollback", "transaction.rollback"},
    {"commits on close", "transaction.close"},
    {"rolls back on commit", "transaction.commit"},
    {"has no transactions", "transaction.rollback"},
    {"shows each read another moment", "transaction.moment"},
    {"ignores savepoints", "savepoint.rollback"},
    {"ignores ROLLBACK TO", "savepoint.rollback"},
    {"swallows broken constraints", "constraint.unique"},
    {"tells a duplicate as another error", "constraint.unique"},
    {"tells a broken check as a duplicate", "constraint.check"},
    {"does not name the check", "constraint.check"},
    {"gives the transaction up after a broken check", "constraint.goes_on"},
    {"leaves errors without words", "error.filled"},
    {"fills in another code than it returns", "error.filled"},
    {"writes an error on success", "error.success"},
    {"makes no connection", "open.again"},
    {"makes databases that are missing", "open.missing"},
    {"writes to what is open for reading", "open.read_only"},
    {"wants open's struct of one size", "open.size"},
    {"tells an interrupted wait as a lock", "interrupt.lock"},
    {"remembers interrupts", "interrupt.idle"},
    {"tells an interrupt as another error", "interrupt.statement"},
    {"rolls back the host's transaction", "attach.close"},
    {"commits the host's transaction", "attach.rollback"},
    {"attaches to a connection without a transaction", "attach.no_transaction"},
    {NULL, NULL},
};

typedef struct conn {
  void *inner;
  lie lie; /* the one it tells */
  bool attached;
  void *native; /* of an attached one */
  bool interrupted;
  bool reads; /* in a transaction that only reads */
} conn;

#define MOST_BINDS 16

typedef struct stmt {
  void *inner;
  conn *c;
  bool sorted; /* has an order */
  bool own;    /* one of the suite's own tables: its texts are closed by NUL in memory */
  bool again;  /* the row stands a second time */
  bool held;   /* a row is there */
  int64_t rows;
  bool bound[MOST_BINDS];
  int64_t numbers[MOST_BINDS]; /* the integers that were bound */
  char place[64];
} stmt;

static const aft_sql_driver *inner(void) { return aft_sql_sqlite(); }

static aft_status fail_as(aft_error *error, aft_status status, const char *message) {
  if (error) {
    error->code = status;
    error->native = 1;
    strcpy(error->where, "liar");
    strcpy(error->message, message);
  }
  return status;
}

/* What becomes of a status and its error on the way out. */
static aft_status tell(const conn *c, aft_status status, aft_error *error) {
  if (status == AFT_OK && c->lie == WRITES_ON_SUCCESS)
    return fail_as(error, AFT_OK, "all went well");
  if (status == AFT_E_EXISTS && c->lie == EXISTS_IS_STORE)
    return fail_as(error, AFT_E_STORE, "something failed");
  if (status == AFT_E_CHECK && c->lie == CHECK_IS_EXISTS)
    return fail_as(error, AFT_E_EXISTS, "something failed");
  if (status == AFT_E_CHECK && c->lie == NAMES_NO_CHECK)
    return fail_as(error, AFT_E_CHECK, "a check is broken");
  if (status == AFT_E_CHECK && c->lie == ROLLS_BACK_AFTER_CHECK)
    inner()->rollback(c->inner);
  if (status == AFT_E_INTERRUPTED && c->lie == INTERRUPTED_IS_STORE)
    return fail_as(error, AFT_E_STORE, "something failed");
  if (status < 0 && error && c->lie == SILENT_ERRORS)
    error->message[0] = '\0';
  if (status < 0 && error && c->lie == WRONG_CODE)
    error->code = AFT_E_INTERNAL;
  return status;
}

/* ---- connections ---- */

static conn *new_conn(const void *user) {
  conn *c = calloc(1, sizeof *c);
  if (c)
    c->lie = *(const lie *)user;
  return c;
}

static aft_status open_conn(void *user, const aft_sql_open *how, void **out, aft_error *error) {
  aft_sql_open bent = *how;
  conn *c = new_conn(user);
  if (!c)
    return fail_as(error, AFT_E_NOMEM, "out of memory");
  if (c->lie == WANTS_ONE_SIZE && how->size != sizeof *how) {
    free(c);
    return fail_as(error, AFT_E_INVALID, "the struct has another size");
  }
  bent.size = sizeof bent;
  if (c->lie == MAKES_WHAT_IS_MISSING && !(bent.flags & AFT_SQL_OPEN_READ_ONLY))
    bent.flags |= AFT_SQL_OPEN_CREATE;
  if (c->lie == WRITES_WHEN_READ_ONLY)
    bent.flags &= ~AFT_SQL_OPEN_READ_ONLY;
  aft_status status = tell(c, inner()->open(NULL, &bent, &c->inner, error), error);
  if (status == AFT_OK && c->lie == NO_CONNECTION) {
    inner()->close(c->inner);
    free(c);
    return AFT_OK;
  }
  if (status < 0)
    free(c);
  else
    *out = c;
  return status;
}

static aft_status attach_conn(void *user, void *native, void **out, aft_error *error) {
  conn *c = new_conn(user);
  if (!c)
    return fail_as(error, AFT_E_NOMEM, "out of memory");
  c->attached = true;
  c->native = native;
  if (c->lie == ATTACHES_ANYTHING && sqlite3_get_autocommit(native))
    sqlite3_exec(native, "BEGIN", NULL, NULL, NULL);
  aft_status status = inner()->attach(NULL, native, &c->inner, error);
  if (status < 0)
    free(c);
  else
    *out = c;
  return status;
}

static void close_conn(void *conn_) {
  conn *c = conn_;
  if (c->lie == COMMITS_ON_CLOSE && !c->attached)
    inner()->commit(c->inner, NULL);
  if (c->lie == COMMITS_THE_HOST && c->attached)
    sqlite3_exec(c->native, "COMMIT", NULL, NULL, NULL);
  inner()->close(c->inner);
  free(c);
}

static aft_status begin(void *conn_, int write, aft_error *error) {
  conn *c = conn_;
  c->reads = !write;
  if (c->lie == NO_TRANSACTION || (c->lie == NO_MOMENT && c->reads))
    return AFT_OK;
  if (c->lie == FORGETS_ROLLBACK)
    inner()->commit(c->inner, NULL);
  aft_status status = tell(c, inner()->begin(c->inner, write, error), error);
  if (status == AFT_E_INTERRUPTED && c->lie == INTERRUPTED_IS_LOCKED)
    return fail_as(error, AFT_E_LOCKED, "somebody holds a lock");
  return status;
}

static aft_status commit(void *conn_, aft_error *error) {
  conn *c = conn_;
  if (c->lie == NO_TRANSACTION || (c->lie == NO_MOMENT && c->reads))
    return AFT_OK;
  if (c->lie == ROLLS_BACK_ON_COMMIT) {
    inner()->rollback(c->inner);
    return AFT_OK;
  }
  return tell(c, inner()->commit(c->inner, error), error);
}

static void rollback(void *conn_) {
  conn *c = conn_;
  if (c->lie == FORGETS_ROLLBACK)
    return;
  if (c->lie == COMMITS_ON_ROLLBACK && !c->attached)
    inner()->commit(c->inner, NULL);
  if (c->lie == ROLLS_BACK_THE_HOST && c->attached)
    sqlite3_exec(c->native, "ROLLBACK", NULL, NULL, NULL);
  inner()->rollback(c->inner);
}

static aft_status exec(void *conn_, const char *sql, aft_error *error) {
  conn *c = conn_;
  if (c->lie == SWALLOWS_SAVEPOINTS && strstr(sql, "SAVEPOINT"))
    return AFT_OK;
  if (c->lie == SWALLOWS_ROLLBACK_TO && strstr(sql, "ROLLBACK TO"))
    return AFT_OK;
  return tell(c, inner()->exec(c->inner, sql, error), error);
}

static atomic_llong changed_last;

static int64_t changes(void *conn_) {
  conn *c = conn_;
  int64_t n = inner()->changes(c->inner);
  switch (c->lie) {
  case CHANGES_NOTHING:
    return 0;
  case CHANGES_ALWAYS_1:
    return 1;
  case CHANGES_2:
    return 2 * n;
  case CHANGES_NEGATIVE:
    return -n;
  case CHANGES_OF_ANOTHER:
    return atomic_exchange(&changed_last, n);
  default:
    return n;
  }
}

static void interrupt(void *conn_) {
  conn *c = conn_;
  if (c->lie == INTERRUPT_STICKS)
    c->interrupted = true;
  inner()->interrupt(c->inner);
}

/* ---- statements ---- */

static bool contains(const char *text, size_t size, const char *word) {
  size_t n = strlen(word);
  for (size_t i = 0; i + n <= size; i++)
    if (memcmp(text + i, word, n) == 0)
      return true;
  return false;
}

static aft_status prepare(void *conn_, const char *sql, size_t size, void **out, aft_error *error) {
  conn *c = conn_;
  stmt *s = calloc(1, sizeof *s);
  if (!s)
    return fail_as(error, AFT_E_NOMEM, "out of memory");
  s->c = c;
  s->own = contains(sql, size, "aftc_value");
  s->sorted = contains(sql, size, "ORDER BY");
  if (c->lie == IGNORES_SQL_SIZE && s->own)
    size = strlen(sql);
  aft_status status = tell(c, inner()->prepare(c->inner, sql, size, &s->inner, error), error);
  if (status == AFT_E_STORE && c->lie == ACCEPTS_WRONG_SQL)
    status = inner()->prepare(c->inner, "SELECT 1", 8, &s->inner, error);
  if (status == AFT_OK && c->lie == NO_STATEMENT) {
    inner()->finalize(s->inner);
    free(s);
    return AFT_OK;
  }
  if (status < 0)
    free(s);
  else
    *out = s;
  return status;
}

static void finalize(void *stmt_) {
  stmt *s = stmt_;
  if (s)
    inner()->finalize(s->inner);
  free(s);
}

static void bend_bound(const stmt *s, aft_sql_value *v) {
  switch (s->c->lie) {
  case READS_TEXT_TO_NUL:
    if (v->type == AFT_SQL_TEXT && s->own && v->data && v->size < 100)
      v->size = strlen(v->data);
    break;
  case EMPTY_TEXT_IS_NULL:
    if (v->type == AFT_SQL_TEXT && !v->size)
      v->type = AFT_SQL_NULL;
    break;
  case EMPTY_BLOB_IS_NULL:
    if (v->type == AFT_SQL_BLOB && !v->size)
      v->type = AFT_SQL_NULL;
    break;
  case ROUNDS_INTEGERS:
    if (v->type == AFT_SQL_INT && v->number < INT64_MAX - 1024)
      v->number = (int64_t)(double)v->number;
    break;
  case CUTS_INTEGERS:
    if (v->type == AFT_SQL_INT)
      v->number = (int32_t)(uint32_t)((uint64_t)v->number & UINT32_MAX);
    break;
  case CUTS_LARGE_VALUES:
    if (v->type >= AFT_SQL_TEXT && v->size > 65536)
      v->size = 65536;
    break;
  case ACCEPTS_ANY_TYPE:
    if (v->type > AFT_SQL_BLOB)
      v->type = AFT_SQL_BLOB;
    break;
  default:
    break;
  }
}

static aft_status bind(void *stmt_, uint32_t index, const aft_sql_value *value, aft_error *error) {
  stmt *s = stmt_;
  aft_sql_value bent = *value;
  bend_bound(s, &bent);
  if (s->c->lie == FIRST_BIND_COUNTS && index < MOST_BINDS) {
    if (s->bound[index])
      return AFT_OK;
    s->bound[index] = true;
  }
  if (s->c->lie == KEEPS_BINDS && index < MOST_BINDS) {
    s->bound[index] = bent.type == AFT_SQL_INT;
    s->numbers[index] = bent.number;
  }
  aft_status status = inner()->bind(s->inner, index, &bent, error);
  if (status == AFT_E_STORE && s->c->lie == ACCEPTS_ANY_PARAMETER)
    return AFT_OK;
  return tell(s->c, status, error);
}

static aft_status step(void *stmt_, aft_error *error) {
  stmt *s = stmt_;
  lie told = s->c->lie;
  if (told == INTERRUPT_STICKS && s->c->interrupted) {
    s->c->interrupted = false;
    return fail_as(error, AFT_E_INTERRUPTED, "interrupted");
  }
  if (told == ROWS_TWICE && s->sorted && s->held && (s->again = !s->again))
    return AFT_OK;
  if (told == DONE_AT_ONCE && s->rows)
    return AFT_DONE;
  aft_status status = inner()->step(s->inner, error);
  s->held = status == AFT_OK;
  s->rows += s->held;
  if (told == SKIPS_A_ROW && s->held && s->rows == 3)
    status = inner()->step(s->inner, error);
  if (status == AFT_DONE && told == OK_AT_DONE)
    return AFT_OK;
  if (status == AFT_DONE && told == STRANGE_STATUS)
    return 7;
  if ((status == AFT_E_CHECK || status == AFT_E_EXISTS) && told == SWALLOWS_CONSTRAINTS)
    return AFT_DONE;
  return tell(s->c, status, error);
}

static void bend_read(stmt *s, aft_sql_value *v) {
  switch (s->c->lie) {
  case NULL_TEXT_IS_EMPTY:
    if (v->type == AFT_SQL_NULL)
      *v = (aft_sql_value){AFT_SQL_TEXT, 0, 0, "", 0};
    break;
  case NO_PLACE_FOR_EMPTY:
    if (v->type >= AFT_SQL_TEXT && !v->size)
      v->data = NULL;
    break;
  case CUTS_BLOBS_AT_NUL:
    if (v->type == AFT_SQL_BLOB && v->size && memchr(v->data, 0, v->size))
      v->size = (size_t)((const char *)memchr(v->data, 0, v->size) - v->data);
    break;
  case TRIMS_TEXT:
    while (v->type == AFT_SQL_TEXT && v->size && v->data[v->size - 1] == ' ')
      v->size--;
    break;
  case BLOBS_AS_TEXT:
    if (v->type == AFT_SQL_BLOB)
      v->type = AFT_SQL_TEXT;
    break;
  case INTEGERS_AS_TEXT:
    if (v->type == AFT_SQL_INT)
      *v = (aft_sql_value){AFT_SQL_TEXT, 0, 0, "1", 1};
    break;
  case HUGE_SIZE:
    if (v->type == AFT_SQL_TEXT)
      v->size = SIZE_MAX / 2;
    break;
  case UNKNOWN_TYPE:
    if (v->type == AFT_SQL_INT)
      v->type = 9;
    break;
  case ONE_PLACE_FOR_ALL:
    if (v->type == AFT_SQL_TEXT && v->size < sizeof s->place) {
      memset(s->place, '?', sizeof s->place);
      memcpy(s->place, v->data, v->size);
      v->data = s->place;
    } else {
      memset(s->place, '?', sizeof s->place);
    }
    break;
  default:
    break;
  }
}

static aft_status column(void *stmt_, uint32_t index, aft_sql_value *out, aft_error *error) {
  stmt *s = stmt_;
  aft_status status = inner()->column(s->inner, index, out, error);
  if (status == AFT_E_INVALID && s->c->lie == ANY_COLUMN) {
    *out = (aft_sql_value){0};
    return AFT_OK;
  }
  if (status == AFT_OK)
    bend_read(s, out);
  return tell(s->c, status, error);
}

static void reset(void *stmt_) {
  stmt *s = stmt_;
  s->held = s->again = false;
  s->rows = 0;
  inner()->reset(s->inner);
  for (uint32_t i = 0; i < MOST_BINDS; i++) {
    aft_sql_value kept = {AFT_SQL_INT, 0, s->numbers[i], NULL, 0};
    if (s->bound[i] && s->c->lie == KEEPS_BINDS)
      inner()->bind(s->inner, i, &kept, NULL);
    else
      s->bound[i] = false;
  }
}

/* ---- the driver ---- */

static lie lie_of(const char *name) {
  if (!*name)
    return HONEST;
  for (int i = 0; liar_lies[i].name; i++)
    if (strcmp(liar_lies[i].name, name) == 0)
      return (lie)(i + 1);
  return LIES;
}

const aft_sql_driver *liar_driver(const char *name) {
  static lie told;
  static aft_sql_driver driver;
  told = lie_of(name);
  if (told == LIES)
    return NULL;
  driver = (aft_sql_driver){
      .size = sizeof driver,
      .abi = AFT_SQL_ABI,
      .dialect = AFT_SQL_SQLITE,
      .name = "liar",
      .user = &told,
      .open = open_conn,
      .attach = attach_conn,
      .close = close_conn,
      .begin = begin,
      .commit = commit,
      .rollback = rollback,
      .exec = exec,
      .prepare = prepare,
      .finalize = finalize,
      .bind = bind,
      .step = step,
      .column = column,
      .reset = reset,
      .changes = changes,
      .interrupt = interrupt,
  };
  return &driver;
}

const aft_sql_driver *liar(void) {
  const char *name = getenv("AFT_LIE");
  return liar_driver(name ? name : "");
}

const aft_conformance_host *liar_host(void) { return &host_sqlite; }
