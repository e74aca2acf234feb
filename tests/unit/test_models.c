/* Models of text: what they learn, what they promise, and what they refuse. */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "assert_status.h"
#include "base/base.h"
#include "corpus.h"
#include "fault_alloc.h"
#include "random.h"

static aft_env *env;
static aft_error error;

static int set_up(void **state) {
  (void)state;
  memset(&error, 0, sizeof error);
  return aft_env_new(NULL, &env, NULL) < 0 ? -1 : 0;
}

static int tear_down(void **state) {
  (void)state;
  aft_env_unref(env);
  return 0;
}

static aft_model *train(corpus c, const aft_model_options *options) {
  aft_model *model = NULL;
  aft_model_options keep = {.size = sizeof keep, .contradictions = AFT_MODEL_KEEP, .max_bytes = 20000};
  assert_ok(aft_model_train(env, options ? options : &keep, corpus_next, &c, &model, &error));
  return model;
}

/* Examples that are listed. */
typedef struct listed {
  const char *const (*row)[2];
  const uint32_t *weight;
  size_t n, at;
} listed;

static int listed_next(void *user, aft_example *out) {
  listed *l = user;
  if (l->at == l->n)
    return 0;
  out->label = (aft_str){l->row[l->at][0], AFT_NTS};
  out->text = (aft_str){l->row[l->at][1], AFT_NTS};
  out->weight = l->weight ? l->weight[l->at] : 0;
  l->at++;
  return 1;
}

#define LISTED(rows) \
  (listed) { rows, NULL, sizeof rows / sizeof *rows, 0 }

static void predict(const aft_model *model, const char *text, aft_prediction *out) {
  out->size = sizeof *out;
  assert_ok(aft_model_predict(model, text, AFT_NTS, out, &error));
}

/* ---- what is learnt ---- */

static double accuracy(const aft_model *model, corpus c) {
  aft_example example = {.size = sizeof example};
  uint32_t right = 0;
  while (corpus_next(&c, &example) > 0) {
    aft_prediction p;
    predict(model, c.text, &p);
    right += strcmp(aft_model_label(model, p.label), c.label) == 0;
  }
  return (double)right / c.n;
}

static void it_learns_two_labels_and_many(void **state) {
  (void)state;
  static const uint32_t labels[] = {2, 3, 14, 60, 270};
  const aft_model_options full = {.size = sizeof full, .contradictions = AFT_MODEL_KEEP};
  for (size_t i = 0; i < AFT__COUNT(labels); i++) {
    corpus learnt = {.seed = 1, .n = rounds(8, 12) * labels[i] + 400, .labels = labels[i]};
    corpus fresh = {.seed = 2, .n = 400, .labels = labels[i]};
    aft_model *model = train(learnt, &full);
    aft_model_info info = {.size = sizeof info};
    assert_ok(aft_model_about(model, &info, &error));
    assert_int_equal(info.labels, labels[i]);
    assert_int_equal(info.examples, learnt.n);
    assert_true(info.bytes <= 440000);
    assert_true(accuracy(model, fresh) > 0.95);
    aft_model_unref(model);
  }
}

static void the_same_examples_and_seed_give_the_same_bytes(void **state) {
  (void)state;
  corpus c = {.seed = 5, .n = 600, .labels = 5, .vague = 100};
  aft_model *one = train(c, NULL), *two = train(c, NULL);
  aft_buf *a, *b;
  assert_ok(aft_model_image(one, &a, &error));
  assert_ok(aft_model_image(two, &b, &error));
  assert_int_equal(aft_buf_size(a), aft_buf_size(b));
  assert_memory_equal(aft_buf_data(a), aft_buf_data(b), aft_buf_size(a));
  aft_buf_free(a);
  aft_buf_free(b);
  aft_model_unref(one);
  aft_model_unref(two);
}

static void labels_are_in_order_of_their_bytes(void **state) {
  (void)state;
  corpus c = {.seed = 6, .n = 300, .labels = 7};
  aft_model *model = train(c, NULL);
  for (uint32_t i = 0; i < 6; i++)
    assert_true(strcmp(aft_model_label(model, i), aft_model_label(model, i + 1)) < 0);
  assert_null(aft_model_label(model, 7));
  aft_model_unref(model);
}

