/* Orders and cases as rows, for what hangs on them. */
#ifndef CASE_FIXTURE_H
#define CASE_FIXTURE_H

#include "desk_fixture.h"

/* An order of the shop; payer and recipient may be 0. */
aft_id case_order(desk *d, const char *number, aft_id customer, aft_id payer, aft_id recipient);
/* An open return of the order. */
aft_id case_new(desk *d, aft_id order, aft_id customer);
/* Sets one of its columns (AFT__CASE_…); null: to nothing. */
void case_set(desk *d, aft_id of, uint32_t column, int64_t number, bool null);
int64_t case_number(desk *d, aft_id of, uint32_t column);
/* The case's audit chain is whole and ends where the case says. */
void assert_case_chain(desk *d, aft_id of);

#endif
