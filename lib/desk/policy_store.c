/* The policy and the model a tenant works by: its activation row, the stored images, and a cache for each
 * store. */
#include "desk/desk_priv.h"

#define SLOTS  32
#define MODELS 16

typedef struct model_slot {
  char hash[AFT__HASH_SIZE];
  aft_model *model; /* NULL with a hash: one that this library cannot read */
} model_slot;

typedef struct cache {
  aft_policy *fallback; /* compiled into the library */
  aft_policy *slots[SLOTS];
  model_slot models[MODELS];
  uint32_t next, next_model;
} cache;

static void cache_free(aft_env *env, void *thing) {
  cache *c = thing;
  aft_policy_unref(c->fallback);
  for (uint32_t i = 0; i < SLOTS; i++)
    aft_policy_unref(c->slots[i]);
  for (uint32_t i = 0; i < MODELS; i++)
    aft_model_unref(c->models[i].model);
  aft__release(env, c, sizeof *c);
}

aft_status aft__policy_cache_open(aft_store *store, aft_error *error) {
  aft_env *env = aft__store_env(store);
  cache *c = aft__zalloc(env, sizeof *c);
  if (!c)
    return aft__nomem(error);
  aft_status status = aft_policy_default(env, &c->fallback, error);
  if (status < 0) {
    aft__release(env, c, sizeof *c);
    return status;
  }
  aft__store_attach(store, c, cache_free);
  return AFT_OK;
}

static aft_policy *cache_get(aft_store *store, aft_str hash) {
  cache *c = aft__store_attached(store);
  aft_policy *found = NULL;
  aft__store_lock(store);
  for (uint32_t i = 0; i < SLOTS && !found; i++)
    if (c->slots[i] && aft__str_eq(aft__cstr(aft_policy_hash(c->slots[i])), hash))
      found = aft_policy_ref(c->slots[i]);
  aft__store_unlock(store);
  return found;
}

static void cache_put(aft_store *store, aft_policy *policy) {
  cache *c = aft__store_attached(store);
  aft__store_lock(store);
  uint32_t slot = c->next++ % SLOTS;
  aft_policy *old = c->slots[slot];
  c->slots[slot] = aft_policy_ref(policy);
  aft__store_unlock(store);
  aft_policy_unref(old);
}

/* ---- policies ---- */

static aft_status load_document(aft__tx *tx, aft_id document, aft_policy **out, aft_error *error) {
  aft__value *row;
  AFT__TRY(aft__get(tx, &aft__document_table, document, &row, error));
  aft_str image = aft__row_str(row, AFT__DOCUMENT_IMAGE);
  aft_env *env = aft__session_env(aft__tx_session(tx));
  return aft_policy_open_image(env, image.data, image.len, out, error);
}

aft_status aft__policy_of_tenant(aft__tx *tx, aft_id tenant, aft_policy **out, aft__value **activation,
                                 aft_error *error) {
  aft_store *store = aft__session_store(aft__tx_session(tx));
  aft__value key = aft__int(tenant), *row;
  aft_status status = aft__find(tx, &aft__activation_table, AFT__ACTIVATION_BY_TENANT, &key, &row, error);
  if (activation)
    *activation = status >= 0 ? row : NULL;
  if (status == AFT_E_NOT_FOUND) {
    cache *c = aft__store_attached(store);
    *out = aft_policy_ref(c->fallback);
    return AFT_OK;
  }
  AFT__TRY(status);
  *out = cache_get(store, aft__row_str(row, AFT__ACTIVATION_HASH));
  if (*out)
    return AFT_OK;
  AFT__TRY(load_document(tx, aft__row_int(row, AFT__ACTIVATION_DOCUMENT), out, error));
  cache_put(store, *out);
  return AFT_OK;
}

aft_status aft__policy_of_document(aft__cmd *cmd, aft_str hash, aft_id document, aft_policy **out,
                                   aft_error *error) {
  aft_store *store = aft__session_store(aft__tx_session(cmd->tx));
  *out = NULL;
  if (cmd->policy && aft__str_eq(aft__cstr(aft_policy_hash(cmd->policy)), hash))
    *out = aft_policy_ref(cmd->policy);
  else
    *out = cache_get(store, hash);
  if (*out)
    return AFT_OK;
  AFT__TRY(load_document(cmd->tx, document, out, error));
  cache_put(store, *out);
  return AFT_OK;
}

/* ---- models ---- */

static bool model_get(aft_store *store, aft_str hash, aft_model **out) {
  cache *c = aft__store_attached(store);
  bool found = false;
  aft__store_lock(store);
  for (uint32_t i = 0; i < MODELS && !found; i++) {
    found = aft__str_eq(aft__cstr(c->models[i].hash), hash);
    if (found && c->models[i].model)
      *out = aft_model_ref(c->models[i].model);
  }
  aft__store_unlock(store);
  return found;
}

static void model_put(aft_store *store, aft_str hash, aft_model *model) {
  cache *c = aft__store_attached(store);
  if (hash.len >= AFT__HASH_SIZE)
    return;
  aft__store_lock(store);
  model_slot *slot = &c->models[c->next_model++ % MODELS];
  aft_model *old = slot->model;
  memcpy(slot->hash, hash.data, hash.len);
  slot->hash[hash.len] = 0;
  slot->model = model ? aft_model_ref(model) : NULL;
  aft__store_unlock(store);
  aft_model_unref(old);
}

/* A store is also opened by versions of the library that cannot read the model: the rules work without it. */
static aft_status load_model(aft__cmd *cmd, aft_id document, aft_str hash, aft_model **out,
                             aft_error *error) {
  aft__value *row;
  AFT__TRY(aft__get(cmd->tx, &aft__document_table, document, &row, error));
  aft_str image = aft__row_str(row, AFT__DOCUMENT_IMAGE);
  aft_status status = aft_model_open_image(cmd->env, image.data, image.len, out, error);
  if (status == AFT_E_MODEL) {
    *out = NULL;
    aft__log(cmd->env, AFT_LOG_ERROR, "the model of tenant %lld cannot be read: triage works by rules alone",
             (long long)cmd->call.tenant);
    status = AFT_OK;
  }
  if (status >= 0)
    model_put(aft__session_store(aft__tx_session(cmd->tx)), hash, *out);
  return status;
}

aft_status aft__cmd_model(aft__cmd *cmd, aft_model **out, aft_error *error) {
  const aft__value *row = cmd->activation;
  *out = cmd->model;
  if (cmd->model || !row || aft__row_null(row, AFT__ACTIVATION_MODEL))
    return AFT_OK;
  aft_str hash = aft__row_str(row, AFT__ACTIVATION_MODEL);
  if (!model_get(aft__session_store(aft__tx_session(cmd->tx)), hash, &cmd->model))
    AFT__TRY(load_model(cmd, aft__row_int(row, AFT__ACTIVATION_MODEL_DOCUMENT), hash, &cmd->model, error));
  *out = cmd->model;
  return AFT_OK;
}
