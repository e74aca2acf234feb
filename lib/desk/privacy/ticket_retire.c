/* Removing one ticket whose time is over, with all that belongs to it, in one transaction.
 *
 * What is left is one event under the ticket's id: how long its chain was and the chain's last hash, so that
 * an export that was made before can still be held against it. */
#include "desk/privacy/person.h"
#include "desk/privacy/retention.h"

#define PAGE  64
#define LATER (7 * AFT__DAY) /* until a ticket that is still needed is looked at again */
#define SOON  AFT__DAY
#define NEVER INT64_MAX

typedef struct removal {
  aft__cmd *cmd;
  aft_id ticket;
  aft_time before; /* tickets that were closed before may go */
  aft__value *row;
  int64_t messages;
  aft__blobs_gone blobs;
} removal;

/* ---- what still needs the ticket ---- */

/* Another ticket keeps this one as long as it will not go itself. */
static bool stays(const removal *r, const aft__value *other) {
  return aft__row_int(other, AFT__TICKET_OPEN) != 0 || aft__row_null(other, AFT__TICKET_CLOSED) ||
         aft__row_int(other, AFT__TICKET_CLOSED) >= r->before || !aft__row_null(other, AFT__TICKET_HELD);
}

typedef struct looking {
  const removal *r;
  bool found;
} looking;

static aft_status see_ticket(void *user, const aft__value *row, aft_error *error) {
  looking *l = user;
  (void)error;
  l->found = stays(l->r, row);
  return l->found ? AFT_DONE : AFT_OK;
}

static aft_status see_effect(void *user, const aft__value *row, aft_error *error) {
  looking *l = user;
  int64_t state = aft__row_int(row, AFT__OB_STATE);
  (void)error;
  l->found = state != AFT__OUT_DONE && state != AFT__OUT_DEAD;
  return l->found ? AFT_DONE : AFT_OK;
}

static aft_status see_event(void *user, const aft__value *row, aft_error *error) {
  looking *l = user;
  (void)error;
  l->found = aft__row_int(row, AFT__EV_FEED) == 0;
  return l->found ? AFT_DONE : AFT_OK;
}

static aft_status see_task(void *user, const aft__value *row, aft_error *error) {
  looking *l = user;
  (void)error;
  l->found = aft__row_int(row, AFT__TASK_OPEN) != 0;
  return l->found ? AFT_DONE : AFT_OK;
}

/* Rows of the ticket by an index that begins with tenant and ticket. */
static aft__scan rows_of(const removal *r, const aft__table *table, uint32_t index, aft_id parent) {
  return (aft__scan){.table = table,
                     .index = index,
                     .n_equal = 2,
                     .equal = {aft__int(r->cmd->call.tenant), aft__int(parent)}};
}

static aft_status find_target(removal *r, bool *needed, aft_error *error) {
  aft__value *other;
  if (aft__row_null(r->row, AFT__TICKET_MERGED_INTO))
    return AFT_OK;
  aft_status status =
      aft__get(r->cmd->tx, &aft__ticket_table, aft__row_int(r->row, AFT__TICKET_MERGED_INTO), &other, error);
  if (status == AFT_E_NOT_FOUND)
    return AFT_OK;
  AFT__TRY(status);
  *needed = stays(r, other);
  return AFT_OK;
}

/* As long as a case that came from it is open or held, the ticket is part of that matter. */
static aft_status find_case(removal *r, bool *needed, aft_error *error) {
  const aft__person_branch branch = {.parent = AFT__KIND_CUSTOMER, .child = AFT__KIND_TICKET};
  const char *why;
  AFT__TRY(aft__person_keeps(r->cmd, &branch, r->row, &why, error));
  *needed |= why != NULL;
  return AFT_OK;
}

/* *wait: for how long it is to be left alone; 0 when nothing needs it. */
static aft_status find_need(removal *r, int64_t *wait, aft_error *error) {
  static const struct {
    const aft__table *table;
    uint32_t index;
    aft__row_fn see;
    int64_t wait;
  } needs[] = {{&aft__ticket_table, AFT__TICKET_BY_FOLLOWED, see_ticket, LATER},
               {&aft__ticket_table, AFT__TICKET_BY_MERGED, see_ticket, LATER},
               {&aft__task_table, AFT__TASK_BY_TICKET, see_task, LATER},
               {&aft__outbox_table, AFT__OB_BY_SUBJECT, see_effect, LATER},
               {&aft__event_table, AFT__EV_BY_SUBJECT, see_event, SOON}};
  bool needed = false;
  *wait = 0;
  AFT__TRY(find_target(r, &needed, error));
  AFT__TRY(find_case(r, &needed, error));
  if (needed)
    *wait = LATER;
  for (size_t i = 0; i < AFT__COUNT(needs) && !*wait; i++) {
    looking l = {.r = r};
    aft__scan scan = rows_of(r, needs[i].table, needs[i].index, r->ticket);
    AFT__TRY(aft__scan_each(r->cmd->tx, &scan, needs[i].see, &l, error));
    if (l.found)
      *wait = needs[i].wait;
  }
  return AFT_OK;
}

