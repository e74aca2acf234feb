/* Erasure of everything personal about somebody, in steps of the tick.
 *
 * A pass goes through all that is below the customer, one ticket, case or order whole at a time; its place is
 * kept in the record, so that any worker goes on with it. What something still keeps is left out and named.
 * While anything is kept, passes are made day by day. A pass that kept nothing takes the customer's own data,
 * handles and wishes, and one more goes over what came in meanwhile: nothing can come any more after that. */
#include "desk/privacy/person.h"

#include "desk/privacy/retention.h"

#include <aftersales/privacy.h>

#include <stdio.h>
#include <stdlib.h>

#define ERASE_V1      (offsetof(aft_erase_in, reason) + sizeof(aft_str))
#define MOST_REASON   200
#define MOST_NAMED    20  /* kept records that are named */
#define STEP_RECORDS  200 /* after so many a step ends with the ticket, case or order at hand */
#define PAGE          32
#define BIT(column)   (UINT64_C(1) << (column))
#define DUE_STEP      "step"
#define LOOK_AGAIN_MS AFT__DAY

/* ---- one step ---- */

typedef struct erasing {
  aft__cmd *cmd;
  aft__value *row;  /* of the erasure */
  aft_id customer;  /* 0: everybody's is forgotten */
  aft_id ticket;    /* below which the walk is; 0 */
  uint32_t changed; /* records, in this step */
  int64_t counts[AFT__KIND_COUNT];
  aft__buf kept; /* what row[KEPT] becomes */
  uint32_t named;
} erasing;

static bool is(const aft__value *row, const char *state) {
  return aft__str_eq(aft__row_str(row, AFT__ERASURE_STATE), aft__cstr(state));
}

static void keep(erasing *e, uint32_t kind, aft_id record, const char *why) {
  aft__json json;
  e->row[AFT__ERASURE_HOLDS].number++;
  if (e->named == MOST_NAMED)
    return;
  aft__buf_char(&e->kept, e->named++ ? ',' : '[');
  aft__json_init(&json, &e->kept);
  aft__json_open(&json, '{');
  aft__json_key(&json, "kind");
  aft__json_str(&json, aft__cstr(aft__kind_get(kind)->name));
  aft__json_key(&json, "record");
  aft__json_id(&json, record);
  aft__json_key(&json, "why");
  aft__json_str(&json, aft__cstr(why));
  aft__json_close(&json, '}');
}

static aft_status forget(erasing *e, const aft__person_branch *branch, aft__value *row, aft_error *error) {
  aft__forgets forgets;
  aft_id id = row[AFT__COL_ID].number;
  AFT__TRY(aft__person_forget(e->cmd, branch, row, e->ticket, &forgets, error));
  if (forgets == AFT__FORGETS_LATER)
    keep(e, branch->child, id, "under_way");
  if (forgets != AFT__FORGETS)
    return AFT_OK;
  e->counts[branch->child]++;
  e->changed++;
  return AFT_OK;
}

static aft_status below(erasing *e, uint32_t kind, aft_id key, aft_error *error);

static aft_status forget_with_all(erasing *e, const aft__person_branch *branch, aft__value *row,
                                  aft_error *error) {
  aft_id key = row[branch->key].number, ticket = e->ticket;
  if (branch->child == AFT__KIND_TICKET || branch->child == AFT__KIND_PARTICIPANT)
    e->ticket = key;
  AFT__TRY(forget(e, branch, row, error));
  AFT__TRY(below(e, branch->child, key, error));
  e->ticket = ticket;
  return AFT_OK;
}

typedef struct spot {
  erasing *e;
  const aft__person_branch *branch;
} spot;

