/* Surveys on their way: whether one is sent is decided once, when its ticket is resolved, and the reason
 * stays with it; then it is sent, reminded of and comes to its end as time passes. */
#include "desk/survey_priv.h"

#define MOST_SURVEYS  64
#define MOST_TICKETS  64  /* of a customer: those that changed last */
#define MOST_MESSAGES 256 /* of a ticket: those that came last */

#define DUE_SEND   "survey"
#define DUE_REMIND "remind"
#define DUE_EXPIRE "expire"

bool aft__survey_is(const aft__value *row, const char *state) {
  return aft__str_eq(aft__row_str(row, AFT__SURVEY_STATE), aft__cstr(state));
}

/* ---- whether it is sent ---- */

/* Decided by the id, so that the same survey is never drawn twice. */
static bool is_sampled(aft_id id, int32_t permille) {
  uint8_t bytes[8];
  for (int i = 0; i < 8; i++)
    bytes[i] = (uint8_t)((uint64_t)id >> (56 - 8 * i));
  return (int32_t)(aft__hash64(bytes, sizeof bytes, 0) % 1000) < permille;
}

static aft_status scan_customer(aft__ticket *ticket, const aft__table *table, uint32_t index,
                                aft__value ***rows, uint32_t *n, aft_error *error) {
  aft__cmd *cmd = ticket->cmd;
  aft__scan scan = {.table = table,
                    .index = index,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), ticket->row[AFT__TICKET_CUSTOMER]},
                    .descending = true,
                    .limit = MOST_TICKETS};
  return aft__scan_all(cmd->tx, &scan, rows, n, error);
}

/* Whoever has a complaint that nobody has settled is not asked how satisfied they are. */
static aft_status other_tickets(aft__ticket *ticket, const char **why, aft_error *error) {
  aft__value **rows;
  uint32_t n;
  if (!aft__row_null(ticket->row, AFT__TICKET_HELD)) {
    *why = "on_hold";
    return AFT_OK;
  }
  AFT__TRY(scan_customer(ticket, &aft__ticket_table, AFT__TICKET_BY_CUSTOMER, &rows, &n, error));
  for (uint32_t i = 0; i < n && !*why; i++) {
    bool other = aft__row_int(rows[i], AFT__TICKET_ID) != aft__ticket_id(ticket);
    bool works = aft__row_int(rows[i], AFT__TICKET_OPEN) == 2;
    if (other && works && !aft__str_eq(aft__row_str(rows[i], AFT__TICKET_COMPLAINT), aft__cstr("none")))
      *why = "open_complaint";
  }
  return AFT_OK;
}

static aft_status open_cases(aft__ticket *ticket, const char **why, aft_error *error) {
  aft__value **rows;
  uint32_t n;
  AFT__TRY(scan_customer(ticket, &aft__case_table, AFT__CASE_BY_CUSTOMER, &rows, &n, error));
  for (uint32_t i = 0; i < n && !*why; i++) {
    if (aft__row_int(rows[i], AFT__CASE_OPEN) != 2)
      continue;
    if (!aft__row_null(rows[i], AFT__CASE_HELD))
      *why = "on_hold";
    else if (aft__str_eq(aft__row_str(rows[i], AFT__CASE_KIND), aft__cstr("dispute")))
      *why = "open_dispute";
  }
  return AFT_OK;
}

/* The customer is anchored: of two tickets that are resolved at once, one sees the other's survey. */
static aft_status fatigue(aft__ticket *ticket, int64_t span, aft_time due, const char **why,
                          aft_error *error) {
  aft__cmd *cmd = ticket->cmd;
  aft__value *customer, **rows, least = aft__int(0);
  uint32_t n;
  aft__scan scan = {.table = &aft__survey_table,
                    .index = AFT__SURVEY_BY_ASKED,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), ticket->row[AFT__TICKET_CUSTOMER]},
                    .low = &least,
                    .descending = true,
                    .limit = 1};
  AFT__TRY(aft__scan_all(cmd->tx, &scan, &rows, &n, error));
  if (n && due - aft__row_int(rows[0], AFT__SURVEY_ASKED) < span) {
    *why = "fatigued";
    return AFT_OK;
  }
  AFT__TRY(aft__ticket_customer(ticket, &customer, error));
  return aft__anchor(cmd->tx, &aft__customer_table, customer, error);
}

