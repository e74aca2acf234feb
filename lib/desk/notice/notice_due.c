/* Notices that were held, when their time has come, and those whose channel failed, on their next one. */
#include "desk/case/case_priv.h"
#include "desk/notice/notice_priv.h"

/* ---- one that is kept, with what it is about ---- */

static aft_status get(const aft__notice *notice, const aft__table *table, aft_id id, aft__value **row,
                      aft_error *error) {
  return aft__get(notice->cmd->tx, table, id, row, error);
}

static aft_status load_subject(aft__notice *notice, aft_error *error) {
  aft_id id = aft__row_int(notice->row, AFT__NOTICE_SUBJECT);
  if (aft__str_eq(aft__row_str(notice->row, AFT__NOTICE_ABOUT), aft__cstr("ticket")))
    return get(notice, &aft__ticket_table, id, &notice->ticket, error);
  AFT__TRY(get(notice, &aft__case_table, id, &notice->about, error));
  AFT__TRY(
      get(notice, &aft__order_table, aft__row_int(notice->about, AFT__CASE_ORDER), &notice->order, error));
  return aft__case_channel(notice->cmd, notice->about, notice->customer, &notice->ticket, error);
}

aft_status aft__notice_load(aft__cmd *cmd, aft_id id, aft__notice *notice, aft_error *error) {
  *notice = (aft__notice){.cmd = cmd, .kept = true};
  aft__buf_init(&notice->reasons, cmd->env);
  AFT__TRY(aft__load(cmd, &aft__notice_table, AFT__NOTICE_TENANT, id, "notice", &notice->row, error));
  aft__buf_str(&notice->reasons, aft__row_str(notice->row, AFT__NOTICE_REASONS));
  AFT__TRY(get(notice, &aft__customer_table, aft__row_int(notice->row, AFT__NOTICE_CUSTOMER),
               &notice->customer, error));
  AFT__TRY(load_subject(notice, error));
  AFT__TRY(aft__fields_read(cmd->arena, aft__row_str(notice->row, AFT__NOTICE_FIELDS), notice->values,
                            &notice->n, error));
  return aft__notice_wishes(notice, error);
}

/* ---- telling people that nothing got through ---- */

static aft_status note_on_ticket(aft__cmd *cmd, aft_id id, aft_str facts, aft_error *error) {
  aft__ticket ticket;
  aft_status status = aft__ticket_load(cmd, id, &ticket, error);
  if (status >= 0)
    status = aft__ticket_note(&ticket, "notice.failed", facts, (aft_str){0}, error);
  if (status >= 0)
    status = aft__ticket_save(&ticket, error);
  aft__ticket_done(&ticket);
  return status;
}

static aft_status note_on_case(aft__cmd *cmd, aft_id id, aft_str facts, aft_error *error) {
  aft__case c;
  aft_status status = aft__case_load_row(cmd, id, &c, error);
  if (status >= 0)
    status = aft__case_note(&c, "notice.failed", facts, (aft_str){0}, error);
  if (status >= 0)
    status = aft__case_save(&c, error);
  aft__case_done(&c);
  return status;
}

static aft_status note_failure(const aft__notice *notice, aft_error *error) {
  const aft__value *row = notice->row;
  char *facts = aft__arena_printf(notice->cmd->arena, "{\"notice\":\"%lld\",\"event\":\"%s\"}",
                                  (long long)aft__row_int(row, AFT__NOTICE_ID), row[AFT__NOTICE_EVENT].data);
  if (!facts)
    return aft__nomem(error);
  aft_id id = aft__row_int(row, AFT__NOTICE_SUBJECT);
  return notice->about ? note_on_case(notice->cmd, id, aft__cstr(facts), error)
                       : note_on_ticket(notice->cmd, id, aft__cstr(facts), error);
}

/* ---- what falls due ---- */

/* A survey that was answered meanwhile, or whose ticket is worked on again, asks no more. */
static aft_status decide(aft__notice *notice, aft_error *error) {
  bool asks = true;
  if (aft__notice_is(notice->row, "held") && !aft__row_null(notice->row, AFT__NOTICE_SURVEY))
    AFT__TRY(aft__survey_asks(notice->cmd, aft__row_int(notice->row, AFT__NOTICE_SURVEY),
                              notice->about ? NULL : notice->ticket, &asks, error));
  if (asks)
    return aft__notice_decide(notice, false, error);
  aft__notice_suppress(notice, "obsolete");
  return AFT_OK;
}

static aft_status go_on(aft__notice *notice, aft_str name, aft_error *error) {
  const char *waits = aft__str_eq(name, aft__cstr(AFT__DUE_SEND)) ? "held" : "failed";
  bool erased = !aft__row_null(notice->customer, AFT__CUSTOMER_ERASED);
  if (erased || !aft__notice_is(notice->row, waits) || !aft__row_null(notice->row, AFT__NOTICE_FAILED))
    return AFT_OK;
  AFT__TRY(decide(notice, error));
  AFT__TRY(aft__notice_save(notice, error));
  if (aft__notice_is(notice->row, "suppressed") && !aft__row_null(notice->row, AFT__NOTICE_SURVEY))
    return aft__survey_unsent(notice->cmd, aft__row_int(notice->row, AFT__NOTICE_SURVEY), error);
  return aft__notice_is(notice->row, "failed") ? note_failure(notice, error) : AFT_OK;
}

aft_status aft__notice_due(aft__cmd *cmd, const aft__value *due, aft_error *error) {
  aft__notice notice;
  aft_status status = aft__notice_load(cmd, due[AFT__DU_SUBJECT].number, &notice, error);
  if (status >= 0)
    status = go_on(&notice, aft__value_str(&due[AFT__DU_NAME]), error);
  aft__notice_done(&notice);
  return status;
}
