/* A case as services change it: its row, its lines, its units and its money. */
#ifndef AFT_CASE_PRIV_H
#define AFT_CASE_PRIV_H

#include "desk/order/order_priv.h"

#include <aftersales/case.h>

#define AFT__MOST_CASE_LINES 200u
#define AFT__MOST_LEGS       200u

/* One line of a case with the line of the order behind it. */
typedef struct aft__case_line {
  aft__value *row;  /* of case_line */
  aft__value *line; /* of line */
  uint64_t mask, line_mask;
  bool fresh;
  int64_t asks;   /* of money, where the line itself asks for some */
  int64_t share;  /* of freight or duty: what of it rests on the goods of the case */
  uint32_t index; /* among the lines that were handed in */
} aft__case_line;

typedef struct aft__leg {
  aft__value *row;
  uint64_t mask;
  bool fresh;
} aft__leg;

/* A payment or a fund whose totals a case changes. */
typedef struct aft__pot {
  const aft__table *table;
  aft__value *row;
  uint64_t mask;
  bool fresh;
} aft__pot;

/* What an event brings with it; every field checked and bounded. */
typedef struct aft__case_input {
  aft_case_line_in *lines;
  size_t n_lines;
  aft_money amount;
  aft_str kind, reason, liable, freight, address, text, carrier, waybill, verdict;
  int64_t freight_minor, share;
  aft_id proof;
} aft__case_input;

/* What an event did to some units or to a leg. */
typedef struct aft__moved {
  aft_id id;             /* of the line or leg */
  const char *from, *to; /* places, or states */
  int64_t n;             /* units, or minor units */
} aft__moved;

#define AFT__MOST_PENDING 8u

typedef struct aft__case {
  aft__cmd *cmd;
  aft__value *row;
  aft__value *order;     /* row */
  aft_policy *policy;    /* that governs it; owned */
  const aft__flow *flow; /* of its kind */
  uint64_t mask;
  bool fresh;
  bool needs_person;       /* the policy leaves it to a person */
  bool vouched;            /* it follows from a case that the shop agreed to: nothing is left to prove */
  bool gift_kept;          /* as judged when it is filed */
  bool parcels_seen;       /* the three below are known */
  bool insured;            /* a parcel of the order has its return insured */
  bool scanned;            /* a carrier has seen a parcel of the case on its way back */
  aft_time shipped;        /* when the first parcel of the order left; AFT_TIME_NONE */
  bool mirrored;           /* a marketplace's status is taken over: money and goods are its affair */
  const aft_money *stated; /* what it says that the buyer gets; NULL: it never said */
  aft__case_line *lines;
  uint32_t n_lines;
  aft__leg *legs; /* loaded when first needed */
  uint32_t n_legs;
  bool legs_loaded;
  aft__pot *pots; /* likewise: the order's payments and funds */
  uint32_t n_pots;
  bool pots_loaded;
  aft__season season; /* that made the stage last longer which the event under way begins; by_ms 0: none */
  aft__chain chain;
  aft__buf reasons;
  aft__buf moved;          /* aft__moved of the event under way */
  const aft__value *visit; /* row of the appointment that a text is about; NULL: none */
  aft_str missing;         /* evidence that a text asks for, in words */
  const aft__case_input *in;
  uint32_t role;                          /* in whose name the event under way is */
  const char *pending[AFT__MOST_PENDING]; /* events that follow from what was done */
  uint32_t n_pending;
} aft__case;

/* ---- case.c ---- */

aft_status aft__case_load(aft__cmd *cmd, aft_id id, aft__case *c, aft_error *error);
/* Without order, policy and lines: enough to set columns, to note an event and to save. */
aft_status aft__case_load_row(aft__cmd *cmd, aft_id id, aft__case *c, aft_error *error);
/* A new one about an order, in its machine's first state; nothing is written before it is saved. */
aft_status aft__case_start(aft__cmd *cmd, aft__value *order, aft_str kind, aft__case *c, aft_error *error);
aft_status aft__case_save(aft__case *c, aft_error *error);
void aft__case_done(aft__case *c);

