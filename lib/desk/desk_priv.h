/* Inside the desk: commands, access, and the ticket as services change it. */
#ifndef AFT_DESK_PRIV_H
#define AFT_DESK_PRIV_H

#include "desk/desk.h"
#include "desk/tables/tables.h"
#include "model/model.h"
#include "policy/policy.h"

#include <aftersales/actor.h>
#include <aftersales/desk.h>
#include <aftersales/intake.h>
#include <aftersales/label.h>
#include <aftersales/list.h>
#include <aftersales/model.h>
#include <aftersales/outbox.h>
#include <aftersales/record.h>
#include <aftersales/records.h>
#include <aftersales/ticket.h>

/* ---- input.c: what callers hand in ---- */

aft_status aft__in_id(aft_id id, const char *where, aft_error *error); /* greater than 0 */

/* For request digests: every field with its length, so that no two requests look alike. */
void aft__digest_str(aft__sha256 *sha, aft_str text);
void aft__digest_i64(aft__sha256 *sha, int64_t number);

/* ---- row.c: values of rows ---- */

static inline int64_t aft__row_int(const aft__value *row, uint32_t column) { return row[column].number; }
static inline aft_str aft__row_str(const aft__value *row, uint32_t column) {
  return aft__value_str(&row[column]);
}
static inline bool aft__row_null(const aft__value *row, uint32_t column) {
  return row[column].type == AFT_SQL_NULL;
}
static inline aft__value aft__time_or_null(aft_time at) {
  return at == AFT_TIME_NONE ? aft__null() : aft__int(at);
}
static inline aft__value aft__id_or_null(aft_id id) { return id ? aft__int(id) : aft__null(); }

/* ---- record.c ---- */

aft_status aft__record_make(aft_env *env, uint32_t kind, const aft__value *row, aft_record **out,
                            aft_error *error);

/* A row as the JSON of its record. */
void aft__row_json(aft_env *env, const aft__kind *kind, const aft__value *row, aft__json *json);

/* ---- command.c: one way in for every command ---- */

#define AFT__ROLE(role) (1u << (role))
#define AFT__ROLES_STAFF \
  (AFT__ROLE(AFT_ROLE_SYSTEM) | AFT__ROLE(AFT_ROLE_AGENT) | AFT__ROLE(AFT_ROLE_ARBITER))
#define AFT__ROLES_ALL    (AFT__ROLES_STAFF | AFT__ROLE(AFT_ROLE_BUYER))
#define AFT__ROLES_SYSTEM AFT__ROLE(AFT_ROLE_SYSTEM)
#define AFT__MOST_SHOPS   4096

/* One command while it runs: everything in it belongs to the attempt. */
typedef struct aft__cmd {
  aft__tx *tx;
  aft__arena *arena;
  aft_env *env;
  const char *verb;
  aft_call call;
  aft_time now;
  aft__value *tenant;             /* row; NULL for a command that makes one */
  aft__value *customer;           /* row of a buyer */
  aft__value *link;               /* row of the link by which a buyer came; NULL: none */
  aft_policy *policy;             /* the tenant's current one; NULL without a tenant */
  aft__value *activation;         /* row; NULL where the tenant never activated anything */
  aft_model *model;               /* the tenant's, once aft__cmd_model was asked; or NULL */
  struct aft__ran *ran;           /* tickets on which rules ran; see automation.c */
  bool reads;                     /* in a transaction that writes nothing */
  aft_id subject;                 /* the record it is about, for the audit of refusals */
  aft_id ids[AFT__MOST_OUTCOMES]; /* outcome; ids[0] is the record to return */
  aft__value *row;                /* of ids[0] when at hand */
} aft__cmd;

typedef struct aft__command {
  const char *verb; /* "ticket.answer" */
  const char *name; /* for the trace: "ticket_answer" */
  uint32_t roles;   /* AFT__ROLES_…: all others are refused */
  uint32_t returns; /* kind of the record that ids[0] names; 0 for none */
  bool read;        /* changes nothing: no key, no outcome */
  bool makes_tenant;
  bool by_link; /* also for a buyer who came by a link, about what it is for */
  bool audits;  /* keeps every refusal of the domain and of bad input, not those of the actor alone */
  void (*digest)(aft__sha256 *sha, const void *in); /* of the request; NULL for reads */
  aft_status (*run)(aft__cmd *cmd, void *in, aft_error *error);
  /* Blanks what the caller may not see of the record that is returned, new or replayed; NULL: nothing. */
  aft_status (*hide)(aft__cmd *cmd, aft__value *row, aft_error *error);
} aft__command;

