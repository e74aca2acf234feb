/* The desk as the clock sees it. */
#ifndef AFT_DESK_H
#define AFT_DESK_H

#include "store/store.h"

/* Carries out what one due row asks for, in the transaction that removes the row. */
aft_status aft__desk_due(aft__tx *tx, void *user, const aft__value *row, aft_error *error);

#endif
