#include "case_fixture.h"

#include "desk/tables/tables.h"

typedef struct change {
  desk *d;
  aft_id id, order, customer, payer, recipient;
  uint32_t column;
  aft__value value;
} change;

static void run(desk *d, aft__tx_fn fn, change *c) {
  aft_error error = AFT_ERROR_INIT;
  aft__tx_options options = {.name = "fixture"};
  aft_status status;
  c->d = d;
  do
    status = aft__tx_run(d->session, &options, fn, c, &error);
  while (status == AFT_E_UNKNOWN); /* of a hostile store: setting the same again does no harm */
  assert_ok(status);
}

static aft_status set_people(aft__tx *tx, void *user, aft_error *error) {
  const change *c = user;
  aft__value *row;
  AFT__TRY(aft__get(tx, &aft__order_table, c->order, &row, error));
  row[AFT__ORDER_PAYER] = c->payer ? aft__int(c->payer) : aft__null();
  row[AFT__ORDER_RECIPIENT] = c->recipient ? aft__int(c->recipient) : aft__null();
  return aft__update(tx, &aft__order_table, row, 1u << AFT__ORDER_PAYER | 1u << AFT__ORDER_RECIPIENT, error);
}

aft_id case_order(desk *d, const char *number, aft_id customer, aft_id payer, aft_id recipient) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  aft_order_in in = {.size = sizeof in, .shop = d->shop, .customer = customer, .number = AFT_STR(number)};
  assert_ok(aft_order_put(d->session, &d->system, &in, &made, &error));
  change c = {.order = aft_order_id(made), .payer = payer, .recipient = recipient};
  aft_record_free(made);
  run(d, set_people, &c);
  return c.order;
}

static aft_status insert_case(aft__tx *tx, void *user, aft_error *error) {
  static const char none[] = "none", zeros[32];
  change *c = user;
  aft__value row[AFT__CASE_COLUMNS] = {{0}};
  char code[24];
  for (uint32_t i = 0; i < AFT__CASE_COLUMNS; i++)
    if (aft__case_table.columns[i].required)
      row[i] = aft__case_table.columns[i].type == AFT_SQL_INT ? aft__int(0) : aft__text(aft__cstr(none));
  c->id = aft__tx_id(tx);
  snprintf(code, sizeof code, "R-%llx", (unsigned long long)c->id);
  row[AFT__CASE_ID] = aft__int(c->id);
  row[AFT__CASE_REV] = aft__int(1);
  row[AFT__CASE_TENANT] = aft__int(c->d->tenant);
  row[AFT__CASE_SHOP] = aft__int(c->d->shop);
  row[AFT__CASE_ORDER] = aft__int(c->order);
  row[AFT__CASE_CUSTOMER] = aft__int(c->customer);
  row[AFT__CASE_CODE] = aft__text(aft__cstr(code));
  row[AFT__CASE_KIND] = aft__text(aft__cstr("return"));
  row[AFT__CASE_STATE] = aft__text(aft__cstr("requested"));
  row[AFT__CASE_OPEN] = aft__int(2);
  row[AFT__CASE_DOCUMENT] = aft__int(c->order);
  row[AFT__CASE_OPENED] = aft__int(aft__tx_now(tx));
  row[AFT__CASE_UPDATED] = aft__int(aft__tx_now(tx));
  row[AFT__CASE_CHAIN] = aft__blob(zeros, sizeof zeros);
  aft__tx_proof(tx, &aft__case_table, c->id);
  return aft__insert(tx, &aft__case_table, row, NULL, error);
}

aft_id case_new(desk *d, aft_id order, aft_id customer) {
  change c = {.order = order, .customer = customer};
  run(d, insert_case, &c);
  return c.id;
}

static aft_status set_column(aft__tx *tx, void *user, aft_error *error) {
  const change *c = user;
  aft__value *row;
  AFT__TRY(aft__get(tx, &aft__case_table, c->id, &row, error));
  row[c->column] = c->value;
  return aft__update(tx, &aft__case_table, row, UINT64_C(1) << c->column, error);
}

void case_set(desk *d, aft_id of, uint32_t column, int64_t number, bool null) {
  change c = {.id = of, .column = column, .value = null ? aft__null() : aft__int(number)};
  run(d, set_column, &c);
}

static aft_status get_column(aft__tx *tx, void *user, aft_error *error) {
  change *c = user;
  aft__value *row;
  AFT__TRY(aft__get(tx, &aft__case_table, c->id, &row, error));
  c->value = row[c->column];
  return AFT_OK;
}

int64_t case_number(desk *d, aft_id of, uint32_t column) {
  change c = {.id = of, .column = column};
  run(d, get_column, &c);
  return c.value.number;
}

static aft_status verify(aft__tx *tx, void *user, aft_error *error) {
  const change *c = user;
  aft__chain chain;
  aft__value *row;
  AFT__TRY(aft__get(tx, &aft__case_table, c->id, &row, error));
  AFT__TRY(aft__event_verify(tx, c->d->tenant, c->id, &chain, error));
  assert_int_equal(chain.seq, row[AFT__CASE_EVENTS].number);
  assert_memory_equal(chain.hash, row[AFT__CASE_CHAIN].data, sizeof chain.hash);
  return AFT_OK;
}

void assert_case_chain(desk *d, aft_id of) {
  change c = {.id = of};
  run(d, verify, &c);
}