static void a_heavy_example_overrules_light_ones(void **state) {
  (void)state;
  static const char *const rows[][2] = {{"a", "red apple"},   {"a", "red apple pie"}, {"b", "blue sky"},
                                        {"b", "blue sky up"}, {"a", "odd word"},      {"b", "odd word"}};
  static const uint32_t for_a[] = {0, 0, 0, 0, 20000, 100}, for_b[] = {0, 0, 0, 0, 100, 20000};
  const uint32_t *const weights[] = {for_a, for_b};
  aft_model_options keep = {.size = sizeof keep, .contradictions = AFT_MODEL_KEEP};
  for (int i = 0; i < 2; i++) {
    listed l = LISTED(rows);
    aft_model *model = NULL;
    aft_prediction p;
    l.weight = weights[i];
    assert_ok(aft_model_train(env, &keep, listed_next, &l, &model, &error));
    predict(model, "odd word", &p);
    assert_string_equal(aft_model_label(model, p.label), i == 0 ? "a" : "b");
    aft_model_unref(model);
  }
}

static void probabilities_add_up_and_agree_with_the_prediction(void **state) {
  (void)state;
  const uint32_t labels[] = {2, 9, rounds(60, 270)};
  for (size_t i = 0; i < AFT__COUNT(labels); i++) {
    corpus c = {.seed = 8, .n = 1400, .labels = labels[i], .vague = 200};
    aft_model *model = train(c, NULL);
    aft_example example = {.size = sizeof example};
    double scores[270];
    for (c.n = 60; corpus_next(&c, &example) > 0;) {
      aft_prediction p;
      double sum = 0;
      predict(model, c.text, &p);
      assert_ok(aft_model_scores(model, c.text, AFT_NTS, scores, 270, &error));
      for (uint32_t k = 0; aft_model_label(model, k); k++) {
        sum += scores[k];
        assert_true(scores[k] <= p.confidence);
      }
      assert_true(fabs(sum - 1) < 1e-9);
      assert_true(scores[p.label] == p.confidence && scores[p.runner_up] == p.second);
    }
    aft_model_info info = {.size = sizeof info};
    assert_ok(aft_model_about(model, &info, &error));
    assert_status(aft_model_scores(model, "x", 1, scores, info.labels - 1, &error), AFT_E_INVALID);
    aft_model_unref(model);
  }
}

static void what_a_model_says_survives_its_file(void **state) {
  (void)state;
  static const uint32_t labels[] = {2, 4, 270};
  char path[] = "/tmp/aft-model-XXXXXX";
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  close(fd);
  for (size_t i = 0; i < AFT__COUNT(labels); i++) {
    corpus c = {.seed = 9, .n = rounds(1000, 1400), .labels = labels[i]};
    aft_model *model = train(c, NULL), *opened = NULL;
    aft_example example = {.size = sizeof example};
    assert_ok(aft_model_save(model, path, &error));
    assert_ok(aft_model_open(env, path, &opened, &error));
    for (c.n = 50; corpus_next(&c, &example) > 0;) {
      aft_prediction p, q;
      predict(model, c.text, &p);
      predict(opened, c.text, &q);
      assert_memory_equal(&p, &q, sizeof p);
    }
    aft_model_unref(model);
    aft_model_unref(opened);
  }
  unlink(path);
}

static void the_word_that_decides_is_the_weightiest(void **state) {
  (void)state;
  const uint32_t labels[] = {2, 6, rounds(60, 270)};
  for (size_t i = 0; i < AFT__COUNT(labels); i++) {
    corpus c = {.seed = 3, .n = 8 * labels[i] + 200, .labels = labels[i]};
    aft_model *model = train(c, NULL);
    aft_buf *why;
    assert_ok(aft_model_explain(model, "please look at topic1 today", AFT_NTS, &why, &error));
    const char *words = strstr(aft_buf_data(why), "\"words\":[{\"text\":\"");
    assert_non_null(strstr(aft_buf_data(why), "\"label\":\"label-001\""));
    assert_non_null(words);
    words += strlen("\"words\":[{\"text\":\"");
    const char *end = strchr(words, '"'), *found = strstr(words, "opic1");
    assert_true(found && found < end);
    aft_buf_free(why);
    aft_model_unref(model);
  }
}

/* ---- what is promised ---- */

/* Of many models, each with fresh texts of which a third cannot be told, at most one in ten answers wrongly
 * more often than promised; and they answer most of what can be told. */
