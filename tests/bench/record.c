#include "record.h"

#include <stdlib.h>
#include <string.h>

#define MOST_VALUES 96

typedef struct conn {
  const recorder *r;
  void *native;
} conn;

typedef struct stmt {
  conn *c;
  void *native;
  uint32_t sql;
  aft_sql_value values[MOST_VALUES]; /* bound since the last reset */
  uint32_t n;
  size_t op; /* 1 + that of the run; 0 before its first step */
} stmt;

/* ---- the log ---- */

static void *grow(record_log *log, void *items, size_t n, size_t *room, size_t size) {
  if (n < *room)
    return items;
  size_t more = *room ? *room * 2 : 256;
  void *grown = realloc(items, more * size);
  log->failed |= !grown;
  if (grown)
    *room = more;
  return grown ? grown : items;
}

static record_op *add_op(record_log *log, record_kind kind) {
  static record_op lost;
  log->ops = grow(log, log->ops, log->n_ops, &log->room_ops, sizeof *log->ops);
  if (log->failed)
    return &lost;
  log->ops[log->n_ops] = (record_op){.kind = kind};
  return &log->ops[log->n_ops++];
}

void record_mark(record_log *log) {
  if (log->on)
    add_op(log, RECORD_MARK);
}

static uint32_t text_of(record_log *log, const char *sql, size_t size) {
  for (uint32_t i = 0; i < log->n_sql; i++)
    if (strlen(log->sql[i]) == size && memcmp(log->sql[i], sql, size) == 0)
      return i;
  log->sql = grow(log, log->sql, log->n_sql, &log->room_sql, sizeof *log->sql);
  char *copy = log->failed ? NULL : malloc(size + 1);
  log->failed |= !copy;
  if (!copy)
    return 0;
  memcpy(copy, sql, size);
  copy[size] = 0;
  log->sql[log->n_sql] = copy;
  return (uint32_t)log->n_sql++;
}

static void add_value(record_log *log, aft_sql_value v) {
  log->values = grow(log, log->values, log->n_values, &log->room_values, sizeof *log->values);
  char *copy = v.type >= AFT_SQL_TEXT ? malloc(v.size + 1) : NULL;
  log->failed |= v.type >= AFT_SQL_TEXT && !copy;
  if (log->failed) {
    free(copy);
    return;
  }
  if (copy && v.size)
    memcpy(copy, v.data, v.size);
  v.data = copy;
  log->values[log->n_values++] = v;
}

static void note_run(stmt *s) {
  record_log *log = s->c->r->log;
  record_op *op = add_op(log, RECORD_RUN);
  op->sql = s->sql;
  op->first = (uint32_t)log->n_values;
  op->values = s->n;
  for (uint32_t i = 0; i < s->n; i++)
    add_value(log, s->values[i]);
  s->op = log->n_ops;
}

void record_free(record_log *log) {
  for (size_t i = 0; i < log->n_sql; i++)
    free(log->sql[i]);
  for (size_t i = 0; i < log->n_values; i++)
    if (log->values[i].type >= AFT_SQL_TEXT)
      free((char *)log->values[i].data);
  free(log->sql);
  free(log->ops);
  free(log->values);
  *log = (record_log){0};
}

/* ---- what the log says ---- */

static bool begins(const char *sql, const char *word) { return strncmp(sql, word, strlen(word)) == 0; }

size_t record_count(const record_log *log, const char *word) {
  size_t n = 0;
  for (size_t i = 0; i < log->n_ops; i++)
    n += log->ops[i].kind == RECORD_RUN && begins(log->sql[log->ops[i].sql], word);
  return n;
}

static bool same_value(const aft_sql_value *a, const aft_sql_value *b) {
  return a->type == b->type && a->number == b->number && a->size == b->size &&
         (a->size == 0 || memcmp(a->data, b->data, a->size) == 0);
}

static bool same_run(const record_log *log, const record_op *a, const record_op *b) {
  if (b->kind != RECORD_RUN || a->sql != b->sql || a->values != b->values)
    return false;
  for (uint32_t i = 0; i < a->values; i++)
    if (!same_value(&log->values[a->first + i], &log->values[b->first + i]))
      return false;
  return true;
}

static bool asked_before(const record_log *log, size_t n, const record_op *op) {
  while (n-- > 0 && log->ops[n].kind != RECORD_BEGIN_READ && log->ops[n].kind != RECORD_BEGIN_WRITE)
    if (same_run(log, op, &log->ops[n]))
      return true;
  return false;
}

void record_trim(record_log *log) {
  size_t kept = 0;
  for (size_t i = 0; i < log->n_ops; i++) {
    const record_op *op = &log->ops[i];
    bool reads = op->kind == RECORD_RUN && begins(log->sql[op->sql], "SELECT");
    if (op->kind != RECORD_EXEC && (!reads || !asked_before(log, kept, op)))
      log->ops[kept++] = *op;
  }
  log->n_ops = kept;
}

