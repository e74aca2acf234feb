/* Times at which somebody comes: booked with a window, kept, missed, rebooked. */
#include "desk/case/case_priv.h"

#define MOST_APPOINTMENTS 100u
#define APPOINTMENT_V1    (offsetof(aft_appointment_in, text) + sizeof(aft_str))

static aft_status window_due(aft__cmd *cmd, aft_id id, aft_time ends, aft_error *error) {
  return aft__due_set(cmd->tx, cmd->call.tenant, AFT__KIND_APPOINTMENT, id, aft__cstr(AFT__DUE_WINDOW), ends,
                      error);
}

static aft_status check_window(const aft__cmd *cmd, const aft_appointment_in *in, aft_error *error) {
  if (in->begins >= in->ends || in->ends - in->begins > 7 * AFT__DAY)
    return aft__error(error, AFT_E_INVALID, "appointment.ends",
                      "expected a window of up to 7 days that ends after it begins");
  if (in->ends <= cmd->now)
    return aft__error(error, AFT_E_INVALID, "appointment.begins", "expected a window to come");
  return AFT_OK;
}

static void put_visit(aft__case *c, aft__json *json, const void *user) {
  const aft__value *row = user;
  (void)c;
  aft__json_key(json, "appointment");
  aft__json_id(json, row[AFT__APPOINTMENT_ID].number);
  aft__json_key(json, "visit");
  aft__json_str(json, aft__row_str(row, AFT__APPOINTMENT_KIND));
  aft__json_key(json, "begins");
  aft__json_i64(json, aft__row_int(row, AFT__APPOINTMENT_BEGINS));
  aft__json_key(json, "ends");
  aft__json_i64(json, aft__row_int(row, AFT__APPOINTMENT_ENDS));
  aft__json_key(json, "address");
  aft__json_str(json, aft__row_str(row, AFT__APPOINTMENT_ADDRESS));
  aft__json_key(json, "attempt");
  aft__json_i64(json, aft__row_int(row, AFT__APPOINTMENT_ATTEMPT));
}

/* The host and the customer learn of it. */
static aft_status tell(aft__case *c, const char *topic, const char *notice, const aft__value *row,
                       aft_error *error) {
  if (topic)
    AFT__TRY(aft__case_ask(c, topic, put_visit, row, error));
  c->visit = row;
  aft_status status = aft__case_notify(c, notice, error);
  c->visit = NULL;
  return status;
}

static aft_status load_all(aft__case *c, aft__value ***rows, uint32_t *n, aft_error *error) {
  return aft__load_rows(c->cmd, &aft__appointment_table, AFT__APPOINTMENT_BY_CASE, aft__case_id(c),
                        MOST_APPOINTMENTS, rows, n, error);
}

static bool is_booked(const aft__value *row) {
  return aft__str_eq(aft__row_str(row, AFT__APPOINTMENT_STATE), aft__cstr("booked"));
}

/* One visit of a kind at a time; instead: the one that the new one takes the place of. */
static aft_status check_free(aft__case *c, aft_str kind, aft_id instead, aft_error *error) {
  aft__value **rows;
  uint32_t n;
  AFT__TRY(load_all(c, &rows, &n, error));
  if (n == MOST_APPOINTMENTS)
    return aft__error(error, AFT_E_TOO_LARGE, "appointment.case_id", "a case has at most %u appointments",
                      MOST_APPOINTMENTS);
  for (uint32_t i = 0; i < n; i++)
    if (is_booked(rows[i]) && rows[i][AFT__APPOINTMENT_ID].number != instead &&
        aft__str_eq(aft__row_str(rows[i], AFT__APPOINTMENT_KIND), kind))
      return aft__error(error, AFT_E_EXISTS, "appointment.kind",
                        "a %.*s is booked already, as appointment %lld: rebook that one", (int)kind.len,
                        kind.data, (long long)rows[i][AFT__APPOINTMENT_ID].number);
  return AFT_OK;
}

static aft_status add(aft__case *c, const aft_appointment_in *in, aft_str kind, int64_t attempt, aft_id *id,
                      aft_error *error) {
  aft__cmd *cmd = c->cmd;
  AFT__TRY(check_window(cmd, in, error));
  AFT__TRY(check_free(c, kind, in->appointment, error));
  *id = aft__tx_id(cmd->tx);
  aft_str address = in->address.len ? in->address : aft__case_str(c, AFT__CASE_ADDRESS);
  aft__value row[AFT__APPOINTMENT_COLUMNS] = {
      [AFT__APPOINTMENT_ID] = aft__int(*id),
      [AFT__APPOINTMENT_REV] = aft__int(1),
      [AFT__APPOINTMENT_TENANT] = aft__int(cmd->call.tenant),
      [AFT__APPOINTMENT_CASE] = c->row[AFT__CASE_ID],
      [AFT__APPOINTMENT_KIND] = aft__text(kind),
      [AFT__APPOINTMENT_STATE] = aft__text(aft__cstr("booked")),
      [AFT__APPOINTMENT_BEGINS] = aft__int(in->begins),
      [AFT__APPOINTMENT_ENDS] = aft__int(in->ends),
      [AFT__APPOINTMENT_ADDRESS] = address.len ? aft__text(address) : aft__null(),
      [AFT__APPOINTMENT_TEXT] = aft__text_or_null(in->text),
      [AFT__APPOINTMENT_ATTEMPT] = aft__int(attempt),
      [AFT__APPOINTMENT_CREATED] = aft__int(cmd->now),
  };
  AFT__TRY(aft__insert(cmd->tx, &aft__appointment_table, row, NULL, error));
  AFT__TRY(window_due(cmd, *id, in->ends, error));
  return tell(c, "appointment.booked", "visit_booked", row, error);
}

