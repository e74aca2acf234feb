/* What a policy says of cases: facts in, decisions out. No store and no clock. */
#ifndef AFT_POLICY_CASES_H
#define AFT_POLICY_CASES_H

#include "policy/policy.h"

/* Texts of all results belong to the policy. A policy without the section `cases` leaves everything to a
 * person, knows no reasons and no money rules but the safe ones that are told below. */

bool aft__policy_has_cases(const aft_policy *policy);

/* ---- eligibility.c: may it be filed, until when, and who pays the way back ---- */

typedef enum aft__decision {
  AFT__DECISION_NO,
  AFT__DECISION_PERSON,
  AFT__DECISION_YES,
  AFT__DECISIONS
} aft__decision;
extern const char *const aft__decisions[AFT__DECISIONS + 1]; /* "no", "person", "yes" */

typedef struct aft__eligible_in {
  aft_str kind, reason;                 /* of the case */
  const aft__facts *facts;              /* kind, reason, liable and in_window are filled in by the policy */
  aft_time ordered, shipped, delivered; /* AFT_TIME_NONE: not known, or not yet */
  aft_time now;                         /* when it is filed */
  int32_t offset_minutes;               /* of the buyer's zone from UTC: days end there */
  aft_str platform;                     /* empty: as the facts say */
} aft__eligible_in;

#define AFT__MOST_REQUIRED 8u

typedef struct aft__eligible {
  aft__decision verdict;
  aft_str clause; /* what decided: a clause of `decide`, or "open", "window", "excluded", "reason", "none" */
  aft_str window; /* the one that ends last, or that ended last; empty without any */
  aft_str source; /* of it: law, platform, shop */
  aft_str law;    /* that it or the exception rests on; may be empty */
  aft_str exception;     /* that takes it out of every window there would be; empty: none does */
  bool in_window;        /* one is open, or the kind needs none */
  bool statutory;        /* one that law gives is open */
  aft_time ends;         /* its last millisecond; AFT_TIME_NONE: it has not begun, or there is none */
  aft_str liable;        /* buyer, seller, carrier or platform */
  aft_str freight;       /* who pays the way back: buyer, seller or platform */
  aft_time refund_by;    /* the earliest that an open window demands; AFT_TIME_NONE: none */
  aft_str refund_window; /* the strictest open one whose clock begins when the goods are back; may be empty */
  aft_str required[AFT__MOST_REQUIRED]; /* evidence that the reason asks for */
  uint32_t n_required;
} aft__eligible;

/* reasons (NULL allowed) gets lines about "eligibility", "freight" and "due". */
void aft__policy_eligible(const aft_policy *policy, const aft__eligible_in *in, aft__eligible *out,
                          aft__buf *reasons);

/* By when a window demands the refund whose clock began at from; AFT_TIME_NONE where the policy lacks it. */
aft_time aft__policy_refund_by(const aft_policy *policy, aft_str window, aft_time from,
                               int32_t offset_minutes);

typedef struct aft__reason_info {
  aft_str name, liable;
  aft_str required[AFT__MOST_REQUIRED]; /* kinds of evidence: photo, video … */
  uint32_t n_required;
  bool undelivered; /* units that have not arrived are at issue first */
} aft__reason_info;
/* False where the policy has no such reason, or has it for other kinds than this (empty: any). */
bool aft__policy_reason(const aft_policy *policy, aft_str name, aft_str kind, aft__reason_info *out);
/* The reasons of the policy by number, from 0; empty past the last. */
aft_str aft__policy_reason_at(const aft_policy *policy, uint32_t index);
/* A reason that this kind of case alone takes; else the first that it takes. */
aft_str aft__policy_own_reason(const aft_policy *policy, aft_str kind);

/* ---- case_rules.c ---- */

/* Whether a season makes a stage of a case last longer, which one and by how much. */
typedef struct aft__season {
  aft_str name;
  int64_t by_ms;
} aft__season;
bool aft__policy_season(const aft_policy *policy, aft_str kind, aft_str state, aft__season *out);
bool aft__policy_has_season(const aft_policy *policy);

/* So long before a case's refund_by people are warned; 0: they are not. */
int64_t aft__policy_refund_warning(const aft_policy *policy);

typedef struct aft__rule_flags {
  aft_str rule; /* the first that holds; empty without one */
  bool auto_ok, advance_ok, returnless_ok;
} aft__rule_flags;
void aft__policy_rules(const aft_policy *policy, const aft__facts *facts, aft__rule_flags *out);

typedef enum aft__extra_rule { /* of points spent and of gifts kept */
  AFT__EXTRA_DEDUCT,
  AFT__EXTRA_PERSON,
  AFT__EXTRA_IGNORE,
  AFT__EXTRAS
} aft__extra_rule;
extern const char *const aft__extra_rules[AFT__EXTRAS + 1];

#define AFT__MOST_INSTRUMENTS 16u