/* Checks the call and the actor, runs the command in a transaction (again after lost races), keeps or
 * replays the outcome of a key, keeps refusals, and makes the record to return. */
aft_status aft__command_run(aft_session *session, const aft_call *call, const aft__command *command, void *in,
                            aft_record **out, aft_error *error);
/* The same for one that answers with a text: it fills a buffer at *place, which becomes *out. */
aft_status aft__command_text(aft_session *session, const aft_call *call, const aft__command *command,
                             void *in, aft_buf **place, aft_buf **out, aft_error *error);
/* Keeps that a command was refused before it ran, where its refusals are kept at all. */
void aft__command_refused(aft_session *session, const aft_call *given, const aft__command *command,
                          aft_id subject, aft_status status);
/* Whether a failure of a part is one of the whole: of the store or a lost race, not of what was asked for. */
bool aft__spoils_all(aft_status status);

/* ---- link_scope.c ---- */

/* Whether a call's link still stands: AFT_E_DENIED. admitted: the command is one for those who came by a
 * link. */
aft_status aft__link_check(aft__cmd *cmd, bool admitted, aft_error *error);
/* Whether it is for this order, or this case; AFT_OK without a link. */
aft_status aft__link_order(aft__cmd *cmd, const aft__value *order, aft_error *error);
aft_status aft__link_case(aft__cmd *cmd, const aft__value *of, aft_error *error);
/* By a link for a case alone only what follows from that case is filed. */
aft_status aft__link_parent(aft__cmd *cmd, aft_id parent, aft_error *error);

/* A caller's call and its key, checked as far as that goes without the store. */
aft_status aft__call_copy(const aft_call *given, aft_call *call, aft_error *error);
/* A command of the system itself, inside a transaction that runs already (the tick's). */
aft_status aft__cmd_system(aft__tx *tx, aft_id tenant, const char *verb, aft__cmd *cmd, aft_error *error);
void aft__cmd_done(aft__cmd *cmd);

/* ---- refusal.c ---- */

aft_status aft__refusal_add(aft__tx *tx, const aft_call *call, const char *verb, aft_id subject,
                            aft_status code, aft_error *error);

/* The same in a transaction of its own; one that fails is logged. */
void aft__refusal_keep(aft_session *session, const aft_call *call, const char *verb, aft_id subject,
                       aft_status code);

/* ---- access.c: who may touch what ---- */

/* Loads a row of the call's tenant, for any table with a tenant column. AFT_E_NOT_FOUND names what. */
aft_status aft__load(aft__cmd *cmd, const aft__table *table, uint32_t tenant_column, aft_id id,
                     const char *what, aft__value **row, aft_error *error);
/* The first rows of a parent, by an index that begins with the tenant and the parent. */
aft_status aft__load_rows(aft__cmd *cmd, const aft__table *table, uint32_t index, aft_id parent,
                          uint32_t most, aft__value ***rows, uint32_t *n, aft_error *error);
/* Where a scan goes on after a row. */
void aft__scan_after(aft__scan *scan, const aft__value *row);
/* Calls back with every row of a scan, a page at a time, so that fn may write. removes: fn takes each row
 * away.
 */
typedef aft_status (*aft__change_fn)(void *user, aft__value *row, aft_error *error);
aft_status aft__change_each(aft__tx *tx, aft__scan scan, bool removes, aft__change_fn fn, void *user,
                            aft_error *error);
/* System and arbiter: any shop of the tenant; agents: shops they are a member of. */
aft_status aft__may_shop(aft__cmd *cmd, aft_id shop, aft_error *error);
/* An agent who works for a shop now: AFT_E_INVALID names one who does not. */
aft_status aft__agent_of_shop(aft__cmd *cmd, aft_id agent, aft_id shop, const char *where, aft__value **row,
                              aft_error *error);
/* Also buyers: their own, and tickets that they take part in. */
aft_status aft__may_ticket(aft__cmd *cmd, const aft__value *ticket, aft_error *error);
aft_status aft__may_customer(aft__cmd *cmd, aft_id customer, aft_error *error);
/* AFT_E_DENIED for a customer whose data was erased: nothing is taken in for them any more. */
aft_status aft__customer_stays(aft__cmd *cmd, const aft__value *customer, aft_error *error);
aft_status aft__takes_part(aft__cmd *cmd, const aft__value *ticket, aft_id customer, bool *out,
                           aft_error *error);
