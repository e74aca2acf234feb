/* What is filed about a kit is about its parts: they have its price. */
#include "desk/case/case_priv.h"

#include <stdio.h>

bool aft__line_is_named(const aft__value *line, aft_id named) {
  return line[AFT__LINE_ID].number == named ||
         (aft__row_int(line, AFT__LINE_RELATED) == named &&
          aft__str_eq(aft__row_str(line, AFT__LINE_RELATION), aft__cstr("part_of")));
}

static aft_status add_part(aft__case *c, aft__value *part, int64_t units, size_t index, aft_error *error) {
  char where[64];
  snprintf(where, sizeof where, "case.lines[%zu].line", index);
  for (uint32_t i = 0; i < c->n_lines; i++)
    if (c->lines[i].line == part)
      return aft__error(error, AFT_E_INVALID, where, "line %lld is named itself, and with its kit",
                        (long long)part[AFT__LINE_ID].number);
  AFT__TRY(aft__case_add_line(c, part, NULL, units, error));
  c->lines[c->n_lines - 1].index = (uint32_t)index;
  return AFT_OK;
}

aft_status aft__case_name_kit(aft__case *c, aft__value **rows, uint32_t n, const aft__value *kit,
                              const aft_case_line_in *in, size_t index, aft_error *error) {
  char where[64];
  snprintf(where, sizeof where, "case.lines[%zu]", index);
  if (in->amount || in->wants.len)
    return aft__error(error, AFT_E_INVALID, where,
                      "expected the parts of the kit, since an amount or an article is named");
  for (uint32_t i = 0; i < n; i++) {
    int64_t each = aft__row_int(rows[i], AFT__LINE_QUANTITY) / aft__row_int(kit, AFT__LINE_QUANTITY);
    if (aft__line_is_part_of(rows[i], kit))
      AFT__TRY(add_part(c, rows[i], each * in->quantity, index, error));
  }
  return AFT_OK;
}
