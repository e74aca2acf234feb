/* Services that were sold for an article, as an installation or a longer warranty: while they were not
 * performed they go back with it, and nothing of them is sent, opened or looked at. */
#include "desk/case/case_priv.h"

bool aft__line_is_service_for(const aft__value *service, aft_id article) {
  return aft__row_int(service, AFT__LINE_RELATED) == article &&
         aft__str_eq(aft__row_str(service, AFT__LINE_RELATION), aft__cstr("service_for"));
}

bool aft__goes_along(const aft__case *c, const aft__case_line *l) {
  int64_t units = aft__row_int(l->row, AFT__CASE_LINE_QUANTITY);
  if (aft__line_is_extra(l->line))
    return true;
  if (!units || aft__row_int(l->row, AFT__CASE_LINE_FROM_UNDELIVERED) != units)
    return false;
  for (uint32_t i = 0; i < c->n_lines; i++)
    if (aft__line_is_service_for(l->line, c->lines[i].line[AFT__LINE_ID].number))
      return true;
  return false;
}

size_t aft__services_of(aft__value **rows, uint32_t n, aft_id article, aft_case_line_in *out, size_t most) {
  size_t found = 0;
  for (uint32_t i = 0; i < n && found < most; i++) {
    int64_t open = aft__row_int(rows[i], AFT__LINE_UNDELIVERED);
    if (open && aft__line_is_service_for(rows[i], article))
      out[found++] =
          (aft_case_line_in){.size = sizeof *out, .line = rows[i][AFT__LINE_ID].number, .quantity = open};
  }
  return found;
}
