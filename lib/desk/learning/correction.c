/* Corrections: labels that people give messages, kept beside what triage had said. */
#include "desk/learning/learn_priv.h"

#define CORRECTION_V1 (offsetof(aft_correction_in, label) + sizeof(aft_str))
#define FIRST_MOST    8 /* messages of a ticket among which the one that says something is looked for */

/* ---- tasks and labels ---- */

static bool one_of(aft_str text, const char *const *names) {
  for (; *names; names++)
    if (aft__str_eq(text, aft__cstr(*names)))
      return true;
  return false;
}

aft_status aft__task_check(aft_str *task, const char *where, aft_error *error) {
  static const char *const tasks[] = {AFT__TASK_CATEGORY, "tone", "question", NULL};
  AFT__TRY(aft__in_text(task, AFT__NAME_BYTES, where, error));
  if (!task->len)
    *task = aft__cstr(AFT__TASK_CATEGORY);
  if (one_of(*task, tasks))
    return AFT_OK;
  return aft__error(error, AFT_E_INVALID, where, "expected category, tone or question, found '%.*s'",
                    (int)task->len, task->data);
}

static bool label_known(const aft_policy *policy, aft_str task, aft_str label) {
  static const char *const tones[] = {"negative", "neutral", "positive", NULL};
  static const char *const answers[] = {"yes", "no", NULL};
  aft_str category;
  if (aft__str_eq(task, aft__cstr("tone")))
    return one_of(label, tones);
  if (aft__str_eq(task, aft__cstr("question")))
    return one_of(label, answers);
  return aft__policy_category_find(policy, label, &category);
}

/* ---- which message of a ticket ---- */

static bool is_customers(const aft__value *row) {
  return aft__row_int(row, AFT__MESSAGE_INBOUND) &&
         aft__row_int(row, AFT__MESSAGE_VISIBILITY) == AFT_PUBLIC && aft__row_str(row, AFT__MESSAGE_TEXT).len;
}

/* The customer's first message that says what it is about, or else the first with a text; NULL for none. */
static aft_status first_content(aft__cmd *cmd, aft_id ticket, aft__value **out, aft_error *error) {
  aft__value **rows;
  uint32_t n;
  aft__scan scan = {.table = &aft__message_table,
                    .index = AFT__MESSAGE_BY_TICKET,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), aft__int(ticket)},
                    .limit = FIRST_MOST};
  *out = NULL;
  AFT__TRY(aft__scan_all(cmd->tx, &scan, &rows, &n, error));
  for (uint32_t i = 0; i < n; i++) {
    aft__triage triage;
    aft_str text = aft__row_str(rows[i], AFT__MESSAGE_TEXT);
    if (!is_customers(rows[i]))
      continue;
    AFT__TRY(aft__policy_triage(cmd->policy, text, (aft_str){0}, cmd->arena, &triage, NULL, error));
    if (!*out || aft__triage_content(&triage))
      *out = rows[i];
    if (aft__triage_content(&triage))
      return AFT_OK;
  }
  return AFT_OK;
}

/* ---- keeping one ---- */

/* What triage had said of the ticket: an unsure one has its guess as the next best. */
static void take_guess(const aft__value *ticket, aft__value *row) {
  bool unsure = aft__row_int(ticket, AFT__TICKET_UNSURE) != 0;
  bool other = unsure && !aft__row_null(ticket, AFT__TICKET_RUNNER_UP);
  row[AFT__CORRECTION_GUESS] = ticket[other ? AFT__TICKET_RUNNER_UP : AFT__TICKET_CATEGORY];
  row[AFT__CORRECTION_CONFIDENCE] = ticket[AFT__TICKET_CONFIDENCE];
  row[AFT__CORRECTION_UNSURE] = aft__int(unsure);
}

typedef struct earlier {
  aft__cmd *cmd;
  aft__value *row; /* that gets the guess */
  bool failed;
} earlier;

