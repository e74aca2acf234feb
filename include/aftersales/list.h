/* Lists of tickets, customers and orders: by what they are, in any useful order, page by page. */
#ifndef AFTERSALES_LIST_H
#define AFTERSALES_LIST_H

#include <aftersales/actor.h>
#include <aftersales/record.h>
#include <aftersales/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The order of a list. */
#define AFT_BY_UPDATED   1u /* what changed last comes first; tickets alone */
#define AFT_BY_CREATED   2u /* the newest first */
#define AFT_BY_URGENCY   3u /* as the inbox: by their places. Tickets in work alone */
#define AFT_BY_ATTRIBUTE 4u /* by the value of the filter's attribute, the least first; not for texts */

/* How far tickets have come. */
#define AFT_OPEN_WORK  1u /* work is going on */
#define AFT_OPEN_REST  2u /* resolved: may come back */
#define AFT_OPEN_ENDED 3u /* at an end */

/*
 * Which tickets. What is zero or absent is not asked for; everything given must hold.
 */
typedef struct aft_ticket_filter {
  size_t size;
  aft_id shop; /* 0: all shops that the actor may see */
  aft_id customer;
  aft_id order;
  aft_id assignee;
  uint32_t unassigned; /* 1: nobody has it */
  uint32_t open;       /* AFT_OPEN_…; with a queue or AFT_BY_URGENCY, 0 means AFT_OPEN_WORK */
  aft_str queue, state, category, priority, channel; /* names, as the policy has them */
  aft_str tag;
  aft_str attribute;    /* name of an indexed attribute; alone: any value */
  aft_str text;         /* its value: of a text, choice or date */
  aft_str from, to;     /* of a date: from this day to that, both included */
  const int64_t *least; /* of a number, flag or time: bounds, both included; NULL for none */
  const int64_t *most;
  uint32_t by;      /* AFT_BY_…; 0: AFT_BY_UPDATED */
  uint32_t reverse; /* 1: the other way round */
  aft_str token;    /* of aft_cursor_token: go on after that record */
} aft_ticket_filter;

/*
 * Lists tickets. A buyer's call lists theirs, and asks for nothing but shop, order,
 * state and open.
 *
 * in: NULL for all.
 * out: receives a cursor over AFT_KIND_TICKET that the caller frees with aft_cursor_free.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>; AFT_E_INVALID names what the policy does not have.
 * Since: 0.1
 */
AFT_API aft_status aft_ticket_list(aft_session *session, const aft_call *call, const aft_ticket_filter *in,
                                   aft_cursor **out, aft_error *error);

/*
 * Which customers; see aft_ticket_filter.
 */
typedef struct aft_customer_filter {
  size_t size;
  aft_str tier;
  aft_str tag;
  aft_str attribute, text, from, to;
  const int64_t *least, *most;
  uint32_t by; /* AFT_BY_CREATED (default) or AFT_BY_ATTRIBUTE */
  uint32_t reverse;
  aft_str token;
} aft_customer_filter;

/*
 * Lists customers. Not for buyers.
 *
 * in: NULL for all.
 * out: receives a cursor over AFT_KIND_CUSTOMER that the caller frees with aft_cursor_free.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>; AFT_E_INVALID names what the policy does not have.
 * Since: 0.1
 */
AFT_API aft_status aft_customer_list(aft_session *session, const aft_call *call,
                                     const aft_customer_filter *in, aft_cursor **out, aft_error *error);

/*
 * Which orders; see aft_ticket_filter.
 */
typedef struct aft_order_filter {
  size_t size;
  aft_id shop;
  aft_id customer;
  aft_str status; /* the host's own */
  aft_str tag;
  aft_str attribute, text, from, to;
  const int64_t *least, *most;
  uint32_t by; /* AFT_BY_CREATED (default) or AFT_BY_ATTRIBUTE */
  uint32_t reverse;
  aft_str token;
} aft_order_filter;

/*
 * Lists orders. A buyer's call lists theirs, and asks for nothing but the shop.
 *
 * in: NULL for all.
 * out: receives a cursor over AFT_KIND_ORDER that the caller frees with aft_cursor_free.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>; AFT_E_INVALID names what the policy does not have.
 * Since: 0.1
 */
AFT_API aft_status aft_order_list(aft_session *session, const aft_call *call, const aft_order_filter *in,
                                  aft_cursor **out, aft_error *error);

#ifdef __cplusplus
}
#endif

#endif
