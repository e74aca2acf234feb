/* Attributes: values of the shop's own fields on tickets, customers and orders. */
#include "desk/label/label_priv.h"

#define ATTRIBUTE_V1    (offsetof(aft_attribute_in, number) + sizeof(int64_t))
#define MASK(column)    (UINT64_C(1) << (column))
#define MOST_ATTRIBUTES 1024 /* of one record, over all policies that it has seen */

aft_status aft__attribute_of(aft__tx *tx, aft_id tenant, aft_id subject, aft_str name, aft__value **row,
                             aft_error *error) {
  aft__value keys[] = {aft__int(tenant), aft__int(subject), aft__text(name)};
  return aft__find(tx, &aft__attribute_table, AFT__ATTRIBUTE_BY_SUBJECT, keys, row, error);
}

/* ---- setting ---- */

typedef struct setting {
  aft_attribute_in in;
  aft__label_kind kind;
} setting;

static aft__value text_of(const aft__attribute_def *def, const aft_attribute_in *in) {
  return aft__value_is_number(def->type) ? aft__null() : aft__text(in->text);
}

static aft__value number_of(const aft__attribute_def *def, const aft_attribute_in *in) {
  return aft__value_is_number(def->type) ? aft__int(in->number) : aft__null();
}

static bool is_same(const aft__value *row, const aft__attribute_def *def, const aft__value *text,
                    const aft__value *number, int64_t key) {
  return aft__value_cmp(&row[AFT__ATTRIBUTE_TEXT], text) == 0 &&
         aft__value_cmp(&row[AFT__ATTRIBUTE_NUMBER], number) == 0 && row[AFT__ATTRIBUTE_KEY].number == key &&
         row[AFT__ATTRIBUTE_UNLISTED].number == !def->indexed &&
         aft__str_eq(aft__row_str(row, AFT__ATTRIBUTE_TYPE), aft__cstr(aft__value_types[def->type]));
}

/* AFT_IGNORED when it stands there already. */
static aft_status keep(aft__cmd *cmd, const aft_attribute_in *in, const aft__attribute_def *def, int64_t key,
                       aft__value *row, aft_error *error) {
  aft__value text = text_of(def, in), number = number_of(def, in);
  if (row && is_same(row, def, &text, &number, key))
    return AFT_IGNORED;
  aft__value fresh[AFT__ATTRIBUTE_COLUMNS] = {
      [AFT__ATTRIBUTE_ID] = aft__int(aft__tx_id(cmd->tx)),
      [AFT__ATTRIBUTE_TENANT] = aft__int(cmd->call.tenant),
      [AFT__ATTRIBUTE_KIND] = aft__int(in->kind),
      [AFT__ATTRIBUTE_SUBJECT] = aft__int(in->subject),
      [AFT__ATTRIBUTE_NAME] = aft__text(def->name),
  };
  aft__value *to = row ? row : fresh;
  to[AFT__ATTRIBUTE_TYPE] = aft__text(aft__cstr(aft__value_types[def->type]));
  to[AFT__ATTRIBUTE_TEXT] = text;
  to[AFT__ATTRIBUTE_NUMBER] = number;
  to[AFT__ATTRIBUTE_KEY] = aft__int(key);
  to[AFT__ATTRIBUTE_UNLISTED] = aft__int(!def->indexed);
  to[AFT__ATTRIBUTE_UPDATED] = aft__int(cmd->now);
  if (row)
    return aft__update(cmd->tx, &aft__attribute_table, row,
                       MASK(AFT__ATTRIBUTE_TYPE) | MASK(AFT__ATTRIBUTE_TEXT) | MASK(AFT__ATTRIBUTE_NUMBER) |
                           MASK(AFT__ATTRIBUTE_KEY) | MASK(AFT__ATTRIBUTE_UNLISTED) |
                           MASK(AFT__ATTRIBUTE_UPDATED),
                       error);
  aft_status status = aft__insert(cmd->tx, &aft__attribute_table, fresh, NULL, error);
  if (status == AFT_E_EXISTS)
    return aft__tx_race(cmd->tx, "attribute.name", error);
  return status;
}

static aft_status clear(aft__cmd *cmd, const aft__value *row, aft_error *error) {
  if (!row)
    return AFT_IGNORED;
  return aft__remove(cmd->tx, &aft__attribute_table, row[AFT__ATTRIBUTE_ID].number,
                     row[AFT__ATTRIBUTE_REV].number, error);
}