void aft__case_set(aft__case *c, uint32_t column, aft__value value);
static inline int64_t aft__case_int(const aft__case *c, uint32_t column) { return c->row[column].number; }
static inline aft_str aft__case_str(const aft__case *c, uint32_t column) {
  return aft__value_str(&c->row[column]);
}
static inline aft_id aft__case_id(const aft__case *c) { return c->row[AFT__CASE_ID].number; }
static inline bool aft__case_is(const aft__case *c, uint32_t column, const char *text) {
  return aft__str_eq(aft__case_str(c, column), aft__cstr(text));
}
/* The machine of a kind; AFT_E_INVALID where the policy has no such case machine. */
aft_status aft__case_machine(const aft_policy *policy, aft_str kind, const aft__flow **out, aft_error *error);
/* An event of the chain that is none of the machine's. */
aft_status aft__case_note(aft__case *c, const char *verb, aft_str facts, aft_str personal, aft_error *error);
aft_status aft__case_audit(aft__case *c, aft__event *event, aft_error *error);

/* ---- case_access.c ---- */

/* Staff of the shop; the order's buyer, payer and recipient. */
aft_status aft__may_case(aft__cmd *cmd, const aft__value *row, aft_error *error);
aft_status aft__may_file(aft__cmd *cmd, const aft__value *order, aft_id customer, aft_error *error);
/* A recipient sees a case without amounts. */
aft_status aft__case_hide(aft__cmd *cmd, aft__value *row, aft_error *error);
/* The same for a list that is read for list->actor. */
aft_status aft__case_list_hide(aft__tx *tx, const aft__list *list, aft__value *row, aft_error *error);

/* ---- case_facts.c ---- */

aft_status aft__case_facts(aft__case *c, aft__facts *facts, aft_error *error);

/* ---- case_judge.c: what the governing policy makes of a case ---- */

/* The facts that are decisions of the policy themselves: in_window, proven, auto_ok, advance_ok … */
aft_status aft__case_rules(aft__case *c, aft__facts *facts, aft_error *error);
/* Whether it may be filed: reasons, freight and liability are set. AFT_E_INELIGIBLE. */
aft_status aft__case_judge(aft__case *c, const aft_case_in *in, aft_error *error);
/* Keeps the exception by which it is contested: that which the condition of the goods brings, as the event
 * under way tells it. One that was known at the filing stands. */
aft_status aft__case_exclude(aft__case *c, aft_error *error);
/* Whether the buyer could have filed it as one of another kind: AFT_E_INELIGIBLE. Nothing of it is changed.
 */
aft_status aft__case_may_become(aft__case *c, aft_str kind, aft_error *error);
/* What the policy makes of a marketplace's status; false for one that it does not know. */
bool aft__case_platform_state(const aft__case *c, aft_str status, aft__platform_state *out);
aft_status aft__case_reason_check(const aft__case *c, aft_str reason, aft_error *error);
/* Who answers for a reason, by the policy as at the filing. */
typedef struct aft__bearer {
  aft_str liable;  /* empty: the policy does not say */
  aft_str freight; /* who pays the way back */
} aft__bearer;
aft_status aft__case_bearer(aft__case *c, aft_str reason, aft__bearer *out, aft_error *error);
/* AFT_E_CHECK where units of it are not free. */
aft_status aft__case_free_check(aft__case *c, aft_error *error);
/* Says of a line why the case cannot be, before all other reasons. free: units of it that are. */
void aft__case_refuse_line(aft__case *c, const aft__case_line *l, const char *key, int64_t free);
/* Whether a parcel has units of the case's goods; one that was told without its items may. */
aft_status aft__parcel_has(aft__case *c, const aft__value *parcel, bool *out, aft_error *error);

/* ---- case_found.c ---- */

/* Reason and liability that staff say with an event; the payer of the way back follows. */
aft_status aft__case_find(aft__case *c, const aft__case_input *in, aft_error *error);
/* The way back falls to whom the found reason leaves it, where it fell to whom the claimed one left it: what
 * people named otherwise stays. */
aft_status aft__case_freight_by(aft__case *c, aft_str claimed, aft_str found, aft__bearer *out,
                                aft_error *error);
/* AFT_E_INVALID for one that neither reasons nor funds of the policy know; empty is none. */
aft_status aft__case_party_check(const aft__case *c, aft_str word, const char *where, aft_error *error);

/* ---- case_kit.c ---- */

/* Whether a filing that names a line means this one: the line itself, or a part of the kit that it is. */
bool aft__line_is_named(const aft__value *line, aft_id named);
/* rows: the lines of the order. */
aft_status aft__case_name_kit(aft__case *c, aft__value **rows, uint32_t n, const aft__value *kit,
                              const aft_case_line_in *in, size_t index, aft_error *error);

/* ---- case_service.c ---- */

