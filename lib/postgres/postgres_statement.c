/* The PostgreSQL driver: statements, their parameters and their rows. */
#include "postgres/postgres_priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_PARAMS 1024u /* far more than a table of the library has columns */

typedef struct param {
  uint32_t type; /* AFT_SQL_… */
  Oid oid;       /* what the server expects; 0: not known yet */
  uint8_t number[8];
  const char *data;
  int size;
} param;

struct aft__pg_stmt {
  aft__pg *c;
  char *sql;
  uint64_t name; /* on the server, or 0 */
  bool ran;      /* before */
  bool streams;  /* it may return rows without end */
  param *params;
  uint32_t n_params;
  /* The rows that have come: one PGresult of many, or many of one where they stream. */
  PGresult **results;
  size_t n_results, cap_results;
  size_t at;         /* the result that the statement stands in */
  int row;           /* and its row */
  bool over;         /* no more is to come from the server */
  bool begun;        /* since reset */
  aft_status failed; /* while its rows made way for another statement */
};

/* ---- life ---- */

aft_status aft__pg_prepare(void *conn, const char *sql, size_t size, void **stmt, aft_error *error) {
  size_t blank = 0;
  while (blank < size && strchr(" \t\r\n;", sql[blank]))
    blank++;
  if (blank == size)
    return aft__pg_fail(error, AFT_E_INVALID, "sql", "expected a statement, found none");
  aft__pg_stmt *s = calloc(1, sizeof *s);
  if (s)
    s->sql = malloc(size + 1);
  if (!s || !s->sql) {
    free(s);
    return aft__pg_nomem(error);
  }
  memcpy(s->sql, sql, size);
  s->sql[size] = '\0';
  s->c = conn;
  /* What asks for a number of rows gets them at once; all else comes row by row. */
  s->streams = !strncmp(s->sql, "SELECT", 6) && !strstr(s->sql, " LIMIT ");
  *stmt = s;
  return AFT_OK;
}

/* The server forgets a name outside of transactions alone: there a failure spoils nothing. */
static void give_up_name(aft__pg_stmt *s) {
  aft__pg *c = s->c;
  if (!s->name)
    return;
  if (c->n_unused == c->cap_unused) {
    size_t cap = c->cap_unused ? c->cap_unused * 2 : 16;
    uint64_t *unused = realloc(c->unused, cap * sizeof *unused);
    if (!unused)
      return; /* it stays until the connection ends */
    c->unused = unused;
    c->cap_unused = cap;
  }
  c->unused[c->n_unused++] = s->name;
  s->name = 0;
}

static void drop_results(aft__pg_stmt *s) {
  for (size_t i = 0; i < s->n_results; i++)
    PQclear(s->results[i]);
  s->n_results = 0;
}

void aft__pg_reset(void *stmt) {
  aft__pg_stmt *s = stmt;
  if (s->c->reader == s) {
    aft__pg_arrive(s->c);
    s->c->reader = NULL;
  }
  drop_results(s);
  for (uint32_t i = 0; i < s->n_params; i++)
    s->params[i].type = AFT_SQL_NULL;
  s->over = s->begun = false;
  s->failed = AFT_OK;
}

void aft__pg_finalize(void *stmt) {
  aft__pg_stmt *s = stmt;
  if (!s)
    return;
  aft__pg_reset(s);
  give_up_name(s);
  free(s->results);
  free(s->params);
  free(s->sql);
  free(s);
}

/* ---- parameters ---- */

static aft_status make_room(aft__pg_stmt *s, uint32_t n, aft_error *error) {
  if (n > MOST_PARAMS)
    return aft__pg_fail(error, AFT_E_INVALID, "value", "expected a parameter from 1 to %u, found %u",
                        MOST_PARAMS, n);
  param *params = realloc(s->params, n * sizeof *params);
  if (!params)
    return aft__pg_nomem(error);
  memset(params + s->n_params, 0, (n - s->n_params) * sizeof *params);
  s->params = params;
  s->n_params = n;
  return AFT_OK;
}

static void put_number(uint8_t out[8], int64_t number) {
  for (int i = 0; i < 8; i++)
    out[i] = (uint8_t)((uint64_t)number >> (56 - 8 * i));
}

aft_status aft__pg_bind(void *stmt, uint32_t index, const aft_sql_value *value, aft_error *error) {
  aft__pg_stmt *s = stmt;
  if (value->type > AFT_SQL_BLOB)
    return aft__pg_fail(error, AFT_E_INVALID, "value", "expected a type from 0 to 3, found %u", value->type);
  if (value->type >= AFT_SQL_TEXT && value->size > INT32_MAX / 2)
    return aft__pg_fail(error, AFT_E_TOO_LARGE, "value",
                        "%zu bytes are more than PostgreSQL stores in one value", value->size);
  if (index == 0 || index > s->n_params) {
    aft_status status = make_room(s, index ? index : UINT32_MAX, error);
    if (status < 0)
      return status;
  }
  param *p = &s->params[index - 1];
  p->type = value->type;
  p->data = value->data ? value->data : "";
  p->size = (int)value->size;
  if (value->type == AFT_SQL_INT)
    put_number(p->number, value->number);
  return AFT_OK;
}

