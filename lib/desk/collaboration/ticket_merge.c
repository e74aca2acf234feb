/* Merging: one ticket takes the place of another of the same customer. All that was said, and whoever takes
 * part, follows or waits, comes along; codes and messages of the old ticket lead to the new one for ever.
 *
 * Tickets are merged into one that is no merged one itself, and a merged one has come to its end, so merges
 * make no circle. What was merged into the old ticket is pointed to the new one, which keeps the chains
 * short. */
#include "desk/collaboration/collaborate_priv.h"

#include "desk/label/label_priv.h"

#define MOST_CHAIN 64    /* merges that are followed from one to the next */
#define AT_ONCE    256u  /* messages and tickets in one transaction */
#define MOST_KIN   1000u /* rows of one table that come along */
#define LATEST     16u   /* messages among which the last public one is looked for */

aft_status aft__merge_target(aft__cmd *cmd, aft__value **row, aft_error *error) {
  for (int i = 0; !aft__row_null(*row, AFT__TICKET_MERGED_INTO); i++) {
    if (i == MOST_CHAIN)
      return aft__error(error, AFT_E_CORRUPT, "ticket.merged_into",
                        "more than %d merges lead from one ticket to the next", MOST_CHAIN);
    AFT__TRY(aft__get(cmd->tx, &aft__ticket_table, aft__row_int(*row, AFT__TICKET_MERGED_INTO), row, error));
  }
  return AFT_OK;
}

/* ---- whether ---- */

static aft_status check_open(aft__cmd *cmd, aft__value *other, aft_error *error) {
  aft__value *target = other;
  AFT__TRY(aft__merge_target(cmd, &target, error));
  if (target != other)
    return aft__error(error, AFT_E_TRANSITION, "act.other", "the other ticket was merged into ticket %lld",
                      (long long)target[AFT__TICKET_ID].number);
  if (!aft__row_int(other, AFT__TICKET_OPEN))
    return aft__error(error, AFT_E_TRANSITION, "act.other", "the other ticket has come to its end");
  return AFT_OK;
}

aft_status aft__ticket_merge_check(aft__ticket *ticket, const aft_act_in *in, aft__fire *fire,
                                   aft_error *error) {
  aft__cmd *cmd = ticket->cmd;
  aft__value *other;
  (void)fire;
  AFT__TRY(aft__load(cmd, &aft__ticket_table, AFT__TICKET_TENANT, in->other, "act.other", &other, error));
  AFT__TRY(aft__may_shop(cmd, aft__row_int(other, AFT__TICKET_SHOP), error));
  if (in->other == in->ticket)
    return aft__error(error, AFT_E_INVALID, "act.other", "a ticket cannot be merged into itself");
  if (aft__row_int(other, AFT__TICKET_CUSTOMER) != aft__ticket_int(ticket, AFT__TICKET_CUSTOMER))
    return aft__error(error, AFT_E_INVALID, "act.other", "the tickets are of different customers");
  if (aft__is_incident(ticket->row))
    return aft__error(error, AFT_E_TRANSITION, "act.ticket",
                      "the ticket is an incident: its children have to be taken away first");
  return check_open(cmd, other, error);
}

/* ---- messages ---- */

/* The latest first: what is read of the ticket at once is there at once. */
static aft_status move_messages(aft__ticket *from, aft__ticket *to, uint32_t *n, aft_error *error) {
  aft__cmd *cmd = from->cmd;
  aft__value **rows;
  aft__scan scan = {.table = &aft__message_table,
                    .index = AFT__MESSAGE_BY_TICKET,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), aft__int(aft__ticket_id(from))},
                    .descending = true,
                    .limit = AT_ONCE};
  AFT__TRY(aft__scan_all(cmd->tx, &scan, &rows, n, error));
  for (uint32_t i = 0; i < *n; i++)
    AFT__TRY(aft__message_move(cmd, rows[i], aft__ticket_id(to), error));
  if (*n)
    AFT__TRY(aft__messages_came(to, aft__ticket_id(from), *n, error));
  return *n == AT_ONCE ? aft__ticket_due(from, aft__cstr(AFT__DUE_MERGE), cmd->now, error) : AFT_OK;
}

