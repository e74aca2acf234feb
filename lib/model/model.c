/* Models as objects: opening, references, what is known of one, predictions of raw texts. */
#include "model/model_priv.h"

#define INFO_V1       (offsetof(aft_model_info, coverage) + sizeof(double))
#define PREDICTION_V1 (offsetof(aft_prediction, reserved0) + sizeof(uint32_t))

aft_env *aft__model_env(const aft_model *model) { return model->env; }
uint32_t aft__model_labels(const aft_model *model) { return model->head.labels; }
aft_str aft__model_bytes(const aft_model *model) {
  return aft__str((const char *)model->file.data, model->file.size);
}

aft_str aft__model_label(const aft_model *model, uint32_t index) {
  const uint8_t *names = model->section[AFT__MODEL_NAMES];
  return aft__cstr((const char *)names + aft__le32(names + 4 * index));
}

static aft_status no_model(aft_error *error) {
  return aft__error(error, AFT_E_NULL_HANDLE, "model", "expected a model, found NULL");
}

static void close_model(aft_model *model) {
  aft_env *env = model->env;
  if (model->mapped)
    aft__file_unmap(&model->file);
  else
    aft__release(env, (void *)(uintptr_t)model->file.data, model->file.size);
  aft__release(env, model, sizeof *model);
  aft_env_unref(env);
}

/* Takes the file over, whatever comes out. */
static aft_status open_file(aft_env *env, aft__file file, bool mapped, aft_model **out, aft_error *error) {
  aft_model *model = aft__zalloc(env, sizeof *model);
  if (!model) {
    if (mapped)
      aft__file_unmap(&file);
    else
      aft__release(env, (void *)(uintptr_t)file.data, file.size);
    return aft__nomem(error);
  }
  atomic_init(&model->refs, 1);
  model->env = aft_env_ref(env);
  model->file = file;
  model->mapped = mapped;
  aft_status status = aft__model_read(model, error);
  if (status < 0)
    close_model(model);
  else
    *out = model;
  return status;
}

aft_status aft__model_new(aft_env *env, const void *image, size_t size, aft_model **out, aft_error *error) {
  uint8_t *copy = aft__alloc(env, size ? size : 1);
  if (!copy)
    return aft__nomem(error);
  if (size)
    memcpy(copy, image, size);
  if (!size) {
    aft__release(env, copy, 1);
    copy = NULL;
  }
  return open_file(env, (aft__file){copy, size}, false, out, error);
}

static aft_status check_env(aft_env *env, aft_model **out, aft_error *error) {
  if (!env)
    return aft__error(error, AFT_E_NULL_HANDLE, "env", "expected an environment, found NULL");
  if (!out)
    return aft__error(error, AFT_E_NULL_HANDLE, "out", "expected a place for the model, found NULL");
  *out = NULL;
  return AFT_OK;
}

aft_status aft_model_open_image(aft_env *env, const void *image, size_t size, aft_model **out,
                                aft_error *error) {
  AFT__TRY(check_env(env, out, error));
  if (!image && size)
    return aft__error(error, AFT_E_NULL_HANDLE, "image", "expected the bytes of a model, found NULL");
  if (size > AFT__MODEL_MOST)
    return aft__error(error, AFT_E_TOO_LARGE, "image", "expected at most %zu bytes, found %zu",
                      AFT__MODEL_MOST, size);
  return aft__model_new(env, image, size, out, error);
}

aft_status aft_model_open(aft_env *env, const char *path, aft_model **out, aft_error *error) {
  aft__file file;
  AFT__TRY(check_env(env, out, error));
  if (!path)
    return aft__error(error, AFT_E_NULL_HANDLE, "path", "expected the path of a model, found NULL");
  AFT__TRY(aft__file_map(&file, path, AFT__MODEL_MOST, error));
  return open_file(env, file, true, out, error);
}

aft_status aft_model_image(const aft_model *model, aft_buf **out, aft_error *error) {
  if (!model || !out)
    return no_model(error);
  *out = NULL;
  aft_buf *buf = aft__buf_new(model->env);
  if (!buf)
    return aft__nomem(error);
  aft__buf_str(buf, aft__model_bytes(model));
  if (buf->failed) {
    aft_buf_free(buf);
    return aft__nomem(error);
  }
  *out = buf;
  return AFT_OK;
}

aft_status aft_model_save(const aft_model *model, const char *path, aft_error *error) {
  if (!model || !path)
    return no_model(error);
  return aft__file_replace(path, aft__model_bytes(model), error);
}