/* AFT_E_DENIED with a sentence. */
aft_status aft__denied(aft__cmd *cmd, const char *what, aft_error *error);
/* An agent who works for a shop, anchored: AFT_E_INVALID at where for any other. */
aft_status aft__works_for(aft__cmd *cmd, aft_id agent, aft_id shop, const char *where, aft_error *error);
/* The shops of the call's agent, or of any, sorted; in the arena. */
aft_status aft__agent_shops(aft__cmd *cmd, aft_id **shops, uint32_t *n, aft_error *error);
aft_status aft__shops_of(aft__cmd *cmd, aft_id agent, aft_id **shops, uint32_t *n, aft_error *error);
bool aft__has_shop(const aft_id *shops, uint32_t n, aft_id shop);

/* ---- policy_store.c: the policy a tenant works by ---- */

/* *activation (NULL allowed): its row, or NULL. */
aft_status aft__policy_of_tenant(aft__tx *tx, aft_id tenant, aft_policy **out, aft__value **activation,
                                 aft_error *error);
aft_status aft__policy_cache_open(aft_store *store, aft_error *error);
/* The policy of a stored document, through the cache; the caller releases it. */
aft_status aft__policy_of_document(aft__cmd *cmd, aft_str hash, aft_id document, aft_policy **out,
                                   aft_error *error);
#define AFT__HASH_SIZE 65 /* SHA-256 as text */
/* The tenant's model, owned by the command; NULL where it has none. */
aft_status aft__cmd_model(aft__cmd *cmd, aft_model **out, aft_error *error);

/* ---- policy_activate.c ---- */

/* Stores an image by its hash, once. */
aft_status aft__document_keep(aft__cmd *cmd, aft_str hash, aft_str image, aft_id *id, aft_error *error);
/* Writes the tenant's activation; mask: of the columns that change. cmd->ids[0] is its id. */
aft_status aft__activation_put(aft__cmd *cmd, const aft__value *given, uint64_t mask, aft_error *error);
/* Stores the policy, and fills in the columns of it. */
aft_status aft__activation_policy(aft__cmd *cmd, const aft_policy *policy, aft__value *row, aft_error *error);
#define AFT__ACTIVATION_OF_POLICY                                                                \
  (1u << AFT__ACTIVATION_HASH | 1u << AFT__ACTIVATION_DOCUMENT | 1u << AFT__ACTIVATION_CREATED | \
   1u << AFT__ACTIVATION_CLOCKS_PLACE | 1u << AFT__ACTIVATION_CLOCKS_TICKET |                    \
   1u << AFT__ACTIVATION_CLOCKS_MOVED)
#define AFT__ACTIVATION_OF_MODEL                                                                           \
  (1u << AFT__ACTIVATION_DEPLOYMENT | 1u << AFT__ACTIVATION_MODEL | 1u << AFT__ACTIVATION_MODEL_DOCUMENT | \
   1u << AFT__ACTIVATION_MODEL_WEIGHT | 1u << AFT__ACTIVATION_RULE_WEIGHT)
/* The label of a model that is no category of a policy, or NULL. */
const char *aft__model_stranger(const aft_model *model, const aft_policy *policy);

/* ---- model_score.c ---- */

/* What a model says of a message in its conversation, for in->scores; in the arena. */
aft_status aft__model_ask(const aft_model *model, const aft__triage_in *in, aft__arena *arena,
                          aft__triage_score **scores, size_t *n, aft_error *error);

/* ---- correction.c ---- */

/* An agent's category of a ticket, kept as the label of its first message that says something. */
aft_status aft__correction_of_ticket(aft__cmd *cmd, const aft__value *ticket, aft_str category,
                                     aft_error *error);
/* With a message that is taken back. */
aft_status aft__corrections_remove(aft__cmd *cmd, aft_id message, aft_error *error);

/* ---- customer.c ---- */

/* Whether a customer of the tenant is known under a handle; made when not. */
aft_status aft__customer_of_handle(aft__cmd *cmd, aft_str channel, aft_str account, aft_str handle,
                                   aft_str name, aft__value **customer, aft_error *error);

/* ---- ticket.c: a ticket while a command changes it ---- */

