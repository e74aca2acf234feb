/* classify predict and explain: labels of single texts, and why. */
#include "classify.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

int classify_predict(const choices *c) {
  judge j = {0};
  char *line = NULL;
  size_t room = 0;
  ssize_t n;
  int failed = judge_open(&j, c);
  for (unsigned long at = 1; !failed && (n = getline(&line, &room, stdin)) >= 0; at++) {
    aft_error error = {0};
    verdict v;
    while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r'))
      line[--n] = '\0';
    if (judge_text(&j, (aft_str){line, (size_t)n}, &v, &error) < 0) {
      fprintf(stderr, "classify: line %lu: %s\n", at, error.message);
      failed = 1;
      break;
    }
    printf("%s\t%.3f\t%s\n", v.unsure ? "unsure" : v.label, v.confidence, line);
  }
  free(line);
  judge_close(&j);
  return failed;
}

static void print_words(const char *text, size_t len) {
  json_t *found = json_loadb(text, len, 0, NULL);
  const json_t *words = json_object_get(found, "words");
  int unsure = json_is_true(json_object_get(found, "unsure"));
  printf("%s, confidence %.3f%s; next would be %s\n", json_string_value(json_object_get(found, "label")),
         json_number_value(json_object_get(found, "confidence")), unsure ? ", too little for an answer" : "",
         json_string_value(json_object_get(found, "runner_up")));
  for (size_t i = 0; i < json_array_size(words); i++) {
    const json_t *word = json_array_get(words, i);
    printf("  %+7.2f  %s\n", json_number_value(json_object_get(word, "weight")),
           json_string_value(json_object_get(word, "text")));
  }
  json_decref(found);
}

static aft_status explain_default(const judge *j, const choices *c, aft_str text, aft_error *error) {
  aft_triage *triage = NULL;
  aft_buf *reasons = NULL;
  aft_triage_in in = {.size = sizeof in, .text = text};
  aft_status status = aft_triage_run(j->policy, &in, &triage, error);
  const char *locale = c->language   ? c->language
                       : status >= 0 ? aft_triage_text(triage, AFT_TRIAGE_LANGUAGE)
                                     : "";
  if (status >= 0)
    status = aft_triage_explain(triage, locale, &reasons, error);
  if (status >= 0)
    printf("%.*s", (int)aft_buf_size(reasons), (const char *)aft_buf_data(reasons));
  aft_buf_free(reasons);
  aft_triage_free(triage);
  return status;
}

int classify_explain(const choices *c) {
  judge j = {0};
  aft_error error = {0};
  aft_buf *found = NULL;
  aft_str text = {c->text, strlen(c->text)};
  int failed = judge_open(&j, c);
  aft_status status = AFT_OK;
  if (!failed && j.model) {
    status = aft_model_explain(j.model, text.data, text.len, &found, &error);
    if (status >= 0)
      print_words(aft_buf_data(found), aft_buf_size(found));
  } else if (!failed) {
    status = explain_default(&j, c, text, &error);
  }
  if (status < 0)
    fprintf(stderr, "classify: %s\n", error.message);
  aft_buf_free(found);
  judge_close(&j);
  return failed || status < 0;
}
