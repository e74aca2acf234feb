/* Evidence that goes: removed by people or by retention, held against both, and contents nobody needs. */
#include "desk/evidence/evidence_priv.h"

#define FRESH  AFT__MINUTE /* a content may belong to a record that is just being made */
#define ORPHAN AFT__DAY
#define PAGE   64

/* ---- contents ---- */

typedef struct need {
  const char *digest;
  bool needed;
} need;

static aft_status see_need(void *user, const aft__value *row, aft_error *error) {
  (void)row, (void)error;
  ((need *)user)->needed = true;
  return AFT_DONE;
}

static aft_status look_for_need(aft__tx *tx, void *user, aft_error *error) {
  need *n = user;
  n->needed = false;
  aft__scan scan = {.table = &aft__evidence_table,
                    .index = AFT__EVIDENCE_BY_CONTENT,
                    .n_equal = 2,
                    .equal = {aft__text(aft__cstr(n->digest)), aft__null()},
                    .limit = 1};
  return aft__scan_each(tx, &scan, see_need, n, error);
}

/* AFT_DONE when the content went; AFT_OK when it stays. One that is stored again meanwhile stays. */
static aft_status drop_content(aft_session *session, const char *digest, int64_t age, aft_error *error) {
  aft__tx_options reading = {.name = "evidence_need", .read = true};
  aft_blobs *blobs = aft__store_blobs(aft__session_store(session));
  need n = {.digest = digest};
  int64_t before = aft_env_now(aft__session_env(session)) - age;
  AFT__TRY(aft__tx_run(session, &reading, look_for_need, &n, error));
  if (n.needed)
    return AFT_OK;
  aft_status status = blobs->driver.remove(blobs->driver.user, digest, before, error);
  if (status == AFT_E_NOT_FOUND || status == AFT_IGNORED)
    return AFT_OK;
  return status < 0 ? status : AFT_DONE;
}

/* The record says that the bytes are gone: what cannot be removed now is left to the sweep. */
static void drop_or_log(aft_session *session, const char *digest) {
  aft_status status = AFT_OK;
  if (aft__store_blobs(aft__session_store(session)))
    status = drop_content(session, digest, FRESH, NULL);
  if (status < 0)
    aft__log(aft__session_env(session), AFT_LOG_WARN, "a content could not be removed: %s",
             aft_status_name(status));
}

/* ---- records ---- */

static aft_status load_both(aft__cmd *cmd, aft_id id, aft__value **row, aft__case *of, aft_error *error) {
  cmd->subject = id;
  AFT__TRY(aft__load(cmd, &aft__evidence_table, AFT__EVIDENCE_TENANT, id, "evidence", row, error));
  return aft__case_load_row(cmd, aft__row_int(*row, AFT__EVIDENCE_CASE), of, error);
}

static aft_status note(aft__case *of, aft_id id, const char *verb, aft_error *error) {
  char *facts = aft__arena_printf(of->cmd->arena, "{\"evidence\":\"%lld\"}", (long long)id);
  if (!facts)
    return aft__nomem(error);
  AFT__TRY(aft__case_note(of, verb, aft__cstr(facts), (aft_str){0}, error));
  return aft__case_save(of, error);
}

static bool is_held(const aft__value *row, const aft__case *of) {
  return !aft__row_null(row, AFT__EVIDENCE_HELD) || !aft__row_null(of->row, AFT__CASE_HELD);
}

static aft_status remove_row(aft__value *row, aft__case *of, aft_error *error) {
  aft__cmd *cmd = of->cmd;
  row[AFT__EVIDENCE_REMOVED] = aft__int(cmd->now);
  AFT__TRY(aft__update(cmd->tx, &aft__evidence_table, row, 1u << AFT__EVIDENCE_REMOVED, error));
  aft__evidence_count(of, -1);
  return note(of, row[AFT__EVIDENCE_ID].number, "case.evidence_removed", error);
}

