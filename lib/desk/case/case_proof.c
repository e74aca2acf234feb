/* Evidence that the reason of a case asks for: which kinds of it are there. */
#include "desk/case/case_priv.h"

#define MOST_EVIDENCE 100u

static bool has_kind(aft__value **rows, uint32_t n, aft_str kind) {
  for (uint32_t i = 0; i < n; i++)
    if (aft__str_eq(aft__row_str(rows[i], AFT__EVIDENCE_KIND), kind))
      return true;
  return false;
}

static aft_status evidence_of(aft__case *c, aft__value ***rows, uint32_t *n, aft_error *error) {
  *rows = NULL;
  *n = 0;
  if (aft__case_int(c, AFT__CASE_EVIDENCE) <= 0)
    return AFT_OK;
  return aft__load_rows(c->cmd, &aft__evidence_table, AFT__EVIDENCE_BY_CASE, aft__case_id(c), MOST_EVIDENCE,
                        rows, n, error);
}

aft_status aft__case_shows(aft__case *c, const char *kind, bool *out, aft_error *error) {
  aft__value **rows;
  uint32_t n;
  AFT__TRY(evidence_of(c, &rows, &n, error));
  *out = has_kind(rows, n, aft__cstr(kind));
  return AFT_OK;
}

aft_status aft__case_proof(aft__case *c, aft_str reason, aft__case_proven *out, aft_error *error) {
  aft__value **rows;
  uint32_t n;
  *out = (aft__case_proven){.whole = true};
  if (!aft__policy_reason(c->policy, reason, (aft_str){0}, &out->reason) || !out->reason.n_required)
    return AFT_OK;
  AFT__TRY(evidence_of(c, &rows, &n, error));
  for (uint32_t i = 0; i < out->reason.n_required; i++) {
    out->missing[i] = !has_kind(rows, n, out->reason.required[i]);
    out->whole &= !out->missing[i];
  }
  return AFT_OK;
}