bool aft__line_is_service_for(const aft__value *service, aft_id article);
/* Whether a line goes back with the goods of the case, without a way of its own: freight, duties, and a
 * service for one of them that was not performed. */
bool aft__goes_along(const aft__case *c, const aft__case_line *l);
/* What is left of the services that were sold for an article; how many lines. */
size_t aft__services_of(aft__value **rows, uint32_t n, aft_id article, aft_case_line_in *out, size_t most);

/* ---- case_extras.c: freight and duty that rest on goods ---- */

/* Freight, duty, or a kit: not goods by itself. */
bool aft__line_is_extra(const aft__value *line);
/* What of them the case as filed gives back; rows: the lines of the order. */
aft_status aft__case_add_extras(aft__case *c, aft__value **rows, uint32_t n, aft_error *error);
/* The rest of them goes with the last goods; before their price is planned. */
aft_status aft__extras_close(aft__case *c, aft_error *error);
int64_t aft__extra_due(const aft__case *c, const aft__case_line *l);

/* ---- case_deduct.c ---- */

/* Lowers the amounts by what is kept: restocking, a gift that stays, points that were spent. */
aft_status aft__case_deduct(aft__case *c, aft_error *error);

/* ---- case_preview.c ---- */

/* Adds what filing would come to, as JSON objects: for the whole order, and for each of its articles. */
aft_status aft__case_choices_on(aft__cmd *cmd, const aft_case_in *in, const char *locale, aft__json *json,
                                aft_error *error);

/* ---- case_file.c ---- */

aft_status aft__case_prepare(aft__cmd *cmd, const aft_case_in *in, aft__case *c, aft_error *error);
/* Files it, as aft_case_file does; cmd->ids[0] is the case. */
aft_status aft__case_file(aft__cmd *cmd, const aft_case_in *in, aft_error *error);
aft_status aft__case_in_copy(aft_case_in *local, const aft_case_in *in, aft__arena *arena, aft_error *error);
/* The lines of an order, with those that replace others. */
aft_status aft__order_lines(aft__cmd *cmd, aft_id order, aft__value ***rows, uint32_t *n, aft_error *error);
aft_status aft__case_add_line(aft__case *c, aft__value *line, const aft_case_line_in *in, int64_t quantity,
                              aft_error *error);

/* ---- case_risk.c: signals that explain themselves ---- */

/* Looks at the filing of a case: serial returner, empty-box pattern, reason drift. */
aft_status aft__risk_filing(aft__case *c, aft_error *error);
/* A waybill that another case has. */
aft_status aft__risk_waybill(aft__case *c, aft_str waybill, aft_error *error);
aft_status aft__risk_signal(aft__case *c, const char *kind, aft_id other, int64_t count, int64_t least,
                            aft_error *error);

/* ---- case_legal.c: by when the money is due ---- */

#define AFT__DUE_REFUND      "refund"
#define AFT__DUE_REFUND_SOON "refund_soon"
/* What the windows say that were open at the filing; window: empty where none waits for the goods. */
void aft__legal_terms(aft__case *c, aft_time refund_by, aft_str window);
aft_status aft__legal_begin(aft__case *c, aft_error *error);
aft_status aft__legal_goods_back(aft__case *c, aft_error *error);
aft_status aft__legal_due(aft__case *c, aft_error *error);
aft_status aft__legal_soon(aft__case *c, aft_error *error);

/* ---- survey_ask.c ---- */

/* Decides whether its customer is asked how it was. */
aft_status aft__survey_case_ended(aft__case *of, aft_error *error);

/* ---- case_flow.c ---- */

typedef struct aft__case_event {
  const char *event;
  uint32_t role; /* in whose name; 0: the caller's */
  const aft__case_input *in;
} aft__case_event;
/* Fires an event of the machine: units, legs, effects, deadline, audit event and what follows from it.
 * AFT_OK, AFT_IGNORED, AFT_E_TRANSITION, AFT_E_DENIED. */
aft_status aft__case_fire(aft__case *c, const aft__case_event *fire, aft_error *error);
/* The same for what the library itself notices; a state that has no move for it stays. */
aft_status aft__case_tell(aft__case *c, const char *event, aft_error *error);
/* What the machine says to an event now, without carrying it out: AFT_OK with a move, AFT_IGNORED, or AFT_OK
 * without a move where there is none for the role. */
aft_status aft__case_ask_machine(aft__case *c, const char *event, uint32_t role, aft__flow_step_out *step,
                                 aft_error *error);
