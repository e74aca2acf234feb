/* Cases: returns, exchanges, refunds, repairs, claims and disputes, from filing to their end. */
#ifndef AFTERSALES_CASE_H
#define AFTERSALES_CASE_H

#include <aftersales/actor.h>
#include <aftersales/record.h>
#include <aftersales/store.h>
#include <aftersales/value.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Some units of one line of an order, and what an event says of them. Fields that it does not use stay zero.
 */
typedef struct aft_case_line_in {
  size_t size;
  aft_id line;         /* required */
  int64_t quantity;    /* units, from 1 */
  int64_t amount;      /* of money for these units, in minor units; 0: worked out */
  aft_str condition;   /* as claimed, or found: ok, opened, used, damaged, wrong, short, missing */
  aft_str disposition; /* of found units: restock, refurbish, scrap, return_to_buyer */
  aft_str wants;       /* article that is wanted in exchange; empty: the same */
  int64_t wants_price; /* its price for one unit, in minor units; 0: as the old one. A buyer does not say it:
                        * what a buyer wants has no price until the shop approves or counters */
  aft_str text;        /* of a finding: in the words of the inspector */
  aft_str serial; /* of the one unit, where it is known: one of those that were told with the line. Read at
                   * the filing alone: repairs of a unit count for that unit */
} aft_case_line_in;

/* What is filed. */
typedef struct aft_case_in {
  size_t size;
  aft_id order;   /* required */
  aft_str kind;   /* required: a case machine of the policy: return, exchange, refund … */
  aft_str reason; /* required: a reason of the policy */
  const aft_case_line_in *lines;
  size_t n_lines;        /* 0: every unit of the order that is free */
  aft_money amount;      /* what is asked for; currency "": what the policy works out */
  aft_str text;          /* in the words of who files */
  aft_str address;       /* where a replacement goes, or a visit takes place; never where goods go back to */
  aft_str route;         /* normal (default), advance, returnless, mail_in, on_site, part */
  aft_str fault;         /* of a repair: what it is about */
  aft_id customer;       /* for whom: the buyer (default), the payer or the recipient */
  aft_id ticket;         /* the ticket that it came from */
  aft_id parent;         /* the case that it disputes or follows */
  aft_str platform;      /* a marketplace that decides, with its own number: */
  aft_str external;      /* … which alone will do where the order says where it is from */
  aft_str freight;       /* who pays the return freight; empty: by reason and policy */
  int64_t freight_minor; /* what the way back costs, where that is known */
  uint32_t in_spite;     /* 1: staff file what the policy would refuse; the reasons are kept */
  uint32_t reserved0;
} aft_case_in;

/*
 * Files a case. The policy that governs the order says whether it may be (AFT_E_INELIGIBLE names the
 * clause), what is held, what the buyer gets and when; units are held in the same transaction.
 *
 * A marketplace decides what is filed with its number, and what AFT_ROLE_SYSTEM files of an order that is
 * from one (aft_order_facts_in.platform); a case that follows from another is the shop's. Another
 * marketplace than the order's is refused (case.platform).
 *
 * call: the order's buyer, payer or recipient; staff of the shop; the system.
 * out: NULL, or receives the case.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>; AFT_E_INELIGIBLE; AFT_E_CHECK where units are not free;
 *   AFT_E_CURRENCY; AFT_E_OVERFLOW.
 * Since: 0.1
 */
AFT_API aft_status aft_case_file(aft_session *session, const aft_call *call, const aft_case_in *in,
                                 aft_record **out, aft_error *error);

/*
 * Says what filing would come to, and changes nothing: verdict ("yes", "no", "person") with its reasons,
 * amounts by line, the movements of money, who pays the freight, evidence that is asked for, deadlines.
 *
 * locale: language of the reasons, "zh" or "en"; closed by NUL.
 * out: receives a JSON object that the caller frees with aft_buf_free.
 * Threads: the session's one.
 * Errors: those of aft_case_file, AFT_E_INELIGIBLE and AFT_E_CHECK apart, which are part of the answer.
 * Since: 0.1
 */
AFT_API aft_status aft_case_preview(aft_session *session, const aft_call *call, const aft_case_in *in,
                                    const char *locale, aft_buf **out, aft_error *error);

