/* Opening tasks: by people, by messages, by the ticket's machine, by a survey's low answer. */
#include "desk/task/task_priv.h"

#define TASK_V1 (offsetof(aft_task_in, reason) + sizeof(aft_str))

/* ---- whether it may be opened ---- */

/* *open: the first open one, where there are as many as the policy lets. Every opening writes to the ticket,
 * so of two at once one sees the other's. */
static aft_status count_open(aft__ticket *ticket, const aft__policy_task *policy, aft_id *open, bool *full,
                             aft_error *error) {
  aft__value **rows;
  uint32_t n, same = 0;
  aft_id first = 0;
  AFT__TRY(aft__tasks_of(ticket->cmd, aft__ticket_id(ticket), &rows, &n, error));
  for (uint32_t i = 0; i < n; i++)
    if (!aft__task_ended(rows[i]) && aft__str_eq(aft__row_str(rows[i], AFT__TASK_NAME), policy->name)) {
      first = first ? first : rows[i][AFT__TASK_ID].number;
      same++;
    }
  *open = same >= policy->most_open ? first : 0;
  *full = n == AFT__MOST_TASKS;
  return AFT_OK;
}

/* Case and order must be the customer's own. */
static aft_status same_customer(const aft__ticket *ticket, aft_id customer, const char *where,
                                aft_error *error) {
  return customer == aft__ticket_int(ticket, AFT__TICKET_CUSTOMER)
             ? AFT_OK
             : aft__error(error, AFT_E_INVALID, where, "expected one of the ticket's customer");
}

static aft_status know_subjects(aft__ticket *ticket, const aft__task_new *in, aft__value *row,
                                aft_error *error) {
  aft__cmd *cmd = ticket->cmd;
  aft__value *found;
  row[AFT__TASK_ORDER] = ticket->row[AFT__TICKET_ORDER];
  row[AFT__TASK_CASE] = aft__id_or_null(in->case_id);
  row[AFT__TASK_SURVEY] = aft__id_or_null(in->survey);
  if (in->of_case) {
    row[AFT__TASK_CASE] = in->of_case[AFT__CASE_ID];
    row[AFT__TASK_ORDER] = in->of_case[AFT__CASE_ORDER];
  }
  if (in->case_id) {
    AFT__TRY(aft__load(cmd, &aft__case_table, AFT__CASE_TENANT, in->case_id, "task.case_id", &found, error));
    AFT__TRY(same_customer(ticket, aft__row_int(found, AFT__CASE_CUSTOMER), "task.case_id", error));
    row[AFT__TASK_ORDER] = found[AFT__CASE_ORDER];
  }
  if (!in->order)
    return AFT_OK;
  AFT__TRY(aft__load(cmd, &aft__order_table, AFT__ORDER_TENANT, in->order, "task.order", &found, error));
  row[AFT__TASK_ORDER] = aft__int(in->order);
  return same_customer(ticket, aft__row_int(found, AFT__ORDER_CUSTOMER), "task.order", error);
}

static aft_status check_assignee(aft__ticket *ticket, const aft__task_new *in, const aft__policy_task *policy,
                                 aft_error *error) {
  if (!in->assignee)
    return AFT_OK;
  if (!aft__str_eq(policy->party, aft__cstr(AFT__PARTY_AGENT)))
    return aft__error(error, AFT_E_INVALID, "task.assignee", "the task is not for agents");
  return aft__works_for(ticket->cmd, in->assignee, aft__ticket_int(ticket, AFT__TICKET_SHOP), "task.assignee",
                        error);
}

/* ---- its record ---- */

static aft_status fill_person(aft__ticket *ticket, const aft__task_new *in, aft__value *row,
                              aft_error *error) {
  aft__value *customer;
  aft_str language = in->language.len ? in->language : aft__cstr(aft__ticket_locale(ticket));
  AFT__TRY(aft__ticket_customer(ticket, &customer, error));
  row[AFT__TASK_CUSTOMER] = customer[AFT__CUSTOMER_ID];
  row[AFT__TASK_PHONE] = in->phone.len ? aft__text(in->phone) : customer[AFT__CUSTOMER_PHONE];
  row[AFT__TASK_CHANNEL] = ticket->row[AFT__TICKET_CHANNEL];
  row[AFT__TASK_HANDLE] = ticket->row[AFT__TICKET_HANDLE];
  row[AFT__TASK_LANGUAGE] = aft__text(language);
  row[AFT__TASK_REASON] = in->reason.len ? aft__text(in->reason) : aft__null();
  return AFT_OK;
}

