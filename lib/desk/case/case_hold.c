/* Legal hold: retention removes nothing of a case, nor of its evidence. */
#include "desk/case/case_priv.h"

typedef struct hold_in {
  aft_id id;
  uint32_t hold;
  aft_str reason;
} hold_in;

static aft_status hold_evidence(aft__case *c, bool hold, aft_error *error) {
  aft__value **rows;
  uint32_t n;
  AFT__TRY(aft__load_rows(c->cmd, &aft__evidence_table, AFT__EVIDENCE_BY_CASE, aft__case_id(c), 1000, &rows,
                          &n, error));
  for (uint32_t i = 0; i < n; i++) {
    rows[i][AFT__EVIDENCE_HELD] = hold ? aft__int(c->cmd->now) : aft__null();
    AFT__TRY(
        aft__update(c->cmd->tx, &aft__evidence_table, rows[i], UINT64_C(1) << AFT__EVIDENCE_HELD, error));
  }
  return AFT_OK;
}

aft_status aft__case_set_hold(aft__case *c, bool hold, aft_str reason, aft_error *error) {
  if (aft__row_null(c->row, AFT__CASE_HELD) != hold)
    return AFT_IGNORED;
  aft__case_set(c, AFT__CASE_HELD, hold ? aft__int(c->cmd->now) : aft__null());
  AFT__TRY(hold_evidence(c, hold, error));
  AFT__TRY(aft__case_note(c, hold ? "case.held" : "case.unheld", (aft_str){0}, reason, error));
  return hold ? AFT_OK : aft__case_tell(c, "hold_ended", error);
}

static aft_status hold(aft__case *c, const hold_in *in, aft_error *error) {
  AFT__TRY(aft__may_case(c->cmd, c->row, error));
  aft_status status = aft__case_set_hold(c, in->hold != 0, in->reason, error);
  return status == AFT_OK ? aft__case_save(c, error) : status;
}

static aft_status run(aft__cmd *cmd, void *given, aft_error *error) {
  const hold_in *in = given;
  aft__case c;
  aft_status status = aft__case_load(cmd, in->id, &c, error);
  if (status >= 0)
    status = hold(&c, in, error);
  aft__case_done(&c);
  return status;
}

static void digest(aft__sha256 *sha, const void *given) {
  const hold_in *in = given;
  aft__digest_i64(sha, in->id);
  aft__digest_i64(sha, in->hold);
  aft__digest_str(sha, in->reason);
}

aft_status aft_case_hold(aft_session *session, const aft_call *call, aft_id case_id, uint32_t hold_it,
                         const char *reason, aft_error *error) {
  static const aft__command command = {.verb = "case.hold",
                                       .name = "case_hold",
                                       .roles = AFT__ROLES_STAFF,
                                       .audits = true,
                                       .digest = digest,
                                       .run = run};
  hold_in in = {case_id, hold_it, {reason, reason ? AFT_NTS : 0}};
  AFT__TRY(aft__in_id(case_id, "case.case_id", error));
  AFT__TRY(aft__in_text(&in.reason, AFT__NAME_BYTES, "case.reason", error));
  if (hold_it > 1)
    return aft__error(error, AFT_E_INVALID, "case.hold", "expected 0 or 1, found %u", hold_it);
  if (hold_it && !in.reason.len)
    return aft__error(error, AFT_E_INVALID, "case.reason", "expected why the case is held");
  return aft__command_run(session, call, &command, &in, NULL, error);
}
