/* What holds of every order with its cases, whoever did whatever: the audit replays to the records, units and
 * money are conserved, what was booked is what was told, and nothing is open without a deadline. */
#ifndef CASE_INVARIANTS_H
#define CASE_INVARIANTS_H

#include "case_desk.h"

/* confirmed: the sum of the callbacks that were taken in. A breach fails the test. */
void assert_case_invariants(case_desk *c, int64_t confirmed);

#endif
