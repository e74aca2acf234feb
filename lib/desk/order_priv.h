/* An order as the host tells it, and what cases ask of it. */
#ifndef AFT_ORDER_PRIV_H
#define AFT_ORDER_PRIV_H

#include "desk/desk_priv.h"

#include <aftersales/order.h>

#define AFT__MOST_LINES        200u
#define AFT__MOST_PAYMENTS     50u
#define AFT__MOST_PARCELS      200u
#define AFT__MOST_SHARES       400u
#define AFT__MOST_ORDER_UNITS  INT64_C(1000000)
#define AFT__COLUMN_BIT(column) (UINT64_C(1) << (column))

/* ---- order_govern.c ---- */

/* Fixes the policy that governs an order, where that is open: the tenant's current one. The row of an order
 * that is stored is written. */
aft_status aft__order_govern(aft__cmd *cmd, aft__value *order, aft_error *error);
/* How far the order's zone is ahead of UTC now, in minutes; 0 without a zone. */
int32_t aft__order_offset(aft__cmd *cmd, const aft__value *order);

/* ---- order_parcels.c ---- */

/* The units of a parcel that was delivered are with the buyer, once. A unit that an open case took before it
 * arrived counts from now on as one that had. parcel: its row as stored. */
aft_status aft__parcel_arrived(aft__cmd *cmd, const aft__value *parcel, aft_error *error);

#endif
