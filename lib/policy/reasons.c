/* Reasons: stored as lines of key and arguments, shown as sentences of any language. */
#include "policy/policy_priv.h"

#include <stdio.h>

#define ARGS_MOST 8

/* A backslash hides what separates: tab as \t, newline as \n, itself doubled. */
static void add_escaped(aft__buf *out, aft_str text) {
  size_t plain = 0; /* where the bytes begin that are not added yet */
  for (size_t i = 0; i < text.len; i++) {
    char c = text.data[i];
    if (c != '\t' && c != '\n' && c != '\\')
      continue;
    aft__buf_add(out, text.data + plain, i - plain);
    aft__buf_puts(out, c == '\t' ? "\\t" : c == '\n' ? "\\n" : "\\\\");
    plain = i + 1;
  }
  if (text.len > plain)
    aft__buf_add(out, text.data + plain, text.len - plain);
}

void aft__reason_add(aft__buf *reasons, const char *about, const char *key, const aft__arg *args, size_t n) {
  add_escaped(reasons, aft__cstr(about));
  aft__buf_char(reasons, '\t');
  add_escaped(reasons, aft__cstr(key));
  for (size_t i = 0; i < n; i++) {
    aft__buf_char(reasons, '\t');
    add_escaped(reasons, aft__cstr(args[i].name));
    aft__buf_char(reasons, '=');
    add_escaped(reasons, args[i].value);
  }
  aft__buf_char(reasons, '\n');
}

void aft__reason_add_first(aft__buf *reasons, const char *about, const char *key, const aft__arg *args,
                           size_t n) {
  aft__buf all;
  aft__buf_init(&all, reasons->env);
  aft__reason_add(&all, about, key, args, n);
  aft__buf_str(&all, aft__buf_view(reasons));
  bool failed = reasons->failed || all.failed;
  aft__buf_clear(reasons);
  aft__buf_str(reasons, aft__buf_view(&all));
  reasons->failed |= failed;
  aft__buf_done(&all);
}

static bool next_field(aft_str *rest, aft_str *out) {
  if (!rest->data)
    return false;
  const char *tab = rest->len ? memchr(rest->data, '\t', rest->len) : NULL;
  *out = *rest;
  if (!tab) {
    rest->data = NULL;
    rest->len = 0;
    return true;
  }
  out->len = (size_t)(tab - out->data);
  rest->len -= out->len + 1;
  rest->data = tab + 1;
  return true;
}

static bool next_line(aft_str *reasons, aft_str *out) {
  if (!reasons->len)
    return false;
  const char *newline = memchr(reasons->data, '\n', reasons->len);
  *out = aft__str(reasons->data, newline ? (size_t)(newline - reasons->data) : reasons->len);
  size_t skip = newline ? out->len + 1 : out->len;
  reasons->data += skip;
  reasons->len -= skip;
  return true;
}

bool aft__reason_next(aft_str *reasons, aft__reason *out) {
  aft_str line;
  while (next_line(reasons, &line)) {
    if (!next_field(&line, &out->about) || !next_field(&line, &out->key))
      continue;
    out->args = line;
    return true;
  }
  return false;
}

aft_str aft__reason_arg(const aft__reason *reason, const char *name) {
  aft_str rest = reason->args, field;
  size_t n = strlen(name);
  while (next_field(&rest, &field))
    if (field.len > n && memcmp(field.data, name, n) == 0 && field.data[n] == '=')
      return aft__str(field.data + n + 1, field.len - n - 1);
  return (aft_str){0};
}

static void add_unescaped(aft__buf *out, aft_str text) {
  for (size_t i = 0; i < text.len; i++) {
    char c = text.data[i];
    if (c == '\\' && i + 1 < text.len) {
      char next = text.data[++i];
      c = next == 't' ? '\t' : next == 'n' ? '\n' : next;
    }
    aft__buf_char(out, c);
  }
}

typedef struct line {
  const aft_zone *zone; /* of moments; NULL: UTC */
  char names[ARGS_MOST][32];
  size_t begins[ARGS_MOST], ends[ARGS_MOST]; /* of values in the scratch buffer */
  aft__buf values;
  size_t count;
} line;

/* A span of time such as "1d12h" with each unit in the words of the language: "unit.d" is "{n} days". */
static void add_span(const aft_policy *policy, const char *locale, aft__buf *out, aft_str span) {
  size_t at = 0;
  while (at < span.len) {
    size_t number = at, unit;
    char key[16] = "unit.";
    while (at < span.len && span.data[at] >= '0' && span.data[at] <= '9')
      at++;
    for (unit = at; at < span.len && span.data[at] >= 'a' && span.data[at] <= 'z';)
      at++;
    if (unit == number || at == unit || at - unit > 8)
      return aft__buf_str(out, aft__str(span.data + number, span.len - number)); /* not a span: as it is */
    memcpy(key + 5, span.data + unit, at - unit);
    if (number)
      aft__buf_char(out, ' ');
    aft__arg n = {"n", aft__str(span.data + number, unit - number)};
    aft__policy_render(policy, locale, key, &n, 1, out);
  }
}

