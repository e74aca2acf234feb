/* Reading evidence: the list of a case, and bytes that are checked against their digest. */
#include "desk/evidence/evidence_priv.h"

static aft_status check_case(aft__cmd *cmd, void *given, aft_error *error) {
  aft__value *of;
  cmd->subject = *(aft_id *)given;
  AFT__TRY(aft__load(cmd, &aft__case_table, AFT__CASE_TENANT, cmd->subject, "evidence.of", &of, error));
  return aft__may_case(cmd, of, error);
}

aft_status aft_evidence_list(aft_session *session, const aft_call *call, aft_id of, aft_cursor **out,
                             aft_error *error) {
  static const aft__command command = {.verb = "evidence.list",
                                       .name = "evidence_list",
                                       .roles = AFT__ROLES_ALL,
                                       .by_link = true,
                                       .read = true,
                                       .run = check_case};
  AFT__TRY(aft__command_run(session, call, &command, &of, NULL, error));
  aft__list list = {.kind = AFT_KIND_EVIDENCE,
                    .table = &aft__evidence_table,
                    .index = AFT__EVIDENCE_BY_CASE,
                    .n_equal = 2,
                    .equal = {call->tenant, of},
                    .hide = call->role == AFT_ROLE_BUYER ? aft__evidence_list_hide : NULL};
  return aft__cursor_open(session, &list, (aft_str){0}, out, error);
}

typedef struct wanted {
  aft_id id;
  char digest[AFT__BLOB_NAME];
  aft_evidence_sink sink;
  void *user;
} wanted;

static aft_status find_digest(aft__cmd *cmd, void *given, aft_error *error) {
  wanted *w = given;
  aft__value *row;
  cmd->subject = w->id;
  AFT__TRY(aft__load(cmd, &aft__evidence_table, AFT__EVIDENCE_TENANT, w->id, "evidence", &row, error));
  aft_id of = aft__row_int(row, AFT__EVIDENCE_CASE);
  aft_str digest = aft__row_str(row, AFT__EVIDENCE_DIGEST);
  AFT__TRY(check_case(cmd, &of, error));
  cmd->subject = w->id;
  if (!aft__row_null(row, AFT__EVIDENCE_REMOVED))
    return aft__error(error, AFT_E_NOT_FOUND, "evidence", "its bytes were removed");
  if (!aft__blob_is_name(digest))
    return aft__error(error, AFT_E_CORRUPT, "evidence.digest",
                      "expected %d hexadecimal digits, found %zu bytes", AFT_BLOB_DIGITS, digest.len);
  memcpy(w->digest, digest.data, digest.len);
  return AFT_OK;
}

static aft_status pass_on(void *user, const void *bytes, size_t n, aft_error *error) {
  const wanted *w = user;
  if (w->sink(w->user, bytes, n) == 0)
    return AFT_OK;
  return aft__error(error, AFT_E_CALLBACK, "sink", "the sink ended the reading");
}

aft_status aft_evidence_read(aft_session *session, const aft_call *call, aft_id evidence,
                             aft_evidence_sink sink, void *user, aft_error *error) {
  static const aft__command command = {.verb = "evidence.read",
                                       .name = "evidence_read",
                                       .roles = AFT__ROLES_ALL,
                                       .by_link = true,
                                       .read = true,
                                       .run = find_digest};
  wanted w = {.id = evidence, .sink = sink, .user = user};
  if (!session || !sink)
    return aft__error(error, AFT_E_NULL_HANDLE, session ? "sink" : "session", "the handle is NULL");
  aft_blobs *blobs = aft__store_blobs(aft__session_store(session));
  if (!blobs)
    return aft__error(error, AFT_E_INVALID, "store.blobs",
                      "the store was opened without a blob store: it has no bytes of evidence");
  AFT__TRY(aft__command_run(session, call, &command, &w, NULL, error));
  aft_status status = aft__blob_read(blobs, w.digest, pass_on, &w, error);
  if (status == AFT_E_NOT_FOUND)
    return aft__error(error, AFT_E_CORRUPT, "evidence", "the content %s is gone from the blob store",
                      w.digest);
  return status;
}
