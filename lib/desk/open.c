/* Opening a store with the desk's tables in it. */
#include "desk/desk_priv.h"

#define OPTIONS_V1 (offsetof(aft_store_options, prefix) + sizeof(aft_str))
#define FLAGS \
  (AFT_STORE_CREATE | AFT_STORE_MIGRATE | AFT_STORE_READ_ONLY | AFT_STORE_RELAXED | AFT_STORE_RESTORED)

static aft_status check_prefix(aft_str *prefix, aft_error *error) {
  AFT__TRY(aft__in_text(prefix, 24, "store.prefix", error));
  if (!prefix->len)
    *prefix = aft__cstr("aft_");
  for (size_t i = 0; i < prefix->len; i++) {
    char c = prefix->data[i];
    bool letter = (c >= 'a' && c <= 'z') || c == '_';
    if (!letter && !(i && c >= '0' && c <= '9'))
      return aft__error(error, AFT_E_INVALID, "store.prefix",
                        "expected small letters, digits and _, beginning with a letter");
  }
  return AFT_OK;
}

static aft_status go_on_from_copy(aft_store *store, aft_error *error) {
  aft_session *session;
  aft__event told = {.kind = AFT__KIND_TENANT, .role = AFT_ROLE_SYSTEM, .verb = aft__cstr("store.restored")};
  AFT__TRY(aft_session_open(store, &session, error));
  aft_status status = aft__store_restored(session, &told, error);
  aft_session_close(session);
  return status;
}

aft_status aft_store_open(aft_env *env, const aft_store_options *options, aft_store **out, aft_error *error) {
  aft_store_options o;
  if (!env || !options || !out)
    return aft__error(error, AFT_E_NULL_HANDLE,
                      !env       ? "env"
                      : !options ? "options"
                                 : "out",
                      "the handle is NULL");
  AFT__TRY(aft__abi_copy(&o, sizeof o, options, OPTIONS_V1, "aft_store_options", error));
  AFT__TRY(aft__in_name(&o.dsn, 4096, "store.dsn", error));
  AFT__TRY(check_prefix(&o.prefix, error));
  if (o.flags & ~FLAGS)
    return aft__error(error, AFT_E_INVALID, "store.flags", "expected AFT_STORE_… flags, found 0x%x", o.flags);
  aft_store *store;
  AFT__TRY(aft__store_open(env, &aft__desk_schema, &o, &store, error));
  aft_status status = aft__policy_cache_open(store, error);
  if (status >= 0 && o.flags & AFT_STORE_RESTORED)
    status = go_on_from_copy(store, error);
  if (status < 0)
    aft_store_unref(store);
  else
    *out = store;
  return status;
}
