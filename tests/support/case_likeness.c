#include "case_likeness.h"

#include "case_story.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define MOST_NAMES (MOST_COMMANDS + 64)
#define LEAST_ID   15 /* digits: no time or amount has as many */
#define DIGEST     32 /* hexadecimal digits, and more */

typedef struct names {
  struct {
    aft_id id;
    char text[48];
  } items[MOST_NAMES];
  uint32_t n;
} names;

static const char *find_name(const names *l, aft_id id) {
  for (uint32_t i = 0; i < l->n; i++)
    if (l->items[i].id == id)
      return l->items[i].text;
  return "#";
}

static void give_name(names *l, aft_id id, const char *prefix, const char *rest) {
  assert_true(l->n < MOST_NAMES);
  l->items[l->n].id = id;
  snprintf(l->items[l->n++].text, sizeof l->items[0].text, "%s%.20s", prefix, rest);
}

/* Those that the order was told with; the number of a later one is of chance. */
static void name_payments(names *l, case_desk *c) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *payment;
  assert_ok(aft_payment_list(c->d.session, &c->d.system, c->order, &cursor, &error));
  while (aft_cursor_next(cursor, &payment, &error) == AFT_OK)
    if (strncmp(aft_payment_ref(payment), "pay-", 4) == 0)
      give_name(l, aft_payment_id(payment), "", aft_payment_ref(payment));
  aft_cursor_free(cursor);
}

/* Cases that the desk opened by itself, by what they follow. */
static void name_children(names *l, case_desk *c) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor = case_all(c);
  aft_record *one;
  char prefix[40];
  while (aft_cursor_next(cursor, &one, &error) == AFT_OK) {
    if (*find_name(l, aft_case_id(one)) != '#')
      continue;
    snprintf(prefix, sizeof prefix, "%.20s/", find_name(l, aft_case_parent(one)));
    give_name(l, aft_case_id(one), prefix, aft_case_kind(one));
  }
  aft_cursor_free(cursor);
}

static void name_all(names *l, case_world *w) {
  static const char *const lines[] = {"0", "1", "2"};
  char number[12];
  give_name(l, w->c.order, "order", "");
  give_name(l, w->c.d.buyer, "buyer", "");
  for (int i = 0; i < 3; i++)
    give_name(l, w->c.line[i], "line-", lines[i]);
  for (uint32_t i = 1; i < MOST_COMMANDS; i++) {
    snprintf(number, sizeof number, "%u", i);
    if (atomic_load(&w->filed[i]))
      give_name(l, atomic_load(&w->filed[i]), "case-", number);
  }
  name_payments(l, &w->c);
  name_children(l, &w->c);
}

/* ---- lines ---- */

typedef struct text {
  char *data;
  size_t len, cap;
  char **lines;
  size_t n, most;
} text;

static void add(text *t, const char *s, size_t n) {
  if (t->len + n + 1 > t->cap) {
    t->cap = 2 * t->cap + n + 256;
    t->data = realloc(t->data, t->cap);
    assert_non_null(t->data);
  }
  memcpy(t->data + t->len, s, n);
  t->data[t->len += n] = 0;
}

static size_t code_at(const char *s) {
  static const char pattern[] = "R-xxxx-xxxx";
  for (size_t i = 0; pattern[i]; i++)
    if (pattern[i] == 'x' ? !isupper((unsigned char)s[i]) && !isdigit((unsigned char)s[i])
                          : s[i] != pattern[i])
      return 0;
  return sizeof pattern - 1;
}

/* How much at s is of chance, and what stands for it. Feed numbers go by ids. */
static size_t chance_at(const names *l, const char *s, const char **sign) {
  static const char feed[] = "\"feed\":";
  const size_t n = sizeof feed - 1;
  size_t digits = strspn(s, "0123456789"), hex = strspn(s, "0123456789abcdef");
  *sign = "#";
  if (hex >= DIGEST)
    return hex;
  if (strncmp(s, feed, n) == 0)
    return n + strspn(s + n, "0123456789");
  if (digits >= LEAST_ID && digits < 20)
    *sign = find_name(l, strtoll(s, NULL, 10));
  return digits >= LEAST_ID ? digits : code_at(s);
}

