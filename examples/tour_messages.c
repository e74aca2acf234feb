/* Reads messages from a file, one a line. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "tour.h"

#define LINE_MOST (1u << 20)

static char *copy(const char *text) { return text ? strdup(text) : NULL; }

static tour_message *add(tour_messages *m) {
  if (m->count == m->room) {
    size_t room = m->room ? 2 * m->room : 64;
    tour_message *all = realloc(m->all, room * sizeof *all);
    if (!all)
      return NULL;
    m->all = all;
    m->room = room;
  }
  memset(&m->all[m->count], 0, sizeof *m->all);
  return &m->all[m->count++];
}

static int wrong(const char *path, size_t line, const char *what) {
  fprintf(stderr, "%s:%zu: %s\n", path, line, what);
  return -1;
}

static const char *member(json_t *object, const char *name, int *bad) {
  json_t *value = json_object_get(object, name);
  if (value && !json_is_string(value))
    *bad = 1;
  return json_string_value(value);
}

static int read_json(const char *path, size_t line, const char *text, tour_message *out) {
  json_error_t fault;
  char words[300];
  int bad = 0;
  json_t *object = json_loads(text, 0, &fault);
  if (!object) {
    snprintf(words, sizeof words, "expected a JSON object: %s (column %d)", fault.text, fault.column);
    return wrong(path, line, words);
  }
  out->text = copy(member(object, "text", &bad));
  out->label = copy(member(object, "label", &bad));
  out->id = copy(member(object, "id", &bad));
  out->channel = copy(member(object, "channel", &bad));
  out->customer = copy(member(object, "customer", &bad));
  json_decref(object);
  if (bad)
    return wrong(path, line, "text, label, id, channel and customer must be strings");
  return out->text && *out->text ? 0 : wrong(path, line, "the object has no \"text\"");
}

static int read_line(const char *path, size_t line, char *text, tour_messages *messages) {
  char *tab = strchr(text, '\t');
  if (!*text)
    return 0;
  tour_message *out = add(messages);
  if (!out)
    return wrong(path, line, "out of memory");
  if (*text == '{')
    return read_json(path, line, text, out);
  if (tab) {
    *tab = 0;
    out->label = copy(text);
  }
  out->text = copy(tab ? tab + 1 : text);
  if (!out->text || !*out->text)
    return wrong(path, line, "there is no text");
  return 0;
}

int tour_messages_read(const char *path, tour_messages *messages) {
  char *text = NULL;
  size_t room = 0, line = 0;
  ssize_t n;
  int status = 0;
  FILE *file = fopen(path, "r");
  if (!file) {
    fprintf(stderr, "%s: %s\n", path, strerror(errno));
    return -1;
  }
  while (!status && (n = getline(&text, &room, file)) >= 0) {
    line++;
    while (n && (text[n - 1] == '\n' || text[n - 1] == '\r'))
      text[--n] = 0;
    if ((size_t)n > LINE_MOST)
      status = wrong(path, line, "the line is longer than 1 MiB");
    else if (strlen(text) != (size_t)n)
      status = wrong(path, line, "the line contains a NUL byte");
    else
      status = read_line(path, line, text, messages);
  }
  free(text);
  fclose(file);
  if (!status && !messages->count) {
    fprintf(stderr, "%s: there are no messages in it\n", path);
    status = -1;
  }
  return status;
}

void tour_messages_free(tour_messages *messages) {
  for (size_t i = 0; i < messages->count; i++) {
    tour_message *m = &messages->all[i];
    free(m->text), free(m->label), free(m->id), free(m->channel), free(m->customer);
  }
  free(messages->all);
}
