/* How tasks end: done or failed, by whoever does them; called off; and with their ticket. */
#include "desk/task/task_priv.h"

#define END_V1     (offsetof(aft_task_end_in, reserved0) + sizeof(uint32_t))
#define NOTE_BYTES 4000

/* ---- done, or failed ---- */

static aft_status end(aft__task *task, void *given, aft_error *error) {
  const aft_task_end_in *in = given;
  AFT__TRY(aft__task_going_on(task->row, error));
  if (in->text.len)
    AFT__TRY(aft__customer_id_stays(task->cmd, aft__task_int(task, AFT__TASK_CUSTOMER), error));
  const char *state = in->failed ? "failed" : "done";
  aft_str outcome = in->outcome.len ? in->outcome : aft__cstr(state);
  AFT__TRY(aft__task_end_as(task, state, outcome, in->text, error));
  return in->failed ? aft__task_work(task, aft__cstr("task_failed"), error) : AFT_OK;
}

static aft_status run_end(aft__cmd *cmd, void *given, aft_error *error) {
  const aft_task_end_in *in = given;
  aft__value *row;
  AFT__TRY(in->task ? aft__task_load(cmd, in->task, &row, error)
                    : aft__task_coded(cmd, in->code, &row, error));
  cmd->row = row;
  return aft__task_change(cmd, row, end, given, error);
}

static void end_digest(aft__sha256 *sha, const void *given) {
  const aft_task_end_in *in = given;
  aft__digest_i64(sha, in->task);
  aft__digest_i64(sha, in->failed);
  aft__digest_str(sha, in->code);
  aft__digest_str(sha, in->outcome);
  aft__digest_str(sha, in->text);
}

static bool is_word(aft_str word) {
  for (size_t i = 0; i < word.len; i++) {
    char c = word.data[i];
    if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_')
      return false;
  }
  return word.len <= 64;
}

static aft_status check_end(aft_task_end_in *in, char code[AFT_CODE_SIZE], aft_error *error) {
  in->code = aft__str(in->code.data, in->code.len);
  if ((in->task != 0) == (in->code.len != 0))
    return aft__error(error, AFT_E_INVALID, "task.task", "expected a task or its code, found %s",
                      in->task ? "both" : "neither");
  if (in->task)
    AFT__TRY(aft__in_id(in->task, "task.task", error));
  if (in->code.len) {
    AFT__TRY(aft_code_parse(in->code.data, in->code.len, code, error));
    in->code = aft__cstr(code);
  }
  AFT__TRY(aft__in_text(&in->outcome, 64, "task.outcome", error));
  AFT__TRY(aft__in_text(&in->text, NOTE_BYTES, "task.text", error));
  if (!is_word(in->outcome))
    return aft__error(error, AFT_E_INVALID, "task.outcome",
                      "expected a word of small letters, digits and '_', found '%.*s'",
                      (int)aft__utf8_cut(in->outcome, 60), in->outcome.data);
  return in->failed > 1
             ? aft__error(error, AFT_E_INVALID, "task.failed", "expected 0 or 1, found %u", in->failed)
             : AFT_OK;
}

aft_status aft_task_end(aft_session *session, const aft_call *call, const aft_task_end_in *in,
                        aft_record **out, aft_error *error) {
  static const aft__command command = {.verb = "task.end",
                                       .name = "task_end",
                                       .roles = AFT__ROLES_STAFF | AFT__ROLE(AFT_ROLE_WAREHOUSE),
                                       .returns = AFT_KIND_TASK,
                                       .digest = end_digest,
                                       .run = run_end};
  aft_task_end_in local;
  char code[AFT_CODE_SIZE];
  AFT__TRY(aft__abi_copy(&local, sizeof local, in, END_V1, "aft_task_end_in", error));
  AFT__TRY(check_end(&local, code, error));
  return aft__command_run(session, call, &command, &local, out, error);
}

/* ---- called off ---- */

typedef struct cancelling {
  aft_id task;
  aft_str reason;
} cancelling;

static aft_status cancel(aft__task *task, void *given, aft_error *error) {
  const cancelling *c = given;
  bool buyer = task->cmd->call.role == AFT_ROLE_BUYER;
  AFT__TRY(aft__task_going_on(task->row, error));
  if (c->reason.len)
    AFT__TRY(aft__customer_id_stays(task->cmd, aft__task_int(task, AFT__TASK_CUSTOMER), error));
  return aft__task_end_as(task, "cancelled", aft__cstr(buyer ? "by_customer" : "by_staff"), c->reason, error);
}

