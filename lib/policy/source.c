/* Values of the canonical content: sorted keys, no blanks, every scalar a text.
 *
 * What a policy says beyond the sections of the compiled form is read from here, so that a library of an
 * older version goes on opening what a newer one has compiled, and the other way round. */
#include "policy/policy_priv.h"

typedef struct reader {
  const char *at, *end;
} reader;

static bool take(reader *r, char c) {
  if (r->at == r->end || *r->at != c)
    return false;
  r->at++;
  return true;
}

/* What stands between the quotes, escapes as they are. */
static bool take_text(reader *r, aft_str *out) {
  if (!take(r, '"'))
    return false;
  const char *from = r->at;
  while (r->at < r->end && *r->at != '"')
    r->at += *r->at == '\\' && r->at + 1 < r->end ? 2 : 1;
  *out = aft__str(from, (size_t)(r->at - from));
  return take(r, '"');
}

static bool skip_value(reader *r) {
  uint32_t depth = 0;
  aft_str text;
  do {
    if (r->at == r->end)
      return false;
    char c = *r->at;
    if (c == '"') {
      if (!take_text(r, &text))
        return false;
      continue;
    }
    bool opens = c == '{' || c == '[', closes = c == '}' || c == ']';
    if (depth == 0 && !opens)
      return false;
    depth = opens ? depth + 1 : closes ? depth - 1 : depth;
    r->at++;
  } while (depth);
  return true;
}

/* Moves to the value of a key of the map that begins here. */
static bool enter(reader *r, aft_str key) {
  aft_str name;
  if (!take(r, '{'))
    return false;
  do {
    if (!take_text(r, &name) || !take(r, ':'))
      return false;
    if (aft__str_eq(name, key))
      return true;
  } while (skip_value(r) && take(r, ','));
  return false;
}

bool aft__source_text(const aft_policy *policy, const char *section, const char *key, aft_str *out) {
  uint32_t size;
  const char *text = aft__section_data(policy, AFT__SECTION_SOURCE, &size);
  reader r = {text, text + size};
  return enter(&r, aft__cstr(section)) && enter(&r, aft__cstr(key)) && take_text(&r, out);
}