/* *why: NULL where it is to be sent. */
static aft_status why_not(aft__ticket *ticket, const aft__policy_survey *policy, aft_id id, aft_time due,
                          const char **why, aft_error *error) {
  *why = is_sampled(id, policy->sample) ? NULL : "sampled_out";
  if (!*why)
    AFT__TRY(other_tickets(ticket, why, error));
  if (!*why)
    AFT__TRY(open_cases(ticket, why, error));
  if (!*why && policy->fatigue_ms > 0)
    AFT__TRY(fatigue(ticket, policy->fatigue_ms, due, why, error));
  return AFT_OK;
}

static void explain(aft__ticket *ticket, const char *why) {
  char key[64];
  snprintf(key, sizeof key, "explain.survey.%s", why ? why : "scheduled");
  aft__reason_add(&ticket->reasons, "survey", key, NULL, 0);
}

/* A calendar that is never open again holds nothing back. */
static aft_time opening(aft__cmd *cmd, aft_time from) {
  aft_time at = aft__policy_survey_opening(cmd->policy, from);
  return at == AFT_TIME_NONE ? from : at;
}

aft_status aft__survey_schedule(aft__ticket *ticket, aft_error *error) {
  aft__cmd *cmd = ticket->cmd;
  aft__policy_survey policy;
  const char *why;
  aft__policy_survey_of(cmd->policy, &policy);
  if (!policy.enabled)
    return AFT_OK;
  aft_id id = aft__tx_id(cmd->tx);
  aft_time due = opening(cmd, cmd->now + policy.after_ms);
  AFT__TRY(why_not(ticket, &policy, id, due, &why, error));
  aft__value row[AFT__SURVEY_COLUMNS] = {
      [AFT__SURVEY_ID] = aft__int(id),
      [AFT__SURVEY_REV] = aft__int(1),
      [AFT__SURVEY_TENANT] = aft__int(cmd->call.tenant),
      [AFT__SURVEY_TICKET] = aft__int(aft__ticket_id(ticket)),
      [AFT__SURVEY_CUSTOMER] = ticket->row[AFT__TICKET_CUSTOMER],
      [AFT__SURVEY_KIND] = aft__text(aft__cstr(aft__scales[policy.kind].name)),
      [AFT__SURVEY_STATE] = aft__text(aft__cstr(why ? "skipped" : "scheduled")),
      [AFT__SURVEY_DUE] = aft__int(due),
      [AFT__SURVEY_CREATED] = aft__int(cmd->now),
      [AFT__SURVEY_SHOP] = ticket->row[AFT__TICKET_SHOP],
      [AFT__SURVEY_REASON] = why ? aft__text(aft__cstr(why)) : aft__null(),
      [AFT__SURVEY_ASKED] = why ? aft__null() : aft__int(due),
  };
  explain(ticket, why);
  AFT__TRY(aft__insert(cmd->tx, &aft__survey_table, row, NULL, error));
  return why ? AFT_OK
             : aft__due_set(cmd->tx, cmd->call.tenant, AFT__KIND_SURVEY, id, aft__cstr(DUE_SEND), due, error);
}

/* ---- a ticket that came back ---- */

static aft_status cancel(aft__cmd *cmd, aft__value *row, aft_error *error) {
  if (!aft__survey_is(row, "scheduled"))
    return AFT_OK;
  row[AFT__SURVEY_STATE] = aft__text(aft__cstr("cancelled"));
  row[AFT__SURVEY_REASON] = aft__text(aft__cstr("reopened"));
  row[AFT__SURVEY_ASKED] = aft__null();
  AFT__TRY(aft__update(cmd->tx, &aft__survey_table, row,
                       1u << AFT__SURVEY_STATE | 1u << AFT__SURVEY_REASON | 1u << AFT__SURVEY_ASKED, error));
  return aft__due_clear(cmd->tx, row[AFT__SURVEY_ID].number, aft__cstr(DUE_SEND), error);
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

/* ---- whose work it is about ---- */

static bool is_answer(const aft__value *message) {
  return !aft__row_int(message, AFT__MESSAGE_INBOUND) &&
         aft__row_int(message, AFT__MESSAGE_VISIBILITY) == AFT_PUBLIC &&
         aft__row_int(message, AFT__MESSAGE_ROLE) == AFT_ROLE_AGENT;
}

/* Who has the ticket now may never have spoken to the customer, and a resolved one may be nobody's. */
static aft_status last_to_answer(aft__ticket *ticket, aft__value *agent, aft_error *error) {
  aft__cmd *cmd = ticket->cmd;
  aft__scan scan = {.table = &aft__message_table,
                    .index = AFT__MESSAGE_BY_TICKET,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), aft__int(aft__ticket_id(ticket))},
                    .descending = true,
                    .limit = MOST_MESSAGES};
  aft__value **rows;
  uint32_t n;
  AFT__TRY(aft__scan_all(cmd->tx, &scan, &rows, &n, error));
  *agent = ticket->row[AFT__TICKET_ASSIGNEE];
  for (uint32_t i = 0; i < n; i++)
    if (is_answer(rows[i])) {
      *agent = rows[i][AFT__MESSAGE_ACTOR];
      return AFT_OK;
    }
  return AFT_OK;
}

