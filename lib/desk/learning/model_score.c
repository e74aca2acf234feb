/* What a model says of a message: scores for triage. */
#include "desk/desk_priv.h"

#define MILLION 1000000.0

static aft_status give(const aft_model *model, const double *shares, aft__arena *arena,
                       aft__triage_score **scores, size_t *n, aft_error *error) {
  uint32_t labels = aft__model_labels(model);
  aft__triage_score *list = aft__arena_alloc(arena, labels * sizeof *list);
  if (!list)
    return aft__nomem(error);
  for (uint32_t i = 0; i < labels; i++)
    list[i] = (aft__triage_score){aft__model_label(model, i), (int64_t)(shares[i] * MILLION)};
  *scores = list;
  *n = labels;
  return AFT_OK;
}

/* The model reads the turns together, as the rules do. */
aft_status aft__model_ask(const aft_model *model, const aft__triage_in *in, aft__arena *arena,
                          aft__triage_score **scores, size_t *n, aft_error *error) {
  double shares[AFT_MODEL_LABELS];
  aft__buf normal;
  char scratch[2048];
  uint32_t own, turns;
  aft__buf_lend(&normal, aft__model_env(model), scratch, sizeof scratch);
  aft_status status = aft__triage_join(in, &normal, &own, &turns, error);
  if (status >= 0 && normal.failed)
    status = aft__nomem(error);
  if (status >= 0) {
    aft__model_score(model, aft__buf_view(&normal), shares);
    status = give(model, shares, arena, scores, n, error);
  }
  aft__buf_done(&normal);
  return status;
}
