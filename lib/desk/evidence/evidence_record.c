/* Records of evidence: what a case may have, and what adding a piece writes. */
#include "desk/evidence/evidence_priv.h"

#include <stdio.h>

#define MOST_LIKE 64 /* pieces of the same content that are counted */

void aft__evidence_count(aft__case *of, int64_t by) {
  aft__case_set(of, AFT__CASE_EVIDENCE, aft__int(aft__case_int(of, AFT__CASE_EVIDENCE) + by));
}

aft_status aft__evidence_is_open(const aft__value *of, aft_error *error) {
  if (aft__row_int(of, AFT__CASE_OPEN))
    return AFT_OK;
  return aft__error(error, AFT_E_TRANSITION, "evidence.of",
                    "the case has come to its end: it takes no evidence any more");
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
  aft__evidence_limits limits;
  sum s = {0};
  aft__policy_evidence_limits(cmd->policy, &limits);
  aft__scan scan = {.table = &aft__evidence_table,
                    .index = AFT__EVIDENCE_BY_CASE,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), aft__int(of)}};
  AFT__TRY(aft__scan_each(cmd->tx, &scan, add_up, &s, error));
  if (s.pieces >= limits.most_pieces)
    return aft__error(error, AFT_E_TOO_LARGE, "evidence.of",
                      "a case may have %lld pieces of evidence, and this one has %lld",
                      (long long)limits.most_pieces, (long long)s.pieces);
  if (bytes > limits.most_bytes)
    return aft__error(error, AFT_E_TOO_LARGE, "evidence.bytes",
                      "a piece of evidence may have %lld bytes, found %lld", (long long)limits.most_bytes,
                      (long long)bytes);
  int64_t left = limits.quota_bytes - s.bytes;
  if (bytes > left || left <= 0)
    return aft__error(error, AFT_E_TOO_LARGE, "evidence.bytes",
                      "the evidence of a case may have %lld bytes: %lld are there, and %lld would come",
                      (long long)limits.quota_bytes, (long long)s.bytes, (long long)bytes);
  *room = left < limits.most_bytes ? left : limits.most_bytes;
  return AFT_OK;
}

/* ---- of which type ---- */

static bool takes(const aft__evidence_limits *limits, aft_str type) {
  for (uint32_t i = 0; i < limits->n_types; i++)
    if (aft__str_eq(limits->types[i], type))
      return true;
  return limits->n_types == 0;
}

aft_status aft__evidence_type_check(const aft__cmd *cmd, aft_str type, aft_error *error) {
  aft__evidence_limits limits;
  char known[256];
  size_t n = 0;
  aft__policy_evidence_limits(cmd->policy, &limits);
  if (takes(&limits, type))
    return AFT_OK;
  for (uint32_t i = 0; i < limits.n_types && n < sizeof known; i++)
    n += (size_t)snprintf(known + n, sizeof known - n, "%s%.*s", i ? ", " : "", (int)limits.types[i].len,
                          limits.types[i].data);
  return aft__error(error, AFT_E_INVALID, "evidence.type", "the policy takes %s, found %.*s", known,
                    (int)type.len, type.data);
}

/* ---- the same content before ---- */

typedef struct likeness {
  aft_id of;           /* the case */
  aft__case_chain own; /* the cases of its matter: what was shown in one may be shown in the next */
  bool here;           /* it stands in this case */
  aft_id seen;         /* another case that has it, the first one; 0: none */
  int64_t n_seen;      /* pieces in other cases */
} likeness;

static aft_status see_like(void *user, const aft__value *row, aft_error *error) {
  likeness *l = user;
  aft_id of = aft__row_int(row, AFT__EVIDENCE_CASE);
  (void)error;
  if (of == l->of) {
    l->here |= aft__row_null(row, AFT__EVIDENCE_REMOVED);
    return AFT_OK;
  }
  if (aft__chain_has(&l->own, of))
    return AFT_OK;
  l->seen = l->seen ? l->seen : of;
  l->n_seen += l->n_seen < MOST_LIKE;
  return AFT_OK;
}

static aft_status find_like(aft__cmd *cmd, const char *digest, likeness *out, aft_error *error) {
  aft__scan scan = {.table = &aft__evidence_table,
                    .index = AFT__EVIDENCE_BY_DIGEST,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), aft__text(aft__cstr(digest))}};
  AFT__TRY(aft__case_chain_of(cmd, out->of, &out->own, error));
  return aft__scan_each(cmd->tx, &scan, see_like, out, error);
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

/* A content that stood in another case is a signal, which a person judges. */
static aft_status signal_reuse(aft__case *of, const likeness *like, aft_error *error) {
  aft__risk_rules rules;
  aft__policy_risk(of->cmd->policy, &rules);
  if (!like->seen || !rules.evidence_reuse || like->n_seen < rules.evidence_reuse)
    return AFT_OK;
  return aft__risk_signal(of, "evidence_reuse", like->seen, like->n_seen, rules.evidence_reuse, error);
}

static aft_status write_all(aft__case *of, const aft__evidence_new *made, const likeness *like,
                            aft_error *error) {
  aft__cmd *cmd = of->cmd;
  aft_str facts;
  AFT__TRY(make_row(cmd, made, like->seen, error));
  AFT__TRY(facts_of(cmd, made, cmd->ids[0], like->seen, &facts, error));
  aft__evidence_count(of, 1);
  AFT__TRY(signal_reuse(of, like, error));
  AFT__TRY(aft__case_note(of, "case.evidence", facts, made->in->name, error));
  return aft__case_save(of, error);
}

static aft_status insert(aft__case *of, const aft__evidence_new *made, aft_error *error) {
  likeness like = {.of = made->in->of};
  int64_t room;
  aft__cmd *cmd = of->cmd;
  AFT__TRY(aft__may_case(cmd, of->row, error));
  AFT__TRY(aft__evidence_is_open(of->row, error));
  AFT__TRY(aft__evidence_type_check(cmd, aft__cstr(made->type), error));
  AFT__TRY(aft__evidence_room(cmd, made->in->of, made->bytes, &room, error));
  AFT__TRY(find_like(cmd, made->digest, &like, error));
  if (like.here)
    return aft__error(error, AFT_E_EXISTS, "evidence", "the case has this very content already, %s",
                      made->digest);
  return write_all(of, made, &like, error);
}

/* Whose other case has the same bytes is the shop's to know. */
static void hide_seen(aft__value *row) { row[AFT__EVIDENCE_SEEN] = aft__null(); }

aft_status aft__evidence_hide(aft__cmd *cmd, aft__value *row, aft_error *error) {
  (void)error;
  if (cmd->call.role == AFT_ROLE_BUYER)
    hide_seen(row);
  return AFT_OK;
}

aft_status aft__evidence_list_hide(aft__tx *tx, const aft__list *list, aft__value *row, aft_error *error) {
  (void)tx;
  (void)list;
  (void)error;
  hide_seen(row);
  return AFT_OK;
}

aft_status aft__evidence_insert(aft__cmd *cmd, const aft__evidence_new *made, aft_error *error) {
  aft__case of;
  aft_status status = aft__case_load_row(cmd, made->in->of, &of, error);
  if (status >= 0)
    status = insert(&of, made, error);
  aft__case_done(&of);
  return status;
}