static aft_status see_earlier(void *user, const aft__value *row, aft_error *error) {
  earlier *e = user;
  if (!aft__str_eq(aft__row_str(row, AFT__CORRECTION_TASK), aft__cstr(AFT__TASK_CATEGORY)))
    return AFT_OK;
  e->row[AFT__CORRECTION_GUESS] = aft__null();
  if (!aft__row_null(row, AFT__CORRECTION_GUESS)) {
    aft_str guess = aft__arena_dup(e->cmd->arena, aft__row_str(row, AFT__CORRECTION_GUESS));
    if (!guess.data)
      return aft__nomem(error);
    e->row[AFT__CORRECTION_GUESS] = aft__text(guess);
  }
  e->row[AFT__CORRECTION_CONFIDENCE] = row[AFT__CORRECTION_CONFIDENCE];
  e->row[AFT__CORRECTION_UNSURE] = row[AFT__CORRECTION_UNSURE];
  return AFT_DONE;
}

/* A ticket that a person has judged before shows their category: the guess stands in that correction. */
static aft_status guess_of(aft__cmd *cmd, const aft__value *ticket, aft__value *row, aft_error *error) {
  aft__scan scan = {.table = &aft__correction_table,
                    .index = AFT__CORRECTION_BY_TICKET,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), ticket[AFT__TICKET_ID]}};
  earlier e = {.cmd = cmd, .row = row};
  take_guess(ticket, row);
  return aft__scan_each(cmd->tx, &scan, see_earlier, &e, error);
}

static aft_status change(aft__cmd *cmd, aft__value *row, aft_str label, aft_error *error) {
  if (aft__str_eq(aft__row_str(row, AFT__CORRECTION_LABEL), label))
    return AFT_IGNORED;
  row[AFT__CORRECTION_LABEL] = aft__text(label);
  row[AFT__CORRECTION_ROLE] = aft__int(cmd->call.role);
  row[AFT__CORRECTION_ACTOR] = aft__id_or_null(cmd->call.actor);
  row[AFT__CORRECTION_CREATED] = aft__int(cmd->now);
  uint64_t mask = 1u << AFT__CORRECTION_LABEL | 1u << AFT__CORRECTION_ROLE | 1u << AFT__CORRECTION_ACTOR |
                  1u << AFT__CORRECTION_CREATED;
  return aft__update(cmd->tx, &aft__correction_table, row, mask, error);
}

static aft_status add(aft__cmd *cmd, const aft__value *ticket, aft_id message, aft_str task, aft_str label,
                      aft__value **out, aft_error *error) {
  aft__value *row = aft__arena_alloc(cmd->arena, AFT__CORRECTION_COLUMNS * sizeof *row);
  if (!row)
    return aft__nomem(error);
  row[AFT__CORRECTION_ID] = aft__int(aft__tx_id(cmd->tx));
  row[AFT__CORRECTION_REV] = aft__int(1);
  row[AFT__CORRECTION_TENANT] = aft__int(cmd->call.tenant);
  row[AFT__CORRECTION_SHOP] = ticket[AFT__TICKET_SHOP];
  row[AFT__CORRECTION_TICKET] = ticket[AFT__TICKET_ID];
  row[AFT__CORRECTION_MESSAGE] = aft__int(message);
  row[AFT__CORRECTION_TASK] = aft__text(task);
  row[AFT__CORRECTION_LABEL] = aft__text(label);
  row[AFT__CORRECTION_ROLE] = aft__int(cmd->call.role);
  row[AFT__CORRECTION_ACTOR] = aft__id_or_null(cmd->call.actor);
  row[AFT__CORRECTION_CREATED] = aft__int(cmd->now);
  if (aft__str_eq(task, aft__cstr(AFT__TASK_CATEGORY)))
    AFT__TRY(guess_of(cmd, ticket, row, error));
  *out = row;
  aft_status status = aft__insert(cmd->tx, &aft__correction_table, row, NULL, error);
  if (status == AFT_E_EXISTS)
    return aft__tx_race(cmd->tx, "correction", error);
  return status;
}

