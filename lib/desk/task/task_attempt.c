/* Attempts at tasks: what came of a call, what was said, what was promised. */
#include "desk/survey/survey_priv.h"
#include "desk/task/task_priv.h"

#define ATTEMPT_V1   (offsetof(aft_attempt_in, survey) + sizeof(aft_id))
#define MOST_SECONDS 86400
#define MOST_PROMISE (90 * AFT__DAY)

typedef enum after {
  GOES_ON, /* somebody was reached */
  AGAIN,   /* nobody was */
  FAILS    /* calling again would not help */
} after;

static const struct {
  const char *name;
  after then;
} outcomes[] = {[AFT_CALLED_REACHED] = {"reached", GOES_ON},
                [AFT_CALLED_NO_ANSWER] = {"no_answer", AGAIN},
                [AFT_CALLED_BUSY] = {"busy", AGAIN},
                [AFT_CALLED_VOICEMAIL] = {"voicemail", AGAIN},
                [AFT_CALLED_WRONG_NUMBER] = {"wrong_number", FAILS},
                [AFT_CALLED_REFUSED] = {"refused", FAILS}};

typedef struct noting {
  aft_attempt_in in;
  aft_field_in *answers; /* checked copies of in.answers */
  aft_id attempt, message;
  aft__value *row;
} noting;

/* 0: no agent. */
static aft_id caller(const aft__cmd *cmd) { return cmd->call.role == AFT_ROLE_AGENT ? cmd->call.actor : 0; }

/* ---- whether it may be noted ---- */

static aft_status check_task(const aft__task *task, const aft_attempt_in *in, aft_error *error) {
  const aft__cmd *cmd = task->cmd;
  aft_id had = aft__row_null(task->row, AFT__TASK_ASSIGNEE) ? 0 : aft__task_int(task, AFT__TASK_ASSIGNEE);
  bool others = had && caller(cmd) && had != caller(cmd);
  AFT__TRY(aft__task_going_on(task->row, error));
  if (!aft__task_is(task->row, AFT__TASK_PARTY, AFT__PARTY_AGENT))
    return aft__error(error, AFT_E_TRANSITION, "attempt.task", "the task is not for agents");
  if (others)
    return aft__error(error, AFT_E_TRANSITION, "attempt.task", "another agent has the task");
  if (aft__task_int(task, AFT__TASK_ATTEMPTS) >= AFT__MOST_ATTEMPTS)
    return aft__error(error, AFT_E_TOO_LARGE, "attempt.task", "a task has at most %d attempts",
                      AFT__MOST_ATTEMPTS);
  if (in->promised && (in->promised <= cmd->now || in->promised > cmd->now + MOST_PROMISE))
    return aft__error(error, AFT_E_INVALID, "attempt.promised", "expected a time of the next 90 days");
  return AFT_OK;
}

/* ---- what was said ---- */

static aft_str words_of(const aft__task *task, const noting *n) {
  const aft__cmd *cmd = task->cmd;
  char *key = aft__arena_printf(cmd->arena, "attempt.%s", outcomes[n->in.outcome].name);
  if (n->in.text.len || !key)
    return n->in.text;
  return aft__cstr(aft_policy_text(cmd->policy, task->row[AFT__TASK_LANGUAGE].data, key));
}

static aft_status keep_message(aft__task *task, noting *n, aft_error *error) {
  aft__cmd *cmd = task->cmd;
  char *seconds = aft__arena_printf(cmd->arena, "%lld", (long long)n->in.seconds);
  aft_str text = words_of(task, n);
  if (!seconds || !text.data)
    return aft__nomem(error);
  const aft_field_in fields[] = {
      {.name = aft__cstr("outcome"), .text = aft__cstr(outcomes[n->in.outcome].name)},
      {.name = aft__cstr("seconds"), .text = aft__cstr(seconds)}};
  aft__message message = {.ticket = aft__ticket_id(task->ticket),
                          .customer = aft__task_int(task, AFT__TASK_CUSTOMER),
                          .visibility = n->in.visibility,
                          .channel = aft__cstr("phone"),
                          .account = aft__cstr(""),
                          .text = text,
                          .language = aft__language(text),
                          .sent = cmd->now,
                          .disposition = "call",
                          .fields = fields,
                          .n_fields = AFT__COUNT(fields)};
  n->message = aft__tx_id(cmd->tx);
  return aft__message_add(cmd, &message, n->message, NULL, NULL, error);
}

