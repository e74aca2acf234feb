/* Learning from a shop's people: corrections kept by the desk, models trained on them and made the tenant's
 * own. */
#ifndef AFTERSALES_LEARN_H
#define AFTERSALES_LEARN_H

#include <aftersales/actor.h>
#include <aftersales/model.h>
#include <aftersales/record.h>
#include <aftersales/records.h>
#include <aftersales/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A correction is the label that a person gives a message. An agent who classifies a ticket
 * (AFT_ACT_CLASSIFY) gives one with that. The desk keeps it beside what triage had said, never a copy of the
 * text: with the message or its ticket the correction goes too. The latest label of a message counts.
 */

/* A label for a message, which changes nothing of its ticket. */
typedef struct aft_correction_in {
  size_t size;
  aft_id ticket;  /* its first message that says something; or 0 */
  aft_id message; /* this message; or 0: one of the two has to be given */
  aft_str task;   /* "category", "tone" or "question"; default "category" */
  aft_str label;  /* a category of the policy; "negative", "neutral" or "positive"; "yes" or "no"; required */
} aft_correction_in;

/*
 * Keeps a person's label of a message, for training and comparing models.
 *
 * out: NULL, or receives the correction (AFT_KIND_CORRECTION) that the caller frees with aft_record_free.
 * Returns: AFT_OK; AFT_IGNORED when the message has this label already.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>; AFT_E_INVALID names a task or label that there is not.
 *   Not for buyers.
 * Since: 0.1
 */
AFT_API aft_status aft_correction_put(aft_session *session, const aft_call *call, const aft_correction_in *in,
                                      aft_record **out, aft_error *error);

/*
 * Lists the corrections of a ticket's messages, in the order in which they were first given. Not for buyers.
 *
 * out: receives a cursor over AFT_KIND_CORRECTION that the caller frees with aft_cursor_free.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>.
 * Since: 0.1
 */
AFT_API aft_status aft_correction_list(aft_session *session, const aft_call *call, aft_id ticket,
                                       aft_cursor **out, aft_error *error);

/* What to train on. Everything may be zero. */
typedef struct aft_training {
  size_t size;
  aft_str task;         /* default "category" */
  uint64_t most;        /* corrections, the latest first; 0: 200000 */
  int64_t half_life_ms; /* age at which a correction counts half; 0: all count alike */
  uint32_t whole;       /* 1: also on the fifth that is held back for the comparison */
  uint32_t reserved0;
  const aft_model_options *options; /* of the model; NULL: defaults. Its contradictions are always kept */
  aft_example_fn more;              /* further examples, read behind the corrections; NULL: none */
  void *more_user;
} aft_training;

/*
 * Trains a model on the tenant's corrections. A fifth of them, told by a hash of their texts, is held back:
 * it is what aft_model_activate compares models on. Corrections whose label the policy lacks, and those whose
 * message has no text any more, are passed over. Of the texts a page is in memory at a time, and features of
 * all: about 1 KB for each message. Reads in many short transactions, and takes seconds; in
 * an attached session the host's transaction stays open for so long.
 *
 * in: NULL for defaults.
 * out: receives a reference that the caller owns; release with aft_model_unref.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h> and of aft_model_train; AFT_E_INVALID and where
 *   "examples" where there are too few corrections. Only AFT_ROLE_SYSTEM may.
 * Since: 0.1
 */
AFT_API aft_status aft_correction_train(aft_session *session, const aft_call *call, const aft_training *in,
                                        aft_model **out, aft_error *error);

/* How a model takes over. Everything may be zero. */
typedef struct aft_activation_in {
  size_t size;
  uint64_t most;   /* held-back corrections to compare on, the latest first; 0: 5000, at most 20000 */
  uint64_t least;  /* fewer are too few: AFT_E_INVALID */
  uint32_t forced; /* 1: even where it is significantly worse */
  uint32_t reserved0;
} aft_activation_in;

/*
 * Makes a model the tenant's own: from then on triage weighs it in beside the policy's rules, in every
 * process. Before, what the tenant has now (the rules, with the present model where there is one) is compared
 * with the rules and the new model, on the corrections that aft_correction_train holds back. How much rules
 * and model count is learnt from the same corrections, each half judged with what the other half taught; the
 * result is kept. Without corrections nothing can be compared, and the policy's weights stand.
 *
 * A tenant that works by the library's default policy has that policy, as it is today, activated with it: the
 * weights were learnt beside those rules.
 *
 * in: NULL for defaults.
 * comparison: NULL, or is filled in, also when the model is ignored; its size must be set.
 * Returns: AFT_OK; AFT_IGNORED when the model is significantly worse (p < 0.05), and nothing was changed.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>; AFT_E_INVALID and where
 *   "model.labels" names a label that is no category of the policy, where
 *   "activation.least" too few corrections; AFT_E_CONFLICT when policy or model of
 *   the tenant changed again and again meanwhile. Only AFT_ROLE_SYSTEM may.
 * Since: 0.1
 */
