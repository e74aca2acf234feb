/* An environment and the default policy, anew for each case. */
#ifndef POLICY_FIXTURE_H
#define POLICY_FIXTURE_H

#include <aftersales.h>

extern aft_env *env;
extern aft_policy *policy;

/* For cmocka: 0 when both are there. */
int policy_set_up(void **state);
int policy_tear_down(void **state);

#endif
