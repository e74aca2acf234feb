/* A case while a command changes it: load, start, audit, save. */
#include "desk/case/case_priv.h"

static void prepare(aft__cmd *cmd, aft__case *c) {
  *c = (aft__case){.cmd = cmd, .role = cmd->call.role};
  aft__buf_init(&c->reasons, cmd->env);
  aft__buf_init(&c->moved, cmd->env);
}

void aft__case_done(aft__case *c) {
  aft__buf_done(&c->reasons);
  aft__buf_done(&c->moved);
  aft_policy_unref(c->policy);
  c->policy = NULL;
}

void aft__case_set(aft__case *c, uint32_t column, aft__value value) {
  c->row[column] = value;
  c->mask |= UINT64_C(1) << column;
}

aft_status aft__case_machine(const aft_policy *policy, aft_str kind, const aft__flow **out,
                             aft_error *error) {
  char name[65] = "";
  bool fits = kind.len && kind.len < sizeof name;
  if (fits) {
    memcpy(name, kind.data, kind.len);
    name[kind.len] = 0;
  }
  *out = fits && strcmp(name, "ticket") != 0 ? aft__policy_machine(policy, name) : NULL;
  if (*out)
    return AFT_OK;
  return aft__error(error, AFT_E_INVALID, "case.kind", "the policy has no kind of case '%.*s'",
                    (int)aft__utf8_cut(kind, 60), kind.data ? kind.data : "");
}

/* ---- loading ---- */

static aft_status load_chain(aft__case *c, aft_error *error) {
  const aft__value *hash = &c->row[AFT__CASE_CHAIN];
  c->chain.seq = aft__case_int(c, AFT__CASE_EVENTS);
  if (hash->size != sizeof c->chain.hash)
    return aft__error(error, AFT_E_CORRUPT, "case.chain", "expected a hash of 32 bytes, found %zu",
                      hash->size);
  memcpy(c->chain.hash, hash->data, hash->size);
  return AFT_OK;
}

static aft_status load_lines(aft__case *c, aft_error *error) {
  aft__cmd *cmd = c->cmd;
  aft__scan scan = {.table = &aft__case_line_table,
                    .index = AFT__CASE_LINE_BY_CASE,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), c->row[AFT__CASE_ID]},
                    .limit = AFT__MOST_CASE_LINES};
  aft__value **rows;
  uint32_t n;
  AFT__TRY(aft__scan_all(cmd->tx, &scan, &rows, &n, error));
  c->lines = aft__arena_alloc(cmd->arena, AFT__MOST_CASE_LINES * sizeof *c->lines);
  if (!c->lines)
    return aft__nomem(error);
  for (uint32_t i = 0; i < n; i++) {
    c->lines[i] = (aft__case_line){.row = rows[i]};
    AFT__TRY(aft__get(cmd->tx, &aft__line_table, aft__row_int(rows[i], AFT__CASE_LINE_LINE),
                      &c->lines[i].line, error));
  }
  c->n_lines = n;
  return AFT_OK;
}

aft_status aft__case_load_row(aft__cmd *cmd, aft_id id, aft__case *c, aft_error *error) {
  prepare(cmd, c);
  cmd->subject = id;
  AFT__TRY(aft__load(cmd, &aft__case_table, AFT__CASE_TENANT, id, "case", &c->row, error));
  return load_chain(c, error);
}

aft_status aft__case_load(aft__cmd *cmd, aft_id id, aft__case *c, aft_error *error) {
  AFT__TRY(aft__case_load_row(cmd, id, c, error));
  AFT__TRY(aft__get(cmd->tx, &aft__order_table, aft__case_int(c, AFT__CASE_ORDER), &c->order, error));
  AFT__TRY(aft__policy_of_document(cmd, aft__case_str(c, AFT__CASE_POLICY),
                                   aft__case_int(c, AFT__CASE_DOCUMENT), &c->policy, error));
  AFT__TRY(aft__case_machine(c->policy, aft__case_str(c, AFT__CASE_KIND), &c->flow, error));
  return load_lines(c, error);
}

/* ---- starting ---- */

static void fill_required(aft__value *row, const aft__table *table) {
  aft__value empty = aft__text(aft__cstr("")), zero = aft__int(0);
  for (uint32_t i = 0; i < table->n_columns; i++)
    if (table->columns[i].required)
      row[i] = table->columns[i].type == AFT_SQL_INT ? zero : empty;
}

