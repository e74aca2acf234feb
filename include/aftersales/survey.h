/* Answers to surveys, and what they add up to. */
#ifndef AFTERSALES_SURVEY_H
#define AFTERSALES_SURVEY_H

#include <aftersales/actor.h>
#include <aftersales/link.h>
#include <aftersales/record.h>
#include <aftersales/store.h>
#include <aftersales/text.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How a survey was answered. */
#define AFT_VIA_LINK  1u /* on a page behind its signed link */
#define AFT_VIA_CHAT  2u /* by a button or in words in a chat */
#define AFT_VIA_PHONE 3u /* on the telephone */

/* An answer. Exactly one of survey and token is given. */
typedef struct aft_survey_answer_in {
  size_t size;
  aft_id survey;
  aft_link_keys *keys; /* with a token: the ring that verifies it */
  aft_str token;       /* of the survey's signed link, as it came, 1 to 1024 bytes */
  aft_str text;        /* what the customer said beside the score; may be empty */
  int32_t score;       /* csat 1 to 5, nps 0 to 10, ces 1 to 7 */
  uint32_t source;     /* AFT_VIA_…; 0 with a token: AFT_VIA_LINK */
} aft_survey_answer_in;

/*
 * Takes the answer to a survey that was sent. There is one; for the time of the policy's survey.edit it may
 * be changed by answering again. A low answer asks the shop's people to call back: it opens the task
 * call_back of <aftersales/task.h> where none is open, once a survey. The ticket stays as it is.
 *
 * call: system; an agent of the ticket's shop; a buyer answers their own. With a token the link decides, and
 *   the call is the host's that took it.
 * out: NULL, or receives the record of kind AFT_KIND_SURVEY, which the caller frees with aft_record_free.
 * Threads: one at a time.
 * Errors: those of <aftersales/desk.h>; AFT_E_INVALID survey.score says which scores the survey takes;
 *   AFT_E_TRANSITION for a survey that was not sent or has ended; AFT_E_EXISTS once its answer stands;
 *   AFT_E_DENIED for a link as with aft_link_open. Refusals are kept.
 * Since: 0.1
 */
AFT_API aft_status aft_survey_answer(aft_session *session, const aft_call *call,
                                     const aft_survey_answer_in *in, aft_record **out, aft_error *error);

/*
 * Gets a survey. Buyers get their own alone.
 *
 * out: receives a record that the caller frees with aft_record_free.
 * Threads: one at a time.
 * Errors: those of <aftersales/desk.h>.
 * Since: 0.1
 */
AFT_API aft_status aft_survey_get(aft_session *session, const aft_call *call, aft_id survey, aft_record **out,
                                  aft_error *error);

/* What surveys ask. */
#define AFT_SCORE_CSAT 1u /* satisfaction, 1 to 5 */
#define AFT_SCORE_NPS  2u /* recommendation, 0 to 10 */
#define AFT_SCORE_CES  3u /* effort, 1 to 7: agreement that it was easy */

/* How a report groups surveys. */
#define AFT_GROUP_AGENT    1u /* who answered the customer last */
#define AFT_GROUP_CATEGORY 2u
#define AFT_GROUP_QUEUE    3u
#define AFT_GROUP_WEEK     4u /* in which it was sent, from Monday, in UTC */

/* What a report is about. */
typedef struct aft_survey_report_in {
  size_t size;
  aft_time begin, end; /* surveys sent from begin on and before end; ten years at most; required */
  aft_id shop;         /* 0: all shops of the tenant */
  aft_str locale;      /* of the note: "zh" or "en"; empty: "en" */
  uint32_t kind;       /* AFT_SCORE_…; 0: what the policy asks now */
  uint32_t by;         /* AFT_GROUP_…; 0: all together */
  uint32_t finite;     /* 1: the figures are to hold for the customers who were asked alone, which narrows the
                        * intervals by the finite population correction */
  uint32_t reserved0;
} aft_survey_report_in;

/*
 * Adds up the answers to surveys as a JSON object: for each group how many were sent and answered, the
 * response rate, the score with its interval of 95 % and the method that gave it, the mean, and how many
 * answers were low. Groups of fewer than 30 answers have "small": true. A note says what the figures do not.
 * The 200000 surveys of the period that were sent first are counted; "complete" is false where there are
 * more.
 *
 * call: system and arbiter; an agent names a shop of theirs.
 * out: receives a buffer that the caller frees with aft_buf_free.
 * Threads: one at a time.
 * Errors: those of <aftersales/desk.h>; AFT_E_TOO_LARGE for more than 10000 groups.
 * Since: 0.1
 */
AFT_API aft_status aft_survey_report(aft_session *session, const aft_call *call,
                                     const aft_survey_report_in *in, aft_buf **out, aft_error *error);

#ifdef __cplusplus
}
#endif

#endif
