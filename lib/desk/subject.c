/* Records that attributes and tags hang on: loaded with the right to see them, and told of changes. */
#include "desk/label/label_priv.h"

static const struct {
  uint32_t kind;
  const char *name;
} kinds[AFT__LABEL_KINDS] = {
    [AFT__LABELS_TICKET] = {AFT_KIND_TICKET, "ticket"},
    [AFT__LABELS_CUSTOMER] = {AFT_KIND_CUSTOMER, "customer"},
    [AFT__LABELS_ORDER] = {AFT_KIND_ORDER, "order"},
};

uint32_t aft__label_record_kind(aft__label_kind kind) { return kinds[kind].kind; }

aft_status aft__label_kind_of(uint32_t kind, const char *where, aft__label_kind *out, aft_error *error) {
  for (int i = 0; i < AFT__LABEL_KINDS; i++) {
    if (kinds[i].kind == kind) {
      *out = (aft__label_kind)i;
      return AFT_OK;
    }
  }
  return aft__error(error, AFT_E_INVALID, where,
                    "expected AFT_KIND_TICKET, AFT_KIND_CUSTOMER or AFT_KIND_ORDER, found %u", kind);
}

aft_status aft__subject_load(aft__cmd *cmd, aft__label_kind kind, aft_id id, aft__subject *out,
                             aft_error *error) {
  *out = (aft__subject){.cmd = cmd, .kind = kind, .id = id};
  cmd->subject = id;
  aft__value *row;
  switch (kind) {
  case AFT__LABELS_TICKET:
    AFT__TRY(aft__ticket_load(cmd, id, &out->ticket, error));
    out->customer = aft__ticket_int(&out->ticket, AFT__TICKET_CUSTOMER);
    return aft__may_ticket(cmd, out->ticket.row, error);
  case AFT__LABELS_CUSTOMER:
    AFT__TRY(aft__may_customer(cmd, id, error));
    out->customer = id;
    return aft__load(cmd, &aft__customer_table, AFT__CUSTOMER_TENANT, id, "customer", &row, error);
  default:
    AFT__TRY(aft__load(cmd, &aft__order_table, AFT__ORDER_TENANT, id, "order", &row, error));
    out->customer = aft__row_int(row, AFT__ORDER_CUSTOMER);
    return aft__may_shop(cmd, aft__row_int(row, AFT__ORDER_SHOP), error);
  }
}

void aft__subject_done(aft__subject *subject) {
  if (subject->kind == AFT__LABELS_TICKET && subject->ticket.cmd)
    aft__ticket_done(&subject->ticket);
}

/* {"name": value} */
static aft_str facts_of(aft__cmd *cmd, const char *key, aft_str value) {
  aft__buf buf;
  aft__json json;
  aft__buf_init(&buf, cmd->env);
  aft__json_init(&json, &buf);
  aft__json_open(&json, '{');
  aft__json_key(&json, key);
  aft__json_str(&json, value);
  aft__json_close(&json, '}');
  aft_str facts = buf.failed ? (aft_str){0} : aft__arena_dup(cmd->arena, aft__buf_view(&buf));
  aft__buf_done(&buf);
  return facts;
}

/* A ticket that conditions look at is judged anew; its priority only rises. */
static aft_status judge_ticket(aft__ticket *ticket, uint64_t tested, aft_error *error) {
  aft__facts facts;
  if (!(aft__policy_tests(ticket->cmd->policy) & tested))
    return AFT_OK;
  AFT__TRY(aft__ticket_facts(ticket, &facts, error));
  return aft__ticket_prioritise(ticket, &facts, true, error);
}

aft_status aft__ticket_labelled(aft__ticket *ticket, const aft__label_change *change, aft_error *error) {
  aft_str facts = facts_of(ticket->cmd, change->key, change->name);
  if (!facts.data)
    return aft__nomem(error);
  AFT__TRY(aft__ticket_note(ticket, change->verb, facts, change->personal, error));
  return judge_ticket(ticket, aft__fact_bit(change->fact), error);
}

aft_status aft__subject_changed(aft__subject *subject, const aft__label_change *change, aft_error *error) {
  aft__cmd *cmd = subject->cmd;
  if (subject->kind == AFT__LABELS_TICKET) {
    AFT__TRY(aft__ticket_labelled(&subject->ticket, change, error));
    return aft__ticket_save(&subject->ticket, error);
  }
  aft_str facts = facts_of(cmd, change->key, change->name);
  if (!facts.data)
    return aft__nomem(error);
  aft__event event = {.tenant = cmd->call.tenant,
                      .kind = kinds[subject->kind].kind,
                      .subject = subject->id,
                      .role = cmd->call.role,
                      .actor = cmd->call.actor,
                      .verb = aft__cstr(change->verb),
                      .facts = facts,
                      .personal = change->personal,
                      .elsewhere = true};
  return aft__event_next(cmd->tx, &event, error);
}

/* ---- lists of what a record has ---- */

typedef struct listing {
  const aft__subject_rows *rows;
  aft__label_kind kind;
  aft_id subject;
  aft_record **records; /* room for rows->most */
  uint32_t n;
} listing;

static void drop_records(listing *l) {
  for (uint32_t i = 0; i < l->n; i++)
    aft_record_free(l->records[i]);
  l->n = 0;
}

static aft_status read_rows(aft__cmd *cmd, listing *l, aft_error *error) {
  aft__value **found;
  uint32_t n;
  aft__scan scan = {.table = l->rows->table,
                    .index = l->rows->index,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), aft__int(l->subject)},
                    .limit = l->rows->most};
  AFT__TRY(aft__scan_all(cmd->tx, &scan, &found, &n, error));
  for (; l->n < n; l->n++)
    AFT__TRY(aft__record_make(cmd->env, l->rows->kind, found[l->n], &l->records[l->n], error));
  return AFT_OK;
}

static aft_status list_rows(aft__cmd *cmd, void *in, aft_error *error) {
  listing *l = in;
  aft__subject subject;
  drop_records(l); /* of an attempt before */
  aft_status status = aft__subject_load(cmd, l->kind, l->subject, &subject, error);
  if (status >= 0)
    status = read_rows(cmd, l, error);
  aft__subject_done(&subject);
  return status;
}

aft_status aft__subject_list(aft_session *session, const aft_call *call, const aft__subject_rows *rows,
                             uint32_t kind, aft_id subject, aft_cursor **out, aft_error *error) {
  const aft__command command = {
      .verb = rows->verb, .name = rows->name, .roles = AFT__ROLES_STAFF, .read = true, .run = list_rows};
  listing l = {.rows = rows, .subject = subject};
  if (!session || !out)
    return aft__error(error, AFT_E_NULL_HANDLE, session ? "out" : "session", "the handle is NULL");
  AFT__TRY(aft__label_kind_of(kind, rows->where, &l.kind, error));
  aft_env *env = aft__session_env(session);
  l.records = aft__zalloc(env, rows->most * sizeof(aft_record *));
  if (!l.records)
    return aft__nomem(error);
  aft_status status = aft__command_run(session, call, &command, &l, NULL, error);
  if (status >= 0)
    status = aft__cursor_of(session, l.records, l.n, out, error);
  else
    drop_records(&l);
  aft__release(env, l.records, rows->most * sizeof(aft_record *));
  return status;
}