/* Carries out a move of the machine, whoever it is for. */
aft_status aft__case_follow_move(aft__case *c, const aft__flow_move *move, aft_error *error);
/* Whether the machine would move (not ignore or refuse) on an event of a role now. */
aft_status aft__case_lets(aft__case *c, const char *event, uint32_t role, bool *out, aft_error *error);
/* An event of the chain that tells what was moved since the last one. */
aft_status aft__case_note_moved(aft__case *c, const char *verb, aft_error *error);
/* Notes it for the audit event. */
void aft__case_moved(aft__case *c, aft_id id, const char *from, const char *to, int64_t n);
/* Fired once the present event is through. */
aft_status aft__case_then(aft__case *c, const char *event, aft_error *error);
#define AFT__DUE_RECONCILE "reconcile"
#define AFT__DUE_WINDOW    "window"
/* Sets when a state ends by itself. */
aft_status aft__case_deadline(aft__case *c, const aft__flow_state *state, aft_error *error);

/* ---- season_round.c: stages that last longer while a season is on ---- */

#define AFT__DUE_SEASON "season"
/* What the present policy adds to a stage that begins now; noted after the event under way. */
aft_time aft__season_end(aft__case *c, const aft__flow_state *state, aft_time at);
aft_status aft__season_note(aft__case *c, aft_error *error);
aft_status aft__season_begin(aft__cmd *cmd, aft_id activation, aft_error *error);
aft_status aft__season_due(aft__cmd *cmd, aft_error *error);
aft_status aft__case_due(aft__cmd *cmd, const aft__value *due, aft_error *error);
/* The outcome of a deadline could not be carried out: people are asked, and the ticket comes back. */
aft_status aft__case_stuck(aft__cmd *cmd, const aft__value *due, aft_error *error);

/* ---- case_effect.c ---- */

aft_status aft__case_effect(aft__case *c, const aft__flow_effect *effect, aft_error *error);

/* ---- case_units.c ---- */

/* Moves units of a line between places of the order's line; notes it for the audit event. */
aft_status aft__units_move(aft__case *c, aft__case_line *l, uint32_t from, uint32_t to, int64_t n,
                           aft_error *error);
aft_status aft__units_hold(aft__case *c, const char *place, aft_error *error);
/* How many units of a line the case takes from those that have not arrived. */
int64_t aft__units_awaited(const aft__case *c, const aft__case_line *l);
aft_status aft__units_free(aft__case *c, aft_error *error);
aft_status aft__units_free_line(aft__case *c, aft__case_line *l, aft_error *error);
aft_status aft__units_lose_line(aft__case *c, aft__case_line *l, aft_error *error);
/* The case is about fewer units of a line from now on. */
aft_status aft__units_shrink(aft__case *c, aft__case_line *l, int64_t quantity, aft_error *error);
aft_status aft__units_take(aft__case *c, aft_error *error);
aft_status aft__units_lose(aft__case *c, aft_error *error);
aft_status aft__units_give_back(aft__case *c, aft_error *error);
/* Whether cases of a machine hold units at all. */
bool aft__case_holds_units(const aft__flow *flow);
/* Whether the warehouse looked at what came. */
bool aft__case_inspected(const aft__case *c);
/* The units of a line that a case still holds. */
int64_t aft__units_held(const aft__case_line *l);
/* The line of a case that an input is about; NULL with an error that names the field. */
aft__case_line *aft__case_line_of(aft__case *c, aft_id line, size_t index, aft_error *error);
void aft__case_line_set(aft__case_line *l, uint32_t column, int64_t value);

/* ---- case_goods.c ---- */

/* A row of the desk with an id and the tenant, and nothing else in it; NULL when memory ran out. */
aft__value *aft__case_new_row(aft__case *c, const aft__table *table);
/* Units that were expected and are not there. */
bool aft__condition_absent(aft_str condition);
#define AFT__DISPOSITIONS "restock, refurbish, scrap or return_to_buyer"
bool aft__disposition_known(aft_str word);
aft_str aft__goods_back_to(const aft__case *c); /* empty where nobody said */
aft_status aft__goods_ship(aft__case *c, aft_error *error);
aft_status aft__goods_count(aft__case *c, aft_error *error);
aft_status aft__goods_miss(aft__case *c, aft_error *error);
aft_status aft__goods_arrive(aft__case *c, aft_error *error);
aft_status aft__goods_accept(aft__case *c, aft_error *error);
aft_status aft__goods_accept_all(aft__case *c, aft_error *error);
aft_status aft__goods_refuse(aft__case *c, aft_error *error);
aft_status aft__goods_label(aft__case *c, const char *topic, aft_error *error);