/* What the host took in for somebody has no actor in the log of another's ticket, but names their message. */
static aft_status names_theirs(const spot *here, const aft__value *row, bool *out, aft_error *error) {
  aft__value *message;
  bool in_log = here->branch->child == AFT__KIND_EVENT && here->branch->parent == AFT__KIND_PARTICIPANT;
  aft_id id = in_log ? aft__event_message(aft__row_str(row, AFT__EV_FACTS)) : 0;
  if (!id)
    return AFT_OK;
  aft_status status = aft__get(here->e->cmd->tx, &aft__message_table, id, &message, error);
  if (status == AFT_E_NOT_FOUND)
    return AFT_OK;
  *out = status >= 0 && aft__row_int(message, AFT__MESSAGE_CUSTOMER) == here->e->customer;
  return status;
}

static aft_status forget_one(void *user, aft__value *row, aft_error *error) {
  const spot *here = user;
  bool theirs = !here->e->customer || aft__person_is_theirs(here->branch, here->e->customer, row);
  if (!theirs)
    AFT__TRY(names_theirs(here, row, &theirs, error));
  return theirs ? forget_with_all(here->e, here->branch, row, error) : AFT_OK;
}

/* The depth is that of the table in person.c. */
static aft_status below(erasing *e, uint32_t kind, aft_id key, aft_error *error) {
  for (size_t i = 0; i < aft__person_branch_count; i++) {
    spot here = {e, &aft__person_branches[i]};
    if (here.branch->parent != kind)
      continue;
    aft__scan scan = aft__person_rows(here.branch, e->cmd->call.tenant, key);
    bool removes = here.branch->way == AFT__ERASE_REMOVE;
    AFT__TRY(aft__change_each(e->cmd->tx, scan, removes, forget_one, &here, error));
  }
  return AFT_OK;
}

/* ---- one ticket, whoever wrote in it ---- */

aft_status aft__ticket_forget_words(aft__cmd *cmd, aft__value *row, bool *gone, aft_error *error) {
  const aft__person_branch branch = {
      .parent = AFT__KIND_CUSTOMER, .child = AFT__KIND_TICKET, .key = AFT__COL_ID, .way = AFT__ERASE_TICKET};
  aft__value holds[AFT__ERASURE_COLUMNS] = {0};
  erasing e = {.cmd = cmd, .row = holds};
  aft__buf_init(&e.kept, cmd->env);
  aft_status status = forget_with_all(&e, &branch, row, error);
  aft__buf_done(&e.kept);
  *gone = e.changed > 0;
  return status < 0 || !*gone ? status : aft__search_renew_soon(cmd, error);
}

/* ---- where it goes on ---- */

/* The branch of the customer's own that has a name, or the first after it; NULL past the last. */
static const aft__person_branch *branch_at(const aft__value *row, bool next) {
  bool found = aft__row_null(row, AFT__ERASURE_STEP);
  for (size_t i = 0; i < aft__person_branch_count; i++) {
    const aft__person_branch *b = &aft__person_branches[i];
    if (b->parent != AFT__KIND_CUSTOMER || b->way == AFT__ERASE_LAST)
      continue;
    if (found)
      return b;
    found = aft__str_eq(aft__row_str(row, AFT__ERASURE_STEP), aft__cstr(aft__kind_get(b->child)->name));
    if (found && !next)
      return b;
  }
  return NULL;
}

static void place_at(aft__value *row, const aft__person_branch *branch) {
  row[AFT__ERASURE_STEP] = branch ? aft__text(aft__cstr(aft__kind_get(branch->child)->name)) : aft__null();
  row[AFT__ERASURE_PLACE] = row[AFT__ERASURE_LAST] = aft__null();
}

static void go_on_after(const aft__value *row, aft__scan *scan) {
  const aft__index *index = &scan->table->indexes[scan->index];
  if (aft__row_null(row, AFT__ERASURE_LAST))
    return;
  scan->after = true;
  scan->after_id = aft__row_int(row, AFT__ERASURE_LAST);
  if (index->n > scan->n_equal)
    scan->after_value = row[AFT__ERASURE_PLACE];
}

static aft_status top(erasing *e, const aft__person_branch *branch, aft__value *row, aft_error *error) {
  const char *why;
  AFT__TRY(aft__person_keeps(e->cmd, branch, row, &why, error));
  if (!why)
    return forget_with_all(e, branch, row, error);
  keep(e, branch->child, row[branch->key].number, why);
  return AFT_OK;
}