static void the_promise_is_broken_no_more_often_than_it_says(void **state) {
  (void)state;
  uint32_t broken = 0, answered_all = 0;
  uint64_t seed = 20260101; /* a promise of a chance: with another seed it may be broken once more */
  uint32_t models = rounds(20, 50);
  for (uint32_t i = 0; i < models; i++) {
    corpus learnt = {.seed = draw(&seed), .n = 700, .labels = 3, .vague = 330};
    corpus fresh = {.seed = draw(&seed), .n = 6000, .labels = 3, .vague = 330};
    aft_model *model = train(learnt, NULL);
    aft_example example = {.size = sizeof example};
    uint32_t answered = 0, wrong = 0;
    while (corpus_next(&fresh, &example) > 0) {
      aft_prediction p;
      predict(model, fresh.text, &p);
      answered += !p.unsure;
      wrong += !p.unsure && strcmp(aft_model_label(model, p.label), fresh.label) != 0;
    }
    broken += wrong * 20 > answered;
    answered_all += answered;
    aft_model_unref(model);
  }
  print_message("# broken %u of %u, answered %u of %u\n", broken, models, answered_all, models * 6000);
  assert_true(broken * 10 <= models);
  assert_true(answered_all > models * 6000 / 2);
}

static void a_stricter_promise_answers_less(void **state) {
  (void)state;
  corpus c = {.seed = 4, .n = 4000, .labels = 3, .vague = 200};
  aft_model *model = train(c, NULL);
  static const double wrong[] = {0.3, 0.1, 0.05, 0.02};
  double before = 2, threshold, coverage;
  for (size_t i = 0; i < AFT__COUNT(wrong); i++) {
    assert_ok(aft_model_threshold(model, wrong[i], 0.1, &threshold, &coverage, &error));
    assert_true(coverage <= before && coverage >= 0 && coverage <= 1);
    before = coverage;
  }
  assert_status(aft_model_threshold(model, 0, 0.1, &threshold, &coverage, &error), AFT_E_INVALID);
  assert_status(aft_model_threshold(model, 0.1, 1, &threshold, &coverage, &error), AFT_E_INVALID);
  aft_model_unref(model);
}

static void what_cannot_be_promised_is_not_answered(void **state) {
  (void)state;
  corpus c = {.seed = 4, .n = 1500, .labels = 4, .vague = 1000};
  aft_model *model = train(c, NULL);
  aft_model_info info = {.size = sizeof info};
  aft_prediction p;
  assert_ok(aft_model_about(model, &info, &error));
  assert_true(info.threshold > 1 && info.coverage == 0);
  predict(model, "please", &p);
  assert_int_equal(p.unsure, 1);
  aft_model_unref(model);
}

/* ---- comparing and measuring ---- */

static void the_better_of_two_models_is_told_from_chance(void **state) {
  (void)state;
  corpus few = {.seed = 11, .n = 40, .labels = 8}, many = {.seed = 12, .n = 2000, .labels = 8};
  corpus fresh = {.seed = 13, .n = 600, .labels = 8};
  aft_model *poor = train(few, NULL), *good = train(many, NULL);
  aft_comparison found = {.size = sizeof found};
  corpus c = fresh;
  assert_ok(aft_model_compare(poor, good, corpus_next, &c, &found, &error));
  assert_int_equal(found.examples, 600);
  assert_int_equal(found.better, 1);
  c = fresh;
  assert_ok(aft_model_compare(good, poor, corpus_next, &c, &found, &error));
  assert_int_equal(found.worse, 1);
  c = fresh;
  assert_ok(aft_model_compare(good, good, corpus_next, &c, &found, &error));
  assert_true(!found.better && !found.worse && found.p == 1);
  c = fresh;
  assert_ok(aft_model_compare(NULL, good, corpus_next, &c, &found, &error));
  assert_int_equal(found.better, 1);
  assert_int_equal(found.both + found.only_new, (uint64_t)lround(found.new_accuracy * 600));
  aft_model_unref(poor);
  aft_model_unref(good);
}

static void add(aft_eval *eval, const char *truth, const char *label, double confidence, uint32_t unsure) {
  aft_guess guess = {.size = sizeof guess,
                     .truth = {truth, AFT_NTS},
                     .label = {label, AFT_NTS},
                     .confidence = confidence,
                     .unsure = unsure};
  assert_ok(aft_eval_add(eval, &guess, &error));
}

