/* Taking parts of a text away for good. */
#include "text/text.h"

#include <stdlib.h>

static int by_begin(const void *a, const void *b) {
  const aft__black *x = a, *y = b;
  if (x->from != y->from)
    return x->from < y->from ? -1 : 1;
  return x->to < y->to ? -1 : x->to > y->to;
}

/* Makes of spans that touch or overlap one; how many are left. */
static size_t unite(aft__black *spans, size_t n) {
  size_t kept = 0;
  qsort(spans, n, sizeof *spans, by_begin);
  for (size_t i = 0; i < n; i++) {
    if (kept && spans[i].from <= spans[kept - 1].to)
      spans[kept - 1].to = spans[i].to > spans[kept - 1].to ? spans[i].to : spans[kept - 1].to;
    else
      spans[kept++] = spans[i];
  }
  return kept;
}

aft_status aft__black_out(aft__buf *out, aft_str text, aft__black *spans, size_t n, aft__blackout *sums,
                          aft_error *error) {
  size_t i = 0, kept = n ? unite(spans, n) : 0;
  bool black = false;
  for (size_t at = 0, end; at < text.len; at = end) {
    end = aft__grapheme_end(text, at);
    while (i < kept && spans[i].to <= at)
      i++;
    bool touched = i < kept && spans[i].from < end;
    if (!touched)
      aft__buf_add(out, text.data + at, end - at);
    else if (!black)
      aft__buf_puts(out, AFT__BLACK);
    sums->places += touched && !black;
    sums->characters += touched;
    black = touched;
  }
  return out->failed ? aft__nomem(error) : AFT_OK;
}