/* *more: the branch is not at its end. */
static aft_status some_of(erasing *e, const aft__person_branch *branch, bool *more, aft_error *error) {
  aft__scan scan = aft__person_rows(branch, e->cmd->call.tenant, e->customer), at;
  aft__value **rows;
  uint32_t n;
  bool removes = branch->way == AFT__ERASE_REMOVE;
  scan.limit = PAGE;
  if (!removes)
    go_on_after(e->row, &scan);
  AFT__TRY(aft__scan_all(e->cmd->tx, &scan, &rows, &n, error));
  *more = n == PAGE;
  for (uint32_t i = 0; i < n; i++) {
    at = scan;
    aft__scan_after(&at, rows[i]);
    e->row[AFT__ERASURE_LAST] = removes ? aft__null() : aft__int(at.after_id);
    e->row[AFT__ERASURE_PLACE] = removes ? aft__null() : at.after_value;
    AFT__TRY(top(e, branch, rows[i], error));
    if (e->changed >= STEP_RECORDS && i + 1 < n) {
      *more = true;
      break;
    }
  }
  return AFT_OK;
}

/* ---- the customer ---- */

static aft_status take_out(void *user, aft__value *row, aft_error *error) {
  const spot *here = user;
  here->e->counts[here->branch->child]++;
  return aft__remove(here->e->cmd->tx, aft__kind_get(here->branch->child)->table, row[AFT__COL_ID].number,
                     row[AFT__COL_REV].number, error);
}

/* How the person is reached, and how they wish to be: needed as long as anybody still tells them something.
 */
static aft_status forget_last(erasing *e, aft_error *error) {
  for (size_t i = 0; i < aft__person_branch_count; i++) {
    spot here = {e, &aft__person_branches[i]};
    if (here.branch->way != AFT__ERASE_LAST)
      continue;
    aft__scan scan = aft__person_rows(here.branch, e->cmd->call.tenant, e->customer);
    AFT__TRY(aft__change_each(e->cmd->tx, scan, true, take_out, &here, error));
  }
  return AFT_OK;
}

static aft_status tell(aft__cmd *cmd, uint32_t kind, aft_id subject, const char *verb, aft_str facts,
                       aft_error *error) {
  aft__event event = {.tenant = cmd->call.tenant,
                      .kind = kind,
                      .subject = subject,
                      .role = cmd->call.role,
                      .actor = cmd->call.actor,
                      .verb = aft__cstr(verb),
                      .facts = facts};
  return aft__event_next(cmd->tx, &event, error);
}

/* The row stays, as the number under which orders and figures stand. */
static aft_status forget_customer(erasing *e, aft__value *customer, aft_error *error) {
  bool any;
  AFT__TRY(forget_last(e, error));
  customer[AFT__CUSTOMER_ERASED] = aft__int(e->cmd->now);
  AFT__TRY(aft__update(e->cmd->tx, &aft__customer_table, customer, BIT(AFT__CUSTOMER_ERASED), error));
  AFT__TRY(aft__personal_blank(e->cmd, AFT__KIND_CUSTOMER, customer, 0, &any, error));
  AFT__TRY(aft__due_clear_all(e->cmd->tx, e->customer, error));
  e->counts[AFT__KIND_CUSTOMER] += any;
  e->changed++;
  return tell(e->cmd, AFT__KIND_CUSTOMER, e->customer, "customer.erased", (aft_str){0}, error);
}

/* ---- counts ---- */

static uint32_t kind_named(aft_str name) {
  for (uint32_t k = 1; k < AFT__KIND_COUNT; k++)
    if (aft__kind_get(k) && aft__str_eq(name, aft__cstr(aft__kind_get(k)->name)))
      return k;
  return 0;
}