aft_status aft__survey_freeze(aft__ticket *ticket, aft__value *row, aft_error *error) {
  AFT__TRY(last_to_answer(ticket, &row[AFT__SURVEY_AGENT], error));
  row[AFT__SURVEY_CATEGORY] = ticket->row[AFT__TICKET_CATEGORY];
  row[AFT__SURVEY_TOPIC] = ticket->row[AFT__TICKET_TOPIC];
  row[AFT__SURVEY_QUEUE] = ticket->row[AFT__TICKET_QUEUE];
  return AFT_OK;
}

/* ---- what falls due ---- */

static aft_status set_due(aft__cmd *cmd, const aft__value *row, const char *name, aft_time at,
                          aft_error *error) {
  return aft__due_set(cmd->tx, cmd->call.tenant, AFT__KIND_SURVEY, aft__row_int(row, AFT__SURVEY_ID),
                      aft__cstr(name), at, error);
}

static aft_status tell(aft__ticket *ticket, const aft__value *row, const char *what, const char *verb,
                       aft_error *error) {
  aft_str kind = aft__row_str(row, AFT__SURVEY_KIND);
  aft_id survey = aft__row_int(row, AFT__SURVEY_ID);
  char *facts = aft__arena_printf(ticket->cmd->arena, "{\"survey\":\"%lld\"}", (long long)survey);
  /* The invitation to the first kind is older than the others. */
  bool first = aft__str_eq(kind, aft__cstr("csat"));
  char *key = aft__arena_printf(ticket->cmd->arena, "notify.survey.%s%s%.*s", what, first ? "" : "_",
                                first ? 0 : (int)kind.len, kind.data);
  if (!facts || !key)
    return aft__nomem(error);
  AFT__TRY(aft__ticket_send_survey(ticket, key, survey, error));
  return aft__ticket_note(ticket, verb, aft__cstr(facts), (aft_str){0}, error);
}

static aft_status set_ends(aft__cmd *cmd, aft__value *row, aft_error *error) {
  aft__policy_survey policy;
  aft__policy_survey_of(cmd->policy, &policy);
  aft_time expires = cmd->now + policy.expires_ms;
  row[AFT__SURVEY_EXPIRES] = aft__int(expires);
  AFT__TRY(set_due(cmd, row, DUE_EXPIRE, expires, error));
  if (policy.reminder_ms < 0)
    return AFT_OK;
  aft_time remind = opening(cmd, cmd->now + policy.reminder_ms);
  return remind < expires ? set_due(cmd, row, DUE_REMIND, remind, error) : AFT_OK;
}

static aft_status send(aft__ticket *ticket, aft__value *row, aft_error *error) {
  aft__cmd *cmd = ticket->cmd;
  row[AFT__SURVEY_STATE] = aft__text(aft__cstr("sent"));
  row[AFT__SURVEY_SENT] = row[AFT__SURVEY_ASKED] = aft__int(cmd->now);
  row[AFT__SURVEY_SHOP] = ticket->row[AFT__TICKET_SHOP];
  AFT__TRY(set_ends(cmd, row, error));
  AFT__TRY(aft__survey_freeze(ticket, row, error));
  AFT__TRY(aft__update(cmd->tx, &aft__survey_table, row,
                       1u << AFT__SURVEY_STATE | 1u << AFT__SURVEY_SENT | 1u << AFT__SURVEY_ASKED |
                           1u << AFT__SURVEY_SHOP | 1u << AFT__SURVEY_EXPIRES | AFT__SURVEY_FROZEN,
                       error));
  return tell(ticket, row, "invite", "survey.sent", error);
}

