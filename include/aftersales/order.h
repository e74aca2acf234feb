/* Orders in full: lines, discounts, payments and parcels, as the host tells them. */
#ifndef AFTERSALES_ORDER_H
#define AFTERSALES_ORDER_H

#include <aftersales/actor.h>
#include <aftersales/record.h>
#include <aftersales/store.h>
#include <aftersales/value.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One line. Told again it may change what describes it; what was paid, and how many units there are, not once
 * a case is about it. */
typedef struct aft_order_line_in {
  size_t size;
  aft_str ref;            /* required: the host's name for the line, unique in the order */
  aft_str sku;            /* the article; default: ref */
  aft_str title;          /* what people see; default: sku */
  aft_str category;       /* of the article: what eligibility asks for */
  aft_str nature;         /* physical (default), digital, voucher, service, fresh, freight or duty */
  int64_t quantity;       /* units, from 1; of freight and duty: 1 */
  int64_t price;          /* of all its units before discounts, in minor units */
  int64_t paid;           /* of all its units, tax included; 0: the price less its discounts */
  int64_t tax;            /* the tax in what was paid */
  aft_str relation;       /* gift_of, part_of (a kit), service_for, trade_in_of or replaces; docs/cases.md */
  aft_str related;        /* ref of that line of the same order */
  uint32_t final_sale;    /* 1: it was sold as final */
  uint32_t hygiene;       /* 1: opened it cannot be sold again */
  uint32_t made_to_order; /* 1: it was made for this buyer */
  uint32_t reserved0;
  aft_str serials; /* serial numbers of its units, separated by spaces */
  aft_time warranty_until;
  aft_str customs; /* tariff code under which it was imported */
} aft_order_line_in;

/* A discount on one line, or on the whole order: then over the goods that are known when it is first told, by
 * the largest remainder. Once told, it is fixed. */
typedef struct aft_order_share_in {
  size_t size;
  aft_str ref;    /* required: the host's name for the discount */
  aft_str kind;   /* discount (default) or coupon */
  aft_str funder; /* who bears it: seller (default), platform or another of the policy's */
  aft_str line;   /* ref of its line; empty: apportioned by price over the order's goods */
  int64_t amount; /* in minor units */
} aft_order_share_in;

/* A payment. Told again it may have captured more, never less. */
typedef struct aft_order_payment_in {
  size_t size;
  aft_str ref;           /* required: the host's name for the payment, unique in the tenant */
  aft_str purpose;       /* full (default), deposit, balance, freight, tax or difference */
  aft_str instrument;    /* required: card, alipay, wechat, balance, points, store_credit, transfer … */
  aft_str account;       /* where a refund arrives, masked */
  aft_money captured;    /* in the order's currency */
  int64_t most_refunds;  /* how many refunds its provider allows; 0: any number */
  aft_time refund_until; /* until when its provider allows them; 0: for ever */
  aft_time paid;         /* when it was paid; 0: not known */
} aft_order_payment_in;

/* Units of a line in a parcel. */
typedef struct aft_order_item_in {
  size_t size;
  aft_str line;     /* required: ref of the line */
  int64_t quantity; /* units, from 1 */
} aft_order_item_in;

/* A parcel on its way to the recipient. Its items are fixed when it is first told. */
typedef struct aft_order_parcel_in {
  size_t size;
  aft_str ref; /* required: the host's name for the parcel, unique in the order */
  aft_str carrier, waybill;
  aft_str
      state; /* announced, in_transit, delivered, lost, intercepted, refused or void; empty: by the times */
  aft_time shipped;   /* 0: not yet */
  aft_time delivered; /* 0: not yet */
  uint32_t insured;   /* 1 where its freight is insured */
  uint32_t reserved0;
  aft_str address;
  const aft_order_item_in *items;
  size_t n_items;
} aft_order_parcel_in;

