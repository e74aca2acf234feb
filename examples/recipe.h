/* What the recipes share: failing loudly, and a small desk to work on. */
#ifndef RECIPE_H
#define RECIPE_H

#include <aftersales.h>

#include <stdio.h>
#include <stdlib.h>

static inline void must(aft_status status, const aft_error *error) {
  if (status >= 0)
    return;
  fprintf(stderr, "%s: %s: %s\n", aft_status_name(status), error->where, error->message);
  exit(1);
}

/* A store of a tenant with a shop, made where there is none; the ids are written into call and shop. */
static inline aft_store *recipe_store(aft_env *env, const char *path, aft_call *call, aft_id *shop) {
  aft_error error = AFT_ERROR_INIT;
  aft_store *store;
  aft_session *session;
  aft_record *record;
  aft_store_options options = {.size = sizeof options, .dsn = AFT_STR(path), .flags = AFT_STORE_CREATE};
  must(aft_store_open(env, &options, &store, &error), &error);
  must(aft_session_open(store, &session, &error), &error);
  *call = (aft_call){.size = sizeof *call, .role = AFT_ROLE_SYSTEM};
  aft_tenant_in tenant = {.size = sizeof tenant, .external = AFT_STR("acme")};
  must(aft_tenant_put(session, call, &tenant, &record, &error), &error);
  call->tenant = aft_tenant_id(record);
  aft_record_free(record);
  aft_shop_in in = {.size = sizeof in, .external = AFT_STR("phones")};
  must(aft_shop_put(session, call, &in, &record, &error), &error);
  *shop = aft_shop_id(record);
  aft_record_free(record);
  aft_session_close(session);
  return store;
}

static inline aft_message_in recipe_message(aft_id shop, const char *external) {
  return (aft_message_in){.size = sizeof(aft_message_in),
                          .shop = shop,
                          .channel = AFT_STR("web"),
                          .external = AFT_STR(external),
                          .handle = AFT_STR("visitor-7"),
                          .text = AFT_STR("where is my parcel?")};
}

#endif
