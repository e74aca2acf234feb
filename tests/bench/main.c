/* The benchmark: one table of ratios, each figure beside its floor or peer in the same run. See
 * tests/bench/run. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bench.h"

static void usage(FILE *to) {
  fputs(
      "usage: bench [--quick] [--scattered] [--only ROW] [--rounds N] [--commands N] [--db URL] [--library "
      "FILE] FOLDER\n"
      "Databases are made in FOLDER. tests/bench/run --help tells what the options mean.\n",
      to);
}

static int wrong(const char *what) {
  fprintf(stderr, "bench: %s\n", what);
  usage(stderr);
  return 2;
}

static int number(const char *text, int least, int most, int *out) {
  char *end;
  long n = strtol(text, &end, 10);
  if (!*text || *end || n < least || n > most)
    return -1;
  *out = (int)n;
  return 0;
}

static void quick(bench_options *o) {
  o->rounds = 3;
  o->commands = 200;
  o->few = 1000;
  o->many = 20000;
}

static int read_options(int argc, char **argv, bench_options *o) {
  static const struct option options[] = {
      {"quick", no_argument, NULL, 'q'},        {"only", required_argument, NULL, 'o'},
      {"rounds", required_argument, NULL, 'r'}, {"commands", required_argument, NULL, 'c'},
      {"db", required_argument, NULL, 'd'},     {"library", required_argument, NULL, 'l'},
      {"scattered", no_argument, NULL, 's'},    {NULL, 0, NULL, 0}};
  int c;
  while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
    if (c == 'q')
      quick(o);
    else if (c == 's')
      o->scattered = true;
    else if (c == 'o')
      o->only = optarg;
    else if (c == 'd')
      o->postgres = optarg;
    else if (c == 'l')
      o->library = optarg;
    else if (c == 'r' && number(optarg, 1, 99, &o->rounds))
      return wrong("--rounds: expected 1 to 99");
    else if (c == 'c' && number(optarg, 10, 1000000, &o->commands))
      return wrong("--commands: expected 10 to 1000000");
    else if (c == '?')
      return wrong("see the usage");
  }
  if (optind + 1 != argc)
    return wrong("expected one folder");
  o->folder = argv[optind];
  return 0;
}

int main(int argc, char **argv) {
  static int (*const rows[])(const bench_options *) = {bench_commands, bench_footprint, bench_queues,
                                                       bench_opening,  bench_simulate,  bench_on_postgres};
  bench_options o = {
      .rounds = 9, .commands = 2000, .few = 10000, .many = 1000000, .postgres = getenv("AFT_TEST_DSN")};
  int failed = read_options(argc, argv, &o);
  if (failed)
    return failed;
  mkdir(o.folder, 0777);
  bench_heading();
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    failed |= rows[i](&o);
  if (!bench_found())
    return wrong("--only: no row's name begins so");
  return failed ? 1 : 0;
}
