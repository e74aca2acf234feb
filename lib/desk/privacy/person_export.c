/* Everything about a person, as JSON lines: a walk from the customer's record to all that belongs to it, one
 * parent a transaction. */
#include "desk/privacy/person.h"

#include <aftersales/privacy.h>

/* ---- the walk ---- */

typedef struct parent {
  uint32_t kind;
  aft_id key;
} parent;

typedef struct walk {
  aft_env *env;
  aft_id tenant, customer;
  parent at;
  const aft__person_branch *branch; /* that is being read */
  aft__buf lines;                   /* of the parent at hand */
  aft__buf waiting;                 /* of parent */
  size_t before;                    /* bytes that waited before this one */
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

static aft_status see(void *user, const aft__value *row, aft_error *error) {
  walk *w = user;
  parent child = {w->branch->child, row[w->branch->key].number};
  if (!aft__person_is_theirs(w->branch, w->customer, row))
    return AFT_OK;
  put_line(w, child.kind, row);
  if (aft__person_owns(child.kind))
    aft__buf_add(&w->waiting, &child, sizeof child);
  return w->lines.failed || w->waiting.failed ? aft__nomem(error) : AFT_OK;
}

static aft_status read_children(aft__tx *tx, void *user, aft_error *error) {
  walk *w = user;
  aft__buf_clear(&w->lines);
  w->waiting.len = w->before;
  w->n = 0;
  for (size_t i = 0; i < aft__person_branch_count; i++) {
    w->branch = &aft__person_branches[i];
    if (w->branch->parent != w->at.kind)
      continue;
    aft__scan scan = aft__person_rows(w->branch, w->tenant, w->at.key);
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