static void figures_are_those_of_the_definitions(void **state) {
  (void)state;
  aft_eval *eval;
  aft_buf *report;
  assert_ok(aft_eval_new(env, &eval, &error));
  add(eval, "a", "a", 0.9, 0);
  add(eval, "a", "b", 0.9, 0);
  add(eval, "b", "b", 0.6, 1);
  add(eval, "other", "a", 0.5, 1);
  add(eval, "other", "other", 1, 0);
  assert_ok(aft_eval_report(eval, &report, &error));
  const char *json = aft_buf_data(report);
  /* F1: a 2/4, b 2/3, other 2/3; calibration: |1.8 - 1| + |0.6 - 1| + |0.5 - 0| + |1 - 1|, by 5 */
  assert_non_null(strstr(json,
                         "{\"n\":5,\"accuracy\":0.600000,\"macro_f1\":0.611111,\"answerable\":3,"
                         "\"answered\":2,\"answered_accuracy\":0.500000,\"ece\":0.340000,"));
  assert_non_null(strstr(json, "{\"truth\":\"a\",\"label\":\"b\",\"n\":1}"));
  aft_guess bad = {.size = sizeof bad, .truth = {"a", 1}, .label = {"a", 1}, .confidence = 1.5};
  assert_status(aft_eval_add(eval, &bad, &error), AFT_E_INVALID);
  aft_buf_free(report);
  aft_eval_free(eval);
}

/* ---- what is refused ---- */

static void refuse(const char *const (*rows)[2], size_t n, aft_status expected, const char *where) {
  listed l = {rows, NULL, n, 0};
  aft_model *model = (aft_model *)1;
  assert_status(aft_model_train(env, NULL, listed_next, &l, &model, &error), expected);
  assert_null(model);
  assert_string_equal(error.where, where);
}

#define REFUSE(rows, expected, where) refuse(rows, sizeof rows / sizeof *rows, expected, where)

static void bad_examples_are_named_by_their_number(void **state) {
  (void)state;
  static char long_label[202];
  memset(long_label, 'x', 201);
  static const char *const no_label[][2] = {{"a", "x"}, {"", "y"}};
  static const char *const no_text[][2] = {{"a", "x"}, {"b", "y"}, {"b", ""}};
  static const char *const tab[][2] = {{"a\tb", "x"}};
  static const char *const line_end[][2] = {{"a", "x"}, {"a\n", "x"}};
  static const char *const too_long[][2] = {{long_label, "x"}};
  static const char *const encoding[][2] = {{"a", "x"}, {"b", "\xff\xfe"}};
  static const char *const one[][2] = {{"a", "x"}, {"a", "y"}};
  static const char *const once[][2] = {{"a", "x"}, {"a", "y"}, {"b", "z"}};
  static const char *const contradiction[][2] = {{"a", "x"}, {"b", "y"}, {"b", "x"}};
  REFUSE(no_label, AFT_E_INVALID, "examples[2]");
  REFUSE(no_text, AFT_E_INVALID, "examples[3]");
  REFUSE(tab, AFT_E_INVALID, "examples[1]");
  REFUSE(line_end, AFT_E_INVALID, "examples[2]");
  REFUSE(too_long, AFT_E_INVALID, "examples[1]");
  REFUSE(encoding, AFT_E_ENCODING, "examples[2]");
  REFUSE(one, AFT_E_INVALID, "examples");
  REFUSE(once, AFT_E_INVALID, "examples");
  refuse(NULL, 0, AFT_E_INVALID, "examples");
  REFUSE(contradiction, AFT_E_INVALID, "examples[3]");
  assert_non_null(strstr(error.message, "example 1"));
}

/* Rows whose label is their number. */
static int numbered(void *user, aft_example *out) {
  static char label[16];
  snprintf(label, sizeof label, "%u", (*(uint32_t *)user)++ / 2);
  out->label = (aft_str){label, AFT_NTS};
  out->text = (aft_str){"same words", AFT_NTS};
  return 1;
}

static void ten_thousand_labels_are_too_many(void **state) {
  (void)state;
  uint32_t n = 0;
  aft_model *model = NULL;
  aft_model_options keep = {.size = sizeof keep, .contradictions = AFT_MODEL_KEEP};
  assert_status(aft_model_train(env, &keep, numbered, &n, &model, &error), AFT_E_TOO_LARGE);
  assert_string_equal(error.where, "examples[2001]");
}

static int huge(void *user, aft_example *out) {
  out->label = (aft_str){"a", 1};
  out->text = *(aft_str *)user;
  return 1;
}