/* One event of a case. What it means, and who may cause it in which state, is the policy's machine. */
typedef struct aft_case_act_in {
  size_t size;
  aft_id case_id; /* required */
  int64_t rev;    /* the revision that was seen; 0: any. Another gives AFT_E_CONFLICT */
  aft_str event;  /* required: "approve", "counter", "ship", "inspect" … */
  /* Units that the event is about. Of a proposal: how many units of a line it is still about (0: none), and
   * the article; lines that it does not name stay as they are. Of an approval: prices that are still open. */
  const aft_case_line_in *lines;
  size_t n_lines;
  aft_money amount; /* of a proposal or quote; currency "": not given */
  aft_str kind;     /* of a proposal that is about another kind of case */
  aft_str reason;   /* as found or final, from staff: says who is liable and who pays the way back */
  aft_str liable;   /* who is liable for it all the same: buyer, seller, carrier, platform or a funder */
  aft_str freight;  /* of a proposal: who pays the return freight */
  aft_str address;  /* of a proposal or an approval. A buyer's, and that of an exchange, a reissue or a visit:
                     * as  in aft_case_in. Else, from staff: where the goods go back to; empty: the policy's
                     * place  for the case's route */
  aft_str text;
  aft_str carrier, waybill; /* of a parcel */
  int64_t freight_minor;    /* what the parcel costs. From a buyer only with a receipt among the evidence, and
                             * not where the seller pays a label that was asked for */
  aft_str verdict;          /* buyer, seller or shared */
  int64_t share;            /* of a shared verdict: the buyer's, in permille */
  aft_id proof;             /* evidence */
} aft_case_act_in;

/*
 * Causes an event. On a case that a marketplace decides it becomes an intent, which leaves through the
 * outbox and counts when the marketplace confirms it.
 *
 * out: NULL, or receives the case.
 * Returns: AFT_OK; AFT_IGNORED when the machine says that the event has no effect here.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>; AFT_E_TRANSITION names state and event and what would be possible;
 *   AFT_E_DENIED when the event is another actor's; AFT_E_CONFLICT; AFT_E_CHECK.
 * Since: 0.1
 */
AFT_API aft_status aft_case_act(aft_session *session, const aft_call *call, const aft_case_act_in *in,
                                aft_record **out, aft_error *error);

/*
 * Reads a case. Buyers read theirs: a recipient sees no amounts (they are 0).
 *
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>.
 * Since: 0.1
 */
AFT_API aft_status aft_case_get(aft_session *session, const aft_call *call, aft_id case_id, aft_record **out,
                                aft_error *error);

/*
 * Finds a case by the short code that people see, however it was typed.
 *
 * code, len: AFT_NTS allowed.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>.
 * Since: 0.1
 */
AFT_API aft_status aft_case_find(aft_session *session, const aft_call *call, const char *code, size_t len,
                                 aft_record **out, aft_error *error);

/* Which cases. What is zero or absent is not asked for; one of order, customer, parent and open at most. */
typedef struct aft_case_filter {
  size_t size;
  aft_id order;
  aft_id customer;
  aft_id parent; /* those that dispute or follow this one */
  aft_id shop;
  uint32_t open; /* AFT_OPEN_…: those in work come with the next deadline first */
  uint32_t reserved0;
  aft_str kind, state;
  aft_str token; /* of aft_cursor_token: go on after that record */
} aft_case_filter;

/*
 * Lists cases, the latest change first. A buyer's call lists theirs.
 *
 * in: NULL for all.
 * out: receives a cursor over AFT_KIND_CASE that the caller frees with aft_cursor_free.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>.
 * Since: 0.1
 */
AFT_API aft_status aft_case_list(aft_session *session, const aft_call *call, const aft_case_filter *in,
                                 aft_cursor **out, aft_error *error);

/*
 * Lists what belongs to a case, in the order in which it arose.
 *
 * kind: AFT_KIND_CASE_LINE, _PROPOSAL, _LEG, _FINDING, _PARCEL, _APPOINTMENT, _INVOICE, _MIRROR, _SIGNAL or
 *   _EVENT (the audit, after its chain of hashes was verified). The last three are not for buyers, nor legs
 *   for a recipient.
 * out: receives a cursor over that kind that the caller frees with aft_cursor_free.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>; AFT_E_CORRUPT names the event where the chain breaks.
 * Since: 0.1
 */
