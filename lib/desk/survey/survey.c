/* Surveys on their way: sent, reminded of and brought to their end as time passes, or taken back. */
#include "desk/survey/survey_priv.h"

#define MOST_SURVEYS 64
#define MOST_MOVED   1000 /* surveys of a ticket that come along with a merge */

#define DUE_REMIND "remind"
#define DUE_EXPIRE "expire"

bool aft__survey_is(const aft__value *row, const char *state) {
  return aft__str_eq(aft__row_str(row, AFT__SURVEY_STATE), aft__cstr(state));
}

bool aft__survey_stands(const aft__value *row) {
  return !aft__survey_is(row, "skipped") && !aft__survey_is(row, "cancelled");
}

bool aft__survey_terms(const aft__cmd *cmd, const aft__value *row, aft__policy_survey *out) {
  return aft__policy_survey_find(cmd->policy, aft__row_str(row, AFT__SURVEY_NAME), out);
}

/* ---- a ticket that came back ---- */

static aft_status call_off(aft__cmd *cmd, aft__value *row, const char *why, aft_error *error) {
  row[AFT__SURVEY_STATE] = aft__text(aft__cstr("cancelled"));
  row[AFT__SURVEY_REASON] = aft__text(aft__cstr(why));
  row[AFT__SURVEY_ASKED] = aft__null();
  return aft__update(cmd->tx, &aft__survey_table, row,
                     1u << AFT__SURVEY_STATE | 1u << AFT__SURVEY_REASON | 1u << AFT__SURVEY_ASKED, error);
}