static void add_line(text *t, const names *l, const char *of, const char *line, size_t n) {
  add(t, of, strlen(of));
  add(t, ": ", 2);
  for (const char *end = line + n; line < end;) {
    const char *sign;
    size_t chance = chance_at(l, line, &sign), digits = strspn(line, "0123456789abcdef");
    if (chance)
      add(t, sign, strlen(sign));
    else
      add(t, line, digits ? digits : 1);
    line += chance ? chance : digits ? digits : 1;
  }
  add(t, "\n", 1);
}

static void add_lines(text *t, const names *l, const char *of, char *picture) {
  for (char *line = picture, *end; line && (end = strchr(line, '\n')); line = end + 1)
    add_line(t, l, of, line, (size_t)(end - line));
  free(picture);
}

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static char *sorted(text *t) {
  text out = {.data = NULL};
  size_t n = 0;
  for (size_t i = 0; i < t->len; i++)
    n += t->data[i] == '\n';
  char **lines = calloc(n + 1, sizeof *lines), *save = NULL;
  assert_non_null(lines);
  n = 0;
  for (char *line = strtok_r(t->data, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
    lines[n++] = line;
  qsort(lines, n, sizeof *lines, by_text);
  for (size_t i = 0; i < n; i++) {
    add(&out, lines[i], strlen(lines[i]));
    add(&out, "\n", 1);
  }
  free(lines);
  free(t->data);
  return out.data;
}

char *case_likeness(case_world *w) {
  names *l = calloc(1, sizeof *l);
  text t = {.data = NULL};
  aft_error error = AFT_ERROR_INIT;
  aft_record *one;
  assert_non_null(l);
  name_all(l, w);
  add_lines(&t, l, "order", case_order_picture(&w->c));
  aft_cursor *cursor = case_all(&w->c);
  while (aft_cursor_next(cursor, &one, &error) == AFT_OK)
    add_lines(&t, l, find_name(l, aft_case_id(one)), case_picture_of(&w->c, aft_case_id(one)));
  aft_cursor_free(cursor);
  free(l);
  return sorted(&t);
}

/* ---- comparing ---- */

static void show(char sign, const char *line, size_t n) { print_message("# %c %.*s\n", sign, (int)n, line); }

/* The lines of one case, which stand together. */
static const char *lines_of(const char *likeness, const char *head, size_t *len) {
  size_t n = strlen(head);
  const char *line = likeness;
  while (*line && strncmp(line, head, n) != 0)
    line += strcspn(line, "\n") + 1;
  const char *end = line;
  while (strncmp(end, head, n) == 0)
    end += strcspn(end, "\n") + 1;
  *len = (size_t)(end - line);
  return line;
}

bool case_differs(const char *one, const char *other, uint32_t number) {
  char head[24];
  size_t n, m;
  snprintf(head, sizeof head, "case-%u: ", number);
  const char *a = lines_of(one, head, &n), *b = lines_of(other, head, &m);
  return n != m || memcmp(a, b, n) != 0;
}

/* Both are sorted. */
static void show_differences(const char *one, const char *other) {
  while (*one || *other) {
    size_t n = strcspn(one, "\n"), m = strcspn(other, "\n");
    int order = strncmp(one, other, n < m ? n : m);
    order = order ? order : (n > m) - (n < m);
    if (!*one || !*other)
      order = *one ? -1 : 1;
    if (order < 0)
      show('-', one, n);
    if (order > 0)
      show('+', other, m);
    one += order <= 0 ? n + 1 : 0;
    other += order >= 0 ? m + 1 : 0;
  }
}

void assert_alike(case_world *one, case_world *other, const char *when) {
  char *a = case_likeness(one), *b = case_likeness(other);
  bool same = strcmp(a, b) == 0;
  if (!same)
    show_differences(a, b);
  free(a);
  free(b);
  if (!same)
    fail_msg("%s the desks are not alike", when);
}