AFT_API aft_status aft_case_parts(aft_session *session, const aft_call *call, aft_id case_id, uint32_t kind,
                                  aft_cursor **out, aft_error *error);

/*
 * Replays the audit events of a case through the machines of its policy, and compares what they come to with
 * the records: its state, the units it holds, the states of its legs. Not for buyers.
 *
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>; AFT_E_CORRUPT names the first event or record that differs.
 * Since: 0.1
 */
AFT_API aft_status aft_case_verify(aft_session *session, const aft_call *call, aft_id case_id,
                                   aft_error *error);

/*
 * Says why a case is as it is, in sentences, one a line: eligibility, amounts, freight, risk, deadlines.
 *
 * about: "eligibility", "amount", "freight", "risk", "due", or NULL for all; closed by NUL.
 * locale: language of the sentences: "zh" or "en"; closed by NUL.
 * out: receives a buffer that the caller frees with aft_buf_free.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>. Not for buyers.
 * Since: 0.1
 */
AFT_API aft_status aft_case_explain(aft_session *session, const aft_call *call, aft_id case_id,
                                    const char *about, const char *locale, aft_buf **out, aft_error *error);

/*
 * What the caller can do with a case now: a JSON array, each with a label in the language asked for.
 *
 * - "event": an event for aft_case_act, with the state it leads to ("to") and the "inputs" it takes.
 * - "file": "dispute", where one can be filed about the case by aft_case_file: its "parent", a "reason", and
 *   the state that this case comes "to".
 * - "add": "evidence", while aft_evidence_begin takes some: whether it is "asked" for, the "kinds" that the
 *   reason needs, each with whether it is "missing", the "types" of file and the most "bytes" of the next.
 *
 * locale: "zh" or "en"; closed by NUL.
 * out: receives a buffer that the caller frees with aft_buf_free.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>.
 * Since: 0.1
 */
AFT_API aft_status aft_case_options(aft_session *session, const aft_call *call, aft_id case_id,
                                    const char *locale, aft_buf **out, aft_error *error);

/*
 * What can be filed for an order now: a JSON array of kinds, each with its verdict, reasons, lines, free
 * units and the movements of money. Of an order with several articles a kind stands there for all of them
 * together, and then for each alone, with the services that were sold for it and not performed.
 *
 * locale: "zh" or "en"; closed by NUL.
 * out: receives a buffer that the caller frees with aft_buf_free.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>.
 * Since: 0.1
 */
AFT_API aft_status aft_order_options(aft_session *session, const aft_call *call, aft_id order,
                                     const char *locale, aft_buf **out, aft_error *error);

/*
 * The story of a case in plain words: a JSON object with what happened and when, what is so now, what
 * happens next and until when, and for each refund its amount, where it arrives and when. A recipient sees
 * no money. Of a marketplace's case it has the status and how well its meaning is known: platform_certainty
 * is sure, likely, unsure or unknown, and platform_reading says it in words.
 *
 * locale: "zh" or "en"; closed by NUL.
 * out: receives a buffer that the caller frees with aft_buf_free.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>.
 * Since: 0.1
 */
AFT_API aft_status aft_case_timeline(aft_session *session, const aft_call *call, aft_id case_id,
                                     const char *locale, aft_buf **out, aft_error *error);

/*
 * What the messages of a ticket ask for, as cases that can be filed: a JSON array, each the answer of
 * aft_case_preview about all free units, and then about each article alone where the order has several. Empty
 * without an order.
 *
 * locale: "zh" or "en"; closed by NUL.
 * out: receives a buffer that the caller frees with aft_buf_free.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>.
 * Since: 0.1
 */
AFT_API aft_status aft_case_offers(aft_session *session, const aft_call *call, aft_id ticket,
                                   const char *locale, aft_buf **out, aft_error *error);

/* How a movement of money came out. */
#define AFT_SETTLE_CONFIRMED 1u
#define AFT_SETTLE_FAILED    2u
#define AFT_SETTLE_UNKNOWN   3u /* to be reconciled */

