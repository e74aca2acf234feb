/* Models of text: train on your own labels, measure, predict, explain. */
#include "classify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage_text[] =
    "usage: classify train   --data FILE --model OUT [--seed N] [--wrong PERMILLE] [--bytes N] "
    "[--keep-contradictions]\n"
    "       classify eval    --model FILE --data FILE [--json]\n"
    "       classify eval    --default --task category|tone|question [--lang zh|en] --data FILE [--json]\n"
    "       classify predict --model FILE | --default    lines on standard input, to label, confidence, "
    "text\n"
    "       classify explain [--model FILE] [--lang zh|en] TEXT\n\n"
    "Data files have one example a line: label, tab, text. Progress goes to standard error.\n"
    "  --wrong PERMILLE       wrong answers among those given that are promised at most (50)\n"
    "  --bytes N              size of the model at most; by default 64 to 440 KB, by labels and examples\n"
    "  --keep-contradictions  one text may have two labels in the data\n";

static int wrong_usage(const char *what, const char *which) {
  fprintf(stderr, "classify: %s%s\n%s", what, which ? which : "", usage_text);
  return 2;
}

/* The value of an option, or NULL with a complaint. */
static const char *value_of(int argc, char **argv, int *i) {
  if (*i + 1 < argc)
    return argv[++*i];
  wrong_usage("a value is missing after ", argv[*i]);
  return NULL;
}

static int number_of(const char *text, unsigned long long most, unsigned long long *out) {
  char *end = NULL;
  *out = text && *text >= '0' && *text <= '9' ? strtoull(text, &end, 10) : 0;
  return end && *end == '\0' && *out <= most;
}

static int read_number(int argc, char **argv, int *i, choices *c) {
  const struct {
    const char *name;
    uint64_t *to, most;
  } numbers[] = {
      {"--seed", &c->seed, UINT64_MAX}, {"--wrong", &c->wrong, 999}, {"--bytes", &c->bytes, 64u << 20}};
  for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++) {
    unsigned long long number;
    if (strcmp(argv[*i], numbers[k].name) != 0)
      continue;
    const char *value = value_of(argc, argv, i);
    if (!value)
      return 2;
    if (!number_of(value, numbers[k].most, &number)) {
      fprintf(stderr, "classify: %s expects a number up to %llu, found %s\n", numbers[k].name,
              (unsigned long long)numbers[k].most, value);
      return 2;
    }
    *numbers[k].to = number;
    return 0;
  }
  return wrong_usage("unknown option ", argv[*i]);
}

static int read_option(int argc, char **argv, int *i, choices *c) {
  const struct {
    const char *name;
    const char **value;
  } texts[] = {{"--data", &c->data}, {"--model", &c->model}, {"--task", &c->task}, {"--lang", &c->language}};
  const char *option = argv[*i];
  for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
    if (strcmp(option, texts[k].name) == 0)
      return (*texts[k].value = value_of(argc, argv, i)) ? 0 : 2;
  if (strcmp(option, "--json") == 0)
    return c->json = 1, 0;
  if (strcmp(option, "--default") == 0)
    return c->built_in = 1, 0;
  if (strcmp(option, "--keep-contradictions") == 0)
    return c->keep = 1, 0;
  return read_number(argc, argv, i, c);
}

static int read_choices(int argc, char **argv, choices *c) {
  for (int i = 2; i < argc; i++) {
    int failed = 0;
    if (argv[i][0] == '-' && argv[i][1] == '-')
      failed = read_option(argc, argv, &i, c);
    else if (!c->text)
      c->text = argv[i];
    else
      failed = wrong_usage("unexpected argument ", argv[i]);
    if (failed)
      return failed;
  }
  if (c->language && strcmp(c->language, "zh") != 0 && strcmp(c->language, "en") != 0)
    return wrong_usage("--lang expects zh or en, found ", c->language);
  return 0;
}

int main(int argc, char **argv) {
  choices c = {0};
  if (argc < 2)
    return wrong_usage("what to do? train, eval, predict or explain", NULL);
  if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
    fputs(usage_text, stdout);
    return 0;
  }
  int failed = read_choices(argc, argv, &c);
  if (failed)
    return failed;
  if (strcmp(argv[1], "train") == 0)
    return c.data && c.model ? classify_train(&c) : wrong_usage("train needs --data and --model", NULL);
  if (strcmp(argv[1], "eval") == 0) {
    if (!c.data || (!c.model && !c.built_in))
      return wrong_usage("eval needs --data, and --model or --default", NULL);
    if (c.built_in && !c.task)
      return wrong_usage("eval --default needs --task category, tone or question", NULL);
    return classify_eval(&c);
  }
  if (strcmp(argv[1], "predict") == 0)
    return c.model || c.built_in ? classify_predict(&c)
                                 : wrong_usage("predict needs --model or --default", NULL);
  if (strcmp(argv[1], "explain") == 0)
    return c.text ? classify_explain(&c) : wrong_usage("explain needs a text", NULL);
  return wrong_usage("no such command: ", argv[1]);
}