/* ---- the driver ---- */

static aft_status wrap(const recorder *r, void *native, void **out, aft_error *error) {
  conn *c = malloc(sizeof *c);
  (void)error;
  if (!c) {
    r->under->close(native);
    return AFT_E_NOMEM;
  }
  *c = (conn){r, native};
  *out = c;
  return AFT_OK;
}

static aft_status do_open(void *user, const aft_sql_open *how, void **out, aft_error *error) {
  const recorder *r = user;
  void *native = NULL;
  aft_status status = r->under->open(r->under->user, how, &native, error);
  return status < 0 ? status : wrap(r, native, out, error);
}

static void do_close(void *given) {
  conn *c = given;
  c->r->under->close(c->native);
  free(c);
}

static aft_status do_begin(void *given, int write, aft_error *error) {
  conn *c = given;
  if (c->r->log->on)
    add_op(c->r->log, write ? RECORD_BEGIN_WRITE : RECORD_BEGIN_READ);
  return c->r->under->begin(c->native, write, error);
}

static aft_status do_commit(void *given, aft_error *error) {
  conn *c = given;
  if (c->r->log->on)
    add_op(c->r->log, RECORD_COMMIT);
  return c->r->under->commit(c->native, error);
}

static void do_rollback(void *given) {
  conn *c = given;
  if (c->r->log->on)
    c->r->log->failed = true; /* what is noted would not be the same a second time */
  c->r->under->rollback(c->native);
}

static aft_status do_exec(void *given, const char *sql, aft_error *error) {
  conn *c = given;
  if (c->r->log->on)
    add_op(c->r->log, RECORD_EXEC)->sql = text_of(c->r->log, sql, strlen(sql));
  if (c->r->log->on && strncmp(sql, "ROLLBACK", 8) == 0)
    c->r->log->failed = true;
  return c->r->under->exec(c->native, sql, error);
}

static aft_status do_prepare(void *given, const char *sql, size_t size, void **out, aft_error *error) {
  conn *c = given;
  stmt *s = calloc(1, sizeof *s);
  if (!s)
    return AFT_E_NOMEM;
  aft_status status = c->r->under->prepare(c->native, sql, size, &s->native, error);
  if (status < 0) {
    free(s);
    return status;
  }
  s->c = c;
  s->sql = text_of(c->r->log, sql, size);
  *out = s;
  return status;
}

static void do_finalize(void *given) {
  stmt *s = given;
  s->c->r->under->finalize(s->native);
  free(s);
}

static aft_status do_bind(void *given, uint32_t index, const aft_sql_value *value, aft_error *error) {
  stmt *s = given;
  if (index >= 1 && index <= MOST_VALUES) {
    s->values[index - 1] = *value;
    s->n = index > s->n ? index : s->n;
  }
  return s->c->r->under->bind(s->native, index, value, error);
}

static aft_status do_step(void *given, aft_error *error) {
  stmt *s = given;
  record_log *log = s->c->r->log;
  if (log->on && !s->op)
    note_run(s);
  aft_status status = s->c->r->under->step(s->native, error);
  if (log->on && s->op && !log->failed) {
    log->ops[s->op - 1].rows += status == AFT_OK;
    log->ops[s->op - 1].to_the_end |= status == AFT_DONE;
  }
  return status;
}

static aft_status do_column(void *given, uint32_t index, aft_sql_value *out, aft_error *error) {
  stmt *s = given;
  return s->c->r->under->column(s->native, index, out, error);
}

static void do_reset(void *given) {
  stmt *s = given;
  s->n = 0;
  s->op = 0;
  s->c->r->under->reset(s->native);
}

static int64_t do_changes(void *given) {
  conn *c = given;
  return c->r->under->changes(c->native);
}

static void do_interrupt(void *given) {
  conn *c = given;
  c->r->under->interrupt(c->native);
}

aft_sql_driver record_driver(recorder *r) {
  return (aft_sql_driver){.size = sizeof(aft_sql_driver),
                          .abi = AFT_SQL_ABI,
                          .dialect = r->under->dialect,
                          .name = r->under->name,
                          .user = r,
                          .open = do_open,
                          .close = do_close,
                          .begin = do_begin,
                          .commit = do_commit,
                          .rollback = do_rollback,
                          .exec = do_exec,
                          .prepare = do_prepare,
                          .finalize = do_finalize,
                          .bind = do_bind,
                          .step = do_step,
                          .column = do_column,
                          .reset = do_reset,
                          .changes = do_changes,
                          .interrupt = do_interrupt};
}
