/* Records of evidence: what a case may have, and what adding a piece writes. */
#include "desk/evidence_priv.h"

#include <stdio.h>

#define MOST_LIKE 64 /* pieces of the same content that are counted */

aft__evidence_limits aft__evidence_limits_of(const aft_policy *policy) {
  (void)policy;
  return (aft__evidence_limits){
      .pieces = 32, .piece_bytes = 64 << 20, .case_bytes = 256 << 20, .keep = 1095 * AFT__DAY};
}

/* ---- the case ---- */

aft_status aft__evidence_case_load(aft__cmd *cmd, aft_id id, aft__evidence_case *out, aft_error *error) {
  *out = (aft__evidence_case){.cmd = cmd};
  AFT__TRY(aft__load(cmd, &aft__case_table, AFT__CASE_TENANT, id, "evidence.of", &out->row, error));
  const aft__value *hash = &out->row[AFT__CASE_CHAIN];
  if (hash->size != sizeof out->chain.hash)
    return aft__error(error, AFT_E_CORRUPT, "case.chain", "expected a hash of 32 bytes, found %zu",
                      hash->size);
  out->chain.seq = aft__row_int(out->row, AFT__CASE_EVENTS);
  memcpy(out->chain.hash, hash->data, hash->size);
  return AFT_OK;
}

static void set(aft__evidence_case *of, uint32_t column, aft__value value) {
  of->row[column] = value;
  of->mask |= UINT64_C(1) << column;
}

void aft__evidence_case_count(aft__evidence_case *of, uint32_t column, int64_t by) {
  set(of, column, aft__int(aft__row_int(of->row, column) + by));
}

aft_status aft__evidence_case_note(aft__evidence_case *of, const char *verb, aft_str facts, aft_str personal,
                                   aft_error *error) {
  aft__cmd *cmd = of->cmd;
  aft__event event = {.tenant = cmd->call.tenant,
                      .kind = AFT__KIND_CASE,
                      .subject = aft__row_int(of->row, AFT__CASE_ID),
                      .role = cmd->call.role,
                      .actor = cmd->call.actor,
                      .verb = aft__cstr(verb),
                      .facts = facts,
                      .personal = personal,
                      .elsewhere = true};
  AFT__TRY(aft__event_append(cmd->tx, &event, &of->chain, NULL, error));
  void *hash = aft__arena_alloc(cmd->arena, sizeof of->chain.hash);
  if (!hash)
    return aft__nomem(error);
  memcpy(hash, of->chain.hash, sizeof of->chain.hash);
  set(of, AFT__CASE_EVENTS, aft__int(of->chain.seq));
  set(of, AFT__CASE_CHAIN, aft__blob(hash, sizeof of->chain.hash));
  set(of, AFT__CASE_UPDATED, aft__int(cmd->now));
  return AFT_OK;
}

aft_status aft__evidence_case_save(aft__evidence_case *of, aft_error *error) {
  return of->mask ? aft__update(of->cmd->tx, &aft__case_table, of->row, of->mask, error) : AFT_OK;
}

aft_status aft__evidence_is_open(const aft__value *of, aft_error *error) {
  if (aft__row_int(of, AFT__CASE_OPEN))
    return AFT_OK;
  return aft__error(error, AFT_E_TRANSITION, "evidence.of",
                    "the case has come to its end: it takes no evidence any more");
}

/* ---- who ---- */

aft_status aft__evidence_may(aft__cmd *cmd, const aft__value *of, aft_error *error) {
  aft__value *order;
  aft_id actor = cmd->call.actor;
  if (cmd->call.role != AFT_ROLE_BUYER)
    return aft__may_shop(cmd, aft__row_int(of, AFT__CASE_SHOP), error);
  if (aft__row_int(of, AFT__CASE_CUSTOMER) == actor)
    return AFT_OK;
  aft_status status = aft__get(cmd->tx, &aft__order_table, aft__row_int(of, AFT__CASE_ORDER), &order, error);
  if (status < 0 && status != AFT_E_NOT_FOUND)
    return status;
  if (status >= 0 &&
      (aft__row_int(order, AFT__ORDER_CUSTOMER) == actor || aft__row_int(order, AFT__ORDER_PAYER) == actor ||
       aft__row_int(order, AFT__ORDER_RECIPIENT) == actor))
    return AFT_OK;
  return aft__denied(cmd, "the case is another customer's", error);
}

/* ---- how much ---- */

typedef struct sum {
  int64_t pieces, bytes;
} sum;