static void read_counts(erasing *e) {
  aft_str text = aft__row_str(e->row, AFT__ERASURE_COUNTS);
  for (size_t at = 0; at < text.len;) {
    const char *part = text.data + at;
    const char *end = memchr(part, ' ', text.len - at);
    size_t n = end ? (size_t)(end - part) : text.len - at;
    const char *equals = memchr(part, '=', n);
    uint32_t kind = equals ? kind_named(aft__str(part, (size_t)(equals - part))) : 0;
    for (const char *c = equals ? equals + 1 : part + n; kind && c < part + n; c++)
      e->counts[kind] = e->counts[kind] * 10 + (*c - '0');
    at += n + 1;
  }
}

static aft_status write_counts(erasing *e, aft_error *error) {
  aft__buf out;
  aft__buf_init(&out, e->cmd->env);
  for (uint32_t k = 1; k < AFT__KIND_COUNT; k++)
    if (e->counts[k])
      aft__buf_printf(&out, "%s%s=%lld", out.len ? " " : "", aft__kind_get(k)->name, (long long)e->counts[k]);
  aft_str text = {0};
  aft_status status = out.failed ? aft__nomem(error) : AFT_OK;
  if (status >= 0 && out.len)
    text = aft__arena_dup(e->cmd->arena, aft__buf_view(&out));
  if (status >= 0 && out.len && !text.data)
    status = aft__nomem(error);
  e->row[AFT__ERASURE_COUNTS] = aft__text_or_null(text);
  aft__buf_done(&out);
  return status;
}

/* ---- from step to step ---- */

static void begin_pass(erasing *e) {
  e->row[AFT__ERASURE_STATE] = aft__text(aft__cstr("running"));
  e->row[AFT__ERASURE_HOLDS] = aft__int(0);
  e->row[AFT__ERASURE_KEPT] = aft__null();
  aft__buf_clear(&e->kept);
  e->named = 0;
  place_at(e->row, NULL);
  place_at(e->row, branch_at(e->row, false));
}

static aft_status come_back(const erasing *e, aft_time at, aft_error *error) {
  return aft__due_set(e->cmd->tx, e->cmd->call.tenant, AFT__KIND_ERASURE, e->row[AFT__ERASURE_ID].number,
                      aft__cstr(DUE_STEP), at, error);
}

static aft_status audit(erasing *e, const char *verb, aft_error *error) {
  char *facts =
      aft__arena_printf(e->cmd->arena, "{\"customer\":\"%lld\",\"kept\":%lld}", (long long)e->customer,
                        (long long)aft__row_int(e->row, AFT__ERASURE_HOLDS));
  return facts
             ? tell(e->cmd, AFT__KIND_ERASURE, e->row[AFT__ERASURE_ID].number, verb, aft__cstr(facts), error)
             : aft__nomem(error);
}

static aft_status wait_for_holds(erasing *e, aft_error *error) {
  e->row[AFT__ERASURE_STATE] = aft__text(aft__cstr("waiting"));
  AFT__TRY(audit(e, "erasure.waiting", error));
  return come_back(e, e->cmd->now + LOOK_AGAIN_MS, error);
}

static aft_status end_pass(erasing *e, aft_error *error) {
  aft__value *customer;
  if (aft__row_int(e->row, AFT__ERASURE_HOLDS))
    return wait_for_holds(e, error);
  AFT__TRY(aft__get(e->cmd->tx, &aft__customer_table, e->customer, &customer, error));
  if (aft__row_null(customer, AFT__CUSTOMER_ERASED)) {
    AFT__TRY(forget_customer(e, customer, error));
    begin_pass(e);
    return come_back(e, e->cmd->now, error);
  }
  e->row[AFT__ERASURE_STATE] = aft__text(aft__cstr("done"));
  e->row[AFT__ERASURE_ENDED] = aft__int(e->cmd->now);
  return audit(e, "erasure.done", error);
}

static aft_status advance(erasing *e, aft_error *error) {
  bool more = false;
  if (!is(e->row, "running") || !branch_at(e->row, false)) /* or it stood at a kind of a later library */
    begin_pass(e);
  const aft__person_branch *branch = branch_at(e->row, false);
  while (branch && e->changed < STEP_RECORDS) {
    AFT__TRY(some_of(e, branch, &more, error));
    if (more)
      break;
    branch = branch_at(e->row, true);
    place_at(e->row, branch);
  }
  return branch ? come_back(e, e->cmd->now, error) : end_pass(e, error);
}

