/* What falls due with a task: it is late soon, it is late, it may be attempted again, a promise was broken.
 */
#include "desk/task/task_priv.h"

static aft_status tell(aft__task *task, const char *verb, const char *work, aft_error *error) {
  AFT__TRY(aft__task_note(task, verb, "", (aft_str){0}, error));
  return aft__task_work(task, aft__cstr(work), error);
}

static aft_status warn(aft__task *task, void *in, aft_error *error) {
  (void)in;
  aft__task_set(task, AFT__TASK_WARNED, aft__int(task->cmd->now));
  return tell(task, "task.warned", "task_warning", error);
}

static aft_status breach(aft__task *task, void *in, aft_error *error) {
  (void)in;
  aft__task_set(task, AFT__TASK_BREACHED, aft__int(task->cmd->now));
  return tell(task, "task.breached", "task_breach", error);
}

/* Whoever has it meanwhile keeps it. */
static aft_status free_again(aft__task *task, void *in, aft_error *error) {
  (void)in, (void)error;
  aft__task_set(task, AFT__TASK_NEXT, aft__null());
  aft__task_settle(task);
  return AFT_OK;
}

static aft_status break_promise(aft__task *task, void *in, aft_error *error) {
  (void)in;
  aft__task_set(task, AFT__TASK_BROKEN, aft__int(task->cmd->now));
  aft__task_set(task, AFT__TASK_PROMISED, aft__null());
  aft__task_settle(task);
  return tell(task, "task.promise_broken", "task_promise_broken", error);
}

aft_status aft__task_due(aft__cmd *cmd, const aft__value *due, aft_error *error) {
  static const struct {
    const char *name;
    aft__task_fn fire;
  } dues[] = {{AFT__DUE_WARN, warn},
              {AFT__DUE_BREACH, breach},
              {AFT__DUE_NEXT, free_again},
              {AFT__DUE_PROMISE, break_promise}};
  aft__value *row;
  aft_str name = aft__value_str(&due[AFT__DU_NAME]);
  AFT__TRY(
      aft__load(cmd, &aft__task_table, AFT__TASK_TENANT, due[AFT__DU_SUBJECT].number, "task", &row, error));
  for (size_t i = 0; i < AFT__COUNT(dues); i++)
    if (aft__str_eq(name, aft__cstr(dues[i].name)))
      return aft__task_change(cmd, row, dues[i].fire, NULL, error);
  return aft__error(error, AFT_E_CORRUPT, "due.name", "no deadline of a task is called '%.*s'", (int)name.len,
                    name.data);
}
