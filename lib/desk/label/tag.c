/* Tags on tickets, customers and orders. */
#include "desk/label/label_priv.h"

#define TAG_V1 (offsetof(aft_tag_in, tag) + sizeof(aft_str))

aft_status aft__tag_of(aft__tx *tx, aft_id tenant, aft_id subject, aft_str tag, aft__value **row,
                       aft_error *error) {
  aft__value keys[] = {aft__int(tenant), aft__int(subject), aft__text(tag)};
  return aft__find(tx, &aft__tag_table, AFT__TAG_BY_SUBJECT, keys, row, error);
}

typedef struct tagging {
  aft_tag_in in;
  aft__label_kind kind;
} tagging;

/* A tag that the policy no longer lists can be taken away still, so the list is asked for new ones alone. */
static aft_status bring_into_form(aft__cmd *cmd, aft__label_kind kind, aft_str tag, bool adding, aft_str *out,
                                  aft_error *error) {
  aft__buf form;
  aft__buf_init(&form, cmd->env);
  aft_status status =
      adding ? aft__policy_tag(cmd->policy, kind, tag, &form, error) : aft__normalise(&form, tag, error);
  if (status >= 0)
    *out = aft__arena_dup(cmd->arena, aft__buf_view(&form));
  if (status >= 0 && !out->data)
    status = aft__nomem(error);
  aft__buf_done(&form);
  return status;
}

/* ---- adding ---- */

static aft_status count_one(void *user, const aft__value *row, aft_error *error) {
  (void)row, (void)error;
  ++*(uint32_t *)user;
  return AFT_OK;
}

static aft_status check_room(aft__cmd *cmd, aft_id subject, aft_error *error) {
  uint32_t n = 0;
  aft__scan scan = {.table = &aft__tag_table,
                    .index = AFT__TAG_BY_SUBJECT,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), aft__int(subject)},
                    .limit = AFT__MOST_TAGS};
  AFT__TRY(aft__scan_each(cmd->tx, &scan, count_one, &n, error));
  if (n < AFT__MOST_TAGS)
    return AFT_OK;
  return aft__error(error, AFT_E_TOO_LARGE, "tag.tag", "the record has %d tags already", AFT__MOST_TAGS);
}

static aft_status insert(aft__cmd *cmd, const aft_tag_in *in, aft_str form, aft_error *error) {
  aft__value row[AFT__TAG_COLUMNS] = {
      [AFT__TAG_ID] = aft__int(aft__tx_id(cmd->tx)),
      [AFT__TAG_TENANT] = aft__int(cmd->call.tenant),
      [AFT__TAG_KIND] = aft__int(in->kind),
      [AFT__TAG_SUBJECT] = aft__int(in->subject),
      [AFT__TAG_TAG] = aft__text(form),
      [AFT__TAG_CREATED] = aft__int(cmd->now),
  };
  aft_status status = aft__insert(cmd->tx, &aft__tag_table, row, NULL, error);
  return status == AFT_E_EXISTS ? AFT_IGNORED : status;
}

/* ---- removing ---- */

static aft_status take_away(aft__cmd *cmd, const aft_tag_in *in, aft_str form, aft_error *error) {
  aft__value *row;
  aft_status status = aft__tag_of(cmd->tx, cmd->call.tenant, in->subject, form, &row, error);
  if (status == AFT_E_NOT_FOUND)
    return AFT_IGNORED;
  AFT__TRY(status);
  return aft__remove(cmd->tx, &aft__tag_table, row[AFT__TAG_ID].number, row[AFT__TAG_REV].number, error);
}

/* ---- either ---- */

aft_status aft__tag_change(aft__cmd *cmd, aft__label_kind kind, const aft_tag_in *in, bool adding,
                           aft__label_change *told, aft_error *error) {
  aft_str form = {0};
  AFT__TRY(bring_into_form(cmd, kind, in->tag, adding, &form, error));
  if (adding)
    AFT__TRY(check_room(cmd, in->subject, error));
  *told = (aft__label_change){
      .verb = adding ? "tag.added" : "tag.removed", .key = "tag", .name = form, .fact = AFT__FACT_TAG};
  return adding ? insert(cmd, in, form, error) : take_away(cmd, in, form, error);
}

static aft_status change(aft__cmd *cmd, const tagging *t, bool adding, aft_error *error) {
  aft__subject subject;
  aft__label_change told;
  aft_status status = aft__subject_load(cmd, t->kind, t->in.subject, &subject, error);
  if (status >= 0 && adding && t->kind == AFT__LABELS_CUSTOMER)
    status = aft__customer_id_stays(cmd, subject.customer, error);
  if (status >= 0)
    status = aft__tag_change(cmd, t->kind, &t->in, adding, &told, error);
  if (status == AFT_OK)
    status = aft__subject_changed(&subject, &told, error);
  aft__subject_done(&subject);
  return status;
}

static aft_status add(aft__cmd *cmd, void *in, aft_error *error) { return change(cmd, in, true, error); }
static aft_status remove_tag(aft__cmd *cmd, void *in, aft_error *error) {
  return change(cmd, in, false, error);
}

static void digest(aft__sha256 *sha, const void *given) {
  const tagging *t = given;
  aft__digest_i64(sha, t->in.kind);
  aft__digest_i64(sha, t->in.subject);
  aft__digest_str(sha, t->in.tag);
}

static aft_status run(aft_session *session, const aft_call *call, const aft__command *command,
                      const aft_tag_in *in, aft_error *error) {
  tagging t = {.kind = AFT__LABELS_TICKET};
  AFT__TRY(aft__abi_copy(&t.in, sizeof t.in, in, TAG_V1, "aft_tag_in", error));
  AFT__TRY(aft__label_kind_of(t.in.kind, "tag.kind", &t.kind, error));
  AFT__TRY(aft__in_id(t.in.subject, "tag.subject", error));
  AFT__TRY(aft__in_name(&t.in.tag, 4 * AFT__TAG_BYTES, "tag.tag", error));
  return aft__command_run(session, call, command, &t, NULL, error);
}

aft_status aft_tag_add(aft_session *session, const aft_call *call, const aft_tag_in *in, aft_error *error) {
  static const aft__command command = {
      .verb = "tag.add", .name = "tag_add", .roles = AFT__ROLES_STAFF, .digest = digest, .run = add};
  return run(session, call, &command, in, error);
}

aft_status aft_tag_remove(aft_session *session, const aft_call *call, const aft_tag_in *in,
                          aft_error *error) {
  static const aft__command command = {.verb = "tag.remove",
                                       .name = "tag_remove",
                                       .roles = AFT__ROLES_STAFF,
                                       .digest = digest,
                                       .run = remove_tag};
  return run(session, call, &command, in, error);
}

/* ---- reading ---- */

aft_status aft_tag_list(aft_session *session, const aft_call *call, uint32_t kind, aft_id subject,
                        aft_cursor **out, aft_error *error) {
  static const aft__subject_rows rows = {.verb = "tag.list",
                                         .name = "tag_list",
                                         .where = "tag.kind",
                                         .kind = AFT_KIND_TAG,
                                         .table = &aft__tag_table,
                                         .index = AFT__TAG_BY_SUBJECT,
                                         .most = AFT__MOST_TAGS};
  return aft__subject_list(session, call, &rows, kind, subject, out, error);
}
