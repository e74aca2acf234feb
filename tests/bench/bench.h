/* What the rows of the benchmark share: options, clocks, alternating rounds, the table. */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BENCH_PATH 4200

typedef struct bench_options {
  const char *folder;   /* for databases; made where it is missing */
  const char *library;  /* the shared library, for its size; NULL skips the row */
  const char *postgres; /* how to reach a server; NULL skips its rows */
  const char *only;     /* rows whose name begins so; NULL for all */
  int rounds;           /* of each side, in turn */
  int commands;         /* in a round */
  int64_t few, many;    /* open tickets that the queues are compared at */
  bool scattered;       /* what is due lies all over the many */
} bench_options;

/* ---- one row ---- */

/* What a piece of work took, in seconds. */
typedef struct bench_time {
  double all;  /* processor time */
  double user; /* the part of it outside of the kernel */
  double wall;
} bench_time;

bench_time bench_now(void);
/* From a time until now, for one of n units of work. */
bench_time bench_since(bench_time began, size_t n);

/* One round of one side. 0 on success; what failed is said on stderr. */
typedef int (*bench_side)(void *user, bench_time *out);

typedef struct bench_ratio {
  double ours, peer;       /* medians, in seconds */
  double ratio, low, high; /* of ours to the peer in the same round: median, least, greatest */
} bench_ratio;

typedef struct bench_ratios {
  bench_ratio all, user, wall;
} bench_ratios;

/* Runs both sides in turn, the first of each round by turns too. 0 on success. */
int bench_alternate(int n, bench_side ours, bench_side peer, void *user, bench_ratios *out);

/* ---- the table ---- */

void bench_heading(void);
void bench_section(const char *title);
/* goal 0: none is set. */
void bench_row(const char *path, const char *beside, const bench_ratio *r, double goal);
/* A figure that has no peer: "1.2 MB", its goal in words or NULL. */
void bench_figure(const char *path, const char *beside, const char *figure, const char *goal);
void bench_skip(const char *path, const char *why);
bool bench_wanted(const bench_options *o, const char *path);
bool bench_found(void); /* any row was wanted */

/* Files: 0 on success, with a word on stderr otherwise. */
int bench_copy(const char *from, const char *to);
void bench_remove(const char *path); /* a database and what lies beside it */
void bench_path(const bench_options *o, const char *name, char out[BENCH_PATH]);

/* ---- the rows ---- */

int bench_commands(const bench_options *o);    /* row_commands.c */
int bench_footprint(const bench_options *o);   /* row_footprint.c */
int bench_queues(const bench_options *o);      /* row_queues.c */
int bench_opening(const bench_options *o);     /* row_opening.c */
int bench_simulate(const bench_options *o);    /* row_simulate.c */
int bench_on_postgres(const bench_options *o); /* row_postgres.c */

#endif