/* While somebody works on the ticket again, the customer has other things to say. */
static aft_status remind(aft__ticket *ticket, aft__value *row, aft_error *error) {
  if (aft__ticket_int(ticket, AFT__TICKET_OPEN) == 2)
    return AFT_OK;
  row[AFT__SURVEY_REMINDED] = aft__int(ticket->cmd->now);
  AFT__TRY(aft__update(ticket->cmd->tx, &aft__survey_table, row, 1u << AFT__SURVEY_REMINDED, error));
  return tell(ticket, row, "remind", "survey.reminded", error);
}

static aft_status with_ticket(aft__cmd *cmd, aft__value *row,
                              aft_status (*fn)(aft__ticket *ticket, aft__value *row, aft_error *error),
                              aft_error *error) {
  aft__ticket ticket;
  aft_status status = aft__ticket_load(cmd, row[AFT__SURVEY_TICKET].number, &ticket, error);
  if (status >= 0)
    status = fn(&ticket, row, error);
  if (status >= 0)
    status = aft__ticket_save(&ticket, error);
  aft__ticket_done(&ticket);
  return status;
}

/* A tick that comes late may come at night. */
static aft_status due_send(aft__cmd *cmd, aft__value *row, aft_error *error) {
  aft_time open = opening(cmd, cmd->now);
  if (!aft__survey_is(row, "scheduled"))
    return AFT_OK;
  if (open == cmd->now)
    return with_ticket(cmd, row, send, error);
  row[AFT__SURVEY_DUE] = row[AFT__SURVEY_ASKED] = aft__int(open);
  AFT__TRY(
      aft__update(cmd->tx, &aft__survey_table, row, 1u << AFT__SURVEY_DUE | 1u << AFT__SURVEY_ASKED, error));
  return set_due(cmd, row, DUE_SEND, open, error);
}

static aft_status due_remind(aft__cmd *cmd, aft__value *row, aft_error *error) {
  aft_time open = opening(cmd, cmd->now), expires = aft__row_int(row, AFT__SURVEY_EXPIRES);
  if (!aft__survey_is(row, "sent") || open >= expires)
    return AFT_OK;
  return open == cmd->now ? with_ticket(cmd, row, remind, error) : set_due(cmd, row, DUE_REMIND, open, error);
}

static aft_status due_expire(aft__cmd *cmd, aft__value *row, aft_error *error) {
  if (!aft__survey_is(row, "sent"))
    return AFT_OK;
  row[AFT__SURVEY_STATE] = aft__text(aft__cstr("expired"));
  AFT__TRY(aft__update(cmd->tx, &aft__survey_table, row, 1u << AFT__SURVEY_STATE, error));
  return aft__due_clear(cmd->tx, aft__row_int(row, AFT__SURVEY_ID), aft__cstr(DUE_REMIND), error);
}

aft_status aft__survey_due(aft__cmd *cmd, aft_id survey, aft_str name, aft_error *error) {
  static const struct {
    const char *name;
    aft_status (*fire)(aft__cmd *cmd, aft__value *row, aft_error *error);
  } dues[] = {{DUE_SEND, due_send}, {DUE_REMIND, due_remind}, {DUE_EXPIRE, due_expire}};
  aft__value *row;
  AFT__TRY(aft__load(cmd, &aft__survey_table, AFT__SURVEY_TENANT, survey, "survey", &row, error));
  for (size_t i = 0; i < AFT__COUNT(dues); i++)
    if (aft__str_eq(name, aft__cstr(dues[i].name)))
      return dues[i].fire(cmd, row, error);
  return aft__error(error, AFT_E_CORRUPT, "due.name", "no deadline of a survey is called '%.*s'",
                    (int)name.len, name.data);
}

/* Nothing more is to come. */
aft_status aft__survey_settled(aft__cmd *cmd, const aft__value *row, aft_error *error) {
  return aft__due_clear_all(cmd->tx, aft__row_int(row, AFT__SURVEY_ID), error);
}
