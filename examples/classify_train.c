/* classify train: a model from a data file. */
#include "classify.h"

static int progress(void *user, uint32_t permille) {
  (void)user;
  show_progress("training", permille);
  return 0;
}

static void report(const choices *c, const aft_model *model, double took) {
  aft_model_info info = {.size = sizeof info};
  if (aft_model_about(model, &info, NULL) < 0)
    return;
  fprintf(stderr, "%llu examples, %u labels, %.2f s; %s has %.1f KB\n", (unsigned long long)info.examples,
          info.labels, took, c->model, (double)info.bytes / 1000);
  fprintf(stderr, "on %u rows held back: accuracy %.1f %%, macro-F1 %.1f %%, calibration error %.1f %%\n",
          info.calibrated, info.accuracy * 100, info.macro_f1 * 100, info.ece * 100);
  double wrong = c->wrong ? (double)c->wrong : 50;
  if (info.threshold > 1)
    fprintf(stderr, "at most %.1f %% wrong cannot be promised: the model answers nothing\n", wrong / 10.0);
  else
    fprintf(stderr, "at most %.1f %% wrong: it answers %.1f %% of the texts, from a confidence of %.3f on\n",
            wrong / 10.0, info.coverage * 100, info.threshold);
}

int classify_train(const choices *c) {
  aft_env *env = NULL;
  aft_model *model = NULL;
  aft_error error = {0};
  rows r;
  if (rows_open(&r, c->data))
    return 1;
  aft_model_options options = {.size = sizeof options,
                               .seed = c->seed,
                               .max_bytes = c->bytes,
                               .wrong_permille = (uint32_t)c->wrong,
                               .contradictions = c->keep ? AFT_MODEL_KEEP : AFT_MODEL_REFUSE,
                               .progress = progress};
  double began = seconds();
  int failed = 0;
  if (aft_env_new(NULL, &env, &error) < 0 ||
      aft_model_train(env, &options, rows_next, &r, &model, &error) < 0) {
    failed = rows_failed(&r, &error);
  } else if (aft_model_save(model, c->model, &error) < 0) {
    fprintf(stderr, "classify: %s: %s\n", c->model, error.message);
    failed = 1;
  } else {
    report(c, model, seconds() - began);
  }
  rows_close(&r);
  aft_model_unref(model);
  aft_env_unref(env);
  return failed;
}