/* ---- case_replace.c ---- */

aft_status aft__goods_replace(aft__case *c, aft_error *error);
/* What is to go out is set aside, or no longer. */
aft_status aft__goods_reserve(aft__case *c, const char *topic, aft_error *error);

/* ---- case_parcels.c ---- */

/* What the order's parcels say: see aft__case.shipped. */
aft_status aft__case_parcels(aft__case *c, aft_error *error);
/* The host stops the parcels of the order that have its units, or lets them pass after all. */
aft_status aft__parcels_stop(aft__case *c, const char *topic, aft_error *error);
/* How many units of each line its parcels have brought back; NULL where none of them has arrived. */
aft_status aft__parcels_arrived(aft__case *c, int64_t **out, aft_error *error);
/* The parcels of that number, or all of them where it is empty, are in the shop's hands. */
aft_status aft__parcels_receive(aft__case *c, aft_str waybill, aft_error *error);

/* ---- case_proposal.c ---- */

aft_status aft__propose(aft__case *c, aft_error *error);
aft_status aft__agree(aft__case *c, aft_error *error);
/* The next version of a dispute: what an arbiter rules, or the seller offers so often as the policy says. */
aft_status aft__propose_share(aft__case *c, aft_error *error);
/* It is carried out. */
aft_status aft__share_binds(aft__case *c, aft_error *error);
aft_status aft__decline(aft__case *c, aft_error *error);
/* The kind of case that the newest one on the table is of. */
aft_status aft__proposed(aft__case *c, aft_str *kind, aft_error *error);
/* The first one: what was filed. */
aft_status aft__propose_first(aft__case *c, aft_error *error);

/* ---- case_quote.c ---- */

/* What a kind of case gives back. */
typedef enum aft__basis {
  AFT__BASIS_PRICE,  /* the price of its units */
  AFT__BASIS_PART,   /* an amount out of what was paid for its lines, which stay with the buyer */
  AFT__BASIS_FUND,   /* an amount out of a funder's pocket, under a ceiling of its own */
  AFT__BASIS_NOTHING /* no money */
} aft__basis;
aft__basis aft__kind_basis(aft_str kind);
aft__basis aft__case_basis(const aft__case *c);
/* What the units of each line come to: case_line.amount and case.asked. amount (NULL allowed): asked for
 * instead. AFT_E_INVALID for more than there is. */
aft_status aft__case_quote(aft__case *c, const aft_money *amount, aft_error *error);
/* Units whose price the case gives back now: those accepted, once they were counted. */
int64_t aft__units_due(const aft__case *c, const aft__case_line *l);
/* What is due for a line now: its amount, less what was not accepted. */
int64_t aft__amount_due(const aft__case *c, const aft__case_line *l);
/* The price of units stands behind others from now on. */
void aft__money_moves_over(aft__case_line *l, int64_t units);
/* What of a line's price was neither given back nor kept for units that were. */
int64_t aft__line_left(const aft__value *line);
/* The price of n units of a line that is left to give back. */
int64_t aft__line_worth(const aft__value *line, int64_t n);

/* ---- case_terms.c: what the governing policy says of the money ---- */

typedef struct aft__case_terms {
  aft_str release;      /* what the legs wait for */
  aft_str compensation; /* the instrument of compensation */
  int64_t freight_most; /* of a return's freight, in minor units */
  int64_t reconcile_ms; /* after so long without an outcome a leg is unknown */
  bool coupons_back;    /* coupons come back with the whole order */
  bool coupon_parts;    /* … or part by part */
  int64_t retries;      /* how often a leg that failed is sent again */
} aft__case_terms;
aft_status aft__case_money_rules(aft__case *c, aft__money_rules *rules, aft_error *error);
aft_status aft__case_terms_of(aft__case *c, aft__case_terms *out, aft_error *error);
aft_status aft__fund_ceiling(aft__case *c, aft_str funder, int64_t *out, aft_error *error);
aft_time aft__leg_expected(const aft__case *c, const aft__leg *leg);

#define AFT__MOST_FUNDERS 8u
/* One payment's part of a refund. */
typedef struct aft__source_part {
  struct aft__pot *pot;
  int64_t amount;
  bool offline; /* its provider refuses: too old, or refunded too often */
} aft__source_part;
/* Splits an amount over the payments of the order. AFT_E_CHECK when they do not have it. */
aft_status aft__case_sources(aft__case *c, int64_t amount, aft__source_part **parts, uint32_t *n,
                             aft_error *error);

