/* Retention: rounds over all tenants, at most one an hour, each removing what the tenant's policy lets go.
 *
 * A tick goes on with the round where the last one stopped: the place is kept in the store. One worker at a
 * time, under a lease. Old records are found by index, so a round costs what it removes and a few looks for
 * each tenant. */
#include "desk/privacy/retention.h"

#include "desk/evidence/evidence_priv.h"
#include "desk/privacy/person.h"

#include <stdio.h>

#define LEASE      "retention"
#define LEASE_MS   AFT__MINUTE
#define META_PLACE "retention_place" /* the last tenant that is done; 0: no round is on its way */
#define BETWEEN    AFT__HOUR
#define TENANTS    16  /* looked at in one step */
#define TICKETS    32  /* found in one look */
#define ROWS       200 /* removed in one transaction */
#define NO_TENANT  0

typedef struct round {
  aft_session *session;
  uint32_t left; /* records and tenants that may still be gone through */
  int64_t end;   /* on the monotonic clock */
  uint32_t removed;
  aft_id place;
  aft_id tenants[TENANTS];
  uint32_t n;
  bool due;
} round;

static bool over(const round *r) { return r->left == 0 || aft__mono(aft__session_env(r->session)) >= r->end; }

static void spend(round *r, uint32_t n) { r->left = r->left > n ? r->left - n : 0; }

/* ---- a tenant while it is looked at ---- */

typedef struct visit {
  aft_id tenant;
  aft__retain what;
  aft_time before;
  uint32_t most, n;
  aft_id tickets[2 * TICKETS];
  aft_id ticket; /* the one to remove */
  bool gone;
} visit;

static aft_status policy_of(aft__tx *tx, aft_id tenant, aft_policy **out, aft_error *error) {
  if (tenant == NO_TENANT)
    return aft_policy_default(aft__session_env(aft__tx_session(tx)), out, error);
  return aft__policy_of_tenant(tx, tenant, out, NULL, error);
}

/* *out: what ended before this moment may go; false when nothing may. */
static aft_status moment_of(aft__tx *tx, visit *v, bool *any, aft_error *error) {
  aft_policy *policy;
  AFT__TRY(policy_of(tx, v->tenant, &policy, error));
  int64_t span = aft__policy_retain(policy, v->what);
  aft_policy_unref(policy);
  *any = span != AFT__RETAIN_NEVER && !aft__sub_i64(aft__tx_now(tx), span, &v->before) && v->before > 0;
  return AFT_OK;
}

/* ---- rows that stand alone ---- */

/* A survey to which something is still to happen. One that an older version sent has no end. */
static bool is_pending(const aft__value *row) {
  aft_str state = aft__row_str(row, AFT__SURVEY_STATE);
  return aft__str_eq(state, aft__cstr("scheduled")) ||
         (aft__str_eq(state, aft__cstr("sent")) && !aft__row_null(row, AFT__SURVEY_EXPIRES));
}

/* Nor one that belongs to what something keeps. */
static aft_status survey_stays(void *user, const aft__value *row, bool *out, aft_error *error) {
  const aft__person_branch branch = {.parent = AFT__KIND_CUSTOMER, .child = AFT__KIND_SURVEY};
  const char *why = NULL;
  if (!is_pending(row))
    AFT__TRY(aft__person_keeps(user, &branch, row, &why, error));
  *out = is_pending(row) || why;
  return AFT_OK;
}

static aft_status prune_surveys(aft__tx *tx, visit *v, aft_error *error) {
  aft__cmd cmd;
  aft__prune p = {.table = &aft__survey_table,
                  .index = AFT__SURVEY_BY_TENANT,
                  .tenant = v->tenant,
                  .before = v->before,
                  .keeps = survey_stays,
                  .user = &cmd,
                  .empties = aft__survey_empty,
                  .most = v->most};
  if (v->tenant == NO_TENANT)
    return AFT_OK;
  aft_status status = aft__cmd_system(tx, v->tenant, "retention", &cmd, error);
  if (status >= 0)
    status = aft__prune_rows(tx, &p, &v->n, error);
  aft__cmd_done(&cmd);
  return status;
}

static aft_status prune(aft__tx *tx, visit *v, aft_error *error) {
  aft__prune p = {.tenant = v->tenant, .before = v->before, .most = v->most};
  switch (v->what) {
  case AFT__RETAIN_EFFECTS:
    return aft__outbox_prune(tx, v->tenant, v->before, v->most, &v->n, error);
  case AFT__RETAIN_KEYS:
    return aft__idem_prune(tx, v->tenant, v->before, v->most, &v->n, error);
  case AFT__RETAIN_REFUSALS:
    p.table = &aft__refusal_table;
    p.index = AFT__REFUSAL_BY_TENANT;
    return aft__prune_rows(tx, &p, &v->n, error);
  default:
    return prune_surveys(tx, v, error);
  }
}

