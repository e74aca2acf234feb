/* The outbox: side effects that leave after the commit, in order within a subject, handed out under leases.
 */
#include "store/store_priv.h"

#define MOST_ATTEMPTS 12
#define FIRST_WAIT    (5 * AFT__SECOND)
#define LONGEST_WAIT  AFT__HOUR
#define MOST_NOTE     500
#define MOST_PAYLOAD  (1u << 20)
#define MASK(column)  (UINT64_C(1) << (column))

static bool is_closed(int64_t state) { return state == AFT__OUT_DONE || state == AFT__OUT_DEAD; }

static aft_time later(aft_time now, int64_t ms) {
  aft_time at;
  return aft__add_i64(now, ms, &at) ? INT64_MAX : at;
}

/* ---- adding ---- */

typedef struct tail {
  int64_t seq;
  bool open;
} tail;

static aft_status see_tail(void *user, const aft__value *row, aft_error *error) {
  (void)error;
  *(tail *)user = (tail){row[AFT__OB_SEQ].number, !is_closed(row[AFT__OB_STATE].number)};
  return AFT_OK;
}

/* Rows of a subject are closed in their order, so the last one tells whether any is open. */
static aft_status tail_of(aft__tx *tx, aft_id tenant, aft_id subject, tail *out, aft_error *error) {
  aft__scan scan = {.table = &aft__outbox_table,
                    .index = AFT__OB_BY_SUBJECT,
                    .n_equal = 2,
                    .equal = {aft__int(tenant), aft__int(subject)},
                    .descending = true,
                    .limit = 1};
  *out = (tail){0, false};
  return aft__scan_each(tx, &scan, see_tail, out, error);
}

aft_status aft__outbox_add(aft__tx *tx, aft_id tenant, aft_id subject, aft_str topic, aft_str payload,
                           int redelivery, aft_time not_before, aft_id *id, aft_error *error) {
  tail last;
  if (payload.len > MOST_PAYLOAD)
    return aft__error(error, AFT_E_TOO_LARGE, "outbox.payload", "a payload is longer than %u bytes",
                      MOST_PAYLOAD);
  AFT__TRY(tail_of(tx, tenant, subject, &last, error));
  aft_time now = aft__tx_now(tx);
  aft__value row[AFT__OB_COLUMNS] = {
      [AFT__OB_ID] = aft__int(aft__tx_id(tx)),
      [AFT__OB_TENANT] = aft__int(tenant),
      [AFT__OB_SUBJECT] = aft__int(subject),
      [AFT__OB_TOPIC] = aft__text(topic),
      [AFT__OB_PAYLOAD] = aft__text_or_null(payload),
      [AFT__OB_REDELIVERY] = aft__int(redelivery),
      [AFT__OB_STATE] = aft__int(last.open ? AFT__OUT_QUEUED : AFT__OUT_READY),
      [AFT__OB_AT] = aft__int(not_before > now ? not_before : now),
      [AFT__OB_ATTEMPTS] = aft__int(0),
      [AFT__OB_FENCE] = aft__int(0),
      [AFT__OB_CREATED] = aft__int(now),
      [AFT__OB_SEQ] = aft__int(last.seq + 1),
  };
  aft_status status = aft__insert(tx, &aft__outbox_table, row, NULL, error);
  if (status == AFT_E_EXISTS)
    return aft__tx_race(tx, "outbox", error);
  AFT__TRY(status);
  if (id)
    *id = row[AFT__OB_ID].number;
  return AFT_OK;
}

/* ---- fences ---- */

/* Fences grow by a random step, so that one which is found in the row after an unknown commit is ours. */
static aft_status raise_fence(aft__tx *tx, aft__value *row, aft_error *error) {
  uint32_t step;
  AFT__TRY(aft__random(aft__session_env(aft__tx_session(tx)), &step, sizeof step, error));
  row[AFT__OB_FENCE].number += 1 + (int64_t)(step >> 8);
  aft__tx_proof_value(tx, &aft__outbox_table, row[AFT__OB_ID].number, AFT__OB_FENCE,
                      row[AFT__OB_FENCE].number);
  return AFT_OK;
}

aft_status aft__outbox_doubt(aft__tx *tx, aft__value *row, aft_error *error) {
  return raise_fence(tx, row, error);
}

/* ---- claiming ---- */

static aft__scan due_rows(int64_t state, const aft__value *until, uint32_t most) {
  return (aft__scan){.table = &aft__outbox_table,
                     .index = AFT__OB_BY_STATE,
                     .n_equal = 1,
                     .equal = {aft__int(state)},
                     .high = until,
                     .claim = true,
                     .limit = most};
}

