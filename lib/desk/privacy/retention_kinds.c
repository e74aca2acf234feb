/* What retention removes of each kind, and when one may go. A further kind is a line in the table below, one
 * in lib/policy/retention.c, and one in its schema. */
#include "desk/privacy/person.h"
#include "desk/privacy/retention.h"

/* ---- what is left of something ---- */

static aft_status see_any(void *user, const aft__value *row, aft_error *error) {
  (void)row, (void)error;
  *(bool *)user = true;
  return AFT_DONE;
}

/* Whether there are rows by an index that begins with the tenant and an id. */
static aft_status any(aft__cmd *cmd, const aft__table *table, uint32_t index, aft_id id, bool *out,
                      aft_error *error) {
  aft__scan scan = {.table = table,
                    .index = index,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), aft__int(id)},
                    .limit = 1};
  return *out ? AFT_OK : aft__scan_each(cmd->tx, &scan, see_any, out, error);
}

static aft_status see_time(void *user, const aft__value *row, aft_error *error) {
  (void)error;
  *(aft_time *)user = aft__row_int(row, AFT__EV_AT);
  return AFT_DONE;
}

/* When something last happened to a record that keeps no such time itself. */
static aft_status last_event(aft__cmd *cmd, aft_id id, aft_time *out, aft_error *error) {
  aft__scan scan = {.table = &aft__event_table,
                    .index = AFT__EV_BY_SUBJECT,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), aft__int(id)},
                    .descending = true,
                    .limit = 1};
  *out = aft_id_time(id);
  return aft__scan_each(cmd->tx, &scan, see_time, out, error);
}

static bool ended_before(const aft__value *row, uint32_t open, uint32_t closed, aft_time before) {
  return !aft__row_int(row, open) && !aft__row_null(row, closed) && aft__row_int(row, closed) < before;
}

/* ---- kinds ---- */

static aft_status keeps(aft__cmd *cmd, uint32_t kind, const aft__value *row, bool *out, aft_error *error) {
  const aft__person_branch branch = {.parent = AFT__KIND_CUSTOMER, .child = kind};
  const char *why;
  AFT__TRY(aft__person_keeps(cmd, &branch, row, &why, error));
  *out = why != NULL;
  return AFT_OK;
}

/* What is disputed or followed up is needed as long as that is there. */
static aft_status retire_case(aft__cmd *cmd, aft__value *row, aft_time before, aft_error *error) {
  bool stays = false;
  if (!ended_before(row, AFT__CASE_OPEN, AFT__CASE_CLOSED, before))
    return AFT_OK;
  AFT__TRY(keeps(cmd, AFT__KIND_CASE, row, &stays, error));
  AFT__TRY(any(cmd, &aft__case_table, AFT__CASE_BY_PARENT, row[AFT__CASE_ID].number, &stays, error));
  return stays ? AFT_OK : aft__record_retire(cmd, AFT__KIND_CASE, row, error);
}

static aft_status retire_order(aft__cmd *cmd, aft__value *row, aft_time before, aft_error *error) {
  aft_id id = row[AFT__ORDER_ID].number;
  bool stays = false;
  aft_time last;
  AFT__TRY(any(cmd, &aft__case_table, AFT__CASE_BY_ORDER, id, &stays, error));
  AFT__TRY(any(cmd, &aft__ticket_table, AFT__TICKET_BY_ORDER, id, &stays, error));
  AFT__TRY(last_event(cmd, id, &last, error));
  if (stays || last >= before || aft__row_int(row, AFT__ORDER_CREATED) >= before)
    return AFT_OK;
  return aft__record_retire(cmd, AFT__KIND_ORDER, row, error);
}

static aft_status retire_link(aft__cmd *cmd, aft__value *row, aft_time before, aft_error *error) {
  if (aft__row_int(row, AFT__LINK_CREATED) >= before || aft__row_int(row, AFT__LINK_EXPIRES) >= cmd->now)
    return AFT_OK;
  return aft__record_retire(cmd, AFT__KIND_LINK, row, error);
}

