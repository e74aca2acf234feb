/* One event of a case, as a person or the host causes it. */
#include "desk/case/case_priv.h"

#define ACT_V1 (offsetof(aft_case_act_in, proof) + sizeof(aft_id))

/* ---- what comes with it ---- */

static aft__case_input input_of(const aft_case_act_in *in) {
  return (aft__case_input){.lines = (aft_case_line_in *)in->lines,
                           .n_lines = in->n_lines,
                           .amount = in->amount,
                           .kind = in->kind,
                           .reason = in->reason,
                           .liable = in->liable,
                           .freight = in->freight,
                           .address = in->address,
                           .text = in->text,
                           .carrier = in->carrier,
                           .waybill = in->waybill,
                           .verdict = in->verdict,
                           .freight_minor = in->freight_minor,
                           .share = in->share,
                           .proof = in->proof};
}

static aft_status check_proof(aft__case *c, aft_id proof, aft_error *error) {
  aft__value *row;
  if (!proof)
    return AFT_OK;
  AFT__TRY(aft__load(c->cmd, &aft__evidence_table, AFT__EVIDENCE_TENANT, proof, "case.proof", &row, error));
  if (aft__row_int(row, AFT__EVIDENCE_CASE) == aft__case_id(c))
    return AFT_OK;
  return aft__error(error, AFT_E_INVALID, "case.proof", "the evidence belongs to another case");
}

/* ---- on a case that a marketplace decides ---- */

static void put_intent(aft__case *c, aft__json *json, const void *user) {
  const aft_case_act_in *in = user;
  aft__json_key(json, "platform");
  aft__json_str(json, aft__case_str(c, AFT__CASE_PLATFORM));
  aft__json_key(json, "external");
  aft__json_str(json, aft__case_str(c, AFT__CASE_EXTERNAL));
  aft__json_key(json, "event");
  aft__json_str(json, in->event);
  if (in->amount.currency[0]) {
    aft__json_key(json, "amount");
    aft__json_i64(json, in->amount.minor);
  }
  if (in->waybill.len) {
    aft__json_key(json, "waybill");
    aft__json_str(json, in->waybill);
  }
}

/* It must be possible here too; what comes of it the marketplace says. */
static aft_status intend(aft__case *c, const aft_case_act_in *in, const char *event, aft_error *error) {
  bool lets;
  AFT__TRY(aft__case_lets(c, event, c->cmd->call.role, &lets, error));
  if (!lets)
    return aft__error(error, AFT_E_TRANSITION, c->flow->name, "event '%s' is not possible in state '%.*s'",
                      event, (int)aft__case_str(c, AFT__CASE_STATE).len,
                      aft__case_str(c, AFT__CASE_STATE).data);
  aft__case_set(c, AFT__CASE_INTENT, aft__text(in->event));
  AFT__TRY(aft__case_ask(c, "platform.command", put_intent, in, error));
  return aft__case_note(c, "case.intent", (aft_str){0}, in->event, error);
}

/* ---- the command ---- */

static aft_status act(aft__case *c, const aft_case_act_in *in, aft_error *error) {
  char *event = aft__arena_printf(c->cmd->arena, "%.*s", (int)in->event.len, in->event.data);
  aft__case_input input = input_of(in);
  aft__case_event fire = {.event = event, .in = &input};
  AFT__TRY(aft__may_case(c->cmd, c->row, error));
  if (!event)
    return aft__nomem(error);
  if (in->rev && in->rev != aft__case_int(c, AFT__CASE_REV))
    return aft__error(error, AFT_E_CONFLICT, "case.rev",
                      "the case has changed: it is at revision %lld, not %lld",
                      (long long)aft__case_int(c, AFT__CASE_REV), (long long)in->rev);
  AFT__TRY(check_proof(c, in->proof, error));
  if (aft__case_is(c, AFT__CASE_AUTHORITY, "external"))
    AFT__TRY(intend(c, in, event, error));
  else {
    AFT__TRY(aft__case_find(c, &input, error));
    aft_status status = aft__case_fire(c, &fire, error);
    if (status != AFT_OK)
      return status;
  }
  return aft__case_save(c, error);
}

