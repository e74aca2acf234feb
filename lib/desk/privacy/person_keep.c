/* What keeps a record of somebody who asks to be forgotten: a legal hold, or business that is not ended (GDPR
 * article 17(3)(b) and (e), PIPL article 47). */
#include "desk/privacy/person.h"

#define MOST_LOOKED_AT 256 /* cases of a ticket or an order, legs or evidence of a case */

typedef struct looking {
  uint32_t column; /* of text: */
  const char *const *among;
  bool found;
} looking;

static aft_status see_text(void *user, const aft__value *row, aft_error *error) {
  looking *l = user;
  (void)error;
  for (size_t i = 0; l->among[i] && !l->found; i++)
    l->found = aft__str_eq(aft__row_str(row, l->column), aft__cstr(l->among[i]));
  return l->found ? AFT_DONE : AFT_OK;
}

static aft_status see_set(void *user, const aft__value *row, aft_error *error) {
  looking *l = user;
  (void)error;
  l->found = !aft__row_null(row, l->column);
  return l->found ? AFT_DONE : AFT_OK;
}

static aft_status look(aft__cmd *cmd, const aft__table *table, uint32_t index, aft_id parent, aft__row_fn see,
                       looking *l, aft_error *error) {
  aft__scan scan = {.table = table,
                    .index = index,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), aft__int(parent)},
                    .limit = MOST_LOOKED_AT};
  return aft__scan_each(cmd->tx, &scan, see, l, error);
}

static aft_status case_keeps(aft__cmd *cmd, const aft__value *row, const char **why, aft_error *error) {
  static const char *const under_way[] = {"planned", "sent", "unknown", "frozen", NULL};
  aft_id id = row[AFT__CASE_ID].number;
  looking legs = {.column = AFT__LEG_STATE, .among = under_way};
  looking evidence = {.column = AFT__EVIDENCE_HELD};
  if (aft__row_int(row, AFT__CASE_OPEN))
    *why = "open_case";
  else if (!aft__row_null(row, AFT__CASE_HELD))
    *why = "legal_hold";
  if (*why)
    return AFT_OK;
  AFT__TRY(look(cmd, &aft__leg_table, AFT__LEG_BY_CASE, id, see_text, &legs, error));
  if (legs.found)
    *why = "money_under_way";
  if (*why)
    return AFT_OK;
  AFT__TRY(look(cmd, &aft__evidence_table, AFT__EVIDENCE_BY_CASE, id, see_set, &evidence, error));
  if (evidence.found)
    *why = "legal_hold";
  return AFT_OK;
}

/* What a case that is kept came from or is about is kept with it. */
static aft_status cases_keep(aft__cmd *cmd, uint32_t index, aft_id parent, const char **why,
                             aft_error *error) {
  aft__value **rows;
  uint32_t n;
  AFT__TRY(aft__load_rows(cmd, &aft__case_table, index, parent, MOST_LOOKED_AT, &rows, &n, error));
  for (uint32_t i = 0; i < n && !*why; i++)
    AFT__TRY(case_keeps(cmd, rows[i], why, error));
  return AFT_OK;
}

static aft_status one_ticket_keeps(aft__cmd *cmd, const aft__value *row, const char **why, aft_error *error) {
  if (!aft__row_null(row, AFT__TICKET_HELD)) {
    *why = "legal_hold";
    return AFT_OK;
  }
  return cases_keep(cmd, AFT__CASE_BY_TICKET, row[AFT__TICKET_ID].number, why, error);
}

/* A ticket that was merged is part of the matter that goes on in the other. */
static aft_status ticket_keeps(aft__cmd *cmd, const aft__value *row, const char **why, aft_error *error) {
  aft__value *into;
  AFT__TRY(one_ticket_keeps(cmd, row, why, error));
  if (*why || aft__row_null(row, AFT__TICKET_MERGED_INTO))
    return AFT_OK;
  aft_status status =
      aft__get(cmd->tx, &aft__ticket_table, aft__row_int(row, AFT__TICKET_MERGED_INTO), &into, error);
  if (status >= 0)
    status = aft__merge_target(cmd, &into, error);
  if (status == AFT_E_NOT_FOUND)
    return AFT_OK;
  return status < 0 ? status : one_ticket_keeps(cmd, into, why, error);
}

/* A ticket that is named by its id, and may be gone. */
static aft_status named_ticket_keeps(aft__cmd *cmd, aft_id id, const char **why, aft_error *error) {
  aft__value *ticket;
  aft_status status = aft__get(cmd->tx, &aft__ticket_table, id, &ticket, error);
  if (status == AFT_E_NOT_FOUND)
    return AFT_OK;
  return status < 0 ? status : ticket_keeps(cmd, ticket, why, error);
}

/* What somebody answered belongs to what it is about. A survey that is to come says nothing yet. */
static aft_status survey_keeps(aft__cmd *cmd, const aft__value *row, const char **why, aft_error *error) {
  aft__value *of;
  if (aft__str_eq(aft__row_str(row, AFT__SURVEY_STATE), aft__cstr("scheduled")))
    return AFT_OK;
  if (aft__row_int(row, AFT__SURVEY_TICKET))
    AFT__TRY(named_ticket_keeps(cmd, aft__row_int(row, AFT__SURVEY_TICKET), why, error));
  if (*why || aft__row_null(row, AFT__SURVEY_CASE))
    return AFT_OK;
  aft_status status = aft__get(cmd->tx, &aft__case_table, aft__row_int(row, AFT__SURVEY_CASE), &of, error);
  if (status == AFT_E_NOT_FOUND)
    return AFT_OK;
  return status < 0 ? status : case_keeps(cmd, of, why, error);
}

aft_status aft__person_keeps(aft__cmd *cmd, const aft__person_branch *branch, const aft__value *row,
                             const char **why, aft_error *error) {
  *why = NULL;
  switch (branch->child) {
  case AFT__KIND_TICKET:
    return ticket_keeps(cmd, row, why, error);
  case AFT__KIND_PARTICIPANT:
    return named_ticket_keeps(cmd, aft__row_int(row, AFT__PARTICIPANT_TICKET), why, error);
  case AFT__KIND_ORDER:
    return cases_keep(cmd, AFT__CASE_BY_ORDER, row[AFT__ORDER_ID].number, why, error);
  case AFT__KIND_CASE:
    return case_keeps(cmd, row, why, error);
  case AFT__KIND_SURVEY:
    return survey_keeps(cmd, row, why, error);
  default:
    return AFT_OK;
  }
}
