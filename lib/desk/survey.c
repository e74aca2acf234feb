/* Surveys in their simplest form: scheduled when a ticket is resolved, cancelled when it comes back. */
#include "desk/desk_priv.h"

#define MOST_SURVEYS 64

aft_status aft__survey_schedule(aft__ticket *ticket, aft_error *error) {
  aft__cmd *cmd = ticket->cmd;
  aft__policy_survey policy;
  aft__policy_survey_of(cmd->policy, &policy);
  if (!policy.enabled)
    return AFT_OK;
  aft_id id = aft__tx_id(cmd->tx);
  aft_time due = cmd->now + policy.after_ms;
  aft__value row[AFT__SURVEY_COLUMNS] = {
      [AFT__SURVEY_ID] = aft__int(id),
      [AFT__SURVEY_REV] = aft__int(1),
      [AFT__SURVEY_TENANT] = aft__int(cmd->call.tenant),
      [AFT__SURVEY_TICKET] = aft__int(aft__ticket_id(ticket)),
      [AFT__SURVEY_CUSTOMER] = ticket->row[AFT__TICKET_CUSTOMER],
      [AFT__SURVEY_KIND] = aft__text(policy.kind),
      [AFT__SURVEY_STATE] = aft__text(aft__cstr("scheduled")),
      [AFT__SURVEY_DUE] = aft__int(due),
      [AFT__SURVEY_CREATED] = aft__int(cmd->now),
  };
  AFT__TRY(aft__insert(cmd->tx, &aft__survey_table, row, NULL, error));
  return aft__due_set(cmd->tx, cmd->call.tenant, AFT__KIND_SURVEY, id, aft__cstr("survey"), due, error);
}

static aft_status cancel(aft__cmd *cmd, aft__value *row, aft_error *error) {
  if (!aft__str_eq(aft__row_str(row, AFT__SURVEY_STATE), aft__cstr("scheduled")))
    return AFT_OK;
  row[AFT__SURVEY_STATE] = aft__text(aft__cstr("cancelled"));
  AFT__TRY(aft__update(cmd->tx, &aft__survey_table, row, 1u << AFT__SURVEY_STATE, error));
  return aft__due_clear(cmd->tx, row[AFT__SURVEY_ID].number, aft__cstr("survey"), error);
}

aft_status aft__survey_cancel(aft__ticket *ticket, aft_error *error) {
  aft__cmd *cmd = ticket->cmd;
  aft__scan scan = {.table = &aft__survey_table,
                    .index = AFT__SURVEY_BY_TICKET,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), aft__int(aft__ticket_id(ticket))},
                    .descending = true,
                    .limit = MOST_SURVEYS};
  aft__value **rows;
  uint32_t n;
  AFT__TRY(aft__scan_all(cmd->tx, &scan, &rows, &n, error));
  for (uint32_t i = 0; i < n; i++)
    AFT__TRY(cancel(cmd, rows[i], error));
  return AFT_OK;
}

static aft_status send(aft__cmd *cmd, aft__value *row, aft_error *error) {
  aft__ticket ticket;
  aft_status status = aft__ticket_load(cmd, row[AFT__SURVEY_TICKET].number, &ticket, error);
  if (status >= 0)
    status = aft__ticket_send(&ticket, "survey.send", "notify.survey.invite", (aft_str){0}, 0, error);
  if (status >= 0)
    status = aft__ticket_note(&ticket, "survey.sent", (aft_str){0}, (aft_str){0}, error);
  if (status >= 0)
    status = aft__ticket_save(&ticket, error);
  aft__ticket_done(&ticket);
  return status;
}

aft_status aft__survey_due(aft__cmd *cmd, aft_id survey, aft_error *error) {
  aft__value *row;
  AFT__TRY(aft__load(cmd, &aft__survey_table, AFT__SURVEY_TENANT, survey, "survey", &row, error));
  if (!aft__str_eq(aft__row_str(row, AFT__SURVEY_STATE), aft__cstr("scheduled")))
    return AFT_OK;
  row[AFT__SURVEY_STATE] = aft__text(aft__cstr("sent"));
  row[AFT__SURVEY_SENT] = aft__int(cmd->now);
  AFT__TRY(
      aft__update(cmd->tx, &aft__survey_table, row, 1u << AFT__SURVEY_STATE | 1u << AFT__SURVEY_SENT, error));
  return send(cmd, row, error);
}
