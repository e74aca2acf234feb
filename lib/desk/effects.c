/* The outbox and the feed as hosts see them. */
#include "desk/notice/notice_priv.h"

#define CLAIM_V1   (offsetof(aft_claim_in, reserved0) + sizeof(uint32_t))
#define MOST_CLAIM 1000

/* ---- claiming ---- */

typedef struct claim {
  aft_env *env;
  aft_claim_in in;
  aft_record *records[MOST_CLAIM];
  uint32_t n;
} claim;

static void drop(claim *c) {
  for (uint32_t i = 0; i < c->n; i++)
    aft_record_free(c->records[i]);
  c->n = 0;
}

static aft_status claim_rows(aft__tx *tx, void *user, aft_error *error) {
  claim *c = user;
  aft__value **rows;
  uint32_t n;
  drop(c);
  AFT__TRY(aft__outbox_claim(tx, c->in.lease_ms, c->in.most, &rows, &n, error));
  for (uint32_t i = 0; i < n; i++) {
    AFT__TRY(aft__record_make(c->env, AFT_KIND_EFFECT, rows[i], &c->records[c->n], error));
    c->n++;
  }
  return AFT_OK;
}

static aft_status check_claim(aft_claim_in *in, const aft_claim_in *given, aft_error *error) {
  *in = (aft_claim_in){.size = sizeof *in};
  if (given)
    AFT__TRY(aft__abi_copy(in, sizeof *in, given, CLAIM_V1, "aft_claim_in", error));
  in->lease_ms = in->lease_ms ? in->lease_ms : AFT__MINUTE;
  in->most = in->most ? in->most : 100;
  if (in->lease_ms < 0 || in->lease_ms > AFT__DAY)
    return aft__error(error, AFT_E_INVALID, "claim.lease_ms", "expected up to a day, found %lld ms",
                      (long long)in->lease_ms);
  if (in->most > MOST_CLAIM)
    return aft__error(error, AFT_E_INVALID, "claim.most", "expected at most %d, found %u", MOST_CLAIM,
                      in->most);
  return AFT_OK;
}

aft_status aft_outbox_claim(aft_session *session, const aft_claim_in *in, aft_cursor **out,
                            aft_error *error) {
  aft_claim_in checked;
  if (!session || !out)
    return aft__error(error, AFT_E_NULL_HANDLE, session ? "out" : "session", "the handle is NULL");
  if (aft__session_attached(session))
    return aft__error(
        error, AFT_E_INVALID, "session",
        "a lease counts once it is committed: claim in a session of its own, not in the host's transaction");
  AFT__TRY(check_claim(&checked, in, error));
  aft_env *env = aft__session_env(session);
  claim *c = aft__zalloc(env, sizeof *c);
  if (!c)
    return aft__nomem(error);
  c->env = env;
  c->in = checked;
  aft__tx_options options = {.name = "outbox_claim"};
  aft_status status = aft__tx_run(session, &options, claim_rows, c, error);
  if (status >= 0)
    status = aft__cursor_of(session, c->records, c->n, out, error);
  else
    drop(c);
  aft__release(env, c, sizeof *c);
  return status;
}

/* ---- settling ---- */

typedef struct settle {
  aft_id effect;
  int64_t fence;
  uint32_t outcome;
  aft_str note;
} settle;

aft_status aft__desk_effect_dead(aft__tx *tx, aft_id tenant, aft_id effect, aft_error *error) {
  return aft__notice_settled(tx, tenant, effect, true, error);
}

static aft_status settle_row(aft__tx *tx, void *user, aft_error *error) {
  const settle *s = user;
  aft__value *row;
  AFT__TRY(aft__outbox_settle(tx, s->effect, s->fence, (aft__outcome)s->outcome, s->note, error));
  AFT__TRY(aft__get(tx, &aft__outbox_table, s->effect, &row, error));
  int64_t state = aft__row_int(row, AFT__OB_STATE);
  if (state != AFT__OUT_DONE && state != AFT__OUT_DEAD)
    return AFT_OK;
  if (!aft__notice_is_topic(aft__row_str(row, AFT__OB_TOPIC)))
    return AFT_OK;
  return aft__notice_settled(tx, aft__row_int(row, AFT__OB_TENANT), s->effect, state == AFT__OUT_DEAD, error);
}

aft_status aft_outbox_settle(aft_session *session, aft_id effect, int64_t fence, uint32_t outcome,
                             const char *note, aft_error *error) {
  settle s = {effect, fence, outcome, {note, note ? AFT_NTS : 0}};
  AFT__TRY(aft__in_id(effect, "effect", error));
  AFT__TRY(aft__in_text(&s.note, 1024, "note", error));
  if (outcome < AFT_OUTCOME_DONE || outcome > AFT_OUTCOME_DEAD)
    return aft__error(error, AFT_E_INVALID, "outcome", "expected AFT_OUTCOME_…, found %u", outcome);
  aft__tx_options options = {.name = "outbox_settle"};
  return aft__tx_run(session, &options, settle_row, &s, error);
}

/* ---- lists ---- */

static aft_status allowed(aft__cmd *cmd, void *in, aft_error *error) {
  (void)cmd, (void)in, (void)error;
  return AFT_OK;
}

aft_status aft_outbox_list(aft_session *session, const aft_call *call, aft_id subject, aft_cursor **out,
                           aft_error *error) {
  static const aft__command command = {
      .verb = "outbox.list", .name = "outbox_list", .roles = AFT__ROLES_SYSTEM, .read = true, .run = allowed};
  AFT__TRY(aft__in_id(subject, "subject", error));
  AFT__TRY(aft__command_run(session, call, &command, NULL, NULL, error));
  aft__list list = {.kind = AFT_KIND_EFFECT,
                    .table = &aft__outbox_table,
                    .index = AFT__OB_BY_SUBJECT,
                    .n_equal = 2,
                    .equal = {call->tenant, subject}};
  return aft__cursor_open(session, &list, (aft_str){0}, out, error);
}

aft_status aft_feed_read(aft_session *session, const aft_call *call, int64_t after, aft_cursor **out,
                         aft_error *error) {
  static const aft__command command = {
      .verb = "feed.read", .name = "feed_read", .roles = AFT__ROLES_SYSTEM, .read = true, .run = allowed};
  if (after < 0)
    return aft__error(error, AFT_E_INVALID, "after", "expected 0 or a feed number, found %lld",
                      (long long)after);
  AFT__TRY(aft__command_run(session, call, &command, NULL, NULL, error));
  aft__list list = {.kind = AFT_KIND_EVENT,
                    .table = &aft__event_table,
                    .index = AFT__EV_BY_FEED,
                    .n_equal = 1,
                    .equal = {call->tenant},
                    .after = {true, after, INT64_MAX}};
  return aft__cursor_open(session, &list, (aft_str){0}, out, error);
}
