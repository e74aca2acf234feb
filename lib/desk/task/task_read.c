/* Reading tasks: one, its attempts, and what to say. */
#include "desk/task/task_priv.h"

#define READERS (AFT__ROLES_ALL | AFT__ROLE(AFT_ROLE_WAREHOUSE))
#define STAFF   (AFT__ROLES_STAFF | AFT__ROLE(AFT_ROLE_WAREHOUSE))

/* ---- one ---- */

static aft_status get(aft__cmd *cmd, void *in, aft_error *error) {
  return aft__task_load(cmd, *(const aft_id *)in, &cmd->row, error);
}

aft_status aft_task_get(aft_session *session, const aft_call *call, aft_id task, aft_record **out,
                        aft_error *error) {
  static const aft__command command = {.verb = "task.get",
                                       .name = "task_get",
                                       .roles = READERS,
                                       .returns = AFT_KIND_TASK,
                                       .read = true,
                                       .run = get,
                                       .hide = aft__task_hide};
  return aft__command_run(session, call, &command, &task, out, error);
}

static aft_status find(aft__cmd *cmd, void *in, aft_error *error) {
  return aft__task_coded(cmd, aft__cstr(in), &cmd->row, error);
}

aft_status aft_task_find(aft_session *session, const aft_call *call, const char *code, size_t len,
                         aft_record **out, aft_error *error) {
  static const aft__command command = {.verb = "task.find",
                                       .name = "task_find",
                                       .roles = READERS,
                                       .returns = AFT_KIND_TASK,
                                       .read = true,
                                       .run = find,
                                       .hide = aft__task_hide};
  char written[AFT_CODE_SIZE];
  if (!code)
    return aft__error(error, AFT_E_INVALID, "code", "the code is NULL");
  AFT__TRY(aft_code_parse(code, len, written, error));
  return aft__command_run(session, call, &command, written, out, error);
}

/* ---- its attempts ---- */

aft_status aft_attempt_list(aft_session *session, const aft_call *call, aft_id task, aft_cursor **out,
                            aft_error *error) {
  static const aft__command command = {
      .verb = "attempt.list", .name = "attempt_list", .roles = STAFF, .read = true, .run = get};
  AFT__TRY(aft__command_run(session, call, &command, &task, NULL, error));
  aft__list list = {.kind = AFT_KIND_ATTEMPT,
                    .table = &aft__attempt_table,
                    .index = AFT__ATTEMPT_BY_TASK,
                    .n_equal = 2,
                    .equal = {call->tenant, task},
                    .deadline_ms = call->deadline_ms};
  return aft__cursor_open(session, &list, (aft_str){0}, out, error);
}

/* ---- what to say ---- */

typedef struct reading {
  aft_id task;
  const char *locale;
  aft_buf *out;
} reading;

/* A row that may be gone: NULL. */
static aft_status row_of(aft__cmd *cmd, const aft__table *table, const aft__value *id, aft__value **row,
                         aft_error *error) {
  *row = NULL;
  if (id->type == AFT_SQL_NULL)
    return AFT_OK;
  aft_status status = aft__get(cmd->tx, table, id->number, row, error);
  return status == AFT_E_NOT_FOUND ? AFT_OK : status;
}

static aft_status waybill_of(aft__cmd *cmd, const aft__value *order, aft_str *out, aft_error *error) {
  aft__value **rows;
  uint32_t n;
  *out = (aft_str){0};
  if (!order)
    return AFT_OK;
  AFT__TRY(aft__load_rows(cmd, &aft__parcel_table, AFT__PARCEL_BY_REF, order[AFT__ORDER_ID].number, 1, &rows,
                          &n, error));
  if (n)
    *out = aft__row_str(rows[0], AFT__PARCEL_WAYBILL);
  return AFT_OK;
}

/* What is not known is a dash, so that nobody reads a place aloud. */
static aft_str or_dash(aft_str text) { return text.len ? text : aft__cstr("—"); }

static aft_str text_of(const aft__value *row, uint32_t column) {
  return or_dash(row ? aft__row_str(row, column) : (aft_str){0});
}

static aft_status brief(aft__cmd *cmd, void *given, aft_error *error) {
  reading *r = given;
  aft__value *task, *ticket, *customer, *order;
  aft_str waybill;
  AFT__TRY(aft__task_load(cmd, r->task, &task, error));
  AFT__TRY(row_of(cmd, &aft__ticket_table, &task[AFT__TASK_TICKET], &ticket, error));
  AFT__TRY(row_of(cmd, &aft__customer_table, &task[AFT__TASK_CUSTOMER], &customer, error));
  AFT__TRY(row_of(cmd, &aft__order_table, &task[AFT__TASK_ORDER], &order, error));
  AFT__TRY(waybill_of(cmd, order, &waybill, error));
  const aft__arg args[] = {{"task_code", text_of(task, AFT__TASK_CODE)},
                           {"code", text_of(ticket, AFT__TICKET_CODE)},
                           {"subject", text_of(ticket, AFT__TICKET_SUBJECT)},
                           {"name", text_of(customer, AFT__CUSTOMER_NAME)},
                           {"phone", text_of(task, AFT__TASK_PHONE)},
                           {"order", text_of(order, AFT__ORDER_NUMBER)},
                           {"waybill", or_dash(waybill)},
                           {"reason", text_of(task, AFT__TASK_REASON)}};
  aft__buf_clear(r->out);
  if (aft__row_null(task, AFT__TASK_SCRIPT))
    return AFT_OK;
  aft__policy_render(cmd->policy, r->locale ? r->locale : task[AFT__TASK_LANGUAGE].data,
                     task[AFT__TASK_SCRIPT].data, args, AFT__COUNT(args), r->out);
  return r->out->failed ? aft__nomem(error) : AFT_OK;
}

aft_status aft_task_brief(aft_session *session, const aft_call *call, aft_id task, const char *locale,
                          aft_buf **out, aft_error *error) {
  static const aft__command command = {
      .verb = "task.brief", .name = "task_brief", .roles = STAFF, .read = true, .run = brief};
  reading r = {.task = task, .locale = locale};
  return aft__command_text(session, call, &command, &r, &r.out, out, error);
}
