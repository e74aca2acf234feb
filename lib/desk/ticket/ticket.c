/* A ticket while a command changes it: load, start, audit, save. */
#include "desk/desk_priv.h"

static void prepare(aft__cmd *cmd, aft__ticket *ticket) {
  *ticket = (aft__ticket){.cmd = cmd};
  aft__buf_init(&ticket->reasons, cmd->env);
}

void aft__ticket_done(aft__ticket *ticket) { aft__buf_done(&ticket->reasons); }

void aft__ticket_set(aft__ticket *ticket, uint32_t column, aft__value value) {
  ticket->row[column] = value;
  ticket->mask |= UINT64_C(1) << column;
}

static aft_status take_chain(aft__ticket *ticket, aft_error *error) {
  const aft__value *hash = &ticket->row[AFT__TICKET_CHAIN];
  ticket->chain.seq = aft__ticket_int(ticket, AFT__TICKET_EVENTS);
  if (hash->size != sizeof ticket->chain.hash)
    return aft__error(error, AFT_E_CORRUPT, "ticket.chain", "expected a hash of 32 bytes, found %zu",
                      hash->size);
  memcpy(ticket->chain.hash, hash->data, hash->size);
  return AFT_OK;
}

aft_status aft__ticket_load(aft__cmd *cmd, aft_id id, aft__ticket *ticket, aft_error *error) {
  prepare(cmd, ticket);
  cmd->subject = id;
  AFT__TRY(aft__load(cmd, &aft__ticket_table, AFT__TICKET_TENANT, id, "ticket", &ticket->row, error));
  return take_chain(ticket, error);
}

aft_status aft__ticket_machine(aft__ticket *ticket, const aft__flow **flow, uint32_t *state,
                               aft_error *error) {
  *flow = aft__policy_machine(ticket->cmd->policy, "ticket");
  aft_str name = aft__ticket_str(ticket, AFT__TICKET_STATE);
  *state = *flow ? aft__flow_state_find(*flow, name) : AFT__FLOW_NONE;
  if (*state != AFT__FLOW_NONE)
    return AFT_OK;
  return aft__error(error, AFT_E_CORRUPT, "ticket.state",
                    "the ticket is in state '%.*s', which the policy lacks", (int)name.len, name.data);
}

aft_status aft__ticket_start(aft__cmd *cmd, aft_id shop, aft__value *customer, aft__ticket *ticket,
                             aft_error *error) {
  prepare(cmd, ticket);
  const aft__flow *flow = aft__policy_machine(cmd->policy, "ticket");
  aft__value *row = aft__arena_alloc(cmd->arena, AFT__TICKET_COLUMNS * sizeof *row);
  char *code = aft__arena_alloc(cmd->arena, AFT_CODE_SIZE);
  uint64_t random;
  if (!row || !code)
    return aft__nomem(error);
  if (!flow)
    return aft__error(error, AFT_E_POLICY_MACHINE, "machines.ticket", "the policy has no ticket machine");
  AFT__TRY(aft__random(cmd->env, &random, sizeof random, error));
  aft__code_make('T', random, code);
  aft__value empty = aft__text(aft__cstr("")), zero = aft__int(0);
  for (uint32_t i = 0; i < AFT__TICKET_COLUMNS; i++)
    if (aft__ticket_table.columns[i].required)
      row[i] = aft__ticket_table.columns[i].type == AFT_SQL_INT ? zero : empty;
  row[AFT__TICKET_ID] = aft__int(aft__tx_id(cmd->tx));
  row[AFT__TICKET_REV] = aft__int(1);
  row[AFT__TICKET_TENANT] = aft__int(cmd->call.tenant);
  row[AFT__TICKET_SHOP] = aft__int(shop);
  row[AFT__TICKET_CUSTOMER] = customer[AFT__CUSTOMER_ID];
  row[AFT__TICKET_CODE] = aft__text(aft__cstr(code));
  row[AFT__TICKET_OPEN] = aft__int(aft__state_open(&flow->states[flow->initial]));
  row[AFT__TICKET_STATE] = aft__text(aft__cstr(flow->texts + flow->states[flow->initial].name));
  row[AFT__TICKET_OPENED] = aft__int(cmd->now);
  row[AFT__TICKET_UPDATED] = aft__int(cmd->now);
  row[AFT__TICKET_COMPLAINT] = aft__text(aft__cstr("none"));
  row[AFT__TICKET_LANGUAGE] = aft__text(aft__cstr("und"));
  ticket->row = row;
  ticket->customer = customer;
  ticket->fresh = true;
  cmd->subject = row[AFT__TICKET_ID].number;
  return AFT_OK;
}

aft_status aft__ticket_customer(aft__ticket *ticket, aft__value **customer, aft_error *error) {
  if (!ticket->customer)
    AFT__TRY(aft__get(ticket->cmd->tx, &aft__customer_table, aft__ticket_int(ticket, AFT__TICKET_CUSTOMER),
                      &ticket->customer, error));
  *customer = ticket->customer;
  return AFT_OK;
}

