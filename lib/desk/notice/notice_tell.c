/* What became of notices: by the outbox, and by what channels report, again and in any order. */
#include "desk/notice/notice_priv.h"

#define RECEIPT_V1  (offsetof(aft_receipt_in, reserved0) + sizeof(uint32_t))
#define MOST_CODE   64
#define BIT(column) (UINT64_C(1) << (column))
#define CHANGED                                                                                            \
  (BIT(AFT__NOTICE_STATE) | BIT(AFT__NOTICE_REASON) | BIT(AFT__NOTICE_SENT) | BIT(AFT__NOTICE_DELIVERED) | \
   BIT(AFT__NOTICE_READ) | BIT(AFT__NOTICE_FAILED) | BIT(AFT__NOTICE_DUE) | BIT(AFT__NOTICE_REASONS))

static void stands(aft__value *row, const char *state, aft_str reason) {
  row[AFT__NOTICE_STATE] = aft__text(aft__cstr(state));
  row[AFT__NOTICE_REASON] = reason.len ? aft__text(reason) : aft__null();
}

static void once(aft__value *row, uint32_t column, aft_time at) {
  if (aft__row_null(row, column))
    row[column] = aft__int(at);
}

/* Which channel failed, and what it said. */
static aft_status add_reason(aft__arena *arena, const aft_env *env, aft__value *row, aft_str code,
                             aft_error *error) {
  const aft__arg args[] = {{"channel", aft__row_str(row, AFT__NOTICE_CHANNEL)}, {"code", code}};
  aft__buf reasons;
  aft__buf_init(&reasons, env);
  aft__buf_str(&reasons, aft__row_str(row, AFT__NOTICE_REASONS));
  aft__reason_add(&reasons, "notice", "explain.notice.refused", args, AFT__COUNT(args));
  aft_str kept = aft__arena_dup(arena, aft__buf_view(&reasons));
  bool failed = reasons.failed || !kept.data;
  aft__buf_done(&reasons);
  row[AFT__NOTICE_REASONS] = aft__text(kept);
  return failed ? aft__nomem(error) : AFT_OK;
}

/* The next channel is for the tick, which knows the policy. */
static aft_status fails(aft__tx *tx, aft__value *row, aft_str code, aft_error *error) {
  stands(row, "failed", code);
  AFT__TRY(add_reason(aft__tx_arena(tx), aft__session_env(aft__tx_session(tx)), row, code, error));
  return aft__due_set(tx, row[AFT__NOTICE_TENANT].number, AFT__KIND_NOTICE, row[AFT__NOTICE_ID].number,
                      aft__cstr(AFT__DUE_NEXT), aft__tx_now(tx), error);
}

/* ---- the outbox ---- */

aft_status aft__notice_settled(aft__tx *tx, aft_id tenant, aft_id effect, bool dead, aft_error *error) {
  aft__value **rows, *row;
  uint32_t n;
  aft__scan scan = {.table = &aft__notice_table,
                    .index = AFT__NOTICE_BY_EFFECT,
                    .n_equal = 2,
                    .equal = {aft__int(tenant), aft__int(effect)},
                    .limit = 1};
  AFT__TRY(aft__scan_all(tx, &scan, &rows, &n, error));
  if (!n || !aft__notice_is(rows[0], "queued")) /* its channel was quicker to report */
    return AFT_OK;
  row = rows[0];
  if (dead) {
    AFT__TRY(fails(tx, row, aft__cstr("dead"), error));
  } else {
    stands(row, "sent", (aft_str){0});
    row[AFT__NOTICE_SENT] = aft__int(aft__tx_now(tx));
  }
  return aft__update(tx, &aft__notice_table, row, CHANGED, error);
}

/* ---- reports ---- */

/* It got through after all: no other channel is tried. */
static aft_status arrives(aft__cmd *cmd, aft__value *row, aft_time at, bool was_read, aft_error *error) {
  once(row, AFT__NOTICE_DELIVERED, at);
  if (was_read)
    once(row, AFT__NOTICE_READ, at);
  row[AFT__NOTICE_FAILED] = row[AFT__NOTICE_DUE] = aft__null();
  stands(row, aft__row_null(row, AFT__NOTICE_READ) ? "delivered" : "read", (aft_str){0});
  return aft__due_clear_all(cmd->tx, row[AFT__NOTICE_ID].number, error);
}

