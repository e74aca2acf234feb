/* What a policy says of cases once they are filed: what needs nobody, money, evidence, risk, platforms. */
#include "policy/policy_priv.h"

static const aft__pair *pairs_of(const aft_policy *policy, uint32_t *n) {
  return aft__section_data(policy, AFT__SECTION_PAIRS, n);
}

/* NULL for a policy without cases. */
static const aft__case_settings *settings_of(const aft_policy *policy) {
  uint32_t n = 0;
  const aft__case_settings *settings = aft__section_data(policy, AFT__SECTION_CASES, &n);
  return n > 0 ? settings : NULL;
}

static bool says(const aft_policy *policy, uint32_t text, aft_str name) {
  return aft__str_eq(aft__policy_str(policy, text), name);
}

static bool holds(const aft_policy *policy, uint32_t condition, const aft__facts *facts) {
  return condition == AFT__FLOW_NONE || aft__policy_holds(policy, condition, facts);
}

/* The first of a list with this key and, unless it is NULL, this second one. */
static const aft__pair *find(const aft_policy *policy, aft__pair_list list, aft_str key,
                             const aft_str *other) {
  uint32_t n = 0;
  const aft__pair *pairs = pairs_of(policy, &n);
  for (uint32_t i = 0; i < n; i++)
    if (pairs[i].list == list && says(policy, pairs[i].key, key) &&
        (!other || says(policy, pairs[i].other, *other)))
      return &pairs[i];
  return NULL;
}

static const aft__pair *first_holding(const aft_policy *policy, aft__pair_list list,
                                      const aft__facts *facts) {
  uint32_t n = 0;
  const aft__pair *pairs = pairs_of(policy, &n);
  for (uint32_t i = 0; i < n; i++)
    if (pairs[i].list == list && holds(policy, pairs[i].condition, facts))
      return &pairs[i];
  return NULL;
}

static uint32_t keys_of(const aft_policy *policy, aft__pair_list list, aft_str *out, uint32_t most) {
  uint32_t n = 0, found = 0;
  const aft__pair *pairs = pairs_of(policy, &n);
  for (uint32_t i = 0; i < n && found < most; i++)
    if (pairs[i].list == list)
      out[found++] = aft__policy_str(policy, pairs[i].key);
  return found;
}

bool aft__policy_offer(const aft_policy *policy, const aft__facts *facts, uint32_t *index, aft__offer *out) {
  uint32_t n = 0;
  const aft__pair *pairs = pairs_of(policy, &n);
  for (; *index < n; ++*index) {
    const aft__pair *p = &pairs[*index];
    if (p->list != AFT__PAIRS_OFFER || !holds(policy, p->condition, facts))
      continue;
    *out = (aft__offer){aft__policy_str(policy, p->key), aft__policy_str(policy, p->kind),
                        aft__policy_str(policy, p->value)};
    ++*index;
    return true;
  }
  return false;
}

void aft__policy_rules(const aft_policy *policy, const aft__facts *facts, aft__rule_flags *out) {
  uint32_t n = 0;
  const aft__case_rule *rules = aft__section_data(policy, AFT__SECTION_CASE_RULES, &n);
  memset(out, 0, sizeof *out);
  out->rule = aft__cstr("");
  for (uint32_t i = 0; i < n; i++) {
    if (!holds(policy, rules[i].condition, facts))
      continue;
    out->rule = aft__policy_str(policy, rules[i].name);
    out->auto_ok = rules[i].flags & AFT__CASE_RULE_AUTO;
    out->advance_ok = rules[i].flags & AFT__CASE_RULE_ADVANCE;
    out->returnless_ok = rules[i].flags & AFT__CASE_RULE_RETURNLESS;
    return;
  }
}

/* ---- money ---- */

const char *const aft__gives[AFT__GIVES + 1] = {"none", "all", "share", NULL};

static aft_str release_of(const aft_policy *policy, aft_str kind) {
  const aft__pair *pair = find(policy, AFT__PAIRS_RELEASE, kind, NULL);
  if (!pair)
    pair = find(policy, AFT__PAIRS_RELEASE, aft__cstr("default"), NULL);
  return pair ? aft__policy_str(policy, pair->value) : aft__cstr("inspection");
}

