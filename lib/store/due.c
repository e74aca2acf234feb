/* Due rows: what has to happen at a time, in one indexed queue, each firing in the transaction that removes
 * it. */
#include <stdio.h>

#include "store/store_priv.h"

#define MOST_ATTEMPTS 5
#define FIRST_WAIT    AFT__MINUTE
#define MOST_NAME     120
#define MASK(column)  (UINT64_C(1) << (column))

/* ---- setting and clearing ---- */

static aft_status find_due(aft__tx *tx, aft_id subject, aft_str name, aft__value **row, aft_error *error) {
  aft__value keys[] = {aft__int(subject), aft__text(name)};
  return aft__find(tx, &aft__due_table, AFT__DU_BY_NAME, keys, row, error);
}

static aft_status move_due(aft__tx *tx, aft__value *row, aft_time at, aft_error *error) {
  if (row[AFT__DU_AT].number == at && row[AFT__DU_STATE].number == AFT__DUE_WAITING)
    return AFT_OK;
  row[AFT__DU_STATE] = aft__int(AFT__DUE_WAITING);
  row[AFT__DU_AT] = aft__int(at);
  row[AFT__DU_ATTEMPTS] = aft__int(0);
  row[AFT__DU_ERROR] = aft__null();
  uint64_t mask = MASK(AFT__DU_STATE) | MASK(AFT__DU_AT) | MASK(AFT__DU_ATTEMPTS) | MASK(AFT__DU_ERROR);
  return aft__update(tx, &aft__due_table, row, mask, error);
}

static aft_status insert_due(aft__tx *tx, aft_id tenant, uint32_t kind, aft_id subject, aft_str name,
                             aft_time at, aft__existing *existing, aft_error *error) {
  aft__value row[AFT__DU_COLUMNS] = {
      [AFT__DU_ID] = aft__int(aft__tx_id(tx)),
      [AFT__DU_TENANT] = aft__int(tenant),
      [AFT__DU_KIND] = aft__int(kind),
      [AFT__DU_SUBJECT] = aft__int(subject),
      [AFT__DU_NAME] = aft__text(name),
      [AFT__DU_STATE] = aft__int(AFT__DUE_WAITING),
      [AFT__DU_AT] = aft__int(at),
      [AFT__DU_ATTEMPTS] = aft__int(0),
  };
  return aft__insert(tx, &aft__due_table, row, existing, error);
}

static aft_status check_name(aft_str name, aft_error *error) {
  if (name.len && name.len <= MOST_NAME)
    return AFT_OK;
  return aft__error(error, AFT_E_INTERNAL, "due", "the name of a due row has %zu bytes", name.len);
}

aft_status aft__due_set(aft__tx *tx, aft_id tenant, uint32_t kind, aft_id subject, aft_str name, aft_time at,
                        aft_error *error) {
  aft__value *found;
  AFT__TRY(check_name(name, error));
  aft_status status = find_due(tx, subject, name, &found, error);
  if (status != AFT_E_NOT_FOUND)
    return status < 0 ? status : move_due(tx, found, at, error);
  status = insert_due(tx, tenant, kind, subject, name, at, NULL, error);
  return status == AFT_E_EXISTS ? aft__tx_race(tx, "due", error) : status;
}

aft_status aft__due_add(aft__tx *tx, aft_id tenant, uint32_t kind, aft_id subject, aft_str name, aft_time at,
                        aft_error *error) {
  aft__existing existing;
  aft__value *found;
  AFT__TRY(check_name(name, error));
  aft_status status = insert_due(tx, tenant, kind, subject, name, at, &existing, error);
  if (status != AFT_E_EXISTS)
    return status;
  if (existing.index != AFT__DU_BY_NAME)
    return aft__tx_race(tx, "due", error);
  AFT__TRY(aft__get(tx, &aft__due_table, existing.id, &found, error));
  return move_due(tx, found, at, error);
}