static aft_status prune_some(aft__tx *tx, void *user, aft_error *error) {
  visit *v = user;
  bool any;
  v->n = 0;
  AFT__TRY(moment_of(tx, v, &any, error));
  return any ? prune(tx, v, error) : AFT_OK;
}

/* What is gone is not found again, and a lease held twice is held. */
static aft_status run(round *r, const char *name, aft__tx_fn fn, void *user, aft_error *error) {
  aft__tx_options options = {.name = name};
  return aft__tx_repeat(r->session, &options, fn, user, error);
}

static aft_status visit_rows(round *r, aft_id tenant, aft__retain what, aft_error *error) {
  visit v = {.tenant = tenant, .what = what};
  do {
    v.most = r->left < ROWS ? r->left : ROWS;
    AFT__TRY(run(r, "retention_rows", prune_some, &v, error));
    r->removed += v.n;
    spend(r, v.n);
  } while (v.n == v.most && !over(r));
  return AFT_OK;
}

/* ---- tickets ---- */

static aft_status see_id(void *user, const aft__value *row, aft_error *error) {
  visit *v = user;
  (void)error;
  v->tickets[v->n++] = row[AFT__COL_ID].number;
  return AFT_OK;
}

static aft_status find_tickets(aft__tx *tx, void *user, aft_error *error) {
  visit *v = user;
  bool any;
  v->n = 0;
  AFT__TRY(moment_of(tx, v, &any, error));
  if (!any)
    return AFT_OK;
  aft__value closed = aft__int(v->before - 1), now = aft__int(aft__tx_now(tx));
  aft__scan scan = {.table = &aft__ticket_table,
                    .index = AFT__TICKET_BY_CLOSED,
                    .n_equal = 2,
                    .equal = {aft__int(v->tenant), aft__null()},
                    .high = &closed,
                    .limit = TICKETS};
  AFT__TRY(aft__scan_each(tx, &scan, see_id, v, error));
  scan.index = AFT__TICKET_BY_KEPT;
  scan.n_equal = 1;
  scan.high = &now;
  return aft__scan_each(tx, &scan, see_id, v, error);
}

static aft_status retire(aft__tx *tx, void *user, aft_error *error) {
  visit *v = user;
  aft__cmd cmd;
  aft_status status = aft__cmd_system(tx, v->tenant, "retention", &cmd, error);
  if (status >= 0)
    status = aft__ticket_retire(&cmd, v->ticket, v->before, error);
  v->gone = status == AFT_DONE;
  aft__cmd_done(&cmd);
  return status < 0 ? status : AFT_OK;
}

static aft_status visit_tickets(round *r, aft_id tenant, aft_error *error) {
  aft__tx_options reading = {.name = "retention_look", .read = true};
  visit v = {.tenant = tenant, .what = AFT__RETAIN_TICKETS};
  do {
    AFT__TRY(aft__tx_run(r->session, &reading, find_tickets, &v, error));
    uint32_t found = v.n;
    for (uint32_t i = 0; i < found && !over(r); i++) {
      v.ticket = v.tickets[i];
      AFT__TRY(run(r, "retention_ticket", retire, &v, error));
      r->removed += v.gone;
      spend(r, 1);
    }
  } while (v.n && !over(r));
  return AFT_OK;
}

/* ---- kinds that are gone through ---- */

/* One pass over a tenant's records of a kind. Most of them stay, so a pass is made once a day, and ticks go
 * on with it where the last one stopped. */
typedef struct pass {
  aft_id tenant;
  const aft__retire *of;
  char at_name[64], ended_name[64]; /* of the store's notes */
  aft_id after, ids[ROWS];
  uint32_t n;
  bool begun; /* there is something to look at */
  aft_id one;
  bool gone;
} pass;

