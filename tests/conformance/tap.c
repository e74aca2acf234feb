/* The report in the Test Anything Protocol. */
#include "suite.h"

/* One line, whatever the driver said. */
static void print_line(FILE *out, const char *prefix, const char *text) {
  fputs(prefix, out);
  for (; *text; text++)
    fputc(*text == '\n' || *text == '\r' ? ' ' : *text, out);
  fputc('\n', out);
}

void aft_conformance_tap(void *file, const aft_conformance_result *r) {
  FILE *out = (FILE *)file;
  if (r->number == 1)
    fprintf(out, "1..%" PRIu32 "\n", r->total);
  fprintf(out, "%s %" PRIu32 " - %s", r->outcome == AFT_CONFORMANCE_FAILED ? "not ok" : "ok", r->number,
          r->name);
  if (r->outcome == AFT_CONFORMANCE_SKIPPED)
    print_line(out, " # SKIP ", r->message);
  else
    fputc('\n', out);
  if (r->outcome == AFT_CONFORMANCE_FAILED) {
    print_line(out, "#   contract: ", r->sentence);
    print_line(out, "#   found:    ", r->message);
  }
  fflush(out);
}