aft_status aft__outbox_claim(aft__tx *tx, int64_t lease_ms, uint32_t most, aft__value ***rows, uint32_t *n,
                             aft_error *error) {
  aft__value now = aft__int(aft__tx_now(tx)), **found;
  uint32_t count;
  aft__scan scan = due_rows(AFT__OUT_READY, &now, most);
  AFT__TRY(aft__scan_all(tx, &scan, &found, &count, error));
  for (uint32_t i = 0; i < count; i++) {
    aft__value *row = found[i];
    row[AFT__OB_STATE] = aft__int(AFT__OUT_LEASED);
    row[AFT__OB_AT] = aft__int(later(now.number, lease_ms));
    row[AFT__OB_ATTEMPTS].number++;
    AFT__TRY(raise_fence(tx, row, error));
    uint64_t mask = MASK(AFT__OB_STATE) | MASK(AFT__OB_AT) | MASK(AFT__OB_ATTEMPTS) | MASK(AFT__OB_FENCE);
    AFT__TRY(aft__update(tx, &aft__outbox_table, row, mask, error));
  }
  *rows = found;
  *n = count;
  return AFT_OK;
}

/* ---- settling ---- */

/* The row after a closed one may go. */
static aft_status promote(aft__tx *tx, const aft__value *closed, aft_error *error) {
  aft__value keys[] = {closed[AFT__OB_TENANT], closed[AFT__OB_SUBJECT],
                       aft__int(closed[AFT__OB_SEQ].number + 1)};
  aft__value *row;
  aft_status status = aft__find(tx, &aft__outbox_table, AFT__OB_BY_SUBJECT, keys, &row, error);
  if (status == AFT_E_NOT_FOUND)
    return AFT_OK;
  AFT__TRY(status);
  if (row[AFT__OB_STATE].number != AFT__OUT_QUEUED)
    return AFT_OK;
  bool doubt = row[AFT__OB_REDELIVERY].number == AFT__OUT_RECONCILE && row[AFT__OB_FENCE].number > 0;
  row[AFT__OB_STATE] = aft__int(doubt ? AFT__OUT_UNKNOWN : AFT__OUT_READY);
  return aft__update(tx, &aft__outbox_table, row, MASK(AFT__OB_STATE), error);
}

static int64_t backoff(int64_t attempts) {
  int64_t wait = FIRST_WAIT;
  for (int64_t i = 1; i < attempts && wait < LONGEST_WAIT; i++)
    wait *= 2;
  return wait < LONGEST_WAIT ? wait : LONGEST_WAIT;
}

static aft_str short_note(aft_str note) {
  if (note.len > MOST_NOTE) { /* cut between characters */
    note.len = MOST_NOTE;
    while (note.len && ((unsigned char)note.data[note.len] & 0xC0) == 0x80)
      note.len--;
  }
  return note;
}

/* Nobody else has claimed the row since, and no outcome was recorded. */
static bool is_holder(const aft__value *row, int64_t fence) {
  int64_t state = row[AFT__OB_STATE].number;
  bool claimed = state == AFT__OUT_LEASED || state == AFT__OUT_UNKNOWN ||
                 (state == AFT__OUT_READY && row[AFT__OB_ATTEMPTS].number > 0);
  return fence > 0 && claimed && row[AFT__OB_FENCE].number == fence;
}

aft_status aft__outbox_settle(aft__tx *tx, aft_id id, int64_t fence, aft__outcome outcome, aft_str note,
                              aft_error *error) {
  aft__value *row;
  if (outcome < AFT__OUTCOME_DONE || outcome > AFT__OUTCOME_DEAD)
    return aft__error(error, AFT_E_INVALID, "outbox.outcome", "expected 1 to 3, found %d", (int)outcome);
  AFT__TRY(aft__get(tx, &aft__outbox_table, id, &row, error));
  if (!is_holder(row, fence))
    return aft__error(error, AFT_E_LEASE_LOST, "outbox.fence",
                      "the effect was settled or claimed again since fence %lld", (long long)fence);
  int64_t attempts = row[AFT__OB_ATTEMPTS].number;
  if (outcome == AFT__OUTCOME_RETRY && attempts >= MOST_ATTEMPTS)
    outcome = AFT__OUTCOME_DEAD;
  if (outcome == AFT__OUTCOME_RETRY) {
    row[AFT__OB_STATE] = aft__int(AFT__OUT_READY);
    row[AFT__OB_AT] = aft__int(later(aft__tx_now(tx), backoff(attempts)));
    AFT__TRY(raise_fence(tx, row, error));
  } else {
    row[AFT__OB_STATE] = aft__int(outcome == AFT__OUTCOME_DONE ? AFT__OUT_DONE : AFT__OUT_DEAD);
    row[AFT__OB_AT] = aft__int(aft__tx_now(tx));
    aft__tx_proof_value(tx, &aft__outbox_table, id, AFT__OB_STATE, row[AFT__OB_STATE].number);
  }
  row[AFT__OB_ERROR] = aft__text_or_null(short_note(note));
  uint64_t mask = MASK(AFT__OB_STATE) | MASK(AFT__OB_AT) | MASK(AFT__OB_FENCE) | MASK(AFT__OB_ERROR);
  AFT__TRY(aft__update(tx, &aft__outbox_table, row, mask, error));
  return outcome == AFT__OUTCOME_RETRY ? AFT_OK : promote(tx, row, error);
}

