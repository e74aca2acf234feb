/* Training a model on the corrections of a tenant, older ones fading. */
#include "desk/learning/learn_priv.h"

#include <math.h>

#define TRAINING_V1 (offsetof(aft_training, more_user) + sizeof(void *))
#define OPTIONS_V1  (offsetof(aft_model_options, progress_user) + sizeof(void *))
#define MOST        200000u

typedef struct feed {
  aft__examples examples;
  aft_training in;
  bool corrections_end;
  aft_status status; /* of reading; the training itself only sees that its examples failed */
  aft_error error;
} feed;

/* A weight of 1 permille at least: 0 would stand for a whole example. */
static uint32_t faded(const feed *f, const aft__labelled *row) {
  int64_t age = f->examples.now - row->created;
  if (!f->in.half_life_ms || age <= 0)
    return 1000;
  double weight = 1000 * exp2(-(double)age / (double)f->in.half_life_ms);
  return weight < 1 ? 1 : (uint32_t)weight;
}

static int next_example(void *user, aft_example *out) {
  feed *f = user;
  const aft__labelled *row;
  if (!f->corrections_end) {
    f->status = aft__examples_next(&f->examples, &row, &f->error);
    if (f->status < 0)
      return -1;
    if (f->status == AFT_OK) {
      out->label = row->label;
      out->text = row->text;
      out->weight = faded(f, row);
      return 1;
    }
    f->status = AFT_OK;
    f->corrections_end = true;
  }
  return f->in.more ? f->in.more(f->in.more_user, out) : 0;
}

static aft_status check(const aft_training *in, aft_training *out, aft_error *error) {
  *out = (aft_training){.size = sizeof *out};
  if (in)
    AFT__TRY(aft__abi_copy(out, sizeof *out, in, TRAINING_V1, "aft_training", error));
  AFT__TRY(aft__task_check(&out->task, "training.task", error));
  if (out->half_life_ms < 0)
    return aft__error(error, AFT_E_INVALID, "training.half_life_ms", "expected 0 or more, found %lld",
                      (long long)out->half_life_ms);
  if (!out->most)
    out->most = MOST;
  return AFT_OK;
}

static aft_status train(feed *f, const aft_model_options *given, aft_model **out, aft_error *error) {
  aft_model_options options = {.size = sizeof options};
  if (given)
    AFT__TRY(aft__abi_copy(&options, sizeof options, given, OPTIONS_V1, "aft_model_options", error));
  options.contradictions = AFT_MODEL_KEEP; /* people disagree */
  aft_status status =
      aft_model_train(aft__session_env(f->examples.session), &options, next_example, f, out, error);
  if (f->status < 0)
    return aft__error(error, f->status, f->error.where, "%s", f->error.message);
  return status;
}

aft_status aft_correction_train(aft_session *session, const aft_call *call, const aft_training *in,
                                aft_model **out, aft_error *error) {
  aft_training local;
  if (!session || !out)
    return aft__error(error, AFT_E_NULL_HANDLE, session ? "out" : "session", "the handle is NULL");
  AFT__TRY(check(in, &local, error));
  feed *f = aft__zalloc(aft__session_env(session), sizeof *f);
  if (!f)
    return aft__nomem(error);
  aft_env *env = aft__session_env(session);
  f->in = local;
  f->error = (aft_error)AFT_ERROR_INIT;
  aft__examples_open(&f->examples, session, call, local.task,
                     local.whole ? AFT__CORRECTIONS_ALL : AFT__CORRECTIONS_TAUGHT, local.most);
  aft_status status = train(f, local.options, out, error);
  aft__examples_close(&f->examples);
  aft__release(env, f, sizeof *f);
  return status;
}
