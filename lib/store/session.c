/* Sessions: one connection for one thread at a time, and the checks at the door of every call. */
#include <unistd.h>

#include "store/store_priv.h"

static uintptr_t this_thread(void) { return (uintptr_t)pthread_self(); }

/* ---- life ---- */

static aft_status make_session(aft_store *store, aft_session **out, aft_error *error) {
  if (!store)
    return aft__error(error, AFT_E_NULL_HANDLE, "store", "the store is NULL");
  if (!out)
    return aft__error(error, AFT_E_NULL_HANDLE, "out", "there is no place for the session");
  if (store->pid != getpid())
    return aft__error(error, AFT_E_FORKED, "store",
                      "the store was opened by another process; open it here again");
  aft_session *s = aft__zalloc(store->env, sizeof *s);
  if (!s)
    return aft__nomem(error);
  if (pthread_mutex_init(&s->guard, NULL)) {
    aft__release(store->env, s, sizeof *s);
    return aft__nomem(error);
  }
  atomic_init(&s->refs, 1);
  s->store = aft_store_ref(store);
  s->pid = store->pid;
  aft__arena_init(&s->arena, store->env);
  int64_t mono = aft__mono(store->env);
  s->random = aft__hash64(&mono, sizeof mono, (uint64_t)(uintptr_t)s) | 1;
  *out = s;
  return AFT_OK;
}

aft_session *aft__session_hold(aft_session *s) {
  atomic_fetch_add(&s->refs, 1);
  return s;
}

void aft__session_drop(aft_session *s) {
  if (!s || atomic_fetch_sub(&s->refs, 1) != 1)
    return;
  aft_store *store = s->store;
  aft__arena_done(&s->arena);
  if (s->pid == getpid())
    pthread_mutex_destroy(&s->guard);
  aft__release(store->env, s, sizeof *s);
  aft_store_unref(store);
}

aft_status aft_session_open(aft_store *store, aft_session **out, aft_error *error) {
  aft_session *s;
  AFT__TRY(make_session(store, &s, error));
  aft_status status = aft__store_conn(store, &s->conn, error);
  if (status < 0)
    aft__session_drop(s);
  else
    *out = s;
  return status < 0 ? status : AFT_OK;
}

aft_status aft_session_attach(aft_store *store, void *connection, aft_session **out, aft_error *error) {
  aft_session *s;
  uint32_t version = 0, reader, writer;
  AFT__TRY(make_session(store, &s, error));
  s->attached = true;
  aft_status status = AFT_OK;
  if (!connection)
    status = aft__error(error, AFT_E_NULL_HANDLE, "connection", "the connection is NULL");
  const aft__backend_ops *ops = store->backend->ops;
  if (status >= 0)
    status = ops->attach(store->backend, connection, &s->conn, error);
  if (status >= 0)
    status = ops->schema_read(s->conn, &version, &reader, &writer, error);
  if (status >= 0 && version != store->version)
    status = aft__error(error, AFT_E_SCHEMA_MISSING, "connection",
                        "expected a connection to the store's database with tables of version %u, found %u",
                        store->version, version);
  if (status >= 0) {
    *out = s;
    return AFT_OK;
  }
  aft_session_close(s);
  return status;
}

void aft_session_close(aft_session *s) {
  if (!s || s->closed)
    return;
  s->closed = true;
  bool own = s->pid == getpid();
  if (own && atomic_load(&s->thread))
    return; /* from inside a call: aft__session_leave ends it */
  aft__conn *conn = s->conn;
  if (own)
    pthread_mutex_lock(&s->guard);
  s->conn = NULL;
  if (own)
    pthread_mutex_unlock(&s->guard);
  if (conn && !own)
    s->store->backend->ops->abandon(conn);
  else if (conn && s->attached)
    s->store->backend->ops->disconnect(conn);
  else if (conn)
    aft__store_conn_back(s->store, conn);
  aft__session_drop(s);
}

aft_env *aft__session_env(const aft_session *s) { return s->store->env; }
aft_store *aft__session_store(const aft_session *s) { return s->store; }
bool aft__session_attached(const aft_session *s) { return s->attached; }

/* ---- calls ---- */

static aft_status check_handle(const aft_session *s, aft_error *error) {
  if (!s)
    return aft__error(error, AFT_E_NULL_HANDLE, "session", "the session is NULL");
  if (s->pid != getpid())
    return aft__error(error, AFT_E_FORKED, "session",
                      "the session belongs to another process; open the store here again");
  return AFT_OK;
}

aft_status aft__session_enter(aft_session *s, aft_error *error) {
  AFT__TRY(check_handle(s, error));
  uintptr_t nobody = 0, me = this_thread();
  if (atomic_load(&s->thread) == me && !s->tx) {
    s->depth++;
    return AFT_OK;
  }
  if (!atomic_compare_exchange_strong(&s->thread, &nobody, me))
    return aft__error(error, AFT_E_BUSY_SESSION, "session",
                      "another call is running in the session; use one session for each thread");
  if (s->closed) {
    atomic_store(&s->thread, 0);
    return aft__error(error, AFT_E_CURSOR_END, "session", "the session was closed");
  }
  s->depth = 1;
  pthread_mutex_lock(&s->guard);
  atomic_store(&s->interrupted, false);
  s->running = true;
  pthread_mutex_unlock(&s->guard);
  return AFT_OK;
}

void aft__session_leave(aft_session *s) {
  if (--s->depth)
    return;
  pthread_mutex_lock(&s->guard);
  s->running = false;
  atomic_store(&s->interrupted, false);
  pthread_mutex_unlock(&s->guard);
  bool closing = s->closed;
  atomic_store(&s->thread, 0);
  if (closing) {
    s->closed = false;
    aft_session_close(s);
  }
}

void aft_session_interrupt(aft_session *s) {
  if (!s || s->pid != getpid())
    return;
  pthread_mutex_lock(&s->guard);
  if (s->running) {
    atomic_store(&s->interrupted, true);
    if (s->conn)
      s->store->backend->ops->interrupt(s->conn);
  }
  pthread_mutex_unlock(&s->guard);
}

/* ---- the connection ---- */

aft_status aft__session_connect(aft_session *s, aft_error *error) {
  aft__conn *conn;
  if (s->conn)
    return AFT_OK;
  const aft__backend_ops *ops = s->store->backend->ops;
  AFT__TRY(ops->connect(s->store->backend, &conn, error));
  pthread_mutex_lock(&s->guard);
  s->conn = conn;
  pthread_mutex_unlock(&s->guard);
  return AFT_OK;
}

void aft__session_cut(aft_session *s) {
  pthread_mutex_lock(&s->guard);
  aft__conn *conn = s->conn;
  s->conn = NULL;
  pthread_mutex_unlock(&s->guard);
  if (conn)
    s->store->backend->ops->disconnect(conn);
}
