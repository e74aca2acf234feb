/* One text, judged by a model or by the default policy. */
#include "classify.h"

#include <string.h>

int judge_open(judge *j, const choices *c) {
  aft_error error = {0};
  j->task = c->task ? c->task : "category";
  j->language = c->language;
  if (strcmp(j->task, "category") != 0 && strcmp(j->task, "tone") != 0 && strcmp(j->task, "question") != 0) {
    fprintf(stderr, "classify: --task expects category, tone or question, found %s\n", j->task);
    return 1;
  }
  aft_status status = aft_env_new(NULL, &j->env, &error);
  if (status >= 0 && c->model)
    status = aft_model_open(j->env, c->model, &j->model, &error);
  else if (status >= 0)
    status = aft_policy_default(j->env, &j->policy, &error);
  if (status < 0)
    fprintf(stderr, "classify: %s: %s\n", c->model ? c->model : "the default policy", error.message);
  return status < 0;
}

void judge_close(judge *j) {
  aft_model_unref(j->model);
  aft_policy_unref(j->policy);
  aft_env_unref(j->env);
}

static void take(verdict *out, const char *label, double confidence, int unsure) {
  snprintf(out->label, sizeof out->label, "%s", label);
  out->confidence = confidence;
  out->unsure = unsure;
}

static aft_status by_model(const judge *j, aft_str text, verdict *out, aft_error *error) {
  aft_prediction p = {.size = sizeof p};
  aft_status status = aft_model_predict(j->model, text.data, text.len, &p, error);
  if (status >= 0)
    take(out, aft_model_label(j->model, p.label), p.confidence, p.unsure != 0);
  return status;
}

/* A tone is the surer the further it is from the border between two, which lies at about 200 of 1000. */
static double sureness(int64_t strength) {
  int64_t size = strength < 0 ? -strength : strength;
  return size >= 200 ? 0.5 + (double)(size - 200) / 1600 : 1 - (double)size / 400;
}

static aft_status by_policy(const judge *j, aft_str text, verdict *out, aft_error *error) {
  aft_triage *triage = NULL;
  aft_triage_in in = {.size = sizeof in, .text = text};
  if (j->language)
    in.language = (aft_str){j->language, AFT_NTS};
  aft_status status = aft_triage_run(j->policy, &in, &triage, error);
  if (status < 0)
    return status;
  if (strcmp(j->task, "tone") == 0)
    take(out, aft_triage_text(triage, AFT_TRIAGE_TONE),
         sureness(aft_triage_number(triage, AFT_TRIAGE_TONE_STRENGTH)), 0);
  else if (strcmp(j->task, "question") == 0)
    take(out, aft_triage_number(triage, AFT_TRIAGE_QUESTION) ? "question" : "statement", 1, 0);
  else
    take(out, aft_triage_text(triage, AFT_TRIAGE_GUESS),
         (double)aft_triage_number(triage, AFT_TRIAGE_CONFIDENCE) / 1000,
         aft_triage_number(triage, AFT_TRIAGE_UNSURE) != 0);
  aft_triage_free(triage);
  return status;
}

aft_status judge_text(const judge *j, aft_str text, verdict *out, aft_error *error) {
  return j->model ? by_model(j, text, out, error) : by_policy(j, text, out, error);
}