aft_status aft__due_clear(aft__tx *tx, aft_id subject, aft_str name, aft_error *error) {
  aft__value *row;
  aft_status status = find_due(tx, subject, name, &row, error);
  if (status == AFT_E_NOT_FOUND)
    return AFT_OK;
  AFT__TRY(status);
  return aft__remove(tx, &aft__due_table, row[AFT__DU_ID].number, row[AFT__DU_REV].number, error);
}

aft_status aft__due_clear_all(aft__tx *tx, aft_id subject, aft_error *error) {
  aft__scan scan = {.table = &aft__due_table,
                    .index = AFT__DU_BY_NAME,
                    .n_equal = 1,
                    .equal = {aft__int(subject)},
                    .limit = 64};
  aft__value **rows;
  uint32_t n;
  do {
    AFT__TRY(aft__scan_all(tx, &scan, &rows, &n, error));
    for (uint32_t i = 0; i < n; i++)
      AFT__TRY(
          aft__remove(tx, &aft__due_table, rows[i][AFT__DU_ID].number, rows[i][AFT__DU_REV].number, error));
  } while (n == scan.limit);
  return AFT_OK;
}

/* ---- firing ---- */

typedef struct firing {
  aft__due_fn fn, failed;
  void *user;
  aft_id row; /* that fires; 0 when nothing is due */
  bool called;
  aft_error why;
} firing;

static aft__scan waiting(const aft__value *until) {
  return (aft__scan){.table = &aft__due_table,
                     .index = AFT__DU_BY_STATE,
                     .n_equal = 1,
                     .equal = {aft__int(AFT__DUE_WAITING)},
                     .high = until,
                     .limit = 1};
}

static aft_status fire_first(aft__tx *tx, void *user, aft_error *error) {
  firing *f = user;
  aft__value now = aft__int(aft__tx_now(tx)), **rows;
  aft__scan scan = waiting(&now);
  uint32_t n;
  scan.claim = true;
  f->row = 0;
  f->called = false;
  AFT__TRY(aft__scan_all(tx, &scan, &rows, &n, error));
  if (!n)
    return AFT_OK;
  f->row = rows[0][AFT__DU_ID].number;
  AFT__TRY(aft__remove(tx, &aft__due_table, f->row, rows[0][AFT__DU_REV].number, error));
  f->called = true;
  return f->fn(tx, f->user, rows[0], error);
}

/* Failures of the surroundings, which say nothing about the row. Damage is the store's when the engine found
 * it, and the record's when the library did. */
static bool ends_all(aft_status status, const aft_error *why) {
  switch (status) {
  case AFT_E_CORRUPT:
    return why->native != 0;
  case AFT_E_STORE:
  case AFT_E_IO:
  case AFT_E_DRIVER:
  case AFT_E_INTERRUPTED:
  case AFT_E_DEADLINE:
  case AFT_E_NOMEM:
  case AFT_E_FULL:
  case AFT_E_READ_ONLY:
  case AFT_E_LOCKED:
  case AFT_E_LOST:
  case AFT_E_UNKNOWN:
  case AFT_E_FORKED:
  case AFT_E_BUSY_SESSION:
    return true;
  default:
    return false;
  }
}

static aft_status note_failure(aft__tx *tx, void *user, aft_error *error) {
  const firing *f = user;
  aft__value *row;
  char text[400];
  aft_status status = aft__get(tx, &aft__due_table, f->row, &row, error);
  if (status == AFT_E_NOT_FOUND)
    return AFT_OK; /* another worker fired it */
  AFT__TRY(status);
  int64_t attempts = ++row[AFT__DU_ATTEMPTS].number;
  aft_time at;
  if (aft__add_i64(aft__tx_now(tx), FIRST_WAIT << (attempts < 16 ? attempts - 1 : 15), &at))
    at = INT64_MAX;
  snprintf(text, sizeof text, "%s: %s", aft_status_name(f->why.code), f->why.message);
  row[AFT__DU_AT] = aft__int(at);
  row[AFT__DU_STATE] = aft__int(attempts < MOST_ATTEMPTS ? AFT__DUE_WAITING : AFT__DUE_PARKED);
  row[AFT__DU_ERROR] = aft__text(aft__cstr(text));
  uint64_t mask = MASK(AFT__DU_AT) | MASK(AFT__DU_STATE) | MASK(AFT__DU_ATTEMPTS) | MASK(AFT__DU_ERROR);
  AFT__TRY(aft__update(tx, &aft__due_table, row, mask, error));
  return attempts == 1 && f->failed ? f->failed(tx, f->user, row, error) : AFT_OK;
}

