/* Whether a customer is asked how it was: decided once, when a ticket is resolved or a case has ended, and
 * the reason stays with the survey. */
#include "desk/survey/survey_priv.h"

#define MOST_TICKETS 64 /* of a customer, and surveys of a matter: those that changed last */

/* What a survey would ask about. */
typedef struct asking {
  aft__cmd *cmd;
  aft__policy_survey policy;
  aft_id ticket, of, shop; /* of: the case; ticket, of: 0 where there is none */
  aft_id customer;
  bool held;
  aft__buf *reasons;
  aft_id id; /* of the survey */
  aft_time due;
  const char *why; /* it is not sent; NULL: it is */
} asking;

/* Decided by the id, so that the same survey is never drawn twice. */
static bool is_sampled(aft_id id, int32_t permille) {
  uint8_t bytes[8];
  for (int i = 0; i < 8; i++)
    bytes[i] = (uint8_t)((uint64_t)id >> (56 - 8 * i));
  return (int32_t)(aft__hash64(bytes, sizeof bytes, 0) % 1000) < permille;
}

static aft_status rows_of(const asking *a, const aft__table *table, uint32_t index, aft_id parent,
                          aft__value ***rows, uint32_t *n, aft_error *error) {
  aft__scan scan = {.table = table,
                    .index = index,
                    .n_equal = 2,
                    .equal = {aft__int(a->cmd->call.tenant), aft__int(parent)},
                    .descending = true,
                    .limit = MOST_TICKETS};
  return aft__scan_all(a->cmd->tx, &scan, rows, n, error);
}

/* ---- the same matter ---- */

/* While a case of the ticket is open, its end will ask. */
static aft_status case_of_ticket(asking *a, aft_error *error) {
  aft__value **rows;
  uint32_t n;
  if (!aft__policy_surveys_ask(a->cmd->policy, AFT__ABOUT_CASE, NULL))
    return AFT_OK;
  AFT__TRY(rows_of(a, &aft__case_table, AFT__CASE_BY_TICKET, a->ticket, &rows, &n, error));
  for (uint32_t i = 0; i < n && !a->why; i++)
    if (aft__row_int(rows[i], AFT__CASE_OPEN) == 2)
      a->why = "case_open";
  return AFT_OK;
}

/* A ticket and the cases that came from it are one matter, of which nobody is asked twice. */
static aft_status same_matter(asking *a, aft_error *error) {
  aft__value **rows;
  uint32_t n;
  if (!a->ticket)
    return AFT_OK;
  AFT__TRY(rows_of(a, &aft__survey_table, AFT__SURVEY_BY_TICKET, a->ticket, &rows, &n, error));
  for (uint32_t i = 0; i < n && !a->why; i++)
    if (aft__survey_stands(rows[i]) && aft__row_int(rows[i], AFT__SURVEY_CASE) != a->of)
      a->why = "asked_already";
  return a->why || a->of ? AFT_OK : case_of_ticket(a, error);
}

/* ---- the customer's other affairs ---- */

/* Whoever has a complaint that nobody has settled is not asked how satisfied they are. */
static aft_status other_tickets(asking *a, aft_error *error) {
  aft__value **rows;
  uint32_t n;
  if (a->held) {
    a->why = "on_hold";
    return AFT_OK;
  }
  AFT__TRY(rows_of(a, &aft__ticket_table, AFT__TICKET_BY_CUSTOMER, a->customer, &rows, &n, error));
  for (uint32_t i = 0; i < n && !a->why; i++) {
    bool other = aft__row_int(rows[i], AFT__TICKET_ID) != a->ticket;
    bool works = aft__row_int(rows[i], AFT__TICKET_OPEN) == 2;
    if (other && works && !aft__str_eq(aft__row_str(rows[i], AFT__TICKET_COMPLAINT), aft__cstr("none")))
      a->why = "open_complaint";
  }
  return AFT_OK;
}