typedef struct change {
  aft_id id;
  bool hold;
  char digest[AFT__BLOB_NAME];
} change;

static aft_status run_remove(aft__cmd *cmd, void *given, aft_error *error) {
  change *c = given;
  aft__value *row;
  aft__case of;
  AFT__TRY(load_both(cmd, c->id, &row, &of, error));
  AFT__TRY(aft__may_shop(cmd, aft__row_int(of.row, AFT__CASE_SHOP), error));
  cmd->ids[0] = c->id;
  cmd->row = row;
  if (!aft__row_null(row, AFT__EVIDENCE_REMOVED))
    return AFT_IGNORED;
  if (is_held(row, &of))
    return aft__denied(cmd, "the evidence is on legal hold", error);
  aft_str digest = aft__row_str(row, AFT__EVIDENCE_DIGEST);
  if (aft__blob_is_name(digest))
    memcpy(c->digest, digest.data, digest.len);
  return remove_row(row, &of, error);
}

static void change_digest(aft__sha256 *sha, const void *given) {
  const change *c = given;
  aft__digest_i64(sha, c->id);
  aft__digest_i64(sha, c->hold);
}

aft_status aft_evidence_remove(aft_session *session, const aft_call *call, aft_id evidence, aft_record **out,
                               aft_error *error) {
  static const aft__command command = {.verb = "evidence.remove",
                                       .name = "evidence_remove",
                                       .roles = AFT__ROLES_STAFF,
                                       .returns = AFT_KIND_EVIDENCE,
                                       .audits = true,
                                       .digest = change_digest,
                                       .run = run_remove};
  change c = {.id = evidence};
  AFT__TRY(aft__in_id(evidence, "evidence", error));
  aft_status status = aft__command_run(session, call, &command, &c, out, error);
  if (status == AFT_OK && c.digest[0] && !aft__session_attached(session))
    drop_or_log(session, c.digest);
  return status;
}

static aft_status run_hold(aft__cmd *cmd, void *given, aft_error *error) {
  const change *c = given;
  aft__value *row;
  aft__case of;
  AFT__TRY(load_both(cmd, c->id, &row, &of, error));
  AFT__TRY(aft__may_shop(cmd, aft__row_int(of.row, AFT__CASE_SHOP), error));
  cmd->ids[0] = c->id;
  cmd->row = row;
  if (c->hold == !aft__row_null(row, AFT__EVIDENCE_HELD))
    return AFT_IGNORED;
  row[AFT__EVIDENCE_HELD] = c->hold ? aft__int(cmd->now) : aft__null();
  AFT__TRY(aft__update(cmd->tx, &aft__evidence_table, row, 1u << AFT__EVIDENCE_HELD, error));
  return note(&of, c->id, c->hold ? "case.evidence_held" : "case.evidence_unheld", error);
}

aft_status aft_evidence_hold(aft_session *session, const aft_call *call, aft_id evidence, uint32_t held,
                             aft_record **out, aft_error *error) {
  static const aft__command command = {.verb = "evidence.hold",
                                       .name = "evidence_hold",
                                       .roles = AFT__ROLES_STAFF,
                                       .returns = AFT_KIND_EVIDENCE,
                                       .audits = true,
                                       .digest = change_digest,
                                       .run = run_hold};
  change c = {.id = evidence, .hold = held == 1};
  AFT__TRY(aft__in_id(evidence, "evidence", error));
  if (held > 1)
    return aft__error(error, AFT_E_INVALID, "held", "expected 0 or 1, found %u", held);
  return aft__command_run(session, call, &command, &c, out, error);
}

/* ---- erasure ---- */

#define DUE_BYTES "bytes"