static aft_status add_up(void *user, const aft__value *row, aft_error *error) {
  sum *s = user;
  (void)error;
  if (!aft__row_null(row, AFT__EVIDENCE_REMOVED))
    return AFT_OK;
  s->pieces++;
  s->bytes += aft__row_int(row, AFT__EVIDENCE_BYTES);
  return AFT_OK;
}

aft_status aft__evidence_room(aft__cmd *cmd, aft_id of, int64_t bytes, int64_t *room, aft_error *error) {
  aft__evidence_limits limits = aft__evidence_limits_of(cmd->policy);
  sum s = {0};
  aft__scan scan = {.table = &aft__evidence_table,
                    .index = AFT__EVIDENCE_BY_CASE,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), aft__int(of)}};
  AFT__TRY(aft__scan_each(cmd->tx, &scan, add_up, &s, error));
  if (s.pieces >= limits.pieces)
    return aft__error(error, AFT_E_TOO_LARGE, "evidence.of",
                      "a case may have %lld pieces of evidence, and this one has %lld",
                      (long long)limits.pieces, (long long)s.pieces);
  if (bytes > limits.piece_bytes)
    return aft__error(error, AFT_E_TOO_LARGE, "evidence.bytes",
                      "a piece of evidence may have %lld bytes, found %lld", (long long)limits.piece_bytes,
                      (long long)bytes);
  int64_t left = limits.case_bytes - s.bytes;
  if (bytes > left || left <= 0)
    return aft__error(error, AFT_E_TOO_LARGE, "evidence.bytes",
                      "the evidence of a case may have %lld bytes: %lld are there, and %lld would come",
                      (long long)limits.case_bytes, (long long)s.bytes, (long long)bytes);
  *room = left < limits.piece_bytes ? left : limits.piece_bytes;
  return AFT_OK;
}

/* ---- the same content before ---- */

typedef struct likeness {
  aft_id of;      /* the case */
  bool here;      /* it stands in this case */
  aft_id seen;    /* another case that has it, the first one; 0: none */
  int64_t n_seen; /* pieces in other cases */
} likeness;

static aft_status see_like(void *user, const aft__value *row, aft_error *error) {
  likeness *l = user;
  aft_id of = aft__row_int(row, AFT__EVIDENCE_CASE);
  (void)error;
  if (of == l->of) {
    l->here |= aft__row_null(row, AFT__EVIDENCE_REMOVED);
    return AFT_OK;
  }
  l->seen = l->seen ? l->seen : of;
  l->n_seen += l->n_seen < MOST_LIKE;
  return AFT_OK;
}

static aft_status find_like(aft__cmd *cmd, const char *digest, likeness *out, aft_error *error) {
  aft__scan scan = {.table = &aft__evidence_table,
                    .index = AFT__EVIDENCE_BY_DIGEST,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), aft__text(aft__cstr(digest))}};
  return aft__scan_each(cmd->tx, &scan, see_like, out, error);
}

static aft_status signal_reuse(aft__evidence_case *of, aft_id evidence, const likeness *like,
                               aft_error *error) {
  aft__cmd *cmd = of->cmd;
  const char *facts = aft__arena_printf(cmd->arena, "{\"case\":\"%lld\",\"evidence\":\"%lld\"}",
                                        (long long)like->seen, (long long)evidence);
  if (!facts)
    return aft__nomem(error);
  aft__value row[AFT__SIGNAL_COLUMNS] = {[AFT__SIGNAL_ID] = aft__int(aft__tx_id(cmd->tx)),
                                         [AFT__SIGNAL_REV] = aft__int(1),
                                         [AFT__SIGNAL_TENANT] = aft__int(cmd->call.tenant),
                                         [AFT__SIGNAL_CASE] = aft__int(like->of),
                                         [AFT__SIGNAL_KIND] = aft__text(aft__cstr("evidence_reuse")),
                                         [AFT__SIGNAL_OTHER] = aft__int(like->seen),
                                         [AFT__SIGNAL_COUNT] = aft__int(like->n_seen),
                                         [AFT__SIGNAL_LEAST] = aft__int(1),
                                         [AFT__SIGNAL_FACTS] = aft__text(aft__cstr(facts)),
                                         [AFT__SIGNAL_CREATED] = aft__int(cmd->now)};
  AFT__TRY(aft__insert(cmd->tx, &aft__signal_table, row, NULL, error));
  aft__evidence_case_count(of, AFT__CASE_SIGNALS, 1);
  return AFT_OK;
}

/* ---- the record ---- */