static aft_status open_cases(asking *a, aft_error *error) {
  aft__value **rows;
  uint32_t n;
  AFT__TRY(rows_of(a, &aft__case_table, AFT__CASE_BY_CUSTOMER, a->customer, &rows, &n, error));
  for (uint32_t i = 0; i < n && !a->why; i++) {
    if (aft__row_int(rows[i], AFT__CASE_OPEN) != 2 || aft__row_int(rows[i], AFT__CASE_ID) == a->of)
      continue;
    if (!aft__row_null(rows[i], AFT__CASE_HELD))
      a->why = "on_hold";
    else if (aft__str_eq(aft__row_str(rows[i], AFT__CASE_KIND), aft__cstr("dispute")))
      a->why = "open_dispute";
  }
  return AFT_OK;
}

/* The customer is anchored: of two matters that end at once, one sees the other's survey. */
static aft_status fatigue(asking *a, aft_error *error) {
  aft__cmd *cmd = a->cmd;
  aft__value *customer, **rows, least = aft__int(0);
  uint32_t n;
  aft__scan scan = {.table = &aft__survey_table,
                    .index = AFT__SURVEY_BY_ASKED,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), aft__int(a->customer)},
                    .low = &least,
                    .descending = true,
                    .limit = 1};
  AFT__TRY(aft__scan_all(cmd->tx, &scan, &rows, &n, error));
  if (n && a->due - aft__row_int(rows[0], AFT__SURVEY_ASKED) < a->policy.fatigue_ms) {
    a->why = "fatigued";
    return AFT_OK;
  }
  AFT__TRY(aft__get(cmd->tx, &aft__customer_table, a->customer, &customer, error));
  return aft__anchor(cmd->tx, &aft__customer_table, customer, error);
}

static aft_status why_not(asking *a, aft_error *error) {
  a->why = is_sampled(a->id, a->policy.sample) ? NULL : "sampled_out";
  if (!a->why)
    AFT__TRY(same_matter(a, error));
  if (!a->why)
    AFT__TRY(other_tickets(a, error));
  if (!a->why)
    AFT__TRY(open_cases(a, error));
  if (!a->why && a->policy.fatigue_ms > 0)
    AFT__TRY(fatigue(a, error));
  return AFT_OK;
}

/* ---- scheduling ---- */

aft_time aft__survey_opening(aft__cmd *cmd, const aft__policy_survey *policy, aft_time from) {
  aft_time at = aft__policy_survey_opening(cmd->policy, policy, from);
  return at == AFT_TIME_NONE ? from : at;
}

static void explain(const asking *a) {
  char key[64];
  snprintf(key, sizeof key, "explain.survey.%s", a->why ? a->why : "scheduled");
  aft__reason_add(a->reasons, "survey", key, NULL, 0);
}

static aft_status schedule(asking *a, aft_error *error) {
  aft__cmd *cmd = a->cmd;
  a->id = aft__tx_id(cmd->tx);
  a->due = aft__survey_opening(cmd, &a->policy, cmd->now + a->policy.after_ms);
  AFT__TRY(why_not(a, error));
  aft__value row[AFT__SURVEY_COLUMNS] = {
      [AFT__SURVEY_ID] = aft__int(a->id),
      [AFT__SURVEY_REV] = aft__int(1),
      [AFT__SURVEY_TENANT] = aft__int(cmd->call.tenant),
      [AFT__SURVEY_TICKET] = aft__int(a->ticket),
      [AFT__SURVEY_CUSTOMER] = aft__int(a->customer),
      [AFT__SURVEY_KIND] = aft__text(aft__cstr(aft__policy_survey_kind(&a->policy))),
      [AFT__SURVEY_STATE] = aft__text(aft__cstr(a->why ? "skipped" : "scheduled")),
      [AFT__SURVEY_DUE] = aft__int(a->due),
      [AFT__SURVEY_CREATED] = aft__int(cmd->now),
      [AFT__SURVEY_SHOP] = aft__int(a->shop),
      [AFT__SURVEY_REASON] = a->why ? aft__text(aft__cstr(a->why)) : aft__null(),
      [AFT__SURVEY_ASKED] = a->why ? aft__null() : aft__int(a->due),
      [AFT__SURVEY_NAME] = a->policy.name.len ? aft__text(a->policy.name) : aft__null(),
      [AFT__SURVEY_CASE] = aft__id_or_null(a->of),
  };
  explain(a);
  AFT__TRY(aft__insert(cmd->tx, &aft__survey_table, row, NULL, error));
  return a->why ? AFT_OK
                : aft__due_set(cmd->tx, cmd->call.tenant, AFT__KIND_SURVEY, a->id, aft__cstr(AFT__DUE_SURVEY),
                               a->due, error);
}