/* A window is when the customer wants it: it waits until then, and is late afterwards. */
static void fill_times(const aft__cmd *cmd, const aft__task_new *in, const aft__policy_task *policy,
                       aft__value *row) {
  aft_time next = in->from > cmd->now ? in->from : cmd->now, start, end;
  if (in->until && aft__policy_task_open(cmd->policy, policy, next, &start, &end))
    next = start;
  aft_time due = in->due ? in->due : in->until ? in->until : aft__policy_task_due(cmd->policy, policy, next);
  row[AFT__TASK_DUE] = aft__int(due);
  row[AFT__TASK_NEXT] = next > cmd->now ? aft__int(next) : aft__null();
  row[AFT__TASK_FROM] = in->until ? aft__int(in->from) : aft__null();
  row[AFT__TASK_UNTIL] = in->until ? aft__int(in->until) : aft__null();
}

static aft_status fill(aft__ticket *ticket, const aft__task_new *in, const aft__policy_task *policy,
                       aft__value *row, aft_error *error) {
  aft__cmd *cmd = ticket->cmd;
  char *code = aft__arena_alloc(cmd->arena, AFT_CODE_SIZE);
  uint64_t random;
  if (!code)
    return aft__nomem(error);
  AFT__TRY(aft__random(cmd->env, &random, sizeof random, error));
  aft__code_make('W', random, code);
  row[AFT__TASK_ID] = aft__int(aft__tx_id(cmd->tx));
  row[AFT__TASK_REV] = aft__int(1);
  row[AFT__TASK_TENANT] = aft__int(cmd->call.tenant);
  row[AFT__TASK_SHOP] = ticket->row[AFT__TICKET_SHOP];
  row[AFT__TASK_QUEUE] = ticket->row[AFT__TICKET_QUEUE];
  row[AFT__TASK_TICKET] = aft__int(aft__ticket_id(ticket));
  row[AFT__TASK_CODE] = aft__text(aft__cstr(code));
  row[AFT__TASK_NAME] = aft__text(policy->name);
  row[AFT__TASK_KIND] = aft__text(aft__cstr(aft__task_kinds[policy->kind]));
  row[AFT__TASK_PARTY] = aft__text(policy->party);
  row[AFT__TASK_OPEN] = aft__int(2);
  row[AFT__TASK_CAUSE] = aft__text(aft__cstr(in->cause));
  row[AFT__TASK_SCRIPT] = policy->script.len ? aft__text(policy->script) : aft__null();
  row[AFT__TASK_ATTEMPTS] = row[AFT__TASK_MISSED] = aft__int(0);
  row[AFT__TASK_LIMIT] = aft__int(policy->attempts);
  row[AFT__TASK_CREATED] = aft__int(cmd->now);
  fill_times(cmd, in, policy, row);
  AFT__TRY(fill_person(ticket, in, row, error));
  return know_subjects(ticket, in, row, error);
}

static aft_status set_dues(aft__task *task, const aft__policy_task *policy, aft_error *error) {
  aft__cmd *cmd = task->cmd;
  bool waits = !aft__row_null(task->row, AFT__TASK_NEXT);
  aft_time from = waits ? aft__task_int(task, AFT__TASK_NEXT) : cmd->now;
  aft_time due = aft__task_int(task, AFT__TASK_DUE);
  aft_time warn = aft__policy_task_warning(cmd->policy, policy, from, due);
  AFT__TRY(aft__task_due_at(task, AFT__DUE_BREACH, due, error));
  if (warn != AFT_TIME_NONE && warn < due)
    AFT__TRY(aft__task_due_at(task, AFT__DUE_WARN, warn, error));
  return waits ? aft__task_due_at(task, AFT__DUE_NEXT, from, error) : AFT_OK;
}

