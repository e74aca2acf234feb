/* The policy a tenant works by: its activation row, the stored image, and a cache for each store. */
#include "desk/desk_priv.h"

#define SLOTS 32

typedef struct cache {
  aft_policy *fallback; /* compiled into the library */
  aft_policy *slots[SLOTS];
  uint32_t next;
} cache;

static void cache_free(aft_env *env, void *thing) {
  cache *c = thing;
  aft_policy_unref(c->fallback);
  for (uint32_t i = 0; i < SLOTS; i++)
    aft_policy_unref(c->slots[i]);
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

static aft_status load_document(aft__tx *tx, aft_id document, aft_policy **out, aft_error *error) {
  aft__value *row;
  AFT__TRY(aft__get(tx, &aft__document_table, document, &row, error));
  aft_str image = aft__row_str(row, AFT__DOCUMENT_IMAGE);
  aft_env *env = aft__session_env(aft__tx_session(tx));
  return aft_policy_open_image(env, image.data, image.len, out, error);
}

aft_status aft__policy_of_tenant(aft__tx *tx, aft_id tenant, aft_policy **out, aft_error *error) {
  aft_store *store = aft__session_store(aft__tx_session(tx));
  aft__value key = aft__int(tenant), *row;
  aft_status status = aft__find(tx, &aft__activation_table, AFT__ACTIVATION_BY_TENANT, &key, &row, error);
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
