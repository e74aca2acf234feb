/* What becomes of units that an inspection found, when it is decided otherwise later. */
#include "desk/case/case_priv.h"

#define FINDING_V1 (offsetof(aft_finding_in, text) + sizeof(aft_str))

/* ---- the record ---- */

static aft_status check_quantity(const aft__value *row, int64_t n, aft_error *error) {
  int64_t found = aft__row_int(row, AFT__FINDING_QUANTITY);
  if (n <= found)
    return AFT_OK;
  return aft__error(error, AFT_E_CHECK, "finding.quantity",
                    "expected at most the %lld units that were found, found %lld", (long long)found,
                    (long long)n);
}

static aft_status check_there(const aft__value *row, aft_error *error) {
  aft_str condition = aft__row_str(row, AFT__FINDING_CONDITION);
  if (!aft__condition_absent(condition))
    return AFT_OK;
  return aft__error(error, AFT_E_TRANSITION, "finding", "the units are %.*s: nothing can become of them",
                    (int)condition.len, condition.data);
}

/* Some of the units go another way: they become a finding of their own. */
static aft_status split(aft__cmd *cmd, aft__value *row, const aft_finding_in *in, aft_error *error) {
  aft__value *part = aft__arena_alloc(cmd->arena, AFT__FINDING_COLUMNS * sizeof *part);
  if (!part)
    return aft__nomem(error);
  memcpy(part, row, AFT__FINDING_COLUMNS * sizeof *part);
  part[AFT__FINDING_ID] = aft__int(aft__tx_id(cmd->tx));
  part[AFT__FINDING_REV] = aft__int(1);
  part[AFT__FINDING_QUANTITY] = aft__int(in->quantity);
  part[AFT__FINDING_DISPOSITION] = aft__text(in->disposition);
  part[AFT__FINDING_CREATED] = aft__int(cmd->now);
  row[AFT__FINDING_QUANTITY] = aft__int(aft__row_int(row, AFT__FINDING_QUANTITY) - in->quantity);
  AFT__TRY(aft__update(cmd->tx, &aft__finding_table, row, UINT64_C(1) << AFT__FINDING_QUANTITY, error));
  cmd->ids[0] = part[AFT__FINDING_ID].number;
  cmd->row = part;
  return aft__insert(cmd->tx, &aft__finding_table, part, NULL, error);
}

static aft_status write(aft__cmd *cmd, aft__value *row, const aft_finding_in *in, aft_error *error) {
  if (in->quantity && in->quantity < aft__row_int(row, AFT__FINDING_QUANTITY))
    return split(cmd, row, in, error);
  row[AFT__FINDING_DISPOSITION] = aft__text(in->disposition);
  cmd->ids[0] = in->finding;
  cmd->row = row;
  return aft__update(cmd->tx, &aft__finding_table, row, UINT64_C(1) << AFT__FINDING_DISPOSITION, error);
}

/* ---- the audit event ---- */

static aft_status facts_of(aft__cmd *cmd, aft_str before, aft_str *out, aft_error *error) {
  aft__buf buf;
  aft__json json;
  const aft__value *row = cmd->row;
  aft__buf_init(&buf, cmd->env);
  aft__json_init(&json, &buf);
  aft__json_open(&json, '{');
  aft__json_key(&json, "before");
  aft__json_str(&json, before);
  aft__json_key(&json, "disposition");
  aft__json_str(&json, aft__row_str(row, AFT__FINDING_DISPOSITION));
  aft__json_key(&json, "finding");
  aft__json_id(&json, row[AFT__FINDING_ID].number);
  aft__json_key(&json, "line");
  aft__json_id(&json, aft__row_int(row, AFT__FINDING_LINE));
  aft__json_key(&json, "quantity");
  aft__json_i64(&json, aft__row_int(row, AFT__FINDING_QUANTITY));
  aft__json_close(&json, '}');
  *out = buf.failed ? (aft_str){0} : aft__arena_dup(cmd->arena, aft__buf_view(&buf));
  aft__buf_done(&buf);
  return out->data ? AFT_OK : aft__nomem(error);
}

/* ---- the command ---- */

static aft_status dispose(aft__case *c, aft__value *row, const aft_finding_in *in, aft_error *error) {
  aft_str facts, before = aft__row_str(row, AFT__FINDING_DISPOSITION);
  c->cmd->ids[0] = in->finding;
  c->cmd->row = row;
  AFT__TRY(aft__may_case(c->cmd, c->row, error));
  AFT__TRY(check_there(row, error));
  AFT__TRY(check_quantity(row, in->quantity, error));
  if (aft__str_eq(before, in->disposition))
    return AFT_IGNORED;
  AFT__TRY(write(c->cmd, row, in, error));
  AFT__TRY(facts_of(c->cmd, before, &facts, error));
  AFT__TRY(aft__case_note(c, "case.disposed", facts, in->text, error));
  return aft__case_save(c, error);
}

static aft_status run(aft__cmd *cmd, void *given, aft_error *error) {
  const aft_finding_in *in = given;
  aft__value *row;
  aft__case c;
  AFT__TRY(aft__load(cmd, &aft__finding_table, AFT__FINDING_TENANT, in->finding, "finding", &row, error));
  cmd->subject = aft__row_int(row, AFT__FINDING_CASE);
  aft_status status = aft__case_load_row(cmd, cmd->subject, &c, error);
  if (status >= 0)
    status = dispose(&c, row, in, error);
  aft__case_done(&c);
  return status;
}

static void digest(aft__sha256 *sha, const void *given) {
  const aft_finding_in *in = given;
  aft__digest_i64(sha, in->finding);
  aft__digest_i64(sha, in->quantity);
  aft__digest_str(sha, in->disposition);
  aft__digest_str(sha, in->text);
}

static aft_status check_input(aft_finding_in *in, aft_error *error) {
  AFT__TRY(aft__in_id(in->finding, "finding.finding", error));
  AFT__TRY(aft__in_name(&in->disposition, 64, "finding.disposition", error));
  AFT__TRY(aft__in_text(&in->text, 1000, "finding.text", error));
  if (in->quantity < 0)
    return aft__error(error, AFT_E_INVALID, "finding.quantity", "expected 0 (all) or more, found %lld",
                      (long long)in->quantity);
  if (aft__disposition_known(in->disposition))
    return AFT_OK;
  return aft__error(error, AFT_E_INVALID, "finding.disposition", "expected %s, found '%.*s'",
                    AFT__DISPOSITIONS, (int)aft__utf8_cut(in->disposition, 40), in->disposition.data);
}

aft_status aft_finding_dispose(aft_session *session, const aft_call *call, const aft_finding_in *in,
                               aft_record **out, aft_error *error) {
  static const aft__command command = {
      .verb = "finding.dispose",
      .name = "finding_dispose",
      .roles = AFT__ROLE(AFT_ROLE_SYSTEM) | AFT__ROLE(AFT_ROLE_AGENT) | AFT__ROLE(AFT_ROLE_WAREHOUSE),
      .returns = AFT_KIND_FINDING,
      .audits = true,
      .digest = digest,
      .run = run};
  aft_finding_in local;
  AFT__TRY(aft__abi_copy(&local, sizeof local, in, FINDING_V1, "aft_finding_in", error));
  aft_status status = check_input(&local, error);
  if (status >= 0)
    return aft__command_run(session, call, &command, &local, out, error);
  aft__command_refused(session, call, &command, local.finding, status);
  return status;
}