void aft__policy_case_money(const aft_policy *policy, const aft__facts *facts, aft_str currency,
                            aft__money_rules *out) {
  static const aft__case_settings usual = {.reconcile_ms = AFT__DAY,
                                           .retries = 3,
                                           .points_spent = AFT__EXTRA_PERSON,
                                           .gift_kept = AFT__EXTRA_PERSON};
  const aft__case_settings *s = settings_of(policy);
  const aft__pair *restocking = first_holding(policy, AFT__PAIRS_RESTOCKING, facts);
  const aft__pair *freight = first_holding(policy, AFT__PAIRS_FREIGHT_OUT, facts);
  const aft__pair *duty = first_holding(policy, AFT__PAIRS_DUTY_OUT, facts);
  const aft__pair *most = find(policy, AFT__PAIRS_FREIGHT_MOST, currency, NULL);
  memset(out, 0, sizeof *out);
  out->compensation_instrument =
      s ? aft__policy_str(policy, s->compensation_instrument) : aft__cstr("store_credit");
  s = s ? s : &usual;
  out->n_instruments = keys_of(policy, AFT__PAIRS_INSTRUMENT, out->instruments, AFT__MOST_INSTRUMENTS);
  out->release = release_of(policy, facts->text[AFT__FACT_KIND]);
  out->restocking = restocking ? (int32_t)restocking->number : 0;
  out->freight_out = freight ? (aft__give)freight->number : AFT__GIVE_NONE;
  out->duty_out = duty ? (aft__give)duty->number : AFT__GIVE_NONE;
  out->freight_most = most ? most->number : -1;
  out->reconcile_ms = s->reconcile_ms;
  out->retries = (uint32_t)s->retries;
  out->coupon_full = s->coupon_full != 0;
  out->coupon_part = s->coupon_part != 0;
  out->points_spent = (aft__extra_rule)s->points_spent;
  out->gift_kept = (aft__extra_rule)s->gift_kept;
}

/* Without losing digits of amounts near the end of 64 bits. */
static int64_t permille_of(int64_t amount, int64_t permille) {
  return amount / 1000 * permille + amount % 1000 * permille / 1000;
}

bool aft__policy_ceiling(const aft_policy *policy, aft_str funder, aft_str currency, int64_t paid,
                         int64_t *out) {
  const aft__pair *share = find(policy, AFT__PAIRS_PERMILLE, funder, NULL);
  const aft__pair *most = find(policy, AFT__PAIRS_CEILING, funder, &currency);
  *out = 0;
  if (!share || paid <= 0)
    return false;
  *out = permille_of(paid, share->number);
  if (most && *out > most->number)
    *out = most->number;
  return *out > 0;
}

aft_time aft__policy_arrival(const aft_policy *policy, aft_str instrument, aft_time from,
                             int32_t offset_minutes) {
  const aft__pair *pair = find(policy, AFT__PAIRS_ARRIVES, instrument, NULL);
  if (!pair)
    return AFT_TIME_NONE;
  return aft__span_end(from, (uint32_t)pair->number, (aft__span_unit)pair->unit, false, false,
                       offset_minutes);
}

bool aft__policy_papers_first(const aft_policy *policy, const aft__facts *facts) {
  const aft__pair *papers = first_holding(policy, AFT__PAIRS_PAPERS, facts);
  return papers && papers->number != 0;
}

int64_t aft__policy_counter_rounds(const aft_policy *policy) {
  const aft__case_settings *s = settings_of(policy);
  return s ? s->rounds : 2;
}

int64_t aft__policy_amendments(const aft_policy *policy) {
  const aft__case_settings *s = settings_of(policy);
  return s ? s->amendments : 5;
}

/* ---- evidence, risk, links, addresses ---- */