/* A code that is taken makes the command run again with another. */
static aft_status insert(aft__task *task, aft_error *error) {
  aft__existing existing;
  aft_status status = aft__insert(task->cmd->tx, &aft__task_table, task->row, &existing, error);
  task->mask = 0;
  if (status == AFT_E_EXISTS && existing.index == AFT__TASK_BY_CODE)
    return aft__tx_race(task->cmd->tx, "task.code", error);
  return status;
}

static aft_status open_new(aft__ticket *ticket, const aft__task_new *in, const aft__policy_task *policy,
                           aft_id *out, aft_error *error) {
  aft__value *row = aft__arena_alloc(ticket->cmd->arena, AFT__TASK_COLUMNS * sizeof *row);
  aft__task task = {.cmd = ticket->cmd, .ticket = ticket, .row = row};
  if (!row)
    return aft__nomem(error);
  AFT__TRY(check_assignee(ticket, in, policy, error));
  AFT__TRY(fill(ticket, in, policy, row, error));
  aft__task_give(&task, in->assignee);
  AFT__TRY(insert(&task, error));
  AFT__TRY(set_dues(&task, policy, error));
  char *more = aft__arena_printf(ticket->cmd->arena, ",\"cause\":\"%s\"", in->cause);
  if (!more)
    return aft__nomem(error);
  AFT__TRY(aft__task_note(&task, "task.opened", more, in->reason, error));
  *out = aft__task_id(&task);
  return aft__task_work(&task, policy->name, error);
}

/* ---- for the rest of the desk ---- */

aft_status aft__task_open(aft__ticket *ticket, const aft__task_new *in, aft_id *out, aft_error *error) {
  aft__policy_task policy;
  bool full;
  if (!aft__policy_task_find(ticket->cmd->policy, in->name, &policy))
    return aft__error(error, AFT_E_INVALID, "task.name", "the policy has no task '%.*s'",
                      (int)aft__utf8_cut(in->name, 60), in->name.data);
  AFT__TRY(count_open(ticket, &policy, out, &full, error));
  return *out || full ? AFT_IGNORED : open_new(ticket, in, &policy, out, error);
}

static aft_status open_by_rule(aft__ticket *ticket, const aft__policy_task *policy, aft_error *error) {
  aft__task_new in = {.name = policy->name, .cause = "rule"};
  aft__arg args[] = {{"task", policy->name}};
  aft_id task;
  aft_status status = aft__task_open(ticket, &in, &task, error);
  if (status == AFT_OK)
    aft__reason_add(&ticket->reasons, "task", "explain.task.rule", args, AFT__COUNT(args));
  return status < 0 ? status : AFT_OK;
}

aft_status aft__task_rules(aft__ticket *ticket, aft_error *error) {
  aft__facts facts;
  aft__policy_task policy;
  if (!aft__policy_task_rules(ticket->cmd->policy) || !aft__ticket_int(ticket, AFT__TICKET_OPEN))
    return AFT_OK;
  AFT__TRY(aft__ticket_facts_said(ticket, &facts, error));
  for (uint32_t i = 0; aft__policy_task_at(ticket->cmd->policy, i, &policy); i++)
    if (aft__policy_task_asked(ticket->cmd->policy, &policy, &facts))
      AFT__TRY(open_by_rule(ticket, &policy, error));
  return AFT_OK;
}

/* ---- for people ---- */

static aft_status not_opened(aft_id open, aft_error *error) {
  if (open)
    return aft__error(error, AFT_E_EXISTS, "task.name", "the ticket has that open already, as task %lld",
                      (long long)open);
  return aft__error(error, AFT_E_TOO_LARGE, "task.ticket", "a ticket has at most %u tasks", AFT__MOST_TASKS);
}

aft_status aft__task_open_for(aft__ticket *ticket, const aft__task_new *in, aft_error *error) {
  aft_id open = 0;
  aft_status status = aft__task_open(ticket, in, &open, error);
  if (status == AFT_IGNORED)
    return not_opened(open, error);
  ticket->cmd->ids[0] = open;
  return status;
}

