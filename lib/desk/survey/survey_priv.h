/* Between the files of surveys. */
#ifndef AFT_SURVEY_PRIV_H
#define AFT_SURVEY_PRIV_H

#include <stdio.h>

#include "desk/case/case_priv.h"

#include <aftersales/survey.h>

/* What a survey asks about: a ticket, or a case with the ticket that it came from, if any. */
typedef struct aft__survey_matter {
  aft__cmd *cmd;
  aft__ticket *ticket; /* NULL: there is none */
  aft__case *of;       /* NULL: it is about the ticket */
} aft__survey_matter;

/* ---- survey.c ---- */

#define AFT__DUE_SURVEY "survey"
bool aft__survey_is(const aft__value *row, const char *state);
/* Whether its customer was asked, or is going to be. */
bool aft__survey_stands(const aft__value *row);
/* What the present policy says of it; false where the policy has it no more: *out is the usual one. */
bool aft__survey_terms(const aft__cmd *cmd, const aft__value *row, aft__policy_survey *out);
/* It was answered: neither a reminder nor an end is to come. */
aft_status aft__survey_settled(aft__cmd *cmd, const aft__value *row, aft_error *error);

/* ---- survey_ask.c ---- */

/* When it may be sent; a calendar that is never open again holds nothing back. */
aft_time aft__survey_opening(aft__cmd *cmd, const aft__policy_survey *policy, aft_time from);

/* ---- survey_matter.c ---- */

typedef aft_status (*aft__survey_fn)(const aft__survey_matter *matter, aft__value *row, void *user,
                                     aft_error *error);
/* Loads what a survey asks about, calls fn and saves it. */
aft_status aft__survey_with(aft__cmd *cmd, aft__value *row, aft__survey_fn fn, void *user, aft_error *error);
/* The same with its ticket loaded already, which the caller saves. */
aft_status aft__survey_with_ticket(aft__ticket *ticket, aft__value *row, aft__survey_fn fn, void *user,
                                   aft_error *error);
/* An event of the case, or of the ticket. */
aft_status aft__survey_note(const aft__survey_matter *matter, const char *verb, aft_str facts,
                            aft_str personal, aft_error *error);
/* Keeps on the survey whose work it is about, and on what. */
#define AFT__SURVEY_FROZEN \
  (1u << AFT__SURVEY_AGENT | 1u << AFT__SURVEY_CATEGORY | 1u << AFT__SURVEY_TOPIC | 1u << AFT__SURVEY_QUEUE)
aft_status aft__survey_freeze(const aft__survey_matter *matter, aft__value *row, aft_error *error);
/* What does not change with the answer, so that those who answer can be compared with those who were asked.
 */
#define AFT__SURVEY_FROZEN_SENT \
  (1u << AFT__SURVEY_SHOP | 1u << AFT__SURVEY_PRODUCT | 1u << AFT__SURVEY_CHANNEL | 1u << AFT__SURVEY_TIER)
aft_status aft__survey_freeze_sent(const aft__survey_matter *matter, aft__value *row, aft_error *error);

/* ---- survey_answer.c ---- */

/* Checks whom a caller names: a survey, or a token with the ring that verifies it. */
aft_status aft__in_survey(aft_id survey, aft_str *token, const aft_link_keys *keys, aft_error *error);
/* The survey of a token, or the one of this id, for those who may see it. */
aft_status aft__survey_find(aft__cmd *cmd, aft_id survey, const aft_link_keys *keys, aft_str token,
                            aft__value **row, aft_error *error);
/* Buyers their own, agents those of their shops. */
aft_status aft__may_survey(aft__cmd *cmd, const aft__value *row, aft_error *error);
/* What the customer answered in a call about a ticket; answers: checked copies. */
typedef struct aft__spoken {
  aft_id survey;
  int32_t score;
  aft_field_in *answers;
  size_t n_answers;
} aft__spoken;
/* Keeps it; the caller saves the ticket. */
aft_status aft__survey_told(aft__ticket *ticket, const aft__spoken *spoken, aft_error *error);

/* ---- survey_reply.c ---- */

/* The answers to the survey's questions take the place of those that are there; *low: one of them is low. */
aft_status aft__replies_put(aft__cmd *cmd, const aft__value *row, const aft_field_in *answers, size_t n,
                            bool *low, aft_error *error);

#endif