/* What earlier steps named is added to. */
static void read_kept(erasing *e) {
  aft_str kept = aft__row_str(e->row, AFT__ERASURE_KEPT);
  int64_t holds = aft__row_int(e->row, AFT__ERASURE_HOLDS);
  if (!is(e->row, "running") || kept.len < 2)
    return;
  aft__buf_add(&e->kept, kept.data, kept.len - 1);
  e->named = holds < MOST_NAMED ? (uint32_t)holds : MOST_NAMED;
}

static aft_status save(erasing *e, aft_error *error) {
  aft_str kept = {0};
  if (e->named) {
    aft__buf_char(&e->kept, ']');
    kept = aft__arena_dup(e->cmd->arena, aft__buf_view(&e->kept));
    if (!kept.data)
      return aft__nomem(error);
  }
  if (e->kept.failed)
    return aft__nomem(error);
  AFT__TRY(write_counts(e, error));
  if (aft__row_int(e->row, AFT__ERASURE_HOLDS))
    e->row[AFT__ERASURE_KEPT] = aft__text_or_null(kept);
  e->row[AFT__ERASURE_UPDATED] = aft__int(e->cmd->now);
  return aft__update(e->cmd->tx, &aft__erasure_table, e->row,
                     BIT(AFT__ERASURE_STATE) | BIT(AFT__ERASURE_COUNTS) | BIT(AFT__ERASURE_HOLDS) |
                         BIT(AFT__ERASURE_KEPT) | BIT(AFT__ERASURE_STEP) | BIT(AFT__ERASURE_PLACE) |
                         BIT(AFT__ERASURE_LAST) | BIT(AFT__ERASURE_UPDATED) | BIT(AFT__ERASURE_ENDED),
                     error);
}

aft_status aft__erasure_due(aft__cmd *cmd, const aft__value *due, aft_error *error) {
  erasing e = {.cmd = cmd};
  AFT__TRY(aft__get(cmd->tx, &aft__erasure_table, due[AFT__DU_SUBJECT].number, &e.row, error));
  if (is(e.row, "done"))
    return AFT_OK;
  e.customer = aft__row_int(e.row, AFT__ERASURE_CUSTOMER);
  aft__buf_init(&e.kept, cmd->env);
  read_kept(&e);
  read_counts(&e);
  aft_status status = advance(&e, error);
  if (status >= 0 && e.changed)
    status = aft__search_renew_soon(cmd, error);
  if (status >= 0)
    status = save(&e, error);
  aft__buf_done(&e.kept);
  return status;
}

/* ---- asking ---- */

static aft_status find(aft__cmd *cmd, aft_id customer, aft__value **row, aft_error *error) {
  aft__value keys[] = {aft__int(cmd->call.tenant), aft__int(customer)};
  aft_status status = aft__find(cmd->tx, &aft__erasure_table, AFT__ERASURE_BY_CUSTOMER, keys, row, error);
  if (status == AFT_E_NOT_FOUND)
    *row = NULL;
  return status == AFT_E_NOT_FOUND ? AFT_OK : status;
}

static aft_status add(aft__cmd *cmd, aft_id customer, aft_str reason, aft__value **row, aft_error *error) {
  aft__value *made = aft__arena_alloc(cmd->arena, AFT__ERASURE_COLUMNS * sizeof *made);
  erasing e = {.cmd = cmd, .row = made, .customer = customer};
  if (!made)
    return aft__nomem(error);
  made[AFT__ERASURE_ID] = aft__int(aft__tx_id(cmd->tx));
  made[AFT__ERASURE_REV] = aft__int(1);
  made[AFT__ERASURE_TENANT] = aft__int(cmd->call.tenant);
  made[AFT__ERASURE_CUSTOMER] = aft__int(customer);
  made[AFT__ERASURE_STATE] = aft__text(aft__cstr("asked"));
  made[AFT__ERASURE_REASON] = reason.len ? aft__text(reason) : aft__null();
  made[AFT__ERASURE_HOLDS] = aft__int(0);
  made[AFT__ERASURE_CREATED] = made[AFT__ERASURE_UPDATED] = aft__int(cmd->now);
  AFT__TRY(aft__insert(cmd->tx, &aft__erasure_table, made, NULL, error));
  AFT__TRY(audit(&e, "erasure.asked", error));
  *row = made;
  return come_back(&e, cmd->now, error);
}

