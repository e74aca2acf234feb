/* Cells and lines for a terminal of 100 columns; Chinese characters take two. */
#include "service_day.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void title(const char *text) {
  int bold = isatty(STDOUT_FILENO);
  printf("\n%s%s%s\n", bold ? "\033[1m" : "", text, bold ? "\033[0m" : "");
}

void line(const char *format, ...) {
  va_list args;
  va_start(args, format);
  vprintf(format, args);
  va_end(args);
  putchar('\n');
}

static int rest(const char *text, size_t width) {
  size_t used = aft_text_columns(text, strlen(text));
  return used < width ? (int)(width - used) : 0;
}

void cell(const char *text, size_t width) { printf("%s%*s", text, rest(text, width), ""); }
void cell_right(const char *text, size_t width) { printf("%*s%s", rest(text, width), "", text); }

void clock_text(const service_day *d, aft_time at, char out[8]) {
  int64_t minutes = (at - d->midnight) / MINUTE;
  snprintf(out, 8, "%02d:%02d", (int)(minutes / 60 % 24), (int)(minutes % 60));
}

void span_text(const service_day *d, int64_t ms, char out[32]) {
  int64_t minutes = (ms + MINUTE / 2) / MINUTE;
  if (ms < MINUTE)
    snprintf(out, 32, d->zh ? "%" PRId64 " 秒" : "%" PRId64 " s", ms / 1000);
  else if (minutes < 60)
    snprintf(out, 32, d->zh ? "%" PRId64 " 分" : "%" PRId64 " min", minutes);
  else if (minutes % 60 == 0)
    snprintf(out, 32, d->zh ? "%" PRId64 " 小时" : "%" PRId64 " h", minutes / 60);
  else
    snprintf(out, 32, d->zh ? "%" PRId64 " 时 %02" PRId64 " 分" : "%" PRId64 " h %02" PRId64 " min",
             minutes / 60, minutes % 60);
}

int64_t number_of(const json_t *object, const char *key) {
  return json_integer_value(json_object_get(object, key));
}

const char *text_of(const json_t *object, const char *key) {
  const char *text = json_string_value(json_object_get(object, key));
  return text ? text : "";
}