static Oid oid_of(uint32_t type) {
  static const Oid oids[] = {0, AFT__PG_INT8, AFT__PG_TEXT, AFT__PG_BYTEA};
  return oids[type];
}

/* Values travel as their bytes, which PostgreSQL would take for whatever it expects. */
static aft_status check_types(const aft__pg_stmt *s, aft_error *error) {
  static const char *const names[] = {"nothing", "an integer", "a text", "a blob"};
  for (uint32_t i = 0; i < s->n_params; i++) {
    const param *p = &s->params[i];
    if (p->type != AFT_SQL_NULL && p->oid && p->oid != oid_of(p->type))
      return aft__pg_fail(error, AFT_E_STORE, "value",
                          "parameter %u of the statement does not take %s (the type's number is %u)", i + 1,
                          names[p->type], p->oid);
  }
  return AFT_OK;
}

/* ---- sending ---- */

typedef struct wire {
  Oid *types;
  const char **values;
  int *sizes, *formats;
} wire;

static bool lay_out(const aft__pg_stmt *s, wire *w, void **memory) {
  size_t n = s->n_params ? s->n_params : 1;
  *memory = malloc(n * (sizeof *w->values + sizeof *w->types + sizeof *w->sizes + sizeof *w->formats));
  if (!*memory)
    return false;
  w->values = *memory;
  w->types = (Oid *)(w->values + n);
  w->sizes = (int *)(w->types + n);
  w->formats = w->sizes + n;
  for (uint32_t i = 0; i < s->n_params; i++) {
    const param *p = &s->params[i];
    w->types[i] = p->oid ? p->oid : oid_of(p->type);
    w->values[i] = p->type == AFT_SQL_NULL  ? NULL
                   : p->type == AFT_SQL_INT ? (const char *)p->number
                                            : p->data;
    w->sizes[i] = p->type == AFT_SQL_INT ? 8 : p->size;
    w->formats[i] = 1;
  }
  return true;
}

/* A statement gets a name, and so a plan that is kept, when it runs again: many run once. On the host's
 * connection it never does, so that nothing stays behind there. */
static bool wants_name(const aft__pg_stmt *s) { return s->ran && !s->c->attached; }

static bool send_statement(aft__pg_stmt *s, const wire *w, bool *names) {
  PGconn *pg = s->c->pg;
  int n = (int)s->n_params;
  char name[32];
  *names = false;
  if (!wants_name(s))
    return PQsendQueryParams(pg, s->sql, n, w->types, w->values, w->sizes, w->formats, 1) == 1;
  if (!s->name) {
    *names = true;
    s->name = ++s->c->named;
  }
  snprintf(name, sizeof name, "aft_%" PRIu64, s->name);
  if (*names && (!PQsendPrepare(pg, name, s->sql, n, w->types) || !PQsendDescribePrepared(pg, name)))
    return false;
  return PQsendQueryPrepared(pg, name, n, w->values, w->sizes, w->formats, 1) == 1;
}

static aft_status send_all(aft__pg_stmt *s, bool *names, aft_error *error) {
  wire w = {0};
  void *memory = NULL;
  aft_status status = check_types(s, error);
  if (status == AFT_OK && s->c->read_only && !s->c->in_transaction && strncmp(s->sql, "SELECT", 6) != 0)
    status = aft__pg_fail(error, AFT_E_READ_ONLY, s->c->place, "the connection was opened for reading");
  if (status == AFT_OK && !lay_out(s, &w, &memory))
    status = aft__pg_nomem(error);
  if (status < 0)
    return status;
  status = aft__pg_board(s->c, error);
  if (status == AFT_OK && !send_statement(s, &w, names))
    status = aft__pg_abandon(s->c, error);
  else if (status == AFT_OK)
    status = aft__pg_send(s->c, error);
  free(memory);
  return status;
}

/* ---- rows ---- */

static aft_status keep_result(aft__pg_stmt *s, PGresult *result, aft_error *error) {
  if (s->n_results == s->cap_results) {
    size_t cap = s->cap_results ? s->cap_results * 2 : 1;
    PGresult **results = realloc(s->results, cap * sizeof *results);
    if (!results) {
      PQclear(result);
      return aft__pg_nomem(error);
    }
    s->results = results;
    s->cap_results = cap;
  }
  s->results[s->n_results++] = result;
  return AFT_OK;
}

static void learn_types(aft__pg_stmt *s, const PGresult *described) {
  for (uint32_t i = 0; i < s->n_params && (int)i < PQnparams(described); i++)
    s->params[i].oid = PQparamtype(described, (int)i);
}

