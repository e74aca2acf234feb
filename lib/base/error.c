/* Errors: filling the caller's struct without allocating, and the names of the statuses. */
#include <stdio.h>

#include "base/base.h"

#undef aft__error
#undef aft__nomem

/* Takes back the bytes of a character that the end of the room cut in two. */
static size_t whole_characters(const char *text, size_t len) {
  size_t start = len;
  while (start > 0 && len - start < 3 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
    start--;
  if (start == 0)
    return len;
  unsigned char lead = (unsigned char)text[start - 1];
  size_t need = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
  return len - (start - 1) < need ? start - 1 : len;
}

size_t aft__vformat(char *out, size_t cap, const char *fmt, va_list args) {
  int n = vsnprintf(out, cap, fmt, args);
  size_t len = n < 0 ? 0 : (size_t)n;
  if (len >= cap)
    len = whole_characters(out, cap - 1);
  out[len] = '\0';
  return len;
}

static void copy_cut(char *out, size_t cap, const char *text) {
  size_t len = strlen(text);
  if (len >= cap)
    len = whole_characters(text, cap - 1);
  memmove(out, text, len);
  out[len] = '\0';
}

aft_status aft__error(aft_error *error, aft_status code, const char *where, const char *fmt, ...) {
  if (!error)
    return code;
  error->code = code;
  error->native = 0;
  error->line = 0;
  error->column = 0;
  copy_cut(error->where, sizeof error->where, where ? where : "");
  va_list args;
  va_start(args, fmt);
  aft__vformat(error->message, sizeof error->message, fmt, args);
  va_end(args);
  return code;
}

aft_status aft__error_pass(aft_error *to, const aft_error *from) {
  if (to) {
    size_t size = to->size;
    *to = *from;
    to->size = size;
  }
  return from->code;
}

aft_status aft__nomem(aft_error *error) { return aft__error(error, AFT_E_NOMEM, NULL, "out of memory"); }

const char *aft_status_name(aft_status status) {
  switch (status) {
#define AFT__STATUS(name, number, transient, text) \
  case number:                                     \
    return #name;
#include "base/errors.def"
#undef AFT__STATUS
  default:
    return "AFT_E_?";
  }
}

const char *aft_status_text(aft_status status) {
  switch (status) {
#define AFT__STATUS(name, number, transient, text) \
  case number:                                     \
    return text;
#include "base/errors.def"
#undef AFT__STATUS
  default:
    return "a status that this version does not know";
  }
}

int aft_status_is_transient(aft_status status) {
  switch (status) {
#define AFT__STATUS(name, number, transient, text) \
  case number:                                     \
    return transient;
#include "base/errors.def"
#undef AFT__STATUS
  default:
    return 0;
  }
}