/* Of the order that the ticket is about, where priorities, levels or queues ask for it. */
static aft_status order_facts(aft__ticket *ticket, aft__facts *facts, aft_error *error) {
  const uint64_t of_order = aft__fact_bit(AFT__FACT_VALUE) | aft__fact_bit(AFT__FACT_CURRENCY) |
                            aft__fact_bit(AFT__FACT_JURISDICTION) | aft__fact_bit(AFT__FACT_PLATFORM);
  aft_id order = aft__ticket_int(ticket, AFT__TICKET_ORDER);
  aft__value *row;
  if (!order || !(aft__policy_ticket_tests(ticket->cmd->policy) & of_order))
    return AFT_OK;
  aft_status status = aft__get(ticket->cmd->tx, &aft__order_table, order, &row, error);
  if (status < 0)
    return status == AFT_E_NOT_FOUND ? AFT_OK : status;
  facts->number[AFT__FACT_VALUE] = aft__row_int(row, AFT__ORDER_TOTAL);
  facts->text[AFT__FACT_CURRENCY] = aft__row_str(row, AFT__ORDER_CURRENCY);
  facts->text[AFT__FACT_JURISDICTION] = aft__row_str(row, AFT__ORDER_JURISDICTION);
  facts->text[AFT__FACT_PLATFORM] = aft__row_str(row, AFT__ORDER_PLATFORM);
  return AFT_OK;
}

aft_status aft__ticket_facts(aft__ticket *ticket, aft__facts *facts, aft_error *error) {
  aft__value *customer;
  AFT__TRY(aft__ticket_customer(ticket, &customer, error));
  static const struct {
    aft__fact_id fact;
    uint32_t column;
  } texts[] = {{AFT__FACT_CATEGORY, AFT__TICKET_CATEGORY},   {AFT__FACT_TOPIC, AFT__TICKET_TOPIC},
               {AFT__FACT_COMPLAINT, AFT__TICKET_COMPLAINT}, {AFT__FACT_LANGUAGE, AFT__TICKET_LANGUAGE},
               {AFT__FACT_CHANNEL, AFT__TICKET_CHANNEL},     {AFT__FACT_LABEL, AFT__TICKET_LABEL},
               {AFT__FACT_STATE, AFT__TICKET_STATE},         {AFT__FACT_PRIORITY, AFT__TICKET_PRIORITY}},
    numbers[] = {{AFT__FACT_CONFIDENCE, AFT__TICKET_CONFIDENCE},
                 {AFT__FACT_UNSURE, AFT__TICKET_UNSURE},
                 {AFT__FACT_TONE, AFT__TICKET_TONE},
                 {AFT__FACT_QUESTION, AFT__TICKET_QUESTION},
                 {AFT__FACT_REOPENS, AFT__TICKET_REOPENS},
                 {AFT__FACT_LEVEL, AFT__TICKET_LEVEL}};
  memset(facts, 0, sizeof *facts);
  for (size_t i = 0; i < AFT__COUNT(texts); i++)
    facts->text[texts[i].fact] = aft__ticket_str(ticket, texts[i].column);
  for (size_t i = 0; i < AFT__COUNT(numbers); i++)
    facts->number[numbers[i].fact] = aft__ticket_int(ticket, numbers[i].column);
  facts->text[AFT__FACT_TIER] = aft__row_str(customer, AFT__CUSTOMER_TIER);
  aft__policy_tier_facts(ticket->cmd->policy, facts);
  facts->number[AFT__FACT_HAS_ORDER] = !aft__row_null(ticket->row, AFT__TICKET_ORDER);
  facts->text[AFT__FACT_QUEUE] = aft__ticket_str(ticket, AFT__TICKET_QUEUE);
  if (!aft__row_null(ticket->row, AFT__TICKET_RESOLVED))
    facts->number[AFT__FACT_HOURS_SINCE_RESOLVED] =
        (ticket->cmd->now - aft__ticket_int(ticket, AFT__TICKET_RESOLVED)) / AFT__HOUR;
  if (aft__policy_tests(ticket->cmd->policy) & aft__fact_bit(AFT__FACT_ORDER_STATE))
    AFT__TRY(aft__order_state(ticket->cmd, aft__ticket_int(ticket, AFT__TICKET_ORDER),
                              &facts->text[AFT__FACT_ORDER_STATE], error));
  if (aft__policy_tests(ticket->cmd->policy) & aft__fact_bit(AFT__FACT_CASE_STATE))
    AFT__TRY(aft__open_case_state(ticket->cmd, aft__ticket_int(ticket, AFT__TICKET_ORDER),
                                  &facts->text[AFT__FACT_CASE_STATE], error));
  AFT__TRY(order_facts(ticket, facts, error));
  aft__label_owners of = {.ticket = ticket->fresh ? 0 : aft__ticket_id(ticket),
                          .customer = aft__ticket_int(ticket, AFT__TICKET_CUSTOMER),
                          .order = aft__ticket_int(ticket, AFT__TICKET_ORDER)};
  return aft__labels_of(ticket->cmd, ticket->cmd->policy, &of, facts, error);
}