/* ---- removing what belongs to it ---- */

typedef aft_status (*before_fn)(removal *r, const aft__value *row, aft_error *error);

static aft_status remove_rows(removal *r, const aft__table *table, uint32_t index, aft_id parent,
                              before_fn before, aft_error *error) {
  aft__scan scan = rows_of(r, table, index, parent);
  aft__tx *tx = r->cmd->tx;
  aft__value **rows;
  uint32_t n;
  scan.limit = PAGE;
  do {
    AFT__TRY(aft__scan_all(tx, &scan, &rows, &n, error));
    for (uint32_t i = 0; i < n; i++) {
      if (before)
        AFT__TRY(before(r, rows[i], error));
      AFT__TRY(aft__remove(tx, table, rows[i][AFT__COL_ID].number, rows[i][AFT__COL_REV].number, error));
    }
  } while (n == PAGE);
  return AFT_OK;
}

static aft_status note_blob(removal *r, const aft__value *row, aft_error *error) {
  return aft__blobs_add(&r->blobs, row, error);
}

static aft_status empty_message(removal *r, const aft__value *row, aft_error *error) {
  aft_id message = aft__row_int(row, AFT__MESSAGE_ID);
  r->messages++;
  AFT__TRY(remove_rows(r, &aft__part_table, AFT__PART_BY_MESSAGE, message, note_blob, error));
  return remove_rows(r, &aft__revision_table, AFT__REVISION_BY_MESSAGE, message, NULL, error);
}

static aft_status empty_survey(removal *r, const aft__value *row, aft_error *error) {
  AFT__TRY(aft__survey_empty(r->cmd->tx, row, error));
  return aft__due_clear_all(r->cmd->tx, aft__row_int(row, AFT__SURVEY_ID), error);
}

static aft_status empty_task(removal *r, const aft__value *row, aft_error *error) {
  aft_id task = row[AFT__TASK_ID].number;
  AFT__TRY(remove_rows(r, &aft__attempt_table, AFT__ATTEMPT_BY_TASK, task, NULL, error));
  return aft__due_clear_all(r->cmd->tx, task, error);
}

static aft_status empty_watcher(removal *r, const aft__value *row, aft_error *error) {
  return aft__due_clear_all(r->cmd->tx, aft__row_int(row, AFT__WATCHER_ID), error);
}

static aft_status empty_notice(removal *r, const aft__value *row, aft_error *error) {
  aft_id notice = aft__row_int(row, AFT__NOTICE_ID);
  AFT__TRY(remove_rows(r, &aft__event_table, AFT__EV_BY_SUBJECT, notice, NULL, error));
  return aft__due_clear_all(r->cmd->tx, notice, error);
}

static aft_status let_go(void *user, aft__value *row, aft_error *error) {
  const removal *r = user;
  row[AFT__CASE_TICKET] = aft__null();
  return aft__update(r->cmd->tx, &aft__case_table, row, UINT64_C(1) << AFT__CASE_TICKET, error);
}

/* What happens to a case later would look for the ticket in vain. */
static aft_status leave_cases(removal *r, aft_error *error) {
  return aft__change_each(r->cmd->tx, rows_of(r, &aft__case_table, AFT__CASE_BY_TICKET, r->ticket), true,
                          let_go, r, error);
}

