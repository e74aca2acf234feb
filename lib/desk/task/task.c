/* A task while a command changes it: load, access, notes, saving. */
#include "desk/task/task_priv.h"

bool aft__task_is(const aft__value *row, uint32_t column, const char *word) {
  return aft__str_eq(aft__row_str(row, column), aft__cstr(word));
}

/* ---- who may touch it ---- */

/* A customer knows of the calls that they wait for, and of nothing else that the shop has to do. */
static aft_status may_buyer(aft__cmd *cmd, const aft__value *row, aft_error *error) {
  bool own = aft__row_int(row, AFT__TASK_CUSTOMER) == cmd->call.actor;
  if (own && aft__task_is(row, AFT__TASK_KIND, aft__task_kinds[AFT__TASK_CALL_BACK]))
    return AFT_OK;
  return aft__denied(cmd, own ? "the task is the shop's own" : "the task is about another customer", error);
}

aft_status aft__may_task(aft__cmd *cmd, const aft__value *row, aft_error *error) {
  if (cmd->call.role == AFT_ROLE_BUYER)
    return may_buyer(cmd, row, error);
  if (cmd->call.role == AFT_ROLE_WAREHOUSE)
    return aft__task_is(row, AFT__TASK_PARTY, "warehouse")
               ? AFT_OK
               : aft__denied(cmd, "the task is another party's", error);
  return aft__may_shop(cmd, aft__row_int(row, AFT__TASK_SHOP), error);
}

aft_status aft__task_load(aft__cmd *cmd, aft_id id, aft__value **row, aft_error *error) {
  AFT__TRY(aft__load(cmd, &aft__task_table, AFT__TASK_TENANT, id, "task", row, error));
  cmd->subject = cmd->ids[0] = id;
  return aft__may_task(cmd, *row, error);
}

aft_status aft__task_coded(aft__cmd *cmd, aft_str code, aft__value **row, aft_error *error) {
  aft__value keys[] = {aft__int(cmd->call.tenant), aft__text(code)};
  aft_status status = aft__find(cmd->tx, &aft__task_table, AFT__TASK_BY_CODE, keys, row, error);
  if (status == AFT_E_NOT_FOUND)
    return aft__error(error, status, "code", "there is no task %.*s in this tenant", (int)code.len,
                      code.data);
  AFT__TRY(status);
  cmd->subject = cmd->ids[0] = (*row)[AFT__TASK_ID].number;
  return aft__may_task(cmd, *row, error);
}

aft_status aft__task_hide(aft__cmd *cmd, aft__value *row, aft_error *error) {
  static const uint32_t inner[] = {AFT__TASK_QUEUE,  AFT__TASK_ASSIGNEE, AFT__TASK_WARNED, AFT__TASK_BREACHED,
                                   AFT__TASK_BROKEN, AFT__TASK_SURVEY,   AFT__TASK_SCRIPT, AFT__TASK_NOTE};
  (void)error;
  if (cmd->call.role != AFT_ROLE_BUYER)
    return AFT_OK;
  for (size_t i = 0; i < AFT__COUNT(inner); i++)
    row[inner[i]] = aft__null();
  if (!aft__task_is(row, AFT__TASK_CAUSE, "customer")) /* the words are somebody else's */
    row[AFT__TASK_REASON] = aft__null();
  return AFT_OK;
}

aft_status aft__task_going_on(const aft__value *row, aft_error *error) {
  aft_str state = aft__row_str(row, AFT__TASK_STATE);
  return aft__task_ended(row)
             ? aft__error(error, AFT_E_TRANSITION, "task", "the task is %.*s", (int)state.len, state.data)
             : AFT_OK;
}

/* ---- changing it ---- */

void aft__task_set(aft__task *task, uint32_t column, aft__value value) {
  task->row[column] = value;
  task->mask |= UINT64_C(1) << column;
}

void aft__task_settle(aft__task *task) {
  const aft__value *row = task->row;
  bool broken = !aft__row_null(row, AFT__TASK_BROKEN), promised = !aft__row_null(row, AFT__TASK_PROMISED);
  aft_time due = aft__row_int(row, AFT__TASK_DUE), promise = aft__row_int(row, AFT__TASK_PROMISED);
  bool free = aft__task_is(row, AFT__TASK_STATE, "open") &&
              aft__task_is(row, AFT__TASK_PARTY, AFT__PARTY_AGENT) && aft__row_null(row, AFT__TASK_NEXT);
  aft__task_set(task, AFT__TASK_PLACE, aft__int(broken ? 0 : promised && promise < due ? promise : due));
  aft__task_set(task, AFT__TASK_TAKEN, aft__int(!free));
}

void aft__task_give(aft__task *task, aft_id agent) {
  aft__task_set(task, AFT__TASK_ASSIGNEE, aft__id_or_null(agent));
  aft__task_set(task, AFT__TASK_STATE, aft__text(aft__cstr(agent ? "claimed" : "open")));
  aft__task_settle(task);
}

