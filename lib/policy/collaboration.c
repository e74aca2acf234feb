/* Collaboration: what a policy says of agents who work on one ticket. */
#include "policy/policy_priv.h"

/* ---- compiling ---- */

void aft__compile_collaboration(aft__compile *cx) {
  const aft__node *map = aft__node_get(cx->root, "collaboration");
  aft__collaboration c = {.follow_on_mention = 1};
  bool follow;
  if (aft__node_bool(aft__node_get(map, "follow_on_mention"), &follow))
    c.follow_on_mention = follow;
  aft__compile_add(cx, AFT__SECTION_COLLABORATION, &c);
}

/* ---- asking ---- */

bool aft__policy_follow_on_mention(const aft_policy *policy) {
  uint32_t n;
  const aft__collaboration *c = aft__section_data(policy, AFT__SECTION_COLLABORATION, &n);
  return c->follow_on_mention != 0;
}