static aft_status open_in(aft__ticket *ticket, const aft_task_in *in, aft_error *error) {
  AFT__TRY(aft__may_shop(ticket->cmd, aft__ticket_int(ticket, AFT__TICKET_SHOP), error));
  if (in->phone.len || in->reason.len)
    AFT__TRY(aft__customer_id_stays(ticket->cmd, aft__ticket_int(ticket, AFT__TICKET_CUSTOMER), error));
  if (!aft__ticket_int(ticket, AFT__TICKET_OPEN))
    return aft__error(error, AFT_E_TRANSITION, "task.ticket", "the ticket has come to its end");
  if (in->due && (in->due <= ticket->cmd->now || in->due > ticket->cmd->now + AFT__TASK_SPAN))
    return aft__error(error, AFT_E_INVALID, "task.due", "expected a time of the next 366 days");
  aft__task_new fresh = {.name = in->name,
                         .cause = "staff",
                         .case_id = in->case_id,
                         .order = in->order,
                         .assignee = in->assignee,
                         .due = in->due,
                         .phone = in->phone,
                         .language = in->language,
                         .reason = in->reason};
  AFT__TRY(aft__task_open_for(ticket, &fresh, error));
  return aft__ticket_save(ticket, error);
}

static aft_status run(aft__cmd *cmd, void *given, aft_error *error) {
  const aft_task_in *in = given;
  aft__ticket ticket;
  aft_status status = aft__ticket_load(cmd, in->ticket, &ticket, error);
  if (status >= 0)
    status = open_in(&ticket, in, error);
  aft__ticket_done(&ticket);
  return status;
}

static void digest(aft__sha256 *sha, const void *given) {
  const aft_task_in *in = given;
  const int64_t numbers[] = {in->ticket, in->case_id, in->order, in->assignee, in->due};
  const aft_str texts[] = {in->name, in->phone, in->language, in->reason};
  for (size_t i = 0; i < AFT__COUNT(numbers); i++)
    aft__digest_i64(sha, numbers[i]);
  for (size_t i = 0; i < AFT__COUNT(texts); i++)
    aft__digest_str(sha, texts[i]);
}

aft_status aft__in_language(aft_str *language, const char *where, aft_error *error) {
  AFT__TRY(aft__in_text(language, 35, where, error));
  if (!language->len || aft__str_eq(*language, aft__cstr("zh")) || aft__str_eq(*language, aft__cstr("en")))
    return AFT_OK;
  return aft__error(error, AFT_E_INVALID, where, "expected zh or en, found '%.*s'", (int)language->len,
                    language->data);
}

/* What was found stays out of the error: it may be somebody's number. */
aft_status aft__in_phone(aft_str *phone, const char *where, aft_error *error) {
  AFT__TRY(aft__in_text(phone, 40, where, error));
  if (!phone->len || aft__phone_ok(*phone))
    return AFT_OK;
  return aft__error(error, AFT_E_INVALID, where, "expected a phone number of 5 to 20 digits");
}

static aft_status check_in(aft_task_in *in, aft_error *error) {
  AFT__TRY(aft__in_id(in->ticket, "task.ticket", error));
  AFT__TRY(aft__in_name(&in->name, 64, "task.name", error));
  AFT__TRY(aft__in_phone(&in->phone, "task.phone", error));
  AFT__TRY(aft__in_language(&in->language, "task.language", error));
  AFT__TRY(aft__in_text(&in->reason, AFT__TASK_WORDS, "task.reason", error));
  if (in->case_id)
    AFT__TRY(aft__in_id(in->case_id, "task.case_id", error));
  if (in->order)
    AFT__TRY(aft__in_id(in->order, "task.order", error));
  return in->assignee ? aft__in_id(in->assignee, "task.assignee", error) : AFT_OK;
}

aft_status aft_task_add(aft_session *session, const aft_call *call, const aft_task_in *in, aft_record **out,
                        aft_error *error) {
  static const aft__command command = {.verb = "task.add",
                                       .name = "task_add",
                                       .roles = AFT__ROLES_STAFF,
                                       .returns = AFT_KIND_TASK,
                                       .digest = digest,
                                       .run = run};
  aft_task_in local;
  AFT__TRY(aft__abi_copy(&local, sizeof local, in, TASK_V1, "aft_task_in", error));
  AFT__TRY(check_in(&local, error));
  return aft__command_run(session, call, &command, &local, out, error);
}