/* ---- what became of one ---- */

static const char *const states[] = {[AFT_BOOKING_KEPT] = "kept",
                                     [AFT_BOOKING_NO_SHOW] = "no_show",
                                     [AFT_BOOKING_CANCEL] = "cancelled",
                                     [AFT_BOOKING_REBOOK] = "rebooked"};

static aft_status change(aft__case *c, aft__value *row, const aft_appointment_in *in, aft_error *error) {
  uint64_t mask = UINT64_C(1) << AFT__APPOINTMENT_STATE;
  aft_str state = aft__row_str(row, AFT__APPOINTMENT_STATE);
  bool missed = aft__str_eq(state, aft__cstr("no_show")) && in->act == AFT_BOOKING_REBOOK;
  if (!aft__str_eq(state, aft__cstr("booked")) && !missed)
    return aft__error(error, AFT_E_TRANSITION, "appointment", "the appointment is %.*s", (int)state.len,
                      state.data);
  row[AFT__APPOINTMENT_STATE] = aft__text(aft__cstr(states[in->act]));
  if (in->act == AFT_BOOKING_REBOOK) {
    aft_id id;
    if (!missed) /* the customer hears of the new one alone */
      AFT__TRY(aft__case_ask(c, "appointment.cancelled", put_visit, row, error));
    AFT__TRY(add(c, in, aft__row_str(row, AFT__APPOINTMENT_KIND),
                 aft__row_int(row, AFT__APPOINTMENT_ATTEMPT) + 1, &id, error));
    row[AFT__APPOINTMENT_REBOOKED] = aft__int(id);
    mask |= UINT64_C(1) << AFT__APPOINTMENT_REBOOKED;
    c->cmd->ids[0] = id;
  }
  AFT__TRY(aft__due_clear(c->cmd->tx, row[AFT__APPOINTMENT_ID].number, aft__cstr(AFT__DUE_WINDOW), error));
  AFT__TRY(aft__update(c->cmd->tx, &aft__appointment_table, row, mask, error));
  if (in->act == AFT_BOOKING_NO_SHOW)
    return tell(c, NULL, "visit_missed", row, error);
  return in->act == AFT_BOOKING_CANCEL ? tell(c, "appointment.cancelled", "visit_cancelled", row, error)
                                       : AFT_OK;
}

aft_status aft__visit_booked(aft__case *c, int64_t *out, aft_error *error) {
  aft__value **rows;
  uint32_t n;
  *out = 0;
  if (c->fresh)
    return AFT_OK;
  AFT__TRY(load_all(c, &rows, &n, error));
  for (uint32_t i = 0; i < n; i++)
    *out |= is_booked(rows[i]) && aft__row_int(rows[i], AFT__APPOINTMENT_ENDS) > c->cmd->now;
  return AFT_OK;
}

aft_status aft__appointments_end(aft__case *c, aft_error *error) {
  aft__value **rows;
  uint32_t n;
  if (c->fresh)
    return AFT_OK;
  AFT__TRY(load_all(c, &rows, &n, error));
  for (uint32_t i = 0; i < n; i++) {
    if (!is_booked(rows[i]))
      continue;
    rows[i][AFT__APPOINTMENT_STATE] = aft__text(aft__cstr("cancelled"));
    AFT__TRY(aft__update(c->cmd->tx, &aft__appointment_table, rows[i], UINT64_C(1) << AFT__APPOINTMENT_STATE,
                         error));
    AFT__TRY(
        aft__due_clear(c->cmd->tx, rows[i][AFT__APPOINTMENT_ID].number, aft__cstr(AFT__DUE_WINDOW), error));
    AFT__TRY(tell(c, "appointment.cancelled", "visit_cancelled", rows[i], error));
  }
  return AFT_OK;
}

static aft_status on_case(aft__case *c, aft__value *row, const aft_appointment_in *in, aft_error *error) {
  static const char *const verbs[] = {"",
                                      "appointment.booked",
                                      "appointment.kept",
                                      "appointment.no_show",
                                      "appointment.cancelled",
                                      "appointment.rebooked"};
  AFT__TRY(aft__may_case(c->cmd, c->row, error));
  if (!aft__case_int(c, AFT__CASE_OPEN))
    return aft__error(error, AFT_E_TRANSITION, "appointment", "the case has come to its end");
  AFT__TRY(row ? change(c, row, in, error) : add(c, in, in->kind, 1, &c->cmd->ids[0], error));
  AFT__TRY(aft__case_note(c, verbs[in->act], (aft_str){0}, in->text, error));
  return aft__case_save(c, error);
}