/* ---- case_way.c ---- */

/* The first move of the way from where the case stands to a state; *out NULL: there is none. origin: where it
 * stood before the first. */
aft_status aft__case_way(aft__case *c, uint32_t origin, uint32_t to, const aft__flow_move **out,
                         aft_error *error);
/* Whether a case that stands in a state is where the other one is meant: there, or where it waits for its
 * first answer as well. */
bool aft__case_is_at(const aft__case *c, uint32_t state, uint32_t to);
bool aft__move_does(const aft__flow *flow, const aft__flow_move *move, const char *verb);

/* ---- case_stated.c: money that a marketplace moves ---- */

/* AFT_E_CURRENCY, AFT_E_INVALID. */
aft_status aft__stated_check(aft__case *c, const aft_money *amount, aft_error *error);
/* What it stated is agreed on, whatever was proposed. */
void aft__stated_agree(aft__case *c);
/* Every leg that is open has come through, and the buyer has what was stated. */
aft_status aft__stated_moved(aft__case *c, aft_error *error);
/* The buyer has paid what they were asked for. */
aft_status aft__stated_paid(aft__case *c, aft_error *error);
/* Whether one of the two above would have money count as moved. */
aft_status aft__stated_moves(aft__case *c, bool *out, aft_error *error);
/* Nothing that is open has moved, or will. */
aft_status aft__stated_dropped(aft__case *c, aft_error *error);

/* ---- case_legs.c ---- */

typedef struct aft__leg_plan {
  const char *kind, *payer, *payee;
  aft_str instrument, account;
  aft__pot *pot; /* the payment or fund that it counts against; NULL for none */
  int64_t amount;
  aft_str release;
  aft_id replaces;
} aft__leg_plan;
aft_status aft__legs_load(aft__case *c, aft_error *error);
aft_status aft__leg_add(aft__case *c, const aft__leg_plan *plan, aft__leg **out, aft_error *error);
void aft__leg_set(aft__leg *leg, uint32_t column, aft__value value);
const char *aft__leg_state(const aft__leg *leg);
/* A text of it for the plan of another; NULL when memory ran out. */
const char *aft__leg_word(aft__case *c, const aft__leg *leg, uint32_t column);
void aft__leg_change(aft__case *c, aft__leg *leg, const char *to);
static inline bool aft__leg_is(const aft__leg *leg, uint32_t column, const char *text) {
  return aft__str_eq(aft__value_str(&leg->row[column]), aft__cstr(text));
}
aft__pot *aft__leg_pot(aft__case *c, const aft__leg *leg); /* NULL where it has none */
aft_status aft__pots_load(aft__case *c, aft_error *error);
aft_status aft__pot_add(aft__pot *pot, uint32_t column, int64_t n, aft_error *error);
int64_t aft__pot_room(const aft__pot *pot);
/* The funder's pocket for this order, opened with the ceiling that the policy gives it. */
aft_status aft__fund_of(aft__case *c, aft_str funder, aft__pot **out, aft_error *error);
#define AFT__POT_PLANNED(pot) \
  ((pot)->table == &aft__payment_table ? (uint32_t)AFT__PAYMENT_PLANNED : (uint32_t)AFT__FUND_PLANNED)
#define AFT__POT_PAID(pot) \
  ((pot)->table == &aft__payment_table ? (uint32_t)AFT__PAYMENT_REFUNDED : (uint32_t)AFT__FUND_PAID)

/* ---- case_plan.c ---- */

aft_status aft__legs_plan(aft__case *c, aft_error *error);
aft_status aft__plan_coupons(aft__case *c, const aft__case_terms *terms, aft_error *error);

/* ---- case_money.c ---- */

/* Whether money that waits for one thing goes at a stage. */
bool aft__release_by(aft_str release, const char *stage);
aft_status aft__legs_release(aft__case *c, const char *release, bool advance, aft_error *error);
aft_status aft__legs_void(aft__case *c, aft_error *error);
aft_status aft__legs_retry(aft__case *c, aft_error *error);
aft_status aft__legs_offline(aft__case *c, aft_error *error);
aft_status aft__legs_debt(aft__case *c, aft_error *error);
/* What the legs have come to together: case.money follows. */
void aft__legs_sum(aft__case *c);
aft_status aft__leg_send(aft__case *c, aft__leg *leg, aft_error *error);
/* Whether another leg stands in its place. */
bool aft__leg_replaced(const aft__case *c, const aft__leg *leg);
/* A leg that is open is void, and its payment or fund has its room again. */
aft_status aft__leg_drop(aft__case *c, aft__leg *leg, aft_error *error);
/* The fields of a leg as a host reads them. */
void aft__leg_put(aft__case *c, const aft__leg *leg, aft__json *json);

