/* How long records are kept after their end. */
#include "policy/policy_priv.h"

static const struct {
  const char *key;
  int64_t usual; /* where the policy says nothing */
} spans[AFT__RETAINS] = {
    [AFT__RETAIN_TICKETS] = {"tickets", AFT__RETAIN_NEVER},
    [AFT__RETAIN_SURVEYS] = {"surveys", AFT__RETAIN_NEVER},
    [AFT__RETAIN_EFFECTS] = {"effects", 90 * AFT__DAY},
    [AFT__RETAIN_REFUSALS] = {"refusals", 365 * AFT__DAY},
    [AFT__RETAIN_KEYS] = {"keys", 30 * AFT__DAY},
    [AFT__RETAIN_MESSAGES] = {"messages", AFT__RETAIN_NEVER},
    [AFT__RETAIN_CASES] = {"cases", AFT__RETAIN_NEVER},
    [AFT__RETAIN_ORDERS] = {"orders", AFT__RETAIN_NEVER},
    [AFT__RETAIN_CUSTOMERS] = {"customers", AFT__RETAIN_NEVER},
    [AFT__RETAIN_LINKS] = {"links", AFT__RETAIN_NEVER},
    [AFT__RETAIN_ERASURES] = {"erasures", AFT__RETAIN_NEVER},
};

static int64_t span_in(const aft__node *section, aft__retain what) {
  const aft__node *node = aft__node_get(section, spans[what].key);
  int64_t ms = 0;
  if (!node || node->kind != AFT__NODE_TEXT)
    return spans[what].usual;
  if (aft__str_eq(node->text, aft__cstr("never")))
    return AFT__RETAIN_NEVER;
  return aft__duration_parse(node->text, &ms, NULL) >= 0 && ms > 0 ? ms : spans[what].usual;
}

static void check_named(aft__compile *cx, const aft__node *section, const char *named) {
  size_t mark = aft__path_push(cx->faults, aft__cstr("retention"));
  aft__fault_node(cx->faults, AFT_E_POLICY, section,
                  "keys are kept longer than the %s that they name: 'keys' must be at most '%s'", named,
                  named);
  aft__path_pop(cx->faults, mark);
}

/* A key that is still known names records as its outcome, which must be there to be given again. */
static void check(aft__compile *cx, const aft__node *section, const int64_t *retain) {
  static const aft__retain named[] = {AFT__RETAIN_TICKETS, AFT__RETAIN_CASES, AFT__RETAIN_ORDERS,
                                      AFT__RETAIN_LINKS, AFT__RETAIN_ERASURES};
  int64_t keys = retain[AFT__RETAIN_KEYS];
  for (size_t i = 0; i < AFT__COUNT(named); i++)
    if (retain[named[i]] != AFT__RETAIN_NEVER && (keys == AFT__RETAIN_NEVER || keys > retain[named[i]]))
      check_named(cx, section, spans[named[i]].key);
}

void aft__compile_retention(aft__compile *cx, int64_t retain[AFT__RETAINS]) {
  const aft__node *section = aft__node_get(cx->root, "retention");
  for (int i = 0; i < AFT__RETAINS; i++)
    retain[i] = span_in(section, (aft__retain)i);
  check(cx, section, retain);
}

int64_t aft__policy_retain(const aft_policy *policy, aft__retain what) {
  return policy->settings->retain[what];
}
