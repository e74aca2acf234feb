/* Everything about a person, as JSON lines: a walk from the customer's record to all that belongs to it, one
 * parent a transaction. */
#include "desk/desk_priv.h"

#include <aftersales/privacy.h>

/* ---- what belongs to what ---- */

/* Rows of a kind by an index that begins with the tenant and the parent's key. */
static const struct branch {
  uint32_t parent, child, index;
  uint32_t key; /* of the child: the column by which its own children name it */
} branches[] = {
    {AFT__KIND_CUSTOMER, AFT__KIND_IDENTITY, AFT__IDENTITY_BY_CUSTOMER, AFT__COL_ID},
    {AFT__KIND_CUSTOMER, AFT__KIND_ATTRIBUTE, AFT__ATTRIBUTE_BY_SUBJECT, AFT__COL_ID},
    {AFT__KIND_CUSTOMER, AFT__KIND_TAG, AFT__TAG_BY_SUBJECT, AFT__COL_ID},
    {AFT__KIND_CUSTOMER, AFT__KIND_EVENT, AFT__EV_BY_SUBJECT, AFT__COL_ID},
    {AFT__KIND_CUSTOMER, AFT__KIND_TICKET, AFT__TICKET_BY_CUSTOMER, AFT__COL_ID},
    {AFT__KIND_CUSTOMER, AFT__KIND_PARTICIPANT, AFT__PARTICIPANT_BY_CUSTOMER, AFT__PARTICIPANT_TICKET},
    {AFT__KIND_CUSTOMER, AFT__KIND_ORDER, AFT__ORDER_BY_CUSTOMER, AFT__COL_ID},
    {AFT__KIND_CUSTOMER, AFT__KIND_CASE, AFT__CASE_BY_CUSTOMER, AFT__COL_ID},
    {AFT__KIND_CUSTOMER, AFT__KIND_SURVEY, AFT__SURVEY_BY_ASKED, AFT__COL_ID},
    {AFT__KIND_CUSTOMER, AFT__KIND_LINK, AFT__LINK_BY_CUSTOMER, AFT__COL_ID},
    {AFT__KIND_CUSTOMER, AFT__KIND_CONTACT, AFT__CONTACT_BY_CUSTOMER, AFT__COL_ID},
    {AFT__KIND_CUSTOMER, AFT__KIND_NOTICE, AFT__NOTICE_BY_CUSTOMER, AFT__COL_ID},
    {AFT__KIND_TICKET, AFT__KIND_MESSAGE, AFT__MESSAGE_BY_TICKET, AFT__COL_ID},
    {AFT__KIND_TICKET, AFT__KIND_ATTRIBUTE, AFT__ATTRIBUTE_BY_SUBJECT, AFT__COL_ID},
    {AFT__KIND_TICKET, AFT__KIND_TAG, AFT__TAG_BY_SUBJECT, AFT__COL_ID},
    {AFT__KIND_TICKET, AFT__KIND_CORRECTION, AFT__CORRECTION_BY_TICKET, AFT__COL_ID},
    {AFT__KIND_TICKET, AFT__KIND_DECISION, AFT__DECISION_BY_TICKET, AFT__COL_ID},
    {AFT__KIND_TICKET, AFT__KIND_EVENT, AFT__EV_BY_SUBJECT, AFT__COL_ID},
    {AFT__KIND_TICKET, AFT__KIND_EFFECT, AFT__OB_BY_SUBJECT, AFT__COL_ID},
    {AFT__KIND_PARTICIPANT, AFT__KIND_MESSAGE, AFT__MESSAGE_BY_TICKET, AFT__COL_ID},
    {AFT__KIND_MESSAGE, AFT__KIND_PART, AFT__PART_BY_MESSAGE, AFT__COL_ID},
    {AFT__KIND_MESSAGE, AFT__KIND_REVISION, AFT__REVISION_BY_MESSAGE, AFT__COL_ID},
    {AFT__KIND_ORDER, AFT__KIND_LINE, AFT__LINE_BY_REF, AFT__COL_ID},
    {AFT__KIND_ORDER, AFT__KIND_SHARE, AFT__SHARE_BY_ORDER, AFT__COL_ID},
    {AFT__KIND_ORDER, AFT__KIND_PAYMENT, AFT__PAYMENT_BY_ORDER, AFT__COL_ID},
    {AFT__KIND_ORDER, AFT__KIND_PARCEL, AFT__PARCEL_BY_REF, AFT__COL_ID},
    {AFT__KIND_ORDER, AFT__KIND_ATTRIBUTE, AFT__ATTRIBUTE_BY_SUBJECT, AFT__COL_ID},
    {AFT__KIND_ORDER, AFT__KIND_TAG, AFT__TAG_BY_SUBJECT, AFT__COL_ID},
    {AFT__KIND_ORDER, AFT__KIND_EVENT, AFT__EV_BY_SUBJECT, AFT__COL_ID},
    {AFT__KIND_PARCEL, AFT__KIND_TRACK, AFT__TRACK_BY_PARCEL, AFT__COL_ID},
    {AFT__KIND_CASE, AFT__KIND_CASE_LINE, AFT__CASE_LINE_BY_CASE, AFT__COL_ID},
    {AFT__KIND_CASE, AFT__KIND_PROPOSAL, AFT__PROPOSAL_BY_CASE, AFT__COL_ID},
    {AFT__KIND_CASE, AFT__KIND_LEG, AFT__LEG_BY_CASE, AFT__COL_ID},
    {AFT__KIND_CASE, AFT__KIND_FINDING, AFT__FINDING_BY_CASE, AFT__COL_ID},
    {AFT__KIND_CASE, AFT__KIND_EVIDENCE, AFT__EVIDENCE_BY_CASE, AFT__COL_ID},
    {AFT__KIND_CASE, AFT__KIND_APPOINTMENT, AFT__APPOINTMENT_BY_CASE, AFT__COL_ID},
    {AFT__KIND_CASE, AFT__KIND_INVOICE, AFT__INVOICE_BY_CASE, AFT__COL_ID},
    {AFT__KIND_CASE, AFT__KIND_SIGNAL, AFT__SIGNAL_BY_CASE, AFT__COL_ID},
    {AFT__KIND_CASE, AFT__KIND_MIRROR, AFT__MIRROR_BY_CASE, AFT__COL_ID},
    {AFT__KIND_CASE, AFT__KIND_DECISION, AFT__DECISION_BY_TICKET, AFT__COL_ID},
    {AFT__KIND_CASE, AFT__KIND_EVENT, AFT__EV_BY_SUBJECT, AFT__COL_ID},
    {AFT__KIND_CASE, AFT__KIND_EFFECT, AFT__OB_BY_SUBJECT, AFT__COL_ID},
    {AFT__KIND_PROPOSAL, AFT__KIND_PROPOSAL_LINE, AFT__PROPOSAL_LINE_BY_PROPOSAL, AFT__COL_ID},
    {AFT__KIND_LEG, AFT__KIND_EFFECT, AFT__OB_BY_SUBJECT, AFT__COL_ID},
    {AFT__KIND_NOTICE, AFT__KIND_EVENT, AFT__EV_BY_SUBJECT, AFT__COL_ID},
    {AFT__KIND_SURVEY, AFT__KIND_EVENT, AFT__EV_BY_SUBJECT, AFT__COL_ID},
    {AFT__KIND_LINK, AFT__KIND_EVENT, AFT__EV_BY_SUBJECT, AFT__COL_ID},
};