AFT_API aft_status aft_model_activate(aft_session *session, const aft_call *call, const aft_model *model,
                                      const aft_activation_in *in, aft_comparison *comparison,
                                      aft_error *error);

/*
 * Takes the tenant's model away: triage works by the policy's rules alone.
 *
 * Returns: AFT_OK; AFT_IGNORED when there is none.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>. Only AFT_ROLE_SYSTEM may.
 * Since: 0.1
 */
AFT_API aft_status aft_model_deactivate(aft_session *session, const aft_call *call, aft_error *error);

/*
 * The model that the tenant's triage weighs in.
 *
 * out: receives a reference that the caller owns; release with aft_model_unref.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>; AFT_E_NOT_FOUND when there is none. Not for buyers.
 * Since: 0.1
 */
AFT_API aft_status aft_model_current(aft_session *session, const aft_call *call, aft_model **out,
                                     aft_error *error);

/*
 * Lists the models that were made the tenant's own, the latest first, with their comparisons. Not for buyers.
 *
 * out: receives a cursor over AFT_KIND_DEPLOYMENT that the caller frees with aft_cursor_free.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>.
 * Since: 0.1
 */
AFT_API aft_status aft_deployment_list(aft_session *session, const aft_call *call, aft_cursor **out,
                                       aft_error *error);

/* Which tickets to look through for a person's label. Everything may be zero. */
typedef struct aft_review_in {
  size_t size;
  aft_id shop;   /* 0: all shops that the actor may see */
  uint32_t most; /* tickets; 0: 20, at most 100 */
  uint32_t reserved0;
} aft_review_in;

/*
 * Lists the open tickets that a person's label would teach a model most (active learning by uncertainty):
 * first those of which triage is unsure, then those whose two best categories lie close together; within both
 * the least lead first. Of tickets that are nearly alike only the first is listed. Classifying one or
 * aft_correction_put takes it off the list. Looks at eight times as many tickets as are asked for at most,
 * along one index.
 * Tickets that were taken in before the store had schema 3 are not on the list, nor have they fingerprints.
 *
 * in: NULL for defaults.
 * out: receives a cursor over AFT_KIND_TICKET that the caller frees with aft_cursor_free. It has no token.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>. Not for buyers.
 * Since: 0.1
 */
AFT_API aft_status aft_review_list(aft_session *session, const aft_call *call, const aft_review_in *in,
                                   aft_cursor **out, aft_error *error);

/*
 * How the tickets of a period differ from those of the period before of the same length, as JSON: from, to,
 * complete; tickets (now, before); unsure (now, before): shares of the tickets of which triage was unsure;
 * categories (category, now, before, now_share, before_share, labelled, changed); corrections (labelled,
 * changed, share): the period's tickets that people labelled, and those of them whose category they changed;
 * total_variation, psi, chi_square (statistic, degrees, p).
 *
 * Categories are those that triage found, even where it was unsure. total_variation is half the sum of the
 * differences of the shares, 0 to 1. psi is the population stability index, the sum of (p - q) ln(p / q) with
 * half a ticket added to each category: below 0.1 little has changed, above 0.25 much. The test is Pearson's
 * for two samples; categories of which fewer than five are expected count as one; p is null where nothing can
 * be tested.
 *
 * Reads every ticket and correction of both periods once, in short transactions, and at most 200000 tickets
 * of each; where there are more, "complete" is false and the latest are left out.
 *
 * begin, end: the period, in milliseconds since 1970 UTC; end is not part of it; at most ten years.
 * out: receives a buffer that the caller frees with aft_buf_free.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>. AFT_ROLE_SYSTEM or AFT_ROLE_ARBITER.
 * Since: 0.1
 */
AFT_API aft_status aft_drift_report(aft_session *session, const aft_call *call, aft_time begin, aft_time end,
                                    aft_buf **out, aft_error *error);

/* Which tickets are like one. */
typedef struct aft_similar_in {
  size_t size;
  aft_id ticket;     /* required */
  int64_t within_ms; /* opened so long before now; 0: a day */
  uint32_t most;     /* tickets, the latest; 0: 50, at most 200 */
  uint32_t reserved0;
} aft_similar_in;

/*
 * Lists the open tickets whose first messages say nearly the same as that of a ticket, the latest first, of
 * all shops that the actor may see. They are told by fingerprints of 64 bits that differ in 14 at most; a
 * message of fewer than about five words or characters has none. All of the latest 2048 tickets are looked
 * at, and of older ones up to 512 that share the ticket's sketch, which most near-duplicates do.
 *
 * Intake looks for floods by itself: see `intake.flood` of the policy, the field `flood` of tickets, and the
 * effect "flood.seen", which is queued once for each flood.
 *
 * out: receives a cursor over AFT_KIND_TICKET that the caller frees with aft_cursor_free. It has no token.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>. Not for buyers.
 * Since: 0.1
 */
AFT_API aft_status aft_ticket_similar(aft_session *session, const aft_call *call, const aft_similar_in *in,
                                      aft_cursor **out, aft_error *error);

#ifdef __cplusplus
}
#endif

#endif