/* The latest label of a message replaces the one before. AFT_IGNORED when it is the same. */
static aft_status keep(aft__cmd *cmd, const aft__value *ticket, aft_id message, aft_str task, aft_str label,
                       aft__value **row, aft_error *error) {
  aft__value keys[] = {aft__int(cmd->call.tenant), aft__int(message), aft__text(task)};
  aft_status status =
      aft__find(cmd->tx, &aft__correction_table, AFT__CORRECTION_BY_MESSAGE, keys, row, error);
  if (status == AFT_E_NOT_FOUND)
    return add(cmd, ticket, message, task, label, row, error);
  AFT__TRY(status);
  return change(cmd, *row, label, error);
}

aft_status aft__correction_of_ticket(aft__cmd *cmd, const aft__value *ticket, aft_str category,
                                     aft_error *error) {
  aft__value *message, *row;
  AFT__TRY(first_content(cmd, ticket[AFT__TICKET_ID].number, &message, error));
  if (!message)
    return AFT_OK; /* no words to learn from */
  aft_status status = keep(cmd, ticket, message[AFT__MESSAGE_ID].number, aft__cstr(AFT__TASK_CATEGORY),
                           category, &row, error);
  return status < 0 ? status : AFT_OK;
}

/* ---- with a message or a ticket ---- */

aft_status aft__corrections_remove(aft__cmd *cmd, aft_id message, aft_error *error) {
  aft__value **rows;
  uint32_t n;
  aft__scan scan = {.table = &aft__correction_table,
                    .index = AFT__CORRECTION_BY_MESSAGE,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), aft__int(message)},
                    .limit = 16};
  AFT__TRY(aft__scan_all(cmd->tx, &scan, &rows, &n, error));
  for (uint32_t i = 0; i < n; i++)
    AFT__TRY(aft__remove(cmd->tx, &aft__correction_table, rows[i][AFT__COL_ID].number,
                         rows[i][AFT__COL_REV].number, error));
  return AFT_OK;
}

static aft_status find_message(aft__cmd *cmd, const aft_correction_in *in, aft_id *ticket, aft_id *message,
                               aft_error *error) {
  aft__value *row;
  *ticket = in->ticket;
  if (in->message) {
    AFT__TRY(aft__load(cmd, &aft__message_table, AFT__MESSAGE_TENANT, in->message, "correction.message", &row,
                       error));
    if (in->ticket && in->ticket != row[AFT__MESSAGE_TICKET].number)
      return aft__error(error, AFT_E_INVALID, "correction.message", "the message is of another ticket");
    *ticket = row[AFT__MESSAGE_TICKET].number;
    *message = in->message;
    return AFT_OK;
  }
  AFT__TRY(first_content(cmd, in->ticket, &row, error));
  if (!row)
    return aft__error(error, AFT_E_INVALID, "correction.ticket", "no message of the customer has a text");
  *message = row[AFT__MESSAGE_ID].number;
  return AFT_OK;
}

static aft_status note(aft__ticket *ticket, const aft__value *row, aft_error *error) {
  char *facts = aft__arena_printf(ticket->cmd->arena, "{\"message\":\"%lld\",\"task\":\"%.*s\"}",
                                  (long long)aft__row_int(row, AFT__CORRECTION_MESSAGE),
                                  (int)row[AFT__CORRECTION_TASK].size, row[AFT__CORRECTION_TASK].data);
  if (!facts)
    return aft__nomem(error);
  AFT__TRY(aft__ticket_note(ticket, "message.labelled", aft__cstr(facts), (aft_str){0}, error));
  return aft__ticket_save(ticket, error);
}