/* The bytes go once the record that they are gone is safe. */
aft_status aft__evidence_forget(aft__cmd *cmd, aft__value *row, aft_error *error) {
  aft__case of;
  aft_id id = row[AFT__EVIDENCE_ID].number;
  AFT__TRY(aft__case_load_row(cmd, aft__row_int(row, AFT__EVIDENCE_CASE), &of, error));
  AFT__TRY(remove_row(row, &of, error));
  return aft__due_set(cmd->tx, cmd->call.tenant, AFT__KIND_EVIDENCE, id, aft__cstr(DUE_BYTES), cmd->now,
                      error);
}

static aft_status bytes_later(aft__cmd *cmd, const aft__value *due, aft_error *error) {
  return aft__due_set(cmd->tx, cmd->call.tenant, AFT__KIND_EVIDENCE, due[AFT__DU_SUBJECT].number,
                      aft__cstr(DUE_BYTES), cmd->now + AFT__HOUR, error);
}

/* A worker without a place for evidence leaves it to one that has it. */
aft_status aft__evidence_due(aft__cmd *cmd, const aft__value *due, aft_error *error) {
  aft_blobs *blobs = aft__store_blobs(aft__session_store(aft__tx_session(cmd->tx)));
  char digest[AFT__BLOB_NAME] = "";
  need n = {.digest = digest};
  aft__value *row;
  if (!blobs)
    return bytes_later(cmd, due, error);
  AFT__TRY(aft__get(cmd->tx, &aft__evidence_table, due[AFT__DU_SUBJECT].number, &row, error));
  aft_str name = aft__row_str(row, AFT__EVIDENCE_DIGEST);
  if (!aft__blob_is_name(name))
    return AFT_OK;
  memcpy(digest, name.data, name.len);
  AFT__TRY(look_for_need(cmd->tx, &n, error));
  if (n.needed)
    return AFT_OK;
  aft_status status = blobs->driver.remove(blobs->driver.user, digest, cmd->now - FRESH, error);
  if (status == AFT_IGNORED) /* it was stored again a moment ago */
    return bytes_later(cmd, due, error);
  return status == AFT_E_NOT_FOUND ? AFT_OK : status;
}

/* ---- the sweep ---- */

typedef struct sweep {
  aft_session *session;
  int64_t before, removed;
} sweep;

static aft_status see_content(void *user, const char *digest, const aft_blob_info *info, aft_error *error) {
  sweep *s = user;
  if (info->stored >= s->before || !aft__blob_is_name(aft__cstr(digest)))
    return AFT_OK;
  aft_status status = drop_content(s->session, digest, ORPHAN, error);
  s->removed += status == AFT_DONE;
  return status < 0 ? status : AFT_OK;
}

aft_status aft_evidence_sweep(aft_session *session, int64_t *removed, aft_error *error) {
  sweep s = {.session = session};
  if (!session)
    return aft__error(error, AFT_E_NULL_HANDLE, "session", "the session is NULL");
  aft_blobs *blobs = aft__store_blobs(aft__session_store(session));
  if (!blobs || aft__session_attached(session))
    return aft__error(error, AFT_E_INVALID, blobs ? "session" : "store.blobs",
                      "a sweep needs a store with a blob store, and a session of its own");
  if (aft__store_read_only(aft__session_store(session)))
    return aft__error(error, AFT_E_READ_ONLY, "store", "the store can only be read: nothing is swept");
  s.before = aft_env_now(aft__session_env(session)) - ORPHAN;
  aft_status status = blobs->driver.list(blobs->driver.user, see_content, &s, error);
  if (status >= 0 && blobs->driver.tidy)
    status = blobs->driver.tidy(blobs->driver.user, s.before, error);
  if (removed)
    *removed = s.removed;
  return status < 0 ? status : AFT_OK;
}

/* ---- retention ---- */

typedef struct visit {
  aft_id tenant;
  uint32_t n; /* of the page */
  aft_id ids[PAGE];
  aft_time created[PAGE];
  aft_time after;
  aft_id after_id;
  bool begun, ended, gone;
  change one;
} visit;