/* An order. Texts and times that are not given stay as they are. */
typedef struct aft_order_facts_in {
  size_t size;
  aft_id shop;          /* required */
  aft_id customer;      /* required: the buyer */
  aft_id payer;         /* who paid, to whom refunds go; 0: the buyer */
  aft_id recipient;     /* who gets the goods, and may file without seeing prices; 0: the buyer */
  aft_str number;       /* required: the shop's order number, unique in the shop */
  aft_str status;       /* the host's own: "paid", "shipped" … */
  aft_str currency;     /* required: ISO 4217 code of every amount */
  aft_time placed;      /* 0 when not given */
  aft_str jurisdiction; /* country whose consumer law governs, ISO 3166: CN, DE, GB … */
  aft_str zone;         /* IANA time zone of the buyer, for windows counted in days */
  aft_str invoice;      /* number of its invoice */
  aft_str platform;     /* the marketplace that decides its cases */
  int64_t earned;       /* loyalty points that the buyer earned with it */
  int64_t earned_spent; /* of these: already spent */
  int64_t earned_value; /* what the earned points are worth together, in minor units */
  const aft_order_line_in *lines;
  size_t n_lines; /* at most 200 in all */
  const aft_order_share_in *shares;
  size_t n_shares; /* at most 400 */
  const aft_order_payment_in *payments;
  size_t n_payments; /* at most 50 in all */
  const aft_order_parcel_in *parcels;
  size_t n_parcels; /* at most 200 in all */
} aft_order_facts_in;

/*
 * Tells an order, or what is new about it. However often and in whatever order the same facts are told, the
 * order ends the same: lines, discounts, payments and parcels are known by their refs, and a parcel's units
 * arrive once. What is not told stays. The first telling fixes the policy that governs the order: the
 * tenant's current one.
 *
 * out: NULL, or receives the order.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>; AFT_E_CURRENCY; AFT_E_ZONE; AFT_E_OVERFLOW; AFT_E_EXISTS (a number or
 *   ref is another's); AFT_E_CHECK (below what is used already). The place names the field:
 *   "order.lines[2].quantity". AFT_ROLE_SYSTEM, or an agent of the shop.
 * Since: 0.1
 */
AFT_API aft_status aft_order_tell(aft_session *session, const aft_call *call, const aft_order_facts_in *in,
                                  aft_record **out, aft_error *error);

/*
 * Reads an order. Staff of its shop; buyers those that they bought, paid or receive: a recipient sees no
 * amounts.
 *
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>.
 * Since: 0.1
 */
AFT_API aft_status aft_order_get(aft_session *session, const aft_call *call, aft_id order, aft_record **out,
                                 aft_error *error);

/*
 * Lists the lines of an order. A recipient sees price, what was paid, tax and refunds as 0.
 *
 * out: receives a cursor that the caller frees with aft_cursor_free.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>.
 * Since: 0.1
 */
AFT_API aft_status aft_line_list(aft_session *session, const aft_call *call, aft_id order, aft_cursor **out,
                                 aft_error *error);

/*
 * Lists the payments of an order. A recipient sees none.
 *
 * out: receives a cursor that the caller frees with aft_cursor_free.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>.
 * Since: 0.1
 */
AFT_API aft_status aft_payment_list(aft_session *session, const aft_call *call, aft_id order,
                                    aft_cursor **out, aft_error *error);

/*
 * Lists the parcels of an order, those of its cases included.
 *
 * out: receives a cursor that the caller frees with aft_cursor_free.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>.
 * Since: 0.1
 */
AFT_API aft_status aft_parcel_list(aft_session *session, const aft_call *call, aft_id order, aft_cursor **out,
                                   aft_error *error);

/* What a bank took back. */
typedef struct aft_reversal_in {
  size_t size;
  aft_str payment;   /* required: the payment's ref */
  aft_str reference; /* required: the provider's name for the chargeback */
  aft_money amount;  /* in the payment's currency, above 0 */
} aft_reversal_in;

/*
 * Tells that a bank took money of a payment back. What is left of the payment is reversed, and refunds that
 * were planned from it and not sent are frozen; what goes beyond is kept as overdrawn. Open cases of the
 * order learn of it.
 *
 * out: NULL, or receives the payment.
 * Returns: AFT_OK; AFT_IGNORED when this reference was told before.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>; AFT_E_CURRENCY; AFT_E_OVERFLOW; AFT_E_EXISTS (the reference was told
 *   with another amount). AFT_ROLE_SYSTEM, or an agent of the shop.
 * Since: 0.1
 */
AFT_API aft_status aft_payment_reverse(aft_session *session, const aft_call *call, const aft_reversal_in *in,
                                       aft_record **out, aft_error *error);

#ifdef __cplusplus
}
#endif

#endif