/* A case that has ended does not come back, whatever its ticket does. */
static aft_status cancel(aft__cmd *cmd, aft__value *row, aft_error *error) {
  if (!aft__survey_is(row, "scheduled") || !aft__row_null(row, AFT__SURVEY_CASE))
    return AFT_OK;
  AFT__TRY(call_off(cmd, row, "reopened", error));
  return aft__due_clear(cmd->tx, row[AFT__SURVEY_ID].number, aft__cstr(AFT__DUE_SURVEY), error);
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

aft_status aft__surveys_follow(aft__ticket *from, aft__ticket *to, bool cases, aft_error *error) {
  aft__cmd *cmd = from->cmd;
  aft__value **rows;
  uint32_t n;
  AFT__TRY(aft__load_rows(cmd, &aft__survey_table, AFT__SURVEY_BY_TICKET, aft__ticket_id(from), MOST_MOVED,
                          &rows, &n, error));
  for (uint32_t i = 0; i < n; i++) {
    if (!aft__survey_stands(rows[i]) || (!cases && !aft__row_null(rows[i], AFT__SURVEY_CASE)))
      continue;
    rows[i][AFT__SURVEY_TICKET] = aft__int(aft__ticket_id(to));
    AFT__TRY(aft__update(cmd->tx, &aft__survey_table, rows[i], 1u << AFT__SURVEY_TICKET, error));
  }
  return AFT_OK;
}

/* ---- what falls due ---- */

static aft_status set_due(aft__cmd *cmd, const aft__value *row, const char *name, aft_time at,
                          aft_error *error) {
  return aft__due_set(cmd->tx, cmd->call.tenant, AFT__KIND_SURVEY, aft__row_int(row, AFT__SURVEY_ID),
                      aft__cstr(name), at, error);
}

/* The invitation to the usual survey of the first kind is older than the others. */
static const char *event_of(aft__cmd *cmd, const aft__value *row, const char *what) {
  aft_str kind = aft__row_str(row, AFT__SURVEY_KIND), name = aft__row_str(row, AFT__SURVEY_NAME);
  bool first = aft__str_eq(kind, aft__cstr("csat"));
  if (name.len)
    return aft__arena_printf(cmd->arena, "survey.%.*s.%s", (int)name.len, name.data, what);
  return aft__arena_printf(cmd->arena, "survey.%s%s%.*s", what, first ? "" : "_", first ? 0 : (int)kind.len,
                           kind.data);
}

/* Tells the customer of the survey's event of that name; *suppressed: they wish no such notice, or nothing
 * can reach them, as the notice says. */
static aft_status tell(const aft__survey_matter *matter, const aft__value *row, const char *what,
                       bool *suppressed, aft_error *error) {
  aft_id survey = aft__row_int(row, AFT__SURVEY_ID);
  const char *event = event_of(matter->cmd, row, what);
  *suppressed = false;
  if (!event)
    return aft__nomem(error);
  return matter->of ? aft__case_send_survey(matter->of, event, survey, suppressed, error)
                    : aft__ticket_send_survey(matter->ticket, event, survey, suppressed, error);
}

static aft_status note(const aft__survey_matter *matter, const aft__value *row, const char *verb,
                       aft_error *error) {
  char *facts = aft__arena_printf(matter->cmd->arena, "{\"survey\":\"%lld\"}",
                                  (long long)aft__row_int(row, AFT__SURVEY_ID));
  return facts ? aft__survey_note(matter, verb, aft__cstr(facts), (aft_str){0}, error) : aft__nomem(error);
}

static aft_status set_ends(aft__cmd *cmd, aft__value *row, aft_error *error) {
  aft__policy_survey policy;
  aft__survey_terms(cmd, row, &policy);
  aft_time expires = cmd->now + policy.expires_ms;
  row[AFT__SURVEY_EXPIRES] = aft__int(expires);
  AFT__TRY(set_due(cmd, row, DUE_EXPIRE, expires, error));
  if (policy.reminder_ms < 0)
    return AFT_OK;
  aft_time remind = aft__survey_opening(cmd, &policy, cmd->now + policy.reminder_ms);
  return remind < expires ? set_due(cmd, row, DUE_REMIND, remind, error) : AFT_OK;
}

static aft_status send(const aft__survey_matter *matter, aft__value *row, void *user, aft_error *error) {
  aft__cmd *cmd = matter->cmd;
  bool suppressed;
  (void)user;
  AFT__TRY(tell(matter, row, "invite", &suppressed, error));
  if (suppressed)
    return call_off(cmd, row, "suppressed", error);
  row[AFT__SURVEY_STATE] = aft__text(aft__cstr("sent"));
  row[AFT__SURVEY_SENT] = row[AFT__SURVEY_ASKED] = aft__int(cmd->now);
  AFT__TRY(set_ends(cmd, row, error));
  AFT__TRY(aft__survey_freeze(matter, row, error));
  AFT__TRY(aft__survey_freeze_sent(matter, row, error));
  AFT__TRY(aft__update(cmd->tx, &aft__survey_table, row,
                       1u << AFT__SURVEY_STATE | 1u << AFT__SURVEY_SENT | 1u << AFT__SURVEY_ASKED |
                           1u << AFT__SURVEY_EXPIRES | AFT__SURVEY_FROZEN | AFT__SURVEY_FROZEN_SENT,
                       error));
  return note(matter, row, "survey.sent", error);
}

/* While somebody works on the ticket again, the customer has other things to say. */
static aft_status remind(const aft__survey_matter *matter, aft__value *row, void *user, aft_error *error) {
  bool suppressed;
  (void)user;
  if (!matter->of && aft__ticket_int(matter->ticket, AFT__TICKET_OPEN) == 2)
    return AFT_OK;
  AFT__TRY(tell(matter, row, "remind", &suppressed, error));
  if (suppressed)
    return AFT_OK;
  row[AFT__SURVEY_REMINDED] = aft__int(matter->cmd->now);
  AFT__TRY(aft__update(matter->cmd->tx, &aft__survey_table, row, 1u << AFT__SURVEY_REMINDED, error));
  return note(matter, row, "survey.reminded", error);
}

aft_status aft__survey_unsent(aft__cmd *cmd, aft_id survey, aft_error *error) {
  aft__value *row;
  AFT__TRY(aft__load(cmd, &aft__survey_table, AFT__SURVEY_TENANT, survey, "survey", &row, error));
  if (!aft__survey_is(row, "sent") || !aft__row_null(row, AFT__SURVEY_REMINDED))
    return AFT_OK;
  row[AFT__SURVEY_SENT] = row[AFT__SURVEY_EXPIRES] = aft__null();
  AFT__TRY(aft__update(cmd->tx, &aft__survey_table, row, 1u << AFT__SURVEY_SENT | 1u << AFT__SURVEY_EXPIRES,
                       error));
  AFT__TRY(call_off(cmd, row, "suppressed", error));
  return aft__survey_settled(cmd, row, error);
}

aft_status aft__survey_asks(aft__cmd *cmd, aft_id survey, const aft__value *ticket, bool *asks,
                            aft_error *error) {
  aft__value *row;
  aft_status status = aft__get(cmd->tx, &aft__survey_table, survey, &row, error);
  bool again = ticket && aft__row_int(ticket, AFT__TICKET_OPEN) == 2;
  *asks = status >= 0 && aft__survey_is(row, "sent") && !again;
  return status == AFT_E_NOT_FOUND ? AFT_OK : status;
}

/* A tick that comes late may come at night. */
static aft_status due_send(aft__cmd *cmd, aft__value *row, aft_error *error) {
  aft__policy_survey policy;
  if (!aft__survey_is(row, "scheduled"))
    return AFT_OK;
  if (!aft__survey_terms(cmd, row, &policy)) /* its words went with it */
    return call_off(cmd, row, "withdrawn", error);
  aft_time open = aft__survey_opening(cmd, &policy, cmd->now);
  if (open == cmd->now)
    return aft__survey_with(cmd, row, send, NULL, error);
  row[AFT__SURVEY_DUE] = row[AFT__SURVEY_ASKED] = aft__int(open);
  AFT__TRY(
      aft__update(cmd->tx, &aft__survey_table, row, 1u << AFT__SURVEY_DUE | 1u << AFT__SURVEY_ASKED, error));
  return set_due(cmd, row, AFT__DUE_SURVEY, open, error);
}

static aft_status due_remind(aft__cmd *cmd, aft__value *row, aft_error *error) {
  aft__policy_survey policy;
  bool known = aft__survey_terms(cmd, row, &policy);
  aft_time open = aft__survey_opening(cmd, &policy, cmd->now);
  if (!aft__survey_is(row, "sent") || open >= aft__row_int(row, AFT__SURVEY_EXPIRES))
    return AFT_OK;
  if (!known || policy.reminder_ms < 0) /* the policy reminds no more */
    return AFT_OK;
  return open == cmd->now ? aft__survey_with(cmd, row, remind, NULL, error)
                          : set_due(cmd, row, DUE_REMIND, open, error);
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
  } dues[] = {{AFT__DUE_SURVEY, due_send}, {DUE_REMIND, due_remind}, {DUE_EXPIRE, due_expire}};
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