/* What it was and who had it stays with it. */
aft_status aft__task_end_as(aft__task *task, const char *state, aft_str outcome, aft_str note,
                            aft_error *error) {
  aft__task_set(task, AFT__TASK_STATE, aft__text(aft__cstr(state)));
  aft__task_set(task, AFT__TASK_OPEN, aft__int(0));
  aft__task_set(task, AFT__TASK_OUTCOME, aft__text(outcome));
  aft__task_set(task, AFT__TASK_NOTE, note.len ? aft__text(note) : aft__null());
  aft__task_set(task, AFT__TASK_ENDED, aft__int(task->cmd->now));
  aft__task_set(task, AFT__TASK_NEXT, aft__null());
  aft__task_settle(task);
  AFT__TRY(aft__due_clear_all(task->cmd->tx, aft__task_id(task), error));
  char *verb = aft__arena_printf(task->cmd->arena, "task.%s", state);
  char *more = aft__arena_printf(task->cmd->arena, ",\"outcome\":\"%.*s\"", (int)outcome.len, outcome.data);
  if (!verb || !more)
    return aft__nomem(error);
  return aft__task_note(task, verb, more, note, error);
}

aft_status aft__task_save(aft__task *task, aft_error *error) {
  if (task->mask)
    AFT__TRY(aft__update(task->cmd->tx, &aft__task_table, task->row, task->mask, error));
  task->mask = 0;
  return AFT_OK;
}

aft_status aft__task_change(aft__cmd *cmd, aft__value *row, aft__task_fn fn, void *in, aft_error *error) {
  aft__ticket ticket;
  aft__task task = {.cmd = cmd, .ticket = &ticket, .row = row};
  aft_status status = aft__ticket_load(cmd, aft__row_int(row, AFT__TASK_TICKET), &ticket, error);
  cmd->subject = aft__task_id(&task);
  if (status >= 0)
    status = fn(&task, in, error);
  if (status == AFT_OK)
    status = aft__task_save(&task, error);
  if (status == AFT_OK)
    status = aft__ticket_save(&ticket, error);
  aft__ticket_done(&ticket);
  return status;
}

/* ---- who hears of it ---- */

aft_status aft__task_note(aft__task *task, const char *verb, const char *more, aft_str personal,
                          aft_error *error) {
  aft_str name = aft__row_str(task->row, AFT__TASK_NAME);
  char *facts = aft__arena_printf(task->cmd->arena, "{\"task\":\"%lld\",\"name\":\"%.*s\"%s}",
                                  (long long)aft__task_id(task), (int)name.len, name.data, more);
  return facts ? aft__ticket_note(task->ticket, verb, aft__cstr(facts), personal, error) : aft__nomem(error);
}

/* Names and numbers of people stay in the record, which whoever does the work reads. */
static void payload(const aft__task *task, aft_str work, aft__json *json) {
  static const struct {
    const char *name;
    uint32_t column;
  } texts[] = {{"task_code", AFT__TASK_CODE},
               {"name", AFT__TASK_NAME},
               {"kind", AFT__TASK_KIND},
               {"party", AFT__TASK_PARTY}},
    ids[] = {{"case", AFT__TASK_CASE},
             {"order", AFT__TASK_ORDER},
             {"survey", AFT__TASK_SURVEY},
             {"assignee", AFT__TASK_ASSIGNEE}};
  aft__json_open(json, '{');
  aft__json_key(json, "ticket");
  aft__json_id(json, aft__ticket_id(task->ticket));
  aft__json_key(json, "code");
  aft__json_str(json, aft__ticket_str(task->ticket, AFT__TICKET_CODE));
  aft__json_key(json, "work");
  aft__json_str(json, work);
  aft__json_key(json, "task");
  aft__json_id(json, aft__task_id(task));
  for (size_t i = 0; i < AFT__COUNT(texts); i++) {
    aft__json_key(json, texts[i].name);
    aft__json_str(json, aft__row_str(task->row, texts[i].column));
  }
  for (size_t i = 0; i < AFT__COUNT(ids); i++)
    if (!aft__row_null(task->row, ids[i].column)) {
      aft__json_key(json, ids[i].name);
      aft__json_id(json, aft__row_int(task->row, ids[i].column));
    }
  aft__json_key(json, "due");
  aft__json_i64(json, aft__task_int(task, AFT__TASK_DUE));
  aft__json_close(json, '}');
}

aft_status aft__task_work(aft__task *task, aft_str work, aft_error *error) {
  aft__cmd *cmd = task->cmd;
  aft__buf out;
  aft__json json;
  aft__buf_init(&out, cmd->env);
  aft__json_init(&json, &out);
  payload(task, work, &json);
  aft_status status = out.failed ? aft__nomem(error)
                                 : aft__outbox_add(cmd->tx, cmd->call.tenant, aft__ticket_id(task->ticket),
                                                   aft__cstr("work.order"), aft__buf_view(&out),
                                                   AFT__OUT_AUTO, cmd->now, NULL, error);
  aft__buf_done(&out);
  return status;
}

aft_status aft__task_due_at(aft__task *task, const char *name, aft_time at, aft_error *error) {
  return aft__due_set(task->cmd->tx, task->cmd->call.tenant, AFT__KIND_TASK, aft__task_id(task),
                      aft__cstr(name), at, error);
}

aft_status aft__tasks_of(aft__cmd *cmd, aft_id ticket, aft__value ***rows, uint32_t *n, aft_error *error) {
  return aft__load_rows(cmd, &aft__task_table, AFT__TASK_BY_TICKET, ticket, AFT__MOST_TASKS, rows, n, error);
}