typedef struct aft__ticket {
  aft__cmd *cmd;
  aft__value *row;
  aft__value *customer; /* row, loaded when first needed */
  uint64_t mask;        /* columns that changed */
  bool fresh;           /* not inserted yet */
  bool seen_there;      /* whoever it was given to in this command is there */
  aft__chain chain;
  aft__buf reasons;        /* to be kept as a decision */
  uint64_t raised;         /* triggers of rules, by its events since it was last saved */
  const aft__triage *said; /* of the message that is taken in; NULL: none is */
  aft_str suggested;       /* with that: names with spaces between */
} aft__ticket;

aft_status aft__ticket_load(aft__cmd *cmd, aft_id id, aft__ticket *ticket, aft_error *error);
/* A new ticket in the machine's first state; nothing is written before it is saved. */
aft_status aft__ticket_start(aft__cmd *cmd, aft_id shop, aft__value *customer, aft__ticket *ticket,
                             aft_error *error);
/* Writes it, and lets the policy's rules follow from what happened to it. */
aft_status aft__ticket_save(aft__ticket *ticket, aft_error *error);
/* Writes what changed, so that others may load it, and takes over what they changed. */
aft_status aft__ticket_write(aft__ticket *ticket, aft_error *error);
aft_status aft__ticket_again(aft__ticket *ticket, aft_error *error);
void aft__ticket_done(aft__ticket *ticket);

void aft__ticket_set(aft__ticket *ticket, uint32_t column, aft__value value);
static inline int64_t aft__ticket_int(const aft__ticket *t, uint32_t column) { return t->row[column].number; }
static inline aft_str aft__ticket_str(const aft__ticket *t, uint32_t column) {
  return aft__value_str(&t->row[column]);
}
static inline aft_id aft__ticket_id(const aft__ticket *t) { return t->row[AFT__TICKET_ID].number; }
aft_status aft__ticket_customer(aft__ticket *ticket, aft__value **customer, aft_error *error);
/* The facts that conditions of the policy see. */
aft_status aft__ticket_facts(aft__ticket *ticket, aft__facts *facts, aft_error *error);

/* Appends an event to the ticket's audit chain; its subject and actor are filled in. */
aft_status aft__ticket_audit(aft__ticket *ticket, aft__event *event, aft_error *error);
/* The same for an event that is none of the machine's. */
aft_status aft__ticket_note(aft__ticket *ticket, const char *verb, aft_str facts, aft_str personal,
                            aft_error *error);

/* agent_notice.c: tells followers of an event what concerns them. */
aft_status aft__followers_tell(aft__ticket *ticket, const aft__event *event, aft_error *error);

/* The ticket machine of the policy, and the state a ticket is in. */
aft_status aft__ticket_machine(aft__ticket *ticket, const aft__flow **flow, uint32_t *state,
                               aft_error *error);
/* The value of the column "open" in a state: 2 work goes on, 1 it may come back, 0 the end. */
static inline int64_t aft__state_open(const aft__flow_state *state) {
  return state->flags & AFT__FLOW_TERMINAL ? 0 : state->flags & AFT__FLOW_OPEN ? 2 : 1;
}

/* label_facts.c: adds the tags and attributes that the policy's conditions ask for; 0 for a record that is
 * absent.
 */
typedef struct aft__label_owners {
  aft_id ticket, customer, order;
} aft__label_owners;
aft_status aft__labels_of(aft__cmd *cmd, const aft_policy *policy, const aft__label_owners *of,
                          aft__facts *facts, aft_error *error);
/* case_access.c: the state of the latest case about an order that is still open; empty for none. */
aft_status aft__open_case_state(aft__cmd *cmd, aft_id order, aft_str *out, aft_error *error);
/* order_govern.c: minutes that the zone of this name is ahead of UTC at a time; 0 for none, and for one that
 * is not known here. */
int32_t aft__offset_at(aft__cmd *cmd, aft_str name, aft_time at);
/* order.c: the host's own word for where an order stands; empty for none. */
aft_status aft__order_state(aft__cmd *cmd, aft_id order, aft_str *out, aft_error *error);

/* ---- ticket_flow.c: events of the machine ---- */

/* What guards of a machine look at; aft__guard is the function for aft__flow_step. */
typedef struct aft__guarded {
  const aft_policy *policy;
  const aft__facts *facts;
} aft__guarded;
bool aft__guard(void *user, uint32_t condition);

/* Fires an event of the machine: state, clocks, effects, deadline and audit event follow. AFT_OK,
 * AFT_IGNORED, AFT_E_TRANSITION, AFT_E_DENIED. */
