/* Reading notices: one, many, and why one stands as it does. */
#include "desk/case/case_priv.h"
#include "desk/notice/notice_priv.h"

#define FILTER_V1 (offsetof(aft_notice_filter, token) + sizeof(aft_str))

static const char *const states[] = {"held", "queued", "sent",      "delivered",
                                     "read", "failed", "coalesced", "suppressed"};

/* ---- who may see what ---- */

static aft_status may_subject(aft__cmd *cmd, aft_id subject, bool is_case, aft_error *error) {
  const aft__table *table = is_case ? &aft__case_table : &aft__ticket_table;
  aft__value *row;
  AFT__TRY(aft__load(cmd, table, is_case ? AFT__CASE_TENANT : AFT__TICKET_TENANT, subject, "notice.subject",
                     &row, error));
  return aft__may_shop(cmd, aft__row_int(row, is_case ? AFT__CASE_SHOP : AFT__TICKET_SHOP), error);
}

static aft_status load(aft__cmd *cmd, aft_id id, aft__value **row, aft_error *error) {
  cmd->subject = id;
  AFT__TRY(aft__load(cmd, &aft__notice_table, AFT__NOTICE_TENANT, id, "notice", row, error));
  bool is_case = aft__str_eq(aft__row_str(*row, AFT__NOTICE_ABOUT), aft__cstr("case"));
  return may_subject(cmd, aft__row_int(*row, AFT__NOTICE_SUBJECT), is_case, error);
}

/* ---- one ---- */

static aft_status notice_get(aft__cmd *cmd, void *given, aft_error *error) {
  aft_id id = *(aft_id *)given;
  AFT__TRY(load(cmd, id, &cmd->row, error));
  cmd->ids[0] = id;
  return AFT_OK;
}

aft_status aft_notice_get(aft_session *session, const aft_call *call, aft_id notice, aft_record **out,
                          aft_error *error) {
  static const aft__command command = {.verb = "notice.get",
                                       .name = "notice_get",
                                       .roles = AFT__ROLES_STAFF,
                                       .returns = AFT_KIND_NOTICE,
                                       .read = true,
                                       .run = notice_get};
  AFT__TRY(aft__in_id(notice, "notice", error));
  return aft__command_run(session, call, &command, &notice, out, error);
}

/* ---- many ---- */

typedef struct listing {
  aft_notice_filter in;
  bool is_case;
} listing;

static aft_status find_subject(aft__cmd *cmd, listing *l, aft_error *error) {
  aft__value *row;
  aft_status status = aft__get(cmd->tx, &aft__case_table, l->in.subject, &row, error);
  if (status < 0 && status != AFT_E_NOT_FOUND)
    return status;
  l->is_case = status >= 0;
  return may_subject(cmd, l->in.subject, l->is_case, error);
}

static aft_status notice_list(aft__cmd *cmd, void *given, aft_error *error) {
  listing *l = given;
  aft__value *row;
  cmd->subject = l->in.subject ? l->in.subject : l->in.customer;
  if (l->in.subject)
    return find_subject(cmd, l, error);
  if (cmd->call.role == AFT_ROLE_AGENT)
    return aft__denied(cmd, "agents list the notices of one ticket or case", error);
  if (!l->in.customer)
    return AFT_OK;
  return aft__load(cmd, &aft__customer_table, AFT__CUSTOMER_TENANT, l->in.customer, "filter.customer", &row,
                   error);
}

static bool in_state(const aft__list *list, const aft__value *row) {
  return aft__notice_is(row, states[list->want[0]]);
}

static aft_status check_filter(aft_notice_filter *in, uint32_t *state, aft_error *error) {
  AFT__TRY(aft__in_text(&in->state, AFT__NAME_BYTES, "filter.state", error));
  *state = 0;
  while (in->state.len && *state < AFT__COUNT(states) && !aft__str_eq(aft__cstr(states[*state]), in->state))
    (*state)++;
  if (*state == AFT__COUNT(states))
    return aft__error(error, AFT_E_INVALID, "filter.state", "no state of a notice is called '%.*s'",
                      (int)aft__utf8_cut(in->state, 60), in->state.data);
  if (in->customer < 0 || in->subject < 0)
    return aft__in_id(-1, in->customer < 0 ? "filter.customer" : "filter.subject", error);
  if (in->customer && in->subject)
    return aft__error(error, AFT_E_INVALID, "filter.subject", "expected a customer or a subject, found both");
  if (!in->customer && !in->subject && !aft__str_eq(in->state, aft__cstr("failed")))
    return aft__error(error, AFT_E_INVALID, "filter.customer",
                      "expected a customer, a subject, or the state 'failed'");
  return AFT_OK;
}

aft_status aft_notice_list(aft_session *session, const aft_call *call, const aft_notice_filter *in,
                           aft_cursor **out, aft_error *error) {
  static const aft__command command = {.verb = "notice.list",
                                       .name = "notice_list",
                                       .roles = AFT__ROLES_STAFF,
                                       .read = true,
                                       .run = notice_list};
  listing l = {0};
  uint32_t state;
  AFT__TRY(aft__abi_copy(&l.in, sizeof l.in, in, FILTER_V1, "aft_notice_filter", error));
  AFT__TRY(check_filter(&l.in, &state, error));
  AFT__TRY(aft__command_run(session, call, &command, &l, NULL, error));
  aft_id parent = l.in.subject ? l.in.subject : l.in.customer;
  aft__list list = {.kind = AFT_KIND_NOTICE,
                    .table = &aft__notice_table,
                    .index = l.in.subject    ? AFT__NOTICE_BY_SUBJECT
                             : l.in.customer ? AFT__NOTICE_BY_CUSTOMER
                                             : AFT__NOTICE_BY_FAILED,
                    .n_equal = parent ? 2 : 1,
                    .equal = {call->tenant, parent},
                    .descending = parent != 0,
                    .after = {!parent, INT64_MIN, INT64_MAX}, /* those that never failed come before */
                    .shows = l.in.state.len ? in_state : NULL,
                    .want = {state},
                    .scope = l.in.state.len ? state + 1 : 0,
                    .deadline_ms = call->deadline_ms};
  return aft__cursor_open(session, &list, l.in.token, out, error);
}

/* ---- why ---- */

typedef struct explanation {
  aft_id notice;
  const char *locale;
  aft_buf *out;
} explanation;

static aft_status explain(aft__cmd *cmd, void *given, aft_error *error) {
  explanation *e = given;
  aft__value *row;
  AFT__TRY(load(cmd, e->notice, &row, error));
  aft__buf_clear(e->out);
  aft__reasons_render(cmd->policy, e->locale, aft__row_str(row, AFT__NOTICE_REASONS), NULL, e->out);
  return AFT_OK;
}

aft_status aft_notice_explain(aft_session *session, const aft_call *call, aft_id notice, const char *locale,
                              aft_buf **out, aft_error *error) {
  static const aft__command command = {.verb = "notice.explain",
                                       .name = "notice_explain",
                                       .roles = AFT__ROLES_STAFF,
                                       .read = true,
                                       .run = explain};
  explanation e = {.notice = notice, .locale = locale ? locale : "en"};
  AFT__TRY(aft__in_id(notice, "notice", error));
  return aft__command_text(session, call, &command, &e, &e.out, out, error);
}