static aft_status keep_attempt(aft__task *task, noting *n, aft_error *error) {
  aft__cmd *cmd = task->cmd;
  aft__value *row = aft__arena_alloc(cmd->arena, AFT__ATTEMPT_COLUMNS * sizeof *row);
  if (!row)
    return aft__nomem(error);
  n->attempt = aft__tx_id(cmd->tx);
  row[AFT__ATTEMPT_ID] = aft__int(n->attempt);
  row[AFT__ATTEMPT_REV] = aft__int(1);
  row[AFT__ATTEMPT_TENANT] = aft__int(cmd->call.tenant);
  row[AFT__ATTEMPT_TASK] = aft__int(aft__task_id(task));
  row[AFT__ATTEMPT_NUMBER] = aft__int(aft__task_int(task, AFT__TASK_ATTEMPTS) + 1);
  row[AFT__ATTEMPT_OUTCOME] = aft__text(aft__cstr(outcomes[n->in.outcome].name));
  row[AFT__ATTEMPT_AGENT] = aft__id_or_null(caller(cmd));
  row[AFT__ATTEMPT_SECONDS] = aft__int(n->in.seconds);
  row[AFT__ATTEMPT_PROMISED] = n->in.promised ? aft__int(n->in.promised) : aft__null();
  row[AFT__ATTEMPT_MESSAGE] = aft__int(n->message);
  row[AFT__ATTEMPT_SURVEY] = aft__id_or_null(n->in.survey);
  row[AFT__ATTEMPT_CREATED] = aft__int(cmd->now);
  n->row = row;
  return aft__insert(cmd->tx, &aft__attempt_table, row, NULL, error);
}

static aft_status note(aft__task *task, const noting *n, aft_error *error) {
  char *more =
      aft__arena_printf(task->cmd->arena, ",\"attempt\":\"%lld\",\"outcome\":\"%s\",\"message\":\"%lld\"",
                        (long long)n->attempt, outcomes[n->in.outcome].name, (long long)n->message);
  return more ? aft__task_note(task, "task.attempted", more, n->in.text, error) : aft__nomem(error);
}

/* ---- what follows ---- */

/* Any attempt keeps the promise before it; that a promise was broken is over once the customer heard. */
static aft_status take_promise(aft__task *task, const aft_attempt_in *in, aft_error *error) {
  bool heard = in->outcome != AFT_CALLED_NO_ANSWER && in->outcome != AFT_CALLED_BUSY;
  if (heard)
    aft__task_set(task, AFT__TASK_BROKEN, aft__null());
  aft__task_set(task, AFT__TASK_PROMISED, in->promised ? aft__int(in->promised) : aft__null());
  if (in->promised)
    return aft__task_due_at(task, AFT__DUE_PROMISE, in->promised, error);
  return aft__due_clear(task->cmd->tx, aft__task_id(task), aft__cstr(AFT__DUE_PROMISE), error);
}

static aft_status fail(aft__task *task, const char *outcome, aft_str text, aft_error *error) {
  AFT__TRY(aft__task_end_as(task, "failed", aft__cstr(outcome), text, error));
  return aft__task_work(task, aft__cstr("task_failed"), error);
}

/* Nobody was reached. Who promised to call again keeps the task; otherwise whoever is there calls next. */
static aft_status try_again(aft__task *task, const aft_attempt_in *in, aft_error *error) {
  aft__cmd *cmd = task->cmd;
  aft__policy_task policy;
  int64_t missed = aft__task_int(task, AFT__TASK_MISSED) + 1;
  aft__task_set(task, AFT__TASK_MISSED, aft__int(missed));
  if (missed >= aft__task_int(task, AFT__TASK_LIMIT))
    return fail(task, outcomes[in->outcome].name, in->text, error);
  if (in->promised) {
    aft__task_give(task, caller(cmd));
    return AFT_OK;
  }
  bool known = aft__policy_task_find(cmd->policy, aft__row_str(task->row, AFT__TASK_NAME), &policy);
  aft_time next = known ? aft__policy_task_again(cmd->policy, &policy, cmd->now) : cmd->now;
  aft__task_set(task, AFT__TASK_NEXT, aft__int(next));
  aft__task_give(task, 0);
  return aft__task_due_at(task, AFT__DUE_NEXT, next, error);
}

static aft_status follow(aft__task *task, const aft_attempt_in *in, aft_error *error) {
  aft__cmd *cmd = task->cmd;
  aft__task_set(task, AFT__TASK_ATTEMPTS, aft__int(aft__task_int(task, AFT__TASK_ATTEMPTS) + 1));
  aft__task_set(task, AFT__TASK_NEXT, aft__null());
  AFT__TRY(aft__due_clear(cmd->tx, aft__task_id(task), aft__cstr(AFT__DUE_NEXT), error));
  AFT__TRY(take_promise(task, in, error));
  if (in->done)
    return aft__task_end_as(task, "done", aft__cstr(outcomes[in->outcome].name), in->text, error);
  if (outcomes[in->outcome].then == FAILS)
    return fail(task, outcomes[in->outcome].name, in->text, error);
  if (outcomes[in->outcome].then == AGAIN)
    return try_again(task, in, error);
  if (caller(cmd))
    aft__task_give(task, caller(cmd));
  else
    aft__task_settle(task); /* whoever has it keeps it */
  return AFT_OK;
}

static aft_status attempt(aft__task *task, void *given, aft_error *error) {
  noting *n = given;
  const aft_attempt_in *in = &n->in;
  AFT__TRY(check_task(task, in, error));
  AFT__TRY(keep_message(task, n, error));
  AFT__TRY(keep_attempt(task, n, error));
  AFT__TRY(note(task, n, error));
  const aft__spoken spoken = {in->survey, in->score, n->answers, in->n_answers};
  if (in->survey)
    AFT__TRY(aft__survey_told(task->ticket, &spoken, error));
  return follow(task, in, error);
}