typedef struct aft__fire {
  const char *event;
  const char *verb;  /* of the audit event; NULL: "ticket." and the event's name */
  uint32_t role;     /* in whose name; 0: the caller's */
  aft_str facts;     /* of the audit event, JSON */
  aft_str personal;  /* kept as a salted digest only */
  aft_time deadline; /* in place of the new state's own; 0 for that */
} aft__fire;
aft_status aft__ticket_fire(aft__ticket *ticket, const aft__fire *fire, aft_error *error);
/* When a state ends by itself that is entered now. */
aft_status aft__ticket_deadline(aft__ticket *ticket, const aft__flow *flow, const aft__flow_state *state,
                                aft_time *out, aft_error *error);
/* Whether the machine would move (not ignore or refuse) on an event of a role now. */
aft_status aft__ticket_lets(aft__ticket *ticket, const char *event, uint32_t role, bool *out,
                            aft_error *error);

/* The state to which an event of a role would lead now; empty where the machine ignores or refuses it. */
aft_status aft__ticket_leads(aft__ticket *ticket, const char *event, uint32_t role, aft_str *state,
                             aft_error *error);

/* ---- ticket_clock.c: service levels of one ticket ---- */

/* What decides its level: priority and tier, and the facts where a level has a condition on them. */
aft_status aft__ticket_owed(aft__ticket *ticket, aft__facts *facts, aft__owed *out, aft_error *error);
/* Sets the dues that the present priority and state ask for, and its place in the inbox. */
aft_status aft__ticket_clocks(aft__ticket *ticket, aft_error *error);
/* The same for a policy that has just taken over. */
aft_status aft__ticket_clocks_anew(aft__ticket *ticket, aft_error *error);
/* The customer is owed a further answer from now on. */
aft_status aft__ticket_await_answer(aft__ticket *ticket, aft_error *error);
/* The same for a customer who asked before now. */
aft_status aft__ticket_await_since(aft__ticket *ticket, aft_time asked, aft_error *error);
aft_status aft__ticket_answered(aft__ticket *ticket, aft_error *error);
/* Called when the state changed: pauses and resumes. */
aft_status aft__ticket_pause(aft__ticket *ticket, bool running, aft_error *error);
#define AFT__DUE_STATE "state"
/* Whether one of its clocks runs. */
bool aft__ticket_owes(const aft__ticket *ticket, aft__sla sla);
/* Notes that one of its clocks is over; false where it was over before: that is told once. */
bool aft__ticket_breach(aft__ticket *ticket, aft__sla sla);
/* Sets or moves one of its due rows. */
aft_status aft__ticket_due(aft__ticket *ticket, aft_str name, aft_time at, aft_error *error);

/* ---- ticket_pace.c: what clocks run by, beside the level of today ---- */

#define AFT__MOST_HOLDS 32u
#define AFT__MOST_RISES 8u
typedef struct aft__rise {
  aft_str priority;
  aft_time at; /* since when it has it */
} aft__rise;
typedef struct aft__pace {
  aft__hold holds[AFT__MOST_HOLDS]; /* ascending and apart */
  uint32_t n_holds;
  aft__rise rises[AFT__MOST_RISES]; /* ascending; the last is of the priority of today */
  uint32_t n_rises;                 /* at least 1 */
} aft__pace;
/* Texts are those of the ticket's row. */
aft_status aft__ticket_pace(const aft__ticket *ticket, aft__pace *out, aft_error *error);
/* Its resolution clock stood still so long. */
aft_status aft__ticket_held(aft__ticket *ticket, aft_time from, aft_time to, aft_error *error);
/* Sets its priority. Where it rose, what was owed before goes on to be; where not, the new one counts alone.
 */
aft_status aft__ticket_ranked(aft__ticket *ticket, aft_str priority, bool rose, aft_error *error);

/* ---- clock_round.c: clocks of open tickets under a policy that takes over ---- */

#define AFT__DUE_CLOCKS "clocks"
aft_status aft__clocks_begin(aft__cmd *cmd, aft_id activation, aft_error *error);
aft_status aft__clocks_due(aft__cmd *cmd, const aft__value *due, aft_error *error);
/* Where the walk goes on: what orders its index, and the record; value NULL: it is over. */
aft_status aft__clocks_place(aft__cmd *cmd, const aft__value *value, aft_id id, bool moved, aft_error *error);