static aft_status retire_erasure(aft__cmd *cmd, aft__value *row, aft_time before, aft_error *error) {
  if (aft__row_null(row, AFT__ERASURE_ENDED) || aft__row_int(row, AFT__ERASURE_ENDED) >= before)
    return AFT_OK;
  return aft__record_retire(cmd, AFT__KIND_ERASURE, row, error);
}

/* Somebody of whom nothing is left but how to reach them is forgotten. */
static aft_status retire_customer(aft__cmd *cmd, aft__value *row, aft_time before, aft_error *error) {
  static const struct {
    const aft__table *table;
    uint32_t index;
  } needs[] = {
      {&aft__ticket_table, AFT__TICKET_BY_CUSTOMER},  {&aft__order_table, AFT__ORDER_BY_CUSTOMER},
      {&aft__order_table, AFT__ORDER_BY_PAYER},       {&aft__order_table, AFT__ORDER_BY_RECIPIENT},
      {&aft__case_table, AFT__CASE_BY_CUSTOMER},      {&aft__participant_table, AFT__PARTICIPANT_BY_CUSTOMER},
      {&aft__erasure_table, AFT__ERASURE_BY_CUSTOMER}};
  aft_id id = row[AFT__CUSTOMER_ID].number;
  bool stays = !aft__row_null(row, AFT__CUSTOMER_ERASED);
  aft__value *erasure;
  aft_time last;
  for (size_t i = 0; i < AFT__COUNT(needs); i++)
    AFT__TRY(any(cmd, needs[i].table, needs[i].index, id, &stays, error));
  if (stays)
    return AFT_OK;
  AFT__TRY(last_event(cmd, id, &last, error));
  if (last >= before || aft__row_int(row, AFT__CUSTOMER_CREATED) >= before)
    return AFT_OK;
  AFT__TRY(aft__erasure_ask(cmd, row, aft__cstr("retention"), &erasure, error));
  return AFT_DONE;
}

/* A ticket stays for its figures, without what was said in it, by whomever. */
static aft_status retire_messages(aft__cmd *cmd, aft__value *row, aft_time before, aft_error *error) {
  bool stays = false, gone;
  if (!ended_before(row, AFT__TICKET_OPEN, AFT__TICKET_CLOSED, before) ||
      !aft__row_str(row, AFT__TICKET_SUBJECT).len)
    return AFT_OK;
  AFT__TRY(keeps(cmd, AFT__KIND_TICKET, row, &stays, error));
  if (stays)
    return AFT_OK;
  AFT__TRY(aft__ticket_forget_words(cmd, row, &gone, error));
  return gone ? AFT_DONE : AFT_OK;
}

/* ---- all of them ---- */

/* Tenant first; the rest of what the index begins with stands here. */
const aft__retire aft__retires[] = {
    {"cases",
     AFT__RETAIN_CASES,
     &aft__case_table,
     AFT__CASE_BY_OPEN,
     3,
     {{0}, {AFT_SQL_INT, 0, 0, NULL, 0}, {0}},
     retire_case},
    {"orders", AFT__RETAIN_ORDERS, &aft__order_table, AFT__ORDER_BY_TENANT, 1, {{0}}, retire_order},
    {"links", AFT__RETAIN_LINKS, &aft__link_table, AFT__LINK_BY_TENANT, 1, {{0}}, retire_link},
    {"erasures", AFT__RETAIN_ERASURES, &aft__erasure_table, AFT__ERASURE_BY_TENANT, 1, {{0}}, retire_erasure},
    {"messages", AFT__RETAIN_MESSAGES, &aft__ticket_table, AFT__TICKET_BY_OPENED, 1, {{0}}, retire_messages},
    {"customers",
     AFT__RETAIN_CUSTOMERS,
     &aft__customer_table,
     AFT__CUSTOMER_BY_TENANT,
     1,
     {{0}},
     retire_customer},
};

const size_t aft__retire_count = AFT__COUNT(aft__retires);
