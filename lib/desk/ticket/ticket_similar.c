/* Tickets whose first messages are nearly alike. */
#include "desk/learning/learn_priv.h"

#include <stdlib.h>

#define SIMILAR_V1  (offsetof(aft_similar_in, most) + sizeof(uint32_t))
#define WITHIN      AFT__DAY
#define MOST        50u
#define MOST_MOST   200u
#define SKETCH_MOST 512  /* tickets that share the sketch */
#define LATEST_MOST 2048 /* latest tickets that are looked at whatever their sketch */

typedef struct similar {
  aft_env *env;
  aft_similar_in in;
  aft_time since;
  uint64_t bits;
  int64_t sketch;
  bool by_sketch; /* the pass over those that share it */
  const aft_id *shops;
  uint32_t n_shops;
  bool all_shops;
  aft_record *records[MOST_MOST];
  uint32_t n;
} similar;

static void forget(similar *s) {
  for (uint32_t i = 0; i < s->n; i++)
    aft_record_free(s->records[i]);
  s->n = 0;
}

static bool wanted(const similar *s, const aft__value *row) {
  if (aft__row_null(row, AFT__TICKET_FINGERPRINT) || !aft__row_int(row, AFT__TICKET_OPEN) ||
      aft__row_int(row, AFT__TICKET_ID) == s->in.ticket)
    return false;
  if (!s->by_sketch && aft__row_int(row, AFT__TICKET_SKETCH) == s->sketch)
    return false; /* the first pass looked at it */
  if (!s->all_shops && !aft__has_shop(s->shops, s->n_shops, aft__row_int(row, AFT__TICKET_SHOP)))
    return false;
  uint64_t bits = (uint64_t)aft__row_int(row, AFT__TICKET_FINGERPRINT);
  return aft__fingerprint_distance(bits, s->bits) <= AFT__PRINT_NEAR;
}

static aft_status see(void *user, const aft__value *row, aft_error *error) {
  similar *s = user;
  if (aft__row_int(row, AFT__TICKET_OPENED) < s->since || s->n == s->in.most)
    return AFT_DONE;
  if (!wanted(s, row))
    return AFT_OK;
  AFT__TRY(aft__record_make(s->env, AFT_KIND_TICKET, row, &s->records[s->n], error));
  s->n++;
  return AFT_OK;
}

static int latest_first(const void *a, const void *b) {
  aft_id x = aft_ticket_id(*(aft_record *const *)a), y = aft_ticket_id(*(aft_record *const *)b);
  return x < y ? 1 : x > y ? -1 : 0;
}

static aft_status passes(similar *s, aft__cmd *cmd, aft_error *error) {
  aft__scan like = {.table = &aft__ticket_table,
                    .index = AFT__TICKET_BY_SKETCH,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), aft__int(s->sketch)},
                    .descending = true,
                    .limit = SKETCH_MOST};
  aft__scan latest = {.table = &aft__ticket_table,
                      .index = AFT__TICKET_BY_OPENED,
                      .n_equal = 1,
                      .equal = {aft__int(cmd->call.tenant)},
                      .descending = true,
                      .limit = LATEST_MOST};
  s->by_sketch = true;
  AFT__TRY(aft__scan_each(cmd->tx, &like, see, s, error));
  s->by_sketch = false;
  AFT__TRY(aft__scan_each(cmd->tx, &latest, see, s, error));
  qsort(s->records, s->n, sizeof *s->records, latest_first);
  return AFT_OK;
}

static aft_status run(aft__cmd *cmd, void *given, aft_error *error) {
  similar *s = given;
  aft__value *row;
  aft_id *shops = NULL;
  forget(s);
  cmd->subject = s->in.ticket;
  AFT__TRY(
      aft__load(cmd, &aft__ticket_table, AFT__TICKET_TENANT, s->in.ticket, "similar.ticket", &row, error));
  AFT__TRY(aft__may_ticket(cmd, row, error));
  if (aft__row_null(row, AFT__TICKET_FINGERPRINT))
    return AFT_OK;
  s->all_shops = cmd->call.role != AFT_ROLE_AGENT;
  if (!s->all_shops)
    AFT__TRY(aft__agent_shops(cmd, &shops, &s->n_shops, error));
  s->shops = shops;
  s->since = cmd->now - s->in.within_ms;
  s->bits = (uint64_t)aft__row_int(row, AFT__TICKET_FINGERPRINT);
  s->sketch = aft__row_int(row, AFT__TICKET_SKETCH);
  return passes(s, cmd, error);
}

static aft_status check(const aft_similar_in *in, aft_similar_in *out, aft_error *error) {
  AFT__TRY(aft__abi_copy(out, sizeof *out, in, SIMILAR_V1, "aft_similar_in", error));
  AFT__TRY(aft__in_id(out->ticket, "similar.ticket", error));
  if (out->within_ms < 0)
    return aft__error(error, AFT_E_INVALID, "similar.within_ms", "expected 0 or more, found %lld",
                      (long long)out->within_ms);
  if (out->most > MOST_MOST)
    return aft__error(error, AFT_E_INVALID, "similar.most", "expected at most %u, found %u", MOST_MOST,
                      out->most);
  out->within_ms = out->within_ms ? out->within_ms : WITHIN;
  out->most = out->most ? out->most : MOST;
  return AFT_OK;
}

aft_status aft_ticket_similar(aft_session *session, const aft_call *call, const aft_similar_in *in,
                              aft_cursor **out, aft_error *error) {
  static const aft__command command = {.verb = "ticket.similar",
                                       .name = "ticket_similar",
                                       .roles = AFT__ROLES_STAFF,
                                       .read = true,
                                       .run = run};
  aft_similar_in local;
  if (!session || !out)
    return aft__error(error, AFT_E_NULL_HANDLE, session ? "out" : "session", "the handle is NULL");
  AFT__TRY(check(in, &local, error));
  similar *s = aft__zalloc(aft__session_env(session), sizeof *s);
  if (!s)
    return aft__nomem(error);
  s->env = aft__session_env(session);
  s->in = local;
  aft_status status = aft__command_run(session, call, &command, s, NULL, error);
  if (status >= 0)
    status = aft__cursor_of(session, s->records, s->n, out, error);
  else
    forget(s);
  aft__release(aft__session_env(session), s, sizeof *s);
  return status;
}
