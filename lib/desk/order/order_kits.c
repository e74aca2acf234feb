/* Kits: lines that other lines are part of. The parts have the kit's price, discounts, tax and parcels, and
 * come back each at its own share of the price; the kit's line is the name for all of them, and nothing is
 * paid for it beside them. */
#include "desk/order/order_priv.h"

bool aft__line_is_kit(const aft__value *line) {
  return aft__str_eq(aft__row_str(line, AFT__LINE_NATURE), aft__cstr("kit"));
}

bool aft__line_is_part_of(const aft__value *part, const aft__value *kit) {
  return aft__row_int(part, AFT__LINE_RELATED) == kit[AFT__LINE_ID].number &&
         aft__str_eq(aft__row_str(part, AFT__LINE_RELATION), aft__cstr("part_of"));
}

static aft__place_text place_of(const aft__told_line *l, const char *field) {
  return l->in ? aft__order_place("lines", l->index, field) : (aft__place_text){"order.lines"};
}

static int64_t parts_of(const aft__told *t, const aft__told_line *kit, uint32_t column, uint32_t *n) {
  int64_t sum = 0;
  *n = 0;
  for (uint32_t i = 0; i < t->n_lines; i++)
    if (aft__line_is_part_of(t->lines[i].row, kit->row)) {
      sum += aft__row_int(t->lines[i].row, column);
      ++*n;
    }
  return sum;
}

/* So that each kit that comes back brings whole units of its parts. */
static aft_status check_units(const aft__told *t, const aft__told_line *kit, aft_error *error) {
  int64_t kits = aft__row_int(kit->row, AFT__LINE_QUANTITY);
  for (uint32_t i = 0; i < t->n_lines; i++) {
    const aft__told_line *part = &t->lines[i];
    int64_t units = aft__row_int(part->row, AFT__LINE_QUANTITY);
    if (aft__line_is_part_of(part->row, kit->row) && units % kits)
      return aft__error(error, AFT_E_INVALID, place_of(part, "quantity").text,
                        "expected a multiple of the %lld kits that it is part of, found %lld",
                        (long long)kits, (long long)units);
  }
  return AFT_OK;
}

/* What was packed, arrived or is in a case as one article does not become a kit. */
static aft_status check_fresh(const aft__told *t, const aft__told_line *kit, aft_error *error) {
  int64_t packed = 0, units = aft__row_int(kit->row, AFT__LINE_QUANTITY);
  if (aft__line_is_kit(kit->row))
    return AFT_OK;
  if (!kit->fresh)
    AFT__TRY(aft__line_in_parcels(t->cmd, kit->row[AFT__LINE_ID].number, &packed, error));
  if (!packed && aft__row_int(kit->row, AFT__LINE_UNDELIVERED) == units)
    return AFT_OK;
  return aft__error(error, AFT_E_CHECK, place_of(kit, "ref").text,
                    "expected the parts of a kit before its parcels and cases");
}

static aft_status take(const aft__told *t, aft__told_line *kit, int64_t parts, aft_error *error) {
  int64_t price = aft__row_int(kit->row, AFT__LINE_PRICE);
  if (aft__str_eq(aft__row_str(kit->row, AFT__LINE_RELATION), aft__cstr("part_of")))
    return aft__error(error, AFT_E_INVALID, place_of(kit, "related").text,
                      "a kit is part of no other: expected its parts alone");
  if (price && price != parts)
    return aft__error(error, AFT_E_INVALID, place_of(kit, "price").text,
                      "expected %lld, which is what the parts of the kit come to, found %lld",
                      (long long)parts, (long long)price);
  AFT__TRY(check_units(t, kit, error));
  AFT__TRY(check_fresh(t, kit, error));
  aft__told_set(kit->row, &kit->mask, AFT__LINE_NATURE, aft__text(aft__cstr("kit")));
  return AFT_OK;
}

aft_status aft__told_kits(aft__told *t, aft_error *error) {
  for (uint32_t i = 0; i < t->n_lines; i++) {
    uint32_t n;
    int64_t parts = parts_of(t, &t->lines[i], AFT__LINE_PRICE, &n);
    if (n)
      AFT__TRY(take(t, &t->lines[i], parts, error));
  }
  return AFT_OK;
}

aft_status aft__kit_check_paid(const aft__told *t, const aft__told_line *kit, aft_error *error) {
  uint32_t n;
  int64_t parts = parts_of(t, kit, AFT__LINE_PAID, &n), found = kit->in ? kit->in->paid : 0;
  if (found && found != parts)
    return aft__error(error, AFT_E_INVALID, place_of(kit, "paid").text,
                      "expected %lld, which is what the parts of the kit come to, found %lld",
                      (long long)parts, (long long)found);
  if (!aft__row_int(kit->row, AFT__LINE_TAX))
    return AFT_OK;
  return aft__error(error, AFT_E_INVALID, place_of(kit, "tax").text,
                    "expected 0, since the parts of a kit have its tax; found %lld",
                    (long long)aft__row_int(kit->row, AFT__LINE_TAX));
}
