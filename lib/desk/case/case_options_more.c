/* What can be done about a case beside the events of its machine: a dispute that can be filed about it, and
 * evidence that is asked for or may be added. */
#include "desk/case/case_priv.h"
#include "desk/evidence/evidence_priv.h"

static bool has_role(const aft__cmd *cmd, uint32_t roles) { return roles & AFT__ROLE(cmd->call.role); }

static void put_label(aft__case *c, const char *locale, const char *key, aft_str otherwise, aft__json *json) {
  aft__buf label;
  aft__buf_init(&label, c->cmd->env);
  aft__case_render(c, locale, key, &label);
  aft__json_key(json, "label");
  aft__json_str(json, label.len ? aft__buf_view(&label) : otherwise);
  json->buf->failed |= label.failed;
  aft__buf_done(&label);
}

static void put_text(aft__json *json, const char *key, aft_str text) {
  aft__json_key(json, key);
  aft__json_str(json, text);
}

/* ---- a dispute ---- */

/* Refusals that say that this caller cannot file it now. */
static bool is_refusal(aft_status status) {
  return status == AFT_E_DENIED || status == AFT_E_INVALID || status == AFT_E_INELIGIBLE ||
         status == AFT_E_CHECK;
}

static aft_status try_filing(aft__case *dispute, const aft_case_in *in, bool *out, aft_error *error) {
  aft__flow_step_out step;
  AFT__TRY(aft__case_judge(dispute, in, error));
  aft_status status = aft__case_ask_machine(dispute, "file", dispute->cmd->call.role, &step, error);
  *out = status == AFT_OK && step.move;
  return status < 0 ? status : AFT_OK;
}

/* As filing does it; nothing is written. */
static aft_status can_file(aft__case *c, const aft_case_in *in, bool *out, aft_error *error) {
  aft__case dispute;
  aft_error own = AFT_ERROR_INIT;
  aft_id subject = c->cmd->subject;
  *out = false;
  aft_status status = aft__case_prepare(c->cmd, in, &dispute, &own);
  if (status >= 0)
    status = try_filing(&dispute, in, out, &own);
  aft__case_done(&dispute);
  c->cmd->subject = subject;
  return status < 0 && !is_refusal(status) ? aft__error_pass(error, &own) : AFT_OK;
}

static void put_dispute(aft__case *c, const char *locale, const aft_case_in *in, const char *to,
                        aft__json *json) {
  aft__json_open(json, '{');
  put_text(json, "file", in->kind);
  put_label(c, locale, "case.file.dispute", in->kind, json);
  put_text(json, "to", aft__cstr(to));
  aft__json_key(json, "parent");
  aft__json_id(json, in->parent);
  put_text(json, "reason", in->reason);
  aft__json_key(json, "inputs");
  aft__json_open(json, '[');
  aft__json_str(json, aft__cstr("text"));
  aft__json_close(json, ']');
  aft__json_close(json, '}');
}

aft_status aft__options_dispute(aft__case *c, const char *locale, aft__json *json, aft_error *error) {
  const aft_str kind = aft__cstr("dispute");
  aft__flow_step_out step;
  bool can = false;
  if (!has_role(c->cmd, AFT__ROLES_ALL) || !aft__policy_machine(c->policy, "dispute"))
    return AFT_OK;
  aft_status status = aft__case_ask_machine(c, "disputed", AFT_ROLE_SYSTEM, &step, error);
  if (status != AFT_OK || !step.move)
    return status < 0 ? status : AFT_OK;
  aft_case_in in = {.size = sizeof in,
                    .order = aft__case_int(c, AFT__CASE_ORDER),
                    .kind = kind,
                    .reason = aft__policy_own_reason(c->policy, kind),
                    .parent = aft__case_id(c)};
  AFT__TRY(can_file(c, &in, &can, error));
  if (can)
    put_dispute(c, locale, &in, c->flow->texts + c->flow->states[step.to].name, json);
  return AFT_OK;
}

/* ---- evidence ---- */

static void put_kinds(aft__case *c, const char *locale, const aft__case_proven *proof, aft__json *json) {
  aft__json_key(json, "kinds");
  aft__json_open(json, '[');
  for (uint32_t i = 0; i < proof->reason.n_required; i++) {
    aft_str kind = proof->reason.required[i];
    char *key = aft__arena_printf(c->cmd->arena, "case.evidence.%.*s", (int)kind.len, kind.data);
    json->buf->failed |= !key;
    if (!key)
      break;
    aft__json_open(json, '{');
    put_text(json, "kind", kind);
    put_label(c, locale, key, kind, json);
    aft__json_key(json, "missing");
    aft__json_bool(json, proof->missing[i]);
    aft__json_close(json, '}');
  }
  aft__json_close(json, ']');
}

static void put_types(aft__case *c, aft__json *json) {
  aft__evidence_limits limits;
  aft__policy_evidence_limits(c->cmd->policy, &limits);
  aft__json_key(json, "types");
  aft__json_open(json, '[');
  for (uint32_t i = 0; i < limits.n_types; i++)
    aft__json_str(json, limits.types[i]);
  aft__json_close(json, ']');
}

/* It is asked for where the case waits for it, and where a kind that the reason needs is missing. */
aft_status aft__options_evidence(aft__case *c, const char *locale, aft__json *json, aft_error *error) {
  aft__case_proven proof;
  aft_error full = AFT_ERROR_INIT;
  int64_t room = 0;
  bool waits;
  if (!has_role(c->cmd, AFT__ROLES_ALL) || !aft__case_int(c, AFT__CASE_OPEN))
    return AFT_OK;
  aft_status status = aft__evidence_room(c->cmd, aft__case_id(c), 0, &room, &full);
  if (status == AFT_E_TOO_LARGE)
    return AFT_OK;
  if (status < 0)
    return aft__error_pass(error, &full);
  AFT__TRY(aft__case_proof(c, aft__case_str(c, AFT__CASE_REASON), &proof, error));
  AFT__TRY(aft__case_lets(c, "submit", c->cmd->call.role, &waits, error));
  aft__json_open(json, '{');
  put_text(json, "add", aft__cstr("evidence"));
  put_label(c, locale, "case.add.evidence", aft__cstr("evidence"), json);
  aft__json_key(json, "asked");
  aft__json_bool(json, waits || !proof.whole);
  put_kinds(c, locale, &proof, json);
  put_types(c, json);
  aft__json_key(json, "bytes");
  aft__json_i64(json, room);
  aft__json_close(json, '}');
  return AFT_OK;
}