aft_status aft__attribute_change(aft__cmd *cmd, aft__label_kind kind, const aft_attribute_in *in,
                                 aft__label_change *told, aft_error *error) {
  aft__attribute_def def = {.name = in->name};
  aft__value *row = NULL;
  int64_t key = 0;
  if (!in->clear) { /* one that the policy no longer has can be cleared still */
    AFT__TRY(aft__policy_attribute_find(cmd->policy, kind, in->name, &def, error));
    AFT__TRY(aft__policy_attribute_key(cmd->policy, &def, in->text, in->number, &key, error));
  }
  aft_status status = aft__attribute_of(cmd->tx, cmd->call.tenant, in->subject, in->name, &row, error);
  if (status == AFT_E_NOT_FOUND)
    row = NULL;
  else
    AFT__TRY(status);
  *told = (aft__label_change){.verb = in->clear ? "attribute.cleared" : "attribute.set",
                              .key = "attribute",
                              .name = def.name,
                              .personal = in->clear ? (aft_str){0} : in->text,
                              .fact = AFT__FACT_ATTRIBUTE};
  return in->clear ? clear(cmd, row, error) : keep(cmd, in, &def, key, row, error);
}

static aft_status set(aft__cmd *cmd, void *given, aft_error *error) {
  const setting *s = given;
  aft__subject subject;
  aft__label_change told;
  aft_status status = aft__subject_load(cmd, s->kind, s->in.subject, &subject, error);
  if (status >= 0 && !s->in.clear)
    status = aft__customer_id_stays(cmd, subject.customer, error);
  if (status >= 0)
    status = aft__attribute_change(cmd, s->kind, &s->in, &told, error);
  if (status == AFT_OK)
    status = aft__subject_changed(&subject, &told, error);
  aft__subject_done(&subject);
  return status;
}

static void digest(aft__sha256 *sha, const void *given) {
  const setting *s = given;
  aft__digest_i64(sha, s->in.kind);
  aft__digest_i64(sha, s->in.clear);
  aft__digest_i64(sha, s->in.subject);
  aft__digest_str(sha, s->in.name);
  aft__digest_str(sha, s->in.text);
  aft__digest_i64(sha, s->in.number);
}

aft_status aft_attribute_set(aft_session *session, const aft_call *call, const aft_attribute_in *in,
                             aft_error *error) {
  static const aft__command command = {.verb = "attribute.set",
                                       .name = "attribute_set",
                                       .roles = AFT__ROLES_STAFF,
                                       .digest = digest,
                                       .run = set};
  setting s = {.kind = AFT__LABELS_TICKET};
  AFT__TRY(aft__abi_copy(&s.in, sizeof s.in, in, ATTRIBUTE_V1, "aft_attribute_in", error));
  AFT__TRY(aft__label_kind_of(s.in.kind, "attribute.kind", &s.kind, error));
  AFT__TRY(aft__in_id(s.in.subject, "attribute.subject", error));
  AFT__TRY(aft__in_name(&s.in.name, 64, "attribute.name", error));
  AFT__TRY(aft__in_text(&s.in.text, 4096, "attribute.text", error));
  if (s.in.clear > 1)
    return aft__error(error, AFT_E_INVALID, "attribute.clear", "expected 0 or 1, found %u", s.in.clear);
  if (s.in.clear && (s.in.text.data || s.in.number))
    return aft__error(error, AFT_E_INVALID, "attribute.clear", "a value that is cleared cannot be given too");
  return aft__command_run(session, call, &command, &s, NULL, error);
}

/* ---- reading ---- */

aft_status aft_attribute_list(aft_session *session, const aft_call *call, uint32_t kind, aft_id subject,
                              aft_cursor **out, aft_error *error) {
  static const aft__subject_rows rows = {.verb = "attribute.list",
                                         .name = "attribute_list",
                                         .where = "attribute.kind",
                                         .kind = AFT_KIND_ATTRIBUTE,
                                         .table = &aft__attribute_table,
                                         .index = AFT__ATTRIBUTE_BY_SUBJECT,
                                         .most = MOST_ATTRIBUTES};
  return aft__subject_list(session, call, &rows, kind, subject, out, error);
}