static bool is_parent(uint32_t kind) {
  for (size_t i = 0; i < AFT__COUNT(branches); i++)
    if (branches[i].parent == kind)
      return true;
  return false;
}

/* ---- the walk ---- */

typedef struct parent {
  uint32_t kind;
  aft_id key;
} parent;

typedef struct walk {
  aft_env *env;
  aft_id tenant, customer;
  parent at;
  const struct branch *branch; /* that is being read */
  aft__buf lines;              /* of the parent at hand */
  aft__buf waiting;            /* of parent */
  size_t before;               /* bytes that waited before this one */
  int64_t n, records;
} walk;

static void put_line(walk *w, uint32_t kind, const aft__value *row) {
  const aft__kind *k = aft__kind_get(kind);
  aft__json json;
  aft__json_init(&json, &w->lines);
  aft__json_open(&json, '{');
  aft__json_key(&json, "kind");
  aft__json_str(&json, aft__cstr(k->name));
  aft__json_key(&json, "record");
  aft__row_json(w->env, k, row, &json);
  aft__json_close(&json, '}');
  aft__buf_char(&w->lines, '\n');
  w->n++;
}

/* What others wrote in a ticket is theirs. */
static bool is_theirs(const walk *w, const aft__value *row) {
  return w->branch->child != AFT__KIND_MESSAGE || aft__row_int(row, AFT__MESSAGE_CUSTOMER) == w->customer;
}

