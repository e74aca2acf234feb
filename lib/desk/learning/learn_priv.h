/* Between the files that learn from people: corrections and the examples made of them. */
#ifndef AFT_DESK_LEARN_PRIV_H
#define AFT_DESK_LEARN_PRIV_H

#include "desk/desk_priv.h"
#include "model/model.h"

#include <aftersales/learn.h>

/* ---- correction.c ---- */

#define AFT__TASK_CATEGORY "category"
/* "category" in place of an empty text; AFT_E_INVALID for what is no task. */
aft_status aft__task_check(aft_str *task, const char *where, aft_error *error);

/* ---- examples.c: corrections as examples, read in pages of short transactions ---- */

/* Which corrections. The held-back fifth is told by a hash of the normalised text, so that equal texts are on
 * one side. */
typedef enum aft__part_of {
  AFT__CORRECTIONS_ALL,
  AFT__CORRECTIONS_TAUGHT,
  AFT__CORRECTIONS_HELD,
} aft__part_of;

typedef struct aft__labelled {
  aft_str label, text;
  uint64_t hash; /* of the normalised text */
  aft_time created;
  aft_str customers_label, channel; /* what triage may look at beside the text */
  bool has_order;
} aft__labelled;

typedef struct aft__examples {
  aft_session *session;
  const aft_call *call;
  aft_str task;
  aft__part_of part;
  uint64_t most; /* examples that are left to give */
  aft_id after;  /* correction that was read last; 0: none yet */
  bool ended;
  aft__arena arena; /* of the page */
  aft__labelled *rows;
  uint32_t n, next;
  aft_time now; /* of the latest page */
} aft__examples;

void aft__examples_open(aft__examples *e, aft_session *session, const aft_call *call, aft_str task,
                        aft__part_of part, uint64_t most);
void aft__examples_close(aft__examples *e);
/* The latest corrections first. *out lives until the next call. AFT_DONE at the end. */
aft_status aft__examples_next(aft__examples *e, const aft__labelled **out, aft_error *error);

/* What a model reads of a message: its subject and its text. */
aft_status aft__model_text(aft__arena *arena, aft_str subject, aft_str text, aft_str *out, aft_error *error);

/* ---- model_judge.c: how a model does on the corrections held back, beside what the tenant has now ---- */

typedef struct aft__judgement {
  aft_comparison comparison;
  int32_t model_weight, rule_weight; /* both 0: too little to learn from, the policy's */
} aft__judgement;

/* old_model: NULL for the rules alone. */
aft_status aft__model_judge(aft__examples *held, const aft_policy *policy, const aft_model *old_model,
                            int32_t old_model_weight, int32_t old_rule_weight, const aft_model *model,
                            aft__judgement *out, aft_error *error);

#endif
