/* Why a model takes a text for its label, as JSON. */
#include "model/model_priv.h"

static void write_words(const aft_model *model, aft_str normal, uint32_t best, uint32_t next,
                        aft__json *json) {
  aft__model_word words[AFT__MODEL_WORDS];
  uint32_t n = aft__model_words(model, normal, best, next, words);
  aft__json_key(json, "words");
  aft__json_open(json, '[');
  for (uint32_t i = 0; i < n; i++) {
    aft__json_open(json, '{');
    aft__json_key(json, "text");
    aft__json_str(json, aft__str(normal.data + words[i].begin, words[i].end - words[i].begin));
    aft__json_key(json, "weight");
    aft__json_share(json, words[i].weight);
    aft__json_close(json, '}');
  }
  aft__json_close(json, ']');
}

static void write(const aft_model *model, aft_str normal, aft__buf *out) {
  double scores[AFT_MODEL_LABELS];
  uint32_t best, next;
  aft__json json;
  aft__model_score(model, normal, scores);
  aft__model_best(scores, model->head.labels, &best, &next);
  aft__json_init(&json, out);
  aft__json_open(&json, '{');
  aft__json_key(&json, "label");
  aft__json_str(&json, aft__model_label(model, best));
  aft__json_key(&json, "confidence");
  aft__json_share(&json, scores[best]);
  aft__json_key(&json, "runner_up");
  aft__json_str(&json, aft__model_label(model, next));
  aft__json_key(&json, "unsure");
  aft__json_bool(&json, scores[best] < model->head.threshold);
  write_words(model, normal, best, next, &json);
  aft__json_close(&json, '}');
}

aft_status aft_model_explain(const aft_model *model, const char *text, size_t len, aft_buf **out,
                             aft_error *error) {
  char scratch[AFT__MODEL_SCRATCH];
  aft__buf normal;
  if (!model || !out)
    return aft__error(error, AFT_E_NULL_HANDLE, "model", "expected a model and a place, found NULL");
  *out = NULL;
  aft__buf_lend(&normal, model->env, scratch, sizeof scratch);
  aft_buf *buf = aft__buf_new(model->env);
  aft_status status = buf ? aft__model_normal(model, text, len, &normal, error) : aft__nomem(error);
  if (status >= 0) {
    write(model, aft__buf_view(&normal), buf);
    if (buf->failed)
      status = aft__nomem(error);
  }
  aft__buf_done(&normal);
  if (status < 0)
    aft_buf_free(buf);
  else
    *out = buf;
  return status;
}
