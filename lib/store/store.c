/* Stores: opening with a look at the schema, references, and idle connections kept for the next session. */
#include <unistd.h>

#include "store/store_priv.h"

#define BUSY_MS 5000

/* ---- the schema ---- */

static aft_status too_new(const aft__schema *schema, uint32_t stored, const char *what, uint32_t least,
                          const char *advice, aft_error *error) {
  return aft__error(
      error, AFT_E_SCHEMA_NEWER, "store.schema",
      "the store has version %u, which only libraries of version %u or later may %s; this one has "
      "version %u: %s",
      stored, least, what, schema->version, advice);
}

static aft_status check_stored(aft_store *store, aft__conn *conn, const aft__schema *schema, uint32_t stored,
                               uint32_t reader, uint32_t writer, aft_error *error) {
  if (stored > schema->version) {
    if (reader > schema->version)
      return too_new(schema, stored, "read", reader, "use a newer library", error);
    if (writer > schema->version && !(store->flags & AFT_STORE_READ_ONLY))
      return too_new(schema, stored, "write", writer,
                     "open it with AFT_STORE_READ_ONLY or use a newer library", error);
    return AFT_OK;
  }
  if (stored == schema->version)
    return AFT_OK;
  if (!stored && !(store->flags & AFT_STORE_CREATE))
    return aft__error(error, AFT_E_SCHEMA_MISSING, "store.schema",
                      "the database has no tables of this library; AFT_STORE_CREATE makes them");
  if (stored && !(store->flags & AFT_STORE_MIGRATE))
    return aft__error(
        error, AFT_E_SCHEMA_OLDER, "store.schema",
        "the store has version %u and this library needs version %u; AFT_STORE_MIGRATE brings it up", stored,
        schema->version);
  return store->backend->ops->migrate(conn, schema, error);
}

static aft_status check_schema(aft_store *store, const aft__schema *schema, aft_error *error) {
  aft__conn *conn;
  uint32_t stored = 0, reader = 0, writer = 0;
  AFT__TRY(aft__store_conn(store, &conn, error));
  aft_status status = store->backend->ops->schema_read(conn, &stored, &reader, &writer, error);
  if (status >= 0)
    status = check_stored(store, conn, schema, stored, reader, writer, error);
  store->version = stored > schema->version ? stored : schema->version;
  if (status < 0)
    store->backend->ops->disconnect(conn);
  else
    aft__store_conn_back(store, conn);
  return status;
}

/* ---- opening ---- */

static aft_status check_options(const aft_store_options *options, aft_store_options *o, aft_error *error) {
  *o = *options;
  o->dsn = aft__str(o->dsn.data, o->dsn.len);
  o->prefix = aft__str(o->prefix.data, o->prefix.len);
  if (!o->dsn.len || memchr(o->dsn.data, 0, o->dsn.len))
    return aft__error(error, AFT_E_INVALID, "store.dsn", "expected the name of a database without NUL bytes");
  if (!o->prefix.len)
    o->prefix = aft__cstr("aft_");
  if (!o->busy_ms)
    o->busy_ms = BUSY_MS;
  if (o->flags & AFT_STORE_READ_ONLY && o->flags & (AFT_STORE_CREATE | AFT_STORE_MIGRATE))
    return aft__error(error, AFT_E_INVALID, "store.flags",
                      "AFT_STORE_READ_ONLY cannot be combined with AFT_STORE_CREATE or AFT_STORE_MIGRATE");
  if (o->flags & AFT_STORE_RESTORED && o->flags & (AFT_STORE_CREATE | AFT_STORE_READ_ONLY))
    return aft__error(error, AFT_E_INVALID, "store.flags",
                      "AFT_STORE_RESTORED is for a copy that is there and may be written");
  return AFT_OK;
}

static aft_status make_backend(aft_store *store, const aft_store_options *o, aft_error *error) {
  store->memory = aft__str_eq(o->dsn, aft__cstr("memory:"));
  if (store->memory)
    return aft__memory_backend(store->env, &store->backend, error);
  aft__sql_options sql = {.driver = o->driver ? o->driver : aft_sql_sqlite(),
                          .dsn = o->dsn,
                          .prefix = o->prefix,
                          .flags = o->flags,
                          .busy_ms = o->busy_ms};
  return aft__sql_backend(store->env, &sql, &store->backend, error);
}

static aft_status make_store(aft_env *env, aft_store **out, aft_error *error) {
  uint8_t token[16];
  AFT__TRY(aft__random(env, token, sizeof token, error));
  aft_store *store = aft__zalloc(env, sizeof *store);
  if (!store)
    return aft__nomem(error);
  if (pthread_mutex_init(&store->mutex, NULL)) {
    aft__release(env, store, sizeof *store);
    return aft__nomem(error);
  }
  if (pthread_mutex_init(&store->node_mutex, NULL)) {
    pthread_mutex_destroy(&store->mutex);
    aft__release(env, store, sizeof *store);
    return aft__nomem(error);
  }
  atomic_init(&store->refs, 1);
  atomic_init(&store->proven, false);
  store->env = aft_env_ref(env);
  store->pid = getpid();
  aft__hex(token, sizeof token, store->owner);
  aft__idgen_init(&store->ids, 0);
  *out = store;
  return AFT_OK;
}

static aft_status take_node(aft_store *store, aft_error *error) {
  aft_session *session;
  if (store->flags & AFT_STORE_READ_ONLY)
    return AFT_OK;
  AFT__TRY(aft_session_open(store, &session, error));
  aft_status status = aft__node_take(session, error);
  aft_session_close(session);
  return status;
}

