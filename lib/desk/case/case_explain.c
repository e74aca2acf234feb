/* Why things about a case are as they are, in words. */
#include "desk/case/case_priv.h"

typedef struct explain_in {
  aft_id id;
  const char *about, *locale;
  const aft_policy *policy;
  aft_buf *out;
} explain_in;

static aft_status add_reasons(void *user, const aft__value *row, aft_error *error) {
  explain_in *in = user;
  (void)error;
  aft__reasons_render(in->policy, in->locale, aft__row_str(row, AFT__DECISION_REASONS), in->about, in->out);
  return AFT_OK;
}

static aft_status explain(aft__cmd *cmd, void *given, aft_error *error) {
  explain_in *in = given;
  aft__value *row;
  AFT__TRY(aft__load(cmd, &aft__case_table, AFT__CASE_TENANT, in->id, "case", &row, error));
  cmd->subject = in->id;
  AFT__TRY(aft__may_case(cmd, row, error));
  aft__scan scan = {.table = &aft__decision_table,
                    .index = AFT__DECISION_BY_TICKET,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), aft__int(in->id)}};
  in->policy = cmd->policy;
  aft__buf_clear(in->out);
  return aft__scan_each(cmd->tx, &scan, add_reasons, in, error);
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