/* ---- lane.c, agent.c: see routing_priv.h ---- */

/* Puts the ticket into the lane in which it waits, or takes it out; called before it is saved. anew: also
 * where nothing changed that it rests on. */
aft_status aft__ticket_lane(aft__ticket *ticket, bool anew, aft_error *error);
/* Works out the tier that a customer's purchases earn; one that the host told stays. */
aft_status aft__tier_renew(aft__cmd *cmd, aft_id customer, aft_error *error);
/* The call's agent gave a sign of being there. */
aft_status aft__agent_sign(aft__cmd *cmd, aft_error *error);

/* ---- ticket_send.c ---- */

/* Asks people of the shop for something: topic work.order, with what it is called and one more word. */
aft_status aft__ticket_work(aft__ticket *ticket, const char *work, const char *key, aft_str value,
                            aft_error *error);
/* Queues somebody's own words for the customer, on the ticket's channel. */
aft_status aft__ticket_say(aft__ticket *ticket, aft_str text, aft_id message, aft_error *error);
/* Tells the customer of an event: "ticket.resolved". */
aft_status aft__ticket_notify(aft__ticket *ticket, const char *event, aft_error *error);
/* The same, of one that asks for the answer to a survey. *suppressed: it is not to be sent at all. */
aft_status aft__ticket_send_survey(aft__ticket *ticket, const char *event, aft_id survey, bool *suppressed,
                                   aft_error *error);
const char *aft__ticket_locale(aft__ticket *ticket);

/* ---- ticket_read.c ---- */

/* AFT_E_EXISTS where the customer takes part already. */
aft_status aft__participant_add(aft__cmd *cmd, aft_id ticket, aft_id customer, aft_error *error);

/* ---- answer.c ---- */

typedef struct aft__answer {
  aft_str text;
  uint32_t visibility;
  uint32_t role; /* in whose name; 0: the caller's */
  aft_id actor;
  const aft_part_in *parts;
  size_t n_parts;
  bool for_others; /* kept also where the ticket's customer was erased: it is said to others too */
} aft__answer;
/* Keeps a message of the shop and, where it is public, sends it; the caller saves the ticket. */
aft_status aft__ticket_reply(aft__ticket *ticket, const aft__answer *reply, aft__value **row,
                             aft_error *error);

/* ---- ticket_merge.c ---- */

/* A merged ticket stands for the one that took its place: *row becomes the last of its chain. */
aft_status aft__merge_target(aft__cmd *cmd, aft__value **row, aft_error *error);

/* ---- incident.c, incident_tell.c ---- */

#define AFT__DUE_INCIDENT "incident."
static inline bool aft__is_incident(const aft__value *ticket) {
  return aft__row_int(ticket, AFT__TICKET_PARENT) == aft__row_int(ticket, AFT__TICKET_ID);
}
/* An incident was resolved: its tickets follow. */
aft_status aft__incident_resolved(aft__ticket *incident, aft_error *error);
/* Clears the deadlines of an incident at its end, but for what it has still to bring to its tickets. */
aft_status aft__incident_ended(aft__ticket *ticket, aft_error *error);
aft_status aft__incident_fired(aft__ticket *incident, aft_str name, aft_error *error);

/* ---- ticket_effect.c ---- */

aft_status aft__ticket_effect(aft__ticket *ticket, const aft__flow *flow, const aft__flow_effect *effect,
                              aft_error *error);
/* ---- ticket_priority.c ---- */

/* Takes a triage result over: category and the rest for a fresh ticket; for an older one priority only
 * rises, and a category is filled in that was not sure before. */
/* ticket_suggest.c: what may be offered with the message that is taken in; likewise with thanks, which change
 * nothing about the ticket. */
aft_status aft__ticket_suggest(aft__ticket *ticket, const aft__facts *facts, aft_error *error);
aft_status aft__ticket_suggest_thanked(aft__ticket *ticket, const aft__triage *triage, aft_error *error);
aft_status aft__ticket_classify(aft__ticket *ticket, const aft__triage *triage, aft_error *error);
/* Whether one complaint is graver than another. */
bool aft__graver(aft_str before, aft_str now);
/* The category of a person or a rule; because: the reason, a key of the catalogue. */
aft_status aft__ticket_sort(aft__ticket *ticket, aft_str category, aft_str topic, const char *because,
                            aft_error *error);