void aft__policy_evidence_limits(const aft_policy *policy, aft__evidence_limits *out) {
  static const aft__case_settings usual = {.most_bytes = 10000000,
                                           .most_pieces = 20,
                                           .quota_bytes = 100000000,
                                           .retention_ms = 3 * 365 * AFT__DAY};
  const aft__case_settings *s = settings_of(policy);
  s = s ? s : &usual;
  memset(out, 0, sizeof *out);
  out->most_bytes = s->most_bytes;
  out->most_pieces = s->most_pieces;
  out->quota_bytes = s->quota_bytes;
  out->retention_ms = s->retention_ms;
  out->n_types = keys_of(policy, AFT__PAIRS_TYPE, out->types, AFT__MOST_TYPES);
}

void aft__policy_risk(const aft_policy *policy, aft__risk_rules *out) {
  const aft__case_settings *s = settings_of(policy);
  memset(out, 0, sizeof *out);
  if (!s)
    return;
  out->serial_returner = (aft__risk_rule){s->serial_cases, s->serial_within_ms};
  out->empty_box = (aft__risk_rule){s->empty_cases, s->empty_within_ms};
  out->reason_drift = (aft__risk_rule){s->drift_cases, s->drift_within_ms};
  out->waybill_reuse = s->waybill_reuse;
  out->evidence_reuse = s->evidence_reuse;
}

int64_t aft__policy_link_lifetime(const aft_policy *policy) {
  const aft__case_settings *s = settings_of(policy);
  return s ? s->link_ms : 7 * AFT__DAY;
}

aft_str aft__policy_address(const aft_policy *policy, aft_str route) {
  const aft__pair *pair = find(policy, AFT__PAIRS_ADDRESS, route, NULL);
  return pair ? aft__policy_str(policy, pair->value) : aft__cstr("");
}

/* ---- platforms ---- */

bool aft__policy_platform_status(const aft_policy *policy, aft_str platform, aft_str status, aft_str kind,
                                 aft__platform_state *out) {
  uint32_t n = 0;
  const aft__pair *pairs = pairs_of(policy, &n), *found = NULL;
  for (uint32_t i = 0; i < n; i++) {
    const aft__pair *p = &pairs[i];
    if (p->list != AFT__PAIRS_PLATFORM || !says(policy, p->key, platform) || !says(policy, p->other, status))
      continue;
    if (p->kind != 0 && says(policy, p->kind, kind)) {
      found = p;
      break;
    }
    if (p->kind == 0 && !found)
      found = p;
  }
  memset(out, 0, sizeof *out);
  if (!found)
    return false;
  out->kind = aft__policy_str(policy, found->kind);
  out->state = aft__policy_str(policy, found->value);
  out->certainty = aft__cstr(aft__certainties[found->number]);
  return true;
}

static bool listed(const aft_policy *policy, aft__names names, aft_str name) {
  uint32_t n = 0;
  const uint32_t *choices = aft__section_data(policy, AFT__SECTION_CHOICES, &n);
  for (uint32_t i = 0; i < names.count; i++)
    if (says(policy, choices[names.first + i], name))
      return true;
  return names.count == 0;
}

int64_t aft__policy_refund_warning(const aft_policy *policy) {
  const aft__case_settings *s = settings_of(policy);
  return s ? s->refund_warn_ms : 0;
}

bool aft__policy_has_season(const aft_policy *policy) {
  const aft__case_settings *s = settings_of(policy);
  return s && s->season && s->season_ms > 0;
}

bool aft__policy_season(const aft_policy *policy, aft_str kind, aft_str state, aft__season *out) {
  const aft__case_settings *s = settings_of(policy);
  if (!aft__policy_has_season(policy) || !listed(policy, s->season_kinds, kind) ||
      !listed(policy, s->season_states, state))
    return false;
  *out = (aft__season){aft__policy_str(policy, s->season), s->season_ms};
  return true;
}

aft_str aft__policy_freight_back(const aft_policy *policy, const aft__facts *facts) {
  const aft__pair *rule = first_holding(policy, AFT__PAIRS_FREIGHT_BACK, facts);
  return rule ? aft__policy_str(policy, rule->key) : (aft_str){0};
}
