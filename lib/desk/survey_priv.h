/* Between the files of surveys. */
#ifndef AFT_SURVEY_PRIV_H
#define AFT_SURVEY_PRIV_H

#include <stdio.h>

#include "desk/desk_priv.h"

/* ---- survey.c ---- */

bool aft__survey_is(const aft__value *row, const char *state);
/* Keeps on the survey whose work it is about, and on what. */
#define AFT__SURVEY_FROZEN \
  (1u << AFT__SURVEY_AGENT | 1u << AFT__SURVEY_CATEGORY | 1u << AFT__SURVEY_TOPIC | 1u << AFT__SURVEY_QUEUE)
aft_status aft__survey_freeze(aft__ticket *ticket, aft__value *row, aft_error *error);
/* survey_answer.c: buyers their own, agents those of their shops. */
aft_status aft__may_survey(aft__cmd *cmd, const aft__value *row, aft_error *error);
/* survey_answer.c: the answer that the customer gave in a call about the ticket, which the caller saves. */
aft_status aft__survey_told(aft__ticket *ticket, aft_id survey, int32_t score, aft_error *error);
/* It was answered: neither a reminder nor an end is to come. */
aft_status aft__survey_settled(aft__cmd *cmd, const aft__value *row, aft_error *error);

#endif
