/* Whether a record is one of those that a list looks for, and its place in the list. */
#include "desk/list/list_priv.h"

static bool fits_shop(const aft__pick *pick, const aft__value *row) {
  uint32_t column = pick->listed->shop;
  if (!column)
    return true;
  aft_id shop = row[column].number;
  return (!pick->shop || pick->shop == shop) &&
         (!pick->shops || aft__has_shop(pick->shops, pick->n_shops, shop));
}

static bool fits_column(const aft__test *test, const aft__value *value) {
  if (test->null)
    return value->type == AFT_SQL_NULL;
  if (value->type == AFT_SQL_INT)
    return value->number == test->number;
  return value->type == AFT_SQL_TEXT && aft__str_eq(aft__value_str(value), test->text);
}

static bool fits_columns(const aft__pick *pick, const aft__value *row) {
  for (uint32_t i = 0; i < pick->n_tests; i++)
    if (!fits_column(&pick->tests[i], &row[pick->tests[i].column]))
      return false;
  return row[pick->listed->tenant].number == pick->tenant;
}

static aft_status fits_tag(aft__tx *tx, const aft__pick *pick, aft_id id, bool *out, aft_error *error) {
  aft__value *row;
  aft_status status = aft__tag_of(tx, pick->tenant, id, pick->tag, &row, error);
  *out = status >= 0;
  return status == AFT_E_NOT_FOUND ? AFT_OK : status;
}

static aft_status fits_attribute(aft__tx *tx, const aft__pick *pick, aft_id id, aft__match_of *out,
                                 aft_error *error) {
  aft__value *row;
  aft_status status = aft__attribute_of(tx, pick->tenant, id, pick->attribute, &row, error);
  out->holds = false;
  if (status == AFT_E_NOT_FOUND)
    return AFT_OK;
  AFT__TRY(status);
  out->key = row[AFT__ATTRIBUTE_KEY].number;
  out->value = row[AFT__ATTRIBUTE_ID].number;
  out->holds = row[AFT__ATTRIBUTE_UNLISTED].number == 0 && !(pick->has_low && out->key < pick->low) &&
               !(pick->has_high && out->key > pick->high) &&
               (!pick->text.data || aft__str_eq(aft__row_str(row, AFT__ATTRIBUTE_TEXT), pick->text));
  return AFT_OK;
}

aft_status aft__pick_test(aft__tx *tx, const aft__pick *pick, const aft__value *row, aft__match_of *out,
                          aft_error *error) {
  aft_id id = row[AFT__COL_ID].number;
  *out = (aft__match_of){.holds = fits_shop(pick, row) && fits_columns(pick, row)};
  if (out->holds && pick->tag.data)
    AFT__TRY(fits_tag(tx, pick, id, &out->holds, error));
  if (out->holds && pick->attribute.data)
    AFT__TRY(fits_attribute(tx, pick, id, out, error));
  return AFT_OK;
}

aft__place aft__pick_place(const aft__pick *pick, const aft__value *row, const aft__match_of *match) {
  const aft__listed *listed = pick->listed;
  aft_id id = row[AFT__COL_ID].number;
  switch (pick->by) {
  case AFT_BY_UPDATED:
    return (aft__place){true, row[listed->updated].number, id};
  case AFT_BY_URGENCY:
    return (aft__place){true, row[listed->place].number, id};
  case AFT_BY_ATTRIBUTE:
    return (aft__place){true, match->key, match->value};
  default:
    return (aft__place){true, id, id};
  }
}
