/* Many messages in one commit, each with a result of its own. */
#include "desk/intake/intake_priv.h"

typedef struct result {
  aft_status status;
  aft_id message, ticket;
  aft_error error;
} result;

struct aft_batch {
  aft_env *env;
  size_t n;
  result results[];
};

typedef struct many {
  aft_message_in *in;
  bool *good; /* passed the checks before the transaction */
  aft_batch *batch;
} many;

static aft_status batch_item(aft__cmd *cmd, many *m, size_t i, aft_error *error) {
  result *r = &m->batch->results[i];
  aft_error own = AFT_ERROR_INIT;
  memset(cmd->ids, 0, sizeof cmd->ids);
  AFT__TRY(aft__tx_savepoint(cmd->tx, error));
  r->status = aft__intake_run(cmd, &m->in[i], &own);
  if (r->status >= 0) {
    r->message = cmd->ids[0];
    r->ticket = cmd->ids[1];
    return aft__tx_savepoint_keep(cmd->tx, error);
  }
  if (aft__spoils_all(r->status))
    return aft__error_pass(error, &own);
  r->error = own;
  AFT__TRY(aft__tx_savepoint_undo(cmd->tx, error));
  if (r->status != AFT_E_DENIED)
    return AFT_OK;
  return aft__refusal_add(cmd->tx, &cmd->call, cmd->verb, cmd->subject, r->status, error);
}

static aft_status intake_many(aft__cmd *cmd, void *in, aft_error *error) {
  many *m = in;
  for (size_t i = 0; i < m->batch->n; i++)
    if (m->good[i])
      AFT__TRY(batch_item(cmd, m, i, error));
  memset(cmd->ids, 0, sizeof cmd->ids);
  cmd->row = NULL;
  return AFT_OK;
}

static aft_status batch_new(aft_env *env, size_t n, aft_batch **out, aft_error *error) {
  aft_batch *batch = aft__zalloc(env, sizeof *batch + n * sizeof(result));
  if (!batch)
    return aft__nomem(error);
  batch->env = aft_env_ref(env);
  batch->n = n;
  *out = batch;
  return AFT_OK;
}

static aft_status prepare_many(aft__arena *arena, const aft_env *env, const aft_message_in *in, many *m,
                               aft_error *error) {
  size_t n = m->batch->n;
  m->in = aft__arena_alloc(arena, (n + 1) * sizeof *m->in);
  m->good = aft__arena_alloc(arena, (n + 1) * sizeof *m->good);
  if (!m->in || !m->good)
    return aft__nomem(error);
  const char *at = (const char *)in;
  for (size_t i = 0; i < n; i++) {
    result *r = &m->batch->results[i];
    size_t size;
    memcpy(&size, at, sizeof size);
    r->error = (aft_error)AFT_ERROR_INIT;
    r->status = aft__intake_check(arena, env, (const aft_message_in *)(const void *)at, &m->in[i], &r->error);
    if (r->status == AFT_E_ABI || r->status == AFT_E_NOMEM) { /* the step to the next is not known */
      if (error)
        *error = r->error;
      return r->status;
    }
    m->good[i] = r->status >= 0;
    at += size;
  }
  return AFT_OK;
}

aft_status aft_intake_batch(aft_session *session, const aft_call *call, const aft_message_in *in, size_t n,
                            aft_batch **out, aft_error *error) {
  static const aft__command command = {
      .verb = "message.intake_batch", .name = "intake_batch", .roles = AFT__ROLES_INTAKE, .run = intake_many};
  if (!session || !out || (n && !in))
    return aft__error(error, AFT_E_NULL_HANDLE,
                      !session ? "session"
                      : !out   ? "out"
                               : "in",
                      "the handle is NULL");
  aft_env *env = aft__session_env(session);
  if (call && call->key.data)
    return aft__error(error, AFT_E_INVALID, "call.key",
                      "a batch takes no key: the external id of each message makes it exactly-once");
  if (n > env->o.limits.batch)
    return aft__error(error, AFT_E_TOO_LARGE, "n", "expected at most %llu messages in a batch, found %zu",
                      (unsigned long long)env->o.limits.batch, n);
  many m = {0};
  aft__arena arena;
  AFT__TRY(batch_new(env, n, &m.batch, error));
  aft__arena_init(&arena, env);
  aft_status status = prepare_many(&arena, env, in, &m, error);
  if (status >= 0)
    status = aft__command_run(session, call, &command, &m, NULL, error);
  aft__arena_done(&arena);
  if (status < 0)
    aft_batch_free(m.batch);
  else
    *out = m.batch;
  return status;
}

size_t aft_batch_count(const aft_batch *batch) { return batch ? batch->n : 0; }

aft_status aft_batch_status(const aft_batch *batch, size_t index, aft_error *error) {
  if (!batch)
    return aft__error(error, AFT_E_NULL_HANDLE, "batch", "the batch is NULL");
  if (index >= batch->n)
    return aft__error(error, AFT_E_INVALID, "index", "the batch has %zu results", batch->n);
  const result *r = &batch->results[index];
  if (r->status < 0 && error)
    *error = r->error;
  return r->status;
}

aft_id aft_batch_message(const aft_batch *batch, size_t index) {
  return batch && index < batch->n ? batch->results[index].message : 0;
}

aft_id aft_batch_ticket(const aft_batch *batch, size_t index) {
  return batch && index < batch->n ? batch->results[index].ticket : 0;
}

void aft_batch_free(aft_batch *batch) {
  if (!batch)
    return;
  aft_env *env = batch->env;
  aft__release(env, batch, sizeof *batch + batch->n * sizeof(result));
  aft_env_unref(env);
}
