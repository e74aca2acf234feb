/* Macros of agents, and what the policy's rules on events would have done. */
#ifndef AFTERSALES_AUTOMATION_H
#define AFTERSALES_AUTOMATION_H

#include <aftersales/actor.h>
#include <aftersales/policy.h>
#include <aftersales/record.h>
#include <aftersales/store.h>
#include <aftersales/text.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A macro for a ticket. */
typedef struct aft_macro_in {
  size_t size;
  aft_id ticket; /* required */
  aft_str name;  /* of the policy's section `macros`; required */
  int64_t rev;   /* 0, or the revision that was seen: another one is AFT_E_CONFLICT */
} aft_macro_in;

/*
 * Carries out all actions of a macro, or none. They are done in the name of the caller, who needs the rights
 * for each. What is so already is no failure.
 *
 * call: whom the macro's `by` names.
 * out: NULL, or receives the ticket, which the caller frees with aft_record_free.
 * Threads: one at a time.
 * Errors: those of <aftersales/desk.h>; AFT_E_NOT_FOUND macro.name; AFT_E_INELIGIBLE (the macro's
 *   condition does not hold); what the action says that fails, such as AFT_E_TRANSITION.
 * Since: 0.1
 */
AFT_API aft_status aft_macro_apply(aft_session *session, const aft_call *call, const aft_macro_in *in,
                                   aft_record **out, aft_error *error);

/*
 * Lists the macros that the caller can use for a ticket now, as a JSON array of objects with "name", "label"
 * in the language, and "actions" with what each does. Those are left out that are for others, whose condition
 * does not hold, or whose first event the ticket's machine does not let happen.
 *
 * locale: "zh", "en" or NULL.
 * out: receives a buffer that the caller frees with aft_buf_free.
 * Threads: one at a time.
 * Errors: those of <aftersales/desk.h>.
 * Since: 0.1
 */
AFT_API aft_status aft_macro_list(aft_session *session, const aft_call *call, aft_id ticket,
                                  const char *locale, aft_buf **out, aft_error *error);

/* Which past, and which rule. */
typedef struct aft_automation_preview_in {
  size_t size;
  aft_time begin, end; /* events from begin on and before end; ten years at most; required */
  aft_id shop;         /* 0: all shops of the tenant */
  aft_str rule;        /* one rule; empty: all */
  aft_str token;       /* "next" of the preview before, to go on; empty: from the beginning */
  uint32_t most;       /* tickets that are looked at, 1 to 200000; 0: 10000 */
  uint32_t examples;   /* codes of tickets for each rule, at most 50; 0: 5 */
} aft_automation_preview_in;

/*
 * Tells what rules would have done with past tickets, and changes nothing. Rules that are not enabled are
 * looked at too. The JSON object has, for each rule in the order in which they are asked, how often its
 * events came, how often its condition held, how many tickets that were, what its actions would have done,
 * and examples. Every occasion is looked at for itself: what a rule would have changed is not carried on to
 * later occasions. "facts" says which facts are those of then and which are those of now; see
 * docs/automation.md. "complete" is false where `most` was reached: "next" goes on from there.
 *
 * call: system and arbiter; an agent names a shop of theirs.
 * policy: one that was loaded, activated or not; NULL: the tenant's own.
 * locale: of the labels, "zh", "en" or NULL.
 * out: receives a buffer that the caller frees with aft_buf_free.
 * Threads: one at a time.
 * Errors: those of <aftersales/desk.h>; AFT_E_NOT_FOUND preview.rule.
 * Since: 0.1
 */
AFT_API aft_status aft_automation_preview(aft_session *session, const aft_call *call, aft_policy *policy,
                                          const aft_automation_preview_in *in, const char *locale,
                                          aft_buf **out, aft_error *error);

#ifdef __cplusplus
}
#endif

#endif
