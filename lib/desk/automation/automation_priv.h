/* Between the files of rules and macros. */
#ifndef AFT_DESK_AUTOMATION_H
#define AFT_DESK_AUTOMATION_H

#include "desk/desk_priv.h"

/* ---- automation.c ---- */

/* Whether a condition (AFT__FLOW_NONE: none) holds. */
bool aft__automation_holds(const aft_policy *policy, uint32_t condition, const aft__facts *facts);
/* Whether rules run on the ticket now, or a person acts. */
bool aft__automation_runs(const aft__cmd *cmd, aft_id ticket);

/* ---- automation_act.c: what rules and macros do ---- */

/* Does one thing to a ticket that the caller saves, in the name of the call. AFT_IGNORED: it is so already.
 * What a failure leaves half done is the caller's to undo. */
aft_status aft__action_run(aft__ticket *ticket, const aft__action_of *action, aft_error *error);
/* Opens an object and tells in it what is to be done; the caller closes it. */
void aft__action_json(const aft__action_of *action, aft__json *json);
/* The event of the ticket's machine that it fires; NULL for none. */
const char *aft__action_event(aft__action_kind kind);

/* ---- automation_replay.c: the past of a ticket ---- */

/* What happened to a ticket at one time, in one command that is: the events of the same millisecond. */
typedef struct aft__occasion {
  aft_time at;
  uint64_t on; /* triggers, of rules that are not enabled too */
  const aft__facts *facts;
} aft__occasion;
typedef aft_status (*aft__occasion_fn)(void *user, const aft__occasion *occasion, aft_error *error);

typedef struct aft__past {
  aft_time begin, end; /* occasions from begin on and before end are told */
  aft__occasion_fn fn;
  void *user;
  bool cut; /* out: the ticket has more events than are looked at */
} aft__past;

#define AFT__MOST_PAST 4096u /* events of one ticket */

/* Goes through it under cmd->policy. The facts are rebuilt from the audit log and from kept reasons; what
 * these do not tell is the ticket's of now. docs/automation.md says which is which. */
aft_status aft__replay(aft__ticket *ticket, aft__past *past, aft_error *error);
extern const char *const aft__facts_of_then[]; /* names, up to NULL */

/* ---- automation_figures.c: what a preview counts ---- */

typedef struct aft__rule_figures {
  aft__rule_of rule;
  uint64_t came, held, stopped, tickets;
  struct {
    uint64_t would, idle, refused;
  } actions[AFT__MOST_ACTIONS];
  char (*examples)[AFT_CODE_SIZE];
  uint32_t n_examples;
  bool told; /* of the ticket that is gone through */
} aft__rule_figures;

typedef struct aft__preview_totals {
  uint64_t tickets, occasions, cut;
} aft__preview_totals;

typedef struct aft__figures {
  const aft_policy *policy;
  aft_str rule;      /* one alone; empty: all */
  uint32_t examples; /* of each rule */
  uint32_t n;
  aft__rule_figures *rules, *rules_before;
  aft__preview_totals counted, counted_before;
} aft__figures;

/* Lists the rules of the policy. AFT_E_NOT_FOUND for one that it lacks. */
aft_status aft__figures_begin(aft__figures *all, aft__arena *arena, aft_error *error);
void aft__figures_keep(aft__figures *all); /* what aft__figures_put_back goes back to */
void aft__figures_put_back(aft__figures *all);
void aft__figures_ticket(aft__figures *all); /* the next one */
void aft__figures_add(aft__figures *all, const aft__occasion *occasion, aft_str code);
/* The keys of an open object. */
void aft__figures_json(const aft__figures *all, const char *locale, aft__json *json);

/* ---- automation_explain.c ---- */

/* What came of the things that a rule or macro was to do. */
typedef struct aft__deeds {
  const aft__action_of *list;
  const aft_status *outcomes;
  uint32_t n;
} aft__deeds;

/* Reasons about "automation". event: what the rule was on; condition: what it looked at. */
void aft__explain_rule(aft__ticket *ticket, const aft__rule_of *rule, aft_str event, const aft__facts *facts,
                       bool held);
void aft__explain_macro(aft__ticket *ticket, aft_str name);
void aft__explain_action(aft__ticket *ticket, const aft__action_of *action, aft_status outcome,
                         const aft_error *why);
void aft__explain_end(aft__ticket *ticket, const char *key); /* why no further rule is asked */
/* The audit event of a run: key is "rule" or "macro"; event may be empty. */
aft_status aft__audit_run(aft__ticket *ticket, const char *verb, const char *key, aft_str name, aft_str event,
                          const aft__deeds *deeds, aft_error *error);

#endif
