/* What two desks have in common on which the same commands were done. */
#ifndef CASE_LIKENESS_H
#define CASE_LIKENESS_H

#include "case_command.h"

/* Order and cases as text, one record a line, sorted. Ids, codes and digests stand as signs, or as the name
 * of what they are of. The caller frees it. */
char *case_likeness(case_world *w);
/* Whether two such texts differ in what they say of the case that a command filed. */
bool case_differs(const char *one, const char *other, uint32_t number);
/* Fails the test with the lines in which the two differ. */
void assert_alike(case_world *one, case_world *other, const char *when);

#endif