static aft_status run(aft__cmd *cmd, void *given, aft_error *error) {
  const aft_appointment_in *in = given;
  aft__value *row = NULL;
  aft__case c;
  aft_id id = in->case_id;
  if (in->act != AFT_BOOKING_BOOK) {
    AFT__TRY(aft__load(cmd, &aft__appointment_table, AFT__APPOINTMENT_TENANT, in->appointment, "appointment",
                       &row, error));
    id = aft__row_int(row, AFT__APPOINTMENT_CASE);
    cmd->ids[0] = in->appointment;
  }
  if (cmd->call.role == AFT_ROLE_BUYER && (in->act == AFT_BOOKING_KEPT || in->act == AFT_BOOKING_NO_SHOW))
    return aft__denied(cmd, "whether somebody came, the shop says", error);
  aft_status status = aft__case_load(cmd, id, &c, error);
  if (status >= 0)
    status = on_case(&c, row, in, error);
  aft__case_done(&c);
  return status;
}

static void digest(aft__sha256 *sha, const void *given) {
  const aft_appointment_in *in = given;
  const int64_t numbers[] = {in->case_id, in->appointment, in->act, in->begins, in->ends};
  for (size_t i = 0; i < AFT__COUNT(numbers); i++)
    aft__digest_i64(sha, numbers[i]);
  aft__digest_str(sha, in->kind);
  aft__digest_str(sha, in->address);
  aft__digest_str(sha, in->text);
}

static aft_status check_kind(aft_str kind, aft_error *error) {
  static const char *const kinds[] = {"pickup", "installation", "visit"};
  for (size_t i = 0; i < AFT__COUNT(kinds); i++)
    if (aft__str_eq(kind, aft__cstr(kinds[i])))
      return AFT_OK;
  return aft__error(error, AFT_E_INVALID, "appointment.kind",
                    "expected pickup, installation or visit, found '%.*s'", (int)aft__utf8_cut(kind, 40),
                    kind.data ? kind.data : "");
}

aft_status aft_appointment_put(aft_session *session, const aft_call *call, const aft_appointment_in *in,
                               aft_record **out, aft_error *error) {
  static const aft__command command = {.verb = "appointment.put",
                                       .name = "appointment_put",
                                       .roles = AFT__ROLES_ALL | AFT__ROLE(AFT_ROLE_WAREHOUSE),
                                       .by_link = true,
                                       .returns = AFT_KIND_APPOINTMENT,
                                       .audits = true,
                                       .digest = digest,
                                       .run = run};
  aft_appointment_in local;
  AFT__TRY(aft__abi_copy(&local, sizeof local, in, APPOINTMENT_V1, "aft_appointment_in", error));
  AFT__TRY(aft__in_text(&local.kind, 64, "appointment.kind", error));
  AFT__TRY(aft__in_text(&local.address, 1000, "appointment.address", error));
  AFT__TRY(aft__in_text(&local.text, 1000, "appointment.text", error));
  if (local.act < AFT_BOOKING_BOOK || local.act > AFT_BOOKING_REBOOK)
    return aft__error(error, AFT_E_INVALID, "appointment.act", "expected AFT_BOOKING_…, found %u", local.act);
  if (local.act == AFT_BOOKING_BOOK) {
    AFT__TRY(aft__in_id(local.case_id, "appointment.case_id", error));
    AFT__TRY(check_kind(local.kind, error));
  } else {
    AFT__TRY(aft__in_id(local.appointment, "appointment.appointment", error));
  }
  return aft__command_run(session, call, &command, &local, out, error);
}

/* ---- a window that passed without word ---- */

static void put_work(aft__case *c, aft__json *json, const void *user) {
  aft__json_key(json, "work");
  aft__json_str(json, aft__cstr("appointment"));
  put_visit(c, json, user);
}

aft_status aft__appointment_due(aft__cmd *cmd, const aft__value *due, aft_error *error) {
  aft__value *row;
  aft__case c;
  AFT__TRY(aft__load(cmd, &aft__appointment_table, AFT__APPOINTMENT_TENANT, due[AFT__DU_SUBJECT].number,
                     "appointment", &row, error));
  aft_status status = aft__case_load(cmd, aft__row_int(row, AFT__APPOINTMENT_CASE), &c, error);
  if (status >= 0)
    status = aft__case_ask(&c, "work.order", put_work, row, error);
  if (status >= 0)
    status = aft__case_note(&c, "appointment.unheard", (aft_str){0}, (aft_str){0}, error);
  if (status >= 0)
    status = aft__case_save(&c, error);
  aft__case_done(&c);
  return status;
}