static void a_text_of_ten_megabytes_is_too_large(void **state) {
  (void)state;
  aft_str text = {malloc(10 << 20), 10 << 20};
  aft_model *model = NULL;
  memset((char *)(uintptr_t)text.data, 'a', text.len);
  assert_status(aft_model_train(env, NULL, huge, &text, &model, &error), AFT_E_TOO_LARGE);
  assert_string_equal(error.where, "examples[1]");
  model = train((corpus){.seed = 1, .n = 60, .labels = 2}, NULL);
  aft_prediction p = {.size = sizeof p};
  assert_status(aft_model_predict(model, text.data, text.len, &p, &error), AFT_E_TOO_LARGE);
  assert_ok(aft_model_predict(model, text.data, 200000, &p, &error));
  assert_ok(aft_model_predict(model, "", 0, &p, &error));
  assert_status(aft_model_predict(model, "\xe4\xbd", 2, &p, &error), AFT_E_ENCODING);
  assert_status(aft_model_predict(model, "a\0b", 3, &p, &error), AFT_E_NUL_BYTE);
  aft_model_unref(model);
  free((char *)(uintptr_t)text.data);
}

static int stop_at_once(void *user, uint32_t permille) {
  ++*(uint32_t *)user;
  return permille < 1000;
}

static void the_caller_can_end_a_training(void **state) {
  (void)state;
  uint32_t calls = 0;
  corpus c = {.seed = 1, .n = 200, .labels = 3, .fail_at = 150};
  aft_model_options options = {.size = sizeof options, .progress = stop_at_once, .progress_user = &calls};
  aft_model *model = NULL;
  assert_status(aft_model_train(env, &options, corpus_next, &c, &model, &error), AFT_E_CALLBACK);
  assert_string_equal(error.where, "examples[150]");
  c = (corpus){.seed = 1, .n = 200, .labels = 3};
  assert_status(aft_model_train(env, &options, corpus_next, &c, &model, &error), AFT_E_INTERRUPTED);
  assert_int_equal(calls, 1);
  options = (aft_model_options){.size = sizeof options, .max_bytes = 100};
  assert_status(aft_model_train(env, &options, corpus_next, &c, &model, &error), AFT_E_INVALID);
  options = (aft_model_options){.size = 8};
  assert_status(aft_model_train(env, &options, corpus_next, &c, &model, &error), AFT_E_ABI);
}

/* ---- files from elsewhere ---- */

static void mend_checksum(uint8_t *image, size_t size) {
  uint64_t sum = aft__hash64(image + 24, size - 24, 0);
  for (int i = 0; i < 8; i++)
    image[16 + i] = (uint8_t)(sum >> (8 * i));
}

static uint8_t *image_of(uint32_t labels, size_t *size) {
  corpus c = {.seed = 2, .n = 400 + 4 * labels, .labels = labels};
  aft_model_options small = {.size = sizeof small, .max_bytes = 20000, .contradictions = AFT_MODEL_KEEP};
  aft_model *model = train(c, &small);
  aft_buf *image;
  assert_ok(aft_model_image(model, &image, &error));
  *size = aft_buf_size(image);
  assert_true(*size <= 20000);
  uint8_t *copy = malloc(*size);
  memcpy(copy, aft_buf_data(image), *size);
  aft_buf_free(image);
  aft_model_unref(model);
  return copy;
}

/* Whatever is accepted can be used. */
static void use(aft_model *model) {
  aft_prediction p = {.size = sizeof p};
  aft_buf *why = NULL;
  double threshold;
  aft_model_predict(model, "please look at topic1 今天", AFT_NTS, &p, NULL);
  aft_model_explain(model, "please look at topic1 今天", AFT_NTS, &why, NULL);
  aft_model_threshold(model, 0.1, 0.1, &threshold, NULL, NULL);
  aft_buf_free(why);
  aft_model_unref(model);
}

static void a_file_cut_short_anywhere_is_refused(void **state) {
  (void)state;
  size_t size;
  uint8_t *image = image_of(3, &size);
  for (size_t n = 0; n < size; n += n < 400 ? 1 : 97) {
    aft_model *model = NULL;
    uint8_t *part = malloc(n ? n : 1);
    memcpy(part, image, n);
    assert_status(aft_model_open_image(env, part, n, &model, &error), AFT_E_MODEL);
    assert_null(model);
    free(part);
  }
  free(image);
}

