/* Faults of a policy: collected with their places, sorted, reported all at once. */
#include "policy/policy_priv.h"

#include <stdio.h>
#include <stdlib.h>

void aft__faults_init(aft__faults *faults, aft__arena *arena, const aft_document *documents) {
  memset(faults, 0, sizeof(*faults));
  faults->arena = arena;
  faults->documents = documents;
}

size_t aft__path_push(aft__faults *faults, aft_str name) {
  size_t mark = faults->path_len;
  size_t dot = mark > 0 ? 1 : 0;
  size_t room = sizeof(faults->path) - 1 - mark;
  if (room < dot + 1)
    return mark;
  if (dot)
    faults->path[faults->path_len++] = '.';
  size_t n = aft__utf8_cut(name, room - dot < 64 ? room - dot : 64);
  if (n > 0)
    memcpy(faults->path + faults->path_len, name.data, n);
  faults->path_len += n;
  faults->path[faults->path_len] = '\0';
  return mark;
}

void aft__path_pop(aft__faults *faults, size_t mark) {
  faults->path_len = mark;
  faults->path[mark] = '\0';
}

static void keep(aft__faults *faults, aft_status code, uint32_t document, uint32_t line, uint32_t column,
                 const char *fmt, va_list args) {
  faults->total++;
  if (faults->count == AFT__FAULTS_MOST)
    return;
  if (!faults->list) {
    faults->list = aft__arena_alloc(faults->arena, AFT__FAULTS_MOST * sizeof(aft__fault));
    if (!faults->list) {
      faults->nomem = true;
      return;
    }
  }
  char message[400];
  int n = vsnprintf(message, sizeof(message), fmt, args);
  size_t len = n < 0 ? 0 : (size_t)n < sizeof(message) ? (size_t)n : sizeof(message) - 1;
  len = aft__utf8_cut(aft__str(message, len), sizeof(message) - 4);
  aft_str path = aft__arena_dup(faults->arena, aft__str(faults->path, faults->path_len));
  aft_str text = aft__arena_dup(faults->arena, aft__str(message, len));
  if (!path.data || !text.data) {
    faults->nomem = true;
    return;
  }
  aft__fault fault = {code, document, line, column, path.data, text.data};
  faults->list[faults->count++] = fault;
}

void aft__fault_at(aft__faults *faults, aft_status code, uint32_t document, uint32_t line, uint32_t column,
                   const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  keep(faults, code, document, line, column, fmt, args);
  va_end(args);
}

void aft__fault_node(aft__faults *faults, aft_status code, const aft__node *node, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  keep(faults, code, node->document, node->line, node->column, fmt, args);
  va_end(args);
}

void aft__fault_key(aft__faults *faults, aft_status code, const aft__item *item, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  keep(faults, code, item->document, item->line, item->column, fmt, args);
  va_end(args);
}

static bool before(const aft__fault *a, const aft__fault *b) {
  if (a->document != b->document)
    return a->document < b->document;
  if (a->line != b->line)
    return a->line < b->line;
  return a->column < b->column;
}

/* Insertion sort: stable, and there are at most a hundred. */
static void sort(aft__faults *faults) {
  for (uint32_t i = 1; i < faults->count; i++) {
    aft__fault fault = faults->list[i];
    uint32_t j = i;
    for (; j > 0 && before(&fault, &faults->list[j - 1]); j--)
      faults->list[j] = faults->list[j - 1];
    faults->list[j] = fault;
  }
}

static const char *place(const aft__faults *faults, const aft__fault *fault, char *out, size_t size) {
  if (fault->document == AFT__NO_DOCUMENT)
    return "policy";
  aft_str name = faults->documents[fault->document].name;
  int n = (int)aft__utf8_cut(name, 60);
  if (fault->line > 0)
    snprintf(out, size, "%.*s:%u:%u", n, n ? name.data : "", fault->line, fault->column);
  else
    snprintf(out, size, "%.*s", n, n ? name.data : "");
  return out;
}

aft_status aft__faults_end(aft__faults *faults, aft__buf *report, aft_error *error) {
  if (faults->nomem)
    return aft__nomem(error);
  if (faults->count == 0)
    return AFT_OK;
  sort(faults);
  char where[96];
  for (uint32_t i = 0; report && i < faults->count; i++) {
    const aft__fault *f = &faults->list[i];
    aft__buf_printf(report, "%s: %s%s%s\n", place(faults, f, where, sizeof(where)), f->path,
                    f->path[0] ? ": " : "", f->message);
  }
  if (report && faults->total > faults->count)
    aft__buf_printf(report, "and %u more\n", faults->total - faults->count);
  const aft__fault *first = &faults->list[0];
  char more[32] = "";
  if (faults->total > 1)
    snprintf(more, sizeof(more), " (and %u more)", faults->total - 1);
  size_t room = sizeof(error->message) - sizeof(more);
  size_t path = aft__utf8_cut(aft__cstr(first->path), 90);
  size_t text = aft__utf8_cut(aft__cstr(first->message), room - path - 3);
  aft_status code = aft__error(error, first->code, place(faults, first, where, sizeof(where)), "%.*s%s%.*s%s",
                               (int)path, first->path, path ? ": " : "", (int)text, first->message, more);
  if (error) {
    error->line = first->line;
    error->column = first->column;
  }
  return code;
}

/* Edits between two short texts (Levenshtein 1965), one row at a time. */
static uint32_t edits(aft_str a, aft_str b) {
  uint32_t row[65];
  for (uint32_t j = 0; j <= b.len; j++)
    row[j] = j;
  for (uint32_t i = 1; i <= a.len; i++) {
    uint32_t corner = row[0];
    row[0] = i;
    for (uint32_t j = 1; j <= b.len; j++) {
      uint32_t change = corner + (a.data[i - 1] == b.data[j - 1] ? 0 : 1);
      uint32_t drop = row[j] + 1, add = row[j - 1] + 1;
      corner = row[j];
      row[j] = change < drop ? change : drop;
      if (add < row[j])
        row[j] = add;
    }
  }
  return row[b.len];
}

const char *aft__did_you_mean(aft__faults *faults, aft_str wrong, const void *names, uint32_t count,
                              aft__name_at at) {
  uint32_t best = UINT32_MAX;
  aft_str nearest = {0};
  if (wrong.len == 0 || wrong.len > 64)
    return "";
  for (uint32_t i = 0; i < count; i++) {
    aft_str name = at(names, i);
    if (name.len == 0 || name.len > 64)
      continue;
    uint32_t n = edits(wrong, name);
    if (n < best) {
      best = n;
      nearest = name;
    }
  }
  if (best > 1 + nearest.len / 3)
    return "";
  const char *text =
      aft__arena_printf(faults->arena, " (did you mean '%.*s'?)", (int)nearest.len, nearest.data);
  faults->nomem |= !text;
  return text ? text : "";
}