static aft_status find_some(aft__tx *tx, void *user, aft_error *error) {
  pass *p = user;
  visit v = {.tenant = p->tenant, .what = p->of->what};
  aft_time ended = 0, now = aft__tx_now(tx);
  bool known, asked;
  p->n = 0;
  p->after = 0;
  p->begun = false;
  AFT__TRY(moment_of(tx, &v, &asked, error));
  AFT__TRY(aft__meta_get(tx, p->at_name, &known, &p->after, error));
  AFT__TRY(aft__meta_get(tx, p->ended_name, &known, &ended, error));
  if (!asked || (!p->after && known && now >= ended && now - ended < AFT__DAY))
    return AFT_OK;
  aft__scan scan = {.table = p->of->table,
                    .index = p->of->index,
                    .n_equal = p->of->n_equal,
                    .after = p->after != 0,
                    .after_id = p->after,
                    .limit = ROWS};
  memcpy(scan.equal, p->of->equal, sizeof scan.equal);
  scan.equal[0] = aft__int(p->tenant);
  aft__value **rows;
  p->begun = true;
  AFT__TRY(aft__scan_all(tx, &scan, &rows, &p->n, error));
  for (uint32_t i = 0; i < p->n; i++)
    p->ids[i] = rows[i][AFT__COL_ID].number;
  return AFT_OK;
}

static aft_status retire_row(aft__cmd *cmd, pass *p, aft_error *error) {
  visit v = {.tenant = p->tenant, .what = p->of->what};
  aft__value *row;
  bool asked;
  AFT__TRY(moment_of(cmd->tx, &v, &asked, error));
  aft_status status = asked ? aft__get(cmd->tx, p->of->table, p->one, &row, error) : AFT_E_NOT_FOUND;
  if (status == AFT_E_NOT_FOUND) /* another worker removed it */
    return AFT_OK;
  return status < 0 ? status : p->of->retire(cmd, row, v.before, error);
}

static aft_status retire_one(aft__tx *tx, void *user, aft_error *error) {
  pass *p = user;
  aft__cmd cmd;
  aft_status status = aft__cmd_system(tx, p->tenant, "retention", &cmd, error);
  if (status >= 0)
    status = retire_row(&cmd, p, error);
  p->gone = status == AFT_DONE;
  aft__cmd_done(&cmd);
  return status < 0 ? status : AFT_OK;
}

/* p->after: the last one that was looked at, 0 at the end. */
static aft_status note_pass(aft__tx *tx, void *user, aft_error *error) {
  const pass *p = user;
  AFT__TRY(aft__meta_put(tx, p->at_name, p->after, error));
  return p->after ? AFT_OK : aft__meta_put(tx, p->ended_name, aft__tx_now(tx), error);
}

/* A record that cannot be removed, such as one with a damaged chain, stays and holds up no other. The next
 * pass looks at it again. */
static aft_status pass_over(const round *r, const pass *p, aft_status status, const aft_error *own,
                            aft_error *error) {
  if (status != AFT_E_CORRUPT && aft__spoils_all(status))
    return aft__error_pass(error, own);
  aft__log(aft__session_env(r->session), AFT_LOG_ERROR,
           "retention leaves record %lld of the %s of tenant %lld as it is: %s", (long long)p->one,
           p->of->name, (long long)p->tenant, own->message);
  return AFT_OK;
}

/* Whatever time there is left, a pass comes to its end only once all was looked at. */
static aft_status pass_page(round *r, pass *p, aft_error *error) {
  uint32_t i;
  for (i = 0; i < p->n && !over(r); i++) {
    aft_error own = AFT_ERROR_INIT;
    p->one = p->ids[i];
    p->gone = false;
    aft_status status = run(r, "retention_one", retire_one, p, &own);
    if (status < 0)
      AFT__TRY(pass_over(r, p, status, &own, error));
    r->removed += p->gone;
    spend(r, 1);
  }
  if (i == 0 && p->n)
    return AFT_OK;
  p->after = i < ROWS && i == p->n ? 0 : p->ids[i - 1];
  return run(r, "retention", note_pass, p, error);
}

static aft_status visit_kind(round *r, aft_id tenant, const aft__retire *of, aft_error *error) {
  aft__tx_options reading = {.name = "retention_look", .read = true};
  pass p = {.tenant = tenant, .of = of};
  snprintf(p.at_name, sizeof p.at_name, "retain_%s_%lld", of->name, (long long)tenant);
  snprintf(p.ended_name, sizeof p.ended_name, "retained_%s_%lld", of->name, (long long)tenant);
  do {
    AFT__TRY(aft__tx_run(r->session, &reading, find_some, &p, error));
    if (p.begun)
      AFT__TRY(pass_page(r, &p, error));
  } while (p.begun && p.after && !over(r));
  return AFT_OK;
}

/* ---- evidence ---- */

static aft_status visit_evidence(round *r, aft_id tenant, aft_error *error) {
  uint32_t n = 0;
  aft_status status = AFT_OK;
  if (tenant != NO_TENANT && aft__store_blobs(aft__session_store(r->session)))
    status = aft__evidence_retain(r->session, tenant, r->left < ROWS ? r->left : ROWS, &n, error);
  r->removed += n;
  spend(r, n);
  return status;
}