static aft_status facts_of(aft__cmd *cmd, const aft__evidence_new *made, aft_id id, aft_id seen, aft_str *out,
                           aft_error *error) {
  aft__buf buf;
  aft__json json;
  aft__buf_init(&buf, cmd->env);
  aft__json_init(&json, &buf);
  aft__json_open(&json, '{');
  aft__json_key(&json, "bytes");
  aft__json_i64(&json, made->bytes);
  aft__json_key(&json, "digest");
  aft__json_str(&json, aft__cstr(made->digest));
  aft__json_key(&json, "evidence");
  aft__json_id(&json, id);
  aft__json_key(&json, "kind");
  aft__json_str(&json, made->in->kind);
  if (seen) {
    aft__json_key(&json, "seen");
    aft__json_id(&json, seen);
  }
  aft__json_key(&json, "type");
  aft__json_str(&json, aft__cstr(made->type));
  aft__json_close(&json, '}');
  *out = buf.failed ? (aft_str){0} : aft__arena_dup(cmd->arena, aft__buf_view(&buf));
  aft__buf_done(&buf);
  return out->data ? AFT_OK : aft__nomem(error);
}

static aft_status make_row(aft__cmd *cmd, const aft__evidence_new *made, aft_id seen, aft_error *error) {
  aft__value *row = aft__arena_alloc(cmd->arena, AFT__EVIDENCE_COLUMNS * sizeof *row);
  char *other = seen ? aft__arena_printf(cmd->arena, "%lld", (long long)seen) : NULL;
  if (!row || (seen && !other))
    return aft__nomem(error);
  row[AFT__EVIDENCE_ID] = aft__int(aft__tx_id(cmd->tx));
  row[AFT__EVIDENCE_REV] = aft__int(1);
  row[AFT__EVIDENCE_TENANT] = aft__int(cmd->call.tenant);
  row[AFT__EVIDENCE_CASE] = aft__int(made->in->of);
  row[AFT__EVIDENCE_DIGEST] = aft__text(aft__cstr(made->digest));
  row[AFT__EVIDENCE_TYPE] = aft__text(aft__cstr(made->type));
  row[AFT__EVIDENCE_BYTES] = aft__int(made->bytes);
  row[AFT__EVIDENCE_KIND] = aft__text(made->in->kind);
  row[AFT__EVIDENCE_ROLE] = aft__int(cmd->call.role);
  row[AFT__EVIDENCE_ACTOR] = aft__id_or_null(cmd->call.actor);
  row[AFT__EVIDENCE_NAME] = made->in->name.len ? aft__text(made->in->name) : aft__null();
  row[AFT__EVIDENCE_SEEN] = other ? aft__text(aft__cstr(other)) : aft__null();
  row[AFT__EVIDENCE_CREATED] = aft__int(cmd->now);
  cmd->row = row;
  cmd->ids[0] = row[AFT__EVIDENCE_ID].number;
  return aft__insert(cmd->tx, &aft__evidence_table, row, NULL, error);
}

static aft_status write_all(aft__evidence_case *of, const aft__evidence_new *made, const likeness *like,
                            aft_error *error) {
  aft__cmd *cmd = of->cmd;
  aft_str facts;
  AFT__TRY(make_row(cmd, made, like->seen, error));
  AFT__TRY(facts_of(cmd, made, cmd->ids[0], like->seen, &facts, error));
  aft__evidence_case_count(of, AFT__CASE_EVIDENCE, 1);
  if (like->seen)
    AFT__TRY(signal_reuse(of, cmd->ids[0], like, error));
  AFT__TRY(aft__evidence_case_note(of, "case.evidence", facts, made->in->name, error));
  return aft__evidence_case_save(of, error);
}

aft_status aft__evidence_insert(aft__cmd *cmd, const aft__evidence_new *made, aft_error *error) {
  aft__evidence_case of;
  likeness like = {.of = made->in->of};
  int64_t room;
  cmd->subject = made->in->of;
  AFT__TRY(aft__evidence_case_load(cmd, made->in->of, &of, error));
  AFT__TRY(aft__evidence_may(cmd, of.row, error));
  AFT__TRY(aft__evidence_is_open(of.row, error));
  AFT__TRY(aft__evidence_room(cmd, made->in->of, made->bytes, &room, error));
  AFT__TRY(find_like(cmd, made->digest, &like, error));
  if (like.here)
    return aft__error(error, AFT_E_EXISTS, "evidence", "the case has this very content already, %s",
                      made->digest);
  return write_all(&of, made, &like, error);
}