aft_status aft__merge_rest(aft__ticket *ticket, aft_error *error) {
  aft__cmd *cmd = ticket->cmd;
  aft__value *row = ticket->row;
  aft__ticket to;
  uint32_t n;
  AFT__TRY(aft__merge_target(cmd, &row, error));
  if (row == ticket->row)
    return AFT_OK;
  aft_status status = aft__ticket_load(cmd, row[AFT__TICKET_ID].number, &to, error);
  if (status >= 0)
    status = move_messages(ticket, &to, &n, error);
  if (status >= 0)
    status = aft__ticket_save(&to, error);
  aft__ticket_done(&to);
  return status;
}

/* ---- what else hangs on a ticket ---- */

/* Rows that name a ticket. What the other has already stays with the old one. */
static const struct kin {
  const aft__table *table;
  uint32_t index; /* begins with the tenant and the ticket */
  uint32_t ticket;
  uint32_t most; /* that the other may have in the end; 0: any number */
  bool of_shop;  /* belongs to the shop: stays where the other ticket is another shop's */
} kin[] = {{&aft__participant_table, AFT__PARTICIPANT_BY_TICKET, AFT__PARTICIPANT_TICKET, 0, false},
           {&aft__tag_table, AFT__TAG_BY_SUBJECT, AFT__TAG_SUBJECT, AFT__MOST_TAGS, false},
           {&aft__case_table, AFT__CASE_BY_TICKET, AFT__CASE_TICKET, 0, true}};

static aft_status move_rows(aft__ticket *from, aft__ticket *to, const struct kin *k, uint32_t *n,
                            aft_error *error) {
  aft__cmd *cmd = from->cmd;
  aft__value **rows, **there;
  uint32_t n_there = 0;
  AFT__TRY(aft__load_rows(cmd, k->table, k->index, aft__ticket_id(from), MOST_KIN, &rows, n, error));
  if (k->most && *n)
    AFT__TRY(aft__load_rows(cmd, k->table, k->index, aft__ticket_id(to), k->most, &there, &n_there, error));
  for (uint32_t i = 0; i < *n && (!k->most || n_there < k->most); i++) {
    rows[i][k->ticket] = aft__int(aft__ticket_id(to));
    aft_status status = aft__update(cmd->tx, k->table, rows[i], UINT64_C(1) << k->ticket, error);
    if (status < 0 && status != AFT_E_EXISTS)
      return status;
    n_there += status >= 0;
  }
  return AFT_OK;
}

/* Whoever takes part is found by the search under the ticket too. */
static aft_status move_kin(aft__ticket *from, aft__ticket *to, aft_error *error) {
  uint32_t n;
  bool same_shop = aft__ticket_int(from, AFT__TICKET_SHOP) == aft__ticket_int(to, AFT__TICKET_SHOP);
  for (size_t i = 0; i < AFT__COUNT(kin); i++) {
    if (kin[i].of_shop && !same_shop)
      continue;
    AFT__TRY(move_rows(from, to, &kin[i], &n, error));
    if (n && kin[i].table == &aft__participant_table)
      AFT__TRY(aft__ticket_note(to, "ticket.invited", (aft_str){0}, (aft_str){0}, error));
  }
  AFT__TRY(aft__followers_move(from, to, error));
  AFT__TRY(aft__tasks_follow(from, to, error));
  AFT__TRY(aft__child_merged(from, to, error));
  if (same_shop && aft__row_null(to->row, AFT__TICKET_ORDER) && !aft__row_null(from->row, AFT__TICKET_ORDER))
    aft__ticket_set(to, AFT__TICKET_ORDER, from->row[AFT__TICKET_ORDER]);
  AFT__TRY(aft__survey_cancel(from, error));
  return aft__surveys_follow(from, to, same_shop, error);
}