aft_status aft__survey_schedule(aft__ticket *ticket, aft_error *error) {
  aft__cmd *cmd = ticket->cmd;
  aft__facts facts;
  bool conditions;
  asking a = {.cmd = cmd,
              .ticket = aft__ticket_id(ticket),
              .shop = aft__ticket_int(ticket, AFT__TICKET_SHOP),
              .customer = aft__ticket_int(ticket, AFT__TICKET_CUSTOMER),
              .held = !aft__row_null(ticket->row, AFT__TICKET_HELD),
              .reasons = &ticket->reasons};
  if (!aft__policy_surveys_ask(cmd->policy, AFT__ABOUT_TICKET, &conditions))
    return AFT_OK;
  memset(&facts, 0, sizeof facts);
  if (conditions)
    AFT__TRY(aft__ticket_facts(ticket, &facts, error));
  if (!aft__policy_survey_pick(cmd->policy, AFT__ABOUT_TICKET, &facts, &a.policy))
    return AFT_OK;
  return schedule(&a, error);
}

/* Surveys are the present policy's, whichever governs the case: so are the tags that it asks for. */
static aft_status facts_of(aft__case *of, aft__facts *facts, aft_error *error) {
  aft__label_owners owners = {.ticket = aft__case_int(of, AFT__CASE_TICKET),
                              .customer = aft__case_int(of, AFT__CASE_CUSTOMER),
                              .order = aft__case_int(of, AFT__CASE_ORDER)};
  AFT__TRY(aft__case_facts(of, facts, error));
  aft__policy_tier_facts(of->cmd->policy, facts);
  return aft__labels_of(of->cmd, of->cmd->policy, &owners, facts, error);
}

/* The ticket is anchored: of a ticket and its case that end at once, one sees the other's survey. Retention
 * may have taken it. */
static aft_status see_ticket(aft__cmd *cmd, aft_id *ticket, aft_error *error) {
  aft__value *row;
  if (!*ticket)
    return AFT_OK;
  aft_status status = aft__get(cmd->tx, &aft__ticket_table, *ticket, &row, error);
  if (status == AFT_OK)
    return aft__anchor(cmd->tx, &aft__ticket_table, row, error);
  if (status != AFT_E_NOT_FOUND)
    return status;
  *ticket = 0;
  return AFT_OK;
}

aft_status aft__survey_case_ended(aft__case *of, aft_error *error) {
  aft__cmd *cmd = of->cmd;
  aft__facts facts;
  asking a = {.cmd = cmd,
              .ticket = aft__case_int(of, AFT__CASE_TICKET),
              .of = aft__case_id(of),
              .shop = aft__case_int(of, AFT__CASE_SHOP),
              .customer = aft__case_int(of, AFT__CASE_CUSTOMER),
              .held = !aft__row_null(of->row, AFT__CASE_HELD),
              .reasons = &of->reasons};
  if (!aft__policy_surveys_ask(cmd->policy, AFT__ABOUT_CASE, NULL))
    return AFT_OK;
  AFT__TRY(see_ticket(cmd, &a.ticket, error));
  AFT__TRY(facts_of(of, &facts, error));
  if (!aft__policy_survey_pick(cmd->policy, AFT__ABOUT_CASE, &facts, &a.policy))
    return AFT_OK;
  return schedule(&a, error);
}