static aft_status run_cancel(aft__cmd *cmd, void *given, aft_error *error) {
  cancelling *c = given;
  aft__value *row;
  AFT__TRY(aft__task_load(cmd, c->task, &row, error));
  cmd->row = row;
  return aft__task_change(cmd, row, cancel, c, error);
}

static void cancel_digest(aft__sha256 *sha, const void *given) {
  const cancelling *c = given;
  aft__digest_i64(sha, c->task);
  aft__digest_str(sha, c->reason);
}

aft_status aft_task_cancel(aft_session *session, const aft_call *call, aft_id task, const char *reason,
                           aft_record **out, aft_error *error) {
  static const aft__command command = {.verb = "task.cancel",
                                       .name = "task_cancel",
                                       .roles = AFT__ROLES_ALL,
                                       .returns = AFT_KIND_TASK,
                                       .digest = cancel_digest,
                                       .run = run_cancel,
                                       .hide = aft__task_hide};
  cancelling c = {task, reason ? aft__cstr(reason) : (aft_str){0}};
  AFT__TRY(aft__in_text(&c.reason, AFT__TASK_WORDS, "reason", error));
  return aft__command_run(session, call, &command, &c, out, error);
}

/* ---- with the ticket ---- */

static aft_status each_open(aft__ticket *ticket, aft__task_fn fn, void *in, aft_error *error) {
  aft__value **rows;
  uint32_t n;
  AFT__TRY(aft__tasks_of(ticket->cmd, aft__ticket_id(ticket), &rows, &n, error));
  for (uint32_t i = 0; i < n; i++) {
    aft__task task = {.cmd = ticket->cmd, .ticket = ticket, .row = rows[i]};
    if (aft__task_ended(rows[i]))
      continue;
    AFT__TRY(fn(&task, in, error));
    AFT__TRY(aft__task_save(&task, error));
  }
  return AFT_OK;
}

static aft_status drop(aft__task *task, void *in, aft_error *error) {
  return aft__task_end_as(task, "cancelled", *(const aft_str *)in, (aft_str){0}, error);
}

/* The outcome is the state that the ticket came to. */
aft_status aft__tasks_cancel(aft__ticket *ticket, aft_error *error) {
  aft_str state = aft__ticket_str(ticket, AFT__TICKET_STATE);
  return ticket->fresh ? AFT_OK : each_open(ticket, drop, &state, error);
}

typedef struct moving {
  aft__ticket *to;
  aft__value **there; /* tasks of that ticket */
  uint32_t n;
} moving;

/* What both tickets wait for is done once. */
static bool is_there(const moving *m, const aft__policy_task *policy) {
  uint32_t same = 0;
  for (uint32_t i = 0; i < m->n; i++)
    same +=
        !aft__task_ended(m->there[i]) && aft__str_eq(aft__row_str(m->there[i], AFT__TASK_NAME), policy->name);
  return same >= policy->most_open;
}

static aft_status go_over(aft__task *task, void *in, aft_error *error) {
  moving *m = in;
  aft__policy_task policy;
  aft_str merged = aft__cstr("merged");
  bool known = aft__policy_task_find(task->cmd->policy, aft__row_str(task->row, AFT__TASK_NAME), &policy);
  if (m->n == AFT__MOST_TASKS || (known && is_there(m, &policy)))
    return drop(task, &merged, error);
  m->there[m->n++] = task->row;
  aft__task_set(task, AFT__TASK_TICKET, aft__int(aft__ticket_id(m->to)));
  aft__task_set(task, AFT__TASK_SHOP, m->to->row[AFT__TICKET_SHOP]);
  task->ticket = m->to;
  return aft__task_note(task, "task.moved", "", (aft_str){0}, error);
}

aft_status aft__tasks_follow(aft__ticket *from, aft__ticket *to, aft_error *error) {
  moving m = {.to = to};
  aft__value **rows;
  AFT__TRY(aft__tasks_of(from->cmd, aft__ticket_id(to), &rows, &m.n, error));
  m.there = aft__arena_alloc(from->cmd->arena, AFT__MOST_TASKS * sizeof *m.there);
  if (!m.there)
    return aft__nomem(error);
  for (uint32_t i = 0; i < m.n; i++)
    m.there[i] = rows[i];
  return each_open(from, go_over, &m, error);
}