static aft_status shorten_chains(aft__ticket *from, aft_id to, aft_error *error) {
  aft__cmd *cmd = from->cmd;
  aft__value **rows;
  uint32_t n;
  AFT__TRY(aft__load_rows(cmd, &aft__ticket_table, AFT__TICKET_BY_MERGED, aft__ticket_id(from), AT_ONCE,
                          &rows, &n, error));
  for (uint32_t i = 0; i < n; i++) {
    rows[i][AFT__TICKET_MERGED_INTO] = aft__int(to);
    AFT__TRY(
        aft__update(cmd->tx, &aft__ticket_table, rows[i], UINT64_C(1) << AFT__TICKET_MERGED_INTO, error));
  }
  return AFT_OK;
}

/* ---- an answer that is owed ---- */

typedef struct last {
  bool any, asks;
  aft_time at;
} last;

static aft_status see(void *user, const aft__value *row, aft_error *error) {
  last *l = user;
  (void)error;
  if (aft__row_int(row, AFT__MESSAGE_VISIBILITY) != AFT_PUBLIC)
    return AFT_OK;
  l->any = true;
  l->asks = aft__row_int(row, AFT__MESSAGE_INBOUND) &&
            !aft__str_eq(aft__row_str(row, AFT__MESSAGE_DISPOSITION), aft__cstr("acknowledged"));
  l->at = aft__row_int(row, AFT__MESSAGE_CREATED);
  return AFT_DONE;
}

/* The customer who asked last in the old ticket waits in the new one, since then. */
static aft_status go_on_waiting(aft__ticket *to, aft_error *error) {
  aft__cmd *cmd = to->cmd;
  last l = {0};
  if (aft__ticket_owes(to, AFT__SLA_FIRST_RESPONSE) || aft__ticket_owes(to, AFT__SLA_NEXT_RESPONSE))
    return AFT_OK;
  aft__scan scan = {.table = &aft__message_table,
                    .index = AFT__MESSAGE_BY_TICKET,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), aft__int(aft__ticket_id(to))},
                    .descending = true,
                    .limit = LATEST};
  AFT__TRY(aft__scan_each(cmd->tx, &scan, see, &l, error));
  if (!l.asks)
    return AFT_OK;
  aft__fire fire = {.event = "customer_reply", .verb = "ticket.asked_again", .role = AFT_ROLE_BUYER};
  aft_status status = aft__ticket_fire(to, &fire, error);
  if (status != AFT_OK)
    return status < 0 ? status : AFT_OK;
  return aft__ticket_await_since(to, l.at, error);
}

/* ---- the merge ---- */

static aft_status join(aft__ticket *from, aft__ticket *to, aft_error *error) {
  aft__facts facts;
  uint32_t n;
  char *told = aft__arena_printf(from->cmd->arena, "{\"ticket\":\"%lld\"}", (long long)aft__ticket_id(from));
  if (!told)
    return aft__nomem(error);
  AFT__TRY(aft__ticket_note(to, "ticket.merged_in", aft__cstr(told), (aft_str){0}, error));
  AFT__TRY(move_messages(from, to, &n, error));
  AFT__TRY(move_kin(from, to, error));
  AFT__TRY(shorten_chains(from, aft__ticket_id(to), error));
  AFT__TRY(go_on_waiting(to, error));
  AFT__TRY(aft__ticket_facts(to, &facts, error));
  AFT__TRY(aft__ticket_prioritise(to, &facts, true, error));
  return aft__ticket_save(to, error);
}

aft_status aft__ticket_merge(aft__ticket *ticket, const aft_act_in *in, aft_error *error) {
  aft__ticket to;
  aft__ticket_set(ticket, AFT__TICKET_MERGED_INTO, aft__int(in->other));
  aft_status status = aft__ticket_load(ticket->cmd, in->other, &to, error);
  if (status >= 0)
    status = join(ticket, &to, error);
  aft__ticket_done(&to);
  return status;
}