static aft_status see_old(void *user, const aft__value *row, aft_error *error) {
  visit *v = user;
  (void)error;
  v->ids[v->n] = row[AFT__EVIDENCE_ID].number;
  v->created[v->n++] = aft__row_int(row, AFT__EVIDENCE_CREATED);
  return AFT_OK;
}

/* The bytes of a case that ended before are at least as old as its end. */
static aft_status find_old(aft__tx *tx, void *user, aft_error *error) {
  visit *v = user;
  aft_policy *policy;
  AFT__TRY(aft__policy_of_tenant(tx, v->tenant, &policy, NULL, error));
  aft__evidence_limits limits;
  aft__policy_evidence_limits(policy, &limits);
  aft__value high = aft__int(aft__tx_now(tx) - limits.retention_ms - 1);
  aft_policy_unref(policy);
  v->n = 0;
  aft__scan scan = {.table = &aft__evidence_table,
                    .index = AFT__EVIDENCE_BY_CREATED,
                    .n_equal = 2,
                    .equal = {aft__int(v->tenant), aft__null()},
                    .high = &high,
                    .after = v->begun,
                    .after_value = aft__int(v->after),
                    .after_id = v->after_id,
                    .limit = PAGE};
  return aft__scan_each(tx, &scan, see_old, v, error);
}

static aft_status retire(aft__cmd *cmd, visit *v, aft_error *error) {
  aft__value *row;
  aft__case of;
  AFT__TRY(load_both(cmd, v->one.id, &row, &of, error));
  aft__evidence_limits limits;
  aft__policy_evidence_limits(cmd->policy, &limits);
  aft_time before = cmd->now - limits.retention_ms;
  bool ended = !aft__row_int(of.row, AFT__CASE_OPEN) && !aft__row_null(of.row, AFT__CASE_CLOSED) &&
               aft__row_int(of.row, AFT__CASE_CLOSED) < before;
  aft_str digest = aft__row_str(row, AFT__EVIDENCE_DIGEST);
  if (!ended || is_held(row, &of) || !aft__row_null(row, AFT__EVIDENCE_REMOVED))
    return AFT_OK;
  if (aft__blob_is_name(digest))
    memcpy(v->one.digest, digest.data, digest.len);
  v->gone = true;
  return remove_row(row, &of, error);
}

static aft_status retire_one(aft__tx *tx, void *user, aft_error *error) {
  visit *v = user;
  aft__cmd cmd;
  v->gone = false;
  v->one.digest[0] = '\0';
  aft_status status = aft__cmd_system(tx, v->tenant, "retention", &cmd, error);
  if (status >= 0)
    status = retire(&cmd, v, error);
  aft__cmd_done(&cmd);
  return status;
}

static aft_status retire_page(aft_session *session, visit *v, uint32_t most, uint32_t *n, aft_error *error) {
  aft__tx_options writing = {.name = "retention_evidence"};
  uint32_t found = v->n;
  for (uint32_t i = 0; i < found && *n < most; i++) {
    v->one.id = v->ids[i];
    aft_status status = aft__tx_run(session, &writing, retire_one, v, error);
    if (status < 0 && status != AFT_E_UNKNOWN)
      return status;
    *n += v->gone;
    if (status >= 0 && v->gone && v->one.digest[0])
      drop_or_log(session, v->one.digest);
  }
  return AFT_OK;
}

aft_status aft__evidence_retain(aft_session *session, aft_id tenant, uint32_t most, uint32_t *n,
                                aft_error *error) {
  aft__tx_options reading = {.name = "retention_look", .read = true};
  visit v = {.tenant = tenant};
  *n = 0;
  do {
    AFT__TRY(aft__tx_run(session, &reading, find_old, &v, error));
    if (!v.n)
      break;
    v.begun = true;
    v.after = v.created[v.n - 1];
    v.after_id = v.ids[v.n - 1];
    AFT__TRY(retire_page(session, &v, most, n, error));
  } while (v.n == PAGE && *n < most);
  return AFT_OK;
}
