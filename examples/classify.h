/* The parts of the program classify. */
#ifndef CLASSIFY_H
#define CLASSIFY_H

#include <aftersales.h>

#include <stdint.h>
#include <stdio.h>

typedef struct choices {
  const char *data, *model, *task, *language, *text;
  uint64_t seed, wrong, bytes;
  int json, built_in, keep;
} choices;

int classify_train(const choices *c);
int classify_eval(const choices *c);
int classify_predict(const choices *c);
int classify_explain(const choices *c);

/* ---- classify_rows.c: a data file, line by line ---- */

typedef struct rows {
  const char *path;
  FILE *file;
  char *line;
  size_t room;
  unsigned long at;   /* number of the line */
  long long read, of; /* bytes */
  const char *fault;  /* what is wrong with the line */
} rows;

int rows_open(rows *r, const char *path);
/* An aft_example_fn. */
int rows_next(void *user, aft_example *out);
void rows_close(rows *r);
/* Says what is wrong, with file and line where it is a row; returns 1. */
int rows_failed(const rows *r, const aft_error *error);

/* How far a long job is, on standard error, when that is a terminal. */
void show_progress(const char *what, uint32_t permille);
double seconds(void); /* of a clock that only goes on */

/* ---- classify_judge.c: one text, whoever judges it ---- */

typedef struct judge {
  aft_env *env;
  aft_model *model;   /* or NULL for the default policy */
  aft_policy *policy; /* or NULL */
  const char *task, *language;
} judge;

typedef struct verdict {
  char label[AFT_MODEL_LABEL_BYTES + 1];
  double confidence;
  int unsure;
} verdict;

int judge_open(judge *j, const choices *c);
aft_status judge_text(const judge *j, aft_str text, verdict *out, aft_error *error);
void judge_close(judge *j);

#endif