static aft_status put_checked(aft__ticket *ticket, const aft_correction_in *in, aft_error *error) {
  aft__cmd *cmd = ticket->cmd;
  aft_id ticket_id, message;
  aft__value *row;
  AFT__TRY(aft__may_ticket(cmd, ticket->row, error));
  AFT__TRY(find_message(cmd, in, &ticket_id, &message, error));
  if (!label_known(cmd->policy, in->task, in->label))
    return aft__error(error, AFT_E_INVALID, "correction.label", "'%.*s' is no label of the task '%.*s'",
                      (int)in->label.len, in->label.data, (int)in->task.len, in->task.data);
  aft_status status = keep(cmd, ticket->row, message, in->task, in->label, &row, error);
  if (status == AFT_OK && aft__str_eq(in->task, aft__cstr(AFT__TASK_CATEGORY)))
    aft__ticket_judged(ticket);
  if (status == AFT_OK)
    status = note(ticket, row, error);
  if (status >= 0) {
    cmd->ids[0] = row[AFT__CORRECTION_ID].number;
    cmd->row = row;
  }
  return status;
}

static aft_status put(aft__cmd *cmd, void *given, aft_error *error) {
  const aft_correction_in *in = given;
  aft__ticket ticket;
  aft_id id = in->ticket;
  if (!id) {
    aft__value *row;
    cmd->subject = in->message;
    AFT__TRY(aft__load(cmd, &aft__message_table, AFT__MESSAGE_TENANT, in->message, "correction.message", &row,
                       error));
    id = row[AFT__MESSAGE_TICKET].number;
  }
  aft_status status = aft__ticket_load(cmd, id, &ticket, error);
  if (status >= 0)
    status = put_checked(&ticket, in, error);
  aft__ticket_done(&ticket);
  return status;
}

static void put_digest(aft__sha256 *sha, const void *given) {
  const aft_correction_in *in = given;
  aft__digest_i64(sha, in->ticket);
  aft__digest_i64(sha, in->message);
  aft__digest_str(sha, in->task);
  aft__digest_str(sha, in->label);
}

aft_status aft_correction_put(aft_session *session, const aft_call *call, const aft_correction_in *in,
                              aft_record **out, aft_error *error) {
  static const aft__command command = {.verb = "correction.put",
                                       .name = "correction_put",
                                       .roles = AFT__ROLES_STAFF,
                                       .returns = AFT_KIND_CORRECTION,
                                       .digest = put_digest,
                                       .run = put};
  aft_correction_in local;
  AFT__TRY(aft__abi_copy(&local, sizeof local, in, CORRECTION_V1, "aft_correction_in", error));
  AFT__TRY(aft__task_check(&local.task, "correction.task", error));
  AFT__TRY(aft__in_name(&local.label, AFT__NAME_BYTES, "correction.label", error));
  if (!local.ticket && !local.message)
    return aft__error(error, AFT_E_INVALID, "correction.ticket", "expected a ticket or a message");
  if (local.ticket)
    AFT__TRY(aft__in_id(local.ticket, "correction.ticket", error));
  if (local.message)
    AFT__TRY(aft__in_id(local.message, "correction.message", error));
  return aft__command_run(session, call, &command, &local, out, error);
}

/* ---- lists ---- */

static aft_status check_ticket(aft__cmd *cmd, void *in, aft_error *error) {
  aft__value *row;
  cmd->subject = *(aft_id *)in;
  AFT__TRY(aft__load(cmd, &aft__ticket_table, AFT__TICKET_TENANT, cmd->subject, "ticket", &row, error));
  return aft__may_ticket(cmd, row, error);
}

aft_status aft_correction_list(aft_session *session, const aft_call *call, aft_id ticket, aft_cursor **out,
                               aft_error *error) {
  static const aft__command command = {.verb = "correction.list",
                                       .name = "correction_list",
                                       .roles = AFT__ROLES_STAFF,
                                       .read = true,
                                       .run = check_ticket};
  AFT__TRY(aft__command_run(session, call, &command, &ticket, NULL, error));
  aft__list list = {.kind = AFT_KIND_CORRECTION,
                    .table = &aft__correction_table,
                    .index = AFT__CORRECTION_BY_TICKET,
                    .n_equal = 2,
                    .equal = {call->tenant, ticket}};
  return aft__cursor_open(session, &list, (aft_str){0}, out, error);
}
