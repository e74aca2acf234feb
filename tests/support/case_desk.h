/* A desk with one order told in full, and short calls that file cases about it and move them. */
#ifndef CASE_DESK_H
#define CASE_DESK_H

#include "desk_fixture.h"

typedef struct case_desk {
  desk d;
  aft_id order, line[3], gift;
} case_desk;

/* Two articles (3 units for 300.00 and 1 for 99.99) and their freight (10.00), with a discount of 40.00 on
 * the whole, paid by card and balance, delivered a day ago. */
void case_desk_open(case_desk *c, desk_kind kind);
/* The same, not delivered yet; shipped or not. */
void case_desk_open_unshipped(case_desk *c, desk_kind kind, bool shipped);
/* The first, with an allocator that may fail once it is open. */
void case_desk_open_with(case_desk *c, desk_kind kind, const aft_alloc *alloc);
void case_desk_close(case_desk *c);

aft_id case_file(case_desk *c, const aft_call *as, const char *kind, const char *reason, aft_id line,
                 int64_t n);
aft_status case_try(case_desk *c, const aft_call *as, aft_id id, const char *event);
void case_act(case_desk *c, const aft_call *as, aft_id id, const char *event); /* which must be done */
void case_act_with(case_desk *c, const aft_call *as, aft_case_act_in *in);
void assert_case(case_desk *c, aft_id id, const char *state);
/* Confirms every leg that was sent to the buyer; how much that was. */
int64_t case_confirm_all(case_desk *c, aft_id id);
int64_t case_line(case_desk *c, aft_id id, uint32_t field); /* AFT_LINE_… */
aft_record *case_get(case_desk *c, aft_id id);

#endif
