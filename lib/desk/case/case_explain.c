/* Why things about a case are as they are, in words. */
#include "desk/case/case_priv.h"
#include "desk/due_explain.h"

typedef struct explain_in {
  aft_id id;
  const char *about, *locale;
  aft_buf *out;
} explain_in;

/* The stage is one of the policy that governs the order. */
static aft_status explain_row(aft__explanation *e, const aft__value *row, aft_error *error) {
  aft_policy *own;
  AFT__TRY(aft__policy_of_document(e->cmd, aft__row_str(row, AFT__CASE_POLICY),
                                   aft__row_int(row, AFT__CASE_DOCUMENT), &own, error));
  aft_status status = aft__case_machine(own, aft__row_str(row, AFT__CASE_KIND), &e->flow, error);
  if (status >= 0) {
    e->state = aft__flow_state_find(e->flow, aft__row_str(row, AFT__CASE_STATE));
    e->ends = aft__row_null(row, AFT__CASE_DUE) ? AFT_TIME_NONE : aft__row_int(row, AFT__CASE_DUE);
    status = aft__explain_kept(e, error);
  }
  aft_zone_unref(e->zone);
  aft_policy_unref(own);
  return status;
}

static aft_status explain(aft__cmd *cmd, void *given, aft_error *error) {
  explain_in *in = given;
  aft__value *row;
  AFT__TRY(aft__load(cmd, &aft__case_table, AFT__CASE_TENANT, in->id, "case", &row, error));
  cmd->subject = in->id;
  AFT__TRY(aft__may_case(cmd, row, error));
  aft__explanation e = {
      .cmd = cmd, .subject = in->id, .about = in->about, .locale = in->locale, .out = in->out};
  return explain_row(&e, row, error);
}

aft_status aft_case_explain(aft_session *session, const aft_call *call, aft_id case_id, const char *about,
                            const char *locale, aft_buf **out, aft_error *error) {
  static const aft__command command = {.verb = "case.explain",
                                       .name = "case_explain",
                                       .roles = AFT__ROLES_STAFF,
                                       .read = true,
                                       .run = explain};
  explain_in in = {.id = case_id, .about = about, .locale = locale ? locale : "en"};
  return aft__command_text(session, call, &command, &in, &in.out, out, error);
}
