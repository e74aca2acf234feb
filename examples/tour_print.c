/* Prints for a terminal of 100 columns; Chinese characters take two. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tour.h"

static size_t step(const char *p) {
  unsigned char c = (unsigned char)*p;
  return c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
}

/* Bytes of the longest beginning that fits into a width. */
static size_t fit(const char *text, size_t width) {
  size_t at = 0, used = 0;
  while (text[at] && text[at] != '\n') {
    size_t n = step(text + at), columns = aft_text_columns(text + at, n);
    if (used + columns > width)
      break;
    used += columns;
    at += n;
  }
  return at;
}

void tour_heading(const char *text) {
  int bold = isatty(STDOUT_FILENO);
  printf("\n%s%s%s\n", bold ? "\033[1m" : "", text, bold ? "\033[0m" : "");
  fflush(stdout);
}

void tour_line(const char *format, ...) {
  char text[2048];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  printf("%.*s\n", (int)fit(text, TOUR_COLUMNS), text);
  fflush(stdout);
}

void tour_cell(const char *text, size_t width) {
  size_t whole = strcspn(text, "\n"), n = fit(text, width - 1);
  int cut = n < whole;
  if (cut)
    n = fit(text, width - 2);
  size_t used = aft_text_columns(text, n) + (size_t)cut;
  printf("%.*s%s%*s", (int)n, text, cut ? "…" : "", used < width ? (int)(width - used) : 0, "");
}

/* Breaks at the last space that fits, or anywhere in Chinese. */
static size_t break_at(const char *text, size_t width) {
  size_t n = fit(text, width), space = n;
  if (!text[n] || text[n] == '\n')
    return n;
  while (space && text[space] != ' ')
    space--;
  return space > n / 2 ? space : n;
}

void tour_wrap(const char *text, size_t indent) {
  while (*text) {
    size_t n = break_at(text, TOUR_COLUMNS - indent);
    printf("%*s%.*s\n", (int)indent, "", (int)n, text);
    text += n;
    text += strspn(text, " \n");
  }
}