/* ---- the round ---- */

static aft_status see_tenant(void *user, const aft__value *row, aft_error *error) {
  round *r = user;
  (void)error;
  r->tenants[r->n++] = row[AFT__TENANT_ID].number;
  return AFT_OK;
}

/* Where the round stands, and whether it is time for one. */
static aft_status look(aft__tx *tx, void *user, aft_error *error) {
  round *r = user;
  aft_time now = aft__tx_now(tx), last = 0;
  bool known;
  r->place = NO_TENANT;
  AFT__TRY(aft__meta_get(tx, META_PLACE, &known, &r->place, error));
  AFT__TRY(aft__meta_get(tx, AFT__META_RETENTION, &known, &last, error));
  r->due = r->place != NO_TENANT || !known || now < last || now - last >= BETWEEN;
  return AFT_OK;
}

static aft_status next_tenants(aft__tx *tx, void *user, aft_error *error) {
  round *r = user;
  aft_str owner = aft__store_owner(aft__session_store(r->session));
  AFT__TRY(look(tx, r, error));
  AFT__TRY(aft__lease_hold(tx, aft__cstr(LEASE), owner, LEASE_MS, error));
  r->n = 0;
  if (r->place == NO_TENANT)
    r->tenants[r->n++] = NO_TENANT;
  aft__scan scan = {.table = &aft__tenant_table,
                    .index = AFT__BY_ID,
                    .after = r->place != NO_TENANT,
                    .after_id = r->place,
                    .limit = TENANTS - r->n};
  return aft__scan_each(tx, &scan, see_tenant, r, error);
}

static aft_status keep_place(aft__tx *tx, void *user, aft_error *error) {
  const round *r = user;
  AFT__TRY(aft__meta_put(tx, META_PLACE, r->place, error));
  if (r->place != NO_TENANT)
    return AFT_OK;
  return aft__meta_put(tx, AFT__META_RETENTION, aft__tx_now(tx), error);
}

static aft_status visit_tenant(round *r, aft_id tenant, aft_error *error) {
  static const aft__retain alone[] = {AFT__RETAIN_KEYS, AFT__RETAIN_REFUSALS, AFT__RETAIN_EFFECTS,
                                      AFT__RETAIN_SURVEYS};
  for (size_t i = 0; i < AFT__COUNT(alone) && !over(r); i++)
    AFT__TRY(visit_rows(r, tenant, alone[i], error));
  if (!over(r))
    AFT__TRY(visit_tickets(r, tenant, error));
  if (!over(r))
    AFT__TRY(visit_evidence(r, tenant, error));
  for (size_t i = 0; i < aft__retire_count && tenant != NO_TENANT && !over(r); i++)
    AFT__TRY(visit_kind(r, tenant, &aft__retires[i], error));
  return AFT_OK;
}

/* Tenants that are done move the place on, also when the budget ends inside the step. */
static aft_status visit_tenants(round *r, aft_error *error) {
  bool last = r->n < TENANTS;
  for (uint32_t i = 0; i < r->n; i++) {
    spend(r, 1);
    if (over(r))
      return AFT_OK;
    AFT__TRY(visit_tenant(r, r->tenants[i], error));
    if (over(r))
      return AFT_OK;
    if (r->tenants[i] != NO_TENANT)
      r->place = r->tenants[i];
  }
  if (last)
    r->place = NO_TENANT;
  r->due = !last;
  return AFT_OK;
}

static aft_status step(round *r, aft_error *error) {
  AFT__TRY(run(r, "retention", next_tenants, r, error));
  aft_id from = r->place;
  AFT__TRY(visit_tenants(r, error));
  if (r->due && r->place == from)
    return AFT_OK;
  return run(r, "retention", keep_place, r, error);
}

aft_status aft__desk_retain(aft_session *session, uint32_t most, int64_t ms, aft__retained *out,
                            aft_error *error) {
  aft__tx_options reading = {.name = "retention_look", .read = true};
  aft_env *env = aft__session_env(session);
  round r = {.session = session, .left = most, .end = aft__mono(env) + ms * 1000000};
  *out = (aft__retained){0};
  AFT__TRY(aft__tx_run(session, &reading, look, &r, error));
  aft_status status = AFT_OK;
  while (status >= 0 && r.due && !over(&r))
    status = step(&r, error);
  *out = (aft__retained){.removed = r.removed, .more = r.due};
  return status == AFT_E_LEASE_LOST ? AFT_OK : status;
}