/* What a payment provider says of one leg. */
typedef struct aft_leg_in {
  size_t size;
  aft_id leg;       /* one of leg and number: */
  aft_str number;   /* by which the provider knows it */
  uint32_t outcome; /* AFT_SETTLE_…; required */
  uint32_t reserved0;
  aft_money amount;  /* confirmed; required for AFT_SETTLE_CONFIRMED */
  aft_str reference; /* the provider's own number */
  aft_str note;      /* why it failed */
  aft_id proof;      /* evidence of a payment outside of the provider */
} aft_leg_in;

/*
 * Takes in what came of a leg that was sent. A case becomes refunded here and nowhere else.
 *
 * out: NULL, or receives the leg.
 * Returns: AFT_OK; AFT_IGNORED for a callback that came before.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>; AFT_E_TRANSITION for a leg that was never sent; AFT_E_EXISTS when
 *   it was confirmed with another amount or reference; AFT_E_CURRENCY; AFT_E_INVALID for more than was
 *   asked for. AFT_ROLE_SYSTEM, or an agent of the shop with a proof.
 * Since: 0.1
 */
AFT_API aft_status aft_leg_settle(aft_session *session, const aft_call *call, const aft_leg_in *in,
                                  aft_record **out, aft_error *error);

/* What a carrier says of a parcel. */
typedef struct aft_track_in {
  size_t size;
  aft_id parcel;   /* one of parcel and waybill: */
  aft_str waybill; /* which must be of one parcel alone */
  aft_str ref;     /* the carrier's name for the event; required, unique in the parcel */
  aft_str status;  /* required: picked_up, in_transit, out_for_delivery, delivered, attempted, refused, lost,
                    * intercepted, intercept_failed, returned */
  aft_time at;     /* required: when it happened */
  aft_str text;    /* as the carrier puts it */
} aft_track_in;

/*
 * Takes in a tracking event. They may come twice, late and in any order.
 *
 * out: NULL, or receives the parcel.
 * Returns: AFT_OK; AFT_IGNORED for one that came before.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>. AFT_ROLE_SYSTEM, warehouse or an agent of the shop.
 * Since: 0.1
 */
AFT_API aft_status aft_parcel_track(aft_session *session, const aft_call *call, const aft_track_in *in,
                                    aft_record **out, aft_error *error);

/* What a marketplace says of a case of its own. */
typedef struct aft_mirror_in {
  size_t size;
  aft_id case_id;   /* one of case_id, and platform with external: */
  aft_str platform; /* taobao, jd, pinduoduo, douyin, wechat or the policy's own: the case's */
  aft_str external; /* its number of the case; with case_id it is noted where none was known */
  aft_str status;   /* required: its own word */
  int64_t version;  /* of the status; 0 for none */
  aft_time at;      /* when it happened; required */
  aft_time due;     /* its own deadline for the present status; 0 for none, also none from before */
  aft_money amount; /* what the buyer gets back; currency "": not told, what was told last holds */
} aft_mirror_in;

/*
 * Takes in a marketplace's status. What comes late or twice is kept and changes nothing: a version is newer
 * than every lower one; where this status has none, or none before it had one, it is newer when it happened
 * later than all before it. A status that the policy does not know is kept and shown, and so is one that
 * the case cannot come to by its machine (fate "refused"), for which people get a work order. They get one
 * too for a status whose meaning is unsure by the policy; where money would count as moved by it, it waits
 * (fate "waiting") for a surer one, or for the same told by an agent, whose word counts as sure.
 *
 * The case goes to what the status means by the machine's usual way: goods are sent before they come, and
 * come before they are paid for. Nothing is asked of the host. Money counts as moved when the case comes to
 * where it has: the amount that was told, or else what the case planned.
 *
 * out: NULL, or receives the case.
 * Returns: AFT_OK; AFT_IGNORED for what came late or twice.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>; AFT_E_INVALID for a case that the shop decides itself, for
 *   another platform or number than the case's, and for an amount above what the order's payments can give
 *   in this case or below what it has given; AFT_E_EXISTS for a number that another case has;
 *   AFT_E_CURRENCY.
 * Since: 0.1
 */
