/* What the store itself must refuse, whatever the services above it do. */
#include "desk_fixture.h"

#include "desk/tables/tables.h"

/* Every promise of uniqueness, named here on purpose: one that is dropped from its table must fail a test. */
static const struct {
  const aft__table *table;
  const char *index;
} promises[] = {
    {&aft__tenant_table, "external"},    {&aft__shop_table, "external"},
    {&aft__agent_table, "external"},     {&aft__membership_table, "agent"},
    {&aft__customer_table, "external"},  {&aft__identity_table, "handle"},
    {&aft__order_table, "number"},       {&aft__ticket_table, "code"},
    {&aft__message_table, "external"},   {&aft__revision_table, "message"},
    {&aft__participant_table, "ticket"}, {&aft__document_table, "hash"},
    {&aft__activation_table, "tenant"},  {&aft__event_table, "subject"},
    {&aft__due_table, "name"},
};

static desk d;

static int open_kind(void **state) {
  desk_open(&d, (desk_kind)(intptr_t)*state);
  return 0;
}

static int shut(void **state) {
  (void)state;
  desk_close(&d);
  return 0;
}

static uint32_t find_index(const aft__table *table, const char *name) {
  for (uint32_t i = 0; i < table->n_indexes; i++)
    if (strcmp(table->indexes[i].name, name) == 0)
      return i;
  fail_msg("%s has no index %s", table->name, name);
  return 0;
}

static bool is_key(const aft__table *table, uint32_t index, uint32_t column) {
  for (uint32_t k = 0; k < table->indexes[index].n; k++)
    if (table->indexes[index].columns[k] == column)
      return true;
  return false;
}

/* A row in which every column has a value; only the index's own are the same in both rows. */
static void fill(aft__tx *tx, const aft__table *table, uint32_t index, int which, aft__value *row) {
  for (uint32_t c = 0; c < table->n_columns; c++) {
    int64_t n = is_key(table, index, c) ? 7 : 100 + which * 50 + c;
    char *text = aft__arena_printf(aft__tx_arena(tx), "v%lld", (long long)n);
    if (table->columns[c].type == AFT_SQL_INT)
      row[c] = aft__int(n);
    else
      row[c] =
          table->columns[c].type == AFT_SQL_TEXT ? aft__text(aft__cstr(text)) : aft__blob(text, strlen(text));
  }
  row[AFT__COL_ID] = aft__int(aft__tx_id(tx));
  row[AFT__COL_REV] = aft__int(1);
}

static aft_status insert_twice(aft__tx *tx, void *user, aft_error *error) {
  size_t i = *(size_t *)user;
  const aft__table *table = promises[i].table;
  uint32_t index = find_index(table, promises[i].index);
  aft__value first[AFT__MOST_COLUMNS], second[AFT__MOST_COLUMNS];
  aft__existing existing = {0};
  fill(tx, table, index, 0, first);
  fill(tx, table, index, 1, second);
  assert_int_equal(aft__insert(tx, table, first, NULL, error), AFT_OK);
  aft_status status = aft__insert(tx, table, second, &existing, error);
  if (status != AFT_E_EXISTS)
    fail_msg("%s took two rows with one %s: %s", table->name, promises[i].index, aft_status_name(status));
  assert_int_equal(existing.index, index);
  assert_int_equal(existing.id, first[AFT__COL_ID].number);
  return AFT_E_INVALID; /* nothing of it stays */
}

static void what_is_promised_unique_is_unique(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft__tx_options options = {.name = "test"};
  (void)state;
  for (size_t i = 0; i < AFT__COUNT(promises); i++)
    assert_int_equal(aft__tx_run(d.session, &options, insert_twice, &i, &error), AFT_E_INVALID);
}

/* ---- the tables and the public fields tell the same ---- */

static void every_field_has_one_number_and_one_column(void **state) {
  (void)state;
  for (uint32_t kind = 1; kind < AFT__KIND_COUNT; kind++) {
    const aft__kind *k = aft__kind_get(kind);
    if (!k)
      continue;
    assert_string_equal(k->table->columns[AFT__COL_ID].name, "id");
    assert_string_equal(k->table->columns[AFT__COL_REV].name, "rev");
    assert_true(k->table->n_columns <= AFT__MOST_COLUMNS);
    for (uint32_t i = 0; i < k->n_fields; i++)
      for (uint32_t j = i + 1; j < k->n_fields; j++) {
        assert_int_not_equal(k->fields[i].number, k->fields[j].number);
        assert_int_not_equal(k->fields[i].column, k->fields[j].column);
      }
  }
}

static void public_fields_can_be_listed_and_named(void **state) {
  (void)state;
  assert_string_equal(aft_field_name(AFT_TICKET_FIRST_RESPONSE_DUE), "first_response_due");
  assert_int_equal(aft_field_type(AFT_TICKET_FIRST_RESPONSE_DUE), AFT_TYPE_TIME);
  assert_null(aft_field_name(0x7fff0001));
  uint32_t n = 0;
  for (uint32_t field; (field = aft_kind_field(AFT_KIND_TICKET, n)) != 0; n++)
    assert_non_null(aft_field_name(field));
  assert_int_equal(n, AFT__TICKET_COLUMNS);
  assert_int_equal(aft_kind_field(AFT__KIND_IDENTITY, 0), 0); /* the desk's own */
}

#define ON(kind, test) \
  { #test " [" #kind "]", test, open_kind, shut, (void *)(intptr_t)DESK_##kind }

int main(void) {
  const struct CMUnitTest tests[] = {
      ON(SQLITE, what_is_promised_unique_is_unique),
      ON(MEMORY, what_is_promised_unique_is_unique),
      cmocka_unit_test(every_field_has_one_number_and_one_column),
      cmocka_unit_test(public_fields_can_be_listed_and_named),
  };
  static const char *const not_there[] = {"[MEMORY]"};
  return RUN_CASES(tests, not_there);
}
