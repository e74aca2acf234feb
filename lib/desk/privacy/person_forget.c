/* Forgetting what is personal in one record, by the way that its line in person.c names. */
#include "desk/evidence/evidence_priv.h"
#include "desk/link/link_priv.h"
#include "desk/privacy/person.h"
#include "desk/privacy/retention.h"

#define BIT(column) (UINT64_C(1) << (column))

/* A column that must have a value keeps an empty one. */
static bool blank_column(const aft__table *table, uint32_t column, aft__value *value) {
  bool required = table->columns[column].required;
  if (value->type == AFT_SQL_NULL || (required && value->type != AFT_SQL_INT && !value->size))
    return false;
  if (!required)
    *value = aft__null();
  else if (value->type == AFT_SQL_TEXT)
    *value = aft__text(aft__cstr(""));
  else if (value->type == AFT_SQL_BLOB)
    *value = aft__blob("", 0);
  else
    *value = aft__int(0);
  return true;
}

aft_status aft__personal_blank(aft__cmd *cmd, uint32_t kind, aft__value *row, uint64_t also, bool *any,
                               aft_error *error) {
  const aft__kind *k = aft__kind_get(kind);
  uint64_t mask = 0;
  for (uint32_t i = 0; i < k->n_fields; i++) {
    uint32_t column = k->fields[i].column;
    if ((k->fields[i].personal || also & BIT(column)) && blank_column(k->table, column, &row[column]))
      mask |= BIT(column);
  }
  *any = mask != 0;
  return mask ? aft__update(cmd->tx, k->table, row, mask, error) : AFT_OK;
}

typedef struct forgetting {
  aft__cmd *cmd;
  uint32_t kind;
  aft_id ticket;
  bool any, later;
} forgetting;

typedef aft_status (*way_fn)(forgetting *f, aft__value *row, aft_error *error);

static aft_status blank(forgetting *f, aft__value *row, aft_error *error) {
  return aft__personal_blank(f->cmd, f->kind, row, 0, &f->any, error);
}

static aft_status take_out(forgetting *f, aft__value *row, aft_error *error) {
  f->any = true;
  return aft__remove(f->cmd->tx, aft__kind_get(f->kind)->table, row[AFT__COL_ID].number,
                     row[AFT__COL_REV].number, error);
}

static aft_status event(forgetting *f, aft__value *row, aft_error *error) {
  return aft__event_forget(f->cmd->tx, row, &f->any, error);
}

/* Which bytes of the host's are to go is nothing personal, and has to reach the host. */
static aft_status effect(forgetting *f, aft__value *row, aft_error *error) {
  aft__forgotten forgotten;
  if (aft__str_eq(aft__row_str(row, AFT__OB_TOPIC), aft__cstr(AFT__TOPIC_BLOBS)))
    return AFT_OK;
  AFT__TRY(aft__outbox_forget(f->cmd->tx, row[AFT__OB_ID].number, &forgotten, error));
  f->any = forgotten == AFT__FORGOT;
  f->later = forgotten == AFT__FORGOT_LATER;
  return AFT_OK;
}

static aft_status evidence(forgetting *f, aft__value *row, aft_error *error) {
  bool bytes = aft__row_null(row, AFT__EVIDENCE_REMOVED);
  if (bytes)
    AFT__TRY(aft__evidence_forget(f->cmd, row, error));
  AFT__TRY(blank(f, row, error));
  f->any |= bytes;
  return AFT_OK;
}

aft_status aft__part_forget(aft__cmd *cmd, aft__value *row, aft_id ticket, bool *any, aft_error *error) {
  aft__blobs_gone gone;
  aft__blobs_begin(&gone, cmd, ticket);
  aft_status status = aft__blobs_add(&gone, row, error);
  if (status >= 0)
    status = aft__blobs_send(&gone, error);
  aft__blobs_end(&gone);
  return status < 0 ? status : aft__personal_blank(cmd, AFT__KIND_PART, row, BIT(AFT__PART_BLOB), any, error);
}

static aft_status part(forgetting *f, aft__value *row, aft_error *error) {
  return aft__part_forget(f->cmd, row, f->ticket, &f->any, error);
}

static aft_status link(forgetting *f, aft__value *row, aft_error *error) {
  f->any = aft__row_null(row, AFT__LINK_REVOKED);
  return f->any ? aft__link_take_back(f->cmd, row, error) : AFT_OK;
}

static aft_status survey(forgetting *f, aft__value *row, aft_error *error) {
  AFT__TRY(blank(f, row, error));
  if (!aft__str_eq(aft__row_str(row, AFT__SURVEY_STATE), aft__cstr("scheduled")))
    return AFT_OK;
  f->any = true;
  row[AFT__SURVEY_STATE] = aft__text(aft__cstr("cancelled"));
  AFT__TRY(aft__update(f->cmd->tx, &aft__survey_table, row, BIT(AFT__SURVEY_STATE), error));
  return aft__due_clear_all(f->cmd->tx, row[AFT__SURVEY_ID].number, error);
}

static aft_status notice(forgetting *f, aft__value *row, aft_error *error) {
  AFT__TRY(blank(f, row, error));
  if (!aft__str_eq(aft__row_str(row, AFT__NOTICE_STATE), aft__cstr("held")))
    return AFT_OK;
  f->any = true;
  row[AFT__NOTICE_STATE] = aft__text(aft__cstr("suppressed"));
  row[AFT__NOTICE_REASON] = aft__text(aft__cstr("erased"));
  row[AFT__NOTICE_DUE] = aft__null();
  AFT__TRY(aft__update(f->cmd->tx, &aft__notice_table, row,
                       BIT(AFT__NOTICE_STATE) | BIT(AFT__NOTICE_REASON) | BIT(AFT__NOTICE_DUE), error));
  return aft__due_clear_all(f->cmd->tx, row[AFT__NOTICE_ID].number, error);
}

static aft_status ticket(forgetting *f, aft__value *row, aft_error *error) {
  return aft__personal_blank(f->cmd, f->kind, row, BIT(AFT__TICKET_DOUBT) | BIT(AFT__TICKET_JUDGED), &f->any,
                             error);
}

static aft_status nothing(forgetting *f, aft__value *row, aft_error *error) {
  (void)f, (void)row, (void)error;
  return AFT_OK;
}

aft_status aft__person_forget(aft__cmd *cmd, const aft__person_branch *branch, aft__value *row,
                              aft_id ticket_id, aft__forgets *out, aft_error *error) {
  static const way_fn ways[AFT__ERASE_WAYS] = {
      [AFT__ERASE_BLANK] = blank,   [AFT__ERASE_REMOVE] = take_out,   [AFT__ERASE_EVENT] = event,
      [AFT__ERASE_EFFECT] = effect, [AFT__ERASE_EVIDENCE] = evidence, [AFT__ERASE_PART] = part,
      [AFT__ERASE_LINK] = link,     [AFT__ERASE_SURVEY] = survey,     [AFT__ERASE_TICKET] = ticket,
      [AFT__ERASE_NOTICE] = notice, [AFT__ERASE_LAST] = nothing,
  };
  forgetting f = {.cmd = cmd, .kind = branch->child, .ticket = ticket_id};
  AFT__TRY(ways[branch->way](&f, row, error));
  *out = f.later ? AFT__FORGETS_LATER : f.any ? AFT__FORGETS : AFT__FORGETS_NOTHING;
  return AFT_OK;
}