static bool is_new(const aft_receipt_in *in, const aft__value *row) {
  bool last = !in->effect || in->effect == aft__row_int(row, AFT__NOTICE_EFFECT);
  switch (in->what) {
  case AFT_RECEIPT_DELIVERED:
    return aft__row_null(row, AFT__NOTICE_DELIVERED);
  case AFT_RECEIPT_READ:
    return aft__row_null(row, AFT__NOTICE_READ);
  default:
    return last && (aft__notice_is(row, "queued") || aft__notice_is(row, "sent"));
  }
}

static aft_status note(aft__cmd *cmd, const aft__value *row, uint32_t what, aft_error *error) {
  static const char *const verbs[] = {NULL, "notice.delivered", "notice.read", "notice.refused"};
  aft__event event = {.tenant = cmd->call.tenant,
                      .kind = AFT__KIND_NOTICE,
                      .subject = row[AFT__NOTICE_ID].number,
                      .role = cmd->call.role,
                      .actor = cmd->call.actor,
                      .verb = aft__cstr(verbs[what])};
  return aft__event_next(cmd->tx, &event, error);
}

static aft_status notice_tell(aft__cmd *cmd, void *given, aft_error *error) {
  const aft_receipt_in *in = given;
  aft__value *row;
  aft_time at = in->at ? in->at : cmd->now;
  cmd->subject = cmd->ids[0] = in->notice;
  AFT__TRY(aft__load(cmd, &aft__notice_table, AFT__NOTICE_TENANT, in->notice, "receipt.notice", &row, error));
  if (aft__row_null(row, AFT__NOTICE_EFFECT))
    return aft__error(error, AFT_E_TRANSITION, "receipt.notice", "the notice is %s: it was never sent",
                      row[AFT__NOTICE_STATE].data);
  cmd->row = row;
  if (!is_new(in, row))
    return AFT_IGNORED;
  if (in->what == AFT_RECEIPT_FAILED)
    AFT__TRY(fails(cmd->tx, row, in->code.len ? in->code : aft__cstr("refused"), error));
  else
    AFT__TRY(arrives(cmd, row, at, in->what == AFT_RECEIPT_READ, error));
  AFT__TRY(aft__update(cmd->tx, &aft__notice_table, row, CHANGED, error));
  return note(cmd, row, in->what, error);
}

static void tell_digest(aft__sha256 *sha, const void *given) {
  const aft_receipt_in *in = given;
  const int64_t numbers[] = {in->notice, in->effect, in->at, in->what};
  for (size_t i = 0; i < AFT__COUNT(numbers); i++)
    aft__digest_i64(sha, numbers[i]);
  aft__digest_str(sha, in->code);
}

aft_status aft_notice_tell(aft_session *session, const aft_call *call, const aft_receipt_in *in,
                           aft_record **out, aft_error *error) {
  static const aft__command command = {.verb = "notice.tell",
                                       .name = "notice_tell",
                                       .roles = AFT__ROLES_SYSTEM,
                                       .returns = AFT_KIND_NOTICE,
                                       .digest = tell_digest,
                                       .run = notice_tell};
  aft_receipt_in local;
  AFT__TRY(aft__abi_copy(&local, sizeof local, in, RECEIPT_V1, "aft_receipt_in", error));
  AFT__TRY(aft__in_id(local.notice, "receipt.notice", error));
  AFT__TRY(aft__in_text(&local.code, MOST_CODE, "receipt.code", error));
  if (local.effect)
    AFT__TRY(aft__in_id(local.effect, "receipt.effect", error));
  if (local.at < 0)
    return aft__error(error, AFT_E_INVALID, "receipt.at", "expected 0 or a time, found %lld",
                      (long long)local.at);
  if (local.what < AFT_RECEIPT_DELIVERED || local.what > AFT_RECEIPT_FAILED)
    return aft__error(error, AFT_E_INVALID, "receipt.what", "expected AFT_RECEIPT_…, found %u", local.what);
  return aft__command_run(session, call, &command, &local, out, error);
}
