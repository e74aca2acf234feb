/* Rings of signing keys: the host's secrets, held in memory and never stored. */
#include <stdio.h>

#include "desk/link/link_priv.h"

#define KEY_V1       (offsetof(aft_signing_key, n) + sizeof(size_t))
#define LEAST_SECRET 32
#define MOST_SECRET  1024

static bool is_key_name(aft_str name) {
  static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  for (size_t i = 0; i < name.len; i++)
    if (!memchr(letters, name.data[i], sizeof letters - 1))
      return false;
  return name.len > 0 && name.len <= AFT__KEY_NAME;
}

const aft__link_key *aft__link_key_find(const aft_link_keys *keys, aft_str name) {
  for (uint32_t i = 0; i < keys->n; i++)
    if (aft__str_eq(name, aft__cstr(keys->keys[i].name)))
      return &keys->keys[i];
  return NULL;
}

static aft_status add_key(aft_link_keys *keys, const aft_signing_key *given, aft_error *error) {
  aft_signing_key in;
  char where[32];
  aft__link_key *key = &keys->keys[keys->n];
  snprintf(where, sizeof where, "keys[%u]", keys->n);
  AFT__TRY(aft__abi_copy(&in, sizeof in, given, KEY_V1, "aft_signing_key", error));
  in.name = aft__str(in.name.data, in.name.len);
  if (!is_key_name(in.name))
    return aft__error(error, AFT_E_INVALID, where,
                      "expected a name of 1 to %d letters, digits, _ and -, found %zu bytes", AFT__KEY_NAME,
                      in.name.len);
  if (aft__link_key_find(keys, in.name))
    return aft__error(error, AFT_E_INVALID, where, "the name '%.*s' stands there twice", (int)in.name.len,
                      in.name.data);
  if (!in.secret || in.n < LEAST_SECRET || in.n > MOST_SECRET)
    return aft__error(error, AFT_E_INVALID, where, "expected a secret of %d to %d bytes, found %zu",
                      LEAST_SECRET, MOST_SECRET, in.secret ? in.n : 0);
  key->secret = aft__alloc(keys->env, in.n);
  if (!key->secret)
    return aft__nomem(error);
  key->n = in.n;
  memcpy(key->secret, in.secret, in.n);
  memcpy(key->name, in.name.data, in.name.len);
  keys->n++;
  return AFT_OK;
}

aft_status aft_link_keys_new(aft_env *env, const aft_signing_key *keys, size_t n, aft_link_keys **out,
                             aft_error *error) {
  if (!env || !keys || !out)
    return aft__error(error, AFT_E_NULL_HANDLE, "keys", "the environment, the keys or out is NULL");
  if (n < 1 || n > AFT_LINK_KEYS_MOST)
    return aft__error(error, AFT_E_INVALID, "keys", "expected 1 to %d keys, found %zu", AFT_LINK_KEYS_MOST,
                      n);
  aft_link_keys *ring = aft__zalloc(env, sizeof *ring);
  if (!ring)
    return aft__nomem(error);
  atomic_init(&ring->refs, 1);
  ring->env = aft_env_ref(env);
  /* Their own size says how far the next one is. */
  const char *at = (const char *)keys;
  aft_status status = AFT_OK;
  for (size_t i = 0; i < n && status >= 0; i++, at += keys->size)
    status = add_key(ring, (const aft_signing_key *)(const void *)at, error);
  if (status < 0)
    aft_link_keys_unref(ring);
  else
    *out = ring;
  return status;
}

aft_link_keys *aft_link_keys_ref(aft_link_keys *keys) {
  if (keys)
    atomic_fetch_add(&keys->refs, 1);
  return keys;
}

void aft_link_keys_unref(aft_link_keys *keys) {
  if (!keys || atomic_fetch_sub(&keys->refs, 1) != 1)
    return;
  aft_env *env = keys->env;
  for (uint32_t i = 0; i < keys->n; i++) {
    aft__wipe(keys->keys[i].secret, keys->keys[i].n);
    aft__release(env, keys->keys[i].secret, keys->keys[i].n);
  }
  aft__release(env, keys, sizeof *keys);
  aft_env_unref(env);
}