/* At least a priority of the policy. AFT_IGNORED where it is that urgent already. */
aft_status aft__ticket_raise(aft__ticket *ticket, aft_str priority, aft_error *error);
/* Into a queue, whatever queues ask for. AFT_IGNORED where it is in it. */
aft_status aft__ticket_requeue(aft__ticket *ticket, aft_str queue, aft_error *error);
/* The facts of a ticket, with what only the message says that is taken in. */
aft_status aft__ticket_facts_said(aft__ticket *ticket, aft__facts *facts, aft_error *error);
/* A person's label would teach nothing more: it leaves the list of aft_review_list. */
void aft__ticket_judged(aft__ticket *ticket);
/* Works the priority out from the ticket's facts and sets clocks anew where it changed. */
aft_status aft__ticket_prioritise(aft__ticket *ticket, const aft__facts *facts, bool only_up,
                                  aft_error *error);

/* ---- automation.c ---- */

/* Runs the rules of the policy that are on what was raised since the ticket was last saved. */
aft_status aft__automation_run(aft__ticket *ticket, aft_error *error);

/* ---- message.c ---- */

typedef struct aft__message {
  aft_id ticket, customer;
  bool inbound;
  uint32_t visibility;
  uint32_t role; /* of an outbound one's author; 0: the caller */
  aft_id actor;
  aft_str channel, account, external;
  aft_str text;
  const char *language;
  aft_time sent;
  const char *disposition;
  const aft_part_in *parts;
  size_t n_parts;
  const aft_field_in *fields; /* kept as parts of kind "field" */
  size_t n_fields;
  aft_str suggestions;
} aft__message;

/* AFT_E_EXISTS with the other's id when the external id is taken. *row (NULL allowed) is the new row. */
aft_status aft__message_add(aft__cmd *cmd, const aft__message *message, aft_id id, aft__value **row,
                            aft__existing *existing, aft_error *error);
/* Blanks what is the shop's own, where a buyer reads it. */
aft_status aft__message_hide(aft__cmd *cmd, aft__value *row, aft_error *error);
/* Keeps what a message says as its version, which a change ends: edited, recalled or redacted. */
aft_status aft__revision_keep(aft__cmd *cmd, const aft__value *row, const char *change, aft_error *error);
/* Copies a caller's array of sized structs into the arena, each checked. */
aft_status aft__parts_copy(aft__arena *arena, const aft_env *env, const aft_part_in *parts, size_t n,
                           aft_part_in **out, aft_error *error);
#define AFT__MOST_FIELDS 64
/* The same for named texts; where: "message.fields". */
aft_status aft__fields_copy(aft__arena *arena, const aft_env *env, const aft_field_in *fields, size_t n,
                            const char *where, aft_field_in **out, aft_error *error);

/* The parts of a message of the shop as they were handed in. */
aft_status aft__parts_of(aft__cmd *cmd, aft_id message, aft_part_in **out, size_t *n, aft_error *error);
/* The translation into a language; else the first one, else the other text. */
aft_str aft__text_for(const aft_part_in *parts, size_t n, aft_str otherwise, const char *locale);

/* ---- search_index.c ---- */

/* The message that the facts of an event name, or 0. */
aft_id aft__event_message(aft_str facts);
/* Has the tick begin the tenant's search index anew, at the end of the day (UTC): words of a text that was
 * blanked for good are still in it. */
aft_status aft__search_renew_soon(aft__cmd *cmd, aft_error *error);
aft_status aft__search_due(aft__cmd *cmd, const aft__value *due, aft_error *error);

/* ---- survey_ask.c, survey.c, survey_reply.c ---- */

aft_status aft__survey_schedule(aft__ticket *ticket, aft_error *error);
aft_status aft__survey_cancel(aft__ticket *ticket, aft_error *error);
/* Surveys of a ticket that was merged, that asked or are going to, go on with the one that takes its place.
 * cases: those about a case too, which went there. */
aft_status aft__surveys_follow(aft__ticket *from, aft__ticket *to, bool cases, aft_error *error);
aft_status aft__survey_due(aft__cmd *cmd, aft_id survey, aft_str name, aft_error *error);
/* Its invitation was held and is not to be sent after all: nobody was asked. */
aft_status aft__survey_unsent(aft__cmd *cmd, aft_id survey, aft_error *error);
/* Whether the customer is still to answer it, and nobody works on the ticket (NULL: a case) again. */
aft_status aft__survey_asks(aft__cmd *cmd, aft_id survey, const aft__value *ticket, bool *asks,
                            aft_error *error);