static aft_status see(void *user, const aft__value *row, aft_error *error) {
  walk *w = user;
  parent child = {w->branch->child, row[w->branch->key].number};
  if (!is_theirs(w, row))
    return AFT_OK;
  put_line(w, child.kind, row);
  if (is_parent(child.kind))
    aft__buf_add(&w->waiting, &child, sizeof child);
  return w->lines.failed || w->waiting.failed ? aft__nomem(error) : AFT_OK;
}

static aft_status read_children(aft__tx *tx, void *user, aft_error *error) {
  walk *w = user;
  aft__buf_clear(&w->lines);
  w->waiting.len = w->before;
  w->n = 0;
  for (size_t i = 0; i < AFT__COUNT(branches); i++) {
    w->branch = &branches[i];
    if (w->branch->parent != w->at.kind)
      continue;
    aft__scan scan = {.table = aft__kind_get(w->branch->child)->table,
                      .index = w->branch->index,
                      .n_equal = 2,
                      .equal = {aft__int(w->tenant), aft__int(w->at.key)}};
    AFT__TRY(aft__scan_each(tx, &scan, see, w, error));
  }
  return AFT_OK;
}

static aft_status hand_over(walk *w, aft_person_sink sink, void *user, aft_error *error) {
  const char *at = w->lines.data;
  for (size_t left = w->lines.len; left;) {
    const char *end = memchr(at, '\n', left);
    size_t n = end ? (size_t)(end - at) + 1 : left;
    if (sink(user, at, n) != 0)
      return aft__error(error, AFT_E_CALLBACK, "sink", "the sink ended the export");
    at += n;
    left -= n;
  }
  w->records += w->n;
  return AFT_OK;
}

static aft_status go_on(aft_session *session, walk *w, aft_person_sink sink, void *user, aft_error *error) {
  aft__tx_options options = {.name = "person_export", .read = true};
  AFT__TRY(hand_over(w, sink, user, error));
  while (w->waiting.len) {
    w->before = w->waiting.len - sizeof w->at;
    memcpy(&w->at, w->waiting.data + w->before, sizeof w->at);
    AFT__TRY(aft__tx_run(session, &options, read_children, w, error));
    AFT__TRY(hand_over(w, sink, user, error));
  }
  return AFT_OK;
}

/* ---- the command ---- */

static aft_status begin(aft__cmd *cmd, void *given, aft_error *error) {
  walk *w = given;
  parent first = {AFT__KIND_CUSTOMER, w->customer};
  aft__value *row;
  cmd->subject = w->customer;
  AFT__TRY(aft__load(cmd, &aft__customer_table, AFT__CUSTOMER_TENANT, w->customer, "customer", &row, error));
  w->tenant = cmd->call.tenant;
  w->n = 0;
  aft__buf_clear(&w->lines);
  aft__buf_clear(&w->waiting);
  put_line(w, AFT__KIND_CUSTOMER, row);
  aft__buf_add(&w->waiting, &first, sizeof first);
  return w->lines.failed || w->waiting.failed ? aft__nomem(error) : AFT_OK;
}

aft_status aft_person_export(aft_session *session, const aft_call *call, aft_id customer,
                             aft_person_sink sink, void *user, int64_t *records, aft_error *error) {
  static const aft__command command = {.verb = "person.export",
                                       .name = "person_export",
                                       .roles = AFT__ROLES_SYSTEM,
                                       .read = true,
                                       .run = begin};
  if (!session)
    return aft__error(error, AFT_E_NULL_HANDLE, "session", "the session is NULL");
  AFT__TRY(aft__in_id(customer, "customer", error));
  walk w = {.env = aft__session_env(session), .customer = customer};
  aft__buf_init(&w.lines, w.env);
  aft__buf_init(&w.waiting, w.env);
  aft_status status = aft__command_run(session, call, &command, &w, NULL, error);
  if (status >= 0 && !sink)
    status = aft__error(error, AFT_E_NULL_HANDLE, "sink", "the sink is NULL");
  if (status >= 0)
    status = go_on(session, &w, sink, user, error);
  if (status >= 0 && records)
    *records = w.records;
  aft__buf_done(&w.lines);
  aft__buf_done(&w.waiting);
  return status;
}