static aft_status draw_code(aft__case *c, aft_error *error) {
  char *code = aft__arena_alloc(c->cmd->arena, AFT_CODE_SIZE);
  uint64_t random;
  if (!code)
    return aft__nomem(error);
  AFT__TRY(aft__random(c->cmd->env, &random, sizeof random, error));
  aft__code_make('R', random, code);
  c->row[AFT__CASE_CODE] = aft__text(aft__cstr(code));
  return AFT_OK;
}

static void fill_start(aft__case *c, aft_str kind) {
  static const struct {
    uint32_t column;
    const char *text;
  } texts[] = {{AFT__CASE_AUTHORITY, "local"}, {AFT__CASE_GOODS, "none"},   {AFT__CASE_MONEY, "none"},
               {AFT__CASE_PAPERS, "none"},     {AFT__CASE_ROUTE, "normal"}, {AFT__CASE_FREIGHT, "buyer"},
               {AFT__CASE_LIABLE, "buyer"}};
  aft__cmd *cmd = c->cmd;
  const aft__flow_state *initial = &c->flow->states[c->flow->initial];
  for (size_t i = 0; i < AFT__COUNT(texts); i++)
    c->row[texts[i].column] = aft__text(aft__cstr(texts[i].text));
  c->row[AFT__CASE_ID] = aft__int(aft__tx_id(cmd->tx));
  c->row[AFT__CASE_REV] = aft__int(1);
  c->row[AFT__CASE_TENANT] = aft__int(cmd->call.tenant);
  c->row[AFT__CASE_SHOP] = c->order[AFT__ORDER_SHOP];
  c->row[AFT__CASE_ORDER] = c->order[AFT__ORDER_ID];
  c->row[AFT__CASE_CUSTOMER] = c->order[AFT__ORDER_CUSTOMER];
  c->row[AFT__CASE_KIND] = aft__text(kind);
  c->row[AFT__CASE_STATE] = aft__text(aft__cstr(c->flow->texts + initial->name));
  c->row[AFT__CASE_OPEN] = aft__int(2);
  c->row[AFT__CASE_CURRENCY] = aft__text(aft__row_str(c->order, AFT__ORDER_CURRENCY));
  c->row[AFT__CASE_OPENED] = aft__int(cmd->now);
  c->row[AFT__CASE_UPDATED] = aft__int(cmd->now);
  c->row[AFT__CASE_POLICY] = c->order[AFT__ORDER_POLICY];
  c->row[AFT__CASE_DOCUMENT] = c->order[AFT__ORDER_DOCUMENT];
}

/* The order's policy; an order that has none comes under the tenant's present one from now on. */
static aft_status governing(aft__case *c, aft_error *error) {
  aft__cmd *cmd = c->cmd;
  if (cmd->reads && aft__row_null(c->order, AFT__ORDER_DOCUMENT)) {
    c->policy = aft_policy_ref(cmd->policy);
    return AFT_OK;
  }
  AFT__TRY(aft__order_govern(cmd, c->order, error));
  return aft__policy_of_document(cmd, aft__row_str(c->order, AFT__ORDER_POLICY),
                                 aft__row_int(c->order, AFT__ORDER_DOCUMENT), &c->policy, error);
}

aft_status aft__case_start(aft__cmd *cmd, aft__value *order, aft_str kind, aft__case *c, aft_error *error) {
  prepare(cmd, c);
  c->order = order;
  c->row = aft__arena_alloc(cmd->arena, AFT__CASE_COLUMNS * sizeof *c->row);
  if (!c->row)
    return aft__nomem(error);
  AFT__TRY(governing(c, error));
  AFT__TRY(aft__case_machine(c->policy, kind, &c->flow, error));
  fill_required(c->row, &aft__case_table);
  fill_start(c, aft__arena_dup(cmd->arena, kind));
  c->fresh = true;
  c->legs_loaded = true; /* there are none yet */
  cmd->subject = aft__case_id(c);
  return draw_code(c, error);
}

/* ---- events ---- */

aft_status aft__case_audit(aft__case *c, aft__event *event, aft_error *error) {
  aft__cmd *cmd = c->cmd;
  event->tenant = cmd->call.tenant;
  event->kind = AFT__KIND_CASE;
  event->subject = aft__case_id(c);
  event->role = c->role;
  event->actor = c->role == cmd->call.role ? cmd->call.actor : 0;
  event->elsewhere = true; /* what people wrote stands in the records */
  AFT__TRY(aft__event_append(cmd->tx, event, &c->chain, NULL, error));
  void *hash = aft__arena_alloc(cmd->arena, sizeof c->chain.hash);
  if (!hash)
    return aft__nomem(error);
  memcpy(hash, c->chain.hash, sizeof c->chain.hash);
  aft__case_set(c, AFT__CASE_EVENTS, aft__int(c->chain.seq));
  aft__case_set(c, AFT__CASE_CHAIN, aft__blob(hash, sizeof c->chain.hash));
  aft__case_set(c, AFT__CASE_UPDATED, aft__int(cmd->now));
  return AFT_OK;
}