static aft_status run(aft__cmd *cmd, void *given, aft_error *error) {
  noting *n = given;
  aft__value *row;
  AFT__TRY(aft__task_load(cmd, n->in.task, &row, error));
  AFT__TRY(aft__task_change(cmd, row, attempt, n, error));
  cmd->ids[0] = n->attempt;
  cmd->ids[1] = n->in.task;
  cmd->row = n->row;
  return AFT_OK;
}

/* ---- the call ---- */

static void digest(aft__sha256 *sha, const void *given) {
  const noting *n = given;
  const aft_attempt_in *in = &n->in;
  const int64_t numbers[] = {in->task,     in->outcome,    in->done,  in->seconds,
                             in->promised, in->visibility, in->score, in->survey};
  for (size_t i = 0; i < AFT__COUNT(numbers); i++)
    aft__digest_i64(sha, numbers[i]);
  aft__digest_str(sha, in->text);
  for (size_t i = 0; i < in->n_answers; i++) {
    aft__digest_str(sha, n->answers[i].name);
    aft__digest_str(sha, n->answers[i].text);
  }
}

static aft_status check_outcome(const aft_attempt_in *in, aft_error *error) {
  if (in->outcome < AFT_CALLED_REACHED || in->outcome >= AFT__COUNT(outcomes))
    return aft__error(error, AFT_E_INVALID, "attempt.outcome", "expected AFT_CALLED_…, found %u",
                      in->outcome);
  if (in->done > 1 || (in->done && in->outcome != AFT_CALLED_REACHED))
    return aft__error(error, AFT_E_INVALID, "attempt.done",
                      in->done > 1 ? "expected 0 or 1" : "only with somebody reached is a task done");
  if (in->survey && in->outcome != AFT_CALLED_REACHED)
    return aft__error(error, AFT_E_INVALID, "attempt.survey", "only somebody who was reached answers one");
  if (in->score && !in->survey)
    return aft__error(error, AFT_E_INVALID, "attempt.score", "a score answers a survey: name it");
  if (in->n_answers && !in->survey)
    return aft__error(error, AFT_E_INVALID, "attempt.answers", "they answer a survey: name it");
  if (in->promised && (in->done || outcomes[in->outcome].then == FAILS))
    return aft__error(error, AFT_E_INVALID, "attempt.promised", "nothing is promised where the task ends");
  return AFT_OK;
}

static aft_status check_in(aft__arena *arena, const aft_env *env, noting *n, aft_error *error) {
  aft_attempt_in *in = &n->in;
  AFT__TRY(aft__in_id(in->task, "attempt.task", error));
  AFT__TRY(aft__in_text(&in->text, env->o.limits.text_bytes, "attempt.text", error));
  AFT__TRY(check_outcome(in, error));
  if (in->survey)
    AFT__TRY(aft__in_id(in->survey, "attempt.survey", error));
  if (in->seconds < 0 || in->seconds > MOST_SECONDS)
    return aft__error(error, AFT_E_INVALID, "attempt.seconds", "expected 0 to %d, found %lld", MOST_SECONDS,
                      (long long)in->seconds);
  if (in->promised < 0)
    return aft__error(error, AFT_E_INVALID, "attempt.promised", "expected a time of the next 90 days");
  if (!in->visibility)
    in->visibility = AFT_PRIVATE;
  if (in->visibility != AFT_PUBLIC && in->visibility != AFT_PRIVATE)
    return aft__error(error, AFT_E_INVALID, "attempt.visibility",
                      "expected AFT_PUBLIC or AFT_PRIVATE, found %u", in->visibility);
  return aft__fields_copy(arena, env, in->answers, in->n_answers, "attempt.answers", &n->answers, error);
}

aft_status aft_attempt_note(aft_session *session, const aft_call *call, const aft_attempt_in *in,
                            aft_record **out, aft_error *error) {
  static const aft__command command = {.verb = "attempt.note",
                                       .name = "attempt_note",
                                       .roles = AFT__ROLE(AFT_ROLE_SYSTEM) | AFT__ROLE(AFT_ROLE_AGENT),
                                       .returns = AFT_KIND_ATTEMPT,
                                       .digest = digest,
                                       .run = run};
  noting n = {0};
  aft__arena arena;
  if (!session)
    return aft__error(error, AFT_E_NULL_HANDLE, "session", "the session is NULL");
  AFT__TRY(aft__abi_copy(&n.in, sizeof n.in, in, ATTEMPT_V1, "aft_attempt_in", error));
  aft__arena_init(&arena, aft__session_env(session));
  aft_status status = check_in(&arena, aft__session_env(session), &n, error);
  if (status >= 0)
    status = aft__command_run(session, call, &command, &n, out, error);
  aft__arena_done(&arena);
  return status;
}