/* ---- events ---- */

aft_status aft__ticket_audit(aft__ticket *ticket, aft__event *event, aft_error *error) {
  aft__cmd *cmd = ticket->cmd;
  event->tenant = cmd->call.tenant;
  event->kind = AFT__KIND_TICKET;
  event->subject = aft__ticket_id(ticket);
  event->role = cmd->call.role;
  event->actor = cmd->call.actor;
  event->elsewhere = true; /* what people wrote stands in the messages */
  AFT__TRY(aft__event_append(cmd->tx, event, &ticket->chain, NULL, error));
  void *hash = aft__arena_alloc(cmd->arena, sizeof ticket->chain.hash);
  if (!hash)
    return aft__nomem(error);
  memcpy(hash, ticket->chain.hash, sizeof ticket->chain.hash);
  aft__ticket_set(ticket, AFT__TICKET_EVENTS, aft__int(ticket->chain.seq));
  aft__ticket_set(ticket, AFT__TICKET_CHAIN, aft__blob(hash, sizeof ticket->chain.hash));
  aft__ticket_set(ticket, AFT__TICKET_UPDATED, aft__int(cmd->now));
  ticket->raised |= aft__policy_raises(cmd->policy, event->verb);
  return aft__ticket_int(ticket, AFT__TICKET_FOLLOWERS) ? aft__followers_tell(ticket, event, error) : AFT_OK;
}

aft_status aft__ticket_note(aft__ticket *ticket, const char *verb, aft_str facts, aft_str personal,
                            aft_error *error) {
  aft__event event = {.verb = aft__cstr(verb), .facts = facts, .personal = personal};
  return aft__ticket_audit(ticket, &event, error);
}

/* ---- saving ---- */

static aft_status keep_reasons(aft__ticket *ticket, aft_error *error) {
  aft__cmd *cmd = ticket->cmd;
  aft_str reasons = aft__buf_view(&ticket->reasons);
  if (ticket->reasons.failed)
    return aft__nomem(error);
  if (!reasons.len)
    return AFT_OK;
  aft__value row[AFT__DECISION_COLUMNS] = {
      [AFT__DECISION_ID] = aft__int(aft__tx_id(cmd->tx)),
      [AFT__DECISION_REV] = aft__int(1),
      [AFT__DECISION_TENANT] = aft__int(cmd->call.tenant),
      [AFT__DECISION_TICKET] = aft__int(aft__ticket_id(ticket)),
      [AFT__DECISION_POLICY] = aft__text(aft__cstr(aft_policy_hash(cmd->policy))),
      [AFT__DECISION_REASONS] = aft__text(reasons),
      [AFT__DECISION_CREATED] = aft__int(cmd->now),
  };
  AFT__TRY(aft__insert(cmd->tx, &aft__decision_table, row, NULL, error));
  aft__buf_clear(&ticket->reasons);
  return AFT_OK;
}

/* A code that is taken makes the command run again with another: 32^7 codes make that rare. */
static aft_status insert(aft__ticket *ticket, aft_error *error) {
  aft__existing existing;
  aft_status status = aft__insert(ticket->cmd->tx, &aft__ticket_table, ticket->row, &existing, error);
  if (status == AFT_E_EXISTS && existing.index == AFT__TICKET_BY_CODE)
    return aft__tx_race(ticket->cmd->tx, "ticket.code", error);
  return status;
}

aft_status aft__ticket_write(aft__ticket *ticket, aft_error *error) {
  AFT__TRY(aft__ticket_lane(ticket, false, error));
  if (ticket->fresh)
    AFT__TRY(insert(ticket, error));
  else if (ticket->mask)
    AFT__TRY(aft__update(ticket->cmd->tx, &aft__ticket_table, ticket->row, ticket->mask, error));
  ticket->fresh = false;
  ticket->mask = 0;
  return AFT_OK;
}

aft_status aft__ticket_save(aft__ticket *ticket, aft_error *error) {
  AFT__TRY(aft__ticket_write(ticket, error));
  if (ticket->raised) {
    AFT__TRY(aft__automation_run(ticket, error));
    AFT__TRY(aft__ticket_write(ticket, error));
  }
  return keep_reasons(ticket, error);
}

aft_status aft__ticket_again(aft__ticket *ticket, aft_error *error) {
  aft__value *row;
  AFT__TRY(aft__get(ticket->cmd->tx, &aft__ticket_table, aft__ticket_id(ticket), &row, error));
  memcpy(ticket->row, row, AFT__TICKET_COLUMNS * sizeof *row);
  return take_chain(ticket, error);
}