aft_status aft__outbox_expire(aft__tx *tx, uint32_t most, aft__dead_fn dead_fn, uint32_t *n,
                              aft_error *error) {
  aft__value now = aft__int(aft__tx_now(tx)), **rows;
  uint32_t count;
  aft__scan scan = due_rows(AFT__OUT_LEASED, &now, most);
  AFT__TRY(aft__scan_all(tx, &scan, &rows, &count, error));
  for (uint32_t i = 0; i < count; i++) {
    bool again = rows[i][AFT__OB_REDELIVERY].number == AFT__OUT_AUTO;
    bool dead = again && rows[i][AFT__OB_ATTEMPTS].number >= MOST_ATTEMPTS;
    rows[i][AFT__OB_STATE] = aft__int(dead ? AFT__OUT_DEAD : again ? AFT__OUT_READY : AFT__OUT_UNKNOWN);
    rows[i][AFT__OB_AT] = now;
    AFT__TRY(aft__update(tx, &aft__outbox_table, rows[i], MASK(AFT__OB_STATE) | MASK(AFT__OB_AT), error));
    if (dead)
      AFT__TRY(promote(tx, rows[i], error));
    if (dead && dead_fn)
      AFT__TRY(dead_fn(tx, rows[i][AFT__OB_TENANT].number, rows[i][AFT__OB_ID].number, error));
  }
  *n = count;
  return AFT_OK;
}

/* ---- forgetting ---- */

static aft_status prune_state(aft__tx *tx, aft_id tenant, int64_t state, aft_time before, uint32_t most,
                              uint32_t *n, aft_error *error) {
  aft__value high = aft__int(before - 1), **rows;
  aft__scan scan = {.table = &aft__outbox_table,
                    .index = AFT__OB_SETTLED,
                    .n_equal = 2,
                    .equal = {aft__int(tenant), aft__int(state)},
                    .high = &high,
                    .limit = most};
  uint32_t count = 0;
  if (most)
    AFT__TRY(aft__scan_all(tx, &scan, &rows, &count, error));
  for (uint32_t i = 0; i < count; i++)
    AFT__TRY(
        aft__remove(tx, &aft__outbox_table, rows[i][AFT__OB_ID].number, rows[i][AFT__OB_REV].number, error));
  *n = count;
  return AFT_OK;
}

aft_status aft__outbox_prune(aft__tx *tx, aft_id tenant, aft_time before, uint32_t most, uint32_t *n,
                             aft_error *error) {
  uint32_t done, dead;
  AFT__TRY(prune_state(tx, tenant, AFT__OUT_DONE, before, most, &done, error));
  AFT__TRY(prune_state(tx, tenant, AFT__OUT_DEAD, before, most - done, &dead, error));
  *n = done + dead;
  return AFT_OK;
}

/* A worker that holds it finds its lease lost. What is done exactly once has to come to its outcome. */
static bool can_close(const aft__value *row) {
  int64_t state = row[AFT__OB_STATE].number;
  return row[AFT__OB_REDELIVERY].number == AFT__OUT_AUTO &&
         (state == AFT__OUT_READY || state == AFT__OUT_LEASED);
}

aft_status aft__outbox_forget(aft__tx *tx, aft_id id, aft__forgotten *out, aft_error *error) {
  aft__value *row;
  uint64_t mask = MASK(AFT__OB_PAYLOAD) | MASK(AFT__OB_ERROR);
  AFT__TRY(aft__get(tx, &aft__outbox_table, id, &row, error));
  bool closes = can_close(row);
  *out = AFT__FORGOT_LATER;
  if (!closes && !is_closed(row[AFT__OB_STATE].number))
    return AFT_OK;
  *out = AFT__FORGOT_BEFORE;
  if (!closes && row[AFT__OB_PAYLOAD].type == AFT_SQL_NULL && row[AFT__OB_ERROR].type == AFT_SQL_NULL)
    return AFT_OK;
  *out = AFT__FORGOT;
  row[AFT__OB_PAYLOAD] = row[AFT__OB_ERROR] = aft__null();
  if (closes) {
    row[AFT__OB_STATE] = aft__int(AFT__OUT_DEAD);
    row[AFT__OB_AT] = aft__int(aft__tx_now(tx));
    mask |= MASK(AFT__OB_STATE) | MASK(AFT__OB_AT);
  }
  AFT__TRY(aft__update(tx, &aft__outbox_table, row, mask, error));
  return closes ? promote(tx, row, error) : AFT_OK;
}
