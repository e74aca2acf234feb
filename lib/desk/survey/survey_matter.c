/* What a survey asks about: its ticket or case while it is sent and answered, and what is kept of them. */
#include "desk/survey/survey_priv.h"

#define MOST_MESSAGES 256 /* of a ticket: those that came last */

/* ---- loading ---- */

static aft_status with_case(const aft__survey_matter *given, aft__value *row, aft__survey_fn fn, void *user,
                            aft_error *error) {
  aft__survey_matter matter = *given;
  aft__case of;
  if (aft__row_null(row, AFT__SURVEY_CASE))
    return fn(&matter, row, user, error);
  matter.of = &of;
  aft_status status = aft__case_load(matter.cmd, aft__row_int(row, AFT__SURVEY_CASE), &of, error);
  if (status >= 0)
    status = fn(&matter, row, user, error);
  if (status >= 0)
    status = aft__case_save(&of, error);
  aft__case_done(&of);
  return status;
}

aft_status aft__survey_with_ticket(aft__ticket *ticket, aft__value *row, aft__survey_fn fn, void *user,
                                   aft_error *error) {
  aft__survey_matter matter = {.cmd = ticket->cmd, .ticket = ticket};
  return with_case(&matter, row, fn, user, error);
}

aft_status aft__survey_with(aft__cmd *cmd, aft__value *row, aft__survey_fn fn, void *user, aft_error *error) {
  aft__ticket ticket;
  aft_id id = aft__row_int(row, AFT__SURVEY_TICKET);
  if (!id)
    return with_case(&(aft__survey_matter){.cmd = cmd}, row, fn, user, error);
  aft_status status = aft__ticket_load(cmd, id, &ticket, error);
  if (status >= 0)
    status = aft__survey_with_ticket(&ticket, row, fn, user, error);
  if (status >= 0)
    status = aft__ticket_save(&ticket, error);
  aft__ticket_done(&ticket);
  return status;
}

aft_status aft__survey_note(const aft__survey_matter *matter, const char *verb, aft_str facts,
                            aft_str personal, aft_error *error) {
  return matter->of ? aft__case_note(matter->of, verb, facts, personal, error)
                    : aft__ticket_note(matter->ticket, verb, facts, personal, error);
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

aft_status aft__survey_freeze(const aft__survey_matter *matter, aft__value *row, aft_error *error) {
  aft__ticket *ticket = matter->ticket;
  if (!ticket)
    return AFT_OK;
  AFT__TRY(last_to_answer(ticket, &row[AFT__SURVEY_AGENT], error));
  row[AFT__SURVEY_CATEGORY] = ticket->row[AFT__TICKET_CATEGORY];
  row[AFT__SURVEY_TOPIC] = ticket->row[AFT__TICKET_TOPIC];
  row[AFT__SURVEY_QUEUE] = ticket->row[AFT__TICKET_QUEUE];
  return AFT_OK;
}

/* ---- which article it is about ---- */

static bool is_goods(const aft__value *line) {
  return !aft__line_is_extra(line) && aft__row_str(line, AFT__LINE_SKU).len;
}

/* Of several articles, the one that the case asks most for. */
static aft_status article_of_case(aft__cmd *cmd, aft_id of, aft__value *out, aft_error *error) {
  aft__value **rows, *line;
  uint32_t n;
  int64_t most = -1;
  AFT__TRY(aft__load_rows(cmd, &aft__case_line_table, AFT__CASE_LINE_BY_CASE, of, AFT__MOST_CASE_LINES, &rows,
                          &n, error));
  for (uint32_t i = 0; i < n; i++) {
    int64_t amount = aft__row_int(rows[i], AFT__CASE_LINE_AMOUNT);
    AFT__TRY(aft__get(cmd->tx, &aft__line_table, aft__row_int(rows[i], AFT__CASE_LINE_LINE), &line, error));
    if (!is_goods(line) || amount <= most)
      continue;
    *out = line[AFT__LINE_SKU];
    most = amount;
  }
  return AFT_OK;
}

/* Nobody knows which of several articles a ticket about the order is about. */
static aft_status article_of_order(aft__cmd *cmd, aft_id order, aft__value *out, aft_error *error) {
  aft__value **rows;
  uint32_t n;
  AFT__TRY(aft__order_lines(cmd, order, &rows, &n, error));
  for (uint32_t i = 0; i < n; i++) {
    if (!is_goods(rows[i]))
      continue;
    if (out->type != AFT_SQL_NULL &&
        !aft__str_eq(aft__value_str(out), aft__row_str(rows[i], AFT__LINE_SKU))) {
      *out = aft__null();
      return AFT_OK;
    }
    *out = rows[i][AFT__LINE_SKU];
  }
  return AFT_OK;
}

static aft_status latest_case(aft__cmd *cmd, aft_id ticket, aft_id *of, aft_error *error) {
  aft__scan scan = {.table = &aft__case_table,
                    .index = AFT__CASE_BY_TICKET,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), aft__int(ticket)},
                    .descending = true,
                    .limit = 1};
  aft__value **rows;
  uint32_t n;
  AFT__TRY(aft__scan_all(cmd->tx, &scan, &rows, &n, error));
  *of = n ? rows[0][AFT__CASE_ID].number : 0;
  return AFT_OK;
}

static aft_status article(const aft__survey_matter *matter, aft__value *out, aft_error *error) {
  aft__cmd *cmd = matter->cmd;
  aft_id of = matter->of ? aft__case_id(matter->of) : 0;
  *out = aft__null();
  if (!of)
    AFT__TRY(latest_case(cmd, aft__ticket_id(matter->ticket), &of, error));
  if (of)
    return article_of_case(cmd, of, out, error);
  aft_id order = aft__ticket_int(matter->ticket, AFT__TICKET_ORDER);
  return order ? article_of_order(cmd, order, out, error) : AFT_OK;
}

aft_status aft__survey_freeze_sent(const aft__survey_matter *matter, aft__value *row, aft_error *error) {
  aft__value *customer;
  AFT__TRY(aft__get(matter->cmd->tx, &aft__customer_table, aft__row_int(row, AFT__SURVEY_CUSTOMER), &customer,
                    error));
  row[AFT__SURVEY_SHOP] =
      matter->of ? matter->of->row[AFT__CASE_SHOP] : matter->ticket->row[AFT__TICKET_SHOP];
  row[AFT__SURVEY_TIER] = customer[AFT__CUSTOMER_TIER];
  row[AFT__SURVEY_CHANNEL] = matter->ticket ? matter->ticket->row[AFT__TICKET_CHANNEL] : aft__null();
  return article(matter, &row[AFT__SURVEY_PRODUCT], error);
}