aft_status aft__case_note(aft__case *c, const char *verb, aft_str facts, aft_str personal, aft_error *error) {
  aft__event event = {.verb = aft__cstr(verb), .facts = facts, .personal = personal};
  return aft__case_audit(c, &event, error);
}

/* ---- saving ---- */

static aft_status keep_reasons(aft__case *c, aft_error *error) {
  aft__cmd *cmd = c->cmd;
  if (c->reasons.failed)
    return aft__nomem(error);
  aft_str reasons = aft__arena_dup(cmd->arena, aft__buf_view(&c->reasons));
  if (!c->reasons.len)
    return AFT_OK;
  if (!reasons.data)
    return aft__nomem(error);
  aft__value row[AFT__DECISION_COLUMNS] = {
      [AFT__DECISION_ID] = aft__int(aft__tx_id(cmd->tx)),
      [AFT__DECISION_REV] = aft__int(1),
      [AFT__DECISION_TENANT] = aft__int(cmd->call.tenant),
      [AFT__DECISION_TICKET] = aft__int(aft__case_id(c)),
      [AFT__DECISION_POLICY] = aft__text(aft__case_str(c, AFT__CASE_POLICY)),
      [AFT__DECISION_REASONS] = aft__text(reasons),
      [AFT__DECISION_CREATED] = aft__int(cmd->now),
  };
  aft__buf_clear(&c->reasons);
  return aft__insert(cmd->tx, &aft__decision_table, row, NULL, error);
}

static aft_status save_row(aft__cmd *cmd, const aft__table *table, aft__value *row, bool *fresh,
                           uint64_t *mask, aft_error *error) {
  aft_status status = AFT_OK;
  if (*fresh)
    status = aft__insert(cmd->tx, table, row, NULL, error);
  else if (*mask)
    status = aft__update(cmd->tx, table, row, *mask, error);
  *fresh = false;
  *mask = 0;
  return status;
}

/* Lines are written in the order of their ids, so that two cases about the same lines wait for each other
 * in one order alone. */
static aft_status save_lines(aft__case *c, aft_error *error) {
  for (uint32_t i = 0; i < c->n_lines; i++) {
    aft__case_line *l = &c->lines[i];
    bool old = false;
    AFT__TRY(save_row(c->cmd, &aft__line_table, l->line, &old, &l->line_mask, error));
    AFT__TRY(save_row(c->cmd, &aft__case_line_table, l->row, &l->fresh, &l->mask, error));
  }
  return AFT_OK;
}

static aft_status save_money(aft__case *c, aft_error *error) {
  for (uint32_t i = 0; i < c->n_pots; i++)
    AFT__TRY(save_row(c->cmd, c->pots[i].table, c->pots[i].row, &c->pots[i].fresh, &c->pots[i].mask, error));
  for (uint32_t i = 0; i < c->n_legs; i++)
    AFT__TRY(save_row(c->cmd, &aft__leg_table, c->legs[i].row, &c->legs[i].fresh, &c->legs[i].mask, error));
  return AFT_OK;
}

/* A code that is taken makes the command run again with another: 32^7 codes make that rare. */
static aft_status insert(aft__case *c, aft_error *error) {
  aft__existing existing;
  aft_status status = aft__insert(c->cmd->tx, &aft__case_table, c->row, &existing, error);
  if (status == AFT_E_EXISTS && existing.index == AFT__CASE_BY_CODE)
    return aft__tx_race(c->cmd->tx, "case.code", error);
  if (status == AFT_E_EXISTS && existing.index == AFT__CASE_BY_EXTERNAL)
    return aft__error(error, AFT_E_EXISTS, "case.external", "the marketplace's case %lld has this number",
                      (long long)existing.id);
  return status;
}

aft_status aft__case_save(aft__case *c, aft_error *error) {
  AFT__TRY(keep_reasons(c, error));
  if (c->fresh)
    AFT__TRY(insert(c, error));
  else if (c->mask)
    AFT__TRY(aft__update(c->cmd->tx, &aft__case_table, c->row, c->mask, error));
  c->fresh = false;
  c->mask = 0;
  AFT__TRY(save_lines(c, error));
  return save_money(c, error);
}
