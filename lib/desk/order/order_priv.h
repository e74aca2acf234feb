/* An order as the host tells it, and what cases ask of it. */
#ifndef AFT_ORDER_PRIV_H
#define AFT_ORDER_PRIV_H

#include "desk/desk_priv.h"

#include <aftersales/order.h>

#define AFT__MOST_LINES      200u
#define AFT__MOST_PAYMENTS   50u
#define AFT__MOST_PARCELS    200u
#define AFT__MOST_SHARES     400u
#define AFT__MOST_SHARE_ROWS 2000u /* an order's discounts, apportioned */
#define AFT__MOST_ORDER_ROWS 1000u /* lines or parcels of one order, those of its cases included */
#define AFT__MOST_UNITS      INT64_C(1000000)
/* So that a sum over every line stays far from the end of the range. */
#define AFT__MOST_MINOR INT64_C(1000000000000000)

/* ---- order_facts.c: what a telling brings ---- */

/* Copies a telling into the arena, every field checked by itself. */
aft_status aft__facts_copy(aft_env *env, aft__arena *arena, const aft_order_facts_in *in,
                           aft_order_facts_in *out, aft_error *error);
void aft__facts_digest(aft__sha256 *sha, const void *facts);
/* "order.lines[2].quantity" */
typedef struct aft__place_text {
  char text[96];
} aft__place_text;
aft__place_text aft__order_place(const char *list, size_t index, const char *field);

/* ---- order_tell.c: one telling while it runs ---- */

typedef struct aft__told_line {
  aft__value *row;
  uint64_t mask;
  bool fresh;
  const aft_order_line_in *in;  /* NULL: not told this time */
  size_t index;                 /* of it */
  int64_t discount, discounted; /* its shares with this telling and before it */
} aft__told_line;

typedef struct aft__told {
  aft__cmd *cmd;
  const aft_order_facts_in *in;
  aft__value *order; /* row; its id is known from the beginning */
  uint64_t mask;
  bool fresh;
  aft__told_line *lines; /* all lines of the order, those told this time included */
  uint32_t n_lines;
  uint32_t changes;            /* rows written beside the order's own */
  struct aft__told_news *news; /* parcels that are newly under way or arrived */
  uint32_t n_news;
} aft__told;

typedef struct aft__told_news {
  aft__value *parcel;
  bool shipped, delivered;
  const char *fate; /* the event of a parcel that goes no further; NULL: none */
} aft__told_news;

/* Changes a column where the value is another. */
void aft__told_set(aft__value *row, uint64_t *mask, uint32_t column, aft__value value);
/* Inserts or updates a row of the order. */
aft_status aft__told_write(aft__told *t, const aft__table *table, aft__value *row, uint64_t mask, bool fresh,
                           aft_error *error);
/* Refuses another currency than the one that the order's lines and payments are in. */
aft_status aft__order_in_currency(aft__cmd *cmd, const aft__value *order, aft_str found, const char *where,
                                  aft_error *error);
aft__told_line *aft__told_line_of(const aft__told *t, aft_str ref); /* NULL where there is none */

/* ---- order_lines.c, order_shares.c ---- */

aft_status aft__told_lines(aft__told *t, aft_error *error);
aft_status aft__told_lines_write(aft__told *t, aft_error *error);
/* Adds the discounts to the lines, and writes them. */
aft_status aft__told_shares(aft__told *t, aft_error *error);

/* ---- order_kits.c ---- */

bool aft__line_is_kit(const aft__value *line);
bool aft__line_is_part_of(const aft__value *part, const aft__value *kit);
/* Finds the kits among the lines. AFT_E_INVALID where the parts of one do not come to its price. */
aft_status aft__told_kits(aft__told *t, aft_error *error);
/* Once the parts are settled. */
aft_status aft__kit_check_paid(const aft__told *t, const aft__told_line *kit, aft_error *error);

/* ---- order_payments.c ---- */

aft_status aft__told_payments(aft__told *t, aft_error *error);

/* ---- order_parcels.c ---- */

aft_status aft__told_parcels(aft__told *t, aft_error *error);
/* Units of a line in parcels that arrived or still may. */
aft_status aft__line_in_parcels(aft__cmd *cmd, aft_id line, int64_t *out, aft_error *error);
/* The units of a parcel that was delivered are with the buyer, once. A unit that an open case took before it
 * arrived counts from now on as one that had. parcel: its row as stored. */
aft_status aft__parcel_arrived(aft__cmd *cmd, const aft__value *parcel, aft_error *error);

/* ---- order_govern.c ---- */

/* Fixes the policy that governs an order, where that is open: the tenant's current one. The row is written
 * when it is stored already, which its rev tells. */
aft_status aft__order_govern(aft__cmd *cmd, aft__value *order, aft_error *error);
/* How far the order's zone is ahead of UTC now, in minutes; 0 without a zone. */
int32_t aft__order_offset(aft__cmd *cmd, const aft__value *order);
int32_t aft__order_offset_at(aft__cmd *cmd, const aft__value *order, aft_time at);

/* ---- order_read.c ---- */

/* Staff of its shop; the buyer, the payer and the recipient. */
/* Whether a customer bought, paid or receives it; bought or paid; and whether a caller sees its amounts. */
bool aft__order_party(const aft__value *order, aft_id customer);
bool aft__order_paid_by(const aft__value *order, aft_id customer);
bool aft__sees_money(const aft__cmd *cmd, const aft__value *order);
aft_status aft__may_order(aft__cmd *cmd, const aft__value *order, aft_error *error);

/* ---- parcel_track.c ---- */

/* Tells what happened to a parcel on its way out to the open cases that are about its units, and to those
 * that sent them in place of others. */
aft_status aft__parcel_tells(aft__cmd *cmd, const aft__value *parcel, const char *event, aft_error *error);

#endif