/* Where even the telling of a failure fails, the row is put off without it. */
static aft_status put_off(aft_session *session, firing *f, aft_error *error) {
  aft__tx_options options = {.name = "due_failed"};
  aft_error why = AFT_ERROR_INIT;
  aft__due_fn failed = f->failed;
  aft_status status = aft__tx_run(session, &options, note_failure, f, &why);
  if (status < 0 && failed && !ends_all(status, &why)) {
    f->failed = NULL;
    status = aft__tx_run(session, &options, note_failure, f, error);
    f->failed = failed;
    return status;
  }
  return status < 0 ? aft__error_pass(error, &why) : status;
}

/* AFT_DONE when nothing is due. */
static aft_status fire_one(aft_session *session, firing *f, uint32_t *fired, aft_error *error) {
  aft__tx_options options = {.name = "due_fire"};
  aft_error why = AFT_ERROR_INIT;
  aft_status status = aft__tx_run(session, &options, fire_first, f, &why);
  if (status >= 0) {
    *fired += f->row != 0;
    return f->row ? AFT_OK : AFT_DONE;
  }
  if (status == AFT_E_UNKNOWN && f->row)
    return AFT_OK; /* fired, and gone, or not fired and still there for the next look */
  if (!f->called || ends_all(status, &why)) {
    why.code = status;
    return aft__error_pass(error, &why);
  }
  f->why = why;
  status = put_off(session, f, error);
  return status == AFT_E_UNKNOWN ? AFT_OK : status;
}

/* ---- the next one ---- */

static aft_status see_time(void *user, const aft__value *row, aft_error *error) {
  (void)error;
  *(aft_time *)user = row[AFT__DU_AT].number;
  return AFT_DONE;
}

static aft_status look_next(aft__tx *tx, void *user, aft_error *error) {
  aft__scan scan = waiting(NULL);
  *(aft_time *)user = AFT_TIME_NONE;
  return aft__scan_each(tx, &scan, see_time, user, error);
}

aft_status aft__due_fire(aft_session *session, uint32_t most, int64_t deadline_ms, aft__due_fn fn,
                         aft__due_fn failed, void *user, uint32_t *fired, aft_time *next, aft_error *error) {
  aft__tx_options reading = {.name = "due_next", .read = true};
  firing f = {.fn = fn, .failed = failed, .user = user};
  uint32_t count = 0;
  aft_time at = AFT_TIME_NONE;
  AFT__TRY(aft__session_enter(session, error));
  aft_env *env = session->store->env;
  int64_t began = aft__mono(env);
  aft_status status = AFT_OK;
  if (session->attached)
    status = aft__error(error, AFT_E_INVALID, "session",
                        "what is due fires in transactions of its own, not in the host's");
  for (uint32_t i = 0; i < most && status == AFT_OK; i++) {
    if (deadline_ms > 0 && (aft__mono(env) - began) / 1000000 >= deadline_ms)
      break;
    status = fire_one(session, &f, &count, error);
  }
  if (status >= 0)
    status = aft__tx_run(session, &reading, look_next, &at, error);
  aft__session_leave(session);
  if (status < 0)
    return status;
  *fired = count;
  *next = at;
  return AFT_OK;
}