static void a_hostile_file_is_refused_or_harmless(void **state) {
  (void)state;
  static const uint32_t labels[] = {2, 3, 14, 270};
  uint64_t seed = seed_of("a_hostile_file_is_refused_or_harmless");
  for (size_t k = 0; k < AFT__COUNT(labels); k++) {
    size_t size;
    uint8_t *image = image_of(labels[k], &size);
    for (uint32_t i = 0; i < rounds(500, 5000); i++) {
      uint8_t *bad = malloc(size);
      aft_model *model = NULL;
      memcpy(bad, image, size);
      for (uint32_t hits = 1 + below(&seed, 4); hits > 0; hits--)
        bad[i % 3 ? below(&seed, 400) : below(&seed, (uint32_t)size)] = (uint8_t)draw(&seed);
      bool mended = i % 8 != 0;
      if (mended)
        mend_checksum(bad, size);
      if (aft_model_open_image(env, bad, size, &model, &error) == AFT_OK)
        use(model);
      free(bad);
    }
    free(image);
  }
}

static void formats_to_come_are_read_as_far_as_they_allow(void **state) {
  (void)state;
  size_t size;
  uint8_t *image = image_of(3, &size);
  aft_model *model = NULL;
  image[8] = 7; /* written by format 7, for readers from format 1 on */
  assert_ok(aft_model_open_image(env, image, size, &model, &error));
  use(model);
  image[10] = 7;
  assert_status(aft_model_open_image(env, image, size, &model, &error), AFT_E_MODEL);
  assert_non_null(strstr(error.message, "format 7"));
  assert_status(aft_model_open_image(env, "hello", 5, &model, &error), AFT_E_MODEL);
  assert_status(aft_model_open(env, "/nonexistent/model", &model, &error), AFT_E_IO);
  assert_status(aft_model_open_image(env, NULL, 5, &model, &error), AFT_E_NULL_HANDLE);
  free(image);
}

/* ---- memory ---- */

static void every_allocation_may_fail(void **state) {
  (void)state;
  for (uint64_t at = 1;; at++) {
    fault_alloc fault = {.fail_at = at};
    aft_env_options options = {.size = sizeof options, .alloc = fault_alloc_hooks(&fault)};
    aft_env *failing = NULL;
    aft_model *model = NULL;
    aft_model_options keep = {.size = sizeof keep, .contradictions = AFT_MODEL_KEEP, .max_bytes = 9000};
    corpus c = {.seed = 3, .n = 30, .labels = 3};
    aft_status status = aft_env_new(&options, &failing, &error);
    if (status >= 0)
      status = aft_model_train(failing, &keep, corpus_next, &c, &model, &error);
    assert_true(status >= 0 || status == AFT_E_NOMEM);
    bool failed = fault.failures > 0;
    assert_int_equal(failed, status < 0);
    aft_model_unref(model);
    aft_env_unref(failing);
    assert_int_equal(fault.bytes, 0);
    if (!failed)
      break;
  }
}

static void predicting_a_usual_text_takes_no_memory(void **state) {
  (void)state;
  fault_alloc fault = {0};
  aft_env_options options = {.size = sizeof options, .alloc = fault_alloc_hooks(&fault)};
  aft_env *counting;
  aft_model *model = NULL;
  corpus c = {.seed = 3, .n = 100, .labels = 3};
  assert_ok(aft_env_new(&options, &counting, &error));
  assert_ok(aft_model_train(counting, NULL, corpus_next, &c, &model, &error));
  uint64_t before = fault.calls;
  aft_prediction p;
  predict(model, "你们的快递什么时候到？ When will it arrive? ①②③", &p);
  assert_int_equal(fault.calls, before);
  aft_model_unref(model);
  aft_env_unref(counting);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(it_learns_two_labels_and_many),
      CASE(the_same_examples_and_seed_give_the_same_bytes),
      CASE(labels_are_in_order_of_their_bytes),
      CASE(a_heavy_example_overrules_light_ones),
      CASE(probabilities_add_up_and_agree_with_the_prediction),
      CASE(what_a_model_says_survives_its_file),
      CASE(the_word_that_decides_is_the_weightiest),
      CASE(the_promise_is_broken_no_more_often_than_it_says),
      CASE(a_stricter_promise_answers_less),
      CASE(what_cannot_be_promised_is_not_answered),
      CASE(the_better_of_two_models_is_told_from_chance),
      CASE(figures_are_those_of_the_definitions),
      CASE(bad_examples_are_named_by_their_number),
      CASE(ten_thousand_labels_are_too_many),
      CASE(a_text_of_ten_megabytes_is_too_large),
      CASE(the_caller_can_end_a_training),
      CASE(a_file_cut_short_anywhere_is_refused),
      CASE(a_hostile_file_is_refused_or_harmless),
      CASE(formats_to_come_are_read_as_far_as_they_allow),
      CASE(every_allocation_may_fail),
      CASE(predicting_a_usual_text_takes_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
