/* classify eval: how good a model, or the built-in default, is on a data file. */
#include "classify.h"

#include <jansson.h>
#include <string.h>

typedef struct measuring {
  judge judge;
  aft_eval *eval;
  double took; /* in judging alone */
} measuring;

static aft_status measure_row(measuring *m, const aft_example *example, aft_error *error) {
  verdict v;
  double began = seconds();
  aft_status status = judge_text(&m->judge, example->text, &v, error);
  m->took += seconds() - began;
  if (status < 0)
    return status;
  aft_guess guess = {.size = sizeof guess,
                     .truth = example->label,
                     .label = {v.label, AFT_NTS},
                     .confidence = v.confidence,
                     .unsure = (uint32_t)v.unsure};
  return aft_eval_add(m->eval, &guess, error);
}

static int measure(measuring *m, rows *r) {
  aft_error error = {0};
  aft_example example = {.size = sizeof example};
  int more;
  while ((more = rows_next(r, &example)) > 0) {
    if (measure_row(m, &example, &error) < 0) {
      fprintf(stderr, "classify: %s:%lu: %s\n", r->path, r->at, error.message);
      return 1;
    }
    show_progress("measuring", r->of > 0 ? (uint32_t)(r->read * 1000 / r->of) : 0);
  }
  return more < 0 ? rows_failed(r, &error) : 0;
}

static double share(const json_t *of, const char *key) { return json_number_value(json_object_get(of, key)); }

static void print_classes(const json_t *report) {
  const json_t *classes = json_object_get(report, "classes");
  printf("\n  %-28s %8s %10s %8s %8s\n", "label", "rows", "precision", "recall", "F1");
  for (size_t i = 0; i < json_array_size(classes); i++) {
    const json_t *class = json_array_get(classes, i);
    const char *label = json_string_value(json_object_get(class, "label"));
    int pad = 28 - (int)aft_text_columns(label, AFT_NTS);
    printf("  %s%*s %8lld %10.1f %8.1f %8.1f\n", label, pad > 0 ? pad : 0, "",
           (long long)json_integer_value(json_object_get(class, "n")), share(class, "precision") * 100,
           share(class, "recall") * 100, share(class, "f1") * 100);
  }
}

static void print_confusion(const json_t *report) {
  const json_t *pairs = json_object_get(report, "confusion");
  printf("\n  taken for each other:\n");
  for (size_t i = 0; i < json_array_size(pairs); i++) {
    const json_t *pair = json_array_get(pairs, i);
    const char *truth = json_string_value(json_object_get(pair, "truth"));
    const char *label = json_string_value(json_object_get(pair, "label"));
    if (strcmp(truth, label) != 0)
      printf("  %6lld  %s taken for %s\n", (long long)json_integer_value(json_object_get(pair, "n")), truth,
             label);
  }
}

static void print_people(const json_t *report) {
  double answerable = share(report, "answerable"), answered = share(report, "answered");
  printf("%lld rows: accuracy %.1f %%, macro-F1 %.1f %%, calibration error %.1f %%\n",
         (long long)json_integer_value(json_object_get(report, "n")), share(report, "accuracy") * 100,
         share(report, "macro_f1") * 100, share(report, "ece") * 100);
  printf("answered %.0f of %.0f (%.1f %%), of these right %.1f %%\n", answered, answerable,
         answerable > 0 ? answered * 100 / answerable : 0, share(report, "answered_accuracy") * 100);
  printf("%.0f texts a second, %lld bytes\n", share(report, "texts_per_second"),
         (long long)json_integer_value(json_object_get(report, "model_bytes")));
  print_classes(report);
  print_confusion(report);
}

static long long bytes_of(const judge *j) {
  aft_model_info info = {.size = sizeof info};
  aft_buf *image = NULL;
  if (j->model)
    return aft_model_about(j->model, &info, NULL) < 0 ? 0 : (long long)info.bytes;
  if (aft_policy_image(j->policy, &image, NULL) < 0)
    return 0;
  long long bytes = (long long)aft_buf_size(image);
  aft_buf_free(image);
  return bytes;
}

static int print_report(const measuring *m, int json) {
  aft_buf *text = NULL;
  aft_error error = {0};
  if (aft_eval_report(m->eval, &text, &error) < 0) {
    fprintf(stderr, "classify: %s\n", error.message);
    return 1;
  }
  json_t *report = json_loadb(aft_buf_data(text), aft_buf_size(text), 0, NULL);
  double n = share(report, "n");
  json_object_set_new(report, "texts_per_second", json_real(m->took > 0 ? n / m->took : 0));
  json_object_set_new(report, "model_bytes", json_integer(bytes_of(&m->judge)));
  if (json) {
    json_dumpf(report, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    putchar('\n');
  } else {
    print_people(report);
  }
  json_decref(report);
  aft_buf_free(text);
  return 0;
}

int classify_eval(const choices *c) {
  measuring m = {0};
  rows r;
  if (rows_open(&r, c->data))
    return 1;
  int failed = judge_open(&m.judge, c) || aft_eval_new(m.judge.env, &m.eval, NULL) < 0 || measure(&m, &r) ||
               print_report(&m, c->json);
  aft_eval_free(m.eval);
  judge_close(&m.judge);
  rows_close(&r);
  return failed;
}