aft_status aft__store_open(aft_env *env, const aft__schema *schema, const aft_store_options *options,
                           aft_store **out, aft_error *error) {
  aft_store_options o;
  aft_store *store = NULL;
  AFT__TRY(check_options(options, &o, error));
  AFT__TRY(make_store(env, &store, error));
  store->flags = o.flags;
  store->busy_ms = o.busy_ms;
  store->blobs = aft_blobs_ref(o.blobs);
  aft_status status = make_backend(store, &o, error);
  if (status >= 0)
    status = check_schema(store, schema, error);
  if (status >= 0)
    status = take_node(store, error);
  if (status < 0)
    aft_store_unref(store);
  else
    *out = store;
  return status < 0 ? status : AFT_OK;
}

/* ---- copies ---- */

static aft_status check_copy(aft_store *copy, uint32_t version, aft_error *error) {
  aft__conn *conn;
  uint32_t stored = 0, reader, writer;
  AFT__TRY(aft__store_conn(copy, &conn, error));
  aft_status status = copy->backend->ops->schema_read(conn, &stored, &reader, &writer, error);
  aft__store_conn_back(copy, conn);
  AFT__TRY(status);
  if (stored == version)
    return AFT_OK;
  return aft__error(error, AFT_E_CORRUPT, "backup", "expected a copy with tables of version %u, found %u",
                    version, stored);
}

aft_status aft__store_of_copy(const aft_store *store, aft_str dsn, aft_store **out, aft_error *error) {
  aft_store *copy;
  AFT__TRY(make_store(store->env, &copy, error));
  copy->flags = AFT_STORE_READ_ONLY;
  copy->busy_ms = store->busy_ms;
  copy->version = store->version;
  aft_status status = store->backend->ops->twin(store->backend, dsn, &copy->backend, error);
  if (status >= 0)
    status = check_copy(copy, store->version, error);
  if (status < 0)
    aft_store_unref(copy);
  else
    *out = copy;
  return status;
}

/* ---- references ---- */

aft_store *aft_store_ref(aft_store *store) {
  if (store)
    atomic_fetch_add(&store->refs, 1);
  return store;
}

/* The last reference is gone, and this is the store's process: another store may have the node at once. The
 * session counts as a reference for as long as it lives. */
static void give_node_back(aft_store *store) {
  aft_session *session;
  if (!store->node_fence)
    return;
  atomic_store(&store->refs, 1);
  if (aft_session_open(store, &session, NULL) == AFT_OK) {
    aft__node_release(session);
    store->node_fence = 0; /* whatever came of it, so that this happens once */
    aft_session_close(session);
  }
}

static void free_store(aft_store *store, bool own) {
  aft_env *env = store->env;
  if (store->release_thing)
    store->release_thing(env, store->thing);
  for (uint32_t i = 0; i < store->n_idle; i++) {
    const aft__backend_ops *ops = store->backend->ops;
    (own ? ops->disconnect : ops->abandon)(store->idle[i]);
  }
  if (store->backend)
    store->backend->ops->free(store->backend);
  if (own) {
    pthread_mutex_destroy(&store->node_mutex);
    pthread_mutex_destroy(&store->mutex);
  }
  aft_blobs_unref(store->blobs);
  aft__release(env, store, sizeof *store);
  aft_env_unref(env);
}

void aft_store_unref(aft_store *store) {
  if (!store || atomic_fetch_sub(&store->refs, 1) != 1)
    return;
  bool own = store->pid == getpid();
  if (own)
    give_node_back(store);
  free_store(store, own);
}

aft_env *aft__store_env(const aft_store *store) { return store->env; }
bool aft__store_read_only(const aft_store *store) { return (store->flags & AFT_STORE_READ_ONLY) != 0; }
aft_blobs *aft__store_blobs(const aft_store *store) { return store->blobs; }
aft_str aft__store_owner(const aft_store *store) { return aft__cstr(store->owner); }

void aft__store_attach(aft_store *store, void *thing, void (*release)(aft_env *env, void *thing)) {
  store->thing = thing;
  store->release_thing = release;
}

void *aft__store_attached(const aft_store *store) { return store->thing; }
void aft__store_lock(aft_store *store) { pthread_mutex_lock(&store->mutex); }
void aft__store_unlock(aft_store *store) { pthread_mutex_unlock(&store->mutex); }

void aft__store_hostile(aft_store *store, uint64_t seed, uint32_t conflict_permille,
                        uint32_t unknown_permille) {
  if (store->memory)
    aft__memory_hostile(store->backend, seed, conflict_permille, unknown_permille);
}

/* ---- connections ---- */

aft_status aft__store_conn(aft_store *store, aft__conn **out, aft_error *error) {
  aft__conn *conn = NULL;
  aft__store_lock(store);
  if (store->n_idle)
    conn = store->idle[--store->n_idle];
  aft__store_unlock(store);
  if (!conn)
    return store->backend->ops->connect(store->backend, out, error);
  *out = conn;
  return AFT_OK;
}

void aft__store_conn_back(aft_store *store, aft__conn *conn) {
  aft__store_lock(store);
  bool kept = store->n_idle < AFT__MOST_IDLE;
  if (kept)
    store->idle[store->n_idle++] = conn;
  aft__store_unlock(store);
  if (!kept)
    store->backend->ops->disconnect(conn);
}