/* Effects go first: those that name blobs come in their place. */
static aft_status remove_parts(removal *r, aft_error *error) {
  static const struct {
    const aft__table *table;
    uint32_t index;
    before_fn before;
  } parts[] = {{&aft__outbox_table, AFT__OB_BY_SUBJECT, NULL},
               {&aft__event_table, AFT__EV_BY_SUBJECT, NULL},
               {&aft__message_table, AFT__MESSAGE_BY_TICKET, empty_message},
               {&aft__participant_table, AFT__PARTICIPANT_BY_TICKET, NULL},
               {&aft__survey_table, AFT__SURVEY_BY_TICKET, empty_survey},
               {&aft__task_table, AFT__TASK_BY_TICKET, empty_task},
               {&aft__watcher_table, AFT__WATCHER_BY_TICKET, empty_watcher},
               {&aft__mention_table, AFT__MENTION_BY_TICKET, NULL},
               {&aft__child_table, AFT__CHILD_BY_TICKET, NULL},
               {&aft__child_table, AFT__CHILD_BY_PLACE, NULL},
               {&aft__notice_table, AFT__NOTICE_BY_SUBJECT, empty_notice},
               {&aft__decision_table, AFT__DECISION_BY_TICKET, NULL},
               {&aft__attribute_table, AFT__ATTRIBUTE_BY_SUBJECT, NULL},
               {&aft__tag_table, AFT__TAG_BY_SUBJECT, NULL},
               {&aft__correction_table, AFT__CORRECTION_BY_TICKET, NULL}};
  for (size_t i = 0; i < AFT__COUNT(parts); i++)
    AFT__TRY(remove_rows(r, parts[i].table, parts[i].index, r->ticket, parts[i].before, error));
  AFT__TRY(aft__due_clear_all(r->cmd->tx, r->ticket, error));
  return aft__blobs_send(&r->blobs, error);
}

/* ---- the event that is left ---- */

static aft_status leave_event(removal *r, aft_error *error) {
  char hash[65];
  const aft__value *chain = &r->row[AFT__TICKET_CHAIN];
  aft__hex((const uint8_t *)chain->data, chain->size < 32 ? chain->size : 32, hash);
  char *facts = aft__arena_printf(
      r->cmd->arena, "{\"code\":\"%s\",\"closed\":%lld,\"messages\":%lld,\"events\":%lld,\"chain\":\"%s\"}",
      r->row[AFT__TICKET_CODE].data, (long long)aft__row_int(r->row, AFT__TICKET_CLOSED),
      (long long)r->messages, (long long)aft__row_int(r->row, AFT__TICKET_EVENTS), hash);
  if (!facts)
    return aft__nomem(error);
  aft__event event = {.tenant = r->cmd->call.tenant,
                      .kind = AFT__KIND_TICKET,
                      .subject = r->ticket,
                      .role = AFT_ROLE_SYSTEM,
                      .verb = aft__cstr("ticket.removed"),
                      .from = aft__row_str(r->row, AFT__TICKET_STATE),
                      .facts = aft__cstr(facts)};
  aft__chain fresh = {0};
  return aft__event_append(r->cmd->tx, &event, &fresh, NULL, error);
}

/* ---- one ticket ---- */

static aft_status put_off(removal *r, aft__value until, aft_error *error) {
  r->row[AFT__TICKET_KEPT] = until;
  return aft__update(r->cmd->tx, &aft__ticket_table, r->row, UINT64_C(1) << AFT__TICKET_KEPT, error);
}

static aft_status decide(removal *r, aft_error *error) {
  int64_t wait;
  if (!aft__row_null(r->row, AFT__TICKET_HELD))
    return put_off(r, aft__int(NEVER), error);
  if (stays(r, r->row)) /* the policy asks for more time than when it was put off */
    return aft__row_null(r->row, AFT__TICKET_KEPT) ? AFT_OK : put_off(r, aft__null(), error);
  AFT__TRY(find_need(r, &wait, error));
  if (wait)
    return put_off(r, aft__int(r->cmd->now + wait), error);
  AFT__TRY(leave_cases(r, error));
  AFT__TRY(remove_parts(r, error));
  AFT__TRY(leave_event(r, error));
  AFT__TRY(aft__remove(r->cmd->tx, &aft__ticket_table, r->ticket, r->row[AFT__COL_REV].number, error));
  return AFT_DONE;
}

aft_status aft__ticket_retire(aft__cmd *cmd, aft_id ticket, aft_time before, aft_error *error) {
  removal r = {.cmd = cmd, .ticket = ticket, .before = before};
  aft_status status = aft__get(cmd->tx, &aft__ticket_table, ticket, &r.row, error);
  if (status == AFT_E_NOT_FOUND)
    return AFT_OK; /* another worker removed it */
  AFT__TRY(status);
  aft__blobs_begin(&r.blobs, cmd, ticket);
  status = decide(&r, error);
  aft__blobs_end(&r.blobs);
  return status;
}
