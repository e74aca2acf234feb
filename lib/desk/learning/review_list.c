/* Which tickets a person's label would teach most: those of which triage is least sure, near-duplicates once.
 */
#include "desk/learning/learn_priv.h"

#define REVIEW_V1 (offsetof(aft_review_in, most) + sizeof(uint32_t))
#define MOST      20u
#define MOST_MOST 100u
#define LOOK      8u /* tickets that are looked at for each that is asked for */

typedef struct review {
  aft_env *env;
  aft_review_in in;
  const aft_id *shops; /* NULL: all */
  uint32_t n_shops;
  bool all_shops;
  aft_record *records[MOST_MOST];
  uint64_t bits[MOST_MOST]; /* fingerprints of those that have one */
  uint32_t n, n_bits;
} review;

static void forget(review *r) {
  for (uint32_t i = 0; i < r->n; i++)
    aft_record_free(r->records[i]);
  r->n = r->n_bits = 0;
}

static bool known(const review *r, uint64_t bits) {
  for (uint32_t i = 0; i < r->n_bits; i++)
    if (aft__fingerprint_distance(r->bits[i], bits) <= AFT__PRINT_NEAR)
      return true;
  return false;
}

static bool wanted(const review *r, const aft__value *row) {
  aft_id shop = aft__row_int(row, AFT__TICKET_SHOP);
  if (!aft__row_int(row, AFT__TICKET_OPEN) || (r->in.shop && shop != r->in.shop))
    return false;
  return r->all_shops || aft__has_shop(r->shops, r->n_shops, shop);
}

static aft_status see(void *user, const aft__value *row, aft_error *error) {
  review *r = user;
  if (r->n == r->in.most)
    return AFT_DONE;
  if (!wanted(r, row))
    return AFT_OK;
  if (!aft__row_null(row, AFT__TICKET_FINGERPRINT)) {
    uint64_t bits = (uint64_t)aft__row_int(row, AFT__TICKET_FINGERPRINT);
    if (known(r, bits))
      return AFT_OK;
    r->bits[r->n_bits++] = bits;
  }
  AFT__TRY(aft__record_make(r->env, AFT_KIND_TICKET, row, &r->records[r->n], error));
  r->n++;
  return AFT_OK;
}

static aft_status run(aft__cmd *cmd, void *given, aft_error *error) {
  review *r = given;
  aft__value *shop;
  aft_id *shops = NULL;
  forget(r);
  cmd->subject = r->in.shop;
  if (r->in.shop) {
    AFT__TRY(aft__load(cmd, &aft__shop_table, AFT__SHOP_TENANT, r->in.shop, "review.shop", &shop, error));
    AFT__TRY(aft__may_shop(cmd, r->in.shop, error));
  }
  r->all_shops = cmd->call.role != AFT_ROLE_AGENT;
  if (!r->all_shops)
    AFT__TRY(aft__agent_shops(cmd, &shops, &r->n_shops, error));
  r->shops = shops;
  aft__scan scan = {.table = &aft__ticket_table,
                    .index = AFT__TICKET_BY_DOUBT,
                    .n_equal = 1,
                    .equal = {aft__int(cmd->call.tenant)},
                    .limit = r->in.most * LOOK};
  return aft__scan_each(cmd->tx, &scan, see, r, error);
}

static aft_status check(const aft_review_in *in, aft_review_in *out, aft_error *error) {
  *out = (aft_review_in){.size = sizeof *out};
  if (in)
    AFT__TRY(aft__abi_copy(out, sizeof *out, in, REVIEW_V1, "aft_review_in", error));
  if (out->shop)
    AFT__TRY(aft__in_id(out->shop, "review.shop", error));
  if (out->most > MOST_MOST)
    return aft__error(error, AFT_E_INVALID, "review.most", "expected at most %u, found %u", MOST_MOST,
                      out->most);
  out->most = out->most ? out->most : MOST;
  return AFT_OK;
}

aft_status aft_review_list(aft_session *session, const aft_call *call, const aft_review_in *in,
                           aft_cursor **out, aft_error *error) {
  static const aft__command command = {
      .verb = "review.list", .name = "review_list", .roles = AFT__ROLES_STAFF, .read = true, .run = run};
  aft_review_in local;
  if (!session || !out)
    return aft__error(error, AFT_E_NULL_HANDLE, session ? "out" : "session", "the handle is NULL");
  AFT__TRY(check(in, &local, error));
  aft_env *env = aft__session_env(session);
  review *r = aft__zalloc(env, sizeof *r);
  if (!r)
    return aft__nomem(error);
  r->env = env;
  r->in = local;
  aft_status status = aft__command_run(session, call, &command, r, NULL, error);
  if (status >= 0)
    status = aft__cursor_of(session, r->records, r->n, out, error);
  else
    forget(r);
  aft__release(env, r, sizeof *r);
  return status;
}
