/* Judging a model on the corrections that were held back: beside the rules, against what the tenant has now.
 */
#include "desk/learning/learn_priv.h"

#define VALUES_MOST 4000000u /* categories times texts */
#define LEARN_LEAST 20u      /* fewer texts teach no weights */

typedef struct judging {
  aft_env *env;
  const aft_policy *policy;
  const aft_model *old_model, *new_model;
  aft__fusion_weights old_weights;
  uint32_t n, categories;
  aft__buf points, old_logs, new_logs; /* of floats, a row for each text */
  aft__buf truth, half;
  aft__arena arena; /* of one text */
} judging;

static uint32_t category_of(const judging *j, aft_str label) {
  uint32_t c = 0;
  while (c < j->categories && !aft__str_eq(aft__policy_category(j->policy, c), label))
    c++;
  return c;
}

static void add_floats(const judging *j, aft__buf *out, const int64_t *values, float unit) {
  for (uint32_t c = 0; c < j->categories; c++) {
    float value = (float)values[c] / unit;
    aft__buf_add(out, &value, sizeof value);
  }
}

static aft_status evidence_of(judging *j, const aft_model *model, aft__triage_in *in, aft__buf *logs,
                              int32_t *points, aft_error *error) {
  aft__triage_score *scores = NULL;
  int64_t *values = aft__arena_alloc(&j->arena, j->categories * sizeof *values);
  in->n_scores = 0;
  if (!values)
    return aft__nomem(error);
  if (model)
    AFT__TRY(aft__model_ask(model, in, &j->arena, &scores, &in->n_scores, error));
  in->scores = scores;
  AFT__TRY(aft__triage_evidence(j->policy, in, &j->arena, points, values, error));
  add_floats(j, logs, values, 1000000);
  return logs->failed ? aft__nomem(error) : AFT_OK;
}

static aft_status add_text(judging *j, const aft__labelled *row, aft_error *error) {
  uint32_t truth = category_of(j, row->label);
  uint8_t half = (uint8_t)(row->hash >> 32 & 1);
  aft__triage_in in = {
      .text = row->text, .label = row->customers_label, .channel = row->channel, .has_order = row->has_order};
  if (truth == j->categories)
    return AFT_OK; /* the policy changed between two pages */
  int32_t *points = aft__arena_alloc(&j->arena, j->categories * sizeof *points);
  int64_t *hundreds = aft__arena_alloc(&j->arena, j->categories * sizeof *hundreds);
  if (!points || !hundreds)
    return aft__nomem(error);
  AFT__TRY(evidence_of(j, j->new_model, &in, &j->new_logs, points, error));
  if (j->old_model)
    AFT__TRY(evidence_of(j, j->old_model, &in, &j->old_logs, points, error));
  for (uint32_t c = 0; c < j->categories; c++)
    hundreds[c] = points[c];
  add_floats(j, &j->points, hundreds, 100);
  aft__buf_add(&j->truth, &truth, sizeof truth);
  aft__buf_add(&j->half, &half, sizeof half);
  j->n++;
  return j->points.failed || j->truth.failed || j->half.failed ? aft__nomem(error) : AFT_OK;
}

static aft_status read_all(judging *j, aft__examples *held, aft_error *error) {
  const aft__labelled *row;
  aft_status status = AFT_OK;
  while (status == AFT_OK && ((uint64_t)j->n + 1) * j->categories <= VALUES_MOST) {
    status = aft__examples_next(held, &row, error);
    aft__arena_reset(&j->arena);
    if (status == AFT_OK)
      status = add_text(j, row, error);
  }
  return status < 0 ? status : AFT_OK;
}

static aft__fusion fusion_of(const judging *j, const aft__buf *logs) {
  aft__fusion f = {.n = j->n,
                   .categories = j->categories,
                   .points = (const float *)(const void *)j->points.data,
                   .model = (const float *)(const void *)logs->data,
                   .truth = (const uint32_t *)(const void *)j->truth.data,
                   .half = (const uint8_t *)j->half.data};
  aft__fusion_prior(j->policy, &f);
  return f;
}

/* Each half is judged with the weights that the other half teaches. */
static void compare(const judging *j, const aft__fusion *now, const aft__fusion *next, bool learns,
                    aft_comparison *out) {
  aft__fusion_weights start = aft__fusion_default(j->policy), weights[2] = {start, start};
  for (uint32_t half = 0; learns && half < 2; half++)
    weights[half] = aft__fusion_learn(next, 1 - half, start);
  for (uint32_t row = 0; row < j->n; row++) {
    uint32_t old_best =
        j->old_model ? aft__fusion_best(now, row, j->old_weights) : aft__fusion_rules(now, row);
    uint32_t new_best = aft__fusion_best(next, row, weights[next->half[row]]);
    bool old_right = old_best == next->truth[row], new_right = new_best == next->truth[row];
    out->examples++;
    out->both += old_right && new_right;
    out->only_old += old_right && !new_right;
    out->only_new += new_right && !old_right;
  }
  aft__comparison_finish(out);
}

static int32_t permille(double weight) { return (int32_t)(weight * 1000 + 0.5); }

static void judge(const judging *j, aft__judgement *out) {
  aft__fusion next = fusion_of(j, &j->new_logs);
  aft__fusion now = fusion_of(j, j->old_model ? &j->old_logs : &j->new_logs);
  bool learns = j->n >= LEARN_LEAST;
  compare(j, &now, &next, learns, &out->comparison);
  if (!learns)
    return;
  aft__fusion_weights weights = aft__fusion_learn(&next, 2, aft__fusion_default(j->policy));
  out->model_weight = permille(weights.model);
  out->rule_weight = permille(weights.rule);
  if (!out->model_weight && !out->rule_weight) /* both 0 stand for the policy's */
    out->model_weight = 1;
}

aft_status aft__model_judge(aft__examples *held, const aft_policy *policy, const aft_model *old_model,
                            int32_t old_model_weight, int32_t old_rule_weight, const aft_model *model,
                            aft__judgement *out, aft_error *error) {
  judging j = {.env = aft__session_env(held->session),
               .policy = policy,
               .old_model = old_model,
               .new_model = model,
               .categories = aft__policy_categories(policy)};
  aft__buf *bufs[] = {&j.points, &j.old_logs, &j.new_logs, &j.truth, &j.half};
  *out = (aft__judgement){.comparison.size = sizeof out->comparison};
  j.old_weights = aft__fusion_default(policy);
  if (old_model_weight || old_rule_weight)
    j.old_weights = (aft__fusion_weights){old_model_weight / 1000.0, old_rule_weight / 1000.0};
  for (size_t i = 0; i < AFT__COUNT(bufs); i++)
    aft__buf_init(bufs[i], j.env);
  aft__arena_init(&j.arena, j.env);
  aft_status status = read_all(&j, held, error);
  if (status >= 0)
    judge(&j, out);
  aft__arena_done(&j.arena);
  for (size_t i = 0; i < AFT__COUNT(bufs); i++)
    aft__buf_done(bufs[i]);
  return status;
}
