/* Evidence that the reason of a case asks for: which kinds of it are there. */
#include "desk/case/case_priv.h"

#define MOST_EVIDENCE 100u

static bool has_kind(aft__value **rows, uint32_t n, aft_str kind) {
  for (uint32_t i = 0; i < n; i++)
    if (aft__str_eq(aft__row_str(rows[i], AFT__EVIDENCE_KIND), kind))
      return true;
  return false;
}

aft_status aft__case_proof(aft__case *c, aft_str reason, aft__case_proven *out, aft_error *error) {
  aft__value **rows = NULL;
  uint32_t n = 0;
  *out = (aft__case_proven){.whole = true};
  if (!aft__policy_reason(c->policy, reason, (aft_str){0}, &out->reason) || !out->reason.n_required)
    return AFT_OK;
  if (aft__case_int(c, AFT__CASE_EVIDENCE) > 0)
    AFT__TRY(aft__load_rows(c->cmd, &aft__evidence_table, AFT__EVIDENCE_BY_CASE, aft__case_id(c),
                            MOST_EVIDENCE, &rows, &n, error));
  for (uint32_t i = 0; i < out->reason.n_required; i++) {
    out->missing[i] = !has_kind(rows, n, out->reason.required[i]);
    out->whole &= !out->missing[i];
  }
  return AFT_OK;
}