/* Asking again while something is kept looks at once whether it still is. */
aft_status aft__erasure_ask(aft__cmd *cmd, aft__value *customer, aft_str reason, aft__value **row,
                            aft_error *error) {
  aft_id id = customer[AFT__CUSTOMER_ID].number;
  AFT__TRY(find(cmd, id, row, error));
  if (!*row) {
    AFT__TRY(aft__anchor(cmd->tx, &aft__customer_table, customer, error));
    return add(cmd, id, reason, row, error);
  }
  erasing e = {.cmd = cmd, .row = *row, .customer = id};
  if (is(*row, "waiting")) {
    AFT__TRY(audit(&e, "erasure.asked_again", error));
    AFT__TRY(come_back(&e, cmd->now, error));
  }
  return AFT_IGNORED;
}

static aft_status run_ask(aft__cmd *cmd, void *given, aft_error *error) {
  const aft_erase_in *in = given;
  aft__value *customer;
  cmd->subject = in->customer;
  AFT__TRY(aft__load(cmd, &aft__customer_table, AFT__CUSTOMER_TENANT, in->customer, "erase.customer",
                     &customer, error));
  aft_status status = aft__erasure_ask(cmd, customer, in->reason, &cmd->row, error);
  if (status >= 0)
    cmd->ids[0] = cmd->row[AFT__ERASURE_ID].number;
  return status;
}

static void ask_digest(aft__sha256 *sha, const void *given) {
  const aft_erase_in *in = given;
  aft__digest_i64(sha, in->customer);
  aft__digest_str(sha, in->reason);
}

aft_status aft_person_erase(aft_session *session, const aft_call *call, const aft_erase_in *in,
                            aft_record **out, aft_error *error) {
  static const aft__command command = {.verb = "person.erase",
                                       .name = "person_erase",
                                       .roles = AFT__ROLES_SYSTEM,
                                       .returns = AFT_KIND_ERASURE,
                                       .audits = true,
                                       .digest = ask_digest,
                                       .run = run_ask};
  aft_erase_in local;
  AFT__TRY(aft__abi_copy(&local, sizeof local, in, ERASE_V1, "aft_erase_in", error));
  AFT__TRY(aft__in_id(local.customer, "erase.customer", error));
  AFT__TRY(aft__in_text(&local.reason, MOST_REASON, "erase.reason", error));
  return aft__command_run(session, call, &command, &local, out, error);
}

/* ---- reading ---- */

static aft_status run_list(aft__cmd *cmd, void *given, aft_error *error) {
  (void)cmd, (void)given, (void)error;
  return AFT_OK;
}

aft_status aft_erasure_list(aft_session *session, const aft_call *call, aft_id customer, aft_cursor **out,
                            aft_error *error) {
  static const aft__command command = {.verb = "erasure.list",
                                       .name = "erasure_list",
                                       .roles = AFT__ROLES_SYSTEM,
                                       .read = true,
                                       .run = run_list};
  if (customer)
    AFT__TRY(aft__in_id(customer, "customer", error));
  AFT__TRY(aft__command_run(session, call, &command, NULL, NULL, error));
  aft__list list = {.kind = AFT_KIND_ERASURE,
                    .table = &aft__erasure_table,
                    .index = customer ? AFT__ERASURE_BY_CUSTOMER : AFT__ERASURE_BY_TENANT,
                    .n_equal = customer ? 2 : 1,
                    .equal = {call->tenant, customer},
                    .descending = true};
  return aft__cursor_open(session, &list, (aft_str){0}, out, error);
}