/* Removes what goes with a survey that is about to be removed. */
aft_status aft__survey_empty(aft__tx *tx, const aft__value *row, aft_error *error);

/* ---- task_open.c ---- */

typedef struct aft__task_new {
  aft_str name;                            /* of a task of the policy */
  const char *cause;                       /* customer, staff, rule, machine or survey */
  aft_id case_id, order, survey, assignee; /* 0: none */
  const aft__value *of_case;       /* row, in place of case_id, of the ticket's customer; NULL: none */
  aft_time due, from, until;       /* 0: the policy's; no window */
  aft_str phone, language, reason; /* absent: the customer's; none */
} aft__task_new;

/* Opens a task for a ticket, which the caller saves; *out is its id. AFT_IGNORED where as many of the name
 * are open as the policy lets, or the ticket has too many tasks: *out is then the open one, or 0.
 * AFT_E_INVALID for a name that the policy lacks. */
aft_status aft__task_open(aft__ticket *ticket, const aft__task_new *in, aft_id *out, aft_error *error);
/* The tasks that a message opens by their conditions in the policy. */
aft_status aft__task_rules(aft__ticket *ticket, aft_error *error);

/* task_claim.c: the first most tasks of an agent, but for those of the shops that it keeps, are nobody's
 * again; *more: there may be others. */
aft_status aft__tasks_give_back(aft__cmd *cmd, aft_id agent, const aft_id *keeps, uint32_t n_keeps,
                                uint32_t most, bool *more, aft_error *error);

/* ---- task_end.c: what becomes of a ticket's tasks with it ---- */

aft_status aft__tasks_cancel(aft__ticket *ticket, aft_error *error);
/* Of a ticket that is merged into another one: they go over. */
aft_status aft__tasks_follow(aft__ticket *from, aft__ticket *to, aft_error *error);

/* ---- cursor.c ---- */

typedef struct aft__list aft__list;
typedef struct aft__page aft__page;
/* Which rows of a scan a reader may see. */
typedef bool (*aft__list_shows)(const aft__list *list, const aft__value *row);
/* Blanks what the reader may not see of a record. */
typedef aft_status (*aft__list_hide)(aft__tx *tx, const aft__list *list, aft__value *row, aft_error *error);

/* Where a list begins or goes on: after the record with this value of what orders the list, and this id. */
typedef struct aft__place {
  bool set; /* false: at the beginning */
  int64_t value;
  aft_id id;
} aft__place;

/* Pages that come from elsewhere than the scan of one index. A page may be read twice: its transaction can
 * run again, so the state changes only in ways that a second run bears. */
typedef struct aft__source {
  /* Adds records in order, and tells in *next where the list goes on, or that it has ended. A page may be
   * empty before the end. */
  aft_status (*page)(aft__tx *tx, void *state, const aft__place *from, aft__page *page, aft__place *next,
                     bool *ended, aft_error *error);
  void (*release)(aft_env *env, void *state); /* NULL allowed as state */
} aft__source;

struct aft__list {
  uint32_t kind;
  const aft__table *table;
  uint32_t index, n_equal;
  int64_t equal[AFT__MOST_KEYS];
  bool descending;
  aft__place after;          /* of the next column, or of id where there is none */
  const aft__source *source; /* in place of table, index and the rest */
  void *state;               /* the source's; released with the list */
  int64_t deadline_ms;       /* of each call of the cursor; 0 for none */
  aft__list_shows shows;     /* NULL: all */
  aft__list_hide hide;       /* NULL: nothing */
  aft_id actor;              /* for whom it is read, where that decides what it holds */
  uint64_t want[4];          /* for `shows`: what it compares rows with */
  uint64_t scope;            /* ties tokens to the list: what makes it another one beside the fields above */
};

#define AFT__PAGE 64
/* Adds a record to a page of at most AFT__PAGE, for sources. */
aft_status aft__page_add(aft__page *page, const aft__value *row, aft__place place, aft_error *error);
/* Makes a cursor that reads pages of the list; takes list->state over, also on failure. */
aft_status aft__cursor_open(aft_session *session, const aft__list *list, aft_str token, aft_cursor **out,
                            aft_error *error);
/* A cursor over records that exist already; takes them over, also on failure. */
aft_status aft__cursor_of(aft_session *session, aft_record **records, uint32_t n, aft_cursor **out,
                          aft_error *error);

#endif