static aft_status land_name(aft__pg_stmt *s, aft_error *error) {
  PGresult *described = NULL;
  aft_status status = aft__pg_land(s->c, NULL, error);
  if (status == AFT_OK)
    status = aft__pg_land(s->c, &described, error);
  if (status == AFT_OK)
    learn_types(s, described);
  PQclear(described);
  if (status < 0) {
    s->name = 0; /* the server does not know it */
    aft__pg_arrive(s->c);
  }
  return status;
}

/* Reads the next of the statement's results from the server. */
static aft_status fetch(aft__pg_stmt *s, aft_error *error) {
  PGresult *result = NULL;
  aft__pg *c = s->c;
  aft_status status = aft__pg_land(c, &result, error);
  bool more = status == AFT_OK && PQresultStatus(result) == PGRES_SINGLE_TUPLE;
  if (!more) {
    s->over = true;
    c->reader = NULL;
    aft__pg_arrive(c);
  }
  if (status == AFT_OK && PQresultStatus(result) == PGRES_COMMAND_OK)
    c->changes = strtoll(PQcmdTuples(result), NULL, 10);
  if (status < 0)
    return status;
  if (PQntuples(result) > 0)
    return keep_result(s, result, error);
  PQclear(result);
  return AFT_OK;
}

static aft_status run(aft__pg_stmt *s, aft_error *error) {
  aft__pg *c = s->c;
  bool names = false;
  aft__pg_make_way(c);
  uint32_t queued = c->n_queue;
  s->begun = s->over = true;
  s->at = 0;
  s->row = -1;
  aft_status status = send_all(s, &names, error);
  if (status == AFT_OK)
    status = aft__pg_land_queue(c, queued, error);
  if (names && status == AFT_OK)
    status = land_name(s, error);
  else if (names)
    s->name = 0;
  if (status < 0)
    return status;
  s->ran = true;
  s->over = false;
  if (s->streams && PQsetSingleRowMode(c->pg))
    c->reader = s;
  return fetch(s, error);
}

void aft__pg_make_way(aft__pg *c) {
  aft__pg_stmt *s = c->reader;
  while (c->reader && s->failed == AFT_OK)
    s->failed = fetch(s, NULL);
  if (c->reader) {
    c->reader = NULL;
    aft__pg_arrive(c);
  }
}

/* The rows that were read are let go as the statement moves on. */
static void let_go(aft__pg_stmt *s) {
  if (s->c->reader != s || s->n_results == 0)
    return;
  drop_results(s);
  s->at = 0;
  s->row = -1;
}

aft_status aft__pg_step(void *stmt, aft_error *error) {
  aft__pg_stmt *s = stmt;
  aft_status status = s->failed;
  if (status < 0)
    return aft__pg_fail(error, status, s->c->place, "the rows were lost on their way");
  if (!s->begun)
    status = run(s, error);
  else if (!s->over && s->at + 1 >= s->n_results) {
    let_go(s);
    status = fetch(s, error);
  }
  if (status < 0)
    return status;
  if (s->at < s->n_results && ++s->row >= PQntuples(s->results[s->at])) {
    s->at++;
    s->row = 0;
  }
  return s->at < s->n_results ? AFT_OK : AFT_DONE;
}

static int64_t number_from(const char *data, int size) {
  uint64_t number = data[0] & 0x80 ? UINT64_MAX : 0;
  for (int i = 0; i < size; i++)
    number = number << 8 | (uint8_t)data[i];
  return (int64_t)number;
}

static aft_status odd_type(const PGresult *r, int i, aft_error *error) {
  return aft__pg_fail(error, AFT_E_CORRUPT, PQfname(r, i),
                      "expected an integer, a text or a blob, found a value of the type with number %u",
                      PQftype(r, i));
}

aft_status aft__pg_column(void *stmt, uint32_t index, aft_sql_value *out, aft_error *error) {
  const aft__pg_stmt *s = stmt;
  const PGresult *r = s->at < s->n_results && s->row >= 0 ? s->results[s->at] : NULL;
  int i = index <= INT32_MAX ? (int)index : INT32_MAX;
  if (!r || i >= PQnfields(r))
    return aft__pg_fail(error, AFT_E_INVALID, "column", "expected a column below %d of a row, found %u",
                        r ? PQnfields(r) : 0, index);
  aft_sql_value v = {0};
  if (PQgetisnull(r, s->row, i)) {
    *out = v;
    return AFT_OK;
  }
  v.data = PQgetvalue(r, s->row, i);
  v.size = (size_t)PQgetlength(r, s->row, i);
  switch (PQftype(r, i)) {
  case AFT__PG_INT2:
  case AFT__PG_INT4:
  case AFT__PG_INT8:
    v = (aft_sql_value){.type = AFT_SQL_INT, .number = number_from(v.data, (int)v.size)};
    break;
  case AFT__PG_TEXT:
    v.type = AFT_SQL_TEXT;
    break;
  case AFT__PG_BYTEA:
    v.type = AFT_SQL_BLOB;
    break;
  default:
    return odd_type(r, i, error);
  }
  *out = v;
  return AFT_OK;
}
