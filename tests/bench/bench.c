#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define MOST_ROUNDS 101

/* ---- time ---- */

static double seconds(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

bench_time bench_now(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (bench_time){.all = seconds(CLOCK_PROCESS_CPUTIME_ID),
                      .user = (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6,
                      .wall = seconds(CLOCK_MONOTONIC)};
}

bench_time bench_since(bench_time began, size_t n) {
  bench_time now = bench_now();
  double units = n ? (double)n : 1;
  return (bench_time){(now.all - began.all) / units, (now.user - began.user) / units,
                      (now.wall - began.wall) / units};
}

/* ---- rounds ---- */

typedef struct rounds {
  double ours[MOST_ROUNDS], peer[MOST_ROUNDS], ratios[MOST_ROUNDS];
  int n;
} rounds;

static int by_size(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(double *numbers, int n) {
  qsort(numbers, (size_t)n, sizeof *numbers, by_size);
  return n % 2 ? numbers[n / 2] : (numbers[n / 2 - 1] + numbers[n / 2]) / 2;
}

static void add(rounds *r, double ours, double peer) {
  r->ours[r->n] = ours;
  r->peer[r->n] = peer;
  r->ratios[r->n++] = peer > 0 ? ours / peer : 0;
}

static bench_ratio sum_up(rounds *r) {
  bench_ratio out = {median(r->ours, r->n), median(r->peer, r->n), median(r->ratios, r->n), 0, 0};
  out.low = r->ratios[0];
  out.high = r->ratios[r->n - 1];
  return out;
}

int bench_alternate(int n, bench_side ours, bench_side peer, void *user, bench_ratios *out) {
  static rounds all, outside, wall;
  all.n = outside.n = wall.n = 0;
  for (int i = 0; i < n && i < MOST_ROUNDS; i++) {
    bench_time a, b;
    int failed = i % 2 ? peer(user, &b) || ours(user, &a) : ours(user, &a) || peer(user, &b);
    if (failed)
      return -1;
    add(&all, a.all, b.all);
    add(&outside, a.user, b.user);
    add(&wall, a.wall, b.wall);
  }
  *out = (bench_ratios){sum_up(&all), sum_up(&outside), sum_up(&wall)};
  return 0;
}

/* ---- the table ---- */

static void duration(double s, char *out, size_t size) {
  if (s < 1e-3)
    snprintf(out, size, "%.1f us", s * 1e6);
  else if (s < 1)
    snprintf(out, size, "%.2f ms", s * 1e3);
  else
    snprintf(out, size, "%.2f s", s);
}

void bench_heading(void) {
  printf("%-34s %10s  %-34s %10s  %6s %13s  %s\n", "path", "ours", "beside", "peer", "ratio", "spread",
         "goal");
  fflush(stdout);
}

void bench_section(const char *title) { printf("\n%s\n", title); }

void bench_row(const char *path, const char *beside, const bench_ratio *r, double goal) {
  char ours[32], peer[32], spread[32], wanted[32] = "";
  duration(r->ours, ours, sizeof ours);
  duration(r->peer, peer, sizeof peer);
  snprintf(spread, sizeof spread, "%.2f to %.2f", r->low, r->high);
  if (goal > 0)
    snprintf(wanted, sizeof wanted, "<= %.1f%s", goal, r->ratio <= goal ? "" : "  above");
  printf("%-34s %10s  %-34s %10s  %6.2f %13s  %s\n", path, ours, beside, peer, r->ratio, spread, wanted);
  fflush(stdout);
}

void bench_figure(const char *path, const char *beside, const char *figure, const char *goal) {
  printf("%-34s %10s  %-34s %10s  %6s %13s  %s\n", path, figure, beside, "", "", "", goal ? goal : "");
  fflush(stdout);
}

void bench_skip(const char *path, const char *why) {
  printf("%-34s %10s  %s\n", path, "skipped", why);
  fflush(stdout);
}

static bool found;

bool bench_wanted(const bench_options *o, const char *path) {
  bool wanted = !o->only || strncmp(path, o->only, strlen(o->only)) == 0;
  found |= wanted;
  return wanted;
}

bool bench_found(void) { return found; }

/* ---- files ---- */

int bench_copy(const char *from, const char *to) {
  static char block[1 << 20];
  FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
  size_t n;
  bool good = in && out;
  while (good && (n = fread(block, 1, sizeof block, in)) > 0)
    good = fwrite(block, 1, n, out) == n;
  good = good && !ferror(in);
  if (in)
    fclose(in);
  if (out)
    good = fclose(out) == 0 && good;
  if (!good)
    fprintf(stderr, "bench: %s could not be copied to %s\n", from, to);
  return good ? 0 : -1;
}

void bench_remove(const char *path) {
  static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
  char name[BENCH_PATH + 16];
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
    snprintf(name, sizeof name, "%s%s", path, ends[i]);
    unlink(name);
  }
}

void bench_path(const bench_options *o, const char *name, char out[BENCH_PATH]) {
  snprintf(out, BENCH_PATH, "%s/%s", o->folder, name);
}