typedef enum aft__give { /* of the freight out and the duties of an order */
  AFT__GIVE_NONE,
  AFT__GIVE_ALL,   /* with the last of the goods */
  AFT__GIVE_SHARE, /* with every part of the goods, by their price */
  AFT__GIVES
} aft__give;
extern const char *const aft__gives[AFT__GIVES + 1];

typedef struct aft__money_rules {
  aft_str instruments[AFT__MOST_INSTRUMENTS]; /* the order in which payments are refunded */
  uint32_t n_instruments;
  aft_str release;                 /* approval, pickup, delivery or inspection */
  aft_str compensation_instrument; /* "store_credit" */
  int32_t restocking;              /* permille of the goods' price, the first rule that holds */
  aft__give freight_out, duty_out; /* what is given back of the way to the buyer, and of duties */
  int64_t freight_most;            /* minor units of the currency asked for; -1: no limit */
  int64_t reconcile_ms;            /* how long a leg may be under way before the provider is asked */
  uint32_t retries;
  bool coupon_full; /* a coupon comes back when everything does */
  bool coupon_part; /* and its share when a part does */
  aft__extra_rule points_spent, gift_kept;
} aft__money_rules;
/* Safe ones without a section: release after inspection, points and gifts for a person. */
void aft__policy_case_money(const aft_policy *policy, const aft__facts *facts, aft_str currency,
                            aft__money_rules *out);

/* How much a funder may give for an order of this currency of which so much is paid. False: nothing. */
bool aft__policy_ceiling(const aft_policy *policy, aft_str funder, aft_str currency, int64_t paid,
                         int64_t *out);
/* When money sent at a moment should have arrived; AFT_TIME_NONE where the policy does not say. */
aft_time aft__policy_arrival(const aft_policy *policy, aft_str instrument, aft_time from,
                             int32_t offset_minutes);
/* Who takes over the way back that would be the buyer's; empty where no rule of the policy says so. */
aft_str aft__policy_freight_back(const aft_policy *policy, const aft__facts *facts);
/* Whether money waits for the invoice that takes the old one back. */
bool aft__policy_papers_first(const aft_policy *policy, const aft__facts *facts);
int64_t aft__policy_counter_rounds(const aft_policy *policy);
/* How often the buyer may change what is asked for. */
int64_t aft__policy_amendments(const aft_policy *policy);

#define AFT__MOST_TYPES 16u
typedef struct aft__evidence_limits {
  int64_t most_bytes, most_pieces;
  int64_t quota_bytes;            /* of all pieces of a case */
  int64_t retention_ms;           /* after the case's end */
  aft_str types[AFT__MOST_TYPES]; /* media types; none: any */
  uint32_t n_types;
} aft__evidence_limits;
void aft__policy_evidence_limits(const aft_policy *policy, aft__evidence_limits *out);

/* From how many on it is a signal; 0: never. */
typedef struct aft__risk_rule {
  int64_t cases, within_ms;
} aft__risk_rule;
typedef struct aft__risk_rules {
  aft__risk_rule serial_returner, empty_box, reason_drift;
  int64_t waybill_reuse, evidence_reuse;
} aft__risk_rules;
void aft__policy_risk(const aft_policy *policy, aft__risk_rules *out);

int64_t aft__policy_link_lifetime(const aft_policy *policy); /* milliseconds */
typedef struct aft__offer {
  aft_str name, kind, reason;
} aft__offer;
/* What may be offered with a ticket, by number, from 0: the next offer at or after *index whose condition
 * holds; *index is moved behind it. False past the last. */
bool aft__policy_offer(const aft_policy *policy, const aft__facts *facts, uint32_t *index, aft__offer *out);

/* Where goods of a route go back to; empty: the shop's own. */
aft_str aft__policy_address(const aft_policy *policy, aft_str route);

typedef struct aft__platform_state {
  aft_str kind; /* empty: it keeps its kind */
  aft_str state;
  aft_str certainty; /* sure, likely or unsure */
} aft__platform_state;
/* What a marketplace's own word means for a case of a kind; false for one that the policy does not list. A
 * line for this kind goes before one for all. */
bool aft__policy_platform_status(const aft_policy *policy, aft_str platform, aft_str status, aft_str kind,
                                 aft__platform_state *out);

/* ---- windows.c: spans of days as law counts them ---- */

typedef enum aft__span_unit {
  AFT__SPAN_HOURS,
  AFT__SPAN_DAYS,
  AFT__SPAN_MONTHS,
  AFT__SPAN_BUSINESS, /* Monday to Friday */
  AFT__SPAN_UNITS
} aft__span_unit;

#define AFT__SPAN_MOST 100000u

/* "48h", "7d", "2w", "12mo", "5bd"; false for anything else. */
bool aft__span_parse(aft_str text, uint32_t *n, aft__span_unit *unit);
/* The last millisecond of a span that begins with a moment. Hours run from that moment; days, months and
 * business days end with the last of them where the offset is, the first being the day of the moment or,
 * where include is false, the one after. shift: an end on a weekend moves to Monday. */
aft_time aft__span_end(aft_time from, uint32_t n, aft__span_unit unit, bool include, bool shift,
                       int32_t offset_minutes);

#endif