AFT_API aft_status aft_case_mirror(aft_session *session, const aft_call *call, const aft_mirror_in *in,
                                   aft_record **out, aft_error *error);

/* What became of the invoice that a case reverses. */
#define AFT_RED_BUYER_CONFIRMS 1u
#define AFT_RED_ISSUED         2u
#define AFT_RED_FAILED         3u

/* What the issuer of invoices says. */
typedef struct aft_invoice_in {
  size_t size;
  aft_id case_id;   /* required */
  uint32_t outcome; /* AFT_RED_…; required */
  uint32_t reserved0;
  aft_str red;    /* number of the reversing invoice */
  aft_str note;   /* why it failed */
  aft_id invoice; /* which of the case's; 0: the oldest that is not issued yet */
} aft_invoice_in;

/*
 * Takes in what came of a reversing invoice.
 *
 * out: NULL, or receives the invoice record.
 * Returns: AFT_OK; AFT_IGNORED for what came before.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>. AFT_ROLE_SYSTEM, or an agent of the shop.
 * Since: 0.1
 */
AFT_API aft_status aft_invoice_told(aft_session *session, const aft_call *call, const aft_invoice_in *in,
                                    aft_record **out, aft_error *error);

/* What happens to an appointment. */
#define AFT_BOOKING_BOOK    1u
#define AFT_BOOKING_KEPT    2u
#define AFT_BOOKING_NO_SHOW 3u
#define AFT_BOOKING_CANCEL  4u
#define AFT_BOOKING_REBOOK  5u

/* An appointment to book, or what became of one. */
typedef struct aft_appointment_in {
  size_t size;
  aft_id case_id;     /* to book one */
  aft_id appointment; /* for everything else */
  uint32_t act;       /* AFT_BOOKING_…; required */
  uint32_t reserved0;
  aft_str kind;          /* pickup, installation or visit */
  aft_time begins, ends; /* of the window, to book and rebook */
  aft_str address;
  aft_str text;
} aft_appointment_in;

/*
 * Books a time at which somebody comes, or says what became of it. A case has one visit of a kind booked at a
 * time; one that was missed is booked anew with AFT_BOOKING_REBOOK. Host and customer are told through the
 * outbox (appointment.booked, appointment.cancelled, and a text); a window that passes without word is asked
 * after; the end of the case cancels what is booked.
 *
 * out: NULL, or receives the appointment.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>; AFT_E_EXISTS where a visit of the kind is booked already;
 *   AFT_E_TRANSITION for an appointment or a case that is over.
 * Since: 0.1
 */
AFT_API aft_status aft_appointment_put(aft_session *session, const aft_call *call,
                                       const aft_appointment_in *in, aft_record **out, aft_error *error);

/* What is to become of units that an inspection found. */
typedef struct aft_finding_in {
  size_t size;
  aft_id finding;      /* required: see aft_case_parts */
  int64_t quantity;    /* of its units; 0: all */
  aft_str disposition; /* required: restock, refurbish, scrap, return_to_buyer */
  aft_str text;        /* why */
} aft_finding_in;

/*
 * Decides anew what becomes of units, also when their case has ended: what was to be repaired can be sold
 * after all. Fewer units than were found become a finding of their own. Where the units are does not change:
 * they go back to the buyer by the event that says so.
 *
 * out: NULL, or receives the finding with the new disposition.
 * Returns: AFT_OK; AFT_IGNORED when it is so already.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>; AFT_E_CHECK for more units than were found; AFT_E_TRANSITION for
 *   units that never came. AFT_ROLE_SYSTEM, warehouse or an agent of the shop.
 * Since: 0.1
 */
AFT_API aft_status aft_finding_dispose(aft_session *session, const aft_call *call, const aft_finding_in *in,
                                       aft_record **out, aft_error *error);

/*
 * Puts a case with its evidence on legal hold, or takes it off: retention removes nothing of it.
 *
 * hold: 1 or 0.
 * reason: closed by NUL; required to hold.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>. Not for buyers.
 * Since: 0.1
 */
AFT_API aft_status aft_case_hold(aft_session *session, const aft_call *call, aft_id case_id, uint32_t hold,
                                 const char *reason, aft_error *error);

#ifdef __cplusplus
}
#endif

#endif
