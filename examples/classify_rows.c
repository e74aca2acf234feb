/* Data files: one example a line, label, tab, text. */
#include "classify.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_MOST ((size_t)16 << 20)

int rows_open(rows *r, const char *path) {
  memset(r, 0, sizeof *r);
  r->path = path;
  r->file = fopen(path, "rb");
  if (!r->file) {
    fprintf(stderr, "classify: %s cannot be opened\n", path);
    return 1;
  }
  if (fseek(r->file, 0, SEEK_END) == 0)
    r->of = ftell(r->file);
  rewind(r->file);
  return 0;
}

static int fault(rows *r, const char *what) {
  r->fault = what;
  return -1;
}

int rows_next(void *user, aft_example *out) {
  rows *r = user;
  ssize_t n = getline(&r->line, &r->room, r->file);
  if (n < 0)
    return ferror(r->file) ? fault(r, "the file cannot be read") : 0;
  r->at++;
  r->read += n;
  if ((size_t)n > LINE_MOST)
    return fault(r, "expected a line of at most 16 MiB, found a longer one");
  while (n > 0 && (r->line[n - 1] == '\n' || r->line[n - 1] == '\r'))
    n--;
  if (n == 0)
    return fault(r, "expected label, tab, text, found an empty line");
  char *tab = memchr(r->line, '\t', (size_t)n);
  if (!tab)
    return fault(r, "expected label, tab, text, found no tab");
  size_t rest = (size_t)(r->line + n - tab - 1);
  if (memchr(tab + 1, '\t', rest))
    return fault(r, "expected label, tab, text, found a second tab: neither a label nor a text may have one");
  out->label = (aft_str){r->line, (size_t)(tab - r->line)};
  out->text = (aft_str){tab + 1, rest};
  return 1;
}

void rows_close(rows *r) {
  free(r->line);
  if (r->file)
    fclose(r->file);
}

/* The library counts examples, each of which is a line here. */
int rows_failed(const rows *r, const aft_error *error) {
  if (r->fault)
    fprintf(stderr, "classify: %s:%lu: %s\n", r->path, r->at, r->fault);
  else if (strncmp(error->where, "examples[", 9) == 0)
    fprintf(stderr, "classify: %s:%lu: %s\n", r->path, strtoul(error->where + 9, NULL, 10), error->message);
  else
    fprintf(stderr, "classify: %s: %s\n", r->path, error->message);
  return 1;
}

void show_progress(const char *what, uint32_t permille) {
  static uint32_t shown = UINT32_MAX;
  if (!isatty(STDERR_FILENO) || permille / 10 == shown)
    return;
  shown = permille / 10;
  fprintf(stderr, "\r%s %3u %%%s", what, shown, permille >= 1000 ? "\n" : "");
  fflush(stderr);
}

double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}