/* ---- case_charge.c ---- */

/* Asks the buyer for what is owed and not paid: the difference of an exchange, or the price of a repair. */
aft_status aft__charge(aft__case *c, aft_error *error);
aft_status aft__charge_plan(aft__case *c, aft_error *error);
int64_t aft__charge_missing(const aft__case *c); /* the legs must be loaded */
/* Likewise. */
aft_status aft__charges_cancel(aft__case *c, aft_error *error);
/* Gives what was paid for nothing back to where it came from, at once or with the other legs. */
aft_status aft__charges_return(aft__case *c, aft_str release, bool now, aft_error *error);
/* A hold on the buyer's money for the new goods of an exchange. */
aft_status aft__hold_ask(aft__case *c, aft_error *error);
aft_status aft__hold_free(aft__case *c, aft_error *error);
aft_status aft__hold_capture(aft__case *c, aft_error *error);

/* ---- case_exchange.c ---- */

/* case.difference as things stand: after filing, agreeing and each judgement of the goods. */
void aft__exchange_reckon(aft__case *c);
/* What all new goods cost. */
int64_t aft__exchange_cost(const aft__case *c);
/* Whether the shop has said, or accepted, the price of each article that is wanted. */
bool aft__exchange_priced(const aft__case *c);
void aft__exchange_wants(aft__case *c, aft__case_line *l, aft_str wants, int64_t price);
/* AFT_E_INVALID for a price in a buyer's mouth. */
aft_status aft__exchange_price_check(const aft__cmd *cmd, const aft_case_line_in *in, size_t index,
                                     aft_error *error);
aft_status aft__exchange_set_prices(aft__case *c, aft_error *error);
/* Of what a line's new goods are worth: what is paid; missing: of the case, and left of it. */
int64_t aft__exchange_paid(int64_t worth, int64_t *missing);
aft_status aft__exchange_stand(aft__case *c, aft_error *error);

/* ---- case_proof.c ---- */

typedef struct aft__case_proven {
  aft__reason_info reason;
  bool missing[AFT__MOST_REQUIRED]; /* of the kinds that the reason needs */
  bool whole;                       /* none is */
} aft__case_proven;
aft_status aft__case_proof(aft__case *c, aft_str reason, aft__case_proven *out, aft_error *error);
/* Whether a piece of its evidence is of a kind. */
aft_status aft__case_shows(aft__case *c, const char *kind, bool *out, aft_error *error);

/* ---- case_options_more.c ---- */

/* Each adds one more option where there is one. The legs must be loaded. */
aft_status aft__options_dispute(aft__case *c, const char *locale, aft__json *json, aft_error *error);
aft_status aft__options_evidence(aft__case *c, const char *locale, aft__json *json, aft_error *error);

/* ---- case_chain.c ---- */

#define AFT__MOST_CHAIN 64u
typedef struct aft__case_chain {
  aft_id ids[AFT__MOST_CHAIN];
  uint32_t n;
} aft__case_chain;
/* The case itself, those that it comes from and those that come of them. */
aft_status aft__case_chain_of(aft__cmd *cmd, aft_id id, aft__case_chain *out, aft_error *error);
bool aft__chain_has(const aft__case_chain *chain, aft_id id);

/* ---- case_settlement.c ---- */

/* Automatic receipt and settlement of the order wait from now on. */
aft_status aft__settlement_hold(aft__case *c, aft_error *error);
/* They go on where no case of the order is open any more, this one included. */
aft_status aft__settlement_free(aft__case *c, aft_error *error);

/* ---- case_settle.c ---- */

aft_status aft__leg_due(aft__cmd *cmd, const aft__value *due, aft_error *error);
/* So much of it has moved, 0 to what was asked for: it counts against its payment or fund, and what the buyer
 * paid is a payment. */
aft_status aft__leg_confirm(aft__case *c, aft__leg *leg, int64_t amount, aft_error *error);

/* ---- case_send.c ---- */