static bool is_span(const char *name) { return strcmp(name, "target") == 0; }

static bool is_moment(const char *name, aft_str raw, aft_time *at) {
  aft_time found = 0;
  bool named = strcmp(name, "at") == 0 || strcmp(name, "from") == 0 || strcmp(name, "to") == 0;
  if (!named || raw.len < 2 || raw.len > 16 || raw.data[0] != AFT__REASON_MOMENT[0])
    return false;
  for (size_t i = 1; i < raw.len; i++) {
    if (raw.data[i] < '0' || raw.data[i] > '9')
      return false;
    found = found * 10 + (raw.data[i] - '0');
  }
  *at = found;
  return true;
}

static void add_moment(const line *l, aft__buf *out, aft_time at) {
  char text[AFT__CLOCK_TEXT];
  aft__clock_text(at, l->zone ? aft_zone_offset(l->zone, at) : 0, text);
  aft__buf_puts(out, text);
}

/* A label is a category too, beside which another may stand. */
static const char *named_by(const char *name) { return strcmp(name, "label") == 0 ? "category" : name; }

/* The value for people: the catalogue's text "<name>.<value>" where there is one. */
static void add_value(const aft_policy *policy, const char *locale, line *l, const char *name, aft_str raw) {
  char key[160];
  aft_str shown;
  aft_time at;
  size_t begin = l->values.len;
  if (is_span(name))
    add_span(policy, locale, &l->values, raw);
  else if (is_moment(name, raw, &at))
    add_moment(l, &l->values, at);
  else
    add_unescaped(&l->values, raw);
  if (l->values.failed)
    return;
  int n = snprintf(key, sizeof(key), "%s.%.*s", named_by(name), (int)(l->values.len - begin),
                   l->values.len > begin ? l->values.data + begin : "");
  if (n > 0 && (size_t)n < sizeof(key) && aft__catalogue_find(policy, locale, aft__cstr(key), &shown)) {
    l->values.len = begin;
    aft__buf_str(&l->values, shown);
  }
  l->begins[l->count] = begin;
  l->ends[l->count++] = l->values.len;
}

static void add_argument(const aft_policy *policy, const char *locale, line *l, aft_str field) {
  const char *equal = field.len ? memchr(field.data, '=', field.len) : NULL;
  if (!equal || l->count == ARGS_MOST)
    return;
  size_t n = (size_t)(equal - field.data);
  if (n >= sizeof(l->names[0]))
    return;
  char *name = l->names[l->count];
  memcpy(name, field.data, n);
  name[n] = '\0';
  add_value(policy, locale, l, name, aft__str(equal + 1, field.len - n - 1));
}

static void render_line(const aft_policy *policy, const char *locale, aft_str text, const char *about,
                        const aft_zone *zone, aft__buf *out) {
  aft_str field = {0}, key_field = {0};
  char key[128];
  if (!next_field(&text, &field) || (about && !aft__str_eq(field, aft__cstr(about))) ||
      !next_field(&text, &key_field) || key_field.len >= sizeof(key))
    return;
  memcpy(key, key_field.data, key_field.len);
  key[key_field.len] = '\0';
  line l;
  l.count = 0;
  l.zone = zone;
  aft__buf_init(&l.values, policy->env);
  while (next_field(&text, &field))
    add_argument(policy, locale, &l, field);
  aft__arg args[ARGS_MOST];
  for (size_t i = 0; i < l.count; i++) {
    args[i].name = l.names[i];
    args[i].value = aft__str(l.values.len ? l.values.data + l.begins[i] : "", l.ends[i] - l.begins[i]);
  }
  if (l.values.failed)
    out->failed = true;
  aft__policy_render(policy, locale, key, args, l.count, out);
  aft__buf_char(out, '\n');
  aft__buf_done(&l.values);
}

void aft__reasons_render_at(const aft_policy *policy, const char *locale, aft_str reasons, const char *about,
                            const aft_zone *zone, aft__buf *out) {
  aft_str text;
  while (next_line(&reasons, &text))
    render_line(policy, locale, text, about, zone, out);
}

void aft__reasons_render(const aft_policy *policy, const char *locale, aft_str reasons, const char *about,
                         aft__buf *out) {
  aft__reasons_render_at(policy, locale, reasons, about, NULL, out);
}
