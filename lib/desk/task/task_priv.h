/* Between the files of tasks. */
#ifndef AFT_TASK_PRIV_H
#define AFT_TASK_PRIV_H

#include "desk/desk_priv.h"

#include <aftersales/task.h>

#define AFT__MOST_TASKS    200u /* of one ticket */
#define AFT__MOST_ATTEMPTS 100
#define AFT__TASK_WORDS    1000 /* bytes of a reason */
#define AFT__TASK_CALL     "call_back"
#define AFT__PARTY_AGENT   "agent"

/* ---- task.c: a task while a command changes it ---- */

typedef struct aft__task {
  aft__cmd *cmd;
  aft__ticket *ticket; /* saved with it */
  aft__value *row;
  uint64_t mask; /* columns that changed */
} aft__task;

/* Loads a task, which the caller of the command must be allowed to touch. */
aft_status aft__task_load(aft__cmd *cmd, aft_id id, aft__value **row, aft_error *error);
/* The row of a short code, however it was typed. */
aft_status aft__task_coded(aft__cmd *cmd, aft_str code, aft__value **row, aft_error *error);
aft_status aft__may_task(aft__cmd *cmd, const aft__value *row, aft_error *error);
/* Blanks what is not for buyers. */
aft_status aft__task_hide(aft__cmd *cmd, aft__value *row, aft_error *error);

/* Loads the ticket of a task, runs fn on both, and saves both. */
typedef aft_status (*aft__task_fn)(aft__task *task, void *in, aft_error *error);
aft_status aft__task_change(aft__cmd *cmd, aft__value *row, aft__task_fn fn, void *in, aft_error *error);

void aft__task_set(aft__task *task, uint32_t column, aft__value value);
static inline int64_t aft__task_int(const aft__task *t, uint32_t column) { return t->row[column].number; }
static inline aft_id aft__task_id(const aft__task *t) { return t->row[AFT__TASK_ID].number; }
bool aft__task_is(const aft__value *row, uint32_t column, const char *word);
static inline bool aft__task_ended(const aft__value *row) { return row[AFT__TASK_OPEN].number == 0; }
/* AFT_E_TRANSITION for a task at its end. */
aft_status aft__task_going_on(const aft__value *row, aft_error *error);
/* Sets its place, and whether it can be claimed, from its other columns. */
void aft__task_settle(aft__task *task);
/* Gives it to an agent; 0: to nobody. */
void aft__task_give(aft__task *task, aft_id agent);
aft_status aft__task_end_as(aft__task *task, const char *state, aft_str outcome, aft_str note,
                            aft_error *error);
aft_status aft__task_save(aft__task *task, aft_error *error);

/* An event of its ticket about it. more: further members of its facts, as JSON, or "". */
aft_status aft__task_note(aft__task *task, const char *verb, const char *more, aft_str personal,
                          aft_error *error);
/* A work.order about it. */
aft_status aft__task_work(aft__task *task, aft_str work, aft_error *error);
/* Sets or moves one of its due rows. */
aft_status aft__task_due_at(aft__task *task, const char *name, aft_time at, aft_error *error);
#define AFT__DUE_WARN    "warn"
#define AFT__DUE_BREACH  "breach"
#define AFT__DUE_NEXT    "next"
#define AFT__DUE_PROMISE "promise"

/* The tasks of a ticket, AFT__MOST_TASKS of them at most. */
aft_status aft__tasks_of(aft__cmd *cmd, aft_id ticket, aft__value ***rows, uint32_t *n, aft_error *error);

/* ---- task_open.c ---- */

/* What aft_task_add and aft_callback_ask have in common: AFT_E_EXISTS where one is open already. */
aft_status aft__task_open_for(aft__ticket *ticket, const aft__task_new *in, aft_error *error);
/* zh, en or nothing. */
aft_status aft__in_language(aft_str *language, const char *where, aft_error *error);
aft_status aft__in_phone(aft_str *phone, const char *where, aft_error *error);

/* ---- task_due.c ---- */

aft_status aft__task_due(aft__cmd *cmd, const aft__value *due, aft_error *error);

#endif
