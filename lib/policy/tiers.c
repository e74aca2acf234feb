/* Tiers: what a customer's standing brings, and how it is earned by purchases. */
#include "policy/policy_priv.h"

const char *const aft__privileges[] = {"advance_refund", "free_pickup", NULL};

static const aft__tier *tier_of(const aft_policy *policy, aft_str name) {
  uint32_t n = 0;
  const aft__tier *tiers = aft__section_data(policy, AFT__SECTION_TIERS, &n);
  for (uint32_t i = 0; name.len && i < n; i++)
    if (aft__str_eq(aft__policy_str(policy, tiers[i].name), name))
      return &tiers[i];
  return NULL;
}

bool aft__policy_tier_find(const aft_policy *policy, aft_str name) { return tier_of(policy, name) != NULL; }

int32_t aft__policy_tier_targets(const aft_policy *policy, aft_str name) {
  const aft__tier *tier = tier_of(policy, name);
  return tier ? tier->targets : 1000;
}

aft_str aft__policy_tier_agent(const aft_policy *policy, aft_str name) {
  const aft__tier *tier = tier_of(policy, name);
  return tier ? aft__policy_str(policy, tier->agent) : (aft_str){0};
}

void aft__policy_tier_facts(const aft_policy *policy, aft__facts *facts) {
  const aft__tier *tier = tier_of(policy, facts->text[AFT__FACT_TIER]);
  facts->number[AFT__FACT_ADVANCE_REFUND] = tier && (tier->privileges & 1u);
  facts->number[AFT__FACT_FREE_PICKUP] = tier && (tier->privileges & 2u);
}

/* ---- earning ---- */

static bool reaches(const aft__standing *asked, const aft__purchases *p) {
  return p->orders >= asked->orders && p->value >= asked->value &&
         (asked->recent_ms < 0 || (p->orders && p->since_last_ms <= asked->recent_ms));
}

bool aft__policy_earns(const aft_policy *policy) {
  uint32_t n = 0;
  const aft__tier *tiers = aft__section_data(policy, AFT__SECTION_TIERS, &n);
  for (uint32_t i = 0; i < n; i++)
    if (tiers[i].earned)
      return true;
  return false;
}

static void sum_up(const aft_policy *policy, const aft__tier *tier, const aft__purchase *list, uint32_t n,
                   aft_time now, aft__purchases *out) {
  *out = (aft__purchases){0};
  aft_str currency = aft__policy_str(policy, tier->currency);
  for (uint32_t i = 0; i < n; i++) {
    int64_t age = now - list[i].placed;
    if (tier->within_ms >= 0 && age > tier->within_ms)
      continue;
    out->since_last_ms = !out->orders || age < out->since_last_ms ? age : out->since_last_ms;
    out->orders++;
    if (aft__str_eq(list[i].currency, currency) && aft__add_i64(out->value, list[i].total, &out->value))
      out->value = INT64_MAX;
  }
}

aft_str aft__policy_tier_earned(const aft_policy *policy, aft_str has, const aft__purchase *list, uint32_t n,
                                aft_time now, aft__purchases *out) {
  uint32_t count = 0;
  const aft__tier *tiers = aft__section_data(policy, AFT__SECTION_TIERS, &count);
  *out = (aft__purchases){0};
  for (uint32_t i = 0; i < count; i++) {
    const aft__tier *tier = &tiers[i];
    if (!tier->earned)
      continue;
    sum_up(policy, tier, list, n, now, out);
    bool stays = aft__str_eq(aft__policy_str(policy, tier->name), has);
    if (reaches(stays ? &tier->stay : &tier->enter, out))
      return aft__policy_str(policy, tier->name);
  }
  return (aft_str){0};
}

static void sooner(aft_time at, aft_time now, aft_time *next) {
  if (at > now && (*next == AFT_TIME_NONE || at < *next))
    *next = at;
}

aft_time aft__policy_tier_review(const aft_policy *policy, const aft__purchase *list, uint32_t n,
                                 aft_time now) {
  uint32_t count = 0;
  aft_time next = AFT_TIME_NONE;
  const aft__tier *tiers = aft__section_data(policy, AFT__SECTION_TIERS, &count);
  for (uint32_t i = 0; i < count; i++)
    for (uint32_t k = 0; tiers[i].earned && k < n; k++) {
      if (tiers[i].within_ms >= 0)
        sooner(list[k].placed + tiers[i].within_ms + 1, now, &next);
      if (tiers[i].stay.recent_ms >= 0)
        sooner(list[k].placed + tiers[i].stay.recent_ms + 1, now, &next);
    }
  return next;
}
