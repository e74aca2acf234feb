/* Between the files of the report on surveys. */
#ifndef AFT_SURVEY_FIGURES_H
#define AFT_SURVEY_FIGURES_H

#include "desk/survey/survey_priv.h"

#define AFT__KEY_TEXT 32

typedef struct aft__survey_group {
  aft_str key; /* empty: what has none */
  uint64_t sent, answered, low;
  aft__tally tally; /* of the scores */
  uint64_t replies, low_replies;
  int64_t sum;      /* of replies on a scale */
  uint64_t *counts; /* of each answer to the question; NULL: there are none */
} aft__survey_group;

/* Groups by their keys. */
typedef struct aft__survey_groups {
  aft__map numbers; /* key to group */
  aft__survey_group *list;
  uint32_t n, cap;
} aft__survey_groups;

/* NULL in *out for a group beyond the most. */
aft_status aft__group_of(aft__cmd *cmd, aft__survey_groups *groups, aft_str key, uint32_t most,
                         aft__survey_group **out, aft_error *error);
void aft__groups_sort(aft__survey_groups *groups);
/* The key of a survey in a grouping, AFT_GROUP_…; may lie in text. */
aft_str aft__group_key(uint32_t by, const aft__value *row, char text[AFT__KEY_TEXT]);

void aft__tell_number(aft__json *json, const char *key, int64_t number);
void aft__tell_share(aft__json *json, const char *key, bool known, double value);
void aft__tell_key(aft__json *json, const char *name, aft_str key);

/* ---- survey_question.c: answers to one question ---- */

#define AFT__MOST_ANSWERS 128u /* different ones */

typedef struct aft__survey_question {
  aft_str name, type; /* type: empty until it is known */
  aft_str answers[AFT__MOST_ANSWERS];
  uint32_t n;
} aft__survey_question;

/* The answers that the present policy offers come first; others are added as they are met. */
aft_status aft__question_begin(aft__cmd *cmd, aft__survey_question *q, aft_str survey, aft_error *error);
aft_status aft__question_count(aft__cmd *cmd, aft__survey_question *q, aft_id survey, aft__survey_group *g,
                               aft_error *error);
void aft__question_tell(aft__json *json, const aft__survey_question *q, const aft__survey_group *g);

/* ---- survey_bias.c: who answered, of those who were asked ---- */

#define AFT__BIAS_GROUPINGS 5u

typedef struct aft__survey_bias {
  aft__survey_groups by[AFT__BIAS_GROUPINGS];
} aft__survey_bias;

void aft__bias_begin(aft__cmd *cmd, aft__survey_bias *bias);
void aft__bias_done(aft__survey_bias *bias);
aft_status aft__bias_count(aft__cmd *cmd, aft__survey_bias *bias, const aft__value *row, bool answered,
                           aft_error *error);
/* Writes the object; *compared, *differ: how many groups were compared, and how many of them differ. */
void aft__bias_tell(aft__json *json, aft__survey_bias *bias, uint32_t *compared, uint32_t *differ);

#endif
