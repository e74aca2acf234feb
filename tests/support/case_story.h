/* Orders that tests change before they are told, and what there is to see of their cases: legs, payments,
 * requests to the host, and a picture of everything to compare. */
#ifndef CASE_STORY_H
#define CASE_STORY_H

#include "case_desk.h"

#define ON_EACH_DESK(c, open)                                       \
  case_desk c;                                                      \
  (void)state;                                                      \
  for (desk_kind kind = DESK_SQLITE; kind < desk_kinds(); kind++) { \
    open;
#define END_DESK(c)    \
  case_desk_close(&c); \
  }

#define CASE_DAY  INT64_C(86400000)
#define CASE_HOUR INT64_C(3600000)

/* The usual order: three cups for 300.00, a pot for 99.99 and freight of 10.00, 40.00 off, paid by card
 * (300.00) and balance (69.99). */
typedef struct case_story {
  aft_order_line_in lines[4];
  aft_order_share_in shares[2];
  aft_order_payment_in payments[3];
  aft_order_item_in items[4];
  aft_order_parcel_in parcels[2];
  aft_order_facts_in facts;
} case_story;

typedef enum case_way {
  CASE_UNSHIPPED,
  CASE_SHIPPED,
  CASE_DELIVERED
} case_way;

/* What the last call below said that returns a status. */
extern aft_error case_error;
#define assert_gives(expr, expected)                                                                        \
  do {                                                                                                      \
    aft_status gives_ = (expr);                                                                             \
    if (gives_ != (expected))                                                                               \
      fail_msg("%s: %s, expected %s (%s: %s)", #expr, aft_status_name(gives_), #expected, case_error.where, \
               case_error.message);                                                                         \
  } while (0)

/* A desk with a place for evidence, and the usual order to change: tell it when it is as it should be. */
void case_story_open(case_desk *c, case_story *story, desk_kind kind, case_way way);
/* The usual order on a desk that is open. */
void case_story_usual(case_story *story, const desk *d, case_way way);
/* One line alone, of some units and a price for all of them, paid by card. */
void case_story_one(case_story *story, int64_t units, int64_t price);
void case_story_tell(case_desk *c, const case_story *story);
/* A desk with the usual order, told. */
void case_usual(case_desk *c, desk_kind kind, case_way way);
/* Orders told from now on are governed by a policy with this document over the default one. */
void case_story_policy(case_desk *c, const char *document);

/* ---- money ---- */

typedef struct case_leg {
  aft_id id, payment;
  char number[64], kind[24], payer[24], payee[24], instrument[24], state[24], account[64], release[24];
  int64_t requested, confirmed, attempts;
} case_leg;

#define CASE_MOST_LEGS 32
uint32_t case_legs(case_desk *c, aft_id id, case_leg out[CASE_MOST_LEGS]);
/* The only leg of a kind that is not void; fails where there are others. */
case_leg case_leg_of(case_desk *c, aft_id id, const char *kind);
uint32_t case_legs_in(case_desk *c, aft_id id, const char *state);
aft_status case_settle(case_desk *c, const case_leg *leg, uint32_t outcome, int64_t amount,
                       const char *reference);
/* The bank takes an amount of a payment back. */
void case_charge_back(case_desk *c, const char *payment, int64_t amount);
void case_fail_all(case_desk *c, aft_id id); /* every leg that is sent */
int64_t case_payment(case_desk *c, const char *ref, uint32_t field);

/* ---- goods ---- */

void case_ship(case_desk *c, aft_id id, const char *waybill); /* approved first where it is asked for */
void case_approve(case_desk *c, aft_id id);                   /* where it is asked for */
void case_find(case_desk *c, aft_id id, aft_id line, const char *condition, int64_t n);
aft_status case_track(case_desk *c, const char *waybill, const char *ref, const char *status);

/* ---- what is seen ---- */

int64_t case_int(case_desk *c, aft_id id, uint32_t field);
void assert_case_text(case_desk *c, aft_id id, uint32_t field, const char *text);
/* How many requests of a topic a case made: its own and those of its legs. */
uint32_t case_requests(case_desk *c, aft_id id, const char *topic);
/* The payload of the last request of a topic that a case made itself; to be freed. Fails where there is none.
 */
char *case_payload(case_desk *c, aft_id id, const char *topic);
uint32_t case_parts(case_desk *c, aft_id id, uint32_t kind);
uint32_t case_count(case_desk *c);
uint32_t case_refusals(case_desk *c);
/* Order, lines, payments, parcels, cases and all that belongs to them, as JSON. The caller frees it. */
char *case_picture(case_desk *c);
/* The parts of it: the order's own, and those of one case. */
char *case_order_picture(case_desk *c);
char *case_picture_of(case_desk *c, aft_id id);
aft_cursor *case_all(case_desk *c); /* the order's cases */

/* ---- doing, with the status to look at ---- */

aft_status case_attempt(case_desk *c, const aft_call *as, aft_case_act_in *in);
/* A photo of these bytes. */
aft_id case_photo(case_desk *c, const aft_call *as, aft_id id, const char *of);
aft_call case_arbiter(const case_desk *c);

/* Files with what the fields say; fails where it is refused. */
aft_id case_file_in(case_desk *c, const aft_call *as, aft_case_in *in);
aft_status case_file_try(case_desk *c, const aft_call *as, const char *kind, const char *reason, aft_id line,
                         int64_t n);

#endif