/* A text of the catalogue to the case's customer through the outbox. */
aft_status aft__case_notify(aft__case *c, const char *key, aft_error *error);
/* One that asks for the answer to a survey: topic survey.send. event: "survey.invite". */
aft_status aft__case_send_survey(aft__case *c, const char *event, aft_id survey, bool *suppressed,
                                 aft_error *error);
/* Something for the host to do: the payload begins with the case, its code and its order; add (NULL allowed)
 * writes the rest. */
typedef void (*aft__case_fill)(aft__case *c, aft__json *json, const void *user);
typedef struct aft__case_request {
  const char *topic;
  aft_id subject; /* 0: the case */
  bool money;     /* never offered again without a recorded outcome */
  bool of_shop;   /* the shop's affair, also where a marketplace has served the host */
  aft__case_fill add;
  const void *user;
} aft__case_request;
aft_status aft__case_request_add(aft__case *c, const aft__case_request *request, aft_id *effect,
                                 aft_error *error);
aft_status aft__case_ask(aft__case *c, const char *topic, aft__case_fill add, const void *user,
                         aft_error *error);
/* Asks people of the shop for something: topic work.order, with what it is called and one more word (key
 * NULL: none). */
aft_status aft__case_work(aft__case *c, const char *name, const char *key, aft_str word, aft_error *error);
const char *aft__case_locale(const aft__case *c, const aft__value *customer);
/* The ticket through whose channel its customer is reached; NULL where they have written on none. */
aft_status aft__case_channel(aft__cmd *cmd, const aft__value *row, const aft__value *customer,
                             aft__value **ticket, aft_error *error);

/* ---- case_hold.c ---- */

/* AFT_IGNORED where it stands so already. */
aft_status aft__case_set_hold(aft__case *c, bool hold, aft_str reason, aft_error *error);

/* ---- case_invoice.c ---- */

aft_status aft__invoice_request(aft__case *c, aft_error *error);

/* ---- appointment.c ---- */

aft_status aft__appointment_due(aft__cmd *cmd, const aft__value *due, aft_error *error);
/* 1 where somebody is to come, and the window is not over. */
aft_status aft__visit_booked(aft__case *c, int64_t *out, aft_error *error);
/* At the end of a case nobody comes any more. */
aft_status aft__appointments_end(aft__case *c, aft_error *error);

/* ---- case_text.c ---- */

aft_str aft__case_kind_text(aft__case *c, const char *locale); /* what the catalogue calls its kind */
/* Appends a text of the catalogue about the case, whose legs must be loaded. */
void aft__case_render(aft__case *c, const char *locale, const char *key, aft__buf *out);
/* What its texts have places for: AFT__CASE_VALUES of them, in the arena. */
#define AFT__CASE_VALUES 18u
aft_status aft__case_missing_text(aft__case *c, const char *locale, aft_str *out, aft_error *error);
uint32_t aft__case_values(aft__case *c, const char *locale, aft__filling out[AFT__CASE_VALUES]);

/* ---- case_input.c ---- */

aft_status aft__case_lines_copy(aft__arena *arena, const aft_case_line_in *lines, size_t n,
                                aft_case_line_in **out, aft_error *error);
aft_status aft__case_money_check(const aft_money *amount, aft_error *error);
void aft__case_lines_digest(aft__sha256 *sha, const aft_case_line_in *lines, size_t n);

/* ---- case_follow.c, case_link.c ---- */

/* Opens a case that follows from another, about the same units: its lines are taken over from the parent,
 * which no longer holds them. arg: a kind, or one with its reason, as in "return.defective_later". */
aft_status aft__case_follow(aft__case *parent, const char *arg, aft_error *error);
/* Fires an event of the case that this one disputes or follows. */
/* A shared verdict lowers what the lines give to the buyer's share. */
void aft__case_share_amounts(aft__case *c);
aft_status aft__case_tell_parent(aft__case *c, const char *event, aft_error *error);
/* "resolve": the linked ticket's matter goes on in the case; "trouble": it needs a person again. */
aft_status aft__case_ticket(aft__case *c, const char *what, aft_error *error);
/* Opens a task of this name for the linked ticket, where the policy has it; *opened: whether it did. */
aft_status aft__case_task(aft__case *c, const char *name, bool *opened, aft_error *error);
/* case_ticket.c: opens a ticket for a case that has none; the caller saves both. */
aft_status aft__case_open_ticket(aft__case *c, aft__ticket *ticket, aft_error *error);
/* The same case becomes another kind, in a state of that kind's machine. */
aft_status aft__case_convert(aft__case *c, aft_str to, aft_error *error);

#endif