static aft_status run(aft__cmd *cmd, void *given, aft_error *error) {
  const aft_case_act_in *in = given;
  aft__case c;
  aft_status status = aft__case_load(cmd, in->case_id, &c, error);
  if (status >= 0)
    status = act(&c, in, error);
  cmd->ids[0] = cmd->subject = in->case_id;
  if (status == AFT_OK)
    cmd->row = c.row;
  aft__case_done(&c);
  return status;
}

static void digest(aft__sha256 *sha, const void *given) {
  const aft_case_act_in *in = given;
  const int64_t numbers[] = {in->case_id, in->rev, in->amount.minor, in->freight_minor, in->share, in->proof};
  const aft_str texts[] = {in->event,   in->kind, in->reason,  in->liable,  in->freight,
                           in->address, in->text, in->carrier, in->waybill, in->verdict};
  for (size_t i = 0; i < AFT__COUNT(numbers); i++)
    aft__digest_i64(sha, numbers[i]);
  for (size_t i = 0; i < AFT__COUNT(texts); i++)
    aft__digest_str(sha, texts[i]);
  aft__digest_str(sha, aft__str(in->amount.currency, sizeof in->amount.currency));
  aft__case_lines_digest(sha, in->lines, in->n_lines);
}

static aft_status check(aft_case_act_in *in, aft__arena *arena, aft_error *error) {
  struct {
    aft_str *text;
    size_t most;
    const char *where;
  } texts[] = {{&in->kind, 64, "case.kind"},         {&in->reason, 64, "case.reason"},
               {&in->liable, 64, "case.liable"},     {&in->freight, 64, "case.freight"},
               {&in->address, 1000, "case.address"}, {&in->text, 4000, "case.text"},
               {&in->carrier, 64, "case.carrier"},   {&in->waybill, 64, "case.waybill"},
               {&in->verdict, 16, "case.verdict"}};
  aft_case_line_in *lines;
  AFT__TRY(aft__in_id(in->case_id, "case.case_id", error));
  AFT__TRY(aft__in_name(&in->event, 64, "case.event", error));
  for (size_t i = 0; i < AFT__COUNT(texts); i++)
    AFT__TRY(aft__in_text(texts[i].text, texts[i].most, texts[i].where, error));
  if (in->proof)
    AFT__TRY(aft__in_id(in->proof, "case.proof", error));
  if (in->freight_minor < 0)
    return aft__error(error, AFT_E_INVALID, "case.freight_minor", "expected 0 or more, found %lld",
                      (long long)in->freight_minor);
  AFT__TRY(aft__case_money_check(&in->amount, error));
  AFT__TRY(aft__case_lines_copy(arena, in->lines, in->n_lines, &lines, error));
  in->lines = lines;
  return AFT_OK;
}

aft_status aft_case_act(aft_session *session, const aft_call *call, const aft_case_act_in *in,
                        aft_record **out, aft_error *error) {
  static const aft__command command = {.verb = "case.act",
                                       .name = "case_act",
                                       .roles = AFT__ROLES_ALL | AFT__ROLE(AFT_ROLE_WAREHOUSE),
                                       .by_link = true,
                                       .returns = AFT_KIND_CASE,
                                       .audits = true,
                                       .digest = digest,
                                       .run = run,
                                       .hide = aft__case_hide};
  aft_case_act_in local;
  aft__arena arena;
  if (!session)
    return aft__error(error, AFT_E_NULL_HANDLE, "session", "the session is NULL");
  AFT__TRY(aft__abi_copy(&local, sizeof local, in, ACT_V1, "aft_case_act_in", error));
  aft__arena_init(&arena, aft__session_env(session));
  aft_status status = check(&local, &arena, error);
  if (status >= 0)
    status = aft__command_run(session, call, &command, &local, out, error);
  else
    aft__command_refused(session, call, &command, local.case_id, status);
  aft__arena_done(&arena);
  return status;
}
