/* What people of the shop find to be the reason, and what follows from it: who is liable, and who bears the
 * way back. The reason that was claimed is kept. */
#include "desk/case/case_priv.h"

/* ---- who can be named ---- */

static bool is_party(const aft__case *c, aft_str word) {
  static const char *const parties[] = {"buyer", "seller", "carrier", "platform"};
  int64_t ceiling;
  for (size_t i = 0; i < AFT__COUNT(parties); i++)
    if (aft__str_eq(word, aft__cstr(parties[i])))
      return true;
  return aft__policy_ceiling(c->policy, word, aft__case_str(c, AFT__CASE_CURRENCY), INT64_MAX, &ceiling);
}

aft_status aft__case_party_check(const aft__case *c, aft_str word, const char *where, aft_error *error) {
  if (!word.len || is_party(c, word))
    return AFT_OK;
  return aft__error(error, AFT_E_INVALID, where,
                    "expected buyer, seller, carrier, platform or a funder of the policy, found '%.*s'",
                    (int)aft__utf8_cut(word, 40), word.data);
}

/* ---- who bears the way back ---- */

static void keep_reason(aft__case *c, aft_str found, const aft__bearer *bearer) {
  aft__arg args[] = {{"freight", bearer->freight}, {"reason", found}, {"liable", bearer->liable}};
  aft__reason_add(&c->reasons, "freight", "explain.case.freight.found", args, AFT__COUNT(args));
}

/* What is planned for it is planned anew by whom it falls to. */
static aft_status drop_planned(aft__case *c, aft_error *error) {
  AFT__TRY(aft__legs_load(c, error));
  AFT__TRY(aft__pots_load(c, error));
  for (uint32_t i = 0; i < c->n_legs; i++)
    if (aft__leg_is(&c->legs[i], AFT__LEG_KIND, "freight") &&
        aft__leg_is(&c->legs[i], AFT__LEG_STATE, "planned"))
      AFT__TRY(aft__leg_drop(c, &c->legs[i], error));
  aft__legs_sum(c);
  return AFT_OK;
}

aft_status aft__case_freight_by(aft__case *c, aft_str claimed, aft_str found, aft__bearer *out,
                                aft_error *error) {
  aft__bearer before;
  AFT__TRY(aft__case_bearer(c, claimed, &before, error));
  AFT__TRY(aft__case_bearer(c, found, out, error));
  bool by_policy = aft__str_eq(aft__case_str(c, AFT__CASE_FREIGHT), before.freight);
  if (!by_policy || aft__str_eq(before.freight, out->freight))
    return AFT_OK;
  aft__case_set(c, AFT__CASE_FREIGHT, aft__text(out->freight));
  keep_reason(c, found, out);
  return drop_planned(c, error);
}

/* ---- the finding ---- */

static aft_str reason_now(const aft__case *c) {
  aft_str found = aft__case_str(c, AFT__CASE_FOUND);
  return found.len ? found : aft__case_str(c, AFT__CASE_REASON);
}

static aft_status find(aft__case *c, aft_str reason, aft_error *error) {
  aft__bearer bearer;
  AFT__TRY(aft__case_reason_check(c, reason, error));
  AFT__TRY(aft__case_freight_by(c, reason_now(c), reason, &bearer, error));
  aft__case_set(c, AFT__CASE_FOUND, aft__text(reason));
  if (bearer.liable.len)
    aft__case_set(c, AFT__CASE_LIABLE, aft__text(bearer.liable));
  return AFT_OK;
}

aft_status aft__case_find(aft__case *c, const aft__case_input *in, aft_error *error) {
  if (c->cmd->call.role == AFT_ROLE_BUYER)
    return AFT_OK;
  AFT__TRY(aft__case_party_check(c, in->liable, "case.liable", error));
  if (in->reason.len)
    AFT__TRY(find(c, in->reason, error));
  if (in->liable.len)
    aft__case_set(c, AFT__CASE_LIABLE, aft__text(in->liable));
  return AFT_OK;
}