aft_model *aft_model_ref(aft_model *model) {
  if (model)
    atomic_fetch_add_explicit(&model->refs, 1, memory_order_relaxed);
  return model;
}

void aft_model_unref(aft_model *model) {
  if (model && atomic_fetch_sub_explicit(&model->refs, 1, memory_order_acq_rel) == 1)
    close_model(model);
}

const char *aft_model_label(const aft_model *model, uint32_t index) {
  return model && index < model->head.labels ? aft__model_label(model, index).data : NULL;
}

aft_status aft_model_about(const aft_model *model, aft_model_info *out, aft_error *error) {
  if (!model || !out)
    return no_model(error);
  const aft__model_head *h = &model->head;
  aft_model_info info = {.bytes = model->file.size,
                         .examples = h->examples,
                         .labels = h->labels,
                         .calibrated = h->calibrated,
                         .accuracy = h->accuracy,
                         .macro_f1 = h->macro_f1,
                         .ece = h->ece,
                         .threshold = h->threshold,
                         .coverage = h->coverage};
  return aft__abi_give(out, &info, sizeof info, INFO_V1, "aft_model_info", error);
}

aft_status aft_model_threshold(const aft_model *model, double wrong, double doubt, double *threshold,
                               double *coverage, aft_error *error) {
  aft__band bands[AFT__MODEL_BANDS];
  double share;
  if (!model || !threshold)
    return no_model(error);
  if (!(wrong > 0 && wrong < 1))
    return aft__error(error, AFT_E_INVALID, "wrong", "expected a share between 0 and 1");
  if (!(doubt > 0 && doubt < 1))
    return aft__error(error, AFT_E_INVALID, "doubt", "expected a share between 0 and 1");
  for (uint32_t i = 0; i < model->head.n_bands; i++) {
    const uint8_t *band = model->section[AFT__MODEL_BAND] + (size_t)12 * i;
    bands[i] = (aft__band){aft__lef32(band), aft__le32(band + 4), aft__le32(band + 8)};
  }
  aft__promise(bands, model->head.n_bands, wrong, doubt, threshold, &share);
  if (coverage)
    *coverage = share;
  return AFT_OK;
}

/* ---- raw texts ---- */

aft_status aft__model_normal(const aft_model *model, const char *text, size_t len, aft__buf *normal,
                             aft_error *error) {
  if (!text && len != 0 && len != AFT_NTS)
    return aft__error(error, AFT_E_INVALID, "text", "expected text of %zu bytes, found NULL", len);
  aft_str view = aft__str(text, len);
  if (view.len > model->env->o.limits.text_bytes)
    return aft__error(error, AFT_E_TOO_LARGE, "text", "expected at most %llu bytes, found %zu",
                      (unsigned long long)model->env->o.limits.text_bytes, view.len);
  AFT__TRY(aft__utf8_require(view, "text", error));
  return aft__normalise(normal, view, error);
}

static aft_status score_text(const aft_model *model, const char *text, size_t len, double *out,
                             aft_error *error) {
  char scratch[AFT__MODEL_SCRATCH];
  aft__buf normal;
  aft__buf_lend(&normal, model->env, scratch, sizeof scratch);
  aft_status status = aft__model_normal(model, text, len, &normal, error);
  if (status >= 0)
    aft__model_score(model, aft__buf_view(&normal), out);
  aft__buf_done(&normal);
  return status;
}

aft_status aft_model_predict(const aft_model *model, const char *text, size_t len, aft_prediction *out,
                             aft_error *error) {
  double scores[AFT_MODEL_LABELS];
  aft_prediction found = {0};
  if (!model || !out)
    return no_model(error);
  AFT__TRY(score_text(model, text, len, scores, error));
  aft__model_best(scores, model->head.labels, &found.label, &found.runner_up);
  found.confidence = scores[found.label];
  found.second = scores[found.runner_up];
  found.unsure = found.confidence < model->head.threshold;
  return aft__abi_give(out, &found, sizeof found, PREDICTION_V1, "aft_prediction", error);
}

aft_status aft_model_scores(const aft_model *model, const char *text, size_t len, double *out, size_t n,
                            aft_error *error) {
  double scores[AFT_MODEL_LABELS];
  if (!model || !out)
    return no_model(error);
  if (n < model->head.labels)
    return aft__error(error, AFT_E_INVALID, "n", "expected room for %u labels, found %zu", model->head.labels,
                      n);
  AFT__TRY(score_text(model, text, len, scores, error));
  memcpy(out, scores, model->head.labels * sizeof *out);
  return AFT_OK;
}
